package drill

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// Virtual time is in microseconds.
const (
	millisecond = 1000
	tick        = 100 * millisecond
)

// A node is one member: a RawNode, its storage, and the voice of its log.
type node struct {
	id      uint64
	raw     *raft.RawNode
	store   *raft.MemoryStorage
	voice   *voice
	up      bool
	frozen  bool // receives and prints what arrives, its Ready loop stands still
	stopped bool // the process is paused: it does nothing at all
	applied uint64
	shown   uint64 // applied as printed
	idle    int    // ticks without a word from a leader
	timeout int    // idle ticks before it campaigns
	learner bool
	conf    *pb.ConfState // the last that came into force; nil: the first
}

// A verdict on a message about to leave or about to be taken.
type fate int

const (
	pass     fate = iota
	lose          // it leaves and never arrives
	withhold      // it is generated and never handed over
	fail          // the transport says why it could not deliver
	swallow       // it arrives, and Raft is not given it
	garble        // it arrives and does not decode
	refuse        // it arrives, and Step returns an error
)

// Hooks are where a fault takes hold. A nil hook changes nothing.
type hooks struct {
	outgoing func(n *node, ms []pb.Message) []pb.Message // what Raft generated, before it is printed
	leaving  func(n *node, m pb.Message) (fate, string)  // on the way out
	arriving func(n *node, m pb.Message) (fate, string)  // on the way in
	route    func(m pb.Message) uint64                   // whose process gets it
	delay    func(m pb.Message) int64                    // time on the way
	store    func(n *node, rd raft.Ready) bool           // false: entries are not appended
	apply    func(n *node, upTo uint64) uint64           // what the state machine has applied, as printed
	commit   func(n *node, commit uint64) uint64         // the commit index, as printed
}

// A cluster runs on virtual time.
type cluster struct {
	rng      *rand.Rand
	now      int64
	nodes    []*node
	queue    inFlight
	seq      int
	hooks    hooks
	look     look
	preVote  bool
	check    bool
	forward  bool                // proposals are made on a follower
	ways     map[[2]uint64]int64 // when the last message of a channel arrives
	overtake bool                // messages of a channel overtake one another
	size     int                 // entries a proposal
	every    int                 // ticks between proposals
	voters   []uint64
	fault    *Fault // what is expected, where the stage makes it up
}

type envelope struct {
	at, seq int64
	to      uint64
	m       pb.Message
}

type inFlight []envelope

