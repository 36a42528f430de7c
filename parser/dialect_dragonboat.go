package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// dragonboatWords are dragonboat's lines. Each of Raft's says where the log
// stands. Nodes are replicas of shards there, and addresses to the transport.
var dragonboatWords = foreign{
	dialect: dragonboat,
	name:    "dragonboat",
	doc: "dragonboat 3 and 4: elections, lost quorums, proposals that nobody took, snapshots, members and the transport. " +
		"Every Raft line has last index, commit and applied.",
	keys:    map[string]string{"term": "term", "last": "last", "logterm": "logterm", "commit": "commit", "applied": "applied"},
	speaks:  func(r *record) bool { return r.self != nil || dragonPackages[string(r.logger)] },
	fix:     dragonNames,
	samples: dragonLines,
	rules: []rule{
		{text: "created, initial: {}, new: {}", sign: raftdiag.StartedUp},
		{text: "nodehost address: {self}", sign: raftdiag.NamesItself},
		{text: "NodeHost ID: {self}", sign: raftdiag.NamesItself},
		{text: "dragonboat version: {what}", sign: raftdiag.NoiseLine},
		{text: "added bootstrap ConfigChangeAddNode, {replica}, {peer:word}", sign: raftdiag.NamesPeer},
		{text: "replaying raft logs", sign: raftdiag.NoiseLine},
		{text: "logdb first entry {} size {} commit {commit:int} term {term:int}", sign: raftdiag.LogRecovered},
		{text: "initialized using {}", sign: raftdiag.LogRecovered},
		{text: "recovered from {}", sign: raftdiag.LogRecovered},
		{text: "initial index set to {index:int}", sign: raftdiag.LogRecovered},

		{text: "became follower", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "became nonVoting", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "became witness", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "became PreVote candidate", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate},
		{text: "became candidate", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "became leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "becoming leader with pending ConfigChange", sign: raftdiag.NoiseLine},
		{text: "will start a preVote campaign", sign: raftdiag.CampaignBegun, fix: preVote},
		{text: "will start a campaign", sign: raftdiag.CampaignBegun},
		{text: "is leader, ignored Election", sign: raftdiag.NoiseLine},
		{text: "campaign skipped, {text}", sign: raftdiag.CampaignBarred},
		{text: "sent RequestVote to {replica:word}", sign: raftdiag.VoteAsked},
		{text: "sent RequestPreVote to {replica:word}", sign: raftdiag.VoteAsked, fix: preVote},
		{text: "received {}PreVoteResp rejection from {replica:word}", sign: raftdiag.VoteDenied, fix: preVote},
		{text: "received {}VoteResp rejection from {replica:word}", sign: raftdiag.VoteDenied},
		{text: "received {}PreVoteResp from {replica:word}", sign: raftdiag.VoteGot, fix: preVote},
		{text: "received {}VoteResp from {replica:word}", sign: raftdiag.VoteGot},
		{text: "received {count:int} votes and {} rejections, quorum is {}", sign: raftdiag.NoiseLine},
		{text: "received {count:int} preVotes and {} rejections, quorum is {}", sign: raftdiag.NoiseLine},
		{text: "cast vote from {replica:word} index {index:int} term {}, log term: {logterm:int}", sign: raftdiag.VoteGranted},
		{text: "cast preVote from {replica:word} index {index:int} term {}, log term: {logterm:int}", sign: raftdiag.VoteGranted, fix: preVote},
		{text: "rejected vote {replica:word} index{index:int} term{},logterm{logterm:int},", sign: raftdiag.VoteRefused},
		{text: "rejected preVote {replica:word} index {index:int} term {},logterm {logterm:int},", sign: raftdiag.VoteRefused, fix: preVote},
		{text: "dropped RequestVote at term {} from {replica:word}, leader available", sign: raftdiag.VoteIgnored},
		{text: "received {what:word} with higher term ({term:int}) from {replica:word}", sign: raftdiag.HigherTermSeen},
		{text: "become follower{} after receiving higher term from {replica:word}", sign: raftdiag.HigherTermSeen},
		{text: "ignored {what:word} with lower term ({}) from {replica:word}", sign: raftdiag.LowerTermIgnored},
		{text: "dropped {what:word} from {replica:name}, term {}, term not matched", sign: raftdiag.LowerTermIgnored},
		{text: "has lost quorum", sign: raftdiag.QuorumLost},
		{text: "dropped proposal, no leader", sign: raftdiag.NoLeaderKnown, what: "proposal"},
		{text: "dropped proposal, leader transferring", sign: raftdiag.RequestFailed, what: "proposal"},
		{text: "dropped ReadIndex, no leader", sign: raftdiag.NoLeaderKnown, what: "read"},
		{text: "dropped read index, no leader", sign: raftdiag.NoLeaderKnown, what: "read"},
		{text: "dropped ReadIndex, not ready", sign: raftdiag.RequestFailed, what: "read"},
		{text: "dropped LeaderTransfer, no leader", sign: raftdiag.NoLeaderKnown, what: "transfer"},
		{text: "dropped config change, pending change", sign: raftdiag.MembershipRefused, what: "pending change"},
		{text: "called handleLeaderTransfer, target {replica:int}", sign: raftdiag.TransferBegun},
		{text: "TimeoutNow received", sign: raftdiag.CampaignBegun, what: "transfer"},
		{text: "RequestVote with leader transfer hint received from {}", sign: raftdiag.NoiseLine},

		{text: "rejected Replicate index {index:int} term {logterm:int} from {replica:word}", sign: raftdiag.AppendRefused},
		{text: "received Unreachable, {replica:word} entered retry state", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "set remote {replica:name}, match {}, next {}", sign: raftdiag.NoiseLine},
		{text: "is sending snapshot ({index:int}) to {replica:name}, r.Next {}", sign: raftdiag.SnapshotSent},
		{text: "is sending snapshot to {replica:name}, witness {}, index {index:int}, size {}", sign: raftdiag.SnapshotSent},
		{text: "{replica:name} is not active, sending snapshot is skipped", sign: raftdiag.ContactLost, what: "snapshot"},
		{text: "snapshot failed, {replica:word} is now in wait state", sign: raftdiag.SnapshotSendFailed},
		{text: "snapshot succeeded, {replica:word} in wait state now", sign: raftdiag.NoiseLine},
		{text: "starts to restore snapshot index {index:int} term {logterm:int}", sign: raftdiag.SnapshotArrived},
		{text: "restored snapshot {index:int} term {logterm:int}", sign: raftdiag.SnapshotApplied},
		{text: "rejected snapshot {index:int} term {logterm:int}", sign: raftdiag.NoiseLine},
		{text: "restore aborted, {}", sign: raftdiag.NoiseLine},
		{text: "called handleInstallSnapshotMessage with snapshot from {replica:word}", sign: raftdiag.SnapshotArrived},
		{text: "saved {}, term {}, file count {}", sign: raftdiag.SnapshotMade},
		{text: "save snapshot aborted, {text}", sign: raftdiag.NoiseLine},
		{text: "snapshotter.Save failed {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "compacted log up to index {index:int}", sign: raftdiag.NoiseLine},
		{text: "completed LogDB compaction up to index {index:int}", sign: raftdiag.NoiseLine},
		{text: "no remote for {replica:word}", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved},
		{text: "raft log rate limit enabled: {}", sign: raftdiag.NoiseLine},
		{text: "new rate limit state is true", sign: raftdiag.Overload, what: "log"},
		{text: "new rate limit state is false", sign: raftdiag.NoiseLine},
		{text: "new LogDB busy state is true", sign: raftdiag.Overload, what: "LogDB"},
		{text: "new LogDB busy state is false", sign: raftdiag.NoiseLine},
		{text: "LogDB info received, shard {}, busy {}", sign: raftdiag.NoiseLine},
		{text: "had {count:int} LocalTick msgs in one batch", sign: raftdiag.HeartbeatLate, what: "ticks"},

		{text: "applied ADD ccid {} ({}), {replica:name} ({peer:word})", sign: raftdiag.MemberAdded},
		{text: "applied ADD {what:word} ccid {} ({}), {replica:name} ({peer:word})", sign: raftdiag.MemberAdded},
		{text: "applied REMOVE ccid {} ({}), {replica:name}", sign: raftdiag.MemberRemoved},
		{text: "applied ConfChange Remove for itself", sign: raftdiag.SelfRemoved},
		{text: "rej {text}", sign: raftdiag.MembershipRefused},

		// The transport.
		{text: "{peer:name} became unreachable, affected {count:int} nodes", sign: raftdiag.LinkDown, way: raftdiag.Outbound, logger: "transport"},
		{text: "breaker {} to {peer:word} failed, connect and process failed: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, logger: "transport"},
		{text: "Nodehost {} failed to get a connection to {peer:name}, {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, logger: "transport"},
		{text: "send batch failed, target {peer:word} ({err}), {}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, logger: "transport"},
		{text: "send batch failed, taret node {} ({err}), {}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, logger: "transport"},
		{text: "message streaming to {peer:word} established", sign: raftdiag.LinkUp, way: raftdiag.Outbound, logger: "transport"},
		{text: "{} is trying to connect to {peer:word}", sign: raftdiag.NoiseLine, logger: "transport"},
		{text: "circuit breaker for {peer:word} is not ready", sign: raftdiag.LinkDown, way: raftdiag.Outbound, logger: "transport"},
		{text: "failed to send snapshot to [{}:{}]", sign: raftdiag.SnapshotSendFailed, logger: "transport"},
		{text: "failed to connect to [{}:{}]", sign: raftdiag.LinkDown, way: raftdiag.Outbound, logger: "transport"},
		{text: "streaming snapshot chunk to {} failed, {err}", sign: raftdiag.SnapshotSendFailed, logger: "transport"},
		{text: "deployment id does not match {text}, message dropped", sign: raftdiag.PeerRefused, trouble: raftdiag.ClusterMismatch, logger: "transport"},
		{text: "binary compatibility version not match {text}", sign: raftdiag.PeerRefused, trouble: raftdiag.VersionMismatch, logger: "transport"},
		{text: "header crc check failed", sign: raftdiag.LinkDown, way: raftdiag.Inbound, trouble: raftdiag.Corrupted, logger: "transport"},
		{text: "dropped an incoming message", sign: raftdiag.Overload, what: "receive queue"},
		{text: "ignored a {} message sent to {} but received by {}", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch},

		// Panics.
		{text: "invalid commitTo index {commit:int}, lastIndex() {last:int}", sign: raftdiag.EntriesLost},
		{text: "got out of range state, st.commit {commit:int}, range[{},{last:int}]", sign: raftdiag.EntriesLost},
		{text: "entry {index:int} conflicts with committed entry, committed {commit:int}", sign: raftdiag.Died, trouble: raftdiag.Corrupted},
		{text: "trying to apply not committed entry: {index:int}, {commit:int}", sign: raftdiag.Died, trouble: raftdiag.Corrupted},
		{text: "committed value moving backwards {}index {index:int}, committed {commit:int}", sign: raftdiag.Died, trouble: raftdiag.Corrupted},
	},
}

// dragonPackages are the packages whose lines have no head.
var dragonPackages = map[string]bool{"raft": true, "rsm": true, "transport": true, "dragonboat": true, "nodehost": true, "logdb": true, "raftpb": true}

// dragonNames makes of a replica's number, n00002 or 2, the word by which its
// own lines call it, with its shard: 00001:00002. Numbers are of one shard.
func dragonNames(l *line) bool {
	for _, c := range l.caught {
		if c.name != "replica" {
			continue
		}
		if _, replica := shardAt(c.value); replica != nil {
			l.fill("peer", c.value[1:len(c.value)-1])
			continue
		}
		number := bytes.TrimPrefix(bytes.Trim(c.value, "[]() ,"), []byte("n"))
		if _, w := uintAt(number); w == 0 || w != len(number) || l.record.self == nil {
			continue
		}
		shard, _, _ := bytes.Cut(l.record.self, []byte(":"))
		word := append(bytes.Clone(shard), ':')
		for i := len(number); i < 5; i++ {
			word = append(word, '0')
		}
		l.fill("peer", append(word, number...))
	}
	// The number is the surer word.
	if y := l.ev.Symptom; len(y.Peer) == 2 && len(l.record.self) > 0 && len(y.Peer[1]) >= 11 && shardWord(y.Peer[1]) {
		y.Peer[0], y.Peer[1] = y.Peer[1], y.Peer[0]
	}
	return true
}

func shardWord(w string) bool {
	shard, replica := shardAt([]byte("[" + w + "]"))
	return shard != nil && len(shard)+len(replica)+1 == len(w)
}
