package parser

import (
	"bytes"
)

// slogSamples are lines in Rust's slog and env_logger, and the level, logger, message, fields and
// node that they hold.
var slogSamples = []struct{ line, want string }{
	{`May 06 10:11:12.004 INFO became leader at term 1, term: 1, raft_id: 1`,
		"info |became leader at term 1|term=1 raft_id=1"},
	{`[2024-05-06T10:11:12.600Z INFO  raft::raft] received a message with higher term from 3, raft_id: 1, msg type: MsgHeartbeat, message_term: 8`,
		"info raft::raft|received a message with higher term from 3|raft_id=1 msg type=MsgHeartbeat message_term=8"},
	{`2018/09/14 10:47:35.385 INFO raft.rs:1120: [region 20] 22 became follower at term 8`,
		"info raft.rs:1120|[region 20] 22 became follower at term 8|"},
}

// readSlogRecord parts what Rust's slog puts behind a message where its
// renderer has no fields:
//
//	became leader at term 1, term: 1, raft_id: 1
func readSlogRecord(p *reader, r *record) bool {
	if len(r.logger) == 0 { // raft.rs:1120: message
		head := r.msg[:min(len(r.msg), 64)]
		if i := bytes.IndexByte(head, ' '); i >= 0 {
			head = head[:i]
		}
		if i := bytes.Index(head, []byte(".rs:")); i > 0 {
			n := i + len(".rs:")
			if _, w := uintAt(r.msg[n:]); w > 0 && has(r.msg[n+w:], ": ") {
				r.logger, r.msg = r.msg[:n+w], r.msg[n+w+2:]
				return true
			}
		}
	}
	at := bytes.Index(r.msg, []byte(", raft_id: "))
	if at < 0 {
		return false
	}
	end := -1
	fields := r.fields
	for s := r.msg; len(s) > 0; {
		n := slogEnd(s)
		rest := s[n:]
		if end < 0 {
			if end = n; end == 0 {
				return false
			}
		} else if key, value, ok := bytes.Cut(s[:n], []byte(": ")); ok && len(fields) < 64 {
			fields = append(fields, field{key, value})
		}
		if len(rest) < 2 {
			break
		}
		s = rest[2:]
	}
	if end >= len(r.msg) {
		return false
	}
	r.msg, r.fields = r.msg[:end], fields
	return true
}

// slogEnd finds the next ", key: " of s outside of brackets and quotes.
func slogEnd(s []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth > 0 { // slice[3,7) out of bound
				depth--
			}
		case c == ',' && depth == 0 && slogKey(s[i:]):
			return i
		}
	}
	return len(s)
}

// slogKey reports whether s begins with ", key: ".
func slogKey(s []byte) bool {
	if !has(s, ", ") {
		return false
	}
	n := 2
	for n < len(s) && n < 32 && (simple[s[n]] || s[n] == ' ') {
		n++
	}
	return n > 2 && n < 32 && has(s[n:], ": ") && s[2] != ' '
}

// readEnvLogger reads the head of Rust's env_logger: a level and a target up
// to a bracket, behind a stamp that was taken off.
//
//	[2024-05-06T10:11:12.600Z INFO  raft::raft] became leader at term 1
func readEnvLogger(p *reader, r *record) bool {
	s := r.msg
	if s[0] != '[' || len(s) < 30 || !digit(s[1]) {
		return false
	}
	stamp, n := p.clock.stamp(s[1:])
	if n == 0 || 2+n > len(s) || s[1+n] != ' ' {
		return false
	}
	rest := s[2+n:]
	w := level(rest)
	if w == 0 {
		return false
	}
	end := bytes.IndexByte(rest, ']')
	if end < w || end > 128 || end+1 >= len(rest) || bytes.IndexByte(bytes.TrimLeft(rest[w:end], " "), ' ') >= 0 {
		return false
	}
	r.stamped(stamp)
	r.level = levelNamed(rest[:w])
	r.logger = bytes.TrimSpace(rest[w:end])
	r.msg = rest[end+1:]
	return true
}
