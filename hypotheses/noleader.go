package hypotheses

import (
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/raft/v3/quorum"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var noLeader = &Hypothesis{
	Name:  "no-leader",
	Title: "nobody leads, so nothing can be proposed",
	Doc: "So many voters know no leader, campaign after campaign, that none can exist. One node that is cut off and campaigns alone is not this: the others have a leader. " +
		"A leader that steps down over a stuck entry is a consequence of that entry's failure point.",
	Needs:  []raftdiag.Kind{raftdiag.State, raftdiag.Sent},
	Lines:  []string{"role, term and leader of every node (HAS_READY ...: raft_state=, term=, leader=)", "MsgVote and MsgVoteResp, sent and received", "the voters"},
	Gates:  []timeline.Gate{timeline.Proposed},
	Remedy: "Find out who campaigned, who refused and why, and who could have won.",
	Ask:    "log role, term and leader with every Ready, and vote messages both ways, on a majority of the voters",
}

// storm is how many times the patience a time without a leader must have lasted
// to count although a leader was found in the end.
const storm = 2

// patientBoot is how many times the patience nodes may wait without a campaign
// until it is clear that none will come: they sample their state several times
// in an election timeout.
const patientBoot = 6

// leaderless looks for times in which no leader can have existed, for leaders
// that one node deposes again and again, and for leaders that commit nothing.
func (j *judgement) leaderless() {
	open := map[raftdiag.NodeID]timeline.Vacancy{}
	closed := map[raftdiag.NodeID][]timeline.Vacancy{}
	founding := map[raftdiag.NodeID]timeline.Vacancy{} // from boot to the first leader, however short
	need := j.pat.Rounds
	if j.pat.Complete {
		need = 1
	}
	for _, l := range j.t.Lanes {
		for _, v := range l.Vacancies() {
			switch {
			case v.Ignored > 0:
				// Somebody leads in an earlier term, and this node does not follow.
			case v.Open && v.Rounds >= need:
				open[l.Node] = v
			case !v.Open && v.Rounds >= storm*j.pat.Rounds:
				closed[l.Node] = append(closed[l.Node], v)
			case !v.Open && l.BeginsWithBoot() && v.From <= l.FirstRole():
				founding[l.Node] = v
			}
		}
	}
	j.vacantNow(open)
	j.vacantOnce(closed, founding)
	j.disruptive()
	j.flapping()
}

// allVoters are the voters as any log shows them.
func (j *judgement) allVoters() timeline.Voters {
	if j.voters == nil {
		v := j.anyVoters()
		j.voters = &v
	}
	return *j.voters
}

func (j *judgement) anyVoters() timeline.Voters {
	for _, l := range j.t.Lanes {
		_, hi := l.Bounds()
		if v := j.t.VotersOf(l, hi); v.From == "config" {
			return v
		}
	}
	if len(j.t.Lanes) > 0 {
		l := j.t.Lanes[0]
		_, hi := l.Bounds()
		return j.t.VotersOf(l, hi)
	}
	return timeline.Voters{Incoming: j.t.Nodes, From: "seen"}
}

