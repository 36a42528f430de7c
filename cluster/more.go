package cluster

import (
	"errors"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3/raftpb"
)

// more lists faults whose effect is long or depends on chance, so that the
// virtual clock shows them best.
func more() []FaultInfo {
	return []FaultInfo{
		{
			Name: "late-addresses", Doc: "the nodes come up without the addresses of their peers, which are registered only some time later",
			Params: []Param{{"on", "all", "the nodes without addresses", nodeSet}}, For: 3 * time.Second,
			Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded, raftdiag.Healthy},
			Hypothesis: "no-leader", OrHypothesis: []string{"no-delivery", "proposal-dropped", ""}, Causes: []string{"no-address", "quorum-lost"},
			Example: "late-addresses:for=2s",
			first: func(_ *Fault, c *cluster) {
				for _, b := range c.boxes {
					for _, p := range c.boxes {
						if p != b {
							b.book.set(p.id, "")
						}
					}
				}
			},
			strike: func(s *strike) {
				for _, b := range s.c.boxes {
					for _, p := range s.c.boxes {
						if !s.in("on", b.id) {
							b.book.set(p.id, s.c.net.address(p.id))
							continue
						}
						s.undoing(func() { b.book.set(p.id, s.c.net.address(p.id)) })
					}
				}
			},
		},
		{
			Name: "votes-lost", Doc: "the leader is killed, and the network loses all requests for votes",
			At: strikes, Verdict: raftdiag.Fault, Hypothesis: "no-leader", OrHypothesis: []string{"proposal-dropped", "no-quorum", "no-delivery"},
			Causes:  []string{"packet-loss", "quorum-lost", "node-down", "election-storm", "one-way-partition", "partition"},
			Example: "votes-lost", leader: true,
			strike: func(s *strike) {
				s.undoing(s.c.wires.rules.add(func(_ string, _, _ uint64, m raftpb.Message) passage {
					return passage{lose: m.Type == raftpb.MsgVote || m.Type == raftpb.MsgPreVote}
				}))
				s.stop([]*box{s.c.box(s.lead)}, "")
			},
		},
		{
			Name: "leader-flapping", Doc: "leadership is handed on all the time, as by an eager balancer",
			At: strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded, raftdiag.Healthy},
			Hypothesis: "no-leader", OrHypothesis: []string{"proposal-dropped", ""}, Causes: []string{"leader-flapping", "transfer-in-progress", "not-leader"},
			Params: []Param{paramGroup}, Example: "leader-flapping", perGroup: true, leader: true,
			strike: func(s *strike) {
				for s.sleep(3 * s.c.o.Tick) {
					l := s.leader()
					if l == nil {
						continue
					}
					s.do(l, func(r *replica) {
						for _, b := range s.c.boxes {
							if v := s.third(l.id, l.id); b.id == v {
								r.rn.TransferLeader(v)
							}
						}
					})
				}
			},
		},
		{
			Name: "quota-exceeded", Doc: "the application refuses every proposal: its space is used up",
			Params: []Param{on("all", "the nodes that refuse"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "proposal-dropped", Causes: []string{"quota-exceeded"},
			Example: "quota-exceeded", perGroup: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.takes.add(func(g string, _ bool) error {
						if g != s.group {
							return nil
						}
						return errors.New("mvcc: database space exceeded")
					}))
				}
			},
		},
		{
			Name: "followers-paused", Doc: "the processes of the followers stand still, ports and all",
			Params: []Param{on("followers", "the nodes that stand still")},
			At:     strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Undecided},
			Hypothesis: "no-delivery", OrHypothesis: []string{"no-response", "no-quorum", "proposal-dropped"},
			Causes:  []string{"process-paused", "sender-blocked", "partition", "one-way-partition", "loop-stalled", "slow-network"},
			Example: "followers-paused:for=2s", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.pause.close())
				}
			},
		},
		{
			Name: "disk-hangs", Doc: "a write of each follower to its disk takes for ever",
			Params: []Param{on("followers", "the nodes whose disk hangs"), {"delay", "30s", "how long a write takes", duration}},
			// A follower of one group leads another; with asynchronous writes it goes
			// on leading, and its own match stays behind: then matched is where the
			// vote is lost, for the leader counts as one voter.
			At: strikes, Verdict: raftdiag.Fault, Hypothesis: "no-response", OrHypothesis: []string{"proposal-dropped", "no-quorum"},
			Causes:  []string{"loop-stalled", "slow-disk", "answer-not-sent"},
			Example: "disk-hangs", leader: true,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.disk.add(func(string) (time.Duration, error) { return d, nil }))
				}
			},
		},
		{
			Name: "big-appends-lost", Doc: "the network loses appends above a size, as a wrong MTU does; the first one that is lost blocks the rest",
			Params: []Param{{"bytes", "1", "of entries in an append that passes", count}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", Causes: []string{"packet-loss", "partition", "one-way-partition"},
			Example: "big-appends-lost:bytes=1000", perGroup: true, leader: true,
			strike: func(s *strike) {
				limit := s.f.number("bytes")
				s.rule(func(_, _ uint64, m raftpb.Message) passage {
					size := 0
					for _, e := range m.Entries {
						size += len(e.Data)
					}
					return passage{lose: m.Type == raftpb.MsgApp && size > limit}
				})
			},
		},
		{
			Name: "leader-isolated", Doc: "nothing passes between the leader and the others, who elect another leader",
			At: strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped", "no-leader"},
			Causes: []string{"partition", "one-way-partition", "forward-lost"}, Example: "leader-isolated:for=2s", leader: true,
			strike: func(s *strike) {
				s.undoing(s.c.wires.cuts.add(func(from, to uint64) bool { return from != to && (from == s.lead || to == s.lead) }))
			},
		},
		{
			Name: "answers-late", Doc: "the followers' answers take several heartbeats on the way",
			Params: []Param{{"delay", "700ms", "what an answer takes", duration}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded, raftdiag.Healthy}, Hypothesis: "no-delivery", OrHypothesis: []string{""},
			Causes: []string{"slow-network"}, Example: "answers-late:delay=900ms", perGroup: true, leader: true,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				s.rule(func(_, _ uint64, m raftpb.Message) passage {
					if m.Type == raftpb.MsgAppResp {
						return passage{delay: d}
					}
					return passage{}
				})
			},
		},
	}
}
