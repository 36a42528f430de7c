package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"go.etcd.io/raft/v3/quorum"

	"github.com/raftdiag/raftdiag"
)

// A Filter chooses what a transcript shows; zero values choose all.
type Filter struct {
	Index        raftdiag.Index // messages and proposals that concern this entry
	From, To     raftdiag.NodeID
	Since, Until raftdiag.Stamp
	Limit        int // the newest so many messages, and as many proposals; 0 means 50000
}

const defaultLimit = 50000

// Transcript are the messages and proposals of the group.
//
// Messages stand in an order that agrees with the order of every node's own
// log and in which none is received before it is sent. Stamps choose only among
// what that leaves open.
func (t *Timeline) Transcript(f Filter) raftdiag.Transcript {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	out := raftdiag.Transcript{Group: t.Group, Passages: []raftdiag.Passage{}, Proposals: []raftdiag.ProposalPath{},
		Clocks: []raftdiag.ClockRow{}, Notes: []string{}}
	note := func(format string, args ...any) { out.Notes = append(out.Notes, fmt.Sprintf(format, args...)) }
	clocks := map[way]*Clock{}
	for _, c := range t.Clocks() {
		clocks[way{c.From, c.To}] = c
		out.Clocks = append(out.Clocks, c.row())
	}
	s := t.script()
	if s.cycles > 0 {
		note("the logs contradict one another about what came first, %d times: is a log labelled with the wrong node, or sorted by time?", s.cycles)
	}
	kept := s.choose(f)
	if n := len(kept) - f.Limit; n > 0 {
		note("%d earlier messages are not shown", n)
		kept = kept[n:]
	}
	ticks := map[*Lane]int64{}
	for _, l := range t.Lanes {
		ticks[l] = l.tick()
	}
	for _, m := range kept {
		out.Passages = append(out.Passages, m.passage(t.Lanes, clocks, ticks))
	}
	var left int
	out.Proposals, left = t.proposals(f)
	if left > 0 {
		note("%d earlier proposals are not shown", left)
	}
	for _, n := range t.Nodes {
		if t.Lane(n) == nil {
			note("node %s's log is not among the inputs", n)
		}
	}
	if t.Lives > 1 {
		note("the cluster began anew; this is its life %d of %d", t.Life+1, t.Lives)
	}
	return out
}

// A letter is one message: a send, a receive, or both.
type letter struct {
	sender, receiver *Lane
	sent, received   int32 // places, or -1
	verdict          verdict
	channel          Channel
}

// A script is all letters of a timeline in a possible order.
type script struct {
	letters []letter
	cycles  int // how often no order was possible
}

// script collects the letters and puts them in order.
func (t *Timeline) script() *script {
	s := &script{}
	for _, w := range t.ways() {
		r := t.road(w.from, w.to)
		for _, p := range r.pairings {
			sends, receives := r.fates(p)
			for k, j := range p.ReceiveOf {
				l := letter{p.From, p.To, p.Sends[k], -1, sends[k], p.Channel}
				if j >= 0 {
					l.received = p.Receives[j]
				}
				s.letters = append(s.letters, l)
			}
			for j, k := range p.SendOf {
				switch {
				case k < 0:
					s.letters = append(s.letters, letter{p.From, p.To, -1, p.Receives[j], receives[j], p.Channel})
				case p.Twice[j]:
					s.letters = append(s.letters, letter{p.From, p.To, p.Sends[k], p.Receives[j], receives[j], p.Channel})
				}
			}
		}
		// What arrived at a node that is not its receiver.
		for n, l := range t.Lanes {
			if l.Node == w.to {
				continue
			}
			for _, c := range l.receives.channels {
				if c.From != w.from || c.To != w.to {
					continue
				}
				v := verdict{fate: unseenSend, reason: strayed, by: int32(n)}
				for _, i := range l.receives.of(c) {
					s.letters = append(s.letters, letter{nil, l, -1, i, v, c})
				}
			}
		}
	}
	s.order(t.Lanes)
	return s
}

