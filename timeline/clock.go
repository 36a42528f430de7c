package timeline

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag"
)

// The grades of a clock estimate.
const (
	accurate      = "accurate"      // many messages both ways, one line fits them all
	approximate   = "approximate"   // messages both ways, but few of them or with steps
	oneWay        = "one-way"       // messages in one direction: one bound only
	noClock       = "none"          // no pair of messages with stamps
	contradictory = "contradictory" // no line fits: an answer precedes its question
)

const (
	maxDrift   = 1e-3 // no clock is off by more than 1000 ppm; quartz stays below 200, NTP slews by 500
	manyPoints = 8    // in each direction, for an accurate grade
	fewPoints  = 3    // in each direction, for a regime that counts
	maxRegimes = 16
	manyBounds = 4096 // of more messages of one kind, so many at equal distances count
)

// A Clock bounds how far the clock of To is ahead of the clock of From.
//
// Every message is a bound: it cannot arrive before it was sent. With x the
// time on From's clock and o(x) the offset, a message from From that is sent at
// x and arrives at y on To's clock says o(x) <= y-x; one from To that is sent at
// y and arrives at x says o(x) >= y-x. Between clock steps o is a line, and all
// lines that keep to every bound give the interval (Duda et al. 1987; Jezequel
// 1989). A stamp of a coarse clock is a moment within its tick, which widens
// the bounds.
//
// A Clock serves drawing and latencies. Nothing is put in order by it.
type Clock struct {
	From, To raftdiag.NodeID
	Grade    string
	Pairs    int // messages that count: with both stamps and one possible pairing
	Steps    int

	Low, High *time.Duration // over the whole time that messages cover; nil if there is no bound
	Drift     *float64       // parts per million, the middle of what is possible; nil if little is known

	regimes []regime
}

// A bound is one message's.
type bound struct {
	x, d  int64 // time on From's clock, and the bound on the offset, both less the clock's origin
	a, b  int32 // places in the lanes of From and To
	upper bool
}

// A regime is a stretch without a step.
type regime struct {
	x0, d0   int64 // origin
	up, down []point
	b1, b2   float64 // possible slopes
	x1, x2   float64
	uppers   int
	lowers   int
	// The first and the last bound of each direction, where there is one.
	high, low [2]bound
}

type point struct{ x, d float64 }

// Clock estimates the clock of one node against another's.
func (t *Timeline) Clock(from, to raftdiag.NodeID) *Clock {
	c := &Clock{From: from, To: to, Grade: noClock}
	a, b := t.Lane(from), t.Lane(to)
	if a == nil || b == nil || a == b {
		return c
	}
	mem := clockMemories.Get().(*clockMemory)
	defer clockMemories.Put(mem)
	uppers, lowers, x0, d0 := t.bounds(a, b, mem)
	c.Pairs = len(uppers) + len(lowers)
	if c.Pairs == 0 {
		return c
	}
	r := newRegime(x0, d0, mem, uppers, lowers)
	if len(uppers) == 0 || len(lowers) == 0 {
		c.Grade = oneWay
		c.regimes = []regime{r}
		c.sum()
		return c
	}
	var bounds []bound
	if r.b1 <= r.b2 {
		c.regimes = []regime{r} // as nearly always: no step
	} else {
		bounds, _ = sortRuns(slices.Concat(uppers, lowers), nil, sooner)
	}
	for len(bounds) > 0 {
		n := regimeLength(bounds, mem)
		c.regimes = append(c.regimes, newRegime(x0, d0, mem, bounds[:n]))
		bounds = bounds[n:]
		if len(c.regimes) > 2*maxRegimes {
			break
		}
	}
	fitting := c.Pairs - len(bounds)
	if len(c.regimes) > 1 {
		// Messages that were under way during a step fit neither side.
		c.regimes = slices.DeleteFunc(c.regimes, func(r regime) bool {
			brief := min(r.uppers, r.lowers) < fewPoints
			if brief {
				fitting -= r.uppers + r.lowers
			}
			return brief
		})
	}
	if len(c.regimes) > maxRegimes || 4*fitting < 3*c.Pairs {
		c.Grade, c.regimes = contradictory, nil
		return c
	}
	c.Steps = len(c.regimes) - 1
	c.Grade = approximate
	if r := &c.regimes[0]; c.Steps == 0 && min(r.uppers, r.lowers) >= manyPoints {
		c.Grade = accurate
	}
	c.sum()
	return c
}

