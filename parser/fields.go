package parser

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/raftdiag/raftdiag"
)

// kindFields are the fields that each kind may set.
var kindFields = func() [64]raftdiag.Field {
	var f [64]raftdiag.Field
	for _, k := range raftdiag.Kinds() {
		f[k.Kind] = k.Fields
	}
	return f
}()

// uintAt reads the decimal number that s begins with.
func uintAt(s []byte) (v uint64, n int) {
	for n < len(s) && digit(s[n]) {
		d := uint64(s[n] - '0')
		if v > (1<<64-1-d)/10 {
			return 0, 0
		}
		v = v*10 + d
		n++
	}
	return v, n
}

// whole reads s, all of it, as a number.
func whole(s []byte) (uint64, bool) {
	v, n := uintAt(s)
	return v, n > 0 && n == len(s)
}

func has(s []byte, prefix string) bool {
	return len(s) >= len(prefix) && string(s[:len(prefix)]) == prefix
}

func hasEnd(s []byte, end string) bool {
	return len(s) >= len(end) && string(s[len(s)-len(end):]) == end
}

// bareValue takes Some( ) and quotes off a value.
func bareValue(v []byte) []byte {
	for len(v) > 1 {
		switch {
		case has(v, "Some(") && v[len(v)-1] == ')':
			v = v[5 : len(v)-1]
		case (v[0] == '"' || v[0] == '\'' || v[0] == '`') && v[len(v)-1] == v[0]:
			v = v[1 : len(v)-1]
		case has(v, `\"`) && hasEnd(v, `\"`) && len(v) >= 4:
			v = v[2 : len(v)-2]
		default:
			return v
		}
	}
	return v
}

// unsaid reports whether a value stands for nothing: the log was shortened by
// hand, or the value is a placeholder.
func unsaid(v []byte) bool {
	switch string(v) {
	case "", "...", "…", "None", "nil", "null", "<nil>", "?", "-", "_", "N", "{}", "N/A":
		return true
	}
	return v[0] == '.' || v[0] == '{' || v[0] == '<'
}

// pair takes the next key=value of s. A key is the word before the sign; a
// value ends at a comma or a space outside of brackets and quotes. A remark
// behind an arrow ends the list.
func pair(s []byte) (key, val, rest []byte) {
	// Nearly all are ", word=word".
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == ',') {
		i++
	}
	k := i
	for k < len(s) && simple[s[k]] {
		k++
	}
	if k > i && k < len(s) && s[k] == '=' {
		v := k + 1
		for v < len(s) && simple[s[v]] {
			v++
		}
		if v == len(s) || v > k+1 && (s[v] == ',' || s[v] == ' ') {
			return s[i:k], s[k+1 : v], s[v:]
		}
	}
	return anyPair(s)
}

// simple are the bytes of simple words.
var simple = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
	}
	return t
}()

// anyPair is pair for all other spellings.
func anyPair(s []byte) (key, val, rest []byte) {
	for {
		eq := bytes.IndexByte(s, '=')
		if eq < 0 {
			return nil, nil, nil
		}
		k := eq
		for k > 0 && s[k-1] != ' ' && s[k-1] != ',' && (s[k-1] != '(' || s[k] == ')') && s[k-1] != '{' && s[k-1] != '\t' && s[k-1] != '"' && s[k-1] != '[' {
			k--
		}
		if k > 1 && remark(s[:k]) {
			return nil, nil, nil
		}
		key = s[k:eq]
		i := eq + 1
		depth := 0
		var quote byte
	scan:
		for ; i < len(s); i++ {
			c := s[i]
			if c > ',' && c < '[' || c >= 'a' && c <= 'z' {
				continue
			}
			switch {
			case quote != 0:
				if c == '\\' {
					i++
				} else if c == quote {
					quote = 0
				}
			case c == '"' && i == eq+1:
				quote = c
			case c == '(' || c == '{' || c == '[':
				depth++
			case c == ')' || c == '}' || c == ']':
				if depth == 0 {
					break scan
				}
				depth--
			case c == ',' || c == ' ' || c == '\t' || c == '"':
				if depth == 0 {
					break scan
				}
			}
		}
		i = min(i, len(s))
		if len(key) == 0 {
			s = s[i:]
			continue
		}
		return key, s[eq+1 : i], s[i:]
	}
}

