package hypotheses

import (
	"cmp"
	"fmt"
	"net"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A member is a node as logs without messages show it: under several words,
// with a log of its own or only in the words of others.
type member struct {
	no       int
	words    []string // ids, names, addresses; sorted
	speakers []*timeline.Speaker
	seen     []*timeline.Sighting // what it says, in the order of its log
	spans    []timeline.Span
	lives    []life
	name     string
	boots    []raftdiag.Stamp // when its lives began, as far as boot lines say it; sorted
}

func (m *member) logged() bool { return len(m.seen) > 0 }

// A life is one run of a member's process.
type life struct {
	from, to raftdiag.Stamp
	begin    *timeline.Sighting // its boot line, nil if the log begins later
	orderly  *timeline.Sighting // it was told to stop
	died     *timeline.Sighting // its last words
}

// A words joins words that mean one node: a forest of sets.
type wordSets struct {
	parent map[string]string
}

func (w *wordSets) find(s string) string {
	p, ok := w.parent[s]
	if !ok {
		w.parent[s] = s
		return s
	}
	if p == s {
		return s
	}
	root := w.find(p)
	w.parent[s] = root
	return root
}

func (w *wordSets) join(a, b string) { w.parent[w.find(a)] = w.find(b) }

// A wordShape says what sort of word names a node. Earlier ones are surer.
type wordShape uint8

const (
	idShape wordShape = iota
	nameShape
	addressShape
	anyAddress // a listener's address that every host has
)

// shapeOf tells ids, names and addresses apart.
func shapeOf(w string) wordShape {
	if host, port, err := net.SplitHostPort(w); err == nil && port != "" && strings.Trim(port, "0123456789") == "" {
		if host == "" || host == "localhost" {
			return anyAddress
		}
		if ip := net.ParseIP(host); ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
			if ip.IsUnspecified() {
				return anyAddress
			}
			return addressShape
		}
		return addressShape
	}
	if net.ParseIP(w) != nil {
		return addressShape
	}
	if len(w) >= 6 && strings.Trim(w, "0123456789abcdef") == "" || strings.Trim(w, "0123456789") == "" {
		return idShape
	}
	if len(w) == 36 && strings.Count(w, "-") == 4 || hashShape(w) {
		return idShape
	}
	return nameShape
}

// hashShape reports whether a word is eight letters and digits of both cases at
// random, as NATS calls its nodes: aB3dE5gH.
func hashShape(w string) bool {
	if len(w) != 8 {
		return false
	}
	upper, other := false, false
	for i := range len(w) {
		switch c := w[i]; {
		case c >= 'A' && c <= 'Z':
			upper = upper || i > 0
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			other = true
		default:
			return false
		}
	}
	return upper && other
}

// speakerWord stands for a speaker among the words.
func speakerWord(i int) string { return "\x00" + strconv.Itoa(i) }

