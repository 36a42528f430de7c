package timeline

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/raftdiag/raftdiag"
)

// Timelines are the groups of a store, ready to be built one by one.
type Timelines struct {
	store  *Store
	groups map[string]map[raftdiag.NodeID][]segment
	common map[raftdiag.NodeID][]segment // lines that name no group
	names  []string
	// Unattributed counts, by source, the events whose node is not known.
	Unattributed map[string]int64
	incarnations map[string]int
}

// Finish ends the intake. node names the writer of events that carry no node,
// or 0; it may be nil.
//
// Lines that name no group concern every group of their node. If no line names
// a group, they are one group without a name.
func (s *Store) Finish(node func(source, writer, group string) raftdiag.NodeID) *Timelines {
	t := &Timelines{
		store: s, groups: map[string]map[raftdiag.NodeID][]segment{}, common: map[raftdiag.NodeID][]segment{},
		Unattributed: map[string]int64{}, incarnations: map[string]int{},
	}
	named := false
	for _, f := range s.feeds {
		for key := range f.columns {
			named = named || key.group != ""
		}
	}
	for _, f := range s.feeds {
		for _, key := range slices.SortedFunc(maps.Keys(f.columns), compareKeys) {
			col := f.columns[key]
			id := key.node
			if id == 0 && node != nil {
				id = node(f.name, key.writer, key.group)
			}
			if id == 0 && key.group == "" {
				id = f.only(key.writer, node)
			}
			if id == 0 {
				t.Unattributed[f.name] += int64(col.n)
				continue
			}
			into := t.common
			if key.group != "" || !named {
				into = t.groups[key.group]
				if into == nil {
					into = map[raftdiag.NodeID][]segment{}
					t.groups[key.group] = into
				}
			}
			into[id] = append(into[id], segment{f, col})
		}
		f.columns, f.nodes, f.texts = nil, nil, nil
	}
	t.names = slices.Sorted(maps.Keys(t.groups))
	return t
}

func compareKeys(a, b laneKey) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.writer, b.writer), cmp.Compare(a.node, b.node))
}

// only is the one node that all named groups of a writer belong to, or 0.
func (f *feed) only(writer string, node func(source, writer, group string) raftdiag.NodeID) raftdiag.NodeID {
	var id raftdiag.NodeID
	for key := range f.columns {
		if key.writer != writer || key.group == "" {
			continue
		}
		n := key.node
		if n == 0 && node != nil {
			n = node(f.name, writer, key.group)
		}
		if n != 0 && id != 0 && n != id {
			return 0
		}
		id = max(id, n)
	}
	return id
}

// Groups are the names of the groups, sorted.
func (t *Timelines) Groups() []string { return t.names }

// A Timeline is the lanes of one group side by side, over one life of the
// cluster.
type Timeline struct {
	Group string
	Life  int // counted from 0
	Lives int
	Lanes []*Lane           // by node
	Nodes []raftdiag.NodeID // all nodes that appear, with or without a lane

	mu    sync.Mutex
	pairs map[Channel]*Pairing // what Pair has answered
}

// Lane is a node's lane, or nil.
func (t *Timeline) Lane(n raftdiag.NodeID) *Lane {
	for _, l := range t.Lanes {
		if l.Node == n {
			return l
		}
	}
	return nil
}

// manyCommon is how many lines without a group are copied into each of many
// groups before they are thinned.
const manyCommon = 4096

// Build makes a group's timelines, one for each life of the cluster. It may be
// called for several groups at once.
func (t *Timelines) Build(group string) []*Timeline {
	nodes := t.groups[group]
	var lanes []*Lane
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		segments := slices.Clone(nodes[id])
		for _, s := range t.common[id] {
			if len(t.names) > 16 && s.col.n > manyCommon {
				s.col = thin(s.col)
			}
			segments = append(segments, s)
		}
		l := &Lane{Node: id, Group: group, store: t.store, col: weave(segments)}
		l.hi = l.col.n
		l.incarnate()
		lanes = append(lanes, l)
	}
	return lives(group, lanes)
}

