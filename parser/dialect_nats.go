package parser

import (
	"bytes"
	"crypto/sha256"

	"github.com/raftdiag/raftdiag"
)

// nats is nats-server with JetStream. Raft's lines name nodes by ids of eight
// characters, which are hashes of the servers' names, so that a name tells the
// id; a stream's and a consumer's lines outside of Raft name their group by
// account, stream and consumer. Of a route the log often has only its address:
// one that came in has a passing port, which names nobody.
var nats = foreign{
	dialect: natsRaft,
	name:    "NATS",
	doc: "nats-server with JetStream, info and debug: the server's life, routes, Raft groups of the metadata, of streams and consumers, " +
		"catching up, storage. Roles and votes need debug.",
	speaks:  func(r *record) bool { return r.env == natsLog },
	fix:     natsNames,
	samples: natsLines,
	rules: []rule{
		// The server.
		{text: "Starting nats-server", sign: raftdiag.StartedUp},
		{text: "Name: {selfname}", sign: raftdiag.NamesItself},
		{text: "Node: {self}", sign: raftdiag.NamesItself},
		{text: "ID: {id}", sign: raftdiag.NoiseLine},
		{text: "Cluster: {what}", sign: raftdiag.NoiseLine},
		{text: "Version: {what}", sign: raftdiag.NoiseLine},
		{text: "Cluster name is {what}", sign: raftdiag.NoiseLine},
		{text: "Cluster name updated to {what}", sign: raftdiag.NoiseLine},
		{text: "Listening for route connections on {self}", sign: raftdiag.NamesItself},
		{text: "Server is ready", sign: raftdiag.Serving},
		{text: "Trapped \"{text}\" signal", sign: raftdiag.ShuttingDown},
		{text: "Entering lame duck mode", sign: raftdiag.ShuttingDown, what: "lame duck mode"},
		{text: "Initiating Shutdown", sign: raftdiag.ShuttingDown},
		{text: "Server Exiting", sign: raftdiag.ShuttingDown},
		{text: "Initiating JetStream Shutdown", sign: raftdiag.NoiseLine},
		{text: "JetStream Shutdown", sign: raftdiag.NoiseLine},
		{text: "Error listening on router port: {err}", sign: raftdiag.Died},
		{text: "Error listening on port: {err}", sign: raftdiag.Died},
		{text: "Can't start JetStream: {err}", sign: raftdiag.StorageBroken, what: "JetStream"},
		{text: "Starting JetStream", sign: raftdiag.NoiseLine},
		{text: "Restarting JetStream", sign: raftdiag.NoiseLine},
		{text: "Took {} to start JetStream", sign: raftdiag.NoiseLine},
		{text: "Creating JetStream metadata controller", sign: raftdiag.NoiseLine},
		{text: "JetStream cluster bootstrapping", sign: raftdiag.NoiseLine},
		{text: "JetStream cluster recovering state", sign: raftdiag.LogRecovered, fix: metaGroup},
		{text: "JetStream cluster checking for stable cluster name and peers", sign: raftdiag.NoiseLine},
		// The peers that are known so far, of more.
		{text: "JetStream cluster initial peers: {text}", sign: raftdiag.NoiseLine},
		{text: "Adjusting JetStream expected peer set size to {count:int} from original {}", sign: raftdiag.NoiseLine},
		{text: "Turning JetStream metadata controller Observer Mode {what:word}", sign: raftdiag.NoiseLine},
		{text: "Recovered JetStream cluster metadata", sign: raftdiag.NoiseLine},
		{text: "Checking JetStream cluster state", sign: raftdiag.NoiseLine},
		{text: "Starting metadata monitor", sign: raftdiag.NoiseLine},
		{text: "Exiting metadata monitor", sign: raftdiag.NoiseLine},
		{text: "Metalayer blocking snapshot", sign: raftdiag.NoiseLine},
		{text: "Shutting down all raft nodes", sign: raftdiag.NoiseLine},
		{text: "Stepping down all leader raft nodes", sign: raftdiag.NoiseLine},
		{text: "Determining expected peer size for JetStream meta group", sign: raftdiag.NoiseLine},
		{text: "Adjusting expected peer set size to {count:int} with {} known", sign: raftdiag.NoiseLine},
		{text: "JetStream cluster checking for orphans", sign: raftdiag.NoiseLine},
		{text: "JetStream cluster skipping check for orphans", sign: raftdiag.NoiseLine},
		{text: "Starting stream monitor for '{group}'", sign: raftdiag.NoiseLine},
		{text: "Exiting stream monitor for '{group}'", sign: raftdiag.NoiseLine},
		{text: "Starting consumer monitor for '{group}'", sign: raftdiag.NoiseLine},
		{text: "Exiting consumer monitor for '{group}'", sign: raftdiag.NoiseLine},
		{text: "Could not start metadata controller: {err}", sign: raftdiag.StorageBroken, fix: metaGroup},
		{text: "Starting restore for stream '{group}'", sign: raftdiag.NoiseLine},
		{text: "Restored {} messages for stream '{group}'", sign: raftdiag.LogRecovered},
		{text: "Recovering {} consumers for stream - '{group}'", sign: raftdiag.NoiseLine},

		// Routes. The address of one that came in has a passing port.
		{text: "{addr:name} - rid:{conn:int} - Route connection created", sign: raftdiag.LinkUp, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - Router connection closed: {reason} - Remote: {name}", sign: raftdiag.LinkDown, what: "route", fix: natsClosed},
		{text: "{addr:name} - rid:{conn:int} - Router connection closed: {reason}", sign: raftdiag.LinkDown, what: "route", fix: natsClosed},
		{text: "{addr:name} - rid:{conn:int} - Slow Consumer Recovered{}", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Slow Consumer {text}", sign: raftdiag.LinkSlow, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - Readloop processing time: {dur:word}", sign: raftdiag.LoopSlow, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - Registering remote route \"{}\"", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Detected duplicate remote route", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Route connect msg sent", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Router Ping Timer", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Stale Client Connection - Closing", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Rejecting connection, cluster name \"{text}\" does not match {}", sign: raftdiag.PeerRefused, trouble: raftdiag.ClusterMismatch, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - Route Error '{text}'", sign: raftdiag.PeerRefuses, what: "route", fix: natsRouteError},
		{text: "{addr:name} - rid:{conn:int} - Remote server has a duplicate name: \"{name}\"", sign: raftdiag.IDConflict},
		{text: "{addr:name} - rid:{conn:int} - TLS {} handshake error: {err}", sign: raftdiag.LinkDown, what: "route", fix: natsTLS},
		{text: "{addr:name} - rid:{conn:int} - TLS {} handshake timeout", sign: raftdiag.LinkDown, trouble: raftdiag.TimedOut, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - TLS handshake complete", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Error flushing: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - read error: {err}", sign: raftdiag.LinkDown, way: raftdiag.Inbound, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - authentication error{text}", sign: raftdiag.PeerRefused, trouble: raftdiag.PermissionDenied, what: "route"},
		{text: "{addr:name} - rid:{conn:int} - authorization violation{text}", sign: raftdiag.PeerRefused, trouble: raftdiag.PermissionDenied, what: "route"},
		{text: "Error trying to connect to route (attempt {count:int}): {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "route", fix: dialled},
		{text: "Trying to connect to route on {}", sign: raftdiag.NoiseLine},
		{text: "Attempting reconnect for solicited route {}", sign: raftdiag.NoiseLine},
		{text: "Not attempting reconnect for solicited route", sign: raftdiag.NoiseLine},
		{text: "Detected route to self, ignoring", sign: raftdiag.NoiseLine},
		{text: "Address \"{what}\" can not be resolved properly", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.NameUnknown},
		{text: "Unable to get IP for {what:word}, will try with {}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "Waiting for routing to be established", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Sent local subscriptions to route", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Removing {} subscriptions for account", sign: raftdiag.NoiseLine},
		{text: "{addr:name} - rid:{conn:int} - Route pool size reached, closing extra connection", sign: raftdiag.NoiseLine},
		{text: "Route accept loop exiting", sign: raftdiag.NoiseLine},

		// Leaders and members of the metadata.
		{text: "Self is new JetStream cluster metadata leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader, fix: metaGroup},
		{text: "JetStream cluster new metadata leader: {name}", sign: raftdiag.LeaderKnown, fix: metaGroup},
		{text: "JetStream cluster new remote metadata leader", sign: raftdiag.NoiseLine},
		{text: "JetStream cluster no metadata leader", sign: raftdiag.LeaderLost, fix: metaGroup},
		{text: "JetStream initiating meta leader transfer", sign: raftdiag.TransferBegun, fix: metaGroup},
		{text: "JetStream timeout waiting for meta leader transfer", sign: raftdiag.TransferFailed, trouble: raftdiag.TimedOut, fix: metaGroup},
		{text: "JetStream being DISABLED, our server was removed from the cluster", sign: raftdiag.SelfRemoved, fix: metaGroup},
		{text: "JetStream cluster evicted peers {text}", sign: raftdiag.MemberRemoved},
		{text: "JetStream cluster meta group critical write error: {err}", sign: raftdiag.StorageBroken, fix: metaGroup},
		{text: "Healthcheck failed: {text}", sign: raftdiag.ApplyBehind, fix: natsHealth},
		{text: "JetStream has not established contact with a meta leader", sign: raftdiag.NoLeaderKnown, fix: metaGroup},
		{text: "JetStream is not current with the meta leader", sign: raftdiag.ApplyBehind, fix: metaGroup},
		{text: "JetStream is still recovering meta layer", sign: raftdiag.NoiseLine},
		{text: "JetStream meta layer {what:word} error: {err}", sign: raftdiag.StorageBroken, fix: metaGroup},
		{text: "Error snapshotting JetStream cluster state: {err}", sign: raftdiag.StorageBroken, what: "snapshot", fix: metaGroup},
		{text: "Error applying JetStream cluster entries: {text}", sign: raftdiag.ApplyBroken, fix: metaGroup},

		// Streams and consumers.
		{text: "JetStream cluster new stream leader for '{group}'", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "JetStream cluster new consumer leader for '{group}'", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "JetStream cluster stream '{group}' has NO quorum, stalled", sign: raftdiag.QuorumLost},
		{text: "JetStream cluster consumer '{group}' has NO quorum, stalled", sign: raftdiag.QuorumLost},
		{text: "Catchup for stream '{group}' complete", sign: raftdiag.NoiseLine},
		{text: "Catchup for stream '{group}' stalled", sign: raftdiag.ApplyBehind, what: "catchup"},
		{text: "Catchup for stream '{group}' errored, {}: {err}", sign: raftdiag.ApplyBehind, what: "catchup"},
		{text: "Catchup for stream '{group}' errored: {err} (took {})", sign: raftdiag.ApplyBehind, what: "catchup"},
		{text: "Catchup for stream '{group}' was aborted on the remote due to: {text}", sign: raftdiag.ApplyBehind, what: "catchup"},
		{text: "Catchup for stream '{group}' skipped, {text}", sign: raftdiag.EntriesLost, what: "catchup"},
		{text: "Resetting stream cluster state for '{group}'", sign: raftdiag.LogConflict, what: "reset"},
		{text: "Detected bad stream state, resetting '{group}'", sign: raftdiag.LogConflict, what: "reset"},
		{text: "Detected stream cluster node skew '{group}'", sign: raftdiag.NoiseLine},
		{text: "Detected consumer cluster node skew '{group}'", sign: raftdiag.NoiseLine},
		{text: "Error applying stream entries to '{group}': {text}", sign: raftdiag.ApplyBroken},
		{text: "Error applying consumer entries to '{group}': {text}", sign: raftdiag.ApplyBroken},
		{text: "Failed to install snapshot for '{group}' {}: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "JetStream consumer '{group}' critical write error: {err}", sign: raftdiag.StorageBroken},
		{text: "Stream create failed for '{group}': {text}", sign: raftdiag.RequestFailed},
		{text: "Consumer create failed for '{group}': {text}", sign: raftdiag.RequestFailed},
		{text: "Stream update failed for '{group}': {text}", sign: raftdiag.RequestFailed},
		{text: "No RAFT group for '{group}'", sign: raftdiag.NoiseLine},

		// Resources.
		{text: "JetStream out of {what:word} resources, will be DISABLED", sign: raftdiag.StorageBroken, trouble: raftdiag.DiskFull},
		{text: "JetStream out of resources, will be DISABLED", sign: raftdiag.StorageBroken, trouble: raftdiag.DiskFull},
		{text: "JetStream {what:word} resource limits exceeded for server", sign: raftdiag.QuotaExceeded},
		{text: "JetStream account limits exceeded for '{text}'", sign: raftdiag.QuotaExceeded},
		{text: "JetStream resource limits exceeded", sign: raftdiag.QuotaExceeded},
		{text: "File system permission denied while writing, disabling JetStream", sign: raftdiag.StorageBroken, trouble: raftdiag.PermissionDenied},
		{text: "Filestore [{what}] {err}", sign: raftdiag.StorageBroken, fix: diskOnly},
		{text: "JetStream request queue has high pending count: {count:int}", sign: raftdiag.Overload},
		{text: "JetStream API queue limit reached, dropping {count:int} requests", sign: raftdiag.Overload},
		{text: "{what} limit reached, dropping {count:int} requests", sign: raftdiag.Overload},
		{text: "Internal subscription on \"{what}\" took too long: {dur:word}", sign: raftdiag.LoopSlow},
		{text: "Readloop processing time: {dur:word}", sign: raftdiag.LoopSlow},

		// Raft, warnings and errors.
		{text: "Detected another leader with higher term, will stepdown", sign: raftdiag.HigherTermSeen, logger: "RAFT"},
		{text: "{count:int} append entries pending", sign: raftdiag.CommitStuck, logger: "RAFT"},
		{text: "Falling behind in health check, commit {commit:int} != applied {applied:int}", sign: raftdiag.ApplyBehind, logger: "RAFT"},
		{text: "Health check OK, no longer falling behind", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Quorum paused, falling behind: commit {commit:int} != applied {applied:int}, WAL size {what}", sign: raftdiag.ApplyBehind, logger: "RAFT"},
		{text: "Quorum resumed: {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Leader falling behind, stepping down: pindex {last:int}, commit {commit:int}, applied {applied:int}, WAL size {what}", sign: raftdiag.ApplyBehind, logger: "RAFT"},
		{text: "Error storing entry to WAL: {err}", sign: raftdiag.StorageBroken, what: "append", logger: "RAFT"},
		{text: "Critical write error: {err}", sign: raftdiag.StorageBroken, what: "append", logger: "RAFT"},
		{text: "Resource not found: {err}", sign: raftdiag.StorageBroken, logger: "RAFT"},
		{text: "Error writing term and vote file for {}: {err}", sign: raftdiag.StorageBroken, what: "vote", logger: "RAFT"},
		{text: "Error writing peer state file for {}: {err}", sign: raftdiag.StorageBroken, what: "members", logger: "RAFT"},
		{text: "Error writing commit file for {}: {err}", sign: raftdiag.StorageBroken, what: "commit", logger: "RAFT"},
		{text: "Not granting vote for {}, could not persist term and vote: {err}", sign: raftdiag.StorageBroken, what: "vote", logger: "RAFT"},
		{text: "Not requesting votes for {}, could not persist term and vote: {err}", sign: raftdiag.StorageBroken, what: "vote", logger: "RAFT"},
		{text: "Error truncating WAL: {err}", sign: raftdiag.StorageBroken, what: "truncate", logger: "RAFT"},
		{text: "Error reading snapshot: {err}", sign: raftdiag.StorageBroken, what: "snapshot", logger: "RAFT"},
		{text: "Snapshot corrupt, {text}", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot", logger: "RAFT"},
		{text: "Snapshot with last index 0 is invalid", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot", logger: "RAFT"},
		{text: "Commit file corrupt, {text}", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "commit", logger: "RAFT"},
		{text: "Corrupt WAL, will truncate", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "log", logger: "RAFT"},
		{text: "Misaligned WAL, will truncate", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "log", logger: "RAFT"},
		{text: "Could not load {index:int} from WAL [{}]: {err}", sign: raftdiag.StorageBroken, what: "log", logger: "RAFT"},
		{text: "Got an error loading {index:int} index: {err}", sign: raftdiag.StorageBroken, what: "log", logger: "RAFT"},
		{text: "Got an error applying commit for {index:int}: {text}", sign: raftdiag.ApplyBroken, logger: "RAFT"},
		{text: "Got an error applying commit for {index:int}", sign: raftdiag.ApplyBroken, logger: "RAFT"},
		{text: "Wrong index, ae is {}, index stored was {index:int}, n.pindex is {last:int}, will reset", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "log", logger: "RAFT"},
		{text: "Resetting WAL", sign: raftdiag.LogConflict, what: "reset", logger: "RAFT"},
		{text: "Clearing WAL state (no commits)", sign: raftdiag.LogConflict, what: "reset", logger: "RAFT"},
		{text: "Learner overrun, truncating to snapshot {index:int}", sign: raftdiag.LogConflict, what: "reset", logger: "RAFT"},
		{text: "Draining and replaying snapshot", sign: raftdiag.SnapshotApplied, logger: "RAFT"},
		{text: "Expected first catchup entry to be a snapshot and peerstate, will retry", sign: raftdiag.SnapshotSendFailed, way: raftdiag.Inbound, logger: "RAFT"},
		{text: "Error sending snapshot to follower [{peer}]: {err}", sign: raftdiag.SnapshotSendFailed, logger: "RAFT"},
		{text: "Request from follower for entry at index [{index:int}] errored for state {} - {text}", sign: raftdiag.AppendRefused, logger: "RAFT"},
		{text: "Could not find a starting entry for catchup request: {text}", sign: raftdiag.AppendRefused, logger: "RAFT"},
		{text: "Canceling catchup for \"{peer}\"", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Evicted peers {text}, cluster size is now {count:int}", sign: raftdiag.MemberRemoved, logger: "RAFT"},
		{text: "Unsafe quorum rescue {text}", sign: raftdiag.Membership, logger: "RAFT"},
		{text: "Error removing snapshots directory during reset: {err}", sign: raftdiag.StorageBroken, what: "snapshot", logger: "RAFT"},
		{text: "Error recreating snapshots directory during reset: {err}", sign: raftdiag.StorageBroken, what: "snapshot", logger: "RAFT"},
		{text: "Resetting Raft state", sign: raftdiag.LogConflict, what: "reset", logger: "RAFT"},
		{text: "Could not load leader snapshot installed while not a member", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Could not parse snapshot peerstate correctly", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "AppendEntry failed to be placed on internal channel: {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Error subscribing to forwarded {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Got an error re-encoding append entry: {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Got error on apply commit during replay: {text}", sign: raftdiag.ApplyBroken, logger: "RAFT"},
		{text: "Node closed during health check", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Received invalid peer name for remove proposal: {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Removing snapshot, can't parse name: {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Will start in observer mode due to lame duck status", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Received malformed {text}", sign: raftdiag.NoiseLine, logger: "RAFT"},

		// Raft, debug.
		{text: "Started (cluster size {count:int}, quorum {})", sign: raftdiag.StartedUp, logger: "RAFT"},
		{text: "Started", sign: raftdiag.StartedUp, logger: "RAFT"},
		{text: "Replaying state of {count:int} entries", sign: raftdiag.LogRecovered, logger: "RAFT"},
		{text: "Shutdown", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Deleted", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Switching to follower", sign: raftdiag.RoleTaken, role: raftdiag.Follower, logger: "RAFT"},
		{text: "Switching to candidate", sign: raftdiag.RoleTaken, role: raftdiag.Candidate, logger: "RAFT"},
		{text: "Switching to leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader, logger: "RAFT"},
		{text: "Starting campaign", sign: raftdiag.CampaignBegun, logger: "RAFT"},
		{text: "Starting transfer campaign", sign: raftdiag.CampaignBegun, what: "transfer", logger: "RAFT"},
		{text: "Not switching to candidate, {what}", sign: raftdiag.CampaignBarred, logger: "RAFT"},
		{text: "Sending out voteRequest {vote}", sign: raftdiag.CampaignBegun, logger: "RAFT", fix: natsVote},
		{text: "Re-sending voteRequest {vote}", sign: raftdiag.CampaignBegun, logger: "RAFT", fix: natsVote},
		{text: "Received a voteRequest {vote}", sign: raftdiag.NoiseLine, logger: "RAFT", fix: natsVote},
		{text: "Received a voteResponse {vote}", sign: raftdiag.VoteGot, logger: "RAFT", fix: natsVote},
		{text: "Sending a voteResponse {vote} -> {}", sign: raftdiag.VoteGranted, logger: "RAFT", fix: natsVote},
		{text: "Ignoring old vote response, we have stepped down", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Stepping down from candidate, detected higher term: {term:int} vs {}", sign: raftdiag.HigherTermSeen, logger: "RAFT"},
		{text: "Stepping down from {} detected higher term: {term:int} vs {}", sign: raftdiag.HigherTermSeen, logger: "RAFT"},
		{text: "Stepping down due to leadership transfer", sign: raftdiag.TransferBegun, logger: "RAFT"},
		{text: "Stepping down", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Being asked to stepdown", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Selected \"{peer}\" for new leader", sign: raftdiag.TransferBegun, logger: "RAFT"},
		{text: "Can not transfer to preferred peer \"{peer}\"", sign: raftdiag.TransferFailed, logger: "RAFT"},
		{text: "AppendEntry updating leader to \"{peer}\"", sign: raftdiag.LeaderKnown, logger: "RAFT"},
		{text: "Received append entry from another leader, stepping down to \"{peer}\"", sign: raftdiag.LeaderKnown, logger: "RAFT"},
		{text: "Received append entry in candidate state from \"{peer}\", converting to follower", sign: raftdiag.LeaderKnown, logger: "RAFT"},
		{text: "Term higher than ours and we are not a follower: {}, stepping down to \"{peer}\"", sign: raftdiag.HigherTermSeen, logger: "RAFT"},
		{text: "Rejected AppendEntry from a leader ({peer}) with term {term:int} which is less than ours", sign: raftdiag.LowerTermIgnored, logger: "RAFT"},
		{text: "AppendEntry ignoring old {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "AppendEntry did not match [{logterm:int}:{index:int}] with [{}:{last:int}]", sign: raftdiag.AppendRefused, logger: "RAFT"},
		{text: "AppendEntry did not match {logterm:int} {index:int} with {} {last:int}", sign: raftdiag.AppendRefused, logger: "RAFT"},
		{text: "AppendEntry detected pindex less than{}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "AppendEntry pindex {index:int} {}, marking success", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "AppendEntry not processing inbound, {text}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Proposal ignored, not leader", sign: raftdiag.RequestFailed, what: "proposal", logger: "RAFT"},
		{text: "Direct proposal ignored, not leader", sign: raftdiag.RequestFailed, what: "proposal", logger: "RAFT"},
		{text: "Multi proposal ignored, not leader", sign: raftdiag.RequestFailed, what: "proposal", logger: "RAFT"},
		{text: "Ignoring forwarded proposal, not leader", sign: raftdiag.RequestFailed, what: "proposal", logger: "RAFT"},
		{text: "Ignoring forwarded peer removal proposal, {text}", sign: raftdiag.MembershipRefused, logger: "RAFT"},
		{text: "Received forwarded remove peer proposal: {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Not sending append entry, not leader", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Being asked to catch up follower: \"{peer}\"", sign: raftdiag.AppendRefused, logger: "RAFT"},
		{text: "Running catchup for \"{peer}\"", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Catching up for \"{peer}\" stalled", sign: raftdiag.ContactLost, what: "catchup", logger: "RAFT"},
		{text: "Catching up canceled, no longer leader", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Catchup may be stalled, will request again", sign: raftdiag.ApplyBehind, what: "catchup", logger: "RAFT"},
		{text: "Catchup done for \"{peer}\", will add into peers", sign: raftdiag.MemberAdded, logger: "RAFT"},
		{text: "Need to send snapshot to follower", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Snapshot sent, reset first catchup entry to {index:int}", sign: raftdiag.SnapshotSent, logger: "RAFT"},
		{text: "Finished catching up", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Will cancel existing entry for catching up \"{peer}\"", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Canceling catchup subscription since we are now up to date", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Our first entry [{}:{last:int}] does not match request from follower [{logterm:int}:{index:int}]", sign: raftdiag.AppendRefused, logger: "RAFT"},
		{text: "Installing snapshot of {} bytes [{logterm:int}:{index:int}]", sign: raftdiag.SnapshotMade, logger: "RAFT"},
		{text: "Installing snapshot of {} bytes", sign: raftdiag.SnapshotMade, logger: "RAFT"},
		{text: "Applying leader snapshot [{logterm:int}:{index:int}]", sign: raftdiag.SnapshotApplied, logger: "RAFT"},
		{text: "Truncating and repairing WAL to Term {logterm:int} Index {index:int}", sign: raftdiag.LogConflict, logger: "RAFT"},
		{text: "Not current, no recent leader contact", sign: raftdiag.LeaderLost, logger: "RAFT"},
		{text: "Not current, still catching up pindex={last:int}, cindex={commit:int}", sign: raftdiag.ApplyBehind, logger: "RAFT"},
		{text: "Not current, waiting to resume applies commit={applied:int}, hcommit={commit:int}", sign: raftdiag.ApplyBehind, logger: "RAFT"},
		{text: "Not current, {text}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Added peer \"{peer}\"", sign: raftdiag.MemberAdded, logger: "RAFT"},
		{text: "Removing peer \"{peer}\"", sign: raftdiag.MemberRemoved, logger: "RAFT"},
		{text: "Committed membership change {what:word} peer \"{peer}\"", sign: raftdiag.Membership, logger: "RAFT", fix: natsChange},
		{text: "Expanding our clustersize: {} -> {count:int}", sign: raftdiag.Membership, logger: "RAFT"},
		{text: "Decreasing our clustersize: {} -> {count:int}", sign: raftdiag.Membership, logger: "RAFT"},
		{text: "Update peers from leader to {text}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Pausing our apply channel", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Resuming our apply channel", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Resuming {count:int} replays", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Paused, not applying {index:int}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Ignoring apply commit for {index:int}, already processed", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Not snapshotting as {}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Scale up complete", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Subscribing in '{}'", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Not saving to append entries pending", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Removing old snapshot{}", sign: raftdiag.NoiseLine, logger: "RAFT"},
		{text: "Not a member of the group, {text}", sign: raftdiag.NoiseLine, logger: "RAFT"},
	},
}

// natsID is the id by which Raft calls the server of a name: digits of the
// name's hash, as the server makes them.
func natsID(name []byte) [8]byte {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := sha256.Sum256(name)
	var id [8]byte
	for i := range id {
		id[i] = digits[int(sum[i])%len(digits)]
	}
	return id
}

// natsNames gives a server both words wherever its name stands.
func natsNames(l *line) bool {
	for _, c := range l.caught {
		to := ""
		switch c.name {
		case "selfname":
			to = "self"
		case "name":
			to = "peer"
		default:
			continue
		}
		name := cleanWord(c.value)
		if i := bytes.IndexByte(name, '/'); i > 0 { // with its cluster's name
			name = name[:i]
		}
		if len(name) == 0 {
			continue
		}
		id := natsID(name)
		l.fill(to, id[:])
		l.fill(to, name)
	}
	if addr := l.get("addr"); routePort(addr) {
		l.fill("peer", addr)
	}
	return true
}

// routePort reports whether an address has a port on which a server may
// listen: one that is not among those that systems give to connections.
func routePort(addr []byte) bool {
	i := bytes.LastIndexByte(addr, ':')
	if i < 0 {
		return false
	}
	port, w := uintAt(addr[i+1:])
	return w > 0 && i+1+w == len(addr) && port > 0 && port < 32768
}

// metaGroup is for lines that concern the metadata and do not say so.
func metaGroup(l *line) bool {
	l.ev.Group = "_meta_"
	return true
}

// natsClosed tells from the reason who ended a route. Two servers make several
// routes to one another and close those that are too many.
func natsClosed(l *line) bool {
	y := l.ev.Symptom
	reason := l.get("reason")
	l.fill("text", reason)
	switch string(reason) {
	case "Duplicate Route", "Route Removed", "Server Shutdown":
		y.Sign = raftdiag.NoiseLine
	case "Client Closed":
		y.Trouble = raftdiag.Closed
		if l.get("name") == nil { // the other end closes what is too many so, too
			y.Sign, y.Trouble = raftdiag.NoiseLine, raftdiag.NoTrouble
		}
	case "Stale Connection":
		y.Trouble = raftdiag.TimedOut
	case "Read Error", "Write Error":
		y.Trouble = raftdiag.Reset
	case "Slow Consumer (Pending Bytes)", "Slow Consumer (Write Deadline)":
		y.Trouble = raftdiag.BufferFull
	case "TLS Handshake Failure":
		y.Trouble = raftdiag.TLSOther
	case "Authentication Failure", "Authentication Timeout", "Authentication Expired":
		y.Trouble = raftdiag.PermissionDenied
	case "Cluster Name Conflict":
		y.Trouble = raftdiag.ClusterMismatch
	case "Duplicate Server Name":
		y.Sign = raftdiag.IDConflict
	default:
		y.Trouble = raftdiag.UnclearTrouble
	}
	return true
}

// natsRouteError reads what the other end of a route complains of.
func natsRouteError(l *line) bool {
	y := l.ev.Symptom
	text := bytes.ToLower(l.get("text"))
	switch {
	case bytes.Contains(text, []byte("cluster name")):
		y.Trouble = raftdiag.ClusterMismatch
	case bytes.Contains(text, []byte("authorization")), bytes.Contains(text, []byte("authentication")):
		y.Trouble = raftdiag.PermissionDenied
	case bytes.Contains(text, []byte("duplicate")):
		y.Sign = raftdiag.IDConflict
	default:
		y.Trouble = troubleOf(text)
	}
	return true
}

// natsTLS tells who refuses: a remote error is the other end's.
func natsTLS(l *line) bool {
	y := l.ev.Symptom
	if bytes.Contains(l.msg, []byte("remote error")) {
		y.Sign = raftdiag.PeerRefuses
	} else if bytes.Contains(l.msg, []byte("certificate")) {
		y.Sign = raftdiag.PeerRefused
	}
	return true
}

// dialled finds the address that a dialler could not reach in Go's words for
// it: dial tcp 10.0.0.2:6222: connect: connection refused.
func dialled(l *line) bool {
	msg := l.msg
	i := bytes.Index(msg, []byte("dial tcp "))
	if i < 0 {
		return true
	}
	addr := msg[i+len("dial tcp "):]
	if has(addr, "lookup ") {
		return true
	}
	if from, to, ok := bytes.Cut(addr, []byte("->")); ok && bytes.IndexByte(from, ' ') < 0 {
		addr = to
	}
	if end := bytes.Index(addr, []byte(": ")); end > 0 && bytes.IndexByte(addr[:end], ' ') < 0 {
		l.fill("peer", addr[:end])
	}
	return true
}

// natsHealth tells a server without a leader from one that is behind.
func natsHealth(l *line) bool {
	y := l.ev.Symptom
	text := l.get("text")
	switch {
	case bytes.Contains(text, []byte("has not established contact with a meta leader")):
		y.Sign = raftdiag.NoLeaderKnown
		return metaGroup(l)
	case bytes.Contains(text, []byte("meta")):
		return metaGroup(l)
	case bytes.Contains(text, []byte("not current")):
	default:
		y.Sign = raftdiag.NoiseLine
	}
	return true
}

// natsVote reads Go's print of a vote's request or response:
//
//	{term:9 lastTerm:8 lastIndex:120 candidate:aB3dE5gH reply:}
//	{term:9 peer:jK7mN9pQ granted:true}
func natsVote(l *line) bool {
	y := l.ev.Symptom
	granted := false
	for _, w := range bytes.Fields(bytes.Trim(l.get("vote"), "&{}")) {
		key, value, _ := bytes.Cut(w, []byte(":"))
		switch string(key) {
		case "term":
			l.fill("term", value)
		case "lastTerm":
			l.fill("logterm", value)
		case "lastIndex":
			l.fill("index", value)
		case "candidate", "peer":
			if !bytes.Equal(value, l.record.self) {
				l.fill("peer", value)
			}
		case "granted":
			granted = has(value, "true")
		}
	}
	if !granted {
		switch y.Sign {
		case raftdiag.VoteGot:
			y.Sign = raftdiag.VoteDenied
		case raftdiag.VoteGranted:
			y.Sign = raftdiag.VoteRefused
		}
	}
	return true
}

// natsChange reads which change of the members came to be.
func natsChange(l *line) bool {
	y := l.ev.Symptom
	switch y.What {
	case "AddPeer", "EntryAddPeer":
		y.Sign = raftdiag.MemberAdded
	case "RemovePeer", "EntryRemovePeer":
		y.Sign = raftdiag.MemberRemoved
	}
	return true
}

// diskOnly takes a line only if its error is one of disks.
func diskOnly(l *line) bool {
	if !onDisk(l.ev.Symptom.Trouble) {
		l.ev.Symptom.Sign = raftdiag.NoiseLine
	}
	return true
}
