package timeline

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A Gate is a step that an entry passes on its way to commit.
type Gate uint8

// The gates, in order. Sent to Matched are passed once for each peer.
const (
	Forwarded Gate = iota
	Proposed
	Sent
	Received
	Answered
	Heard
	Matched
	Committed
	Applied
	NumGates
)

var gateNames = [NumGates]string{"forwarded", "proposed", "sent", "received", "answered", "heard", "matched", "committed", "applied"}

// String is the gate's name.
func (g Gate) String() string {
	if g < NumGates {
		return gateNames[g]
	}
	return fmt.Sprintf("gate(%d)", uint8(g))
}

// An Answer is yes, no, or that the log does not tell.
type Answer uint8

// The answers.
const (
	CannotSay Answer = iota
	Yes
	No
)

// A Mark is whether an entry passed a gate, and what shows it.
type Mark struct {
	Answer  Answer
	Proof   Proof  // an event that shows it, if one does
	Why     string // what the proof says, or why nothing is known
	Missing string // for CannotSay: the line or the log that would tell
	Late    bool   // for No: passed in the end, after a long wait
}

// A Place is how far a stuck entry came with one voter.
type Place struct {
	Node   raftdiag.NodeID
	Leader bool
	Lane   *Lane // nil if the voter's log is missing
	Marks  [NumGates]Mark
	Stop   Gate // the first gate from Sent to Matched without a yes, or Committed if all have one

	MatchAt  int            // the leader's place from which on the match is known to cover the entry; -1 if it does not
	Match    raftdiag.Index // what the leader knows to be in the voter's log
	MatchBy  Proof
	Head     Proof // the oldest append above the match, on the leader
	HeadLast raftdiag.Index
	Attempts int     // appends that cover the head
	Row      Proof   // the leader's newest Progress row for the voter
	Receipt  Proof   // the voter's receipt of the head
	Reply    Proof   // the voter's answer
	Rejects  []Proof // rejections that the leader heard while the entry waited
	Failures []Proof // what the leader's transport said about the voter
	Strays   []Proof // the voter's messages that arrived elsewhere
	OnWay    bool    // what was late was late on the way: it arrived, and was answered at once
	Quiet    Proof   // its log's last line, where the log ends without a word while the leader goes on; only that is known
	Asleep   Proof   // its log's last line before it stood still, with the append on its way
	Refused  bool    // its address refuses, and no log tells a dead process from a wrong port
	Down     Proof   // shows that the voter's process is gone
	DownWhy  string
}

// Place follows the stuck entry with one voter.
func (t *Timeline) Place(s *Stall, n raftdiag.NodeID, pat Patience) Place {
	p := Place{Node: n, Leader: n == s.Tenure.Leader, Lane: t.Lane(n), MatchAt: -1}
	if p.Leader {
		t.own(&p, s)
		return p
	}
	if p.Lane != nil && p.Lane.Adrift {
		p.Lane = nil
	}
	v := view{t: t, s: s, p: &p, pat: pat, l: s.Tenure.Lane, f: p.Lane, term: s.Tenure.Term, leader: s.Tenure.Leader}
	v.read()
	v.judge()
	for g := Sent; g <= Matched; g++ {
		if p.Marks[g].Answer != Yes {
			p.Stop = g
			return p
		}
	}
	p.Stop = Committed
	return p
}

// own is the leader's own lane: stored, then matched.
func (t *Timeline) own(p *Place, s *Stall) {
	for g := Sent; g <= Heard; g++ {
		p.Marks[g] = Mark{Answer: Yes, Why: "its own entry"}
	}
	l := s.Tenure.Lane
	p.Stop, p.MatchAt = Matched, s.From
	if l == nil {
		p.Marks[Matched] = Mark{Answer: CannotSay, Why: "the leader's log is not among the inputs", Missing: fmt.Sprintf("node %s's log", p.Node)}
		return
	}
	hi := s.To
	if rows := l.progress(p.Node); len(rows) > 0 {
		if k := last(rows, hi); k >= 0 && int(rows[k]) >= s.Tenure.Begin {
			row := Proof{l, int(rows[k])}
			e := row.Event()
			p.Row = row
			if e.Has(raftdiag.HasMatch) {
				p.Match, p.MatchBy = e.Match, row
				if e.Match >= s.Index {
					p.Marks[Matched] = Mark{Answer: Yes, Proof: row, Why: fmt.Sprintf("its own match is %d", e.Match)}
					p.Stop = Committed
				} else if l.Rounds(int(rows[k]), hi) > 0 || int(rows[k]) > s.From {
					p.Marks[Matched] = Mark{Answer: No, Proof: row, Why: fmt.Sprintf("the leader's own match is %d, below entry %d", e.Match, s.Index)}
				}
				if p.Marks[Matched].Answer != CannotSay {
					return
				}
			}
		}
	}
	// Without a row for itself the leader's log tells.
	for i := hi - 1; i > s.From; i-- {
		r := l.rec(i)
		if r.kind != raftdiag.LogRow || r.wide() || !r.has(raftdiag.HasLast) {
			continue
		}
		lastIndex, unstable := raftdiag.Index(r.a), raftdiag.Index(0)
		if r.has(raftdiag.HasUnstable) {
			unstable = raftdiag.Index(r.d)
		}
		switch {
		case lastIndex < s.Index:
			p.Marks[Matched] = Mark{Answer: No, Proof: Proof{l, i}, Why: fmt.Sprintf("the leader's own log ends at %d, below entry %d", lastIndex, s.Index)}
		case unstable > 0 && lastIndex-min(unstable, lastIndex) < s.Index:
			p.Marks[Matched] = Mark{Answer: CannotSay, Proof: Proof{l, i}, Why: fmt.Sprintf("the leader holds entry %d among %d unstable entries", s.Index, unstable), Missing: "the leader's own match"}
		default:
			p.Marks[Matched] = Mark{Answer: Yes, Proof: Proof{l, i}, Why: fmt.Sprintf("the leader's log reaches %d", lastIndex)}
			p.Stop = Committed
		}
		return
	}
	// Nothing speaks against it: a leader stores what it proposes.
	p.Marks[Matched] = Mark{Answer: Yes, Why: "nothing in its log speaks against its own append"}
	p.Stop = Committed
}

// A view is one voter's lane beside the leader's.
type view struct {
	t      *Timeline
	s      *Stall
	p      *Place
	pat    Patience
	l, f   *Lane // the leader's and the voter's; either may be nil
	term   raftdiag.Term
	leader raftdiag.NodeID

	sends    []int32 // of appends and snapshots above the match, on the leader
	receipts []int32 // of the same, on the voter
	replies  []int32 // accepts and rejects by the voter in the leader's term
	heard    []int32 // on the leader
	heardAt  int     // place of the first accept that covers the head, -1
	lo, hi   int     // the leader's places that count
}

func (v *view) channel(from, to raftdiag.NodeID, mt raftdiag.MessageType) Channel {
	return Channel{from, to, mt}
}

// between are the places from lo up to hi.
func between(places []int32, lo, hi int) []int32 {
	a := sort.Search(len(places), func(k int) bool { return int(places[k]) >= lo })
	b := sort.Search(len(places), func(k int) bool { return int(places[k]) >= hi })
	return places[a:max(a, b)]
}

// ofTerm keeps the messages of the leader's term; a term that was not printed
// may be it.
func (v *view) ofTerm(l *Lane, places []int32) []int32 {
	mine := func(i int32) bool {
		r := l.rec(int(i))
		return !r.has(raftdiag.HasTerm) || raftdiag.Term(r.a>>32) == v.term
	}
	n := slices.IndexFunc(places, func(i int32) bool { return !mine(i) })
	if n < 0 {
		return slices.Clip(places) // as nearly always
	}
	out := append(make([]int32, 0, len(places)), places[:n]...)
	for _, i := range places[n:] {
		if mine(i) {
			out = append(out, i)
		}
	}
	return out
}

// reach is the last index that an append or a snapshot brings.
func reach(r *record) raftdiag.Index {
	if r.mtype == raftdiag.MsgSnap && r.has(raftdiag.HasSnapshot) {
		return raftdiag.Index(uint32(r.d))
	}
	return raftdiag.Index(r.b) + raftdiag.Index(uint32(r.d))
}

// saysReach reports whether the line prints how far the message reaches.
func saysReach(r *record) bool {
	return r.has(raftdiag.HasIndex) || r.mtype == raftdiag.MsgSnap && r.has(raftdiag.HasSnapshot)
}

