package hypotheses

import (
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A blank is something that the logs of a group do not carry, and behind which
// there may be a fault that nothing else speaks of. Where no stall shows, the
// hypotheses that it leaves open are unknown and not ruled out.
type blank struct {
	why     string // of a finding that it leaves open
	told    string // the same for the summary of a group without a sign of a fault
	missing string
	ask     string
	open    []*Hypothesis
	all     bool // nothing else that is missing is worth a word beside it
}

// leaves reports whether the blank leaves a hypothesis open.
func (b *blank) leaves(h *Hypothesis) bool { return slices.Contains(b.open, h) }

// blanks are what the logs of the group's last life do not carry.
func (j *judgement) blanks() []blank {
	var out []blank
	if b, ok := j.noLogs(); ok {
		out = append(out, b)
	}
	if b, ok := j.troubleOnly(); ok {
		out = append(out, b)
	}
	return append(out, j.torn()...)
}

// torn are the blanks of logs that lack lines: other nodes received what their
// nodes sent, and they do not show it.
func (j *judgement) torn() []blank {
	var out []blank
	for _, l := range j.t.Lanes {
		head, tail, within, shown := j.t.Lacking(l)
		for _, part := range []struct {
			n        int
			what, is string
		}{{head, "the beginning", "is"}, {tail, "the end", "is"}, {within, "lines in the middle", "are"}} {
			if part.n < j.pat.Rounds || 100*part.n < shown {
				continue
			}
			what := fmt.Sprintf("%s of node %s's log", part.what, l.Node)
			out = append(out, blank{
				why:     fmt.Sprintf("nothing in these logs speaks for it, and %s, which may, %s missing: others received %s that it does not show", what, part.is, counted(part.n, "message")),
				told:    what + " " + part.is + " missing",
				missing: what,
				ask:     fmt.Sprintf("give the whole log of node %s: %s %s missing", l.Node, part.what, part.is),
				open:    hypotheses,
			})
		}
	}
	return out
}

// noLogs is the blank of the nodes that are known and whose logs are not given.
// The log of a leader shows where its own entries stopped, whoever else is
// missing; what a client of the missing node had to bear only that node's log
// shows.
func (j *judgement) noLogs() (blank, bool) {
	voters := j.allVoters()
	var missing []raftdiag.NodeID
	for _, n := range slices.Concat(voters.All(), j.t.Nodes) {
		if n != 0 && j.t.Lane(n) == nil && !slices.Contains(missing, n) {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return blank{}, false
	}
	slices.Sort(missing)
	open := []*Hypothesis{proposalDropped, applyStalled}
	if slices.ContainsFunc(j.t.Leaders(), func(c timeline.Claim) bool { return slices.Contains(missing, c.Leader) }) || len(j.t.Tenures()) == 0 {
		open = slices.DeleteFunc(slices.Clone(hypotheses), func(h *Hypothesis) bool { return h == noLeader })
	}
	if 2*len(missing) > len(voters.All()) {
		open = append(open, noLeader)
	}
	return lacksLogs(list(missing), open), true
}

// lacksLogs is the blank of nodes, in words, whose logs are missing.
func lacksLogs(who string, open []*Hypothesis) blank {
	return blank{
		why:     fmt.Sprintf("nothing in these logs speaks for it, and the log of %s, which may, is not among the inputs", who),
		told:    fmt.Sprintf("the log of %s is not among the inputs", who),
		missing: "the log of " + who,
		ask:     "give the log of " + who,
		open:    open,
	}
}

// troubleOnly is the blank of logs that print only what goes wrong: their level
// is warnings and errors, and what stops without one does not show.
func (j *judgement) troubleOnly() (blank, bool) {
	var who []raftdiag.NodeID
	for _, l := range j.t.Lanes {
		if !tells(l) {
			who = append(who, l.Node)
		}
	}
	if len(who) == 0 {
		return blank{}, false
	}
	told, of := "these logs hold warnings and errors only", "the logs"
	if len(who) < len(j.t.Lanes) {
		of = "the log of " + list(who)
		told = of + " holds warnings and errors only"
	}
	return blank{
		why:     told + ", and what stops without one does not show",
		told:    told,
		missing: of + " at info level and below: role, term, commit and messages with every Ready",
		ask:     "log at info level, or at debug level, and give the logs again: raftdiag explain logging says which lines tell",
		open:    hypotheses,
		all:     len(who) == len(j.t.Lanes),
	}, true
}

// tells reports whether a lane prints anything of what goes on while nothing is
// wrong.
func tells(l *timeline.Lane) bool {
	for _, k := range []raftdiag.Kind{raftdiag.State, raftdiag.Ready, raftdiag.ProgressRow, raftdiag.LogRow, raftdiag.Outgoing, raftdiag.Sent, raftdiag.HandedOver, raftdiag.Received,
		raftdiag.Appended, raftdiag.HardStateSaved, raftdiag.Proposing, raftdiag.Proposed, raftdiag.Waiting, raftdiag.Committed, raftdiag.EntryCommitted, raftdiag.Applied,
		raftdiag.Replied, raftdiag.RoleChanged, raftdiag.SnapshotCreated, raftdiag.SnapshotReceived, raftdiag.SnapshotInstalled, raftdiag.SymptomSeen} {
		if l.Shows(k) > 0 {
			return true
		}
	}
	return false
}

// leaveOpen makes the finding of a hypothesis that nothing speaks for unknown,
// where blanks leave it open.
func leaveOpen(f *raftdiag.Finding, h *Hypothesis, blanks []blank) {
	for i := range blanks {
		b := &blanks[i]
		if !b.leaves(h) {
			continue
		}
		if f.Verdict == raftdiag.RuledOut || b.all {
			f.Verdict, f.Summary, f.Ask, f.Missing = raftdiag.Unknown, b.why, b.ask, []string{b.missing}
			continue
		}
		if !slices.Contains(f.Missing, b.missing) {
			f.Missing = append([]string{b.missing}, f.Missing...)
			f.Ask = b.ask
		}
	}
}