// members finds who is who: words that stand together mean one node, and all
// that a log says of itself means the node that wrote it, unless several nodes
// write in it.
//
// A word may not join two logs that run at the same time and have ids of their
// own: addresses like 127.0.0.1:2380 are everybody's.
func members(speakers []*timeline.Speaker) (list []*member, doubles []double) {
	sets := &wordSets{parent: map[string]string{}}
	owner := map[string]int{} // by root: the speaker whose log it is, from 1
	join := func(a, b string) {
		ra, rb := sets.find(a), sets.find(b)
		if ra == rb {
			return
		}
		oa, ob := owner[ra], owner[rb]
		if oa != 0 && ob != 0 && together(speakers[oa-1], speakers[ob-1]) && !copied(speakers[oa-1], speakers[ob-1]) {
			timed := len(speakers[oa-1].Spans) > 0 && len(speakers[ob-1].Spans) > 0
			if timed && a[0] == 0 && shapeOf(b) == idShape { // the log of a says that it is b
				doubles = append(doubles, double{b, speakers[oa-1], speakers[ob-1]})
			}
			return
		}
		sets.join(ra, rb)
		if root := sets.find(ra); oa != 0 || ob != 0 {
			owner[root] = cmp.Or(oa, ob)
		}
	}
	type link struct {
		a, b  string
		shape wordShape
	}
	var links []link
	pair := func(a, b string) {
		if shape := max(shapeOf(a), shapeOf(b)); shape < anyAddress {
			links = append(links, link{a, b, shape})
		}
	}
	several := map[int]bool{}
	for i, sp := range speakers {
		owner[speakerWord(i)] = i + 1
		sets.find(speakerWord(i))
		several[i] = mixed(sp)
	}
	for i, sp := range speakers {
		for k := range sp.Seen {
			y := sp.Seen[k].Symptom
			if y == nil {
				if n := sp.Seen[k].Node; n != 0 && !several[i] {
					links = append(links, link{speakerWord(i), strconv.FormatUint(uint64(n), 16), idShape})
				}
				continue
			}
			for _, list := range [...][]string{y.Self, y.Peer} {
				for n := 1; n < len(list); n++ {
					pair(list[0], list[n])
				}
			}
			for _, x := range y.Members {
				for n := 1; n < len(x.Words); n++ {
					pair(x.Words[0], x.Words[n])
				}
			}
			if len(y.Self) > 0 && several[i] {
				sets.find(y.Self[0]) // who speaks is somebody
			}
			if len(y.Self) > 0 && !several[i] {
				for _, w := range y.Self {
					if shape := shapeOf(w); shape < anyAddress {
						links = append(links, link{speakerWord(i), w, shape})
					}
				}
			}
		}
	}
	slices.SortStableFunc(links, func(a, b link) int { return cmp.Compare(a.shape, b.shape) })
	done := map[link]bool{}
	for _, l := range links {
		if !done[l] {
			done[l] = true
			join(l.a, l.b)
		}
	}
	// A log that never says who writes it, but for an address, is of the node
	// that its name means.
	for i, sp := range speakers {
		for _, w := range speakerNames(sp) {
			if _, known := sets.parent[w]; known && !several[i] && owner[sets.find(w)] == 0 && nameless(membersOf(sets, speakerWord(i))) {
				join(speakerWord(i), w)
			}
		}
	}
	eliminate(sets, speakers, several, owner, join)
	by := map[string]*member{}
	of := func(word string) *member {
		root := sets.find(word)
		m := by[root]
		if m == nil {
			m = &member{}
			by[root] = m
			list = append(list, m)
		}
		return m
	}
	for w := range sets.parent {
		if w[0] != 0 {
			m := of(w)
			m.words = append(m.words, w)
		}
	}
	for i, sp := range speakers {
		if several[i] {
			for k := range sp.Seen {
				s := &sp.Seen[k]
				if s.Symptom != nil && len(s.Symptom.Self) > 0 {
					m := of(s.Symptom.Self[0])
					m.seen = append(m.seen, s)
				}
			}
			continue
		}
		m := of(speakerWord(i))
		m.speakers = append(m.speakers, sp)
		for k := range sp.Seen {
			m.seen = append(m.seen, &sp.Seen[k])
		}
		m.spans = append(m.spans, sp.Spans...)
	}
	list = slices.DeleteFunc(list, func(m *member) bool { return len(m.words) == 0 && !m.logged() })
	for _, m := range list {
		slices.Sort(m.words)
		if len(m.speakers) > 1 {
			slices.SortStableFunc(m.seen, func(a, b *timeline.Sighting) int { return cmp.Compare(a.Time, b.Time) })
			slices.SortStableFunc(m.spans, func(a, b timeline.Span) int { return cmp.Compare(a.From, b.From) })
		}
		m.name = m.call()
	}
	slices.SortFunc(list, func(a, b *member) int { return strings.Compare(a.name, b.name) })
	for i, m := range list {
		m.no = i
		m.live()
	}
	return list, doubles
}

// A double is an id under which two logs speak at one time.
type double struct {
	id   string
	a, b *timeline.Speaker
}

// copied reports whether two logs tell the same: one is a copy of part of the
// other.
func copied(a, b *timeline.Speaker) bool {
	if len(a.Seen) > len(b.Seen) {
		a, b = b, a
	}
	type line struct {
		at   raftdiag.Stamp
		sign raftdiag.Sign
	}
	have := map[line]bool{}
	key := func(s *timeline.Sighting) line {
		l := line{at: s.Time}
		if s.Symptom != nil {
			l.sign = s.Symptom.Sign
		}
		return l
	}
	for i := range b.Seen {
		have[key(&b.Seen[i])] = true
	}
	same := 0
	for i := range a.Seen {
		if have[key(&a.Seen[i])] {
			same++
		}
	}
	return same*2 > len(a.Seen)
}

// nameless reports whether of a log's words none is a name or an id.
func nameless(words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return w[0] != 0 && shapeOf(w) < addressShape })
}

