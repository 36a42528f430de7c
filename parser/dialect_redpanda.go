package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// readRedpandaRecord reads Seastar's lines as Redpanda prints them; the group
// is a partition.
//
//	INFO  2024-05-06 10:11:12,513 [shard 1:raft] raft - [group_id:42, {kafka/orders/3}] consensus.cc:931 - message
func readRedpandaRecord(p *reader, r *record) bool {
	s := r.msg
	n := level(s)
	if n == 0 {
		return false
	}
	rest := bytes.TrimLeft(s[n:], " ")
	stamp, w := p.clock.stamp(rest)
	if w == 0 {
		return false
	}
	rest = rest[w:]
	if !has(rest, " [shard ") {
		return false
	}
	end := bytes.IndexByte(rest, ']')
	if end < 0 || end+2 >= len(rest) {
		return false
	}
	shard := rest[len(" [shard "):end]
	rest = bytes.TrimLeft(rest[end+1:], " ")
	dash := bytes.Index(rest, []byte(" - "))
	if dash <= 0 || dash > 64 {
		return false
	}
	r.stamped(stamp)
	r.level, r.logger = levelNamed(s[:n]), rest[:dash]
	r.fields = append(r.fields, field{[]byte("shard"), shard})
	rest = rest[dash+3:]
	if has(rest, "[group_id:") {
		if end := bytes.Index(rest, []byte("}] ")); end > 0 {
			if open := bytes.IndexByte(rest[:end], '{'); open > 0 {
				r.group = rest[open+1 : end]
			}
			rest = rest[end+3:]
		} else if end := bytes.Index(rest, []byte("] ")); end > 0 {
			r.group = append([]byte("group-"), rest[len("[group_id:"):end]...)
			rest = rest[end+2:]
		}
	}
	if at := bytes.Index(rest, []byte(" - ")); at > 0 && at < 64 && bytes.IndexByte(rest[:at], ' ') < 0 && bytes.IndexByte(rest[:at], ':') > 0 { // consensus.cc:931
		rest = rest[at+3:]
	}
	r.msg = rest
	return true
}

