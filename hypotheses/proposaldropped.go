package hypotheses

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var proposalDropped = &Hypothesis{
	Name:  "proposal-dropped",
	Title: "the proposal never gets an index",
	Doc: "A node takes a proposal and it does not become an entry of the leader's log: the node does not forward it, the forwarded MsgProp does not arrive, or the leader refuses it. " +
		"Proposals that are refused because nobody leads belong to no-leader; those refused because the uncommitted log is full belong to what keeps it from committing.",
	Needs:  []raftdiag.Kind{raftdiag.Proposing, raftdiag.ProposalDropped},
	Lines:  []string{"the proposal where it is made (Proposing entry of N bytes, Proposed entry at index N)", "its refusal, with the reason", "MsgProp, sent and received"},
	Gates:  []timeline.Gate{timeline.Forwarded, timeline.Proposed},
	Remedy: "Propose on the leader, and let the client retry: Raft does not resend a proposal.",
	Ask:    "log proposals with their outcome, and MsgProp on both sides",
}

// sortedKeys are the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}

// dropped looks for refused proposals and for forwarded ones that do not
// arrive.
func (j *judgement) dropped() {
	for _, l := range j.t.Lanes {
		j.refusedBy(l)
	}
	for _, l := range j.t.Lanes {
		j.forwardLost(l)
	}
}

// refusedBy judges what a node's application says of refused proposals.
func (j *judgement) refusedBy(l *timeline.Lane) {
	lo, hi := l.Bounds()
	byCause := map[string][]timeline.Proof{}
	for _, p := range append(l.All(raftdiag.ProposalDropped, lo, hi), j.refusedSteps(l)...) {
		if name := j.refusal(l, p); name != "" {
			byCause[name] = append(byCause[name], p)
		}
	}
	for _, name := range sortedKeys(byCause) {
		list := byCause[name]
		slices.SortStableFunc(list, func(a, b timeline.Proof) int { return cmp.Compare(a.I, b.I) })
		first := list[0]
		// A client that tries again elsewhere is served: one refusal is no fault,
		// and neither are a few among many that are taken.
		if taken := j.taken(l, first, list[len(list)-1]); len(list) < j.pat.Rounds && !j.pat.Complete || taken > len(list) {
			continue
		}
		role, _ := l.RoleAt(first.I + 1)
		if name == "transfer-in-progress" && !l.Passed(j.pat, 3, first.I, list[len(list)-1].I) && slices.ContainsFunc(j.t.Leaders(), func(c timeline.Claim) bool { return c.Term > role.Term }) {
			continue // the transfer came to its end in time
		}
		ep := j.plain(proposalDropped, timeline.Proposed, first, role.Term,
			fmt.Sprintf("node %s refuses proposals, %s: %s", l.Node, times(len(list)), refusalWords[name]))
		ep.Gate = ptr(refusalGate(name).String())
		if role.Lead != 0 {
			ep.Leader = ptr(role.Lead.String())
		}
		j.settle(ep, []cause{{name, []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s: %s", l.Node, refusalWords[name]),
			add(j.quote(first, "refused here first"), j.quote(list[len(list)-1], "and here last")...)}})
	}
}

// refusedSteps are the forwarded proposals that a leader did not take.
func (j *judgement) refusedSteps(l *timeline.Lane) []timeline.Proof {
	lo, hi := l.Bounds()
	return slices.DeleteFunc(l.All(raftdiag.StepFailed, lo, hi), func(p timeline.Proof) bool {
		e := p.Event()
		role, _ := l.RoleAt(p.I + 1)
		return e.Type != raftdiag.MsgProp || role.Role != raftdiag.Leader || !strings.Contains(strings.ToLower(e.Text), "proposal dropped")
	})
}

var refusalWords = map[string]string{
	"not-leader":           "it is not the leader and does not pass them on",
	"forwarding-disabled":  "it knows a leader and does not forward to it",
	"transfer-in-progress": "the leader is handing over",
	"uncommitted-limit":    "the uncommitted log is as large as it may be",
	"quota-exceeded":       "the store is over its quota",
}

func refusalGate(name string) timeline.Gate {
	if name == "forwarding-disabled" || name == "not-leader" {
		return timeline.Forwarded
	}
	return timeline.Proposed
}

// refusal names why a proposal was refused: by the words of the log first, then
// by the role of the node. It is empty where another finding covers it or where
// it cannot be told.
func (j *judgement) refusal(l *timeline.Lane, p timeline.Proof) string {
	text := strings.ToLower(p.Event().Text)
	role, known := l.RoleAt(p.I + 1)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case has("quota", "nospace", "space exceeded"):
		return "quota-exceeded"
	case has("no leader", "leader unknown", "unknown leader", "leaderless"):
		return ""
	case has("transfer"):
		return "transfer-in-progress"
	case has("uncommitted", "too large", "limit", "quota of proposals"):
		return "uncommitted-limit"
	case has("forwarding"):
		return "forwarding-disabled"
	case has("not leader", "not the leader", "notleader", "not a leader"):
		return "not-leader"
	case !known:
		return ""
	case role.Role == raftdiag.Leader:
		if l.Transferring(p.I) {
			return "transfer-in-progress"
		}
		switch {
		case j.waitingAt(l, p.I):
			return "" // the stall's consequence
		case l.Uncommitted(p.I):
			return "uncommitted-limit"
		}
		// A leader that takes nothing, with nothing uncommitted, is handing over.
		return "transfer-in-progress"
	case role.Role == raftdiag.Follower && role.Lead != 0 && role.Lead != l.Node:
		return "forwarding-disabled"
	}
	return ""
}

