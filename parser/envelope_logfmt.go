package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// logfmtSamples are lines of logfmt and logrus, on a terminal too.
var logfmtSamples = []struct{ line, want string }{
	{`time="2024-05-06T10:11:12Z" level=info msg="1 became leader at term 2" module=raft node.id=abc`, "info raft|1 became leader at term 2|node.id=abc"},
	{`time=2024-05-06T10:11:12.123+00:00 level=WARN msg=stalled peer=n2 err="i/o timeout"`, "warn |stalled|peer=n2 err=i/o timeout"},
	{`ts=2024-05-06T10:11:12.123Z caller=main.go:12 level=error component=cluster msg="no leader"`, "error cluster|no leader|"},
	{`INFO[0001] 1 became leader at term 2                   module=raft term=2`, "info raft|1 became leader at term 2|term=2"},
	{`WARN[0102] no leader`, "warn |no leader|"},
}

// readLogfmt reads key=value lines that hold a message.
//
//	time="2024-05-06T10:11:12Z" level=info msg="no leader" module=raft
//	INFO[0001] no leader                            module=raft
func readLogfmt(p *reader, r *record) bool {
	s := r.msg
	if s[0] >= 'D' && s[0] <= 'W' {
		if n := bytes.IndexByte(s[:min(len(s), 8)], '['); n >= 4 {
			return readTTY(r, s[:n], s[n+1:])
		}
		return false
	}
	n := keyAt(s)
	if n == 0 || !keyPartOf(string(s[:n])).opens() {
		return false
	}
	from := len(r.fields)
	all, ok := keyValues(s, r.cut, r.fields)
	if !ok {
		return false
	}
	var message, logger []byte
	found := false
	for _, f := range all[from:] {
		if keyPartOf(string(f.key)) == messageText && !found {
			message, found = f.value, true
		}
	}
	if !found {
		return false
	}
	kept, level, stamp, taken := all[:from], raftdiag.UnknownLevel, raftdiag.NoStamp, false
	for _, f := range all[from:] {
		switch part := keyPartOf(string(f.key)); {
		case part == messageText && !taken:
			taken = true
		case part == timePart && stamp == raftdiag.NoStamp:
			if t, n := p.clock.stamp(f.value); n > 0 {
				stamp = t
			} else if t, ok := seconds(string(f.value)); ok {
				stamp = t
			}
		case part == levelPart && level == raftdiag.UnknownLevel:
			level, _ = raftdiag.LevelByName(string(f.value))
		case part == loggerPart && logger == nil:
			logger = f.value
		case part == dullPart:
		default:
			kept = append(kept, f)
		}
	}
	r.msg, r.fields = message, kept
	if logger != nil {
		r.logger = logger
	}
	if level != raftdiag.UnknownLevel {
		r.level = level
	}
	r.stamped(stamp)
	return true
}

// readTTY reads logrus's form for terminals: a message padded with spaces, then
// fields.
func readTTY(r *record, name, s []byte) bool {
	level, ok := raftdiag.LevelByName(string(name))
	_, w := uintAt(s)
	if !ok || w == 0 || w >= len(s) || s[w] != ']' {
		return false
	}
	s = bytes.TrimLeft(s[w+1:], " ")
	r.level = level
	from := len(r.fields)
	for i := bytes.IndexByte(s, '='); i > 0; i = -1 {
		at := i
		for at > 0 && s[at-1] != ' ' {
			at--
		}
		all, ok := keyValues(s[at:], r.cut, r.fields)
		if !ok {
			break
		}
		kept := all[:from]
		for _, f := range all[from:] {
			if keyPartOf(string(f.key)) == loggerPart {
				r.logger = f.value
				continue
			}
			kept = append(kept, f)
		}
		r.fields, s = kept, s[:at]
	}
	r.msg = bytes.TrimRight(s, " ")
	return true
}
