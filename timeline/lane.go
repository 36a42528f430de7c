package timeline

import (
	"cmp"
	"slices"
	"sort"

	"github.com/raftdiag/raftdiag"
)

// A Lane is what one node's log says about one group, in the order of that
// log, over one life of the cluster.
//
// Invariant: a lane holds events of its own node only, so lanes are filled
// apart and join in any order.
type Lane struct {
	Node  raftdiag.NodeID
	Group string

	store *Store
	col   *column
	lo    int // the life's first place
	hi    int // behind its last

	// Incarnations are the runs of the process, in order. There is one at
	// least.
	Incarnations []Incarnation
	// Falls are the places at which a number fell that should not.
	Falls []Fall

	scan
}

// An Incarnation is one run of a process, places Begin to End of its lane.
type Incarnation struct {
	Begin, End int
	Opened     string // start, boot, panic, stop or fall
}

// A Fall is a number that went down within one lane: what is term, commit,
// last or applied. Restart says that an incarnation begins here.
type Fall struct {
	What     string
	At       int // place of the row with the lower number
	Before   int // place of the row with the higher one
	From, To uint64
	Restart  bool
}

// A Proof is an event that shows something.
type Proof struct {
	Lane *Lane
	I    int
}

// OK reports whether there is an event.
func (p Proof) OK() bool { return p.Lane != nil }

// Event is the event itself.
func (p Proof) Event() raftdiag.Event { return p.Lane.Event(p.I) }

// Len is the number of events in the lane.
func (l *Lane) Len() int { return l.hi - l.lo }

// Bounds are the lane's first place and the one behind its last.
func (l *Lane) Bounds() (lo, hi int) { return l.lo, l.hi }

func (l *Lane) rec(i int) *record { return l.col.at(i) }

// Event is the event at place i.
func (l *Lane) Event(i int) raftdiag.Event {
	r := l.rec(i)
	var e raftdiag.Event
	if r.wide() {
		e = l.store.wide[r.a]
	} else {
		unpack(r, &e, l.store.nodes.list, l.store.texts.list)
	}
	e.Node, e.Group = l.Node, l.Group
	e.Pos = raftdiag.Position{Source: l.store.feeds[r.source()].name, Line: int64(r.line)}
	return e
}

// Proof is the event at place i as a proof.
func (l *Lane) Proof(i int) Proof { return Proof{l, i} }

// incarnation is the number of the run that place i belongs to.
func (l *Lane) incarnation(i int) int {
	n, _ := slices.BinarySearchFunc(l.Incarnations, i, func(inc Incarnation, i int) int {
		if inc.End <= i {
			return -1
		}
		return cmp.Compare(inc.Begin, i+1)
	})
	return min(n, len(l.Incarnations)-1)
}

// A segment is a column of one source that belongs to a lane.
type segment struct {
	feed *feed
	col  *column
}

// weave makes one column of a lane's segments: rows of one source stay in the
// order of their lines, sources follow one another by time, and exact repeats
// are dropped.
func weave(segments []segment) *column {
	slices.SortStableFunc(segments, func(a, b segment) int { return cmp.Compare(a.feed.order, b.feed.order) })
	// Columns of one source (with a group and without) merge by line.
	var sources []*column
	for i := 0; i < len(segments); {
		j := i + 1
		for j < len(segments) && segments[j].feed == segments[i].feed {
			j++
		}
		col := segments[i].col
		for _, s := range segments[i+1 : j] {
			col = merge(col, s.col, func(a, b *record) bool { return a.line <= b.line })
		}
		sources = append(sources, col)
		i = j
	}
	col := sources[0]
	for _, next := range sources[1:] {
		col = mergeByTime(col, next)
	}
	return dedupe(col)
}

func merge(a, b *column, first func(a, b *record) bool) *column {
	out := &column{}
	i, j := 0, 0
	for i < a.n || j < b.n {
		if j == b.n || i < a.n && first(a.at(i), b.at(j)) {
			*out.next() = *a.at(i)
			i++
		} else {
			*out.next() = *b.at(j)
			j++
		}
	}
	return out
}

// mergeByTime puts b's rows among a's by their stamps. A row without one goes
// with the row before it; where the two do not overlap, the earlier input is
// first.
func mergeByTime(a, b *column) *column {
	var ta, tb int64
	return merge(a, b, func(x, y *record) bool {
		if x.time != 0 {
			ta = x.time
		}
		if y.time != 0 {
			tb = y.time
		}
		return ta <= tb || tb == 0
	})
}

// dedupe drops exact repeats: rows that say the same at the same stamp. A
// repeat that stands apart counts only if the stamps are finer than a
// millisecond, since coarse stamps repeat by themselves.
func dedupe(col *column) *column {
	fine := false
	for i := 0; i < col.n && i < 4096 && !fine; i++ {
		fine = col.at(i).time%1_000_000 != 0
	}
	n := 0
	var newest int64
	for i := range col.n {
		r := col.at(i)
		if r.time != 0 && n > 0 && repeats(col, n, r, fine, newest) {
			continue
		}
		newest = max(newest, r.time)
		if n != i {
			*col.at(n) = *r
		}
		n++
	}
	col.truncate(n)
	return col
}

// repeats reports whether r says what one of the first n rows said already.
func repeats(col *column, n int, r *record, fine bool, newest int64) bool {
	prev := col.at(n - 1)
	if prev.same(r) && (prev.line+1 == r.line || prev.line == r.line || prev.source() != r.source()) {
		return true
	}
	if !fine {
		return false
	}
	const window = 64
	if r.time >= newest {
		for k := n - 1; k >= 0 && k >= n-window && col.at(k).time == r.time; k-- {
			if col.at(k).same(r) {
				return true
			}
		}
		return false
	}
	// The stamp is older than the newest: a copy of an earlier part, perhaps.
	lo := sort.Search(n, func(k int) bool { return col.at(k).time >= r.time })
	for k := lo; k < n && k < lo+window && col.at(k).time == r.time; k++ {
		if col.at(k).same(r) {
			return true
		}
	}
	return false
}
