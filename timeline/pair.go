package timeline

import (
	"slices"
	"sort"
	"sync"

	"github.com/raftdiag/raftdiag"
)

// A Pairing says which send each receive of one channel belongs to.
//
// Messages of one type between two nodes travel in order, with losses: the
// pairing is a non-crossing matching of equal headers, in which a receive may
// skip sends. A receive that is left over is looked for among the sends that
// were skipped (it was overtaken) and among those that were paired (it came
// twice). The method is that of send-receive correlation (Scheuermann et al.
// 2009). In place of a full longest common subsequence a bounded window bridges
// the gaps; where it does not, headers that both sides print equally often are
// the anchors, of which the longest ascending chain counts.
type Pairing struct {
	Channel   Channel
	From, To  *Lane // nil if that log is missing
	Sends     []int32
	Receives  []int32
	ReceiveOf []int32 // by send: number of its receive, or -1; sends may share one that stands for several equal rows
	SendOf    []int32 // by receive: number of its send, or -1
	Twice     []bool  // by receive: another receive has its send
	Overtaken []bool  // by receive: it came after a message that was sent later
	Blurred   bool    // some header recurs and the two sides print it a different number of times: other pairings are possible

	vague     []bool  // by send: its header is such a one
	vagueR    []bool  // by receive
	vagueFrom []int32 // by send, where vague: the first send with the header
	vagueTo   []int32 // the last
}

// Vague reports whether send k could belong to another receive, or to none: its
// header recurs, and the two logs print it a different number of times.
func (p *Pairing) Vague(k int) bool { return p.Blurred && p.vague[k] }

// Gaps are bridged within a window; order that is lost is looked for in a block.
const (
	pairWindow = 256
	pairBlock  = 2048
)

// Pair pairs one channel's messages.
func (t *Timeline) Pair(c Channel) *Pairing {
	t.mu.Lock()
	p := t.pairs[c]
	t.mu.Unlock()
	if p == nil {
		p = t.pair(c)
		t.mu.Lock()
		if t.pairs == nil {
			t.pairs = make(map[Channel]*Pairing, 32)
		}
		t.pairs[c] = p
		t.mu.Unlock()
	}
	return p
}

func (t *Timeline) pair(c Channel) *Pairing {
	sends, receives := 0, 0
	from, to := t.Lane(c.From), t.Lane(c.To)
	if from != nil {
		sends = len(from.sends.of(c))
	}
	if to != nil {
		receives = len(to.receives.of(c))
	}
	p, none, marks := t.room.pairing(sends+receives, 2*receives)
	*p = Pairing{Channel: c, From: from, To: to}
	if p.From != nil {
		p.Sends = p.From.sends.of(c)
	}
	if p.To != nil {
		p.Receives = p.To.receives.of(c)
	}
	for i := range none {
		none[i] = -1
	}
	p.ReceiveOf, p.SendOf = none[:sends:sends], none[sends:]
	p.Twice, p.Overtaken = marks[:receives:receives], marks[receives:]
	if len(p.Sends) == 0 || len(p.Receives) == 0 {
		return p
	}
	// The ordinary case first: all arrived, in order, with the same fields.
	mask := raftdiag.Field(p.From.rec(int(p.Sends[0])).set&p.To.rec(int(p.Receives[0])).set) & headerFields
	n := p.inOrder(mask)
	if n == len(p.Sends) && n == len(p.Receives) {
		return p
	}
	if all := p.mask(); all != mask {
		mask = all
		n = p.inOrder(mask)
	}
	mem := pairMemories.Get().(*pairMemory)
	defer pairMemories.Put(mem)
	mem.a, mem.b = keys(mem.a[:0], p.From, p.Sends, mask), keys(mem.b[:0], p.To, p.Receives, mask)
	a, b := mem.a, mem.b
	for i, j := n, n; i < len(a) && j < len(b); {
		if i, j = p.fit(a, b, i, len(a), j, len(b), true); i >= len(a) || j >= len(b) {
			break
		}
		// Here the order is lost: find it again in the next block, or if that
		// has too little in common in all that is left.
		ni, nj := min(i+pairBlock, len(a)), min(j+pairBlock, len(b))
		list := anchors(a[i:ni], b[j:nj])
		if len(list) >= pairBlock/8 {
			// Towards its end the block's counts are not to be trusted.
			list = list[:len(list)/2]
			ni, nj = i+int(list[len(list)-1][0])+1, j+int(list[len(list)-1][1])+1
		} else {
			ni, nj = len(a), len(b)
			list = anchors(a[i:], b[j:])
		}
		di, dj := i, j
		for _, at := range list {
			s, r := int(at[0])+di, int(at[1])+dj
			p.fit(a, b, i, s, j, r, false)
			p.ReceiveOf[s], p.SendOf[r] = int32(r), int32(s)
			i, j = s+1, r+1
		}
		p.fit(a, b, i, ni, j, nj, false)
		i, j = ni, nj
	}
	counts := mem.tallies()
	p.census(a, b, counts)
	p.blur(a, b, counts)
	p.leftovers(a, b, counts)
	p.merged(a)
	p.overtake()
	return p
}

