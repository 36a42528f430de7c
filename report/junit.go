package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// JUnit writes the report as JUnit XML: a suite for each group, with a case for
// each hypothesis and each impossible state, so that what was ruled out is seen
// to pass. Confirmed hypotheses and impossible states fail, unknown ones are
// skipped. A report that read nothing is one case with an error.
func JUnit(w io.Writer, r *raftdiag.Report) error {
	var suites []suite
	if r.Verdict == nil {
		suites = []suite{unread(r)}
	}
	for i := range r.Groups {
		if r.Verdict != nil {
			suites = append(suites, groupSuite(&r.Groups[i]))
		}
	}
	x := &xmlWriter{}
	x.b.WriteString(xml.Header)
	total := suite{name: "raftdiag"}
	for _, s := range suites {
		total.cases = append(total.cases, s.cases...)
	}
	x.open("testsuites", append([]string{"name", "raftdiag"}, total.counts()...)...)
	for _, s := range suites {
		attrs := append([]string{"name", s.name}, s.counts()...)
		if at := started(r); at != "" {
			attrs = append(attrs, "timestamp", at)
		}
		x.open("testsuite", attrs...)
		if len(s.properties) > 0 {
			x.open("properties")
			for i := 0; i+1 < len(s.properties); i += 2 {
				x.empty("property", "name", s.properties[i], "value", s.properties[i+1])
			}
			x.close("properties")
		}
		for _, c := range s.cases {
			attrs := []string{"classname", c.class, "name", c.name, "time", "0"}
			if c.result == "" {
				x.empty("testcase", attrs...)
				continue
			}
			x.open("testcase", attrs...)
			x.result(c)
			x.close("testcase")
		}
		x.close("testsuite")
	}
	x.close("testsuites")
	_, err := w.Write(x.b.Bytes())
	return err
}

type suite struct {
	name       string
	properties []string
	cases      []testcase
}

// A testcase passes unless it has a result: failure, error or skipped.
type testcase struct {
	class, name           string
	result, kind, message string
	body                  string
}

func (s *suite) counts() []string {
	n := map[string]int{}
	for _, c := range s.cases {
		n[c.result]++
	}
	return []string{"tests", fmt.Sprint(len(s.cases)), "failures", fmt.Sprint(n["failure"]), "errors", fmt.Sprint(n["error"]), "skipped", fmt.Sprint(n["skipped"]), "time", "0"}
}

func unread(r *raftdiag.Report) suite {
	var lines []string
	for i, in := range r.Inputs {
		if i == maxInputs {
			lines = append(lines, fmt.Sprintf("and %s more inputs", count(len(r.Inputs)-i)))
			break
		}
		line := fmt.Sprintf("%s: %s lines", capped(in.Source), count(in.Lines))
		if in.Error != nil {
			line += ": " + capped(*in.Error)
		}
		lines = append(lines, line)
	}
	for i, n := range r.Notes {
		if i < maxNotes {
			lines = append(lines, capped(n))
		}
	}
	return suite{name: "raftdiag", cases: []testcase{{class: "raftdiag", name: "inputs", result: "error", kind: "nothing-read",
		message: "no input yielded a Raft event", body: strings.Join(lines, "\n")}}}
}

