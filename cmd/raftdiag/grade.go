package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/hypotheses"
	"github.com/raftdiag/raftdiag/internal/lab"
	"github.com/raftdiag/raftdiag/report"
	"github.com/raftdiag/raftdiag/timeline"
)

func newGrade() *cobra.Command {
	var (
		e        exam
		seeds    string
		names    []string
		damages  []string
		specs    []string
		full     bool
		evidence bool
		verbose  bool
		quiet    bool
	)
	cmd := &cobra.Command{
		Use:   "grade",
		Short: "how often the diagnosis is right, over thousands of staged runs",
		Long: `grade runs the reference cluster on a virtual clock with known faults, and with
what only looks like one, damages the logs, diagnoses them, and holds the
diagnoses against the truth. A seed varies the cluster: nodes, groups, timers,
latencies, clocks, election settings, the wording and layout of its logs. One
seed gives the same logs each time, byte by byte.

A fault without impact, by comparison with the same run without it, is graded as
healthy. Simple baselines are graded beside raftdiag. Some cases and the seeds
from ` + fmt.Sprint(lab.HeldOutSeeds) + ` on are held out: they are reported apart.

Damages: ` + damageNames() + `.`,
		Example: `  raftdiag grade
  raftdiag grade --seeds 1-50 -o markdown=accuracy.md -o json=marks.json
  raftdiag grade --faults drop-responses,healthy --damage none,drop20 -v
  raftdiag grade --faults partition --seeds 7 --keep wrong/
  raftdiag grade --full -o markdown=accuracy.md`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			outs, err := parseOutputs(specs, gradeFormats)
			if err != nil {
				return err
			}
			var p part
			if p.first, p.last, err = parseSeeds(seeds); err != nil {
				return err
			}
			if p.cases, err = parseCases(names); err != nil {
				return err
			}
			if p.damages, err = parseDamages(damages); err != nil {
				return err
			}
			p.evidence = evidence
			if e.parts = []part{p}; full {
				e.parts = fullExam()
			}
			if e.parallel < 1 {
				return usagef("--parallel counts from 1")
			}
			e.watch(cmd.ErrOrStderr(), verbose, quiet)
			t, err := e.hold(cmd.Context())
			if err != nil {
				return err
			}
			said := t.Tables()
			stdout := cmd.OutOrStdout()
			return writeAll(outs, stdout, look(stdout, true), func(format string, w io.Writer, _ report.Options) error {
				switch format {
				case "json":
					enc := json.NewEncoder(w)
					enc.SetIndent("", " ")
					return enc.Encode(t)
				case "markdown":
					_, err := io.WriteString(w, lab.Markdown(said))
					return err
				}
				_, err := io.WriteString(w, lab.Text(said))
				return err
			})
		},
	}
	outputFlag(cmd, &specs, gradeFormats)
	flags := cmd.Flags()
	flags.StringVar(&seeds, "seeds", "1-10", "`FIRST-LAST` of the seeds")
	flags.StringSliceVar(&names, "faults", nil, "only these `FAULTS` of the cluster; all: with those held out; harmless: what must not be blamed (default all but those held out)")
	flags.StringSliceVar(&damages, "damage", []string{"none"}, "the `DAMAGES` that each run's logs suffer, or all")
	flags.BoolVar(&full, "full", false, "the whole matrix of docs/ACCURACY.md, which takes half an hour on two cores")
	cmd.MarkFlagsMutuallyExclusive("full", "faults")
	cmd.MarkFlagsMutuallyExclusive("full", "seeds")
	cmd.MarkFlagsMutuallyExclusive("full", "damage")
	flags.BoolVar(&evidence, "evidence", false, "look for the fewest lines that give each undamaged run's verdict, and tell how few they are")
	cmd.MarkFlagsMutuallyExclusive("full", "evidence")
	flags.IntVar(&e.parallel, "parallel", runtime.NumCPU(), "how many runs at once")
	flags.StringVar(&e.keep, "keep", "", "`DIR` for the logs and the truth of each run that was not right")
	flags.BoolVar(&e.plain, "no-baselines", false, "grade raftdiag alone")
	flags.BoolVarP(&verbose, "verbose", "v", false, "tell each run that was not right")
	flags.BoolVarP(&quiet, "quiet", "q", false, "no progress on stderr")
	complete(cmd, "faults", faultNames())
	return cmd
}

var gradeFormats = []string{"text", "json", "markdown"}

func damageNames() string {
	var names []string
	for _, d := range lab.Damages() {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
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
	switch {
	case slices.Equal(names, []string{"all"}):
		return all, nil
	case slices.Equal(names, []string{"harmless"}):
		return slices.DeleteFunc(all, func(c cluster.FaultInfo) bool { return !lab.Harmless(c) }), nil
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
			return nil, usagef("no damage is called %q (hint: %s, or all)", name, damageNames())
		}
		list = append(list, d)
	}
	return list, nil
}

// An exam is a number of matrices of cases, seeds and damages.
type exam struct {
	parts    []part
	parallel int
	keep     string // directory for the logs of what is not right
	plain    bool   // without baselines
	told     func(done, all int, marks []*lab.Mark)
}

// A part of an exam is each of its cases with each of its seeds, under each of
// its damages.
type part struct {
	cases       []cluster.FaultInfo
	first, last uint64
	damages     []lab.Damage
	evidence    bool // look for the fewest lines that give an undamaged run's verdict
}

// runs is how many runs the part stages.
func (p *part) runs() int { return len(p.cases) * int(p.last-p.first+1) }

