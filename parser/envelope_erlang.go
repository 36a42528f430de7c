package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// erlangSamples are lines of RabbitMQ's log and of OTP's logger.
var erlangSamples = []struct{ line, want string }{
	{`2024-05-06 10:11:12.123456+00:00 [notice] <0.812.0> queue 'q1' in vhost '/': candidate -> leader in term: 5 machine version: 7, last applied 120`,
		"info |queue 'q1' in vhost '/': candidate -> leader in term: 5 machine version: 7, last applied 120|"},
	{`2024-05-06 10:11:12.123 [error] <0.1.0> Disk alarm`, "error |Disk alarm|"},
	{`2024-05-06T10:11:12.123456+00:00 notice: cluster_a: follower -> pre_vote in term: 5`, "info |cluster_a: follower -> pre_vote in term: 5|"},
}

// readErlang takes level and process off what stands behind a stamp in
// RabbitMQ's log, or the level with a colon of OTP's own.
//
//	[info] <0.812.0> granting vote
//	notice: granting vote
func readErlang(p *reader, r *record) bool {
	s := r.msg
	if r.time == raftdiag.NoStamp || len(s) < 8 || r.level != raftdiag.UnknownLevel {
		return false
	}
	if s[0] == '[' {
		end := bytes.IndexByte(s[:min(len(s), 12)], ']')
		if end < 0 || !has(s[end:], "] <") {
			return false
		}
		level, ok := raftdiag.LevelByName(string(s[1:end]))
		pid := bytes.IndexByte(s[end:min(len(s), end+40)], '>')
		if !ok || pid < 0 {
			return false
		}
		r.level, r.msg = level, s[end+pid+1:]
		return true
	}
	for _, name := range erlangLevels {
		if has(s, name) {
			r.level, _ = raftdiag.LevelByName(name[:len(name)-2])
			r.msg = s[len(name):]
			return true
		}
	}
	return false
}

var erlangLevels = [...]string{"debug: ", "info: ", "notice: ", "warning: ", "error: ", "critical: ", "alert: ", "emergency: "}
