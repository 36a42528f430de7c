package parser

import (
	"bytes"
	"strconv"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// crdbSamples are lines in CockroachDB's log formats, and the level, logger, message, fields and
// node that they hold.
var crdbSamples = []struct{ line, want string }{
	{`I240506 10:11:12.600000 77 raft/raft.go:1100 ⋮ [n1,s1,r12/10:‹/Table/5{0-1}›,raft] 412  a became leader at term 7`,
		"info raft/raft.go:1100|a became leader at term 7|s=1 replica=r12/10 raft_id=a self=n1 group=r12"},
	{`I240506 10:11:12.501000 231 kv/kvserver/replica_raft.go:640 ⋮ [n2,s2,r12/2:‹/Table/5{0-1}›,raft] 411 +1->2 MsgApp Term:7 Log:7/43`,
		"info kv/kvserver/replica_raft.go:640|1->2 MsgApp Term:7 Log:7/43|s=2 replica=r12/2 raft_id=2 direction=received self=n2 group=r12"},
	{`W210506 10:11:12.123456 145 kv/kvserver/store.go:123  [n1,s1] 42  raft transport stream to node 2 failed: EOF`,
		"warn kv/kvserver/store.go:123|raft transport stream to node 2 failed: EOF|s=1 self=n1 group="},
	{`W180213 20:38:20.093309 286 storage/node_liveness.go:342  [n5,hb] failed node liveness heartbeat: x`,
		"warn storage/node_liveness.go:342|failed node liveness heartbeat: x| self=n5 group="},
	{`E240506 10:12:22.000000 60 2@rpc/peer.go:591 ⋮ [T1,Vsystem,n1,rnode=2,raddr=‹10.0.0.2:26257›,class=system,rpc] 422  disconnected: EOF`,
		"error 2@rpc/peer.go:591|disconnected: EOF|rnode=2 raddr=10.0.0.2:26257 class=system self=n1 group="},
	{`I240506 10:10:00.000000 60 1@util/log/event_log.go:32 ⋮ [n1] 97 ={"Timestamp":1715000000000000000,"EventType":"node_restart","NodeID":1}`,
		"info 1@util/log/event_log.go:32|structured event node_restart|Timestamp=1715000000000000000 EventType=node_restart NodeID=1 self=n1 group="},
	{`I240506 20:10:00.000000+100000 60 server/node.go:32 ⋮ [-] 97  started`,
		"info server/node.go:32|started|"},
	{`{"c":0,"t":"1715000000.123456789","sev":"I","g":77,"f":"raft/raft.go","l":1100,"n":412,"r":1,"tags":{"n":"1","s":"1","r":"12/1:{-}"},"message":"1 became leader at term 7"}`,
		"info raft/raft.go|1 became leader at term 7|s=1 replica=r12/1 raft_id=1 self=n1 group=r12"},
}

// readCrdbRecord reads CockroachDB's crdb-v1 and crdb-v2:
//
//	I240506 10:11:12.123456 145 kv/kvserver/replica_raft.go:512 ⋮ [n1,s1,r12/1:‹/Table/5{0-1}›,raft] 77  became leader
//	W210506 10:11:12.123456 145 kv/kvserver/store.go:123  [n1,s1] 42  slow
//
// A record over several lines repeats its head: + marks what goes on after a
// newline, | what goes on of a long line, = a structured payload and ! a
// stack.
func readCrdbRecord(p *reader, r *record) bool {
	s := r.msg
	if len(s) < 40 || !crdbLevel(s[0]) || !allDigits(string(s[1:7])) || s[7] != ' ' || s[10] != ':' || s[13] != ':' || s[16] != '.' {
		return false
	}
	stamp, n := crdbStamp(s[1:])
	if n == 0 {
		return false
	}
	rest := s[1+n:]
	if !has(rest, " ") {
		return false
	}
	_, w := uintAt(rest[1:]) // the goroutine
	if w == 0 || 1+w >= len(rest) || rest[1+w] != ' ' {
		return false
	}
	rest = bytes.TrimLeft(rest[1+w:], " ")
	if has(rest, "(gostd) ") {
		rest = rest[len("(gostd) "):]
	}
	end := bytes.IndexByte(rest, ' ')
	if end < 0 {
		return false
	}
	file := rest[:end]
	if colon := bytes.LastIndexByte(file, ':'); colon < 0 || colon+1 == len(file) || !digit(file[colon+1]) {
		return false
	}
	rest = bytes.TrimLeft(rest[end:], " ")
	marked := has(rest, "⋮")
	if marked {
		rest = bytes.TrimLeft(rest[len("⋮"):], " ")
	}
	var tags []byte
	if len(rest) > 0 && rest[0] == '[' {
		if end := tagsEnd(rest); end > 0 {
			tags, rest = rest[1:end], rest[end+1:]
		}
	}
	goesOn := byte(' ')
	if has(rest, " ") {
		rest = rest[1:]
		// The counter of entries, and the mark of what goes on.
		if _, w := uintAt(rest); w > 0 && w+1 < len(rest) && rest[w] == ' ' {
			switch c := rest[w+1]; c {
			case ' ', '+', '|', '=', '!':
				goesOn, rest = c, rest[w+2:]
			default:
				if marked {
					rest = rest[w+1:]
				}
			}
		}
	}
	r.time = stamp
	r.level = crdbLevels[s[0]]
	if goesOn == '!' || goesOn == '|' { // what goes on with a message is none
		r.level = raftdiag.Trace
	}
	r.logger = file
	r.tagged(p, withoutMarks(tags))
	r.msg = withoutMarks(bytes.TrimLeft(rest, " "))
	if goesOn == '+' {
		r.continued()
	}
	if goesOn == '=' {
		r.structured(r.msg)
	}
	return true
}

var crdbLevels = [256]raftdiag.Level{'I': raftdiag.Info, 'W': raftdiag.Warn, 'E': raftdiag.Error, 'F': raftdiag.Fatal}

func crdbLevel(c byte) bool { return c == 'I' || c == 'W' || c == 'E' || c == 'F' }

// crdbStamp reads 240506 10:11:12.123456, with a zone as +010000 if it has one.
func crdbStamp(s []byte) (raftdiag.Stamp, int) {
	year, month, day := 2000+two(s), two(s[2:]), two(s[4:])
	t, n := clockTime(s[7:])
	if n == 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, 0
	}
	n += 7
	stamp := raftdiag.Stamp(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).UnixNano()) + raftdiag.Stamp(t)
	if n+7 <= len(s) && (s[n] == '+' || s[n] == '-') && allDigits(string(s[n+1:n+7])) {
		zone := raftdiag.Stamp(two(s[n+1:])*3600+two(s[n+3:])*60+two(s[n+5:])) * 1e9
		if s[n] == '+' {
			zone = -zone
		}
		stamp += zone
		n += 7
	}
	return stamp, n
}

