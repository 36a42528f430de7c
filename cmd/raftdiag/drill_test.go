package main_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/internal/drill"
)

// A grade is what became of one drill.
type grade int

const (
	right   grade = iota
	cause         // the right point under a wrong name of its cause
	unknown       // undecided, or a fault that was not seen
	missed        // called healthy
	wrong         // something confirmed that is not so
)

var gradeNames = []string{"right", "cause", "unknown", "missed", "wrong"}

// TestDrills grades the command on logs of staged faults. A wrong confirmed
// verdict fails. RAFTDIAG_DRILLS=first-last sets the seeds (by default 1-4),
// RAFTDIAG_DRILL=name one fault, RAFTDIAG_STYLE=text, odd or
// events one style, RAFTDIAG_KEEP=dir keeps the logs of what went wrong.
func TestDrills(t *testing.T) {
	first, last := seeds(t)
	for _, style := range []drill.Style{drill.Text, drill.Odd, drill.Events} {
		if only := os.Getenv("RAFTDIAG_STYLE"); only == "" || only == style.String() {
			t.Run(style.String(), func(t *testing.T) { drills(t, style, first, last) })
		}
	}
}

func drills(t *testing.T, style drill.Style, first, last uint64) {
	type job struct {
		fault drill.Fault
		seed  uint64
	}
	var mu sync.Mutex
	table := map[string]*[5]int{}
	one := map[string]*[5]int{} // graded without a log, or a part of one
	jobs := make(chan job)
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			for j := range jobs {
				files, expected := j.fault.RunAs(style, j.seed)
				j.fault = expected
				d, g, why := grades(t, j.fault, files, files[0].Blind)
				mu.Lock()
				table[j.fault.Name][g]++
				mu.Unlock()
				tell(t, j.fault, j.seed, "", files, d, g, why)
				if len(files) < 2 {
					continue
				}
				k := int(j.seed) % len(files)
				for what, some := range map[string][]drill.File{
					" with " + files[k].Name + " alone":           files[k : k+1],
					" without " + files[k].Name:                   slices.Delete(slices.Clone(files), k, k+1),
					" with the tail of " + files[k].Name + " cut": cut(files, k, 0, 3+int(j.seed)%6),
					" with the head of " + files[k].Name + " cut": cut(files, k, 1+int(j.seed)%6, 10),
				} {
					d, g, why = grades(t, j.fault, some, true)
					mu.Lock()
					one[j.fault.Name][g]++
					mu.Unlock()
					tell(t, j.fault, j.seed, what, some, d, g, why)
				}
			}
		})
	}
	for _, f := range drill.Faults() {
		if only := os.Getenv("RAFTDIAG_DRILL"); only != "" && only != f.Name {
			continue
		}
		table[f.Name], one[f.Name] = &[5]int{}, &[5]int{}
		for seed := first; seed <= last; seed++ {
			jobs <- job{f, seed}
		}
	}
	close(jobs)
	wait.Wait()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-20s %s   part of the logs: %s", "fault", strings.Join(gradeNames, " "), strings.Join(gradeNames, " "))
	row := func(name string, x, y [5]int) {
		fmt.Fprintf(&b, "\n%-20s %5d %5d %7d %6d %5d                  %5d %5d %7d %6d %5d", name, x[0], x[1], x[2], x[3], x[4], y[0], y[1], y[2], y[3], y[4])
	}
	var sum, sumOne [5]int
	for _, f := range drill.Faults() {
		if table[f.Name] == nil {
			continue
		}
		row(f.Name, *table[f.Name], *one[f.Name])
		for i := range sum {
			sum[i] += table[f.Name][i]
			sumOne[i] += one[f.Name][i]
		}
	}
	row("all", sum, sumOne)
	t.Log(b.String())
	if n := sum[right] + sum[cause] + sum[unknown] + sum[missed] + sum[wrong]; n >= 100 && (sum[right]+sum[cause])*10 < n*9 {
		t.Errorf("the point is right in %d of %d drills: below nine of ten", sum[right]+sum[cause], n)
	}
}

func seeds(t *testing.T) (first, last uint64) {
	first, last = 1, 4
	if s := os.Getenv("RAFTDIAG_DRILLS"); s != "" {
		if _, err := fmt.Sscanf(s, "%d-%d", &first, &last); err != nil {
			t.Fatalf("RAFTDIAG_DRILLS: %v (hint: 1-100)", err)
		}
	}
	return first, last
}

// Two groups share their nodes and logs: a fault in one, something harmless in
// the other. Each is diagnosed as if it were alone (promise 4).
func TestDrillPairs(t *testing.T) {
	first, last := seeds(t)
	byName := map[string]drill.Fault{}
	for _, f := range drill.Faults() {
		byName[f.Name] = f
	}
	for seed := first; seed <= last; seed++ {
		for i, name := range []string{"appends-lost", "answers-lost", "mute", "swallowed", "rejected", "stale-answers", "commit-frozen", "apply-blocked", "mixed-3", "mixed-3-heard"} {
			calm := []string{"healthy", "follower-cut-off", "reordered", "lossy", "transfer"}[(int(seed)+i)%5]
			f, g := byName[name], byName[calm]
			files, groups := drill.RunPair(f, g, seed)
			d := analyze(t, stow(t, files), nil, names(files)...)
			if d.report == nil || len(d.report.Groups) != 2 {
				t.Errorf("%s beside %s, seed %d: %s", name, calm, seed, sketch(d))
				continue
			}
			for k, fault := range []drill.Fault{f, g} {
				one := diagnosis{exit: d.exit, report: &raftdiag.Report{}}
				for _, group := range d.report.Groups {
					if group.Group == groups[k] {
						one.report.Verdict, one.report.Groups = &group.Verdict, []raftdiag.Group{group}
					}
				}
				if graded, why := judged(fault, one, false); graded == wrong {
					t.Errorf("%s beside %s, seed %d: %s: %s\n%s", name, calm, seed, fault.Name, why, sketch(d))
				} else if graded != right {
					t.Logf("%s beside %s, seed %d: %s: %s %s", name, calm, seed, fault.Name, gradeNames[graded], why)
				}
			}
		}
	}
}

