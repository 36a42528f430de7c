package parser

import (
	"bytes"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// ratisLines are the words of Apache Ratis. Nearly every line begins with the
// member, s1@group-1BB0, which is node and group.
var ratisLines = foreign{
	dialect: otherRaft,
	name:    "Ratis",
	doc:     "Apache Ratis (Ozone and others): roles, elections, leaders, appenders that time out, leaderships lost, snapshots. Members print as s1@group-1BB0.",
	speaks: func(r *record) bool {
		return bytes.Contains(r.msg, []byte("@group-")) || has(r.logger, "org.apache.ratis")
	},
	finish: ratisMembers,
	rules: []rule{
		{text: "{self:word}: changes role from {} to {role:word} at term {term:int} for {text}", sign: raftdiag.RoleTaken},
		{text: "{self:word}: change Leader from {} to {leader:word} at term {term:int} for {text}", sign: raftdiag.LeaderKnown, fix: func(l *line) bool {
			switch leader := l.get("leader"); string(leader) {
			case "null":
				l.ev.Symptom.Sign = raftdiag.LeaderLost
			default:
				l.p.fill(l.ev, "peer", leader)
			}
			return true
		}},
		{text: "{self:word}: change to CANDIDATE, lastRpcElapsedTime:{dur:word}, electionTimeout:", sign: raftdiag.CampaignBegun},
		{text: "{self:word} {phase:word} round {}: submit vote requests at term {term:int} for ", sign: raftdiag.CampaignBegun, fix: func(l *line) bool {
			if string(l.get("phase")) == "PRE_VOTE" {
				asPreVote(l)
			}
			return true
		}},
		{text: "{self:word} {:word} round {}: result ", sign: raftdiag.NoiseLine},
		{text: "{self:word}: {} received {count:int} response(s) and {} exception(s)", sign: raftdiag.NoiseLine},
		{text: "{self:word}: receive requestVote({phase:word}, {peer:word}, {}, {term:int}, ", sign: raftdiag.NoiseLine},
		{text: "{self:word} replies to {} vote request: {text}. Peer's state: ", sign: raftdiag.NoiseLine, fix: ratisVote},
		{text: "{self:word}: Timed out appendEntries, errorCount={count:int}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut},
		{text: "{self:word}: Timed out HEARTBEAT appendEntries, errorCount={count:int}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.TimedOut},
		{text: "{self:word}: Failed to appendEntries (retry={}){err}", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "{self:word}: Follower failed (request=", sign: raftdiag.LinkDown, way: raftdiag.Outbound},
		{text: "{self:word}: Lost leadership on term: {term:int}. Election timeout: {dur:word}. In charge for: ", sign: raftdiag.QuorumLost},
		{text: "{self:word}: Failed appendEntries, previous log entry {} not found", sign: raftdiag.AppendRefused, way: raftdiag.Outbound},
		{text: "{self:word}: Failed appendEntries, ", sign: raftdiag.NoiseLine},
		{text: "{self:word}: Failed appendEntries as ", sign: raftdiag.NoiseLine},
		{text: "{self:word}: appendEntries* ", sign: raftdiag.NoiseLine},
		{text: "{self:word}: received a reply ", sign: raftdiag.NoiseLine},
		{text: "{self:word}: received the first reply ", sign: raftdiag.NoiseLine},
		{text: "{self:word}: received INCONSISTENCY reply with nextIndex {last:int}", sign: raftdiag.AppendRefused, way: raftdiag.Inbound},
		{text: "{self:word}: matchIndex: ", sign: raftdiag.NoiseLine},
		{text: "{self:word}: nextIndex", sign: raftdiag.NoiseLine},
		{text: "{self:word}: followerNextIndex = {index:int} but logStartIndex = {}, send snapshot ", sign: raftdiag.SnapshotSent},
		{text: "{self:word}: installed snapshot ", sign: raftdiag.SnapshotApplied},
		{text: "installed snapshot {} successfully", sign: raftdiag.SnapshotApplied},
		{text: "Follower {peer:word} acknowledged installing snapshot", sign: raftdiag.NoiseLine},
		{text: "JVM pause detected {dur:word} longer than the step-down-threshold ", sign: raftdiag.LoopSlow, what: "JVM pause"},
		{text: "{self:word}: start as a follower, conf={text}", sign: raftdiag.StartedUp},
		{text: "{self:word}: start {role:word}", sign: raftdiag.NoiseLine},
		{text: "{self:word}: shutdown", sign: raftdiag.ShuttingDown},
		{text: "{self:word}: set configuration {text}", sign: raftdiag.Membership},
	},
	samples: []sample{
		{`2024-05-06 10:11:12,123 [s1@group-1BB0AA22CC33-LeaderElection5] INFO org.apache.ratis.server.RaftServer$Division: s1@group-1BB0AA22CC33: changes role from CANDIDATE to LEADER at term 2 for changeToLeader`,
			"symptom Role:Leader Term:2 Text:\"changeToLeader\" Symptom:role Self:s1"},
		{`2024-05-06 10:11:12,123 [grpc-default-executor-0] INFO org.apache.ratis.server.RaftServer$Division: s1@group-1BB0AA22CC33 replies to ELECTION vote request: s2<-s1#0:FAIL-t5-last:(t:4, i:90). Peer's state: s1@group-1BB0AA22CC33:t5`,
			"symptom Term:5 Symptom:vote_refused Self:s1 Peer:s2"},
		{`2024-05-06 10:11:12,123 [timer] WARN org.apache.ratis.grpc.server.GrpcLogAppender: s1@group-1BB0AA22CC33->s2-GrpcLogAppender: Timed out HEARTBEAT appendEntries, errorCount=3, request=AppendEntriesRequest`,
			"symptom Count:3 Symptom:link_down timed_out out Self:s1 Peer:s2"},
		{`2024-05-06 10:11:12,123 [main] WARN org.apache.ratis.server.impl.LeaderStateImpl: s1@group-1BB0AA22CC33-LeaderStateImpl: Lost leadership on term: 5. Election timeout: 5000ms. In charge for: 90000ms. Conf: x`,
			"symptom Term:5 Duration:5s Symptom:quorum_lost Self:s1"},
		{`2024-05-06 10:11:12,123 [main] INFO org.apache.ratis.server.RaftServer$Division: s1@group-1BB0AA22CC33: change Leader from null to s2 at term 5 for appendEntries`,
			"symptom Term:5 Text:\"appendEntries\" Symptom:leader Self:s1 Peer:s2"},
	},
}

// ratisMembers parts s1@group-1BB0->s2-GrpcLogAppender into node, group and
// peer.
func ratisMembers(l *line) bool {
	s := l.ev.Symptom
	if s == nil {
		return true
	}
	for i, w := range s.Self {
		node, rest, ok := strings.Cut(w, "@group-")
		if !ok {
			continue
		}
		s.Self[i] = node
		group, peer, to := strings.Cut(rest, "->")
		if !to {
			group, _, _ = strings.Cut(group, "-")
			group = strings.TrimRight(group, ":")
		} else if peer, _, _ = strings.Cut(peer, "-"); peer != "" {
			l.p.fill(l.ev, "peer", []byte(peer))
		}
		if l.ev.Group == "" {
			l.ev.Group = "group-" + group
		}
	}
	for i, w := range s.Peer {
		if node, _, ok := strings.Cut(w, "@group-"); ok {
			s.Peer[i] = node
		}
	}
	return true
}

// ratisVote reads what a member replied to a candidate: s2<-s1#0:FAIL-t5.
func ratisVote(l *line) bool {
	text := l.ev.Text
	l.ev.Set &^= raftdiag.HasText
	candidate, rest, ok := strings.Cut(text, "<-")
	_, how, ok2 := strings.Cut(rest, "#")
	if !ok || !ok2 || candidate == "" {
		return true
	}
	l.p.fill(l.ev, "peer", []byte(candidate))
	switch {
	case strings.Contains(how, ":OK-"):
		l.ev.Symptom.Sign = raftdiag.VoteGranted
	case strings.Contains(how, ":FAIL-"):
		l.ev.Symptom.Sign = raftdiag.VoteRefused
	}
	if _, term, ok := strings.Cut(how, "-t"); ok {
		if _, n := uintAt([]byte(term)); n > 0 {
			l.p.fill(l.ev, "term", []byte(term[:n]))
		}
	}
	return true
}
