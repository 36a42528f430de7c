package parser

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// Described are the formats that a user describes in files: envelopes and dialects.
// They are tried before those that are built in. A nil *Described describes
// nothing.
type Described struct {
	envelopes []*userEnvelope
	dialects  []*foreign
	lexicon   *lexicon // of dialects of the user's own
	copies    *lexicon // of those that are like built-in ones
}

// index makes the lexicons.
func (f *Described) index() {
	var own, copies []*foreign
	for _, d := range f.dialects {
		if d.like {
			copies = append(copies, d)
		} else {
			own = append(own, d)
		}
	}
	f.lexicon, f.copies = nil, nil
	if len(own) > 0 {
		f.lexicon = newLexicon(own)
	}
	if len(copies) > 0 {
		f.copies = newLexicon(copies)
	}
}

// reader makes a reader that knows the formats.
func (f *Described) reader() *reader {
	p := newReader()
	if f != nil && len(f.envelopes)+len(f.dialects) > 0 {
		p.custom = f
	}
	return p
}

// A userEnvelope is an envelope that a user describes: how a line is worded, or
// under which keys its parts stand in JSON or as key=value.
type userEnvelope struct {
	name, doc string
	at        string // my.yaml:3
	t         *template
	object    map[string]string // part (msg, time, ...) to key
	pairs     map[string]string
	layout    string // of time, as Go's time package has it; empty for the usual ones
	samples   []envelopeSample
	raw       string // the template as it was written
}

// An envelopeSample is a line and what the envelope must make of it: its
// parts by name, and the fields beside the message.
type envelopeSample struct {
	line   string
	at     string
	parts  map[string]string
	fields map[string]string
}

// A triedSample is a line of a dialect, what it means, and the event's node,
// group and time where the user says them.
type triedSample struct {
	sample
	at, node, group, time string
}

// envelopeParts are the parts of a line that an envelope tells.
var envelopeParts = []string{"time", "level", "logger", "writer", "self", "group", "msg", "fields"}

// described reads a line by the formats that the user describes, and what is
// within their envelopes by those that are built in.
func (p *reader) described(s []byte, it *item) outcome {
	f := p.custom
	rec := &p.rec
	*rec = record{msg: s, fields: rec.fields[:0], cut: p.cut}
	if bytes.IndexByte(s, 0x1b) >= 0 {
		rec.msg = bytes.Clone(p.withoutColour(s, true))
	}
	inner, within := s, record{}
	for depth := 0; depth < 8 && len(rec.msg) > 0; depth++ {
		if f.open(p, rec) {
			rec.env = textLog
			inner, within = rec.msg, *rec
			within.fields = slices.Clone(rec.fields)
			continue
		}
		if !rec.openOne(p) {
			break
		}
	}
	if f.lexicon != nil && len(rec.msg) > 0 {
		if r := f.lexicon.read(p, rec, &it.ev); r != nil {
			it.dialect, it.env, it.role, it.row = customDialect, rec.env, plain, -1
			if it.ev.Group == "" && it.ev.Kind != raftdiag.SymptomSeen {
				it.role = ungrouped(it.ev.Kind)
			}
			p.hit = r
			return raft
		}
		it.ev = raftdiag.Event{}
	}
	p.outer = within
	got := notRaft
	if len(inner) >= 8 {
		inner = bytes.Clone(inner) // it may stand where a reader puts its own
		got = p.known(inner, it)
	}
	p.outer = record{}
	if it.ev.Time == raftdiag.NoStamp {
		it.ev.Time = within.time
	}
	if it.ev.Writer == "" {
		it.ev.Writer = within.writer
	}
	if got == raft && it.ev.Kind != raftdiag.SymptomSeen && within.env != bare {
		if it.ev.Node == 0 && len(within.self) > 0 {
			it.ev.Node, _ = p.node(f.named(within.self), false)
		}
		if it.ev.Group == "" && len(within.group) > 0 && it.role != fileHead {
			it.ev.Group = p.in.string(within.group)
		}
	}
	return got
}

// named is the number that a dialect's words give a node, or the word itself.
func (f *Described) named(word []byte) []byte {
	for _, d := range f.dialects {
		if known, ok := d.words["node"][string(word)]; ok {
			return []byte(known)
		}
	}
	return word
}

// ungrouped is the role of an event that names no group: what a process says of
// itself or of its links concerns all of its groups, all else one.
func ungrouped(k raftdiag.Kind) role {
	switch k {
	case raftdiag.SendFailed, raftdiag.HandedOver, raftdiag.StepFailed:
		return groupless
	case raftdiag.Stopped, raftdiag.Panicked, raftdiag.Slow, raftdiag.StorageFailed, raftdiag.Misconfigured:
		return plain
	}
	return onlyGroup
}

// open takes the first envelope that fits off.
func (f *Described) open(p *reader, r *record) bool {
	for _, e := range f.envelopes {
		if e.read(p, r) {
			return true
		}
	}
	return false
}

// read takes the envelope off, if it is this one.
func (e *userEnvelope) read(p *reader, r *record) bool {
	switch {
	case e.t != nil:
		return e.readText(p, r)
	case e.object != nil:
		return e.readObject(p, r)
	}
	return e.readPairs(p, r)
}