// thin keeps the first and the last rows of each kind, peer and text.
func thin(col *column) *column {
	type what struct {
		kind raftdiag.Kind
		peer uint16
		text uint32
	}
	const keep = 64
	total, seen := map[what]int{}, map[what]int{}
	of := func(r *record) what { return what{r.kind, r.from, r.text} }
	for i := range col.n {
		total[of(col.at(i))]++
	}
	out := &column{}
	for i := range col.n {
		r := col.at(i)
		w := of(r)
		seen[w]++
		if seen[w] <= keep || seen[w] > total[w]-keep {
			*out.next() = *r
		}
	}
	return out
}

// blockRows is how far apart two falling numbers of one restart may stand: the
// rows of one Ready block.
const blockRows = 16

// incarnate finds the lane's incarnations and falls.
//
// A boot line, and the first Raft row after a panic or a stop, open an
// incarnation; so does a joint fall of two of term, commit, last and applied
// within one block. A single number that falls is kept as a Fall and judged
// elsewhere.
func (l *Lane) incarnate() {
	const (
		term = iota
		commit
		last
		applied
		numbers
	)
	names := [numbers]string{"term", "commit", "last", "applied"}
	type sample struct {
		value uint64
		at    int
		ok    bool
	}
	var now [numbers]sample
	l.Incarnations = []Incarnation{{Begin: l.lo, Opened: "start"}}
	begin := l.lo
	open := func(at int, how string) {
		if at > begin {
			l.Incarnations = append(l.Incarnations, Incarnation{Begin: at, Opened: how})
			begin = at
		}
	}
	var falls []Fall
	// fell notes a fall and opens an incarnation if another number fell in the
	// same block.
	fell := func(n, i int, to uint64) {
		f := Fall{What: names[n], At: i, Before: now[n].at, From: now[n].value, To: to}
		for k := len(falls) - 1; k >= 0 && falls[k].At >= begin && i-falls[k].At < blockRows; k-- {
			if falls[k].What != f.What {
				f.Restart = true
				at := i
				for ; k >= 0 && falls[k].At >= begin && i-falls[k].At < blockRows; k-- {
					falls[k].Restart = true
					at = falls[k].At
				}
				if at == i || at > begin {
					open(at, "fall")
				}
				break
			}
		}
		falls = append(falls, f)
	}
	put := func(n, i int, v uint64) {
		if now[n].ok && v < now[n].value {
			fell(n, i, v)
		}
		now[n] = sample{v, i, true}
	}
	dead := ""
	for i := l.lo; i < l.hi; i++ {
		r := l.rec(i)
		switch r.kind {
		case raftdiag.Booted:
			open(i, "boot")
			now, dead = [numbers]sample{}, ""
			continue
		case raftdiag.Panicked, raftdiag.Stopped:
			dead = r.kind.String()
			continue
		}
		if dead != "" && isRaft(r.kind) {
			open(i, dead)
			now, dead = [numbers]sample{}, ""
		}
		if r.wide() {
			continue
		}
		switch r.kind {
		case raftdiag.State:
			if r.has(raftdiag.HasTerm) {
				put(term, i, r.a)
			}
			if r.has(raftdiag.HasCommit) {
				put(commit, i, r.b)
			}
			if r.has(raftdiag.HasApplied) {
				put(applied, i, r.c)
			}
			if r.has(raftdiag.HasLast) {
				put(last, i, r.d)
			}
		case raftdiag.LogRow:
			if r.has(raftdiag.HasLast) {
				put(last, i, r.a)
			}
			if r.has(raftdiag.HasCommit) {
				put(commit, i, r.b)
			}
			if r.has(raftdiag.HasApplied) {
				put(applied, i, r.c)
			}
		}
	}
	for k := range l.Incarnations {
		end := l.hi
		if k+1 < len(l.Incarnations) {
			end = l.Incarnations[k+1].Begin
		}
		l.Incarnations[k].End = end
	}
	l.Falls = falls
}

// isRaft reports whether rows of the kind come from a running Raft node.
func isRaft(k raftdiag.Kind) bool {
	switch k {
	case raftdiag.State, raftdiag.Ready, raftdiag.ProgressRow, raftdiag.LogRow, raftdiag.Sent, raftdiag.Received,
		raftdiag.Appended, raftdiag.HardStateSaved, raftdiag.Proposed, raftdiag.Committed, raftdiag.EntryCommitted,
		raftdiag.RoleChanged:
		return true
	}
	return false
}
