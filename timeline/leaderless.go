package timeline

import (
	"slices"
	"sort"

	"github.com/raftdiag/raftdiag"
)

// A Vacancy is a time in which a lane knows no leader.
type Vacancy struct {
	Lane      *Lane
	From, To  int // places; it ends behind the lane where no leader follows
	Campaigns int // of this node
	Terms     int // distinct terms that the lane went through
	Rounds    int // the most that any count of waiting shows
	Ignored   int // messages from leaders of earlier terms that arrive meanwhile
	Open      bool
}

// Vacancies are the times in which the lane knows no leader, in order.
//
// A lane says so: its node campaigns, or prints that it has no leader. A lane
// that prints neither roles nor leaders has none. The list is the lane's: it must
// not be changed.
func (l *Lane) Vacancies() []Vacancy {
	l.vacated.Do(func() { l.vacant = l.vacancies() })
	return l.vacant
}

func (l *Lane) vacancies() []Vacancy {
	var out []Vacancy
	begin := -1
	end := func(at int, open bool) {
		if begin < 0 {
			return
		}
		if v, ok := l.vacancy(begin, at, open); ok {
			out = append(out, v)
		}
		begin = -1
	}
	var contacts, spare []int32
	if s := l.scratch; s != nil {
		contacts, spare = s.contacts, s.spare
		defer func() { s.contacts, s.spare = contacts, spare }()
	}
	for k, r := range l.roles {
		switch {
		case r.Role == raftdiag.Leader || r.Lead != 0:
			end(int(r.At), false)
			continue // whom it hears up to the next step is its leader
		case begin < 0:
			begin = int(r.At)
		}
		until := l.hi
		if k+1 < len(l.roles) {
			until = int(l.roles[k+1].At)
		}
		// A leader's message between two steps is a leader known.
		contacts, spare = l.contacts(contacts, spare, int(r.At), until)
		for _, at := range contacts {
			end(int(at), false)
			begin = int(at)
		}
	}
	end(l.hi, true)
	return out
}

// contacts are the places between two at which a leader of the lane's own term, or
// a later one, was heard, in order. They stand in the memory of one of the lists,
// and the other's is free.
func (l *Lane) contacts(list, spare []int32, lo, hi int) (contacts, free []int32) {
	list = list[:0]
	for c, places := range l.receives.all() {
		if !leads(c.Type) || c.From == l.Node {
			continue
		}
		places = between(places, lo, hi)
		list = slices.Grow(list, len(places))
		for _, i := range places {
			r := l.rec(int(i))
			if role, ok := l.RoleAt(int(i)); !ok || !r.has(raftdiag.HasTerm) || raftdiag.Term(r.a>>32) >= role.Term {
				list = append(list, i)
			}
		}
	}
	return sortRuns(list, spare, func(a, b *int32) bool { return *a < *b })
}

// leads reports whether messages of the type come from leaders.
func leads(mt raftdiag.MessageType) bool {
	return mt == raftdiag.MsgApp || mt == raftdiag.MsgHeartbeat || mt == raftdiag.MsgSnap
}

func (l *Lane) vacancy(from, to int, open bool) (Vacancy, bool) {
	v := Vacancy{Lane: l, From: from, To: to, Open: open}
	v.Campaigns = count(l.rounds[electionRound], from-1, to)
	var newest raftdiag.Term
	for k := sort.Search(len(l.roles), func(k int) bool { return int(l.roles[k].At) >= from }); k < len(l.roles) && int(l.roles[k].At) < to; k++ {
		if r := l.roles[k]; r.Term > newest {
			newest = r.Term
			v.Terms++
		}
	}
	v.Rounds = max(v.Campaigns, v.Terms)
	if v.Campaigns == 0 {
		// A node that does not campaign must print that it has no leader.
		said := 0
		for _, i := range l.placesOf(raftdiag.State, from, to) {
			if r := l.rec(int(i)); !r.wide() && r.has(raftdiag.HasLead) && r.to == 0 {
				said++
			}
		}
		if said == 0 && v.Terms < 2 {
			return v, false
		}
		if said > 0 {
			v.Rounds = max(v.Rounds, min(said, count(l.rounds[idleRound], from, to)))
		}
	}
	for c, places := range l.receives.all() {
		if (c.Type == raftdiag.MsgApp || c.Type == raftdiag.MsgHeartbeat) && c.From != l.Node {
			v.Ignored += len(between(places, from+1, to))
		}
	}
	return v, true
}

