package hypotheses

import (
	"slices"
	"strings"
	"sync"
)

// A Doc explains a name that reports use.
type Doc struct {
	Name   string
	ID     string // H1 to H5, or empty
	Class  string // hypothesis, cause, violation or note
	Title  string
	Doc    string
	Under  []string // for a cause: the hypotheses that it may stand under; none means any
	Needs  []string // the log lines that it takes
	Remedy string
	Ask    string
}

// Catalogue lists everything that a report can name: hypotheses in the order of
// the gates, then causes, impossible states and notes.
func Catalogue() []Doc {
	var out []Doc
	for _, h := range hypotheses {
		out = append(out, Doc{Name: h.Name, ID: h.ID, Class: "hypothesis", Title: h.Title, Doc: h.Doc,
			Needs: h.Lines, Remedy: h.Remedy, Ask: h.Ask})
	}
	for _, c := range causeDocs {
		out = append(out, Doc{Name: c.name, Class: "cause", Title: c.title, Doc: c.evidence, Under: strings.Fields(c.under), Remedy: c.remedy})
	}
	for _, v := range violationDocs {
		out = append(out, Doc{Name: v.name, Class: "violation", Title: v.title, Doc: v.evidence, Remedy: v.remedy})
	}
	return append(out, Doc{Name: "old-term-entries", Class: "note", Title: "entries of an older term wait for one of the leader's own",
		Doc: "A majority holds an entry of an earlier term and commit does not cover it. That is legal: a leader commits by counting only entries of its own term (Raft, section 5.4.2). " +
			"The entry commits together with the leader's own empty entry; what holds that one up is the question.",
		Remedy: "Look at the leader's first entry of its own term."})
}

// catalogue is Catalogue's, made once: each finding looks its name up.
var catalogue = sync.OnceValue(Catalogue)

// Lookup finds a name or an id (H1, no-broadcast) in the catalogue.
func Lookup(name string) (Doc, bool) {
	all := catalogue()
	i := slices.IndexFunc(all, func(d Doc) bool {
		return strings.EqualFold(d.Name, name) || d.ID != "" && strings.EqualFold(d.ID, name)
	})
	if i < 0 {
		return Doc{}, false
	}
	return all[i], true
}

type entry struct{ name, under, title, evidence, remedy string }