// An end is one end of a letter in its lane.
type end struct {
	at      int32
	letter  int32
	receive bool
}

// order puts the letters in the order of their first ends: lanes are read side
// by side, a receive waits for its send, and of what may come next the lowest
// stamp does.
func (s *script) order(lanes []*Lane) {
	ends := make([][]end, len(lanes))
	number := map[*Lane]int{}
	for n, l := range lanes {
		number[l] = n
	}
	for k := range s.letters {
		m := &s.letters[k]
		if m.sent >= 0 && m.verdict.fate != duplicated {
			n := number[m.sender]
			ends[n] = append(ends[n], end{m.sent, int32(k), false})
		}
		if m.received >= 0 {
			n := number[m.receiver]
			ends[n] = append(ends[n], end{m.received, int32(k), true})
		}
	}
	for n := range ends {
		slices.SortStableFunc(ends[n], func(a, b end) int { return cmp.Compare(a.at, b.at) })
	}
	next := make([]int, len(lanes))
	now := make([]int64, len(lanes)) // the newest stamp of each lane, its next row included
	sent := make([]bool, len(s.letters))
	listed := make([]bool, len(s.letters))
	out := make([]letter, 0, len(s.letters))
	look := func(n int) {
		if next[n] < len(ends[n]) {
			if x := lanes[n].rec(int(ends[n][next[n]].at)).time; x != 0 {
				now[n] = x
			}
		}
	}
	for n := range lanes {
		look(n)
	}
	for {
		best, waiting, unsure := -1, -1, -1
		for n := range lanes {
			if next[n] >= len(ends[n]) {
				continue
			}
			e := ends[n][next[n]]
			m := &s.letters[e.letter]
			if e.receive && m.sent >= 0 && m.verdict.fate != duplicated && !sent[e.letter] {
				if waiting < 0 || now[n] < now[waiting] {
					waiting = n
				}
				if m.verdict.ambiguous && (unsure < 0 || now[n] < now[unsure]) {
					unsure = n
				}
				continue
			}
			if best < 0 || now[n] < now[best] {
				best = n
			}
		}
		switch {
		case best >= 0:
		case unsure >= 0:
			// Its send cannot be this one, which comes later: part them.
			best = unsure
			e := &ends[best][next[best]]
			m := &s.letters[e.letter]
			alone := *m
			alone.sent, alone.verdict = -1, verdict{fate: unseenSend, reason: whichOneIsOpen, ambiguous: true}
			m.received, m.verdict = -1, verdict{fate: cannotTell, reason: whichOneIsOpen, ambiguous: true}
			e.letter = int32(len(s.letters))
			s.letters, sent, listed = append(s.letters, alone), append(sent, false), append(listed, false)
		case waiting >= 0:
			best = waiting
			s.cycles++
		default:
			s.letters = out
			return
		}
		e := ends[best][next[best]]
		sent[e.letter] = sent[e.letter] || !e.receive
		if !listed[e.letter] {
			listed[e.letter] = true
			out = append(out, s.letters[e.letter])
		}
		next[best]++
		look(best)
	}
}

// choose keeps what the filter asks for.
func (s *script) choose(f Filter) []letter {
	var carry map[Channel]map[uint64]bool // previous indexes of appends that carry the entry, by their channel
	acked := map[Channel]raftdiag.Term{}
	if f.Index > 0 {
		carry = map[Channel]map[uint64]bool{}
	}
	var out []letter
	for _, m := range s.letters {
		if f.From != 0 && m.channel.From != f.From || f.To != 0 && m.channel.To != f.To || !m.during(f.Since, f.Until) {
			continue
		}
		if f.Index > 0 && !m.concerns(f.Index, carry, acked) {
			continue
		}
		out = append(out, m)
	}
	return out
}

func (m *letter) rec() *record {
	if m.sent >= 0 {
		return m.sender.rec(int(m.sent))
	}
	return m.receiver.rec(int(m.received))
}

