package lab

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Tally is the sum of many marks.
type Tally struct {
	Marks []*Mark `json:"marks"`
	Runs  int     `json:"runs"` // plans that were run
	// Moot counts, by case, the faults without impact; Faults all of them.
	Moot   map[string]int `json:"moot"`
	Faults map[string]int `json:"faults"`
}

// Add takes the marks of one run.
func (t *Tally) Add(r *Run, marks []*Mark) {
	if t.Moot == nil {
		t.Moot, t.Faults = map[string]int{}, map[string]int{}
	}
	t.Runs++
	if !Harmless(r.Case) {
		t.Faults[r.Case.Name]++
		if r.Impact == NoImpact {
			t.Moot[r.Case.Name]++
		}
	}
	t.Marks = append(t.Marks, marks...)
}

// Sort puts the marks in order, whatever order they came in.
func (t *Tally) Sort() {
	slices.SortFunc(t.Marks, func(a, b *Mark) int {
		return cmp.Or(cmp.Compare(a.Tool, b.Tool), cmp.Compare(a.Damage, b.Damage), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Seed, b.Seed))
	})
}

// A Score is how some marks went.
type Score struct {
	N       int `json:"n"`
	Right   int `json:"right"` // the point, and a right cause first
	Near    int `json:"near"`  // the point, and another cause first
	Unknown int `json:"unknown"`
	Missed  int `json:"missed"`
	Wrong   int `json:"wrong"`
	Rank3   int `json:"rank3"`  // the right point confirmed, or among the first three suspects
	Cause3  int `json:"cause3"` // a right cause among the first three
	Alike3  int `json:"alike3"` // the same, up to causes that no log can tell apart
	Asks    int `json:"asks"`   // of the unknown, those that say what would decide
}

func (s *Score) add(m *Mark) {
	s.N++
	switch m.Grade {
	case Right:
		s.Right++
	case Near:
		s.Near++
	case Unknown:
		s.Unknown++
		if m.Ask {
			s.Asks++
		}
	case Missed:
		s.Missed++
	case Wrong:
		s.Wrong++
	}
	if m.Rank > 0 || m.Grade == Right || m.Grade == Near {
		s.Rank3++
	}
	if m.CauseOK {
		s.Cause3++
	}
	if m.AlikeOK {
		s.Alike3++
	}
}

// Small sums the undamaged runs up: those with an impact, how many of them have
// the right point, how many confirm what is not so; the calm ones, and how many
// of them raise a false alarm.
func (t *Tally) Small() [5]int {
	is := func(m *Mark) bool { return m.Tool == "raftdiag" && m.Damage == "none" && develops(m) }
	s := t.score(func(m *Mark) bool { return is(m) && hurt(m) })
	c := t.score(func(m *Mark) bool { return is(m) && m.Calm })
	return [5]int{s.N, s.Point(), s.Wrong, c.N, c.Wrong}
}

// Point is how many have the right failure point.
func (s *Score) Point() int { return s.Right + s.Near }

// score sums the marks that are wanted.
func (t *Tally) score(want func(m *Mark) bool) *Score {
	s := &Score{}
	for _, m := range t.Marks {
		if want(m) {
			s.add(m)
		}
	}
	return s
}

// develops reports whether the mark is of those that mending may look at.
func develops(m *Mark) bool { return !HeldOut(m.Case) && m.Seed < HeldOutSeeds }

