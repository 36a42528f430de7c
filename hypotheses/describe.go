package hypotheses

import (
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// describe fills in what the group is: its voters, where each node stood at the
// end, and the ledgers.
func (j *judgement) describe() {
	g := j.group
	voters := j.allVoters()
	g.Voters = ids(voters.All())
	g.Nodes = slices.Grow(g.Nodes, len(j.t.Nodes))
	for _, n := range j.t.Nodes {
		g.Nodes = append(g.Nodes, j.nodeState(n))
	}
	g.Ledgers = j.t.Ledgers()
	j.members()
	for _, c := range g.Ledgers.Clocks {
		if c.Steps > 0 {
			g.Notes = append(g.Notes, raftdiag.Note{Name: "clock-step", Summary: fmt.Sprintf("between the clocks of nodes %s and %s there are %d steps; Raft does not care, and waits are measured inside one log only", c.From, c.To, c.Steps), Evidence: []raftdiag.Quote{}})
		}
	}
}

// members notes who joined and who left by a change of configuration.
func (j *judgement) members() {
	seen := map[string]bool{}
	for _, l := range j.t.Lanes {
		if !l.Reconfigured() {
			continue
		}
		var before *raftdiag.Config
		for _, p := range l.Configs() {
			now := p.Event().Config
			if before != nil && len(before.Voters) > 0 && len(now.Voters) > 0 {
				for _, n := range now.Voters {
					if !slices.Contains(before.Voters, n) {
						j.member("member-added", n, p, seen)
					}
				}
				for _, n := range before.Voters {
					if !slices.Contains(now.Voters, n) && !slices.Contains(now.VotersOutgoing, n) {
						j.member("member-removed", n, p, seen)
					}
				}
			}
			before = now
		}
	}
}

func (j *judgement) member(name string, n raftdiag.NodeID, p timeline.Proof, seen map[string]bool) {
	key := name + n.String()
	if seen[key] {
		return
	}
	seen[key] = true
	word := "joins"
	if name == "member-removed" {
		word = "leaves"
	}
	j.group.Notes = append(j.group.Notes, raftdiag.Note{Name: name, Summary: fmt.Sprintf("node %s %s the voters", n, word), Evidence: j.quote(p, "the configuration from here on")})
}

func (j *judgement) nodeState(n raftdiag.NodeID) raftdiag.NodeState {
	s := raftdiag.NodeState{Node: n.String(), Role: raftdiag.UnknownRole.String(), Also: []string{}, Sources: []string{}}
	l := j.t.Lane(n)
	if l == nil {
		s.Summary = "its log is not among the inputs"
		return s
	}
	s.Logged = true
	_, hi := l.Bounds()
	numbers := make([]uint64, 0, 4) // one memory for those that the state points to
	put := func(to **uint64, v raftdiag.Index, ok bool) {
		if ok {
			numbers = append(numbers, uint64(v))
			*to = &numbers[len(numbers)-1]
		}
	}
	if r, ok := l.RoleAt(hi); ok {
		s.Role = r.Role.String()
		put(&s.Term, raftdiag.Index(r.Term), r.Term > 0)
	}
	commit, ok := l.CommitAt(hi)
	put(&s.Commit, commit, ok)
	if _, last, ok := l.LastRow(hi-l.Len(), hi); ok {
		put(&s.Last, last, true)
	} else {
		last, ok := l.LastAt(hi)
		put(&s.Last, last, ok)
	}
	applied, ok := l.AppliedAt(hi)
	put(&s.Applied, applied, ok)
	s.Summary = fmt.Sprintf("%d events", l.Len())
	if n := len(l.Incarnations); n > 1 {
		s.Summary += fmt.Sprintf(", %d runs", n)
	}
	if by, why := j.t.DownProof(n, j.pat); by.OK() {
		s.Summary += "; down: " + why
	}
	return s
}

// points are the hypotheses under which impossible states are filed.
var points = map[string]*Hypothesis{
	"log-regressed": noCommitAdvance, "leader-unmatched": noCommitAdvance, "progress-broken": noQuorum,
	"applied-ahead": applyStalled, "wrong-peer-address": noDelivery, "duplicate-id": noLeader,
}

// gravest lists the states of points, those first from which the others follow.
var gravest = []string{"log-regressed", "leader-unmatched", "progress-broken", "applied-ahead", "wrong-peer-address", "duplicate-id"}

// consequences files what follows from an impossible state under it: the stall
// of a leader whose own log or progress is impossible is that state's, whatever
// its rows say otherwise; a state that held nothing up is an episode of its
// own.
func (j *judgement) consequences() {
	states := slices.Clone(j.states)
	slices.SortStableFunc(states, func(a, b state) int {
		return slices.Index(gravest, a.Name) - slices.Index(gravest, b.Name)
	})
	for _, s := range states {
		h := points[s.Name]
		if h == nil {
			continue
		}
		filed := false
		for _, e := range j.episodes {
			if j.follows(e, s, h) {
				j.attribute(e, s, h)
				filed = true
			}
		}
		if !filed && !j.forced(s, h) {
			j.alone(s, h)
		}
	}
}

// follows reports whether an episode is the state's consequence.
func (j *judgement) follows(e *episode, s state, h *Hypothesis) bool {
	if e.Impact == raftdiag.NoImpact {
		return false
	}
	if e.FailurePoint != nil && *e.FailurePoint == h.Name && slices.ContainsFunc(e.Causes, func(c raftdiag.Cause) bool { return c.Name == s.Name }) {
		return true
	}
	switch s.Name {
	case "log-regressed", "leader-unmatched":
		return e.stall != nil && slices.Contains(s.Nodes, e.stall.Tenure.Leader.String()) && s.term == e.term
	case "progress-broken":
		if e.FailurePoint != nil && *e.FailurePoint == noCommitAdvance.Name && e.stall != nil && s.term == e.term {
			e.state = true // it goes beneath the commit that does not move
			return true
		}
		return e.stall != nil && s.term == e.term && (e.state || e.FailurePoint == nil || *e.FailurePoint == noQuorum.Name || *e.FailurePoint == noBroadcast.Name)
	case "duplicate-id":
		return e.FailurePoint != nil && *e.FailurePoint == noLeader.Name || e.FailurePoint == nil && e.stall == nil
	case "wrong-peer-address":
		// A node whose mail goes elsewhere hears no leader, and campaigns.
		return e.FailurePoint != nil && *e.FailurePoint == noLeader.Name && len(e.Causes) > 0 && e.Causes[0].Name == "disruptive-node" &&
			slices.Contains(e.Causes[0].Nodes, s.at.Event().To.String())
	case "applied-ahead":
		return e.FailurePoint != nil && *e.FailurePoint == applyStalled.Name
	}
	return false
}

// attribute makes the state the episode's first cause, and its point the
// episode's.
func (j *judgement) attribute(e *episode, s state, h *Hypothesis) {
	doc, _ := Lookup(s.Name)
	if e.state { // a graver one came first; this one follows from it
		e.Causes = append(e.Causes, raftdiag.Cause{Name: s.Name, Nodes: s.Nodes, Summary: s.Summary, Evidence: s.Evidence, Remedy: doc.Remedy})
		return
	}
	e.state = true
	first := raftdiag.Cause{Name: s.Name, Nodes: s.Nodes, Summary: s.Summary, Evidence: s.Evidence, Remedy: doc.Remedy}
	rest := slices.DeleteFunc(slices.Clone(e.Causes), func(c raftdiag.Cause) bool { return c.Name == s.Name })
	if e.FailurePoint != nil && *e.FailurePoint == h.Name {
		e.Causes = append([]raftdiag.Cause{first}, rest...)
	} else {
		e.Causes = []raftdiag.Cause{first} // the others explain another point
	}
	if e.stall != nil {
		e.Summary = fmt.Sprintf("entry %d of leader %s in term %d does not commit: %s", deref(e.Index), deref(e.Leader), deref(e.Term), s.Summary)
	}
	if e.FailurePoint == nil || *e.FailurePoint != h.Name {
		if e.stall == nil && s.Name == "wrong-peer-address" {
			e.Summary += ": " + s.Summary
		}
		e.FailurePoint, e.Gate = ptr(h.Name), ptr(h.Gates[len(h.Gates)-1].String())
		e.Suspects = []raftdiag.Suspect{{Name: h.Name, Score: 1}}
		for i := range e.Hypotheses {
			f := &e.Hypotheses[i]
			switch {
			case f.Name == h.Name:
				f.Verdict, f.Summary, f.Ask, f.Missing = raftdiag.Confirmed, e.Summary, "", []string{}
			case f.Verdict == raftdiag.Confirmed, f.Verdict == raftdiag.Unknown:
				f.Verdict, f.Ask, f.Missing = raftdiag.RuledOut, "", []string{}
				f.Summary = "what shows of it follows from an impossible state: " + s.Summary
			}
		}
	}
	for i := range e.Hypotheses {
		if f := &e.Hypotheses[i]; f.Name == h.Name {
			f.Summary = e.Summary
			f.Evidence = add(slices.Clone(s.Evidence), f.Evidence...)
		}
	}
	e.Remedy = doc.Remedy
}

func deref[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// forced makes an episode of the entry that an impossible state of a leader
// holds up, though patience has not run out: no patience mends it.
func (j *judgement) forced(s state, h *Hypothesis) bool {
	if h != noCommitAdvance && h != noQuorum || !s.at.OK() {
		return false
	}
	for _, ten := range s.at.Lane.Tenures() {
		if s.at.I < ten.Begin || s.at.I >= ten.End {
			continue
		}
		stall, ok := ten.Waiting()
		if !ok {
			return false
		}
		j.weigh(&stall)
		j.attribute(j.episodes[len(j.episodes)-1], s, h)
		return true
	}
	return false
}

// alone makes an episode of a state that no episode follows from.
func (j *judgement) alone(s state, h *Hypothesis) {
	ep := j.plain(h, h.Gates[len(h.Gates)-1], s.at, s.term, s.Summary)
	doc, _ := Lookup(s.Name)
	ep.Impact = raftdiag.NoImpact
	if l := s.at.Lane; l != nil {
		_, hi := l.Bounds()
		then, _ := l.CommitAt(s.at.I + 1)
		if now, _ := l.CommitAt(hi); now <= then {
			ep.Impact = raftdiag.Blocked
		}
		if role, ok := l.RoleAt(s.at.I + 1); ok {
			if role.Role == raftdiag.Leader {
				ep.Leader = ptr(l.Node.String())
			} else if role.Lead != 0 {
				ep.Leader = ptr(role.Lead.String())
			}
			if ep.Term == nil && role.Term > 0 {
				ep.Term, ep.term = ptr(uint64(role.Term)), role.Term
			}
		}
	}
	ep.Causes = []raftdiag.Cause{{Name: s.Name, Nodes: s.Nodes, Summary: s.Summary, Evidence: s.Evidence, Remedy: doc.Remedy}}
	ep.Remedy = doc.Remedy
	for i := range ep.Hypotheses {
		if f := &ep.Hypotheses[i]; f.Name == h.Name {
			f.Evidence = s.Evidence
		}
	}
	j.episodes = append(j.episodes, ep)
}

// A state is an impossible state with what its consequences are found by.
type state struct {
	raftdiag.Violation
	at   timeline.Proof
	term raftdiag.Term
}

// sum draws the group's verdict, its hypotheses over the whole log, and its
// summary from its parts.
func sum(g *raftdiag.Group, activity string, blanks []blank) {
	rank := func(v raftdiag.RunVerdict) {
		if v.Worse(g.Verdict) {
			g.Verdict = v
		}
	}
	for _, v := range g.Violations {
		if v.Unsafe {
			rank(raftdiag.Unsafe)
		} else {
			rank(raftdiag.Fault)
		}
	}
	for _, e := range g.Episodes {
		switch {
		case e.FailurePoint != nil:
			rank(raftdiag.Fault)
		case e.Impact == raftdiag.NoImpact:
			rank(raftdiag.Degraded)
		default:
			rank(raftdiag.Undecided)
		}
	}
	g.Hypotheses = slices.Grow(g.Hypotheses, len(hypotheses))
	for _, h := range hypotheses {
		g.Hypotheses = append(g.Hypotheses, overall(g, h, activity, blanks))
	}
	g.Summary = groupSummary(g, activity, blanks)
}

// overall is a hypothesis over the whole log: the strongest of what the
// episodes say. Where no episode speaks of a write that was held up, what the
// logs do not carry leaves it open.
func overall(g *raftdiag.Group, h *Hypothesis, activity string, blanks []blank) raftdiag.Finding {
	var best *raftdiag.Finding
	rank := map[raftdiag.Verdict]int{raftdiag.Confirmed: 3, raftdiag.Unknown: 2, raftdiag.RuledOut: 1}
	for i := range g.Episodes {
		e := &g.Episodes[i]
		if e.Impact == raftdiag.NoImpact && e.FailurePoint == nil {
			continue
		}
		for k := range e.Hypotheses {
			if f := &e.Hypotheses[k]; f.Name == h.Name && (best == nil || rank[f.Verdict] > rank[best.Verdict]) {
				best = f
			}
		}
	}
	if best != nil {
		return *best
	}
	f := finding(h, raftdiag.RuledOut, activity)
	if activity == "" {
		f = finding(h, raftdiag.Unknown, "no proposal and no append shows, so there is nothing to follow")
		f.Missing, f.Ask = append([]string{}, h.Lines...), h.Ask
	}
	leaveOpen(&f, h, blanks)
	return f
}

// groupSummary is the group in one sentence: the worst thing first.
func groupSummary(g *raftdiag.Group, activity string, blanks []blank) string {
	for _, v := range g.Violations {
		if v.Unsafe {
			return v.Summary
		}
	}
	if e := worst(g); e != nil {
		return e.Summary
	}
	for _, v := range g.Violations {
		return v.Summary
	}
	s := "no sign of a fault: " + activity
	if activity == "" {
		s = "no sign of a fault, and no proposal that could have been held up"
	}
	for i := range blanks {
		s += "; " + blanks[i].told
	}
	return s
}

// worst is the episode that counts most: a failure point before an open
// question before what cost nothing; what still lasts before what is over; then
// the earliest.
func worst(g *raftdiag.Group) *raftdiag.Episode {
	weight := func(e *raftdiag.Episode) int {
		w := 0
		if e.FailurePoint != nil {
			w += 8
		}
		if e.Impact != raftdiag.NoImpact {
			w += 4
		}
		if e.End == nil && e.EndAt == nil {
			w += 2
		}
		if e.Impact == raftdiag.Blocked || e.Impact == raftdiag.Lost {
			w++
		}
		return w
	}
	var best *raftdiag.Episode
	for i := range g.Episodes {
		if e := &g.Episodes[i]; best == nil || weight(e) > weight(best) {
			best = e
		}
	}
	return best
}