// read gathers what both lanes hold of the entry.
func (v *view) read() {
	p, s := v.p, v.s
	n := p.Node
	v.heardAt = -1
	if v.l != nil {
		v.lo, v.hi = s.Tenure.Begin, s.To
		v.match()
		base := p.Match
		if answers := v.l.receives.of(v.channel(n, v.leader, raftdiag.MsgAppResp)); !p.MatchBy.OK() &&
			(v.l.Prints(In, raftdiag.MsgAppResp) == 0 || len(between(answers, v.lo, v.hi)) > 0) {
			base = s.Commit // else it never answered, and the first append is its head
		}
		for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgSnap} {
			sends := v.ofTerm(v.l, between(v.l.sends.of(v.channel(v.leader, n, mt)), v.lo, v.hi))
			v.sends = slices.Grow(v.sends, len(sends))
			for _, i := range sends {
				if r := v.l.rec(int(i)); !saysReach(r) || reach(r) > base {
					v.sends = append(v.sends, i)
				}
			}
		}
		slices.Sort(v.sends)
		v.snapshotOnly()
		if len(v.sends) > 0 {
			p.Head = Proof{v.l, int(v.sends[0])}
			p.HeadLast = reach(v.l.rec(int(v.sends[0])))
			p.Attempts = len(v.sends)
		}
		v.heard = v.ofTerm(v.l, between(v.l.receives.of(v.channel(n, v.leader, raftdiag.MsgAppResp)), v.lo, v.hi))
		for _, i := range between(v.l.failures[n], v.lo, v.hi) {
			p.Failures = append(p.Failures, Proof{v.l, int(i)})
		}
		for _, i := range v.heard {
			if r := v.l.rec(int(i)); r.reject() && int(i) > s.From {
				p.Rejects = append(p.Rejects, Proof{v.l, int(i)})
			}
		}
	}
	if p.HeadLast == 0 {
		p.HeadLast = s.Index
	}
	if v.f != nil {
		for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgSnap} {
			receipts := v.ofTerm(v.f, v.f.receives.of(v.channel(v.leader, n, mt)))
			v.receipts = slices.Grow(v.receipts, len(receipts))
			for _, i := range receipts {
				if r := v.f.rec(int(i)); saysReach(r) && reach(r) >= p.HeadLast {
					v.receipts = append(v.receipts, i)
				}
			}
		}
		slices.Sort(v.receipts)
		v.replies = v.ofTerm(v.f, v.f.sends.of(v.channel(n, v.leader, raftdiag.MsgAppResp)))
	}
	for _, other := range v.t.Lanes {
		if other == v.f {
			continue
		}
		for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap, raftdiag.MsgAppResp, raftdiag.MsgVote} {
			for _, c := range other.receives.channels {
				if places := other.receives.of(c); c.To == n && c.Type == mt && len(places) > 0 {
					p.Strays = append(p.Strays, Proof{other, int(places[0])})
				}
			}
		}
	}
	v.down()
}

// snapshotOnly makes the snapshot the head where the leader has given up on
// appends: the voter's progress is in Snapshot.
func (v *view) snapshotOnly() {
	if !v.p.Row.OK() {
		return
	}
	if row := v.p.Row.Event(); row.Progress.State != raftdiag.Snapshot {
		return
	}
	var snaps []int32
	for _, i := range v.sends {
		if v.l.rec(int(i)).mtype == raftdiag.MsgSnap {
			snaps = append(snaps, i)
		}
	}
	if len(snaps) > 0 || len(v.l.sends.of(v.channel(v.leader, v.p.Node, raftdiag.MsgSnap))) > 0 {
		v.sends = snaps
	}
}

// match is what the leader knows to be in the voter's log: its Progress row,
// and the accepts that it heard in its term. An accept that a row of a later
// round denies does not count, and neither do those that follow it: the leader
// hears them and does not take them.
func (v *view) match() {
	p, n := v.p, v.p.Node
	rows := between(v.l.progress(n), v.lo, v.hi)
	matches := make([]int32, 0, len(rows)) // rows that print the match
	for _, i := range rows {
		if v.l.rec(int(i)).has(raftdiag.HasMatch) {
			matches = append(matches, i)
		}
	}
	if len(rows) > 0 {
		p.Row = Proof{v.l, int(rows[len(rows)-1])}
	}
	if k := len(matches); k > 0 {
		p.MatchBy = Proof{v.l, int(matches[k-1])}
		p.Match = raftdiag.Index(v.l.rec(int(matches[k-1])).a)
	}
	for _, i := range matches {
		if raftdiag.Index(v.l.rec(int(i)).a) >= v.s.Index {
			p.MatchAt = int(i)
			break
		}
	}
	for _, i := range v.ofTerm(v.l, between(v.l.receives.of(v.channel(n, v.leader, raftdiag.MsgAppResp)), v.lo, v.hi)) {
		r := v.l.rec(int(i))
		idx := raftdiag.Index(r.b)
		if r.reject() || !r.has(raftdiag.HasIndex) || idx <= p.Match && p.MatchBy.OK() {
			if p.MatchAt < 0 && !r.reject() && r.has(raftdiag.HasIndex) && idx >= v.s.Index {
				p.MatchAt = int(i)
			}
			continue
		}
		if k := len(matches); k > 0 && int(i) < int(matches[k-1]) && v.l.Rounds(int(i), int(matches[k-1])) > 0 {
			break
		}
		p.Match, p.MatchBy = idx, Proof{v.l, int(i)}
		if idx >= v.s.Index && (p.MatchAt < 0 || int(i) < p.MatchAt) {
			p.MatchAt = int(i)
		}
	}
}

func (v *view) set(g Gate, a Answer, by Proof, why string, args ...any) {
	v.p.Marks[g] = Mark{Answer: a, Proof: by, Why: fmt.Sprintf(why, args...)}
}

func (v *view) dunno(g Gate, missing, why string, args ...any) {
	v.p.Marks[g] = Mark{Answer: CannotSay, Why: fmt.Sprintf(why, args...), Missing: missing}
}

// judge sets the marks from Sent to Matched. What passed a later gate has
// passed the earlier ones.
func (v *view) judge() {
	p, s := v.p, v.s
	if v.denied() {
		p.Match = s.Index - 1
	}
	if p.MatchBy.OK() && p.Match >= s.Index {
		why := fmt.Sprintf("the leader knows match %d", p.Match)
		for g := Sent; g <= Matched; g++ {
			p.Marks[g] = Mark{Answer: Yes, Proof: p.MatchBy, Why: why}
		}
		if s.Open {
			return
		}
	}
	if !s.Open {
		v.judgeHealed()
		return
	}
	v.judgeMatched()
	v.judgeHeard()
	v.judgeAnswered()
	if p.Marks[Answered].Answer == Yes && p.Marks[Heard].Answer == No && p.Reply.OK() && !v.answerCovered() {
		v.dunno(Heard, fmt.Sprintf("more of node %s's log", v.leader), "node %s's log may end before the answer could arrive", v.leader)
	}
	v.judgeReceived()
	v.judgeSent()
	for g := Matched; g > Sent; g-- {
		if m := p.Marks[g]; m.Answer == Yes && p.Marks[g-1].Answer != Yes {
			p.Marks[g-1] = Mark{Answer: Yes, Proof: m.Proof, Why: "a later gate shows it: " + m.Why}
		}
	}
}

// denied reports whether the voter takes its match back: it rejects, over and
// over and last of all, appends at or below what it had accepted.
func (v *view) denied() bool {
	n := 0
	for k := len(v.heard) - 1; k >= 0; k-- {
		r := v.l.rec(int(v.heard[k]))
		if !r.reject() || !r.has(raftdiag.HasIndex) || raftdiag.Index(r.b) > v.p.Match ||
			r.has(raftdiag.HasHint) && raftdiag.Index(uint32(r.d)) >= v.s.Index {
			break
		}
		n++
	}
	return n >= v.pat.Rounds && v.p.Match >= v.s.Index
}

func (v *view) judgeMatched() {
	p, s := v.p, v.s
	switch {
	case p.MatchBy.OK():
		v.set(Matched, No, p.MatchBy, "match is %d, below entry %d", p.Match, s.Index)
	case v.l == nil:
		v.dunno(Matched, fmt.Sprintf("node %s's log", v.leader), "the leader's log is not among the inputs")
	default:
		v.set(Matched, No, Proof{}, "nothing the leader heard raises its match to entry %d", s.Index)
	}
}

// judgeHeard looks for the answer on the leader.
func (v *view) judgeHeard() {
	p := v.p
	if v.l == nil {
		v.dunno(Heard, fmt.Sprintf("node %s's log", v.leader), "the leader's log is not among the inputs")
		return
	}
	for k := len(v.heard) - 1; k >= 0; k-- {
		i := int(v.heard[k])
		r := v.l.rec(i)
		if !r.reject() && r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) >= p.HeadLast {
			v.set(Heard, Yes, Proof{v.l, i}, "its accept up to %d arrived", r.b)
			return
		}
	}
	if k := len(p.Rejects); k > 0 && (len(v.sends) == 0 || p.Rejects[k-1].I > int(v.sends[0])) {
		v.set(Heard, Yes, p.Rejects[k-1], "its rejection arrived")
		return
	}
	// An answer that is no reject and brings nothing new, heard after the head
	// went out, over and over.
	if n := v.staleAnswers(); len(n) >= v.pat.Rounds && !v.answersIt() && v.passed(v.l, n[0].I, n[len(n)-1].I+1) {
		v.set(Heard, Yes, n[len(n)-1], "%d answers arrived that do not cover it", len(n))
		return
	}
	switch {
	case v.l.Prints(In, raftdiag.MsgAppResp) == 0:
		v.dunno(Heard, fmt.Sprintf("lines of node %s that show received MsgAppResp", v.leader), "node %s's log shows no received MsgAppResp at all", v.leader)
	case !v.waited():
		v.dunno(Heard, fmt.Sprintf("more of node %s's log", v.leader), "the leader's log ends too soon after the append")
	case v.byChance(Heard, v.l, v.s.From, v.hi, v.unheard(), "that a lost answer may be among them"):
	default:
		v.set(Heard, No, Proof{}, "no answer of node %s to it arrived", p.Node)
	}
}

