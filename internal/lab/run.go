package lab

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/raftlog"
)

// A Run is what happened: what each node said, and the truth.
type Run struct {
	*Plan
	Said  []Word  // in the order in which it was said
	Heard []Heard // what the Raft library printed
	Truth *cluster.Outcome
	Twin  *cluster.Outcome // of the same run without the fault
	// Impact is what the fault did, by comparison with the twin.
	Impact Impact

	handover bool // the logs that are judged show what goes to the transport
}

// A Word is one event that a node stated, with its number among those of the
// node, from 1.
type Word struct {
	Node   uint64
	Number int
	raftdiag.Event
}

// An Impact is how far a fault's run differs from its twin.
type Impact int

// The impacts.
const (
	NoImpact Impact = iota
	Harm            // a node or its lag differs, and every client was served
	Slow            // clients waited longer
	Blocked         // clients were refused, gave up or wait
)

// String is the impact in a word.
func (i Impact) String() string { return [...]string{"none", "harm", "slow", "blocked"}[i] }

// Stage runs the plan of a case, by its name, and a seed.
func Stage(ctx context.Context, name string, seed uint64) (*Run, error) {
	c, ok := cluster.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("lab: no case is called %q", name)
	}
	p, err := Draw(c, seed)
	if err != nil {
		return nil, err
	}
	return p.Do(ctx)
}

// Do runs the plan, and its twin if it has a fault.
func (p *Plan) Do(ctx context.Context) (*Run, error) {
	r := &Run{Plan: p}
	var err error
	conf := p.Config
	conf.Library = func(node uint64, l cluster.LibraryLine) {
		r.Heard = append(r.Heard, Heard{node, len(r.Said), l})
	}
	if r.Truth, err = stage(ctx, conf, &r.Said); err != nil {
		return nil, err
	}
	if len(p.Config.Faults) == 0 {
		r.Twin = r.Truth
		return r, nil
	}
	calm := p.Config
	calm.Faults = nil
	if r.Twin, err = stage(ctx, calm, nil); err != nil {
		return nil, err
	}
	r.Impact = impact(r.Truth, r.Twin, &p.Config)
	return r, nil
}

// stage runs a cluster. Its nodes' words go to said, unless that is nil; whether
// anybody listens changes nothing there.
func stage(ctx context.Context, conf cluster.Config, said *[]Word) (*cluster.Outcome, error) {
	ears := map[uint64]*ear{}
	conf.Log = func(node uint64) io.Writer {
		ears[node] = &ear{node: node, said: said}
		return ears[node]
	}
	conf.Sink = func(node uint64, w io.Writer) raftlog.Sink { return mouth{ears[node], w, said != nil} }
	return cluster.Run(ctx, conf)
}

// A mouth says one line for each event to the cluster, which lets it through to
// the ear unless the process has ended.
type mouth struct {
	ear  *ear
	w    io.Writer
	open bool
}

func (m mouth) Enabled() bool { return m.open }

func (m mouth) Emit(e *raftdiag.Event) {
	m.ear.event = e
	_, _ = m.w.Write(newline) // the ear's Write never fails
}

var newline = []byte{'\n'}

// An ear keeps what a node says.
type ear struct {
	node  uint64
	said  *[]Word
	event *raftdiag.Event
	count int
}

func (e *ear) Write(b []byte) (int, error) {
	e.count++
	*e.said = append(*e.said, Word{e.node, e.count, *e.event})
	return len(b), nil
}

// impact compares a run with its twin.
func impact(a, b *cluster.Outcome, conf *cluster.Config) Impact {
	served := func(o *cluster.Outcome) (bad int, waits []time.Duration) {
		// Who asked shortly before the end may wait in a healthy run as well,
		// and who asked a process that then ended waits for nobody.
		last := o.End.Add(-conf.Timeout / 2)
		for _, p := range o.Proposals {
			switch {
			case p.Fate == cluster.Committed:
				waits = append(waits, p.Took)
			case p.Fate == cluster.Waits && (p.At.After(last) || o.End.Sub(p.At) > conf.Timeout+2*conf.Tick):
			default:
				bad++
			}
		}
		slices.Sort(waits)
		return bad, waits
	}
	badA, waitsA := served(a)
	badB, waitsB := served(b)
	if badA > badB {
		return Blocked
	}
	longest := func(l []time.Duration) time.Duration {
		if len(l) == 0 {
			return 0
		}
		return l[len(l)-1]
	}
	beat := time.Duration(conf.Heartbeat) * conf.Tick
	if longest(waitsA) > 2*longest(waitsB) && longest(waitsA) > 2*beat {
		return Slow
	}
	for i, n := range a.Nodes {
		m := b.Nodes[i]
		if n.Alive != m.Alive {
			return Harm
		}
		for _, r := range n.Replicas {
			s := b.Replica(n.Node, r.Group)
			lead := a.Replica(r.Lead, r.Group)
			if s == nil || !slices.Equal(r.Voters, s.Voters) || lead != nil && r.Applied+10 < lead.Commit {
				return Harm
			}
		}
	}
	if terms(a) > terms(b) {
		return Harm
	}
	return NoImpact
}

// heals reports whether the run's fault ends before the run does.
func (r *Run) heals() bool {
	return len(r.Config.Faults) > 0 && r.Config.Faults[0].For > 0
}

// terms is the highest term of an outcome.
func terms(o *cluster.Outcome) (t uint64) {
	for _, n := range o.Nodes {
		for _, r := range n.Replicas {
			t = max(t, r.Term)
		}
	}
	return t
}
