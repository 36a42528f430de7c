//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/raftdiag/raftdiag/internal/loggen"
)

// With standIn set, the test binary is a command that stands in for raftdiag:
// it counts lines as events, and the value says how it fares.
const standIn = "RAFTDIAG_BENCH_STAND_IN"

func TestMain(m *testing.M) {
	if how := os.Getenv(standIn); how != "" {
		os.Exit(analyze(os.Args[1:], how))
	}
	os.Exit(m.Run())
}

func analyze(args []string, how string) int {
	if len(args) < 4 || args[0] != "analyze" || args[1] != "--quiet" || args[2] != "-o" {
		fmt.Fprintln(os.Stderr, "not the arguments of the measurement:", args)
		return 64
	}
	type input struct {
		Source string `json:"source"`
		Events int    `json:"events"`
	}
	report := struct {
		Verdict string  `json:"verdict"`
		Inputs  []input `json:"inputs"`
	}{Verdict: "fault"}
	for _, name := range args[4:] {
		data, err := os.ReadFile(name)
		if err != nil {
			return 70
		}
		in := input{Source: name, Events: bytes.Count(data, []byte("\n"))}
		if how == "empty" {
			in.Events = 0
		}
		report.Inputs = append(report.Inputs, in)
	}
	data, _ := json.Marshal(report)
	if how != "silent" {
		if os.WriteFile(strings.TrimPrefix(args[3], "json="), data, 0o600) != nil {
			return 70
		}
	}
	if how == "fails" {
		fmt.Fprintln(os.Stderr, "raftdiag: no room")
		return 70
	}
	return 1
}

func TestBench(t *testing.T) {
	t.Setenv(standIn, "well")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var stdout, stderr bytes.Buffer
	err := bench(context.Background(), []string{"-size", "3MB", "-runs", "2", "-groups", "20", "-bin", os.Args[0], "-json"}, &stdout, &stderr)
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var r result
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, &stdout)
	}
	if len(r.Forms) != 2 || r.Runs != 2 {
		t.Fatalf("%s", &stdout)
	}
	for _, m := range r.Forms {
		if m.Bytes < 3e6 || m.Events != m.Lines || m.Verdict != "fault" || len(m.Bars) != 4 || len(m.Commands) < 3 || m.Commands[0].Ratio != 1 {
			t.Errorf("%+v", m)
		}
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
}

func TestBenchFails(t *testing.T) {
	for how, want := range map[string]string{
		"fails":  "run raftdiag analyze, two cores: exit status 70\nraftdiag: no room",
		"silent": "read the report of analyze: open ",
		"empty":  "analyze found no events in the logs",
	} {
		t.Setenv(standIn, how)
		err := bench(context.Background(), []string{"-size", "1MB", "-runs", "1", "-groups", "5", "-bin", os.Args[0]}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", how, err, want)
		}
	}
	for _, args := range []string{"-size 5X", "-size 0", "-runs 0", "more"} {
		if bench(context.Background(), strings.Fields(args), io.Discard, io.Discard) == nil {
			t.Errorf("%s: taken", args)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"500MB": 500e6, "1.5GB": 15e8, "64MiB": 64 << 20, "2GiB": 2 << 30, "7": 7, "12B": 12, "3kB": 3000} {
		if got, err := parseSize(s); err != nil || got != want {
			t.Errorf("%s is %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "MB", "-3MB", "NaN", "infGB", "1e30GB", "5 apples"} {
		if got, err := parseSize(s); err == nil {
			t.Errorf("%q is %d", s, got)
		}
	}
}

func TestSample(t *testing.T) {
	dir := t.TempDir()
	files, stats, err := generate(options{size: 1e6, groups: 4}, loggen.Events, filepath.Join(dir, "logs"))
	if err != nil || len(files) != loggen.Nodes || stats.Bytes < 1e6 {
		t.Fatalf("%v, %+v, %v", files, stats, err)
	}
	to := filepath.Join(dir, "sample")
	size, err := sample(files[0], to)
	whole, _ := os.ReadFile(files[0])
	part, _ := os.ReadFile(to)
	if err != nil || int64(len(part)) != size || !bytes.Equal(part, whole) {
		t.Errorf("%d of %d bytes, %v", size, len(whole), err)
	}
}

// Bars are met on their own side, and the table says so.
func TestMarkdown(t *testing.T) {
	s := func(cpu, wall time.Duration, ratio float64, peak int64) sampleOf {
		return sampleOf{cpu: cpu, wall: wall, speed: 500 / cpu.Seconds(), ratio: ratio, peak: peak}
	}
	wc := &command{name: "wc -l", bytes: 500e6, samples: []sampleOf{s(time.Second/8, time.Second/8, 1, 11<<20), s(time.Second/8, time.Second/8, 1, 11<<20)}}
	two := &command{name: "two", bytes: 500e6, samples: []sampleOf{s(2*time.Second, time.Second, 0.0625, 300<<20), s(2*time.Second, time.Second, 0.0625, 300<<20)}}
	one := &command{name: "one", bytes: 500e6, samples: []sampleOf{s(2*time.Second, 2*time.Second, 0.0625, 290<<20), s(1800*time.Millisecond, 18*time.Second/10, 0.0694, 290<<20)}}
	m := formResult{Form: "events JSON", Bytes: 500e6, Lines: 2400000, Events: 2300000, Verdict: "fault", Notes: []string{"grep is not installed here"}, bar: 0.065}
	m.sum([]*command{wc, two, wc, one}, one, two)
	r := result{Go: "go1.26", Platform: "linux/amd64", Processors: 2, Load: "0.10", Runs: 2, Groups: 512, Forms: []formResult{m}}
	var b bytes.Buffer
	if err := r.markdown(&b); err != nil {
		t.Fatal(err)
	}
	want := `raftdiag analyze on generated logs of 512 groups: linux/amd64, go1.26, 2 processors, load 0.10 before the first run.
Medians of 2 runs, the commands in turn, after a run that warms up. MB is 10^6 bytes.

## events JSON: 500 MB, 2,400,000 lines, 2,300,000 events, verdict fault

| command | MB per CPU-second | relative to wc -l | MB/s of wall time | CPU s | wall s | peak MiB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| wc -l | 4000 | 1.000 | 4000 | 0.12 | 0.12 | 11 |
| two | 250 | 0.062 | 500 | 2.00 | 1.00 | 300 |
| one | 264 | 0.066 | 263 | 1.90 | 1.90 | 290 |

| bar | measured | wanted | |
| --- | ---: | ---: | --- |
| MB per CPU-second relative to wc -l, two cores | 0.062 | at least 0.065 | not met |
| MB per CPU-second relative to wc -l, one core | 0.066 | at least 0.065 | met |
| wall speed of two cores relative to one | 1.90 | at least 1.4 | met |
| bytes of peak memory per event, beyond 100 MiB | 91 | at most 100 | met |

Note: grep is not installed here.
`
	if b.String() != want {
		t.Errorf("got\n%s", &b)
	}
}
