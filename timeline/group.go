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
	groups map[string]map[raftdiag.NodeID]*strand
	common map[raftdiag.NodeID][]segment // lines that name no group
	names  []string
	// Unattributed counts, by source, the events whose node is not known.
	Unattributed map[string]int64
	// Thinned counts the lines without a group that were left out, see thin.
	Thinned int64
	// Dropped counts the node ids and texts that found no place in the store:
	// the events are there, and that part of them is unknown.
	Dropped  int64
	speakers []*Speaker
	pool     pool
}

// A strand is one node's rows of one group: in segments, and from the first
// Build on as one column.
type strand struct {
	segments []segment
	col      *column
}

// Finish ends the intake. node names the writer of events that carry no node,
// or 0; it may be nil.
//
// Lines that name no group concern every group of their node. If no line names
// a group, they are one group without a name.
func (s *Store) Finish(node func(source, writer, group string) raftdiag.NodeID) *Timelines {
	t := &Timelines{
		store: s, groups: map[string]map[raftdiag.NodeID]*strand{}, common: map[raftdiag.NodeID][]segment{},
		Unattributed: map[string]int64{}, Dropped: s.dropped,
	}
	s.findTwins()
	t.collectSpeakers(s.feeds, node)
	named := false
	var nameless []segment // columns whose node is not known
	var orphans []laneKey
	for _, f := range s.feeds {
		for key := range f.strips {
			named = named || key.group != ""
		}
	}
	for _, f := range s.feeds {
		for _, key := range slices.SortedFunc(maps.Keys(f.strips), compareKeys) {
			strip := f.strips[key]
			id := key.node
			if id == 0 && node != nil {
				id = node(f.name, key.writer, key.group)
			}
			if id == 0 && key.group == "" {
				id = f.only(key.writer, node)
			}
			if id == 0 {
				t.Unattributed[f.name] += int64(strip.n)
				nameless, orphans = append(nameless, segment{feed: f, strip: strip}), append(orphans, key)
				continue
			}
			if key.group == "" && named {
				// Every group needs these rows.
				t.common[id] = append(t.common[id], segment{feed: f, col: f.column(strip)})
				continue
			}
			into := t.groups[key.group]
			if into == nil {
				into = map[raftdiag.NodeID]*strand{}
				t.groups[key.group] = into
			}
			if into[id] == nil {
				into[id] = &strand{}
			}
			into[id].segments = append(into[id].segments, segment{feed: f, strip: strip})
		}
		f.strips, f.cache, f.newest, f.nodes, f.texts = nil, nil, nil, nil, nil
		f.forms.ids = nil
	}
	if len(t.groups) == 0 && len(t.common) == 0 {
		t.nameless(nameless, orphans)
	}
	t.names = slices.Sorted(maps.Keys(t.groups))
	if len(t.names) > manyGroups {
		for _, segments := range t.common {
			for i := range segments {
				if g := &segments[i]; g.col.n > manyCommon {
					n := g.col.n
					g.col = thin(g.col)
					t.Thinned += int64(n - g.col.n)
				}
			}
		}
	}
	return t
}

// nameless takes in the log of one process that never says who it is: node 0
// stands for it. Copies of that log are the same log; logs of several such
// processes cannot be told apart and are left out.
func (t *Timelines) nameless(segments []segment, keys []laneKey) {
	groups := map[string]map[raftdiag.NodeID]*strand{}
	first := map[string]*column{} // of each group's segments
	for k, seg := range segments {
		s := groups[keys[k].group]
		if s == nil {
			s = map[raftdiag.NodeID]*strand{0: {}}
			groups[keys[k].group] = s
		}
		col := seg.feed.column(seg.strip)
		switch other := first[keys[k].group]; {
		case other == nil:
			first[keys[k].group] = col
		case !other.equal(col, t.store.twins):
			return
		}
		if col.severalVoices() {
			return
		}
		s[0].segments = append(s[0].segments, seg)
	}
	t.groups = groups
}

