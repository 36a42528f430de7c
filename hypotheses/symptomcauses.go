package hypotheses

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A suspicion is one cause with the time in which it worked.
type suspicion struct {
	span
	name    string
	nodes   []*member
	score   float64 // how sure it is, from 0 to 1; above proven it is proven
	summary string
	quotes  []raftdiag.Quote
	mild    bool // worth telling only if it did harm
}

const (
	proven   = 0.7 // the score from which a suspicion needs no other
	credible = 0.6 // the score from which it may decide where proposals died
)

// A hurt is a time in which clients had to wait or failed.
type hurt struct {
	span
	leaderless bool
	failed     bool // a request failed, not only late
	by         *member
}

const (
	second   = raftdiag.Stamp(1e9)
	slowFrom = raftdiag.Stamp(2e9) // a request that takes this long hurts
)

// suspect finds the causes that the books show.
func (q *inquiry) suspect() {
	q.twins()
	q.ends()
	q.pauses()
	q.standstills()
	q.storage()
	q.refusals()
	q.cuts()
	q.slowness()
	q.unsteady()
	q.everybodyAlone()
	q.churn()
	q.memberships()
	q.oneSided()
	slices.SortStableFunc(q.found, func(a, b suspicion) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.from, b.from)) })
}

// oneSided takes weight from what is said of the network where only one side's
// logs are there: a process that is gone or stands still looks the same from
// there.
func (q *inquiry) oneSided() {
	for i := range q.found {
		s := &q.found[i]
		switch s.name {
		case "partition", "one-way-partition", "packet-loss", "slow-network", "flapping-link":
		default:
			continue
		}
		own, others := 0, 0
		for _, m := range q.members {
			switch {
			case !m.logged():
			case slices.Contains(s.nodes, m):
				own++
			default:
				others++
			}
		}
		if own >= 1 && others >= 1 || own >= 2 {
			continue
		}
		s.score -= 0.25
		var missing []*member
		for _, m := range q.members {
			if !m.logged() {
				missing = append(missing, m)
			}
		}
		if len(missing) > 0 {
			s.summary += "; without the log of " + names(missing) + " it cannot be told from a process that is gone or stands still"
		}
	}
}

// closing is when the whole system is being stopped in the end, or later than
// everything if it is not: most of those that ran until then were stopped in
// order, one soon after the other, and none goes on. A log that ends before says
// nothing of it.
func (q *inquiry) closing() raftdiag.Stamp {
	var stops []raftdiag.Stamp
	for _, m := range q.members {
		if n := len(m.lives); n > 0 && m.lives[n-1].orderly != nil {
			stops = append(stops, m.lives[n-1].orderly.Time)
		}
	}
	if len(stops) == 0 {
		return q.to + 1
	}
	slices.Sort(stops)
	first := len(stops) - 1
	for first > 0 && stops[first]-stops[first-1] < 15*second {
		first--
	}
	others := 0
	for _, m := range q.members {
		n := len(m.lives)
		if n == 0 || m.lives[n-1].orderly != nil || m.lives[n-1].died != nil {
			continue
		}
		switch end := m.lives[n-1].to; {
		case end > stops[len(stops)-1]+5*second:
			return q.to + 1 // it goes on
		case end >= stops[first]-5*second:
			others++
		}
	}
	if others >= len(stops)-first {
		return q.to + 1
	}
	return stops[first] - 10*second // those without a log may have been first
}

func (q *inquiry) add(s suspicion) { q.found = append(q.found, s) }

// twins finds ids under which two processes speak at one time.
func (q *inquiry) twins() {
	told := map[string]bool{}
	for _, d := range q.doubles {
		if told[d.id] || len(d.a.Spans) == 0 || len(d.b.Spans) == 0 {
			continue
		}
		told[d.id] = true
		var who []*member
		for _, m := range q.members {
			if m.is(d.id) {
				who = append(who, m)
			}
		}
		from := max(d.a.Spans[0].From, d.b.Spans[0].From)
		q.add(suspicion{span: span{from: from, to: q.to, open: true}, name: "duplicate-id", nodes: who, score: 0.96,
			summary: fmt.Sprintf("two processes run under the id %s at one time: %s and %s", d.id, d.a.Source, d.b.Source),
			quotes:  []raftdiag.Quote{q.quoteAt(d.a.Spans[0].FromPos, "one"), q.quoteAt(d.b.Spans[0].FromPos, "the other")}})
	}
}

// explained reports whether a cause of a member at that time is found already
// that explains what others say of it.
func (q *inquiry) explained(m *member, from, to raftdiag.Stamp, names ...string) bool {
	return slices.ContainsFunc(q.found, func(s suspicion) bool {
		return slices.Contains(s.nodes, m) && (len(names) == 0 || slices.Contains(names, s.name)) && s.overlaps(from-second, to+second)
	})
}

// complaints are the outages of links to a member that others saw in a time.
func (q *inquiry) complaints(m *member, from, to raftdiag.Stamp) (list []*outage, by []*member) {
	for _, o := range q.members {
		b := q.links[[2]int{o.no, m.no}]
		if b == nil {
			continue
		}
		for i := range b.downs {
			if d := &b.downs[i]; d.overlaps(from, to) {
				list = append(list, d)
				if !slices.Contains(by, o) {
					by = append(by, o)
				}
			}
		}
	}
	return list, by
}

// told counts what the outages say, by trouble.
func told(list []*outage) map[raftdiag.Trouble]int {
	sum := map[raftdiag.Trouble]int{}
	for _, d := range list {
		for t, n := range d.troubles {
			sum[t] += n
		}
	}
	return sum
}

// ends finds processes that died, were killed or are not there.
func (q *inquiry) ends() {
	for _, m := range q.members {
		if !m.logged() {
			q.absent(m)
			continue
		}
		if n := len(m.lives); n >= 4 && m.lives[n-1].from-m.lives[1].from < 180*second && m.lives[1].begin != nil {
			q.add(suspicion{span: span{from: m.lives[1].from, to: m.lives[n-1].from, who: m}, name: "node-restart", nodes: []*member{m}, score: 0.82,
				summary: fmt.Sprintf("%s starts again and again: %s in %s", m, counted(n-1, "restart"), lasting(time.Duration(m.lives[n-1].from-m.lives[0].to))),
				quotes:  []raftdiag.Quote{q.quoteAt(m.lives[1].begin.Pos, "a new start")}})
		}
		for i := range m.lives {
			l := &m.lives[i]
			last := i == len(m.lives)-1
			switch {
			case l.died != nil:
				q.death(m, l, last)
			case l.orderly != nil:
				q.stopped(m, l, last)
			case !last:
				next := m.lives[i+1]
				gone := l.to // its last line, or, after a silence, when others began to miss it
				first := next.from
				list, _ := q.complaints(m, l.to, next.from)
				for _, d := range list {
					if d.from >= l.to-second && d.from < first {
						first, gone = d.from, max(d.from, l.to)
					}
				}
				if next.silentStop() && next.from-gone < 8*second {
					q.add(suspicion{span: span{from: gone, to: next.from, who: m}, name: "node-restart", nodes: []*member{m}, score: 0.5, mild: true,
						summary: fmt.Sprintf("%s came up again after %s; its program says nothing when it is stopped, so it may have been meant to", m, lasting(time.Duration(next.from-gone))),
						quotes:  []raftdiag.Quote{q.quoteAt(next.begin.Pos, "%s starts anew", m.name)}})
					continue
				}
				s := suspicion{span: span{from: gone, to: next.from, who: m, first: nil}, name: "node-down", nodes: []*member{m}, score: 0.9,
					summary: fmt.Sprintf("%s came up again after %s, and its log shows no end of the run before: its process was killed or crashed", m, lasting(time.Duration(next.from-gone)))}
				if next.begin != nil {
					s.quotes = append(s.quotes, q.quoteAt(next.begin.Pos, "%s starts anew; nothing said that it stops", m.name))
				}
				s.quotes = append(s.quotes, q.witness(m, l.to-second, next.from+second)...)
				q.add(s)
			case q.to-l.to > 4*second:
				q.logEnds(m, l)
			}
		}
	}
}

