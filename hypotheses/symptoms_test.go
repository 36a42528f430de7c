package hypotheses

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A chronicle is logs of symptoms in the making: at and log say when and where
// the next line stands.
type chronicle struct {
	store *timeline.Store
	feeds map[string]func(*raftdiag.Event)
	lines map[string]int64
}

const dawn = raftdiag.Stamp(1_700_000_000_000_000_000)

func newChronicle() *chronicle {
	return &chronicle{store: timeline.New(), feeds: map[string]func(*raftdiag.Event){}, lines: map[string]int64{}}
}

// put writes a symptom into a log, so many seconds after dawn.
func (c *chronicle) put(log string, at float64, e raftdiag.Event) {
	if c.feeds[log] == nil {
		c.feeds[log] = c.store.Open(log, len(c.feeds))
	}
	c.lines[log]++
	e.Pos = raftdiag.Position{Source: log, Line: c.lines[log]}
	if e.Kind == 0 {
		e.Kind = raftdiag.SymptomSeen
	}
	if e.Time == raftdiag.NoStamp && at >= 0 {
		e.Time = dawn + raftdiag.Stamp(at*1e9)
	}
	c.feeds[log](&e)
}

// say writes a plain symptom about a peer.
func (c *chronicle) say(log string, at float64, sign raftdiag.Sign, peer ...string) {
	c.put(log, at, raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: sign, Peer: peer}})
}

func (c *chronicle) speakers() []*timeline.Speaker { return c.store.Finish(nil).Speakers() }

func (c *chronicle) judge() *raftdiag.Report { return Judge(c.store.Finish(nil), Options{}) }

var (
	oddSigns    = raftdiag.Signs()
	oddWords    = []string{"n1", "n2", "n3", "8e9e05c52164694d", "91bc3c398fb3c146", "10.0.0.1:2380", "10.0.0.2:2380", "127.0.0.1:2380", "localhost:1", "", "\x00", "0.0.0.0:9", "aB3dE5gH"}
	oddTroubles = len(raftdiag.Troubles()) + 1
)

// oddSymptom makes any symptom of numbers.
func oddSymptom(r *rand.Rand, groups int) raftdiag.Event {
	word := func() []string {
		list := make([]string, r.IntN(3))
		for i := range list {
			list[i] = oddWords[r.IntN(len(oddWords))]
		}
		return list
	}
	y := &raftdiag.Symptom{Sign: oddSigns[r.IntN(len(oddSigns))].Sign, Trouble: raftdiag.Trouble(r.IntN(oddTroubles)), Way: raftdiag.Way(r.IntN(3)),
		Level: raftdiag.Level(r.IntN(7)), Self: word(), Peer: word()}
	if r.IntN(20) == 0 {
		y.Members = []raftdiag.Member{{Words: word()}, {Words: word(), Learner: r.IntN(2) == 0}}
	}
	e := raftdiag.Event{Symptom: y, Kind: raftdiag.SymptomSeen}
	switch r.IntN(40) {
	case 0:
		e.Kind, e.Symptom = raftdiag.Panicked, nil
	case 1:
		e.Kind, e.Symptom = raftdiag.Booted, nil
	case 2:
		e.Kind, e.Symptom = raftdiag.Stopped, nil
	case 3:
		e.Kind, e.Symptom = raftdiag.ConfigChanged, nil
	}
	set := func(f raftdiag.Field) bool {
		if r.IntN(3) > 0 {
			return false
		}
		e.Set |= f
		return true
	}
	if set(raftdiag.HasTerm) {
		e.Term = raftdiag.Term(r.IntN(9))
	}
	if set(raftdiag.HasIndex) {
		e.Index = raftdiag.Index(r.IntN(9))
	}
	if set(raftdiag.HasLast) {
		e.Last = raftdiag.Index(r.IntN(9))
	}
	if set(raftdiag.HasCommit) {
		e.Commit = raftdiag.Index(r.IntN(9))
	}
	if set(raftdiag.HasRole) || y.Sign == raftdiag.RoleTaken {
		e.Set |= raftdiag.HasRole
		e.Role = raftdiag.Role(r.IntN(5))
	}
	if set(raftdiag.HasDuration) {
		e.Duration = time.Duration(r.Int64N(int64(20*time.Second))) - time.Second
	}
	if groups > 0 {
		e.Group = fmt.Sprintf("g%d", r.IntN(groups))
	}
	return e
}

