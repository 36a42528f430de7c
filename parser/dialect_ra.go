package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// raWords are RabbitMQ's Raft library, ra, and what RabbitMQ prints around it.
// A line of Raft begins with its server, mostly the queue; other servers are
// {name,node}, of which the node says who it is.
var raWords = foreign{
	dialect: rabbitRa,
	name:    "RabbitMQ",
	doc: "RabbitMQ's quorum queues, streams and metadata on ra: elections, votes, followers that lack entries, snapshots; nodes that went " +
		"down or came back, partitions, alarms of disk and memory. Many groups: each queue is one.",
	keys:    map[string]string{},
	speaks:  func(r *record) bool { return r.env == erlang },
	fix:     raNames,
	samples: raLines,
	rules: []rule{
		// ra.
		{text: "{server}: {from:word} -> {state:word} in term: {term:int} machine version: {}, last applied {applied:int}", sign: raftdiag.RoleTaken, fix: raRole},
		{text: "{server}: {from:word} -> {state:word} in term: {term:int}", sign: raftdiag.RoleTaken, fix: raRole},
		{text: "{server}: pre_vote election called for in term {term:int}", sign: raftdiag.CampaignBegun, fix: preVote},
		{text: "{server}: election called for in term {term:int}", sign: raftdiag.CampaignBegun},
		{text: "{server}: election triggered by {}", sign: raftdiag.NoiseLine},
		{text: "{server}: vote granted for term {term:int} votes {count:int}", sign: raftdiag.VoteGot},
		{text: "{server}: pre_vote granted {} for term {term:int} votes {count:int}", sign: raftdiag.VoteGot, fix: preVote},
		{text: "{server}: granting vote for {other} with last {} for term {term:int}", sign: raftdiag.VoteGranted},
		{text: "{server}: granting pre-vote for {other} ", sign: raftdiag.VoteGranted, fix: preVote},
		{text: "{server}: declining vote for {other} for term {term:int}, candidate last log {} was: {} last log entry {} is: {}", sign: raftdiag.VoteRefused},
		{text: "{server}: declining vote for {other} for term {term:int}", sign: raftdiag.VoteRefused},
		{text: "{server}: declining vote to {other} for term {term:int}, current term {}", sign: raftdiag.VoteRefused},
		{text: "{server}: declining pre-vote for {other} for term {term:int}", sign: raftdiag.VoteRefused, fix: preVote},
		{text: "{server}: detected a new leader {other} in term {term:int}", sign: raftdiag.LeaderKnown},
		{text: "{server}: Leader monitor down with {text}, setting election timeout", sign: raftdiag.LeaderLost},
		{text: "{server}: Leader node {peer:word} may be down, setting pre-vote timeout", sign: raftdiag.LeaderLost},
		{text: "{server}: Leader node {peer:word} is back up, cancelling pre-vote timeout", sign: raftdiag.LinkUp},
		{text: "{server}: follower did not have entry at {index:int} in {logterm:int}. Requesting {other} from {}", sign: raftdiag.AppendRefused},
		{text: "{server}: term mismatch - follower had entry at {index:int} with term {} but not with term {logterm:int}. Asking leader {other} to resend from {}", sign: raftdiag.AppendRefused},
		{text: "{server}: follower got append_entries_rpc from {other} in {} but current term is: {term:int}", sign: raftdiag.LowerTermIgnored},
		{text: "{server}: setting last index to {}next_index {} for {other}", sign: raftdiag.NoiseLine},
		{text: "{server}: leader received last_index {last:int} from {other} with term {} - expected term {}. Setting next_index to {}", sign: raftdiag.AppendRefused},
		{text: "{server}: leader saw peer with last_index [{last:int} in {}] lower than recorded match index [{index:int}]", sign: raftdiag.AppendRefused, what: "peer lost entries"},
		{text: "{server}: leader saw {what:word} from {other} for term {term:int} abdicates term: {}!", sign: raftdiag.HigherTermSeen},
		{text: "{server}: leader saw {what:word} for term {term:int} abdicates term: {}!", sign: raftdiag.HigherTermSeen},
		{text: "{server}: candidate {} with higher term received {} -> {term:int}", sign: raftdiag.HigherTermSeen},
		{text: "{server}: {} with higher term received {} -> {term:int}", sign: raftdiag.HigherTermSeen},
		{text: "{server}: saw {what:word} from unknown peer {other}", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved},
		{text: "{server}: leader saw {what:word} for unknown peer {other}", sign: raftdiag.PeerRefused, trouble: raftdiag.PeerRemoved},
		{text: "{count:int} commands NOT appended to Raft log. Reason: {text}", sign: raftdiag.RequestFailed},
		{text: "{server} {count:int} commands NOT appended to Raft log. Reason: {text}", sign: raftdiag.RequestFailed},
		{text: "{server}: leader cast - leader not known. Command is dropped.", sign: raftdiag.NoLeaderKnown},
		{text: "{server}: leader call - leader not known. ", sign: raftdiag.NoLeaderKnown},
		{text: "{server}: sending snapshot to {other} as their next index {} is lower than snapshot index {index:int}", sign: raftdiag.SnapshotSent},
		{text: "{server}: begin_accept snapshot at index {index:int} in term {logterm:int}", sign: raftdiag.SnapshotArrived},
		{text: "{server}: receiving snapshot chunk: {}", sign: raftdiag.NoiseLine},
		{text: "{server}: {} receive snapshot timed out", sign: raftdiag.LinkDown, way: raftdiag.Inbound, trouble: raftdiag.TimedOut, what: "snapshot"},
		{text: "{server}: ra_log: wal requested resend from {index:int}", sign: raftdiag.NoiseLine},
		{text: "{server}: recovery of state machine version {}", sign: raftdiag.StartedUp},
		{text: "{server}: recovering state machine version {}", sign: raftdiag.StartedUp},
		{text: "{server}: ra_log:init recovered last_index_term ", sign: raftdiag.LogRecovered},
		{text: "WAL in {}: {text}", sign: raftdiag.NoiseLine},
		{text: "WAL: {text}", sign: raftdiag.NoiseLine},
		{text: "segment_writer in {}: {}", sign: raftdiag.NoiseLine},

		// RabbitMQ around it.
		{text: "Starting RabbitMQ {}", sign: raftdiag.StartedUp},
		{text: "node           : {self:word}", sign: raftdiag.NamesItself},
		{text: "Server startup complete", sign: raftdiag.Serving},
		{text: "RabbitMQ is asked to stop", sign: raftdiag.ShuttingDown},
		{text: "Successfully stopped RabbitMQ", sign: raftdiag.ShuttingDown},
		{text: "SIGTERM received - shutting down", sign: raftdiag.ShuttingDown},
		{text: "rabbit on node {other} up", sign: raftdiag.LinkUp, what: "distribution"},
		{text: "rabbit on node {other} down", sign: raftdiag.ContactLost, what: "distribution"},
		{text: "node {other} up", sign: raftdiag.LinkUp, what: "distribution", fix: raNode},
		{text: "node {other} down: {err}", sign: raftdiag.ContactLost, what: "distribution", fix: raNode},
		{text: "Partial partition detected:", sign: raftdiag.LinkDown, what: "distribution"},
		{text: "Mnesia({self}): ** ERROR ** mnesia_event got {text}", sign: raftdiag.LinkDown, what: "distribution", fix: raMnesia},
		{text: "Cluster minority/secondary status detected - awaiting recovery", sign: raftdiag.QuorumLost, what: "distribution"},
		{text: "Error on AMQP connection {}: {}", sign: raftdiag.NoiseLine},
		{text: "** Node {other} not responding **", sign: raftdiag.ContactLost, trouble: raftdiag.TimedOut, what: "distribution"},
		{text: "global: Node {other} disconnected", sign: raftdiag.ContactLost, what: "distribution"},
		{text: "Free disk space is insufficient. {text}", sign: raftdiag.QuotaExceeded, trouble: raftdiag.DiskFull},
		{text: "disk resource limit alarm set on node {other}.", sign: raftdiag.QuotaExceeded, trouble: raftdiag.DiskFull},
		{text: "Free disk space is sufficient", sign: raftdiag.QuotaCleared},
		{text: "disk resource limit alarm cleared on node {other}", sign: raftdiag.QuotaCleared},
		{text: "memory resource limit alarm set on node {other}.", sign: raftdiag.Overload, what: "memory"},
		{text: "memory resource limit alarm cleared on node {other}", sign: raftdiag.NoiseLine},
		{text: "Waiting for Mnesia tables for {}", sign: raftdiag.NoiseLine},
		{text: "Error while waiting for Mnesia tables: {}", sign: raftdiag.NoiseLine},
	},
}