// byChance reports whether a lane lacks so many lines between two places that n
// more of them that are not there prove nothing, and says so at the gate.
func (v *view) byChance(g Gate, l *Lane, lo, hi, n int, why string) bool {
	if n >= v.t.Chance(l, lo, hi) {
		return false
	}
	v.dunno(g, fmt.Sprintf("the lines that node %s's log lacks", l.Node), "node %s's log lacks so many lines that are known, %s", l.Node, why)
	return true
}

// unheard counts the answers of the voter that the leader's log would show: those
// that the voter's log shows for the head, or without them the appends.
func (v *view) unheard() int {
	n := 0
	for _, i := range v.replies {
		if r := v.f.rec(int(i)); (len(v.receipts) == 0 || i > v.receipts[0]) && (r.reject() || !r.has(raftdiag.HasIndex) || raftdiag.Index(r.b) >= v.p.HeadLast) {
			n++
		}
	}
	return max(n, len(v.sends), 1)
}

// answerCovered reports whether the leader's lane goes on for its patience after
// the voter's first answer: something that the voter sent later was heard, or
// the voter heard what the leader sent that much later, or the answer followed
// an append at once that was sent that long ago.
func (v *view) answerCovered() bool {
	if v.pat.Complete {
		return true
	}
	n := v.p.Node
	first := v.p.Reply.I
	for _, i := range v.replies {
		r := v.f.rec(int(i))
		if len(v.receipts) > 0 && i > v.receipts[0] && (r.reject() || !r.has(raftdiag.HasIndex) || raftdiag.Index(r.b) >= v.p.HeadLast) {
			first = int(i)
			break
		}
	}
	later := 0 // what the voter heard after its answer
	for _, c := range v.f.sends.channels {
		if c.From != n || c.To != v.leader {
			continue
		}
		p := v.t.Pair(c)
		for k := len(p.Sends) - 1; k >= 0 && int(p.Sends[k]) > first; k-- {
			if p.ReceiveOf[k] >= 0 {
				return true
			}
		}
	}
	for _, c := range v.f.receives.channels {
		if c.From == v.leader && c.To == n {
			later += len(between(v.f.receives.of(c), first+1, v.f.hi))
		}
	}
	if later >= v.pat.Rounds && v.f.Rounds(first, v.f.hi) >= v.pat.Rounds {
		return v.sentLater(first)
	}
	if len(v.receipts) == 0 || v.passed(v.f, int(v.receipts[0]), first) {
		return false
	}
	p := v.t.Pair(v.channel(v.leader, n, raftdiag.MsgApp))
	j, ok := slices.BinarySearch(p.Receives, v.receipts[0])
	if !ok || p.SendOf[j] < 0 {
		return false
	}
	send := int(p.Sends[p.SendOf[j]])
	if p.Vague(int(p.SendOf[j])) {
		// One of the equal sends; the latest that it can be has as many behind it
		// as the voter received after it.
		k := len(p.Sends) - (len(p.Receives) - j)
		send = int(p.Sends[max(k, 0)])
	}
	return v.passed(v.l, send, v.hi)
}

// sentLater reports whether the leader's lane holds, after the head, as many
// messages as patience has rounds that the voter received behind a place.
func (v *view) sentLater(place int) bool {
	found := 0
	for _, c := range v.l.sends.channels {
		if c.From != v.leader || c.To != v.p.Node {
			continue
		}
		p := v.t.Pair(c)
		for k := len(p.Sends) - 1; k >= 0; k-- {
			if j := p.ReceiveOf[k]; j >= 0 && int(p.Receives[j]) > place {
				found++
			}
		}
	}
	return found >= v.pat.Rounds
}

// answersIt reports whether the voter's own log shows an accept that covers the
// head: then those that the leader hears belong to older appends.
func (v *view) answersIt() bool {
	for _, i := range v.replies {
		if r := v.f.rec(int(i)); !r.reject() && r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) >= v.p.HeadLast && v.f.handOver(int(i), v.pat) != No {
			return true
		}
	}
	return false
}

// staleAnswers are accepts, heard after the head was sent, that cover less than
// it or have another term, and do not grow: answers to older appends, which are
// still on their way, do.
func (v *view) staleAnswers() []Proof {
	var out []Proof
	if len(v.sends) == 0 {
		return nil
	}
	var top raftdiag.Index
	for _, i := range between(v.l.receives.of(v.channel(v.p.Node, v.leader, raftdiag.MsgAppResp)), int(v.sends[0]), v.hi) {
		r := v.l.rec(int(i))
		if r.reject() || !r.has(raftdiag.HasIndex) {
			continue
		}
		if idx := raftdiag.Index(r.b); idx > top {
			top, out = idx, out[:0]
		}
		if raftdiag.Index(r.b) < v.p.HeadLast || r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) < v.term {
			out = append(out, Proof{v.l, int(i)})
		}
	}
	return out
}

// waited reports whether the leader's lane goes on for its patience after the
// head went out.
func (v *view) waited() bool {
	if v.pat.Complete && v.hi == v.l.hi {
		return true
	}
	from := v.s.From
	if len(v.sends) > 0 {
		from = int(v.sends[0])
	}
	return v.passed(v.l, from, v.hi)
}

// passed reports whether patience ran out in a lane between two places.
func (v *view) passed(l *Lane, i, j int) bool {
	if l.HasRounds() || len(l.busy) > 0 {
		return l.Waits(i, j) >= v.pat.Rounds
	}
	return l.span(i, j) >= v.pat.Clock
}

// judgeAnswered looks for the answer on the voter.
func (v *view) judgeAnswered() {
	p := v.p
	if v.f == nil {
		v.dunno(Answered, fmt.Sprintf("node %s's log", p.Node), "node %s's log is not among the inputs", p.Node)
		return
	}
	receipt := v.f.hi
	if len(v.receipts) > 0 {
		receipt = int(v.receipts[0])
	}
	var held Proof // an answer that was made and not handed over
	helds := 0
	var made Proof // one of which that is not known
	short := 0
	for k := len(v.replies) - 1; k >= 0; k-- {
		i := int(v.replies[k])
		r := v.f.rec(i)
		if i > receipt && !r.reject() && r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) < p.HeadLast {
			short++
		}
		if !r.has(raftdiag.HasIndex) {
			if i > receipt {
				v.dunno(Answered, fmt.Sprintf("the index in node %s's answers", p.Node), "node %s answered, with what index its log does not print", p.Node)
				return
			}
			continue
		}
		if !r.reject() && raftdiag.Index(r.b) >= p.HeadLast || r.reject() && i > receipt {
			switch v.f.handOver(i, v.pat) {
			case No:
				held = Proof{v.f, i}
				helds++
				continue
			case CannotSay:
				made = Proof{v.f, i}
				continue
			}
			if r0 := int(v.replies[sort.Search(k, func(n int) bool { return int(v.replies[n]) > receipt })]); receipt < i && p.Marks[Heard].Answer == No && v.passed(v.f, receipt, r0) {
				if !v.dawdles(receipt, r0) {
					v.dunno(Answered, "", "node %s answered late, and whether the append was late there or its loop does not show", p.Node)
					return
				}
				v.set(Answered, No, Proof{v.f, receipt}, "node %s received it, and answered only when the leader's time was over", p.Node)
				p.Reply = Proof{v.f, i}
				return
			}
			if v.f.handed&(1<<(r.mtype&31)) == 0 && v.keptBack(i, receipt) {
				return
			}
			p.Reply = Proof{v.f, i}
			word := "accepts"
			if r.reject() {
				word = "rejects"
			}
			v.set(Answered, Yes, p.Reply, "node %s %s it", p.Node, word)
			return
		}
	}
	switch {
	case held.OK() && v.byChance(Answered, v.f, receipt, v.f.hi, helds, "that the hand-over of its answer may be among them"):
		return
	case held.OK():
		v.set(Answered, No, held, "its answer was made and not handed to the transport")
		return
	case made.OK():
		v.dunno(Answered, fmt.Sprintf("node %s's hand-over of MsgAppResp to the transport", p.Node), "node %s made its answer, and whether it was handed to the transport does not show", p.Node)
		p.Reply = made
		return
	case short >= v.pat.Rounds:
		v.set(Answered, Yes, Proof{v.f, int(v.replies[len(v.replies)-1])}, "node %s answers, %d times, with an index that does not cover it", p.Node, short)
		return
	}
	if len(v.receipts) == 0 {
		v.dunno(Answered, "", "whether node %s received it is not known", p.Node)
		return
	}
	by := Proof{v.f, receipt}
	switch {
	case v.f.Prints(Out, raftdiag.MsgAppResp) == 0 && !v.f.listsAll(receipt, v.f.hi):
		v.dunno(Answered, fmt.Sprintf("lines of node %s that show sent MsgAppResp", p.Node), "node %s's log shows no sent MsgAppResp at all", p.Node)
	case !v.passed(v.f, receipt, v.f.hi) && !v.pat.Complete:
		v.dunno(Answered, fmt.Sprintf("more of node %s's log", p.Node), "node %s's log ends too soon after the receipt", p.Node)
	case short > 0:
		v.dunno(Answered, fmt.Sprintf("more of node %s's log", p.Node), "node %s's answers after the receipt cover less, and may belong to earlier appends", p.Node)
	case v.byChance(Answered, v.f, receipt, v.f.hi, len(v.receipts), "that an answer may be among them"):
	case v.inferior(receipt):
		v.set(Answered, No, by, "node %s is in a later term and does not answer an append of term %d", p.Node, v.term)
	default:
		v.set(Answered, No, by, "node %s received it, goes on, and sends no answer", p.Node)
	}
}

