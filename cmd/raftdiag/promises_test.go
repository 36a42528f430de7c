package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/parser"
	"github.com/raftdiag/raftdiag/report"
)

// The promises of the design, tried on the recorded incidents. Each is a law:
// drawn changes of the logs that must not change, or not worsen, what the
// report says. Without -rapid.checks each law tries a few draws for each
// fixture; with it, that many.

// law tries a property checks times, or as often as -rapid.checks says.
func law(t *testing.T, checks int, property func(t *rapid.T)) {
	t.Helper()
	// The short run draws the same on every machine; a longer one looks around.
	if f := flag.Lookup("rapid.seed"); f.Value.String() == f.DefValue && flag.Lookup("rapid.checks").Value.String() == flag.Lookup("rapid.checks").DefValue {
		if err := f.Value.Set("20261125"); err != nil {
			t.Fatal(err)
		}
		defer f.Value.Set(f.DefValue)
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(strconv.Itoa(checks)); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := f.Value.Set(f.DefValue); err != nil {
				t.Fatal(err)
			}
		}()
	}
	rapid.Check(t, property)
}

// lawful runs a law on each fixture.
func lawful(t *testing.T, checks int, property func(t *rapid.T, f fixture)) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			law(t, checks, func(t *rapid.T) { property(t, f) })
		})
	}
}

// A tester is a testing.T or a rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// stow writes files into a directory that lasts as long as use.
func stow(t tester, files []logFile, use func(inputs []string)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "raftdiag-promise-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var inputs []string
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, path)
	}
	use(inputs)
}

