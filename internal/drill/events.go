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

// A Style is the dialect in which a drill prints.
type Style int

// The styles: the Ready-loop text, the same with rarer looks, and event lines
// (docs/event.schema.json) of a printer of our own.
const (
	Text Style = iota
	Odd
	Events
)

func (s Style) String() string { return [...]string{"text", "odd", "events"}[s] }

// An eventLook is how one application prints event lines.
type eventLook struct {
	only     []string // the kinds that it prints; empty: all but without
	without  []string
	numbers  bool   // ids are JSON numbers
	form     string // plain, slog, slogtext, spaced
	stamps   string // layout; empty: none
	shuffled bool   // keys in any order
	zeroless bool   // zero values are left out, as omitempty does
	nameless bool   // lines do not name their node, files do
	timeouts bool
}

func newEventLook(rng *rand.Rand) *eventLook {
	return &eventLook{
		only: pick(rng, nil, nil, nil, nil, []string{"sent", "received"}, []string{"sent", "received", "send_failed", "state"},
			[]string{"state", "progress", "log"}, []string{"state", "progress", "log", "sent", "received"}),
		without: pick(rng, nil, nil, nil, []string{"progress"}, []string{"state"}, []string{"handed_over"}, []string{"handed_over", "outgoing", "ready", "hardstate"},
			[]string{"log", "appended"}, []string{"state", "progress", "log", "ready"}, []string{"committed", "entry"}, []string{"applied", "replied"},
			[]string{"proposing", "proposed", "boot", "config"}, []string{"role", "boot", "config"}, []string{"sent"}, []string{"received"}),
		numbers:  rng.IntN(3) == 0,
		form:     pick(rng, "plain", "plain", "plain", "slog", "slogtext", "spaced"),
		stamps:   pick(rng, time.RFC3339Nano, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05Z07:00", ""),
		shuffled: rng.IntN(4) == 0,
		zeroless: rng.IntN(6) == 0,
		nameless: rng.IntN(6) == 0,
		timeouts: rng.IntN(3) == 0,
	}
}

// blind reports whether the lines leave out what may decide a fault.
func (l *eventLook) blind() bool {
	return len(l.only) > 0 && !slices.Contains(l.only, "sent") || slices.Contains(l.without, "sent") || slices.Contains(l.without, "received") || l.zeroless
}

func (l *eventLook) prints(kind string) bool {
	if len(l.only) > 0 {
		return slices.Contains(l.only, kind)
	}
	return !slices.Contains(l.without, kind)
}

type field struct {
	key   string
	value any
}

// An id is printed as a string or a number.
type nodeID uint64

// emit prints one event line.
func (v *voice) emit(now int64, kind string, fields ...field) {
	l := v.events
	if !l.prints(kind) {
		return
	}
	v.last = max(v.last+1, now)
	v.head = v.last
	at := v.base.Add(v.skew + time.Duration(v.last)*time.Microsecond).In(v.zone)
	var all []field
	if l.stamps != "" && l.form != "slogtext" {
		all = append(all, field{"time", at.Format(l.stamps)})
	}
	if l.form == "slog" {
		all = append(all, field{"level", "INFO"}, field{"msg", "raft"})
	}
	if !l.nameless || v.merged != nil {
		all = append(all, field{"node", nodeID(v.id)})
	}
	all = append(all, field{"group", v.group}, field{"kind", kind})
	all = append(all, fields...)
	if l.shuffled {
		v.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	var b strings.Builder
	if l.form == "slogtext" {
		if l.stamps != "" {
			fmt.Fprintf(&b, "time=%s ", at.Format("2006-01-02T15:04:05.000Z07:00"))
		}
		b.WriteString("level=INFO msg=raft")
		for _, f := range all {
			if l.zero(f) {
				continue
			}
			s := fmt.Sprint(f.value)
			if c, ok := f.value.(pb.ConfState); ok {
				s = fmt.Sprintf("{Voters:%v VotersOutgoing:%v Learners:%v LearnersNext:%v AutoLeave:%t}", c.Voters, c.VotersOutgoing, c.Learners, c.LearnersNext, c.AutoLeave)
			}
			if strings.ContainsAny(s, " =\"") || s == "" {
				s = fmt.Sprintf("%q", s)
			}
			fmt.Fprintf(&b, " %s=%s", f.key, s)
		}
		v.put(b.String())
		return
	}
	colon, comma := ":", ","
	if l.form == "spaced" {
		colon, comma = ": ", ", "
	}
	b.WriteString("{")
	first := true
	for _, f := range all {
		if l.zero(f) {
			continue
		}
		if !first {
			b.WriteString(comma)
		}
		first = false
		var raw []byte
		var err error
		switch x := f.value.(type) {
		case nodeID:
			raw = []byte(l.id(uint64(x)))
		case pb.ConfState:
			raw = []byte("{" + l.ids("voters", x.Voters))
			for _, part := range []struct {
				key string
				ids []uint64
			}{{"voters_outgoing", x.VotersOutgoing}, {"learners", x.Learners}, {"learners_next", x.LearnersNext}} {
				if len(part.ids) > 0 {
					raw = append(raw, ","+l.ids(part.key, part.ids)...)
				}
			}
			if x.AutoLeave {
				raw = append(raw, `,"auto_leave":true`...)
			}
			raw = append(raw, '}')
		default:
			raw, err = json.Marshal(x)
			must(err)
		}
		fmt.Fprintf(&b, "%q%s%s", f.key, colon, raw)
	}
	v.put(b.String() + "}")
}

func (l *eventLook) zero(f field) bool {
	return l.zeroless && (f.value == any(uint64(0)) || f.value == any(false) || f.value == any("") || f.value == any(nodeID(0)) || f.value == any(0))
}

func (l *eventLook) id(n uint64) string {
	if l.numbers {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%q", fmt.Sprint(n))
}

func (l *eventLook) ids(key string, list []uint64) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = l.id(n)
	}
	return fmt.Sprintf("%q:[%s]", key, strings.Join(parts, ","))
}

func (v *voice) header(m pb.Message) []field {
	fs := []field{{"type", m.Type.String()}, {"from", nodeID(m.From)}, {"to", nodeID(m.To)}, {"term", m.Term}, {"log_term", m.LogTerm}, {"index", m.Index}, {"commit", m.Commit}}
	if n := len(m.Entries); n > 0 || m.Type == pb.MsgApp {
		fs = append(fs, field{"entries", uint64(n)})
		if n > 0 && m.Type == pb.MsgApp {
			fs = append(fs, field{"entry_term", m.Entries[n-1].Term})
		}
	}
	switch m.Type {
	case pb.MsgAppResp, pb.MsgVoteResp, pb.MsgPreVoteResp:
		fs = append(fs, field{"reject", m.Reject})
	}
	if m.Reject && m.Type == pb.MsgAppResp {
		fs = append(fs, field{"hint", m.RejectHint})
	}
	if m.Type == pb.MsgSnap && m.Snapshot != nil {
		fs = append(fs, field{"snapshot", m.Snapshot.Metadata.Index})
	}
	return fs
}

func (v *voice) eventBoot(now int64, n *node) {
	v.role, v.told, v.waits = "", n.applied, nil
	hs, cs, err := n.store.InitialState()
	must(err)
	first, _ := n.store.FirstIndex()
	last, _ := n.store.LastIndex()
	v.emit(now, "boot", field{"term", hs.Term}, field{"vote", nodeID(hs.Vote)}, field{"first", first}, field{"last", last}, field{"commit", hs.Commit}, field{"applied", n.applied}, field{"config", cs})
}

func (v *voice) eventReady(now int64, st raft.Status, rd raft.Ready, ms []pb.Message, last, commit, applied uint64) {
	role, was := stateName(st.RaftState), v.role
	if role != was && was != "" {
		v.emit(now, "role", field{"role", role}, field{"old_role", was}, field{"term", st.Term}, field{"lead", nodeID(st.Lead)})
	}
	v.role = role
	v.emit(now, "state", field{"role", role}, field{"term", st.Term}, field{"vote", nodeID(st.Vote)}, field{"lead", nodeID(st.Lead)}, field{"commit", commit}, field{"applied", applied})
	if st.RaftState == raft.StateLeader {
		var ids []uint64
		for id := range st.Progress {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			p := st.Progress[id]
			v.emit(now, "progress", field{"peer", nodeID(id)}, field{"match", p.Match}, field{"next", p.Next}, field{"state", strings.TrimPrefix(p.State.String(), "State")}, field{"paused", p.IsPaused()},
				field{"pending_snapshot", p.PendingSnapshot}, field{"recent_active", p.RecentActive}, field{"inflight", uint64(p.Inflights.Count())}, field{"learner", p.IsLearner})
		}
	}
	v.emit(now, "log", field{"last", last}, field{"commit", commit}, field{"applied", applied}, field{"unstable", uint64(len(rd.Entries))})
	taken := uint64(len(rd.CommittedEntries))
	if taken > 0 && rd.CommittedEntries[taken-1].Index > commit {
		taken = 0
	}
	persisted := uint64(0)
	for _, m := range ms {
		switch m.Type {
		case pb.MsgAppResp, pb.MsgVoteResp, pb.MsgPreVoteResp:
			persisted++
		}
	}
	counts := []field{{"entries", uint64(len(rd.Entries))}, {"count", taken}, {"immediate", uint64(len(ms)) - persisted}, {"persisted", persisted}}
	if rd.SoftState != nil {
		counts = append(counts, field{"role", stateName(rd.SoftState.RaftState)}, field{"lead", nodeID(rd.SoftState.Lead)})
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		counts = append(counts, field{"term", rd.HardState.Term}, field{"vote", nodeID(rd.HardState.Vote)}, field{"commit", min(rd.HardState.Commit, commit)})
	}
	v.emit(now, "ready", counts...)
	if len(ms) > 0 {
		v.emit(now, "outgoing", field{"count", uint64(len(ms))})
	}
	for _, m := range ms {
		v.emit(now, "sent", v.header(m)...)
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		v.emit(now, "snapshot_received", field{"term", rd.Snapshot.Metadata.Term}, field{"index", rd.Snapshot.Metadata.Index})
	}
}

// stored is said when storage took what a Ready asked for.
func (v *voice) stored(now int64, rd raft.Ready, ms []pb.Message, commit uint64, leads, appended bool) {
	if v.events == nil {
		if v.persisted && !leads {
			for i, m := range ms {
				if !v.muted(m.Type) {
					v.say(now, "INFO", "Persisted message %d/%d for %s: type=%d, from=%d, to=%d, term=%d", i+v.from, len(ms), v.group, int32(m.Type), m.From, m.To, m.Term)
				}
			}
		}
		return
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		v.emit(now, "snapshot_installed", field{"term", rd.Snapshot.Metadata.Term}, field{"index", rd.Snapshot.Metadata.Index})
	}
	if n := len(rd.Entries); n > 0 && appended {
		e := rd.Entries[n-1]
		v.emit(now, "appended", field{"term", e.Term}, field{"index", e.Index}, field{"last", e.Index}, field{"count", uint64(n)})
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		v.emit(now, "hardstate", field{"term", rd.HardState.Term}, field{"vote", nodeID(rd.HardState.Vote)}, field{"commit", min(rd.HardState.Commit, commit)})
	}
}

// reached is said when the state machine has applied up to an index.
func (v *voice) reached(now int64, applied uint64, count int) {
	if v.events == nil {
		return
	}
	if applied > v.told {
		v.told = applied
		v.emit(now, "applied", field{"index", applied}, field{"count", uint64(count)})
	}
	for len(v.waits) > 0 && v.waits[0].index <= applied {
		w := v.waits[0]
		v.waits = v.waits[1:]
		v.emit(now, "replied", field{"index", w.index}, field{"duration_ns", (now - w.since) * 1000})
	}
	for v.events.timeouts && len(v.waits) > 0 && now-v.waits[0].since > 20*tick {
		w := v.waits[0]
		v.waits = v.waits[1:]
		v.emit(now, "proposal_timeout", field{"index", w.index}, field{"duration_ns", (now - w.since) * 1000}, field{"text", "context deadline exceeded"})
	}
}

// member is said when a configuration came into force.
func (v *voice) member(now int64, index uint64, cs pb.ConfState) {
	if v.events != nil {
		v.emit(now, "config", field{"index", index}, field{"config", cs})
	}
}

type wait struct {
	index uint64
	since int64
}
