package parser

import (
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/raftdiag/raftdiag"
)

// defaultWindow is how many lines of a stream are seen before the first of its events
// is handed over. What they show decides whether several nodes write in it.
const defaultWindow = 1 << 14

// A resolver sees the items of one stream in the order of their lines.
type resolver struct {
	st      *stream
	window  int64
	line    int64 // before the current block, in its source
	src     *source
	srcNo   int
	tail    string // the newest ==> name <==
	writers map[string]*parts
	recent  *writer
	rehears bool  // only collect what is known of the writers
	copy    item  // in the rehearsal
	before  int64 // lines of the sources before
	at      int64
	held    []heldItem
	row     lastRow
	claimed struct { // the newest event of a merged stream
		ev    raftdiag.Event
		line  int64
		node  raftdiag.NodeID
		block *readyBlock
	}
	panic   *item // a panic whose next line may say more
	panicAt int64
	node    raftdiag.NodeID // the label's
	named   map[string]bool // groups
	only    string          // the group, if there is one
}

// parts are the writers of one name. There is one, unless logs were put one
// behind the other: then the clock falls back where the next one begins.
type parts struct {
	list   []*writer
	merged bool              // lines of several nodes mix
	called raftdiag.NodeID   // what prefix, file name or label calls it, or 0
	selves []raftdiag.NodeID // what each part sends as, as far as the window shows
	met    bool
	ends   []raftdiag.NodeID // the nodes that every message of a describer is from or to, as far as the window shows
}

// maxParts is how many logs may follow one another in a source.
const maxParts = 256

// A writer is one process as the lines name it.
type writer struct {
	name           string
	all            *parts
	part           int
	begin, latest  raftdiag.Stamp
	lines          int
	idents         map[string]*ident
	unused         []ident  // made, and nobody's yet
	cache          []*ident // by the place of a group's name in memory; it grows with the number of groups
	latestID       *ident
	heads          []threadHeads
	evicted        int
	seenExtracting bool
	blocks         map[blockKey]*readyBlock
	newest         *readyBlock
	panics         int
	openRun        bool
	newestLine     int64           // the last line of it so far
	named          map[string]bool // groups
	only           string          // the group, if there is one
	said           raftdiag.NodeID // node_id=, 0 if none
	over           bool            // all was read
	sends          raftdiag.NodeID // self, once all was read
	terms          map[termOf]raftdiag.Term
	script         *script // nil if no describer's text was seen
}

// A lastRow is the newest row, to know a line that is there twice.
type lastRow struct {
	by   *writer
	line int64
	role role
	time raftdiag.Stamp
	head *head
	raftdiag.Message
	raftdiag.Progress
}

func (l *lastRow) again(w *writer, it *item, at int64) bool {
	e := &it.ev
	return l.by == w && l.line == at-1 && l.role == it.role && l.time == e.Time && l.Message == e.Message && l.Progress == e.Progress
}

// maxThreads is how many threads of a writer are told apart.
const maxThreads = 128

type threadHeads struct {
	thread uint32
	rings  [3]ring // progress, messages, entries
}

// A ring holds the newest heads of one sort.
type ring struct {
	heads [4]head
	n     int // ever opened
}

// A head is a line that rows belong to.
type head struct {
	group   string
	id      *ident
	time    raftdiag.Stamp
	touched int64 // the line of the head or of its newest row, counted over all sources
	next    int64 // number of the next row
	total   int64 // rows, or -1
	first   raftdiag.Index
	seen    [8]raftdiag.NodeID
	nseen   int
	node    raftdiag.NodeID // that the head names
	over    bool            // another line of its group's loop came behind its list
	block   *readyBlock
}

// headLife is how many lines a head waits for its next row.
const headLife = 200

// open is a new head, in place of the oldest.
func (r *ring) open() *head {
	p := &r.heads[r.n%len(r.heads)]
	*p = head{}
	r.n++
	return p
}

