package parser

import (
	"bytes"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// A reader turns lines into items, one line at a time. It remembers only what
// makes it fast: nothing of one line changes what the next one means.
type reader struct {
	in      *interner
	clock   clock
	plain   []byte       // a line without its colours
	join    []byte       // a group's name being put together
	words   []byte       // the fields of a JSON log line
	inner   [4][]byte    // its text, for each depth
	cut     bool         // the line's end is missing
	target  []byte       // what stood between level and message
	before  []byte       // what stood between stamp and message: blanks, level, target
	groups  knownGroups  // their names
	ways    [64]ways     // by kind, how fields were spelt
	steps   int          // how many
	rec     record       // a line of another system
	members []member     // of the newest JSON object
	walked  []byte       // that object, if it is the line's own
	value   gjson.Result // of a member that gjson reads: it would be allocated
	found   []int32
	scratch item // for readers of prefixes
	caught  []catch
	sought  bool     // the words stood behind a head that was only searched
	joined  []byte   // a line put together
	waiting []record // of a line that holds several
	extra   []item   // what the line gave beside its first item

	custom *Described // what the user describes; nil for nothing
	outer  record     // what envelopes that the user describes said of the line
	hit    *rule      // of the newest line of another system
	odd    []byte     // a word for a node that is none, for tests of formats
}

func newReader() *reader { return &reader{in: newInterner()} }

// line reads one line, without its newline, into an item that is zero but for
// its place.
func (p *reader) line(s []byte, it *item) outcome {
	it.row = -1
	p.walked = nil
	for n := len(s); n > 0 && (s[n-1] == '\r' || s[n-1] == ' ' || s[n-1] == 0); n-- {
		s = s[:n-1]
	}
	if len(s) < 8 {
		if len(s) > 0 && (s[len(s)-1] == ']' || s[len(s)-1] == '-') {
			return p.shortPart(s, it)
		}
		return notRaft
	}
	if p.custom != nil {
		return p.described(s, it)
	}
	return p.known(s, it)
}

// known reads a line in a format that is built in.
func (p *reader) known(s []byte, it *item) outcome {
	var got outcome
	p.sought, p.walked = false, nil
	if s[0] == '{' {
		got = p.object(s, it, 0, decodeFresh)
	} else {
		got = p.peel(s, it, 0)
	}
	if got == unreadable && (bytes.Contains(s, []byte("{}")) || bytes.Contains(s, []byte("{:?}"))) {
		return notRaft // source code, or a text about logs
	}
	if got == raft && p.sought {
		// The words were found behind a head that only a record's envelopes read.
		rec := &p.rec
		*rec = record{msg: s, fields: rec.fields[:0], cut: p.cut}
		guessed := p.clock.guessed
		rec.open(p)
		found := item{line: it.line, row: -1}
		if (rec.time != raftdiag.NoStamp || rec.writer != "") && len(rec.msg) >= 8 && p.peel(roomyClone(rec.msg), &found, 1) == raft {
			found.dress(rec)
			*it = found
		} else {
			p.clock.guessed = guessed
		}
	}
	if got == raft && it.role == onlyGroup && it.ev.Group == "" {
		// Where many groups share a log, the group stands in the envelope.
		saved := *it
		*it = item{line: saved.line, row: -1}
		if p.foreign(s, it) == raft && it.dialect != anyDialect && it.ev.Group != "" {
			return raft
		}
		*it = saved
		return raft
	}
	if got == notRaft {
		writer, stamp := it.ev.Writer, it.ev.Time
		if got = p.foreign(s, it); got == raft {
			return got
		}
		it.ev = raftdiag.Event{Time: stamp, Writer: writer}
	} else if (got == unreadable || it.ev.Kind == raftdiag.SendFailed) && bytes.Contains(s, arrowText) && bytes.Contains(s, msgText) {
		// A describer's words behind those of a Ready loop say more.
		other := item{line: it.line, row: -1}
		if p.foreign(s, &other) == raft && other.part == messagePart {
			*it = other
			return raft
		}
		p.extra = p.extra[:0]
	}
	return got
}

// headed reports whether a line may begin with a head of syslog or journald.
func headed(s []byte) bool {
	switch c := s[0]; {
	case len(s) < 8:
		return false
	case c == '<', digit(c), c == '[' && (s[1] == ' ' || digit(s[1])):
		return true
	case c >= 'A' && c <= 'W' && s[3] == ' ':
		return monthNamed(s) != 0 || weekdays[string(s[:3])]
	}
	return false
}

// peel takes one wrapping after another off the line until the words of a
// dialect stand first.
func (p *reader) peel(s []byte, it *item, depth int) outcome {
	logged := false // stamp or level of a logger was taken off
	var head []byte // what stands behind the stamp
	for round := 0; round < 16; round++ {
		for len(s) > 0 && (s[0] == ' ' || s[0] == '\t' || s[0] == 0) {
			s = s[1:]
		}
		if len(s) < 8 {
			return notRaft
		}
		c := s[0]
		switch {
		case digit(c):
			if t, n := p.clock.stamp(s); n > 0 {
				it.ev.Time = t
				s = s[n:]
				logged, head = true, s
				if n := len(p.before); n > 0 && len(s) > n && string(s[:n]) == string(p.before) {
					if got := p.readyloop(s[n:], it); got != notRaft {
						it.env = tracing
						return got
					}
				}
				continue
			}
			// grep -n in front of a line, and nothing else.
			if n := numbered(s); n > 0 {
				s = s[n:]
				continue
			}
		case c == '{':
			return p.object(s, it, depth, decodeEvent)
		case c == 0x1b:
			if depth > 4 {
				return notRaft
			}
			return p.peel(p.withoutColour(s, true), it, depth+1)
		case c == '[':
			switch {
			case len(s) > 2 && digit(s[1]) && colourAt(s[1:]) > 0:
				if depth > 4 {
					return notRaft
				}
				return p.peel(p.withoutColour(s, false), it, depth+1)
			case digit(s[1]):
				if t, n := p.clock.stamp(s[1:]); n > 0 {
					it.ev.Time = t
					s = bytes.TrimLeft(s[1+n:], "]")
					logged = true
					continue
				}
			default:
				if n := p.bracketed(s, it, logged); n > 0 {
					s = s[n:]
					continue
				}
			}
		case c == '"' || c == '`' || c == '\'' || c == '>' || c == '*' || c == '|' || c == '\\':
			s = bytes.TrimRight(s[1:], "`\"\\")
			continue
		case c == '-' && s[1] == ' ':
			s = s[2:]
			continue
		case c >= 0x80:
			if has(s, "\uFEFF") || has(s, "•") || has(s, "“") {
				s = s[3:]
				continue
			}
		case c == '=' && has(s, "==> ") && hasEnd(s, " <=="):
			it.role = fileHead
			it.ev.Writer = p.in.string(bytes.TrimSpace(s[4 : len(s)-4]))
			return raft
		}
		if got := p.readyloop(s, it); got != notRaft {
			p.wrapped(it, logged)
			return got
		}
		if c >= 'A' && c <= 'Z' {
			if n := level(s); n > 0 {
				if len(bytes.TrimLeft(head, " \t\x00")) != len(s) {
					head = nil // something else stands between
				}
				return p.logged(s[n:], it, depth, head)
			}
			if has(s, "LOG: ") {
				s = s[len("LOG: "):]
				continue
			}
		}
		if c == 't' && !logged {
			if n := keyed(s); n > 0 { // time=2024-05-06T10:11:12Z level=INFO msg="..."
				s = s[n:]
				continue
			}
		}
		if logged {
			if n := p.collector(s, it); n > 0 {
				s = s[n:]
				continue
			}
		}
		if n := p.prefix(s, it, logged); n > 0 {
			s = s[n:]
			continue
		}
		return p.search(s, it, logged, depth)
	}
	return notRaft
}

func (p *reader) wrapped(it *item, logged bool) {
	if it.env == bare && logged {
		it.env = textLog
	}
}

// logged reads what tracing prints behind the level: thread, spans, target and
// the message, with colons between. head is all that
// stands behind the stamp, nil where it holds more than that and the level.
func (p *reader) logged(s []byte, it *item, depth int, head []byte) outcome {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t' || s[0] == ']') {
		s = s[1:]
	}
	if has(s, "ThreadId(") {
		head = nil
		if n, w := uintAt(s[len("ThreadId("):]); w > 0 {
			it.thread = uint32(n)
			s = bytes.TrimLeft(s[len("ThreadId(")+w:], ") ")
		}
	}
	if len(s) > 0 && s[0] == '{' {
		return p.object(s, it, depth, decodeEvent)
	}
	if n := len(p.target); n > 0 && len(s) > n && string(s[:n]) == string(p.target) {
		if got := p.readyloop(s[n:], it); got != notRaft {
			it.env = tracing
			if head != nil {
				p.before = append(p.before[:0], head[:len(head)-len(s)+n]...)
			}
			return got
		}
		return p.search(s, it, true, depth)
	}
	if got := p.readyloop(s, it); got != notRaft {
		p.wrapped(it, true)
		return got
	}
	return p.search(s, it, true, depth)
}

