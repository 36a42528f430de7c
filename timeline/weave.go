package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A segment is the rows of one source that belong to a lane: a strip, or a
// column if other lanes need them as well.
type segment struct {
	feed  *feed
	strip *strip
	col   *column
}

func (g *segment) n() int {
	if g.strip != nil {
		return g.strip.n
	}
	return g.col.n
}

// column makes the records of a strip.
func (f *feed) column(s *strip) *column {
	c := &column{rows: make([]record, s.n)}
	c.take(f, s)
	return c
}

// take puts the records of a strip behind those of the column, which has room.
func (c *column) take(f *feed, s *strip) {
	s.rows(c.rows[c.n:c.n+s.n], f.forms.list, f.index)
	c.n += s.n
}

// weave makes one column of a lane's segments: rows of one source stay in the
// order of their lines, sources follow one another by time, and repeats are
// dropped. The column's memory is from the pool.
//
// The order in which the inputs were given decides only where no stamp does.
func (s *Store) weave(segments []segment, from *pool) *column {
	slices.SortStableFunc(segments, func(a, b segment) int {
		return cmp.Or(cmp.Compare(a.feed.order, b.feed.order), cmp.Compare(a.feed.index, b.feed.index))
	})
	type source struct {
		feed *feed
		col  *column
		time int64 // its first stamp
		last int64 // the first stamp of its last piece
	}
	var sources []source
	forwards := 0
	for i := 0; i < len(segments); {
		j := i
		for j < len(segments) && segments[j].feed == segments[i].feed {
			j++
		}
		col := oneSource(segments[i:j], from)
		forwards += s.dedupe(col)
		// The pieces of one log follow one another, whatever the stamps at their
		// ends are, unless the pieces themselves are out of order: one that begins
		// before the piece in front of it did, and ended. A clock that was set back
		// there ends low as well.
		next := source{feed: segments[i].feed, col: col, time: col.firstStamp()}
		if n := len(sources); n > 0 && next.feed.goesOn && next.feed.order == sources[n-1].feed.order+1 &&
			next.time >= min(sources[n-1].last, sources[n-1].col.lastStamp()) {
			into := &sources[n-1]
			into.col.mergeAfter(col)
			into.col.tick = 0
			into.feed, into.last = next.feed, next.time
		} else {
			next.last = next.time
			sources = append(sources, next)
		}
		i = j
	}
	slices.SortStableFunc(sources, func(a, b source) int {
		if a.time == 0 && b.time == 0 {
			return 0
		}
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.feed.name, b.feed.name))
	})
	if len(sources) == 0 {
		return &column{}
	}
	if len(sources) == 1 {
		sources[0].col.forwards = forwards
		return sources[0].col
	}
	// The first one gets room for all of them, which mostly follow one another.
	total := 0
	for _, next := range sources {
		total += next.col.n
	}
	first := sources[0].col
	col, ascends := &column{rows: from.take(total)}, first.ascends()
	col.mergeAfter(first)
	from.give(first.rows)
	for _, next := range sources[1:] {
		nextAscends := next.col.ascends()
		col = s.join(col, next.col, ascends, from)
		ascends = ascends && nextAscends && next.time != 0
	}
	col.forwards = forwards
	return col
}

// oneSource merges the segments of one source (with a group and without, of
// several writers, before its node was known and after) by line.
func oneSource(segments []segment, from *pool) *column {
	total, into := 0, -1
	inOrder := true
	for k := range segments {
		g := &segments[k]
		total += g.n()
		if g.strip == nil {
			inOrder = false
			continue
		}
		if into < 0 || g.n() > segments[into].n() {
			into = k
		}
	}
	col := &column{rows: from.take(total)}
	if inOrder && len(segments) > 1 {
		// Nearly always one ends before the next one begins.
		order := append(make([]segment, 0, 8), segments...)
		slices.SortFunc(order, func(a, b segment) int { return cmp.Compare(a.strip.first, b.strip.first) })
		for k := 1; k < len(order); k++ {
			inOrder = inOrder && order[k-1].strip.highest() < order[k].strip.first
		}
		if inOrder {
			for _, g := range order {
				col.take(g.feed, g.strip)
			}
			return col
		}
	}
	if into >= 0 {
		col.take(segments[into].feed, segments[into].strip)
	}
	for k, g := range segments {
		switch {
		case k == into:
		case g.col != nil:
			col.mergeLines(g.col)
		default:
			other := &column{rows: from.take(g.strip.n)}
			other.take(g.feed, g.strip)
			col.mergeLines(other)
			from.give(other.rows)
		}
	}
	return col
}

