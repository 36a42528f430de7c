package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// readKafkaRecord takes the context in front of Kafka's messages, which names
// the node, and the class behind it:
//
//	[RaftManager id=1] Become candidate due to fetch timeout (org.apache.kafka.raft.KafkaRaftClient)
func readKafkaRecord(p *reader, r *record) bool {
	s := r.msg
	found := false
	if s[len(s)-1] == ')' && len(r.logger) == 0 {
		if open := bytes.LastIndex(s, []byte(" (")); open > 0 && bytes.Contains(s[open:], []byte("kafka.")) && bytes.IndexByte(s[open+2:], ' ') < 0 {
			r.logger, s = s[open+2:len(s)-1], s[:open]
			found = true
		}
	}
	if s[0] == '[' && found { // a context that names no node
		if end := bytes.Index(s, []byte("]: ")); end > 0 && end < 120 && bytes.IndexByte(s[:end], ' ') < 0 {
			s = s[end+3:]
		}
	}
	if len(s) > 0 && s[0] == '[' && r.get("kafka") == nil {
		if end := bytes.Index(s, []byte("] ")); end > 0 && end < 120 {
			name, rest, ok := bytes.Cut(s[1:end], []byte(" "))
			for _, key := range [...]string{"id=", "nodeId="} {
				if !ok || !has(rest, key) || len(name) == 0 || !letterByte(name[0]) {
					continue
				}
				if _, n := uintAt(rest[len(key):]); n > 0 {
					r.self = rest[len(key) : len(key)+n]
					r.fields = append(r.fields, field{[]byte("kafka"), name})
					s, found = bytes.TrimLeft(s[end+2:], " "), true
					break
				}
			}
		}
	}
	if found {
		r.msg = s
	}
	return found
}

