package lab

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/raftdiag/raftdiag/cluster"
)

func run(t *testing.T, name string, seed uint64) *Run {
	t.Helper()
	r, err := Stage(t.Context(), name, seed)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// One case and one seed give the same files under every damage.
func TestLogsAreDeterministic(t *testing.T) {
	a, b := run(t, "rejected", 11), run(t, "rejected", 11)
	for _, d := range Damages() {
		x, y := a.Logs(d), b.Logs(d)
		if len(x) != len(y) || len(x) == 0 && d.Name != "level" {
			t.Fatalf("%s: %d and %d files", d.Name, len(x), len(y))
		}
		for i := range x {
			if x[i].Name != y[i].Name || !bytes.Equal(x[i].Data, y[i].Data) {
				t.Errorf("%s: %s differs", d.Name, x[i].Name)
			}
		}
	}
}

// Every case has a plan for every seed, and a fault whose text form is read
// back.
func TestDraw(t *testing.T) {
	for _, c := range Cases() {
		for seed := range uint64(40) {
			p, err := Draw(c, seed)
			if err != nil {
				t.Errorf("%s %d: %v", c.Name, seed, err)
				continue
			}
			for _, f := range p.Config.Faults {
				again, err := cluster.ParseFault(f.String())
				if err != nil || !reflect.DeepEqual(again, f) {
					t.Errorf("%s is read as %v, %v", f, again, err)
				}
			}
		}
	}
}

// What is said counts, and the seed draws the rest: so too for many groups, one
// outcome each time.
func TestDrawSet(t *testing.T) {
	c, _ := cluster.Lookup("healthy")
	outcome := func() *Run {
		p, err := Draw(c, 7, func(c *cluster.Config) { c.Nodes, c.Groups, c.Duration, c.AsyncWrites = 5, 20, time.Second, true })
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.Config.IDs); n != 5 || len(p.Config.Names) != 20 || !p.Config.AsyncWrites {
			t.Fatalf("%d nodes, %d groups", n, len(p.Config.Names))
		}
		r, err := p.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b := outcome(), outcome()
	if !reflect.DeepEqual(a.Truth, b.Truth) || !reflect.DeepEqual(a.Said, b.Said) {
		t.Error("the outcomes differ")
	}
	if len(a.Truth.States) < 200 {
		t.Errorf("%d states", len(a.Truth.States))
	}
}

// Whether anybody listens to the nodes changes nothing of what they do.
func TestListeningChangesNothing(t *testing.T) {
	r := run(t, "partition", 5)
	deaf, err := stage(t.Context(), r.Config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(deaf.Proposals, r.Truth.Proposals) || len(deaf.Messages) != len(r.Truth.Messages) {
		t.Error("a cluster that nobody listens to does something else")
	}
}

// A fault that stops the writes has an impact; healthy runs have none.
func TestImpact(t *testing.T) {
	for name, want := range map[string]Impact{"healthy": NoImpact, "drop-responses": Blocked, "node-down": Harm, "one-node-groups": Harm} {
		if r := run(t, name, 3); r.Impact != want && r.Impact < want {
			t.Errorf("%s: impact %s and not %s", name, r.Impact, want)
		}
	}
}

// The truth names the line of each message at both ends.
func TestTruthHasLines(t *testing.T) {
	r := run(t, "healthy", 4)
	said := map[uint64]map[int]Word{}
	for _, w := range r.Said {
		if said[w.Node] == nil {
			said[w.Node] = map[int]Word{}
		}
		said[w.Node][w.Number] = w
	}
	n := 0
	for _, m := range r.Truth.Messages {
		for _, a := range m.Arrivals {
			s, got := said[m.From][m.Line], said[m.To][a.Line]
			if s.Kind.String() != "sent" || got.Kind.String() != "received" || s.Type != got.Type || s.Index != got.Index || uint64(s.To) != m.To || uint64(got.From) != m.From {
				t.Fatalf("%+v: sent as %v, received as %v", m, s.Event.Line(), got.Event.Line())
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("%d messages arrived", n)
	}
}

// Each fault has a small run to be shown by, which is the same each time; what
// must not be confirmed of it never holds what must be said.
func TestPlain(t *testing.T) {
	for _, c := range Cases() {
		if _, err := Plain(c, 1); err != nil && !Harmless(c) {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	c, _ := cluster.Lookup("drop-responses")
	var data [2][]byte
	for i := range data {
		p, err := Plain(c, 2)
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Logs(Damages()[0]) {
			data[i] = append(data[i], f.Data...)
		}
		g := r.Expect().Groups["orders-0"]
		for _, p := range g.FailurePoint {
			if slices.Contains(g.NotConfirmed, p) {
				t.Errorf("%s must be said and must not", p)
			}
		}
	}
	if len(data[0]) == 0 || !bytes.Equal(data[0], data[1]) {
		t.Error("two runs differ")
	}
}