// fit finds the newest head that the row fits: first one that waits for just
// this row, then one that it may belong to although rows are missing. Where alone
// says that one node writes, rows of progress do not go to a list that is over.
func (r *ring) fit(it *item, at int64, alone bool) *head {
	n := min(r.n, len(r.heads))
	var best, loose *head
	score := 0
	for k := range n {
		h := &r.heads[(r.n-1-k)%len(r.heads)]
		if at-h.touched > headLife || h.over && alone && it.role == progressRow {
			continue
		}
		exact, may := h.fits(it)
		// A row whose own head is late or lost must not go to another group's,
		// which may wait for just this number.
		if may && (!exact || at-h.touched > 1 || h.late(it)) && h.denies(it) {
			continue
		}
		switch {
		case !exact:
			if may && loose == nil {
				loose = h
			}
		case best == nil:
			best = h
		case h.group != best.group && (h.next == 0 && h.nseen == 0 || at-h.touched <= 4):
			// Lists of two groups are being printed at a time.
			if score == 0 {
				score = best.suits(it)
			}
			if other := h.suits(it); other > score {
				best, score = h, other
			}
		}
	}
	if best == nil {
		return loose
	}
	return best
}

// denies reports whether the head's group is in a role in which its node does
// not send such a message, or in another term.
func (h *head) denies(it *item) bool {
	e, id := &it.ev, h.id
	return it.role == messageRow && id.states && e.Has(raftdiag.HasType) && e.Type.IsNetwork() && (!mayBeSaid(id.role, e.Type) || otherTerm(id, e))
}

// late reports whether the row was printed well after the head, which other rows
// are not.
func (h *head) late(it *item) bool {
	return it.ev.Time != raftdiag.NoStamp && h.time != raftdiag.NoStamp && it.ev.Time-h.time > raftdiag.Stamp(10*time.Millisecond)
}

func otherTerm(id *ident, e *raftdiag.Event) bool {
	return e.Has(raftdiag.HasTerm) && uint64(e.Term) != id.now[0] && e.Type != raftdiag.MsgPreVote && e.Type != raftdiag.MsgPreVoteResp
}

// suits grades, above 0, how well a row goes with what its head's group is
// known to be.
func (h *head) suits(it *item) int {
	const plausible = 100
	e, id := &it.ev, h.id
	if e.Time != raftdiag.NoStamp && h.time != raftdiag.NoStamp && e.Time < h.time {
		return 1 // no row is older than its head
	}
	grade := plausible
	if h.late(it) {
		grade -= 60
	}
	switch it.role {
	case messageRow:
		if id.states && e.Has(raftdiag.HasType) && e.Type.IsNetwork() {
			if !mayBeSaid(id.role, e.Type) {
				grade -= 50
			}
			if otherTerm(id, e) {
				grade -= 50
			}
			if e.Has(raftdiag.HasCommit) && uint64(e.Commit) == id.now[1] {
				grade++
			}
		}
		if !id.rows || !e.Has(raftdiag.HasIndex|raftdiag.HasType) || e.Reject {
			return grade
		}
		covers := e.Index
		switch e.Type {
		case raftdiag.MsgApp:
			covers = e.LastIndex()
		case raftdiag.MsgAppResp, raftdiag.MsgVote, raftdiag.MsgPreVote:
		default:
			return grade
		}
		switch {
		case covers > id.last:
			grade -= 40
		case covers == id.last:
			grade += 5
		}
	case progressRow:
		if id.rows && e.Has(raftdiag.HasNext) {
			switch {
			case e.Next > id.last+1:
				grade -= 40
			case e.Next == id.last+1:
				grade += 5
			}
		}
	}
	return grade
}

func (h *head) fits(it *item) (exact, may bool) {
	if it.role == progressRow {
		for _, p := range h.seen[:min(h.nseen, len(h.seen))] {
			if p == it.ev.Peer {
				return false, false
			}
		}
		return true, true
	}
	if h.total >= 0 && it.row >= h.total {
		return false, false
	}
	if it.role == entryRow && h.first > 0 && it.ev.Has(raftdiag.HasIndex) && it.ev.Index != h.first+raftdiag.Index(it.row) {
		return false, false
	}
	return it.row == h.next, it.row >= h.next
}

