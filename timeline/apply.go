package timeline

import (
	"slices"
	"sort"
	"time"

	"github.com/raftdiag/raftdiag"
)

// All are the events of a kind between two places.
func (l *Lane) All(k raftdiag.Kind, lo, hi int) []Proof {
	list := l.placesOf(k, lo, hi)
	if len(list) == 0 {
		return nil
	}
	out := make([]Proof, len(list))
	for n, i := range list {
		out[n] = Proof{l, int(i)}
	}
	return out
}

// placesOf are the places of a kind's events from lo up to hi.
func (l *Lane) placesOf(k raftdiag.Kind, lo, hi int) []int32 { return between(l.byKind[k&63], lo, hi) }

// Passed reports whether patience ran out in the lane between two places: in
// rounds, or by the clock where the lane shows no rounds at all.
func (l *Lane) Passed(p Patience, factor, i, j int) bool {
	if l.HasRounds() {
		return j-i > factor*p.Rounds && l.Rounds(i, j) >= factor*p.Rounds // a round has a row of its own
	}
	return l.span(i, j) >= time.Duration(factor)*p.Clock
}

// An ApplyStall is a time in which a lane's applied index stays behind its
// commit beyond patience.
type ApplyStall struct {
	Commit    raftdiag.Index // the first commit that was not applied in time
	CommitBy  Proof
	Applied   raftdiag.Index
	AppliedBy Proof // the row that shows it, or the last entry that was applied
	Failed    Proof // what the state machine said
	Moving    bool  // applied rises, and not far enough
	Unstored  Proof // its own storage does not have what is committed: the row or the append that shows it
	Open      bool
	To        int
}

// ApplyStall finds the lane's first apply stall: by the applied index that
// Raft holds, or by what the state machine says that it applied. Entries that
// follow one another count by the first that waits too long.
func (l *Lane) ApplyStall(p Patience) (ApplyStall, bool) {
	if len(l.sampled) > 0 {
		if a, ok := l.applyStall(p, l.applies, l.sampled); ok {
			return a, true
		}
	}
	if l.kinds[raftdiag.Applied] > 0 {
		return l.applyStall(p, l.machine, nil)
	}
	return ApplyStall{}, false
}

// applyStall looks for the first commit that applies reaches too late. rows are
// where applied is sampled; nil means that each rise is printed.
func (l *Lane) applyStall(p Patience, applies []Step, rows []int32) (ApplyStall, bool) {
	if len(applies) == 0 {
		return ApplyStall{}, false
	}
	k := 0
	var waits *ApplyStall // for storage, and goes on
	for _, c := range l.commits {
		inc := l.Incarnations[l.incarnation(int(c.At))]
		for k < len(applies) && (int(applies[k].At) < inc.Begin || applies[k].Value < c.Value && int(applies[k].At) < inc.End) {
			k++
		}
		reached := inc.End
		if k < len(applies) && int(applies[k].At) < inc.End {
			reached = int(applies[k].At)
		}
		open, until := reached == inc.End && inc.End == l.hi, reached
		if rows != nil {
			n := last(rows, reached)
			if n < 0 || int(rows[n]) <= int(c.At) {
				continue // no row between the two shows that applied stays behind
			}
			until = int(rows[n])
		}
		shown := first(applies, inc.Begin)
		if shown < 0 || rows == nil && shown > int(c.At) {
			continue // the kind has not been shown yet
		}
		factor := healedFactor
		if open {
			factor = 1
		}
		if !l.Passed(p, factor, int(c.At), until) && !(p.Complete && open) {
			continue
		}
		if rows == nil && !l.missing(c, until, factor*p.Rounds) {
			continue // a line or two may be lost
		}
		a := ApplyStall{Commit: c.Value, CommitBy: Proof{l, int(c.At)}, Open: open, To: min(reached, l.hi-1)}
		before, _ := known(applies, int(c.At)+1)
		for n := len(applies) - 1; n >= 0; n-- {
			if s := applies[n]; int(s.At) >= inc.Begin && int(s.At) < until+1 && s.Value < c.Value {
				a.Applied, a.AppliedBy = s.Value, Proof{l, int(s.At)}
				break
			}
		}
		a.Moving = a.Applied > before
		if rows != nil {
			if n := last(rows, reached); n >= 0 && int(rows[n]) > int(c.At) {
				a.AppliedBy = Proof{l, int(rows[n])}
			}
		}
		if f, ok := l.First(raftdiag.ApplyFailed, int(c.At), until+1); ok {
			a.Failed = f
		}
		if a.Unstored = l.unstored(p, c, until); a.Unstored.OK() && (a.Moving || !open || !l.Passed(p, healedFactor, int(c.At), until)) {
			if waits == nil && l.Passed(p, healedFactor, int(c.At), until) {
				waits = &a
			}
			continue // a later one may be the state machine's own
		}
		return a, true
	}
	if waits != nil {
		return *waits, true
	}
	return ApplyStall{}, false
}

