package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/raft/v3"
)

// stages bounds how many clusters run at once. A cluster mostly waits, so that
// there may be more of them than processors.
var stages = make(chan struct{}, 6)

// A notebook is a test that is told later what one of its runs found.
type notebook struct {
	testing.TB
	mu     sync.Mutex
	failed bool
	lines  []string
}

func (n *notebook) Helper() {}

func (n *notebook) note(fails bool, line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failed = n.failed || fails
	n.lines = append(n.lines, line)
}

func (n *notebook) Errorf(format string, args ...any) { n.note(true, fmt.Sprintf(format, args...)) }
func (n *notebook) Log(args ...any)                   { n.note(false, fmt.Sprint(args...)) }

func (n *notebook) Failed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failed
}

// paces are the ticks that a stage is tried with: a machine that is too busy
// for a quick cluster gets a slow one, by itself.
var paces = []time.Duration{30 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond}

// runAll runs the stages side by side and reports each as a subtest.
func runAll(t *testing.T, list ...stage) {
	books := make([]*notebook, len(list))
	var wg sync.WaitGroup
	for i, s := range list {
		books[i] = &notebook{TB: t}
		wg.Go(func() { s.run(books[i], paces[0]) })
	}
	wg.Wait()
	for i, s := range list {
		for _, pace := range paces[1:] {
			if books[i].Failed() {
				books[i] = &notebook{TB: t}
				s.run(books[i], pace)
			}
		}
		t.Run(s.fault, func(t *testing.T) {
			if books[i].Failed() {
				t.Error(strings.Join(books[i].lines, "\n"))
			}
		})
	}
}

// A witness looks at a running cluster from the time its fault struck.
type witness struct {
	c      *cluster
	struck *Struck // nil before the fault struck
	group  string
	made   int // proposals when it struck
}

// look reports whether the fault has struck.
func (w *witness) look() bool {
	t := w.c.o.truth
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.struck) == 0 {
		return false
	}
	if w.struck == nil {
		w.made = len(t.proposals)
	}
	s := t.struck[0]
	w.struck = &s
	return true
}

// then is where the node stood as the fault struck.
func (w *witness) then(node uint64) ReplicaState {
	for _, r := range w.struck.Then {
		if r.Node == node && r.Group == w.group {
			return r
		}
	}
	return ReplicaState{}
}

// lead is the node that led as the fault struck.
func (w *witness) lead() uint64 {
	for _, r := range w.struck.Then {
		if r.Role == raft.StateLeader && r.Group == w.group {
			return r.Node
		}
	}
	return 0
}

// now is where the node stands.
func (w *witness) now(node uint64) ReplicaState {
	for _, r := range w.c.box(node).state().Replicas {
		if r.Group == w.group {
			return r
		}
	}
	return ReplicaState{}
}

func (w *witness) followers() []uint64 {
	var ids []uint64
	for _, b := range w.c.boxes {
		if b.id != w.lead() {
			ids = append(ids, b.id)
		}
	}
	return ids
}

// fates counts the proposals made since the fault struck, by fate.
func (w *witness) fates(f Fate) int {
	t := w.c.o.truth
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, p := range t.proposals[w.made:] {
		if p.Fate == f {
			n++
		}
	}
	return n
}

// grew reports whether the leader's log has grown by n entries that are not
// committed, which the fault is to keep there.
func (w *witness) grew(n uint64) bool {
	return w.now(w.lead()).Last >= w.then(w.lead()).Last+n
}

// stuck says that the old leader still leads and commits nothing more. The
// entries that were on their way as the fault struck may still have made it.
func (w *witness) stuck(t testing.TB) {
	t.Helper()
	l := w.now(w.lead())
	if l.Role != raft.StateLeader {
		t.Errorf("node %d leads no more: %v", w.lead(), l.Role)
	}
	w.halted(t)
}

func (w *witness) halted(t testing.TB) {
	t.Helper()
	const underway = 3
	for _, b := range w.c.boxes {
		if was, is := w.then(b.id), w.now(b.id); is.Commit > was.Commit+underway {
			t.Errorf("node %d commits: %d, then %d", b.id, was.Commit, is.Commit)
		}
	}
}

