package parser

import (
	"bytes"
	"time"

	"github.com/raftdiag/raftdiag"
)

// readRedisRecord reads the lines of Redis and of its modules:
//
//	12345:M 06 May 2024 10:11:12.123 . <raft> <raftlib> 1 --> 2, sent appendentries_req ...
func readRedisRecord(p *reader, r *record) bool {
	s := r.msg
	_, n := uintAt(s)
	if n == 0 || n+30 > len(s) || s[n] != ':' || !letterByte(s[n+1]) || s[n+2] != ' ' || !digit(s[n+3]) || !digit(s[n+4]) || s[n+5] != ' ' {
		return false
	}
	day, month, rest := two(s[n+3:]), monthNamed(s[n+6:]), s[n+9:]
	if month == 0 || len(rest) < 20 || rest[0] != ' ' || !allDigits(string(rest[1:5])) || rest[5] != ' ' {
		return false
	}
	since, w := clockTime(rest[6:])
	if w == 0 || len(rest) < 6+w+4 || rest[6+w] != ' ' || rest[8+w] != ' ' {
		return false
	}
	level, ok := redisLevels[rest[7+w]]
	if !ok {
		return false
	}
	r.stamped(raftdiag.Stamp(time.Date(two(rest[1:])*100+two(rest[3:]), time.Month(month), day, 0, 0, 0, 0, time.UTC).Add(since).UnixNano()))
	r.level, r.msg = level, rest[9+w:]
	for len(r.msg) > 2 && r.msg[0] == '<' {
		end := bytes.IndexByte(r.msg, '>')
		if end < 0 || end > 48 {
			break
		}
		r.logger = r.msg[:end+1]
		if end+1 >= len(r.msg) {
			break
		}
		r.msg = bytes.TrimLeft(r.msg[end+1:], " ")
	}
	return true
}

var redisLevels = map[byte]raftdiag.Level{'.': raftdiag.Debug, '-': raftdiag.Debug, '*': raftdiag.Info, '#': raftdiag.Warn}

