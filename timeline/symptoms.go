package timeline

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// A Speaker is one process as a source and its prefix name it, with what its
// log gives away beside messages, in the order of its lines.
type Speaker struct {
	Source  string // the first of its sources
	Writer  string // what a collector calls it, or empty
	Node    raftdiag.NodeID
	Seen    []Sighting
	Spans   []Span // when it wrote anything, in order
	Dropped int    // sightings beyond what is kept
}

// A Sighting is a symptom, or a run of symptoms that say the same. It stands
// where the first stands; Until is the newest one.
type Sighting struct {
	raftdiag.Event
	Until   raftdiag.Stamp
	LastPos raftdiag.Position
	Times   int // how often
}

// A Span is a time in which a log was never silent for longer than pause.
type Span struct {
	From, To       raftdiag.Stamp
	FromPos, ToPos raftdiag.Position
}

const (
	pause    = raftdiag.Stamp(5e8) // a shorter silence is none
	runGap   = raftdiag.Stamp(2e9) // equal symptoms this near are one sighting
	mostSeen = 1 << 18             // sightings that a speaker keeps
	mostSpan = 1 << 16             // spans that a speaker keeps
)

// A speech collects what the speakers of one source say.
type speech struct {
	list []*Speaker
	by   map[string]*Speaker
	open map[*Speaker]map[seenKey]int
}

// A seenKey says which symptoms say the same.
type seenKey struct {
	sign    raftdiag.Sign
	trouble raftdiag.Trouble
	way     raftdiag.Way
	group   string
	peer    string
	what    string
	term    raftdiag.Term
	index   raftdiag.Index
	role    raftdiag.Role
}

func (s *speech) add(source string, e *raftdiag.Event) {
	sp := s.by[e.Writer]
	if sp == nil || sp.another(e.Time) {
		if s.by == nil {
			s.by, s.open = map[string]*Speaker{}, map[*Speaker]map[seenKey]int{}
		}
		name := strings.Clone(e.Writer)
		sp = &Speaker{Source: source, Writer: name}
		s.by[name] = sp
		s.list = append(s.list, sp)
		s.open[sp] = map[seenKey]int{}
	}
	sp.lives(e)
	if e.Kind == raftdiag.SymptomSeen && e.Symptom.Sign == raftdiag.OtherLine {
		return
	}
	key := seenKey{}
	if y := e.Symptom; y != nil {
		key = seenKey{sign: y.Sign, trouble: y.Trouble, way: y.Way, group: e.Group, peer: strings.Join(y.Peer, "\x00"), what: y.What, term: e.Term, index: e.Index, role: e.Role}
		open := s.open[sp]
		if at, ok := open[key]; ok && e.Time != raftdiag.NoStamp {
			if last := &sp.Seen[at]; e.Time-last.Until <= runGap && e.Time >= last.Until && slices.Equal(last.Symptom.Self, y.Self) {
				if last.Until == e.Time && last.Text == e.Text && last.Duration == e.Duration {
					return // the line is there twice
				}
				last.Until, last.LastPos = e.Time, e.Pos
				last.Times++
				if e.Duration > last.Duration {
					last.Duration = e.Duration
				}
				return
			}
		}
		open[key] = len(sp.Seen)
	}
	if len(sp.Seen) >= mostSeen {
		sp.Dropped++
		return
	}
	kept := *e
	kept.Text, kept.Group = strings.Clone(e.Text), strings.Clone(e.Group)
	kept.Symptom = worded(e.Symptom)
	sp.Seen = append(sp.Seen, Sighting{Event: kept, Until: e.Time, LastPos: e.Pos, Times: 1})
}

// another reports whether a stamp falls back so far that another log must begin:
// files that were put one behind the other.
func (sp *Speaker) another(t raftdiag.Stamp) bool {
	n := len(sp.Spans)
	if t == raftdiag.NoStamp || n == 0 || len(sp.Seen) < 8 {
		return false
	}
	begin, latest := sp.Spans[0].From, sp.Spans[n-1].To
	return latest-t > 2e9 && t-begin < (latest-begin)/2
}

// worded is a symptom without words that name nobody: empty ones, and those that
// begin with the byte that others put before words of their own.
func worded(y *raftdiag.Symptom) *raftdiag.Symptom {
	odd := func(w string) bool { return w == "" || w[0] == 0 }
	if y == nil || !slices.ContainsFunc(y.Self, odd) && !slices.ContainsFunc(y.Peer, odd) &&
		!slices.ContainsFunc(y.Members, func(m raftdiag.Member) bool { return slices.ContainsFunc(m.Words, odd) }) {
		return y
	}
	kept := *y
	kept.Self, kept.Peer = slices.DeleteFunc(slices.Clone(y.Self), odd), slices.DeleteFunc(slices.Clone(y.Peer), odd)
	kept.Members = slices.Clone(y.Members)
	for i := range kept.Members {
		kept.Members[i].Words = slices.DeleteFunc(slices.Clone(kept.Members[i].Words), odd)
	}
	return &kept
}

// lives notes that the process wrote a line.
func (sp *Speaker) lives(e *raftdiag.Event) {
	if e.Time == raftdiag.NoStamp {
		return
	}
	if n := len(sp.Spans); n > 0 {
		last := &sp.Spans[n-1]
		if e.Time-last.To <= pause && e.Time >= last.From || n >= mostSpan {
			if e.Time >= last.To {
				last.To, last.ToPos = e.Time, e.Pos
			}
			return
		}
	}
	sp.Spans = append(sp.Spans, Span{e.Time, e.Time, e.Pos, e.Pos})
}

// speaks reports whether an event belongs to a log of symptoms as well: those
// that name a node's lives and members count on both sides.
func speaks(k raftdiag.Kind) bool {
	switch k {
	case raftdiag.SymptomSeen, raftdiag.Panicked, raftdiag.Stopped, raftdiag.Booted, raftdiag.ConfigChanged:
		return true
	}
	return false
}

// collectSpeakers gathers what the sources' symptoms came to.
func (t *Timelines) collectSpeakers(feeds []*feed, node func(source, writer, group string) raftdiag.NodeID) {
	feeds = slices.Clone(feeds)
	slices.SortStableFunc(feeds, func(a, b *feed) int { return cmp.Compare(a.order, b.order) })
	for _, f := range feeds {
		for _, sp := range f.speech.list {
			// The last words of any program count only beside words about Raft.
			if !slices.ContainsFunc(sp.Seen, func(s Sighting) bool {
				return s.Kind == raftdiag.SymptomSeen && s.Symptom.Sign != raftdiag.Died && s.Symptom.Sign != raftdiag.StorageBroken
			}) {
				continue
			}
			if node != nil {
				sp.Node = node(sp.Source, sp.Writer, "")
			}
			t.speakers = append(t.speakers, sp)
		}
	}
}

// SymptomGroups are the groups of which the speakers' symptoms speak, sorted.
func (t *Timelines) SymptomGroups() []string {
	names := map[string]bool{}
	for _, sp := range t.speakers {
		for i := range sp.Seen {
			if g := sp.Seen[i].Group; g != "" {
				names[g] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Speakers are the processes whose logs show symptoms, in the order of the
// inputs.
func (t *Timelines) Speakers() []*Speaker { return t.speakers }