// logEnds judges a log that ends before the others': its process is gone if
// connections to it broke there and do not come back; it stands still if it is
// only not heard any more.
func (q *inquiry) logEnds(m *member, l *life) {
	closing := q.closing()
	list, _ := q.complaints(m, l.to-2*second, q.to)
	list = slices.DeleteFunc(list, func(d *outage) bool { return d.from < l.to-2*second || !d.open || d.from >= closing })
	sum := told(list)
	var by []*member
	for _, d := range list {
		if !slices.Contains(by, d.first.by) {
			by = append(by, d.first.by)
		}
	}
	from := q.to // it was silent for a while, perhaps: it is gone from when it is missed
	for _, d := range list {
		from = min(from, max(d.from, l.to))
	}
	s := suspicion{span: span{from: from, to: q.to, open: true, who: m}, nodes: []*member{m},
		quotes: append([]raftdiag.Quote{q.quoteAt(m.seen[len(m.seen)-1].LastPos, "the last line of %s", m.name)}, q.witness(m, l.to-2*second, q.to)...)}
	broke := sum[raftdiag.Closed] + sum[raftdiag.Reset]
	lost := q.leads(l.to) == m && len(q.reigns) > 0 && q.reigns[len(q.reigns)-1].leader != m
	cut := func() { // the log may have been cut off, and its process live on
		q.add(suspicion{span: s.span, name: "partition", nodes: s.nodes, score: credible - 0.03, quotes: s.quotes,
			summary: fmt.Sprintf("if the log of %s ends before its process did, it may as well be cut off", m)})
	}
	switch refused := sum[raftdiag.Refused]; {
	case broke > 0 && refused == 0 && sum[raftdiag.TimedOut]+sum[raftdiag.NoRoute] > 0:
		s.name, s.score = "node-down", credible-0.01
		s.summary = fmt.Sprintf("%s may be gone: its log ends %s before the others', its peers' connections break, and new ones get no answer", m, lasting(time.Duration(q.to-l.to)))
		cut()
	case broke > 0 || refused > 0 && lost:
		s.name, s.score = "node-down", 0.75
		if refused > 0 || len(by) > 1 {
			s.score = 0.9
		}
		s.summary = fmt.Sprintf("%s is gone: its log ends %s before the others', and its peers' connections break", m, lasting(time.Duration(q.to-l.to)))
	case refused > 0 && q.moved(m, l.to):
		s.name, s.score = "wrong-peer-address", 0.85
		s.summary = fmt.Sprintf("the address of %s was changed, and since then its peers are refused; no connection of its process broke", m)
	case refused > 0:
		s.name, s.score = "connection-refused", 0.6
		s.summary = fmt.Sprintf("%s refuses new connections, and no connection broke: its address is wrong, or its listener is gone", m)
		q.add(s)
		s.name, s.score = "node-down", 0.55
		s.summary = fmt.Sprintf("%s may be down: its log ends early and it refuses connections", m)
	case sum[raftdiag.TimedOut] > 0 && q.moved(m, l.to):
		s.name, s.score = "wrong-peer-address", 0.8
		s.summary = fmt.Sprintf("the address of %s was changed, and since then it is not reached", m)
	case sum[raftdiag.TimedOut] > 0 && m.showsElections():
		s.name, s.score = "process-paused", credible-0.01
		cut()
		s.summary = fmt.Sprintf("%s stands still: it writes nothing any more, is not heard, and neither refuses nor breaks connections; cut off, it would campaign", m)
	default:
		return
	}
	q.add(s)
}

// moved reports whether a member's address was changed around a moment.
func (q *inquiry) moved(m *member, at raftdiag.Stamp) bool {
	for _, f := range q.ofSigns(at-30*second, at+10*second, raftdiag.Membership) {
		if f.Symptom != nil && f.Symptom.What == "address" && (f.peer == m || f.peer == nil && f.by == m) && f.Time >= at-30*second && f.Time <= at+10*second {
			return true
		}
	}
	return false
}

// witness quotes what others say of a member in a time: one line each.
func (q *inquiry) witness(m *member, from, to raftdiag.Stamp) []raftdiag.Quote {
	var out []raftdiag.Quote
	list, by := q.complaints(m, from, to)
	for _, o := range by {
		for _, d := range list {
			if d.first != nil && d.first.by == o {
				out = append(out, q.quote(d.first, "%s cannot reach %s", o.name, m.name))
				break
			}
		}
		if len(out) == 3 {
			break
		}
	}
	return out
}

// absent judges a member whose log is not there by what the others say.
func (q *inquiry) absent(m *member) {
	list, by := q.complaints(m, q.from, q.to)
	for _, d := range list {
		if q.onlyAtBoot(m, d.first.by, d) || d.from >= q.closing() || !d.open || d.lines < 2 || d.length() < 3*time.Second || d.first.by.booting(d.from) && d.length() < 10*time.Second {
			continue
		}
		sum := told(list)
		s := suspicion{span: span{from: d.from, to: d.to, open: true, who: m, first: d.first}, nodes: []*member{m}, quotes: q.witness(m, d.from-second, d.to)}
		switch {
		case sum[raftdiag.Refused] > 0 && len(by) >= 2:
			s.name, s.score = "node-down", 0.75
			s.summary = fmt.Sprintf("%s is down: %d others are refused at its address", m, len(by))
		case sum[raftdiag.Refused] > 0:
			s.name, s.score = "node-down", 0.5
			s.summary = fmt.Sprintf("%s does not run, or not at the address that %s uses", m, by[0])
		default:
			return // cuts judges the rest
		}
		q.add(s)
		return
	}
}

// death files a process's last words by what they say.
func (q *inquiry) death(m *member, l *life, last bool) {
	f := l.died
	s := suspicion{span: span{from: f.Time, to: q.to, open: last, who: m}, name: "node-down", nodes: []*member{m}, score: 0.9,
		summary: fmt.Sprintf("%s died: %s", m, short(f.Text)), quotes: []raftdiag.Quote{q.quoteAt(f.Pos, "its last words")}}
	if !last {
		for i := range m.lives {
			if m.lives[i].from > f.Time {
				s.to = m.lives[i].from
				break
			}
		}
	}
	if f.Text == "" {
		s.summary = fmt.Sprintf("%s died with a fatal error", m)
	}
	why := ""
	if f.Symptom != nil {
		switch f.Symptom.Trouble {
		case raftdiag.DiskFull:
			why = "disk-full"
		case raftdiag.DiskBroken:
			why = "disk-failed"
		case raftdiag.Corrupted:
			why = "log-corrupt"
		case raftdiag.PeerRemoved:
			why = "member-removed"
		case raftdiag.ClusterMismatch:
			why = "cluster-id-mismatch"
		case raftdiag.TLSExpired, raftdiag.TLSAuthority, raftdiag.TLSHost, raftdiag.TLSOther:
			why = "tls-failure"
		}
	}
	if f.Symptom != nil && f.Symptom.What == "bootstrapped before" {
		why = "log-lost"
		s.summary = fmt.Sprintf("%s has no data although the others know it as a member: its data directory was lost", m)
	}
	if missing, ok := lostBy(&f.Event); ok && why == "" {
		why = "log-lost"
		s.summary = fmt.Sprintf("%s died: %s", m, missing)
	}
	if why != "" {
		cause := s
		cause.name, cause.score = why, 0.95
		q.add(cause)
		s.score = 0.8
	}
	q.add(s)
}

// lostBy words how many entries a panic or an error says to be missing.
func lostBy(e *raftdiag.Event) (string, bool) {
	want := max(e.Commit, 0)
	if e.Has(raftdiag.HasIndex) && !e.Has(raftdiag.HasCommit) {
		want = e.Index
	}
	if !e.Has(raftdiag.HasLast) || want <= e.Last {
		return "", false
	}
	n := uint64(want - e.Last)
	switch {
	case e.Last <= 1:
		return fmt.Sprintf("it is asked for entry %d and its log is empty: all of its entries are missing", want), true
	case n == 1:
		return fmt.Sprintf("entry %d is missing, its log ends at %d", want, e.Last), true
	}
	return fmt.Sprintf("the last %d entries up to %d are missing, its log ends at %d", n, want, e.Last), true
}

func short(s string) string {
	if len(s) > 160 {
		return s[:157] + "..."
	}
	return s
}

// stopped files a process that was stopped in order and did not come back.
func (q *inquiry) stopped(m *member, l *life, last bool) {
	if !last {
		next := m.lives[slices.IndexFunc(m.lives, func(o life) bool { return o.from == l.from })+1]
		q.add(suspicion{span: span{from: l.orderly.Time, to: next.from, who: m}, name: "node-restart", nodes: []*member{m}, score: 0.3, mild: true,
			summary: fmt.Sprintf("%s was stopped in order and came back after %s", m, lasting(time.Duration(next.from-l.orderly.Time))),
			quotes:  []raftdiag.Quote{q.quoteAt(l.orderly.Pos, "it stops in order")}})
		return
	}
	if q.to-l.to < 5*second || l.orderly.Time >= q.closing() {
		return // the end of the whole log
	}
	q.add(suspicion{span: span{from: l.orderly.Time, to: q.to, open: true, who: m}, name: "node-down", nodes: []*member{m}, score: 0.85,
		summary: fmt.Sprintf("%s was stopped in order and did not come back", m),
		quotes:  append([]raftdiag.Quote{q.quoteAt(l.orderly.Pos, "it stops in order")}, q.witness(m, l.orderly.Time, q.to)...)})
}

