package raftlog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
)

// A Log states the facts of one Raft group on one node. Its methods may be
// called from any goroutine.
//
// A nil Log, and a Log whose Sink is off, do nothing: an application may call
// the methods without asking first.
type Log struct {
	sink  Sink
	block BlockSink // sink, if it keeps blocks together
	node  raftdiag.NodeID
	group string

	mu     sync.Mutex
	config *raftdiag.Config // the last one stated; never changed in place
	tail   tail
}

// A tail is what the Log knows of entries that Raft has handed out in a Ready
// and that storage has not confirmed.
type tail struct {
	async       bool
	first, last uint64 // 0: none
	term        uint64 // of last
}

// New returns a Log for the group as node sees it. The group may be empty
// where a process has only one. A nil sink makes a Log that does nothing.
func New(s Sink, node uint64, group string) *Log {
	if s == nil {
		return nil
	}
	l := &Log{sink: s, node: raftdiag.NodeID(node), group: group}
	l.block, _ = s.(BlockSink)
	return l
}

// Enabled reports whether the Log writes anything. Ask it before work that
// only the Log needs.
func (l *Log) Enabled() bool { return l != nil && l.sink.Enabled() }

var events = sync.Pool{New: func() any { return new(raftdiag.Event) }}

// event returns an empty event of the kind; emit takes it back.
func (l *Log) event(k raftdiag.Kind, set raftdiag.Field) *raftdiag.Event {
	e := events.Get().(*raftdiag.Event)
	*e = raftdiag.Event{Kind: k, Set: set, Node: l.node, Group: l.group}
	return e
}

func (l *Log) emit(e *raftdiag.Event) {
	l.sink.Emit(e)
	e.Config, e.Text = nil, ""
	events.Put(e)
}

func (l *Log) begin() {
	if l.block != nil {
		l.block.Begin()
	}
}

func (l *Log) end() {
	if l.block != nil {
		l.block.End()
	}
}

// Boot states with what a group came up: call it once, after its storage was
// opened and before the first Ready. A boot begins a new incarnation.
func (l *Log) Boot(hs raftpb.HardState, cs raftpb.ConfState, first, last, applied uint64) {
	if !l.Enabled() {
		return
	}
	c := confState(cs)
	l.mu.Lock()
	l.config, l.tail = c, tail{}
	l.mu.Unlock()
	e := l.event(raftdiag.Booted, raftdiag.HasTerm|raftdiag.HasVote|raftdiag.HasCommit|raftdiag.HasApplied|
		raftdiag.HasFirst|raftdiag.HasLast|raftdiag.HasConfig)
	e.Term, e.Vote, e.Commit = raftdiag.Term(hs.Term), raftdiag.NodeID(hs.Vote), raftdiag.Index(hs.Commit)
	e.First, e.Last, e.Applied = raftdiag.Index(first), raftdiag.Index(last), raftdiag.Index(applied)
	e.Config = c
	l.emit(e)
}

// A StatusSource is a raft.Node or a *raft.RawNode.
type StatusSource interface{ Status() raft.Status }

// An IndexSource is a raft.Storage.
type IndexSource interface {
	FirstIndex() (uint64, error)
	LastIndex() (uint64, error)
}

// Sample is Status with the reading done here, so that an application whose
// log is off does not pay for it: raft.Status copies every peer's progress.
// Call it where Status would be called.
func (l *Log) Sample(n StatusSource, s IndexSource) {
	if !l.Enabled() {
		return
	}
	first, err := s.FirstIndex()
	if err != nil {
		l.StorageFailed(err)
		return
	}
	last, err := s.LastIndex()
	if err != nil {
		l.StorageFailed(err)
		return
	}
	l.Status(n.Status(), first, last)
}

