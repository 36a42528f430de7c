package cluster

import (
	"bytes"
	"io"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.etcd.io/raft/v3/raftpb"
)

// virtually runs a fault on the virtual clock and returns the logs.
func virtually(t testing.TB, conf Config, faults ...string) (*Outcome, map[uint64]*bytes.Buffer) {
	t.Helper()
	for _, text := range faults {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		conf.Faults = append(conf.Faults, f)
	}
	logs := map[uint64]*bytes.Buffer{}
	conf.Log = func(id uint64) io.Writer { logs[id] = &bytes.Buffer{}; return logs[id] }
	o, err := Run(t.Context(), conf)
	if err != nil {
		t.Fatalf("%v: %v", faults, err)
	}
	return o, logs
}

// One seed gives the same bytes and the same truth each time, with every fault,
// and leaves nothing running behind.
func TestVirtualIsDeterministic(t *testing.T) {
	before := runtime.NumGoroutine()
	for i, info := range Faults() {
		conf := func() Config {
			return Config{Nodes: 3 + 2*(i%2), Voice: Voice(i % 2), Duration: 4 * time.Second, AsyncWrites: i%4 > 1,
				Virtual: &Virtual{Seed: uint64(i), Jitter: time.Millisecond, Disk: time.Duration(i%4) * time.Millisecond, Streams: i%3 == 0}}
		}
		a, logsA := virtually(t, conf(), info.Name)
		b, logsB := virtually(t, conf(), info.Name)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the truth differs", info.Name)
		}
		for id := range logsA {
			if !bytes.Equal(logsA[id].Bytes(), logsB[id].Bytes()) {
				t.Errorf("%s: the log of node %d differs", info.Name, id)
			}
		}
		if len(a.Messages) == 0 && info.Name != "empty-voters" && info.Name != "one-node-groups" || len(a.States) == 0 {
			t.Errorf("%s: no messages or states are kept", info.Name)
		}
	}
	if n := runtime.NumGoroutine(); n > before+2 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// Every fault does on the virtual clock what it does on the real one: with calls
// that are answered, or, where a call that hangs brings an election about, with
// streams and more time.
func TestFaultsVirtually(t *testing.T) {
	for i, s := range slices.Concat(stageList, virtualStages) {
		for seed := range uint64(4) {
			if s.until == nil {
				break // TestLogEnds
			}
			var book *notebook
			for _, streams := range []bool{false, true} {
				v, pace := s, paces[0]
				if streams {
					pace, v.logs = paces[1], nil // nobody is told what got lost
				}
				v.conf = func(c *Config) {
					if s.conf != nil {
						s.conf(c)
					}
					c.AsyncWrites = seed == 3
					c.Virtual = &Virtual{Seed: 100*seed + uint64(i), Jitter: time.Duration(seed) * time.Millisecond, Streams: streams}
				}
				book = &notebook{TB: t}
				if v.run(book, pace); !book.failed {
					break
				}
			}
			if book.failed {
				t.Errorf("%s, seed %d: %v", s.fault, seed, book.lines)
			}
		}
	}
}

// A log ends with proposals on their way, and the run with it.
func TestLogEnds(t *testing.T) {
	o, _ := virtually(t, Config{Duration: time.Minute, Virtual: &Virtual{Seed: 7}}, "log-ends")
	if o.End.Sub(o.Start) > 10*time.Second || o.Count(Waits, o.Faults[0].At) == 0 {
		t.Errorf("%v\n%v", o.End.Sub(o.Start), o)
	}
}

// With asynchronous writes an answer leaves when its entries are stored, and
// what does not wait for the disk goes on meanwhile.
func TestAsyncWritesVirtually(t *testing.T) {
	const disk = 40 * time.Millisecond
	o, _ := virtually(t, Config{AsyncWrites: true, Virtual: &Virtual{Seed: 3, Disk: disk}})
	if n := o.Count(Committed, o.Start); n < 20 {
		t.Fatalf("%d proposals are committed\n%v", n, o)
	}
	stored := map[uint64]time.Time{} // when a node's newest entries arrived
	answers, meanwhile := 0, 0
	for _, m := range o.Messages {
		at := stored[m.From]
		switch {
		case m.Type == raftpb.MsgAppResp && !at.IsZero():
			if answers++; m.Made.Before(at.Add(disk)) {
				t.Fatalf("an answer leaves %v after the append arrived: %+v", m.Made.Sub(at), m)
			}
			delete(stored, m.From)
		case !at.IsZero() && m.Made.Before(at.Add(disk)):
			meanwhile++
		}
		if m.Type == raftpb.MsgApp && m.Entries > 0 && len(m.Arrivals) > 0 && stored[m.To].IsZero() {
			stored[m.To] = m.Arrivals[0].At
		}
	}
	if answers < 20 || meanwhile == 0 {
		t.Errorf("%d answers, and %d messages while a disk writes", answers, meanwhile)
	}
}

// goesOn says that the cluster commits, whatever was done to it.
func goesOn(w *witness) bool { return w.fates(Committed) > 10 }