// A clockMemory is what estimates are made in, one after the other.
type clockMemory struct {
	uppers, lowers, merged []bound
	points                 []point
}

var clockMemories = sync.Pool{New: func() any { return &clockMemory{} }}

// bounds are the bounds that paired messages of two lanes give, each direction in
// the order of a's log, less an origin. They last until the memory is used again.
func (t *Timeline) bounds(a, b *Lane, mem *clockMemory) (uppers, lowers []bound, x0, d0 int64) {
	ta, tb := a.tick(), b.tick()
	add := func(out []bound, p *Pairing, upper bool) []bound {
		sender, receiver := p.From, p.To
		for j := 0; j < len(p.SendOf); j += 1 + len(p.SendOf)/manyBounds {
			i := p.SendOf[j]
			if i < 0 || p.Twice[j] || p.Vague(int(i)) {
				continue
			}
			sp, rp := p.Sends[i], p.Receives[j]
			s, r := sender.rec(int(sp)).time, receiver.rec(int(rp)).time
			if s == 0 || r == 0 {
				continue
			}
			if upper {
				out = append(out, bound{x: s, d: r + tb - s, upper: true, a: sp, b: rp})
			} else {
				out = append(out, bound{x: r, d: s - r - ta, a: rp, b: sp})
			}
		}
		return out
	}
	uppers, lowers = mem.uppers[:0], mem.lowers[:0]
	for _, c := range a.sends.channels {
		if c.From == a.Node && c.To == b.Node {
			uppers = add(uppers, t.Pair(c), true)
		}
	}
	for _, c := range b.sends.channels {
		if c.From == b.Node && c.To == a.Node {
			lowers = add(lowers, t.Pair(c), false)
		}
	}
	uppers, mem.merged = sortRuns(uppers, mem.merged, sooner)
	lowers, mem.merged = sortRuns(lowers, mem.merged, sooner)
	mem.uppers, mem.lowers = uppers, lowers
	switch { // the first of all is the origin
	case len(uppers) > 0 && (len(lowers) == 0 || !sooner(&lowers[0], &uppers[0])):
		x0, d0 = uppers[0].x, uppers[0].d
	case len(lowers) > 0:
		x0, d0 = lowers[0].x, lowers[0].d
	}
	for _, part := range [...][]bound{uppers, lowers} {
		for i := range part {
			part[i].x -= x0
			part[i].d -= d0
		}
	}
	return uppers, lowers, x0, d0
}

// sooner reports whether a bound comes before another in the order of both logs.
func sooner(p, q *bound) bool { return p.a < q.a || p.a == q.a && p.b < q.b }

// sortRuns sorts what consists of a few ascending runs, by merging them. Equal
// ones stay in their order. It answers the list and the memory that is free
// again, which is the list's or that of other.
func sortRuns[T any](list, other []T, less func(a, b *T) bool) (sorted, free []T) {
	var memory [2][32]int
	ends, merged := append(memory[0][:0], 0), memory[1][:0]
	for i := 1; i < len(list); i++ {
		if less(&list[i], &list[i-1]) {
			ends = append(ends, i)
		}
	}
	ends = append(ends, len(list))
	for len(ends) > 2 {
		other = slices.Grow(other[:0], len(list))
		merged = append(merged[:0], 0)
		for k := 0; k+1 < len(ends); k += 2 {
			i, mid, end := ends[k], ends[k+1], ends[min(k+2, len(ends)-1)]
			for j := mid; i < mid || j < end; {
				if j == end || i < mid && !less(&list[j], &list[i]) {
					other = append(other, list[i])
					i++
				} else {
					other = append(other, list[j])
					j++
				}
			}
			merged = append(merged, end)
		}
		list, other = other, list
		ends, merged = merged, ends
	}
	return list, other
}

