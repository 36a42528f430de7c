package parser

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// TestWords counts how many of the lines that a system prints about Raft are
// recognised: of each file, at least 95 of 100. The lines are of many versions,
// so that a rule that fits one sample only is noticed.
func TestWords(t *testing.T) {
	files, err := filepath.Glob("testdata/words/*.log")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines, known := 0, 0
		p := newReader()
		for s := bufio.NewScanner(f); s.Scan(); {
			it := item{}
			lines++
			if p.line(s.Bytes(), &it) == raft && (it.ev.Kind != raftdiag.SymptomSeen || it.ev.Symptom.Sign != raftdiag.OtherLine) {
				known++
			} else {
				t.Logf("%s: not recognised: %s", name, s.Text())
			}
		}
		if known*100 < lines*95 {
			t.Errorf("%s: %d of %d lines are recognised", name, known, lines)
		}
	}
}
