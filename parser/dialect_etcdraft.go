package parser

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/raftdiag/raftdiag"
)

// etcdRaftWords are the lines that go.etcd.io/raft prints through its Logger,
// from etcd 2.3 to raft 3.7. Ids are hexadecimal, but in configurations before
// 3.7.
var etcdRaftWords = foreign{
	dialect: etcdRaft,
	name:    "etcd raft",
	doc: "the logger lines of go.etcd.io/raft, as etcd, CockroachDB, SwarmKit, Fabric and others print them: who campaigns, votes, leads, " +
		"steps down; snapshots, conflicts, configurations. Messages are not among them.",
	keys: map[string]string{"raft_id": "self", "node.id": "self"}, // SwarmKit's
	rules: []rule{
		{text: "newRaft {self:hex} [peers: [{text}], term: {term:int}, commit: {commit:int}, applied: {applied:int}, lastindex: {last:int}, lastterm: {logterm:int}]", sign: raftdiag.StartedUp},
		{text: "newRaft {self:hex} [peers: [], term: {term:int}, commit: {commit:int}, applied: {applied:int}, lastindex: {last:int}, lastterm: {logterm:int}]", sign: raftdiag.StartedUp},
		{text: "{self:hex} became follower at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "{self:hex} became pre-candidate at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate},
		{text: "{self:hex} became candidate at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "{self:hex} became leader at term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "{self:hex} is starting a new election at term {term:int}", sign: raftdiag.CampaignBegun},
		{text: "{self:hex} [logterm: {logterm:int}, index: {index:int}] sent {type:name} request to {peer:hex} at term {term:int}", sign: raftdiag.VoteAsked},
		{text: "{self:hex} [logterm: {logterm:int}, index: {index:int}] sent vote request to {peer:hex} at term {term:int}", sign: raftdiag.VoteAsked},
		{text: "{self:hex} received {type:name} from {peer:hex} at term {term:int}", sign: raftdiag.VoteGot},
		{text: "{self:hex} received vote from {peer:hex} at term {term:int}", sign: raftdiag.VoteGot},
		{text: "{self:hex} received {type:name} rejection from {peer:hex} at term {term:int}", sign: raftdiag.VoteDenied},
		{text: "{self:hex} received vote rejection from {peer:hex} at term {term:int}", sign: raftdiag.VoteDenied},
		{text: "{self:hex} has received {count:int} {type:name} votes and {:int} vote rejections", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [quorum:{:int}] has received {count:int} {:name} votes and {:int} vote rejections", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [q:{:int}] has received {count:int} votes and {:int} vote rejections", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [logterm: {:int}, index: {last:int}, vote: {:hex}] cast {type:name} for {peer:hex} [logterm: {logterm:int}, index: {index:int}] at term {term:int}", sign: raftdiag.VoteGranted},
		{text: "{self:hex} [logterm: {:int}, index: {last:int}, vote: {:hex}] voted for {peer:hex} [logterm: {logterm:int}, index: {index:int}] at term {term:int}", sign: raftdiag.VoteGranted},
		{text: "{self:hex} [logterm: {:int}, index: {last:int}, vote: {:hex}] rejected {type:name} from {peer:hex} [logterm: {logterm:int}, index: {index:int}] at term {term:int}", sign: raftdiag.VoteRefused},
		{text: "{self:hex} [logterm: {:int}, index: {last:int}, vote: {:hex}] rejected vote from {peer:hex} [logterm: {logterm:int}, index: {index:int}] at term {term:int}", sign: raftdiag.VoteRefused},
		{text: "{self:hex} [logterm: {:int}, index: {last:int}, vote: {:hex}] ignored {type:name} from {peer:hex} [logterm: {logterm:int}, index: {index:int}] at term {term:int}", sign: raftdiag.VoteIgnored},
		{text: "{self:hex} [term: {:int}] received a {type:name} message with higher term from {peer:hex} [term: {term:int}]", sign: raftdiag.HigherTermSeen},
		{text: "{self:hex} [term: {:int}] ignored a {type:name} message with lower term from {peer:hex} [term: {term:int}]", sign: raftdiag.LowerTermIgnored, fix: notOneself},
		{text: "{self:hex} [term: {:int}] ignored entry appends from a {:name} message with lower term [term: {term:int}]", sign: raftdiag.NoiseLine},
		{text: "{self:hex} no leader at term {term:int}; dropping proposal", sign: raftdiag.NoLeaderKnown, what: "proposal"},
		{text: "{self:hex} no leader at term {term:int}; dropping index reading msg", sign: raftdiag.NoLeaderKnown, what: "read"},
		{text: "{self:hex} no leader at term {term:int}; dropping leader transfer msg", sign: raftdiag.NoLeaderKnown, what: "transfer"},
		{text: "{self:hex} not forwarding to leader {peer:hex} at term {term:int}; dropping proposal", sign: raftdiag.RequestFailed, what: "forwarding is off"},
		{text: "{self:hex} forgetting leader {peer:hex} at term {term:int}", sign: raftdiag.LeaderLost},
		{text: "{self:hex} [term {term:int}] starts to transfer leadership to {peer:hex}", sign: raftdiag.TransferBegun},
		{text: "{self:hex} [term {term:int}] abort previous transferring leadership to {peer:hex}", sign: raftdiag.TransferFailed},
		{text: "{self:hex} [term {term:int}] transfer leadership to {peer:hex} is in progress, ignores request to same node", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [term {term:int}] transfer leadership to {peer:hex} is in progress; dropping proposal", sign: raftdiag.RequestFailed, what: "leadership transfer"},
		{text: "{self:hex} sends MsgTimeoutNow to {peer:hex} immediately", sign: raftdiag.TransferBegun},
		{text: "{self:hex} sent MsgTimeoutNow to {peer:hex} after received MsgAppResp", sign: raftdiag.TransferBegun},
		{text: "{self:hex} [term {term:int}] received MsgTimeoutNow from {peer:hex} and starts an election to get leadership", sign: raftdiag.TransferBegun},
		{text: "{self:hex} received MsgTimeoutNow from {peer:hex} but is not promotable", sign: raftdiag.TransferFailed},
		{text: "{self:hex} [commit: {commit:int}] restored snapshot [index: {index:int}, term: {logterm:int}]", sign: raftdiag.SnapshotApplied},
		{text: "{self:hex} [commit: {commit:int}] ignored snapshot [index: {index:int}, term: {logterm:int}]", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [commit: {commit:int}, lastindex: {last:int}, lastterm: {:int}] restored snapshot [index: {index:int}, term: {logterm:int}]", sign: raftdiag.SnapshotApplied},
		{text: "{self:hex} [commit: {commit:int}, lastindex: {last:int}, lastterm: {:int}] starts to restore snapshot [index: {index:int}, term: {logterm:int}]", sign: raftdiag.SnapshotArrived},
		{text: "{self:hex} [commit: {commit:int}, lastindex: {last:int}, lastterm: {:int}] fast-forwarded commit to snapshot [index: {index:int}, term: {logterm:int}]", sign: raftdiag.NoiseLine},
		{text: "log [committed={commit:int}, applied={applied:int}{}] starts to restore snapshot [index: {index:int}, term: {logterm:int}]", sign: raftdiag.SnapshotArrived},
		{text: "{self:hex} restored progress of {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "{self:hex} switched to configuration {text}", sign: raftdiag.Membership, fix: etcdConfig},
		{text: "{self:hex} ignoring conf change {text}", sign: raftdiag.MembershipRefused},
		{text: "propose conf {text} ignored since pending unapplied configuration", sign: raftdiag.MembershipRefused},
		{text: "initiating automatic transition out of joint configuration {text}", sign: raftdiag.NoiseLine},
		{text: "not initiating automatic transition out of joint configuration {text}", sign: raftdiag.MembershipRefused},
		{text: "found conflict at index {index:int} [existing term: {:int}, conflicting term: {logterm:int}]", sign: raftdiag.LogConflict},
		{text: "replace the unstable entries from index {index:int}", sign: raftdiag.NoiseLine},
		{text: "truncate the unstable entries before index {index:int}", sign: raftdiag.NoiseLine},
		{text: "truncate the unstable entries to index {index:int}", sign: raftdiag.NoiseLine},
		{text: "no progress available for {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [quorum:{:int}] has received {count:int} votes and {:int} vote rejections", sign: raftdiag.NoiseLine},
		{text: "entry at index {index:int} missing from unstable log; ignoring", sign: raftdiag.NoiseLine},
		{text: "entry at index {index:int} matched unstable snapshot; ignoring", sign: raftdiag.NoiseLine},
		{text: "entry at (index,term)=({index:int},{logterm:int}) mismatched with entry at ", sign: raftdiag.NoiseLine},
		{text: "raft.node: {self:hex} elected leader {peer:hex} at term {term:int}", sign: raftdiag.LeaderKnown},
		{text: "raft.node: {self:hex} changed leader from {:hex} to {peer:hex} at term {term:int}", sign: raftdiag.LeaderKnown},
		{text: "raft.node: {self:hex} lost leader {peer:hex} at term {term:int}", sign: raftdiag.LeaderLost},
		{text: "{self:hex} stepped down to follower since quorum is not active", sign: raftdiag.QuorumLost},
		{text: "{self:hex} is unpromotable and can not campaign", sign: raftdiag.CampaignBarred, what: "not promotable"},
		{text: "{self:hex} is unpromotable; campaign() should have been called", sign: raftdiag.CampaignBarred, what: "not promotable"},
		{text: "{self:hex} cannot campaign at term {term:int} since there are still {text}", sign: raftdiag.CampaignBarred},
		{text: "{self:hex} appending new entries to log would exceed uncommitted entry size limit; dropping proposal", sign: raftdiag.RequestFailed, what: "uncommitted entry size limit"},
		{text: "{self:hex} A tick missed to fire. Node blocks too long!", sign: raftdiag.LoopSlow, what: "tick"},
		{text: "{self:hex} (leader {}) A tick missed to fire. Node blocks too long!", sign: raftdiag.LoopSlow, what: "tick"},
		{text: "A tick missed to fire. Node blocks too long!", sign: raftdiag.LoopSlow, what: "tick"},
		{text: "{self:hex} attempted to restore snapshot {text}; should never happen", sign: raftdiag.StorageBroken},
		{text: "error occurred during starting a new node: {err}", sign: raftdiag.NoiseLine},
		{text: "{self:hex} invalid format of MsgReadIndexResp from {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "ignoring MsgForgetLeader due to ReadOnlyLeaseBased", sign: raftdiag.NoiseLine},
		{text: "pending MsgReadIndex should be released only after first commit in current term", sign: raftdiag.NoiseLine},

		{text: "{self:hex} can't become learner when restores snapshot ", sign: raftdiag.StorageBroken, fix: wholeText},
		{text: "{self:hex} ignored addLeaner: do not support changing {peer:hex} from raft peer to learner", sign: raftdiag.MembershipRefused},
		{text: "index({index:int}) is out of range [0, lastIndex({last:int})] in findConflictByTerm", sign: raftdiag.NoiseLine},

		// Hyperledger Fabric's orderer beside it.
		{text: "Raft leader changed: {} -> {peer:int}", logger: "etcdraft", sign: raftdiag.LeaderKnown, fix: fabricLeader},
		{text: "Failed to send StepRequest to {peer:int}, because: {err}", logger: "etcdraft", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: fabricPeer},
		{text: "Successfully sent StepRequest to {peer:int} after failed attempt", logger: "etcdraft", sign: raftdiag.LinkUp, way: raftdiag.Outbound, fix: fabricPeer},
		{text: "[channel: {group}] Rejecting broadcast of {} from {} with SERVICE_UNAVAILABLE: rejected by Order: {err}", logger: "orderer", sign: raftdiag.RequestFailed, fix: fabricRefusal},
		{text: "Suspecting our own eviction from the channel for {dur:word}", logger: "orderer", sign: raftdiag.NoLeaderKnown, what: "eviction suspector"},
		{text: "Start accepting requests as Raft leader at block [", logger: "etcdraft", sign: raftdiag.NoiseLine},
		{text: "Starting raft node ", logger: "etcdraft", sign: raftdiag.NoiseLine},
		{text: "Restarting raft node", logger: "etcdraft", sign: raftdiag.NoiseLine},
		{text: "Raft node stopped", logger: "etcdraft", sign: raftdiag.ShuttingDown},
		{text: "Failed to persist etcd/raft data: {err}", logger: "etcdraft", sign: raftdiag.Died, what: "wal"},

		// Debug.
		{text: "{self:hex} received MsgAppResp(rejected, hint: (index {}, term {:int})) from {peer:hex} for index {index:int}", sign: raftdiag.AppendRefused},
		{text: "{self:hex} received MsgAppResp(MsgApp was rejected, lastindex: {:int}) from {peer:hex} for index {index:int}", sign: raftdiag.AppendRefused},
		{text: "{self:hex} received msgApp rejection(lastindex: {:int}) from {peer:hex} for index {index:int}", sign: raftdiag.AppendRefused},
		{text: "{self:hex} [logterm: {:int}, index: {index:int}] rejected MsgApp [logterm: {logterm:int}, index: {:int}] from {peer:hex}", sign: raftdiag.AppendRefused},
		{text: "{self:hex} [logterm: {:int}, index: {index:int}] rejected msgApp [logterm: {logterm:int}, index: {:int}] from {peer:hex}", sign: raftdiag.AppendRefused},
		{text: "{self:hex} decreased progress of {peer:hex} to [{text}]", sign: raftdiag.NoiseLine},
		{text: "{self:hex} paused sending replication messages to {peer:hex} [{text}]", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [firstindex: {:int}, commit: {commit:int}] sent snapshot[index: {index:int}, term: {logterm:int}] to {peer:hex} [{text}]", sign: raftdiag.SnapshotSent},
		{text: "{self:hex} failed to send snapshot to {peer:hex} because snapshot is temporarily unavailable", sign: raftdiag.SnapshotSendFailed},
		{text: "ignore sending snapshot to {peer:hex} since it is not recently active", sign: raftdiag.NoiseLine},
		{text: "{self:hex} snapshot succeeded, resumed sending replication messages to {peer:hex} [{text}]", sign: raftdiag.NoiseLine},
		{text: "{self:hex} snapshot failed, resumed sending replication messages to {peer:hex} [{text}]", sign: raftdiag.SnapshotSendFailed},
		{text: "{self:hex} snapshot aborted, resumed sending replication messages to {peer:hex} [{text}]", sign: raftdiag.NoiseLine},
		{text: "{self:hex} recovered from needing snapshot, resumed sending replication messages to {peer:hex} [{text}]", sign: raftdiag.NoiseLine},
		{text: "{self:hex} failed to send message to {peer:hex} because it is unreachable", sign: raftdiag.ContactLost},
		{text: "{self:hex} no progress available for {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "{self:hex} ignoring MsgHup because already leader", sign: raftdiag.NoiseLine},
		{text: "{self:hex} [term {term:int} state {}] ignored MsgTimeoutNow from {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "{self:hex} is learner. Ignored transferring leadership", sign: raftdiag.NoiseLine},
		{text: "{self:hex} is already leader. Ignored transferring leadership to self", sign: raftdiag.NoiseLine},
		{text: "error occurred during election: {text}", sign: raftdiag.NoiseLine},
		{text: "error occurred during checking sending heartbeat: {text}", sign: raftdiag.NoiseLine},

		// Panics.
		{text: "tocommit({commit:int}) is out of range [lastIndex({last:int})]", sign: raftdiag.Died, what: "log", fix: wholeText},
		{text: "applied({index:int}) is out of range [prevApplied({:int}), committed({last:int})]", sign: raftdiag.Died, what: "log", fix: wholeText},
		{text: "applying({index:int}) is out of range [prevApplying({:int}), committed({last:int})]", sign: raftdiag.Died, what: "log", fix: wholeText},
		{text: "entry {index:int} conflict with committed entry [committed({commit:int})]", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "after({index:int}) is out of range [committed({commit:int})]", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "{self:hex} state.commit {commit:int} is out of range [{:int}, {last:int}]", sign: raftdiag.Died, what: "log", fix: lostEntries},
		{text: "slice[{:int},{index:int}) out of bound [{:int},{last:int}]", sign: raftdiag.Died, what: "log", fix: beyondEnd},
		{text: "unstable.slice[{:int},{index:int}) out of bound [{:int},{last:int}]", sign: raftdiag.Died, what: "log", fix: beyondUnstable},
		{text: "entries' hi({index:int}) is out of bound lastindex({last:int})", sign: raftdiag.Died, what: "log", fix: beyondEnd},
		{text: "compact {index:int} is out of bound lastindex({last:int})", sign: raftdiag.Died, what: "log", fix: lostEntries},
		{text: "snapshot {index:int} is out of bound lastindex({last:int})", sign: raftdiag.Died, what: "log", fix: lostEntries},
		{text: "entries[{:int}:{:int}) is unavailable from storage", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "entries[{:int}:{:int}) from unstable log is out of bound", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "missing log entry [last: {last:int}, append at: {index:int}]", sign: raftdiag.Died, what: "log", fix: beyondEnd},
		{text: "unexpected error when getting the last term", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "unexpected error when getting unapplied entries", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "unexpected error getting uncommitted entries", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "invalid slice {:int} > ", sign: raftdiag.Died, what: "log", fix: wholeText},
		{text: "invalid unstable.slice {:int} > ", sign: raftdiag.Died, what: "log", fix: wholeText},
		{text: "unexpected error getting unapplied entries", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "error scanning unapplied entries", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", fix: wholeText},
		{text: "unable to restore config {}", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "configuration", fix: wholeText},
		{text: "empty entry was dropped", sign: raftdiag.Died, what: "log", fix: wholeText},
		{text: "{self:hex} stepped empty MsgProp", sign: raftdiag.Died, what: "proposal", fix: wholeText},
		{text: "{self:hex} is sending append in unhandled state ", sign: raftdiag.Died, what: "progress", fix: wholeText},
		{text: "term should be set when sending {type:name}", sign: raftdiag.Died, what: "message", fix: wholeText},
		{text: "term should not be set when sending {type:name}", sign: raftdiag.Died, what: "message", fix: wholeText},
		{text: "message should not be self-addressed when sending {type:name}", sign: raftdiag.Died, what: "message", fix: wholeText},
		{text: "two accepted Ready structs without call to Advance", sign: raftdiag.Died, what: "ready", fix: wholeText},
		{text: "storage must not be nil", sign: raftdiag.Died, what: "start", fix: wholeText},
		{text: "Advance must not be called when using AsyncStorageWrites", sign: raftdiag.Died, what: "ready", fix: wholeText},
		{text: "applying entry size (", sign: raftdiag.Died, what: "ready", fix: wholeText},
		{text: "index, {index:int}, is out of range [{last:int}]", sign: raftdiag.Died, what: "log", fix: lostEntries},
		{text: "invalid transition [", sign: raftdiag.Died, what: "role", fix: wholeText},
	},
	samples: []sample{
		{"raft2024/03/02 12:49:05 INFO: newRaft 1 [peers: [1,2,3], term: 1, commit: 3, applied: 0, lastindex: 3, lastterm: 1]",
			`boot Term:1 Last:3 Commit:3 Applied:0 Config:voters=(1 2 3) (as readyloop)`},
		{`2024-01-02 15:04:05.123 UTC 0a3f INFO [orderer.consensus.etcdraft] becomeLeader -> 1a became leader at term 2 channel=mychannel node=26`,
			"symptom Role:Leader Term:2 Symptom:role Self:1a"},
		{"\x1b[34m2024-01-02 15:04:05.123 UTC 0a3f INFO\x1b[0m [orderer.consensus.etcdraft] \x1b[1mrun\x1b[0m -> raft.node: 1 lost leader 2 at term 2 channel=mychannel node=1",
			"symptom Term:2 Symptom:leader_lost Self:1 Peer:2"},
		{`2024-01-02 15:04:05.123 UTC [orderer.consensus.etcdraft] becomeCandidate -> INFO 0a3f 1 became candidate at term 2 channel=mychannel node=1`,
			"symptom Role:Candidate Term:2 Symptom:role Self:1"},
		{`2024-01-02 15:04:05.123 UTC 0a40 INFO [orderer.consensus.etcdraft] run -> Raft leader changed: 1 -> 26 channel=mychannel node=2`,
			"symptom Symptom:leader Self:2 Peer:1a"},
		{`2024-01-02 15:04:05.123 UTC 0a40 ERRO [orderer.consensus.etcdraft] logSendFailure -> Failed to send StepRequest to 26, because: rpc error: code = Unavailable desc = connection refused channel=mychannel node=2`,
			`symptom Text:"rpc error: code = Unavailable desc = connection refused" Symptom:link_down refused out Self:2 Peer:1a`},
		{`time="2024-01-02T15:04:05.123456789Z" level=info msg="raft.node: 7a2b3c4d5e6f7081 elected leader 91ab3c4d5e6f7082 at term 2" module=raft node.id=b1x3x0x5z7x9x2x4y6x8z0x2x`,
			"symptom Term:2 Symptom:leader Self:7a2b3c4d5e6f7081=b1x3x0x5z7x9x2x4y6x8z0x2x Peer:91ab3c4d5e6f7082"},
		{`raft2024/03/02 12:49:06 unstable.slice[7,9) out of bound [3,7]`,
			`symptom Index:8 Last:6 Text:"unstable.slice[7,9) out of bound [3,7]" Symptom:died What:log`},
		{`raft2024/03/02 12:49:06 1 state.commit 9 is out of range [3, 7]`,
			`symptom Last:7 Commit:9 Text:"1 state.commit 9 is out of range [3, 7]" Symptom:died Self:1 What:log`},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123456Z","logger":"raft","caller":"v3@v3.6.0/raft.go:912","msg":"8e9e05c52164694d became leader at term 2"}`,
			"symptom Role:Leader Term:2 Symptom:role Self:8e9e05c52164694d"},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123Z","msg":"8e9e05c52164694d [logterm: 2, index: 129, vote: 0] cast MsgVote for a2ab7b6697a74f25 [logterm: 2, index: 130] at term 3"}`,
			"symptom Type:MsgVote Term:3 LogTerm:2 Index:130 Last:129 Symptom:vote_granted Self:8e9e05c52164694d Peer:a2ab7b6697a74f25"},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123Z","msg":"907c4551dcbd29bb switched to configuration voters=(10 11)"}`,
			`config Config:voters=(10 11) (as readyloop)`},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123Z","msg":"907c4551dcbd29bb switched to configuration voters=(907c4551dcbd29bb 1b)"}`,
			`config Config:voters=(10411272656471796155 27) (as readyloop)`},
		{`raft2024/03/02 12:49:05 INFO: 10 switched to configuration voters=(10 11 12) learners=(13)`,
			`config Config:voters=(16 17 18) learners=(19) (as readyloop)`},
		{"2024-01-02 15:04:06.123 UTC [orderer.common.broadcast] ProcessMessage -> WARN 0a4f [channel: mychannel] Rejecting broadcast of normal message from 10.0.0.9:5000 with SERVICE_UNAVAILABLE: rejected by Order: no Raft leader",
			`symptom Text:"no Raft leader" Symptom:no_leader unclear`},
		{`raft2024/03/02 12:49:05 INFO: a switched to configuration voters=(10 11 12)`,
			`config Config:voters=(10 11 12) (as readyloop)`},
	},
}

// fabricRefusal tells a refusal for want of a leader from others.
func fabricRefusal(l *line) bool {
	if l.ev.Text == "no Raft leader" {
		l.ev.Symptom.Sign = raftdiag.NoLeaderKnown
	}
	return true
}

// fabricPeer writes an id as the library does: Fabric's own are decimal.
func fabricPeer(l *line) bool {
	peer := l.ev.Symptom.Peer
	for i, w := range peer {
		n, err := strconv.ParseUint(w, 10, 64)
		if err != nil {
			return false
		}
		peer[i] = strconv.FormatUint(n, 16)
	}
	return true
}

// fabricLeader is fabricPeer for a change of leaders; 0 is none.
func fabricLeader(l *line) bool {
	y := l.ev.Symptom
	if len(y.Peer) == 1 && y.Peer[0] == "0" {
		y.Sign, y.Peer = raftdiag.LeaderLost, nil
		return true
	}
	return fabricPeer(l)
}

// notOneself leaves out what a node's own storage threads answer late.
func notOneself(l *line) bool {
	if s := l.ev.Symptom; len(s.Peer) > 0 && len(s.Self) > 0 && s.Peer[0] == s.Self[0] {
		s.Sign = raftdiag.NoiseLine
	}
	return true
}

// lostEntries tells a log that ends too early from one that holds what it
// should not.
func lostEntries(l *line) bool {
	e := l.ev
	want := e.Commit
	if !e.Has(raftdiag.HasCommit) {
		want = e.Index
	}
	if want <= e.Last {
		e.Symptom.Trouble = raftdiag.Corrupted
	}
	return wholeText(l)
}

// beyondEnd is lostEntries for the index behind the last one that is asked for.
func beyondEnd(l *line) bool {
	if l.ev.Index > 0 {
		l.ev.Index--
	}
	return lostEntries(l)
}

// beyondUnstable is beyondEnd where the log's end is given that way too.
func beyondUnstable(l *line) bool {
	if l.ev.Last > 0 {
		l.ev.Last--
	}
	return beyondEnd(l)
}

// wholeText keeps the message itself as the text.
func wholeText(l *line) bool {
	l.ev.Text = string(bytes.ToValidUTF8(l.msg[:min(len(l.msg), 256)], []byte("?")))
	l.ev.Set |= raftdiag.HasText
	return true
}

// etcdConfig reads voters=(1 2)&&(1 3) learners=(4).
func etcdConfig(l *line) bool {
	self, _ := hexAt(l.get("self"))
	l.ev.Config, l.ev.Set = etcdVoters(l.get("text"), self), l.ev.Set|raftdiag.HasConfig
	return true
}

// etcdVoters reads a configuration whose ids are decimal up to raft 3.6, and
// hexadecimal from 3.7 on. An id with a letter tells; else it is that way of
// reading by which the node that speaks is among them.
func etcdVoters(s []byte, self uint64) *raftdiag.Config {
	base := 10
	for w := range bytes.FieldsFuncSeq(s[:bytes.LastIndexByte(s, ')')+1], betweenIDs) {
		if isHexID(w) {
			base = 16
		}
	}
	c := votersIn(s, base)
	if base == 10 && self > 9 && !c.names(self) {
		if x := votersIn(s, 16); x.names(self) {
			return x.Config
		}
	}
	return c.Config
}

// A config is a configuration that is being read.
type config struct{ *raftdiag.Config }

// names reports whether a node is in the configuration.
func (c config) names(id uint64) bool {
	for _, list := range [...][]raftdiag.NodeID{c.Voters, c.VotersOutgoing, c.Learners, c.LearnersNext} {
		if slices.Contains(list, raftdiag.NodeID(id)) {
			return true
		}
	}
	return false
}

func votersIn(s []byte, base int) config {
	list := func(after string) (out []raftdiag.NodeID) {
		i := bytes.Index(s, []byte(after))
		if i < 0 {
			return nil
		}
		rest := s[i+len(after):]
		end := bytes.IndexByte(rest, ')')
		if end < 0 {
			return nil
		}
		for w := range bytes.FieldsSeq(rest[:end]) {
			n, err := strconv.ParseUint(string(w), base, 64)
			if err != nil {
				return nil
			}
			out = append(out, raftdiag.NodeID(n))
		}
		return out
	}
	return config{&raftdiag.Config{AutoLeave: bytes.Contains(s, []byte("autoleave")),
		Voters: list("voters=("), VotersOutgoing: list("&&("), Learners: list("learners=("), LearnersNext: list("learners_next=(")}}
}

// isHexID reports whether a word is an id with a letter, or of sixteen digits.
func isHexID(w []byte) bool {
	letters := false
	for _, c := range w {
		switch {
		case digit(c):
		case c >= 'a' && c <= 'f':
			letters = true
		default:
			return false
		}
	}
	return letters && len(w) <= 16
}