// diagnosed is the report on files.
func diagnosed(t tester, files []logFile) (r *raftdiag.Report) {
	t.Helper()
	stow(t, files, func(inputs []string) {
		var err error
		if r, err = diagnose(context.Background(), question{inputs: inputs, jobs: 1}); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// eventsOf are the events of each source, in the order of its lines, and the
// sources in the order in which they belong.
func eventsOf(t tester, inputs []string, stdin io.Reader) (events map[string][]raftdiag.Event, sources []string) {
	t.Helper()
	events = map[string][]raftdiag.Event{}
	orders := map[string]int{}
	r, err := parser.Read(context.Background(), inputs, parser.Options{
		Stdin: stdin, Workers: 1,
		Open: func(source string, order int) func(*raftdiag.Event) {
			source = filepath.Base(source)
			sources, orders[source] = append(sources, source), order
			return func(e *raftdiag.Event) {
				c := *e
				c.Text, c.Writer, c.Group = strings.Clone(c.Text), strings.Clone(c.Writer), strings.Clone(c.Group)
				if c.Config != nil {
					config := *c.Config
					c.Config = &config
				}
				events[source] = append(events[source], c)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(sources, func(a, b string) int { return orders[a] - orders[b] })
	return events, sources
}

// told are the events of one log as text, without their place.
func told(list []raftdiag.Event) string {
	var b strings.Builder
	for _, e := range list {
		e.Pos = raftdiag.Position{}
		b.Write(e.AppendJSON(nil))
		b.WriteByte('\n')
	}
	return b.String()
}

func lines(data []byte) []string {
	list := strings.SplitAfter(string(data), "\n")
	if list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	return list
}

var indented = regexp.MustCompile(`^\S+Z +[A-Z]+ [\w:]+: {2,}\S`)

// blocks cuts a log at headers: a header and the rows below it are one block.
func blocks(data []byte) (list []string) {
	for _, line := range lines(data) {
		if len(list) > 0 && indented.MatchString(line) {
			list[len(list)-1] += line
		} else {
			list = append(list, line)
		}
	}
	return list
}

// same fails if two reports say different things.
func same(t tester, what string, was, is string) {
	t.Helper()
	if was != is {
		t.Fatalf("%s changes the report: %s\nbefore:\n%s\nafter:\n%s", what, firstDifference(was, is), was, is)
	}
}

func firstDifference(was, is string) string {
	a, b := strings.Split(was, "\n"), strings.Split(is, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d", i+1)
		}
	}
	return "more lines"
}

// created fails if a report confirms what the whole logs do not confirm.
func created(t tester, what string, whole, part *raftdiag.Report) {
	t.Helper()
	was := everConfirmed(whole)
	for _, name := range sortedKeys(everConfirmed(part)) {
		if !was[name] {
			t.Fatalf("%s creates %s\nwhole: %s\npart: %s", what, name, gist(whole, findings), gist(part, findings))
		}
	}
}

// everConfirmed are the confirmed hypotheses and the impossible states of a
// report, with their groups.
func everConfirmed(r *raftdiag.Report) map[string]bool {
	m := map[string]bool{}
	for i := range r.Groups {
		g := &r.Groups[i]
		for name := range confirmedOf(g) {
			m[g.Group+" "+name] = true
		}
		for _, v := range g.Violations {
			m[g.Group+" violation "+v.Name] = true
		}
	}
	return m
}

// Promise 1: any order of the inputs gives the same report, word by word.
func TestPromiseOrder(t *testing.T) {
	lawful(t, 4, func(t *rapid.T, f fixture) {
		stow(t, f.files, func(inputs []string) {
			was, is := whole(t, inputs), whole(t, rapid.Permutation(inputs).Draw(t, "order"))
			if was != is {
				t.Fatalf("the order of the inputs changes the report: %s", around(was, is))
			}
		})
	})
}

// whole is the report on inputs as JSON, with what follows their order in one of
// its own.
func whole(t tester, inputs []string) string {
	r, err := diagnose(context.Background(), question{inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(r.Inputs, func(a, b raftdiag.Input) int { return strings.Compare(a.Source, b.Source) })
	slices.Sort(r.Notes)
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// around shows where two texts part.
func around(was, is string) string {
	a, b := strings.Split(was, "\n"), strings.Split(is, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			from := max(0, i-8)
			return fmt.Sprintf("line %d\nbefore:\n%s\nafter:\n%s", i+1, strings.Join(a[from:min(len(a), i+4)], "\n"), strings.Join(b[min(len(b), from):min(len(b), i+4)], "\n"))
		}
	}
	return "more lines"
}

// Promise 1: logs woven into one stream, block by block behind the name of
// their node, give the same findings.
func TestPromiseInterleaving(t *testing.T) {
	lawful(t, 4, func(t *rapid.T, f fixture) {
		var woven bytes.Buffer
		weave(t, f.files, func(k int, block string) {
			for _, line := range lines([]byte(block)) {
				fmt.Fprintf(&woven, "%s | %s", strings.TrimSuffix(f.files[k].name, ".log"), line)
			}
		})
		same(t, "weaving the logs into one stream", gist(diagnosed(t, f.files), everything), gist(diagnosed(t, []logFile{{"all.log", woven.Bytes()}}), everything))
	})
}

// weave calls put with the blocks of all files in a drawn order that keeps the
// order of each file.
func weave(t *rapid.T, files []logFile, put func(k int, block string)) {
	var rest [][]string
	left := 0
	for _, f := range files {
		b := blocks(f.data)
		rest = append(rest, b)
		left += len(b)
	}
	longest := rapid.SampledFrom([]int{1, 3, 40}).Draw(t, "longest run")
	draw := rapid.SliceOfN(rapid.Uint32(), 16, 16).Draw(t, "order")
	seed := uint64(1)
	for i := 0; left > 0; i++ {
		seed = seed*6364136223846793005 + uint64(draw[i%len(draw)]) + 1
		k := int(seed >> 33 % uint64(len(files)))
		n := min(len(rest[k]), 1+int(seed>>20%uint64(longest)))
		for _, block := range rest[k][:n] {
			put(k, block)
		}
		rest[k], left = rest[k][n:], left-n
	}
}

var stampText = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`)

// Promise 2: a strictly increasing change of one node's clock changes neither
// its events, but for their time, nor the findings, but for causes about time.
func TestPromiseClocks(t *testing.T) {
	lawful(t, 4, func(t *rapid.T, f fixture) {
		k := rapid.IntRange(0, len(f.files)-1).Draw(t, "node")
		ahead := time.Duration(rapid.Int64Range(-int64(100*time.Hour), int64(100*time.Hour)).Draw(t, "ahead"))
		rate := rapid.Float64Range(0.7, 1.5).Draw(t, "rate")
		jitter := rapid.SampledFrom([]int64{0, 1000, int64(30 * time.Millisecond)}).Draw(t, "jitter")
		seed := rapid.Uint64().Draw(t, "seed")
		files := slices.Clone(f.files)
		files[k].data = clocked(t, files[k].data, ahead, rate, jitter, seed)
		stow(t, f.files[k:k+1], func(before []string) {
			stow(t, files[k:k+1], func(after []string) {
				was, _ := eventsOf(t, before, nil)
				is, _ := eventsOf(t, after, nil)
				for _, m := range []map[string][]raftdiag.Event{was, is} {
					for _, list := range m {
						for i := range list {
							list[i].Time = 0
						}
					}
				}
				if a, b := told(was[files[k].name]), told(is[files[k].name]); a != b {
					t.Fatalf("a changed clock changes the events: %s", around(a, b))
				}
			})
		})
		same(t, "a changed clock of "+files[k].name, gist(timeless(diagnosed(t, f.files)), untimed), gist(timeless(diagnosed(t, files)), untimed))
	})
}

// timeless takes the episodes out of a report that cost nothing and have no
// cause but those about time, and what is degraded by them alone.
func timeless(r *raftdiag.Report) *raftdiag.Report {
	for i := range r.Groups {
		g := &r.Groups[i]
		had := len(g.Episodes)
		g.Episodes = slices.DeleteFunc(g.Episodes, func(e raftdiag.Episode) bool {
			return e.Impact == raftdiag.NoImpact && len(e.Causes) > 0 && !slices.ContainsFunc(e.Causes, func(c raftdiag.Cause) bool { return !timely[c.Name] })
		})
		if had > 0 && len(g.Episodes) == 0 && g.Verdict == raftdiag.Degraded {
			g.Verdict = raftdiag.Healthy
		}
	}
	if r.Verdict != nil {
		worst := raftdiag.Healthy
		for _, g := range r.Groups {
			if g.Verdict.Worse(worst) {
				worst = g.Verdict
			}
		}
		r.Verdict = &worst
	}
	return r
}

// clocked changes the stamps of a log: ahead, at another rate, and by jitter at
// each, strictly increasing.
func clocked(t tester, data []byte, ahead time.Duration, rate float64, jitter int64, seed uint64) []byte {
	old := map[int64]bool{}
	for _, s := range stampText.FindAll(data, -1) {
		old[stampAt(t, s).UnixNano()] = true
	}
	now := map[int64]int64{}
	last, first := int64(0), int64(0)
	for i, at := range slices.Sorted(maps.Keys(old)) {
		if i == 0 {
			first = at
		}
		seed = seed*6364136223846793005 + 1442695040888963407
		moved := first + int64(ahead) + int64(float64(at-first)*rate)
		if jitter > 0 {
			moved += int64(seed>>1) % jitter
		}
		moved = max(moved/1000*1000, last+1000) // the text voice prints microseconds
		now[at], last = moved, moved
	}
	return stampText.ReplaceAllFunc(data, func(s []byte) []byte {
		return []byte(time.Unix(0, now[stampAt(t, s).UnixNano()]).UTC().Format("2006-01-02T15:04:05.000000000Z"))
	})
}

// Promise 3: a log that is there twice, and lines that are there twice, change
// no verdict.
func TestPromiseRepetition(t *testing.T) {
	lawful(t, 6, func(t *rapid.T, f fixture) {
		files := slices.Clone(f.files)
		k := rapid.IntRange(0, len(files)-1).Draw(t, "node")
		how := rapid.SampledFrom([]string{"the log beside itself", "the log behind itself", "each line twice", "some lines twice", "a stretch twice", "a part beside the whole"}).Draw(t, "how")
		list := lines(files[k].data)
		if len(list) == 0 {
			return
		}
		from := rapid.IntRange(0, len(list)-1).Draw(t, "from")
		to := rapid.IntRange(from, len(list)).Draw(t, "to")
		switch how {
		case "the log beside itself":
			files = append(files, logFile{"copy/" + files[k].name, files[k].data})
		case "a part beside the whole":
			files = append(files, logFile{"copy/" + files[k].name, []byte(strings.Join(list[from:to], ""))})
		case "the log behind itself":
			files[k].data = slices.Concat(files[k].data, files[k].data)
		case "a stretch twice":
			files[k].data = []byte(strings.Join(slices.Concat(list[:to], list[from:]), ""))
		default:
			every := 1
			if how == "some lines twice" {
				every = rapid.IntRange(2, 50).Draw(t, "every")
			}
			var b strings.Builder
			for i, line := range list {
				b.WriteString(line)
				if i%every == 0 {
					b.WriteString(line)
				}
			}
			files[k].data = []byte(b.String())
		}
		same(t, how+", of "+files[k].name, gist(diagnosed(t, f.files), verdicts), gist(diagnosed(t, files), verdicts))
	})
}

// Promise 4: the findings of several groups in the same logs are those of each
// group's lines alone. Two incidents, one renamed, are woven into the logs of
// the same three nodes.
func TestPromisePartition(t *testing.T) {
	all := fixtures(t)
	for _, text := range []bool{false, true} {
		var of []fixture
		for _, f := range all {
			if f.text() == text && len(f.expect.Groups) == 1 && len(f.files) == 3 {
				of = append(of, f)
			}
		}
		name := "events"
		if text {
			name = "text"
		}
		t.Run(name, func(t *testing.T) {
			law(t, 30, func(t *rapid.T) {
				a, b := rapid.SampledFrom(of).Draw(t, "one"), rapid.SampledFrom(of).Draw(t, "other")
				files := slices.Clone(a.files)
				for k := range files {
					files[k].data = merged(t, files[k].data, renamed(moved(t, b.files[k].data, start(t, a).Sub(start(t, b)))))
				}
				partition(t, fmt.Sprintf("%s beside %s", a.name, b.name), files, []string{"orders-0", "audit-7"})
			})
		})
	}
	for _, f := range all {
		if len(f.expect.Groups) > 1 {
			t.Run(f.name, func(t *testing.T) { partition(t, f.name, f.files, slices.Sorted(maps.Keys(f.expect.Groups))) })
		}
	}
}

// renamed calls the group of a recorded log audit-7.
func renamed(data []byte) []byte {
	data = bytes.ReplaceAll(data, []byte("orders-0"), []byte("audit-7"))
	return bytes.ReplaceAll(data, []byte("topic=orders partition=0"), []byte("topic=audit partition=7"))
}

func stampAt(t tester, text []byte) time.Time {
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// start is the first moment of a fixture's logs.
func start(t tester, f fixture) (first time.Time) {
	for _, file := range f.files {
		if at := stampText.Find(file.data); at != nil && (first.IsZero() || stampAt(t, at).Before(first)) {
			first = stampAt(t, at)
		}
	}
	return first
}

// moved adds to every stamp.
func moved(t tester, data []byte, by time.Duration) []byte {
	return stampText.ReplaceAllFunc(data, func(s []byte) []byte {
		return []byte(stampAt(t, s).Add(by).Format("2006-01-02T15:04:05.000000000Z"))
	})
}

// merged puts two logs together by time, block by block.
func merged(t tester, a, b []byte) []byte {
	var out bytes.Buffer
	x, y := blocks(a), blocks(b)
	at := func(list []string) time.Time {
		for _, block := range list {
			if s := stampText.FindString(block); s != "" {
				return stampAt(t, []byte(s))
			}
		}
		return time.Time{}
	}
	for len(x) > 0 && len(y) > 0 {
		if at(y).Before(at(x)) {
			x, y = y, x
		}
		out.WriteString(x[0])
		x = x[1:]
	}
	out.WriteString(strings.Join(slices.Concat(x, y), ""))
	return out.Bytes()
}

func partition(t tester, what string, files []logFile, groups []string) {
	whole := diagnosed(t, files)
	for _, name := range groups {
		alone := slices.Clone(files)
		for k := range alone {
			alone[k].data = without(alone[k].data, slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == name }))
		}
		was, is := groupIn(diagnosed(t, alone), name), groupIn(whole, name)
		if was == nil || is == nil {
			t.Fatalf("%s: the group %s is missing", what, name)
		}
		same(t, what+": "+name+" beside another group", groupGist(was, everything), groupGist(is, everything))
	}
}

// without blanks the lines that name one of the groups, and the rows below them.
func without(data []byte, groups []string) []byte {
	var b strings.Builder
	for _, block := range blocks(data) {
		gone := slices.ContainsFunc(groups, func(g string) bool {
			topic, partition, _ := strings.Cut(g, "-")
			head, _, _ := strings.Cut(block, "\n")
			return strings.Contains(head, g) || strings.Contains(head, "topic="+topic+" partition="+partition+" ")
		})
		if gone {
			b.WriteString(strings.Repeat("\n", strings.Count(block, "\n")))
		} else {
			b.WriteString(block)
		}
	}
	return []byte(b.String())
}

func groupIn(r *raftdiag.Report, name string) *raftdiag.Group {
	for i := range r.Groups {
		if r.Groups[i].Group == name {
			return &r.Groups[i]
		}
	}
	return nil
}

// A dribble gives what it holds in pieces of drawn sizes.
type dribble struct {
	data  []byte
	sizes []int
	n     int
}

func (d *dribble) Read(p []byte) (int, error) {
	if len(d.data) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), len(d.data), d.sizes[d.n%len(d.sizes)])
	d.n++
	copy(p, d.data[:n])
	d.data = d.data[n:]
	return n, nil
}

// Promise 5: the same bytes in reads of any size, compressed, or in rotated
// files are the same events, and rotated files give the same findings.
func TestPromiseChunks(t *testing.T) {
	lawful(t, 4, func(t *rapid.T, f fixture) {
		k := rapid.IntRange(0, len(f.files)-1).Draw(t, "node")
		log := f.files[k]
		if len(log.data) == 0 {
			return
		}
		var want string
		stow(t, []logFile{log}, func(inputs []string) {
			m, _ := eventsOf(t, inputs, nil)
			want = told(m[log.name])
		})
		try := func(what string, files []logFile, stdin io.Reader) {
			stow(t, files, func(inputs []string) {
				if stdin != nil {
					inputs = []string{"-"}
				}
				m, sources := eventsOf(t, inputs, stdin)
				var got strings.Builder
				for _, source := range sources {
					got.WriteString(told(m[source]))
				}
				if got.String() != want {
					t.Fatalf("%s changes the events of %s: %s", what, log.name, around(want, got.String()))
				}
			})
		}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 5000), 2, 5).Draw(t, "sizes")
		sizes = append(sizes, 3000) // a pipe of single bytes would take its time
		try("reading from a pipe", nil, &dribble{data: log.data, sizes: sizes})
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err := z.Write(log.data)
		if err := errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		try("gzip", []logFile{{log.name + ".gz", packed.Bytes()}}, nil)
		try("gzip in a pipe", nil, &dribble{data: packed.Bytes(), sizes: sizes})
		zs, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		try("zstd", []logFile{{log.name, zs.EncodeAll(log.data, nil)}}, nil)

		list := blocks(log.data)
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(list)), 1, 3).Draw(t, "cuts")
		slices.Sort(cuts)
		cuts = append(cuts, len(list))
		var rotated []logFile
		from := 0
		for i, to := range cuts {
			name := log.name
			if age := len(cuts) - 1 - i; age > 0 {
				name += "." + strconv.Itoa(age)
			}
			if part := strings.Join(list[from:to], ""); part != "" {
				rotated = append(rotated, logFile{name, []byte(part)})
			}
			from = to
		}
		if rapid.Bool().Draw(t, "newest first") {
			slices.Reverse(rotated)
		}
		try("rotation", rotated, nil)
		files := append(slices.Delete(slices.Clone(f.files), k, k+1), rotated...)
		same(t, "rotation of "+log.name, gist(diagnosed(t, f.files), everything), gist(diagnosed(t, files), everything))
	})
}

// Promise 6: cutting the head or tail off a log, or taking logs away, creates no
// confirmed verdict.
func TestPromiseCutting(t *testing.T) {
	lawful(t, 8, func(t *rapid.T, f fixture) {
		whole := diagnosed(t, f.files)
		files := slices.Clone(f.files)
		var what []string
		for k := range files {
			n := len(files[k].data)
			switch rapid.SampledFrom([]string{"whole", "whole", "head", "tail", "both", "none"}).Draw(t, files[k].name) {
			case "head":
				at := rapid.IntRange(0, n).Draw(t, "at")
				files[k].data = files[k].data[at:]
				what = append(what, fmt.Sprintf("%s without its first %d bytes", files[k].name, at))
			case "tail":
				at := rapid.IntRange(0, n).Draw(t, "at")
				files[k].data = files[k].data[:at]
				what = append(what, fmt.Sprintf("%s cut after %d bytes", files[k].name, at))
			case "both":
				from := rapid.IntRange(0, n).Draw(t, "from")
				to := rapid.IntRange(from, n).Draw(t, "to")
				files[k].data = files[k].data[from:to]
				what = append(what, fmt.Sprintf("%s from byte %d to %d", files[k].name, from, to))
			case "none":
				files[k].name = ""
				what = append(what, "without "+f.files[k].name)
			}
		}
		files = slices.DeleteFunc(files, func(f logFile) bool { return f.name == "" })
		if len(files) == 0 {
			return
		}
		created(t, strings.Join(what, ", "), whole, diagnosed(t, files))
	})
}

// Cuts that once created a verdict create none.
func TestPromiseCuttingKept(t *testing.T) {
	for _, c := range []struct {
		fixture, file string
		to            int
	}{
		{"answers-not-sent-text", "node2.log", 42352}, // the last line is torn: the hand-over of a message of unknown type
	} {
		for _, f := range fixtures(t) {
			if f.name != c.fixture {
				continue
			}
			files := slices.Clone(f.files)
			k := slices.IndexFunc(files, func(file logFile) bool { return file.name == c.file })
			files[k].data = files[k].data[:c.to]
			created(t, fmt.Sprintf("%s of %s cut after %d bytes", c.file, c.fixture, c.to), diagnosed(t, f.files), diagnosed(t, files))
		}
	}
}

// failures are what a log prints when something goes wrong: that it does not
// print them is no gap.
var failures = map[raftdiag.Kind]bool{
	raftdiag.SendFailed: true, raftdiag.StepFailed: true, raftdiag.ProposalDropped: true, raftdiag.ProposalTimedOut: true,
}

// Promise 6: logs that print no lines of one kind (a kind of event, with its
// type for messages) create no confirmed verdict, whether one node lacks them or
// all.
func TestPromiseSilence(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			whole := diagnosed(t, f.files)
			kinds := map[string]bool{}
			printed := make([]map[int64]map[string]bool, len(f.files)) // line, kinds
			stow(t, f.files, func(inputs []string) {
				m, _ := eventsOf(t, inputs, nil)
				for k, file := range f.files {
					printed[k] = map[int64]map[string]bool{}
					for _, e := range m[file.name] {
						if failures[e.Kind] {
							continue
						}
						kind := e.Kind.String()
						if e.Has(raftdiag.HasType) {
							kind += " " + e.Type.String()
						}
						if printed[k][e.Pos.Line] == nil {
							printed[k][e.Pos.Line] = map[string]bool{}
						}
						printed[k][e.Pos.Line][kind] = true
						kinds[kind] = true
					}
				}
			})
			silenced := func(t tester, kind string, only int) {
				files := slices.Clone(f.files)
				what := "that no node prints " + kind
				for k := range files {
					if only >= 0 && k != only {
						continue
					}
					var b strings.Builder
					for i, line := range lines(files[k].data) {
						if !printed[k][int64(i+1)][kind] {
							b.WriteString(line)
						}
					}
					files[k].data = []byte(b.String())
					if only >= 0 {
						what = "that " + files[k].name + " prints no " + kind
					}
				}
				created(t, what, whole, diagnosed(t, files))
			}
			for _, kind := range sortedKeys(kinds) {
				t.Run(strings.ReplaceAll(kind, " ", "-"), func(t *testing.T) { silenced(t, kind, -1) })
			}
			t.Run("one-node", func(t *testing.T) {
				law(t, 8, func(t *rapid.T) {
					silenced(t, rapid.SampledFrom(sortedKeys(kinds)).Draw(t, "kind"), rapid.IntRange(0, len(f.files)-1).Draw(t, "node"))
				})
			})
		})
	}
}

func schema(t tester, path string) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fits(t tester, s *jsonschema.Schema, raw []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, raw[:min(len(raw), 500)])
	}
}

// Promise 8: events and reports through JSON and back are equal and fit the
// published schemas; the canonical events of all logs, read as a log, give the
// same findings.
func TestPromiseRoundTrip(t *testing.T) {
	eventSchema, reportSchema := schema(t, "../../docs/event.schema.json"), schema(t, "../../docs/report.schema.json")
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			stow(t, f.files, func(inputs []string) {
				m, _ := eventsOf(t, inputs, nil)
				for name, list := range m {
					for i, e := range list {
						e.Pos = raftdiag.Position{Source: name, Line: e.Pos.Line}
						raw := e.AppendJSON(nil)
						var back raftdiag.Event
						if err := json.Unmarshal(raw, &back); err != nil {
							t.Fatalf("%v in %s", err, raw)
						}
						// The writer belongs to the source and is not part of an event's JSON.
						back.Writer = e.Writer
						if back.Pos == (raftdiag.Position{}) {
							back.Pos = e.Pos
						}
						if !reflect.DeepEqual(e, back) {
							t.Fatalf("%s became %s", raw, back.AppendJSON(nil))
						}
						if i%7 == 0 {
							fits(t, eventSchema, raw)
						}
					}
				}
				r, err := diagnose(context.Background(), question{inputs: inputs})
				if err != nil {
					t.Fatal(err)
				}
				var b bytes.Buffer
				if err := report.JSON(&b, r); err != nil {
					t.Fatal(err)
				}
				fits(t, reportSchema, b.Bytes())
				var back raftdiag.Report
				if err := json.Unmarshal(b.Bytes(), &back); err != nil {
					t.Fatal(err)
				}
				var again bytes.Buffer
				if err := report.JSON(&again, &back); err != nil {
					t.Fatal(err)
				}
				if again.String() != b.String() {
					t.Fatalf("the report changed on its way through JSON: %s", around(b.String(), again.String()))
				}

				canonical := slices.Clone(f.files)
				for k, input := range inputs {
					var out bytes.Buffer
					if code := run(context.Background(), []string{"events", "-q", input}, nil, &out, io.Discard); code != 0 && len(f.files[k].data) > 0 {
						t.Fatalf("raftdiag events %s: exit code %d", f.files[k].name, code)
					}
					canonical[k].data = out.Bytes()
				}
				same(t, "reading back the canonical events", gist(r, everything), gist(diagnosed(t, canonical), everything))
			})
		})
	}
}

// Promise 9: on any bytes there is no panic and no failure, what is written is
// bounded by what was read, and every line is counted.
func TestPromiseAnyBytes(t *testing.T) {
	lawful(t, 10, func(t *rapid.T, f fixture) {
		files := slices.Clone(f.files)
		k := rapid.IntRange(0, len(files)-1).Draw(t, "node")
		data := changed(files[k].data, drawChanges(t, len(files[k].data)))
		files[k].data = data
		accounted(t, files)
	})
}

// A change changes some bytes of a log.
type change struct {
	How    string
	At, To int    // brought into the log where they are beyond it
	Bytes  []byte `json:",omitempty"`
}

func drawChanges(t *rapid.T, size int) (list []change) {
	for range rapid.IntRange(1, 40).Draw(t, "changes") {
		e := change{How: rapid.SampledFrom([]string{"flip", "insert", "remove", "repeat", "move", "number", "zero"}).Draw(t, "change"), At: rapid.IntRange(0, size).Draw(t, "at")}
		e.To = e.At + rapid.IntRange(0, 300).Draw(t, "length")
		switch e.How {
		case "insert":
			e.Bytes = rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "bytes")
		case "number":
			e.Bytes = []byte(rapid.SampledFrom([]string{"18446744073709551615", "-1", "99999999999999999999999", "0", "1e9"}).Draw(t, "number"))
		}
		list = append(list, e)
	}
	return list
}

func changed(whole []byte, list []change) []byte {
	data := slices.Clone(whole)
	for _, e := range list {
		at, to := min(e.At, len(data)), min(e.To, len(data))
		switch e.How {
		case "flip":
			for i := at; i < to; i += 7 {
				data[i] ^= 1 << (i % 8)
			}
		case "insert":
			data = slices.Insert(data, at, e.Bytes...)
		case "remove":
			data = slices.Delete(data, at, to)
		case "repeat":
			data = slices.Insert(data, to, data[at:to]...)
		case "move":
			data = append(slices.Delete(data, at, to), whole[min(at, len(whole)):min(to, len(whole))]...)
		case "number":
			for i := at; i < to; i++ {
				if data[i] >= '0' && data[i] <= '9' {
					data = slices.Replace(data, i, i+1, e.Bytes...)
					break
				}
			}
		case "zero":
			clear(data[at:to])
		}
	}
	return data
}

// accounted fails unless each line of the files is counted, and what is written
// about them is bounded by them.
func accounted(t tester, files []logFile) {
	t.Helper()
	r := diagnosed(t, files)
	for _, in := range r.Inputs {
		for _, file := range files {
			if !strings.HasSuffix(filepath.ToSlash(in.Source), "/"+file.name) {
				continue
			}
			if n := int64(len(lines(file.data))); in.Lines != n && in.Error == nil {
				t.Fatalf("%s has %d lines, and the report counts %d", file.name, n, in.Lines)
			}
			if in.Garbled > in.Lines || in.Events < 0 {
				t.Fatalf("%s: %d of %d lines are garbled", file.name, in.Garbled, in.Lines)
			}
		}
	}
	size := 0
	for _, file := range files {
		size += len(file.data)
	}
	for _, format := range formats {
		var b bytes.Buffer
		if err := format.write(&b, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 1<<20+4*size {
			t.Fatalf("a report of %d bytes on %d bytes", b.Len(), size)
		}
	}
}

// Promise 9: lines that are cut in two are counted as garbled, and the first is
// reported with its place.
func TestPromiseGarbled(t *testing.T) {
	lawful(t, 3, func(t *rapid.T, f fixture) {
		if f.text() {
			return // half a line of text may be a line
		}
		files := slices.Clone(f.files)
		k := rapid.IntRange(0, len(files)-1).Draw(t, "node")
		list := lines(files[k].data)
		if len(list) == 0 {
			return
		}
		cut := map[int]bool{}
		for range rapid.IntRange(1, 9).Draw(t, "cuts") {
			i := rapid.IntRange(0, len(list)-1).Draw(t, "line")
			if !cut[i] {
				at := strings.Index(list[i], `"kind"`) + 8
				list[i] = list[i][:rapid.IntRange(at, len(list[i])-3).Draw(t, "at")] + "\n"
			}
			cut[i] = true
		}
		files[k].data = []byte(strings.Join(list, ""))
		r := diagnosed(t, files)
		for _, in := range r.Inputs {
			if filepath.Base(in.Source) == files[k].name && in.Garbled != int64(len(cut)) {
				t.Fatalf("%d lines are cut, and %d count as garbled", len(cut), in.Garbled)
			}
		}
	})
}

// Promise 10: runs in which no write was lost confirm nothing and are never
// unsafe, from all logs or from some.
func TestPromiseQuiet(t *testing.T) {
	for _, f := range fixtures(t) {
		if !f.calm() {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			for some := 1; some < 1<<len(f.files); some++ {
				var files []logFile
				for k, file := range f.files {
					if some&(1<<k) != 0 {
						files = append(files, file)
					}
				}
				r := diagnosed(t, files)
				if names := sortedKeys(everConfirmed(r)); len(names) > 0 || r.Verdict == nil || *r.Verdict == raftdiag.Unsafe || *r.Verdict == raftdiag.Fault {
					t.Errorf("%d of %d logs: confirmed %v\n%s", len(files), len(f.files), names, gist(r, everything))
				}
			}
		})
	}
}

// tricks are what a log may hold to fool a terminal, a browser, a parser or a
// runner of workflows.
var tricks = []string{
	"\x1b[31mred\x1b[0m", "\x1b]0;title\a", "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "\x1bPq\x1b\\", "\u009b2J", "\x1b", "\r", "\x00", "\x7f", "\b\b\b", "\u0085", "\u2028",
	"\u202e", "\u2066", "\xff\xfe", "\ufffe",
	"::error::pwned", "::add-mask::x", " ::set-output name=a::b", "##[error]pwned", "##vso[task.setvariable variable=x]", "##teamcity[x]",
	"<script>alert(1)</script>", "<img src=x onerror=pwned()>", "<!-- ", " -->", "]]>", "<![CDATA[", "</failure>", "&lt;b&gt;", "\"", "'",
	"![pwned](http://evil.example/x)", "[pwned](javascript:x)", "```", "`````", "`", "~~~", "| pwned | x |", "# pwned", "- [ ] pwned", "@victim", "https://evil.example", "***", "$x$",
}

// Promise 11: hostile text in the lines, the names of groups and the names of
// files reaches no terminal, browser, parser or runner through any rendering.
func TestPromiseHostile(t *testing.T) {
	lawful(t, 5, func(t *rapid.T, f fixture) {
		if len(f.expect.Groups) != 1 {
			return
		}
		hostile := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(tricks), 1, 4).Draw(t, "tricks"), rapid.SampledFrom([]string{"", " ", "x"}).Draw(t, "between"))
		})
		// quoted is the text as it may stand in a line.
		quoted := func(s string) string {
			if f.text() {
				return strings.ReplaceAll(s, "\n", " ")
			}
			raw, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			return string(raw[1 : len(raw)-1])
		}
		files := slices.Clone(f.files)
		group := []byte(f.group())
		if rapid.Bool().Draw(t, "rename the group") {
			name := quoted(hostile.Draw(t, "group"))
			if f.text() {
				name = strings.Map(func(r rune) rune {
					if unicode.IsSpace(r) || r == ':' {
						return '_'
					}
					return r
				}, name)
			}
			group = []byte(f.group() + name)
		}
		every := rapid.IntRange(1, 6).Draw(t, "every")
		for k := range files {
			text := quoted(hostile.Draw(t, "text"))
			var b bytes.Buffer
			for i, line := range lines(bytes.ReplaceAll(files[k].data, []byte(f.group()), group)) {
				switch {
				case i%every != 0:
				case f.text():
					line = strings.TrimSuffix(line, "\n") + " " + text + "\n"
				case strings.Contains(line, `"text":"`):
					line = strings.Replace(line, `"text":"`, `"text":"`+text, 1)
				default:
					line = strings.TrimSuffix(line, "}\n") + `,"reason":"` + text + "\"}\n"
				}
				b.WriteString(line)
			}
			switch rapid.IntRange(0, 3).Draw(t, "end") {
			case 0:
				if f.text() {
					fmt.Fprintf(&b, "thread 'main' panicked at src/%s.rs:1:\n%s\n", text, text)
				} else {
					fmt.Fprintf(&b, "panic: %s\n", text)
				}
			case 1:
				fmt.Fprintf(&b, `{"kind":"panicked","node":%d,"group":"orders-0","text":"%s"}`+"\n", k+1, text)
			}
			if rapid.IntRange(0, 2).Draw(t, "name") == 0 {
				files[k].name = strings.Map(func(r rune) rune {
					if r == '/' || r == 0 || r == '=' {
						return '_'
					}
					return r
				}, hostile.Draw(t, "file")) + files[k].name
			}
			files[k].data = b.Bytes()
		}
		stow(t, files, func(inputs []string) {
			unharmed(t, inputs, filepath.Dir(inputs[0]), rapid.IntRange(40, 160).Draw(t, "width"))
		})
	})
}

// unharmed fails if what is said about files of a directory does anything but
// inform.
func unharmed(t tester, inputs []string, dir string, width int) {
	t.Helper()
	r, err := diagnose(context.Background(), question{inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range formats {
		var b bytes.Buffer
		if err := format.write(&b, r, report.Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		harmless(t, format.name, b.String())
		switch format.name {
		case "json":
			if err := json.Unmarshal(b.Bytes(), &raftdiag.Report{}); err != nil {
				t.Fatal(err)
			}
		case "junit":
			d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("junit: %v in\n%s", err, b.String())
				}
			}
		case "markdown":
			plainMarkdown(t, strings.ReplaceAll(b.String(), dir, ""))
		}
	}
	for _, command := range [][]string{{"analyze"}, {"timeline"}, {"events"}} {
		var out, errOut bytes.Buffer
		code := run(context.Background(), slices.Concat(command, []string{"--"}, inputs), nil, &out, &errOut)
		if code == exitInternal || code == exitUsage {
			t.Fatalf("raftdiag %s: exit code %d: %s", command, code, errOut.String())
		}
		if command[0] == "events" { // data for programs: it must not act on a terminal
			if i := strings.IndexFunc(out.String(), func(r rune) bool { return r != '\n' && (r < 0x20 || r >= 0x7f && r <= 0x9f) }); i >= 0 {
				t.Fatalf("stdout of events: a control character at %d", i)
			}
		} else {
			harmless(t, "stdout of "+command[0], out.String())
		}
		harmless(t, "stderr of "+command[0], errOut.String())
	}
}

// harmless fails if a text holds what a terminal or a runner acts upon.
func harmless(t tester, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Fatalf("%s: no UTF-8: %q", what, text)
	}
	for _, line := range strings.Split(text, "\n") {
		for _, r := range line {
			if unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 {
				t.Fatalf("%s: %U in %q", what, r, line)
			}
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Fatalf("%s: a workflow command: %q", what, line)
		}
		for _, mark := range []string{"##[", "##vso[", "##teamcity["} {
			if strings.Contains(line, mark) {
				t.Fatalf("%s: a workflow command: %q", what, line)
			}
		}
	}
}

var (
	fenceLine = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})")
	markup    = regexp.MustCompile(`<[a-zA-Z/!?]|\]\(|(^|[^\w])@victim|://|^ {0,3}#+ pwned|^ {0,3}\| pwned`)
	backslash = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]")
)