// virtualStages are the faults that only the virtual clock shows in good time.
var virtualStages = []stage{
	{fault: "idle", until: func(w *witness) bool { return w.c.clock.Now().Sub(w.struck.At) > 20*w.c.o.Tick }, check: func(t testing.TB, w *witness, _ *Outcome) {
		if n := len(w.c.o.truth.proposals) - w.made; n > 1 {
			t.Errorf("%d proposals are made", n)
		}
	}},
	{fault: "burst", until: func(w *witness) bool { return w.fates(Committed) > 60 }},
	{fault: "lost-heartbeat", until: func(w *witness) bool { return goesOn(w) && w.lost(LostOnWay, raftpb.MsgHeartbeat) }},
	{fault: "lost-append", until: func(w *witness) bool { return goesOn(w) && w.lost(LostOnWay, raftpb.MsgApp) }},
	{fault: "lossy-link", until: func(w *witness) bool { return goesOn(w) && w.lost(LostOnWay, raftpb.MsgHeartbeat) }},
	{fault: "duplicates", until: func(w *witness) bool {
		return goesOn(w) && slices.ContainsFunc(w.c.o.truth.messages, func(m Message) bool { return len(m.Arrivals) == 2 })
	}},
	{fault: "rejected-once", until: func(w *witness) bool {
		return goesOn(w) && slices.ContainsFunc(w.c.o.truth.messages, func(m Message) bool { return m.Type == raftpb.MsgAppResp && m.Reject })
	}},
	{fault: "slow-follower", until: goesOn},
	{fault: "follower-cut-off", until: func(w *witness) bool { return goesOn(w) && w.lost(LostOnWay, raftpb.MsgApp) }},
	{fault: "late-apply:for=300ms", until: func(w *witness) bool { return goesOn(w) && !w.struck.Until.IsZero() }},
	{fault: "healed-before:for=300ms", until: func(w *witness) bool { return goesOn(w) && !w.struck.Until.IsZero() }},
	{fault: "noisy-transport", until: func(w *witness) bool { return goesOn(w) && w.lost(Refused, raftpb.MsgHeartbeat) }},
	{fault: "leader-restart", until: func(w *witness) bool {
		l := w.c.leader(w.group)
		return goesOn(w) && l != 0 && l != w.lead() && w.c.box(w.lead()).running() != nil
	}},
	{fault: "snapshot-catch-up", conf: func(c *Config) { c.Duration *= 2 }, until: func(w *witness) bool { return goesOn(w) && !w.struck.Until.IsZero() },
		logs: says("snapshot_installed")},
	{fault: "vain-campaign", until: func(w *witness) bool { return goesOn(w) && w.now(w.lead()).Term > w.then(w.lead()).Term }},
	{fault: "joint-change", until: func(w *witness) bool { return w.fates(Committed) > 40 && len(w.now(w.lead()).Voters) == 3 }, logs: says("voters_outgoing")},
	{fault: "learner-promoted", conf: func(c *Config) { c.Learners = 1 }, until: func(w *witness) bool {
		return goesOn(w) && len(w.now(w.lead()).Voters) == 3 && len(w.then(w.lead()).Voters) == 2
	}},
	{fault: "skewed-clock", until: goesOn},
	{fault: "log-ends"},

	{fault: "not-a-voter", until: func(w *witness) bool {
		last := w.c.boxes[len(w.c.boxes)-1].id
		return goesOn(w) && w.fates(Dropped) > 2 && len(w.now(last).Voters) == 3 && w.now(last).Last == 1 && len(w.now(w.c.leader(w.group)).Voters) == 2
	}},
	{fault: "log-mismatch", until: func(w *witness) bool { return w.grew(6) }, check: stuckEmpty},
	{fault: "wrong-quorum", until: func(w *witness) bool { return w.grew(5) && len(w.now(w.lead()).Voters) == 6 }, check: stuck},
	{fault: "hardstate-unpersisted", until: func(w *witness) bool {
		return goesOn(w) && slices.ContainsFunc(w.c.o.truth.states, func(m Moment) bool { return m.Term == 1 && m.Last > 1 })
	}},
	{fault: "overloaded", until: goesOn, logs: says(`"slow"`, `"tick"`)},
	{fault: "late-addresses:for=900ms", until: goesOn, logs: says("send_failed", "no address for peer")},
	{fault: "votes-lost", until: func(w *witness) bool { return w.c.leader(w.group) == 0 && w.lost(LostOnWay, raftpb.MsgVote) }},
	{fault: "leader-flapping", until: func(w *witness) bool {
		l := w.c.leader(w.group)
		return l != 0 && w.now(l).Term > w.then(w.lead()).Term+4
	}},
	{fault: "quota-exceeded", until: func(w *witness) bool { return w.fates(Dropped) > 10 }, logs: says("proposal_dropped", "database space exceeded")},
	{fault: "followers-paused", until: grew5, check: stuckEmpty},
	{fault: "disk-hangs", until: grew5, check: stuck},
	{fault: "big-appends-lost", until: grew5, check: stuckEmpty},
	{fault: "leader-isolated", until: func(w *witness) bool {
		l := w.c.leader(w.group)
		return l != 0 && l != w.lead() && w.fates(Committed) > 5
	}},
	{fault: "answers-late:delay=200ms", until: func(w *witness) bool { return w.fates(Committed) > 3 }},
}

// lost reports whether a message of the type met the fate.
func (w *witness) lost(fate MessageFate, t raftpb.MessageType) bool {
	return slices.ContainsFunc(w.c.o.truth.messages, func(m Message) bool { return m.Fate == fate && m.Type == t })
}
