package raftlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// calls calls every method of a Log with a Ready that has something of all.
func calls(l *Log, rn *raft.RawNode, s *raft.MemoryStorage) {
	m := raftpb.Message{Type: raftpb.MsgApp, From: 1, To: 2, Term: 2, Entries: entries}
	l.Took(full, rn, s)
	l.Ready(full)
	l.Stored(full)
	l.StoredMessage(raftpb.Message{Type: raftpb.MsgStorageAppend, Entries: entries})
	l.HandedOver(m)
	l.SendFailed(m, io.EOF)
	l.Received(m)
	l.StepFailed(m, io.EOF)
	l.Proposing(1)
	l.Proposed(1, 1, 1)
	l.ProposalDropped(1, io.EOF)
	l.ProposalTimedOut(1, 1)
	l.Waiting(1)
	l.Applied(1, 1)
	l.Replied(1, 1)
	l.ApplyFailed(1, io.EOF)
	l.Role(raft.StateFollower, raft.StateLeader, 1, 1)
	l.SnapshotCreated(1, 1)
	l.Slow("apply", time.Second)
	l.StorageFailed(io.EOF)
	l.Config(raftpb.ConfState{}, 1)
	l.Status(raft.Status{}, 1, 1)
	l.Boot(raftpb.HardState{}, raftpb.ConfState{}, 1, 1, 1)
	l.Open(s, 1)
	l.Stopped("")
	l.Panicked("x")
}

var (
	entries = []raftpb.Entry{{Index: 5, Term: 2, Data: []byte("x")}, {Index: 6, Term: 2}}
	full    = raft.Ready{
		SoftState: &raft.SoftState{Lead: 1, RaftState: raft.StateLeader},
		HardState: raftpb.HardState{Term: 2, Vote: 1, Commit: 5},
		Entries:   entries, CommittedEntries: entries[:1],
		Messages: []raftpb.Message{{Type: raftpb.MsgApp, From: 1, To: 2, Term: 2, Index: 4, LogTerm: 2, Entries: entries}},
	}
)

