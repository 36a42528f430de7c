package drill

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// A look is how the application of one drill prints: the same on all nodes.
type look struct {
	prefix    string // bare, tracing, ansi, lost, thread, json, docker, doc
	grain     string // of stamps
	names     string // rs, etcd, number
	rows      string // Message or Msg
	group     string
	total     bool // Outgoing prints total=
	under     bool // unstable_entries
	own       bool // Progress has the leader's own row
	every     bool // Progress also on followers' Ready, stale
	extract   bool // EXTRACTING lines
	handover  bool // Sending Raft message ... lines
	proposals bool
	beats     bool // heartbeats are printed
	shape     bool // Committed entries ready for application ...
	short     []string
	refused   string
	layout    string // files, compose, pods, grep, merged
	silent    string // a kind of line that this application does not print
	idKind    int
	skewed    bool
	merged    *[]string
	base      time.Time
	events    *eventLook // event lines instead of the text
	persisted bool       // a follower's messages are told when they are persisted
	from      int        // the number of the first of them
	leaders   bool       // only a leader prints what it sends
	errors    bool       // only ready() lines and what is above INFO
	cutShort  bool       // one file ends in the middle of a line
}

func pick[T any](rng *rand.Rand, list ...T) T { return list[rng.IntN(len(list))] }

func newLook(rng *rand.Rand) look {
	l := look{
		prefix:    pick(rng, "bare", "tracing", "tracing", "tracing", "ansi", "lost", "thread", "json", "docker", "doc"),
		grain:     pick(rng, "2006-01-02T15:04:05.000000Z", "2006-01-02T15:04:05.000000Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05Z"),
		names:     pick(rng, "rs", "etcd", "number"),
		rows:      pick(rng, "Message", "Msg"),
		group:     pick(rng, "__meta-0", "orders-0", "user-events-7", "a-1"),
		total:     rng.IntN(2) == 0,
		under:     rng.IntN(2) == 0,
		own:       rng.IntN(2) == 0,
		every:     rng.IntN(4) == 0,
		extract:   rng.IntN(2) == 0,
		handover:  rng.IntN(3) == 0,
		proposals: rng.IntN(3) > 0,
		beats:     rng.IntN(4) > 0,
		shape:     rng.IntN(3) == 0,
		refused:   pick(rng, "transport error: tcp connect error: Connection refused (os error 111)", "dial tcp 10.0.3.7:7001: connect: connection refused", "status: Unavailable, message: \"error trying to connect: tcp connect error: Connection refused (os error 111)\""),
		layout:    pick(rng, "files", "files", "files", "files", "compose", "pods", "grep", "merged"),
		idKind:    rng.IntN(4),
		skewed:    rng.IntN(2) == 0,
		base:      time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC).Add(time.Duration(rng.IntN(86400)) * time.Second),
	}
	if rng.IntN(4) == 0 {
		l.short = pick(rng, []string{"log_term"}, []string{"commit"}, []string{"log_term", "commit"})
	}
	if rng.IntN(4) == 0 {
		l.silent = pick(rng, "Progress", "Outgoing", "Received", "ready", "Raft log", "Committed")
	}
	if l.layout != "files" {
		l.merged = new([]string)
	}
	return l
}

func (l *look) ids(rng *rand.Rand, n int) []uint64 {
	ids := make([]uint64, n)
	for i := range ids {
		switch l.idKind {
		case 0:
			ids[i] = uint64(11 + i)
		case 1:
			ids[i] = 0x8e9e05c52164694d + uint64(i)*0x1111111111111
		default:
			ids[i] = uint64(i + 1)
		}
	}
	rng.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids
}

func (l *look) voice(c *cluster, id uint64) *voice {
	v := &voice{look: &c.look, id: id, thread: 2 + c.rng.IntN(6), rng: c.rng, zone: time.UTC}
	if l.events != nil && l.skewed {
		v.zone = time.FixedZone("", 1800*(c.rng.IntN(20)-10))
	}
	if l.skewed {
		v.skew = time.Duration(c.rng.IntN(7200)-3600) * time.Second
	}
	return v
}

// odd draws one of the looks that are rare.
func (l *look) odd(rng *rand.Rand) {
	l.silent, l.layout, l.merged = "", "files", nil
	switch rng.IntN(7) {
	case 0:
		l.rows, l.names, l.total, l.under, l.shape = "Msg", "number", true, true, true
	case 1, 2:
		l.persisted, l.from, l.extract, l.total = true, rng.IntN(2), true, rng.IntN(2) == 0
	case 3:
		l.silent = "Progress"
	case 4:
		l.leaders = true
	case 5:
		l.errors = true
	case 6:
		l.cutShort = true
	}
	if rng.IntN(4) == 0 {
		l.prefix = "lost"
	}
}