// unstored looks for why a commit is not applied in the node's own storage: an
// entry that others hold is committed, and can be applied only where it is
// stored. It is found where the lane says that storage takes the entry later,
// or not at all, and patience does not run out after that.
func (l *Lane) unstored(p Patience, c Step, until int) Proof {
	var late Proof
	for i := int(c.At) + 1; i <= until && i < l.hi; i++ {
		switch r := l.rec(i); {
		case r.wide():
		case r.kind == raftdiag.Appended && max(raftdiag.Index(r.a), raftdiag.Index(r.d)) >= c.Value,
			r.kind == raftdiag.LogRow && r.has(raftdiag.HasLast) && r.has(raftdiag.HasUnstable) && raftdiag.Index(r.a)-min(raftdiag.Index(r.a), raftdiag.Index(r.d)) >= c.Value:
			if !late.OK() || l.Passed(p, 1, i, until) {
				return Proof{}
			}
			if r.kind == raftdiag.Appended {
				late = Proof{l, i}
			}
			return late
		case r.kind == raftdiag.LogRow && r.has(raftdiag.HasLast) && r.has(raftdiag.HasUnstable) && r.d > 0, r.kind == raftdiag.Appended:
			late = Proof{l, i}
		}
	}
	return late
}

// missing reports whether enough commits follow one that no line says is
// applied, or a client gave up on its entry. Where the lane's lines of applies
// have gaps, lines are lost, and it takes more.
func (l *Lane) missing(c Step, end, enough int) bool {
	enough = l.beyondChance(enough)
	n := 0
	for _, o := range l.commits {
		if o.At >= c.At && int(o.At) < end && o.Value >= c.Value {
			n++
		}
	}
	if n >= enough {
		return true
	}
	for i := int(c.At); i < end; i++ {
		switch r := l.rec(i); r.kind {
		case raftdiag.ApplyFailed:
			return true
		case raftdiag.ProposalTimedOut:
			if r.has(raftdiag.HasIndex) && !r.wide() && raftdiag.Index(r.a) <= c.Value {
				return true
			}
		}
	}
	return false
}

// beyondChance is how many applies must be missing in a row so that lost lines
// are no likely reason: where a share of the indexes was never said to be
// applied one by one, that share is lost of any line.
func (l *Lane) beyondChance(enough int) int {
	said, gaps := 0, 0
	var before raftdiag.Index
	for _, i := range l.byKind[raftdiag.Applied] {
		if l.rec(int(i)).wide() {
			continue
		}
		e := l.Event(int(i))
		if n := raftdiag.Index(max(e.Count, 1)); said > 0 && e.Index > before+n && e.Index-before < 64 {
			gaps += int(e.Index - before - n)
		}
		said, before = said+1, max(before, e.Index)
	}
	return max(enough, runBeyondChance(gaps, said+gaps, 1e-6)) // any commit may be the first of such a run
}

// runBeyondChance is how long a run of lines must be missing that is hardly the
// doing of chance, where lost of all lines are lost and chance is so unlikely.
func runBeyondChance(lost, all int, chance float64) int {
	if lost == 0 || all == 0 {
		return 1
	}
	share, n := float64(lost)/float64(all), 1
	for p := share; p > chance && n < 64; p *= share {
		n++
	}
	return n
}

// first is the first place of the steps that is not before begin, or -1.
func first(steps []Step, begin int) int {
	for _, s := range steps {
		if int(s.At) >= begin {
			return int(s.At)
		}
	}
	return -1
}

