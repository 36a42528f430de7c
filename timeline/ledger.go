package timeline

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
)

// Ledgers are the group's books: who wrote to whom, who led and how it ended,
// whom each node takes for a voter, and how the clocks stand.
func (t *Timeline) Ledgers() raftdiag.Ledgers {
	out := raftdiag.Ledgers{Pairs: t.pairRows(), Leadership: t.termRows(), Membership: t.memberRows()}
	clocks := t.Clocks()
	out.Clocks = make([]raftdiag.ClockRow, 0, len(clocks))
	for _, c := range clocks {
		out.Clocks = append(out.Clocks, c.row())
	}
	return out
}

// anyType stands in a row for messages whose type no line names.
const anyType = "any"

// pairRows count the messages of each type between two nodes. Lost are those
// proven lost, refused those of them that a transport error names. What only
// one of the two logs shows is open, as is an answer that a later one covers:
// it may never have left.
func (t *Timeline) pairRows() []raftdiag.PairRow {
	channels := t.channels()
	out := make([]raftdiag.PairRow, 0, len(channels))
	ends := make([]raftdiag.Where, 0, 2*len(channels)) // one memory for the places that the rows point to
	fromTo := func(a *Lane, i int32, b *Lane, j int32) (from, to *raftdiag.Where) {
		ends = append(ends, a.where(i), b.where(j))
		return &ends[len(ends)-2], &ends[len(ends)-1]
	}
	for _, w := range t.waysOf(channels) {
		r := t.road(w.from, w.to)
		refused := int64(0)
		from, to := w.from.String(), w.to.String()
		for _, p := range r.pairings {
			row := raftdiag.PairRow{From: from, To: to, Type: p.Channel.Type.String(), Sent: int64(len(p.Sends))}
			if p.whole() {
				row.Delivered = row.Sent
			} else {
				r.count(p, &row)
			}
			refused += row.Refused
			switch {
			case len(p.Sends) > 0 && len(p.Receives) > 0 && p.SendOf[0] < 0:
				row.First, row.Last = fromTo(p.To, p.Receives[0], p.From, p.Sends[len(p.Sends)-1])
			case len(p.Sends) > 0:
				row.First, row.Last = fromTo(p.From, p.Sends[0], p.From, p.Sends[len(p.Sends)-1])
			default:
				row.First, row.Last = fromTo(p.To, p.Receives[0], p.To, p.Receives[len(p.Receives)-1])
			}
			out = append(out, row)
		}
		if r.from == nil {
			continue
		}
		// Errors that belong to no message that the log shows.
		if fails := r.from.failures[w.to]; int64(len(fails)) > refused {
			out = append(out, raftdiag.PairRow{From: from, To: to, Type: anyType,
				Refused: int64(len(fails)) - refused, First: where(r.from, fails[0]), Last: where(r.from, fails[len(fails)-1])})
		}
	}
	return out
}

// count sums up the fates of a channel.
func (r *road) count(p *Pairing, row *raftdiag.PairRow) {
	sends, receives := r.fates(p)
	for _, v := range sends {
		switch v.fate {
		case delivered, duplicated, reordered:
			row.Delivered++
		case lost, notSent:
			row.Lost++
		default:
			row.Open++
		}
		if v.reason == byTransport {
			row.Refused++
		}
	}
	for _, v := range receives {
		if v.fate == unseenSend {
			row.Delivered++ // it arrived, whether or not its send shows
		}
	}
}

func where(l *Lane, i int32) *raftdiag.Where {
	at := l.where(i)
	return &at
}

// where is where the line of the event at place i stands.
func (l *Lane) where(i int32) raftdiag.Where {
	return raftdiag.Where(l.Position(int(i)))
}

// A termBook is what the lanes show of one term.
type termBook struct {
	leader     raftdiag.NodeID
	candidates []raftdiag.NodeID
	grants     []way // voter, candidate
	refusals   []way
	tenures    []*Tenure
	at         Proof
}

