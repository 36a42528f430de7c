package hypotheses

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A fact is a sighting with who says it and of whom.
type fact struct {
	*timeline.Sighting
	by    *member // nil where a log of several nodes does not say who speaks
	peer  *member
	began raftdiag.Stamp // its line's time, less the duration that it prints
	no    int            // its place among the facts
}

func (f *fact) sign() raftdiag.Sign {
	switch {
	case f.Symptom != nil:
		return f.Symptom.Sign
	case f.Kind == raftdiag.Panicked:
		return raftdiag.Died
	case f.Kind == raftdiag.Stopped:
		return raftdiag.ShuttingDown
	case f.Kind == raftdiag.Booted:
		return raftdiag.StartedUp
	case f.Kind == raftdiag.ConfigChanged:
		return raftdiag.Membership
	}
	return raftdiag.NoSign
}

func (f *fact) trouble() raftdiag.Trouble {
	if f.Symptom == nil {
		return raftdiag.NoTrouble
	}
	return f.Symptom.Trouble
}

// An inquiry is what logs without messages add up to for one system.
type inquiry struct {
	o       Options
	group   string
	byWord  map[string]*member
	byGroup map[string][]int // the places of the facts by their group
	members []*member
	facts   []fact                    // in the order of their times
	said    [][]*fact                 // the facts by who says them
	about   [][]*fact                 // by whom they are about
	signed  map[raftdiag.Sign][]*fact // by their sign
	from    raftdiag.Stamp
	to      raftdiag.Stamp
	voters  int // how many have a vote, as far as known
	reigns  []reign
	ruling  map[*member][]int // the reigns that nothing ended yet, by leader
	termed  map[rule]int      // the newest reign by term and leader
	bare    []int             // the reigns whose terms are not known
	gaps    []span
	links   map[[2]int]*book // by observer and peer
	doubles []double
	planned map[*member][]span // times in which somebody was stopped or moved on purpose, in order; under nil those of all
	found   []suspicion
	hurts   []hurt
}

// A span is a stretch of time with the facts at its ends; open if the log ends
// before it does.
type span struct {
	from, to raftdiag.Stamp
	open     bool
	first    *fact
	last     *fact
	who      *member
}

func (s span) length() time.Duration { return time.Duration(s.to - s.from) }

func (s span) overlaps(from, to raftdiag.Stamp) bool { return s.from <= to && from <= s.to }

// A reign is one leadership: who, in which term, from when to when, and what
// ended it.
type reign struct {
	term     raftdiag.Term
	leader   *member
	from, to raftdiag.Stamp
	by       *fact
	end      *fact // what shows its end; nil if the next reign or nothing does
	how      string
	open     bool
}

// A book is what one member says of its links to another.
type book struct {
	by, peer *member
	downs    []outage
	ups      int
}

// An outage is a time in which a link did not work, as one member sees it.
type outage struct {
	span
	troubles map[raftdiag.Trouble]int
	lines    int
	ways     [3]int
	contact  bool // nothing but that the peer is not heard, which is said anew as long as it lasts
}

// inquire gathers the facts of the speakers.
func inquire(speakers []*timeline.Speaker, o Options) *inquiry {
	q := &inquiry{o: o, links: map[[2]int]*book{}}
	q.members, q.doubles = members(speakers)
	by := map[string]*member{}
	for _, m := range q.members {
		for _, w := range m.words {
			by[w] = m
		}
	}
	whose := map[*timeline.Sighting]*member{}
	for _, m := range q.members {
		for _, s := range m.seen {
			whose[s] = m
		}
	}
	for _, sp := range speakers {
		for k := range sp.Seen {
			s := &sp.Seen[k]
			f := fact{Sighting: s, by: whose[s], began: s.Time}
			if s.Has(raftdiag.HasDuration) && s.Duration > 0 && s.Time != raftdiag.NoStamp {
				f.began = s.Time - raftdiag.Stamp(s.Duration)
			}
			if s.Symptom != nil {
				for _, w := range s.Symptom.Peer {
					if f.peer = by[w]; f.peer != nil {
						break
					}
				}
			}
			q.facts = append(q.facts, f)
		}
		for _, x := range sp.Spans {
			if q.from == raftdiag.NoStamp || x.From < q.from {
				q.from = x.From
			}
			q.to = max(q.to, x.To)
		}
	}
	slices.SortStableFunc(q.facts, func(a, b fact) int { return cmp.Compare(a.Time, b.Time) })
	q.byWord, q.byGroup = by, map[string][]int{}
	for i := range q.facts {
		g := q.facts[i].Group
		q.byGroup[g] = append(q.byGroup[g], i)
	}
	return q
}

