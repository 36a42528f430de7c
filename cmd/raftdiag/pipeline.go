package main

import (
	"context"
	"io"
	"slices"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/hypotheses"
	"github.com/raftdiag/raftdiag/parser"
	"github.com/raftdiag/raftdiag/timeline"
)

// A question is what to read and how to judge it.
type question struct {
	inputs   []string
	stdin    io.Reader
	groups   []string // only these; nil means all
	patience int      // rounds; 0 means the default
	complete bool
	jobs     int // 0 means one for each processor
	formats  *parser.Described

	formatFiles []string // that formats were read from
	progress    func(done, total int64)
}

// A reading is what the inputs held: the way from bytes to timelines.
type reading struct {
	*parser.Result
	timelines *timeline.Timelines
}

// read takes the inputs in. When ctx ends, it stops reading and what was read
// counts. The reading must be closed.
func read(ctx context.Context, q question) (*reading, error) {
	store := timeline.New()
	result, err := parser.Read(ctx, q.inputs, parser.Options{
		Stdin:    q.stdin,
		Open:     store.Open,
		Continue: store.Continue,
		Workers:  q.jobs,
		Formats:  q.formats,
		Progress: q.progress,
	})
	if err != nil {
		return nil, err
	}
	return &reading{result, store.Finish(result.Node)}, nil
}

// judge weighs the hypotheses on what was read.
func (r *reading) judge(q question) *raftdiag.Report {
	report := hypotheses.Judge(r.timelines, hypotheses.Options{
		Patience: q.patience,
		Complete: q.complete,
		Text:     r.Text,
		Groups:   q.groups,
		Workers:  q.jobs,
	})
	report.Inputs = append(report.Inputs, r.Inputs...)
	nameWriters(report)
	report.Notes = append(report.Notes, r.Notes...)
	return report
}

// nameWriters calls who wrote an input as the groups call it, where they know:
// an etcd server by its name, and not by the number that its id stands for.
func nameWriters(r *raftdiag.Report) {
	writers := map[string]string{}
	for _, g := range r.Groups {
		for _, n := range g.Nodes {
			for _, s := range n.Sources {
				if w, ok := writers[s]; ok && w != n.Node {
					writers[s] = "" // several write in it
					continue
				}
				writers[s] = n.Node
			}
		}
	}
	for i := range r.Inputs {
		if w := writers[r.Inputs[i].Source]; w != "" {
			r.Inputs[i].Node = &w
		}
	}
}

// diagnose is the whole way from inputs to the report.
func diagnose(ctx context.Context, q question) (*raftdiag.Report, error) {
	return diagnoseThen(ctx, q, func(*reading, *raftdiag.Report) error { return nil })
}

// diagnoseThen does something with the report while the inputs are still open.
func diagnoseThen(ctx context.Context, q question, then func(*reading, *raftdiag.Report) error) (*raftdiag.Report, error) {
	r, err := read(ctx, q)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := knownGroups(q.groups, slices.Concat(r.timelines.Groups(), r.timelines.SymptomGroups())); err != nil {
		return nil, err
	}
	rep := r.judge(q)
	return rep, then(r, rep)
}

// knownGroups refuses a wanted group that no line names. Without any group
// there is nothing to choose from, and the report says so.
func knownGroups(wanted, groups []string) error {
	if len(groups) == 0 {
		return nil
	}
	if len(wanted) > 0 && wanted[0] != "" && slices.Equal(groups, []string{""}) {
		return usagef("no line names the group %q, or any (hint: leave --group out)", wanted[0])
	}
	known := make(map[string]bool, len(groups))
	for _, g := range groups {
		known[g] = true
	}
	for _, g := range wanted {
		if !known[g] {
			hint := didYouMean(g, groups)
			if hint == "" {
				hint = " (hint: there are " + some(groups) + ")"
			}
			return usagef("no line names the group %q%s", g, hint)
		}
	}
	return nil
}
