package parser

import (
	"bytes"
	"strconv"

	"github.com/raftdiag/raftdiag"
)

// tikvLogSamples are lines in TiKV's log format, and the level, logger, message, fields and
// node that they hold.
var tikvLogSamples = []struct{ line, want string }{
	{`[2024/05/06 10:11:12.123 +00:00] [INFO] [raft.rs:1120] ["starting a new election"] [term=5] [raft_id=12] [region_id=10]`,
		"info |starting a new election|term=5 raft_id=12 region_id=10"},
	{`[2020/08/14 11:08:30.130 +08:00] [INFO] [raft.rs:289] [newRaft] [peers="[]"] ["last term"=0] ["last index"=0]`,
		"info |newRaft|peers=[] last term=0 last index=0"},
	{`[2024/05/06 10:11:13.001 +00:00] [DEBUG] [raft.rs:701] ["Sending from 12 to 13"] [msg="msg_type: MsgAppend to: 13 entries {data: \"\\001\"}"] [to=13]`,
		"debug |Sending from 12 to 13|msg=msg_type: MsgAppend to: 13 entries {data: \"\\001\"} to=13"},
	{`2024-05-06T10:11:12.669794202Z stdout F [2024/05/06 10:12:14.000 +00:00] [WARN] [raft_client.rs:920] ["wait connect timeout"] [addr=10.0.0.3:20160] [store_id=3]`,
		"warn |wait connect timeout|addr=10.0.0.3:20160 store_id=3"},
}

// readTiKVRecord reads the unified log format of TiKV, PD and TiDB: fields in
// brackets, quoted as in JSON where they must be.
//
//	[2024/05/06 10:11:12.123 +00:00] [INFO] [raft.rs:1120] ["became leader at term 6"] [term=6] [raft_id=12] [region_id=10]
func readTiKVRecord(p *reader, r *record) bool {
	s := r.msg
	if !tikvStart(s) {
		return false
	}
	stamp, n := p.clock.stamp(s[1:])
	if n == 0 {
		return false
	}
	s = s[1+n:]
	if len(s) > 6 && s[0] == ' ' {
		offset, w := zoneAt(s[1:])
		if w == 0 {
			return false
		}
		stamp -= raftdiag.Stamp(offset)
		s = s[1+w:]
	}
	if !has(s, "] [") {
		return false
	}
	s = s[len("] "):]
	word, s, ok := bracketWord(s, r.cut)
	if !ok {
		return false
	}
	level, ok := raftdiag.LevelByName(string(word))
	if !ok {
		return false
	}
	s = bytes.TrimLeft(s, " ")
	var msg []byte
	fields := r.fields
	for part := 0; len(s) > 0 && s[0] == '['; part++ {
		switch word, rest, ok := bracketWord(s, r.cut); {
		case !ok:
			if part < 2 {
				return false
			}
			s = nil
		case part == 0: // file.rs:123
			s = rest
		case part == 1:
			msg, s = word, rest
		default:
			key, value := bracketPair(s[1 : len(s)-len(rest)])
			if len(key) > 0 && len(fields) < 64 {
				fields = append(fields, field{key, value})
			}
			s = rest
		}
		s = bytes.TrimLeft(s, " ")
	}
	if msg == nil {
		return false
	}
	r.stamped(stamp)
	r.level, r.msg, r.fields = level, msg, fields
	return true
}

// tikvStart reports whether s begins as TiKV's lines do: [2024/05/06 10:
func tikvStart(s []byte) bool {
	return len(s) > 40 && s[0] == '[' && digit(s[1]) && s[5] == '/' && s[8] == '/' && s[11] == ' ' && s[14] == ':'
}

// bracketWord takes [word] or ["quoted word"] off the start of s. Of a line
// that was cut, the last one may lack its end.
func bracketWord(s []byte, cut bool) (word, rest []byte, ok bool) {
	if len(s) < 2 || s[0] != '[' {
		return nil, s, false
	}
	end := bracketEnd(s)
	if end < 0 {
		if !cut {
			return nil, s, false
		}
		return unquoted(s[1:]), nil, true
	}
	return unquoted(s[1:end]), s[end+1:], true
}

// bracketEnd finds the ] that ends the bracket at the start of s.
func bracketEnd(s []byte) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted:
			return i
		}
	}
	return -1
}

// bracketPair parts key=value, each quoted or not.
func bracketPair(s []byte) (key, value []byte) {
	s = bytes.TrimRight(s, " ]")
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '=' && !quoted:
			return unquoted(s[:i]), unquoted(s[i+1:])
		}
	}
	return nil, nil
}

// unquoted takes the quotes of JSON off a word, if it has any.
func unquoted(s []byte) []byte {
	if len(s) < 2 || s[0] != '"' {
		return s
	}
	if s[len(s)-1] == '"' && bytes.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	if text, err := strconv.Unquote(string(s)); err == nil {
		return []byte(text)
	}
	return bytes.Trim(s, `"`)
}
