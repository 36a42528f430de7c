package parser

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// collectorSamples are lines as collectors hand them on: what they say of time
// and writer, and what is left. Times without a year are read for a file that
// was written in June 2024.
var collectorSamples = []struct{ line, time, writer, want string }{
	{`<14>May  6 10:11:12 n1 etcd[1234]: became leader`, "2024-05-06T10:11:12Z", "n1", "became leader"},
	{`May 06 10:11:12 n1 etcd[1234]: became leader`, "2024-05-06T10:11:12Z", "n1", "became leader"},
	{`May 06 10:11:12.123456 n1 etcd: became leader`, "2024-05-06T10:11:12.123456Z", "n1", "became leader"},
	{`Dec 31 23:59:59 n1 raft-app[7]: became leader`, "2023-12-31T23:59:59Z", "n1", "became leader"},
	{`<14>1 2024-05-06T10:11:12.123Z n1 etcd 1 - - became leader`, "2024-05-06T10:11:12.123Z", "n1", "became leader"},
	{`<165>1 2024-05-06T10:11:12+02:00 n1 etcd 1 ID7 [x@1 k="a \"] b"][y@2] became leader`, "2024-05-06T08:11:12Z", "n1", "became leader"},
	{"<14>1 - n1 etcd - - - \ufeffbecame leader", "", "n1", "became leader"},
	{`2024-05-06T10:11:12+0000 n1 etcd[1234]: became leader`, "2024-05-06T10:11:12Z", "n1", "became leader"},
	{`2024-05-06T10:11:12.123456+0000 n1 etcd.service[1234]: became leader`, "2024-05-06T10:11:12.123456Z", "n1", "became leader"},
	{`Mon 2024-05-06 10:11:12 UTC n1 etcd[1234]: became leader`, "2024-05-06T10:11:12Z", "n1", "became leader"},
	{`1715000000.123456 n1 etcd[1234]: became leader`, "2024-05-06T12:53:20.123456Z", "n1", "became leader"},
	{`[ 1234.567890] n1 etcd[1234]: became leader`, "", "n1", "became leader"},
	{`{"__REALTIME_TIMESTAMP":"1715000000123456","_HOSTNAME":"n1","PRIORITY":"6","MESSAGE":"became leader"}`, "2024-05-06T12:53:20.123456Z", "n1", "became leader"},
	{`{"__REALTIME_TIMESTAMP":"1715000000123456","_HOSTNAME":"n1","MESSAGE":[98,101,99,97,109,101,32,108,101,97,100,101,114]}`, "2024-05-06T12:53:20.123456Z", "n1", "became leader"},
	{`{"log":"became leader\n","stream":"stderr","time":"2024-05-06T10:11:12.000000001Z"}`, "2024-05-06T10:11:12.000000001Z", "", "became leader"},
	{`2024-05-06T10:11:12.669794202Z stdout F became leader`, "2024-05-06T10:11:12.669794202Z", "", "became leader"},
	{`2024-05-06T10:11:12.669794202Z stderr F May  6 10:11:13 n1 etcd[1]: became leader`, "2024-05-06T10:11:12.669794202Z", "n1", "became leader"},
	{`etcd-1  | became leader`, "", "etcd-1", "became leader"},
	{`etcd_1  | 2024-05-06T10:11:12.000000001Z became leader`, "2024-05-06T10:11:12.000000001Z", "etcd_1", "became leader"},
	{`stack_etcd.1.abc123xyz@host1    | became leader`, "", "stack_etcd.1.abc123xyz@host1", "became leader"},
	{`[pod/etcd-0/etcd] 2024-05-06T10:11:12.000000001Z became leader`, "2024-05-06T10:11:12.000000001Z", "pod/etcd-0/etcd", "became leader"},
	{`etcd-0 etcd 2024-05-06T10:11:12Z became leader`, "2024-05-06T10:11:12Z", "etcd-0", "became leader"},
	{`etcd-0 etcd {"level":"info","ts":"2024-05-06T10:11:12Z","msg":"became leader"}`, "2024-05-06T10:11:12Z", "etcd-0", "became leader"},
	{`kube-system etcd-0 etcd I0506 10:11:12.123456    1234 raft.go:123] became leader`, "2024-05-06T10:11:12.123456Z", "etcd-0", "became leader"},
	{`{"message":"became leader","nodeName":"n1","namespace":"ns","podName":"etcd-0","containerName":"etcd"}`, "", "etcd-0", "became leader"},
	{`2024-05-06T10:11:12Z {app="etcd", pod="etcd-0"}   became leader`, "2024-05-06T10:11:12Z", "etcd-0", "became leader"},
	{`{"labels":{"app":"etcd","pod":"etcd-0"},"line":"became leader","timestamp":"2024-05-06T10:11:12.5Z"}`, "2024-05-06T10:11:12.5Z", "etcd-0", "became leader"},
	{`{"@timestamp":"2024-05-06T10:11:12.123Z","message":"became leader","kubernetes":{"pod":{"name":"etcd-0"},"container":{"name":"etcd"}},"host":{"name":"n1"}}`, "2024-05-06T10:11:12.123Z", "etcd-0", "became leader"},
	{`{"log":"became leader","kubernetes":{"pod_name":"etcd-0"},"time":"2024-05-06T10:11:12Z"}`, "2024-05-06T10:11:12Z", "etcd-0", "became leader"},
	{`{"message":"became leader","host":"n1","timestamp":"2024-05-06T10:11:12Z","source_type":"file"}`, "2024-05-06T10:11:12Z", "n1", "became leader"},
	{"test\tRun the tests\t2024-05-06T10:11:12.1234567Z became leader", "2024-05-06T10:11:12.1234567Z", "", "became leader"},
	{`node1/messages:May  6 10:11:12 n1 etcd[1]: became leader`, "2024-05-06T10:11:12Z", "node1/messages", "became leader"},
	{`node1.log:12:Jun  1 10:11:12 n1 etcd[1]: became leader`, "2024-06-01T10:11:12Z", "node1.log", "became leader"},
	{`2024-05-06T10:11:12Z INF became leader`, "2024-05-06T10:11:12Z", "", "became leader"},
	{`10:11AM WRN became leader`, "", "", "became leader"},
	{`{"level":"info","time":1715000000,"message":"became leader"}`, "2024-05-06T12:53:20Z", "", "became leader"},
	{`{"level":30,"time":1715000000123,"pid":1,"hostname":"n1","msg":"became leader"}`, "2024-05-06T12:53:20.123Z", "n1", "became leader"},
	{`{"name":"app","hostname":"n1","pid":1,"level":40,"msg":"became leader","time":"2024-05-06T10:11:12.123Z","v":0}`, "2024-05-06T10:11:12.123Z", "n1", "became leader"},
	{`2024/05/06 10:11:12 INFO became leader`, "2024-05-06T10:11:12Z", "", "became leader"},
	{`1715000000.5 became leader`, "2024-05-06T12:53:20.5Z", "", "became leader"},
	{`1715000000123 became leader`, "2024-05-06T12:53:20.123Z", "", "became leader"},
	{`{"resourceLogs":[{"resource":{"attributes":[{"key":"k8s.pod.name","value":{"stringValue":"etcd-0"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1715000000000000001","severityNumber":9,"body":{"stringValue":"became leader"},"attributes":[]}]}]}]}`, "2024-05-06T12:53:20.000000001Z", "etcd-0", "became leader"},
}