// of is the inquiry into one group: what is said of it, and what is said of no
// group and so concerns all.
func (q *inquiry) of(group string) *inquiry {
	own := &inquiry{o: q.o, members: q.members, doubles: q.doubles, byWord: q.byWord, from: q.from, to: q.to, links: map[[2]int]*book{}, group: group}
	all, mine := q.byGroup[""], q.byGroup[group]
	if group == "" {
		mine = nil
	}
	own.facts = make([]fact, 0, len(all)+len(mine))
	for len(all)+len(mine) > 0 {
		if len(mine) == 0 || len(all) > 0 && all[0] < mine[0] {
			own.facts, all = append(own.facts, q.facts[all[0]]), all[1:]
		} else {
			own.facts, mine = append(own.facts, q.facts[mine[0]]), mine[1:]
		}
	}
	own.sortOut()
	own.countVoters()
	own.readReigns()
	own.readPlans()
	own.readLinks()
	own.readGaps()
	own.suspect()
	own.findHurts()
	return own
}

// sortOut puts the facts into lists by who says them, by whom they are about and
// by their sign. The facts must not move any more.
func (q *inquiry) sortOut() {
	q.said, q.about, q.signed = make([][]*fact, len(q.members)), make([][]*fact, len(q.members)), map[raftdiag.Sign][]*fact{}
	for i := range q.facts {
		f := &q.facts[i]
		f.no = i
		if f.by != nil {
			q.said[f.by.no] = append(q.said[f.by.no], f)
		}
		if f.peer != nil {
			q.about[f.peer.no] = append(q.about[f.peer.no], f)
		}
		q.signed[f.sign()] = append(q.signed[f.sign()], f)
	}
}

// between cuts a list in the order of times down to a time.
func between(list []*fact, from, to raftdiag.Stamp) []*fact {
	i := sort.Search(len(list), func(i int) bool { return list[i].Time >= from })
	list = list[i:]
	return list[:sort.Search(len(list), func(i int) bool { return list[i].Time > to })]
}

// ofSigns are the facts of some signs within a time, in the order of times.
func (q *inquiry) ofSigns(from, to raftdiag.Stamp, signs ...raftdiag.Sign) []*fact {
	if len(signs) == 1 {
		return between(q.signed[signs[0]], from, to)
	}
	var list []*fact
	for _, s := range signs {
		list = append(list, between(q.signed[s], from, to)...)
	}
	slices.SortStableFunc(list, func(a, b *fact) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.no, b.no)) })
	return list
}

// groups are those of which the facts speak, with how much they say that may
// hurt, the worst first.
func (q *inquiry) groups() []string {
	harm := map[string]int{}
	for i := range q.facts {
		f := &q.facts[i]
		if f.Group == "" {
			continue
		}
		n := 0
		switch f.sign() {
		case raftdiag.LeaderLost, raftdiag.QuorumLost, raftdiag.NoLeaderKnown, raftdiag.CommitStuck, raftdiag.RequestFailed, raftdiag.Died, raftdiag.EntriesLost, raftdiag.StorageBroken:
			n = 10
		case raftdiag.CampaignBegun, raftdiag.AppendRefused, raftdiag.SnapshotSendFailed:
			n = 1
		}
		harm[f.Group] += n
	}
	list := slices.Collect(maps.Keys(harm))
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(harm[b], harm[a]), cmp.Compare(a, b)) })
	return list
}

// countVoters takes the newest configuration that a line prints, or else the
// members that speak or are spoken of as members.
func (q *inquiry) countVoters() {
	for i := range q.facts {
		f := &q.facts[i]
		if n := f.votersListed(); n > 0 {
			q.voters = n
			continue
		}
		if !f.Has(raftdiag.HasConfig) || f.Config == nil {
			continue
		}
		if n := max(len(f.Config.Voters), len(f.Config.VotersOutgoing)); n > 0 {
			q.voters = n
		}
	}
	if q.voters > 0 {
		return
	}
	for _, m := range q.members {
		named := m.logged()
		for _, f := range q.about[m.no] {
			if named {
				break
			}
			switch f.sign() {
			case raftdiag.NamesPeer, raftdiag.MemberAdded, raftdiag.VoteAsked, raftdiag.VoteGot, raftdiag.VoteDenied, raftdiag.VoteGranted,
				raftdiag.LinkUp, raftdiag.LinkDown, raftdiag.ContactLost, raftdiag.LeaderKnown:
				named = true
			}
		}
		if named {
			q.voters++
		}
	}
}