// ClientsWait reports whether clients wait on this node for what is not applied:
// one proposes there from the last commit before the stall on, or one is told,
// or gives up, after it began.
func (l *Lane) ClientsWait(a ApplyStall) bool {
	from := a.CommitBy.I
	if k := sort.Search(len(l.commits), func(k int) bool { return int(l.commits[k].At) >= from }); k > 0 {
		from = int(l.commits[k-1].At)
	}
	for i := from; i < l.hi; i++ {
		r := l.rec(i)
		switch r.kind {
		case raftdiag.Proposing, raftdiag.Proposed, raftdiag.Waiting:
			if i <= a.To {
				return true
			}
		case raftdiag.Replied, raftdiag.ProposalTimedOut:
			if e := l.Event(i); !e.Has(raftdiag.HasIndex) && i <= a.To || e.Has(raftdiag.HasIndex) && e.Index > a.Applied && (e.Index <= a.Commit || i <= a.To) {
				return true
			}
		}
	}
	return false
}

// Untold finds a client that waits for an entry that is applied on its node,
// beyond patience or until it gives up, and is not told: the wait, and what
// shows the entry applied.
func (l *Lane) Untold(p Patience) (wait, applied Proof, ok bool) {
	if l.kinds[raftdiag.Waiting] == 0 && l.kinds[raftdiag.ProposalTimedOut] == 0 {
		return
	}
	if len(l.Incarnations) > 1 {
		return // applied begins anew, and who waited is gone
	}
	told := map[raftdiag.Index]bool{}
	for _, r := range l.byKind[raftdiag.Replied] {
		if x, ok := l.indexOf(r); ok {
			told[x] = true
		}
	}
	covers := func(i raftdiag.Index, before int) (Proof, bool) {
		n := sort.Search(len(l.applies), func(k int) bool { return l.applies[k].Value >= i })
		if n == len(l.applies) || int(l.applies[n].At) >= before || !l.sameEntry(i, before) {
			return Proof{}, false
		}
		return Proof{l, int(l.applies[n].At)}, true
	}
	for _, w := range l.byKind[raftdiag.ProposalTimedOut] {
		x, ok := l.indexOf(w)
		if !ok || told[x] {
			continue
		}
		if a, ok := covers(x, int(w)); ok && l.Passed(p, 1, a.I, int(w)) {
			return Proof{l, int(w)}, a, true
		}
	}
	if l.kinds[raftdiag.Replied] == 0 {
		return
	}
	for _, w := range l.byKind[raftdiag.Waiting] {
		x, ok := l.indexOf(w)
		if !ok || told[x] {
			continue
		}
		if a, ok := covers(x, l.hi); ok && l.Passed(p, 1, max(a.I, int(w)), l.hi) {
			return Proof{l, int(w)}, a, true
		}
	}
	return Proof{}, Proof{}, false
}

// indexOf is the index that an event about one entry prints: of the kinds of
// which pack keeps the index first.
func (l *Lane) indexOf(i int32) (raftdiag.Index, bool) {
	r := l.rec(int(i))
	if r.wide() {
		e := &l.store.wide[r.a]
		return e.Index, e.Has(raftdiag.HasIndex)
	}
	return raftdiag.Index(r.a), r.has(raftdiag.HasIndex)
}

// sameEntry reports whether the entry that is applied at an index is the one
// that a client of the lane waits for, as far as the lane tells: an index may
// come to hold another leader's entry, and whose client waits for that is
// another. The lane must know one entry for the index, or stay in one term from
// where its log first reaches it to the apply.
func (l *Lane) sameEntry(i raftdiag.Index, before int) bool {
	at, n := -1, 0
	var proposed raftdiag.Term
	for _, p := range l.placesOf(raftdiag.Proposed, l.lo, before) {
		if x, ok := l.indexOf(p); !ok || x != i {
			continue
		}
		if n++; n > 1 {
			return false // two clients were given one index
		}
		at, proposed = int(p), 0
		if e := l.Event(at); e.Has(raftdiag.HasTerm) {
			proposed = e.Term
		}
	}
	if at < 0 {
		k := sort.Search(len(l.lasts), func(k int) bool { return l.lasts[k].Value >= i })
		if k == len(l.lasts) {
			return true
		}
		at = int(l.lasts[k].At)
		// An accept is sent in the term in which the entry came.
		if r := l.rec(at); r.kind == raftdiag.Sent && !r.wide() && r.has(raftdiag.HasTerm) {
			proposed = raftdiag.Term(r.a >> 32)
		}
	}
	if proposed == 0 {
		proposed = l.sentIn(i, at)
	}
	if then, known := l.RoleAt(at + blockRows); proposed == 0 && known {
		proposed = then.Term
	}
	for _, c := range l.byKind[raftdiag.EntryCommitted] {
		if x, ok := l.indexOf(c); ok && x == i {
			if e := l.Event(int(c)); e.Has(raftdiag.HasTerm) {
				return proposed == 0 || e.Term == proposed
			}
		}
	}
	n = sort.Search(len(l.applies), func(k int) bool { return l.applies[k].Value >= i })
	if n == len(l.applies) {
		return true
	}
	now, ok := l.RoleAt(int(l.applies[n].At) + 1)
	return !ok || proposed == 0 || now.Term == proposed
}

