package hypotheses

import (
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var noBroadcast = &Hypothesis{
	ID:    "H1",
	Name:  "no-broadcast",
	Title: "the leader does not send its appends",
	Doc: "The leader holds the entry and no MsgApp that carries it leaves for the followers that a quorum needs. " +
		"Heartbeats may go on. A raised next proves nothing: in Replicate it rises when the message is made.",
	Needs:  []raftdiag.Kind{raftdiag.Sent},
	Lines:  []string{"the leader's outgoing MsgApp (Outgoing messages ..., Message i: type=MsgAppend)", "Progress rows with matched, next_idx, state and paused", "EXTRACTING with immediate_msgs and entries"},
	Gates:  []timeline.Gate{timeline.Sent},
	Remedy: "Look at the leader between its log and its transport.",
	Ask:    "log the leader's outgoing messages and its Progress rows",
}

func broadcastCauses(c *stuck, blocked []*timeline.Place) []cause {
	var out []cause
	l := c.s.Tenure.Lane
	for _, p := range blocked {
		who := []raftdiag.NodeID{p.Node}
		named := func(name, summary string, args ...any) {
			ev := c.j.quote(p.Row, "what the leader knows of node %s", p.Node)
			out = append(out, cause{name, who, fmt.Sprintf(summary, args...), ev})
		}
		if p.Head.OK() {
			out = append(out, cause{"dropped-before-send", who, fmt.Sprintf("the append for node %s is made and no hand-over to the transport follows, as it does for other messages", p.Node),
				c.j.quote(p.Head, "made, and not handed over")})
			continue
		}
		if !p.Row.OK() {
			switch {
			case l != nil && slices.ContainsFunc(l.Peers(), func(n raftdiag.NodeID) bool { return n != l.Node }):
				named("not-a-voter", "the leader has no Progress row for node %s", p.Node)
				out[len(out)-1].evidence = c.j.quote(l.AnyPeer(c.s.To), "rows of other peers, and none for node %s", p.Node)
			default:
				out = append(out, c.leaderLoop(who)...)
			}
			continue
		}
		row := p.Row.Event()
		switch {
		case row.Progress.State == raftdiag.Snapshot || row.PendingSnapshot > 0:
			named("snapshot-pending", "node %s is in Snapshot with pending snapshot %d", p.Node, row.PendingSnapshot)
		case row.Paused && row.Progress.State == raftdiag.Replicate:
			named("inflight-full", "node %s is in Replicate and paused: its window of unanswered appends is full, though its head append is answered", p.Node)
		case row.Paused:
			named("progress-paused", "node %s is in %s and paused at match %d with nothing outstanding", p.Node, row.Progress.State, row.Match)
		case row.Has(raftdiag.HasNext) && row.Next > c.s.Index:
			named("dropped-before-send", "next for node %s is %d: Raft made the append for entry %d, and it is not among the outgoing messages", p.Node, row.Next, c.s.Index)
		default:
			if loop := c.leaderLoop(who); len(loop) > 0 {
				out = append(out, loop...)
			} else {
				named("dropped-before-send", "node %s is in %s, not paused, and no append for it is listed", p.Node, row.Progress.State)
			}
		}
	}
	return append(c.misconfigured(), out...)
}

// leaderLoop names what the leader's own loop shows when it sends nothing.
func (c *stuck) leaderLoop(who []raftdiag.NodeID) []cause {
	l := c.s.Tenure.Lane
	if l == nil {
		return nil
	}
	by := c.j.quote(timeline.Proof{Lane: l, I: c.s.From}, "the entry is in the leader's log from here on")
	states, readies, sent := l.Count(raftdiag.State, c.s.From, c.s.To), l.Count(raftdiag.Ready, c.s.From+1, c.s.To), l.Count(raftdiag.Sent, c.s.From, c.s.To)
	switch {
	case states >= c.j.pat.Rounds && readies == 0 && l.Shows(raftdiag.Ready) > 0:
		return []cause{{"ready-not-drained", who, "HAS_READY shows again and again and no Ready is taken", by}}
	case readies > 0 && sent == 0 && l.ReadyMessages(c.s.From, c.s.To) > 0:
		return []cause{{"ready-not-drained", who, "Ready announces messages and none is sent on", by}}
	case states == 0 && readies == 0 && sent == 0:
		return []cause{{"leader-stalled", who, "the leader's log shows no Ready and no message after the entry", by}}
	}
	return nil
}

// misconfigured quotes what applications say of their own configuration.
func (c *stuck) misconfigured() []cause {
	var out []cause
	if l := c.s.Tenure.Lane; l != nil {
		if p, ok := l.Last(raftdiag.Misconfigured, c.s.To); ok {
			out = append(out, cause{"not-a-voter", nil, "the application itself says that its configuration is short of voters", c.j.cite(p, p.Event().Text)})
		}
	}
	return out
}

// frozen looks for leaders whose loops take nothing in hand while proposals come
// in: no append can leave. What gets stuck behind that is its consequence.
func (j *judgement) frozen() {
	for _, f := range j.t.Freezes(j.pat) {
		if j.stuckBefore(f) {
			continue
		}
		j.episodes = slices.DeleteFunc(j.episodes, func(e *episode) bool { return e.stall != nil && heldUp(e.stall, f) })
		leader := f.Tenure.Leader
		name, what := "leader-stalled", "shows nothing"
		detail := fmt.Sprintf("node %s's loop stands still: its log goes on with %d proposals and %d receipts, and no Ready, no state and no message", leader, f.Waiting, f.Received)
		if f.States > 1 {
			name, what = "ready-not-drained", "takes nothing in hand"
			detail = fmt.Sprintf("node %s shows %d times that something is ready, and no Ready is taken and no message leaves", leader, f.States)
		}
		summary := fmt.Sprintf("leader %s of term %d gets %s and its Raft loop %s after that", leader, f.Tenure.Term, proposals(f.Waiting), what)
		ep := j.plain(noBroadcast, timeline.Sent, f.First, f.Tenure.Term, summary)
		ep.Leader, ep.froze = ptr(leader.String()), !f.Next.OK()
		evidence := add(j.quote(f.Last, "the last that the loop did"), j.quote(f.First, "the first proposal behind it")...)
		if f.Next.OK() {
			ep.Impact = raftdiag.SlowedBy
			ep.End, ep.EndAt = stamp(f.Next.Lane.StampNear(f.Next.I)), where(f.Next)
			evidence = add(evidence, j.quote(f.Next, "it goes on")...)
		}
		j.settle(ep, []cause{{name, []raftdiag.NodeID{leader}, detail, evidence}})
	}
}

// proposals words a number of proposals, some of which came from other nodes.
func proposals(n int) string {
	switch n {
	case 0:
		return "proposals of other nodes"
	case 1:
		return "a proposal"
	}
	return fmt.Sprintf("%d proposals", n)
}

// stuckBefore reports whether an entry of the term got stuck before the loop
// stood still, and not because of it.
func (j *judgement) stuckBefore(f timeline.Freeze) bool {
	return slices.ContainsFunc(j.episodes, func(e *episode) bool {
		return e.stuck() && e.term == f.Tenure.Term && (e.stall == nil || !heldUp(e.stall, f))
	})
}

// heldUp reports whether the freeze held the stuck entry up. A leader whose rows
// waited with the rest may show its term twice.
func heldUp(s *timeline.Stall, f timeline.Freeze) bool {
	return s.Tenure.Lane == f.Tenure.Lane && s.Tenure.Term == f.Tenure.Term && f.Covers(s.From)
}
