package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A grade is how a report does against the truth.
type grade int

const (
	right      grade = iota // the first cause is true; or a healthy run is called so
	within3                 // a true cause is among the first three
	silent                  // no cause is named and none is confirmed
	other                   // causes are named, none of the first three is true
	confirmed               // something untrue is confirmed
	falseAlarm              // a healthy run is called anything but that
	failed                  // no report
)

func (g grade) String() string {
	return [...]string{"right", "within 3", "unknown", "other cause", "WRONG CONFIRMED", "FALSE ALARM", "no report"}[g]
}

// The parts of raftdiag's report that are graded.
type (
	reportJSON struct {
		Verdict *string     `json:"verdict"`
		Groups  []groupJSON `json:"groups"`
	}
	groupJSON struct {
		Group      string        `json:"group"`
		Verdict    string        `json:"verdict"`
		Violations []causeJSON   `json:"violations"`
		Episodes   []episodeJSON `json:"episodes"`
	}
	episodeJSON struct {
		Start        *string     `json:"start"`
		Impact       string      `json:"impact"`
		FailurePoint *string     `json:"failure_point"`
		Causes       []causeJSON `json:"causes"`
	}
	causeJSON struct {
		Name    string   `json:"name"`
		Nodes   []string `json:"nodes"`
		Summary string   `json:"summary"`
	}
)

// A result is one recording, graded.
type result struct {
	name   string
	truth  *Truth
	grade  grade
	nodes  bool // the first true cause names the culprits
	why    string
	report *reportJSON
	causes []causeJSON
}

var severity = []string{"lost", "blocked", "slow", "none"}

// ranked are the causes of a report, the worst of its groups and episodes
// first, each name once.
func (r *reportJSON) ranked() (list []causeJSON) {
	verdicts := []string{"unsafe", "fault", "undecided", "degraded", "healthy"}
	groups := slices.Clone(r.Groups)
	slices.SortStableFunc(groups, func(a, b groupJSON) int {
		return slices.Index(verdicts, a.Verdict) - slices.Index(verdicts, b.Verdict)
	})
	seen := map[string]bool{}
	take := func(causes []causeJSON) {
		for _, c := range causes {
			if !seen[c.Name] {
				seen[c.Name] = true
				list = append(list, c)
			}
		}
	}
	for _, g := range groups {
		take(g.Violations)
		episodes := slices.Clone(g.Episodes)
		slices.SortStableFunc(episodes, func(a, b episodeJSON) int {
			return slices.Index(severity, a.Impact) - slices.Index(severity, b.Impact)
		})
		for _, e := range episodes {
			take(e.Causes)
		}
	}
	return list
}

// points are the failure points that a report confirms.
func (r *reportJSON) points() (list []string) {
	for _, g := range r.Groups {
		for _, e := range g.Episodes {
			if e.FailurePoint != nil && !slices.Contains(list, *e.FailurePoint) {
				list = append(list, *e.FailurePoint)
			}
		}
	}
	return list
}

// judge holds a report against the truth.
func judge(t *Truth, r *reportJSON) (res result) {
	res.truth, res.report = t, r
	res.causes = r.ranked()
	verdict := "null"
	if r.Verdict != nil {
		verdict = *r.Verdict
	}
	isTrue := func(c causeJSON) bool { return c.Name == t.Cause || slices.Contains(t.Also, c.Name) }
	if t.Healthy {
		res.grade, res.nodes = right, true
		var untrue []string
		for _, c := range res.causes {
			if !isTrue(c) {
				untrue = append(untrue, c.Name)
			}
		}
		switch {
		case verdict == "null":
			res.grade, res.why = failed, "no Raft event was read"
		case verdict != "healthy" && verdict != "degraded":
			res.grade, res.why = falseAlarm, "the verdict is "+verdict
		case len(untrue) > 0:
			res.grade, res.why = falseAlarm, "it names "+strings.Join(untrue, ", ")
		case verdict == "degraded" && len(res.causes) == 0:
			res.grade, res.why = falseAlarm, "it says degraded and not why"
		}
		return res
	}
	rank := slices.IndexFunc(res.causes, isTrue)
	if rank >= 0 {
		res.nodes = t.names(res.causes[rank].Nodes)
	}
	var untrue []string
	for _, p := range r.points() {
		if t.Impact == "none" && !t.Partial || !slices.Contains(t.Points, p) {
			untrue = append(untrue, p)
		}
	}
	switch {
	case verdict == "null":
		res.grade, res.why = failed, "no Raft event was read"
	case verdict == "unsafe":
		res.grade, res.why = confirmed, "the verdict is unsafe"
	case len(untrue) > 0:
		res.grade, res.why = confirmed, "it confirms "+strings.Join(untrue, ", ")+", and the impact was "+t.Impact
	case rank == 0:
		res.grade = right
	case rank > 0 && rank < 3:
		res.grade = within3
	case verdict == "fault" && len(res.causes) > 0:
		res.grade, res.why = confirmed, "a fault with none of its true causes among the first three"
	case len(res.causes) > 0:
		res.grade = other
	default:
		res.grade = silent
	}
	return res
}

// names says whether nodes, as raftdiag calls them, are among the culprits,
// and at least one is. Without known culprits all is well.
func (t *Truth) names(nodes []string) bool {
	if len(t.Nodes) == 0 {
		return true
	}
	hit := false
	for _, n := range nodes {
		if slices.ContainsFunc(t.Nodes, func(file string) bool { return t.isNode(file, n) }) {
			hit = true
		}
	}
	return hit
}