// redpandaLines are the words of Redpanda's own Raft.
var redpandaLines = foreign{
	dialect: redpanda,
	name:    "Redpanda",
	doc:     "Redpanda's Raft in Seastar's log: elections, votes, leaders, refused and failed appends, recovery. A partition is a group.",
	speaks:  func(r *record) bool { return r.get("shard") != nil },
	rules: []rule{
		{text: "starting pre-vote leader election, current term: {term:int}", sign: raftdiag.CampaignBegun, fix: asPreVote},
		{text: "[pre-vote: {pre:word}] sending vote request to {text} with timeout of {} ms", sign: raftdiag.VoteAsked, fix: redpandaVote},
		{text: "[pre-vote: {pre:word}] vote reply from {text} - {reply}", sign: raftdiag.VoteGot, fix: redpandaReply},
		{text: "[pre-vote: {pre:word}] vote failed", sign: raftdiag.VoteDenied},
		{text: "[pre-vote: {pre:word}] {}", sign: raftdiag.NoiseLine},
		{text: "vote failed - received larger term: {term:int}", sign: raftdiag.HigherTermSeen},
		{text: "becoming the leader term:{term:int}", sign: raftdiag.NoiseLine},
		{text: "became the leader term: {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "Stepping down as leader in term {term:int}, dirty offset {last:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "[{}] Stepping down as leader in term {term:int}, dirty offset {last:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "Starting with voted_for {} term {term:int} initial_state {}", sign: raftdiag.NoiseLine},
		{text: "started raft, log offsets: {}, term: {term:int}, configuration: {text}", sign: raftdiag.NoiseLine},
		{text: "Received vote request with larger term from node {text}, received {term:int}, current {}", sign: raftdiag.HigherTermSeen, fix: vnodePeer},
		{text: "Received vote request: ", sign: raftdiag.NoiseLine},
		{text: "vote reply: ", sign: raftdiag.NoiseLine},
		{text: "Unable to persist raft group state, vote not granted - {err}", sign: raftdiag.StorageBroken},
		{text: "triggering leadership notification with term: {term:int}, new leader: {text}", sign: raftdiag.LeaderKnown, fix: vnodePeer},
		{text: "Starting leadership transfer from {} to {text} in term {term:int}", sign: raftdiag.TransferBegun, fix: vnodePeer},
		{text: "Error occurred while appending log entries - {err}", sign: raftdiag.StorageBroken},
		{text: "Error replicating entries, leader append failed - {err}", sign: raftdiag.StorageBroken},
		{text: "Error append entries response from {text}, {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: vnodePeer},
		{text: "Append entries request timedout at node {text}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut, fix: vnodePeer},
		{text: "ignoring append entries reply, not leader", sign: raftdiag.NoiseLine},
		{text: "Rejecting append entries. Would leave gap in log, last log offset: {last:int} request previous log offset: {index:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "Rejecting append entries. mismatching entry term at offset: {index:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "Append entries request term: {term:int} is greater than current: {}", sign: raftdiag.HigherTermSeen},
		{text: "Received error when sending heartbeats to node {peer:int} - {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "Heartbeat request for group {} timed out on the node {peer:int}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut},
		{text: "got heartbeat reply from a different node id {} (expected {peer:int}), ignoring", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch},
		{text: "hydrating snapshot with last included index: {index:int}", sign: raftdiag.SnapshotApplied},
		{text: "entering follower_recovery_state, ", sign: raftdiag.NoiseLine},
		{text: "Starting recovery process for ", sign: raftdiag.NoiseLine},
		{text: "Sending append entries request", sign: raftdiag.NoiseLine},
		{text: "Sending empty append entries request to ", sign: raftdiag.NoiseLine},
		{text: "Self append entries - ", sign: raftdiag.NoiseLine},
		{text: "Received append entries request: ", sign: raftdiag.NoiseLine},
		{text: "Append entries response: ", sign: raftdiag.NoiseLine},
		{text: "Updated node ", sign: raftdiag.NoiseLine},
		{text: "Leader commit index updated {commit:int}", sign: raftdiag.NoiseLine},
		{text: "Follower commit index updated {commit:int}", sign: raftdiag.NoiseLine},
		{text: "Successfully started Redpanda!", sign: raftdiag.Serving},
		{text: "Welcome to the Redpanda community!", sign: raftdiag.StartedUp},
		{text: "Shutting down...", sign: raftdiag.ShuttingDown},
	},
	samples: []sample{
		{`TRACE 2024-05-06 10:11:12,513 [shard 1:raft] raft - [group_id:42, {kafka/orders/3}] consensus.cc:1933 - Received append entries request: node_id {id: 1, revision: 2} target_node_id {id: 0, revision: 2} meta {group: 42, commit_index: 90, term: 5, prev_log_index: 91, prev_log_term: 5, last_visible_index: 90, dirty_offset: 91, prev_log_delta: 4} batches {1}`,
			"symptom Symptom:noise"},
		{`TRACE 2024-05-06 10:11:12,515 [shard 1:raft] raft - [group_id:42, {kafka/orders/3}] consensus.cc:361 - Append entries response: {node_id: {id: 0, revision: 2}, target_node_id: {id: 1, revision: 2}, group: 42, term: 5, last_dirty_log_index: 92, last_flushed_log_index: 92, last_term_base_offset: 88, result: success, may_recover: true}`,
			"symptom Symptom:noise"},
		{`INFO  2024-05-06 10:11:20,001 [shard 1:raft] raft - [group_id:42, {kafka/orders/3}] vote_stm.cc:436 - became the leader term: 6`,
			"symptom Role:Leader Term:6 Symptom:role"},
		{`INFO  2024-05-06 10:11:12,513 [shard 1:raft] raft - [group_id:42, {kafka/orders/3}] consensus.cc:931 - starting pre-vote leader election, current term: 5, leadership transfer: false`,
			"symptom Type:MsgPreVote Term:5 Symptom:campaign"},
		{`INFO  2024-05-06 10:11:12,513 [shard 1] raft - [group_id:42, {kafka/orders/3}] vote_stm.cc:91 - [pre-vote: false] vote reply from {id: 2, revision: 7} - {term: 6, target_node: {id: 1, revision: 7}, vote_granted: false, log_ok: true}`,
			"symptom Term:6 Symptom:vote_denied Peer:2"},
		{`INFO  2024-05-06 10:11:12,513 [shard 1] raft - [group_id:42, {kafka/orders/3}] vote_stm.cc:81 - [pre-vote: true] sending vote request to {id: 2, revision: 7} with timeout of 1500 ms`,
			"symptom Type:MsgPreVote Symptom:vote_asked Peer:2"},
		{`DEBUG 2024-05-06 10:11:12,513 [shard 0:main] r/heartbeat - heartbeat_manager.cc:289 - Received error when sending heartbeats to node 2 - rpc::errc::client_request_timeout`,
			"symptom Text:\"rpc::errc::client_request_timeout\" Symptom:link_down timed_out out Peer:2"},
		{`INFO  2024-05-06 10:11:12,513 [shard 1] raft - [group_id:42, {kafka/orders/3}] consensus.cc:200 - [heartbeats_majority] Stepping down as leader in term 6, dirty offset 92`,
			"symptom Role:Follower Term:6 Last:92 Symptom:role"},
	},
}

// asPreVote says that a candidate only asks ahead.
func asPreVote(l *line) bool {
	l.ev.Type, l.ev.Set = raftdiag.MsgPreVote, l.ev.Set|raftdiag.HasType
	return true
}

// vnodePeer reads {id: 0, revision: 7} out of the text: the other node.
func vnodePeer(l *line) bool {
	for _, c := range l.caught {
		if c.name != "text" {
			continue
		}
		word := c.value
		if _, rest, ok := bytes.Cut(word, []byte("id: ")); ok {
			word = rest
		}
		if _, n := uintAt(word); n > 0 {
			l.p.fill(l.ev, "peer", word[:n])
		}
	}
	l.ev.Set &^= raftdiag.HasText
	l.p.say(l.ev, l.get("err"))
	return true
}

func redpandaVote(l *line) bool {
	if string(l.get("pre")) == "true" {
		asPreVote(l)
	}
	return vnodePeer(l)
}

// preVoteAnswer says that an answer is to one who only asks ahead.
func preVoteAnswer(l *line) bool {
	l.ev.Type, l.ev.Set = raftdiag.MsgPreVoteResp, l.ev.Set|raftdiag.HasType
	return true
}

func redpandaReply(l *line) bool {
	reply := l.get("reply")
	if bytes.Contains(reply, []byte("granted: false")) || bytes.Contains(reply, []byte("granted: 0")) {
		l.ev.Symptom.Sign = raftdiag.VoteDenied
	}
	if _, rest, ok := bytes.Cut(reply, []byte("term: ")); ok {
		if _, n := uintAt(rest); n > 0 {
			l.p.fill(l.ev, "term", rest[:n])
		}
	}
	if string(l.get("pre")) == "true" {
		preVoteAnswer(l)
	}
	return vnodePeer(l)
}