// vacantNow judges lanes that end without a leader.
func (j *judgement) vacantNow(open map[raftdiag.NodeID]timeline.Vacancy) {
	if len(open) == 0 {
		return
	}
	var newest raftdiag.Term
	for _, v := range open {
		newest = max(newest, v.Lane.Term())
	}
	led := raftdiag.NodeID(0) // somebody's log ends as a leader of their term
	for _, l := range j.t.Lanes {
		if _, vacant := open[l.Node]; vacant {
			continue
		}
		if by, _ := j.t.DownProof(l.Node, j.pat); by.OK() {
			continue
		}
		if term, leads := l.LeadsAtEnd(); leads && term >= newest {
			led = l.Node
		}
	}
	if j.consequence(open) {
		return
	}
	voters := j.allVoters()
	votes := map[raftdiag.NodeID]bool{}
	var vacs []timeline.Vacancy
	for _, n := range voters.All() {
		if v, vacant := open[n]; vacant {
			votes[n] = false
			vacs = append(vacs, v)
		} else if by, _ := j.t.DownProof(n, j.pat); by.OK() {
			votes[n] = false
		}
	}
	if len(vacs) == 0 {
		j.outsiders(open, voters)
		return
	}
	slices.SortStableFunc(vacs, func(a, b timeline.Vacancy) int { return b.Rounds - a.Rounds })
	who := make([]raftdiag.NodeID, len(vacs))
	for i, v := range vacs {
		who[i] = v.Lane.Node
	}
	slices.Sort(who)
	at := timeline.Proof{Lane: vacs[0].Lane, I: vacs[0].From}
	role, _ := vacs[0].Lane.RoleAt(vacs[0].From + 1)
	causeList := j.vacancyCauses(vacs, voters)
	if gone := j.deadVoters(voters); len(gone) > 0 {
		ep := j.plain(noQuorum, timeline.Matched, at, role.Term, fmt.Sprintf("%s %s down or never there, so no quorum can form and nobody can lead: %s",
			list(gone), plural(len(gone), "is", "are"), j.campaigns(vacs)))
		j.settle(ep, causeList)
		return
	}
	// Voters that say nothing and have no log here may be down: then the point is
	// the quorum.
	maybe := map[raftdiag.NodeID]bool{}
	var unheard []raftdiag.NodeID
	for _, n := range voters.All() {
		by, _ := j.t.DownProof(n, j.pat)
		maybe[n] = !by.OK() && j.t.Lane(n) != nil
		if !by.OK() && j.t.Lane(n) == nil {
			unheard = append(unheard, n)
		}
	}
	lost := voters.Vote(votes) == quorum.VoteLost
	if led != 0 {
		if lost {
			ep := j.plain(noLeader, timeline.Proposed, at, role.Term, fmt.Sprintf("%s %s no leader (%s), and node %s's log ends as a leader's: whether it still led more of its log would show",
				list(who), plural(len(who), "knows", "know"), j.campaigns(vacs), led))
			j.settle(ep, causeList)
			j.unsettle(ep, noLeader, fmt.Sprintf("give more of node %s's log", led), []string{fmt.Sprintf("more of node %s's log", led)})
		}
		return // somebody leads; those without a leader are cut off
	}
	if lost && len(unheard) > 0 && voters.Vote(maybe) == quorum.VoteLost {
		ep := j.plain(noLeader, timeline.Proposed, at, role.Term, fmt.Sprintf("%s %s no leader (%s); whether %s %s down the logs of those would show",
			list(who), plural(len(who), "knows", "know"), j.campaigns(vacs), list(unheard), plural(len(unheard), "is", "are")))
		j.settle(ep, causeList)
		j.unsettle(ep, noLeader, fmt.Sprintf("give the log of %s", list(unheard)), []string{fmt.Sprintf("the log of %s", list(unheard))})
		ep.Suspects = []raftdiag.Suspect{{Name: noLeader.Name, Score: 0.5}, {Name: noQuorum.Name, Score: 0.5}}
		for i := range ep.Hypotheses {
			if f := &ep.Hypotheses[i]; f.Name == noQuorum.Name {
				f.Verdict, f.Summary, f.Ask = raftdiag.Unknown, "whether so many voters are down is not known", fmt.Sprintf("give the log of %s", list(unheard))
			}
		}
		return
	}
	if lost {
		ep := j.plain(noLeader, timeline.Proposed, at, role.Term, fmt.Sprintf("%s %s no leader, and without %s none can be elected: %s",
			list(who), plural(len(who), "knows", "know"), plural(len(who), "it", "them"), j.campaigns(vacs)))
		j.settle(ep, causeList)
		if len(causeList) == 0 && !slices.ContainsFunc(vacs, func(v timeline.Vacancy) bool { return v.Campaigns > 0 || v.Rounds >= patientBoot*j.pat.Rounds }) {
			// The first election may be to come.
			j.unsettle(ep, noLeader, "give more of the logs: nobody has campaigned yet", []string{"more of the logs"})
		}
		return
	}
	// A voter whose log is missing, or knows a leader, may lead.
	var missing []raftdiag.NodeID
	for _, n := range voters.All() {
		l := j.t.Lane(n)
		if l == nil {
			missing = append(missing, n)
			continue
		}
		_, hi := l.Bounds()
		if role, ok := l.RoleAt(hi); ok && (role.Lead != 0 || role.Role == raftdiag.Leader) {
			return
		}
	}
	if len(missing) == 0 {
		return
	}
	ep := j.plain(noLeader, timeline.Proposed, at, role.Term, fmt.Sprintf("%s %s no leader (%s); whether %s one %s would show",
		list(who), plural(len(who), "knows", "know"), j.campaigns(vacs), list(missing)+plural(len(missing), " has", " have"), plural(len(missing), "its log", "their logs")))
	j.settle(ep, causeList)
	j.unsettle(ep, noLeader, fmt.Sprintf("give the log of %s", list(missing)), []string{fmt.Sprintf("the log of %s", list(missing))})
}

