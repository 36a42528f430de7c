package parser

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// trace reads an event of go.etcd.io/raft's state trace (build tag with_tla),
// bare or as the field event of a log record, where all ids are decimal:
//
//	{"msg":"trace","tag":"trace","event":{"name":"SendAppendEntriesRequest","nid":"1","state":{"term":3,"vote":"1","commit":8},
//	 "role":"StateLeader","log":12,"conf":[["1","2","3"],[]],"msg":{"type":"MsgApp","term":3,"from":"1","to":"2","entries":1,"logTerm":3,"index":11,"commit":8}}}
//
// Every line prints the node's state; lines of messages print their header as
// well. The state is one event and the message another.
func (p *reader) trace(rec *record, it *item) outcome {
	s := rec.get("event")
	if s == nil {
		s = rec.msg
	}
	if len(s) == 0 || s[0] != '{' || !bytes.Contains(s, []byte(`"nid":`)) {
		return notRaft
	}
	v := gjson.Parse(unsafe.String(unsafe.SliceData(s), len(s)))
	if !gjson.Valid(v.Raw) {
		return notRaft
	}
	name, state := v.Get("name").String(), v.Get("state")
	self, ok := decimalID(v.Get("nid"))
	role, known := raftdiag.RoleByName(v.Get("role").String())
	if !ok || self == 0 || !known || name == "" || !state.Get("term").Exists() {
		return notRaft
	}
	e := &it.ev
	e.Kind, e.Node, e.Time, e.Writer = raftdiag.State, self, rec.time, rec.writer
	e.Role, e.Term, e.Commit, e.Set = role, raftdiag.Term(state.Get("term").Uint()), raftdiag.Index(state.Get("commit").Uint()), raftdiag.HasRole|raftdiag.HasTerm|raftdiag.HasCommit
	if e.Vote, ok = decimalID(state.Get("vote")); ok {
		e.Set |= raftdiag.HasVote
	}
	if last := v.Get("log"); last.Exists() {
		e.Last, e.Set = raftdiag.Index(last.Uint()), e.Set|raftdiag.HasLast
	}
	if conf := v.Get("conf"); conf.IsArray() {
		halves := conf.Array()
		c := &raftdiag.Config{}
		for i, to := range []*[]raftdiag.NodeID{&c.Voters, &c.VotersOutgoing} {
			if i >= len(halves) {
				break
			}
			for _, x := range halves[i].Array() {
				if n, ok := decimalID(x); ok {
					*to = append(*to, n)
				}
			}
		}
		e.Config = c
	}
	if name == "InitState" {
		e.Kind = raftdiag.Booted
		e.Set &^= raftdiag.HasRole
		e.Role = raftdiag.UnknownRole
	}
	it.dialect, it.env, it.part = stateTrace, rec.env, tracePart
	p.describedGroup(rec, e)

	m := v.Get("msg")
	kind, known := raftdiag.MessageTypeByName(m.Get("type").String())
	if !m.IsObject() || !known {
		return raft
	}
	way := raftdiag.NoKind
	switch {
	case len(name) > 4 && name[:4] == "Send":
		way = raftdiag.Sent
	case len(name) > 7 && name[:7] == "Receive":
		way = raftdiag.Received
	default:
		return raft
	}
	x := item{row: 0, dialect: stateTrace, env: rec.env, part: messagePart}
	x.ev = raftdiag.Event{Kind: way, Node: self, Time: e.Time, Writer: e.Writer, Group: e.Group}
	msg := &x.ev
	from, ok1 := decimalID(m.Get("from"))
	to, ok2 := decimalID(m.Get("to"))
	if !ok1 || !ok2 {
		return raft
	}
	msg.Type, msg.From, msg.To = kind, from, to
	msg.Term, msg.Commit, msg.Reject = raftdiag.Term(m.Get("term").Uint()), raftdiag.Index(m.Get("commit").Uint()), m.Get("reject").Bool()
	msg.LogTerm, msg.Index = raftdiag.Term(m.Get("logTerm").Uint()), raftdiag.Index(m.Get("index").Uint())
	msg.Set = raftdiag.HasType | raftdiag.HasFrom | raftdiag.HasTo | raftdiag.HasTerm | raftdiag.HasLogTerm | raftdiag.HasIndex | raftdiag.HasCommit | raftdiag.HasReject
	if msg.Reject {
		msg.Hint, msg.Set = raftdiag.Index(m.Get("rejectHint").Uint()), msg.Set|raftdiag.HasHint
	}
	if n := m.Get("entries").Uint(); kind == raftdiag.MsgSnap {
		msg.Snapshot, msg.Set = raftdiag.Index(n), msg.Set|raftdiag.HasSnapshot // not a count, but the snapshot's index
	} else {
		msg.Entries, msg.Set = n, msg.Set|raftdiag.HasEntries
	}
	p.extra = append(p.extra, x)
	return raft
}

// decimalID reads an id that is a number or a decimal in quotes.
func decimalID(v gjson.Result) (raftdiag.NodeID, bool) {
	n, err := strconv.ParseUint(v.String(), 10, 64)
	return raftdiag.NodeID(n), err == nil
}
