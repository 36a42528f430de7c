package loggen

import (
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// A writer is one node's log.
type writer struct {
	gen    *generator
	id     int
	out    io.Writer
	buf    []byte
	bytes  int64
	lines  int64
	err    error
	clock  int64 // of the last line
	second int64 // of which head is the text
	head   []byte
	prefix string
}

func newWriter(g *generator, id int, out io.Writer) *writer {
	w := &writer{gen: g, id: id, out: out, buf: make([]byte, 0, 1<<16+1<<12), second: -1}
	if g.config.Prefix {
		w.prefix = "node" + strconv.Itoa(id) + " | "
	}
	return w
}

// skews are how far each node's clock is from the true time, in nanoseconds,
// and drifts how much it gains, in parts of a million.
var (
	skews  = [Nodes + 1]int64{0, 0, 800e3, -1300e3}
	drifts = [Nodes + 1]int64{0, 0, 12, -7}
)

// tick is the node's time for its next line. It never stands still.
func (w *writer) tick() int64 {
	now := w.gen.now
	now += skews[w.id] + (now-start)/1e6*drifts[w.id]
	w.clock = max(now, w.clock+2e3+int64(w.gen.rand.Uint32()&1023))
	return w.clock
}

// stamp appends the time, up to its second from the cached head, then the
// fraction in so many digits.
func (w *writer) stamp(opening string, digits int) {
	at := w.tick()
	if second := at / 1e9; second != w.second {
		w.second = second
		w.head = time.Unix(second, 0).UTC().AppendFormat(append(append(w.head[:0], w.prefix...), opening...), "2006-01-02T15:04:05.")
	}
	w.buf = append(w.buf, w.head...)
	fraction := at % 1e9
	for range 9 - digits {
		fraction /= 10
	}
	var d [9]byte
	for i := digits - 1; i >= 0; i-- {
		d[i] = byte('0' + fraction%10)
		fraction /= 10
	}
	w.buf = append(w.buf, d[:digits]...)
}

// end ends a line.
func (w *writer) end(closing string) {
	w.buf = append(append(w.buf, closing...), '\n')
	if w.lines++; len(w.buf) >= 1<<16 {
		w.flush()
	}
}

func (w *writer) flush() {
	if w.err == nil {
		_, w.err = w.out.Write(w.buf)
	}
	w.bytes += int64(len(w.buf))
	w.buf = w.buf[:0]
}

func (w *writer) str(s string) *writer {
	w.buf = append(w.buf, s...)
	return w
}

func (w *writer) num(key string, n uint64) *writer {
	w.buf = strconv.AppendUint(append(w.buf, key...), n, 10)
	return w
}

func (w *writer) flag(key string, on bool) *writer {
	w.buf = strconv.AppendBool(append(w.buf, key...), on)
	return w
}

// A voice is a way to say what a node does.
type voice interface {
	boot(w *writer, g *group)
	role(w *writer, g *group, before, after string, term uint64, lead int)
	proposed(w *writer, g *group, size, index uint64)
	ready(w *writer, g *group, own *peer, messages int, entries, committed uint64)
	log(w *writer, g *group, own *peer, unstable uint64)
	progress(w *writer, g *group)
	sent(w *writer, g *group, list []message)
	received(w *writer, g *group, m message)
	appended(w *writer, g *group, term, last, count uint64)
	committed(w *writer, g *group, first, last uint64)
	replied(w *writer, g *group, index uint64, waited int64)
	timedOut(w *writer, g *group, index uint64, waited int64)
	noise(w *writer, r *rand.Rand)
}

func roleOf(w *writer, g *group) string {
	if w.id == g.leader {
		return "Leader"
	}
	return "Follower"
}

// An eventVoice writes raftdiag's own events, in the order of slog's keys.
type eventVoice struct{}

func (eventVoice) open(w *writer, g *group, kind string) *writer {
	level := "INFO"
	if kind == "proposal_timeout" {
		level = "WARN"
	}
	w.stamp(`{"time":"`, 9)
	return w.str(`Z","level":"`).str(level).str(`","msg":"`).str(kind).num(`","node":"`, uint64(w.id)).str(`","group":"`).str(g.name).str(`","kind":"`).str(kind).str(`"`)
}

func (v eventVoice) boot(w *writer, g *group) {
	v.open(w, g, "boot").num(`,"term":`, g.term-1).num(`,"vote":"`, uint64(g.leader)).num(`","commit":`, g.base).num(`,"applied":`, g.base).
		num(`,"first":`, 1).num(`,"last":`, g.base).str(`,"config":{"voters":["1","2","3"]}`).end("}")
}

func (v eventVoice) role(w *writer, g *group, before, after string, term uint64, lead int) {
	v.open(w, g, "role").str(`,"role":"`).str(after).str(`","old_role":"`).str(before).num(`","term":`, term).num(`,"lead":"`, uint64(lead)).end(`"}`)
}

func (v eventVoice) proposed(w *writer, g *group, size, index uint64) {
	v.open(w, g, "proposing").num(`,"size":`, size).end("}")
	v.open(w, g, "proposed").num(`,"index":`, index).num(`,"term":`, g.term).num(`,"size":`, size).end("}")
}

func (v eventVoice) ready(w *writer, g *group, own *peer, messages int, entries, committed uint64) {
	before := uint64(0)
	if w.id == g.leader {
		before = uint64(messages)
	}
	v.open(w, g, "ready").num(`,"entries":`, entries).num(`,"count":`, committed).num(`,"immediate":`, before).num(`,"persisted":`, uint64(messages)-before)
	if committed > 0 {
		w.num(`,"term":`, g.term).num(`,"vote":"`, uint64(g.leader)).num(`","commit":`, own.commit)
	}
	w.end("}")
}

func (v eventVoice) log(w *writer, g *group, own *peer, unstable uint64) {
	v.open(w, g, "log").num(`,"first":`, 1).num(`,"last":`, own.last).num(`,"commit":`, own.commit).num(`,"applied":`, own.commit).num(`,"unstable":`, unstable).end("}")
}

func (v eventVoice) progress(w *writer, g *group) {
	own := &g.peers[w.id]
	v.open(w, g, "state").str(`,"role":"`).str(roleOf(w, g)).num(`","term":`, g.term).num(`,"vote":"`, uint64(g.leader)).num(`","lead":"`, uint64(g.leader)).
		num(`","commit":`, own.commit).num(`,"applied":`, own.commit).end("}")
	for id := 1; id <= Nodes; id++ {
		p := &g.peers[id]
		v.open(w, g, "progress").num(`,"peer":"`, uint64(id)).num(`","match":`, p.match).num(`,"next":`, max(p.next, p.match+1)).
			str(`,"state":"Replicate","paused":false,"pending_snapshot":0,"recent_active":`).flag("", p.match+8 > own.last).num(`,"inflight":`, b2u(p.next > p.match+1)).end("}")
	}
}

var messageNames = [...]string{"MsgApp", "MsgAppResp", "MsgHeartbeat", "MsgHeartbeatResp", "MsgVote", "MsgVoteResp"}

func (v eventVoice) message(w *writer, g *group, kind string, m *message) {
	v.open(w, g, kind).str(`,"type":"`).str(messageNames[m.kind]).num(`","from":"`, uint64(m.from)).num(`","to":"`, uint64(m.to)).num(`","term":`, m.term)
	if m.hasIndex {
		w.num(`,"log_term":`, m.logTerm).num(`,"index":`, m.index)
	}
	if m.kind < vote {
		w.num(`,"commit":`, m.commit)
	}
	if m.kind == app {
		w.num(`,"entries":`, m.entries)
		if m.entries > 0 {
			w.num(`,"entry_term":`, m.term)
		}
	}
	if m.kind == appResp || m.kind == voteResp {
		w.flag(`,"reject":`, m.reject)
		if m.reject {
			w.num(`,"hint":`, m.hint)
		}
	}
	w.end("}")
}

func (v eventVoice) sent(w *writer, g *group, list []message) {
	for i := range list {
		v.message(w, g, "sent", &list[i])
	}
}

func (v eventVoice) received(w *writer, g *group, m message) { v.message(w, g, "received", &m) }

func (v eventVoice) appended(w *writer, g *group, term, last, count uint64) {
	v.open(w, g, "appended").num(`,"term":`, term).num(`,"index":`, last).num(`,"count":`, count).end("}")
}

func (v eventVoice) committed(w *writer, g *group, first, last uint64) {
	v.open(w, g, "committed").num(`,"first":`, first).num(`,"last":`, last).num(`,"count":`, last-first+1).end("}")
	for i := first; i <= last; i++ {
		v.open(w, g, "entry").num(`,"index":`, i).num(`,"term":`, g.term).num(`,"entry_type":"EntryNormal","size":`, g.sizeAt(i)).end("}")
	}
	v.open(w, g, "applied").num(`,"index":`, last).num(`,"count":`, last-first+1).end("}")
}

func (v eventVoice) replied(w *writer, g *group, index uint64, waited int64) {
	v.open(w, g, "replied").num(`,"index":`, index).num(`,"duration_ns":`, uint64(waited)).end("}")
}

func (v eventVoice) timedOut(w *writer, g *group, index uint64, waited int64) {
	v.open(w, g, "proposal_timeout").num(`,"index":`, index).num(`,"duration_ns":`, uint64(waited)).str(`,"text":"context deadline exceeded"`).end("}")
}

func (eventVoice) noise(w *writer, r *rand.Rand) {
	w.stamp(`{"time":"`, 9)
	if n := r.Uint64N(500); r.IntN(3) > 0 {
		w.num(`Z","level":"INFO","msg":"http request","node":"`, uint64(w.id)).num(`","method":"GET","path":"/metrics","status":200,"took":"`, n).end(`.41ms"}`)
	} else {
		w.num(`Z","level":"DEBUG","msg":"compaction finished","source":{"function":"store.(*DB).compact","file":"store/compact.go","line":217},"tables":`, n).end(`}`)
	}
}

// A textVoice writes Ready-loop text behind tracing's prefix.
type textVoice struct{}

func (textVoice) open(w *writer, text string) *writer {
	w.stamp("", 6)
	return w.str("Z  INFO app::replica: ").str(text)
}

func (w *writer) inGroup(g *group) *writer {
	return w.str(g.topic).num("-", uint64(g.partition))
}

// Ready-loop text says nothing when a replica starts.
func (v textVoice) boot(w *writer, g *group) {
	v.open(w, "Starting replica ").inGroup(g).end("")
}

func (v textVoice) role(w *writer, g *group, before, after string, term uint64, lead int) {
	v.open(w, "Raft state transition for ").inGroup(g).str(": ").str(before).str(" -> ").str(after).num(" (leader=", uint64(lead)).num(", term=", term).end(")")
}

func (v textVoice) proposed(w *writer, g *group, size, index uint64) {
	v.open(w, "Proposing entry of ").num("", size).str(" bytes to ").inGroup(g).end(" (with wait)")
	v.open(w, "Proposed entry at index ").num("", index).str(" to ").inGroup(g).end(", waiting for commit")
}

func (v textVoice) ready(w *writer, g *group, own *peer, messages int, entries, committed uint64) {
	v.open(w, "ready() HAS_READY for ").inGroup(g).str(": raft_state=").str(roleOf(w, g)).num(", term=", g.term).num(", commit=", own.commit).num(", leader=", uint64(g.leader)).end("")
	before := uint64(0)
	if w.id == g.leader {
		before = uint64(messages)
	}
	v.open(w, "ready() EXTRACTING for ").inGroup(g).num(": immediate_msgs=", before).num(", persisted_msgs=", uint64(messages)-before).
		num(", entries=", entries).num(", committed=", committed).str(", soft_state=None, hard_state=")
	if committed > 0 {
		w.num("Some(HardState { term: ", g.term).num(", vote: ", uint64(g.leader)).num(", commit: ", own.commit).end(" })")
	} else {
		w.end("None")
	}
}

func (v textVoice) log(w *writer, g *group, own *peer, unstable uint64) {
	v.open(w, "Raft log for ").inGroup(g).num(": last_index=", own.last).num(", committed=", own.commit).num(", applied=", own.commit).num(", unstable entries=", unstable).end("")
}

func (v textVoice) progress(w *writer, g *group) {
	v.open(w, "Progress tracker for ").inGroup(g).end(":")
	own := &g.peers[w.id]
	for id := 1; id <= Nodes; id++ {
		p := &g.peers[id]
		v.open(w, "  Peer ").num("", uint64(id)).num(": matched=", p.match).num(", next_idx=", max(p.next, p.match+1)).
			str(", state=Replicate, paused=false, pending_snapshot=0, recent_active=").flag("", p.match+8 > own.last).end("")
	}
}

var textNames = [...]string{"MsgAppend", "MsgAppendResponse", "MsgHeartbeat", "MsgHeartbeatResponse", "MsgRequestVote", "MsgRequestVoteResponse"}

func (w *writer) header(m *message, received bool) {
	w.str("type=").str(textNames[m.kind]).num(", from=", uint64(m.from)).num(", to=", uint64(m.to)).num(", term=", m.term).
		num(", log_term=", m.logTerm).num(", index=", m.index).num(", commit=", m.commit).num(", entries=", m.entries)
	if received || m.answer {
		w.flag(", reject=", m.reject)
		if m.reject {
			w.num(", reject_hint=", m.hint)
		}
	}
	w.end("")
}

func (v textVoice) sent(w *writer, g *group, list []message) {
	v.open(w, "Outgoing messages from ").inGroup(g).end(":")
	for i := range list {
		v.open(w, "  Message ").num("", uint64(i)).str(": ").header(&list[i], false)
	}
	v.open(w, "Sending ").num("", uint64(len(list))).str(" messages to peers for ").inGroup(g).end("")
}

func (v textVoice) received(w *writer, g *group, m message) {
	v.open(w, "Received Raft message for ").inGroup(g).str(": ").header(&m, true)
}

// The text has no line for what is in storage.
func (textVoice) appended(*writer, *group, uint64, uint64, uint64) {}

func (v textVoice) committed(w *writer, g *group, first, last uint64) {
	v.open(w, "Committed entries for ").inGroup(g).num(": count=", last-first+1).num(", first_index=Some(", first).num("), last_index=Some(", last).end(")")
	for i := first; i <= last; i++ {
		v.open(w, "  Committed entry ").num("", i-first).num(": index=", i).num(", term=", g.term).num(", type=EntryNormal, data_len=", g.sizeAt(i)).end("")
	}
}

func (v textVoice) replied(w *writer, g *group, index uint64, _ int64) {
	v.open(w, "Entry ").num("", index).str(" committed on ").inGroup(g).end("")
}

// What a client says that gives up is no line of the Ready loop.
func (textVoice) timedOut(*writer, *group, uint64, int64) {}

func (textVoice) noise(w *writer, r *rand.Rand) {
	w.stamp("", 6)
	w.num("Z DEBUG app::http: GET /metrics status=200 took=", r.Uint64N(500)).end(".41ms")
}
