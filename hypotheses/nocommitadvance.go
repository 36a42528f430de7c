package hypotheses

import (
	"fmt"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var noCommitAdvance = &Hypothesis{
	ID:    "H5",
	Name:  "no-commit-advance",
	Title: "a majority matches and commit does not move",
	Doc: "Match covers an entry of the leader's own term on a majority of the voters, and the leader's commit stays below it. " +
		"An entry of an older term waits legally; that is a note, not this.",
	Needs:  []raftdiag.Kind{raftdiag.ProgressRow, raftdiag.LogRow},
	Lines:  []string{"Progress rows with matched, the leader's own too", "the leader's last_index and commit", "the voters"},
	Gates:  []timeline.Gate{timeline.Committed},
	Remedy: "Look at what the leader counts: its own match, the size of its quorum, and what it persists.",
	Ask:    "log the voters, the leader's own Progress row, its last_index and its commit",
}

func commitCauses(c *stuck) []cause {
	var out []cause
	leader := c.s.Tenure.Leader
	who := []raftdiag.NodeID{leader}
	l := c.s.Tenure.Lane
	if l == nil {
		return nil
	}
	for _, p := range c.places {
		if !p.Leader {
			continue
		}
		m := p.Marks[timeline.Matched]
		row, lastIndex, ok := l.LastRow(c.s.From, c.s.To)
		ok = ok && lastIndex < c.s.Index
		if at, held := c.majorityAt(); !ok && held { // it may have healed: a majority held the entry, and the leader did not
			row, lastIndex, ok = l.ShortRow(at, c.s.To, c.s.Index)
		}
		switch {
		case ok:
			out = append(out, cause{"log-regressed", who, fmt.Sprintf("the leader's own log ends at %d while followers have acknowledged entry %d", lastIndex, c.s.Index),
				add(c.j.quote(row, "the leader's last index is %d", lastIndex), c.matchedRows()...)})
		case m.Answer == timeline.No:
			out = append(out, cause{"leader-unmatched", who, m.Why, add(c.j.cite(m.Proof, m.Why), c.matchedRows()...)})
		case m.Answer == timeline.CannotSay && m.Proof.OK():
			out = append(out, cause{"leader-unmatched", who, m.Why + ", and it is not known to count itself", add(c.j.cite(m.Proof, m.Why), c.matchedRows()...)})
		}
	}
	if q, ok := l.CommitFellBack(c.s.From, c.s.To, c.s.Index); ok {
		out = append(out, cause{"hardstate-unpersisted", who, fmt.Sprintf("a Ready carries a HardState with commit %d, and the commit falls back", q.Event().Commit), c.j.quote(q, "the commit was made here")})
	}
	if q, ok := l.Last(raftdiag.Misconfigured, c.s.To); ok {
		out = append(out, cause{"wrong-quorum", who, q.Event().Text, c.j.cite(q, q.Event().Text)})
	}
	if len(out) == 0 {
		out = append(out, cause{"wrong-quorum", who, "nothing else in the log explains it: the quorum that the leader computes is not the one that its voters are", c.matchedRows()})
	}
	return out
}

// matchedRows quote the followers' match.
func (c *stuck) matchedRows() []raftdiag.Quote {
	var out []raftdiag.Quote
	for _, p := range c.places {
		if m := p.Marks[timeline.Matched]; !p.Leader && m.Answer == timeline.Yes {
			out = add(out, c.j.quote(m.Proof, "node %s: %s", p.Node, m.Why)...)
		}
	}
	return out
}
