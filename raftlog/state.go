package raftlog

import (
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A view is what a Log remembers of Raft as it was when the last Ready was
// taken. Each Ready carries what changed, so the sum of them is the state.
type view struct {
	known bool
	hard  raftpb.HardState
	soft  raft.SoftState

	// Entries that a Ready handed out and that storage has not confirmed.
	first, last uint64 // 0: none
	lastTerm    uint64
	snapshot    uint64 // index of a snapshot in the same position
	async       bool   // with asynchronous storage writes several Readys are out
	fresh       bool   // nothing was confirmed since the last Ready
}

// take adds a Ready. Without asynchronous writes a new Ready comes only after
// the last one was dealt with.
func (v *view) take(rd *raft.Ready) {
	if !raft.IsEmptyHardState(rd.HardState) {
		v.hard = rd.HardState
	}
	if rd.SoftState != nil {
		v.soft = raft.SoftState{Lead: rd.SoftState.Lead, RaftState: rd.SoftState.RaftState}
	}
	for i := range rd.Messages {
		v.async = v.async || rd.Messages[i].Type == raftpb.MsgStorageAppend
	}
	v.fresh = true
	if !v.async {
		v.first, v.last, v.snapshot = 0, 0, 0
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		v.first, v.last, v.snapshot = 0, 0, rd.Snapshot.Metadata.Index
	}
	if n := len(rd.Entries); n > 0 {
		if first := rd.Entries[0].Index; v.last == 0 || first < v.first {
			v.first = first
		}
		v.last, v.lastTerm = rd.Entries[n-1].Index, rd.Entries[n-1].Term
	}
}

// stored notes that storage has the snapshot and the entries.
func (v *view) stored(snapshot uint64, entries []raftpb.Entry) {
	v.fresh = false
	if snapshot >= v.snapshot {
		v.snapshot = 0
	}
	if len(entries) == 0 || v.last == 0 {
		return
	}
	switch end := &entries[len(entries)-1]; {
	case end.Index < v.first:
	case end.Index < v.last:
		v.first = end.Index + 1
	case end.Term == v.lastTerm:
		v.first, v.last = 0, 0
	}
}

// end is the last index of Raft's log, and how many entries of it storage does
// not have, where storage's last index is given.
func (v *view) end(storage uint64) (last, unstable uint64) {
	switch {
	case v.last > 0:
		return v.last, v.last - v.first + 1
	default:
		return max(storage, v.snapshot), 0
	}
}