// aim remembers a target (chronik_raft::replica: ), since most lines have the
// same. No dialect's words begin like one.
func (p *reader) aim(s []byte) {
	if len(s) < 64 && bytes.Contains(s, []byte("::")) && bytes.IndexByte(s, '(') < 0 && bytes.IndexByte(s, ' ') == len(s)-1 {
		p.target = append(p.target[:0], s...)
	}
}

// searched is how far into a line the words of a dialect may begin, unless
// they stand behind one of the first colons.
const searched = 4096

// search looks for the words of a dialect behind each colon, and then behind
// each mark that may stand in front of a message.
func (p *reader) search(s []byte, it *item, logged bool, depth int) outcome {
	got := p.seek(s, it, logged, depth)
	p.sought = p.sought || got == raft && (!logged || headed(s))
	return got
}

func (p *reader) seek(s []byte, it *item, logged bool, depth int) outcome {
	rest := s
	for tries := 0; tries < 12; tries++ {
		i := bytes.IndexByte(rest, ':')
		if i < 0 || i+1 >= len(rest) {
			break
		}
		rest = rest[i+1:]
		if rest[0] != ' ' {
			continue
		}
		if it.thread == 0 && i > 10 {
			it.thread = threadIn(s[:len(s)-len(rest)])
		}
		text := rest
		for len(text) > 0 && text[0] == ' ' {
			text = text[1:]
		}
		switch got := p.readyloop(text, it); {
		case got == raft, got == unreadable && logged:
			if it.env == bare {
				it.env = textLog
				if logged {
					it.env = tracing
					p.aim(s[:len(s)-len(rest)+1])
				}
			}
			return got
		case got == unreadable:
			p.reset(it)
		case has(text, `"`) || has(text, "`"):
			if got := p.readyloop(bytes.TrimRight(text[1:], "`\""), it); got == raft {
				p.wrapped(it, true)
				return raft
			}
			p.reset(it)
		}
	}
	for i := 0; i+12 < len(s) && i < searched; i++ {
		for !breaks[s[i]] && i+1 < len(s) {
			i++
		}
		if i+12 >= len(s) || i >= searched {
			break
		}
		for i+1 < len(s) && s[i+1] == ' ' {
			i++
		}
		next := s[i+1]
		if !opener[next] {
			if next == '{' && depth < 3 && (s[i] == ' ' || s[i] == '\t') && eventLike(s[i+1:]) {
				return p.object(s[i+1:], it, depth+1, decodeEvent)
			}
			continue
		}
		got := p.readyloop(s[i+1:], it)
		if got == raft && it.role != groupless && it.role != panicPart {
			p.wrapped(it, true)
			return raft
		}
		p.reset(it)
	}
	if hasKind(s[:min(len(s), searched)]) {
		if got := p.eventText(s, it); got != notRaft {
			return got
		}
	}
	if head := s[:min(len(s), searched)]; bytes.IndexByte(head, 'f') >= 0 && bytes.Contains(head, []byte("onf")) {
		if got := p.configured(s, it); got == raft {
			p.wrapped(it, logged)
			return raft
		}
	}
	return notRaft
}