// outsiders judges nodes that are no voters by their own configuration, know no
// leader and refuse proposals over and over, where no voter has a log here or is
// ever heard: they wait for somebody whom these logs do not know. A process that
// was given an id that is not its own waits so for ever.
func (j *judgement) outsiders(open map[raftdiag.NodeID]timeline.Vacancy, voters timeline.Voters) {
	if voters.From != "config" || slices.ContainsFunc(voters.All(), func(n raftdiag.NodeID) bool { return j.t.Lane(n) != nil || j.t.EverHeard(n) }) {
		return
	}
	for _, n := range sortedKeys(open) {
		v := open[n]
		lo, hi := v.Lane.Bounds()
		refused := v.Lane.All(raftdiag.ProposalDropped, lo, hi)
		if len(refused) < j.pat.Rounds || v.Lane.EverLed() {
			continue
		}
		role, _ := v.Lane.RoleAt(v.From + 1)
		ep := j.plain(noLeader, timeline.Proposed, timeline.Proof{Lane: v.Lane, I: v.From}, role.Term,
			fmt.Sprintf("node %s knows no leader and refuses proposals, %s; by its configuration it is no voter, and of the voters, %s, nothing shows", n, times(len(refused)), list(voters.All())))
		at := add(j.quote(voters.At, "the voters"), j.quote(refused[0], "the first proposal that is refused")...)
		j.settle(ep, []cause{
			{"duplicate-id", []raftdiag.NodeID{n}, fmt.Sprintf("the process takes itself for node %s, which its configuration does not count: its id may be another's", n), at},
			{"member-removed", []raftdiag.NodeID{n}, fmt.Sprintf("or node %s was a member and is none any more", n), at},
		})
		j.unsettle(ep, noLeader, fmt.Sprintf("give the log of %s, and see which id each process was given", list(voters.All())), []string{fmt.Sprintf("the log of %s", list(voters.All()))})
	}
}

// ghost reports whether nobody ever heard a node, and everybody who writes to it
// has no address for it.
func (j *judgement) ghost(n raftdiag.NodeID) bool {
	if j.t.EverHeard(n) {
		return false
	}
	found := false
	for _, l := range j.t.Lanes {
		lo, hi := l.Bounds()
		p, ok := l.FailuresTo(n, lo, hi)
		if !ok || transportCause(p.Event().Text) != "no-address" {
			return false
		}
		found = true
	}
	return found
}

// served reports whether entries were committed, one after another, under the
// voters' configuration, though without some of the voters no quorum can form:
// then these were there, whether the logs at hand hear them or not. A follower
// hears its leader alone.
func (j *judgement) served(voters timeline.Voters, without []raftdiag.NodeID) bool {
	there := map[raftdiag.NodeID]bool{}
	for _, n := range voters.All() {
		there[n] = !slices.Contains(without, n)
	}
	if voters.Vote(there) != quorum.VoteLost || !voters.At.OK() {
		return false
	}
	return voters.At.Lane.Commits(voters.At.I) >= j.pat.Rounds
}