// severalVoices reports whether rows contradict one another as those of one
// node do not: two leaders that each know themselves, or a term or a last index
// that falls again and again.
func (c *column) severalVoices() bool {
	var term uint64
	var leader uint16
	var last uint64
	falls := 0
	for i := range c.n {
		r := c.at(i)
		if r.kind == raftdiag.LogRow && !r.wide() && r.has(raftdiag.HasLast) {
			if r.a < last {
				falls++
			}
			last = r.a
		}
		if r.kind != raftdiag.State || r.wide() {
			continue
		}
		if r.has(raftdiag.HasTerm) {
			if r.a < term {
				falls++
			}
			term = r.a
		}
		if r.has(raftdiag.HasLead) && r.role() == raftdiag.Leader && r.to != 0 {
			if leader != 0 && r.to != leader {
				return true
			}
			leader = r.to
		}
	}
	return falls > 1
}

// equal reports whether two columns say the same, wherever they stand.
func (c *column) equal(o *column, twins []uint64) bool {
	for i := range min(c.n, o.n) {
		if c.at(i).said(twins) != o.at(i).said(twins) {
			return false
		}
	}
	return c.n == o.n
}

// findTwins numbers the wide events so that those which say the same at the
// same moment have one number.
func (s *Store) findTwins() {
	s.twins = make([]uint64, len(s.wide))
	type moment struct {
		time raftdiag.Stamp
		kind raftdiag.Kind
	}
	// Nearly all are alone at their moment, and need not be spelt.
	first := make(map[moment]int, len(s.wide))
	seen := map[string]uint64{}
	spell := func(i int) {
		e := s.wide[i]
		e.Pos = raftdiag.Position{}
		key := string(e.AppendJSON(nil))
		if _, ok := seen[key]; !ok {
			seen[key] = uint64(i)
		}
		s.twins[i] = seen[key]
	}
	for i := range s.wide {
		at := moment{s.wide[i].Time, s.wide[i].Kind}
		switch other, ok := first[at]; {
		case !ok:
			first[at] = i
			s.twins[i] = uint64(i)
			continue
		case other >= 0:
			spell(other)
			first[at] = -1
		}
		spell(i)
	}
}

func compareKeys(a, b laneKey) int {
	return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.writer, b.writer), cmp.Compare(a.node, b.node))
}

