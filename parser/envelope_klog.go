package parser

import (
	"bytes"
	"time"

	"github.com/raftdiag/raftdiag"
)

// klogSamples are lines in klog and glog, and the level, logger, message, fields and
// node that they hold.
var klogSamples = []struct{ line, want string }{
	{`I0506 10:11:12.123456    1234 raft_consensus.cc:1120] T 0a1b P 5f4e [term 5 FOLLOWER]: x`,
		"info raft_consensus.cc:1120|T 0a1b P 5f4e [term 5 FOLLOWER]: x|"},
	{`I20240506 10:11:12.971657 31337 file.go:12] message`,
		"info file.go:12|message|"},
	{`E0506 10:11:12.123456    1234 file.go:123] "cannot sync" err="x y" pod="a/b"`,
		"error file.go:123|cannot sync|err=x y pod=a/b"},
}

// readKlogRecord reads klog's and glog's lines, with a year and without:
//
//	I0506 10:11:12.123456    1234 file.go:123] message
//	I0506 10:11:12.123456    1234 file.go:123] "message" key="value"
//	I20240506 10:11:12.971657 31337 raft_consensus.cc:1120] message
func readKlogRecord(p *reader, r *record) bool {
	s := r.msg
	if len(s) < 24 || !crdbLevel(s[0]) || !digit(s[1]) {
		return false
	}
	n := 1
	for n < len(s) && digit(s[n]) {
		n++
	}
	if n != 5 && n != 9 || s[n] != ' ' {
		return false
	}
	since, w := clockTime(s[n+1:])
	month, day := two(s[n-4:]), two(s[n-2:])
	if w == 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	rest := bytes.TrimLeft(s[n+1+w:], " ")
	_, t := uintAt(rest)
	if t == 0 || t >= len(rest) || rest[t] != ' ' {
		return false
	}
	rest = bytes.TrimLeft(rest[t:], " ")
	end := bytes.Index(rest, []byte("] "))
	if end < 3 || end > 200 || bytes.IndexByte(rest[:end], ' ') >= 0 || bytes.LastIndexByte(rest[:end], ':') < 0 {
		return false
	}
	if n == 9 {
		r.stamped(raftdiag.Stamp(time.Date(two(s[1:])*100+two(s[3:]), time.Month(month), day, 0, 0, 0, 0, time.UTC).Add(since).UnixNano()))
	} else {
		r.dated(p, month, day, since)
	}
	r.level = crdbLevels[s[0]]
	r.logger = rest[:end]
	r.msg = bytes.TrimLeft(rest[end+2:], " ")
	if len(r.msg) > 1 && r.msg[0] == '"' {
		r.klogFields()
	}
	return true
}

// klogFields parts a quoted message from the fields behind it.
func (r *record) klogFields() {
	end := 1
	for ; end < len(r.msg) && r.msg[end] != '"'; end++ {
		if r.msg[end] == '\\' {
			end++
		}
	}
	if end >= len(r.msg) {
		return
	}
	rest := r.msg[end+1:]
	r.msg = unquoted(r.msg[:end+1])
	for len(rest) > 0 && len(r.fields) < 64 {
		var key, value []byte
		if key, value, rest = pair(rest); len(key) == 0 {
			return
		}
		r.fields = append(r.fields, field{key, unquoted(value)})
	}
}

// readSlogTerm reads the stamp of slog-term, which has no year, and its level
// of four letters:
//
//	May 06 10:11:12.004 INFO became leader at term 1, term: 1, raft_id: 1
func readSlogTerm(p *reader, r *record) bool {
	s := r.msg
	month := monthNamed(s)
	if month == 0 || len(s) < 26 || s[3] != ' ' || !digit(s[4]) || !digit(s[5]) || s[6] != ' ' {
		return false
	}
	since, w := clockTime(s[7:])
	if w == 0 || !has(s[7+w:], " ") {
		return false
	}
	rest := s[8+w:]
	if len(rest) < 5 || rest[4] != ' ' {
		return false
	}
	level, ok := slogLevels[string(rest[:4])]
	if !ok {
		return false
	}
	r.dated(p, month, two(s[4:]), since)
	r.level, r.msg = level, rest[5:]
	return true
}

var slogLevels = map[string]raftdiag.Level{"TRCE": raftdiag.Trace, "DEBG": raftdiag.Debug, "INFO": raftdiag.Info, "WARN": raftdiag.Warn, "ERRO": raftdiag.Error, "CRIT": raftdiag.Fatal}
