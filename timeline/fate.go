package timeline

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
)

// A verdict is what became of one message, and why. It is small, since every
// message has one; see Fate and Why.
type verdict struct {
	fate      fateCode
	reason    reason
	ambiguous bool
	by        int32 // place of a transport error, or number of a lane
}

type fateCode uint8

const (
	delivered fateCode = iota
	lost
	duplicated
	reordered
	inFlight
	superseded
	notSent
	unseenSend
	cannotTell
)

var fateNames = [...]raftdiag.Fate{raftdiag.Delivered, raftdiag.LostOnWay, raftdiag.Duplicated, raftdiag.Reordered, raftdiag.InFlight,
	raftdiag.Superseded, raftdiag.NotSent, raftdiag.Unsent, raftdiag.CannotTell}

func (f fateCode) String() string { return string(fateNames[f]) }

type reason uint8

const (
	noReason reason = iota
	byTransport
	byStray
	strayed
	heldBackHere
	coveredLater
	noReceiver
	noReceiverLog
	receiverPrintsNone
	fewerArrived
	whichOneIsOpen
	mayBeginLater
	laterOnesShow
	laterOthersShow
	senderEnds
	logsEnd
	receiverGoesOn
	receiverEnds
	cameBefore
	cameLate
	noSender
	noSenderLog
	senderPrintsNone
	moreArrived
	sendNotShown
)

// why words the reason of a message from node a to node b; l is the lane that
// the verdict's place belongs to.
func (v verdict) why(c Channel, l *Lane, lanes []*Lane) string {
	a, b := "node "+c.From.String(), "node "+c.To.String()
	switch v.reason {
	case byTransport:
		if text := l.Event(int(v.by)).Text; text != "" {
			return "the transport said: " + text
		}
		return "the transport could not send it"
	case byStray:
		return "node " + lanes[v.by].Node.String() + " received it"
	case strayed:
		return "it is addressed to " + b + " and arrived at node " + lanes[v.by].Node.String()
	case heldBackHere:
		return "it was generated and not handed to the transport"
	case coveredLater:
		return "a later answer that covers it arrived"
	case noReceiver:
		return "the line does not say to whom it goes"
	case noReceiverLog:
		return b + "'s log is not among the inputs"
	case receiverPrintsNone:
		return b + "'s log shows no received " + c.Type.String()
	case fewerArrived:
		return "fewer messages with this header arrived than were sent"
	case whichOneIsOpen:
		return "the header recurs, and which of them arrived does not show"
	case mayBeginLater:
		return b + "'s log may begin after it"
	case laterOnesShow:
		return b + "'s log shows later ones and not this one"
	case laterOthersShow:
		return b + "'s log shows later messages of " + a + " and not this one"
	case senderEnds:
		return a + "'s log ends with it"
	case logsEnd:
		return "the logs end before it could have arrived"
	case receiverGoesOn:
		return b + "'s log goes on and does not show it"
	case receiverEnds:
		return b + "'s log ends too soon"
	case cameBefore:
		return "it was received before"
	case cameLate:
		return "a message that was sent later came first"
	case noSender:
		return "the line does not say who sent it"
	case noSenderLog:
		return a + "'s log is not among the inputs"
	case senderPrintsNone:
		return a + "'s log shows no sent " + c.Type.String()
	case moreArrived:
		return "it was received more often than " + a + "'s log shows it sent"
	case sendNotShown:
		return a + "'s log does not show that it was sent"
	}
	return ""
}

// A road is all that goes from one node to another.
type road struct {
	t        *Timeline
	from, to *Lane // nil if that log is missing
	a, b     raftdiag.NodeID
	pairings []*Pairing // by message type
	first    int32      // place on from of the first send that is known to have arrived, or -1
	newest   [3]int32   // of the last three, the newest first, or -1
	memory   [8]*Pairing
	heard    int  // place on from of the first message from b that b's lane shows being sent, or -1
	goesOn   bool // to's lane goes on for its patience after its last message from a
}