// during reports whether an end of the letter lies within a time.
func (m *letter) during(since, until raftdiag.Stamp) bool {
	if since == raftdiag.NoStamp && until == raftdiag.NoStamp {
		return true
	}
	within := func(l *Lane, i int32) bool {
		if i < 0 {
			return false
		}
		x := l.StampNear(int(i))
		return x != raftdiag.NoStamp && x >= since && (until == raftdiag.NoStamp || x <= until)
	}
	return within(m.sender, m.sent) || within(m.receiver, m.received)
}

// concerns reports whether the letter carries an entry or answers one that
// does: the appends and snapshots with it, their rejections, and the accepts up
// to the first of each follower and term that arrived.
func (m *letter) concerns(i raftdiag.Index, carry map[Channel]map[uint64]bool, acked map[Channel]raftdiag.Term) bool {
	r := m.rec()
	if !r.has(raftdiag.HasIndex) && r.mtype != raftdiag.MsgSnap {
		return false
	}
	switch r.mtype {
	case raftdiag.MsgApp:
		if raftdiag.Index(r.b) >= i || reach(r) < i {
			return false
		}
		back := Channel{m.channel.To, m.channel.From, raftdiag.MsgAppResp}
		if carry[back] == nil {
			carry[back] = map[uint64]bool{}
		}
		carry[back][r.b] = true
		return true
	case raftdiag.MsgSnap:
		return reach(r) >= i
	case raftdiag.MsgAppResp:
		if r.reject() {
			return carry[m.channel][r.b]
		}
		term := raftdiag.Term(r.a >> 32)
		if was, ok := acked[m.channel]; raftdiag.Index(r.b) < i || ok && was >= term {
			return false
		}
		if m.received >= 0 {
			acked[m.channel] = term
		}
		return true
	}
	return false
}

// passage is the letter with its events and its latency.
func (m *letter) passage(lanes []*Lane, clocks map[way]*Clock, ticks map[*Lane]int64) raftdiag.Passage {
	p := raftdiag.Passage{Fate: fateNames[m.verdict.fate], Why: m.verdict.why(m.channel, m.sender, lanes), Ambiguous: m.verdict.ambiguous}
	if m.sent >= 0 {
		e := m.sender.Event(int(m.sent))
		p.Sent = &e
	}
	if m.received >= 0 {
		e := m.receiver.Event(int(m.received))
		p.Received = &e
	}
	if p.Sent == nil || p.Received == nil || p.Sent.Time == raftdiag.NoStamp || p.Received.Time == raftdiag.NoStamp || p.Ambiguous {
		return p
	}
	ticked := max(ticks[m.sender], ticks[m.receiver])
	sent, received := int64(p.Sent.Time), int64(p.Received.Time)
	if c := clocks[way{m.channel.From, m.channel.To}]; c != nil {
		p.Low, p.High = c.latency(sent, sent, received, m.sent, m.received, true, ticked)
	} else if c := clocks[way{m.channel.To, m.channel.From}]; c != nil {
		p.Low, p.High = c.latency(received, sent, received, m.received, m.sent, false, ticked)
	}
	return p
}

// The fates of a proposal.
const (
	fateCommitted = "committed"
	fateStuck     = "stuck"
	fateReplaced  = "replaced"
	fateUnknown   = "unknown"
)

// proposals follows the entries of every leader whose own log is there, and
// counts those that the limit leaves out.
func (t *Timeline) proposals(f Filter) (out []raftdiag.ProposalPath, left int) {
	out = []raftdiag.ProposalPath{}
	tenures := t.Tenures()
	var later []heir
	for k := len(tenures) - 1; k >= 0; k-- {
		c := t.course(tenures[k], later)
		lo, hi := c.first, c.last
		if f.Index > 0 {
			lo, hi = max(lo, f.Index), min(hi, f.Index)
		}
		for i := hi; i >= lo && i > 0; i-- {
			at := c.birth(i)
			if x := c.l.StampNear(at); f.Since != raftdiag.NoStamp && x < f.Since || f.Until != raftdiag.NoStamp && x > f.Until {
				continue
			}
			if len(out) == f.Limit {
				left++
				continue
			}
			out = append(out, c.path(i, at))
		}
		later = c.before(later)
	}
	slices.Reverse(out)
	return out, left
}

