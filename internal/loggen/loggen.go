// Package loggen writes large synthetic logs of three Raft nodes, for
// measurements: many groups that work, and from some moment on a third of them
// stuck, because no answer reaches their leader on node 1.
//
// The logs are plausible rather than real. A simulation without Raft plays the
// messages of each group: appends, answers, heartbeats, the commit that
// follows, what is lost and sent again. So every receive has its send, in
// order and with the same header; some sends have no receive. A few lines in a
// hundred are not about Raft, and the nodes' clocks differ.
//
// The same Config gives the same bytes.
package loggen

import (
	"fmt"
	"io"
	"math/rand/v2"
)

// A Form is the way the lines are written.
type Form int

// The forms: raftdiag's own events as slog's JSON handler writes them, and
// Ready-loop text behind the prefix of Rust's tracing.
const (
	Events Form = iota
	ReadyLoop
)

// String names the form as reports do.
func (f Form) String() string {
	if f == ReadyLoop {
		return "Ready-loop text"
	}
	return "events JSON"
}

// Nodes is the number of nodes; their ids count from 1.
const Nodes = 3

// A Config says what is written. Zero values stand for the defaults.
type Config struct {
	Seed   uint64
	Form   Form
	Groups int     // 512
	Size   int64   // bytes of all nodes together, at least; 1 MiB
	Stuck  float64 // the part of Size after which the groups of node 1 are stuck: 0.6; 1 and more for never
	Loss   float64 // the part of the messages that is lost before: 0.002; negative for none
	Noise  float64 // the part of the lines that is not about Raft: 0.04; negative for none
	Prefix bool    // put "node1 | " before each line, as docker compose does; for one file
}

// A Stats counts what was written.
type Stats struct {
	Bytes    int64
	Lines    int64
	Noise    int64 // lines that are not about Raft
	Sent     int64 // messages
	Received int64 // messages
}

// Write writes the log of each node to out(id). out may give one writer for
// all of them: each write is of whole lines.
func Write(c Config, out func(id int) io.Writer) (Stats, error) {
	if c.Groups <= 0 {
		c.Groups = 512
	}
	if c.Size <= 0 {
		c.Size = 1 << 20
	}
	if c.Stuck == 0 {
		c.Stuck = 0.6
	}
	if c.Loss == 0 {
		c.Loss = 0.002
	}
	if c.Noise == 0 {
		c.Noise = 0.04
	}
	g := &generator{config: c, rand: rand.New(rand.NewPCG(c.Seed, 0x7261667464696167))}
	for id := 1; id <= Nodes; id++ {
		g.nodes[id] = newWriter(g, id, out(id))
	}
	g.voice = &eventVoice{}
	if c.Form == ReadyLoop {
		g.voice = &textVoice{}
	}
	g.run()
	for _, n := range g.nodes[1:] {
		n.flush()
		g.stats.Bytes += n.bytes
		g.stats.Lines += n.lines
		if n.err != nil {
			return g.stats, fmt.Errorf("write the log of node %d: %w", n.id, n.err)
		}
	}
	return g.stats, nil
}

// A message is the header of a Raft message.
type message struct {
	kind             messageKind
	from, to         int
	term, logTerm    uint64
	index, commit    uint64
	entries          uint64
	reject           bool
	hint             uint64
	hasIndex, answer bool // which fields the type has
}

type messageKind int

const (
	app messageKind = iota
	appResp
	heartbeat
	heartbeatResp
	vote
	voteResp
)

// A peer is one node's part of a group: its own log, and what the leader holds
// of it.
type peer struct {
	last, commit uint64
	match, next  uint64
	inbox        []message
}

type group struct {
	name      string // g-17
	topic     string // orders
	partition int    // 17
	leader    int
	base      uint64 // the last index of the term before
	term      uint64
	peers     [Nodes + 1]peer // by id
	timedOut  uint64          // the last index whose client gave up
	beat      bool            // this round is a heartbeat
	rounds    int
	since     int64 // when the first entry that is not committed was proposed
}

// termAt is the term of the entry at an index.
func (g *group) termAt(i uint64) uint64 {
	switch {
	case i == 0:
		return 0
	case i <= g.base:
		return g.term - 1
	}
	return g.term
}

// sizeAt is the size of the entry at an index. The first of a term is the
// leader's own and empty.
func (g *group) sizeAt(i uint64) uint64 {
	if i == g.base+1 {
		return 0
	}
	return 16 + i*7919%2000
}

// followers are the ids of the nodes that do not lead.
func (g *group) followers() [2]int {
	return [2]int{g.leader%Nodes + 1, (g.leader+1)%Nodes + 1}
}

type generator struct {
	config Config
	rand   *rand.Rand
	nodes  [Nodes + 1]*writer
	voice  voice
	groups []group
	now    int64 // nanoseconds since 1970
	stuck  bool
	stats  Stats
}

