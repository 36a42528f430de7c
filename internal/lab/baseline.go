package lab

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// A Baseline is a simple way to a diagnosis, to which raftdiag is compared.
type Baseline struct {
	Name string
	Doc  string
	Ask  func(r *Run, files []File, rng *rand.Rand) *raftdiag.Report
}

// Baselines lists them.
func Baselines() []Baseline {
	return []Baseline{
		{"grep", "counts lines with known messages; the most frequent one names the point", func(_ *Run, files []File, _ *rand.Rand) *raftdiag.Report { return grep(files) }},
		{"merge", "merges all lines by their stamps, and names the first step that the first stuck entry lacks", func(_ *Run, files []File, _ *rand.Rand) *raftdiag.Report { return merge(files) }},
		{"random", "draws a point, or none", func(_ *Run, _ []File, rng *rand.Rand) *raftdiag.Report {
			return guess(pick(rng, "", "no-leader", "proposal-dropped", "no-broadcast", "no-delivery", "no-response", "no-quorum", "no-commit-advance", "apply-stalled"))
		}},
	}
}

// Compare judges a baseline's guess as raftdiag's would be.
func (r *Run) Compare(b Baseline, files []File, d Damage) *Mark {
	m := &Mark{Tool: b.Name, Case: r.Case.Name, Seed: r.Seed, Damage: d.Name, Voice: r.Look.Voice, Impact: r.Impact}
	r.fill(m, d, Diagnosis{Report: b.Ask(r, files, source(r.Seed, b.Name+" "+r.Case.Name))})
	return m
}

// A known message, and what it is said to mean.
type known struct{ words, point, cause string }

var knownMessages = []known{
	{"connection refused", "no-delivery", "connection-refused"},
	{"no address for", "no-delivery", "no-address"},
	{"deadline exceeded", "no-delivery", "slow-network"},
	{"deadlineexceeded", "no-delivery", "slow-network"},
	{"operation timed out", "no-delivery", "slow-network"},
	{"failed to decode", "no-delivery", "undecodable"},
	{"cluster id mismatch", "no-delivery", "cluster-id-mismatch"},
	{"certificate", "no-delivery", "tls-failure"},
	{"buffer full", "no-delivery", "buffer-full"},
	{"reject=true", "no-quorum", "rejected"},
	{`reject":true`, "no-quorum", "rejected"},
	{`reject": true`, "no-quorum", "rejected"},
	{"candidate", "no-leader", "election-storm"},
	{"proposal_dropped", "proposal-dropped", "not-leader"},
	{"failed to propose", "proposal-dropped", "not-leader"},
	{"database space exceeded", "proposal-dropped", "quota-exceeded"},
	{"panic", "no-quorum", "dead-voters"},
	{"tocommit(", "no-quorum", "log-lost"},
	{"no space left", "no-quorum", "disk-full"},
	{"paused=true", "no-broadcast", "progress-paused"},
	{`paused":true`, "no-broadcast", "progress-paused"},
	{"statesnapshot", "no-broadcast", "snapshot-pending"},
	{"i/o took", "no-commit-advance", "slow-disk"},
	{"failed to process message", "no-response", "step-error"},
	{"step_failed", "no-response", "step-error"},
	{"timed out after", "apply-stalled", "waiter-not-notified"},
	{"proposal_timeout", "apply-stalled", "waiter-not-notified"},
}

