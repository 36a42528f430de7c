package hypotheses

import (
	"fmt"

	"go.etcd.io/raft/v3/quorum"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var noQuorum = &Hypothesis{
	ID:    "H4",
	Name:  "no-quorum",
	Title: "answers arrive and no majority matches",
	Doc: "The leader hears answers and match does not cover the entry on a majority of the voters: rejections, answers that cover less, progress that is not kept, " +
		"or so many voters down that no majority can form. Voters are counted by the configuration; learners do not count.",
	Needs:  []raftdiag.Kind{raftdiag.Received, raftdiag.ProgressRow},
	Lines:  []string{"received MsgAppResp on the leader, with index and reject", "Progress rows with matched", "the voters (ConfState, newRaft, switched to configuration)"},
	Gates:  []timeline.Gate{timeline.Matched},
	Remedy: "Bring a majority to match: see the causes.",
	Ask:    "log the voters, and the index and reject of received MsgAppResp",
}

func quorumCauses(c *stuck, blocked []*timeline.Place) []cause {
	var out []cause
	if gone := c.gone(); c.impossible(gone) {
		var ev []raftdiag.Quote
		for _, p := range gone {
			ev = add(ev, c.j.cite(p.Down, p.DownWhy)...)
		}
		out = append(out, cause{"dead-voters", nodesOf(gone), fmt.Sprintf("%s %s down, and the others are no quorum", list(nodesOf(gone)), plural(len(gone), "is", "are")), ev})
	}
	if ghosts := c.ghosts(); c.impossible(ghosts) {
		out = append(out, cause{"ghost-voters", nodesOf(ghosts), fmt.Sprintf("%s %s in the configuration and never heard of", list(nodesOf(ghosts)), plural(len(ghosts), "is", "are")),
			c.j.quote(c.voters.At, "the configuration")})
	}
	if len(c.voters.Outgoing) > 0 {
		for i, half := range [][]raftdiag.NodeID{c.voters.Incoming, c.voters.Outgoing} {
			v := timeline.Voters{Incoming: half}
			votes := map[raftdiag.NodeID]bool{}
			for _, p := range c.places {
				votes[p.Node] = c.answer(&p, timeline.Matched) == timeline.Yes
			}
			if v.Vote(votes) == quorum.VoteLost {
				out = append(out, cause{"joint-half", half, fmt.Sprintf("the configuration is joint and its %s half has no majority", [2]string{"incoming", "outgoing"}[i]), c.j.quote(c.voters.At, "the configuration")})
			}
		}
	}
	for _, p := range blocked {
		who := []raftdiag.NodeID{p.Node}
		heard := p.Marks[timeline.Heard].Proof
		row := c.j.quote(p.Row, "what the leader knows of node %s", p.Node)
		match := p.Match
		late := p.Marks[timeline.Matched]
		answers := heard.OK() && heard.Event().Kind == raftdiag.Received && heard.Event().Type == raftdiag.MsgAppResp
		accepts := answers && !heard.Event().Reject && heard.Event().Index >= min(p.HeadLast, c.s.Index)
		if late.Late && late.Proof.OK() && late.Proof.Event().Kind == raftdiag.ProgressRow {
			row = c.j.cite(late.Proof, late.Why) // the newest row is of the time when all was well again
			match = late.Proof.Event().Match
		}
		switch {
		case p.Down.OK():
			out = append(out, cause{"node-down", who, fmt.Sprintf("node %s is down: %s", p.Node, p.DownWhy), c.j.cite(p.Down, p.DownWhy)})
		case accepts && c.slowWork() != "":
			q, _ := c.s.Tenure.Lane.Last(raftdiag.Slow, c.s.To)
			out = append(out, cause{c.slowWork(), []raftdiag.NodeID{c.s.Tenure.Leader}, fmt.Sprintf("leader %s's loop is slow (%s took %s), and the accepts that arrive wait for it", c.s.Tenure.Leader, q.Event().Text, q.Event().Duration),
				add(add(c.j.quote(q, "slow, not for the first time"), c.j.quote(heard, "an accept that waits")...), row...)})
		case accepts && late.Late:
			out = append(out, unstepped(c, p.Node, heard, match, row))
		case len(p.Rejects) > 0:
			first, last := p.Rejects[0], p.Rejects[len(p.Rejects)-1]
			e := last.Event()
			out = append(out, cause{"rejected", who, fmt.Sprintf("node %s rejects %s, the last one at index %d", p.Node, times(len(p.Rejects)), e.Index),
				add(add(c.j.quote(first, "the first rejection"), c.j.quote(last, "the last one")...), row...)})
			if p.Row.OK() {
				if r := p.Row.Event(); r.Has(raftdiag.HasMatch) && e.Has(raftdiag.HasHint) && e.Hint < r.Match {
					out = append(out, cause{"log-lost", who, fmt.Sprintf("node %s's log ends at %d now, below its match %d: it lost entries that it had acknowledged", p.Node, e.Hint, r.Match), row})
				}
			}
			if e.Has(raftdiag.HasTerm) && e.Term > c.s.Tenure.Term {
				out = append(out, cause{"term-mismatch", who, fmt.Sprintf("node %s answers in term %d", p.Node, e.Term), c.j.quote(last, "a higher term")})
			}
		case accepts:
			out = append(out, unstepped(c, p.Node, heard, match, row))
		case answers:
			out = append(out, cause{"stale-answer", who, fmt.Sprintf("node %s's answers say index %d, which does not cover entry %d", p.Node, heard.Event().Index, c.s.Index), add(c.j.quote(heard, "an answer that covers less"), row...)})
		}
	}
	for _, p := range c.places {
		if p.Leader && p.Marks[timeline.Matched].Answer == timeline.No {
			out = append(out, cause{"leader-unmatched", []raftdiag.NodeID{p.Node}, p.Marks[timeline.Matched].Why, c.j.cite(p.Marks[timeline.Matched].Proof, p.Marks[timeline.Matched].Why)})
		}
		// A voter that is stopped at an earlier gate takes its part in the loss.
		if g := p.Stop; !p.Leader && !p.Down.OK() && g < timeline.Matched && p.Marks[g].Answer == timeline.No {
			out = append(out, byGate(g).causes(c, []*timeline.Place{&p})...)
		}
	}
	return out
}

// unstepped is the cause of an accept that the leader hears and does not count.
func unstepped(c *stuck, n raftdiag.NodeID, heard timeline.Proof, match raftdiag.Index, row []raftdiag.Quote) cause {
	return cause{"progress-uninitialised", []raftdiag.NodeID{n}, fmt.Sprintf("node %s's accept up to %d arrives and its match stays at %d", n, heard.Event().Index, match),
		add(c.j.quote(heard, "the accept"), row...)}
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
