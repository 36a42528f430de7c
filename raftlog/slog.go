package raftlog

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftdiag/raftdiag"
)

// Slog returns a Sink that writes one record an event. The keys are those of
// the event's JSON form, so a line of slog.JSONHandler is an event line:
//
//	{"time":"...","level":"INFO","msg":"raft","node":"1","group":"db","kind":"received","type":"MsgApp", ...}
//
// The logger may have attributes of its own, but no group: keys must stand at
// the top. Facts are at level Info, trouble at Warn and Error; without Info
// the Sink is off, for half of the facts would mislead.
func Slog(l *slog.Logger) Sink {
	h := l.Handler()
	s := &slogSink{handler: h}
	switch h.(type) {
	case *slog.JSONHandler, *slog.TextHandler:
		s.lends = true
	}
	return s
}

type slogSink struct {
	handler slog.Handler
	lends   bool // the handler is known to be done with a record when it returns
	ids     idNames
}

func (s *slogSink) Enabled() bool { return s.handler.Enabled(context.Background(), slog.LevelInfo) }

// An attrs is a list of attributes that the next record may use again.
type attrs struct{ list []slog.Attr }

var attrPool = sync.Pool{New: func() any { return &attrs{make([]slog.Attr, 0, 24)} }}

func (s *slogSink) Emit(e *raftdiag.Event) {
	level := levelOf(e.Kind)
	ctx := context.Background()
	if !s.handler.Enabled(ctx, level) {
		return
	}
	now := time.Now()
	if e.Time != raftdiag.NoStamp {
		now = e.Time.Time()
	}
	r := slog.NewRecord(now, level, "raft", 0)
	a := attrPool.Get().(*attrs)
	a.list = s.append(a.list[:0], e)
	if s.lends {
		// A group without a name is written as its attributes, and unlike
		// AddAttrs it does not copy them.
		r.AddAttrs(slog.Attr{Value: slog.GroupValue(a.list...)})
	} else {
		r.AddAttrs(a.list...)
	}
	// A log that cannot be written must not stop Raft.
	_ = s.handler.Handle(ctx, r)
	clear(a.list)
	attrPool.Put(a)
}

