package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/report"
)

// What a log may hold to fool a terminal, a runner, a browser or a parser.
var tricks = []string{
	"\x1b[31mred\x1b[0m", "\x1b]0;title\a", "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "\x1bP1$r\x1b\\", "\x1b", "\x1b[", "\x1b]never ends", "\u009b2J", "\u009d0;x\u009c", "\x1bc",
	"\r", "\n", "\r\n", "\t", "\x00", "\x07", "\x08\x08\x08", "\x7f", "\u0085", "\u2028", "\u2029",
	"\u202e", "\u2066", "\u200f", "\ufeff", "\u200b", "\u00ad", "\U000e0041",
	"\xff\xfe", "\xc3", "\xed\xa0\x80", "\ufffe", "\uffff",
	"::error::pwned", "\n::add-mask::x", " ::set-output name=a::b", "##[error]x", "##vso[task.setvariable]x", "##teamcity[x]", "#\x00#[group]",
	"<script>alert(1)</script>", "<!--", "-->", "]]>", "<![CDATA[", "&amp;", "&#27;", "\"", "'", "</failure>",
	"```", "````", "`", "``x``", "|", `\|`, `\\|`, "| a | b |", "# head", "- item", "1. one", "***", "__x__", "![i](http://x)", "[l](javascript:x)", "~~~", "$x$", "---", "===",
	"@user", "@org/team", "#123", "GH-7", "!9", "http://x.y", "www.x.y", "a@b.c", "~label", "%1", "&3",
	"写入失败", "💥👩‍👩‍👧", "é", "e\u0301\u0301\u0301\u0301", "नमस्ते", "العربية", "\u200d", "🇩🇪", "‼️",
	"node 1", "no-delivery", "sent", "matched", "2025-10-20T12:00:00Z", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", " ", "  ", "",
}

func hostile(valid bool) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(tricks), rapid.StringN(0, 6, 12)), 0, 5).Draw(t, "parts")
		s := strings.Join(parts, rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		if valid {
			return strings.ToValidUTF8(s, "\ufffd")
		}
		return s
	})
}

// closed is what the closed keys may hold, besides anything else.
var closed = map[string][]string{
	"Gate": {"forwarded", "proposed", "sent", "received", "answered", "heard", "matched", "committed", "applied"}, "Status": {"passed", "blocked", "late", "unknown", "down"},
	"Verdict": {"confirmed", "ruled_out", "unknown", "unsafe", "fault", "undecided", "degraded", "healthy"}, "FailurePoint": {"no-delivery", "no-leader", "apply-stalled"},
	"Impact": {"none", "slow", "blocked", "lost"}, "Passed": {"sent", "received", "answered"}, "Fate": {"delivered", "lost", "stuck", "committed", "not_sent"},
}

// fill sets everything below v, strings with what s draws.
func fill(t *rapid.T, v reflect.Value, s *rapid.Generator[string], name string, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), s, v.Type().Field(i).Name, depth+1)
			}
		}
	case reflect.Pointer:
		if rapid.IntRange(0, 3).Draw(t, "nil") > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), s, name, depth)
		}
	case reflect.Slice:
		n := rapid.IntRange(0, map[bool]int{true: 2, false: 1}[depth < 4]).Draw(t, "len")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i), s, name, depth+1)
		}
	case reflect.String:
		if set := closed[name]; set != nil && rapid.Bool().Draw(t, "closed") {
			v.SetString(rapid.SampledFrom(set).Draw(t, name))
			return
		}
		v.SetString(s.Draw(t, name))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(-3, 1<<40).Draw(t, name))
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(rapid.Uint64Range(0, 30).Draw(t, name))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-1, 2).Draw(t, name))
	}
}

func drawReport(t *rapid.T, s *rapid.Generator[string]) *raftdiag.Report {
	r := &raftdiag.Report{}
	fill(t, reflect.ValueOf(r).Elem(), s, "", 0)
	return r
}

