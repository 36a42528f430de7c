package timeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
)

// A wire is a made-up history: what three nodes log while messages are lost,
// come twice, overtake one another and take their time. Each event has the true
// moment as its stamp.
type wire struct {
	events []raftdiag.Event
	// truth is by the position of a received message that of its send.
	truth map[raftdiag.Position]raftdiag.Position
}

// drawWire draws a history of n rounds of appends, answers and heartbeats of
// node 1 to the others.
func drawWire(t *rapid.T, n int) *wire {
	r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
	loss := rapid.SampledFrom([]float64{0, 0.05, 0.3}).Draw(t, "loss")
	return makeWire(r, n, loss)
}

func makeWire(r *rand.Rand, n int, loss float64) *wire {
	type item struct {
		at     int64
		event  raftdiag.Event
		number int // of the message, 0 for none
		sent   bool
	}
	var items []item
	w := &wire{truth: map[raftdiag.Position]raftdiag.Position{}}
	number := 0
	now := base.UnixNano()
	const us = 1000
	state := func(node raftdiag.NodeID, role raftdiag.Role, commit raftdiag.Index) {
		items = append(items, item{at: now, event: raftdiag.Event{Kind: raftdiag.State, Node: node, Role: role,
			Message: raftdiag.Message{Term: 1, Commit: commit}, Set: raftdiag.HasRole | raftdiag.HasTerm | raftdiag.HasCommit}})
	}
	// post sends a message and returns when it arrived, or 0.
	post := func(at int64, m raftdiag.Message, set raftdiag.Field) int64 {
		number++
		set |= raftdiag.HasType | raftdiag.HasFrom | raftdiag.HasTo | raftdiag.HasTerm
		items = append(items, item{at, raftdiag.Event{Kind: raftdiag.Sent, Node: m.From, Message: m, Set: set}, number, true})
		if r.Float64() < loss {
			return 0
		}
		arrival := at + 100*us + r.Int63n(900)*us
		items = append(items, item{arrival, raftdiag.Event{Kind: raftdiag.Received, Node: m.To, Message: m, Set: set}, number, false})
		return arrival
	}
	for _, to := range []raftdiag.NodeID{2, 3} {
		if at := post(now+us*int64(to), raftdiag.Message{Type: raftdiag.MsgVote, From: 1, To: to, Term: 1}, raftdiag.HasIndex|raftdiag.HasLogTerm); at > 0 {
			post(at+50*us, raftdiag.Message{Type: raftdiag.MsgVoteResp, From: to, To: 1, Term: 1}, raftdiag.HasReject)
		}
	}
	for i := range n {
		now += 2000*us + r.Int63n(50)*us
		state(1, raftdiag.Leader, raftdiag.Index(i))
		for _, to := range []raftdiag.NodeID{2, 3} {
			if i%5 == 4 {
				post(now+us*int64(to), raftdiag.Message{Type: raftdiag.MsgHeartbeat, From: 1, To: to, Term: 1, Commit: raftdiag.Index(i / 7)}, raftdiag.HasCommit)
				continue
			}
			m := raftdiag.Message{Type: raftdiag.MsgApp, From: 1, To: to, Term: 1, Index: raftdiag.Index(i), Entries: 1}
			if at := post(now+us*int64(to), m, raftdiag.HasIndex|raftdiag.HasEntries); at > 0 {
				post(at+50*us, raftdiag.Message{Type: raftdiag.MsgAppResp, From: to, To: 1, Term: 1, Index: raftdiag.Index(i + 1)}, raftdiag.HasIndex|raftdiag.HasReject)
			}
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return int(a.at - b.at) })
	sends := map[int]raftdiag.Position{}
	lines := map[raftdiag.NodeID]int64{}
	for k, it := range items {
		e := it.event
		lines[e.Node]++
		e.Pos = raftdiag.Position{Source: fmt.Sprintf("n%d.log", e.Node), Line: lines[e.Node]}
		e.Time = raftdiag.Stamp(it.at + int64(k%2)) // finer than a microsecond, as our own events are
		w.events = append(w.events, e)
		switch {
		case it.number == 0:
		case it.sent:
			sends[it.number] = e.Pos
		default:
			w.truth[e.Pos] = sends[it.number]
		}
	}
	return w
}

// dump is all that a store's timelines say.
func dump(t interface{ Fatal(...any) }, tls *Timelines) string {
	var b strings.Builder
	for _, g := range tls.Groups() {
		for _, tl := range tls.Build(g) {
			for _, l := range tl.Lanes {
				showLane(&b, l)
			}
			for _, m := range tl.script().letters {
				showLetter(&b, tl, &m)
			}
			raw, err := json.Marshal(tl.Ledgers())
			if err != nil {
				t.Fatal(err)
			}
			b.Write(raw)
		}
	}
	return b.String()
}

