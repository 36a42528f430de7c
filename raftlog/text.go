package raftlog

import (
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A TextOption changes how Text writes.
type TextOption func(*textSink)

// Bare leaves out the time, level and target in front of each line.
func Bare() TextOption { return func(s *textSink) { s.bare = true } }

// Text returns a Sink that prints the Ready loop as applications on raft-rs
// print theirs:
//
//	2025-10-20T12:00:00.123456Z  INFO raftdiag::replica: Outgoing messages from db-0:
//	2025-10-20T12:00:00.123456Z  INFO raftdiag::replica:   Message 0: type=MsgAppend, from=2, to=1, term=1, ...
//
// Headers come before their rows, and the lines of one Ready stay together.
// What this dialect has no line for is left out: what storage took, what was
// slow other than storage, a proposal whose index is not known, and on most
// lines the node itself. An empty group is printed as raft-0, for each header
// names one.
func Text(w io.Writer, options ...TextOption) Sink {
	s := &textSink{w: w}
	for _, o := range options {
		o(s)
	}
	return s
}

type textSink struct {
	bare bool

	mu  sync.Mutex
	w   io.Writer
	buf []byte
	cur line
	// The header above the next row.
	kind  raftdiag.Kind
	node  raftdiag.NodeID
	group string
	row   int
}

func (s *textSink) Enabled() bool { return true }

func (s *textSink) Emit(e *raftdiag.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = s.buf[:0]
	s.print(e, now(e))
	s.flush()
}

// EmitBlock writes the events with one Write, under headers of their own.
func (s *textSink) EmitBlock(events []*raftdiag.Event) {
	if len(events) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf, s.kind = s.buf[:0], raftdiag.NoKind
	at := now(events[0])
	for _, e := range events {
		s.print(e, at)
	}
	s.flush()
}

func (s *textSink) flush() {
	if len(s.buf) > 0 {
		// A log that cannot be written must not stop Raft.
		_, _ = s.w.Write(s.buf)
	}
}

func now(e *raftdiag.Event) time.Time {
	if e.Time != raftdiag.NoStamp {
		return e.Time.Time()
	}
	return time.Now().UTC()
}

// A line is one line under construction.
type line struct {
	b     []byte
	comma bool
}

func (l *line) str(s string) *line { l.b = append(l.b, s...); return l }
func (l *line) num(n uint64) *line { l.b = strconv.AppendUint(l.b, n, 10); return l }

// key begins the next field of a list.
func (l *line) key(k string) *line {
	if l.comma {
		l.str(", ")
	}
	l.comma = true
	return l.str(k).str("=")
}

func (l *line) numIf(has bool, k string, n uint64) *line {
	if has {
		l.key(k).num(n)
	}
	return l
}

func (l *line) flagIf(has bool, k string, v bool) *line {
	if has {
		l.key(k)
		l.b = strconv.AppendBool(l.b, v)
	}
	return l
}

func (s *textSink) begin(at time.Time, level string) *line {
	s.cur = line{b: s.buf}
	l := &s.cur
	if !s.bare {
		l.b = at.UTC().AppendFormat(l.b, "2006-01-02T15:04:05.000000Z ")
		l.str(level).str(" raftdiag::replica: ")
	}
	return l
}

func (s *textSink) end(l *line) { s.buf = append(l.b, '\n') }

const (
	levelInfo  = " INFO"
	levelWarn  = " WARN"
	levelError = "ERROR"
)

// header prints the header for rows of the kind unless it stands above
// already.
func (s *textSink) header(e *raftdiag.Event, at time.Time, text string) {
	if s.kind == e.Kind && s.node == e.Node && s.group == e.Group {
		return
	}
	s.kind, s.node, s.group, s.row = e.Kind, e.Node, e.Group, 0
	s.end(s.begin(at, levelInfo).str(text).str(groupName(e)).str(":"))
}

func groupName(e *raftdiag.Event) string {
	if e.Group == "" {
		return "raft-0"
	}
	return oneLine(e.Group)
}

// oneLine keeps a text from breaking the log into lines that it is not.
func oneLine(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, isControl), " ")
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 }

