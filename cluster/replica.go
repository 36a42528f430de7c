package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag/raftlog"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// An env is the world of a replica: time, network, and the way of committed
// entries to the state machine.
type env interface {
	now() time.Time
	sleep(d time.Duration)
	send(group string, m raftpb.Message, id int) error
	// apply takes committed entries or a snapshot; it must not wait.
	apply(r *replica, b batch)
	// write takes what is for storage, where writes are asynchronous; it must
	// not wait.
	write(r *replica, w write)
	dice() *dice
	library(group string) raft.Logger

	// The rest is for the truth. Messages have numbers there, or 0.
	printed(group string) (line int) // of the oldest message that was not asked for
	made(group string, m raftpb.Message, line int) (id int)
	lost(id int, fate MessageFate, why error)
	look(r ReplicaState)
}

// A batch is what the state machine has to take in: a snapshot, then entries.
type batch struct {
	snapshot raftpb.Snapshot
	entries  []raftpb.Entry
	done     []raftpb.Message // for Raft, when they are applied
}

// A write is what storage has to take in beside the Raft loop. The message
// holds those that leave when it has; lines are where the log printed them.
type write struct {
	message raftpb.Message
	lines   []int
}

// A replica is one group on one node: a RawNode with its store, its log and
// the clients that wait on it. Its methods tick, step, propose and ready are
// for one goroutine at a time; after any of the others, ready is due.
type replica struct {
	env   env
	id    uint64 // as the node knows itself
	group string
	o     *options
	hooks *hooks
	log   *raftlog.Log
	store *store
	rn    *raft.RawNode

	role   raft.StateType
	term   uint64
	silent int    // ticks since the last status
	idle   int    // ticks without a leader or a vote given
	until  int    // idle ticks before it campaigns
	began  uint64 // the term in which the timeout began

	sm      stateMachine
	waiters waiters

	mu   sync.Mutex
	view ReplicaState
}

// newReplica opens the group on the disk and states what it found.
func newReplica(e env, id uint64, group string, o *options, h *hooks, log *raftlog.Log, d disk) (*replica, error) {
	s, applied, state, err := openStore(d, group, o.confOf(id))
	if err != nil {
		return nil, err
	}
	m, err := restore(state)
	if err != nil {
		return nil, err
	}
	r := &replica{env: e, id: id, group: group, o: o, hooks: h, log: log, store: s}
	r.sm = stateMachine{machine: m, applied: applied}
	r.waiters.byID = map[uint64]*waiter{}
	hs, cs, _ := s.InitialState()
	first, _ := s.FirstIndex()
	last, _ := s.LastIndex()
	// The commit may be saved later than it is applied, or never: what Raft does
	// not know to be committed it hands out again.
	applied = min(applied, hs.Commit)
	log.Boot(hs, cs, first, last, applied)
	r.rn, err = raft.NewRawNode(&raft.Config{
		ID: id, ElectionTick: o.electionTick, HeartbeatTick: o.heartbeatTick,
		Storage: s, Applied: applied, MaxSizePerMsg: 64 << 10, MaxInflightMsgs: o.maxInflight,
		MaxUncommittedEntriesSize: o.maxUncommitted, CheckQuorum: o.CheckQuorum, PreVote: o.PreVote,
		DisableProposalForwarding: o.noForwarding, AsyncStorageWrites: o.AsyncWrites, Logger: e.library(group),
	})
	if err != nil {
		return nil, err
	}
	r.calm()
	r.look()
	return r, nil
}

// tick lets one tick of Raft's time pass. The election timeout is the
// replica's own, because the library draws its timeouts from a source that
// cannot be seeded.
func (r *replica) tick() {
	r.silent++
	if r.rn.BasicStatus().RaftState == raft.StateLeader {
		r.idle = 0
		r.rn.Tick()
		return
	}
	r.rn.TickQuiesced()
	if r.idle++; r.idle >= r.until {
		r.calm()
		_ = r.rn.Campaign() // who is no voter does not campaign
	}
}

// calm begins a new election timeout.
func (r *replica) calm() {
	r.idle, r.until, r.began = 0, r.o.electionTick+r.env.dice().IntN(r.o.electionTick), r.rn.BasicStatus().Term
}

// heeds begins a new election timeout where Raft does: a leader was heard, a
// vote was given, or a new term began.
func (r *replica) heeds(m raftpb.Message) {
	if now := r.rn.BasicStatus(); now.Term != r.began {
		r.calm()
	} else if now.RaftState == raft.StateFollower && m.Term == now.Term {
		switch m.Type {
		case raftpb.MsgApp, raftpb.MsgHeartbeat, raftpb.MsgSnap:
			r.calm()
		}
	}
}