// eliminate finds out who writes the logs that never say so: of the members that
// others speak of, the one that a log never addresses is its own.
func eliminate(sets *wordSets, speakers []*timeline.Speaker, several map[int]bool, owner map[string]int, join func(a, b string)) {
	known := map[string]bool{} // words for members
	named := make([]map[string]bool, len(speakers))
	for i, sp := range speakers {
		named[i] = map[string]bool{}
		for k := range sp.Seen {
			y := sp.Seen[k].Symptom
			if y == nil {
				continue
			}
			for _, m := range y.Members {
				if len(m.Words) > 0 && !m.Learner {
					known[m.Words[0]] = true
				}
			}
			if len(y.Peer) == 0 {
				continue
			}
			switch y.Sign {
			case raftdiag.LinkUp, raftdiag.LinkDown, raftdiag.ContactLost, raftdiag.VoteAsked, raftdiag.VoteGot, raftdiag.VoteDenied, raftdiag.VoteGranted,
				raftdiag.VoteRefused, raftdiag.VoteIgnored, raftdiag.AppendRefused, raftdiag.SendDropped, raftdiag.SnapshotSent:
				named[i][y.Peer[0]] = true
				if y.What != "gossip" {
					known[y.Peer[0]] = true
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		roots := map[string]bool{}
		for w := range known {
			if root := sets.find(w); owner[root] == 0 {
				roots[root] = true
			}
		}
		for i := range speakers {
			if several[i] || len(membersOf(sets, speakerWord(i))) > 1 {
				continue
			}
			addressed := map[string]bool{}
			for w := range named[i] {
				addressed[sets.find(w)] = true
			}
			var left []string
			for root := range roots {
				if !addressed[root] {
					left = append(left, root)
				}
			}
			if len(left) == 1 && len(addressed) > 0 {
				join(speakerWord(i), left[0])
				changed = true
				break
			}
		}
	}
}

func membersOf(sets *wordSets, w string) []string {
	root := sets.find(w)
	var out []string
	for o := range sets.parent {
		if sets.find(o) == root {
			out = append(out, o)
		}
	}
	return out
}

// together reports whether two logs run at the same time for longer than the
// seam of a rotation.
func together(a, b *timeline.Speaker) bool {
	if a == b || len(a.Spans) == 0 || len(b.Spans) == 0 {
		return a != b
	}
	from := max(a.Spans[0].From, b.Spans[0].From)
	to := min(a.Spans[len(a.Spans)-1].To, b.Spans[len(b.Spans)-1].To)
	return to-from > 5e7
}

// mixed reports whether the words by which a log's writer calls itself take
// turns: then several nodes write in it.
func mixed(sp *timeline.Speaker) bool {
	turns, last := 0, ""
	first := map[string]int{}
	for k := range sp.Seen {
		y := sp.Seen[k].Symptom
		if y == nil || len(y.Self) == 0 || shapeOf(y.Self[0]) != idShape {
			continue
		}
		w := y.Self[0]
		if w != last {
			if _, again := first[w]; again {
				turns++
			}
			last = w
		}
		first[w]++
	}
	return len(first) > 1 && turns >= 2
}

// speakerNames are what a log is called: its prefix, or its file's name
// without the ending.
func speakerNames(sp *timeline.Speaker) []string {
	if sp.Writer != "" {
		names := []string{strings.ToLower(sp.Writer)}
		for part := range strings.SplitSeq(sp.Writer, "/") { // pod/raft-0/app
			names = append(names, strings.ToLower(part))
		}
		return names
	}
	base := path.Base(strings.ReplaceAll(sp.Source, "\\", "/"))
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	return []string{base, strings.ToLower(base)}
}

// call chooses the word for a member: a name before an id before an address,
// and the name of its log if no line names it.
func (m *member) call() string {
	best := ""
	shape := anyAddress
	for _, w := range m.words {
		s := shapeOf(w)
		switch s { // a name says most
		case nameShape:
			s = idShape
		case idShape:
			s = nameShape
		}
		if best == "" || s < shape || s == shape && plainName(w) && !plainName(best) {
			best, shape = w, s
		}
	}
	if best == "" && len(m.speakers) > 0 {
		names := speakerNames(m.speakers[0])
		best = names[0]
	}
	return best
}

// plainName reports whether a word is a name as people give it: letters, then a
// number behind a sign or at the end.
func plainName(w string) bool {
	letters := strings.TrimRight(w, "0123456789")
	return len(letters) < len(w) && len(letters) > 0 && strings.Trim(letters, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == ""
}

// is reports whether a word means the member.
func (m *member) is(w string) bool { _, ok := slices.BinarySearch(m.words, w); return ok }

// String is the member's name with its id behind it where that is another word.
func (m *member) String() string {
	for _, w := range m.words {
		if w != m.name && shapeOf(w) == idShape {
			return fmt.Sprintf("%s (%s)", m.name, w)
		}
	}
	return m.name
}

// live cuts the member's log into lives.
func (m *member) live() {
	const boot = raftdiag.Stamp(5e9) // a boot has several lines
	var l *life
	open := func(at raftdiag.Stamp, by *timeline.Sighting) {
		m.lives = append(m.lives, life{from: at, to: at, begin: by})
		l = &m.lives[len(m.lives)-1]
	}
	for _, s := range m.seen {
		// One group of many that comes up is no new process.
		begins := s.Kind == raftdiag.Booted || s.Symptom != nil && s.Symptom.Sign == raftdiag.StartedUp && s.Group == ""
		switch {
		case l == nil && begins:
			open(s.Time, s)
		case l == nil:
			open(s.Time, nil)
		case begins && l.begin == nil && s.Time-l.from < boot && l.orderly == nil && l.died == nil:
			l.begin = s // the lines before are of the same start
		case begins && (l.orderly != nil || l.died != nil || l.begin == nil || s.Time-l.begin.Time > boot):
			open(s.Time, s)
		}
		l.to = max(l.to, s.Until)
		switch {
		case s.Kind == raftdiag.Stopped || s.Symptom != nil && s.Symptom.Sign == raftdiag.ShuttingDown:
			if l.orderly == nil {
				l.orderly = s
			}
		case s.Kind == raftdiag.Panicked || s.Symptom != nil && s.Symptom.Sign == raftdiag.Died:
			if l.died == nil {
				l.died = s
			}
		}
	}
	// What stands before a boot line, after a silence, is of the same start.
	slices.SortStableFunc(m.lives, func(a, b life) int { return cmp.Compare(a.from, b.from) }) // of a clock that goes back
	for i := 1; i < len(m.lives); i++ {
		l, old := &m.lives[i], &m.lives[i-1]
		k := sort.Search(len(m.spans), func(k int) bool { return m.spans[k].To >= l.from })
		if k == 0 || k == len(m.spans) || l.from < m.spans[k].From {
			continue
		}
		if sp := m.spans[k]; sp.From > old.from && l.from-sp.From <= boot {
			l.from, old.to = sp.From, min(old.to, m.spans[k-1].To)
		}
	}
	// Lines of other matters show that the process lives.
	for _, sp := range m.spans {
		i := m.lifeFrom(sp.From)
		if i < 0 {
			continue
		}
		end := sp.To
		if i+1 < len(m.lives) {
			end = min(end, m.lives[i+1].from)
		}
		m.lives[i].to = max(m.lives[i].to, end)
	}
	for i := range m.lives {
		if l := &m.lives[i]; l.begin != nil {
			m.boots = append(m.boots, l.begin.Time)
		}
	}
	slices.Sort(m.boots)
}

// lifeFrom is the place of the newest life that had begun at a moment, -1 if none
// had.
func (m *member) lifeFrom(at raftdiag.Stamp) int {
	return sort.Search(len(m.lives), func(i int) bool { return m.lives[i].from > at }) - 1
}

// silentStop reports whether a life is of a program that says nothing when it is
// stopped in order.
func (l *life) silentStop() bool {
	return l.begin != nil && l.begin.Symptom != nil && l.begin.Symptom.What == raftdiag.EndsSilently
}

// aliveIn is the life in which a moment falls, nil if there is none.
func (m *member) aliveIn(t raftdiag.Stamp) *life {
	if i := m.lifeFrom(t); i >= 0 && t <= m.lives[i].to {
		return &m.lives[i]
	}
	return nil
}

// silences are the times in which the member wrote nothing for at least so
// long and then went on in the same life.
func (m *member) silences(least raftdiag.Stamp) []timeline.Span {
	var out []timeline.Span
	for i := 1; i < len(m.spans); i++ {
		a, b := m.spans[i-1], m.spans[i]
		if b.From-a.To < least {
			continue
		}
		if l := m.aliveIn(a.To); l != nil && b.From <= l.to && (l.begin == nil || b.From > l.begin.Time) {
			out = append(out, timeline.Span{From: a.To, To: b.From, FromPos: a.ToPos, ToPos: b.FromPos})
		}
	}
	return out
}
