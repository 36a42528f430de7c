package hypotheses

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// Logs of systems that print no messages are judged by their symptoms: who led
// when, who could reach whom, which processes ran, what was slow. The steps:
// members says who is who, inquire keeps the books, suspect finds causes, and
// what hurt clients decides which of them matter.

// mostGroups is how many groups are judged by their symptoms one by one: those
// that say most of harm.
const mostGroups = 256

// symptomGroups judges what the speakers' symptoms add up to. Groups that suffer
// alike are one row: the first of them stands for all, with their number.
func symptomGroups(speakers []*timeline.Speaker, o Options) []raftdiag.Group {
	if len(speakers) == 0 {
		return nil
	}
	speakers = slices.Clone(speakers) // the order of the inputs is no matter
	slices.SortStableFunc(speakers, func(a, b *timeline.Speaker) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Writer, b.Writer))
	})
	q := inquire(speakers, o)
	var notes []raftdiag.Note
	if offsets := q.clockOffsets(); len(offsets) > 0 {
		notes = q.clockNotes(offsets)
		q = inquire(q.setClocks(speakers, offsets), o)
	}
	names := q.groups()
	all := len(names)
	switch {
	case o.Groups != nil:
		names = slices.DeleteFunc(slices.Clone(o.Groups), func(n string) bool { return n != "" && !slices.Contains(names, n) })
	case all == 0:
		names = []string{""}
	default:
		names = names[:min(all, mostGroups)]
	}
	var out []raftdiag.Group
	like := map[string]int{} // by what they suffer, the row
	count := map[string]int{}
	judged := make([]raftdiag.Group, len(names))
	side(names, o.Workers, func(i int) { judged[i] = q.of(names[i]).report() })
	for _, g := range judged {
		key := ailment(&g)
		if i, ok := like[key]; ok && o.Groups == nil {
			count[key]++
			if count[key] < 4 {
				out[i].Notes = append(out[i].Notes, raftdiag.Note{Name: "alike", Summary: "group " + g.Group + ": " + g.Summary, Evidence: []raftdiag.Quote{}})
			}
			continue
		}
		like[key] = len(out)
		out = append(out, g)
	}
	for key, i := range like {
		if n := count[key]; n > 0 {
			out[i].Alike = n + 1
			out[i].Summary = fmt.Sprintf("%s; %s are alike (--group NAME shows one)", out[i].Summary, counted(n+1, "group"))
		}
	}
	if len(out) > 0 {
		out[0].Notes = append(out[0].Notes, notes...)
	}
	dropped := 0
	for _, sp := range speakers {
		dropped += sp.Dropped
	}
	if dropped > 0 && len(out) > 0 {
		out[0].Notes = append(out[0].Notes, raftdiag.Note{Name: "too-many", Evidence: []raftdiag.Quote{},
			Summary: fmt.Sprintf("%s beyond what is kept of one log were not judged (hint: give a shorter stretch of it)", counted(dropped, "line"))})
	}
	if all > len(names) && o.Groups == nil && len(out) > 0 {
		out[0].Notes = append(out[0].Notes, raftdiag.Note{Name: "more-groups", Evidence: []raftdiag.Quote{},
			Summary: fmt.Sprintf("%d more groups say less and were not looked at one by one", all-len(names))})
	}
	return out
}

// ailment says by what a group suffers, to tell those alike.
func ailment(g *raftdiag.Group) string {
	s := string(g.Verdict)
	for _, v := range g.Violations {
		s += "|" + v.Name
	}
	for _, e := range g.Episodes {
		s += "|" + deref(e.FailurePoint)
		if len(e.Causes) > 0 {
			s += ":" + e.Causes[0].Name
		}
	}
	return s
}

// withSymptoms adds what symptoms show to the groups that messages show. Where
// both speak of one group, the lanes decide, and the symptoms stand beside.
func withSymptoms(groups []raftdiag.Group, speakers []*timeline.Speaker, o Options) []raftdiag.Group {
	follows := slices.ContainsFunc(groups, func(g raftdiag.Group) bool { return len(g.Ledgers.Pairs) > 0 || talks(&g) })
	for _, g := range symptomGroups(speakers, o) {
		if follows && g.Verdict == raftdiag.Healthy {
			continue // the messages say more
		}
		i := slices.IndexFunc(groups, func(o raftdiag.Group) bool { return o.Group == g.Group })
		if i < 0 {
			if o.Groups == nil || slices.Contains(o.Groups, g.Group) {
				groups = append(groups, g)
			}
			continue
		}
		old := &groups[i]
		if len(old.Episodes)+len(old.Violations) == 0 || len(old.Ledgers.Pairs) == 0 && !talks(old) {
			g.Ledgers.Pairs, g.Ledgers.Clocks, g.Ledgers.Membership = old.Ledgers.Pairs, old.Ledgers.Clocks, old.Ledgers.Membership
			if follows {
				g.Notes = append(old.Notes, g.Notes...)
			}
			*old = g
			continue
		}
		old.Episodes = append(old.Episodes, g.Episodes...)
		old.Notes = append(old.Notes, g.Notes...)
		if g.Verdict.Worse(old.Verdict) {
			old.Verdict = g.Verdict
		}
	}
	return groups
}

