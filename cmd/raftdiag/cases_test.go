package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/raftdiag/raftdiag"
)

// A case is a txtar file: a comment that tells the story, the logs as the nodes
// printed them, perhaps "args" (what follows "analyze -o json"; by default all
// logs, in their order) and "stdin", and "want", one expectation a line:
//
//	exit 1                       the exit code; "exit 1 | 2" allows either
//	verdict fault                the verdict of the run; null if nothing was read
//	groups __meta-0, orders-0    the names of all groups, in any order
//	input node1.log node 1       whose log it is; ? if that cannot be told
//	input node1.log garbled 2    how many lines were garbled
//	input node1.log runs 2       how many incarnations it holds
//	input node1.log error TEXT   its error contains TEXT
//	pending                      the product is not there yet: what fails is logged, and
//	                             does not fail the test
//	cut no-leader                a part of the logs may confirm this besides: it is
//	                             a consequence that the whole files under its point
//	says TEXT                    the report contains TEXT somewhere, in any case
//	stderr TEXT                  so does stderr
//
//	in __meta-0                  what follows is about this group; at first, the only one
//	group verdict degraded
//	episodes 1                   how many cost or slowed a write (impact not none);
//	                             "episodes >= 1" and "episodes 0 | 1" too
//	confirmed no-delivery        confirmed over the whole log
//	not confirmed no-quorum      neither over the whole log nor in an episode;
//	                             "not confirmed any" stands for every hypothesis
//	violation log-regressed 2    present, and these are its nodes, where given
//	no violation two-leaders     "no violation" alone: there is none
//	note old-term-entries        present
//	whole unknown no-broadcast   over the whole log; "whole ruled out ..." too
//	whole asks TEXT              an ask over the whole log, or what is missing, contains TEXT
//
//	episode 2                    what follows is about this one of them; at first, the
//	                             first, or of all episodes the first if none cost a write
//	point no-delivery            the failure point; none if none is confirmed
//	gate heard
//	leader 2
//	term 1
//	index 1
//	impact blocked
//	open                         it lasts until the end; "ended": it does not
//	cause one-way-partition      the first cause
//	any cause node-down          some cause; "any cause node-down 3": with these nodes
//	no cause dead-voters
//	ruled out no-quorum
//	unknown no-response
//	suspects no-response         among the suspects
//	follower 3 at received       where this voter's lane stopped
//	follower 3 blocked           its status
//	asks TEXT                    an ask, something missing or the remedy contains TEXT, in any case
//	evidence node1.log: TEXT     something confirmed quotes a line of node1.log that contains TEXT
//
// "|" separates alternatives wherever one word is expected.
type diagnosis struct {
	exit   int
	stderr string
	report *raftdiag.Report
	raw    string
}

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "raftdiag-cases-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "raftdiag")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build raftdiag: %w\n%s", err, out)
	}
	return bin, nil
})

func builtBinary(t testing.TB) string {
	t.Helper()
	bin, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// analyze runs the command on args in dir.
func analyze(t testing.TB, dir string, stdin []byte, args ...string) diagnosis {
	t.Helper()
	cmd := exec.Command(builtBinary(t), append([]string{"analyze", "-o", "json"}, args...)...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	d := diagnosis{}
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatalf("run raftdiag: %v", err)
		}
		d.exit = exit.ExitCode()
	}
	d.stderr, d.raw = stderr.String(), stdout.String()
	if stdout.Len() > 0 {
		d.report = &raftdiag.Report{}
		if err := json.Unmarshal(stdout.Bytes(), d.report); err != nil {
			t.Fatalf("report is not JSON: %v\n%s", err, clip(d.raw))
		}
	}
	return d
}

func clip(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "..."
	}
	return s
}

// A caseFile is a parsed case.
type caseFile struct {
	name  string
	story string
	files []txtar.File
	args  []string
	stdin []byte
	want  []string
	// pending says that the product does not keep the want yet.
	pending bool
}