// ascends reports whether the stamps never fall.
func (c *column) ascends() bool {
	newest := int64(0)
	for i := range c.n {
		if t := c.at(i).time; t != 0 {
			if t < newest {
				return false
			}
			newest = t
		}
	}
	return true
}

// firstStamp is the first stamp that a row has, or 0.
func (c *column) firstStamp() int64 {
	for i := range c.n {
		if t := c.at(i).time; t != 0 {
			return t
		}
	}
	return 0
}

func (c *column) lastStamp() int64 {
	for i := c.n - 1; i >= 0; i-- {
		if t := c.at(i).time; t != 0 {
			return t
		}
	}
	return 0
}

// mergeLines puts o's rows among c's by their lines, from behind, so that what
// stands in c need not be copied elsewhere.
func (c *column) mergeLines(o *column) {
	i, j := c.n-1, o.n-1
	c.room(o.n)
	c.n += o.n
	for k := c.n - 1; j >= 0; k-- {
		if i < 0 || c.at(i).line <= o.at(j).line {
			*c.at(k) = *o.at(j)
			j--
			continue
		}
		// All rows of c behind that of o move at once.
		line, end := o.at(j).line, i
		for i > 0 && c.at(i-1).line > line {
			i--
		}
		copy(c.rows[i+k-end:k+1], c.rows[i:end+1])
		i, k = i-1, k-(end-i)
	}
}

// A run is the rows from lo to hi of a column that have one stamp. A row
// without a stamp goes with the row before it, or the first stamp that follows.
type run struct {
	lo, hi int
	time   int64
}

func (c *column) run(lo int, before int64) run {
	r := run{lo, lo, before}
	for ; r.hi < c.n; r.hi++ {
		t := c.at(r.hi).time
		if t == 0 || t == r.time {
			continue
		}
		if r.hi > lo {
			break
		}
		r.time = t
	}
	return r
}

// join puts b's rows among a's by their stamps and uses both up. Rows that both
// have at one stamp are the same rows: of each as many are kept as the source
// has that shows more of them. ascends says that a's stamps never fall: then
// what lies before b's first one stays where it is.
func (s *Store) join(a, b *column, ascends bool, from *pool) *column {
	if a.n == 0 || b.n == 0 {
		if a.n == 0 {
			return b
		}
		return a
	}
	if b.firstStamp() == 0 && a.firstStamp() == 0 {
		switch {
		case s.inside(a, b):
			return a
		case s.inside(b, a):
			return b
		}
		a.mergeAfter(b)
		return a
	}
	if first := b.firstStamp(); ascends && a.firstStamp() != 0 && a.firstStamp() < first {
		n := a.n
		for k := n; k > 0; k-- {
			t := a.at(k - 1).time
			if t != 0 && t < first {
				break
			}
			if t != 0 {
				n = k - 1
			}
		}
		if n < a.n {
			tail := &column{rows: slices.Clone(a.rows[n:a.n]), n: a.n - n}
			a.truncate(n)
			b = s.join(tail, b, false, from)
		}
		a.mergeAfter(b)
		from.give(b.rows)
		return a
	}
	out := &column{rows: from.take(a.n + b.n)}
	copyRun := func(c *column, r run) { out.n += copy(out.rows[out.n:], c.rows[r.lo:r.hi]) }
	x, y := a.run(0, a.firstStamp()), b.run(0, b.firstStamp())
	for x.lo < a.n || y.lo < b.n {
		switch {
		case y.lo >= b.n || x.lo < a.n && x.time < y.time:
			copyRun(a, x)
			x = a.run(x.hi, x.time)
		case x.lo >= a.n || y.time < x.time:
			copyRun(b, y)
			y = b.run(y.hi, y.time)
		default:
			s.unite(out, a, x, b, y)
			x, y = a.run(x.hi, x.time), b.run(y.hi, y.time)
		}
	}
	from.give(a.rows)
	from.give(b.rows)
	return out
}

