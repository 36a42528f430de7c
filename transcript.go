package raftdiag

import (
	"encoding/json"
	"time"
)

// A Fate is what became of a message.
type Fate string

// The fates. CannotTell is an answer: the receiver's log is missing, does not
// print such messages, or does not reach that far.
const (
	Delivered  Fate = "delivered"
	LostOnWay  Fate = "lost"
	Duplicated Fate = "duplicated"  // received more than once
	Reordered  Fate = "reordered"   // received after a message that was sent later
	InFlight   Fate = "in_flight"   // the log ends before it could have arrived
	Superseded Fate = "superseded"  // an answer that a later one covers
	NotSent    Fate = "not_sent"    // generated, and dropped before the transport
	Unsent     Fate = "unseen_send" // received, and its send is not in the logs
	CannotTell Fate = "unknown"
)

// A Passage is one message between two nodes. Latency is an interval because
// the two clocks differ; nil bounds are unknown.
type Passage struct {
	Sent      *Event         `json:"sent"`
	Received  *Event         `json:"received"`
	Fate      Fate           `json:"fate"`
	Why       string         `json:"why,omitempty"`
	Low       *time.Duration `json:"latency_low_ns"`
	High      *time.Duration `json:"latency_high_ns"`
	Ambiguous bool           `json:"ambiguous,omitempty"` // other pairings are possible
}

// A Step is one gate on one node's lane, passed at an event.
type Step struct {
	Gate string `json:"gate"`
	At   *Event `json:"at"`
}

// A PeerPath is how far an entry came with one peer.
type PeerPath struct {
	Node  NodeID `json:"node"`
	Steps []Step `json:"steps"`
}

// A ProposalPath follows one entry through the gates.
type ProposalPath struct {
	Term    *uint64    `json:"term"`
	Index   Index      `json:"index"`
	Leader  NodeID     `json:"leader"`
	Steps   []Step     `json:"steps"` // proposed, committed, applied, replied on the leader
	Peers   []PeerPath `json:"peers"`
	Decider NodeID     `json:"decider"` // whose match completed the quorum, 0 if unknown
	Fate    string     `json:"fate"`    // committed, stuck, replaced, unknown
	// Waits inside the leader's own log, in nanoseconds; nil if unknown.
	ToCommit *time.Duration `json:"to_commit_ns"`
	ToApply  *time.Duration `json:"to_apply_ns"`
}

// A Transcript is what the timeline command shows of one group.
type Transcript struct {
	Group     string         `json:"group"`
	Passages  []Passage      `json:"messages"`
	Proposals []ProposalPath `json:"proposals"`
	Clocks    []ClockRow     `json:"clocks"`
	Notes     []string       `json:"notes"`
}

// A Saying is what a node's log says beside messages, at a moment or again and
// again for a while: a line of a chronology.
type Saying struct {
	Node    string        `json:"node"` // as the logs call it
	Says    string        `json:"says"` // in a few words
	Mood    Mood          `json:"mood"`
	Times   int           `json:"times"`
	Event   *Event        `json:"first"`
	Until   Stamp         `json:"-"`          // when it was said for the last time
	Longest time.Duration `json:"longest_ns"` // of the durations that were told; 0 if none was
}

// MarshalJSON writes the saying with its end as the JSON of events writes times.
func (s Saying) MarshalJSON() ([]byte, error) {
	type plain Saying
	return json.Marshal(struct {
		plain
		Until string `json:"until,omitempty"`
	}{plain(s), s.Until.String()})
}

// A Mood is what sort of thing a saying is.
type Mood string

// The moods.
const (
	Routine Mood = "routine" // healthy systems say it as well
	Ruling  Mood = "ruling"  // who campaigns, votes and leads
	Ailing  Mood = "ailing"  // something is wrong
)