func readCase(t testing.TB, path string) caseFile {
	t.Helper()
	ar, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := caseFile{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), story: strings.TrimSpace(string(ar.Comment))}
	explicit := false
	for _, f := range ar.Files {
		switch f.Name {
		case "args":
			c.args, explicit = strings.Fields(string(f.Data)), true
		case "stdin":
			c.stdin = unescape(f.Data)
		case "want":
			for line := range strings.Lines(string(f.Data)) {
				switch line = strings.TrimSpace(line); line {
				case "":
				case "pending":
					c.pending = true
				default:
					c.want = append(c.want, line)
				}
			}
		default:
			f.Data = unescape(f.Data)
			c.files = append(c.files, f)
		}
	}
	if !explicit {
		for _, f := range c.files {
			c.args = append(c.args, f.Name)
		}
	}
	if len(c.want) == 0 {
		t.Fatalf("%s: no want", path)
	}
	return c
}

// unescape turns <ESC>, <NUL>, <CR> and <BAD> (no UTF-8) into the bytes that
// they name, so that cases stay readable text. <CUT> takes the rest away, with
// the newline before the end: a file cut in the middle of a line.
func unescape(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("<ESC>"), []byte{0x1b})
	b = bytes.ReplaceAll(b, []byte("<NUL>"), []byte{0})
	b = bytes.ReplaceAll(b, []byte("<CR>"), []byte{'\r'})
	b = bytes.ReplaceAll(b, []byte("<BAD>"), []byte{0xff, 0xfe})
	if i := bytes.Index(b, []byte("<CUT>")); i >= 0 {
		b = b[:i]
	}
	return b
}

func (c caseFile) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range c.files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		c := readCase(t, path)
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := c.write(t)
			d := analyze(t, dir, c.stdin, c.args...)
			switch problems := check(c, d); {
			case len(problems) > 0 && c.pending:
				t.Logf("pending: %s\n  %s\ngot: %s", c.story, strings.Join(problems, "\n  "), sketch(d))
				return
			case len(problems) > 0:
				t.Errorf("%s\n  %s\ngot: %s", c.story, strings.Join(problems, "\n  "), sketch(d))
			case c.pending:
				t.Log("pending, and passes: take the line out of its want")
			}
			// The order of the inputs changes nothing, nor does a log given twice.
			if len(c.args) > 1 && len(c.stdin) == 0 {
				back := slices.Clone(c.args)
				slices.Reverse(back)
				if b := analyze(t, dir, nil, back...); sketch(b) != sketch(d) {
					t.Errorf("inputs in reverse order differ:\n%s\nbecame\n%s", sketch(d), sketch(b))
				}
			}
		})
	}
}

// TestCasesCut holds promise 6 on every case: taking a log away, or cutting
// the head or tail off one, confirms nothing that the whole did not confirm.
// RAFTDIAG_CUTS=n cuts at n places of each log (by default 2).
func TestCasesCut(t *testing.T) {
	places := 2
	if n, err := strconv.Atoi(os.Getenv("RAFTDIAG_CUTS")); err == nil {
		places = n
	}
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		c := readCase(t, path)
		if c.pending || len(c.stdin) > 0 || slices.Contains(c.args, "--complete") { // that takes a cut as the end
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			whole := confirmedIn(analyze(t, c.write(t), nil, c.args...))
			try := func(what string, files []txtar.File, args []string) {
				d := analyze(t, caseFile{files: files}.write(t), nil, args...)
				for name := range confirmedIn(d) {
					if point := name[strings.LastIndexByte(name, ' ')+1:]; !whole[name] && !slices.Contains(c.want, "cut "+point) {
						t.Errorf("%s creates %s; whole: %s; cut: %s", what, name, keys(whole), sketch(d))
					}
				}
			}
			for i, f := range c.files {
				lines := bytes.SplitAfter(f.Data, []byte("\n"))
				for k := 1; k <= places; k++ {
					at := k * len(lines) / (places + 1)
					cut := slices.Clone(c.files)
					cut[i].Data = bytes.Join(lines[:at], nil)
					try(fmt.Sprintf("%s cut after line %d", f.Name, at), cut, c.args)
					cut[i].Data = bytes.Join(lines[at:], nil)
					try(fmt.Sprintf("%s without its first %d lines", f.Name, at), cut, c.args)
				}
				if at := slices.IndexFunc(c.args, func(a string) bool { return a == f.Name || strings.HasSuffix(a, "="+f.Name) }); at >= 0 && len(c.args) > 1 {
					try("without "+f.Name, c.files, slices.Delete(slices.Clone(c.args), at, at+1))
				}
			}
		})
	}
}

