package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// readDqliteRecord reads the lines of dqlite's tracer:
//
//	LIBDQLITE[pid6] 2024-05-06T10:11:12.912050507 tid6 DEBUG  recvAppendEntries   src/raft/recv_append_entries.c:36 message
func readDqliteRecord(p *reader, r *record) bool {
	s := r.msg
	if !has(s, "LIBDQLITE[pid") {
		return false
	}
	end := bytes.Index(s, []byte("] "))
	if end < 0 || end > 40 {
		return false
	}
	s = s[end+2:]
	stamp, n := p.clock.stamp(s)
	if n == 0 || !has(s[n:], " tid") {
		return false
	}
	s = s[n+1:]
	space := bytes.IndexByte(s, ' ')
	if space < 0 {
		return false
	}
	s = bytes.TrimLeft(s[space:], " ")
	w := level(s)
	if w == 0 {
		return false
	}
	found := levelNamed(s[:w])
	s = bytes.TrimLeft(s[w:], " ")
	at := bytes.Index(s, []byte(".c:"))
	if at < 0 || at > 128 {
		return false
	}
	_, w = uintAt(s[at+3:])
	if w == 0 || !has(s[at+3+w:], " ") {
		return false
	}
	file := s[:at+3+w]
	if i := bytes.LastIndexByte(file, ' '); i >= 0 {
		file = file[i+1:]
	}
	r.stamped(stamp)
	r.level, r.logger, r.msg = found, file, bytes.TrimLeft(s[at+3+w:], " ")
	r.fields = append(r.fields, field{[]byte("dqlite"), file})
	return true
}

// dqliteLines are the words of dqlite's Raft, traced.
var dqliteLines = foreign{
	dialect: otherRaft,
	name:    "dqlite",
	doc:     "dqlite's Raft with LIBDQLITE_TRACE: elections, votes, answers, sends that failed, logs that do not match, snapshots. self: names the node.",
	speaks:  func(r *record) bool { return r.get("dqlite") != nil },
	rules: []rule{
		{text: "self: {self:int} from: {peer:int}@{peer2:word} leader_commit: {commit:int} n_entries: ", sign: raftdiag.NoiseLine},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} last_log_index: {index:int} rejected: {rejected:int} ", sign: raftdiag.NoiseLine, way: raftdiag.Inbound, fix: dqliteRejected},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} candidate_id: {}", sign: raftdiag.NoiseLine},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} term: {term:int} vote_granted: {granted:int} pre_vote: {pre:int}", sign: raftdiag.VoteGot, fix: func(l *line) bool {
			if string(l.get("granted")) == "0" {
				l.ev.Symptom.Sign = raftdiag.VoteDenied
			}
			if string(l.get("pre")) == "1" {
				l.ev.Type, l.ev.Set = raftdiag.MsgPreVoteResp, l.ev.Set|raftdiag.HasType
			}
			return true
		}},
		{text: "self: {self:int} from: {peer:int}@{peer2:word} ", sign: raftdiag.NoiseLine},
		{text: "send {count:int} entries starting at {index:int} to server {peer:int} ", sign: raftdiag.NoiseLine},
		{text: "failed to send append entries to server {peer:int}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "old_state: {} new_state: {role:word}", sign: raftdiag.RoleTaken},
		{text: "old_state: ", sign: raftdiag.NoiseLine},
		{text: "beginning of term {term:int}", sign: raftdiag.NoiseLine},
		{text: "beginning of term", sign: raftdiag.NoiseLine},
		{text: "votes quorum reached -> convert to leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "votes quorum not reached", sign: raftdiag.NoiseLine},
		{text: "unable to contact majority of cluster -> step down", sign: raftdiag.QuorumLost},
		{text: "convert to candidate and start new election", sign: raftdiag.CampaignBegun},
		{text: "append in progress -> don't convert to candidate", sign: raftdiag.NoiseLine},
		{text: "local log is empty -> granting vote", sign: raftdiag.NoiseLine},
		{text: "remote log equal or longer than local -> granting vote", sign: raftdiag.NoiseLine},
		{text: "vote granted to {peer:int}", sign: raftdiag.VoteGranted},
		{text: "local server already voted -> not granting vote", sign: raftdiag.VoteRefused, fix: wholeText},
		{text: "local server has a leader -> reject", sign: raftdiag.VoteIgnored},
		{text: "{} -> not granting vote", sign: raftdiag.VoteRefused, fix: wholeText},
		{text: "leader: written {count:int} entries starting at {index:int}: status {status:int}", sign: raftdiag.NoiseLine, fix: dqliteStatus},
		{text: "I/O completed on follower: status {status:int}", sign: raftdiag.NoiseLine, fix: dqliteStatus},
		{text: "new commit index {commit:int}", sign: raftdiag.NoiseLine},
		{text: "Apply indexed ", sign: raftdiag.NoiseLine},
		{text: "log mismatch -> truncate ({index:int})", sign: raftdiag.LogConflict},
		{text: "log mismatch -> send old entries to {peer:int}", sign: raftdiag.AppendRefused, way: raftdiag.Inbound},
		{text: "no entry at index {index:int} -> reject", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "previous term mismatch -> reject", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "missing entry at index {index:int} -> send snapshot", sign: raftdiag.NoiseLine},
		{text: "sending snapshot with last index {index:int} to {peer:int}", sign: raftdiag.SnapshotSent},
		{text: "snapshot {index:int} at term {term:int}: {err}", sign: raftdiag.NoiseLine},
		{text: "restored snapshot with last index {index:int}", sign: raftdiag.SnapshotApplied},
	},
	samples: []sample{
		{`LIBDQLITE[pid6] 2024-05-06T10:11:12.912050507 tid6 DEBUG  recvAppendEntriesResult src/raft/recv_append_entries_result.c:22 self: 1 from: 2@10.0.0.2:9000 last_log_index: 43 rejected: 0 term: 4`,
			"symptom Index:43 Symptom:noise in Self:1 Peer:2=10.0.0.2:9000"},
		{`LIBDQLITE[pid6] 2024-05-06T10:11:12.912050507 tid6 DEBUG  recvAppendEntries   src/raft/recv_append_entries.c:36 self: 1 from: 2@10.0.0.2:9000 leader_commit: 41 n_entries: 1 prev_log_index: 42 prev_log_term: 3, term: 4`,
			"symptom Commit:41 Symptom:noise Self:1 Peer:2=10.0.0.2:9000"},
		{`LIBDQLITE[pid6] 2024-05-06T10:11:12.912050507 tid6 DEBUG  convertSetState     src/raft/convert.c:30 old_state: candidate new_state: leader`,
			"symptom Role:Leader Symptom:role"},
		{`LIBDQLITE[pid6] 2024-05-06T10:11:12.912050507 tid6 DEBUG  tick                src/raft/tick.c:30 unable to contact majority of cluster -> step down`,
			"symptom Symptom:quorum_lost"},
		{`LIBDQLITE[pid6] 2024-05-06T10:11:12.912050507 tid6 DEBUG  requestVote         src/raft/election.c:30 remote log older than local -> not granting vote`,
			"symptom Text:\"remote log older than local -> not granting vote\" Symptom:vote_refused"},
	},
}

func dqliteRejected(l *line) bool {
	if string(l.get("rejected")) != "0" {
		l.ev.Symptom.Sign = raftdiag.AppendRefused
	}
	return true
}

func dqliteStatus(l *line) bool {
	if string(l.get("status")) != "0" {
		l.ev.Symptom.Sign = raftdiag.StorageBroken
		l.p.say(l.ev, l.msg)
	}
	return true
}
