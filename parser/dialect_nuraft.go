package parser

import (
	"bytes"
	"time"

	"github.com/raftdiag/raftdiag"
)

// readKeeperRecord reads ClickHouse's lines, as ClickHouse Keeper writes them
// around NuRaft.
//
//	2024.05.06 10:11:12.638046 [ 31337 ] {} <Information> RaftInstance: message
func readKeeperRecord(p *reader, r *record) bool {
	s := r.msg
	if len(s) < 40 || !digit(s[0]) || s[4] != '.' || s[7] != '.' || s[10] != ' ' {
		return false
	}
	for _, i := range [...]int{1, 2, 3, 5, 6, 8, 9} {
		if !digit(s[i]) {
			return false
		}
	}
	since, n := clockTime(s[11:])
	month, day := two(s[5:]), two(s[8:])
	if n == 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	rest := s[11+n:]
	open := bytes.IndexByte(rest, '<')
	if !has(rest, " [ ") || open < 0 || open > 128 {
		return false
	}
	rest = rest[open+1:]
	shut := bytes.Index(rest, []byte("> "))
	if shut < 0 || shut > 16 {
		return false
	}
	level, ok := raftdiag.LevelByName(string(rest[:shut]))
	if !ok {
		return false
	}
	rest = rest[shut+2:]
	colon := bytes.Index(rest, []byte(": "))
	if colon <= 0 || colon > 96 {
		return false
	}
	r.stamped(raftdiag.Stamp(time.Date(two(s)*100+two(s[2:]), time.Month(month), day, 0, 0, 0, 0, time.UTC).Add(since).UnixNano()))
	r.level, r.logger, r.msg = level, rest[:colon], rest[colon+2:]
	r.fields = append(r.fields, field{[]byte("keeper"), r.logger})
	// Syslog writes a newline as #012.
	if i := bytes.Index(r.msg, []byte("#012")); i > 0 {
		r.msg = r.msg[:i]
	}
	return true
}

