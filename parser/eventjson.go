package parser

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
	"time"
	"unicode/utf8"

	"github.com/raftdiag/raftdiag"
)

// decodeEvent reads one line of raftdiag's own events into e, as
// raftdiag.Event.UnmarshalJSON does, some twenty times faster and without
// allocation. ok is false, and err nil, if the line is not an event: no JSON
// object, or one without a known kind. A line that is broken although it names
// a known kind, or whose fields cannot be read, gives an error.
//
// Unless ok is true, what e holds is unspecified.
//
// The line is walked once. Whatever is out of the ordinary (an escape in a
// key, a key twice, an odd time, a broken line) is left to UnmarshalJSON, so
// that the fast way needs to know the plain forms only and the two never
// disagree.
func decodeEvent(line []byte, e *raftdiag.Event, in *interner) (ok bool, err error) {
	*e = raftdiag.Event{}
	return decodeFresh(line, e, in)
}

// decodeFresh is decodeEvent for an e that holds nothing.
func decodeFresh(line []byte, e *raftdiag.Event, in *interner) (ok bool, err error) {
	switch decodePlain(line, e, in) {
	case plainEvent:
		return true, nil
	case notEvent:
		return false, nil
	}
	return decodeAny(line, e)
}

// decodeAny is decodeEvent for the lines that decodePlain leaves.
func decodeAny(line []byte, e *raftdiag.Event) (bool, error) {
	if !mentionsKind(line) {
		return false, nil
	}
	err := e.UnmarshalJSON(line)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, raftdiag.ErrNoKind):
		return false, nil
	case errors.As(err, &syntax) && !namesKind(line):
		return false, nil
	}
	return false, err
}

// mentionsKind reports whether the key "kind" can stand in the line, spelt
// plainly or with escapes.
func mentionsKind(b []byte) bool {
	return mentions(b, `"kind"`) || bytes.IndexByte(b, '\\') >= 0 && bytes.Contains(b, []byte(`\u00`))
}

// mentions reports whether the text, which begins with a quote, stands in the
// line. Quotes are everywhere in it, and the search for what begins with one is
// slow: that for the rest tells nearly always.
func mentions(b []byte, text string) bool {
	return bytes.Contains(b, bytesOf(text[1:])) && bytes.Contains(b, []byte(text))
}

// namesKind reports whether a broken line says that it was an event: it begins
// an object, and "kind" is followed by the name of a kind, or by the beginning
// of a name where the line ends.
func namesKind(b []byte) bool {
	if i := blanks(b, 0); i == len(b) || b[i] != '{' {
		return false
	}
	for {
		_, rest, found := bytes.Cut(b, []byte(`"kind"`))
		if !found {
			return false
		}
		b = rest
		i := blanks(b, 0)
		if i == len(b) {
			return true
		}
		if b[i] != ':' {
			continue
		}
		if i = blanks(b, i+1); i == len(b) {
			return true
		}
		if b[i] != '"' {
			continue
		}
		name, _, closed := bytes.Cut(b[i+1:], []byte(`"`))
		if _, ok := raftdiag.KindByName(string(name)); ok {
			return true
		}
		if closed {
			continue
		}
		for _, k := range raftdiag.Kinds() {
			if bytes.HasPrefix([]byte(k.Name), name) {
				return true
			}
		}
	}
}

// A reading is what decodePlain made of a line.
type reading uint8

const (
	unusual    reading = iota // ask UnmarshalJSON
	plainEvent                // the event is read
	notEvent                  // a JSON object without a known kind, or no object
)

// A form is how the value of a key is read.
type form uint8

const (
	skipped form = iota
	asKind
	asTime
	asGroup
	asWriter
	asSource
	asLine
	asNumber
	asID
	asFlag
	asText
	asType
	asRole
	asOldRole
	asState
	asEntryType
	asDuration
	asConfig
)

