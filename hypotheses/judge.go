package hypotheses

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// Options are how to judge.
type Options struct {
	Patience int                            // rounds; 0 means the default of three
	Complete bool                           // the end of the input is final: what waits there is stuck
	Text     func(raftdiag.Position) string // the line at a position, for quotes; nil leaves them out
	Groups   []string                       // only these; nil means all
	Workers  int                            // 0 means one for each processor
}

// Judge weighs every group and sums up. It leaves the report's inputs and notes
// to the caller, who knows the sources.
func Judge(t *timeline.Timelines, o Options) *raftdiag.Report {
	names := t.Groups()
	if o.Groups != nil {
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(o.Groups, n) })
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	groups := make([]raftdiag.Group, len(names))
	side(names, o.Workers, func(i int) {
		t.Visit(names[i], func(lives []*timeline.Timeline) { groups[i] = judgeGroup(lives, o) })
	})
	groups = withSymptoms(groups, t.Speakers(), o)
	r := &raftdiag.Report{Schema: raftdiag.ReportSchema, Groups: groups, Inputs: []raftdiag.Input{}, Notes: []string{}}
	for i := range groups {
		if g := &groups[i]; r.Verdict == nil || g.Verdict.Worse(*r.Verdict) {
			v := g.Verdict
			r.Verdict, r.Summary = &v, g.Summary
		}
	}
	lost := int64(0)
	for _, n := range t.Unattributed {
		lost += n
	}
	switch {
	case r.Verdict != nil:
	case lost > 0 && len(t.Groups()) == 0:
		r.Verdict, r.Summary = ptr(raftdiag.Undecided), fmt.Sprintf("%d events name no node, so nothing can be followed", lost)
	default:
		r.Summary = "no Raft event was read"
	}
	return r
}

