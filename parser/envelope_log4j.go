package parser

import (
	"bytes"
	"time"

	"github.com/raftdiag/raftdiag"
)

// log4jSamples are lines in Java's layouts, and the level, logger, message, fields and
// node that they hold.
var log4jSamples = []struct{ line, want string }{
	{`2024-05-06 10:11:12,123 [s1@group-1BB0-LeaderElection5] INFO org.apache.ratis.server.RaftServer$Division: message`,
		"info org.apache.ratis.server.RaftServer$Division|message|"},
	{`2024-05-06 10:11:12 [JRaft-Closure-1] WARN NodeImpl:2342 - message`,
		"warn NodeImpl:2342|message|"},
	{`2024-05-06 10:11:12.123  WARN 1234 --- [main] c.a.s.jraft.core.NodeImpl : message`,
		"warn c.a.s.jraft.core.NodeImpl|message|"},
	{`10:11:12.123 [main] INFO  c.f.Bar - message`,
		"info c.f.Bar|message|"},
	{`[2024-05-06 10:11:12,123] INFO [RaftManager id=1] message (org.apache.kafka.raft.KafkaRaftClient)`,
		"info org.apache.kafka.raft.KafkaRaftClient|message|kafka=RaftManager self=1 group="},
}

// readLog4jRecord reads what Java's layouts put behind a stamp that was taken
// off: thread, level and class, in the orders of log4j, logback and Spring.
//
//	[s1@group-1BB0-LeaderElection5] INFO org.apache.ratis.server.RaftServer$Division: message
//	[JRaft-Closure-1] WARN NodeImpl:2342 - message
//	1234 --- [main] c.a.s.jraft.core.NodeImpl : message
func readLog4jRecord(p *reader, r *record) bool {
	s := r.msg
	stamp := raftdiag.NoStamp
	if r.time == raftdiag.NoStamp { // logback's default has no date
		since, n := clockTime(s)
		if n < 12 || !has(s[n:], " [") {
			return false
		}
		day := p.clock.near.UTC()
		if p.clock.near.IsZero() {
			day = time.Date(yearUnknown, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		stamp = raftdiag.Stamp(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC).Add(since).UnixNano())
		s = s[n+1:]
	}
	found := r.level
	if _, n := uintAt(s); n > 0 && has(s[n:], " --- ") {
		s = s[n+len(" --- "):]
	}
	for s[0] == '[' { // a thread, or an application and a thread
		end := bytes.Index(s, []byte("] "))
		if end < 1 || end > 200 {
			return false
		}
		s = bytes.TrimLeft(s[end+1:], " ")
		if len(s) == 0 {
			return false
		}
	}
	if found == raftdiag.UnknownLevel {
		n := level(s)
		if n == 0 {
			return false
		}
		found = levelNamed(s[:n])
		s = bytes.TrimLeft(s[n:], " ")
	}
	n, dots := 0, false
	for n < len(s) && n < 160 && (wordByte(s[n]) || s[n] == '$' || s[n] == ':' && n+1 < len(s) && s[n+1] != ' ') {
		dots = dots || s[n] == '.' || s[n] == ':' || s[n] == '$'
		n++
	}
	if n == 0 || !letterByte(s[0]) || !dots && len(s) == len(r.msg) {
		return false
	}
	rest := s[n:]
	switch {
	case has(rest, " - "):
		rest = rest[3:]
	case has(rest, " : "):
		rest = rest[3:]
	case has(rest, ": ") && dots && len(s) != len(r.msg):
		rest = rest[2:]
	default:
		return false
	}
	if stamp != raftdiag.NoStamp {
		r.stamped(stamp)
		p.clock.guessed++
	}
	r.level, r.logger, r.msg = found, s[:n], rest
	return true
}

func letterByte(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