func (q inFlight) Len() int { return len(q) }
func (q inFlight) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q inFlight) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *inFlight) Push(x any)   { *q = append(*q, x.(envelope)) }
func (q *inFlight) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// newCluster makes size nodes that know voters (nil: all of them) at index 1.
func newCluster(style Style, seed uint64, size int, voters func(c *cluster, id uint64) []uint64) *cluster {
	rng := rand.New(rand.NewPCG(seed, 0x7261667464726c6c))
	c := &cluster{rng: rng, ways: map[[2]uint64]int64{}, look: newLook(rng), preVote: rng.IntN(3) == 0, check: rng.IntN(3) == 0, size: 1, every: 2 + rng.IntN(3)}
	if rng.IntN(4) == 0 {
		c.size = 2 + rng.IntN(3)
	}
	switch looks := rand.New(rand.NewPCG(seed, 0x6c6f6f6b)); style {
	case Odd:
		c.look.odd(looks)
	case Events:
		c.look.events, c.look.silent = newEventLook(looks), ""
		c.look.merged, c.look.layout = nil, pick(looks, "files", "files", "files", "compose", "pods", "merged")
		if c.look.layout != "files" {
			c.look.merged = new([]string)
		}
	}
	ids := c.look.ids(rng, size)
	c.voters = ids
	for _, id := range ids {
		vs := ids
		if voters != nil {
			vs = voters(c, id)
		}
		n := &node{id: id, voice: c.look.voice(c, id)}
		n.store = raft.NewMemoryStorage()
		if len(vs) > 0 {
			must(n.store.ApplySnapshot(pb.Snapshot{Metadata: pb.SnapshotMetadata{Index: 1, Term: 1, ConfState: pb.ConfState{Voters: vs}}}))
			must(n.store.SetHardState(pb.HardState{Term: 1, Commit: 1}))
			n.applied = 1
		}
		c.nodes = append(c.nodes, n)
		c.start(n)
	}
	return c
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (c *cluster) start(n *node) {
	raw, err := raft.NewRawNode(&raft.Config{ID: n.id, ElectionTick: 10, HeartbeatTick: 1, Storage: n.store, Applied: n.applied,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 64, PreVote: c.preVote, CheckQuorum: c.check, Logger: quiet{}})
	must(err)
	n.raw, n.up, n.frozen, n.stopped, n.idle, n.shown = raw, true, false, false, 0, n.applied
	n.timeout = 10 + c.rng.IntN(10)
	n.voice.boot(c.now, n)
}

func (c *cluster) node(id uint64) *node {
	for _, n := range c.nodes {
		if n.id == id {
			return n
		}
	}
	return nil
}

// leader is the node that leads the highest term, or nil.
func (c *cluster) leader() (l *node) {
	var term uint64
	for _, n := range c.nodes {
		if s := n.raw.BasicStatus(); n.up && s.RaftState == raft.StateLeader && s.Term > term {
			l, term = n, s.Term
		}
	}
	return l
}

// others lists all nodes but n, in the order of their making.
func (c *cluster) others(n *node) (list []*node) {
	for _, o := range c.nodes {
		if o != n {
			list = append(list, o)
		}
	}
	return list
}

// run lets ticks go by, with proposals in between where propose says so.
func (c *cluster) run(ticks int, propose bool) {
	for i := range ticks {
		end := c.now + tick
		for k, n := range c.nodes {
			c.deliver(c.now + int64(k)*millisecond)
			if !n.up || n.frozen || n.stopped {
				continue
			}
			c.guard(n, func() { c.tick(n) })
		}
		if propose && i%c.every == 0 {
			c.deliver(c.now + 20*millisecond)
			c.propose()
		}
		c.deliver(end)
	}
}

// tick moves one node's clock. Followers and candidates campaign on a timer of
// the drill's own, because the library's is random beyond any seed.
func (c *cluster) tick(n *node) {
	if n.raw.BasicStatus().RaftState == raft.StateLeader {
		n.idle = 0
		n.raw.Tick()
	} else {
		n.raw.TickQuiesced()
		if n.idle++; n.idle >= n.timeout && !n.learner {
			n.idle, n.timeout = 0, 10+c.rng.IntN(10)
			_ = n.raw.Campaign() // an unpromotable node stays what it is
		}
	}
	c.ready(n)
}

// guard runs f for n; a panic of the library kills the process.
func (c *cluster) guard(n *node, f func()) {
	defer func() {
		if p := recover(); p != nil {
			n.voice.panicked(c.now, fmt.Sprint(p))
			n.up = false
		}
	}()
	f()
}

func (c *cluster) propose() {
	at := c.leader()
	if at == nil || at.frozen || at.stopped {
		for _, n := range c.nodes {
			if n.up && !n.frozen && !n.stopped {
				at = n
			}
		}
	}
	if c.forward {
		if l := c.leader(); l != nil {
			at = c.others(l)[0]
		}
	}
	if at == nil || !at.up || at.frozen || at.stopped {
		return
	}
	c.guard(at, func() {
		for range c.size {
			at.voice.proposing(c.now, 40+c.rng.IntN(200))
			if err := at.raw.Propose(make([]byte, 8)); err != nil {
				at.voice.dropped(c.now, err)
				continue
			}
			if st := at.raw.Status(); st.RaftState == raft.StateLeader {
				at.voice.proposed(c.now, st.Progress[at.id].Next-1)
			}
		}
		c.ready(at)
	})
}

func (c *cluster) ready(n *node) {
	for n.up && !n.frozen && !n.stopped && n.raw.HasReady() {
		st := n.raw.Status()
		rd := n.raw.Ready()
		ms := rd.Messages
		if c.hooks.outgoing != nil {
			ms = c.hooks.outgoing(n, ms)
		}
		last, _ := n.store.LastIndex()
		if !raft.IsEmptySnap(rd.Snapshot) {
			last = rd.Snapshot.Metadata.Index
		}
		if len(rd.Entries) > 0 {
			last = rd.Entries[len(rd.Entries)-1].Index
		}
		commit, applied := st.Commit, n.shown
		if c.hooks.commit != nil {
			commit = c.hooks.commit(n, commit)
			for i := range ms {
				ms[i].Commit = min(ms[i].Commit, commit)
			}
		}
		n.voice.ready(c.now, st, rd, ms, last, commit, applied)
		if !raft.IsEmptySnap(rd.Snapshot) {
			must(n.store.ApplySnapshot(rd.Snapshot))
			n.applied = rd.Snapshot.Metadata.Index
			n.conf = &rd.Snapshot.Metadata.ConfState
			n.learner = !slices.Contains(n.conf.Voters, n.id)
		}
		if !raft.IsEmptyHardState(rd.HardState) {
			must(n.store.SetHardState(rd.HardState))
		}
		appended := c.hooks.store == nil || c.hooks.store(n, rd)
		if appended {
			must(n.store.Append(rd.Entries))
		}
		n.voice.stored(c.now, rd, ms, commit, st.RaftState == raft.StateLeader, appended)
		for _, m := range ms {
			c.send(n, m)
		}
		if k := len(rd.CommittedEntries); k > 0 {
			for _, e := range rd.CommittedEntries {
				if e.Type == pb.EntryConfChangeV2 {
					var cc pb.ConfChangeV2
					must(cc.Unmarshal(e.Data))
					n.conf = n.raw.ApplyConfChange(cc)
					n.learner = !slices.Contains(n.conf.Voters, n.id) && !slices.Contains(n.conf.VotersOutgoing, n.id)
					n.voice.member(c.now, e.Index, *n.conf)
				}
			}
			n.applied = rd.CommittedEntries[k-1].Index
			if commit >= n.applied {
				n.voice.committed(c.now, rd.CommittedEntries)
			}
		}
		n.shown = n.applied
		if c.hooks.apply != nil {
			n.shown = c.hooks.apply(n, n.applied)
		}
		n.shown = min(n.shown, commit)
		n.voice.reached(c.now, n.shown, len(rd.CommittedEntries))
		n.raw.Advance(rd)
	}
}

func (c *cluster) send(n *node, m pb.Message) {
	what, why := pass, ""
	if c.hooks.leaving != nil {
		what, why = c.hooks.leaving(n, m)
	}
	to := m.To
	if c.hooks.route != nil {
		to = c.hooks.route(m)
	}
	target := c.node(to)
	if what == pass && (target == nil || !target.up) {
		what, why = fail, c.look.refused
	}
	switch what {
	case withhold:
		return
	case fail:
		n.voice.handed(c.now, m)
		n.voice.failed(c.now, m, why)
		return
	}
	n.voice.handed(c.now, m)
	if what == lose {
		return
	}
	delay := int64(300 + c.rng.IntN(2500))
	if c.hooks.delay != nil {
		delay += c.hooks.delay(m)
	}
	at := c.now + delay
	if way := [2]uint64{n.id, to}; !c.overtake { // as one stream delivers
		at = max(at, c.ways[way]+1)
		c.ways[way] = at
	}
	c.seq++
	heap.Push(&c.queue, envelope{at, int64(c.seq), to, m})
}

// deliver hands over everything that arrives until then.
func (c *cluster) deliver(until int64) {
	for len(c.queue) > 0 && c.queue[0].at <= until {
		e := heap.Pop(&c.queue).(envelope)
		c.now = max(c.now, e.at)
		if n := c.node(e.to); n.up && !n.stopped {
			c.guard(n, func() { c.receive(n, e.m) })
		}
	}
	c.now = max(c.now, until)
}

func (c *cluster) receive(n *node, m pb.Message) {
	what, why := pass, ""
	if c.hooks.arriving != nil {
		what, why = c.hooks.arriving(n, m)
	}
	if what == garble {
		n.voice.undecodable(c.now)
		return
	}
	n.voice.received(c.now, m)
	switch {
	case what == refuse:
		n.voice.stepFailed(c.now, why)
		return
	case what == swallow || n.frozen:
		return
	}
	if t := n.raw.BasicStatus().Term; (m.Type == pb.MsgApp || m.Type == pb.MsgHeartbeat || m.Type == pb.MsgSnap) && m.Term >= t || m.Type == pb.MsgVote && m.Term > t {
		n.idle = 0
	}
	if m.Type == pb.MsgTimeoutNow {
		n.idle = 0
	}
	if err := n.raw.Step(m); err != nil && !errors.Is(err, raft.ErrProposalDropped) {
		n.voice.stepFailed(c.now, err.Error())
	}
	c.ready(n)
}

// warm lets a leader emerge and commit some entries.
func (c *cluster) warm() *node {
	for range 400 {
		if c.leader() != nil {
			break
		}
		c.run(1, false)
	}
	c.run(4+c.rng.IntN(10), true)
	c.run(3, false)
	return c.leader()
}

// quiet is a raft.Logger that says nothing and panics where it must.
type quiet struct{}

func (quiet) Debug(...any)            {}
func (quiet) Debugf(string, ...any)   {}
func (quiet) Error(...any)            {}
func (quiet) Errorf(string, ...any)   {}
func (quiet) Info(...any)             {}
func (quiet) Infof(string, ...any)    {}
func (quiet) Warning(...any)          {}
func (quiet) Warningf(string, ...any) {}
func (quiet) Fatal(v ...any)          { panic(fmt.Sprint(v...)) }
func (quiet) Fatalf(f string, v ...any) {
	panic(fmt.Sprintf(f, v...))
}
func (quiet) Panic(v ...any) { panic(fmt.Sprint(v...)) }
func (quiet) Panicf(f string, v ...any) {
	panic(strings.TrimSpace(fmt.Sprintf(f, v...)))
}