// split moves the second half of each node's lines to another file.
func split(events []raftdiag.Event) []raftdiag.Event {
	total := map[string]int64{}
	for _, e := range events {
		total[e.Pos.Source] = max(total[e.Pos.Source], e.Pos.Line)
	}
	out := slices.Clone(events)
	for i := range out {
		if e := &out[i]; e.Pos.Line > total[e.Pos.Source]/2 {
			e.Pos.Line -= total[e.Pos.Source] / 2
			e.Pos.Source = "later-" + e.Pos.Source
		}
	}
	return out
}

func sources(events []raftdiag.Event) []string {
	var out []string
	for _, e := range events {
		if !slices.Contains(out, e.Pos.Source) {
			out = append(out, e.Pos.Source)
		}
	}
	return out
}

// The order of the inputs does not matter, nor that of anything in memory.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := split(drawWire(t, 40).events)
		names := sources(events)
		want := dump(t, load(events, names...))
		if got := dump(t, load(events, rapid.Permutation(names).Draw(t, "order")...)); got != want {
			t.Fatalf("another order of the inputs gives another answer:\n%s\n%s", want, got)
		}
	})
}

// A duplicated file, or a piece of it, changes nothing, whatever its stamps.
func TestRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawWire(t, 40).events
		tick := rapid.SampledFrom([]int64{0, 1, 1e3, 1e6, 1e9}).Draw(t, "tick")
		for i := range events {
			if tick == 0 {
				events[i].Time = raftdiag.NoStamp
			} else {
				events[i].Time -= events[i].Time % raftdiag.Stamp(tick)
			}
		}
		want := dump(t, load(events))
		name := rapid.SampledFrom(sources(events)).Draw(t, "file")
		var copied []raftdiag.Event
		for _, e := range events {
			if e.Pos.Source == name {
				copied = append(copied, e)
			}
		}
		lo := rapid.IntRange(0, len(copied)/2).Draw(t, "from")
		hi := rapid.IntRange(lo, len(copied)).Draw(t, "to")
		if tick == 0 {
			hi = len(copied) // without stamps only a head or a tail is known as such
		}
		both := slices.Clone(events)
		for _, e := range copied[lo:hi] {
			e.Pos.Source = "zcopy.log" // behind in every order, so that the first file's lines stay
			both = append(both, e)
		}
		if got := positionless(dump(t, load(both))); got != positionless(want) {
			t.Fatalf("a copy of lines %d to %d of %s changes the answer:\n%s\n%s", lo, hi, name, want, got)
		}
	})
}

// What is found for a group depends on its own lines, and on those that name no
// group.
func TestPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawWire(t, 40).events
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", ""}), 16, 16).Draw(t, "groups")
		events[0].Group = "a"
		for i := range events[1:] {
			events[i+1].Group = names[i%len(names)]
		}
		for k := range 30 {
			events = append(events, raftdiag.Event{Kind: raftdiag.Slow, Set: raftdiag.HasText, Node: raftdiag.NodeID(k%3 + 1), Time: events[k].Time,
				Pos: raftdiag.Position{Source: "host.log", Line: int64(k + 1)}, Message: raftdiag.Message{}, Text: "slow"})
		}
		all := load(events)
		alone := load(slices.DeleteFunc(slices.Clone(events), func(e raftdiag.Event) bool { return e.Group == "b" }), sources(events)...)
		show := func(tls *Timelines) string {
			var b strings.Builder
			for _, tl := range tls.Build("a") {
				for _, l := range tl.Lanes {
					showLane(&b, l)
				}
				for _, m := range tl.script().letters {
					showLetter(&b, tl, &m)
				}
			}
			return b.String()
		}
		if want, got := show(alone), show(all); got != want {
			t.Fatalf("the lines of group b change what is found for group a:\n%s\n%s", want, got)
		}
	})
}

