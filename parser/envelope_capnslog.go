package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// capnslogSamples are lines of etcd before 3.4 and of dragonboat.
var capnslogSamples = []struct{ line, want string }{
	{`2024-05-06 10:11:12.104182 I | raft: 8e9e05c52164694d became leader at term 2`, "info raft|8e9e05c52164694d became leader at term 2|"},
	{`2024-05-06 10:11:12.104182 W | etcdserver/membership: a: b`, "warn etcdserver/membership|a: b|"},
	{`2024-05-06 10:11:12.123456 W | raft: [f:1,l:10,t:3,c:9,a:8] [00001:00002] t4 became candidate`,
		"warn raft|became candidate|last=10 logterm=3 commit=9 applied=8 term=4 self=00001:00002 group=1"},
	{`2024-05-06 10:11:12.123456 I | dragonboat: [00001:00002] replaying raft logs`, "info dragonboat|replaying raft logs| self=00001:00002 group=1"},
}

// readCapnslog takes the level's letter and the package off what stands behind
// a stamp:
//
//	I | raft: 8e9e05c52164694d became leader at term 2
//
// Under systemd neither is there, but maybe the package.
func readCapnslog(p *reader, r *record) bool {
	s := r.msg
	if r.env == syslog || r.env == journald {
		n := loggerAt(s)
		if n == 0 || !capnslogPackages[string(s[:n])] {
			return false
		}
		r.logger, r.msg = s[:n], s[n+2:]
		return true
	}
	if r.time == raftdiag.NoStamp || len(s) < 8 || s[1] != ' ' || s[2] != '|' || s[3] != ' ' {
		return false
	}
	level := raftdiag.UnknownLevel
	switch s[0] {
	case 'C':
		level = raftdiag.Fatal
	case 'E':
		level = raftdiag.Error
	case 'W':
		level = raftdiag.Warn
	case 'N', 'I':
		level = raftdiag.Info
	case 'D':
		level = raftdiag.Debug
	case 'T':
		level = raftdiag.Trace
	default:
		return false
	}
	s = s[4:]
	n := loggerAt(s)
	if n == 0 {
		return false
	}
	r.level, r.logger, r.msg = level, s[:n], s[n+2:]
	return true
}

// capnslogPackages are the packages of etcd that speak of Raft.
var capnslogPackages = map[string]bool{"raft": true, "rafthttp": true, "etcdserver": true, "etcdserver/membership": true, "membership": true,
	"wal": true, "snap": true, "embed": true, "etcdmain": true, "mvcc": true, "backend": true, "osutil": true, "fileutil": true}

// readDragonboat takes off the head of dragonboat's lines: the log's first and
// last index, its last term, commit and applied, then shard and replica, and
// the term; or shard and replica alone.
//
//	[f:1,l:10,t:3,c:9,a:9] [00001:00002] t4 became candidate
func readDragonboat(p *reader, r *record) bool {
	s := r.msg
	if len(s) < 14 || s[0] != '[' || r.self != nil {
		return false
	}
	var fields [5]field
	n := 0
	if has(s, "[f:") {
		end := bytes.IndexByte(s, ']')
		if end < 0 || end+2 >= len(s) || s[end+1] != ' ' {
			return false
		}
		for _, w := range bytes.Split(s[1:end], []byte(",")) {
			key, value, ok := bytes.Cut(w, []byte(":"))
			if !ok || len(value) == 0 {
				return false
			}
			name := dragonHead[string(key)]
			if name != "" && n < len(fields) {
				fields[n] = field{[]byte(name), value}
				n++
			}
		}
		s = s[end+2:]
	}
	shard, replica := shardAt(s)
	if shard == nil {
		return false
	}
	s = bytes.TrimLeft(s[len(shard)+len(replica)+3:], " ")
	if n > 0 && len(s) > 1 && s[0] == 't' && digit(s[1]) {
		if _, w := uintAt(s[1:]); 1+w == len(s) || s[1+w] == ' ' || s[1+w] == ',' {
			if n < len(fields) {
				fields[n] = field{[]byte("term"), s[1 : 1+w]}
				n++
			}
			s = s[1+w:]
		}
	}
	r.msg = bytes.TrimLeft(s, ", ")
	r.fields = append(r.fields, fields[:n]...)
	r.self = []byte(string(shard) + ":" + string(replica))
	r.group = bytes.TrimLeft(shard[:len(shard)-1], "0")
	r.group = shard[len(shard)-1-len(r.group):]
	return true
}

// dragonHead are the keys of the head, as fields.
var dragonHead = map[string]string{"l": "last", "t": "logterm", "c": "commit", "a": "applied"}

// shardAt reads [00001:00002] at the start of s.
func shardAt(s []byte) (shard, replica []byte) {
	if len(s) < 13 || s[0] != '[' {
		return nil, nil
	}
	_, a := uintAt(s[1:])
	if a < 5 || 1+a >= len(s) || s[1+a] != ':' {
		return nil, nil
	}
	_, b := uintAt(s[2+a:])
	if b < 5 || 2+a+b >= len(s) || s[2+a+b] != ']' {
		return nil, nil
	}
	return s[1 : 1+a], s[2+a : 2+a+b]
}
