package parser

import (
	"bytes"
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

		// Lives.
		{text: "ready to serve client requests", sign: raftdiag.Serving},
		{text: "closing etcd server", sign: raftdiag.ShuttingDown, keys: map[string]string{"name": "self"}},
		{text: "closed etcd server", sign: raftdiag.ShuttingDown, keys: map[string]string{"name": "self"}},
		{text: "received signal; shutting down", sign: raftdiag.ShuttingDown},
		{text: "received terminated signal, shutting down", sign: raftdiag.ShuttingDown},
		{text: "received interrupt signal, shutting down", sign: raftdiag.ShuttingDown},
		{text: "failed to publish local member to cluster through raft", sign: raftdiag.RequestFailed, what: "publish", fix: onlyNoise},
		{text: "failed to save Raft hard state and entries", sign: raftdiag.Died, what: "wal"},
		{text: "failed to save Raft snapshot", sign: raftdiag.Died, what: "wal"},
		{text: "failed to sync Raft snapshot", sign: raftdiag.Died, what: "wal"},
		{text: "failed to release Raft wal", sign: raftdiag.Died, what: "wal"},
		{text: "failed to open WAL", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "failed to read WAL, cannot be repaired", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "failed to repair WAL", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "wal"},
		{text: "failed to recover v3 backend from snapshot", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "database"},
		{text: "failed to load corruption alarm", sign: raftdiag.Died, what: "database"},
		{text: "unexpected committed entry index", sign: raftdiag.Died, trouble: raftdiag.Corrupted, what: "log"},
		{text: "failed to open database", sign: raftdiag.Died, what: "database"},
		{text: "failed to create WAL", sign: raftdiag.Died, what: "wal"},
		{text: "failed to start etcd", sign: raftdiag.Died},
		{text: "discovery failed", sign: raftdiag.Died, fix: discoveryFailed},
		{text: "server error", sign: raftdiag.Died},
		{text: "repairing WAL", sign: raftdiag.LogRecovered},
		{text: "repaired WAL", sign: raftdiag.LogRecovered},
		{text: "data-dir used by this member must be removed", sign: raftdiag.SelfRemoved},
		{text: "removed self", sign: raftdiag.SelfRemoved},

		// Links.
		{text: "peer became active", sign: raftdiag.LinkUp},
		{text: "peer became inactive (message send to peer failed)", sign: raftdiag.LinkDown, fix: etcdDirection},
		{text: "peer deactivated again", sign: raftdiag.LinkDown, fix: etcdDirection},
		{text: "established TCP streaming connection with remote peer", sign: raftdiag.LinkUp, fix: etcdStream},
		{text: "lost TCP streaming connection with remote peer", sign: raftdiag.LinkDown, fix: etcdStream},
		{text: "closed TCP streaming connection with remote peer", sign: raftdiag.NoiseLine},
		{text: "stopped TCP streaming connection with remote peer", sign: raftdiag.NoiseLine},
		{text: "prober detected unhealthy status", sign: raftdiag.LinkDown, what: "probe"},
		{text: "prober found high clock drift", sign: raftdiag.ClockSkew, keys: map[string]string{"clock-drift": "dur"}, fix: etcdDrift},
		{text: "failed to reach the peer URL", sign: raftdiag.LinkDown, what: "version", keys: map[string]string{"address": "url"}},
		{text: "failed to get version", sign: raftdiag.NoiseLine},
		{text: "failed to dial stream", sign: raftdiag.LinkDown},
		{text: "dropped internal Raft message since sending buffer is full", sign: raftdiag.SendDropped, trouble: raftdiag.BufferFull, keys: map[string]string{"message-type": "type"}},
		{text: "dropped Raft message since sending buffer is full", sign: raftdiag.SendDropped, trouble: raftdiag.BufferFull, keys: map[string]string{"message-type": "type"}},
		{text: "dropped internal Raft message since receiving buffer is full", sign: raftdiag.Overload, keys: map[string]string{"message-type": "type", "remote-peer-id": "", "from": "peer"}},
		{text: "dropped Raft message since receiving buffer is full", sign: raftdiag.Overload, keys: map[string]string{"message-type": "type", "remote-peer-id": "", "from": "peer"}},
		{text: "ignored message send request; unknown remote peer target", sign: raftdiag.SendDropped, trouble: raftdiag.AddressUnknown, keys: map[string]string{"unknown-target-peer-id": "peer"}},
		{text: "rejected Raft message from removed member", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved, keys: map[string]string{"removed-member-id": "peer"}},
		{text: "rejected Raft message to mismatch member", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch, keys: map[string]string{"mismatch-member-id": "peer"}},
		{text: "rejected stream from remote peer because it was removed", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved, keys: map[string]string{"remote-peer-id-from": "peer", "remote-peer-id-stream-handler": "self"}},
		{text: "failed to find remote peer in cluster", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch, keys: map[string]string{"remote-peer-id-from": "peer", "remote-peer-id-stream-handler": "self"}},
		{text: "ignored streaming request; ID mismatch", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch, keys: map[string]string{"remote-peer-id-from": "peer", "remote-peer-id-stream-handler": "self"}},
		{text: "request cluster ID mismatch", sign: raftdiag.PeerRefused, trouble: raftdiag.ClusterMismatch, keys: map[string]string{"remote-peer-server-name": "text", "remote-peer-id-from": "peer"}},
		{text: "request sent was ignored by remote peer due to cluster ID mismatch", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch},
		{text: "request sent was ignored due to cluster ID mismatch", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch},
		{text: "request sent was ignored by peer", sign: raftdiag.PeerRefuses},
		{text: "request sent was ignored by remote peer due to server version incompatibility", sign: raftdiag.PeerRefuses, trouble: raftdiag.VersionMismatch},
		{text: "failed version compatibility check", sign: raftdiag.PeerRefused, trouble: raftdiag.VersionMismatch},
		{text: "rejected connection on peer endpoint", sign: raftdiag.PeerRefused, keys: map[string]string{"remote-addr": ""}},
		{text: "rejected connection", sign: raftdiag.PeerRefused, keys: map[string]string{"remote-addr": ""}},
		{text: "rate limit on stream reader with remote peer", sign: raftdiag.NoiseLine},
		{text: "failed to read Raft message", sign: raftdiag.NoiseLine},
		{text: "failed to unmarshal Raft message", sign: raftdiag.PeerRefused, trouble: raftdiag.Corrupted},
		{text: "failed to process Raft message", sign: raftdiag.Overload},
		{text: "started stream {}", sign: raftdiag.NoiseLine},
		{text: "stopped stream {}", sign: raftdiag.NoiseLine},
		{text: "started HTTP pipelining with remote peer", sign: raftdiag.NoiseLine},
		{text: "stopped HTTP pipelining with remote peer", sign: raftdiag.NoiseLine},
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
		{text: "apply request took too long", sign: raftdiag.ApplySlow, keys: map[string]string{"prefix": "what", "request": "", "response": ""}},
		{text: "apply entries took too long", sign: raftdiag.ApplySlow},
		{text: "failed to apply request", sign: raftdiag.NoiseLine, keys: map[string]string{"request": ""}, fix: etcdNoSpace},
		{text: "request stats", sign: raftdiag.RequestSlow, keys: map[string]string{"time spent": "dur", "response type": "what"}},
		{text: "trace[{}] {what:name}", sign: raftdiag.RequestSlow, keys: map[string]string{"duration": "dur"}},
		{text: "waiting for ReadIndex response took too long, retrying", sign: raftdiag.ReadSlow, keys: map[string]string{"retry-timeout": "dur"}},
		{text: "timed out waiting for read index response (local node might have slow network)", sign: raftdiag.RequestFailed, what: "read index", keys: map[string]string{"timeout": "dur"}},
		{text: "ignored out-of-date read index response", sign: raftdiag.NoiseLine},
		{text: "failed to get read index from Raft", sign: raftdiag.RequestFailed, what: "read index"},
		{text: "first commit in current term: resending ReadIndex request", sign: raftdiag.NoiseLine},
		{text: "timed out sending read state", sign: raftdiag.LoopSlow, keys: map[string]string{"timeout": "dur"}},
		{text: "serving /health false; no leader", sign: raftdiag.NoLeaderKnown, what: "health"},
		{text: "serving /health false; ", sign: raftdiag.NoiseLine},
		{text: "snapshotting taking too long to transfer", sign: raftdiag.NoiseLine},

		// Leadership.
		{text: "leadership transfer starting", sign: raftdiag.TransferBegun, keys: map[string]string{"transferee-member-id": "peer"}},
		{text: "leadership transfer finished", sign: raftdiag.TransferDone, keys: map[string]string{"new-leader-member-id": "peer"}},
		{text: "leadership transfer failed", sign: raftdiag.TransferFailed},
		{text: "skipped leadership transfer; local server is not leader", sign: raftdiag.NoiseLine},
		{text: "skipped leadership transfer for single voting member cluster", sign: raftdiag.NoiseLine},

		// Members.
		{text: "removed member", sign: raftdiag.MemberRemoved, keys: map[string]string{"removed-remote-peer-id": "peer", "removed-remote-peer-urls": "urls"}, fix: etcdMember},
		{text: "promote member", sign: raftdiag.MemberPromoted, keys: map[string]string{"promoted-member-id": "peer"}},
		{text: "applied a configuration change through raft", sign: raftdiag.Membership, keys: map[string]string{"raft-conf-change": "text", "raft-conf-change-node-id": "peer"}},
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
		{text: "failed to save incoming database snapshot", sign: raftdiag.StorageBroken},
		{text: "applied incoming Raft snapshot", sign: raftdiag.SnapshotApplied, keys: map[string]string{"snapshot-index": "index"}},
		{text: "applying snapshot", sign: raftdiag.NoiseLine},
		{text: "applied snapshot", sign: raftdiag.NoiseLine},

		// Space and corruption.
		{text: "message exceeded backend quota; raising alarm", sign: raftdiag.QuotaExceeded},
		{text: "alarm raised", sign: raftdiag.QuotaExceeded, keys: map[string]string{"alarm": "text"}, fix: etcdAlarm},
		{text: "alarm disarmed", sign: raftdiag.QuotaCleared, keys: map[string]string{"alarm": "text"}},
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
		{text: "server has stopped; stopping cluster version's monitor", sign: raftdiag.NoiseLine},
		{text: "server has stopped; stopping storage version's monitor", sign: raftdiag.NoiseLine},
		{text: "skip compaction since there is an inflight snapshot", sign: raftdiag.NoiseLine},
		{text: "canceled sending merged snapshot; server stopping", sign: raftdiag.NoiseLine},
		{text: "saved database snapshot to disk", sign: raftdiag.NoiseLine},
		{text: "restoring {}", sign: raftdiag.NoiseLine},
		{text: "defragmenting", sign: raftdiag.NoiseLine},
		{text: "finished defragmenting directory", sign: raftdiag.NoiseLine},
		{text: "finished compaction hash check", sign: raftdiag.NoiseLine},
		{text: "starting compact hash check", sign: raftdiag.NoiseLine},
		{text: "finished peer corruption check", sign: raftdiag.NoiseLine},
		{text: "Current member isn't a leader", sign: raftdiag.NoiseLine},
		{text: "The member is active, skip checking leadership", sign: raftdiag.NoiseLine},
		{text: "Failed to check current member's leadership", sign: raftdiag.NoiseLine},
		{text: "Ignore the lease revoking request because current member isn't a leader", sign: raftdiag.NoiseLine},
		{text: "Ignore the checkpoint request because current member isn't a leader", sign: raftdiag.NoiseLine},
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
	},
}