func grep(files []File) *raftdiag.Report {
	counts := make([]int, len(knownMessages))
	for _, f := range files {
		for _, l := range f.Lines {
			text := strings.ToLower(l.Text)
			for i, k := range knownMessages {
				if strings.Contains(text, k.words) {
					counts[i]++
				}
			}
		}
	}
	order := make([]int, 0, len(counts))
	for i, n := range counts {
		if n > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	var points, causes []string
	for _, i := range order {
		if k := knownMessages[i]; !slices.Contains(points, k.point) {
			points = append(points, k.point)
		}
		causes = append(causes, knownMessages[i].cause)
	}
	if len(points) == 0 {
		return guess("")
	}
	r := guess(points[0], points[1:]...)
	for _, c := range causes {
		e := &r.Groups[0].Episodes[0]
		e.Causes = append(e.Causes, raftdiag.Cause{Name: c})
	}
	return r
}

// merge looks at the first entry that does not commit, in the order of stamps.
func merge(files []File) *raftdiag.Report {
	var events []*raftdiag.Event
	for _, f := range files {
		for _, l := range f.Lines {
			if l.Number > 0 {
				events = append(events, l.Event)
			}
		}
	}
	slices.SortStableFunc(events, func(a, b *raftdiag.Event) int { return cmp.Compare(a.Time, b.Time) })
	groups := map[string][]*raftdiag.Event{}
	for _, e := range events {
		groups[e.Group] = append(groups[e.Group], e)
	}
	names := make([]string, 0, len(groups))
	for g := range groups {
		names = append(names, g)
	}
	slices.Sort(names)
	for _, g := range names {
		if p := firstMissing(groups[g]); p != "" {
			return guess(p)
		}
	}
	return guess("")
}

func firstMissing(events []*raftdiag.Event) string {
	var commit, last, applied raftdiag.Index
	dropped, leads := 0, false
	for _, e := range events {
		commit = max(commit, e.Commit)
		switch e.Kind {
		case raftdiag.Sent:
			if e.Type == raftdiag.MsgApp {
				last = max(last, e.LastIndex())
			}
		case raftdiag.LogRow:
			last = max(last, e.Last)
		case raftdiag.Applied:
			applied = max(applied, e.Index)
		case raftdiag.ProposalDropped:
			dropped++
		case raftdiag.State:
			leads = e.Lead != 0
		}
	}
	if last <= commit {
		switch {
		case !leads:
			return "no-leader"
		case dropped > 0:
			return "proposal-dropped"
		case applied < commit:
			return "apply-stalled"
		}
		return ""
	}
	stuck := commit + 1
	steps := []struct {
		point string
		is    func(e *raftdiag.Event) bool
	}{
		{"no-broadcast", func(e *raftdiag.Event) bool {
			return e.Kind == raftdiag.Sent && e.Type == raftdiag.MsgApp && e.LastIndex() >= stuck
		}},
		{"no-delivery", func(e *raftdiag.Event) bool {
			return e.Kind == raftdiag.Received && e.Type == raftdiag.MsgApp && e.LastIndex() >= stuck
		}},
		{"no-response", func(e *raftdiag.Event) bool {
			return e.Kind == raftdiag.Sent && e.Type == raftdiag.MsgAppResp && e.Index >= stuck
		}},
		{"no-delivery", func(e *raftdiag.Event) bool {
			return e.Kind == raftdiag.Received && e.Type == raftdiag.MsgAppResp && e.Index >= stuck
		}},
		{"no-quorum", func(e *raftdiag.Event) bool {
			return e.Kind == raftdiag.ProgressRow && e.Match >= stuck && e.Peer != e.Node
		}},
	}
	at := raftdiag.Stamp(0)
	for _, s := range steps {
		found := false
		for _, e := range events {
			if e.Time >= at && s.is(e) {
				at, found = e.Time, true
				break
			}
		}
		if !found {
			return s.point
		}
	}
	return "no-commit-advance"
}

// guess is a report that confirms the first point and suspects the others, or
// one that finds nothing.
func guess(point string, others ...string) *raftdiag.Report {
	verdict := raftdiag.Healthy
	g := raftdiag.Group{}
	if point != "" {
		verdict = raftdiag.Fault
		e := raftdiag.Episode{FailurePoint: &point, Impact: raftdiag.Blocked}
		for i, p := range append([]string{point}, others...) {
			e.Suspects = append(e.Suspects, raftdiag.Suspect{Name: p, Score: 1 / float64(i+1)})
		}
		g.Episodes = append(g.Episodes, e)
		g.Hypotheses = append(g.Hypotheses, raftdiag.Finding{Name: point, Verdict: raftdiag.Confirmed})
	}
	g.Verdict = verdict
	return &raftdiag.Report{Verdict: &verdict, Groups: []raftdiag.Group{g}}
}

// String names the baseline and what it does.
func (b Baseline) String() string { return fmt.Sprintf("%s: %s", b.Name, b.Doc) }