// remark reports whether somebody's arrow stands in s.
func remark(s []byte) bool {
	if len(s) < 3 {
		return false
	}
	for i, c := range s {
		switch c {
		case 0xe2:
			if has(s[i:], "→") || has(s[i:], "←") || has(s[i:], "⇐") || has(s[i:], "⟵") {
				return true
			}
		case '<':
			if has(s[i:], "<-") || has(s[i:], "<=") {
				return true
			}
		case '-':
			if has(s[i:], "->") || has(s[i:], "-->") {
				return true
			}
		}
	}
	return false
}

// withoutRemark cuts a remark behind an arrow off a text.
func withoutRemark(s []byte) []byte {
	for _, arrow := range [...]string{" ←", " <-", " →", " ⟵"} {
		if i := bytes.Index(s, []byte(arrow)); i >= 0 {
			s = s[:i]
		}
	}
	s = bytes.TrimRight(s, " \t`")
	if len(s) > 0 && s[len(s)-1] == '"' && bytes.Count(s, []byte{'"'})%2 == 1 {
		s = s[:len(s)-1]
	}
	return s
}

func number[T ~uint64](e *raftdiag.Event, bit raftdiag.Field, at *T, v []byte) bool {
	n, ok := whole(v)
	if ok {
		*at = T(n)
		e.Set |= bit
	}
	return ok
}

// sentence is what one text gave beside the event: the parts of a group's name
// and of the error.
type sentence struct {
	topic, partition, group []byte
	text                    []byte
	node                    raftdiag.NodeID
}

// fields reads the key=value pairs of s into the event. It reports false if a
// field that the kind has cannot be read. atEnd says that the line was cut
// off: a value that touches the end of s may be a part of one.
func (p *reader) fields(s []byte, e *raftdiag.Event, x *sentence) bool {
	at := &p.ways[e.Kind&63].begin
	for len(s) > 0 {
		if !p.cut {
			if s, at = follow(s, e, at); len(s) == 0 {
				return true
			}
		}
		key, val, rest := pair(s)
		if key == nil {
			return true
		}
		if p.cut && len(rest) == 0 && !lastKey(e.Kind, key) {
			return true
		}
		if !p.field(key, val, e, x) {
			return false
		}
		if !p.cut && cap(s) >= stepRoom {
			at = p.learn(at, e.Kind, s, key, val, len(s)-len(rest))
		}
		s = rest
	}
	return true
}

// masked is a text of at most 24 bytes as words, and the masks of those.
func masked(s string) (mask, word [3]uint64) {
	var text, ones [24]byte
	for i := range copy(text[:], s) {
		ones[i] = 0xff
	}
	for i := range word {
		word[i], mask[i] = binary.LittleEndian.Uint64(text[8*i:]), binary.LittleEndian.Uint64(ones[8*i:])
	}
	return mask, word
}

// eightDigits reads the number at the begin of eight bytes, and answers how many
// of them are its digits.
func eightDigits(x uint64) (num uint64, n int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	x ^= '0' * ones // a digit is its number
	n = bits.TrailingZeros64(((x+0x76*ones)|x)&tops|1<<63) / 8
	if x>>63 == 0 && (x+0x76*ones)>>63 == 0 && n == 7 {
		n = 8
	}
	x <<= uint(8-n) * 8 % 64 // noughts before it
	x = x * 2561 >> 8 & 0x00ff00ff00ff00ff
	x = x * 6553601 >> 16 & 0x0000ffff0000ffff
	return x * 42949672960001 >> 32, n
}

