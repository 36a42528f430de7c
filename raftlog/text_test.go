package raftlog

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/raftdiag/raftdiag"
)

// The cases give events as JSON lines and expect text. A blank-free run of
// lines is one block when the command is block.
func TestText(t *testing.T) {
	datadriven.RunTest(t, "testdata/text", func(t *testing.T, d *datadriven.TestData) string {
		var events []*raftdiag.Event
		for line := range strings.Lines(d.Input) {
			e := new(raftdiag.Event)
			if err := e.UnmarshalJSON([]byte(line)); err != nil {
				d.Fatalf(t, "%s: %v", line, err)
			}
			events = append(events, e)
		}
		var out bytes.Buffer
		var s Sink
		if d.HasArg("prefix") {
			s = Text(&out)
		} else {
			s = Text(&out, Bare())
		}
		switch d.Cmd {
		case "block":
			emitBlock(s, events)
		case "events":
			for _, e := range events {
				s.Emit(e)
			}
		default:
			d.Fatalf(t, "no such command")
		}
		return out.String()
	})
}
