package cluster

import (
	"fmt"
	"sync"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A disk is what a node has under it: for each group, what outlives a process.
type disk interface {
	// shelf opens the group's place, or bootstraps it with the configuration.
	shelf(group string, conf raftpb.ConfState) (shelf, error)
	close() error
}

// A shelf is one group's place on a disk. Each of its writes is done whole or
// not at all. Only the replica's own steps use it, except apply.
type shelf interface {
	load() (kept, error)
	save(rd raft.Ready) error
	saveConf(cs raftpb.ConfState) error
	apply(index uint64, state []byte) error
	compact(snap raftpb.Snapshot) error
	forget(index uint64) error // loses the entries above index
}

// kept is what a shelf holds.
type kept struct {
	snap    raftpb.Snapshot
	hard    raftpb.HardState
	conf    raftpb.ConfState
	entries []raftpb.Entry
	applied uint64
	state   []byte
}

// first is what a group begins with: a snapshot at index 1, whose
// configuration has the voters.
func first(conf raftpb.ConfState) kept {
	return kept{
		snap: raftpb.Snapshot{Metadata: raftpb.SnapshotMetadata{Index: 1, Term: 1, ConfState: conf}},
		hard: raftpb.HardState{Term: 1, Commit: 1}, conf: conf, applied: 1,
	}
}

// disks are the disks of a cluster.
type disks interface {
	open(id uint64) (disk, error)
	// What can happen to the disk of a node that is down:
	spoil(id uint64, group string) error // the group's newest entry is cut in half
	empty(id uint64) error               // all but terms and votes is lost
	wipe(id uint64) error                // all is lost
}

// A store is what one group has on its node's disk. Reads are served from a
// copy in memory; every write goes to the disk first.
//
// Only the replica's own steps call it, except apply and, with asynchronous
// writes, save and forget.
type store struct {
	shelf
	mu   sync.RWMutex // of mem and conf
	mem  *raft.MemoryStorage
	conf raftpb.ConfState
	lost bool // it has lost entries: what would leave a gap behind them is lost too
	// lie, if set, answers for the term of the entry at index in place of
	// what was stored.
	lie func(index, term uint64) uint64
}

// openStore loads the group, or bootstraps it with the configuration.
func openStore(d disk, group string, conf raftpb.ConfState) (s *store, applied uint64, state []byte, err error) {
	s = &store{}
	if s.shelf, err = d.shelf(group, conf); err == nil {
		applied, state, err = s.reload()
	}
	if err != nil {
		return nil, 0, nil, fmt.Errorf("open group %s: %w", group, err)
	}
	return s, applied, state, nil
}

// reload reads the copy in memory anew from the disk.
func (s *store) reload() (applied uint64, state []byte, err error) {
	k, err := s.load()
	if err != nil {
		return 0, nil, err
	}
	mem := raft.NewMemoryStorage()
	if err := firstError(mem.ApplySnapshot(k.snap), mem.SetHardState(k.hard), mem.Append(k.entries)); err != nil {
		return 0, nil, err
	}
	s.mu.Lock()
	s.mem, s.conf = mem, k.conf
	s.mu.Unlock()
	return k.applied, k.state, nil
}

// memory is the copy in memory.
func (s *store) memory() *raft.MemoryStorage {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.mem
}

// configure keeps the configuration in memory.
func (s *store) configure(cs raftpb.ConfState) {
	s.mu.Lock()
	s.conf = cs
	s.mu.Unlock()
}

// configured is the configuration that is in force.
func (s *store) configured() raftpb.ConfState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conf
}

// save writes what a Ready asks to be kept.
func (s *store) save(rd raft.Ready) error {
	if len(rd.Entries) == 0 && raft.IsEmptyHardState(rd.HardState) && raft.IsEmptySnap(rd.Snapshot) {
		return nil
	}
	mem := s.memory()
	if last, _ := mem.LastIndex(); s.lost && len(rd.Entries) > 0 && rd.Entries[0].Index > last+1 {
		rd.Entries = nil
	}
	if err := s.shelf.save(rd); err != nil {
		return err
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		if err := mem.ApplySnapshot(rd.Snapshot); err != nil {
			return err
		}
		s.configure(rd.Snapshot.Metadata.ConfState)
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		if err := mem.SetHardState(rd.HardState); err != nil {
			return err
		}
	}
	return mem.Append(rd.Entries)
}

// saveConf keeps the configuration that is in force.
func (s *store) saveConf(cs raftpb.ConfState) error {
	s.configure(cs)
	return s.shelf.saveConf(cs)
}

// compact makes a snapshot of the state at index and drops the entries up to
// there. It returns the snapshot's term.
func (s *store) compact(index uint64, state []byte) (term uint64, err error) {
	mem, conf := s.memory(), s.configured()
	snap, err := mem.CreateSnapshot(index, &conf, state)
	if err != nil {
		return 0, err
	}
	if err := s.shelf.compact(snap); err != nil {
		return 0, err
	}
	return snap.Metadata.Term, mem.Compact(index)
}

// forget loses the entries above index, as a store does that keeps its log in
// the wrong place.
func (s *store) forget(index uint64) error {
	if last, _ := s.memory().LastIndex(); last <= index {
		return nil
	}
	s.lost = true
	err := s.shelf.forget(index)
	if err == nil {
		_, _, err = s.reload()
	}
	return err
}

// A store is a raft.Storage.

func (s *store) InitialState() (raftpb.HardState, raftpb.ConfState, error) {
	hs, _, err := s.memory().InitialState()
	return hs, s.configured(), err
}

func (s *store) Entries(lo, hi, max uint64) ([]raftpb.Entry, error) {
	return s.memory().Entries(lo, hi, max)
}
func (s *store) LastIndex() (uint64, error)         { return s.memory().LastIndex() }
func (s *store) FirstIndex() (uint64, error)        { return s.memory().FirstIndex() }
func (s *store) Snapshot() (raftpb.Snapshot, error) { return s.memory().Snapshot() }

func (s *store) Term(i uint64) (uint64, error) {
	t, err := s.memory().Term(i)
	if err == nil && s.lie != nil {
		t = s.lie(i, t)
	}
	return t, err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
