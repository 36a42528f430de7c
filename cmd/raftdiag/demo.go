package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/hypotheses"
	"github.com/raftdiag/raftdiag/report"
)

// demoTime is long enough for a leader, a few commits, the fault and the
// patience that makes a wait a stall.
const demoTime = 6 * time.Second

func newDemo() *cobra.Command {
	var d demo
	var voice string
	cmd := &cobra.Command{
		Use:   "demo [FAULT]",
		Short: "a real cluster, a fault, and its diagnosis from the logs alone",
		Long: `demo starts the reference cluster in a temporary directory, injects a fault, and
diagnoses it from the logs of the nodes alone. It exits with 0 when the diagnosis
equals what was injected, and with 1 when not.

FAULT is the name of a fault (raftdiag cluster --list-faults), with parameters if
you like, or a hypothesis, by name or id. The default is ` + cluster.Default + `.`,
		Example: `  raftdiag demo
  raftdiag demo H1
  raftdiag demo no-response --voice readyloop
  raftdiag demo ` + cluster.Default + ` --keep logs/`,
		Args: oneArg,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return demoNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			name := cluster.Default
			if len(args) > 0 {
				name = args[0]
			}
			if d.info, d.text, err = demoFault(name); err != nil {
				return err
			}
			if d.config.Voice, err = parseVoice(voice); err != nil {
				return err
			}
			if d.config.Duration <= 0 {
				return usagef("--for must be longer than 0 (hint: leave it out)")
			}
			fault, err := parseFault(d.text)
			if err != nil {
				return err
			}
			d.config.Faults = []cluster.Fault{fault}
			if err := d.config.Check(); err != nil {
				return usagef("%w", err)
			}
			return d.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&d.config.Duration, "for", demoTime, "how long the cluster runs")
	flags.StringVar(&d.keep, "keep", "", "`DIR` in which to keep the logs (default a temporary one, removed)")
	flags.StringVar(&voice, "voice", cluster.Events.String(), "how the nodes log: "+strings.Join(voiceNames(), " or "))
	flags.BoolVar(&d.noColor, "no-color", false, "no colour (as with NO_COLOR)")
	complete(cmd, "voice", voiceNames())
	return cmd
}

// A demo is one run of the cluster with one fault.
type demo struct {
	config  cluster.Config
	info    cluster.FaultInfo
	text    string // the fault, as ParseFault reads it
	keep    string
	noColor bool
}

// demoNames are what demo takes: faults, then hypotheses that a fault shows.
func demoNames() []string {
	names := faultNames()
	for _, d := range hypotheses.Catalogue() {
		if d.Class != "hypothesis" {
			continue
		}
		if _, ok := faultFor(d.Name); ok {
			names = append(names, d.Name)
			if d.ID != "" {
				names = append(names, d.ID)
			}
		}
	}
	return names
}

// faultFor is the first fault whose diagnosis is the hypothesis.
func faultFor(hypothesis string) (cluster.FaultInfo, bool) {
	list := cluster.Faults()
	i := slices.IndexFunc(list, func(f cluster.FaultInfo) bool { return f.Hypothesis == hypothesis })
	if i < 0 {
		return cluster.FaultInfo{}, false
	}
	return list[i], true
}

// demoFault finds the fault for an argument of demo.
func demoFault(arg string) (cluster.FaultInfo, string, error) {
	name, params, hasParams := strings.Cut(arg, ":")
	for _, f := range cluster.Faults() {
		if f.Name != name {
			continue
		}
		if hasParams {
			return f, f.Name + ":" + params, nil
		}
		return f, f.Name, nil
	}
	if d, ok := hypotheses.Lookup(arg); ok && d.Class == "hypothesis" {
		if f, ok := faultFor(d.Name); ok {
			return f, f.Name, nil
		}
		return cluster.FaultInfo{}, "", usagef("no fault of the reference cluster shows %s (hint: raftdiag cluster --list-faults)", d.Name)
	}
	hint := didYouMean(arg, demoNames())
	if hint == "" {
		hint = " (hint: raftdiag cluster --list-faults)"
	}
	return cluster.FaultInfo{}, "", usagef("no fault and no hypothesis is called %q%s", arg, hint)
}

