package timeline

import (
	"slices"
	"time"
)

// A Gap is a time in which a lane is silent.
type Gap struct {
	Last    int // the last place before it
	Silence time.Duration
	Witness Proof // a row of a lane that waited meanwhile
	Deposed bool  // the leader that waited stepped down meanwhile
}

// Pause finds the longest silence of a lane, without a restart, in which the
// leader went on for its patience and heard nothing of the node, though it may
// have stepped down meanwhile for want of answers: the process stood still. The wall clock of each lane measures waits inside that lane
// only.
func (t *Timeline) Pause(l *Lane, p Patience) (Gap, bool) {
	best := l.silence
	// A silence stands out: it is many times as long as what is usual.
	n := l.hi - l.lo
	if n < 16 || best.Silence < 20*l.span(l.lo, l.hi)/time.Duration(n) {
		return Gap{}, false
	}
	// One that comes again and again is how the node speaks: it hears nobody.
	alike := 0
	for i := l.lo; i+1 < l.hi; i++ {
		if a, b := l.rec(i).time, l.rec(i+1).time; a != 0 && b != 0 && 2*time.Duration(b-a) > best.Silence {
			alike++
		}
	}
	if alike > p.Rounds {
		return Gap{}, false
	}
	for _, ten := range t.Tenures() {
		o := ten.Lane
		if o == l {
			continue
		}
		var heard []int32
		for c, places := range o.receives.all() {
			if c.From == l.Node {
				heard = append(heard, between(places, ten.Begin, o.hi)...)
			}
		}
		if len(heard) == 0 {
			continue
		}
		slices.Sort(heard)
		for k := 1; k < len(heard) && int(heard[k-1]) < ten.End && o.incarnation(int(heard[k])) == o.incarnation(ten.Begin); k++ {
			wait := o.span(int(heard[k-1]), int(heard[k])+1)
			if o.Rounds(int(heard[k-1]), int(heard[k])) >= 2*p.Rounds && wait*2 > best.Silence && wait < 2*best.Silence {
				best.Witness, best.Deposed = Proof{o, int(heard[k])}, int(heard[k]) >= ten.End
				return best, true
			}
		}
	}
	return Gap{}, false
}
