package hypotheses

import (
	"fmt"
	"slices"

	"go.etcd.io/raft/v3/quorum"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// troubles is for logs that hold warnings and errors only. They follow no entry,
// so they decide nothing; but proposals that are refused or given up again and
// again, or transports that fail between so many nodes that no quorum is left,
// are no health either. The errors name what may lie beneath.
func (j *judgement) troubles() {
	var at timeline.Proof
	var what []string
	total := 0
	for _, l := range j.t.Lanes {
		lo, hi := l.Bounds()
		for _, k := range []struct {
			kind raftdiag.Kind
			says string
		}{{raftdiag.ProposalDropped, "node %s refuses proposals, %s"}, {raftdiag.ProposalTimedOut, "clients of node %s give up, %s"}} {
			list := l.All(k.kind, lo, hi)
			if total += len(list); len(list) < j.pat.Rounds {
				continue
			}
			if !at.OK() {
				at = list[0]
			}
			what = append(what, fmt.Sprintf(k.says, l.Node, times(len(list))))
		}
	}
	suspects := []*Hypothesis{noLeader, proposalDropped}
	found, cut := j.brokenLinks()
	if cut {
		suspects = []*Hypothesis{noDelivery, noLeader}
		what = append(what, "so many transports fail that no quorum is left without one")
		if !at.OK() && len(found) > 0 {
			at = found[0].at
		}
	}
	if total < j.pat.Rounds && !cut || !at.OK() {
		return
	}
	told := what[0]
	if len(what) > 1 {
		told += fmt.Sprintf("; and %s", plural(len(what)-1, what[1], "others say such things too"))
	}
	ep := j.plain(noLeader, timeline.Proposed, at, 0, told+": what keeps writes from committing, warnings and errors alone do not tell")
	ep.FailurePoint, ep.Gate = nil, nil
	b, _ := j.troubleOnly()
	ep.Remedy = "to settle it, " + b.ask
	ep.Suspects, ep.Hypotheses = []raftdiag.Suspect{}, ep.Hypotheses[:0]
	for _, h := range hypotheses {
		f := finding(h, raftdiag.Unknown, b.why)
		f.Missing, f.Ask = []string{b.missing}, b.ask
		ep.Hypotheses = append(ep.Hypotheses, f)
	}
	for i, h := range suspects {
		ep.Suspects = append(ep.Suspects, raftdiag.Suspect{Name: h.Name, Score: 0.4 - 0.1*float64(i)})
	}
	for _, h := range hypotheses {
		if !slices.Contains(suspects, h) {
			ep.Suspects = append(ep.Suspects, raftdiag.Suspect{Name: h.Name, Score: 0.1})
		}
	}
	var under []cause
	for _, l := range found {
		under = append(under, j.linkSays(l.at.Lane, l.to, l.at)...)
	}
	ep.Causes = causes(under)
	j.episodes = append(j.episodes, ep)
}

// A brokenLink is a way on which a transport fails over and over.
type brokenLink struct {
	at timeline.Proof // the first error
	to raftdiag.NodeID
}

// brokenLinks are the ways on which transports fail over and over, and whether
// no node has a quorum without one of them.
func (j *judgement) brokenLinks() (list []brokenLink, cut bool) {
	broken := map[[2]raftdiag.NodeID]bool{}
	for _, l := range j.t.Lanes {
		lo, hi := l.Bounds()
		n, first := map[raftdiag.NodeID]int{}, map[raftdiag.NodeID]timeline.Proof{}
		for _, p := range l.All(raftdiag.SendFailed, lo, hi) {
			e := p.Event()
			to := e.Peer
			if to == 0 {
				to = e.To
			}
			if n[to]++; n[to] == 1 {
				first[to] = p
			}
		}
		for _, to := range sortedKeys(n) {
			if to != 0 && n[to] >= storm*j.pat.Rounds {
				list = append(list, brokenLink{first[to], to})
				broken[[2]raftdiag.NodeID{l.Node, to}] = true
			}
		}
	}
	voters := j.allVoters()
	for _, n := range voters.All() {
		votes := map[raftdiag.NodeID]bool{}
		for _, o := range voters.All() {
			votes[o] = !broken[[2]raftdiag.NodeID{n, o}] && !broken[[2]raftdiag.NodeID{o, n}]
		}
		if voters.Vote(votes) == quorum.VoteWon {
			return list, false
		}
	}
	return list, len(list) > 0
}