// clean fails if text holds what a terminal or a runner would act upon.
func clean(t *rapid.T, text string) {
	if !utf8.ValidString(text) {
		t.Fatalf("invalid UTF-8 in %q", text)
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200f || r == 0xfeff || r == 0x2028) {
			t.Fatalf("%U in %q", r, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Fatalf("a workflow command: %q", line)
		}
	}
	for _, mark := range []string{"##[", "##vso[", "##teamcity["} {
		if strings.Contains(text, mark) {
			t.Fatalf("%s in %q", mark, text)
		}
	}
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Text holds no control character but the newline, and in colour nothing more
// than the sequences that set colours.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t, hostile(false))
		o := report.Options{Width: rapid.IntRange(-5, 250).Draw(t, "width"), ASCII: rapid.Bool().Draw(t, "ascii"), Version: "1"}
		var b, c bytes.Buffer
		if err := report.Text(&b, r, o); err != nil {
			t.Fatal(err)
		}
		clean(t, b.String())
		if o.ASCII && strings.ContainsFunc(b.String(), func(r rune) bool { return r > '~' }) {
			t.Fatalf("not ASCII: %q", b.String())
		}
		o.Color = true
		if err := report.Text(&c, r, o); err != nil {
			t.Fatal(err)
		}
		if got := sgr.ReplaceAllString(c.String(), ""); got != b.String() {
			t.Fatalf("colour changes the text:\n%s\n%s", got, b.String())
		}
	})
}

// No line is wider than the page, whatever stands in it, if positions are not;
// a defused command takes one column more.
func TestHostileWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t, hostile(false))
		shorten(reflect.ValueOf(r).Elem(), "")
		width := rapid.IntRange(40, 200).Draw(t, "width")
		var b bytes.Buffer
		if err := report.Text(&b, r, report.Options{Width: width, ASCII: rapid.Bool().Draw(t, "ascii")}); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if n := lipgloss.Width(line); n > width && !(n == width+1 && strings.Contains(line, ": :")) {
				t.Fatalf("%d columns at width %d: %q", n, width, line)
			}
		}
	})
}

// shorten gives every source a short name.
func shorten(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			shorten(v.Field(i), v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			shorten(v.Elem(), name)
		}
	case reflect.Slice:
		for i := range v.Len() {
			shorten(v.Index(i), name)
		}
	case reflect.String:
		if name == "Source" {
			v.SetString("é n.log")
		}
	}
}

func TestHostileTimeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x raftdiag.Transcript
		fill(t, reflect.ValueOf(&x).Elem(), hostile(false), "", 0)
		y := sayings()
		for i := range y {
			y[i].Node, y[i].Says, y[i].Event.Group = hostile(false).Draw(t, "node"), hostile(false).Draw(t, "says"), hostile(false).Draw(t, "group")
		}
		o := report.Options{Width: rapid.IntRange(-5, 250).Draw(t, "width"), ASCII: rapid.Bool().Draw(t, "ascii")}
		var b bytes.Buffer
		if err := report.Timeline(&b, []raftdiag.Transcript{x, {}}, y, o); err != nil {
			t.Fatal(err)
		}
		clean(t, b.String())
	})
}

// JSON reads back as it was, and is harmless when it is shown.
func TestHostileJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t, hostile(true))
		var b bytes.Buffer
		if err := report.JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		clean(t, b.String())
		var got raftdiag.Report
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&got, r) {
			t.Fatalf("got %+v\nwant %+v", got, r)
		}
	})
}

// JUnit is well-formed, its counts are those of its cases, and its text is of
// the characters that consumers take.
func TestHostileJUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t, hostile(false))
		var b bytes.Buffer
		if err := report.JUnit(&b, r); err != nil {
			t.Fatal(err)
		}
		clean(t, b.String())
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return r > 0xffff }); i >= 0 {
			t.Fatalf("a character beyond the basic plane: %q", b.String()[i:])
		}
		counted(t, b.Bytes())
		for i := range r.Groups {
			if g := &r.Groups[i]; r.Verdict != nil && len(g.Summary) < 500 && !strings.HasPrefix(strings.TrimSpace(g.Summary), ":") {
				want := report.Safe(g.Summary)
				if strings.ContainsFunc(want, func(r rune) bool { return r > 0xffff }) || strings.HasPrefix(strings.TrimSpace(want), "::") {
					continue
				}
				if !slices.Contains(values(b.Bytes()), want) {
					t.Fatalf("%q is not among the values of %s", want, b.String())
				}
			}
		}
	})
}

