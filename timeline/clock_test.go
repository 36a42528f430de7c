package timeline

import (
	"math/rand"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
)

// A skew is a made-up clock: what it shows at a true moment.
type skew struct {
	offset int64
	drift  float64 // parts of one
	stepAt int64   // true moment, 0 for never
	step   int64
	tick   int64
}

func (s skew) at(now int64) int64 {
	x := now + s.offset + int64(s.drift*float64(now-base.UnixNano()))
	if s.stepAt != 0 && now >= s.stepAt {
		x += s.step
	}
	return x - x%s.tick
}

// exact is what the clock shows without its tick.
func (s skew) exact(now int64) int64 { s.tick = 1; return s.at(now) }

// skewed puts the nodes' clocks into a history.
func skewed(w *wire, clocks map[raftdiag.NodeID]skew) []raftdiag.Event {
	out := slices.Clone(w.events)
	for i := range out {
		e := &out[i]
		e.Time = raftdiag.Stamp(clocks[e.Node].at(int64(e.Time)))
	}
	return out
}

func drawSkew(t *rapid.T, name string) skew {
	return skew{
		offset: rapid.OneOf(rapid.Int64Range(-1e9, 1e9), rapid.Int64Range(-1e17, 1e17)).Draw(t, name+" offset"),
		drift:  rapid.Float64Range(-2e-4, 2e-4).Draw(t, name+" drift"),
		tick:   rapid.SampledFrom([]int64{1, 1e3, 1e6, 1e9}).Draw(t, name+" tick"),
	}
}

// offsets are the least and the greatest true offset of clock b to clock a over
// the history.
func offsets(w *wire, a, b skew) (low, high int64) {
	for i, e := range w.events {
		o := b.exact(int64(e.Time)) - a.exact(int64(e.Time))
		if i == 0 || o < low {
			low = o
		}
		if i == 0 || o > high {
			high = o
		}
	}
	return low, high
}

func covers(t *rapid.T, c *Clock, w *wire, a, b skew) {
	low, high := offsets(w, a, b)
	if c.Low == nil || c.High == nil {
		t.Fatalf("no bounds: %+v", c)
	}
	// The first and the last events may lie outside what messages cover.
	const rim = 5e-4 * 1e7
	if int64(*c.Low) > low+rim || int64(*c.High) < high-rim {
		t.Fatalf("the offset is between %s and %s, the estimate says %s to %s (%s)", time.Duration(low), time.Duration(high), c.Low, c.High, c.Grade)
	}
}

// The interval covers the true offset, with any offset, drift and tick, with and
// without loss.
func TestClockCoversTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWire(t, rapid.IntRange(5, 300).Draw(t, "rounds"))
		a, b := drawSkew(t, "a"), drawSkew(t, "b")
		tl := load(skewed(w, map[raftdiag.NodeID]skew{1: a, 2: b, 3: a})).Build("")[0]
		c := tl.Clock(1, 2)
		if c.Grade == noClock || c.Grade == oneWay {
			t.Skip("too few messages")
		}
		if c.Steps != 0 || c.Grade == contradictory {
			t.Fatalf("%s with %d steps, there was none", c.Grade, c.Steps)
		}
		covers(t, c, w, a, b)
		if a.tick == 1 && b.tick == 1 && c.Grade == accurate && *c.High-*c.Low > 5*time.Millisecond {
			t.Fatalf("an accurate estimate is %s wide", *c.High-*c.Low)
		}
		back := tl.Clock(2, 1)
		covers(t, back, w, b, a)
	})
}

