package parser

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/raftdiag/raftdiag"
)

func seed(f *testing.F) {
	for _, format := range Formats() {
		for _, s := range format.Samples {
			f.Add([]byte(s))
		}
	}
	for _, s := range lines {
		f.Add([]byte(s))
	}
}

// FuzzReadyloop reads any text as a line without an envelope.
func FuzzReadyloop(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, s []byte) {
		it := item{row: -1}
		if newReader().readyloop(s, &it) == raft {
			check(t, &it)
		}
	})
}

// FuzzLines reads any bytes as one line, whole and cut.
func FuzzLines(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, s []byte) {
		p := newReader()
		for _, cut := range []bool{false, true} {
			it := item{}
			p.cut = cut
			if p.line(s, &it) == raft {
				check(t, &it)
			}
		}
	})
}

// check holds an event to its kind: only fields that the kind has.
func check(t *testing.T, it *item) {
	t.Helper()
	e := &it.ev
	if it.role == progressHead || it.role == fileHead || it.part != noPart && it.part != tracePart {
		return // what these are is told from the lines around
	}
	if e.Kind == raftdiag.NoKind {
		t.Fatal("an event without a kind")
	}
	if extra := e.Set &^ e.Kind.Info().Fields; extra != 0 {
		t.Fatalf("%s sets fields that its kind has not: %x", e, uint64(extra))
	}
	var back raftdiag.Event
	if err := back.UnmarshalJSON(e.AppendJSON(nil)); err != nil {
		t.Fatalf("%s: %v", e, err)
	}
}

// FuzzEnvelope reads any bytes as a file, in blocks of two sizes.
func FuzzEnvelope(f *testing.F) {
	seed(f)
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, s []byte) {
		name := filepath.Join(dir, "x.log")
		if err := os.WriteFile(name, s, 0o600); err != nil {
			t.Fatal(err)
		}
		events, inputs := readAll(t, Options{Workers: 1}, name)
		small, smallInputs := readAll(t, Options{Workers: 2, block: 7}, name)
		if events != small || inputs != smallInputs {
			t.Fatalf("blocks of 7 bytes:\n%s\n%s\nwhole:\n%s\n%s", small, smallInputs, events, inputs)
		}
		res, err := Read(context.Background(), []string{name}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		res.Text(raftdiag.Position{Source: name, Line: 1})
		res.Close()
	})
}