func (h *head) take(it *item, at int64) {
	h.touched = at
	if it.role == progressRow {
		h.seen[h.nseen%len(h.seen)] = it.ev.Peer
		h.nseen++
		return
	}
	h.next = it.row + 1
}

// An ident is what a stream gives away of the node behind one writer and
// group.
//
// What most events ask for stands first: where groups are many, each line of the
// processor's cache is one to wait for.
type ident struct {
	group string
	w     *writer
	self  raftdiag.NodeID // from= of what it sends, leader= where it leads
	other raftdiag.NodeID // a second one
	to    raftdiag.NodeID // to= of what it receives
	last  raftdiag.Index  // of its newest log row
	noted bool            // its group is among the writer's and the stream's
	toAll bool            // to is of all that it receives

	// What its newest lines say: state lines (states), log rows (rows).
	states, rows bool
	role         raftdiag.Role
	sampled      bool
	openRun      bool

	now          [2]uint64 // term and commit
	term, commit uint64    // of this run
	sent         []way     // who sent what arrived, and to whom
	few          [2]way    // room for the first of them
	runs         int
	zero         []int64 // events without a node, by source
}

// A way is a message's sender and receiver.
type way struct{ from, to raftdiag.NodeID }

func newResolver(st *stream, window int64) *resolver {
	r := &resolver{st: st, window: window, named: map[string]bool{}}
	r.forget()
	for _, s := range st.sources {
		if s.node != 0 {
			r.node = s.node
		}
	}
	return r
}

// forget drops what was collected, but for which writers are several nodes.
func (r *resolver) forget() {
	old := r.writers
	r.writers = map[string]*parts{}
	r.recent, r.tail = nil, ""
	r.src, r.srcNo, r.line = nil, -1, 0
	for name, was := range old {
		now := r.writer(name)
		now.all.merged, now.named, now.only = was.merged, was.list[0].named, was.list[0].only
		now.all.met, now.all.ends = was.met, was.ends
		for _, w := range was.list {
			now.all.selves = append(now.all.selves, w.self())
		}
	}
	r.recent = nil
}

func newWriter(name string, all *parts) *writer {
	w := &writer{name: name, all: all, part: len(all.list), idents: map[string]*ident{}, blocks: map[blockKey]*readyBlock{}, named: map[string]bool{}}
	all.list = append(all.list, w)
	return w
}

func (r *resolver) writer(name string) *writer {
	if r.recent != nil && r.recent.name == name {
		return r.recent
	}
	all := r.writers[name]
	if all == nil {
		all = &parts{called: r.called(name)}
		r.writers[name] = all
		newWriter(name, all)
	}
	r.recent = all.list[len(all.list)-1]
	return r.recent
}

// called is the node that a writer is called by.
func (r *resolver) called(name string) raftdiag.NodeID {
	if r.node != 0 {
		return r.node
	}
	if n := writerNumber(name); n.ok {
		return raftdiag.NodeID(n.n)
	}
	if s := r.st.sources[0]; !s.pipe {
		return raftdiag.NodeID(fileNumber(s.name).n)
	}
	return 0
}

// reads takes a line's stamp, and begins the next part if the clock falls back
// so far that another log must begin.
func (r *resolver) reads(w *writer, t raftdiag.Stamp) *writer {
	const least = raftdiag.Stamp(2e9)
	w.lines++
	switch {
	case t == raftdiag.NoStamp:
	case w.latest-t > least && w.lines > 20 && t-w.begin < (w.latest-w.begin)/2 && !w.all.merged && len(w.all.list) < maxParts:
		w = newWriter(w.name, w.all)
		w.lines, w.begin, w.latest = 1, t, t
		r.recent = w
	case w.latest == raftdiag.NoStamp:
		w.begin, w.latest = t, t
	case t > w.latest:
		w.latest = t
	}
	return w
}

