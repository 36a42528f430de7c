package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A disk is a node's file: one bucket for each group, with a bucket of entries
// in it and a key for each of the other things that outlive a process.
type disk struct{ db *bbolt.DB }

var (
	keyEntries   = []byte("entries")
	keyHardState = []byte("hardstate")
	keyConfState = []byte("confstate")
	keySnapshot  = []byte("snapshot")
	keyApplied   = []byte("applied")
	keyState     = []byte("state")
)

// openDisk opens or makes the file. Without sync, writes survive the process
// and not the machine, which is all that a run needs.
func openDisk(path string, sync bool) (*disk, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: !sync, NoFreelistSync: true, NoStatistics: true})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &disk{db}, nil
}

func (d *disk) close() error { return d.db.Close() }

// A store is what one group has on its node's disk. Reads are served from a
// copy in memory; every write goes to the file first.
//
// Only the replica's own steps call it, except apply.
type store struct {
	disk  *disk
	group []byte
	mem   *raft.MemoryStorage
	conf  raftpb.ConfState
	// lie, if set, answers for the term of the entry at index in place of
	// what was stored.
	lie func(index, term uint64) uint64
}

// openStore loads the group, or bootstraps it: a first snapshot at index 1,
// whose configuration has the voters.
func openStore(d *disk, group string, voters []uint64) (*store, uint64, []byte, error) {
	s := &store{disk: d, group: []byte(group)}
	var applied uint64
	var state []byte
	err := d.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(s.group) != nil {
			return nil
		}
		b, err := tx.CreateBucket(s.group)
		if err != nil {
			return err
		}
		if _, err := b.CreateBucket(keyEntries); err != nil {
			return err
		}
		first := raftpb.Snapshot{Metadata: raftpb.SnapshotMetadata{Index: 1, Term: 1, ConfState: raftpb.ConfState{Voters: voters}}}
		hs := raftpb.HardState{Term: 1, Commit: 1}
		return firstError(put(b, keySnapshot, &first), put(b, keyConfState, &first.Metadata.ConfState),
			put(b, keyHardState, &hs), b.Put(keyApplied, bigEndian(1)))
	})
	if err == nil {
		applied, state, err = s.load()
	}
	if err != nil {
		return nil, 0, nil, fmt.Errorf("open group %s: %w", group, err)
	}
	return s, applied, state, nil
}

// load reads the copy in memory anew from the file.
func (s *store) load() (applied uint64, state []byte, err error) {
	mem := raft.NewMemoryStorage()
	err = s.disk.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.group)
		var snap raftpb.Snapshot
		var hs raftpb.HardState
		var conf raftpb.ConfState
		if err := firstError(snap.Unmarshal(b.Get(keySnapshot)), hs.Unmarshal(b.Get(keyHardState)), conf.Unmarshal(b.Get(keyConfState))); err != nil {
			return err
		}
		s.conf = conf
		if err := firstError(mem.ApplySnapshot(snap), mem.SetHardState(hs)); err != nil {
			return err
		}
		var entries []raftpb.Entry
		c := b.Bucket(keyEntries).Cursor()
		for k, v := c.Seek(bigEndian(snap.Metadata.Index + 1)); k != nil; k, v = c.Next() {
			var e raftpb.Entry
			if err := e.Unmarshal(v); err != nil {
				return fmt.Errorf("entry %d: %w", binary.BigEndian.Uint64(k), err)
			}
			entries = append(entries, e)
		}
		applied = binary.BigEndian.Uint64(b.Get(keyApplied))
		state = append([]byte(nil), b.Get(keyState)...)
		return mem.Append(entries)
	})
	if err == nil {
		s.mem = mem
	}
	return applied, state, err
}

// save writes what a Ready asks to be kept: all of it or nothing.
func (s *store) save(rd raft.Ready) error {
	if len(rd.Entries) == 0 && raft.IsEmptyHardState(rd.HardState) && raft.IsEmptySnap(rd.Snapshot) {
		return nil
	}
	err := s.disk.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.group)
		if !raft.IsEmptySnap(rd.Snapshot) {
			m := rd.Snapshot.Metadata
			if err := firstError(put(b, keySnapshot, &rd.Snapshot), put(b, keyConfState, &m.ConfState), cut(b.Bucket(keyEntries), 0),
				b.Put(keyApplied, bigEndian(m.Index)), b.Put(keyState, rd.Snapshot.Data)); err != nil {
				return err
			}
		}
		if len(rd.Entries) > 0 {
			log := b.Bucket(keyEntries)
			if err := cut(log, rd.Entries[0].Index); err != nil {
				return err
			}
			for i := range rd.Entries {
				if err := put(log, bigEndian(rd.Entries[i].Index), &rd.Entries[i]); err != nil {
					return err
				}
			}
		}
		if !raft.IsEmptyHardState(rd.HardState) {
			return put(b, keyHardState, &rd.HardState)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		if err := s.mem.ApplySnapshot(rd.Snapshot); err != nil {
			return err
		}
		s.conf = rd.Snapshot.Metadata.ConfState
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		if err := s.mem.SetHardState(rd.HardState); err != nil {
			return err
		}
	}
	return s.mem.Append(rd.Entries)
}

