// Bench measures the whole of raftdiag analyze on large generated logs, beside
// wc, grep and jq on the same files in the same minutes.
//
//	go run ./internal/bench -size 500MB -runs 5
//
// It builds raftdiag (or takes -bin), writes logs of both forms into a
// temporary directory, runs the commands in turn, and prints medians, ratios
// and whether the bars are met. It reports and does not judge: the exit code
// is 0 unless something could not be run.
//
// The figure that travels between machines is MB per CPU-second (user and
// system time, of all threads) relative to what wc -l reaches just before;
// seconds do not.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/raftdiag/raftdiag/internal/loggen"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	size   int64
	runs   int
	groups int
	bin    string
	json   bool
}

func bench(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	o.size = 500e6
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Func("size", "least `size` of the logs of each form, as in 500MB, 2GB or 64MiB (default 500MB)", func(s string) (err error) {
		o.size, err = parseSize(s)
		return err
	})
	flags.IntVar(&o.runs, "runs", 5, "counted `runs` of each command, after one that warms up")
	flags.IntVar(&o.groups, "groups", 512, "Raft `groups` in the logs")
	flags.StringVar(&o.bin, "bin", "", "the raftdiag `binary` to measure (default: it is built)")
	flags.BoolVar(&o.json, "json", false, "print JSON instead of Markdown")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q (hint: sizes go to -size, as in -size 500MB)", flags.Arg(0))
	}
	if o.runs < 1 || o.groups < 1 {
		return errors.New("-runs and -groups begin at 1")
	}

	dir, err := os.MkdirTemp("", "raftdiag-bench-")
	if err != nil {
		return fmt.Errorf("make a directory for the logs: %w", err)
	}
	defer os.RemoveAll(dir)
	if o.bin == "" {
		fmt.Fprintln(stderr, "bench: building raftdiag")
		if o.bin, err = build(ctx, dir); err != nil {
			return err
		}
	}
	r := result{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU(), Runs: o.runs, Groups: o.groups}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		r.Load, _, _ = strings.Cut(string(load), " ")
	}
	for _, form := range []loggen.Form{loggen.Events, loggen.ReadyLoop} {
		m, err := measureForm(ctx, o, form, filepath.Join(dir, strconv.Itoa(int(form))), stderr)
		if err != nil {
			return err
		}
		r.Forms = append(r.Forms, m)
	}
	if o.json {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	return r.markdown(stdout)
}

// parseSize reads 500MB, 2GB, 64MiB or a number of bytes.
func parseSize(s string) (int64, error) {
	units := []struct {
		name string
		size float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1}, {"", 1}}
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(digits, 64)
		if size := n * u.size; err == nil && size >= 1 && size < 1<<50 {
			return int64(size), nil
		}
		break
	}
	return 0, fmt.Errorf("%q is no size (hint: 500MB, 2GB, 64MiB)", s)
}

// build builds the command from the module that this program is of.
func build(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "raftdiag")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", bin, "github.com/raftdiag/raftdiag/cmd/raftdiag").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build raftdiag: %w\n%s", err, bytes.TrimSpace(out))
	}
	return bin, nil
}

// generate writes one log for each node.
func generate(o options, form loggen.Form, dir string) (files []string, stats loggen.Stats, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, stats, err
	}
	var outs [loggen.Nodes + 1]*os.File
	for id := 1; id <= loggen.Nodes; id++ {
		name := filepath.Join(dir, fmt.Sprintf("node%d.log", id))
		f, err := os.Create(name)
		if err != nil {
			return nil, stats, err
		}
		defer f.Close()
		outs[id] = f
		files = append(files, name)
	}
	stats, err = loggen.Write(loggen.Config{Seed: 1, Form: form, Groups: o.groups, Size: o.size}, func(id int) io.Writer { return outs[id] })
	return files, stats, err
}

// sampleSize is how much of a log jq is given, which takes a second for it.
const sampleSize = 20e6