func (w *writer) ident(group string) *ident {
	if w.latestID != nil && w.latestID.group == group {
		return w.latestID
	}
	if len(w.cache) == 0 {
		w.cache = make([]*ident, 64)
	}
	// A group has one name in memory for each reader of lines.
	place := uint64(uintptr(unsafe.Pointer(unsafe.StringData(group)))) * 0x9e3779b97f4a7c15
	slot := &w.cache[place>>32&uint64(len(w.cache)-1)]
	if *slot == nil || (*slot).group != group {
		id := w.idents[group]
		if id == nil {
			id = w.newIdent()
			id.w, id.group = w, group
			w.idents[group] = id
			if n := len(w.cache); len(w.idents) > n/4 && n < mostCached {
				w.cache = make([]*ident, 4*n)
				w.latestID = id
				return id
			}
		}
		*slot = id
	}
	w.latestID = *slot
	return *slot
}

// newIdent is an ident of those that were made at once, as many as there are so
// far.
func (w *writer) newIdent() *ident {
	if len(w.unused) == 0 {
		w.unused = make([]ident, min(len(w.idents)+1, 64))
	}
	id := &w.unused[0]
	w.unused = w.unused[1:]
	return id
}

// mostCached is how many of a writer's groups are found without a map.
const mostCached = 1 << 16

func (w *writer) ring(thread uint32, which int) *ring {
	for i := range w.heads {
		if w.heads[i].thread == thread {
			return &w.heads[i].rings[which]
		}
	}
	if len(w.heads) < maxThreads {
		w.heads = append(w.heads, threadHeads{thread: thread})
		return &w.heads[len(w.heads)-1].rings[which]
	}
	w.evicted++
	old := &w.heads[w.evicted%maxThreads]
	*old = threadHeads{thread: thread}
	return &old.rings[which]
}

// turns notes that a thread has come to the next line of a group's loop: the list
// of the group's progress before it is over.
func (w *writer) turns(thread uint32, group string) {
	for i := range w.heads {
		if w.heads[i].thread != thread {
			continue
		}
		r := &w.heads[i].rings[0]
		for k := range min(r.n, len(r.heads)) {
			if h := &r.heads[k]; h.group == group {
				h.over = true
			}
		}
		return
	}
}

// source begins a source of the stream.
func (r *resolver) source(s *source) {
	if r.src == s {
		return
	}
	if r.src != nil {
		r.finish()
	}
	r.before += r.line
	r.src, r.line, r.tail, r.row = s, 0, "", lastRow{}
	r.srcNo++
}

// block takes the items of one block. In the rehearsal it stops at the end of
// the window and hands nothing over.
func (r *resolver) block(b *block, total int64) {
	r.source(b.src)
	for i := range b.items {
		it := &b.items[i]
		at := r.line + it.line + 1
		if r.rehears {
			if total+it.line >= r.window {
				break
			}
			r.copy = *it
			it = &r.copy
		}
		r.item(it, at)
	}
	r.line += b.lines
}