// deadVoters are the voters that are down or never were, if the others are no quorum.
func (j *judgement) deadVoters(voters timeline.Voters) []raftdiag.NodeID {
	ghosts := slices.DeleteFunc(voters.All(), func(n raftdiag.NodeID) bool { return !j.ghost(n) })
	if j.served(voters, ghosts) {
		ghosts = nil
	}
	alive := map[raftdiag.NodeID]bool{}
	var gone []raftdiag.NodeID
	for _, n := range voters.All() {
		by, _ := j.t.DownProof(n, j.pat)
		if alive[n] = !by.OK() && !slices.Contains(ghosts, n); !alive[n] {
			gone = append(gone, n)
		}
	}
	if len(gone) == 0 || voters.Vote(alive) != quorum.VoteLost {
		return nil
	}
	return gone
}

// consequence reports whether the leader before the vacancy left a stuck entry
// behind: what follows is filed under it.
func (j *judgement) consequence(open map[raftdiag.NodeID]timeline.Vacancy) bool {
	var last raftdiag.Term
	for _, c := range j.t.Leaders() {
		last = max(last, c.Term)
	}
	for _, e := range j.episodes {
		if !e.stuck() || e.term != last {
			continue
		}
		var who []raftdiag.NodeID
		for n := range open {
			who = append(who, n)
		}
		slices.Sort(who)
		e.Summary += fmt.Sprintf("; then %s %s left without a leader", list(who), plural(len(who), "is", "are"))
		return true
	}
	return false
}

func (j *judgement) campaigns(vacs []timeline.Vacancy) string {
	n := 0
	for _, v := range vacs {
		n += v.Campaigns
	}
	switch n {
	case 0:
		return "and nobody campaigns"
	case 1:
		return "one campaign, and nobody wins"
	}
	return fmt.Sprintf("%d campaigns, and nobody wins", n)
}

// settle gives an episode its causes and the advice that goes with the first.
func (j *judgement) settle(ep *episode, found []cause) {
	ep.Causes = causes(found)
	if len(ep.Causes) > 0 {
		ep.Remedy = ep.Causes[0].Remedy
	}
	for i := range ep.Hypotheses {
		if f := &ep.Hypotheses[i]; f.Verdict == raftdiag.Confirmed {
			for _, c := range ep.Causes {
				f.Evidence = add(f.Evidence, c.Evidence...)
			}
		}
	}
	j.episodes = append(j.episodes, ep)
}

// unsettle takes a confirmed verdict back: the point is suspected, and ask says
// what would settle it.
func (j *judgement) unsettle(ep *episode, h *Hypothesis, ask string, missing []string) {
	ep.FailurePoint, ep.Gate = nil, nil
	ep.Remedy = "to settle it, " + ask
	for i := range ep.Hypotheses {
		if f := &ep.Hypotheses[i]; f.Name == h.Name {
			f.Verdict, f.Ask, f.Missing = raftdiag.Unknown, ask, missing
		}
	}
}