// road pairs all that goes from a to b.
func (t *Timeline) road(a, b raftdiag.NodeID) *road {
	r := &road{t: t, from: t.Lane(a), to: t.Lane(b), a: a, b: b, first: -1, newest: [3]int32{-1, -1, -1}, heard: -1}
	var types [256]bool
	several := 0
	note := func(mt raftdiag.MessageType) {
		if !types[mt] {
			types[mt] = true
			several++
		}
	}
	if r.from != nil {
		for _, c := range r.from.sends.channels {
			if c.From == a && c.To == b && travels(c.Type) {
				note(c.Type)
			}
		}
	}
	if r.to != nil {
		for _, c := range r.to.receives.channels {
			if c.From == a && c.To == b && travels(c.Type) {
				note(c.Type)
			}
		}
	}
	lastHeard := -1
	r.pairings = r.memory[:0]
	for mt := 0; len(r.pairings) < several; mt++ {
		if !types[mt] {
			continue
		}
		p := t.Pair(Channel{a, b, raftdiag.MessageType(mt)})
		r.pairings = append(r.pairings, p)
		r.arrivals(p)
		if n := len(p.Receives); n > 0 {
			lastHeard = max(lastHeard, int(p.Receives[n-1]))
		}
	}
	if r.from == nil || r.to == nil {
		return r
	}
	for _, c := range r.from.receives.channels {
		if c.From != b || c.To != a {
			continue
		}
		p := t.Pair(c)
		for j, k := range p.SendOf {
			if k >= 0 && !p.Vague(int(k)) {
				if r.heard < 0 || int(p.Receives[j]) < r.heard {
					r.heard = int(p.Receives[j])
				}
				break
			}
		}
	}
	if lastHeard < 0 {
		lastHeard = r.to.lo
	}
	r.goesOn = r.to.Rounds(lastHeard, r.to.hi) >= DefaultPatience.Rounds
	return r
}

// arrivals notes the first and the newest sends of a channel that arrived
// without doubt.
func (r *road) arrivals(p *Pairing) {
	for k, j := range p.ReceiveOf {
		if j >= 0 && !p.Vague(k) {
			if r.first < 0 || p.Sends[k] < r.first {
				r.first = p.Sends[k]
			}
			break
		}
	}
	found := 0
	for k := len(p.ReceiveOf) - 1; k >= 0 && found < len(r.newest); k-- {
		if p.ReceiveOf[k] < 0 || p.Vague(k) {
			continue
		}
		found++
		at := p.Sends[k]
		for n := range r.newest {
			if at > r.newest[n] {
				at, r.newest[n] = r.newest[n], at
			}
		}
	}
}

// began reports whether the receiver's lane had begun when place s of the
// sender's lane was written: an earlier message arrived, an answer had come, or
// the lane begins in a lower term, which a message of this one would have
// ended.
func (r *road) began(s int, rec *record) bool {
	if r.first >= 0 && int(r.first) < s || r.heard >= 0 && r.heard < s {
		return true
	}
	term := raftdiag.Term(rec.a >> 32)
	if !rec.has(raftdiag.HasTerm) || !rec.mtype.IsNetwork() || rec.mtype == raftdiag.MsgPreVote || rec.mtype == raftdiag.MsgPreVoteResp {
		return false
	}
	return len(r.to.roles) > 0 && r.to.roles[0].Term > 0 && r.to.roles[0].Term < term
}

// whole reports whether every send of the channel has its receive and the
// reverse, in order.
func (p *Pairing) whole() bool {
	n := len(p.Sends)
	return n == len(p.Receives) && (n == 0 || p.ReceiveOf[0] == 0 && p.ReceiveOf[n-1] == int32(n-1)) &&
		!p.Blurred && !slices.Contains(p.ReceiveOf, -1) && !slices.Contains(p.Overtaken, true)
}

