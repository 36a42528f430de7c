package parser

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
	"time"
	"unicode/utf8"
	"unsafe"

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

func decodePlain(b []byte, e *raftdiag.Event, in *interner) reading {
	i := blanks(b, 0)
	if i == len(b) || b[i] != '{' {
		return notEvent
	}
	i = blanks(b, i+1)
	if i < len(b) && b[i] == '}' {
		return notEvent
	}
	s, null := &in.begin, raftdiag.Field(0)
	for {
		// The key and its colon.
		at := s
		for s = at.next; s != nil && !s.begins(b, i); s = s.other {
		}
		if s == nil {
			if at.kind == raftdiag.NoKind && !mentionsKind(b[min(i, len(b)):]) {
				return notEvent
			}
			if s = in.learn(at, b, i); s == nil {
				return unusual
			}
		}
		if i += len(s.text); i < len(b) && b[i] <= ' ' {
			i = blanks(b, i)
		}
		if i >= len(b) {
			return unusual
		}

		// Which of the keys count, depends on the kind.
		if s.how == asKindSays {
			kind, ok := kindAhead(b, i)
			if s = in.of(s, kind); !ok || s == nil {
				return unusual
			}
			e.Kind = kind
		}
		c, how := b[i], s.how
		if c == 'n' && how != asKind {
			how, null = skipped, null|s.bit
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
			*(*uint64)(unsafe.Add(unsafe.Pointer(e), s.at)) = n
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
			*(*uint64)(unsafe.Add(unsafe.Pointer(e), s.at)) = n
			i = next

		case asFlag:
			*(*bool)(unsafe.Add(unsafe.Pointer(e), s.at)) = c == 't'
			if i = skipLiteral(b, i); i < 0 {
				return unusual
			}

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
				text, next := in.escaped(b, start-1)
				if next < 0 {
					return unusual
				}
				switch i = next; how {
				case asText:
					e.Text = text
				case asGroup:
					e.Group = text
				case asWriter:
					e.Writer = text
				case asSource:
					e.Pos.Source = text
				default:
					return unusual
				}
				break
			}
			word, ok := b[start:i], true
			i++
			switch how {
			case asKind:
				kind, known := kindNamed(word)
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
				if s = in.of(s, kind); s == nil {
					return unusual
				}
			case asType:
				e.Type, ok = typeNamed(word)
			case asGroup:
				// Lines of one group follow one another.
				if string(word) != in.group {
					in.group = in.string(word)
				}
				e.Group = in.group
			case asWriter:
				e.Writer = in.string(word)
			case asSource:
				e.Pos.Source = in.string(word)
			case asText:
				e.Text = in.string(word)
			case asRole:
				e.Role, ok = raftdiag.RoleByName(string(word))
			case asOldRole:
				e.OldRole, ok = raftdiag.RoleByName(string(word))
			case asState:
				e.Progress.State, ok = raftdiag.ProgressStateByName(string(word))
			case asEntryType:
				e.EntryType, ok = raftdiag.EntryTypeByName(string(word))
			}
			if !ok {
				return unusual
			}
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
		if s.seen&seenKind == 0 {
			return notEvent
		}
		e.Set = s.seen &^ (null | seenAlways)
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
	if len(b)-i < 8 {
		return manyDigits(b, i)
	}
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	x := binary.LittleEndian.Uint64(b[i:]) ^ '0'*ones // a digit is its number
	ends := (x + 0x76*ones | x) & tops                // of bytes that are none
	w := bits.TrailingZeros64(ends) / 8
	switch behind := x >> (8 * w & 63) & 0xff; {
	case ends == 0, w == 0, w > 1 && x&0xff == 0, behind == '.'^'0', behind|0x20 == 'e'^'0':
		return manyDigits(b, i)
	}
	x <<= (64 - 8*w) & 63 // noughts in front
	x = x * 2561 >> 8 & 0x00ff00ff00ff00ff
	x = x * 6553601 >> 16 & 0x0000ffff0000ffff
	return x * 42949672960001 >> 32, i + w
}

func manyDigits(b []byte, i int) (n uint64, next int) {
	start := i
	for i < len(b) && digit(b[i]) {
		n = n*10 + uint64(b[i]-'0')
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