// A pile of mixed symptoms is judged: what is looked for in the books is found by
// its member and sign. To go through all of them for each would outlast the time
// that a test has.
func TestSymptomPiles(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred thousand lines")
	}
	for _, x := range []struct {
		name          string
		lines, groups int
		gap           float64
		nodes         int
	}{{"one group", 100_000, 0, 0.01, 3}, {"slow and long", 100_000, 0, 3, 3}, {"many groups", 100_000, 2000, 0.01, 3}, {"hundred nodes", 100_000, 0, 0.1, 100}} {
		t.Run(x.name, func(t *testing.T) {
			c, r := newChronicle(), rand.New(rand.NewPCG(1, 2))
			name := func(i int) string { return fmt.Sprintf("n%d", i+1) }
			term := raftdiag.Term(1)
			for i := range x.lines {
				e := oddSymptom(r, x.groups)
				if y := e.Symptom; y != nil {
					y.Self, y.Members = nil, nil
					if len(y.Peer) > 0 {
						y.Peer = []string{name(r.IntN(x.nodes))}
					}
					if y.Sign == raftdiag.NamesItself || y.Sign == raftdiag.StartedUp {
						y.Self = []string{name(i % x.nodes)}
					}
				}
				if e.Term != 0 {
					term += raftdiag.Term(r.IntN(20) / 19)
					e.Term = term
				}
				c.put(name(i%x.nodes)+".log", float64(i)*x.gap, e)
			}
			done := c.store.Finish(nil)
			Judge(done, Options{})
		})
	}
}

// Any sequence of symptoms is judged without a panic, and the order of the logs
// is no matter.
func FuzzSymptoms(f *testing.F) {
	f.Add(uint64(1), uint64(1), 10, uint8(3), uint8(0))
	f.Add(uint64(2), uint64(1), 400, uint8(3), uint8(0))
	f.Add(uint64(3), uint64(7), 300, uint8(5), uint8(3))
	f.Add(uint64(4), uint64(7), 1, uint8(1), uint8(0))
	f.Add(uint64(5), uint64(9), 300, uint8(2), uint8(0))
	f.Fuzz(func(t *testing.T, a, b uint64, n int, logs, groups uint8) {
		if n < 0 || n > 600 || logs == 0 {
			return
		}
		r := rand.New(rand.NewPCG(a, b))
		stamps := r.IntN(5)
		type line struct {
			log string
			e   raftdiag.Event
		}
		var all []line
		at := dawn
		for range n {
			e := oddSymptom(r, int(groups))
			switch stamps {
			case 0: // none
			case 1: // equal
				e.Time = dawn
			case 2: // now and then back
				at += raftdiag.Stamp(r.Int64N(4e9)) - 1e9
				e.Time = at
			case 3:
				at += raftdiag.Stamp(r.Int64N(2e9))
				e.Time = at
			default: // some have none
				at += raftdiag.Stamp(r.Int64N(20e9))
				if r.IntN(4) > 0 {
					e.Time = at
				}
			}
			all = append(all, line{fmt.Sprintf("n%d.log", r.IntN(int(logs))+1), e})
		}
		judge := func(order []string) string {
			c := newChronicle()
			for _, log := range order {
				c.feeds[log] = c.store.Open(log, len(c.feeds))
			}
			for _, l := range all {
				c.put(l.log, -1, l.e)
			}
			if rep := c.judge(); rep.Verdict != nil {
				return brief(rep)
			}
			return "nothing read"
		}
		var names []string
		for i := range int(logs) {
			names = append(names, fmt.Sprintf("n%d.log", i+1))
		}
		was := judge(names)
		slices.Reverse(names)
		if is := judge(names); was != is {
			t.Errorf("the order of the logs changes the report:\n%s\nbecame\n%s", was, is)
		}
	})
}

// whoIsWho words the members that a chronicle comes to: name, words, logs.
func (c *chronicle) whoIsWho() string {
	list, doubles := members(c.speakers())
	s := ""
	for _, m := range list {
		s += m.name + " [" + strings.Join(m.words, " ") + "]"
		for _, sp := range m.speakers {
			s += " " + sp.Source
		}
		s += "\n"
	}
	for _, d := range doubles {
		s += "double " + d.id + "\n"
	}
	return s
}