// values are all attribute values of a document.
func values(doc []byte) []string {
	var out []string
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		tok, err := d.Token()
		if err != nil {
			return out
		}
		if e, ok := tok.(xml.StartElement); ok {
			for _, a := range e.Attr {
				out = append(out, a.Value)
			}
		}
	}
}

type fataler interface{ Fatalf(string, ...any) }

// counted parses JUnit XML and compares its counts with its cases.
func counted(t fataler, doc []byte) {
	var x struct {
		XMLName xml.Name `xml:"testsuites"`
		Tests   int      `xml:"tests,attr"`
		Fails   int      `xml:"failures,attr"`
		Errors  int      `xml:"errors,attr"`
		Skipped int      `xml:"skipped,attr"`
		Suites  []struct {
			Tests   int `xml:"tests,attr"`
			Fails   int `xml:"failures,attr"`
			Errors  int `xml:"errors,attr"`
			Skipped int `xml:"skipped,attr"`
			Cases   []struct {
				Class   string    `xml:"classname,attr"`
				Name    string    `xml:"name,attr"`
				Time    string    `xml:"time,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.Strict = true
	if err := d.Decode(&x); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	if tok, err := d.Token(); err == nil {
		if rest, ok := tok.(xml.CharData); !ok || strings.TrimSpace(string(rest)) != "" {
			t.Fatalf("something follows the document: %v", tok)
		}
	}
	var all [4]int
	for _, s := range x.Suites {
		n := [4]int{len(s.Cases)}
		for _, c := range s.Cases {
			if c.Name == "" || c.Class == "" || c.Time == "" {
				t.Fatalf("a case without a name in %s", doc)
			}
			if c.Failure != nil {
				n[1]++
			}
			if c.Error != nil {
				n[2]++
			}
			if c.Skipped != nil {
				n[3]++
			}
		}
		if want := [4]int{s.Tests, s.Fails, s.Errors, s.Skipped}; n != want {
			t.Fatalf("a suite says %v and has %v", want, n)
		}
		for i := range n {
			all[i] += n[i]
		}
	}
	if want := [4]int{x.Tests, x.Fails, x.Errors, x.Skipped}; all != want {
		t.Fatalf("the document says %v and has %v", want, all)
	}
}

// In Markdown nothing of a log formats, mentions, links or opens HTML, code
// blocks are closed, and rows of tables have as many cells as their heads.
func TestHostileMarkdown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t, hostile(false))
		var b bytes.Buffer
		if err := report.Markdown(&b, r); err != nil {
			t.Fatal(err)
		}
		clean(t, b.String())
		wellFormed(t, b.String())
	})
}

var (
	entity   = regexp.MustCompile(`&(lt|gt|amp|#8203);`)
	escaped  = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]")
	mentions = regexp.MustCompile(`@[\w"]|#\d|!\d|GH-\d|://|www\.`)
)

func wellFormed(t fataler, doc string) {
	fence, cells := "", 0
	for _, line := range strings.Split(doc, "\n") {
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			} else if len(ticks) >= len(fence) {
				t.Fatalf("%q closes a block too early in\n%s", line, doc)
			}
			continue
		case len(ticks) >= 3 && line == ticks+"text":
			fence = ticks
			continue
		}
		line = strings.NewReplacer("**", "").Replace(withoutCode(line))
		rest := entity.ReplaceAllString(line, "\u200b")
		if strings.HasPrefix(line, "|") {
			n := strings.Count(strings.ReplaceAll(line, `\\`, ""), "|") - strings.Count(strings.ReplaceAll(line, `\\`, ""), `\|`)
			if cells != 0 && n != cells {
				t.Fatalf("%d cells instead of %d in %q in\n%s", n, cells, line, doc)
			}
			cells = n
		} else {
			cells = 0
		}
		if mentions.MatchString(escaped.ReplaceAllStringFunc(rest, func(e string) string { return e[1:] })) {
			t.Fatalf("a mention or a link in %q", line)
		}
		rest = escaped.ReplaceAllString(rest, "")
		rest = strings.NewReplacer("- [ ]", "").Replace(rest)
		if strings.ContainsAny(rest, "<>&[]*_`~$^{}") {
			t.Fatalf("markup in %q (%q)", line, rest)
		}
	}
	if fence != "" {
		t.Fatalf("a block stays open in\n%s", doc)
	}
}

// withoutCode removes the code spans of a line by CommonMark's rule: a run of
// backticks closes at the next run of the same length. Bars in code are kept.
func withoutCode(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		if line[i] == '\\' && i+1 < len(line) {
			b.WriteString(line[i : i+2])
			i += 2
			continue
		}
		if line[i] != '`' {
			b.WriteByte(line[i])
			i++
			continue
		}
		n := 0
		for i+n < len(line) && line[i+n] == '`' {
			n++
		}
		end := -1
		for k := i + n; k < len(line); {
			m := 0
			for k+m < len(line) && line[k+m] == '`' {
				m++
			}
			if m == n {
				end = k
				break
			}
			k += max(m, 1)
		}
		if end < 0 {
			b.WriteString(line[i : i+n])
			i += n
			continue
		}
		inside := line[i+n : end]
		for k, c := range inside {
			if c == '|' {
				if k > 0 && inside[k-1] == '\\' {
					b.WriteByte('\\')
				}
				b.WriteByte('|')
			}
		}
		i = end + n
	}
	return b.String()
}