// A voice is the log of one node.
type voice struct {
	*look
	id     uint64
	rng    *rand.Rand
	skew   time.Duration
	zone   *time.Location
	role   string // as an event said it last
	told   uint64 // applied, as an event said it last
	waits  []wait // of clients
	thread int
	lines  []string
	times  []int64 // of lines; a row below a header has its header's
	head   int64
	last   int64
	hiding bool // the rows below the last header are not printed
}

func (v *voice) put(line string) {
	if v.merged == nil {
		v.lines, v.times = append(v.lines, line), append(v.times, v.head)
		return
	}
	switch v.layout {
	case "compose":
		line = fmt.Sprintf("raft-node%-3d | %s", v.id, line)
	case "pods":
		line = fmt.Sprintf("[pod/raft-%d/app] %s", v.id, line)
	case "grep":
		line = fmt.Sprintf("logs/node%d.log:%s", v.id, line)
	}
	*v.merged = append(*v.merged, line)
}

func (v *voice) say(now int64, level, format string, args ...any) {
	v.last = max(v.last+1, now) // lines of one block follow one another
	if !strings.HasPrefix(format, " ") {
		v.head = v.last
	}
	stamp := v.base.Add(v.skew + time.Duration(v.last)*time.Microsecond).Format(v.grain)
	text := fmt.Sprintf(format, args...)
	if v.silent != "" && v.hides(text) {
		return
	}
	if v.errors && level == "INFO" && !strings.HasPrefix(text, "ready() HAS_READY") {
		return
	}
	target := "chronik_raft::replica"
	if level == "ERROR" {
		target = "chronik_server::raft_integration"
	}
	colour := map[string]int{"INFO": 32, "WARN": 33, "ERROR": 31}[level]
	switch v.prefix {
	case "bare":
		v.put(text)
	case "tracing":
		v.put(fmt.Sprintf("%s %5s %s: %s", stamp, level, target, text))
	case "json":
		b, err := json.Marshal(text)
		must(err)
		v.put(fmt.Sprintf(`{"timestamp":"%s","level":"%s","fields":{"message":%s},"target":"%s"}`, stamp, level, b, target))
	case "docker":
		v.put(stamp[:10] + " " + stamp[11:19] + " " + text)
	case "doc":
		v.put(`LOG: "` + text + `"`)
	case "thread":
		v.put(fmt.Sprintf("%s %5s ThreadId(%02d) %s: %s", stamp, level, v.thread, target, text))
	default:
		esc := "\x1b"
		if v.prefix == "lost" {
			esc = ""
		}
		v.put(fmt.Sprintf("%[1]s[2m%[2]s%[1]s[0m %[1]s[%[3]dm%5[4]s%[1]s[0m %[1]s[2m%[5]s%[1]s[0m%[1]s[2m:%[1]s[0m %[6]s", esc, stamp, colour, level, target, text))
	}
}

// hides reports whether the line is of the kind that is not printed. Rows go
// with their header.
func (v *voice) hides(text string) bool {
	if !strings.HasPrefix(text, " ") {
		v.hiding = strings.HasPrefix(text, v.silent)
	}
	return v.hiding
}

var rustNames = map[pb.MessageType]string{
	pb.MsgProp: "MsgPropose", pb.MsgApp: "MsgAppend", pb.MsgAppResp: "MsgAppendResponse", pb.MsgVote: "MsgRequestVote",
	pb.MsgVoteResp: "MsgRequestVoteResponse", pb.MsgSnap: "MsgSnapshot", pb.MsgHeartbeat: "MsgHeartbeat",
	pb.MsgHeartbeatResp: "MsgHeartbeatResponse", pb.MsgPreVote: "MsgRequestPreVote", pb.MsgPreVoteResp: "MsgRequestPreVoteResponse",
	pb.MsgTimeoutNow: "MsgTimeoutNow",
}

func (l *look) typeOf(t pb.MessageType) string {
	switch {
	case l.names == "number":
		return fmt.Sprint(int32(t))
	case l.names == "rs" && rustNames[t] != "":
		return rustNames[t]
	}
	return t.String()
}