var stamped = regexp.MustCompile(`\d{4}-\d\d-\d\dT(\d\d):\d\d:\d\d`)

// TestCasesLaws holds what else must not change a diagnosis: a log given twice
// and a line that stands twice (promise 3), a clock that goes ahead (promise 2),
// and compression (promise 5).
func TestCasesLaws(t *testing.T) {
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		c := readCase(t, path)
		if c.pending || len(c.stdin) > 0 || len(c.files) == 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			whole := analyze(t, c.write(t), nil, c.args...)
			same := func(what string, files []txtar.File, args []string, exact bool) {
				d := analyze(t, caseFile{files: files}.write(t), nil, args...)
				was, is := gist(whole), gist(d)
				if exact {
					was, is = sketch(whole), sketch(d)
				}
				if was != is {
					t.Errorf("%s:\n%s\nbecame\n%s", what, sketch(whole), sketch(d))
				}
			}
			// Logs of symptoms pair no messages: where no election ties two clocks
			// together, hours between them leave less to say, and nothing new.
			weaker := func(what string, files []txtar.File) {
				was := confirmedIn(whole)
				for name := range confirmedIn(analyze(t, caseFile{files: files}.write(t), nil, c.args...)) {
					if point := name[strings.LastIndexByte(name, ' ')+1:]; !was[name] && !slices.Contains(c.want, "cut "+point) {
						t.Errorf("%s creates %s; whole: %s", what, name, sketch(whole))
					}
				}
			}
			k := len(c.files) - 1
			given := slices.Contains(c.args, c.files[k].Name)
			if given {
				twice := append(slices.Clone(c.files), txtar.File{Name: "copy/" + c.files[k].Name, Data: c.files[k].Data})
				same("the last log given twice", twice, append(slices.Clone(c.args), "copy/"+c.files[k].Name), false)
			}
			if !bytes.Contains(c.files[k].Data, []byte{0}) {
				packed := slices.Clone(c.files)
				var b bytes.Buffer
				z := gzip.NewWriter(&b)
				if _, err := z.Write(packed[k].Data); err != nil {
					t.Fatal(err)
				}
				if err := z.Close(); err != nil {
					t.Fatal(err)
				}
				packed[k].Data = b.Bytes()
				same("the last log compressed", packed, c.args, len(c.files[k].Data) > 0)
			}
			lines := bytes.SplitAfter(c.files[k].Data, []byte("\n"))
			all := slices.ContainsFunc(lines, func(l []byte) bool { return len(l) > 1 })
			for _, l := range lines {
				all = all && (len(l) == 0 || stamped.Match(l))
			}
			if all {
				double := slices.Clone(c.files)
				double[k].Data = nil
				for _, l := range lines {
					double[k].Data = append(append(double[k].Data, l...), l...)
				}
				same("each line of the last log twice", double, c.args, false)
				ahead := slices.Clone(c.files)
				if len(c.files) > 1 { // hours that stay two digits, and grow
					ahead[k].Data = stamped.ReplaceAllFunc(ahead[k].Data, func(m []byte) []byte {
						m = slices.Clone(m)
						hour := int(m[11]-'0')*10 + int(m[12]-'0')
						copy(m[11:], fmt.Sprintf("%02d", min(hour+5, 23)))
						return m
					})
					if strings.HasPrefix(c.name, "symptoms-") {
						weaker("the last log's clock five hours ahead", ahead)
					} else {
						same("the last log's clock five hours ahead", ahead, c.args, false)
					}
				}
			}
		})
	}
}