// Bits beside those of raftdiag.Field for the keys that every kind has.
const (
	seenKind raftdiag.Field = 1 << (63 - iota)
	seenTime
	seenNode
	seenGroup
	seenWriter
	seenSource
	seenLine

	seenAlways = seenKind | seenTime | seenNode | seenGroup | seenWriter | seenSource | seenLine
)

var keysOfKind = func() (f [256]raftdiag.Field) {
	for _, k := range raftdiag.Kinds() {
		f[k.Kind] = k.Fields
	}
	return f
}()

// The keys of raftdiag's events, and two that slog writes beside them.
type key uint8

const (
	keyOther key = iota
	keyKind
	keyTime
	keyNode
	keyGroup
	keyWriter
	keySource
	keyLine
	keyType
	keyFrom
	keyTo
	keyRole
	keyOldRole
	keyTerm
	keyVote
	keyLead
	keyLogTerm
	keyIndex
	keyFirst
	keyLast
	keyCommit
	keyApplied
	keyUnstable
	keyEntries
	keyEntryTerm
	keyReject
	keyHint
	keySnapshot
	keyPeer
	keyMatch
	keyNext
	keyState
	keyPaused
	keyPendingSnapshot
	keyRecentActive
	keyInflight
	keyLearner
	keyCount
	keyImmediate
	keyPersisted
	keyEntryType
	keySize
	keyDurationNs
	keyConfig
	keyText
	keyLevel
	keyMsg
	numKeys
)

// A keyForm is a key as it stands in a line, quotes and colon with it, and how
// its value is read.
type keyForm struct {
	name       string
	bit        raftdiag.Field
	how        form
	size       int
	mask, word [3]uint64
}

var keyForms = func() (forms [numKeys]keyForm) {
	forms = [numKeys]keyForm{
		keyKind:            {name: "kind", bit: seenKind, how: asKind},
		keyTime:            {name: "time", bit: seenTime, how: asTime},
		keyNode:            {name: "node", bit: seenNode, how: asID},
		keyGroup:           {name: "group", bit: seenGroup, how: asGroup},
		keyWriter:          {name: "writer", bit: seenWriter, how: asWriter},
		keySource:          {name: "source", bit: seenSource, how: asSource},
		keyLine:            {name: "line", bit: seenLine, how: asLine},
		keyType:            {name: "type", bit: raftdiag.HasType, how: asType},
		keyFrom:            {name: "from", bit: raftdiag.HasFrom, how: asID},
		keyTo:              {name: "to", bit: raftdiag.HasTo, how: asID},
		keyRole:            {name: "role", bit: raftdiag.HasRole, how: asRole},
		keyOldRole:         {name: "old_role", bit: raftdiag.HasOldRole, how: asOldRole},
		keyTerm:            {name: "term", bit: raftdiag.HasTerm, how: asNumber},
		keyVote:            {name: "vote", bit: raftdiag.HasVote, how: asID},
		keyLead:            {name: "lead", bit: raftdiag.HasLead, how: asID},
		keyLogTerm:         {name: "log_term", bit: raftdiag.HasLogTerm, how: asNumber},
		keyIndex:           {name: "index", bit: raftdiag.HasIndex, how: asNumber},
		keyFirst:           {name: "first", bit: raftdiag.HasFirst, how: asNumber},
		keyLast:            {name: "last", bit: raftdiag.HasLast, how: asNumber},
		keyCommit:          {name: "commit", bit: raftdiag.HasCommit, how: asNumber},
		keyApplied:         {name: "applied", bit: raftdiag.HasApplied, how: asNumber},
		keyUnstable:        {name: "unstable", bit: raftdiag.HasUnstable, how: asNumber},
		keyEntries:         {name: "entries", bit: raftdiag.HasEntries, how: asNumber},
		keyEntryTerm:       {name: "entry_term", bit: raftdiag.HasEntryTerm, how: asNumber},
		keyReject:          {name: "reject", bit: raftdiag.HasReject, how: asFlag},
		keyHint:            {name: "hint", bit: raftdiag.HasHint, how: asNumber},
		keySnapshot:        {name: "snapshot", bit: raftdiag.HasSnapshot, how: asNumber},
		keyPeer:            {name: "peer", bit: raftdiag.HasPeer, how: asID},
		keyMatch:           {name: "match", bit: raftdiag.HasMatch, how: asNumber},
		keyNext:            {name: "next", bit: raftdiag.HasNext, how: asNumber},
		keyState:           {name: "state", bit: raftdiag.HasProgressState, how: asState},
		keyPaused:          {name: "paused", bit: raftdiag.HasPaused, how: asFlag},
		keyPendingSnapshot: {name: "pending_snapshot", bit: raftdiag.HasPendingSnapshot, how: asNumber},
		keyRecentActive:    {name: "recent_active", bit: raftdiag.HasRecentActive, how: asFlag},
		keyInflight:        {name: "inflight", bit: raftdiag.HasInflight, how: asNumber},
		keyLearner:         {name: "learner", bit: raftdiag.HasLearner, how: asFlag},
		keyCount:           {name: "count", bit: raftdiag.HasCount, how: asNumber},
		keyImmediate:       {name: "immediate", bit: raftdiag.HasImmediate, how: asNumber},
		keyPersisted:       {name: "persisted", bit: raftdiag.HasPersisted, how: asNumber},
		keyEntryType:       {name: "entry_type", bit: raftdiag.HasEntryType, how: asEntryType},
		keySize:            {name: "size", bit: raftdiag.HasSize, how: asNumber},
		keyDurationNs:      {name: "duration_ns", bit: raftdiag.HasDuration, how: asDuration},
		keyConfig:          {name: "config", bit: raftdiag.HasConfig, how: asConfig},
		keyText:            {name: "text", bit: raftdiag.HasText, how: asText},
		keyLevel:           {name: "level"},
		keyMsg:             {name: "msg"},
	}
	for k := range forms {
		f := &forms[k]
		if f.name == "" {
			f.word[0] = 1 // which no masked word is
			continue
		}
		f.size = len(f.name) + len(`"":`)
		f.mask, f.word = masked(`"` + f.name + `":`)
	}
	return forms
}()

