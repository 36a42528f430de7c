package timeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/raftdiag/raftdiag"
)

// base is the time that the stamps of the cases count from.
var base = time.Date(2025, 10, 20, 10, 0, 0, 0, time.UTC)

// readEvents reads the cases' form of events:
//
//	1 .100 sent 1->2 MsgApp term=1 index=0 entries=1
//	2@b.log/g - received 1->2 MsgHeartbeat term=1
//
// It is the node, with its source (n1.log) and group where they matter; the
// seconds after the base, or - for no stamp; the kind; and fields as JSON names
// them. A node of 0 is not known, and ?NAME in its place is a writer.
func readEvents(t testing.TB, text string) []raftdiag.Event {
	t.Helper()
	lines := map[string]int64{}
	var out []raftdiag.Event
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(words) < 3 {
			t.Fatalf("event %q: node, time and kind are needed", line)
		}
		m := map[string]any{"kind": words[2]}
		who, group, _ := strings.Cut(words[0], "/")
		node, source, _ := strings.Cut(who, "@")
		if writer, ok := strings.CutPrefix(node, "?"); ok {
			m["writer"] = writer
			node = "0"
		}
		if source == "" {
			source = "n" + node + ".log"
		}
		lines[source]++
		m["node"], m["group"], m["source"], m["line"] = node, group, source, lines[source]
		if words[1] != "-" {
			s, err := strconv.ParseFloat(words[1], 64)
			if err != nil {
				t.Fatalf("event %q: %v", line, err)
			}
			m["time"] = base.Add(time.Duration(s * 1e9).Round(time.Microsecond))
		}
		for _, w := range words[3:] {
			if from, to, ok := strings.Cut(w, "->"); ok {
				m["from"], m["to"] = from, to
				continue
			}
			key, value, ok := strings.Cut(w, "=")
			switch {
			case !ok && strings.HasPrefix(w, "Msg"):
				m["type"] = w
			case !ok:
				m[w] = true
			case key == "voters":
				m["config"] = map[string]any{"voters": strings.Split(value, ",")}
			case key == "text":
				m[key] = strings.ReplaceAll(value, "_", " ")
			default:
				m[key] = value
				if n, err := strconv.ParseUint(value, 10, 64); err == nil && !slices.Contains([]string{"from", "to", "peer", "vote", "lead"}, key) {
					m[key] = n
				} else if b, err := strconv.ParseBool(value); err == nil && !slices.Contains([]string{"from", "to", "peer", "vote", "lead"}, key) {
					m[key] = b
				}
			}
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var e raftdiag.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatalf("event %q: %v", line, err)
		}
		out = append(out, e)
	}
	return out
}

// load fills a store, sources in the order of their first event unless order
// names them.
func load(events []raftdiag.Event, order ...string) *Timelines {
	if len(order) == 0 {
		for _, e := range events {
			if !slices.Contains(order, e.Pos.Source) {
				order = append(order, e.Pos.Source)
			}
		}
	}
	s := New()
	for n, name := range order {
		add := s.Open(name, n)
		for _, e := range events {
			if e.Pos.Source == name {
				add(&e)
			}
		}
	}
	return s.Finish(func(source, writer, group string) raftdiag.NodeID {
		n, _ := strconv.ParseUint(strings.TrimPrefix(writer, "node"), 10, 64)
		return raftdiag.NodeID(n)
	})
}

func TestCases(t *testing.T) {
	datadriven.Walk(t, "testdata/cases", func(t *testing.T, path string) {
		var tls *Timelines
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "events" {
				var order []string
				if d.HasArg("order") {
					for _, a := range d.CmdArgs {
						if a.Key == "order" {
							order = a.Vals
						}
					}
				}
				tls = load(readEvents(t, d.Input), order...)
				var b strings.Builder
				for _, source := range slices.Sorted(maps.Keys(tls.Unattributed)) {
					fmt.Fprintf(&b, "%s: %d without a node\n", source, tls.Unattributed[source])
				}
				for _, g := range tls.Groups() {
					fmt.Fprintf(&b, "group %q: %d lives\n", g, len(tls.Build(g)))
				}
				return b.String()
			}
			var b strings.Builder
			for _, g := range tls.Groups() {
				for _, tl := range tls.Build(g) {
					if len(tls.Groups()) > 1 || tl.Lives > 1 {
						fmt.Fprintf(&b, "%q life %d\n", g, tl.Life)
					}
					show(t, &b, tl, d)
				}
			}
			return b.String()
		})
	})
}