// keptBack reports whether the voter's answer at a place cannot have left, or none
// that it is asked for again does, and says so. An answer is printed when it is
// made: in a lane without hand-overs what the loop and the storage do next tells.
func (v *view) keptBack(reply, receipt int) bool {
	if row, stays := v.unstored(receipt); row.OK() && !v.f.rec(reply).reject() {
		if stays {
			v.set(Answered, No, row, "node %s's storage does not take the entry, and its answer waits for that", v.p.Node)
		} else {
			v.dunno(Answered, fmt.Sprintf("more of node %s's log", v.p.Node), "node %s makes its answer, and its log ends before its storage has taken the entry", v.p.Node)
		}
		return true
	}
	n := v.silentBehind(receipt)
	if n == 0 {
		return false
	}
	if !v.byChance(Answered, v.f, receipt, v.f.hi, n, "that what its loop did after its answer may be among them") {
		v.set(Answered, No, Proof{v.f, reply}, "its answer is the last that its Raft loop shows, and %d messages of the leader arrive behind it", n)
	}
	return true
}

// unstored is the voter's newest row, if that shows entries which its storage has
// not taken: since the receipt the stored part of its log ends below the entry and
// does not grow. Whether it stays so, for the voter's patience and as many rows as
// that has rounds, is told as well.
func (v *view) unstored(receipt int) (row Proof, stays bool) {
	var stored uint64
	n, first, at := 0, -1, -1
	for _, i := range v.f.placesOf(raftdiag.LogRow, receipt, v.f.hi) {
		r := v.f.rec(int(i))
		if r.wide() || !r.has(raftdiag.HasLast|raftdiag.HasUnstable) {
			continue
		}
		if r.d == 0 && n == 0 {
			continue // of the time before
		}
		if r.d == 0 || r.d > r.a || n > 0 && r.a-r.d != stored || raftdiag.Index(r.a-r.d) >= v.s.Index {
			return Proof{}, false
		}
		if n == 0 {
			first = int(i)
		}
		stored, at = r.a-r.d, int(i)
		n++
	}
	if n == 0 {
		return Proof{}, false
	}
	return Proof{v.f, at}, n >= v.pat.Rounds && v.passed(v.f, first, at)
}

// silentBehind counts the leader's messages that arrive behind the voter's first
// answer to what it received at a place and that its Raft loop lets pass, if they
// are as many as patience has rounds and the loop shows nothing else behind the
// answer.
func (v *view) silentBehind(receipt int) int {
	k := sort.Search(len(v.replies), func(k int) bool { return int(v.replies[k]) > receipt })
	if k == len(v.replies) {
		return 0
	}
	first, n := -1, 0
	for _, way := range [][2]raftdiag.MessageType{{raftdiag.MsgApp, raftdiag.MsgAppResp}, {raftdiag.MsgHeartbeat, raftdiag.MsgHeartbeatResp}} {
		if v.f.Prints(Out, way[1]) == 0 {
			continue
		}
		list := v.ofTerm(v.f, between(v.f.receives.of(v.channel(v.leader, v.p.Node, way[0])), int(v.replies[k]), v.f.hi))
		if n += len(list); len(list) > 0 && (first < 0 || int(list[0]) < first) {
			first = int(list[0])
		}
	}
	if n < v.pat.Rounds {
		return 0
	}
	if _, turns := v.f.LoopRow(first, v.f.hi); turns {
		return 0
	}
	return n
}

// inferior reports whether the voter was in a later term when it got the
// append.
func (v *view) inferior(i int) bool {
	role, ok := v.f.RoleAt(i + blockRows) // the Ready after the receipt shows it
	return ok && role.Term > v.term
}

// judgeReceived looks for the append on the voter.
func (v *view) judgeReceived() {
	p := v.p
	if v.f == nil {
		if !v.undeliverable() {
			v.dunno(Received, fmt.Sprintf("node %s's log", p.Node), "node %s's log is not among the inputs", p.Node)
		}
		return
	}
	if len(v.receipts) > 0 {
		p.Receipt = Proof{v.f, int(v.receipts[0])}
		if v.tooLong() {
			v.set(Received, No, p.Head, "what the leader sent did not arrive for as long as its patience; when it arrives again node %s is in a later term", p.Node)
			return
		}
		v.set(Received, Yes, p.Receipt, "node %s received it", p.Node)
		return
	}
	if w, ok := v.witness(); ok {
		v.set(Received, Yes, w, "node %s's log grew to cover it", p.Node)
		return
	}
	if v.undeliverable() {
		return
	}
	if v.l != nil && len(v.sends) == 0 {
		v.dunno(Received, "", "whether it was sent is not known")
		return
	}
	switch why, ok := v.voterCovers(); {
	case v.f.Prints(In, raftdiag.MsgApp) == 0:
		v.dunno(Received, fmt.Sprintf("lines of node %s that show received MsgApp", p.Node), "node %s's log shows no received MsgApp at all", p.Node)
	case v.nameless():
		v.dunno(Received, fmt.Sprintf("the index in node %s's Received lines", p.Node), "node %s received appends whose index its log does not print", p.Node)
	case !ok:
		v.dunno(Received, fmt.Sprintf("more of node %s's log", p.Node), "%s", why)
		if k := v.f.rec(v.f.hi - 1).kind; v.l != nil && v.waited() && k != raftdiag.Stopped && k != raftdiag.Panicked {
			p.Quiet = Proof{v.f, v.f.hi - 1}
		}
	case v.receiptByChance():
	default:
		v.set(Received, No, v.lastFrom(), "node %s's log goes on and shows no such append", p.Node)
	}
}

// tooLong reports whether the first append that arrived was sent when the
// leader's patience over the head had run out, to a voter that had gone on to a
// later term: then the way was closed, and that the voter is silent follows.
func (v *view) tooLong() bool {
	if v.l == nil || len(v.sends) == 0 || !v.inferior(int(v.receipts[0])) {
		return false
	}
	p := v.t.Pair(v.channel(v.leader, v.p.Node, raftdiag.MsgApp))
	j, ok := slices.BinarySearch(p.Receives, v.receipts[0])
	if !ok || p.SendOf[j] < 0 || p.Vague(int(p.SendOf[j])) {
		return false
	}
	first := int(v.sends[0])
	return v.passed(v.l, first, int(p.Sends[p.SendOf[j]])) && v.lost(v.leader, v.p.Node, int(p.Sends[p.SendOf[j]])) >= v.pat.Rounds
}

// receiptByChance reports whether the voter's log lacks so many lines that those
// of the receipts may be among them. Where nothing at all arrives after the head,
// each message that left counts.
func (v *view) receiptByChance() bool {
	if v.l == nil || len(v.sends) == 0 {
		return false
	}
	head := int(v.sends[0])
	lo, hi := v.t.stretch(v.leader, v.p.Node, head, head)
	n := len(v.sends)
	beats := v.t.Pair(v.channel(v.leader, v.p.Node, raftdiag.MsgHeartbeat))
	lost := 0
	for k, i := range beats.Sends {
		if int(i) < head || int(i) >= v.hi {
			continue
		}
		if beats.ReceiveOf[k] >= 0 {
			break
		}
		lost++
	}
	return v.byChance(Received, v.f, lo, hi, n+lost, "that the receipt may be among them")
}

// nameless reports whether the voter received appends of the term without an
// index.
func (v *view) nameless() bool {
	for _, i := range v.ofTerm(v.f, v.f.receives.of(v.channel(v.leader, v.p.Node, raftdiag.MsgApp))) {
		if !v.f.rec(int(i)).has(raftdiag.HasIndex) {
			return true
		}
	}
	return false
}

// witness finds a row that shows the voter's log grown over the head within
// the leader's term.
func (v *view) witness() (Proof, bool) {
	begin := -1
	for _, r := range v.f.roles {
		if r.Term == v.term {
			begin = int(r.At)
			break
		}
	}
	if begin < 0 {
		return Proof{}, false
	}
	before, _ := v.f.LastAt(begin)
	for _, s := range v.f.lasts {
		if int(s.At) >= begin && s.Value >= v.p.HeadLast && before < v.p.HeadLast {
			if role, ok := v.f.RoleAt(int(s.At) + 1); ok && role.Term == v.term && role.Role != raftdiag.Leader {
				return Proof{v.f, int(s.At)}, true
			}
		}
	}
	return Proof{}, false
}