// LeadsAtEnd reports whether the lane ends as a leader, and of which term.
func (l *Lane) LeadsAtEnd() (raftdiag.Term, bool) {
	if n := len(l.tenures); n > 0 && l.tenures[n-1].End == l.hi && l.tenures[n-1].Ended == "log end" {
		return l.tenures[n-1].Term, true
	}
	return 0, false
}

// EverLed reports whether the lane ever shows a leader, its node or another.
func (l *Lane) EverLed() bool {
	for _, r := range l.roles {
		if r.Role == raftdiag.Leader || r.Lead != 0 {
			return true
		}
	}
	contacts, _ := l.contacts(nil, nil, l.lo, l.hi)
	return len(contacts) > 0
}

// Term is the highest term that the lane shows its node in.
func (l *Lane) Term() raftdiag.Term { return l.lastTerm }

// DownProof looks for signs that a node's process is gone while others go on:
// its log ends with a panic or a stop and another node misses it for its
// patience, or the others are refused and its own log does not go on after the
// last one of them that it shows.
//
// Without the node's log a refusal does not tell a dead process from a wrong
// port, unless two other nodes are refused.
func (t *Timeline) DownProof(n raftdiag.NodeID, p Patience) (by Proof, why string) {
	f := t.Lane(n)
	if f != nil {
		for i := f.hi - 1; i >= f.lo; i-- {
			r := f.rec(i)
			if r.kind == raftdiag.Panicked || r.kind == raftdiag.Stopped {
				if t.outlives(f, n, p) || r.kind == raftdiag.Stopped && !t.refused(n) && !t.missed(n, p) {
					return Proof{}, "" // it was cut off before, or the others stop there too
				}
				return Proof{f, i}, "its log ends with a " + r.kind.String()
			}
			if isRaft(r.kind) {
				break
			}
		}
	}
	reporters := 0
	for _, l := range t.Lanes {
		if l.Node == n {
			continue
		}
		fails := l.failures[n]
		if len(fails) == 0 {
			continue
		}
		if !Refused(l.Event(int(fails[len(fails)-1])).Text) {
			return Proof{}, "" // the newest word is another one
		}
		first := -1 // of the refusals after which nothing was heard
		heard := -1
		for c, places := range l.receives.all() {
			if c.From == n && len(places) > 0 {
				heard = max(heard, int(places[len(places)-1]))
			}
		}
		for _, i := range fails {
			if int(i) > heard && Refused(l.Event(int(i)).Text) {
				first = int(i)
				break
			}
		}
		if first < 0 {
			return Proof{}, ""
		}
		reporters++
		if !by.OK() {
			by = Proof{l, first}
		}
	}
	switch {
	case reporters == 0:
		return Proof{}, ""
	case f == nil && reporters < 2:
		return Proof{}, ""
	case f != nil && (t.outlives(f, n, p) || t.cutShort(by, n) || t.speaksLater(by, n)):
		return Proof{}, ""
	}
	return by, "its address refuses connections and its own log does not go on"
}

// refused reports whether somebody's newest word about a node is a refusal,
// after which it heard nothing of it.
func (t *Timeline) refused(n raftdiag.NodeID) bool {
	for _, l := range t.Lanes {
		fails := l.failures[n]
		if l.Node == n || len(fails) == 0 {
			continue
		}
		newest := int(fails[len(fails)-1])
		if !Refused(l.Event(newest).Text) {
			continue
		}
		heard := false
		for c, places := range l.receives.all() {
			heard = heard || c.From == n && len(places) > 0 && int(places[len(places)-1]) > newest
		}
		if !heard {
			return true
		}
	}
	return false
}