// Status states what Raft holds: its state, on a leader the progress of each
// peer, the configuration if it is another one than before, and the log, of
// which storage has first to last. Call it when a Ready is due and before it
// is taken; more often does no harm.
func (l *Log) Status(st raft.Status, first, last uint64) {
	if !l.Enabled() {
		return
	}
	l.begin()
	defer l.end()

	e := l.event(raftdiag.State, raftdiag.HasRole|raftdiag.HasTerm|raftdiag.HasVote|raftdiag.HasCommit|raftdiag.HasLead|raftdiag.HasApplied)
	e.Role, e.Term, e.Vote = role(st.RaftState), raftdiag.Term(st.Term), raftdiag.NodeID(st.Vote)
	e.Commit, e.Lead, e.Applied = raftdiag.Index(st.Commit), raftdiag.NodeID(st.Lead), raftdiag.Index(st.Applied)
	l.emit(e)

	var few [16]uint64
	peers := few[:0]
	for id := range st.Progress {
		peers = append(peers, id)
	}
	slices.Sort(peers)
	for _, id := range peers {
		pr := st.Progress[id]
		l.progress(id, &pr)
	}

	l.mu.Lock()
	changed := !sameConfig(l.config, &st.Config)
	if changed {
		l.config = trackerConfig(&st.Config)
	}
	c, t := l.config, l.tail
	l.mu.Unlock()
	if changed {
		e := l.event(raftdiag.ConfigChanged, raftdiag.HasConfig)
		e.Config = c
		l.emit(e)
	}

	e = l.event(raftdiag.LogRow, raftdiag.HasFirst|raftdiag.HasLast|raftdiag.HasCommit|raftdiag.HasApplied)
	e.First, e.Last = raftdiag.Index(first), raftdiag.Index(last)
	e.Commit, e.Applied = raftdiag.Index(st.Commit), raftdiag.Index(st.Applied)
	if t.last > 0 { // entries between Ready and storage
		e.Set |= raftdiag.HasUnstable
		e.Last, e.Unstable = raftdiag.Index(t.last), t.last-t.first+1
	}
	l.emit(e)
}

func (l *Log) progress(id uint64, pr *tracker.Progress) {
	e := l.event(raftdiag.ProgressRow, raftdiag.HasPeer|raftdiag.HasMatch|raftdiag.HasNext|raftdiag.HasProgressState|
		raftdiag.HasPaused|raftdiag.HasPendingSnapshot|raftdiag.HasRecentActive|raftdiag.HasLearner)
	e.Peer, e.Match, e.Next = raftdiag.NodeID(id), raftdiag.Index(pr.Match), raftdiag.Index(pr.Next)
	e.Progress.State, e.Paused = progressState(pr.State), pr.IsPaused()
	e.PendingSnapshot, e.RecentActive, e.Learner = raftdiag.Index(pr.PendingSnapshot), pr.RecentActive, pr.IsLearner
	if pr.Inflights != nil {
		e.Set |= raftdiag.HasInflight
		e.Inflight = uint64(pr.Inflights.Count())
	}
	l.emit(e)
}

