package parser

import (
	"bytes"
	"context"
	"testing"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/internal/lab"
)

// labLogs are lines of the lab in every look, of two runs that are made
// quickly.
func labLogs(f testing.TB) (logs [][]byte) {
	f.Helper()
	for name, seed := range map[string]uint64{"no-address": 2, "node-restart": 3} {
		r, err := lab.Stage(f.Context(), name, seed)
		if err != nil {
			f.Fatal(err)
		}
		logs = append(logs, r.Excerpts()...)
	}
	return logs
}

// FuzzRead reads any bytes as a log. Events come in the order of their lines,
// and every line is counted.
func FuzzRead(f *testing.F) {
	for _, log := range labLogs(f) {
		f.Add(log)
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		var last int64
		r, err := Read(context.Background(), []string{"-"}, Options{
			Stdin: bytes.NewReader(log), Workers: 1,
			Open: func(string, int) func(*raftdiag.Event) {
				return func(e *raftdiag.Event) {
					if e.Pos.Line < last {
						t.Errorf("line %d after line %d", e.Pos.Line, last)
					}
					last = e.Pos.Line
				}
			},
		})
		if err != nil {
			return
		}
		defer r.Close()
		for _, in := range r.Inputs {
			if in.Lines < last || in.Events < 0 || in.Garbled > in.Lines {
				t.Errorf("%d lines, %d events, %d garbled, and an event at line %d", in.Lines, in.Events, in.Garbled, last)
			}
		}
	})
}
