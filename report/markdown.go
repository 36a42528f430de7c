package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
)

const (
	maxMarkdown = 1000 << 10 // below what job summaries take, 1,024 KiB
	maxField    = 2000       // bytes of one text in a document
)

// Markdown writes the report as the draft of a post-mortem. All text that may
// come from logs is escaped or stands in code, and the document stays below
// 1,000 KiB: it says what was cut.
func Markdown(w io.Writer, r *raftdiag.Report) error {
	d := &document{}
	groups := ranked(r)
	d.summary(r, groups)
	if r.Verdict != nil {
		kinds := classes(groups)
		if len(groups) > 1 {
			d.overview(kinds, sum(groups))
		}
		shown := 0
		for _, k := range kinds {
			if k.verdict == raftdiag.Healthy && (len(kinds) > 1 || len(k.groups) > 1) {
				continue
			}
			if shown++; shown <= maxKinds {
				d.group(k.groups[0], k, len(groups) > 1)
			}
		}
		if shown > maxKinds {
			d.block(fmt.Sprintf("%s more kinds of findings are not shown here; the JSON report has them all.", count(shown-maxKinds)))
		}
	}
	d.inputs(r)
	if r.Verdict != nil && *r.Verdict != raftdiag.Healthy {
		d.block("## Still to write", "- [ ] what users saw, and from when to when\n- [ ] how it was noticed, and how long that took\n- [ ] what was changed, and what keeps it from happening again")
	}
	if d.cut > 0 {
		d.last(fmt.Sprintf("This document was cut at 1,000 KiB: %s parts are left out. The JSON report has them.", count(d.cut)))
	}
	_, err := io.WriteString(w, d.b.String())
	return err
}

// A document collects blocks of Markdown, up to its size.
type document struct {
	b   strings.Builder
	cut int
}

const room = 2 << 10 // kept for the last words

// block adds blocks with blank lines between them, or none of them.
func (d *document) block(parts ...string) {
	text := strings.Join(parts, "\n\n")
	if d.b.Len()+len(text)+2 > maxMarkdown-room {
		d.cut++
		return
	}
	d.last(text)
}

func (d *document) last(text string) {
	if d.b.Len() > 0 {
		d.b.WriteByte('\n')
	}
	for _, line := range strings.Split(strings.ReplaceAll(text, bar, "|"), "\n") {
		d.b.WriteString(defuse(line))
		d.b.WriteByte('\n')
	}
}

// capped is safe text of a bounded length.
func capped(text string) string {
	text = Safe(text)
	if len(text) <= maxField {
		return text
	}
	end := maxField
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end] + "…"
}

