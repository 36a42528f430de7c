package cluster

import (
	"fmt"
	"slices"
	"sync"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// racks are the disks of a cluster that are in memory.
type racks struct {
	mu    sync.Mutex
	disks map[uint64]memDisk
}

// A memDisk is a disk in memory. It outlives the processes that open it.
type memDisk map[string]*memShelf

type memShelf struct {
	mu     sync.Mutex
	kept   kept
	broken uint64 // an entry that cannot be read; 0: none
}

func (r *racks) open(id uint64) (disk, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.disks == nil {
		r.disks = map[uint64]memDisk{}
	}
	if r.disks[id] == nil {
		r.disks[id] = memDisk{}
	}
	return r.disks[id], nil
}

func (r *racks) wipe(id uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.disks, id)
	return nil
}

func (r *racks) spoil(id uint64, group string) error {
	s := r.disks[id][group]
	if s == nil || len(s.kept.entries) == 0 {
		return fmt.Errorf("node %d has no entries to damage", id)
	}
	s.broken = s.kept.entries[len(s.kept.entries)-1].Index
	return nil
}

func (r *racks) empty(id uint64) error {
	for _, s := range r.disks[id] {
		k := first(s.kept.conf)
		k.hard.Term, k.hard.Vote = s.kept.hard.Term, s.kept.hard.Vote
		s.kept = k
	}
	return nil
}

func (d memDisk) close() error { return nil }

func (d memDisk) shelf(group string, conf raftpb.ConfState) (shelf, error) {
	if d[group] == nil {
		d[group] = &memShelf{kept: first(conf)}
	}
	return d[group], nil
}

func (s *memShelf) load() (kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kept
	k.entries = slices.Clone(k.entries)
	for _, e := range k.entries {
		if e.Index != s.broken {
			continue
		}
		data, err := e.Marshal()
		if err == nil {
			err = new(raftpb.Entry).Unmarshal(data[:len(data)/2])
		}
		return k, fmt.Errorf("entry %d: %w", e.Index, err)
	}
	return k, nil
}

func (s *memShelf) save(rd raft.Ready) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !raft.IsEmptySnap(rd.Snapshot) {
		m := rd.Snapshot.Metadata
		s.kept.snap, s.kept.conf, s.kept.entries = rd.Snapshot, m.ConfState, nil
		s.kept.applied, s.kept.state = m.Index, rd.Snapshot.Data
	}
	if len(rd.Entries) > 0 {
		s.cut(rd.Entries[0].Index)
		s.kept.entries = append(s.kept.entries, rd.Entries...)
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		s.kept.hard = rd.HardState
	}
	return nil
}

// cut drops the entries from index on.
func (s *memShelf) cut(index uint64) {
	i, _ := slices.BinarySearchFunc(s.kept.entries, index, func(e raftpb.Entry, index uint64) int { return int(e.Index) - int(index) })
	if i < len(s.kept.entries) { // what was read before must not change
		s.kept.entries = slices.Clip(s.kept.entries[:i])
	}
}

func (s *memShelf) saveConf(cs raftpb.ConfState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.conf = cs
	return nil
}

func (s *memShelf) apply(index uint64, state []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.applied, s.kept.state = index, state
	return nil
}

func (s *memShelf) compact(snap raftpb.Snapshot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.snap = snap
	s.kept.entries = slices.DeleteFunc(slices.Clone(s.kept.entries), func(e raftpb.Entry) bool { return e.Index <= snap.Metadata.Index })
	return nil
}

func (s *memShelf) forget(index uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut(index + 1)
	return nil
}
