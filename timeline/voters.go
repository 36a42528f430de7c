package timeline

import (
	"cmp"
	"slices"

	"go.etcd.io/raft/v3/quorum"

	"github.com/raftdiag/raftdiag"
)

// Voters is who has a vote, and how the log shows it.
type Voters struct {
	Incoming []raftdiag.NodeID
	Outgoing []raftdiag.NodeID // of a joint configuration
	Learners []raftdiag.NodeID
	From     string // config, campaign, progress or seen
	At       Proof
}

// Printed reports whether the log states the voters: a configuration, or the
// list of nodes that a candidate asks, which are the voters.
func (v *Voters) Printed() bool { return v.From == "config" || v.From == "campaign" }

// Has reports whether the node has a vote in either half.
func (v *Voters) Has(n raftdiag.NodeID) bool {
	return slices.Contains(v.Incoming, n) || slices.Contains(v.Outgoing, n)
}

// All are the voters of both halves, sorted.
func (v *Voters) All() []raftdiag.NodeID {
	all := append(append(make([]raftdiag.NodeID, 0, len(v.Incoming)+len(v.Outgoing)), v.Incoming...), v.Outgoing...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Vote counts with the arithmetic of etcd raft: won, lost or pending. A voter
// that is missing from the map has not voted.
func (v *Voters) Vote(votes map[raftdiag.NodeID]bool) quorum.VoteResult {
	var c quorum.JointConfig
	for i, half := range [][]raftdiag.NodeID{v.Incoming, v.Outgoing} {
		if len(half) == 0 {
			continue
		}
		c[i] = quorum.MajorityConfig{}
		for _, n := range half {
			c[i][uint64(n)] = struct{}{}
		}
	}
	m := make(map[uint64]bool, len(votes))
	for n, yes := range votes {
		m[uint64(n)] = yes
	}
	return c.VoteResult(m)
}

// VotersOf are the voters as the leader's log shows them before place i of its
// lane; lane may be nil. The ladder: a configuration that is printed, the
// nodes that a candidate asks if the rows of the leader's Progress name the
// same, those rows, all nodes that appear.
func (t *Timeline) VotersOf(lane *Lane, i int) Voters {
	if lane != nil {
		if v, ok := lane.configAt(i); ok {
			return t.newerConfig(v, lane, i)
		}
	}
	for _, l := range t.Lanes {
		if v, ok := l.configAt(l.hi); ok && l != lane {
			return v
		}
	}
	asked, campaigned := campaign(t.Lanes)
	if lane != nil {
		if v, ok := lane.progressVoters(i); ok && !(campaigned && slices.Equal(v.Incoming, asked.Incoming)) {
			return v // the leader's rows are newer: members came or went
		}
	}
	if campaigned {
		return asked
	}
	return Voters{Incoming: t.Nodes, From: "seen"}
}

// newerConfig is a configuration that another lane prints for a later index, which
// the lane's commit covers before place i: the line of the lane's own is lost.
func (t *Timeline) newerConfig(v Voters, lane *Lane, i int) Voters {
	index := func(e raftdiag.Event) raftdiag.Index {
		switch {
		case e.Kind == raftdiag.Booted && e.Has(raftdiag.HasApplied):
			return e.Applied
		case e.Kind == raftdiag.ConfigChanged && e.Has(raftdiag.HasIndex):
			return e.Index
		}
		return 0
	}
	newest := index(v.At.Event())
	commit, ok := lane.CommitAt(i)
	if newest == 0 || !ok {
		return v
	}
	for _, l := range t.Lanes {
		for _, k := range l.configs {
			e := l.Event(int(k))
			if at := index(e); l != lane && e.Kind == raftdiag.ConfigChanged && at > newest && at <= commit {
				v, _ = l.configAt(int(k) + 1)
				newest = at
			}
		}
	}
	return v
}

// Unprinted is an entry that changes the configuration, that some lane shows
// committed and the lane's commit covers before place i, and of which no lane
// prints to what: the voters may be others.
func (t *Timeline) Unprinted(v Voters, lane *Lane, i int) (Proof, bool) {
	if !v.At.OK() {
		return Proof{}, false
	}
	by := v.At.Event()
	if !by.Has(raftdiag.HasIndex) {
		return Proof{}, false
	}
	known := by.Index
	commit, _ := lane.CommitAt(i)
	for _, l := range t.Lanes {
		for _, p := range l.All(raftdiag.EntryCommitted, l.lo, l.hi) {
			if e := p.Event(); e.Has(raftdiag.HasEntryType|raftdiag.HasIndex) && e.EntryType != raftdiag.EntryNormal && e.Index > known && e.Index <= commit {
				return p, true
			}
		}
	}
	return Proof{}, false
}

func (l *Lane) configAt(i int) (Voters, bool) {
	for k := len(l.configs) - 1; k >= 0; k-- {
		if int(l.configs[k]) >= i {
			continue
		}
		e := l.Event(int(l.configs[k]))
		if len(e.Config.Voters) == 0 && e.Kind == raftdiag.Booted {
			continue // a boot line before the configuration is known
		}
		return Voters{Incoming: e.Config.Voters, Outgoing: e.Config.VotersOutgoing,
			Learners: append(slices.Clone(e.Config.Learners), e.Config.LearnersNext...),
			From:     "config", At: Proof{l, int(l.configs[k])}}, true
	}
	return Voters{}, false
}

// campaign finds the widest of the newest campaigns: a candidate asks every
// other voter, and none but voters.
func campaign(lanes []*Lane) (Voters, bool) {
	type ask struct {
		term raftdiag.Term
		to   raftdiag.NodeID
		at   int
	}
	var best Voters
	var newest raftdiag.Term
	asks := make([]ask, 0, 32)
	for _, l := range lanes {
		asks = asks[:0]
		for _, c := range l.sends.channels {
			if c.Type != raftdiag.MsgVote && c.Type != raftdiag.MsgPreVote || c.From != l.Node || c.To == l.Node {
				continue
			}
			for _, i := range l.sends.of(c) {
				if r := l.rec(int(i)); r.has(raftdiag.HasTerm) {
					asks = append(asks, ask{raftdiag.Term(r.a >> 32), c.To, int(i)})
				}
			}
		}
		slices.SortFunc(asks, func(a, b ask) int { return cmp.Or(cmp.Compare(a.term, b.term), cmp.Compare(a.to, b.to)) })
		for rest := asks; len(rest) > 0; {
			term, n, asked, at := rest[0].term, 0, 1, 0 // the node itself is asked
			for ; n < len(rest) && rest[n].term == term; n++ {
				if n == 0 || rest[n].to != rest[n-1].to {
					asked++
				}
				at = max(at, rest[n].at)
			}
			if asked > len(best.Incoming) || asked == len(best.Incoming) && term > newest {
				all := append(make([]raftdiag.NodeID, 0, asked), l.Node)
				for k, a := range rest[:n] {
					if k == 0 || a.to != rest[k-1].to {
						all = append(all, a.to)
					}
				}
				slices.Sort(all)
				best, newest = Voters{Incoming: all, From: "campaign", At: Proof{l, at}}, term
			}
			rest = rest[n:]
		}
	}
	return best, len(best.Incoming) > 0
}

// progressVoters are the peers of the newest Progress rows before place i, and
// the node itself. Learners hide among them unless the rows say so.
func (l *Lane) progressVoters(i int) (Voters, bool) {
	v := Voters{From: "progress"}
	for _, p := range l.peers {
		k := last(p.rows, i)
		if k < 0 || p.node == 0 || p.node == l.Node { // a row of its own says nothing of others
			continue
		}
		row := int(p.rows[k])
		if e := l.Event(row); e.Learner {
			v.Learners = append(v.Learners, p.node)
			continue
		}
		if v.Incoming == nil {
			v.Incoming = append(make([]raftdiag.NodeID, 0, 1+len(l.peers)+len(l.sends.channels)), l.Node)
		}
		v.Incoming = append(v.Incoming, p.node)
		v.At = Proof{l, max(row, v.At.I)}
	}
	if !v.At.OK() {
		return Voters{}, false
	}
	// A row may be missing from the log; whom the leader writes to is a member.
	for c, places := range l.sends.all() {
		if (c.Type == raftdiag.MsgApp || c.Type == raftdiag.MsgHeartbeat) && c.To != 0 && !slices.Contains(v.Learners, c.To) &&
			len(between(places, v.At.I-blockRows, i)) > 0 {
			v.Incoming = append(v.Incoming, c.To)
		}
	}
	slices.Sort(v.Incoming)
	slices.Sort(v.Learners)
	v.Incoming = slices.Compact(v.Incoming)
	return v, true
}

// last is the number of the last of the ascending places that lies before i,
// or -1.
func last(places []int32, i int) int {
	k, _ := slices.BinarySearch(places, int32(i))
	return k - 1
}