// sentIn is the term in which the lane's node sends the entry near a place, 0 if
// it does not: a leader's own messages know its term better than a receipt that
// Raft has not seen yet.
func (l *Lane) sentIn(i raftdiag.Index, at int) raftdiag.Term {
	for k := max(l.lo, at-blockRows); k < min(l.hi, at+blockRows); k++ {
		r := l.rec(k)
		if r.kind != raftdiag.Sent || r.mtype != raftdiag.MsgApp || r.wide() || !r.has(raftdiag.HasTerm|raftdiag.HasIndex|raftdiag.HasEntries) {
			continue
		}
		if from := raftdiag.Index(r.b); from < i && i <= from+raftdiag.Index(uint32(r.d)) {
			return raftdiag.Term(r.a >> 32)
		}
	}
	return 0
}

// Uncommitted reports whether the lane's log is known to reach beyond its commit
// before place i.
func (l *Lane) Uncommitted(i int) bool {
	commit, ok := l.CommitAt(i)
	last, known := l.LastAt(i)
	return ok && known && last > commit
}

// Transferring reports whether the leader is handing over before place i.
func (l *Lane) Transferring(i int) bool {
	begin := l.lo
	for _, t := range l.tenures {
		if t.Begin <= i {
			begin = t.Begin
		}
	}
	for c, places := range l.sends.all() {
		if c.Type == raftdiag.MsgTimeoutNow && len(between(places, begin, i)) > 0 {
			return true
		}
	}
	for c, places := range l.receives.all() {
		if c.Type == raftdiag.MsgTransferLeader && len(between(places, begin, i)) > 0 {
			return true
		}
	}
	return false
}

// LostSends are the messages of a channel that are proven lost: the receiver
// prints their kind, and shows an earlier and a later message of the sender.
// Where headers recur, those that arrived cannot be told from those that did
// not, and as many count as the receiver lacks. Where they do not, only those
// count that were sent after the last one that arrived: the way may be open
// again. What was sent while the receiver's process was down is not lost on the
// way.
func (t *Timeline) LostSends(c Channel) []Proof {
	p := t.Pair(c)
	if p.From == nil || p.To == nil || p.To.Prints(In, c.Type) == 0 {
		return nil
	}
	lo, hi := p.From.hi, p.From.lo
	for _, other := range p.From.sends.channels {
		if other.From != c.From || other.To != c.To {
			continue
		}
		o := t.Pair(other)
		for k, i := range o.Sends {
			if o.ReceiveOf[k] >= 0 && !o.Vague(k) {
				lo, hi = min(lo, int(i)), max(hi, int(i))
			}
		}
	}
	var covered, lost []Proof
	vague := false
	down := t.outages(p.From, p.To)
	for k, i := range p.Sends {
		vague = vague || p.Vague(k)
		if int(i) < lo || int(i) > hi || (p.ReceiveOf[k] < 0 || p.Vague(k)) && inGaps(down, i) {
			continue
		}
		covered = append(covered, Proof{p.From, int(i)})
		if p.ReceiveOf[k] >= 0 {
			lost = nil
		} else {
			lost = append(lost, Proof{p.From, int(i)})
		}
	}
	if !vague {
		if len(lost) > 0 && (t.lossy(c, len(lost), len(covered)) || t.byChance(c, lost)) {
			return nil
		}
		return lost
	}
	if x := t.lossesOf(p.To); len(x.holes) > 0 {
		covered = slices.DeleteFunc(covered, func(s Proof) bool { return x.hole(t.stretch(c.From, c.To, s.I, s.I)) })
	}
	n := len(covered) - len(p.Receives)
	if c.Type == raftdiag.MsgProp {
		n -= p.To.col.forwards
	}
	if n <= 0 || t.lossy(c, n, len(covered)) || t.explains(p.To, n, len(covered)) || t.byChance(c, covered[len(covered)-n:]) {
		return nil
	}
	return covered[len(covered)-n:]
}