// tagsEnd finds the ] that ends the tags: keys of ranges may hold brackets.
func tagsEnd(s []byte) int {
	depth := 0
	for i := 0; i < len(s) && i < 4096; i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// withoutMarks takes the marks of redaction off: ‹ and ›.
func withoutMarks(s []byte) []byte {
	if !bytes.Contains(s, []byte("\xe2\x80\xb9")) && !bytes.Contains(s, []byte("\xe2\x80\xba")) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0xb9 || s[i+2] == 0xba) {
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// tagged reads a line's tags: who speaks, and of which range.
//
//	n1,s1,r12/1:/Table/5{0-1},raft    T1,Vsystem,n2,rnode=3,raddr=10.0.0.3:26257,class=system,rpc
func (r *record) tagged(p *reader, tags []byte) {
	for len(tags) > 0 {
		tag := tags
		if i := bytes.IndexByte(tags, ','); i >= 0 {
			tag, tags = tags[:i], tags[i+1:]
		} else {
			tags = nil
		}
		if key, value, ok := bytes.Cut(tag, []byte("=")); ok && bytes.IndexByte(key, ':') < 0 {
			r.tag(key, value)
			continue
		}
		if len(tag) > 1 && digit(tag[1]) {
			switch tag[0] {
			case 'n', 's':
				if _, n := uintAt(tag[1:]); n == len(tag)-1 {
					r.tag(tag[:1], tag[1:])
				}
			case 'r':
				r.tag(tag[:1], tag[1:])
			}
		}
	}
}

// tag keeps one tag: n and s name the node and the store, r range and replica.
func (r *record) tag(key, value []byte) {
	switch string(key) {
	case "n":
		if n, ok := whole(value); ok && n > 0 {
			r.self = append([]byte{'n'}, value...)
		}
	case "r":
		rng, n := uintAt(value)
		if n == 0 {
			return
		}
		r.group = append([]byte{'r'}, value[:n]...)
		if n+1 < len(value) && value[n] == '/' {
			if replica, w := uintAt(value[n+1:]); w > 0 && replica > 0 {
				r.fields = append(r.fields, field{[]byte("replica"), replicaWord(rng, replica)},
					field{[]byte("raft_id"), strconv.AppendUint(nil, replica, 16)})
			}
		}
	case "s", "rnode", "raddr", "class", "id":
		if len(value) > 0 && len(value) < 256 {
			r.fields = append(r.fields, field{key, value})
		}
	}
}

// replicaWord is a word for a replica that no other range shares: r12/1.
func replicaWord(rng, replica uint64) []byte {
	return strconv.AppendUint(append(strconv.AppendUint([]byte{'r'}, rng, 10), '/'), replica, 10)
}

// continued says in which direction a message goes that stands alone in the
// lines of a record: from this replica, or to it.
func (r *record) continued() {
	self := r.get("raft_id")
	arrow := bytes.Index(r.msg, []byte("->"))
	if self == nil || arrow < 0 || arrow > 24 || bytes.IndexByte(r.msg[:arrow], ' ') >= 0 {
		return
	}
	way := ""
	switch to := r.msg[arrow+2:]; {
	case bytes.HasPrefix(to, append(bytes.Clone(self), ' ')):
		way = "received"
	case string(r.msg[:arrow]) == string(self):
		way = "sent"
	default:
		return
	}
	r.fields = append(r.fields, field{[]byte("direction"), []byte(way)})
}

// structured reads a structured event: its type becomes the message.
func (r *record) structured(payload []byte) {
	text := string(payload)
	if !gjson.Valid(text) {
		return
	}
	v := gjson.Parse(text)
	kind := v.Get("EventType").String()
	if kind == "" {
		return
	}
	r.msg = []byte("structured event " + kind)
	v.ForEach(func(key, v gjson.Result) bool {
		if v.Type != gjson.JSON && len(r.fields) < 64 {
			r.fields = append(r.fields, field{[]byte(key.String()), []byte(v.String())})
		}
		return true
	})
}

// channelled reports whether keys of a CockroachDB record, in either form, stand
// in a line. Few lines have what is looked for first.
func channelled(s []byte) bool {
	return bytes.Contains(s, []byte(`_numeric":`)) && mentions(s, `"channel_numeric":`) ||
		bytes.Contains(s, []byte(`v":"`)) && mentions(s, `"sev":"`) && mentions(s, `"g":`)
}

// readCrdbJSON reads CockroachDB's json, json-compact and json-fluent.
func readCrdbJSON(p *reader, r *record) bool {
	s := r.msg
	if s[0] != '{' || s[len(s)-1] != '}' || !channelled(s) {
		return false
	}
	text := unsafe.String(unsafe.SliceData(s), len(s))
	if !gjson.Valid(text) {
		return false
	}
	var message, file []byte
	var event gjson.Result
	r.level = raftdiag.Info
	gjson.Parse(text).ForEach(func(key, v gjson.Result) bool {
		switch key.String() {
		case "message":
			message = []byte(v.String())
		case "event":
			event = v
		case "timestamp", "t":
			r.stamped(p.jsonStamp(&v))
		case "severity", "sev":
			if l, ok := raftdiag.LevelByName(v.String()); ok {
				r.level = l
			}
		case "file", "f":
			file = []byte(v.String())
		case "tags":
			v.ForEach(func(key, v gjson.Result) bool {
				r.tag([]byte(key.String()), withoutMarks([]byte(v.String())))
				return true
			})
		}
		return true
	})
	r.logger = file
	r.msg = withoutMarks(bytes.TrimSpace(message))
	if event.IsObject() {
		r.structured([]byte(event.Raw))
	}
	if len(r.msg) == 0 {
		r.msg = []byte("-")
	}
	return true
}
