package parser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/raftdiag/raftdiag"
)

// collect reads the inputs and answers every event, by source and in order.
func collect(t testing.TB, inputs []string, o Options) (*Result, []raftdiag.Event) {
	t.Helper()
	type one struct {
		order  int
		events []raftdiag.Event
	}
	var all []*one
	o.Open = func(_ string, order int) func(*raftdiag.Event) {
		s := &one{order: order}
		all = append(all, s)
		return func(e *raftdiag.Event) {
			if e.Symptom == nil || e.Symptom.Sign != raftdiag.OtherLine {
				s.events = append(s.events, *e)
			}
		}
	}
	res, err := Read(context.Background(), inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Close() })
	sort.SliceStable(all, func(i, j int) bool { return all[i].order < all[j].order })
	var out []raftdiag.Event
	for _, s := range all {
		out = append(out, s.events...)
	}
	return res, out
}

// unescape turns \e, \r, \0 and \xNN of a test's input into bytes.
func unescape(s string) string {
	return strings.NewReplacer(`\e`, "\x1b", `\r`, "\r", `\0`, "\x00", `\xff`, "\xff", `\BOM`, "\uFEFF").Replace(s)
}

// TestRead runs testdata/*: "file NAME" writes a file, "read INPUT..." reads
// the inputs and prints events, inputs and notes. "read" without an input
// reads the text below it as standard input.
func TestRead(t *testing.T) {
	datadriven.Walk(t, "testdata/read", func(t *testing.T, path string) {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Chdir(t.TempDir())
		var last *Result
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "file":
				name := d.CmdArgs[0].Key
				if v := d.CmdArgs[0].Vals; len(v) > 0 {
					name += "=" + v[0]
				}
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				text := unescape(d.Input) + "\n"
				if d.HasArg("cut") {
					text = strings.TrimSuffix(text, "\n")
				}
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				return ""
			case "read":
				var inputs []string
				quiet, inputsToo := false, false
				for _, a := range d.CmdArgs {
					switch a.Key {
					case "quiet":
						quiet = true
					case "inputs":
						inputsToo = true
					default:
						in := a.Key
						if len(a.Vals) > 0 {
							in += "=" + a.Vals[0]
						}
						inputs = append(inputs, in)
					}
				}
				o := Options{Workers: 2}
				if len(inputs) == 0 {
					inputs = []string{"-"}
				} else {
					inputsToo = true
				}
				o.Stdin = strings.NewReader(unescape(d.Input) + "\n")
				res, events := collect(t, inputs, o)
				last = res
				var b strings.Builder
				if !quiet {
					for i := range events {
						fmt.Fprintln(&b, wording(res, &events[i]))
					}
				}
				if inputsToo {
					for _, in := range res.Inputs {
						fmt.Fprintln(&b, describeInput(in))
					}
				}
				for _, n := range res.Notes {
					if !strings.Contains(n, "prints no time") {
						fmt.Fprintln(&b, "note:", n)
					}
				}
				if b.Len() == 0 {
					return "nothing\n"
				}
				return b.String()
			case "text":
				var b strings.Builder
				for _, a := range d.CmdArgs {
					name, line, _ := strings.Cut(a.Key, ":")
					var n int64
					fmt.Sscan(line, &n)
					fmt.Fprintf(&b, "%s: %q\n", a.Key, last.Text(raftdiag.Position{Source: name, Line: n}))
				}
				return b.String()
			}
			t.Fatalf("unknown command %s", d.Cmd)
			return ""
		})
	})
}

// describe prints an event: its place, time, node (with ~ if the ladder tells
// it and not the event), writer, group and fact.
func wording(r *Result, e *raftdiag.Event) string {
	s := e.Pos.String()
	if e.Pos.Source == "-" {
		s = fmt.Sprint(e.Pos.Line)
	}
	s += ":"
	if e.Time != raftdiag.NoStamp {
		s += " " + e.Time.String()
	}
	if e.Node != 0 {
		s += " node " + e.Node.String()
	} else if n := r.Node(e.Pos.Source, e.Writer, e.Group); n != 0 {
		s += " node ~" + n.String()
	}
	if e.Writer != "" {
		s += " <" + e.Writer + ">"
	}
	if e.Group != "" {
		s += " " + e.Group
	}
	return s + " " + e.String()
}

func describeInput(in raftdiag.Input) string {
	text := func(s *string) string {
		if s == nil {
			return "?"
		}
		return *s
	}
	s := fmt.Sprintf("input %s: node %s, %q, %d lines, %d events, %d garbled, %d unattributed, %s to %s, %d runs",
		in.Source, text(in.Node), in.Format, in.Lines, in.Events, in.Garbled, in.Unknown, text(in.First), text(in.Last), in.Incarnation)
	if in.Error != nil {
		s += "\n  error: " + *in.Error
	}
	return s
}