// undeliverable looks for a transport error of the leader that no later sign
// of life answers, and for the append at another node.
func (v *view) undeliverable() bool {
	p := v.p
	if v.l == nil || len(v.sends) == 0 {
		return false
	}
	head := int(v.sends[0])
	for _, s := range p.Strays {
		if e := s.Event(); e.From == v.leader {
			v.set(Received, No, s, "node %s received what was meant for node %s", s.Lane.Node, p.Node)
			return true
		}
	}
	var after []Proof
	for _, fail := range p.Failures {
		if fail.I > head {
			after = append(after, fail)
		}
	}
	if len(after) == 0 {
		return false
	}
	// Anything heard of the voter after the first failure shows that the road
	// to it is open again, unless the failures go on.
	lastFail := after[len(after)-1].I
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgAppResp, raftdiag.MsgHeartbeatResp} {
		if places := v.l.receives.of(v.channel(p.Node, v.leader, mt)); len(between(places, lastFail, v.hi)) > 0 {
			return false
		}
	}
	e := after[0].Event()
	v.set(Received, No, after[0], "the transport says: %s", e.Text)
	p.Refused = Refused(after[len(after)-1].Event().Text) && (v.f == nil || !v.t.outlives(v.f, p.Node, v.pat) && !v.aliveMeanwhile() && !v.t.speaksLater(after[0], p.Node))
	return true
}

// lastFrom is the voter's last message from the leader in its term, or its
// last event.
func (v *view) lastFrom() Proof {
	i := v.lastHeard()
	if i < 0 {
		i = v.f.hi - 1
	}
	return Proof{v.f, i}
}

func (v *view) lastHeard() int {
	at := -1
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap} {
		places := v.ofTerm(v.f, v.f.receives.of(v.channel(v.leader, v.p.Node, mt)))
		if len(places) > 0 {
			at = max(at, int(places[len(places)-1]))
		}
	}
	return at
}

// voterCovers reports whether the voter's lane would show the head if it had
// arrived: the lane begins before the head was sent and goes on after.
func (v *view) voterCovers() (string, bool) {
	n := v.p.Node
	if v.l == nil {
		return fmt.Sprintf("node %s's log is not among the inputs", v.leader), false
	}
	if !v.waited() {
		return "the leader's log ends too soon after the append", false
	}
	if !v.beginsBefore() {
		return fmt.Sprintf("node %s's log may begin after the append", n), false
	}
	if v.pat.Complete {
		return "", true
	}
	// A heartbeat that left after the head has come.
	c := v.channel(v.leader, n, raftdiag.MsgHeartbeat)
	pr := v.t.Pair(c)
	later := 0
	for j, k := range pr.SendOf {
		if k >= 0 && int(pr.Sends[k]) > int(v.sends[0]) && !pr.Twice[j] {
			later++
		}
	}
	if later >= v.pat.Rounds {
		return "", true
	}
	from := v.lastHeard()
	if from < 0 {
		from = v.voteFor()
	}
	if from < 0 {
		return fmt.Sprintf("node %s's log shows nothing of the leader in term %d", n, v.term), false
	}
	if v.passed(v.f, from, v.f.hi) && !v.f.endedIdle(from) {
		return "", true
	}
	return fmt.Sprintf("node %s's log ends too soon after its last message from the leader", n), false
}

// voteFor is the place of the voter's vote for the leader, or of its step into
// the leader's term, or -1.
func (v *view) voteFor() int {
	for _, i := range v.ofTerm(v.f, v.f.sends.of(v.channel(v.p.Node, v.leader, raftdiag.MsgVoteResp))) {
		if !v.f.rec(int(i)).reject() {
			return int(i)
		}
	}
	for k, r := range v.f.roles {
		if r.Term >= v.term && (k > 0 || r.Term > v.term) {
			return int(r.At)
		}
	}
	return -1
}

// beginsBefore reports whether the voter's lane begins before the head was
// sent: it shows an append below the head, its vote, an earlier term, or a log
// that ends before the head.
func (v *view) beginsBefore() bool {
	for _, i := range v.ofTerm(v.f, v.f.receives.of(v.channel(v.leader, v.p.Node, raftdiag.MsgApp))) {
		if r := v.f.rec(int(i)); r.has(raftdiag.HasIndex) && reach(r) < v.p.HeadLast {
			return true
		}
	}
	if len(v.f.roles) > 0 && v.f.roles[0].Term > 0 && v.f.roles[0].Term < v.term {
		return true
	}
	if len(v.f.Incarnations) > 0 && v.f.kinds[raftdiag.Booted] > 0 {
		return true
	}
	for _, i := range v.f.sends.of(v.channel(v.p.Node, v.leader, raftdiag.MsgVoteResp)) {
		if r := v.f.rec(int(i)); r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) == v.term {
			return true
		}
	}
	// More heartbeats came than left after the head.
	c := v.channel(v.leader, v.p.Node, raftdiag.MsgHeartbeat)
	after := len(between(v.l.sends.of(c), int(v.sends[0]), v.l.hi))
	return len(v.ofTerm(v.f, v.f.receives.of(c))) > after
}

// judgeSent looks for the head on the leader.
func (v *view) judgeSent() {
	p, s := v.p, v.s
	if v.l == nil {
		v.dunno(Sent, fmt.Sprintf("node %s's log", v.leader), "the leader's log is not among the inputs")
		return
	}
	if len(v.sends) > 0 {
		over, held := CannotSay, 0
		for _, i := range v.sends {
			if h := v.l.handOver(int(i), v.pat); h == Yes {
				over = Yes
				break
			} else if h == No {
				over = No
				held++
			}
		}
		switch over {
		case CannotSay:
			v.dunno(Sent, fmt.Sprintf("node %s's hand-over of MsgApp to the transport", v.leader), "the leader made it, and whether it was handed to the transport does not show")
			return
		case No:
			if len(p.Failures) > 0 {
				v.dunno(Sent, fmt.Sprintf("node %s's hand-over of MsgApp to the transport", v.leader), "its hand-over does not show, and the transport to node %s has errors", p.Node)
				return
			}
			if v.byChance(Sent, v.l, p.Head.I, v.hi, held, "that its hand-over may be among them") {
				return
			}
			v.set(Sent, No, p.Head, "it was generated and not handed to the transport")
			return
		}
		v.set(Sent, Yes, p.Head, "the leader sent it")
		return
	}
	switch {
	case !v.birthSeen():
		v.dunno(Sent, fmt.Sprintf("the earlier part of node %s's log", v.leader), "the leader's log begins after the entry was appended")
	case v.byChance(Sent, v.l, s.From, v.hi, v.unsent(), "that an append may be among them"):
	case v.l.Prints(Out, raftdiag.MsgApp) > 0 || v.l.listsAll(s.From, v.hi):
		by := Proof{v.l, s.From}
		if r, ok := v.l.Last(raftdiag.Ready, v.hi); ok && r.I > s.From && v.l.Prints(Out, raftdiag.MsgApp) == 0 {
			by = r // it counts its messages
		}
		v.set(Sent, No, by, "the leader sends node %s no append that covers entry %d", p.Node, max(p.Match+1, s.Index))
	default:
		v.dunno(Sent, fmt.Sprintf("lines of node %s that show sent MsgApp", v.leader), "node %s's log shows no sent MsgApp at all", v.leader)
	}
}

// unsent counts the appends that the leader's log would show, had they been made:
// as many as another voter got while the entry waited, or one for each answer to a
// heartbeat.
func (v *view) unsent() int { return v.unsentBy(v.hi) }

func (v *view) unsentBy(end int) int {
	most := 1
	for _, c := range v.l.sends.channels {
		if c.Type == raftdiag.MsgApp && c.To != v.p.Node {
			most = max(most, len(between(v.l.sends.of(c), v.s.From, end)))
		}
	}
	return max(most, len(between(v.l.receives.of(v.channel(v.p.Node, v.leader, raftdiag.MsgHeartbeatResp)), v.s.From, end)))
}

// birthSeen reports whether the lane shows the log before the entry was in it.
func (v *view) birthSeen() bool {
	inc := v.l.Incarnations[v.l.incarnation(v.s.From)]
	want := min(v.s.Index, v.p.Match+1)
	if !v.p.MatchBy.OK() {
		want = v.s.Index
	}
	for _, st := range v.l.lasts {
		if int(st.At) >= inc.Begin && int(st.At) <= v.s.From && st.Value < want {
			return true
		}
	}
	// The row itself is the birth: the proposal is taken, or Ready has entries.
	for i := v.s.From; want >= v.s.Index && i < v.hi && i < v.s.From+blockRows; i++ {
		r := v.l.rec(i)
		if r.kind == raftdiag.Proposed && r.has(raftdiag.HasIndex) && raftdiag.Index(r.a) >= want ||
			r.kind == raftdiag.Ready && !r.wide() && r.b>>32 > 0 {
			return true
		}
	}
	// The tenure's beginning is in the lane: a new leader probes every peer.
	for _, r := range v.l.roles {
		if int(r.At) >= inc.Begin && int(r.At) < v.s.Tenure.Begin && (r.Role != raftdiag.Leader || r.Term < v.term) {
			return true
		}
	}
	return false
}

