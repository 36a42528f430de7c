package hypotheses

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/internal/lab"
	"github.com/raftdiag/raftdiag/timeline"
)

// FuzzJudge takes any lines for events of logs of their nodes. Whatever they
// say, they are judged without a panic, the order of the logs is no matter, and
// each verdict is one of those that there are.
func FuzzJudge(f *testing.F) {
	for _, name := range []string{"no-address", "node-restart", "log-lost", "quorum-lost", "not-leader"} {
		r, err := lab.Stage(f.Context(), name, 2)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Few(1))
		f.Add(r.Few(4))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var events []raftdiag.Event
		var names []string
		lines := map[string]int64{}
		for line := range bytes.Lines(text) {
			var e raftdiag.Event
			if len(events) == 300 || e.UnmarshalJSON(line) != nil {
				continue
			}
			e.Pos.Source = fmt.Sprintf("n%d.log", e.Node%4)
			if lines[e.Pos.Source]++; lines[e.Pos.Source] == 1 {
				names = append(names, e.Pos.Source)
			}
			e.Pos.Line = lines[e.Pos.Source]
			events = append(events, e)
		}
		judge := func() string {
			s := timeline.New()
			for n, name := range names {
				add := s.Open(name, n)
				for _, e := range events {
					if e.Pos.Source == name {
						add(&e)
					}
				}
			}
			r := Judge(s.Finish(func(string, string, string) raftdiag.NodeID { return 0 }), Options{})
			if r.Verdict == nil {
				return ""
			}
			for _, g := range r.Groups {
				for _, h := range g.Hypotheses {
					if h.Verdict != raftdiag.Confirmed && h.Verdict != raftdiag.RuledOut && h.Verdict != raftdiag.Unknown {
						t.Errorf("%s is %q", h.Name, h.Verdict)
					}
				}
			}
			raw, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			return string(raw)
		}
		was := judge()
		slices.Reverse(names)
		if is := judge(); is != was {
			t.Errorf("the order of the logs changes the report:\n%s\n%s", was, is)
		}
	})
}
