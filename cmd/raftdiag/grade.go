package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/internal/lab"
	"github.com/raftdiag/raftdiag/timeline"
)

func newGrade() *cobra.Command {
	var (
		seeds    string
		names    []string
		damages  []string
		parallel int
		verbose  bool
		keep     string
	)
	cmd := &cobra.Command{
		Use:   "grade",
		Short: "how often the diagnosis is right, over thousands of staged runs",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := exam{parallel: parallel, keep: keep}
			var err error
			if e.first, e.last, err = parseSeeds(seeds); err != nil {
				return err
			}
			if e.cases, err = parseCases(names); err != nil {
				return err
			}
			if e.damages, err = parseDamages(damages); err != nil {
				return err
			}
			if verbose {
				e.told = func(m *lab.Mark) {
					if m.Grade != lab.Right {
						fmt.Fprintf(cmd.ErrOrStderr(), "%-8s %s %s: %s (verdict %s, impact %s)\n", m.Grade, m.Plan, m.Damage, m.Why, m.Verdict, m.Impact)
					}
				}
			}
			t, err := e.hold(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), t.String())
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&seeds, "seeds", "1-10", "`FIRST-LAST`")
	flags.StringSliceVar(&names, "faults", nil, "only these `FAULTS` (default all)")
	flags.StringSliceVar(&damages, "damage", []string{"none"}, "the `DAMAGES` that each run's logs suffer")
	flags.IntVar(&parallel, "parallel", runtime.NumCPU(), "how many runs at once")
	flags.StringVar(&keep, "keep", "", "`DIR` for the logs and the truth of each run that was not right")
	flags.BoolVarP(&verbose, "verbose", "v", false, "tell each run that was not right")
	return cmd
}

func parseSeeds(s string) (first, last uint64, err error) {
	if n, err := fmt.Sscanf(s, "%d-%d", &first, &last); err == nil && n == 2 && first <= last {
		return first, last, nil
	}
	if n, err := fmt.Sscanf(s, "%d", &first); err == nil && n == 1 && !strings.Contains(s, "-") {
		return first, first, nil
	}
	return 0, 0, usagef("--seeds %s: no range (hint: 1-50)", s)
}

func parseCases(names []string) ([]cluster.FaultInfo, error) {
	all := lab.Cases()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(c cluster.FaultInfo) bool { return lab.HeldOut(c.Name) }), nil
	}
	var list []cluster.FaultInfo
	for _, name := range names {
		i := slices.IndexFunc(all, func(c cluster.FaultInfo) bool { return c.Name == name })
		if i < 0 {
			return nil, usagef("no fault is called %q%s", name, didYouMean(name, faultNames()))
		}
		list = append(list, all[i])
	}
	return list, nil
}

func parseDamages(names []string) ([]lab.Damage, error) {
	var list []lab.Damage
	for _, name := range names {
		d, ok := lab.DamageByName(name)
		if name == "all" {
			list = append(list, lab.Damages()...)
			continue
		}
		if !ok {
			var known []string
			for _, d := range lab.Damages() {
				known = append(known, d.Name)
			}
			return nil, usagef("no damage is called %q (hint: %s, or all)", name, strings.Join(known, ", "))
		}
		list = append(list, d)
	}
	return list, nil
}

// An exam is a matrix of cases, seeds and damages.
type exam struct {
	cases       []cluster.FaultInfo
	first, last uint64
	damages     []lab.Damage
	parallel    int
	told        func(m *lab.Mark)
	keep        string // directory for the logs of what is not right
}

// hold runs the exam.
func (e *exam) hold(ctx context.Context) (*lab.Tally, error) {
	type task struct {
		c    cluster.FaultInfo
		seed uint64
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tasks := make(chan task)
	t := &lab.Tally{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range max(1, e.parallel) {
		wg.Go(func() {
			for k := range tasks {
				r, marks, err := e.grade(ctx, k.c, k.seed)
				if err != nil {
					cancel(fmt.Errorf("grade %s with seed %d: %w", k.c.Name, k.seed, err))
					continue
				}
				mu.Lock()
				t.Add(r, marks)
				if e.told != nil {
					for _, m := range marks {
						e.told(m)
					}
				}
				mu.Unlock()
			}
		})
	}
	for seed := e.first; seed <= e.last && ctx.Err() == nil; seed++ {
		for _, c := range e.cases {
			select {
			case tasks <- task{c, seed}:
			case <-ctx.Done():
			}
		}
	}
	close(tasks)
	wg.Wait()
	return t, context.Cause(ctx)
}

// grade stages one run and judges its logs under each damage.
func (e *exam) grade(ctx context.Context, c cluster.FaultInfo, seed uint64) (*lab.Run, []*lab.Mark, error) {
	plan, err := lab.Draw(c, seed)
	if err != nil {
		return nil, nil, err
	}
	run, err := plan.Do(ctx)
	if err != nil {
		return nil, nil, err
	}
	var marks []*lab.Mark
	for _, d := range e.damages {
		files := run.Logs(d)
		got, err := examine(ctx, files)
		if err != nil {
			return nil, nil, err
		}
		m := run.Judge(files, d, got)
		marks = append(marks, m)
		if e.keep != "" && m.Grade != lab.Right {
			if err := store(filepath.Join(e.keep, fmt.Sprintf("%s-%d-%s", c.Name, seed, d.Name)), files, run); err != nil {
				return nil, nil, err
			}
		}
	}
	return run, marks, nil
}

// store writes the logs of a run, and its truth beside them.
func store(dir string, files []lab.File, run *lab.Run) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			return err
		}
	}
	truth, err := json.MarshalIndent(run.Story(), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "truth.json"), append(truth, '\n'), 0o666)
}

// examine diagnoses files as analyze would.
func examine(ctx context.Context, files []lab.File) (got lab.Diagnosis, err error) {
	dir, err := os.MkdirTemp("", "raftdiag-grade-*")
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var inputs []string
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return got, err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return got, err
		}
		inputs = append(inputs, path)
	}
	if len(inputs) == 0 {
		return got, nil
	}
	q := question{inputs: inputs, jobs: 1}
	r, err := read(ctx, q)
	if err != nil {
		return got, err
	}
	defer r.Close()
	got.Report = r.judge(q)
	got.Pairs = pairsOf(r.timelines, dir)
	return got, nil
}

// pairsOf lists the sends and receives that the timelines hold for one message.
func pairsOf(all *timeline.Timelines, dir string) (list []lab.Pair) {
	place := func(l *timeline.Lane, i int32) raftdiag.Position {
		p := l.Event(int(i)).Pos
		p.Source = filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(p.Source, dir), string(filepath.Separator)))
		return p
	}
	for _, g := range all.Groups() {
		for _, t := range all.Build(g) {
			for _, l := range t.Lanes {
				for _, c := range l.Channels(timeline.Out) {
					p := t.Pair(c)
					for k, r := range p.ReceiveOf {
						if r >= 0 {
							list = append(list, lab.Pair{Send: place(p.From, p.Sends[k]), Receive: place(p.To, p.Receives[r])})
						}
					}
				}
			}
		}
	}
	return list
}