var causeDocs = []entry{
	{"election-storm", "no-leader", "elections follow one another and nobody wins",
		"Many terms, or many rounds of pre-votes, with candidates and without a leader.",
		"Compare the election timeout with the round trip and the fsync time; it should be ten times both. Look for a node that answers votes late."},
	{"split-vote", "no-leader", "candidates share the votes",
		"In one term grants go to two candidates and neither has a majority, again and again.",
		"Randomise the election timeout over a range well above the round trip; use an odd number of voters."},
	{"disruptive-node", "no-leader no-response", "a node with a higher term keeps deposing the leader",
		"A leader steps down at a higher term that one node brought, and that node does not win.",
		"Enable PreVote and CheckQuorum. Repair the link or the disk of that node before it joins again."},
	{"quorum-lost", "no-leader", "too few voters answer to elect anybody",
		"Vote requests go out, and answers come from less than a majority.",
		"Bring voters back: the causes beside this one say which and why. Do not change membership while the quorum is lost."},
	{"not-leader", "proposal-dropped", "the proposal went to a node that does not lead",
		"The application refused the proposal because its node is not the leader.",
		"Send proposals to the leader, or let followers forward them (DisableProposalForwarding off)."},
	{"forward-lost", "proposal-dropped", "a forwarded proposal does not reach the leader",
		"A follower sends MsgProp and the leader's log does not show it arrive.",
		"Check the link from that follower to the leader; Raft does not resend MsgProp, so the client must."},
	{"forwarding-disabled", "proposal-dropped", "followers do not forward proposals",
		"A follower drops proposals although it knows the leader.",
		"Propose on the leader, or set DisableProposalForwarding to false."},
	{"transfer-in-progress", "proposal-dropped", "the leader is handing over and takes no proposals",
		"Proposals are dropped while a leadership transfer is under way.",
		"Retry after the transfer; if it never ends, look at the transfer's target."},
	{"uncommitted-limit", "proposal-dropped", "the uncommitted log is as large as it may be",
		"Proposals are dropped because the limit of uncommitted entries is reached.",
		"This is a consequence: something keeps entries from committing. Repair that; then raise MaxUncommittedEntriesSize if it is too small."},
	{"duplicate-id", "no-leader", "two processes use one node id",
		"A node receives network messages from its own id, or vote requests go out and nobody else exists.",
		"Give every node an id of its own and wipe the one that was started with a copied id."},
	{"empty-voters", "no-leader", "the configuration has no voters",
		"The node starts with an empty voter set, stays a follower and never campaigns.",
		"Bootstrap with the list of voters in ConfState, or restore the snapshot that holds it."},
	{"one-node-groups", "no-leader", "every node is a cluster of its own",
		"Several nodes lead the same group in the same term, each with itself as the only voter.",
		"Start the nodes with one common voter list; wipe and rejoin those that formed clusters of one."},
	{"leader-flapping", "no-leader", "leadership changes hands over and over",
		"Many leaders in a row, each for a short time.",
		"Find what ends each leadership (see the ledger): a slow disk, a weak link, or a node that rejoins."},

	{"progress-paused", "no-broadcast", "the leader has paused the follower's progress",
		"The follower's Progress row is in Probe and paused although its last append was answered, or there is none outstanding.",
		"See why the leader does not take the answer: a missing Step of MsgAppResp or MsgHeartbeatResp, or ReportUnreachable called over and over."},
	{"inflight-full", "no-broadcast", "the window of unanswered appends is full",
		"The Progress row is in Replicate and paused, with appends that were answered.",
		"Raise MaxInflightMsgs, and see why answers do not free the window."},
	{"not-a-voter", "no-broadcast", "the leader does not know the follower as a member",
		"The leader has no Progress row for the node, or its configuration has fewer voters than it should.",
		"Add the node by a configuration change; compare ConfState on all nodes."},
	{"snapshot-pending", "no-broadcast", "the leader waits for a snapshot to be reported",
		"The Progress row is in Snapshot with a pending snapshot that nobody reports finished or failed.",
		"Call ReportSnapshot when sending ends, whether it worked or not."},
	{"ready-not-drained", "no-broadcast", "the application does not take all of Ready",
		"Ready announces messages that are never sent on, or HAS_READY shows again and again and nothing is taken.",
		"Handle every Ready to its end: entries, messages (persisted messages too in raft-rs), committed entries, then Advance."},
	{"dropped-before-send", "no-broadcast", "appends are made and do not reach the transport",
		"Raft moved next past the entry, or lists the MsgApp, and no hand-over to the transport is shown.",
		"Read the code between Ready.Messages and the transport: a filter, an error that is swallowed, a channel that drops."},
	{"leader-stalled", "no-broadcast no-commit-advance", "the leader's own loop stands still",
		"Proposals are taken and the leader's log shows no Ready after them.",
		"Take a stack dump of the leader; look for a blocked append, a lock, or an apply in the Ready loop."},

	{"no-address", "no-delivery", "the sender has no address for the peer",
		"The transport says that it knows no address for the peer.",
		"Register every peer's address before the first message; look for members added without one."},
	{"wrong-peer-address", "no-delivery", "messages go to the wrong node",
		"A node receives messages whose `to` is another node.",
		"Correct the address book of the sender; the report names whose mail arrived where."},
	{"connection-refused", "no-delivery", "nobody listens at the peer's address, while the peer runs",
		"The transport reports refused or reset connections, and the peer's own log goes on.",
		"Compare the peer's listen address with the one that the sender uses; look at the port and the firewall."},
	{"partition", "no-delivery", "nothing passes between the nodes in either direction",
		"Messages are lost both ways.",
		"Repair the network between the two; look at routes, security groups and network policies."},
	{"one-way-partition", "no-delivery", "messages pass in one direction only",
		"All messages from one node to the other are lost and those of the other direction arrive.",
		"Look at what is not symmetric: a firewall rule, a half-open connection, a stream that one side believes is up."},
	{"packet-loss", "no-delivery", "part of the messages is lost",
		"Some messages of a channel arrive and others, or those of one type, do not.",
		"See whether loss goes by type or size (limits, filters, MTU), or by chance (the link)."},
	{"slow-network", "no-delivery no-leader", "messages arrive, late",
		"Messages are delivered many rounds after they were sent.",
		"Measure the round trip; set heartbeat and election timeouts above it."},
	{"flapping-link", "no-delivery", "the link goes up and down",
		"Delivery stops and resumes several times.",
		"Look at the link, the proxy or the load balancer between the nodes."},
	{"tls-failure", "no-delivery", "certificates do not agree",
		"The transport reports TLS or certificate errors.",
		"Check validity dates, authority and host names of both certificates."},
	{"cluster-id-mismatch", "no-delivery", "the peer belongs to another cluster",
		"The transport reports that cluster ids differ.",
		"The peer was started with another cluster's data or token; wipe it and join it again."},
	{"undecodable", "no-delivery no-response", "the receiver cannot decode what arrives",
		"The receiver says that a message does not decode.",
		"Compare the versions and codecs of both nodes."},
	{"buffer-full", "no-delivery", "the send buffer is full",
		"The transport drops messages because its buffer or queue is full.",
		"Find why the receiver drains slowly; raise the buffer only after that."},
	{"sender-blocked", "no-delivery", "the sender's transport does not get on",
		"Messages are handed over and the transport is stuck before the network.",
		"Look at the sender's transport goroutine or task: a lock, a full channel, a dead stream."},

	{"term-mismatch", "no-response no-quorum", "the follower is in another term",
		"The follower's term is above the leader's, and it does not answer, or answers in a higher term.",
		"Enable PreVote and CheckQuorum, so that a leader of an old term is told; find what raised the follower's term."},
	{"log-mismatch", "no-response", "the logs do not fit and nobody says so",
		"The follower receives appends whose previous entry it does not have, and sends no rejection.",
		"A mismatch must be answered by a rejection: look at the error path of Step."},
	{"wrong-state", "no-response", "the receiver is not a follower",
		"The node receives appends while it is a candidate, stopped or removed.",
		"See why it does not return to follower on an append of the current term."},
	{"answer-not-sent", "no-response", "the follower stores the entry and its answer never leaves",
		"The follower's log grew after the receipt, and no MsgAppResp is sent.",
		"Send all messages of Ready, those after the append too (persisted_messages in raft-rs)."},
	{"step-error", "no-response", "the message is not given to Raft, or Raft refuses it",
		"The follower shows the receipt, nothing changes in its Raft, or Step returned an error.",
		"Log and handle the error of Step; look for filters between the transport and Step."},
	{"loop-stalled", "no-response", "the follower's Raft loop stands still",
		"Messages are received and no Ready follows.",
		"Take a stack dump of that node; look for a blocked append, a lock, or an apply in the Ready loop."},

	{"rejected", "no-quorum", "the follower rejects every append",
		"Rejections arrive over and over at the same index, and match does not rise.",
		"If the rejected index is below the match, the follower lost its log: rebuild it. Else see why the leader's next does not go back to the hint."},
	{"stale-answer", "no-quorum", "answers do not cover the entry",
		"Answers arrive with an index below the append's, or of an old term.",
		"See what index the follower puts into MsgAppResp: the last entry of the append, not the commit or the previous one."},
	{"progress-uninitialised", "no-quorum", "the leader does not count the answer",
		"The answer arrives and the Progress row stays where it was, or is missing.",
		"See whether MsgAppResp reaches Step with the right `from`, and whether the node is in the configuration."},
	{"dead-voters", "no-quorum no-leader", "so many voters are down that no quorum can form",
		"Voters exited, panicked, or refuse all connections while their own logs do not go on.",
		"Bring one of them back with its data. Only if they are lost for good, rebuild membership by the documented recovery of your system."},
	{"ghost-voters", "no-quorum no-leader", "the configuration counts voters that do not exist",
		"Voters of the configuration never appear, while every node that exists has the entry.",
		"Remove the ids that were never started, or start them; configuration changes need the quorum that counts them."},
	{"joint-half", "no-quorum no-leader", "one half of a joint configuration has no majority",
		"The configuration is joint, one half agrees and the other does not.",
		"Bring back voters of the half that lacks a majority; the change can only be left with both."},

	{"wrong-quorum", "no-commit-advance", "a majority matches and the leader does not count it so",
		"Match covers the entry on a majority of the voters, the entry is of the leader's term, and commit stays.",
		"Compare the voters that the leader counts with, with those that exist; look at code that changes the quorum or the commit."},
	{"leader-unmatched", "no-commit-advance no-quorum", "the leader does not count itself",
		"The leader's own match, or its own log, is behind the entry that followers hold.",
		"Append Ready's entries to storage before Advance, and report them persisted (on_persist in raft-rs)."},
	{"log-regressed", "no-commit-advance", "the leader's own log is shorter than what its followers acknowledged",
		"The leader's last_index fell, or stays below a follower's match.",
		"The leader's storage loses entries: append them before Advance, and look for an in-memory log that is made anew for each Ready."},
	{"hardstate-unpersisted", "no-commit-advance", "the commit is made and not kept",
		"A HardState with the commit is shown in Ready and the commit falls back after it.",
		"Save HardState before Advance, with every Ready that has one."},

	{"state-machine-blocked", "apply-stalled", "committed entries are not applied",
		"Commit covers entries and applied stands still.",
		"Look at the state machine: a lock, a failing entry that is retried for ever, a full channel."},
	{"slow-apply", "apply-stalled", "applying cannot keep up",
		"Applied moves and falls ever farther behind commit.",
		"Find the slow entries; batch them or move the work out of the apply loop."},
	{"waiter-not-notified", "apply-stalled", "the entry is applied and its client is not told",
		"Applied covers the entry that a client waits for, and no reply is shown.",
		"Check that waiters are keyed by the entry that committed, and are woken after a leader change."},

	{"node-down", "", "a process is gone",
		"A log ends with a panic or an exit, or everybody is refused and the node's own log does not go on.",
		"Restart the node with its data; read the last lines of its log first."},
	{"node-restart", "", "a process was restarted", "A log shows a new run of the process.", "See why it ended; a restart by itself is harmless."},
	{"process-paused", "", "a process stood still and went on",
		"All lines of a node stop, and go on later without a restart.",
		"Look for a stopped VM, SIGSTOP, a long garbage collection, or swapping."},
	{"overloaded", "", "the machine cannot keep up", "Ticks, heartbeats and applies are late together.", "Give the node CPU, or take load away."},
	{"slow-disk", "", "storage is slow",
		"Entries stay unstable, or the application reports slow writes.",
		"Measure fsync; move the log to a disk of its own."},
	{"disk-failed", "", "storage answers with errors", "Reads or writes of the log or the database fail with I/O errors.", "Look at the disk and its controller; replace it, and rebuild the node from its peers."},
	{"disk-full", "", "storage is full", "Writes fail for lack of space.", "Free space; then restart the node if its log stopped."},
	{"log-lost", "", "a node lost entries that it had acknowledged",
		"After a restart the log ends below what the node accepted, or a panic says so (tocommit out of range).",
		"Do not restart it again and again. Remove the node, wipe it and add it anew, so that it is rebuilt from its peers."},
	{"log-corrupt", "", "a node's log cannot be read", "The node reports corrupt or foreign entries.", "Rebuild the node from its peers, or from a backup if a majority is affected."},
	{"member-removed", "", "a node was removed from the group", "A configuration without the node comes into force.", "Expected after a removal; stop the process."},
	{"member-added", "", "a node was added to the group", "A configuration with the node comes into force.", "A new voter counts at once: let it catch up as a learner first."},
	{"snapshot-loop", "", "snapshots are sent over and over", "The same follower gets snapshots again and again and never replicates.", "Keep more log behind the snapshot, so that the follower can catch up before the next compaction."},
	{"clock-step", "", "a clock jumped", "Stamps of one node jump while its rounds go on.", "Raft does not care; leases and stamps do. Check time synchronisation."},
	{"quota-exceeded", "", "the store refuses writes because of a quota", "The application reports that a quota is exceeded.", "Compact and defragment, or raise the quota; then clear the alarm."},
}