func TestOffCostsNoAllocation(t *testing.T) {
	c := newCluster(t, 1, false, func(uint64) *Log { return nil })
	p := c.peers[0]
	for name, l := range map[string]*Log{"nil": nil, "no sink": New(nil, 1, "g"), "off": New(off{}, 1, "g"),
		"slog without Info": New(Slog(slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}))), 1, "g")} {
		if n := testing.AllocsPerRun(100, func() { calls(l, p.rn, p.storage) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// A handler that keeps records, as one that writes in the background does,
// must not see them change.
func TestRecordsMayBeKept(t *testing.T) {
	h := &keepingHandler{}
	l := New(Slog(slog.New(h)), 1, "g")
	for i := range uint64(20) {
		l.Applied(i, 1)
	}
	var out bytes.Buffer
	w := slog.NewJSONHandler(&out, nil)
	for _, r := range h.records {
		must(t, w.Handle(t.Context(), r))
	}
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if want := fmt.Sprintf(`"index":%d,`, i); !strings.Contains(line, want) {
			t.Errorf("record %d: %s", i, line)
		}
	}
}

type keepingHandler struct {
	slog.Handler
	records []slog.Record
}

func (h *keepingHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h *keepingHandler) Handle(_ context.Context, r slog.Record) error {
	h.records = append(h.records, r.Clone())
	return nil
}

func TestLogRowSaysWhatItKnows(t *testing.T) {
	status := func(commit uint64) raft.Status {
		var st raft.Status
		st.ID, st.Term, st.Commit = 1, 2, commit
		return st
	}
	for _, c := range []struct {
		name  string
		do    func(l *Log)
		row   string
		rows  int
		ready raft.Ready
	}{
		{"before any Ready storage is what there is",
			func(l *Log) { l.Status(status(5), 2, 4) }, "log First:2 Last:4 Commit:5 Applied:0", 1, raft.Ready{}},
		{"right after a Ready its entries are the unstable ones",
			func(l *Log) { l.Ready(full); l.Status(status(5), 2, 4) }, "log First:2 Last:6 Commit:5 Applied:0 Unstable:2", 1, raft.Ready{}},
		{"a Ready may shorten the log",
			func(l *Log) { l.Ready(full); l.Status(status(5), 2, 9) }, "log First:2 Last:6 Commit:5 Applied:0 Unstable:2", 1, raft.Ready{}},
		{"once stored, storage has them",
			func(l *Log) { l.Ready(full); l.Stored(full); l.Status(status(5), 2, 6) }, "log First:2 Last:6 Commit:5 Applied:0", 1, raft.Ready{}},
		{"a commit that rose since the last Ready hints at entries not seen",
			func(l *Log) {
				l.Boot(raftpb.HardState{Term: 2, Commit: 5}, raftpb.ConfState{}, 2, 6, 5)
				l.Status(status(7), 2, 6)
			}, "log First:2 Commit:7 Applied:0", 1, raft.Ready{}},
		{"a log that is lost beneath Raft stays visible",
			func(l *Log) {
				l.Boot(raftpb.HardState{Term: 2, Commit: 5}, raftpb.ConfState{}, 2, 6, 5)
				l.Status(status(5), 1, 0)
			}, "log First:1 Last:0 Commit:5 Applied:0", 1, raft.Ready{}},
		{"a snapshot in a Ready is the end of the log",
			func(l *Log) {
				rd := raft.Ready{HardState: raftpb.HardState{Term: 2, Commit: 9}, Snapshot: raftpb.Snapshot{Metadata: raftpb.SnapshotMetadata{Index: 9, Term: 2}}}
				l.Boot(raftpb.HardState{}, raftpb.ConfState{}, 2, 4, 4)
				l.Ready(rd)
				l.Status(status(9), 2, 4)
			}, "log First:2 Last:9 Commit:9 Applied:0 Unstable:0", 1, raft.Ready{}},
		{"a stopped Node has no status",
			func(l *Log) { l.Status(raft.Status{}, 2, 4) }, "", 0, raft.Ready{}},
	} {
		kept := &keeper{}
		c.do(New(kept, 1, "g"))
		rows := kept.of(raftdiag.LogRow)
		if len(rows) != c.rows || c.rows > 0 && rows[len(rows)-1].String() != c.row {
			t.Errorf("%s: %d rows, %v, want %s", c.name, len(rows), rows, c.row)
		}
	}
}

// stale is a Node that has gone on since the Ready was taken.
type stale struct{ st raft.Status }

func (s stale) Status() raft.Status { return s.st }

func TestTookStatesRaftAsOfTheReady(t *testing.T) {
	kept := &keeper{}
	l := New(kept, 1, "g")
	l.Boot(raftpb.HardState{Term: 1}, raftpb.ConfState{Voters: []uint64{1}}, 2, 4, 4)
	var st raft.Status
	st.ID, st.Term, st.Commit, st.RaftState = 1, 9, 99, raft.StateCandidate
	c := newCluster(t, 1, false, func(uint64) *Log { return nil })
	l.Took(full, stale{st}, c.peers[0].storage)
	if got := kept.of(raftdiag.State)[0].String(); got != "state Role:Leader Term:2 Vote:1 Lead:1 Commit:5 Applied:0" {
		t.Errorf("state: %s", got)
	}
	if got := kept.of(raftdiag.LogRow)[0].String(); got != "log First:2 Last:6 Commit:5 Applied:0 Unstable:2" {
		t.Errorf("log row: %s", got)
	}
}

func TestOwnAnswersAreNoMessages(t *testing.T) {
	kept := &keeper{}
	l := New(kept, 1, "g")
	own := raftpb.Message{Type: raftpb.MsgAppResp, From: 1, To: 1, Term: 2, Index: 5}
	storage := raftpb.Message{Type: raftpb.MsgStorageAppendResp, From: raft.LocalAppendThread, To: 1}
	for _, m := range []raftpb.Message{own, storage} {
		l.Received(m)
		l.StepFailed(m, io.EOF)
	}
	l.HandedOver(own)
	l.SendFailed(own, io.EOF)
	l.HandedOver(raftpb.Message{Type: raftpb.MsgStorageAppend, From: 1, To: raft.LocalAppendThread})
	if len(kept.events) != 0 {
		t.Errorf("stated: %v", kept.events)
	}
	l.Received(raftpb.Message{Type: raftpb.MsgApp, From: 3, To: 2}) // a wrong address
	l.Received(raftpb.Message{Type: raftpb.MsgApp, From: 1, To: 2}) // another process with this id
	if len(kept.events) != 2 {
		t.Errorf("stated: %v", kept.events)
	}
}

func TestPanicIsStatedAndGoesOn(t *testing.T) {
	kept := &keeper{}
	l := New(kept, 1, "g")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		defer l.Recover()
		panic("tocommit(7) is out of range [lastIndex(1)]. Was the raft log corrupted, truncated, or lost?")
	}()
	if got := kept.events[0]; got.Commit != 7 || got.Last != 1 || !got.Has(raftdiag.HasText|raftdiag.HasCommit|raftdiag.HasLast) {
		t.Errorf("stated: %s", got.String())
	}
	var none *Log
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		defer none.Recover()
		panic(errors.New("x"))
	}()
}