// plainMarkdown fails if the text of a log is markup outside of code.
func plainMarkdown(t tester, doc string) {
	t.Helper()
	fence := ""
	for _, line := range strings.Split(doc, "\n") {
		if m := fenceLine.FindStringSubmatch(line); m != nil {
			switch {
			case fence == "":
				fence = m[1]
				continue
			case m[1][0] == fence[0] && len(m[1]) >= len(fence) && strings.TrimSpace(line) == m[1]:
				fence = ""
				continue
			}
		}
		if fence != "" {
			continue
		}
		if text := backslash.ReplaceAllString(withoutCode(line), "\u00b7"); markup.MatchString(text) {
			t.Fatalf("markdown: markup in %q (%q)", line, text)
		}
	}
	if fence != "" {
		t.Fatalf("markdown: a block of code stays open in\n%s", doc)
	}
}

// withoutCode takes the code spans out of a line: a run of backticks ends at
// the next run of the same length.
func withoutCode(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			b.WriteString(line[i : i+2])
			i += 2
		case line[i] != '`':
			b.WriteByte(line[i])
			i++
		default:
			n := len(line[i:]) - len(strings.TrimLeft(line[i:], "`"))
			end := i + n
			for end < len(line) {
				at := strings.IndexByte(line[end:], '`')
				if at < 0 {
					end = len(line)
					break
				}
				end += at
				m := len(line[end:]) - len(strings.TrimLeft(line[end:], "`"))
				end += m
				if m == n {
					break
				}
			}
			if end == len(line) && !strings.HasSuffix(line, strings.Repeat("`", n)) {
				end = i + n // never closed: text
			}
			i = end
		}
	}
	return b.String()
}