// mergeAfter puts o's rows behind c's.
func (c *column) mergeAfter(o *column) {
	c.room(o.n)
	c.n += copy(c.rows[c.n:], o.all())
}

// unite puts out the rows of a's run and those of b's that a's does not have,
// each behind the row that it follows in b.
func (s *Store) unite(out, a *column, x run, b *column, y run) {
	have := make(map[record][]int32, x.hi-x.lo)
	for i := x.lo; i < x.hi; i++ {
		key := a.at(i).said(s.twins)
		have[key] = append(have[key], int32(i))
	}
	// extra are b's own rows, by the row of a before which they go.
	extra := map[int][]int{}
	var waiting []int
	anchor := x.lo - 1
	for j := y.lo; j < y.hi; j++ {
		key := b.at(j).said(s.twins)
		list := have[key]
		if len(list) == 0 {
			waiting = append(waiting, j)
			continue
		}
		have[key] = list[1:]
		before := max(int(list[0]), anchor)
		extra[before] = append(extra[before], waiting...)
		waiting, anchor = nil, before
	}
	if anchor < x.lo {
		anchor = x.hi - 1 // nothing in common: a's rows come first
	}
	for i := x.lo; i < x.hi; i++ {
		for _, j := range extra[i] {
			*out.next() = *b.at(j)
		}
		*out.next() = *a.at(i)
		if i == anchor {
			for _, j := range waiting {
				*out.next() = *b.at(j)
			}
		}
	}
}

// inside reports whether b's rows follow one another somewhere in a.
func (s *Store) inside(a, b *column) bool {
	for at, effort := 0, mostCompared; at+b.n <= a.n && effort > 0; at++ {
		n := s.common(a, b, at)
		if n == b.n {
			return true
		}
		effort -= n + 1
	}
	return false
}

// common is how many of b's first rows a has from a place on.
func (s *Store) common(a, b *column, at int) int {
	for j := range b.n {
		if a.at(at+j).said(s.twins) != b.at(j).said(s.twins) {
			return j
		}
	}
	return b.n
}

// coarse is the clock tick from which on a message may well be followed by its
// like within one tick.
const coarse = 10 * time.Millisecond

// dedupe drops the exact repeats within one source: rows that say the same at
// the same stamp. What a repeat is depends on how fine the stamps are: within a
// microsecond nothing happens twice, within a millisecond a repeat must follow
// at once (what other nodes and groups print between is no matter), and within
// a second a message may come again. Without a stamp only a stretch is dropped
// that takes the node back to where it was: see copied. A row notes how many repeats it stands for: within a
// millisecond two equal messages may well arrive.
//
// It returns how many forwarded proposals it dropped that may have been ones of
// their own: they have nothing by which one is told from the next.
func (s *Store) dedupe(col *column) (forwards int) {
	g := grain{tick: int64(time.Second)}
	for i := 0; i < col.n && i < manyBounds && g.tick > 1; i++ {
		g.add(col.at(i).time)
	}
	if col.n < manyBounds {
		col.tick = g.tick // a repeat that is dropped has the stamp of another row
	}
	fine, rough := g.tick < int64(time.Millisecond), g.tick >= int64(coarse)
	n := 0
	var newest int64
	var marks marks
	effort := mostCompared
	for i := 0; i < col.n; i++ {
		r := col.at(i)
		if marks.fell(r) && !fine {
			if back, on := s.copied(col, n, i, &effort); on > 0 {
				n -= back
				i += on - 1
				continue
			}
		}
		if r.time != 0 && n > 0 && (col.at(n-1).time == r.time || fine && r.time < newest) && !(rough && r.message()) {
			if k := s.repeated(col, n, r, fine, newest); k >= 0 {
				if o := col.at(k); o.again() < 3 {
					o.flags += 1 << againShift
				}
				if !fine && r.kind == raftdiag.Received && r.mtype == raftdiag.MsgProp {
					forwards++
				}
				continue
			}
		}
		newest = max(newest, r.time)
		if n != i {
			*col.at(n) = *r
		}
		n++
	}
	col.truncate(n)
	return forwards
}

