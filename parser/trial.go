package parser

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A Trial is a sample line of a described format and what came of it.
type Trial struct {
	At       string // where the sample stands: my.yaml:31
	Format   string // the name of its dialect or envelope
	Line     string
	Rule     string // where the rule stands that took the line, empty for none
	Template string // its text
	Got      string // what the line means: as Event.String says it, or "nothing"
	Problems []string
	Hints    []string
}

// Try reads the samples of all formats, with all of them in force.
func (f *Described) Try() (list []Trial) {
	for _, e := range f.envelopes {
		for _, s := range e.samples {
			list = append(list, f.tryEnvelope(e, s))
		}
	}
	for _, d := range f.dialects {
		for _, s := range d.tried {
			list = append(list, f.tryLine(d, s))
		}
	}
	return list
}

func (f *Described) tryLine(d *foreign, s triedSample) Trial {
	t := Trial{At: s.at, Format: d.name, Line: s.line, Got: "nothing"}
	p, it := f.reader(), item{}
	if p.line([]byte(s.line), &it) == raft && !(it.ev.Kind == raftdiag.SymptomSeen && it.ev.Symptom.Sign == raftdiag.OtherLine) {
		t.Got = it.ev.String()
		switch {
		case p.hit == nil || p.hit.of.dialect != customDialect:
			t.Hints = append(t.Hints, "a built-in dialect read the line, no rule of the file")
		default:
			t.Rule, t.Template = p.hit.at, p.hit.text
			if p.hit.of != d {
				t.Problems = append(t.Problems, "a rule of another dialect took the line: "+p.hit.of.name)
			}
		}
	}
	if t.Got != s.want {
		t.Problems = append(t.Problems, "it means "+s.want)
	}
	e := &it.ev
	for _, x := range []struct{ what, want, got string }{
		{"node", s.node, e.Node.String()}, {"group", s.group, e.Group},
	} {
		if x.want != "" && x.got != x.want {
			t.Problems = append(t.Problems, fmt.Sprintf("%s is %q, not %q", x.what, x.got, x.want))
		}
	}
	t.Problems = append(t.Problems, timeProblem(s.time, e.Time)...)
	if len(p.odd) > 0 {
		t.Hints = append(t.Hints, fmt.Sprintf("%q names a node, and is no number (hint: words: {node: {%s: 1}})", p.odd, p.odd))
	}
	return t
}

// timeProblem compares a time with the one that a sample says.
func timeProblem(want string, got raftdiag.Stamp) []string {
	if want == "" {
		return nil
	}
	w, err := time.Parse(time.RFC3339Nano, want)
	if err != nil {
		return []string{fmt.Sprintf("time: %q is not written as 2025-10-20T12:00:00.123Z", want)}
	}
	if raftdiag.Stamp(w.UnixNano()) != got {
		return []string{fmt.Sprintf("time is %s, not %s", orNone(got.String()), want)}
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (f *Described) tryEnvelope(e *userEnvelope, s envelopeSample) Trial {
	t := Trial{At: s.at, Format: e.name, Line: s.line, Got: "nothing"}
	p := f.reader()
	r := &record{msg: []byte(s.line)}
	for depth := 0; ; depth++ {
		if depth == 8 || len(r.msg) == 0 {
			t.Problems = append(t.Problems, "the line does not fit the envelope")
			return t
		}
		if e.read(p, r) {
			break
		}
		if !f.open(p, r) && !r.openOne(p) {
			t.Problems = append(t.Problems, "the line does not fit the envelope")
			return t
		}
	}
	t.Rule, t.Template = e.at, e.raw
	got := map[string]string{"time": r.time.String(), "level": r.level.String(), "logger": string(r.logger), "writer": r.writer,
		"self": string(r.self), "group": string(r.group), "msg": string(r.msg)}
	var words []string
	for _, part := range envelopeParts {
		if got[part] != "" {
			words = append(words, fmt.Sprintf("%s=%q", part, got[part]))
		}
	}
	for _, x := range r.fields {
		words = append(words, fmt.Sprintf("fields.%s=%q", x.key, x.value))
	}
	t.Got = strings.Join(words, " ")
	for _, part := range sortedKeys(s.parts) {
		want := s.parts[part]
		switch {
		case part == "time":
			t.Problems = append(t.Problems, timeProblem(want, r.time)...)
		case part == "level":
			if l, _ := raftdiag.LevelByName(want); l != r.level {
				t.Problems = append(t.Problems, fmt.Sprintf("level is %s, not %s", orNone(r.level.String()), want))
			}
		case got[part] != want:
			t.Problems = append(t.Problems, fmt.Sprintf("%s is %q, not %q", part, got[part], want))
		}
	}
	for _, key := range sortedKeys(s.fields) {
		if v := string(r.get(key)); v != s.fields[key] {
			t.Problems = append(t.Problems, fmt.Sprintf("the field %s is %q, not %q", key, v, s.fields[key]))
		}
	}
	return t
}

// Size counts what is described.
func (f *Described) Size() (envelopes, dialects, rules int) {
	for _, d := range f.dialects {
		rules += len(d.rules)
	}
	return len(f.envelopes), len(f.dialects), rules
}

// Untried lists, with their places, the rules and the envelopes that no
// sample of the trials tries.
func (f *Described) Untried(trials []Trial) (list []string) {
	hit := map[string]bool{}
	for _, t := range trials {
		hit[t.Rule] = true
	}
	for _, e := range f.envelopes {
		if !hit[e.at] && len(e.samples) == 0 {
			list = append(list, e.at+": no sample tries the envelope "+e.name)
		}
	}
	for _, d := range f.dialects {
		for _, r := range d.rules {
			if !hit[r.at] {
				list = append(list, fmt.Sprintf("%s: no sample hits the rule %q", r.at, r.text))
			}
		}
	}
	return slices.Compact(list)
}
