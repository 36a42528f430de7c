package timeline

import (
	"sort"
	"sync"
	"sync/atomic"

	"github.com/raftdiag/raftdiag"
)

// A Lane is what one node's log says about one group, in the order of that
// log, over one life of the cluster.
//
// Invariant: a lane holds events of its own node only, so lanes are filled
// apart and join in any order.
type Lane struct {
	Node  raftdiag.NodeID
	Group string

	store *Store
	col   *column
	lo    int // the life's first place
	hi    int // behind its last

	// Incarnations are the runs of the process, in order. There is one at
	// least.
	Incarnations []Incarnation
	only         [1]Incarnation // their memory where there is one
	// Adrift says that the cluster began anew and that this lane does not show
	// in which of its lives it stands: it is no witness against other lanes.
	Adrift bool
	// Falls are the places at which a number fell that should not.
	Falls []Fall

	ticks   atomic.Int64 // tick and one, once it was asked for
	losses  *losses      // what lossesOf has answered
	vacated sync.Once    // vacant is known
	vacant  []Vacancy

	scan
}

// An Incarnation is one run of a process, places Begin to End of its lane.
type Incarnation struct {
	Begin, End int
	Opened     string // start, boot, panic, stop, fall, or file: what came before is not known
}

// A Fall is a number that went down within one lane: what is term, commit,
// last or applied. Restart says that an incarnation begins here.
type Fall struct {
	What     string
	At       int // place of the row with the lower number
	Before   int // place of the row with the higher one
	From, To uint64
	Restart  bool
}

// A Proof is an event that shows something.
type Proof struct {
	Lane *Lane
	I    int
}

// OK reports whether there is an event.
func (p Proof) OK() bool { return p.Lane != nil }

// Event is the event itself.
func (p Proof) Event() raftdiag.Event { return p.Lane.Event(p.I) }

// Position is where its line stands.
func (p Proof) Position() raftdiag.Position { return p.Lane.Position(p.I) }

// Len is the number of events in the lane.
func (l *Lane) Len() int { return l.hi - l.lo }

// Bounds are the lane's first place and the one behind its last.
func (l *Lane) Bounds() (lo, hi int) { return l.lo, l.hi }

func (l *Lane) rec(i int) *record { return l.col.at(i) }

// Event is the event at place i.
func (l *Lane) Event(i int) raftdiag.Event {
	r := l.rec(i)
	var e raftdiag.Event
	if r.wide() {
		e = l.store.wide[r.a]
	} else {
		unpack(r, &e, l.store.nodes.list, l.store.texts.list)
	}
	e.Node, e.Group = l.Node, l.Group
	// A line may leave out that the node itself sends or receives.
	switch {
	case e.Kind == raftdiag.Sent && !e.Has(raftdiag.HasFrom):
		e.From = l.Node
	case e.Kind == raftdiag.Received && !e.Has(raftdiag.HasTo):
		e.To = l.Node
	}
	e.Pos = l.Position(i)
	return e
}

// Position is where the line of the event at place i stands.
func (l *Lane) Position(i int) raftdiag.Position {
	r := l.rec(i)
	return raftdiag.Position{Source: l.store.feeds[r.source()].name, Line: int64(r.line)}
}

// Proof is the event at place i as a proof.
func (l *Lane) Proof(i int) Proof { return Proof{l, i} }

// incarnation is the number of the run that place i belongs to.
func (l *Lane) incarnation(i int) int {
	if len(l.Incarnations) == 1 {
		return 0
	}
	n := sort.Search(len(l.Incarnations), func(k int) bool { return l.Incarnations[k].End > i })
	return min(n, len(l.Incarnations)-1)
}