// Ready states that a Ready was taken and what it asks for: each message for a
// peer, and each entry that became committed. Call it right after
// RawNode.Ready or the receive from Node.Ready, before the Ready is handled.
//
// With asynchronous storage writes the messages to the storage threads are
// nobody's peers; the answers that they hold back for peers are stated here,
// and those to the node itself are not network messages.
func (l *Log) Ready(rd raft.Ready) {
	if !l.Enabled() {
		return
	}
	l.begin()
	defer l.end()

	e := l.event(raftdiag.Ready, raftdiag.HasImmediate|raftdiag.HasPersisted|raftdiag.HasEntries|raftdiag.HasCount)
	e.Entries, e.Count = uint64(len(rd.Entries)), uint64(len(rd.CommittedEntries))
	async := false
	for i := range rd.Messages {
		m := &rd.Messages[i]
		async = async || m.Type == raftpb.MsgStorageAppend
		switch {
		case m.Type == raftpb.MsgStorageAppend || m.Type == raftpb.MsgStorageApply:
			for j := range m.Responses {
				if l.forPeer(&m.Responses[j]) {
					e.Persisted++
				}
			}
		case !l.forPeer(m):
		case afterAppend(m.Type):
			e.Persisted++
		default:
			e.Immediate++
		}
	}
	if rd.SoftState != nil {
		e.Set |= raftdiag.HasRole | raftdiag.HasLead
		e.Role, e.Lead = role(rd.SoftState.RaftState), raftdiag.NodeID(rd.SoftState.Lead)
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		e.Set |= raftdiag.HasTerm | raftdiag.HasVote | raftdiag.HasCommit
		e.Term, e.Vote, e.Commit = raftdiag.Term(rd.Term), raftdiag.NodeID(rd.Vote), raftdiag.Index(rd.Commit)
	}
	l.emit(e)

	for i := range rd.Messages {
		m := &rd.Messages[i]
		if m.Type == raftpb.MsgStorageAppend || m.Type == raftpb.MsgStorageApply {
			for j := range m.Responses {
				if l.forPeer(&m.Responses[j]) {
					l.message(raftdiag.Sent, &m.Responses[j])
				}
			}
		} else if l.forPeer(m) {
			l.message(raftdiag.Sent, m)
		}
	}

	if !raft.IsEmptySnap(rd.Snapshot) {
		l.snapshot(raftdiag.SnapshotReceived, rd.Snapshot.Metadata.Index, rd.Snapshot.Metadata.Term)
	}

	if n := len(rd.CommittedEntries); n > 0 {
		e := l.event(raftdiag.Committed, raftdiag.HasCount|raftdiag.HasFirst|raftdiag.HasLast)
		e.Count = uint64(n)
		e.First, e.Last = raftdiag.Index(rd.CommittedEntries[0].Index), raftdiag.Index(rd.CommittedEntries[n-1].Index)
		l.emit(e)
		for i := range rd.CommittedEntries {
			ent := &rd.CommittedEntries[i]
			e := l.event(raftdiag.EntryCommitted, raftdiag.HasIndex|raftdiag.HasTerm|raftdiag.HasEntryType|raftdiag.HasSize)
			e.Index, e.Term = raftdiag.Index(ent.Index), raftdiag.Term(ent.Term)
			e.EntryType, e.Size = raftdiag.EntryType(ent.Type), uint64(len(ent.Data))
			l.emit(e)
		}
	}

	l.mu.Lock()
	l.tail.handedOut(rd.Entries, async)
	l.mu.Unlock()
}

// handedOut notes the entries of a new Ready. Without asynchronous writes a
// new Ready comes only after the last one is dealt with.
func (t *tail) handedOut(entries []raftpb.Entry, async bool) {
	t.async = t.async || async
	if !t.async {
		t.first, t.last = 0, 0
	}
	if len(entries) == 0 {
		return
	}
	first, last := entries[0].Index, entries[len(entries)-1]
	if t.last == 0 || first < t.first {
		t.first = first
	}
	t.last, t.term = last.Index, last.Term
}

// stored notes that storage has the entries up to last.
func (t *tail) stored(last *raftpb.Entry) {
	switch {
	case t.last == 0 || last.Index < t.first:
	case last.Index < t.last:
		t.first = last.Index + 1
	case last.Term == t.term:
		t.first, t.last = 0, 0
	}
}

// Stored states that storage took the snapshot, the entries and the HardState
// of the Ready. Call it when they are in storage, as safe as the application
// makes them, and before Advance. With asynchronous storage writes use
// StoredMessage.
func (l *Log) Stored(rd raft.Ready) {
	if l.Enabled() {
		l.stored(rd.Snapshot, rd.Entries, rd.HardState)
	}
}

// StoredMessage is Stored for the storage thread of an application with
// asynchronous storage writes: m is the MsgStorageAppend that storage took.
func (l *Log) StoredMessage(m raftpb.Message) {
	if !l.Enabled() || m.Type != raftpb.MsgStorageAppend {
		return
	}
	var snap raftpb.Snapshot
	if m.Snapshot != nil {
		snap = *m.Snapshot
	}
	l.stored(snap, m.Entries, raftpb.HardState{Term: m.Term, Vote: m.Vote, Commit: m.Commit})
}

func (l *Log) stored(snap raftpb.Snapshot, entries []raftpb.Entry, hs raftpb.HardState) {
	l.begin()
	defer l.end()
	if !raft.IsEmptySnap(snap) {
		l.snapshot(raftdiag.SnapshotInstalled, snap.Metadata.Index, snap.Metadata.Term)
	}
	if n := len(entries); n > 0 {
		last := &entries[n-1]
		l.mu.Lock()
		l.tail.stored(last)
		l.mu.Unlock()
		e := l.event(raftdiag.Appended, raftdiag.HasTerm|raftdiag.HasIndex|raftdiag.HasCount)
		e.Term, e.Index, e.Count = raftdiag.Term(last.Term), raftdiag.Index(last.Index), uint64(n)
		l.emit(e)
	}
	if !raft.IsEmptyHardState(hs) {
		e := l.event(raftdiag.HardStateSaved, raftdiag.HasTerm|raftdiag.HasVote|raftdiag.HasCommit)
		e.Term, e.Vote, e.Commit = raftdiag.Term(hs.Term), raftdiag.NodeID(hs.Vote), raftdiag.Index(hs.Commit)
		l.emit(e)
	}
}