// vacancyCauses explains why nobody wins.
func (j *judgement) vacancyCauses(vacs []timeline.Vacancy, voters timeline.Voters) []cause {
	var out []cause
	for _, l := range j.t.Lanes {
		configs := l.Configs()
		if len(configs) == 0 {
			continue
		}
		p := configs[len(configs)-1]
		if len(p.Event().Config.Voters) == 0 && l.Elections(l.Bounds()) == 0 {
			out = append(out, cause{"empty-voters", []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s's configuration has no voters", l.Node), j.quote(p, "the configuration")})
		}
	}
	for _, l := range j.t.Lanes {
		_, hi := l.Bounds()
		if p, ok := l.Last(raftdiag.Misconfigured, hi); ok && noVoters(p.Event().Text) {
			out = append(out, cause{"empty-voters", []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s says: %s", l.Node, p.Event().Text), j.cite(p, p.Event().Text)})
		}
	}
	for _, v := range j.group.Violations {
		if v.Name == "duplicate-id" {
			out = append(out, cause{name: "duplicate-id", summary: v.Summary, evidence: v.Evidence})
		}
	}
	silent := map[raftdiag.NodeID]timeline.Tally{}
	var late []timeline.Proof
	contested := 0              // candidates that enough voters answer
	var full []timeline.Vacancy // candidates whose Ready nobody takes
	for _, v := range vacs {
		if v.Campaigns == 0 {
			continue
		}
		if j.undrained(v) {
			full = append(full, v)
			continue
		}
		t := v.Lane.Tally(v.From, v.To)
		late = append(late, t.Late...)
		answered := map[raftdiag.NodeID]bool{v.Lane.Node: true}
		for _, n := range voters.All() {
			if n != v.Lane.Node {
				answered[n] = slices.Contains(t.Granted, n) || slices.Contains(t.Refused, n)
			}
		}
		if voters.Vote(answered) == quorum.VoteLost {
			silent[v.Lane.Node] = t
		} else {
			contested++
		}
	}
	for _, v := range full {
		out = append(out, cause{"ready-not-drained", []raftdiag.NodeID{v.Lane.Node}, fmt.Sprintf("node %s campaigns, %s, and no Ready is taken: its vote requests do not leave", v.Lane.Node, times(v.Campaigns)),
			j.quote(timeline.Proof{Lane: v.Lane, I: v.From}, "no Ready from here on")})
	}
	if len(silent) > 0 && contested == 0 {
		out = append(out, j.silenceCauses(vacs, voters, silent)...)
	} else {
		out = append(out, j.muffled(vacs, voters)...)
	}
	if split := j.splitTerms(); split >= 2 && contested > 0 {
		out = append(out, cause{"split-vote", nil, fmt.Sprintf("in %d terms several candidates stood and none had a majority", split), j.quote(timeline.Proof{Lane: vacs[0].Lane, I: vacs[0].From}, "no leader from here on")})
	}
	if len(late) >= 2 {
		out = append(out, cause{"slow-network", nil, fmt.Sprintf("votes arrive after their term is over, %s", times(len(late))), add(j.quote(late[0], "a late vote"), j.quote(late[len(late)-1], "another")...)})
	}
	campaigns := 0
	for _, v := range vacs {
		campaigns += v.Campaigns
	}
	if campaigns > 0 {
		storm := cause{"election-storm", nil, fmt.Sprintf("%d campaigns follow one another", campaigns), j.quote(timeline.Proof{Lane: vacs[0].Lane, I: vacs[0].From}, "no leader from here on")}
		if len(late) >= 2 || contested > 0 && len(out) == 0 {
			out = append([]cause{storm}, out...)
		} else {
			out = append(out, storm)
		}
	}
	return out
}

// undrained reports whether a candidate's Raft changes its state again and again
// while its application, which printed its Readys before, takes none.
func (j *judgement) undrained(v timeline.Vacancy) bool {
	l := v.Lane
	return l.Shows(raftdiag.Ready) > 0 && l.Shows(raftdiag.Sent) > 0 && l.Count(raftdiag.State, v.From, v.To) >= j.pat.Rounds &&
		l.Count(raftdiag.Ready, v.From, v.To)+l.Count(raftdiag.Sent, v.From, v.To) == 0
}

// muffled explains candidates that are answered in the end, and whose
// transports said before, campaign after campaign, why their requests did not
// leave for so many voters that none could win.
func (j *judgement) muffled(vacs []timeline.Vacancy, voters timeline.Voters) []cause {
	var out []cause
	for _, v := range vacs {
		if v.Campaigns == 0 {
			continue
		}
		me := v.Lane.Node
		votes := map[raftdiag.NodeID]bool{}
		var found []cause
		for _, n := range voters.All() {
			votes[n] = true
			fails := v.Lane.Failures(n, v.From, v.To)
			if n == me || len(fails) == 0 || 2*len(fails) < v.Campaigns {
				continue
			}
			p := fails[0]
			if name := transportCause(p.Event().Text); name != "" {
				votes[n] = false
				found = append(found, cause{name, []raftdiag.NodeID{me, n}, fmt.Sprintf("node %s's transport to node %s says, while nobody leads: %s", me, n, p.Event().Text), j.cite(p, p.Event().Text)})
			}
		}
		if voters.Vote(votes) == quorum.VoteLost {
			out = append(out, found...)
		}
	}
	return out
}

// noVoters reports whether an application says that its configuration is empty.
func noVoters(text string) bool {
	low := strings.ToLower(text)
	return strings.Contains(low, " 0 voters") || strings.Contains(low, "no voters") || strings.Contains(low, "empty voter") || strings.Contains(low, "without voters")
}

// silenceCauses explains candidates that too few voters answer.
func (j *judgement) silenceCauses(vacs []timeline.Vacancy, voters timeline.Voters, silent map[raftdiag.NodeID]timeline.Tally) []cause {
	var out, links []cause
	var gone, ghosts []raftdiag.NodeID
	var goneBy, ghostBy, ask []raftdiag.Quote
	alive := map[raftdiag.NodeID]bool{}
	for _, n := range voters.All() {
		alive[n] = true
		if by, why := j.t.DownProof(n, j.pat); by.OK() {
			alive[n] = false
			gone = append(gone, n)
			goneBy = add(goneBy, j.cite(by, why)...)
		} else if voters.From == "config" && !j.t.EverHeard(n) && j.t.Lane(n) == nil {
			ghosts = append(ghosts, n)
			for _, l := range j.t.Lanes {
				lo, hi := l.Bounds()
				if p, ok := l.FailuresTo(n, lo, hi); ok && len(ghostBy) < 3 {
					ghostBy = add(ghostBy, j.cite(p, p.Event().Text)...)
				}
			}
		}
	}
	if len(gone) > 0 && voters.Vote(alive) == quorum.VoteLost {
		out = append(out, cause{"dead-voters", gone, fmt.Sprintf("%s %s down, and the others are no quorum", list(gone), plural(len(gone), "is", "are")), goneBy})
	}
	for _, v := range vacs {
		t, ok := silent[v.Lane.Node]
		if !ok {
			continue
		}
		me := v.Lane.Node
		ask = add(ask, j.quote(t.Ask, "node %s asks for votes", me)...)
		for _, n := range t.Asked {
			if slices.Contains(t.Granted, n) || slices.Contains(t.Refused, n) || slices.Contains(gone, n) {
				continue
			}
			who := []raftdiag.NodeID{me, n}
			if p, failed := v.Lane.FailuresTo(n, v.From, v.To); failed {
				if name := transportCause(p.Event().Text); name != "" {
					links = append(links, cause{name, who, fmt.Sprintf("node %s's transport to node %s says: %s", me, n, p.Event().Text), j.cite(p, p.Event().Text)})
					continue
				}
			}
			other := j.t.Lane(n)
			if other == nil || !other.ShowsIn() || !t.HearsVotes && !v.Lane.ShowsIn() {
				continue
			}
			if other.Heard(me, raftdiag.MsgVote, raftdiag.MsgPreVote) {
				links = append(links, cause{"one-way-partition", who, fmt.Sprintf("node %s hears node %s's requests, and its answers do not arrive", n, me), j.quote(t.Ask, "a request that was heard")})
			} else {
				links = append(links, cause{"partition", who, fmt.Sprintf("node %s's requests do not reach node %s", me, n), j.quote(t.Ask, "a request that does not arrive")})
			}
		}
	}
	if len(gone) > 0 {
		links = append(links, cause{"node-down", gone, fmt.Sprintf("%s %s down", list(gone), plural(len(gone), "is", "are")), goneBy})
	}
	lost := cause{"quorum-lost", nil, "vote requests go out, and fewer than a majority answer", ask}
	// Who is silent together with voters that were heard before may be behind the
	// same cut.
	alone := !slices.ContainsFunc(voters.All(), func(n raftdiag.NodeID) bool {
		return !slices.Contains(ghosts, n) && !slices.Contains(gone, n) && slices.ContainsFunc(vacs, func(v timeline.Vacancy) bool {
			t, ok := silent[v.Lane.Node]
			return ok && n != v.Lane.Node && slices.Contains(t.Asked, n) && !slices.Contains(t.Granted, n) && !slices.Contains(t.Refused, n)
		})
	})
	if len(out) == 0 && len(ghosts) > 0 && !j.served(voters, ghosts) && (alone || slices.ContainsFunc(ghosts, j.ghost)) {
		ghost := cause{"ghost-voters", ghosts, fmt.Sprintf("%s %s in the configuration and never heard of", list(ghosts), plural(len(ghosts), "is", "are")), add(j.quote(voters.At, "the configuration"), ghostBy...)}
		if slices.ContainsFunc(ghosts, j.ghost) {
			out = append(out, ghost)
		} else {
			links = append(links, ghost)
		}
	}
	if heard := !slices.ContainsFunc(links, func(c cause) bool { return c.name != "one-way-partition" }); heard && len(links) > 0 {
		// The voters are there, and what the candidates do not hear is the point.
		return append(append(out, links...), lost)
	}
	return append(append(out, lost), links...)
}

// splitTerms counts the terms without a leader in which several candidates
// stood.
func (j *judgement) splitTerms() int {
	led := map[raftdiag.Term]bool{}
	for _, c := range j.t.Leaders() {
		led[c.Term] = true
	}
	n := 0
	for term, who := range j.t.Candidates() {
		if len(who) >= 2 && !led[term] {
			n++
		}
	}
	return n
}

// vacantOnce judges times without a leader that ended: lanes that are no quorum
// without one another went through many campaigns between the same two
// leaders. Before the first leader of all its own lane is enough: the others,
// whose logs begin with their boot, had none either.
func (j *judgement) vacantOnce(closed map[raftdiag.NodeID][]timeline.Vacancy, founding map[raftdiag.NodeID]timeline.Vacancy) {
	if len(closed) == 0 {
		return
	}
	var terms []raftdiag.Term
	for _, c := range j.t.Leaders() {
		if !slices.Contains(terms, c.Term) {
			terms = append(terms, c.Term)
		}
	}
	slices.Sort(terms)
	voters := j.allVoters()
	before := raftdiag.Term(0)
	for _, after := range terms {
		var vacs []timeline.Vacancy
		votes := map[raftdiag.NodeID]bool{}
		for n, list := range closed {
			for _, v := range list {
				_, hi := v.Lane.Bounds()
				from, _ := v.Lane.RoleAt(v.From)
				to, _ := v.Lane.RoleAt(min(v.To+1, hi))
				if from.Term >= before && to.Term <= after && (to.Term == after || from.Term == before) && voters.Has(n) {
					votes[n] = false
					vacs = append(vacs, v)
				}
			}
		}
		leads := func(v timeline.Vacancy) bool {
			role, _ := v.Lane.RoleAt(v.To + 1)
			return role.Role == raftdiag.Leader && role.Term == after
		}
		if before == 0 && slices.ContainsFunc(vacs, leads) {
			for n, v := range founding {
				if role, _ := v.Lane.RoleAt(v.To + 1); voters.Has(n) && role.Term == after {
					votes[n] = false
					vacs = append(vacs, v)
				}
			}
		}
		if len(vacs) > 0 && voters.Vote(votes) == quorum.VoteLost && !j.stuckUnder(before) && slices.ContainsFunc(vacs, func(v timeline.Vacancy) bool { return v.Campaigns > 0 }) {
			slices.SortStableFunc(vacs, func(a, b timeline.Vacancy) int {
				if a.Rounds != b.Rounds {
					return b.Rounds - a.Rounds
				}
				return int(a.Lane.Node) - int(b.Lane.Node)
			})
			v := vacs[0]
			role, _ := v.Lane.RoleAt(v.From + 1)
			ep := j.plain(noLeader, timeline.Proposed, timeline.Proof{Lane: v.Lane, I: v.From}, role.Term,
				fmt.Sprintf("nobody led before term %d: %s", after, j.campaigns(vacs)))
			ep.Impact = raftdiag.SlowedBy
			ep.End, ep.EndAt = stamp(v.Lane.StampNear(v.To)), where(timeline.Proof{Lane: v.Lane, I: min(v.To, v.From+v.Lane.Len()-1)})
			j.settle(ep, j.vacancyCauses(vacs, voters))
		}
		before = after
	}
}

// stuckUnder reports whether an entry was left stuck by the leader of a term.
func (j *judgement) stuckUnder(term raftdiag.Term) bool {
	return slices.ContainsFunc(j.episodes, func(e *episode) bool { return e.stuck() && e.term == term })
}

// disruptive looks for a node that deposes leaders by its term, again and
// again, and never leads.
func (j *judgement) disruptive() {
	type deposed struct {
		n     int
		first timeline.Proof
		last  timeline.Proof
		term  raftdiag.Term
	}
	by := map[raftdiag.NodeID]*deposed{}
	leaders := map[raftdiag.NodeID]bool{}
	for _, c := range j.t.Leaders() {
		leaders[c.Leader] = true
	}
	for _, ten := range j.t.Tenures() {
		n, p, ok := ten.Deposer()
		if !ok || leaders[n] || j.t.Transferred(ten.Term+1) {
			continue
		}
		d := by[n]
		if d == nil {
			d = &deposed{first: p, term: ten.Term}
			by[n] = d
		}
		d.n++
		d.last = p
	}
	for _, n := range sortedKeys(by) {
		d := by[n]
		if d.n < j.pat.Rounds {
			continue
		}
		ep := j.plain(noLeader, timeline.Proposed, d.first, d.term, fmt.Sprintf("node %s deposes the leader by a higher term, %s, and never leads", n, times(d.n)))
		ep.Impact = raftdiag.SlowedBy
		j.settle(ep, []cause{{"disruptive-node", []raftdiag.NodeID{n}, fmt.Sprintf("node %s brings higher terms %s and wins none", n, times(d.n)),
			add(j.quote(d.first, "the first time"), j.quote(d.last, "the last time")...)}})
	}
}

// flapping looks for leaders one after another that commit nothing.
func (j *judgement) flapping() {
	const leaders = 5
	run := []*timeline.Tenure{}
	flush := func() {
		if len(run) >= leaders && !slices.ContainsFunc(run, func(t *timeline.Tenure) bool { return j.stuckUnder(t.Term) }) {
			first, last := run[0], run[len(run)-1]
			ep := j.plain(noLeader, timeline.Proposed, timeline.Proof{Lane: first.Lane, I: first.Begin}, first.Term,
				fmt.Sprintf("%d leaders in a row, terms %d to %d, commit nothing", len(run), first.Term, last.Term))
			j.settle(ep, []cause{{"leader-flapping", nil, "each leadership ends before its first entry commits",
				add(j.quote(timeline.Proof{Lane: first.Lane, I: first.Begin}, "node %s leads term %d", first.Leader, first.Term),
					j.quote(timeline.Proof{Lane: last.Lane, I: last.Begin}, "node %s leads term %d", last.Leader, last.Term)...)}})
		}
		run = run[:0]
	}
	for _, ten := range j.t.Tenures() {
		if ten.RaisedCommit() || j.t.Transferred(ten.Term) {
			flush()
			continue
		}
		run = append(run, ten)
	}
	flush()
}