// empty says that appends did not reach the followers' storage.
func (w *witness) empty(t testing.TB) {
	t.Helper()
	for _, id := range w.followers() {
		if was, is := w.then(id), w.now(id); is.Last > was.Last+3 {
			t.Errorf("node %d appends: %d, then %d", id, was.Last, is.Last)
		}
	}
}

// full says that appends did reach the followers' storage.
func (w *witness) full(n uint64) bool {
	return !slices.ContainsFunc(w.followers(), func(id uint64) bool { return w.now(id).Last < w.then(id).Last+n })
}

// A stage is one fault with what shows its effect.
type stage struct {
	fault string
	conf  func(c *Config)
	until func(w *witness) bool                          // the effect shows
	check func(t testing.TB, w *witness, o *Outcome)     // what must not have happened
	logs  func(t testing.TB, logs map[uint64]*lockedLog) // what the logs say
}

func (s stage) run(t testing.TB, tick time.Duration) {
	stages <- struct{}{}
	defer func() { <-stages }()
	f, err := ParseFault(s.fault)
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	if f.At == strikes {
		f.At = 0 // as soon as there is a leader
	}
	logs := map[uint64]*lockedLog{}
	conf := Config{
		Tick: tick, Rate: float64(900*time.Millisecond) / float64(tick), Timeout: 10 * tick, Duration: 400 * tick, Faults: []Fault{f},
		Log: func(id uint64) io.Writer { logs[id] = &lockedLog{}; return logs[id] },
	}
	if s.conf != nil {
		s.conf(&conf)
	}
	w := &witness{group: "orders-0"}
	shown := false
	o, err := run(t.Context(), conf, func(c *cluster, end func()) {
		w.c = c
		for c.clock.Sleep(c.ctx, 10*time.Millisecond) {
			if !w.look() {
				continue
			}
			if s.until(w) {
				shown = true
				break
			}
		}
		if s.check != nil && w.struck != nil && shown {
			s.check(t, w, nil)
		}
		end()
	})
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	if !shown {
		t.Errorf("the effect does not show\n%s", o)
	}
	if s.logs != nil {
		s.logs(t, logs)
	}
	if t.Failed() {
		t.Log("\n" + o.String())
	}
}

// A lockedLog is a log in memory.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// says fails unless some log has a line with all the words.
func says(words ...string) func(t testing.TB, logs map[uint64]*lockedLog) {
	return func(t testing.TB, logs map[uint64]*lockedLog) {
		t.Helper()
		for _, l := range logs {
			for line := range strings.Lines(l.String()) {
				if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
					return
				}
			}
		}
		t.Errorf("no log says %q", words)
	}
}

func grew5(w *witness) bool { return w.grew(5) }

func stuck(t testing.TB, w *witness, _ *Outcome) { w.stuck(t) }

func stuckEmpty(t testing.TB, w *witness, _ *Outcome) { w.stuck(t); w.empty(t) }

func stuckFull(w *witness) bool { return w.grew(5) && w.full(5) }

func allRole(c *cluster, role raft.StateType) bool {
	for _, b := range c.boxes {
		for _, r := range b.state().Replicas {
			if r.Role != role {
				return false
			}
		}
	}
	return true
}

