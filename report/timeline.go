package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/raftdiag/raftdiag"
)

// Timeline writes transcripts: the messages of each group in order, those that
// were lost among them, the way of each proposal through the gates, and how the
// clocks differ. Behind them comes what the logs say beside messages.
func Timeline(w io.Writer, transcripts []raftdiag.Transcript, sayings []raftdiag.Saying, o Options) error {
	p := newPage(o)
	flush := func(min int) error {
		if p.b.Len() < min {
			return nil
		}
		_, err := io.WriteString(w, p.b.String())
		p.b.Reset()
		return err
	}
	if len(transcripts) == 0 && len(sayings) == 0 {
		p.line(say(warn, "No group has a message or a proposal to show."))
	}
	for i := range transcripts {
		t := &transcripts[i]
		if i > 0 {
			p.blank()
		}
		p.line(say(strong, "Group "+groupName(t.Group)))
		p.tally(t)
		day := ""
		if len(t.Passages) > 0 {
			p.section("Messages")
			messages := p.messageWidth(t.Passages)
			for k := range t.Passages {
				p.passage(&t.Passages[k], messages, &day)
				if err := flush(1 << 16); err != nil {
					return err
				}
			}
		}
		if len(t.Proposals) > 0 {
			p.section("Proposals")
			for k := range t.Proposals {
				p.proposal(&t.Proposals[k], &day)
				if err := flush(1 << 16); err != nil {
					return err
				}
			}
		}
		p.clocks(t.Clocks)
		if len(t.Notes) > 0 {
			p.section("Notes")
			for _, n := range t.Notes {
				p.wrap([]span{say(faint, "    - ")}, say(normal, n))
			}
		}
	}
	if len(sayings) > 0 {
		if len(transcripts) > 0 {
			p.blank()
		}
		p.line(say(strong, "What the logs say"))
		// Nodes' names stand in a column, which leaves room for what they say.
		names, several, day := 0, false, ""
		for i := range sayings {
			names = max(names, lipgloss.Width(p.show(sayings[i].Node)))
			several = several || sayings[i].Event.Group != sayings[0].Event.Group
		}
		for i := range sayings {
			p.saying(&sayings[i], min(names, max(p.width/4, 8), 24), several, &day)
			if err := flush(1 << 16); err != nil {
				return err
			}
		}
	}
	return flush(0)
}

// saying writes a line of the chronology. names is how wide the nodes' names are.
func (p *page) saying(s *raftdiag.Saying, names int, groups bool, day *string) {
	p.day(s.Event, day)
	glyph, t, text := "·", faint, normal
	switch s.Mood {
	case raftdiag.Ruling:
		glyph, t = "●", good
	case raftdiag.Ailing:
		glyph, t, text = "✗", bad, bad
	}
	node := pad(cut(p.show(s.Node), names, p.ellipsis()), names)
	label := []span{say(faint, "    "+timeOf(s.Event)+" "), say(t, glyph), say(strong, " "+node), say(normal, "  ")}
	line := []span{say(text, p.show(s.Says))}
	if groups && s.Event.Group != "" {
		line = append(line, after(2, together(faint, "group "+p.show(s.Event.Group))))
	}
	if s.Longest > 0 {
		longest := short(s.Longest)
		if s.Times > 1 {
			longest = "up to " + longest
		}
		line = append(line, after(2, together(warn, longest)))
	}
	if s.Times > 1 {
		often := count(s.Times) + " times"
		if s.Until > s.Event.Time {
			often += " until " + s.Until.Time().Format("15:04:05.000")
		}
		line = append(line, after(2, together(faint, often)))
	}
	if !s.Event.Pos.IsZero() {
		line = append(line, after(2, at(s.Event.Pos.Source, s.Event.Pos.Line)))
	}
	p.flow(label, p.width, 0, line...)
}

