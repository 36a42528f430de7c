package parser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// TestRecognised counts how many of the lines that a system is known to print
// about Raft come to an event. What varies in them is mostly 7.
func TestRecognised(t *testing.T) {
	const bar = 0.95
	files, err := filepath.Glob("testdata/recognised/*.log")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all, known := 0, 0
			var missed []string
			for line := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n") {
				p, it := newReader(), item{}
				all++
				if p.line([]byte(line), &it) == raft && (it.ev.Kind != raftdiag.SymptomSeen || it.ev.Symptom.Sign != raftdiag.OtherLine) {
					known++
				} else {
					missed = append(missed, line)
				}
			}
			if share := float64(known) / float64(all); share < bar {
				t.Errorf("%d of %d lines are recognised; not these:\n%s", known, all, strings.Join(missed, "\n"))
			}
		})
	}
}