func groupSuite(g *raftdiag.Group) suite {
	name := named(g.Group, "group without a name")
	class := "raftdiag." + name
	s := suite{name: name, properties: []string{"verdict", string(g.Verdict), "summary", g.Summary}}
	for _, f := range g.Hypotheses {
		c := testcase{class: class, name: named(point(f.Name), "hypothesis without a name"), kind: f.Name, message: f.Summary}
		switch f.Verdict {
		case raftdiag.Confirmed:
			c.result, c.body = "failure", failureBody(g, f)
		case raftdiag.Unknown:
			c.result = "skipped"
			if f.Ask != "" {
				c.message += " (" + f.Ask + ")"
			}
		}
		s.cases = append(s.cases, c)
	}
	names := slices.Clone(stateNames)
	for _, v := range g.Violations {
		if !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	for _, name := range names {
		c := testcase{class: class, name: "impossible state " + name, kind: name}
		var bodies, messages []string
		for _, v := range g.Violations {
			if v.Name == name {
				c.result = "failure"
				messages = append(messages, capped(v.Summary))
				bodies = append(bodies, evidenceText(v.Evidence, v.Remedy))
			}
		}
		c.message, c.body = strings.Join(messages, "; "), strings.Join(bodies, "\n")
		s.cases = append(s.cases, c)
	}
	return s
}

// named is the name, or another if nothing of it can be seen.
func named(name, other string) string {
	if strings.TrimSpace(flat(name)) == "" {
		return other
	}
	return name
}

// failureBody tells of the episode that a failure point is reported with, and
// else of the first of its episodes.
func failureBody(g *raftdiag.Group, f raftdiag.Finding) string {
	var e *raftdiag.Episode
	for i := range g.Episodes {
		o := &g.Episodes[i]
		if o.FailurePoint != nil && *o.FailurePoint == f.Name && (e == nil || o.Summary == f.Summary && e.Summary != f.Summary) {
			e = o
		}
	}
	if e == nil || len(e.Causes) == 0 {
		return evidenceText(f.Evidence, "")
	}
	var parts []string
	for _, c := range e.Causes {
		head := "cause: " + capped(c.Name)
		if len(c.Nodes) > 0 {
			head += " (" + capped(nodes(c.Nodes)) + ")"
		}
		parts = append(parts, head+": "+capped(c.Summary), evidenceText(c.Evidence, c.Remedy))
	}
	return strings.Join(parts, "\n")
}

func evidenceText(list []raftdiag.Quote, remedy string) string {
	var lines []string
	for i, q := range list {
		if i == maxQuotes {
			lines = append(lines, fmt.Sprintf("and %s more lines", count(len(list)-i)))
			break
		}
		lines = append(lines, fmt.Sprintf("%s:%d: %s", capped(q.Source), q.Line, strings.TrimSpace(capped(q.Text))))
	}
	if remedy != "" {
		lines = append(lines, "what to do: "+capped(remedy))
	}
	return strings.Join(lines, "\n")
}

// started is the earliest time of the inputs, as the JUnit schema wants it.
func started(r *raftdiag.Report) string {
	var first time.Time
	for _, in := range r.Inputs {
		if in.First == nil {
			continue
		}
		if t, err := time.Parse(time.RFC3339Nano, *in.First); err == nil && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if first.IsZero() || first.Year() < 1 || first.Year() > 9999 {
		return ""
	}
	return first.UTC().Format("2006-01-02T15:04:05")
}

// flat is text as consumers of JUnit files take it: safe, capped, without
// characters beyond the basic plane, and without a workflow command.
func flat(text string) string {
	text = capped(text)
	var b strings.Builder
	for _, r := range text {
		if r > 0xFFFF {
			fmt.Fprintf(&b, "<U+%X>", r)
			continue
		}
		b.WriteRune(r)
	}
	return defuse(b.String())
}

type xmlWriter struct {
	b     bytes.Buffer
	depth int
}

func (x *xmlWriter) text(s string) {
	// Writing to a buffer does not fail.
	_ = xml.EscapeText(&x.b, []byte(s))
}

func (x *xmlWriter) start(name string, attrs []string) {
	x.b.WriteString(strings.Repeat("  ", x.depth) + "<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		x.b.WriteString(" " + attrs[i] + `="`)
		x.text(flat(attrs[i+1]))
		x.b.WriteByte('"')
	}
}

func (x *xmlWriter) open(name string, attrs ...string) {
	x.start(name, attrs)
	x.b.WriteString(">\n")
	x.depth++
}

func (x *xmlWriter) empty(name string, attrs ...string) {
	x.start(name, attrs)
	x.b.WriteString("/>\n")
}

func (x *xmlWriter) close(name string) {
	x.depth--
	x.b.WriteString(strings.Repeat("  ", x.depth) + "</" + name + ">\n")
}

func (x *xmlWriter) result(c testcase) {
	attrs := []string{"message", c.message}
	if c.result != "skipped" {
		attrs = append(attrs, "type", c.kind)
	}
	if c.body == "" {
		x.empty(c.result, attrs...)
		return
	}
	x.start(c.result, attrs)
	x.b.WriteByte('>')
	for i, line := range strings.Split(c.body, "\n") {
		if i > 0 {
			x.b.WriteByte('\n')
		}
		x.text(flat(line))
	}
	x.b.WriteString("</" + c.result + ">\n")
}