func (l *look) message(m pb.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "type=%s, from=%d, to=%d, term=%d", l.typeOf(m.Type), m.From, m.To, m.Term)
	field := func(name string, value any) {
		if !slices.Contains(l.short, name) {
			fmt.Fprintf(&b, ", %s=%v", name, value)
		}
	}
	field("log_term", m.LogTerm)
	field("index", m.Index)
	field("commit", m.Commit)
	field("entries", len(m.Entries))
	if l.rows == "Msg" || m.Reject {
		field("reject", m.Reject)
	}
	if m.Reject && m.Type == pb.MsgAppResp {
		field("reject_hint", m.RejectHint)
	}
	return b.String()
}

func (l *look) muted(t pb.MessageType) bool {
	return !l.beats && (t == pb.MsgHeartbeat || t == pb.MsgHeartbeatResp)
}

func stateName(s raft.StateType) string { return strings.TrimPrefix(s.String(), "State") }

func (v *voice) boot(now int64, n *node) {
	if v.events != nil {
		v.eventBoot(now, n)
		return
	}
	v.say(now, "INFO", "Starting raft server")
}

func (v *voice) ready(now int64, st raft.Status, rd raft.Ready, ms []pb.Message, last, commit, applied uint64) {
	if v.events != nil {
		v.eventReady(now, st, rd, ms, last, commit, applied)
		return
	}
	leads := st.RaftState == raft.StateLeader
	v.say(now, "INFO", "ready() HAS_READY for %s: raft_state=%s, term=%d, commit=%d, leader=%d", v.group, stateName(st.RaftState), st.Term, commit, st.Lead)
	if st.RaftState == raft.StateLeader {
		v.say(now, "INFO", "Progress tracker for %s:", v.group)
		var ids []uint64
		for id := range st.Progress {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			p := st.Progress[id]
			if id == v.id && !v.own {
				continue
			}
			v.say(now, "INFO", "  Peer %d: matched=%d, next_idx=%d, state=%s, paused=%t, pending_snapshot=%d, recent_active=%t",
				id, p.Match, p.Next, strings.TrimPrefix(p.State.String(), "State"), p.IsPaused(), p.PendingSnapshot, p.RecentActive)
		}
	}
	word := "unstable entries"
	if v.under {
		word = "unstable_entries"
	}
	v.say(now, "INFO", "Raft log for %s: last_index=%d, committed=%d, applied=%d, %s=%d", v.group, last, commit, applied, word, len(rd.Entries))
	if v.extract {
		taken := len(rd.CommittedEntries)
		if taken > 0 && rd.CommittedEntries[taken-1].Index > commit {
			taken = 0
		}
		hs, ss := "None", "None"
		if !raft.IsEmptyHardState(rd.HardState) {
			hs = fmt.Sprintf("Some(HardState { term: %d, vote: %d, commit: %d })", rd.HardState.Term, rd.HardState.Vote, min(rd.HardState.Commit, commit))
		}
		if rd.SoftState != nil {
			ss = fmt.Sprintf("Some(SoftState { leader_id: %d, raft_state: %s })", rd.SoftState.Lead, stateName(rd.SoftState.RaftState))
		}
		now1, later := len(ms), 0
		if v.persisted && !leads {
			now1, later = 0, len(ms)
		}
		v.say(now, "INFO", "ready() EXTRACTING for %s: immediate_msgs=%d, persisted_msgs=%d, entries=%d, committed=%d, soft_state=%s, hard_state=%s",
			v.group, now1, later, len(rd.Entries), taken, ss, hs)
	}
	if !leads && (v.persisted || v.leaders) {
		return
	}
	var shown []pb.Message
	for _, m := range ms {
		if !v.muted(m.Type) {
			shown = append(shown, m)
		}
	}
	if len(shown) == 0 {
		return
	}
	if v.total {
		v.say(now, "INFO", "Outgoing messages from %s: total=%d", v.group, len(shown))
	} else {
		v.say(now, "INFO", "Outgoing messages from %s:", v.group)
	}
	for i, m := range shown {
		if v.rows == "Msg" {
			v.say(now, "INFO", "  Msg[%d]: %s", i, v.message(m))
		} else {
			v.say(now, "INFO", "  Message %d: %s", i, v.message(m))
		}
	}
}