func (s *textSink) print(e *raftdiag.Event, at time.Time) {
	switch e.Kind {
	case raftdiag.ProgressRow:
		s.header(e, at, "Progress tracker for ")
	case raftdiag.Sent:
		s.header(e, at, "Outgoing messages from ")
	case raftdiag.EntryCommitted:
		if s.kind != raftdiag.EntryCommitted || s.node != e.Node || s.group != e.Group {
			// No header of ours stands above: the row would be read as another's.
			return
		}
	default:
		s.kind = raftdiag.NoKind
	}
	group := groupName(e)
	switch e.Kind {
	case raftdiag.State:
		l := s.begin(at, levelInfo).str("ready() HAS_READY for ").str(group).str(": ")
		if e.Has(raftdiag.HasRole) {
			l.key("raft_state").str(e.Role.String())
		}
		l.numIf(e.Has(raftdiag.HasTerm), "term", uint64(e.Term))
		l.numIf(e.Has(raftdiag.HasCommit), "commit", uint64(e.Commit))
		l.numIf(e.Has(raftdiag.HasLead), "leader", uint64(e.Lead))
		s.end(l)
	case raftdiag.Ready:
		s.ready(e, at, group)
	case raftdiag.ProgressRow:
		l := s.begin(at, levelInfo).str("  Peer ").num(uint64(e.Peer)).str(": ")
		l.numIf(e.Has(raftdiag.HasMatch), "matched", uint64(e.Match))
		l.numIf(e.Has(raftdiag.HasNext), "next_idx", uint64(e.Next))
		if e.Has(raftdiag.HasProgressState) {
			l.key("state").str(e.Progress.State.String())
		}
		l.flagIf(e.Has(raftdiag.HasPaused), "paused", e.Paused)
		l.numIf(e.Has(raftdiag.HasPendingSnapshot), "pending_snapshot", uint64(e.PendingSnapshot))
		l.flagIf(e.Has(raftdiag.HasRecentActive), "recent_active", e.RecentActive)
		s.end(l)
	case raftdiag.LogRow:
		l := s.begin(at, levelInfo).str("Raft log for ").str(group).str(": ")
		l.numIf(e.Has(raftdiag.HasLast), "last_index", uint64(e.Last))
		l.numIf(e.Has(raftdiag.HasCommit), "committed", uint64(e.Commit))
		l.numIf(e.Has(raftdiag.HasApplied), "applied", uint64(e.Applied))
		l.numIf(e.Has(raftdiag.HasUnstable), "unstable entries", e.Unstable)
		s.end(l)
	case raftdiag.Sent:
		l := s.begin(at, levelInfo).str("  Message ").num(uint64(s.row)).str(": ")
		s.row++
		s.message(l, e)
	case raftdiag.Received:
		s.message(s.begin(at, levelInfo).str("Received Raft message for ").str(group).str(": "), e)
	case raftdiag.HandedOver:
		s.handedOver(e, at)
	case raftdiag.SendFailed:
		peer := e.Peer
		if !e.Has(raftdiag.HasPeer) {
			peer = e.To
		}
		s.end(s.begin(at, levelError).str("Failed to send message to peer ").num(uint64(peer)).str(": ").str(oneLine(e.Text)))
	case raftdiag.StepFailed:
		l := s.begin(at, levelError).str("Step: ")
		if !strings.HasPrefix(e.Text, "failed to ") {
			l.str("failed to process message: ")
		}
		s.end(l.str(oneLine(e.Text)))
	case raftdiag.Booted:
		l := s.begin(at, levelInfo).str("Created Raft replica for ").str(group).str(": ")
		l.numIf(e.Node != 0, "node_id", uint64(e.Node))
		l.numIf(e.Has(raftdiag.HasTerm), "term", uint64(e.Term))
		l.numIf(e.Has(raftdiag.HasVote), "vote", uint64(e.Vote))
		l.numIf(e.Has(raftdiag.HasCommit), "commit", uint64(e.Commit))
		l.numIf(e.Has(raftdiag.HasApplied), "applied", uint64(e.Applied))
		l.numIf(e.Has(raftdiag.HasFirst), "first_index", uint64(e.First))
		l.numIf(e.Has(raftdiag.HasLast), "last_index", uint64(e.Last))
		if e.Has(raftdiag.HasConfig) && e.Config != nil {
			rustConfig(l.key("conf_state"), e.Config)
		}
		s.end(l)
	case raftdiag.Stopped:
		l := s.begin(at, levelInfo)
		if e.Group != "" {
			l.str("Stopping Raft replica for ").str(group)
		} else if l.str("Shutting down Raft node"); e.Node != 0 {
			l.str(" ").num(uint64(e.Node))
		}
		s.because(l, e)
	case raftdiag.ConfigChanged:
		if e.Config != nil {
			l := s.begin(at, levelInfo).str("Conf state for ").str(group).str(": ")
			rustConfig(l, e.Config)
			s.end(l)
		}
	case raftdiag.StorageFailed:
		s.because(s.begin(at, levelError).str("Failed to persist Raft state for ").str(group), e)
	case raftdiag.ProposalDropped:
		l := s.begin(at, levelWarn).str("Failed to propose ")
		if e.Has(raftdiag.HasSize) {
			l.str("entry of ").num(e.Size).str(" bytes ")
		}
		s.because(l.str("to ").str(group), e)
	case raftdiag.ProposalTimedOut:
		l := s.begin(at, levelWarn).str("Timed out ")
		if e.Has(raftdiag.HasDuration) {
			l.str("after ").str(e.Duration.Round(time.Millisecond).String()).str(" ")
		}
		l.str("waiting for entry ")
		if e.Has(raftdiag.HasIndex) {
			l.num(uint64(e.Index)).str(" ")
		}
		s.end(l.str("to commit on ").str(group))
	case raftdiag.Applied:
		if e.Has(raftdiag.HasIndex) {
			s.end(s.begin(at, levelInfo).str("Applied entry ").num(uint64(e.Index)).str(" to state machine for ").str(group))
		}
	case raftdiag.Proposing:
		s.end(s.begin(at, levelInfo).str("Proposing entry of ").num(e.Size).str(" bytes to ").str(group))
	case raftdiag.Proposed:
		if e.Has(raftdiag.HasIndex) {
			s.end(s.begin(at, levelInfo).str("Proposed entry at index ").num(uint64(e.Index)).str(" to ").str(group).str(", waiting for commit"))
		}
	case raftdiag.Waiting:
		s.end(s.begin(at, levelInfo).str("Waiting for entry ").num(uint64(e.Index)).str(" to commit on ").str(group))
	case raftdiag.Replied:
		if e.Has(raftdiag.HasIndex) {
			s.end(s.begin(at, levelInfo).str("Entry ").num(uint64(e.Index)).str(" committed on ").str(group))
		}
	case raftdiag.Committed:
		l := s.begin(at, levelInfo).str("Committed entries for ").str(group).str(": ")
		l.numIf(e.Has(raftdiag.HasCount), "count", e.Count)
		some(l, e.Has(raftdiag.HasFirst), "first_index", e.First)
		some(l, e.Has(raftdiag.HasLast), "last_index", e.Last)
		s.end(l)
		s.kind, s.node, s.group, s.row = raftdiag.EntryCommitted, e.Node, e.Group, 0
	case raftdiag.EntryCommitted:
		l := s.begin(at, levelInfo).str("  Committed entry ").num(uint64(s.row)).str(": ")
		s.row++
		l.numIf(e.Has(raftdiag.HasIndex), "index", uint64(e.Index))
		l.numIf(e.Has(raftdiag.HasTerm), "term", uint64(e.Term))
		if e.Has(raftdiag.HasEntryType) {
			l.key("type").str(e.EntryType.String())
		}
		l.numIf(e.Has(raftdiag.HasSize), "data_len", e.Size)
		s.end(l)
	case raftdiag.RoleChanged:
		l := s.begin(at, levelInfo).str("Raft state transition for ").str(group).str(": ").
			str(e.OldRole.String()).str(" -> ").str(e.Role.String()).str(" (leader=").num(uint64(e.Lead))
		if e.Has(raftdiag.HasTerm) {
			l.str(", term=").num(uint64(e.Term))
		}
		s.end(l.str(")"))
	case raftdiag.ApplyFailed:
		s.end(s.begin(at, levelError).str("Failed to apply entry ").num(uint64(e.Index)).
			str(" to state machine for ").str(group).str(": ").str(oneLine(e.Text)))
	case raftdiag.SnapshotReceived:
		s.snapshot(s.begin(at, levelInfo).str("Received snapshot for ").str(group).str(": "), e)
	case raftdiag.SnapshotCreated:
		s.snapshot(s.begin(at, levelInfo).str("Creating snapshot for ").str(group).str(" at "), e)
	case raftdiag.SnapshotInstalled:
		s.snapshot(s.begin(at, levelInfo).str("Successfully installed snapshot for ").str(group).str(": "), e)
	case raftdiag.Slow:
		switch took := uint64(max(0, e.Duration.Milliseconds())); {
		case strings.Contains(e.Text, SlowAppend):
			s.end(s.begin(at, levelWarn).str("⚠️ Raft I/O took ").num(took).str("ms"))
		case strings.Contains(e.Text, SlowTick):
			s.end(s.begin(at, levelWarn).str("⚠️ Raft tick took ").num(took).str("ms"))
		}
	case raftdiag.Panicked:
		s.buf = append(s.buf, "panic: "...)
		s.buf = append(s.buf, oneLine(e.Text)...)
		s.buf = append(s.buf, '\n')
	}
}