// step gives Raft a message that arrived.
func (r *replica) step(m raftpb.Message) {
	err := error(nil)
	defer r.heeds(m)
	if m.Type == raftpb.MsgProp && r.rn.BasicStatus().RaftState != raft.StateLeader {
		// Forwarding it once more could send it round in circles.
		err = raft.ErrProposalDropped
	} else {
		err = r.rn.Step(m)
	}
	if err != nil {
		r.log.StepFailed(m, err)
	}
}

// propose gives Raft a client's command.
func (r *replica) propose(id uint64, data []byte) {
	if err := r.rn.Propose(data); err != nil {
		r.log.ProposalDropped(len(data), err)
		r.waiters.end(id, Dropped)
	}
}

// status states what Raft holds.
func (r *replica) status() {
	r.silent = 0
	if !r.log.Enabled() {
		return
	}
	first, err := r.store.FirstIndex()
	if err != nil {
		return
	}
	last, err := r.store.LastIndex()
	if err != nil {
		return
	}
	st := r.rn.Status()
	// What counts is what the state machine has taken in. Raft counts an
	// entry as applied once it was handed out.
	st.Applied = min(st.Applied, r.sm.index())
	r.log.Status(st, first, last)
}

// ready does what Raft asks for until it asks for nothing. An error ends the
// node.
func (r *replica) ready() error {
	defer r.look()
	if r.rn.BasicStatus().Term != r.began {
		r.calm() // it was made to campaign
	}
	if r.silent > 2*r.o.heartbeatTick && !r.rn.HasReady() {
		r.status()
	}
	for r.rn.HasReady() {
		r.status()
		if !allow(&r.hooks.drains, func(f func(string) bool) bool { return f(r.group) }) {
			return nil
		}
		rd := r.rn.Ready()
		for _, f := range r.hooks.taken.all() {
			(*f)(r.group, &rd)
		}
		r.log.Ready(rd)
		r.follow(rd)
		if r.o.AsyncWrites {
			if err := r.handOut(rd); err != nil {
				return err
			}
			r.look()
			continue
		}
		// A leader's messages may leave while its own disk still writes; those
		// of others vouch for what is on disk.
		leads := r.role == raft.StateLeader
		if leads {
			r.send(rd.Messages)
		}
		if err := r.save(rd, true, func() uint64 { return r.rn.BasicStatus().Commit }); err != nil {
			return err
		}
		if !leads {
			r.send(rd.Messages)
		}
		if err := r.configure(rd.CommittedEntries); err != nil {
			return err
		}
		if len(rd.CommittedEntries) > 0 || !raft.IsEmptySnap(rd.Snapshot) {
			r.env.apply(r, batch{snapshot: rd.Snapshot, entries: rd.CommittedEntries})
		}
		r.rn.Advance(rd)
		r.look()
	}
	return nil
}

// follow keeps role, term and the indexes that proposals got.
func (r *replica) follow(rd raft.Ready) {
	if rd.HardState.Term > 0 {
		r.term = rd.HardState.Term
	}
	if rd.SoftState != nil {
		r.log.Role(r.role, rd.SoftState.RaftState, r.term, rd.SoftState.Lead)
		r.role = rd.SoftState.RaftState
	}
	for i := range rd.Entries {
		e := &rd.Entries[i]
		c, ok := decodeCommand(e.Data)
		if !ok || e.Type != raftpb.EntryNormal {
			continue
		}
		if r.waiters.place(c.id, e.Index) && r.role == raft.StateLeader {
			r.log.Proposed(e.Index, e.Term, len(e.Data))
		}
	}
}

// handOut gives the parts of a Ready to those who work beside the Raft loop:
// messages to the transport, writes to storage, committed entries to the state
// machine. Storage and the state machine answer when they have done them.
func (r *replica) handOut(rd raft.Ready) error {
	for _, m := range rd.Messages {
		switch m.To {
		case raft.LocalAppendThread:
			w := write{message: m, lines: make([]int, len(m.Responses))}
			for i, held := range m.Responses {
				if r.own(held) {
					continue
				}
				w.lines[i] = r.env.printed(r.group)
				r.grants(held)
			}
			r.env.write(r, w)
		case raft.LocalApplyThread:
			if err := r.configure(m.Entries); err != nil {
				return err
			}
			r.env.apply(r, batch{entries: m.Entries, done: m.Responses})
		default:
			r.send([]raftpb.Message{m})
		}
	}
	return nil
}

// own reports whether the message is for this node's own Raft.
func (r *replica) own(m raftpb.Message) bool { return m.To == r.id }

// hear gives Raft an answer of its own storage, or of its own state machine.
func (r *replica) hear(m raftpb.Message) {
	_ = r.rn.Step(m) // a node that was removed does not know itself any more
}