// etcdTextWords are the same of capnslog, in etcd up to 3.4.
var etcdTextWords = foreign{
	dialect: etcdServer,
	name:    "etcd before 3.5",
	doc:     "the lines of an etcd server up to 3.4 in capnslog's text",
	speaks:  func(r *record) bool { return r.env == capnslog },
	rules: []rule{
		{text: "failed to send out heartbeat on time (exceeded the {} timeout for {dur:word}, to {})", sign: raftdiag.HeartbeatLate},
		{text: "failed to send out heartbeat on time (exceeded the {} timeout for {dur})", sign: raftdiag.HeartbeatLate},
		{text: "failed to send out heartbeat on time (deadline exceeded for {dur})", sign: raftdiag.HeartbeatLate},
		{text: "server is likely overloaded", sign: raftdiag.NoiseLine},
		{text: "sync duration of {dur:word}, expected less than ", sign: raftdiag.DiskSlow, what: "sync"},
		{text: "read-only range request {} took too long ({dur:word}) to execute", sign: raftdiag.ApplySlow, what: "read-only range"},
		{text: "request {} took too long ({dur:word}) to execute", sign: raftdiag.ApplySlow},
		{text: "apply entries took too long [{dur:word} for {count:int} entries]", sign: raftdiag.ApplySlow},
		{text: "peer {peer:hex} became active", sign: raftdiag.LinkUp},
		{text: "peer {peer:hex} became inactive (message send to peer failed)", sign: raftdiag.LinkDown},
		{text: "peer {peer:hex} became inactive", sign: raftdiag.LinkDown},
		{text: "lost the TCP streaming connection with peer {peer:hex} ({what} reader)", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "lost the TCP streaming connection with peer {peer:hex} ({what} writer)", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "established a TCP streaming connection with peer {peer:hex} ({what} reader)", sign: raftdiag.LinkUp, way: raftdiag.Inbound},
		{text: "established a TCP streaming connection with peer {peer:hex} ({what} writer)", sign: raftdiag.LinkUp, way: raftdiag.Outbound},
		{text: "closed an existing TCP streaming connection with peer {peer:hex} ({what} {})", sign: raftdiag.NoiseLine},
		{text: "closed the TCP streaming connection with peer {peer:hex} ({what} {})", sign: raftdiag.NoiseLine},
		{text: "failed to {what:word} {peer:hex} on {} ({err})", sign: raftdiag.LinkDown},
		{text: "health check for peer {peer:hex} could not connect: {err} (prober {})", sign: raftdiag.LinkDown, what: "probe"},
		{text: "health check for peer {peer:hex} could not connect: {err}", sign: raftdiag.LinkDown, what: "probe"},
		{text: "the clock difference against peer {peer:hex} is too high [{dur:word} > ", sign: raftdiag.ClockSkew},
		{text: "dropped {type:name} to {peer:hex} since {what}'s sending buffer is full", sign: raftdiag.SendDropped, trouble: raftdiag.BufferFull},
		{text: "dropped {type:name} from {peer:hex} since receiving buffer is full", sign: raftdiag.Overload},
		{text: "starting member {self:hex} in cluster {}", sign: raftdiag.NamesItself},
		{text: "restarting member {self:hex} in cluster {:hex} at commit index {commit:int}", sign: raftdiag.NamesItself},
		{text: "name = {self:name}", sign: raftdiag.StartedUp},
		{text: "initial advertise peer URLs = {self}", sign: raftdiag.NamesItself, fix: firstURL},
		{text: "added member {peer:hex} [{peer2}] to cluster {}", sign: raftdiag.NamesPeer, fix: firstURL},
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
		{text: "publish error: {err}", sign: raftdiag.NoiseLine},
		{text: "published {text} to cluster {}", sign: raftdiag.NoiseLine},
		{text: "{self:hex} starts leadership transfer from {:hex} to {peer:hex}", sign: raftdiag.TransferBegun},
		{text: "{self:hex} finished leadership transfer from {:hex} to {peer:hex}", sign: raftdiag.TransferDone},
		{text: "{self:hex} failed to transfer leadership ({err})", sign: raftdiag.TransferFailed},
		{text: "the member has been permanently removed from the cluster", sign: raftdiag.SelfRemoved},
		{text: "skipped leadership transfer", sign: raftdiag.NoiseLine},
		{text: "received terminated signal, shutting down...", sign: raftdiag.ShuttingDown},
		{text: "received interrupt signal, shutting down...", sign: raftdiag.ShuttingDown},
		{text: "request sent was ignored (cluster ID mismatch: peer[{peer:hex}]=", sign: raftdiag.PeerRefuses, trouble: raftdiag.ClusterMismatch},
		{text: "request cluster ID mismatch (got {} want {})", sign: raftdiag.PeerRefused, trouble: raftdiag.ClusterMismatch},
		{text: "alarm NOSPACE raised by peer {peer:hex}", sign: raftdiag.QuotaExceeded},
		{text: "alarm CORRUPT raised by peer {peer:hex}", sign: raftdiag.StorageBroken, trouble: raftdiag.Corrupted},
	},
	samples: []sample{
		{"2024-05-06 10:11:12.104182 W | rafthttp: lost the TCP streaming connection with peer a2ab7b6697a74f25 (stream MsgApp v2 reader)",
			"symptom Symptom:link_down in Peer:a2ab7b6697a74f25 What:stream MsgApp v2"},
		{"2024-05-06 10:11:12.104182 W | wal: sync duration of 2.104s, expected less than 1s", "symptom Duration:2.104s Symptom:disk_slow What:sync"},
		{"2024-05-06 10:11:12.104182 W | etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 1.5s, to a2ab7b6697a74f25)", "symptom Duration:1.5s Symptom:heartbeat_late"},
		{"2024-05-06 10:11:12.104182 I | etcdserver/membership: added member a2ab7b6697a74f25 [http://10.0.0.2:2380] to cluster 4d1f407773c4bc3a", "symptom Symptom:peer Peer:a2ab7b6697a74f25=10.0.0.2:2380"},
	},
}

// etcdStart reads an etcd that comes up: its name and the addresses by which
// others know it.
func etcdStart(l *line) bool { return listURLs(l) }

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

// onlyNoise is for lines that say nothing by themselves.
func onlyNoise(l *line) bool { l.ev.Symptom.Sign = raftdiag.NoiseLine; return true }

// discoveryFailed tells a removed member and a mismatch of configurations.
func discoveryFailed(l *line) bool { return l.record.get("error") != nil }

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
	if bytes.Contains(l.record.get("alarm"), []byte("CORRUPT")) {
		l.ev.Symptom.Sign, l.ev.Symptom.Trouble = raftdiag.StorageBroken, raftdiag.Corrupted
	}
	return true
}