// handOver reports whether the message at place i was given to the transport. A
// lane that prints no hand-over, message by message, is taken to have done so.
// One that prints it for other types only does not tell, and neither does the
// end of a log, where the hand-over may only not be written yet: the loop has to
// turn once more, or the log has to go on for its patience without it.
func (l *Lane) handOver(i int, pat Patience) Answer {
	r := l.rec(i)
	switch {
	case l.handed == 0:
		return Yes
	case l.handed&(1<<(r.mtype&31)) == 0:
		return CannotSay
	}
	torn := false
	hands := func(o *record) bool {
		switch {
		case o.kind != raftdiag.HandedOver && o.kind != raftdiag.SendFailed || !l.isPerMessage(o) || l.peerOf(o) != l.store.nodes.list[r.to]:
			return false
		case o.has(raftdiag.HasType):
			return o.mtype == r.mtype
		}
		torn = torn || o.kind == raftdiag.HandedOver // this log prints the types
		return o.kind == raftdiag.SendFailed
	}
	goesOn := false
	end := l.Incarnations[l.incarnation(i)].End // a process that died hands over nothing when it comes back
	for k := i + 1; k < end && k < i+256; k++ {
		o := l.rec(k)
		goesOn = goesOn || o.kind == raftdiag.State || o.kind == raftdiag.Ready
		if o.kind == raftdiag.State && k > i+64 {
			break
		}
		if hands(o) {
			return Yes
		}
	}
	// Lines of one moment may have changed places on their way: is there a
	// hand-over that no earlier message needs?
	spare, needed := 0, 0
	for k := i - 1; k >= l.lo && k >= i-64 && r.time != 0 && (spare > 0 || k >= i-16); k-- {
		o := l.rec(k)
		switch {
		case o.has(raftdiag.HasIndex) && r.has(raftdiag.HasIndex) && o.b != r.b && o.kind == raftdiag.HandedOver:
		case hands(o) && (k < i-16 || o.time < r.time):
			needed++
		case hands(o):
			spare++
		case o.kind != raftdiag.Sent || o.to != r.to || o.mtype != r.mtype:
		case needed > 0:
			needed--
		default:
			spare--
		}
	}
	if spare > 0 {
		return Yes
	}
	if (goesOn || l.Passed(pat, 1, i, l.hi)) && !torn {
		return No
	}
	return CannotSay
}

func (l *Lane) isPerMessage(r *record) bool { return r.has(raftdiag.HasTo) || r.has(raftdiag.HasPeer) }

func (l *Lane) peerOf(r *record) raftdiag.NodeID {
	if r.has(raftdiag.HasPeer) {
		return l.store.nodes.list[r.from]
	}
	return l.store.nodes.list[r.to]
}

// BeginsWithBoot reports whether the lane's log begins when its process did.
func (l *Lane) BeginsWithBoot() bool {
	for i := l.lo; i < l.hi && i < l.lo+blockRows; i++ {
		switch k := l.rec(i).kind; {
		case k == raftdiag.Booted:
			return true
		case isRaft(k):
			return false
		}
	}
	return false
}

// listsAll reports whether the Ready rows between two places say how many
// messages were made, and each is followed by that many: then a message that is
// not listed was not made.
func (l *Lane) listsAll(i, j int) bool {
	readies, announced, listed := 0, uint64(0), uint64(0)
	for n := 0; n < 2*blockRows && i > l.lo && l.rec(i).kind != raftdiag.Ready; n++ {
		i-- // the Ready whose rows these are
	}
	for k := i; k < j; k++ {
		r := l.rec(k)
		switch r.kind {
		case raftdiag.Ready:
			if !r.has(raftdiag.HasImmediate) && !r.has(raftdiag.HasPersisted) {
				continue
			}
			if readies > 0 && listed < announced {
				return false
			}
			readies++
			announced, listed = r.a>>32+uint64(uint32(r.a)), 0
		case raftdiag.Sent:
			listed++
		}
	}
	return readies > 0 && listed >= announced
}

// judgeHealed finds the gate at which an entry was late that committed in the
// end.
func (v *view) judgeHealed() {
	p, s := v.p, v.s
	for g := Sent; g <= Matched; g++ {
		p.Marks[g] = Mark{Answer: Yes, Proof: p.MatchBy, Why: "passed in the end"}
	}
	if v.l == nil {
		return
	}
	first := -1
	for _, i := range v.heard {
		r := v.l.rec(int(i))
		if !r.reject() && r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) >= s.Index {
			first = int(i)
			break
		}
	}
	late := func(g Gate, by Proof, why string, args ...any) {
		for h := g; h <= Matched; h++ {
			p.Marks[h] = Mark{Answer: No, Proof: by, Why: fmt.Sprintf(why, args...), Late: true}
		}
	}
	if first >= 0 && v.l.Rounds(s.From, first) < v.pat.Rounds { // heard in time
		if row, ok := v.ignored(first); ok {
			late(Matched, row, "its accept arrived, and for long its match stayed below entry %d", s.Index)
			p.Marks[Heard].Proof = Proof{v.l, first}
		}
		return
	}
	end := first
	if end < 0 {
		end = v.hi
	}
	var sends []int32
	for _, i := range v.ofTerm(v.l, between(v.l.sends.of(v.channel(v.leader, p.Node, raftdiag.MsgApp)), v.lo, end)) {
		if r := v.l.rec(int(i)); r.has(raftdiag.HasIndex) && reach(r) >= s.Index {
			sends = append(sends, i)
		}
	}
	var rejects []Proof // those of a voter that does not hold the entry: its hint would cover it
	for _, r := range p.Rejects {
		if o := v.l.rec(r.I); !o.has(raftdiag.HasHint) || raftdiag.Index(uint32(o.d)) < s.Index {
			rejects = append(rejects, r)
		}
	}
	if len(rejects) >= v.pat.Rounds && v.l.Rounds(s.From, rejects[len(rejects)-1].I) >= v.pat.Rounds {
		late(Matched, rejects[0], "its answers were rejections")
		return
	}
	gets := len(p.Rejects) >= v.pat.Rounds // who rejects appends over and over gets them: that one is sent late is then no reason
	if !gets && len(sends) > 0 && v.l.Rounds(s.From, int(sends[0])) >= v.pat.Rounds && v.unsentBy(int(sends[0])) >= v.t.Chance(v.l, s.From, int(sends[0])) {
		late(Sent, Proof{v.l, int(sends[0])}, "the leader sent it late")
		return
	}
	if i, over := v.heldBack(sends); !gets && len(sends) > 0 && i >= 0 && v.l.Rounds(s.From, over) >= v.pat.Rounds {
		p.Head = Proof{v.l, i}
		late(Sent, p.Head, "it was generated and for long not handed to the transport")
		return
	}
	for _, fail := range p.Failures {
		if fail.I > s.From && fail.I < end {
			late(Received, fail, "the transport said: %s", fail.Event().Text)
			return
		}
	}
	unknown := func() {
		for g := Received; g <= Matched; g++ {
			v.dunno(g, fmt.Sprintf("node %s's log", p.Node), "where it was late does not show")
		}
	}
	if v.f == nil || len(sends) == 0 {
		unknown()
		return
	}
	var receipts, accepts []int32
	for _, i := range v.ofTerm(v.f, v.f.receives.of(v.channel(v.leader, p.Node, raftdiag.MsgApp))) {
		if r := v.f.rec(int(i)); r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) < s.Index && reach(r) >= s.Index {
			receipts = append(receipts, i)
		}
	}
	for _, i := range v.replies {
		if r := v.f.rec(int(i)); !r.reject() && r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) >= s.Index && v.f.handOver(int(i), v.pat) != No {
			accepts = append(accepts, i)
		}
	}
	if len(receipts) == 0 || len(accepts) == 0 {
		unknown()
		return
	}
	p.Receipt, p.Reply = Proof{v.f, int(receipts[0])}, Proof{v.f, int(accepts[0])}
	lostThere, lostBack := v.lost(v.leader, p.Node, end), v.lost(p.Node, v.leader, end)
	switch short := v.shortReplies(int(receipts[0]), int(accepts[0])); {
	case len(short) >= v.pat.Rounds && v.passed(v.f, int(receipts[0]), int(accepts[0])):
		late(Matched, Proof{v.f, short[0]}, "%d answers of node %s do not cover it", len(short), p.Node)
		if i := v.heardShort(); i >= 0 {
			p.Marks[Heard].Proof = Proof{v.l, i}
		}
	case v.answerFails(int(accepts[0])).OK() && !v.passed(v.f, int(receipts[0]), int(accepts[0])):
		fail := v.answerFails(int(accepts[0]))
		late(Heard, fail, "the transport said: %s", fail.Event().Text)
	case v.woke(sends[0], receipts[0]):
		unknown() // whether its process stood still, or a loop that prints what it takes in, does not show
	case first >= 0 && lostThere < v.pat.Rounds && lostBack < v.pat.Rounds && v.onTheWay(sends[0], receipts[0], accepts[0], first):
		p.OnWay = true
		if v.overtakenBack(accepts[0], first) {
			late(Heard, p.Reply, "node %s answered at once, and what it sent later arrived before the answer", p.Node)
		} else {
			late(Received, Proof{v.l, int(sends[0])}, "node %s answered at once when it came, by its clock, and the answer arrived: the time went on the way there or back", p.Node)
		}
	case accepts[0] > receipts[0] && v.dawdles(int(receipts[0]), v.firstReply(int(receipts[0]), int(accepts[0]))) &&
		v.unanswered(int(receipts[0]), v.firstReply(int(receipts[0]), int(accepts[0]))) >= v.t.Chance(v.f, int(receipts[0]), int(accepts[0])):
		late(Answered, p.Receipt, "node %s received it and answered late", p.Node)
	case accepts[0] > receipts[0] && v.passed(v.f, int(receipts[0]), v.firstReply(int(receipts[0]), int(accepts[0]))):
		unknown() // what came late comes all at once
	case v.askedAgain(receipts, int(accepts[0])):
		late(Heard, p.Reply, "node %s answered, and the leader sent it again and again", p.Node)
	case v.beatsBefore(sends[0], receipts[0]) && v.missesFirst(sends, int(receipts[0])):
		late(Received, Proof{v.l, int(sends[0])}, "the first append that carries it did not arrive, and what the leader sent later did")
	case lostBack >= v.pat.Rounds && lostThere < v.pat.Rounds:
		late(Heard, p.Reply, "%d answers of node %s did not arrive", lostBack, p.Node)
	case lostThere >= v.pat.Rounds:
		late(Received, Proof{v.l, int(sends[0])}, "%d messages to node %s did not arrive", lostThere, p.Node)
	default:
		unknown()
	}
}