// reset takes back what a reader left of a text that was none of its own.
func (p *reader) reset(it *item) {
	e := &it.ev
	*e = raftdiag.Event{Time: e.Time, Writer: e.Writer, Node: e.Node}
	it.role, it.row = plain, -1
}

// breaks are the bytes that may stand in front of a dialect's words.
var breaks = [256]bool{' ': true, '\t': true, '"': true, '`': true, ']': true, '|': true}

// opener are the bytes that a dialect's words begin with.
var opener = [256]bool{'r': true, 'R': true, 'P': true, 'O': true, 'M': true, 'C': true, 'S': true, 'F': true, 'A': true,
	'E': true, 'W': true, 'B': true, 'T': true, 'L': true, 'I': true, 'n': true}

func eventLike(s []byte) bool {
	return bytes.Contains(s, []byte(`"kind":"`)) || bytes.Contains(s, []byte(`"message":"`)) || bytes.Contains(s, []byte(`"msg":"`))
}

// keyed reads the key in front of a stamp.
func keyed(s []byte) int {
	for _, k := range [...]string{"time=", "ts=", "timestamp=", `time="`, `ts="`, `timestamp="`} {
		if has(s, k) && len(s) > len(k) && digit(s[len(k)]) {
			return len(k)
		}
	}
	return 0
}