// A pairMemory is what channels are paired in, one after the other.
type pairMemory struct {
	a, b   []uint64
	counts map[uint64]tally
}

var pairMemories = sync.Pool{New: func() any { return &pairMemory{counts: map[uint64]tally{}} }}

// tallies is an empty map. A large one is not kept: to empty it costs as much as
// it is large.
func (m *pairMemory) tallies() map[uint64]tally {
	if len(m.counts) > pairBlock {
		m.counts = map[uint64]tally{}
	}
	clear(m.counts)
	return m.counts
}

// A pairRoom is where the pairings of a timeline stand. It cuts them and their
// lists from memory for several.
type pairRoom struct {
	mu       sync.Mutex
	pairings []Pairing
	places   []int32
	marks    []bool
}

// pairing is room for a pairing, with so many places and marks. Places are not
// set, marks are false.
func (r *pairRoom) pairing(places, marks int) (*Pairing, []int32, []bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pairings) == 0 {
		r.pairings = make([]Pairing, 8)
	}
	p := &r.pairings[0]
	r.pairings = r.pairings[1:]
	return p, cut(&r.places, places), cut(&r.marks, marks)
}

// cut takes n elements off the begin of the memory, and begins a new one where
// they are too many.
func cut[T any](memory *[]T, n int) []T {
	const least = 1 << 10
	if n > len(*memory) {
		if n > least/2 {
			return make([]T, n)
		}
		*memory = make([]T, least)
	}
	out := (*memory)[:n:n]
	*memory = (*memory)[n:]
	return out
}

// inOrder pairs from the begin on what has the same header, as long as both
// sides print all of the fields.
func (p *Pairing) inOrder(f raftdiag.Field) int {
	n := 0
	for ; n < len(p.Sends) && n < len(p.Receives); n++ {
		s, r := p.From.rec(int(p.Sends[n])), p.To.rec(int(p.Receives[n]))
		if !s.has(f) || !r.has(f) || !sameHeader(s, r, f) {
			break
		}
		p.ReceiveOf[n], p.SendOf[n] = int32(n), int32(n)
	}
	return n
}

const headerFields = raftdiag.HasTerm | raftdiag.HasLogTerm | raftdiag.HasIndex | raftdiag.HasCommit | raftdiag.HasEntries |
	raftdiag.HasEntryTerm | raftdiag.HasReject | raftdiag.HasHint | raftdiag.HasSnapshot

// mask are the header fields that every line of both sides prints.
func (p *Pairing) mask() raftdiag.Field {
	mask := uint64(headerFields)
	for _, i := range p.Sends {
		mask &= p.From.rec(int(i)).set
	}
	for _, i := range p.Receives {
		mask &= p.To.rec(int(i)).set
	}
	return raftdiag.Field(mask)
}

// sameHeader reports whether two messages of a channel agree in the fields.
func sameHeader(s, r *record, f raftdiag.Field) bool {
	return (f&raftdiag.HasIndex == 0 || s.b == r.b) && (f&raftdiag.HasCommit == 0 || s.c == r.c) &&
		(f&raftdiag.HasTerm == 0 || s.a>>32 == r.a>>32) && (f&raftdiag.HasLogTerm == 0 || uint32(s.a) == uint32(r.a)) &&
		(f&(raftdiag.HasEntries|raftdiag.HasHint|raftdiag.HasSnapshot) == 0 || uint32(s.d) == uint32(r.d)) &&
		(f&raftdiag.HasEntryTerm == 0 || s.d>>32 == r.d>>32) && (f&raftdiag.HasReject == 0 || s.reject() == r.reject())
}