// isNode says whether n is a name for the node of that file.
func (t *Truth) isNode(file, n string) bool {
	m := t.Members[file]
	n = strings.ToLower(n)
	if n == file || n == strings.ToLower(m.Name) || n == m.ID || n == m.Address || strings.HasSuffix(m.Address, "//"+n) {
		return true
	}
	id, err := strconv.ParseUint(m.ID, 16, 64)
	return err == nil && n == strconv.FormatUint(id, 10)
}

func runCheck(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	binary := flags.String("raftdiag", "raftdiag", "the raftdiag `program`")
	verbose := flags.Bool("v", false, "say what was found in each")
	strict := flags.Bool("strict", false, "fail on wrong confirmed verdicts, false alarms and missing reports")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dirs := flags.Args()
	if len(dirs) == 0 {
		dirs = []string{"recordings"}
	}
	results, err := checkAll(ctx, *binary, dirs)
	if err != nil {
		return err
	}
	bad := print(os.Stdout, results, *verbose)
	if *strict && bad > 0 {
		return fmt.Errorf("%d recordings are wrong", bad)
	}
	return nil
}

// checkAll grades all recordings below dirs.
func checkAll(ctx context.Context, binary string, dirs []string) (results []result, err error) {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "truth.json" {
				return err
			}
			t, err := readTruth(path)
			if err != nil {
				return fmt.Errorf("read %s: %w", path, err)
			}
			r, err := analyze(ctx, binary, filepath.Dir(path))
			var res result
			if err != nil {
				res = result{truth: t, grade: failed, why: err.Error(), report: &reportJSON{}}
			} else {
				res = judge(t, r)
			}
			if res.name, err = filepath.Rel(dir, filepath.Dir(path)); err != nil || res.name == "." {
				res.name = filepath.Base(filepath.Dir(path))
			}
			results = append(results, res)
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("no truth.json below %s", strings.Join(dirs, ", "))
	}
	return results, nil
}

// analyze runs raftdiag on the logs of a recording.
func analyze(ctx context.Context, binary, dir string) (*reportJSON, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*.log*"))
	if err != nil || len(logs) == 0 {
		return nil, fmt.Errorf("no logs in %s", dir)
	}
	out, err := os.CreateTemp("", "report-*.json")
	if err != nil {
		return nil, err
	}
	out.Close()
	defer os.Remove(out.Name())
	args := []string{"analyze", "--quiet", "-o", "json=" + out.Name()}
	for _, log := range logs {
		args = append(args, filepath.Base(log))
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	message, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	data, err := os.ReadFile(out.Name())
	if err != nil {
		return nil, err
	}
	r := new(reportJSON)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("raftdiag wrote no report: %s", strings.TrimSpace(string(message)))
	}
	return r, nil
}

// print writes the table, and answers how many recordings are plainly wrong.
func print(w io.Writer, results []result, verbose bool) (bad int) {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "recording\ttrue cause\timpact\tverdict\tpoints\tcauses\tnodes\tgrade")
	faults, healthy := map[grade]int{}, map[grade]int{}
	nFaults, nHealthy, nodes, exact := 0, 0, 0, 0
	for _, r := range results {
		t := r.truth
		var causes []string
		for _, c := range r.causes[:min(3, len(r.causes))] {
			causes = append(causes, c.Name)
		}
		verdict := "null"
		if r.report.Verdict != nil {
			verdict = *r.report.Verdict
		}
		named := "-"
		if r.grade <= within3 && !t.Healthy {
			named = map[bool]string{true: "yes", false: "NO"}[r.nodes]
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.name, orDash(t.Cause), t.Impact, verdict,
			orDash(strings.Join(r.report.points(), " ")), orDash(strings.Join(causes, " ")), named, r.grade)
		if t.Healthy {
			nHealthy++
			healthy[r.grade]++
		} else {
			nFaults++
			faults[r.grade]++
			if r.grade <= within3 && r.nodes {
				nodes++
			}
			if r.grade == right && r.causes[0].Name == t.Cause {
				exact++
			}
		}
		if r.grade >= confirmed {
			bad++
		}
	}
	table.Flush()
	percent := func(n, of int) string {
		if of == 0 {
			return "-"
		}
		return fmt.Sprintf("%d of %d (%.0f %%)", n, of, 100*float64(n)/float64(of))
	}
	fmt.Fprintf(w, "\nfaults:  right at rank 1 %s, by the very name %d; within three %s, of these the culprits named %d\n", percent(faults[right], nFaults), exact, percent(faults[right]+faults[within3], nFaults), nodes)
	fmt.Fprintf(w, "         unknown %d, another cause %d, wrong confirmed %d, no report %d\n", faults[silent], faults[other], faults[confirmed], faults[failed])
	fmt.Fprintf(w, "healthy: quiet %s, false alarms %d, no report %d\n", percent(healthy[right], nHealthy), healthy[falseAlarm], healthy[failed])
	for _, r := range results {
		if r.why != "" && (verbose || r.grade >= confirmed) {
			fmt.Fprintf(w, "%s: %s: %s\n", r.name, r.grade, r.why)
		}
		if verbose {
			for _, c := range r.causes {
				fmt.Fprintf(w, "    %s %v: %s\n", c.Name, c.Nodes, c.Summary)
			}
		}
	}
	return bad
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