const (
	start   = 1760961601e9 // 2025-10-20T12:00:01Z
	step    = 2e6          // nanoseconds between two phases of a round
	phases  = 8
	spacing = 2 * phases // steps from one round of a group to its next, at least
	patient = 1e9        // nanoseconds that a client waits
)

var topics = [...]string{"orders", "payments", "__meta", "user-events", "audit", "clicks", "inventory", "mail"}

// run boots the nodes, elects a leader for each group, and plays rounds until
// enough is written. A step runs the first phase of one group's round, the
// second phase of the round before it, and so on, so that the rounds of the
// groups overlap as they do in a real log.
func (g *generator) run() {
	g.now = start
	g.groups = make([]group, g.config.Groups)
	for i := range g.groups {
		gr := &g.groups[i]
		*gr = group{
			name: fmt.Sprintf("g-%d", i), topic: topics[i%len(topics)], partition: i / len(topics),
			leader: i%Nodes + 1, base: 100 + uint64(g.rand.IntN(5000)), term: 2,
		}
		for id := range gr.peers {
			gr.peers[id] = peer{last: gr.base, commit: gr.base, next: gr.base + 1}
		}
		for id := 1; id <= Nodes; id++ {
			g.voice.boot(g.nodes[id], gr)
			g.now += 3e3
		}
	}
	for i := range g.groups {
		g.elect(&g.groups[i])
	}
	cycle := max(g.config.Groups, spacing)
	threshold := int64(g.config.Stuck * float64(g.config.Size))
	for s := 0; ; s++ {
		var written int64
		for _, n := range g.nodes[1:] {
			written += n.bytes + int64(len(n.buf))
		}
		if written >= g.config.Size {
			return
		}
		g.stuck = g.config.Stuck < 1 && written >= threshold
		for phase := 0; phase < phases && phase <= s; phase++ {
			if i := (s - phase) % cycle; i < len(g.groups) {
				g.phase(&g.groups[i], phase)
			}
		}
		g.now += step
	}
}

// elect makes a group's leader: a campaign, one vote of each follower, and the
// leader's first entry.
func (g *generator) elect(gr *group) {
	l := gr.leader
	n := g.nodes[l]
	g.voice.role(n, gr, "Follower", "Candidate", gr.term, 0)
	var votes [2]message
	for i, f := range gr.followers() {
		votes[i] = message{kind: vote, from: l, to: f, term: gr.term, logTerm: gr.term - 1, index: gr.base, hasIndex: true}
	}
	g.send(gr, l, votes[:]...)
	for _, m := range votes {
		g.now += 20e3
		f := g.nodes[m.to]
		g.receive(f, gr, m)
		answer := message{kind: voteResp, from: m.to, to: l, term: gr.term, answer: true}
		g.send(gr, m.to, answer)
		g.now += 20e3
		g.receive(n, gr, answer)
	}
	g.voice.role(n, gr, "Candidate", "Leader", gr.term, l)
	g.propose(gr)
	for phase := 1; phase < phases; phase++ {
		g.now += 20e3
		g.phase(gr, phase)
	}
}

// phase plays one part of a group's round: the leader sends, each follower
// answers, the leader hears the answers, tells the new commit, and again.
func (g *generator) phase(gr *group, phase int) {
	l, f := gr.leader, gr.followers()
	switch phase {
	case 0:
		gr.rounds++
		if gr.beat = g.rand.IntN(4) == 0 || g.stuck && l == 1 && g.rand.IntN(2) == 0; gr.beat {
			g.beat(gr)
		} else {
			g.propose(gr)
		}
		if gr.rounds%4 == 0 {
			g.voice.progress(g.nodes[l], gr)
			g.voice.log(g.nodes[l], gr, &gr.peers[l], 0)
		}
		g.giveUp(gr)
	case 1, 5:
		g.follow(gr, f[0])
	case 2, 6:
		g.follow(gr, f[1])
	case 3:
		g.hear(gr, f[0])
	case 4:
		g.hear(gr, f[1])
	case 7:
		g.hear(gr, f[0])
		g.hear(gr, f[1])
	}
	if g.config.Noise > 0 {
		// A phase writes some four lines.
		if g.rand.Float64() < 4*g.config.Noise {
			g.stats.Noise++
			g.voice.noise(g.nodes[1+g.rand.IntN(Nodes)], g.rand)
		}
	}
}

// propose lets the leader take an entry and send it.
func (g *generator) propose(gr *group) {
	l := gr.leader
	n, own := g.nodes[l], &gr.peers[l]
	if own.last == own.commit {
		gr.since = g.now
	}
	own.last++
	if size := gr.sizeAt(own.last); size > 0 {
		g.voice.proposed(n, gr, size, own.last)
	}
	g.voice.ready(n, gr, own, Nodes-1, 1, 0)
	g.voice.log(n, gr, own, 1)
	g.broadcast(gr, app)
	g.voice.appended(n, gr, gr.term, own.last, 1)
	own.match, own.next = own.last, own.last+1
}

