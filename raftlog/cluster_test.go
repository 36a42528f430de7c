package raftlog

import (
	"bytes"
	"errors"
	"io"
	"log"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

var quiet raft.Logger = &raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)}

// A keeper is a Sink that keeps copies of events.
type keeper struct {
	mu     sync.Mutex
	events []raftdiag.Event
}

func (k *keeper) Enabled() bool { return true }

func (k *keeper) Emit(e *raftdiag.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, *e)
}

func (k *keeper) EmitBlock(events []*raftdiag.Event) {
	for _, e := range events {
		k.Emit(e)
	}
}

// of returns the events of the kind.
func (k *keeper) of(kind raftdiag.Kind) []raftdiag.Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []raftdiag.Event
	for _, e := range k.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// A off is a Sink that is off.
type off struct{}

func (off) Enabled() bool        { return false }
func (off) Emit(*raftdiag.Event) { panic("emitted while off") }

// A peer is one node of a cluster in memory.
type peer struct {
	id      uint64
	rn      *raft.RawNode
	storage *raft.MemoryStorage
	log     *Log
	inbox   []raftpb.Message
}

// A cluster runs RawNodes in memory, without a clock.
type cluster struct {
	t     testing.TB
	peers []*peer // by id-1
	lose  func(m raftpb.Message) bool
	async bool
	// silent losses are those of which no transport tells.
	silent bool
}