func tell(t *testing.T, f drill.Fault, seed uint64, what string, files []drill.File, d diagnosis, g grade, why string) {
	if g == wrong {
		t.Errorf("%s %d%s: %s\n%s", f.Name, seed, what, why, sketch(d))
	} else if testing.Verbose() && g != right && what == "" {
		t.Logf("%s %d%s: %s: %s\n%s", f.Name, seed, what, gradeNames[g], why, sketch(d))
	}
	if dir := os.Getenv("RAFTDIAG_KEEP"); dir != "" && g != right {
		for _, file := range files {
			path := filepath.Join(dir, f.Name+"-"+strconv.FormatUint(seed, 10)+strings.ReplaceAll(strings.ReplaceAll(what, " ", "_"), "/", "-"), filepath.FromSlash(file.Name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, file.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// grades runs the command on files. With part, they are not all logs that there
// are, or nothing says who wrote a line: then a fault may stay undecided.
func grades(t *testing.T, f drill.Fault, files []drill.File, part bool) (diagnosis, grade, string) {
	d := analyze(t, stow(t, files), nil, names(files)...)
	g, why := judged(f, d, part)
	return d, g, why
}

// cut keeps the tenths from a to b of one file's lines.
func cut(files []drill.File, k, a, b int) []drill.File {
	files = slices.Clone(files)
	lines := bytes.SplitAfter(files[k].Data, []byte("\n"))
	files[k].Data = bytes.Join(lines[len(lines)*a/10:len(lines)*b/10], nil)
	return files
}

// stow writes files to a directory of their own.
func stow(t *testing.T, files []drill.File) string {
	dir := t.TempDir()
	for _, file := range files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(files []drill.File) (list []string) {
	for _, file := range files {
		list = append(list, file.Name)
	}
	return list
}

// judged holds a diagnosis against what is expected of the fault.
func judged(f drill.Fault, d diagnosis, part bool) (grade, string) {
	if d.report == nil || d.report.Verdict == nil {
		return wrong, "no verdict"
	}
	verdict := string(*d.report.Verdict)
	may := slices.Concat(f.Points, f.Also)
	gates := map[string]bool{}
	named, must := false, f.Must == ""
	why := "no confirmed point"
	causesRight := len(f.Causes) == 0
	open := ""
	for _, g := range d.report.Groups {
		for _, e := range costly(&g) {
			if f.Heals && !part && e.EndAt == nil {
				open = "an episode is open that ended"
			}
		}
		for _, v := range g.Violations {
			must = must || v.Name == f.Must
			if !slices.Contains(f.Violations, v.Name) {
				return wrong, "violation " + v.Name
			}
		}
		for name := range confirmedIn(diagnosis{report: &raftdiag.Report{Groups: []raftdiag.Group{g}}}) {
			name = strings.TrimPrefix(name, g.Group+" ")
			if !strings.HasPrefix(name, "!") && !slices.Contains(may, name) {
				return wrong, "confirmed " + name
			}
		}
		for _, e := range g.Episodes {
			if e.FailurePoint == nil || !slices.Contains(f.Points, *e.FailurePoint) {
				continue
			}
			gates[str(e.Gate)] = true
			if !named {
				named = true
				if len(e.Causes) > 0 && slices.Contains(f.Causes, e.Causes[0].Name) {
					causesRight = true
				} else {
					why = fmt.Sprintf("cause %s", causeNames(e.Causes))
				}
			}
		}
		for _, h := range g.Hypotheses { // a fault without a stuck entry
			if !named && h.Verdict == raftdiag.Confirmed && slices.Contains(f.Points, h.Name) && len(g.Episodes) == 0 {
				named, causesRight = true, true
			}
		}
	}
	if f.Gate != "" && named && *d.report.Verdict == raftdiag.Fault && !gates[f.Gate] {
		return wrong, fmt.Sprintf("gate %v instead of %s", keys(gates), f.Gate)
	}
	switch {
	case verdict == "unsafe" && !slices.Contains(f.Verdicts, verdict):
		return wrong, "unsafe"
	case len(f.Points) == 0 && f.Must == "":
		if slices.Contains(f.Verdicts, verdict) || part && verdict == "undecided" {
			return right, ""
		}
		if verdict == "fault" {
			return wrong, "fault"
		}
		return unknown, verdict
	case named && must && causesRight && open != "":
		return cause, open
	case named && must && causesRight:
		return right, ""
	case f.Must != "" && must:
		return right, ""
	case named && must:
		return cause, why
	case verdict == "undecided" && (f.Unknown || part):
		return right, ""
	case verdict == "undecided" || verdict == "fault":
		return unknown, why
	case part || f.Unknown && slices.Contains(f.Verdicts, verdict):
		return right, ""
	}
	return missed, verdict
}

func causeNames(list []raftdiag.Cause) string {
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}
