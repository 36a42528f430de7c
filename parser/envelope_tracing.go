package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// tracingSamples are lines in Rust's tracing, and the level, logger, message, fields and
// node that they hold.
var tracingSamples = []struct{ line, want string }{
	{`2024-05-06T10:11:12.123456Z DEBUG RaftCore{id=1 cluster="foo"}:handle_api_msg{state=Follower}: openraft::core: RAFT_event id=1`,
		"debug openraft::core|RAFT_event id=1|id=1 cluster=foo state=Follower"},
	{`2024-05-06T10:11:12.600123Z  INFO ThreadId(02) raft::raft: became leader at term 1`,
		"info raft::raft|became leader at term 1|"},
}

// readTracingRecord reads what Rust's tracing-subscriber puts between level and
// message: a thread, spans with their fields, and the target.
//
//	RaftCore{id=1 cluster=foo}:handle_api_msg{state=Follower}: openraft::core: message
func readTracingRecord(p *reader, r *record) bool {
	if r.level == raftdiag.UnknownLevel || len(r.logger) > 0 {
		return false
	}
	s := r.msg
	if has(s, "ThreadId(") {
		if end := bytes.IndexByte(s, ' '); end > 0 {
			s = bytes.TrimLeft(s[end:], " ")
		}
	}
	fields, spans := r.fields, 0
	for range 16 {
		n := 0
		for n < len(s) && n < 128 && (wordByte(s[n]) || s[n] == ':' && n+1 < len(s) && s[n+1] != ' ' || s[n] == '<' || s[n] == '>') {
			n++
		}
		if n == 0 || n >= len(s) {
			return false
		}
		switch s[n] {
		case '{': // a span
			end := spanEnd(s[n:])
			if end < 0 {
				return false
			}
			for inside := s[n+1 : n+end]; len(inside) > 0 && len(fields) < 64; {
				var key, value []byte
				if key, value, inside = pair(inside); len(key) == 0 {
					break
				}
				fields = append(fields, field{key, bareValue(value)})
			}
			if s = s[n+end+1:]; !has(s, ":") {
				return false
			}
			s = bytes.TrimLeft(s[1:], " ")
			spans++
			continue
		case ':': // the target
			if spans == 0 && bytes.Index(s[:n], []byte("::")) <= 0 {
				return false
			}
			r.logger, r.fields = s[:n], fields
			r.msg = bytes.TrimLeft(s[n+1:], " ")
			return true
		}
		if spans == 0 {
			return false
		}
		r.fields, r.msg = fields, s // spans and no target
		return true
	}
	return false
}

// spanEnd finds the } that ends the fields of a span.
func spanEnd(s []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(s) && i < 4096; i++ {
		switch c := s[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
