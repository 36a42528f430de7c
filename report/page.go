package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"github.com/raftdiag/raftdiag"
)

// Options are how text is drawn.
type Options struct {
	Width   int    // columns; 0 means 100, and the range is 40 to 200
	Color   bool   // terminal colours; without it the text has no escapes at all
	ASCII   bool   // for terminals that do not take UTF-8
	Version string // of the program, for the last line; may be empty
}

const (
	minWidth, maxWidth = 40, 200
	maxMeasure         = 100 // columns beyond which prose does not read well
)

// A tone is what a piece of text is for; the colour follows from it.
type tone uint8

const (
	normal tone = iota
	strong
	faint
	bad  // a fault, a broken state
	warn // undecided, degraded
	good // healthy, passed
	place
	badStrong
	warnStrong
	goodStrong
	numTones
)

// A span is text of one tone. Whole text is not broken to fit, so that a
// position can be selected and opened; it alone may be longer than a line.
type span struct {
	text  string
	tone  tone
	whole bool
	keep  bool // in one piece if it fits in a line
	lead  int  // in prose: spaces before it, where it does not begin a line; 0 means one
}

// after is the span with n spaces before it.
func after(n int, sp span) span {
	sp.lead = n
	return sp
}

func say(t tone, text string) span { return span{text: text, tone: t} }

func sayf(t tone, format string, args ...any) span {
	return span{text: fmt.Sprintf(format, args...), tone: t}
}

// at is a position, in one piece.
func at(source string, line int64) span {
	text := Safe(source)
	if line > 0 {
		text = fmt.Sprintf("%s:%d", text, line)
	}
	return span{text: strings.ReplaceAll(text, " ", "\u00A0"), tone: place, whole: true}
}

// longDir is the length from which a directory is worth saying only once.
const longDir = 24

// commonDir is the directory that all inputs are in, with a slash at its end, if
// it is long. It is text as positions have it.
func commonDir(inputs []raftdiag.Input) string {
	var dir string
	for i, in := range inputs {
		name := at(in.Source, 0).text
		here := name[:strings.LastIndexByte(name, '/')+1]
		if i == 0 {
			dir = here
		}
		for !strings.HasPrefix(here, dir) {
			dir = dir[:strings.LastIndexByte(strings.TrimSuffix(dir, "/"), '/')+1]
		}
	}
	if lipgloss.Width(dir) < longDir {
		return ""
	}
	return dir
}

// together is text that is broken only if it does not fit in a line.
func together(t tone, text string) span { return span{text: text, tone: t, keep: true} }

// A page collects lines of text.
type page struct {
	b       strings.Builder
	width   int
	measure int
	ascii   bool
	dir     string                    // that all inputs are in, if it is long: positions go without it
	alone   bool                      // the report is about one group
	styles  *[numTones]lipgloss.Style // nil without colour
}

func newPage(o Options) *page {
	w := o.Width
	if w == 0 {
		w = 100
	}
	p := &page{width: min(max(w, minWidth), maxWidth), ascii: o.ASCII}
	p.measure = min(p.width, maxMeasure)
	if !o.Color {
		return p
	}
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI) // sixteen colours, so that the terminal's theme decides
	st := func(color string) lipgloss.Style {
		st := r.NewStyle().TabWidth(lipgloss.NoTabConversion)
		if color != "" {
			st = st.Foreground(lipgloss.Color(color))
		}
		return st
	}
	p.styles = &[numTones]lipgloss.Style{
		normal: st(""), strong: st("").Bold(true), faint: st("").Faint(true),
		bad: st("1"), warn: st("3"), good: st("2"), place: st("6"),
		badStrong: st("1").Bold(true), warnStrong: st("3").Bold(true), goodStrong: st("2").Bold(true),
	}
	return p
}

