package parser

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// hashiraft is hashicorp/raft, and what Consul, Nomad, Vault and rqlite print
// around it. Its lines name nodes by id and by address; configurations and
// peers hold both. In JSON the node that speaks is lost. There are no lines
// for appends and commits.
var hashiraft = foreign{
	dialect: hashiRaft,
	name:    "hashicorp/raft",
	doc: "hashicorp/raft 1.0 to 1.7 in hclog's text and JSON and in Go's log, with what Consul, Nomad, Vault and rqlite print around it: " +
		"elections, peers that do not answer, storage, snapshots, members, serf's and memberlist's view of the network.",
	keys:    map[string]string{"term": "term", "error": "err", "err": "err", "index": "index"},
	fix:     hashiNames,
	samples: hashiSamples,
	rules: []rule{
		// Start and members.
		{text: "initial configuration", sign: raftdiag.StartedUp, what: raftdiag.EndsSilently},
		{text: "Initial configuration (index={index:int}): {servers}", sign: raftdiag.StartedUp, what: raftdiag.EndsSilently},
		{text: "updating configuration", sign: raftdiag.Membership, fix: hashiChange},
		{text: "Updating configuration with {command:word} ({peer}, {peer2}) to {servers}", sign: raftdiag.Membership, fix: hashiChange},
		{text: "starting restore from snapshot", sign: raftdiag.NoiseLine},
		{text: "restored from snapshot", sign: raftdiag.LogRecovered, keys: map[string]string{"last-index": "last", "last-term": "logterm"}},
		{text: "Restored from snapshot {what:word}", sign: raftdiag.LogRecovered},
		{text: "removed ourself, {text}", sign: raftdiag.SelfRemoved},
		{text: "Removed ourself, {text}", sign: raftdiag.SelfRemoved},
		{text: "added peer, starting replication", sign: raftdiag.NoiseLine},
		{text: "Added peer {peer}, starting replication", sign: raftdiag.NoiseLine},
		{text: "updating peer", sign: raftdiag.NoiseLine},
		{text: "removed peer, stopping replication", sign: raftdiag.MemberRemoved, keys: map[string]string{"last-index": "index"}},
		{text: "Removed peer {peer}, stopping replication after {index:int}", sign: raftdiag.MemberRemoved},
		{text: "pre-vote is disabled because it is not supported by the Transport", sign: raftdiag.NoiseLine},
		{text: "restore committed logs enabled but log store does not support it", sign: raftdiag.NoiseLine},
		{text: "could not get configuration for ", sign: raftdiag.NoiseLine},

		// Roles.
		{text: "entering follower state", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "Node at {self:word} [{}] entering Follower state (Leader: \"{peer}\")", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "entering candidate state", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "Node at {self:word} [{}] entering Candidate state in term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "Node at {self:word} [{}] entering Candidate state", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "election won", sign: raftdiag.RoleTaken, role: raftdiag.Leader, keys: map[string]string{"tally": "count"}},
		{text: "Election won. Tally: {count:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "entering leader state", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "Node at {self:word} [{}] entering Leader state", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "new leader elected, stepping down", sign: raftdiag.HigherTermSeen},
		{text: "New leader elected, stepping down", sign: raftdiag.HigherTermSeen},
		{text: "newer term discovered, fallback to follower", sign: raftdiag.HigherTermSeen},
		{text: "Newer term discovered, fallback to follower", sign: raftdiag.HigherTermSeen},
		{text: "lost leadership because received a requestVote with a newer term", sign: raftdiag.HigherTermSeen},
		{text: "peer has newer term, stopping replication", sign: raftdiag.HigherTermSeen},
		{text: "peer {peer} has newer term, stopping replication", sign: raftdiag.HigherTermSeen},
		{text: "failed to contact quorum of nodes, stepping down", sign: raftdiag.QuorumLost},
		{text: "Failed to contact quorum of nodes, stepping down", sign: raftdiag.QuorumLost},

		// Elections.
		{text: "heartbeat timeout reached, starting election", sign: raftdiag.LeaderLost, fix: hashiTimeout},
		{text: "Heartbeat timeout from \"{peer}\" reached, starting election", sign: raftdiag.LeaderLost, fix: hashiTimeout},
		{text: "heartbeat timeout reached, not part of {text}, not triggering a leader election", sign: raftdiag.CampaignBarred},
		{text: "no known peers, aborting election", sign: raftdiag.CampaignBarred, what: "no known peers"},
		{text: "not part of stable configuration, aborting election", sign: raftdiag.CampaignBarred, what: "not part of stable configuration"},
		{text: "Election timeout reached, restarting election", sign: raftdiag.CampaignBegun},
		{text: "voting for self", sign: raftdiag.CampaignBegun, keys: map[string]string{"id": "self"}},
		{text: "pre-voting for self", sign: raftdiag.CampaignBegun, keys: map[string]string{"id": "self"}, fix: preVote},
		{text: "pre-vote successful, starting election", sign: raftdiag.NoiseLine},
		{text: "pre-vote campaign failed, waiting for election timeout", sign: raftdiag.NoiseLine},
		{text: "calculated votes needed", sign: raftdiag.NoiseLine},
		{text: "votes", sign: raftdiag.NoiseLine, fix: func(l *line) bool { return l.get("needed") != nil }},
		{text: "Votes needed: {count:int}", sign: raftdiag.NoiseLine},
		{text: "asking for vote", sign: raftdiag.VoteAsked, keys: map[string]string{"from": "peer"}},
		{text: "asking for pre-vote", sign: raftdiag.VoteAsked, keys: map[string]string{"from": "peer"}, fix: preVote},
		{text: "vote granted", sign: raftdiag.VoteGot, keys: map[string]string{"from": "peer", "tally": "count"}},
		{text: "Vote granted from {peer} in term {term:int}. Tally: {count:int}", sign: raftdiag.VoteGot},
		{text: "pre-vote granted", sign: raftdiag.VoteGot, keys: map[string]string{"from": "peer", "tally": "count"}, fix: preVote},
		{text: "pre-vote received", sign: raftdiag.NoiseLine},
		// A request that did not arrive counts as denied, too.
		{text: "pre-vote denied", sign: raftdiag.NoiseLine, keys: map[string]string{"from": "peer"}, fix: preVote},
		{text: "pre-vote denied: found newer term, falling back to follower", sign: raftdiag.HigherTermSeen, fix: preVote},
		{text: "received a requestPreVote with a newer term, grant the pre-vote", sign: raftdiag.VoteGranted, fix: preVote},
		{text: "target does not support pre-vote RPC, treating as granted", sign: raftdiag.NoiseLine},
		{text: "rejecting vote request since we have a leader", sign: raftdiag.VoteIgnored, keys: refuses},
		{text: "rejecting pre-vote request since we have a leader", sign: raftdiag.VoteIgnored, keys: refuses, fix: preVote},
		{text: "Rejecting vote request from {peer} since we have a leader: {}", sign: raftdiag.VoteIgnored},
		{text: "rejecting vote request since our last {what:word} is greater", sign: raftdiag.VoteRefused, keys: refuses},
		{text: "rejecting pre-vote request since our last {what:word} is greater", sign: raftdiag.VoteRefused, keys: refuses, fix: preVote},
		{text: "Rejecting vote request from {peer} since our last term is greater ({}, {logterm:int})", sign: raftdiag.VoteRefused, what: "term"},
		{text: "Rejecting vote request from {peer} since our last index is greater ({last:int}, {index:int})", sign: raftdiag.VoteRefused, what: "index"},
		{text: "rejecting vote request since node is not in configuration", sign: raftdiag.VoteRefused, keys: refuses, what: "not in configuration"},
		{text: "rejecting vote request since node is not a voter", sign: raftdiag.VoteRefused, keys: refuses, what: "not a voter"},
		{text: "rejecting pre-vote request since node is not in configuration", sign: raftdiag.VoteRefused, keys: refuses, what: "not in configuration", fix: preVote},
		{text: "rejecting pre-vote request since node is not a voter", sign: raftdiag.VoteRefused, keys: refuses, what: "not a voter", fix: preVote},
		{text: "duplicate requestVote from", sign: raftdiag.VoteGranted, keys: refuses},
		{text: "Duplicate RequestVote from candidate: {peer:word}", sign: raftdiag.VoteGranted},
		{text: "duplicate requestVote for same term", sign: raftdiag.NoiseLine},
		{text: "Duplicate RequestVote for same term: {term:int}", sign: raftdiag.NoiseLine},
		{text: "failed to make requestVote RPC", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "vote"},
		{text: "Failed to make RequestVote RPC to {server}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "vote", fix: hashiServer},

		// Transfers.
		{text: "starting leadership transfer", sign: raftdiag.TransferBegun, keys: map[string]string{"id": "peer"}},
		{text: "lost leadership during transfer (expected)", sign: raftdiag.TransferDone},
		{text: "leadership transfer timeout", sign: raftdiag.TransferFailed, trouble: raftdiag.TimedOut},
		{text: "leadership transfer in progress", sign: raftdiag.NoiseLine},
		{text: "cannot find replication state for {peer}", sign: raftdiag.TransferFailed},
		{text: "cannot find peer", sign: raftdiag.TransferFailed},
		{text: "cannot transfer leadership to itself", sign: raftdiag.TransferFailed},
		{text: "failed to make TimeoutNow RPC to {peer}: {err}", sign: raftdiag.TransferFailed},

		// Replication.
		{text: "pipelining replication", sign: raftdiag.LinkUp, way: raftdiag.Outbound, what: "replication"},
		{text: "pipelining replication to peer {server}", sign: raftdiag.LinkUp, way: raftdiag.Outbound, what: "replication"},
		// Every end of replication prints this, that of a leader's term too.
		{text: "aborting pipeline replication", sign: raftdiag.NoiseLine},
		{text: "aborting pipeline replication to peer {server}", sign: raftdiag.NoiseLine},
		{text: "failed to contact", sign: raftdiag.ContactLost, fix: hashiSilence},
		{text: "Failed to contact {peer} in {dur:word}", sign: raftdiag.ContactLost},
		{text: "failed to appendEntries to", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "append"},
		{text: "Failed to AppendEntries to {server}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "append", fix: hashiServer},
		{text: "failed to heartbeat to", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "heartbeat"},
		{text: "Failed to heartbeat to {peer:word}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "heartbeat"},
		{text: "failed to pipeline appendEntries", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "append"},
		{text: "Failed to pipeline AppendEntries to {server}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "append", fix: hashiServer},
		{text: "failed to start pipeline replication to", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "append"},
		{text: "Failed to start pipeline replication to {server}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "append", fix: hashiServer},
		{text: "appendEntries rejected, sending older logs", sign: raftdiag.AppendRefused, fix: hashiNext},
		{text: "AppendEntries to {server} rejected, sending older logs (next: {next:int})", sign: raftdiag.AppendRefused, fix: hashiNext},
		{text: "failed to get previous log", sign: raftdiag.AppendRefused, keys: map[string]string{"previous-index": "index", "last-index": "last", "error": "text"}},
		{text: "Failed to get previous log: {index:int} {text} (last: {last:int})", sign: raftdiag.AppendRefused},
		{text: "previous log term mis-match", sign: raftdiag.AppendRefused, keys: map[string]string{"remote": "logterm"}},
		{text: "Previous log term mis-match: ours: {} remote: {logterm:int}", sign: raftdiag.AppendRefused},
		{text: "clearing log suffix", sign: raftdiag.LogConflict, keys: map[string]string{"from": "index", "to": "last"}},
		{text: "Clearing log suffix from {index:int} to {last:int}", sign: raftdiag.LogConflict},
		{text: "skipping application of old log", sign: raftdiag.NoiseLine},
		{text: "Skipping application of old log: {index:int}", sign: raftdiag.NoiseLine},
		{text: "got unexpected command", sign: raftdiag.NoiseLine},
		{text: "Got unexpected command: {}", sign: raftdiag.NoiseLine},
		{text: "expected heartbeat, got", sign: raftdiag.NoiseLine},
		{text: "Expected heartbeat, got command: {}", sign: raftdiag.NoiseLine},
		{text: "replication failed", sign: raftdiag.NoiseLine},

		// Storage. A log that is not found was compacted: a snapshot goes instead.
		{text: "failed to get log", sign: raftdiag.StorageBroken, fix: hashiLogGone},
		{text: "Failed to get log at index {index:int}: {err}", sign: raftdiag.StorageBroken, fix: hashiLogGone},
		{text: "Failed to get log at {index:int}: {err}", sign: raftdiag.StorageBroken, fix: hashiLogGone},
		{text: "failed to get log entry", sign: raftdiag.StorageBroken},
		{text: "Failed to get log entry {index:int}: {err}", sign: raftdiag.StorageBroken},
		{text: "failed to commit logs", sign: raftdiag.StorageBroken, what: "append"},
		{text: "Failed to commit logs: {err}", sign: raftdiag.StorageBroken, what: "append"},
		{text: "failed to append to logs", sign: raftdiag.StorageBroken, what: "append"},
		{text: "Failed to append to logs: {err}", sign: raftdiag.StorageBroken, what: "append"},
		{text: "failed to append entry", sign: raftdiag.StorageBroken, what: "configuration"},
		{text: "failed to clear log suffix", sign: raftdiag.StorageBroken, what: "truncate"},
		{text: "Failed to clear log suffix: {err}", sign: raftdiag.StorageBroken, what: "truncate"},
		{text: "failed to persist vote", sign: raftdiag.StorageBroken, what: "vote"},
		{text: "Failed to persist vote", sign: raftdiag.StorageBroken, what: "vote", fix: behindColon},
		{text: "failed to get last vote {}", sign: raftdiag.StorageBroken, what: "vote"},
		{text: "Failed to get last vote {}: {err}", sign: raftdiag.StorageBroken, what: "vote"},
		{text: "failed to get last log index", sign: raftdiag.StorageBroken},
		{text: "Failed to get last log index: {err}", sign: raftdiag.StorageBroken},
		{text: "failed to compact logs", sign: raftdiag.StorageBroken, what: "compaction"},
		{text: "Failed to compact logs: {err}", sign: raftdiag.StorageBroken, what: "compaction"},
		{text: "failed to remove old logs", sign: raftdiag.StorageBroken, what: "compaction"},
		{text: "failed to reset logs", sign: raftdiag.StorageBroken, what: "compaction"},
		{text: "failed to truncate logs", sign: raftdiag.StorageBroken, what: "compaction"},
		{text: "Rollback failed: tx closed", sign: raftdiag.NoiseLine},

		// Snapshots.
		{text: "starting snapshot up to", sign: raftdiag.NoiseLine},
		{text: "Starting snapshot up to {index:int}", sign: raftdiag.NoiseLine},
		{text: "snapshot complete up to", sign: raftdiag.SnapshotMade},
		{text: "Snapshot to {index:int} complete", sign: raftdiag.SnapshotMade},
		{text: "compacting logs", sign: raftdiag.NoiseLine},
		{text: "Compacting logs from {} to {}", sign: raftdiag.NoiseLine},
		{text: "no logs to truncate", sign: raftdiag.NoiseLine},
		{text: "removing all old logs from log store", sign: raftdiag.NoiseLine},
		{text: "creating new snapshot", sign: raftdiag.NoiseLine},
		{text: "Creating new snapshot at {}", sign: raftdiag.NoiseLine},
		{text: "reaping snapshot", sign: raftdiag.NoiseLine},
		{text: "found temporary snapshot", sign: raftdiag.NoiseLine},
		{text: "Found temporary snapshot: {}", sign: raftdiag.NoiseLine},
		{text: "opening snapshot", sign: raftdiag.NoiseLine},
		{text: "snapshot version not supported", sign: raftdiag.StorageBroken, trouble: raftdiag.VersionMismatch, what: "snapshot"},
		{text: "installing snapshot on", sign: raftdiag.SnapshotSent},
		{text: "failed to send snapshot to", sign: raftdiag.SnapshotSendFailed},
		{text: "Failed to send snapshot to {server}: {err}", sign: raftdiag.SnapshotSendFailed, fix: hashiServer},
		{text: "failed to install snapshot", sign: raftdiag.SnapshotSendFailed, fix: hashiInstall},
		{text: "Failed to install snapshot {what:word}: {err}", sign: raftdiag.SnapshotSendFailed},
		{text: "installSnapshot rejected to", sign: raftdiag.SnapshotSendFailed},
		{text: "InstallSnapshot to {server} rejected", sign: raftdiag.SnapshotSendFailed, fix: hashiServer},
		{text: "copied to local snapshot", sign: raftdiag.SnapshotArrived},
		{text: "Copied {} bytes to local snapshot", sign: raftdiag.SnapshotArrived},
		{text: "Installed remote snapshot", sign: raftdiag.SnapshotApplied},
		{text: "restored user snapshot", sign: raftdiag.SnapshotApplied},
		{text: "Restored user snapshot (index {index:int})", sign: raftdiag.SnapshotApplied},
		{text: "snapshot network transfer progress", sign: raftdiag.NoiseLine},
		{text: "snapshot restore progress", sign: raftdiag.NoiseLine},
		{text: "ignoring installSnapshot request with older term than current term", sign: raftdiag.LowerTermIgnored, keys: map[string]string{"request-term": "term"}},
		{text: "Ignoring installSnapshot request with older term of {term:int} vs currentTerm {}", sign: raftdiag.LowerTermIgnored},
		{text: "failed to receive whole snapshot", sign: raftdiag.LinkDown, way: raftdiag.Inbound, trouble: raftdiag.Closed, what: "snapshot"},
		{text: "Failed to receive whole snapshot: {text}", sign: raftdiag.LinkDown, way: raftdiag.Inbound, trouble: raftdiag.Closed, what: "snapshot"},
		{text: "failed to copy snapshot", sign: raftdiag.LinkDown, way: raftdiag.Inbound, what: "snapshot", fix: diskOrLink},
		{text: "Failed to copy snapshot: {err}", sign: raftdiag.LinkDown, way: raftdiag.Inbound, what: "snapshot", fix: diskOrLink},
		{text: "failed to restore snapshot", sign: raftdiag.ApplyBroken, what: "snapshot", fix: diskOrApply},
		{text: "Failed to restore snapshot", sign: raftdiag.ApplyBroken, what: "snapshot", fix: diskOrApply},
		{text: "failed to take snapshot", sign: raftdiag.StorageBroken, what: "snapshot", fix: hashiTake},
		{text: "Failed to take snapshot: {err}", sign: raftdiag.StorageBroken, what: "snapshot", fix: hashiTake},
		{text: "CRC checksum failed", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot"},
		{text: "failed to create snapshot to install", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to create snapshot to install: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to finalize snapshot", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to finalize snapshot: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to open snapshot", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to open snapshot {}: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to list snapshots", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to list snapshots: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to make snapshot direct", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to write metadata", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to read metadata", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to create state file", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to open state file", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to read state file", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "state file seek failed", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to get snapshots", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to scan snapshot directory", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to get meta data to open snapshot", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to reap snapshot", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to delete temporary snapshot directory", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to move snapshot into place", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed to open snapshot parent directory", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "failed syncing parent directory", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed syncing parent directory {}, error: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to create state file: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to delete temporary snapshot directory at path {}: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to get meta data to open snapshot: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to get snapshots: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to make snapshot directory: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to move snapshot into place: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to open state file: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to read state file: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to reap snapshot {}: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to scan snapshot dir: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to write metadata: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "State file seek failed: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Failed to read metadata for {}: {err}", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "Snapshot version for {} not supported: {}", sign: raftdiag.StorageBroken, trouble: raftdiag.VersionMismatch, what: "snapshot"},

		// The transport.
		{text: "accepted connection", sign: raftdiag.NoiseLine},
		{text: "{} accepted connection from: {}", sign: raftdiag.NoiseLine},
		{text: "stream layer is closed", sign: raftdiag.NoiseLine},
		{text: "failed to decode incoming command", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "Failed to decode incoming command: {err}", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "failed to flush response", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "Failed to flush response: {err}", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "failed to accept connection", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "Failed to accept connection: {err}", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "unable to get address for sever, using fallback address", sign: raftdiag.NamesPeer, keys: fallback},
		{text: "unable to get address for server, using fallback address", sign: raftdiag.NamesPeer, keys: fallback},
		{text: "Unable to get address for server id {peer:word}, using fallback address {peer2:word}: {text}", sign: raftdiag.NamesPeer},
	},
}

// Fields of some rules.
var (
	refuses = map[string]string{"from": "peer", "candidate": "peer", "last-candidate-term": "logterm", "last-candidate-index": "index",
		"last-index": "last"}
	fallback = map[string]string{"id": "peer", "fallback": "peer", "error": "text"}
)

// hashiNames reads who is meant by the fields that name nodes.
func hashiNames(l *line) bool {
	for _, f := range l.fields {
		switch string(f.key) {
		case "follower", "node":
			l.itself(f.value)
		case "leader":
			if has(f.value, "Node at ") {
				l.itself(f.value)
			} else if l.ev.Symptom.Sign == raftdiag.RoleTaken { // 1.1 and 1.2
				l.server(f.value)
			}
		case "peer", "target":
			l.server(f.value)
		case "server-id", "server-addr", "address", "last-leader-id", "last-leader-addr", "last-leader":
			l.fill("peer", f.value)
		case "leader-id", "leader-address":
			if l.ev.Symptom.Sign == raftdiag.RoleTaken {
				l.fill("peer", f.value)
			}
		case "servers":
			l.servers(f.value)
		}
	}
	for _, c := range l.caught {
		switch c.name {
		case "server":
			l.server(c.value)
		case "servers":
			l.servers(c.value)
		}
	}
	// An id before an address: it is the better word.
	if y := l.ev.Symptom; len(y.Peer) == 2 && strings.Contains(y.Peer[0], ":") && !strings.Contains(y.Peer[1], ":") {
		y.Peer[0], y.Peer[1] = y.Peer[1], y.Peer[0]
	}
	return true
}

// itself reads "Node at 10.0.0.1:8300 [Follower]".
func (l *line) itself(s []byte) {
	if rest, ok := bytes.CutPrefix(s, []byte("Node at ")); ok {
		addr, _, _ := bytes.Cut(rest, []byte(" "))
		l.fill("self", addr)
	}
}

// server reads a server as Go prints it, or as JSON, or a single word for it:
//
//	{Voter n2 10.0.0.2:8300}
//	{"Suffrage":0,"ID":"n2","Address":"10.0.0.2:8300"}
func (l *line) server(s []byte) {
	if len(s) == 0 || s[0] != '{' {
		l.fill("peer", s)
		return
	}
	if len(s) > 1 && s[1] == '"' {
		v := gjson.ParseBytes(s)
		l.fill("peer", []byte(v.Get("ID").String()))
		l.fill("peer", []byte(v.Get("Address").String()))
		return
	}
	for i, w := range bytes.Fields(bytes.Trim(s, "{}")) {
		if i > 0 { // Voter, Nonvoter or Staging stands first
			l.fill("peer", w)
		}
	}
}

// servers reads a configuration:
//
//	[{Suffrage:Voter ID:n1 Address:10.0.0.1:8300} {Suffrage:Nonvoter ID:n2 Address:10.0.0.2:8300}]
func (l *line) servers(s []byte) {
	for len(s) > 0 {
		open := bytes.IndexByte(s, '{')
		if open < 0 {
			return
		}
		s = s[open+1:]
		end := bytes.IndexByte(s, '}')
		if end < 0 {
			return
		}
		var id, addr []byte
		learner := false
		words := bytes.Fields(s[:end])
		if len(words) == 3 && !has(words[0], "Suffrage:") { // {Voter n1 10.0.0.1:8300}
			id, addr, learner = words[1], words[2], string(words[0]) != "Voter"
		}
		for _, w := range words {
			switch {
			case has(w, "ID:"):
				id = w[len("ID:"):]
			case has(w, "Address:"):
				addr = w[len("Address:"):]
			case has(w, "Suffrage:"):
				learner = string(w) != "Suffrage:Voter"
			}
		}
		l.member(learner, id, addr)
		s = s[end+1:]
	}
}

func preVote(l *line) bool {
	l.ev.Type, l.ev.Set = raftdiag.MsgPreVote, l.ev.Set|raftdiag.HasType
	return true
}

// hashiTimeout tells a leader that is lost from one that never was.
func hashiTimeout(l *line) bool {
	if len(l.ev.Symptom.Peer) == 0 {
		l.ev.Symptom.Sign = raftdiag.CampaignBegun
	}
	return true
}

// hashiSilence reads for how long a peer was silent: JSON has nanoseconds.
func hashiSilence(l *line) bool {
	value := l.get("time")
	if len(value) > 0 && len(bytes.Trim(value, "0123456789")) == 0 {
		value = append(bytes.Clone(value), "ns"...)
	}
	if value != nil {
		l.fill("dur", value)
	}
	return true
}

// hashiServer is for rules whose errors are not the node's own, so that a
// peer's name must have been read.
func hashiServer(l *line) bool { return len(l.ev.Symptom.Peer) > 0 }

func hashiNext(l *line) bool {
	if next := l.get("next"); next != nil {
		l.fill("text", append([]byte("next "), next...))
	}
	return true
}

// hashiLogGone takes the absence of a log for what it mostly is.
func hashiLogGone(l *line) bool {
	if strings.Contains(l.ev.Text, "log not found") {
		l.ev.Symptom.Sign, l.ev.Symptom.Trouble = raftdiag.NoiseLine, raftdiag.NoTrouble
	}
	return true
}

// hashiTake forgives snapshots for which there is no reason.
func hashiTake(l *line) bool {
	if strings.Contains(l.ev.Text, "nothing new to snapshot") {
		l.ev.Symptom.Sign, l.ev.Symptom.Trouble = raftdiag.NoiseLine, raftdiag.NoTrouble
	}
	return true
}

// hashiInstall tells the two ends of a snapshot apart: only the sender names
// it.
func hashiInstall(l *line) bool {
	if l.get("id") == nil {
		l.ev.Symptom.Sign, l.ev.Symptom.What = raftdiag.StorageBroken, "snapshot"
	}
	return true
}

// onDisk reports whether a trouble is one of disks.
func onDisk(t raftdiag.Trouble) bool {
	return t == raftdiag.DiskFull || t == raftdiag.DiskBroken || t == raftdiag.Corrupted || t == raftdiag.PermissionDenied
}

func diskOrLink(l *line) bool {
	if onDisk(l.ev.Symptom.Trouble) {
		l.ev.Symptom.Sign, l.ev.Symptom.Way = raftdiag.StorageBroken, raftdiag.AnyWay
	}
	return true
}

func diskOrApply(l *line) bool {
	behindColon(l)
	if onDisk(l.ev.Symptom.Trouble) {
		l.ev.Symptom.Sign = raftdiag.StorageBroken
	}
	return true
}

// behindColon takes what stands behind the message's first colon for the error.
func behindColon(l *line) bool {
	if i := bytes.Index(l.msg, []byte(": ")); i >= 0 {
		l.fill("err", l.msg[i+2:])
	}
	return true
}

var hashiCommands = [...]string{"AddVoter", "AddNonvoter", "DemoteVoter", "RemoveServer", "Promote"}

// hashiChange reads what a change of the configuration is.
func hashiChange(l *line) bool {
	y := l.ev.Symptom
	y.What = l.p.in.string(l.get("command"))
	if n, w := uintAt(l.get("command")); w == 1 && n < uint64(len(hashiCommands)) { // JSON
		y.What = hashiCommands[n]
	}
	switch y.What {
	case "AddVoter", "AddStaging", "AddNonvoter":
		y.Sign = raftdiag.MemberAdded
	case "RemoveServer":
		y.Sign = raftdiag.MemberRemoved
	case "Promote":
		y.Sign = raftdiag.MemberPromoted
	}
	return true
}