func TestTextKeepsBlocksTogether(t *testing.T) {
	var out bytes.Buffer
	s := Text(&out, Bare())
	var wg sync.WaitGroup
	for _, group := range []string{"a-0", "b-0", "c-0"} {
		wg.Go(func() {
			l := New(s, 1, group)
			for range 200 {
				l.Ready(full)
			}
		})
	}
	wg.Wait()
	block := regexp.MustCompile(`^ready\(\) EXTRACTING for (.-0): [^\n]+\nOutgoing messages from (.-0):\n  Message 0: [^\n]+\nCommitted entries for (.-0): [^\n]+\n  Committed entry 0: [^\n]+\n`)
	rest := out.String()
	for n := 0; ; n++ {
		m := block.FindStringSubmatch(rest)
		if m == nil {
			if n != 600 || rest != "" {
				t.Errorf("%d blocks, then %.300q", n, rest)
			}
			return
		}
		if m[1] != m[2] || m[1] != m[3] {
			t.Fatalf("a block of several groups: %s", m[0])
		}
		rest = rest[len(m[0]):]
	}
}

// The lines added to the examples are marked, and there are at most 15.
func TestExamplesAddFewLines(t *testing.T) {
	for _, name := range []string{"example_test.go", "example_node_test.go"} {
		data, err := os.ReadFile(name)
		must(t, err)
		added := 0
		for i, line := range strings.Split(string(data), "\n") {
			marked := strings.HasSuffix(line, "// raftlog")
			if marked {
				added++
			}
			if uses := strings.Contains(line, "raftlog.") || strings.Contains(line, ".log."); uses && !marked {
				t.Errorf("%s:%d uses raftlog and is not marked", name, i+1)
			}
		}
		if added == 0 || added > 15 {
			t.Errorf("%s adds %d lines", name, added)
		}
	}
}

func TestMethodsRunConcurrently(t *testing.T) {
	c := newCluster(t, 3, false, func(uint64) *Log { return nil })
	must(t, c.peers[0].rn.Campaign())
	c.settle()
	l := New(Tee(&keeper{}, Text(io.Discard), Slog(slog.New(slog.NewJSONHandler(io.Discard, nil)))), 1, "g")
	m := raftpb.Message{Type: raftpb.MsgAppResp, From: 1 << 40, To: 1, Term: 2, Index: 5}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range uint64(100) {
			l.Took(full, c.peers[0].rn, c.peers[0].storage)
			l.Stored(full)
			l.Config(raftpb.ConfState{Voters: []uint64{i}}, i)
		}
	})
	for i := range uint64(2) {
		wg.Go(func() {
			for j := range uint64(100) {
				m := m
				m.From += 100*i + j
				l.Received(m)
				l.Proposing(1)
				l.SendFailed(m, io.EOF)
			}
		})
	}
	wg.Wait()
}