// Our own glyphs, and what stands for them without UTF-8.
var asciiGlyphs = strings.NewReplacer(
	"●", "o", "✗", "X", "☠", "D", "◐", "~", "·", ".", "─", "-", "━", "=", "│", "|", "…", "...", "→", "->", "–", "-", "\u00A0", " ")

// show is text as this page can show it.
func (p *page) show(text string) string {
	text = Safe(text)
	if !p.ascii {
		return strings.ReplaceAll(text, "\u00A0", " ")
	}
	text = asciiGlyphs.Replace(text)
	for i := 0; i < len(text); i++ {
		if text[i] >= 0x80 {
			return toASCII(text)
		}
	}
	return text
}

func toASCII(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

func (p *page) ellipsis() string {
	if p.ascii {
		return "..."
	}
	return "…"
}

// paint gives shown text its colour.
func (p *page) paint(t tone, shown string) string {
	if p.styles == nil || t == normal || shown == "" {
		return shown
	}
	return p.styles[t].Render(shown)
}

func (p *page) blank() { p.b.WriteByte('\n') }

// emit writes runs of shown text as one line, without spaces at its end.
func (p *page) emit(runs []span) {
	for n := len(runs); n > 0; n-- {
		if runs[n-1].text = strings.TrimRight(runs[n-1].text, " "); runs[n-1].text != "" {
			break
		}
	}
	var bare strings.Builder
	for _, r := range runs {
		bare.WriteString(r.text)
	}
	command := defuse(bare.String()) != bare.String()
	for _, r := range runs {
		if k := strings.IndexByte(r.text, ':'); command && k >= 0 {
			r.text = r.text[:k+1] + " " + r.text[k+1:]
			command = false
		}
		p.b.WriteString(p.paint(r.tone, r.text))
	}
	p.b.WriteByte('\n')
}

// run appends shown text to runs, to the last one if it has the same tone.
func run(runs []span, t tone, text string) []span {
	if n := len(runs); n > 0 && runs[n-1].tone == t {
		runs[n-1].text += text
		return runs
	}
	return append(runs, span{text: text, tone: t})
}

// line writes spans on one line, one after the other as they are, cut to the
// width.
func (p *page) line(spans ...span) {
	var runs []span
	room := p.width
	for _, sp := range spans {
		text := p.show(sp.text)
		if sp.whole {
			text = strings.TrimPrefix(text, p.show(p.dir))
		} else {
			text = cut(text, room, p.ellipsis())
		}
		room -= lipgloss.Width(text)
		runs = run(runs, sp.tone, text)
		if room <= 0 {
			break
		}
	}
	p.emit(runs)
}

// wrap writes spans as prose with one space between them, behind the label and,
// on the lines that follow, behind as many spaces.
func (p *page) wrap(label []span, spans ...span) { p.flow(label, p.measure, 0, spans...) }

// flow is wrap to a given width. It writes at most limit lines, if limit is not
// 0, and ends what is cut with an ellipsis.
func (p *page) flow(label []span, width, limit int, spans ...span) int {
	var runs []span
	indent := 0
	for _, sp := range label {
		text := cut(p.show(sp.text), min(p.width/2, width-indent), p.ellipsis())
		indent += lipgloss.Width(text)
		runs = run(runs, sp.tone, text)
	}
	if indent > width*2/3 {
		p.emit(runs) // the label takes a line of its own
		indent = min(8, len(label[0].text)+2)
		runs = run(nil, normal, strings.Repeat(" ", indent))
	}
	lines := p.lay(width-indent, spans)
	cutOff := limit > 0 && len(lines) > limit
	if cutOff {
		lines = lines[:limit]
	}
	for i, l := range lines {
		if i > 0 {
			runs = run(nil, normal, strings.Repeat(" ", indent))
		}
		if cutOff && i == len(lines)-1 {
			l = p.cutWords(l, width-indent)
		}
		for k, w := range l {
			if k > 0 && w.tone != l[k-1].tone {
				runs = run(runs, normal, strings.Repeat(" ", w.lead))
			} else if k > 0 {
				w.text = strings.Repeat(" ", w.lead) + w.text
			}
			runs = run(runs, w.tone, w.text)
		}
		p.emit(runs)
	}
	if len(lines) == 0 {
		p.emit(runs)
		return 1
	}
	return len(lines)
}

// cutWords makes room for an ellipsis at the end of a line.
func (p *page) cutWords(l []span, width int) []span {
	e := p.ellipsis()
	for len(l) > 1 && lineWidth(l)+lipgloss.Width(e) > width {
		l = l[:len(l)-1]
	}
	l = append([]span(nil), l...)
	if last := &l[len(l)-1]; lineWidth(l)+lipgloss.Width(e) > width {
		last.text = prefix(last.text, max(width-lipgloss.Width(e), 1))
	}
	l[len(l)-1].text += e
	return l
}

func lineWidth(l []span) int {
	n := 0
	for i, w := range l {
		if i > 0 {
			n += w.lead
		}
		n += lipgloss.Width(w.text)
	}
	return n
}

// lay breaks spans into lines of words. A word that does not fit in a line is
// broken, unless it is whole.
func (p *page) lay(width int, spans []span) [][]span {
	width = max(width, 8)
	var lines [][]span
	var line []span
	used := 0
	flush := func() {
		if len(line) > 0 {
			lines = append(lines, line)
		}
		line, used = nil, 0
	}
	put := func(w span, n int) {
		if len(line) > 0 {
			used += w.lead
		}
		used += n
		line = append(line, w)
	}
	for _, sp := range spans {
		text := p.show(sp.text)
		if sp.whole {
			text = strings.TrimPrefix(text, p.show(p.dir))
		}
		words := strings.Fields(text)
		if sp.whole || sp.keep && lipgloss.Width(text) <= width {
			words = []string{text}
		}
		for i, word := range words {
			lead := 1
			if i == 0 {
				lead = max(sp.lead, 1)
			}
			for {
				n := lipgloss.Width(word)
				if len(line) > 0 && used+lead+n > width {
					flush()
				}
				if n <= width || sp.whole {
					put(span{text: word, tone: sp.tone, lead: lead}, n)
					break
				}
				head := prefix(word, width)
				put(span{text: head, tone: sp.tone, lead: lead}, lipgloss.Width(head))
				flush()
				word = word[len(head):]
			}
		}
	}
	flush()
	return lines
}

// cut shortens shown text to n columns, with an ellipsis where it was longer.
func cut(text string, n int, ellipsis string) string {
	if len(text) <= n {
		return text // no rune is wider than its bytes
	}
	if len(text) <= 8*n+64 && lipgloss.Width(text) <= n {
		return text
	}
	if n <= lipgloss.Width(ellipsis) {
		return strings.Repeat(".", max(n, 0))
	}
	return prefix(text, n-lipgloss.Width(ellipsis)) + ellipsis
}

// prefix is the longest beginning of text that takes at most n columns, and at
// least one rune. Runes without a width cannot make it long without limit.
func prefix(text string, n int) string {
	var ends []int
	for i := range text {
		if i > 0 {
			ends = append(ends, i)
		}
		if len(ends) > 4*n+16 {
			break
		}
	}
	if len(ends) <= 4*n+16 {
		ends = append(ends, len(text))
	}
	lo, hi := 0, len(ends)-1 // the widest that fits lies in ends[lo..hi], or none does
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if lipgloss.Width(text[:ends[mid]]) <= n {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return strings.TrimSuffix(text[:ends[lo]], "\u200D") + rest(text[:ends[lo]])
}

// rest keeps a lone joiner, so that a prefix is never empty.
func rest(t string) string {
	if t == "\u200D" {
		return t
	}
	return ""
}

// pad fills shown text with spaces to n columns.
func pad(text string, n int) string {
	return text + strings.Repeat(" ", max(n-lipgloss.Width(text), 0))
}
