package raftdiag

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A fieldInfo ties an optional field to its key in JSON, its label in String,
// its JSON type, and the code that writes and reads it.
type fieldInfo struct {
	bit    Field
	key    string
	label  string
	schema string // a type of JSON Schema: integer, string, boolean, id, config, symptom
	doc    string
	show   func(e *Event) string
	append func(b []byte, e *Event) []byte
	read   func(e *Event, raw json.RawMessage) error
}

func number[T ~uint64](bit Field, key, label, doc string, at func(*Event) *T) fieldInfo {
	return fieldInfo{bit, key, label, "integer", doc,
		func(e *Event) string { return strconv.FormatUint(uint64(*at(e)), 10) },
		func(b []byte, e *Event) []byte { return strconv.AppendUint(b, uint64(*at(e)), 10) },
		func(e *Event, raw json.RawMessage) error {
			n, err := strconv.ParseUint(string(raw), 10, 64)
			*at(e) = T(n)
			return err
		}}
}

func nodeID(bit Field, key, label, doc string, at func(*Event) *NodeID) fieldInfo {
	return fieldInfo{bit, key, label, "id", doc,
		func(e *Event) string { return at(e).String() },
		func(b []byte, e *Event) []byte { return appendID(b, *at(e)) },
		func(e *Event, raw json.RawMessage) error { return readID(raw, at(e)) }}
}

func flag(bit Field, key, label, doc string, at func(*Event) *bool) fieldInfo {
	return fieldInfo{bit, key, label, "boolean", doc,
		func(e *Event) string { return strconv.FormatBool(*at(e)) },
		func(b []byte, e *Event) []byte { return strconv.AppendBool(b, *at(e)) },
		func(e *Event, raw json.RawMessage) error { return json.Unmarshal(raw, at(e)) }}
}

func named[T fmt.Stringer](bit Field, key, label, doc string, at func(*Event) *T, byName func(string) (T, bool)) fieldInfo {
	return fieldInfo{bit, key, label, "string", doc,
		func(e *Event) string { return (*at(e)).String() },
		func(b []byte, e *Event) []byte { return appendString(b, (*at(e)).String()) },
		func(e *Event, raw json.RawMessage) error {
			s := string(raw)
			if len(raw) > 0 && raw[0] == '"' {
				if err := json.Unmarshal(raw, &s); err != nil {
					return err
				}
			}
			v, ok := byName(s)
			if !ok {
				return fmt.Errorf("unknown %s %q", key, s)
			}
			*at(e) = v
			return nil
		}}
}

