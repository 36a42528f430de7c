package cluster

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
)

const strikes = 1500 * time.Millisecond // after the first election, with some entries committed

var paramGroup = Param{"group", "", "the group it strikes; all of them if none is named", groupName}

func on(words, doc string) Param { return Param{"on", words, doc, nodeSet} }

// catalogue lists the faults. The scripts leave heartbeats alone wherever a
// stable leader is wanted: followers without heartbeats would elect another
// one, and the stall would heal.
func catalogue() []FaultInfo {
	return []FaultInfo{
		{
			Name: "healthy", Doc: "nothing goes wrong",
			Verdict: raftdiag.Healthy, Example: "healthy",
		},
		{
			Name: "leader-transfer", Doc: "leadership is handed over; nothing is wrong",
			Params: []Param{{"to", "follower", "the node that is to lead", nodeSet}, paramGroup},
			At:     strikes, Verdict: raftdiag.Healthy, Example: "leader-transfer:to=3",
			perGroup: true, leader: true,
			strike: func(s *strike) {
				if to := s.nodes["to"]; len(to) > 0 {
					s.do(s.leader(), func(r *replica) { r.rn.TransferLeader(to[0]) })
				}
			},
		},

		// proposal-dropped
		{
			Name: "forwarding-disabled", Doc: "followers drop proposals instead of forwarding them to the leader",
			Verdict: raftdiag.Fault, Hypothesis: "proposal-dropped", Causes: []string{"forwarding-disabled", "not-leader"},
			Example: "forwarding-disabled",
			build:   func(_ *Fault, o *options) { o.noForwarding = true },
		},
		{
			Name: "not-leader", Doc: "the application refuses proposals on nodes that do not lead",
			Params: []Param{on("all", "the nodes that refuse"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "proposal-dropped", Causes: []string{"not-leader"},
			Example: "not-leader", perGroup: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.takes.add(func(g string, leads bool) error {
						if g != s.group || leads {
							return nil
						}
						return errors.New("not the leader")
					}))
				}
			},
		},
		{
			Name: "forward-lost", Doc: "proposals that followers forward do not reach the leader",
			Params: []Param{{"from", "followers", "the nodes whose forwarded proposals are lost", nodeSet}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "proposal-dropped", Causes: []string{"forward-lost"},
			Example: "forward-lost:from=2", perGroup: true, leader: true,
			strike: func(s *strike) { s.loseOnWire("from", raftpb.MsgProp) },
		},
		{
			Name: "uncommitted-limit", Doc: "the leader takes one uncommitted entry at a time, and appends are slow",
			Params: []Param{{"limit", "1", "bytes of uncommitted entries that the leader takes", count},
				{"delay", "150ms", "what each append and answer takes on the way", duration}, paramGroup},
			At: strikes, Verdict: raftdiag.Fault, Hypothesis: "proposal-dropped", OrHypothesis: []string{"no-delivery"}, Causes: []string{"uncommitted-limit", "slow-network"},
			Example: "uncommitted-limit:delay=200ms", perGroup: true, leader: true,
			build:  func(f *Fault, o *options) { o.maxUncommitted, _ = strconv.ParseUint(f.param("limit"), 10, 64) },
			strike: func(s *strike) { s.slowAppends() },
		},
		{
			Name: "transfer-in-progress", Doc: "leadership is being handed to a node that is down, over and over",
			Params: []Param{{"to", "follower", "the node that is stopped and is to lead", nodeSet}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "proposal-dropped", Causes: []string{"transfer-in-progress", "node-down"},
			Example: "transfer-in-progress", leader: true,
			strike: func(s *strike) {
				to := s.nodes["to"]
				if len(to) == 0 {
					return
				}
				s.stop(s.boxes("to"), "")
				for s.sleep(s.c.o.Tick / 2) {
					if l := s.leader(); l != nil {
						s.do(l, func(r *replica) { r.rn.TransferLeader(to[0]) })
					}
				}
			},
		},

		// no-leader
		{
			Name: "election-storm", Doc: "messages take longer than the election timeout, so that nobody ever wins",
			Params:  []Param{{"delay", "600ms", "what every message takes on the way", duration}, paramGroup},
			Verdict: raftdiag.Fault, Hypothesis: "no-leader", OrHypothesis: []string{"proposal-dropped", "no-delivery", "no-response"},
			Causes:  []string{"election-storm", "slow-network", "leader-flapping", "split-vote", "disruptive-node"},
			Example: "election-storm:delay=800ms", perGroup: true,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				s.rule(func(uint64, uint64, raftpb.Message) passage { return passage{delay: d} })
			},
		},
		{
			Name: "quorum-lost", Doc: "so many nodes are killed, the leader among them, that nobody can be elected; with at=0s they never start",
			Params: []Param{{"keep", "", "the nodes that run on; by default followers, or with at=0s the first nodes, one less than a quorum", nodeSet}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-leader", OrHypothesis: []string{"no-quorum", "proposal-dropped"},
			Causes:  []string{"quorum-lost", "dead-voters", "node-down", "connection-refused"},
			Example: "quorum-lost:keep=1",
			first: func(f *Fault, c *cluster) {
				if f.At > 0 {
					return
				}
				keep := c.resolve(f.param("keep"), c.groups[0], 0)
				for i, b := range c.boxes {
					if len(keep) == 0 && i >= len(c.boxes)/2 || len(keep) > 0 && !slices.Contains(keep, b.id) {
						b.absent = true
					}
				}
			},
			strike: func(s *strike) {
				if s.f.At == 0 {
					return
				}
				if !s.await(func() bool { return s.c.settled(s.group) }) {
					return
				}
				keep := s.nodes["keep"]
				if len(keep) == 0 {
					keep = s.c.resolve("followers", s.group, s.c.leader(s.group))
					keep = keep[:(len(s.c.boxes)-1)/2]
				}
				var down []*box
				for _, b := range s.c.boxes {
					if !slices.Contains(keep, b.id) {
						down = append(down, b)
					}
				}
				s.stop(down, "")
			},
		},
		{
			Name: "split-vote", Doc: "all nodes campaign at the same moments, over and over, as they would without random election timeouts, and each votes for itself",
			Params:  []Param{{"delay", "20ms", "what a vote takes on the way, so that it finds the others candidates", duration}, paramGroup},
			Verdict: raftdiag.Fault, Hypothesis: "no-leader", Causes: []string{"split-vote", "election-storm"},
			Example: "split-vote:delay=40ms", perGroup: true,
			check: withoutPreVote,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				s.rule(func(_, _ uint64, m raftpb.Message) passage {
					if m.Type == raftpb.MsgVote || m.Type == raftpb.MsgVoteResp {
						return passage{delay: d}
					}
					return passage{}
				})
				for s.sleep(time.Duration(s.c.o.electionTick-2) * s.c.o.Tick) {
					for _, b := range s.c.boxes {
						if n := b.running(); n != nil {
							d := n.byName[s.group]
							d.post(func() { _ = d.rn.Campaign() }) // it cannot fail on a voter
						}
					}
				}
			},
		},
		{
			Name: "empty-voters", Doc: "the nodes are bootstrapped without voters",
			Verdict: raftdiag.Fault, Hypothesis: "no-leader", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"empty-voters"},
			Example: "empty-voters",
			build:   func(_ *Fault, o *options) { o.votersOf = func(uint64) []uint64 { return nil } },
		},
		{
			Name: "one-node-groups", Doc: "each node is bootstrapped with itself as the only voter",
			Verdict: raftdiag.Fault, Hypothesis: "no-leader", OrHypothesis: []string{""}, Causes: []string{"one-node-groups"},
			Example: "one-node-groups",
			build:   func(_ *Fault, o *options) { o.votersOf = func(id uint64) []uint64 { return []uint64{id} } },
		},
		{
			Name: "ghost-bootstrap", Doc: "the nodes are bootstrapped with voters that do not exist, so many that nobody can win",
			Params:  []Param{{"ids", "", "the voters that do not exist; as many as there are nodes, from 11 on", idList}},
			Verdict: raftdiag.Fault, Hypothesis: "no-leader", OrHypothesis: []string{"no-quorum", "proposal-dropped"},
			Causes: []string{"ghost-voters", "quorum-lost"}, Example: "ghost-bootstrap:ids=11+12+13",
			build: func(f *Fault, o *options) {
				real, ghosts := o.votersOf, ghosts(f, o.Nodes)
				o.votersOf = func(id uint64) []uint64 { return append(real(id), ghosts...) }
			},
		},
		{
			Name: "duplicate-id", Doc: "every process takes itself for node 1",
			Params:  []Param{{"id", "1", "the id that all use", count}},
			Verdict: raftdiag.Fault, Hypothesis: "no-leader", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"duplicate-id"},
			Example: "duplicate-id",
			check: func(f *Fault, o *options) error {
				if id, _ := strconv.Atoi(f.param("id")); id < 1 || id > o.Nodes {
					return fmt.Errorf("id: no node %s among %d", f.param("id"), o.Nodes)
				}
				return nil
			},
			build: func(f *Fault, o *options) {
				id, _ := strconv.ParseUint(f.param("id"), 10, 64)
				o.raftID = func(uint64) uint64 { return id }
			},
		},

		{
			Name: "disruptive-node", Doc: "a follower hears nobody and is heard: it campaigns in ever higher terms and deposes each leader",
			Params: []Param{on("follower", "the nodes that hear nobody")},
			At:     strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded}, Hypothesis: "no-leader", OrHypothesis: []string{"", "no-delivery"},
			Causes: []string{"disruptive-node", "election-storm", "leader-flapping", "one-way-partition", "partition"}, Example: "disruptive-node:on=3",
			leader: true,
			check:  withoutPreVote,
			strike: func(s *strike) {
				s.undoing(s.c.wires.cuts.add(func(from, to uint64) bool { return from != to && s.in("on", to) }))
			},
		},

		// H1
		{
			Name: "dropped-before-send", Doc: "the leader's appends get lost between Ready and the transport; heartbeats go on",
			Params: []Param{on("leader", "the nodes that lose appends"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-broadcast", Causes: []string{"dropped-before-send", "ready-not-drained"},
			Example: "dropped-before-send:for=2s", perGroup: true, leader: true,
			strike: func(s *strike) { s.loseBefore("on", raftpb.MsgApp, raftpb.MsgSnap) },
		},
		{
			Name: "progress-paused", Doc: "the leader holds its followers in a paused Probe: they are reported unreachable, one append gets lost before the transport, and heartbeat answers, which would resume them, are not stepped",
			Params: []Param{on("followers", "the followers that are held"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-broadcast", Causes: []string{"progress-paused", "dropped-before-send"},
			Example: "progress-paused", perGroup: true, leader: true,
			strike: func(s *strike) {
				lead := s.c.box(s.lead)
				s.undoing(lead.hooks.steps.add(func(g string, m raftpb.Message) (bool, error) {
					return g != s.group || m.Type != raftpb.MsgHeartbeatResp || !s.in("on", m.From), nil
				}))
				s.undoing(lead.hooks.leaves.add(func(g string, m raftpb.Message) bool {
					return g != s.group || m.Type != raftpb.MsgApp || !s.in("on", m.To)
				}))
				for s.sleep(s.c.o.Tick / 2) {
					s.do(lead, func(r *replica) {
						for _, id := range s.nodes["on"] {
							r.rn.ReportUnreachable(id)
						}
					})
				}
			},
		},
		{
			Name: "inflight-full", Doc: "the window of appends in flight is small, and the leader does not step the answers that would free it",
			Params: []Param{{"window", "4", "appends in flight", count}, on("leader", "the nodes that do not step answers"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-broadcast", OrHypothesis: []string{"no-quorum"},
			Causes:  []string{"inflight-full", "progress-uninitialised", "progress-paused"},
			Example: "inflight-full:window=2", perGroup: true, leader: true,
			check: func(f *Fault, _ *options) error {
				if f.param("window") == "0" {
					return errors.New("window: at least 1")
				}
				return nil
			},
			build:  func(f *Fault, o *options) { o.maxInflight, _ = strconv.Atoi(f.param("window")) },
			strike: func(s *strike) { s.swallow("on", nil, raftpb.MsgAppResp) },
		},
		{
			Name: "snapshot-pending", Doc: "a follower misses appends that are then compacted away, twice: it gets a snapshot, and the second one never leaves, and nobody reports so; the other followers are removed, so that a quorum needs this one",
			Params: []Param{on("follower", "the follower that needs a snapshot"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-broadcast",
			Causes: []string{"snapshot-pending", "dropped-before-send"}, Example: "snapshot-pending",
			leader: true,
			strike: pendSnapshot,
		},
		{
			Name: "not-a-voter", Doc: "a node is started as a voter, and nobody made it one: the configuration of the others, which run, lacks it, and no leader sends it anything; PreVote and CheckQuorum keep it from deposing them",
			Params: []Param{{"ids", "", "the nodes that nobody knows; by default the last one", idList}},
			At:     strikes, Verdict: raftdiag.Degraded, OrVerdict: []raftdiag.RunVerdict{raftdiag.Fault}, Hypothesis: "no-broadcast", OrHypothesis: []string{"", "proposal-dropped", "no-leader"},
			Causes: []string{"not-a-voter"}, Example: "not-a-voter:ids=3", leader: true,
			check: func(f *Fault, o *options) error {
				if o.Nodes < 3 || 2*len(f.ids("ids")) >= o.Nodes {
					return errors.New("needs three nodes, of which most know one another")
				}
				return nil
			},
			build: func(f *Fault, o *options) {
				o.PreVote, o.CheckQuorum = true, true
				unknown, all := strangers(f, o), o.votersOf
				o.votersOf = func(id uint64) []uint64 {
					if slices.Contains(unknown, id) {
						return all(id)
					}
					return slices.DeleteFunc(all(id), func(v uint64) bool { return slices.Contains(unknown, v) })
				}
			},
			first: func(f *Fault, c *cluster) {
				for _, id := range strangers(f, c.o) {
					if b := c.box(id); b != nil {
						b.absent = true
					}
				}
			},
			strike: func(s *strike) {
				for _, id := range strangers(s.f, s.c.o) {
					if b := s.c.box(id); b != nil {
						s.back(b)
					}
				}
			},
		},
		{
			Name: "ready-not-drained", Doc: "no node takes its Ready any more, though ticks and messages go into Raft",
			Params: []Param{on("all", "the nodes that do not take Ready"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-broadcast", OrHypothesis: []string{"proposal-dropped", "no-leader", "apply-stalled"},
			Causes: []string{"ready-not-drained", "leader-stalled"}, Example: "ready-not-drained:on=leader",
			perGroup: true, leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.drains.add(func(g string) bool { return g != s.group }))
				}
			},
		},
		{
			Name: "leader-stalled", Doc: "the leader's Raft loop stands still and its port goes on receiving; the others elect another leader",
			Params: []Param{on("leader", "the nodes whose loop stands still"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-broadcast", OrHypothesis: []string{"no-leader"},
			Causes: []string{"leader-stalled", "ready-not-drained", "loop-stalled"}, Example: "leader-stalled:for=2s",
			perGroup: true, leader: true,
			strike: func(s *strike) { s.freeze("on") },
		},

		// H3
		{
			Name: "drop-requests", Doc: "the network loses the leader's appends; heartbeats pass",
			Params: []Param{{"from", "leader", "the nodes whose appends are lost", nodeSet}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", Causes: []string{"packet-loss", "one-way-partition", "partition"},
			Example: "drop-requests:at=2s,for=3s", perGroup: true, leader: true,
			strike: func(s *strike) { s.loseOnWire("from", raftpb.MsgApp, raftpb.MsgSnap) },
		},
		{
			Name: "drop-responses", Doc: "the network loses the followers' answers to appends; heartbeats and their answers pass",
			Params: []Param{{"from", "followers", "the nodes whose answers are lost", nodeSet}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", Causes: []string{"packet-loss", "one-way-partition", "partition"},
			Example: "drop-responses:from=1+3,at=2s,for=3s", perGroup: true, leader: true,
			strike: func(s *strike) { s.loseOnWire("from", raftpb.MsgAppResp) },
		},
		{
			Name: "packet-loss", Doc: "a share of appends and of their answers is lost by chance; heartbeats pass",
			Params: []Param{{"share", "0.95", "how many are lost", fraction}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded}, Hypothesis: "no-delivery", OrHypothesis: []string{"no-quorum"},
			Causes: []string{"packet-loss", "flapping-link", "partition", "one-way-partition", "rejected"}, Example: "packet-loss:share=0.99",
			perGroup: true, leader: true,
			strike: func(s *strike) {
				share, _ := strconv.ParseFloat(s.f.param("share"), 64)
				s.rule(func(_, _ uint64, m raftpb.Message) passage {
					return passage{lose: (m.Type == raftpb.MsgApp || m.Type == raftpb.MsgAppResp) && s.c.dice.chance(share)}
				})
			},
		},
		{
			Name: "undecodable", Doc: "the leader's appends arrive garbled",
			Params: []Param{{"from", "leader", "the nodes whose appends are garbled", nodeSet}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"no-response"}, Causes: []string{"undecodable"},
			Example: "undecodable:for=2s", perGroup: true, leader: true,
			strike: func(s *strike) {
				s.rule(func(from, _ uint64, m raftpb.Message) passage {
					return passage{garble: s.in("from", from) && m.Type == raftpb.MsgApp}
				})
			},
		},
		{
			Name: "partition", Doc: "nothing passes between the two sets of nodes, in either direction",
			Params: []Param{{"a", "all", "one side", nodeSet}, {"b", "all", "the other side", nodeSet}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped", "no-leader"}, Causes: []string{"partition", "one-way-partition"},
			Example: "partition:a=leader,b=followers", leader: true,
			strike: func(s *strike) {
				s.undoing(s.c.wires.cuts.add(func(from, to uint64) bool {
					return from != to && (s.in("a", from) && s.in("b", to) || s.in("b", from) && s.in("a", to))
				}))
			},
		},
		{
			Name: "one-way-partition", Doc: "nothing passes in one direction; the other works",
			Params: []Param{{"from", "followers", "where messages come from", nodeSet}, {"to", "leader", "where they do not arrive", nodeSet}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"one-way-partition", "partition"},
			Example: "one-way-partition:from=leader,to=followers", leader: true,
			strike: func(s *strike) {
				s.undoing(s.c.wires.cuts.add(func(from, to uint64) bool {
					return from != to && s.in("from", from) && s.in("to", to)
				}))
			},
		},
		{
			Name: "no-address", Doc: "nodes lose the addresses of their peers",
			Params: []Param{on("all", "the nodes that lose addresses"), {"peer", "all", "the peers whose addresses are lost", nodeSet}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped", "no-leader"}, Causes: []string{"no-address"},
			Example: "no-address:on=followers,peer=leader", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					for _, p := range s.nodes["peer"] {
						if p != b.id {
							s.readdress(b, p, "")
						}
					}
				}
			},
		},
		{
			Name: "wrong-peer-address", Doc: "the followers' address of the leader is that of another follower: answers go there",
			Params: []Param{on("followers", "the nodes with the wrong address"), {"peer", "leader", "whose address is wrong", nodeSet}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"wrong-peer-address"},
			Example: "wrong-peer-address:on=2+3,peer=1", leader: true,
			check: func(_ *Fault, o *options) error {
				if o.Nodes < 3 {
					return errors.New("needs three nodes (hint: a wrong address is that of a third node)")
				}
				return nil
			},
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					for _, p := range s.nodes["peer"] {
						if p != b.id {
							s.readdress(b, p, s.c.net.address(s.third(b.id, p)))
						}
					}
				}
			},
		},
		{
			Name: "connection-refused", Doc: "a node that runs has closed its port",
			Params: []Param{on("leader", "the nodes whose port is closed")},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"connection-refused"},
			Example: "connection-refused:on=leader,for=2s", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					n := b.running()
					if n == nil {
						continue
					}
					n.deafen()
					s.undoing(func() {
						if err := n.listen(); err != nil && s.c.ctx.Err() == nil {
							s.c.fail(err)
						}
					})
				}
			},
		},

		{
			Name: "tls-failure", Doc: "certificates expire, and connections are made anew: the handshakes fail",
			Params: []Param{on("all", "the nodes whose certificates expire")},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped", "no-leader"}, Causes: []string{"tls-failure"},
			Example: "tls-failure:on=followers", leader: true,
			build: func(_ *Fault, o *options) { o.tls = true },
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(s.c.net.expire(b.id))
					if n := b.running(); n != nil {
						n.deafen()
						if err := n.listen(); err != nil && s.c.ctx.Err() == nil {
							s.c.fail(err)
						}
					}
				}
			},
		},
		{
			Name: "cluster-id-mismatch", Doc: "nodes take themselves to be of other clusters, each of one: they refuse messages, and theirs are refused",
			Params: []Param{on("followers", "the nodes with the other cluster's id")},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped", "no-leader"}, Causes: []string{"cluster-id-mismatch"},
			Example: "cluster-id-mismatch:on=leader", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					own := b.family.Load()
					b.family.Store(own + b.id)
					s.undoing(func() { b.family.Store(own) })
				}
			},
		},
		{
			Name: "flapping-link", Doc: "appends and their answers pass and are lost in turn, half of each period; heartbeats pass",
			Params: []Param{{"period", "1.2s", "of loss and passage together", duration}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded}, Hypothesis: "no-delivery", OrHypothesis: []string{"", "no-quorum"},
			Causes: []string{"flapping-link", "packet-loss", "partition", "one-way-partition"}, Example: "flapping-link:period=2s",
			perGroup: true, leader: true,
			strike: func(s *strike) {
				var up atomic.Bool
				s.rule(func(_, _ uint64, m raftpb.Message) passage {
					return passage{lose: !up.Load() && (m.Type == raftpb.MsgApp || m.Type == raftpb.MsgAppResp)}
				})
				for s.sleep(max(s.f.duration("period")/2, time.Millisecond)) {
					up.Store(!up.Load())
				}
			},
		},
		{
			Name: "slow-network", Doc: "messages take long, though less than the election timeout: commits are late",
			Params: []Param{{"delay", "120ms", "what every message takes on the way", duration}, paramGroup},
			At:     strikes, Verdict: raftdiag.Degraded, OrVerdict: []raftdiag.RunVerdict{raftdiag.Healthy, raftdiag.Fault}, Hypothesis: "no-delivery", OrHypothesis: []string{""}, Causes: []string{"slow-network"},
			Example: "slow-network:delay=200ms", perGroup: true, leader: true,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				s.rule(func(uint64, uint64, raftpb.Message) passage { return passage{delay: d} })
			},
		},
		{
			Name: "sender-blocked", Doc: "the followers' transport takes messages and stands still before the network",
			Params: []Param{on("followers", "the nodes whose transport stands still")},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"sender-blocked", "one-way-partition", "partition"},
			Example: "sender-blocked:for=2s", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.wire.close())
				}
			},
		},
		{
			Name: "buffer-full", Doc: "the followers' transport stands still, and its buffer is small: it refuses messages",
			Params: []Param{on("followers", "the nodes whose transport stands still"), {"queue", "4", "messages that the buffer of each peer holds", count}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-delivery", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"buffer-full", "sender-blocked"},
			Example: "buffer-full:queue=8", leader: true,
			build: func(f *Fault, o *options) { o.queue, _ = strconv.Atoi(f.param("queue")) },
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.wire.close())
				}
			},
		},

		// H2
		{
			Name: "step-error", Doc: "the followers receive appends and do not step them; heartbeats are stepped",
			Params: []Param{on("followers", "the nodes that do not step appends"), {"say", "no", "yes: they log an error each time", word}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-response", Causes: []string{"step-error"},
			Example: "step-error:say=yes", words: []string{"no", "yes"}, perGroup: true, leader: true,
			strike: func(s *strike) {
				var err error
				if s.f.param("say") == "yes" {
					err = fmt.Errorf("replica not found for %s", s.group)
				}
				s.swallow("on", err, raftpb.MsgApp, raftpb.MsgSnap)
			},
		},
		{
			Name: "answer-not-sent", Doc: "the followers store appends, and their answers get lost before the transport; heartbeat answers go on",
			Params: []Param{on("followers", "the nodes that do not send answers"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-response", Causes: []string{"answer-not-sent"},
			Example: "answer-not-sent", perGroup: true, leader: true,
			strike: func(s *strike) { s.loseBefore("on", raftpb.MsgAppResp) },
		},
		{
			Name: "loop-stalled", Doc: "the followers' Raft loops stand still and their ports go on receiving",
			Params: []Param{on("followers", "the nodes whose loop stands still"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-response", OrHypothesis: []string{"proposal-dropped"}, Causes: []string{"loop-stalled"},
			Example: "loop-stalled:for=2s", perGroup: true, leader: true,
			strike: func(s *strike) { s.freeze("on") },
		},
		{
			Name: "term-mismatch", Doc: "the followers campaigned and their votes are lost: they ignore the leader's appends, which are of an older term, and say nothing",
			Params: []Param{on("followers", "the nodes that campaign"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-response", OrHypothesis: []string{"proposal-dropped", "no-leader"},
			Causes: []string{"term-mismatch", "wrong-state", "disruptive-node", "election-storm"}, Example: "term-mismatch",
			perGroup: true, leader: true,
			check: withoutPreVote,
			strike: func(s *strike) {
				s.rule(func(_, _ uint64, m raftpb.Message) passage {
					return passage{lose: m.Type == raftpb.MsgVote || m.Type == raftpb.MsgVoteResp}
				})
				for _, b := range s.boxes("on") {
					s.do(b, func(r *replica) { _ = r.rn.Campaign() }) // it cannot fail on a voter
				}
			},
		},

		{
			Name: "log-mismatch", Doc: "the followers' application loses one append after it arrived, so that the next ones do not fit, and throws their rejections away",
			Params: []Param{on("followers", "the nodes whose rejections are thrown away"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-response", Causes: []string{"log-mismatch", "step-error"},
			Example: "log-mismatch:for=2s", perGroup: true, leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					var lost atomic.Bool
					s.undoing(b.hooks.steps.add(func(g string, m raftpb.Message) (bool, error) {
						return g != s.group || m.Type != raftpb.MsgApp || len(m.Entries) == 0 || !lost.CompareAndSwap(false, true), nil
					}))
					s.undoing(b.hooks.taken.add(func(g string, rd *raft.Ready) {
						if g == s.group {
							discard(rd, func(m raftpb.Message) bool { return m.Type == raftpb.MsgAppResp && m.Reject && m.To != b.raft })
						}
					}))
				}
			},
		},

		// H4
		{
			Name: "rejected", Doc: "the followers' storage reports wrong terms for the newest entries, so that they reject every append",
			Params: []Param{on("followers", "the nodes with the wrong storage"),
				{"delay", "40ms", "what an append and its answer take on the way: Raft resends at once, round and round", duration}, paramGroup},
			At: strikes, Verdict: raftdiag.Fault, Hypothesis: "no-quorum", Causes: []string{"rejected", "log-corrupt", "log-lost"},
			Example: "rejected:for=2s", perGroup: true, leader: true,
			strike: func(s *strike) {
				s.slowAppends()
				for _, b := range s.boxes("on") {
					s.do(b, func(r *replica) {
						from := r.rn.BasicStatus().Commit
						r.store.lie = func(i, t uint64) uint64 {
							if i >= from {
								t++
							}
							return t
						}
					})
					s.undoing(func() { s.do(b, func(r *replica) { r.store.lie = nil }) })
				}
			},
		},
		{
			Name: "stale-answer", Doc: "the followers answer with an index that they had long ago",
			Params: []Param{on("followers", "the nodes with the wrong answers"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-quorum", Causes: []string{"stale-answer"},
			Example: "stale-answer", perGroup: true, leader: true,
			strike: func(s *strike) {
				var old uint64
				for _, r := range s.c.replicas(s.group) {
					if r.Node == s.lead {
						old = r.Commit - 1
					}
				}
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.taken.add(func(g string, rd *raft.Ready) {
						for m := range outgoing(rd) {
							if g == s.group && m.Type == raftpb.MsgAppResp && m.To != b.raft && !m.Reject && m.Index > old {
								m.Index = old
							}
						}
					}))
				}
			},
		},
		{
			Name: "progress-uninitialised", Doc: "the leader receives answers and does not step them",
			Params: []Param{on("leader", "the nodes that do not step answers"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-quorum", Causes: []string{"progress-uninitialised", "step-error"},
			Example: "progress-uninitialised", perGroup: true, leader: true,
			strike: func(s *strike) { s.swallow("on", nil, raftpb.MsgAppResp) },
		},
		{
			Name: "dead-voters", Doc: "so many nodes are killed that no quorum is left; the leader runs on",
			Params: []Param{on("majority", "the nodes that are killed"), {"how", "kill", "kill: without a word; stop: with a word", word}},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-quorum", OrHypothesis: []string{"proposal-dropped", "no-leader"},
			Causes: []string{"dead-voters", "node-down", "quorum-lost"}, Example: "dead-voters:on=2+3",
			words: []string{"kill", "stop"}, leader: true,
			strike: func(s *strike) { s.stop(s.boxes("on"), goodbye(s.f)) },
		},
		{
			Name: "ghost-voters", Doc: "voters that do not exist are added, so many that the nodes that do are no quorum any more",
			Params: []Param{{"ids", "", "the voters that do not exist; as many as there are nodes, from 11 on", idList}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-quorum", Causes: []string{"ghost-voters", "no-address", "dead-voters"},
			Example: "ghost-voters:ids=11+12+13", perGroup: true, leader: true,
			strike: func(s *strike) {
				for _, id := range ghosts(s.f, s.c.o.Nodes) {
					if !s.reconfigure(raftpb.ConfChangeAddNode, id) {
						return
					}
				}
			},
		},
		{
			Name: "joint-half", Doc: "a joint configuration is entered whose new half does not exist but for the leader",
			Params: []Param{{"ids", "11+12", "the voters that do not exist", idList}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-quorum", Causes: []string{"joint-half", "ghost-voters", "no-address"},
			Example: "joint-half", perGroup: true, leader: true,
			strike: func(s *strike) {
				cc := raftpb.ConfChangeV2{Transition: raftpb.ConfChangeTransitionJointExplicit}
				for _, b := range s.c.boxes {
					if b.id != s.lead {
						cc.Changes = append(cc.Changes, raftpb.ConfChangeSingle{Type: raftpb.ConfChangeRemoveNode, NodeID: b.id})
					}
				}
				for _, id := range s.f.ids("ids") {
					cc.Changes = append(cc.Changes, raftpb.ConfChangeSingle{Type: raftpb.ConfChangeAddNode, NodeID: id})
				}
				s.change(cc)
			},
		},

		// H5
		{
			Name: "wrong-quorum", Doc: "the leader's application applies a configuration change that nobody agreed on: the leader counts voters that the others do not have, and that do not exist",
			Params: []Param{{"ids", "", "the voters that do not exist; as many as there are nodes, from 11 on", idList}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-commit-advance", OrHypothesis: []string{"no-quorum"}, Causes: []string{"wrong-quorum", "ghost-voters"},
			Example: "wrong-quorum:ids=11+12+13", perGroup: true, leader: true,
			check: withoutPreVote,
			strike: func(s *strike) {
				s.do(s.c.box(s.lead), func(r *replica) {
					for _, id := range ghosts(s.f, s.c.o.Nodes) {
						r.rn.ApplyConfChange(raftpb.ConfChange{Type: raftpb.ConfChangeAddNode, NodeID: id})
					}
				})
			},
		},
		{
			Name: "leader-unmatched", Doc: "the leader never appends its entries to its storage",
			Params: []Param{on("leader", "the nodes that do not append"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-commit-advance", Causes: []string{"leader-unmatched", "log-regressed"},
			Example: "leader-unmatched", perGroup: true, leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.stores.add(func(g string) bool { return g != s.group }))
				}
			},
		},
		{
			Name: "log-regressed", Doc: "the leader's storage loses what is not committed after every append",
			Params: []Param{on("leader", "the nodes whose storage loses entries"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "no-commit-advance", Causes: []string{"log-regressed", "leader-unmatched"},
			Example: "log-regressed", perGroup: true, leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.stored.add(func(g string, st *store, commit uint64) {
						if g == s.group {
							if err := st.forget(commit); err != nil {
								s.c.fail(err)
							}
						}
					}))
				}
			},
		},

		// apply-stalled
		{
			Name: "state-machine-blocked", Doc: "the state machine takes nothing in any more",
			Params: []Param{on("leader", "the nodes whose state machine is blocked"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "apply-stalled", Causes: []string{"state-machine-blocked"},
			Example: "state-machine-blocked:on=all", perGroup: true, leader: true,
			strike: func(s *strike) {
				s.blockApply()
			},
		},
		{
			Name: "slow-apply", Doc: "the state machine takes longer for an entry than new ones need to come",
			Params: []Param{on("leader", "the nodes whose state machine is slow"), {"delay", "400ms", "for each entry", duration}, paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded}, Hypothesis: "apply-stalled", OrHypothesis: []string{""},
			Causes: []string{"slow-apply", "state-machine-blocked"}, Example: "slow-apply:delay=1s",
			perGroup: true, leader: true,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.applies.add(func(ctx context.Context, group string) {
						if group == s.group {
							s.c.clock.Sleep(ctx, d)
						}
					}))
				}
			},
		},
		{
			Name: "waiter-not-notified", Doc: "entries are applied and the clients that wait for them are not told",
			Params: []Param{on("all", "the nodes that do not tell"), paramGroup},
			At:     strikes, Verdict: raftdiag.Fault, Hypothesis: "apply-stalled", Causes: []string{"waiter-not-notified"},
			Example: "waiter-not-notified", perGroup: true, leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.notifies.add(func(g string) bool { return g != s.group }))
				}
			},
		},

		// anywhere
		{
			Name: "slow-disk", Doc: "writes take long, and commits are late",
			Params: []Param{on("leader", "the nodes with the slow disk"), {"delay", "120ms", "of each write", duration}},
			// Under load the answers that arrive wait behind the leader's writes, and
			// clients give up: then entries stop before matched.
			At: strikes, Verdict: raftdiag.Degraded, OrHypothesis: []string{"no-quorum"}, Causes: []string{"slow-disk"},
			Example: "slow-disk:delay=300ms", leader: true,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.disk.add(func(string) (time.Duration, error) { return d, nil }))
				}
			},
		},
		{
			Name: "overloaded", Doc: "processes get no CPU most of the time: ticks, answers and applies are late together",
			Params: []Param{on("follower", "the nodes that get little CPU"), {"starve", "350ms", "how long they get none at a time", duration}, {"run", "15ms", "how long they run in between", duration}},
			At:     strikes, Verdict: raftdiag.Degraded, Causes: []string{"overloaded", "process-paused"},
			Example: "overloaded:on=leader,starve=200ms", leader: true,
			build: func(_ *Fault, o *options) { o.watchTicks = true },
			strike: func(s *strike) {
				for {
					var run []func()
					for _, b := range s.boxes("on") {
						run = append(run, b.pause.close())
					}
					goesOn := s.sleep(max(s.f.duration("starve"), time.Millisecond))
					for _, f := range run {
						f()
					}
					if !goesOn || !s.sleep(max(s.f.duration("run"), time.Millisecond)) {
						return
					}
				}
			},
		},
		{
			Name: "disk-full", Doc: "writes fail for lack of space, and the node ends",
			Params: []Param{on("follower", "the nodes whose disk is full")},
			At:     strikes, Verdict: raftdiag.Degraded, Causes: []string{"disk-full", "node-down"},
			Example: "disk-full", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.hooks.disk.add(func(string) (time.Duration, error) {
						return 0, &os.PathError{Op: "write", Path: fmt.Sprintf("node%d.db", b.id), Err: syscall.ENOSPC}
					}))
				}
			},
		},
		{
			Name: "snapshot-loop", Doc: "the leader keeps no log behind its snapshots, and the way to one follower is slow: what the follower took in is compacted away before the next append is made",
			Params: []Param{on("follower", "the nodes on the slow way"), {"delay", "250ms", "what appends and snapshots take to them", duration}, paramGroup},
			At:     strikes, Verdict: raftdiag.Degraded, Causes: []string{"snapshot-loop"},
			Example: "snapshot-loop:delay=400ms", perGroup: true, leader: true,
			strike: func(s *strike) {
				d := s.f.duration("delay")
				s.rule(func(_, to uint64, m raftpb.Message) passage {
					if (m.Type == raftpb.MsgApp || m.Type == raftpb.MsgSnap) && s.in("on", to) {
						return passage{delay: d}
					}
					return passage{}
				})
				behind := false
				for s.sleep(2 * s.c.o.Tick) {
					if l := s.leader(); l != nil {
						s.do(l, func(r *replica) {
							if err := r.compact(); err != nil {
								r.log.StorageFailed(err)
							}
							for _, id := range s.nodes["on"] {
								if !behind {
									r.rn.ReportUnreachable(id) // its connection breaks
									behind = r.rn.Status().Progress[id].State == tracker.StateSnapshot
								}
							}
						})
					}
				}
			},
		},
		{
			Name: "clock-step", Doc: "the clock of a node jumps; Raft does not care",
			Params: []Param{on("follower", "the nodes whose clock jumps"), {"by", "2s", "how far", duration}, {"way", "back", "back or ahead", word}},
			At:     2500 * time.Millisecond, Verdict: raftdiag.Healthy, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded}, Causes: []string{"clock-step"},
			Example: "clock-step:by=1m0s,way=ahead", words: []string{"back", "ahead"}, leader: true,
			strike: func(s *strike) {
				by := int64(s.f.duration("by"))
				if s.f.param("way") == "back" {
					by = -by
				}
				for _, b := range s.boxes("on") {
					b.skew.Add(by)
					s.undoing(func() { b.skew.Add(-by) })
				}
			},
		},
		{
			Name: "process-paused", Doc: "a process stands still, port and all, and goes on later",
			Params: []Param{on("follower", "the nodes that stand still")},
			At:     strikes, For: 1500 * time.Millisecond, Verdict: raftdiag.Degraded, Causes: []string{"process-paused"},
			Example: "process-paused:on=followers,for=2s", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					s.undoing(b.pause.close())
				}
			},
		},
		{
			Name: "node-down", Doc: "one follower ends; the others go on",
			Params: []Param{on("follower", "the nodes that end"), {"how", "kill", "kill: without a word; stop: with a word", word}},
			At:     strikes, Verdict: raftdiag.Degraded, Causes: []string{"node-down"},
			Example: "node-down:how=stop", words: []string{"kill", "stop"}, leader: true,
			strike: func(s *strike) { s.stop(s.boxes("on"), goodbye(s.f)) },
		},
		{
			Name: "node-restart", Doc: "a follower ends and comes back with its files",
			Params: []Param{on("follower", "the nodes that are restarted"), {"how", "stop", "kill: without a word; stop: with a word", word}},
			At:     strikes, For: 500 * time.Millisecond, Verdict: raftdiag.Healthy, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded},
			Example: "node-restart:how=kill",
			words:   []string{"kill", "stop"}, leader: true,
			strike: func(s *strike) { s.stop(s.boxes("on"), goodbye(s.f)) },
		},
		{
			Name: "member-removed", Doc: "a follower is removed from the group and ends; it comes back as a member when the fault heals",
			Params: []Param{on("follower", "the node that is removed")},
			At:     strikes, Verdict: raftdiag.Healthy, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded},
			Causes: []string{"member-removed", "member-added", "node-down", "node-restart"}, Example: "member-removed:for=1s", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					for _, g := range s.c.groups {
						s.group = g
						if !s.reconfigure(raftpb.ConfChangeRemoveNode, b.id) {
							return
						}
					}
					s.stop([]*box{b}, "removed from the cluster")
					s.undoing(func() { // before it boots
						for _, g := range s.c.groups {
							s.group = g
							s.change(raftpb.ConfChange{Type: raftpb.ConfChangeAddNode, NodeID: b.id})
						}
					})
				}
			},
		},
		{
			Name: "log-corrupt", Doc: "a follower's file is damaged while it is down, and it does not come up",
			Params: []Param{on("follower", "the nodes whose files are damaged")},
			At:     strikes, Verdict: raftdiag.Degraded, OrVerdict: []raftdiag.RunVerdict{raftdiag.Fault}, Causes: []string{"log-corrupt", "node-down"},
			Example: "log-corrupt:on=3", leader: true,
			strike: func(s *strike) {
				for _, b := range s.boxes("on") {
					n := b.running()
					if n == nil {
						continue
					}
					n.stop("")
					if err := s.c.disks.spoil(b.id, s.group); err != nil {
						s.c.fail(err)
						continue
					}
					_ = s.c.restart(s.c.ctx, b) // that it fails is the point, and its log says so
				}
			},
		},
		{
			Name: "log-lost", Doc: "a follower comes back without its entries; its term and vote are kept",
			Params: []Param{on("follower", "the nodes that lose their entries")},
			At:     strikes, Verdict: raftdiag.Fault, OrVerdict: []raftdiag.RunVerdict{raftdiag.Degraded}, OrHypothesis: []string{"no-quorum"},
			Causes: []string{"log-lost", "node-down"}, Example: "log-lost:on=3", leader: true,
			strike: func(s *strike) {
				s.lose(func(b *box) error { return s.c.disks.empty(b.id) })
			},
		},
		{
			Name: "hardstate-unpersisted", Doc: "no node ever saves its HardState, and a follower is restarted: its log is there, and its term, its vote and its commit are not",
			Params: []Param{on("follower", "the nodes that are restarted"), {"down", "300ms", "how long they are down", duration}},
			At:     strikes, Verdict: raftdiag.Unsafe, OrVerdict: []raftdiag.RunVerdict{raftdiag.Fault, raftdiag.Degraded}, Causes: []string{"hardstate-unpersisted"},
			Example: "hardstate-unpersisted:on=3", leader: true,
			first: func(_ *Fault, c *cluster) {
				for _, b := range c.boxes {
					b.hooks.hards.add(func(string) bool { return false })
				}
			},
			strike: func(s *strike) {
				down := s.boxes("on")
				for _, b := range down {
					if n := b.running(); n != nil {
						n.stop("terminated")
					}
				}
				if !s.sleep(s.f.duration("down")) {
					return
				}
				for _, b := range down {
					s.back(b)
				}
			},
		},
		{
			Name: "disk-wiped", Doc: "a follower comes back without its files: its vote is lost with its entries",
			Params: []Param{on("follower", "the nodes that lose their files")},
			At:     strikes, Verdict: raftdiag.Unsafe, OrVerdict: []raftdiag.RunVerdict{raftdiag.Fault, raftdiag.Degraded}, OrHypothesis: []string{"no-quorum"},
			Causes: []string{"log-lost", "node-down"}, Example: "disk-wiped:on=3", leader: true,
			strike: func(s *strike) {
				s.lose(func(b *box) error { return s.c.disks.wipe(b.id) })
			},
		},
	}
}

