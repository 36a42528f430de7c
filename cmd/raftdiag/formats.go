package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/parser"
	"github.com/raftdiag/raftdiag/report"
)

func newFormats() *cobra.Command {
	var files []string
	cmd := &cobra.Command{
		Use:   "formats [FILE...]",
		Short: "the log formats that are read, and how much of a log they recognise",
		Long: `formats lists the formats that are built in: dialects (what the words of a line
mean) and envelopes (when, who and where a line was written).

With FILEs it counts, for each, how many lines each format recognises, and shows
the lines about Raft that none does, the most frequent first, with # for numbers.
So it is seen when a system's words have changed.

A format of your own is a file in YAML (docs/FORMATS.md), given to analyze, events,
timeline and formats with --format-file. It comes before what is built in.`,
		Example: `  raftdiag formats
  raftdiag formats node1.log node2.log
  raftdiag formats show "etcd raft" > my.yaml
  raftdiag formats test my.yaml
  raftdiag formats --format-file my.yaml app.log
  raftdiag analyze --format-file my.yaml logs/`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			described, err := formatFiles(files)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if len(args) == 0 {
				p := page{width: pageWidth(out)}
				p.formats(parser.Formats())
				return p.print(out)
			}
			if args, err = inputsOr(cmd, args); err != nil {
				return err
			}
			return coverage(cmd.Context(), args, parser.Options{Stdin: cmd.InOrStdin(), Formats: described}, out, cmd.ErrOrStderr())
		},
	}
	formatFileFlag(cmd, &files)
	cmd.AddCommand(newFormatsTest(), newFormatsShow(), newFormatsWords("signs", "what a line of a system's own log can be a sign of", (*page).signs),
		newFormatsWords("kinds", "the kinds of events, and the holes that their rules may have", (*page).kinds))
	return cmd
}

// formatFileFlag adds --format-file.
func formatFileFlag(cmd *cobra.Command, files *[]string) {
	cmd.Flags().StringArrayVar(files, "format-file", nil, "`FILE` that describes a log format of your own, see raftdiag formats --help (repeatable)")
}

// formatFiles reads the files of --format-file.
func formatFiles(files []string) (*parser.Described, error) {
	if len(files) == 0 {
		return nil, nil
	}
	f, err := parser.ReadFormats(files...)
	if err != nil {
		return nil, usagef("--format-file: %s", safeLines(err))
	}
	return f, nil
}

// safeLines is an error whose lines may quote what a file holds.
func safeLines(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i, l := range lines {
		lines[i] = report.Safe(l)
	}
	return strings.Join(lines, "\n")
}

func newFormatsTest() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE...",
		Short: "try the sample lines of a format of your own",
		Long: `test reads files that describe formats, reads the sample lines that stand in them,
and says for each which rule took it and what came out. It exits with 0 when all
samples mean what they should, with 1 when one does not or a file has mistakes.`,
		Example: `  raftdiag formats test my.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("no file (hint: raftdiag formats test my.yaml)")
			}
			for _, name := range args {
				if _, err := os.Stat(name); err != nil {
					return usagef("%w", err)
				}
			}
			f, err := parser.ReadFormats(args...)
			if err != nil {
				return coded{exitFault, errors.New(safeLines(err))}
			}
			out := cmd.OutOrStdout()
			p := page{width: pageWidth(out)}
			bad := p.trials(f)
			if err := p.print(out); err != nil {
				return err
			}
			if bad {
				return exit(exitFault)
			}
			return nil
		},
	}
}

// trials writes what the samples came to and reports whether any is wrong.
func (p *page) trials(f *parser.Described) (bad bool) {
	envelopes, dialects, rules := f.Size()
	trials := f.Try()
	wrong := 0
	for _, t := range trials {
		mark := "ok  "
		if len(t.Problems) > 0 {
			mark = "FAIL"
			wrong++
		}
		p.line(fmt.Sprintf("%s  %s  %s", mark, report.Safe(t.At), report.Safe(t.Line)))
		if t.Rule != "" {
			p.line(report.Safe(fmt.Sprintf("      by %s  %s", t.Rule, t.Template)))
		}
		p.line("      → " + report.Safe(t.Got))
		for _, problem := range t.Problems {
			p.line("      ✗ " + report.Safe(problem))
		}
		for _, hint := range t.Hints {
			p.line("      hint: " + report.Safe(hint))
		}
	}
	for _, u := range f.Untried(trials) {
		p.line("note  " + report.Safe(u))
	}
	p.line(fmt.Sprintf("%s, %s, %s, %s: %d wrong", counted(envelopes, "envelope"), counted(dialects, "dialect"), counted(rules, "rule"), counted(len(trials), "sample"), wrong))
	return wrong > 0
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func newFormatsShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "a built-in dialect as YAML, to copy and change",
		Long: `show prints the rules of a built-in dialect in the form that --format-file takes.
