package timeline

import (
	"fmt"
	"slices"
	"sort"

	"github.com/raftdiag/raftdiag"
)

// A verdict is what became of one message, and why.
type verdict struct {
	fate      raftdiag.Fate
	why       string
	ambiguous bool
	refused   bool // a transport error says that it was lost
}

// A road is all that goes from one node to another.
type road struct {
	t        *Timeline
	from, to *Lane // nil if that log is missing
	a, b     raftdiag.NodeID
	pairings []*Pairing // by message type
	arrived  []int32    // places on from of sends that are known to have arrived, ascending
	heard    int        // place on from of the first message from b that b's lane shows being sent, or -1
	goesOn   bool       // to's lane goes on for its patience after its last message from a
}

// road pairs all that goes from a to b.
func (t *Timeline) road(a, b raftdiag.NodeID) *road {
	r := &road{t: t, from: t.Lane(a), to: t.Lane(b), a: a, b: b, heard: -1}
	types := map[raftdiag.MessageType]bool{}
	if r.from != nil {
		for c := range r.from.sends {
			if c.From == a && c.To == b {
				types[c.Type] = true
			}
		}
	}
	if r.to != nil {
		for c := range r.to.receives {
			if c.From == a && c.To == b {
				types[c.Type] = true
			}
		}
	}
	lastHeard := -1
	for mt := range types {
		p := t.Pair(Channel{a, b, mt})
		r.pairings = append(r.pairings, p)
		for k, j := range p.ReceiveOf {
			if j >= 0 && !p.Vague(k) {
				r.arrived = append(r.arrived, p.Sends[k])
			}
		}
		if n := len(p.Receives); n > 0 {
			lastHeard = max(lastHeard, int(p.Receives[n-1]))
		}
	}
	slices.SortFunc(r.pairings, func(p, q *Pairing) int { return compareChannels(p.Channel, q.Channel) })
	slices.Sort(r.arrived)
	if r.from == nil || r.to == nil {
		return r
	}
	for c := range r.from.receives {
		if c.From != b || c.To != a {
			continue
		}
		p := t.Pair(c)
		for j, k := range p.SendOf {
			if k >= 0 && !p.Vague(int(k)) && (r.heard < 0 || int(p.Receives[j]) < r.heard) {
				r.heard = int(p.Receives[j])
			}
		}
	}
	if lastHeard < 0 {
		lastHeard = r.to.lo
	}
	r.goesOn = r.to.Rounds(lastHeard, r.to.hi) >= DefaultPatience.Rounds
	return r
}

// began reports whether the receiver's lane had begun when place s of the
// sender's lane was written: an earlier message arrived, an answer had come, or
// the lane begins in a lower term, which a message of this one would have
// ended.
func (r *road) began(s int, rec *record) bool {
	if len(r.arrived) > 0 && int(r.arrived[0]) < s || r.heard >= 0 && r.heard < s {
		return true
	}
	term := raftdiag.Term(rec.a >> 32)
	if !rec.has(raftdiag.HasTerm) || !rec.mtype.IsNetwork() || rec.mtype == raftdiag.MsgPreVote || rec.mtype == raftdiag.MsgPreVoteResp {
		return false
	}
	return len(r.to.roles) > 0 && r.to.roles[0].Term > 0 && r.to.roles[0].Term < term
}