// readSyslog takes off what syslog and journald put in front of a line:
//
//	<14>May  6 10:11:12 host prog[1]: line        RFC 3164; without <14>, journalctl
//	<14>1 2024-05-06T10:11:12Z host prog 1 - - line        RFC 5424
func readSyslog(p *reader, r *record) bool {
	s := r.msg
	pri := -1
	if s[0] == '<' {
		n, w := uintAt(s[1:])
		if w == 0 || w > 3 || n > 191 || len(s) < w+10 || s[1+w] != '>' {
			return false
		}
		pri, s = int(n), s[w+2:]
		if has(s, "1 ") {
			return p.rfc5424(r, s[2:], pri)
		}
	}
	month := monthNamed(s)
	if month == 0 || len(s) < 24 || s[3] != ' ' || s[6] != ' ' || !digit(s[5]) || s[4] != ' ' && !digit(s[4]) {
		return false
	}
	since, w := clockTime(s[7:])
	if w == 0 || !has(s[7+w:], " ") {
		return false
	}
	day := int(s[5] - '0')
	if digit(s[4]) {
		day = two(s[4:])
	}
	if day < 1 || day > 31 {
		return false
	}
	host, rest, ok := hostAndTag(s[8+w:])
	if !ok {
		return false
	}
	r.dated(p, month, day, since)
	r.named(p.in.string(host))
	r.priority(pri)
	r.msg = rest
	return true
}