// Promise 12: what holds nothing of Raft is an error with its own exit code,
// whatever the format, and a JSON report still says so.
func TestPromiseNeverWithoutReading(t *testing.T) {
	reportSchema := schema(t, "../../docs/report.schema.json")
	nothing := rapid.Custom(func(t *rapid.T) []byte {
		switch rapid.SampledFrom([]string{"empty", "blank", "words", "bytes", "json", "gzip"}).Draw(t, "content") {
		case "blank":
			return []byte(strings.Repeat("\n", rapid.IntRange(1, 5).Draw(t, "lines")))
		case "words":
			return []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{
				"GET /index.html 200", "2025-10-20T12:00:00Z INFO http: listening on :8080", "error: disk is full", "leader of the pack", "term paper, commit message",
				"Outgoing flights from Berlin:", "level=info msg=started", "[INFO] server ready", "Peer pressure", "<14>1 2025-10-20T12:00:00Z host app - - - hello",
			}), 1, 30).Draw(t, "words"), "\n"))
		case "bytes":
			return rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(t, "bytes")
		case "json":
			return []byte(`{"time":"2025-10-20T12:00:00Z","level":"INFO","msg":"request","status":200}` + "\n")
		case "gzip":
			var b bytes.Buffer
			if err := gzip.NewWriter(&b).Close(); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		return nil
	})
	law(t, 60, func(rt *rapid.T) {
		var files []logFile
		for i, data := range rapid.SliceOfN(nothing, 1, 3).Draw(rt, "inputs") {
			files = append(files, logFile{fmt.Sprintf("node%d.log", i+1), data})
		}
		stow(rt, files, func(inputs []string) {
			var piped []byte
			if rapid.Bool().Draw(rt, "piped") {
				piped = append([]byte{}, files[0].data...)
			}
			unread(rt, inputs, piped, reportSchema)
		})
	})
}