func words(w ...string) []string { return w }

// self writes that the writer of a log goes by these words.
func (c *chronicle) self(log string, at float64, w ...string) {
	c.put(log, at, raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: raftdiag.NamesItself, Self: w}})
}

func TestMembers(t *testing.T) {
	for _, x := range []struct {
		name string
		tell func(c *chronicle)
		want string
	}{
		{"a line that names id and address joins them", func(c *chronicle) {
			c.self("a.log", 0, "8e9e05c52164694d", "etcd-0")
			c.say("a.log", 1, raftdiag.NamesPeer, "91bc3c398fb3c146", "10.0.0.2:2380")
			c.say("a.log", 2, raftdiag.LinkDown, "10.0.0.2:2380")
		}, "91bc3c398fb3c146 [10.0.0.2:2380 91bc3c398fb3c146]\netcd-0 [8e9e05c52164694d etcd-0] a.log\n"},
		{"what every host listens at means nobody", func(c *chronicle) {
			c.self("a.log", 0, "n1", "0.0.0.0:2380")
			c.self("b.log", 0.1, "n2", "0.0.0.0:2380")
			c.self("a.log", 9, "n1")
			c.self("b.log", 9, "n2")
		}, "n1 [n1] a.log\nn2 [n2] b.log\n"},
		{"an address of two logs that run side by side does not join them", func(c *chronicle) {
			for at := range 20 {
				c.self("a.log", float64(at)/4, "n1", "127.0.0.1:2380")
				c.self("b.log", float64(at)/4+0.1, "n2", "127.0.0.1:2380")
			}
		}, "n1 [127.0.0.1:2380 n1] a.log\nn2 [n2] b.log\n"},
		{"a log that is continued in another is one node's", func(c *chronicle) {
			c.self("a.log.1", 0, "8e9e05c52164694d")
			c.self("a.log.1", 5, "8e9e05c52164694d")
			c.self("a.log", 6, "8e9e05c52164694d")
		}, "8e9e05c52164694d [8e9e05c52164694d] a.log.1 a.log\n"},
		{"a copy of a log is one node's", func(c *chronicle) {
			for at := range 9 {
				c.self("a.log", float64(at), "8e9e05c52164694d")
				c.self("copy.log", float64(at), "8e9e05c52164694d")
			}
		}, "8e9e05c52164694d [8e9e05c52164694d] a.log copy.log\n"},
		{"two logs that run side by side under one id are two processes", func(c *chronicle) {
			for at := range 40 {
				c.self("a.log", float64(at)/4, "8e9e05c52164694d")
				c.self("b.log", float64(at)/4+0.1, "8e9e05c52164694d")
			}
		}, "8e9e05c52164694d [8e9e05c52164694d] a.log\nb [] b.log\ndouble 8e9e05c52164694d\n"},
		{"without stamps, two logs that say the same are one node's", func(c *chronicle) {
			c.self("a.log", -1, "8e9e05c52164694d")
			c.self("b.log", -1, "8e9e05c52164694d")
		}, "8e9e05c52164694d [8e9e05c52164694d] a.log b.log\n"},
		{"whoever is never addressed writes the log", func(c *chronicle) {
			for at := range 3 {
				c.say("x.log", float64(at), raftdiag.VoteAsked, "n2")
				c.say("x.log", float64(at), raftdiag.VoteAsked, "n3")
				c.say("y.log", float64(at), raftdiag.VoteGranted, "n1")
				c.say("y.log", float64(at), raftdiag.LinkDown, "n3")
			}
		}, "n1 [n1] x.log\nn2 [n2] y.log\nn3 [n3]\n"},
		{"two that are left decide nothing", func(c *chronicle) {
			c.say("x.log", 0, raftdiag.VoteAsked, "n2")
			c.say("y.log", 0, raftdiag.VoteGranted, "n1")
			c.say("y.log", 1, raftdiag.LinkUp, "n3")
			c.say("z.log", 1, raftdiag.LinkUp, "n4")
		}, "n1 [n1]\nn2 [n2]\nn3 [n3]\nn4 [n4]\nx [] x.log\ny [] y.log\nz [] z.log\n"},
		{"a stream of several nodes is cut by who speaks", func(c *chronicle) {
			for at := range 6 {
				c.self("all.log", float64(at), "8e9e05c52164694d")
				c.self("all.log", float64(at)+0.2, "91bc3c398fb3c146")
			}
		}, "8e9e05c52164694d [8e9e05c52164694d]\n91bc3c398fb3c146 [91bc3c398fb3c146]\n"},
		{"empty words name nobody", func(c *chronicle) {
			c.self("a.log", 0, "", "n1")
			c.say("a.log", 1, raftdiag.LinkDown, "", "n2")
			c.say("a.log", 1, raftdiag.LinkDown, "")
		}, "n1 [n1] a.log\nn2 [n2]\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newChronicle()
			x.tell(c)
			if got := c.whoIsWho(); got != x.want {
				t.Errorf("got\n%swant\n%s", got, x.want)
			}
		})
	}
}

