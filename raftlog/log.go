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
)

// A Log states the facts of one Raft group on one node. Its methods may be
// called from any goroutine; those that sample Raft (Status, Ready, Took)
// belong in the one that takes the Readys, so that the log has them in order.
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
	view   view
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

// A batch is the events of one method call, in order.
type batch struct {
	l    *Log
	held []*raftdiag.Event // for a BlockSink
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func (l *Log) batch() *batch {
	b := batches.Get().(*batch)
	b.l = l
	return b
}

func (b *batch) emit(e *raftdiag.Event) {
	if b.l.block != nil {
		b.held = append(b.held, e)
		return
	}
	b.l.emit(e)
}

func (b *batch) end() {
	if len(b.held) > 0 {
		b.l.block.EmitBlock(b.held)
		for i, e := range b.held {
			e.Config, e.Text = nil, ""
			events.Put(e)
			b.held[i] = nil
		}
		b.held = b.held[:0]
	}
	b.l = nil
	batches.Put(b)
}

// Boot states with what a group came up: call it once, after its storage was
// opened and before the first Ready. A boot begins a new incarnation.
func (l *Log) Boot(hs raftpb.HardState, cs raftpb.ConfState, first, last, applied uint64) {
	if !l.Enabled() {
		return
	}
	c := confState(cs)
	l.mu.Lock()
	l.config = c
	l.view = view{known: true, hard: hs, soft: raft.SoftState{RaftState: raft.StateFollower}}
	l.mu.Unlock()
	e := l.event(raftdiag.Booted, raftdiag.HasTerm|raftdiag.HasVote|raftdiag.HasCommit|raftdiag.HasApplied|
		raftdiag.HasFirst|raftdiag.HasLast|raftdiag.HasConfig)
	e.Term, e.Vote, e.Commit = raftdiag.Term(hs.Term), raftdiag.NodeID(hs.Vote), raftdiag.Index(hs.Commit)
	e.First, e.Last, e.Applied = raftdiag.Index(first), raftdiag.Index(last), raftdiag.Index(applied)
	e.Config = c
	l.emit(e)
}

// Open is Boot with the reading done here: the state that storage opened with,
// and how far the application's state machine had applied it.
func (l *Log) Open(s raft.Storage, applied uint64) {
	if !l.Enabled() {
		return
	}
	hs, cs, err := s.InitialState()
	if err != nil {
		l.StorageFailed(err)
		return
	}
	first, last, err := bounds(s)
	if err != nil {
		l.StorageFailed(err)
		return
	}
	l.Boot(hs, cs, first, last, applied)
}

func bounds(s IndexSource) (first, last uint64, err error) {
	if first, err = s.FirstIndex(); err == nil {
		last, err = s.LastIndex()
	}
	return first, last, err
}

// A StatusSource is a raft.Node or a *raft.RawNode.
type StatusSource interface{ Status() raft.Status }

// An IndexSource is a raft.Storage.
type IndexSource interface {
	FirstIndex() (uint64, error)
	LastIndex() (uint64, error)
}

// Took is Status and Ready in one, and reads Raft and storage only if the Log
// is on: raft.Status copies every peer's progress. Call it right after
// RawNode.Ready or the receive from Node.Ready, before the Ready is handled.
//
// It states Raft as it was when the Ready was taken. A Node may have gone on
// since; what Status would show of that belongs to the next Ready.
func (l *Log) Took(rd raft.Ready, n StatusSource, s IndexSource) {
	if !l.Enabled() {
		return
	}
	st := n.Status()
	first, last, err := bounds(s)
	l.mu.Lock()
	if !l.view.known {
		l.view.known, l.view.hard, l.view.soft = true, st.HardState, st.SoftState
	}
	l.view.take(&rd)
	v := l.view
	l.mu.Unlock()

	b := l.batch()
	defer b.end()
	if st.ID == raft.None { // a Node that has stopped has no status
		b.ready(&rd)
		b.contents(&rd)
		return
	}
	current := st.Term == v.hard.Term
	st.HardState, st.SoftState = v.hard, v.soft
	b.state(&st)
	b.ready(&rd)
	if current {
		b.peers(&st)
	}
	b.config(&st)
	if err != nil {
		b.storageFailed(err)
	} else {
		end, unstable := v.end(last)
		b.logRow(&st, first, end, unstable, raftdiag.HasLast|raftdiag.HasUnstable)
	}
	b.contents(&rd)
}

// Status states what Raft holds: its state, on a leader the progress of each
// peer, the configuration if it is another one than was stated last, and the
// log, of which storage has first to last. Call it with a RawNode, before or
// after the Ready is taken, or from time to time; with a Node use Took.
func (l *Log) Status(st raft.Status, first, last uint64) {
	if !l.Enabled() || st.ID == raft.None {
		return
	}
	l.mu.Lock()
	v := l.view
	l.mu.Unlock()
	b := l.batch()
	defer b.end()
	b.state(&st)
	b.peers(&st)
	b.config(&st)
	end, unstable := v.end(last)
	set := raftdiag.HasLast
	switch {
	case v.known && st.Commit > v.hard.Commit && st.Commit > end:
		// Raft has taken entries since the last Ready that neither it nor
		// storage shows.
		set = 0
	case v.fresh && st.Commit == v.hard.Commit:
		set |= raftdiag.HasUnstable
	}
	b.logRow(&st, first, end, unstable, set)
}

func (b *batch) state(st *raft.Status) {
	e := b.l.event(raftdiag.State, raftdiag.HasRole|raftdiag.HasTerm|raftdiag.HasVote|raftdiag.HasCommit|raftdiag.HasLead|raftdiag.HasApplied)
	e.Role, e.Term, e.Vote = role(st.RaftState), raftdiag.Term(st.Term), raftdiag.NodeID(st.Vote)
	e.Commit, e.Lead, e.Applied = raftdiag.Index(st.Commit), raftdiag.NodeID(st.Lead), raftdiag.Index(st.Applied)
	b.emit(e)
}

func (b *batch) peers(st *raft.Status) {
	var few [16]uint64
	ids := few[:0]
	for id := range st.Progress {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		pr := st.Progress[id]
		e := b.l.event(raftdiag.ProgressRow, raftdiag.HasPeer|raftdiag.HasMatch|raftdiag.HasNext|raftdiag.HasProgressState|
			raftdiag.HasPaused|raftdiag.HasPendingSnapshot|raftdiag.HasRecentActive|raftdiag.HasLearner)
		e.Peer, e.Match, e.Next = raftdiag.NodeID(id), raftdiag.Index(pr.Match), raftdiag.Index(pr.Next)
		e.Progress.State, e.Paused = progressState(pr.State), pr.IsPaused()
		e.PendingSnapshot, e.RecentActive, e.Learner = raftdiag.Index(pr.PendingSnapshot), pr.RecentActive, pr.IsLearner
		if pr.Inflights != nil {
			e.Set |= raftdiag.HasInflight
			e.Inflight = uint64(pr.Inflights.Count())
		}
		b.emit(e)
	}
}

func (b *batch) config(st *raft.Status) {
	b.l.mu.Lock()
	changed := !sameConfig(b.l.config, &st.Config)
	if changed {
		b.l.config = trackerConfig(&st.Config)
	}
	c := b.l.config
	b.l.mu.Unlock()
	if changed {
		e := b.l.event(raftdiag.ConfigChanged, raftdiag.HasConfig)
		e.Config = c
		b.emit(e)
	}
}

func (b *batch) logRow(st *raft.Status, first, last, unstable uint64, set raftdiag.Field) {
	e := b.l.event(raftdiag.LogRow, set|raftdiag.HasFirst|raftdiag.HasCommit|raftdiag.HasApplied)
	e.First, e.Commit, e.Applied = raftdiag.Index(first), raftdiag.Index(st.Commit), raftdiag.Index(st.Applied)
	if set.Has(raftdiag.HasLast) {
		e.Last = raftdiag.Index(last)
	}
	if set.Has(raftdiag.HasUnstable) {
		e.Unstable = unstable
	}
	b.emit(e)
}

func (b *batch) storageFailed(err error) {
	e := b.l.event(raftdiag.StorageFailed, 0)
	text(e, err)
	b.emit(e)
}

// Ready states that a Ready was taken and what it asks for: each message for a
// peer, and each entry that became committed. Call it where Took would be
// called, by an application that calls Status itself.
//
// With asynchronous storage writes the messages to the storage threads are
// nobody's peers; the answers that they hold back for peers are stated here,
// and those to the node itself are not network messages.
func (l *Log) Ready(rd raft.Ready) {
	if !l.Enabled() {
		return
	}
	l.mu.Lock()
	l.view.take(&rd)
	l.mu.Unlock()
	b := l.batch()
	defer b.end()
	b.ready(&rd)
	b.contents(&rd)
}

// ready states the numbers of a Ready. Raft holds its votes and its answers to
// appends back until the append is stored: those are the persisted messages.
func (b *batch) ready(rd *raft.Ready) {
	l := b.l
	e := l.event(raftdiag.Ready, raftdiag.HasImmediate|raftdiag.HasPersisted|raftdiag.HasEntries|raftdiag.HasCount)
	e.Entries, e.Count = uint64(len(rd.Entries)), uint64(len(rd.CommittedEntries))
	for i := range rd.Messages {
		m := &rd.Messages[i]
		switch {
		case toStorage(m.Type):
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
	b.emit(e)
}

// contents states the messages, the snapshot and the committed entries.
func (b *batch) contents(rd *raft.Ready) {
	l := b.l
	for i := range rd.Messages {
		m := &rd.Messages[i]
		if toStorage(m.Type) {
			for j := range m.Responses {
				b.sent(&m.Responses[j])
			}
		} else {
			b.sent(m)
		}
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		b.emit(l.snapshot(raftdiag.SnapshotReceived, rd.Snapshot.Metadata.Index, rd.Snapshot.Metadata.Term))
	}
	n := len(rd.CommittedEntries)
	if n == 0 {
		return
	}
	e := l.event(raftdiag.Committed, raftdiag.HasCount|raftdiag.HasFirst|raftdiag.HasLast)
	e.Count = uint64(n)
	e.First, e.Last = raftdiag.Index(rd.CommittedEntries[0].Index), raftdiag.Index(rd.CommittedEntries[n-1].Index)
	b.emit(e)
	for i := range rd.CommittedEntries {
		ent := &rd.CommittedEntries[i]
		e := l.event(raftdiag.EntryCommitted, raftdiag.HasIndex|raftdiag.HasTerm|raftdiag.HasEntryType|raftdiag.HasSize)
		e.Index, e.Term = raftdiag.Index(ent.Index), raftdiag.Term(ent.Term)
		e.EntryType, e.Size = raftdiag.EntryType(ent.Type), uint64(len(ent.Data))
		b.emit(e)
	}
}

func (b *batch) sent(m *raftpb.Message) {
	if b.l.forPeer(m) {
		e := b.l.event(raftdiag.Sent, 0)
		header(e, m)
		b.emit(e)
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
	l.mu.Lock()
	l.view.stored(snap.Metadata.Index, entries)
	l.mu.Unlock()
	b := l.batch()
	defer b.end()
	if !raft.IsEmptySnap(snap) {
		b.emit(l.snapshot(raftdiag.SnapshotInstalled, snap.Metadata.Index, snap.Metadata.Term))
	}
	if n := len(entries); n > 0 {
		last := &entries[n-1]
		e := l.event(raftdiag.Appended, raftdiag.HasTerm|raftdiag.HasIndex|raftdiag.HasCount)
		e.Term, e.Index, e.Count = raftdiag.Term(last.Term), raftdiag.Index(last.Index), uint64(n)
		b.emit(e)
	}
	if !raft.IsEmptyHardState(hs) {
		e := l.event(raftdiag.HardStateSaved, raftdiag.HasTerm|raftdiag.HasVote|raftdiag.HasCommit)
		e.Term, e.Vote, e.Commit = raftdiag.Term(hs.Term), raftdiag.NodeID(hs.Vote), raftdiag.Index(hs.Commit)
		b.emit(e)
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
		l.emit(l.snapshot(raftdiag.SnapshotCreated, index, term))
	}
}

func (l *Log) snapshot(k raftdiag.Kind, index, term uint64) *raftdiag.Event {
	e := l.event(k, raftdiag.HasIndex|raftdiag.HasTerm)
	e.Index, e.Term = raftdiag.Index(index), raftdiag.Term(term)
	return e
}

// The words with which Slow says that storage was slow, and that a tick came
// late.
const (
	SlowAppend = "append"
	SlowTick   = "tick"
)

// Slow states that something took long. Call it past a limit that is unusual
// for the application, with a word for the work: SlowAppend, SlowTick, apply.
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
