package drill

import (
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// A Fault is what goes wrong in a drill, or a harmless oddity, and what a right
// diagnosis says about it.
type Fault struct {
	Name string
	Doc  string
	// Points are the failure points that name this fault; empty if nothing may
	// be confirmed. Gate is the side of a no-delivery, where it is certain.
	Points []string
	Gate   string
	Causes []string // any of them, first in the list of causes; empty: any
	// Also are points that a log of this fault may confirm besides, as a true
	// consequence, without being its name.
	Also       []string
	Violations []string // impossible states that it may show
	Must       string   // the impossible state that it must show
	Verdicts   []string // of the run
	Heals      bool     // no episode that costs a write is open at the end
	Unknown    bool     // what these logs carry may not decide it: unknown is as right

	size   int
	voters func(c *cluster, id uint64) []uint64
	stage  func(c *cluster)
}

var (
	faulty = []string{"fault"}
	calm   = []string{"healthy", "degraded"}
)

// anySize lets the seed draw three to five nodes.
const anySize = -1

// After a leader cannot be heard others elect one: what follows may be named.
var election = []string{"no-leader", "proposal-dropped"}

// Faults lists the drills in a fixed order.
func Faults() []Fault {
	cut := func(types ...pb.MessageType) func(pb.MessageType) bool {
		return func(t pb.MessageType) bool { return len(types) == 0 || slices.Contains(types, t) }
	}
	// from loses what leaves the leader of the moment, to what is sent to it.
	from := func(is func(pb.MessageType) bool, what fate, why string) func(c *cluster) {
		return func(c *cluster) {
			l := c.warm()
			c.hooks.leaving = func(n *node, m pb.Message) (fate, string) {
				if n == l && is(m.Type) {
					return what, strings.ReplaceAll(why, "%d", fmt.Sprint(m.To))
				}
				return pass, ""
			}
			c.stuck()
		}
	}
	to := func(is func(pb.MessageType) bool, what fate, why string) func(c *cluster) {
		return func(c *cluster) {
			l := c.warm()
			c.hooks.leaving = func(n *node, m pb.Message) (fate, string) {
				if m.To == l.id && is(m.Type) {
					return what, why
				}
				return pass, ""
			}
			c.stuck()
		}
	}
	follower := func(what fate, why string) func(c *cluster) {
		return func(c *cluster) {
			c.warm()
			c.hooks.arriving = func(_ *node, m pb.Message) (fate, string) {
				if m.Type == pb.MsgApp {
					return what, why
				}
				return pass, ""
			}
			c.stuck()
		}
	}
	rewrite := func(change func(c *cluster, n *node, m *pb.Message) bool) func(c *cluster) {
		return func(c *cluster) {
			c.warm()
			c.hooks.outgoing = func(n *node, ms []pb.Message) []pb.Message {
				var out []pb.Message
				for _, m := range ms {
					if change(c, n, &m) {
						out = append(out, m)
					}
				}
				return out
			}
			c.stuck()
		}
	}
	lossy := []string{"packet-loss", "one-way-partition", "partition", "flapping-link", "slow-network"}
	list := []Fault{
		{Name: "no-address", Doc: "the leader has no address of any peer", Points: []string{"no-delivery"}, Gate: "received", Causes: []string{"no-address"}, Also: election, Verdicts: faulty,
			stage: from(cut(), fail, "Configuration error: No address for peer %d")},
		{Name: "refused-alive", Doc: "the leader's connections are refused while the peers run on", Points: []string{"no-delivery"}, Gate: "received", Causes: []string{"connection-refused"}, Also: election, Verdicts: faulty,
			stage: from(cut(), fail, "transport error: tcp connect error: Connection refused (os error 111)")},
		{Name: "timeouts", Doc: "what the leader sends runs into deadlines", Points: []string{"no-delivery"}, Gate: "received", Causes: append(lossy, "sender-blocked"), Also: election, Verdicts: faulty,
			stage: from(cut(), fail, "status: DeadlineExceeded, message: \"Timeout expired\"")},
		{Name: "appends-lost", Doc: "appends vanish, heartbeats pass", Points: []string{"no-delivery"}, Gate: "received", Causes: append(lossy, "undecodable", "buffer-full"), Verdicts: faulty,
			stage: from(cut(pb.MsgApp), lose, "")},
		{Name: "requests-lost", Doc: "everything that the leader sends vanishes", Points: []string{"no-delivery"}, Gate: "received", Causes: lossy, Also: election, Verdicts: faulty,
			stage: from(cut(), lose, "")},
		{Name: "answers-lost", Doc: "answers to appends vanish, those to heartbeats pass", Points: []string{"no-delivery"}, Gate: "heard", Causes: lossy, Verdicts: faulty,
			stage: to(cut(pb.MsgAppResp), lose, "")},
		{Name: "all-answers-lost", Doc: "everything sent to the leader vanishes", Points: []string{"no-delivery"}, Gate: "heard", Causes: lossy, Also: election, Verdicts: faulty,
			stage: to(cut(), lose, "")},
		{Name: "answers-refused", Doc: "the followers have no address of the leader", Points: []string{"no-delivery"}, Gate: "heard", Causes: []string{"no-address"}, Also: election, Verdicts: faulty,
			stage: to(cut(), fail, "Configuration error: No address for the leader")},
		{Name: "cut-off", Doc: "the leader is cut off both ways", Points: []string{"no-delivery"}, Gate: "received", Causes: lossy, Also: election, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				c.hooks.leaving = func(n *node, m pb.Message) (fate, string) {
					if n == l || m.To == l.id {
						return lose, ""
					}
					return pass, ""
				}
				c.stuck()
			}},
		{Name: "undecodable", Doc: "the receivers cannot decode appends", Points: []string{"no-delivery"}, Gate: "received", Causes: []string{"undecodable"}, Verdicts: faulty, stage: follower(garble, "")},
		{Name: "not-extracted", Doc: "the application forgets to take appends out of Ready", Points: []string{"no-broadcast"}, Causes: []string{"ready-not-drained", "dropped-before-send", "inflight-full"}, Verdicts: faulty,
			stage: rewrite(func(c *cluster, n *node, m *pb.Message) bool { return m.Type != pb.MsgApp })},
		{Name: "not-handed-over", Doc: "appends are generated and never handed to the transport; only a log that prints the hand-over can tell", Points: []string{"no-broadcast", "no-delivery"}, Causes: append(lossy, "dropped-before-send", "buffer-full"), Verdicts: faulty,
			stage: from(cut(pb.MsgApp), withhold, "")},
		{Name: "mute", Doc: "followers store appends and make no answer", Points: []string{"no-response"}, Verdicts: faulty,
			stage: rewrite(func(c *cluster, n *node, m *pb.Message) bool { return m.Type != pb.MsgAppResp })},
		{Name: "swallowed", Doc: "followers receive appends and do not give them to Raft", Points: []string{"no-response"}, Verdicts: faulty, stage: follower(swallow, "")},
		{Name: "step-error", Doc: "followers receive appends and Step returns an error", Points: []string{"no-response"}, Causes: []string{"step-error"}, Verdicts: faulty, stage: follower(refuse, "raft: cannot step as peer not found")},
		{Name: "loops-frozen", Doc: "the Ready loops of all followers stand still, what arrives is still printed", Points: []string{"no-response"}, Causes: []string{"loop-stalled"}, Verdicts: faulty,
			stage: func(c *cluster) {
				for _, n := range c.others(c.warm()) {
					n.frozen = true
				}
				c.stuck()
			}},
		{Name: "processes-paused", Doc: "all followers are stopped like by SIGSTOP: neither answer nor refusal", Points: []string{"no-delivery", "no-response", "no-quorum"}, Also: election, Unknown: true, Verdicts: []string{"fault", "undecided"},
			stage: func(c *cluster) {
				for _, n := range c.others(c.warm()) {
					n.stopped = true
				}
				c.stuck()
			}},
		{Name: "followers-panic", Doc: "all followers die in a panic", Points: []string{"no-quorum"}, Causes: []string{"dead-voters"}, Also: election, Verdicts: faulty,
			stage: func(c *cluster) {
				for _, n := range c.others(c.warm()) {
					c.guard(n, func() { panic("assertion failed: segment.offset <= self.len") })
				}
				c.stuck()
			}},
		{Name: "followers-stopped", Doc: "all followers are shut down", Points: []string{"no-quorum"}, Causes: []string{"dead-voters"}, Also: election, Verdicts: faulty,
			stage: func(c *cluster) {
				for _, n := range c.others(c.warm()) {
					n.voice.stopping(c.now)
					n.up = false
				}
				c.stuck()
			}},
		{Name: "three-of-five-panic", Doc: "three of five die in a panic", size: 5, Points: []string{"no-quorum"}, Causes: []string{"dead-voters"}, Also: election, Verdicts: faulty,
			stage: func(c *cluster) {
				for _, n := range c.others(c.warm())[:3] {
					c.guard(n, func() { panic("index out of bounds: the len is 4096 but the index is 4096") })
				}
				c.stuck()
			}},
		{Name: "rejected", Doc: "followers refuse every append", Points: []string{"no-quorum"}, Causes: []string{"rejected", "log-lost"}, Violations: []string{"log-lost"}, Verdicts: faulty,
			stage: rewrite(func(c *cluster, n *node, m *pb.Message) bool {
				if m.Type == pb.MsgAppResp && !m.Reject {
					m.Reject, m.RejectHint, m.Index = true, m.Index-1, m.Index-1
				}
				return true
			})},
		{Name: "stale-answers", Doc: "followers answer every append with the index of the time before", Points: []string{"no-quorum"}, Causes: []string{"stale-answer", "progress-uninitialised", "rejected"}, Verdicts: faulty,
			stage: func(c *cluster) {
				c.warm()
				held := map[uint64]uint64{}
				c.hooks.outgoing = func(n *node, ms []pb.Message) []pb.Message {
					ms = slices.Clone(ms)
					for i := range ms {
						if ms[i].Type == pb.MsgAppResp && !ms[i].Reject {
							if held[n.id] == 0 {
								held[n.id] = ms[i].Index - 1
							}
							ms[i].Index = min(ms[i].Index, held[n.id])
						}
					}
					return ms
				}
				c.stuck()
			}},
		{Name: "commit-frozen", Doc: "everybody holds the entries, the leader heard so, and commit stands still", Points: []string{"no-commit-advance"}, Verdicts: faulty,
			stage: func(c *cluster) {
				at := c.warm().raw.BasicStatus().Commit
				c.hooks.commit = func(_ *node, commit uint64) uint64 { return min(commit, at) }
				c.stuck()
			}},
		{Name: "leader-skips-append", Doc: "the leader never gives entries to its storage", Points: []string{"no-commit-advance"}, Causes: []string{"log-regressed", "leader-unmatched", "hardstate-unpersisted"}, Also: []string{"apply-stalled"}, Violations: []string{"log-regressed", "leader-unmatched", "log-lost", "progress-broken", "applied-ahead"}, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				c.hooks.store = func(n *node, _ raft.Ready) bool { return n != l }
				if c.look.silent == "Raft log" { // then only the broken Progress rows show
					c.fault.Also = append(c.fault.Also, "no-quorum")
				}
				c.stuck()
			}},
		{Name: "apply-blocked", Doc: "the leader's state machine stands still", Points: []string{"apply-stalled"}, Causes: []string{"state-machine-blocked", "slow-apply"}, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				at := l.applied
				c.hooks.apply = func(n *node, applied uint64) uint64 {
					if n == l {
						return at
					}
					return applied
				}
				c.stuck()
			}},
		{Name: "leader-frozen", Doc: "the leader's Ready loop stands still while it takes proposals; the others elect another", Points: []string{"no-broadcast", "no-leader"}, Also: append([]string{"no-delivery"}, election...), Unknown: true, Verdicts: []string{"fault", "undecided", "degraded", "healthy"},
			stage: func(c *cluster) {
				l := c.warm()
				l.frozen = true
				for range 6 {
					l.voice.proposing(c.now, 77)
					c.run(2, false)
				}
				c.run(40, true)
			}},
		{Name: "votes-lost", Doc: "the leader dies and no vote request arrives", Points: []string{"no-leader"}, Also: []string{"proposal-dropped", "no-quorum"}, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				c.guard(l, func() { panic("called `Option::unwrap()` on a `None` value") })
				c.hooks.leaving = func(_ *node, m pb.Message) (fate, string) {
					if m.Type == pb.MsgVote || m.Type == pb.MsgPreVote {
						return lose, ""
					}
					return pass, ""
				}
				c.run(90, true)
			}},
		{Name: "slow-network", Doc: "each message takes longer than an election: some seeds keep their leader and commit late, some elect for ever", Points: []string{"no-leader", "no-delivery"}, Also: []string{"proposal-dropped", "no-response", "no-quorum"}, Unknown: true, Verdicts: []string{"fault", "undecided", "degraded", "healthy"},
			stage: func(c *cluster) {
				c.warm()
				c.hooks.delay = func(pb.Message) int64 { return 14 * tick }
				c.run(160, true)
			}},
		{Name: "one-node-groups", Doc: "each node is the only voter of its own configuration", Points: []string{"no-leader"}, Causes: []string{"one-node-groups"}, Verdicts: faulty,
			voters: func(_ *cluster, id uint64) []uint64 { return []uint64{id} },
			stage: func(c *cluster) {
				c.look.own = true
				for i := range 8 {
					c.run(6, false)
					for _, n := range c.nodes {
						n.voice.proposing(c.now, 30+i)
						if err := n.raw.Propose([]byte("x")); err != nil {
							n.voice.dropped(c.now, err)
						}
						c.ready(n)
					}
				}
			}},
		{Name: "forward-lost", Doc: "proposals are made on a follower and lost on the way to the leader", Points: []string{"proposal-dropped"}, Causes: []string{"forward-lost"}, Verdicts: faulty,
			stage: func(c *cluster) {
				c.look.proposals = true
				c.forward = true
				c.warm()
				c.hooks.leaving = func(_ *node, m pb.Message) (fate, string) {
					if m.Type == pb.MsgProp {
						return lose, ""
					}
					return pass, ""
				}
				c.run(40, true)
				c.run(10, false)
			}},
		{Name: "log-lost", Doc: "a follower comes back with an empty disk", Also: []string{"no-quorum"}, Must: "log-lost", Violations: []string{"log-lost", "term-regressed"}, Verdicts: []string{"fault", "unsafe"},
			stage: func(c *cluster) {
				c.check, c.preVote = false, false
				n := c.others(c.warm())[0]
				n.up = false
				n.voice.stopping(c.now)
				c.run(8, true)
				n.store = raft.NewMemoryStorage()
				must(n.store.ApplySnapshot(pb.Snapshot{Metadata: pb.SnapshotMetadata{Index: 1, Term: 1, ConfState: pb.ConfState{Voters: c.voters}}}))
				n.applied = 1
				c.start(n)
				c.run(30, true)
			}},
		{Name: "healed", Doc: "answers vanish for a while, then the link heals", Points: []string{"no-delivery"}, Gate: "heard", Causes: lossy, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				c.hooks.leaving = func(_ *node, m pb.Message) (fate, string) {
					if m.To == l.id && m.Type == pb.MsgAppResp {
						return lose, ""
					}
					return pass, ""
				}
				c.stuck()
				c.hooks = hooks{}
				c.run(20, true)
				c.run(3, false)
			}},
		{Name: "mixed-3", Doc: "one follower receives nothing, the other makes no answer", Points: []string{"no-response"}, Gate: "answered", Verdicts: faulty,
			stage: func(c *cluster) { c.mixed(map[int]string{0: "lost", 1: "mute"}) }},
		{Name: "mixed-3-heard", Doc: "one follower receives nothing, the other's answers are lost", Points: []string{"no-delivery"}, Gate: "heard", Verdicts: faulty,
			stage: func(c *cluster) { c.mixed(map[int]string{0: "lost", 1: "unheard"}) }},
		{Name: "mixed-5", Doc: "of four followers one receives nothing, one makes no answer, the answers of two are lost", size: 5, Points: []string{"no-delivery"}, Gate: "heard", Verdicts: faulty,
			stage: func(c *cluster) { c.mixed(map[int]string{0: "lost", 1: "mute", 2: "unheard", 3: "unheard"}) }},
		{Name: "mixed-5-one-well", Doc: "of four followers two receive nothing, one makes no answer, one is well", size: 5, Points: []string{"no-response"}, Gate: "answered", Verdicts: faulty,
			stage: func(c *cluster) { c.mixed(map[int]string{0: "lost", 1: "lost", 2: "mute"}) }},
		{Name: "random-gates", Doc: "each follower stops at a gate of its own, drawn so that no quorum is left; the point is where it is lost", size: anySize, Violations: []string{"log-lost"}, Verdicts: faulty, stage: (*cluster).random},
		{Name: "wrong-address", Doc: "what goes to one follower arrives at the other", Also: append([]string{"no-delivery"}, election...), Must: "wrong-peer-address", Violations: []string{"wrong-peer-address", "duplicate-id"}, Verdicts: []string{"fault", "degraded"},
			stage: func(c *cluster) {
				l := c.warm()
				f := c.others(l)
				c.hooks.route = func(m pb.Message) uint64 {
					if m.From == l.id && m.To == f[0].id {
						return f[1].id
					}
					return m.To
				}
				c.run(40, true)
			}},

		{Name: "healthy", Doc: "nothing is wrong", Verdicts: calm, stage: func(c *cluster) { c.warm(); c.run(40, true); c.run(3, false) }},
		{Name: "healthy-five", Doc: "five nodes, nothing is wrong", size: 5, Verdicts: calm, stage: func(c *cluster) { c.warm(); c.run(40, true); c.run(3, false) }},
		{Name: "healthy-single", Doc: "a group of one", size: 1, Verdicts: calm, stage: func(c *cluster) { c.warm(); c.run(40, true); c.run(3, false) }},
		{Name: "healthy-forwarded", Doc: "proposals are made on a follower and forwarded", Verdicts: calm, stage: func(c *cluster) { c.forward = true; c.warm(); c.run(40, true); c.run(3, false) }},
		{Name: "transfer", Doc: "leadership is handed over twice", Verdicts: calm,
			stage: func(c *cluster) {
				for range 2 {
					l := c.warm()
					l.raw.TransferLeader(c.others(l)[0].id)
					c.ready(l)
					c.run(3, false)
				}
				c.run(10, true)
				c.run(3, false)
			}},
		{Name: "leader-restarts", Doc: "the leader is shut down with nothing in flight, comes back, and follows", Verdicts: calm,
			stage: func(c *cluster) {
				l := c.warm()
				l.voice.stopping(c.now)
				l.up = false
				c.run(25, false)
				c.run(8, true)
				c.start(l)
				c.run(20, true)
				c.run(3, false)
			}},
		{Name: "follower-restarts", Doc: "a follower is shut down and comes back", Verdicts: calm,
			stage: func(c *cluster) {
				n := c.others(c.warm())[0]
				n.voice.stopping(c.now)
				n.up = false
				c.run(12, true)
				c.start(n)
				c.run(20, true)
				c.run(3, false)
			}},
		{Name: "follower-down", Doc: "one of two followers dies; every write commits with the other", Verdicts: calm,
			stage: func(c *cluster) {
				n := c.others(c.warm())[0]
				c.guard(n, func() { panic("boom") })
				c.run(40, true)
				c.run(3, false)
			}},
		{Name: "follower-cut-off", Doc: "one of two followers receives no appends; every write commits with the other", Verdicts: calm,
			stage: func(c *cluster) {
				n := c.others(c.warm())[0]
				c.hooks.leaving = func(_ *node, m pb.Message) (fate, string) {
					if m.To == n.id && m.Type == pb.MsgApp {
						return lose, ""
					}
					return pass, ""
				}
				c.run(40, true)
				c.run(3, false)
			}},
		{Name: "follower-slow", Doc: "one follower is far away", Verdicts: calm,
			stage: func(c *cluster) {
				n := c.others(c.warm())[0]
				c.hooks.delay = func(m pb.Message) int64 {
					if m.To == n.id || m.From == n.id {
						return 2 * tick
					}
					return 0
				}
				c.run(40, true)
				c.run(6, false)
			}},
		{Name: "lossy", Doc: "one message of twenty is lost, Raft sends again", Verdicts: calm,
			stage: func(c *cluster) {
				c.warm()
				c.hooks.leaving = func(_ *node, m pb.Message) (fate, string) {
					if c.rng.IntN(20) == 0 {
						return lose, ""
					}
					return pass, ""
				}
				c.run(40, true)
				c.hooks = hooks{}
				c.run(6, true)
				c.run(3, false)
			}},
		{Name: "reordered", Doc: "messages overtake one another, none is lost", Verdicts: calm, stage: func(c *cluster) { c.overtake = true; c.warm(); c.run(40, true); c.run(4, false) }},
		{Name: "reordered-answers-lost", Doc: "messages overtake one another, and answers to appends vanish for a while", Points: []string{"no-delivery"}, Gate: "heard", Causes: lossy, Verdicts: faulty,
			stage: func(c *cluster) {
				c.overtake = true
				l := c.warm()
				c.hooks.leaving = func(_ *node, m pb.Message) (fate, string) {
					if m.To == l.id && m.Type == pb.MsgAppResp {
						return lose, ""
					}
					return pass, ""
				}
				c.stuck()
				c.hooks = hooks{}
				c.run(20, true)
				c.run(3, false)
			}},
		{Name: "apply-late", Doc: "a follower applies late", Verdicts: calm,
			stage: func(c *cluster) {
				n := c.others(c.warm())[0]
				at := n.applied
				c.hooks.apply = func(o *node, applied uint64) uint64 {
					if o == n {
						return at
					}
					return applied
				}
				c.run(12, true)
				c.hooks = hooks{}
				c.run(10, true)
				c.run(3, false)
			}},
		{Name: "membership", Doc: "a voter is removed and added again", Verdicts: calm,
			stage: func(c *cluster) {
				l := c.warm()
				n := c.others(l)[0]
				for _, t := range []pb.ConfChangeType{pb.ConfChangeRemoveNode, pb.ConfChangeAddNode} {
					must(l.raw.ProposeConfChange(pb.ConfChangeV2{Changes: []pb.ConfChangeSingle{{Type: t, NodeID: n.id}}}))
					n.learner = t == pb.ConfChangeRemoveNode // it does not campaign
					c.ready(l)
					c.run(10, true)
				}
				c.run(10, true)
				c.run(3, false)
			}},
		{Name: "cut-short", Doc: "the logs end right after an append has left", Verdicts: calm,
			stage: func(c *cluster) {
				c.warm()
				c.run(20, true)
				c.run(2, false)
				l := c.leader()
				l.voice.proposing(c.now, 50)
				must(l.raw.Propose([]byte("last")))
				c.ready(l)
			}},
	}
	list = append(list, more()...)
	for i := range list {
		if list[i].size == 0 {
			list[i].size = 3
		}
	}
	return list
}