// termRows are the terms in which something was said about leadership.
func (t *Timeline) termRows() []raftdiag.TermRow {
	books := map[raftdiag.Term]*termBook{}
	book := func(term raftdiag.Term, by Proof) *termBook {
		b := books[term]
		if b == nil {
			b = &termBook{at: by}
			books[term] = b
		}
		return b
	}
	for _, l := range t.Lanes {
		for _, ten := range l.tenures {
			b := book(ten.Term, Proof{l, ten.Begin})
			b.leader = ten.Leader
			b.tenures = append(b.tenures, ten)
		}
		for _, r := range l.roles {
			if r.Role == raftdiag.Candidate {
				note(&book(r.Term, Proof{l, int(r.At)}).candidates, l.Node)
			}
		}
		for _, x := range [...]*traffic{&l.sends, &l.receives} {
			for c, places := range x.all() {
				if c.Type == raftdiag.MsgVote || c.Type == raftdiag.MsgVoteResp {
					l.votes(c, places, book)
				}
			}
		}
		l.ballots(book)
	}
	for _, claim := range t.Leaders() {
		by := claim.By.Lane.firstFrom(claim)
		if b := book(claim.Term, by); b.leader == 0 {
			b.leader, b.at = claim.Leader, by
		}
	}
	var terms []raftdiag.Term
	for term := range books {
		if term > 0 {
			terms = append(terms, term)
		}
	}
	slices.Sort(terms)
	out := []raftdiag.TermRow{}
	for _, term := range terms {
		b := books[term]
		row := raftdiag.TermRow{Term: uint64(term), Candidates: names(b.candidates), Grants: votesOf(b.grants), Refusals: votesOf(b.refusals)}
		if b.leader != 0 {
			name := b.leader.String()
			row.Leader = &name
			row.Ended = b.ended(t)
		}
		if b.at.OK() {
			row.At = where(b.at.Lane, int32(b.at.I))
		}
		out = append(out, row)
	}
	return out
}

// firstFrom is the first message of its leader that the claim's lane received in
// the term, or what else the claim rests on.
func (l *Lane) firstFrom(claim Claim) Proof {
	best := claim.By
	if l.rec(best.I).kind != raftdiag.Received {
		return best
	}
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap} {
		for _, i := range l.receives.of(Channel{claim.Leader, l.Node, mt}) {
			if int(i) >= best.I {
				break
			}
			if r := l.rec(int(i)); r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) == claim.Term {
				best = Proof{l, int(i)}
				break
			}
		}
	}
	return best
}

// votes enters vote messages of one channel into the books.
func (l *Lane) votes(c Channel, places []int32, book func(raftdiag.Term, Proof) *termBook) {
	for _, i := range places {
		r := l.rec(int(i))
		if !r.has(raftdiag.HasTerm) {
			continue
		}
		b := book(raftdiag.Term(r.a>>32), Proof{l, int(i)})
		switch {
		case c.Type == raftdiag.MsgVote:
			note(&b.candidates, c.From)
		case !r.has(raftdiag.HasReject): // which of the two it is does not show
		case r.reject():
			note(&b.refusals, way{c.From, c.To})
		default:
			note(&b.grants, way{c.From, c.To})
		}
	}
}

// ballots enters the votes that a node's own states print.
func (l *Lane) ballots(book func(raftdiag.Term, Proof) *termBook) {
	for _, b := range l.voted {
		if b.vote != l.Node {
			note(&book(b.term, Proof{l, int(b.at)}).grants, way{l.Node, b.vote})
		}
	}
}

// note adds what is not the last of the list already. Others are dropped when the
// list is sorted.
func note[T comparable](list *[]T, v T) {
	if n := len(*list); n == 0 || (*list)[n-1] != v {
		*list = append(*list, v)
	}
}

func names(ids []raftdiag.NodeID) []string {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] == 0 {
		ids = ids[1:]
	}
	return texts(ids)
}

func texts(ids []raftdiag.NodeID) []string {
	out := make([]string, len(ids))
	for i, n := range ids {
		out[i] = n.String()
	}
	return out
}

func votesOf(ways []way) []string {
	slices.SortFunc(ways, func(a, b way) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.from, b.from)) })
	ways = slices.Compact(ways)
	out := make([]string, len(ways))
	for i, w := range ways {
		out[i] = w.from.String() + " for " + w.to.String()
	}
	return out
}