// item gives an item its place, its group and its node, and hands it over.
func (r *resolver) item(it *item, at int64) {
	e := &it.ev
	r.at = r.before + at
	if it.role == fileHead {
		r.tail = e.Writer
		return
	}
	if r.tail != "" && e.Writer == "" {
		e.Writer = r.tail
	}
	if r.src.label != "" && r.src.node == 0 && e.Writer == "" {
		e.Writer = r.src.label
	}
	w := r.reads(r.writer(e.Writer), e.Time)
	// Some loggers print whole seconds among the lines of others that print more:
	// such a line is no older than the one before it.
	const whole = raftdiag.Stamp(1e9)
	if (it.env == goLog || e.Kind == raftdiag.SymptomSeen) && e.Time != raftdiag.NoStamp && e.Time%whole == 0 && w.latest > e.Time && w.latest < e.Time+whole {
		e.Time = w.latest
	}
	e.Pos = raftdiag.Position{Source: r.src.name, Line: at}
	if it.part != noPart {
		r.part(w, it)
		return
	}
	if w.script != nil && (w.script.hasMsg || w.script.hasSoft) && e.Kind != raftdiag.SymptomSeen {
		r.flush(w)
	}
	if e.Kind == raftdiag.SymptomSeen {
		if !r.rehears {
			w.hearTerm(it)
			r.keep(it, nil, nil)
		}
		return
	}

	var h *head
	switch it.role {
	case progressHead, messageHead, entryHead:
		total, first := int64(-1), raftdiag.Index(0)
		if e.Has(raftdiag.HasCount) {
			total = int64(min(e.Count, 1<<40))
		}
		if e.Has(raftdiag.HasFirst) {
			first = e.First
		}
		h = w.ring(it.thread, int(it.role-progressHead)).open()
		h.group, h.id, h.time, h.touched, h.total, h.first, h.node = e.Group, w.ident(e.Group), e.Time, r.before+at, total, first, e.Node
		if it.role == progressHead {
			if w.all.merged && !r.rehears {
				h.block = r.openBlock(w, blockKey{it.thread, e.Group})
			}
			if !h.id.noted {
				h.id.noted = true
				r.name(w, e.Group)
			}
			return
		}
	case progressRow, messageRow, entryRow:
		if e.Group != "" {
			break
		}
		if r.row.again(w, it, at) {
			h = r.row.head
			e.Group = h.group
		} else if h = w.ring(it.thread, int(it.role-progressRow)).fit(it, r.before+at, !w.all.merged); h != nil {
			h.take(it, r.before+at)
			e.Group = h.group
		} else if !r.lone(w, e) {
			return
		}
		if h != nil {
			if e.Node == 0 {
				e.Node = h.node
			}
			l := &r.row
			l.by, l.line, l.role, l.time, l.head = w, at, it.role, e.Time, h
			l.Message, l.Progress = e.Message, e.Progress
		}
	case onlyGroup:
		if e.Group == "" && !r.lone(w, e) {
			return
		}
	default:
		switch e.Kind {
		case raftdiag.State, raftdiag.Ready, raftdiag.LogRow:
			if e.Group != "" {
				w.turns(it.thread, e.Group)
			}
		}
	}
	if e.Node != 0 && it.dialect.mixed() {
		w.says(e.Node)
	}
	r.place(w, h, it)
}

// place gives an event its node, as far as its writer shows it, and hands it
// over.
func (r *resolver) place(w *writer, h *head, it *item) {
	e := &it.ev
	var id *ident
	if h != nil {
		id = h.id
	} else {
		id = w.ident(e.Group)
	}
	if !id.noted {
		id.noted = true
		if e.Group != "" {
			r.name(w, e.Group)
		}
	}
	if e.Node == 0 || it.dialect.mixed() {
		id.learn(e)
	}
	if r.rehears {
		return
	}
	if it.dialect == raftRs {
		w.addTerm(it)
	}
	if r.node != 0 && e.Node == 0 {
		e.Node = r.node
	}
	r.count(it, id)
	switch {
	case w.all.merged:
		r.claim(w, h, it)
	default:
		if e.Node == 0 && id.other == 0 {
			e.Node = id.self
		}
		if selves := w.all.selves; e.Node == 0 && len(selves) > 1 && w.part < len(selves) {
			e.Node = selves[w.part]
		}
		if len(r.held) == 0 && r.panic == nil && it.role != panicPart { // as nearly always
			r.hand(it, id)
			return
		}
		r.keep(it, id, nil) // behind the lines of others that wait
	}
}

// A termOf is whose term it is.
type termOf struct {
	group string
	node  raftdiag.NodeID
}