// nuraftLines are the words of eBay's NuRaft, also of ClickHouse Keeper.
var nuraftLines = foreign{
	dialect: nuraft,
	name:    "NuRaft",
	doc: "NuRaft, and ClickHouse Keeper around it: elections with and without pre-vote, who leads, peers that are not heard or too far behind, members, snapshots. " +
		"Its ids are small numbers; the address of one stands only in configurations.",
	rules: []rule{
		{text: "[ELECTION TIMEOUT] current role: {}, log last term {}, state term {term:int}, target p {}", sign: raftdiag.LeaderLost},
		{text: "[PRE-VOTE INIT] my id {self:int}, my role {}, term {term:int}, log idx {index:int}, log term {logterm:int}", sign: raftdiag.CampaignBegun, fix: asPreVote},
		{text: "[PRE-VOTE REQ] my role {}, from peer {peer:int}, log term: req {logterm:int} / mine {}", sign: raftdiag.NoiseLine},
		{text: "[PRE-VOTE RESP] peer {peer:int} ({ok}), term {term:int}, resp term {}, my role {}", sign: raftdiag.VoteGot, fix: func(l *line) bool { return preVoteAnswer(l) && nuraftVote(l) }},
		{text: "[PRE-VOTE DONE] SUCCESS, term {term:int}", sign: raftdiag.NoiseLine},
		{text: "[PRE-VOTE] rejected by quorum, count {count:int}", sign: raftdiag.VoteDenied},
		{text: "[VOTE INIT] my id {self:int}, my role {}, term {term:int}, log idx {index:int}, log term {logterm:int}", sign: raftdiag.CampaignBegun},
		{text: "[VOTE REQ] my role {}, from peer {peer:int}, log term: req {logterm:int} / mine {}", sign: raftdiag.NoiseLine},
		{text: "[VOTE RESP] peer {peer:int} ({ok}), resp term {term:int}, my role {}", sign: raftdiag.VoteGot, fix: nuraftVote},
		{text: "=== LEADER (term {term:int}) ===", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "[BECOME LEADER] appended new config at {index:int}", sign: raftdiag.NoiseLine},
		{text: "[BECOME FOLLOWER] term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "skipped sending msg to {peer:int} too long time", sign: raftdiag.ContactLost},
		{text: "recovered from long pause to peer {peer:int}", sign: raftdiag.LinkUp},
		{text: "connection to peer {peer:int} is not active long time: {ms:int} ms, force re-connect", sign: raftdiag.ContactLost},
		{text: "Server {peer:int} is busy, skip the request", sign: raftdiag.NoiseLine},
		{text: "{count:int} nodes (out of {}) are not responding longer than {ms:int} ms, ", sign: raftdiag.QuorumLost},
		{text: "will yield the leadership of this node", sign: raftdiag.QuorumLost},
		{text: "appending entries from peer {peer:int} took long time ({ms:int} ms)", sign: raftdiag.AppendSlow},
		{text: "heartbeat or append_entries request arrives after {ms:int} ms, which is larger than the limit: ", sign: raftdiag.LinkSlow},
		{text: "declined append: peer {peer:int}, prev next log idx {index:int}, resp next {last:int}", sign: raftdiag.AppendRefused, way: raftdiag.Inbound},
		{text: "deny, req term {term:int}, my term {}, req log idx {index:int}, my log idx {last:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "[LOG XX] req log idx: {index:int}, req log term: {logterm:int}, my last log idx: {last:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "[LOG OK] ", sign: raftdiag.NoiseLine},
		{text: "append_entries for {peer:int} with LastLogIndex=", sign: raftdiag.NoiseLine},
		{text: "EMPTY PAYLOAD", sign: raftdiag.NoiseLine},
		{text: "from peer {peer:int}, req type: ", sign: raftdiag.NoiseLine},
		{text: "handle append entries resp (from {peer:int})", sign: raftdiag.NoiseLine},
		{text: "peer {peer:int}, prev matched idx: ", sign: raftdiag.NoiseLine},
		{text: "trigger commit upto {commit:int}", sign: raftdiag.NoiseLine},
		{text: "local log idx {last:int}, target_commit_idx ", sign: raftdiag.NoiseLine},
		{text: "commit upto {commit:int}, current idx ", sign: raftdiag.NoiseLine},
		{text: "DONE: commit upto {commit:int}", sign: raftdiag.NoiseLine},
		{text: "send snapshot peer {peer:int}, peer log idx: {index:int}", sign: raftdiag.SnapshotSent},
		{text: "trying to sync snapshot with last index {index:int} to peer {peer:int}", sign: raftdiag.SnapshotSent},
		{text: "snapshot install task for peer {peer:int} timed out: {ms:int} ms", sign: raftdiag.SnapshotSendFailed, trouble: raftdiag.TimedOut},
		{text: "creating a snapshot for index {index:int}", sign: raftdiag.NoiseLine},
		{text: "create snapshot idx {index:int} log_term {}", sign: raftdiag.SnapshotMade},
		{text: "log_store_ compact upto {index:int}", sign: raftdiag.NoiseLine},
		{text: "new configuration: log idx {index:int}, prev log idx ", sign: raftdiag.NoiseLine},
		{text: "my id: {self:int}, leader: {peer:int}, term: {term:int}", sign: raftdiag.LeaderKnown},
		{text: "my id: {self:int}, leader: -1, term: {term:int}", sign: raftdiag.LeaderLost},
		{text: "peer {peer:int}: DC ID {}, {peer2:word}, voting member", sign: raftdiag.NamesPeer},
		{text: "peer {peer:int}: DC ID {}, {peer2:word}, learner", sign: raftdiag.NamesPeer, what: "learner"},
		{text: "server {peer:int} is added to cluster", sign: raftdiag.MemberAdded},
		{text: "server {peer:int} is removed from cluster", sign: raftdiag.MemberRemoved},
		{text: "failed to connect to peer {peer:int}, {peer2:word}, {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "session {} failed to read rpc header from socket {} due to error {err}", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
	},
	samples: []sample{
		{`2024.05.06 10:11:12.638046 [ 31337 ] {} <Information> RaftInstance: [VOTE RESP] peer 2 (O), resp term 6, my role candidate, granted 2, responded 2, num voting members 3, quorum 2`,
			"symptom Term:6 Symptom:vote_got Peer:2"},
		{`2024.05.06 10:11:12.638046 [ 31337 ] {} <Information> RaftInstance: [PRE-VOTE RESP] peer 3 (X), term 5, resp term 5, my role follower, dead 1, live 1, abandoned 0, num voting members 3, quorum 2`,
			"symptom Type:MsgPreVoteResp Term:5 Symptom:vote_denied Peer:3"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Debug> RaftInstance: append_entries for 2 with LastLogIndex=92, LastLogTerm=6, EntriesLength=1, CommitIndex=91, Term=6, peer_last_sent_idx 92`,
			"symptom Symptom:noise Peer:2"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Information> RaftInstance:   === LEADER (term 6) ===`,
			"symptom Role:Leader Term:6 Symptom:role"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Information> RaftInstance: [ELECTION TIMEOUT] current role: follower, log last term 5, state term 5, target p 1, my p 1, hb dead, pre-vote NOT done`,
			"symptom Term:5 Symptom:leader_lost"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Warning> RaftInstance: 2 nodes (out of 3, 3 including learners) are not responding longer than 10000 ms, at least 2 nodes (including leader) should be alive to proceed commit`,
			"symptom Count:2 Duration:10s Symptom:quorum_lost"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Error> RaftInstance: will yield the leadership of this node`,
			"symptom Symptom:quorum_lost"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Warning> RaftInstance: skipped sending msg to 2 too long time, last streamed idx: 0, next log idx: 93, in-flight: 0 bytes`,
			"symptom Symptom:contact_lost Peer:2"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Warning> RaftInstance: appending entries from peer 2 took long time (1203 ms)#012req type: 3`,
			"symptom Duration:1.203s Symptom:append_slow Peer:2"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Information> RaftInstance: my id: 1, leader: 2, term: 6`,
			"symptom Term:6 Symptom:leader Self:1 Peer:2"},
		{`2024.05.06 10:11:14.638046 [ 31337 ] {} <Information> RaftInstance: peer 2: DC ID 0, keeper2:9234, voting member, 1`,
			"symptom Symptom:peer Peer:2=keeper2:9234"},
	},
}

// nuraftVote tells a vote from a refusal: O or X.
func nuraftVote(l *line) bool {
	if string(l.get("ok")) == "X" {
		l.ev.Symptom.Sign = raftdiag.VoteDenied
	}
	return true
}