// hostAndTag reads "host prog[1]: " or "host prog: ".
func hostAndTag(s []byte) (host, rest []byte, ok bool) {
	n := 0
	for n < len(s) && n < 100 && (wordByte(s[n]) || s[n] == ':') {
		n++
	}
	if n == 0 || n >= len(s) || s[n] != ' ' {
		return nil, nil, false
	}
	if _, level := raftdiag.LevelByName(string(s[:n])); level {
		return nil, nil, false // slog-term's level
	}
	i := n + 1
	for i < len(s) && i < n+100 && wordByte(s[i]) {
		i++
	}
	if i == n+1 {
		return nil, nil, false
	}
	if i < len(s) && s[i] == '[' {
		_, w := uintAt(s[i+1:])
		if w == 0 || i+1+w >= len(s) || s[i+1+w] != ']' {
			return nil, nil, false
		}
		i += w + 2
	}
	if !has(s[i:], ": ") {
		return nil, nil, false
	}
	return s[:n], s[i+2:], true
}

// rfc5424 reads "TIME HOST APP PROC ID DATA line".
func (p *reader) rfc5424(r *record, s []byte, pri int) bool {
	stamp := raftdiag.NoStamp
	if t, n := p.clock.stamp(s); n > 0 && n < len(s) && s[n] == ' ' {
		stamp, s = t, s[n+1:]
	} else if has(s, "- ") {
		s = s[2:]
	} else {
		return false
	}
	var words [4][]byte
	for i := range words {
		n := bytes.IndexByte(s[:min(len(s), 256)], ' ')
		if n < 1 {
			return false
		}
		words[i], s = s[:n], s[n+1:]
	}
	switch {
	case has(s, "[") && !has(s, "[ "):
		for has(s, "[") {
			n := dataEnd(s)
			if n == 0 {
				return false
			}
			s = s[n:]
		}
	case has(s, "- ") || string(s) == "-":
		s = s[1:]
	default:
		return false
	}
	r.stamped(stamp)
	if string(words[0]) != "-" {
		r.named(p.in.string(words[0]))
	}
	r.priority(pri)
	r.msg = bytes.TrimPrefix(bytes.TrimLeft(s, " "), []byte("\ufeff"))
	return true
}

// dataEnd is the length of an element of structured data, [x@1 k="v"], or 0.
func dataEnd(s []byte) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ']' && !quoted:
			return i + 1
		}
	}
	return 0
}

// priority takes syslog's severity, the low three bits, unless something
// within says more.
func (r *record) priority(pri int) {
	if pri >= 0 && r.level == raftdiag.UnknownLevel {
		r.level = severities[pri&7]
	}
}

var severities = [8]raftdiag.Level{raftdiag.Fatal, raftdiag.Fatal, raftdiag.Fatal, raftdiag.Error, raftdiag.Warn, raftdiag.Info, raftdiag.Info, raftdiag.Debug}