// begins reports whether the key stands at place i of b. It may look behind b.
func (f *keyForm) begins(b []byte, i int) bool {
	if i+f.size > len(b) || cap(b)-i < 24 {
		return false
	}
	b = b[i : i+24]
	return binary.LittleEndian.Uint64(b)&f.mask[0] == f.word[0] &&
		(f.size <= 8 || binary.LittleEndian.Uint64(b[8:])&f.mask[1] == f.word[1] &&
			(f.size <= 16 || binary.LittleEndian.Uint64(b[16:])&f.mask[2] == f.word[2]))
}

func keyNamed(b []byte) key {
	switch string(b) {
	case "kind":
		return keyKind
	case "time":
		return keyTime
	case "node":
		return keyNode
	case "group":
		return keyGroup
	case "writer":
		return keyWriter
	case "source":
		return keySource
	case "line":
		return keyLine
	case "type":
		return keyType
	case "from":
		return keyFrom
	case "to":
		return keyTo
	case "role":
		return keyRole
	case "old_role":
		return keyOldRole
	case "term":
		return keyTerm
	case "vote":
		return keyVote
	case "lead":
		return keyLead
	case "log_term":
		return keyLogTerm
	case "index":
		return keyIndex
	case "first":
		return keyFirst
	case "last":
		return keyLast
	case "commit":
		return keyCommit
	case "applied":
		return keyApplied
	case "unstable":
		return keyUnstable
	case "entries":
		return keyEntries
	case "entry_term":
		return keyEntryTerm
	case "reject":
		return keyReject
	case "hint":
		return keyHint
	case "snapshot":
		return keySnapshot
	case "peer":
		return keyPeer
	case "match":
		return keyMatch
	case "next":
		return keyNext
	case "state":
		return keyState
	case "paused":
		return keyPaused
	case "pending_snapshot":
		return keyPendingSnapshot
	case "recent_active":
		return keyRecentActive
	case "inflight":
		return keyInflight
	case "learner":
		return keyLearner
	case "count":
		return keyCount
	case "immediate":
		return keyImmediate
	case "persisted":
		return keyPersisted
	case "entry_type":
		return keyEntryType
	case "size":
		return keySize
	case "duration_ns":
		return keyDurationNs
	case "config":
		return keyConfig
	case "text":
		return keyText
	case "level":
		return keyLevel
	case "msg":
		return keyMsg
	}
	return keyOther
}

