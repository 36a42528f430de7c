package parser

import "slices"

// A Format is something that Read understands: an envelope (when, who and
// where a line was written) or a dialect (what its words mean). Any dialect
// may stand in any envelope.
type Format struct {
	Name    string
	Class   string // envelope or dialect
	Doc     string
	Samples []string
}

// Formats lists the formats that are built in: dialects, those of systems with
// logs of their own among them, and envelopes.
func Formats() []Format {
	var dialects, envelopes []Format
	for _, f := range written() {
		if f.Class == "dialect" {
			dialects = append(dialects, f)
		} else {
			envelopes = append(envelopes, f)
		}
	}
	for _, f := range foreigners {
		x := Format{Name: f.name, Class: "dialect", Doc: f.doc}
		for _, s := range f.samples {
			if s.want != "nothing" && len(x.Samples) < 16 {
				x.Samples = append(x.Samples, s.line)
			}
		}
		dialects = append(dialects, x)
	}
	for _, e := range envelopeReaders {
		told := slices.ContainsFunc(envelopes, func(f Format) bool { return f.Name == e.name })
		if doc := envelopeDocs[e.env]; doc != "" && !told {
			envelopes = append(envelopes, Format{Name: e.name, Class: "envelope", Doc: doc})
		}
	}
	return append(dialects, envelopes...)
}

// envelopeDocs say what an envelope is, where its reader is a file of its own.
var envelopeDocs = map[envelope]string{
	zapConsole:   "the console text of Go's zap: stamp, level, logger, caller, message and a JSON object, parted by tabs",
	capnslog:     "the text of etcd before 3.4: stamp, level letter, package",
	hclog:        "the text of hclog, as Consul, Nomad and Vault write it",
	logfmt:       "key=value pairs, with the words under msg or message",
	klog:         "the text of klog and glog: a letter for the level, month and day, time, thread and place",
	tikvLog:      "the unified text of TiKV and PD: stamp, level, place, message and fields in brackets",
	crdbLog:      "the text of CockroachDB",
	natsLog:      "the text of the NATS server",
	goLog:        "the text of Go's package log",
	syslog:       "syslog, by RFC 3164 and RFC 5424, and journalctl's short form",
	journald:     "journalctl's other stamps, and times in Unix seconds",
	container:    "what Loki's logcli, stern and GitHub's runners put in front of a line",
	otlp:         "lines that hold many records: OpenTelemetry's JSON, and the answer of Loki's query",
	log4j:        "the usual pattern of log4j and logback",
	erlang:       "the text of Erlang's logger",
	tailEnvelope: "the heads that tail and grep put over and before lines",
}