Where the built-in dialect computes more than rules can say, like: names the code
that a copy goes on to share.`,
		Example: `  raftdiag formats show "etcd raft" > my.yaml`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return parser.Shown(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("no name (hint: raftdiag formats lists them)")
			}
			name := strings.Join(args, " ")
			text, ok, err := parser.ShowFormat(name)
			switch {
			case err != nil:
				return err
			case ok:
				_, err := io.WriteString(cmd.OutOrStdout(), text)
				return err
			case slices.ContainsFunc(parser.Formats(), func(f parser.Format) bool { return strings.EqualFold(f.Name, name) }):
				return usagef("%s is read by code, not by rules (hint: raftdiag explain %s shows its lines)", name, name)
			}
			return usagef("no dialect is called %q%s", name, didYouMean(name, parser.Shown()))
		},
	}
}

// newFormatsWords lists words that format files use.
func newFormatsWords(name, short string, show func(*page)) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			p := page{width: pageWidth(out)}
			show(&p)
			return p.print(out)
		},
	}
}

func (p *page) signs() {
	for _, s := range raftdiag.Signs() {
		p.hanging(fmt.Sprintf("  %-20s ", s.Name), strings.Repeat(" ", 23), s.Doc)
	}
	p.line("")
	p.hanging("Troubles: ", "  ", strings.Join(raftdiag.Troubles(), ", "))
	p.hanging("Holes: ", "  ", strings.Join(parser.Holes(raftdiag.SymptomSeen), ", "))
}

func (p *page) kinds() {
	for _, k := range raftdiag.Kinds() {
		if k.Kind == raftdiag.Garbled || k.Kind == raftdiag.SymptomSeen {
			continue
		}
		p.hanging(fmt.Sprintf("  %-18s ", k.Name), strings.Repeat(" ", 21), k.Doc)
		p.hanging(strings.Repeat(" ", 21), strings.Repeat(" ", 21), "holes: "+strings.Join(parser.Holes(k.Kind), ", "))
	}
}

// formats lists what is built in, one line of documentation for each.
func (p *page) formats(list []parser.Format) {
	wide := 0
	for _, f := range list {
		wide = max(wide, len(f.Name))
	}
	for i, class := range []string{"dialect", "envelope"} {
		if i > 0 {
			p.line("")
		}
		p.line([]string{"Dialects: what the words mean", "Envelopes: when, who and where"}[i])
		for _, f := range list {
			if f.Class == class {
				p.hanging(fmt.Sprintf("  %-*s  ", wide, f.Name), strings.Repeat(" ", wide+4), firstSentence(f.Doc))
			}
		}
	}
	p.line("")
	p.line("raftdiag formats FILE... says how much of a log they recognise.")
}

// shapesShown is how many shapes of missed lines a file's table has.
const shapesShown = 10

// coverage writes how much of each input is recognised.
func coverage(ctx context.Context, inputs []string, o parser.Options, stdout, stderr io.Writer) error {
	m := newMeter(stderr, false)
	o.Progress = m.progress()
	list := parser.Cover(ctx, inputs, o, shapesShown)
	m.clear()
	p := page{width: pageWidth(stdout)}
	known := false
	for i, c := range list {
		if i > 0 {
			p.line("")
		}
		known = known || len(c.Formats) > 0
		p.coverage(c)
	}
	if err := p.print(stdout); err != nil {
		return err
	}
	if !known {
		return noEvent()
	}
	return nil
}

func (p *page) coverage(c parser.Coverage) {
	if c.Err != nil {
		p.line("raftdiag: " + report.Safe(c.Err.Error()))
		if c.Lines == 0 {
			return
		}
	}
	p.line(fmt.Sprintf("%s: %s", report.Safe(c.Source), counted(int(c.Lines), "line")))
	row := func(n int64, what string) {
		p.line(fmt.Sprintf("  %9d  %5.1f %%  %s", n, float64(n)*100/float64(max(c.Lines, 1)), what))
	}
	for _, s := range c.Formats {
		row(s.Lines, report.Safe(s.Name))
	}
	if c.Other > 0 {
		row(c.Other, "of other matters")
	}
	if c.Garbled > 0 {
		row(c.Garbled, "begin like a Raft line and cannot be read")
	}
	if c.Missed == 0 {
		return
	}
	row(c.Missed, "about Raft by their words, and not recognised:")
	for _, s := range c.Shapes {
		p.line(fmt.Sprintf("  %9d ×  %s  %s", s.Lines, report.Safe(s.First.String()), report.Safe(s.Text)))
	}
}
