package timeline

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/raftdiag/raftdiag"
)

// A strip is one lane's rows of one source, coded: some 20 bytes for each
// record of 64. What is written once and read once costs as much as the memory
// that it takes, so the records themselves are made lane by lane, when they are
// looked at.
//
// A row is a control word, the number of its shape, and behind them as many
// bytes of each number as it has. Stamp and line are differences to those of
// the row before.
type strip struct {
	// What each row asks for stands in one line of the processor's cache: where
	// lanes are many, it is not there yet.
	group  string // as the parser handed it over
	node   raftdiag.NodeID
	part   []byte // being filled
	time   int64  // of the newest row
	line   uint32
	writes uint32 // how long the writer's name is

	n     int
	key   laneKey
	from  *quarry
	parts [][]byte // those before part

	first, peak uint32 // the lowest line, and the highest in front of a lower one
}

// is reports whether the event belongs to the lane.
func (s *strip) is(e *raftdiag.Event) bool {
	return s.node == e.Node && s.group == e.Group && int(s.writes) == len(e.Writer) && (e.Writer == "" || s.key.writer == e.Writer)
}

// highest is the highest line.
func (s *strip) highest() uint32 { return max(s.peak, s.line) }

// A shape is what many rows have in common. The source is left out.
type shape struct {
	set  uint64
	what uint64 // kind, message type, flags, sender and receiver
}

// shapeOf is the shape of a row of an event. Kind and type come from the event:
// from the row, where they stand side by side and were just written one by one, a
// processor cannot load them at once without waiting.
func shapeOf(r *record, kind raftdiag.Kind, mtype raftdiag.MessageType) shape {
	return shape{r.set, uint64(kind) | uint64(mtype)<<8 | uint64(r.flags)<<16 | uint64(r.from)<<32 | uint64(r.to)<<48}
}

// shapes numbers the shapes of a source.
type shapes struct {
	list  []shape
	ids   map[shape]uint16
	cache [1024]struct {
		shape
		id uint16 // and one
	}
}

// mostShapes is how many shapes of a source are numbered.
const mostShapes = 1 << 15

// id is the number of a shape; false if it has none, and will have none.
func (s *shapes) id(x shape) (uint16, bool) {
	at := &s.cache[(x.set*0x9e3779b97f4a7c15^x.what*0xd6e8feb86659fd93)>>54]
	if at.id != 0 && at.shape == x {
		return at.id - 1, true
	}
	id, ok := s.ids[x]
	if !ok {
		if len(s.list) == mostShapes {
			return 0, false
		}
		if s.ids == nil {
			s.ids = map[shape]uint16{}
		}
		id = uint16(len(s.list))
		s.ids[x] = id
		s.list = append(s.list, x)
	}
	at.shape, at.id = x, id+1
	return id, true
}

// The control word: how many bytes each number has.
const (
	timeLen = 0  // 4 bits
	bLen    = 4  // 4 bits
	cLen    = 8  // 4 bits
	lineLen = 12 // 3 bits, as those that follow
	aHigh   = 15
	aLow    = 18
	dHigh   = 21
	dLow    = 24
	hasText = 1 << 30 // four bytes of text follow
	ownForm = 1 << 31 // sixteen bytes of shape follow
)

// rowSize is more than the longest row takes, with room to read a word behind
// it.
const rowSize = 6 + 8 + 8 + 8 + 5*4 + 4 + 16 + 8

// add codes a row of a shape behind the others.
func (s *strip) add(r *record, what shape, forms *shapes) {
	if cap(s.part)-len(s.part) < rowSize {
		k := len(s.parts)
		if s.part != nil {
			if s.parts == nil {
				s.parts = make([][]byte, 0, 8)
			}
			s.parts = append(s.parts, s.part)
			k++
		}
		s.part = s.from.part(k)
	}
	n := len(s.part)
	p := (*[rowSize]byte)(s.part[n : n+rowSize])
	form, ok := forms.id(what)
	i := 6
	word := uint32(0)
	long := func(v uint64, shift int) {
		w := (bits.Len64(v) + 7) / 8
		binary.LittleEndian.PutUint64(p[i:], v)
		word |= uint32(w) << shift
		i += w
	}
	short := func(v uint32, shift int) {
		w := (bits.Len32(v) + 7) / 8
		binary.LittleEndian.PutUint32(p[i:], v)
		word |= uint32(w) << shift
		i += w
	}
	d := r.time - s.time
	long(uint64(d<<1^d>>63), timeLen)
	long(r.b, bLen)
	long(r.c, cLen)
	short(r.line-s.line, lineLen)
	short(uint32(r.a>>32), aHigh)
	short(uint32(r.a), aLow)
	short(uint32(r.d>>32), dHigh)
	short(uint32(r.d), dLow)
	if r.text != 0 {
		word |= hasText
		binary.LittleEndian.PutUint32(p[i:], r.text)
		i += 4
	}
	if !ok {
		word |= ownForm
		binary.LittleEndian.PutUint64(p[i:], what.set)
		binary.LittleEndian.PutUint64(p[i+8:], what.what)
		i += 16
	}
	binary.LittleEndian.PutUint32(p[:], word)
	binary.LittleEndian.PutUint16(p[4:], form)
	s.part = s.part[:n+i]
	switch {
	case s.n == 0:
		s.first = r.line
	case r.line < s.line:
		s.first, s.peak = min(s.first, r.line), max(s.peak, s.line)
	}
	s.time, s.line = r.time, r.line
	s.n++
}