// onTheWay reports whether an append and its answer, which both arrived, spent
// the leader's patience on the way: neither lane stood still meanwhile, and the
// voter answered in a fourth of the time at most. A node that is paused, or
// whose loop is, prints late what arrived in time, but nothing else either. It
// needs stamps, of each node's own clock.
func (v *view) onTheWay(send, receipt, reply int32, heard int) bool {
	there := v.t.Pair(v.channel(v.leader, v.p.Node, raftdiag.MsgApp))
	back := v.t.Pair(v.channel(v.p.Node, v.leader, raftdiag.MsgAppResp))
	if !there.joins(send, receipt) || reply < receipt || !back.joins(reply, int32(heard)) || !v.passed(v.l, int(send), heard) {
		return false
	}
	wait := v.l.span(int(send), heard+1)
	since := v.f.rec(int(receipt)).time - int64(wait)
	from := int(receipt)
	for from > v.f.lo && (v.f.rec(from-1).time == 0 || v.f.rec(from-1).time > since) {
		from--
	}
	return wait >= 4*v.l.Grain(heard) && v.f.rec(int(receipt)).time != 0 && 4*(v.f.span(int(receipt), int(reply)+1)+v.f.Grain(int(receipt))) <= wait &&
		4*v.f.longestGap(max(from-1, v.f.lo), int(reply)+1) <= 3*wait && 4*v.l.longestGap(int(send), heard+1) <= 3*wait
}

// Trips counts the voter's accepts that the leader heard while the entry waited
// and that belong to appends whose way shows from end to end; and those of them
// that spent the leader's patience on the way. Where a message is missing that
// was sent before one that arrived, nothing is counted: it may have been lost,
// and another come in its place.
func (t *Timeline) Trips(s *Stall, n raftdiag.NodeID, pat Patience) (slow, all int) {
	v := view{t: t, s: s, p: &Place{Node: n}, pat: pat, l: s.Tenure.Lane, f: t.Lane(n), term: s.Tenure.Term, leader: s.Tenure.Leader}
	if v.l == nil || v.f == nil || v.f.Adrift {
		return 0, 0
	}
	there, back := t.Pair(v.channel(v.leader, n, raftdiag.MsgApp)), t.Pair(v.channel(n, v.leader, raftdiag.MsgAppResp))
	for k, i := range between(back.Receives, s.Tenure.Begin, s.To) {
		k += sort.Search(len(back.Receives), func(k int) bool { return int(back.Receives[k]) >= s.Tenure.Begin })
		r := v.l.rec(int(i))
		if back.SendOf[k] < 0 || int(i) < s.From || r.reject() || !r.has(raftdiag.HasIndex) {
			continue
		}
		reply := back.Sends[back.SendOf[k]]
		// The append that it answers is the last one that came before.
		at := sort.Search(len(there.Receives), func(k int) bool { return there.Receives[k] >= reply }) - 1
		for ; at >= 0; at-- {
			if a := v.f.rec(int(there.Receives[at])); a.has(raftdiag.HasIndex) && reach(a) == raftdiag.Index(r.b) {
				break
			}
		}
		if at < 0 || there.SendOf[at] < 0 {
			continue
		}
		all++
		if v.onTheWay(there.Sends[there.SendOf[at]], there.Receives[at], reply, int(i)) {
			slow++
		}
	}
	if there.gaps(s) || back.gaps(s) {
		return 0, all
	}
	return slow, all
}

// gaps reports whether some message did not arrive though one that was sent
// later did, as far as the stall's term goes.
func (p *Pairing) gaps(s *Stall) bool {
	arrived := false
	for k := len(p.Sends) - 1; k >= 0; k-- {
		r := p.From.rec(int(p.Sends[k]))
		if r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) != s.Tenure.Term {
			continue
		}
		if p.ReceiveOf[k] >= 0 {
			arrived = true
		} else if arrived {
			return true
		}
	}
	return false
}

// joins reports whether the send at one place is the receive at another, beyond
// doubt.
func (p *Pairing) joins(send, receive int32) bool {
	k, ok := slices.BinarySearch(p.Sends, send)
	if !ok || p.ReceiveOf[k] < 0 || p.Vague(k) {
		return false
	}
	return p.Receives[p.ReceiveOf[k]] == receive
}

// Grain is how fine the stamps around a place are: the least by which two of
// them differ.
func (l *Lane) Grain(i int) time.Duration {
	var last int64
	least := time.Duration(0)
	for k := max(l.lo, i-256); k < min(l.hi, i+256); k++ {
		t := l.rec(k).time
		if t == 0 {
			continue
		}
		if d := time.Duration(t - last); last != 0 && d > 0 && (least == 0 || d < least) {
			least = d
		}
		last = t
	}
	return least
}

// longestGap is the longest time without a line between two places.
func (l *Lane) longestGap(i, j int) time.Duration {
	var last, most int64
	for k := i; k < j; k++ {
		t := l.rec(k).time
		if t == 0 {
			continue
		}
		if last != 0 {
			most = max(most, t-last)
		}
		last = t
	}
	return time.Duration(most)
}

// overtakenBack reports whether heartbeat answers that left after the voter's
// answer arrived before it, as many as patience has rounds.
func (v *view) overtakenBack(reply int32, heard int) bool {
	p := v.t.Pair(v.channel(v.p.Node, v.leader, raftdiag.MsgHeartbeatResp))
	n := 0
	for k, i := range p.Sends {
		if j := p.ReceiveOf[k]; i > reply && j >= 0 && int(p.Receives[j]) < heard && !p.Vague(k) {
			n++
		}
	}
	return n >= v.pat.Rounds
}

// answerFails is what the voter's transport says of the answer at a place: that
// it could not be sent.
func (v *view) answerFails(reply int) Proof {
	r := v.f.rec(reply)
	for _, fail := range v.f.Failures(v.leader, reply, min(reply+blockRows, v.f.hi)) {
		o := v.f.rec(fail.I)
		if o.has(raftdiag.HasType) && o.mtype == r.mtype && o.has(raftdiag.HasIndex) && o.b == r.b {
			return fail
		}
	}
	return Proof{}
}

// ignored is the last Progress row that shows the voter's match below the entry
// although the leader heard its accept long before: the loop went on for its
// patience, and it turned more than once, for what arrives waits for it.
func (v *view) ignored(heard int) (Proof, bool) {
	row := -1
	turns := 0
	for _, i := range between(v.l.progress(v.p.Node), heard, v.hi) {
		r := v.l.rec(int(i))
		if !r.has(raftdiag.HasMatch) {
			continue
		}
		if raftdiag.Index(r.a) >= v.s.Index {
			break
		}
		row = int(i)
		turns++
	}
	if turns < v.pat.Rounds || !v.l.Passed(v.pat, 1, heard, row+1) {
		return Proof{}, false
	}
	return Proof{v.l, row}, true
}

// woke reports whether the voter's log stood still while the append was on its
// way, and shows it as soon as it goes on.
func (v *view) woke(send, receipt int32) bool {
	gap, ok := v.t.Pause(v.f, v.pat)
	if !ok || int(receipt) <= gap.Last || 4*v.f.span(gap.Last+1, int(receipt)+1) > gap.Silence || !v.passed(v.l, int(send), gap.Witness.I) || gap.Witness.Lane != v.l {
		return false
	}
	v.p.Asleep = Proof{v.f, gap.Last}
	return true
}

