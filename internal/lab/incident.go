package lab

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
)

// Plain is the plan of a small run: three nodes, one group, a few seconds,
// clocks that are right and logs without oddities. It is for people to read,
// and for tests; the seed still draws when and how much.
func Plain(c cluster.FaultInfo, seed uint64) (*Plan, error) {
	p := &Plan{Case: c, Seed: seed}
	conf := &p.Config
	conf.Nodes, conf.Groups = 3, 1
	conf.IDs, conf.Names = []uint64{1, 2, 3}, []string{"orders-0"}
	conf.Tick, conf.Heartbeat, conf.Election = 50*time.Millisecond, 3, 10
	conf.Latency = 2 * time.Millisecond
	conf.Rate, conf.Size, conf.Timeout = 4, 64, time.Second
	conf.Virtual = &cluster.Virtual{Seed: seed, Start: time.Date(2026, 1, 2, 15, 4, 0, 0, time.UTC), Jitter: time.Millisecond}
	election := time.Duration(conf.Election) * conf.Tick
	at := 3 * election
	conf.Duration = at + 7*election
	if err := p.strike(at, election); err != nil {
		return nil, err
	}
	if f := conf.Faults[0]; f.For > 0 {
		conf.Duration = max(conf.Duration, f.At+f.For+3*election)
	}
	if err := conf.Check(); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", p, err)
	}
	p.Look = Look{Voice: "slog", Grain: time.Microsecond, Layout: "files", File: "node%d.log"}
	if source(seed, "voice "+c.Name).IntN(3) == 0 {
		p.Look.Voice, p.Look.Prefix, p.Look.Types = "text", "tracing", "rs"
	}
	return p, nil
}

// An Expected is what a right diagnosis says of a run, in the form of the
// fixtures' expect.json.
type Expected struct {
	Verdict []raftdiag.RunVerdict    `json:"verdict"`
	Groups  map[string]ExpectedGroup `json:"groups"`
}

// An ExpectedGroup is what is expected of one group. Of a list with several
// names, each is right.
type ExpectedGroup struct {
	FailurePoint []string `json:"failure_point"`
	Causes       []string `json:"causes,omitempty"`
	NotConfirmed []string `json:"not_confirmed"`
	MayViolate   []string `json:"may_violate,omitempty"`
}

// Expect is what must be said of the run, by its case, and what must not, by
// its truth alone.
func (r *Run) Expect() Expected {
	r.handover = true // a plain look prints it
	c := r.Case
	allowed := append([]string{c.Hypothesis}, c.OrHypothesis...)
	g := ExpectedGroup{FailurePoint: []string{}, NotConfirmed: []string{}, Causes: c.Causes}
	for _, p := range allowed {
		if p == "" {
			p = "none"
		}
		g.FailurePoint = append(g.FailurePoint, p)
	}
	for _, p := range pointNames {
		if !slices.Contains(allowed, p) && r.refutes(p) != "" {
			g.NotConfirmed = append(g.NotConfirmed, p)
		}
	}
	for _, v := range violationNames {
		if r.shows(v) {
			g.MayViolate = append(g.MayViolate, v)
		}
	}
	verdict := append([]raftdiag.RunVerdict{c.Verdict}, c.OrVerdict...)
	if r.Impact >= Slow && c.Verdict == raftdiag.Degraded {
		verdict = append(verdict, raftdiag.Fault) // it did cost a write
	}
	return Expected{Verdict: verdict, Groups: map[string]ExpectedGroup{r.Config.Names[0]: g}}
}

// violationNames are the impossible states.
var violationNames = []string{"two-leaders", "committed-conflict", "double-vote", "term-regressed", "commit-regressed", "log-regressed",
	"log-lost", "leader-unmatched", "progress-broken", "applied-ahead", "wrong-peer-address", "duplicate-id"}

// JSON is the file's text.
func (e Expected) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(e, "", "  ")
	return append(b, '\n'), err
}