// prose is text for Markdown in which nothing formats, links, mentions or
// opens HTML. A zero-width space breaks what renderers look for in the
// finished text: mentions, references and addresses.
func prose(text string) string {
	text = capped(text)
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch c {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '{', '}', '|', '~', '#', '$', '^':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '-', '+', '=':
			if i == 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case '.', ')':
			if i > 0 && strings.Trim(text[:i], "0123456789") == "" {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
		if breaks(text, i, c, next) {
			b.WriteString("&#8203;")
		}
	}
	return b.String()
}

// breaks reports whether a zero-width space belongs behind byte i.
func breaks(text string, i int, c, next byte) bool {
	word := next >= '0' && next <= '9' || next >= 'a' && next <= 'z' || next >= 'A' && next <= 'Z' || next == '_' || next >= 0x80
	switch c {
	case '@', '#', '!', '~', '%', '&', '$', '^':
		return word || next == '"'
	case ':':
		return next == '/'
	case '-':
		return i >= 2 && strings.EqualFold(text[i-2:i], "gh") && next >= '0' && next <= '9'
	case 'w', 'W':
		return next == '.' && i >= 2 && strings.EqualFold(text[i-2:i+1], "www")
	}
	return false
}

// code is text in a code span.
func code(text string) string {
	text = capped(text)
	if strings.TrimSpace(text) == "" {
		return "(empty)"
	}
	ticks := strings.Repeat("`", longestRun(text, '`')+1)
	if len(ticks) > 1 || text[0] == ' ' || text[len(text)-1] == ' ' {
		text = " " + text + " "
	}
	return ticks + strings.ReplaceAll(text, "|", bar) + ticks
}

// bar stands for | in code until it is known whether the code is in a table,
// where it needs a backslash. Safe text has no NUL.
const bar = "\x00"

func longestRun(text string, c byte) int {
	longest, run := 0, 0
	for i := 0; i < len(text); i++ {
		if text[i] == c {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// fence quotes lines of evidence in a block that none of them can close.
func fence(list []raftdiag.Quote, limit int) string {
	var lines []string
	ticks := 2
	for i, q := range list {
		if i == limit {
			lines = append(lines, fmt.Sprintf("(%s more in the JSON report)", count(len(list)-i)))
			break
		}
		line := fmt.Sprintf("%s:%d", capped(q.Source), q.Line)
		if q.Says != "" {
			line += "  (" + capped(q.Says) + ")"
		}
		if text := strings.TrimSpace(capped(q.Text)); text != "" {
			line += "\n    " + text
		}
		ticks = max(ticks, longestRun(line, '`'))
		lines = append(lines, line)
	}
	edge := strings.Repeat("`", ticks+1)
	return edge + "text\n" + strings.Join(lines, "\n") + "\n" + edge
}

func row(cells ...string) string {
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], bar, `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func table(head []string, rows []string) string {
	return row(head...) + "\n|" + strings.Repeat(" --- |", len(head)) + "\n" + strings.Join(rows, "\n")
}

func position(w *raftdiag.Where) string {
	if w == nil {
		return ""
	}
	return code(fmt.Sprintf("%s:%d", capped(w.Source), w.Line))
}

func (d *document) summary(r *raftdiag.Report, groups []*raftdiag.Group) {
	if r.Verdict == nil {
		d.block("# Nothing read: no input yielded a Raft event",
			"Nothing can be said about the cluster. Give the logs of its nodes; `raftdiag explain` lists the formats that are read, and `raftdiag explain logging` shows what to add to an application.")
		for i, n := range r.Notes {
			if i < maxNotes {
				d.block("- " + prose(n))
			}
		}
		return
	}
	if len(groups) == 0 {
		d.block("# Incident: "+prose(string(*r.Verdict)), prose(r.Summary))
		return
	}
	g := groups[0]
	e := worst(g)
	if *r.Verdict == raftdiag.Healthy {
		d.block("# Healthy: no sign of a fault in what these logs carry")
	} else {
		d.block(fmt.Sprintf("# Incident: %s, %s", prose(string(*r.Verdict)), prose(headline(g))))
	}
	rows := []string{row("Verdict", "**"+prose(string(*r.Verdict))+"**")}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, row(name, text))
		}
	}
	where := code(groupName(g.Group))
	if len(groups) == 1 && g.Group == "" {
		where = "" // the logs name none, and there is but one
	}
	if g.Alike > 1 {
		where += fmt.Sprintf(" and %s more alike", count(g.Alike-1))
	}
	if len(groups) > 1 {
		where += fmt.Sprintf(", the worst of %s groups", count(sum(groups)))
	}
	add("Group", where)
	if v := unsafeFirst(g, e); v != nil {
		add("Nodes", prose(sequence(v.Nodes)))
		if len(v.Evidence) > 0 {
			add("Since", position(&raftdiag.Where{Source: v.Evidence[0].Source, Line: v.Evidence[0].Line}))
		}
	} else if e != nil {
		add("Place", prose(entryOf(e)))
		add("Nodes", prose(sequence(involved(e))))
		add("Since", strings.TrimSpace(prose(clock(deref(e.Start)))+" "+position(e.StartAt)))
		add("Until", ended(e))
		add("Impact", prose(impact(e)))
	}
	add("What to do", prose(remedy(g)))
	d.block(table([]string{"", ""}, rows), prose(g.Summary))
}

// entryOf says which entry an episode is about, and its gate.
func entryOf(e *raftdiag.Episode) string {
	var parts []string
	if e.Leader != nil {
		parts = append(parts, "leader "+*e.Leader)
	}
	if e.Term != nil {
		parts = append(parts, "term "+number(e.Term))
	}
	if e.Index != nil {
		parts = append(parts, "entry "+number(e.Index))
	}
	if e.Gate != nil {
		parts = append(parts, "gate "+*e.Gate)
	}
	return strings.Join(parts, ", ")
}

func ended(e *raftdiag.Episode) string {
	if e.End == nil && e.EndAt == nil {
		return "the end of the log"
	}
	text := strings.TrimSpace(prose(clock(deref(e.End))) + " " + position(e.EndAt))
	if took := between(e.Start, e.End); took != "" {
		text += ", after " + took
	}
	return text
}

func (d *document) overview(kinds []class, total int) {
	var rows []string
	for i, k := range kinds {
		if i == 4*maxKinds {
			rows = append(rows, row("", "and "+count(len(kinds)-i)+" more kinds", "", ""))
			break
		}
		var names []string
		for i, g := range k.groups {
			if i == 5 {
				names = append(names, "...")
				break
			}
			names = append(names, code(groupName(g.Group)))
		}
		rows = append(rows, row(prose(string(k.verdict)), prose(k.title), count(k.size()), strings.Join(names, ", ")))
	}
	d.block(fmt.Sprintf("## %s groups", count(total)), table([]string{"verdict", "finding", "groups", "names"}, rows))
}

func (d *document) group(g *raftdiag.Group, k class, named bool) {
	h := "##"
	if named {
		d.block(fmt.Sprintf("## Group %s: %s", code(groupName(g.Group)), prose(string(g.Verdict))))
		if others := k.size() - 1; others > 0 {
			d.block(fmt.Sprintf("The same in %s more %s.", count(others), plural(others, "group", "groups")))
		}
		h = "###"
	}
	for _, v := range g.Violations {
		d.block(fmt.Sprintf("%s Impossible state: %s", h, prose(v.Name)), prose(v.Summary))
		d.evidence(v.Evidence, v.Remedy)
	}
	e := worst(g)
	d.timeline(g, h)
	if e != nil {
		d.episode(g, e, h)
	}
	d.reigns(g, h)
	d.hypotheses(g, h)
	d.missing(g, h)
	if len(g.Notes) > 0 {
		d.block(h + " Notes")
		for i, n := range g.Notes {
			if i == maxNotes {
				d.block(fmt.Sprintf("And %s more.", count(len(g.Notes)-i)))
				break
			}
			d.block(fmt.Sprintf("**%s**: %s", prose(n.Name), prose(n.Summary)))
			d.evidence(n.Evidence, "")
		}
	}
	d.nodes(g, h)
}

func (d *document) evidence(list []raftdiag.Quote, remedy string) {
	if len(list) > 0 {
		d.block(fence(list, 12))
	}
	if remedy != "" {
		d.block("**What to do:** " + prose(remedy))
	}
}

func (d *document) timeline(g *raftdiag.Group, h string) {
	if len(g.Episodes) == 0 {
		return
	}
	var rows []string
	for i := range g.Episodes {
		if i == 4*maxEpisodes {
			rows = append(rows, row("", "and "+count(len(g.Episodes)-i)+" more", "", "", "", ""))
			break
		}
		e := &g.Episodes[i]
		rows = append(rows, row(fmt.Sprint(i+1), strings.TrimSpace(prose(clock(deref(e.Start)))+" "+position(e.StartAt)), ended(e),
			prose(episodeTitle(e)), prose(entryOf(e)), prose(impact(e))))
	}
	d.block(h+" Timeline", table([]string{"", "from", "to", "finding", "place", "impact"}, rows))
}

func (d *document) episode(g *raftdiag.Group, e *raftdiag.Episode, h string) {
	if !followed(e) {
		if e.Summary != g.Summary {
			d.block(h+" What happened", prose(e.Summary))
		}
	} else {
		pic := draw(e)
		var rows []string
		for i, l := range pic.lanes {
			if i == 30 {
				break
			}
			cells := []string{prose(l.label)}
			for _, m := range l.marks {
				cells = append(cells, symbol(m))
			}
			rows = append(rows, row(cells...))
		}
		d.block(h+" Where the entry stopped", prose(e.Summary), table(append([]string{""}, pic.gates...), rows))
		var list []string
		for i, f := range sortedPlaces(e.Followers) {
			if i == 30 {
				list = append(list, fmt.Sprintf("- and %s more", count(len(e.Followers)-i)))
				break
			}
			line := fmt.Sprintf("- %s, %s at %s", prose(node(f.Node)), prose(f.Status), prose(f.Gate))
			if f.Summary != "" {
				line += ": " + prose(f.Summary)
			}
			for k, q := range f.Evidence {
				if k == 6 {
					break
				}
				line += fmt.Sprintf(" %s", position(&raftdiag.Where{Source: q.Source, Line: q.Line}))
			}
			list = append(list, line)
		}
		if len(list) > 0 {
			d.block(strings.Join(list, "\n"))
		}
	}
	if len(e.Causes) > 0 {
		d.block(h + " " + plural(len(e.Causes), "Cause", "Causes, best first"))
	}
	for i, c := range e.Causes {
		title := "**" + prose(c.Name) + "**"
		if len(c.Nodes) > 0 {
			title += " (" + prose(nodes(c.Nodes)) + ")"
		}
		if told(g.Violations, c) {
			d.block(title + ": the impossible state above.")
			continue
		}
		if i == 0 && repeats(e, c) {
			d.block(title)
		} else {
			d.block(title + ": " + prose(c.Summary))
		}
		d.evidence(c.Evidence, c.Remedy)
	}
	if e.Remedy != "" && (len(e.Causes) == 0 || e.Causes[0].Remedy != e.Remedy) {
		d.block(h+" What to do", prose(e.Remedy))
	}
	if e.FailurePoint == nil && len(e.Suspects) > 0 {
		var rows []string
		for _, s := range e.Suspects {
			rows = append(rows, row(prose(point(s.Name)), fmt.Sprintf("%.2f", s.Score)))
		}
		d.block(h+" Suspects, best first", table([]string{"hypothesis", "score"}, rows))
	}
}

// symbol is a mark in a table.
func symbol(m mark) string {
	switch m {
	case passed:
		return "✓"
	case blocked:
		return "**✗**"
	case down:
		return "**down**"
	case late:
		return "late"
	case unknown:
		return "?"
	}
	return ""
}

// reigns tells who led in which term, where no entry can be followed.
func (d *document) reigns(g *raftdiag.Group, h string) {
	list, left := reigns(g)
	if len(list) == 0 || len(g.Episodes) == 0 {
		return
	}
	var rows []string
	for i, t := range list {
		if i == reignsFirst && left > 0 {
			rows = append(rows, row("...", count(left)+" more terms", "", ""))
		}
		rows = append(rows, row(t.term, prose(t.who), prose(t.Ended), position(t.At)))
	}
	d.block(h+" Who led", table([]string{"term", "leader", "how it ended", ""}, rows))
}

func (d *document) hypotheses(g *raftdiag.Group, h string) {
	if len(g.Hypotheses) == 0 {
		return
	}
	var rows []string
	for _, f := range g.Hypotheses {
		verdict := prose(strings.ReplaceAll(string(f.Verdict), "_", " "))
		if f.Verdict == raftdiag.Confirmed {
			verdict = "**confirmed**"
		}
		reason := prose(f.Summary)
		for i, q := range f.Evidence {
			if i == 2 {
				break
			}
			reason += " " + position(&raftdiag.Where{Source: q.Source, Line: q.Line})
		}
		rows = append(rows, row(prose(deref(f.ID)), prose(f.Name), verdict, reason))
	}
	d.block(h+" Hypotheses", table([]string{"", "hypothesis", "verdict", "why"}, rows))
}

func (d *document) missing(g *raftdiag.Group, h string) {
	var list []string
	for _, w := range wants(g.Hypotheses) {
		list = append(list, fmt.Sprintf("- %s (for %s)", prose(w.text), prose(w.whose)))
	}
	for _, a := range asks(g.Hypotheses) {
		list = append(list, "- to do: "+prose(a))
	}
	if g.Verdict == raftdiag.Healthy {
		for _, what := range unstated(g) {
			list = append(list, "- "+what)
		}
	}
	if len(list) > maxNotes {
		list = append(list[:maxNotes], fmt.Sprintf("- and %s more", count(len(list)-maxNotes)))
	}
	if len(list) > 0 {
		d.block(h+" What was missing", strings.Join(list, "\n"))
	}
}

func (d *document) nodes(g *raftdiag.Group, h string) {
	if len(g.Nodes) == 0 {
		return
	}
	columns := stands(g)
	head := []string{"node", "role"}
	for _, c := range columns {
		head = append(head, strings.Replace(c.name, "last", "last index", 1))
	}
	head = append(head, "")
	var rows []string
	for i := range g.Nodes {
		n := &g.Nodes[i]
		cells := make([]string, len(head))
		switch {
		case i == maxInputs:
			cells[0] = "and " + count(len(g.Nodes)-i) + " more"
		case !n.Logged:
			cells[0], cells[1], cells[len(head)-1] = prose(n.Node), "no log", prose(alsoCalled(n))
		default:
			cells[0], cells[1], cells[len(head)-1] = prose(n.Node), prose(n.Role), prose(standing(n))
			for k, c := range columns {
				cells[2+k] = number(c.of(n))
			}
		}
		rows = append(rows, row(cells...))
		if i == maxInputs {
			break
		}
	}
	d.block(h+" Where each node stood at the end of its log", table(head, rows))
}

func (d *document) inputs(r *raftdiag.Report) {
	if len(r.Inputs) > 0 {
		list := slices.Clone(r.Inputs)
		if len(list) > maxInputs {
			slices.SortStableFunc(list, func(a, b raftdiag.Input) int { return cmp.Compare(trouble(b), trouble(a)) })
		}
		var rows []string
		for i, in := range list {
			if i == maxInputs {
				rows = append(rows, row("and "+count(len(list)-i)+" more", "", "", "", "", "", "", ""))
				break
			}
			times := ""
			if in.First != nil && in.Last != nil {
				times = prose(clock(*in.First)) + " to " + prose(until(*in.First, *in.Last))
			}
			remarks := []string{}
			if in.Garbled > 0 {
				remarks = append(remarks, count(in.Garbled)+" garbled")
			}
			if in.Unknown > 0 {
				remarks = append(remarks, count(in.Unknown)+" of no known node")
			}
			if in.Error != nil {
				remarks = append(remarks, prose("error: "+*in.Error))
			}
			rows = append(rows, row(code(in.Source), prose(deref(in.Node)), prose(cmp.Or(in.Format, "not recognised")), count(in.Lines), count(in.Events),
				count(in.Incarnation), times, strings.Join(remarks, ", ")))
		}
		d.block("## Inputs", table([]string{"source", "node", "format", "lines", "events", "runs", "times", "remarks"}, rows))
	}
	if r.Verdict == nil {
		return
	}
	var list []string
	for i, n := range r.Notes {
		if i == maxNotes {
			list = append(list, fmt.Sprintf("- and %s more", count(len(r.Notes)-i)))
			break
		}
		list = append(list, "- "+prose(n))
	}
	if len(list) > 0 {
		d.block(strings.Join(list, "\n"))
	}
}

// trouble is how much is wrong with an input.
func trouble(in raftdiag.Input) int {
	switch {
	case in.Error != nil:
		return 2
	case in.Garbled > 0 || in.Unknown > 0:
		return 1
	}
	return 0
}