// side does something for each name, side by side. It panics if one of them does, once all ended,
// so that the caller may recover.
func side(names []string, workers int, do func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	var once sync.Once
	var broken any
	for range min(max(workers, 1), max(len(names), 1)) {
		wg.Go(func() {
			for i := range next {
				func() {
					defer func() {
						if p := recover(); p != nil {
							once.Do(func() { broken = fmt.Sprintf("judge group %q: %v\n%s", names[i], p, debug.Stack()) })
						}
					}()
					do(i)
				}()
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	wg.Wait()
	if broken != nil {
		panic(broken)
	}
}

// A judgement is what is gathered on one life of one group.
type judgement struct {
	t        *timeline.Timeline
	o        Options
	pat      timeline.Patience
	group    *raftdiag.Group
	episodes []*episode
	states   []state          // impossible states of this life
	voters   *timeline.Voters // what allVoters answered
}

// An episode is a report's episode with what its order is decided by.
type episode struct {
	raftdiag.Episode
	life  int
	term  raftdiag.Term
	at    timeline.Proof
	stall *timeline.Stall
	state bool // it is the consequence of an impossible state
	froze bool // the leader's loop stands still
}

// stuck reports whether the episode left entries or proposals behind that did
// not commit under its leader.
func (e *episode) stuck() bool { return e.froze || e.stall != nil && e.stall.Open }

func patience(o Options) timeline.Patience {
	p := timeline.DefaultPatience
	if o.Patience > 0 {
		p.Rounds = o.Patience
	}
	p.Complete = o.Complete
	return p
}

func judgeGroup(lives []*timeline.Timeline, o Options) raftdiag.Group {
	g := raftdiag.Group{
		Group: lives[0].Group, Verdict: raftdiag.Healthy, Voters: []string{}, Nodes: []raftdiag.NodeState{},
		Hypotheses: []raftdiag.Finding{}, Violations: []raftdiag.Violation{}, Episodes: []raftdiag.Episode{}, Notes: []raftdiag.Note{},
		Ledgers: raftdiag.Ledgers{Pairs: []raftdiag.PairRow{}, Leadership: []raftdiag.TermRow{}, Membership: []raftdiag.MemberRow{}, Clocks: []raftdiag.ClockRow{}},
	}
	var episodes []*episode
	activity := ""
	var blanks []blank
	for _, t := range lives {
		j := &judgement{t: t, o: o, pat: patience(o), group: &g}
		j.judge()
		episodes = append(episodes, j.episodes...)
		if t.Life == t.Lives-1 {
			j.describe()
			activity, blanks = j.activity(), j.blanks()
		}
	}
	slices.SortStableFunc(episodes, func(a, b *episode) int {
		return cmp.Or(cmp.Compare(a.life, b.life), cmp.Compare(a.term, b.term), cmp.Compare(a.at.I, b.at.I))
	})
	for _, e := range episodes {
		g.Episodes = append(g.Episodes, e.Episode)
	}
	sum(&g, activity, blanks)
	return g
}

// judge runs the checks in their order: impossible states, stalls, what keeps
// proposals from getting an index, what keeps commits from being applied, and
// last what cost nothing.
func (j *judgement) judge() {
	j.violations()
	j.stalls()
	j.frozen()
	j.leaderless()
	j.dropped()
	j.applyStalls()
	j.consequences()
	j.doubts()
	j.degraded()
}

// quote makes a line of evidence of a proof.
func (j *judgement) quote(p timeline.Proof, says string, args ...any) []raftdiag.Quote {
	if p.OK() && len(args) > 0 {
		says = fmt.Sprintf(says, args...)
	}
	return j.cite(p, says)
}

// cite makes a line of evidence of a proof, as quote does.
func (j *judgement) cite(p timeline.Proof, says string) []raftdiag.Quote {
	if !p.OK() {
		return nil
	}
	pos := p.Position()
	q := raftdiag.Quote{Source: pos.Source, Line: pos.Line, Says: says}
	if j.o.Text != nil {
		q.Text = j.o.Text(pos)
	}
	return []raftdiag.Quote{q}
}

// add appends quotes without repeating a line.
func add(list []raftdiag.Quote, more ...raftdiag.Quote) []raftdiag.Quote {
	for _, q := range more {
		if !slices.ContainsFunc(list, func(o raftdiag.Quote) bool { return o.Source == q.Source && o.Line == q.Line }) {
			list = append(list, q)
		}
	}
	return list
}

// A cause is a cause before its line in the report.
type cause struct {
	name     string
	nodes    []raftdiag.NodeID
	summary  string
	evidence []raftdiag.Quote
}

// causes merges those of one name and words them.
func causes(list []cause) []raftdiag.Cause {
	out := []raftdiag.Cause{}
	for _, c := range list {
		i := slices.IndexFunc(out, func(o raftdiag.Cause) bool { return o.Name == c.name })
		if i < 0 {
			doc, _ := Lookup(c.name)
			out = append(out, raftdiag.Cause{Name: c.name, Nodes: []string{}, Summary: c.summary, Evidence: []raftdiag.Quote{}, Remedy: doc.Remedy})
			i = len(out) - 1
		} else if !slices.Contains(strings.Split(out[i].Summary, "; "), c.summary) {
			out[i].Summary += "; " + c.summary
		}
		for _, n := range c.nodes {
			if s := n.String(); !slices.Contains(out[i].Nodes, s) {
				out[i].Nodes = append(out[i].Nodes, s)
			}
		}
		if len(out[i].Evidence) < 6 {
			out[i].Evidence = add(out[i].Evidence, c.evidence...)
		}
	}
	return out
}

func ids(nodes []raftdiag.NodeID) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.String()
	}
	return out
}

// list words a set of nodes: "node 2", "nodes 2 and 3".
func list(nodes []raftdiag.NodeID) string {
	switch len(nodes) {
	case 0:
		return "no node"
	case 1:
		return "node " + nodes[0].String()
	}
	s := "nodes "
	for i, n := range nodes {
		switch {
		case i == len(nodes)-1:
			s += " and "
		case i > 0:
			s += ", "
		}
		s += n.String()
	}
	return s
}

func ptr[T any](v T) *T { return &v }

func stamp(s raftdiag.Stamp) *string {
	if s == raftdiag.NoStamp {
		return nil
	}
	return ptr(s.String())
}

func where(p timeline.Proof) *raftdiag.Where {
	if !p.OK() {
		return nil
	}
	pos := p.Position()
	return &raftdiag.Where{Source: pos.Source, Line: pos.Line}
}

// finding makes the row of a hypothesis.
func finding(h *Hypothesis, v raftdiag.Verdict, summary string) raftdiag.Finding {
	f := raftdiag.Finding{Name: h.Name, Verdict: v, Summary: summary, Evidence: []raftdiag.Quote{}, Missing: []string{}}
	if h.ID != "" {
		f.ID = &h.ID
	}
	return f
}