func (e *userEnvelope) readText(p *reader, r *record) bool {
	caught, ok := e.t.fit(r.msg, nil)
	if !ok {
		return false
	}
	var rest []byte
	said := false
	for _, c := range caught {
		if c.name == "msg" {
			rest, said = c.value, true
		}
	}
	if !said {
		return false
	}
	for _, c := range caught {
		if c.name == "fields" {
			for s := c.value; ; {
				key, val, more := pair(s)
				if key == nil {
					break
				}
				r.fields = append(r.fields, field{key, bareValue(val)})
				s = more
			}
			continue
		}
		e.take(p, r, c.name, c.value)
	}
	r.msg = rest
	return true
}

// take puts a part of the line into the record.
func (e *userEnvelope) take(p *reader, r *record, part string, v []byte) {
	switch part {
	case "time":
		t, _ := e.stamp(&p.clock, v)
		r.stamped(t)
	case "level":
		if l, ok := raftdiag.LevelByName(string(bytes.TrimSpace(v))); ok {
			r.level = l
		}
	case "logger":
		r.logger = v
	case "writer":
		r.named(p.in.string(v))
	case "self":
		r.self = v
	case "group":
		r.group = v
	}
}

// stamp reads a time: by the layout, or as a date with time, or as seconds,
// milliseconds and so on since 1970.
func (e *userEnvelope) stamp(c *clock, v []byte) (raftdiag.Stamp, bool) {
	v = bytes.TrimSpace(v)
	if e.layout != "" {
		t, err := time.Parse(e.layout, string(v))
		if err != nil {
			return raftdiag.NoStamp, false
		}
		if t.Year() == 0 {
			t = t.AddDate(2000, 0, 0)
		}
		return raftdiag.Stamp(t.UnixNano()), true
	}
	if t, n := c.stamp(v); n > 0 && n == len(v) {
		return t, true
	}
	if n, err := strconv.ParseFloat(string(v), 64); err == nil && n > 1e8 {
		if t, ok := seconds(string(v)); ok {
			return t, true
		}
		return epoch(n), true
	}
	return raftdiag.NoStamp, false
}

// may limits what the holes of the template take.
func (e *userEnvelope) may(hole string, v []byte) bool {
	switch hole {
	case "time":
		_, ok := e.stamp(&clock{}, v)
		return ok
	case "level":
		_, ok := raftdiag.LevelByName(string(bytes.TrimSpace(v)))
		return ok
	}
	return true
}

func (e *userEnvelope) readObject(p *reader, r *record) bool {
	s := r.msg
	if s[0] != '{' {
		return false
	}
	text := unsafe.String(unsafe.SliceData(s), len(s))
	if !gjson.Valid(text) {
		return false
	}
	parts := map[string]string{}
	for part, key := range e.object {
		parts[key] = part
	}
	var fields []field
	said := map[string][]byte{}
	var walk func(prefix string, v gjson.Result, depth int)
	walk = func(prefix string, v gjson.Result, depth int) {
		v.ForEach(func(k, v gjson.Result) bool {
			key := prefix + k.String()
			if v.IsObject() && depth < 4 && parts[key] == "" {
				walk(key+".", v, depth+1)
				return true
			}
			value := []byte(v.Raw)
			if v.Type == gjson.String {
				value = []byte(v.String())
			}
			if part := parts[key]; part != "" {
				if said[part] == nil {
					said[part] = value
				}
			} else if len(value) < 1<<14 && len(fields) < 64 {
				fields = append(fields, field{[]byte(key), value})
			}
			return true
		})
	}
	walk("", gjson.Parse(text), 0)
	return e.opened(p, r, said, fields)
}

func (e *userEnvelope) readPairs(p *reader, r *record) bool {
	parts := map[string]string{}
	for part, key := range e.pairs {
		parts[key] = part
	}
	var fields []field
	said := map[string][]byte{}
	for s := r.msg; len(fields) < 64; {
		key, val, rest := pair(s)
		if key == nil {
			break
		}
		value := val
		if len(val) > 1 && val[0] == '"' {
			if text, err := strconv.Unquote(string(val)); err == nil {
				value = []byte(text)
			}
		}
		if part := parts[string(key)]; part != "" {
			if said[part] == nil {
				said[part] = value
			}
		} else {
			fields = append(fields, field{key, bareValue(value)})
		}
		s = rest
	}
	return e.opened(p, r, said, fields)
}

// opened takes the parts of a structured line. There must be a message, and
// a time that can be read where one is there.
func (e *userEnvelope) opened(p *reader, r *record, said map[string][]byte, fields []field) bool {
	if len(said["msg"]) == 0 {
		return false
	}
	if v := said["time"]; v != nil {
		if _, ok := e.stamp(&p.clock, v); !ok {
			return false
		}
	}
	for _, part := range envelopeParts {
		if v := said[part]; v != nil {
			e.take(p, r, part, v)
		}
	}
	r.msg = said["msg"]
	r.fields = append(r.fields, fields...)
	return true
}

// sortedKeys are the keys of a small map, in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}
