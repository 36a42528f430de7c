package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// natsSamples are lines of NATS servers: with and without time, and with the
// node and the group of a Raft line.
var natsSamples = []struct{ line, want string }{
	{`[7] 2024/05/06 10:11:12.123456 [DBG] RAFT [aB3dE5gH - S-R3F-Zx12Cv34] Switching to candidate`, "debug RAFT|Switching to candidate| self=aB3dE5gH group=S-R3F-Zx12Cv34"},
	{`[7] [INF] Server is ready`, "info |Server is ready|"},
	{`2024/05/06 10:11:12.123456 [WRN] RAFT [aB3dE5gH - _meta_] 10 append entries pending`, "warn RAFT|10 append entries pending| self=aB3dE5gH group=_meta_"},
	{`[1234] 2024/05/06 10:11:12 [ERR] Error trying to connect to route (attempt 1): dial tcp 10.0.0.2:6222: connect: connection refused`,
		"error |Error trying to connect to route (attempt 1): dial tcp 10.0.0.2:6222: connect: connection refused|"},
}

// readNATS takes process, level and Raft's prefix off a NATS server's line:
//
//	[7] 2024/05/06 10:11:12.123456 [DBG] RAFT [aB3dE5gH - _meta_] Stepping down
func readNATS(p *reader, r *record) bool {
	s := r.msg
	if len(s) < 8 || s[0] != '[' {
		return false
	}
	pid, stamp := false, raftdiag.NoStamp
	if digit(s[1]) {
		_, w := uintAt(s[1:])
		if w == 0 || !has(s[1+w:], "] ") {
			return false
		}
		pid = true
		s = s[w+3:]
		if t, n := p.clock.stamp(s); n > 0 {
			stamp = t
			s = bytes.TrimLeft(s[n:], " ")
		}
	}
	if len(s) < 6 || s[0] != '[' || s[4] != ']' || s[5] != ' ' {
		return false
	}
	switch string(s[1:4]) {
	case "INF", "WRN", "ERR", "DBG", "TRC", "FTL":
	default:
		return false
	}
	level, _ := raftdiag.LevelByName(string(s[1:4]))
	s = bytes.TrimLeft(s[6:], " ")
	if len(s) == 0 || !pid && loggerAt(s) > 0 {
		return false // Go's log with hclog's levels
	}
	r.level = level
	r.stamped(stamp)
	if has(s, "RAFT [") {
		if end := bytes.IndexByte(s, ']'); end > 0 {
			if id, group, ok := bytes.Cut(s[len("RAFT ["):end], []byte(" - ")); ok {
				r.self, r.group = id, bytes.TrimSpace(group)
				r.logger = s[:len("RAFT")]
				s = bytes.TrimLeft(s[end+1:], " ")
			}
		}
	}
	r.msg = s
	return true
}
