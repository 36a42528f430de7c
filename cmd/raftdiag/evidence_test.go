package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/report"
)

// A few lines of each incident give the same verdict alone; so they do of one
// node's log, and of all logs in one stream. The lines are those of the logs,
// byte for byte and in their order.
func TestEvidence(t *testing.T) {
	var (
		mu    sync.Mutex
		sizes []int
	)
	t.Run("fixtures", func(t *testing.T) {
		for _, f := range fixtures(t) {
			for _, part := range []string{"all", "first", "merged"} {
				t.Run(f.name+"/"+part, func(t *testing.T) {
					t.Parallel()
					n := evidenceOf(t, f, part)
					if part == "all" && !f.calm() {
						mu.Lock()
						sizes = append(sizes, n)
						mu.Unlock()
					}
				})
			}
		}
	})
	if len(sizes) == 0 {
		return
	}
	slices.Sort(sizes)
	t.Logf("%d incidents: median %d lines, at most %d", len(sizes), sizes[len(sizes)/2], sizes[len(sizes)-1])
	if median := sizes[len(sizes)/2]; median > 30 {
		t.Errorf("the median is %d lines", median)
	}
}

// evidenceOf cuts a fixture and answers how many lines are left.
func evidenceOf(t *testing.T, f fixture, part string) int {
	dir := t.TempDir()
	logs := filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	files := slices.Clone(f.files)
	switch part {
	case "first":
		files = files[:1]
	case "merged":
		var all []byte
		for _, file := range files {
			for line := range bytes.Lines(file.data) {
				all = append(append(append(all, file.name...), ':'), line...)
			}
		}
		files = []logFile{{"all.log", all}}
	}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(logs, file.name), file.data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	few := filepath.Join(dir, "few")
	q := question{inputs: []string{logs}}
	var cut *slice
	whole, err := diagnoseThen(context.Background(), q, func(r *reading, rep *raftdiag.Report) (err error) {
		if rep.Verdict != nil {
			cut, err = r.evidence(context.Background(), q, rep, few, usualEffort)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if cut == nil {
		return 0
	}
	alone, err := diagnose(context.Background(), question{inputs: cut.files(few)})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := verdictOf(whole), verdictOf(alone); a != b {
		t.Errorf("alone, the lines give %+v, not %+v", b, a)
	}
	if g, _ := report.Worst(alone); part == "all" && g != nil {
		if want, ok := f.expect.Groups[g.Group]; ok {
			want.MayViolate = append(slices.Clone(want.MayViolate), want.Violations...)
			want.Violations = nil // those beneath the verdict may be cut away
			for _, problem := range want.check(g) {
				t.Errorf("alone: %s", problem)
			}
		}
	}
	lines := 0
	for _, file := range files {
		got, err := os.ReadFile(filepath.Join(few, commonPath(cut, file.name)))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		rest := file.data
		for line := range bytes.Lines(got) {
			lines++
			at := bytes.Index(rest, line)
			if at < 0 {
				t.Fatalf("%s: a line is not of the log, or out of order: %s", file.name, line)
			}
			rest = rest[at+len(line):]
		}
	}
	if lines != cut.lines {
		t.Errorf("%d lines are written, %d are said", lines, cut.lines)
	}
	return lines
}

// commonPath is where a file of the inputs stands in the directory.
func commonPath(s *slice, base string) string {
	for _, x := range s.sources {
		if filepath.Base(x.name) == base {
			return x.path
		}
	}
	return base
}
