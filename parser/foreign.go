package parser

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A foreign dialect is the words of a system that has a log of its own. It is
// data: how its lines are worded, and what each is a sign of.
type foreign struct {
	dialect dialect
	name    string
	doc     string
	// keys says which hole's value a field beside the message has:
	// {"remote-peer-id": "peer"}. Fields of rules come first.
	keys map[string]string
	// speaks tells, where it is not nil, whether a record can be of this
	// system at all, by its logger, fields or envelope.
	speaks func(r *record) bool
	// fix reads what no key can say, for every rule and before the rule's own;
	// nil if there is nothing.
	fix   func(l *line) bool
	rules []rule
	// finish, where it is not nil, sees each event of the dialect last; false
	// means that the line is none of this dialect after all.
	finish func(l *line) bool
	// rest reads, where it is not nil, the records of this system that no rule
	// fits: it has no template, its fix decides.
	rest    *rule
	samples []sample
	// words says what the system's own words for a hole's value mean:
	// {"type": {"AppendEntries": "MsgApp"}}. Those of "node" are of all holes
	// that take a node.
	words map[string]map[string]string
	tried []triedSample // of a dialect that a user describes
	like  bool          // it shares the code of a built-in one, and stands in that one's place
}

// A rule is one sort of line.
//
// The holes of its template are named by what they hold:
//
//	self, self2          words for the node that speaks
//	peer, peer2, peer3   words for the other node
//	term index commit last applied logterm count   numbers
//	dur                  a duration, in any spelling
//	ms                   a duration in milliseconds, without a unit
//	err                  an error: its text, and its class as trouble
//	text what group      as in the event
//	role type            a role, a message type
//	voters               a list of ids, for Config, where they are numbers
//
// A word for a node or a group may get a beginning: {peer=n:int} makes n3 of 3.
type rule struct {
	text    string
	logger  string // the logger's name must hold this, where a record has one
	sign    raftdiag.Sign
	trouble raftdiag.Trouble
	way     raftdiag.Way
	role    raftdiag.Role
	what    string
	keys    map[string]string // like the dialect's, and before it
	// fix finishes the event where the table cannot say it; false means that
	// the line is none of this rule after all.
	fix func(l *line) bool
	// kind is the event's where the line states more than a symptom; see
	// stated.go for the holes of such rules.
	kind raftdiag.Kind
	when []field // what fields beside the message must say
	set  []catch // values that no line prints, as if holes had taken them

	at string // where a user described it: my.yaml:12
	of *foreign
	t  *template
}

// A sample is a line that the dialect's test reads, and what it must come to,
// as Event.String says it.
type sample struct{ line, want string }

// A line is a record being read by a rule.
type line struct {
	*record
	p      *reader
	ev     *raftdiag.Event
	caught []catch
}

// get is what a hole took, or the value of a field; nil if there is neither.
func (l *line) get(name string) []byte {
	for _, c := range l.caught {
		if c.name == name {
			return c.value
		}
	}
	return l.record.get(name)
}

// foreigners are the dialects of systems with logs of their own.
var foreigners = []*foreign{
	&etcdRaftWords,
	&etcdServerWords,
	&etcdTextWords,
	&hashiraft,
	&hashiapps,
	&nats,
	&raftRsLines,
	&raftRsTagged,
	&tikvLines,
	&cockroachLines,
	&dragonboatWords,
	&raWords,
	&dqliteWords,
	&openraftLines,
	&redpandaLines,
	&kafkaLines,
	&nuraftLines,
	&ratisLines,
	&sofaLines,
	&redisRaftLines,
	&ccfLines,
	&kuduLines,
}

// A lexicon finds the rule for a line.
type lexicon struct {
	rules []*rule
	index *anchors
	rests []*rule
}

// builtin is made when the first foreign line comes.
var builtin = sync.OnceValue(func() *lexicon { return newLexicon(foreigners) })