// level reads a log level at the start of s, with the signs behind it.
func level(s []byte) int {
	n := 0
	switch {
	case has(s, "INFO"), has(s, "WARN"):
		n = 4
		if has(s, "WARNING") {
			n = 7
		}
	case has(s, "ERROR"), has(s, "DEBUG"), has(s, "TRACE"), has(s, "FATAL"), has(s, "PANIC"):
		n = 5
	case has(s, "CRITICAL"):
		n = 8
	default:
		return 0
	}
	if n < len(s) && (s[n] == ' ' || s[n] == ':' || s[n] == '\t' || s[n] == ']') {
		return n + 1
	}
	return 0
}

// threadIn finds ThreadId(2) in a logger's head.
func threadIn(s []byte) uint32 {
	if i := bytes.Index(s, []byte("ThreadId(")); i >= 0 {
		n, _ := uintAt(s[i+len("ThreadId("):])
		return uint32(n)
	}
	return 0
}

// colourAt reads the rest of a colour code, as in 32m, 0m and 1;31m.
func colourAt(s []byte) int {
	n := 0
	for n < len(s) && n < 16 && (digit(s[n]) || s[n] == ';') {
		n++
	}
	if n < len(s) && n < 12 && s[n] == 'm' {
		return n + 1
	}
	return 0
}

// withoutColour takes colour codes out: ESC[32m, and [32m if only the ESC byte
// was lost in a copy.
func (p *reader) withoutColour(s []byte, esc bool) []byte {
	out := p.plain[:0]
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == 0x1b && i+1 < len(s) && s[i+1] == '[':
			i += 2
			for i < len(s) && s[i] < '@' {
				i++
			}
			i++
		case c == 0x1b:
			i++
		case c == '[' && !esc && colourAt(s[i+1:]) > 0:
			i += 1 + colourAt(s[i+1:])
		default:
			out = append(out, c)
			i++
		}
	}
	p.plain = roomy(out)
	return p.plain
}

// numbered reads "12:" in front of a stamp, a head or a row, as grep -n puts it.
func numbered(s []byte) int {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	if n == 0 || n > 9 || n+8 >= len(s) || s[n] != ':' && s[n] != '-' {
		return 0
	}
	rest := s[n+1:]
	if digit(rest[0]) && len(rest) > 10 && digit(rest[3]) && (rest[4] == '-' || rest[4] == '/') ||
		rest[0] == 0x1b || rest[0] == '{' || rest[0] == ' ' || opener[rest[0]] || rest[0] >= 'A' && s[n] == ':' {
		return n + 1
	}
	return 0
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || digit(c) || c == '-' || c == '_' || c == '.' || c == '/' || c == '@'
}

// bracketed reads [pod/raft-0/app] or [node1] in front of a line, or a level
// in brackets.
func (p *reader) bracketed(s []byte, it *item, logged bool) int {
	end := bytes.IndexByte(s, ']')
	if end < 2 || end > 200 {
		return 0
	}
	name := s[1:end]
	for _, c := range name {
		if !wordByte(c) && c != ':' {
			return 0
		}
	}
	if !logged && it.ev.Writer == "" && (has(name, "pod/") || digit(name[len(name)-1]) && nodeName(name)) {
		it.ev.Writer = p.in.string(name)
	}
	return end + 1
}

// nodeName reports whether a word is a word for a node and a number.
func nodeName(name []byte) bool {
	n := len(name)
	for n > 0 && digit(name[n-1]) {
		n--
	}
	if n == len(name) || len(name) > 64 {
		return false
	}
	word := bytes.TrimRight(name[:n], "-_.")
	for _, k := range nodeWords {
		if len(k) > 1 && hasEnd(word, k) {
			return true
		}
	}
	return false
}