func share(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// A Table is a part of a report.
type Table struct {
	Title string
	Note  string
	Head  []string
	Rows  [][]string
}

func (t *Table) row(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.Rows = append(t.Rows, row)
}

// keys are the values of one aspect of the marks, in order.
func (t *Tally) keys(of func(m *Mark) string) []string {
	set := map[string]bool{}
	for _, m := range t.Marks {
		set[of(m)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func (t *Tally) damages() []string {
	var list []string
	have := t.keys(func(m *Mark) string { return m.Damage })
	for _, d := range Damages() {
		if slices.Contains(have, d.Name) {
			list = append(list, d.Name)
		}
	}
	return list
}

// Tables are the report.
func (t *Tally) Tables() []Table {
	t.Sort()
	var list []Table
	list = append(list, t.tools(), t.calm(), t.heldOut(), t.byDamage(), t.curve(), t.oneLog(), t.library(), t.points(), t.confusion(), t.messages(), t.evidence(), t.calibration(), t.byCase(), t.moot())
	return slices.DeleteFunc(list, func(x Table) bool { return len(x.Rows) == 0 })
}

func hurt(m *Mark) bool { return !m.Calm }

func (t *Tally) tools() Table {
	x := Table{Title: "Undamaged logs of all nodes",
		Note: "Runs whose fault had an impact on the left; on the right, false alarms (a fault or an impossible state reported, or anything confirmed) per 1,000 runs that are healthy, harmless or without impact. The cause within 3 is up to the classes of causes that no log can tell apart (raftdiag explain limits), or by its name.",
		Head: []string{"", "runs", "point first", "of those decided", "point within 3", "cause within 3", "by its name", "unknown", "missed", "wrong confirmed", "calm runs", "alarms per 1,000"}}
	tools := []string{"raftdiag"}
	for _, b := range Baselines() {
		tools = append(tools, b.Name)
	}
	for _, tool := range tools {
		is := func(m *Mark) bool { return m.Tool == tool && m.Damage == "none" && develops(m) }
		s := t.score(func(m *Mark) bool { return is(m) && hurt(m) })
		c := t.score(func(m *Mark) bool { return is(m) && m.Calm })
		if s.N+c.N == 0 {
			continue
		}
		x.row(tool, s.N, share(s.Point(), s.N), share(s.Point(), s.N-s.Unknown), share(s.Rank3, s.N), share(s.Alike3, s.N), share(s.Cause3, s.N), share(s.Unknown, s.N), share(s.Missed, s.N), s.Wrong, c.N, perThousand(c.Wrong, c.N))
	}
	return x
}

// calm sums up the runs in which nothing must be blamed.
func (t *Tally) calm() Table {
	x := Table{Title: "Healthy and distractor runs", Note: "Runs in which nothing must be blamed, and in how many of them a fault or an impossible state was reported, or anything confirmed.",
		Head: []string{"", "undamaged", "false alarms", "undecided", "damaged", "false alarms", "per 1,000"}}
	calm := map[string]bool{}
	for _, c := range Cases() {
		calm[c.Name] = Harmless(c)
	}
	row := func(name string, of func(m *Mark) bool) {
		is := func(m *Mark) bool { return m.Tool == "raftdiag" && m.Calm && develops(m) && of(m) }
		whole := t.score(func(m *Mark) bool { return is(m) && m.Damage == "none" })
		part := t.score(func(m *Mark) bool { return is(m) && m.Damage != "none" })
		if whole.N+part.N > 0 {
			x.row(name, whole.N, whole.Wrong, whole.Unknown, part.N, part.Wrong, perThousand(part.Wrong, part.N))
		}
	}
	row("healthy", func(m *Mark) bool { return m.Case == "healthy" })
	row("distractors", func(m *Mark) bool { return m.Case != "healthy" && calm[m.Case] })
	row("faults without impact", func(m *Mark) bool { return !calm[m.Case] })
	row("all", func(*Mark) bool { return true })
	return x
}

func perThousand(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 1000*float64(n)/float64(of))
}

func (t *Tally) heldOut() Table {
	x := Table{Title: "Held out", Note: "Cases and seeds that nobody looked at while mending.",
		Head: []string{"", "runs", "point first", "cause within 3", "by its name", "unknown", "missed", "wrong confirmed"}}
	add := func(name string, want func(m *Mark) bool) {
		s := t.score(func(m *Mark) bool { return m.Tool == "raftdiag" && m.Damage == "none" && want(m) })
		if s.N > 0 {
			x.row(name, s.N, share(s.Point(), s.N), share(s.Alike3, s.N), share(s.Cause3, s.N), share(s.Unknown, s.N), share(s.Missed, s.N), s.Wrong)
		}
	}
	for _, name := range t.keys(func(m *Mark) string { return m.Case }) {
		if HeldOut(name) {
			add(name, func(m *Mark) bool { return m.Case == name && hurt(m) })
		}
	}
	add("seeds, with impact", func(m *Mark) bool { return m.Seed >= HeldOutSeeds && !HeldOut(m.Case) && hurt(m) })
	add("seeds, calm", func(m *Mark) bool { return m.Seed >= HeldOutSeeds && !HeldOut(m.Case) && m.Calm })
	return x
}

func (t *Tally) byDamage() Table {
	x := Table{Title: "Damaged logs", Note: "Runs with an impact; of the unknown, how many say what would decide; then the runs that are calm.",
		Head: []string{"damage", "runs", "right", "near", "unknown", "that ask", "missed", "wrong confirmed", "calm runs", "wrong"}}
	for _, d := range t.damages() {
		is := func(m *Mark) bool { return m.Tool == "raftdiag" && m.Damage == d && develops(m) }
		s := t.score(func(m *Mark) bool { return is(m) && hurt(m) })
		c := t.score(func(m *Mark) bool { return is(m) && m.Calm })
		x.row(d, s.N, share(s.Right, s.N), share(s.Near, s.N), share(s.Unknown, s.N), share(s.Asks, s.Unknown), share(s.Missed, s.N), share(s.Wrong, s.N), c.N, c.Wrong)
	}
	return x
}

// curve shows how diagnoses fare as more lines are lost.
func (t *Tally) curve() Table {
	x := Table{Title: "Degradation", Note: "Runs with an impact, by the share of lines that are lost by chance; the last row counts the false alarms of calm runs.", Head: []string{"lines lost"}}
	var columns []string
	for _, d := range t.damages() {
		if share, ok := strings.CutPrefix(d, "drop"); ok {
			x.Head, columns = append(x.Head, share+" %"), append(columns, d)
		} else if d == "none" {
			x.Head, columns = append(x.Head, "none"), append(columns, d)
		}
	}
	if len(columns) < 2 {
		return x
	}
	row := func(name string, calm bool, of func(s *Score) string) {
		cells := []any{name}
		for _, d := range columns {
			cells = append(cells, of(t.score(func(m *Mark) bool {
				return m.Tool == "raftdiag" && m.Damage == d && m.Calm == calm && develops(m)
			})))
		}
		x.row(cells...)
	}
	row("point right", false, func(s *Score) string { return share(s.Point(), s.N) })
	row("right or honestly unknown", false, func(s *Score) string { return share(s.Point()+s.Unknown, s.N) })
	row("wrong confirmed", false, func(s *Score) string { return share(s.Wrong, s.N) })
	row("runs", false, func(s *Score) string { return fmt.Sprint(s.N) })
	row("false alarms of calm runs", true, func(s *Score) string { return share(s.Wrong, s.N) })
	return x
}

// library tells what can be said of logs in which only the Raft library speaks.
func (t *Tally) library() Table {
	x := Table{Title: "The library's own logger", Note: "The logs hold what go.etcd.io/raft prints through its logger, and a few lines of the application: no messages, no progress, no commits. " +
		"By the failure point of the case. Undecided: a stall is told and its point is not. Quiet: nothing of the fault is in these lines, or it is told as something that cost no write. Neither is counted as wrong.",
		Head: []string{"failure point", "runs", "right", "near", "undecided", "quiet", "wrong confirmed"}}
	row := func(name string, want func(m *Mark) bool) {
		is := func(m *Mark) bool { return m.Tool == "raftdiag" && m.Damage == "library" && develops(m) && want(m) }
		s := t.score(is)
		undecided := t.score(func(m *Mark) bool { return is(m) && m.Grade == Unknown && m.Verdict == "undecided" })
		if s.N > 0 {
			x.row(name, s.N, share(s.Right, s.N), share(s.Near, s.N), share(undecided.N, s.N), share(s.Unknown-undecided.N, s.N), s.Wrong)
		}
	}
	for _, p := range pointNames {
		row(p, func(m *Mark) bool { return m.Expect == p })
	}
	row("elsewhere", func(m *Mark) bool { return m.Expect == "" && !m.Calm })
	row("calm", func(m *Mark) bool { return m.Calm })
	return x
}

// oneLog shows whether what a report asks for decides: the same run with all
// logs is there to see.
func (t *Tally) oneLog() Table {
	x := Table{Title: "One log missing", Note: "Runs with an impact. Open: neither right nor wrong. Of those, the ones whose report asks for something, for a log, for a log that is missing; and of the last, how many the logs of all nodes decide. " +
		"Quiet: the logs that are left show a cluster at work, and the report says whose log it has not seen.",
		Head: []string{"damage", "runs", "decided", "wrong confirmed", "open", "that ask", "for a log", "for a missing one", "decided when it is given", "quiet", "that name the log", "decided when it is given"}}
	type run struct {
		name string
		seed uint64
	}
	whole := map[run]*Mark{}
	for _, m := range t.Marks {
		if m.Tool == "raftdiag" && m.Damage == "none" {
			whole[run{m.Case, m.Seed}] = m
		}
	}
	decided := func(m *Mark) bool { return m.Grade == Right || m.Grade == Near }
	for _, d := range []string{"no-leader-log", "no-follower-log", "one-log"} {
		var runs, right, wrong, open, ask, log, gone, given, quiet, named, namedGiven int
		for _, m := range t.Marks {
			full := whole[run{m.Case, m.Seed}]
			if m.Tool != "raftdiag" || m.Damage != d || m.Calm || m.Gone == 0 || full == nil || !develops(m) {
				continue
			}
			runs++
			count := func(n *int, is bool) {
				if is {
					*n++
				}
			}
			switch {
			case decided(m):
				right++
			case m.Grade == Wrong:
				wrong++
			case slices.Contains([]string{"healthy", "degraded"}, m.Verdict) && !m.Ask:
				quiet++
				count(&named, m.Lacks)
				count(&namedGiven, m.Lacks && decided(full))
			default:
				open++
				count(&ask, m.Ask)
				count(&log, m.AskLog)
				count(&gone, m.AskGone)
				count(&given, m.AskGone && decided(full))
			}
		}
		if runs > 0 {
			x.row(d, runs, share(right, runs), share(wrong, runs), open, ask, log, gone, share(given, gone), quiet, named, share(namedGiven, named))
		}
	}
	return x
}

var pointNames = []string{"no-leader", "proposal-dropped", "no-broadcast", "no-delivery", "no-response", "no-quorum", "no-commit-advance", "apply-stalled"}

func (t *Tally) points() Table {
	x := Table{Title: "By hypothesis", Note: "Undamaged logs. Precision: of the runs in which it was confirmed, those in which it may be so. Recall: of the runs of its cases, those in which the right point was named.",
		Head: []string{"hypothesis", "confirmed", "precision", "runs", "recall"}}
	for _, p := range pointNames {
		said, so, runs, found := 0, 0, 0, 0
		for _, m := range t.Marks {
			if m.Tool != "raftdiag" || m.Damage != "none" || !develops(m) {
				continue
			}
			if slices.Contains(m.Points, p) {
				said++
				if m.Grade != Wrong {
					so++
				}
			}
			if m.Expect == p {
				runs++
				if m.Grade == Right || m.Grade == Near {
					found++
				}
			}
		}
		if said+runs > 0 {
			x.row(p, said, share(so, said), runs, share(found, runs))
		}
	}
	return x
}

func (t *Tally) confusion() Table {
	x := Table{Title: "Confusion", Note: "Undamaged logs: the case's failure point by row, the first one that was confirmed by column.", Head: append([]string{""}, append(slices.Clone(pointNames), "none")...)}
	for _, p := range append(slices.Clone(pointNames), "") {
		counts := map[string]int{}
		n := 0
		for _, m := range t.Marks {
			if m.Tool == "raftdiag" && m.Damage == "none" && m.Expect == p && develops(m) {
				counts[m.Point]++
				n++
			}
		}
		if n == 0 {
			continue
		}
		cells := []any{cmp.Or(p, "none")}
		for _, q := range append(slices.Clone(pointNames), "") {
			cells = append(cells, counts[q])
		}
		x.row(cells...)
	}
	return x
}

func (t *Tally) messages() Table {
	x := Table{Title: "Messages and clocks", Note: "Sends paired with their receives, of those whose lines are both there, in every fifth seed; and the intervals of clock offsets that hold the truth.",
		Head: []string{"damage", "pairs", "recall", "precision", "clock intervals", "that hold the truth"}}
	for _, d := range t.damages() {
		var pairs, mine, right, clocks, covered int
		for _, m := range t.Marks {
			if m.Tool == "raftdiag" && m.Damage == d && develops(m) {
				pairs, mine, right, clocks, covered = pairs+m.Pairs, mine+m.Mine, right+m.Paired, clocks+m.Clocks, covered+m.Covered
			}
		}
		x.row(d, pairs, share(right, pairs), share(right, mine), clocks, share(covered, clocks))
	}
	return x
}

// evidence sums up how few lines are enough.
func (t *Tally) evidence() Table {
	x := Table{Title: "Minimal evidence", Note: "Undamaged runs whose verdict is neither healthy nor missing: what --evidence-out writes, analysed alone.",
		Head: []string{"runs", "same verdict", "median lines", "nine of ten have at most", "most lines", "median share of all lines"}}
	var sizes []int
	var shares []float64
	same := 0
	for _, m := range t.Marks {
		if m.Few == nil || !develops(m) {
			continue
		}
		if m.Few.Same {
			same++
		}
		sizes, shares = append(sizes, m.Few.Lines), append(shares, float64(m.Few.Lines)/float64(max(m.Few.Of, 1)))
	}
	if n := len(sizes); n > 0 {
		slices.Sort(sizes)
		slices.Sort(shares)
		x.row(n, share(same, n), sizes[n/2], sizes[n*9/10], sizes[n-1], fmt.Sprintf("%.1f %%", 100*shares[n/2]))
	}
	return x
}

func (t *Tally) calibration() Table {
	x := Table{Title: "Calibration", Note: "How often what was said is so: a confirmed point, and the first suspect of an undecided run by its score. All damages.",
		Head: []string{"said", "runs", "so"}}
	type bin struct{ n, so int }
	bins := map[string]*bin{}
	order := []string{"confirmed", "suspect 0.8 to 1", "suspect 0.6 to 0.8", "suspect 0.4 to 0.6", "suspect 0.2 to 0.4", "suspect below 0.2"}
	for _, k := range order {
		bins[k] = &bin{}
	}
	for _, m := range t.Marks {
		if m.Tool != "raftdiag" || !develops(m) {
			continue
		}
		switch {
		case m.Certain:
			b := bins["confirmed"]
			b.n++
			if m.Grade != Wrong {
				b.so++
			}
		case m.First != "" && m.Expect != "":
			b := bins[order[1+min(4, int((1-m.Score)*5))]]
			b.n++
			if m.Rank == 1 {
				b.so++
			}
		}
	}
	for _, k := range order {
		if b := bins[k]; b.n > 0 {
			x.row(k, b.n, share(b.so, b.n))
		}
	}
	return x
}

func (t *Tally) byCase() Table {
	x := Table{Title: "By case", Note: "Undamaged logs. Runs without impact count as healthy.", Head: []string{"case", "runs", "right", "near", "unknown", "missed", "wrong"}}
	for _, name := range t.keys(func(m *Mark) string { return m.Case }) {
		s := t.score(func(m *Mark) bool {
			return m.Tool == "raftdiag" && m.Damage == "none" && m.Case == name && develops(m)
		})
		if s.N > 0 {
			x.row(name, s.N, s.Right, s.Near, s.Unknown, s.Missed, s.Wrong)
		}
	}
	return x
}

func (t *Tally) moot() Table {
	x := Table{Title: "Faults without impact", Note: "By comparison with the same run without the fault; they are graded as healthy.", Head: []string{"case", "runs", "without impact"}}
	all, moot := 0, 0
	for _, n := range t.Faults {
		all += n
	}
	for _, name := range slices.Sorted(maps.Keys(t.Moot)) {
		moot += t.Moot[name]
		x.row(name, t.Faults[name], share(t.Moot[name], t.Faults[name]))
	}
	if all > 0 {
		x.row("all", all, share(moot, all))
	}
	return x
}

// Text renders the tables for a terminal.
func Text(list []Table) string {
	var b strings.Builder
	for i, t := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", strings.ToUpper(t.Title))
		widths := make([]int, len(t.Head))
		for _, row := range append([][]string{t.Head}, t.Rows...) {
			for i, c := range row {
				widths[i] = max(widths[i], len(c))
			}
		}
		for _, row := range append([][]string{t.Head}, t.Rows...) {
			var line strings.Builder
			for i, c := range row {
				if i == 0 {
					fmt.Fprintf(&line, "%-*s", widths[i], c)
				} else {
					fmt.Fprintf(&line, "  %*s", widths[i], c)
				}
			}
			b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
	}
	return b.String()
}

// Markdown renders the tables for a document.
func Markdown(list []Table) string {
	var b strings.Builder
	for _, t := range list {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", t.Title, t.Note)
		fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(t.Head, " | "), " --- |"+strings.Repeat(" ---: |", len(t.Head)-1))
		for _, row := range t.Rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	return b.String()
}