// outlives reports whether a node's log goes on for its patience after the last
// message from any other node. Where heartbeats are not printed, Ready blocks
// of an idle node come before the silence as well; only its campaigns tell.
func (t *Timeline) outlives(f *Lane, n raftdiag.NodeID, p Patience) bool {
	last := f.lo
	for c, places := range f.receives.all() {
		if c.From != n && len(places) > 0 {
			last = max(last, int(places[len(places)-1]))
		}
	}
	for c, places := range f.sends.all() { // an answer shows that it heard
		if c.Type.IsResponse() && len(places) > 0 {
			last = max(last, int(places[len(places)-1]))
		}
	}
	if f.Prints(In, raftdiag.MsgHeartbeat) == 0 {
		return count(f.rounds[electionRound], last, f.hi) > 0
	}
	return f.Rounds(last, f.hi) >= p.Rounds || f.span(last, f.hi) >= p.Clock
}

// endedIdle reports whether a lane that prints no heartbeats ends with the end of
// its process and shows no campaign behind a place: its Ready blocks there may be
// those of an idle node before that end.
func (l *Lane) endedIdle(from int) bool {
	if l.Prints(In, raftdiag.MsgHeartbeat)+l.Prints(Out, raftdiag.MsgHeartbeatResp) > 0 || count(l.rounds[electionRound], from, l.hi) > 0 {
		return false
	}
	for i := l.hi - 1; i >= l.lo; i-- {
		k := l.rec(i).kind
		if k == raftdiag.Panicked || k == raftdiag.Stopped {
			return true
		}
		if isRaft(k) {
			return false
		}
	}
	return false
}

// speaksLater reports whether a node lived on after it was refused: its own log
// reaches a later term than the sender was in, or another node hears it in one.
func (t *Timeline) speaksLater(refusal Proof, n raftdiag.NodeID) bool {
	role, _ := refusal.Lane.RoleAt(refusal.I)
	if f := t.Lane(n); f != nil && f.Term() > role.Term {
		return true
	}
	for _, l := range t.Lanes {
		for c, places := range l.receives.all() {
			if c.From != n || l.Node == n || !c.Type.IsNetwork() || len(places) == 0 {
				continue
			}
			if term, ok := (Proof{l, int(places[len(places)-1])}).Term(); ok && term > role.Term {
				return true
			}
		}
	}
	return false
}

// cutShort reports whether a node's log lacks the end of what the refused sender
// had sent before the first refusal: then the log ends too early to say when
// its process did.
func (t *Timeline) cutShort(refusal Proof, n raftdiag.NodeID) bool {
	l := refusal.Lane
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgHeartbeat, raftdiag.MsgApp} {
		p := t.Pair(Channel{l.Node, n, mt})
		if p.To == nil || p.To.Prints(In, mt) == 0 {
			continue
		}
		missing := 0
		for k := len(p.Sends) - 1; k >= 0 && p.ReceiveOf[k] < 0; k-- {
			if int(p.Sends[k]) < refusal.I {
				missing++
			}
		}
		if missing > 2 {
			return true
		}
	}
	return false
}