// readJournal takes off journalctl's stamps that are no other program's:
//
//	Mon 2024-05-06 10:11:12 UTC host etcd[1]: line        short-full
//	1715000000.123456 host etcd[1]: line                  short-unix, and other stamps in Unix time
//	[ 1234.567890] host etcd[1]: line                     short-monotonic
func readJournal(p *reader, r *record) bool {
	s := r.msg
	switch c := s[0]; {
	case c >= 'F' && c <= 'W' && len(s) > 24 && s[3] == ' ' && digit(s[4]) && weekdays[string(s[:3])]:
		t, n := p.clock.stamp(s[4:])
		if n == 0 {
			return false
		}
		s = s[4+n:]
		if len(s) > 5 && s[0] == ' ' && s[1] >= 'A' && s[1] <= 'Z' { // a zone's name, which does not say how far it is off
			if z := bytes.IndexByte(s[1:min(len(s), 8)], ' '); z >= 3 {
				s = s[1+z:]
			}
		}
		host, rest, ok := hostAndTag(bytes.TrimLeft(s, " "))
		if !ok {
			return false
		}
		r.stamped(t)
		r.named(p.in.string(host))
		r.msg = rest
		return true
	case digit(c) && c != '0':
		n := 0
		for n < len(s) && n < 32 && (digit(s[n]) || s[n] == '.') {
			n++
		}
		if n < 10 || n >= len(s) || s[n] != ' ' {
			return false
		}
		t, ok := seconds(string(s[:n]))
		if !ok {
			if n != 13 && n != 16 && n != 19 || bytes.IndexByte(s[:n], '.') >= 0 {
				return false
			}
			f, _ := strconv.ParseUint(string(s[:n]), 10, 64)
			t = since1970(f)
		}
		if year := t.Time().Year(); year < 2000 || year > 2100 {
			return false
		}
		r.stamped(t)
		r.msg = bytes.TrimLeft(s[n:], " ")
		if host, rest, ok := hostAndTag(r.msg); ok {
			r.named(p.in.string(host))
			r.msg = rest
		}
		return true
	case c == '[':
		end := bytes.IndexByte(s[:min(len(s), 24)], ']')
		if end < 8 {
			return false
		}
		for _, c := range s[1:end] {
			if !digit(c) && c != ' ' && c != '.' {
				return false
			}
		}
		if dot := bytes.IndexByte(s[:end], '.'); dot < 0 || end-dot != 7 || !has(s[end:], "] ") {
			return false
		}
		host, rest, ok := hostAndTag(s[end+2:])
		if !ok {
			return false
		}
		r.named(p.in.string(host))
		r.msg = rest
		return true
	}
	return false
}

var weekdays = map[string]bool{"Mon": true, "Tue": true, "Wed": true, "Thu": true, "Fri": true, "Sat": true, "Sun": true}

// readStern takes off stern's pod and container, with a namespace or without,
// in front of a line that begins with a stamp, a brace, or a head of klog.
func readStern(p *reader, r *record) bool {
	if r.time != raftdiag.NoStamp || r.writer != "" {
		return false
	}
	var words [3][]byte
	s := r.msg
	for i := range words {
		n := 0
		for n < len(s) && n < 100 && wordByte(s[n]) && s[n] != '/' && s[n] != '@' {
			n++
		}
		if n == 0 || n+10 >= len(s) || s[n] != ' ' {
			return false
		}
		words[i], s = s[:n], s[n+1:]
		if i == 0 {
			continue
		}
		head := s[0] == '{' || digit(s[0]) || crdbLevel(s[0]) && digit(s[1]) || monthNamed(s) != 0
		if pod := words[i-1]; head && bytes.IndexByte(pod, '-') > 0 && bytes.ContainsAny(pod, "0123456789") && stampAhead(p, s) {
			r.named(p.in.string(pod))
			r.msg = s
			return true
		}
	}
	return false
}

// stampAhead reports whether a line begins as loggers begin theirs.
func stampAhead(p *reader, s []byte) bool {
	if s[0] == '{' {
		return s[len(s)-1] == '}'
	}
	probe := record{msg: s}
	guessed := p.clock.guessed
	ok := readPlainRecord(p, &probe) && probe.time != raftdiag.NoStamp || readKlogRecord(p, &probe) || readSyslog(p, &probe) || readSlogTerm(p, &probe)
	p.clock.guessed = guessed
	return ok
}