// books reads the chronicle's books.
func (c *chronicle) books() *inquiry { return inquire(c.speakers(), Options{}).of("") }

func (c *chronicle) start(log string, at float64, self string) {
	c.put(log, at, raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: raftdiag.StartedUp, Self: words(self)}})
}

// inTerm is a symptom that names a term, and a role if there is one.
func inTerm(term raftdiag.Term, role raftdiag.Role, y *raftdiag.Symptom) raftdiag.Event {
	e := raftdiag.Event{Kind: raftdiag.SymptomSeen, Symptom: y}
	e.Set, e.Term = raftdiag.HasTerm, term
	if role != 0 {
		e.Set, e.Role = e.Set|raftdiag.HasRole, role
	}
	return e
}

// leads writes that a node leads in a term, and that others know it.
func (c *chronicle) leads(at float64, term raftdiag.Term, leader string, others ...string) {
	c.put(leader+".log", at, inTerm(term, raftdiag.Leader, &raftdiag.Symptom{Sign: raftdiag.RoleTaken, Self: words(leader)}))
	for _, o := range others {
		c.put(o+".log", at+0.001, inTerm(term, 0, &raftdiag.Symptom{Sign: raftdiag.LeaderKnown, Self: words(o), Peer: words(leader)}))
	}
}

func (q *inquiry) at(s raftdiag.Stamp) string {
	return fmt.Sprintf("%.4g", float64(s-dawn)/1e9)
}

func TestLives(t *testing.T) {
	c := newChronicle()
	c.start("n1.log", 0, "n1")
	c.start("n1.log", 0.5, "n1") // a boot has several lines
	c.say("n1.log", 10, raftdiag.OtherLine)
	c.start("n1.log", 20, "n1") // nothing said that it ends
	c.say("n1.log", 30, raftdiag.ShuttingDown)
	c.start("n1.log", 40, "n1")
	c.put("n1.log", 50, raftdiag.Event{Kind: raftdiag.Panicked})
	c.start("n1.log", 52, "n1")
	c.put("n1.log", 60, raftdiag.Event{Group: "g", Symptom: &raftdiag.Symptom{Sign: raftdiag.StartedUp}}) // a group, no process
	q := c.books()
	got := ""
	for _, l := range q.members[0].lives {
		got += fmt.Sprintf("%s-%s orderly=%t died=%t\n", q.at(l.from), q.at(l.to), l.orderly != nil, l.died != nil)
	}
	if want := "0-10 orderly=false died=false\n20-30 orderly=true died=false\n40-50 orderly=false died=true\n52-60 orderly=false died=false\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for at, want := range map[float64]bool{-3: false, 0: true, 7: true, 9: false, 19.5: true, 39: true, 49: false} {
		if got := q.members[0].booting(dawn + raftdiag.Stamp(at*1e9)); got != want {
			t.Errorf("booting at %v: %t", at, got)
		}
	}
}

