package hypotheses

import (
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var noResponse = &Hypothesis{
	ID:    "H2",
	Name:  "no-response",
	Title: "followers receive appends and do not answer",
	Doc: "The follower's log shows the MsgApp arrive, goes on, and shows no MsgAppResp to it, neither accept nor reject. " +
		"From the leader's log alone this looks like a lost answer.",
	Needs:  []raftdiag.Kind{raftdiag.Received, raftdiag.Sent},
	Lines:  []string{"the follower's received messages", "the follower's outgoing messages (persisted messages too)", "the follower's last_index"},
	Gates:  []timeline.Gate{timeline.Answered},
	Remedy: "Look at the follower between the receipt and its own transport.",
	Ask:    "log the follower's outgoing messages, and its Ready loop",
}

func responseCauses(c *stuck, blocked []*timeline.Place) []cause {
	var out []cause
	for _, p := range blocked {
		f := p.Lane
		who := []raftdiag.NodeID{p.Node}
		if f == nil {
			continue
		}
		_, hi := f.Bounds()
		from := hi
		if p.Receipt.OK() {
			from = p.Receipt.I
		} else if pr := p.Marks[timeline.Answered].Proof; pr.OK() {
			from = pr.I
		}
		if p.Reply.OK() && p.Reply.Lane == f && p.Reply.I > from {
			hi = max(from+1, f.Turn(p.Reply.I)) // what came with the answer is not why it was late
		}
		receipt := c.j.quote(p.Receipt, "node %s received the append", p.Node)
		was := len(out)
		named := func(name string, ev []raftdiag.Quote, summary string, args ...any) {
			out = append(out, cause{name, who, fmt.Sprintf(summary, args...), add(add(nil, receipt...), ev...)})
		}
		if q, ok := f.First(raftdiag.StepFailed, from, hi); ok {
			name := "step-error"
			if transportCause(q.Event().Text) == "undecodable" {
				name = "undecodable"
			}
			named(name, c.j.cite(q, q.Event().Text), "node %s did not give it to Raft: %s", p.Node, q.Event().Text)
		}
		if q, ok := f.First(raftdiag.StorageFailed, from, hi); ok {
			name := storageCause(q.Event().Text)
			named(name, c.j.cite(q, q.Event().Text), "node %s's storage failed: %s", p.Node, q.Event().Text)
		}
		// It was in a later term before, or the Ready that follows the receipt
		// shows it: one that campaigns in between may not have heard the append.
		role, ok := f.RoleAt(from)
		if !ok || role.Term <= c.s.Tenure.Term {
			role, ok = f.RoleAt(min(from+16, hi))
			ok = ok && f.Elections(from, min(from+16, hi)) == 0
		}
		if ok && role.Term > c.s.Tenure.Term {
			named("term-mismatch", c.j.quote(timeline.Proof{Lane: f, I: int(role.At)}, "node %s is in term %d", p.Node, role.Term),
				"node %s is in term %d and the leader in term %d", p.Node, role.Term, c.s.Tenure.Term)
			if n, q := c.broughtTerm(f, role); n != 0 {
				out = append(out, cause{"disruptive-node", []raftdiag.NodeID{n}, fmt.Sprintf("node %s, which never leads, asked node %s for its vote in term %d and so took it out of the leader's term", n, p.Node, role.Term),
					c.j.quote(q, "its request")})
			}
		}
		campaigns := f.Elections(from, hi)
		grown := f.Grew(from, hi, p.HeadLast)
		unstable, isUnstable := f.StaysUnstable(from, hi)
		loop := f.Count(raftdiag.State, from, hi) + f.Count(raftdiag.Ready, from, hi) + f.Count(raftdiag.LogRow, from, hi) + f.Count(raftdiag.Sent, from, hi)
		reply := p.Marks[timeline.Answered].Proof
		switch {
		case len(out) > was:
		case reply.OK() && reply.Event().Kind == raftdiag.Sent && c.turnsBehind(reply) == 0:
			made := c.j.quote(reply, "made, and not handed over")
			if f.Shows(raftdiag.HandedOver) == 0 {
				made = c.j.quote(reply, "made, and nothing of the loop behind it")
			}
			named("loop-stalled", made, "node %s makes its answer, and its Raft loop shows nothing after that: it stands still before the hand-over, where entries are written", p.Node)
			named("slow-disk", made, "node %s's write of the entry may hang: its answer waits for that", p.Node)
		case reply.OK() && reply.Event().Kind == raftdiag.Sent:
			named("answer-not-sent", c.j.quote(reply, "made, and not handed over"), "node %s makes its answer and does not hand it to the transport", p.Node)
		case isUnstable:
			named("slow-disk", c.j.quote(unstable, "entries stay unstable"), "node %s's entries stay unstable: its storage does not take them", p.Node)
		case grown.OK():
			named("answer-not-sent", c.j.quote(grown, "node %s's log has grown", p.Node), "node %s stored the entry, and no answer leaves", p.Node)
		case campaigns > 0:
			named("step-error", nil, "node %s receives the leader's messages and campaigns as if it did not: they do not reach its Raft", p.Node)
			named("wrong-state", nil, "node %s is a candidate while the leader's messages arrive", p.Node)
		case loop == 0 && f.Shows(raftdiag.State)+f.Shows(raftdiag.Ready)+f.Shows(raftdiag.Sent) > 0:
			named("loop-stalled", nil, "node %s shows what it receives and no Ready any more: its Raft loop stands still", p.Node)
		case c.gap(p):
			named("log-mismatch", nil, "node %s's log ends before the append's previous entry, and it sends no rejection", p.Node)
		default:
			named("step-error", nil, "node %s's loop goes on and its log does not grow: the append does not reach its Raft", p.Node)
			named("loop-stalled", nil, "node %s's Raft loop does not take the append", p.Node)
		}
	}
	return out
}

// broughtTerm is the candidate whose request brought a voter into its term, if
// it never led, with the request.
func (c *stuck) broughtTerm(f *timeline.Lane, role timeline.RoleStep) (raftdiag.NodeID, timeline.Proof) {
	for _, ch := range f.Channels(timeline.In) {
		if ch.Type != raftdiag.MsgVote || ch.From == f.Node || slices.ContainsFunc(c.j.t.Leaders(), func(l timeline.Claim) bool { return l.Leader == ch.From }) {
			continue
		}
		for _, i := range f.Receives(ch) {
			p := f.Proof(int(i))
			if term, ok := p.Term(); ok && term == role.Term && i <= role.At {
				return ch.From, p
			}
		}
	}
	return 0, timeline.Proof{}
}

// turnsBehind counts the turns of a loop that a lane shows behind the block of a
// message.
func (c *stuck) turnsBehind(made timeline.Proof) int {
	l := made.Lane
	_, hi := l.Bounds()
	return l.Count(raftdiag.State, made.I, hi) + l.Count(raftdiag.Ready, made.I, hi)
}

// gap reports whether appends' previous entries are beyond the voter's log: that
// of the one that waits, or over and over those of the ones that follow it. Those
// must have reached Raft, which a Ready shows that comes of each: where appends
// are not stepped, none fits either.
func (c *stuck) gap(p *timeline.Place) bool {
	if !p.Receipt.OK() {
		return false
	}
	beyond := func(at timeline.Proof) bool {
		e := at.Event()
		last, ok := p.Lane.LastAt(at.I)
		return ok && e.Type == raftdiag.MsgApp && e.Has(raftdiag.HasIndex) && e.Index > last
	}
	if beyond(p.Receipt) {
		return true
	}
	_, hi := p.Lane.Bounds()
	n, stepped := 0, 0
	list := p.Lane.All(raftdiag.Received, p.Receipt.I+1, hi)
	for k, at := range list {
		if e := at.Event(); e.From != c.s.Tenure.Leader || e.Term != c.s.Tenure.Term || !beyond(at) {
			continue
		}
		n++
		until := hi
		if k+1 < len(list) {
			until = list[k+1].I
		}
		if p.Lane.Count(raftdiag.Ready, at.I+1, until) > 0 {
			stepped++
		}
	}
	return stepped >= c.j.pat.Rounds && 4*stepped >= 3*n
}