// missed reports whether another node goes on for its patience after it last
// heard the node, or wrote to it what the node's log shows received, though it
// listens to it at the end of its log: the leader to each of its peers, a
// candidate to those that it asks, a follower to its leader. The patience of a
// candidate is campaigns: only they write to the node.
func (t *Timeline) missed(n raftdiag.NodeID, p Patience) bool {
	for _, l := range t.Lanes {
		role, ok := l.RoleAt(l.hi)
		if l.Node == n || !ok {
			continue
		}
		heard := -1
		for c, places := range l.receives.all() {
			if c.From == n && len(places) > 0 {
				heard = max(heard, int(places[len(places)-1]))
			}
		}
		heard = max(heard, t.reached(l, n))
		since, asks := int(role.At), false
		switch {
		case role.Role == raftdiag.Leader:
			since = l.tenures[len(l.tenures)-1].Begin
			if len(l.progress(n)) == 0 && !l.addresses(n, since) && len(l.failures[n]) == 0 {
				continue
			}
		case role.Lead == n:
		case role.Role == raftdiag.Candidate || role.Role == raftdiag.PreCandidate || role.Lead == 0:
			v := l.Vacancies()
			if len(v) == 0 || !v[len(v)-1].Open || v[len(v)-1].Campaigns == 0 {
				continue
			}
			since, asks = v[len(v)-1].From, true
			if !l.addresses(n, since) {
				continue
			}
		default:
			continue
		}
		from := max(heard, since)
		if f := t.Lane(n); f != nil {
			if then, ok := l.RoleAt(from + 1); ok && f.Term() > then.Term {
				continue // it lived on without this node
			}
			if !t.parted(l, f, p, role.Role == raftdiag.Leader) || t.mayReach(l, f) {
				continue
			}
			if len(f.Incarnations) == 1 && l.Rounds(from, l.hi) <= l.usualSilence(n, since) {
				continue // it kept as silent before, and spoke again
			}
		}
		if asks && count(l.rounds[electionRound], from, l.hi) >= p.Rounds || !asks && l.Passed(p, 1, from, l.hi) {
			return true
		}
	}
	return false
}

// usualSilence is the most rounds that went by in the lane from a place on
// between two messages of a node.
func (l *Lane) usualSilence(n raftdiag.NodeID, since int) int {
	var heard []int32
	for _, c := range l.receives.channels {
		if c.From == n {
			heard = append(heard, between(l.receives.of(c), since, l.hi)...)
		}
	}
	slices.Sort(heard)
	most := 0
	for k := 1; k < len(heard); k++ {
		most = max(most, l.Rounds(int(heard[k-1]), int(heard[k])))
	}
	return most
}

// parted reports whether a node that ended may be missed by another because it
// ended: it heard the other up to its patience before. Leaders write all the
// time; others may never have written to it, which tells nothing where the
// other's log goes on, and where that ends with a stop as well, the two may have
// been cut off from one another long before both did.
func (t *Timeline) parted(l, f *Lane, p Patience, leads bool) bool {
	at := -1
	for c, places := range f.receives.all() {
		if c.From == l.Node && len(places) > 0 {
			at = max(at, int(places[len(places)-1]))
		}
	}
	both := l.stops()
	switch {
	case !leads && !both:
		return true
	case at < 0:
		return !both
	}
	return f.Rounds(at, f.hi) < p.Rounds
}

// stops reports whether a log ends with the word of its process that it stops.
func (l *Lane) stops() bool {
	for i := l.hi - 1; i >= l.lo; i-- {
		if k := l.rec(i).kind; k == raftdiag.Stopped || isRaft(k) {
			return k == raftdiag.Stopped
		}
	}
	return false
}

// reached is the last place of a lane at which it sent a message that the
// node's own log shows received, or -1.
func (t *Timeline) reached(l *Lane, n raftdiag.NodeID) int {
	last := -1
	for _, c := range l.sends.channels {
		if c.To != n {
			continue
		}
		p := t.Pair(c)
		for k := len(p.Sends) - 1; k >= 0 && int(p.Sends[k]) > last; k-- {
			if p.ReceiveOf[k] >= 0 {
				last = int(p.Sends[k])
			}
		}
	}
	return last
}

// addresses reports whether the lane sends anything to a node after a place.
func (l *Lane) addresses(n raftdiag.NodeID, since int) bool {
	for c, places := range l.sends.all() {
		if c.To == n && len(places) > 0 && int(places[len(places)-1]) > since {
			return true
		}
	}
	return false
}

// Transferred reports whether any lane shows a leadership transfer into the
// term.
func (t *Timeline) Transferred(term raftdiag.Term) bool {
	for _, l := range t.Lanes {
		for _, x := range [...]*traffic{&l.sends, &l.receives} {
			for c, places := range x.all() {
				if c.Type != raftdiag.MsgTimeoutNow {
					continue
				}
				for _, i := range places {
					if r := l.rec(int(i)); !r.has(raftdiag.HasTerm) || raftdiag.Term(r.a>>32)+1 == term {
						return true
					}
				}
			}
		}
	}
	return false
}