// talks reports whether lanes that print no messages still follow proposals.
func talks(g *raftdiag.Group) bool {
	return slices.ContainsFunc(g.Episodes, func(e raftdiag.Episode) bool { return e.Index != nil })
}

// findHurts lists what clients had to bear.
func (q *inquiry) findHurts() {
	for _, g := range q.gaps {
		switch {
		case g.from >= q.closing(), g.open && !q.missesLeader(g) && !q.endsShort():
			continue
		case q.onPurpose(nil, g.from) && !g.open && g.length() < 30*time.Second:
			continue
		case q.handedOver(g):
			continue
		case g.first == nil && g.length() == 0 && (g.who == nil || !q.explained(g.who, g.from-30*second, g.from)):
			continue // another leads, and nothing says that anybody went without
		case g.length() < 10*time.Second && !q.settled(g) && (g.who != nil && g.who.booting(g.from) || q.allBooting(g.from)):
			continue
		}
		q.hurts = append(q.hurts, hurt{span: g, leaderless: true, failed: g.open})
	}
	for i := range q.facts {
		f := &q.facts[i]
		failed := false
		switch f.sign() {
		case raftdiag.RequestFailed, raftdiag.CommitStuck, raftdiag.QuorumLost, raftdiag.QuotaExceeded:
			failed = true
		case raftdiag.RequestSlow, raftdiag.ReadSlow:
			if raftdiag.Stamp(f.Duration) < slowFrom {
				continue
			}
		default:
			continue
		}
		if f.by != nil && f.by.booting(f.Time) || q.onPurpose(nil, f.began) || q.offSide(f.by, f.began) {
			continue
		}
		q.hurts = append(q.hurts, hurt{span: span{from: f.began, to: f.Until, first: f, last: f}, failed: failed, by: f.by})
	}
	slices.SortStableFunc(q.hurts, func(a, b hurt) int { return cmp.Compare(a.from, b.from) })
}

// handedOver reports whether a leader gave way to the next at once, without
// anybody having lost it: leadership was transferred. That nobody lost it says
// something only in logs that show campaigns; the next leader's own belongs to
// the transfer.
func (q *inquiry) handedOver(g span) bool {
	if g.open || g.length() > time.Second || g.last == nil {
		return false
	}
	next := q.leads(g.to + 1)
	shown, gave := false, false
	for i := range q.facts {
		f := &q.facts[i]
		near := f.Time >= g.from-5*second && f.Time <= g.to+second
		switch f.sign() {
		case raftdiag.RoleTaken:
			gave = gave || near && f.by == g.who && f.by != nil && f.Role == raftdiag.Follower
			continue
		case raftdiag.CampaignBegun:
			shown = true
			if near && f.by == next && f.Times == 1 {
				continue
			}
		case raftdiag.LeaderLost, raftdiag.QuorumLost, raftdiag.NoLeaderKnown:
			if f.by != nil && f.by == g.who {
				continue // the old leader's own word that it leads no more
			}
		case raftdiag.LinkDown, raftdiag.ContactLost:
			if f.peer == nil || f.peer != g.who {
				continue
			}
		default:
			continue
		}
		if near {
			return false
		}
	}
	return shown && gave
}

// settled reports whether a leader had ruled for a while before a gap.
func (q *inquiry) settled(g span) bool {
	for i := range q.reigns {
		if r := &q.reigns[i]; r.leader == g.who && r.from < g.from && min(r.to, g.from)-r.from > 3*second {
			return true
		}
	}
	return false
}

// allBooting reports whether every member with a log comes up around a moment.
func (q *inquiry) allBooting(at raftdiag.Stamp) bool {
	for _, m := range q.members {
		if m.logged() && !m.booting(at) {
			return false
		}
	}
	return true
}