// hardStateAt reads HardState { term: 2, vote: 2, commit: 908 }), as
// raft-rs prints it, at place i, and answers the place behind it, or 0.
func hardStateAt(s []byte, i int, e *raftdiag.Event) int {
	var n [3]uint64
	for k, before := range [...]string{"HardState { term: ", ", vote: ", ", commit: "} {
		if i > len(s) || !has(s[i:], before) {
			return 0
		}
		i += len(before)
		num, w := uintAt(s[i:])
		if w == 0 {
			return 0
		}
		n[k], i = num, i+w
	}
	const end = " })"
	if !has(s[i:], end) {
		return 0
	}
	if i += len(end); i < len(s) && s[i] != ',' && s[i] != ' ' {
		return 0
	}
	e.Term, e.Vote, e.Commit = raftdiag.Term(n[0]), raftdiag.NodeID(n[1]), raftdiag.Index(n[2])
	e.Set |= raftdiag.HasTerm | raftdiag.HasVote | raftdiag.HasCommit
	return i
}

// lastKey reports whether a line of the kind ends with this key, so that the
// value is whole even if the line has no newline.
func lastKey(k raftdiag.Kind, key []byte) bool {
	switch string(key) {
	case "leader":
		return k == raftdiag.State
	case "entries", "reject":
		return k == raftdiag.Sent || k == raftdiag.Received
	case "recent_active":
		return true
	case "unstable_entries":
		return k == raftdiag.LogRow
	case "total", "data_len", "data.len()":
		return true
	}
	return false
}

