package report

import (
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/raftdiag/raftdiag"
)

// A mark is what a lane shows at a gate.
type mark uint8

const (
	nothing mark = iota // the gate is not this lane's
	through             // on the way to a later gate of the lane
	passed
	blocked
	unknown
	down
	late
	ahead // not reached
)

func (m mark) glyph() string {
	return [...]string{" ", "─", "●", "✗", "?", "☠", "◐", "·"}[m]
}

func (m mark) tone() tone {
	switch m {
	case passed, through:
		return good
	case blocked, down:
		return bad
	case unknown, late:
		return warn
	case nothing:
		return normal
	}
	return faint
}

func (m mark) word() string {
	return [...]string{"", "", "passed", "blocked", "unknown", "down", "late", "not reached"}[m]
}

// A lane is one row of the picture.
type lane struct {
	label string
	tone  tone
	marks []mark // one for each gate of the picture
}

// A picture is the gates with each voter's way through them.
type picture struct {
	gates []string
	lanes []lane
}

// draw makes the picture of an episode.
//
// The leader's own append is a lane beside the followers': proposed, then
// matched. What the quorum came to stands in a row below, when there is a gate
// to show.
func draw(e *raftdiag.Episode) picture {
	p := picture{gates: gateNames[1:]}
	if e.Gate != nil && *e.Gate == "forwarded" {
		p.gates = gateNames
	}
	stop := func(status string) mark {
		switch status {
		case "passed":
			return passed
		case "blocked":
			return blocked
		case "down":
			return down
		case "late":
			return late
		}
		return unknown
	}
	first := gateRank("sent")
	for _, f := range sortedPlaces(e.Followers) {
		l := lane{label: node(f.Node), marks: make([]mark, len(p.gates))}
		from := first
		if f.Leader {
			l.label, from = "leader "+f.Node, gateRank("matched")
		} else if !f.Voter {
			l.label = "learner " + f.Node
		}
		end := gateRank(f.Gate)
		for i, g := range p.gates {
			r := gateRank(g)
			switch {
			case r < from || r > gateRank("matched"):
			case f.Status == "passed" && (end < 0 || r <= end), slices.Contains(f.Passed, g):
				l.marks[i] = passed
			case r == end:
				l.marks[i] = stop(f.Status)
			case r < end:
				l.marks[i] = unknown
			default:
				l.marks[i] = ahead
			}
		}
		if f.Leader && e.Index != nil {
			l.marks[slices.Index(p.gates, "proposed")] = passed
			for i := slices.Index(p.gates, "sent"); i < slices.Index(p.gates, "matched"); i++ {
				l.marks[i] = through
			}
		}
		p.lanes = append(p.lanes, l)
	}
	p.lanes = append(p.lanes, quorum(e, p.lanes, p.gates))
	return p
}

// quorum is the row of what the voters' votes came to: passed where more than
// half of them passed, and the gate at which the vote is lost.
func quorum(e *raftdiag.Episode, lanes []lane, gates []string) lane {
	l := lane{label: "quorum", tone: strong, marks: make([]mark, len(gates))}
	if len(e.Followers) == 0 {
		l.label = "entry"
	}
	end := len(gateNames)
	if e.Gate != nil {
		end = gateRank(*e.Gate)
	}
	voters := 0
	for _, f := range e.Followers {
		if f.Voter {
			voters++
		}
	}
	for i, g := range gates {
		r := gateRank(g)
		yes := 0
		for k, f := range sortedPlaces(e.Followers) {
			if m := lanes[k].marks[i]; f.Voter && (m == passed || m == through) {
				yes++
			}
		}
		switch {
		case g == "forwarded" && r != end:
		case r == end && e.Impact == raftdiag.SlowedBy:
			l.marks[i] = late
		case r == end:
			l.marks[i] = blocked
		case r > end, e.Gate == nil && r >= gateRank("committed"):
			l.marks[i] = ahead
		case g == "proposed" && (e.Index != nil || e.Gate != nil), r == gateRank("committed"):
			l.marks[i] = passed
		case 2*yes > voters, voters == 0 && e.Gate != nil:
			l.marks[i] = passed
		case e.Gate == nil:
			l.marks[i] = unknown
		default:
			l.marks[i] = ahead
		}
	}
	return l
}

