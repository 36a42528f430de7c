package parser

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// tikvLines are the words of TiKV around raft-rs: the raftstore, the transport
// between stores, snapshots and slow writes. Peers and stores have numbers from
// one sequence; the parser spells them tikv-peer-12 and store-4.
var tikvLines = foreign{
	dialect: tikvStore,
	name:    "TiKV",
	doc: "TiKV 3.0 and later around raft-rs: starts and deaths, connections between stores, leaders that are missing, proposals that do not commit, snapshots, " +
		"slow writes and applies. A region is a group; a node is a store, and a peer in each region.",
	keys: map[string]string{"region_id": "group=region-", "peer_id": "self=tikv-peer-", "err": "err", "term": "term"},
	speaks: func(r *record) bool {
		return r.env == tikvLog || r.env == jsonLog && (r.get("region_id") != nil || r.get("store_id") != nil || r.get("thread_id") != nil)
	},
	finish: tikvRegion,
	rest: &rule{sign: raftdiag.Died, fix: func(l *line) bool {
		if bytes.Contains(l.msg, []byte("duplicated store address")) {
			l.ev.Symptom.Sign = raftdiag.IDConflict
		}
		return l.level == raftdiag.Fatal && l.env == tikvLog && diedSaying(l)
	}},
	rules: []rule{
		// A process begins and ends.
		{text: "Welcome to TiKV", sign: raftdiag.StartedUp},
		{text: "start raft store thread", sign: raftdiag.NamesItself, keys: map[string]string{"store_id": "self=store-"}},
		{text: "start store", sign: raftdiag.StartedUp, keys: map[string]string{"store_id": "self=store-"}},
		{text: "put store to PD", sign: raftdiag.NamesItself, fix: storeItself},
		{text: "associated store labels", sign: raftdiag.NoiseLine},
		{text: "TiKV is ready to serve", sign: raftdiag.Serving},
		{text: "receive signal {}, stopping server", sign: raftdiag.ShuttingDown, fix: wholeText},
		{text: "stop raft store thread", sign: raftdiag.ShuttingDown, keys: map[string]string{"store_id": "self=store-"}, fix: wholeText},
		{text: "[region {group=region-:int}] {self=tikv-peer-:int} unexpected raft log index: last_index {last:int} < applied_index {index:int}", sign: raftdiag.Died, fix: wholeText},
		{text: "{} unexpected raft log index: last_index {last:int} < applied_index {index:int}", sign: raftdiag.Died, fix: wholeText},
		{text: "cluster ID mismatch, local {} != remote {}", sign: raftdiag.Died, trouble: raftdiag.ClusterMismatch, fix: wholeText},

		// Leaders and proposals.
		{text: "leader missing longer than {}_leader_missing_duration", sign: raftdiag.LeaderLost, keys: map[string]string{"expect": "dur"}},
		{text: "[region {group=region-:int}] {self=tikv-peer-:int} leader missing longer than {}_leader_missing_duration {dur:word}", sign: raftdiag.LeaderLost},
		{text: "found long uncommitted proposals", sign: raftdiag.CommitStuck, keys: map[string]string{"progress": "text"}, fix: func(l *line) bool {
			if v := bareValue(l.get("cache_first_index")); len(v) > 0 {
				l.p.fill(l.ev, "index", v)
			}
			return true
		}},
		{text: "skip proposal", sign: raftdiag.RequestFailed, what: "proposal"},
		{text: "failed to propose", sign: raftdiag.RequestFailed, what: "proposal"},
		{text: "entry is too large", sign: raftdiag.RequestFailed, trouble: raftdiag.TooLarge, what: "proposal"},
		{text: "min_matched < min_committed, this is likely caused by disk IO jitters", sign: raftdiag.AppendSlow, fix: wholeText},
		{text: "become follower for new logs", sign: raftdiag.NoiseLine},
		{text: "transfer leader", sign: raftdiag.TransferBegun, fix: peerIn("peer")},
		{text: "reject transferring leader", sign: raftdiag.TransferFailed, keys: map[string]string{"reason": "text"}, fix: peerIn("to")},
		{text: "reject to transfer leader", sign: raftdiag.TransferFailed, keys: map[string]string{"reason": "text"}, fix: peerIn("to")},
		{text: "ack transfer leader", sign: raftdiag.NoiseLine},
		{text: "try to transfer leader", sign: raftdiag.NoiseLine},
		{text: "Removing or demoting leader", sign: raftdiag.NoiseLine},
		{text: "leader lease is expired", sign: raftdiag.NoiseLine},
		{text: "becomes leader with lease", sign: raftdiag.NoiseLine},
		{text: "update leader info", sign: raftdiag.NoiseLine},
		{text: "execute admin command", sign: raftdiag.NoiseLine},

		// Members of a region. PD moves peers all the time.
		{text: "replicate peer", sign: raftdiag.NoiseLine},
		{text: "create peer", sign: raftdiag.NoiseLine},
		{text: "destroy peer", sign: raftdiag.NoiseLine},
		{text: "begin to destroy", sign: raftdiag.NoiseLine},
		{text: "peer destroy itself", sign: raftdiag.NoiseLine},
		{text: "target peer id is larger, destroying self", sign: raftdiag.NoiseLine},
		{text: "stale delegate detected, skip", sign: raftdiag.NoiseLine},
		{text: "add peer successfully", sign: raftdiag.MemberAdded, fix: peerIn("peer")},
		{text: "add learner successfully", sign: raftdiag.MemberAdded, fix: peerIn("peer"), what: "learner"},
		{text: "remove peer successfully", sign: raftdiag.MemberRemoved, fix: peerIn("peer")},
		{text: "conf change successfully", sign: raftdiag.Membership, fix: regionIn("current region")},
		{text: "exec ConfChange", sign: raftdiag.NoiseLine},
		{text: "propose conf change peer", sign: raftdiag.NoiseLine},
		{text: "notify pd with change peer region", sign: raftdiag.NoiseLine},
		{text: "there is a pending conf change, try later", sign: raftdiag.MembershipRefused, fix: wholeText},
		{text: "rejects unsafe conf chang", sign: raftdiag.MembershipRefused, fix: wholeText},

		// Between stores.
		{text: "resolve store address ok", sign: raftdiag.NamesPeer, keys: map[string]string{"store_id": "peer=store-", "addr": "peer"}},
		{text: "resolve store address failed", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.NoTrouble, what: "address", keys: map[string]string{"store_id": "peer=store-"}},
		{text: "store is not found in PD, retrying resolve", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.AddressUnknown, what: "address", keys: map[string]string{"store_id": "peer=store-"}},
		{text: "server: new connection with tikv endpoint", sign: raftdiag.NamesPeer, keys: map[string]string{"store_id": "peer=store-", "addr": "peer"}},
		{text: "connection established", sign: raftdiag.LinkUp, way: raftdiag.Outbound, keys: storeLink},
		{text: "wait connect timeout", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut, keys: storeLink},
		{text: "connection aborted", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "connection abort", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "connection fail", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "connection close", sign: raftdiag.NoiseLine, keys: storeLink},
		{text: "channel is unavailable, failed to schedule snapshot", sign: raftdiag.SnapshotSendFailed, keys: storeLink},
		{text: "broadcasting unreachable", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: map[string]string{"store_id": "self=store-", "unreachable_store_id": "peer=store-"}},
		{text: "RPC batch_raft fail", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "RPC raft fail", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "batch_raft RPC finally fail", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "raft RPC finally fail", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "batch_raft/raft RPC finally fail", sign: raftdiag.LinkDown, way: raftdiag.Outbound, keys: storeLink},
		{text: "failed to send msg to other peer", sign: raftdiag.SendDropped, way: raftdiag.Outbound,
			keys: map[string]string{"target_peer_id": "peer=tikv-peer-", "target_store_id": "peer=store-"}},
		{text: "handle raft message err", sign: raftdiag.PeerRefused, way: raftdiag.Inbound,
			keys: map[string]string{"from_peer_id": "peer=tikv-peer-", "from_store_id": "peer=store-", "msg_region_id": "group=region-", "msg_type": "type"}},
		{text: "send raft msg", sign: raftdiag.NoiseLine},
		{text: "handle raft message", sign: raftdiag.NoiseLine, keys: map[string]string{"err": "-"}},
		{text: "dispatch raft msg from gRPC to raftstore fail", sign: raftdiag.PeerRefused, way: raftdiag.Inbound},
		{text: "KvService::{} send response fail", sign: raftdiag.LinkDown, way: raftdiag.Inbound},
		{text: "batch_raft RPC is called, new gRPC stream established", sign: raftdiag.LinkUp, way: raftdiag.Inbound, keys: map[string]string{"source_store_id": "peer=store-"}},
		{text: "raft RPC is called, new gRPC stream established", sign: raftdiag.LinkUp, way: raftdiag.Inbound, keys: map[string]string{"source_store_id": "peer=store-"}},
		{text: "store not match, ignore it", sign: raftdiag.PeerRefused, way: raftdiag.Inbound, trouble: raftdiag.PeerMismatch, keys: map[string]string{"store_id": "self=store-"}},
		{text: "missing epoch in raft message, ignore it", sign: raftdiag.NoiseLine},
		{text: "raft message is stale", sign: raftdiag.NoiseLine},
		{text: "failed to look up recipient peer", sign: raftdiag.NoiseLine},
		{text: "Handshake failed with fatal error {err}", sign: raftdiag.LinkDown, fix: func(l *line) bool {
			if s := l.ev.Symptom; s.Trouble == raftdiag.UnclearTrouble {
				s.Trouble = raftdiag.TLSOther
			}
			return true
		}},
		{text: "PD failed to respond", sign: raftdiag.RequestFailed, what: "PD"},
		{text: "request failed, retry", sign: raftdiag.RequestFailed, what: "PD"},

		// Snapshots.
		{text: "requesting snapshot", sign: raftdiag.NoiseLine},
		{text: "start sending snapshot", sign: raftdiag.SnapshotSent, keys: snapshotLink},
		{text: "sent snapshot", sign: raftdiag.SnapshotSent, keys: snapshotLink},
		{text: "scan snapshot", sign: raftdiag.NoiseLine},
		{text: "saving snapshot file", sign: raftdiag.SnapshotArrived},
		{text: "saving all snapshot files", sign: raftdiag.SnapshotArrived},
		{text: "report snapshot status", sign: raftdiag.SnapshotSent, fix: func(l *line) bool {
			if bytes.Contains(l.get("status"), []byte("Fail")) {
				l.ev.Symptom.Sign = raftdiag.SnapshotSendFailed
			}
			return peerIn("to")(l)
		}},
		{text: "begin to apply snapshot", sign: raftdiag.SnapshotArrived},
		{text: "begin apply snap data", sign: raftdiag.NoiseLine},
		{text: "apply new data", sign: raftdiag.NoiseLine},
		{text: "apply snapshot with state ok", sign: raftdiag.SnapshotApplied, fix: func(l *line) bool {
			if _, rest, ok := bytes.Cut(l.get("state"), []byte("applied_index: ")); ok {
				if n, w := uintAt(rest); w > 0 {
					l.ev.Index, l.ev.Set = raftdiag.Index(n), l.ev.Set|raftdiag.HasIndex
				}
			}
			return true
		}},
		{text: "snapshot is applied", sign: raftdiag.Membership, fix: regionIn("region")},
		{text: "snapshot is persisted", sign: raftdiag.NoiseLine},
		{text: "snapshot is stale, generate again", sign: raftdiag.NoiseLine},
		{text: "too many recving snapshot tasks, ignore", sign: raftdiag.Overload, what: "snapshots"},
		{text: "too many sending snapshot tasks, drop Send Snap[to: {peer=store-:int}", sign: raftdiag.SnapshotSendFailed, trouble: raftdiag.BufferFull},
		{text: "too many sending snapshot tasks, drop Send Snap", sign: raftdiag.SnapshotSendFailed, trouble: raftdiag.BufferFull},
		{text: "failed to send snap", sign: raftdiag.SnapshotSendFailed, way: raftdiag.Outbound, keys: snapshotLink},
		{text: "failed to recv snapshot", sign: raftdiag.SnapshotSendFailed, way: raftdiag.Inbound},
		{text: "failed to try generating snapshot", sign: raftdiag.SnapshotSendFailed},
		{text: "failed to apply snap!!!", sign: raftdiag.StorageBroken, what: "snapshot"},
		{text: "applying snapshot is aborted", sign: raftdiag.NoiseLine},
		{text: "{} applying snapshot failed", sign: raftdiag.StorageBroken, what: "snapshot"},

		// What is slow, and what is broken.
		{text: "[store {self=store-:int}] async write too slow, {text}", sign: raftdiag.DiskSlow, what: "raft log", keys: inMillis, fix: slowTakes},
		{text: "[store {self=store-:int}] handle {} store messages", sign: raftdiag.LoopSlow, keys: inMillis, fix: slowTakes},
		{text: "[region {group=region-:int}] {self=tikv-peer-:int} handle {} peer messages", sign: raftdiag.LoopSlow, keys: inMillis, fix: slowTakes},
		{text: "[region {group=region-:int}] {self=tikv-peer-:int} handle ready {count:int} committed entries", sign: raftdiag.ApplySlow, keys: inMillis, fix: slowTakes},
		{text: "{} handle {} pending peers include {text}", sign: raftdiag.LoopSlow, keys: inMillis, fix: slowTakes},
		{text: "peer is busy on applying logs", sign: raftdiag.ApplyBehind, keys: map[string]string{"last_commit_idx": "commit", "last_applied_idx": "applied"}},
		{text: "peer completes applying logs", sign: raftdiag.NoiseLine},
		{text: "check store is busy on apply", sign: raftdiag.NoiseLine},
		{text: "detected rocksdb background error", sign: raftdiag.StorageBroken, what: "RocksDB"},
		{text: "raft log is committed", sign: raftdiag.NoiseLine},
		{text: "async apply finish", sign: raftdiag.NoiseLine},
		{text: "handle raft ready", sign: raftdiag.NoiseLine},
		{text: "peer start pending", sign: raftdiag.NoiseLine},
		{text: "peer has caught up logs", sign: raftdiag.NoiseLine},
		{text: "scheduling raft log gc task", sign: raftdiag.NoiseLine},
	},
	samples: []sample{
		{`[2020/08/14 11:08:20.054 +08:00] [INFO] [node.rs:173] ["put store to PD"] [store="id: 7 address: \"127.0.0.1:10929\" labels { key: \"host\" value: \"tikv3\" } version: \"4.1.0-alpha\" status_address: \"127.0.0.1:20183\" git_hash: \"df2fab45b19b5d067ff55ff5074819c50eef3ea2\" start_timestamp: 1597374500 deploy_path: \"/Users/x/work/tikv/target/debug\""]`,
			"symptom Symptom:self Self:store-7=127.0.0.1:10929"},
		{`[2020/08/14 11:08:20.056 +08:00] [INFO] [replication_mode.rs:51] ["associated store labels"] [labels="[key: \"host\" value: \"tikv3\"]"] [store_id=7]`,
			"symptom Symptom:noise"},
		{`[2020/08/14 11:08:20.056 +08:00] [INFO] [node.rs:386] ["start raft store thread"] [store_id=7]`,
			"symptom Symptom:self Self:store-7"},
		{`[2020/08/14 11:08:20.056 +08:00] [INFO] [store.rs:942] ["start store"] [takes=109.632µs] [merge_count=0] [applying_count=0] [tombstone_count=0] [region_count=0] [store_id=7]`,
			"symptom Symptom:started Self:store-7"},
		{`[2020/08/14 11:08:20.081 +08:00] [INFO] [server.rs:244] ["TiKV is ready to serve"]`,
			"symptom Symptom:serving"},
		{`[2020/08/14 11:08:30.129 +08:00] [INFO] [kv.rs:615] ["batch_raft RPC is called, new gRPC stream established"]`,
			"symptom Symptom:link_up in"},
		{`[2020/08/14 11:08:30.130 +08:00] [INFO] [peer.rs:219] ["replicate peer"] [peer_id=8] [region_id=2]`,
			"symptom Symptom:noise Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.133 +08:00] [INFO] [transport.rs:145] ["resolve store address ok"] [addr=127.0.0.1:10927] [store_id=1]`,
			"symptom Symptom:peer Peer:127.0.0.1:10927=store-1"},
		{`[2020/08/14 11:08:30.133 +08:00] [INFO] [raft_client.rs:49] ["server: new connection with tikv endpoint"] [addr=127.0.0.1:10927]`,
			"symptom Symptom:peer Peer:127.0.0.1:10927"},
		{`[2020/08/14 11:08:30.155 +08:00] [INFO] [snap.rs:224] ["saving snapshot file"] [file=/Users/x/db3/snap/rev_2_8_11_(default|lock|write).sst] [snap_key=2_8_11]`,
			"symptom Symptom:snapshot_arrived"},
		{`[2020/08/14 11:08:30.169 +08:00] [INFO] [peer_storage.rs:1079] ["begin to apply snapshot"] [peer_id=8] [region_id=2]`,
			"symptom Symptom:snapshot_arrived Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.169 +08:00] [INFO] [peer_storage.rs:1122] ["apply snapshot with state ok"] [state="applied_index: 11 truncated_state { index: 11 term: 8 }"] [region="id: 2 region_epoch { conf_ver: 4 version: 1 } peers { id: 3 store_id: 1 } peers { id: 6 store_id: 5 } peers { id: 8 store_id: 7 is_learner: true }"] [peer_id=8] [region_id=2]`,
			"symptom Index:11 Symptom:snapshot_applied Self:tikv-peer-8=store-7"},
		{`[2020/08/14 11:08:30.170 +08:00] [INFO] [peer.rs:2766] ["snapshot is applied"] [region="id: 2 region_epoch { conf_ver: 4 version: 1 } peers { id: 3 store_id: 1 } peers { id: 6 store_id: 5 } peers { id: 8 store_id: 7 is_learner: true }"] [peer_id=8] [region_id=2]`,
			"symptom Config:voters=(3 6) learners=(8) Symptom:membership Self:tikv-peer-8=store-7"},
		{`[2020/08/14 11:08:30.882 +08:00] [INFO] [apply.rs:1261] ["execute admin command"] [command="cmd_type: ChangePeer change_peer { peer { id: 8 store_id: 7 } }"] [index=12] [term=8] [peer_id=8] [region_id=2]`,
			"symptom Term:8 Symptom:noise Self:tikv-peer-8"},
		{`[2020/08/14 11:08:30.882 +08:00] [INFO] [apply.rs:1648] ["add peer successfully"] [region="id: 2 region_epoch { conf_ver: 4 version: 1 } peers { id: 3 store_id: 1 } peers { id: 6 store_id: 5 } peers { id: 8 store_id: 7 is_learner: true }"] [peer="id: 8 store_id: 7"] [peer_id=8] [region_id=2]`,
			"symptom Symptom:member_added Self:tikv-peer-8=store-7 Peer:tikv-peer-8=store-7"},
		{`[2024/05/06 10:11:13.003 +00:00] [DEBUG] [peer.rs:1952] ["send raft msg"] [disk_usage=Normal] [to=13] [msg_size=64] [msg_type=MsgAppend] [peer_id=12] [region_id=10]`,
			"symptom Symptom:noise Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.004 +00:00] [DEBUG] [peer.rs:2864] ["handle raft message"] [is_initialized_peer=true] [to_peer_id=13] [from_peer_id=12] [message_type=MsgAppend] [peer_id=13] [region_id=10]`,
			"symptom Symptom:noise Self:tikv-peer-13"},
		{`[2024/05/06 10:12:13.004 +00:00] [WARN] [peer.rs:3380] ["found long uncommitted proposals"] [next_turn_threshold=20s] [cache_first_index=Some(93)] [progress="[(12, 0, 120), (13, 0, 92), (14, 0, 92)]"] [peer_id=12] [region_id=10]`,
			"symptom Index:93 Text:\"[(12, 0, 120), (13, 0, 92), (14, 0, 92)]\" Symptom:commit_stuck Self:tikv-peer-12"},
		{`[2024/05/06 10:12:14.000 +00:00] [WARN] [raft_client.rs:920] ["wait connect timeout"] [addr=10.0.0.3:20160] [store_id=3]`,
			"symptom Symptom:link_down timed_out out Peer:10.0.0.3:20160=store-3"},
		{`[2024/05/06 10:12:14.000 +00:00] [WARN] [raft_client.rs:585] ["connection aborted"] [addr=10.0.0.3:20160] [receiver_err="Some(RpcFailure(RpcStatus { code: 14-UNAVAILABLE, message: \"failed to connect to all addresses\", details: [] }))"] [sink_error="Some(RpcFinished(Some(RpcStatus { code: 14-UNAVAILABLE, message: \"Connection timed out\", details: [] })))"] [store_id=3]`,
			"symptom Text:\"Some(RpcFinished(Some(RpcStatus { code: 14-UNAVAILABLE, message: \\\"Connection timed out\\\", details: [] })))\" Symptom:link_down timed_out out Peer:10.0.0.3:20160=store-3"},
		{`[2024/05/06 10:12:14.100 +00:00] [INFO] [store.rs:2512] ["broadcasting unreachable"] [unreachable_store_id=3] [store_id=1]`,
			"symptom Symptom:link_down out Self:store-1 Peer:store-3"},
		{`[2023/12/27 04:42:01.909 +08:00] [FATAL] [lib.rs:509] ["Failed to recover sst file: /38457359.sst, error: file still exists"] [backtrace="   0: tikv_util"] [location=components/x.rs:1] [thread_name=store]`,
			"symptom Text:\"Failed to recover sst file: /38457359.sst, error: file still exists\" Symptom:died"},
		{`[2024/05/06 10:13:14.000 +00:00] [WARN] [write.rs:812] ["[store 1] async write too slow, write_kv: 0s, write_raft: 2.1s, send: 0s, callback: 0s thread: store-writer-0"] [takes=2103]`,
			"symptom Duration:2.103s Text:\"write_kv: 0s, write_raft: 2.1s, send: 0s, callback: 0s thread: store-writer-0\" Symptom:disk_slow Self:store-1 What:raft log"},
		{`[2024/05/06 10:11:13.000 +00:00] [WARN] [peer.rs:700] ["leader missing longer than abnormal_leader_missing_duration"] [expect=10m] [peer_id=12] [region_id=10]`,
			"symptom Duration:10m0s Symptom:leader_lost Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [signal_handler.rs:21] ["receive signal 15, stopping server..."]`,
			"symptom Text:\"receive signal 15, stopping server...\" Symptom:stopping"},
		{`[2024/05/06 10:11:13.000 +00:00] [ERROR] [raft_client.rs:800] ["resolve store address failed"] [err_code=KV:Unknown] [err="Other(\"store 4 has been removed\")"] [store_id=4]`,
			"symptom Text:\"Other(\\\"store 4 has been removed\\\")\" Symptom:link_down peer_removed out Peer:store-4 What:address"},
		{`[2024/05/06 10:11:13.000 +00:00] [WARN] [store.rs:600] ["handle raft message err"] [err_code=KV:Raftstore:RegionNotFound] [err="RegionNotFound(10, None)"] [msg_type=MsgAppend] [msg_region_id=10] [from_peer_id=13] [from_store_id=4]`,
			"symptom Type:MsgApp Text:\"RegionNotFound(10, None)\" Symptom:peer_refused unclear in Peer:tikv-peer-13=store-4"},
		{`[2024/05/06 10:11:13.000 +00:00] [ERROR] [<unknown>] ["Handshake failed with fatal error SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED."]`,
			"symptom Text:\"SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED.\" Symptom:link_down tls_other"},
		{`[2024/05/06 10:11:13.000 +00:00] [WARN] [peer.rs:700] ["[region 10] 12 handle ready 731 committed entries"] [takes=1840]`,
			"symptom Count:731 Duration:1.84s Symptom:apply_slow Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.000 +00:00] [WARN] [snap.rs:700] ["failed to send snap"] [err="Grpc(RpcFailure(RpcStatus { code: 14-UNAVAILABLE, message: \"Socket closed\", details: [] }))"] [region_id=10] [to_addr=10.0.0.3:20160]`,
			"symptom Text:\"Grpc(RpcFailure(RpcStatus { code: 14-UNAVAILABLE, message: \\\"Socket closed\\\", details: [] }))\" Symptom:snapshot_send_failed closed out Peer:10.0.0.3:20160"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [peer.rs:3000] ["report snapshot status"] [status=Failure] [to="id: 13 store_id: 4"] [peer_id=12] [region_id=10]`,
			"symptom Symptom:snapshot_send_failed Self:tikv-peer-12 Peer:tikv-peer-13=store-4"},
		{`[2024/05/06 10:11:13.000 +00:00] [INFO] [peer.rs:3000] ["transfer leader"] [peer="id: 13 store_id: 4"] [peer_id=12] [region_id=10]`,
			"symptom Symptom:transfer Self:tikv-peer-12 Peer:tikv-peer-13=store-4"},
		{`[2024/05/06 10:11:13.000 +00:00] [WARN] [peer.rs:3000] ["min_matched < min_committed, this is likely caused by disk IO jitters"] [min_committed=93] [min_matched=90] [peer_id=12] [region_id=10]`,
			"symptom Text:\"min_matched < min_committed, this is likely caused by disk IO jitters\" Symptom:append_slow Self:tikv-peer-12"},
		{`[2024/05/06 10:11:13.000 +00:00] [WARN] [store.rs:243] ["detected rocksdb background error"] [err="Corruption: block checksum mismatch: stored = 2981909476, computed = 324654415"] [sst=/38457359.sst]`,
			"symptom Text:\"Corruption: block checksum mismatch: stored = 2981909476, computed = 324654415\" Symptom:storage_broken corrupted What:RocksDB"},
		{`[2024/05/06 10:11:12.123 +00:00] [FATAL] [lib.rs:509] ["[region 20] 22 unexpected raft log index: last_index 5 < applied_index 7"] [backtrace=x]`,
			"symptom Index:7 Last:5 Text:\"[region 20] 22 unexpected raft log index: last_index 5 < applied_index 7\" Symptom:died Self:tikv-peer-22"},
		{`[2024/05/06 10:11:12.123 +00:00] [FATAL] [server.rs:1100] ["failed to start node: Grpc(RpcFailure(RpcStatus { code: 2-UNKNOWN, message: \"duplicated store address: id:4 address:\\\"10.0.0.1:20160\\\" , already registered by id:1\", details: [] }))"]`,
			"symptom Text:\"failed to start node: Grpc(RpcFailure(RpcStatus { code: 2-UNKNOWN, message: \\\"duplicated store address: id:4 address:\\\\\\\"10.0.0.1:20160\\\\\\\" , already registered by id:1\\\", details: [] }))\" Symptom:id_conflict"},
	},
}

// storeLink are the fields of lines about a connection to another store.
var storeLink = map[string]string{"store_id": "peer=store-", "addr": "peer", "to_addr": "peer", "receiver_err": "err", "sink_error": "err", "sink_err": "err"}

var snapshotLink = map[string]string{"to_addr": "peer", "addr": "peer", "duration": "dur"}

var inMillis = map[string]string{"takes": "-"}

// slowTakes reads the milliseconds of a slow log's line.
func slowTakes(l *line) bool {
	v := l.get("takes")
	if n, ok := whole(v); ok && n < 1<<40 {
		l.ev.Duration, l.ev.Set = time.Duration(n)*time.Millisecond, l.ev.Set|raftdiag.HasDuration
	} else {
		l.p.fill(l.ev, "dur", v)
	}
	return true
}

// diedSaying makes the event of a process's last line.
func diedSaying(l *line) bool {
	l.p.say(l.ev, l.msg)
	if t := troubleOf(l.msg); t != raftdiag.UnclearTrouble {
		l.ev.Symptom.Trouble = t
	}
	return true
}

// storeItself reads the store that registers with PD:
//
//	id: 7 address: "127.0.0.1:10929" labels { key: "host" value: "tikv3" } version: "4.1.0"
func storeItself(l *line) bool {
	v := l.get("store")
	for _, f := range [...]struct{ key, hole string }{{"id: ", "self=store-"}, {`peer_address: "`, "self"}, {`address: "`, "self"}} {
		for at := 0; at < len(v); {
			i := bytes.Index(v[at:], []byte(f.key))
			if i < 0 {
				break
			}
			at += i
			begins := at == 0 || v[at-1] == ' '
			at += len(f.key)
			if !begins { // status_address
				continue
			}
			word := v[at:]
			if end := bytes.IndexAny(word, `" `); end >= 0 {
				word = word[:end]
			}
			l.p.fill(l.ev, f.hole, word)
			break
		}
	}
	return true
}

// peerIn reads a peer of a region out of a field: id: 8 store_id: 7, or its
// number alone.
func peerIn(key string) func(l *line) bool {
	return func(l *line) bool {
		v := l.get(key)
		if n, ok := whole(v); ok && n > 0 {
			l.p.fill(l.ev, "peer=tikv-peer-", v)
			return true
		}
		if peer, store, _ := regionPeer(v); peer > 0 {
			l.p.fill(l.ev, "peer=tikv-peer-", strconv.AppendUint(nil, peer, 10))
			if store > 0 {
				l.p.fill(l.ev, "peer=store-", strconv.AppendUint(nil, store, 10))
			}
		}
		return true
	}
}

// regionPeer reads id: 8 store_id: 7 is_learner: true.
func regionPeer(s []byte) (peer, store uint64, learner bool) {
	number := func(key string) uint64 {
		for at := 0; ; {
			i := bytes.Index(s[at:], []byte(key))
			if i < 0 {
				return 0
			}
			at += i + len(key)
			if i := at - len(key); i == 0 || s[i-1] == ' ' || s[i-1] == '{' {
				n, _ := uintAt(s[at:])
				return n
			}
		}
	}
	return number("id: "), number("store_id: "), bytes.Contains(s, []byte("earner"))
}

// regionIn reads the members of a region out of a field.
func regionIn(key string) func(l *line) bool {
	return func(l *line) bool {
		if c := regionConfig(l.get(key), nil); c != nil {
			l.ev.Config, l.ev.Set = c, l.ev.Set|raftdiag.HasConfig
		}
		return true
	}
}

// regionConfig reads the peers of a region:
//
//	id: 2 region_epoch { conf_ver: 4 version: 1 } peers { id: 3 store_id: 1 } peers { id: 8 store_id: 7 is_learner: true }
func regionConfig(s []byte, each func(peer, store uint64)) *raftdiag.Config {
	c := &raftdiag.Config{}
	for len(c.Voters)+len(c.Learners) < 64 {
		_, rest, ok := bytes.Cut(s, []byte("peers {"))
		if !ok {
			break
		}
		end := bytes.IndexByte(rest, '}')
		if end < 0 {
			break
		}
		peer, store, learner := regionPeer(rest[:end])
		s = rest[end:]
		if peer == 0 {
			continue
		}
		if learner {
			c.Learners = append(c.Learners, raftdiag.NodeID(peer))
		} else {
			c.Voters = append(c.Voters, raftdiag.NodeID(peer))
		}
		if each != nil {
			each(peer, store)
		}
	}
	if len(c.Voters) == 0 {
		return nil
	}
	return c
}

// tikvRegion adds the store to a peer that speaks, where the line shows the
// region's members.
func tikvRegion(l *line) bool {
	s := l.ev.Symptom
	if s == nil || len(s.Self) != 1 || !strings.HasPrefix(s.Self[0], "tikv-peer-") {
		return true
	}
	self := s.Self[0][len("tikv-peer-"):]
	for _, f := range l.fields {
		if string(f.key) != "region" && string(f.key) != "current region" {
			continue
		}
		regionConfig(f.value, func(peer, store uint64) {
			if store > 0 && strconv.FormatUint(peer, 10) == self {
				l.p.fill(l.ev, "self=store-", strconv.AppendUint(nil, store, 10))
			}
		})
	}
	return true
}
