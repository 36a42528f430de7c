package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// hclogSamples are lines as hashicorp's hclog writes them, and the level,
// logger, message and fields that they hold.
var hclogSamples = []struct{ line, want string }{
	{`2024-05-06T10:11:12.000Z [INFO]  agent.server.raft: election won: term=2 tally=2`, "info agent.server.raft|election won|term=2 tally=2"},
	{`2024-05-06T10:11:12.000+0100 [WARN]  raft: heartbeat timeout reached, starting election: last-leader-addr= last-leader-id=`,
		"warn raft|heartbeat timeout reached, starting election|last-leader-addr= last-leader-id="},
	{`    2020-01-02T15:04:05.123Z [ERROR] nomad.raft: failed to heartbeat to: peer=10.0.0.3:4647 backoff time=50ms error="dial tcp 10.0.0.3:4647: connect: connection refused"`,
		"error nomad.raft|failed to heartbeat to|peer=10.0.0.3:4647 backoff time=50ms error=dial tcp 10.0.0.3:4647: connect: connection refused"},
	{`2024-05-06T10:11:12.000Z [DEBUG] raft: pre-vote denied: found newer term, falling back to follower: term=3`,
		"debug raft|pre-vote denied: found newer term, falling back to follower|term=3"},
	{`2018/05/06 10:11:12 [ERR] raft: Failed to heartbeat to 10.0.0.2:8300: EOF`, "error raft|Failed to heartbeat to 10.0.0.2:8300: EOF|"},
	{`2024-05-06T10:11:12.000Z [INFO]  agent.server.serf.lan: serf: EventMemberFailed: server2 10.0.0.2`, "info agent.server.serf.lan|EventMemberFailed: server2 10.0.0.2|"},
	{`[raft] 2024/05/06 10:11:12 [INFO]  entering follower state: follower="Node at 127.0.0.1:4002 [Follower]" leader-address= leader-id=`,
		"info raft|entering follower state|follower=Node at 127.0.0.1:4002 [Follower] leader-address= leader-id="},
	{`agent.server.raft: election won: term=2 tally=2`, " agent.server.raft|election won|term=2 tally=2"},
	{`2024-05-06T10:11:12.000Z [ERROR] shutdown: error="a \"b\""`, `error |shutdown|error=a "b"`},
	{`2024-05-06T10:11:12.000Z [INFO]  raft/api.go:605: raft: initial configuration: index=1 servers="[{Suffrage:Voter ID:n1 Address:10.0.0.1:8300}]"`,
		"info raft|initial configuration|index=1 servers=[{Suffrage:Voter ID:n1 Address:10.0.0.1:8300}]"},
}

// readHclog takes the level in brackets, the logger's name and the fields off
// hclog's text, and off what Go's log prints with such levels:
//
//	[INFO]  agent.server.raft: election won: term=2 tally=2
//	[WARN] raft: Heartbeat timeout from "" reached, starting election
//
// What stands in front of the level is other envelopes' matter.
func readHclog(p *reader, r *record) bool {
	s := r.msg
	level, n := hclogLevel(s)
	if n == 0 {
		// syslog keeps the level to itself.
		n := loggerAt(s)
		if n == 0 || r.logger != nil || !bytes.HasSuffix(s[:n], []byte(".raft")) {
			return false
		}
		r.logger = s[:n]
		r.msg, r.fields = splitFields(s[n+2:], r.cut, r.fields)
		return true
	}
	s = bytes.TrimLeft(s[n:], " ")
	if len(s) == 0 || s[0] == '[' {
		return false // TiKV's, with brackets around all
	}
	if c := callerAt(s); c > 0 {
		s = s[c:]
	}
	logger := r.logger
	if n := loggerAt(s); n > 0 {
		if rest := s[n+2:]; keyAt(rest) == 0 {
			logger, s = s[:n], rest
		}
	}
	for _, name := range hclogTwice { // the standard logger's name within hclog's
		if has(s, name) {
			if len(logger) == 0 {
				logger = s[:len(name)-2]
			}
			s = s[len(name):]
			break
		}
	}
	r.level, r.logger = level, logger
	r.msg, r.fields = splitFields(s, r.cut, r.fields)
	return true
}

// hclogTwice are names of loggers that a line repeats when the library writes
// through Go's log.
var hclogTwice = [...]string{"serf: ", "memberlist: ", "raft: ", "raft-net: ", "snapshot: "}

// hclogLevel reads [INFO], and how long it is.
func hclogLevel(s []byte) (raftdiag.Level, int) {
	if len(s) < 6 || s[0] != '[' || s[1] < 'D' || s[1] > 'W' {
		return 0, 0
	}
	end := bytes.IndexByte(s[:min(len(s), 8)], ']')
	if end < 0 {
		return 0, 0
	}
	switch string(s[1:end]) {
	case "TRACE":
		return raftdiag.Trace, end + 1
	case "DEBUG":
		return raftdiag.Debug, end + 1
	case "INFO":
		return raftdiag.Info, end + 1
	case "WARN":
		return raftdiag.Warn, end + 1
	case "ERROR", "ERR":
		return raftdiag.Error, end + 1
	}
	return 0, 0
}

// loggerAt is the length of a logger's name at the start of s, with ": "
// behind it.
func loggerAt(s []byte) int {
	n := 0
	for n < len(s) && n < 80 && wordByte(s[n]) {
		n++
	}
	if n == 0 || n+2 >= len(s) || s[n] != ':' || s[n+1] != ' ' {
		return 0
	}
	return n
}

// callerAt is the length of "raft/api.go:605: " at the start of s, or 0.
func callerAt(s []byte) int {
	head := s[:min(len(s), 100)]
	if i := bytes.IndexByte(head, ' '); i >= 0 {
		head = head[:i]
	}
	if len(head) < len("a.go:1:") {
		return 0
	}
	i := bytes.Index(head, []byte(".go:"))
	if i < 1 {
		return 0
	}
	_, w := uintAt(s[i+4:])
	if w == 0 || !has(s[i+4+w:], ": ") {
		return 0
	}
	return i + 4 + w + 2
}

// splitFields parts a message from the key=value behind its last colon.
func splitFields(s []byte, cut bool, fields []field) ([]byte, []field) {
	for i := 0; i < len(s); i++ {
		j := bytes.IndexByte(s[i:], ':')
		if j < 0 {
			break
		}
		i += j
		if i+1 < len(s) && s[i+1] != ' ' {
			continue
		}
		if all, ok := keyValues(s[i+1:], cut, fields); ok {
			return s[:i], all
		}
	}
	return bytes.TrimRight(s, ":"), fields
}