// hearTerm remembers the term of a node of raft-rs, which logs a line each time
// that it changes.
func (w *writer) hearTerm(it *item) {
	e := &it.ev
	if it.dialect != raftRs || e.Symptom.Sign != raftdiag.RoleTaken || !e.Has(raftdiag.HasTerm) || len(e.Symptom.Self) == 0 {
		return
	}
	if n, ok := whole([]byte(strings.TrimPrefix(e.Symptom.Self[0], "tikv-peer-"))); ok {
		if w.terms == nil {
			w.terms = map[termOf]raftdiag.Term{}
		}
		w.terms[termOf{e.Group, raftdiag.NodeID(n)}] = e.Term
	}
}

// addTerm completes a message that raft-rs logged before it set the term. Votes
// carry their own.
func (w *writer) addTerm(it *item) {
	e := &it.ev
	if e.Kind != raftdiag.Sent || e.Has(raftdiag.HasTerm) || !e.Type.IsNetwork() || e.Type == raftdiag.MsgVote || e.Type == raftdiag.MsgPreVote {
		return
	}
	if t := w.terms[termOf{e.Group, e.Node}]; t > 0 {
		e.Term, e.Set = t, e.Set|raftdiag.HasTerm
	}
}

// symptom hands a symptom over as it is: who speaks, and of which group, is
// told apart where symptoms are judged. A line that says nothing of Raft shows
// only that its process lives; it is no event that was read.
func (r *resolver) symptom(it *item) {
	s, e := r.src, &it.ev
	if it.dialect != anyDialect {
		s.events++
		s.formats[it.dialect][it.env]++
		if e.Time != raftdiag.NoStamp {
			s.stamped++
			if s.first == raftdiag.NoStamp || e.Time < s.first {
				s.first = e.Time
			}
			s.last = max(s.last, e.Time)
		}
	}
	if s.emit != nil {
		s.emit(e)
	}
}

// name notes that a writer names a group.
func (r *resolver) name(w *writer, group string) {
	if group != w.only && !w.named[group] {
		w.named[group] = true
		w.only = group
	}
	if group != r.only && !r.named[group] {
		r.named[group] = true
		r.only = group
	}
}

// lone gives an event that names no group the only one of its writer, or of
// the stream if its writer names none. It reports false, and counts, if there
// are several: then nothing tells whose it is.
func (r *resolver) lone(w *writer, e *raftdiag.Event) bool {
	named, only := w.named, w.only
	if len(named) == 0 {
		named, only = r.named, r.only
	}
	switch len(named) {
	case 0:
		return true
	case 1:
		e.Group = only
		return true
	}
	if !r.rehears {
		r.src.orphans++
	}
	return false
}

// says notes the node that a line names as its own.
func (w *writer) says(n raftdiag.NodeID) {
	if w.said == 0 {
		w.said = n
	}
	if w.said != n {
		w.all.merged = true
	}
}

// learn notes what an event gives away of its node.
func (id *ident) learn(e *raftdiag.Event) {
	var self raftdiag.NodeID
	switch e.Kind {
	case raftdiag.Sent, raftdiag.HandedOver:
		if e.Has(raftdiag.HasFrom) && (!e.Has(raftdiag.HasType) || e.Type.IsNetwork()) {
			self = e.From
		}
	case raftdiag.LogRow:
		if e.Has(raftdiag.HasLast) {
			id.last, id.rows = e.Last, true
		}
		return
	case raftdiag.State:
		id.role, id.states = e.Role, e.Has(raftdiag.HasTerm|raftdiag.HasCommit|raftdiag.HasRole)
		if id.states {
			id.now = [2]uint64{uint64(e.Term), uint64(e.Commit)}
		}
		if e.Role == raftdiag.Leader && e.Has(raftdiag.HasLead) {
			self = e.Lead
		}
	case raftdiag.Received:
		if e.Has(raftdiag.HasTo) && e.To != 0 {
			if id.to == 0 {
				id.to, id.toAll = e.To, true
			} else if id.to != e.To {
				id.toAll = false
			}
			if e.Has(raftdiag.HasFrom) && (!e.Has(raftdiag.HasType) || e.Type.IsNetwork()) && len(id.sent) < 16 {
				if x := (way{e.From, e.To}); !slices.Contains(id.sent, x) {
					if id.sent == nil {
						id.sent = id.few[:0]
					}
					id.sent = append(id.sent, x)
					id.overheard()
				}
			}
		}
		return
	}
	if self == 0 || self == id.self {
		return
	}
	if id.self == 0 {
		id.self = self
		id.overheard()
		return
	}
	id.other = self
	id.w.all.merged = true
}