// lose stops the nodes of on, does something to their files, and boots them.
func (s *strike) lose(spoil func(b *box) error) {
	for _, b := range s.boxes("on") {
		n := b.running()
		if n == nil {
			continue
		}
		n.stop("")
		if err := spoil(b); err != nil {
			s.c.fail(err)
			continue
		}
		s.back(b)
	}
}

// withoutPreVote refuses clusters in which nobody is deposed by a node that
// campaigns in vain.
func withoutPreVote(_ *Fault, o *options) error {
	if o.PreVote || o.CheckQuorum {
		return errors.New("needs a cluster without PreVote and CheckQuorum (hint: they are made against it)")
	}
	return nil
}

// outgoing are the messages of a Ready, among them those that wait for
// asynchronous writes.
func outgoing(rd *raft.Ready) iter.Seq[*raftpb.Message] {
	return func(yield func(*raftpb.Message) bool) {
		for i := range rd.Messages {
			m := &rd.Messages[i]
			if !yield(m) {
				return
			}
			for j := range m.Responses {
				if !yield(&m.Responses[j]) {
					return
				}
			}
		}
	}
}

// strangers are the nodes that the others do not know.
func strangers(f *Fault, o *options) []uint64 {
	if ids := f.ids("ids"); len(ids) > 0 {
		return ids
	}
	return o.ids[len(o.ids)-1:]
}

