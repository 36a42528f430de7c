package cluster

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// harmless lists what happens in clusters that work: a diagnosis must not blame
// any of it. Some of it costs a node for a while, none of it a write.
func harmless() []FaultInfo {
	calm := func(name, doc string, params []Param, strike func(s *strike)) FaultInfo {
		return FaultInfo{
			Name: name, Doc: doc, Params: append(params, paramGroup), At: strikes, Verdict: raftdiag.Healthy,
			OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded}, Example: name, perGroup: true, leader: true, strike: strike,
		}
	}
	return []FaultInfo{
		calm("idle", "nobody proposes anything any more", nil, func(s *strike) { s.hush() }),
		calm("burst", "many proposals come at once", []Param{{"count", "60", "how many", count}}, func(s *strike) {
			for range s.f.number("count") {
				s.c.ask()
			}
		}),
		calm("lost-heartbeat", "one heartbeat to each follower gets lost", nil, func(s *strike) { s.loseOnce(raftpb.MsgHeartbeat) }),
		calm("lost-append", "one append to each follower gets lost, and is sent again", nil, func(s *strike) { s.loseOnce(raftpb.MsgApp) }),
		calm("lossy-link", "a message in thirty gets lost, though no forwarded proposal, which nobody would send again", nil, func(s *strike) {
			s.rule(func(_, _ uint64, m raftpb.Message) passage {
				return passage{lose: m.Type != raftpb.MsgProp && s.c.dice.chance(1./30)}
			})
		}),
		calm("duplicates", "a message in five arrives twice", nil, func(s *strike) {
			s.rule(func(uint64, uint64, raftpb.Message) passage {
				if s.c.dice.chance(0.2) {
					return passage{again: 1}
				}
				return passage{}
			})
		}),
		calm("rejected-once", "a follower rejects one append, and the next one matches", []Param{on("follower", "the follower that rejects")}, func(s *strike) {
			for _, b := range s.boxes("on") {
				var asked atomic.Bool
				s.do(b, func(r *replica) {
					last, _ := r.store.LastIndex()
					r.store.lie = func(i, t uint64) uint64 {
						if i == last && asked.CompareAndSwap(false, true) {
							return t + 1
						}
						return t
					}
				})
			}
		}),
		calm("slow-follower", "messages from and to one follower, which no quorum needs, take long", []Param{on("other", "the slow follower"),
			{"delay", "150ms", "what a message takes", duration}}, func(s *strike) {
			d := s.f.duration("delay")
			s.rule(func(from, to uint64, _ raftpb.Message) passage {
				if s.in("on", from) || s.in("on", to) {
					return passage{delay: d}
				}
				return passage{}
			})
		}),
		calm("follower-cut-off", "no append reaches one follower, which no quorum needs", []Param{on("other", "the follower")}, func(s *strike) {
			s.rule(func(_, to uint64, m raftpb.Message) passage {
				return passage{lose: s.in("on", to) && m.Type == raftpb.MsgApp}
			})
		}),
		calm("late-apply", "the state machine of a follower stands still for a while, and no client asks there", []Param{on("other", "the follower")}, func(s *strike) {
			for _, b := range s.boxes("on") {
				b.shunned.Add(1)
				s.undoing(func() { b.shunned.Add(-1) })
			}
			s.sleep(3 * s.c.o.Tick) // who asked before is served
			s.blockApply()
		}).lasting(800 * time.Millisecond),
		calm("healed-before", "the network loses the followers' answers while nobody proposes, and heals before somebody does", nil, func(s *strike) {
			s.hush()
			if !s.sleep(4 * s.c.o.Tick) { // who asked before is served
				return
			}
			s.rule(func(_, to uint64, m raftpb.Message) passage {
				return passage{lose: to == s.lead && m.Type == raftpb.MsgAppResp}
			})
		}).lasting(time.Second),
		calm("noisy-transport", "the transport gives up one heartbeat in eight, and says so", nil, func(s *strike) {
			for _, b := range s.c.boxes {
				s.undoing(b.hooks.refuses.add(func(g string, m raftpb.Message) error {
					if g == s.group && m.Type == raftpb.MsgHeartbeat && s.c.dice.chance(0.125) {
						return errors.New("write tcp: broken pipe")
					}
					return nil
				}))
			}
		}),
		calm("leader-restart", "the leader ends with nothing on its way, and comes back when another one leads", nil, func(s *strike) {
			s.hush()
			if !s.sleep(4 * s.c.o.Tick) {
				return
			}
			b := s.c.box(s.lead)
			if n := b.running(); n != nil {
				n.stop("terminated")
			}
			s.await(func() bool { return s.c.settled(s.group) })
			s.back(b)
		}).lasting(4 * time.Second),
		calm("snapshot-catch-up", "a follower is down while its entries are compacted away, and catches up by a snapshot", []Param{on("other", "the follower")}, func(s *strike) {
			down := s.boxes("on")
			for _, b := range down {
				if n := b.running(); n != nil {
					n.stop("terminated")
				}
			}
			s.sleep(30 * s.c.o.Tick)
			for _, b := range s.c.boxes {
				s.do(b, func(r *replica) {
					if err := r.compact(); err != nil {
						r.log.StorageFailed(err)
					}
				})
			}
			for _, b := range down {
				s.back(b)
			}
		}).lasting(4 * time.Second),
		calm("vain-campaign", "a follower campaigns once for nothing while nobody proposes", []Param{on("other", "the follower")}, func(s *strike) {
			s.hush()
			if !s.sleep(4 * s.c.o.Tick) {
				return
			}
			for _, b := range s.boxes("on") {
				s.do(b, func(r *replica) {
					if r.rn.BasicStatus().RaftState == raft.StateFollower {
						_ = r.rn.Campaign() // who is no voter does not
					}
				})
			}
		}).lasting(3 * time.Second),
		calm("joint-change", "a follower loses its vote and gets it back, each by a joint configuration that is left again", []Param{on("other", "the follower")}, func(s *strike) {
			for _, id := range s.nodes["on"] {
				for _, t := range []raftpb.ConfChangeType{raftpb.ConfChangeAddLearnerNode, raftpb.ConfChangeAddNode} {
					if !s.jointly(t, id) || !s.sleep(5*s.c.o.Tick) {
						return
					}
				}
			}
		}),
		learnerPromoted(calm),
		skewedClock(calm),
		calm("log-ends", "the run ends right after proposals were made", nil, func(s *strike) {
			for range 3 {
				s.c.ask()
			}
			s.sleep(s.c.o.Tick / 8)
			s.c.ctx.end()
		}),
	}
}

