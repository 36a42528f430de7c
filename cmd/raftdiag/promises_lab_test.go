package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/internal/lab"
	"github.com/raftdiag/raftdiag/parser"
	"github.com/raftdiag/raftdiag/report"
)

// The promises of the design, tried on runs of the lab: any case, any seed, any
// look of the logs. A trial says all that was drawn, as JSON: one that failed
// is kept in testdata/promises.jsonl and tried again each time.

// A trial is one promise held to one run.
type trial struct {
	Promise string
	Case    string
	Seed    uint64
	Look    lab.Look
	// What is done to the logs; each promise reads its own.
	How    string   `json:",omitempty"`
	File   int      `json:",omitempty"` // which file or node, from 0
	Order  []int    `json:",omitempty"`
	Cuts   []cut    `json:",omitempty"`
	Sizes  []int    `json:",omitempty"`
	From   int      `json:",omitempty"` // lines
	To     int      `json:",omitempty"`
	Every  int      `json:",omitempty"`
	Kind   string   `json:",omitempty"`
	Ahead  int64    `json:",omitempty"` // ns
	Rate   float64  `json:",omitempty"`
	Jitter int64    `json:",omitempty"` // ns
	Chance uint64   `json:",omitempty"`
	Texts  []string `json:",omitempty"`
	Bytes  []change `json:",omitempty"`
}

