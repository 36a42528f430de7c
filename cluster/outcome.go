package cluster

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/raft/v3"
)

// An Outcome is the truth about a run.
type Outcome struct {
	Start, End time.Time
	Faults     []Struck
	Missed     []Fault // those that did not strike: the run ended before there was a leader
	Proposals  []Proposal
	Nodes      []NodeState
	Messages   []Message // on the virtual clock
	States     []Moment  // on the virtual clock, in order of time
}

// A Struck is a fault that struck, with what its words stood for.
type Struck struct {
	Fault Fault
	Nodes map[string][]uint64 // by parameter
	At    time.Time
	Until time.Time      // zero: it lasted to the end
	Then  []ReplicaState // the replicas of running nodes as it struck

	place int // in Config.Faults
}

// A Fate is what became of a proposal.
type Fate int

// The fates.
const (
	Waits     Fate = iota // the run ended first
	Committed             // applied where it was proposed, and its client was told
	Dropped               // refused
	TimedOut              // its client gave up
)

// String is the fate in a word or two.
func (f Fate) String() string {
	return [...]string{"waits", "committed", "dropped", "timed out"}[f]
}

// A Proposal is one command of the client.
type Proposal struct {
	ID      uint64
	Node    uint64
	Group   string
	At      time.Time
	Fate    Fate
	Index   uint64 // 0 if it never got one that its node knew of
	Took    time.Duration
	Applied bool // some node applied it, whatever its client was told
}

// A NodeState is where a node stood at the end.
type NodeState struct {
	Node     uint64
	Alive    bool
	Error    string        // why it died, if it died by itself
	Skew     time.Duration // how far a fault put the stamps of its log off
	Replicas []ReplicaState
}

// A ReplicaState is where a group stood on a node.
type ReplicaState struct {
	Node     uint64
	Group    string
	Role     raft.StateType
	Term     uint64
	Lead     uint64
	Commit   uint64
	Last     uint64 // of what storage has
	Applied  uint64
	Voters   []uint64
	Progress map[uint64]PeerState // a leader's
}

// A PeerState is what a leader held of a peer.
type PeerState struct {
	Match, Next uint64
	State       string
	Paused      bool
	Pending     uint64
}

// Replica finds a node's replica of the group at the end; nil if there is none.
func (o *Outcome) Replica(node uint64, group string) *ReplicaState {
	for i := range o.Nodes {
		if o.Nodes[i].Node != node {
			continue
		}
		for j := range o.Nodes[i].Replicas {
			if r := &o.Nodes[i].Replicas[j]; r.Group == group {
				return r
			}
		}
	}
	return nil
}

// Count counts the proposals with the fate that were made at or after since.
func (o *Outcome) Count(fate Fate, since time.Time) int {
	n := 0
	for _, p := range o.Proposals {
		if p.Fate == fate && !p.At.Before(since) {
			n++
		}
	}
	return n
}

// String sums the run up: proposals by fate, faults, and where each replica
// stood.
func (o *Outcome) String() string {
	var b strings.Builder
	for _, f := range o.Faults {
		fmt.Fprintf(&b, "fault %s at %v", f.Fault, f.At.Sub(o.Start).Round(time.Millisecond))
		if !f.Until.IsZero() {
			fmt.Fprintf(&b, " until %v", f.Until.Sub(o.Start).Round(time.Millisecond))
		}
		b.WriteByte('\n')
	}
	for _, f := range o.Missed {
		fmt.Fprintf(&b, "fault %s did not strike\n", f)
	}
	var zero time.Time
	fmt.Fprintf(&b, "proposals %d: committed %d, dropped %d, timed out %d, waiting %d\n", len(o.Proposals),
		o.Count(Committed, zero), o.Count(Dropped, zero), o.Count(TimedOut, zero), o.Count(Waits, zero))
	for _, n := range o.Nodes {
		state := "runs"
		if !n.Alive {
			state = "down"
		}
		if n.Error != "" {
			state += ": " + n.Error
		}
		fmt.Fprintf(&b, "node %d %s\n", n.Node, state)
		for _, r := range n.Replicas {
			fmt.Fprintf(&b, "  %s %s term %d lead %d commit %d last %d applied %d voters %v\n",
				r.Group, strings.TrimPrefix(r.Role.String(), "State"), r.Term, r.Lead, r.Commit, r.Last, r.Applied, r.Voters)
			for _, id := range sortedKeys(r.Progress) {
				p := r.Progress[id]
				fmt.Fprintf(&b, "    peer %d match %d next %d %s", id, p.Match, p.Next, strings.TrimPrefix(p.State, "State"))
				if p.Paused {
					b.WriteString(" paused")
				}
				if p.Pending > 0 {
					fmt.Fprintf(&b, " pending snapshot %d", p.Pending)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

func sortedKeys[V any](m map[uint64]V) []uint64 {
	keys := make([]uint64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// truth collects an Outcome while the cluster runs.
type truth struct {
	mu        sync.Mutex
	proposals []Proposal // the id is the place, from 1
	struck    []Struck
	traces    bool      // messages and states are kept
	messages  []Message // the id is the place, from 1
	states    []Moment
	last      map[where]int // the newest of each replica, in states
}

// propose notes a new proposal and returns its id.
func (t *truth) propose(node uint64, group string, at time.Time) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := uint64(len(t.proposals) + 1)
	t.proposals = append(t.proposals, Proposal{ID: id, Node: node, Group: group, At: at})
	return id
}

func (t *truth) end(id uint64, fate Fate, index uint64, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &t.proposals[id-1]
	p.Fate, p.Took = fate, at.Sub(p.At)
	if index > 0 {
		p.Index = index
	}
}

func (t *truth) applied(id, index uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id == 0 || id > uint64(len(t.proposals)) {
		return
	}
	p := &t.proposals[id-1]
	p.Applied, p.Index = true, index
}

func (t *truth) strike(s Struck) (place int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.struck = append(t.struck, s)
	return len(t.struck) - 1
}

func (t *truth) healed(place int, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.struck[place].Until = at
}