// A fate in words, with its glyph and tone.
func fate(f raftdiag.Fate) (word, glyph string, t tone) {
	switch f {
	case raftdiag.Delivered:
		return "delivered", "●", good
	case raftdiag.LostOnWay:
		return "LOST", "✗", badStrong
	case raftdiag.NotSent:
		return "NOT SENT", "✗", badStrong
	case raftdiag.Duplicated:
		return "delivered twice", "◐", warn
	case raftdiag.Reordered:
		return "overtaken", "◐", warn
	case raftdiag.InFlight:
		return "in flight", "·", faint
	case raftdiag.Superseded:
		return "superseded", "·", faint
	case raftdiag.Unsent:
		return "send not seen", "◐", faint
	case raftdiag.CannotTell:
		return "cannot tell", "?", warn
	}
	return string(f), "?", warn
}

// tally counts the fates and the proposals.
func (p *page) tally(t *raftdiag.Transcript) {
	fates := []raftdiag.Fate{raftdiag.Delivered, raftdiag.LostOnWay, raftdiag.NotSent, raftdiag.Duplicated, raftdiag.Reordered,
		raftdiag.InFlight, raftdiag.Superseded, raftdiag.Unsent, raftdiag.CannotTell}
	n := map[raftdiag.Fate]int{}
	for i := range t.Passages {
		n[t.Passages[i].Fate]++
	}
	parts := []span{say(normal, count(len(t.Passages))+plural(len(t.Passages), " message", " messages"))}
	for _, f := range fates {
		if n[f] > 0 {
			word, _, tone := fate(f)
			parts = append(parts, after(2, together(tone, count(n[f])+" "+strings.ToLower(word))))
		}
	}
	parts = append(parts, after(2, together(normal, count(len(t.Proposals))+plural(len(t.Proposals), " proposal", " proposals"))))
	p.wrap([]span{say(normal, "  ")}, parts...)
}

// words of a message without the kind of its event.
func (p *page) words(e *raftdiag.Event) string {
	return p.show(strings.TrimPrefix(e.String(), e.Kind.String()+" "))
}

// messageWidth is how wide the column of messages is, so that the fates stand
// below each other where there is room for them.
func (p *page) messageWidth(list []raftdiag.Passage) int {
	most := p.width - 18 - 24
	n := 0
	for i := range list {
		if e := event(&list[i]); e != nil {
			if w := lipgloss.Width(p.words(e)); w <= most {
				n = max(n, w)
			}
		}
	}
	return n
}

// event is the send of a passage, or the receipt if no send was seen.
func event(x *raftdiag.Passage) *raftdiag.Event {
	if x.Sent != nil {
		return x.Sent
	}
	return x.Received
}

func (p *page) passage(x *raftdiag.Passage, messages int, day *string) {
	e := event(x)
	if e == nil {
		return
	}
	p.day(e, day)
	word, glyph, t := fate(x.Fate)
	label := []span{say(faint, "    "+timeOf(e)+" "), say(t, glyph), say(normal, " ")}
	message := normal
	if t == badStrong {
		message = bad
	}
	line := []span{}
	text := p.words(e)
	fits := lipgloss.Width(text) <= p.width-20
	if fits {
		line = append(line, span{text: text, tone: message, keep: true})
	} else {
		line = append(line, say(message, text))
	}
	end := word
	if x.Fate == raftdiag.Delivered {
		end = "" // the rule; the glyph says it
	}
	if l := latency(x.Low, x.High); l != "" {
		end = strings.TrimSpace(end + " " + l)
	}
	gap := max(messages-lipgloss.Width(text), 0) + 2
	if end != "" {
		line = append(line, after(gap, together(t, end)))
		gap = 2
	}
	if x.Ambiguous {
		line = append(line, after(gap, together(warn, "(or another pairing)")))
		gap = 2
	}
	if x.Why != "" {
		line = append(line, after(gap, say(faint, x.Why)))
		gap = 2
	}
	if t == badStrong || p.width >= 110 {
		for _, o := range []*raftdiag.Event{x.Sent, x.Received} {
			if o != nil && !o.Pos.IsZero() {
				line = append(line, after(gap, at(o.Pos.Source, o.Pos.Line)))
				gap = 2
			}
		}
	}
	p.flow(label, p.width, 0, line...)
}

// day writes the date where it changes.
func (p *page) day(e *raftdiag.Event, day *string) {
	if e.Time == raftdiag.NoStamp {
		return
	}
	if d := e.Time.Time().Format("2006-01-02"); d != *day {
		*day = d
		p.line(say(faint, "    "+d))
	}
}

