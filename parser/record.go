package parser

import (
	"bytes"
	"math/bits"
	"strings"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// A record is a line of a system's log with its envelopes taken off.
type record struct {
	time    raftdiag.Stamp
	writer  string // what a collector calls the process
	level   raftdiag.Level
	logger  []byte // the component that speaks: etcdserver, raft, agent.server.raft
	msg     []byte
	fields  []field // what stands beside the message, in order
	self    []byte  // the node, where the envelope names it
	group   []byte  // the group, where the envelope names it
	env     envelope
	cut     bool // the line's end is missing
	wrapped bool // a collector's envelope was taken off
}

// A field stands beside a message, without its quotes and escapes.
type field struct{ key, value []byte }

// get is the value of a field, nil if it is not there.
func (r *record) get(key string) []byte {
	for _, f := range r.fields {
		if string(f.key) == key {
			return f.value
		}
	}
	return nil
}

// An envelopeReader takes one envelope off r.msg: it sets what the envelope says,
// leaves the rest in r.msg, and reports whether this was its envelope. It must
// not change r if it was not.
type envelopeReader struct {
	env  envelope
	name string
	read func(p *reader, r *record) bool
	// opens are the bytes that its envelope may begin with; "" for any. Most
	// lines are none of most envelopes', and the first byte tells.
	opens string
	// stamp says whether a stamp must have been taken off before, or none.
	stamp stampNeed
	// unsigned says that its envelope may stand behind a stamp in a line without
	// any of the signs of heads.
	unsigned bool
}

// headSigns are the signs of heads: one of them stands in nearly all envelopes.
const headSigns = ":|[{)-"

// signed reports whether a line holds one.
func signed(s []byte) bool {
	for _, c := range s {
		if signs[c] {
			return true
		}
	}
	return false
}

var signs = func() (is [256]bool) {
	for _, c := range []byte(headSigns) {
		is[c] = true
	}
	return is
}()

type stampNeed uint8

const (
	anyStamp stampNeed = iota
	behindStamp
	withoutStamp
)

// Bytes that envelopes begin with.
const (
	numerals  = "0123456789"
	capitals  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smalls    = "abcdefghijklmnopqrstuvwxyz"
	wordBytes = numerals + capitals + smalls + "-_./@" // see wordByte
	months    = "JFMASOND"
	klogs     = "IWEF"
	levels    = "IWEDTFPC" // see level
)

// envelopeReaders are tried in this order, again and again, until none fits: they
// nest.
var envelopeReaders = []envelopeReader{
	{syslog, "syslog", readSyslog, "<" + months, anyStamp, false},
	{journald, "journald", readJournal, "[MTWFS" + numerals, anyStamp, true},
	{natsLog, "NATS log", readNATS, "[", anyStamp, false},
	{hclog, "hclog", readHclog, "[" + wordBytes, anyStamp, false},
	{capnslog, "capnslog", readCapnslog, "CEWNIDT" + smalls, behindStamp, false},
	{textLog, "Fabric log", readFlogging, "[U" + numerals + smalls, behindStamp, false},
	{textLog, "", readDragonboat, "[", anyStamp, false},
	{erlang, "Erlang logger", readErlang, "[dinweca", behindStamp, false},
	{textLog, "", readDqlite, "L", anyStamp, false},
	{goLog, "Go log", readGoLog, "", anyStamp, false},
	{logfmt, "logfmt", readLogfmt, "DEFGHIJKLMNOPQRSTUVWmlst@_", anyStamp, true},
	{tikvLog, "TiKV log", readTiKVRecord, "[", anyStamp, false},
	{crdbLog, "CockroachDB log", readCrdbRecord, klogs, anyStamp, false},
	{crdbLog, "CockroachDB log", readCrdbJSON, "{", anyStamp, false},
	{klog, "klog", readKlogRecord, klogs, anyStamp, false},
	{textLog, "", readSlogTerm, months, anyStamp, false},
	{textLog, "", readEnvLogger, "[", anyStamp, false},
	{textLog, "Redpanda log", readRedpandaRecord, levels, anyStamp, false},
	{textLog, "ClickHouse log", readKeeperRecord, numerals, anyStamp, false},
	{textLog, "Redis log", readRedisRecord, numerals, anyStamp, false},
	{jsonLog, "CCF trace", readCCFRecord, "{", anyStamp, false},
	{otlp, "OTLP", readManyJSON, "{", anyStamp, false},
	{jsonLog, "JSON", readJSONRecord, "{", anyStamp, false},
	{container, "container log", readLabels, "{", behindStamp, false},
	{container, "container log", readStern, wordBytes, withoutStamp, false},
	{container, "container log", readRunner, "", withoutStamp, false},
	{textLog, "", readZerolog, "TDIWEFP:" + numerals, anyStamp, true},
	{zapConsole, "zap console", readZapConsole, numerals, anyStamp, false},
	{textLog, "", readPlainRecord, "[" + wordBytes, anyStamp, true},
	{tracing, "tracing", readTracingRecord, ":<>" + wordBytes, anyStamp, false},
	{log4j, "log4j", readLog4jRecord, "[" + numerals + capitals + smalls, anyStamp, false},
	{textLog, "Kafka log", readKafkaRecord, "", anyStamp, false},
	{textLog, "", readSlogRecord, "", anyStamp, false},
}

// envelopesOf are, without a stamp and behind one and by the first byte, the
// envelopes that a line may be in: a bit for each of envelopeReaders.
var envelopesOf = func() (of [2][256]uint64) {
	for i, e := range envelopeReaders {
		for c := range 256 {
			if e.opens != "" && strings.IndexByte(e.opens, byte(c)) < 0 {
				continue
			}
			if e.stamp != behindStamp {
				of[0][c] |= 1 << i
			}
			if e.stamp != withoutStamp {
				of[1][c] |= 1 << i
			}
		}
	}
	return of
}()

// unsignedEnvelopes are those that a line may be in that is not signed.
var unsignedEnvelopes = func() (of uint64) {
	for i, e := range envelopeReaders {
		if e.unsigned {
			of |= 1 << i
		}
	}
	return of
}()

// innermost are the envelopes in which a message stands as it is.
var innermost = [numEnvelopes]bool{tikvLog: true, crdbLog: true, klog: true, log4j: true}

// open takes all envelopes off.
func (r *record) open(p *reader) {
	for depth := 0; depth < 8 && r.openOne(p); depth++ {
	}
}

// openOne takes the outermost envelope off and reports whether there was one.
func (r *record) openOne(p *reader) bool {
	s := r.msg
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for n := len(s); n > 0 && (s[n-1] == ' ' || s[n-1] == '\t' || s[n-1] == '\r' || s[n-1] == '\n'); n-- {
		s = s[:n-1]
	}
	r.msg = s
	if len(s) == 0 {
		return false
	}
	if readHead(p, r) {
		return true
	}
	left := envelopesOf[0][s[0]]
	if r.time != raftdiag.NoStamp {
		left = envelopesOf[1][s[0]]
		if !signed(s) {
			left &= unsignedEnvelopes
		}
	}
	for ; left != 0; left &= left - 1 {
		e := &envelopeReaders[bits.TrailingZeros64(left)]
		if !e.read(p, r) {
			continue
		}
		if innermost[e.env] {
			r.env = e.env
			r.msg = bytes.TrimLeft(r.msg, " \t")
			if len(r.msg) > 0 {
				readSlogRecord(p, r)
			}
			return false
		}
		r.in(e.env)
		r.wrapped = r.wrapped || collected[e.env]
		return true
	}
	return false
}

// in takes the name of an envelope that was taken off.
func (r *record) in(e envelope) {
	if e != textLog || r.env == bare {
		r.env = e
	}
}

// A keyPart is which part of a record a key of a JSON object names, as loggers
// and collectors call them.
type keyPart uint8

const (
	fieldPart keyPart = iota // none: it is a field beside the message
	messageText
	timePart
	levelPart
	loggerPart
	writerPart
	insidePart // an object whose keys count as the record's own
	dullPart
)

func keyPartOf(key string) keyPart {
	switch key {
	case "message", "msg", "log", "MESSAGE", "line", "@message", "short_message":
		return messageText
	case "timestamp", "time", "ts", "@timestamp", "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "t":
		return timePart
	case "level", "severity", "@level", "lvl", "L", "PRIORITY":
		return levelPart
	case "logger", "@module", "target", "component", "module":
		return loggerPart
	case "pod_name", "podName", "container_name", "CONTAINER_NAME", "_HOSTNAME", "host", "hostname", "pod":
		return writerPart
	case "fields", "kubernetes", "span", "attributes", "context", "labels":
		return insidePart
	case "stream", "caller", "source", "spans", "stacktrace", "@caller":
		return dullPart
	}
	return fieldPart
}

// opens reports whether a logger may write the part first.
func (k keyPart) opens() bool { return k == messageText || k == timePart || k == levelPart }

// readJSONRecord reads one JSON object as loggers write it.
func readJSONRecord(p *reader, r *record) bool {
	s := r.msg
	if s[0] != '{' || r.cut && s[len(s)-1] != '}' {
		return false
	}
	var message, logger []byte
	level, stamp, writer, rank := raftdiag.UnknownLevel, raftdiag.NoStamp, "", 0
	before := len(r.fields)
	var take func(k string, v *gjson.Result, depth int)
	take = func(k string, v *gjson.Result, depth int) {
		part := keyPartOf(k)
		switch {
		case part == messageText && message == nil && v.Type == gjson.String:
			message = textOf(v)
		case part == messageText && message == nil && k == "MESSAGE" && v.IsArray(): // journald's bytes that are no UTF-8
			v.ForEach(func(_, b gjson.Result) bool { message = append(message, byte(b.Int())); return true })
			r.wrapped = true
		case part == timePart && stamp == raftdiag.NoStamp:
			stamp = p.jsonStamp(counted(v))
		case part == levelPart && level == raftdiag.UnknownLevel:
			level = jsonLevel(counted(v))
		case part == loggerPart && logger == nil && v.Type == gjson.String:
			logger = textOf(v)
		case part == writerPart && v.Type == gjson.String:
			if n := labelRanks[k]; writer == "" || n > rank {
				writer, rank = p.in.string(textOf(v)), n
			}
		case part == writerPart && v.IsObject(): // "pod":{"name":"etcd-0"}
			if n, name := labelRanks[k], v.Get("name").String(); name != "" && (writer == "" || n > rank) {
				writer, rank = p.in.string([]byte(name)), n
			}
		case part == insidePart && v.IsObject() && depth == 0:
			v.ForEach(func(key, v gjson.Result) bool { p.value = v; take(key.String(), &p.value, depth+1); return true })
		case part == dullPart:
		default:
			if value := textOf(v); len(value) < 1<<14 && len(r.fields)-before < 64 {
				r.fields = append(r.fields, field{bytesOf(k), value})
			}
		}
	}
	if members, ok := p.membersOf(s); ok {
		for i := range members {
			take(members[i].key, &members[i].value, 0)
		}
	} else {
		text := unsafe.String(unsafe.SliceData(s), len(s))
		if !gjson.Valid(text) {
			return false
		}
		gjson.Parse(text).ForEach(func(key, v gjson.Result) bool { p.value = v; take(key.String(), &p.value, 0); return true })
	}
	if message == nil {
		r.fields = r.fields[:before]
		return false
	}
	r.msg = message
	if logger != nil {
		r.logger = logger
	}
	if level != raftdiag.UnknownLevel {
		r.level = level
	}
	r.stamped(stamp)
	r.named(writer)
	return true
}

// textOf is a value without its quotes and escapes. It is never nil, and part
// of the line: it is not to be changed, nor to be kept.
func textOf(v *gjson.Result) []byte {
	text := v.Raw
	if v.Type == gjson.String {
		text = v.Str
	}
	if text == "" {
		return []byte{}
	}
	return bytesOf(text)
}

// bytesOf are the bytes of a string that is part of a line.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// counted is a value of a member with its number.
func counted(v *gjson.Result) *gjson.Result {
	if v.Type == gjson.Number && v.Num == 0 {
		number := gjson.Parse(v.Raw)
		return &number
	}
	return v
}

// readZapConsole reads zap's console form: stamp, level, logger where there is
// one, caller and message with tabs between, and the fields as JSON behind.
func readZapConsole(p *reader, r *record) bool {
	t, n := p.clock.stamp(r.msg)
	if n == 0 || n >= len(r.msg) || r.msg[n] != '\t' {
		return false
	}
	rest := r.msg[n+1:]
	word, rest, ok := bytes.Cut(rest, []byte{'\t'})
	if !ok || len(word) > 24 {
		return false
	}
	if bytes.IndexByte(word, 0x1b) >= 0 {
		word = p.withoutColour(word, true)
	}
	l, ok := raftdiag.LevelByName(string(word))
	if !ok {
		return false
	}
	var logger []byte
	for range 2 { // logger and caller
		head, tail, ok := bytes.Cut(rest, []byte{'\t'})
		if !ok || len(head) > 128 || bytes.IndexByte(head, ' ') >= 0 {
			break
		}
		rest = tail
		if bytes.Contains(head, []byte(".go:")) {
			break
		}
		logger = head
	}
	if msg, tail, ok := bytes.Cut(rest, []byte{'\t'}); ok && len(tail) > 1 && tail[0] == '{' {
		rest = msg
		gjson.ParseBytes(tail).ForEach(func(key, v gjson.Result) bool {
			value := v.Raw
			if v.Type == gjson.String {
				value = v.String()
			}
			if len(value) < 1<<14 && len(r.fields) < 64 {
				r.fields = append(r.fields, field{[]byte(key.String()), []byte(value)})
			}
			return true
		})
	}
	r.stamped(t)
	r.level = l
	if logger != nil {
		r.logger = logger
	}
	r.msg = rest
	return true
}

// dated takes a time without a year, unless an envelope around it tells one
// with a year.
func (r *record) dated(p *reader, month, day int, since time.Duration) {
	if r.time == raftdiag.NoStamp {
		r.time = p.clock.dated(month, day, since)
	}
}

// stamped takes a time: of several envelopes, the innermost knows best.
func (r *record) stamped(t raftdiag.Stamp) {
	if t != raftdiag.NoStamp {
		r.time = t
	}
}

// named takes what a collector calls the process: the outermost knows best.
func (r *record) named(writer string) {
	if r.writer == "" {
		r.writer = writer
	}
}

// jsonLevel reads a level's name, or a number as bunyan and pino write it.
func jsonLevel(v *gjson.Result) raftdiag.Level {
	if v.Type == gjson.Number {
		switch n := v.Int(); {
		case n >= 60:
			return raftdiag.Fatal
		case n >= 50:
			return raftdiag.Error
		case n >= 40:
			return raftdiag.Warn
		case n >= 30:
			return raftdiag.Info
		case n >= 20:
			return raftdiag.Debug
		case n >= 10:
			return raftdiag.Trace
		}
		return raftdiag.UnknownLevel
	}
	name := v.String()
	if len(name) == 1 && name[0] >= '0' && name[0] <= '7' { // syslog's and journald's
		return severities[name[0]-'0']
	}
	if i := strings.IndexAny(name, "+- "); i > 0 { // slog's ERROR+4
		name = name[:i]
	}
	l, _ := raftdiag.LevelByName(name)
	return l
}

// readHead takes off what most lines begin with: a date, behind it a level and a
// space, and behind these tracing's target. No reader before readPlainRecord and
// readTracingRecord takes any of it: those that take a date want a tab behind
// it, or another spelling; Redpanda's has its stamp behind the level; and two
// colons are no other's.
func readHead(p *reader, r *record) bool {
	s := r.msg
	switch {
	case r.time == raftdiag.NoStamp:
		if t, n := p.clock.stamp(s); n > 0 && bytes.IndexByte(s, '\t') < 0 {
			r.stamped(t)
			r.msg = s[n:]
			r.in(textLog)
			return true
		}
	case r.level == raftdiag.UnknownLevel:
		n := level(s)
		if n == 0 || n == len(s) || len(s) < 8 || s[n-1] != ' ' {
			return false
		}
		if rest := bytes.TrimLeft(s[n:], " "); len(rest) > 0 && digit(rest[0]) {
			return false
		}
		r.level = levelNamed(s[:n])
		r.msg = s[n:]
		r.in(textLog)
		return true
	case len(r.logger) == 0 && lower(s[0]):
		n, colons := 1, false
		for n < len(s) && (simple[s[n]] || s[n] == ':') {
			colons = colons || s[n] == ':' && s[n-1] == ':'
			n++
		}
		if !colons || n > 100 || n == len(s) || s[n] != ' ' || s[n-1] != ':' {
			return false
		}
		target := s[:n-1]
		if bytes.HasSuffix(target, []byte(":")) {
			return false
		}
		r.logger = target
		r.msg = bytes.TrimLeft(s[n:], " ")
		r.in(tracing)
		return true
	}
	return false
}

// readPlainRecord takes off a stamp, a collector's prefix or a level in
// capitals that stands first, whatever the logger.
func readPlainRecord(p *reader, r *record) bool {
	s := r.msg
	if len(s) < 8 {
		return false
	}
	switch {
	case digit(s[0]):
		if t, n := p.clock.stamp(s); n > 0 {
			r.stamped(t)
			r.msg = s[n:]
			return true
		}
	case s[0] == '[' && digit(s[1]):
		if t, n := p.clock.stamp(s[1:]); n > 0 {
			r.stamped(t)
			r.msg = bytes.TrimLeft(s[1+n:], "]")
			return true
		}
	}
	if n := level(s); n > 0 && r.level == raftdiag.UnknownLevel {
		r.level = levelNamed(s[:n])
		r.msg = s[n:]
		return true
	}
	if r.time == raftdiag.NoStamp { // a collector's prefix stands before everything
		it, n := &p.scratch, 0
		it.ev.Writer = ""
		if s[0] == '[' {
			n = p.bracketed(s, it, false)
		} else {
			n = p.prefix(s, it, false)
		}
		if n > 0 && it.ev.Writer != "" {
			r.named(it.ev.Writer)
			r.msg = s[n:]
			return true
		}
	} else {
		it := &p.scratch
		it.ev.Writer = ""
		if n := p.collector(s, it); n > 0 {
			r.named(it.ev.Writer)
			r.msg = s[n:]
			return true
		}
	}
	return false
}

// levelNamed is the level that level found.
func levelNamed(s []byte) raftdiag.Level {
	switch s[0] {
	case 'T':
		return raftdiag.Trace
	case 'D':
		return raftdiag.Debug
	case 'I':
		return raftdiag.Info
	case 'W':
		return raftdiag.Warn
	case 'E':
		return raftdiag.Error
	}
	return raftdiag.Fatal
}

// A duration in any of the loggers' spellings: 1.2s, 1m3.5s, 250ms, 1.5 sec,
// 300 milliseconds, 0.25 (seconds). It reports false for anything else.
func readDuration(s []byte) (time.Duration, bool) {
	text := strings.TrimSpace(string(bytes.Trim(s, `"'`)))
	if d, err := time.ParseDuration(text); err == nil {
		return d, true
	}
	i := 0
	for i < len(text) && (digit(text[i]) || text[i] == '.') {
		i++
	}
	if i == 0 {
		return 0, false
	}
	n, err := time.ParseDuration(text[:i] + "s")
	if err != nil {
		return 0, false
	}
	switch strings.ToLower(strings.TrimSpace(text[i:])) {
	case "", "s", "sec", "secs", "second", "seconds":
		return n, true
	case "ms", "msec", "millis", "millisecond", "milliseconds":
		return n / 1000, true
	case "us", "usec", "µs", "microsecond", "microseconds":
		return n / 1e6, true
	case "ns", "nanosecond", "nanoseconds":
		return n / 1e9, true
	case "m", "min", "minute", "minutes":
		return n * 60, true
	case "h", "hour", "hours":
		return n * 3600, true
	}
	return 0, false
}