// offSide reports whether a member is cut off, paused or down at a moment, so
// that its own clients' trouble is no trouble of the system, unless it leads.
func (q *inquiry) offSide(m *member, at raftdiag.Stamp) bool {
	if m == nil || q.leads(at-second) == m {
		return false
	}
	for _, s := range q.found {
		switch s.name {
		case "partition", "one-way-partition", "process-paused", "flapping-link", "connection-refused", "wrong-peer-address", "tls-failure", "cluster-id-mismatch", "member-removed", "slow-disk", "disk-full":
		default:
			continue
		}
		if slices.Contains(s.nodes, m) && at >= s.from-5*second && at <= s.to+5*second && s.score >= 0.5 && 2*len(s.nodes) < max(q.voters, 1) {
			return true
		}
	}
	return false
}

// An incident is hurts that follow one another, and the causes around them.
type incident struct {
	span
	hurts  []hurt
	causes []suspicion
}

// incidents puts hurts together and finds the causes of each. The others are
// what cost nothing.
func (q *inquiry) incidents() (list []*incident, others []suspicion) {
	const (
		apart = 15 * second // hurts farther from one another are two incidents
		reach = 20 * second // a cause works this long
	)
	for _, h := range q.hurts {
		if n := len(list); n > 0 && h.from <= list[n-1].to+apart {
			c := list[n-1]
			c.hurts = append(c.hurts, h)
			c.to, c.open = max(c.to, h.to), c.open || h.open
			continue
		}
		list = append(list, &incident{span: h.span, hurts: []hurt{h}})
	}
	list = slices.DeleteFunc(list, q.oneFollowersOwn)
	for _, s := range q.found {
		var at *incident
		for _, c := range list {
			if c.overlaps(s.from-3*second, max(s.to, s.from)+reach) {
				at = c
				break
			}
		}
		if at == nil {
			others = append(others, s)
			continue
		}
		if s.from <= at.from+second {
			s.score += 0.04
		}
		at.causes = append(at.causes, s)
	}
	for _, c := range list {
		slices.SortStableFunc(c.causes, func(a, b suspicion) int {
			return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.from, b.from))
		})
	}
	kept := list[:0]
	for _, c := range list {
		if q.quick(c) {
			others = append(others, c.causes...)
		} else {
			kept = append(kept, c)
		}
	}
	return kept, others
}

// atOnce is how soon a next leader is there, as if nothing had happened.
const atOnce = 300 * time.Millisecond

// aWhile is how long an election may take that is no incident of its own.
const aWhile = 5 * time.Second

// quick reports whether one leader followed another, no request says that it
// waited, and nothing shows that it cost a write: the next one was there at once
// and nothing tells what took the old one away, or it took a while and the logs
// are of a program that says nothing but what its Raft does.
func (q *inquiry) quick(c *incident) bool {
	if slices.ContainsFunc(c.hurts, func(h hurt) bool { return !h.leaderless || h.open }) {
		return false
	}
	gap := q.longestGap(c)
	return gap < atOnce && (len(c.causes) == 0 || c.causes[0].score < credible) || gap < aWhile && !q.tellsMore()
}

// tellsMore reports whether any log speaks of links or of requests.
func (q *inquiry) tellsMore() bool {
	return q.tellsRequests() || q.shows(raftdiag.LinkUp, raftdiag.LinkDown, raftdiag.PeerRefused)
}

// tellsRequests reports whether any log speaks of requests.
func (q *inquiry) tellsRequests() bool {
	return q.shows(raftdiag.RequestFailed, raftdiag.RequestSlow, raftdiag.ReadSlow)
}

// oneFollowersOwn reports whether only the requests of one follower suffered,
// while others have logs and say nothing: then the system went on.
func (q *inquiry) oneFollowersOwn(c *incident) bool {
	if !q.oneFollowersTrouble(c) {
		return false
	}
	by := c.hurts[0].by
	others := 0
	for _, m := range q.members {
		if m != by && m.logged() {
			others++
		}
	}
	return others >= q.quorum() && others > 0
}

// oneFollowersTrouble reports whether only the requests of one member suffered
// that did not lead: others may have been served.
func (q *inquiry) oneFollowersTrouble(c *incident) bool {
	var by *member
	for _, h := range c.hurts {
		if h.leaderless || h.by == nil || h.first == nil || h.first.sign() == raftdiag.QuotaExceeded || by != nil && h.by != by || q.leads(h.from) == h.by {
			return false
		}
		by = h.by
	}
	return by != nil
}