// unread fails unless inputs are an error that says that they hold nothing of
// Raft. What is piped is also read from a pipe.
func unread(t tester, inputs []string, piped []byte, reportSchema *jsonschema.Schema) {
	t.Helper()
	for _, format := range formatNames() {
		var out, errOut bytes.Buffer
		args := append([]string{"analyze", "-o", format}, inputs...)
		var in io.Reader
		if piped != nil {
			args, in = args[:3], bytes.NewReader(piped)
		}
		if code := run(context.Background(), args, in, &out, &errOut); code != exitNoEvent {
			t.Fatalf("-o %s: exit code %d\n%s%s", format, code, out.String(), errOut.String())
		}
		if !strings.Contains(errOut.String(), "no input yielded a Raft event") {
			t.Fatalf("-o %s does not say why: %s", format, errOut.String())
		}
		if format == "json" {
			fits(t, reportSchema, out.Bytes())
			var r raftdiag.Report
			if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Verdict != nil {
				t.Fatalf("verdict %s, %v", value(r.Verdict), err)
			}
		}
	}
	for _, command := range []string{"events", "timeline"} {
		if code := run(context.Background(), append([]string{command, "-q"}, inputs...), nil, io.Discard, io.Discard); code != exitNoEvent {
			t.Fatalf("raftdiag %s: exit code %d", command, code)
		}
	}
}