// gist is what stays of a diagnosis under any law: the verdicts and what is confirmed.
func gist(d diagnosis) string {
	s := fmt.Sprintf("exit %d %v", d.exit, keys(confirmedIn(d)))
	if d.report != nil {
		for _, g := range d.report.Groups {
			s += fmt.Sprintf(" %s %s", g.Group, g.Verdict)
		}
	}
	return s
}

// confirmedIn collects what a report confirms: "group point" and "group !violation".
func confirmedIn(d diagnosis) map[string]bool {
	m := map[string]bool{}
	if d.report == nil {
		return m
	}
	for _, g := range d.report.Groups {
		for _, h := range g.Hypotheses {
			if h.Verdict == raftdiag.Confirmed {
				m[g.Group+" "+h.Name] = true
			}
		}
		for _, e := range g.Episodes {
			if e.FailurePoint != nil {
				m[g.Group+" "+*e.FailurePoint] = true
			}
		}
		for _, v := range g.Violations {
			m[g.Group+" !"+v.Name] = true
		}
	}
	return m
}

func keys(m map[string]bool) []string {
	list := []string{}
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

// sketch is a report in a few lines: what must not depend on the order of inputs.
func sketch(d diagnosis) string {
	var b strings.Builder
	fmt.Fprintf(&b, "exit %d", d.exit)
	if d.report == nil {
		return b.String() + ", no report; stderr: " + firstFrame(d.stderr)
	}
	fmt.Fprintf(&b, ", verdict %s", str(d.report.Verdict))
	groups := slices.Clone(d.report.Groups)
	slices.SortFunc(groups, func(x, y raftdiag.Group) int { return strings.Compare(x.Group, y.Group) })
	for _, g := range groups {
		fmt.Fprintf(&b, "\n  group %q %s", g.Group, g.Verdict)
		for _, v := range g.Violations {
			fmt.Fprintf(&b, "\n    violation %s %v", v.Name, v.Nodes)
		}
		for _, n := range g.Notes {
			fmt.Fprintf(&b, "\n    note %s", n.Name)
		}
		for _, e := range g.Episodes {
			fmt.Fprintf(&b, "\n    episode point %s, gate %s, leader %s, term %s, index %s, impact %s, open %t; causes", str(e.FailurePoint), str(e.Gate), str(e.Leader), str(e.Term), str(e.Index), e.Impact, e.EndAt == nil)
			for _, c := range e.Causes {
				fmt.Fprintf(&b, " %s%v", c.Name, c.Nodes)
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
	}
	return b.String()
}

// firstFrame is the first line of stderr, and of a panic the first place in the
// packages below the command, without addresses: they differ between runs.
func firstFrame(stderr string) string {
	first, rest, _ := strings.Cut(stderr, "\n")
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(strings.TrimSpace(line), "/") && !strings.Contains(line, "/go/src/") {
			place, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			return first + " at " + place
		}
	}
	return first
}

func str[T any](p *T) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprint(*p)
}

// check returns what a report does not keep of a case's want.
func check(c caseFile, d diagnosis) (problems []string) {
	bad := func(line, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("want %q: ", line)+fmt.Sprintf(format, args...))
	}
	if d.report != nil {
		problems = append(problems, misquoted(c, d.report)...)
	}
	inGroup, inEpisode := "", 1
	for _, line := range c.want {
		words := strings.Fields(line)
		rest := func(n int) string { return strings.Join(words[n:], " ") }
		switch {
		case words[0] == "exit":
			if !oneOf(strconv.Itoa(d.exit), rest(1)) {
				bad(line, "got %d", d.exit)
			}
			continue
		case words[0] == "stderr":
			if !contains(d.stderr, rest(1)) {
				bad(line, "got %s", clip(d.stderr))
			}
			continue
		case words[0] == "cut":
			continue
		case d.report == nil:
			bad(line, "no report")
			continue
		}
		r := d.report
		switch words[0] {
		case "verdict":
			got := "null"
			if r.Verdict != nil {
				got = string(*r.Verdict)
			}
			if !oneOf(got, rest(1)) {
				bad(line, "got %s", got)
			}
			continue
		case "groups":
			got := []string{}
			for _, g := range r.Groups {
				got = append(got, g.Group)
			}
			want := strings.Split(rest(1), ", ")
			sort.Strings(got)
			sort.Strings(want)
			if !slices.Equal(got, want) {
				bad(line, "got %v", got)
			}
			continue
		case "says":
			if !contains(d.raw, rest(1)) {
				bad(line, "it does not")
			}
			continue
		case "input":
			if msg := checkInput(r, words); msg != "" {
				bad(line, "%s", msg)
			}
			continue
		case "in":
			inGroup, inEpisode = rest(1), 1
			continue
		case "episode":
			inEpisode, _ = strconv.Atoi(words[1])
			continue
		}
		var g *raftdiag.Group
		for i := range r.Groups {
			if r.Groups[i].Group == inGroup || inGroup == "" && len(r.Groups) == 1 {
				g = &r.Groups[i]
			}
		}
		if g == nil {
			bad(line, "no group %q among %d", inGroup, len(r.Groups))
			continue
		}
		if msg, known := checkGroup(g, line, words); known {
			if msg != "" {
				bad(line, "%s", msg)
			}
			continue
		}
		list := costly(g)
		if len(list) == 0 {
			list = g.Episodes
		}
		if len(list) < inEpisode {
			bad(line, "there are %d such episodes", len(list))
			continue
		}
		if msg := checkEpisode(g, &list[inEpisode-1], line, words); msg != "" {
			bad(line, "%s", msg)
		}
	}
	return problems
}