// A Tally is how one candidate fared in a vacancy: whom it asked, who granted,
// who refused, who said nothing.
type Tally struct {
	Asked, Granted, Refused []raftdiag.NodeID
	Late                    []Proof // answers to an earlier term
	Ask                     Proof   // the last request
	HearsVotes              bool    // the lane prints received votes at all
}

// Tally counts votes and pre-votes that the lane's node asked for between two
// places.
func (l *Lane) Tally(lo, hi int) Tally {
	var t Tally
	put := func(list *[]raftdiag.NodeID, n raftdiag.NodeID) {
		if n != 0 && n != l.Node && !slices.Contains(*list, n) {
			*list = append(*list, n)
		}
	}
	for c, places := range l.sends.all() {
		if c.Type != raftdiag.MsgVote && c.Type != raftdiag.MsgPreVote {
			continue
		}
		if own := between(places, lo, hi); len(own) > 0 {
			put(&t.Asked, c.To)
			if i := int(own[len(own)-1]); !t.Ask.OK() || i > t.Ask.I {
				t.Ask = Proof{l, i}
			}
		}
	}
	for c, places := range l.receives.all() {
		if c.Type != raftdiag.MsgVoteResp && c.Type != raftdiag.MsgPreVoteResp {
			continue
		}
		for _, i := range between(places, lo, hi) {
			r := l.rec(int(i))
			if role, ok := l.RoleAt(int(i)); ok && r.has(raftdiag.HasTerm) && c.Type == raftdiag.MsgVoteResp && raftdiag.Term(r.a>>32) < role.Term {
				t.Late = append(t.Late, Proof{l, int(i)})
			}
			if r.reject() {
				put(&t.Refused, c.From)
			} else {
				put(&t.Granted, c.From)
			}
		}
	}
	for _, m := range []raftdiag.MessageType{raftdiag.MsgVoteResp, raftdiag.MsgPreVoteResp} {
		t.HearsVotes = t.HearsVotes || l.Prints(In, m) > 0
	}
	slices.Sort(t.Asked)
	slices.Sort(t.Granted)
	slices.Sort(t.Refused)
	return t
}

// FailuresTo are the newest transport errors about a peer between two places.
func (l *Lane) FailuresTo(peer raftdiag.NodeID, lo, hi int) (Proof, bool) {
	list := between(l.failures[peer], lo, hi)
	if len(list) == 0 {
		return Proof{}, false
	}
	return Proof{l, int(list[len(list)-1])}, true
}

// ShowsIn reports whether the lane prints what it receives of any type: then a
// message that it does not show did not arrive.
func (l *Lane) ShowsIn() bool {
	for mt := range l.printed[In] {
		if l.printed[In][mt] > 0 {
			return true
		}
	}
	return false
}

// Heard reports whether the lane received a message of one of the types from a
// node.
func (l *Lane) Heard(from raftdiag.NodeID, types ...raftdiag.MessageType) bool {
	for c, places := range l.receives.all() {
		if c.From == from && len(places) > 0 && slices.Contains(types, c.Type) {
			return true
		}
	}
	return false
}

// Deposer is who brought the higher term at which the tenure ended, as the
// leader's own log shows it.
func (ten *Tenure) Deposer() (raftdiag.NodeID, Proof, bool) {
	l := ten.Lane
	if l == nil || ten.Ended == "log end" {
		return 0, Proof{}, false
	}
	after, ok := l.RoleAt(min(ten.End+1, l.hi))
	if !ok || after.Term <= ten.Term {
		return 0, Proof{}, false
	}
	for i := min(ten.End, l.hi-1); i >= ten.Begin && i > ten.End-512; i-- {
		r := l.rec(i)
		if r.kind != raftdiag.Received || r.wide() || r.mtype == raftdiag.MsgPreVote || r.mtype == raftdiag.MsgPreVoteResp {
			continue
		}
		if t := raftdiag.Term(r.a >> 32); r.has(raftdiag.HasTerm|raftdiag.HasFrom) && t > ten.Term && t <= after.Term {
			return l.store.nodes.list[r.from], Proof{l, i}, true
		}
	}
	return 0, Proof{}, false
}

