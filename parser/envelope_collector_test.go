package parser

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/raftdiag/raftdiag"
)

// TestCollectorEnvelopes opens what collectors put around lines, and reads a
// Ready loop's line and a describer's behind each.
func TestCollectorEnvelopes(t *testing.T) {
	for _, s := range collectorSamples {
		p := newReader()
		p.clock.near = time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)
		r := record{msg: []byte(s.line)}
		r.open(p)
		if at := r.time.String(); at != s.time || r.writer != s.writer || string(r.msg) != s.want {
			t.Errorf("%s\ngot  %q %q %q\nwant %q %q %q", s.line, at, r.writer, r.msg, s.time, s.writer, s.want)
		}
		for _, inner := range []struct {
			text string
			kind raftdiag.Kind
			part textPart
		}{
			{"ready() HAS_READY for a-0: raft_state=Leader, term=1, commit=0, leader=2", raftdiag.State, noPart},
			{"sending 2->1 MsgApp Term:1 Log:1/2 Commit:2", raftdiag.Sent, messagePart},
		} {
			line := wrap(s.line, inner.text)
			it := item{}
			if p.line([]byte(line), &it) != raft || it.ev.Kind != inner.kind || it.part != inner.part {
				t.Errorf("%s\nis read as %s", line, it.ev.String())
				continue
			}
			if got := it.ev.Time.String(); got != s.time {
				t.Errorf("%s\nis dated %q, want %q", line, got, s.time)
			}
			if it.ev.Writer != s.writer {
				t.Errorf("%s\nis by %q, want %q", line, it.ev.Writer, s.writer)
			}
		}
	}
}

// wrap puts another message into a sample.
func wrap(sample, text string) string {
	const message, bytes = "became leader", "[98,101,99,97,109,101,32,108,101,97,100,101,114]"
	if strings.Contains(sample, bytes) {
		var codes []int
		for _, c := range []byte(text) {
			codes = append(codes, int(c))
		}
		list, _ := json.Marshal(codes)
		return strings.Replace(sample, bytes, string(list), 1)
	}
	return strings.Replace(sample, message, text, 1)
}