// saveConf keeps the configuration that is in force.
func (s *store) saveConf(cs raftpb.ConfState) error {
	s.conf = cs
	return s.disk.db.Update(func(tx *bbolt.Tx) error { return put(tx.Bucket(s.group), keyConfState, &cs) })
}

// apply keeps the state machine with the index that it has applied. Any
// goroutine may call it.
func (s *store) apply(index uint64, state []byte) error {
	return s.disk.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.group)
		return firstError(b.Put(keyApplied, bigEndian(index)), b.Put(keyState, state))
	})
}

// compact makes a snapshot of the state at index and drops the entries up to
// there. It returns the snapshot's term.
func (s *store) compact(index uint64, state []byte) (term uint64, err error) {
	snap, err := s.mem.CreateSnapshot(index, &s.conf, state)
	if err != nil {
		return 0, err
	}
	err = s.disk.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.group)
		if err := put(b, keySnapshot, &snap); err != nil {
			return err
		}
		c := b.Bucket(keyEntries).Cursor()
		for k, _ := c.First(); k != nil && binary.BigEndian.Uint64(k) <= index; k, _ = c.Next() {
			if err := c.Delete(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return snap.Metadata.Term, s.mem.Compact(index)
}

// forget loses the entries above index, as a store does that keeps its log in
// the wrong place.
func (s *store) forget(index uint64) error {
	if last, _ := s.mem.LastIndex(); last <= index {
		return nil
	}
	err := s.disk.db.Update(func(tx *bbolt.Tx) error {
		return cut(tx.Bucket(s.group).Bucket(keyEntries), index+1)
	})
	if err == nil {
		_, _, err = s.load()
	}
	return err
}

// spoil cuts the group's newest entry in the file in half.
func spoil(path, group string) error {
	d, err := openDisk(path, false)
	if err != nil {
		return err
	}
	return errors.Join(d.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(group)).Bucket(keyEntries)
		k, v := b.Cursor().Last()
		if k == nil {
			return errors.New("no entries to damage")
		}
		return b.Put(k, v[:len(v)/2])
	}), d.close())
}

// empty takes the entries, the snapshots and the state machines out of a file
// and leaves terms and votes.
func empty(path string) error {
	d, err := openDisk(path, false)
	if err != nil {
		return err
	}
	return errors.Join(d.db.Update(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			var hs raftpb.HardState
			var conf raftpb.ConfState
			if err := firstError(hs.Unmarshal(b.Get(keyHardState)), conf.Unmarshal(b.Get(keyConfState))); err != nil {
				return err
			}
			hs.Commit = 1
			first := raftpb.Snapshot{Metadata: raftpb.SnapshotMetadata{Index: 1, Term: 1, ConfState: conf}}
			return firstError(cut(b.Bucket(keyEntries), 0), put(b, keyHardState, &hs), put(b, keySnapshot, &first),
				b.Put(keyApplied, bigEndian(1)), b.Delete(keyState))
		})
	}), d.close())
}

// A store is a raft.Storage.

func (s *store) InitialState() (raftpb.HardState, raftpb.ConfState, error) {
	hs, _, err := s.mem.InitialState()
	return hs, s.conf, err
}

func (s *store) Entries(lo, hi, max uint64) ([]raftpb.Entry, error) {
	return s.mem.Entries(lo, hi, max)
}
func (s *store) LastIndex() (uint64, error)         { return s.mem.LastIndex() }
func (s *store) FirstIndex() (uint64, error)        { return s.mem.FirstIndex() }
func (s *store) Snapshot() (raftpb.Snapshot, error) { return s.mem.Snapshot() }

func (s *store) Term(i uint64) (uint64, error) {
	t, err := s.mem.Term(i)
	if err == nil && s.lie != nil {
		t = s.lie(i, t)
	}
	return t, err
}

type marshaler interface{ Marshal() ([]byte, error) }

func put(b *bbolt.Bucket, key []byte, v marshaler) error {
	data, err := v.Marshal()
	if err != nil {
		return err
	}
	return b.Put(key, data)
}

// cut deletes the keys from index on.
func cut(b *bbolt.Bucket, index uint64) error {
	var keys [][]byte
	c := b.Cursor()
	for k, _ := c.Seek(bigEndian(index)); k != nil; k, _ = c.Next() {
		keys = append(keys, k)
	}
	for _, k := range keys {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

func bigEndian(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
