package timeline

import (
	"slices"
	"time"

	"github.com/raftdiag/raftdiag"
)

// Turns is how long a Raft loop lets work wait, by the node's own clock: the time
// from the first message or proposal that arrives behind a Ready to the loop's
// next turn. It tells slow writes from a loop that is slow throughout.
type Turns struct {
	Slow   []Proof       // Ready rows with entries or a HardState to write, behind which work waited for half a heartbeat and more
	Writes int           // Ready rows with something to write, from the first slow one to the last
	Others int           // Ready rows with nothing to write behind which work waited as long
	Wait   time.Duration // the median wait behind the slow ones
	Beat   time.Duration // the usual time from heartbeat to heartbeat
}

// Turns measures the loop of a lane that prints its Ready rows, heartbeats and
// stamps; it finds nothing in others.
func (l *Lane) Turns() Turns {
	if l.kinds[raftdiag.Ready] == 0 {
		return Turns{}
	}
	t := Turns{Beat: l.beat()}
	if t.Beat == 0 {
		return t
	}
	waits := make([]time.Duration, 0, 32)
	ready, arrived, writing := -1, int64(0), false
	writes, first := 0, 0 // Ready rows with something to write, and which of them is the first slow one
	for i := l.lo; i < l.hi; i++ {
		r := l.rec(i)
		switch r.kind {
		case raftdiag.Received, raftdiag.Proposing:
			if arrived == 0 {
				arrived = r.time
			}
		case raftdiag.State, raftdiag.Ready:
			if ready >= 0 && arrived != 0 && r.time != 0 {
				switch wait := time.Duration(r.time - arrived); {
				case wait < t.Beat/2:
				case writing:
					if len(t.Slow) == 0 {
						first = writes
					}
					t.Slow = append(t.Slow, Proof{l, ready})
					t.Writes = writes - first + 1
					waits = append(waits, wait)
				default:
					t.Others++
				}
			}
			arrived = 0
			if r.kind == raftdiag.State {
				ready = -1
				continue
			}
			ready, writing = i, r.wide() || r.b>>32 > 0 || r.has(raftdiag.HasCommit) // a HardState is written as well
			if writing {
				writes++
			}
		case raftdiag.Booted:
			ready = -1
		}
	}
	if len(t.Slow) == 0 {
		return t
	}
	slices.Sort(waits)
	t.Wait = waits[len(waits)/2]
	return t
}

// beat is the usual time from one heartbeat of the leader to the next, as the
// lane sends or hears them; 0 if it shows too few.
func (l *Lane) beat() time.Duration {
	gaps := make([]time.Duration, 0, 128)
	for _, list := range [][]int32{l.rounds[beatRound], l.rounds[heardRound]} {
		for k := 1; k < len(list); k++ {
			if a, b := l.rec(int(list[k-1])).time, l.rec(int(list[k])).time; a != 0 && b > a {
				gaps = append(gaps, time.Duration(b-a))
			}
		}
		if len(gaps) >= blockRows {
			break
		}
	}
	if len(gaps) < blockRows {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}
