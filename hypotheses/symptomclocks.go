package hypotheses

import (
	"fmt"
	"slices"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

const (
	clockSlack = raftdiag.Stamp(3e7) // lines of one moment may be stamped this far out of order
	mostClocks = 128                 // members whose clocks are compared
)

// noBound says that nothing limits how far one clock is ahead of another.
const noBound = raftdiag.Stamp(1) << 61

// clockOffsets finds by how much the members' clocks are ahead of most others',
// as far as elections prove that they are: a member leads before another learns
// of it, asks for a vote before it is given, and is given it before it counts
// it. It is nil where the stamps may be taken as they are, and where no constant
// offsets make sense of them: a clock was set meanwhile.
func (q *inquiry) clockOffsets() map[*member]raftdiag.Stamp {
	n := len(q.members)
	if n < 2 || n > mostClocks || len(q.doubles) > 0 {
		return nil
	}
	ahead := q.clockBounds()
	wrong := false
	for a := range ahead {
		for b := range ahead[a] {
			wrong = wrong || ahead[a][b] < -clockSlack
			if a != b && ahead[a][b] < noBound {
				ahead[a][b] += clockSlack // else what is out of order by a moment adds up on the way round
			}
		}
	}
	if !wrong {
		return nil
	}
	for k := range n { // the bounds that follow from others
		for a := range n {
			for b := range n {
				if x, y := ahead[a][k], ahead[k][b]; x < noBound && y < noBound {
					ahead[a][b] = min(ahead[a][b], x+y)
				}
			}
		}
	}
	for a := range n {
		if ahead[a][a] < 0 {
			return nil
		}
	}
	// One after the other, each as near to the clocks before it as its bounds let it.
	offset := make([]raftdiag.Stamp, n)
	bound := make([]bool, n)
	for b := range n {
		low, high := -noBound, noBound
		for a := range b {
			if ahead[a][b] < noBound {
				high = min(high, offset[a]+ahead[a][b])
			}
			if ahead[b][a] < noBound {
				low = max(low, offset[a]-ahead[b][a])
			}
		}
		bound[b] = low > -noBound || high < noBound
		switch {
		case low > -noBound && high < noBound && (low > 0 || high < 0) && high-low < second:
			offset[b] = low + (high-low)/2
		case low > 0:
			offset[b] = low
		case high < 0:
			offset[b] = high
		}
	}
	// What most clocks show is taken for the time.
	var sorted []raftdiag.Stamp
	for i, m := range q.members {
		if m.logged() && (bound[i] || i == 0) {
			sorted = append(sorted, offset[i])
		}
	}
	if len(sorted) == 0 {
		return nil
	}
	slices.Sort(sorted)
	usual := sorted[(len(sorted)-1)/2]
	out := map[*member]raftdiag.Stamp{}
	for i, m := range q.members {
		if d := offset[i] - usual; d < -clockSlack || d > clockSlack {
			out[m] = d
		}
	}
	return out
}

// clockBounds is by how much, at most, the clock of a member (second) may be ahead
// of another's (first).
func (q *inquiry) clockBounds() [][]raftdiag.Stamp {
	n := len(q.members)
	ahead := make([][]raftdiag.Stamp, n)
	for a := range ahead {
		ahead[a] = make([]raftdiag.Stamp, n)
		for b := range ahead[a] {
			if a != b {
				ahead[a][b] = noBound
			}
		}
	}
	type step uint8
	const (
		leads step = iota
		asks
		grants
	)
	type deed struct {
		step  step
		group string
		term  raftdiag.Term
		by    *member
		to    *member // nil for leads
	}
	type when struct {
		first raftdiag.Stamp
		often bool // it was done again later: another life of the group
	}
	done := map[deed]when{}
	do := func(d deed, at raftdiag.Stamp) {
		w, ok := done[d]
		if !ok {
			w.first = at
		}
		w.often = w.often || at-w.first > 5*second || w.first-at > 5*second
		w.first = min(w.first, at)
		done[d] = w
	}
	each := func(use func(f *fact)) {
		for i := range q.facts {
			f := &q.facts[i]
			if f.by != nil && f.Time != raftdiag.NoStamp && f.Has(raftdiag.HasTerm) && f.Term != 0 && f.Type != raftdiag.MsgPreVote {
				use(f)
			}
		}
	}
	fine := make([]bool, n) // whose stamps tell parts of a second
	each(func(f *fact) {
		fine[f.by.no] = fine[f.by.no] || f.Time%second != 0
		switch f.sign() {
		case raftdiag.RoleTaken:
			if f.Role == raftdiag.Leader {
				do(deed{leads, f.Group, f.Term, f.by, nil}, f.Time)
			}
		case raftdiag.VoteAsked:
			do(deed{asks, f.Group, f.Term, f.by, f.peer}, f.Time)
		case raftdiag.VoteGranted:
			do(deed{grants, f.Group, f.Term, f.by, f.peer}, f.Time)
		}
	})
	each(func(f *fact) {
		if f.peer == nil || f.peer == f.by {
			return
		}
		var before []deed
		switch f.sign() {
		case raftdiag.LeaderKnown:
			before = []deed{{leads, f.Group, f.Term, f.peer, nil}}
		case raftdiag.RoleTaken:
			if f.Role == raftdiag.Follower {
				before = []deed{{leads, f.Group, f.Term, f.peer, nil}}
			}
		case raftdiag.VoteGranted:
			before = []deed{{asks, f.Group, f.Term, f.peer, f.by}}
		case raftdiag.VoteGot:
			before = []deed{{grants, f.Group, f.Term, f.peer, f.by}}
		}
		for _, d := range before {
			if w, ok := done[d]; ok && !w.often {
				at := &ahead[f.peer.no][f.by.no]
				late := f.Time - w.first
				if !fine[f.by.no] {
					late += second // at most: the stamp is cut off
				}
				*at = min(*at, late)
			}
		}
	})
	return ahead
}

// setClocks is the speakers with the members' clocks set back by their offsets.
func (q *inquiry) setClocks(speakers []*timeline.Speaker, offsets map[*member]raftdiag.Stamp) []*timeline.Speaker {
	whose := map[*timeline.Sighting]*member{}
	spans := map[*timeline.Speaker]*member{}
	for m := range offsets {
		for _, s := range m.seen {
			whose[s] = m
		}
		for _, sp := range m.speakers {
			spans[sp] = m
		}
	}
	out := make([]*timeline.Speaker, len(speakers))
	for i, sp := range speakers {
		set := *sp
		set.Seen, set.Spans = slices.Clone(sp.Seen), slices.Clone(sp.Spans)
		for k := range set.Seen {
			if s := &set.Seen[k]; s.Time != raftdiag.NoStamp {
				d := offsets[whose[&sp.Seen[k]]]
				s.Time, s.Until = s.Time-d, s.Until-d
			}
		}
		if d := offsets[spans[sp]]; d != 0 {
			for k := range set.Spans {
				set.Spans[k].From, set.Spans[k].To = set.Spans[k].From-d, set.Spans[k].To-d
			}
		}
		out[i] = &set
	}
	return out
}

// clockNotes words the offsets.
func (q *inquiry) clockNotes(offsets map[*member]raftdiag.Stamp) []raftdiag.Note {
	var list []raftdiag.Note
	for _, m := range q.members {
		d, way := offsets[m], "ahead"
		if d < 0 {
			d, way = -d, "behind"
		}
		if d != 0 && m.logged() {
			list = append(list, raftdiag.Note{Name: "clock-offset", Evidence: []raftdiag.Quote{},
				Summary: fmt.Sprintf("by its elections, the clock of %s is %s %s; its lines were compared with that in mind", m, lasting(time.Duration(d)), way)})
		}
	}
	return list
}
