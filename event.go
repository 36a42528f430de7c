package raftdiag

import (
	"strconv"
	"strings"
	"time"
)

// An Event is one fact that one node states in its log.
//
// Set says which of the optional fields the line printed; the others are
// unknown and hold zero. Node 0 and an empty Group mean that the line names
// none; lines that name no group concern every group of their node.
type Event struct {
	Kind  Kind
	Set   Field
	Pos   Position
	Time  Stamp
	Node  NodeID
	Group string
	// Writer is what a prefix calls the process that wrote the line (node1,
	// pod/raft-0/app); empty without a prefix. Events of one source with one
	// writer and one group come from one node, unless the stream is merged.
	Writer string

	Message  // of Sent, HandedOver, SendFailed, Received, StepFailed; Term, Index and Commit also of other kinds
	Progress // of ProgressRow; Peer also of SendFailed, HandedOver and Misconfigured

	Role    Role
	OldRole Role
	Vote    NodeID
	Lead    NodeID

	Applied  Index
	First    Index
	Last     Index
	Unstable uint64 // entries not yet in storage

	Count     uint64 // entries or messages, see the kind
	Immediate uint64 // messages to send before the append is stored
	Persisted uint64 // messages to send after it

	EntryType EntryType
	Size      uint64 // bytes
	Duration  time.Duration

	Config  *Config
	Text    string
	Symptom *Symptom // of SymptomSeen
}

// A Message is the header of a Raft message; payloads are never kept.
type Message struct {
	Type      MessageType
	Reject    bool
	From      NodeID
	To        NodeID
	Term      Term
	LogTerm   Term  // MsgApp: term at Index; MsgVote: the candidate's last term
	Index     Index // MsgApp: the previous index; MsgAppResp: covered up to here, or the rejected previous index
	Commit    Index
	Entries   uint64 // how many
	EntryTerm Term   // term of the last entry
	Hint      Index  // of a reject
	Snapshot  Index  // MsgSnap: the snapshot's index
}

// A Progress is what a leader knows of one peer.
type Progress struct {
	Peer            NodeID
	Match           Index
	Next            Index
	State           ProgressState
	Paused          bool
	RecentActive    bool
	Learner         bool
	PendingSnapshot Index
	Inflight        uint64
}

// A Config is a group's membership. VotersOutgoing is empty unless the
// configuration is joint.
type Config struct {
	Voters         []NodeID `json:"voters"`
	VotersOutgoing []NodeID `json:"voters_outgoing,omitempty"`
	Learners       []NodeID `json:"learners,omitempty"`
	LearnersNext   []NodeID `json:"learners_next,omitempty"`
	AutoLeave      bool     `json:"auto_leave,omitempty"`
}

// String prints the configuration as etcd raft does: voters=(1 2 3).
func (c *Config) String() string {
	if c == nil {
		return "voters=?"
	}
	ids := func(list []NodeID) string {
		var b strings.Builder
		for i, n := range list {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(n.String())
		}
		return "(" + b.String() + ")"
	}
	s := "voters=" + ids(c.Voters)
	if len(c.VotersOutgoing) > 0 {
		s += "&&" + ids(c.VotersOutgoing)
	}
	if len(c.Learners) > 0 {
		s += " learners=" + ids(c.Learners)
	}
	if len(c.LearnersNext) > 0 {
		s += " learners_next=" + ids(c.LearnersNext)
	}
	if c.AutoLeave {
		s += " autoleave"
	}
	return s
}

// Has reports whether the line printed every field of want.
func (e *Event) Has(want Field) bool { return e.Set&want == want }

// LastIndex is the index of the last entry that a MsgApp carries, or of its
// previous entry when it carries none. It is known if Index and Entries are.
func (m *Message) LastIndex() Index { return m.Index + Index(m.Entries) }

// A writer of words with single spaces between.
type words struct{ strings.Builder }

func (w *words) add(s string) {
	if w.Len() > 0 {
		w.WriteByte(' ')
	}
	w.WriteString(s)
}

func (w *words) num(key string, n uint64) { w.add(key + strconv.FormatUint(n, 10)) }

// message writes the header as etcd's DescribeMessage would, leaving out what
// was not printed: 1->2 MsgApp Term:1 Log:1/2 Commit:2 Entries:1.
func (e *Event) message(w *words) {
	if e.Set&(HasFrom|HasTo) != 0 {
		from, to := "?", "?"
		if e.Has(HasFrom) {
			from = e.From.String()
		}
		if e.Has(HasTo) {
			to = e.To.String()
		}
		w.add(from + "->" + to)
	}
	if e.Has(HasType) {
		w.add(e.Type.String())
	}
	if e.Has(HasTerm) {
		w.num("Term:", uint64(e.Term))
	}
	switch {
	case e.Has(HasLogTerm | HasIndex):
		w.add("Log:" + strconv.FormatUint(uint64(e.LogTerm), 10) + "/" + strconv.FormatUint(uint64(e.Index), 10))
	case e.Has(HasIndex):
		w.add("Log:?/" + strconv.FormatUint(uint64(e.Index), 10))
	case e.Has(HasLogTerm):
		w.add("Log:" + strconv.FormatUint(uint64(e.LogTerm), 10) + "/?")
	}
	if e.Reject {
		if e.Has(HasHint) {
			w.add("Rejected (Hint: " + strconv.FormatUint(uint64(e.Hint), 10) + ")")
		} else {
			w.add("Rejected")
		}
	}
	if e.Has(HasCommit) && e.Commit > 0 {
		w.num("Commit:", uint64(e.Commit))
	}
	if e.Has(HasEntries) && e.Entries > 0 {
		w.num("Entries:", e.Entries)
		if e.Has(HasEntryTerm) {
			w.num("EntryTerm:", uint64(e.EntryTerm))
		}
	}
	if e.Has(HasSnapshot) {
		w.num("Snapshot:", uint64(e.Snapshot))
	}
}

// String says the fact in the words that Raft people use. It leaves out
// position, time, node and group.
func (e *Event) String() string {
	var w words
	w.add(e.Kind.String())
	switch e.Kind {
	case Sent, HandedOver, SendFailed, Received, StepFailed:
		e.message(&w)
		if e.Has(HasPeer) {
			w.num("Peer:", uint64(e.Peer))
		}
		if e.Has(HasCount) {
			w.num("Count:", e.Count)
		}
		if e.Has(HasText) {
			w.add(strconv.Quote(e.Text))
		}
		return w.String()
	}
	e.fields(&w)
	return w.String()
}

func (e *Event) fields(w *words) {
	for _, f := range fieldTable {
		if !e.Has(f.bit) {
			continue
		}
		w.add(f.label + ":" + f.show(e))
	}
}

// Text positions, times and nodes in front of the fact:
// "node1.log:12 node 1 __meta-0 sent 1->2 MsgApp Term:1".
func (e *Event) Line() string {
	var w words
	w.add(e.Pos.String())
	if e.Time != NoStamp {
		w.add(e.Time.String())
	}
	if e.Node != 0 {
		w.add("node " + e.Node.String())
	}
	if e.Group != "" {
		w.add(e.Group)
	}
	w.add(e.String())
	return w.String()
}