// grants begins a new election timeout where a vote is given.
func (r *replica) grants(m raftpb.Message) {
	if m.Type == raftpb.MsgVoteResp && !m.Reject {
		r.calm()
	}
}

func (r *replica) send(messages []raftpb.Message) {
	for _, m := range messages {
		r.grants(m)
		if err := r.leave(m, r.env.printed(r.group)); err != nil {
			r.unreachable(m)
		}
	}
}

// leave lets a message out that the log printed at the line. An error is the
// transport's, which did not take it.
func (r *replica) leave(m raftpb.Message, line int) error {
	id := r.env.made(r.group, m, line)
	if !allow(&r.hooks.leaves, func(f func(string, raftpb.Message) bool) bool { return f(r.group, m) }) {
		r.env.lost(id, Withheld, nil)
		return nil
	}
	if err := r.handOver(m, id); err != nil {
		r.env.lost(id, Refused, err)
		r.log.SendFailed(m, err)
		return err
	}
	r.log.HandedOver(m)
	return nil
}

// handOver gives the transport a message.
func (r *replica) handOver(m raftpb.Message, id int) error {
	for _, f := range r.hooks.refuses.all() {
		if err := (*f)(r.group, m); err != nil {
			return err
		}
	}
	return r.env.send(r.group, m, id)
}

// unreachable tells Raft that a message did not get through.
func (r *replica) unreachable(m raftpb.Message) {
	r.rn.ReportUnreachable(m.To)
	if m.Type == raftpb.MsgSnap {
		r.rn.ReportSnapshot(m.To, raft.SnapshotFailure)
	}
}

// sent is the transport's word on a message that was queued.
func (r *replica) sent(m raftpb.Message, err error) {
	switch {
	case err != nil:
		r.unreachable(m)
	case m.Type == raftpb.MsgSnap:
		r.rn.ReportSnapshot(m.To, raft.SnapshotFinish)
	}
}

// keep brings into storage what a MsgStorageAppend asks to be kept, and a
// snapshot into the state machine as well. One wait for the disk serves for all
// that was asked for before it began.
func (r *replica) keep(m raftpb.Message, wait bool) error {
	rd := raft.Ready{Entries: m.Entries, HardState: raftpb.HardState{Term: m.Term, Vote: m.Vote, Commit: m.Commit}}
	if m.Snapshot != nil {
		rd.Snapshot = *m.Snapshot
	}
	if err := r.save(rd, wait, func() uint64 { return r.state().Commit }); err != nil {
		return err
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		r.env.apply(r, batch{snapshot: rd.Snapshot})
	}
	return nil
}

// save writes what a Ready asks to be kept. A disk takes its time if it is
// waited for.
func (r *replica) save(rd raft.Ready, wait bool, commit func() uint64) error {
	writes := len(rd.Entries) > 0 || !raft.IsEmptyHardState(rd.HardState) || !raft.IsEmptySnap(rd.Snapshot)
	if !writes {
		return nil
	}
	told := rd
	if !allow(&r.hooks.stores, func(f func(string) bool) bool { return f(r.group) }) {
		rd.Entries = nil
	}
	if !allow(&r.hooks.hards, func(f func(string) bool) bool { return f(r.group) }) {
		rd.HardState, told.HardState = raftpb.HardState{}, raftpb.HardState{}
	}
	if !r.o.AsyncWrites {
		told = rd // who forgets to append does not say that he did; who appends beside Raft thinks so
	}
	began := r.env.now()
	var err error
	if wait {
		r.env.sleep(r.o.write())
		for _, f := range r.hooks.disk.all() {
			delay, fail := (*f)(r.group)
			r.env.sleep(delay)
			err = errors.Join(err, fail)
		}
	}
	if err == nil {
		err = r.store.save(rd)
	}
	if err != nil {
		err = fmt.Errorf("append: %w", err)
		r.log.StorageFailed(err)
		return err
	}
	if took := r.env.now().Sub(began); took > r.o.slow {
		r.log.Slow("append", took)
	}
	r.log.Stored(told)
	for _, f := range r.hooks.stored.all() {
		(*f)(r.group, r.store, commit())
	}
	return nil
}

// configure lets the configuration changes among committed entries take force,
// which they do before the state machine has come to them.
func (r *replica) configure(entries []raftpb.Entry) error {
	for _, e := range entries {
		var cc raftpb.ConfChangeI
		switch e.Type {
		case raftpb.EntryConfChange:
			var c raftpb.ConfChange
			if err := c.Unmarshal(e.Data); err != nil {
				return err
			}
			cc = c
		case raftpb.EntryConfChangeV2:
			var c raftpb.ConfChangeV2
			if err := c.Unmarshal(e.Data); err != nil {
				return err
			}
			cc = c
		default:
			continue
		}
		cs := r.rn.ApplyConfChange(cc)
		if err := r.store.saveConf(*cs); err != nil {
			return err
		}
		r.log.Config(*cs, e.Index)
	}
	return nil
}