// report makes the group of an inquiry.
func (q *inquiry) report() raftdiag.Group {
	group := raftdiag.Group{
		Group: q.group, Verdict: raftdiag.Healthy, Voters: []string{}, Nodes: []raftdiag.NodeState{},
		Hypotheses: []raftdiag.Finding{}, Violations: []raftdiag.Violation{}, Episodes: []raftdiag.Episode{}, Notes: []raftdiag.Note{},
		Ledgers: raftdiag.Ledgers{Pairs: []raftdiag.PairRow{}, Leadership: []raftdiag.TermRow{}, Membership: []raftdiag.MemberRow{}, Clocks: []raftdiag.ClockRow{}},
	}
	g := &group
	for _, m := range q.members {
		g.Nodes = append(g.Nodes, q.nodeState(m))
		if q.voters == 0 || len(q.members) == q.voters {
			g.Voters = append(g.Voters, m.name)
		}
	}
	q.ledgers(g)
	q.impossible(g)
	list, others := q.incidents()
	for _, c := range list {
		q.episode(g, c)
	}
	q.slightly(g, others)
	slices.SortStableFunc(g.Episodes, func(a, b raftdiag.Episode) int { return strings.Compare(deref(a.Start), deref(b.Start)) })
	activity, blanks := q.activity(), q.blanks()
	sum(g, activity, nil)
	if len(g.Episodes) == 0 || !slices.ContainsFunc(g.Episodes, func(e raftdiag.Episode) bool { return e.Impact != raftdiag.NoImpact }) {
		if len(g.Episodes) == 0 && len(g.Violations) == 0 {
			g.Summary = "no sign of a fault in what these logs carry; they show no messages, so a proposal cannot be followed"
			if activity != "" {
				g.Summary = activity + "; " + g.Summary
			}
			for _, b := range blanks {
				g.Summary += "; " + b.told
			}
		}
		for i := range g.Hypotheses {
			f := &g.Hypotheses[i]
			f.Verdict, f.Summary = raftdiag.Unknown, "these logs print no messages, and nothing in them speaks for it"
			f.Missing, f.Ask = noMessages, askMessages
			if f.Name == noLeader.Name && len(q.reigns) > 0 {
				f.Verdict, f.Summary, f.Missing, f.Ask = raftdiag.RuledOut, "a leader was there", []string{}, ""
				continue
			}
			leaveOpen(f, hypotheses[i], blanks)
		}
	}
	return group
}

