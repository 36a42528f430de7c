package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// goLogSamples are lines as Go's log writes them, with prefixes and file names.
var goLogSamples = []struct{ line, want string }{
	{`[store] 2024/05/06 10:11:12 Leader is now unknown`, " store|Leader is now unknown|"},
	{`[raft] 2024/05/06 10:11:12.123456 [WARN]  failed to contact: server-id=n2 time=1.2s`, "warn raft|failed to contact|server-id=n2 time=1.2s"},
	{`raft2024/03/02 12:49:05 INFO: 1 became leader at term 2`, "info raft|1 became leader at term 2|"},
	{`2024/05/06 10:11:12 store.go:120: node n1 at 10.0.0.1:4002 is now Leader`, " |node n1 at 10.0.0.1:4002 is now Leader|"},
	{`INFO 2024/05/06 10:11:12 hello world`, "info |hello world|"},
}

// readGoLog takes off what Go's log puts around its stamp: a prefix in front,
// a file and line behind.
//
//	[raft] 2024/05/06 10:11:12 msg
//	raft2024/03/02 12:49:05 INFO: msg
//	2024/05/06 10:11:12 store.go:120: msg
func readGoLog(p *reader, r *record) bool {
	s := r.msg
	if r.time != raftdiag.NoStamp {
		if n := callerAt(s); n > 0 && s[0] != '[' {
			r.msg = s[n:]
			return true
		}
		return false
	}
	var name []byte
	at := 0
	if s[0] == '[' {
		end := bytes.IndexByte(s[:min(len(s), 80)], ']')
		if end < 2 || nodeName(s[1:end]) || bytes.IndexByte(s[1:end], '/') >= 0 {
			return false
		}
		for _, c := range s[1:end] {
			if !wordByte(c) || c == '@' {
				return false
			}
		}
		name, at = s[1:end], end+1
	} else {
		for at < len(s) && at < 40 && (s[at] >= 'a' && s[at] <= 'z' || s[at] >= 'A' && s[at] <= 'Z' || s[at] == '-' || s[at] == '_' || s[at] == ':') {
			at++
		}
		if at == 0 {
			return false
		}
		name = bytes.TrimRight(s[:at], ":-_")
	}
	for at < len(s) && s[at] == ' ' {
		at++
	}
	if at+19 > len(s) || s[at+4] != '/' || s[at+10] != ' ' || len(name) == 0 || digit(name[0]) {
		return false
	}
	t, n := p.clock.stamp(s[at:])
	if n == 0 {
		return false
	}
	if l, ok := raftdiag.LevelByName(string(name)); ok {
		r.level = l
	} else {
		r.logger = name
	}
	r.stamped(t)
	r.msg = s[at+n:]
	return true
}