// stuck lets proposals come in while the fault lasts.
func (c *cluster) stuck() {
	c.run(2, true)
	c.run(25+c.rng.IntN(40), c.rng.IntN(3) > 0)
}

// gates are where a follower can stop, in order, and the failure points there.
var gates = []struct{ how, gate, point string }{
	{"lost", "received", "no-delivery"}, {"mute", "answered", "no-response"}, {"unheard", "heard", "no-delivery"}, {"refusing", "matched", "no-quorum"},
}

// random draws how each follower stops until the quorum is lost somewhere.
func (c *cluster) random() {
	followers := len(c.nodes) - 1
	for {
		how := map[int]string{}
		for i := range followers {
			how[i] = append([]string{"", ""}, "lost", "mute", "unheard", "refusing")[c.rng.IntN(6)]
		}
		passed := 1 + followers
		for _, g := range gates {
			for i := range followers {
				if how[i] == g.how {
					passed--
				}
			}
			if passed <= len(c.nodes)/2 {
				c.fault.Points, c.fault.Gate = []string{g.point}, g.gate
				c.mixed(how)
				return
			}
		}
	}
}

// mixed stops the followers at different gates.
func (c *cluster) mixed(how map[int]string) {
	l := c.warm()
	at := map[uint64]string{}
	for i, n := range c.others(l) {
		at[n.id] = how[i]
	}
	c.hooks.outgoing = func(n *node, ms []pb.Message) (out []pb.Message) {
		for _, m := range ms {
			if m.Type == pb.MsgAppResp && at[n.id] == "mute" {
				continue
			}
			if m.Type == pb.MsgAppResp && at[n.id] == "refusing" && !m.Reject {
				m.Reject, m.RejectHint, m.Index = true, m.Index-1, m.Index-1
			}
			out = append(out, m)
		}
		return out
	}
	c.hooks.leaving = func(n *node, m pb.Message) (fate, string) {
		if at[m.To] == "lost" && m.Type == pb.MsgApp || at[n.id] == "unheard" && m.Type == pb.MsgAppResp {
			return lose, ""
		}
		return pass, ""
	}
	c.stuck()
}