var stageList = []stage{
	{
		fault: "healthy",
		until: func(w *witness) bool { return w.fates(Committed) > 10 },
	},
	{
		fault: "leader-transfer",
		until: func(w *witness) bool {
			l := w.c.leader(w.group)
			return l != 0 && l != w.lead() && w.fates(Committed) > 10
		},
	},
	{
		fault: "forwarding-disabled",
		until: func(w *witness) bool { return w.fates(Dropped) > 10 && w.fates(Committed) > 3 },
		logs:  says("proposal_dropped"),
	},
	{
		fault: "not-leader",
		until: func(w *witness) bool { return w.fates(Dropped) > 10 && w.fates(Committed) > 3 },
		logs:  says("proposal_dropped", "not the leader"),
	},
	{
		fault: "forward-lost",
		until: func(w *witness) bool { return w.fates(TimedOut) > 5 && w.fates(Committed) > 3 },
	},
	{
		fault: "uncommitted-limit",
		until: func(w *witness) bool { return w.fates(Dropped) > 5 },
	},
	{
		fault: "transfer-in-progress",
		until: func(w *witness) bool { return w.fates(Dropped) > 5 },
		logs:  says("sent", "MsgTimeoutNow"),
	},
	{
		fault: "election-storm",
		until: func(w *witness) bool { return w.c.leader(w.group) == 0 && w.now(1).Term > w.then(1).Term+1 },
	},
	{
		fault: "quorum-lost",
		until: func(w *witness) bool { return w.now(1).Term > 3 && w.fates(Dropped) > 3 },
		logs:  says("send_failed", "connection refused"),
	},
	{
		fault: "quorum-lost:at=100ms",
		until: func(w *witness) bool {
			ids := w.struck.Then
			down := 0
			for _, r := range ids {
				if w.c.box(r.Node).running() == nil {
					down++
				}
			}
			return down == 2 && w.c.leader(w.group) == 0
		},
	},
	{
		fault: "split-vote",
		until: func(w *witness) bool { return w.now(1).Term > 5 && w.c.leader(w.group) == 0 },
		logs:  says("MsgVoteResp", `"reject":true`),
	},
	{
		fault: "tls-failure",
		until: func(w *witness) bool { return w.fates(TimedOut)+w.fates(Dropped) > 5 },
		check: func(t testing.TB, w *witness, _ *Outcome) { w.halted(t) },
		logs:  says("send_failed", "x509: certificate has expired"),
	},
	{
		fault: "cluster-id-mismatch",
		until: func(w *witness) bool { return w.fates(TimedOut)+w.fates(Dropped) > 5 },
		check: func(t testing.TB, w *witness, _ *Outcome) { w.halted(t) },
		logs:  says("send_failed", "cluster ID mismatch"),
	},
	{
		fault: "snapshot-loop",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			return l.Commit > w.then(w.lead()).Commit+15 && l.Progress[w.followers()[0]].State == "StateSnapshot"
		},
		logs: says("snapshot_installed"),
	},
	{
		fault: "clock-step:at=100ms,by=1h",
		until: func(w *witness) bool { return w.fates(Committed) > 10 },
		logs: func(t testing.TB, logs map[uint64]*lockedLog) {
			back := 0
			for _, l := range logs {
				var was time.Time
				for line := range strings.Lines(l.String()) {
					var e struct{ Time time.Time }
					if err := json.Unmarshal([]byte(line), &e); err != nil {
						t.Errorf("%s: %v", line, err)
					}
					if e.Time.Before(was.Add(-time.Minute)) {
						back++
					}
					was = e.Time
				}
			}
			if back != 1 {
				t.Errorf("%d steps back", back)
			}
		},
	},
	{
		fault: "empty-voters",
		until: func(w *witness) bool { return w.fates(Dropped) > 5 && allRole(w.c, raft.StateFollower) },
	},
	{
		fault: "one-node-groups",
		until: func(w *witness) bool { return allRole(w.c, raft.StateLeader) && w.fates(Committed) > 5 },
	},
	{
		fault: "ghost-bootstrap",
		until: func(w *witness) bool { return w.now(1).Term > 3 && w.c.leader(w.group) == 0 },
		logs:  says("send_failed", "no address for peer 11"),
	},
	{
		fault: "duplicate-id",
		until: func(w *witness) bool { return w.now(1).Term > 3 && w.c.leader(w.group) == 0 },
		logs:  says(`"received"`, `"from":"1"`, `"node":"1"`),
	},
	{
		fault: "disruptive-node",
		until: func(w *witness) bool { return w.now(w.lead()).Term > w.then(w.lead()).Term+2 },
	},
	{
		fault: "dropped-before-send", until: grew5, check: stuckEmpty,
	},
	{
		fault: "progress-paused",
		until: func(w *witness) bool {
			for _, id := range w.followers() {
				if p := w.now(w.lead()).Progress[id]; p.State != "StateProbe" || !p.Paused {
					return false
				}
			}
			return w.grew(5)
		},
		check: stuckEmpty,
	},
	{
		fault: "inflight-full:window=2",
		until: func(w *witness) bool {
			for _, id := range w.followers() {
				if p := w.now(w.lead()).Progress[id]; p.State != "StateReplicate" || !p.Paused {
					return false
				}
			}
			return w.grew(5)
		},
		check: stuck,
	},
	{
		fault: "snapshot-pending",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			p := l.Progress[w.followers()[0]]
			return p.State == "StateSnapshot" && p.Pending > 0 && l.Last > l.Commit+5
		},
		check: func(t testing.TB, w *witness, _ *Outcome) {
			if l := w.now(w.lead()); len(l.Voters) != 2 {
				t.Errorf("voters %v", l.Voters)
			}
		},
		logs: says("snapshot_created"),
	},
	{
		fault: "ready-not-drained",
		until: func(w *witness) bool { return w.fates(TimedOut) > 3 },
		check: func(t testing.TB, w *witness, _ *Outcome) { w.halted(t) },
	},
	{
		fault: "leader-stalled",
		until: func(w *witness) bool {
			l := w.c.leader(w.group)
			return l != 0 && l != w.lead() && w.now(l).Commit > w.then(w.lead()).Commit+3
		},
		check: func(t testing.TB, w *witness, _ *Outcome) {
			if is := w.now(w.lead()); is.Role != raft.StateLeader || is.Commit > w.then(w.lead()).Commit {
				t.Errorf("the stalled leader went on: %+v", is)
			}
		},
	},
	{fault: "drop-requests", until: grew5, check: stuckEmpty},
	{fault: "drop-responses", until: stuckFull, check: stuck},
	{
		fault: "packet-loss:share=1", until: grew5, check: stuckEmpty,
	},
	{
		fault: "undecodable", until: grew5, check: stuckEmpty,
		logs: says("step_failed", "failed to decode message"),
	},
	{
		fault: "partition", until: grew5,
		check: func(t testing.TB, w *witness, _ *Outcome) { w.halted(t); w.empty(t) },
	},
	{
		fault: "partition:a=leader,b=followers",
		until: func(w *witness) bool { // the others go on without it
			l := w.c.leader(w.group)
			return l != 0 && l != w.lead() && w.now(l).Commit > w.then(w.lead()).Commit+3
		},
	},
	{
		fault: "one-way-partition", until: func(w *witness) bool { return w.full(3) && w.grew(3) && w.fates(TimedOut) > 20 }, check: stuck,
		logs: says("send_failed", "deadline exceeded"),
	},
	{
		fault: "one-way-partition:from=leader,to=followers",
		until: func(w *witness) bool {
			l := w.c.leader(w.group)
			return l != 0 && l != w.lead() && w.now(l).Commit > w.then(w.lead()).Commit+3
		},
	},
	{
		fault: "no-address", until: func(w *witness) bool { return w.grew(3) },
		check: func(t testing.TB, w *witness, _ *Outcome) { w.halted(t); w.empty(t) },
		logs:  says("send_failed", "MsgApp", "no address for peer"),
	},
	{
		fault: "wrong-peer-address", until: func(w *witness) bool { return w.full(3) && w.grew(3) }, check: stuck,
	},
	{
		fault: "connection-refused", until: func(w *witness) bool { return w.full(3) && w.grew(3) }, check: stuck,
		logs: says("send_failed", "connection refused"),
	},
	{
		fault: "flapping-link:period=1200ms",
		until: func(w *witness) bool { return w.fates(TimedOut) > 3 && w.fates(Committed) > 5 },
		conf:  func(c *Config) { c.Timeout = 300 * time.Millisecond },
	},
	{
		fault: "slow-network:delay=60ms", conf: func(c *Config) { c.Timeout = 2 * time.Second },
		until: func(w *witness) bool { return w.fates(Committed) > 10 },
	},
	{
		fault: "sender-blocked", until: func(w *witness) bool { return w.full(3) && w.grew(3) }, check: stuck,
	},
	{
		fault: "buffer-full", until: func(w *witness) bool { return w.full(6) && w.grew(6) }, check: stuck,
		logs: says("send_failed", "send buffer full"),
	},
	{fault: "step-error", until: grew5, check: stuckEmpty},
	{
		fault: "step-error:say=yes", until: grew5, check: stuckEmpty,
		logs: says("step_failed", "replica not found for orders-0"),
	},
	{fault: "answer-not-sent", until: stuckFull, check: stuck},
	{fault: "loop-stalled", until: func(w *witness) bool { return w.grew(3) }, check: stuckEmpty},
	{
		fault: "term-mismatch",
		until: func(w *witness) bool {
			for _, id := range w.followers() {
				if w.now(id).Term <= w.now(w.lead()).Term {
					return false
				}
			}
			return w.grew(3)
		},
		check: stuckEmpty,
	},
	{
		fault: "rejected", until: grew5, check: stuckEmpty,
		logs: says(`"received"`, "MsgAppResp", `"reject":true`),
	},
	{fault: "stale-answer", until: stuckFull, check: stuck},
	{fault: "progress-uninitialised", until: stuckFull, check: stuck},
	{
		fault: "dead-voters", until: grew5, check: stuckEmpty,
		logs: says("send_failed", "connection refused"),
	},
	{
		fault: "ghost-voters",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			return len(l.Voters) == 6 && l.Last > l.Commit+5 && w.now(w.followers()[0]).Last > l.Commit+3
		},
		logs: says(`"config"`, `"11"`),
	},
	{
		fault: "joint-half",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			return len(l.Voters) == 5 && l.Last > l.Commit+5 && w.now(w.followers()[0]).Last > l.Commit+3
		},
		logs: says("voters_outgoing"),
	},
	{
		fault: "leader-unmatched",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			f := w.followers()
			return l.Progress[f[0]].Match > l.Last && l.Progress[f[1]].Match > l.Last && w.fates(TimedOut) > 3
		},
		check: stuck,
	},
	{
		fault: "log-regressed",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			f := w.followers()
			return l.Progress[f[0]].Match > l.Last && l.Progress[f[1]].Match > l.Last && w.fates(TimedOut) > 3
		},
		check: stuck,
	},
	{
		fault: "state-machine-blocked",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			return l.Commit > l.Applied+5 && w.now(w.followers()[0]).Applied > l.Applied+3
		},
	},
	{
		fault: "slow-apply:delay=400ms",
		until: func(w *witness) bool {
			l := w.now(w.lead())
			return l.Commit > l.Applied+5 && l.Applied > w.then(w.lead()).Applied
		},
	},
	{
		fault: "waiter-not-notified",
		until: func(w *witness) bool {
			return w.fates(TimedOut) > 5 && w.now(w.lead()).Applied >= w.then(w.lead()).Applied+5
		},
		check: func(t testing.TB, w *witness, _ *Outcome) {
			if n := w.fates(Committed); n > 0 {
				t.Errorf("%d clients were told", n)
			}
		},
	},
	{
		fault: "slow-disk:delay=120ms", conf: func(c *Config) { c.Timeout = 2 * time.Second },
		until: func(w *witness) bool { return w.fates(Committed) > 10 },
		logs:  says(`"slow"`, "append"),
	},
	{
		fault: "disk-full",
		until: func(w *witness) bool {
			s := w.c.box(w.followers()[0]).state()
			return !s.Alive && strings.Contains(s.Error, "no space left") && w.fates(Committed) > 5
		},
		logs: says("storage_failed", "no space left on device"),
	},
	{
		fault: "process-paused:for=300ms",
		until: func(w *witness) bool {
			f := w.followers()[0]
			return !w.struck.Until.IsZero() && w.now(f).Commit > w.then(f).Commit+3
		},
	},
	{
		fault: "node-down:how=stop",
		until: func(w *witness) bool {
			return w.c.box(w.followers()[0]).running() == nil && w.fates(Committed) > 10
		},
		logs: says(`"stop"`, "terminated"),
	},
	{
		fault: "node-restart:for=200ms",
		until: func(w *witness) bool {
			f := w.followers()[0]
			return !w.struck.Until.IsZero() && w.now(f).Applied > w.then(f).Applied+3
		},
		logs: says(`"boot"`, `"vote":"0"`),
	},
	{
		fault: "member-removed:for=700ms",
		until: func(w *witness) bool {
			f := w.followers()[0]
			l := w.c.leader(w.group)
			return !w.struck.Until.IsZero() && l != 0 && len(w.now(l).Voters) == 3 && w.c.box(f).running() != nil && w.now(f).Applied > w.then(f).Applied+5
		},
		logs: says(`"config"`, `"voters":["`),
	},
	{
		fault: "log-corrupt",
		until: func(w *witness) bool {
			return w.c.box(w.followers()[0]).running() == nil && w.fates(Committed) > 5
		},
		logs: says("storage_failed", "unexpected EOF"),
	},
	{
		fault: "log-lost",
		until: func(w *witness) bool {
			s := w.c.box(w.followers()[0]).state()
			return !s.Alive && strings.Contains(s.Error, "tocommit(") && w.fates(Committed) > 5
		},
		logs: says(`"boot"`, `"last":1,`, `"vote":"`),
	},
	{
		fault: "disk-wiped",
		until: func(w *witness) bool {
			s := w.c.box(w.followers()[0]).state()
			return !s.Alive && strings.Contains(s.Error, "tocommit(") && w.fates(Committed) > 5
		},
		logs: says(`"panic"`, "is out of range"),
	},
}