func TestReignsAndGaps(t *testing.T) {
	c := newChronicle()
	c.leads(1, 2, "n1", "n2", "n3")
	c.put("n2.log", 20, raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: raftdiag.LeaderLost, Self: words("n2"), Peer: words("n1")}})
	c.leads(22, 3, "n2", "n3")
	c.leads(30, 2, "n1") // an old word
	c.put("n2.log", 40, raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: raftdiag.QuorumLost, Self: words("n2")}})
	c.say("n2.log", 60, raftdiag.OtherLine)
	q := c.books()
	got := ""
	for i := range q.reigns {
		r := &q.reigns[i]
		got += fmt.Sprintf("%s term %d %s-%s open=%t %s\n", r.leader.name, r.term, q.at(r.from), q.at(r.to), r.open, r.how)
	}
	for _, g := range q.gaps {
		got += fmt.Sprintf("gap %s-%s open=%t\n", q.at(g.from), q.at(g.to), g.open)
	}
	if want := "n1 term 2 1-22 open=false another was elected\nn2 term 3 22-40 open=false it heard no quorum\ngap 20-22 open=false\ngap 40-60 open=true\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLinksAndSilences(t *testing.T) {
	c := newChronicle()
	c.self("n1.log", 0, "n1")
	c.self("n2.log", 0, "n2")
	c.say("n1.log", 10, raftdiag.LinkDown, "n2")
	c.say("n1.log", 14, raftdiag.LinkDown, "n2")
	c.say("n1.log", 18, raftdiag.LinkUp, "n2")
	c.say("n1.log", 30, raftdiag.LinkDown, "n2")
	c.say("n1.log", 31, raftdiag.OtherLine)
	c.say("n2.log", 31, raftdiag.OtherLine)
	q := c.books()
	b := q.links[[2]int{0, 1}]
	if b == nil || len(b.downs) != 2 || b.ups != 1 || len(q.links) != 1 {
		t.Fatalf("the books: %+v", q.links)
	}
	if d := b.downs[0]; d.open || q.at(d.from) != "10" || q.at(d.to) != "18" || d.lines != 2 {
		t.Errorf("the first outage: %+v", d)
	}
	if !b.downs[1].open {
		t.Error("the second outage is over")
	}
	quiet := q.members[1].silences(3 * second)
	if len(quiet) != 1 || q.at(quiet[0].From) != "0" || q.at(quiet[0].To) != "31" {
		t.Errorf("silences: %v", quiet)
	}
	if quiet := q.members[0].silences(11 * second); len(quiet) != 1 || q.at(quiet[0].From) != "18" {
		t.Errorf("silences: %v", quiet)
	}
}

// Elections prove that a clock is off: who leads does so before others know it.
func TestClockOffsets(t *testing.T) {
	tell := func(off float64) *inquiry {
		c := newChronicle()
		vote := func(log string, at float64, sign raftdiag.Sign, self, peer string, term raftdiag.Term) {
			c.put(log, at, inTerm(term, 0, &raftdiag.Symptom{Sign: sign, Self: words(self), Peer: words(peer)}))
		}
		c.self("n3.log", 0, "n3")
		for i, leader := range []string{"n1", "n2"} {
			at, term := float64(10+20*i), raftdiag.Term(i+2)
			for _, o := range []string{"n1", "n2", "n3"} {
				clock := map[string]float64{"n2": off}
				if o == leader {
					continue
				}
				vote(leader+".log", at+clock[leader], raftdiag.VoteAsked, leader, o, term)
				vote(o+".log", at+0.001+clock[o], raftdiag.VoteGranted, o, leader, term)
				vote(leader+".log", at+0.002+clock[leader], raftdiag.VoteGot, leader, o, term)
			}
			c.put(leader+".log", at+0.003+map[string]float64{"n2": off}[leader], inTerm(term, raftdiag.Leader, &raftdiag.Symptom{Sign: raftdiag.RoleTaken, Self: words(leader)}))
		}
		return inquire(c.speakers(), Options{})
	}
	for _, off := range []float64{0, 0.01, -1.5, 0.3, 1.5, 7200} {
		q := tell(off)
		got := q.clockOffsets()
		want := off
		if off < 0.03 && off > -0.03 {
			want = 0
		}
		for _, m := range q.members {
			d := time.Duration(got[m]).Seconds()
			if m.name != "n2" && d != 0 || m.name == "n2" && (d < want-0.005 || d > want+0.005) {
				t.Errorf("the clock of n2 is %v ahead: %s is said to be %v", off, m.name, d)
			}
		}
	}
}
