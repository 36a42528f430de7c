package parser

import (
	"bytes"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// sofaLines are the words of SOFAJRaft: Node <group/address> in nearly every
// line.
var sofaLines = foreign{
	dialect: otherRaft,
	name:    "SOFAJRaft",
	doc:     "SOFAJRaft (Nacos, Seata and others): starts, elections, leaders, quorums lost, refused appends, calls that fail, snapshots. Node <group/address> names group and node.",
	finish:  sofaNode,
	rules: []rule{
		{text: "Node <{self:word}> init, term={term:int}, lastLogId=LogId [index={last:int}, term={}], conf={text}, oldConf=", sign: raftdiag.StartedUp},
		{text: "Node <{self:word}> term {term:int} start preVote", sign: raftdiag.CampaignBegun, fix: asPreVote},
		{text: "Node <{self:word}> start vote and grant vote self, term={term:int}", sign: raftdiag.CampaignBegun},
		{text: "Node <{self:word}> received PreVoteRequest from {peer:word}, term={}, currTerm={term:int}, granted={granted:word}, requestLastLogId=LogId [index={index:int}, term={logterm:int}], lastLogId=LogId [index={last:int}", sign: raftdiag.VoteGranted, fix: sofaGranted(raftdiag.VoteRefused)},
		{text: "Node <{self:word}> received PreVoteRequest from {peer:word}, ", sign: raftdiag.NoiseLine},
		{text: "Node <{self:word}> received PreVoteResponse from {peer:word}, term={term:int}, granted={granted:word}", sign: raftdiag.VoteGot, fix: sofaGranted(raftdiag.VoteDenied)},
		{text: "Node <{self:word}> received RequestVoteRequest from {peer:word}, term={term:int}, currTerm=", sign: raftdiag.NoiseLine},
		{text: "Node <{self:word}> received stale RequestVoteResponse from {peer:word}, term={term:int}", sign: raftdiag.LowerTermIgnored},
		{text: "Node <{self:word}> RequestVote to {peer:word} error: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "Node <{self:word}> PreVote to {peer:word} error: {err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "Node <{self:word}> become leader of group, term={term:int}, conf={text}, oldConf=", sign: raftdiag.RoleTaken, role: raftdiag.Leader},
		{text: "Node <{self:word}> stepDown, term={}, newTerm={term:int}", sign: raftdiag.RoleTaken, role: raftdiag.Follower},
		{text: "Node <{self:word}> steps down when alive nodes don't satisfy quorum, term={term:int}, deadNodes={text}, conf=", sign: raftdiag.QuorumLost},
		{text: "Candidate node <{self:word}> term {term:int} steps down when election reaching vote timeout", sign: raftdiag.NoLeaderKnown, what: "election"},
		{text: "Node <{self:word}> send AppendEntriesRequest to ", sign: raftdiag.NoiseLine},
		{text: "Node <{self:word}> send HeartbeatRequest to ", sign: raftdiag.NoiseLine},
		{text: "Node {self:word} received AppendEntriesResponse from {peer:word} prevLogIndex={index:int} prevLogTerm={logterm:int} count={count:int} fail, {text}", sign: raftdiag.AppendRefused, way: raftdiag.Inbound},
		{text: "Node {self:word} received AppendEntriesResponse from {peer:word} ", sign: raftdiag.NoiseLine},
		{text: "Node {self:word} received HeartbeatResponse from {peer:word} ", sign: raftdiag.NoiseLine},
		{text: "Node <{self:word}> reject term_unmatched AppendEntriesRequest from {peer:word}, term={term:int}, prevLogIndex={index:int}, prevLogTerm={logterm:int}, localPrevLogTerm={}, lastLogIndex={last:int}", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "Node <{self:word}> ignore stale AppendEntriesRequest from {peer:word}, term={term:int}", sign: raftdiag.LowerTermIgnored},
		{text: "Node <{self:word}> received AppendEntriesRequest while installing snapshot", sign: raftdiag.NoiseLine},
		{text: "Node <{self:word}> received AppendEntriesRequest but log manager is busy", sign: raftdiag.Overload, what: "log manager"},
		{text: "Node <{self:word}> committed log fromIndex={index:int}, toIndex={commit:int}", sign: raftdiag.NoiseLine},
		{text: "Fail to issue RPC to {peer:word}, consecutiveErrorTimes={count:int}, error={err}, groupId={group}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "Fail to issue RPC to {peer:word}, consecutiveErrorTimes={count:int}, error={err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "Node <{self:word}> fsm is busy, can't set lastCommittedIndex to be {commit:int}", sign: raftdiag.ApplyBehind},
		{text: "Node <{self:word}> applyQueue is overload", sign: raftdiag.Overload, what: "apply queue"},
		{text: "Node <{self:word}> received InstallSnapshotRequest from {peer:word}, lastIncludedLogIndex={index:int}", sign: raftdiag.SnapshotArrived},
		{text: "Fail to install snapshot at peer={peer:word}, error={err}, group id={group}", sign: raftdiag.SnapshotSendFailed},
		{text: "Node <{self:word}> shutdown, currTerm={term:int}", sign: raftdiag.ShuttingDown},
	},
	samples: []sample{
		{`2024-05-06 10:11:12 [JRaft-Closure-1] WARN NodeImpl:2342 - Node <orders/10.0.0.1:8081> steps down when alive nodes don't satisfy quorum, term=4, deadNodes=10.0.0.2:8081,10.0.0.3:8081, conf=10.0.0.1:8081,10.0.0.2:8081,10.0.0.3:8081.`,
			"symptom Term:4 Text:\"10.0.0.2:8081,10.0.0.3:8081\" Symptom:quorum_lost Self:10.0.0.1:8081"},
		{`2024-05-06 10:11:12.123  INFO 1234 --- [main] c.a.s.jraft.core.NodeImpl : Node <orders/10.0.0.1:8081> received PreVoteResponse from 10.0.0.2:8081, term=4, granted=true.`,
			"symptom Type:MsgPreVoteResp Term:4 Symptom:vote_got Self:10.0.0.1:8081 Peer:10.0.0.2:8081"},
		{`2024-05-06 10:11:12.123  WARN 1234 --- [main] c.a.s.jraft.core.NodeImpl : Node <orders/10.0.0.1:8081> RequestVote to 10.0.0.2:8081 error: Status[EHOSTDOWN<1010>: connection refused].`,
			"symptom Text:\"Status[EHOSTDOWN<1010>: connection refused].\" Symptom:link_down refused out Self:10.0.0.1:8081 Peer:10.0.0.2:8081"},
		{`2024-05-06 10:11:12.123  WARN 1234 --- [main] c.a.s.jraft.core.Replicator : Fail to issue RPC to 10.0.0.2:8081, consecutiveErrorTimes=11, error=Status[EINTERNAL<1004>: RPC exception:Connection refused], groupId=orders`,
			"symptom Count:11 Text:\"Status[EINTERNAL<1004>: RPC exception:Connection refused]\" Symptom:link_down refused out Peer:10.0.0.2:8081"},
		{`2024-05-06 10:11:12.123  INFO 1234 --- [main] c.a.s.jraft.core.NodeImpl : Node <orders/10.0.0.1:8081> become leader of group, term=4, conf=10.0.0.1:8081,10.0.0.2:8081,10.0.0.3:8081, oldConf=.`,
			"symptom Role:Leader Term:4 Text:\"10.0.0.1:8081,10.0.0.2:8081,10.0.0.3:8081\" Symptom:role Self:10.0.0.1:8081"},
	},
}

// sofaNode parts group/address.
func sofaNode(l *line) bool {
	s := l.ev.Symptom
	if s == nil {
		return true
	}
	for i, w := range s.Self {
		w = strings.TrimRight(w, ">")
		slash := strings.LastIndexByte(w, '/')
		colon := strings.LastIndexByte(w, ':')
		switch {
		case slash >= 0:
			if l.ev.Group == "" {
				l.ev.Group = w[:slash]
			}
			s.Self[i] = w[slash+1:]
		case colon >= 0 && strings.Count(w, ":") == 2: // group:ip:port
			at := strings.IndexByte(w, ':')
			if l.ev.Group == "" {
				l.ev.Group = w[:at]
			}
			s.Self[i] = w[at+1:]
		}
	}
	return true
}

func sofaGranted(otherwise raftdiag.Sign) func(l *line) bool {
	return func(l *line) bool {
		asPreVote(l)
		if otherwise == raftdiag.VoteDenied {
			preVoteAnswer(l)
		}
		if bytes.HasPrefix(l.get("granted"), []byte("false")) {
			l.ev.Symptom.Sign = otherwise
		}
		return true
	}
}
