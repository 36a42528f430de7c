package timeline

import (
	"slices"
	"sort"
	"time"

	"github.com/raftdiag/raftdiag"
)

// Patience is how long an entry may wait before it counts as stuck.
type Patience struct {
	Rounds   int           // see Lane.Rounds
	Clock    time.Duration // where a lane shows no rounds at all
	Complete bool          // the end of the input is final: what waits there is stuck
}

// DefaultPatience is three rounds, or five seconds where no rounds show.
var DefaultPatience = Patience{Rounds: 3, Clock: 5 * time.Second}

// healedFactor is how many times the patience an entry must have waited to
// count as an incident although it committed in the end. A wait of three
// heartbeats is ordinary under load; one of three times that is not.
const healedFactor = 3

// A Stall is a time in a leader's lane in which entries waited for commit
// beyond patience.
type Stall struct {
	Tenure   *Tenure
	Index    raftdiag.Index // the first stuck entry
	Last     raftdiag.Index // the last index known when the stall ended
	From, To int            // places in the leader's lane; the entry was first seen at From, To is its commit or the end of the tenure
	Open     bool           // not committed within the tenure
	Rounds   int
	ByClock  bool           // no rounds show: the finding rests on the clock
	Commit   raftdiag.Index // the commit index while it lasted
}

// Stalls are the stalls of a tenure in its leader's own lane, in order.
//
// The oldest waiting entry decides: entries wait in a queue from the place at
// which the leader's log first shows them to the place at which commit covers
// them.
func (ten *Tenure) Stalls(p Patience) []Stall {
	l := ten.Lane
	if l == nil {
		return nil
	}
	commits, lasts := within(l.commits, ten.Begin, ten.End), within(l.lasts, ten.Begin, ten.End)
	commit, commitKnown := l.CommitAt(ten.Begin + 1)
	last, _ := l.LastAt(ten.Begin + 1)
	type birth struct {
		at   int
		last raftdiag.Index
	}
	var queue []birth
	head := 0 // of the queue
	var stalls []Stall
	if last > commit && commitKnown {
		queue = append(queue, birth{ten.Begin, last})
	}
	// A wait is the oldest waiting entry at a commit, or at the tenure's end. Of
	// those that a commit ended only the long ones are kept.
	type wait struct {
		from, to     int
		commit, last raftdiag.Index
		open         bool
	}
	long := func(from, to, rounds int) bool {
		return rounds >= healedFactor*p.Rounds || rounds == 0 && l.span(from, to) >= healedFactor*p.Clock
	}
	var all []wait
	var pace waits
	next := 0
	for _, c := range append(slices.Clip(commits), Step{At: int32(ten.End)}) {
		for ; next < len(lasts) && lasts[next].At <= c.At; next++ {
			if lasts[next].Value > last {
				last = lasts[next].Value
				if commitKnown && last <= commit {
					continue
				}
				queue = append(queue, birth{int(lasts[next].At), last})
			}
		}
		open := int(c.At) == ten.End
		if commitKnown && head < len(queue) {
			from := queue[head].at
			rounds := 0
			if !open {
				rounds = l.Rounds(from, int(c.At))
				pace.add(max(rounds, count(l.busy, from, int(c.At))))
			}
			if open || long(from, int(c.At), rounds) {
				all = append(all, wait{from, int(c.At), commit, last, open})
			}
		}
		if open {
			break
		}
		commit, commitKnown = max(commit, c.Value), true
		for head < len(queue) && queue[head].last <= commit {
			head++
		}
		if head == len(queue) {
			queue, head = queue[:0], 0
		}
	}
	usual := pace.usual()
	for _, w := range all {
		s, ok := ten.stall(p, usual, w.from, w.to, w.commit, w.last, w.open)
		if !ok {
			continue
		}
		// Waits that overlap are one stall, by its first entry. One without an
		// end is another: the first entry did commit.
		if n := len(stalls); n > 0 && stalls[n-1].To >= s.From && !s.Open {
			stalls[n-1].To, stalls[n-1].Last = s.To, s.Last
			stalls[n-1].Rounds = l.Rounds(stalls[n-1].From, s.To)
		} else {
			stalls = append(stalls, s)
		}
	}
	return stalls
}