// A course is how the entries of one tenure came along: for each gate the
// places at which the mark rose, so that an entry's place is found by halving.
type course struct {
	t           *Timeline
	ten         *Tenure
	l           *Lane
	own         raftdiag.Index // the lowest index known to be of the tenure's own term, or 0
	first, last raftdiag.Index // entries that were proposed or waited in the tenure
	lasts       []Step
	commits     []Step
	applies     []Step
	proposed    map[raftdiag.Index]int32
	replied     map[raftdiag.Index]int32
	peers       []peerCourse
	configs     []int32
	voters      map[int]*Voters
	stuck       []Stall
	later       []heir // the tenures after it, the next one last
	commitEnd   raftdiag.Index
}

type peerCourse struct {
	node                                     raftdiag.NodeID
	lane                                     *Lane
	sent, received, answered, heard, matched []Step
}

// An heir is a later tenure that committed more than those between: its term,
// its lowest own entry and its commit.
type heir struct {
	term        raftdiag.Term
	own, commit raftdiag.Index
}

// before is the list of heirs with c's tenure before them.
func (c *course) before(later []heir) []heir {
	commit, _ := c.l.CommitAt(c.ten.End)
	if c.own == 0 {
		return later
	}
	for len(later) > 0 && later[len(later)-1].commit <= commit {
		later = later[:len(later)-1]
	}
	return append(later, heir{c.ten.Term, c.own, commit})
}

// climb makes steps of a running maximum.
func climb(steps []Step, i int32, v raftdiag.Index) []Step {
	if n := len(steps); n == 0 || v > steps[n-1].Value {
		return append(steps, Step{i, v})
	}
	return steps
}

// reached is the place at which the steps came to cover an index, or -1.
func reached(steps []Step, i raftdiag.Index) int {
	k := sort.Search(len(steps), func(k int) bool { return steps[k].Value >= i })
	if k == len(steps) {
		return -1
	}
	return int(steps[k].At)
}

func (t *Timeline) course(ten *Tenure, later []heir) *course {
	l := ten.Lane
	c := &course{t: t, ten: ten, l: l, own: t.OwnTerm(ten), later: later, voters: map[int]*Voters{},
		proposed: map[raftdiag.Index]int32{}, replied: map[raftdiag.Index]int32{}}
	begin, lastKnown := l.LastAt(ten.Begin + 1)
	commit, commitKnown := l.CommitAt(ten.Begin + 1)
	if steps := within(l.lasts, ten.Begin, ten.End); !lastKnown {
		// The log begins within the tenure: what stands in it at first is old.
		begin = commit
		if !commitKnown && len(steps) > 0 {
			begin = steps[0].Value
		}
	}
	c.lasts = append([]Step{{int32(ten.Begin), begin}}, within(l.lasts, ten.Begin, ten.End)...)
	c.commits = append([]Step{{int32(ten.Begin), commit}}, within(l.commits, ten.Begin, ten.End)...)
	c.applies = within(l.applies, ten.Begin, ten.End)
	if a, ok := l.AppliedAt(ten.Begin + 1); ok {
		c.applies = append([]Step{{int32(ten.Begin), a}}, c.applies...)
	}
	for i := ten.Begin; i < ten.End; i++ {
		r := l.rec(i)
		if r.wide() || r.kind != raftdiag.Proposed && r.kind != raftdiag.Replied || !r.has(raftdiag.HasIndex) {
			continue
		}
		m := c.proposed
		if r.kind == raftdiag.Replied {
			m = c.replied
		}
		if _, ok := m[raftdiag.Index(r.a)]; !ok {
			m[raftdiag.Index(r.a)] = int32(i)
		}
	}
	c.first = begin + 1
	if commitKnown {
		c.first = min(c.first, commit+1)
	}
	c.last, c.commitEnd = c.lasts[len(c.lasts)-1].Value, c.commits[len(c.commits)-1].Value
	for _, i := range l.configs {
		if int(i) > ten.Begin && int(i) < ten.End {
			c.configs = append(c.configs, i)
		}
	}
	for _, s := range ten.Stalls(DefaultPatience) {
		if s.Open {
			c.stuck = append(c.stuck, s)
		}
	}
	for _, n := range t.Nodes {
		if n != ten.Leader {
			if p := c.peer(n); len(p.sent)+len(p.received)+len(p.answered)+len(p.heard)+len(p.matched) > 0 {
				c.peers = append(c.peers, p)
			}
		}
	}
	return c
}