// HandedOver states that the transport was given the message. Call it where
// the application passes a message on, so that one that it drops is missed.
func (l *Log) HandedOver(m raftpb.Message) {
	if l.Enabled() && l.forPeer(&m) {
		l.message(raftdiag.HandedOver, &m)
	}
}

// SendFailed states that the transport could not deliver the message. Call it
// with the transport's own error, beside Node.ReportUnreachable.
func (l *Log) SendFailed(m raftpb.Message, err error) {
	if !l.Enabled() || !l.forPeer(&m) {
		return
	}
	e := l.event(raftdiag.SendFailed, raftdiag.HasPeer)
	header(e, &m)
	e.Peer = raftdiag.NodeID(m.To)
	text(e, err)
	l.emit(e)
}

// Received states that a message arrived from the network. Call it before
// Step, also for messages that Step will ignore.
func (l *Log) Received(m raftpb.Message) {
	if l.Enabled() && !l.local(&m) {
		l.message(raftdiag.Received, &m)
	}
}

// StepFailed states that Raft did not take an arrived message: call it when
// Step returns an error.
func (l *Log) StepFailed(m raftpb.Message, err error) {
	if !l.Enabled() || l.local(&m) {
		return
	}
	e := l.event(raftdiag.StepFailed, 0)
	header(e, &m)
	text(e, err)
	l.emit(e)
}

// Proposing states that a client's entry is about to be given to Raft. Call
// it before Propose.
func (l *Log) Proposing(size int) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.Proposing, raftdiag.HasSize)
	e.Size = uint64(size)
	l.emit(e)
}

// Proposed states that Raft took an entry. Call it when Propose returned no
// error. Index and term are 0 where the application does not know them, which
// is the rule: Propose does not tell.
func (l *Log) Proposed(index, term uint64, size int) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.Proposed, raftdiag.HasSize)
	e.Size = uint64(size)
	if index > 0 {
		e.Set |= raftdiag.HasIndex
		e.Index = raftdiag.Index(index)
	}
	if term > 0 {
		e.Set |= raftdiag.HasTerm
		e.Term = raftdiag.Term(term)
	}
	l.emit(e)
}

// ProposalDropped states that an entry was refused. Call it when Propose
// returned an error, or when the application itself turned a client away.
func (l *Log) ProposalDropped(size int, err error) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.ProposalDropped, raftdiag.HasSize)
	e.Size = uint64(size)
	text(e, err)
	l.emit(e)
}

// Waiting states that a client waits for the entry at index to commit.
func (l *Log) Waiting(index uint64) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.Waiting, raftdiag.HasIndex)
	e.Index = raftdiag.Index(index)
	l.emit(e)
}

// ProposalTimedOut states that a client gave up after it waited for its entry.
// The index is 0 where it is not known.
func (l *Log) ProposalTimedOut(index uint64, waited time.Duration) {
	l.wait(raftdiag.ProposalTimedOut, index, waited)
}

// Applied states that the state machine has applied all entries up to index,
// count of them in this step. Call it when it has.
func (l *Log) Applied(index uint64, count int) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.Applied, raftdiag.HasIndex|raftdiag.HasCount)
	e.Index, e.Count = raftdiag.Index(index), uint64(count)
	l.emit(e)
}

// Replied states that the client that waited for the entry at index was told
// of it, after it waited. Call it when the waiter is woken.
func (l *Log) Replied(index uint64, waited time.Duration) {
	l.wait(raftdiag.Replied, index, waited)
}

func (l *Log) wait(k raftdiag.Kind, index uint64, waited time.Duration) {
	if !l.Enabled() {
		return
	}
	e := l.event(k, raftdiag.HasDuration)
	e.Duration = waited
	if index > 0 {
		e.Set |= raftdiag.HasIndex
		e.Index = raftdiag.Index(index)
	}
	l.emit(e)
}

