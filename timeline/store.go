package timeline

import (
	"strings"
	"sync"
	"unsafe"

	"github.com/raftdiag/raftdiag"
)

// A Store takes events in, lane by lane, and keeps them, coded.
//
// Each source has a feed of its own, so sources fill the store side by side.
type Store struct {
	mu      sync.Mutex
	feeds   []*feed
	nodes   intern[raftdiag.NodeID, uint16]
	texts   intern[string, uint32]
	names   map[string]string // of lanes, each once
	wide    []raftdiag.Event
	twins   []uint64 // by wide event: the first one that says the same
	quarry  *quarry
	dropped int64 // events whose text or node found no place
}

// New makes an empty store.
func New() *Store {
	return &Store{
		quarry: &quarry{},
		nodes:  newIntern[raftdiag.NodeID, uint16](1<<16 - 1),
		texts:  newIntern[string, uint32](1 << 17),
		names:  map[string]string{},
	}
}

// An intern numbers values; 0 is the zero value. Beyond its limit it answers 0:
// what the value was is then unknown.
type intern[T comparable, N ~uint16 | ~uint32] struct {
	ids   map[T]N
	list  []T
	limit int
}

func newIntern[T comparable, N ~uint16 | ~uint32](limit int) intern[T, N] {
	var zero T
	return intern[T, N]{ids: map[T]N{zero: 0}, list: []T{zero}, limit: limit}
}

func (in *intern[T, N]) id(v T) (N, bool) {
	if n, ok := in.ids[v]; ok {
		return n, true
	}
	if len(in.list) >= in.limit {
		return 0, false
	}
	n := N(len(in.list))
	in.ids[v] = n
	in.list = append(in.list, v)
	return n, true
}

// A laneKey says to whom an event belongs within a source.
type laneKey struct {
	writer, group string
	node          raftdiag.NodeID
}

// A feed is what one source wrote.
type feed struct {
	name   string
	order  int
	index  int
	goesOn bool // it is the next piece of the source before it in order
	store  *Store
	strips map[laneKey]*strip
	unused []strip // made at once, and no lane's yet
	forms  shapes
	cache  []*strip // direct-mapped; it grows with the number of lanes
	newest *strip   // the lane of the newest event
	row    record   // the newest event
	nodes  map[raftdiag.NodeID]uint16
	texts  map[string]uint32
	// The newest answers of the two maps.
	lastNode  [8]raftdiag.NodeID
	lastNodeN [8]uint16
	speech    speech
}

// lasting is a copy of a name, since it may be part of a large buffer.
func (s *Store) lasting(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.names[name]
	if !ok {
		kept = strings.Clone(name)
		s.names[kept] = kept
	}
	return kept
}

const (
	firstCache = 16
	lastCache  = 1 << 16
)

// Continue is Open for a source that is the next piece of the log of which the
// source before it in order is a piece.
func (s *Store) Continue(name string, order int) func(*raftdiag.Event) {
	add := s.Open(name, order)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feeds[len(s.feeds)-1].goesOn = true
	return add
}

// Open begins a source. The returned function takes its events in order; the
// store keeps no pointer to what it is given, but for Config and a group's name.
func (s *Store) Open(name string, order int) func(*raftdiag.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &feed{
		name: name, order: order, index: len(s.feeds), store: s, strips: map[laneKey]*strip{},
		nodes: map[raftdiag.NodeID]uint16{}, texts: map[string]uint32{}, cache: make([]*strip, firstCache),
	}
	s.feeds = append(s.feeds, f)
	return f.add
}

func (f *feed) node(n raftdiag.NodeID) uint16 {
	if slot := n % 8; f.lastNode[slot] == n {
		return f.lastNodeN[slot]
	}
	return f.findNode(n)
}

func (f *feed) findNode(n raftdiag.NodeID) uint16 {
	id, ok := f.nodes[n]
	if !ok {
		f.store.mu.Lock()
		if id, ok = f.store.nodes.id(n); !ok {
			f.store.dropped++
		}
		f.store.mu.Unlock()
		f.nodes[n] = id
	}
	f.lastNode[n%8], f.lastNodeN[n%8] = n, id
	return id
}

func (f *feed) text(t string) uint32 {
	id, ok := f.texts[t]
	if !ok {
		t = strings.Clone(t) // it may be part of a large buffer
		f.store.mu.Lock()
		if id, ok = f.store.texts.id(t); ok {
			f.texts[t] = id
		} else {
			f.store.dropped++
		}
		f.store.mu.Unlock()
	}
	return id
}

// strip finds the strip of a lane. Lines of a few lanes follow one another, so
// the cache answers nearly always. It goes by where a group's name stands, since
// the parser has one copy of each: to read the name would cost more.
func (f *feed) strip(e *raftdiag.Event) *strip {
	if f.newest != nil && f.newest.is(e) {
		return f.newest
	}
	h := uint64(e.Node)*0x9e3779b97f4a7c15 ^ uint64(place(e.Group))*0xd6e8feb86659fd93 ^ uint64(place(e.Writer))*0xa0761d6478bd642f
	at := &f.cache[h>>32&uint64(len(f.cache)-1)]
	if *at == nil || !(*at).is(e) {
		key := laneKey{e.Writer, e.Group, e.Node}
		s := f.strips[key]
		if s == nil {
			key.writer, key.group = f.store.lasting(key.writer), f.store.lasting(key.group)
			if len(f.unused) == 0 {
				f.unused = make([]strip, min(len(f.strips)+1, 64))
			}
			s, f.unused = &f.unused[0], f.unused[1:]
			*s = strip{from: f.store.quarry, key: key, group: e.Group, node: e.Node, writes: uint32(len(e.Writer))}
			f.strips[key] = s
			if n := len(f.cache); len(f.strips) > n/4 && n < lastCache {
				f.cache = make([]*strip, 4*n)
				f.newest = s
				return s
			}
		}
		*at = s
	}
	f.newest = *at
	return *at
}

// place is where a string's bytes stand in memory.
func place(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }

func (f *feed) add(e *raftdiag.Event) {
	if speaks(e.Kind) {
		f.speech.add(f.name, e)
		if e.Kind == raftdiag.SymptomSeen {
			return
		}
	}
	r := &f.row
	if !f.pack(r, e) {
		wide := *e
		wide.Text = strings.Clone(e.Text)
		wide.Group, wide.Writer, wide.Pos.Source = "", "", "" // the lane and the source know them
		f.store.mu.Lock()
		*r = record{time: int64(e.Time), line: uint32(e.Pos.Line), kind: e.Kind, mtype: e.Type,
			set: uint64(e.Set)&setMask | wideBit, a: uint64(len(f.store.wide))}
		f.store.wide = append(f.store.wide, wide)
		f.store.mu.Unlock()
	}
	f.strip(e).add(r, shapeOf(r, e.Kind, e.Type), &f.forms)
}