// A calmly makes an entry of the harmless list.
type calmly func(name, doc string, params []Param, strike func(s *strike)) FaultInfo

func learnerPromoted(calm calmly) FaultInfo {
	i := calm("learner-promoted", "a learner that has kept up becomes a voter", nil, func(s *strike) {
		for _, id := range s.c.o.ids[len(s.c.o.ids)-s.c.o.Learners:] {
			s.reconfigure(raftpb.ConfChangeAddNode, id)
		}
	})
	i.build = func(_ *Fault, o *options) { o.Learners = max(1, o.Learners) }
	i.check = func(_ *Fault, o *options) error {
		if o.Nodes < 2 {
			return errors.New("needs two nodes, one of them a learner")
		}
		return nil
	}
	return i
}

func skewedClock(calm calmly) FaultInfo {
	i := calm("skewed-clock", "the clock of a node is far off from the start, and stays so", []Param{on("other", "the node"), {"by", "1h0m0s", "how far ahead it is", duration}}, nil)
	i.first = func(f *Fault, c *cluster) {
		for _, id := range c.resolve(f.param("on"), c.groups[0], 0) {
			if b := c.box(id); b != nil {
				b.skew.Add(int64(f.duration("by")))
			}
		}
	}
	i.At, i.perGroup, i.leader = 0, false, false
	return i
}

// jointly changes one member by a joint configuration, and waits until that is
// left.
func (s *strike) jointly(t raftpb.ConfChangeType, id uint64) bool {
	cc := raftpb.ConfChangeV2{Transition: raftpb.ConfChangeTransitionJointImplicit, Changes: []raftpb.ConfChangeSingle{{Type: t, NodeID: id}}}
	for {
		s.change(cc)
		for range 40 { // one change at a time: it may have been refused
			l := s.leader()
			var done bool
			if l != nil && s.do(l, func(r *replica) {
				conf := r.rn.Status().Config
				_, votes := conf.Voters[0][id]
				done = len(conf.Voters[1]) == 0 && votes == (t == raftpb.ConfChangeAddNode)
			}) && done {
				return true
			}
			if !s.sleep(s.c.o.Tick) {
				return false
			}
		}
	}
}

// lasting is the fault with the time after which it heals by default.
func (i FaultInfo) lasting(d time.Duration) FaultInfo {
	i.For = d
	return i
}

// hush keeps the client from proposing until the fault heals.
func (s *strike) hush() {
	s.c.hush.Add(1)
	s.undoing(func() { s.c.hush.Add(-1) })
}

// loseOnce loses the next message of the type to each node.
func (s *strike) loseOnce(t raftpb.MessageType) {
	var mu sync.Mutex
	var lost []uint64
	s.rule(func(_, to uint64, m raftpb.Message) passage {
		mu.Lock()
		defer mu.Unlock()
		if m.Type != t || slices.Contains(lost, to) {
			return passage{}
		}
		lost = append(lost, to)
		return passage{lose: true}
	})
}