// blanks are the members whose logs are missing.
func (q *inquiry) blanks() []blank {
	var missing []*member
	for _, m := range q.members {
		if !m.logged() {
			missing = append(missing, m)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []blank{lacksLogs(names(missing), hypotheses)}
}

// noMessages is what logs without messages lack for every hypothesis.
var noMessages = []string{"the messages themselves"}

const askMessages = "log messages and progress: raftdiag explain logging says how"

// activity words who led.
func (q *inquiry) activity() string {
	switch n := len(q.reigns); n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%s led all the time", q.reigns[0].leader)
	default:
		return fmt.Sprintf("%d leaders, the last one %s", n, q.reigns[n-1].leader)
	}
}

func (q *inquiry) nodeState(m *member) raftdiag.NodeState {
	s := raftdiag.NodeState{Node: m.name, Logged: m.logged(), Role: raftdiag.UnknownRole.String(), Also: []string{}, Sources: []string{}}
	for _, f := range q.said[m.no] {
		if f.Has(raftdiag.HasTerm) && (s.Term == nil || uint64(f.Term) > *s.Term) {
			s.Term = ptr(uint64(f.Term))
		}
		if f.Has(raftdiag.HasRole) && f.Symptom != nil && f.Symptom.Sign == raftdiag.RoleTaken {
			s.Role = f.Role.String()
		}
		if f.Has(raftdiag.HasCommit) && f.Symptom != nil && f.Symptom.Sign != raftdiag.Died && f.Symptom.Sign != raftdiag.EntriesLost {
			s.Commit = ptr(uint64(f.Commit))
		}
	}
	switch n := len(m.lives); {
	case n == 0:
		s.Summary = "its log is not among the inputs"
	case m.lives[n-1].died != nil:
		s.Summary = "its process died"
	case m.lives[n-1].orderly != nil:
		s.Summary = "it was stopped"
	case n > 1:
		s.Summary = fmt.Sprintf("it runs, after %s", counted(n-1, "restart"))
	default:
		s.Summary = "it runs"
	}
	if q.gone(m) {
		s.Summary = "it is gone: its log just ends"
	}
	if len(m.words) > 1 {
		s.Also = slices.DeleteFunc(slices.Clone(m.words), func(w string) bool { return w == m.name })
	}
	for _, sp := range m.speakers {
		if !slices.Contains(s.Sources, sp.Source) {
			s.Sources = append(s.Sources, sp.Source)
		}
	}
	return s
}

// gone reports whether a member was found down at the end of the logs, though
// its own says nothing of it.
func (q *inquiry) gone(m *member) bool {
	n := len(m.lives)
	return n > 0 && m.lives[n-1].died == nil && m.lives[n-1].orderly == nil && slices.ContainsFunc(q.found, func(s suspicion) bool {
		return s.name == "node-down" && s.open && s.score >= credible && slices.Contains(s.nodes, m)
	})
}

// impossible files entries that must be there and are not: an impossible state,
// whatever it cost.
func (q *inquiry) impossible(g *raftdiag.Group) {
	for _, s := range q.found {
		if s.name != "log-lost" || s.score < proven {
			continue
		}
		doc, _ := Lookup("log-lost")
		v := raftdiag.Violation{Name: s.name, Nodes: []string{}, Summary: s.summary, Evidence: s.quotes, Remedy: doc.Remedy}
		for _, m := range s.nodes {
			v.Nodes = append(v.Nodes, m.name)
		}
		g.Violations = append(g.Violations, v)
	}
}

// ledgers fills the books that a report shows.
func (q *inquiry) ledgers(g *raftdiag.Group) {
	ofTerm := map[raftdiag.Term][]*fact{}
	for _, f := range q.ofSigns(raftdiag.NoStamp, q.to, raftdiag.VoteGranted, raftdiag.VoteRefused, raftdiag.VoteIgnored, raftdiag.RoleTaken) {
		if f.Has(raftdiag.HasTerm) && f.Term != 0 && f.by != nil {
			ofTerm[f.Term] = append(ofTerm[f.Term], f)
		}
	}
	for i := range q.reigns {
		r := &q.reigns[i]
		row := raftdiag.TermRow{Term: uint64(r.term), Leader: ptr(r.leader.name), Candidates: []string{}, Grants: []string{}, Refusals: []string{}, Ended: r.how,
			At: &raftdiag.Where{Source: r.by.Pos.Source, Line: r.by.Pos.Line}}
		if r.open {
			row.Ended = "log end"
		}
		put := func(list *[]string, s string) {
			if !slices.Contains(*list, s) {
				*list = append(*list, s)
			}
		}
		for _, f := range ofTerm[r.term] {
			switch f.sign() {
			case raftdiag.VoteGranted:
				if f.peer != nil && f.Type != raftdiag.MsgPreVote {
					put(&row.Grants, f.by.name+" for "+f.peer.name)
				}
			case raftdiag.VoteRefused, raftdiag.VoteIgnored:
				if f.peer != nil {
					put(&row.Refusals, f.by.name+" refused "+f.peer.name)
				}
			case raftdiag.RoleTaken:
				if f.Role == raftdiag.Candidate {
					put(&row.Candidates, f.by.name)
				}
			}
		}
		g.Ledgers.Leadership = append(g.Ledgers.Leadership, row)
	}
}

// pointOf is the hypothesis at which proposals died, by the first cause and by
// whether there was a leader.
func (q *inquiry) pointOf(c *incident) (*Hypothesis, []suspicion) {
	down := q.downIn(c)
	if need := q.quorum(); need > 0 && q.voters-len(down) < need && (c.leaderlessToEnd() || q.shortOf(c, need)) {
		var who []string
		for _, m := range down {
			who = append(who, m.name)
		}
		slices.Sort(who)
		return noQuorum, []suspicion{{name: "dead-voters", nodes: down, summary: fmt.Sprintf("%d of %d voters are down (%s), so no quorum can form", len(down), q.voters, strings.Join(who, ", "))}}
	}
	if q.oneFollowersTrouble(c) {
		return nil, nil
	}
	most := q.hearsMost(c, down)
	if c.leaderlessToEnd() && most {
		return noLeader, nil
	}
	if len(c.causes) == 0 || c.causes[0].score < credible {
		// A leader that changes quickly may have been meant to: whoever did it
		// says so in a log that is not here. And a minority that knows no leader may
		// be cut off from one.
		// And one that steps down because no quorum answers it was no use before.
		if c.leaderless() && most && (q.longestGap(c) > aWhile || q.hearsAll(c) && !c.unanswered()) {
			return noLeader, nil
		}
		return nil, nil
	}
	first := c.causes[0]
	leads := false
	for _, m := range first.nodes {
		for i := range q.reigns {
			if r := &q.reigns[i]; r.leader == m && r.from <= first.from+second && r.to >= first.from-2*second {
				leads = true
			}
		}
	}
	switch first.name {
	case "partition", "one-way-partition", "packet-loss", "slow-network", "flapping-link":
		if !q.tellsLinks() {
			return nil, nil
		}
		return noDelivery, nil
	case "connection-refused", "wrong-peer-address", "no-address", "tls-failure",
		"cluster-id-mismatch", "undecodable", "buffer-full":
		return noDelivery, nil
	case "quota-exceeded":
		return proposalDropped, nil
	case "state-machine-blocked", "slow-apply":
		return applyStalled, nil
	case "process-paused", "slow-disk", "disk-full", "overloaded":
		switch {
		case leads && c.leaderless():
			return noLeader, nil
		case leads:
			return noBroadcast, nil
		}
		return noResponse, nil
	}
	return noLeader, nil
}

// tellsLinks reports whether anybody's log ever says a word of a link, or of
// requests, as whole servers do, whose transport sends what their Raft makes.
// Where nobody does, what does not arrive may as well never have been sent.
func (q *inquiry) tellsLinks() bool {
	return q.tellsRequests() || q.shows(raftdiag.LinkUp, raftdiag.LinkDown, raftdiag.ContactLost, raftdiag.PeerRefused)
}

// shows reports whether any log has a line with one of the signs.
func (q *inquiry) shows(signs ...raftdiag.Sign) bool {
	return slices.ContainsFunc(signs, func(s raftdiag.Sign) bool { return len(q.signed[s]) > 0 })
}

// hearsMost reports whether the logs of so many members go through the times
// without a leader of an incident that the others could not form a quorum of
// their own. Those that are known to be down count with them.
func (q *inquiry) hearsMost(c *incident, down []*member) bool {
	n := 0
	for _, m := range q.members {
		if slices.Contains(down, m) || q.goesThrough(m, c) {
			n++
		}
	}
	all := cmp.Or(q.voters, len(q.members))
	return all-n < all/2+1
}

// missesLeader reports whether anybody says, in a time without a leader that lasts
// to the end, that there is none: after a leader that was known, or again a while
// later. That one ended and no line names the next proves nothing, and before the
// first election nobody knows one.
func (q *inquiry) missesLeader(g span) bool {
	from, least := g.from-second, 1
	if g.who == nil { // where nobody ever names a leader, one election proves nothing
		from, least = max(g.from+3*second, q.to-20*second), 3
	}
	n := 0
	for _, f := range q.ofSigns(from, q.to, raftdiag.QuorumLost, raftdiag.LeaderLost, raftdiag.CampaignBegun, raftdiag.NoLeaderKnown) {
		if f.by == nil || !f.by.booting(f.Time) {
			n += f.Times
		}
	}
	return n >= least
}

// endsShort reports whether fewer members run in the end than a quorum needs: then
// there is no leader, whether anybody says so or not.
func (q *inquiry) endsShort() bool {
	down := map[*member]bool{}
	for _, s := range q.found {
		if s.name == "node-down" && s.open && s.score >= credible {
			for _, m := range s.nodes {
				down[m] = !q.removed(m)
			}
		}
	}
	n := 0
	for _, is := range down {
		if is {
			n++
		}
	}
	return n > 0 && q.voters-n < q.quorum()
}

// hearsAll reports whether every voter's log goes through the times without a
// leader of an incident: then nobody's word is missing that it was meant.
func (q *inquiry) hearsAll(c *incident) bool {
	n := 0
	for _, m := range q.members {
		if q.goesThrough(m, c) {
			n++
		}
	}
	return n > 0 && n >= q.voters
}

// goesThrough reports whether a member's log begins before the times without a
// leader of an incident and ends after them, or well within if they are open.
func (q *inquiry) goesThrough(m *member, c *incident) bool {
	if len(m.lives) == 0 {
		return false
	}
	from, to := m.lives[0].from, m.lives[len(m.lives)-1].to
	for _, h := range c.hurts {
		if !h.leaderless {
			continue
		}
		end := h.to
		if h.open {
			end = min(end, h.from+5*second)
		}
		if from > h.from+second && m.lives[0].begin == nil || to < end-second {
			return false
		}
	}
	return true
}

// unanswered reports whether an incident begins with a leader that heard no
// quorum.
func (c *incident) unanswered() bool {
	f := c.hurts[0].first
	return f != nil && f.sign() == raftdiag.QuorumLost
}

func (c *incident) leaderless() bool {
	return slices.ContainsFunc(c.hurts, func(h hurt) bool { return h.leaderless })
}

func (c *incident) leaderlessToEnd() bool {
	return slices.ContainsFunc(c.hurts, func(h hurt) bool { return h.leaderless && h.open })
}

// downIn are the members whose processes are down while an incident lasts.
func (q *inquiry) downIn(c *incident) []*member {
	var out []*member
	for _, s := range c.causes {
		if s.name != "node-down" || s.score < 0.6 {
			continue
		}
		for _, m := range s.nodes {
			if !slices.Contains(out, m) && !q.removed(m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// removed reports whether a member was taken out of the members: then it is no
// voter that is missed.
func (q *inquiry) removed(m *member) bool {
	return slices.ContainsFunc(q.found, func(s suspicion) bool {
		return s.name == "member-removed" && s.score >= proven && slices.Contains(s.nodes, m)
	})
}

// shortOf reports whether at some moment of an incident fewer members ran than a
// quorum needs.
func (q *inquiry) shortOf(c *incident, need int) bool {
	var at []raftdiag.Stamp
	for _, s := range c.causes {
		if s.name == "node-down" {
			at = append(at, s.from)
		}
	}
	for _, t := range at {
		down := map[*member]bool{}
		for _, s := range c.causes {
			if s.name == "node-down" && s.score >= 0.6 && s.from <= t && (s.open || s.to > t) {
				for _, m := range s.nodes {
					if !q.removed(m) {
						down[m] = true
					}
				}
			}
		}
		if q.voters-len(down) < need {
			return true
		}
	}
	return false
}

// episode reports an incident.
func (q *inquiry) episode(g *raftdiag.Group, c *incident) {
	point, more := q.pointOf(c)
	failed := 0
	for _, h := range c.hurts {
		if h.failed {
			failed++
		}
	}
	if point == nil && failed < 2 && len(c.hurts) < 5 && !c.leaderless() {
		// A slow request or two, and nothing that explains them.
		return
	}
	list := more
	shown := 0
	strong := len(c.causes) > 0 && c.causes[0].score >= proven
	for _, s := range c.causes {
		if s.mild && strong && s.score < 0.5 || shown >= 5 || s.score < 0.3 {
			continue
		}
		shown++
		list = append(list, s)
	}
	if (point == noLeader || point == nil) && len(list) == 0 {
		list = append(list, q.lostLeader(c)...)
	}
	ep := raftdiag.Episode{Impact: raftdiag.SlowedBy, Suspects: []raftdiag.Suspect{}, Hypotheses: []raftdiag.Finding{}, Followers: []raftdiag.Place{}}
	if c.open || c.leaderlessToEnd() {
		ep.Impact = raftdiag.Blocked
	}
	from := c.from
	if len(c.causes) > 0 && c.causes[0].from < from && from-c.causes[0].from < 30*second {
		from = c.causes[0].from
	}
	ep.Start = stamp(from)
	if !c.open {
		ep.End = stamp(c.to)
	}
	if f := c.hurts[0].first; f != nil {
		ep.StartAt = &raftdiag.Where{Source: f.Pos.Source, Line: f.Pos.Line}
	}
	if l := q.leads(c.from); l != nil {
		ep.Leader = ptr(l.name)
	}
	ep.Causes = q.causes(list)
	what := "clients waited"
	switch {
	case c.leaderlessToEnd():
		what = "no leader is known, to the end of the logs"
	case c.leaderless():
		what = "there was no leader for " + lasting(q.longestGap(c))
		if q.longestGap(c) < atOnce {
			what = "the leader was lost and another elected"
		}
	case failed > 0:
		what = "requests failed"
	}
	ep.Summary = what
	if len(ep.Causes) > 0 {
		ep.Summary += ": " + ep.Causes[0].Summary
		ep.Remedy = ep.Causes[0].Remedy
	}
	blanks := q.blanks()
	var evidence []raftdiag.Quote
	for _, h := range c.hurts[:min(len(c.hurts), 3)] {
		if h.first != nil {
			evidence = add(evidence, q.quote(h.first, "%s", hurtWords(h)))
		}
	}
	if point != nil {
		ep.FailurePoint = ptr(point.Name)
		if len(ep.Causes) == 0 {
			ep.Remedy = point.Remedy
		}
		if point == noDelivery {
			ep.Gate = ptr(timeline.Received.String())
		}
	} else {
		ep.Remedy = "to settle it, " + askMessages
		for _, b := range blanks {
			ep.Remedy = "to settle it, " + b.ask
		}
	}
	for _, h := range hypotheses {
		f := finding(h, raftdiag.Unknown, "these logs print no messages, so it cannot be told")
		f.Missing, f.Ask = noMessages, askMessages
		switch {
		case h == point:
			f = finding(h, raftdiag.Confirmed, ep.Summary)
			f.Evidence = evidence
			if len(ep.Causes) > 0 {
				f.Evidence = add(f.Evidence, ep.Causes[0].Evidence...)
			}
		case h == noLeader && point == noQuorum:
			f = finding(h, raftdiag.RuledOut, "that nobody leads follows from it")
		case h == noLeader && !c.leaderless() && len(q.reigns) > 0:
			f = finding(h, raftdiag.RuledOut, "a leader was there")
		case point != nil && (c.leaderlessToEnd() || point == noQuorum) && h != noLeader:
			f = finding(h, raftdiag.RuledOut, "without a leader that a quorum follows, proposals do not come this far")
		default:
			leaveOpen(&f, h, blanks)
		}
		ep.Hypotheses = append(ep.Hypotheses, f)
		if f.Verdict != raftdiag.RuledOut {
			score := 0.1
			if h == point {
				score = 1
			}
			ep.Suspects = append(ep.Suspects, raftdiag.Suspect{Name: h.Name, Score: score})
		}
	}
	slices.SortStableFunc(ep.Suspects, func(a, b raftdiag.Suspect) int { return cmp.Compare(b.Score, a.Score) })
	g.Episodes = append(g.Episodes, ep)
}

func hurtWords(h hurt) string {
	switch {
	case h.leaderless:
		return "from here on no leader is known"
	case h.failed:
		return "a request fails"
	}
	return "a request takes long"
}

func (q *inquiry) longestGap(c *incident) time.Duration {
	var d time.Duration
	for _, h := range c.hurts {
		if h.leaderless {
			d = max(d, h.length())
		}
	}
	return d
}

// lostLeader words a time without a leader that nothing explains.
func (q *inquiry) lostLeader(c *incident) []suspicion {
	for _, h := range c.hurts {
		if h.leaderless && h.first != nil {
			name := "quorum-lost"
			if h.first.sign() != raftdiag.QuorumLost {
				return nil
			}
			return []suspicion{{name: name, summary: "the leader stepped down, since no quorum answered it", quotes: []raftdiag.Quote{q.quote(h.first, "it says so")}}}
		}
	}
	return nil
}

// causes merges suspicions of one name and words them as causes.
func (q *inquiry) causes(list []suspicion) []raftdiag.Cause {
	var plain []cause
	for _, s := range list {
		plain = append(plain, cause{s.name, nil, s.summary, s.quotes})
	}
	out := causes(plain)
	for i := range out {
		for _, s := range list {
			for _, m := range s.nodes {
				if s.name == out[i].Name && !slices.Contains(out[i].Nodes, m.name) {
					out[i].Nodes = append(out[i].Nodes, m.name)
				}
			}
		}
	}
	return out
}

// slightly reports what cost nothing.
func (q *inquiry) slightly(g *raftdiag.Group, others []suspicion) {
	byName := map[string][]suspicion{}
	var order []string
	for _, s := range others {
		if s.name == "node-restart" && s.mild {
			g.Notes = append(g.Notes, raftdiag.Note{Name: s.name, Summary: s.summary, Evidence: s.quotes})
			continue
		}
		if s.mild || s.score < 0.45 {
			continue
		}
		if byName[s.name] == nil {
			order = append(order, s.name)
		}
		byName[s.name] = append(byName[s.name], s)
	}
	if len(order) == 0 {
		return
	}
	var list []suspicion
	first := byName[order[0]][0]
	from, to, open := first.from, first.to, false
	for _, n := range order {
		for _, s := range byName[n] {
			list = append(list, s)
			from, to, open = min(from, s.from), max(to, s.to), open || s.open
		}
	}
	ep := raftdiag.Episode{Start: stamp(from), Impact: raftdiag.NoImpact, Suspects: []raftdiag.Suspect{}, Hypotheses: []raftdiag.Finding{}, Followers: []raftdiag.Place{}}
	if !open {
		ep.End = stamp(to)
	}
	ep.Causes = q.causes(list)
	ep.Summary, ep.Remedy = ep.Causes[0].Summary, ep.Causes[0].Remedy
	if len(ep.Causes[0].Evidence) > 0 {
		e := ep.Causes[0].Evidence[0]
		ep.StartAt = &raftdiag.Where{Source: e.Source, Line: e.Line}
	}
	for _, h := range hypotheses {
		ep.Hypotheses = append(ep.Hypotheses, finding(h, raftdiag.RuledOut, "no sign that a write was held up: a quorum went on"))
	}
	g.Episodes = append(g.Episodes, ep)
}