// A File is one log.
type File struct {
	Name string
	Data []byte
	Node uint64 // whose it is; 0 for a stream of several
	// Blind says that the logs do not carry all: a kind of line is not printed,
	// or no line of a stream of several names its writer.
	Blind bool
}

// RunAs stages the fault with the seed, in a style. It returns the logs, and the
// fault with what is expected of this run: some faults are made up by the seed.
func (f Fault) RunAs(style Style, seed uint64) ([]File, Fault) {
	size := f.size
	if size == anySize {
		size = 3 + int(seed%3)
	}
	c := newCluster(style, seed, size, f.voters)
	c.fault = &f
	f.stage(c)
	blind := c.look.silent != "" || c.look.errors || c.look.leaders || c.look.persisted || c.look.events != nil && c.look.events.blind()
	if c.look.merged != nil {
		return []File{{Name: "all.log", Data: joined(*c.look.merged), Blind: blind || c.look.layout == "merged" && c.look.events == nil}}, f
	}
	var files []File
	name := pick(c.rng, "node%d.log", "raft-node%d.log", "n%d/raft.log", "node-%d.txt")
	for _, n := range c.nodes {
		files = append(files, File{Name: fmt.Sprintf(name, n.id), Data: joined(n.voice.lines), Node: n.id, Blind: blind})
	}
	if c.look.cutShort {
		data := &files[c.rng.IntN(len(files))].Data
		*data = (*data)[:max(0, len(*data)-5-c.rng.IntN(90))]
	}
	return files, f
}

func joined(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

// RunPair stages f in one group and g in another group of the same three
// nodes, and weaves their lines by time. It returns the names of the groups.
// Only faults whose lines all name their group can share a log.
func RunPair(f, g Fault, seed uint64) (files []File, groups [2]string) {
	var cs [2]*cluster
	for i, fault := range []Fault{f, g} {
		c := newCluster(Text, seed, 3, nil)
		c.look.merged, c.look.layout, c.look.silent = nil, "files", ""
		c.look.group += []string{"", "1"}[i]
		c.now = int64(i) * 43 * millisecond
		c.fault = &fault
		fault.stage(c)
		cs[i], groups[i] = c, c.look.group
	}
	for i, n := range cs[0].nodes {
		a, b := n.voice, cs[1].nodes[i].voice
		var lines []string
		for x, y := 0, 0; x < len(a.lines) || y < len(b.lines); {
			if y == len(b.lines) || x < len(a.lines) && a.times[x] <= b.times[y] {
				lines = append(lines, a.lines[x])
				x++
			} else {
				lines = append(lines, b.lines[y])
				y++
			}
		}
		files = append(files, File{Name: fmt.Sprintf("node%d.log", n.id), Data: joined(lines), Node: n.id})
	}
	return files, groups
}
