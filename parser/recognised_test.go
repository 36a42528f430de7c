package parser

import (
	"math/rand/v2"
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

// TestMangledSamples reads the samples of all systems cut off, with bytes lost
// and with bytes changed: any bytes may come, and none may end the reading.
func TestMangledSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := newReader()
	for _, f := range foreigners {
		for _, s := range f.samples {
			for range 24 {
				line := []byte(s.line)
				p.cut = r.IntN(2) == 0
				for range 1 + r.IntN(3) {
					if len(line) < 2 {
						break
					}
					i := r.IntN(len(line))
					switch r.IntN(4) {
					case 0:
						line = line[:i]
					case 1:
						line = append(line[:i], line[i+1:]...)
					case 2:
						line[i] = "\x00 :{}[]()\"'\\=,-<>0aZ\xe2\xff"[r.IntN(22)]
					case 3:
						line = line[i:]
					}
				}
				var it item
				p.line(line, &it)
			}
		}
	}
}