// readLabels takes off Loki's labels behind a stamp, as logcli prints them:
//
//	2024-05-06T10:11:12Z {app="etcd", pod="etcd-0"} line
func readLabels(p *reader, r *record) bool {
	s := r.msg
	if r.time == raftdiag.NoStamp || s[0] != '{' || len(s) < 6 || !letter(s[1]) && s[1] != '_' {
		return false
	}
	writer, rank := []byte(nil), 0
	for i := 1; ; {
		n := i
		for n < len(s) && (letter(s[n]) || digit(s[n]) || s[n] == '_') {
			n++
		}
		if n == i || !has(s[n:], `="`) {
			return false
		}
		key := s[i:n]
		from := n + 2
		for n = from; n < len(s) && s[n] != '"'; n++ {
			if s[n] == '\\' {
				n++
			}
		}
		if n >= len(s) {
			return false
		}
		if x := labelRanks[string(key)]; x > rank {
			writer, rank = s[from:n], x
		}
		n++
		switch {
		case has(s[n:], ", "):
			i = n + 2
		case has(s[n:], "}"):
			if rank > 0 {
				r.named(p.in.string(writer))
			}
			r.msg = bytes.TrimLeft(s[n+1:], " \t")
			return true
		default:
			return false
		}
	}
}

// labelRanks are the labels and attributes that name a process, the better
// ones higher.
var labelRanks = map[string]int{
	"CONTAINER_NAME": 6, "pod": 9, "pod_name": 9, "podName": 9, "k8s.pod.name": 9, "k8s_pod_name": 9,
	"service.instance.id": 8, "instance": 7, "container.name": 6, "container_name": 6, "container": 2, "k8s.container.name": 2,
	"host.name": 5, "hostname": 5, "host": 5, "_HOSTNAME": 5, "node_name": 4, "nodename": 4, "filename": 3,
}

// readRunner takes off the job and the step that GitHub's command line puts in
// front of a runner's stamp, with tabs between.
func readRunner(p *reader, r *record) bool {
	if r.time != raftdiag.NoStamp {
		return false
	}
	s := r.msg[:min(len(r.msg), 300)]
	for tabs := 0; tabs < 2; tabs++ {
		n := bytes.IndexByte(s, '\t')
		if n < 1 {
			return false
		}
		s = s[n+1:]
	}
	t, n := p.clock.stamp(s)
	if n == 0 || n < 20 || s[n-1] != 'Z' {
		return false
	}
	r.stamped(t)
	r.msg = r.msg[bytes.IndexByte(r.msg, '\t')+1:]
	r.msg = r.msg[bytes.IndexByte(r.msg, '\t')+1+n:]
	return true
}

// readZerolog reads the level of zerolog's console, behind a stamp or an hour:
//
//	2024-05-06T10:11:12Z INF message key=value
//	10:11AM INF message key=value
func readZerolog(p *reader, r *record) bool {
	s := r.msg
	if r.time == raftdiag.NoStamp {
		n := 0
		for n < len(s) && n < 5 && (digit(s[n]) || s[n] == ':') {
			n++
		}
		if n < 4 || !has(s[n:], "AM ") && !has(s[n:], "PM ") {
			return false
		}
		s = s[n+3:]
	}
	if len(s) < 6 || s[3] != ' ' || r.level != raftdiag.UnknownLevel {
		return false
	}
	level, ok := zeroLevels[string(s[:3])]
	if !ok {
		return false
	}
	r.level, r.msg = level, bytes.TrimPrefix(s[4:], []byte("> "))
	if at := bytes.IndexByte(r.msg, '='); at > 0 {
		for at > 0 && r.msg[at-1] != ' ' {
			at--
		}
		if all, ok := keyValues(r.msg[at:], r.cut, r.fields); ok && at > 0 {
			r.fields, r.msg = all, bytes.TrimRight(r.msg[:at], " ")
		}
	}
	return true
}

var zeroLevels = map[string]raftdiag.Level{"TRC": raftdiag.Trace, "DBG": raftdiag.Debug, "INF": raftdiag.Info, "WRN": raftdiag.Warn, "ERR": raftdiag.Error, "FTL": raftdiag.Fatal, "PNC": raftdiag.Fatal}