// number is where the number of a key goes.
func (k key) number(e *raftdiag.Event) *uint64 {
	switch k {
	case keyNode:
		return (*uint64)(&e.Node)
	case keyFrom:
		return (*uint64)(&e.From)
	case keyTo:
		return (*uint64)(&e.To)
	case keyTerm:
		return (*uint64)(&e.Term)
	case keyVote:
		return (*uint64)(&e.Vote)
	case keyLead:
		return (*uint64)(&e.Lead)
	case keyLogTerm:
		return (*uint64)(&e.LogTerm)
	case keyIndex:
		return (*uint64)(&e.Index)
	case keyFirst:
		return (*uint64)(&e.First)
	case keyLast:
		return (*uint64)(&e.Last)
	case keyCommit:
		return (*uint64)(&e.Commit)
	case keyApplied:
		return (*uint64)(&e.Applied)
	case keyUnstable:
		return &e.Unstable
	case keyEntries:
		return &e.Entries
	case keyEntryTerm:
		return (*uint64)(&e.EntryTerm)
	case keyHint:
		return (*uint64)(&e.Hint)
	case keySnapshot:
		return (*uint64)(&e.Message.Snapshot)
	case keyPeer:
		return (*uint64)(&e.Peer)
	case keyMatch:
		return (*uint64)(&e.Match)
	case keyNext:
		return (*uint64)(&e.Next)
	case keyPendingSnapshot:
		return (*uint64)(&e.PendingSnapshot)
	case keyInflight:
		return &e.Inflight
	case keyCount:
		return &e.Count
	case keyImmediate:
		return &e.Immediate
	case keyPersisted:
		return &e.Persisted
	case keySize:
		return &e.Size
	}
	return nil
}

// flag is where the flag of a key goes.
func (k key) flag(e *raftdiag.Event) *bool {
	switch k {
	case keyReject:
		return &e.Reject
	case keyPaused:
		return &e.Paused
	case keyRecentActive:
		return &e.RecentActive
	case keyLearner:
		return &e.Learner
	}
	return nil
}

