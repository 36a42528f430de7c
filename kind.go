package raftdiag

import "fmt"

// A Kind says which fact an event states.
type Kind uint8

// The kinds of events. What each one means and which fields it may set stands
// in the table below, from which docs/event.schema.json is made.
const (
	NoKind Kind = iota
	Booted
	Stopped
	Panicked
	State
	Ready
	ProgressRow
	LogRow
	Outgoing
	Sent
	HandedOver
	SendFailed
	Received
	StepFailed
	Appended
	HardStateSaved
	Proposing
	Proposed
	Waiting
	ProposalDropped
	ProposalTimedOut
	Committed
	EntryCommitted
	Applied
	Replied
	RoleChanged
	ConfigChanged
	SnapshotCreated
	SnapshotReceived
	SnapshotInstalled
	Misconfigured
	Slow
	StorageFailed
	ApplyFailed
	Garbled
	SymptomSeen
	numKinds
)

// A KindInfo describes one kind: its name in JSON, the fields that an event of
// that kind may set beside time, node, group and position, and its meaning.
type KindInfo struct {
	Kind   Kind
	Name   string
	Fields Field
	Doc    string
}

const messageFields = HasType | HasFrom | HasTo | HasTerm | HasLogTerm | HasIndex | HasCommit |
	HasEntries | HasEntryTerm | HasReject | HasHint | HasSnapshot

var kindTable = [numKinds]KindInfo{
	NoKind:            {NoKind, "none", 0, "no fact; never emitted"},
	Booted:            {Booted, "boot", HasTerm | HasVote | HasCommit | HasApplied | HasFirst | HasLast | HasConfig | HasText, "a node, or one group on it, came up with this state; a new incarnation begins"},
	Stopped:           {Stopped, "stop", HasText, "a node said that it shuts down"},
	Panicked:          {Panicked, "panic", HasText | HasCommit | HasLast | HasIndex | HasTerm, "a process died; text is the message, and the numbers in it where they are known (tocommit as commit, lastIndex as last)"},
	State:             {State, "state", HasRole | HasTerm | HasVote | HasCommit | HasLead | HasApplied | HasLast, "a sample of a node's Raft state"},
	Ready:             {Ready, "ready", HasImmediate | HasPersisted | HasEntries | HasCount | HasRole | HasLead | HasTerm | HasVote | HasCommit, "a Ready was taken: entries to append (entries), entries to apply (count), messages to send before (immediate) and after (persisted) the append, SoftState (role, lead) and HardState (term, vote, commit) if they changed"},
	ProgressRow:       {ProgressRow, "progress", HasPeer | HasMatch | HasNext | HasProgressState | HasPaused | HasPendingSnapshot | HasRecentActive | HasInflight | HasLearner, "what this node's Raft holds of a peer's progress; only a leader's rows are current"},
	LogRow:            {LogRow, "log", HasFirst | HasLast | HasCommit | HasApplied | HasUnstable, "a sample of a node's Raft log"},
	Outgoing:          {Outgoing, "outgoing", HasCount, "the head of a list of messages that Raft generated; count where it is printed"},
	Sent:              {Sent, "sent", messageFields, "Raft generated this message for a peer; whether it left shows elsewhere"},
	HandedOver:        {HandedOver, "handed_over", messageFields | HasCount | HasPeer, "messages were given to the transport; without from and to, a batch of count"},
	SendFailed:        {SendFailed, "send_failed", messageFields | HasPeer | HasText | HasCount, "the transport could not deliver to peer, because of text"},
	Received:          {Received, "received", messageFields, "a message arrived, stated before Raft was given it"},
	StepFailed:        {StepFailed, "step_failed", messageFields | HasText, "an arrived message was not taken by Raft: it did not decode, or Step returned the error in text"},
	Appended:          {Appended, "appended", HasTerm | HasIndex | HasCount | HasLast, "entries up to index (of term) are in this node's storage"},
	HardStateSaved:    {HardStateSaved, "hardstate", HasTerm | HasVote | HasCommit, "a HardState is in this node's storage"},
	Proposing:         {Proposing, "proposing", HasSize, "a client's entry of size bytes is given to Raft"},
	Proposed:          {Proposed, "proposed", HasIndex | HasTerm | HasSize, "Raft took an entry, at this index where it is known"},
	Waiting:           {Waiting, "waiting", HasIndex, "a client waits for the entry at index"},
	ProposalDropped:   {ProposalDropped, "proposal_dropped", HasText | HasTerm | HasSize | HasLead, "Raft or the application refused an entry, because of text"},
	ProposalTimedOut:  {ProposalTimedOut, "proposal_timeout", HasText | HasIndex | HasDuration, "a client gave up waiting for an entry"},
	Committed:         {Committed, "committed", HasCount | HasFirst | HasLast | HasCommit | HasTerm, "entries first to last became committed on this node and are ready to apply"},
	EntryCommitted:    {EntryCommitted, "entry", HasIndex | HasTerm | HasEntryType | HasSize, "one entry became committed on this node"},
	Applied:           {Applied, "applied", HasIndex | HasCount, "this node's state machine has applied entries up to index"},
	Replied:           {Replied, "replied", HasIndex | HasDuration, "the client that waited for the entry at index was told"},
	RoleChanged:       {RoleChanged, "role", HasRole | HasOldRole | HasTerm | HasLead, "a node changed its role, or the leader that it knows"},
	ConfigChanged:     {ConfigChanged, "config", HasConfig | HasIndex, "the configuration that is now in force on this node"},
	SnapshotCreated:   {SnapshotCreated, "snapshot_created", HasIndex | HasTerm, "a snapshot was made"},
	SnapshotReceived:  {SnapshotReceived, "snapshot_received", HasIndex | HasTerm, "a snapshot arrived or is being installed"},
	SnapshotInstalled: {SnapshotInstalled, "snapshot_installed", HasIndex | HasTerm, "a snapshot replaced this node's log and state"},
	Misconfigured:     {Misconfigured, "misconfigured", HasText | HasPeer, "an application says that its configuration is wrong"},
	Slow:              {Slow, "slow", HasText | HasDuration, "something took duration: text says what"},
	StorageFailed:     {StorageFailed, "storage_failed", HasText, "an append, a save or a snapshot did not reach storage, because of text"},
	ApplyFailed:       {ApplyFailed, "apply_failed", HasIndex | HasText, "the state machine did not take an entry, because of text"},
	Garbled:           {Garbled, "garbled", HasText, "a line that begins like a Raft line and cannot be read"},
	SymptomSeen:       {SymptomSeen, "symptom", HasSymptom | HasType | HasTerm | HasLogTerm | HasIndex | HasCommit | HasLast | HasApplied | HasRole | HasCount | HasDuration | HasConfig | HasText, "a line of a system's own log that shows no message: symptom says what it is a sign of"},
}

