package cluster

import (
	"reflect"
	"testing"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"pgregory.net/rapid"
)

// What a store serves from memory is what it has on disk, whatever was done to
// it.
func TestStoreKeepsWhatItServes(t *testing.T) {
	for name, all := range map[string]disks{"file": files{t.TempDir(), false}, "memory": &racks{}} {
		t.Run(name, func(t *testing.T) {
			d, err := all.open(1)
			if err != nil {
				t.Fatal(err)
			}
			defer d.close()
			keepsWhatItServes(t, d)
		})
	}
}

func keepsWhatItServes(t *testing.T, d disk) {
	groups := 0
	rapid.Check(t, func(t *rapid.T) {
		groups++
		group := string(rune('a'+groups%26)) + string(bigEndian(uint64(groups)))
		s, applied, _, err := openStore(d, group, raftpb.ConfState{Voters: []uint64{1, 2, 3}})
		if err != nil {
			t.Fatal(err)
		}
		if applied != 1 || !reflect.DeepEqual(s.conf.Voters, []uint64{1, 2, 3}) {
			t.Fatalf("bootstrap: applied %d, %v", applied, s.conf)
		}
		var term uint64 = 1
		var state []byte
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			first, _ := s.FirstIndex()
			last, _ := s.LastIndex()
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1: // append, over the tail perhaps
				term += rapid.Uint64Range(0, 1).Draw(t, "term")
				from := rapid.Uint64Range(max(first, min(last, applied)), last+1).Draw(t, "from")
				rd := raft.Ready{HardState: raftpb.HardState{Term: term, Vote: 1, Commit: applied}}
				for i := range rapid.Uint64Range(0, 4).Draw(t, "entries") {
					rd.Entries = append(rd.Entries, raftpb.Entry{Index: from + i, Term: term, Data: []byte{byte(i)}})
				}
				err = s.save(rd)
			case 2: // apply
				applied = rapid.Uint64Range(applied, max(applied, last)).Draw(t, "applied")
				state = bigEndian(applied)
				err = s.apply(applied, state)
			case 3:
				if applied >= first && applied <= last {
					_, err = s.compact(applied, state)
				}
			case 4:
				err = s.forget(max(applied, rapid.Uint64Range(0, last).Draw(t, "keep")))
			case 5: // a snapshot from a leader
				applied = max(applied, last) + rapid.Uint64Range(1, 5).Draw(t, "ahead")
				state = bigEndian(applied)
				err = s.save(raft.Ready{Snapshot: raftpb.Snapshot{Data: state, Metadata: raftpb.SnapshotMetadata{
					Index: applied, Term: term, ConfState: raftpb.ConfState{Voters: []uint64{1, 2}}}}})
			}
			if err != nil {
				t.Fatal(err)
			}
			again, wasApplied, wasState, err := openStore(d, group, raftpb.ConfState{})
			if err != nil {
				t.Fatal(err)
			}
			if wasApplied != applied || string(wasState) != string(state) {
				t.Fatalf("applied %d %x on disk, %d %x", wasApplied, wasState, applied, state)
			}
			if a, b := contents(t, s), contents(t, again); !reflect.DeepEqual(a, b) {
				t.Fatalf("in memory %+v, on disk %+v", a, b)
			}
		}
	})
}

type content struct {
	hs          raftpb.HardState
	conf        raftpb.ConfState
	first, last uint64
	entries     []raftpb.Entry
}

func contents(t *rapid.T, s *store) content {
	var c content
	var err error
	c.hs, c.conf, err = s.InitialState()
	if err != nil {
		t.Fatal(err)
	}
	c.first, _ = s.FirstIndex()
	c.last, _ = s.LastIndex()
	if c.last >= c.first {
		if c.entries, err = s.Entries(c.first, c.last+1, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// A command is read back from an entry; other entries are none.
func TestCommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := command{rapid.Uint64().Draw(t, "id"), rapid.StringMatching(`[a-z][a-z0-9]*`).Draw(t, "key"), rapid.Int64().Draw(t, "delta")}
		b := c.encode(rapid.IntRange(0, 200).Draw(t, "size"))
		if got, ok := decodeCommand(b); !ok || got != c {
			t.Fatalf("%+v -> %q -> %+v", c, b, got)
		}
	})
	for _, b := range []string{"", "short", "12345678", "12345678add k\n", "12345678add k x\n", "12345678sub k 1\n"} {
		if c, ok := decodeCommand([]byte(b)); ok {
			t.Errorf("%q is %+v", b, c)
		}
	}
}

// A state machine is restored from its snapshot.
func TestMachine(t *testing.T) {
	m := machine{}
	m.apply(command{1, "a", 2})
	m.apply(command{2, "a", 3})
	m.apply(command{3, "b", -1})
	got, err := restore(m.snapshot())
	if err != nil || !reflect.DeepEqual(got, machine{"a": 5, "b": -1}) {
		t.Errorf("%v %v", got, err)
	}
	if _, err := restore([]byte("{")); err == nil {
		t.Error("half a snapshot is restored")
	}
}