// A tally is how often each side prints one header.
type tally struct{ sent, received int32 }

// vague reports whether the header recurs and the sides differ.
func (t tally) vague() bool {
	return t.sent != t.received && t.sent > 0 && t.received > 0
}

// census counts into m the headers of messages that are not paired; of all others
// both sides have the same number.
func (p *Pairing) census(a, b []uint64, m map[uint64]tally) {
	if !slices.Contains(p.ReceiveOf, -1) && !slices.Contains(p.SendOf, -1) {
		return
	}
	var bloom [1 << 10]uint64 // most headers are not among them, and need no look into the map
	note := func(k uint64) {
		m[k] = tally{}
		bloom[k>>6&(1<<10-1)] |= 1 << (k & 63)
	}
	for i, j := range p.ReceiveOf {
		if j < 0 {
			note(a[i])
		}
	}
	for j, i := range p.SendOf {
		if i < 0 {
			note(b[j])
		}
	}
	for _, k := range a {
		if bloom[k>>6&(1<<10-1)]&(1<<(k&63)) == 0 {
			continue
		}
		if t, ok := m[k]; ok {
			t.sent++
			m[k] = t
		}
	}
	for _, k := range b {
		if bloom[k>>6&(1<<10-1)]&(1<<(k&63)) == 0 {
			continue
		}
		if t, ok := m[k]; ok {
			t.received++
			m[k] = t
		}
	}
}

// anchors are pairs of a send and a receive whose header both sides print
// equally often, in ascending order of both.
func anchors(a, b []uint64) [][2]int32 {
	counts := make(map[uint64]tally, max(len(a), len(b)))
	for _, k := range a {
		t := counts[k]
		t.sent++
		counts[k] = t
	}
	for _, k := range b {
		t := counts[k]
		t.received++
		counts[k] = t
	}
	places := make(map[uint64][]int32)
	for j, k := range b {
		if t := counts[k]; t.sent == t.received {
			places[k] = append(places[k], int32(j))
		}
	}
	var pairs [][2]int32
	for i, k := range a {
		if list := places[k]; len(list) > 0 {
			pairs = append(pairs, [2]int32{int32(i), list[0]})
			places[k] = list[1:]
		}
	}
	return ascending(pairs)
}

// ascending is the longest chain of the pairs, which ascend in the first
// number, that ascends in the second as well.
func ascending(pairs [][2]int32) [][2]int32 {
	var tails []int32 // ends of the best chain of each length
	before := make([]int32, len(pairs))
	for k, p := range pairs {
		n := sort.Search(len(tails), func(n int) bool { return pairs[tails[n]][1] >= p[1] })
		before[k] = -1
		if n > 0 {
			before[k] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, int32(k))
		} else {
			tails[n] = int32(k)
		}
	}
	out := make([][2]int32, len(tails))
	if len(tails) == 0 {
		return out
	}
	for n, k := len(tails)-1, tails[len(tails)-1]; k >= 0; n, k = n-1, before[k] {
		out[n] = pairs[k]
	}
	return out
}

// inStep is how many messages must agree before a gap counts as bridged.
const inStep = 4

// fit pairs the sends from i to ni with the receives from j to nj in order. If
// it is strict it stops where a gap is not bridged within the window, and
// returns the place.
func (p *Pairing) fit(a, b []uint64, i, ni, j, nj int, strict bool) (int, int) {
	need := 1
	if strict {
		need = inStep
	}
	for i < ni && j < nj {
		if a[i] == b[j] {
			p.ReceiveOf[i], p.SendOf[j] = int32(j), int32(i)
			i++
			j++
			continue
		}
		skip := find(a[i:ni], b[j:nj], need)  // sends to skip for this receive
		extra := find(b[j:nj], a[i:ni], need) // receives to skip for this send
		switch {
		case skip < 0 && extra < 0:
			if strict {
				return i, j
			}
			i++
			j++
		case extra < 0 || skip >= 0 && skip <= extra:
			i += skip
		default:
			j += extra
		}
	}
	return i, j
}