func decodePlain(b []byte, e *raftdiag.Event, in *interner) reading {
	i := blanks(b, 0)
	if i == len(b) || b[i] != '{' {
		return notEvent
	}
	i = blanks(b, i+1)
	if i < len(b) && b[i] == '}' {
		return notEvent
	}
	var (
		fields = seenAlways // the keys that the kind has
		seen   raftdiag.Field
		set    raftdiag.Field
		name   key // the newest
	)
	for {
		// The key and its colon. Most lines of a kind have the same keys in
		// the same order.
		guess := &in.follow[e.Kind&63][name]
		f := &keyForms[*guess]
		if name = *guess; f.begins(b, i) {
			i += f.size - 1
		} else {
			if i >= len(b) || b[i] != '"' {
				return unusual
			}
			i++
			start := i
			for i < len(b) && plainByte[b[i]] {
				i++
			}
			if i+1 >= len(b) || b[i] != '"' {
				return unusual
			}
			name = keyNamed(b[start:i])
			*guess = name
			f = &keyForms[name]
			if i++; b[i] != ':' {
				if i = blanks(b, i); i == len(b) || b[i] != ':' {
					return unusual
				}
			}
		}
		bit, how := f.bit, f.how
		if i++; i < len(b) && b[i] <= ' ' {
			i = blanks(b, i)
		}
		if i >= len(b) {
			return unusual
		}

		// Which of the keys count, depends on the kind.
		if bit&^fields != 0 && e.Kind == raftdiag.NoKind {
			var ok bool
			if e.Kind, ok = kindAhead(b, i); !ok {
				return unusual
			}
			fields |= keysOfKind[e.Kind]
		}
		if bit &= fields; bit == 0 {
			how = skipped
		}
		if seen&bit != 0 {
			return unusual
		}
		seen |= bit
		c := b[i]
		if c == 'n' && how != asKind {
			how = skipped
		}

		// The value.
		switch how {
		case skipped:
			if i = skipValue(b, i, 0); i < 0 {
				return unusual
			}

		case asNumber:
			n, next := digits(b, i)
			if next < 0 {
				return unusual
			}
			*name.number(e) = n
			set |= bit
			i = next

		case asID:
			quoted := 0
			if c == '"' {
				quoted = 1
			}
			n, next := digits(b, i+quoted)
			if next < 0 {
				return unusual
			}
			if quoted == 1 {
				if next >= len(b) || b[next] != '"' {
					return unusual
				}
				next++
			}
			*name.number(e) = n
			set |= bit
			i = next

		case asFlag:
			*name.flag(e) = c == 't'
			if i = skipLiteral(b, i); i < 0 {
				return unusual
			}
			set |= bit

		case asLine:
			if c-'0' > 9 {
				if i = skipValue(b, i, 0); i < 0 || c == '-' {
					return unusual
				}
				break
			}
			n, next := digits(b, i)
			if next < 0 || n>>63 != 0 {
				return unusual
			}
			e.Pos.Line = int64(n)
			i = next

		case asDuration:
			minus := 0
			if c == '-' {
				minus = 1
			}
			n, next := digits(b, i+minus)
			if next < 0 || n>>63 != 0 {
				return unusual
			}
			if e.Duration = time.Duration(n); minus == 1 {
				e.Duration = -e.Duration
			}
			set |= bit
			i = next

		case asTime:
			stamp, next := in.stamp(b, i)
			if next < 0 {
				return unusual
			}
			e.Time = stamp
			i = next

		case asConfig:
			config, next := plainConfig(b, i)
			if next < 0 {
				return unusual
			}
			e.Config = config
			set |= bit
			i = next

		default: // a string
			if c != '"' {
				if how != asSource {
					return unusual // a number for a type, or an error
				}
				if i = skipValue(b, i, 0); i < 0 {
					return unusual
				}
				break
			}
			start := i + 1
			i = plainEnd(b, start)
			if i >= len(b) {
				return unusual
			}
			if b[i] != '"' {
				// An escape, or a letter beyond ASCII: ordinary in texts.
				s, next := in.escaped(b, start-1)
				if next < 0 {
					return unusual
				}
				switch i = next; how {
				case asText:
					e.Text = s
					set |= bit
				case asGroup:
					e.Group = s
				case asWriter:
					e.Writer = s
				case asSource:
					e.Pos.Source = s
				default:
					return unusual
				}
				break
			}
			s, ok := b[start:i], true
			i++
			switch how {
			case asKind:
				kind, known := kindNamed(s)
				if !known {
					if mentionsKind(b[i:]) {
						return unusual
					}
					return notEvent
				}
				if kind == raftdiag.SymptomSeen {
					return unusual
				}
				e.Kind = kind
				fields |= keysOfKind[kind]
			case asType:
				e.Type, ok = typeNamed(s)
			case asGroup:
				// Lines of one group follow one another.
				if string(s) != in.group {
					in.group = in.string(s)
				}
				e.Group = in.group
			case asWriter:
				e.Writer = in.string(s)
			case asSource:
				e.Pos.Source = in.string(s)
			case asText:
				e.Text = in.string(s)
			case asRole:
				e.Role, ok = raftdiag.RoleByName(string(s))
			case asOldRole:
				e.OldRole, ok = raftdiag.RoleByName(string(s))
			case asState:
				e.Progress.State, ok = raftdiag.ProgressStateByName(string(s))
			case asEntryType:
				e.EntryType, ok = raftdiag.EntryTypeByName(string(s))
			}
			if !ok {
				return unusual
			}
			set |= bit
		}

		// What follows the value.
		if i < len(b) && b[i] <= ' ' {
			i = blanks(b, i)
		}
		if i >= len(b) {
			return unusual
		}
		if b[i] == ',' {
			if i++; i < len(b) && b[i] <= ' ' {
				i = blanks(b, i)
			}
			continue
		}
		if b[i] != '}' || blanks(b, i+1) != len(b) {
			return unusual
		}
		if seen&seenKind == 0 {
			return notEvent
		}
		e.Set = set &^ seenAlways
		return plainEvent
	}
}