// rows makes the records of the strip in out, which has room for them.
func (s *strip) rows(out []record, forms []shape, source int) {
	var last int64
	var line uint32
	src := uint64(source) << srcShift
	at := 0
	for k := range len(s.parts) + 1 {
		part := s.part
		if k < len(s.parts) {
			part = s.parts[k]
		}
		b, end := part[:cap(part)], len(part)
		for i := 0; i < end; {
			r := &out[at]
			at++
			p := (*[rowSize]byte)(b[i : i+rowSize])
			word := binary.LittleEndian.Uint32(p[:])
			form := binary.LittleEndian.Uint16(p[4:])
			n := 6
			d := binary.LittleEndian.Uint64(p[n:]) & longMask[word>>timeLen&15]
			n += int(word >> timeLen & 15)
			last += int64(d>>1) ^ -int64(d&1)
			r.time = last
			r.b = binary.LittleEndian.Uint64(p[n:]) & longMask[word>>bLen&15]
			n += int(word >> bLen & 15)
			r.c = binary.LittleEndian.Uint64(p[n:]) & longMask[word>>cLen&15]
			n += int(word >> cLen & 15)
			line += binary.LittleEndian.Uint32(p[n:]) & shortMask[word>>lineLen&7]
			n += int(word >> lineLen & 7)
			r.line = line
			high := binary.LittleEndian.Uint32(p[n:]) & shortMask[word>>aHigh&7]
			n += int(word >> aHigh & 7)
			low := binary.LittleEndian.Uint32(p[n:]) & shortMask[word>>aLow&7]
			n += int(word >> aLow & 7)
			r.a = uint64(high)<<32 | uint64(low)
			high = binary.LittleEndian.Uint32(p[n:]) & shortMask[word>>dHigh&7]
			n += int(word >> dHigh & 7)
			low = binary.LittleEndian.Uint32(p[n:]) & shortMask[word>>dLow&7]
			n += int(word >> dLow & 7)
			r.d = uint64(high)<<32 | uint64(low)
			r.text = 0
			var x shape
			if word&(hasText|ownForm) != 0 {
				if word&hasText != 0 {
					r.text = binary.LittleEndian.Uint32(p[n:])
					n += 4
				}
				if word&ownForm != 0 {
					x = shape{binary.LittleEndian.Uint64(p[n:]), binary.LittleEndian.Uint64(p[n+8:])}
					n += 16
				}
			}
			if word&ownForm == 0 {
				x = forms[form]
			}
			r.set = x.set | src
			r.setWhat(x.what)
			i += n
		}
	}
}

var longMask, shortMask = func() (long [16]uint64, short [8]uint32) {
	for i := range long {
		long[i] = 1<<(8*min(i, 8)) - 1
	}
	for i := range short {
		short[i] = uint32(1<<(8*min(i, 4)) - 1)
	}
	return long, short
}()

// A quarry is where a store's parts come from. It cuts the larger ones from
// slabs, which spares the system page faults.
type quarry struct {
	mu   sync.Mutex
	slab []byte
	cut  int    // parts of full size
	odds []byte // for smaller ones
}

const (
	firstPart = 128     // bytes
	lastPart  = 4 << 10 // of the sixth part of a strip, and all that follow
	slabSize  = 16 << 20
	oddsSize  = 64 << 10
	bySlab    = 1 << 10 // parts; fewer are not worth a slab
)

// part is an empty part, the k-th of a strip.
func (q *quarry) part(k int) []byte {
	size := firstPart << min(k, 5)
	q.mu.Lock()
	defer q.mu.Unlock()
	if size < lastPart {
		if len(q.odds) < size {
			q.odds = make([]byte, oddsSize)
		}
		p := q.odds[:0:size]
		q.odds = q.odds[size:]
		return p
	}
	if q.cut++; q.cut <= bySlab {
		return make([]byte, 0, size)
	}
	if len(q.slab) == 0 {
		q.slab = make([]byte, slabSize)
		preferLargePages(q.slab)
	}
	p := q.slab[:0:size]
	q.slab = q.slab[size:]
	return p
}

// A pool keeps the memory of columns for the next ones.
type pool struct {
	mu    sync.Mutex
	spare [][]record
}

// mostSpare is how many columns' memory is kept.
const mostSpare = 64

// take gives room for n records, which is not cleared. Without a pool it is
// new.
func (p *pool) take(n int) []record {
	if p == nil {
		return make([]record, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// The newest that is large enough: it is still in the processor's cache.
	for k := len(p.spare) - 1; k >= 0; k-- {
		if rows := p.spare[k]; len(rows) >= n {
			p.spare = append(p.spare[:k], p.spare[k+1:]...)
			return rows
		}
	}
	if len(p.spare) > 0 { // the next ones will hardly be smaller
		p.spare = p.spare[:len(p.spare)-1]
	}
	const step = 1 << 10
	return make([]record, (n+n/8+step-1)/step*step)
}

// give takes the memory of a column back.
func (p *pool) give(rows []record) {
	if p == nil || len(rows) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spare) < mostSpare {
		p.spare = append(p.spare, rows)
	}
}
