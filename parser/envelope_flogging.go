package parser

import (
	"bytes"
	"strconv"

	"github.com/raftdiag/raftdiag"
)

// floggingSamples are lines of Hyperledger Fabric, of 2.x and of 1.4.
var floggingSamples = []struct{ line, want string }{
	{`2024-01-02 15:04:05.123 UTC 0a3f INFO [orderer.consensus.etcdraft] becomeLeader -> 1a became leader at term 2 channel=c1 node=26`,
		"info orderer.consensus.etcdraft|1a became leader at term 2| self=1a group=c1"},
	{`2024-01-02 15:04:05.123 UTC [orderer.consensus.etcdraft] becomeLeader -> ERRO 0a3f 1 became leader at term 2 channel=c1 node=1`,
		"error orderer.consensus.etcdraft|1 became leader at term 2| self=1 group=c1"},
	{`2024-01-02 15:04:05.123 UTC 0001 PANI [orderer.common.server] Main -> it fails`, "fatal orderer.common.server|it fails|"},
}

// readFlogging takes off what Fabric's logger puts behind a stamp, and the
// channel and the node's decimal id at the end:
//
//	UTC 0a3f INFO [module] func -> text channel=c1 node=1
//	UTC [module] func -> INFO 0a3f text
func readFlogging(_ *reader, r *record) bool {
	s := r.msg
	if r.time == raftdiag.NoStamp || len(s) < 16 {
		return false
	}
	if has(s, "UTC ") {
		s = s[4:]
	}
	level, n := floggingHead(s)
	s = s[n:]
	if s[0] != '[' {
		return false
	}
	end := bytes.IndexByte(s[:min(len(s), 80)], ']')
	arrow := bytes.Index(s[:min(len(s), 160)], []byte(" -> "))
	if end < 2 || arrow < end || bytes.IndexByte(s[1:end], ' ') >= 0 || bytes.IndexByte(bytes.TrimLeft(s[end+1:arrow], " "), ' ') >= 0 {
		return false
	}
	module := s[1:end]
	s = s[arrow+4:]
	if level == raftdiag.UnknownLevel {
		for i := range floggingLevels {
			if l := &floggingLevels[i]; has(s, l.word) && len(s) > 5 && s[4] == ' ' {
				w := 5
				for w < len(s) && hexSort.takes(s[w]) {
					w++
				}
				if w > 5 && w < len(s) && s[w] == ' ' {
					level, s = l.level, s[w+1:]
				}
				break
			}
		}
		if level == raftdiag.UnknownLevel {
			return false
		}
	}
	r.level, r.logger, r.msg = level, module, s
	if at := bytes.LastIndex(s, []byte(" channel=")); at >= 0 {
		rest := s[at+len(" channel="):]
		channel, node, _ := bytes.Cut(rest, []byte(" node="))
		if bytes.IndexByte(channel, ' ') >= 0 || bytes.IndexByte(node, ' ') >= 0 {
			return true
		}
		r.msg, r.group = s[:at], channel
		if id, w := uintAt(node); w > 0 && w == len(node) {
			r.self = strconv.AppendUint(nil, id, 16)
		}
	}
	return true
}

// floggingHead reads "0a3f INFO " and answers how long it is.
func floggingHead(s []byte) (raftdiag.Level, int) {
	w := 0
	for w < len(s) && w < 16 && hexSort.takes(s[w]) {
		w++
	}
	if w < 4 || len(s) < w+8 || s[w] != ' ' || s[w+5] != ' ' {
		return raftdiag.UnknownLevel, 0
	}
	for _, l := range floggingLevels {
		if has(s[w+1:], l.word) {
			return l.level, w + 6
		}
	}
	return raftdiag.UnknownLevel, 0
}

var floggingLevels = []struct {
	word  string
	level raftdiag.Level
}{{"DEBU", raftdiag.Debug}, {"INFO", raftdiag.Info}, {"WARN", raftdiag.Warn}, {"ERRO", raftdiag.Error}, {"PANI", raftdiag.Fatal}, {"FATA", raftdiag.Fatal}}
