package parser

import (
	"bytes"
	"strconv"

	"github.com/raftdiag/raftdiag"
)

// cockroachLines are CockroachDB's own words around etcd's raft library: node
// liveness, proposals and replicas that wait, breakers, disks, connections,
// clocks. The tags name node, store and replica; a range is a group. A replica
// is called r12/1, since each range counts its replicas from 1.
var cockroachLines = foreign{
	dialect: cockroach,
	name:    "CockroachDB",
	doc: "CockroachDB 2.0 and later around etcd's raft library, whose own lines it holds as well: node liveness, slow proposals, replicas unavailable and their breakers, " +
		"disks that stall, connections between nodes, clocks. Tags as [n1,s1,r12/1:...] name node, store, range and replica.",
	keys:   map[string]string{"replica": "self"},
	speaks: func(r *record) bool { return r.env == crdbLog },
	rest: &rule{sign: raftdiag.Died, fix: func(l *line) bool {
		return l.level == raftdiag.Fatal && diedSaying(l)
	}},
	rules: []rule{
		// A process begins and ends.
		{text: "starting cockroach node", sign: raftdiag.StartedUp},
		{text: "CockroachDB node starting at ", sign: raftdiag.StartedUp},
		{text: "structured event node_restart", sign: raftdiag.StartedUp, keys: map[string]string{"NodeID": "self=n"}},
		{text: "structured event node_join", sign: raftdiag.StartedUp, keys: map[string]string{"NodeID": "self=n"}},
		{text: "initialized store ", sign: raftdiag.NoiseLine},
		{text: "NodeDescriptor set to {text}", sign: raftdiag.NamesItself, fix: nodeDescriptor},
		{text: "advertising CockroachDB node at {self:word}", sign: raftdiag.NamesItself},
		{text: "node connected via gossip", sign: raftdiag.NoiseLine},
		{text: "serving sql connections", sign: raftdiag.Serving},
		{text: "initiating graceful shutdown of server", sign: raftdiag.ShuttingDown, fix: wholeText},
		{text: "received signal '{text}'", sign: raftdiag.ShuttingDown},
		{text: "server drained and shutdown completed", sign: raftdiag.ShuttingDown, fix: wholeText},
		{text: "structured event node_shutdown_", sign: raftdiag.ShuttingDown, fix: wholeText},
		{text: "clock synchronization error: {text}", sign: raftdiag.ClockSkew, fix: fatalDies},
		{text: "cockroach server exited with error: {err}", sign: raftdiag.Died},
		{text: "server startup failed: {err}", sign: raftdiag.Died},

		// Node liveness.
		{text: "failed node liveness heartbeat: {err}", sign: raftdiag.RequestFailed, what: "node liveness heartbeat"},
		{text: "slow heartbeat took {dur:word}; err={err}", sign: raftdiag.RequestSlow, what: "node liveness heartbeat"},
		{text: "slow heartbeat detected (latency={dur:word})", sign: raftdiag.RequestSlow, what: "node liveness heartbeat"},
		{text: "heartbeat failed on epoch increment", sign: raftdiag.NoiseLine},
		{text: "incremented n{peer=n:int} liveness epoch to ", sign: raftdiag.ContactLost, what: "node liveness"},
		{text: "node n{peer=n:int} is not live", sign: raftdiag.ContactLost, what: "node liveness"},
		{text: "health alerts detected", sign: raftdiag.NoiseLine},
		{text: "drain remaining", sign: raftdiag.NoiseLine},

		// Proposals and replicas.
		{text: "have been waiting {dur:word}s for slow proposal {text}", sign: raftdiag.CommitStuck},
		{text: "have been waiting {dur:word}s for proposing command {text}", sign: raftdiag.CommitStuck},
		{text: "have been waiting {dur:word} for slow proposal {text}", sign: raftdiag.CommitStuck},
		{text: "have been waiting {dur:word} attempting to acquire lease", sign: raftdiag.RequestSlow, what: "lease"},
		{text: "have been waiting {dur:word} to acquire {what}", sign: raftdiag.RequestSlow},
		{text: "slow range RPC: have been waiting {dur:word} {text}", sign: raftdiag.RequestSlow, what: "request to a range", fix: rangeOf(" to r")},
		{text: "slow replica RPC: have been waiting {dur:word} {text}", sign: raftdiag.RequestSlow, what: "request to a range", fix: rangeOf(" to r")},
		{text: "replica unavailable: {text}", sign: raftdiag.CommitStuck, fix: replicaUnavailable},
		{text: "replica {text} unable to serve request to ", sign: raftdiag.CommitStuck, fix: replicaUnavailable},
		{text: "breaker: tripped with error: {err}", sign: raftdiag.CommitStuck, fix: replicaUnavailable},
		{text: "breaker: breaker reset", sign: raftdiag.NoiseLine},
		{text: "breaker: probe ", sign: raftdiag.NoiseLine},
		{text: "{}: tripped with error: {err}", sign: raftdiag.LinkDown, fix: breakerPeer},
		{text: "{}: breaker reset", sign: raftdiag.LinkUp, fix: breakerPeer},
		{text: "circuitbreaker: rpc {} tripped: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: breakerPeer},
		{text: "circuitbreaker: gossip {} tripped: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "gossip", fix: breakerPeer},
		{text: "circuitbreaker: rpc {} event: BreakerReset", sign: raftdiag.LinkUp, way: raftdiag.Outbound, fix: breakerPeer},
		{text: "circuitbreaker: {} event: ", sign: raftdiag.NoiseLine},
		{text: "proposing {text}", sign: raftdiag.NoiseLine},
		{text: "change replicas (", sign: raftdiag.NoiseLine},
		{text: "removing replica ", sign: raftdiag.NoiseLine},
		{text: "transferring lease to ", sign: raftdiag.NoiseLine},
		{text: "transferring raft leadership to replica ID {peer:int}", sign: raftdiag.TransferBegun},
		{text: "transferring raft leadership to replica {peer:int}", sign: raftdiag.TransferBegun},

		// The raft loop and its transport.
		{text: "handle raft ready: {dur:word} [applied={}", sign: raftdiag.LoopSlow, fix: wholeText},
		{text: "handle raft ready: ", sign: raftdiag.LoopSlow, fix: wholeText},
		{text: "raft ready (must-sync=", sign: raftdiag.NoiseLine},
		{text: "raft ready", sign: raftdiag.NoiseLine},
		{text: "SoftState updated: {state}", sign: raftdiag.NoiseLine, fix: crdbState},
		{text: "HardState updated: {state}", sign: raftdiag.NoiseLine, fix: crdbState},
		{text: "Snapshot updated: ", sign: raftdiag.NoiseLine},
		{text: "New Entry[{:int}]: {term:int}/{last:int} ", sign: raftdiag.NoiseLine, fix: ofReplica(raftdiag.LogRow, raftdiag.HasLast)},
		{text: "Committed Entry[{:int}]: {term:int}/{index:int} ", sign: raftdiag.NoiseLine, fix: ofReplica(raftdiag.EntryCommitted, raftdiag.HasIndex|raftdiag.HasTerm)},
		{text: "incoming raft message:", sign: raftdiag.NoiseLine},
		{text: "raft receive queue for r{group=r:int} is full", sign: raftdiag.Overload, trouble: raftdiag.BufferFull, what: "raft receive queue"},
		{text: "raft send queue to n{peer=n:int} is full", sign: raftdiag.SendDropped, way: raftdiag.Outbound, trouble: raftdiag.BufferFull},
		{text: "raft transport stream to node {peer=n:int} established", sign: raftdiag.LinkUp, way: raftdiag.Outbound},
		{text: "raft transport stream to node {peer=n:int} failed: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "while processing outgoing Raft queue to node {peer=n:int}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "unable to accept Raft message from {text}: no handler registered for {}", sign: raftdiag.PeerRefused, way: raftdiag.Inbound, trouble: raftdiag.PeerMismatch, fix: replicaAt},
		{text: "streamed {} to {text} with {} in {dur:word} @", sign: raftdiag.SnapshotSent, fix: replicaAt},
		{text: "streamed snapshot to {text}: {rest}", sign: raftdiag.SnapshotSent, fix: replicaAt},
		{text: "sending {} snapshot ", sign: raftdiag.NoiseLine},
		{text: "applied {} snapshot {} from {text} at applied index {index:int}", sign: raftdiag.SnapshotApplied, fix: replicaAt},
		{text: "applying {} snapshot {} from {text} at applied index {index:int}", sign: raftdiag.SnapshotArrived, fix: replicaAt},
		{text: "couldn't accept {}: {err}", sign: raftdiag.SnapshotSendFailed, way: raftdiag.Inbound},
		{text: "failed to send snapshot: {err}", sign: raftdiag.SnapshotSendFailed, way: raftdiag.Outbound},

		// Connections between nodes.
		{text: "connection is now healthy", sign: raftdiag.LinkUp, way: raftdiag.Outbound, keys: crdbLink},
		{text: "connection is now ready", sign: raftdiag.LinkUp, way: raftdiag.Outbound, keys: crdbLink},
		{text: "unable to connect (is the peer up and reachable?): {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: crdbLink},
		{text: "unable to connect to n{peer=n:int}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "unable to connect to n{peer=n:int} at {peer2:word}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "connection heartbeat loop ended with err: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: crdbLink},
		{text: "disconnected (was healthy for {}): {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: crdbLink},
		{text: "disconnected: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: crdbLink},
		{text: "closing connection after: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: crdbLink},
		{text: "connection failed: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: crdbLink},
		{text: "dialing n{peer=n:int}: ", sign: raftdiag.NoiseLine},
		{text: "closing client to n{peer=n:int} ({peer2:word}): {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "gossip", fix: routineClose},
		{text: "started gossip client to n{peer=n:int} ({peer2:word})", sign: raftdiag.LinkUp, way: raftdiag.Outbound, what: "gossip"},
		{text: "failed to start gossip client to {peer:word}: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "gossip"},
		{text: "no incoming or outgoing connections", sign: raftdiag.ContactLost, what: "gossip"},
		{text: "latency jump (prev avg {}, current {dur:word})", sign: raftdiag.LinkSlow, keys: crdbLink},
		{text: "grpc: addrConn.{} failed to connect to {text}. Err: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "grpc", fix: grpcAddress},
		{text: "grpc: addrConn.{} failed to create client transport: {err}; Reconnecting to {text}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "grpc", fix: grpcAddress},
		{text: "[core]{} failed to connect to {text}. Err: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "grpc", fix: grpcAddress},

		// Clocks and disks.
		{text: "backward time jump detected ({dur:word} seconds)", sign: raftdiag.ClockSkew, what: "own clock", fix: wholeText},
		{text: "backward time jump detected", sign: raftdiag.ClockSkew, what: "own clock", fix: wholeText},
		{text: "remote wall time is too far ahead ({dur:word}) to be trustworthy", sign: raftdiag.ClockSkew, keys: crdbLink},
		{text: "forward time jump detected", sign: raftdiag.ClockSkew, what: "own clock", fix: wholeText},
		{text: "disk slowness detected: {what} on file {text} ({}) has been ongoing for {dur:word}", sign: raftdiag.DiskSlow, fix: fatalDies},
		{text: "disk slowness detected: {text}", sign: raftdiag.DiskSlow, fix: fatalDies},
		{text: "disk stall detected: {text}", sign: raftdiag.DiskSlow, fix: diskStall},
		{text: "file write stall detected: {text}", sign: raftdiag.DiskSlow, fix: diskStall},
		{text: "slow non-blocking raft commit: {text}", sign: raftdiag.DiskSlow, what: "raft log", fix: firstDuration},
		{text: "structured event disk_slowness_detected", sign: raftdiag.DiskSlow},
		{text: "structured event disk_slowness_cleared", sign: raftdiag.NoiseLine},
		{text: "write stall beginning", sign: raftdiag.Overload, what: "write stall", fix: wholeText},
		{text: "write stall ending", sign: raftdiag.NoiseLine},
		{text: "background error: {err}", sign: raftdiag.StorageBroken},
	},
	samples: []sample{
		{`I240506 10:11:12.600000 77 raft/raft.go:1100 ⋮ [n1,s1,r12/10:‹/Table/5{0-1}›] 412  a [logterm: 6, index: 44] sent MsgVote request to 2 at term 7`,
			"symptom Type:MsgVote Term:7 LogTerm:6 Index:44 Symptom:vote_asked Self:n1=r12/10 Peer:r12/2 (as etcd raft)"},
		{`{"c":0,"t":"1715000000.123456789","sev":"I","g":77,"f":"raft/raft.go","l":1100,"n":412,"r":1,"tags":{"n":"1","s":"1","r":"12/1:{-}"},"message":"1 became leader at term 7"}`,
			"symptom Role:Leader Term:7 Symptom:role Self:n1=r12/1 (as etcd raft)"},
		{`I240506 10:11:12.500000 231 kv/kvserver/replica_raft.go:1103 ⋮ [n2,s2,r12/2:‹/Table/5{0-1}›,raft] 410  raft ready (must-sync=true)`,
			"symptom Symptom:noise Self:n2=r12/2"},
		{`I240506 10:11:12.501000 231 kv/kvserver/replica_raft.go:640 ⋮ [n2,s2,r12/2:‹/Table/5{0-1}›,raft] 411  incoming raft message:`,
			"symptom Symptom:noise Self:n2=r12/2"},
		{`W240506 10:11:20.000000 98 kv/kvserver/replica_proposal.go:612 ⋮ [n1,s1,r12/1:‹/Table/5{0-1}›] 415  have been waiting 15.00s for slow proposal Put [/Table/50/1]`,
			"symptom Duration:15s Text:\"Put [/Table/50/1]\" Symptom:commit_stuck Self:n1=r12/1"},
		{`E240506 10:12:20.000000 98 kv/kvserver/replica_rangefeed.go:31 ⋮ [n1,s1,r12/1:‹/Table/5{0-1}›] 420  replica unavailable: (n1,s1):1 unable to serve request to r12:‹/Table/5{0-1}› [(n1,s1):1, (n2,s2):2, (n3,s3):3, next=4, gen=8]: lost quorum (down: (n2,s2):2,(n3,s3):3); raft status: {"id":"1","term":7,"vote":"1","commit":44,"lead":"1","raftState":"StateLeader","applied":44,"progress":{"2":{"match":44,"next":45,"state":"StateReplicate"}},"leadtransferee":"0"}`,
			"symptom Config:voters=(1 2 3) Text:\"lost quorum (down: (n2,s2):2,(n3,s3):3)\" Symptom:quorum_lost Self:n1=r12/1"},
		{`W240506 10:12:21.000000 60 kv/kvserver/raft_transport.go:690 ⋮ [n1,s1] 421  raft send queue to n3 is full`,
			"symptom Symptom:send_dropped buffer_full out Self:n1 Peer:n3"},
		{`W180213 20:38:20.093309 286 storage/node_liveness.go:342  [n5,hb] failed node liveness heartbeat: failed to send RPC: sending to all 3 replicas failed; last error: {<nil> rpc error: code = Unavailable desc = grpc: the connection is unavailable}`,
			"symptom Text:\"failed to send RPC: sending to all 3 replicas failed; last error: {<nil> rpc error: code = Unavailable desc = grpc: the connection is unavailable}\" Symptom:request_failed unavailable Self:n5 What:node liveness heartbeat"},
		{`W240506 10:12:21.000000 60 kv/kvserver/liveness/liveness.go:690 ⋮ [n1,liveness-hb] 421  slow heartbeat took 4.5s; err=context deadline exceeded`,
			"symptom Duration:4.5s Text:\"context deadline exceeded\" Symptom:request_slow timed_out Self:n1 What:node liveness heartbeat"},
		{`I240506 10:12:21.000000 60 2@rpc/peer.go:613 ⋮ [T1,Vsystem,n1,rnode=2,raddr=‹10.0.0.2:26257›,class=default,rpc] 421  connection is now healthy`,
			"symptom Symptom:link_up out Self:n1 Peer:n2=10.0.0.2:26257"},
		{`E240506 10:12:22.000000 60 2@rpc/peer.go:591 ⋮ [T1,Vsystem,n1,rnode=2,raddr=‹10.0.0.2:26257›,class=system,rpc] 422  disconnected (was healthy for 19m30.274s): grpc: ‹connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.2:26257: connect: connection refused"› [code 14/Unavailable]`,
			"symptom Text:\"grpc: connection error: desc = \\\"transport: Error while dialing: dial tcp 10.0.0.2:26257: connect: connection refused\\\" [code 14/Unavailable]\" Symptom:link_down refused out Self:n1 Peer:n2=10.0.0.2:26257"},
		{`E240506 10:12:22.000000 60 2@rpc/peer.go:601 ⋮ [T1,Vsystem,n1,rnode=2,raddr=‹10.0.0.2:26257›,class=system,rpc] 422  unable to connect (is the peer up and reachable?): initial connection heartbeat failed: grpc: ‹connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.2:26257: i/o timeout"› [code 14/Unavailable]`,
			"symptom Text:\"initial connection heartbeat failed: grpc: connection error: desc = \\\"transport: Error while dialing: dial tcp 10.0.0.2:26257: i/o timeout\\\" [code 14/Unavailable]\" Symptom:link_down timed_out out Self:n1 Peer:n2=10.0.0.2:26257"},
		{`W210210 08:11:00.123456 322 vendor/github.com/cockroachdb/circuitbreaker/circuitbreaker.go:322 ⋮ [n1] 5  circuitbreaker: ‹rpc 10.0.0.1:26257->2› tripped: failed to grpc dial n2 at ‹10.0.0.2:26257›: ‹context deadline exceeded›`,
			"symptom Text:\"failed to grpc dial n2 at 10.0.0.2:26257: context deadline exceeded\" Symptom:link_down timed_out out Self:n1 Peer:n2"},
		{`I240506 10:10:00.000000 60 gossip/gossip.go:372 ⋮ [n1] 8  NodeDescriptor set to ‹node_id:1 address:<network_field:"tcp" address_field:"crdb-0.crdb:26257" > attrs:<> locality:<> ServerVersion:<major_val:21>›`,
			"symptom Symptom:self Self:n1=crdb-0.crdb:26257"},
		{`I240506 10:10:00.000000 60 1@server/server.go:1500 ⋮ [n1] 9  advertising CockroachDB node at ‹crdb-0.crdb:26257›`,
			"symptom Symptom:self Self:n1=crdb-0.crdb:26257"},
		{`I240506 10:10:00.000000 1 1@cli/start.go:570 ⋮ [n1] 12  initiating graceful shutdown of server`,
			"symptom Text:\"initiating graceful shutdown of server\" Symptom:stopping Self:n1"},
		{`F240506 10:10:00.000000 60 storage/pebble.go:1400 ⋮ [n1,s1,pebble] 99  disk stall detected: ‹disk slowness detected: sync on file /cockroach/cockroach-data/000123.log (0 bytes) has been ongoing for 20.0s›`,
			"symptom Duration:20s Text:\"disk stall detected: disk slowness detected: sync on file /cockroach/cockroach-data/000123.log (0 bytes) has been ongoing for 20.0s\" Symptom:died Self:n1 What:disk_slow"},
		{`E240506 10:10:00.000000 60 storage/pebble.go:1390 ⋮ [n1,s1,pebble] 98  disk slowness detected: write on file ‹/data/000123.log› (4096 bytes) has been ongoing for 5.2s`,
			"symptom Duration:5.2s Text:\"/data/000123.log\" Symptom:disk_slow Self:n1 What:write"},
		{`F240506 10:10:00.000000 60 1@rpc/clock_offset.go:230 ⋮ [n1] 99  clock synchronization error: this node is more than 500ms away from at least half of the known nodes (0 of 2 are within the offset)`,
			"symptom Text:\"clock synchronization error: this node is more than 500ms away from at least half of the known nodes (0 of 2 are within the offset)\" Symptom:died Self:n1 What:clock_skew"},
		{`W240506 10:10:00.000000 60 kv/kvserver/store_raft.go:500 ⋮ [n1,s1,r12/1:‹/Table/5{0-1}›,raft] 98  handle raft ready: 1.2s [applied=4, batches=1, state_assertions=0]; node might be overloaded`,
			"symptom Duration:1.2s Text:\"handle raft ready: 1.2s [applied=4, batches=1, state_assertions=0]; node might be overloaded\" Symptom:loop_slow Self:n1=r12/1"},
		{`I240506 10:10:00.000000 60 kv/kvserver/store_snapshot.go:1500 ⋮ [n1,s1,r12/1:‹/Table/5{0-1}›] 98  streamed INITIAL snapshot 1fa2 to (n4,s4):4LEARNER with 12 MiB in 1.20s @ 10 MiB/s: kvs=12 rangeKVs=0, rate-limit: 32 MiB/s, queued: 0.00s`,
			"symptom Duration:1.2s Symptom:snapshot_sent Self:n1=r12/1 Peer:n4=r12/4"},
		{`I240506 10:10:00.000000 60 kv/kvserver/replica_raftstorage.go:500 ⋮ [n4,s4,r12/4:‹/Table/5{0-1}›] 98  applied INITIAL snapshot 1fa2 from (n1,s1):1 at applied index 26 (total=2ms data=4.0 KiB)`,
			"symptom Index:26 Symptom:snapshot_applied Self:n4=r12/4 Peer:n1=r12/1"},
		{`W240506 10:10:00.000000 60 kv/kvclient/kvcoord/dist_sender.go:1600 ⋮ [n1,client=10.0.0.9:1,user=root] 98  slow range RPC: have been waiting 60.01s (1 attempts) for RPC Get [/Table/50/1] to r12:‹/Table/5{0-1}› [(n1,s1):1, (n2,s2):2, (n3,s3):3, next=4, gen=8]; resp: ‹(err: <nil>)›`,
			"symptom Duration:1m0.01s Text:\"(1 attempts) for RPC Get [/Table/50/1] to r12:/Table/5{0-1} [(n1,s1):1, (n2,s2):2, (n3,s3):3, next=4, gen=8]; resp: (err: <nil>)\" Symptom:request_slow Self:n1 What:request to a range"},
		{`E240506 10:10:00.000000 60 kv/kvserver/replica_circuit_breaker.go:160 ⋮ [n1,s1,r12/1:‹/Table/5{0-1}›] 98  breaker: tripped with error: replica unavailable: (n1,s1):1 unable to serve request to r12:‹/Table/5{0-1}› [(n1,s1):1, (n2,s2):2, (n3,s3):3, next=4, gen=8]: closed timestamp: 1715.1,0 (2024-05-06 10:09:00); raft status: {"id":"1","raftState":"StateFollower"}: have been waiting 62.00s for slow proposal RequestLease`,
			"symptom Duration:1m2s Config:voters=(1 2 3) Text:\"have been waiting 62.00s for slow proposal RequestLease\" Symptom:commit_stuck Self:n1=r12/1"},
		{`I240506 10:10:00.000000 60 1@util/log/event_log.go:32 ⋮ [n1] 97 ={"Timestamp":1715000000000000000,"EventType":"node_restart","NodeID":1,"StartedAt":1715000000000000000,"LastUp":1714000000000000000}`,
			"symptom Symptom:started Self:n1"},
		{`{"channel_numeric":0,"channel":"DEV","timestamp":"1715000000.123456789","cluster_id":"1f0a","node_id":1,"severity_numeric":2,"severity":"WARNING","goroutine":98,"file":"kv/kvserver/replica_proposal.go","line":612,"entry_counter":415,"redactable":1,"tags":{"n":"1","s":"1","r":"12/1:‹/Table/5{0-1}›"},"message":"have been waiting 15.00s for slow proposal Put [‹/Table/50/1›]"}`,
			"symptom Duration:15s Text:\"Put [/Table/50/1]\" Symptom:commit_stuck Self:n1=r12/1"},
		{`W240506 10:10:00.000000 60 kv/kvserver/raft_transport.go:500 ⋮ [n1] 98  while processing outgoing Raft queue to node 3: ‹rpc error: code = Unavailable desc = error reading from server: EOF›:`,
			"symptom Text:\"rpc error: code = Unavailable desc = error reading from server: EOF:\" Symptom:link_down closed out Self:n1 Peer:n3"},
		{`W210506 10:11:12.123456 145 kv/kvserver/store.go:123  [n1,s1] 42  raft transport stream to node 2 failed: EOF`,
			"symptom Text:\"EOF\" Symptom:link_down closed out Self:n1 Peer:n2"},
		{`W240506 10:10:00.000000 60 vendor/google.golang.org/grpc/grpclog/component.go:41 ⋮ [-] 98  ‹[core]›‹[Channel #9 SubChannel #10] grpc: addrConn.createTransport failed to connect to {Addr: "10.0.0.2:26257", ServerName: "10.0.0.2:26257", }. Err: connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.2:26257: connect: connection refused"›`,
			"symptom Text:\"connection error: desc = \\\"transport: Error while dialing: dial tcp 10.0.0.2:26257: connect: connection refused\\\"\" Symptom:link_down refused out Peer:10.0.0.2:26257 What:grpc"},
	},
}

// crdbLink are the tags of a connection.
var crdbLink = map[string]string{"rnode": "peer=n", "raddr": "peer"}

// replicaWords spells the ids of raft's own lines, which count within a range:
// replica a of r12 is r12/10. That a replica starts says nothing of its
// process.
func replicaWords(l *line) {
	s := l.ev.Symptom
	rng, _ := uintAt(bytes.TrimPrefix([]byte(l.ev.Group), []byte("r")))
	if s == nil || rng == 0 {
		return
	}
	for _, list := range [...][]string{s.Self, s.Peer} {
		for i, w := range list {
			if id, n := hexAt([]byte(w)); n > 0 && n == len(w) {
				list[i] = l.p.in.string(replicaWord(rng, id))
			}
		}
	}
	if s.Sign == raftdiag.StartedUp {
		s.Sign = raftdiag.NoiseLine
		if l.ev.Has(raftdiag.HasConfig) {
			s.Sign = raftdiag.Membership
		}
	}
}

// ofReplica makes an event of another kind, of the replica that speaks.
func ofReplica(kind raftdiag.Kind, keep raftdiag.Field) func(l *line) bool {
	return func(l *line) bool {
		if id, n := hexAt(l.record.get("raft_id")); n > 0 && l.ev.Has(keep) {
			l.ev.Node = raftdiag.NodeID(id)
			stateAs(l.ev, kind, keep)
		}
		return true
	}
}

// crdbState reads {Lead:1 RaftState:StateLeader} or {Term:7 Vote:1 Commit:43}.
func crdbState(l *line) bool {
	id, n := hexAt(l.record.get("raft_id"))
	if n == 0 {
		return true
	}
	var e raftdiag.Event
	l.p.nested(l.get("state"), &e)
	e.Set &= raftdiag.HasTerm | raftdiag.HasVote | raftdiag.HasCommit | raftdiag.HasLead | raftdiag.HasRole
	if e.Set != 0 {
		e.Kind, e.Time, e.Writer, e.Group, e.Node = raftdiag.State, l.ev.Time, l.ev.Writer, l.ev.Group, raftdiag.NodeID(id)
		*l.ev = e
	}
	return true
}

// replicaAt reads (n2,s2):2 out of the text.
func replicaAt(l *line) bool {
	s := []byte(l.ev.Text)
	at := bytes.Index(s, []byte("(n"))
	if at < 0 {
		return true
	}
	node, replica, n := replicaIn(s[at:])
	if n == 0 {
		return true
	}
	l.ev.Set &^= raftdiag.HasText
	l.p.fill(l.ev, "peer=n", strconv.AppendUint(nil, node, 10))
	if rng, _ := uintAt(bytes.TrimPrefix([]byte(l.ev.Group), []byte("r"))); rng > 0 && replica > 0 {
		l.p.fill(l.ev, "peer", replicaWord(rng, replica))
	}
	return true
}

// replicaIn reads (n2,s2):2 at the start of s.
func replicaIn(s []byte) (node, replica uint64, n int) {
	i := 2
	node, w := uintAt(s[i:])
	if w == 0 || !has(s[i+w:], ",s") {
		return 0, 0, 0
	}
	i += w + 2
	if _, w = uintAt(s[i:]); w == 0 || !has(s[i+w:], ")") {
		return 0, 0, 0
	}
	i += w + 1
	if has(s[i:], ":") {
		replica, w = uintAt(s[i+1:])
		i += 1 + w
	}
	return node, replica, i
}

// replicaUnavailable reads why a replica serves nobody, and who is a member of
// its range:
//
//	(n1,s1):1 unable to serve request to r12:/Table/5 [(n1,s1):1, (n2,s2):2, next=4, gen=8]: lost quorum (down: (n2,s2):2)
func replicaUnavailable(l *line) bool {
	s := l.msg
	if at := bytes.Index(s, []byte(" request to r")); at >= 0 {
		rest := s[at+len(" request to r"):]
		if n, w := uintAt(rest); w > 0 && l.ev.Group == "" {
			l.ev.Group = l.p.in.string(strconv.AppendUint([]byte{'r'}, n, 10))
		}
		if open := bytes.Index(rest, []byte("[(n")); open >= 0 {
			c := &raftdiag.Config{}
			for list := rest[open+1:]; has(list, "(n") && len(c.Voters) < 64; {
				_, replica, n := replicaIn(list)
				if n == 0 || replica == 0 {
					break
				}
				list = list[n:]
				if has(list, "LEARNER") || has(list, "NON_VOTER") {
					c.Learners = append(c.Learners, raftdiag.NodeID(replica))
				} else {
					c.Voters = append(c.Voters, raftdiag.NodeID(replica))
				}
				end := bytes.Index(list, []byte(", "))
				if end < 0 {
					break
				}
				list = list[end+2:]
			}
			if len(c.Voters) > 0 {
				l.ev.Config, l.ev.Set = c, l.ev.Set|raftdiag.HasConfig
			}
		}
	}
	text := s
	if at := bytes.Index(s, []byte("lost quorum")); at >= 0 {
		l.ev.Symptom.Sign, text = raftdiag.QuorumLost, s[at:]
		down := bytes.Index(text, []byte("(down: "))
		if down >= 0 && bytes.Count(text[down:], []byte("):")) == 1 { // one node is down: it is the peer
			if node, _, n := replicaIn(text[down+len("(down: "):]); n > 0 {
				l.p.fill(l.ev, "peer=n", strconv.AppendUint(nil, node, 10))
			}
		}
	} else if at := bytes.Index(s, []byte("have been waiting ")); at >= 0 {
		text = s[at:]
		word, _, _ := bytes.Cut(s[at+len("have been waiting "):], []byte(" "))
		l.p.fill(l.ev, "dur", word)
	}
	if end := bytes.Index(text, []byte("; raft status: ")); end > 0 {
		text = text[:end]
	}
	l.ev.Set &^= raftdiag.HasText
	l.p.say(l.ev, text)
	l.ev.Symptom.Trouble = raftdiag.NoTrouble
	return true
}

// rangeOf finds the range that a request is for.
func rangeOf(before string) func(l *line) bool {
	return func(l *line) bool {
		if at := bytes.Index(l.msg, []byte(before)); at >= 0 && l.ev.Group == "" {
			if n, w := uintAt(l.msg[at+len(before):]); w > 0 {
				l.ev.Group = l.p.in.string(strconv.AppendUint([]byte{'r'}, n, 10))
			}
		}
		return true
	}
}

// nodeDescriptor reads by which address a node is known:
//
//	node_id:1 address:<network_field:"tcp" address_field:"crdb-0:26257" > attrs:<> ...
func nodeDescriptor(l *line) bool {
	s := []byte(l.ev.Text)
	if at := bytes.Index(s, []byte("node_id:")); at >= 0 {
		if n, w := uintAt(s[at+len("node_id:"):]); w > 0 && n > 0 {
			l.p.fill(l.ev, "self=n", strconv.AppendUint(nil, n, 10))
		}
	}
	if at := bytes.Index(s, []byte(`address_field:"`)); at >= 0 {
		word := s[at+len(`address_field:"`):]
		if end := bytes.IndexByte(word, '"'); end > 0 {
			l.p.fill(l.ev, "self", word[:end])
		}
	}
	l.ev.Set &^= raftdiag.HasText
	return true
}

// breakerPeer reads whom a breaker is for: rpc 10.0.0.1:26257->2 (old), or the
// tags of its connection.
func breakerPeer(l *line) bool {
	before, _, _ := bytes.Cut(l.msg, []byte(": tripped"))
	before, _, _ = bytes.Cut(before, []byte(" tripped"))
	before, _, _ = bytes.Cut(before, []byte(" event:"))
	before, _, _ = bytes.Cut(before, []byte(": breaker"))
	if at := bytes.LastIndex(before, []byte("->")); at >= 0 {
		if n, ok := whole(before[at+2:]); ok {
			l.p.fill(l.ev, "peer=n", strconv.AppendUint(nil, n, 10))
		} else {
			l.p.fill(l.ev, "peer", before[at+2:])
		}
		return true
	}
	if v := l.record.get("rnode"); v != nil {
		l.p.fill(l.ev, "peer=n", v)
		l.p.fill(l.ev, "peer", l.record.get("raddr"))
		return true
	}
	if at := bytes.Index(before, []byte("[n")); at >= 0 {
		if n, w := uintAt(before[at+2:]); w > 0 {
			l.p.fill(l.ev, "peer=n", strconv.AppendUint(nil, n, 10))
		}
	}
	return len(l.ev.Symptom.Peer) > 0
}

// grpcAddress reads whom grpc could not reach: {Addr: "10.0.0.2:26257", ...}
// or {10.0.0.2:26257 <nil>}.
func grpcAddress(l *line) bool {
	for _, c := range l.caught {
		if c.name != "text" {
			continue
		}
		word := bytes.TrimLeft(c.value, "{")
		if _, rest, ok := bytes.Cut(word, []byte(`Addr: "`)); ok {
			word = rest
		}
		if end := bytes.IndexAny(word, `" ,}`); end >= 0 {
			word = word[:end]
		}
		l.p.fill(l.ev, "peer", word)
	}
	l.ev.Set &^= raftdiag.HasText
	l.p.say(l.ev, l.get("err"))
	return true
}

// routineClose takes the ends of gossip's connections that are its own choice.
func routineClose(l *line) bool {
	text := []byte(l.ev.Text)
	for _, why := range [...]string{"duplicate connection", "received forward", "stopping outgoing client", "culling", "canceled"} {
		if bytes.Contains(text, []byte(why)) {
			l.ev.Symptom.Sign, l.ev.Symptom.Trouble = raftdiag.NoiseLine, raftdiag.NoTrouble
		}
	}
	return true
}

// fatalDies makes a fatal line of one that is a warning at lower levels.
func fatalDies(l *line) bool {
	if l.level == raftdiag.Fatal {
		if l.ev.Symptom.What == "" {
			l.ev.Symptom.What = l.ev.Symptom.Sign.String()
		}
		l.ev.Symptom.Sign = raftdiag.Died
		l.ev.Set &^= raftdiag.HasText
		l.p.say(l.ev, l.msg)
	}
	return true
}

// diskStall reads how long a write has not come back.
func diskStall(l *line) bool { return firstDuration(l) && fatalDies(l) }

// firstDuration takes the first duration of the text that is none of nothing.
func firstDuration(l *line) bool {
	words := bytes.Fields([]byte(l.ev.Text))
	for i, w := range words {
		w = bytes.Trim(w, "[](),;:")
		if len(w) == 0 || !digit(w[0]) {
			continue
		}
		if whole, ok := bytes.CutSuffix(w, []byte("s")); ok && len(whole) > 0 && (digit(whole[len(whole)-1]) || w[len(w)-2] == 'm' || bytes.HasSuffix(w, []byte("µs"))) {
			if l.p.fill(l.ev, "dur", w) && l.ev.Duration > 0 {
				return true
			}
			l.ev.Set &^= raftdiag.HasDuration
			continue
		}
		if i+1 < len(words) && bytes.HasPrefix(words[i+1], []byte("second")) {
			l.p.fill(l.ev, "dur", append(append([]byte(nil), w...), 's'))
			return true
		}
	}
	return true
}
