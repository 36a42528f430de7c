package cluster

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"
)

// The text forms of faults, and what is said about those that are wrong.
func TestParseFault(t *testing.T) {
	datadriven.RunTest(t, "testdata/faults", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		for line := range strings.SplitSeq(d.Input, "\n") {
			f, err := ParseFault(line)
			if err != nil {
				fmt.Fprintf(&b, "error: %v\n", err)
				continue
			}
			fmt.Fprintf(&b, "%s at=%v for=%v\n", f, f.At, f.For)
		}
		return b.String()
	})
}

// The catalogue as `--list-faults` shows it.
func TestCatalogue(t *testing.T) {
	datadriven.RunTest(t, "testdata/catalogue", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		for _, i := range Faults() {
			h := i.Hypothesis
			if h == "" {
				h = "-"
			}
			fmt.Fprintf(&b, "%s %s: %s %s (%s)", i.Name, i.DefaultSchedule(), i.Verdict, h, strings.Join(i.Causes, ", "))
			for _, p := range i.Params {
				fmt.Fprintf(&b, " %s=%s", p.Name, p.Default)
			}
			b.WriteByte('\n')
		}
		return b.String()
	})
}

// Each fault's example and defaults can be read.
func TestExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range Faults() {
		if seen[i.Name] {
			t.Errorf("%s is listed twice", i.Name)
		}
		seen[i.Name] = true
		if i.Doc == "" || i.Verdict == "" {
			t.Errorf("%s says nothing", i.Name)
		}
		f, err := ParseFault(i.Example)
		if err != nil || f.Name != i.Name {
			t.Errorf("example %s: %v %v", i.Example, f, err)
		}
		for _, p := range i.Params {
			if v, err := p.read(p.Default, i.words); p.Default != "" && (err != nil || v != p.Default) {
				t.Errorf("%s: default of %s: %q %v", i.Name, p.Name, v, err)
			}
			if p.Doc == "" {
				t.Errorf("%s: %s says nothing", i.Name, p.Name)
			}
		}
	}
	for name, fault := range byHypothesis {
		if f, err := ParseFault(name); err != nil || f.Name != fault {
			t.Errorf("%s: %v %v", name, f, err)
		}
	}
	if !seen[Default] {
		t.Errorf("no fault %s", Default)
	}
}

// A fault's text form is read back as the same fault.
func TestFaultRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.SampledFrom(Faults()).Draw(t, "fault")
		f := Fault{Name: i.Name, At: i.At, For: i.For}
		for _, p := range i.Params {
			if !rapid.Bool().Draw(t, p.Name+" given") {
				continue
			}
			if err := f.set(&i, p.Name, draw(t, p, i.words)); err != nil {
				t.Fatal(err)
			}
		}
		d := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(0, 20000).Draw(t, "ms")) * time.Millisecond
		})
		if rapid.Bool().Draw(t, "scheduled") {
			f.At, f.For = d.Draw(t, "at"), d.Draw(t, "for")
		}
		g, err := ParseFault(f.String())
		if err != nil || !reflect.DeepEqual(f, g) {
			t.Fatalf("%#v -> %s -> %#v, %v", f, f, g, err)
		}
	})
}

func draw(t *rapid.T, p Param, words []string) string {
	ids := rapid.SliceOfN(rapid.IntRange(1, 15), 1, 4)
	switch p.kind {
	case nodeSet:
		parts := rapid.SliceOfN(rapid.SampledFrom(append(slices.Clone(nodeWords), "1", "2", "15")), 1, 3).Draw(t, p.Name)
		return strings.Join(parts, "+")
	case idList:
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(ids.Draw(t, p.Name)), " ", "+"), "[]")
	case duration:
		return fmt.Sprintf("%dms", rapid.IntRange(0, 100000).Draw(t, p.Name))
	case fraction:
		return fmt.Sprint(rapid.Float64Range(0, 1).Draw(t, p.Name))
	case count:
		return fmt.Sprint(rapid.IntRange(0, 1000).Draw(t, p.Name))
	case word:
		return rapid.SampledFrom(words).Draw(t, p.Name)
	}
	return fmt.Sprintf("orders-%d", rapid.IntRange(0, 9).Draw(t, p.Name))
}

// No text makes the reader of faults panic, and what it takes it prints so
// that it takes it again.
func FuzzParseFault(f *testing.F) {
	for _, i := range Faults() {
		f.Add(i.Example)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseFault(s)
		if err != nil {
			return
		}
		b, err := ParseFault(a.String())
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%q: %#v, %#v, %v", s, a, b, err)
		}
	})
}
