package cluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A strike is one fault at work on one group, or on the nodes if the fault is
// about whole nodes. Its script changes the cluster through it; what was
// changed is changed back when the fault heals.
type strike struct {
	ctx   *scope // ends when the fault heals
	c     *cluster
	f     *Fault
	group string
	lead  uint64 // the group's leader as it struck
	undo  []func()
	nodes map[string][]uint64
}

// inject runs a fault's script at its time.
func (c *cluster) inject(ctx *scope, i int, start time.Time) {
	f := &c.o.Faults[i]
	info := f.info()
	if info.strike == nil {
		c.o.truth.strike(Struck{Fault: *f, At: start, place: i})
		return
	}
	if !c.clock.Sleep(ctx, start.Add(f.At).Sub(c.clock.Now())) {
		return
	}
	groups := c.groups
	if g := f.param("group"); g != "" {
		groups = []string{g}
	}
	if !info.perGroup {
		groups = groups[:1]
	}
	var strikes []*strike
	all := map[string][]uint64{}
	for _, g := range groups {
		if info.leader {
			if !c.await(ctx, func() bool { return c.settled(g) }) {
				return
			}
			// The first entry that suffers had better be a new one.
			patience := c.within(ctx, 6*c.o.Tick)
			c.await(patience, func() bool { return c.calm(g) })
			patience.end()
		}
		s := &strike{c: c, f: f, group: g, lead: c.leader(g), nodes: map[string][]uint64{}}
		for _, p := range info.Params {
			if p.kind == nodeSet {
				s.nodes[p.Name] = c.resolve(f.param(p.Name), g, s.lead)
				all[p.Name] = union(all[p.Name], s.nodes[p.Name])
			}
		}
		strikes = append(strikes, s)
	}
	struck := Struck{Fault: *f, Nodes: all, At: c.clock.Now(), place: i}
	for _, g := range c.groups {
		struck.Then = append(struck.Then, c.replicas(g)...)
	}
	place := c.o.truth.strike(struck)
	heal := newScope(ctx)
	if f.For > 0 {
		heal = c.within(ctx, f.For)
	}
	defer heal.end()
	for _, s := range strikes {
		s.ctx = heal
		c.crew.Go(c.clock, func() {
			info.strike(s)
			c.clock.await(heal, never, nil, nil)
			for _, u := range slices.Backward(s.undo) {
				u()
			}
			if ctx.Err() == nil {
				c.o.truth.healed(place, c.clock.Now())
			}
		})
	}
	c.clock.await(heal, never, nil, nil)
}

// settled reports whether the group has a leader that commits and that all
// running nodes follow.
func (c *cluster) settled(group string) bool {
	lead := c.leader(group)
	if lead == 0 {
		return false
	}
	for _, r := range c.replicas(group) {
		if r.Lead == 0 || r.Commit < 2 || r.Node == lead && r.Role != raft.StateLeader {
			return false
		}
	}
	return true
}

// calm reports whether no entry is on its way: all replicas have applied all.
func (c *cluster) calm(group string) bool {
	list := c.replicas(group)
	for _, r := range list {
		if r.Last != list[0].Last || r.Commit != r.Last || r.Applied != r.Last {
			return false
		}
	}
	return true
}

// await polls until f holds; false if ctx ended first.
func (c *cluster) await(ctx *scope, f func() bool) bool {
	for !f() {
		if !c.clock.Sleep(ctx, 5*time.Millisecond) {
			return false
		}
	}
	return true
}