// outages are the stretches of a lane between the last message that reached
// another node's process and the first one that reached it when it had started
// again, or the next term: by then others know better than to wait for it.
func (t *Timeline) outages(from, to *Lane) []gap {
	var out []gap
	for k := 1; k < len(to.Incarnations); k++ {
		begin := int32(to.Incarnations[k].Begin)
		if to.Incarnations[k].Opened == "file" {
			continue
		}
		g := gap{int32(from.lo - 1), int32(from.hi)}
		for _, c := range from.sends.channels {
			if c.From != from.Node || c.To != to.Node {
				continue
			}
			p := t.Pair(c)
			for n, i := range p.Sends {
				switch j := p.ReceiveOf[n]; {
				case j < 0 || p.Vague(n):
				case p.Receives[j] < begin:
					g.after = max(g.after, i)
				default:
					g.before = min(g.before, i)
				}
			}
		}
		was, _ := from.RoleAt(int(g.after) + 1)
		for _, r := range from.roles {
			if r.At > g.after && r.Term > was.Term {
				g.before = min(g.before, r.At)
				break
			}
		}
		out = append(out, g)
	}
	return out
}

// inGaps reports whether a place lies in one of the stretches.
func inGaps(list []gap, i int32) bool {
	return slices.ContainsFunc(list, func(g gap) bool { return i > g.after && i < g.before })
}

// byChance reports whether the receiver's log lacks so many lines around the
// time of some sends that theirs may be among them.
func (t *Timeline) byChance(c Channel, sends []Proof) bool {
	lo, hi := t.stretch(c.From, c.To, sends[0].I, sends[len(sends)-1].I)
	return len(sends) < t.Chance(t.Lane(c.To), lo, hi)
}

// lossy reports whether messages of other types between the two nodes are
// missing as often as n of all are: then the way loses whatever it is given, or
// the logs lack lines, and it is not about this type.
func (t *Timeline) lossy(c Channel, n, all int) bool {
	sent, missing := 0, 0
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgAppResp, raftdiag.MsgHeartbeat, raftdiag.MsgHeartbeatResp} {
		if mt == c.Type {
			continue
		}
		p := t.Pair(Channel{c.From, c.To, mt})
		if p.From == nil || p.To == nil || len(p.Receives) == 0 {
			continue
		}
		sent += len(p.Sends)
		for _, r := range p.ReceiveOf {
			if r < 0 {
				missing++
			}
		}
		for _, s := range p.SendOf {
			if s < 0 {
				missing++ // here the line of the send is missing
			}
		}
	}
	return sent >= 8 && missing*all*2 >= n*sent
}

// LossRuns counts the times in which messages from one node to another stopped
// arriving: runs of three lost heartbeats or appends at least, in channels of
// which the receiver prints others before and after.
func (t *Timeline) LossRuns(from, to raftdiag.NodeID) int {
	most := 0
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgHeartbeat, raftdiag.MsgHeartbeatResp, raftdiag.MsgApp, raftdiag.MsgAppResp} {
		p := t.Pair(Channel{from, to, mt})
		if len(p.Receives) == 0 {
			continue
		}
		runs, run, arrived := 0, 0, false
		for k := range p.Sends {
			if p.ReceiveOf[k] < 0 {
				run++
				continue
			}
			if run >= 3 && arrived {
				runs++
			}
			run, arrived = 0, true
		}
		if run >= 3 && arrived {
			runs++
		}
		most = max(most, runs)
	}
	return most
}

// GoesOn reports whether a node's log goes on for its patience after it last
// heard another node.
func (t *Timeline) GoesOn(n, from raftdiag.NodeID, p Patience) bool {
	l := t.Lane(n)
	if l == nil {
		return false
	}
	heard := l.lo
	for c, places := range l.receives.all() {
		if c.From == from && len(places) > 0 {
			heard = max(heard, int(places[len(places)-1]))
		}
	}
	return l.Passed(p, 1, heard, l.hi)
}

// UnpairedTail are the messages of a channel behind the last one that arrived,
// but for those that were sent while the receiver's process was down; without the
// receiver's log, all of them.
func (t *Timeline) UnpairedTail(c Channel) []Proof {
	p := t.Pair(c)
	var out []Proof
	var down []gap
	if p.From != nil && p.To != nil {
		down = t.outages(p.From, p.To)
	}
	for k, i := range p.Sends {
		if p.ReceiveOf[k] >= 0 {
			out = nil
		} else if !inGaps(down, i) {
			out = append(out, Proof{p.From, int(i)})
		}
	}
	return out
}