// discard takes messages out of a Ready, and out of what waits for asynchronous
// writes.
func discard(rd *raft.Ready, what func(m raftpb.Message) bool) {
	rd.Messages = slices.DeleteFunc(rd.Messages, what)
	for i := range rd.Messages {
		rd.Messages[i].Responses = slices.DeleteFunc(rd.Messages[i].Responses, what)
	}
}

// goodbye is what a process says when it ends, or nothing.
func goodbye(f *Fault) string {
	if f.param("how") == "stop" {
		return "terminated"
	}
	return ""
}

// ghosts are the ids of voters that do not exist.
func ghosts(f *Fault, nodes int) []uint64 {
	if ids := f.ids("ids"); len(ids) > 0 {
		return ids
	}
	var ids []uint64
	for i := range nodes {
		ids = append(ids, uint64(11+i)+uint64(max(0, nodes-10)))
	}
	return ids
}

// blockApply stops the group's state machine on the nodes of on.
func (s *strike) blockApply() {
	g := &gate{}
	s.undoing(g.close())
	for _, b := range s.boxes("on") {
		s.undoing(b.hooks.applies.add(func(ctx context.Context, group string) {
			if group == s.group {
				g.pass(s.c.clock, ctx)
			}
		}))
	}
}

// freeze stops the group's Raft loop on the nodes of the parameter.
func (s *strike) freeze(param string) {
	for _, b := range s.boxes(param) {
		s.undoing(b.freeze(s.group).close())
	}
}

