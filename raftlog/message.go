package raftlog

import (
	"slices"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/quorum"
	"go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
)

// forPeer reports whether the message is for another node: not for a local
// storage thread, and not an answer of the node to itself.
func (l *Log) forPeer(m *raftpb.Message) bool {
	return !raft.IsLocalMsgTarget(m.To) && m.To != uint64(l.node)
}

// local reports whether the message comes from this node's own storage
// threads or is its own answer to itself. A message that another process with
// this node's id sent to a third node, and that came here, is not local.
func (l *Log) local(m *raftpb.Message) bool {
	return raft.IsLocalMsgTarget(m.From) || m.From == uint64(l.node) && m.To == uint64(l.node)
}

// toStorage reports whether messages of the type go to a local storage thread.
func toStorage(t raftpb.MessageType) bool {
	return t == raftpb.MsgStorageAppend || t == raftpb.MsgStorageApply
}

// afterAppend reports whether Raft holds messages of the type back until the
// append is stored.
func afterAppend(t raftpb.MessageType) bool {
	return t == raftpb.MsgAppResp || t == raftpb.MsgVoteResp || t == raftpb.MsgPreVoteResp
}

func (l *Log) message(k raftdiag.Kind, m *raftpb.Message) {
	e := l.event(k, 0)
	header(e, m)
	l.emit(e)
}

// header sets those fields of the message that its type gives a meaning.
// Entries are counted; payloads and contexts are not looked at.
func header(e *raftdiag.Event, m *raftpb.Message) {
	e.Set |= raftdiag.HasType | raftdiag.HasFrom | raftdiag.HasTo | raftdiag.HasTerm
	e.Type = raftdiag.MessageType(m.Type)
	e.From, e.To, e.Term = raftdiag.NodeID(m.From), raftdiag.NodeID(m.To), raftdiag.Term(m.Term)
	switch m.Type {
	case raftpb.MsgApp:
		e.Set |= raftdiag.HasLogTerm | raftdiag.HasIndex | raftdiag.HasCommit | raftdiag.HasEntries
		e.LogTerm, e.Index, e.Commit = raftdiag.Term(m.LogTerm), raftdiag.Index(m.Index), raftdiag.Index(m.Commit)
		e.Entries = uint64(len(m.Entries))
		if n := len(m.Entries); n > 0 {
			e.Set |= raftdiag.HasEntryTerm
			e.EntryTerm = raftdiag.Term(m.Entries[n-1].Term)
		}
	case raftpb.MsgAppResp:
		e.Set |= raftdiag.HasIndex | raftdiag.HasReject
		e.Index, e.Reject = raftdiag.Index(m.Index), m.Reject
		if m.Reject {
			e.Set |= raftdiag.HasHint | raftdiag.HasLogTerm
			e.Hint, e.LogTerm = raftdiag.Index(m.RejectHint), raftdiag.Term(m.LogTerm)
		}
	case raftpb.MsgVote, raftpb.MsgPreVote:
		e.Set |= raftdiag.HasLogTerm | raftdiag.HasIndex
		e.LogTerm, e.Index = raftdiag.Term(m.LogTerm), raftdiag.Index(m.Index)
	case raftpb.MsgVoteResp, raftpb.MsgPreVoteResp:
		e.Set |= raftdiag.HasReject
		e.Reject = m.Reject
	case raftpb.MsgSnap:
		if m.Snapshot != nil {
			e.Set |= raftdiag.HasSnapshot
			e.Snapshot = raftdiag.Index(m.Snapshot.Metadata.Index)
		}
	case raftpb.MsgHeartbeat:
		e.Set |= raftdiag.HasCommit
		e.Commit = raftdiag.Index(m.Commit)
	case raftpb.MsgProp:
		e.Set |= raftdiag.HasEntries
		e.Entries = uint64(len(m.Entries))
	case raftpb.MsgReadIndexResp:
		e.Set |= raftdiag.HasIndex
		e.Index = raftdiag.Index(m.Index)
	}
}

func role(s raft.StateType) raftdiag.Role {
	switch s {
	case raft.StateFollower:
		return raftdiag.Follower
	case raft.StatePreCandidate:
		return raftdiag.PreCandidate
	case raft.StateCandidate:
		return raftdiag.Candidate
	case raft.StateLeader:
		return raftdiag.Leader
	}
	return raftdiag.UnknownRole
}

func progressState(s tracker.StateType) raftdiag.ProgressState {
	switch s {
	case tracker.StateProbe:
		return raftdiag.Probe
	case tracker.StateReplicate:
		return raftdiag.Replicate
	case tracker.StateSnapshot:
		return raftdiag.Snapshot
	}
	return raftdiag.UnknownProgress
}

func confState(cs raftpb.ConfState) *raftdiag.Config {
	list := func(ids []uint64) []raftdiag.NodeID {
		if len(ids) == 0 {
			return nil
		}
		out := make([]raftdiag.NodeID, len(ids))
		for i, id := range ids {
			out[i] = raftdiag.NodeID(id)
		}
		slices.Sort(out)
		return out
	}
	return &raftdiag.Config{
		Voters: list(cs.Voters), VotersOutgoing: list(cs.VotersOutgoing),
		Learners: list(cs.Learners), LearnersNext: list(cs.LearnersNext), AutoLeave: cs.AutoLeave,
	}
}

func trackerConfig(c *tracker.Config) *raftdiag.Config {
	list := func(ids map[uint64]struct{}) []raftdiag.NodeID {
		if len(ids) == 0 {
			return nil
		}
		out := make([]raftdiag.NodeID, 0, len(ids))
		for id := range ids {
			out = append(out, raftdiag.NodeID(id))
		}
		slices.Sort(out)
		return out
	}
	return &raftdiag.Config{
		Voters: list(c.Voters[0]), VotersOutgoing: list(c.Voters[1]),
		Learners: list(c.Learners), LearnersNext: list(c.LearnersNext), AutoLeave: c.AutoLeave,
	}
}

// sameConfig reports whether c is what was stated last, without building it.
func sameConfig(last *raftdiag.Config, c *tracker.Config) bool {
	return last != nil && last.AutoLeave == c.AutoLeave &&
		sameIDs(last.Voters, c.Voters[0]) && sameIDs(last.VotersOutgoing, c.Voters[1]) &&
		sameIDs(last.Learners, c.Learners) && sameIDs(last.LearnersNext, c.LearnersNext)
}

func sameIDs[M quorum.MajorityConfig | map[uint64]struct{}](last []raftdiag.NodeID, ids M) bool {
	if len(last) != len(ids) {
		return false
	}
	for _, id := range last {
		if _, ok := ids[uint64(id)]; !ok {
			return false
		}
	}
	return true
}
