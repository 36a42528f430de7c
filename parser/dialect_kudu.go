package parser

import (
	"strings"

	"github.com/raftdiag/raftdiag"
)

// kuduLines are the words of the Raft of Kudu and YugabyteDB, in glog: T names
// the tablet, P the peer, and every line samples term and role.
var kuduLines = foreign{
	dialect: otherRaft,
	name:    "Kudu",
	doc:     "the Raft of Apache Kudu and YugabyteDB in glog: elections, leaders and refusals. T is the tablet (group), P the peer (node).",
	speaks:  func(r *record) bool { return r.env == klog },
	rules: []rule{
		{text: "T {group:word} P {self:word} [term {term:int} {role:word}]: Starting pre-election ({text})", sign: raftdiag.CampaignBegun, fix: kuduPre},
		{text: "T {group:word} P {self:word} [term {term:int} {role:word}]: Starting leader election ({text})", sign: raftdiag.CampaignBegun, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Becoming Leader", sign: raftdiag.RoleTaken, role: raftdiag.Leader, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Becoming Follower", sign: raftdiag.RoleTaken, role: raftdiag.Follower, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Leader election won for term {}", sign: raftdiag.RoleTaken, role: raftdiag.Leader, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Leader pre-election won for term {}", sign: raftdiag.NoiseLine, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Leader election lost for term {}", sign: raftdiag.VoteDenied, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Leader {}election decision: vote denied", sign: raftdiag.VoteDenied, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Leader {}election vote request: Granting yes vote for candidate {peer:word}", sign: raftdiag.VoteGranted, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Leader {}election vote request: Denying vote to candidate {peer:word}", sign: raftdiag.VoteRefused, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: Advancing to term {}", sign: raftdiag.NoiseLine, fix: kuduLine},
		{text: "T {group:word} P {self:word} [term {term:int} {}]: {}", sign: raftdiag.NoiseLine, fix: kuduLine},
		{text: "T {group:word} P {self:word} -> Peer {peer:word} ({peer2:word}): Couldn't send request to peer {}. Status: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, fix: kuduLine},
	},
	samples: []sample{
		{`I0506 10:11:12.971657 31337 raft_consensus.cc:1120] T 0a1b2c3d4e5f P 5f4e3d2c1b0a [term 5 FOLLOWER]: Starting pre-election (no leader contacted us within the election timeout)`,
			"symptom Type:MsgPreVote Role:Follower Term:5 Text:\"no leader contacted us within the election timeout\" Symptom:campaign Self:5f4e3d2c1b0a"},
		{`I20240506 10:11:12.971657 31337 raft_consensus.cc:1120] T 0a1b2c3d4e5f P 5f4e3d2c1b0a [term 6 LEADER]: Becoming Leader. State: Replica: 5f4e`,
			"symptom Role:Leader Term:6 Symptom:role Self:5f4e3d2c1b0a"},
		{`I0506 10:11:12.971657 31337 raft_consensus.cc:1120] T 0a1b2c3d4e5f P 5f4e3d2c1b0a [term 6 FOLLOWER]: Leader election vote request: Denying vote to candidate 77aa because replica has last-logged OpId of x`,
			"symptom Term:6 Symptom:vote_refused Self:5f4e3d2c1b0a Peer:77aa"},
	},
}

// kuduLine takes the signs off the words.
func kuduLine(l *line) bool {
	for _, list := range [...][]string{l.ev.Symptom.Self, l.ev.Symptom.Peer} {
		for i, w := range list {
			list[i] = strings.TrimRight(w, ":.,")
		}
	}
	return true
}

func kuduPre(l *line) bool { return asPreVote(l) && kuduLine(l) }