// slowAppends delays appends and their answers on the way.
func (s *strike) slowAppends() {
	d := s.f.duration("delay")
	s.rule(func(_, _ uint64, m raftpb.Message) passage {
		if m.Type == raftpb.MsgApp || m.Type == raftpb.MsgAppResp {
			return passage{delay: d}
		}
		return passage{}
	})
}

// readdress changes an entry of a node's address book.
func (s *strike) readdress(b *box, peer uint64, addr string) {
	old, _ := b.book.get(peer)
	b.book.set(peer, addr)
	s.undoing(func() { b.book.set(peer, old) })
}

// third is a node that is neither of the two, the next one after a.
func (s *strike) third(a, b uint64) uint64 {
	at := slices.Index(s.c.o.ids, a) + 1
	for i := range s.c.o.ids {
		if id := s.c.o.ids[(at+i)%len(s.c.o.ids)]; id != a && id != b {
			return id
		}
	}
	return a
}

// change proposes a configuration change on the leader.
func (s *strike) change(cc raftpb.ConfChangeI) {
	if l := s.leader(); l != nil {
		s.do(l, func(r *replica) {
			if err := r.rn.ProposeConfChange(cc); err != nil {
				r.log.ProposalDropped(0, err)
			}
		})
	}
}

// reconfigure changes one member and waits until the leader has it so.
func (s *strike) reconfigure(t raftpb.ConfChangeType, id uint64) bool {
	s.change(raftpb.ConfChange{Type: t, NodeID: id})
	return s.await(func() bool {
		l := s.leader()
		return l != nil && slices.Contains(s.voters(l), id) == (t == raftpb.ConfChangeAddNode)
	})
}