// positionless leaves out which of two equal lines was kept.
func positionless(s string) string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '{' || r == ',' }) {
		if !strings.Contains(w, ".log") && !strings.Contains(w, `"line"`) {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// A strictly increasing change of one node's clock changes no pairing and no
// order of any lane.
func TestClockChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := split(drawWire(t, 40).events)
		shape := func(events []raftdiag.Event) string {
			var b strings.Builder
			for _, tl := range load(events).Build("") {
				for _, l := range tl.Lanes {
					showLane(&b, l)
				}
				for _, w := range tl.ways() {
					for _, p := range tl.road(w.from, w.to).pairings {
						fmt.Fprintln(&b, p.Channel, p.ReceiveOf, p.SendOf, p.Twice, p.Overtaken)
					}
				}
			}
			return b.String()
		}
		want := shape(events)
		node := raftdiag.NodeID(rapid.IntRange(1, 3).Draw(t, "node"))
		shift := rapid.Int64Range(-1e12, 1e12).Draw(t, "shift")
		factor := rapid.Int64Range(1, 5).Draw(t, "factor")
		changed := slices.Clone(events)
		for i := range changed {
			if e := &changed[i]; e.Node == node {
				e.Time = raftdiag.Stamp(base.UnixNano() + shift + factor*(int64(e.Time)-base.UnixNano()))
			}
		}
		if got := shape(changed); got != want {
			t.Fatalf("a change of node %d's clock changes the pairing:\n%s\n%s", node, want, got)
		}
	})
}

// Nearly all pairs are right, those that are said to be sure without exception
// where messages have headers of their own.
func TestPairsAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWire(t, 60)
		for _, tl := range load(w.events).Build("") {
			for _, m := range tl.script().letters {
				if m.sent < 0 || m.received < 0 || m.verdict.ambiguous || m.channel.Type == raftdiag.MsgHeartbeat {
					continue
				}
				sent, received := m.sender.Event(int(m.sent)).Pos, m.receiver.Event(int(m.received)).Pos
				if w.truth[received] != sent {
					t.Fatalf("%s is paired with %s, it was sent at %s", received, sent, w.truth[received])
				}
			}
		}
	})
}

// Cutting the receiver's log makes no message lost that arrived.
func TestCutting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWire(t, 60)
		arrived := map[raftdiag.Position]bool{}
		for _, sent := range w.truth {
			arrived[sent] = true
		}
		node := raftdiag.NodeID(rapid.IntRange(1, 3).Draw(t, "node"))
		head := rapid.Int64Range(0, 100).Draw(t, "head")
		tail := rapid.Int64Range(50, 300).Draw(t, "tail")
		events := slices.DeleteFunc(slices.Clone(w.events), func(e raftdiag.Event) bool {
			return e.Node == node && (e.Pos.Line <= head || e.Pos.Line > tail)
		})
		for _, tl := range load(events).Build("") {
			for _, m := range tl.script().letters {
				if m.verdict.fate != lost || m.verdict.ambiguous {
					continue
				}
				if e := m.sender.Event(int(m.sent)); arrived[e.Pos] {
					t.Fatalf("node %d's log cut to lines %d to %d: %s at %s is said to be lost (%s), it arrived", node, head, tail, e.String(), e.Pos, m.verdict.why(m.channel, m.sender, tl.Lanes))
				}
			}
		}
	})
}

// The script keeps to the order of every lane, and no message is sent before
// those that its sender had received, whatever the clocks say.
func TestScriptOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWire(t, 40)
		events := skewed(w, map[raftdiag.NodeID]skew{1: drawSkew(t, "1"), 2: drawSkew(t, "2"), 3: drawSkew(t, "3")})
		if rapid.Bool().Draw(t, "no stamps on node 2") {
			for i := range events {
				if events[i].Node == 2 {
					events[i].Time = raftdiag.NoStamp
				}
			}
		}
		for _, tl := range load(events).Build("") {
			s := tl.script()
			if s.cycles != 0 {
				t.Fatalf("%d contradictions in a history that happened", s.cycles)
			}
			type place struct {
				lane *Lane
				at   int32
			}
			listed := map[place]int{}
			sends := map[place]bool{}
			for k, m := range s.letters {
				if m.sent >= 0 && m.verdict.fate != duplicated {
					listed[place{m.sender, m.sent}] = k
					sends[place{m.sender, m.sent}] = true
				}
				if m.received >= 0 {
					listed[place{m.receiver, m.received}] = k
				}
			}
			for _, l := range tl.Lanes {
				newest := -1
				for i := range l.Len() {
					p := place{l, int32(i)}
					k, ok := listed[p]
					if sends[p] && k < newest {
						t.Fatalf("node %d's message at place %d stands before one that it had sent or received earlier", l.Node, i)
					}
					if ok {
						newest = max(newest, k)
					}
				}
			}
		}
	})
}