func (s *textSink) ready(e *raftdiag.Event, at time.Time, group string) {
	l := s.begin(at, levelInfo).str("ready() EXTRACTING for ").str(group).str(": ")
	l.numIf(e.Has(raftdiag.HasImmediate), "immediate_msgs", e.Immediate)
	l.numIf(e.Has(raftdiag.HasPersisted), "persisted_msgs", e.Persisted)
	l.numIf(e.Has(raftdiag.HasEntries), "entries", e.Entries)
	l.numIf(e.Has(raftdiag.HasCount), "committed", e.Count)
	if e.Has(raftdiag.HasRole) {
		l.key("soft_state").str("Some(SoftState { leader_id: ").num(uint64(e.Lead)).str(", raft_state: ").str(e.Role.String()).str(" })")
	} else {
		l.key("soft_state").str("None")
	}
	if e.Has(raftdiag.HasTerm) {
		l.key("hard_state").str("Some(HardState { term: ").num(uint64(e.Term)).str(", vote: ").num(uint64(e.Vote)).
			str(", commit: ").num(uint64(e.Commit)).str(" })")
	} else {
		l.key("hard_state").str("None")
	}
	s.end(l)
}

// message prints the header of a message in raft-rs's words. A rejection is
// printed of answers only: elsewhere it means nothing.
func (s *textSink) message(l *line, e *raftdiag.Event) {
	if e.Has(raftdiag.HasType) {
		l.key("type").str(rustName(e.Type))
	}
	l.numIf(e.Has(raftdiag.HasFrom), "from", uint64(e.From))
	l.numIf(e.Has(raftdiag.HasTo), "to", uint64(e.To))
	l.numIf(e.Has(raftdiag.HasTerm), "term", uint64(e.Term))
	l.numIf(e.Has(raftdiag.HasLogTerm), "log_term", uint64(e.LogTerm))
	l.numIf(e.Has(raftdiag.HasIndex), "index", uint64(e.Index))
	l.numIf(e.Has(raftdiag.HasCommit), "commit", uint64(e.Commit))
	l.numIf(e.Has(raftdiag.HasEntries), "entries", e.Entries)
	l.flagIf(e.Has(raftdiag.HasReject), "reject", e.Reject)
	l.numIf(e.Has(raftdiag.HasHint), "reject_hint", uint64(e.Hint))
	l.numIf(e.Has(raftdiag.HasSnapshot), "snapshot_index", uint64(e.Snapshot))
	s.end(l)
}

