package hypotheses

import (
	"fmt"
	"strings"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var noDelivery = &Hypothesis{
	ID:    "H3",
	Name:  "no-delivery",
	Title: "requests or responses are sent and do not arrive",
	Doc: "The leader's MsgApp leaves and does not arrive, or the follower's MsgAppResp leaves and does not arrive. " +
		"The gate in the report tells the direction: received for requests, heard for responses.",
	Needs:  []raftdiag.Kind{raftdiag.Sent, raftdiag.Received},
	Lines:  []string{"outgoing messages on the sender", "received messages on the receiver", "the transport's errors (Failed to send message to peer ...)"},
	Gates:  []timeline.Gate{timeline.Received, timeline.Heard},
	Remedy: "Repair the link in the direction that the report names.",
	Ask:    "log received messages on the receiver, and the transport's errors on the sender",
}

func deliveryCauses(c *stuck, blocked []*timeline.Place) []cause {
	var out []cause
	for _, p := range blocked {
		if p.Stop == timeline.Heard {
			out = append(out, c.linkCauses(p, p.Node, c.s.Tenure.Leader)...)
		} else {
			out = append(out, c.linkCauses(p, c.s.Tenure.Leader, p.Node)...)
		}
	}
	return out
}

// Transport errors by the words that they use; the first that fits names the
// cause.
var transportWords = []struct {
	cause string
	words []string
}{
	{"no-address", []string{"no address", "unknown peer", "peer not found", "unknown address", "no route for peer", "no such peer", "address not", "no client for", "could not resolve", "no such host", "failed to lookup"}},
	{"cluster-id-mismatch", []string{"cluster id", "cluster-id", "cluster_id", "clusterid"}},
	{"tls-failure", []string{"tls", "x509", "certificate", "handshake"}},
	{"undecodable", []string{"decode", "unmarshal", "protobuf", "malformed", "invalid wire"}},
	{"buffer-full", []string{"buffer full", "buffer is full", "queue full", "queue is full", "channel full", "channel is full", "no available capacity", "would block", "overflow", "sending buffer"}},
	{"sender-blocked", []string{"sender blocked", "send blocked", "blocked sending", "blocked on send", "sender is stuck", "stream is stuck"}},
	{"connection-refused", []string{"refused", "connection reset", "reset by peer", "broken pipe", "connection closed", "eof", "not connected", "unavailable"}},
	{"partition", []string{"timed out", "timeout", "deadline", "unreachable", "no route to host", "host is down"}},
}

// transportCause names the cause that a transport's error text speaks of, or
// the empty string.
func transportCause(text string) string {
	low := strings.ToLower(text)
	for _, t := range transportWords {
		for _, w := range t.words {
			if strings.Contains(low, w) {
				if t.cause == "connection-refused" && strings.Contains(low, "unavailable") && !strings.Contains(low, "refused") &&
					(strings.Contains(low, "timeout") || strings.Contains(low, "timed out") || strings.Contains(low, "deadline")) {
					return "partition"
				}
				return t.cause
			}
		}
	}
	return ""
}

// linkCauses explains why what goes from one node to another does not arrive.
func (c *stuck) linkCauses(p *timeline.Place, from, to raftdiag.NodeID) []cause {
	t := c.j.t
	who := []raftdiag.NodeID{from, to}
	var out []cause
	for _, l := range t.Lanes {
		if q, ok := l.Stray(from, to); ok {
			out = append(out, cause{"wrong-peer-address", []raftdiag.NodeID{from}, fmt.Sprintf("node %s receives messages of node %s that are meant for node %s", l.Node, from, to),
				c.j.quote(q, "a message to node %s arrived at node %s", to, l.Node)})
		}
	}
	if sender := t.Lane(from); sender != nil {
		lo, hi := sender.Bounds()
		if from == c.s.Tenure.Leader {
			lo, hi = c.s.Tenure.Begin, c.s.To
		}
		seen := map[string]bool{}
		for _, q := range sender.Failures(to, lo, hi) {
			text := q.Event().Text
			name := transportCause(text)
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			out = append(out, cause{name, who, fmt.Sprintf("node %s's transport to node %s says: %s", from, to, text), c.j.quote(q, "%s", text)})
		}
	}
	if receiver := t.Lane(to); receiver != nil {
		if q, ok := receiver.Last(raftdiag.StepFailed, c.hi(receiver)); ok {
			words := map[string]string{"undecodable": "cannot decode what arrives", "cluster-id-mismatch": "refuses what arrives", "tls-failure": "refuses who connects"}
			if name := transportCause(q.Event().Text); words[name] != "" {
				out = append(out, cause{name, who, fmt.Sprintf("node %s %s: %s", to, words[name], q.Event().Text), c.j.quote(q, "%s", q.Event().Text)})
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	return c.silentLoss(p, from, to)
}

// tooLate reports whether a receive of the voter stands after its node moved on
// to a later term.
func (c *stuck) tooLate(p *timeline.Place, pr *timeline.Pairing, k int) bool {
	if pr.To == nil {
		return false
	}
	role, ok := pr.To.RoleAt(int(pr.Receives[k]))
	return ok && role.Term > c.s.Tenure.Term && c.ofTenure(pr.To, int(pr.Receives[k]))
}

// ofTenure reports whether a message is of the leader's term.
func (c *stuck) ofTenure(l *timeline.Lane, i int) bool {
	term, ok := l.Proof(i).Term()
	return ok && term == c.s.Tenure.Term
}

// hi is the end of the lane that the stall allows to look at.
func (c *stuck) hi(l *timeline.Lane) int {
	if l == c.s.Tenure.Lane {
		return c.s.To
	}
	_, hi := l.Bounds()
	return hi
}

// silentLoss tells a cut link from a lossy one by what passes between the two
// nodes while the entry is stuck.
func (c *stuck) silentLoss(p *timeline.Place, from, to raftdiag.NodeID) []cause {
	who := []raftdiag.NodeID{from, to}
	ev := c.place(p).Evidence
	if p.OnWay {
		return []cause{{"slow-network", who, fmt.Sprintf("what nodes %s and %s send to one another arrives, and takes long on the way: %s", from, to, p.Marks[p.Stop].Why), ev}}
	}
	there, back := c.traffic(p, from, to), c.traffic(p, to, from)
	switch cuts := c.j.t.LossRuns(from, to); {
	case cuts >= 3 && there.late == 0:
		return []cause{{"flapping-link", who, fmt.Sprintf("what node %s sends to node %s stops arriving %d times, and arrives again between", from, to, cuts), ev}}
	case there.late > 0:
		return []cause{{"slow-network", who, fmt.Sprintf("%d messages from node %s to node %s arrive when the leader's time is over", there.late, from, to), ev}}
	case there.passed > 0 && there.lost > 0:
		return []cause{{"packet-loss", who, fmt.Sprintf("of what node %s sends to node %s while the entry waits, %d messages are lost and %d arrive: %s", from, to, there.lost, there.passed, there.words()), ev}}
	case there.passed > 0 && back.passed > 0 && back.lost > 0:
		// What is late here answers what was lost on the way there.
		return []cause{{"packet-loss", []raftdiag.NodeID{to, from}, fmt.Sprintf("of what node %s sends to node %s while the entry waits, %d messages are lost and %d arrive: %s", to, from, back.lost, back.passed, back.words()), ev}}
	case back.passed > 0:
		return []cause{{"one-way-partition", who, fmt.Sprintf("nothing passes from node %s to node %s while the entry waits, and %d messages pass the other way", from, to, back.passed), ev}}
	case back.lost > 0 || p.Stop == timeline.Received:
		return []cause{{"partition", who, fmt.Sprintf("nothing passes between node %s and node %s while the entry waits", from, to), ev},
			{"one-way-partition", who, fmt.Sprintf("nothing passes from node %s to node %s; whether anything passes the other way the logs do not show", from, to), ev}}
	}
	return []cause{{"one-way-partition", who, fmt.Sprintf("nothing passes from node %s to node %s while the entry waits", from, to), ev}}
}

// A flow counts what passed and what was lost on a link while the entry waited.
type flow struct {
	passed, lost int
	late         int // arrived when the leader led no more
	types        map[raftdiag.MessageType][2]int
}

func (f flow) words() string {
	s := ""
	for mt := raftdiag.MessageType(0); mt < 24; mt++ {
		if n := f.types[mt]; n[0]+n[1] > 0 {
			if s != "" {
				s += ", "
			}
			s += fmt.Sprintf("%s %d of %d", mt, n[0], n[0]+n[1])
		}
	}
	return s + " arrive"
}

// traffic counts by pairs, on the side of the leader's lane in the time of the
// stall.
func (c *stuck) traffic(p *timeline.Place, from, to raftdiag.NodeID) flow {
	f := flow{types: map[raftdiag.MessageType][2]int{}}
	lane := c.s.Tenure.Lane
	if lane == nil {
		return f
	}
	begin := c.s.From
	if p.Head.OK() {
		begin = min(begin, p.Head.I) // what waits there is older than the entry
	}
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgAppResp, raftdiag.MsgHeartbeat, raftdiag.MsgHeartbeatResp, raftdiag.MsgSnap} {
		pr := c.j.t.Pair(timeline.Channel{From: from, To: to, Type: mt})
		n := f.types[mt]
		if from == lane.Node {
			for k, i := range pr.Sends {
				if int(i) < begin || int(i) >= c.s.To {
					continue
				}
				if k := pr.ReceiveOf[k]; k >= 0 {
					if c.tooLate(p, pr, int(k)) {
						f.late++
					}
					n[0]++
				} else if pr.To != nil && pr.To.Prints(timeline.In, mt) > 0 {
					n[1]++
				}
			}
		} else {
			for _, i := range pr.Receives {
				if int(i) >= begin && int(i) < c.s.To {
					n[0]++
				}
				if int(i) >= c.s.Tenure.End && mt == raftdiag.MsgAppResp && c.ofTenure(pr.To, int(i)) {
					f.late++
				}
			}
			// What the other side sent after its last message that arrived.
			after := -1
			for k := range pr.Sends {
				if pr.ReceiveOf[k] >= 0 && int(pr.Receives[pr.ReceiveOf[k]]) < begin {
					after = k
				}
			}
			for k := after + 1; k < len(pr.Sends); k++ {
				if pr.ReceiveOf[k] < 0 && lane.Prints(timeline.In, mt) > 0 {
					n[1]++
				}
			}
		}
		f.types[mt] = n
		f.passed += n[0]
		f.lost += n[1]
	}
	return f
}
