package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// A logFile is one log, unpacked.
type logFile struct {
	name string
	data []byte
}

// A fixture is a recorded incident and what a right diagnosis says of it.
type fixture struct {
	name   string
	files  []logFile
	expect expected
}

// GoString names the fixture where rapid prints what it drew.
func (f fixture) GoString() string { return f.name }

// An expected says what a right diagnosis of a fixture says: its expect.json. Where there is a list, each of it
// is right, but for the last three.
type expected struct {
	Verdict []raftdiag.RunVerdict    `json:"verdict"`
	Groups  map[string]expectedGroup `json:"groups"`
}

// An expectedGroup is what is expected of one group. Its point, gate and
// causes are those of the first episode that cost a write.
type expectedGroup struct {
	Verdict      []raftdiag.RunVerdict `json:"verdict"`       // empty: that of the run
	FailurePoint []string              `json:"failure_point"` // "none": none is confirmed
	Gate         string                `json:"gate"`          // empty: any
	Causes       []string              `json:"causes"`        // the first one, unless nothing is seen to be wrong; empty: any
	NotConfirmed []string              `json:"not_confirmed"`
	Violations   []string              `json:"violations"`  // all of these must be there
	MayViolate   []string              `json:"may_violate"` // and nothing but these besides
}

// calm reports whether nothing went wrong that cost a write.
func (f fixture) calm() bool {
	return !slices.ContainsFunc(f.expect.Verdict, func(v raftdiag.RunVerdict) bool {
		return v != raftdiag.Healthy && v != raftdiag.Degraded
	})
}

// text reports whether the fixture is in the Ready-loop text.
func (f fixture) text() bool {
	return !slices.ContainsFunc(f.files, func(file logFile) bool { return bytes.HasPrefix(file.data, []byte("{")) })
}

func (f fixture) group() string {
	for g := range f.expect.Groups {
		return g
	}
	return ""
}

// fixtures reads the recorded incidents.
func fixtures(t testing.TB) (list []fixture) {
	t.Helper()
	dirs, err := filepath.Glob("../../fixtures/*/expect.json")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range dirs {
		dir := filepath.Dir(path)
		f := fixture{name: filepath.Base(dir), expect: readExpected(t, path)}
		logs, err := filepath.Glob(filepath.Join(dir, "node*.log*"))
		if err != nil || len(logs) == 0 {
			t.Fatalf("%s: no logs: %v", dir, err)
		}
		for _, log := range logs {
			data, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(log, ".gz") {
				z, err := gzip.NewReader(bytes.NewReader(data))
				if err != nil {
					t.Fatalf("read %s: %v", log, err)
				}
				if data, err = io.ReadAll(z); err != nil {
					t.Fatalf("read %s: %v", log, err)
				}
			}
			f.files = append(f.files, logFile{strings.TrimSuffix(filepath.Base(log), ".gz"), data})
		}
		list = append(list, f)
	}
	return list
}

// TestFixtures holds the diagnosis of each recorded incident, as it stands in
// the repository, against what is known to have happened.
func TestFixtures(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			inputs, err := filepath.Glob(filepath.Join("../../fixtures", f.name, "node*.log*"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := diagnose(context.Background(), question{inputs: inputs})
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range f.expect.check(r) {
				t.Error(problem)
			}
			if t.Failed() {
				t.Log(gist(r, everything))
			}
			for _, file := range f.files {
				for _, place := range []string{"/tmp", "/root", "/home", "/work", "/Users"} {
					if bytes.Contains(file.data, []byte(place+"/")) {
						t.Errorf("%s holds a path of the machine that recorded it, below %s", file.name, place)
					}
				}
			}
		})
	}
}

// check lists what a report does not keep of what is expected.
func (want expected) check(r *raftdiag.Report) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if r.Verdict == nil || !slices.Contains(want.Verdict, *r.Verdict) {
		bad("the verdict is %s, not %v", value(r.Verdict), want.Verdict)
	}
	if len(r.Groups) != len(want.Groups) {
		bad("there are %d groups, not %d", len(r.Groups), len(want.Groups))
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		want, ok := want.Groups[g.Group]
		if !ok {
			bad("a group %q is not expected", g.Group)
			continue
		}
		for _, problem := range want.check(g) {
			bad("%s: %s", g.Group, problem)
		}
	}
	return problems
}

func (want expectedGroup) check(g *raftdiag.Group) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if len(want.Verdict) > 0 && !slices.Contains(want.Verdict, g.Verdict) {
		bad("the verdict is %s, not %v", g.Verdict, want.Verdict)
	}
	point, gate, cause := "none", "none", "none"
	for _, e := range g.Episodes {
		if e.Impact == raftdiag.NoImpact {
			continue
		}
		if e.FailurePoint != nil {
			point = *e.FailurePoint
		}
		gate = value(e.Gate)
		cause = firstCause(&e)
		break
	}
	if cause == "none" && point == "none" && len(g.Episodes) > 0 {
		cause = firstCause(&g.Episodes[0]) // of what cost no write
	}
	if !slices.Contains(want.FailurePoint, point) {
		bad("the failure point is %s, not %v", point, want.FailurePoint)
	}
	if want.Gate != "" && gate != want.Gate {
		bad("the gate is %s, not %s", gate, want.Gate)
	}
	shown := func(name string) bool {
		return slices.ContainsFunc(g.Violations, func(v raftdiag.Violation) bool { return v.Name == name })
	}
	if len(want.Causes) > 0 && g.Verdict != raftdiag.Healthy && !slices.Contains(want.Causes, cause) && !slices.ContainsFunc(want.Causes, shown) {
		bad("the first cause is %s, not %v", cause, want.Causes)
	}
	confirmed := confirmedOf(g)
	for _, name := range want.NotConfirmed {
		if confirmed[name] {
			bad("%s is confirmed", name)
		}
	}
	for _, v := range g.Violations {
		if !slices.Contains(want.Violations, v.Name) && !slices.Contains(want.MayViolate, v.Name) {
			bad("there is a violation %s: %s", v.Name, v.Summary)
		}
	}
	for _, name := range want.Violations {
		if !slices.ContainsFunc(g.Violations, func(v raftdiag.Violation) bool { return v.Name == name }) {
			bad("there is no violation %s", name)
		}
	}
	return problems
}