// A receiver's log that begins a thousand messages late is paired all the same,
// and nothing is taken for overtaken.
func TestPairFarOff(t *testing.T) {
	w := makeWire(rand.New(rand.NewSource(2)), 2000, 0.05)
	events := slices.DeleteFunc(slices.Clone(w.events), func(e raftdiag.Event) bool { return e.Node == 2 && e.Pos.Line < 1200 })
	p := load(events).Build("")[0].Pair(Channel{1, 2, raftdiag.MsgApp})
	for j, k := range p.SendOf {
		if k < 0 || p.Twice[j] {
			t.Fatalf("receive %d has no send", j)
		}
		got, want := p.From.Event(int(p.Sends[k])).Pos, w.truth[p.To.Event(int(p.Receives[j])).Pos]
		if got != want {
			t.Fatalf("receive %d was sent at %s, not %s", j, want, got)
		}
	}
}

// Sources may be fed, and groups built, side by side.
func TestSideBySide(t *testing.T) {
	w := makeWire(rand.New(rand.NewSource(3)), 300, 0.05)
	var events []raftdiag.Event
	for _, e := range w.events {
		for _, g := range []string{"a", "b", "c"} {
			e.Group = g
			events = append(events, e)
		}
		if e.Pos.Line%50 == 0 {
			e.Group, e.Kind = "", raftdiag.Slow
			e.Set = 0
			events = append(events, e)
		}
	}
	s := New()
	var wg sync.WaitGroup
	for n, name := range sources(events) {
		add := s.Open(name, n)
		wg.Go(func() {
			for _, e := range events {
				if e.Pos.Source == name {
					add(&e)
				}
			}
		})
	}
	wg.Wait()
	all := s.Finish(nil)
	built := make([]int, len(all.Groups()))
	for n, g := range all.Groups() {
		wg.Go(func() {
			for _, tl := range all.Build(g) {
				tl.Ledgers()
				built[n] += len(tl.Transcript(Filter{}).Passages)
			}
		})
	}
	wg.Wait()
	if built[0] == 0 || built[0] != built[1] || built[1] != built[2] {
		t.Fatalf("groups with the same lines have %d messages", built)
	}
	if got, want := dump(t, all), dump(t, load(events)); got != want {
		t.Fatal("fed side by side, the store says something else")
	}
}

// drawEvent draws an event of any kind, with the fields that the kind may set.
func drawEvent(t *rapid.T) raftdiag.Event {
	info := rapid.SampledFrom(slices.DeleteFunc(raftdiag.Kinds(), func(k raftdiag.KindInfo) bool { return k.Kind == raftdiag.SymptomSeen })).Draw(t, "kind")
	number := rapid.OneOf(rapid.Uint64Range(0, 9), rapid.Uint64Range(0, 1<<31), rapid.Uint64())
	m := map[string]any{"kind": info.Name, "time": base.Add(time.Duration(rapid.Int64Range(1, 1e9).Draw(t, "time")))}
	for _, f := range raftdiag.FieldList() {
		if info.Fields&f.Bit == 0 || rapid.Bool().Draw(t, "leave out "+f.Key) {
			continue
		}
		switch {
		case f.Type == "boolean":
			m[f.Key] = rapid.Bool().Draw(t, f.Key)
		case f.Type == "id":
			m[f.Key] = fmt.Sprint(rapid.OneOf(rapid.Uint64Range(0, 5), rapid.Uint64()).Draw(t, f.Key))
		case f.Type == "config":
			m[f.Key] = map[string]any{"voters": []string{"1", "2"}}
		case f.Key == "duration_ns":
			m[f.Key] = rapid.Int64().Draw(t, f.Key)
		case f.Key == "type":
			m[f.Key] = rapid.SampledFrom([]string{"MsgApp", "MsgSnap", "MsgForgetLeader", "200"}).Draw(t, f.Key)
		case f.Key == "role" || f.Key == "old_role":
			m[f.Key] = rapid.SampledFrom([]string{"Follower", "Leader", "PreCandidate"}).Draw(t, f.Key)
		case f.Key == "state":
			m[f.Key] = rapid.SampledFrom([]string{"Probe", "Replicate", "Snapshot"}).Draw(t, f.Key)
		case f.Key == "entry_type":
			m[f.Key] = rapid.SampledFrom([]string{"EntryNormal", "EntryConfChangeV2"}).Draw(t, f.Key)
		case f.Type == "string":
			m[f.Key] = rapid.SampledFrom([]string{"", "disk full", "i/o timeout"}).Draw(t, f.Key)
		default:
			m[f.Key] = number.Draw(t, f.Key)
		}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var e raftdiag.Event
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	e.Pos = raftdiag.Position{Source: "n1.log", Line: rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, 1<<31)).Draw(t, "line")}
	return e
}

