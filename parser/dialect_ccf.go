package parser

import (
	"bytes"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// readCCFRecord reads a line of CCF's Raft trace: an object whose msg is an
// object itself, or the text of one. The function becomes the message.
func readCCFRecord(p *reader, r *record) bool {
	s := r.msg
	if s[0] != '{' || s[len(s)-1] != '}' || !bytes.Contains(s, []byte(`_trace"`)) || !bytes.Contains(s, []byte(`raft_trace"`)) {
		return false
	}
	text := unsafe.String(unsafe.SliceData(s), len(s))
	if !gjson.Valid(text) {
		return false
	}
	all := gjson.Parse(text)
	msg := all.Get("msg")
	if msg.Type == gjson.String {
		inner := msg.String()
		if !gjson.Valid(inner) {
			return false
		}
		msg = gjson.Parse(inner)
	}
	function := msg.Get("function").String()
	if function == "" {
		return false
	}
	if l, ok := raftdiag.LevelByName(all.Get("level").String()); ok {
		r.level = l
	}
	if t := all.Get("h_ts"); t.Type == gjson.String && len(t.Str) > 10 {
		r.stamped(p.jsonStamp(&t))
	}
	state := msg.Get("state")
	if id := state.Get("node_id").String(); id != "" {
		r.self = []byte(id)
	}
	add := func(key string, v gjson.Result) {
		if v.Exists() && v.Type != gjson.JSON {
			r.fields = append(r.fields, field{[]byte(key), []byte(v.String())})
		}
	}
	add("term", state.Get("current_view"))
	add("last", state.Get("last_idx"))
	add("commit", state.Get("commit_idx"))
	add("to", msg.Get("to_node_id"))
	add("from", msg.Get("from_node_id"))
	add("packet", msg.Get("packet.msg"))
	add("granted", msg.Get("packet.vote_granted"))
	add("success", msg.Get("packet.success"))
	r.msg = []byte("raft_trace " + function)
	return true
}

// ccfLines are the functions of CCF's Raft trace. A view is a term.
var ccfLines = foreign{
	dialect: otherRaft,
	name:    "CCF",
	doc:     "the Raft trace of Microsoft's CCF (CCF_RAFT_TRACING): roles, votes and refusals, with the state of the node in each line. Views are terms.",
	keys:    map[string]string{"term": "term", "last": "last", "commit": "commit"},
	rules: []rule{
		{text: "raft_trace bootstrap", sign: raftdiag.StartedUp},
		{text: "raft_trace become_leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "raft_trace become_follower", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "raft_trace become_candidate", sign: raftdiag.RoleTaken, role: raftdiag.Candidate},
		{text: "raft_trace become_pre_vote_candidate", sign: raftdiag.RoleTaken, role: raftdiag.PreCandidate},
		{text: "raft_trace send_request_vote", sign: raftdiag.VoteAsked, keys: map[string]string{"to": "peer"}},
		{text: "raft_trace recv_request_vote_response", sign: raftdiag.VoteGot, keys: map[string]string{"from": "peer"}, fix: func(l *line) bool {
			if string(l.get("granted")) == "false" {
				l.ev.Symptom.Sign = raftdiag.VoteDenied
			}
			return true
		}},
		{text: "raft_trace recv_append_entries_response", sign: raftdiag.NoiseLine, way: raftdiag.Inbound, keys: map[string]string{"from": "peer"}, fix: func(l *line) bool {
			if string(l.get("success")) == "FAIL" {
				l.ev.Symptom.Sign = raftdiag.AppendRefused
			}
			return true
		}},
		{text: "raft_trace step_down_and_nominate_successor", sign: raftdiag.TransferBegun},
		{text: "raft_trace recv_propose_request_vote", sign: raftdiag.TransferBegun, keys: map[string]string{"from": "peer"}},
		{text: "raft_trace drop_pending_to", sign: raftdiag.SendDropped, keys: map[string]string{"to": "peer"}},
		{text: "raft_trace ", sign: raftdiag.NoiseLine},
	},
	samples: []sample{
		{`{"h_ts":"17","thread_id":"100","level":"debug","tag":"raft_trace","file":"raft.h","number":"900","msg":{"function":"send_append_entries","state":{"node_id":"0","current_view":2,"last_idx":5,"commit_idx":4,"leadership_state":"Leader","membership_state":"Active","committable_indices":[5]},"packet":{"msg":"raft_append_entries","idx":5,"prev_idx":4,"term":2,"prev_term":2,"leader_commit_idx":4,"term_of_idx":2},"to_node_id":"1","match_idx":4,"sent_idx":4}}`,
			"symptom Term:2 Last:5 Commit:4 Symptom:noise Self:0"},
		{`{"h_ts":"2024-05-06T10:11:12.000001Z","thread_id":"100","level":"debug","tag":"raft_trace","file":"raft.h","number":"900","msg":"{\"function\":\"become_leader\",\"state\":{\"node_id\":\"0\",\"current_view\":2,\"last_idx\":5,\"commit_idx\":4,\"leadership_state\":\"Leader\"}}"}`,
			"symptom Role:Leader Term:2 Last:5 Commit:4 Symptom:role Self:0"},
	},
}
