package timeline

import (
	"slices"

	"github.com/raftdiag/raftdiag"
)

// resets are the incarnations of the lane at which term and index are back at
// the start: the node knows nothing of what it held before.
func (l *Lane) resets() []int {
	var at []int
	for k := 1; k < len(l.Incarnations); k++ {
		before, after := l.Incarnations[k-1], l.Incarnations[k]
		if after.Opened == "file" {
			continue
		}
		oldTerm, oldLast := l.highest(before)
		newTerm, newLast, ok := l.first(after)
		if ok && newTerm <= 1 && newLast <= 1 && (oldTerm > newTerm || oldLast > newLast+1) {
			at = append(at, k)
		}
	}
	return at
}

// highest is the highest term and log index that rows of an incarnation print.
func (l *Lane) highest(inc Incarnation) (term, last uint64) {
	for i := inc.Begin; i < inc.End; i++ {
		r := l.rec(i)
		if r.wide() {
			if e := &l.store.wide[r.a]; e.Kind == raftdiag.Booted {
				term, last = max(term, uint64(e.Term)), max(last, uint64(max(e.Last, e.Commit)))
			}
			continue
		}
		switch r.kind {
		case raftdiag.State, raftdiag.HardStateSaved:
			term, last = max(term, r.a), max(last, r.b)
		case raftdiag.RoleChanged:
			term = max(term, r.a)
		case raftdiag.LogRow:
			last = max(last, r.a, r.b)
		case raftdiag.Appended:
			last = max(last, r.a, r.d)
		}
	}
	return term, last
}

// first is the term and the log's end that an incarnation begins with: those of
// its first rows that print them.
func (l *Lane) first(inc Incarnation) (term, last uint64, ok bool) {
	logged := false
	for i := inc.Begin; i < inc.End && i < inc.Begin+4*blockRows && !(ok && logged); i++ {
		r := l.rec(i)
		if r.wide() {
			if e := &l.store.wide[r.a]; e.Kind == raftdiag.Booted && e.Has(raftdiag.HasTerm) {
				return uint64(e.Term), uint64(max(e.Last, e.Commit)), true
			}
			continue
		}
		switch r.kind {
		case raftdiag.State:
			if !ok && r.has(raftdiag.HasTerm) {
				term, last, ok = r.a, max(last, r.b), true
			}
		case raftdiag.LogRow:
			if !logged {
				last, logged = max(last, r.a, r.b), true
			}
		}
	}
	return term, last, ok
}

// lives cuts the lanes where the whole cluster began anew, so that terms and
// indexes of one life are never compared with those of another.
//
// A reset of every lane that reaches that far is a new life; a reset of one
// among several is that node's loss. Lives are matched from the end, since it
// is the head of a log that rotation takes away; a lane that shows fewer lives
// than the cluster had is adrift.
func lives(group string, lanes []*Lane) []*Timeline {
	resets := make([][]int, len(lanes))
	least, most := -1, 0
	for k, l := range lanes {
		resets[k] = l.resets()
		if n := len(resets[k]); least < 0 || n < least {
			least = n
		}
		most = max(most, len(resets[k]))
	}
	n := 1
	if most > 0 {
		// With one lane alone, or where most lanes began anew, it is a new life.
		began := 0
		for k := range lanes {
			if len(resets[k]) > 0 {
				began++
			}
		}
		if 2*began > len(lanes) {
			n = max(least, 1) + 1
		}
	}
	out := make([]*Timeline, n)
	for life := range out {
		out[life] = &Timeline{Group: group, Life: life, Lives: n, Lanes: make([]*Lane, 0, len(lanes))}
	}
	for k, l := range lanes {
		cuts := append(make([]int, 0, 8), l.lo)
		if n > 1 {
			at := resets[k]
			at = at[max(0, len(at)-(n-1)):]
			for _, inc := range at {
				cuts = append(cuts, l.Incarnations[inc].Begin)
			}
		}
		cuts = append(cuts, l.hi)
		have := len(cuts) - 1
		for c := range have {
			part := l.cut(cuts[c], cuts[c+1])
			part.Adrift = have < n
			if part.Len() > 0 {
				tl := out[n-have+c]
				tl.Lanes = append(tl.Lanes, part)
			}
		}
	}
	for _, tl := range out {
		tl.finish()
	}
	return out
}

// cut is the part of the lane from place lo up to hi.
func (l *Lane) cut(lo, hi int) *Lane {
	if lo == l.lo && hi == l.hi {
		return l
	}
	part := &Lane{Node: l.Node, Group: l.Group, store: l.store, col: l.col, lo: lo, hi: hi}
	for _, inc := range l.Incarnations {
		if inc.Begin >= lo && inc.End <= hi {
			part.Incarnations = append(part.Incarnations, inc)
		}
	}
	if len(part.Incarnations) == 0 {
		part.Incarnations = []Incarnation{{Begin: lo, End: hi, Opened: "start"}}
	}
	for _, f := range l.Falls {
		if f.At > lo && f.At < hi && f.Before >= lo {
			part.Falls = append(part.Falls, f)
		}
	}
	return part
}

func (t *Timeline) finish() {
	seen := make([]raftdiag.NodeID, 0, 64)
	for _, l := range t.Lanes {
		l.walk()
		seen = append(seen, l.Node)
		for _, x := range [...]*traffic{&l.sends, &l.receives} {
			for _, c := range x.channels {
				if travels(c.Type) {
					seen = append(seen, c.From, c.To)
				}
			}
		}
		for _, i := range l.configs {
			c := l.Event(int(i)).Config
			seen = append(append(append(append(seen, c.Voters...), c.VotersOutgoing...), c.Learners...), c.LearnersNext...)
		}
		for _, p := range l.peers {
			seen = append(seen, p.node)
		}
	}
	t.reign()
	slices.Sort(seen)
	seen = slices.Compact(seen)
	if len(seen) > 0 && seen[0] == 0 {
		seen = seen[1:]
	}
	t.Nodes = append(t.Nodes, seen...)
}