// sortedPlaces has the leader first.
func sortedPlaces(places []raftdiag.Place) []raftdiag.Place {
	out := slices.Clone(places)
	slices.SortStableFunc(out, func(a, b raftdiag.Place) int {
		switch {
		case a.Leader && !b.Leader:
			return -1
		case b.Leader && !a.Leader:
			return 1
		}
		return 0
	})
	return out
}

// picture writes the picture: gates as columns where there is room, else one
// row of glyphs for each lane.
func (p *page) picture(pic picture, indent int) {
	labels := 0
	for i := range pic.lanes {
		l := &pic.lanes[i]
		l.label = cut(p.show(l.label), max(p.width/4, 9), p.ellipsis())
		labels = max(labels, lipgloss.Width(l.label))
	}
	names := 0
	for _, g := range pic.gates {
		names += len(g)
	}
	gap := (p.measure - indent - labels - names) / len(pic.gates)
	if gap < 1 {
		p.strip(pic, indent, labels)
		return
	}
	gap = min(gap, 3)
	head := []span{say(normal, strings.Repeat(" ", indent+labels))}
	for _, g := range pic.gates {
		head = append(head, say(faint, strings.Repeat(" ", gap)+g))
	}
	p.line(head...)
	for _, l := range pic.lanes {
		row := []span{say(normal, strings.Repeat(" ", indent)), say(l.tone, pad(l.label, labels))}
		for i, m := range l.marks {
			lead := gap + (len(pic.gates[i])-1)/2 // columns from the last name's end to the glyph
			if i > 0 {
				lead += len(pic.gates[i-1]) - (len(pic.gates[i-1])-1)/2 - 1
			}
			fill, t := " ", normal
			if joined(l.marks, i) {
				fill, t = "─", good
			}
			row = append(row, say(t, strings.Repeat(fill, lead)), say(strongly(m), m.glyph()))
		}
		p.line(row...)
	}
}

// joined reports whether the lane runs without a break from the gate before i
// to i.
func joined(marks []mark, i int) bool {
	if i == 0 || marks[i] == nothing || marks[i] == ahead {
		return false
	}
	return marks[i-1] == passed || marks[i-1] == through || marks[i-1] == late
}

func strongly(m mark) tone {
	if m == blocked || m == down {
		return badStrong
	}
	return m.tone()
}

// strip is the picture for narrow terminals.
func (p *page) strip(pic picture, indent, labels int) {
	blank := strings.Repeat(" ", indent)
	p.wrap([]span{say(normal, blank)}, say(faint, "gates: "+strings.Join(pic.gates, ", ")))
	for _, l := range pic.lanes {
		row := []span{say(normal, blank), say(l.tone, pad(l.label, labels)), say(normal, " ")}
		at := ""
		for i, m := range l.marks {
			fill, t := " ", normal
			if joined(l.marks, i) {
				fill, t = "─", good
			}
			row = append(row, say(t, fill), say(strongly(m), m.glyph()))
			if at == "" && (m == blocked || m == down || m == unknown || m == late) {
				at = pic.gates[i]
			}
		}
		if at != "" {
			row = append(row, say(faint, "  "+at))
		}
		p.line(row...)
	}
}

// legend explains the glyphs that a picture uses.
func (p *page) legend(pic picture, indent int) {
	used := map[mark]bool{}
	for _, l := range pic.lanes {
		for _, m := range l.marks {
			used[m] = true
		}
	}
	var parts []span
	for m := passed; m <= ahead; m++ {
		if used[m] {
			parts = append(parts, after(3, say(m.tone(), m.glyph())), say(faint, m.word()))
		}
	}
	p.wrap([]span{say(normal, strings.Repeat(" ", indent))}, parts...)
}
