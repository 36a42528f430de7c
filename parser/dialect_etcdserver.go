package parser

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// etcdServerWords are the lines of etcd's server beside its Raft library's,
// from 3.4 (zap) to 3.8, and those of capnslog before.
var etcdServerWords = foreign{
	dialect: etcdServer,
	name:    "etcd",
	doc: "the lines of an etcd server: streams and probes between peers, slow disks, applies and requests, members, snapshots, " +
		"quotas, certificates, starts and ends.",
	speaks: func(r *record) bool { return r.env == jsonLog || r.env == zapConsole || r.env == tikvLog },
	keys: map[string]string{
		"local-member-id": "self", "remote-peer-id": "peer", "peer-id": "peer", "remote-member-id": "peer", "error": "err",
		"took": "dur", "remote-peer-name": "what", "stream-reader-type": "what", "stream-writer-type": "what",
	},
	rules: []rule{
		// Who is who.
		{text: "starting etcd server", sign: raftdiag.NamesItself},
		{text: "starting an etcd server", sign: raftdiag.StartedUp, keys: map[string]string{"name": "self", "initial-advertise-peer-urls": "self2"}, fix: etcdStart},
		{text: "starting local member", sign: raftdiag.NamesItself},
		{text: "restarting local member", sign: raftdiag.NamesItself, keys: map[string]string{"commit-index": "commit"}},
		{text: "forcing restart member", sign: raftdiag.NamesItself, keys: map[string]string{"commit-index": "commit"}},
		{text: "now serving peer/client/metrics", sign: raftdiag.NamesItself, keys: map[string]string{"initial-advertise-peer-urls": "self2"}, fix: listURLs},
		{text: "published local member to cluster through raft", sign: raftdiag.NamesItself, keys: map[string]string{"local-member-attributes": "text"}, fix: etcdAttributes},
		{text: "added member", sign: raftdiag.NamesPeer, keys: map[string]string{"added-peer-id": "peer", "added-peer-peer-urls": "urls"}, fix: etcdMember},
		{text: "recovered/added member from store", sign: raftdiag.NamesPeer, keys: map[string]string{"recovered-remote-peer-id": "peer", "recovered-remote-peer-urls": "urls"}, fix: etcdMember},
		{text: "added remote peer", sign: raftdiag.NamesPeer, keys: map[string]string{"remote-peer-urls": "urls"}, fix: etcdMember},
		{text: "added new remote peer", sign: raftdiag.NamesPeer, keys: map[string]string{"remote-peer-urls": "urls"}, fix: etcdMember},
		{text: "updated member", sign: raftdiag.Membership, what: "address", keys: map[string]string{"updated-remote-peer-id": "peer", "updated-remote-peer-urls": "urls"}, fix: etcdMember},
		{text: "ignore already added member", sign: raftdiag.NoiseLine},
		{text: "Detected member only in v3store but missing in v2store", sign: raftdiag.NoiseLine},
		{text: "snapshot storing member", sign: raftdiag.NamesPeer, keys: map[string]string{"id": "peer"}, fix: etcdMember},

		// Lives.
		{text: "ready to serve client requests", sign: raftdiag.Serving},
		{text: "closing etcd server", sign: raftdiag.ShuttingDown, keys: map[string]string{"name": "self"}},
		{text: "closed etcd server", sign: raftdiag.ShuttingDown, keys: map[string]string{"name": "self"}},
		{text: "received signal; shutting down", sign: raftdiag.ShuttingDown},
		{text: "received terminated signal, shutting down", sign: raftdiag.ShuttingDown},
		{text: "received interrupt signal, shutting down", sign: raftdiag.ShuttingDown},
		{text: "failed to publish local member to cluster through raft", sign: raftdiag.RequestFailed, what: "publish", keys: map[string]string{"publish-timeout": "dur"}, fix: etcdPublish},
		{text: "stopped publish because server is stop", sign: raftdiag.NoiseLine},
		{text: "notifying init daemon", sign: raftdiag.NoiseLine},
		{text: "server has stopped; {}", sign: raftdiag.NoiseLine},
		{text: "failed to save Raft hard state and entries", sign: raftdiag.Died, what: "wal"},
		{text: "failed to save Raft snapshot", sign: raftdiag.Died, what: "wal"},
		{text: "failed to sync Raft snapshot", sign: raftdiag.Died, what: "wal"},
		{text: "failed to release Raft wal", sign: raftdiag.Died, what: "wal"},
		{text: "failed to open WAL", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "failed to read WAL, cannot be repaired", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "failed to repair WAL", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "failed to recover v3 backend from snapshot", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "database"},
		{text: "failed to load corruption alarm", sign: raftdiag.Died, what: "database"},
		{text: "unexpected committed entry index", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log", keys: map[string]string{"current-applied-index": "applied", "first-committed-entry-index": "index"}, fix: wholeText},
		{text: "unexpected leader snapshot from outdated index", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "snapshot",
			keys: map[string]string{"current-applied-index": "applied", "incoming-leader-snapshot-index": "index"}, fix: wholeText},
		{text: "consistent_index({applied:int}) is older than snapshot index ({index:int})", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "database", fix: wholeText},
		{text: "failed to open snapshot backend", sign: raftdiag.Died, what: "snapshot"},
		{text: "failed to restore {what} store", sign: raftdiag.Died, trouble: raftdiag.Corrupted},
		{text: "failed to recover from snapshot", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "snapshot"},
		{text: "failed to open database", sign: raftdiag.Died, what: "database"},
		{text: "failed to create WAL", sign: raftdiag.Died, what: "wal"},
		{text: "failed to start etcd", sign: raftdiag.Died},
		{text: "discovery failed", sign: raftdiag.Died, fix: discoveryFailed},
		{text: "listener failed", sign: raftdiag.Died, what: "listener"},
		{text: "failed to find local ID in cluster members", sign: raftdiag.Died, trouble: raftdiag.PeerRemoved, what: "members", fix: wholeText},
		{text: "two member with same name found", sign: raftdiag.Died, what: "members", fix: wholeText},
		{text: "invalid downgrade; server version is lower than determined cluster version", sign: raftdiag.Died, trouble: raftdiag.VersionMismatch, fix: wholeText},
		{text: "bootstrap failed", sign: raftdiag.JoinFailed, fix: startFailed},
		{text: "failed to bootstrap; discovery token was already used", sign: raftdiag.JoinFailed, what: "discovery"},
		{text: "member with duplicated name has already been registered", sign: raftdiag.JoinFailed, what: "discovery"},
		{text: "member has been registered with discovery service", sign: raftdiag.JoinFailed, what: "discovery"},
		{text: "failed to get from discovery server", sign: raftdiag.JoinFailed, what: "discovery"},
		{text: "failed to get cluster members from discovery service", sign: raftdiag.JoinFailed, what: "discovery"},
		{text: "failed to get cluster size from discovery service", sign: raftdiag.JoinFailed, what: "discovery"},
		{text: "failed to register members itself to the discovery service", sign: raftdiag.JoinFailed, what: "discovery"},
		{text: "retry connecting to discovery service", sign: raftdiag.JoinFailed, what: "discovery", keys: map[string]string{"reason": "err"}},
		{text: "discovery got cluster successfully", sign: raftdiag.NoiseLine},
		{text: "discovery joined cluster successfully", sign: raftdiag.NoiseLine},
		{text: "found all needed peers from discovery service", sign: raftdiag.NoiseLine},
		{text: "found all needed peers from discovery server", sign: raftdiag.NoiseLine},
		{text: "found peers from discovery server; waiting for more", sign: raftdiag.NoiseLine},
		{text: "waiting for peers from discovery service", sign: raftdiag.NoiseLine},
		{text: "failed to get cluster response", sign: raftdiag.LinkDown, what: "members", keys: map[string]string{"address": "peer"}},
		{text: "failed to get cluster from remote peers", sign: raftdiag.NoiseLine},
		{text: "creating peer listener failed", sign: raftdiag.NoiseLine},
		{text: "server error", sign: raftdiag.Died},
		{text: "repairing WAL", sign: raftdiag.LogRecovered},
		{text: "repaired WAL", sign: raftdiag.LogRecovered},
		{text: "repairing", sign: raftdiag.NoiseLine, fix: ofWAL},
		{text: "repaired", sign: raftdiag.LogRecovered, fix: ofWAL},
		{text: "failed to repair", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "wal", fix: ofWAL},
		{text: "data-dir used by this member must be removed", sign: raftdiag.SelfRemoved},

		// Links.
		{text: "peer became active", sign: raftdiag.LinkUp},
		{text: "peer became inactive (message send to peer failed)", sign: raftdiag.LinkDown, fix: etcdDirection},
		{text: "peer deactivated again", sign: raftdiag.LinkDown, fix: etcdDirection},
		{text: "established TCP streaming connection with remote peer", sign: raftdiag.LinkUp, fix: etcdStream},
		{text: "lost TCP streaming connection with remote peer", sign: raftdiag.LinkDown, fix: etcdStream},
		{text: "closed TCP streaming connection with remote peer", sign: raftdiag.NoiseLine},
		{text: "stopped TCP streaming connection with remote peer", sign: raftdiag.NoiseLine},
		{text: "failed to close connection with remote peer", sign: raftdiag.NoiseLine},
		{text: "failed to close remote peer connection", sign: raftdiag.NoiseLine},
		{text: "dial stream reader", sign: raftdiag.NoiseLine},
		{text: "failed to add peer into prober", sign: raftdiag.NoiseLine},
		{text: "skipped removing already removed peer", sign: raftdiag.NoiseLine},
		{text: "prober detected unhealthy status", sign: raftdiag.LinkDown, what: "probe"},
		{text: "prober found high clock drift", sign: raftdiag.ClockSkew, keys: map[string]string{"clock-drift": "dur"}, fix: etcdDrift},
		{text: "failed to reach the peer URL", sign: raftdiag.LinkDown, what: "version", keys: map[string]string{"address": "url"}},
		{text: "failed to get version", sign: raftdiag.NoiseLine},
		{text: "failed to dial stream", sign: raftdiag.LinkDown},
		{text: "dropped internal Raft message since sending buffer is full", sign: raftdiag.SendDropped, trouble: raftdiag.BufferFull, keys: map[string]string{"message-type": "type"}},
		{text: "dropped Raft message since sending buffer is full", sign: raftdiag.SendDropped, trouble: raftdiag.BufferFull, keys: map[string]string{"message-type": "type"}},
		{text: "dropped internal Raft message since receiving buffer is full", sign: raftdiag.Overload, trouble: raftdiag.BufferFull, way: raftdiag.Inbound, keys: map[string]string{"message-type": "type", "remote-peer-id": "self", "from": "peer"}},
		{text: "dropped Raft message since receiving buffer is full", sign: raftdiag.Overload, trouble: raftdiag.BufferFull, way: raftdiag.Inbound, keys: map[string]string{"message-type": "type", "remote-peer-id": "self", "from": "peer"}},
		{text: "ignored message send request; unknown remote peer target", sign: raftdiag.SendDropped, trouble: raftdiag.AddressUnknown, keys: map[string]string{"unknown-target-peer-id": "peer"}},
		{text: "rejected Raft message from removed member", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved, keys: map[string]string{"removed-member-id": "peer"}},
		{text: "rejected Raft message to mismatch member", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch, keys: map[string]string{"mismatch-member-id": "peer"}},
		{text: "rejected stream from remote peer because it was removed", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved, keys: map[string]string{"remote-peer-id-from": "peer", "remote-peer-id-stream-handler": "self"}},
		{text: "failed to find remote peer in cluster", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch, keys: map[string]string{"remote-peer-id-from": "peer", "remote-peer-id-stream-handler": "self"}},
		{text: "ignored streaming request; ID mismatch", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch, keys: map[string]string{"remote-peer-id-from": "peer", "remote-peer-id-stream-handler": "self", "remote-peer-id-header": "text"}},
		{text: "request cluster ID mismatch", sign: raftdiag.PeerRefused, trouble: raftdiag.ClusterMismatch, keys: map[string]string{"remote-peer-server-name": "peer", "remote-peer-id-from": "peer"}, fix: etcdClusters},
		{text: "cluster ID mismatch", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch},
		{text: "request sent was ignored by remote peer due to cluster ID mismatch", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch, fix: etcdClusters},
		{text: "request sent was ignored due to cluster ID mismatch", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch, fix: etcdClusters},
		{text: "request sent was ignored by peer", sign: raftdiag.PeerRefuses, trouble: raftdiag.VersionMismatch},
		{text: "request sent was ignored by remote peer due to server version incompatibility", sign: raftdiag.PeerRefuses, trouble: raftdiag.VersionMismatch},
		{text: "failed version compatibility check", sign: raftdiag.PeerRefused, trouble: raftdiag.VersionMismatch, keys: map[string]string{"remote-peer-server-name": "peer"}},
		{text: "failed to check version compatibility", sign: raftdiag.PeerRefused, trouble: raftdiag.VersionMismatch, keys: map[string]string{"remote-peer-server-name": "peer"}},
		{text: "cluster version of remote member is not compatible; too {}", sign: raftdiag.PeerRefused, trouble: raftdiag.VersionMismatch},
		{text: "leader found higher-versioned member", sign: raftdiag.NoiseLine},
		{text: "remotes server has mismatching etcd version", sign: raftdiag.NoiseLine},
		{text: "failed to parse {:name} version of remote member", sign: raftdiag.NoiseLine},
		{text: "failed to parse cluster ID", sign: raftdiag.NoiseLine},
		{text: "failed to read body of {}response", sign: raftdiag.NoiseLine},
		{text: "failed to unmarshal cluster response", sign: raftdiag.NoiseLine},
		{text: "rejected connection on peer endpoint", sign: raftdiag.PeerRefused},
		{text: "rejected connection on client endpoint", sign: raftdiag.NoiseLine},
		{text: "rejected connection", sign: raftdiag.PeerRefused, fix: etcdAnyEndpoint}, // up to 3.4, of a client as well as of a peer
		{text: "failed to resolve URL Host", sign: raftdiag.LinkDown, what: "name", keys: map[string]string{"url": "peer"}},
		{text: "resolved URL Host", sign: raftdiag.NoiseLine},
		{text: "failed to get downgrade enabled status", sign: raftdiag.NoiseLine},
		{text: "failed to unmarshal response", sign: raftdiag.NoiseLine},
		{text: "failed to convert response", sign: raftdiag.NoiseLine},
		{text: "ignored unexpected streaming request path", sign: raftdiag.NoiseLine},
		{text: "rate limit on stream reader with remote peer", sign: raftdiag.NoiseLine},
		{text: "failed to read Raft message", sign: raftdiag.NoiseLine},
		{text: "failed to unmarshal Raft message", sign: raftdiag.PeerRefused, trouble: raftdiag.Corrupted},
		{text: "failed to process Raft message", sign: raftdiag.Overload, fix: onlyTimedOut},
		{text: "failed to decode Raft message", sign: raftdiag.NoiseLine},
		{text: "unexpected Raft message type", sign: raftdiag.NoiseLine},
		{text: "failed to parse path into ID", sign: raftdiag.NoiseLine},
		{text: "started stream {}", sign: raftdiag.NoiseLine},
		{text: "stopped stream {}", sign: raftdiag.NoiseLine},
		{text: "started HTTP pipelining with remote peer", sign: raftdiag.NoiseLine},
		{text: "stopped HTTP pipelining with remote peer", sign: raftdiag.NoiseLine},
		{text: "removing old peers from network", sign: raftdiag.NoiseLine},
		{text: "removed old peers from network", sign: raftdiag.NoiseLine},
		{text: "adding peers from new cluster configuration", sign: raftdiag.NoiseLine},
		{text: "added peers from new cluster configuration", sign: raftdiag.NoiseLine},
		{text: "starting remote peer", sign: raftdiag.NoiseLine},
		{text: "started remote peer", sign: raftdiag.NoiseLine},
		{text: "stopping remote peer", sign: raftdiag.NoiseLine},
		{text: "stopped remote peer", sign: raftdiag.NoiseLine},
		{text: "removed remote peer", sign: raftdiag.NoiseLine, keys: map[string]string{"removed-remote-peer-id": "peer"}},
		{text: "updated remote peer", sign: raftdiag.NoiseLine},
		{text: "set message encoder", sign: raftdiag.NoiseLine},
		{text: "initialized peer connections; fast-forwarding election ticks", sign: raftdiag.NoiseLine},
		{text: "starting initial election tick advance", sign: raftdiag.NoiseLine},
		{text: "skipping initial election tick advance", sign: raftdiag.NoiseLine},
		{text: "started as single-node; fast-forwarding election ticks", sign: raftdiag.NoiseLine},

		// Slowness.
		{text: "leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk", sign: raftdiag.HeartbeatLate,
			keys: map[string]string{"to": "", "exceeded-duration": "dur"}},
		{text: "slow fdatasync", sign: raftdiag.DiskSlow, what: "fdatasync"},
		{text: "apply request took too long", sign: raftdiag.ApplySlow, keys: map[string]string{"prefix": "what"}, fix: etcdApply},
		{text: "apply entries took too long", sign: raftdiag.ApplySlow},
		{text: "failed to apply request", sign: raftdiag.NoiseLine, fix: etcdNoSpace},
		{text: "request stats", sign: raftdiag.RequestSlow, keys: map[string]string{"time spent": "dur", "response type": "what"}, fix: etcdRequest},
		{text: "trace[{}] {what:name}", sign: raftdiag.RequestSlow, keys: map[string]string{"duration": "dur"}, fix: etcdTrace},
		{text: "retrying of unary invoker failed", sign: raftdiag.RequestFailed, what: "client", fix: etcdClient},
		{text: "grpc: addrConn.createTransport failed to connect to", sign: raftdiag.NoiseLine},
		{text: "waiting for ReadIndex response took too long, retrying", sign: raftdiag.ReadSlow, keys: map[string]string{"retry-timeout": "dur"}},
		{text: "timed out waiting for read index response (local node might have slow network)", sign: raftdiag.RequestFailed, what: "read index", keys: map[string]string{"timeout": "dur"}},
		{text: "ignored out-of-date read index response", sign: raftdiag.NoiseLine},
		{text: "failed to get read index from Raft", sign: raftdiag.RequestFailed, what: "read index"},
		{text: "first commit in current term: resending ReadIndex request", sign: raftdiag.NoiseLine},
		{text: "timed out sending read state", sign: raftdiag.LoopSlow, keys: map[string]string{"timeout": "dur"}},
		{text: "serving /health false; no leader", sign: raftdiag.NoLeaderKnown, what: "health"},
		{text: "serving /health false due to an alarm", sign: raftdiag.QuotaExceeded, keys: map[string]string{"alarm": "text"}, fix: etcdAlarm},
		{text: "serving /health false; {}", sign: raftdiag.RequestFailed, what: "health", fix: onlyTimedOut},
		{text: "serving /health true", sign: raftdiag.NoiseLine},
		{text: "/health error", sign: raftdiag.NoiseLine, keys: map[string]string{"output": "err"}, fix: etcdHealth},
		{text: "/health OK", sign: raftdiag.NoiseLine},
		{text: "Health check error", sign: raftdiag.NoiseLine, keys: map[string]string{"reason": "err"}, fix: etcdHealth},
		{text: "Health check OK", sign: raftdiag.NoiseLine},
		{text: "Health request error", sign: raftdiag.NoiseLine},
		{text: "/health excluded alarm", sign: raftdiag.NoiseLine},
		{text: "80% of file descriptors are used", sign: raftdiag.Overload, what: "file descriptors"},
		{text: "failed to revoke lease", sign: raftdiag.NoiseLine},
		{text: "snapshotting taking too long to transfer", sign: raftdiag.NoiseLine},

		// Leadership.
		{text: "leadership transfer starting", sign: raftdiag.TransferBegun, keys: map[string]string{"transferee-member-id": "peer"}},
		{text: "leadership transfer finished", sign: raftdiag.TransferDone, keys: map[string]string{"new-leader-member-id": "peer"}},
		{text: "leadership transfer failed", sign: raftdiag.TransferFailed},
		{text: "skipped leadership transfer; local server is not leader", sign: raftdiag.NoiseLine},
		{text: "skipped leadership transfer for single voting member cluster", sign: raftdiag.NoiseLine},

		// Members.
		{text: "removed member", sign: raftdiag.MemberRemoved, keys: map[string]string{"removed-remote-peer-id": "peer"}, fix: etcdRemoved},
		{text: "promote member", sign: raftdiag.MemberPromoted, keys: map[string]string{"promoted-member-id": "peer"}},
		{text: "applied a configuration change through raft", sign: raftdiag.Membership, keys: map[string]string{"raft-conf-change": "text", "raft-conf-change-node-id": "peer"}},
		{text: "ignore already removed member", sign: raftdiag.NoiseLine},
		{text: "skipped removing already removed member", sign: raftdiag.NoiseLine},
		{text: "skipped attributes update of removed member", sign: raftdiag.NoiseLine},
		{text: "ignored already updated member", sign: raftdiag.NoiseLine},
		{text: "ignore already promoted member", sign: raftdiag.NoiseLine},
		{text: "ignore promoting non-existent member", sign: raftdiag.NoiseLine},
		{text: "Skipped {} non-existent member in ", sign: raftdiag.NoiseLine},
		{text: "Forcibly apply member promotion request in v3store", sign: raftdiag.NoiseLine},
		{text: "failed to promote a member", sign: raftdiag.MembershipRefused, keys: map[string]string{"member-id": "peer"}},
		{text: "number of started member is 1; can accept add member request", sign: raftdiag.NoiseLine},
		{text: "Failed to monitor cluster version", sign: raftdiag.NoiseLine},
		{text: "Syncing member in v3store", sign: raftdiag.NoiseLine},
		{text: "Removed {:name} from the backend", sign: raftdiag.NoiseLine},
		{text: "Trimming membership information from the backend", sign: raftdiag.NoiseLine},
		{text: "Bootstrapping cluster using v3 discovery", sign: raftdiag.NoiseLine},
		{text: "V2 discovery is deprecated", sign: raftdiag.NoiseLine},
		{text: "illegal v2store content", sign: raftdiag.JoinFailed, what: "v2 store"},
		{text: "aborting cluster version update; server is stopped", sign: raftdiag.NoiseLine},
		{text: "failed to update cluster version", sign: raftdiag.NoiseLine},
		{text: "setting up initial cluster version", sign: raftdiag.NoiseLine},
		{text: "updating cluster version", sign: raftdiag.NoiseLine},
		{text: "cluster version is updated", sign: raftdiag.NoiseLine},
		{text: "enabled capabilities for version", sign: raftdiag.NoiseLine},
		{text: "rejecting member {text}", sign: raftdiag.MembershipRefused},
		{text: "rejecting promote learner: learner is not ready", sign: raftdiag.MembershipRefused},
		{text: "Validation on configuration change failed", sign: raftdiag.MembershipRefused},

		// Snapshots.
		{text: "triggering snapshot", sign: raftdiag.SnapshotMade, keys: map[string]string{"local-member-applied-index": "index"}},
		{text: "saved snapshot", sign: raftdiag.NoiseLine},
		{text: "compacted Raft logs", sign: raftdiag.NoiseLine},
		{text: "sending merged snapshot", sign: raftdiag.SnapshotSent, keys: map[string]string{"from": "self", "to": "peer"}},
		{text: "sent merged snapshot", sign: raftdiag.NoiseLine, keys: map[string]string{"from": "self", "to": "peer"}},
		{text: "sending database snapshot", sign: raftdiag.NoiseLine},
		{text: "sent database snapshot", sign: raftdiag.NoiseLine},
		{text: "failed to send database snapshot", sign: raftdiag.SnapshotSendFailed, keys: map[string]string{"snapshot-index": "index"}},
		{text: "receiving database snapshot", sign: raftdiag.SnapshotArrived, keys: map[string]string{"remote-snapshot-sender-id": "peer", "incoming-snapshot-index": "index"}},
		{text: "received and saved database snapshot", sign: raftdiag.NoiseLine},
		{text: "failed to save incoming database snapshot", sign: raftdiag.StorageBroken, what: "snapshot", keys: map[string]string{"remote-snapshot-sender-id": "peer", "incoming-snapshot-index": "index"}, fix: etcdIncoming},
		{text: "failed to receive database snapshot", sign: raftdiag.NoiseLine},
		{text: "failed to send database snapshot to writer", sign: raftdiag.NoiseLine},
		{text: "sent database snapshot to writer", sign: raftdiag.NoiseLine},
		{text: "applied incoming Raft snapshot", sign: raftdiag.SnapshotApplied, keys: map[string]string{"snapshot-index": "index"}},
		{text: "applying snapshot", sign: raftdiag.NoiseLine},
		{text: "applied snapshot", sign: raftdiag.NoiseLine},
		{text: "applySnapshot: opened snapshot backend", sign: raftdiag.NoiseLine},
		{text: "restored {} store", sign: raftdiag.NoiseLine},
		{text: "restored cluster configuration", sign: raftdiag.NoiseLine},
		{text: "restore consistentIndex", sign: raftdiag.NoiseLine},
		{text: "kvstore restored", sign: raftdiag.NoiseLine},
		{text: "Recovering from snapshot backend", sign: raftdiag.NoiseLine},
		{text: "Skipping snapshot backend", sign: raftdiag.NoiseLine},
		{text: "recovered v3 backend", sign: raftdiag.NoiseLine},
		{text: "constructed a snapshot from WAL record", sign: raftdiag.NoiseLine},
		{text: "Constructed a new raft snapshot from v3 state", sign: raftdiag.NoiseLine},
		{text: "consistent index was never saved", sign: raftdiag.NoiseLine},
		{text: "purged", sign: raftdiag.NoiseLine},
		{text: "Applying entries", sign: raftdiag.NoiseLine},
		{text: "Applying entry", sign: raftdiag.NoiseLine, keys: map[string]string{"consistent-index": "applied", "entry-index": "commit", "index": "commit", "entry-term": "logterm", "term": "logterm"}},
		{text: "applyEntryNormal", sign: raftdiag.NoiseLine},
		{text: "apply entry normal", sign: raftdiag.NoiseLine},
		{text: "Apply", sign: raftdiag.NoiseLine, fix: onlyApply},
		{text: "snap file is corrupt", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot", fix: wholeText},
		{text: "failed to unmarshal snappb.Snapshot", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot"},
		{text: "failed to unmarshal raftpb.Snapshot", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot"},
		{text: "failed to read empty snapshot ", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot", fix: wholeText},
		{text: "failed to read a snap file", sign: raftdiag.StorageBroken, what: "snapshot", fix: onlyDisk},
		{text: "failed to write a snap file", sign: raftdiag.StorageBroken, what: "snapshot", fix: onlyDisk},
		{text: "renamed to a broken snap file", sign: raftdiag.NoiseLine},
		{text: "failed to rename a broken snap file", sign: raftdiag.NoiseLine},
		{text: "failed to remove a broken snap file", sign: raftdiag.NoiseLine},
		{text: "found unexpected non-snap file; skipping", sign: raftdiag.NoiseLine},
		{text: "failed to parse index from filename", sign: raftdiag.NoiseLine},
		{text: "failed to remove orphaned .snap.db file", sign: raftdiag.NoiseLine},
		{text: "failed to remove temp file(s) in snapshot directory", sign: raftdiag.NoiseLine},
		{text: "updating snapshot{}count to default", sign: raftdiag.NoiseLine},
		{text: "updating snapshot catch-up entries to default", sign: raftdiag.NoiseLine},
		{text: "closing old backend file", sign: raftdiag.NoiseLine},
		{text: "closed old backend file", sign: raftdiag.NoiseLine},
		{text: "found orphaned {} file; deleting", sign: raftdiag.NoiseLine},
		{text: "failed to find [SNAPSHOT-INDEX].snap.db", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot", keys: map[string]string{"snapshot-index": "index"}},
		{text: "failed to fsync snap directory after saving database snapshot", sign: raftdiag.StorageBroken, what: "snapshot", fix: onlyDisk},

		// Space and corruption.
		{text: "message exceeded backend quota; raising alarm", sign: raftdiag.QuotaExceeded},
		{text: "alarm raised", sign: raftdiag.QuotaExceeded, keys: map[string]string{"alarm": "text", "from": "peer"}, fix: etcdAlarm},
		{text: "alarm disarmed", sign: raftdiag.QuotaCleared, keys: map[string]string{"alarm": "text", "from": "peer"}, fix: etcdAlarm},
		{text: "Detected compaction hash mismatch", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", keys: map[string]string{"peer-ids": "peer"}, fix: peerIDs},
		{text: "failed compaction hash check", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", keys: map[string]string{"follower-peer-id": "peer"}, fix: wholeText},
		{text: "same compact revision then hashes must match", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", keys: map[string]string{"follower-peer-id": "peer"}, fix: wholeText},
		{text: "revision from follower must be less than or equal to leader's", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", keys: map[string]string{"follower-peer-id": "peer"}, fix: wholeText},
		{text: "compact revision from follower must be less than or equal to leader's", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", keys: map[string]string{"follower-peer-id": "peer"}, fix: wholeText},
		{text: "checkInitialHashKV failed", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", fix: etcdHashCheck},
		{text: "found different compact revision values from remote peer", sign: raftdiag.NoiseLine},
		{text: "failed to check hash KV", sign: raftdiag.NoiseLine},
		{text: "failed to get hashKV", sign: raftdiag.NoiseLine},
		{text: "failed hash kv request", sign: raftdiag.NoiseLine},
		{text: "cannot fetch hash from {}", sign: raftdiag.NoiseLine},
		{text: "enabled corruption checking", sign: raftdiag.NoiseLine},
		{text: "starting initial corruption check", sign: raftdiag.NoiseLine},
		{text: "successfully checked hash on {}", sign: raftdiag.NoiseLine},
		{text: "skipped revision in compaction hash check", sign: raftdiag.NoiseLine},
		{text: "Skipped peer's hash", sign: raftdiag.NoiseLine},
		{text: "verification of persisted state", sign: raftdiag.NoiseLine},
		{text: "verification of persisted state failed", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "failed to preallocate space when creating a new WAL", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to preallocate an initial WAL file", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to create a temporary WAL directory", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to flock an initial WAL file", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to seek an initial WAL file", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to rename the temporary WAL directory", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to {:name} the parent data directory", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to close: ", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "failed to create backup file", sign: raftdiag.StorageBroken, what: "wal", fix: ofWAL},
		{text: "failed to truncate", sign: raftdiag.StorageBroken, what: "wal", fix: ofWAL},
		{text: "failed to fsync", sign: raftdiag.StorageBroken, what: "wal", fix: ofWAL},
		{text: "failed to read file", sign: raftdiag.StorageBroken, what: "wal", fix: ofWAL},
		{text: "failed to close WAL", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "db file is flocked by another process, or taking too long", sign: raftdiag.NoiseLine},
		{text: "Skipping defragmentation", sign: raftdiag.NoiseLine},
		{text: "starting defragment", sign: raftdiag.NoiseLine},
		{text: "finished defragment", sign: raftdiag.NoiseLine},
		{text: "defragmented", sign: raftdiag.NoiseLine},
		{text: "enabled backend quota", sign: raftdiag.NoiseLine},
		{text: "disabled backend quota", sign: raftdiag.NoiseLine},
		{text: "found different hash values from remote peer", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted},
		{text: "found hash mismatch", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted},
		{text: "initial corruption checking passed; no corruption", sign: raftdiag.NoiseLine},
		{text: "created a new WAL segment", sign: raftdiag.NoiseLine},
		{text: "configuring peer listeners", sign: raftdiag.NoiseLine},
		{text: "configuring client listeners", sign: raftdiag.NoiseLine},
		{text: "starting with peer TLS", sign: raftdiag.NoiseLine},
		{text: "Opening db file ", sign: raftdiag.NoiseLine},
		{text: "Opening bbolt db ", sign: raftdiag.NoiseLine},
		{text: "bootstrapping raft", sign: raftdiag.NoiseLine},
		{text: "bootstrapping cluster", sign: raftdiag.NoiseLine},
		{text: "bootstrapping storage", sign: raftdiag.NoiseLine},
		{text: "bootstrap successfully", sign: raftdiag.NoiseLine},
		{text: "serving peer traffic", sign: raftdiag.NoiseLine},
		{text: "stopping serving peer traffic", sign: raftdiag.NoiseLine},
		{text: "stopped serving peer traffic", sign: raftdiag.NoiseLine},
		{text: "No snapshot found. Recovering WAL from scratch!", sign: raftdiag.NoiseLine},
		{text: "Bootstrapping WAL from snapshot", sign: raftdiag.NoiseLine},
		{text: "ignored file in WAL directory", sign: raftdiag.NoiseLine},
		{text: "opened backend db", sign: raftdiag.NoiseLine},
		{text: "started to purge file", sign: raftdiag.NoiseLine},
		{text: "set initial cluster version", sign: raftdiag.NoiseLine},
		{text: "set cluster version from store", sign: raftdiag.NoiseLine},
		{text: "updated cluster version", sign: raftdiag.NoiseLine},
		{text: "initialized peer connections", sign: raftdiag.NoiseLine},
		{text: "recovered v3 backend from snapshot", sign: raftdiag.NoiseLine},
		{text: "recovered v2 store from snapshot", sign: raftdiag.NoiseLine},
		{text: "discarding uncommitted WAL entries", sign: raftdiag.NoiseLine},
		{text: "grpc service status changed", sign: raftdiag.NoiseLine},
		{text: "skip compaction since there is an inflight snapshot", sign: raftdiag.NoiseLine},
		{text: "canceled sending merged snapshot; server stopping", sign: raftdiag.NoiseLine},
		{text: "saved database snapshot to disk", sign: raftdiag.NoiseLine},
		{text: "restoring {}", sign: raftdiag.NoiseLine},
		{text: "defragmenting", sign: raftdiag.NoiseLine},
		{text: "finished defragmenting directory", sign: raftdiag.NoiseLine},
		{text: "finished compaction hash check", sign: raftdiag.NoiseLine},
		{text: "starting compact hash check", sign: raftdiag.NoiseLine},
		{text: "finished peer corruption check", sign: raftdiag.NoiseLine},
		{text: "Current member isn't a leader", sign: raftdiag.LeaderKnown, keys: map[string]string{"new-lead": "peer"}, fix: decimalIDs},
		{text: "The member is active, skip checking leadership", sign: raftdiag.NoiseLine},
		{text: "Failed to check current member's leadership", sign: raftdiag.NoiseLine},
		{text: "Ignore the lease revoking request because current member isn't a leader", sign: raftdiag.NoiseLine, fix: decimalIDs},
		{text: "Ignore the checkpoint request because current member isn't a leader", sign: raftdiag.NoiseLine, fix: decimalIDs},
		{text: "failed to detect default host", sign: raftdiag.NoiseLine},
		{text: "failed to dial {}; retrying", sign: raftdiag.NoiseLine},
	},
	samples: []sample{
		{"2026-11-25T16:29:17.131866Z\twarn\trafthttp/peer_status.go:66\tpeer became inactive (message send to peer failed)\t{\"peer-id\": \"a2ab7b6697a74f25\", \"error\": \"failed to dial a2ab7b6697a74f25 on stream Message (dial tcp 10.0.0.2:2380: i/o timeout)\"}",
			`symptom Text:"failed to dial a2ab7b6697a74f25 on stream Message (dial tcp 10.0.0.2:2380: i/o timeout)" Symptom:link_down timed_out in Peer:a2ab7b6697a74f25`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"rafthttp/stream.go:421","msg":"lost TCP streaming connection with remote peer","stream-reader-type":"stream MsgApp v2","local-member-id":"8e9e05c52164694d","remote-peer-id":"a2ab7b6697a74f25","error":"unexpected EOF"}`,
			`symptom Text:"unexpected EOF" Symptom:link_down closed in Self:8e9e05c52164694d Peer:a2ab7b6697a74f25 What:stream MsgApp v2`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"wal/wal.go:816","msg":"slow fdatasync","took":"1.50128s","expected-duration":"1s"}`,
			`symptom Duration:1.50128s Symptom:disk_slow What:fdatasync`},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123456Z","msg":"added member","cluster-id":"4d1f407773c4bc3a","local-member-id":"fcd8a8582a723779","added-peer-id":"a2ab7b6697a74f25","added-peer-peer-urls":["http://127.0.0.1:46883"],"added-peer-is-learner":false}`,
			`symptom Symptom:peer Self:fcd8a8582a723779 Peer:a2ab7b6697a74f25=127.0.0.1:46883`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdserver/server.go:946","msg":"Current member isn't a leader","local-member-id":10276657743932975437,"new-lead":11720206943217897253}`,
			`symptom Symptom:leader Self:8e9e05c52164694d Peer:a2a68a1e5891cf25`},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123456Z","msg":"added member","cluster-id":"4d1f407773c4bc3a","local-member-id":"fcd8a8582a723779","added-peer-id":"a2ab7b6697a74f25","added-peer-peer-urls":["http://127.0.0.1:46883"],"added-peer-is-learner":true}`,
			`symptom Symptom:peer Self:fcd8a8582a723779 Peer:a2ab7b6697a74f25=127.0.0.1:46883 What:learner`},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123456Z","msg":"removed member","cluster-id":"4d1f407773c4bc3a","local-member-id":"a2ab7b6697a74f25","removed-remote-peer-id":"a2ab7b6697a74f25","removed-remote-peer-urls":["http://127.0.0.1:46883"],"removed-remote-peer-is-learner":false}`,
			`symptom Symptom:self_removed Self:a2ab7b6697a74f25=127.0.0.1:46883`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"rafthttp/peer_status.go:66","msg":"peer became inactive (message send to peer failed)","peer-id":"a2ab7b6697a74f25","error":"failed to dial a2ab7b6697a74f25 on stream Message (the member has been permanently removed from the cluster)"}`,
			`symptom Text:"failed to dial a2ab7b6697a74f25 on stream Message (the member has been permanently removed from the cluster)" Symptom:self_removed peer_removed`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"rafthttp/http.go:511","msg":"request cluster ID mismatch","local-member-id":"8e9e05c52164694d","local-member-cluster-id":"4d50848464344ebc","local-member-server-version":"3.6.16","local-member-server-minimum-cluster-version":"3.0.0","remote-peer-server-name":"a2ab7b6697a74f25","remote-peer-server-version":"3.6.16","remote-peer-server-minimum-cluster-version":"3.0.0","remote-peer-cluster-id":"82d9cd709efdfced"}`,
			`symptom Text:"its cluster is 82d9cd709efdfced, ours is 4d50848464344ebc" Symptom:peer_refused cluster_mismatch Self:8e9e05c52164694d Peer:a2ab7b6697a74f25`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"rafthttp/stream.go:500","msg":"dropped internal Raft message since receiving buffer is full (overloaded network)","message-type":"MsgApp","local-member-id":"8e9e05c52164694d","from":"a2ab7b6697a74f25","remote-peer-id":"8e9e05c52164694d","remote-peer-active":true}`,
			`symptom Type:MsgApp Symptom:overload buffer_full in Self:8e9e05c52164694d Peer:a2ab7b6697a74f25`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"embed/config_logging.go:161","msg":"rejected connection on client endpoint","remote-addr":"10.0.0.9:48822","server-name":"","error":"EOF"}`,
			`symptom Text:"EOF" Symptom:noise closed`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"embed/config_logging.go:187","msg":"rejected connection on peer endpoint","remote-addr":"10.0.0.9:48822","server-name":"","error":"remote error: tls: bad certificate"}`,
			`symptom Text:"remote error: tls: bad certificate" Symptom:peer_refused tls_other`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdserver/server.go:1700","msg":"failed to publish local member to cluster through raft","local-member-id":"8e9e05c52164694d","local-member-attributes":"{Name:n1 ClientURLs:[http://10.0.0.1:2379]}","publish-timeout":"7s","error":"etcdserver: request timed out, possibly due to connection lost"}`,
			`symptom Duration:7s Text:"etcdserver: request timed out, possibly due to connection lost" Symptom:request_failed timed_out Self:8e9e05c52164694d What:publish`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdserver/server.go:1700","msg":"failed to publish local member to cluster through raft","local-member-id":"8e9e05c52164694d","local-member-attributes":"{Name:n1 ClientURLs:[http://10.0.0.1:2379]}","publish-timeout":"7s","error":"etcdserver: server stopped"}`,
			`symptom Duration:7s Text:"etcdserver: server stopped" Symptom:noise unclear Self:8e9e05c52164694d What:publish`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"txn/util.go:93","msg":"apply request took too long","took":"7.000123s","expected-duration":"100ms","prefix":"read-only range ","request":"key:\"a\" ","response":"","error":"etcdserver: request timed out"}`,
			`symptom Duration:7.000123s Text:"etcdserver: request timed out" Symptom:request_failed timed_out What:read-only range`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"txn/util.go:93","msg":"apply request took too long","took":"231.5ms","expected-duration":"100ms","prefix":"","request":"header:<ID:7 > put:<key:\"a\" value_size:1 >","response":"size:4"}`,
			`symptom Duration:231.5ms Symptom:apply_slow`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"v3rpc/interceptor.go:202","msg":"request stats","start time":"2024-01-02T15:04:00Z","time spent":"5.1s","remote":"10.0.0.9:5","response type":"/etcdserverpb.Maintenance/Defragment"}`,
			`symptom Duration:5.1s Symptom:noise What:/etcdserverpb.Maintenance/Defragment`},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123456Z","caller":"traceutil/trace.go:172","msg":"trace[1321729034] put","detail":"{key:a; req_size:76; response_revision:123; }","duration":"1.203567256s","start":"2024-01-02T15:04:04Z","end":"2024-01-02T15:04:05.1Z","steps":["trace[1321729034] 'process raft request'  (duration: 1.203500707s)"],"step_count":1}`,
			`symptom Duration:1.203567256s Symptom:request_slow What:put`},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123456Z","caller":"traceutil/trace.go:172","msg":"trace[1321729035] range","detail":"{range_begin:a; }","duration":"3.2s","start":"2024-01-02T15:04:04Z","end":"2024-01-02T15:04:05.1Z","steps":["trace[1321729035] 'agreement among raft nodes before linearized reading'  (duration: 2.1ms)","trace[1321729035] 'range keys from in-memory index tree'  (duration: 3.19s)"],"step_count":2}`,
			`symptom Duration:3.2s Symptom:noise What:range`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdserver/server.go:1000","msg":"alarm raised","alarm":"CORRUPT","from":"a2ab7b6697a74f25"}`,
			`symptom Text:"CORRUPT" Symptom:storage_broken corrupted Peer:a2ab7b6697a74f25 What:database`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdserver/server.go:1000","msg":"alarm disarmed","alarm":"NOSPACE","from":"a2ab7b6697a74f25"}`,
			`symptom Text:"NOSPACE" Symptom:quota_cleared Peer:a2ab7b6697a74f25`},
		{`{"level":"fatal","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdmain/etcd.go:183","msg":"discovery failed","error":"member 603b6aa90097c0c has already been bootstrapped"}`,
			`symptom Text:"member 603b6aa90097c0c has already been bootstrapped" Symptom:died unclear What:bootstrapped before`},
		{`{"level":"fatal","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdmain/etcd.go:183","msg":"discovery failed","error":"error validating peerURLs {ClusterID:1 Members:[] RemovedMemberIDs:[]}: unmatched member while checking PeerURLs (\"http://10.0.0.4:2380\" not in the list)"}`,
			"symptom Text:\"error validating peerURLs {ClusterID:1 Members:[] RemovedMemberIDs:[]}: unmatched member while checking PeerURLs (\\\"http://10.0.0.4:2380\\\" not in the list)\" Symptom:died unclear What:initial cluster"},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"rafthttp/http.go:300","msg":"failed to save incoming database snapshot","local-member-id":"8e9e05c52164694d","remote-snapshot-sender-id":"a2ab7b6697a74f25","incoming-snapshot-index":7,"error":"unexpected EOF"}`,
			`symptom Index:7 Text:"unexpected EOF" Symptom:link_down closed in Self:8e9e05c52164694d Peer:a2ab7b6697a74f25 What:snapshot`},
		{`{"level":"warn","ts":"2024-05-13T10:11:12.104Z","logger":"etcd-client","caller":"v3@v3.5.13-k3s1/retry_interceptor.go:62","msg":"retrying of unary invoker failed","target":"etcd-endpoints://0xc000d1c000/127.0.0.1:2379","attempt":0,"error":"rpc error: code = Unavailable desc = etcdserver: request timed out"}`,
			`symptom Text:"rpc error: code = Unavailable desc = etcdserver: request timed out" Symptom:request_failed timed_out What:client`},
		{`{"level":"warn","ts":"2024-05-13T10:11:12.104Z","logger":"etcd-client","caller":"v3@v3.5.13-k3s1/retry_interceptor.go:62","msg":"retrying of unary invoker failed","target":"etcd-endpoints://0xc000d1c000/127.0.0.1:2379","attempt":0,"error":"rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:2379: connect: connection refused\""}`,
			"symptom Text:\"rpc error: code = Unavailable desc = connection error: desc = \\\"transport: Error while dialing: dial tcp 127.0.0.1:2379: connect: connection refused\\\"\" Symptom:noise refused What:client"},
		{`{"level":"info","ts":"2024-01-02T15:04:05.123456Z","caller":"embed/etcd.go:323","msg":"starting an etcd server","etcd-version":"3.6.0","member-initialized":false,"name":"infra0","initial-advertise-peer-urls":["http://10.0.0.1:2380"],"initial-cluster":"infra0=http://10.0.0.1:2380,infra1=http://10.0.0.2:2380","initial-cluster-state":"new"}`,
			`symptom Symptom:started Self:infra0=10.0.0.1:2380 Members:infra0=10.0.0.1:2380 infra1=10.0.0.2:2380`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdhttp/health.go:233","msg":"serving /health false; Range fails","error":"context deadline exceeded"}`,
			`symptom Text:"context deadline exceeded" Symptom:request_failed timed_out What:health`},
		{`{"level":"error","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdhttp/health.go:400","msg":"Health check error","path":"/readyz","reason":"[+]data_corruption ok\n[-]linearizable_read failed: etcdserver: no leader\n","status-code":503}`,
			`symptom Text:"[+]data_corruption ok\n[-]linearizable_read failed: etcdserver: no leader\n" Symptom:no_leader unclear What:health`},
		{`{"level":"debug","ts":"2024-01-02T15:04:05.123456Z","caller":"etcdserver/server.go:1933","msg":"Applying entry","consistent-index":1203,"entry-index":1204,"entry-term":3,"entry-type":"EntryNormal"}`,
			`symptom LogTerm:3 Commit:1204 Applied:1203 Symptom:noise`},
		{`{"level":"warn","ts":"2024-01-02T15:04:05.123456Z","caller":"netutil/netutil.go:121","msg":"failed to resolve URL Host","url":"http://infra9:2380","host":"infra9:2380","retry-interval":"1s","error":"lookup infra9 on 10.0.0.53:53: no such host"}`,
			`symptom Text:"lookup infra9 on 10.0.0.53:53: no such host" Symptom:link_down name_unknown Peer:infra9:2380 What:name`},
	},
}

// etcdTextWords are the same of capnslog, in etcd up to 3.4.
var etcdTextWords = foreign{
	dialect: etcdServer,
	name:    "etcd before 3.5",
	doc:     "the lines of an etcd server up to 3.4 in capnslog's text",
	speaks:  capnslogSpeaks,
	fix:     merged,
	rules: []rule{
		{text: "failed to send out heartbeat on time (exceeded the {} timeout for {dur:word}, to {})", sign: raftdiag.HeartbeatLate},
		{text: "failed to send out heartbeat on time (exceeded the {} timeout for {dur})", sign: raftdiag.HeartbeatLate},
		{text: "failed to send out heartbeat on time (deadline exceeded for {dur})", sign: raftdiag.HeartbeatLate},
		{text: "server is likely overloaded", sign: raftdiag.NoiseLine},
		{text: "avoid queries with large range/delete range!", sign: raftdiag.NoiseLine},
		{text: "sync duration of {dur:word}, expected less than ", sign: raftdiag.DiskSlow, what: "sync"},
		{text: "read-only range request {} with result \"error:{err}\" took too long ({dur:word}) to execute", sign: raftdiag.ReadSlow, what: "read-only range", fix: etcdReadText},
		{text: "read-only range request {} took too long ({dur:word}) to execute", sign: raftdiag.ReadSlow, what: "read-only range"},
		{text: "read-only txn request {} took too long ({dur:word}) to execute", sign: raftdiag.ReadSlow, what: "read-only txn"},
		{text: "request {} took too long ({dur:word}) to execute", sign: raftdiag.ApplySlow},
		{text: "apply entries took too long [{dur:word} for {count:int} entries]", sign: raftdiag.ApplySlow},
		{text: "failed to apply request {}err is {err}", sign: raftdiag.NoiseLine, fix: etcdNoSpaceText},
		{text: "failed to apply request,took {}err is {err}", sign: raftdiag.NoiseLine, fix: etcdNoSpaceText},
		{text: "applying raft message exceeded backend quota", sign: raftdiag.QuotaExceeded},
		{text: "timed out waiting for read index response (local node might have slow network)", sign: raftdiag.RequestFailed, what: "read index"},
		{text: "failed to get read index from raft: {err}", sign: raftdiag.RequestFailed, what: "read index"},
		{text: "ignored out-of-date read index response", sign: raftdiag.NoiseLine},
		{text: "timed out sending read state", sign: raftdiag.LoopSlow},
		{text: "start time = {}, time spent = {dur:word}, remote = {}, response type = ", sign: raftdiag.NoiseLine},
		{text: "/health error; no leader", sign: raftdiag.NoLeaderKnown, what: "health"},
		{text: "/health error", sign: raftdiag.NoiseLine},
		{text: "/health OK", sign: raftdiag.NoiseLine},
		{text: "80% of the file descriptor limit is used ", sign: raftdiag.Overload, what: "file descriptors"},
		{text: "failed to revoke {:hex} (", sign: raftdiag.NoiseLine},
		{text: "waiting for it to exit before starting", sign: raftdiag.NoiseLine},
		{text: "force new cluster", sign: raftdiag.NoiseLine, fix: ofCapnslog},
		{text: "discovery URL= ", sign: raftdiag.NoiseLine},
		{text: "discovery proxy = ", sign: raftdiag.NoiseLine},
		{text: "dedicated WAL dir = ", sign: raftdiag.NoiseLine},
		{text: "set snapshot count to default ", sign: raftdiag.NoiseLine},
		{text: "disabling backend quota", sign: raftdiag.NoiseLine},
		{text: "backend quota {} exceeds maximum recommended quota", sign: raftdiag.NoiseLine},
		{text: "peer {peer:hex} became active", sign: raftdiag.LinkUp},
		{text: "peer {peer:hex} became inactive (message send to peer failed)", sign: raftdiag.LinkDown},
		{text: "peer {peer:hex} became inactive", sign: raftdiag.LinkDown},
		{text: "lost the TCP streaming connection with peer {peer:hex} ({what} reader)", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "lost the TCP streaming connection with peer {peer:hex} ({what} writer)", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "established a TCP streaming connection with peer {peer:hex} ({what} reader)", sign: raftdiag.LinkUp, way: raftdiag.Inbound},
		{text: "established a TCP streaming connection with peer {peer:hex} ({what} writer)", sign: raftdiag.LinkUp, way: raftdiag.Outbound},
		{text: "closed an existing TCP streaming connection with peer {peer:hex} ({what} {})", sign: raftdiag.NoiseLine},
		{text: "closed the TCP streaming connection with peer {peer:hex} ({what} {})", sign: raftdiag.NoiseLine},
		{text: "failed to {what:name} {peer:hex} on {} ({err})", sign: raftdiag.LinkDown, fix: etcdActionText},
		{text: "the connection with {peer:hex} became active", sign: raftdiag.LinkUp},
		{text: "the connection with {peer:hex} became inactive", sign: raftdiag.LinkDown},
		{text: "the connection to peer {peer:hex} is unhealthy", sign: raftdiag.LinkDown, what: "probe"},
		{text: "the connection to peer {peer:hex} became {}", sign: raftdiag.NoiseLine},
		{text: "the connection with peer {peer:hex} is unhealthy", sign: raftdiag.LinkDown, what: "probe"},
		{text: "failed to reach the peerURL({}) of member {peer:hex} ({err})", sign: raftdiag.LinkDown, what: "version"},
		{text: "failed to add peer {peer:hex} into prober", sign: raftdiag.NoiseLine},
		{text: "cannot get the version of member {peer:hex} ({err})", sign: raftdiag.NoiseLine},
		{text: "cannot understand the {} of member {peer:hex} (", sign: raftdiag.NoiseLine},
		{text: "failed to read out the response body from the peerURL({}) of member {peer:hex} ({err})", sign: raftdiag.NoiseLine},
		{text: "could not get cluster response from {peer:word}: {err}", sign: raftdiag.LinkDown, what: "members"},
		{text: "peer {peer:hex} ({}) connection close error: ", sign: raftdiag.NoiseLine},
		{text: "streaming with peer {peer:hex} ({}) rate limiter error: ", sign: raftdiag.NoiseLine},
		{text: "rejected connection from {} (error \"{err}\", ServerName ", sign: raftdiag.PeerRefused, fix: etcdAnyEndpoint},
		{text: "rejected connection from ", sign: raftdiag.NoiseLine},
		{text: "health check for peer {peer:hex} could not connect: {err} (prober {})", sign: raftdiag.LinkDown, what: "probe"},
		{text: "health check for peer {peer:hex} could not connect: {err}", sign: raftdiag.LinkDown, what: "probe"},
		{text: "the clock difference against peer {peer:hex} is too high [{dur:word} > ", sign: raftdiag.ClockSkew},
		{text: "dropped {type:name} to {peer:hex} since {what}'s sending buffer is full", sign: raftdiag.SendDropped, trouble: raftdiag.BufferFull},
		{text: "dropped {type:name} to {peer:hex} since sending buffer is full", sign: raftdiag.SendDropped, trouble: raftdiag.BufferFull},
		{text: "dropped {type:name} from {peer:hex} since receiving buffer is full", sign: raftdiag.Overload, trouble: raftdiag.BufferFull, way: raftdiag.Inbound},
		{text: "ignored message {type:name} (sent to unknown peer {peer:hex})", sign: raftdiag.SendDropped, trouble: raftdiag.AddressUnknown},
		{text: "rejected the stream from peer {peer:hex} since it was removed", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved},
		{text: "reject message from removed member {peer:hex}", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved},
		{text: "failed to find member {peer:hex} in cluster {}", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch},
		{text: "streaming request ignored (ID mismatch got {text:hex} want {self:hex})", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch},
		{text: "request version incompatibility ({err})", sign: raftdiag.PeerRefused, trouble: raftdiag.VersionMismatch},
		{text: "request sent was ignored by peer {peer:hex} (server version incompatible)", sign: raftdiag.PeerRefuses, trouble: raftdiag.VersionMismatch},
		{text: "request sent was ignored (cluster ID mismatch: remote[{peer:hex}]=", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch},
		{text: "failed to read raft message ({err})", sign: raftdiag.NoiseLine},
		{text: "failed to unmarshal raft message ({err})", sign: raftdiag.PeerRefused, trouble: raftdiag.Corrupted},
		{text: "failed to process raft message ({err})", sign: raftdiag.Overload, fix: onlyTimedOut},
		{text: "member {peer:hex} has a higher version ", sign: raftdiag.NoiseLine},
		{text: "could not parse the cluster ID from cluster res: ", sign: raftdiag.NoiseLine},
		{text: "could not read the body of cluster response: ", sign: raftdiag.NoiseLine},
		{text: "could not unmarshal cluster response: ", sign: raftdiag.NoiseLine},
		{text: "failed to unmarshal the response body got from the peerURL(", sign: raftdiag.NoiseLine},
		{text: "The number of started member is 1. This cluster can accept add member request", sign: raftdiag.NoiseLine},
		{text: "the local etcd version {} is not up-to-date", sign: raftdiag.NoiseLine},
		{text: "the running cluster version({}) is {}", sign: raftdiag.NoiseLine},
		{text: "starting member {self:hex} in cluster {}", sign: raftdiag.NamesItself},
		{text: "restarting member {self:hex} in cluster {:hex} at commit index {commit:int}", sign: raftdiag.NamesItself},
		{text: "forcing restart of member {self:hex} in cluster {:hex} at commit index {commit:int}", sign: raftdiag.NamesItself},
		{text: "name = {self:name}", sign: raftdiag.StartedUp, fix: ofCapnslog},
		{text: "initial advertise peer URLs = {self}", sign: raftdiag.NamesItself, fix: firstURL},
		{text: "added local member {self:hex} [{self2}] to cluster {}", sign: raftdiag.NamesItself, fix: firstURL},
		{text: "added member {peer:hex} [{peer2}] to cluster {}", sign: raftdiag.NamesPeer, fix: firstURL},
		{text: "update member {peer:hex} [{peer2}] in cluster {}", sign: raftdiag.Membership, what: "address", fix: firstURL},
		{text: "updated member {peer:hex} [{peer2}] in cluster {}", sign: raftdiag.Membership, what: "address", fix: firstURL},
		{text: "update local member {self:hex} [{self2}] in cluster {}", sign: raftdiag.Membership, what: "address", fix: firstURL},
		{text: "promote member {peer:hex} in cluster {}", sign: raftdiag.MemberPromoted},
		{text: "skipped updating attributes of removed member {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "Reject {} member request: the number of started member (", sign: raftdiag.MembershipRefused, fix: wholeText},
		{text: "not enough started members, rejecting {text}", sign: raftdiag.MembershipRefused},
		{text: "not healthy for reconfigure, rejecting {text}", sign: raftdiag.MembershipRefused},
		{text: "reconfigure breaks active quorum, rejecting {text}", sign: raftdiag.MembershipRefused},
		{text: "error {:name} member {peer:hex} ({err})", sign: raftdiag.MembershipRefused},
		{text: "failed to find local ID {self:hex} in cluster {}", sign: raftdiag.Died, trouble: raftdiag.PeerRemoved, fix: wholeText},
		{text: "two members with the given name ", sign: raftdiag.Died, what: "members", fix: wholeText},
		{text: "member {self:hex} has already been bootstrapped", sign: raftdiag.Died, what: "bootstrapped before", fix: wholeText},
		{text: "error validating peerURLs {err}", sign: raftdiag.Died, what: "initial cluster", fix: wholeText},
		{text: "failed to raft save state and entries {err}", sign: raftdiag.Died, what: "wal"},
		{text: "raft save state and entries error: {err}", sign: raftdiag.Died, what: "wal"},
		{text: "failed to save state and entries error: {err}", sign: raftdiag.Died, what: "wal"},
		{text: "raft save snapshot error: {err}", sign: raftdiag.Died, what: "wal"},
		{text: "create wal error: {err}", sign: raftdiag.Died, what: "wal"},
		{text: "open wal error: {err}", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "read wal error ({err}) and cannot be repaired", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "WAL error ({err}) cannot be repaired", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "could not repair {}", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "wal", fix: wholeText},
		{text: "repairing {}", sign: raftdiag.NoiseLine, fix: ofCapnslog},
		{text: "repaired WAL error ({})", sign: raftdiag.LogRecovered},
		{text: "failed to allocate space when creating new wal file ({err})", sign: raftdiag.StorageBroken, what: "wal", fix: onlyDisk},
		{text: "segmented wal file {} is created", sign: raftdiag.NoiseLine},
		{text: "ignored file {} in wal", sign: raftdiag.NoiseLine},
		{text: "discarding {:int} uncommitted WAL entries", sign: raftdiag.NoiseLine},
		{text: "corrupted snapshot file {}: ", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot", fix: wholeText},
		{text: "unexpected empty snapshot", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "snapshot"},
		{text: "cannot read file {}: {err}", sign: raftdiag.StorageBroken, what: "snapshot", fix: onlyDisk},
		{text: "cannot rename broken snapshot file ", sign: raftdiag.NoiseLine},
		{text: "failed to remove broken snapshot file ", sign: raftdiag.NoiseLine},
		{text: "skipped unexpected non snapshot file ", sign: raftdiag.NoiseLine},
		{text: "found orphaned .snap.db file; deleting", sign: raftdiag.NoiseLine},
		{text: "found orphaned defragmentation file; deleting", sign: raftdiag.NoiseLine},
		{text: "releasing file lock to rename ", sign: raftdiag.NoiseLine},
		{text: "failed to {:name} {:name} during closing wal: ", sign: raftdiag.NoiseLine},
		{text: "failed to unlock during closing wal: ", sign: raftdiag.NoiseLine},
		{text: "another etcd process is using {} and holds the file lock", sign: raftdiag.NoiseLine},
		{text: "starting server... [version: ", sign: raftdiag.NoiseLine},
		{text: "etcd Version: ", sign: raftdiag.NoiseLine},
		{text: "initial cluster = {urls}", sign: raftdiag.NamesPeer, fix: textCluster},
		{text: "advertise client URLs = ", sign: raftdiag.NoiseLine},
		{text: "election = {:int}ms", sign: raftdiag.NoiseLine},
		{text: "heartbeat = {:int}ms", sign: raftdiag.NoiseLine},
		{text: "snapshot count = ", sign: raftdiag.NoiseLine},
		{text: "data dir = ", sign: raftdiag.NoiseLine},
		{text: "member dir = ", sign: raftdiag.NoiseLine},
		{text: "ready to serve client requests", sign: raftdiag.Serving},
		{text: "listening for peers on ", sign: raftdiag.NoiseLine},
		{text: "stopping listening for peers on ", sign: raftdiag.NoiseLine},
		{text: "peerTLS: ", sign: raftdiag.NoiseLine},
		{text: "set the initial cluster version to ", sign: raftdiag.NoiseLine},
		{text: "set the cluster version to {} from store", sign: raftdiag.NoiseLine},
		{text: "setting up the initial cluster version to ", sign: raftdiag.NoiseLine},
		{text: "updating the cluster version from ", sign: raftdiag.NoiseLine},
		{text: "updated the cluster version from ", sign: raftdiag.NoiseLine},
		{text: "enabled capabilities for version ", sign: raftdiag.NoiseLine},
		{text: "error updating cluster version ({err})", sign: raftdiag.NoiseLine},
		{text: "aborting publish because server is stopped", sign: raftdiag.NoiseLine},
		{text: "aborting update cluster version because server is stopped", sign: raftdiag.NoiseLine},
		{text: "{self:hex} as single-node; fast-forwarding ", sign: raftdiag.NoiseLine},
		{text: "{self:hex} initialized peer connection; fast-forwarding ", sign: raftdiag.NoiseLine},
		{text: "{self:hex} initialzed peer connection; fast-forwarding ", sign: raftdiag.NoiseLine},
		{text: "skipping initial election tick advance", sign: raftdiag.NoiseLine},
		{text: "{self:hex} starting initial corruption check with timeout ", sign: raftdiag.NoiseLine},
		{text: "{self:hex} succeeded on initial corruption checking: no corruption", sign: raftdiag.NoiseLine},
		{text: "{self:hex}'s hash {:int} != {peer:hex}'s hash ", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", fix: wholeText},
		{text: "hash {:int} at revision {:int} from member {peer:hex}, expected hash ", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", fix: wholeText},
		{text: "mismatched hashes {:int} and {:int} for revision ", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", fix: wholeText},
		{text: "{self:hex} cannot check {} of peer(", sign: raftdiag.NoiseLine},
		{text: "{self:hex} hash-kv error ", sign: raftdiag.NoiseLine},
		{text: "enabled corruption checking with ", sign: raftdiag.NoiseLine},
		{text: "finished peer corruption check", sign: raftdiag.NoiseLine},
		{text: "{self:hex} failed to create client to peer {} for hash checking", sign: raftdiag.NoiseLine},
		{text: "check hash kv failed ", sign: raftdiag.NoiseLine},
		{text: "revision {:int} from member {peer:hex}, expected at most ", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", fix: wholeText},
		{text: "compact revision {:int} from member {peer:hex}, expected at most ", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted, what: "database", fix: wholeText},
		{text: "skip compaction since there is an inflight snapshot", sign: raftdiag.NoiseLine},
		{text: "consistent index never saved (snapshot index=", sign: raftdiag.NoiseLine},
		{text: "recovered store from snapshot at index {index:int}", sign: raftdiag.NoiseLine},
		{text: "recovered from incoming snapshot at index {index:int}", sign: raftdiag.SnapshotApplied},
		{text: "restoring mvcc store", sign: raftdiag.NoiseLine},
		{text: "recovering {:name}", sign: raftdiag.NoiseLine, fix: ofCapnslog},
		{text: "finished {:name} mvcc store", sign: raftdiag.NoiseLine},
		{text: "finished recovering ", sign: raftdiag.NoiseLine, fix: ofCapnslog},
		{text: "closing old backend", sign: raftdiag.NoiseLine},
		{text: "finished closing old backend", sign: raftdiag.NoiseLine},
		{text: "removing old peers from network", sign: raftdiag.NoiseLine},
		{text: "finished removing old peers from network", sign: raftdiag.NoiseLine},
		{text: "adding peers from new cluster configuration into network", sign: raftdiag.NoiseLine},
		{text: "finished adding peers from new cluster configuration into network", sign: raftdiag.NoiseLine},
		{text: "wrote database snapshot out [total bytes: ", sign: raftdiag.NoiseLine},
		{text: "failed to write database snapshot out [written bytes: ", sign: raftdiag.NoiseLine},
		{text: "saved database snapshot to disk [total bytes: ", sign: raftdiag.NoiseLine},
		{text: "received and saved database snapshot [index: {index:int}, from: {peer:hex}] successfully", sign: raftdiag.NoiseLine},
		{text: "receiving database snapshot [index:{index:int}, from {peer:hex}] ...", sign: raftdiag.SnapshotArrived},
		{text: "snapshotting is taking more than ", sign: raftdiag.NoiseLine},
		{text: "starting to defragment the storage backend", sign: raftdiag.NoiseLine},
		{text: "finished defragmenting the storage backend", sign: raftdiag.NoiseLine},
		{text: "purged file {} successfully", sign: raftdiag.NoiseLine},
		{text: "server has stopped (skipping goAttach)", sign: raftdiag.NoiseLine},
		{text: "updated peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "unexpected raft message type ", sign: raftdiag.NoiseLine},
		{text: "ignored unexpected streaming request path ", sign: raftdiag.NoiseLine},
		{text: "removed member {peer:hex} from cluster {}", sign: raftdiag.MemberRemoved},
		{text: "starting peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "started peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "stopping peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "stopped peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "started HTTP pipelining with peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "stopped HTTP pipelining with peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "started streaming with peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "stopped streaming with peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "added peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "removed peer {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "start to send database snapshot [index: {index:int}, to {peer:hex}", sign: raftdiag.SnapshotSent},
		{text: "database snapshot [index: {index:int}, to: {peer:hex}] sent out successfully", sign: raftdiag.NoiseLine},
		{text: "database snapshot [index: {index:int}, to: {peer:hex}] failed to be sent out ({err})", sign: raftdiag.SnapshotSendFailed},
		{text: "receiving database snapshot [index: {index:int}, from: {peer:hex}", sign: raftdiag.SnapshotArrived},
		{text: "successfully received and saved database snapshot [index: {index:int}, from: {peer:hex}", sign: raftdiag.NoiseLine},
		{text: "start to snapshot (applied: {applied:int}, lastsnap: {index:int})", sign: raftdiag.SnapshotMade},
		{text: "saved snapshot at index {index:int}", sign: raftdiag.NoiseLine},
		{text: "compacted raft log at {index:int}", sign: raftdiag.NoiseLine},
		{text: "applying snapshot at index {index:int}", sign: raftdiag.SnapshotArrived},
		{text: "finished applying incoming snapshot at index {index:int}", sign: raftdiag.SnapshotApplied},
		{text: "raft applied incoming snapshot at index {index:int}", sign: raftdiag.SnapshotApplied},
		{text: "publish error: {err}", sign: raftdiag.RequestFailed, what: "publish", fix: etcdPublish},
		{text: "published {{Name:{self} ClientURLs:{} to cluster {}", sign: raftdiag.NamesItself, fix: ofCapnslog},
		{text: "{self:hex} starts leadership transfer from {:hex} to {peer:hex}", sign: raftdiag.TransferBegun},
		{text: "{self:hex} finished leadership transfer from {:hex} to {peer:hex}", sign: raftdiag.TransferDone},
		{text: "{self:hex} failed to transfer leadership ({err})", sign: raftdiag.TransferFailed},
		{text: "the member has been permanently removed from the cluster", sign: raftdiag.SelfRemoved},
		{text: "the data-dir used by this member must be removed", sign: raftdiag.SelfRemoved},
		{text: "skipped leadership transfer for ", sign: raftdiag.NoiseLine},
		{text: "received {:name} signal, shutting down...", sign: raftdiag.ShuttingDown, fix: ofCapnslog},
		{text: "request sent was ignored (cluster ID mismatch: peer[{peer:hex}]=", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch},
		{text: "request cluster ID mismatch (got {} want {})", sign: raftdiag.PeerRefused, trouble: raftdiag.ClusterMismatch},
		{text: "alarm NOSPACE raised by peer {peer:hex}", sign: raftdiag.QuotaExceeded},
		{text: "alarm disarmed {}NOSPACE", sign: raftdiag.QuotaCleared},
		{text: "/health error due to an alarm {}NOSPACE", sign: raftdiag.QuotaExceeded, what: "health"},
		{text: "alarm CORRUPT raised by peer {peer:hex}", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted},
	},
	samples: []sample{
		{"2024-05-06 10:11:12.104182 W | rafthttp: lost the TCP streaming connection with peer a2ab7b6697a74f25 (stream MsgApp v2 reader)",
			"symptom Symptom:link_down in Peer:a2ab7b6697a74f25 What:stream MsgApp v2"},
		{"2024-05-06 10:11:10.001382 I | etcdserver: initial cluster = infra0=http://10.0.0.1:2380,infra1=http://10.0.0.2:2380,infra1=http://192.0.2.2:2380",
			"symptom Symptom:peer Members:infra0=10.0.0.1:2380 infra1=10.0.0.2:2380=192.0.2.2:2380"},
		{`2024-05-06 10:11:12.104182 I | embed: rejected connection from "10.0.0.2:48822" (error "tls: failed to verify client's certificate: x509: certificate has expired or is not yet valid", ServerName "infra0")`,
			`symptom Text:"tls: failed to verify client's certificate: x509: certificate has expired or is not yet valid" Symptom:peer_refused tls_expired`},
		{"2024-05-06 10:11:12.104182 W | wal: sync duration of 2.104s, expected less than 1s", "symptom Duration:2.104s Symptom:disk_slow What:sync"},
		{"2024-05-06 10:11:12.104182 W | etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 1.5s, to a2ab7b6697a74f25)", "symptom Duration:1.5s Symptom:heartbeat_late"},
		{"2024-05-06 10:11:12.104182 I | etcdserver/membership: added member a2ab7b6697a74f25 [http://10.0.0.2:2380] to cluster 4d1f407773c4bc3a", "symptom Symptom:peer Peer:a2ab7b6697a74f25=10.0.0.2:2380"},
		{"2024-05-06 10:11:12.104182 W | rafthttp: health check for peer a2ab7b6697a74f25 could not connect: dial tcp 10.0.0.2:2380: connect: connection refused [merged 3 repeated lines in 1.86s]",
			`symptom Text:"dial tcp 10.0.0.2:2380: connect: connection refused" Symptom:link_down refused Peer:a2ab7b6697a74f25 What:probe`},
		{"2024-05-06 10:11:12.104182 E | rafthttp: failed to dial a2ab7b6697a74f25 on stream Message (dial tcp 10.0.0.2:2380: i/o timeout)",
			`symptom Text:"dial tcp 10.0.0.2:2380: i/o timeout" Symptom:link_down timed_out in Peer:a2ab7b6697a74f25 What:dial`},
		{"2024-05-06 10:11:12.104182 W | etcdserver: failed to reach the peerURL(http://10.0.0.2:2380) of member a2ab7b6697a74f25 (Get http://10.0.0.2:2380/version: dial tcp 10.0.0.2:2380: connect: no route to host)",
			`symptom Text:"Get http://10.0.0.2:2380/version: dial tcp 10.0.0.2:2380: connect: no route to host" Symptom:link_down no_route Peer:a2ab7b6697a74f25 What:version`},
		{`2024-05-06 10:11:12.104182 W | etcdserver: read-only range request "key:\"a\" " with result "error:etcdserver: request timed out" took too long (7.000123s) to execute`,
			`symptom Duration:7.000123s Text:"etcdserver: request timed out" Symptom:request_failed timed_out What:read-only range`},
		{`2024-05-06 10:11:12.104182 W | etcdserver: read-only range request "key:\"a\" " with result "range_response_count:1 size:4" took too long (231.5ms) to execute`,
			`symptom Duration:231.5ms Symptom:read_slow What:read-only range`},
		{"2024-05-06 10:11:12.104182 E | etcdserver: publish error: etcdserver: request timed out", `symptom Text:"etcdserver: request timed out" Symptom:request_failed timed_out What:publish`},
		{"2024-05-06 10:11:12.104182 I | etcdserver: published {Name:infra1 ClientURLs:[http://10.0.0.1:2379]} to cluster 4d1f407773c4bc3a", "symptom Symptom:self Self:infra1"},
		{"2024-05-06 10:11:12.104182 C | etcdmain: member 8e9e05c52164694d has already been bootstrapped",
			`symptom Text:"member 8e9e05c52164694d has already been bootstrapped" Symptom:died Self:8e9e05c52164694d What:bootstrapped before`},
		{"2024-05-06 10:11:12.104182 E | rafthttp: streaming request ignored (ID mismatch got a2ab7b6697a74f25 want 8e9e05c52164694d)",
			`symptom Text:"a2ab7b6697a74f25" Symptom:peer_refused peer_mismatch Self:8e9e05c52164694d`},
		{`2024-05-06 10:11:12.104182 I | embed: rejected connection from "10.0.0.9:48822" (error "EOF", ServerName "")`, `symptom Text:"EOF" Symptom:noise closed`},
		{"May 06 10:11:12 node1 etcd[812]: lost the TCP streaming connection with peer a2ab7b6697a74f25 (stream Message reader)",
			"symptom Symptom:link_down in Peer:a2ab7b6697a74f25 What:stream Message"},
		{"May 06 10:11:12 node1 etcd[812]: rafthttp: peer a2ab7b6697a74f25 became inactive", "symptom Symptom:link_down Peer:a2ab7b6697a74f25"},
		{`{"__REALTIME_TIMESTAMP":"1715000000123456","_HOSTNAME":"node1","PRIORITY":"4","PACKAGE":"wal","SYSLOG_IDENTIFIER":"etcd","MESSAGE":"sync duration of 2.104s, expected less than 1s"}`,
			"symptom Duration:2.104s Symptom:disk_slow What:sync"},
	},
}

// capnslogSpeaks is for lines that may be capnslog's. Under systemd it hands
// journald the bare message; then only words that nobody else uses count.
func capnslogSpeaks(r *record) bool {
	return r.env == capnslog || r.env == syslog || r.env == journald || r.env == jsonLog && r.get("SYSLOG_IDENTIFIER") != nil
}

// ofCapnslog is for words that other programs may use too.
func ofCapnslog(l *line) bool { return l.env == capnslog }

// merged leaves out what capnslog adds to a line that stands for several alike.
func merged(l *line) bool {
	if at := strings.Index(l.ev.Text, " [merged "); at >= 0 {
		l.ev.Text = l.ev.Text[:at]
	}
	return true
}

// etcdReadText tells a read that failed from one that was late.
func etcdReadText(l *line) bool {
	if l.ev.Symptom.Trouble == raftdiag.TimedOut {
		l.ev.Symptom.Sign = raftdiag.RequestFailed
	}
	return true
}

// etcdNoSpaceText is etcdNoSpace for the error in the text.
func etcdNoSpaceText(l *line) bool {
	if strings.Contains(l.ev.Text, "no space") {
		l.ev.Symptom.Sign = raftdiag.QuotaExceeded
	}
	return true
}

// etcdActionText reads which way a link broke from what failed on it.
func etcdActionText(l *line) bool {
	y := l.ev.Symptom
	if strings.Contains(l.ev.Text, "permanently removed") {
		y.Sign, y.Peer = raftdiag.SelfRemoved, nil
		return true
	}
	switch y.What {
	case "dial", "read":
		y.Way = raftdiag.Inbound
	default:
		y.Way = raftdiag.Outbound
	}
	return true
}

// etcdStart reads an etcd that comes up: its name and the addresses by which
// others know it, and the members that it is told of. One that comes up again
// names none.
func etcdStart(l *line) bool {
	initialCluster(l, l.record.get("initial-cluster"))
	return listURLs(l)
}

// initialCluster reads infra0=http://10.0.0.1:2380,infra1=http://10.0.0.2:2380.
// A name that stands twice has several addresses.
func initialCluster(l *line, s []byte) {
	type named struct {
		name  string
		words [][]byte
	}
	var all []named
	for w := range bytes.SplitSeq(s, []byte(",")) {
		name, url, ok := bytes.Cut(w, []byte("="))
		if !ok || len(name) == 0 || !bytes.Contains(url, []byte("://")) {
			continue
		}
		i := slices.IndexFunc(all, func(o named) bool { return o.name == string(name) })
		if i < 0 {
			if len(all) == mostMembers {
				return
			}
			i = len(all)
			all = append(all, named{string(name), [][]byte{name}})
		}
		all[i].words = append(all[i].words, url)
	}
	for _, m := range all {
		l.member(false, m.words...)
	}
}

// addWords adds the addresses of a list of URLs to words.
func addWords(list []string, urls []byte) []string {
	for _, w := range bytes.FieldsFunc(urls, func(r rune) bool { return r == ',' || r == '[' || r == ']' || r == '"' || r == ' ' }) {
		if bytes.Contains(w, []byte("://")) {
			list = append(list, string(cleanWord(w)))
		}
	}
	return list
}

// listURLs takes the line's own peer URLs apart.
func listURLs(l *line) bool {
	s := l.ev.Symptom
	kept := s.Self[:0]
	for _, w := range s.Self {
		if !bytes.ContainsAny([]byte(w), `,"`) {
			kept = append(kept, w)
		}
	}
	s.Self = kept
	for _, w := range addWords(nil, l.record.get("initial-advertise-peer-urls")) {
		if !hasWord(s.Self, w) {
			s.Self = append(s.Self, w)
		}
	}
	return true
}

func hasWord(list []string, w string) bool {
	for _, o := range list {
		if o == w {
			return true
		}
	}
	return false
}

// etcdMember adds the addresses of the member of which a line speaks.
func etcdMember(l *line) bool {
	s := l.ev.Symptom
	for _, f := range l.fields {
		if bytes.HasSuffix(f.key, []byte("is-learner")) && string(f.value) == "true" && s.What == "" {
			s.What = "learner"
		}
		if bytes.HasSuffix(f.key, []byte("peer-urls")) || bytes.HasSuffix(f.key, []byte("remote-peer-urls")) {
			for _, w := range addWords(nil, f.value) {
				if !hasWord(s.Peer, w) {
					s.Peer = append(s.Peer, w)
				}
			}
		}
	}
	if len(s.Peer) > 0 && len(s.Self) > 0 && s.Peer[0] == s.Self[0] { // it speaks of itself
		s.Sign, s.Self, s.Peer = raftdiag.NamesItself, s.Peer, nil
	}
	return true
}

// etcdAttributes reads {Name:infra1 ClientURLs:[...]}.
func etcdAttributes(l *line) bool {
	s := l.record.get("local-member-attributes")
	if _, rest, ok := bytes.Cut(s, []byte("Name:")); ok {
		if name := bytes.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '}' }); len(name) > 0 {
			l.ev.Symptom.Self = append(l.ev.Symptom.Self, string(name[0]))
		}
	}
	return true
}

// etcdDirection reads which way a peer became inactive from the action in the
// error: what is dialled and read comes in, all else goes out.
func etcdDirection(l *line) bool {
	err := l.record.get("error")
	if bytes.Contains(err, []byte("permanently removed")) { // the peer says so of the one who asks
		l.ev.Symptom.Sign, l.ev.Symptom.Peer = raftdiag.SelfRemoved, nil
		return true
	}
	switch {
	case bytes.HasPrefix(err, []byte("failed to dial")), bytes.HasPrefix(err, []byte("failed to read")):
		l.ev.Symptom.Way = raftdiag.Inbound
	case bytes.HasPrefix(err, []byte("failed to")):
		l.ev.Symptom.Way = raftdiag.Outbound
	}
	return true
}

// etcdStream reads which way a stream goes: a reader's brings messages in.
func etcdStream(l *line) bool {
	if l.record.get("stream-reader-type") != nil {
		l.ev.Symptom.Way = raftdiag.Inbound
	} else {
		l.ev.Symptom.Way = raftdiag.Outbound
	}
	return true
}

// firstURL leaves one word of a list of addresses; the others are further words.
func firstURL(l *line) bool {
	for _, list := range [...]*[]string{&l.ev.Symptom.Self, &l.ev.Symptom.Peer} {
		var words []string
		for _, w := range *list {
			for _, one := range bytes.FieldsFunc([]byte(w), func(r rune) bool { return r == ',' || r == ' ' }) {
				if c := string(cleanWord(one)); c != "" && !hasWord(words, c) {
					words = append(words, c)
				}
			}
		}
		*list = words
	}
	return true
}

// harmless leaves nothing of a line but that it is known.
func (l *line) harmless() bool {
	l.ev.Symptom.Sign = raftdiag.NoiseLine
	return true
}

// etcdPublish reads a member that could not tell the others its addresses. That
// is a write like any other: it was not committed in time, unless the member
// itself stops.
func etcdPublish(l *line) bool {
	if l.ev.Symptom.Trouble != raftdiag.TimedOut {
		return l.harmless()
	}
	return true
}

// etcdApply tells reads from applies. A read's time is that of the whole
// request, the wait for the leader's word included.
func etcdApply(l *line) bool {
	y := l.ev.Symptom
	if !bytes.HasPrefix(l.record.get("prefix"), []byte("read-only")) {
		return true
	}
	y.Sign = raftdiag.ReadSlow
	if y.Trouble == raftdiag.TimedOut {
		y.Sign = raftdiag.RequestFailed
	}
	return true
}

// etcdWaits are requests that take as long as what they wait for, whatever Raft
// does: a lock, an election's end, work on the local database.
var etcdWaits = [...]string{"/Lock", "/Campaign", "/Defragment", "/Hash", "/HashKV", "/Compact", "/Authenticate"}

// etcdRequest leaves out requests that may take long, and those that only a
// debug log prints, since they were quick.
func etcdRequest(l *line) bool {
	if l.level == raftdiag.Debug {
		return l.harmless()
	}
	for _, w := range etcdWaits {
		if strings.HasSuffix(l.ev.Symptom.What, w) {
			return l.harmless()
		}
	}
	return true
}

// etcdSteps are the steps of a traced request in which Raft works, or the
// request waits for Raft.
var etcdSteps = [...]string{"'process raft request'", "'agreement among raft nodes before linearized reading'", "'read index received'",
	"'applied index is now lower than readState.Index'"}

// etcdTrace leaves out a request that spent most of its time on the local
// database.
func etcdTrace(l *line) bool {
	if l.ev.Symptom.What == "compact" {
		return l.harmless()
	}
	steps := l.record.get("steps")
	if len(steps) < 3 {
		return true
	}
	var raftTime, all time.Duration
	for step := range bytes.SplitSeq(steps, []byte(`","`)) {
		at := bytes.LastIndex(step, []byte("(duration: "))
		if at < 0 {
			continue
		}
		text, _, _ := bytes.Cut(step[at+len("(duration: "):], []byte(")"))
		d, ok := readDuration(text)
		if !ok {
			continue
		}
		all += d
		for _, name := range etcdSteps {
			if bytes.Contains(step, []byte(name)) {
				raftTime += d
				break
			}
		}
	}
	if all > 0 && raftTime*2 < all {
		return l.harmless()
	}
	return true
}

// etcdClient reads etcd's own client, as it stands in the same stream: what the
// servers could not do counts, not that the client did not find one.
func etcdClient(l *line) bool {
	err := l.record.get("error")
	switch {
	case bytes.Contains(err, []byte("etcdserver: no leader")):
		l.ev.Symptom.Sign = raftdiag.NoLeaderKnown
	case bytes.Contains(err, []byte("etcdserver: request timed out")), bytes.Contains(err, []byte("etcdserver: leader changed")):
	default:
		return l.harmless()
	}
	return true
}

// etcdHealth reads why etcd calls itself unhealthy. A list of checks names those
// that pass as well:
//
//	[+]data_corruption ok
//	[-]linearizable_read failed: etcdserver: no leader
func etcdHealth(l *line) bool {
	s := l.ev.Symptom
	text := []byte(l.ev.Text)
	if bytes.Contains(text, []byte("[-]")) {
		var failed []byte
		for check := range bytes.Lines(text) {
			if !bytes.HasPrefix(check, []byte("[+]")) {
				failed = append(failed, check...)
			}
		}
		text = failed
	}
	s.Trouble = troubleOf(text)
	text = bytes.ToLower(text)
	switch {
	case bytes.Contains(text, []byte("no leader")), bytes.Contains(text, []byte("no_leader")):
		s.Sign, s.What = raftdiag.NoLeaderKnown, "health"
	case bytes.Contains(text, []byte("nospace")):
		s.Sign, s.What = raftdiag.QuotaExceeded, "health"
	case bytes.Contains(text, []byte("corrupt")):
		s.Sign, s.What = raftdiag.StorageBroken, "health"
	case s.Trouble == raftdiag.TimedOut:
		s.Sign, s.What = raftdiag.RequestFailed, "health"
	}
	return true
}

// onlyTimedOut takes a line for what it says if something took too long, and
// for harmless if the other side or this one gave up.
func onlyTimedOut(l *line) bool {
	if l.ev.Symptom.Trouble != raftdiag.TimedOut {
		return l.harmless()
	}
	return true
}

// onlyDisk takes a line for what it says if the disk is full or broken.
func onlyDisk(l *line) bool {
	switch l.ev.Symptom.Trouble {
	case raftdiag.DiskFull, raftdiag.DiskBroken, raftdiag.Corrupted:
		return true
	}
	return l.harmless()
}

// onlyApply is for a word that other lines begin with.
func onlyApply(l *line) bool { return string(l.msg) == "Apply" && l.record.get("raftReq") != nil }

// ofWAL is for words that other components use too.
func ofWAL(l *line) bool {
	path := l.record.get("path")
	return bytes.HasSuffix(path, []byte(".wal")) || bytes.HasSuffix(path, []byte(".wal.broken"))
}

// etcdIncoming tells a snapshot that could not be stored from one whose way
// broke off.
func etcdIncoming(l *line) bool {
	y := l.ev.Symptom
	switch y.Trouble {
	case raftdiag.DiskFull, raftdiag.DiskBroken:
		y.Peer = nil
	default:
		y.Sign, y.Way = raftdiag.LinkDown, raftdiag.Inbound
	}
	return true
}

// etcdRemoved reads the removal of another member, or of the one that speaks.
func etcdRemoved(l *line) bool {
	y := l.ev.Symptom
	for _, w := range addWords(nil, l.record.get("removed-remote-peer-urls")) {
		if !hasWord(y.Peer, w) {
			y.Peer = append(y.Peer, w)
		}
	}
	if len(y.Peer) > 0 && len(y.Self) > 0 && y.Peer[0] == y.Self[0] {
		y.Sign, y.Self, y.Peer = raftdiag.SelfRemoved, y.Peer, nil
	}
	return true
}

// etcdHashCheck reads a check at start: only a difference is corruption, not
// that nobody could be asked.
func etcdHashCheck(l *line) bool {
	if !bytes.Contains(l.record.get("error"), []byte("inconsisten")) {
		return l.harmless()
	}
	return true
}

// discoveryFailed is for etcd's word for all that can go wrong at a start.
func discoveryFailed(l *line) bool { return l.record.get("error") != nil && startFailed(l) }

// startFailed says what kept a member from starting, where the error's words
// say more than its class.
func startFailed(l *line) bool {
	err, y := l.record.get("error"), l.ev.Symptom
	switch {
	case err == nil:
		return false
	case bytes.Contains(err, []byte("has already been bootstrapped")):
		y.What = "bootstrapped before" // its data is gone: the cluster knows the member, and it has nothing
	case bytes.Contains(err, []byte("member count is unequal")), bytes.Contains(err, []byte("unmatched member while checking PeerURLs")),
		bytes.Contains(err, []byte("initial-cluster")), bytes.Contains(err, []byte("in the initial cluster configuration")):
		y.What, y.Trouble = "initial cluster", raftdiag.UnclearTrouble
	case bytes.Contains(err, []byte("no match found for existing member")):
		y.What = "initial cluster"
	case bytes.Contains(err, []byte("address already in use")):
		y.What = "address in use"
	}
	if y.Sign == raftdiag.JoinFailed && y.What == "" { // the fatal line behind it says the same
		y.Sign = raftdiag.NoiseLine
	}
	return true
}

// decimalIDs is for the few lines that print ids as numbers.
func decimalIDs(l *line) bool {
	y := l.ev.Symptom
	for _, list := range [...][]string{y.Self, y.Peer} {
		for i, w := range list {
			if n, err := strconv.ParseUint(w, 10, 64); err == nil {
				list[i] = strconv.FormatUint(n, 16)
			}
		}
	}
	if y.Sign == raftdiag.LeaderKnown && hasWord(y.Peer, "0") {
		y.Sign, y.Peer = raftdiag.LeaderLost, nil
	}
	return true
}

// peerIDs takes a list of ids apart: several are several members.
func peerIDs(l *line) bool {
	y := l.ev.Symptom
	if ids := bytes.FieldsFunc(l.record.get("peer-ids"), func(r rune) bool { return r == ',' || r == ' ' || r == '[' || r == ']' }); len(ids) > 1 {
		y.Peer = nil
		for _, id := range ids {
			l.member(false, id)
		}
	}
	return wholeText(l)
}

// etcdNoSpace tells a quota that is exceeded from other failures to apply.
func etcdNoSpace(l *line) bool {
	if bytes.Contains(l.record.get("error"), []byte("no space")) {
		l.ev.Symptom.Sign = raftdiag.QuotaExceeded
	}
	return true
}

// etcdDrift tells a clock that differs from a way that is slow: a drift within
// the round trip is none.
func etcdDrift(l *line) bool {
	if rtt, ok := readDuration(l.record.get("rtt")); ok && (rtt > l.ev.Duration || rtt > time.Second/2) {
		l.ev.Symptom.Sign, l.ev.Duration = raftdiag.LinkSlow, rtt
	}
	return true
}

// etcdAlarm takes only alarms of space for a quota.
func etcdAlarm(l *line) bool {
	y := l.ev.Symptom
	switch alarm := l.record.get("alarm"); {
	case bytes.Contains(alarm, []byte("NOSPACE")):
	case bytes.Contains(alarm, []byte("CORRUPT")) && y.Sign == raftdiag.QuotaExceeded:
		y.Sign, y.Trouble, y.What = raftdiag.StorageBroken, raftdiag.Corrupted, "database"
	default:
		return l.harmless()
	}
	return true
}

// etcdAnyEndpoint reads a connection that was refused on any listener, before
// etcd said on which: only certificates of other nodes are worth a word. Who
// probes a port, or comes with no TLS, may be anybody.
func etcdAnyEndpoint(l *line) bool {
	switch l.ev.Symptom.Trouble {
	case raftdiag.TLSExpired, raftdiag.TLSAuthority, raftdiag.TLSHost:
	default:
		l.ev.Symptom.Sign = raftdiag.NoiseLine
	}
	return true
}

// etcdClusters says which two clusters do not match.
func etcdClusters(l *line) bool {
	theirs, ours := l.record.get("remote-peer-cluster-id"), l.record.get("local-member-cluster-id")
	if len(theirs) > 0 && len(ours) > 0 && !bytes.Equal(theirs, ours) && len(l.record.get("error")) == 0 {
		l.fill("text", slices.Concat([]byte("its cluster is "), theirs, []byte(", ours is "), ours))
	}
	return true
}

// textCluster reads the members that a node is told of, in capnslog's text.
func textCluster(l *line) bool {
	initialCluster(l, l.get("urls"))
	return len(l.ev.Symptom.Members) > 0 || l.harmless()
}