// fold brings an event to the form in which it comes back, see pack.
func fold(e raftdiag.Event) raftdiag.Event {
	switch e.Kind {
	case raftdiag.Sent, raftdiag.Received, raftdiag.HandedOver, raftdiag.SendFailed, raftdiag.StepFailed:
	default:
		return e
	}
	drop := func(f raftdiag.Field) { e.Set &^= f }
	if e.Has(raftdiag.HasPeer) && e.From != 0 && (e.To == 0 || e.To == e.Peer) {
		e.To, e.Peer = e.Peer, 0
		drop(raftdiag.HasPeer)
		e.Set |= raftdiag.HasTo
	}
	values := []struct {
		f raftdiag.Field
		v uint64
	}{{raftdiag.HasEntries, e.Entries}, {raftdiag.HasHint, uint64(e.Hint)}, {raftdiag.HasSnapshot, uint64(e.Snapshot)}, {raftdiag.HasCount, e.Count}}
	for _, one := range values {
		if one.v == 0 {
			continue
		}
		for _, other := range values[1:] {
			if other.f != one.f {
				drop(other.f)
			}
		}
	}
	return e
}

// Every event comes back as it went in.
func TestPackIsReversible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		e.Node = 1
		tls := load([]raftdiag.Event{e})
		lanes := tls.Build("")[0].Lanes
		got := lanes[0].Event(0)
		if lanes[0].rec(0).wide() {
			got.Node = 1
		} else {
			e = fold(e)
		}
		if want, got := e.AppendJSON(nil), got.AppendJSON(nil); !bytes.Equal(want, got) {
			t.Fatalf("in  %s\nout %s", want, got)
		}
	})
}

// A strip gives back the rows that it was given, whatever they hold.
func TestStrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64Range(0, 300), rapid.Uint64Range(0, 1<<33), rapid.Uint64())
		few := rapid.Bool().Draw(t, "few shapes")
		draw := func() record {
			r := record{time: int64(number.Draw(t, "time")), line: uint32(number.Draw(t, "line")),
				a: number.Draw(t, "a"), b: number.Draw(t, "b"), c: number.Draw(t, "c"), d: number.Draw(t, "d")}
			r.set, r.kind = rapid.Uint64Range(0, 3).Draw(t, "set"), raftdiag.Sent
			r.text = uint32(rapid.OneOf(rapid.Just(uint64(0)), number).Draw(t, "text"))
			if !few {
				r.setWhat(rapid.Uint64().Draw(t, "shape"))
				r.set = rapid.Uint64Range(0, 1<<48-1).Draw(t, "set")
			}
			return r
		}
		s := &strip{from: &quarry{}}
		forms := &shapes{}
		if !few && rapid.Bool().Draw(t, "full") {
			forms.list = make([]shape, mostShapes)
		}
		var want []record
		for range rapid.IntRange(0, 300).Draw(t, "rows") {
			r := draw()
			s.add(&r, shapeOf(&r, r.kind, r.mtype), forms)
			r.set |= 7 << srcShift
			want = append(want, r)
		}
		got := make([]record, len(want))
		s.rows(got, forms.list, 7)
		if s.n != len(want) || !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Rows of two columns merge by their lines, wherever pieces end.
func TestMergeLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (*column, []uint32) {
			c := &column{}
			var lines []uint32
			line := uint32(0)
			for range rapid.IntRange(0, 4).Draw(t, name+" runs") {
				line += uint32(rapid.IntRange(0, 300).Draw(t, name+" gap"))
				for range rapid.IntRange(0, 150).Draw(t, name+" rows") {
					line++
					*c.next() = record{line: line, a: uint64(len(name))}
					lines = append(lines, line)
				}
			}
			return c, lines
		}
		c, a := draw("c")
		o, b := draw("other")
		c.mergeLines(o)
		if c.n != len(a)+len(b) {
			t.Fatalf("%d rows, want %d", c.n, len(a)+len(b))
		}
		for i := range c.n {
			want, from := uint32(0), uint64(len("c"))
			if len(b) == 0 || len(a) > 0 && a[0] <= b[0] {
				want, a = a[0], a[1:]
			} else {
				want, from, b = b[0], uint64(len("other")), b[1:]
			}
			if got := c.at(i); got.line != want || got.a != from {
				t.Fatalf("row %d is line %d of %d, want %d of %d", i, got.line, got.a, want, from)
			}
		}
	})
}