// prefix reads what a collector puts in front of a line, and keeps it as the
// line's writer. Behind a stamp only the first form is one:
//
//	node1  | line
//	node1.log:line       node1.log:12:line       node1.log-11-line
//	raft-0 app 2025-10-20T12:00:00Z line
func (p *reader) prefix(s []byte, it *item, logged bool) int {
	n := 0
	for n < len(s) && n < 200 && wordByte(s[n]) {
		n++
	}
	if n == 0 || n+2 >= len(s) {
		return 0
	}
	name := s[:n]
	switch s[n] {
	case ' ', '|':
		i := n
		for i < len(s) && s[i] == ' ' {
			i++
		}
		if i+1 < len(s) && s[i] == '|' && (s[i+1] == ' ' || s[i+1] == 0x1b) {
			if !logged || n > 1 { // behind a stamp, a letter is a level
				p.writer(it, name)
			}
			return i + 2
		}
		if logged {
			return 0
		}
		// stern: pod and container before the line's own stamp.
		m := i
		for m < len(s) && wordByte(s[m]) {
			m++
		}
		if i == n+1 && m > i && m+20 < len(s) && s[m] == ' ' && digit(s[m+1]) {
			if _, w := p.clock.stamp(s[m+1:]); w > 0 && bytes.ContainsAny(name, "0123456789") {
				p.writer(it, name)
				return m + 1
			}
		}
	}
	if logged {
		return 0
	}
	end := fileEnd(name)
	if end == 0 || end+2 >= len(s) {
		return 0
	}
	i := end + 1
	switch s[end] {
	case ':':
		if m := numbered(s[i:]); m > 0 {
			i += m
		} else if !digit(s[i]) && s[i] != 0x1b && s[i] != '{' && s[i] != ' ' && s[i] != '[' && s[i] != '<' && !opener[s[i]] && !lastWords(s[i:]) && monthNamed(s[i:]) == 0 {
			return 0
		}
	case '-':
		m := numbered(s[i:])
		if m == 0 && s[i] != ' ' {
			return 0
		}
		i += m
	default:
		return 0
	}
	p.writer(it, name[:end])
	return i
}

// lastWords reports whether a dying process speaks: its lines have no logger.
func lastWords(s []byte) bool {
	return has(s, "thread '") || has(s, "panic: ") || has(s, "tocommit(") || has(s, "to_commit ")
}

// fileEnd is the length of a log's name at the start of a word, or 0.
func fileEnd(word []byte) int {
	if bytes.IndexByte(word, '.') < 0 && !bytes.Contains(word, []byte("messages")) {
		return 0
	}
	for _, ending := range [...]string{".log", ".txt", ".out", ".err", ".jsonl", ".ndjson", ".json", "messages"} {
		i := bytes.Index(word, []byte(ending))
		if i < 0 {
			continue
		}
		i += len(ending)
		for i < len(word) && word[i] == '.' { // node1.log.2.gz
			j := i + 1
			for j < len(word) && wordByte(word[j]) && word[j] != '.' && word[j] != '-' && word[j] != '/' {
				j++
			}
			i = j
		}
		if i == len(word) || word[i] == '-' {
			return i
		}
	}
	return 0
}

func (p *reader) writer(it *item, name []byte) {
	if it.ev.Writer == "" {
		it.ev.Writer = p.in.string(name)
	}
}

// collector reads what stands behind a collector's own stamp: "stdout F " of
// CRI, "host app[12]: " of journald.
func (p *reader) collector(s []byte, it *item) int {
	if has(s, "stdout ") || has(s, "stderr ") {
		if len(s) > 9 && (s[7] == 'F' || s[7] == 'P') && s[8] == ' ' {
			return 9
		}
		return 0
	}
	n := 0
	for n < len(s) && n < 100 && wordByte(s[n]) {
		n++
	}
	if n == 0 || n >= len(s) || s[n] != ' ' {
		return 0
	}
	i := n + 1
	for i < len(s) && i < n+100 && wordByte(s[i]) {
		i++
	}
	if i == n+1 || i >= len(s) || s[i] != '[' {
		return 0
	}
	_, w := uintAt(s[i+1:])
	if w == 0 || !has(s[i+1+w:], "]: ") {
		return 0
	}
	p.writer(it, s[:n])
	return i + 1 + w + len("]: ")
}

// object reads a JSON line: an event of our own, or a log record whose message
// is text of a dialect.
func (p *reader) object(s []byte, it *item, depth int, decode func([]byte, *raftdiag.Event, *interner) (bool, error)) outcome {
	writer, stamp := it.ev.Writer, it.ev.Time
	ok, err := decode(s, &it.ev, p.in)
	switch {
	case err != nil:
		it.ev = raftdiag.Event{Time: stamp, Writer: writer}
		it.dialect = ownEvents
		return unreadable
	case ok:
		it.dialect, it.env = ownEvents, bare
		if it.ev.Writer == "" {
			it.ev.Writer = writer
		}
		if it.ev.Time == raftdiag.NoStamp {
			it.ev.Time = stamp
		}
		return raft
	}
	it.ev = raftdiag.Event{Time: stamp, Writer: writer}
	if depth > 2 || p.cut {
		return notRaft
	}
	return p.record(s, it, depth)
}