// Every fault does what its description says.
func TestFaults(t *testing.T) {
	t.Parallel()
	runAll(t, stageList...)
}

// Every fault has a stage.
func TestFaultsStaged(t *testing.T) {
	for _, i := range Faults() {
		if !slices.ContainsFunc(slices.Concat(stageList, virtualStages), func(s stage) bool { name, _, _ := strings.Cut(s.fault, ":"); return name == i.Name }) {
			t.Errorf("%s is not staged", i.Name)
		}
	}
}

// A fault that heals leaves a cluster that commits what waited.
func TestHeals(t *testing.T) {
	t.Parallel()
	var list []stage
	for _, text := range []string{"drop-responses:for=400ms", "partition:for=400ms", "no-address:for=400ms", "dead-voters:for=400ms",
		"connection-refused:for=400ms", "loop-stalled:for=400ms", "state-machine-blocked:for=400ms", "rejected:for=400ms"} {
		list = append(list, stage{fault: text, until: func(w *witness) bool {
			if w.struck.Until.IsZero() {
				return false
			}
			l := w.c.leader(w.group)
			return l != 0 && w.now(l).Applied > w.then(l).Applied+10 && w.now(l).Applied+2 >= w.now(l).Last
		}})
	}
	runAll(t, list...)
}

// Several groups run beside each other, each with its own leader, and a fault
// may strike one of them alone.
func TestGroups(t *testing.T) {
	t.Parallel()
	runAll(t, stage{
		fault: "drop-responses:group=orders-1",
		conf:  func(c *Config) { c.Groups = 3; c.Rate = 60 },
		until: func(w *witness) bool {
			var stuck, goes bool
			for _, g := range []string{"orders-0", "orders-1", "orders-2"} {
				l := w.c.leader(g)
				if l == 0 {
					return false
				}
				for _, r := range w.c.box(l).state().Replicas {
					if r.Group == g && g == "orders-1" {
						stuck = r.Last > r.Commit+4
					} else if r.Group == g {
						goes = r.Commit > 8
					}
				}
			}
			return stuck && goes
		},
	})
}