// redisRaftLines are the words of RedisRaft. Its trace prints every message on
// both sides.
var redisRaftLines = foreign{
	dialect: otherRaft,
	name:    "RedisRaft",
	doc:     "RedisRaft and its Raft library: state changes at notice, every message (1 --> 2, sent appendentries_req) with raft.trace.",
	speaks:  func(r *record) bool { return has(r.logger, "<") },
	rules: []rule{
		{text: "{self:int} --> {peer:int}, sent {what:word} {text}", sign: raftdiag.NoiseLine, fix: redisMessage(raftdiag.Sent)},
		{text: "{self:int} <-- {peer:int}, recv {what:word} {text}", sign: raftdiag.NoiseLine, fix: redisMessage(raftdiag.Received)},
		{text: "{self:int} --> {peer:int}, sent timeout_now", sign: raftdiag.TransferBegun},
		{text: "recv entry t:{term:int}, id:{}, type:{}, len:{}. assigned idx:{index:int}", sign: raftdiag.NoiseLine, fix: as(raftdiag.Proposed, raftdiag.HasTerm|raftdiag.HasIndex)},
		{text: "applying log: {index:int}, id: {}", sign: raftdiag.NoiseLine, fix: as(raftdiag.Applied, raftdiag.HasIndex)},
		{text: "become leader, term:{term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "become candidate, term:{term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "become pre-candidate, term:{term:int}", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate},
		{text: "become follower, term:{term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "election starting, timeout_elapsed:{}, term:{term:int}", sign: raftdiag.CampaignBegun},
		{text: "quorum does not exist, stepping down", sign: raftdiag.QuorumLost},
		{text: "AE term:{term:int} is less than current term:", sign: raftdiag.LowerTermIgnored},
		{text: "AE no log at prev_log_idx:{index:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "AE prev_log_term:{logterm:int} doesn't match entry term:", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "State change: Node is now a leader, term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "State change: Node is now a follower, term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "State change: Node is now a candidate, term {term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "State change: Election starting, node is now a pre-candidate", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate},
		{text: "Cluster Membership: {text}", sign: raftdiag.Membership},
		{text: "Raft state after loading log: log_count={}, first_idx={}, current_idx={last:int}, last_applied_idx={applied:int}", sign: raftdiag.StartedUp},
	},
	samples: []sample{
		{`12345:M 06 May 2024 10:11:12.120 . <raft> <raftlib> recv entry t:3, id:77, type:0, len:42. assigned idx:42`,
			"proposed Term:3 Index:42"},
		{`12345:M 06 May 2024 10:11:12.121 . <raft> <raftlib> 1 --> 2, sent appendentries_req lead:1, id:901, t:3, pli:41, plt:3, lc:41 ent:1`,
			"sent 1->2 MsgApp Term:3 Log:3/41 Commit:41 Entries:1"},
		{`12346:M 06 May 2024 10:11:12.122 . <raft> <raftlib> 2 <-- 1, recv appendentries_req lead:1, id:901, t:3, pli:41, plt:3, lc:41 ent:1`,
			"received 1->2 MsgApp Term:3 Log:3/41 Commit:41 Entries:1"},
		{`12346:M 06 May 2024 10:11:12.124 . <raft> <raftlib> 2 --> 1, sent appendentries_resp id:901, t:3, s:1, ci:42`,
			"sent 2->1 MsgAppResp Term:3 Log:?/42"},
		{`12345:M 06 May 2024 10:11:12.125 . <raft> <raftlib> 1 <-- 2, recv appendentries_resp id:901, t:3, s:1, ci:42`,
			"received 2->1 MsgAppResp Term:3 Log:?/42"},
		{`12345:M 06 May 2024 10:11:12.125 . <raft> <raftlib> 1 --> 2, sent requestvote_req pv:1, t:3, ci:1, lli:42, llt:3`,
			"sent 1->2 MsgPreVote Term:3 Log:3/42"},
		{`12345:M 06 May 2024 10:11:12.125 . <raft> <raftlib> 1 <-- 2, recv requestvote_resp pv:0, rt:3, t:4, vg:0`,
			"received 2->1 MsgVoteResp Term:4 Rejected"},
		{`12345:M 06 May 2024 10:11:12.125 * <raft> State change: Node is now a leader, term 4`,
			"symptom Role:Leader Term:4 Symptom:role"},
		{`12345:M 06 May 2024 10:11:12.125 * <raft> Raft state after loading log: log_count=42, first_idx=1, current_idx=42, last_applied_idx=40`,
			"symptom Last:42 Applied:40 Symptom:started"},
	},
}

// redisMessage makes an event of a message:
//
//	1 --> 2, sent appendentries_req lead:1, id:901, t:3, pli:41, plt:3, lc:41 ent:1
func redisMessage(kind raftdiag.Kind) func(l *line) bool {
	return func(l *line) bool {
		e := l.ev
		self, ok := whole([]byte(e.Symptom.Self[0]))
		peer, ok2 := whole([]byte(e.Symptom.Peer[0]))
		if !ok || !ok2 || self == 0 || peer == 0 {
			return true
		}
		m := raftdiag.Event{Kind: kind, Time: e.Time, Writer: e.Writer, Group: e.Group, Node: raftdiag.NodeID(self)}
		m.From, m.To = raftdiag.NodeID(self), raftdiag.NodeID(peer)
		if kind == raftdiag.Received {
			m.From, m.To = m.To, m.From
		}
		m.Set = raftdiag.HasFrom | raftdiag.HasTo
		value := func(key string) (uint64, bool) {
			for _, w := range bytes.FieldsFunc([]byte(e.Text), func(r rune) bool { return r == ' ' || r == ',' }) {
				if v, ok := bytes.CutPrefix(w, []byte(key)); ok {
					n, ok := whole(v)
					return n, ok
				}
			}
			return 0, false
		}
		take := func(key string, bit raftdiag.Field, to *uint64) bool {
			n, ok := value(key)
			if ok {
				*to, m.Set = n, m.Set|bit
			}
			return ok
		}
		if !take("t:", raftdiag.HasTerm, (*uint64)(&m.Term)) {
			return true
		}
		ok = true
		switch e.Symptom.What {
		case "appendentries_req":
			m.Type = raftdiag.MsgApp
			ok = take("pli:", raftdiag.HasIndex, (*uint64)(&m.Index)) && take("plt:", raftdiag.HasLogTerm, (*uint64)(&m.LogTerm)) &&
				take("lc:", raftdiag.HasCommit, (*uint64)(&m.Commit)) && take("ent:", raftdiag.HasEntries, &m.Entries)
		case "appendentries_resp":
			m.Type = raftdiag.MsgAppResp
			success, known := value("s:")
			m.Reject = success == 0
			m.Set |= raftdiag.HasReject
			if m.Reject {
				ok = known && take("ci:", raftdiag.HasHint, (*uint64)(&m.Hint))
			} else {
				ok = known && take("ci:", raftdiag.HasIndex, (*uint64)(&m.Index))
			}
		case "requestvote_req":
			m.Type = raftdiag.MsgVote
			if pre, _ := value("pv:"); pre == 1 {
				m.Type = raftdiag.MsgPreVote
			}
			ok = take("lli:", raftdiag.HasIndex, (*uint64)(&m.Index)) && take("llt:", raftdiag.HasLogTerm, (*uint64)(&m.LogTerm))
		case "requestvote_resp":
			m.Type = raftdiag.MsgVoteResp
			if pre, _ := value("pv:"); pre == 1 {
				m.Type = raftdiag.MsgPreVoteResp
			}
			granted, known := value("vg:")
			m.Reject, ok = granted == 0, known
			m.Set |= raftdiag.HasReject
		case "snapshot_req":
			m.Type = raftdiag.MsgSnap
			ok = take("si:", raftdiag.HasSnapshot, (*uint64)(&m.Snapshot))
		default:
			return true
		}
		if !ok {
			return true
		}
		m.Set |= raftdiag.HasType
		*e = m
		return true
	}
}
