package drill

import (
	"slices"

	pb "go.etcd.io/raft/v3/raftpb"
)

// lost is a hook that loses the messages that is names.
func lost(is func(n *node, m pb.Message) bool) func(*node, pb.Message) (fate, string) {
	return func(n *node, m pb.Message) (fate, string) {
		if is(n, m) {
			return lose, ""
		}
		return pass, ""
	}
}

func of(m pb.Message, types ...pb.MessageType) bool { return slices.Contains(types, m.Type) }

// without is a hook that takes messages out of what Raft generated.
func without(is func(n *node, m pb.Message) bool) func(*node, []pb.Message) []pb.Message {
	return func(n *node, ms []pb.Message) (out []pb.Message) {
		for _, m := range ms {
			if !is(n, m) {
				out = append(out, m)
			}
		}
		return out
	}
}

// heal ends the fault and lets the cluster go on.
func (c *cluster) heal() {
	c.hooks = hooks{}
	for _, n := range c.nodes {
		if n.up {
			n.frozen, n.stopped = false, false
		}
	}
	c.run(35, true)
	c.run(4, false)
}

// compact lets the leader forget all that it has applied.
func (c *cluster) compact(l *node) {
	cs := pb.ConfState{Voters: c.voters}
	if l.conf != nil {
		cs = *l.conf
	}
	if _, err := l.store.CreateSnapshot(l.applied, &cs, []byte("snapshot")); err == nil {
		must(l.store.Compact(l.applied))
	}
}

func firstThree(c *cluster, _ uint64) []uint64 { return c.voters[:3] }

// join makes the nodes beyond the first three silent until they are voters.
func (c *cluster) join() {
	for _, n := range c.nodes[3:] {
		n.learner = true
	}
}

func (c *cluster) change(l *node, cc pb.ConfChangeV2) {
	c.guard(l, func() {
		must(l.raw.ProposeConfChange(cc))
		c.ready(l)
	})
}

func (c *cluster) stop(n *node) {
	n.voice.stopping(c.now)
	n.up = false
}