// find is the first place in the window from which on need of the keys are
// those of the other side, or all up to the end of either; -1 if there is none.
func find(in, keys []uint64, need int) int {
	for k := 1; k < len(in) && k < pairWindow; k++ {
		n := 0
		for n < need && k+n < len(in) && n < len(keys) && in[k+n] == keys[n] {
			n++
		}
		if n > 0 && (n == need || k+n == len(in) || n == len(keys)) {
			return k
		}
	}
	return -1
}

// keys adds the headers of the messages, by the fields that both sides print.
func keys(out []uint64, l *Lane, places []int32, f raftdiag.Field) []uint64 {
	out = slices.Grow(out, len(places))
	for _, i := range places {
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
		if f&raftdiag.HasEntryTerm != 0 {
			add(r.d >> 32)
		}
		if f&raftdiag.HasReject != 0 && r.reject() {
			add(1)
		}
		out = append(out, h)
	}
	return out
}

// leftovers looks for the sends of receives that the matching in order left
// over. A header came twice only if its sends stand between others of the
// channel: at either end of the sender's log the lines of more sends may be
// missing.
func (p *Pairing) leftovers(a, b []uint64, counts map[uint64]tally) {
	if !slices.Contains(p.SendOf, -1) {
		return
	}
	type place struct {
		free        []int32
		first, last int32 // of the paired sends
	}
	byKey := make(map[uint64]*place)
	for i, key := range a {
		if t, ok := counts[key]; !ok || t.received == 0 {
			continue // none of its receives is left over
		}
		pl := byKey[key]
		if pl == nil {
			pl = &place{first: -1}
			byKey[key] = pl
		}
		if p.ReceiveOf[i] < 0 {
			pl.free = append(pl.free, int32(i))
			continue
		}
		if pl.first < 0 {
			pl.first = int32(i)
		}
		pl.last = int32(i)
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
			p.SendOf[j], p.ReceiveOf[i] = i, int32(j)
		case pl.first > 0 && int(pl.last) < len(a)-1 && int32(j) > p.ReceiveOf[pl.first]:
			p.SendOf[j], p.Twice[j] = pl.last, true
		}
	}
}

// merged pairs sends that are left over with a receive that stands for several
// equal rows: messages that arrived within one tick of the receiver's clock look
// like a repeated line.
func (p *Pairing) merged(a []uint64) {
	for j, i := range p.SendOf {
		if i < 0 || p.Twice[j] {
			continue
		}
		n := p.To.rec(int(p.Receives[j])).again()
		for k := int(i) + 1; n > 0 && k < len(a) && k <= int(i)+pairWindow; k++ {
			if p.ReceiveOf[k] < 0 && a[k] == a[i] {
				p.ReceiveOf[k] = int32(j)
				n--
			}
		}
	}
}

// overtake notes the receives that came after a message that was sent later.
// A header that could belong to another send proves no order.
func (p *Pairing) overtake() {
	newest := int32(-1)
	for j, i := range p.SendOf {
		if i < 0 || p.Twice[j] || p.Vague(int(i)) {
			continue
		}
		p.Overtaken[j] = i < newest
		newest = max(newest, i)
	}
}

// blur notes the headers that recur and that the sides print a different
// number of times.
func (p *Pairing) blur(a, b []uint64, counts map[uint64]tally) {
	for _, t := range counts {
		if t.vague() {
			p.Blurred = true
			break
		}
	}
	if !p.Blurred {
		return
	}
	marks, places := make([]bool, len(a)+len(b)), make([]int32, 2*len(a))
	p.vague, p.vagueR = marks[:len(a)], marks[len(a):]
	p.vagueFrom, p.vagueTo = places[:len(a)], places[len(a):]
	type span struct{ from, to int32 }
	spans := map[uint64]span{}
	for i, k := range a {
		if p.vague[i] = counts[k].vague(); !p.vague[i] {
			continue
		}
		sp, ok := spans[k]
		if !ok {
			sp.from = int32(i)
		}
		sp.to = int32(i)
		spans[k] = sp
	}
	for i, k := range a {
		if p.vague[i] {
			p.vagueFrom[i], p.vagueTo[i] = spans[k].from, spans[k].to
		}
	}
	for j, k := range b {
		p.vagueR[j] = counts[k].vague()
	}
}
