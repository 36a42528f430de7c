package lab

import (
	"strings"
	"time"

	"github.com/raftdiag/raftdiag/cluster"
)

// A Story is the truth about a run, in words that anybody can read.
type Story struct {
	Plan      string         `json:"plan"`
	Seed      uint64         `json:"seed"`
	Impact    string         `json:"impact"`
	Settings  Settings       `json:"settings"`
	Faults    []StoryFault   `json:"faults"`
	Proposals []StoryAsk     `json:"proposals"`
	Messages  []StoryMessage `json:"messages"`
	States    []StoryState   `json:"states"`
}

// Settings are how the cluster was set up.
type Settings struct {
	Nodes       []uint64 `json:"nodes"`
	Learners    int      `json:"learners"`
	Groups      []string `json:"groups"`
	Tick        string   `json:"tick"`
	Heartbeat   int      `json:"heartbeat_ticks"`
	Election    int      `json:"election_ticks"`
	PreVote     bool     `json:"pre_vote"`
	CheckQuorum bool     `json:"check_quorum"`
	AsyncWrites bool     `json:"async_writes"`
	Latency     string   `json:"latency"`
	Jitter      string   `json:"jitter"`
	Streams     bool     `json:"streams"` // messages are not answered by the network
	Rate        float64  `json:"proposals_a_second"`
	Voice       string   `json:"voice"`
	Layout      string   `json:"layout"`
}

// A StoryFault is a fault that struck. Times are since the start, in seconds.
type StoryFault struct {
	Fault string              `json:"fault"`
	Nodes map[string][]uint64 `json:"nodes"`
	At    float64             `json:"at"`
	Until *float64            `json:"until"` // null: to the end
}

// A StoryAsk is what became of a proposal.
type StoryAsk struct {
	Node  uint64  `json:"node"`
	Group string  `json:"group"`
	At    float64 `json:"at"`
	Fate  string  `json:"fate"`
	Index uint64  `json:"index"` // 0: none that is known
	Took  float64 `json:"took"`
}

// A StoryMessage is what became of a message. Events count from 1 in each
// node's log.
type StoryMessage struct {
	From    uint64  `json:"from"`
	To      uint64  `json:"to"`
	Group   string  `json:"group"`
	Type    string  `json:"type"`
	Term    uint64  `json:"term"`
	Index   uint64  `json:"index"`
	Entries int     `json:"entries,omitempty"`
	Reject  bool    `json:"reject,omitempty"`
	At      float64 `json:"at"`
	Event   int     `json:"event"`
	Fate    string  `json:"fate"`
	Why     string  `json:"why,omitempty"`
	Arrived []struct {
		At    float64 `json:"at"`
		Event int     `json:"event"`
	} `json:"arrived,omitempty"`
}

// A StoryState is a state that a replica came to.
type StoryState struct {
	At      float64 `json:"at"`
	Node    uint64  `json:"node"`
	Group   string  `json:"group"`
	Role    string  `json:"role"`
	Term    uint64  `json:"term"`
	Lead    uint64  `json:"lead"`
	Commit  uint64  `json:"commit"`
	Last    uint64  `json:"last"`
	Applied uint64  `json:"applied"`
}

// Story tells the run's truth.
func (r *Run) Story() *Story {
	o, c := r.Truth, &r.Config
	since := func(t time.Time) float64 { return float64(t.Sub(o.Start).Microseconds()) / 1e6 }
	s := &Story{
		Plan: r.Plan.String(), Seed: r.Seed, Impact: r.Impact.String(),
		Settings: Settings{c.IDs, c.Learners, c.Names, c.Tick.String(), c.Heartbeat, c.Election, c.PreVote, c.CheckQuorum, c.AsyncWrites,
			c.Latency.String(), c.Virtual.Jitter.String(), c.Virtual.Streams, c.Rate, r.Look.Voice, r.Look.Layout},
	}
	for _, f := range o.Faults {
		sf := StoryFault{Fault: f.Fault.String(), Nodes: f.Nodes, At: since(f.At)}
		if !f.Until.IsZero() {
			until := since(f.Until)
			sf.Until = &until
		}
		s.Faults = append(s.Faults, sf)
	}
	for _, p := range o.Proposals {
		s.Proposals = append(s.Proposals, StoryAsk{p.Node, p.Group, since(p.At), p.Fate.String(), p.Index, p.Took.Seconds()})
	}
	for i := range o.Messages {
		m := &o.Messages[i]
		sm := StoryMessage{From: m.From, To: m.To, Group: m.Group, Type: m.Type.String(), Term: m.Term, Index: m.Index,
			Entries: m.Entries, Reject: m.Reject, At: since(m.Made), Event: m.Line, Fate: m.Fate.String(), Why: m.Why}
		for _, a := range m.Arrivals {
			sm.Arrived = append(sm.Arrived, struct {
				At    float64 `json:"at"`
				Event int     `json:"event"`
			}{since(a.At), a.Line})
		}
		s.Messages = append(s.Messages, sm)
	}
	for _, m := range o.States {
		s.States = append(s.States, StoryState{since(m.At), m.Node, m.Group, role(m), m.Term, m.Lead, m.Commit, m.Last, m.Applied})
	}
	return s
}

func role(m cluster.Moment) string { return strings.TrimPrefix(m.Role.String(), "State") }