func (s *strike) voters(b *box) []uint64 {
	for _, r := range b.state().Replicas {
		if r.Group == s.group {
			return r.Voters
		}
	}
	return nil
}

// pendSnapshot brings the first node of on into need of a snapshot twice: the
// first one arrives, as snapshots do, and the second never leaves. Then it
// removes the others, so that a quorum needs this node.
func pendSnapshot(s *strike) {
	lead := s.c.box(s.lead)
	behind := slices.DeleteFunc(s.boxes("on"), func(b *box) bool { return b == lead })
	if len(behind) == 0 {
		return
	}
	b := behind[0]
	if !s.fallBehind(lead, b) || !s.await(func() bool { return s.peer(b.id).State == "StateReplicate" }) {
		return
	}
	for _, from := range s.c.boxes {
		s.undoing(from.hooks.leaves.add(func(g string, m raftpb.Message) bool { return g != s.group || m.Type != raftpb.MsgSnap }))
	}
	if !s.fallBehind(lead, b) {
		return
	}
	for _, other := range s.c.boxes {
		if other == b || other == lead {
			continue
		}
		if !s.reconfigure(raftpb.ConfChangeRemoveNode, other.id) {
			return
		}
		s.stop([]*box{other}, "removed from the cluster")
	}
}

// fallBehind lets a node miss appends that the leader then compacts away, until
// the leader takes it to need a snapshot, or it has got it.
func (s *strike) fallBehind(lead, b *box) bool {
	send := lead.hooks.leaves.add(func(g string, m raftpb.Message) bool {
		return g != s.group || m.Type != raftpb.MsgApp || m.To != b.id
	})
	defer send()
	commit := func() uint64 {
		for _, r := range s.c.replicas(s.group) {
			if r.Node == s.lead {
				return r.Commit
			}
		}
		return 0
	}
	was := commit()
	if !s.await(func() bool { return commit() > was+2 }) {
		return false
	}
	for _, b := range s.c.boxes {
		s.do(b, func(r *replica) {
			if err := r.compact(); err != nil {
				r.log.StorageFailed(err)
			}
		})
	}
	behind := s.peer(b.id).Match
	for p := s.peer(b.id); p.State != "StateSnapshot" && p.Match == behind; p = s.peer(b.id) {
		s.do(lead, func(r *replica) { r.rn.ReportUnreachable(b.id) })
		if !s.sleep(s.c.o.Tick) {
			return false
		}
	}
	return true
}
