package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/report"
)

func newAnalyze() *cobra.Command {
	var (
		q       question
		specs   []string
		formats []string
		proof   string
		quiet   bool
		noColor bool
	)
	cmd := &cobra.Command{
		Use:   "analyze [INPUT...]",
		Short: "where the proposals died, with the lines that prove it and what to do",
		Long: `analyze reads logs and prints the failure point.

An INPUT is a file, a directory, a glob, - for stdin, or LABEL=FILE to say which
node wrote the file (2=app.log). Without an INPUT it reads what is piped in.
Files may be compressed with gzip or zstd. Give the logs of all nodes if you
have them; one is enough to begin with. What collectors put around lines is taken
off; a stream of several nodes needs their prefix (kubectl logs --prefix).

--evidence-out writes few lines that give the same verdict alone: those that prove
the first cause, and as few others as a search of some seconds finds, one file for
each log, with the bytes that were there. They fit into a ticket.

The exit code is that of the verdict, whatever the format; "raftdiag explain
exit-codes" lists them. An interrupt ends the reading, and the report is on what
was read until then; a second one kills.`,
		Example: `  raftdiag analyze node1.log node2.log node3.log
  raftdiag analyze logs/ -o text -o json=report.json -o junit=raftdiag.xml
  raftdiag analyze 1=a/app.log 2=b/app.log.gz --group orders-7
  kubectl logs -l app=etcd --prefix --tail=-1 | raftdiag analyze
  journalctl -u etcd -o json | raftdiag analyze
  raftdiag analyze --complete node*.log -o markdown=post-mortem.md
  raftdiag analyze --evidence-out few/ logs/
  raftdiag analyze --format-file my.yaml logs/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			outs, err := parseOutputs(specs, formatNames())
			if err != nil {
				return err
			}
			if q.inputs, err = inputsOr(cmd, args); err != nil {
				return err
			}
			if err := spareInputs(outs, q.inputs); err != nil {
				return err
			}
			if q.patience < 0 || q.jobs < 0 {
				return usagef("--patience and --jobs count from 1 (hint: leave them out for the default)")
			}
			if q.formats, err = formatFiles(formats); err != nil {
				return err
			}
			if proof != "" {
				if err := evidenceDir(proof); err != nil {
					return err
				}
			}
			q.stdin, q.formatFiles = cmd.InOrStdin(), formats
			return runAnalyze(cmd.Context(), q, outs, proof, cmd.OutOrStdout(), cmd.ErrOrStderr(), quiet, noColor)
		},
	}
	outputFlag(cmd, &specs, formatNames())
	formatFileFlag(cmd, &formats)
	flags := cmd.Flags()
	flags.StringArrayVar(&q.groups, "group", nil, "judge only this group (repeatable)")
	flags.IntVar(&q.patience, "patience", 0, "`ROUNDS` of heartbeats, resends or elections before a wait counts as stuck (default 3)")
	flags.BoolVar(&q.complete, "complete", false, "the end of the input is final: what waits there is stuck")
	flags.IntVar(&q.jobs, "jobs", 0, "how many processors to use (default all)")
	flags.StringVar(&proof, "evidence-out", "", "write into `DIR` the fewest lines of the logs that give the same verdict alone")
	flags.BoolVarP(&quiet, "quiet", "q", false, "no progress and no warnings on stderr")
	flags.BoolVar(&noColor, "no-color", false, "no colour (as with NO_COLOR)")
	return cmd
}

func runAnalyze(ctx context.Context, q question, outs []output, proof string, stdout, stderr io.Writer, quiet, noColor bool) error {
	m := newMeter(stderr, quiet)
	q.progress = m.progress()
	var few *slice
	var fewErr error
	r, err := diagnoseThen(ctx, q, func(r *reading, rep *raftdiag.Report) error {
		if proof != "" && rep.Verdict != nil {
			few, fewErr = r.evidence(ctx, q, rep, proof, usualEffort)
		}
		return nil
	})
	m.clear()
	if err != nil {
		return err
	}
	switch {
	case fewErr != nil:
		fmt.Fprintf(stderr, "raftdiag: warning: --evidence-out: %s\n", report.Safe(fewErr.Error()))
	case few != nil && !quiet:
		fmt.Fprintf(stderr, "raftdiag: %s\n", report.Safe(few.tell(q, proof)))
	}
	if !quiet {
		notes := r.Notes
		if toStdout(outs, "text") {
			notes = nil
		}
		warn(stderr, r.Inputs, notes)
	}
	err = writeAll(outs, stdout, look(stdout, noColor), func(format string, w io.Writer, o report.Options) error {
		return writeReport(format, w, r, o)
	})
	if err != nil {
		return err
	}
	if r.Verdict == nil {
		return noEvent()
	}
	return exit(verdictCode(r.Verdict))
}

// noEvent is the error of a run that read nothing of Raft.
func noEvent() error {
	return coded{exitNoEvent, fmt.Errorf("no input yielded a Raft event (hint: raftdiag explain lists the formats it reads; raftdiag explain logging says what to log)")}
}

// warn says which inputs were bad; and, where no text report says it, what else
// the reading met.
func warn(w io.Writer, inputs []raftdiag.Input, notes []string) {
	for _, in := range inputs {
		if in.Error != nil {
			fmt.Fprintf(w, "raftdiag: warning: %s\n", report.Safe(*in.Error))
		}
	}
	for _, n := range notes {
		fmt.Fprintf(w, "raftdiag: warning: %s\n", report.Safe(n))
	}
}

// outputFlag adds -o with its completion.
func outputFlag(cmd *cobra.Command, specs *[]string, names []string) {
	cmd.Flags().StringArrayVarP(specs, "output", "o", nil,
		"`FORMAT[=PATH]`: "+strings.Join(names, ", ")+"; repeatable, without a path to stdout (default text)")
	complete(cmd, "output", names)
}

// complete offers fixed words for a flag.
func complete(cmd *cobra.Command, flag string, words []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil { // only for a flag that does not exist
		panic(err)
	}
}

// inputsOr answers the inputs, or stdin where something is piped in.
func inputsOr(cmd *cobra.Command, args []string) ([]string, error) {
	for _, arg := range args {
		if label, file, ok := strings.Cut(arg, "="); arg == "" || ok && file == "" {
			return nil, usagef("the input %q names no file (hint: is a variable empty? %s=FILE says that %[2]s wrote FILE)", arg, cmp.Or(label, "LABEL"))
		}
	}
	if len(args) > 0 {
		return args, nil
	}
	if isTerminal(cmd.InOrStdin()) {
		return nil, usagef("no input (hint: %s node1.log node2.log, or pipe logs in)", cmd.CommandPath())
	}
	return []string{"-"}, nil
}
