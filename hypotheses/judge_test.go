package hypotheses

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A script is a log in shorthand: a line is "NODE KIND key=value ...", each
// line of one node follows the one before it in that node's log, and
// "repeat N" to "end" says its lines N times. A value with commas is a list of
// voters. Each "repeat" round moves every clock by 100 ms.
type script struct {
	store *timeline.Store
	feeds map[string]func(*raftdiag.Event)
	lines map[string]int64
	now   raftdiag.Stamp
}

func newScript() *script {
	return &script{store: timeline.New(), feeds: map[string]func(*raftdiag.Event){}, lines: map[string]int64{}, now: 1_700_000_000_000_000_000}
}

func (s *script) run(t *testing.T, lines []string) {
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if n, ok := strings.CutPrefix(line, "repeat "); ok {
			times, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			end := i + 1
			for strings.TrimSpace(lines[end]) != "end" {
				end++
			}
			for range times {
				s.run(t, lines[i+1:end])
				s.now += 100_000_000
			}
			i = end
			continue
		}
		s.line(t, line)
	}
}

func (s *script) line(t *testing.T, line string) {
	fields := strings.Fields(line)
	obj := map[string]any{"node": fields[0], "kind": fields[1], "group": "g-0"}
	for _, f := range fields[2:] {
		key, value, _ := strings.Cut(f, "=")
		switch {
		case key == "voters":
			list := []string{}
			if value != "" {
				list = strings.Split(value, ",")
			}
			obj["config"] = map[string]any{"voters": list}
		case value == "true" || value == "false":
			obj[key] = value == "true"
		default:
			obj[key] = strings.ReplaceAll(value, "_", " ")
			if n, err := strconv.ParseUint(value, 10, 64); err == nil {
				obj[key] = n
			}
		}
	}
	raw, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	var e raftdiag.Event
	if err := e.UnmarshalJSON(raw); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	src := "n" + fields[0]
	if s.feeds[src] == nil {
		s.feeds[src] = s.store.Open(src, len(s.feeds))
	}
	s.now += 1_000_000
	s.lines[src]++
	e.Time, e.Pos = s.now, raftdiag.Position{Source: src, Line: s.lines[src]}
	s.feeds[src](&e)
}

func brief(r *raftdiag.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", *r.Verdict, r.Summary)
	for _, g := range r.Groups {
		for _, v := range g.Violations {
			fmt.Fprintf(&b, "impossible %s %v: %s\n", v.Name, v.Nodes, v.Summary)
		}
		for _, e := range g.Episodes {
			point := "?"
			if e.FailurePoint != nil {
				point = *e.FailurePoint
				if e.Gate != nil {
					point += " before " + *e.Gate
				}
			}
			over := ""
			if e.EndAt != nil {
				over = fmt.Sprintf(", over at %s:%d", e.EndAt.Source, e.EndAt.Line)
			}
			fmt.Fprintf(&b, "episode %s, %s%s: %s\n", point, e.Impact, over, e.Summary)
			for _, c := range e.Causes {
				fmt.Fprintf(&b, "  cause %s %v: %s", c.Name, c.Nodes, c.Summary)
				for _, q := range c.Evidence {
					fmt.Fprintf(&b, " [%s:%d]", q.Source, q.Line)
				}
				b.WriteByte('\n')
			}
			for _, p := range e.Followers {
				fmt.Fprintf(&b, "  node %s %s at %s: %s\n", p.Node, p.Status, p.Gate, p.Summary)
			}
			if e.FailurePoint == nil && e.Impact != raftdiag.NoImpact {
				for _, s := range e.Suspects {
					fmt.Fprintf(&b, "  suspect %s %.2f\n", s.Name, s.Score)
				}
				fmt.Fprintf(&b, "  %s\n", e.Remedy)
			}
		}
		for _, n := range g.Notes {
			fmt.Fprintf(&b, "note %s: %s\n", n.Name, n.Summary)
		}
	}
	return b.String()
}

func TestJudge(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.Contains(path, "fuzz") {
			return // the fuzzers' own
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s := newScript()
			s.run(t, strings.Split(d.Input, "\n"))
			return brief(Judge(s.store.Finish(nil), Options{Complete: d.HasArg("complete")}))
		})
	})
}