// kafkaLines are the words of Kafka's KRaft: an epoch is a term. Followers
// fetch, so a leader loses its quorum when too few do.
var kafkaLines = foreign{
	dialect: kafkaRaft,
	name:    "KRaft",
	doc:     "Kafka's KRaft quorum (3.0 and later): transitions of its state, votes, quorums that do not fetch, controllers, connections between them. Epochs are terms.",
	speaks: func(r *record) bool {
		return bytes.Contains(r.logger, []byte("kafka")) || r.get("kafka") != nil
	},
	rules: []rule{
		{text: "Completed transition to Leader({text}", sign: raftdiag.RoleTaken, role: raftdiag.Leader, fix: kafkaState},
		{text: "Completed transition to FollowerState({text}", sign: raftdiag.RoleTaken, role: raftdiag.Follower, fix: kafkaState},
		{text: "Completed transition to CandidateState({text}", sign: raftdiag.RoleTaken, role: raftdiag.Candidate, fix: kafkaState},
		{text: "Completed transition to ProspectiveState({text}", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate, fix: kafkaState},
		{text: "Completed transition to Unattached({text}", sign: raftdiag.LeaderLost, fix: kafkaState},
		{text: "Completed transition to ResignedState({text}", sign: raftdiag.RoleTaken, role: raftdiag.Follower, fix: kafkaState},
		{text: "Completed transition to {text}", sign: raftdiag.NoiseLine, fix: kafkaState},
		{text: "Attempting durable transition to ", sign: raftdiag.NoiseLine},
		{text: "Vote request {text} with epoch {term:int} is granted", sign: raftdiag.VoteGranted, fix: kafkaCandidate},
		{text: "Vote request {text} with epoch {term:int} is rejected", sign: raftdiag.VoteRefused, fix: kafkaCandidate},
		{text: "Rejecting vote request from candidate ({text}) since {err}", sign: raftdiag.VoteRefused, fix: kafkaCandidate},
		{text: "Become candidate due to fetch timeout", sign: raftdiag.CampaignBegun},
		{text: "Become prospective due to fetch timeout", sign: raftdiag.CampaignBegun, fix: asPreVote},
		{text: "Transitioning to Prospective state due to fetch timeout", sign: raftdiag.CampaignBegun, fix: asPreVote},
		{text: "Election has timed out, backing off for ", sign: raftdiag.NoLeaderKnown, what: "election"},
		{text: "Re-elect as candidate after election backoff has completed", sign: raftdiag.CampaignBegun},
		{text: "Insufficient remaining votes to become leader (rejected by {text})", sign: raftdiag.VoteDenied},
		{text: "Did not receive fetch request from the majority of the voters within {ms:int}ms. {text}", sign: raftdiag.QuorumLost},
		{text: "High watermark set to ", sign: raftdiag.NoiseLine},
		{text: "Leader high watermark updated to ", sign: raftdiag.NoiseLine},
		{text: "Follower high watermark updated to ", sign: raftdiag.NoiseLine},
		{text: "Truncated to offset {index:int} from Fetch response from leader {peer:int}", sign: raftdiag.LogConflict},
		{text: "Fetching snapshot {} from Fetch response from leader {peer:int}", sign: raftdiag.SnapshotArrived},
		{text: "Sent outbound request: ", sign: raftdiag.NoiseLine},
		{text: "Received inbound message ", sign: raftdiag.NoiseLine},
		{text: "Sent response ", sign: raftdiag.NoiseLine},
		{text: "Follower end offset updated to ", sign: raftdiag.NoiseLine},
		{text: "Leader appended records at base offset ", sign: raftdiag.NoiseLine},
		{text: "Becoming the active controller at epoch {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "Recorded new KRaft controller, from now on will use node {peer2:word} (id: {peer:int} ", sign: raftdiag.LeaderKnown},
		{text: "Recorded new controller, from now on will use node {peer2:word} (id: {peer:int} ", sign: raftdiag.LeaderKnown},
		{text: "Connection to node {peer:int} ({text}) could not be established", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: kafkaAddress},
		{text: "Disconnecting from node {peer:int} due to socket connection setup timeout", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut},
		{text: "Disconnecting from node {peer:int} due to request timeout", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut},
		{text: "Node {peer:int} disconnected", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.Closed},
		{text: "Starting controller", sign: raftdiag.StartedUp},
		{text: "Kafka Server started", sign: raftdiag.Serving},
		{text: "shutting down", sign: raftdiag.ShuttingDown},
		{text: "Terminating process due to signal {text}", sign: raftdiag.ShuttingDown},
		{text: "Encountered fatal fault: {text}", sign: raftdiag.Died},
	},
	samples: []sample{
		{`[2024-05-06 10:11:12,123] INFO [RaftManager id=1] Become candidate due to fetch timeout (org.apache.kafka.raft.KafkaRaftClient)`,
			"symptom Symptom:campaign Self:1"},
		{`[2024-05-06 10:11:40,123] INFO [RaftManager id=1] Did not receive fetch request from the majority of the voters within 3000ms. Current fetched voters are [], and voters are [ReplicaKey(id=1, …), ReplicaKey(id=2, …)] (org.apache.kafka.raft.LeaderState)`,
			"symptom Duration:3s Text:\"Current fetched voters are [], and voters are [ReplicaKey(id=1, …), ReplicaKey(id=2, …)]\" Symptom:quorum_lost Self:1"},
		{`[2024-05-06 10:11:12,123] INFO [RaftManager id=1] Completed transition to Leader(localReplicaKey=ReplicaKey(id=1, directoryId=Optional.empty), epoch=12, epochStartOffset=90, highWatermark=Optional.empty, voterStates={}) from CandidateState(localId=1, epoch=12) (org.apache.kafka.raft.QuorumState)`,
			"symptom Role:Leader Term:12 Symptom:role Self:1"},
		{`[2024-05-06 10:11:12,123] INFO [RaftManager id=2] Completed transition to FollowerState(fetchTimeoutMs=2000, epoch=12, leader=1, leaderEndpoints=Endpoints(), voters=[1, 2, 3], highWatermark=Optional.empty) from Unattached(epoch=12) (org.apache.kafka.raft.QuorumState)`,
			"symptom Role:Follower Term:12 Symptom:role Self:2 Peer:1"},
		{`[2024-05-06 10:11:12,123] INFO [RaftManager id=2] Completed transition to Unattached(epoch=13, votedKey=null, voters=[1, 2, 3], electionTimeoutMs=1200, highWatermark=Optional.empty) from FollowerState(epoch=12, leader=1) (org.apache.kafka.raft.QuorumState)`,
			"symptom Term:13 Symptom:leader_lost Self:2"},
		{`[2024-05-06 10:11:12,123] INFO [RaftManager id=2] Vote request VoteRequestData(clusterId='x', voterId=2, topics=[TopicData(topicName='__cluster_metadata', partitions=[PartitionData(partitionIndex=0, candidateEpoch=13, candidateId=3, lastOffsetEpoch=12, lastOffset=90)])]) with epoch 13 is rejected (org.apache.kafka.raft.KafkaRaftClient)`,
			"symptom Term:13 LogTerm:12 Index:90 Symptom:vote_refused Self:2 Peer:3"},
		{`[2024-05-06 10:11:12,123] WARN [RaftManager id=1] Connection to node 2 (kafka-2/10.0.0.2:9093) could not be established. Node may not be available. (org.apache.kafka.clients.NetworkClient)`,
			"symptom Symptom:link_down out Self:1 Peer:2=kafka-2:9093"},
		{`[2024-05-06 10:11:12,123] INFO [QuorumController id=1] Becoming the active controller at epoch 12, next write offset 91. (org.apache.kafka.controller.QuorumController)`,
			"symptom Role:Leader Term:12 Symptom:role Self:1"},
		{`[2024-05-06 10:11:12,123] INFO [broker-4-to-controller-heartbeat-channel-manager]: Recorded new KRaft controller, from now on will use node kafka-1:9093 (id: 1 rack: null isFenced: false) (kafka.server.NodeToControllerRequestThread)`,
			"symptom Symptom:leader Peer:kafka-1:9093=1"},
		{`[2024-05-06 10:11:12,123] INFO [KafkaRaftServer nodeId=1] Kafka Server started (kafka.server.KafkaRaftServer)`,
			"symptom Symptom:serving Self:1"},
	},
}

// kafkaState reads epoch= and leader= out of a state. What follows " from "
// is the state before.
func kafkaState(l *line) bool {
	text, _, _ := bytes.Cut([]byte(l.msg), []byte(") from "))
	l.ev.Set &^= raftdiag.HasText
	number := func(hole string, keys ...string) {
		for _, key := range keys {
			if at := bytes.Index(text, []byte(key)); at > 0 && !letterByte(text[at-1]) {
				if _, w := uintAt(text[at+len(key):]); w > 0 {
					l.p.fill(l.ev, hole, text[at+len(key):at+len(key)+w])
					return
				}
			}
		}
	}
	number("term", "epoch=")
	if l.ev.Has(raftdiag.HasRole) && l.ev.Role == raftdiag.Follower {
		number("peer", "leader=", "leaderId=")
	}
	return true
}

// kafkaCandidate reads who asked for a vote.
func kafkaCandidate(l *line) bool {
	text := []byte(l.ev.Text)
	for _, f := range [...]struct{ key, hole string }{{"candidateId=", "peer"}, {"replicaId=", "peer"}, {"id=", "peer"}, {"lastOffset=", "index"}, {"lastOffsetEpoch=", "logterm"}} {
		if f.hole == "peer" && len(l.ev.Symptom.Peer) > 0 {
			continue
		}
		if at := bytes.Index(text, []byte(f.key)); at >= 0 {
			if _, w := uintAt(text[at+len(f.key):]); w > 0 {
				l.p.fill(l.ev, f.hole, text[at+len(f.key):at+len(f.key)+w])
			}
		}
	}
	l.ev.Set &^= raftdiag.HasText
	l.p.say(l.ev, l.get("err"))
	l.ev.Symptom.Trouble = raftdiag.NoTrouble
	return true
}

// kafkaAddress spells host/10.0.0.2:9093 as host:9093.
func kafkaAddress(l *line) bool {
	text := []byte(l.ev.Text)
	if host, rest, ok := bytes.Cut(text, []byte("/")); ok && len(host) > 0 {
		if colon := bytes.LastIndexByte(rest, ':'); colon >= 0 {
			text = append(bytes.Clone(host), rest[colon:]...)
		}
	}
	l.p.fill(l.ev, "peer", bytes.TrimLeft(text, "/"))
	l.ev.Set &^= raftdiag.HasText
	return true
}