func (g *generator) beat(gr *group) {
	g.voice.ready(g.nodes[gr.leader], gr, &gr.peers[gr.leader], Nodes-1, 0, 0)
	g.broadcast(gr, heartbeat)
}

// broadcast sends to each follower what it lacks, or a heartbeat.
func (g *generator) broadcast(gr *group, kind messageKind) {
	l := gr.leader
	own := &gr.peers[l]
	var list [2]message
	for i, f := range gr.followers() {
		p := &gr.peers[f]
		m := message{kind: kind, from: l, to: f, term: gr.term, commit: own.commit}
		switch kind {
		case app:
			m.index = p.next - 1
			m.logTerm, m.entries, m.hasIndex = gr.termAt(m.index), own.last-m.index, true
			p.next = own.last + 1
		case heartbeat:
			m.commit = min(own.commit, p.match)
		}
		list[i] = m
	}
	g.send(gr, l, list[:]...)
}

// follow lets a follower take what has arrived, and answer.
func (g *generator) follow(gr *group, id int) {
	n, own := g.nodes[id], &gr.peers[id]
	inbox := own.inbox
	own.inbox = own.inbox[:0]
	for _, m := range inbox {
		g.receive(n, gr, m)
		answer := message{kind: heartbeatResp, from: id, to: m.from, term: gr.term, answer: true}
		before, appended := own.commit, uint64(0)
		switch {
		case m.kind == heartbeat:
			own.commit = max(own.commit, min(m.commit, own.last))
		case m.index > own.last:
			answer.kind, answer.index, answer.hasIndex = appResp, m.index, true
			answer.reject, answer.hint, answer.logTerm = true, own.last, gr.termAt(own.last)
		default:
			end := max(own.last, m.index+m.entries)
			appended, own.last = end-own.last, end
			own.commit = max(own.commit, min(m.commit, m.index+m.entries))
			answer.kind, answer.index, answer.hasIndex = appResp, m.index+m.entries, true
		}
		answer.commit = own.commit * b2u(m.kind == app)
		g.voice.ready(n, gr, own, 1, appended, own.commit-before)
		if appended > 0 {
			g.voice.appended(n, gr, gr.term, own.last, appended)
		}
		g.send(gr, id, answer)
		if own.commit > before {
			g.voice.committed(n, gr, before+1, own.commit)
		}
	}
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// hear lets the leader take the answers that have arrived from a follower.
func (g *generator) hear(gr *group, from int) {
	l := gr.leader
	n, own, p := g.nodes[l], &gr.peers[l], &gr.peers[from]
	inbox := own.inbox
	kept := own.inbox[:0]
	for _, m := range inbox {
		if m.from != from {
			kept = append(kept, m)
			continue
		}
		g.receive(n, gr, m)
		switch {
		case m.kind != appResp:
		case m.reject:
			p.next = min(m.hint, m.index-1) + 1
		default:
			p.match = max(p.match, m.index)
			p.next = max(p.next, p.match+1)
		}
	}
	own.inbox = kept
	// Three voters: the second highest match is committed.
	f := gr.followers()
	if commit := min(own.match, max(gr.peers[f[0]].match, gr.peers[f[1]].match)); commit > own.commit {
		before := own.commit
		own.commit = commit
		g.voice.ready(n, gr, own, Nodes-1, 0, commit-before)
		g.broadcast(gr, app)
		g.voice.committed(n, gr, before+1, commit)
		g.voice.replied(n, gr, commit, g.now-gr.since)
		if gr.since = g.now; own.last == commit {
			gr.timedOut = commit
		}
	}
}

// giveUp lets a client stop waiting.
func (g *generator) giveUp(gr *group) {
	own := &gr.peers[gr.leader]
	if gr.timedOut = max(gr.timedOut, own.commit); gr.timedOut < own.last && g.now-gr.since > patient {
		gr.timedOut++
		g.voice.timedOut(g.nodes[gr.leader], gr, gr.timedOut, patient)
	}
}

// send writes that a node sends messages, and delivers those that are not lost.
func (g *generator) send(gr *group, from int, list ...message) {
	g.voice.sent(g.nodes[from], gr, list)
	for _, m := range list {
		g.stats.Sent++
		lost := g.config.Loss > 0 && m.kind < vote && g.rand.Float64() < g.config.Loss
		if g.stuck && gr.leader == 1 && m.answer {
			lost = true
		}
		if !lost && m.kind < vote {
			inbox := &gr.peers[m.to].inbox
			*inbox = append(*inbox, m)
		}
	}
}

func (g *generator) receive(n *writer, gr *group, m message) {
	g.stats.Received++
	g.voice.received(n, gr, m)
}