func levelOf(k raftdiag.Kind) slog.Level {
	switch k {
	case raftdiag.Panicked, raftdiag.StorageFailed, raftdiag.ApplyFailed:
		return slog.LevelError
	case raftdiag.SendFailed, raftdiag.StepFailed, raftdiag.ProposalDropped, raftdiag.ProposalTimedOut,
		raftdiag.Slow, raftdiag.Misconfigured:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// append appends the event's attributes in the order of its JSON form.
func (s *slogSink) append(a []slog.Attr, e *raftdiag.Event) []slog.Attr {
	if e.Node != 0 {
		a = append(a, slog.String("node", s.ids.name(e.Node)))
	}
	if e.Group != "" {
		a = append(a, slog.String("group", e.Group))
	}
	if e.Writer != "" {
		a = append(a, slog.String("writer", e.Writer))
	}
	a = append(a, slog.String("kind", e.Kind.String()))

	has := e.Set
	num := func(bit raftdiag.Field, key string, v uint64) {
		if has&bit != 0 {
			a = append(a, slog.Uint64(key, v))
		}
	}
	id := func(bit raftdiag.Field, key string, v raftdiag.NodeID) {
		if has&bit != 0 {
			a = append(a, slog.String(key, s.ids.name(v)))
		}
	}
	flag := func(bit raftdiag.Field, key string, v bool) {
		if has&bit != 0 {
			a = append(a, slog.Bool(key, v))
		}
	}
	if has&raftdiag.HasType != 0 {
		a = append(a, slog.String("type", e.Type.String()))
	}
	id(raftdiag.HasFrom, "from", e.From)
	id(raftdiag.HasTo, "to", e.To)
	if has&raftdiag.HasRole != 0 {
		a = append(a, slog.String("role", e.Role.String()))
	}
	if has&raftdiag.HasOldRole != 0 {
		a = append(a, slog.String("old_role", e.OldRole.String()))
	}
	num(raftdiag.HasTerm, "term", uint64(e.Term))
	id(raftdiag.HasVote, "vote", e.Vote)
	id(raftdiag.HasLead, "lead", e.Lead)
	num(raftdiag.HasLogTerm, "log_term", uint64(e.LogTerm))
	num(raftdiag.HasIndex, "index", uint64(e.Index))
	num(raftdiag.HasFirst, "first", uint64(e.First))
	num(raftdiag.HasLast, "last", uint64(e.Last))
	num(raftdiag.HasCommit, "commit", uint64(e.Commit))
	num(raftdiag.HasApplied, "applied", uint64(e.Applied))
	num(raftdiag.HasUnstable, "unstable", e.Unstable)
	num(raftdiag.HasEntries, "entries", e.Entries)
	num(raftdiag.HasEntryTerm, "entry_term", uint64(e.EntryTerm))
	flag(raftdiag.HasReject, "reject", e.Reject)
	num(raftdiag.HasHint, "hint", uint64(e.Hint))
	num(raftdiag.HasSnapshot, "snapshot", uint64(e.Snapshot))
	id(raftdiag.HasPeer, "peer", e.Peer)
	num(raftdiag.HasMatch, "match", uint64(e.Match))
	num(raftdiag.HasNext, "next", uint64(e.Next))
	if has&raftdiag.HasProgressState != 0 {
		a = append(a, slog.String("state", e.Progress.State.String()))
	}
	flag(raftdiag.HasPaused, "paused", e.Paused)
	num(raftdiag.HasPendingSnapshot, "pending_snapshot", uint64(e.PendingSnapshot))
	flag(raftdiag.HasRecentActive, "recent_active", e.RecentActive)
	num(raftdiag.HasInflight, "inflight", e.Inflight)
	flag(raftdiag.HasLearner, "learner", e.Learner)
	num(raftdiag.HasCount, "count", e.Count)
	num(raftdiag.HasImmediate, "immediate", e.Immediate)
	num(raftdiag.HasPersisted, "persisted", e.Persisted)
	if has&raftdiag.HasEntryType != 0 {
		a = append(a, slog.String("entry_type", e.EntryType.String()))
	}
	num(raftdiag.HasSize, "size", e.Size)
	if has&raftdiag.HasDuration != 0 {
		a = append(a, slog.Int64("duration_ns", int64(e.Duration)))
	}
	if has&raftdiag.HasConfig != 0 {
		a = append(a, slog.Any("config", s.config(e.Config)))
	}
	if has&raftdiag.HasText != 0 {
		a = append(a, slog.String("text", e.Text))
	}
	return a
}

// A configValue is a configuration as events have it: node ids are strings.
type configValue struct {
	Voters         []string `json:"voters"`
	VotersOutgoing []string `json:"voters_outgoing,omitempty"`
	Learners       []string `json:"learners,omitempty"`
	LearnersNext   []string `json:"learners_next,omitempty"`
	AutoLeave      bool     `json:"auto_leave,omitempty"`
}

func (s *slogSink) config(c *raftdiag.Config) configValue {
	if c == nil {
		c = &raftdiag.Config{}
	}
	names := func(ids []raftdiag.NodeID) []string {
		out := make([]string, len(ids))
		for i, n := range ids {
			out[i] = s.ids.name(n)
		}
		return out
	}
	return configValue{names(c.Voters), names(c.VotersOutgoing), names(c.Learners), names(c.LearnersNext), c.AutoLeave}
}

// An idNames keeps the names of node ids, so that writing one costs nothing
// the second time. Groups have few nodes; past a limit it keeps no more.
type idNames struct {
	mu sync.Mutex
	m  atomic.Pointer[map[raftdiag.NodeID]string]
}

const maxIDNames = 1024

func (n *idNames) name(id raftdiag.NodeID) string {
	if id < 100 { // strconv has these ready
		return strconv.FormatUint(uint64(id), 10)
	}
	m := n.m.Load()
	if m != nil {
		if s, ok := (*m)[id]; ok {
			return s
		}
	}
	s := strconv.FormatUint(uint64(id), 10)
	n.mu.Lock()
	defer n.mu.Unlock()
	m = n.m.Load()
	next := map[raftdiag.NodeID]string{}
	if m != nil {
		if len(*m) >= maxIDNames {
			return s
		}
		for k, v := range *m {
			next[k] = v
		}
	}
	next[id] = s
	n.m.Store(&next)
	return s
}
