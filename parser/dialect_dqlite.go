package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// dqliteWords are the traces of dqlite's Raft library in C. The kind of a
// message is told by the source file alone. What a follower answers is not
// traced, so the lines are symptoms, not messages.
var dqliteWords = foreign{
	dialect: otherRaft,
	name:    "dqlite",
	doc:     "the traces of dqlite (LIBDQLITE_TRACE) and of its Raft library: requests and results as they come in, elections, conflicts, snapshots.",
	speaks:  func(r *record) bool { return bytes.HasSuffix(r.logger, []byte(".c")) },
	samples: dqliteLines,
	rules: []rule{
		{text: "self: {self:int} from: {peer:int}@{peer2:word} leader_commit: {commit:int} n_entries: {} term: {term:int}", sign: raftdiag.LeaderKnown},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} last_log_index: {last:int} rejected: {rejected:int}{} term: {term:int}", sign: raftdiag.LinkUp, way: raftdiag.Inbound, fix: dqliteResult},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} last_log_index: {last:int} rejected: {rejected:int}", sign: raftdiag.LinkUp, way: raftdiag.Inbound, fix: dqliteResult},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} candidate_id: {} disrupt_leader: {} last_log_index: {index:int} last_log_term: {logterm:int} pre_vote: {} term: {term:int}", sign: raftdiag.NoiseLine},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} term: {term:int} vote_granted: {granted:int} pre_vote: {ahead:int}", sign: raftdiag.VoteGot, fix: dqliteVote},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} {}", sign: raftdiag.NoiseLine},
		{text: "send {count:int} entries starting at {} to server {peer:int} (last index {last:int})", sign: raftdiag.NoiseLine},
		{text: "failed to send append entries to server {peer:int}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "append"},
		{text: "old_state: {} new_state: {role:word}", sign: raftdiag.RoleTaken},
		{text: "old_state: {} new_state: unavailable", sign: raftdiag.StorageBroken},
		{text: "beginning of term {term:int}", sign: raftdiag.NoiseLine},
		{text: "convert to candidate and start new election", sign: raftdiag.CampaignBegun},
		{text: "append in progress -> don't convert to candidate", sign: raftdiag.CampaignBarred, what: "append in progress"},
		{text: "votes quorum reached -> convert to leader", sign: raftdiag.NoiseLine},
		{text: "votes quorum not reached", sign: raftdiag.NoiseLine},
		{text: "vote granted to {peer:int}", sign: raftdiag.VoteGranted},
		{text: "local log is empty -> granting vote", sign: raftdiag.NoiseLine},
		{text: "remote log equal or longer than local -> granting vote", sign: raftdiag.NoiseLine},
		{text: "local server already voted -> not granting vote", sign: raftdiag.VoteRefused, what: "voted already"},
		{text: "local server has a leader -> reject", sign: raftdiag.VoteIgnored},
		{text: "unable to contact majority of cluster -> step down", sign: raftdiag.QuorumLost},
		{text: "remote term is {} -> bump term", sign: raftdiag.HigherTermSeen},
		{text: "remote term is lower -> reject", sign: raftdiag.LowerTermIgnored},
		{text: "log mismatch -> truncate ({index:int})", sign: raftdiag.LogConflict},
		{text: "log mismatch -> send old entries to {peer:int}", sign: raftdiag.AppendRefused},
		{text: "no entry at index {index:int} -> reject", sign: raftdiag.AppendRefused},
		{text: "previous term mismatch -> reject", sign: raftdiag.AppendRefused},
		{text: "missing entry at index {index:int} -> send snapshot", sign: raftdiag.NoiseLine},
		{text: "sending snapshot with last index {index:int} to {peer:int}", sign: raftdiag.SnapshotSent},
		{text: "snapshot {index:int} at term {logterm:int}: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "restored snapshot with last index {index:int}", sign: raftdiag.SnapshotApplied},
		{text: "leader: written {count:int} entries starting at {}: status {status:int}", sign: raftdiag.NoiseLine, fix: dqliteWrite},
		{text: "I/O completed on follower: status {status:int}", sign: raftdiag.NoiseLine, fix: dqliteWrite},
		{text: "new commit index {commit:int}", sign: raftdiag.NoiseLine},
		{text: "Apply indexed {}", sign: raftdiag.NoiseLine},
	},
}

// dqliteResult tells a result that refuses from one that acknowledges.
func dqliteResult(l *line) bool {
	if rejected := l.get("rejected"); string(rejected) != "0" {
		l.ev.Symptom.Sign, l.ev.Symptom.Way = raftdiag.AppendRefused, raftdiag.AnyWay
		l.fill("index", rejected)
	}
	return true
}

func dqliteVote(l *line) bool {
	if string(l.get("granted")) != "1" {
		l.ev.Symptom.Sign = raftdiag.VoteDenied
	}
	if string(l.get("ahead")) == "1" {
		return preVote(l)
	}
	return true
}

// dqliteWrite tells a write that failed.
func dqliteWrite(l *line) bool {
	if status := l.get("status"); string(status) != "0" {
		l.ev.Symptom.Sign, l.ev.Symptom.What = raftdiag.StorageBroken, "append"
		l.fill("text", append([]byte("status "), status...))
	}
	return true
}

// readDqlite takes off what dqlite's tracer puts in front: process, stamp,
// thread, level, function, and the file, which tells what a message is.
//
//	LIBDQLITE[pid6] 2024-05-06T10:11:12.912050507 tid6 DEBUG  recvAppendEntries   src/raft/recv_append_entries.c:36 self: 1 ...
func readDqlite(p *reader, r *record) bool {
	s := r.msg
	if !has(s, "LIBDQLITE") && !has(s, "LIBRAFT") {
		return false
	}
	i := bytes.Index(s[:min(len(s), 300)], []byte(".c:"))
	if i < 0 {
		return false
	}
	_, w := uintAt(s[i+3:])
	end := i + 3 + w
	if w == 0 || end >= len(s) || s[end] != ' ' {
		return false
	}
	from := i
	for from > 0 && s[from-1] != ' ' && s[from-1] != '/' {
		from--
	}
	head := bytes.Fields(s[:from])
	level, stamp := raftdiag.UnknownLevel, raftdiag.NoStamp
	for _, word := range head {
		if t, n := p.clock.stamp(word); n > 0 {
			stamp = t
		} else if n, w := uintAt(word); w == len(word) && w >= 16 && stamp == raftdiag.NoStamp {
			stamp = epoch(float64(n))
		} else if l, ok := raftdiag.LevelByName(string(word)); ok && level == raftdiag.UnknownLevel && len(word) > 3 {
			level = l
		}
	}
	r.stamped(stamp)
	r.level, r.logger, r.msg = level, s[from:i+2], s[end+1:]
	return true
}