// pauses finds processes that stood still: silent in every respect, missed by
// others, and late when they go on.
func (q *inquiry) pauses() {
	for _, m := range q.members {
		if !m.logged() {
			continue
		}
		for _, gap := range m.silences(3 * second) {
			late := q.lateAfter(m, gap)
			missed := q.missedIn(m, gap)
			if missed == nil {
				missed = q.idleIn(m, gap)
			}
			switch {
			case late != nil && (late.Duration >= time.Duration(gap.To-gap.From)*6/10 || late.Duration >= 3*time.Second && late.began >= gap.From) &&
				!q.slowDisk(m, gap.From-second, gap.To+second):
			case missed != nil && gap.To-gap.From >= 4*second && !q.refusedIn(m, gap):
			case gap.To-gap.From >= 4*second && m.unusual(gap) && q.leaderlessIn(gap) && !q.campaignsAt(m, gap.To) && !q.refusedIn(m, gap):
			default:
				continue
			}
			s := suspicion{span: span{from: gap.From, to: gap.To, who: m}, name: "process-paused", nodes: []*member{m}, score: 0.85}
			s.quotes = append(s.quotes, q.quoteAt(gap.FromPos, "the last line before the silence"))
			if late != nil {
				s.from = max(s.from, late.began)
				s.quotes = append(s.quotes, q.quote(late, "when it goes on, it is %s late", lasting(late.Duration)))
			} else {
				s.score = 0.72
				s.quotes = append(s.quotes, q.quoteAt(gap.ToPos, "it goes on"))
			}
			if missed != nil {
				s.from = max(s.from, min(missed.Time-10*second, s.to))
				s.quotes = append(s.quotes, q.quote(missed, "meanwhile the others miss it, and it says nothing"))
			}
			if late == nil && q.campaignsAt(m, gap.To) {
				s.score, s.mild = 0.5, true // a follower whose timer runs out looks the same
			}
			s.summary = fmt.Sprintf("%s stood still for up to %s: it wrote nothing at all, and went on without a restart", m, lasting(s.length()))
			q.add(s)
		}
	}
}

// standstills finds followers that their leader did not hear for a while, and
// that said nothing of it: cut off, they would have campaigned.
func (q *inquiry) standstills() {
	for _, m := range q.members {
		if !m.logged() || !m.showsElections() {
			continue
		}
		list, _ := q.complaints(m, q.from, q.to)
		for _, d := range list {
			if !d.contact || d.last.Until-d.from < 3*second/2 || q.explained(m, d.from, d.to) || m.booting(d.from) || q.onPurpose(m, d.from) || q.onPurpose(d.first.by, d.from) || d.from >= q.closing() {
				continue
			}
			spoke := slices.ContainsFunc(m.spans, func(sp timeline.Span) bool { return sp.From <= d.to && sp.To >= d.from })
			if q.missesMost(d.first) {
				continue // more likely it is about who says so
			}
			if own, to, _ := q.alone(d.first.by); spoke || own != nil && own.Time <= d.to && to >= d.from {
				continue
			}
			q.add(suspicion{span: d.span, name: "process-paused", nodes: []*member{m}, score: 0.62,
				summary: fmt.Sprintf("%s was not heard for %s and said nothing itself; cut off, it would have campaigned", m, lasting(time.Duration(d.last.Until-d.from))),
				quotes:  []raftdiag.Quote{q.quote(d.first, "%s does not hear %s", d.first.by.name, m.name)}})
		}
	}
}

// unusual reports whether a silence is far longer than any other of the member,
// in a log that is never silent for long.
func (m *member) unusual(gap timeline.Span) bool {
	if len(m.spans) < 8 {
		return false
	}
	most := second
	for i := 1; i < len(m.spans); i++ {
		if d := m.spans[i].From - m.spans[i-1].To; m.spans[i].From != gap.To && d > most {
			most = d
		}
	}
	return gap.To-gap.From >= 3*most
}

// leaderlessIn reports whether the system lost its leader in a silence, long
// enough before its end for a member that lives to notice.
func (q *inquiry) leaderlessIn(gap timeline.Span) bool {
	return slices.ContainsFunc(q.gaps, func(g span) bool { return g.from > gap.From && gap.To-g.from >= 3*second })
}

// lateAfter is a member's word that its own loop came late, right after a
// silence.
func (q *inquiry) lateAfter(m *member, gap timeline.Span) *fact {
	for _, f := range between(q.said[m.no], gap.To, gap.To+2*second) {
		switch f.sign() {
		case raftdiag.HeartbeatLate, raftdiag.LoopSlow, raftdiag.Overload:
			if f.Has(raftdiag.HasDuration) && (f.began <= gap.From+(gap.To-gap.From)/2 || f.Duration >= 3*time.Second) {
				return f
			}
		}
	}
	return nil
}

// missedIn is another member's word that it does not hear a member, within a
// silence of that member in which it would have spoken itself if only the
// network were cut: as a leader whom others have replaced, as a follower whom
// its leader does not reach. A member that is cut off says so within seconds,
// in as far as its log shows elections at all.
func (q *inquiry) missedIn(m *member, gap timeline.Span) *fact {
	if !m.showsElections() {
		return nil
	}
	for _, f := range between(q.about[m.no], gap.From, gap.To) {
		if f.by == m || f.by == nil || f.Time <= gap.From || f.Time >= gap.To || m.booting(f.Time) || q.onPurpose(m, f.Time) {
			continue
		}
		switch f.sign() {
		case raftdiag.LeaderLost:
			if gap.To-f.Time > 2*second && q.replacedIn(m, gap) {
				return f
			}
		case raftdiag.LinkDown, raftdiag.ContactLost:
			waited := second // a time-out says that nothing came for as long as it is
			if f.trouble() == raftdiag.TimedOut {
				waited = 5 * second
			}
			if (f.trouble() == raftdiag.TimedOut || f.sign() == raftdiag.ContactLost) && gap.To-f.Time > 2*second && f.Time-gap.From > waited && !q.missesMost(f) && !q.alike(f.by, gap) && !q.cutBefore(m, gap) {
				return f
			}
		}
	}
	return nil
}

// showsElections reports whether a member's log ever shows who leads or
// campaigns.
func (m *member) showsElections() bool {
	for _, s := range m.seen {
		if s.Symptom == nil {
			continue
		}
		switch s.Symptom.Sign {
		case raftdiag.CampaignBegun, raftdiag.LeaderLost:
			return true
		case raftdiag.RoleTaken:
			return true
		}
	}
	return false
}

// replacedIn reports whether another leader came up within a silence of a
// member that led.
func (q *inquiry) replacedIn(m *member, gap timeline.Span) bool {
	for i := range q.reigns {
		if r := &q.reigns[i]; i > 0 && r.leader != m && q.reigns[i-1].leader == m && r.from > gap.From && r.from < gap.To {
			return true
		}
	}
	return false
}

// alike reports whether a member that complains of another is itself the odd
// one in that time: it knows no leader.
func (q *inquiry) alike(by *member, gap timeline.Span) bool {
	own, to, _ := q.alone(by)
	return own != nil && own.Time < gap.To && to > gap.From
}

// campaignsAt reports whether a member campaigns, or loses its leader, right at
// the end of a silence.
func (q *inquiry) campaignsAt(m *member, at raftdiag.Stamp) bool {
	for _, f := range between(q.said[m.no], at, at+second/2) {
		if f.sign() == raftdiag.CampaignBegun || f.sign() == raftdiag.LeaderLost || f.sign() == raftdiag.QuorumLost {
			return true
		}
	}
	return false
}

// missesMost reports whether the one who complains of a member complains of most
// others at that time: then it is itself the odd one, or the network is.
func (q *inquiry) missesMost(f *fact) bool {
	peers := map[*member]bool{}
	for _, o := range between(q.said[f.by.no], f.Time-3*second, f.Time+3*second) {
		if o.peer != nil && o.peer != o.by && (o.sign() == raftdiag.ContactLost || o.sign() == raftdiag.LinkDown) {
			peers[o.peer] = true
		}
	}
	return len(peers) > 1 && 2*len(peers) >= max(q.voters, len(peers)+1)-1
}

// cutBefore reports whether a member was alone right before a silence: what others
// say of it then may be of that time.
func (q *inquiry) cutBefore(m *member, gap timeline.Span) bool {
	own, to, _ := q.alone(m)
	return own != nil && own.Time < gap.From && to > gap.From-15*second
}

// idleIn is a sign of leaderless time within a silence, in which a member that
// lives would have campaigned: others did so, twice, and it does not even when it
// speaks again.
func (q *inquiry) idleIn(m *member, gap timeline.Span) *fact {
	if !m.showsElections() {
		return nil
	}
	for _, g := range q.gaps {
		if min(g.to, gap.To)-max(g.from, gap.From) < 5*second || g.first == nil || g.first.by == m || m.booting(g.from) {
			continue
		}
		campaigns := 0
		for _, f := range q.ofSigns(g.from-second, gap.To+second/5, raftdiag.CampaignBegun) {
			if f.by == m {
				campaigns = 0
				break
			}
			campaigns += f.Times
		}
		if campaigns >= 2 {
			return g.first
		}
	}
	return nil
}

// refusedIn reports whether others were refused by a member within a silence, or
// its connections broke before anybody missed it: then its process ended.
func (q *inquiry) refusedIn(m *member, gap timeline.Span) bool {
	list, _ := q.complaints(m, gap.From, gap.To)
	if told(list)[raftdiag.Refused] > 0 {
		return true
	}
	return slices.ContainsFunc(list, func(d *outage) bool {
		t := d.first.trouble()
		return t == raftdiag.Closed || t == raftdiag.Reset
	})
}