// fates says what became of every send and of every receive of one channel.
func (r *road) fates(p *Pairing) (sends, receives []verdict) {
	both := make([]verdict, len(p.Sends)+len(p.Receives))
	sends, receives = both[:len(p.Sends)], both[len(p.Sends):]
	for j, k := range p.SendOf {
		switch {
		case k < 0:
			receives[j] = r.unseen(p, j)
		case p.Twice[j]:
			receives[j] = verdict{fate: duplicated, reason: cameBefore}
		case p.Overtaken[j]:
			receives[j] = verdict{fate: reordered, reason: cameLate}
		default:
			receives[j] = verdict{fate: delivered, ambiguous: p.Vague(int(k))}
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
	if open {
		r.openFates(p, sends)
	}
	return sends, receives
}

// openFates says what became of the sends that have no receive.
func (r *road) openFates(p *Pairing, sends []verdict) {
	mt := p.Channel.Type
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
	handed := r.from.handed&(1<<(mt&31)) != 0
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
		if at := r.failure(p, k); at >= 0 {
			*v = verdict{fate: lost, reason: byTransport, by: at}
			continue
		}
		if other, ok := strays[k]; ok {
			*v = verdict{fate: lost, reason: byStray, by: other}
			continue
		}
		switch {
		case handed && r.from.handOver(s, DefaultPatience) == No:
			*v = verdict{fate: notSent, reason: heldBackHere}
		case r.b == 0:
			*v = verdict{fate: cannotTell, reason: noReceiver}
		case r.to == nil:
			*v = verdict{fate: cannotTell, reason: noReceiverLog}
		case accept && later.ok && later.term == term && later.index >= index:
			*v = verdict{fate: superseded, reason: coveredLater}
		case r.to.Prints(In, mt) == 0:
			*v = verdict{fate: cannotTell, reason: receiverPrintsNone}
		case p.Vague(k) && firstSure < k && k < lastSure && r.within(p, k, firstSure, lastSure):
			*v = verdict{fate: lost, reason: fewerArrived, ambiguous: true}
		case p.Vague(k):
			*v = verdict{fate: cannotTell, reason: whichOneIsOpen, ambiguous: true}
		case !r.began(s, rec):
			*v = verdict{fate: cannotTell, reason: mayBeginLater}
		case k < lastSure:
			*v = verdict{fate: lost, reason: laterOnesShow}
		case int(r.newest[2]) > s:
			*v = verdict{fate: lost, reason: laterOthersShow}
		case r.from.Rounds(s, r.from.hi) < DefaultPatience.Rounds && r.goesOn:
			*v = verdict{fate: cannotTell, reason: senderEnds}
		case r.from.Rounds(s, r.from.hi) < DefaultPatience.Rounds:
			*v = verdict{fate: inFlight, reason: logsEnd}
		case r.goesOn:
			*v = verdict{fate: lost, reason: receiverGoesOn}
		default:
			*v = verdict{fate: cannotTell, reason: receiverEnds}
		}
	}
}

// within reports whether all sends with k's header stand between two that
// arrived without doubt, so that the head or the tail of the receiver's log
// cannot have swallowed the missing ones.
func (r *road) within(p *Pairing, k, first, last int) bool {
	return p.vagueFrom[k] > int32(first) && p.vagueTo[k] < int32(last)
}

// unseen says why the send of a receive is not there.
func (r *road) unseen(p *Pairing, j int) verdict {
	v := verdict{fate: unseenSend}
	switch {
	case r.a == 0:
		v.reason = noSender
	case r.from == nil:
		v.reason = noSenderLog
	case r.from.Prints(Out, p.Channel.Type) == 0:
		v.reason = senderPrintsNone
	case p.Blurred && p.vagueR[j]:
		v.reason, v.ambiguous = moreArrived, true
	default:
		v.reason = sendNotShown
	}
	return v
}

// failureReach is how far behind a send its transport error may stand.
const failureReach = 256

// failure is the place of what the sender's transport said about send k, or -1.
func (r *road) failure(p *Pairing, k int) int32 {
	fails := r.from.failures[r.b]
	if len(fails) == 0 {
		return -1
	}
	s := p.Sends[k]
	near := between(fails, int(s)+1, int(s)+failureReach)
	if len(near) == 0 {
		return -1
	}
	next := s + failureReach
	if k+1 < len(p.Sends) {
		next = min(next, p.Sends[k+1])
	}
	sent := r.from.Event(int(s))
	for _, f := range near {
		e := r.from.Event(int(f))
		switch {
		case e.Has(raftdiag.HasType) && e.Type != sent.Type,
			e.Has(raftdiag.HasIndex) && sent.Has(raftdiag.HasIndex) && e.Index != sent.Index,
			e.Has(raftdiag.HasTerm) && sent.Has(raftdiag.HasTerm) && e.Term != sent.Term,
			!e.Has(raftdiag.HasType) && f >= next:
			continue
		}
		return f
	}
	return -1
}

// strays are, by send, the numbers of the lanes that received it although it was
// meant for another node.
func (r *road) strays(p *Pairing) map[int]int32 {
	var out map[int]int32
	for n, l := range r.t.Lanes {
		places := l.receives.of(p.Channel)
		if l.Node == p.Channel.To || len(places) == 0 {
			continue
		}
		stray := &Pairing{From: r.from, To: l, Sends: p.Sends, Receives: places}
		mask := stray.mask()
		have := map[uint64]bool{}
		for _, key := range keys(nil, l, places, mask) {
			have[key] = true
		}
		for k, key := range keys(nil, r.from, p.Sends, mask) {
			if have[key] {
				if out == nil {
					out = map[int]int32{}
				}
				out[k] = int32(n)
			}
		}
	}
	return out
}

// travels reports whether messages of the type go from node to node; others
// are words between Raft and its own application or storage.
func travels(mt raftdiag.MessageType) bool {
	switch mt {
	case raftdiag.MsgHup, raftdiag.MsgBeat, raftdiag.MsgUnreachable, raftdiag.MsgSnapStatus, raftdiag.MsgCheckQuorum,
		raftdiag.MsgStorageAppend, raftdiag.MsgStorageAppendResp, raftdiag.MsgStorageApply, raftdiag.MsgStorageApplyResp,
		raftdiag.MsgForgetLeader:
		return false
	}
	return true
}

// A way is a pair of nodes between which messages go.
type way struct{ from, to raftdiag.NodeID }

// ways are all pairs of nodes between which any lane shows messages or failed
// sends, sorted.
func (t *Timeline) ways() []way { return t.waysOf(t.channels()) }

func (t *Timeline) waysOf(channels []Channel) []way {
	out := make([]way, 0, 16)
	for _, c := range channels {
		if w := (way{c.From, c.To}); len(out) == 0 || out[len(out)-1] != w {
			out = append(out, w)
		}
	}
	failed := false
	for _, l := range t.Lanes {
		for n := range l.failures {
			out, failed = append(out, way{l.Node, n}), true
		}
	}
	if failed {
		slices.SortFunc(out, func(a, b way) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
		out = slices.Compact(out)
	}
	return out
}

// channels are the channels of messages between nodes that any lane shows, in
// order.
func (t *Timeline) channels() []Channel {
	out := make([]Channel, 0, 64)
	for _, l := range t.Lanes {
		for _, x := range [...]*traffic{&l.sends, &l.receives} {
			for _, c := range x.channels {
				if travels(c.Type) {
					out = append(out, c)
				}
			}
		}
	}
	slices.SortFunc(out, compareChannels)
	return slices.Compact(out)
}

// String prints the channel: 1->2 MsgApp.
func (c Channel) String() string { return fmt.Sprintf("%s->%s %s", c.From, c.To, c.Type) }