// tick is the resolution of the lane's stamps: the largest power of ten in
// nanoseconds, up to a second, of which all are multiples, or 0 for a
// nanosecond. Of a long lane some thousands of rows tell.
func (l *Lane) tick() int64 {
	if t := l.ticks.Load(); t != 0 {
		return t - 1
	}
	t := l.countTick()
	l.ticks.Store(t + 1)
	return t
}

func (l *Lane) countTick() int64 {
	g := grain{tick: int64(time.Second)}
	if whole := l.lo == 0 && l.hi == l.col.n; whole && l.col.tick != 0 {
		g.tick = l.col.tick
	} else {
		for i := l.lo; i < l.hi && g.tick > 1; i += 1 + l.Len()/manyBounds {
			g.add(l.rec(i).time)
		}
	}
	if g.tick == 1 {
		return 0
	}
	return g.tick
}

// A grain finds the tick of which all stamps are multiples: it begins with the
// largest that is possible, and is divided by ten until it fits.
type grain struct {
	tick int64
	last int64 // a multiple of the tick
}

// add takes in a stamp. What it is ahead of the one before is a small number, and
// quick to divide.
func (g *grain) add(t int64) {
	if t == g.last {
		return
	}
	d := t
	if t^g.last >= 0 { // else the difference may be too large for a number
		d -= g.last
	}
	for !multiple(d, g.tick) {
		g.tick /= 10
	}
	g.last = t
}

// multiple reports whether a number is a multiple of a tick.
func multiple(d, tick int64) bool {
	if uint64(d) < 1<<32 {
		return uint32(d)%uint32(tick) == 0 // quicker
	}
	return d%tick == 0
}