// fieldTable lists the optional fields in the order in which they are written.
var fieldTable = []fieldInfo{
	named(HasType, "type", "Type", "message type, as raftpb names it", func(e *Event) *MessageType { return &e.Type }, MessageTypeByName),
	nodeID(HasFrom, "from", "From", "sender", func(e *Event) *NodeID { return &e.From }),
	nodeID(HasTo, "to", "To", "receiver", func(e *Event) *NodeID { return &e.To }),
	named(HasRole, "role", "Role", "Raft role", func(e *Event) *Role { return &e.Role }, RoleByName),
	named(HasOldRole, "old_role", "OldRole", "Raft role before", func(e *Event) *Role { return &e.OldRole }, RoleByName),
	number(HasTerm, "term", "Term", "Raft term", func(e *Event) *Term { return &e.Term }),
	nodeID(HasVote, "vote", "Vote", "for whom the node voted in its term", func(e *Event) *NodeID { return &e.Vote }),
	nodeID(HasLead, "lead", "Lead", "the leader that the node knows", func(e *Event) *NodeID { return &e.Lead }),
	number(HasLogTerm, "log_term", "LogTerm", "term of the entry at index", func(e *Event) *Term { return &e.LogTerm }),
	number(HasIndex, "index", "Index", "log index; in MsgApp the previous one", func(e *Event) *Index { return &e.Index }),
	number(HasFirst, "first", "First", "first index", func(e *Event) *Index { return &e.First }),
	number(HasLast, "last", "Last", "last index, unstable entries included where the source counts them", func(e *Event) *Index { return &e.Last }),
	number(HasCommit, "commit", "Commit", "commit index", func(e *Event) *Index { return &e.Commit }),
	number(HasApplied, "applied", "Applied", "applied index", func(e *Event) *Index { return &e.Applied }),
	number(HasUnstable, "unstable", "Unstable", "entries not yet in storage", func(e *Event) *uint64 { return &e.Unstable }),
	number(HasEntries, "entries", "Entries", "number of entries", func(e *Event) *uint64 { return &e.Entries }),
	number(HasEntryTerm, "entry_term", "EntryTerm", "term of the last entry", func(e *Event) *Term { return &e.EntryTerm }),
	flag(HasReject, "reject", "Reject", "the answer is a rejection", func(e *Event) *bool { return &e.Reject }),
	number(HasHint, "hint", "Hint", "index that a rejection suggests", func(e *Event) *Index { return &e.Hint }),
	number(HasSnapshot, "snapshot", "Snapshot", "index of the snapshot in a MsgSnap", func(e *Event) *Index { return &e.Snapshot }),
	nodeID(HasPeer, "peer", "Peer", "the other node", func(e *Event) *NodeID { return &e.Peer }),
	number(HasMatch, "match", "Match", "highest index known to be in the peer's log", func(e *Event) *Index { return &e.Match }),
	number(HasNext, "next", "Next", "index of the next entry to send", func(e *Event) *Index { return &e.Next }),
	named(HasProgressState, "state", "State", "progress state", func(e *Event) *ProgressState { return &e.Progress.State }, ProgressStateByName),
	flag(HasPaused, "paused", "Paused", "no appends are sent for now", func(e *Event) *bool { return &e.Paused }),
	number(HasPendingSnapshot, "pending_snapshot", "PendingSnapshot", "index of the snapshot that the peer must confirm", func(e *Event) *Index { return &e.PendingSnapshot }),
	flag(HasRecentActive, "recent_active", "RecentActive", "the peer was heard within an election timeout", func(e *Event) *bool { return &e.RecentActive }),
	number(HasInflight, "inflight", "Inflight", "appends sent and not answered", func(e *Event) *uint64 { return &e.Inflight }),
	flag(HasLearner, "learner", "Learner", "the peer has no vote", func(e *Event) *bool { return &e.Learner }),
	number(HasCount, "count", "Count", "number of entries or messages, by kind", func(e *Event) *uint64 { return &e.Count }),
	number(HasImmediate, "immediate", "Immediate", "messages to send before the append is stored", func(e *Event) *uint64 { return &e.Immediate }),
	number(HasPersisted, "persisted", "Persisted", "messages to send after the append is stored", func(e *Event) *uint64 { return &e.Persisted }),
	named(HasEntryType, "entry_type", "EntryType", "entry type, as raftpb names it", func(e *Event) *EntryType { return &e.EntryType }, EntryTypeByName),
	number(HasSize, "size", "Size", "bytes", func(e *Event) *uint64 { return &e.Size }),
	{HasDuration, "duration_ns", "Duration", "integer", "nanoseconds",
		func(e *Event) string { return e.Duration.String() },
		func(b []byte, e *Event) []byte { return strconv.AppendInt(b, int64(e.Duration), 10) },
		func(e *Event, raw json.RawMessage) error {
			n, err := strconv.ParseInt(string(raw), 10, 64)
			e.Duration = time.Duration(n)
			return err
		}},
	{HasConfig, "config", "Config", "config", "membership",
		func(e *Event) string { return e.Config.String() },
		appendConfig,
		readConfig},
	{HasText, "text", "Text", "string", "an error or a message, as the log words it",
		func(e *Event) string { return strconv.Quote(e.Text) },
		func(b []byte, e *Event) []byte { return appendString(b, e.Text) },
		func(e *Event, raw json.RawMessage) error { return json.Unmarshal(raw, &e.Text) }},
	{HasSymptom, "symptom", "Symptom", "symptom", "what a line that shows no message is a sign of",
		func(e *Event) string { return e.Symptom.String() },
		appendSymptom,
		readSymptom},
}

var fieldByKey = func() map[string]*fieldInfo {
	m := make(map[string]*fieldInfo, len(fieldTable))
	for i := range fieldTable {
		m[fieldTable[i].key] = &fieldTable[i]
	}
	return m
}()

// A FieldInfo describes an optional field: its key in JSON, its type there
// (integer, string, boolean, id, config or symptom) and its meaning.
type FieldInfo struct {
	Bit            Field
	Key, Type, Doc string
}

// FieldList lists the optional fields in the order in which JSON has them.
func FieldList() []FieldInfo {
	list := make([]FieldInfo, len(fieldTable))
	for i, f := range fieldTable {
		list[i] = FieldInfo{f.bit, f.key, f.schema, f.doc}
	}
	return list
}