// resolve turns a set of ids and words into ids. Words are about the nodes of
// the cluster and who leads the group now.
func (c *cluster) resolve(expr, group string, lead uint64) []uint64 {
	var followers []uint64
	for _, b := range c.boxes {
		if b.id != lead {
			followers = append(followers, b.id)
		}
	}
	if lead == 0 {
		lead, followers = followers[0], followers[1:]
	}
	n := len(c.boxes)
	var ids []uint64
	for part := range strings.SplitSeq(expr, "+") {
		switch part {
		case "leader":
			ids = append(ids, lead)
		case "follower":
			ids = append(ids, followers[:min(1, len(followers))]...)
		case "other":
			ids = append(ids, followers[max(0, len(followers)-1):]...)
		case "followers":
			ids = append(ids, followers...)
		case "others":
			ids = append(ids, followers[min(1, len(followers)):]...)
		case "all":
			ids = append(append(ids, lead), followers...)
		case "minority":
			ids = append(ids, followers[len(followers)-(n-1)/2:]...)
		case "majority":
			ids = append(ids, append(slices.Clone(followers), lead)[:n/2+1]...)
		default:
			if id, err := strconv.ParseUint(part, 10, 64); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return union(nil, ids)
}

func union(a, b []uint64) []uint64 {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// undoing remembers how to change something back.
func (s *strike) undoing(f func()) { s.undo = append(s.undo, f) }

// boxes are the boxes of the parameter's nodes.
func (s *strike) boxes(param string) []*box {
	var out []*box
	for _, id := range s.nodes[param] {
		out = append(out, s.c.box(id))
	}
	return out
}

func (s *strike) in(param string, id uint64) bool { return slices.Contains(s.nodes[param], id) }

func (s *strike) sleep(d time.Duration) bool { return s.c.clock.Sleep(s.ctx, d) }

func (s *strike) await(f func() bool) bool { return s.c.await(s.ctx, f) }

// do runs f as a step of the node's replica and waits for it, though not for
// a loop that stands still.
func (s *strike) do(b *box, f func(r *replica)) bool {
	n := b.running()
	if n == nil {
		return false
	}
	d := n.byName[s.group]
	var done atomic.Bool
	var over bell
	if !d.post(func() { f(d.replica); done.Store(true); over.ring() }) {
		return false
	}
	patience := s.c.within(s.ctx, 20*s.c.o.Tick)
	defer patience.end()
	return s.c.clock.await(patience, never, &over, func() bool { return done.Load() || n.dead.Load() }) && done.Load()
}

// within is a scope that ends after d on the cluster's clock.
func (c *cluster) within(parent *scope, d time.Duration) *scope {
	s := newScope(parent)
	c.crew.Go(c.clock, func() {
		c.clock.Sleep(s, d)
		s.end()
	})
	return s
}

// leader is the group's leader as it is now; nil if there is none.
func (s *strike) leader() *box { return s.c.box(s.c.leader(s.group)) }

// peer is what the leader holds of the peer.
func (s *strike) peer(id uint64) PeerState {
	for _, r := range s.c.replicas(s.group) {
		if r.Role == raft.StateLeader {
			return r.Progress[id]
		}
	}
	return PeerState{}
}

// loseBefore drops messages of the types between Raft and the transport.
func (s *strike) loseBefore(param string, types ...raftpb.MessageType) {
	for _, b := range s.boxes(param) {
		s.undoing(b.hooks.leaves.add(func(g string, m raftpb.Message) bool {
			return g != s.group || !slices.Contains(types, m.Type)
		}))
	}
}

// loseOnWire drops messages of the types on the way from the parameter's nodes.
func (s *strike) loseOnWire(param string, types ...raftpb.MessageType) {
	s.rule(func(from, _ uint64, m raftpb.Message) passage {
		return passage{lose: s.in(param, from) && slices.Contains(types, m.Type)}
	})
}

// rule adds a rule of the network for the group's messages.
func (s *strike) rule(f func(from, to uint64, m raftpb.Message) passage) {
	s.undoing(s.c.wires.rules.add(func(g string, from, to uint64, m raftpb.Message) passage {
		if g != s.group {
			return passage{}
		}
		return f(from, to, m)
	}))
}

// swallow keeps messages of the types from Raft after they arrived.
func (s *strike) swallow(param string, err error, types ...raftpb.MessageType) {
	for _, b := range s.boxes(param) {
		s.undoing(b.hooks.steps.add(func(g string, m raftpb.Message) (bool, error) {
			if g != s.group || !slices.Contains(types, m.Type) {
				return true, nil
			}
			return false, err
		}))
	}
}

// stop ends the boxes' processes; they come back when the fault heals.
func (s *strike) stop(boxes []*box, why string) {
	for _, b := range boxes {
		if n := b.running(); n != nil {
			n.stop(why)
			s.undoing(func() { s.back(b) })
		}
	}
}

// back boots a process that was stopped, unless the run is over.
func (s *strike) back(b *box) {
	if s.c.ctx.Err() != nil || b.running() != nil {
		return
	}
	if err := s.c.restart(s.c.ctx, b); err != nil && s.c.ctx.Err() == nil {
		s.c.fail(fmt.Errorf("boot node %d again: %w", b.id, err))
	}
}
