package timeline

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/internal/lab"
)

// FuzzTimeline takes any lines for events of logs of their nodes. Whatever they
// say, there is no panic, and the order of the logs is no matter.
func FuzzTimeline(f *testing.F) {
	for _, name := range []string{"no-address", "node-restart", "log-lost"} {
		r, err := lab.Stage(f.Context(), name, 2)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Few(1))
		f.Add(r.Few(3))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var events []raftdiag.Event
		lines := map[string]int64{}
		for line := range bytes.Lines(text) {
			var e raftdiag.Event
			if len(events) == 300 || e.UnmarshalJSON(line) != nil {
				continue
			}
			e.Pos.Source = fmt.Sprintf("n%d.log", e.Node%4)
			lines[e.Pos.Source]++
			e.Pos.Line = lines[e.Pos.Source]
			events = append(events, e)
		}
		if len(events) == 0 {
			return
		}
		names := sources(events)
		was := dump(t, load(events, names...))
		slices.Reverse(names)
		if is := dump(t, load(events, names...)); is != was {
			t.Errorf("another order of the logs gives another answer:\n%s\n%s", was, is)
		}
		all := load(events)
		for _, g := range all.Groups() {
			for _, tl := range all.Build(g) {
				tl.Transcript(Filter{})
			}
		}
	})
}