// appendString appends a JSON string in which nothing acts on a terminal:
// control characters above U+007E and those that turn the direction of text are
// escaped as well.
func appendString(b []byte, s string) []byte {
	q, err := json.Marshal(s)
	if err != nil { // strings always marshal
		panic(err)
	}
	if !strings.ContainsFunc(s, acts) {
		return append(b, q...)
	}
	for _, r := range string(q) {
		if acts(r) {
			b = fmt.Appendf(b, "\\u%04x", r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// acts reports whether a terminal obeys the character rather than shows it.
func acts(r rune) bool {
	return r >= 0x7f && r <= 0x9f || r == 0x061c || r >= 0x200e && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

func appendID(b []byte, n NodeID) []byte {
	b = append(b, '"')
	b = strconv.AppendUint(b, uint64(n), 10)
	return append(b, '"')
}

func readID(raw json.RawMessage, to *NodeID) error {
	s := string(raw)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	n, err := strconv.ParseUint(s, 10, 64)
	*to = NodeID(n)
	return err
}

type wireConfig struct {
	Voters         []string `json:"voters"`
	VotersOutgoing []string `json:"voters_outgoing,omitempty"`
	Learners       []string `json:"learners,omitempty"`
	LearnersNext   []string `json:"learners_next,omitempty"`
	AutoLeave      bool     `json:"auto_leave,omitempty"`
}

func wireIDs(list []NodeID) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatUint(uint64(n), 10)
	}
	return out
}

func appendConfig(b []byte, e *Event) []byte {
	c := e.Config
	if c == nil {
		c = &Config{}
	}
	j, err := json.Marshal(wireConfig{wireIDs(c.Voters), wireIDs(c.VotersOutgoing), wireIDs(c.Learners), wireIDs(c.LearnersNext), c.AutoLeave})
	if err != nil { // strings always marshal
		panic(err)
	}
	return append(b, j...)
}

func readConfig(e *Event, raw json.RawMessage) error {
	var w map[string]json.RawMessage
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	c := &Config{}
	for key, to := range map[string]*[]NodeID{"voters": &c.Voters, "voters_outgoing": &c.VotersOutgoing, "learners": &c.Learners, "learners_next": &c.LearnersNext} {
		var list []json.RawMessage
		if w[key] == nil {
			continue
		}
		if err := json.Unmarshal(w[key], &list); err != nil {
			return err
		}
		for _, id := range list {
			var n NodeID
			if err := readID(id, &n); err != nil {
				return err
			}
			*to = append(*to, n)
		}
	}
	if w["auto_leave"] != nil {
		if err := json.Unmarshal(w["auto_leave"], &c.AutoLeave); err != nil {
			return err
		}
	}
	e.Config = c
	return nil
}

// AppendJSON appends the event as one line of JSON, without the newline:
// time, node, group, writer and kind, then the fields that the event sets, then the
// position as source and line.
func (e *Event) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	if e.Time != NoStamp {
		b = append(b, `"time":"`...)
		b = e.Time.Time().AppendFormat(b, time.RFC3339Nano)
		b = append(b, `",`...)
	}
	if e.Node != 0 {
		b = append(b, `"node":`...)
		b = append(appendID(b, e.Node), ',')
	}
	if e.Group != "" {
		b = append(b, `"group":`...)
		b = append(appendString(b, e.Group), ',')
	}
	if e.Writer != "" {
		b = append(b, `"writer":`...)
		b = append(appendString(b, e.Writer), ',')
	}
	b = append(b, `"kind":"`...)
	b = append(b, e.Kind.String()...)
	b = append(b, '"')
	for i := range fieldTable {
		if f := &fieldTable[i]; e.Has(f.bit) {
			b = append(b, ',', '"')
			b = append(b, f.key...)
			b = append(b, '"', ':')
			b = f.append(b, e)
		}
	}
	if !e.Pos.IsZero() {
		b = append(b, `,"source":`...)
		b = appendString(b, e.Pos.Source)
		b = append(b, `,"line":`...)
		b = strconv.AppendInt(b, e.Pos.Line, 10)
	}
	return append(b, '}')
}

// MarshalJSON is AppendJSON.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// ErrNoKind says that a JSON object is no event: it has no known kind.
var ErrNoKind = errors.New("no event kind")

// UnmarshalJSON reads what AppendJSON writes. It ignores keys that it does not
// know, fields that the event's kind does not have, and null. It also ignores a
// source or line of another JSON type than AppendJSON writes: slog prints the
// place in the program as an object under source.
func (e *Event) UnmarshalJSON(data []byte) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	*e = Event{}
	var name string
	if m["kind"] == nil || json.Unmarshal(m["kind"], &name) != nil {
		return ErrNoKind
	}
	kind, ok := KindByName(name)
	if !ok {
		return fmt.Errorf("%w: %q", ErrNoKind, name)
	}
	e.Kind = kind
	for key, raw := range m {
		if string(raw) == "null" {
			continue
		}
		var err error
		switch key {
		case "kind":
		case "time":
			var t time.Time
			if err = json.Unmarshal(raw, &t); err == nil {
				e.Time = Stamp(t.UnixNano())
			}
		case "node":
			err = readID(raw, &e.Node)
		case "group":
			err = json.Unmarshal(raw, &e.Group)
		case "writer":
			err = json.Unmarshal(raw, &e.Writer)
		case "source":
			if raw[0] == '"' {
				err = json.Unmarshal(raw, &e.Pos.Source)
			}
		case "line":
			if raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' {
				err = json.Unmarshal(raw, &e.Pos.Line)
			}
		default:
			f := fieldByKey[key]
			if f == nil || kindTable[kind].Fields&f.bit == 0 {
				continue
			}
			if err = f.read(e, raw); err == nil {
				e.Set |= f.bit
			}
		}
		if err != nil {
			return fmt.Errorf("event field %s: %w", key, err)
		}
	}
	return nil
}