func (d *demo) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	dir := d.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "raftdiag-demo-*"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	done := d.tick(stderr)
	err = runCluster(ctx, d.config, dir, io.Discard)
	done()
	if err != nil {
		return err
	}
	r, err := d.diagnose(context.WithoutCancel(ctx), dir)
	if err != nil {
		return err
	}
	differs := difference(r, d.info)
	err = buffered(stdout, func(w io.Writer) error {
		if err := report.Text(w, r, look(stdout, d.noColor)); err != nil {
			return err
		}
		return d.verdict(w, differs)
	})
	if err != nil && !isClosed(err) {
		return err
	}
	if len(differs) > 0 {
		return exit(exitFault)
	}
	return nil
}

// diagnose reads the nodes' logs. Logs that are not kept are called by their
// names alone: their directory is gone when the report is read.
func (d *demo) diagnose(ctx context.Context, dir string) (r *raftdiag.Report, err error) {
	if d.keep == "" {
		home, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		if err := os.Chdir(dir); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.Chdir(home)) }()
		dir = ""
	}
	logs, err := filepath.Glob(filepath.Join(dir, "node*.log"))
	if err != nil {
		return nil, err
	}
	return diagnose(ctx, question{inputs: logs})
}

// verdict says what was injected and whether it was found.
func (d *demo) verdict(w io.Writer, differs []string) error {
	fmt.Fprintf(w, "\ninjected   %s: %s\n", d.config.Faults[0], d.info.Doc)
	fmt.Fprintf(w, "expected   %s\n", expectation(d.info))
	if len(differs) == 0 {
		_, err := fmt.Fprintln(w, "the diagnosis equals the injected fault")
		return err
	}
	_, err := fmt.Fprintf(w, "the diagnosis differs: %s\n", strings.Join(differs, "; "))
	return err
}

// tick shows on a terminal that the cluster is running, and for how long yet.
func (d *demo) tick(w io.Writer) (done func()) {
	if !isTerminal(w) {
		return func() {}
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	end := time.Now().Add(d.config.Duration)
	go func() {
		defer close(gone)
		t := time.NewTicker(200 * time.Millisecond)
		defer t.Stop()
		for {
			left := max(time.Until(end), 0).Round(time.Second)
			fmt.Fprintf(w, "\r\x1b[Kcluster running with %s, %s left", d.config.Faults[0], left)
			select {
			case <-quit:
				fmt.Fprint(w, "\r\x1b[K")
				return
			case <-t.C:
			}
		}
	}()
	return func() { close(quit); <-gone }
}

// difference says in what a diagnosis differs from what a fault must lead to;
// empty when they are equal.
//
// They are equal when the verdict is right, the episodes have a failure point
// that is right and no other, and a right cause stands first in one of these
// episodes, or is an impossible state of the group.
func difference(r *raftdiag.Report, want cluster.FaultInfo) []string {
	var out []string
	wrong := func(what string, got []string, want ...string) {
		if len(got) == 0 {
			got = []string{"unknown"}
		}
		out = append(out, "the "+what+" is "+strings.Join(got, ", ")+" and not "+strings.Join(want, " or "))
	}
	verdict := raftdiag.RunVerdict("none")
	if r.Verdict != nil {
		verdict = *r.Verdict
	}
	if verdict != want.Verdict && !slices.Contains(want.OrVerdict, verdict) {
		verdicts := []string{string(want.Verdict)}
		for _, v := range want.OrVerdict {
			verdicts = append(verdicts, string(v))
		}
		wrong("verdict", []string{string(verdict)}, verdicts...)
	}
	right := points(want)
	var found, causes []string
	for _, g := range r.Groups {
		for _, v := range g.Violations {
			causes = append(causes, v.Name)
		}
		for _, e := range g.Episodes {
			if e.FailurePoint == nil {
				if e.Impact == raftdiag.NoImpact { // degraded: its causes are all it has
					for _, c := range e.Causes {
						causes = append(causes, c.Name)
					}
				}
				continue
			}
			if !slices.Contains(found, *e.FailurePoint) {
				found = append(found, *e.FailurePoint)
			}
			if slices.Contains(right, *e.FailurePoint) && len(e.Causes) > 0 {
				causes = append(causes, e.Causes[0].Name)
			}
		}
	}
	switch {
	case len(right) == 0:
		if len(found) > 0 {
			wrong("failure point", found, "none")
		}
	case len(found) == 0 && slices.Contains(right, ""):
	case len(found) == 0 || slices.ContainsFunc(found, func(p string) bool { return !slices.Contains(right, p) }):
		wrong("failure point", found, right...)
	}
	if len(want.Causes) > 0 && verdict != raftdiag.Healthy && !slices.ContainsFunc(causes, func(c string) bool { return slices.Contains(want.Causes, c) }) {
		wrong("cause", causes, want.Causes...)
	}
	return out
}