// However much there is, Markdown stays below what job summaries take, and says
// that it was cut.
func TestMarkdownIsBounded(t *testing.T) {
	var groups []raftdiag.Group
	for i := range 300 {
		g := lostAnswers().Groups[0]
		g.Group = fmt.Sprintf("g%d", i)
		e := &g.Episodes[1]
		e.Causes[0].Name = fmt.Sprintf("cause-%d", i)
		e.Summary = strings.Repeat("@x |`<>", 1<<16)
		for k := range e.Causes[0].Evidence {
			e.Causes[0].Evidence[k].Text = strings.Repeat("`<@x ", 1<<16)
		}
		for range 300 {
			g.Violations = append(g.Violations, raftdiag.Violation{Name: "log-lost", Summary: e.Summary, Evidence: e.Causes[0].Evidence})
		}
		groups = append(groups, g)
	}
	var b bytes.Buffer
	if err := report.Markdown(&b, run(raftdiag.Fault, "much", groups...)); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1000<<10 {
		t.Errorf("%d bytes", b.Len())
	}
	if !strings.Contains(b.String(), "was cut at") {
		t.Error("nothing says that it was cut")
	}
	wellFormed(t, b.String())
}

// The samples are good JUnit and Markdown too.
func TestSamplesAreWellFormed(t *testing.T) {
	for _, s := range samples {
		var b bytes.Buffer
		if err := report.JUnit(&b, s.make()); err != nil {
			t.Fatal(err)
		}
		counted(t, b.Bytes())
		b.Reset()
		if err := report.Markdown(&b, s.make()); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, b.String())
	}
}

func TestSafe(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain text", "plain text"},
		{"\x1b[1;31mred\x1b[0m", "red"},
		{"\x1b]0;title\abody", "body"},
		{"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
		{"\x1b]never ends", "never ends"},
		{"\x1bP+q\x1b\\x", "x"},
		{"\u009b31mred", "red"},
		{"a\tb\r\nc", "a b  c"},
		{"a\u202eb\u2066c", "abc"},
		{"a\xffb", "a\ufffdb"},
		{"写入 💥 👩‍👧", "写入 💥 👩‍👧"},
		{"##[error]x #\x00#vso[y", "# #[error]x # #vso[y"},
		{"issue #12 ## head", "issue #12 ## head"},
	} {
		if got := report.Safe(c.in); got != c.want {
			t.Errorf("Safe(%s) = %s, want %s", strconv.QuoteToASCII(c.in), strconv.QuoteToASCII(got), strconv.QuoteToASCII(c.want))
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range tricks {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Safe(s)
		if report.Safe(got) != got {
			t.Fatalf("not idempotent: %q, %q", s, got)
		}
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("%q of %q", got, s)
		}
	})
}