// Waiting is the first entry of the tenure that is not committed at its end,
// however short it waits.
func (ten *Tenure) Waiting() (Stall, bool) {
	l := ten.Lane
	commit, ok := l.CommitAt(ten.End)
	last, known := l.LastAt(ten.End)
	if !ok || !known || last <= commit {
		return Stall{}, false
	}
	s := Stall{Tenure: ten, Index: commit + 1, Last: last, From: ten.Begin, To: ten.End, Open: true, Commit: commit}
	for _, st := range l.lasts {
		if int(st.At) >= ten.Begin && st.Value > commit {
			s.From = int(st.At)
			break
		}
	}
	s.Rounds = l.Rounds(s.From, s.To)
	return s, true
}

func within(steps []Step, lo, hi int) []Step {
	a := sort.Search(len(steps), func(k int) bool { return int(steps[k].At) > lo })
	b := sort.Search(len(steps), func(k int) bool { return int(steps[k].At) >= hi })
	return steps[a:max(a, b)]
}

// waits counts how many rounds committed entries waited; the last slot holds all
// longer waits.
type waits struct {
	n     int
	count [64]int
}

func (w *waits) add(rounds int) {
	w.n++
	w.count[min(rounds, len(w.count)-1)]++
}

// usual is how many rounds entries wait anyhow, three in four of them at least:
// where a round trip is longer than a heartbeat, that is no sign of a stall.
// Three entries at least must show it.
func (w *waits) usual() int {
	if w.n < 3 {
		return 0
	}
	seen := 0
	for rounds, n := range w.count {
		if seen += n; 4*seen >= w.n {
			return rounds
		}
	}
	return 0
}

// stall judges the wait of the entry behind commit from place from to place to.
func (ten *Tenure) stall(p Patience, usual, from, to int, commit, last raftdiag.Index, open bool) (Stall, bool) {
	l := ten.Lane
	s := Stall{Tenure: ten, Index: commit + 1, Last: last, From: from, To: to, Open: open, Commit: commit}
	s.Rounds = l.Rounds(from, to)
	need := max(p.Rounds, healedFactor*usual)
	if open {
		s.Rounds = l.Waits(from, to)
		if ten.Ended == "stepped down" && s.Rounds >= 2 {
			// It gave up leading within its term, for lack of a quorum: its own
			// patience ran out.
			need = min(need, s.Rounds)
		}
	} else {
		need *= healedFactor
	}
	switch {
	case open && p.Complete && ten.End == l.hi:
		return s, true
	case s.Rounds >= need:
		return s, l.saysCommit(from, to, need, commit)
	case s.Rounds == 0:
		// No rounds while it waits: the loop stands still, or the log shows none.
		wait := l.span(from, to)
		clock := p.Clock
		if !open {
			clock *= healedFactor
		}
		s.ByClock = true
		return s, wait >= clock && l.saysCommit(from, to, 0, commit)
	}
	return s, false
}

// saysCommit reports whether the lane shows, need rounds after place from and
// before place to, that commit still is what it was, or prints commits in a way
// that would have shown it.
func (l *Lane) saysCommit(from, to, need int, commit raftdiag.Index) bool {
	for k := sort.Search(len(l.samples), func(k int) bool { return int(l.samples[k]) >= to }) - 1; k >= 0 && int(l.samples[k]) > from; k-- {
		i := int(l.samples[k])
		if l.Waits(from, i+1) < need {
			break
		}
		if v, ok := l.CommitAt(i + 1); ok && v <= commit {
			return true
		}
	}
	// Lines that are printed at a commit and were shown before.
	return l.kinds[raftdiag.Committed] > 0 || l.kinds[raftdiag.EntryCommitted] > 0 || l.kinds[raftdiag.Replied] > 0
}

// span is the time between the stamps nearest to two places of the lane.
func (l *Lane) span(i, j int) time.Duration {
	var a, b int64
	for k := i; k < j && a == 0; k++ {
		a = l.rec(k).time
	}
	for k := min(j, l.hi) - 1; k > i && b == 0; k-- {
		b = l.rec(k).time
	}
	if a == 0 || b == 0 {
		return 0
	}
	return time.Duration(b - a)
}

// StampNear is the stamp of the row at place i, or of the nearest row of its
// incarnation that has one.
func (l *Lane) StampNear(i int) raftdiag.Stamp {
	for d := 0; d < 64; d++ {
		if i-d >= l.lo && i-d < l.hi {
			if t := l.rec(i - d).time; t != 0 {
				return raftdiag.Stamp(t)
			}
		}
		if i+d < l.hi && i+d >= l.lo {
			if t := l.rec(i + d).time; t != 0 {
				return raftdiag.Stamp(t)
			}
		}
	}
	return raftdiag.NoStamp
}