// fullExam is what docs/ACCURACY.md reports: 50 seeds of all cases, the first
// of them under all damages, so many seeds of what is harmless that there are
// more than 2,000 calm runs, and the seeds that are held out.
func fullExam() []part {
	all := lab.Cases()
	calm := slices.DeleteFunc(slices.Clone(all), func(c cluster.FaultInfo) bool { return !lab.Harmless(c) })
	none := lab.Damages()[:1]
	last := 1 + uint64(2000/len(calm))
	return []part{
		{cases: all, first: 1, last: fullDamaged, damages: lab.Damages(), evidence: true},
		{cases: all, first: fullDamaged + 1, last: 50, damages: none},
		{cases: calm, first: 51, last: max(last, 51), damages: none},
		{cases: all, first: lab.HeldOutSeeds, last: lab.HeldOutSeeds + 9, damages: none},
	}
}

// fullDamaged is how many seeds of the full exam suffer all damages.
const fullDamaged = 3

// watch tells on w how far the exam is, on a terminal all the time and else at
// each tenth.
func (e *exam) watch(w io.Writer, verbose, quiet bool) {
	start, tenth := time.Now(), 0
	terminal := isTerminal(w)
	e.told = func(done, all int, marks []*lab.Mark) {
		if verbose {
			for _, m := range marks {
				if m.Tool == "raftdiag" && m.Grade != lab.Right {
					fmt.Fprintf(w, "%-8s %s, %s: %s (verdict %s, impact %s)\n", m.Grade, m.Plan, m.Damage, m.Why, m.Verdict, m.Impact)
				}
			}
		}
		if quiet {
			return
		}
		spent := time.Since(start)
		left := (spent * time.Duration(all-done) / time.Duration(done)).Round(time.Second)
		switch {
		case terminal && done < all:
			fmt.Fprintf(w, "\r\x1b[K%d of %d runs, %s left", done, all, left)
		case terminal:
			fmt.Fprint(w, "\r\x1b[K")
		case done*10/all > tenth:
			tenth = done * 10 / all
			fmt.Fprintf(w, "%d of %d runs, %s left\n", done, all, left)
		}
	}
}

// hold runs the exam.
func (e *exam) hold(ctx context.Context) (*lab.Tally, error) {
	type task struct {
		*part
		c    cluster.FaultInfo
		seed uint64
	}
	all := 0
	for i := range e.parts {
		all += e.parts[i].runs()
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
				r, marks, err := e.grade(ctx, k.part, k.c, k.seed)
				if err != nil {
					cancel(fmt.Errorf("grade %s with seed %d: %w", k.c.Name, k.seed, err))
					continue
				}
				mu.Lock()
				t.Add(r, marks)
				if e.told != nil {
					e.told(t.Runs, all, marks)
				}
				mu.Unlock()
			}
		})
	}
	for i := range e.parts {
		p := &e.parts[i]
		for seed := p.first; seed <= p.last && ctx.Err() == nil; seed++ {
			for _, c := range p.cases {
				select {
				case tasks <- task{p, c, seed}:
				case <-ctx.Done():
				}
			}
		}
	}
	close(tasks)
	wg.Wait()
	return t, context.Cause(ctx)
}

// grade stages one run and judges its logs under each damage.
func (e *exam) grade(ctx context.Context, p *part, c cluster.FaultInfo, seed uint64) (*lab.Run, []*lab.Mark, error) {
	plan, err := lab.Draw(c, seed)
	if err != nil {
		return nil, nil, err
	}
	run, err := plan.Do(ctx)
	if err != nil {
		return nil, nil, err
	}
	var marks []*lab.Mark
	for _, d := range p.damages {
		files := run.Logs(d)
		got, err := examine(ctx, files, seed%5 == 1, p.evidence && d.Name == "none")
		if err != nil {
			return nil, nil, err
		}
		m := run.Judge(files, d, got)
		marks = append(marks, m)
		for _, b := range lab.Baselines() {
			if d.Name == "none" && !e.plain {
				marks = append(marks, run.Compare(b, files, d))
			}
		}
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

// examine diagnoses files as analyze would, a panic included, which is graded as
// what it is. Pairing them once more for the grade costs as much as the
// diagnosis, and looking for few lines that are enough a hundred times of it.
func examine(ctx context.Context, files []lab.File, pairs, few bool) (got lab.Diagnosis, err error) {
	defer func() {
		if r := recover(); r != nil {
			first, _, _ := strings.Cut(fmt.Sprint(r), "\n")
			got = lab.Diagnosis{Broke: "panic: " + first}
		}
	}()
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
	got.Report, got.Alike = r.judge(q), hypotheses.LookAlike
	if got.Paired = pairs; pairs {
		got.Pairs = pairsOf(r.timelines, dir)
	}
	if few && got.Report.Verdict != nil && *got.Report.Verdict != raftdiag.Healthy {
		got.Few, err = r.few(ctx, q, got.Report)
	}
	return got, err
}

// labEffort is spent on each graded run's few lines. Only the number of analyses
// ends the search: a grade is the same on any machine.
var labEffort = effort{analyses: 300, time: 24 * time.Hour}

// few looks for the fewest lines that give the report's verdict.
func (r *reading) few(ctx context.Context, q question, rep *raftdiag.Report) (*lab.Few, error) {
	dir, err := os.MkdirTemp("", "raftdiag-few-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	f := &lab.Few{}
	for _, in := range rep.Inputs {
		f.Of += int(in.Lines)
	}
	cut, err := r.evidence(ctx, q, rep, dir, labEffort)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		f.Lines, f.Same = cut.lines, true
	}
	return f, nil
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