// only is the one node that all named groups of a writer belong to, or 0.
func (f *feed) only(writer string, node func(source, writer, group string) raftdiag.NodeID) raftdiag.NodeID {
	var id raftdiag.NodeID
	for key := range f.strips {
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

	tenures []*Tenure
	claimed sync.Once // claims are there
	claims  []Claim

	mu    sync.Mutex           // of what follows, and of the lanes' losses
	pairs map[Channel]*Pairing // what Pair has answered
	room  pairRoom
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

// Lines without a group are copied into each group; from so many groups and
// lines on they are thinned before.
const (
	manyGroups = 16
	manyCommon = 4096
)

// Build makes a group's timelines, one for each life of the cluster. It may be
// called for several groups at once.
func (t *Timelines) Build(group string) []*Timeline { return t.build(group, nil) }

// Visit makes a group's timelines as Build does, and takes their memory back
// when see returns: they, their lanes and proofs must not be used after it.
func (t *Timelines) Visit(group string, see func([]*Timeline)) {
	lives := t.build(group, &t.pool)
	see(lives)
	for _, tl := range lives {
		for _, l := range tl.Lanes {
			l.giveBack()
		}
	}
	for _, st := range t.groups[group] {
		st.let(&t.pool)
	}
}

// build makes timelines. With a pool they last until the strands let go and the
// lanes give back.
func (t *Timelines) build(group string, from *pool) []*Timeline {
	nodes := t.groups[group]
	lanes := make([]*Lane, 0, len(nodes))
	add := func(id raftdiag.NodeID, st *strand) {
		if st.col == nil {
			segments := st.segments
			if common := t.common[id]; len(common) > 0 {
				segments = slices.Concat(segments, common)
			}
			st.col = t.store.weave(segments, from)
			if from == nil {
				st.segments = nil
			}
		}
		l := &Lane{Node: id, Group: group, store: t.store, col: st.col}
		l.hi = l.col.n
		l.incarnate()
		lanes = append(lanes, l)
	}
	ids := make([]raftdiag.NodeID, 0, 16)
	for id := range nodes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		add(id, nodes[id])
	}
	for _, id := range t.silent(nodes) {
		add(id, &strand{})
	}
	slices.SortFunc(lanes, func(a, b *Lane) int { return cmp.Compare(a.Node, b.Node) })
	out := lives(group, lanes)
	if from == nil {
		for _, tl := range out {
			for _, l := range tl.Lanes {
				l.settle()
			}
		}
	}
	return out
}

// let gives the memory of the column back, if the segments are still there.
func (st *strand) let(to *pool) {
	if st.segments != nil && st.col != nil {
		to.give(st.col.rows)
		st.col = nil
	}
}

// silent are the nodes that have lines without a group only, and that the
// group's own lines speak of: a process that dies while it starts may name no
// group at all. The strands are woven.
func (t *Timelines) silent(nodes map[raftdiag.NodeID]*strand) []raftdiag.NodeID {
	var out []raftdiag.NodeID
	want := map[uint16]raftdiag.NodeID{}
	for id := range t.common {
		if nodes[id] == nil {
			if n, ok := t.store.nodes.ids[id]; ok {
				want[n] = id
			}
		}
	}
	for _, st := range nodes {
		for i := 0; i < st.col.n && len(want) > 0; i++ {
			r := st.col.at(i)
			switch r.kind {
			case raftdiag.Sent, raftdiag.Received, raftdiag.ProgressRow, raftdiag.SendFailed, raftdiag.HandedOver:
				for _, n := range [...]uint16{r.from, r.to} {
					if id, ok := want[n]; ok {
						delete(want, n)
						out = append(out, id)
					}
				}
			}
		}
	}
	return out
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

// The numbers that should not fall within an incarnation.
const (
	termNumber = iota
	commitNumber
	lastNumber
	appliedNumber
	numNumbers
)

var numberNames = [numNumbers]string{"term", "commit", "last", "applied"}

// A founder finds the incarnations and falls of a lane.
type founder struct {
	l     *Lane
	begin int  // of the incarnation
	live  bool // a running node has spoken in it
	now   [numNumbers]sample
	falls []Fall
	role  raftdiag.Role // by the newest State row, with its term
	term  uint64
	led   uint64 // the term in which the newest row but one said that the node leads, or 0
}

type sample struct {
	value uint64
	at    int
	ok    bool
}

// incarnate finds the lane's incarnations and falls.
//
// A boot line, and the first Raft row after a panic or a stop, open an
// incarnation; so does a joint fall of two of term, commit, last and applied
// within one block. A single number that falls is kept as a Fall and judged
// elsewhere. A node that leads before and after the fall in one term was not
// restarted: it would have come back as a follower.
func (l *Lane) incarnate() {
	w := founder{l: l, begin: l.lo}
	l.only[0] = Incarnation{Begin: l.lo, Opened: "start"}
	l.Incarnations = l.only[:]
	dead := ""
	source := -1
	for i := l.lo; i < l.hi; i++ {
		r := l.rec(i)
		if s := r.source(); s != source {
			if i > l.lo && l.seam(i) {
				w.open(i, "file")
				dead = ""
			}
			source = s
		}
		switch r.kind {
		case raftdiag.Booted:
			// A process and each of its groups may say that they boot.
			if w.live || dead != "" || l.Incarnations[len(l.Incarnations)-1].Opened != "boot" {
				w.open(i, "boot")
			}
			dead = ""
			continue
		case raftdiag.Panicked, raftdiag.Stopped:
			dead = r.kind.String()
			continue
		}
		if isRaft(r.kind) {
			if dead != "" {
				w.open(i, dead)
				dead = ""
			}
			w.live = true
		}
		if (r.kind == raftdiag.State || r.kind == raftdiag.LogRow) && !r.wide() {
			w.row(i, r)
		}
	}
	for k := range l.Incarnations {
		end := l.hi
		if k+1 < len(l.Incarnations) {
			end = l.Incarnations[k+1].Begin
		}
		l.Incarnations[k].End = end
	}
	l.Falls = w.falls
}

// seam reports whether nothing says that the file that begins at place i follows
// the one before: neither has stamps, and they are no pieces of one log.
func (l *Lane) seam(i int) bool {
	r, before := l.rec(i), l.rec(i-1)
	return r.time == 0 && before.time == 0 && !l.store.feeds[r.source()].goesOn
}

// open begins an incarnation at a place.
func (w *founder) open(at int, how string) {
	w.live, w.role, w.term, w.led = false, raftdiag.UnknownRole, 0, 0
	switch incs := w.l.Incarnations; {
	case at > w.begin:
		w.l.Incarnations = append(incs, Incarnation{Begin: at, Opened: how})
	case how == "boot":
		incs[len(incs)-1].Opened = how
	}
	w.begin = at
	// What was known before is no measure for what comes.
	for n := range w.now {
		if w.now[n].at < at {
			w.now[n] = sample{}
		}
	}
}

func (w *founder) row(i int, r *record) {
	put := func(f raftdiag.Field, n int, v uint64) {
		if !r.has(f) {
			return
		}
		if now := &w.now[n]; now.ok && v < now.value {
			w.fell(n, i, v)
		} else if len(w.falls) > 0 {
			w.rose(n, i, v)
		}
		w.now[n] = sample{v, i, true}
	}
	switch r.kind {
	case raftdiag.State:
		if r.has(raftdiag.HasRole | raftdiag.HasTerm) {
			w.led = 0
			if w.role == raftdiag.Leader {
				w.led = w.term
			}
			w.role, w.term = r.role(), r.a
		}
		put(raftdiag.HasTerm, termNumber, r.a)
		put(raftdiag.HasCommit, commitNumber, r.b)
		put(raftdiag.HasApplied, appliedNumber, r.c)
		put(raftdiag.HasLast, lastNumber, r.d)
	case raftdiag.LogRow:
		put(raftdiag.HasLast, lastNumber, r.a)
		put(raftdiag.HasCommit, commitNumber, r.b)
		put(raftdiag.HasApplied, appliedNumber, r.c)
	}
}

// rose takes back the falls that a row of the same block undoes: a row that is
// behind its neighbours is a late word of another thread.
func (w *founder) rose(n, i int, to uint64) {
	for k := len(w.falls) - 1; k >= 0 && w.falls[k].At >= w.begin && i-w.falls[k].At < blockRows; k-- {
		if f := &w.falls[k]; f.What == numberNames[n] && !f.Restart && to >= f.From {
			w.falls = slices.Delete(w.falls, k, k+1)
		}
	}
}

// fell notes a fall and opens an incarnation if another number fell in the same
// block.
func (w *founder) fell(n, i int, to uint64) {
	f := Fall{What: numberNames[n], At: i, Before: w.now[n].at, From: w.now[n].value, To: to}
	k := len(w.falls)
	joint, toStart := false, to <= 1
	for k > 0 && w.falls[k-1].At >= w.begin && i-w.falls[k-1].At < blockRows {
		k--
		joint = joint || w.falls[k].What != f.What
		toStart = toStart && w.falls[k].To <= 1
	}
	leads := w.role == raftdiag.Leader && w.led == w.term
	if joint && (!leads || toStart) {
		f.Restart = true
		at := i
		for j := k; j < len(w.falls); j++ {
			w.falls[j].Restart = true
			at = min(at, w.falls[j].At)
		}
		role, term := w.role, w.term
		w.open(at, "fall")
		w.live, w.role, w.term = true, role, term
	}
	w.falls = append(w.falls, f)
}

// raftKinds are the kinds of rows that come from a running Raft node.
const raftKinds uint64 = 1<<raftdiag.State | 1<<raftdiag.Ready | 1<<raftdiag.ProgressRow | 1<<raftdiag.LogRow |
	1<<raftdiag.Sent | 1<<raftdiag.Received | 1<<raftdiag.Appended | 1<<raftdiag.HardStateSaved | 1<<raftdiag.Proposed |
	1<<raftdiag.Committed | 1<<raftdiag.EntryCommitted | 1<<raftdiag.RoleChanged

// isRaft reports whether rows of the kind come from a running Raft node.
func isRaft(k raftdiag.Kind) bool { return raftKinds>>k&1 != 0 }