// handedOver names the group as topic and partition; a group that is not so
// named has no such line, for without them it would concern every group.
func (s *textSink) handedOver(e *raftdiag.Event, at time.Time) {
	group := groupName(e)
	dash := strings.LastIndexByte(group, '-')
	if dash <= 0 || dash == len(group)-1 || strings.ContainsAny(group, " =") {
		return
	}
	l := s.begin(at, levelInfo).str("Sending Raft message topic=").str(group[:dash]).str(" partition=").str(group[dash+1:])
	s.end(l.str(" to=").num(uint64(e.To)).str(" from=").num(uint64(e.From)).
		str(" msg_type=").str(rustName(e.Type)).str(" term=").num(uint64(e.Term)))
}

func (s *textSink) snapshot(l *line, e *raftdiag.Event) {
	l.numIf(e.Has(raftdiag.HasIndex), "index", uint64(e.Index))
	l.numIf(e.Has(raftdiag.HasTerm), "term", uint64(e.Term))
	s.end(l)
}

// because ends the line with the reason, if there is one.
func (s *textSink) because(l *line, e *raftdiag.Event) {
	if e.Text != "" {
		l.str(": ").str(oneLine(e.Text))
	}
	s.end(l)
}

// rustConfig prints a configuration as Rust prints a ConfState.
func rustConfig(l *line, c *raftdiag.Config) {
	list := func(name string, ids []raftdiag.NodeID) {
		l.str(name).str(": [")
		for i, id := range ids {
			if i > 0 {
				l.str(", ")
			}
			l.num(uint64(id))
		}
		l.str("], ")
	}
	l.str("ConfState { ")
	list("voters", c.Voters)
	list("learners", c.Learners)
	list("voters_outgoing", c.VotersOutgoing)
	list("learners_next", c.LearnersNext)
	l.str("auto_leave: ")
	l.b = strconv.AppendBool(l.b, c.AutoLeave)
	l.str(" }")
}

func some(l *line, has bool, key string, i raftdiag.Index) {
	if has {
		l.key(key).str("Some(").num(uint64(i)).str(")")
	}
}

// rustName is the type's name in raft-rs, which spells some of them out.
func rustName(t raftdiag.MessageType) string {
	switch t {
	case raftdiag.MsgProp:
		return "MsgPropose"
	case raftdiag.MsgApp:
		return "MsgAppend"
	case raftdiag.MsgAppResp:
		return "MsgAppendResponse"
	case raftdiag.MsgVote:
		return "MsgRequestVote"
	case raftdiag.MsgVoteResp:
		return "MsgRequestVoteResponse"
	case raftdiag.MsgSnap:
		return "MsgSnapshot"
	case raftdiag.MsgHeartbeatResp:
		return "MsgHeartbeatResponse"
	case raftdiag.MsgPreVote:
		return "MsgRequestPreVote"
	case raftdiag.MsgPreVoteResp:
		return "MsgRequestPreVoteResponse"
	}
	return t.String()
}