// A step of either clock is found, and both sides of it are covered.
func TestClockStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWire(t, rapid.IntRange(100, 300).Draw(t, "rounds"))
		a, b := drawSkew(t, "a"), drawSkew(t, "b")
		a.tick, b.tick = 1, 1
		first, last := int64(w.events[0].Time), int64(w.events[len(w.events)-1].Time)
		at := first + int64(rapid.Float64Range(0.3, 0.7).Draw(t, "when")*float64(last-first))
		step := rapid.SampledFrom([]int64{-3e9, -1e8, 1e8, 3e9}).Draw(t, "step")
		stepped := &a
		if rapid.Bool().Draw(t, "of b") {
			stepped = &b
		}
		stepped.stepAt, stepped.step = at, step
		tl := load(skewed(w, map[raftdiag.NodeID]skew{1: a, 2: b, 3: {tick: 1}})).Build("")[0]
		c := tl.Clock(1, 2)
		if c.Steps != 1 {
			t.Fatalf("%d steps, want 1: %+v", c.Steps, c.Grade)
		}
		covers(t, c, w, a, b)
	})
}

// The latency of every message lies in its interval.
func TestLatencyCoversTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWire(t, 150)
		a, b := drawSkew(t, "a"), drawSkew(t, "b")
		if rapid.Bool().Draw(t, "steps") {
			b.stepAt, b.step = int64(w.events[len(w.events)/2].Time), rapid.SampledFrom([]int64{-1e8, 1e8}).Draw(t, "step")
			a.tick, b.tick = 1, 1
		}
		when := map[raftdiag.Position]int64{}
		for _, e := range w.events {
			when[e.Pos] = int64(e.Time)
		}
		tr := load(skewed(w, map[raftdiag.NodeID]skew{1: a, 2: b, 3: a})).Build("")[0].Transcript(Filter{})
		known := 0
		for _, p := range tr.Passages {
			if p.Sent == nil || p.Received == nil || p.Low == nil || p.High == nil || p.Sent.Type == raftdiag.MsgHeartbeat {
				continue
			}
			known++
			// Drift changes a latency of a millisecond by less than a microsecond.
			took := time.Duration(when[p.Received.Pos] - when[p.Sent.Pos])
			if took < *p.Low-time.Microsecond || took > *p.High+time.Microsecond {
				t.Fatalf("%s at %s took %s, the interval is %s to %s", p.Sent, p.Sent.Pos, took, p.Low, p.High)
			}
		}
		if known == 0 {
			t.Fatal("no latency is known")
		}
	})
}

// Messages in one direction give one bound; contradictions are said.
func TestClockGrades(t *testing.T) {
	one := readEvents(t, `
1 .100 sent 1->2 MsgApp term=1 index=0 entries=1
2 .150 received 1->2 MsgApp term=1 index=0 entries=1`)
	c := load(one).Build("")[0].Clock(1, 2)
	if c.Grade != oneWay || c.Low != nil || c.High == nil || *c.High < 50*time.Millisecond || *c.High > 61*time.Millisecond {
		t.Errorf("one way: %+v", c)
	}
	if c := load(one[:1]).Build("")[0].Clock(1, 2); c.Grade != noClock {
		t.Errorf("one log: %+v", c)
	}
	// Two nodes whose stamps jump to and fro with every message.
	w := makeWire(rand.New(rand.NewSource(1)), 100, 0)
	for i := range w.events {
		if e := &w.events[i]; e.Node == 2 {
			e.Time += raftdiag.Stamp((e.Pos.Line % 2) * 1e10)
		}
	}
	if c := load(w.events).Build("")[0].Clock(1, 2); c.Grade != contradictory || c.Low != nil {
		t.Errorf("contradictory: %+v", c)
	}
}

// Stamps are multiples of the clock's tick.
func TestTick(t *testing.T) {
	for _, c := range []struct {
		stamps string
		want   int64
	}{{"1", 1e9}, {"1.25", 1e7}, {".123", 1e6}, {".123456", 1e3}} {
		l := load(readEvents(t, "1 "+c.stamps+" state term=1")).Build("")[0].Lanes[0]
		if got := l.tick(); got != c.want {
			t.Errorf("tick of %s is %d, want %d", c.stamps, got, c.want)
		}
	}
}