// fates says what became of every send and of every receive of one channel.
func (r *road) fates(p *Pairing) (sends, receives []verdict) {
	sends, receives = make([]verdict, len(p.Sends)), make([]verdict, len(p.Receives))
	mt := p.Channel.Type
	for j, k := range p.SendOf {
		switch {
		case k < 0:
			receives[j] = r.unseen(p, j)
		case p.Twice[j]:
			receives[j] = verdict{fate: raftdiag.Duplicated, why: "it was received before"}
		case p.Overtaken[j]:
			receives[j] = verdict{fate: raftdiag.Reordered, why: "a message that was sent later came first"}
		default:
			receives[j] = verdict{fate: raftdiag.Delivered, ambiguous: p.Vague(int(k))}
		}
	}
	open := false
	for k, j := range p.ReceiveOf {
		if j >= 0 {
			sends[k] = receives[j]
		} else {
			open = true
		}
	}
	if !open {
		return sends, receives
	}
	strays := r.strays(p)
	// The first and the last send that arrived without doubt, and the furthest
	// accept that arrived later in the same term.
	firstSure, lastSure := len(p.Sends), -1
	for k, j := range p.ReceiveOf {
		if j >= 0 && !p.Vague(k) {
			firstSure, lastSure = min(firstSure, k), k
		}
	}
	var later struct {
		term  raftdiag.Term
		index raftdiag.Index
		ok    bool
	}
	handed := r.from.handsOver(mt)
	for k := len(p.Sends) - 1; k >= 0; k-- {
		s := int(p.Sends[k])
		rec := r.from.rec(s)
		accept := mt == raftdiag.MsgAppResp && !rec.reject() && rec.has(raftdiag.HasIndex|raftdiag.HasTerm)
		term, index := raftdiag.Term(rec.a>>32), raftdiag.Index(rec.b)
		if p.ReceiveOf[k] >= 0 {
			if accept {
				if later.ok && later.term == term {
					index = max(index, later.index)
				}
				later.term, later.index, later.ok = term, index, true
			}
			continue
		}
		v := &sends[k]
		name := r.b.String()
		if text, ok := r.failure(p, k); ok {
			*v = verdict{fate: raftdiag.LostOnWay, why: "the transport said: " + text, refused: true}
			continue
		}
		if other := strays[k]; other != 0 {
			*v = verdict{fate: raftdiag.LostOnWay, why: "node " + other.String() + " received it"}
			continue
		}
		switch {
		case handed && r.from.handOver(s) == No:
			*v = verdict{fate: raftdiag.NotSent, why: "it was generated and not handed to the transport"}
		case r.to == nil:
			*v = verdict{fate: raftdiag.CannotTell, why: "node " + name + "'s log is not among the inputs"}
		case accept && later.ok && later.term == term && later.index >= index:
			*v = verdict{fate: raftdiag.Superseded, why: "a later answer that covers it arrived"}
		case r.to.Prints(In, mt) == 0:
			*v = verdict{fate: raftdiag.CannotTell, why: "node " + name + "'s log shows no received " + mt.String()}
		case p.Vague(k) && firstSure < k && k < lastSure && r.within(p, k, firstSure, lastSure):
			*v = verdict{fate: raftdiag.LostOnWay, why: "fewer messages with this header arrived than were sent", ambiguous: true}
		case p.Vague(k):
			*v = verdict{fate: raftdiag.CannotTell, why: "the header recurs, and which of them arrived does not show", ambiguous: true}
		case !r.began(s, rec):
			*v = verdict{fate: raftdiag.CannotTell, why: "node " + name + "'s log may begin after it"}
		case k < lastSure:
			*v = verdict{fate: raftdiag.LostOnWay, why: "node " + name + "'s log shows later ones and not this one"}
		case r.arrivedAfter(s) >= DefaultPatience.Rounds:
			*v = verdict{fate: raftdiag.LostOnWay, why: "node " + name + "'s log shows later messages of node " + r.a.String() + " and not this one"}
		case r.from.Rounds(s, r.from.hi) < DefaultPatience.Rounds && r.goesOn:
			*v = verdict{fate: raftdiag.CannotTell, why: "node " + r.a.String() + "'s log ends with it"}
		case r.from.Rounds(s, r.from.hi) < DefaultPatience.Rounds:
			*v = verdict{fate: raftdiag.InFlight, why: "the logs end before it could have arrived"}
		case r.goesOn:
			*v = verdict{fate: raftdiag.LostOnWay, why: "node " + name + "'s log goes on and does not show it"}
		default:
			*v = verdict{fate: raftdiag.CannotTell, why: "node " + name + "'s log ends too soon"}
		}
	}
	return sends, receives
}

// within reports whether all sends with k's header stand between two that
// arrived without doubt, so that the head or the tail of the receiver's log
// cannot have swallowed the missing ones.
func (r *road) within(p *Pairing, k, first, last int) bool {
	return p.vagueFrom[k] > int32(first) && p.vagueTo[k] < int32(last)
}

