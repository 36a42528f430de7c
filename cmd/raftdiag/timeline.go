package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/hypotheses"
	"github.com/raftdiag/raftdiag/report"
	"github.com/raftdiag/raftdiag/timeline"
)

// timelineSchema is the version of the JSON that the timeline command writes.
const timelineSchema = "raftdiag/timeline/v1"

func newTimeline() *cobra.Command {
	var (
		q            question
		specs        []string
		formats      []string
		index        uint64
		from, to     uint64
		since, until string
		quiet        bool
		noColor      bool
	)
	cmd := &cobra.Command{
		Use:   "timeline [INPUT...]",
		Short: "the messages and proposals of a group, paired across its nodes, and what the logs say",
		Long: `timeline prints what went between the nodes of a group: every message with its
fate and latency, and every proposal with the gates that it passed. Behind that,
or alone where the logs print no messages, it tells what the nodes say in the
order of their stamps: who campaigned, who led, who could not be reached, what
was slow.

Without --group it shows the group that is worst off, and says on stderr which
others there are. Times are those that the logs print; --since and --until take
RFC 3339 (2025-10-20T12:00:00Z), a time of the log's last day (12:00:00, UTC) or
a duration before the log's end (30s).`,
		Example: `  raftdiag timeline node1.log node2.log node3.log
  raftdiag timeline logs/ --group orders-7 --index 1841
  raftdiag timeline logs/ --from 1 --to 2 --since 30s
  raftdiag timeline etcd-1.log etcd-2.log etcd-3.log --since 5m
  raftdiag timeline logs/ -o json | jq '.transcripts[].messages[] | select(.fate == "lost")'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			outs, err := parseOutputs(specs, timelineFormats)
			if err != nil {
				return err
			}
			if q.inputs, err = inputsOr(cmd, args); err != nil {
				return err
			}
			if err := spareInputs(outs, q.inputs); err != nil {
				return err
			}
			if q.formats, err = formatFiles(formats); err != nil {
				return err
			}
			q.stdin = cmd.InOrStdin()
			window := window{since: since, until: until}
			if err := window.check(); err != nil {
				return err
			}
			filter := timeline.Filter{Index: raftdiag.Index(index), From: raftdiag.NodeID(from), To: raftdiag.NodeID(to)}
			stderr := cmd.ErrOrStderr()
			m := newMeter(stderr, quiet)
			told := stderr
			if quiet {
				told = io.Discard
			}
			list, sayings, err := transcripts(cmd.Context(), q, filter, window, m, told)
			if err != nil {
				return err
			}
			stdout := cmd.OutOrStdout()
			return writeAll(outs, stdout, look(stdout, noColor), func(format string, w io.Writer, o report.Options) error {
				if format == "json" {
					return writeTranscripts(w, list, sayings)
				}
				return report.Timeline(w, list, sayings, o)
			})
		},
	}
	outputFlag(cmd, &specs, timelineFormats)
	formatFileFlag(cmd, &formats)
	flags := cmd.Flags()
	flags.StringArrayVar(&q.groups, "group", nil, "show this group (repeatable; default the one that is worst off)")
	flags.Uint64Var(&index, "index", 0, "only what touches the entry at this `INDEX`")
	flags.Uint64Var(&from, "from", 0, "only messages from this `NODE`")
	flags.Uint64Var(&to, "to", 0, "only messages to this `NODE`")
	flags.StringVar(&since, "since", "", "only from this `TIME` on, or this long before the log's end")
	flags.StringVar(&until, "until", "", "only up to this `TIME`, or this long before the log's end")
	flags.IntVar(&q.jobs, "jobs", 0, "how many processors to use (default all)")
	flags.BoolVarP(&quiet, "quiet", "q", false, "no progress and no warnings on stderr")
	flags.BoolVar(&noColor, "no-color", false, "no colour (as with NO_COLOR)")
	return cmd
}

var timelineFormats = []string{"text", "json"}

// transcripts reads the inputs and cuts out what the filter asks for, one
// transcript for each life of each group, and what the logs say beside messages
// unless it asks for some messages only.
func transcripts(ctx context.Context, q question, f timeline.Filter, w window, m *meter, stderr io.Writer) ([]raftdiag.Transcript, []raftdiag.Saying, error) {
	q.progress = m.progress()
	r, err := read(ctx, q)
	m.clear()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	warn(stderr, r.Inputs, r.Notes)
	groups, speakers := r.timelines.Groups(), r.timelines.Speakers()
	if len(groups) == 0 && len(speakers) == 0 {
		return nil, nil, noEvent()
	}
	if err := knownGroups(q.groups, slices.Concat(groups, r.timelines.SymptomGroups())); err != nil {
		return nil, nil, err
	}
	if f.Since, f.Until, err = w.stamps(end(r.Inputs)); err != nil {
		return nil, nil, err
	}
	chosen := q.groups
	if len(chosen) == 0 {
		chosen = groups
		if len(groups) > 1 {
			worst := r.worst(q)
			chosen = []string{worst.Group}
			others := slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == worst.Group })
			fmt.Fprintf(stderr, "raftdiag: group %s (%s); there are also %s (hint: --group)\n", report.Safe(strconv.Quote(worst.Group)), worst.Verdict, report.Safe(some(others)))
		}
	}
	list := []raftdiag.Transcript{}
	for _, g := range groups {
		if !slices.Contains(chosen, g) {
			continue
		}
		for _, t := range r.timelines.Build(g) {
			list = append(list, t.Transcript(f))
		}
	}
	silent := func(t raftdiag.Transcript) bool { return len(t.Passages) == 0 && len(t.Proposals) == 0 }
	if len(speakers) == 0 {
		return list, nil, nil
	}
	if f.Index != 0 || f.From != 0 || f.To != 0 {
		if !slices.ContainsFunc(list, func(t raftdiag.Transcript) bool { return !silent(t) }) {
			fmt.Fprintln(stderr, "raftdiag: warning: these logs print no messages and no proposals, so there is nothing to pair (hint: without --index, --from and --to they are told as they are)")
		}
		return list, nil, nil
	}
	of := q.groups
	if len(groups) > 1 {
		of = chosen // as of the messages
	}
	sayings := slices.DeleteFunc(hypotheses.Chronology(speakers, of), func(s raftdiag.Saying) bool {
		return f.Since != raftdiag.NoStamp && s.Until < f.Since || f.Until != raftdiag.NoStamp && s.Event.Time > f.Until
	})
	if len(sayings) > 0 {
		list = slices.DeleteFunc(list, silent)
	}
	return list, sayings, nil
}

// worst is the group with the worst verdict, the first of several.
func (r *reading) worst(q question) raftdiag.Group {
	groups := r.judge(q).Groups
	worst := groups[0]
	for _, g := range groups {
		if g.Verdict.Worse(worst.Verdict) {
			worst = g
		}
	}
	return worst
}

func writeTranscripts(w io.Writer, list []raftdiag.Transcript, sayings []raftdiag.Saying) error {
	if sayings == nil {
		sayings = []raftdiag.Saying{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Schema      string                `json:"schema"`
		Transcripts []raftdiag.Transcript `json:"transcripts"`
		Sayings     []raftdiag.Saying     `json:"sayings"`
	}{timelineSchema, list, sayings})
}

// end is the newest time that an input prints.
func end(inputs []raftdiag.Input) time.Time {
	var last time.Time
	for _, in := range inputs {
		if in.Last == nil {
			continue
		}
		if t, err := time.Parse(time.RFC3339Nano, *in.Last); err == nil && t.After(last) {
			last = t
		}
	}
	return last
}

// A window is --since and --until as they were typed.
type window struct{ since, until string }

// check finds mistakes that need no log to be seen.
func (w window) check() error {
	_, _, err := w.stamps(time.Unix(0, 1))
	return err
}

// stamps works the window out for a log that ends at end.
func (w window) stamps(end time.Time) (since, until raftdiag.Stamp, err error) {
	if since, err = moment("--since", w.since, end); err != nil {
		return 0, 0, err
	}
	until, err = moment("--until", w.until, end)
	return since, until, err
}

// moment reads one end of a window: RFC 3339, HH:MM:SS on the day on which the
// log ends (or the day before, if that is still to come), or a duration before
// the end.
func moment(flag, s string, end time.Time) (raftdiag.Stamp, error) {
	if s == "" {
		return raftdiag.NoStamp, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return raftdiag.Stamp(t.UnixNano()), nil
	}
	clock, clockErr := time.Parse("15:04:05", s)
	ago, agoErr := time.ParseDuration(strings.TrimPrefix(s, "-"))
	if clockErr != nil && (agoErr != nil || ago < 0) {
		return 0, usagef("%s %s is no time (hint: 2025-10-20T12:00:00Z, 12:00:00, or 30s for the last 30 seconds)", flag, s)
	}
	if end.IsZero() {
		return 0, usagef("%s %s: the logs print no time to count from (hint: leave it out, or use --index)", flag, s)
	}
	if clockErr != nil {
		return raftdiag.Stamp(end.Add(-ago).UnixNano()), nil
	}
	end = end.UTC()
	t := time.Date(end.Year(), end.Month(), end.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), time.UTC)
	if t.After(end) {
		t = t.AddDate(0, 0, -1)
	}
	return raftdiag.Stamp(t.UnixNano()), nil
}
