package timeline

import (
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A scan is what one pass over a lane leaves: where its numbers moved, whom it
// wrote to and heard from, how its rounds went by, and which kinds of lines it
// prints at all.
type scan struct {
	trails
	sends    traffic
	receives traffic
	printed  [2][32]int32 // by direction and message type
	kinds    [64]int32
	tenures  []*Tenure
	configs  []int32
	peers    []peerRows
	failures map[raftdiag.NodeID][]int32 // SendFailed rows, by receiver
	lastTerm raftdiag.Term
	handed   uint32   // message types that are handed over one by one
	rejected [2]bool  // by direction: some MsgAppResp is a rejection
	silence  Gap      // the longest between two rows of one incarnation
	scratch  *scratch // in whose memory the lists stand; nil if they have their own
}

// Trails are the lists of a lane that grow with its rows.
type trails struct {
	roles   []RoleStep
	commits []Step // rises of what is known to be committed here
	lasts   []Step // rises of what is known to be in the log here
	applies []Step
	samples []int32 // rows that print a commit index as it is
	rounds  [numRounds][]int32
	busy    []int32     // signs of time under load: see Waits
	byKind  [64][]int32 // places
	voted   []ballot
	sampled []int32 // rows that print the applied index as it is
	machine []Step  // rises of what the state machine says that it applied, or got as a snapshot
}

// begin empties the lists, and keeps their memory.
func (x *trails) begin() {
	x.roles, x.commits, x.lasts, x.applies = x.roles[:0], x.commits[:0], x.lasts[:0], x.applies[:0]
	x.samples, x.busy, x.voted = x.samples[:0], x.busy[:0], x.voted[:0]
	x.sampled, x.machine = x.sampled[:0], x.machine[:0]
	for k := range x.rounds {
		x.rounds[k] = x.rounds[k][:0]
	}
	for k := range x.byKind {
		x.byKind[k] = x.byKind[k][:0]
	}
}

// A peerRows is the Progress rows that a lane prints for one peer.
type peerRows struct {
	node raftdiag.NodeID
	rows []int32
	list int // during the pass: the list of the scratch, and one
}

// A ballot is a place at which a node's own state prints another term or vote
// than before.
type ballot struct {
	at   int32
	term raftdiag.Term
	vote raftdiag.NodeID
}

// progress are the lane's Progress rows for a peer.
func (l *Lane) progress(n raftdiag.NodeID) []int32 {
	for k := range l.peers {
		if l.peers[k].node == n {
			return l.peers[k].rows
		}
	}
	return nil
}

// A Step is a place at which a number rose to a value.
type Step struct {
	At    int32
	Value raftdiag.Index
}

// A RoleStep is a place at which role, term or leader of a node changed.
type RoleStep struct {
	At   int32
	Role raftdiag.Role
	Term raftdiag.Term
	Lead raftdiag.NodeID // 0 if none is known
}

// The sorts of rounds in which patience is counted.
const (
	beatRound     = iota // a heartbeat to a peer that had one in this round
	heardRound           // a heartbeat or an append from the leader
	resentRound          // the same append once more
	idleRound            // a Ready of a new moment in which nothing moved
	electionRound        // a campaign
	numRounds
)

// A Direction tells what a node sends from what it receives.
type Direction uint8

// The directions.
const (
	Out Direction = iota
	In
)

// A Tenure is the time in which one node's own log shows it as the leader of a
// term.
type Tenure struct {
	Leader     raftdiag.NodeID
	Term       raftdiag.Term
	Lane       *Lane  // nil if the leader's own log is missing
	Begin, End int    // places in Lane
	Ended      string // log end, follower, candidate, term, panic, stop, restart
	EndedBy    Proof

	short bool // a row shows the leader's log end below what a peer had acknowledged
}

// Tenures are the times in which the lane's node led, in order.
func (l *Lane) Tenures() []*Tenure { return l.tenures }

// Prints reports how many messages of the type the lane shows in a direction.
func (l *Lane) Prints(d Direction, t raftdiag.MessageType) int {
	return int(l.printed[d][t&31])
}

// Shows is the number of events of a kind.
func (l *Lane) Shows(k raftdiag.Kind) int { return int(l.kinds[k&63]) }

// Sends are the places at which messages of the channel were generated here.
func (l *Lane) Sends(c Channel) []int32 { return l.sends.of(c) }

// Receives are the places at which messages of the channel arrived here.
func (l *Lane) Receives(c Channel) []int32 { return l.receives.of(c) }

// Rounds counts the rounds that went by from place i to place j: the most that
// any one sort shows.
func (l *Lane) Rounds(i, j int) int {
	most := 0
	for _, r := range l.rounds {
		most = max(most, count(r, i, j))
	}
	return most
}

// Waits counts as Rounds does. In a log without heartbeats it takes what comes
// and goes under load for rounds as well: Ready blocks in which the log grows and
// nothing is heard, and new appends that arrive. Under load it grows fast: several
// proposals may come before the first answer can, and where heartbeats show no
// time went by meanwhile.
func (l *Lane) Waits(i, j int) int {
	if len(l.rounds[beatRound])+len(l.rounds[heardRound]) >= 3 {
		return l.Rounds(i, j)
	}
	return max(l.Rounds(i, j), count(l.busy, i, j))
}

// HasRounds reports whether the lane shows rounds of any sort.
func (l *Lane) HasRounds() bool {
	for _, r := range l.rounds {
		if len(r) > 0 {
			return true
		}
	}
	return false
}

// count is how many of the ascending places lie behind i and before j.
func count(places []int32, i, j int) int {
	if len(places) == 0 || j-i < 2 {
		return 0
	}
	lo := sort.Search(len(places), func(k int) bool { return int(places[k]) > i })
	places = places[lo:min(lo+j-i, len(places))] // more do not lie there
	return sort.Search(len(places), func(k int) bool { return int(places[k]) >= j })
}

// known is the highest value that the steps reached before place i.
func known(steps []Step, i int) (raftdiag.Index, bool) {
	k := sort.Search(len(steps), func(k int) bool { return int(steps[k].At) >= i })
	if k == 0 {
		return 0, false
	}
	return steps[k-1].Value, true
}

// CommitAt is the highest index known to be committed on this node before
// place i, since its process started.
func (l *Lane) CommitAt(i int) (raftdiag.Index, bool) { return l.since(l.commits, i) }

// LastAt is the highest index known to be in this node's log before place i,
// since its process started.
func (l *Lane) LastAt(i int) (raftdiag.Index, bool) { return l.since(l.lasts, i) }

// AppliedAt is the highest index known to be applied before place i, since the
// process started.
func (l *Lane) AppliedAt(i int) (raftdiag.Index, bool) { return l.since(l.applies, i) }

func (l *Lane) since(steps []Step, i int) (raftdiag.Index, bool) {
	k := sort.Search(len(steps), func(k int) bool { return int(steps[k].At) >= i })
	if k == 0 || int(steps[k-1].At) < l.Incarnations[l.incarnation(i)].Begin {
		return 0, false
	}
	return steps[k-1].Value, true
}

// RoleAt is the node's role, term and leader before place i.
func (l *Lane) RoleAt(i int) (RoleStep, bool) {
	k := sort.Search(len(l.roles), func(k int) bool { return int(l.roles[k].At) >= i })
	if k == 0 {
		return RoleStep{}, false
	}
	return l.roles[k-1], true
}

// FirstRole is the place at which the lane first shows a role, or the one behind
// its last.
func (l *Lane) FirstRole() int {
	for k, r := range l.roles {
		if last := k+1 == len(l.roles) || l.roles[k+1].At > r.At; last && r.Role != raftdiag.UnknownRole {
			return int(r.At)
		}
	}
	return l.hi
}

// A walker is the state of the pass.
type walker struct {
	l     *Lane
	inc   int
	begin int // of the incarnation
	role  RoleStep
	ten   *Tenure
	acked raftdiag.Index // the most that a peer acknowledged in the tenure
	then  int64          // the stamp of the row before, in this incarnation

	// The log's end by the newest row, and by the newest request for votes.
	rowLast, voteLast raftdiag.Index
	rowKnown          bool
	voteTerm          raftdiag.Term

	commit, last, applied raftdiag.Index
	top                   raftdiag.Index // what the state machine applied
	idleCommit, idleLast  raftdiag.Index
	stored, idleStored    raftdiag.Index // what storage says that it took
	idleTime              int64
	idleHeard             bool
	beatAt                int  // the place of the last heartbeat that began a round
	others                bool // rows of other kinds than sends stand between rounds
	beat                  []raftdiag.NodeID
	ballot                struct { // the newest
		term uint64
		vote uint16
	}
	*scratch
}

type resend struct{ index, entries uint64 }

// A passage is what a pass notes of a channel.
type passage struct {
	Channel
	sends, receives int    // lists of the scratch, and one; 0 if there is none
	newest          resend // the newest append, or request for a pre-vote, or rejection
	known           bool   // there is one
	refused         bool   // of appends: a new rejection was heard since the newest one
}

// A scratch is the memory that a pass collects its lists in. The lane that was
// passed over has it until it gives it back.
type scratch struct {
	lane     trails
	lists    [][]int32 // of channels and peers
	used     int       // of them
	passages []passage
	peers    []peerRows
	channels []Channel
	places   [][]int32
	contacts []int32 // for Vacancies, as is spare
	spare    []int32
	numbers  map[Channel]int // of passages
	nearby   [64]int         // numbers of passages, by a hash, and one
}

var scratches = sync.Pool{New: func() any { return &scratch{numbers: map[Channel]int{}} }}

// begin forgets the lane before.
func (s *scratch) begin() {
	clear(s.numbers)
	s.lane.begin()
	s.used, s.passages, s.peers, s.nearby = 0, s.passages[:0], s.peers[:0], [64]int{}
}

// passage is what is noted of a channel. It lasts until the next one is new.
func (s *scratch) passage(c Channel) *passage {
	slot := &s.nearby[(uint(c.From)*7+uint(c.To)*17+uint(c.Type))%64]
	if *slot > 0 && s.passages[*slot-1].Channel == c {
		return &s.passages[*slot-1]
	}
	n, ok := s.numbers[c]
	if !ok {
		n = len(s.passages)
		s.numbers[c] = n
		s.passages = append(s.passages, passage{Channel: c})
	}
	*slot = n + 1
	return &s.passages[n]
}

// add puts a place behind those of a list, which is begun if its number is 0.
func (s *scratch) add(list *int, i int) {
	if *list == 0 {
		if s.used == len(s.lists) {
			s.lists = append(s.lists, nil)
		}
		s.lists[s.used] = s.lists[s.used][:0]
		s.used++
		*list = s.used
	}
	l := &s.lists[*list-1]
	*l = append(*l, int32(i))
}

// addPeer puts a place behind those of a peer.
func (s *scratch) addPeer(n raftdiag.NodeID, i int) {
	for k := range s.peers {
		if p := &s.peers[k]; p.node == n {
			s.add(&p.list, i)
			return
		}
	}
	s.peers = append(s.peers, peerRows{node: n})
	s.add(&s.peers[len(s.peers)-1].list, i)
}

// lend leaves the lane its lists, in the scratch's memory, until it is given back.
func (s *scratch) lend(l *Lane) {
	slices.SortFunc(s.passages, func(a, b passage) int { return compareChannels(a.Channel, b.Channel) })
	s.channels, s.places = s.channels[:0], s.places[:0]
	for k := range s.passages {
		if p := &s.passages[k]; p.sends > 0 {
			s.channels, s.places = append(s.channels, p.Channel), append(s.places, s.lists[p.sends-1])
		}
	}
	n := len(s.channels)
	for k := range s.passages {
		if p := &s.passages[k]; p.receives > 0 {
			s.channels, s.places = append(s.channels, p.Channel), append(s.places, s.lists[p.receives-1])
		}
	}
	l.sends, l.receives = traffic{s.channels[:n:n], s.places[:n:n]}, traffic{s.channels[n:], s.places[n:]}
	for k := range s.peers {
		p := &s.peers[k]
		p.rows = s.lists[p.list-1]
	}
	l.peers = s.peers
	s.lane = l.trails
	l.scratch = s
}

// settle gives the lane's lists memory of their own, all of one kind together.
func (l *Lane) settle() {
	var places []*[]int32
	for _, x := range [...]*traffic{&l.sends, &l.receives} {
		x.channels, x.places = slices.Clone(x.channels), slices.Clone(x.places)
		for k := range x.places {
			places = append(places, &x.places[k])
		}
	}
	l.peers = slices.Clone(l.peers)
	for k := range l.peers {
		places = append(places, &l.peers[k].rows)
	}
	places = append(places, &l.samples, &l.busy, &l.sampled)
	for k := range l.rounds {
		places = append(places, &l.rounds[k])
	}
	for k := range l.byKind {
		places = append(places, &l.byKind[k])
	}
	own(places...)
	own(&l.commits, &l.lasts, &l.applies, &l.machine)
	own(&l.roles)
	own(&l.voted)
	l.giveBack()
}

// giveBack returns the memory of the lane's lists, which must not be used after
// it unless they were settled.
func (l *Lane) giveBack() {
	scratches.Put(l.scratch)
	l.scratch = nil
}

// own copies lists into memory that they share.
func own[T any](lists ...*[]T) {
	n := 0
	for _, list := range lists {
		n += len(*list)
	}
	all := make([]T, 0, n)
	for _, list := range lists {
		all = append(all, *list...)
		k := len(*list)
		*list = all[len(all)-k : len(all) : len(all)]
	}
}

// walk makes the pass. Incarnations must be known. What it leaves stands in
// memory that is lent: the lane is to be settled, or to give it back.
func (l *Lane) walk() {
	from := scratches.Get().(*scratch)
	from.begin()
	w := walker{l: l, begin: l.lo, scratch: from}
	l.trails = from.lane
	for i := l.lo; i < l.hi; i++ {
		if w.inc+1 < len(l.Incarnations) && i >= l.Incarnations[w.inc+1].Begin {
			w.inc++
			w.restart(i)
		}
		r := l.rec(i)
		if w.then != 0 && r.time != 0 && time.Duration(r.time-w.then) > l.silence.Silence {
			l.silence = Gap{Last: i - 1, Silence: time.Duration(r.time - w.then)}
		}
		w.then = r.time
		k := r.kind & 63
		l.kinds[k]++
		l.byKind[k] = append(l.byKind[k], int32(i))
		if r.wide() {
			w.wide(i, r)
			continue
		}
		switch r.kind {
		case raftdiag.Sent:
			p := w.passage(w.channel(r))
			l.printed[Out][r.mtype&31]++
			w.add(&p.sends, i)
			w.sent(i, r, p)
		case raftdiag.Received:
			p := w.passage(w.channel(r))
			l.printed[In][r.mtype&31]++
			w.add(&p.receives, i)
			w.received(i, r, p)
		default:
			w.row(i, r)
		}
	}
	w.endTenure(l.hi, "log end", Proof{})
	from.lend(l)
}

// channel is the message's channel. A field that was not printed is this node
// itself where that can only be so.
func (w *walker) channel(r *record) Channel {
	nodes := w.l.store.nodes.list
	c := Channel{nodes[r.from], nodes[r.to], r.mtype}
	if r.kind == raftdiag.Sent && c.From == 0 {
		c.From = w.l.Node
	}
	if r.kind == raftdiag.Received && c.To == 0 {
		c.To = w.l.Node
	}
	return c
}

func (w *walker) wide(i int, r *record) {
	e := w.l.store.wide[r.a]
	switch e.Kind {
	case raftdiag.Booted, raftdiag.ConfigChanged:
		if e.Config != nil {
			w.l.configs = append(w.l.configs, int32(i))
		}
		if e.Has(raftdiag.HasCommit) {
			w.commits(i, e.Commit)
		}
		if e.Has(raftdiag.HasLast) {
			w.lasts(i, e.Last)
		}
		if e.Has(raftdiag.HasApplied) {
			w.applies(i, e.Applied)
		}
		if e.Has(raftdiag.HasTerm) {
			w.term(i, e.Term)
		}
	case raftdiag.SendFailed:
		p := e.Peer
		if p == 0 {
			p = e.To
		}
		w.failure(p, i)
	case raftdiag.Received, raftdiag.Sent:
		d := Out
		if e.Kind == raftdiag.Received {
			d = In
		}
		w.l.printed[d][e.Type&31]++
	}
}

func (w *walker) failure(to raftdiag.NodeID, i int) {
	if w.l.failures == nil {
		w.l.failures = map[raftdiag.NodeID][]int32{}
	}
	w.l.failures[to] = append(w.l.failures[to], int32(i))
}

// anew forgets which heartbeats and appends were sent before.
func (w *walker) anew() {
	w.beat = w.beat[:0]
	for k := range w.passages {
		w.passages[k].known = false
	}
}

func (w *walker) restart(i int) {
	w.endTenure(i, w.l.Incarnations[w.inc].Opened, Proof{w.l, i})
	w.commit, w.last, w.applied, w.top, w.begin = 0, 0, 0, 0, i
	w.rowKnown, w.voteTerm, w.then = false, 0, 0
	w.role = RoleStep{}
	w.anew()
}

// commits, lasts and applies note a value that was printed; the first one of
// an incarnation counts even if it is 0.
func (w *walker) commits(i int, v raftdiag.Index) { rise(&w.l.commits, &w.commit, w.begin, i, v) }
func (w *walker) lasts(i int, v raftdiag.Index)   { rise(&w.l.lasts, &w.last, w.begin, i, v) }
func (w *walker) applies(i int, v raftdiag.Index) { rise(&w.l.applies, &w.applied, w.begin, i, v) }

// machine notes how far the state machine is.
func (w *walker) machine(i int, v raftdiag.Index) {
	if v > w.top {
		w.top = v
		w.l.machine = append(w.l.machine, Step{int32(i), v})
	}
}

func rise(steps *[]Step, now *raftdiag.Index, begin, i int, v raftdiag.Index) {
	n := len(*steps)
	if v > *now || v == 0 && (n == 0 || int((*steps)[n-1].At) < begin) {
		*now = v
		*steps = append(*steps, Step{int32(i), v})
	}
}

func (w *walker) round(sort, i int) {
	w.l.rounds[sort] = append(w.l.rounds[sort], int32(i))
}

// term notes that the node is in the term at least.
func (w *walker) term(i int, t raftdiag.Term) {
	if t > w.role.Term {
		w.setRole(i, raftdiag.UnknownRole, t, 0)
	}
	w.l.lastTerm = max(w.l.lastTerm, t)
}

// vote notes the vote that a state prints.
func (w *walker) vote(i int, r *record, term uint64) {
	if r.from == 0 || !r.has(raftdiag.HasVote|raftdiag.HasTerm) || term == w.ballot.term && r.from == w.ballot.vote {
		return
	}
	w.ballot.term, w.ballot.vote = term, r.from
	w.l.voted = append(w.l.voted, ballot{int32(i), raftdiag.Term(term), w.l.store.nodes.list[r.from]})
}

func (w *walker) setRole(i int, role raftdiag.Role, t raftdiag.Term, lead raftdiag.NodeID) {
	if role == w.role.Role && t == w.role.Term && lead == w.role.Lead {
		return
	}
	if (role == raftdiag.Candidate && (w.role.Role != role || t > w.role.Term)) ||
		(role == raftdiag.PreCandidate && w.role.Role != role) {
		w.round(electionRound, i)
		w.forgetPreVotes()
	}
	was := w.role
	w.role = RoleStep{int32(i), role, t, lead}
	w.l.roles = append(w.l.roles, w.role)
	w.l.lastTerm = max(w.l.lastTerm, t)
	switch {
	case role == raftdiag.Leader && (w.ten == nil || w.ten.Term != t):
		w.truncate(i, t)
		w.endTenure(i, "term", Proof{w.l, i})
		w.ten = &Tenure{Leader: w.l.Node, Term: t, Lane: w.l, Begin: i, End: w.l.hi}
		w.l.tenures = append(w.l.tenures, w.ten)
		w.acked = 0
		w.anew()
	case role != raftdiag.Leader && w.ten != nil && (role != raftdiag.UnknownRole || t > w.ten.Term):
		how := "term"
		if t == was.Term {
			how = "stepped down"
		}
		w.endTenure(i, how, Proof{w.l, i})
	}
}

// truncate takes the log's end for what it is when a tenure begins: entries of
// an earlier tenure may have been replaced meanwhile.
func (w *walker) truncate(i int, t raftdiag.Term) {
	end, ok := w.rowLast, w.rowKnown
	if w.voteTerm == t {
		end, ok = w.voteLast, true
	}
	if ok && end < w.last {
		w.last = end
		w.l.lasts = append(w.l.lasts, Step{int32(i), end})
	}
}

func (w *walker) endTenure(i int, how string, by Proof) {
	if w.ten != nil {
		w.ten.End, w.ten.Ended, w.ten.EndedBy = i, how, by
		w.ten = nil
	}
}

func (w *walker) sent(i int, r *record, c *passage) {
	term := raftdiag.Term(r.a >> 32)
	own := c.From == w.l.Node && r.has(raftdiag.HasTerm) && term > 0
	switch r.mtype {
	case raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap:
		if own && w.role.Term == term && w.role.Role == raftdiag.Follower && w.role.Lead != 0 && w.role.Lead != w.l.Node {
			return // it follows another leader of the term: the message is another group's, whose header is lost
		}
		// A message that waited may be printed after its sender stepped down.
		if own && (w.role.Term < term || w.role.Term == term && w.role.Role != raftdiag.Leader) {
			w.setRole(i, raftdiag.Leader, term, w.l.Node)
		}
		if r.has(raftdiag.HasCommit) {
			w.commits(i, raftdiag.Index(r.c))
			if r.mtype == raftdiag.MsgApp {
				w.l.samples = append(w.l.samples, int32(i))
			}
		}
		switch r.mtype {
		case raftdiag.MsgApp:
			if r.has(raftdiag.HasIndex | raftdiag.HasEntries) {
				w.lasts(i, raftdiag.Index(r.b)+raftdiag.Index(uint32(r.d)))
				w.again(i, r, c)
			}
		case raftdiag.MsgHeartbeat:
			if slices.Contains(w.beat, c.To) {
				w.beat = w.beat[:0]
				// Several in one Ready waited there, and left together.
				if w.turnedSince(w.beatAt, i) {
					w.round(beatRound, i)
				}
				w.beatAt = i
			}
			w.beat = append(w.beat, c.To)
		}
	case raftdiag.MsgVote:
		if own && (term > w.role.Term || term == w.role.Term && w.role.Role != raftdiag.Candidate && w.role.Role != raftdiag.Leader) {
			w.setRole(i, raftdiag.Candidate, term, 0)
		}
		if own && r.has(raftdiag.HasIndex) {
			w.voteLast, w.voteTerm = raftdiag.Index(r.b), term
		}
	case raftdiag.MsgPreVote:
		if c.known && w.role.Role == raftdiag.PreCandidate {
			w.round(electionRound, i)
			w.forgetPreVotes()
		}
		if w.role.Role != raftdiag.PreCandidate {
			w.setRole(i, raftdiag.PreCandidate, w.role.Term, 0)
		}
		c.newest, c.known = resend{}, true
	case raftdiag.MsgAppResp:
		w.l.rejected[Out] = w.l.rejected[Out] || r.reject()
		if own {
			w.term(i, term)
		}
		if !r.reject() && r.has(raftdiag.HasIndex) {
			w.lasts(i, raftdiag.Index(r.b))
		}
	case raftdiag.MsgVoteResp, raftdiag.MsgHeartbeatResp:
		if r.mtype == raftdiag.MsgHeartbeatResp && w.l.printed[In][raftdiag.MsgHeartbeat] == 0 {
			w.round(heardRound, i) // the heartbeat that it answers is not printed
		}
		if own {
			w.term(i, term)
		}
	}
}

// turnedSince reports whether the loop turned between two heartbeats: something
// else than sends was printed there, as it was between rounds before, or time
// went by. Ticks that queued while the process stood still run at one moment.
func (w *walker) turnedSince(from, i int) bool {
	const moment = int64(10e6)
	if a, b := w.l.rec(from).time, w.l.rec(i).time; from >= w.begin && a != 0 && b-a >= moment {
		return true
	}
	for k := max(from+1, w.begin); k < i; k++ {
		if kind := w.l.rec(k).kind; kind != raftdiag.Sent && kind != raftdiag.HandedOver {
			w.others = w.others || from > w.begin
			return true
		}
	}
	return !w.others
}

// forgetPreVotes begins a campaign: its requests are no repeats of the last one's.
func (w *walker) forgetPreVotes() {
	for k := range w.passages {
		if p := &w.passages[k]; p.Type == raftdiag.MsgPreVote {
			p.known = false
		}
	}
}

// again counts an append that was sent before, unless it is the leader's word to
// a rejection that it had not heard yet: those come as fast as the network, one
// for each append that overtook another.
func (w *walker) again(i int, r *record, c *passage) {
	now := resend{r.b, uint64(uint32(r.d))}
	if c.known && c.newest == now && now.entries > 0 && !c.refused {
		w.round(resentRound, i)
	}
	c.newest, c.known, c.refused = now, true, false
}

// refuse notes a rejection. One that repeats the last one moves nothing.
func (w *walker) refuse(r *record, c *passage) {
	now := resend{r.b, uint64(uint32(r.d))}
	if !r.has(raftdiag.HasIndex) || c.known && c.newest == now {
		return
	}
	c.newest, c.known = now, true
	w.idleHeard = true
	w.passage(Channel{c.To, c.From, raftdiag.MsgApp}).refused = true
}

func (w *walker) received(i int, r *record, c *passage) {
	term := raftdiag.Term(r.a >> 32)
	switch r.mtype {
	case raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap:
		switch r.mtype {
		case raftdiag.MsgHeartbeat:
			w.round(heardRound, i)
		case raftdiag.MsgApp:
			if now := (resend{r.b, uint64(uint32(r.d))}); c.known && c.newest == now && now.entries > 0 {
				w.round(heardRound, i)
			} else {
				c.newest, c.known = now, true
				if now.entries > 0 {
					w.l.busy = append(w.l.busy, int32(i))
				}
			}
		}
		if r.has(raftdiag.HasTerm) && term > w.role.Term && c.To == w.l.Node {
			w.term(i, term)
		}
	case raftdiag.MsgAppResp:
		if r.reject() {
			w.l.rejected[In] = true
			w.refuse(r, c)
			return
		}
		w.idleHeard = true
		if w.ten != nil && r.has(raftdiag.HasIndex|raftdiag.HasTerm) && term == w.ten.Term && (r.to == 0 || c.To == w.l.Node) {
			w.acked = max(w.acked, raftdiag.Index(r.b))
		}
	}
}

func (w *walker) row(i int, r *record) {
	nodes := w.l.store.nodes.list
	switch r.kind {
	case raftdiag.State, raftdiag.RoleChanged:
		role, term, lead := w.role.Role, w.role.Term, w.role.Lead
		if r.has(raftdiag.HasTerm) {
			term = raftdiag.Term(r.a)
		}
		if r.has(raftdiag.HasRole) {
			role = r.role()
		} else if term != w.role.Term {
			role = raftdiag.UnknownRole
		}
		if r.has(raftdiag.HasLead) {
			lead = nodes[r.to]
		} else if term != w.role.Term {
			lead = 0
		}
		w.setRole(i, role, term, lead)
		if r.kind == raftdiag.State {
			w.vote(i, r, r.a)
			if r.has(raftdiag.HasCommit) {
				w.commits(i, raftdiag.Index(r.b))
				w.l.samples = append(w.l.samples, int32(i))
			}
			if r.has(raftdiag.HasLast) {
				w.lasts(i, raftdiag.Index(r.d))
			}
			if r.has(raftdiag.HasApplied) {
				w.applies(i, raftdiag.Index(r.c))
				w.l.sampled = append(w.l.sampled, int32(i))
			}
			w.idle(i, r)
		}
	case raftdiag.Ready:
		w.vote(i, r, r.c)
		if r.has(raftdiag.HasCommit) {
			w.commits(i, raftdiag.Index(r.d))
		}
		if r.has(raftdiag.HasTerm) && r.c > 0 {
			w.term(i, raftdiag.Term(r.c))
		}
		if n := raftdiag.Index(r.b >> 32); n > 0 && w.l.kinds[raftdiag.LogRow] == 0 && w.l.printed[Out][raftdiag.MsgApp] == 0 &&
			w.role.Role == raftdiag.Leader {
			// Entries by count alone: they stand behind what is known.
			w.lasts(i, max(w.last, w.commit)+n)
		}
	case raftdiag.LogRow:
		if r.has(raftdiag.HasLast) {
			w.lasts(i, raftdiag.Index(r.a))
			w.rowLast, w.rowKnown = raftdiag.Index(r.a), true
			if w.ten != nil && w.rowLast < w.acked {
				w.ten.short = true
			}
			if r.has(raftdiag.HasUnstable) {
				w.stored = raftdiag.Index(r.a - min(r.a, r.d))
			}
		}
		if r.has(raftdiag.HasCommit) {
			w.commits(i, raftdiag.Index(r.b))
			w.l.samples = append(w.l.samples, int32(i))
		}
		if r.has(raftdiag.HasApplied) {
			w.applies(i, raftdiag.Index(r.c))
			w.l.sampled = append(w.l.sampled, int32(i))
		}
	case raftdiag.ProgressRow:
		p := nodes[r.from]
		w.addPeer(p, i)
		if p != w.l.Node && r.has(raftdiag.HasMatch) {
			w.acked = max(w.acked, raftdiag.Index(r.a))
		}
		if w.role.Role == raftdiag.Leader && p != w.l.Node && r.has(raftdiag.HasMatch) {
			w.lasts(i, raftdiag.Index(r.a)) // a peer holds what the leader's log held
		}
	case raftdiag.HandedOver:
		if w.l.isPerMessage(r) && r.has(raftdiag.HasType) {
			w.l.handed |= 1 << (r.mtype & 31)
		}
	case raftdiag.SendFailed:
		p := nodes[r.to]
		if r.has(raftdiag.HasPeer) {
			p = nodes[r.from]
		}
		w.failure(p, i)
	case raftdiag.HardStateSaved:
		w.vote(i, r, r.a)
		if r.has(raftdiag.HasCommit) {
			w.commits(i, raftdiag.Index(r.b))
		}
		if r.has(raftdiag.HasTerm) {
			w.term(i, raftdiag.Term(r.a))
		}
	case raftdiag.Committed:
		w.commits(i, max(raftdiag.Index(r.b), raftdiag.Index(r.c)))
	case raftdiag.EntryCommitted, raftdiag.Replied:
		w.commits(i, raftdiag.Index(r.a))
	case raftdiag.Applied:
		w.applies(i, raftdiag.Index(r.a))
		w.machine(i, raftdiag.Index(r.a))
	case raftdiag.Appended:
		w.stored = max(raftdiag.Index(r.a), raftdiag.Index(r.d))
		w.lasts(i, w.stored)
	case raftdiag.Proposed:
		if r.has(raftdiag.HasIndex) {
			w.lasts(i, raftdiag.Index(r.a))
		}
	case raftdiag.SnapshotInstalled:
		w.lasts(i, raftdiag.Index(r.a))
		w.commits(i, raftdiag.Index(r.a))
		// A snapshot replaces the state machine's state as well.
		if r.a > 0 {
			w.machine(i, raftdiag.Index(r.a))
		} else {
			w.machine(i, w.commit)
		}
	}
}

// idle counts a Ready block of a new moment in which nothing moved.
func (w *walker) idle(i int, r *record) {
	moved := w.commit != w.idleCommit || w.last != w.idleLast || w.idleHeard
	writes := w.stored != w.idleStored // beside the loop: neither idle nor growth
	fresh := r.time == 0 || r.time != w.idleTime
	switch {
	case !fresh:
	case !moved && writes:
	case !moved:
		w.round(idleRound, i)
	case w.commit == w.idleCommit && !w.idleHeard:
		w.l.busy = append(w.l.busy, int32(i))
	}
	if moved || fresh {
		w.idleCommit, w.idleLast, w.idleTime, w.idleHeard = w.commit, w.last, r.time, false
		w.idleStored = w.stored
	}
}