// written are the formats that are read by code of their own.
func written() []Format {
	return []Format{
		{"readyloop", "dialect", "the text that applications on raft-rs or go.etcd.io/raft print from their Ready loop: " +
			"the state of each Ready, progress of peers, messages in and out, commits. A head names the group, the rows below " +
			"belong to the newest head that they fit. Types come by name (raft-rs's or etcd's) or by number; any field may be missing.",
			[]string{
				"ready() HAS_READY for __meta-0: raft_state=Leader, term=1, commit=0, leader=2",
				"ready() EXTRACTING for __meta-0: immediate_msgs=2, persisted_msgs=0, entries=1, committed=0, soft_state=None, hard_state=Some(HardState { term: 1, vote: 2, commit: 0 })",
				"Progress tracker for __meta-0:",
				"  Peer 1: matched=0, next_idx=1, state=Replicate, paused=false, pending_snapshot=0, recent_active=true",
				"Raft log for __meta-0: last_index=1, committed=0, applied=0, unstable_entries=1",
				"Outgoing messages from __meta-0: total=1",
				"  Msg[0]: type=3, from=2, to=1, term=1, log_term=0, index=0, commit=0, entries=1, reject=false",
				"Received Raft message for __meta-0: type=4, from=1, to=2, term=1, log_term=0, index=1, commit=0, entries=0, reject=false",
				"Committed entries ready for application node_id=2 topic=__meta partition=0 count=1 first_index=1 last_index=1",
				"  Committed[0]: index=1, term=1, type=0, data_len=123",
				"Proposed entry at index 1 to __meta-0, waiting for commit",
				"Failed to send message to peer 1: Configuration error: No address for peer 1",
				"thread 'main' panicked at to_commit 7 is out of range [last_index 1]",
			}},
		{"events", "dialect", "raftdiag's own events, one JSON object a line, as package raftlog and raftdiag events write them: docs/event.schema.json. Also as key=value, as slog.TextHandler writes them.",
			[]string{
				`{"time":"2025-10-20T12:00:00.123456Z","node":2,"group":"__meta-0","kind":"sent","type":"MsgApp","from":2,"to":1,"term":1,"log_term":0,"index":0,"commit":0,"entries":1}`,
				`time=2025-10-20T12:00:00.123Z level=INFO msg=raft node=2 group=__meta-0 kind=log last=3 commit=2 applied=2`,
			}},
		{"DescribeMessage", "dialect", "the texts of go.etcd.io/raft's describers (messages, Ready, entries, states, snapshots, Progress, Status), behind any words, in one line or over several; messages as %+v, protobuf and JSON print them; the transcripts of its interaction tests. " +
			"Which way a message goes is told by the words in front of it, by the list that it stands in, or by whose log it is.",
			[]string{
				`sending 1->2 MsgApp Term:1 Log:1/2 Commit:2 Entries:[1/3 EntryNormal "x=1"]`,
				`received 2->1 MsgAppResp Term:2 Log:1/9 Rejected (Hint: 4)`,
				"Ready MustSync=true:", "Lead:1 State:StateLeader", "HardState Term:2 Vote:1 Commit:4", "CommittedEntries:", `2/4 EntryNormal "x=1"`, "Messages:",
				"1: StateReplicate match=14 next=17 paused inflight=2[full]",
				`recv {Type:MsgAppResp To:1 From:2 Term:3 LogTerm:2 Index:11 Entries:[] Commit:0 Vote:0 Snapshot:<nil> Reject:true RejectHint:7 Context:[] Responses:[]}`,
				`send type:MsgApp to:2 from:1 term:3 logTerm:2 index:10 entries:<Term:3 Index:11 Data:"x=1" > commit:9`,
				`{"id":"1","term":2,"vote":"1","commit":9,"lead":"1","raftState":"StateLeader","applied":9,"progress":{"2":{"match":9,"next":10,"state":"StateReplicate"}},"leadtransferee":"0"}`,
				"> 2 receiving messages",
			}},
		{"state trace", "dialect", "the events of go.etcd.io/raft's state trace (build tag with_tla), bare or as the field event of a JSON log line. It sits inside the library: what the application drops afterwards looks like loss in the network.",
			[]string{
				`{"level":"debug","ts":1715000000.75,"msg":"trace","tag":"trace","event":{"name":"SendAppendEntriesRequest","nid":"1","state":{"term":3,"vote":"1","commit":8},"role":"StateLeader","log":12,"conf":[["1","2","3"],[]],"msg":{"type":"MsgApp","term":3,"from":"1","to":"2","entries":1,"logTerm":3,"index":11,"commit":8,"vote":"0","reject":false,"rejectHint":0},"prop":{"match":11,"next":12}}}`,
			}},
		{"tracing", "envelope", "the text of Rust's tracing-subscriber, coloured or not, with spans and threads; also copies in which only the ESC byte of the colours was lost.",
			[]string{
				"2025-10-20T12:00:00.123456Z  INFO chronik_raft::replica: Raft log for __meta-0: last_index=1",
				"2025-10-20T12:00:00.123456Z  INFO ThreadId(02) replica{node=2}: chronik_raft::replica: Raft log for __meta-0: last_index=1",
				"\x1b[2m2025-10-20T12:00:00.123456Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[2mapp\x1b[0m\x1b[2m:\x1b[0m Raft log for __meta-0: last_index=1",
				"[2m2025-10-20T12:00:00.123456Z[0m [32m INFO[0m [2mapp[0m[2m:[0m Raft log for __meta-0: last_index=1",
			}},
		{"json", "envelope", "a JSON log line whose message, msg, log or MESSAGE is text of a dialect, such as tracing's JSON, zap's, slog's, docker's and journald's. Time comes from timestamp, time, ts, @timestamp or __REALTIME_TIMESTAMP, fields beside the message count as if they stood behind it.",
			[]string{
				`{"timestamp":"2025-10-20T12:00:00.123456Z","level":"INFO","fields":{"message":"Raft log for __meta-0: last_index=1"},"target":"app"}`,
				`{"log":"2025-10-20T12:00:00.123456Z  INFO app: Raft log for __meta-0: last_index=1\n","stream":"stderr","time":"2025-10-20T12:00:01Z"}`,
			}},
		{"text", "envelope", "any logger that puts a date with time, a level or a key like msg= in front of the words.",
			[]string{
				"2025-10-20 12:00:00.123 Raft log for __meta-0: last_index=1",
				"2025/10/20 12:00:00 INFO Raft log for __meta-0: last_index=1",
				`time=2025-10-20T12:00:00.123Z level=INFO msg="Raft log for __meta-0: last_index=1"`,
			}},
		{"prefix", "envelope", "what collectors put in front of each line. It tells the writers of one stream apart, and is the node's name if nothing better tells.",
			[]string{
				"node1  | Raft log for __meta-0: last_index=1",
				"[pod/raft-0/app] Raft log for __meta-0: last_index=1",
				"node1.log:12:Raft log for __meta-0: last_index=1",
				"raft-1 app 2025-10-20T12:00:00Z Raft log for __meta-0: last_index=1",
				"2025-10-20T12:00:00.123456789Z stdout F Raft log for __meta-0: last_index=1",
				"2025-10-20T12:00:00+0000 host1 app[1234]: Raft log for __meta-0: last_index=1",
			}},
		{"document", "envelope", "lines pasted from a document: indented, quoted, in lists, with remarks behind an arrow, rows that end in dots.",
			[]string{
				`  LOG: "Raft log for __meta-0: last_index=1, committed=0"`,
				"- `Raft log for __meta-0: last_index=1, ...` <- should be 2",
			}},
	}
}