func (c *course) peer(n raftdiag.NodeID) peerCourse {
	p := peerCourse{node: n, lane: c.t.Lane(n)}
	leader, term := c.ten.Leader, c.ten.Term
	mine := func(r *record) bool {
		return !r.has(raftdiag.HasTerm) || raftdiag.Term(r.a>>32) == term
	}
	appends := func(l *Lane, x *traffic, lo, hi int) (steps []Step) {
		places := slices.Concat(between(x.of(Channel{leader, n, raftdiag.MsgApp}), lo, hi), between(x.of(Channel{leader, n, raftdiag.MsgSnap}), lo, hi))
		slices.Sort(places)
		for _, i := range places {
			if r := l.rec(int(i)); mine(r) && (r.has(raftdiag.HasIndex) || r.has(raftdiag.HasSnapshot)) {
				steps = climb(steps, i, reach(r))
			}
		}
		return steps
	}
	accepts := func(l *Lane, places []int32) (steps []Step) {
		for _, i := range places {
			if r := l.rec(int(i)); mine(r) && !r.reject() && r.has(raftdiag.HasIndex) {
				steps = climb(steps, i, raftdiag.Index(r.b))
			}
		}
		return steps
	}
	back := Channel{n, leader, raftdiag.MsgAppResp}
	p.sent = appends(c.l, &c.l.sends, c.ten.Begin, c.ten.End)
	p.heard = accepts(c.l, between(c.l.receives.of(back), c.ten.Begin, c.ten.End))
	var matched []Step
	for _, i := range between(c.l.progress(n), c.ten.Begin, c.ten.End) {
		if r := c.l.rec(int(i)); r.has(raftdiag.HasMatch) {
			matched = append(matched, Step{i, raftdiag.Index(r.a)})
		}
	}
	// An accept is a match that no row has shown yet.
	matched = append(matched, p.heard...)
	slices.SortStableFunc(matched, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	for _, s := range matched {
		p.matched = climb(p.matched, s.At, s.Value)
	}
	if p.lane != nil {
		p.received = appends(p.lane, &p.lane.receives, p.lane.lo, p.lane.hi)
		p.answered = accepts(p.lane, p.lane.sends.of(back))
	}
	return p
}

// birth is the place at which the leader's log first shows an entry.
func (c *course) birth(i raftdiag.Index) int {
	if at, ok := c.proposed[i]; ok {
		return int(at)
	}
	if at := reached(c.lasts, i); at >= 0 {
		return at
	}
	return c.ten.Begin
}

func (c *course) path(i raftdiag.Index, at int) raftdiag.ProposalPath {
	l := c.l
	p := raftdiag.ProposalPath{Index: i, Leader: c.ten.Leader, Steps: []raftdiag.Step{}, Peers: []raftdiag.PeerPath{}}
	if c.own > 0 && i >= c.own {
		term := uint64(c.ten.Term)
		p.Term = &term
	}
	step := func(steps []raftdiag.Step, gate Gate, l *Lane, at int) []raftdiag.Step {
		if at < 0 {
			return steps
		}
		e := l.Event(at)
		return append(steps, raftdiag.Step{Gate: gate.String(), At: &e})
	}
	inherited := c.inherited(i)
	if !inherited {
		p.Steps = step(p.Steps, Proposed, l, at)
	}
	committed := reached(c.commits, i)
	applied := reached(c.applies, i)
	p.Steps = step(p.Steps, Committed, l, committed)
	p.Steps = step(p.Steps, Applied, l, applied)
	if r, ok := c.replied[i]; ok {
		e := l.Event(int(r))
		p.Steps = append(p.Steps, raftdiag.Step{Gate: "replied", At: &e})
	}
	for k := range c.peers {
		q := &c.peers[k]
		path := raftdiag.PeerPath{Node: q.node, Steps: []raftdiag.Step{}}
		path.Steps = step(path.Steps, Sent, l, reached(q.sent, i))
		if q.lane != nil {
			path.Steps = step(path.Steps, Received, q.lane, reached(q.received, i))
			path.Steps = step(path.Steps, Answered, q.lane, reached(q.answered, i))
		}
		path.Steps = step(path.Steps, Heard, l, reached(q.heard, i))
		path.Steps = step(path.Steps, Matched, l, reached(q.matched, i))
		p.Peers = append(p.Peers, path)
	}
	p.Fate = c.fate(i)
	if committed >= 0 {
		p.Decider = c.decider(i, at, committed)
	}
	if committed >= 0 && !inherited {
		p.ToCommit = c.wait(at, committed)
	}
	if applied >= 0 && !inherited {
		p.ToApply = c.wait(at, applied)
	}
	return p
}

// inherited reports whether the leader found the entry in its log: then nothing
// shows when it was proposed.
func (c *course) inherited(i raftdiag.Index) bool {
	if c.own > 0 {
		return i < c.own
	}
	return i <= c.lasts[0].Value
}

// wait is the time between two places of the leader's log, if both have stamps.
func (c *course) wait(i, j int) *time.Duration {
	a, b := c.l.rec(i).time, c.l.rec(j).time
	if a == 0 || b == 0 || j < i {
		return nil
	}
	d := time.Duration(b - a)
	return &d
}

// fate says what became of an entry of the tenure.
func (c *course) fate(i raftdiag.Index) string {
	if i <= c.commitEnd {
		return fateCommitted
	}
	for k := len(c.later) - 1; k >= 0; k-- {
		o := c.later[k]
		switch {
		case o.commit < i:
		case o.own <= i && o.term > c.ten.Term:
			return fateReplaced
		default:
			return fateCommitted // the later leader had it when it began
		}
	}
	for _, s := range c.stuck {
		if s.Index <= i && c.birth(i) <= s.To {
			return fateStuck
		}
	}
	return fateUnknown
}

// decider is the peer whose match, in the order of the leader's log, completed
// the quorum; 0 if that does not show, or the leader's own append came last.
func (c *course) decider(i raftdiag.Index, birth, committed int) raftdiag.NodeID {
	v := c.votersAt(committed)
	if v == nil || !v.Printed() && v.From != "progress" {
		return 0
	}
	type match struct {
		node raftdiag.NodeID
		at   int
	}
	var list []match
	for k := range c.peers {
		if at := reached(c.peers[k].matched, i); at >= 0 {
			list = append(list, match{c.peers[k].node, at})
		}
	}
	slices.SortStableFunc(list, func(a, b match) int { return cmp.Compare(a.at, b.at) })
	votes := map[raftdiag.NodeID]bool{c.ten.Leader: true}
	for _, m := range list {
		votes[m.node] = true
		if v.Vote(votes) == quorum.VoteWon {
			if m.at > committed+blockRows {
				return 0 // the match that counted is not in the log
			}
			return m.node
		}
	}
	return 0
}

// votersAt are the voters at a place; they change only with configurations.
func (c *course) votersAt(i int) *Voters {
	k := sort.Search(len(c.configs), func(k int) bool { return int(c.configs[k]) >= i })
	if v := c.voters[k]; v != nil {
		return v
	}
	v := c.t.VotersOf(c.l, i)
	c.voters[k] = &v
	return &v
}