// regimeLength is how many of the bounds one line can keep to, from the first
// on. A line that keeps to some keeps to fewer, so the end is found by doubling
// and halving.
func regimeLength(bounds []bound, mem *clockMemory) int {
	fits := func(n int) bool {
		r := newRegime(0, 0, mem, bounds[:n])
		return r.b1 <= r.b2
	}
	lo, hi := 1, 2 // lo fits
	for hi < len(bounds) && fits(hi) {
		lo, hi = hi, 2*hi
	}
	hi = min(hi, len(bounds))
	if fits(hi) {
		return hi
	}
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; fits(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// newRegime finds the slopes of the lines that keep to the bounds, of which each
// direction is in order; b1 > b2 if there is none.
func newRegime(x0, d0 int64, mem *clockMemory, lists ...[]bound) regime {
	r := regime{x0: x0, d0: d0, x1: math.Inf(1), x2: math.Inf(-1)}
	uppers, all := 0, 0
	for _, bounds := range lists {
		all += len(bounds)
		for i := range bounds {
			if bounds[i].upper {
				uppers++
			}
		}
	}
	mem.points = slices.Grow(mem.points[:0], all)
	points := mem.points[:all]
	up, down := points[:0:uppers], points[uppers:uppers]
	for _, bounds := range lists {
		for i := range bounds {
			q := &bounds[i]
			ends, n := &r.low, r.lowers
			if q.upper {
				ends, n = &r.high, r.uppers
			}
			if n == 0 {
				ends[0] = *q
			}
			ends[1] = *q
			p := point{float64(q.x), float64(q.d)}
			r.x1, r.x2 = min(r.x1, p.x), max(r.x2, p.x)
			if q.upper {
				r.uppers++
				up = append(up, p)
			} else {
				r.lowers++
				p.d = -p.d
				down = append(down, p)
			}
		}
	}
	r.up, r.down = slices.Clone(hull(up)), slices.Clone(hull(down))
	for i := range r.down {
		r.down[i].d = -r.down[i].d
	}
	r.b1, r.b2 = -maxDrift, maxDrift
	if r.uppers == 0 || r.lowers == 0 {
		return r
	}
	// gap is concave in the slope: its peak tells whether any line fits, and
	// from the peak both ends are found by halving.
	gap := func(b float64) float64 { return r.most(b) - r.least(b) }
	peak := summit(gap, -maxDrift, maxDrift)
	const slack = 1 // nanosecond, for what floating point rounds away
	if gap(peak) < -slack {
		r.b1, r.b2 = 1, -1
		return r
	}
	edge := func(in, out float64) float64 {
		if gap(out) >= -slack {
			return out
		}
		for range 60 {
			if mid := (in + out) / 2; gap(mid) >= -slack {
				in = mid
			} else {
				out = mid
			}
		}
		return out // the outer one, so that nothing possible is left out
	}
	r.b1, r.b2 = edge(peak, -maxDrift), edge(peak, maxDrift)
	return r
}

// summit is where a concave function is highest.
func summit(f func(float64) float64, lo, hi float64) float64 {
	for range 100 {
		a, b := lo+(hi-lo)/3, hi-(hi-lo)/3
		if f(a) < f(b) {
			lo = a
		} else {
			hi = b
		}
	}
	return (lo + hi) / 2
}

// hull is the lower convex hull of the points: those that any line below them
// all can touch.
func hull(points []point) []point {
	for i := 1; i < len(points); i++ { // nearly always they are in order
		if p, q := &points[i-1], &points[i]; p.x > q.x || p.x == q.x && p.d > q.d {
			slices.SortFunc(points, func(p, q point) int { return cmp.Or(cmp.Compare(p.x, q.x), cmp.Compare(p.d, q.d)) })
			break
		}
	}
	h := points[:0] // never longer than what was read
	for _, p := range points {
		if n := len(h); n > 0 && h[n-1].x == p.x {
			continue // the lower one of the same moment came first
		}
		for n := len(h); n > 1 && (h[n-1].d-h[n-2].d)*(p.x-h[n-1].x) >= (p.d-h[n-1].d)*(h[n-1].x-h[n-2].x); n = len(h) {
			h = h[:n-1]
		}
		h = append(h, p)
	}
	return h
}

// most is the highest line of slope b below the upper bounds, at x = 0.
func (r *regime) most(b float64) float64 {
	m := math.Inf(1)
	for _, p := range r.up {
		m = min(m, p.d-b*p.x)
	}
	return m
}

// least is the lowest line of slope b above the lower bounds, at x = 0.
func (r *regime) least(b float64) float64 {
	m := math.Inf(-1)
	for _, p := range r.down {
		m = max(m, p.d-b*p.x)
	}
	return m
}

// at are the lowest and the highest offset at x that a line allows.
//
// The line that is highest at x touches the edge of the hull above x, or has
// the nearest slope that is possible; the lowest likewise.
func (r *regime) at(x float64) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	margin := 2 + 1e-9*math.Abs(x)*maxDrift // for what floating point rounds away
	if r.uppers > 0 {
		b := min(max(slopeAt(r.up, x, r.b1, r.b2), r.b1), r.b2)
		high = r.most(b) + b*x + margin
	}
	if r.lowers > 0 {
		b := min(max(slopeAt(r.down, x, r.b2, r.b1), r.b1), r.b2)
		low = r.least(b) + b*x - margin
	}
	return low, high
}

// slopeAt is the slope of the hull's edge at x; before and after are those
// where the hull has not begun or is over.
func slopeAt(h []point, x, before, after float64) float64 {
	k := sort.Search(len(h), func(k int) bool { return h[k].x > x })
	switch {
	case k == 0:
		return before
	case k == len(h):
		return after
	}
	return (h[k].d - h[k-1].d) / (h[k].x - h[k-1].x)
}

// sum puts the regimes together.
func (c *Clock) sum() {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range c.regimes {
		r := &c.regimes[i]
		// The lowest line is concave and the highest convex in x, so the ends
		// of the stretch have the extremes.
		for _, x := range []float64{r.x1, r.x2} {
			l, h := r.at(x)
			low, high = min(low, l), max(high, h)
		}
	}
	d0 := c.regimes[0].d0
	if !math.IsInf(low, 0) {
		v := time.Duration(d0 + int64(math.Floor(low)))
		c.Low = &v
	}
	if !math.IsInf(high, 0) {
		v := time.Duration(d0 + int64(math.Ceil(high)))
		c.High = &v
	}
	if r := &c.regimes[len(c.regimes)-1]; r.uppers > 0 && r.lowers > 0 && r.b2-r.b1 < 200e-6 {
		v := (r.b1 + r.b2) / 2 * 1e6
		c.Drift = &v
	}
}

// latency is how long a message took: the difference of its stamps less the
// offset of the two clocks. Places a and b are those in the lanes of the
// clock's From and To; x is the stamp on From's clock.
func (c *Clock) latency(x, sent, received int64, a, b int32, upper bool, ticks int64) (low, high *time.Duration) {
	r := c.regime(a, b)
	if r == nil {
		return nil, nil
	}
	l, h := r.at(float64(x - r.x0))
	raw := received - sent
	// The offset is of To ahead of From; a message from To sees it with the
	// other sign. The origin stays out of floating point.
	if upper {
		raw -= r.d0
	} else {
		raw += r.d0
		l, h = -h, -l
	}
	set := func(v float64) *time.Duration {
		d := max(time.Duration(v), 0)
		return &d
	}
	if !math.IsInf(h, 0) {
		low = set(math.Floor(float64(raw) - h - float64(ticks)))
	}
	if !math.IsInf(l, 0) {
		high = set(math.Ceil(float64(raw) - l + float64(ticks)))
	}
	return low, high
}

// regime is the stretch that two places belong to, or nil near a step, where
// nothing is sure.
func (c *Clock) regime(a, b int32) *regime {
	if c.Steps == 0 {
		if len(c.regimes) == 0 {
			return nil
		}
		return &c.regimes[0]
	}
	for i := range c.regimes {
		r := &c.regimes[i]
		if r.encloses(a, b, true) && r.encloses(a, b, false) {
			return r
		}
	}
	return nil
}

// encloses reports whether bounds of one direction stand on both sides of the
// places, in both lanes.
func (r *regime) encloses(a, b int32, upper bool) bool {
	s, n := &r.low, r.lowers
	if upper {
		s, n = &r.high, r.uppers
	}
	return n > 0 && s[0].a <= a && a <= s[1].a && s[0].b <= b && b <= s[1].b
}

// row is the clock as the report has it.
func (c *Clock) row() raftdiag.ClockRow {
	ns := func(d *time.Duration) *int64 {
		if d == nil {
			return nil
		}
		n := int64(*d)
		return &n
	}
	return raftdiag.ClockRow{From: c.From.String(), To: c.To.String(), Low: ns(c.Low), High: ns(c.High),
		DriftPM: c.Drift, Grade: c.Grade, Pairs: c.Pairs, Steps: c.Steps}
}

// Clocks are the estimates for every two nodes whose logs are there.
func (t *Timeline) Clocks() []*Clock {
	n := len(t.Lanes)
	out := make([]*Clock, 0, n*(n-1)/2)
	for i, a := range t.Lanes {
		for _, b := range t.Lanes[i+1:] {
			out = append(out, t.Clock(a.Node, b.Node))
		}
	}
	return out
}