// With asynchronous writes a cluster works, on the real clock too, and gets
// stuck on the same faults.
func TestAsyncWrites(t *testing.T) {
	t.Parallel()
	var list []stage
	for _, s := range stageList {
		switch s.fault {
		case "leader-transfer", "dead-voters", "drop-responses", "log-regressed", "leader-unmatched", "snapshot-pending", "slow-network:delay=60ms":
			s.conf = func(c *Config) { c.AsyncWrites = true }
			list = append(list, s)
		}
	}
	runAll(t, list...)
}

// With CheckQuorum a leader without its quorum steps down.
func TestCheckQuorum(t *testing.T) {
	t.Parallel()
	runAll(t, stage{
		fault: "dead-voters", conf: func(c *Config) { c.CheckQuorum, c.PreVote = true, true },
		until: func(w *witness) bool { return w.c.leader(w.group) == 0 },
	})
}

// Five nodes lose their quorum as three do.
func TestFiveNodes(t *testing.T) {
	t.Parallel()
	var list []stage
	for _, text := range []string{"dead-voters", "drop-responses", "snapshot-pending"} {
		list = append(list, stage{
			fault: text, conf: func(c *Config) { c.Nodes = 5 },
			until: func(w *witness) bool { l := w.now(w.lead()); return l.Last > l.Commit+5 },
		})
	}
	runAll(t, list...)
}

