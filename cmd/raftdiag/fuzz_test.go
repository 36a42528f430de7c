package main

import (
	"bytes"
	"testing"

	"github.com/raftdiag/raftdiag/internal/lab"
)

// FuzzAnalyze takes any bytes for two logs, which a line of dashes parts, from
// their bytes to every form of the report.
func FuzzAnalyze(f *testing.F) {
	parting := []byte("\n----\n")
	for name, seed := range map[string]uint64{"no-address": 2, "node-restart": 3} {
		r, err := lab.Stage(f.Context(), name, seed)
		if err != nil {
			f.Fatal(err)
		}
		list := r.Excerpts()
		for i := 1; i < len(list); i += 2 {
			f.Add(bytes.Join(list[i-1:i+1], parting))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, b, _ := bytes.Cut(text, parting)
		accounted(t, []logFile{{"node1.log", a}, {"node2.log", b}})
	})
}