// votersListed is how many members with a vote the line lists, 0 if it lists
// none.
func (f *fact) votersListed() int {
	n := 0
	switch f.sign() {
	case raftdiag.StartedUp, raftdiag.Membership, raftdiag.MemberAdded, raftdiag.MemberRemoved, raftdiag.MemberPromoted:
		if f.Symptom == nil {
			return 0
		}
		for _, m := range f.Symptom.Members {
			if !m.Learner {
				n++
			}
		}
	}
	return n
}

// quorum is how many voters must agree; 0 if their number is not known.
func (q *inquiry) quorum() int {
	if q.voters == 0 {
		return 0
	}
	return q.voters/2 + 1
}

// readReigns lists who led, in order.
func (q *inquiry) readReigns() {
	q.ruling, q.termed = map[*member][]int{}, map[rule]int{}
	for i := range q.facts {
		f := &q.facts[i]
		leader := f.by
		switch f.sign() {
		case raftdiag.RoleTaken:
			if f.Role != raftdiag.Leader {
				q.abdicate(f)
				if f.Role != raftdiag.Follower || f.peer == nil || f.peer == f.by {
					continue
				}
				leader = f.peer
			}
		case raftdiag.LeaderKnown:
			leader = f.peer
		case raftdiag.QuorumLost, raftdiag.ShuttingDown, raftdiag.Died, raftdiag.CampaignBegun:
			q.abdicate(f)
			continue
		default:
			continue
		}
		if leader == nil {
			continue
		}
		if n := len(q.reigns); n > 0 && f.Has(raftdiag.HasTerm) && q.reigns[n-1].term != 0 && f.Term <= q.reigns[n-1].term && q.reigns[n-1].leader != leader && q.reignOf(leader, f) == nil {
			continue // of another cluster, or an old word
		}
		if r := q.reignOf(leader, f); r != nil {
			if f.Has(raftdiag.HasTerm) && r.term == 0 && f.Term != 0 {
				r.term = f.Term
				q.bare = q.bare[:len(q.bare)-1] // it is the newest
				q.termed[rule{f.Term, leader}] = len(q.reigns) - 1
			}
			continue
		}
		r := reign{leader: leader, from: f.Time, to: q.to, by: f, open: true}
		if f.Has(raftdiag.HasTerm) {
			r.term = f.Term
		}
		if r.term == 0 {
			q.bare = append(q.bare, len(q.reigns))
		} else {
			q.termed[rule{r.term, leader}] = len(q.reigns)
		}
		q.ruling[leader] = append(q.ruling[leader], len(q.reigns))
		q.reigns = append(q.reigns, r)
	}
	for i := range q.reigns {
		r := &q.reigns[i]
		if r.end == nil && i+1 < len(q.reigns) {
			r.to, r.open, r.how = q.reigns[i+1].from, false, "another was elected"
		}
		for k := range r.leader.lives {
			l := &r.leader.lives[k]
			if l.from > r.from && r.end == nil { // it came up anew
				r.to, r.open, r.how = min(r.to, l.from), false, "its process ended"
			}
		}
	}
}

// reignOf is the reign of which a line speaks that names its leader: of the
// same term, or the newest one if no term is printed.
func (q *inquiry) reignOf(leader *member, f *fact) *reign {
	newest := len(q.reigns) - 1
	if newest < 0 {
		return nil
	}
	if f.Has(raftdiag.HasTerm) && q.reigns[newest].term != 0 {
		// Behind a reign whose term is not known nothing can be told.
		i, ok := q.termed[rule{f.Term, leader}]
		if n := len(q.bare); !ok || n > 0 && q.bare[n-1] > i {
			return nil
		}
		return &q.reigns[i]
	}
	if r := &q.reigns[newest]; r.leader == leader && (r.open || f.Time-r.to < 2e9 && f.sign() == raftdiag.LeaderKnown) {
		return r
	}
	return nil
}

// A rule is what tells one reign from another.
type rule struct {
	term   raftdiag.Term
	leader *member
}

// abdicate ends the reign of the one who speaks.
func (q *inquiry) abdicate(f *fact) {
	if list := q.ruling[f.by]; len(list) > 0 {
		r := &q.reigns[list[len(list)-1]]
		if f.sign() == raftdiag.CampaignBegun && f.Time-r.from < 1e9 {
			return
		}
		if f.Has(raftdiag.HasTerm) && r.term != 0 && f.Term <= r.term &&
			(f.sign() == raftdiag.CampaignBegun || f.sign() == raftdiag.RoleTaken && f.Role != raftdiag.Follower) {
			return // the election that it won: stamps do not order what two logs say
		}
		q.ruling[f.by] = list[:len(list)-1]
		r.open, r.to, r.end = false, f.Time, f
		switch f.sign() {
		case raftdiag.QuorumLost:
			r.how = "it heard no quorum"
		case raftdiag.ShuttingDown:
			r.how = "it was stopped"
		case raftdiag.Died:
			r.how = "it died"
		default:
			r.how = "it stepped down"
		}
	}
}