var kindByName = func() map[string]Kind {
	m := make(map[string]Kind, numKinds)
	for _, k := range kindTable {
		m[k.Name] = k.Kind
	}
	return m
}()

// Kinds lists every kind with its description, in a fixed order.
func Kinds() []KindInfo { return append([]KindInfo(nil), kindTable[1:]...) }

// Info describes the kind.
func (k Kind) Info() KindInfo {
	if k >= numKinds {
		return KindInfo{Kind: k, Name: fmt.Sprintf("kind(%d)", uint8(k))}
	}
	return kindTable[k]
}

// String is the kind's name in JSON.
func (k Kind) String() string { return k.Info().Name }

// KindByName finds a kind by its name in JSON.
func KindByName(name string) (Kind, bool) {
	k, ok := kindByName[name]
	return k, ok && k != NoKind
}

// A Field is a set of optional event fields. A field outside an event's set
// was not printed: it is unknown, not zero.
type Field uint64

// The optional fields, one bit each.
const (
	HasType Field = 1 << iota
	HasFrom
	HasTo
	HasTerm
	HasLogTerm
	HasIndex
	HasCommit
	HasEntries
	HasEntryTerm
	HasReject
	HasHint
	HasSnapshot
	HasVote
	HasLead
	HasRole
	HasOldRole
	HasApplied
	HasFirst
	HasLast
	HasUnstable
	HasPeer
	HasMatch
	HasNext
	HasProgressState
	HasPaused
	HasPendingSnapshot
	HasRecentActive
	HasInflight
	HasLearner
	HasCount
	HasImmediate
	HasPersisted
	HasEntryType
	HasSize
	HasDuration
	HasConfig
	HasText
	HasSymptom
)

// Has reports whether every field of want is in the set.
func (f Field) Has(want Field) bool { return f&want == want }
