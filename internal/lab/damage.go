package lab

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
)

// A Damage is what happens to logs on their way to the reader.
type Damage struct {
	Name string
	Doc  string
	// Part says that facts are missing: then unknown is as right as the fault.
	Part bool

	// library says that the nodes print what their Raft library prints, and
	// hardly more.
	library bool

	look  func(rng *rand.Rand, l Look) Look
	words func(rng *rand.Rand, r *Run, said []Word) []Word
	lines func(rng *rand.Rand, r *Run, lines []Line) []Line
	files func(rng *rand.Rand, r *Run, files []File) []File
	end   string // of lines
}

// Damages lists them; the first is none.
func Damages() []Damage {
	list := []Damage{
		{Name: "none", Doc: "the logs of all nodes as they were written"},
		{Name: "no-leader-log", Doc: "the log of the node that led when the fault struck is missing", Part: true, lines: without(func(*rand.Rand, *Run) string { return "leader" })},
		{Name: "no-follower-log", Doc: "the log of one other node is missing", Part: true, lines: without(func(*rand.Rand, *Run) string { return "follower" })},
		{Name: "one-log", Doc: "one node's log is all there is", Part: true, lines: without(func(*rand.Rand, *Run) string { return "others" })},
		{Name: "kind", Doc: "all lines of one kind of one node are missing", Part: true, lines: withoutKind(false)},
		{Name: "kind-all", Doc: "no node prints one kind of line", Part: true, lines: withoutKind(true)},
		{Name: "level", Doc: "only warnings and errors are kept", Part: true, lines: func(_ *rand.Rand, _ *Run, lines []Line) []Line {
			return slices.DeleteFunc(lines, func(l Line) bool { return !trouble(l.Kind) })
		}},
		{Name: "window", Doc: "one node's lines of a while are missing", Part: true, lines: window},
		{Name: "head", Doc: "the first lines of one node's log are missing", Part: true, lines: ends(true)},
		{Name: "tail", Doc: "the last lines of one node's log are missing", Part: true, lines: ends(false)},
		{Name: "twice", Doc: "a tenth of the lines is there twice", lines: twice},
		{Name: "shuffled", Doc: "a collector puts the nodes' lines into one stream, some of them late", look: oneStream, lines: shuffled},
		{Name: "swapped", Doc: "lines that a node printed within a moment change places", Part: true, lines: swapped},
		{Name: "library", Doc: "no messages and no states: what go.etcd.io/raft prints through its logger, and a few lines of the application", Part: true, library: true},
		{Name: "thin", Doc: "an application that prints less: no heartbeats, no hand-over, no Ready or proposal lines, fields or a kind left out", Part: true, look: rare, words: thinned, files: cutShort},
		{Name: "clocks", Doc: "each node's clock goes at its own changing pace, and is off by hours", words: warp},
		{Name: "coarse", Doc: "stamps of whole seconds", words: func(_ *rand.Rand, _ *Run, said []Word) []Word {
			for i := range said {
				said[i].Time = raftdiag.Stamp(said[i].Time.Time().Truncate(time.Second).UnixNano())
			}
			return said
		}},
		{Name: "copies", Doc: "each file is there twice", files: func(_ *rand.Rand, _ *Run, files []File) []File {
			n := len(files)
			for _, f := range files[:n] {
				f.Name = "copy/" + f.Name
				files = append(files, f)
			}
			return files
		}},
		{Name: "rotated", Doc: "each log is in pieces", files: rotate},
		{Name: "gzip", Doc: "the files are compressed", files: func(_ *rand.Rand, _ *Run, files []File) []File {
			for i := range files {
				files[i].Name += ".gz"
			}
			return files
		}},
		{Name: "crlf", Doc: "lines end as on Windows", end: "\r\n"},
	}
	for _, n := range []int{5, 10, 20, 30, 50} {
		list = append(list, Damage{Name: "drop" + strconv.Itoa(n), Doc: fmt.Sprintf("%d %% of all lines are lost by chance", n), Part: true,
			lines: func(rng *rand.Rand, _ *Run, lines []Line) []Line {
				return slices.DeleteFunc(lines, func(Line) bool { return rng.IntN(100) < n })
			}})
	}
	return list
}

// DamageByName finds a damage.
func DamageByName(name string) (Damage, bool) {
	for _, d := range Damages() {
		if d.Name == name {
			return d, true
		}
	}
	return Damage{}, false
}

