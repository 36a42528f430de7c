package parser

import (
	"bytes"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// raftRsLines are the words of tikv/raft-rs since 0.6, which logs through slog:
// what varies stands in fields beside the message, or behind it as ", key: value".
var raftRsLines = foreign{
	dialect: raftRs,
	name:    "raft-rs",
	doc: "tikv/raft-rs 0.6 and later: role changes, votes, snapshots and configurations at info, messages (Sending from 1 to 2) at debug. " +
		"raft_id is the node; in TiKV it is a peer of the region region_id.",
	keys: map[string]string{"raft_id": "self", "region_id": "group=region-", "term": "term"},
	speaks: func(r *record) bool {
		return r.env == tikvLog || r.get("raft_id") != nil || bytes.Contains(r.logger, []byte("raft::"))
	},
	finish: regionPeers,
	rules: []rule{
		{text: "newRaft", sign: raftdiag.StartedUp, fix: membersFrom("peers"),
			keys: map[string]string{"last index": "last", "last_index": "last", "commit": "commit", "applied": "applied"}},
		{text: "RawNode created with id {self:int}.", sign: raftdiag.NoiseLine},
		{text: "became follower at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "became candidate at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "became pre-candidate at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate},
		{text: "became leader at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "starting a new election", sign: raftdiag.CampaignBegun},
		{text: "broadcasting vote request", sign: raftdiag.CampaignBegun,
			keys: map[string]string{"type": "type", "log_term": "logterm", "log_index": "index", "to": "text"}},
		{text: "received votes response", sign: raftdiag.VoteGot, keys: map[string]string{"from": "peer", "type": "type"},
			fix: func(l *line) bool {
				if string(l.get("vote")) == "false" {
					l.ev.Symptom.Sign = raftdiag.VoteDenied
				}
				return true
			}},
		{text: "[logterm: {}, index: {last:int}, vote: {}] cast vote for {peer:int} [logterm: {logterm:int}, index: {index:int}] at term {term:int}",
			sign: raftdiag.VoteGranted, keys: map[string]string{"msg type": "type"}},
		{text: "[logterm: {}, index: {last:int}, vote: {}] rejected vote from {peer:int} [logterm: {logterm:int}, index: {index:int}] at term {term:int}",
			sign: raftdiag.VoteRefused, keys: map[string]string{"msg type": "type"}},
		{text: "{self:int} [log_term: {}, index: {last:int}, vote: {}] rejected {type:word} from {peer:int} [log_term: {logterm:int}, index: {index:int}] at term {term:int}",
			sign: raftdiag.VoteRefused},
		{text: "[logterm: {}, index: {last:int}, vote: {}] ignored vote from {peer:int} [logterm: {logterm:int}, index: {index:int}]: lease is not expired",
			sign: raftdiag.VoteIgnored, keys: map[string]string{"msg type": "type"}},
		{text: "received a message with higher term from {peer:int}", sign: raftdiag.HigherTermSeen,
			keys: map[string]string{"term": "-", "message_term": "term", "msg term": "term", "msg type": "type"}},
		{text: "ignored a message with lower term from {peer:int}", sign: raftdiag.LowerTermIgnored,
			keys: map[string]string{"term": "-", "message_term": "term", "msg term": "term", "msg type": "type"}},
		{text: "no leader at term {term:int}; dropping {what}", sign: raftdiag.NoLeaderKnown},
		{text: "{self:int} not forwarding to leader {peer:int} at term {term:int}; dropping proposal", sign: raftdiag.RequestFailed, what: "proposal, not forwarded to the leader"},
		{text: "[term {term:int}] transfer leadership to {peer:int} is in progress; dropping proposal", sign: raftdiag.RequestFailed, what: "proposal, during a transfer"},
		{text: "entries are dropped due to overlimit of max uncommitted size", sign: raftdiag.Overload, what: "uncommitted entries"},
		{text: "stepped down to follower since quorum is not active", sign: raftdiag.QuorumLost},
		{text: "cannot campaign at term {term:int} since {text}", sign: raftdiag.CampaignBarred},
		{text: "Sending from {self:int} to {peer:int}", sign: raftdiag.NoiseLine, fix: eraftSent},
		{text: "received msgAppend rejection", sign: raftdiag.AppendRefused, way: raftdiag.Inbound,
			keys: map[string]string{"from": "peer", "index": "index", "reject_hint_index": "last"}},
		{text: "decreased progress of {peer:int}", sign: raftdiag.NoiseLine},
		{text: "rejected msgApp [logterm: {logterm:int}, index: {index:int}] from {peer:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "committing index {commit:int}", sign: raftdiag.NoiseLine, fix: as(raftdiag.LogRow, raftdiag.HasCommit)},
		{text: "persisted index {index:int}", sign: raftdiag.NoiseLine, fix: as(raftdiag.Appended, raftdiag.HasIndex)},
		{text: "paused sending replication messages to {peer:int}", sign: raftdiag.NoiseLine},
		{text: "Skipping sending to {peer:int}, it's paused", sign: raftdiag.NoiseLine},
		{text: "[firstindex: {}, commit: {commit:int}] sent snapshot[index: {index:int}, term: {}] to {peer:int}", sign: raftdiag.SnapshotSent},
		// Snapshots are made aside: this is how every one begins.
		{text: "failed to send snapshot to {peer:int} because snapshot is temporarily unavailable", sign: raftdiag.NoiseLine},
		{text: "ignore sending snapshot to {peer:int} since it is not recently active", sign: raftdiag.ContactLost},
		{text: "snapshot succeeded, resumed sending replication messages to {peer:int}", sign: raftdiag.SnapshotSent},
		{text: "snapshot failed, resumed sending replication messages to {peer:int}", sign: raftdiag.SnapshotSendFailed},
		{text: "snapshot caught up, resumed sending replication messages to {peer:int}", sign: raftdiag.NoiseLine},
		{text: "snapshot aborted, resumed sending replication messages to {peer:int}", sign: raftdiag.NoiseLine},
		{text: "failed to send message to {peer:int} because it is unreachable", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "no progress available for {peer:int}", sign: raftdiag.NoiseLine},
		{text: "got message with lower index than committed", sign: raftdiag.NoiseLine},
		{text: "reset election timeout ", sign: raftdiag.NoiseLine},
		{text: "found conflict at index {index:int}", sign: raftdiag.LogConflict, keys: map[string]string{"existing term": "logterm", "conflicting term": "term"}},
		{text: "log [{}] starts to restore snapshot [index: {index:int}, term: {}]", sign: raftdiag.SnapshotArrived},
		{text: "[commit: {commit:int}, {}] starts to restore snapshot [index: {index:int}, term: {}]", sign: raftdiag.SnapshotArrived},
		{text: "restored snapshot", sign: raftdiag.SnapshotApplied, keys: map[string]string{"snapshot_index": "index", "commit": "commit"}},
		{text: "[commit: {commit:int}, {}] restored snapshot [index: {index:int}, term: {}]", sign: raftdiag.SnapshotApplied},
		{text: "[commit: {commit:int}] ignored snapshot [index: {index:int}, term: {}]", sign: raftdiag.NoiseLine},
		{text: "[commit: {commit:int}, {}] ignored snapshot [index: {index:int}, term: {}]", sign: raftdiag.NoiseLine},
		{text: "fast-forwarded commit to snapshot", sign: raftdiag.NoiseLine},
		{text: "[commit: {commit:int}, lastindex: {last:int}, lastterm: {}] fast-forwarded commit to ", sign: raftdiag.NoiseLine},
		{text: "switched to configuration", sign: raftdiag.Membership, fix: membersFrom("config")},
		{text: "ignoring conf change", sign: raftdiag.MembershipRefused, keys: map[string]string{"reason": "text"}},
		{text: "initiating automatic transition out of joint configuration", sign: raftdiag.NoiseLine},
		{text: "not initiating automatic transition out of joint configuration", sign: raftdiag.NoiseLine},
		{text: "[term {term:int}] starts to transfer leadership to {peer:int}", sign: raftdiag.TransferBegun},
		{text: "[term {term:int}] abort previous transferring leadership to {peer:int}", sign: raftdiag.TransferFailed},
		{text: "[term {term:int}] transfer leadership to {peer:int} is in progress, ignores request to same node", sign: raftdiag.NoiseLine},
		{text: "sends MsgTimeoutNow to {peer:int} immediately as {} already has up-to-date log", sign: raftdiag.TransferBegun},
		{text: "sent MsgTimeoutNow to {peer:int} after received MsgAppResp", sign: raftdiag.TransferBegun},
		{text: "[term {term:int}] received MsgTimeoutNow from {peer:int} and starts an election to get leadership", sign: raftdiag.TransferBegun},
		{text: "received MsgTimeoutNow from {peer:int} but is not promotable", sign: raftdiag.TransferFailed},
		{text: "Entries being appended to unstable list", sign: raftdiag.NoiseLine},
	},
	samples: []sample{
		{`[2020/08/14 11:08:30.130 +08:00] [INFO] [raft.rs:894] ["became follower at term 0"] [term=0] [raft_id=8] [region_id=2]`,
			"symptom Role:Follower Term:0 Symptom:role Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.130 +08:00] [INFO] [raft.rs:289] [newRaft] [peers="[]"] ["last term"=0] ["last index"=0] [applied=0] [commit=0] [term=0] [raft_id=8] [region_id=2]`,
			"symptom Term:0 Last:0 Commit:0 Applied:0 Symptom:noise Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.131 +08:00] [INFO] [raw_node.rs:223] ["RawNode created with id 8."] [id=8] [raft_id=8] [region_id=2]`,
			"symptom Symptom:noise Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.131 +08:00] [INFO] [raft.rs:1114] ["received a message with higher term from 3"] ["msg type"=MsgHeartbeat] [message_term=8] [term=0] [from=3] [raft_id=8] [region_id=2]`,
			"symptom Type:MsgHeartbeat Term:8 Symptom:higher_term Self:tikv-peer-8 Peer:tikv-peer-3"},
		{`[2020/08/14 11:08:30.131 +08:00] [INFO] [raft.rs:894] ["became follower at term 8"] [term=8] [raft_id=8] [region_id=2]`,
			"symptom Role:Follower Term:8 Symptom:role Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.169 +08:00] [INFO] [raft.rs:2079] ["[commit: 0, lastindex: 0, lastterm: 0] starts to restore snapshot [index: 11, term: 8]"] [snapshot_term=8] [snapshot_index=11] [last_term=0] [last_index=0] [commit=0] [raft_id=8] [region_id=2]`,
			"symptom Index:11 Commit:0 Symptom:snapshot_arrived Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.169 +08:00] [INFO] [raft_log.rs:487] ["log [committed=0, applied=0, unstable.offset=1, unstable.entries.len()=0] starts to restore snapshot [index: 11, term: 8]"] [snapshot_term=8] [snapshot_index=11] [log="committed=0, applied=0, unstable.offset=1, unstable.entries.len()=0"] [raft_id=8] [region_id=2]`,
			"symptom Index:11 Symptom:snapshot_arrived Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.169 +08:00] [INFO] [raft.rs:2015] ["[commit: 11, term: 8] restored snapshot [index: 11, term: 8]"] [snapshot_term=8] [snapshot_index=11] [commit=11] [term=8] [raft_id=8] [region_id=2]`,
			"symptom Term:8 Index:11 Commit:11 Symptom:snapshot_applied Self:tikv-peer-8"},
		{`[2024/05/06 10:11:12.123 +00:00] [INFO] [raft.rs:1120] ["starting a new election"] [term=5] [raft_id=12] [region_id=10]`,
			"symptom Term:5 Symptom:campaign Self:tikv-peer-12"},
		{`[2024/05/06 10:11:12.124 +00:00] [INFO] [raft.rs:1170] ["became candidate at term 6"] [term=6] [raft_id=12] [region_id=10]`,
			"symptom Role:Candidate Term:6 Symptom:role Self:tikv-peer-12"},
		{`[2024/05/06 10:11:12.125 +00:00] [INFO] [raft.rs:1384] ["broadcasting vote request"] [to="[13, 14]"] [log_index=91] [log_term=5] [term=6] [type=MsgRequestVote] [raft_id=12] [region_id=10]`,
			"symptom Type:MsgVote Term:6 LogTerm:5 Index:91 Text:\"[13, 14]\" Symptom:campaign Self:tikv-peer-12"},
		{`[2024/05/06 10:11:12.126 +00:00] [INFO] [raft.rs:2151] ["received votes response"] [term=6] [type=MsgRequestVoteResponse] [approvals=2] [rejections=0] [from=13] [vote=true] [raft_id=12] [region_id=10]`,
			"symptom Type:MsgVoteResp Term:6 Symptom:vote_got Self:tikv-peer-12 Peer:tikv-peer-13"},
		{`[2024/05/06 10:11:13.001 +00:00] [DEBUG] [raft.rs:701] ["Sending from 12 to 13"] [msg="msg_type: MsgAppend to: 13 log_term: 6 index: 92 entries {term: 6 index: 93 data: \"\\001\"} commit: 92"] [to=13] [from=12] [raft_id=12] [region_id=10]`,
			"sent 12->13 MsgApp Log:6/92 Commit:92 Entries:1"},
		{`[2024/05/06 10:11:13.002 +00:00] [DEBUG] [raft_log.rs:300] ["committing index 93"] [index=93] [raft_id=12] [region_id=10]`,
			"log Commit:93"},
		{`[2023/12/27 04:42:01.909 +08:00] [FATAL] [lib.rs:509] ["unstable.slice[28051, 28055] out of bound[28051, 28051], raft_id: 2010234007, region_id: 2010234004"]`,
			"symptom Text:\"unstable.slice[28051, 28055] out of bound[28051, 28051]\" Symptom:died Self:tikv-peer-2010234007"},
		{`[2023/12/27 04:42:01.909 +08:00] [FATAL] [lib.rs:509] ["to_commit 2805 is out of range [last_index 2801], raft_id: 7, region_id: 4"] [backtrace="stack backtrace"] [location=/rust/raft_log.rs:321] [thread_name=raftstore-1-0]`,
			"symptom Last:2801 Commit:2805 Text:\"to_commit 2805 is out of range [last_index 2801]\" Symptom:died Self:tikv-peer-7"},
		{`May 06 10:11:12.004 INFO became leader at term 1, term: 1, raft_id: 1`,
			"symptom Role:Leader Term:1 Symptom:role Self:1"},
		{`[2024-05-06T10:11:12.600Z INFO  raft::raft] became leader at term 1, raft_id: 1, term: 1`,
			"symptom Role:Leader Term:1 Symptom:role Self:1"},
		{`[2024-05-06T10:11:12.600Z INFO  raft::raft] received votes response, raft_id: 1, term: 2, type: MsgRequestVoteResponse, approvals: 2, rejections: 0, from: 2, vote: true`,
			"symptom Type:MsgVoteResp Term:2 Symptom:vote_got Self:1 Peer:2"},
		{`[2024-05-06T10:11:12.600Z INFO  raft::raft] received a message with higher term from 3, raft_id: 1, msg type: MsgHeartbeat, message_term: 8, term: 0, from: 3`,
			"symptom Type:MsgHeartbeat Term:8 Symptom:higher_term Self:1 Peer:3"},
		{`[2024-05-06T10:11:12.600Z DEBUG raft::raft] Sending from 1 to 2, raft_id: 1, msg: Message { msg_type: MsgAppend, to: 2, from: 0, term: 0, log_term: 1, index: 4, entries: [Entry { entry_type: EntryNormal, term: 1, index: 5, data: [120], context: [], sync_log: false }], commit: 4, commit_term: 0, snapshot: None, request_snapshot: 0, reject: false, reject_hint: 0, context: [], deprecated_priority: 0, priority: 0 }, to: 2, from: 1`,
			"sent 1->2 MsgApp Log:1/4 Commit:4 Entries:1"},
		{`2024-05-06T10:11:12.600123Z  INFO raft::raft: became leader at term 1, raft_id: 1, term: 1    `,
			"symptom Role:Leader Term:1 Symptom:role Self:1"},
		{`{"msg":"became leader at term 1","level":"INFO","ts":"2024-05-06T10:11:12.600123Z","term":1,"raft_id":1}`,
			"symptom Role:Leader Term:1 Symptom:role Self:1"},
		{`[2024/05/06 10:11:12.124 +00:00] [INFO] [raft.rs:1170] ["switched to configuration"] [config="Configuration { voters: Configuration { incoming: Configuration { voters: {13, 12, 14} }, outgoing: Configuration { voters: {} } }, learners: {}, learners_next: {}, auto_leave: false }"] [raft_id=12] [region_id=10]`,
			"symptom Config:voters=(13 12 14) Symptom:membership Self:tikv-peer-12"},
		{`{"time":"2024/01/02 15:04:05.123 +08:00","level":"INFO","caller":"raft.rs:1177","message":"became leader at term 8","term":8,"raft_id":22,"region_id":20}`,
			"symptom Role:Leader Term:8 Symptom:role Self:tikv-peer-22"},
		{`tikv-1  | [2024/05/06 10:11:12.124 +00:00] [INFO] [raft.rs:1170] ["became candidate at term 6"] [term=6] [raft_id=12] [region_id=10]`,
			"symptom Role:Candidate Term:6 Symptom:role Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["[logterm: 5, index: 91, vote: 0] cast vote for 13 [logterm: 5, index: 92] at term 6"] ["msg type"=MsgRequestVote] [term=6] [msg_index=92] [msg_term=5] [from=13] [vote=0] [log_index=91] [log_term=5] [raft_id=12] [region_id=10]`,
			"symptom Type:MsgVote Term:6 LogTerm:5 Index:92 Last:91 Symptom:vote_granted Self:tikv-peer-12 Peer:tikv-peer-13"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["[logterm: 5, index: 93, vote: 12] rejected vote from 13 [logterm: 5, index: 92] at term 6"] ["msg type"=MsgRequestVote] [term=6] [raft_id=12] [region_id=10]`,
			"symptom Type:MsgVote Term:6 LogTerm:5 Index:92 Last:93 Symptom:vote_refused Self:tikv-peer-12 Peer:tikv-peer-13"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["[logterm: 5, index: 93, vote: 12] ignored vote from 13 [logterm: 5, index: 92]: lease is not expired"] ["msg type"=MsgRequestVote] ["remaining ticks"=7] [term=6] [raft_id=12] [region_id=10]`,
			"symptom Type:MsgVote Term:6 LogTerm:5 Index:92 Last:93 Symptom:vote_ignored Self:tikv-peer-12 Peer:tikv-peer-13"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["12 [log_term: 5, index: 93, vote: 12] rejected MsgRequestPreVote from 13 [log_term: 5, index: 92] at term 6"] [raft_id=12] [region_id=10]`,
			"symptom Type:MsgPreVote Term:6 LogTerm:5 Index:92 Last:93 Symptom:vote_refused Self:tikv-peer-12 Peer:tikv-peer-13"},
		{`[2024/05/06 10:11:13.000 +00:00] [WARN] [raft.rs:1400] ["stepped down to follower since quorum is not active"] [raft_id=12] [region_id=10]`,
			"symptom Symptom:quorum_lost Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["no leader at term 6; dropping proposal"] [term=6] [raft_id=12] [region_id=10]`,
			"symptom Term:6 Symptom:no_leader Self:tikv-peer-12 What:proposal"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["found conflict at index 93"] ["conflicting term"=6] ["existing term"=5] [index=93] [raft_id=12] [region_id=10]`,
			"symptom Term:6 LogTerm:5 Index:93 Symptom:log_conflict Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["[term 6] starts to transfer leadership to 13"] [lead_transferee=13] [term=6] [raft_id=12] [region_id=10]`,
			"symptom Term:6 Symptom:transfer Self:tikv-peer-12 Peer:tikv-peer-13"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [raft.rs:1400] ["ignoring conf change"] [applied=90] [index=93] [reason="possible unapplied conf change"] [raft_id=12] [region_id=10]`,
			"symptom Text:\"possible unapplied conf change\" Symptom:membership_refused Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.000 +00:00] [DEBUG] [raft.rs:1400] ["received msgAppend rejection"] [index=93] [from=13] [reject_hint_term=5] [reject_hint_index=90] [raft_id=12] [region_id=10]`,
			"symptom Index:93 Last:90 Symptom:append_refused in Self:tikv-peer-12 Peer:tikv-peer-13"},
	},
}

// as makes an event of another kind of what the rule read; only these fields
// stay. Node is the one that speaks.
func as(kind raftdiag.Kind, keep raftdiag.Field) func(l *line) bool {
	return func(l *line) bool {
		e := l.ev
		if e.Set&keep == 0 {
			return false
		}
		stateAs(e, kind, keep)
		return true
	}
}

// stateAs turns a symptom into an event of another kind.
func stateAs(e *raftdiag.Event, kind raftdiag.Kind, keep raftdiag.Field) {
	if self := e.Symptom.Self; e.Node == 0 && len(self) > 0 {
		if n, ok := whole([]byte(self[0])); ok {
			e.Node = raftdiag.NodeID(n)
		}
	}
	e.Kind, e.Symptom = kind, nil
	e.Set &= keep
}

// membersFrom reads a configuration out of a field.
func membersFrom(key string) func(l *line) bool {
	return func(l *line) bool {
		if v := l.get(key); v != nil {
			if c := configIn(v); c != nil {
				l.ev.Config, l.ev.Set = c, l.ev.Set|raftdiag.HasConfig
			}
		}
		return true
	}
}

// regionPeers spells the ids of a region's peers: they are numbers as stores'
// are, and another sort.
func regionPeers(l *line) bool {
	s := l.ev.Symptom
	if s == nil || !strings.HasPrefix(l.ev.Group, "region-") {
		return true
	}
	if s.Sign == raftdiag.StartedUp { // peers come while their process runs
		s.Sign = raftdiag.NoiseLine
		if l.ev.Has(raftdiag.HasConfig) {
			s.Sign = raftdiag.Membership
		}
	}
	for _, list := range [...][]string{s.Self, s.Peer} {
		for i, w := range list {
			if digit(w[0]) {
				list[i] = l.p.in.string(append([]byte("tikv-peer-"), w...))
			}
		}
	}
	return true
}

// eraftSent makes a Sent of what raft-rs logs as it generates a message: the
// sender's id and, but for votes, the term are filled in later and do not count.
func eraftSent(l *line) bool {
	text := l.get("msg")
	if text == nil { // before 0.6 it stands behind a colon
		i := bytes.Index(l.msg, []byte(": "))
		if i < 0 {
			return true
		}
		text = l.msg[i+2:]
	}
	e := l.ev
	from, ok := whole([]byte(e.Symptom.Self[0]))
	to, ok2 := whole([]byte(e.Symptom.Peer[0]))
	if !ok || !ok2 {
		return true
	}
	m := raftdiag.Event{Time: e.Time, Writer: e.Writer, Group: e.Group, Kind: raftdiag.Sent, Node: raftdiag.NodeID(from)}
	if !eraftMessage(text, l.cut, &m) || m.Type == raftdiag.MsgHup || m.Type == raftdiag.MsgBeat {
		return true
	}
	m.From, m.To = raftdiag.NodeID(from), raftdiag.NodeID(to)
	m.Set |= raftdiag.HasFrom | raftdiag.HasTo
	*e = m
	return true
}

// eraftMessage reads a message of raft-rs in either rendering:
//
//	msg_type: MsgAppend to: 13 log_term: 6 index: 92 entries {term: 6 index: 93 data: "x"} commit: 92
//	Message { msg_type: MsgAppend, to: 13, from: 0, term: 0, log_term: 6, index: 92, entries: [Entry { ... }], ... }
//
// The first leaves out what is zero.
func eraftMessage(s []byte, cut bool, e *raftdiag.Event) bool {
	debug := has(s, "Message {")
	if debug {
		s = s[len("Message {"):]
	}
	entries, open := uint64(0), false
	for len(s) > 0 {
		s = bytes.TrimLeft(s, " ,")
		n := 0
		for n < len(s) && simple[s[n]] {
			n++
		}
		if n == 0 {
			break
		}
		key := s[:n]
		s = bytes.TrimLeft(s[n:], ": ")
		end := debugEnd(s)
		value := s[:min(end, len(s))]
		s = s[min(end, len(s)):]
		open = end > len(value)
		switch string(key) {
		case "msg_type":
			if len(value) == 0 {
				break
			}
			if t, ok := messageType(value); ok {
				e.Type, e.Set = t, e.Set|raftdiag.HasType
			}
		case "term":
			if number(e, raftdiag.HasTerm, &e.Term, value) && e.Term == 0 {
				e.Set &^= raftdiag.HasTerm
			}
		case "log_term":
			number(e, raftdiag.HasLogTerm, &e.LogTerm, value)
		case "index":
			number(e, raftdiag.HasIndex, &e.Index, value)
		case "commit":
			number(e, raftdiag.HasCommit, &e.Commit, value)
		case "reject":
			e.Reject = string(value) == "true"
		case "reject_hint":
			number(e, raftdiag.HasHint, &e.Hint, value)
		case "entries":
			if !debug {
				entries++
				break
			}
			entries = uint64(bytes.Count(value, []byte("Entry {")))
		case "snapshot":
			if at := bytes.Index(value, []byte("index: ")); at >= 0 {
				if n, w := uintAt(value[at+len("index: "):]); w > 0 {
					e.Snapshot, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasSnapshot
				}
			}
		}
	}
	if !e.Has(raftdiag.HasType) {
		return false
	}
	if !cut && !open { // all of it is there: what is missing is zero
		e.Set |= raftdiag.HasReject
		switch e.Type {
		case raftdiag.MsgApp:
			e.Set |= raftdiag.HasIndex | raftdiag.HasLogTerm | raftdiag.HasCommit | raftdiag.HasEntries
			e.Entries = entries
		case raftdiag.MsgAppResp:
			e.Set |= raftdiag.HasIndex | raftdiag.HasCommit
		case raftdiag.MsgHeartbeat:
			e.Set |= raftdiag.HasCommit
		case raftdiag.MsgVote, raftdiag.MsgPreVote:
			e.Set |= raftdiag.HasIndex | raftdiag.HasLogTerm
		}
	}
	switch e.Type { // of the rest, zeros say nothing
	case raftdiag.MsgApp, raftdiag.MsgAppResp, raftdiag.MsgVote, raftdiag.MsgPreVote:
	default:
		e.Set &^= raftdiag.HasIndex | raftdiag.HasLogTerm
	}
	if e.Type != raftdiag.MsgAppResp || !e.Reject {
		e.Set &^= raftdiag.HasHint
	}
	return true
}

// debugEnd is where a value of a Debug or protobuf text ends, beyond the end
// of s if its brackets or quotes are not closed.
func debugEnd(s []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[' || c == '(':
			depth++
		case c == '}' || c == ']' || c == ')':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case (c == ',' || c == ' ') && depth == 0:
			// A Debug struct has its name before its brackets.
			if c == ' ' && i+1 < len(s) && (s[i+1] == '{' || s[i+1] == '[') {
				continue
			}
			return i
		}
	}
	if depth > 0 || quoted {
		return len(s) + 1
	}
	return len(s)
}

// raftRsTagged are the words of raft-rs before 0.6, with a tag in place of the
// id, and those of its panics, which have no logger.
var raftRsTagged = foreign{
	dialect: raftRs,
	name:    "raft-rs before 0.6",
	doc:     "raft-rs up to 0.5 as in TiKV up to 3.0, with a tag in front ([region 20] 22 became leader at term 8), and the panics of all versions.",
	keys:    map[string]string{"raft_id": "self", "region_id": "group=region-"},
	finish:  regionPeers,
	rules: []rule{
		{text: "[region {group=region-:int}] {self:int} newRaft [peers: [{voters}], term: {term:int}, commit: {commit:int}, applied: {applied:int}, last_index: {last:int}, last_term: {}]", sign: raftdiag.StartedUp},
		{text: "[region {group=region-:int}] {self:int} became follower at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "[region {group=region-:int}] {self:int} became candidate at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "[region {group=region-:int}] {self:int} became pre-candidate at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate},
		{text: "[region {group=region-:int}] {self:int} became leader at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "[region {group=region-:int}] {self:int} is starting a new election at term {term:int}", sign: raftdiag.CampaignBegun},
		{text: "[region {group=region-:int}] {self:int} [logterm: {logterm:int}, index: {index:int}] sent {type:word} request to {peer:int} at term {term:int}", sign: raftdiag.VoteAsked},
		{text: "[region {group=region-:int}] {self:int} received {type:word} from {peer:int} at term {term:int}", sign: raftdiag.VoteGot},
		{text: "[region {group=region-:int}] {self:int} received {type:word} rejection from {peer:int} at term {term:int}", sign: raftdiag.VoteDenied},
		{text: "[region {group=region-:int}] {self:int} [quorum:{}] has received ", sign: raftdiag.NoiseLine},
		{text: "[region {group=region-:int}] {self:int} [logterm: {}, index: {last:int}, vote: {}] cast {type:word} for {peer:int} [logterm: {logterm:int}, index: {index:int}] at term {term:int}", sign: raftdiag.VoteGranted},
		{text: "[region {group=region-:int}] {self:int} [logterm: {}, index: {last:int}, vote: {}] rejected {type:word} from {peer:int} [logterm: {logterm:int}, index: {index:int}] at term {term:int}", sign: raftdiag.VoteRefused},
		{text: "[region {group=region-:int}] {self:int} [logterm: {}, index: {last:int}, vote: {}] ignored {type:word} vote from {peer:int} [logterm: {logterm:int}, index: {index:int}] at term {term:int}: lease is not expired", sign: raftdiag.VoteIgnored},
		{text: "[region {group=region-:int}] {self:int} [term: {}] received a {type:word} message with higher term from {peer:int} [term: {term:int}]", sign: raftdiag.HigherTermSeen},
		{text: "[region {group=region-:int}] {self:int} [term: {}] ignored a {type:word} message with lower term from {peer:int} [term: {term:int}]", sign: raftdiag.LowerTermIgnored},
		{text: "[region {group=region-:int}] {self:int} stepped down to follower since quorum is not active", sign: raftdiag.QuorumLost},
		{text: "[region {group=region-:int}] {self:int} no leader at term {term:int}; dropping {what}", sign: raftdiag.NoLeaderKnown},
		{text: "[region {group=region-:int}] {self:int} received msgAppend rejection(lastindex: {last:int}) from {peer:int} for index {index:int}", sign: raftdiag.AppendRefused, way: raftdiag.Inbound},
		{text: "[region {group=region-:int}] {self:int} [logterm: {}, index: {}] rejected msgApp [logterm: {logterm:int}, index: {index:int}] from {peer:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "[region {group=region-:int}] {self:int} decreased progress of {peer:int}", sign: raftdiag.NoiseLine},
		{text: "[region {group=region-:int}] {self:int} paused sending replication messages to {peer:int}", sign: raftdiag.NoiseLine},
		{text: "[region {group=region-:int}] {self:int} [commit: {commit:int}, lastindex: {}, lastterm: {}] starts to restore snapshot [index: {index:int}, term: {}]", sign: raftdiag.SnapshotArrived},
		{text: "[region {group=region-:int}] {self:int} [commit: {commit:int}, {} restored snapshot [index: {index:int}, term: {}]", sign: raftdiag.SnapshotApplied},
		{text: "[region {group=region-:int}] {self:int} [term {term:int}] starts to transfer leadership to {peer:int}", sign: raftdiag.TransferBegun},
		{text: "[region {group=region-:int}] {self:int} sends MsgTimeoutNow to {peer:int}", sign: raftdiag.TransferBegun},
		{text: "[region {group=region-:int}] {self:int} sent MsgTimeoutNow to {peer:int}", sign: raftdiag.TransferBegun},
		{text: "[region {group=region-:int}] {self:int} [term {term:int}] received MsgTimeoutNow from {peer:int} and starts an election", sign: raftdiag.TransferBegun},
		{text: "[region {group=region-:int}] found conflict at index {index:int}", sign: raftdiag.LogConflict},
		{text: "to_commit {commit:int} is out of range [last_index {last:int}]", sign: raftdiag.Died, fix: wholeText},
		{text: "applied({index:int}) is out of range [prev_applied({applied:int}), committed({commit:int})]", sign: raftdiag.Died, fix: wholeText},
		{text: "entry {index:int} conflict with committed entry {commit:int}", sign: raftdiag.Died, fix: wholeText},
		{text: "entries[{}] is unavailable from storage", sign: raftdiag.Died, trouble: raftdiag.Corrupted, fix: wholeText},
		{text: "slice[{}] out of bound[{}", sign: raftdiag.Died, fix: wholeText},
		{text: "unstable.slice[{}] out of bound[{}", sign: raftdiag.Died, fix: wholeText},
		{text: "hs.commit {commit:int} is out of range [{}, {last:int}]", sign: raftdiag.Died, fix: wholeText},
	},
	samples: []sample{
		{`[2019/09/14 10:47:35.385 +08:00] [INFO] [raft.rs:1120] ["[region 20] 22 [logterm: 5, index: 9] sent MsgRequestVote request to 23 at term 9"]`,
			"symptom Type:MsgVote Term:9 LogTerm:5 Index:9 Symptom:vote_asked Self:tikv-peer-22 Peer:tikv-peer-23"},
		{`[2019/09/14 10:47:35.385 +08:00] [INFO] [raft.rs:1120] ["[region 20] 22 newRaft [peers: [22, 23, 24], term: 8, commit: 5, applied: 5, last_index: 5, last_term: 8]"]`,
			"symptom Term:8 Last:5 Commit:5 Applied:5 Config:voters=(22 23 24) Symptom:membership Self:tikv-peer-22"},
		{`[2019/09/14 10:47:35.385 +08:00] [INFO] [raft.rs:1120] ["[region 20] 22 became follower at term 8"]`,
			"symptom Role:Follower Term:8 Symptom:role Self:tikv-peer-22"},
		{`[2019/09/14 10:47:35.385 +08:00] [INFO] [raft.rs:1120] ["[region 20] 22 received MsgRequestVoteResponse rejection from 23 at term 9"]`,
			"symptom Type:MsgVoteResp Term:9 Symptom:vote_denied Self:tikv-peer-22 Peer:tikv-peer-23"},
		{`[2019/09/14 10:47:35.385 +08:00] [INFO] [raft.rs:1120] ["[region 20] 22 is starting a new election at term 8"]`,
			"symptom Term:8 Symptom:campaign Self:tikv-peer-22"},
		{`[2023/12/27 04:42:01.909 +08:00] [FATAL] [lib.rs:509] ["to_commit 2805 is out of range [last_index 2801], raft_id: 7, region_id: 4"] [backtrace="stack backtrace"] [location=/rust/raft_log.rs:321] [thread_name=raftstore-1-0]`,
			"symptom Last:2801 Commit:2805 Text:\"to_commit 2805 is out of range [last_index 2801]\" Symptom:died Self:tikv-peer-7"},
		{`[2023/12/27 04:42:01.909 +08:00] [FATAL] [lib.rs:509] ["unstable.slice[28051, 28055] out of bound[28051, 28051], raft_id: 2010234007, region_id: 2010234004"]`,
			"symptom Text:\"unstable.slice[28051, 28055] out of bound[28051, 28051]\" Symptom:died Self:tikv-peer-2010234007"},
		{`[2024/05/06 10:11:12.123 +00:00] [FATAL] [lib.rs:509] ["entries[5:7] is unavailable from storage, raft_id: 22, region_id: 20"] [backtrace=x]`,
			"symptom Text:\"entries[5:7] is unavailable from storage\" Symptom:died corrupted Self:tikv-peer-22"},
	},
}