// Candidates are, by term, the nodes that campaigned in it, as any lane shows.
func (t *Timeline) Candidates() map[raftdiag.Term][]raftdiag.NodeID {
	out := map[raftdiag.Term][]raftdiag.NodeID{}
	put := func(term raftdiag.Term, n raftdiag.NodeID) {
		if term > 0 && n != 0 && !slices.Contains(out[term], n) {
			out[term] = append(out[term], n)
		}
	}
	for _, l := range t.Lanes {
		for _, r := range l.roles {
			if r.Role == raftdiag.Candidate {
				put(r.Term, l.Node)
			}
		}
		for c, places := range l.receives.all() {
			if c.Type != raftdiag.MsgVote {
				continue
			}
			for _, i := range places {
				if r := l.rec(int(i)); r.has(raftdiag.HasTerm) {
					put(raftdiag.Term(r.a>>32), c.From)
				}
			}
		}
	}
	return out
}

// RaisedCommit reports whether the leader's commit rose in its tenure.
func (ten *Tenure) RaisedCommit() bool {
	l := ten.Lane
	if l == nil {
		return true
	}
	before, _ := l.CommitAt(ten.Begin + 1)
	after, ok := l.CommitAt(ten.End)
	return !ok || after > before
}

// A Freeze is a time in which a leader's log goes on with proposals and shows
// nothing that its Raft loop takes in hand: no Ready, no message.
type Freeze struct {
	Tenure   *Tenure
	Last     Proof // the last row of what the loop does
	Next     Proof // the row with which it goes on; none if it never does
	First    Proof // the first proposal in between
	Waiting  int   // proposals in between
	Received int   // messages that arrived in between
	States   int   // rows behind the first proposal that say what is ready, and is not taken
}

// Covers reports whether what the leader's lane shows first at place i was held
// up by the freeze: it stands in it, or in the first block after it.
func (f *Freeze) Covers(i int) bool {
	return i >= f.Last.I && (!f.Next.OK() || i <= f.Next.I+4*blockRows)
}

// Freezes are the times in which leaders of this timeline take nothing in hand
// while proposals come in. A loop that shows nothing at all has to do so for
// longer than the clock allows, or until another leader came, or, without
// stamps, over as many proposals and receipts as patience has rounds. One that
// shows again and again what is ready, and does not take it, has to do so
// many times, and far more often than it does otherwise.
func (t *Timeline) Freezes(p Patience) []Freeze {
	var out []Freeze
	for _, l := range t.Lanes {
		if len(l.tenures) == 0 {
			continue
		}
		var found []Freeze
		most, next := 0, 0 // the most rows that one stretch has, and the most of the others
		l.idleLoops(func(f Freeze) {
			most, next = max(most, f.States), max(next, min(most, f.States))
			if !f.First.OK() {
				return
			}
			for _, ten := range l.tenures {
				if f.Last.I >= ten.Begin && f.Last.I < ten.End {
					f.Tenure = ten
				}
			}
			if role, _ := l.RoleAt(f.Last.I + 1); f.Tenure == nil || role.Role != raftdiag.Leader {
				return
			}
			if f.States > 1 || t.stoodStill(&f, p) { // the last of the states belongs to the Ready that follows
				found = append(found, f)
			}
		})
		for _, f := range found {
			usual := most
			if f.States == most {
				usual = next
			}
			if f.States <= 1 || f.States >= 4*p.Rounds && f.States >= 4*usual {
				out = append(out, f)
			}
		}
	}
	return out
}

