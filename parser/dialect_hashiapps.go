package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// hashiapps is what programs around hashicorp/raft say of their own: Consul,
// Nomad, Vault, rqlite, with serf and memberlist. It ties names to ids and
// addresses and shows reachability by gossip. Members of gossip need not be
// members of Raft, and those of a wide-area network have other names.
var hashiapps = foreign{
	dialect: hashiRaft,
	name:    "Consul, Nomad, Vault, rqlite",
	doc: "what Consul, Nomad, Vault and rqlite print around hashicorp/raft: servers by name, id and address, joining and leaving, " +
		"autopilot, and the reachability that serf and memberlist see.",
	keys:    map[string]string{"error": "err", "err": "err"},
	samples: hashiAppLines,
	rules: []rule{
		// Consul and Nomad.
		{text: "==> Starting Consul agent", sign: raftdiag.StartedUp},
		{text: "==> Starting Nomad agent", sign: raftdiag.StartedUp},
		{text: "==> Vault server started!", sign: raftdiag.StartedUp},
		{text: "==> Consul agent running!", sign: raftdiag.Serving},
		{text: "==> Nomad agent started!", sign: raftdiag.Serving},
		{text: "Consul agent running!", sign: raftdiag.Serving},
		{text: "Node ID: '{self}'", sign: raftdiag.NamesItself},
		{text: "Node name: '{self}'", sign: raftdiag.NamesItself},
		{text: "Adding LAN server", sign: raftdiag.NamesPeer, fix: hashiServerMeta},
		{text: "Updating LAN server", sign: raftdiag.NamesPeer, fix: hashiServerMeta},
		{text: "Removing LAN server", sign: raftdiag.NoiseLine, fix: hashiServerMeta},
		{text: "adding server", sign: raftdiag.NamesPeer, fix: hashiServerMeta},
		{text: "removing server", sign: raftdiag.NoiseLine, fix: hashiServerMeta},
		{text: "New leader elected", sign: raftdiag.LeaderKnown, logger: "agent", keys: map[string]string{"payload": "peer"}, fix: named},
		{text: "New leader elected: {peer:word}", sign: raftdiag.LeaderKnown, logger: "consul"},
		{text: "cluster leadership acquired", sign: raftdiag.NoiseLine},
		{text: "cluster leadership lost", sign: raftdiag.NoiseLine},
		{text: "Handled event for server in area", sign: raftdiag.NoiseLine},
		{text: "Handled member-{} event for server", sign: raftdiag.NoiseLine},
		{text: "member joined, marking health alive", sign: raftdiag.NoiseLine},
		{text: "member failed, marking health critical", sign: raftdiag.NoiseLine},
		{text: "member '{}' joined, marking health alive", sign: raftdiag.NoiseLine},
		{text: "member '{}' failed, marking health critical", sign: raftdiag.NoiseLine},
		{text: "Found expected number of peers, attempting bootstrap", sign: raftdiag.Membership, keys: map[string]string{"peers": "text"}, fix: hashiExpected},
		{text: "Existing Raft peers reported by", sign: raftdiag.NoiseLine},
		{text: "Raft data found, disabling bootstrap mode", sign: raftdiag.NoiseLine},
		{text: "Two nodes are in bootstrap mode", sign: raftdiag.MembershipRefused, what: "bootstrap"},
		{text: "Member has a conflicting expect value", sign: raftdiag.MembershipRefused, what: "bootstrap"},
		{text: "Failed to confirm peer status for ", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "rpc", fix: rpcFailed},
		{text: "RPC failed to server", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "rpc", fix: rpcFailed},
		{text: "failed to sync remote state", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "Failed to sync remote state", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "Coordinate update error", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "coordinate update error", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "Request error", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "request failed", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "error registering", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "error heartbeating", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "failed to reconcile", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "failed to wait for barrier", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "failed to establish leadership", sign: raftdiag.RequestFailed, fix: leaderless},
		{text: "failed to transfer leadership", sign: raftdiag.TransferFailed},
		{text: "failed to transfer leadership attempt, will retry", sign: raftdiag.TransferFailed},
		{text: "successfully transferred leadership", sign: raftdiag.TransferDone},
		{text: "Join cluster failed, will retry", sign: raftdiag.JoinFailed},
		{text: "(LAN) couldn't join", sign: raftdiag.JoinFailed},
		{text: "Join failed: {err}", sign: raftdiag.JoinFailed},
		{text: "join failed: {err}", sign: raftdiag.JoinFailed},
		{text: "(LAN) joined", sign: raftdiag.NoiseLine},
		{text: "(LAN) joining", sign: raftdiag.NoiseLine},
		{text: "(WAN) {}", sign: raftdiag.NoiseLine, logger: "agent"},
		{text: "Joining cluster...", sign: raftdiag.NoiseLine},
		{text: "Join cluster completed", sign: raftdiag.NoiseLine},
		{text: "Failed to bootstrap cluster", sign: raftdiag.JoinFailed, what: "bootstrap"},
		{text: "server starting leave", sign: raftdiag.ShuttingDown},
		{text: "Gracefully shutting down agent", sign: raftdiag.ShuttingDown},
		{text: "Requesting shutdown", sign: raftdiag.ShuttingDown},
		{text: "requesting shutdown", sign: raftdiag.ShuttingDown},
		{text: "requesting server shutdown", sign: raftdiag.ShuttingDown},
		{text: "shutting down server", sign: raftdiag.ShuttingDown},
		{text: "consul server down", sign: raftdiag.ShuttingDown},
		{text: "Graceful shutdown completed", sign: raftdiag.ShuttingDown},
		{text: "Caught: signal={}", sign: raftdiag.ShuttingDown, fix: signalled},
		{text: "Caught", sign: raftdiag.ShuttingDown, logger: "agent", fix: signalled},
		{text: "==> Caught signal: {}", sign: raftdiag.ShuttingDown, fix: signalled},
		{text: "failed to leave raft configuration gracefully", sign: raftdiag.NoiseLine},
		{text: "Raft has a leader but other tracking of the node would indicate that the node is unhealthy", sign: raftdiag.NoiseLine},

		// Vault.
		{text: "creating Raft", sign: raftdiag.NamesItself, fix: vaultRaft},
		{text: "vault is unsealed", sign: raftdiag.Serving, logger: "core"},
		{text: "vault is sealed", sign: raftdiag.ShuttingDown, logger: "core", what: "sealed"},
		{text: "==> Vault shutdown triggered", sign: raftdiag.ShuttingDown},
		{text: "entering standby mode", sign: raftdiag.NoiseLine, logger: "core"},
		{text: "acquired lock, enabling active operation", sign: raftdiag.NoiseLine, logger: "core"},
		{text: "stopping active operation", sign: raftdiag.NoiseLine, logger: "core"},
		{text: "leadership lost, stopping active operation", sign: raftdiag.NoiseLine, logger: "core"},
		{text: "step-down detected, waiting to retry leadership", sign: raftdiag.NoiseLine},
		{text: "attempting to join possible raft leader node", sign: raftdiag.NoiseLine},
		{text: "successfully joined the raft cluster", sign: raftdiag.NoiseLine},
		{text: "join attempt failed", sign: raftdiag.JoinFailed},
		{text: "failed to join raft cluster", sign: raftdiag.JoinFailed},
		{text: "failed to retry join raft cluster", sign: raftdiag.JoinFailed},
		{text: "failed to get raft challenge", sign: raftdiag.JoinFailed},
		{text: "error during forwarded RPC request", sign: raftdiag.RequestFailed},
		{text: "forward request error", sign: raftdiag.RequestFailed},
		{text: "error while forwarding request", sign: raftdiag.RequestFailed},
		{text: "installing snapshot to FSM", sign: raftdiag.NoiseLine},
		{text: "snapshot installed", sign: raftdiag.NoiseLine},

		// Autopilot.
		{text: "Promoting server", sign: raftdiag.MemberPromoted, keys: serverKeys},
		{text: "Demoting server", sign: raftdiag.Membership, keys: serverKeys, what: "demotion"},
		{text: "Attempting removal of failed server node", sign: raftdiag.NoiseLine, keys: serverKeys},
		{text: "removing server by ID", sign: raftdiag.NoiseLine, keys: serverKeys},
		{text: "removed server", sign: raftdiag.MemberRemoved, keys: serverKeys, fix: named},
		{text: "removed server with duplicate address", sign: raftdiag.MemberRemoved, keys: serverKeys},
		{text: "failed to remove raft server", sign: raftdiag.MembershipRefused, keys: serverKeys},
		{text: "failed to add raft {} peer", sign: raftdiag.MembershipRefused, keys: serverKeys},
		{text: "failed to demote raft peer", sign: raftdiag.MembershipRefused, keys: serverKeys},
		{text: "Transferring leadership to new server", sign: raftdiag.TransferBegun, keys: serverKeys},
		{text: "Failed to reconcile current state with the desired state", sign: raftdiag.NoiseLine},
		{text: "Failed to prune dead servers", sign: raftdiag.NoiseLine},
		{text: "Error when computing next state", sign: raftdiag.NoiseLine},
		{text: "Ignoring {}motion of ", sign: raftdiag.NoiseLine},
		{text: "Not promoting server", sign: raftdiag.NoiseLine},
		{text: "will not remove server", sign: raftdiag.NoiseLine},
		{text: "reconciliation now {}abled", sign: raftdiag.NoiseLine},
		{text: "autopilot is now {}", sign: raftdiag.NoiseLine},
		{text: "state update routine is now {}", sign: raftdiag.NoiseLine},

		// serf and memberlist.
		{text: "EventMemberJoin: {member:word}", sign: raftdiag.LinkUp, what: "gossip", fix: gossip},
		{text: "EventMemberFailed: {member:word}", sign: raftdiag.ContactLost, what: "gossip", fix: gossip},
		{text: "EventMemberLeave: {member:word}", sign: raftdiag.NoiseLine, fix: gossip},
		{text: "EventMemberLeave (forced): {member:word}", sign: raftdiag.NoiseLine, fix: gossip},
		{text: "EventMemberReap", sign: raftdiag.NoiseLine},
		{text: "EventMemberUpdate", sign: raftdiag.NoiseLine},
		{text: "Suspect {member:word} has failed, no acks received", sign: raftdiag.ContactLost, what: "gossip", fix: gossip},
		{text: "Marking {member:word} as failed, suspect timeout reached", sign: raftdiag.ContactLost, what: "gossip", fix: gossip},
		{text: "Failed UDP ping: {member:word} (timeout reached)", sign: raftdiag.ContactLost, what: "gossip", fix: gossip},
		{text: "Failed ping: {member:word} (timeout reached)", sign: raftdiag.ContactLost, what: "gossip", fix: gossip},
		{text: "Push/Pull with {member:word} failed: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, what: "gossip", fix: gossip},
		{text: "Was able to connect to {member:word} over TCP but UDP probes failed", sign: raftdiag.NoiseLine, fix: gossip},
		{text: "Was able to reach {member:word} via TCP but not UDP", sign: raftdiag.NoiseLine, fix: gossip},
		{text: "Refuting a {} message (from: {})", sign: raftdiag.NoiseLine},
		{text: "Failed fallback {}ping: {}", sign: raftdiag.NoiseLine},
		{text: "Failed to send gossip to {}", sign: raftdiag.NoiseLine},
		{text: "Failed to send UDP {}", sign: raftdiag.NoiseLine},
		{text: "Failed to send ping: {}", sign: raftdiag.NoiseLine},
		{text: "Failed to send indirect {}", sign: raftdiag.NoiseLine},
		{text: "Failed to send ack: {}", sign: raftdiag.NoiseLine},
		{text: "Failed to receive: {}", sign: raftdiag.NoiseLine, logger: "memberlist"},
		{text: "failed to receive: {}", sign: raftdiag.NoiseLine, logger: "memberlist"},
		{text: "Failed push/pull merge: {}", sign: raftdiag.NoiseLine},
		{text: "Initiating push/pull sync with: {}", sign: raftdiag.NoiseLine},
		{text: "Stream connection from={}", sign: raftdiag.NoiseLine},
		{text: "Got ping for unexpected node {}", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerMismatch, what: "gossip"},
		{text: "Conflicting address for {member:word}. {text}", sign: raftdiag.IDConflict, fix: gossip},
		{text: "Name conflict for '{member}' {text}", sign: raftdiag.IDConflict, fix: gossip},
		{text: "Node name conflicts with another node at {text}. Names must be unique!", sign: raftdiag.IDConflict},
		{text: "handler queue full, dropping message", sign: raftdiag.Overload, what: "gossip"},
		{text: "{} queue depth ({}) exceeds limit ({}), dropping messages!", sign: raftdiag.Overload, what: "gossip"},
		{text: "attempting reconnect to {}", sign: raftdiag.NoiseLine},
		{text: "Attempting re-join to previously known node: {}", sign: raftdiag.NoiseLine},
		{text: "Re-joined to previously known node: {}", sign: raftdiag.NoiseLine},
		{text: "Failed to re-join any previously known node", sign: raftdiag.JoinFailed},
		{text: "Shutdown without a Leave", sign: raftdiag.NoiseLine},

		// rqlite.
		{text: "this node (ID={self:word}, addr={self2}) is now Leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "node {peer:word} at {peer2:word} is now Leader", sign: raftdiag.LeaderKnown},
		{text: "node {peer:word} is now Leader", sign: raftdiag.LeaderKnown},
		{text: "Leader is now unknown", sign: raftdiag.LeaderLost},
		{text: "opening store with node ID {self:word}, listening on {self2}", sign: raftdiag.StartedUp},
		{text: "store closed with node ID {self:word}, listening on {self2}", sign: raftdiag.ShuttingDown},
		{text: "raft log is {} bytes at open, indexes are: first {index:int}, last {last:int}", sign: raftdiag.LogRecovered},
		{text: "first log applied since node start, log at index {index:int}", sign: raftdiag.NoiseLine},
		{text: "node with ID {peer:word}, at {peer2:word}, joined successfully as voter", sign: raftdiag.MemberAdded},
		{text: "node with ID {peer:word}, at {peer2:word}, joined successfully as {what}", sign: raftdiag.MemberAdded},
		{text: "node {peer:word} at {peer2:word} already member of cluster, ignoring join request", sign: raftdiag.NamesPeer},
		{text: "node {peer:word} removed successfully", sign: raftdiag.MemberRemoved},
		{text: "removed node {peer:word} prior to rejoin with changed ID or address", sign: raftdiag.MemberRemoved},
		{text: "received request to remove node {peer:word}", sign: raftdiag.NoiseLine},
		{text: "failed to remove node {peer:word}: {text}", sign: raftdiag.MembershipRefused},
		{text: "successfully reaped {} {peer:word}", sign: raftdiag.MemberRemoved},
		{text: "failed to join via node at {}: {err}", sign: raftdiag.JoinFailed},
		{text: "failed to join cluster at {}: {err}", sign: raftdiag.JoinFailed},
		{text: "failed to join cluster at {}, sleeping {} before retry", sign: raftdiag.JoinFailed},
		{text: "succeeded directly joining cluster via node at {} as {}", sign: raftdiag.NoiseLine},
		{text: "reached expected bootstrap count of {}, starting cluster bootstrap", sign: raftdiag.NoiseLine},
		{text: "cluster bootstrap successful, servers: {servers}", sign: raftdiag.Membership, fix: func(l *line) bool { l.servers(l.get("servers")); return true }},
		{text: "cluster bootstrap failed: {text}", sign: raftdiag.JoinFailed, what: "bootstrap"},
		{text: "rqlite server stopped", sign: raftdiag.ShuttingDown},
		{text: "stepping down as Leader before shutdown", sign: raftdiag.TransferBegun},
	},
}

// serverKeys are the fields in which autopilot names a server.
var serverKeys = map[string]string{"id": "peer", "name": "peer2", "address": "peer3", "node_to_add": "peer"}

// hashiServerMeta reads a server as Consul and Nomad print it:
//
//	server2 (Addr: tcp/10.0.0.2:8300) (DC: dc1)
func hashiServerMeta(l *line) bool {
	s := l.get("server")
	if s == nil { // older ones have it in the message
		i := bytes.Index(l.msg, []byte("server "))
		if i < 0 {
			return false
		}
		s = l.msg[i+len("server "):]
	}
	name, rest, ok := bytes.Cut(s, []byte(" (Addr: "))
	if !ok || bytes.IndexByte(name, ' ') >= 0 {
		return false
	}
	l.fill("peer", name)
	addr, _, _ := bytes.Cut(rest, []byte(")"))
	l.fill("peer", bytes.TrimPrefix(addr, []byte("tcp/")))
	return true
}

// named demands that the line names a peer.
func named(l *line) bool { return len(l.ev.Symptom.Peer) > 0 }

// hashiExpected reads the addresses with which a cluster begins.
func hashiExpected(l *line) bool {
	for _, addr := range bytes.Split(l.get("peers"), []byte(",")) {
		l.member(false, addr)
	}
	return true
}

// rpcFailed takes a failed request between servers for a broken link if the
// network failed, and for what it says otherwise.
func rpcFailed(l *line) bool {
	if server := l.get("server"); bytes.IndexByte(server, ' ') < 0 {
		l.fill("peer", server)
	}
	switch l.ev.Symptom.Trouble {
	case raftdiag.NoTrouble, raftdiag.UnclearTrouble, raftdiag.PermissionDenied, raftdiag.Cancelled, raftdiag.TooLarge, raftdiag.Unavailable:
		l.ev.Symptom.Sign, l.ev.Symptom.Way, l.ev.Symptom.What = raftdiag.RequestFailed, raftdiag.AnyWay, ""
		return leaderless(l)
	}
	return true
}

// leaderless tells requests that failed because nobody led from others, which
// need not be Raft's matter.
func leaderless(l *line) bool {
	y := l.ev.Symptom
	text := []byte(l.ev.Text)
	switch {
	case bytes.Contains(text, []byte("o cluster leader")), bytes.Contains(text, []byte("not the leader")):
		y.Sign, y.Trouble = raftdiag.NoLeaderKnown, raftdiag.NoTrouble
	case bytes.Contains(text, []byte("leadership lost while committing")), bytes.Contains(text, []byte("timed out enqueuing")),
		bytes.Contains(text, []byte("raft apply")), bytes.Contains(text, []byte("raft is already shutdown")):
	default:
		return false
	}
	return true
}

// signalled tells signals that end a process from those that do not.
func signalled(l *line) bool {
	text := l.get("signal")
	if text == nil {
		text = l.msg
	}
	return bytes.Contains(text, []byte("interrupt")) || bytes.Contains(text, []byte("terminated"))
}

// vaultRaft finds a node's id in Go's print of its configuration.
func vaultRaft(l *line) bool {
	_, rest, ok := bytes.Cut(l.get("config"), []byte(`LocalID:"`))
	if !ok {
		return false
	}
	id, _, ok := bytes.Cut(rest, []byte(`"`))
	if ok {
		l.fill("self", id)
	}
	return ok
}

// gossip names a member of gossip. Names in a wide-area network have a
// datacenter behind them and are other words.
func gossip(l *line) bool {
	if bytes.HasSuffix(l.logger, []byte(".wan")) {
		l.ev.Symptom.Sign = raftdiag.NoiseLine
		return true
	}
	l.fill("peer", l.get("member"))
	return true
}