// compact makes a snapshot of what is applied and drops the entries before it.
func (r *replica) compact() error {
	index, state := r.sm.snapshot()
	if first, _ := r.store.FirstIndex(); index < first {
		return nil
	}
	term, err := r.store.compact(index, state)
	if err == nil {
		r.log.SnapshotCreated(index, term)
	}
	return err
}

// look takes the picture of the replica that others may see.
func (r *replica) look() {
	st := r.rn.Status()
	last, _ := r.store.LastIndex()
	v := ReplicaState{
		Group: r.group, Role: st.RaftState, Term: st.Term, Lead: st.Lead,
		Commit: st.Commit, Last: last, Applied: r.sm.index(),
		Voters: voterIDs(st.Config.Voters.IDs()), Progress: map[uint64]PeerState{},
	}
	for id, p := range st.Progress {
		v.Progress[id] = PeerState{Match: p.Match, Next: p.Next, State: p.State.String(), Paused: p.IsPaused(), Pending: p.PendingSnapshot}
	}
	r.mu.Lock()
	r.view = v
	r.mu.Unlock()
	r.env.look(v)
}

func (r *replica) state() ReplicaState {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.view
	v.Applied = r.sm.index()
	return v
}

// A stateMachine is the machine with the index that it has applied.
type stateMachine struct {
	mu      sync.Mutex
	machine machine
	applied uint64
}

func (s *stateMachine) index() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied
}

func (s *stateMachine) snapshot() (uint64, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied, s.machine.snapshot()
}

// applyBatch brings the batch into the state machine and tells its clients.
func (r *replica) applyBatch(ctx context.Context, b batch) error {
	if !raft.IsEmptySnap(b.snapshot) {
		m, err := restore(b.snapshot.Data)
		if err != nil {
			return err
		}
		r.sm.mu.Lock()
		r.sm.machine, r.sm.applied = m, b.snapshot.Metadata.Index
		r.sm.mu.Unlock()
		r.log.Applied(b.snapshot.Metadata.Index, 0)
	}
	for i := range b.entries {
		e := &b.entries[i]
		for _, f := range r.hooks.applies.all() {
			(*f)(ctx, r.group)
		}
		if ctx.Err() != nil {
			return nil
		}
		if e.Index <= r.sm.index() {
			continue // applied before the process was restarted
		}
		c, ok := decodeCommand(e.Data)
		ok = ok && e.Type == raftpb.EntryNormal
		r.sm.mu.Lock()
		if ok {
			r.sm.machine.apply(c)
		}
		r.sm.applied = e.Index
		r.sm.mu.Unlock()
		index, state := r.sm.snapshot()
		if err := r.store.apply(index, state); err != nil {
			return fmt.Errorf("apply %d: %w", e.Index, err)
		}
		r.log.Applied(e.Index, 1)
		if !ok {
			continue
		}
		r.o.truth.applied(c.id, e.Index)
		if !r.waiters.waits(c.id) || !allow(&r.hooks.notifies, func(f func(string) bool) bool { return f(r.group) }) {
			continue
		}
		if w := r.waiters.end(c.id, Committed); w != nil {
			r.log.Replied(e.Index, r.env.now().Sub(w.since))
		}
	}
	return nil
}

// A waiter is a client that proposed here and waits for the apply.
type waiter struct {
	since time.Time
	index uint64 // 0 while it is not known
	size  int
	end   func(fate Fate, index uint64)
}

type waiters struct {
	mu   sync.Mutex
	byID map[uint64]*waiter
}

func (w *waiters) add(id uint64, x *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[id] = x
}

func (w *waiters) waits(id uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byID[id] != nil
}

// place notes the index that the proposal got; false if nobody waits for it.
func (w *waiters) place(id, index uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.byID[id]
	if x != nil {
		x.index = index
	}
	return x != nil
}

// end lets the client go, and returns it if it was still there.
func (w *waiters) end(id uint64, fate Fate) *waiter {
	w.mu.Lock()
	x := w.byID[id]
	delete(w.byID, id)
	w.mu.Unlock()
	if x != nil {
		x.end(fate, x.index)
	}
	return x
}

// late lists the proposals that have waited since before the time.
func (w *waiters) late(before time.Time) []uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []uint64
	for id, x := range w.byID {
		if x.since.Before(before) {
			ids = append(ids, id)
		}
	}
	return ids
}
