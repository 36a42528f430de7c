package hypotheses

import (
	"fmt"
	"slices"

	"go.etcd.io/raft/v3/quorum"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A stuck is one stall with everything that bears on it.
type stuck struct {
	j      *judgement
	s      *timeline.Stall
	voters timeline.Voters
	places []timeline.Place
	later  timeline.Proof // a later leader's commit of the entry
	ownAt  raftdiag.Index // an index that is known to be of the leader's term, 0 if none is
	votes  [timeline.NumGates]quorum.VoteResult
	told   []raftdiag.Place // of places, once they are worded
}

// stalls looks for stuck entries in every tenure and weighs them.
func (j *judgement) stalls() {
	for _, ten := range j.t.Tenures() {
		found := ten.Stalls(j.pat)
		for i := range found {
			j.weigh(&found[i])
		}
	}
	if len(j.episodes) == 0 {
		for _, s := range j.t.Orphans(j.pat) {
			j.weigh(&s)
		}
	}
}

// weigh follows the stuck entry and files the episode.
func (j *judgement) weigh(s *timeline.Stall) {
	c := &stuck{j: j, s: s}
	c.ownAt = j.t.OwnTerm(s.Tenure)
	if c.ownAt > s.Index && c.ownAt <= s.Last {
		if held := c.heldByMajority(s.Index); held {
			j.oldTermNote(c)
		}
		s.Index = c.ownAt // entries before it wait for it, legally
	}
	lane, hi := s.Tenure.Lane, s.To
	c.voters = j.t.VotersOf(lane, hi)
	voters := c.voters.All()
	c.places = make([]timeline.Place, 0, len(voters))
	for _, n := range voters {
		c.places = append(c.places, j.t.Place(s, n, j.pat))
	}
	ep := c.episode()
	c.decide(ep)
	j.episodes = append(j.episodes, ep)
}

// heldByMajority reports whether a majority matches the entry.
func (c *stuck) heldByMajority(i raftdiag.Index) bool {
	s := *c.s
	s.Index = i
	voters := c.j.t.VotersOf(s.Tenure.Lane, s.To)
	votes := map[raftdiag.NodeID]bool{}
	for _, n := range voters.All() {
		p := c.j.t.Place(&s, n, c.j.pat)
		votes[n] = p.Marks[timeline.Matched].Answer == timeline.Yes
	}
	return voters.Vote(votes) == quorum.VoteWon
}

func (j *judgement) oldTermNote(c *stuck) {
	j.group.Notes = append(j.group.Notes, raftdiag.Note{
		Name: "old-term-entries",
		Summary: fmt.Sprintf("a majority holds entry %d, which is of an older term than leader %s's term %d; it waits, legally, for entry %d of the leader's own term",
			c.s.Index, c.s.Tenure.Leader, c.s.Tenure.Term, c.ownAt),
		Evidence: c.j.quote(timeline.Proof{Lane: c.s.Tenure.Lane, I: c.s.From}, "the leader's log reaches past it"),
	})
}

// vote counts one gate: who passed, who is stopped there or before, and who
// cannot be told.
func (c *stuck) vote(g timeline.Gate) quorum.VoteResult {
	votes := map[raftdiag.NodeID]bool{}
	for _, p := range c.places {
		switch c.answer(&p, g) {
		case timeline.Yes:
			votes[p.Node] = true
		case timeline.No:
			votes[p.Node] = false
		}
	}
	return c.voters.Vote(votes)
}

// answer is the voter's mark at a gate; a voter that was stopped before it does
// not pass it, and one that is down passes none.
func (c *stuck) answer(p *timeline.Place, g timeline.Gate) timeline.Answer {
	if p.Down.OK() && p.Stop != timeline.Committed {
		return timeline.No
	}
	if p.Marks[g].Answer == timeline.Yes {
		return timeline.Yes
	}
	for h := timeline.Sent; h <= g; h++ {
		if p.Marks[h].Answer == timeline.No {
			return timeline.No
		}
	}
	return timeline.CannotSay
}

// stoppedAt are the voters whose lane ends at the gate.
func (c *stuck) stoppedAt(g timeline.Gate) []*timeline.Place {
	var out []*timeline.Place
	for i := range c.places {
		p := &c.places[i]
		if p.Stop == g && p.Marks[g].Answer == timeline.No && !p.Leader {
			out = append(out, p)
		}
	}
	return out
}

// gone are the voters that are down, with proof.
func (c *stuck) gone() []*timeline.Place {
	var out []*timeline.Place
	for i := range c.places {
		if p := &c.places[i]; p.Down.OK() && p.Stop != timeline.Committed {
			out = append(out, p)
		}
	}
	return out
}

// ghosts are voters that never appear, while every voter with a log of its own
// has the entry.
func (c *stuck) ghosts() []*timeline.Place {
	if c.voters.From != "config" {
		return nil
	}
	var out []*timeline.Place
	others := 0
	for i := range c.places {
		p := &c.places[i]
		switch {
		case p.Lane != nil && p.Marks[timeline.Matched].Answer == timeline.Yes:
			if !p.Leader {
				others++
			}
		case p.Lane != nil:
			return nil
		case c.j.t.EverHeard(p.Node):
			return nil
		default:
			out = append(out, p)
		}
	}
	if others == 0 && len(out) < 2 {
		return nil
	}
	if others == 0 {
		return nil
	}
	return out
}

// impossible reports whether no quorum can form without the given voters.
func (c *stuck) impossible(without []*timeline.Place) bool {
	votes := map[raftdiag.NodeID]bool{}
	for _, n := range c.voters.All() {
		votes[n] = true
	}
	for _, p := range without {
		votes[p.Node] = false
	}
	return len(without) > 0 && c.voters.Vote(votes) == quorum.VoteLost
}

// A ruling is what the gates came to.
type ruling struct {
	point   *Hypothesis // nil if it cannot be told
	gate    timeline.Gate
	from    timeline.Gate // the range in which the point lies, if it cannot be told
	to      timeline.Gate
	why     string
	because []*timeline.Place
}

// rule finds the first gate at which the vote is lost.
func (c *stuck) rule() ruling {
	if c.s.Tenure.Lane == nil && !c.voters.Printed() {
		return ruling{from: timeline.Received, to: timeline.Committed, why: fmt.Sprintf("node %s's log is not among the inputs, and the voters are not printed", c.s.Tenure.Leader)}
	}
	if gone := c.gone(); c.impossible(gone) {
		return ruling{point: noQuorum, gate: timeline.Matched, because: gone,
			why: fmt.Sprintf("%s %s down, so no quorum can form", list(nodesOf(gone)), plural(len(gone), "is", "are"))}
	}
	if ghosts := c.ghosts(); c.impossible(ghosts) {
		return ruling{point: noQuorum, gate: timeline.Matched, because: ghosts,
			why: fmt.Sprintf("the configuration counts %s, which never %s", list(nodesOf(ghosts)), plural(len(ghosts), "appears", "appear"))}
	}
	pending := timeline.NumGates
	for g := timeline.Sent; g <= timeline.Matched; g++ {
		v := c.vote(g)
		c.votes[g] = v
		switch {
		case v == quorum.VotePending && pending == timeline.NumGates:
			pending = g
		case v == quorum.VoteLost && pending < g:
			return ruling{from: pending, to: g, why: c.pendingWhy(pending)}
		case v == quorum.VoteLost:
			if g == timeline.Matched && !c.voters.Printed() && c.someFollowerMatches() {
				return ruling{from: g, to: timeline.Committed, why: "the voters are not printed, and learners may hide among the Progress rows"}
			}
			if refused := c.refused(); len(refused) > 0 && g == timeline.Received && !c.impossible(c.stoppedFor(g, refused)) {
				return ruling{from: g, to: timeline.Matched, why: fmt.Sprintf("%s %s connections, and whether %s down or not reachable %s own log would show",
					list(nodesOf(refused)), plural(len(refused), "refuses", "refuse"), plural(len(refused), "it is", "they are"), plural(len(refused), "its", "their"))}
			}
			if g == timeline.Matched && !c.stepped() && !c.slowLoop() {
				return ruling{from: g, to: timeline.Committed, why: "answers arrived that cover the entry, and whether the leader's loop had time to take them does not show"}
			}
			return ruling{point: byGate(g), gate: g, because: c.stoppedAt(g)}
		}
	}
	if pending < timeline.NumGates {
		return ruling{from: pending, to: timeline.Committed, why: c.pendingWhy(pending)}
	}
	// A majority matches.
	switch {
	case c.voters.From == "seen", c.voters.From != "config" && !c.everyoneMatches():
		return ruling{from: timeline.Matched, to: timeline.Committed, why: "the voters are not printed, and learners may hide among the Progress rows"}
	case c.unprinted():
		return ruling{from: timeline.Matched, to: timeline.Committed, why: "an entry that changes the configuration is committed, and no log prints to what"}
	case c.ownAt == 0 || c.ownAt > c.s.Last:
		return ruling{from: timeline.Committed, to: timeline.Committed, why: fmt.Sprintf("whether entry %d is of the leader's own term %d does not show, and entries of an older term wait legally", c.s.Index, c.s.Tenure.Term)}
	case !c.s.Open && c.lateCommit():
	case !c.settled():
		return ruling{from: timeline.Committed, to: timeline.Committed, why: "the leader's log shows no commit of its own late enough after a majority matched"}
	case !c.s.Open:
		return ruling{from: timeline.Received, to: timeline.Committed, why: "the entry committed in the end, and where it was late does not show"}
	}
	return ruling{point: noCommitAdvance, gate: timeline.Committed}
}

// unprinted reports whether the voters changed and no log prints to whom.
func (c *stuck) unprinted() bool {
	if c.s.Tenure.Lane == nil {
		return false
	}
	_, ok := c.j.t.Unprinted(c.voters, c.s.Tenure.Lane, c.s.To)
	return ok
}

// settled reports whether the leader's loop went on for its patience after the
// majority was there. What is received is printed before Raft takes it, and a
// loop that stands still takes nothing.
func (c *stuck) settled() bool {
	l := c.s.Tenure.Lane
	if l == nil || c.j.pat.Complete {
		return l != nil
	}
	at, ok := c.majorityAt()
	if !ok || l.Count(raftdiag.Slow, c.s.From, c.s.To) >= c.j.pat.Rounds {
		return false // while the disk is slow, what arrives waits for the loop
	}
	row, ok := l.LoopRow(at, c.s.To)
	return ok && l.Passed(c.j.pat, 1, at, row.I+1)
}

// stepped reports whether the leader's loop had time to take the accepts that it
// heard: it went on for its patience after one of each voter whose match does
// not move. A rejection needs no such time, and neither does an answer that
// covers less.
func (c *stuck) stepped() bool {
	l := c.s.Tenure.Lane
	if l == nil || c.j.pat.Complete || !c.s.Open {
		return true
	}
	var early []*timeline.Place
	slow := l.Count(raftdiag.Slow, c.s.From, c.s.To) >= c.j.pat.Rounds // then its loop is behind with what arrives
	for _, p := range c.stoppedAt(timeline.Matched) {
		at, ok := c.firstAccept(p)
		if !ok {
			continue
		}
		if row, ok := l.LoopRow(at, c.s.To); slow || !ok || !l.Passed(c.j.pat, 1, at, row.I+1) {
			early = append(early, p)
		}
	}
	// Those are not known to be passed over; is the quorum lost without them?
	return len(early) == 0 || c.impossible(c.stoppedFor(timeline.Matched, early))
}

// slowLoop reports whether the leader says over and over that its storage is
// slow while the entry waits, and goes on for its patience after the accepts
// that it heard: they wait behind its writes.
func (c *stuck) slowLoop() bool {
	l := c.s.Tenure.Lane
	if l == nil || c.slowWork() != "slow-disk" {
		return false
	}
	for _, p := range c.stoppedAt(timeline.Matched) {
		at, ok := c.firstAccept(p)
		if row, turned := l.LoopRow(at, c.s.To); ok && (!turned || !l.Passed(c.j.pat, 1, at, row.I+1)) {
			return false
		}
	}
	return true
}

// slowWork is the cause by which the leader says, as often as patience has
// rounds, that its loop is slow while the entry waits; empty if it does not.
func (c *stuck) slowWork() string {
	l := c.s.Tenure.Lane
	if l == nil {
		return ""
	}
	disk, other := 0, 0
	for _, q := range l.All(raftdiag.Slow, c.s.From, c.s.To) {
		if aboutStorage(q.Event().Text) {
			disk++
		} else {
			other++
		}
	}
	switch {
	case disk >= c.j.pat.Rounds:
		return "slow-disk"
	case disk+other >= c.j.pat.Rounds:
		return "overloaded"
	}
	return ""
}

// firstAccept is the place of the first accept of the entry that the leader
// heard of a voter.
func (c *stuck) firstAccept(p *timeline.Place) (int, bool) {
	l := c.s.Tenure.Lane
	for _, i := range l.Receives(timeline.Channel{From: p.Node, To: c.s.Tenure.Leader, Type: raftdiag.MsgAppResp}) {
		e := l.Event(int(i))
		if int(i) > c.s.From && int(i) < c.s.To && !e.Reject && e.Has(raftdiag.HasIndex) && e.Index >= c.s.Index && (!e.Has(raftdiag.HasTerm) || e.Message.Term == c.s.Tenure.Term) {
			return int(i), true
		}
	}
	return 0, false
}

// lateCommit reports whether a majority matched long before the commit that
// came in the end.
func (c *stuck) lateCommit() bool {
	at, ok := c.majorityAt()
	if c.s.Tenure.Lane.Count(raftdiag.Slow, c.s.From, c.s.To) >= c.j.pat.Rounds {
		return false // a slow disk makes commits late
	}
	return ok && c.s.Tenure.Lane.Passed(c.j.pat, 3, at, c.s.To)
}

// majorityAt is the leader's place from which on a majority is known to match.
func (c *stuck) majorityAt() (int, bool) {
	var places []int
	for _, p := range c.places {
		if p.MatchAt >= 0 {
			places = append(places, p.MatchAt)
		}
	}
	slices.Sort(places)
	for _, at := range places { // the first place at which those before it are a quorum
		votes := map[raftdiag.NodeID]bool{}
		for _, p := range c.places {
			votes[p.Node] = p.MatchAt >= 0 && p.MatchAt <= at
		}
		if c.voters.Vote(votes) == quorum.VoteWon {
			return at, true
		}
	}
	return 0, false
}

// refused are voters whose addresses refuse and whose logs are missing: they may
// be down, or not reachable.
func (c *stuck) refused() []*timeline.Place {
	var out []*timeline.Place
	for i := range c.places {
		if p := &c.places[i]; p.Refused && !p.Down.OK() {
			out = append(out, p)
		}
	}
	return out
}

// stoppedFor are the voters that do not pass a gate, but for some.
func (c *stuck) stoppedFor(g timeline.Gate, but []*timeline.Place) []*timeline.Place {
	var out []*timeline.Place
	for i := range c.places {
		if p := &c.places[i]; !slices.Contains(but, p) && c.answer(p, g) == timeline.No {
			out = append(out, p)
		}
	}
	return out
}

func (c *stuck) someFollowerMatches() bool {
	return slices.ContainsFunc(c.places, func(p timeline.Place) bool { return !p.Leader && p.Marks[timeline.Matched].Answer == timeline.Yes })
}

func (c *stuck) everyoneMatches() bool {
	return !slices.ContainsFunc(c.places, func(p timeline.Place) bool { return !p.Leader && p.Marks[timeline.Matched].Answer != timeline.Yes })
}

func (c *stuck) pendingWhy(g timeline.Gate) string {
	for _, p := range c.places {
		if m := p.Marks[g]; c.answer(&p, g) == timeline.CannotSay && m.Why != "" {
			return m.Why
		}
	}
	return "the logs do not tell"
}

func nodesOf(places []*timeline.Place) []raftdiag.NodeID {
	var out []raftdiag.NodeID
	for _, p := range places {
		out = append(out, p.Node)
	}
	return out
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// episode begins the report of the stall.
func (c *stuck) episode() *episode {
	s := c.s
	ten := s.Tenure
	ep := &episode{life: c.j.t.Life, term: ten.Term, stall: s}
	e := &ep.Episode
	e.Leader, e.Term, e.Index = ptr(ten.Leader.String()), ptr(uint64(ten.Term)), ptr(uint64(s.Index))
	e.Suspects, e.Causes = []raftdiag.Suspect{}, []raftdiag.Cause{}
	e.Hypotheses, e.Followers = []raftdiag.Finding{}, []raftdiag.Place{}
	if l := ten.Lane; l != nil {
		ep.at = timeline.Proof{Lane: l, I: s.From}
		e.Start, e.StartAt = stamp(l.StampNear(s.From)), where(ep.at)
		if !s.Open {
			e.End, e.EndAt = stamp(l.StampNear(s.To)), where(timeline.Proof{Lane: l, I: s.To})
		} else if _, hi := l.Bounds(); ten.End < hi {
			e.End, e.EndAt = stamp(l.StampNear(ten.End)), where(timeline.Proof{Lane: l, I: ten.End})
		}
	} else {
		for _, p := range c.places {
			if p.Receipt.OK() {
				ep.at = p.Receipt
				e.Start, e.StartAt = stamp(p.Lane.StampNear(p.Receipt.I)), where(p.Receipt)
				break
			}
		}
	}
	e.Impact = raftdiag.Blocked
	if !s.Open {
		e.Impact = raftdiag.SlowedBy
	} else if c.j.t.Replaced(s) {
		e.Impact = raftdiag.Lost
	} else if by, ok := c.j.t.CommittedLater(s); ok {
		e.Impact, c.later = raftdiag.SlowedBy, by
		e.End, e.EndAt = stamp(by.Lane.StampNear(by.I)), where(by)
	}
	e.Followers = slices.Grow(e.Followers, len(c.places))
	for i := range c.places {
		e.Followers = append(e.Followers, *c.place(&c.places[i]))
	}
	return ep
}

// place is the report's word on a voter's lane.
func (c *stuck) place(p *timeline.Place) *raftdiag.Place {
	for i := range c.places {
		if p != &c.places[i] {
			continue
		}
		if c.told == nil {
			c.told = make([]raftdiag.Place, len(c.places))
		}
		if c.told[i].Node == "" {
			c.told[i] = c.word(p)
			c.told[i].Evidence = slices.Clip(c.told[i].Evidence) // others add to it
		}
		return &c.told[i]
	}
	out := c.word(p)
	return &out
}

// word words a voter's lane for the report.
func (c *stuck) word(p *timeline.Place) raftdiag.Place {
	out := raftdiag.Place{Node: p.Node.String(), Leader: p.Leader, Voter: c.voters.Has(p.Node), Logged: p.Lane != nil,
		Passed: make([]string, 0, timeline.NumGates), Evidence: make([]raftdiag.Quote, 0, timeline.NumGates)}
	for g := timeline.Sent; g < p.Stop && g <= timeline.Matched; g++ {
		out.Passed = append(out.Passed, g.String())
	}
	if p.Stop == timeline.Committed {
		out.Gate, out.Status = timeline.Matched.String(), "passed"
		out.Summary = p.Marks[timeline.Matched].Why
		out.Evidence = add(out.Evidence, c.j.quote(p.Marks[timeline.Matched].Proof, "matched")...)
		return out
	}
	m := p.Marks[p.Stop]
	out.Gate, out.Summary = p.Stop.String(), m.Why
	switch {
	case p.Down.OK():
		out.Status, out.Summary = "down", p.DownWhy
		out.Evidence = add(out.Evidence, c.j.cite(p.Down, p.DownWhy)...)
	case m.Answer == timeline.No:
		out.Status = "blocked"
		if m.Late {
			out.Status = "late"
		}
	default:
		out.Status = "unknown"
	}
	if p.Head.OK() && !p.Leader {
		out.Evidence = add(out.Evidence, c.j.quote(p.Head, "the leader's append to node %s", p.Node)...)
	}
	for g := timeline.Received; g < p.Stop; g++ {
		if pr := p.Marks[g].Proof; pr.OK() {
			out.Evidence = add(out.Evidence, c.j.cite(pr, g.String())...)
		}
	}
	out.Evidence = add(out.Evidence, c.j.cite(m.Proof, m.Why)...)
	if p.Row.OK() {
		out.Evidence = add(out.Evidence, c.j.quote(p.Row, "what the leader knows of node %s", p.Node)...)
	}
	return out
}

// decide turns the ruling into verdicts, suspects, causes and advice.
func (c *stuck) decide(ep *episode) {
	r := c.rule()
	e := &ep.Episode
	ten := c.s.Tenure
	what := fmt.Sprintf("entry %d of leader %s in term %d", c.s.Index, ten.Leader, ten.Term)
	still := "does not commit"
	switch {
	case !c.s.Open:
		still = "committed late"
	case c.later.OK():
		still = fmt.Sprintf("commits under a later leader only, node %s", c.later.Lane.Node)
	}
	clock := ""
	if c.s.ByClock {
		clock = " (by the clock alone: the log shows no rounds)"
	}
	if r.point != nil {
		e.FailurePoint, e.Gate = ptr(r.point.Name), ptr(r.gate.String())
		if r.point == noCommitAdvance {
			r.because = nil
		}
		e.Causes = causes(c.withAnywhere(r.point.causes(c, r.because)))
		why := r.why
		if why == "" {
			why = c.reason(r.gate, r.because)
		}
		e.Summary = fmt.Sprintf("%s %s: %s%s", what, still, why, clock)
		e.Remedy = r.point.Remedy
		if len(e.Causes) > 0 {
			e.Remedy = e.Causes[0].Remedy
		}
		e.Suspects = []raftdiag.Suspect{{Name: r.point.Name, Score: 1}}
	} else {
		e.Summary = fmt.Sprintf("%s %s; where it stopped cannot be told: %s%s", what, still, r.why, clock)
		e.Suspects = c.suspects(r)
		e.Causes = causes(c.withAnywhere(c.guesses(r)))
	}
	c.verdicts(e, r)
	if r.point == nil {
		e.Remedy = c.ask(r)
	}
}

// reason says in a sentence what the vote was lost on.
func (c *stuck) reason(g timeline.Gate, because []*timeline.Place) string {
	var at []raftdiag.NodeID
	for _, p := range because {
		at = append(at, p.Node)
	}
	who := list(at)
	switch g {
	case timeline.Sent:
		return fmt.Sprintf("the leader sends %s no append that carries it", who)
	case timeline.Received:
		return fmt.Sprintf("the append does not reach %s", who)
	case timeline.Answered:
		return fmt.Sprintf("%s received the append and %s not answer", who, plural(len(at), "does", "do"))
	case timeline.Heard:
		return fmt.Sprintf("the answers of %s do not reach the leader", who)
	case timeline.Matched:
		if len(at) == 0 {
			return "no majority matches it"
		}
		return fmt.Sprintf("the answers of %s arrive and do not match it", who)
	}
	return "a majority matches it and the leader's commit does not move"
}

// verdicts fills the eight hypotheses.
func (c *stuck) verdicts(e *raftdiag.Episode, r ruling) {
	e.Hypotheses = slices.Grow(e.Hypotheses, len(hypotheses))
	for _, h := range hypotheses {
		var f raftdiag.Finding
		switch {
		case h == r.point:
			f = finding(h, raftdiag.Confirmed, e.Summary)
			for _, cause := range e.Causes {
				f.Evidence = add(f.Evidence, cause.Evidence...)
			}
			for _, p := range r.because {
				f.Evidence = add(f.Evidence, c.place(p).Evidence...)
			}
			if h == noCommitAdvance {
				for i := range c.places {
					f.Evidence = add(f.Evidence, c.place(&c.places[i]).Evidence...)
				}
				f.Evidence = add(f.Evidence, c.commitRow()...)
			}
		case h == proposalDropped:
			f = finding(h, raftdiag.RuledOut, "the entry has an index, so the proposal was taken")
		case h == noLeader:
			f = finding(h, raftdiag.RuledOut, fmt.Sprintf("node %s leads in term %d", c.s.Tenure.Leader, c.s.Tenure.Term))
		case h == applyStalled:
			f = finding(h, raftdiag.RuledOut, "the entry is not committed, so nothing waits to be applied")
		default:
			f = c.other(h, r)
		}
		if len(f.Evidence) > 12 {
			f.Evidence = f.Evidence[:12]
		}
		e.Hypotheses = append(e.Hypotheses, f)
	}
}

// commitRow quotes the last row that shows the commit index.
func (c *stuck) commitRow() []raftdiag.Quote {
	l := c.s.Tenure.Lane
	if l == nil {
		return nil
	}
	if p, ok := l.CommitRow(c.s.From, c.s.To); ok {
		return c.j.quote(p, "commit is still %d", c.s.Commit)
	}
	return nil
}

// other words a hypothesis that is not the confirmed one.
func (c *stuck) other(h *Hypothesis, r ruling) raftdiag.Finding {
	first, final := h.Gates[0], h.Gates[len(h.Gates)-1]
	if r.point != nil {
		switch {
		case final < r.gate || first < r.gate && h != r.point:
			f := finding(h, raftdiag.RuledOut, c.passedWhy(first))
			f.Evidence = add(f.Evidence, c.passedEvidence(first)...)
			return f
		default:
			return finding(h, raftdiag.RuledOut, fmt.Sprintf("the entry did not come so far: it stopped before %s", r.gate))
		}
	}
	if final < r.from {
		f := finding(h, raftdiag.RuledOut, c.passedWhy(first))
		f.Evidence = add(f.Evidence, c.passedEvidence(first)...)
		return f
	}
	if first > r.to {
		return finding(h, raftdiag.RuledOut, fmt.Sprintf("the vote is lost before %s already", first))
	}
	f := finding(h, raftdiag.Unknown, r.why)
	for _, p := range c.places {
		for _, g := range h.Gates {
			if g <= timeline.Matched && c.answer(&p, g) == timeline.CannotSay && p.Marks[g].Missing != "" && !slices.Contains(f.Missing, p.Marks[g].Missing) {
				f.Missing = append(f.Missing, p.Marks[g].Missing)
			}
		}
	}
	if len(f.Missing) > 0 {
		f.Ask = "give " + f.Missing[0]
	} else {
		f.Ask = h.Ask
	}
	return f
}

func (c *stuck) passedWhy(g timeline.Gate) string {
	var who []raftdiag.NodeID
	for _, p := range c.places {
		if !p.Leader && p.Marks[g].Answer == timeline.Yes {
			who = append(who, p.Node)
		}
	}
	if len(who) == 0 {
		return "a later gate was passed"
	}
	return fmt.Sprintf("%s passed %s", list(who), g)
}

func (c *stuck) passedEvidence(g timeline.Gate) []raftdiag.Quote {
	var out []raftdiag.Quote
	for _, p := range c.places {
		if m := p.Marks[g]; !p.Leader && m.Answer == timeline.Yes && len(out) < 2 {
			out = add(out, c.j.cite(m.Proof, m.Why)...)
		}
	}
	return out
}

// suspects share a weight of one by the gates at which each unknown voter may
// stand.
func (c *stuck) suspects(r ruling) []raftdiag.Suspect {
	score := map[*Hypothesis]float64{}
	total := 0.0
	for i := range c.places {
		p := &c.places[i]
		if p.Leader {
			continue
		}
		var open []timeline.Gate
		for g := max(r.from, timeline.Sent); g <= min(r.to, timeline.Matched); g++ {
			switch c.answer(p, g) {
			case timeline.CannotSay:
				open = append(open, g)
			case timeline.No:
				open = append(open, g)
				if p.Refused && g == timeline.Received {
					open = append(open, timeline.Matched)
				}
				g = timeline.NumGates
			}
		}
		for _, g := range open {
			score[byGate(g)] += 1 / float64(len(open))
			total += 1 / float64(len(open))
		}
	}
	if r.to == timeline.Committed {
		score[noCommitAdvance] += 0.5
		total += 0.5
	}
	out := []raftdiag.Suspect{}
	for _, h := range hypotheses {
		if s := score[h]; s > 0 {
			out = append(out, raftdiag.Suspect{Name: h.Name, Score: float64(int(100*s/total+0.5)) / 100})
		}
	}
	slices.SortStableFunc(out, func(a, b raftdiag.Suspect) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return out
}

// ask says which log or line would settle the case.
func (c *stuck) ask(r ruling) string {
	var missing []string
	for g := max(r.from, timeline.Sent); g <= min(r.to, timeline.Matched); g++ {
		for _, p := range c.places {
			if m := p.Marks[g]; c.answer(&p, g) == timeline.CannotSay && m.Missing != "" && !slices.Contains(missing, m.Missing) {
				missing = append(missing, m.Missing)
			}
			if log := fmt.Sprintf("node %s's log", p.Node); p.Refused && !slices.Contains(missing, log) {
				missing = append(missing, log)
			}
		}
	}
	if len(missing) == 0 {
		return "log the voters (ConfState) and the leader's Progress rows; see raftdiag explain logging"
	}
	s := "to settle it, give " + missing[0]
	for i, m := range missing[1:] {
		if i == 2 {
			break
		}
		s += ", or " + m
	}
	return s
}

// guesses are causes that show although the failure point does not.
func (c *stuck) guesses(r ruling) []cause {
	var out []cause
	for g := max(r.from, timeline.Sent); g <= min(r.to, timeline.Matched); g++ {
		if at := c.stoppedAt(g); len(at) > 0 {
			out = append(out, byGate(g).causes(c, at)...)
		}
	}
	for i := range c.places {
		p := &c.places[i]
		if p.Asleep.OK() {
			out = append(out, cause{"process-paused", []raftdiag.NodeID{p.Node}, fmt.Sprintf("node %s's log stands still and goes on without a restart; the append shows when it goes on", p.Node),
				add(c.j.quote(p.Asleep, "its last line before"), c.j.quote(p.Asleep.Lane.Proof(p.Asleep.I+1), "its next one")...)})
		}
		if !p.Quiet.OK() || p.Down.OK() {
			continue
		}
		who, ev := []raftdiag.NodeID{p.Node}, c.j.quote(p.Quiet, "the last line of node %s", p.Node)
		out = append(out, cause{"process-paused", who, fmt.Sprintf("node %s's log ends without a word while the leader goes on: its process may stand still, if the log is not cut short", p.Node), ev},
			cause{"node-down", who, fmt.Sprintf("node %s's log ends without a word: its process may be gone, if the log is not cut short", p.Node), ev})
	}
	for _, p := range c.gone() {
		out = append(out, cause{"node-down", []raftdiag.NodeID{p.Node}, p.DownWhy, c.j.cite(p.Down, p.DownWhy)})
	}
	return out
}
