package parser

import (
	"bytes"
	"errors"

	"github.com/raftdiag/raftdiag"
)

// An interner keeps one copy of each string.
type interner struct{ m map[string]string }

func newInterner() *interner { return &interner{m: map[string]string{}} }

// string is b as a string, the same one for equal bytes.
func (in *interner) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := in.m[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(in.m) < 1<<16 {
		in.m[s] = s
	}
	return s
}

// decodeEvent reads one line of raftdiag's own events into e. It reports false
// (and touches nothing that matters) if the line is no event.
func decodeEvent(line []byte, e *raftdiag.Event, in *interner) (ok bool, err error) {
	if !bytes.Contains(line, []byte(`"kind":`)) {
		return false, nil
	}
	var got raftdiag.Event
	if err := got.UnmarshalJSON(line); err != nil {
		if errors.Is(err, raftdiag.ErrNoKind) {
			return false, nil
		}
		return true, err
	}
	got.Group, got.Writer, got.Text = in.string([]byte(got.Group)), in.string([]byte(got.Writer)), in.string([]byte(got.Text))
	*e = got
	return true, nil
}