// raNames reads the servers in a line: the group from the one who speaks, the
// node from the others.
func raNames(l *line) bool {
	for _, c := range l.caught {
		switch c.name {
		case "server":
			if l.ev.Group == "" {
				l.ev.Group = l.p.in.string(raGroup(c.value))
			}
		case "other":
			l.fill("peer", raOther(c.value))
		}
	}
	return true
}

// raGroup is a queue's name, with its virtual host unless that is the first.
// What else ra calls a server is the group as it is.
//
//	queue 'q1' in vhost '/'
func raGroup(s []byte) []byte {
	rest, ok := bytes.CutPrefix(s, []byte("queue '"))
	if !ok {
		if node := raOther(s); len(node) < len(s) { // {name,node}
			name, _, _ := bytes.Cut(bytes.Trim(s, "{}"), []byte(","))
			return bytes.Trim(name, "'")
		}
		return s
	}
	name, vhost, ok := bytes.Cut(rest, []byte("' in vhost '"))
	if !ok {
		return s
	}
	vhost = bytes.TrimSuffix(vhost, []byte("'"))
	if string(vhost) == "/" {
		return name
	}
	return append(append(bytes.Clone(vhost), '/'), name...)
}

// raOther is the node in {'%2F_q1',rabbit@host2} and 'rabbit@host2'.
func raOther(s []byte) []byte {
	s = bytes.TrimSpace(s)
	if len(s) > 0 && s[0] == '{' {
		if i := bytes.LastIndexByte(s, ','); i > 0 {
			s = s[i+1:]
		}
	}
	return bytes.Trim(s, "{}' ")
}

// raRole reads ra's states: those beside Raft's roles are a follower's.
func raRole(l *line) bool {
	role := raftdiag.Follower
	switch state := string(l.get("state")); state {
	case "leader":
		role = raftdiag.Leader
	case "candidate":
		role = raftdiag.Candidate
	case "pre_vote":
		role = raftdiag.PreCandidate
	case "follower":
	case "await_condition", "receive_snapshot", "recover", "recovered", "post_init", "terminating_leader", "terminating_follower", "delete_and_terminate":
		l.ev.Symptom.Sign, l.ev.Symptom.What = raftdiag.NoiseLine, l.p.in.string([]byte(state))
		return true
	default:
		return false
	}
	l.ev.Role, l.ev.Set = role, l.ev.Set|raftdiag.HasRole
	return true
}

// raMnesia reads whom the database was parted from:
// {inconsistent_database, running_partitioned_network, 'rabbit@host2'}.
func raMnesia(l *line) bool {
	text := l.get("text")
	if !bytes.Contains(text, []byte("partitioned")) {
		return false
	}
	l.fill("peer", raOther(text))
	return true
}

// raNode takes a line for one of nodes only if it names one.
func raNode(l *line) bool { return bytes.IndexByte(l.get("other"), '@') > 0 }
