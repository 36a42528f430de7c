package parser

import (
	"bytes"
	"context"
	"testing"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/internal/lab"
)

// labLogs are logs of the lab in many looks, a piece of each: where it starts,
// and where its fault has struck.
func labLogs(f testing.TB) [][]byte {
	f.Helper()
	var out [][]byte
	for i, name := range []string{"healthy", "undecodable", "rejected", "log-lost", "joint-half", "no-address", "snapshot-loop", "cluster-id-mismatch"} {
		c, ok := cluster.Lookup(name)
		if !ok {
			f.Fatalf("no case %s", name)
		}
		for seed := range uint64(2) {
			p, err := lab.Draw(c, 100+10*uint64(i)+seed)
			if err != nil {
				f.Fatal(err)
			}
			r, err := p.Do(f.Context())
			if err != nil {
				f.Fatal(err)
			}
			d, _ := lab.DamageByName([]string{"drop20", "crlf"}[seed])
			for _, file := range r.Logs(d) {
				lines := bytes.SplitAfter(file.Data, []byte("\n"))
				for _, at := range []int{0, len(lines) * 2 / 3} {
					out = append(out, bytes.Join(lines[at:min(at+25, len(lines))], nil))
				}
			}
		}
	}
	return out
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