// oneOf reports whether got is one of the alternatives in want.
func oneOf(got, want string) bool {
	for _, w := range strings.Split(want, "|") {
		if strings.TrimSpace(w) == got {
			return true
		}
	}
	return false
}

// alternatives splits "a | b 1 2" into "a|b" and the words after it.
func alternatives(words []string) (names string, rest []string) {
	names, rest = words[0], words[1:]
	for len(rest) > 1 && rest[0] == "|" {
		names, rest = names+"|"+rest[1], rest[2:]
	}
	return names, rest
}

func contains(s, sub string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(sub)) }

func checkInput(r *raftdiag.Report, words []string) string {
	for _, in := range r.Inputs {
		if in.Source != words[1] && filepath.Base(in.Source) != words[1] {
			continue
		}
		want := strings.Join(words[3:], " ")
		switch words[2] {
		case "node":
			got := "?"
			if in.Node != nil {
				got = *in.Node
			}
			if got != want {
				return "got " + got
			}
		case "garbled":
			if strconv.FormatInt(in.Garbled, 10) != want {
				return fmt.Sprintf("got %d", in.Garbled)
			}
		case "runs":
			if strconv.Itoa(in.Incarnation) != want {
				return fmt.Sprintf("got %d", in.Incarnation)
			}
		case "error":
			if in.Error == nil || !contains(*in.Error, want) {
				return "got " + str(in.Error)
			}
		default:
			return "unknown expectation"
		}
		return ""
	}
	return "no such input"
}

// costly lists the episodes that cost or slowed a write.
func costly(g *raftdiag.Group) (list []raftdiag.Episode) {
	for _, e := range g.Episodes {
		if e.Impact != raftdiag.NoImpact {
			list = append(list, e)
		}
	}
	return list
}