// GoString shows a trial as it is kept.
func (tr trial) GoString() string {
	raw, err := json.Marshal(tr)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// A cut leaves a stretch of the lines of one file, and tears some bytes off the
// end of it.
type cut struct {
	Gone           bool `json:",omitempty"`
	From, To, Torn int
}

// A promise is a law of lab runs: draw says what is done to the logs, hold
// fails if that changes what it must not.
type promise struct {
	name   string
	checks int
	// fits says which runs it is about; nil: all.
	fits func(*lab.Plan) bool
	draw func(t *rapid.T, tr *trial, r *lab.Run)
	hold func(t tester, tr *trial, r *lab.Run)
}

var promised = []promise{
	{"order", 3, nil, drawOrder, holdOrder},
	{"interleaving", 3, nil, drawInterleaving, holdInterleaving},
	{"clocks", 4, nil, drawClocks, holdClocks},
	{"repetition", 4, nil, drawRepetition, holdRepetition},
	{"partition", 3, func(p *lab.Plan) bool { return p.Config.Groups > 1 }, nil, holdPartition},
	{"chunks", 3, nil, drawChunks, holdChunks},
	{"cutting", 8, nil, drawCutting, holdCutting},
	{"silence", 8, nil, drawSilence, holdSilence},
	{"truth", 4, nil, nil, holdTruth},
	{"round-trip", 2, nil, nil, holdRoundTrip},
	{"any-bytes", 6, nil, drawAnyBytes, holdAnyBytes},
	{"quiet", 6, func(p *lab.Plan) bool { return calmCase(p.Case) }, drawQuiet, holdQuiet},
	{"hostile", 3, nil, drawHostile, holdHostile},
	{"nothing", 3, nil, drawNothing, holdNothing},
}

// A labKey names a run.
type labKey struct {
	name string
	seed uint64
}

// labRuns keeps the newest runs: what shrinks, and what is drawn from a few,
// needs the same ones again.
var labRuns struct {
	sync.Mutex
	runs  map[labKey]*lab.Run
	order []labKey
}

const mostRuns = 10

func labPlan(t tester, name string, seed uint64) *lab.Plan {
	t.Helper()
	c, ok := cluster.Lookup(name)
	if !ok || lab.HeldOut(name) || seed >= lab.HeldOutSeeds {
		t.Fatalf("no case %s with seed %d that may be looked at", name, seed)
	}
	p, err := lab.Draw(c, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func labRun(t tester, name string, seed uint64) *lab.Run {
	t.Helper()
	k := labKey{name, seed}
	labRuns.Lock()
	defer labRuns.Unlock()
	if r := labRuns.runs[k]; r != nil {
		return r
	}
	r, err := labPlan(t, name, seed).Do(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if labRuns.runs == nil {
		labRuns.runs = map[labKey]*lab.Run{}
	}
	if len(labRuns.order) == mostRuns {
		delete(labRuns.runs, labRuns.order[0])
		labRuns.order = labRuns.order[1:]
	}
	labRuns.runs[k] = r
	labRuns.order = append(labRuns.order, k)
	return r
}

// calmCase reports whether a case must not be blamed for anything.
func calmCase(c cluster.FaultInfo) bool {
	return c.Hypothesis == "" && len(c.Causes) == 0 && len(c.OrHypothesis) == 0
}

// labCases are what is drawn from, the simplest first. The short run has a few
// that are made quickly.
func labCases(short bool) (names []string, seeds []uint64) {
	if short {
		return []string{"healthy", "leader-transfer", "answer-not-sent", "quorum-lost", "partition", "no-address"}, []uint64{2, 3, 5}
	}
	for _, c := range lab.Cases() {
		if !lab.HeldOut(c.Name) {
			names = append(names, c.Name)
		}
	}
	for s := range uint64(300) {
		seeds = append(seeds, s+1)
	}
	return names, seeds
}

func drawLook(t *rapid.T) (l lab.Look) {
	of := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(t, name) }
	l.Voice = of("voice", "text", "plain", "slog", "slogtext", "spaced", "shuffled")
	l.Layout = of("layout", "files", "files", "compose", "pods", "merged")
	l.File = of("names", "node%d.log", "raft-node%d.log", "n%d/raft.log", "node-%d.txt", "%s.log")
	l.Grain = rapid.SampledFrom([]time.Duration{time.Microsecond, time.Microsecond, time.Millisecond, time.Second}).Draw(t, "grain")
	if l.Voice != "text" {
		l.Bare = rapid.Bool().Draw(t, "bare ids")
		return l
	}
	if l.Layout == "merged" {
		l.Layout = "files" // nothing would say who wrote a line
	}
	l.Prefix = of("prefix", "tracing", "bare", "ansi", "lost", "thread", "json", "docker")
	l.Types = of("types", "rs", "etcd", "number")
	l.Msg, l.Total = rapid.Bool().Draw(t, "Msg[0]"), rapid.Bool().Draw(t, "total=")
	l.Under, l.Topics = rapid.Bool().Draw(t, "unstable_entries"), rapid.Bool().Draw(t, "topics")
	return l
}

// TestPromiseLab holds every promise to drawn runs of the lab.
func TestPromiseLab(t *testing.T) {
	f := flag.Lookup("rapid.checks")
	names, seeds := labCases(f.Value.String() == f.DefValue)
	for _, p := range promised {
		t.Run(p.name, func(t *testing.T) {
			law(t, p.checks, func(t *rapid.T) {
				tr := trial{Promise: p.name}
				fit := func(name string, seed uint64) bool { return p.fits == nil || p.fits(labPlan(t, name, seed)) }
				tr.Case = rapid.SampledFrom(names).Filter(func(name string) bool {
					return slices.ContainsFunc(seeds[:min(9, len(seeds))], func(seed uint64) bool { return fit(name, seed) })
				}).Draw(t, "case")
				tr.Seed = rapid.SampledFrom(seeds).Filter(func(seed uint64) bool { return fit(tr.Case, seed) }).Draw(t, "seed")
				tr.Look = drawLook(t)
				if p.name == "order" {
					tr.Look.Layout = "files"
				}
				r := labRun(t, tr.Case, tr.Seed).In(tr.Look)
				if p.draw != nil {
					p.draw(t, &tr, r)
				}
				t.Logf("to keep it, add to testdata/promises.jsonl: %#v", tr)
				p.hold(t, &tr, r)
			})
		})
	}
}

// TestPromiseKept tries what failed once.
func TestPromiseKept(t *testing.T) {
	f, err := os.Open("testdata/promises.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var tr trial
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&tr); err != nil {
			t.Fatalf("testdata/promises.jsonl:%d: %v", n, err)
		}
		i := slices.IndexFunc(promised, func(p promise) bool { return p.name == tr.Promise })
		if i < 0 {
			t.Fatalf("testdata/promises.jsonl:%d: no promise is called %q", n, tr.Promise)
		}
		t.Run(fmt.Sprintf("%s/%s-%d", tr.Promise, tr.Case, tr.Seed), func(t *testing.T) {
			promised[i].hold(t, &tr, labRun(t, tr.Case, tr.Seed).In(tr.Look))
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// written are the logs of lines.
func written(r *lab.Run, lines []lab.Line) (files []logFile) {
	laid := r.Look.Lay(lines)
	for i := range laid {
		laid[i].Bytes("\n")
		files = append(files, logFile{laid[i].Name, laid[i].Data})
	}
	return files
}

func printed(r *lab.Run) []logFile { return written(r, r.Look.Print(r.Said)) }

// drawFile draws one of the files that a run has.
func drawFile(t *rapid.T, tr *trial, files []logFile) *logFile {
	tr.File = rapid.IntRange(0, len(files)-1).Draw(t, "file")
	return &files[tr.File]
}

// Promise 1: any order of the inputs gives the same report, word by word.

func drawOrder(t *rapid.T, tr *trial, r *lab.Run) {
	for i := range printed(r) {
		tr.Order = append(tr.Order, i)
	}
	tr.Order = rapid.Permutation(tr.Order).Draw(t, "order")
}

func holdOrder(t tester, tr *trial, r *lab.Run) {
	stow(t, printed(r), func(inputs []string) {
		var other []string
		for _, i := range tr.Order {
			other = append(other, inputs[i])
		}
		if was, is := whole(t, inputs), whole(t, other); was != is {
			t.Fatalf("the order of the inputs changes the report: %s", around(was, is))
		}
	})
}

// Promise 1: any interleaving of the nodes' blocks gives the same findings.

func drawInterleaving(t *rapid.T, tr *trial, _ *lab.Run) {
	tr.Every = rapid.SampledFrom([]int{1, 3, 40, 4000}).Draw(t, "longest run")
	tr.Chance = rapid.Uint64().Draw(t, "order")
	tr.How = rapid.SampledFrom([]string{"compose", "pods", "merged"}).Draw(t, "stream")
	if tr.Look.Voice == "text" && tr.How == "merged" {
		tr.How = "compose"
	}
}

func holdInterleaving(t tester, tr *trial, r *lab.Run) {
	tr.Look.Layout = tr.How
	r = r.In(tr.Look)
	lines := r.Look.Print(r.Said)
	var nodes []uint64
	rest := map[uint64][][]lab.Line{}
	for _, l := range lines {
		mine := rest[l.Node]
		if mine == nil {
			nodes = append(nodes, l.Node)
		}
		if n := len(mine); n > 0 && below(l, mine[n-1]) {
			mine[n-1] = append(mine[n-1], l)
		} else {
			mine = append(mine, []lab.Line{l})
		}
		rest[l.Node] = mine
	}
	slices.Sort(nodes)
	var woven []lab.Line
	for chance := tr.Chance; len(nodes) > 0; {
		chance = chance*6364136223846793005 + 1442695040888963407
		i := int(chance >> 33 % uint64(len(nodes)))
		k := nodes[i]
		n := min(len(rest[k]), 1+int(chance>>20%uint64(tr.Every)))
		for _, block := range rest[k][:n] {
			woven = append(woven, block...)
		}
		if rest[k] = rest[k][n:]; len(rest[k]) == 0 {
			nodes = slices.Delete(nodes, i, i+1)
		}
	}
	same(t, "weaving the logs in another way", gist(diagnosed(t, written(r, lines)), everything), gist(diagnosed(t, written(r, woven)), everything))
}

// below reports whether a line of text is a row below the lines above it.
func below(l lab.Line, above []lab.Line) bool {
	last := above[len(above)-1]
	if l.Kind == raftdiag.EntryCommitted && above[0].Kind == raftdiag.Committed {
		return true
	}
	return last.Number == 0 || l.Kind == last.Kind && above[0].Number == 0 && l.Number > 0 && l.Event.Group == last.Event.Group
}

// Promise 2: a strictly increasing change of one node's clock changes neither
// its events, but for their time, nor the findings, but for causes about time.

func drawClocks(t *rapid.T, tr *trial, r *lab.Run) {
	tr.File = rapid.IntRange(0, r.Config.Nodes-1).Draw(t, "node")
	tr.Ahead = rapid.Int64Range(-int64(100*time.Hour), int64(100*time.Hour)).Draw(t, "ahead")
	tr.Rate = float64(rapid.IntRange(70, 150).Draw(t, "rate")) / 100
	tr.Jitter = rapid.SampledFrom([]int64{0, 1000, int64(30 * time.Millisecond)}).Draw(t, "jitter")
	tr.Chance = rapid.Uint64().Draw(t, "chance")
	if tr.How = rapid.SampledFrom([]string{"steady", "bent"}).Draw(t, "how"); tr.How == "bent" {
		tr.Sizes = rapid.SliceOfN(rapid.IntRange(5, 2000), 2, 8).Draw(t, "paces") // in percent, one after the other
	}
}

func holdClocks(t tester, tr *trial, r *lab.Run) {
	node := r.Config.IDs[tr.File]
	grain := int64(r.Look.Grain)
	seen := map[int64]bool{}
	shown := func(w *lab.Word) int64 { return w.Time.Time().Truncate(r.Look.Grain).UnixNano() }
	for i := range r.Said {
		if w := &r.Said[i]; w.Node == node {
			seen[shown(w)] = true
		}
	}
	now := map[int64]int64{}
	stamps := slices.Sorted(maps.Keys(seen))
	var last int64
	chance, reached := tr.Chance, float64(0)
	for i, at := range stamps {
		if i > 0 {
			rate := tr.Rate
			if n := len(tr.Sizes); n > 0 {
				rate *= float64(tr.Sizes[i*n/len(stamps)]) / 100
			}
			reached += float64(at-stamps[i-1]) * rate
		}
		chance = chance*6364136223846793005 + 1442695040888963407
		moved := stamps[0] + tr.Ahead + int64(reached)
		if tr.Jitter > 0 {
			moved += int64(chance>>1) % tr.Jitter
		}
		moved -= moved % grain
		if i > 0 {
			moved = max(moved, last+grain)
		}
		now[at], last = moved, moved
	}
	said := slices.Clone(r.Said)
	for i := range said {
		if w := &said[i]; w.Node == node {
			w.Time = raftdiag.Stamp(now[shown(w)])
		}
	}
	before, after := printed(r), written(r, r.Look.Print(said))
	was, is := eventsByFile(t, before), eventsByFile(t, after)
	for _, f := range before {
		for _, list := range [][]raftdiag.Event{was[f.name], is[f.name]} {
			for i := range list {
				list[i].Time = 0
			}
		}
		if a, b := told(was[f.name]), told(is[f.name]); a != b {
			t.Fatalf("a changed clock changes the events of %s: %s", f.name, around(a, b))
		}
	}
	same(t, fmt.Sprintf("a changed clock of node %d", node), gist(timeless(diagnosed(t, before)), untimed), gist(timeless(diagnosed(t, after)), untimed))
}

// eventsByFile are the events of each file.
func eventsByFile(t tester, files []logFile) map[string][]raftdiag.Event {
	t.Helper()
	events := map[string][]raftdiag.Event{}
	stow(t, files, func(inputs []string) {
		name := map[string]string{}
		for i, in := range inputs {
			name[in] = files[i].name
		}
		r, err := parser.Read(context.Background(), inputs, parser.Options{
			Workers: 1,
			Open: func(source string, _ int) func(*raftdiag.Event) {
				return func(e *raftdiag.Event) {
					c := *e
					c.Text, c.Writer, c.Group = strings.Clone(c.Text), strings.Clone(c.Writer), strings.Clone(c.Group)
					if c.Config != nil {
						config := *c.Config
						c.Config = &config
					}
					events[name[source]] = append(events[name[source]], c)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return events
}

// Promise 3: a log that is there twice, and lines that are there twice, change
// no verdict.

func drawRepetition(t *rapid.T, tr *trial, r *lab.Run) {
	f := drawFile(t, tr, printed(r))
	tr.How = rapid.SampledFrom([]string{"the log beside itself", "the log behind itself", "each line twice", "some lines twice", "a stretch twice", "a part beside the whole"}).Draw(t, "how")
	n := len(lines(f.data))
	tr.From = rapid.IntRange(0, n-1).Draw(t, "from")
	tr.To = rapid.IntRange(tr.From, n).Draw(t, "to")
	tr.Every = rapid.IntRange(2, 50).Draw(t, "every")
}

func holdRepetition(t tester, tr *trial, r *lab.Run) {
	whole := printed(r)
	files := slices.Clone(whole)
	f := &files[tr.File]
	list := lines(f.data)
	switch tr.How {
	case "the log beside itself":
		files = append(files, logFile{"copy/" + f.name, f.data})
	case "a part beside the whole":
		files = append(files, logFile{"copy/" + f.name, []byte(strings.Join(list[tr.From:tr.To], ""))})
	case "the log behind itself":
		f.data = slices.Concat(f.data, f.data)
	case "a stretch twice":
		f.data = []byte(strings.Join(slices.Concat(list[:tr.To], list[tr.From:]), ""))
	default:
		every := tr.Every
		if tr.How == "each line twice" {
			every = 1
		}
		var b strings.Builder
		for i, line := range list {
			b.WriteString(line)
			if i%every == 0 {
				b.WriteString(line)
			}
		}
		f.data = []byte(b.String())
	}
	same(t, tr.How+", of "+whole[tr.File].name, gist(diagnosed(t, whole), verdicts), gist(diagnosed(t, files), verdicts))
}

// Promise 4: the findings of several groups in the same logs are those of each
// group's lines alone.

func holdPartition(t tester, _ *trial, r *lab.Run) {
	lines := r.Look.Print(r.Said)
	whole := diagnosed(t, written(r, lines))
	for _, name := range r.Config.Names {
		alone := slices.Clone(lines)
		for i := range alone {
			if g := alone[i].Event.Group; g != "" && g != name {
				alone[i].Text = ""
			}
		}
		was, is := groupIn(diagnosed(t, written(r, alone)), name), groupIn(whole, name)
		if was == nil && is == nil {
			continue
		}
		if was == nil || is == nil {
			t.Fatalf("the group %s is missing: alone %t, among others %t", name, was == nil, is == nil)
		}
		same(t, name+" among others", groupGist(was, everything), groupGist(is, everything))
	}
}

// Promise 5: the same bytes in reads of any size, compressed, or in rotated
// files are the same events, and rotated files give the same findings.

func drawChunks(t *rapid.T, tr *trial, r *lab.Run) {
	f := drawFile(t, tr, printed(r))
	tr.Sizes = append(rapid.SliceOfN(rapid.IntRange(1, 5000), 2, 5).Draw(t, "sizes"), 3000) // a pipe of single bytes would take its time
	tr.Order = rapid.SliceOfN(rapid.IntRange(0, len(lines(f.data))), 1, 3).Draw(t, "cuts")
	slices.Sort(tr.Order)
	tr.How = rapid.SampledFrom([]string{"oldest first", "newest first"}).Draw(t, "rotated files")
}

func holdChunks(t tester, tr *trial, r *lab.Run) {
	whole := printed(r)
	log := whole[tr.File]
	want := told(eventsByFile(t, []logFile{log})[log.name])
	piped := func(what string, data []byte) {
		m, _ := eventsOf(t, []string{"-"}, &dribble{data: data, sizes: tr.Sizes})
		for _, got := range m {
			if got := told(got); got != want {
				t.Fatalf("%s changes the events of %s: %s", what, log.name, around(want, got))
			}
		}
	}
	packed := func(what, ending string, data []byte) {
		name := log.name + ending
		if got := told(eventsByFile(t, []logFile{{name, data}})[name]); got != want {
			t.Fatalf("%s changes the events of %s: %s", what, log.name, around(want, got))
		}
	}
	piped("reading from a pipe", log.data)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(log.data)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	packed("gzip", ".gz", b.Bytes())
	piped("gzip in a pipe", b.Bytes())
	zs, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed("zstd", "", zs.EncodeAll(log.data, nil))

	list := lines(log.data)
	var rotated []logFile
	from := 0
	for i, to := range append(slices.Clone(tr.Order), len(list)) {
		name := log.name
		if age := len(tr.Order) - i; age > 0 {
			name += "." + strconv.Itoa(age)
		}
		if part := strings.Join(list[from:to], ""); part != "" {
			rotated = append(rotated, logFile{name, []byte(part)})
		}
		from = to
	}
	events := eventsByFile(t, rotated)
	var got strings.Builder
	for _, f := range rotated {
		got.WriteString(told(events[f.name]))
	}
	if got.String() != want {
		t.Fatalf("rotation changes the events of %s: %s", log.name, around(want, got.String()))
	}
	if tr.How == "newest first" {
		slices.Reverse(rotated)
	}
	files := append(slices.Delete(slices.Clone(whole), tr.File, tr.File+1), rotated...)
	same(t, "rotation of "+log.name, gist(diagnosed(t, whole), everything), gist(diagnosed(t, files), everything))
}

// Promise 6: cutting the head or tail off a log, or taking logs away, creates
// no confirmed verdict.

func drawCutting(t *rapid.T, tr *trial, r *lab.Run) {
	for _, f := range printed(r) {
		n := len(lines(f.data))
		c := cut{To: n}
		switch rapid.SampledFrom([]string{"whole", "whole", "head", "tail", "both", "none"}).Draw(t, f.name) {
		case "head":
			c.From = rapid.IntRange(0, n).Draw(t, "from")
		case "tail":
			c.To = rapid.IntRange(0, n).Draw(t, "to")
		case "both":
			c.From = rapid.IntRange(0, n).Draw(t, "from")
			c.To = rapid.IntRange(c.From, n).Draw(t, "to")
		case "none":
			c = cut{Gone: true}
		}
		if c.To < n && c.To > 0 {
			c.Torn = rapid.IntRange(0, 120).Draw(t, "torn")
		}
		tr.Cuts = append(tr.Cuts, c)
	}
}

func holdCutting(t tester, tr *trial, r *lab.Run) {
	whole := printed(r)
	var files []logFile
	var what []string
	for k, f := range whole {
		c := tr.Cuts[k]
		list := lines(f.data)
		if c.Gone {
			what = append(what, "without "+f.name)
			continue
		}
		data := strings.Join(list[c.From:c.To], "")
		data = data[:max(0, len(data)-c.Torn)]
		if len(data) < len(f.data) {
			what = append(what, fmt.Sprintf("%s from line %d to %d of %d", f.name, c.From+1, c.To, len(list)))
		}
		files = append(files, logFile{f.name, []byte(data)})
	}
	if len(files) == 0 {
		return
	}
	created(t, strings.Join(what, ", "), diagnosed(t, whole), diagnosed(t, files))
}

// Promise 6: logs that print no lines of one kind (for messages, of one type)
// create no confirmed verdict, whether one node lacks them or all.

// kindOf is the kind of an event, for messages with the type; nothing for what
// a log prints when something goes wrong: that it does not print those is no
// gap.
func kindOf(e *raftdiag.Event) string {
	if failures[e.Kind] {
		return ""
	}
	if e.Has(raftdiag.HasType) {
		return e.Kind.String() + " " + e.Type.String()
	}
	return e.Kind.String()
}

func drawSilence(t *rapid.T, tr *trial, r *lab.Run) {
	kinds := map[string]bool{}
	for _, l := range r.Look.Print(r.Said) {
		kinds[kindOf(l.Event)] = true
	}
	delete(kinds, "")
	tr.Kind = rapid.SampledFrom(sortedKeys(kinds)).Draw(t, "kind")
	tr.File = rapid.IntRange(-1, r.Config.Nodes-1).Draw(t, "node") // -1: all
}

func holdSilence(t tester, tr *trial, r *lab.Run) {
	lines := r.Look.Print(r.Said)
	what := "that no node prints " + tr.Kind
	if tr.File >= 0 {
		what = fmt.Sprintf("that node %d prints no %s", r.Config.IDs[tr.File], tr.Kind)
	}
	less := slices.DeleteFunc(slices.Clone(lines), func(l lab.Line) bool {
		return kindOf(l.Event) == tr.Kind && (tr.File < 0 || l.Node == r.Config.IDs[tr.File])
	})
	created(t, what, diagnosed(t, written(r, lines)), diagnosed(t, written(r, less)))
}

// Promise 7: what is read back from each line is what the node said.

func holdTruth(t tester, _ *trial, r *lab.Run) {
	laid := r.Look.Lay(r.Look.Print(r.Said))
	var files []logFile
	for i := range laid {
		laid[i].Bytes("\n")
		files = append(files, logFile{laid[i].Name, laid[i].Data})
	}
	events := eventsByFile(t, files)
	for _, f := range laid {
		at := map[int64][]raftdiag.Event{}
		for _, e := range events[f.Name] {
			at[e.Pos.Line] = append(at[e.Pos.Line], e)
		}
		for i, l := range f.Lines {
			got := at[int64(i+1)]
			if problem := untrue(&r.Look, l, got); problem != "" {
				t.Fatalf("%s:%d: %s\nline:  %s\nsaid:  %s\nread:  %s", f.Name, i+1, problem, l.Text, l.Event.AppendJSON(nil), told(got))
			}
		}
	}
}

// untrue says what is wrong with the events of a line.
func untrue(look *lab.Look, l lab.Line, got []raftdiag.Event) string {
	if l.Number == 0 {
		for _, e := range got {
			if e.Kind != raftdiag.Outgoing || e.Group != l.Event.Group {
				return "a header states something of its own"
			}
		}
		return ""
	}
	if len(got) != 1 {
		return fmt.Sprintf("%d events and not one", len(got))
	}
	e, said := &got[0], l.Event
	fields := func(e *raftdiag.Event) (m map[string]json.RawMessage) {
		if err := json.Unmarshal(e.AppendJSON(nil), &m); err != nil {
			return nil
		}
		delete(m, "source")
		delete(m, "line")
		delete(m, "time")
		delete(m, "writer")
		return m
	}
	is, want := fields(e), fields(said)
	stamped := look.Voice != "text" || look.Prefix != "bare" && said.Kind != raftdiag.Panicked
	grain := look.Grain
	if look.Voice == "slogtext" {
		grain = max(grain, time.Millisecond) // slog's text has no more
	}
	if at := said.Time.Time().Truncate(grain); stamped && !e.Time.Time().Equal(at) && look.Prefix != "docker" {
		return fmt.Sprintf("the time is %s and not %s", e.Time, at)
	}
	if look.Voice != "text" {
		if !reflect.DeepEqual(is, want) {
			return "the event is another"
		}
		return ""
	}
	for k, v := range is {
		w, ok := want[k]
		switch {
		case !ok || bytes.Equal(v, w):
		case k == "text" && strings.Contains(e.Text, said.Text):
		case k == "duration_ns" && (e.Duration-said.Duration).Abs() < time.Millisecond: // text is in milliseconds
		default:
			return k + " is another"
		}
	}
	return ""
}

// Promise 8: events and reports through JSON and back are equal and fit the
// published schemas; the canonical events of all logs, read as a log, give the
// same findings.

func holdRoundTrip(t tester, _ *trial, r *lab.Run) {
	files := printed(r)
	for name, list := range eventsByFile(t, files) {
		for _, e := range list {
			e.Pos = raftdiag.Position{Source: name, Line: e.Pos.Line}
			raw := e.AppendJSON(nil)
			var back raftdiag.Event
			if err := json.Unmarshal(raw, &back); err != nil {
				t.Fatalf("%v in %s", err, raw)
			}
			back.Writer = e.Writer // it belongs to the source and is not part of an event's JSON
			if !reflect.DeepEqual(e, back) {
				t.Fatalf("%s became %s", raw, back.AppendJSON(nil))
			}
		}
	}
	stow(t, files, func(inputs []string) {
		whole, err := diagnose(context.Background(), question{inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		var b, again bytes.Buffer
		if err := report.JSON(&b, whole); err != nil {
			t.Fatal(err)
		}
		var back raftdiag.Report
		if err := json.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if err := report.JSON(&again, &back); err != nil {
			t.Fatal(err)
		}
		if again.String() != b.String() {
			t.Fatalf("the report changed on its way through JSON: %s", around(b.String(), again.String()))
		}
		canonical := slices.Clone(files)
		for k, input := range inputs {
			var out bytes.Buffer
			if code := run(context.Background(), []string{"events", "-q", input}, nil, &out, io.Discard); code != 0 {
				t.Fatalf("raftdiag events %s: exit code %d", files[k].name, code)
			}
			canonical[k].data = out.Bytes()
		}
		same(t, "reading back the canonical events", gist(whole, everything), gist(diagnosed(t, canonical), everything))
	})
}

// Promise 9: on any bytes there is no panic and no failure, what is written is
// bounded by what was read, and every line is counted.

func drawAnyBytes(t *rapid.T, tr *trial, r *lab.Run) {
	f := drawFile(t, tr, printed(r))
	tr.Bytes = drawChanges(t, len(f.data))
}

func holdAnyBytes(t tester, tr *trial, r *lab.Run) {
	files := printed(r)
	files[tr.File].data = changed(files[tr.File].data, tr.Bytes)
	accounted(t, files)
}

// Promise 10: runs in which nothing is wrong confirm nothing and are never
// unsafe, from all logs or from some.

func drawQuiet(t *rapid.T, tr *trial, r *lab.Run) {
	files := printed(r)
	for i := range files {
		tr.Order = append(tr.Order, i)
	}
	n := rapid.IntRange(1, len(files)).Draw(t, "files")
	tr.Order = rapid.Permutation(tr.Order).Draw(t, "which")[:n]
}

func holdQuiet(t tester, tr *trial, r *lab.Run) {
	all := printed(r)
	var files []logFile
	for _, i := range tr.Order {
		files = append(files, all[i])
	}
	rep := diagnosed(t, files)
	if names := sortedKeys(everConfirmed(rep)); len(names) > 0 || rep.Verdict == nil || *rep.Verdict == raftdiag.Unsafe || *rep.Verdict == raftdiag.Fault {
		t.Fatalf("%d of %d logs: confirmed %v\n%s", len(files), len(all), names, gist(rep, everything))
	}
}

// Promise 11: hostile text in the names of groups, in errors and at the ends of
// lines reaches no terminal, browser, parser or runner through any rendering.

func drawHostile(t *rapid.T, tr *trial, _ *lab.Run) {
	hostile := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(tricks), 1, 4).Draw(t, "tricks"), rapid.SampledFrom([]string{"", " ", "x", "\n"}).Draw(t, "between"))
	})
	tr.Texts = []string{hostile.Draw(t, "group"), hostile.Draw(t, "text"), hostile.Draw(t, "file"), hostile.Draw(t, "end of lines")}
	tr.How = rapid.SampledFrom([]string{"all", "group", "text", "file", "end"}).Draw(t, "where")
	tr.Every = rapid.IntRange(1, 9).Draw(t, "every")
	tr.To = rapid.IntRange(40, 160).Draw(t, "width")
}

func holdHostile(t tester, tr *trial, r *lab.Run) {
	in := func(where string) bool { return tr.How == where || tr.How == "all" }
	said := slices.Clone(r.Said)
	for i := range said {
		w := &said[i]
		if in("group") && w.Group == r.Config.Names[0] {
			w.Group += tr.Texts[0]
		}
		if in("text") && w.Has(raftdiag.HasText) {
			w.Text = tr.Texts[1] + w.Text
		}
	}
	if in("text") {
		last := said[len(said)-1]
		last.Event = raftdiag.Event{Kind: raftdiag.Panicked, Set: raftdiag.HasText, Node: last.Event.Node, Group: last.Group, Time: last.Time, Text: tr.Texts[1]}
		said = append(said, last)
	}
	files := written(r, r.Look.Print(said))
	for k := range files {
		if in("end") {
			var b bytes.Buffer
			for i, line := range lines(files[k].data) {
				b.WriteString(strings.TrimSuffix(line, "\n"))
				if i%tr.Every == 0 {
					b.WriteString(" " + tr.Texts[3])
				}
				b.WriteByte('\n')
			}
			files[k].data = b.Bytes()
		}
		if in("file") {
			dir, name := filepath.Split(files[k].name)
			files[k].name = dir + strings.Map(func(r rune) rune {
				if r == '/' || r == 0 || r == '=' {
					return '_'
				}
				return r
			}, tr.Texts[2]) + name
		}
	}
	stow(t, files, func(inputs []string) {
		unharmed(t, inputs, strings.TrimSuffix(strings.TrimSuffix(inputs[0], files[0].name), string(filepath.Separator)), tr.To)
	})
}

// Promise 12: logs in which no word of Raft is left are an error with its own
// exit code, whatever the format, and a JSON report still says so.

func drawNothing(t *rapid.T, tr *trial, r *lab.Run) {
	drawFile(t, tr, printed(r))
	tr.From = rapid.IntRange(1, 25).Draw(t, "letters on")
	tr.How = rapid.SampledFrom([]string{"all words", "words behind the first colon", "no lines", "blank lines"}).Draw(t, "what is lost")
	if tr.Look.Prefix == "bare" || tr.Look.Prefix == "docker" {
		tr.How = "all words" // the first colon is one of Raft's words
	}
}

func holdNothing(t tester, tr *trial, r *lab.Run) {
	files := printed(r)
	strange := func(s string) string {
		return strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z':
				return 'a' + (r-'a'+rune(tr.From))%26
			case r >= 'A' && r <= 'Z':
				return 'A' + (r-'A'+rune(tr.From))%26
			case unicode.IsControl(r) && r != '\n':
				return ' '
			}
			return r
		}, s)
	}
	for k := range files {
		switch tr.How {
		case "no lines":
			files[k].data = nil
		case "blank lines":
			files[k].data = bytes.Repeat([]byte("\n"), bytes.Count(files[k].data, []byte("\n")))
		case "all words":
			files[k].data = []byte(strange(string(files[k].data)))
		default:
			var b strings.Builder
			for _, line := range lines(files[k].data) {
				i := max(strings.Index(line, ": ")+2, strings.Index(line, "msg")+5, strings.Index(line, "message")+10)
				i = min(i, len(line))
				if !strings.Contains(line[i:], " ") {
					i = 0
				}
				b.WriteString(line[:i] + strange(line[i:]))
			}
			files[k].data = []byte(b.String())
		}
	}
	stow(t, files, func(inputs []string) {
		unread(t, inputs, files[tr.File].data, schema(t, "../../docs/report.schema.json"))
	})
}