// ApplyFailed states that the state machine did not take the entry at index.
func (l *Log) ApplyFailed(index uint64, err error) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.ApplyFailed, raftdiag.HasIndex)
	e.Index = raftdiag.Index(index)
	text(e, err)
	l.emit(e)
}

// Config states the configuration that is now in force. Call it with what
// ApplyConfChange returned and the index of the entry that made it; the index
// is 0 where it is not known. Without it, Status states the change when it
// sees it.
func (l *Log) Config(cs raftpb.ConfState, index uint64) {
	if !l.Enabled() {
		return
	}
	c := confState(cs)
	l.mu.Lock()
	l.config = c
	l.mu.Unlock()
	e := l.event(raftdiag.ConfigChanged, raftdiag.HasConfig)
	e.Config = c
	if index > 0 {
		e.Set |= raftdiag.HasIndex
		e.Index = raftdiag.Index(index)
	}
	l.emit(e)
}

// Role states that the node changed its role, or the leader that it knows (0:
// none). Call it where the application acts on a SoftState; Ready states the
// SoftState as well.
func (l *Log) Role(from, to raft.StateType, term, lead uint64) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.RoleChanged, raftdiag.HasRole|raftdiag.HasOldRole|raftdiag.HasTerm|raftdiag.HasLead)
	e.OldRole, e.Role = role(from), role(to)
	e.Term, e.Lead = raftdiag.Term(term), raftdiag.NodeID(lead)
	l.emit(e)
}

// SnapshotCreated states that the application made a snapshot of its state at
// index, whose entry has the term.
func (l *Log) SnapshotCreated(index, term uint64) {
	if l.Enabled() {
		l.snapshot(raftdiag.SnapshotCreated, index, term)
	}
}

func (l *Log) snapshot(k raftdiag.Kind, index, term uint64) {
	e := l.event(k, raftdiag.HasIndex|raftdiag.HasTerm)
	e.Index, e.Term = raftdiag.Index(index), raftdiag.Term(term)
	l.emit(e)
}

// Slow states that something took long. Call it past a limit that is unusual
// for the application, with a word for the work: append, apply, tick.
func (l *Log) Slow(what string, took time.Duration) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.Slow, raftdiag.HasText|raftdiag.HasDuration)
	e.Text, e.Duration = what, took
	l.emit(e)
}

// StorageFailed states that an append, a save or a snapshot did not reach
// storage. Call it with storage's own error.
func (l *Log) StorageFailed(err error) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.StorageFailed, 0)
	text(e, err)
	l.emit(e)
}

// Stopped states that the node shuts down, and why. Call it last: a log that
// merely ends looks like a crash.
func (l *Log) Stopped(why string) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.Stopped, 0)
	say(e, why)
	l.emit(e)
}

// Panicked states that the process dies of a panic with this text. Numbers
// that Raft prints in it are stated too.
func (l *Log) Panicked(text string) {
	if !l.Enabled() {
		return
	}
	e := l.event(raftdiag.Panicked, 0)
	say(e, text)
	if n, ok := numberIn(text, "tocommit("); ok {
		e.Set |= raftdiag.HasCommit
		e.Commit = raftdiag.Index(n)
	}
	if n, ok := numberIn(text, "lastIndex("); ok {
		e.Set |= raftdiag.HasLast
		e.Last = raftdiag.Index(n)
	}
	l.emit(e)
}

// Recover states a panic and lets it go on. Defer it in the goroutine that
// drives Raft: Raft panics when storage lost what it had acknowledged.
func (l *Log) Recover() {
	if r := recover(); r != nil {
		l.Panicked(fmt.Sprint(r))
		panic(r)
	}
}

// numberIn reads the number that follows the key in s.
func numberIn(s, key string) (uint64, bool) {
	_, s, ok := strings.Cut(s, key)
	if !ok {
		return 0, false
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.ParseUint(s[:end], 10, 64)
	return n, err == nil
}

func text(e *raftdiag.Event, err error) {
	if err != nil {
		say(e, err.Error())
	}
}

func say(e *raftdiag.Event, s string) {
	if s != "" {
		e.Set |= raftdiag.HasText
		e.Text = s
	}
}