var violationDocs = []entry{
	{"two-leaders", "", "two leaders in one term", "Two nodes lead one group in one term, and their voters overlap.", "Stop writes. Two nodes voted twice, or ids are shared: compare HardState and voters of all nodes before anything is restarted."},
	{"committed-conflict", "", "one index committed with two terms", "Two nodes committed different entries at one index.", "Stop writes. State machines differ from here on; find the node that lost its log or voted twice, and rebuild from the side that clients saw."},
	{"double-vote", "", "a node voted for two candidates in one term", "Grants in one term go to different candidates.", "The vote was not on disk when it was sent, or was lost at a restart: save HardState before sending."},
	{"term-regressed", "", "a node's term fell", "The term falls within one run, or below one that the node voted in.", "HardState was lost. Take the node out before it votes twice."},
	{"commit-regressed", "", "a node's commit fell within one run", "The commit index falls on rows that follow one another in one run.", "The application or the storage puts an old HardState back. Stop the node and compare."},
	{"log-regressed", "no-commit-advance", "the leader's log is shorter than it was, or than its followers acknowledged", "last_index of a leader falls within its own term, or stays below a peer's match.", "The leader's storage loses entries: append Ready's entries before Advance."},
	{"log-lost", "", "acknowledged entries are gone", "last_index is below what the node acknowledged, or below its commit.", "Rebuild the node from its peers: remove, wipe, add."},
	{"leader-unmatched", "no-commit-advance", "the leader's own match stays behind its log", "The leader's own Progress row is behind what it has persisted, for longer than patience.", "Report the append as persisted (on_persist, or Advance after the append)."},
	{"progress-broken", "no-quorum", "next is not above match", "A Progress row of the leader has next at or below match.", "The progress was written from outside, or the library was changed: next must be match + 1 at least."},
	{"applied-ahead", "apply-stalled", "applied is above commit", "One row shows applied above commit after the first commit of the run.", "The applied index is kept wrongly; compare it with the state machine's own."},
	{"wrong-peer-address", "no-delivery", "a message arrived at another node", "A received message is addressed to another node.", "Correct the address book of the sender."},
	{"duplicate-id", "no-leader", "a node received a message from its own id", "A received network message has the node itself as its sender.", "Give every node an id of its own, and look for a sender whose address book points at itself."},
}