// readManyJSON reads a line that holds many records: OpenTelemetry's, and the
// answer of Loki's query. The first is left in r; the others wait.
func readManyJSON(p *reader, r *record) bool {
	s := r.msg
	if s[0] != '{' || s[len(s)-1] != '}' {
		return false
	}
	otel := has(s[1:], `"resourceLogs"`)
	if !otel && (!has(s[1:], `"status"`) || !bytes.Contains(s, []byte(`"values":[[`))) {
		return false
	}
	text := unsafe.String(unsafe.SliceData(s), len(s))
	if !gjson.Valid(text) {
		return false
	}
	var all []record
	if otel {
		all = otelRecords(p, gjson.Parse(text))
	} else {
		all = lokiRecords(p, gjson.Parse(text))
	}
	if len(all) == 0 {
		return false
	}
	first := all[0]
	r.stamped(first.time)
	r.named(first.writer)
	if first.level != raftdiag.UnknownLevel {
		r.level = first.level
	}
	r.msg, r.fields = first.msg, append(r.fields, first.fields...)
	p.waiting = append(p.waiting, all[1:]...)
	return true
}

// mostRecords is how many records one line may hold.
const mostRecords = 1 << 16

func otelRecords(p *reader, v gjson.Result) []record {
	var all []record
	v.Get("resourceLogs").ForEach(func(_, resource gjson.Result) bool {
		writer, rank := "", 0
		resource.Get("resource.attributes").ForEach(func(_, a gjson.Result) bool {
			if x := labelRanks[a.Get("key").String()]; x > rank {
				writer, rank = p.in.string([]byte(a.Get("value.stringValue").String())), x
			}
			return true
		})
		resource.Get("scopeLogs").ForEach(func(_, scope gjson.Result) bool {
			scope.Get("logRecords").ForEach(func(_, x gjson.Result) bool {
				if len(all) >= mostRecords {
					return false
				}
				rec := record{writer: writer, msg: otelValue(x.Get("body"))}
				for _, key := range [...]string{"timeUnixNano", "observedTimeUnixNano"} {
					if n, err := strconv.ParseInt(x.Get(key).String(), 10, 64); err == nil && n > 0 {
						rec.time = raftdiag.Stamp(n)
						break
					}
				}
				if n := x.Get("severityNumber").Int(); n >= 1 && n <= 24 {
					rec.level = [...]raftdiag.Level{raftdiag.Trace, raftdiag.Debug, raftdiag.Info, raftdiag.Warn, raftdiag.Error, raftdiag.Fatal}[(n-1)/4]
				}
				x.Get("attributes").ForEach(func(_, a gjson.Result) bool {
					if len(rec.fields) < 64 {
						rec.fields = append(rec.fields, field{[]byte(a.Get("key").String()), otelValue(a.Get("value"))})
					}
					return true
				})
				if len(rec.msg) > 0 {
					all = append(all, rec)
				}
				return true
			})
			return true
		})
		return true
	})
	return all
}

// otelValue is the one value that an OpenTelemetry value holds.
func otelValue(v gjson.Result) []byte {
	var out []byte
	v.ForEach(func(_, x gjson.Result) bool {
		out = []byte(x.Raw)
		if x.Type == gjson.String {
			out = []byte(x.String())
		}
		return false
	})
	return out
}

func lokiRecords(p *reader, v gjson.Result) []record {
	var all []record
	v.Get("data.result").ForEach(func(_, stream gjson.Result) bool {
		writer, rank := "", 0
		stream.Get("stream").ForEach(func(key, x gjson.Result) bool {
			if n := labelRanks[key.String()]; n > rank {
				writer, rank = p.in.string([]byte(x.String())), n
			}
			return true
		})
		values := stream.Get("values").Array()
		if n := len(values); n > 1 && values[0].Get("0").String() > values[n-1].Get("0").String() { // newest first
			for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
				values[i], values[j] = values[j], values[i]
			}
		}
		for _, x := range values {
			n, err := strconv.ParseInt(x.Get("0").String(), 10, 64)
			if err != nil || len(all) >= mostRecords {
				continue
			}
			all = append(all, record{time: raftdiag.Stamp(n), writer: writer, msg: []byte(x.Get("1").String())})
		}
		return true
	})
	return all
}
