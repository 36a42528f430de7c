package hypotheses

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// A pile of mixed symptoms is judged in seconds: what is looked for in the books
// is found by its member and sign, never by going through all of them for each.
func TestSymptomSpeed(t *testing.T) {
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
			begun := time.Now()
			Judge(done, Options{})
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("judging took %s", took)
			} else {
				t.Logf("judging took %s", took)
			}
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