// dawdles reports whether the voter let its patience pass between a receipt and
// its first answer. Messages that were late on the way arrive all at once, many
// rounds of them before the loop could turn. It takes time to tell that apart,
// or, without stamps, many more rounds, or a turn of the loop without an answer.
func (v *view) dawdles(receipt, reply int) bool {
	if !v.passed(v.f, receipt, reply) || v.atOnce(receipt, reply) {
		return false
	}
	turns := 0
	for i := receipt + 1; i < reply; i++ {
		switch r := v.f.rec(i); r.kind {
		case raftdiag.State, raftdiag.Ready:
			if r.kind == raftdiag.Ready && r.has(raftdiag.HasPersisted) && uint32(r.a) > 0 && !v.f.lists(i, reply) {
				return false // it made an answer, whose line is missing
			}
			if r.kind == raftdiag.Ready || v.f.kinds[raftdiag.Ready] == 0 {
				turns++
			}
		}
	}
	return turns > 1 || v.f.StampNear(receipt) != raftdiag.NoStamp || v.f.Waits(receipt, reply) >= 4*v.pat.Rounds
}

// atOnce reports whether the rounds between two places of the voter's lane went
// by in next to no time: what waited on the way, or in the leader, has come all
// together. Clocks may go at any pace; the difference is of orders of magnitude.
func (v *view) atOnce(i, j int) bool {
	rounds := v.f.Waits(v.f.lo, v.f.hi)
	usual := v.f.span(v.f.lo, v.f.hi) / time.Duration(max(rounds, 1))
	return v.f.span(i, j)*8 < usual*time.Duration(v.pat.Rounds)
}

// lists reports whether as many messages are listed behind the Ready row, up to
// the next one, as it announces, or the reply is among them: lines that are
// equal in every letter count once.
func (l *Lane) lists(ready, reply int) bool {
	r := l.rec(ready)
	announced, listed := r.a>>32+uint64(uint32(r.a)), uint64(0)
	for i := ready + 1; i < reply; i++ {
		switch l.rec(i).kind {
		case raftdiag.Ready:
			return listed >= announced
		case raftdiag.Sent:
			listed++
		}
	}
	return true
}

// heldBack is the first of an append's sends that was not handed to the
// transport, with the place of the first one that was, or of the end; -1 if the
// first one was handed over or that is not known.
func (v *view) heldBack(sends []int32) (first, over int) {
	first = -1
	for _, i := range sends {
		switch v.l.handOver(int(i), v.pat) {
		case No:
			if first < 0 {
				first = int(i)
			}
		case Yes:
			return first, int(i)
		default:
			return -1, 0
		}
	}
	return first, v.hi
}

// shortReplies are the voter's accepts between a receipt and the accept that
// covers it, which cover less and do not grow: those to earlier appends do.
func (v *view) shortReplies(receipt, accept int) []int {
	var out []int
	var top raftdiag.Index
	for _, i := range v.replies {
		r := v.f.rec(int(i))
		if int(i) <= receipt || int(i) >= accept || r.reject() || !r.has(raftdiag.HasIndex) || v.f.handOver(int(i), v.pat) == No {
			continue
		}
		if idx := raftdiag.Index(r.b); idx > top {
			top, out = idx, out[:0]
		}
		out = append(out, int(i))
	}
	return out
}

// heardShort is the leader's place of the first accept that it heard while the
// entry waited and that does not cover it, or -1.
func (v *view) heardShort() int {
	for _, i := range v.heard {
		r := v.l.rec(int(i))
		if int(i) > v.s.From && !r.reject() && r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) < v.s.Index {
			return int(i)
		}
	}
	return -1
}

// firstReply is the place of the voter's first answer of either kind behind a
// receipt, or of the accept: a rejection in time is no silence.
func (v *view) firstReply(receipt, accept int) int {
	for _, i := range v.replies {
		if int(i) > receipt && int(i) < accept && v.f.rec(int(i)).reject() {
			return int(i)
		}
	}
	return accept
}

// askedAgain reports whether the leader's append came once more, its patience
// after the voter had answered it.
func (v *view) askedAgain(receipts []int32, accept int) bool {
	for _, i := range receipts {
		if int(i) > accept && v.passed(v.f, accept, int(i)) {
			return true
		}
	}
	return false
}

// beatsBefore reports whether heartbeats that left after the append arrived
// before it, as many as patience has rounds.
func (v *view) beatsBefore(send, receipt int32) bool {
	p := v.t.Pair(v.channel(v.leader, v.p.Node, raftdiag.MsgHeartbeat))
	n := 0
	for k, i := range p.Sends {
		if j := p.ReceiveOf[k]; i > send && j >= 0 && p.Receives[j] < receipt && !p.Vague(k) {
			n++
		}
	}
	return n >= v.pat.Rounds
}

// unanswered counts the appends that the voter received between two places: each
// would have an answer.
func (v *view) unanswered(receipt, reply int) int {
	return len(between(v.f.receives.of(v.channel(v.leader, v.p.Node, raftdiag.MsgApp)), receipt, reply))
}

// missesFirst reports whether so many of the appends that carry the entry lack a
// receipt before the first one that arrived that lost lines are no likely reason.
func (v *view) missesFirst(sends []int32, receipt int) bool {
	p := v.t.Pair(v.channel(v.leader, v.p.Node, raftdiag.MsgApp))
	n, end := 0, int(sends[0])
	for k, i := range p.Sends {
		if i < sends[0] {
			continue
		}
		if p.ReceiveOf[k] >= 0 {
			break
		}
		n, end = n+1, int(i)
	}
	lo, _ := v.t.stretch(v.leader, v.p.Node, int(sends[0]), end)
	return max(n, 1) >= v.t.Chance(v.f, lo, receipt)
}

// lost counts the messages between the two nodes that were sent while the entry
// waited and are proven lost: the receiver prints their kind, and equal headers
// are counted, not told apart.
func (v *view) lost(from, to raftdiag.NodeID, end int) int {
	n, sent := 0, 0
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgAppResp, raftdiag.MsgHeartbeat, raftdiag.MsgHeartbeatResp} {
		p := v.t.Pair(v.channel(from, to, mt))
		if p.From == nil || p.To == nil || p.To.Prints(In, mt) == 0 {
			continue
		}
		if p.From == v.l {
			for k, i := range p.Sends {
				if int(i) <= v.s.From || int(i) >= end {
					continue
				}
				sent++
				if p.ReceiveOf[k] < 0 {
					n++
				}
			}
			continue
		}
		// The voter's places are not the leader's: what it sent between arrivals
		// that lie on either side of the wait, or within it.
		missing, over := 0, false
		for k := range p.Sends {
			r := p.ReceiveOf[k]
			if r < 0 {
				missing++
				continue
			}
			if at := int(p.Receives[r]); at > v.s.From && !over {
				n, sent = n+missing, sent+missing+1
				over = at >= end
			}
			missing = 0
		}
		if !over {
			n, sent = n+missing, sent+missing
		}
	}
	if l := v.t.Lane(to); l != nil && float64(n) < 2*v.t.share(l)*float64(sent) {
		return 0 // the receiver's log lacks lines as often
	}
	return n
}

// down looks for signs that the voter's process is gone, and was so while the
// entry waited.
func (v *view) down() {
	if by, why := v.t.DownProof(v.p.Node, v.pat); by.OK() && !v.aliveMeanwhile() {
		v.p.Down, v.p.DownWhy = by, why
	}
}

// aliveMeanwhile reports whether the voter's process ran for its patience after
// the entry was there: its own log goes on that long after it got it, the leader
// hears it that late, or it hears what the leader sent that late.
func (v *view) aliveMeanwhile() bool {
	n := v.p.Node
	if got := v.got(); got >= 0 && v.passed(v.f, got, v.f.hi) {
		return true
	}
	if v.l != nil {
		for c, places := range v.l.receives.all() {
			if c.From != n {
				continue
			}
			if late := between(places, v.s.From, v.hi); len(late) > 0 && v.passed(v.l, v.s.From, int(late[len(late)-1])) {
				return true
			}
		}
		if v.f != nil {
			for _, c := range v.l.sends.channels {
				if c.To != n || c.Type != raftdiag.MsgHeartbeat && c.Type != raftdiag.MsgApp {
					continue
				}
				p := v.t.Pair(c)
				// In order, the last of so many receives is of no earlier send, where the
				// lane has all sends; a few lines may be missing.
				if n := min(len(p.Receives), len(p.Sends)) - 2*v.pat.Rounds; n > 0 && v.l.BeginsWithBoot() && !slices.Contains(p.Twice, true) && !slices.Contains(p.SendOf, -1) &&
					int(p.Sends[n-1]) > v.s.From && v.passed(v.l, v.s.From, int(p.Sends[n-1])) {
					return true
				}
				for k := len(p.Sends) - 1; k >= 0 && int(p.Sends[k]) > v.s.From; k-- {
					if p.ReceiveOf[k] >= 0 && !p.Vague(k) {
						if v.passed(v.l, v.s.From, int(p.Sends[k])) {
							return true
						}
						break
					}
				}
			}
		}
	}
	return false
}

// got is the first place where the voter's lane shows that it has the entry: that
// it receives it, or that it accepts it; -1 if it does not.
func (v *view) got() int {
	if v.f == nil {
		return -1
	}
	if len(v.receipts) > 0 {
		return int(v.receipts[0])
	}
	for _, i := range v.replies {
		if r := v.f.rec(int(i)); !r.reject() && r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) >= v.s.Index {
			return int(i)
		}
	}
	return -1
}

// Refused reports whether a transport error says that nobody listens.
func Refused(text string) bool {
	return strings.Contains(strings.ToLower(text), "refused")
}