func (v *voice) committed(now int64, es []pb.Entry) {
	if v.events != nil {
		v.emit(now, "committed", field{"count", uint64(len(es))}, field{"first", es[0].Index}, field{"last", es[len(es)-1].Index})
		for _, e := range es {
			v.emit(now, "entry", field{"index", e.Index}, field{"term", e.Term}, field{"entry_type", e.Type.String()}, field{"size", uint64(len(e.Data))})
		}
		return
	}
	first, last := es[0].Index, es[len(es)-1].Index
	topic, partition, _ := strings.Cut(v.group, "-")
	if i := strings.LastIndexByte(v.group, '-'); i >= 0 {
		topic, partition = v.group[:i], v.group[i+1:]
	}
	if v.shape {
		v.say(now, "INFO", "Committed entries ready for application node_id=%d topic=%s partition=%s count=%d first_index=%d last_index=%d", v.id, topic, partition, len(es), first, last)
	} else {
		v.say(now, "INFO", "Committed entries for %s: count=%d, first_index=Some(%d), last_index=Some(%d)", v.group, len(es), first, last)
	}
	for i, e := range es {
		if v.shape {
			v.say(now, "INFO", "  Committed[%d]: index=%d, term=%d, type=%d, data_len=%d", i, e.Index, e.Term, int32(e.Type), len(e.Data))
		} else {
			v.say(now, "INFO", "  Committed entry %d: index=%d, term=%d, type=%s, data_len=%d", i, e.Index, e.Term, e.Type, len(e.Data))
		}
	}
}

func (v *voice) received(now int64, m pb.Message) {
	if v.events != nil {
		if !v.muted(m.Type) {
			v.emit(now, "received", v.header(m)...)
		}
		return
	}
	if !v.muted(m.Type) {
		v.say(now, "INFO", "Received Raft message for %s: %s", v.group, v.message(m))
	}
}

func (v *voice) handed(now int64, m pb.Message) {
	if v.events != nil {
		if v.handover && !v.muted(m.Type) {
			v.emit(now, "handed_over", append(v.header(m), field{"peer", nodeID(m.To)})...)
		}
		return
	}
	if v.handover && !v.muted(m.Type) {
		i := strings.LastIndexByte(v.group, '-')
		v.say(now, "INFO", "Sending Raft message via gRPC topic=%s partition=%s to=%d from=%d msg_type=%s term=%d", v.group[:i], v.group[i+1:], m.To, m.From, v.typeOf(m.Type), m.Term)
	}
}

func (v *voice) failed(now int64, m pb.Message, why string) {
	if v.events != nil {
		v.emit(now, "send_failed", append(v.header(m), field{"peer", nodeID(m.To)}, field{"text", why})...)
		return
	}
	v.say(now, "ERROR", "Failed to send message to peer %d: %s", m.To, why)
}

func (v *voice) undecodable(now int64) {
	if v.events != nil {
		v.emit(now, "step_failed", field{"text", "decode: proto: cannot parse invalid wire-format data"})
		return
	}
	v.say(now, "ERROR", "Step: failed to decode message: failed to decode Protobuf message: invalid wire type: Varint (expected LengthDelimited)")
}

func (v *voice) stepFailed(now int64, why string) {
	if v.events != nil {
		v.emit(now, "step_failed", field{"text", why})
		return
	}
	v.say(now, "ERROR", "Step: failed to process message: %s", why)
}

func (v *voice) proposing(now int64, size int) {
	if v.events != nil {
		if v.proposals {
			v.emit(now, "proposing", field{"size", uint64(size)})
		}
		return
	}
	if v.proposals {
		v.say(now, "INFO", "Proposing entry of %d bytes to %s (with wait)", size, v.group)
	}
}

func (v *voice) proposed(now int64, index uint64) {
	if v.events != nil {
		if v.proposals {
			v.emit(now, "proposed", field{"index", index}, field{"size", uint64(64)})
			v.waits = append(v.waits, wait{index, now})
		}
		return
	}
	if v.proposals {
		v.say(now, "INFO", "Proposed entry at index %d to %s, waiting for commit", index, v.group)
	}
}

func (v *voice) dropped(now int64, err error) {
	if v.events != nil {
		if v.proposals {
			v.emit(now, "proposal_dropped", field{"text", err.Error()})
		}
		return
	}
	if v.proposals {
		v.say(now, "ERROR", "Failed to propose to %s: %v", v.group, err)
	}
}

func (v *voice) panicked(now int64, text string) {
	if v.events != nil {
		v.emit(now, "panic", field{"text", text})
		return
	}
	v.put("thread 'tokio-runtime-worker' panicked at crates/raft/src/raft_log.rs:285:13:")
	v.put(text)
	v.put("note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace")
}

func (v *voice) stopping(now int64) {
	if v.events != nil {
		v.emit(now, "stop", field{"text", "terminated"})
		return
	}
	v.say(now, "INFO", "Received SIGTERM, shutting down")
}