// stoodStill reports whether a leader's loop that shows nothing stood still: the
// patience of its clients or of the other nodes ran out.
func (t *Timeline) stoodStill(f *Freeze, p Patience) bool {
	l := f.Last.Lane
	end := l.hi
	if f.Next.OK() {
		end = f.Next.I
	}
	for end > f.First.I+1 {
		if k := l.rec(end - 1).kind; k == raftdiag.Proposing || k == raftdiag.Proposed || k == raftdiag.Waiting || k == raftdiag.Received || k == raftdiag.ProposalTimedOut {
			break
		}
		end--
	}
	wait := l.span(f.First.I, end)
	if wait >= p.Clock || f.Waiting < p.Rounds {
		return wait >= p.Clock
	}
	later := false // another leader came: the others' patience ran out
	if f.Next.OK() {
		role, _ := l.RoleAt(f.Next.I + blockRows)
		later = !l.handsOver(f.Last.I, f.Next.I+blockRows) && (role.Term > f.Tenure.Term || l.hearsTerm(f.Tenure.Term+1, f.Last.I, f.Next.I))
	} else {
		for _, c := range t.Leaders() {
			later = later || c.Term > f.Tenure.Term && c.By.Lane != l
		}
	}
	stamped := l.StampNear(f.First.I) != raftdiag.NoStamp
	return later && (f.Received >= p.Rounds || wait >= p.Clock/2) || !stamped && !f.Next.OK() && f.Received >= p.Rounds
}

// handsOver reports whether the node sends MsgTimeoutNow between two places: the
// next leader comes because it was asked to.
func (l *Lane) handsOver(i, j int) bool {
	for k := i + 1; k < min(j, l.hi); k++ {
		if r := l.rec(k); r.kind == raftdiag.Sent && r.mtype == raftdiag.MsgTimeoutNow {
			return true
		}
	}
	return false
}

// hearsTerm reports whether an append or a heartbeat of a term or a later one
// arrives between two places: its leader was elected.
func (l *Lane) hearsTerm(term raftdiag.Term, i, j int) bool {
	for k := i + 1; k < j; k++ {
		r := l.rec(k)
		if r.kind == raftdiag.Received && (r.mtype == raftdiag.MsgApp || r.mtype == raftdiag.MsgHeartbeat) && r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) >= term {
			return true
		}
	}
	return false
}

// idleLoops shows the stretches of the lane in which its loop takes nothing in
// hand though a proposal came, or rows say that something is ready, in order.
func (l *Lane) idleLoops(see func(Freeze)) {
	const takes = 1<<raftdiag.Ready | 1<<raftdiag.Sent | 1<<raftdiag.HardStateSaved | 1<<raftdiag.Appended |
		1<<raftdiag.RoleChanged | 1<<raftdiag.Committed | 1<<raftdiag.EntryCommitted
	taken := uint64(takes)
	if l.kinds[raftdiag.Ready]+l.kinds[raftdiag.Sent] == 0 { // states are all that its loop shows
		taken |= 1<<raftdiag.State | 1<<raftdiag.LogRow
	}
	last := -1 // the newest row of what the loop does, if none boots after it
	f := Freeze{}
	done := func() {
		if last >= 0 && (f.First.OK() || f.States > 0) {
			f.Last = Proof{l, last}
			see(f)
		}
		f = Freeze{}
	}
	for i := l.lo; i < l.hi; i++ {
		r := l.rec(i)
		if taken>>(r.kind&63)&1 != 0 {
			if last != i-1 {
				f.Next = Proof{l, i}
				done()
			}
			last = i
			continue
		}
		switch r.kind {
		case raftdiag.Proposing, raftdiag.Proposed, raftdiag.Waiting:
			if !f.First.OK() {
				f.First = Proof{l, i}
				f.States = 0
			}
			if r.kind == raftdiag.Proposing || l.kinds[raftdiag.Proposing] == 0 && r.kind == raftdiag.Proposed {
				f.Waiting++
			}
		case raftdiag.Received:
			f.Received++
			if r.mtype == raftdiag.MsgProp && !f.First.OK() {
				f.First = Proof{l, i}
				f.States = 0
			}
		case raftdiag.State, raftdiag.LogRow:
			if r.kind == raftdiag.State || l.kinds[raftdiag.State] == 0 {
				f.States++
			}
		case raftdiag.Booted:
			done()
			last = -1
		}
	}
	done()
}