// record reads a JSON log line: its message and, behind it as key=value, the
// fields that stand beside the message.
func (p *reader) record(s []byte, it *item, depth int) outcome {
	p.words = p.words[:0]
	var message string
	var stamp raftdiag.Stamp
	var writer string
	rank := 0
	var walk func(k string, v *gjson.Result, level int)
	walk = func(k string, v *gjson.Result, level int) {
		switch k {
		case "message", "msg", "log", "MESSAGE", "line", "@message":
			if v.Type == gjson.String && message == "" {
				message = v.Str
			}
		case "timestamp", "time", "ts", "@timestamp", "__REALTIME_TIMESTAMP":
			if stamp == raftdiag.NoStamp {
				stamp = p.jsonStamp(counted(v))
			}
		case "pod_name", "podName", "pod", "container_name", "CONTAINER_NAME", "_HOSTNAME", "host", "hostname":
			name := v.Str
			if v.IsObject() { // "pod":{"name":"etcd-0"}
				name = v.Get("name").Str
			}
			if n := labelRanks[k]; name != "" && (writer == "" || n > rank) {
				writer, rank = name, n
			}
		case "threadId":
			if at := len("ThreadId("); len(v.Str) > at {
				n, _ := uintAt([]byte(v.Str[at:]))
				it.thread = uint32(n)
			}
		case "fields", "span", "kubernetes", "attributes", "labels":
			if v.IsObject() && level == 0 {
				v.ForEach(func(key, v gjson.Result) bool { p.value = v; walk(key.Str, &p.value, level+1); return true })
			}
		case "level", "target", "severity", "logger", "caller", "stream", "name":
		default:
			if v.Type != gjson.JSON && len(k) < 64 && len(v.Raw) < 4096 {
				p.words = append(append(p.words, ' '), k...)
				p.words = append(p.words, '=')
				if v.Type == gjson.String {
					p.words = append(append(append(p.words, '"'), v.Str...), '"')
				} else {
					p.words = append(p.words, v.Raw...)
				}
			}
		}
	}
	members, ok := p.walk(s)
	if ok {
		for i := range members {
			walk(members[i].key, &members[i].value, 0)
		}
		if depth == 0 {
			p.walked = s
		}
	} else {
		gjson.Parse(unsafe.String(unsafe.SliceData(s), len(s))).ForEach(func(key, v gjson.Result) bool {
			p.value = v
			walk(key.Str, &p.value, 0)
			return true
		})
	}
	if message == "" {
		return notRaft
	}
	if it.ev.Time == raftdiag.NoStamp {
		it.ev.Time = stamp
	}
	if writer != "" && it.ev.Writer == "" {
		it.ev.Writer = p.in.string([]byte(writer))
	}
	if strings.IndexByte(message, '=') >= 0 {
		// The message says it all; of the fields only the node's name counts.
		at := bytes.Index(p.words, []byte(" node_id="))
		if at < 0 {
			p.words = p.words[:0]
		} else {
			words := p.words[at:]
			if end := bytes.IndexByte(words[1:], ' '); end >= 0 {
				words = words[:1+end]
			}
			p.words = append(p.words[:0], words...)
		}
	}
	text := roomy(append(append(p.inner[depth][:0], message...), p.words...))
	p.inner[depth] = text
	for len(text) > len(p.words) && text[len(text)-len(p.words)-1] == '\n' { // docker keeps the newline
		at := len(text) - len(p.words) - 1
		text = append(text[:at], text[at+1:]...)
	}
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	got := p.peel(text, it, depth+1)
	if got == raft {
		it.env = jsonLog
	}
	return got
}

func (p *reader) jsonStamp(v *gjson.Result) raftdiag.Stamp {
	switch v.Type {
	case gjson.Number:
		if n, ok := seconds(v.Raw); ok {
			return n
		}
		if n, ok := whole([]byte(v.Raw)); ok {
			return since1970(n)
		}
		return epoch(v.Num)
	case gjson.String:
		if t, n := p.clock.stamp([]byte(v.Str)); n > 0 {
			return t
		}
		if n, w := uintAt([]byte(v.Str)); w > 9 && w == len(v.Str) {
			return since1970(n)
		}
		if t, ok := seconds(v.Str); ok { // 1715000000.123456789
			return t
		}
	}
	return raftdiag.NoStamp
}