func show(t *testing.T, b *strings.Builder, tl *Timeline, d *datadriven.TestData) {
	switch d.Cmd {
	case "lanes":
		for _, l := range tl.Lanes {
			showLane(b, l)
		}
	case "fates":
		for _, m := range tl.script().letters {
			showLetter(b, tl, &m)
		}
	case "pairs":
		for _, w := range tl.ways() {
			for _, p := range tl.road(w.from, w.to).pairings {
				fmt.Fprintf(b, "%s:", p.Channel)
				for k, j := range p.ReceiveOf {
					fmt.Fprintf(b, " %d=%d", k, j)
				}
				for j, k := range p.SendOf {
					if k < 0 || p.Twice[j] || p.Overtaken[j] {
						fmt.Fprintf(b, " receive %d=%d", j, k)
						if p.Twice[j] {
							b.WriteString(" twice")
						}
						if p.Overtaken[j] {
							b.WriteString(" overtaken")
						}
					}
				}
				if p.Blurred {
					b.WriteString(" blurred")
				}
				b.WriteByte('\n')
			}
		}
	case "tenures":
		for _, ten := range tl.Tenures() {
			fmt.Fprintf(b, "node %s term %d places %d to %d, ended: %s\n", ten.Leader, ten.Term, ten.Begin, ten.End, ten.Ended)
		}
	case "stalls":
		for _, ten := range tl.Tenures() {
			for _, s := range ten.Stalls(DefaultPatience) {
				fmt.Fprintf(b, "node %s term %d index %d from %d to %d open=%v rounds=%d\n", ten.Leader, ten.Term, s.Index, s.From, s.To, s.Open, s.Rounds)
			}
		}
	case "places":
		for _, ten := range tl.Tenures() {
			for _, s := range ten.Stalls(DefaultPatience) {
				for _, n := range tl.Nodes {
					p := tl.Place(&s, n, DefaultPatience)
					fmt.Fprintf(b, "index %d node %s stops before %s:", s.Index, n, p.Stop)
					for g := Sent; g <= Matched; g++ {
						fmt.Fprintf(b, " %s=%s", g, [...]string{"?", "yes", "no"}[p.Marks[g].Answer])
					}
					b.WriteByte('\n')
				}
			}
		}
	case "voters":
		for _, l := range tl.Lanes {
			v := tl.VotersOf(l, l.hi)
			fmt.Fprintf(b, "node %s: %v by %s\n", l.Node, v.All(), v.From)
		}
	case "ledgers":
		showLedgers(t, b, tl.Ledgers())
	case "transcript":
		var f Filter
		for _, a := range d.CmdArgs {
			n, err := strconv.ParseFloat(a.Vals[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			at := raftdiag.Stamp(base.Add(time.Duration(n * 1e9)).UnixNano())
			switch a.Key {
			case "index":
				f.Index = raftdiag.Index(n)
			case "from":
				f.From = raftdiag.NodeID(n)
			case "to":
				f.To = raftdiag.NodeID(n)
			case "since":
				f.Since = at
			case "until":
				f.Until = at
			case "limit":
				f.Limit = int(n)
			}
		}
		showTranscript(b, tl.Transcript(f))
	default:
		t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
	}
}

func showLane(b *strings.Builder, l *Lane) {
	fmt.Fprintf(b, "node %s\n", l.Node)
	for _, inc := range l.Incarnations {
		fmt.Fprintf(b, " %s\n", inc.Opened)
		for i := inc.Begin; i < inc.End; i++ {
			e := l.Event(i)
			fmt.Fprintf(b, "  %s %s\n", e.Pos, e.String())
		}
	}
	for _, f := range l.Falls {
		fmt.Fprintf(b, " %s falls from %d to %d at %s restart=%v\n", f.What, f.From, f.To, l.Event(f.At).Pos, f.Restart)
	}
}

func showLetter(b *strings.Builder, tl *Timeline, m *letter) {
	end := func(l *Lane, i int32) string {
		if i < 0 {
			return "?"
		}
		return l.Event(int(i)).Pos.String()
	}
	fmt.Fprintf(b, "%s %s %s %s", m.channel, end(m.sender, m.sent), end(m.receiver, m.received), m.verdict.fate)
	if m.verdict.ambiguous {
		b.WriteString(" (ambiguous)")
	}
	if why := m.verdict.why(m.channel, m.sender, tl.Lanes); why != "" {
		b.WriteString(": " + why)
	}
	b.WriteByte('\n')
}

func showLedgers(t *testing.T, b *strings.Builder, l raftdiag.Ledgers) {
	for _, rows := range [][]string{jsonRows(t, l.Pairs), jsonRows(t, l.Leadership), jsonRows(t, l.Membership), jsonRows(t, l.Clocks)} {
		for _, r := range rows {
			b.WriteString(r + "\n")
		}
	}
}

func jsonRows[T any](t *testing.T, rows []T) []string {
	var out []string
	for _, r := range rows {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(raw))
	}
	return out
}

func showTranscript(b *strings.Builder, tr raftdiag.Transcript) {
	for _, p := range tr.Passages {
		pos := func(e *raftdiag.Event) string {
			if e == nil {
				return "?"
			}
			return e.Pos.String()
		}
		e := p.Sent
		if e == nil {
			e = p.Received
		}
		fmt.Fprintf(b, "%s %s %s %s", pos(p.Sent), pos(p.Received), e, p.Fate)
		if p.Low != nil && p.High != nil {
			fmt.Fprintf(b, " %s to %s", p.Low.Round(time.Microsecond), p.High.Round(time.Microsecond))
		}
		b.WriteByte('\n')
	}
	steps := func(steps []raftdiag.Step) {
		for _, s := range steps {
			fmt.Fprintf(b, " %s@%s", s.Gate, s.At.Pos)
		}
	}
	for _, p := range tr.Proposals {
		term := "?"
		if p.Term != nil {
			term = strconv.FormatUint(*p.Term, 10)
		}
		fmt.Fprintf(b, "entry %s/%d of %s %s, decider %s:", term, p.Index, p.Leader, p.Fate, p.Decider)
		steps(p.Steps)
		if p.ToCommit != nil {
			fmt.Fprintf(b, " to commit %s", *p.ToCommit)
		}
		if p.ToApply != nil {
			fmt.Fprintf(b, " to apply %s", *p.ToApply)
		}
		b.WriteByte('\n')
		for _, q := range p.Peers {
			fmt.Fprintf(b, "  node %s:", q.Node)
			steps(q.Steps)
			b.WriteByte('\n')
		}
	}
	for _, n := range tr.Notes {
		fmt.Fprintf(b, "note: %s\n", n)
	}
}

// The pieces of one log follow one another by their names, though a clock that
// steps back between them makes their stamps overlap.
func TestPiecesOfOneLog(t *testing.T) {
	row := func(add func(*raftdiag.Event), second int64, last raftdiag.Index) {
		add(&raftdiag.Event{Kind: raftdiag.LogRow, Set: raftdiag.HasLast, Time: raftdiag.Stamp(second * 1e9), Node: 1, Group: "g", Last: last})
	}
	s := New()
	old := s.Open("app.log.1", 0)
	row(old, 100, 1)
	row(old, 109, 2)
	next := s.Continue("app.log", 1)
	row(next, 105, 3)
	row(next, 110, 4)
	lane := s.Finish(func(string, string, string) raftdiag.NodeID { return 0 }).Build("g")[0].Lane(1)
	var got []raftdiag.Index
	lo, hi := lane.Bounds()
	for i := lo; i < hi; i++ {
		got = append(got, lane.Event(i).Last)
	}
	if !slices.Equal(got, []raftdiag.Index{1, 2, 3, 4}) {
		t.Errorf("last index: %v", got)
	}
}
