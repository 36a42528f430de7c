package timeline

import (
	"github.com/raftdiag/raftdiag"
)

// A Pairing says which send each receive of one channel belongs to.
//
// Messages of one type between two nodes travel in order, with losses: the
// pairing is a non-crossing matching of equal headers, in which a receive may
// skip sends. A receive that is left over is looked for among the sends that
// were skipped (it was overtaken) and among those that were paired (it came
// twice). The method is that of send-receive correlation (Scheuermann et al.
// 2009), with a bounded window in place of a full longest common subsequence.
type Pairing struct {
	Channel   Channel
	From, To  *Lane // nil if that log is missing
	Sends     []int32
	Receives  []int32
	ReceiveOf []int32 // by send: number of its receive, or -1
	SendOf    []int32 // by receive: number of its send, or -1
	Twice     []bool  // by receive: another receive has its send
	Overtaken []bool  // by receive: it came after a message that was sent later
	Blurred   bool    // equal headers follow one another and their numbers differ: other pairings are possible
}

const pairWindow = 256

// Pair pairs one channel's messages.
func (t *Timeline) Pair(c Channel) *Pairing {
	p := &Pairing{Channel: c, From: t.Lane(c.From), To: t.Lane(c.To)}
	if p.From != nil {
		p.Sends = p.From.sends[c]
	}
	if p.To != nil {
		p.Receives = p.To.receives[c]
	}
	p.ReceiveOf, p.SendOf = fill(len(p.Sends)), fill(len(p.Receives))
	p.Twice, p.Overtaken = make([]bool, len(p.Receives)), make([]bool, len(p.Receives))
	if len(p.Sends) == 0 || len(p.Receives) == 0 {
		return p
	}
	mask := ^uint64(0)
	for _, i := range p.Sends {
		mask &= p.From.rec(int(i)).set
	}
	for _, i := range p.Receives {
		mask &= p.To.rec(int(i)).set
	}
	a, b := keys(p.From, p.Sends, mask), keys(p.To, p.Receives, mask)
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		if a[i] == b[j] {
			p.ReceiveOf[i], p.SendOf[j] = int32(j), int32(i)
			i++
			j++
			continue
		}
		skip := find(a[i:], b[j])  // sends to skip for this receive
		extra := find(b[j:], a[i]) // receives to skip for this send
		switch {
		case skip < 0 && extra < 0:
			i++
			j++
		case extra < 0 || skip >= 0 && skip <= extra:
			i += skip
		default:
			j += extra
		}
	}
	p.leftovers(a, b)
	p.blur(a, b)
	return p
}

func fill(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = -1
	}
	return s
}

func find(in []uint64, key uint64) int {
	for k := 1; k < len(in) && k < pairWindow; k++ {
		if in[k] == key {
			return k
		}
	}
	return -1
}

// keys are the headers of the messages, by the fields that both sides print.
func keys(l *Lane, places []int32, mask uint64) []uint64 {
	out := make([]uint64, len(places))
	f := raftdiag.Field(mask & setMask)
	for k, i := range places {
		r := l.rec(int(i))
		h := uint64(14695981039346656037)
		add := func(v uint64) { h = (h ^ v) * 1099511628211; h ^= h >> 29 }
		if f&raftdiag.HasTerm != 0 {
			add(r.a >> 32)
		}
		if f&raftdiag.HasLogTerm != 0 {
			add(r.a & 0xffffffff)
		}
		if f&raftdiag.HasIndex != 0 {
			add(r.b)
		}
		if f&raftdiag.HasCommit != 0 {
			add(r.c)
		}
		if f&(raftdiag.HasEntries|raftdiag.HasHint|raftdiag.HasSnapshot) != 0 {
			add(r.d & 0xffffffff)
		}
		if f&raftdiag.HasReject != 0 && r.reject() {
			add(1)
		}
		out[k] = h
	}
	return out
}

// leftovers looks for the sends of receives that the matching in order left
// over.
func (p *Pairing) leftovers(a, b []uint64) {
	left := false
	for _, s := range p.SendOf {
		left = left || s < 0
	}
	if !left {
		return
	}
	type place struct {
		free  []int32
		taken int32
	}
	byKey := make(map[uint64]*place)
	for i, key := range a {
		pl := byKey[key]
		if pl == nil {
			pl = &place{taken: -1}
			byKey[key] = pl
		}
		if p.ReceiveOf[i] < 0 {
			pl.free = append(pl.free, int32(i))
		} else if pl.taken < 0 {
			pl.taken = int32(i)
		}
	}
	for j, key := range b {
		if p.SendOf[j] >= 0 {
			continue
		}
		pl := byKey[key]
		switch {
		case pl == nil:
		case len(pl.free) > 0:
			i := pl.free[0]
			pl.free = pl.free[1:]
			p.SendOf[j], p.ReceiveOf[i], p.Overtaken[j] = i, int32(j), true
		case pl.taken >= 0:
			p.SendOf[j], p.Twice[j] = pl.taken, true
		}
	}
}

// blur notes whether a run of equal headers has fewer receives than sends.
func (p *Pairing) blur(a, b []uint64) {
	for i := 1; i < len(a); i++ {
		if a[i] == a[i-1] && (p.ReceiveOf[i] < 0) != (p.ReceiveOf[i-1] < 0) {
			p.Blurred = true
			return
		}
	}
}