func newCluster(t testing.TB, n int, async bool, log func(id uint64) *Log) *cluster {
	c := &cluster{t: t, lose: func(raftpb.Message) bool { return false }, async: async}
	var voters []uint64
	for id := uint64(1); id <= uint64(n); id++ {
		voters = append(voters, id)
	}
	for id := uint64(1); id <= uint64(n); id++ {
		s := raft.NewMemoryStorage()
		must(t, s.ApplySnapshot(raftpb.Snapshot{Metadata: raftpb.SnapshotMetadata{
			Index: 1, Term: 1, ConfState: raftpb.ConfState{Voters: voters},
		}}))
		rn, err := raft.NewRawNode(&raft.Config{
			ID: id, ElectionTick: 10, HeartbeatTick: 1, Storage: s, Applied: 1, AsyncStorageWrites: async,
			MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 64, Logger: quiet,
		})
		must(t, err)
		p := &peer{id: id, rn: rn, storage: s, log: log(id)}
		p.log.Open(s, 1)
		c.peers = append(c.peers, p)
	}
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settle runs all peers until none has anything to do.
func (c *cluster) settle() {
	for busy := true; busy; {
		busy = false
		for _, p := range c.peers {
			inbox := p.inbox
			p.inbox = p.inbox[:0:0]
			for _, m := range inbox {
				busy = true
				p.log.Received(m)
				if err := p.rn.Step(m); err != nil {
					p.log.StepFailed(m, err)
				}
			}
			for p.rn.HasReady() {
				busy = true
				c.ready(p)
			}
		}
	}
}

func (c *cluster) ready(p *peer) {
	rd := p.rn.Ready()
	p.log.Took(rd, p.rn, p.storage)
	if c.async {
		for _, m := range rd.Messages {
			switch m.To {
			case raft.LocalAppendThread:
				c.save(p, m.Entries, raftpb.HardState{Term: m.Term, Vote: m.Vote, Commit: m.Commit}, m.Snapshot)
				p.log.StoredMessage(m)
				for _, r := range m.Responses {
					c.send(p, r)
				}
			case raft.LocalApplyThread:
				c.apply(p, m.Entries)
				for _, r := range m.Responses {
					c.send(p, r)
				}
			default:
				c.send(p, m)
			}
		}
		return
	}
	c.save(p, rd.Entries, rd.HardState, &rd.Snapshot)
	p.log.Stored(rd)
	for _, m := range rd.Messages {
		c.send(p, m)
	}
	c.apply(p, rd.CommittedEntries)
	p.rn.Advance(rd)
}

func (c *cluster) save(p *peer, entries []raftpb.Entry, hs raftpb.HardState, snap *raftpb.Snapshot) {
	if snap != nil && !raft.IsEmptySnap(*snap) {
		must(c.t, p.storage.ApplySnapshot(*snap))
	}
	if !raft.IsEmptyHardState(hs) {
		must(c.t, p.storage.SetHardState(hs))
	}
	must(c.t, p.storage.Append(entries))
}

func (c *cluster) apply(p *peer, entries []raftpb.Entry) {
	for _, e := range entries {
		if e.Type == raftpb.EntryConfChangeV2 {
			var cc raftpb.ConfChangeV2
			must(c.t, cc.Unmarshal(e.Data))
			p.log.Config(*p.rn.ApplyConfChange(cc), e.Index)
		}
		p.log.Applied(e.Index, 1)
	}
}

func (c *cluster) send(p *peer, m raftpb.Message) {
	p.log.HandedOver(m)
	if c.lose(m) {
		if !c.silent {
			p.log.SendFailed(m, errors.New("connection refused"))
			p.rn.ReportUnreachable(m.To)
		}
		return
	}
	to := c.peers[m.To-1]
	to.inbox = append(to.inbox, m)
}

// story runs an election, proposals, a loss, a snapshot, a rejection and a
// change of membership.
func (c *cluster) story() {
	lead := c.peers[0]
	must(c.t, lead.rn.Campaign())
	c.settle()
	propose := func(n int) {
		for range n {
			lead.log.Proposing(3)
			must(c.t, lead.rn.Propose([]byte("x=1")))
			c.settle()
		}
	}
	propose(3)
	c.lose, c.silent = func(m raftpb.Message) bool { return m.To == 2 && m.Type == raftpb.MsgApp }, true
	propose(1)
	c.lose = func(raftpb.Message) bool { return false }
	propose(1) // rejected by 2, which lacks the one before
	c.lose, c.silent = func(m raftpb.Message) bool { return m.To == 3 || m.From == 3 }, false
	propose(3)
	last, err := lead.storage.LastIndex()
	must(c.t, err)
	_, err = lead.storage.CreateSnapshot(last, &raftpb.ConfState{Voters: []uint64{1, 2, 3}}, nil)
	must(c.t, err)
	must(c.t, lead.storage.Compact(last))
	lead.log.SnapshotCreated(last, 2)
	c.lose = func(raftpb.Message) bool { return false }
	lead.rn.Tick()
	c.settle()
	lead.rn.ReportSnapshot(3, raft.SnapshotFinish)
	lead.rn.Tick()
	c.settle()
	must(c.t, lead.rn.ProposeConfChange(raftpb.ConfChangeV2{Changes: []raftpb.ConfChangeSingle{{Type: raftpb.ConfChangeAddLearnerNode, NodeID: 3}}}))
	c.settle()
	must(c.t, c.peers[1].rn.Campaign())
	c.settle()
}

func TestJSONLinesReadBackEqual(t *testing.T) {
	for _, async := range []bool{false, true} {
		var out bytes.Buffer
		kept := &keeper{}
		sink := Tee(kept, Slog(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{AddSource: true})).With("service", "kv")), off{})
		newCluster(t, 3, async, func(id uint64) *Log { return New(sink, id, "__meta-0") }).story()

		l := New(sink, 1<<63+5, "with \"quotes\" and \n") // ids beyond what a JSON number holds
		msg := raftpb.Message{Type: raftpb.MsgAppResp, From: 1<<63 + 5, To: 1 << 62, Term: 7, Index: 9, Reject: true, RejectHint: 4, LogTerm: 3}
		l.Boot(raftpb.HardState{Term: 4, Vote: 1, Commit: 3}, raftpb.ConfState{
			Voters: []uint64{3, 1, 2}, VotersOutgoing: []uint64{1}, Learners: []uint64{1 << 62}, LearnersNext: []uint64{4}, AutoLeave: true,
		}, 2, 9, 3)
		l.SendFailed(msg, errors.New("tls: \"bad\"\nline \x1b[31m"))
		l.StepFailed(msg, raft.ErrStepPeerNotFound)
		l.Proposing(0)
		l.Proposed(0, 0, 12)
		l.Proposed(5, 2, 12)
		l.Waiting(5)
		l.ProposalDropped(12, raft.ErrProposalDropped)
		l.ProposalTimedOut(5, time.Second)
		l.ProposalTimedOut(0, time.Second)
		l.Replied(5, time.Millisecond)
		l.ApplyFailed(6, errors.New("full"))
		l.Role(raft.StateCandidate, raft.StateLeader, 3, 1)
		l.Role(raft.StatePreCandidate, raft.StateFollower, 3, 0)
		l.Slow(SlowAppend, time.Second)
		l.StorageFailed(errors.New("disk full"))
		l.Stopped("")
		l.Panicked("tocommit(7) is out of range [lastIndex(1)]. Was the raft log corrupted, truncated, or lost?")
		for _, typ := range []raftpb.MessageType{raftpb.MsgProp, raftpb.MsgReadIndex, raftpb.MsgReadIndexResp, raftpb.MsgTimeoutNow, raftpb.MsgPreVote, raftpb.MsgPreVoteResp} {
			l.Received(raftpb.Message{Type: typ, From: 2, To: 1, Term: 1, Entries: []raftpb.Entry{{Data: []byte("secret")}}, Context: []byte("secret")})
		}

		lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
		if len(lines) != len(kept.events) {
			t.Fatalf("%d lines for %d events", len(lines), len(kept.events))
		}
		seen := map[raftdiag.Kind]bool{}
		for i, want := range kept.events {
			var got raftdiag.Event
			if err := got.UnmarshalJSON(lines[i]); err != nil {
				t.Fatalf("%s: %v", lines[i], err)
			}
			if got.Time == raftdiag.NoStamp {
				t.Errorf("no time: %s", lines[i])
			}
			got.Time = want.Time
			if !reflect.DeepEqual(got, want) {
				t.Errorf("line %s\nreads %s\nwant  %s", lines[i], got.AppendJSON(nil), want.AppendJSON(nil))
			}
			if extra := want.Set &^ want.Kind.Info().Fields; extra != 0 {
				t.Errorf("%s sets fields %b that its kind does not have", want.Kind, extra)
			}
			seen[want.Kind] = true
		}
		if bytes.Contains(out.Bytes(), []byte("secret")) {
			t.Error("a payload or a context was logged")
		}
		for _, k := range raftdiag.Kinds() {
			switch k.Kind {
			case raftdiag.Outgoing, raftdiag.Misconfigured, raftdiag.Garbled, raftdiag.SymptomSeen: // what only readers of foreign logs meet
			default:
				if !seen[k.Kind] {
					t.Errorf("async=%v: no %s was emitted", async, k.Name)
				}
			}
		}
	}
}

