package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// raftdiag builds the program from the repository around this module.
var raftdiag = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "raftdiag-test-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "raftdiag")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/raftdiag")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &exec.Error{Name: strings.TrimSpace(string(out)), Err: err}
	}
	return binary, nil
})

func builtProgram(t *testing.T) string {
	t.Helper()
	binary, err := raftdiag()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// gradeAll prints the table of the recordings below dir, and fails if one that
// is not known for it is judged plainly wrong.
func gradeAll(t *testing.T, dir string, known map[string]bool) {
	t.Helper()
	results, err := checkAll(t.Context(), builtProgram(t), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	print(&table, results, false)
	t.Log("\n" + table.String())
	for _, r := range results {
		switch wrong := r.grade >= confirmed; {
		case wrong && !known[r.name]:
			t.Errorf("%s: %v: %s", r.name, r.grade, r.why)
		case !wrong && known[r.name]:
			t.Logf("%s is %v now: take it out of known-wrong.txt", r.name, r.grade)
		}
	}
}

// TestFixtures grades the recordings that the repository keeps. Those that are
// still judged wrong are listed beside them; none may join.
func TestFixtures(t *testing.T) {
	const dir = "../../fixtures/real"
	data, err := os.ReadFile(filepath.Join(dir, "known-wrong.txt"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, name := range strings.Fields(string(data)) {
		known[name] = true
	}
	gradeAll(t, dir, known)
}

// TestReal records a few runs of real systems, in short, and grades them. It
// needs no privileges. Without the module proxy there is nothing to run.
func TestReal(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	list, err := match([]string{"etcd-3.6.*/healthy-plain", "etcd-3.6.*/follower-killed", "etcd-3.6.*/leader-killed", "etcd-3.6.*/two-killed", "hraft-1.7.*/leader-partitioned-reset", "hraft-1.7.*/leader-killed"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	for _, s := range list {
		system, err := systemOf(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := system.Build(ctx); err != nil {
			t.Skipf("%s cannot be built here: %v", s.path(), err)
		}
	}
	out := t.TempDir()
	t.Run("record", func(t *testing.T) {
		for _, s := range list {
			s.Warm, s.Hold, s.Tail = 3*time.Second, 8*time.Second, 5*time.Second
			t.Run(s.path(), func(t *testing.T) {
				t.Parallel()
				truth, err := record(t.Context(), s, out)
				if err != nil {
					t.Fatal(err)
				}
				if truth.Healthy && truth.FailedWrites > 0 {
					t.Errorf("%d writes failed with nothing wrong: %v", truth.FailedWrites, truth.Errors)
				}
				if s.Fault == "two-killed" && truth.Impact != "blocked" {
					t.Errorf("with two of three killed the impact is %s", truth.Impact)
				}
			})
		}
	})
	gradeAll(t, out, nil)
}

// TestScenarios holds the list together: names are used once, and what is
// called a fault has a cause and a culprit's way to be healed or not.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		if seen[s.path()] {
			t.Errorf("%s is there twice", s.path())
		}
		seen[s.path()] = true
		if s.Healthy != (s.Cause == "") {
			t.Errorf("%s: healthy %t, cause %q", s.path(), s.Healthy, s.Cause)
		}
		if s.Healthy != strings.HasPrefix(s.Name(), "healthy") {
			t.Errorf("%s: healthy %t", s.path(), s.Healthy)
		}
	}
}

func TestJudge(t *testing.T) {
	text := func(s string) *string { return &s }
	report := func(verdict string, impact string, point *string, causes ...string) *reportJSON {
		e := episodeJSON{Impact: impact, FailurePoint: point}
		for _, c := range causes {
			e.Causes = append(e.Causes, causeJSON{Name: c, Nodes: []string{"42"}})
		}
		return &reportJSON{Verdict: &verdict, Groups: []groupJSON{{Verdict: verdict, Episodes: []episodeJSON{e}}}}
	}
	dead := &Truth{Cause: "node-down", Also: []string{"quorum-lost"}, Points: []string{"no-quorum"}, Impact: "blocked", Nodes: []string{"node2"},
		Members: map[string]Member{"node2": {Name: "b", ID: "2a"}}}
	mild := &Truth{Cause: "node-down", Points: []string{"no-quorum"}, Impact: "none"}
	calm := &Truth{Healthy: true, Also: []string{"node-restart"}}
	for _, c := range []struct {
		name   string
		truth  *Truth
		report *reportJSON
		want   grade
	}{
		{"the first cause is true", dead, report("fault", "blocked", text("no-quorum"), "node-down"), right},
		{"it is called from the other side", dead, report("fault", "blocked", text("no-quorum"), "quorum-lost"), right},
		{"the third is true", dead, report("fault", "blocked", nil, "partition", "slow-disk", "node-down"), within3},
		{"the fourth is true", dead, report("undecided", "blocked", nil, "partition", "slow-disk", "tls-failure", "node-down"), other},
		{"nothing is said", dead, report("undecided", "blocked", nil), silent},
		{"another point is confirmed", dead, report("fault", "blocked", text("apply-stalled"), "node-down"), confirmed},
		{"a fault of another cause", dead, report("fault", "blocked", text("no-quorum"), "slow-disk"), confirmed},
		{"a point is confirmed and no write was lost", mild, report("fault", "none", text("no-quorum"), "node-down"), confirmed},
		{"degraded by its cause", mild, report("degraded", "none", nil, "node-down"), right},
		{"unsafe", dead, report("unsafe", "blocked", nil, "node-down"), confirmed},
		{"healthy is quiet", calm, report("healthy", "none", nil), right},
		{"healthy, degraded by a restart that was", calm, report("degraded", "none", nil, "node-restart"), right},
		{"healthy, degraded by what was not", calm, report("degraded", "none", nil, "slow-disk"), falseAlarm},
		{"healthy, a fault", calm, report("fault", "blocked", text("no-leader")), falseAlarm},
		{"nothing was read", calm, &reportJSON{}, failed},
	} {
		if got := judge(c.truth, c.report); got.grade != c.want {
			t.Errorf("%s: %v, not %v: %s", c.name, got.grade, c.want, got.why)
		}
	}
	if res := judge(dead, report("fault", "blocked", text("no-quorum"), "node-down")); !res.nodes {
		t.Error("42 is not known as the node with id 2a")
	}
}

// TestShape keeps lines of different systems comparable.
func TestShape(t *testing.T) {
	for line, want := range map[string]string{
		`{"level":"warn","ts":"2026-01-02T03:04:05.678901Z","caller":"x.go:1","msg":"lost 8e9e05c52164694d","error":"EOF"}`: "warn: lost ID: EOF",
		`2026-01-02T03:04:05.678Z [WARN]  raft: failed to contact: server-id=b time=512ms`:                                  "[WARN] raft: failed to contact: server-id=b time=Nms",
		`[123] 2026/01/02 03:04:05.678901 [INF] 127.0.0.1:4222 - rid:7 - Route connection created`:                          "[INF] ADDR - rid:N - Route connection created",
	} {
		s := shapeOf(line)
		if s.text != want {
			t.Errorf("%q, not %q", s.text, want)
		}
		if s.at.IsZero() {
			t.Errorf("no time in %q", line)
		}
	}
}