// Logs renders the run and damages it. The same run and damage give the same
// bytes.
func (r *Run) Logs(d Damage) []File {
	rng := source(r.Seed, "damage "+d.Name+" "+r.Case.Name)
	said := slices.Clone(r.Said)
	if d.words != nil {
		said = d.words(rng, r, said)
	}
	look := &r.Look
	if d.look != nil {
		drawn := d.look(rng, *look)
		look = &drawn
	}
	var lines []Line
	if d.library {
		look, lines = r.library(rng)
	} else {
		lines = look.Print(said)
	}
	if d.lines != nil {
		lines = d.lines(rng, r, lines)
	}
	files := look.Lay(lines)
	if d.files != nil {
		files = d.files(rng, r, files)
	}
	end := d.end
	if end == "" {
		end = "\n"
	}
	for i := range files {
		files[i].Bytes(end)
		if strings.HasSuffix(files[i].Name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(files[i].Data) // a buffer takes everything
			_ = z.Close()
			files[i].Data = b.Bytes()
		}
	}
	return files
}

// leader is the node that led as the fault struck, or first of all.
func (r *Run) leader() uint64 {
	for _, f := range r.Truth.Faults {
		for _, s := range f.Then {
			if s.Role == raft.StateLeader {
				return s.Node
			}
		}
	}
	for _, m := range r.Truth.States {
		if m.Role == raft.StateLeader {
			return m.Node
		}
	}
	return r.Config.IDs[0]
}

// without takes logs away: the leader's, another one's, or all but one.
func without(which func(*rand.Rand, *Run) string) func(*rand.Rand, *Run, []Line) []Line {
	return func(rng *rand.Rand, r *Run, lines []Line) []Line {
		lead := r.leader()
		var others []uint64
		for _, id := range r.Config.IDs {
			if id != lead {
				others = append(others, id)
			}
		}
		gone := map[uint64]bool{}
		switch which(rng, r) {
		case "leader":
			gone[lead] = true
		case "follower":
			if len(others) > 0 {
				gone[pick(rng, others...)] = true
			}
		case "others":
			kept := pick(rng, r.Config.IDs...)
			for _, id := range r.Config.IDs {
				gone[id] = id != kept
			}
		}
		return slices.DeleteFunc(lines, func(l Line) bool { return gone[l.Node] && len(r.Config.IDs) > 1 })
	}
}

// kindOf is what kind of line it is: for messages, of which type.
func kindOf(l Line) string {
	switch l.Kind {
	case raftdiag.Sent, raftdiag.HandedOver, raftdiag.SendFailed, raftdiag.Received, raftdiag.StepFailed:
		return l.Kind.String() + " " + l.Event.Type.String()
	}
	return l.Kind.String()
}