func checkGroup(g *raftdiag.Group, line string, words []string) (msg string, known bool) {
	rest := func(n int) string { return strings.Join(words[n:], " ") }
	two := ""
	if len(words) > 1 {
		two = words[0] + " " + words[1]
	}
	switch {
	case two == "group verdict":
		if !oneOf(string(g.Verdict), rest(2)) {
			return "got " + string(g.Verdict), true
		}
	case words[0] == "episodes":
		if words[1] == ">=" {
			if n, _ := strconv.Atoi(words[2]); len(costly(g)) < n {
				return fmt.Sprintf("got %d", len(costly(g))), true
			}
		} else if n := strconv.Itoa(len(costly(g))); !oneOf(n, rest(1)) {
			return "got " + n, true
		}
	case words[0] == "confirmed":
		for _, h := range g.Hypotheses {
			if oneOf(h.Name, rest(1)) && h.Verdict == raftdiag.Confirmed {
				return "", true
			}
		}
		return "it is not", true
	case two == "not confirmed":
		for name := range confirmedIn(diagnosis{report: &raftdiag.Report{Groups: []raftdiag.Group{*g}}}) {
			name = strings.TrimPrefix(name, g.Group+" ")
			if strings.HasPrefix(name, "!") {
				continue
			}
			if rest(2) == "any" || oneOf(name, rest(2)) {
				return name + " is", true
			}
		}
	case words[0] == "violation":
		name, nodes := alternatives(words[1:])
		for _, v := range g.Violations {
			if oneOf(v.Name, name) {
				if len(nodes) > 0 && !sameSet(v.Nodes, nodes) {
					return fmt.Sprintf("its nodes are %v", v.Nodes), true
				}
				return "", true
			}
		}
		return "it is not there", true
	case two == "no violation":
		for _, v := range g.Violations {
			if len(words) == 2 || oneOf(v.Name, rest(2)) {
				return "there is " + v.Name + ": " + v.Summary, true
			}
		}
	case words[0] == "note":
		for _, n := range g.Notes {
			if oneOf(n.Name, rest(1)) {
				return "", true
			}
		}
		return "it is not there", true
	case words[0] == "whole":
		want, asked := strings.TrimPrefix(line, "whole "), ""
		for _, h := range g.Hypotheses {
			if want == strings.ReplaceAll(string(h.Verdict), "_", " ")+" "+h.Name {
				return "", true
			}
			asked += strings.Join(append(h.Missing, h.Ask), "\n") + "\n"
		}
		if text, ok := strings.CutPrefix(want, "asks "); !ok || !strings.Contains(strings.ToLower(asked), strings.ToLower(text)) {
			return "it does not", true
		}
	case words[0] == "evidence":
		source, text, ok := strings.Cut(strings.TrimPrefix(line, "evidence "), ": ")
		if !ok {
			return "no text", true
		}
		for _, q := range quotesOf(g) {
			if (q.Source == source || filepath.Base(q.Source) == source) && strings.Contains(q.Text, text) {
				return "", true
			}
		}
		return "no such quote", true
	default:
		return "", false
	}
	return "", true
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	sort.Strings(a)
	sort.Strings(b)
	return slices.Equal(a, b)
}

// quotesOf lists the quotes of what a group confirms: its violations, causes,
// confirmed hypotheses and blocked followers.
func quotesOf(g *raftdiag.Group) (list []raftdiag.Quote) {
	for _, v := range g.Violations {
		list = append(list, v.Evidence...)
	}
	confirmed := func(hs []raftdiag.Finding) {
		for _, h := range hs {
			if h.Verdict == raftdiag.Confirmed {
				list = append(list, h.Evidence...)
			}
		}
	}
	confirmed(g.Hypotheses)
	for _, e := range g.Episodes {
		confirmed(e.Hypotheses)
		for _, c := range e.Causes {
			list = append(list, c.Evidence...)
		}
		for _, f := range e.Followers {
			list = append(list, f.Evidence...)
		}
	}
	return list
}