// More lists faults and oddities of a second kind: two at once, from the first
// entry on, healed, under load, and with memberships that are no three voters.
func more() []Fault {
	lossy := []string{"packet-loss", "one-way-partition", "partition", "flapping-link", "slow-network"}
	churn := []string{"no-leader", "proposal-dropped"}
	var list []Fault
	add := func(fs ...Fault) { list = append(list, fs...) }

	// Stuck from the very first entry on.
	type start struct {
		name, point, gate string
		causes            []string
		set               func(c *cluster)
	}
	for _, s := range []start{
		{"appends-lost", "no-delivery", "received", append(lossy, "undecodable", "buffer-full"), func(c *cluster) { c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return of(m, pb.MsgApp) }) }},
		{"answers-lost", "no-delivery", "heard", lossy, func(c *cluster) {
			c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return of(m, pb.MsgAppResp) })
		}},
		{"mute", "no-response", "answered", nil, func(c *cluster) {
			c.hooks.outgoing = without(func(_ *node, m pb.Message) bool { return of(m, pb.MsgAppResp) })
		}},
		{"swallowed", "no-response", "answered", nil, func(c *cluster) {
			c.hooks.arriving = func(_ *node, m pb.Message) (fate, string) {
				if of(m, pb.MsgApp) {
					return swallow, ""
				}
				return pass, ""
			}
		}},
		{"not-extracted", "no-broadcast", "sent", nil, func(c *cluster) {
			c.hooks.outgoing = without(func(_ *node, m pb.Message) bool { return of(m, pb.MsgApp) })
		}},
		{"commit-frozen", "no-commit-advance", "committed", nil, func(c *cluster) {
			c.hooks.commit = func(_ *node, commit uint64) uint64 { return min(commit, 1) }
		}},
	} {
		add(Fault{Name: "first-" + s.name, Doc: "from the very first entry on: a log that never printed such a message proves nothing by its absence", Unknown: s.name != "commit-frozen", Points: []string{s.point}, Gate: s.gate, Causes: s.causes, size: anySize, Verdicts: []string{"fault", "undecided"},
			stage: func(c *cluster) {
				s.set(c)
				for range 100 {
					if c.run(1, false); c.leader() != nil {
						break
					}
				}
				c.run(10, true)
				c.run(30, c.rng.IntN(2) == 0)
			}})
		add(Fault{Name: "healed-" + s.name, Doc: "for a while, then it heals", Points: []string{s.point}, Gate: s.gate, Causes: s.causes, Heals: true, size: anySize, Verdicts: faulty,
			stage: func(c *cluster) {
				c.warm()
				at := c.leader().raw.BasicStatus().Commit
				s.set(c)
				if s.name == "commit-frozen" {
					c.hooks.commit = func(_ *node, commit uint64) uint64 { return min(commit, at) }
				}
				c.stuck()
				c.heal()
			}})
	}
	add(
		Fault{Name: "seven-appends-lost", Doc: "four of six followers receive no appends", size: 7, Points: []string{"no-delivery"}, Gate: "received", Verdicts: faulty,
			stage: func(c *cluster) { c.mixed(map[int]string{0: "lost", 1: "lost", 2: "lost", 3: "lost"}) }},
		Fault{Name: "seven-mixed", Doc: "of six followers two receive nothing, two make no answer, two are well", size: 7, Points: []string{"no-response"}, Gate: "answered", Verdicts: faulty,
			stage: func(c *cluster) { c.mixed(map[int]string{0: "lost", 1: "lost", 2: "mute", 3: "mute"}) }},
		Fault{Name: "seven-minority", Doc: "of six followers three receive nothing: every write commits", size: 7, Verdicts: calm,
			stage: func(c *cluster) {
				c.mixed(map[int]string{0: "lost", 1: "mute", 2: "unheard"})
				c.hooks = hooks{}
				c.run(10, true)
				c.run(4, false)
			}},
		Fault{Name: "seven-four-stopped", Doc: "four of seven are shut down", size: 7, Points: []string{"no-quorum"}, Causes: []string{"dead-voters"}, Also: churn, Verdicts: faulty,
			stage: func(c *cluster) {
				for _, n := range c.others(c.warm())[:4] {
					c.stop(n)
				}
				c.stuck()
			}},
		Fault{Name: "dead-and-mute", Doc: "one follower is dead, the other makes no answer", Points: []string{"no-response"}, Gate: "answered", Also: churn, Verdicts: faulty,
			stage: func(c *cluster) {
				o := c.others(c.warm())
				c.stop(o[0])
				c.hooks.outgoing = without(func(n *node, m pb.Message) bool { return n == o[1] && of(m, pb.MsgAppResp) })
				c.stuck()
			}},
		Fault{Name: "dead-and-unheard", Doc: "one follower is dead, the other's answers are lost", Points: []string{"no-delivery"}, Gate: "heard", Also: churn, Verdicts: faulty,
			stage: func(c *cluster) {
				o := c.others(c.warm())
				c.stop(o[0])
				c.hooks.leaving = lost(func(n *node, m pb.Message) bool { return n == o[1] && of(m, pb.MsgAppResp) })
				c.stuck()
			}},

		// Memberships.
		Fault{Name: "joint-half-lost", Doc: "a joint configuration waits for one of its halves: two of the outgoing three receive no appends", size: 6, voters: firstThree, Points: []string{"no-delivery"}, Gate: "received", Also: churn, Unknown: true, Verdicts: []string{"fault", "undecided"},
			stage: func(c *cluster) {
				c.join()
				l, ids := c.warm(), c.voters
				var changes []pb.ConfChangeSingle
				for _, id := range ids[3:] {
					changes = append(changes, pb.ConfChangeSingle{Type: pb.ConfChangeAddNode, NodeID: id})
				}
				for _, id := range ids[:3] {
					if id != l.id {
						changes = append(changes, pb.ConfChangeSingle{Type: pb.ConfChangeRemoveNode, NodeID: id})
					}
				}
				c.change(l, pb.ConfChangeV2{Transition: pb.ConfChangeTransitionJointExplicit, Changes: changes})
				c.run(10, true)
				c.hooks.leaving = lost(func(_ *node, m pb.Message) bool {
					return of(m, pb.MsgApp) && m.To != l.id && slices.Contains(ids[:3], m.To)
				})
				c.stuck()
			}},
		Fault{Name: "joint-half-dead", Doc: "the incoming half of a joint configuration is shut down but for one", size: 6, voters: firstThree, Points: []string{"no-quorum"}, Causes: []string{"dead-voters", "joint-half"}, Also: churn, Unknown: true, Verdicts: []string{"fault", "undecided"},
			stage: func(c *cluster) {
				c.join()
				l, ids := c.warm(), c.voters
				var changes []pb.ConfChangeSingle
				for _, id := range ids[3:] {
					changes = append(changes, pb.ConfChangeSingle{Type: pb.ConfChangeAddNode, NodeID: id})
				}
				for _, id := range ids[:3] {
					changes = append(changes, pb.ConfChangeSingle{Type: pb.ConfChangeRemoveNode, NodeID: id})
				}
				c.change(l, pb.ConfChangeV2{Transition: pb.ConfChangeTransitionJointExplicit, Changes: changes})
				c.run(10, true)
				c.stop(c.node(ids[3]))
				c.stop(c.node(ids[4]))
				c.stuck()
			}},
		Fault{Name: "joint-passes", Doc: "a joint configuration is entered and left", size: 5, voters: firstThree, Verdicts: calm,
			stage: func(c *cluster) {
				c.join()
				l, ids := c.warm(), c.voters
				var changes []pb.ConfChangeSingle
				for _, id := range ids[3:] {
					changes = append(changes, pb.ConfChangeSingle{Type: pb.ConfChangeAddNode, NodeID: id})
				}
				c.change(l, pb.ConfChangeV2{Transition: pb.ConfChangeTransitionJointImplicit, Changes: changes})
				c.run(30, true)
				c.run(4, false)
			}},
		Fault{Name: "learners-stuck", Doc: "two learners receive no appends, every write commits", size: 5, voters: firstThree, Verdicts: calm,
			stage: func(c *cluster) { c.learners(true) }},
		Fault{Name: "learners-mute", Doc: "two learners make no answer, every write commits", size: 5, voters: firstThree, Verdicts: calm,
			stage: func(c *cluster) { c.learners(false) }},
		Fault{Name: "learners-well", Doc: "two learners are well and both voters besides the leader receive no appends", size: 5, voters: firstThree, Points: []string{"no-delivery"}, Gate: "received", Unknown: true, Verdicts: []string{"fault", "undecided"},
			stage: func(c *cluster) {
				c.learners(true)
				l, ids := c.leader(), c.voters
				c.hooks.leaving = lost(func(_ *node, m pb.Message) bool {
					return of(m, pb.MsgApp) && m.To != l.id && slices.Contains(ids[:3], m.To)
				})
				c.stuck()
			}},
		Fault{Name: "ghosts-and-dead", Doc: "two of five configured voters never existed, a third is shut down", size: 3, Points: []string{"no-quorum"}, Also: append([]string{"no-delivery"}, churn...), Unknown: true, Verdicts: []string{"fault", "undecided"},
			voters: func(c *cluster, _ uint64) []uint64 { return append(slices.Clone(c.voters), 901, 902) },
			stage: func(c *cluster) {
				o := c.others(c.warm())
				c.stop(o[0])
				c.stuck()
			}},
		Fault{Name: "ghosts", Doc: "two of five configured voters never existed; the three that do commit every write", size: 3, Verdicts: calm,
			voters: func(c *cluster, _ uint64) []uint64 { return append(slices.Clone(c.voters), 901, 902) },
			stage:  func(c *cluster) { c.warm(); c.run(30, true); c.run(4, false) }},

		// Snapshots.
		Fault{Name: "snapshot-arrives", Doc: "a follower was away and gets a snapshot", Verdicts: calm,
			stage: func(c *cluster) {
				l := c.warm()
				n := c.others(l)[0]
				c.stop(n)
				c.run(15, true)
				c.compact(l)
				c.start(n)
				c.run(25, true)
				c.run(4, false)
			}},
		Fault{Name: "snapshot-lost", Doc: "a follower was away and its snapshot never arrives; every write commits", Verdicts: calm, Also: []string{"snapshot-loop"},
			stage: func(c *cluster) {
				l := c.warm()
				n := c.others(l)[0]
				c.stop(n)
				c.run(15, true)
				c.compact(l)
				c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return of(m, pb.MsgSnap) })
				c.start(n)
				c.run(30, true)
				c.run(4, false)
			}},
		Fault{Name: "snapshot-lost-and-unheard", Doc: "one follower's snapshot never arrives, the other's answers are lost", Points: []string{"no-delivery"}, Gate: "heard", Also: churn, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				o := c.others(l)
				c.stop(o[0])
				c.run(15, true)
				c.compact(l)
				c.hooks.leaving = lost(func(n *node, m pb.Message) bool { return of(m, pb.MsgSnap) })
				c.start(o[0])
				c.run(6, true)
				c.hooks.leaving = lost(func(n *node, m pb.Message) bool { return of(m, pb.MsgSnap) || n == o[1] && of(m, pb.MsgAppResp) })
				c.stuck()
			}},

		// Leaders come and go.
		Fault{Name: "transfer-under-load", Doc: "leadership is handed over with entries in flight", Verdicts: calm, Also: []string{"proposal-dropped"},
			stage: func(c *cluster) {
				c.size, c.every = 6, 1
				for range 3 {
					l := c.warm()
					c.run(1, true)
					l.raw.TransferLeader(c.others(l)[0].id)
					c.propose()
					c.ready(l)
					c.run(6, true)
				}
				c.run(10, true)
				c.run(4, false)
			}},
		Fault{Name: "rolling-restart", Doc: "one node after the other is shut down and comes back, with no proposals while there is no leader", size: anySize, Verdicts: calm,
			stage: func(c *cluster) {
				c.warm()
				for _, n := range c.nodes {
					c.stop(n)
					c.run(25, false)
					c.start(n)
					c.run(12, true)
					c.run(3, false)
				}
			}},
		Fault{Name: "clean-restart", Doc: "all nodes are shut down and come back", size: anySize, Verdicts: calm,
			stage: func(c *cluster) {
				c.warm()
				for _, n := range c.nodes {
					c.stop(n)
				}
				c.queue = nil
				c.run(30, false)
				for _, n := range c.nodes {
					c.start(n)
				}
				c.warm()
				c.run(20, true)
				c.run(4, false)
			}},
		Fault{Name: "stuck-after-restart", Doc: "all nodes are shut down and come back, and then no answer arrives", Points: []string{"no-delivery"}, Gate: "heard", Causes: lossy, Verdicts: faulty,
			stage: func(c *cluster) {
				c.warm()
				for _, n := range c.nodes {
					c.stop(n)
				}
				c.queue = nil
				c.run(30, false)
				for _, n := range c.nodes {
					c.start(n)
				}
				c.warm()
				c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return of(m, pb.MsgAppResp) })
				c.stuck()
			}},
		Fault{Name: "restart-heals", Doc: "no answer arrives until all nodes are shut down and come back", Points: []string{"no-delivery"}, Gate: "heard", Causes: lossy, Also: churn, Verdicts: faulty,
			stage: func(c *cluster) {
				c.warm()
				c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return of(m, pb.MsgAppResp) })
				c.stuck()
				for _, n := range c.nodes {
					c.stop(n)
				}
				c.queue, c.hooks = nil, hooks{}
				c.run(10, false)
				for _, n := range c.nodes {
					c.start(n)
				}
				c.warm()
				c.run(20, true)
				c.run(4, false)
			}},
		Fault{Name: "leaders-die", Doc: "three leaders in a row are killed under load and come back", size: 5, Also: append([]string{"no-quorum"}, churn...), Verdicts: []string{"healthy", "degraded", "fault"},
			stage: func(c *cluster) {
				for range 3 {
					l := c.warm()
					c.run(2, true)
					c.guard(l, func() { panic("index out of bounds: the len is 0 but the index is 0") })
					c.run(25, false)
					c.start(l)
					c.run(10, true)
				}
				c.run(10, true)
				c.run(4, false)
			}},
		Fault{Name: "uncommitted-replaced", Doc: "what the leader sends is lost; it restarts, and its entries are replaced by another leader's", Points: []string{"no-delivery"}, Gate: "received", Causes: lossy, Also: churn, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				c.hooks.leaving = lost(func(n *node, m pb.Message) bool { return n == l })
				for range 6 {
					c.guard(l, func() {
						l.voice.proposing(c.now, 77)
						must(l.raw.Propose(make([]byte, 8)))
						l.voice.proposed(c.now, l.raw.Status().Progress[l.id].Next-1)
						c.ready(l)
					})
					c.run(1, false)
				}
				c.stop(l)
				c.run(25, false)
				c.run(10, true)
				c.hooks = hooks{}
				c.start(l)
				c.run(20, true)
				c.run(4, false)
			}},
		Fault{Name: "disruptive", Doc: "without PreVote a node that hears nobody asks for votes again and again", Points: []string{"no-leader"}, Also: append([]string{"no-delivery"}, churn...), Unknown: true, Verdicts: []string{"healthy", "degraded", "fault", "undecided"},
			stage: func(c *cluster) {
				c.preVote, c.check = false, false
				for _, n := range c.nodes {
					c.start(n)
				}
				n := c.others(c.warm())[0]
				c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return m.To == n.id })
				c.run(80, true)
			}},
		Fault{Name: "healed-partition", Doc: "a follower cut off for a while rejoins; every write commits but for an election", Also: churn, Verdicts: []string{"healthy", "degraded", "fault"},
			stage: func(c *cluster) {
				n := c.others(c.warm())[0]
				c.hooks.leaving = lost(func(o *node, m pb.Message) bool { return m.To == n.id || o == n })
				c.run(40, true)
				c.heal()
			}},

		// Load and distance.
		Fault{Name: "pipeline", Doc: "hundreds of entries are in flight", Verdicts: calm,
			stage: func(c *cluster) {
				c.warm()
				c.size, c.every = 80, 1
				c.hooks.delay = func(pb.Message) int64 { return tick / 2 }
				c.run(12, true)
				c.run(12, false)
			}},
		Fault{Name: "pipeline-stuck", Doc: "hundreds of entries are in flight when the answers vanish", Points: []string{"no-delivery"}, Gate: "heard", Causes: lossy, Verdicts: faulty,
			stage: func(c *cluster) {
				l := c.warm()
				c.size, c.every = 60, 1
				c.hooks.delay = func(pb.Message) int64 { return tick / 2 }
				c.run(4, true)
				c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return m.To == l.id && of(m, pb.MsgAppResp) })
				c.run(4, true)
				c.run(30, false)
			}},
		Fault{Name: "far", Doc: "a round trip takes several heartbeats, always", Verdicts: calm,
			stage: func(c *cluster) {
				c.check = false
				c.hooks.delay = func(pb.Message) int64 { return 3 * tick }
				c.warm()
				c.run(60, true)
				c.run(12, false)
			}},
		Fault{Name: "far-under-load", Doc: "a round trip takes several heartbeats, always, under load", Verdicts: calm,
			stage: func(c *cluster) {
				c.check = false
				c.size, c.every = 8, 1
				c.hooks.delay = func(pb.Message) int64 { return 2 * tick }
				c.warm()
				c.run(40, true)
				c.run(10, false)
			}},
		Fault{Name: "idle", Doc: "nobody proposes", size: anySize, Verdicts: calm, stage: func(c *cluster) {
			for range 100 {
				if c.leader() != nil {
					break
				}
				c.run(1, false)
			}
			c.run(60, false)
		}},
		Fault{Name: "idle-after-work", Doc: "nobody proposes any more", size: anySize, Verdicts: calm, stage: func(c *cluster) { c.warm(); c.run(60, false) }},

		// Groups of one.
		Fault{Name: "single-commit-frozen", Doc: "a group of one whose commit stands still", size: 1, Points: []string{"no-commit-advance"}, Unknown: true, Verdicts: []string{"fault", "undecided"},
			stage: func(c *cluster) {
				at := c.warm().raw.BasicStatus().Commit
				c.hooks.commit = func(_ *node, commit uint64) uint64 { return min(commit, at) }
				c.run(40, true)
			}},
		Fault{Name: "single-apply-blocked", Doc: "a group of one whose state machine stands still", size: 1, Points: []string{"apply-stalled"}, Unknown: true, Verdicts: []string{"fault", "undecided"},
			stage: func(c *cluster) {
				at := c.warm().applied
				c.hooks.apply = func(*node, uint64) uint64 { return at }
				c.run(40, true)
			}},
	)
	return list
}

// learners makes learners of the nodes beyond the first three; then they are
// stuck: nothing arrives, or they make no answer.
func (c *cluster) learners(lostOnes bool) {
	c.join()
	l, ids := c.warm(), c.voters[3:]
	for _, id := range ids {
		c.change(l, pb.ConfChangeV2{Changes: []pb.ConfChangeSingle{{Type: pb.ConfChangeAddLearnerNode, NodeID: id}}})
		c.run(5, true)
	}
	for _, n := range c.nodes[3:] {
		n.learner = true
	}
	if lostOnes {
		c.hooks.leaving = lost(func(_ *node, m pb.Message) bool { return of(m, pb.MsgApp) && slices.Contains(ids, m.To) })
	} else {
		c.hooks.outgoing = without(func(n *node, m pb.Message) bool { return of(m, pb.MsgAppResp) && slices.Contains(ids, n.id) })
	}
	c.run(30, true)
	c.run(4, false)
}
