package report_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/report"
)

func text(t *testing.T, r *raftdiag.Report, o report.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Each sample report in each form is as the file in testdata has it.
func TestGolden(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			r := s.make()
			golden(t, "testdata/"+s.name+".txt", []byte(text(t, r, report.Options{Width: 100, Version: "1.0"})))
			golden(t, "testdata/"+s.name+"-80.txt", []byte(text(t, r, report.Options{Width: 80})))
			var b bytes.Buffer
			if err := report.Markdown(&b, r); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+s.name+".md", b.Bytes())
			if s.name == "many" {
				return // megabytes of XML and JSON show nothing new
			}
			b.Reset()
			if err := report.JUnit(&b, r); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+s.name+".xml", b.Bytes())
			b.Reset()
			if err := report.JSON(&b, r); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+s.name+".json", b.Bytes())
		})
	}
	golden(t, "testdata/lost-answers-ascii-40.txt", []byte(text(t, lostAnswers(), report.Options{Width: 40, ASCII: true})))
	golden(t, "testdata/dead-voters-ascii.txt", []byte(text(t, deadVoters(), report.Options{Width: 100, ASCII: true})))
	golden(t, "testdata/lost-answers-color.txt", []byte(text(t, lostAnswers(), report.Options{Width: 80, Color: true})))
	for _, w := range []int{80, 130} {
		var b bytes.Buffer
		if err := report.Timeline(&b, []raftdiag.Transcript{transcript()}, sayings(), report.Options{Width: w}); err != nil {
			t.Fatal(err)
		}
		golden(t, "testdata/timeline-"+strconv.Itoa(w)+".txt", b.Bytes())
	}
}

// In the first five lines stand the verdict, the group, the beginning and what
// to do, whatever the width.
func TestHead(t *testing.T) {
	for _, s := range samples {
		for width := 40; width <= 200; width += 20 {
			out := text(t, s.make(), report.Options{Width: width})
			head, _, _ := strings.Cut(out, "\n\n")
			lines := strings.Split(head, "\n")
			if len(lines) > 5 {
				t.Errorf("%s at %d: the head has %d lines:\n%s", s.name, width, len(lines), head)
			}
			want := []string{"where  ", "do     "}
			r := s.make()
			switch {
			case r.Verdict == nil:
				want = append(want, "NOTHING READ")
			case *r.Verdict == raftdiag.Healthy:
				want = append(want, "HEALTHY")
			default:
				want = append(want, strings.ToUpper(string(*r.Verdict)), "since  ", ".log:")
			}
			for _, w := range want {
				if !strings.Contains(head, w) {
					t.Errorf("%s at %d: no %q in the head:\n%s", s.name, width, w, head)
				}
			}
		}
	}
}

// No line is wider than the page, at any width.
func TestWidth(t *testing.T) {
	for _, s := range samples {
		for width := 40; width <= 200; width++ {
			if s.name == "many" && width%40 != 0 {
				continue
			}
			for _, line := range strings.Split(text(t, s.make(), report.Options{Width: width}), "\n") {
				if n := lipgloss.Width(line); n > width {
					t.Errorf("%s: %d columns at width %d: %s", s.name, n, width, line)
				}
			}
		}
	}
	for width := 40; width <= 200; width++ {
		var b bytes.Buffer
		if err := report.Timeline(&b, []raftdiag.Transcript{transcript()}, sayings(), report.Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if n := lipgloss.Width(line); n > width {
				t.Errorf("timeline: %d columns at width %d: %s", n, width, line)
			}
		}
	}
}

// What JSON writes reads back as the report that was written, and lists that
// are nil are written as empty ones.
func TestJSONRoundTrip(t *testing.T) {
	for _, s := range samples {
		want := s.make()
		var b bytes.Buffer
		if err := report.JSON(&b, want); err != nil {
			t.Fatal(err)
		}
		var got raftdiag.Report
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&got, want) {
			t.Errorf("%s differs", s.name)
		}
	}
	var b bytes.Buffer
	if err := report.JSON(&b, &raftdiag.Report{Groups: []raftdiag.Group{{}}}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Count(got, "null") != 1 {
		t.Errorf("only the verdict is null in %s", got)
	}
}