// marks are the newest of the numbers of a node that fall only if it lost
// something, or if its log goes back.
type marks [numNumbers]uint64

// fell takes in a row and reports whether one of its numbers fell.
func (m *marks) fell(r *record) (fell bool) {
	if r.wide() || r.kind != raftdiag.State && r.kind != raftdiag.LogRow {
		return false
	}
	put := func(f raftdiag.Field, n int, v uint64) {
		if r.has(f) {
			fell = fell || v < m[n]
			m[n] = v
		}
	}
	if r.kind == raftdiag.State {
		put(raftdiag.HasTerm, termNumber, r.a)
		put(raftdiag.HasCommit, commitNumber, r.b)
		put(raftdiag.HasApplied, appliedNumber, r.c)
		put(raftdiag.HasLast, lastNumber, r.d)
		return fell
	}
	put(raftdiag.HasLast, lastNumber, r.a)
	put(raftdiag.HasCommit, commitNumber, r.b)
	put(raftdiag.HasApplied, appliedNumber, r.c)
	return fell
}

// mostCompared is how many rows of one source are looked at for copies.
const mostCompared = 1 << 23

// copied looks for a stretch that stands twice, where a number fell at row i:
// all that the first n rows say from some place on is said once more. It answers
// how many of the n rows, and of the rows from i on, are the copy.
//
// The first rows of a copy may be read in another way than those that it copies,
// where the heads of lists stand before it.
func (s *Store) copied(col *column, n, i int, effort *int) (back, on int) {
	const few = 4
	for k := n - 1; k >= 0 && *effort > 0; k-- {
		*effort--
		if !s.alike(col.at(k), col.at(i)) {
			continue
		}
		back = 0
		for back < n-1-k && back <= k-1 && s.alike(col.at(k-1-back), col.at(n-1-back)) {
			back++
		}
		a, b := k+1, i+1
		for a < n-back && b < col.n {
			if s.alike(col.at(a), col.at(b)) {
				a++
			} else if !s.alike(col.at(b-1), col.at(b)) {
				break // and else it is a repeat, which the first rows lack already
			}
			b++
		}
		on = b - i
		*effort -= back + on
		if back+on >= few && (a >= n-back-blockRows || b == col.n) {
			return back, on
		}
	}
	return 0, 0
}

// alike reports whether two rows say the same at the same stamp.
func (s *Store) alike(a, b *record) bool {
	return a.says(b, s.twins)
}

// repeated is the place of the row among the first n that said what r says, or
// -1. The last of them has r's stamp, or stamps are fine and r's is older than
// the newest.
func (s *Store) repeated(col *column, n int, r *record, fine bool, newest int64) int {
	if s.alike(col.at(n-1), r) {
		return n - 1
	}
	if !fine {
		return -1
	}
	const window = 64
	if r.time >= newest {
		for k := n - 1; k >= 0 && k >= n-window && col.at(k).time == r.time; k-- {
			if s.alike(col.at(k), r) {
				return k
			}
		}
		return -1
	}
	// The stamp is older than the newest: a copy of an earlier part, perhaps.
	// Rows without a stamp go with the row before them, so the search is by
	// the stamp before or at a place.
	lo := col.searchStamp(n, r.time)
	for k := lo; k < n && k < lo+window; k++ {
		switch o := col.at(k); {
		case o.time == 0:
		case o.time != r.time:
			return -1
		case s.alike(o, r):
			return k
		}
	}
	return -1
}

// searchStamp is the first of the first n places whose stamp, or that of the
// row before it, is not below t, where stamps ascend.
func (c *column) searchStamp(n int, t int64) int {
	lo, hi := 0, n
	for lo < hi {
		mid := (lo + hi) / 2
		k := mid
		for k > lo && c.at(k).time == 0 {
			k--
		}
		if c.at(k).time < t {
			lo = mid + 1
		} else {
			hi = k
		}
	}
	return lo
}