// waitingAt reports whether entries of the leader wait for commit in a stall
// that is known: then a refusal is the stall's consequence.
func (j *judgement) waitingAt(l *timeline.Lane, i int) bool {
	return slices.ContainsFunc(j.episodes, func(e *episode) bool {
		return e.stall != nil && e.stall.Tenure.Lane == l && i >= e.stall.From && i < e.stall.To
	})
}

// taken counts the node's proposals that went through between the first and the
// last one that were refused.
func (j *judgement) taken(l *timeline.Lane, first, last timeline.Proof) int {
	return max(l.Count(raftdiag.Proposed, first.I+1, last.I), l.Count(raftdiag.Replied, first.I+1, last.I))
}

// alsoLost files forwarded proposals under an episode of the same leader: what
// keeps its appends or their answers from arriving, or its loop from going on,
// keeps proposals from it too.
func (j *judgement) alsoLost(leader raftdiag.NodeID, c cause) bool {
	for _, e := range j.episodes {
		if e.Leader == nil || *e.Leader != leader.String() || e.Impact == raftdiag.NoImpact {
			continue
		}
		more := causes([]cause{c})
		if !slices.ContainsFunc(e.Causes, func(o raftdiag.Cause) bool { return o.Name == c.name }) {
			e.Causes = append(e.Causes, more...)
		}
		return true
	}
	return false
}

// lostToTheDead files proposals that were forwarded to a node that had died
// under the episode that its death began.
func (j *judgement) lostToTheDead(n raftdiag.NodeID, c cause) bool {
	if by, _ := j.t.DownProof(n, j.pat); !by.OK() {
		return false
	}
	for _, e := range j.episodes {
		for _, o := range e.Causes {
			if e.Impact != raftdiag.NoImpact && (o.Name == "node-down" || o.Name == "dead-voters") && slices.Contains(o.Nodes, n.String()) {
				e.Causes = append(e.Causes, causes([]cause{c})...)
				return true
			}
		}
	}
	return false
}

// linkSays is the cause that a transport's error names.
func (j *judgement) linkSays(l *timeline.Lane, to raftdiag.NodeID, p timeline.Proof) []cause {
	name := transportCause(p.Event().Text)
	if name == "" {
		return nil
	}
	return []cause{{name, []raftdiag.NodeID{l.Node, to}, fmt.Sprintf("node %s's transport to node %s says: %s", l.Node, to, p.Event().Text), j.cite(p, p.Event().Text)}}
}

// nearFailure is how many events before a transport's error the message stands
// that it is about.
const nearFailure = 16

// forwardLost judges MsgProp that a node sends to a leader.
func (j *judgement) forwardLost(l *timeline.Lane) {
	for _, c := range l.Channels(timeline.Out) {
		if c.Type != raftdiag.MsgProp || c.To == l.Node {
			continue
		}
		var why []cause
		lost := j.t.LostSends(c)
		_, hi := l.Bounds()
		if tail := j.t.UnpairedTail(c); len(tail) > 0 {
			if p, failed := l.FailuresTo(c.To, tail[0].I, hi); failed && j.t.GoesOn(c.To, c.From, j.pat) {
				if to := j.t.Lane(c.To); to == nil || to.Prints(timeline.In, c.Type) == 0 {
					// What was sent before the transport complained may have arrived unseen.
					tail = slices.DeleteFunc(tail, func(s timeline.Proof) bool { return s.I < p.I-nearFailure })
				}
				lost = tail // the transport says so itself
				why = j.linkSays(l, c.To, p)
			}
		}
		if len(lost) < j.pat.Rounds && !(j.pat.Complete && len(lost) > 0) {
			continue
		}
		role, _ := l.RoleAt(lost[0].I + 1)
		first := cause{"forward-lost", []raftdiag.NodeID{l.Node, c.To}, fmt.Sprintf("node %s forwards proposals to node %s and they do not arrive", l.Node, c.To),
			add(j.quote(lost[0], "the first one that is lost"), j.quote(lost[len(lost)-1], "the last one")...)}
		if j.alsoLost(c.To, first) || j.lostToTheDead(c.To, first) {
			continue
		}
		ep := j.plain(proposalDropped, timeline.Forwarded, lost[0], role.Term,
			fmt.Sprintf("%d proposals that node %s forwards to node %s do not arrive", len(lost), l.Node, c.To))
		ep.Leader = ptr(c.To.String())
		ep.Impact = raftdiag.Lost
		j.settle(ep, append([]cause{first}, why...))
	}
}