// timeOf is the time of day in twelve columns.
func timeOf(e *raftdiag.Event) string {
	if e == nil || e.Time == raftdiag.NoStamp {
		return "            "
	}
	return e.Time.Time().Format("15:04:05.000")
}

// latency words an interval with unknown bounds.
func latency(low, high *time.Duration) string {
	switch {
	case low != nil && high != nil && *low == *high:
		return short(*low)
	case low != nil && high != nil:
		return short(*low) + " to " + short(*high)
	case low != nil:
		return "at least " + short(*low)
	case high != nil:
		return "at most " + short(*high)
	}
	return ""
}

func (p *page) proposal(x *raftdiag.ProposalPath, day *string) {
	t := warn
	switch x.Fate {
	case "committed":
		t = good
	case "stuck", "replaced":
		t = badStrong
	}
	for _, s := range x.Steps {
		if s.At != nil {
			p.day(s.At, day)
			break
		}
	}
	head := []span{say(strong, fmt.Sprintf("entry %d", x.Index))}
	if x.Term != nil {
		head = append(head, say(normal, "of term "+number(x.Term)))
	}
	if x.Leader != 0 {
		head = append(head, say(normal, "at leader "+x.Leader.String()))
	}
	head = append(head, after(2, say(t, x.Fate)))
	if x.ToCommit != nil {
		head = append(head, after(2, together(faint, "commit after "+short(*x.ToCommit))))
	}
	if x.ToApply != nil {
		head = append(head, after(2, together(faint, "applied after "+short(*x.ToApply))))
	}
	if x.Decider != 0 {
		head = append(head, after(2, together(faint, "decided by node "+x.Decider.String())))
	}
	p.wrap([]span{say(normal, "    ")}, head...)
	names := len("leader")
	for _, peer := range x.Peers {
		names = max(names, len("node "+peer.Node.String()))
	}
	names = min(names, p.width/3)
	if len(x.Steps) > 0 {
		p.steps("leader", names, x.Steps)
	}
	for _, peer := range x.Peers {
		p.steps("node "+peer.Node.String(), names, peer.Steps)
	}
}

// steps writes the gates of one lane with their times.
func (p *page) steps(who string, names int, steps []raftdiag.Step) {
	label := []span{say(normal, "      "), say(normal, pad(cut(who, names, p.ellipsis()), names)), say(normal, "  ")}
	var line []span
	for _, s := range steps {
		text := s.Gate
		if when := strings.TrimSpace(timeOf(s.At)); when != "" {
			text += " " + when
		} else if s.At != nil && !s.At.Pos.IsZero() {
			line = append(line, after(2, together(normal, text)), at(s.At.Pos.Source, s.At.Pos.Line))
			continue
		}
		line = append(line, after(2, together(normal, text)))
	}
	if len(line) == 0 {
		line = []span{say(faint, "nothing shows")}
	}
	p.flow(label, p.width, 0, line...)
}

func (p *page) clocks(rows []raftdiag.ClockRow) {
	if len(rows) == 0 {
		return
	}
	p.section("Clocks")
	rows = slices.Clone(rows)
	for _, r := range rows {
		line := []span{say(strong, "node "+r.To)}
		low, high := nanos(r.Low), nanos(r.High)
		if l := latency(low, high); l != "" {
			line = append(line, say(normal, "is ahead of node "+r.From+" by "+l))
		} else {
			line = append(line, say(normal, "and node "+r.From+": the offset is not known"))
		}
		t := good
		switch r.Grade {
		case "approximate", "one-way", "none":
			t = warn
		case "contradictory":
			t = bad
		}
		line = append(line, after(2, say(t, r.Grade)), after(2, together(faint, count(r.Pairs)+plural(r.Pairs, " pair", " pairs"))))
		if r.DriftPM != nil {
			line = append(line, after(2, together(faint, fmt.Sprintf("drift %.1f ppm", *r.DriftPM))))
		}
		if r.Steps > 0 {
			line = append(line, after(2, together(warn, count(r.Steps)+plural(r.Steps, " step", " steps"))))
		}
		p.wrap([]span{say(normal, "    ")}, line...)
	}
}

func nanos(n *int64) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n)
	return &d
}