// plainConfig reads the configuration at i, spelt without white space, and
// gives the index behind it, or -1 for any other spelling.
func plainConfig(b []byte, i int) (*raftdiag.Config, int) {
	if i >= len(b) || b[i] != '{' {
		return nil, -1
	}
	c := &raftdiag.Config{}
	for {
		var list *[]raftdiag.NodeID
		for _, k := range [...]struct {
			key string
			to  *[]raftdiag.NodeID
		}{{`"voters":[`, &c.Voters}, {`"voters_outgoing":[`, &c.VotersOutgoing}, {`"learners":[`, &c.Learners}, {`"learners_next":[`, &c.LearnersNext}} {
			if has(b[i+1:], k.key) && *k.to == nil {
				list, i = k.to, i+1+len(k.key)
				break
			}
		}
		if list == nil {
			return nil, -1
		}
		for {
			quoted := 0
			if i < len(b) && b[i] == '"' {
				quoted = 1
			}
			n, next := digits(b, i+quoted)
			if next < 0 || next+quoted >= len(b) || quoted == 1 && b[next] != '"' {
				return nil, -1
			}
			if *list == nil {
				*list = make([]raftdiag.NodeID, 0, 4)
			}
			*list = append(*list, raftdiag.NodeID(n))
			i = next + quoted
			if b[i] == ']' {
				break
			}
			if b[i] != ',' {
				return nil, -1
			}
			i++
		}
		if i++; i >= len(b) || b[i] != ',' && b[i] != '}' {
			return nil, -1
		}
		if b[i] == '}' {
			return c, i + 1
		}
	}
}

// kindAhead finds the kind in the rest of the object, from the value at i on.
func kindAhead(b []byte, i int) (raftdiag.Kind, bool) {
	for {
		if i = skipValue(b, i, 0); i < 0 {
			return 0, false
		}
		if i = blanks(b, i); i >= len(b) || b[i] != ',' {
			return 0, false
		}
		i = blanks(b, i+1)
		start := i
		if i = skipString(b, i); i < 0 {
			return 0, false
		}
		key := b[start:i]
		if i = blanks(b, i); i >= len(b) || b[i] != ':' {
			return 0, false
		}
		if i = blanks(b, i+1); i >= len(b) {
			return 0, false
		}
		if string(key) == `"kind"` {
			end := skipString(b, i)
			if end < 0 {
				return 0, false
			}
			return kindNamed(b[i+1 : end-1])
		}
	}
}

// kindNamed is raftdiag.KindByName with the frequent kinds first.
func kindNamed(b []byte) (raftdiag.Kind, bool) {
	switch string(b) {
	case "sent":
		return raftdiag.Sent, true
	case "received":
		return raftdiag.Received, true
	case "handed_over":
		return raftdiag.HandedOver, true
	case "progress":
		return raftdiag.ProgressRow, true
	case "log":
		return raftdiag.LogRow, true
	case "ready":
		return raftdiag.Ready, true
	case "state":
		return raftdiag.State, true
	case "appended":
		return raftdiag.Appended, true
	case "hardstate":
		return raftdiag.HardStateSaved, true
	case "proposing":
		return raftdiag.Proposing, true
	case "proposed":
		return raftdiag.Proposed, true
	case "committed":
		return raftdiag.Committed, true
	case "entry":
		return raftdiag.EntryCommitted, true
	case "applied":
		return raftdiag.Applied, true
	}
	return raftdiag.KindByName(string(b))
}