// Both voices write whole lines; events are JSON, and no line tells what was
// injected.
func TestVoices(t *testing.T) {
	t.Parallel()
	for _, v := range []Voice{Events, ReadyLoop} {
		runAll(t, stage{
			fault: "drop-responses", conf: func(c *Config) { c.Voice = v }, until: stuckFull,
			logs: func(t testing.TB, logs map[uint64]*lockedLog) {
				for id, l := range logs {
					lines := 0
					in := bufio.NewScanner(strings.NewReader(l.String()))
					for in.Scan() {
						lines++
						if strings.Contains(in.Text(), "drop-responses") || strings.Contains(in.Text(), "fault") || strings.Contains(in.Text(), "inject") {
							t.Errorf("node %d tells: %s", id, in.Text())
						}
						if v == Events && !json.Valid(in.Bytes()) {
							t.Errorf("node %d: no JSON: %s", id, in.Text())
						}
					}
					if lines < 20 {
						t.Errorf("node %d wrote %d lines", id, lines)
					}
				}
			},
		})
	}
}

// A run ends when its context does, and leaves no goroutine, port or file.
func TestLeavesNothing(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	before := runtime.NumGoroutine()
	var addrs []string
	for _, text := range []string{"healthy", "partition", "process-paused:for=0s", "loop-stalled", "state-machine-blocked", "no-address"} {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		f.At = 0
		conf := Config{Tick: 20 * time.Millisecond, Rate: 50, Duration: -1, Faults: []Fault{f}}
		o, err := run(t.Context(), conf, func(c *cluster, end func()) {
			c.await(c.ctx, func() bool {
				c.o.truth.mu.Lock()
				defer c.o.truth.mu.Unlock()
				return len(c.o.truth.struck) > 0 && len(c.o.truth.proposals) > 5
			})
			for _, b := range c.boxes {
				addrs = append(addrs, c.net.address(b.id))
			}
			end()
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Nodes) != 3 || len(o.Faults) != 1 {
			t.Errorf("%s: outcome %+v", text, o)
		}
	}
	for _, a := range addrs {
		l, err := net.Listen("tcp", a)
		if err != nil {
			t.Errorf("port is still taken: %v", err)
			continue
		}
		_ = l.Close()
	}
	left, err := filepath.Glob(filepath.Join(tmp, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	for range 200 { // goroutines of closed connections end a moment later
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
}

// A directory that is given stays, with the nodes' files, and is not used
// twice.
func TestDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	conf := Config{Dir: dir, Sync: true, Tick: 20 * time.Millisecond, Duration: 100 * time.Millisecond}
	if _, err := Run(context.Background(), conf); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := os.Stat(filepath.Join(dir, fmt.Sprintf("node%d.db", i+1))); err != nil {
			t.Error(err)
		}
	}
	if _, err := Run(context.Background(), conf); err == nil || !strings.Contains(err.Error(), "hint") {
		t.Errorf("second run: %v", err)
	}
}

// A Config that makes no sense is refused before anything starts.
func TestRefused(t *testing.T) {
	for _, c := range []Config{
		{Nodes: -1}, {Nodes: 99}, {Groups: 100}, {Tick: time.Microsecond}, {Rate: -1},
		{Faults: []Fault{{Name: "nonsense"}}},
		{Faults: []Fault{{Name: "node-down", Params: map[string]string{"on": "7"}}}},
		{Faults: []Fault{{Name: "node-down", Params: map[string]string{"on": "x"}}}},
		{Faults: []Fault{{Name: "drop-requests", Params: map[string]string{"group": "orders-7"}}}},
		{Duration: time.Second, Faults: []Fault{{Name: "partition", At: 2 * time.Second}}},
		{Nodes: 2, Faults: []Fault{{Name: "wrong-peer-address"}}},
		{PreVote: true, Faults: []Fault{{Name: "term-mismatch"}}},
	} {
		if o, err := Run(context.Background(), c); err == nil || o != nil {
			t.Errorf("%+v runs", c)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Config{}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
