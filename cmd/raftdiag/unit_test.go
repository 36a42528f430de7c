package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/report"
)

func TestNearest(t *testing.T) {
	names := []string{"no-leader", "no-delivery", "no-response", "no-quorum", "partition", "one-way-partition"}
	for _, c := range []struct{ word, want string }{
		{"no-reponse", "no-response"},
		{"on-delivery", "no-delivery"},
		{"NO-QUORUM", "no-quorum"},
		{"partition", "partition one-way-partition"},
		{"xyzzy", ""},
		{"", ""},
	} {
		if got := strings.Join(nearest(c.word, names), " "); got != c.want {
			t.Errorf("nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestParseOutputs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "r.json")
	for _, c := range []struct {
		specs []string
		want  []output
		err   string
	}{
		{nil, []output{{"text", ""}}, ""},
		{[]string{"text", "json=" + file}, []output{{"text", ""}, {"json", file}}, ""},
		{[]string{"json=-"}, []output{{"json", ""}}, ""},
		{[]string{"text", "json"}, nil, "both write to stdout"},
		{[]string{"json=" + file, "junit=" + dir + "/./r.json"}, nil, "both write to"},
		{[]string{"jsn"}, nil, "did you mean json?"},
		{[]string{"html"}, nil, "there are text, json, markdown, junit"},
		{[]string{"json="}, nil, "path is missing"},
		{[]string{"json=" + dir}, nil, "is a directory"},
		{[]string{"json=" + file + "/x"}, nil, "no such file"},
		{[]string{""}, nil, "no such format"},
	} {
		got, err := parseOutputs(c.specs, formatNames())
		if c.err != "" {
			var code coded
			if err == nil || !strings.Contains(err.Error(), c.err) || !errors.As(err, &code) || code.code != exitUsage {
				t.Errorf("%q: error %v, want a usage error with %q", c.specs, err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v %v, want %v", c.specs, got, err, c.want)
		}
	}
}

func TestSpareInputs(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "node1.log")
	if err := os.WriteFile(log, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{log, "1=" + log} {
		if err := spareInputs([]output{{"text", dir + "/./node1.log"}}, []string{in}); err == nil {
			t.Errorf("a report over the input %s was allowed", in)
		}
	}
	if err := spareInputs([]output{{"text", ""}, {"json", filepath.Join(dir, "new")}}, []string{log, "-"}); err != nil {
		t.Error(err)
	}
}

// A report is written whole or not at all.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report")
	say := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error { _, _ = io.WriteString(w, s); return err }
	}
	read := func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if err := writeFile(path, say("one", nil)); err != nil || read() != "one" {
		t.Fatal(err, read())
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("disk full")
	if err := writeFile(path, say("half", failed)); !errors.Is(err, failed) || read() != "one" {
		t.Fatalf("after a failure: %v, %q", err, read())
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(link, say("two", nil)); err != nil || read() != "two" {
		t.Fatal(err, read())
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced and not what it points to")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Error("the file lost its permissions")
	}
	if err := writeFile(os.DevNull, say("three", nil)); err != nil {
		t.Error(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("left behind: %v %v", files, err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// The reader of stdout may go away: the files are written all the same. Any
// other failure is one, and costs only its own output.
func TestWriteAll(t *testing.T) {
	for _, c := range []struct {
		err  error
		fail bool
	}{{&fs.PathError{Op: "write", Err: syscall.EPIPE}, false}, {syscall.ENOSPC, true}} {
		path := filepath.Join(t.TempDir(), "r")
		err := writeAll([]output{{"text", ""}, {"json", path}}, failing{c.err}, report.Options{Color: true},
			func(format string, w io.Writer, o report.Options) error {
				if format == "json" && o.Color {
					t.Error("colour in a file")
				}
				_, err := io.WriteString(w, format)
				return err
			})
		if (err != nil) != c.fail {
			t.Errorf("%v: %v", c.err, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "json" {
			t.Errorf("%v: the file has %q, %v", c.err, b, err)
		}
	}
}

func TestMoment(t *testing.T) {
	end := time.Date(2025, 10, 20, 12, 0, 30, 0, time.UTC)
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"2025-10-20T14:00:00+02:00", "2025-10-20T12:00:00Z"},
		{"30s", "2025-10-20T12:00:00Z"},
		{"-30s", "2025-10-20T12:00:00Z"},
		{"1h", "2025-10-20T11:00:30Z"},
		{"12:00:05", "2025-10-20T12:00:05Z"},
		{"12:00:05.25", "2025-10-20T12:00:05.25Z"},
		{"23:59:00", "2025-10-19T23:59:00Z"},
	} {
		got, err := moment("--since", c.text, end)
		if err != nil || got.String() != c.want {
			t.Errorf("%q is %s %v, want %s", c.text, got, err, c.want)
		}
	}
	for _, bad := range []string{"yesterday", "--30s", "12", "25:00:00", "30"} {
		if got, err := moment("--since", bad, end); err == nil {
			t.Errorf("%q was taken for %s", bad, got)
		}
	}
	if _, err := moment("--since", "30s", time.Time{}); err == nil || !strings.Contains(err.Error(), "no time to count from") {
		t.Errorf("without a clock: %v", err)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        string
	}{
		{0, 100 << 20, "reading [........................]   0% of 100 MB, 0 MB/s"},
		{50 << 20, 100 << 20, "reading [############............]  50% of 100 MB, 25 MB/s"},
		{120 << 20, 100 << 20, "reading [########################] 100% of 100 MB, 60 MB/s"},
		{90 << 20, 0, "reading: 90 MB, 45 MB/s"},
	} {
		if got := bar(c.done, c.total, 2*time.Second); got != c.want {
			t.Errorf("bar(%d, %d) = %q, want %q", c.done, c.total, got, c.want)
		}
	}
}

// However the nodes' writes are cut, every line comes out whole, behind its node.
func TestPrefixed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out bytes.Buffer
		logs, err := openLogs("", &out)
		if err != nil {
			t.Fatal(err)
		}
		text := map[int]string{}
		writers := map[int]io.Writer{1: logs.node(1), 2: logs.node(2)}
		for range rapid.IntRange(0, 20).Draw(t, "writes") {
			n := rapid.IntRange(1, 2).Draw(t, "node")
			piece := rapid.StringMatching(`[ab\n]{0,6}`).Draw(t, "piece")
			text[n] += piece
			if k, err := io.WriteString(writers[n], piece); err != nil || k != len(piece) {
				t.Fatal(k, err)
			}
		}
		if err := logs.close(); err != nil {
			t.Fatal(err)
		}
		got := map[int]string{}
		for line := range strings.Lines(out.String()) {
			node, rest, ok := strings.Cut(line, " | ")
			if !ok || node != "node1" && node != "node2" || !strings.HasSuffix(line, "\n") {
				t.Fatalf("a line is %q", line)
			}
			got[int(node[4]-'0')] += rest
		}
		for n := range writers {
			want := text[n]
			if want != "" && !strings.HasSuffix(want, "\n") {
				want += "\n"
			}
			if got[n] != want {
				t.Fatalf("node %d: %q, want %q", n, got[n], want)
			}
		}
	})
}

// When nobody reads the stream, the cluster is told to stop, and it is no error.
func TestPrefixedBrokenPipe(t *testing.T) {
	logs, err := openLogs("", failing{syscall.EPIPE})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	logs.broken = cancel
	if _, err := io.WriteString(logs.node(1), "line\n"); err == nil {
		t.Error("the write did not fail")
	}
	if ctx.Err() == nil || logs.close() != nil {
		t.Error("not stopped, or an error of it")
	}
}

// What the spool gives back is what it took, with the node that is known only
// then, whether it stayed in memory or not.
func TestSpool(t *testing.T) {
	events := []raftdiag.Event{
		{Kind: raftdiag.Stopped, Time: 1e18, Group: "a,b", Pos: raftdiag.Position{Source: "x.log", Line: 1}},
		{Kind: raftdiag.Stopped, Node: 7, Pos: raftdiag.Position{Source: "x.log", Line: 2}},
		{Kind: raftdiag.Stopped, Writer: "pod/raft-0", Set: raftdiag.HasText, Text: "bye\n", Pos: raftdiag.Position{Source: "x.log", Line: 3}},
		{Kind: raftdiag.Stopped, Group: "unknown", Pos: raftdiag.Position{Source: "x.log", Line: 4}},
	}
	node := func(source, writer, group string) raftdiag.NodeID {
		switch {
		case source != "x.log":
			t.Errorf("asked about %s", source)
		case writer == "pod/raft-0":
			return 2
		case group == "a,b":
			return 1
		}
		return 0
	}
	for _, spill := range []bool{false, true} {
		s := &spool{source: "x.log", voices: map[voice]uint64{}}
		var want strings.Builder
		for _, e := range events {
			s.add(&e)
			if spill {
				if err := s.spill(); err != nil {
					t.Fatal(err)
				}
			}
			if e.Node == 0 {
				e.Node = node("x.log", e.Writer, e.Group)
			}
			want.Write(e.AppendJSON(nil))
			want.WriteByte('\n')
		}
		var got strings.Builder
		if err := s.writeTo(&got, node); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("got\n%swant\n%s", got.String(), want.String())
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}

func TestDifference(t *testing.T) {
	name := func(s string) *string { return &s }
	episode := func(point string, causes ...string) raftdiag.Episode {
		e := raftdiag.Episode{FailurePoint: name(point)}
		if point == "" {
			e.FailurePoint = nil
		}
		for _, c := range causes {
			e.Causes = append(e.Causes, raftdiag.Cause{Name: c})
		}
		return e
	}
	of := func(v raftdiag.RunVerdict, violation string, episodes ...raftdiag.Episode) *raftdiag.Report {
		g := raftdiag.Group{Verdict: v, Episodes: episodes}
		if violation != "" {
			g.Violations = []raftdiag.Violation{{Name: violation}}
		}
		return &raftdiag.Report{Verdict: &v, Groups: []raftdiag.Group{g}}
	}
	want := cluster.FaultInfo{Verdict: raftdiag.Fault, Hypothesis: "no-delivery", Causes: []string{"partition", "log-regressed"}}
	healthy := cluster.FaultInfo{Verdict: raftdiag.Healthy}
	for _, c := range []struct {
		r    *raftdiag.Report
		want cluster.FaultInfo
		says string
	}{
		{of(raftdiag.Fault, "", episode("no-delivery", "partition")), want, ""},
		{of(raftdiag.Fault, "", episode(""), episode("no-delivery", "partition", "packet-loss")), want, ""},
		{of(raftdiag.Fault, "log-regressed", episode("no-delivery")), want, ""},
		{of(raftdiag.Fault, "", episode("no-delivery", "packet-loss", "partition")), want, "the cause is packet-loss and not partition or log-regressed"},
		{of(raftdiag.Fault, "", episode("no-delivery", "partition"), episode("no-quorum")), want, "the failure point is no-delivery, no-quorum and not no-delivery"},
		{of(raftdiag.Undecided, "", episode("")), want, "the verdict is undecided and not fault; the failure point is unknown and not no-delivery; the cause is unknown and not partition or log-regressed"},
		{&raftdiag.Report{}, healthy, "the verdict is none and not healthy"},
		{of(raftdiag.Healthy, ""), healthy, ""},
		{of(raftdiag.Healthy, "", episode("no-quorum")), healthy, "the failure point is no-quorum and not none"},
	} {
		if got := strings.Join(difference(c.r, c.want), "; "); got != c.says {
			t.Errorf("difference is %q, want %q", got, c.says)
		}
	}
}

func TestVerdictCode(t *testing.T) {
	for v, want := range map[raftdiag.RunVerdict]int{
		raftdiag.Healthy: 0, raftdiag.Degraded: 0, raftdiag.Fault: 1, raftdiag.Undecided: 2, raftdiag.Unsafe: 3,
	} {
		if got := verdictCode(&v); got != want {
			t.Errorf("%s: %d, want %d", v, got, want)
		}
	}
	if got := verdictCode(nil); got != exitNoEvent {
		t.Errorf("no verdict: %d", got)
	}
}
