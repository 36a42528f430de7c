package report

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/raftdiag/raftdiag"
)

const (
	maxKinds    = 12 // kinds of findings that are shown in full
	maxInputs   = 30
	maxEpisodes = 20
	maxQuotes   = 8 // of one cause or violation
	maxNotes    = 20
)

// Text writes the report for people at a terminal. The first five lines say
// what the verdict is, where, since when and what to do.
func Text(w io.Writer, r *raftdiag.Report, o Options) error {
	p := newPage(o)
	groups := ranked(r)
	p.alone, p.dir = len(groups) == 1, commonDir(r.Inputs)
	switch {
	case r.Verdict == nil:
		p.nothingRead(r)
	case *r.Verdict == raftdiag.Healthy:
		p.healthy(r, groups)
	default:
		p.head(r, groups)
		kinds := classes(groups)
		if len(groups) > 1 {
			p.overview(kinds, sum(groups))
		}
		shown := 0
		for _, k := range kinds {
			if k.verdict == raftdiag.Healthy {
				continue
			}
			if shown++; shown <= maxKinds {
				p.group(k.groups[0], k)
			}
		}
		if shown > maxKinds {
			p.blank()
			p.wrap(nil, sayf(warn, "%s more kinds of findings are not shown; see one with --group NAME, or all in the JSON report.", count(shown-maxKinds)))
		}
	}
	p.inputs(r)
	if len(r.Notes) > 0 && r.Verdict != nil {
		p.title("Notes on the inputs")
		p.notes(r.Notes)
	}
	if o.Version != "" {
		p.blank()
		p.line(say(faint, "raftdiag "+o.Version))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

func verdictTone(v raftdiag.RunVerdict) tone {
	switch v {
	case raftdiag.Unsafe, raftdiag.Fault:
		return badStrong
	case raftdiag.Healthy:
		return goodStrong
	}
	return warnStrong
}

// head writes the first five lines at most.
func (p *page) head(r *raftdiag.Report, groups []*raftdiag.Group) {
	v := *r.Verdict
	word := strings.ToUpper(string(v))
	if len(groups) == 0 {
		p.line(say(verdictTone(v), word))
		p.flow([]span{say(faint, "what   ")}, p.measure, 4, say(normal, r.Summary))
		return
	}
	g := groups[0]
	e := worst(g)
	p.line(say(verdictTone(v), word), say(strong, "  "+headline(g)))
	left := 4
	left -= p.flow([]span{say(faint, "where  ")}, p.measure, 2, p.whereabouts(g, e, sum(groups))...)
	since := p.since(g, e)
	if len(since) > 1 && since[1].whole && 9+lipgloss.Width(p.show(since[0].text)+p.source(since[1].text)) > p.measure {
		since[0], since[1] = since[1], after(2, say(normal, since[0].text)) // the position before the time: one of them is cut
		if _, clock, ok := strings.Cut(since[1].text, " "); ok {
			since[1].text = clock
		}
	}
	left -= p.flow([]span{say(faint, "since  ")}, p.measure, left-1, since...)
	if do := remedy(g); do != "" {
		p.flow([]span{say(faint, "do     ")}, p.measure, left, say(normal, do))
	}
}

// unsafeFirst is the violation that a group is headed by, if one is.
func unsafeFirst(g *raftdiag.Group, e *raftdiag.Episode) *raftdiag.Violation {
	for i := range g.Violations {
		if g.Violations[i].Unsafe {
			return &g.Violations[i]
		}
	}
	if len(g.Violations) > 0 && (e == nil || e.FailurePoint == nil) {
		return &g.Violations[0]
	}
	return nil
}

func (p *page) whereabouts(g *raftdiag.Group, e *raftdiag.Episode, groups int) []span {
	var parts, who []string
	add := func(text string) { parts = append(parts, text) }
	if !p.alone || g.Group != "" {
		name := groupName(g.Group)
		if g.Alike > 1 {
			name += " and " + count(g.Alike-1) + plural(g.Alike-1, " group", " groups") + " alike"
		}
		add(name)
	}
	if v := unsafeFirst(g, e); v != nil {
		who = v.Nodes
	} else if e != nil {
		who = involved(e)
		if lead := deref(e.Leader); !followed(e) && len(who) > 0 { // without an entry, the nodes are the place
			if len(who) > 1 || who[0] != lead {
				add(nodes(who))
			}
			who = nil
		}
		if e.Leader != nil {
			add("leader " + *e.Leader)
		}
		if e.Term != nil {
			add("term " + number(e.Term))
		}
		if e.Index != nil {
			add("entry " + number(e.Index))
		}
		if e.Gate != nil {
			add("gate " + *e.Gate)
		}
	}
	if len(who) > 0 {
		add(nodes(who))
	}
	if len(parts) == 0 {
		add("the cluster")
	}
	text := strings.Join(parts, ", ")
	if groups > max(g.Alike, 1) {
		text += " (the worst of " + count(groups) + " groups)"
	}
	return []span{say(normal, text)}
}

// groupName names the group of a report that may be about one group only: logs
// of a system with a single group name none.
func (p *page) groupName(name string) string {
	if name == "" && p.alone {
		return "the cluster"
	}
	return groupName(name)
}

func groupName(name string) string {
	if name == "" {
		return "the group without a name"
	}
	return name
}

func (p *page) since(g *raftdiag.Group, e *raftdiag.Episode) []span {
	if v := unsafeFirst(g, e); v != nil {
		if len(v.Evidence) == 0 {
			return []span{say(normal, "the log does not say when")}
		}
		return []span{at(v.Evidence[0].Source, v.Evidence[0].Line)}
	}
	if e == nil {
		return []span{say(normal, "the log does not say when")}
	}
	var out []span
	if e.Start != nil {
		out = append(out, together(normal, clock(*e.Start)))
	}
	if e.StartAt != nil {
		out = append(out, after(1+len(out), at(e.StartAt.Source, e.StartAt.Line)))
	}
	if len(out) == 0 {
		out = append(out, say(normal, "the beginning of the log"))
	}
	switch took := between(e.Start, e.End); {
	case e.End == nil && e.EndAt == nil:
		out = append(out, after(2, together(normal, "to the end of the log")))
	case took != "":
		out = append(out, after(2, say(normal, "for "+took)))
	case e.EndAt != nil:
		out = append(out, after(2, say(normal, "until")), at(e.EndAt.Source, e.EndAt.Line))
	default:
		out = append(out, after(2, say(normal, "until "+clock(*e.End))))
	}
	return out
}

// title opens a section of the report.
func (p *page) title(text string) {
	p.blank()
	p.line(say(strong, text))
}

// rule opens a group: its name and verdict on a line across the page.
func (p *page) rule(name string, v raftdiag.RunVerdict) {
	verdict := string(v)
	name = cut(p.show(name), p.measure-len(verdict)-10, p.ellipsis())
	fill := max(p.measure-lipgloss.Width(name)-len(verdict)-8, 1)
	p.blank()
	p.line(say(faint, "── "), say(strong, name), say(faint, " "+strings.Repeat("─", fill)+" "), say(verdictTone(v), verdict), say(faint, " ──"))
}

// overview counts the groups by what is wrong with them.
func (p *page) overview(kinds []class, total int) {
	p.title(count(total) + " groups")
	for i, k := range kinds {
		if i == 2*maxKinds {
			p.line(sayf(faint, "  and %s more kinds", count(len(kinds)-i)))
			break
		}
		names := make([]string, 0, 5)
		for _, g := range k.groups {
			if len(names) == 5 {
				names = append(names, "...")
				break
			}
			names = append(names, cmp.Or(g.Group, "(no name)"))
		}
		if k.verdict == raftdiag.Healthy {
			p.wrap([]span{say(normal, "  "), say(good, pad("healthy", 11))}, sayf(normal, "%s %s", count(k.size()), plural(k.size(), "group", "groups")))
			continue
		}
		p.wrap([]span{say(normal, "  "), say(verdictTone(k.verdict), pad(string(k.verdict), 11))},
			say(normal, k.title), after(3, together(strong, count(k.size())+" "+plural(k.size(), "group", "groups"))), after(3, say(faint, strings.Join(names, ", "))))
	}
}

// group writes all about one group, which stands for its class.
func (p *page) group(g *raftdiag.Group, k class) {
	p.rule(p.groupName(g.Group), g.Verdict)
	if others := k.size() - 1; others > 0 {
		p.wrap([]span{say(normal, "  ")}, sayf(faint, "The same in %s more %s; see one with --group NAME.", count(others), plural(others, "group", "groups")))
	}
	seen := map[raftdiag.Where]bool{}
	for _, v := range g.Violations {
		p.blank()
		p.line(say(badStrong, "  Impossible state"), say(strong, "  "+v.Name), say(faint, whom(v.Nodes)))
		p.wrap([]span{say(normal, "    ")}, say(normal, v.Summary))
		p.quotes(v.Evidence, seen, maxQuotes)
		p.remedy(v.Remedy)
	}
	e := worst(g)
	if e != nil {
		p.episode(g, e, seen)
	}
	p.reigns(g)
	p.hypotheses(g, e)
	p.missing(g.Hypotheses)
	p.episodes(g, e)
	if len(g.Notes) > 0 {
		p.section("Notes")
		for i, n := range g.Notes {
			if i == maxNotes {
				p.line(sayf(faint, "    and %s more", count(len(g.Notes)-i)))
				break
			}
			p.wrap([]span{say(normal, "    ")}, say(strong, n.Name), after(2, say(normal, n.Summary)))
			p.quotes(n.Evidence, seen, 2)
		}
	}
	p.nodes(g)
}

func whom(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "  " + nodes(ids)
}

func (p *page) section(name string) {
	p.blank()
	p.wrap([]span{say(normal, "  ")}, say(strong, name))
}

func (p *page) remedy(text string) {
	if text != "" {
		p.wrap([]span{say(good, "    do  ")}, say(normal, text))
	}
}

func (p *page) episode(g *raftdiag.Group, e *raftdiag.Episode, seen map[raftdiag.Where]bool) {
	p.blank()
	if !slices.ContainsFunc(g.Violations, func(v raftdiag.Violation) bool { return v.Summary == e.Summary }) {
		p.wrap([]span{say(normal, "  ")}, say(strong, e.Summary))
	}
	line := []span{say(faint, impact(e)+",")}
	if span := p.since(g, e); unsafeFirst(g, e) == nil {
		line = append(line, say(faint, "since"))
		line = append(line, span...)
	} else if e.StartAt != nil {
		line = append(line, say(faint, "since"), at(e.StartAt.Source, e.StartAt.Line))
	}
	p.wrap([]span{say(normal, "  ")}, line...)
	if followed(e) {
		p.blank()
		pic := draw(e)
		p.picture(pic, 2)
		p.blank()
		p.legend(pic, 2)
	}
	if len(e.Causes) > 0 {
		p.section(plural(len(e.Causes), "Cause", "Causes, best first"))
		for i, c := range e.Causes {
			if i > 0 {
				p.blank()
			}
			name := []span{say(strong, c.Name), after(2, say(faint, strings.TrimSpace(whom(c.Nodes))))}
			if told(g.Violations, c) {
				p.wrap([]span{say(normal, "    ")}, append(name, after(2, say(normal, "the impossible state above")))...)
				continue
			}
			p.wrap([]span{say(normal, "    ")}, name...)
			if i > 0 || !repeats(e, c) {
				p.wrap([]span{say(normal, "    ")}, say(normal, c.Summary))
			}
			p.quotes(c.Evidence, seen, maxQuotes)
			p.remedy(c.Remedy)
		}
	}
	if len(e.Causes) == 0 || e.Causes[0].Remedy != e.Remedy {
		if e.Remedy != "" && remedyOf(g.Violations) != e.Remedy {
			p.section("What to do")
			p.wrap([]span{say(normal, "    ")}, say(normal, e.Remedy))
		}
	}
	p.suspects(e)
	p.places(e, seen)
}

// told reports whether a cause is an impossible state that stands above it.
func told(states []raftdiag.Violation, c raftdiag.Cause) bool {
	return slices.ContainsFunc(states, func(v raftdiag.Violation) bool { return v.Name == c.Name && v.Summary == c.Summary })
}

func remedyOf(states []raftdiag.Violation) string {
	if len(states) > 0 {
		return states[0].Remedy
	}
	return ""
}

// suspects writes the scores of an open question.
func (p *page) suspects(e *raftdiag.Episode) {
	if e.FailurePoint != nil || len(e.Suspects) == 0 {
		return
	}
	p.section("Suspects, best first")
	for _, x := range e.Suspects {
		bar := strings.Repeat("━", int(min(max(x.Score, 0), 1)*20+0.5))
		p.line(say(normal, "    "), sayf(normal, "%-20s", point(x.Name)), sayf(normal, "  %.2f  ", x.Score), say(warn, bar))
	}
}

// places tells how far the entry came with each voter.
func (p *page) places(e *raftdiag.Episode, seen map[raftdiag.Where]bool) {
	if len(e.Followers) == 0 {
		return
	}
	p.section("How far it came with each node")
	for _, f := range sortedPlaces(e.Followers) {
		name := node(f.Node)
		if f.Leader {
			name = "leader " + f.Node
		}
		m := unknown
		status := f.Status
		switch f.Status {
		case "passed":
			m, status = passed, "holds it"
		case "blocked":
			m, status = blocked, "stopped before "+f.Gate
		case "down":
			m, status = down, "down, stopped before "+f.Gate
		case "late":
			m, status = late, "late at "+f.Gate
		case "unknown":
			status = "not known from " + f.Gate + " on"
		}
		line := []span{say(strong, name), after(2, say(m.tone(), status+mid(f.Summary)))}
		if f.Summary != "" {
			line = append(line, say(normal, f.Summary))
		}
		var cited []raftdiag.Quote
		for _, q := range f.Evidence {
			if seen[raftdiag.Where{Source: q.Source, Line: q.Line}] {
				cited = append(cited, q)
			}
		}
		if !f.Logged && !strings.Contains(f.Summary, "not among the inputs") {
			line = append(line, say(faint, "(its own log is not among the inputs)"))
		}
		if m == passed && len(cited) == 0 {
			cited = f.Evidence[:min(len(f.Evidence), 1)]
		}
		for i, q := range cited {
			line = append(line, after(2-min(i, 1), at(q.Source, q.Line)))
		}
		p.wrap([]span{say(normal, "    "), say(strongly(m), m.glyph()), say(normal, " ")}, line...)
		if m != passed {
			p.quotes(f.Evidence, seen, 4)
		}
	}
}

func mid(next string) string {
	if next == "" {
		return ""
	}
	return ":"
}

// quotes writes lines of evidence that were not written yet, at most limit.
func (p *page) quotes(list []raftdiag.Quote, seen map[raftdiag.Where]bool, limit int) {
	var fresh []raftdiag.Quote
	for _, q := range list {
		if w := (raftdiag.Where{Source: q.Source, Line: q.Line}); !seen[w] {
			fresh = append(fresh, q)
			seen[w] = true
		}
	}
	for i, q := range fresh {
		if i == limit {
			n := len(fresh) - i
			p.line(sayf(faint, "      and %s more %s in the JSON report", count(n), plural(n, "line", "lines")))
			return
		}
		p.wrap([]span{say(normal, "      ")}, at(q.Source, q.Line), after(2, say(faint, q.Says)))
		if text := strings.TrimSpace(Safe(q.Text)); text != "" {
			p.quoted(text)
		}
	}
}

// quoted writes a log line behind a gutter, over two lines at most, or three
// where the page is narrow: what a line says comes after its prefix.
func (p *page) quoted(text string) {
	const gutter = "      │ "
	most := 2
	if p.width < 100 {
		most = 3
	}
	width := p.width - lipgloss.Width(gutter)
	if whole := text; len(whole) > width {
		for room := most * width; room > width/2; room -= max(width/8, 1) { // words end before the edge
			if text = brief(whole, room); len(text) > 4*most*width || len(p.lay(width, []span{say(normal, text)})) <= most {
				break
			}
		}
	}
	if room := p.width - len(gutter) + 2; len(text) > 4*room {
		text = prefix(p.show(text), 4*room)
	}
	lines := p.lay(width, []span{say(normal, text)})
	for i, l := range lines {
		if i == most-1 && len(lines) > most {
			l = p.cutWords(l, width)
		}
		words := make([]string, len(l))
		for k, w := range l {
			words[k] = w.text
		}
		p.line(say(faint, gutter), say(normal, strings.Join(words, " ")))
		if i == most-1 {
			return
		}
	}
}

// reigns tells who led in which term, where no entry can be followed.
func (p *page) reigns(g *raftdiag.Group) {
	list, left := reigns(g)
	if len(list) == 0 {
		return
	}
	p.section("Who led")
	terms, names := 0, 0
	for _, t := range list {
		terms, names = max(terms, len(t.term)), max(names, lipgloss.Width(p.show(t.who)))
	}
	names = min(names, p.width/3)
	for i, t := range list {
		if i == reignsFirst && left > 0 {
			p.line(sayf(faint, "    and %s more terms", count(left)))
		}
		who := []span{say(strong, t.who)}
		label := []span{sayf(normal, "    term %*s  ", terms, t.term)}
		if w := lipgloss.Width(p.show(t.who)); w <= names {
			label, who = append(label, say(strong, pad(p.show(t.who), names+2))), nil
		}
		if t.Ended != "" {
			who = append(who, after(2, say(normal, t.Ended)))
		}
		if t.At != nil && p.width >= 72 {
			who = append(who, after(2, at(t.At.Source, t.At.Line)))
		}
		p.wrap(label, who...)
		if t.At != nil && p.width < 72 {
			p.wrap([]span{say(normal, "      ")}, at(t.At.Source, t.At.Line))
		}
	}
}

// hypotheses writes the table of all hypotheses.
func (p *page) hypotheses(g *raftdiag.Group, e *raftdiag.Episode) {
	if len(g.Hypotheses) == 0 {
		return
	}
	p.section("Hypotheses")
	before := ""
	alike, why := alikeUnknown(g.Hypotheses)
	for _, f := range g.Hypotheses {
		if why != "" && f.Verdict == raftdiag.Unknown && f.Summary == why {
			continue
		}
		word, t := "ruled out", faint
		m := "·"
		switch f.Verdict {
		case raftdiag.Confirmed:
			word, t, m = "confirmed", badStrong, "✗"
		case raftdiag.Unknown:
			word, t, m = "unknown", warn, "?"
		}
		reason := f.Summary
		if e != nil && f.Verdict == raftdiag.Confirmed && reason == e.Summary {
			reason = "as told above"
		}
		line := []span{say(normal, reason)}
		switch {
		case reason == before && reason != "" && f.Verdict != raftdiag.Confirmed:
			line[0].text = "the same"
		default:
			before = reason
		}
		if f.Verdict == raftdiag.RuledOut {
			line[0].tone = faint
			if len(f.Evidence) > 0 {
				line = append(line, after(2, at(f.Evidence[0].Source, f.Evidence[0].Line)))
			}
		}
		id := deref(f.ID)
		label := []span{say(normal, "    "), say(t, m+" "+pad(word, 11)), say(normal, pad(id, 3)), say(strong, pad(f.Name, 18))}
		if f.Verdict == raftdiag.RuledOut {
			label[3].tone = normal
		}
		if p.width < 72 {
			p.line(label...)
			p.wrap([]span{say(normal, "      ")}, line...)
			continue
		}
		p.wrap(label, line...)
	}
	if why != "" {
		p.wrap([]span{say(normal, "    "), say(warn, "? "+pad("unknown", 11))}, append(listed(alike, ":"), say(normal, why))...)
	}
}

// listed are names that stay in one piece each, with an end behind the last.
func listed(names []string, end string) []span {
	var out []span
	for i, n := range names {
		if i < len(names)-1 {
			n += ","
		} else {
			n += end
		}
		out = append(out, together(normal, n))
	}
	return out
}

// missing writes what would settle the open questions.
func (p *page) missing(findings []raftdiag.Finding) {
	list, do := wants(findings), asks(findings)
	if len(list)+len(do) == 0 {
		return
	}
	p.section("What was missing")
	for i, w := range list {
		if i == maxNotes {
			p.line(sayf(faint, "    and %s more", count(len(list)-i)))
			break
		}
		p.wrap([]span{say(warn, "    ? ")}, say(normal, w.text), after(2, sayf(faint, "for %s", w.forWhom())))
	}
	for i, d := range do {
		if i == maxNotes {
			break
		}
		p.wrap([]span{say(good, "    do  ")}, say(normal, d))
	}
}

// episodes writes the other episodes in brief.
func (p *page) episodes(g *raftdiag.Group, shown *raftdiag.Episode) {
	if len(g.Episodes) < 2 {
		return
	}
	p.section(count(len(g.Episodes)-1) + plural(len(g.Episodes)-1, " other episode", " other episodes"))
	n := 0
	for i := range g.Episodes {
		e := &g.Episodes[i]
		if e == shown {
			continue
		}
		if n++; n > maxEpisodes {
			p.line(sayf(faint, "    and %s more in the JSON report", count(len(g.Episodes)-1-maxEpisodes)))
			break
		}
		t := warn
		if e.FailurePoint != nil {
			t = bad
		}
		line := []span{say(t, episodeTitle(e)+",")}
		if e.Leader != nil {
			line = append(line, sayf(normal, "leader %s,", *e.Leader))
		}
		if e.Term != nil {
			line = append(line, sayf(normal, "term %s,", number(e.Term)))
		}
		if e.Index != nil {
			line = append(line, sayf(normal, "entry %s,", number(e.Index)))
		}
		line = append(line, say(normal, impact(e)+", since"))
		line = append(line, p.since(&raftdiag.Group{}, e)...)
		p.wrap([]span{say(faint, "    - ")}, line...)
	}
}

// nodes tells where each node stood at the end of its log.
func (p *page) nodes(g *raftdiag.Group) {
	if len(g.Nodes) == 0 {
		return
	}
	p.section("Where each node stood at the end of its log")
	columns := stands(g)
	rows := [][]string{{"node", "role"}}
	for _, c := range columns {
		rows[0] = append(rows[0], c.name)
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		r := make([]string, len(rows[0]))
		if r[0], r[1] = n.Node, "no log"; n.Logged {
			r[1] = n.Role
			for k, c := range columns {
				r[2+k] = number(c.of(n))
			}
		}
		rows = append(rows, r)
	}
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i := range r {
			r[i] = cut(p.show(r[i]), 22, p.ellipsis())
			widths[i] = max(widths[i], lipgloss.Width(r[i]))
		}
	}
	for k, r := range rows {
		line := "    "
		for i, c := range r {
			if i < 2 {
				line += pad(c, widths[i]) + "  "
			} else {
				line += strings.Repeat(" ", widths[i]-lipgloss.Width(c)) + c + "  "
			}
		}
		t, more := normal, ""
		if k == 0 {
			t = faint
		} else if n := &g.Nodes[k-1]; n.Logged || p.width >= 80 {
			more = standing(n)
		}
		if lipgloss.Width(line) > p.width {
			p.wrap([]span{say(normal, "    ")}, say(t, strings.Join(r, " ")), say(faint, more))
			continue
		}
		if p.width-lipgloss.Width(line) < 24 || lipgloss.Width(line) > p.width/2 {
			p.line(say(t, line), say(faint, more))
			continue
		}
		p.flow([]span{say(t, line)}, p.width, 0, say(faint, more))
	}
}

func (p *page) notes(list []string) {
	for i, n := range list {
		if i == maxNotes {
			p.line(sayf(faint, "  and %s more", count(len(list)-i)))
			return
		}
		p.wrap([]span{say(faint, "  - ")}, say(normal, n))
	}
}

// inputs writes what was read, those with errors first.
func (p *page) inputs(r *raftdiag.Report) {
	if len(r.Inputs) == 0 {
		return
	}
	title := count(len(r.Inputs)) + plural(len(r.Inputs), " input", " inputs")
	if p.dir == "" {
		p.title(title)
	} else {
		p.blank()
		p.emit([]span{say(strong, title), say(normal, " in "), say(place, p.show(p.dir))}) // whole, to be copied
	}
	list := slices.Clone(r.Inputs)
	if len(list) > maxInputs {
		slices.SortStableFunc(list, func(a, b raftdiag.Input) int { return cmp.Compare(trouble(b), trouble(a)) })
	}
	names := 0
	for _, in := range list[:min(len(list), maxInputs)] {
		if n := lipgloss.Width(p.source(in.Source)); n <= p.width/3 {
			names = max(names, n)
		}
	}
	for i, in := range list {
		if i == maxInputs {
			p.line(sayf(faint, "  and %s more", count(len(list)-i)))
			break
		}
		label := []span{say(normal, "  "), say(place, pad(p.source(in.Source), names+2))}
		if lipgloss.Width(p.source(in.Source)) > names {
			p.wrap(label[:1], at(in.Source, 0))
			label[1].text = strings.Repeat(" ", names+2)
		}
		p.flow(label, p.width, 0, facts(in)...)
	}
}

// source is the name of an input without the directory that all share.
func (p *page) source(name string) string {
	return strings.TrimPrefix(p.show(at(name, 0).text), p.show(p.dir))
}

// facts are what was read from an input.
func facts(in raftdiag.Input) []span {
	var line []span
	add := func(t tone, text string) { line = append(line, after(2, say(t, text))) }
	if in.Node != nil {
		add(normal, node(*in.Node))
	}
	if in.Format != "" {
		add(normal, in.Format)
	} else {
		add(warn, "format not recognised")
	}
	add(normal, count(in.Lines)+plural(int(in.Lines), " line", " lines"))
	add(normal, count(in.Events)+plural(int(in.Events), " event", " events"))
	if in.Incarnation > 1 {
		add(normal, count(in.Incarnation)+" runs")
	}
	switch {
	case in.First != nil && in.Last != nil:
		line = append(line, after(2, together(faint, clock(*in.First))), together(faint, "to "+until(*in.First, *in.Last)))
	case in.Events > 0:
		add(faint, "no times")
	}
	if in.Garbled > 0 {
		add(warn, count(in.Garbled)+" garbled")
	}
	if in.Unknown > 0 {
		add(warn, count(in.Unknown)+" of no known node")
	}
	if in.Error != nil {
		add(bad, "error: "+*in.Error)
	}
	return line
}

// nothingRead is the report when no input yielded a Raft event.
func (p *page) nothingRead(r *raftdiag.Report) {
	p.line(say(badStrong, "NOTHING READ"), say(strong, "  no input yielded a Raft event"))
	where := "no input was given"
	if n := len(r.Inputs); n > 0 {
		names := make([]string, 0, 4)
		for i, in := range r.Inputs {
			if i == 4 {
				names = append(names, "...")
				break
			}
			names = append(names, in.Source)
		}
		where = count(n) + plural(n, " input: ", " inputs: ") + strings.Join(names, ", ")
	}
	p.flow([]span{say(faint, "where  ")}, p.measure, 1, say(normal, where))
	p.flow([]span{say(faint, "do     ")}, p.measure, 3, say(normal, "Give the logs of the cluster's nodes. raftdiag explain lists the formats that are read; raftdiag explain logging shows what to add to an application."))
	if len(r.Notes) > 0 {
		p.title("Why")
		p.notes(r.Notes)
	}
}

// healthy is the short report of a run without a sign of a fault.
func (p *page) healthy(r *raftdiag.Report, groups []*raftdiag.Group) {
	p.line(say(goodStrong, "HEALTHY"), say(strong, "  "+noSign))
	name := "no group"
	if len(groups) > 0 {
		name = p.groupName(groups[0].Group)
	}
	if n := sum(groups); n > 1 {
		name = count(n) + " groups"
	}
	p.flow([]span{say(faint, "where  ")}, p.measure, 1, say(normal, name))
	p.flow([]span{say(faint, "seen   ")}, p.measure, 2, say(normal, strings.TrimPrefix(strings.Replace(r.Summary, noSign+"; they", "the logs", 1), "no sign of a fault: ")))
	do := "nothing"
	for _, g := range groups {
		if f := fetch(g); f != "" {
			do = f
			break
		}
	}
	p.flow([]span{say(faint, "do     ")}, p.measure, 2, say(normal, do))
	if len(groups) == 1 {
		g := groups[0]
		p.blank()
		if l := leaders(g); l != "" {
			p.wrap([]span{say(normal, "  ")}, say(normal, l))
		}
		p.unseen(g)
		if len(g.Notes) > 0 {
			p.section("Notes")
		}
		for _, n := range g.Notes {
			p.wrap([]span{say(faint, "    - ")}, say(strong, n.Name), after(2, say(normal, n.Summary)))
		}
		p.nodes(g)
		return
	}
	for i, g := range groups {
		if i == maxKinds {
			p.blank()
			p.wrap(nil, sayf(faint, "%s more healthy groups; see one with --group NAME.", count(len(groups)-i)))
			break
		}
		p.blank()
		p.wrap([]span{say(normal, "  ")}, say(strong, groupName(g.Group)), after(2, say(normal, strings.TrimPrefix(g.Summary, "no sign of a fault: "))))
		if l := leaders(g); l != "" {
			p.wrap([]span{say(normal, "    ")}, say(normal, l))
		}
		p.unseen(g)
		for _, n := range g.Notes {
			p.wrap([]span{say(faint, "    - ")}, say(strong, n.Name), after(2, say(normal, n.Summary)))
		}
	}
}

// leaders lists who led in which term.
func leaders(g *raftdiag.Group) string {
	var parts []string
	for _, t := range g.Ledgers.Leadership {
		if t.Leader != nil {
			parts = append(parts, node(*t.Leader)+" in term "+number(&t.Term))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	if n := len(parts); n > 8 {
		parts = append(parts[:4], append([]string{"..."}, parts[n-3:]...)...)
	}
	return plural(len(parts), "leader: ", "leaders: ") + strings.Join(parts, ", ")
}

// unseen says what the logs do not carry.
func (p *page) unseen(g *raftdiag.Group) {
	var lacks []string
	for _, w := range wants(g.Hypotheses) {
		lacks = append(lacks, w.text)
	}
	for _, n := range g.Nodes {
		if !n.Logged && !slices.ContainsFunc(lacks, func(l string) bool { return strings.HasPrefix(l, "the log of ") }) {
			lacks = append(lacks, "the log of node "+n.Node)
		}
	}
	lacks = append(lacks, unstated(g)...)
	if len(lacks) == 0 {
		p.wrap([]span{say(normal, "  ")}, say(faint, "These logs carry messages, voters, roles, commit and applied indexes; what a node does not print, they cannot show."))
		return
	}
	if n := len(lacks); n > maxNotes {
		lacks = append(lacks[:maxNotes], "and "+count(n-maxNotes)+" more")
	}
	p.wrap([]span{say(normal, "  ")}, say(warn, "These logs do not carry:"), say(normal, strings.Join(lacks, "; ")+"."))
}

// unstated is what no node's log states at all.
func unstated(g *raftdiag.Group) []string {
	var role, commit, applied bool
	for _, n := range g.Nodes {
		role = role || n.Role != "" && n.Role != raftdiag.UnknownRole.String()
		commit = commit || n.Commit != nil
		applied = applied || n.Applied != nil
	}
	var out []string
	for _, x := range []struct {
		there bool
		what  string
	}{
		{len(g.Ledgers.Pairs) > 0 || slices.ContainsFunc(wants(g.Hypotheses), func(w want) bool { return strings.Contains(w.text, "messages") }), "messages between the nodes"}, {len(g.Voters) > 0, "the voters"}, {role, "roles"}, {commit, "commit indexes"}, {applied, "applied indexes"},
	} {
		if !x.there {
			out = append(out, x.what)
		}
	}
	return out
}
