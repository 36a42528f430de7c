package parser

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// describeCases are logs of etcd raft's describers, by the names of their
// files, and the events that they hold.
var describeCases = []struct {
	name, file, log string
	want            []string
}{
	{"words tell the direction", "a.log", `
sending 1->2 MsgApp Term:1 Log:1/2 Commit:2 Entries:[1/3 EntryNormal "x]\""]
recv: 2->1 MsgAppResp Term:2 Log:1/9 Rejected (Hint: 4)
-> 1->a MsgHeartbeat Term:2 Log:0/0
<- a->1 MsgHeartbeatResp Term:2 Log:0/0
onReceive 2->1 MsgVote Term:3 Log:2/9 Vote:1
transport: cannot send 1->2 MsgApp Term:1 Log:1/2 Commit:2: connection refused
failed to step 2->1 MsgApp Term:1 Log:1/2: raft: stopped`, []string{
		"1 sent 1->2 MsgApp Term:1 Log:1/2 Commit:2 Entries:1 EntryTerm:1",
		"1 received 2->1 MsgAppResp Term:2 Log:1/9 Rejected (Hint: 4)",
		"1 sent 1->10 MsgHeartbeat Term:2 Log:0/0",
		"1 received 10->1 MsgHeartbeatResp Term:2 Log:0/0",
		"1 received 2->1 MsgVote Term:3 Log:2/9",
		"1 sent 1->2 MsgApp Term:1 Log:1/2 Commit:2",
		`1 send_failed 1->2 MsgApp Term:1 Log:1/2 Commit:2 Peer:2 "connection refused"`,
		`1 step_failed 2->1 MsgApp Term:1 Log:1/2 "raft: stopped"`,
	}},
	{"a Ready over several lines", "a.log", `
2024/05/06 10:11:12 ready: Ready MustSync=true:
Lead:1 State:StateLeader
HardState Term:2 Vote:1 Commit:4
Entries:
2/5 EntryNormal "x=1"
CommittedEntries:
2/4 EntryNormal ""
Messages:
1->2 MsgApp Term:2 Log:2/4 Commit:4 Entries:[
  2/5 EntryNormal "x=1"
  2/6 EntryNormal "x=2"
]
1->3 MsgSnap Term:2 Log:0/0
  Snapshot: Index:3 Term:1 ConfState:Voters:[1 2 3] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false
1->AppendThread MsgStorageAppend Term:2 Log:0/0 Commit:4 Vote:1 Responses:[
  1->2 MsgAppResp Term:2 Log:0/5
]
2->1 MsgAppResp Term:2 Log:0/6`, []string{
		"0 ready", // before any line that says whose it is
		"1 state Role:Leader Term:2 Vote:1 Lead:1 Commit:4",
		"1 proposed Term:2 Index:5",
		"1 entry Term:2 Index:4 EntryType:EntryNormal",
		"1 sent 1->2 MsgApp Term:2 Log:2/4 Commit:4 Entries:2 EntryTerm:2",
		"1 sent 1->3 MsgSnap Term:2 Log:0/0 Snapshot:3",
		"1 received 2->1 MsgAppResp Term:2 Log:0/6", // not of the list: another node sends it
	}},
	{"whose log it is tells the direction", "node2.log", `
1->2 MsgApp Term:1 Log:1/2 Commit:2
2->1 MsgAppResp Term:1 Log:0/2`, []string{
		"0 received 1->2 MsgApp Term:1 Log:1/2 Commit:2",
		"2 sent 2->1 MsgAppResp Term:1 Log:0/2",
	}},
	{"names that may count from 0 do not", "node1.log", `
2->1 MsgApp Term:1 Log:1/2 Commit:2
1->2 MsgAppResp Term:1 Log:0/2`, nil},
	{"a transcript", "a.log", `
> 1 handling Ready
  Ready MustSync=false:
  Messages:
  1->2 MsgHeartbeat Term:1 Log:0/0 Commit:11
> 2 receiving messages
  1->2 MsgHeartbeat Term:1 Log:0/0 Commit:11
> 2 receiving messages
  AppendThread->2 MsgStorageAppendResp Term:1 Log:1/11
  2->2 MsgAppResp Term:1 Log:0/11
status 1
----
2: StateReplicate match=14 next=17 paused inflight=2[full]`, []string{
		"1 ready", "1 sent 1->2 MsgHeartbeat Term:1 Log:0/0 Commit:11", "2 received 1->2 MsgHeartbeat Term:1 Log:0/0 Commit:11",
		"2 appended Term:1 Index:11", "2 appended Term:1 Index:11",
		"1 progress Peer:2 Match:14 Next:17 State:Replicate Paused:true PendingSnapshot:0 RecentActive:true Inflight:2 Learner:false",
	}},
	{"messages as Go and protobuf print them", "a.log", `
recv {Type:MsgAppResp To:1 From:12 Term:3 LogTerm:2 Index:11 Entries:[] Commit:0 Vote:0 Snapshot:<nil> Reject:true RejectHint:7 Context:[] Responses:[]}
send type:MsgApp to:12 from:1 term:3 logTerm:2 index:10 entries:<Term:3 Index:11 Data:"x=> 1" > entries:<Term:3 Index:12 > commit:9
send type:MsgApp  to:12 from:1  term:3 logTerm:2 index:10 entries:{term:3 index:11 data:"}"} commit:9
send {"type":3,"to":12,"from":1,"term":3,"logTerm":2,"index":10,"entries":[{"Term":3,"Index":11,"Type":0,"Data":"eD0x"}],"commit":9}`, []string{
		"0 received 12->1 MsgAppResp Term:3 Log:2/11 Rejected (Hint: 7)",
		"1 sent 1->12 MsgApp Term:3 Log:2/10 Commit:9 Entries:2",
		"1 sent 1->12 MsgApp Term:3 Log:2/10 Commit:9 Entries:1",
		"1 sent 1->12 MsgApp Term:3 Log:2/10 Commit:9 Entries:1 EntryTerm:3",
	}},
	{"Status", "a.log", `
{"id":"a","term":2,"vote":"1","commit":9,"lead":"a","raftState":"StateLeader","applied":9,"progress":{"b":{"match":9,"next":10,"state":"StateReplicate"}},"leadtransferee":"0"}`, []string{
		"10 state Role:Leader Term:2 Vote:1 Lead:10 Commit:9 Applied:9",
		"10 progress Peer:11 Match:9 Next:10 State:Replicate",
	}},
	{"printed when made and when sent", "a.log", `
Ready MustSync=false:
Messages:
1->2 MsgHeartbeat Term:1 Log:0/0
sending 1->2 MsgHeartbeat Term:1 Log:0/0
sending 1->2 MsgHeartbeat Term:1 Log:0/0`, []string{
		"0 ready", "1 sent 1->2 MsgHeartbeat Term:1 Log:0/0", "1 handed_over 1->2 MsgHeartbeat Term:1 Log:0/0", "1 sent 1->2 MsgHeartbeat Term:1 Log:0/0",
	}},
}

func TestDescribe(t *testing.T) {
	for _, c := range describeCases {
		name := filepath.Join(t.TempDir(), c.file)
		if err := os.WriteFile(name, []byte(strings.TrimPrefix(c.log, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := eventsOf(t, name)
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// eventsOf reads a file and says each event with its node.
func eventsOf(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	res, err := Read(context.Background(), []string{name}, Options{Workers: 1, Open: func(string, int) func(*raftdiag.Event) {
		return func(e *raftdiag.Event) { out = append(out, strconv.FormatUint(uint64(e.Node), 10)+" "+e.String()) }
	}})
	if err != nil {
		t.Fatal(err)
	}
	res.Close()
	return out
}