// readPlans notes what was done on purpose: stops, restarts, transfers.
func (q *inquiry) readPlans() {
	const (
		slack = raftdiag.Stamp(5e9)
		early = raftdiag.Stamp(2e9) // clocks may differ
	)
	var planned []span
	for _, m := range q.members {
		for i := range m.lives {
			l := &m.lives[i]
			if i > 0 && l.silentStop() && l.from-m.lives[i-1].to < 8e9 {
				planned = append(planned, span{from: m.lives[i-1].to - early, to: l.from + slack, who: m})
			}
			if l.orderly == nil || l.died != nil {
				continue
			}
			s := span{from: l.orderly.Time - early, to: l.to + slack, who: m}
			if i+1 < len(m.lives) {
				s.to = m.lives[i+1].from + slack
			}
			planned = append(planned, s)
		}
	}
	for i := range q.facts {
		f := &q.facts[i]
		if s := f.sign(); s == raftdiag.TransferBegun || s == raftdiag.TransferDone {
			planned = append(planned, span{from: f.Time - early, to: f.Time + slack, who: f.by})
		}
	}
	slices.SortStableFunc(planned, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	q.planned = map[*member][]span{}
	for _, s := range planned {
		for _, m := range []*member{nil, s.who} {
			list := q.planned[m]
			switch n := len(list); {
			case s.to < s.from:
			case n > 0 && s.from <= list[n-1].to:
				list[n-1].to = max(list[n-1].to, s.to)
			default:
				q.planned[m] = append(list, s)
			}
		}
	}
}

// onPurpose reports whether a moment falls into something done on purpose to a
// member, or to any if it is nil.
func (q *inquiry) onPurpose(m *member, at raftdiag.Stamp) bool {
	list := q.planned[m]
	i := sort.Search(len(list), func(i int) bool { return list[i].to >= at })
	return i < len(list) && list[i].from <= at
}

// booting reports whether a member comes up around a moment: what fails then
// and works later is no fault.
func (m *member) booting(at raftdiag.Stamp) bool {
	i := sort.Search(len(m.boots), func(i int) bool { return m.boots[i] >= at-8e9 })
	return i < len(m.boots) && m.boots[i] <= at+1e9
}

// readLinks keeps the books of who can reach whom.
func (q *inquiry) readLinks() {
	for i := range q.facts {
		f := &q.facts[i]
		if f.by == nil || f.peer == nil || f.by == f.peer {
			continue
		}
		up := false
		switch f.sign() {
		case raftdiag.LinkUp:
			up = true
		case raftdiag.LinkDown, raftdiag.ContactLost, raftdiag.PeerRefuses, raftdiag.PeerRefused, raftdiag.SnapshotSendFailed:
		case raftdiag.SendDropped:
		default:
			continue
		}
		key := [2]int{f.by.no, f.peer.no}
		b := q.links[key]
		if b == nil {
			b = &book{by: f.by, peer: f.peer}
			q.links[key] = b
		}
		var open *outage
		if n := len(b.downs); n > 0 && b.downs[n-1].open {
			open = &b.downs[n-1]
		}
		if up {
			b.ups++
			if open != nil {
				open.to, open.open, open.last = f.Time, false, f
			}
			continue
		}
		if open != nil && f.began-open.last.Until > 15e9 { // nothing was said for long: it worked, meanwhile
			open.to, open.open = open.last.Until, false
			open = nil
		}
		if open == nil {
			b.downs = append(b.downs, outage{span: span{from: f.began, to: q.to, open: true, first: f, who: f.peer}, troubles: map[raftdiag.Trouble]int{}, contact: true})
			open = &b.downs[len(b.downs)-1]
		}
		open.troubles[f.trouble()] += f.Times
		open.lines += f.Times
		open.last = f
		open.contact = open.contact && f.sign() == raftdiag.ContactLost
		if f.Symptom != nil {
			open.ways[f.Symptom.Way]++
		}
	}
	// A link that is complained of once in a while and never said to be up again
	// is down until the last complaint, unless complaints go on to the end.
	for _, b := range q.links {
		for i := range b.downs {
			if d := &b.downs[i]; d.open && d.last != nil {
				silent := q.to - d.last.Until
				if silent > 30e9 && d.lines > 1 || d.contact && silent > 5e9 {
					d.to, d.open = d.last.Until, false
				}
			}
		}
	}
}

// readGaps finds the times without a leader: from when the old one was lost
// until the next one is there.
func (q *inquiry) readGaps() {
	losses := q.ofSigns(raftdiag.NoStamp, q.to, raftdiag.QuorumLost, raftdiag.LeaderLost, raftdiag.CampaignBegun, raftdiag.NoLeaderKnown)
	lost := func(from, to raftdiag.Stamp, old *member) *fact {
		for _, f := range between(losses, from, to) {
			switch f.sign() {
			case raftdiag.QuorumLost:
				if old == nil || f.by == old || f.by == nil {
					return f
				}
			case raftdiag.LeaderLost:
				if f.peer == nil || f.peer == old {
					return f
				}
			case raftdiag.CampaignBegun, raftdiag.NoLeaderKnown:
				if f.by != nil && f.by == old && f.Time-from < 1e9 {
					continue // the campaign that made it leader
				}
				return f
			}
		}
		return nil
	}
	for i := 0; i+1 < len(q.reigns); i++ {
		r, next := &q.reigns[i], &q.reigns[i+1]
		f := lost(max(r.from, min(r.to, next.from-60e9)), next.from, r.leader)
		// What came long before the next reign was one member's own trouble.
		for f != nil && f.Time < next.from-20e9 && f.by != r.leader {
			f = lost(f.Time+1, next.from, r.leader)
		}
		from := next.from
		if f != nil {
			from = f.Time
		}
		if r.end != nil && r.to < from {
			from, f = r.to, r.end
		}
		if from < next.from || r.leader != next.leader {
			q.gaps = append(q.gaps, span{from: from, to: next.from, first: f, last: next.by, who: r.leader})
		}
	}
	if n := len(q.reigns); n > 0 {
		r := &q.reigns[n-1]
		from, first := raftdiag.NoStamp, (*fact)(nil)
		if !r.open {
			from, first = r.to, r.end
			if f := lost(r.from, q.to, r.leader); f != nil && f.Time < from || first == nil {
				from, first = min(from, r.to), cmp.Or(f, first)
			}
		} else if f := q.leaderlessMajority(r); f != nil {
			from, first = f.Time, f
		}
		if first != nil && q.to-from > 3e9 {
			q.gaps = append(q.gaps, span{from: from, to: q.to, open: true, first: first, who: r.leader})
		}
		return
	}
	if f := lost(q.from, q.to, nil); f != nil && q.to-f.Time > 5e9 {
		q.gaps = append(q.gaps, span{from: f.Time, to: q.to, open: true, first: f})
	}
}

// leaderlessMajority is the first sign after which so many members with logs
// know no leader, to their ends, that the reign cannot go on.
func (q *inquiry) leaderlessMajority(r *reign) *fact {
	var first *fact
	n := 0
	for _, m := range q.members {
		if !m.logged() || m == r.leader {
			continue
		}
		var lost *fact
		for _, f := range between(q.said[m.no], r.from, q.to) {
			switch f.sign() {
			case raftdiag.LeaderLost, raftdiag.CampaignBegun, raftdiag.NoLeaderKnown:
				if lost == nil {
					lost = f
				}
			case raftdiag.LeaderKnown:
				lost = nil
			case raftdiag.RoleTaken:
				if f.Role == raftdiag.Follower && f.peer != nil {
					lost = nil
				}
			}
		}
		if lost != nil {
			n++
			if first == nil || lost.Time < first.Time {
				first = lost
			}
		}
	}
	if q.quorum() > 0 && n >= q.quorum() {
		return first
	}
	return nil
}

// quote makes evidence of a fact.
func (q *inquiry) quote(f *fact, says string, args ...any) raftdiag.Quote {
	return q.quoteAt(f.Pos, says, args...)
}

func (q *inquiry) quoteAt(p raftdiag.Position, says string, args ...any) raftdiag.Quote {
	x := raftdiag.Quote{Source: p.Source, Line: p.Line, Says: fmt.Sprintf(says, args...)}
	if q.o.Text != nil {
		x.Text = q.o.Text(p)
	}
	return x
}

// leads is who leads at a moment, nil if nobody does.
func (q *inquiry) leads(at raftdiag.Stamp) *member {
	for i := len(q.reigns) - 1; i >= 0; i-- {
		if r := &q.reigns[i]; at >= r.from && at <= r.to {
			return r.leader
		}
	}
	return nil
}

// span words a length of time.
func lasting(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Minute:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	}
	return d.Round(time.Second).String()
}