// typeNamed is raftdiag.MessageTypeByName with the frequent types first.
func typeNamed(b []byte) (raftdiag.MessageType, bool) {
	switch string(b) {
	case "MsgApp":
		return raftdiag.MsgApp, true
	case "MsgAppResp":
		return raftdiag.MsgAppResp, true
	case "MsgHeartbeat":
		return raftdiag.MsgHeartbeat, true
	case "MsgHeartbeatResp":
		return raftdiag.MsgHeartbeatResp, true
	case "MsgProp":
		return raftdiag.MsgProp, true
	}
	return raftdiag.MessageTypeByName(string(b))
}

// blanks is the index of the first byte at or after i that is no white space
// of JSON.
func blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// digits reads an unsigned number of at most 19 digits at i, and gives the
// index behind it, or -1 if something else stands there.
func digits(b []byte, i int) (n uint64, next int) {
	start := i
	for i < len(b) {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + uint64(d)
		i++
	}
	switch {
	case i == start, i-start > 19, b[start] == '0' && i-start > 1:
		return 0, -1
	case i < len(b) && (b[i] == '.' || b[i]|0x20 == 'e'):
		return 0, -1
	}
	return n, i
}

// plainByte says which bytes stand for themselves in a JSON string: ASCII
// without quote, backslash and control characters.
var plainByte = func() (t [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// plainEnd is the index of the first byte at or after i that does not stand
// for itself in a JSON string, or len(b). It looks at eight bytes at a time.
func plainEnd(b []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^'"'*ones, x^'\\'*ones
		// The lowest bit that is set is right; those above may be borrows.
		m := ((quote-ones)&^quote | (slash-ones)&^slash | (x-' '*ones)&^x | x) & tops
		if m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(b) && plainByte[b[i]] {
		i++
	}
	return i
}

// skipString is the index behind the JSON string at i, or -1.
func skipString(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	for i++; ; {
		if i = plainEnd(b, i); i >= len(b) {
			return -1
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c >= utf8.RuneSelf:
			i++
		case c != '\\' || i+1 >= len(b):
			return -1
		case b[i+1] == 'u':
			if _, ok := hex4(b, i+2); !ok {
				return -1
			}
			i += 6
		case escaped[b[i+1]] != 0:
			i += 2
		default:
			return -1
		}
	}
}

// escaped gives what a backslash and a letter stand for.
var escaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// skipLiteral is the index behind true, false or null at i, or -1.
func skipLiteral(b []byte, i int) int {
	for _, word := range [...]string{"false", "true", "null"} {
		if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
			return i + len(word)
		}
	}
	return -1
}

// skipNumber is the index behind the JSON number at i, or -1.
func skipNumber(b []byte, i int) int {
	run := func() bool {
		start := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		return i > start
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !run() {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i++; !run() {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !run() {
			return -1
		}
	}
	return i
}

// skipValue is the index behind the JSON value at i, or -1 if there is none,
// or one that is nested deeper than log lines are.
func skipValue(b []byte, i, depth int) int {
	if i >= len(b) || depth > 32 {
		return -1
	}
	open := b[i]
	switch open {
	case '"':
		return skipString(b, i)
	case 't', 'f', 'n':
		return skipLiteral(b, i)
	case '{', '[':
	default:
		return skipNumber(b, i)
	}
	closing := open + 2 // in ASCII
	if i = blanks(b, i+1); i < len(b) && b[i] == closing {
		return i + 1
	}
	for {
		if open == '{' {
			if i = skipString(b, i); i < 0 {
				return -1
			}
			if i = blanks(b, i); i >= len(b) || b[i] != ':' {
				return -1
			}
			i = blanks(b, i+1)
		}
		if i = skipValue(b, i, depth+1); i < 0 {
			return -1
		}
		if i = blanks(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case closing:
			return i + 1
		case ',':
			i = blanks(b, i+1)
		default:
			return -1
		}
	}
}