// Unanswered are the proposals that the lane shows behind its last commit, if
// there are some and the lane goes on for its patience after the first.
func (l *Lane) Unanswered(p Patience) (Proof, int, bool) {
	from := l.lo
	if n := len(l.commits); n > 0 {
		from = int(l.commits[n-1].At)
	}
	var first Proof
	n := 0
	for i := from + 1; i < l.hi; i++ {
		r := l.rec(i)
		switch {
		case r.kind == raftdiag.Proposing, r.kind == raftdiag.Proposed && l.kinds[raftdiag.Proposing] == 0,
			r.kind == raftdiag.Sent && r.mtype == raftdiag.MsgProp && l.kinds[raftdiag.Proposing]+l.kinds[raftdiag.Proposed] == 0:
			if n++; n == 1 {
				first = Proof{l, i}
			}
		case r.kind == raftdiag.ProposalDropped:
			n--
		}
	}
	if n < p.Rounds {
		return Proof{}, 0, false
	}
	return first, n, l.Passed(p, 1, first.I, l.hi) || n >= 2*p.Rounds
}

// CommitRange is the first and the last commit index that the lane shows.
func (l *Lane) CommitRange() []raftdiag.Index {
	if len(l.commits) == 0 {
		return nil
	}
	top := raftdiag.Index(0)
	for _, s := range l.commits {
		top = max(top, s.Value)
	}
	return []raftdiag.Index{l.commits[0].Value, top}
}

// Committed reports whether the lane shows any commit above 0.
func (l *Lane) Committed() bool {
	for _, s := range l.commits {
		if s.Value > 0 {
			return true
		}
	}
	return false
}

// FirstEntry is the first event that shows an entry to be committed: a proposal
// or an append, with the words for it.
func (l *Lane) FirstEntry() (Proof, string, bool) {
	for i := l.lo; i < l.hi; i++ {
		r := l.rec(i)
		if r.wide() {
			continue
		}
		switch {
		case r.kind == raftdiag.Proposing, r.kind == raftdiag.Proposed, r.kind == raftdiag.Waiting:
			return Proof{l, i}, "a proposal", true
		case (r.kind == raftdiag.Sent || r.kind == raftdiag.Received) && r.mtype == raftdiag.MsgApp && r.has(raftdiag.HasEntries) && uint32(r.d) > 0:
			return Proof{l, i}, "an append with entries", true
		case r.kind == raftdiag.Ready && r.has(raftdiag.HasEntries) && r.b>>32 > 0:
			return Proof{l, i}, "entries in a Ready", true
		}
	}
	return Proof{}, "", false
}

// Behind finds the wait of a voter whose match stays below the leader's commit
// to the end of the tenure, beyond patience: a stall of that voter alone.
func (ten *Tenure) Behind(n raftdiag.NodeID, p Patience) (Stall, bool) {
	l := ten.Lane
	commit, ok := l.CommitAt(ten.End)
	if !ok {
		return Stall{}, false
	}
	var match raftdiag.Index
	known := false
	if k := last(l.progress(n), ten.End); k >= 0 && int(l.progress(n)[k]) >= ten.Begin {
		if r := l.rec(int(l.progress(n)[k])); r.has(raftdiag.HasMatch) {
			match, known = raftdiag.Index(r.a), true
		}
	}
	for _, i := range between(l.receives.of(Channel{n, ten.Leader, raftdiag.MsgAppResp}), ten.Begin, ten.End) {
		if r := l.rec(int(i)); !r.reject() && r.has(raftdiag.HasIndex) && (!r.has(raftdiag.HasTerm) || raftdiag.Term(r.a>>32) == ten.Term) {
			match, known = max(match, raftdiag.Index(r.b)), true
		}
	}
	if !known && len(l.sends.of(Channel{ten.Leader, n, raftdiag.MsgApp})) == 0 && len(l.failures[n]) == 0 || match >= commit {
		return Stall{}, false
	}
	from := ten.Begin
	for _, s := range l.lasts {
		if int(s.At) >= ten.Begin && s.Value > match {
			from = int(s.At)
			break
		}
	}
	s := Stall{Tenure: ten, Index: match + 1, Last: commit, From: from, To: ten.End, Open: true, Commit: match}
	s.Rounds = l.Rounds(from, ten.End)
	return s, l.Passed(p, 1, from, ten.End)
}