// slowDisk reports whether a member says that its disk is slow in a time.
func (q *inquiry) slowDisk(m *member, from, to raftdiag.Stamp) bool {
	for _, f := range q.signed[raftdiag.DiskSlow] {
		if f.by == m && f.began <= to && f.Until >= from {
			return true
		}
	}
	return false
}

// A pile gathers facts of one sort about one member.
type pile struct {
	m     *member
	first *fact
	worst *fact
	times int
	until raftdiag.Stamp
	total time.Duration
}

// heap piles up the facts that a test takes, by who says them, or by whom they
// are about.
func (q *inquiry) heap(about bool, take func(f *fact) bool) []*pile {
	by := map[*member]*pile{}
	for i := range q.facts {
		f := &q.facts[i]
		m := f.by
		switch s := f.sign(); {
		case about, f.peer != nil && (s == raftdiag.StorageBroken || s == raftdiag.QuotaExceeded): // an alarm names whose it is
			m = f.peer
		}
		if m == nil || !take(f) {
			continue
		}
		p := by[m]
		if p == nil {
			p = &pile{m: m, first: f, worst: f}
			by[m] = p
		}
		p.times += f.Times
		p.until = max(p.until, f.Until)
		p.total += f.Duration
		if f.Duration > p.worst.Duration {
			p.worst = f
		}
		if f.began < p.first.began {
			p.first = f
		}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b *pile) int { return cmp.Compare(a.m.no, b.m.no) })
}

func (p *pile) span() span { return span{from: p.first.began, to: p.until, first: p.first, who: p.m} }

