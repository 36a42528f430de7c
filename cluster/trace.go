package cluster

import (
	"time"

	"go.etcd.io/raft/v3/raftpb"
)

// A MessageFate is what became of a message.
type MessageFate int

// The fates of messages.
const (
	InFlight  MessageFate = iota // the run ended first
	Withheld                     // it got lost between Raft and the transport
	Refused                      // the transport or the network gave it back, with an error
	LostOnWay                    // the network lost it
	Arrived
)

// String is the fate in a word or two.
func (f MessageFate) String() string {
	return [...]string{"in flight", "withheld", "refused", "lost", "arrived"}[f]
}

// A Message is what became of one message. Only runs on the virtual clock keep
// them.
type Message struct {
	From, To uint64
	Group    string
	Type     raftpb.MessageType
	Term     uint64
	LogTerm  uint64
	Index    uint64
	Entries  int
	Reject   bool

	Made     time.Time
	Line     int // of its sender's log; 0 if it was not printed
	Fate     MessageFate
	Why      string // it was refused, or although it arrived its sender was told otherwise
	Arrivals []Arrival
}

// An Arrival is a message at its receiver.
type Arrival struct {
	At   time.Time
	Line int // of the receiver's log; 0 if it was not printed
}

// A Moment is a state that a replica came to.
type Moment struct {
	At time.Time
	ReplicaState
}

func (t *truth) message(from uint64, group string, m raftpb.Message, at time.Time, line int) (id int) {
	if !t.traces {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.messages = append(t.messages, Message{
		From: from, To: m.To, Group: group, Type: m.Type, Term: m.Term, LogTerm: m.LogTerm, Index: m.Index,
		Entries: len(m.Entries), Reject: m.Reject, Made: at, Line: line,
	})
	return len(t.messages)
}

func (t *truth) lost(id int, fate MessageFate, why error) {
	if id == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &t.messages[id-1]
	if m.Fate == InFlight {
		m.Fate = fate
	}
	if why != nil {
		m.Why = why.Error()
	}
}

func (t *truth) arrived(id int, at time.Time, line int) {
	if id == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &t.messages[id-1]
	m.Fate = Arrived
	m.Arrivals = append(m.Arrivals, Arrival{at, line})
}

// where is a replica's place.
type where struct {
	node  uint64
	group string
}

// state keeps a replica's state, if it is another than before.
func (t *truth) state(at time.Time, r ReplicaState) {
	if !t.traces {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := where{r.Node, r.Group}
	if i, ok := t.last[key]; ok {
		if was := t.states[i]; was.Role == r.Role && was.Term == r.Term && was.Lead == r.Lead && was.Commit == r.Commit && was.Last == r.Last && was.Applied == r.Applied {
			return
		}
	} else if t.last == nil {
		t.last = map[where]int{}
	}
	r.Progress = nil
	t.last[key] = len(t.states)
	t.states = append(t.states, Moment{at, r})
}