func (p *reader) field(key, val []byte, e *raftdiag.Event, x *sentence) bool {
	v := val
	if len(v) > 0 && !digit(v[0]) {
		v = bareValue(v)
	}
	may := kindFields[e.Kind&63]
	if unsaid(v) {
		switch string(key) {
		case "leader", "leader_id", "lead":
			if string(v) == "None" && may.Has(raftdiag.HasLead) {
				e.Lead, e.Set = 0, e.Set|raftdiag.HasLead
			}
		}
		return true
	}
	switch string(key) {
	case "type", "msg_type":
		if may.Has(raftdiag.HasEntryType) {
			if t, ok := entryType(v); ok {
				e.EntryType, e.Set = t, e.Set|raftdiag.HasEntryType
			}
		} else if may.Has(raftdiag.HasType) {
			if t, ok := messageType(v); ok {
				e.Type, e.Set = t, e.Set|raftdiag.HasType
			}
		}
	case "from":
		return !may.Has(raftdiag.HasFrom) || number(e, raftdiag.HasFrom, &e.From, v)
	case "to":
		return !may.Has(raftdiag.HasTo) && !may.Has(raftdiag.HasPeer) || p.to(e, may, v)
	case "term":
		return !may.Has(raftdiag.HasTerm) || number(e, raftdiag.HasTerm, &e.Term, v)
	case "log_term", "logterm":
		return !may.Has(raftdiag.HasLogTerm) || number(e, raftdiag.HasLogTerm, &e.LogTerm, v)
	case "index":
		return !may.Has(raftdiag.HasIndex) || number(e, raftdiag.HasIndex, &e.Index, v)
	case "commit", "committed":
		switch {
		case e.Kind == raftdiag.Ready:
			return number(e, raftdiag.HasCount, &e.Count, v)
		case may.Has(raftdiag.HasCommit):
			return number(e, raftdiag.HasCommit, &e.Commit, v)
		}
	case "entries":
		switch {
		case may.Has(raftdiag.HasEntries):
			return number(e, raftdiag.HasEntries, &e.Entries, v)
		case may.Has(raftdiag.HasUnstable):
			return number(e, raftdiag.HasUnstable, &e.Unstable, v)
		}
	case "unstable_entries", "unstable":
		return !may.Has(raftdiag.HasUnstable) || number(e, raftdiag.HasUnstable, &e.Unstable, v)
	case "applied":
		return !may.Has(raftdiag.HasApplied) || number(e, raftdiag.HasApplied, &e.Applied, v)
	case "last_index", "lastindex", "last":
		return !may.Has(raftdiag.HasLast) || number(e, raftdiag.HasLast, &e.Last, v)
	case "first_index", "firstindex", "first":
		return !may.Has(raftdiag.HasFirst) || number(e, raftdiag.HasFirst, &e.First, v)
	case "reject":
		return !may.Has(raftdiag.HasReject) || flag(e, raftdiag.HasReject, &e.Reject, v)
	case "reject_hint", "hint":
		return !may.Has(raftdiag.HasHint) || number(e, raftdiag.HasHint, &e.Hint, v)
	case "snapshot", "snapshot_index":
		if n, ok := whole(v); ok && may.Has(raftdiag.HasSnapshot) {
			e.Snapshot, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasSnapshot
		}
	case "raft_state", "role", "new_role", "state":
		switch {
		case may.Has(raftdiag.HasProgressState):
			if s, ok := progressState(v); ok {
				e.State, e.Set = s, e.Set|raftdiag.HasProgressState
			}
		case may.Has(raftdiag.HasRole):
			if r, ok := roleNamed(v); ok {
				e.Role, e.Set = r, e.Set|raftdiag.HasRole
			}
		}
	case "old_role":
		if r, ok := roleNamed(v); ok && may.Has(raftdiag.HasOldRole) {
			e.OldRole, e.Set = r, e.Set|raftdiag.HasOldRole
		}
	case "leader", "leader_id", "lead":
		return !may.Has(raftdiag.HasLead) || number(e, raftdiag.HasLead, &e.Lead, v)
	case "vote":
		return !may.Has(raftdiag.HasVote) || number(e, raftdiag.HasVote, &e.Vote, v)
	case "peer", "peer_id":
		return !may.Has(raftdiag.HasPeer) || number(e, raftdiag.HasPeer, &e.Peer, v)
	case "matched", "match":
		return !may.Has(raftdiag.HasMatch) || number(e, raftdiag.HasMatch, &e.Match, v)
	case "next_idx", "next", "next_index":
		return !may.Has(raftdiag.HasNext) || number(e, raftdiag.HasNext, &e.Next, v)
	case "paused":
		return !may.Has(raftdiag.HasPaused) || flag(e, raftdiag.HasPaused, &e.Paused, v)
	case "recent_active":
		return !may.Has(raftdiag.HasRecentActive) || flag(e, raftdiag.HasRecentActive, &e.RecentActive, v)
	case "is_learner", "learner":
		return !may.Has(raftdiag.HasLearner) || flag(e, raftdiag.HasLearner, &e.Learner, v)
	case "pending_snapshot":
		return !may.Has(raftdiag.HasPendingSnapshot) || number(e, raftdiag.HasPendingSnapshot, &e.PendingSnapshot, v)
	case "inflight", "inflights", "ins":
		if n, ok := whole(v); ok && may.Has(raftdiag.HasInflight) {
			e.Inflight, e.Set = n, e.Set|raftdiag.HasInflight
		}
	case "immediate_msgs", "msgs", "messages":
		return !may.Has(raftdiag.HasImmediate) || number(e, raftdiag.HasImmediate, &e.Immediate, v)
	case "persisted_msgs":
		return !may.Has(raftdiag.HasPersisted) || number(e, raftdiag.HasPersisted, &e.Persisted, v)
	case "count", "total":
		return !may.Has(raftdiag.HasCount) || number(e, raftdiag.HasCount, &e.Count, v)
	case "data_len", "data.len()", "len", "size":
		return !may.Has(raftdiag.HasSize) || number(e, raftdiag.HasSize, &e.Size, v)
	case "soft_state":
		p.nested(v, e)
	case "hard_state":
		p.nested(v, e)
	case "topic":
		x.topic = v
	case "partition":
		x.partition = v
	case "group", "group_id":
		x.group = v
	case "node_id":
		if n, ok := whole(v); ok {
			x.node = raftdiag.NodeID(n)
		}
	case "error", "err", "reason":
		x.text = v
	}
	return true
}

// to reads the receiver: of a message, or the peer of a transport's line.
func (p *reader) to(e *raftdiag.Event, may raftdiag.Field, v []byte) bool {
	n, ok := whole(v)
	if !ok {
		return false
	}
	if may.Has(raftdiag.HasTo) {
		e.To, e.Set = raftdiag.NodeID(n), e.Set|raftdiag.HasTo
	}
	if may.Has(raftdiag.HasPeer) {
		e.Peer, e.Set = raftdiag.NodeID(n), e.Set|raftdiag.HasPeer
	}
	return true
}