// sample copies the first lines of a file.
func sample(file, to string) (size int64, err error) {
	in, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(out)
	for r := bufio.NewReader(in); size < sampleSize; {
		line, err := r.ReadSlice('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		size += int64(len(line))
		if _, err := w.Write(line); err != nil {
			return 0, err
		}
	}
	return size, errors.Join(w.Flush(), out.Close())
}

// measureForm generates logs of a form and runs the commands on them.
func measureForm(ctx context.Context, o options, form loggen.Form, dir string, stderr io.Writer) (m formResult, err error) {
	fmt.Fprintf(stderr, "bench: writing %d MB of %v\n", o.size/1e6, form)
	defer os.RemoveAll(dir)
	files, stats, err := generate(o, form, dir)
	if err != nil {
		return m, fmt.Errorf("write the logs: %w", err)
	}
	m = formResult{Form: form.String(), Bytes: stats.Bytes, Lines: stats.Lines, bar: 0.06}
	needle := `"kind":"received"`
	if form == loggen.ReadyLoop {
		needle, m.bar = "Received Raft message", 0.07
	}

	report := filepath.Join(dir, "report.json")
	analyze := append([]string{o.bin, "analyze", "--quiet", "-o", "json=" + report}, files...)
	wc := &command{name: "wc -l", args: append([]string{"wc", "-l"}, files...), bytes: stats.Bytes}
	two := &command{name: "raftdiag analyze, two cores", args: analyze, processors: 2, bytes: stats.Bytes, ok: verdict}
	one := &command{name: "raftdiag analyze, one core", args: analyze, processors: 1, bytes: stats.Bytes, ok: verdict}
	turns := []*command{wc, two, wc, one}
	if _, err := exec.LookPath("grep"); err == nil {
		turns = append(turns, &command{name: "grep -c", args: append([]string{"grep", "-c", "-F", needle}, files...), bytes: stats.Bytes})
	} else {
		m.Notes = append(m.Notes, "grep is not installed here")
	}
	if form == loggen.Events {
		if _, err := exec.LookPath("jq"); err == nil {
			name := filepath.Join(dir, "sample.log")
			size, err := sample(files[0], name)
			if err != nil {
				return m, fmt.Errorf("cut a sample for jq: %w", err)
			}
			turns = append(turns, &command{name: "jq, five fields", args: []string{"jq", "-c", "[.group,.kind,.from,.to,.index]", name}, bytes: size})
			m.Notes = append(m.Notes, fmt.Sprintf("jq was given the first %d MB of one log", size/1e6))
		} else {
			m.Notes = append(m.Notes, "jq is not installed here")
		}
	}

	for run := 0; run <= o.runs; run++ {
		if run == 0 {
			fmt.Fprintln(stderr, "bench: warming up")
		} else {
			fmt.Fprintf(stderr, "bench: run %d of %d\n", run, o.runs)
		}
		var yardstick sampleOf
		for _, c := range turns {
			s, err := c.run(ctx)
			if err != nil {
				return m, err
			}
			if c == wc {
				yardstick = s
			}
			s.ratio = s.speed / yardstick.speed
			if run > 0 {
				c.samples = append(c.samples, s)
			}
		}
	}
	if m.Events, m.Verdict, err = readReport(report); err != nil {
		return m, err
	}
	m.sum(turns, one, two)
	return m, nil
}

// verdict reports whether an exit code of analyze is a verdict: healthy or
// degraded, fault, undecided, unsafe.
func verdict(code int) bool { return code >= 0 && code <= 3 }

// readReport gives the number of events and the verdict of analyze's report.
func readReport(file string) (events int64, verdict string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, "", fmt.Errorf("read the report of analyze: %w", err)
	}
	var r struct {
		Verdict *string `json:"verdict"`
		Inputs  []struct {
			Source string  `json:"source"`
			Events int64   `json:"events"`
			Error  *string `json:"error"`
		} `json:"inputs"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return 0, "", fmt.Errorf("read the report of analyze: %w", err)
	}
	for _, in := range r.Inputs {
		if in.Error != nil && *in.Error != "" {
			return 0, "", fmt.Errorf("analyze could not read %s: %s", in.Source, *in.Error)
		}
		events += in.Events
	}
	if events == 0 || r.Verdict == nil {
		return 0, "", errors.New("analyze found no events in the logs (hint: is -bin raftdiag?)")
	}
	return events, *r.Verdict, nil
}