// Every number that a log states must be what Raft held, in the order in
// which it held it.
func TestSamplesNeverFallOrContradict(t *testing.T) {
	for _, async := range []bool{false, true} {
		kept := &keeper{}
		newCluster(t, 3, async, func(id uint64) *Log { return New(kept, id, "g") }).story()
		var term, commit, applied [4]uint64
		for _, e := range kept.events {
			n := e.Node
			check := func(what string, was *uint64, now uint64) {
				if now < *was {
					t.Errorf("async=%v node %d: %s falls from %d to %d in %s", async, n, what, *was, now, e.String())
				}
				*was = now
			}
			switch e.Kind {
			case raftdiag.State:
				check("term", &term[n], uint64(e.Term))
				check("commit", &commit[n], uint64(e.Commit))
				check("applied", &applied[n], uint64(e.Applied))
			case raftdiag.LogRow:
				check("commit", &commit[n], uint64(e.Commit))
				check("applied", &applied[n], uint64(e.Applied))
				if !e.Has(raftdiag.HasUnstable) || e.Commit > e.Last {
					t.Errorf("async=%v node %d: %s", async, n, e.String())
				}
			case raftdiag.Sent, raftdiag.HandedOver:
				if e.From != n || e.To == n || e.To > 3 || e.To == 0 {
					t.Errorf("async=%v node %d: %s", async, n, e.String())
				}
			case raftdiag.Received:
				if e.To != n || e.From == n || e.From > 3 {
					t.Errorf("async=%v node %d: %s", async, n, e.String())
				}
			}
		}
		announced, listed := uint64(0), uint64(0)
		for _, e := range kept.of(raftdiag.Ready) {
			announced += e.Immediate + e.Persisted
		}
		listed = uint64(len(kept.of(raftdiag.Sent)))
		if announced != listed || listed != uint64(len(kept.of(raftdiag.HandedOver))) {
			t.Errorf("async=%v: %d messages announced, %d listed, %d handed over", async, announced, listed, len(kept.of(raftdiag.HandedOver)))
		}
	}
}

func TestRejectionsAndSnapshotsAreStated(t *testing.T) {
	kept := &keeper{}
	newCluster(t, 3, false, func(id uint64) *Log { return New(kept, id, "g") }).story()
	var rejects, snaps int
	for _, e := range kept.of(raftdiag.Received) {
		if e.Reject && e.Type == raftdiag.MsgAppResp {
			rejects++
			if !e.Has(raftdiag.HasHint | raftdiag.HasIndex) {
				t.Errorf("a rejection without a hint: %s", e.String())
			}
		}
		if e.Type == raftdiag.MsgSnap {
			snaps++
			if e.Snapshot == 0 {
				t.Errorf("a snapshot without its index: %s", e.String())
			}
		}
	}
	if snaps == 0 {
		t.Error("the story has no snapshot")
	}
	if rejects == 0 {
		t.Error("the story has no rejection")
	}
	last := kept.of(raftdiag.ConfigChanged)
	if len(last) == 0 || len(last[len(last)-1].Config.Learners) != 1 {
		t.Errorf("configurations: %v", last)
	}
}
