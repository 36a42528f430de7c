package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// openraftLines are the words of openraft 0.9 and 0.10. Ids stand in the spans
// of tracing, or as id= in the text; what happens to messages is debug.
var openraftLines = foreign{
	dialect: openraft,
	name:    "openraft",
	doc:     "openraft 0.9 and 0.10 through tracing: elections and votes, replication errors, higher votes, storage errors. The spans name node (id) and group (cluster).",
	keys:    map[string]string{"id": "self", "cluster": "group", "target": "peer", "error": "err", "err": "err"},
	speaks: func(r *record) bool {
		return has(r.logger, "openraft") || has(r.msg, "RAFT_")
	},
	rules: []rule{
		{text: "become leader: node-{self:word}, my vote: <T{term:int}-N{}>, last-log-id: {text}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "become leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "a quorum granted my vote", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "a quorum would grant the vote; starting a real election", sign: raftdiag.CampaignBegun},
		{text: "election timeout expired, triggering election", sign: raftdiag.LeaderLost},
		{text: "election timeout passed, check if it is a voter for election", sign: raftdiag.LeaderLost},
		{text: "do trigger election", sign: raftdiag.CampaignBegun},
		{text: "trigger election", sign: raftdiag.CampaignBegun},
		{text: "trigger pre-vote", sign: raftdiag.CampaignBegun},
		{text: "{}new candidate: {text}", sign: raftdiag.CampaignBegun},
		{text: "skip election", sign: raftdiag.NoiseLine},
		{text: "vote is changing from ", sign: raftdiag.NoiseLine},
		{text: "vote <T{term:int}-N{peer:word}:{}> is rejected by local vote: {text}", sign: raftdiag.VoteRefused},
		{text: "reject vote-request: {text}", sign: raftdiag.VoteRefused},
		{text: "handle vote request", sign: raftdiag.NoiseLine},
		{text: "received RaftMsg::RequestVote", sign: raftdiag.NoiseLine},
		{text: "received Notify::VoteResponse", sign: raftdiag.NoiseLine},
		{text: "received Notify::HigherVote: {text}", sign: raftdiag.HigherTermSeen},
		{text: "Engine::handle_vote_req", sign: raftdiag.NoiseLine},
		{text: "seen a greater log id when ", sign: raftdiag.NoiseLine},
		{text: "error replication to target={peer:word}{rest}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: trailingError},
		{text: "ReplicationCore recv RPCError: {err}, when:({}); sending error to RaftCore", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "RPCError", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: trailingError},
		{text: "update progress error: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "update progress error", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: trailingError},
		{text: "heartbeat error: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "while requesting vote", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: trailingError},
		{text: "timeout while confirming leadership for read request", sign: raftdiag.ReadSlow},

		{text: "RAFT_event id={self:word} {}notify: VoteResponse: from target={peer:word}, to candidate_vote: <T{term:int}-N{vote}>, {text}", sign: raftdiag.VoteGot, fix: func(l *line) bool {
			granted := append(append([]byte("-N"), l.get("vote")...), '>')
			if !bytes.Contains([]byte(l.ev.Text), granted) {
				l.ev.Symptom.Sign = raftdiag.VoteDenied
			}
			return true
		}},
		{text: "RAFT_event id={self:word} {}notify: Seen a higher vote: target: {peer:word}, vote: <T{term:int}-N{}>", sign: raftdiag.HigherTermSeen},
		{text: "RAFT_event id={self:word} {}notify: StorageError: {err}", sign: raftdiag.StorageBroken},
		{text: "RAFT_event id={self:word} {}notify: replication::Progress: target={peer:word}, result: (Conflict:{text})", sign: raftdiag.AppendRefused, way: raftdiag.Inbound},
		{text: "RAFT_event id={self:word} {}cmd: SendVote: {}<T{term:int}-N{}", sign: raftdiag.CampaignBegun},
		{text: "RAFT_event id={self:word} {}cmd: SendPreVote: {}<T{term:int}-N{}", sign: raftdiag.CampaignBegun, fix: func(l *line) bool {
			l.ev.Type, l.ev.Set = raftdiag.MsgPreVote, l.ev.Set|raftdiag.HasType
			return true
		}},
		{text: "RAFT_event id={self:word} ", sign: raftdiag.NoiseLine},
		{text: "RAFT_stats id={self:word} ", sign: raftdiag.NoiseLine},
		{text: "report_metrics: ", sign: raftdiag.NoiseLine},

		{text: "prev_log_id does not match", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "truncate_logs", sign: raftdiag.LogConflict},
		{text: "recv from rx_", sign: raftdiag.NoiseLine},
		{text: "append-entries request", sign: raftdiag.NoiseLine},
		{text: "local state", sign: raftdiag.NoiseLine},
		{text: "spawn replication", sign: raftdiag.NoiseLine},
		{text: "send_log_entries", sign: raftdiag.NoiseLine},
		{text: "start sending append_entries, timeout: ", sign: raftdiag.NoiseLine},
		{text: "append_entries res", sign: raftdiag.NoiseLine},
		{text: "handle_replication_progress", sign: raftdiag.NoiseLine},
		{text: "update_matching", sign: raftdiag.NoiseLine},
		{text: "after updating progress", sign: raftdiag.NoiseLine},
		{text: "about to apply", sign: raftdiag.NoiseLine},
		{text: "apply_to_state_machine", sign: raftdiag.NoiseLine},
		{text: "last_applied", sign: raftdiag.NoiseLine},
		{text: "timeout", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut, fix: trailingError},
		{text: "next_request: AppendEntries", sign: raftdiag.NoiseLine},
		{text: "AppendEntries RPC response", sign: raftdiag.NoiseLine},
	},
	samples: []sample{
		{`2024-05-06T10:11:12.123456Z DEBUG RaftCore{id=1 cluster=foo}:handle_api_msg{state=Follower id=1}: openraft::core::raft_core: RAFT_event id=1   input: AppendEntries: vote=<T1-N2:Q>, prev_log_id=T1-N2.4, leader_commit=T1-N2.4, entries=[T1-N2.5]`,
			"symptom Symptom:noise Self:1"},
		{`2024-05-06T10:11:12.125456Z DEBUG RaftCore{id=2 cluster=foo}: openraft::core::raft_core: RAFT_event id=2  notify: replication::Progress: target=1, result: (Match:T1-N2.5), stream_id: 3, inflight_id: 7`,
			"symptom Symptom:noise Self:2"},
		{`2024-05-06T10:11:12.125456Z DEBUG RaftCore{id=2 cluster=foo}: openraft::core::raft_core: RAFT_event id=2  notify: replication::Progress: target=1, result: (Conflict:T1-N2.5), stream_id: 3, inflight_id: 7`,
			"symptom Text:\"T1-N2.5\" Symptom:append_refused in Self:2 Peer:1"},
		{`2024-05-06T10:11:12.125456Z DEBUG RaftCore{id=1 cluster=foo}: openraft::core::raft_core: RAFT_event id=1  notify: VoteResponse: from target=2, to candidate_vote: <T2-N1:->, {<T2-N1:->, last_log:Some("T1-N2.4")}`,
			"symptom Term:2 Text:\"{<T2-N1:->, last_log:Some(\\\"T1-N2.4\\\")}\" Symptom:vote_got Self:1 Peer:2"},
		{`2024-05-06T10:11:12.125456Z DEBUG RaftCore{id=1 cluster=foo}: openraft::core::raft_core: RAFT_event id=1  notify: VoteResponse: from target=3, to candidate_vote: <T2-N1:->, {<T4-N3:Q>, last_log:Some("T1-N2.9")}`,
			"symptom Term:2 Text:\"{<T4-N3:Q>, last_log:Some(\\\"T1-N2.9\\\")}\" Symptom:vote_denied Self:1 Peer:3"},
		{`2024-05-06T10:11:12.125456Z  INFO RaftCore{id=1 cluster=foo}: openraft::engine::engine_impl: become leader: node-1, my vote: <T2-N1:Q>, last-log-id: T1-N2.4`,
			"symptom Role:Leader Term:2 Text:\"T1-N2.4\" Symptom:role Self:1"},
		{`2024-05-06T10:11:12.125456Z DEBUG RaftCore{id=1 cluster=foo}: openraft::core::raft_core: RAFT_event id=1     cmd: Replicate: target=2, req: Replicate{log_id_range: (T1-N2.3, T1-N2.5], inflight_id: 7}`,
			"symptom Symptom:noise Self:1"},
		{`2024-05-06T10:11:13.125456Z  WARN RaftCore{id=1 cluster=foo}:replication{id=1 target=2}: openraft::replication: ReplicationCore recv RPCError: NetworkError: connection refused, when:(AppendEntries); sending error to RaftCore`,
			"symptom Text:\"NetworkError: connection refused\" Symptom:link_down refused out Self:1 Peer:2"},
		{`2024-05-06T10:11:13.125456Z  WARN RaftCore{id=1 cluster=foo}: openraft::replication: error replication to target=3 error=timeout after 50ms when AppendEntries 1->3`,
			"symptom Text:\"timeout after 50ms when AppendEntries 1->3\" Symptom:link_down timed_out out Self:1 Peer:3"},
		{`2024-05-06T10:11:13.125456Z  INFO RaftCore{id=3 cluster=foo}: openraft::core::raft_core: election timeout passed, check if it is a voter for election`,
			"symptom Symptom:leader_lost Self:3"},
		{`2024-05-06T10:11:13.125456Z  INFO RaftCore{id=3 cluster=foo}: openraft::engine: vote <T2-N1:-> is rejected by local vote: <T4-N3:Q>`,
			"symptom Term:2 Text:\"<T4-N3:Q>\" Symptom:vote_refused Self:3 Peer:1"},
		{`{"timestamp":"2024-05-06T10:11:13.125456Z","level":"INFO","fields":{"message":"a quorum granted my vote"},"target":"openraft::engine","span":{"id":1,"cluster":"foo","name":"RaftCore"}}`,
			"symptom Role:Leader Symptom:role Self:1"},
	},
}

// trailingError takes error= or err= off the end of a message.
func trailingError(l *line) bool {
	if at := bytes.Index(l.msg, []byte("target=")); at >= 0 && len(l.ev.Symptom.Peer) == 0 {
		word, _, _ := bytes.Cut(l.msg[at+len("target="):], []byte(" "))
		l.p.fill(l.ev, "peer", word)
	}
	for _, key := range [...]string{" error=", " err="} {
		if at := bytes.Index(l.msg, []byte(key)); at >= 0 {
			l.p.fill(l.ev, "err", l.msg[at+len(key):])
			return true
		}
	}
	return true
}