func newLexicon(all []*foreign) *lexicon {
	x := &lexicon{}
	n := 0
	for _, f := range all {
		n += len(f.rules)
	}
	rules := make([]rule, 0, n)
	x.rules = make([]*rule, 0, n)
	for _, f := range all {
		for i := range f.rules {
			rules = append(rules, f.rules[i])
			r := &rules[len(rules)-1]
			t, err := newTemplate(r.text)
			if err != nil { // of our own tables: a test reads them all
				panic(err)
			}
			r.of, r.t = f, t
			for _, w := range r.when {
				t.weight += len(w.value)
			}
			x.rules = append(x.rules, r)
		}
		if f.rest != nil {
			f.rest.of = f
			x.rests = append(x.rests, f.rest)
		}
	}
	// Those of a system that knows its own records first, and heavier templates:
	// they say more.
	knows := func(r *rule) int {
		if r.of.speaks != nil {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(x.rules, func(a, b *rule) int {
		return cmp.Or(cmp.Compare(knows(b), knows(a)), cmp.Compare(b.t.weight, a.t.weight))
	})
	texts := make([]string, len(x.rules))
	for i, r := range x.rules {
		texts[i] = r.t.anchor
	}
	x.index = newAnchors(texts)
	return x
}

// mostForeign is how much of a message is searched for a rule's text.
const mostForeign = 4096

// read finds what the record is a sign of.
func (x *lexicon) read(p *reader, rec *record, e *raftdiag.Event) *rule {
	p.found = x.index.in(rec.msg[:min(len(rec.msg), mostForeign)], p.found[:0])
	for _, n := range p.found {
		r := x.rules[n]
		if r.of.speaks != nil && !r.of.speaks(rec) {
			continue
		}
		if !r.holds(rec) {
			continue
		}
		if r.logger != "" && len(rec.logger) > 0 && !bytes.Contains(rec.logger, []byte(r.logger)) {
			continue
		}
		caught, ok := r.t.fit(rec.msg, p.caught[:0])
		p.caught = caught[:0]
		if !ok {
			continue
		}
		if r.apply(p, &line{rec, p, e, caught}) {
			return r
		}
	}
	for _, r := range x.rests {
		if (r.of.speaks == nil || r.of.speaks(rec)) && r.apply(p, &line{rec, p, e, nil}) {
			return r
		}
	}
	return nil
}

// apply makes the event of a record that fits.
func (r *rule) apply(p *reader, l *line) bool {
	if r.kind != raftdiag.NoKind {
		return r.state(p, l)
	}
	e := l.ev
	*e = raftdiag.Event{Kind: raftdiag.SymptomSeen, Set: raftdiag.HasSymptom, Time: l.time, Writer: l.writer}
	s := &raftdiag.Symptom{Sign: r.sign, Trouble: r.trouble, Way: r.way, Level: l.level, What: r.what}
	e.Symptom = s
	if len(l.record.group) > 0 {
		e.Group = p.in.string(l.record.group)
	}
	if len(l.record.self) > 0 {
		r.fill(p, e, "self", l.record.self)
	}
	if r.role != raftdiag.UnknownRole {
		e.Role, e.Set = r.role, e.Set|raftdiag.HasRole
	}
	for _, c := range l.caught {
		if !r.fill(p, e, c.name, c.value) {
			return false
		}
	}
	for _, c := range r.set {
		if !p.fill(e, c.name, c.value) {
			return false
		}
	}
	for _, f := range l.fields {
		name := r.keys[string(f.key)]
		if name == "" {
			name = r.of.keys[string(f.key)]
		}
		if name != "" {
			r.fill(p, e, name, f.value)
		}
	}
	if r.of.fix != nil && !r.of.fix(l) {
		return false
	}
	if r.fix != nil && !r.fix(l) {
		return false
	}
	if l.env == crdbLog && r.of.dialect == etcdRaft {
		replicaWords(l)
	}
	return r.of.finish == nil || r.of.finish(l)
}

// fill puts a value where a hole's name says, as if it stood in one.
func (l *line) fill(name string, value []byte) bool { return l.p.fill(l.ev, name, value) }

// member adds a node to those that the line lists, by all words for it.
func (l *line) member(learner bool, words ...[]byte) {
	var m raftdiag.Member
	for _, w := range words {
		if w = cleanWord(w); len(w) > 0 && !slices.Contains(m.Words, string(w)) {
			m.Words = append(m.Words, l.p.in.string(w))
		}
	}
	if y := l.ev.Symptom; len(m.Words) > 0 && len(y.Members) < mostMembers {
		m.Learner = learner
		y.Members = append(y.Members, m)
	}
}

// mostMembers is how many members are read of one line.
const mostMembers = 64

// holds reports whether the fields beside the message say what the rule wants.
func (r *rule) holds(rec *record) bool {
	for _, w := range r.when {
		if string(rec.get(string(w.key))) != string(w.value) {
			return false
		}
	}
	return true
}

// fill is the reader's, with the dialect's own words. A node then goes by both.
func (r *rule) fill(p *reader, e *raftdiag.Event, hole string, value []byte) bool {
	if r.of.words == nil {
		return p.fill(e, hole, value)
	}
	name, _, _ := strings.Cut(hole, "=")
	known := r.word(name, value)
	ok := p.fill(e, hole, known)
	if ok && nodeHoles[name] && !bytes.Equal(known, value) {
		p.fill(e, hole, value)
	}
	return ok
}

// word is what the dialect's own word for a hole's value means.
func (r *rule) word(hole string, value []byte) []byte {
	if r.of.words == nil {
		return value
	}
	word := string(bareValue(bytes.TrimSpace(value)))
	if known, ok := r.of.words[hole][word]; ok {
		return []byte(known)
	}
	if configHoles[hole] {
		var ids []string
		for _, w := range strings.FieldsFunc(word, betweenIDs) {
			if known, ok := r.of.words["node"][w]; ok {
				w = known
			}
			ids = append(ids, w)
		}
		return []byte("[" + strings.Join(ids, " ") + "]")
	}
	if nodeHoles[hole] {
		if known, ok := r.of.words["node"][word]; ok {
			return []byte(known)
		}
	}
	return value
}

// nodeHoles are the holes that take a node.
var nodeHoles = map[string]bool{"node": true, "from": true, "to": true, "vote": true, "lead": true,
	"self": true, "self2": true, "peer": true, "peer2": true, "peer3": true}

// configHoles are the holes that take a list of nodes.
var configHoles = map[string]bool{"voters": true, "outgoing": true, "learners": true}

// betweenIDs reports whether a sign parts the nodes of a list.
func betweenIDs(r rune) bool { return strings.ContainsRune("[](){}, ", r) }

// fill puts a value where a hole's name says. The first value stands. It
// reports false for what is no value of that sort.
func (p *reader) fill(e *raftdiag.Event, name string, value []byte) bool {
	s := e.Symptom
	name, before, _ := strings.Cut(name, "=")
	number := func(bit raftdiag.Field, to *uint64) bool {
		n, err := strconv.ParseUint(string(value), 10, 64)
		if err != nil {
			return false
		}
		if !e.Has(bit) {
			*to, e.Set = n, e.Set|bit
		}
		return true
	}
	word := func(list *[]string) {
		w := cleanWord(value)
		if len(w) > 0 && before != "" {
			w = append([]byte(before), w...)
		}
		if len(w) > 0 && !slices.Contains(*list, string(w)) {
			*list = append(*list, p.in.string(w))
		}
	}
	switch name {
	case "self", "self2":
		word(&s.Self)
	case "peer", "peer2", "peer3":
		word(&s.Peer)
	case "term":
		return number(raftdiag.HasTerm, (*uint64)(&e.Term))
	case "index":
		return number(raftdiag.HasIndex, (*uint64)(&e.Index))
	case "commit":
		return number(raftdiag.HasCommit, (*uint64)(&e.Commit))
	case "last":
		return number(raftdiag.HasLast, (*uint64)(&e.Last))
	case "applied":
		return number(raftdiag.HasApplied, (*uint64)(&e.Applied))
	case "logterm":
		return number(raftdiag.HasLogTerm, (*uint64)(&e.LogTerm))
	case "count":
		return number(raftdiag.HasCount, &e.Count)
	case "dur":
		d, ok := readDuration(value)
		if ok && !e.Has(raftdiag.HasDuration) {
			e.Duration, e.Set = d, e.Set|raftdiag.HasDuration
		}
		return ok
	case "ms":
		n, ok := whole(value)
		if ok && n < 1<<40 && !e.Has(raftdiag.HasDuration) {
			e.Duration, e.Set = time.Duration(n)*time.Millisecond, e.Set|raftdiag.HasDuration
		}
		return ok
	case "err":
		switch t := troubleOf(value); {
		case s.Trouble == raftdiag.NoTrouble:
			s.Trouble = t
		case s.Trouble == raftdiag.UnclearTrouble && t != raftdiag.NoTrouble && t != s.Trouble: // of two errors, the clearer one
			s.Trouble = t
			e.Set &^= raftdiag.HasText
		}
		p.say(e, value)
	case "text":
		p.say(e, value)
	case "what":
		if s.What == "" {
			s.What = p.in.string(bytes.TrimSpace(value))
		}
	case "group":
		if e.Group == "" && len(value) > 0 {
			if before != "" {
				value = append([]byte(before), value...)
			}
			e.Group = p.in.string(value)
		}
	case "role":
		role, ok := raftdiag.RoleByName(roleWord(value))
		if ok && !e.Has(raftdiag.HasRole) {
			e.Role, e.Set = role, e.Set|raftdiag.HasRole
		}
		return ok
	case "type":
		t, ok := raftdiag.MessageTypeByName(string(value))
		if ok && !e.Has(raftdiag.HasType) {
			e.Type, e.Set = t, e.Set|raftdiag.HasType
		}
		return ok
	case "voters":
		if c := numbersConfig(value); c != nil && !e.Has(raftdiag.HasConfig) {
			e.Config, e.Set = c, e.Set|raftdiag.HasConfig
		}
	}
	return true
}

func (p *reader) say(e *raftdiag.Event, value []byte) {
	if !e.Has(raftdiag.HasText) && len(value) > 0 {
		e.Text = p.in.string(bytes.ToValidUTF8(value[:min(len(value), 512)], []byte("?")))
		e.Set |= raftdiag.HasText
	}
}

// cleanWord takes quotes, brackets and the scheme of a URL off a word for a
// node, so that one word stands for one thing: http://10.0.0.1:2380 is the
// address 10.0.0.1:2380.
func cleanWord(w []byte) []byte {
	w = bytes.Trim(w, "\"'`() ,;")
	if len(w) == 0 || w[0] != '[' || !bytes.Contains(w, []byte("]:")) { // [::1]:2380
		w = bytes.Trim(w, "\"'`[]() ,;")
	}
	if i := bytes.Index(w, []byte("://")); i > 0 && i < 8 {
		w = w[i+3:]
		if j := bytes.IndexByte(w, '/'); j >= 0 {
			w = w[:j]
		}
	}
	return w[:min(len(w), 128)]
}

// roleWord spells a role as RoleByName reads it.
func roleWord(w []byte) string {
	switch strings.ToLower(string(bytes.Trim(w, `"' `))) {
	case "leader", "stateleader":
		return "Leader"
	case "follower", "statefollower", "learner", "nonvoter":
		return "Follower"
	case "candidate", "statecandidate":
		return "Candidate"
	case "precandidate", "statepre_candidate", "pre-candidate", "statelprecandidate":
		return "PreCandidate"
	}
	return ""
}

// numbersConfig reads voters that are decimal numbers, however parted.
func numbersConfig(s []byte) *raftdiag.Config {
	c := &raftdiag.Config{}
	for _, w := range bytes.FieldsFunc(s, betweenIDs) {
		n, err := strconv.ParseUint(string(w), 10, 64)
		if err != nil {
			return nil
		}
		c.Voters = append(c.Voters, raftdiag.NodeID(n))
	}
	if len(c.Voters) == 0 {
		return nil
	}
	return c
}

// foreign reads a line that holds no words of the Ready loop and no event of
// our own.
func (p *reader) foreign(s []byte, it *item) outcome {
	rec := &p.rec
	fields := append(rec.fields[:0], p.outer.fields...)
	*rec = p.outer
	rec.msg, rec.fields, rec.cut = s, fields, p.cut
	if bytes.IndexByte(s, 0x1b) >= 0 {
		rec.msg = p.withoutColour(s, true)
	}
	p.waiting = p.waiting[:0]
	rec.open(p)
	got := p.recorded(rec, it)
	for i := range p.waiting { // the line holds more records
		*rec = p.waiting[i]
		rec.env, rec.wrapped = otlp, true
		rec.open(p)
		if got == notRaft {
			line := it.line
			*it = item{line: line, row: -1}
			got = p.recorded(rec, it)
			continue
		}
		x := item{row: -1}
		n := len(p.extra)
		p.extra = append(p.extra, x)
		if p.recorded(rec, &x) != raft {
			p.extra = append(p.extra[:n], p.extra[n+1:]...)
			continue
		}
		p.extra[n] = x
	}
	return got
}

// collected are the envelopes that programs of any sort are wrapped in.
var collected = [numEnvelopes]bool{syslog: true, journald: true, container: true, otlp: true}

// recorded reads a record whose envelopes are off.
func (p *reader) recorded(rec *record, it *item) outcome {
	if len(rec.msg) == 0 {
		return notRaft
	}
	if rec.wrapped && len(rec.msg) >= 8 {
		if got := p.peel(roomyClone(rec.msg), it, 1); got == raft {
			it.dress(rec)
			return raft
		}
		*it = item{line: it.line, row: -1}
	}
	// CockroachDB quotes the library's texts in lines of its own.
	if rec.env != crdbLog {
		if got := p.library(rec, it); got != notRaft {
			return got
		}
	}
	var r *rule
	if p.custom != nil && p.custom.copies != nil {
		r = p.custom.copies.read(p, rec, &it.ev)
	}
	if r == nil {
		r = builtin().read(p, rec, &it.ev)
	}
	if r != nil {
		it.dialect, it.env, it.role = r.of.dialect, rec.env, plain
		p.hit = r
		return raft
	}
	if rec.env == crdbLog {
		if got := p.library(rec, it); got != notRaft {
			return got
		}
	}
	if rec.time == raftdiag.NoStamp {
		return notRaft
	}
	if rec.level >= raftdiag.Error && p.grave(rec, it) {
		return raft
	}
	it.ev = raftdiag.Event{Kind: raftdiag.SymptomSeen, Set: raftdiag.HasSymptom, Time: rec.time, Writer: rec.writer, Symptom: &otherLine}
	it.dialect, it.env = anyDialect, rec.env
	return raft
}

// dress gives an event what its envelopes say and its words do not.
func (it *item) dress(rec *record) {
	e := &it.ev
	if e.Time == raftdiag.NoStamp {
		e.Time = rec.time
	}
	if e.Writer == "" && rec.writer != "" {
		e.Writer = rec.writer
	}
	if it.env == bare || it.env == textLog {
		it.env = rec.env
	}
}

// grave reads the last words of a process, and errors of storage, whatever
// program and component says them.
func (p *reader) grave(rec *record, it *item) bool {
	err := rec.get("error")
	trouble := troubleOf(rec.msg)
	if t := troubleOf(err); t > raftdiag.NoTrouble && t < raftdiag.UnclearTrouble {
		trouble = t
	}
	sign := raftdiag.Died
	if rec.level < raftdiag.Fatal {
		if trouble != raftdiag.DiskFull && trouble != raftdiag.DiskBroken {
			return false
		}
		sign = raftdiag.StorageBroken
	}
	it.ev = raftdiag.Event{Kind: raftdiag.SymptomSeen, Set: raftdiag.HasSymptom, Time: rec.time, Writer: rec.writer,
		Symptom: &raftdiag.Symptom{Sign: sign, Trouble: trouble, Level: rec.level}}
	p.say(&it.ev, rec.msg)
	it.dialect, it.env = anyDialect, rec.env
	return true
}

// otherLine is shared by all lines that say nothing of Raft.
var otherLine = raftdiag.Symptom{Sign: raftdiag.OtherLine}
