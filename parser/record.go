package parser

import (
	"bytes"
	"strings"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// A record is a line of a system's log with its envelopes taken off.
type record struct {
	time   raftdiag.Stamp
	writer string // what a collector calls the process
	level  raftdiag.Level
	logger []byte // the component that speaks: etcdserver, raft, agent.server.raft
	msg    []byte
	fields []field // what stands beside the message, in order
	self   []byte  // the node, where the envelope names it
	group  []byte  // the group, where the envelope names it
	env    envelope
	cut    bool // the line's end is missing
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
}

// envelopeReaders are tried in this order, again and again, until none fits: they
// nest.
var envelopeReaders = []envelopeReader{
	{natsLog, "NATS log", readNATS},
	{hclog, "hclog", readHclog},
	{capnslog, "capnslog", readCapnslog},
	{textLog, "", readDragonboat},
	{erlang, "Erlang logger", readErlang},
	{goLog, "Go log", readGoLog},
	{logfmt, "logfmt", readLogfmt},
	{tikvLog, "TiKV log", readTiKVRecord},
	{crdbLog, "CockroachDB log", readCrdbRecord},
	{crdbLog, "CockroachDB log", readCrdbJSON},
	{klog, "klog", readKlogRecord},
	{textLog, "", readSlogTerm},
	{textLog, "", readEnvLogger},
	{jsonLog, "JSON", readJSONRecord},
	{zapConsole, "zap console", readZapConsole},
	{textLog, "", readPlainRecord},
	{tracing, "tracing", readTracingRecord},
	{log4j, "log4j", readLog4jRecord},
	{textLog, "", readSlogRecord},
}

// innermost are the envelopes in which a message stands as it is.
var innermost = [numEnvelopes]bool{tikvLog: true, crdbLog: true, klog: true, log4j: true}

// open takes all envelopes off.
func (r *record) open(p *reader) {
	for depth := 0; depth < 8 && r.openOne(p); depth++ {
	}
}

// openOne takes the outermost envelope off and reports whether there was one.
func (r *record) openOne(p *reader) bool {
	r.msg = bytes.TrimRight(bytes.TrimLeft(r.msg, " \t"), " \t\r\n")
	if len(r.msg) == 0 {
		return false
	}
	for i := range envelopeReaders {
		e := &envelopeReaders[i]
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
		if e.env != textLog || r.env == bare {
			r.env = e.env
		}
		return true
	}
	return false
}

// messageKeys, and so on, are how loggers and collectors call the parts of a
// record in JSON.
var (
	messageKeys = map[string]bool{"message": true, "msg": true, "log": true, "MESSAGE": true, "line": true, "@message": true, "short_message": true}
	timeKeys    = map[string]bool{"timestamp": true, "time": true, "ts": true, "@timestamp": true, "__REALTIME_TIMESTAMP": true, "_SOURCE_REALTIME_TIMESTAMP": true, "t": true}
	levelKeys   = map[string]bool{"level": true, "severity": true, "@level": true, "lvl": true, "L": true, "PRIORITY": true}
	loggerKeys  = map[string]bool{"logger": true, "@module": true, "target": true, "component": true, "module": true}
	writerKeys  = map[string]bool{"pod_name": true, "podName": true, "container_name": true, "CONTAINER_NAME": true, "_HOSTNAME": true, "host": true, "hostname": true, "pod": true}
	insideKeys  = map[string]bool{"fields": true, "kubernetes": true, "span": true, "attributes": true, "context": true}
	dullKeys    = map[string]bool{"stream": true, "caller": true, "source": true, "spans": true, "stacktrace": true, "@caller": true}
)

// readJSONRecord reads one JSON object as loggers write it.
func readJSONRecord(p *reader, r *record) bool {
	s := r.msg
	if s[0] != '{' || r.cut && s[len(s)-1] != '}' {
		return false
	}
	text := unsafe.String(unsafe.SliceData(s), len(s))
	if !gjson.Valid(text) {
		return false
	}
	var message, logger []byte
	var fields []field
	level, stamp, writer := raftdiag.UnknownLevel, raftdiag.NoStamp, ""
	var walk func(v gjson.Result, depth int)
	walk = func(v gjson.Result, depth int) {
		v.ForEach(func(key, v gjson.Result) bool {
			k := key.String()
			switch {
			case messageKeys[k] && message == nil && v.Type == gjson.String:
				message = []byte(v.String())
			case timeKeys[k] && stamp == raftdiag.NoStamp:
				stamp = p.jsonStamp(v)
			case levelKeys[k] && level == raftdiag.UnknownLevel:
				level = jsonLevel(v)
			case loggerKeys[k] && logger == nil && v.Type == gjson.String:
				logger = []byte(v.String())
			case writerKeys[k] && writer == "" && v.Type == gjson.String:
				writer = v.String()
			case insideKeys[k] && v.IsObject() && depth == 0:
				walk(v, depth+1)
			case dullKeys[k]:
			default:
				value := v.Raw
				if v.Type == gjson.String {
					value = v.String()
				}
				if len(value) < 1<<14 && len(fields) < 64 {
					fields = append(fields, field{[]byte(k), []byte(value)})
				}
			}
			return true
		})
	}
	walk(gjson.Parse(text), 0)
	if message == nil {
		return false
	}
	r.msg = message
	r.fields = append(r.fields, fields...)
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
func jsonLevel(v gjson.Result) raftdiag.Level {
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
	if i := strings.IndexAny(name, "+- "); i > 0 { // slog's ERROR+4
		name = name[:i]
	}
	l, _ := raftdiag.LevelByName(name)
	return l
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

// levelNamed is a level with the signs behind it.
func levelNamed(s []byte) raftdiag.Level {
	l, _ := raftdiag.LevelByName(string(bytes.TrimRight(s, ": \t]")))
	return l
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