func (r *road) arrivedAfter(s int) int {
	return len(r.arrived) - sort.Search(len(r.arrived), func(k int) bool { return int(r.arrived[k]) > s })
}

// unseen says why the send of a receive is not there.
func (r *road) unseen(p *Pairing, j int) verdict {
	v := verdict{fate: raftdiag.Unsent}
	name := "node " + r.a.String()
	switch {
	case r.from == nil:
		v.why = name + "'s log is not among the inputs"
	case r.from.Prints(Out, p.Channel.Type) == 0:
		v.why = name + "'s log shows no sent " + p.Channel.Type.String()
	case p.Blurred && p.vagueR[j]:
		v.why, v.ambiguous = "it was received more often than "+name+"'s log shows it sent", true
	default:
		v.why = name + "'s log does not show that it was sent"
	}
	return v
}

// failureReach is how far behind a send its transport error may stand.
const failureReach = 256

// failure is what the sender's transport said about send k.
func (r *road) failure(p *Pairing, k int) (string, bool) {
	fails := r.from.failures[r.b]
	if len(fails) == 0 {
		return "", false
	}
	s := p.Sends[k]
	next := s + failureReach
	if k+1 < len(p.Sends) {
		next = min(next, p.Sends[k+1])
	}
	sent := r.from.Event(int(s))
	for _, f := range between(fails, int(s)+1, int(s)+failureReach) {
		e := r.from.Event(int(f))
		switch {
		case e.Has(raftdiag.HasType) && e.Type != sent.Type,
			e.Has(raftdiag.HasIndex) && sent.Has(raftdiag.HasIndex) && e.Index != sent.Index,
			e.Has(raftdiag.HasTerm) && sent.Has(raftdiag.HasTerm) && e.Term != sent.Term,
			!e.Has(raftdiag.HasType) && f >= next:
			continue
		}
		if e.Text == "" {
			return "sending failed", true
		}
		return e.Text, true
	}
	return "", false
}

// strays are the nodes that received sends of the channel which were meant for
// another.
func (r *road) strays(p *Pairing) map[int]raftdiag.NodeID {
	var out map[int]raftdiag.NodeID
	for _, l := range r.t.Lanes {
		places := l.receives[p.Channel]
		if l.Node == p.Channel.To || len(places) == 0 {
			continue
		}
		mask := ^uint64(0)
		for _, i := range p.Sends {
			mask &= r.from.rec(int(i)).set
		}
		for _, i := range places {
			mask &= l.rec(int(i)).set
		}
		have := map[uint64]bool{}
		for _, key := range keys(l, places, mask) {
			have[key] = true
		}
		for k, key := range keys(r.from, p.Sends, mask) {
			if have[key] {
				if out == nil {
					out = map[int]raftdiag.NodeID{}
				}
				out[k] = l.Node
			}
		}
	}
	return out
}

// handsOver reports whether the lane prints, message by message, that messages
// of the type were given to the transport.
func (l *Lane) handsOver(mt raftdiag.MessageType) bool {
	if l.kinds[raftdiag.HandedOver] == 0 {
		return false
	}
	for i := l.lo; i < l.hi; i++ {
		if r := l.rec(i); r.kind == raftdiag.HandedOver && r.has(raftdiag.HasType) && r.mtype == mt && l.isPerMessage(r) {
			return true
		}
	}
	return false
}

// A way is a pair of nodes between which messages go.
type way struct{ from, to raftdiag.NodeID }

// ways are all pairs of nodes between which any lane shows messages or failed
// sends, sorted.
func (t *Timeline) ways() []way {
	seen := map[way]bool{}
	for _, l := range t.Lanes {
		for _, m := range []map[Channel][]int32{l.sends, l.receives} {
			for c := range m {
				seen[way{c.From, c.To}] = true
			}
		}
		for n := range l.failures {
			seen[way{l.Node, n}] = true
		}
	}
	out := make([]way, 0, len(seen))
	for w := range seen {
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b way) int { return compareChannels(Channel{a.from, a.to, 0}, Channel{b.from, b.to, 0}) })
	return out
}

// String prints the channel: 1->2 MsgApp.
func (c Channel) String() string { return fmt.Sprintf("%s->%s %s", c.From, c.To, c.Type) }
