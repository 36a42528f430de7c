package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A boltDisk is a disk that is a real file: one bucket for each group, with a
// bucket of entries in it and a key for each of the other things.
type boltDisk struct{ db *bbolt.DB }

type boltShelf struct {
	db    *bbolt.DB
	group []byte
}

// files are the disks of a cluster in a directory.
type files struct {
	dir  string
	sync bool
}

func (f files) path(id uint64) string { return filepath.Join(f.dir, fmt.Sprintf("node%d.db", id)) }

func (f files) open(id uint64) (disk, error) { return openDisk(f.path(id), f.sync) }
func (f files) wipe(id uint64) error         { return os.Remove(f.path(id)) }

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
func openDisk(path string, sync bool) (*boltDisk, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: !sync, NoFreelistSync: true, NoStatistics: true})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &boltDisk{db}, nil
}

func (d *boltDisk) close() error { return d.db.Close() }

func (d *boltDisk) shelf(group string, conf raftpb.ConfState) (shelf, error) {
	s := boltShelf{d.db, []byte(group)}
	return s, d.db.Update(func(tx *bbolt.Tx) error {
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
		k := first(conf)
		return firstError(put(b, keySnapshot, &k.snap), put(b, keyConfState, &k.conf),
			put(b, keyHardState, &k.hard), b.Put(keyApplied, bigEndian(k.applied)))
	})
}

func (s boltShelf) load() (k kept, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.group)
		if err := firstError(k.snap.Unmarshal(b.Get(keySnapshot)), k.hard.Unmarshal(b.Get(keyHardState)), k.conf.Unmarshal(b.Get(keyConfState))); err != nil {
			return err
		}
		c := b.Bucket(keyEntries).Cursor()
		for key, v := c.Seek(bigEndian(k.snap.Metadata.Index + 1)); key != nil; key, v = c.Next() {
			var e raftpb.Entry
			if err := e.Unmarshal(v); err != nil {
				return fmt.Errorf("entry %d: %w", binary.BigEndian.Uint64(key), err)
			}
			k.entries = append(k.entries, e)
		}
		k.applied = binary.BigEndian.Uint64(b.Get(keyApplied))
		k.state = append([]byte(nil), b.Get(keyState)...)
		return nil
	})
	return k, err
}

func (s boltShelf) save(rd raft.Ready) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
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
}

func (s boltShelf) saveConf(cs raftpb.ConfState) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return put(tx.Bucket(s.group), keyConfState, &cs) })
}

func (s boltShelf) apply(index uint64, state []byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.group)
		return firstError(b.Put(keyApplied, bigEndian(index)), b.Put(keyState, state))
	})
}

func (s boltShelf) compact(snap raftpb.Snapshot) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(s.group)
		if err := put(b, keySnapshot, &snap); err != nil {
			return err
		}
		c := b.Bucket(keyEntries).Cursor()
		for k, _ := c.First(); k != nil && binary.BigEndian.Uint64(k) <= snap.Metadata.Index; k, _ = c.Next() {
			if err := c.Delete(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s boltShelf) forget(index uint64) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		return cut(tx.Bucket(s.group).Bucket(keyEntries), index+1)
	})
}

func (f files) spoil(id uint64, group string) error {
	d, err := openDisk(f.path(id), false)
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

func (f files) empty(id uint64) error {
	d, err := openDisk(f.path(id), false)
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
			k := first(conf)
			hs.Commit = k.hard.Commit
			return firstError(cut(b.Bucket(keyEntries), 0), put(b, keyHardState, &hs), put(b, keySnapshot, &k.snap),
				b.Put(keyApplied, bigEndian(k.applied)), b.Delete(keyState))
		})
	}), d.close())
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