func withoutKind(all bool) func(*rand.Rand, *Run, []Line) []Line {
	return func(rng *rand.Rand, r *Run, lines []Line) []Line {
		node := pick(rng, r.Config.IDs...)
		var kinds []string
		for _, l := range lines {
			if k := kindOf(l); (all || l.Node == node) && !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
		if len(kinds) == 0 {
			return lines
		}
		kind := pick(rng, kinds...)
		return slices.DeleteFunc(lines, func(l Line) bool { return (all || l.Node == node) && kindOf(l) == kind })
	}
}

// trouble reports whether applications print the kind as a warning or an error.
func trouble(k raftdiag.Kind) bool {
	switch k {
	case raftdiag.SendFailed, raftdiag.StepFailed, raftdiag.StorageFailed, raftdiag.ApplyFailed, raftdiag.Panicked,
		raftdiag.ProposalDropped, raftdiag.ProposalTimedOut, raftdiag.Slow, raftdiag.Misconfigured, raftdiag.Booted, raftdiag.Stopped:
		return true
	}
	return false
}

// of lists the places of a node's lines.
func of(lines []Line, node uint64) (list []int) {
	for i, l := range lines {
		if l.Node == node {
			list = append(list, i)
		}
	}
	return list
}

// strike takes out the lines at the places.
func strike(lines []Line, places []int) []Line {
	gone := make(map[int]bool, len(places))
	for _, i := range places {
		gone[i] = true
	}
	i := -1
	return slices.DeleteFunc(lines, func(Line) bool { i++; return gone[i] })
}

func window(rng *rand.Rand, r *Run, lines []Line) []Line {
	mine := of(lines, pick(rng, r.Config.IDs...))
	if len(mine) < 10 {
		return lines
	}
	n := len(mine) / (4 + rng.IntN(8))
	at := rng.IntN(len(mine) - n)
	return strike(lines, mine[at:at+n])
}

func ends(head bool) func(*rand.Rand, *Run, []Line) []Line {
	return func(rng *rand.Rand, r *Run, lines []Line) []Line {
		mine := of(lines, pick(rng, r.Config.IDs...))
		n := len(mine) * (10 + rng.IntN(60)) / 100
		if head {
			return strike(lines, mine[:n])
		}
		return strike(lines, mine[len(mine)-n:])
	}
}

func twice(rng *rand.Rand, _ *Run, lines []Line) []Line {
	var out []Line
	for _, l := range lines {
		out = append(out, l)
		if l.Number > 0 && rng.IntN(10) == 0 {
			out = append(out, l)
		}
	}
	return out
}

// oneStream lays all lines into one file in which something names who wrote
// each.
func oneStream(rng *rand.Rand, l Look) Look {
	if l.Layout == "files" {
		l.Layout = pick(rng, "compose", "pods")
	}
	return l
}

// shuffled brings the lines in as a collector does. It reads a piece of one
// node's log, then of another's, and is now and then late with one: each
// node's lines stay in order, and the nodes' among each other do not.
func shuffled(rng *rand.Rand, r *Run, lines []Line) []Line {
	reach := int(between(rng, 4, 400)) // lines by which a piece may be late
	due := make([]int, len(lines))
	for _, id := range r.Config.IDs {
		late, left := 0, 0
		for _, i := range of(lines, id) {
			if left--; left < 0 {
				late, left = rng.IntN(reach), rng.IntN(1+reach/4)
			}
			due[i] = i + late
		}
		at := 0
		for _, i := range of(lines, id) {
			at = max(at, due[i])
			due[i] = at
		}
	}
	return byDue(lines, due)
}

// swapped lets lines of one node change places within a few of its lines, if
// they are of one moment: a store that sorts by stamps of milliseconds does not
// keep the order of those that are equal.
func swapped(rng *rand.Rand, r *Run, lines []Line) []Line {
	due := make([]int, len(lines))
	for _, id := range r.Config.IDs {
		mine := of(lines, id)
		for from := 0; from < len(mine); {
			to := from + 1
			for to < len(mine) && to < from+4 && lines[mine[to]].Event.Time.Time().Sub(lines[mine[from]].Event.Time.Time()) < time.Millisecond {
				to++
			}
			order := make([]int, to-from)
			for k := range order {
				order[k] = k
			}
			if rng.IntN(4) == 0 {
				rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			for k, o := range order {
				due[mine[from+k]] = mine[from+o]
			}
			from = to
		}
	}
	return byDue(lines, due)
}

// byDue sorts the lines by when they are due.
func byDue(lines []Line, due []int) []Line {
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(due[i], due[j]) })
	out := make([]Line, len(lines))
	for k, i := range order {
		out[k] = lines[i]
	}
	return out
}

// warp bends each node's time: it stays strictly increasing.
func warp(rng *rand.Rand, r *Run, said []Word) []Word {
	type bend struct {
		offset time.Duration
		pace   []float64
	}
	bends := map[uint64]bend{}
	for _, id := range r.Config.IDs {
		b := bend{offset: time.Duration(rng.Int64N(int64(20*time.Hour))) - 10*time.Hour}
		for range 8 {
			b.pace = append(b.pace, between(rng, 0.05, 20))
		}
		bends[id] = b
	}
	piece := r.Config.Duration/8 + 1
	last, shown := map[uint64]time.Time{}, map[uint64]time.Time{}
	for i := range said {
		w := &said[i]
		b := bends[w.Node]
		at := w.Time.Time()
		if was, ok := last[w.Node]; ok {
			k := int(at.Sub(r.Truth.Start)/piece) % len(b.pace)
			shown[w.Node] = shown[w.Node].Add(max(times(at.Sub(was), b.pace[max(k, 0)]), time.Microsecond))
		} else {
			shown[w.Node] = at.Add(b.offset)
		}
		last[w.Node] = at
		w.Time = raftdiag.Stamp(shown[w.Node].UnixNano())
	}
	return said
}

func rotate(rng *rand.Rand, _ *Run, files []File) []File {
	var out []File
	for _, f := range files {
		n := 2 + rng.IntN(3)
		for k := range n {
			piece := File{Name: f.Name, Lines: f.Lines[len(f.Lines)*k/n : len(f.Lines)*(k+1)/n]}
			if k < n-1 { // app.log.2 is older than app.log.1, and app.log is the newest
				piece.Name += "." + strconv.Itoa(n-1-k)
			}
			out = append(out, piece)
		}
	}
	return out
}