func firstCause(e *raftdiag.Episode) string {
	if len(e.Causes) == 0 {
		return "none"
	}
	return e.Causes[0].Name
}

// confirmedOf are the names of what a group's report confirms, over the whole
// log or in an episode. Violations are not among them.
func confirmedOf(g *raftdiag.Group) map[string]bool {
	m := map[string]bool{}
	collect := func(list []raftdiag.Finding) {
		for _, h := range list {
			if h.Verdict == raftdiag.Confirmed {
				m[h.Name] = true
			}
		}
	}
	collect(g.Hypotheses)
	for _, e := range g.Episodes {
		collect(e.Hypotheses)
		if e.FailurePoint != nil {
			m[*e.FailurePoint] = true
		}
	}
	return m
}

// A detail is how much of a report a law compares.
type detail int

const (
	verdicts   detail = iota // verdicts, and what is confirmed
	untimed                  // episodes with their points, gates, indexes and causes too, but for causes about time
	findings                 // all causes
	everything               // suspects, places and notes too
)

// gist is what a report says, without its lines and words.
func gist(r *raftdiag.Report, d detail) string {
	var b strings.Builder
	fmt.Fprintf(&b, "verdict %s", value(r.Verdict))
	for i := range r.Groups {
		b.WriteString("\n" + groupGist(&r.Groups[i], d))
	}
	return b.String()
}

func groupGist(g *raftdiag.Group, d detail) string {
	var b strings.Builder
	fmt.Fprintf(&b, "group %q %s", g.Group, g.Verdict)
	for _, h := range g.Hypotheses {
		if h.Verdict == raftdiag.Confirmed || d >= untimed {
			fmt.Fprintf(&b, " %s:%s", h.Name, h.Verdict)
		}
	}
	for _, name := range sortedKeys(violations(g)) {
		fmt.Fprintf(&b, "\n  violation %s", name)
	}
	if d < untimed {
		return b.String()
	}
	for _, e := range g.Episodes {
		fmt.Fprintf(&b, "\n  episode point %s, gate %s, leader %s, term %s, index %s, impact %s, open %t; causes", value(e.FailurePoint), value(e.Gate), value(e.Leader), value(e.Term), value(e.Index), e.Impact, e.EndAt == nil)
		for _, c := range e.Causes {
			if d >= findings || !timely[c.Name] {
				fmt.Fprintf(&b, " %s%v", c.Name, slices.Sorted(slices.Values(c.Nodes)))
			}
		}
		if d < everything {
			continue
		}
		b.WriteString("; suspects")
		for _, s := range e.Suspects {
			fmt.Fprintf(&b, " %s", s.Name)
		}
		b.WriteString("; followers")
		for _, f := range e.Followers {
			fmt.Fprintf(&b, " %s:%s/%s", f.Node, f.Gate, f.Status)
		}
	}
	if d >= everything {
		for _, n := range g.Notes {
			fmt.Fprintf(&b, "\n  note %s", n.Name)
		}
	}
	return b.String()
}

// timely are the causes that are about time: a change of clocks may change them.
var timely = map[string]bool{
	"clock-step": true, "slow-network": true, "slow-disk": true, "slow-apply": true, "overloaded": true, "process-paused": true,
}

// violations are a group's impossible states with their nodes.
func violations(g *raftdiag.Group) map[string]bool {
	m := map[string]bool{}
	for _, v := range g.Violations {
		m[fmt.Sprint(v.Name, v.Nodes)] = true
	}
	return m
}

func sortedKeys(m map[string]bool) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func value[T any](p *T) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprint(*p)
}

// TestCauses holds the diagnosis of one small incident of the lab for each cause
// against what is so by its truth: what must be said, and what must not.
func TestCauses(t *testing.T) {
	dirs, err := filepath.Glob("../../fixtures/causes/*")
	if err != nil || len(dirs) < 40 {
		t.Fatalf("%d incidents: %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			want := readExpected(t, filepath.Join(dir, "expect.json"))
			inputs, err := filepath.Glob(filepath.Join(dir, "node*.log*"))
			if err != nil || len(inputs) == 0 {
				t.Fatalf("no logs: %v", err)
			}
			r, err := diagnose(t.Context(), question{inputs: inputs})
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range want.check(r) {
				t.Error(problem)
			}
			if t.Failed() {
				t.Log(gist(r, everything))
			}
		})
	}
}

func readExpected(t testing.TB, path string) (e expected) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return e
}