// ended says how the leadership of a term ended, by the leader's own log.
func (b *termBook) ended(t *Timeline) string {
	if len(b.tenures) == 0 {
		if t.Lane(b.leader) == nil {
			return fmt.Sprintf("unknown: node %s's log is not among the inputs", b.leader)
		}
		return fmt.Sprintf("unknown: node %s's log does not show that it led", b.leader)
	}
	if len(b.tenures) > 1 && b.tenures[0].Leader != b.tenures[len(b.tenures)-1].Leader {
		return "two nodes led"
	}
	ten := b.tenures[len(b.tenures)-1]
	l := ten.Lane
	if to := l.handedTo(ten); to != 0 && ten.Ended != "log end" {
		return "transfer to " + to.String()
	}
	switch ten.Ended {
	case "file":
		return "log ends"
	case "log end":
		for i := l.hi - 1; i >= ten.Begin; i-- {
			switch k := l.rec(i).kind; {
			case k == raftdiag.Panicked:
				return "panic"
			case k == raftdiag.Stopped:
				return "stop"
			case isRaft(k):
				return "log ends"
			}
		}
		return "log ends"
	case "term":
		term := raftdiag.Term(0)
		if role, ok := l.RoleAt(ten.EndedBy.I + 1); ok {
			term = role.Term
		}
		if from := l.raisedBy(ten.EndedBy.I, term); from != 0 {
			return fmt.Sprintf("higher term %d from %s", term, from)
		}
		return fmt.Sprintf("higher term %d", term)
	case "boot", "fall":
		return "restart"
	}
	return ten.Ended
}

// handedTo is the node to which the leader gave its leadership: that of the
// last MsgTimeoutNow in the tenure, if little followed.
func (l *Lane) handedTo(ten *Tenure) raftdiag.NodeID {
	var to raftdiag.NodeID
	at := -1
	for c, places := range l.sends.all() {
		if c.Type != raftdiag.MsgTimeoutNow {
			continue
		}
		if in := between(places, ten.Begin, ten.End); len(in) > 0 && int(in[len(in)-1]) > at {
			at, to = int(in[len(in)-1]), c.To
		}
	}
	if at < 0 || l.Rounds(at, ten.End) > 10 {
		return 0
	}
	return to
}

// raisedBy is the sender of the message that brought a term to the node: the
// last one received in it before place i, or at it.
func (l *Lane) raisedBy(i int, term raftdiag.Term) raftdiag.NodeID {
	for k := min(i, l.hi-1); k >= l.lo && k > i-4*blockRows; k-- {
		if r := l.rec(k); r.kind == raftdiag.Received && !r.wide() && r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) == term && r.mtype.IsNetwork() {
			return l.store.nodes.list[r.from]
		}
	}
	return 0
}

// memberRows are whom each node takes for a voter, by its own log alone.
func (t *Timeline) memberRows() []raftdiag.MemberRow {
	out := make([]raftdiag.MemberRow, 0, len(t.Lanes))
	for k, l := range t.Lanes {
		v, ok := l.configAt(l.hi)
		if !ok {
			if v, ok = campaign(t.Lanes[k : k+1]); ok {
				v.At = l.canvass()
			}
		}
		if !ok {
			v, ok = l.progressVoters(l.hi)
		}
		if !ok {
			v = l.met()
		}
		row := raftdiag.MemberRow{Node: l.Node.String(), Voters: texts(v.All()), From: v.From}
		if v.At.OK() {
			row.At = where(v.At.Lane, int32(v.At.I))
		}
		out = append(out, row)
	}
	return out
}

// canvass is the last request for a vote that the lane's node sent.
func (l *Lane) canvass() Proof {
	p := Proof{}
	for c, places := range l.sends.all() {
		if (c.Type == raftdiag.MsgVote || c.Type == raftdiag.MsgPreVote) && c.From == l.Node {
			if i := int(places[len(places)-1]); !p.OK() || i > p.I {
				p = Proof{l, i}
			}
		}
	}
	return p
}

// met are the nodes that the lane exchanges messages with, and its own.
func (l *Lane) met() Voters {
	v := Voters{Incoming: append(make([]raftdiag.NodeID, 0, 1+2*len(l.sends.channels)+2*len(l.receives.channels)), l.Node), From: "seen"}
	for _, x := range [...]*traffic{&l.sends, &l.receives} {
		for _, c := range x.channels {
			for _, n := range []raftdiag.NodeID{c.From, c.To} {
				if n != 0 && c.Type.IsNetwork() {
					v.Incoming = append(v.Incoming, n)
				}
			}
		}
	}
	slices.Sort(v.Incoming)
	v.Incoming = slices.Compact(v.Incoming)
	return v
}
