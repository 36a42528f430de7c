package parser

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

const aRow = "Raft log for g-0: last_index=1, committed=0, applied=0, unstable_entries=1\n"

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wantError(t *testing.T, in raftdiag.Input, part string) {
	t.Helper()
	if in.Error == nil || !strings.Contains(*in.Error, part) {
		t.Errorf("error %v, want one that says %q", in.Error, part)
	}
}

// A packed file that ends early gives what could be read, and an error.
func TestTruncatedGzip(t *testing.T) {
	var text strings.Builder
	for i := range 20000 {
		text.WriteString(strings.Replace(aRow, "last_index=1", "last_index="+strings.Repeat("1", i%9+1), 1))
	}
	b := packed(t, text.String())
	res, events := collect(t, []string{write(t, "node1.log.gz", b[:len(b)/2])}, Options{})
	if len(events) == 0 || len(events) >= 20000 {
		t.Errorf("%d events", len(events))
	}
	for i, e := range events { // the line that is cut off is none
		if e.Pos.Line != int64(i+1) || !e.Has(raftdiag.HasLast|raftdiag.HasCommit|raftdiag.HasApplied|raftdiag.HasUnstable) {
			t.Fatalf("event %d: %s", i, e.Line())
		}
	}
	wantError(t, res.Inputs[0], "ends early")
}

// A line may be of any length: its beginning counts, and the lines behind it.
func TestLongLines(t *testing.T) {
	long := strings.TrimSuffix(aRow, "\n") + ", rest=" + strings.Repeat("x", 10<<20) + "\n"
	name := write(t, "node1.log", []byte(aRow+long+strings.Repeat("y", 3<<20)+"\n"+aRow))
	for _, block := range []int{1000, defaultBlock, 8 << 20} {
		res, events := collect(t, []string{name}, Options{block: block})
		if len(events) != 3 || events[1].Pos.Line != 2 || events[2].Pos.Line != 4 || events[1].Last != 1 {
			t.Errorf("block %d: %v", block, events)
		}
		if len(res.Notes) == 0 || !strings.Contains(res.Notes[0], "2 lines longer") {
			t.Errorf("block %d: notes %q", block, res.Notes)
		}
		if got := res.Text(raftdiag.Position{Source: name, Line: 4}); got != strings.TrimSpace(aRow) {
			t.Errorf("text %q", got)
		}
		if got := res.Text(raftdiag.Position{Source: name, Line: 2}); len(got) > 2*maxQuote || !strings.HasSuffix(got, "…") {
			t.Errorf("text of %d bytes", len(got))
		}
	}
}

// A file that vanishes before it is read is an error of that input alone.
func TestVanishing(t *testing.T) {
	a, b := write(t, "node1.log", []byte(aRow)), write(t, "node2.log", []byte(aRow))
	n := 0
	res, err := Read(context.Background(), []string{a, b}, Options{Open: func(source string, _ int) func(*raftdiag.Event) {
		os.Remove(a)
		return func(*raftdiag.Event) { n++ }
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	if n != 1 {
		t.Errorf("%d events", n)
	}
	wantError(t, res.Inputs[0], "the file is gone")
}

// What is no log by its first bytes is said by name.
func TestForeignFiles(t *testing.T) {
	for head, part := range map[string]string{
		"PK\x03\x04abc": "zip", "BZh91AY": "bzip2", "\xfd7zXZ\x00\x00": "xz", "\x7fELF\x02": "program",
		"\xff\xfeR\x00a\x00f\x00t\x00": "UTF-16", "\x1f\x8b": "ends early", "\x28\xb5\x2f\xfd": "ends early",
	} {
		res, _ := collect(t, []string{write(t, "x.log", []byte(head))}, Options{})
		wantError(t, res.Inputs[0], part)
	}
}

// An endless pipe ends when the context does, and what came is counted.
func TestCancel(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.WriteString(w, aRow+aRow)
		io.WriteString(w, "x") // taken only after what stands before it
		cancel()
	}()
	n := 0
	res, err := Read(ctx, []string{"-"}, Options{Stdin: r, Open: func(string, int) func(*raftdiag.Event) { return func(*raftdiag.Event) { n++ } }})
	if err != nil {
		t.Fatal(err)
	}
	if n != 2 || res.Inputs[0].Error != nil {
		t.Errorf("%d events, %v", n, res.Inputs[0].Error)
	}
	if got := res.Text(raftdiag.Position{Source: "-", Line: 2}); got != strings.TrimSpace(aRow) {
		t.Errorf("text %q", got)
	}
	spool := res.spools[0].file.Name()
	if err := res.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(spool); err == nil {
		t.Error("the copy of the pipe is still there")
	}
}

// Context is carried from one file of a log to the next.
func TestRotatedContext(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"n1.log.1": "Outgoing messages from g-0:\n", "n1.log": "  Msg[0]: type=3, from=1, to=2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, events := collect(t, []string{dir}, Options{})
	if len(events) != 2 || events[1].Group != "g-0" {
		t.Errorf("events %v", events)
	}
}

// The order of a name's numbers, and dates that are no numbers.
func TestNumbers(t *testing.T) {
	for name, want := range map[string]uint64{
		"node1.log": 1, "raft-node2.log": 2, "n3/app.log": 3, "n3/logs/app.log": 3, "node4-2025-10-20.log": 4, "app-2025-10-20.log": 0,
		"node5.log.2.gz": 5, "/tmp/Test1/001/app.log": 0, "chronik-6.txt": 6, "7.log": 7, "app.log": 0, "server_8.out": 8, "v2.log": 0,
	} {
		if got := fileNumber(name); got.n != want || got.ok != (want != 0) {
			t.Errorf("%s: %v, want %d", name, got, want)
		}
	}
	for name, want := range map[string]uint64{
		"node1": 1, "etcd_2": 2, "pod/raft-3/app": 3, "stack_etcd.4.abc1xyz@host9": 4, "logs/node5.log": 5, "app": 0, "pod-0": 0,
	} {
		if got := writerNumber(name); got.n != want {
			t.Errorf("%s: %v, want %d", name, got, want)
		}
	}
}

// Every sample of a format is read.
func TestFormats(t *testing.T) {
	for _, f := range Formats() {
		for _, s := range f.Samples {
			it := item{}
			if got := newReader().line([]byte(s), &it); got != raft {
				t.Errorf("%s: %q is not read", f.Name, s)
			}
		}
	}
}

// Many streams, and fewer workers: each source's events come in order.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	for i := range 50 {
		text := strings.Repeat(aRow, i+1)
		if err := os.WriteFile(filepath.Join(dir, "app-"+string(rune('a'+i%26))+string(rune('a'+i/26))+".log"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	res, events := collect(t, []string{dir}, Options{Workers: 3, block: 200})
	if len(res.Inputs) != 50 || len(events) != 50*51/2 {
		t.Errorf("%d inputs, %d events", len(res.Inputs), len(events))
	}
}
