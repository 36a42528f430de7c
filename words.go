package raftdiag

import (
	"fmt"
	"strconv"
	"time"
)

// A NodeID names a node within a group; 0 is nobody.
type NodeID uint64

// String is the id in decimal, or "none".
func (n NodeID) String() string {
	if n == 0 {
		return "none"
	}
	return strconv.FormatUint(uint64(n), 10)
}

// A Term is a Raft term.
type Term uint64

// An Index is a position in a Raft log; the first entry has index 1.
type Index uint64

// A Stamp is a wall-clock time in nanoseconds since 1970, as the node that
// wrote the line read its own clock. NoStamp means that none was printed.
type Stamp int64

// NoStamp marks a line without a time.
const NoStamp Stamp = 0

// Time converts the stamp; the zero time stands for NoStamp.
func (s Stamp) Time() time.Time {
	if s == NoStamp {
		return time.Time{}
	}
	return time.Unix(0, int64(s)).UTC()
}

// String is the stamp in RFC 3339 with as many fraction digits as it needs, or
// the empty string.
func (s Stamp) String() string {
	if s == NoStamp {
		return ""
	}
	return s.Time().Format(time.RFC3339Nano)
}

// A Position is a line of an input; lines count from 1.
type Position struct {
	Source string
	Line   int64
}

// String prints as editors expect it: node1.log:1841.
func (p Position) String() string { return p.Source + ":" + strconv.FormatInt(p.Line, 10) }

// IsZero reports whether the position names no line.
func (p Position) IsZero() bool { return p.Line == 0 }

// A Role is a node's part in a term.
type Role uint8

// The roles, with UnknownRole for what was not printed.
const (
	UnknownRole Role = iota
	Follower
	PreCandidate
	Candidate
	Leader
)

var roleNames = [...]string{"Unknown", "Follower", "PreCandidate", "Candidate", "Leader"}

// String is the role's name as raft-rs prints it.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// RoleByName reads a role in raft-rs's or etcd's spelling (Leader, StateLeader).
func RoleByName(s string) (Role, bool) {
	if len(s) > 5 && s[:5] == "State" {
		s = s[5:]
	}
	for i, n := range roleNames[1:] {
		if n == s {
			return Role(i + 1), true
		}
	}
	return UnknownRole, false
}

// A ProgressState is how a leader treats a peer.
type ProgressState uint8

// The progress states of etcd raft and raft-rs.
const (
	UnknownProgress ProgressState = iota
	Probe
	Replicate
	Snapshot
)

var progressNames = [...]string{"Unknown", "Probe", "Replicate", "Snapshot"}

// String is the state's name as raft-rs prints it.
func (p ProgressState) String() string {
	if int(p) < len(progressNames) {
		return progressNames[p]
	}
	return fmt.Sprintf("ProgressState(%d)", uint8(p))
}

// ProgressStateByName reads a state in raft-rs's or etcd's spelling.
func ProgressStateByName(s string) (ProgressState, bool) {
	if len(s) > 5 && s[:5] == "State" {
		s = s[5:]
	}
	for i, n := range progressNames[1:] {
		if n == s {
			return ProgressState(i + 1), true
		}
	}
	return UnknownProgress, false
}

// A MessageType is the type of a Raft message, numbered as in raftpb and
// eraftpb.
type MessageType uint8

// The message types of raftpb; eraftpb has the same numbers up to 18.
const (
	MsgHup MessageType = iota
	MsgBeat
	MsgProp
	MsgApp
	MsgAppResp
	MsgVote
	MsgVoteResp
	MsgSnap
	MsgHeartbeat
	MsgHeartbeatResp
	MsgUnreachable
	MsgSnapStatus
	MsgCheckQuorum
	MsgTransferLeader
	MsgTimeoutNow
	MsgReadIndex
	MsgReadIndexResp
	MsgPreVote
	MsgPreVoteResp
	MsgStorageAppend
	MsgStorageAppendResp
	MsgStorageApply
	MsgStorageApplyResp
	MsgForgetLeader
	numMessageTypes
)

var messageNames = [numMessageTypes]string{
	"MsgHup", "MsgBeat", "MsgProp", "MsgApp", "MsgAppResp", "MsgVote", "MsgVoteResp", "MsgSnap",
	"MsgHeartbeat", "MsgHeartbeatResp", "MsgUnreachable", "MsgSnapStatus", "MsgCheckQuorum",
	"MsgTransferLeader", "MsgTimeoutNow", "MsgReadIndex", "MsgReadIndexResp", "MsgPreVote",
	"MsgPreVoteResp", "MsgStorageAppend", "MsgStorageAppendResp", "MsgStorageApply",
	"MsgStorageApplyResp", "MsgForgetLeader",
}

// messageAliases are raft-rs's names where they differ.
var messageAliases = map[string]MessageType{
	"MsgPropose": MsgProp, "MsgAppend": MsgApp, "MsgAppendResponse": MsgAppResp,
	"MsgRequestVote": MsgVote, "MsgRequestVoteResponse": MsgVoteResp, "MsgSnapshot": MsgSnap,
	"MsgHeartbeatResponse": MsgHeartbeatResp, "MsgRequestPreVote": MsgPreVote,
	"MsgRequestPreVoteResponse": MsgPreVoteResp,
}

var messageByName = func() map[string]MessageType {
	m := make(map[string]MessageType, 2*len(messageNames))
	for i, n := range messageNames {
		m[n] = MessageType(i)
	}
	for n, t := range messageAliases {
		m[n] = t
	}
	return m
}()

// String is the type's name in raftpb; an unknown number stays a number.
func (t MessageType) String() string {
	if t < numMessageTypes {
		return messageNames[t]
	}
	return strconv.Itoa(int(t))
}

// MessageTypeByName reads a type by its name in raftpb or eraftpb, or by its
// number.
func MessageTypeByName(s string) (MessageType, bool) {
	if t, ok := messageByName[s]; ok {
		return t, true
	}
	n, err := strconv.ParseUint(s, 10, 8)
	return MessageType(n), err == nil
}

// IsResponse reports whether the type answers another message.
func (t MessageType) IsResponse() bool {
	switch t {
	case MsgAppResp, MsgVoteResp, MsgHeartbeatResp, MsgPreVoteResp, MsgReadIndexResp,
		MsgStorageAppendResp, MsgStorageApplyResp:
		return true
	}
	return false
}

// IsNetwork reports whether the type travels between nodes and carries its
// sender's own term and id: 3 to 9, 17 and 18. A forwarded MsgProp does not.
func (t MessageType) IsNetwork() bool {
	return t >= MsgApp && t <= MsgHeartbeatResp || t == MsgPreVote || t == MsgPreVoteResp
}

// An EntryType is the type of a log entry, numbered as in raftpb.
type EntryType uint8

// The entry types.
const (
	EntryNormal EntryType = iota
	EntryConfChange
	EntryConfChangeV2
)

var entryNames = [...]string{"EntryNormal", "EntryConfChange", "EntryConfChangeV2"}

// String is the type's name in raftpb.
func (t EntryType) String() string {
	if int(t) < len(entryNames) {
		return entryNames[t]
	}
	return strconv.Itoa(int(t))
}

// EntryTypeByName reads an entry type by name (EntryNormal, Normal) or number.
func EntryTypeByName(s string) (EntryType, bool) {
	for i, n := range entryNames {
		if s == n || s == n[len("Entry"):] {
			return EntryType(i), true
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	return EntryType(n), err == nil && int(n) < len(entryNames)
}