// overheard finds that what the node sent arrives, at two others: then their
// lines stand among its own. But if the log is called by this very node, the
// node hears itself: its id is used twice, or addresses lead back to it.
func (id *ident) overheard() {
	if id.self == 0 || id.self == id.w.all.called {
		return
	}
	var at raftdiag.NodeID
	for _, x := range id.sent {
		switch {
		case x.from != id.self || x.to == id.self || x.to == at:
		case at == 0:
			at = x.to
		default:
			id.w.all.merged = true
		}
	}
}

// count notes runs of the process: a boot, a panic, or a fall of term and
// commit together.
func (r *resolver) count(it *item, id *ident) {
	e := &it.ev
	switch e.Kind {
	case raftdiag.Booted:
		if id.openRun {
			id.runs++
			id.openRun = false
		}
		id.sampled = false
		return
	case raftdiag.Panicked: // ends the run of every group
		if id.w.openRun {
			id.w.panics++
			id.w.openRun = false
		}
		return
	case raftdiag.State:
		if id.w.all.merged || !e.Has(raftdiag.HasTerm|raftdiag.HasCommit) || e.Node != 0 && it.dialect != readyloop {
			break
		}
		term, commit := uint64(e.Term), uint64(e.Commit)
		if id.sampled && term < id.term && commit < id.commit {
			id.runs++
		}
		id.term, id.commit, id.sampled = term, commit, true
	}
	id.openRun, id.w.openRun = true, true
}

// pass hands an event over, but keeps a panic until its next lines are seen.
func (r *resolver) pass(it *item, id *ident) {
	if it.role == panicPart {
		if p := r.panic; p != nil && p.ev.Writer == it.ev.Writer && p.ev.Pos.Source == it.ev.Pos.Source && it.ev.Pos.Line-r.panicAt <= 3 {
			r.panicAt = it.ev.Pos.Line
			e := &p.ev
			if !e.Has(raftdiag.HasCommit) && it.ev.Has(raftdiag.HasCommit) {
				e.Commit, e.Last = it.ev.Commit, it.ev.Last
				e.Set |= it.ev.Set
				e.Text = it.ev.Text
			}
			return
		}
		r.settle()
		copied := *it
		r.panic, r.panicAt = &copied, it.ev.Pos.Line
		return
	}
	if r.panic != nil {
		r.settle()
	}
	r.hand(it, id)
}

// settle hands the kept panic over.
func (r *resolver) settle() {
	if p := r.panic; p != nil {
		r.panic = nil
		r.hand(p, r.writer(p.ev.Writer).ident(p.ev.Group))
	}
}

// hand gives the event to the caller.
func (r *resolver) hand(it *item, id *ident) {
	e := &it.ev
	s := r.src
	s.events++
	s.formats[it.dialect][it.env]++
	if e.Kind == raftdiag.Garbled {
		s.events--
		s.garbled++
	}
	if e.Time != raftdiag.NoStamp {
		s.stamped++
		if s.first == raftdiag.NoStamp || e.Time < s.first {
			s.first = e.Time
		}
		if e.Time > s.last {
			s.last = e.Time
		}
	}
	if e.Node == 0 && e.Kind != raftdiag.Garbled {
		for len(id.zero) <= r.srcNo {
			id.zero = append(id.zero, 0)
		}
		id.zero[r.srcNo]++
	}
	if s.emit != nil {
		s.emit(e)
	}
}

// finish hands over what was kept.
func (r *resolver) finish() {
	for _, all := range r.writers {
		for _, w := range all.list {
			r.flush(w)
		}
	}
	r.closeAll()
	r.settle()
}
