package parser

import (
	"bytes"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// state makes an event that states a fact, as a message that was sent. The
// holes of its template, and the names under keys and set, are the keys that
// the event has in JSON (type, from, to, term, log_term, index ...) and:
//
//	node    the node that speaks
//	group   the group
//	err     the same as text
//	dur     the duration, in any spelling
//	accept  the contrary of reject
//	first last   of a message: the first and the last entry that it carries,
//	        from which index and entries follow
//	voters outgoing learners   of a configuration: ids, however parted
func (r *rule) state(p *reader, l *line) bool {
	e := l.ev
	*e = raftdiag.Event{Kind: r.kind, Time: l.time, Writer: l.writer}
	if len(l.record.group) > 0 {
		e.Group = p.in.string(l.record.group)
	}
	var span carried
	put := func(name string, v []byte) bool {
		name, before, _ := strings.Cut(name, "=")
		v = bareValue(bytes.TrimSpace(r.word(name, v)))
		if before != "" && len(v) > 0 {
			v = append([]byte(before), v...)
		}
		return len(v) == 0 || unsaid(v) || p.put(e, &span, name, v, r.hexadecimal(name))
	}
	for _, c := range l.caught {
		if c.name != "-" && !put(c.name, c.value) {
			return false
		}
	}
	for _, c := range r.set {
		if !put(c.name, c.value) {
			return false
		}
	}
	for _, f := range l.fields {
		name := r.keys[string(f.key)]
		if name == "" {
			name = r.of.keys[string(f.key)]
		}
		if name != "" && !put(name, f.value) {
			return false
		}
	}
	if len(l.record.self) > 0 && e.Node == 0 {
		if n, ok := p.node(r.word("node", l.record.self), false); ok {
			e.Node = n
		}
	}
	span.finish(e)
	whose(e)
	return r.fix == nil || r.fix(l)
}

// whose fills in the end of a message that its line leaves out, since it is the
// node that speaks: it sends what it sent, and receives what it received.
func whose(e *raftdiag.Event) {
	switch {
	case e.Node == 0:
	case e.Kind == raftdiag.Sent && !e.Has(raftdiag.HasFrom):
		e.From, e.Set = e.Node, e.Set|raftdiag.HasFrom
	case e.Kind == raftdiag.Received && !e.Has(raftdiag.HasTo):
		e.To, e.Set = e.Node, e.Set|raftdiag.HasTo
	}
}

// hexadecimal reports whether the hole takes hexadecimal digits.
func (r *rule) hexadecimal(hole string) bool {
	for _, p := range r.t.parts {
		if name, _, _ := strings.Cut(p.hole, "="); name == hole {
			return p.sort == hexSort
		}
	}
	return false
}

// A carried is which entries a message carries, as far as a line says.
type carried struct {
	first, last raftdiag.Index
	set         raftdiag.Field
}

// finish turns first and last into the previous index and a number of entries.
func (c *carried) finish(e *raftdiag.Event) {
	if c.set.Has(raftdiag.HasFirst) && !e.Has(raftdiag.HasIndex) && c.first > 0 {
		e.Index, e.Set = c.first-1, e.Set|raftdiag.HasIndex
	}
	if c.set.Has(raftdiag.HasLast) && !e.Has(raftdiag.HasEntries) && e.Has(raftdiag.HasIndex) && c.last >= e.Index {
		e.Entries, e.Set = uint64(c.last-e.Index), e.Set|raftdiag.HasEntries
	}
}

// node reads a word for a node: its number, or a name that is a word and a
// number, such as node2. It notes a word that is neither.
func (p *reader) node(v []byte, hex bool) (raftdiag.NodeID, bool) {
	v = cleanWord(v)
	if hex {
		if n, w := hexAt(bytes.ToLower(v)); w > 0 && w == len(v) {
			return raftdiag.NodeID(n), true
		}
	}
	if n, ok := whole(v); ok {
		return raftdiag.NodeID(n), true
	}
	letters := 0
	for letters < len(v) && (v[letters]|0x20 >= 'a' && v[letters]|0x20 <= 'z' || v[letters] == '-' || v[letters] == '_') {
		letters++
	}
	if n, ok := whole(v[letters:]); ok && n > 0 && letters > 0 {
		return raftdiag.NodeID(n), true
	}
	p.odd = append(p.odd[:0], v...)
	return 0, false
}

// put puts a value where a hole's name says; the first value stands. It reports
// false for what is no value of that sort.
func (p *reader) put(e *raftdiag.Event, span *carried, name string, v []byte, hex bool) bool {
	may := kindFields[e.Kind&63]
	switch name {
	case "node":
		if n, ok := p.node(v, hex); ok && e.Node == 0 {
			e.Node = n
		}
		return true
	case "group":
		if e.Group == "" {
			e.Group = p.in.string(v[:min(len(v), 255)])
		}
		return true
	case "accept":
		var reject bool
		if e.Has(raftdiag.HasReject) || !may.Has(raftdiag.HasReject) {
			return true
		}
		if !flag(e, raftdiag.HasReject, &reject, v) {
			return false
		}
		e.Reject = !reject
		return true
	case "voters", "outgoing", "learners":
		return !may.Has(raftdiag.HasConfig) || putConfig(e, name, v)
	case "first", "last":
		bit, at := raftdiag.HasFirst, &span.first
		if name == "last" {
			bit, at = raftdiag.HasLast, &span.last
		}
		if may.Has(bit) {
			break
		}
		n, ok := whole(v)
		if ok && !span.set.Has(bit) {
			*at, span.set = raftdiag.Index(n), span.set|bit
		}
		return ok
	}
	h, ok := statedHoles[name]
	if !ok || !may.Has(h.bit) || e.Has(h.bit) {
		return true
	}
	return h.put(p, e, v, hex)
}

func putConfig(e *raftdiag.Event, name string, v []byte) bool {
	c := numbersConfig(v)
	switch {
	case c != nil:
	case len(bytes.Trim(v, "[](){} ")) > 0:
		return false
	case name != "voters":
		return true
	default:
		c = &raftdiag.Config{} // there are none
	}
	if e.Config == nil {
		e.Config, e.Set = &raftdiag.Config{}, e.Set|raftdiag.HasConfig
	}
	switch name {
	case "voters":
		e.Config.Voters = c.Voters
	case "outgoing":
		e.Config.VotersOutgoing = c.Voters
	case "learners":
		e.Config.Learners = c.Voters
	}
	return true
}

// A statedHole is a field that a hole fills.
type statedHole struct {
	bit raftdiag.Field
	put func(p *reader, e *raftdiag.Event, v []byte, hex bool) bool
}

func numberHole[T ~uint64](bit raftdiag.Field, at func(*raftdiag.Event) *T) statedHole {
	return statedHole{bit, func(_ *reader, e *raftdiag.Event, v []byte, _ bool) bool { return number(e, bit, at(e), v) }}
}

func nodeHole(bit raftdiag.Field, at func(*raftdiag.Event) *raftdiag.NodeID) statedHole {
	return statedHole{bit, func(p *reader, e *raftdiag.Event, v []byte, hex bool) bool {
		if n, ok := p.node(v, hex); ok {
			*at(e), e.Set = n, e.Set|bit
		}
		return true // a word that is no number leaves the node unknown
	}}
}

func flagHole(bit raftdiag.Field, at func(*raftdiag.Event) *bool) statedHole {
	return statedHole{bit, func(_ *reader, e *raftdiag.Event, v []byte, _ bool) bool { return flag(e, bit, at(e), v) }}
}

func namedHole[T any](bit raftdiag.Field, at func(*raftdiag.Event) *T, read func([]byte) (T, bool)) statedHole {
	return statedHole{bit, func(_ *reader, e *raftdiag.Event, v []byte, _ bool) bool {
		t, ok := read(v)
		if ok {
			*at(e), e.Set = t, e.Set|bit
		}
		return ok
	}}
}

func textHole() statedHole {
	return statedHole{raftdiag.HasText, func(p *reader, e *raftdiag.Event, v []byte, _ bool) bool { p.say(e, v); return true }}
}

func durationHole() statedHole {
	return statedHole{raftdiag.HasDuration, func(_ *reader, e *raftdiag.Event, v []byte, _ bool) bool {
		d, ok := readDuration(v)
		if ok {
			e.Duration, e.Set = d, e.Set|raftdiag.HasDuration
		}
		return ok
	}}
}

// anyRole reads a role in any of the systems' spellings.
func anyRole(v []byte) (raftdiag.Role, bool) { return raftdiag.RoleByName(roleWord(v)) }

// statedHoles are the holes of events that state facts, by the keys that they
// have in JSON.
var statedHoles = map[string]statedHole{
	"type":             namedHole(raftdiag.HasType, func(e *raftdiag.Event) *raftdiag.MessageType { return &e.Type }, messageType),
	"from":             nodeHole(raftdiag.HasFrom, func(e *raftdiag.Event) *raftdiag.NodeID { return &e.From }),
	"to":               nodeHole(raftdiag.HasTo, func(e *raftdiag.Event) *raftdiag.NodeID { return &e.To }),
	"role":             namedHole(raftdiag.HasRole, func(e *raftdiag.Event) *raftdiag.Role { return &e.Role }, anyRole),
	"old_role":         namedHole(raftdiag.HasOldRole, func(e *raftdiag.Event) *raftdiag.Role { return &e.OldRole }, anyRole),
	"term":             numberHole(raftdiag.HasTerm, func(e *raftdiag.Event) *raftdiag.Term { return &e.Term }),
	"vote":             nodeHole(raftdiag.HasVote, func(e *raftdiag.Event) *raftdiag.NodeID { return &e.Vote }),
	"lead":             nodeHole(raftdiag.HasLead, func(e *raftdiag.Event) *raftdiag.NodeID { return &e.Lead }),
	"log_term":         numberHole(raftdiag.HasLogTerm, func(e *raftdiag.Event) *raftdiag.Term { return &e.LogTerm }),
	"index":            numberHole(raftdiag.HasIndex, func(e *raftdiag.Event) *raftdiag.Index { return &e.Index }),
	"first":            numberHole(raftdiag.HasFirst, func(e *raftdiag.Event) *raftdiag.Index { return &e.First }),
	"last":             numberHole(raftdiag.HasLast, func(e *raftdiag.Event) *raftdiag.Index { return &e.Last }),
	"commit":           numberHole(raftdiag.HasCommit, func(e *raftdiag.Event) *raftdiag.Index { return &e.Commit }),
	"applied":          numberHole(raftdiag.HasApplied, func(e *raftdiag.Event) *raftdiag.Index { return &e.Applied }),
	"unstable":         numberHole(raftdiag.HasUnstable, func(e *raftdiag.Event) *uint64 { return &e.Unstable }),
	"entries":          numberHole(raftdiag.HasEntries, func(e *raftdiag.Event) *uint64 { return &e.Entries }),
	"entry_term":       numberHole(raftdiag.HasEntryTerm, func(e *raftdiag.Event) *raftdiag.Term { return &e.EntryTerm }),
	"reject":           flagHole(raftdiag.HasReject, func(e *raftdiag.Event) *bool { return &e.Reject }),
	"hint":             numberHole(raftdiag.HasHint, func(e *raftdiag.Event) *raftdiag.Index { return &e.Hint }),
	"snapshot":         numberHole(raftdiag.HasSnapshot, func(e *raftdiag.Event) *raftdiag.Index { return &e.Snapshot }),
	"peer":             nodeHole(raftdiag.HasPeer, func(e *raftdiag.Event) *raftdiag.NodeID { return &e.Peer }),
	"match":            numberHole(raftdiag.HasMatch, func(e *raftdiag.Event) *raftdiag.Index { return &e.Match }),
	"next":             numberHole(raftdiag.HasNext, func(e *raftdiag.Event) *raftdiag.Index { return &e.Next }),
	"state":            namedHole(raftdiag.HasProgressState, func(e *raftdiag.Event) *raftdiag.ProgressState { return &e.Progress.State }, progressState),
	"paused":           flagHole(raftdiag.HasPaused, func(e *raftdiag.Event) *bool { return &e.Paused }),
	"pending_snapshot": numberHole(raftdiag.HasPendingSnapshot, func(e *raftdiag.Event) *raftdiag.Index { return &e.PendingSnapshot }),
	"recent_active":    flagHole(raftdiag.HasRecentActive, func(e *raftdiag.Event) *bool { return &e.RecentActive }),
	"inflight":         numberHole(raftdiag.HasInflight, func(e *raftdiag.Event) *uint64 { return &e.Inflight }),
	"learner":          flagHole(raftdiag.HasLearner, func(e *raftdiag.Event) *bool { return &e.Learner }),
	"count":            numberHole(raftdiag.HasCount, func(e *raftdiag.Event) *uint64 { return &e.Count }),
	"immediate":        numberHole(raftdiag.HasImmediate, func(e *raftdiag.Event) *uint64 { return &e.Immediate }),
	"persisted":        numberHole(raftdiag.HasPersisted, func(e *raftdiag.Event) *uint64 { return &e.Persisted }),
	"entry_type":       namedHole(raftdiag.HasEntryType, func(e *raftdiag.Event) *raftdiag.EntryType { return &e.EntryType }, entryType),
	"size":             numberHole(raftdiag.HasSize, func(e *raftdiag.Event) *uint64 { return &e.Size }),
	"dur":              durationHole(),
	"text":             textHole(),
	"err":              textHole(),
}

// symptomHoles are the holes of symptoms.
var symptomHoles = []string{"self", "self2", "peer", "peer2", "peer3", "term", "index", "commit", "last", "applied", "logterm", "count",
	"dur", "err", "text", "what", "group", "role", "type", "voters"}

// holesOf are the holes that a kind's rules may have.
func holesOf(k raftdiag.Kind) []string {
	if k == raftdiag.NoKind || k == raftdiag.SymptomSeen {
		return symptomHoles
	}
	may := kindFields[k&63]
	out := []string{"node", "group"}
	for _, f := range raftdiag.FieldList() {
		name := f.Key
		switch f.Bit {
		case raftdiag.HasDuration:
			name = "dur"
		case raftdiag.HasConfig, raftdiag.HasSymptom:
			continue
		}
		if may.Has(f.Bit) {
			out = append(out, name)
		}
	}
	for _, x := range []struct {
		bit   raftdiag.Field
		names []string
	}{
		{raftdiag.HasText, []string{"err"}},
		{raftdiag.HasReject, []string{"accept"}},
		{raftdiag.HasFrom | raftdiag.HasEntries, []string{"first", "last"}},
		{raftdiag.HasConfig, []string{"voters", "outgoing", "learners"}},
	} {
		if may.Has(x.bit) {
			out = append(out, x.names...)
		}
	}
	return out
}

// Holes are the names that the holes of a rule for events of this kind may
// have.
func Holes(k raftdiag.Kind) []string { return slices.Clone(holesOf(k)) }