func flag(e *raftdiag.Event, bit raftdiag.Field, at *bool, v []byte) bool {
	switch string(v) {
	case "true":
		*at = true
	case "false":
		*at = false
	default:
		return false
	}
	e.Set |= bit
	return true
}

// nested reads SoftState { leader_id: 2, raft_state: Leader } or
// HardState{Term:1 Vote:2 Commit:0}.
func (p *reader) nested(v []byte, e *raftdiag.Event) {
	open := bytes.IndexByte(v, '{')
	if open < 0 {
		return
	}
	v = v[open+1:]
	for {
		colon := bytes.IndexByte(v, ':')
		if colon < 0 {
			return
		}
		key := bytes.TrimLeft(v[:colon], " ,")
		v = bytes.TrimLeft(v[colon+1:], " ")
		n := 0
		for n < len(v) && v[n] != ',' && v[n] != ' ' && v[n] != '}' && v[n] != ')' {
			n++
		}
		val := bareValue(v[:n])
		v = v[n:]
		switch string(key) {
		case "term", "Term":
			number(e, raftdiag.HasTerm, &e.Term, val)
		case "vote", "Vote":
			number(e, raftdiag.HasVote, &e.Vote, val)
		case "commit", "Commit":
			number(e, raftdiag.HasCommit, &e.Commit, val)
		case "leader_id", "Lead", "leader":
			number(e, raftdiag.HasLead, &e.Lead, val)
		case "raft_state", "RaftState":
			if r, ok := roleNamed(val); ok {
				e.Role, e.Set = r, e.Set|raftdiag.HasRole
			}
		}
	}
}

func entryType(v []byte) (raftdiag.EntryType, bool) {
	switch string(v) {
	case "0", "EntryNormal", "Normal":
		return raftdiag.EntryNormal, true
	case "1", "EntryConfChange", "ConfChange":
		return raftdiag.EntryConfChange, true
	case "2", "EntryConfChangeV2", "ConfChangeV2":
		return raftdiag.EntryConfChangeV2, true
	}
	return 0, false
}

func messageType(v []byte) (raftdiag.MessageType, bool) {
	if n, ok := whole(v); ok {
		return raftdiag.MessageType(n), n < 256
	}
	switch string(v) { // the frequent ones, without a look-up
	case "MsgAppend", "MsgApp":
		return raftdiag.MsgApp, true
	case "MsgAppendResponse", "MsgAppResp":
		return raftdiag.MsgAppResp, true
	case "MsgHeartbeat":
		return raftdiag.MsgHeartbeat, true
	case "MsgHeartbeatResponse", "MsgHeartbeatResp":
		return raftdiag.MsgHeartbeatResp, true
	}
	if len(v) == 0 || len(v) > 32 || v[0] != 'M' {
		return 0, false
	}
	return raftdiag.MessageTypeByName(string(v))
}

func roleNamed(v []byte) (raftdiag.Role, bool) {
	if has(v, "State") {
		v = v[5:]
	}
	switch string(v) {
	case "Follower":
		return raftdiag.Follower, true
	case "Leader":
		return raftdiag.Leader, true
	case "Candidate":
		return raftdiag.Candidate, true
	case "PreCandidate":
		return raftdiag.PreCandidate, true
	}
	return 0, false
}

func progressState(v []byte) (raftdiag.ProgressState, bool) {
	if has(v, "State") {
		v = v[5:]
	}
	switch string(v) {
	case "Probe":
		return raftdiag.Probe, true
	case "Replicate":
		return raftdiag.Replicate, true
	case "Snapshot":
		return raftdiag.Snapshot, true
	}
	return 0, false
}

// durationAt reads 123ms, 1.5s, 200µs.
func durationAt(s []byte) (time.Duration, bool) {
	n := 0
	for n < len(s) && s[n] != ' ' && s[n] != ',' && s[n] != ')' && s[n] != ':' {
		n++
	}
	if n == 0 || n > 24 || !digit(s[0]) {
		return 0, false
	}
	d, err := time.ParseDuration(string(s[:n]))
	return d, err == nil
}