func checkEpisode(g *raftdiag.Group, e *raftdiag.Episode, line string, words []string) string {
	rest := func(n int) string { return strings.Join(words[n:], " ") }
	is := func(got string) string {
		if !oneOf(got, rest(1)) {
			return "got " + got
		}
		return ""
	}
	two := ""
	if len(words) > 1 {
		two = words[0] + " " + words[1]
	}
	verdictOf := func(name string) raftdiag.Verdict {
		for _, h := range e.Hypotheses {
			if h.Name == name {
				return h.Verdict
			}
		}
		return "absent"
	}
	causes := func() (names []string) {
		for _, c := range e.Causes {
			names = append(names, c.Name+fmt.Sprint(c.Nodes))
		}
		return names
	}
	switch {
	case words[0] == "point":
		return is(str(e.FailurePoint))
	case words[0] == "gate":
		return is(str(e.Gate))
	case words[0] == "leader":
		return is(str(e.Leader))
	case words[0] == "term":
		return is(str(e.Term))
	case words[0] == "index":
		return is(str(e.Index))
	case words[0] == "impact":
		return is(string(e.Impact))
	case line == "open":
		if e.EndAt != nil {
			return "it ended"
		}
	case line == "ended":
		if e.EndAt == nil {
			return "it did not"
		}
	case words[0] == "cause":
		if len(e.Causes) == 0 || !oneOf(e.Causes[0].Name, rest(1)) {
			return fmt.Sprintf("got %v", causes())
		}
	case two == "any cause":
		want, nodes := alternatives(words[2:])
		for _, c := range e.Causes {
			if oneOf(c.Name, want) && (len(nodes) == 0 || sameSet(c.Nodes, nodes)) {
				return ""
			}
		}
		return fmt.Sprintf("got %v", causes())
	case two == "no cause":
		for _, c := range e.Causes {
			if oneOf(c.Name, rest(2)) {
				return fmt.Sprintf("got %v", causes())
			}
		}
	case two == "ruled out":
		if v := verdictOf(words[2]); v != raftdiag.RuledOut {
			return "got " + string(v)
		}
	case words[0] == "unknown":
		if v := verdictOf(words[1]); v != raftdiag.Unknown {
			return "got " + string(v)
		}
	case words[0] == "suspects":
		for _, s := range e.Suspects {
			if oneOf(s.Name, rest(1)) {
				return ""
			}
		}
		return fmt.Sprintf("got %v", e.Suspects)
	case words[0] == "follower":
		for _, f := range e.Followers {
			if f.Node != words[1] {
				continue
			}
			if words[2] == "at" {
				if !oneOf(f.Gate, rest(3)) {
					return "got " + f.Gate
				}
			} else if !oneOf(f.Status, rest(2)) {
				return "got " + f.Status
			}
			return ""
		}
		return "no such follower"
	case words[0] == "asks":
		texts := []string{e.Remedy}
		for _, h := range slices.Concat(e.Hypotheses, g.Hypotheses) {
			texts = append(append(texts, h.Ask), h.Missing...)
		}
		if !contains(strings.Join(texts, "\n"), rest(1)) {
			return "it does not"
		}
	default:
		return "unknown expectation"
	}
	return ""
}

var escapes = regexp.MustCompile("\x1b?\\[[0-9;]*m")

// misquoted lists quotes whose text is not in the line that they name.
func misquoted(c caseFile, r *raftdiag.Report) (problems []string) {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				return r
			}
			return -1
		}, escapes.ReplaceAllString(s, ""))
	}
	lines := map[string][]string{}
	for _, f := range c.files {
		lines[f.Name] = strings.Split(string(f.Data), "\n")
	}
	for i := range r.Groups {
		for _, q := range quotesOf(&r.Groups[i]) {
			list, ok := lines[filepath.ToSlash(q.Source)]
			if !ok {
				continue
			}
			text := plain(q.Text)
			if len(text) > 60 {
				text = text[:60]
			}
			if q.Line < 1 || q.Line > int64(len(list)) || !strings.Contains(plain(list[q.Line-1]), text) || text == "" {
				problems = append(problems, fmt.Sprintf("misquoted: %s:%d %q", q.Source, q.Line, q.Text))
			}
		}
	}
	return problems
}