// storage finds disks that are slow, full or broken, logs that are lost, and
// quotas that are exceeded.
func (q *inquiry) storage() {
	sign := func(s raftdiag.Sign) func(*fact) bool { return func(f *fact) bool { return f.sign() == s } }
	for _, p := range q.heap(false, sign(raftdiag.DiskSlow)) {
		if p.worst.Duration < time.Second && p.times < 3 || q.explained(p.m, p.worst.began, p.worst.Until, "process-paused") {
			continue
		}
		score := 0.85
		if p.times == 1 && p.worst.Duration < 2*time.Second {
			score = 0.5
		}
		q.add(suspicion{span: p.span(), name: "slow-disk", nodes: []*member{p.m}, score: score, mild: p.times < 3,
			summary: fmt.Sprintf("the disk of %s is slow: %s, the worst took %s", p.m, counted(p.times, "write"), lasting(p.worst.Duration)),
			quotes:  []raftdiag.Quote{q.quote(p.first, "the first"), q.quote(p.worst, "the slowest")}})
	}
	broken := func(f *fact) bool { // what is closed on purpose says so, too
		return f.sign() == raftdiag.StorageBroken && f.trouble() != raftdiag.Closed && f.trouble() != raftdiag.Cancelled && !q.onPurpose(f.by, f.Time)
	}
	for _, p := range q.heap(false, broken) {
		name, what := "log-corrupt", "cannot read or write its log"
		switch p.first.trouble() {
		case raftdiag.DiskFull:
			name, what = "disk-full", "has no space left"
		case raftdiag.DiskBroken:
			name, what = "disk-failed", "gets I/O errors from its disk"
		case raftdiag.Corrupted:
			what = "holds a corrupt log or database"
		}
		q.add(suspicion{span: p.span(), name: name, nodes: []*member{p.m}, score: 0.92,
			summary: fmt.Sprintf("%s %s: %s", p.m, what, short(p.first.Text)), quotes: []raftdiag.Quote{q.quote(p.first, "it says so")}})
	}
	for _, p := range q.heap(false, sign(raftdiag.EntriesLost)) {
		words, ok := lostBy(&p.first.Event)
		if !ok {
			words = short(p.first.Text)
		}
		q.add(suspicion{span: p.span(), name: "log-lost", nodes: []*member{p.m}, score: 0.93,
			summary: fmt.Sprintf("%s lost entries: %s", p.m, words), quotes: []raftdiag.Quote{q.quote(p.first, "it says so")}})
	}
	for _, p := range q.heap(false, sign(raftdiag.QuotaExceeded)) {
		s := p.span()
		cleared := false
		for _, f := range q.signed[raftdiag.QuotaCleared] {
			if f.Time > p.first.Time {
				s.to, cleared = f.Time, true
			}
		}
		if !cleared {
			s.to, s.open = q.to, true
		}
		q.add(suspicion{span: s, name: "quota-exceeded", nodes: []*member{p.m}, score: 0.95,
			summary: fmt.Sprintf("%s refuses writes: its quota of space is exceeded", p.m), quotes: []raftdiag.Quote{q.quote(p.first, "it says so")}})
	}
	for _, p := range q.heap(false, sign(raftdiag.ApplyBroken)) {
		q.add(suspicion{span: p.span(), name: "state-machine-blocked", nodes: []*member{p.m}, score: 0.8,
			summary: fmt.Sprintf("the state machine of %s fails: %s", p.m, short(p.first.Text)), quotes: []raftdiag.Quote{q.quote(p.first, "it says so")}})
	}
	for _, p := range q.heap(false, func(f *fact) bool {
		return f.sign() == raftdiag.ApplyBehind || f.sign() == raftdiag.ApplySlow && f.Duration > time.Second
	}) {
		if q.explained(p.m, p.first.began, p.until, "slow-disk", "process-paused", "overloaded", "disk-full") || p.times < 3 {
			continue
		}
		q.add(suspicion{span: p.span(), name: "slow-apply", nodes: []*member{p.m}, score: 0.5, mild: true,
			summary: fmt.Sprintf("applying is slow on %s: the worst took %s", p.m, lasting(p.worst.Duration)), quotes: []raftdiag.Quote{q.quote(p.worst, "the slowest")}})
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// refusals finds peers that refuse one another for reasons that only people
// can mend: certificates, cluster ids, versions, addresses, removed members.
func (q *inquiry) refusals() {
	type key struct {
		name string
		m    *member
	}
	piles := map[key]*pile{}
	both := map[key]map[*member]int{}
	for i := range q.facts {
		f := &q.facts[i]
		name := ""
		switch f.trouble() {
		case raftdiag.TLSExpired, raftdiag.TLSAuthority, raftdiag.TLSHost, raftdiag.TLSOther:
			name = "tls-failure"
		case raftdiag.ClusterMismatch:
			name = "cluster-id-mismatch"
		case raftdiag.PeerMismatch, raftdiag.NameUnknown:
			name = "wrong-peer-address"
		case raftdiag.AddressUnknown:
			name = "no-address"
		case raftdiag.VersionMismatch:
			name = "undecodable"
		case raftdiag.BufferFull:
			if f.sign() == raftdiag.SendDropped {
				name = "buffer-full"
			}
		}
		if f.sign() == raftdiag.IDConflict {
			name = "duplicate-id"
		}
		if name == "" || f.sign() == raftdiag.Died || f.sign() == raftdiag.NoiseLine {
			continue
		}
		if f.trouble() == raftdiag.PeerMismatch && (f.by != nil && f.by.booting(f.Time) || f.peer != nil && f.peer.booting(f.Time)) {
			continue // not yet introduced to each other
		}
		if f.by != nil && q.onPurpose(f.by, f.Time) || f.peer != nil && q.onPurpose(f.peer, f.Time) {
			continue
		}
		for _, m := range []*member{f.by, f.peer} {
			if m == nil {
				continue
			}
			k := key{name, m}
			p := piles[k]
			if p == nil {
				p = &pile{m: m, first: f, worst: f}
				piles[k], both[k] = p, map[*member]int{}
			}
			p.times += f.Times
			p.until = max(p.until, f.Until)
			other := f.by
			if m == f.by {
				other = f.peer
			}
			if other != nil {
				both[k][other]++
			}
		}
	}
	// The culprit is who has the trouble with most others; of two with each
	// other, the one of whom it is said.
	names := map[string]bool{}
	for k := range piles {
		names[k.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		most := 0
		for k := range piles {
			if k.name == name {
				most = max(most, len(both[k]))
			}
		}
		var who []*member
		var first *pile
		for _, m := range q.members {
			k := key{name, m}
			p := piles[k]
			if p == nil || len(both[k]) < most {
				continue
			}
			if first == nil || p.first.Time < first.first.Time {
				first = p
			}
			who = append(who, m)
		}
		if first == nil {
			continue
		}
		if most <= 1 && first.first.peer != nil {
			who = []*member{first.first.peer}
		}
		p := first
		score := 0.93
		if name == "buffer-full" {
			score = 0.4
		}
		if p.times < 2 && q.to-p.until > 20*second && name != "duplicate-id" {
			score = 0.5
		}
		open := q.to-p.until < 30*second
		s := p.span()
		s.open = open
		q.add(suspicion{span: s, name: name, nodes: who, score: score, mild: name == "buffer-full",
			summary: fmt.Sprintf("%s: %s", q.refusalWords(name, who), short(p.first.Text)),
			quotes:  []raftdiag.Quote{q.quote(p.first, "first seen here"), q.quote(p.worst, "%s in all", counted(p.times, "line"))}})
	}
}

func (q *inquiry) refusalWords(name string, who []*member) string {
	at := names(who)
	switch name {
	case "tls-failure":
		return "certificates do not agree between " + at + " and the others"
	case "cluster-id-mismatch":
		return at + " belongs to another cluster than those it talks to"
	case "wrong-peer-address":
		return "the address used for " + at + " leads elsewhere"
	case "no-address":
		return "no address is known for " + at
	case "undecodable":
		return "the versions of " + at + " and the others do not fit"
	case "buffer-full":
		return "messages to " + at + " are dropped, since the send buffer is full"
	case "duplicate-id":
		return "the id of " + at + " is used twice"
	}
	return at
}

// names words members.
func names(list []*member) string {
	s := ""
	for i, m := range list {
		switch {
		case i > 0 && i == len(list)-1:
			s += " and "
		case i > 0:
			s += ", "
		}
		s += m.String()
	}
	return s
}

// cuts finds links that do not carry: partitions, one-way partitions, flapping
// links and refused connections to processes that live.
func (q *inquiry) cuts() {
	type view struct {
		m        *member
		from, to raftdiag.Stamp
		last     raftdiag.Stamp // of the lines
		open     bool
		by       []*member // who complains of it
		own      *fact     // its own complaint: no leader, no quorum, campaigns
		ownTo    raftdiag.Stamp
		quotes   []raftdiag.Quote
		sum      map[raftdiag.Trouble]int
		cycles   int
		lines    int
	}
	var views []*view
	for _, m := range q.members {
		v := &view{m: m, sum: map[raftdiag.Trouble]int{}}
		list, _ := q.complaints(m, q.from, q.to)
		for _, d := range list {
			o := d.first.by
			if !q.cutOnly(m, o, d) {
				continue
			}
			if v.from == 0 || d.from < v.from {
				v.from = d.from
			}
			v.to, v.last = max(v.to, d.to), max(v.last, d.last.Time)
			v.open = v.open || d.open
			if d.last.sign() == raftdiag.LinkUp || d.open {
				v.cycles++
			}
			v.lines += d.lines
			for t, n := range d.troubles {
				v.sum[t] += n
			}
			if !slices.Contains(v.by, o) {
				v.by = append(v.by, o)
				v.quotes = append(v.quotes, q.quote(d.first, "%s does not reach %s", o.name, m.name))
			}
		}
		// A member that loses the leader, or its quorum, while the others go on.
		if own, to, open := q.alone(m); own != nil && !q.explained(m, own.Time, to) {
			v.own, v.ownTo = own, to
			if v.from == 0 || own.Time < v.from {
				v.from = own.Time
			}
			v.to = max(v.to, to)
			v.open = v.open || open
			v.quotes = append(v.quotes, q.quote(own, "%s is cut off: %s", m.name, ownWords(own)))
		}
		if len(v.by) > 0 || v.own != nil {
			views = append(views, v)
		}
	}
	used := map[*member]bool{}
	for _, v := range views {
		if used[v.m] || v.own == nil && len(v.by) < 2 && q.voters > 2 {
			continue
		}
		if v.own == nil && len(v.by) > 0 && !v.open && v.lines < 3 {
			continue
		}
		used[v.m] = true
		s := suspicion{span: span{from: v.from, to: v.to, open: v.open, who: v.m}, name: "partition", nodes: []*member{v.m}, score: 0.6, quotes: v.quotes}
		switch {
		case v.own != nil && len(v.by) > 0:
			s.score = 0.8
			s.summary = fmt.Sprintf("%s and the others do not reach each other, though both sides run", v.m)
		case v.own != nil:
			s.score = 0.65
			s.summary = fmt.Sprintf("%s is alone: it knows no leader while the others have one", v.m)
		default:
			s.summary = fmt.Sprintf("%s is not reached by %s, and its own log goes on", v.m, names(v.by))
		}
		if at, addr := q.elsewhere(v.m, v.from, v.to); at != nil {
			s.name, s.score = "wrong-peer-address", 0.8
			s.summary = fmt.Sprintf("%s is sought at %s, and it says of itself that it is at %s", v.m, addr, strings.Join(v.m.addresses(), ", "))
			s.quotes = append([]raftdiag.Quote{q.quote(at, "the address that is tried")}, s.quotes...)
		} else if refused := v.sum[raftdiag.Refused]; refused > 2 && v.sum[raftdiag.TimedOut]*4 < refused && v.m.logged() {
			s.name, s.score = "connection-refused", 0.8
			s.summary = fmt.Sprintf("connections to %s are refused although it runs: its address is wrong, or nobody listens there", v.m)
			q.add(s)
			s.name, s.score = "wrong-peer-address", 0.7
			s.summary = fmt.Sprintf("the others may have a wrong address for %s", v.m)
			q.add(s)
			continue
		}
		if end := q.released(v.from, v.to); v.own == nil && q.hears(v.m, v.from-8*second, end-2*second)+q.heardOf(v.m, v.from-8*second, end-2*second) >= 3 && q.leaderlessAround(v.from) {
			s.name, s.score = "packet-loss", 0.66
			s.summary = fmt.Sprintf("connections with %s fail, and part of what is sent arrives all the same", v.m)
			q.add(s)
			s.name, s.score = "slow-network", 0.6
			q.add(s)
			continue
		}
		var how *fact
		if v.own != nil {
			v.ownTo = q.released(v.own.Time, v.ownTo)
			how = q.oneWay(v.m, v.own.Time, v.ownTo)
		}
		if v.own != nil && q.hears(v.m, v.own.Time+2*second, v.ownTo-2*second) >= 2 {
			loss := s
			loss.name, loss.score = "packet-loss", s.score+0.05
			loss.summary = fmt.Sprintf("part of what is sent to %s arrives: it hears others and yet knows no leader", v.m)
			q.add(loss)
		}
		if how != nil {
			one := s
			one.name, one.score = "one-way-partition", s.score+0.06
			one.summary = fmt.Sprintf("%s: what one side sends arrives, what the other sends does not", v.m)
			one.quotes = append([]raftdiag.Quote{q.quote(how, "this arrived while %s was cut off", v.m.name)}, v.quotes...)
			q.add(one)
			one.name, one.score = "packet-loss", max(s.score-0.2, 0.52)
			one.summary = "a link that loses so much that hardly anything gets through would look alike"
			q.add(one)
		} else if v.own != nil {
			one := s
			one.name, one.score, one.mild = "one-way-partition", s.score-0.25, true
			one.summary = "a loss in one direction alone would look the same in these logs"
			q.add(one)
			one.name, one.score = "packet-loss", s.score-0.3
			one.summary = "so would a link that loses so much that no connection gets anywhere"
			q.add(one)
		}
		if v.cycles >= 3*max(len(v.by), 1) && v.cycles >= 4 {
			f := s
			f.name, f.score = "flapping-link", s.score+0.1
			f.summary = fmt.Sprintf("the links of %s went down and came back %d times", v.m, v.cycles)
			q.add(f)
		}
		q.add(s)
	}
	// A single pair that does not reach each other.
	for _, v := range views {
		if used[v.m] || len(v.by) != 1 || used[v.by[0]] || v.lines < 2 {
			continue
		}
		used[v.m] = true
		o := v.by[0]
		back := slices.ContainsFunc(views, func(w *view) bool { return w.m == o && slices.Contains(w.by, v.m) })
		s := suspicion{span: span{from: v.from, to: v.to, open: v.open, who: v.m}, name: "partition", nodes: []*member{o, v.m}, score: 0.6, quotes: v.quotes, mild: v.lines < 3,
			summary: fmt.Sprintf("%s and %s do not reach each other", o, v.m)}
		if !back {
			s.name, s.score = "one-way-partition", 0.5
			s.summary = fmt.Sprintf("%s does not reach %s", o, v.m)
		}
		if !v.m.logged() && v.sum[raftdiag.Closed]+v.sum[raftdiag.Reset] > 0 {
			s.name, s.score, s.mild = "node-down", 0.5, true
			s.nodes = []*member{v.m}
			s.summary = fmt.Sprintf("connections of %s to %s broke: its process ended, or the network cut them", o, v.m)
		}
		if v.sum[raftdiag.Refused] > 0 && v.m.logged() {
			s.name, s.score = "connection-refused", 0.6
			s.summary = fmt.Sprintf("%s is refused at the address of %s, which runs", o, v.m)
			if v.m.comesUp(v.from, v.last) {
				s.name, s.nodes, s.score, s.mild = "node-restart", []*member{v.m}, 0.5, true
				s.summary = fmt.Sprintf("%s is refused at the address of %s until that comes up", o, v.m)
			}
		}
		if at, addr := q.elsewhere(v.m, v.from, v.to); at != nil {
			s.name, s.score, s.mild = "wrong-peer-address", 0.75, false
			s.summary = fmt.Sprintf("%s is sought at %s, and it says of itself that it is at %s", v.m, addr, strings.Join(v.m.addresses(), ", "))
			s.quotes = append([]raftdiag.Quote{q.quote(at, "the address that is tried")}, s.quotes...)
		} else if v.cycles >= 4 {
			s.name = "flapping-link"
			s.summary = fmt.Sprintf("the link between %s and %s went down and came back %d times", o, v.m, v.cycles)
		}
		used[o] = true
		q.add(s)
	}
}

// comesUp reports whether a member, or one group of it, starts behind one moment
// and right before or behind another.
func (m *member) comesUp(from, to raftdiag.Stamp) bool {
	return slices.ContainsFunc(m.seen, func(s *timeline.Sighting) bool {
		return (s.Kind == raftdiag.Booted || s.Symptom != nil && s.Symptom.Sign == raftdiag.StartedUp) && s.Time >= max(from, to-second) && s.Time <= to+2*second
	})
}

// addresses are those that a member's own log names as its own.
func (m *member) addresses() []string {
	var list []string
	for _, s := range m.seen {
		if s.Symptom == nil {
			continue
		}
		for _, w := range s.Symptom.Self {
			if shapeOf(w) == addressShape && !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}

// elsewhere is a failed connection to a member at an address that is none of
// those that it names as its own, while it runs.
func (q *inquiry) elsewhere(m *member, from, to raftdiag.Stamp) (*fact, string) {
	own := m.addresses()
	if len(own) == 0 {
		return nil, ""
	}
	for _, f := range between(q.about[m.no], from, to) {
		if f.by == m || f.sign() != raftdiag.LinkDown || m.aliveIn(f.Time) == nil {
			continue
		}
		if t := f.trouble(); t != raftdiag.Refused && t != raftdiag.TimedOut && t != raftdiag.NoRoute {
			continue
		}
		_, rest, ok := strings.Cut(f.Text, "dial tcp ")
		if !ok {
			continue
		}
		addr, _, _ := strings.Cut(rest, ": ")
		if shapeOf(addr) != addressShape || slices.Contains(own, addr) {
			continue
		}
		// Hosts go by several addresses; another port is another listener.
		_, port, err := net.SplitHostPort(addr)
		if err == nil && !slices.ContainsFunc(own, func(w string) bool { return strings.HasSuffix(w, ":"+port) }) {
			return f, addr
		}
	}
	return nil, ""
}

func ownWords(f *fact) string {
	switch f.sign() {
	case raftdiag.QuorumLost:
		return "as a leader it hears no quorum"
	case raftdiag.CampaignBegun:
		return "it campaigns"
	}
	return "it does not hear the leader"
}

// cutOnly reports whether an outage is none that something else explains: the
// peer was down, paused, starting, or stopped on purpose; or it healed at once.
func (q *inquiry) cutOnly(m, o *member, d *outage) bool {
	switch {
	case d.from >= q.closing():
		return false
	case m.logged() && d.from < m.lives[0].from-second && min(d.to, d.last.Until) < m.lives[0].from+8*second:
		return false // before its log begins, it may have been down
	case q.explained(m, d.from, min(d.to, d.last.Until)), q.explained(o, d.from, d.from, "process-paused", "node-down", "disk-full", "log-lost"):
		return false
	case q.onPurpose(m, d.from), q.onPurpose(o, d.from):
		return false
	case !d.open && d.length() < time.Second && d.lines < 2:
		return false
	case (o.booting(d.from) || m.booting(d.from)) && (!d.open && d.length() < 10*time.Second || d.lines < 2):
		return false
	case q.onlyAtBoot(m, o, d):
		return false
	case !m.logged() && d.troubles[raftdiag.Refused] > 0:
		return false
	case d.open && d.lines == 1 && d.ways[raftdiag.AnyWay] == 0 && d.troubles[raftdiag.NoTrouble] == 1 && q.to-d.from > 60*second:
		return false // one stream of several, long ago
	}
	// The peer's process did not live then: its end explains it.
	if m.logged() && m.aliveIn(d.from+second) == nil && m.aliveIn(d.to) == nil {
		return false
	}
	return true
}

// onlyAtBoot reports whether all that an outage consists of was said while one
// of the two came up, and nothing after: not everybody is there yet.
func (q *inquiry) onlyAtBoot(m, o *member, d *outage) bool {
	last := d.last.Until
	if d.last.sign() == raftdiag.LinkUp {
		return false
	}
	return (o.booting(last) || m.booting(last)) && (q.to-last > 5*second || last-d.from < 3*second)
}

// alone finds a time in which a member knows no leader, or as a leader hears no
// quorum, while the others have one.
func (q *inquiry) alone(m *member) (own *fact, to raftdiag.Stamp, open bool) {
	var start *fact
	campaigns := 0
	check := func(end raftdiag.Stamp, still bool) bool {
		if start == nil || end-start.Time < 3*second || campaigns < 2 && start.sign() != raftdiag.QuorumLost {
			return false
		}
		if m.booting(start.Time) && !still {
			return false
		}
		// The others have a leader for most of that time.
		ruled := raftdiag.Stamp(0)
		for i := range q.reigns {
			r := &q.reigns[i]
			if r.leader == m {
				continue
			}
			if lo, hi := max(r.from, start.Time), min(r.to, end); hi > lo {
				ruled += hi - lo
			}
		}
		return ruled*2 > end-start.Time
	}
	for _, f := range q.said[m.no] {
		switch f.sign() {
		case raftdiag.QuorumLost, raftdiag.LeaderLost, raftdiag.NoLeaderKnown:
			if start == nil {
				start, campaigns = f, 0
			}
		case raftdiag.CampaignBegun:
			if start == nil {
				start, campaigns = f, 0
			}
			campaigns += f.Times
		case raftdiag.LeaderKnown, raftdiag.ShuttingDown, raftdiag.StartedUp:
			if check(f.Time, false) {
				return start, f.Time, false
			}
			start = nil
		case raftdiag.RoleTaken:
			if f.Role == raftdiag.Leader || f.Role == raftdiag.Follower && f.peer != nil {
				if check(f.Time, false) {
					return start, f.Time, false
				}
				start = nil
			}
		}
	}
	if check(q.to, true) {
		return start, q.to, true
	}
	return nil, 0, false
}

// oneWay is a line that shows that one direction of a member's links carries
// while it is cut off: it hears the new leader although that one does not hear
// it, or others see its vote requests and it never sees their answers.
func (q *inquiry) oneWay(m *member, from, to raftdiag.Stamp) *fact {
	const early = 5 * second
	list := slices.Concat(between(q.said[m.no], from-early, to-2*second), between(q.about[m.no], from-early, to-2*second))
	slices.SortStableFunc(list, func(a, b *fact) int { return cmp.Compare(a.no, b.no) })
	for _, f := range list {
		switch f.sign() {
		case raftdiag.HigherTermSeen:
			if f.by == m && f.peer != nil && f.peer != m && f.Time <= from+second && q.loses(m, f.Time, to) {
				return f
			}
		case raftdiag.VoteRefused, raftdiag.VoteIgnored, raftdiag.VoteGranted, raftdiag.LowerTermIgnored:
			if f.peer == m && f.by != nil && f.by != m && f.Time > from+second && !q.votesHeard(m, from, to) {
				return f
			}
		}
	}
	return nil
}

// released is the moment in a time at which a queue of messages arrives at once,
// as it does when a cut link heals; it is the end of that time if there is none.
func (q *inquiry) released(from, to raftdiag.Stamp) raftdiag.Stamp {
	for _, f := range q.ofSigns(from, to, raftdiag.VoteRefused, raftdiag.VoteIgnored, raftdiag.VoteGranted, raftdiag.LowerTermIgnored) {
		if f.Times < 4 || f.Until-f.Time > second/20 && (f.Times < 8 || f.Until-f.Time > second) {
			continue
		}
		return f.Time - second/2
	}
	return to
}

// hears counts the messages of others that a member says it received in a time.
func (q *inquiry) hears(m *member, from, to raftdiag.Stamp) int {
	n := 0
	for _, f := range between(q.said[m.no], from, to) {
		if f.peer == nil || f.peer == m {
			continue
		}
		switch f.sign() {
		case raftdiag.LowerTermIgnored, raftdiag.VoteDenied, raftdiag.VoteGot, raftdiag.HigherTermSeen:
			n += f.Times
		}
	}
	return n
}

// leaderlessAround reports whether the system lacks a leader around a moment:
// before, votes and refusals are of earlier elections.
func (q *inquiry) leaderlessAround(at raftdiag.Stamp) bool {
	return slices.ContainsFunc(q.gaps, func(g span) bool { return g.from < at-8*second && g.to > at })
}

// heardOf counts the vote requests and old messages of a member that others say
// they received in a time.
func (q *inquiry) heardOf(m *member, from, to raftdiag.Stamp) int {
	n := 0
	for i := range q.facts {
		f := &q.facts[i]
		if f.peer != m || f.by == nil || f.by == m || f.Time < from || f.Time > to {
			continue
		}
		switch f.sign() {
		case raftdiag.VoteRefused, raftdiag.VoteIgnored, raftdiag.VoteGranted, raftdiag.LowerTermIgnored:
			n += f.Times
		}
	}
	return n
}

// loses reports whether a member campaigns in a time and nobody answers.
func (q *inquiry) loses(m *member, from, to raftdiag.Stamp) bool {
	campaigns := 0
	for _, f := range between(q.said[m.no], from, to) {
		switch f.sign() {
		case raftdiag.CampaignBegun:
			campaigns += f.Times
		}
	}
	return campaigns >= 2 && !q.votesHeard(m, from, to-second)
}

// votesHeard reports whether a member hears votes of others in a time.
func (q *inquiry) votesHeard(m *member, from, to raftdiag.Stamp) bool {
	for _, f := range between(q.said[m.no], from, to) {
		if f.peer != nil && f.peer != m &&
			(f.sign() == raftdiag.VoteGot || f.sign() == raftdiag.VoteDenied) {
			return true
		}
	}
	return false
}

// slowness finds processors, networks and loops that cannot keep up.
func (q *inquiry) slowness() {
	late := q.heap(false, func(f *fact) bool {
		switch f.sign() {
		case raftdiag.HeartbeatLate, raftdiag.LoopSlow, raftdiag.Overload:
			return f.by == nil || !q.explained(f.by, f.began, f.Until, "process-paused", "slow-disk", "disk-full")
		}
		return false
	})
	for _, p := range late {
		if p.times < 2 && p.worst.Duration < time.Second {
			continue
		}
		score := 0.55
		if len(late) > 1 || p.times >= 5 {
			score = 0.68
		}
		q.add(suspicion{span: p.span(), name: "overloaded", nodes: []*member{p.m}, score: score, mild: p.times < 10,
			summary: fmt.Sprintf("%s cannot keep up: its loop came late %s%s", p.m, times(p.times), upTo(p.worst.Duration)),
			quotes:  []raftdiag.Quote{q.quote(p.first, "the first"), q.quote(p.worst, "the latest by far")}})
		q.add(suspicion{span: p.span(), name: "slow-disk", nodes: []*member{p.m}, score: score - 0.1, mild: p.times < 10,
			summary: fmt.Sprintf("a slow disk of %s would look the same, and no line proves it", p.m), quotes: []raftdiag.Quote{q.quote(p.worst, "late")}})
	}
	slow := q.heap(true, func(f *fact) bool { return f.sign() == raftdiag.LinkSlow })
	for _, p := range slow {
		if p.times < 2 {
			continue
		}
		q.add(suspicion{span: p.span(), name: "slow-network", nodes: []*member{p.m}, score: 0.6, mild: true,
			summary: fmt.Sprintf("the way to %s is slow: up to %s", p.m, lasting(p.worst.Duration)), quotes: []raftdiag.Quote{q.quote(p.worst, "the slowest")}})
	}
	for _, p := range q.heap(true, func(f *fact) bool { return f.sign() == raftdiag.ClockSkew }) {
		q.add(suspicion{span: p.span(), name: "clock-step", nodes: []*member{p.m}, score: 0.5,
			summary: fmt.Sprintf("the clock of %s differs by up to %s", p.m, lasting(p.worst.Duration)), quotes: []raftdiag.Quote{q.quote(p.first, "first seen here")}})
	}
}

// unsteady finds networks that carry some of what is sent, or carry it late:
// members that lose their leader again and again and find the same one again,
// leaders that are replaced while they live and hear the others.
func (q *inquiry) unsteady() {
	type cycle struct {
		n           int
		first, last *fact
	}
	cycles := map[*member]*cycle{}
	for _, m := range q.members {
		var lost *fact
		lead := map[*member]raftdiag.Term{}
		var old *member
		for _, f := range q.said[m.no] {
			switch f.sign() {
			case raftdiag.LeaderLost:
				lost, old = f, f.peer
			case raftdiag.LeaderKnown, raftdiag.RoleTaken:
				if f.sign() == raftdiag.RoleTaken && (f.Role != raftdiag.Follower || f.peer == nil) {
					continue
				}
				if lost != nil && f.peer == old && old != nil && (lead[old] == f.Term || !f.Has(raftdiag.HasTerm)) && f.Time-lost.Time < 10*second &&
					!q.explained(old, lost.Time-5*second, lost.Time, "slow-disk", "process-paused", "overloaded", "node-down") {
					c := cycles[m]
					if c == nil {
						c = &cycle{first: lost}
						cycles[m] = c
					}
					c.n++
					c.last = f
				}
				if f.peer != nil {
					lead[f.peer] = f.Term
				}
				lost = nil
			}
		}
	}
	var who []*member
	for _, m := range q.members {
		if c := cycles[m]; c != nil && c.n >= 3 {
			who = append(who, m)
		}
	}
	if len(who) > 0 {
		c := cycles[who[0]]
		for _, f := range q.said[who[0].no] { // the loss before, of the leadership or of another leader, belongs to it
			if (f.sign() == raftdiag.QuorumLost || f.sign() == raftdiag.LeaderLost) && f.Time > c.first.Time-15*second {
				c.first = f
				break
			}
		}
		s := suspicion{span: span{from: c.first.Time, to: c.last.Time, first: c.first}, nodes: who,
			quotes: []raftdiag.Quote{q.quote(c.first, "it loses the leader"), q.quote(c.last, "and finds the same one again, %s in all", times(c.n))}}
		loss := "the network loses part of what is sent: " + names(who) + " lost the leader and found the same one again, over and over"
		if len(who) == 1 {
			s.name, s.score = "flapping-link", 0.76
			s.summary = fmt.Sprintf("the link of %s comes and goes: it lost the leader and found the same one again %s", who[0], times(c.n))
			q.add(s)
			s.name, s.score, s.summary = "packet-loss", 0.6, loss
			q.add(s)
		} else {
			s.name, s.score, s.summary = "packet-loss", 0.68, loss
			q.add(s)
			s.name, s.score, s.summary = "slow-network", 0.58, "a network that is slower than the election timeout would look the same"
			q.add(s)
		}
	}
	for i := 0; i+1 < len(q.reigns); i++ {
		r, next := &q.reigns[i], &q.reigns[i+1]
		if r.leader == next.leader || r.end != nil && r.end.sign() == raftdiag.QuorumLost || q.onPurpose(nil, next.from) || q.explained(r.leader, next.from-8*second, next.from) || r.leader.booting(next.from) {
			continue
		}
		for _, f := range q.ofSigns(next.from-second, next.from+3*second, raftdiag.HigherTermSeen) {
			if f.by != r.leader || f.peer == r.leader {
				continue
			}
			list, by := q.complaints(r.leader, next.from-8*second, next.from+20*second)
			waits := 0
			for _, w := range q.signed[raftdiag.RequestSlow] {
				if w.by == r.leader && raftdiag.Stamp(w.Duration) >= slowFrom && w.began > next.from {
					waits++
				}
			}
			s := suspicion{span: span{from: next.from - second, to: next.from + second, first: f}, nodes: []*member{r.leader},
				quotes: append([]raftdiag.Quote{q.quote(f, "%s lives and hears the others, who have replaced it", r.leader.name)}, q.witness(r.leader, next.from-8*second, next.from+20*second)...)}
			far := len(list) > 0 && len(by) > 0 || waits >= 3
			if far {
				s.name, s.score = "one-way-partition", 0.68
				s.summary = fmt.Sprintf("what %s sends does not arrive, and what the others send does", r.leader)
				q.add(s)
			}
			s.name, s.score = "slow-network", 0.52
			s.summary = fmt.Sprintf("what %s sends comes late, or part of it is lost: the others replaced it although it lives", r.leader)
			q.add(s)
			s.name, s.score, s.mild = "packet-loss", 0.5, true
			q.add(s)
			break
		}
	}
	// A member whose requests alone are slow, though it knows the leader and its
	// own disk and loop are well, has a slow way to the leader.
	slow := q.heap(false, func(f *fact) bool { return f.sign() == raftdiag.RequestSlow && raftdiag.Stamp(f.Duration) >= second/2 })
	for _, p := range slow {
		if p.times < 6 || q.explained(p.m, p.first.began, p.until) || !q.wellLed(p.m, p.first.began, p.until) {
			continue
		}
		most := 0
		for _, o := range slow {
			if o.m != p.m {
				most = max(most, o.times)
			}
		}
		if most*4 > p.times {
			continue
		}
		q.add(suspicion{span: p.span(), name: "slow-network", nodes: []*member{p.m}, score: 0.62, mild: true,
			summary: fmt.Sprintf("the way between %s and the leader is slow: its requests took up to %s, and those of the others did not", p.m, lasting(p.worst.Duration)),
			quotes:  []raftdiag.Quote{q.quote(p.first, "a slow request"), q.quote(p.worst, "the slowest")}})
	}
}

// wellLed reports whether a member knows a leader all through a time, and others
// have logs to compare with.
func (q *inquiry) wellLed(m *member, from, to raftdiag.Stamp) bool {
	others := 0
	for _, o := range q.members {
		if o != m && o.logged() {
			others++
		}
	}
	if others == 0 {
		return false
	}
	lost := raftdiag.Stamp(0)
	var since *fact
	for _, f := range between(q.said[m.no], from, to) {
		switch f.sign() {
		case raftdiag.LeaderLost, raftdiag.QuorumLost, raftdiag.CampaignBegun, raftdiag.NoLeaderKnown:
			if since == nil {
				since = f
			}
		case raftdiag.LeaderKnown:
			if since != nil {
				lost += f.Time - since.Time
				since = nil
			}
		}
	}
	if since != nil {
		lost += to - since.Time
	}
	return lost*5 < to-from
}

// upTo words the worst of some durations, if lines print them.
func upTo(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return ", by up to " + lasting(d)
}

// everybodyAlone finds times in which all members campaign and nobody hears
// anybody.
func (q *inquiry) everybodyAlone() {
	for _, g := range q.gaps {
		if g.length() < 4*time.Second {
			continue
		}
		var who []*member
		var first *fact
		heard := 0
		until := g.to - 2*second
		if g.open {
			until = max(g.to, q.to)
		}
		end := q.released(g.from, g.to)
		if end-g.from < 4*second {
			end = g.to
		}
		for _, m := range q.members {
			campaigns := 0
			for _, f := range q.ofSigns(g.from-second, until, raftdiag.CampaignBegun) {
				if f.by == m {
					campaigns += f.Times
					if first == nil {
						first = f
					}
				}
			}
			if campaigns >= 2 && !q.explained(m, g.from, g.to) {
				who = append(who, m)
				heard += q.hears(m, g.from+2*second, end-2*second)
				for _, f := range between(q.about[m.no], g.from+2*second+1, end-2*second-1) {
					if f.by != m && (f.sign() == raftdiag.VoteRefused || f.sign() == raftdiag.VoteIgnored || f.sign() == raftdiag.VoteGranted) {
						heard++
					}
				}
			}
		}
		logged := 0
		for _, m := range q.members {
			if m.logged() {
				logged++
			}
		}
		if logged == 1 && len(who) == 1 && heard == 0 && len(q.members) > 1 {
			s := suspicion{span: g, nodes: who, score: 0.5, name: "partition", quotes: []raftdiag.Quote{q.quote(first, "a campaign that nobody answers")},
				summary: fmt.Sprintf("%s campaigns and nobody answers: it is cut off, or the others are down or stand still", who[0])}
			q.add(s)
			s.name, s.score = "quorum-lost", 0.48
			q.add(s)
			continue
		}
		if need := q.quorum(); need == 0 || len(who) < need || len(who) < 2 {
			continue
		}
		s := suspicion{span: g, nodes: who, quotes: []raftdiag.Quote{q.quote(first, "a campaign that nobody answers")}}
		if heard == 0 {
			s.name, s.score = "partition", 0.72
			s.summary = names(who) + " do not reach one another: each campaigns, and nobody's votes arrive"
			q.add(s)
			s.name, s.score = "slow-network", 0.56
			s.summary = "votes that arrive later than the election timeout would look the same"
			q.add(s)
			s.name, s.score, s.mild = "packet-loss", 0.52, true
			q.add(s)
			continue
		}
		s.name, s.score = "slow-network", 0.56
		s.summary = "votes arrive too late or not at all between " + names(who)
		q.add(s)
		s.name, s.score = "packet-loss", 0.55
		q.add(s)
	}
}

// churn finds elections that lead nowhere, leaders that do not last, and nodes
// that depose good ones.
func (q *inquiry) churn() {
	// Leaders that follow one another faster than work can be done.
	const window = 60 * second
	for i := 0; i+3 < len(q.reigns); i++ {
		j := i
		for j+1 < len(q.reigns) && q.reigns[j+1].from-q.reigns[i].from < window {
			j++
		}
		if j-i < 3 || j-i < 5 && q.onPurpose(nil, q.reigns[i+1].from) {
			continue
		}
		score := 0.5
		if q.onPurpose(nil, q.reigns[i+1].from) {
			score = 0.75
		}
		q.add(suspicion{span: span{from: q.reigns[i+1].from, to: q.reigns[j].from, first: q.reigns[i+1].by}, name: "leader-flapping", score: score, mild: score < proven,
			summary: fmt.Sprintf("%d leaders followed one another within %s", j-i+1, lasting(time.Duration(q.reigns[j].from-q.reigns[i].from))),
			quotes:  []raftdiag.Quote{q.quote(q.reigns[i+1].by, "a new leader"), q.quote(q.reigns[j].by, "and another")}})
		if at := q.found[len(q.found)-1]; score < proven && !slices.ContainsFunc(q.found[:len(q.found)-1], func(s suspicion) bool {
			return s.score >= credible && s.name != "partition" && s.overlaps(at.from, at.to)
		}) {
			at.name, at.score = "packet-loss", 0.66
			at.summary = "leaders come and go although all processes run: the network loses part of what is sent, or carries it late"
			q.add(at)
			at.name, at.score = "slow-network", 0.65
			q.add(at)
		}
		break
	}
	// Campaigns without a winner.
	for _, g := range q.gaps {
		campaigns := map[*member]int{}
		var first *fact
		total := 0
		for _, f := range q.ofSigns(g.from-second, g.to, raftdiag.CampaignBegun) {
			if f.by == nil {
				continue
			}
			campaigns[f.by] += f.Times
			total += f.Times
			if first == nil {
				first = f
			}
		}
		if total < 4 || first == nil {
			continue
		}
		var who []*member
		for _, m := range q.members {
			if campaigns[m] > 0 {
				who = append(who, m)
			}
		}
		q.add(suspicion{span: g, name: "election-storm", nodes: who, score: 0.4, mild: true,
			summary: fmt.Sprintf("%d campaigns without a winner within %s", total, lasting(g.length())), quotes: []raftdiag.Quote{q.quote(first, "the first campaign")}})
	}
	// A node that comes back with a higher term and deposes a leader that was
	// well.
	for _, f := range q.signed[raftdiag.HigherTermSeen] {
		if f.by == nil || f.peer == nil || f.peer == f.by {
			continue
		}
		switch f.Type {
		case raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap:
			continue // the word of a leader that the others have elected
		}
		for k := range q.reigns {
			r := &q.reigns[k]
			if r.leader != f.by || f.Time < r.from+2*second || f.Time > r.to+second || r.how != "it stepped down" {
				continue
			}
			_, won := q.termed[rule{f.Term, f.peer}]
			if next := q.leads(f.Time + 3*second); (next == f.peer || won && f.Term != 0) && q.gapShort(f.Time) {
				continue // it was elected by the others because the leader was lost to them
			}
			q.add(suspicion{span: span{from: f.Time, to: f.Time + second, who: f.peer, first: f}, name: "disruptive-node", nodes: []*member{f.peer}, score: 0.62, mild: true,
				summary: fmt.Sprintf("%s comes with a higher term and deposes the leader %s", f.peer, f.by), quotes: []raftdiag.Quote{q.quote(f, "the higher term")}})
		}
	}
}

// gapShort reports whether the members lost their leader right before a moment.
func (q *inquiry) gapShort(at raftdiag.Stamp) bool {
	for _, g := range q.gaps {
		if at >= g.from-second && at <= g.to+2*second {
			return true
		}
	}
	return false
}

// memberships finds members that were removed, snapshots that go round and
// round, and changes that could not be made.
func (q *inquiry) memberships() {
	for _, p := range q.heap(false, func(f *fact) bool { return f.sign() == raftdiag.SelfRemoved }) {
		q.add(suspicion{span: p.span(), name: "member-removed", nodes: []*member{p.m}, score: 0.85,
			summary: fmt.Sprintf("%s was removed from the members and still runs, or ran", p.m), quotes: []raftdiag.Quote{q.quote(p.first, "it learns of it")}})
	}
	for _, p := range q.heap(true, func(f *fact) bool { return f.trouble() == raftdiag.PeerRemoved && f.sign() != raftdiag.Died }) {
		if q.explained(p.m, q.from, q.to, "member-removed") {
			continue
		}
		q.add(suspicion{span: p.span(), name: "member-removed", nodes: []*member{p.m}, score: 0.7, mild: p.times < 2,
			summary: fmt.Sprintf("%s was removed from the members and still sends", p.m), quotes: []raftdiag.Quote{q.quote(p.first, "it is refused")}})
	}
	for _, p := range q.heap(true, func(f *fact) bool {
		return f.sign() == raftdiag.SnapshotSent || f.sign() == raftdiag.SnapshotSendFailed
	}) {
		if p.times < 3 || p.until-p.first.Time < 15*second { // one that catches up may need several
			continue
		}
		q.add(suspicion{span: p.span(), name: "snapshot-loop", nodes: []*member{p.m}, score: 0.72,
			summary: fmt.Sprintf("%s is sent a snapshot %s", p.m, times(p.times)), quotes: []raftdiag.Quote{q.quote(p.first, "the first")}})
	}
	for _, p := range q.heap(false, func(f *fact) bool { return f.sign() == raftdiag.JoinFailed }) {
		q.add(suspicion{span: p.span(), name: "member-added", nodes: []*member{p.m}, score: 0.4, mild: true,
			summary: fmt.Sprintf("%s could not join: %s", p.m, short(p.first.Text)), quotes: []raftdiag.Quote{q.quote(p.first, "it says so")}})
	}
}
