package hypotheses

import (
	"fmt"
	"slices"
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
			out = append(out, cause{name, who, fmt.Sprintf("node %s's transport to node %s says: %s", from, to, text), c.j.cite(q, text)})
		}
	}
	if receiver := t.Lane(to); receiver != nil {
		if q, ok := receiver.Last(raftdiag.StepFailed, c.hi(receiver)); ok {
			words := map[string]string{"undecodable": "cannot decode what arrives", "cluster-id-mismatch": "refuses what arrives", "tls-failure": "refuses who connects"}
			if name := transportCause(q.Event().Text); words[name] != "" {
				out = append(out, cause{name, who, fmt.Sprintf("node %s %s: %s", to, words[name], q.Event().Text), c.j.cite(q, q.Event().Text)})
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
func (c *stuck) tooLate(pr *timeline.Pairing, k int) bool {
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
		slow := cause{"slow-network", who, fmt.Sprintf("what nodes %s and %s send to one another arrives, and takes long on the way: %s", from, to, p.Marks[p.Stop].Why), ev}
		if c.burst(p) {
			return []cause{{"sender-blocked", []raftdiag.NodeID{p.Node, c.s.Tenure.Leader}, fmt.Sprintf("what node %s sent over a long time arrives at once, as out of a queue that stood still", p.Node), ev}, slow}
		}
		return []cause{slow}
	}
	there, back := c.traffic(p, from, to), c.traffic(p, to, from)
	switch cuts := c.j.t.LossRuns(from, to); {
	case cuts >= 3 && there.late == 0:
		return []cause{{"flapping-link", who, fmt.Sprintf("what node %s sends to node %s stops arriving %d times, and arrives again between", from, to, cuts), ev}}
	case c.slowTrips(p):
		return []cause{{"slow-network", who, fmt.Sprintf("what nodes %s and %s send to one another arrives, and takes long on the way; what has not arrived was sent last", from, to), ev}}
	case there.cut() && (back.cut() || back.passed == 0):
		return []cause{{"partition", who, fmt.Sprintf("from some moment on nothing passes from node %s to node %s while the entry waits, %d messages in a row, and nothing the other way", from, to, there.lost), ev},
			{"one-way-partition", who, fmt.Sprintf("nothing passes from node %s to node %s; whether anything passes the other way the logs do not show", from, to), ev}}
	case there.cut() && back.passed > 0:
		return []cause{{"one-way-partition", who, fmt.Sprintf("from some moment on nothing passes from node %s to node %s while the entry waits, %d messages in a row, and %d messages pass the other way", from, to, there.lost, back.passed), ev}}
	case there.late > 0:
		slow := cause{"slow-network", who, fmt.Sprintf("%d messages from node %s to node %s arrive when the leader's time is over", there.late, from, to), ev}
		held := cause{"sender-blocked", who, fmt.Sprintf("or they waited in node %s's transport, which no log of the two tells from the network", from), ev}
		if c.flushed(from, to) {
			held.summary = fmt.Sprintf("%d messages from node %s to node %s arrive when the leader's time is over, and those sent first come with those sent last, as out of a queue that stood still", there.late, from, to)
			return []cause{held, slow}
		}
		return []cause{slow, held}
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

// slowTrips reports whether the answers of the voter that the leader heard while
// the entry waited spent patience on the way, most of them, and nothing is
// missing but what was sent last.
func (c *stuck) slowTrips(p *timeline.Place) bool {
	slow, all := c.j.t.Trips(c.s, p.Node, c.j.pat)
	return slow >= c.j.pat.Rounds && 2*slow > all
}

// flushed reports whether answers of the leader's term that arrived when its
// time was over came in a fourth of the time in which they were sent, by the
// clock of each end: a way that is only long keeps them as far apart as they
// were.
func (c *stuck) flushed(from, to raftdiag.NodeID) bool {
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgAppResp, raftdiag.MsgApp, raftdiag.MsgHeartbeatResp, raftdiag.MsgHeartbeat} {
		pr := c.j.t.Pair(timeline.Channel{From: from, To: to, Type: mt})
		var sent, came []raftdiag.Stamp
		grain := raftdiag.Stamp(0)
		for k, i := range pr.Sends {
			r := pr.ReceiveOf[k]
			if r < 0 || pr.Vague(k) || !c.ofTenure(pr.From, int(i)) {
				continue
			}
			at := int(pr.Receives[r])
			if pr.To == c.s.Tenure.Lane && at >= c.s.Tenure.End || pr.From == c.s.Tenure.Lane && c.tooLate(pr, int(r)) {
				sent, came = append(sent, pr.From.StampNear(int(i))), append(came, pr.To.StampNear(at))
				grain = max(grain, raftdiag.Stamp(pr.From.Grain(int(i))), raftdiag.Stamp(pr.To.Grain(at)))
			}
		}
		if n := len(sent); n >= timeline.DefaultPatience.Rounds && sent[0] != raftdiag.NoStamp && came[0] != raftdiag.NoStamp {
			return 4*(slices.Max(came)-slices.Min(came)+grain) <= slices.Max(sent)-slices.Min(sent)-grain
		}
	}
	return false
}

// burst reports whether what arrived of the voter when its answer did was sent
// over half the time of the wait and came in a fourth of it, by the clock of
// each end.
func (c *stuck) burst(p *timeline.Place) bool {
	lane := c.s.Tenure.Lane
	if p.MatchAt < 0 || lane == nil {
		return false
	}
	wait, heard := lane.StampNear(p.MatchAt)-lane.StampNear(c.s.From), lane.StampNear(p.MatchAt)
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgAppResp, raftdiag.MsgHeartbeatResp} { // each by itself: they may not go one way
		pr := c.j.t.Pair(timeline.Channel{From: p.Node, To: lane.Node, Type: mt})
		var first, last raftdiag.Stamp
		n := 0
		for k, i := range pr.Sends {
			r := pr.ReceiveOf[k]
			if r < 0 || pr.Vague(k) {
				continue
			}
			if came := pr.To.StampNear(int(pr.Receives[r])); came < heard-wait/8 || came > heard+wait/8 {
				continue
			}
			sent := pr.From.StampNear(int(i))
			if n++; n == 1 {
				first, last = sent, sent
			}
			first, last = min(first, sent), max(last, sent)
		}
		if n >= timeline.DefaultPatience.Rounds && wait > 8*raftdiag.Stamp(lane.Grain(p.MatchAt)) && 2*(last-first) >= wait {
			return true
		}
	}
	return false
}

// A flow is what passed and what was lost on a link while the entry waited.
type flow struct {
	passed, lost int
	late         int                    // arrived when the leader led no more
	runs         int                    // of losses with nothing between that arrived
	types        [len(linkTypes)][2]int // that arrived, and did not
}

// linkTypes are the messages by which a link is judged.
var linkTypes = [...]raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgAppResp, raftdiag.MsgSnap, raftdiag.MsgHeartbeat, raftdiag.MsgHeartbeatResp}

// cut reports whether the link was well but for one time, in which nothing
// passed. Loss by chance or by type lets something through between.
func (f flow) cut() bool { return f.runs == 1 && f.lost >= timeline.DefaultPatience.Rounds }

func (f flow) words() string {
	s := ""
	for k, mt := range linkTypes {
		if n := f.types[k]; n[0]+n[1] > 0 {
			if s != "" {
				s += ", "
			}
			s += fmt.Sprintf("%s %d of %d", mt, n[0], n[0]+n[1])
		}
	}
	return s + " arrive"
}

// traffic counts by pairs what was on the link in the time of the stall, which
// is told in places of the leader's lane. What the other side sent belongs to it
// if it follows the last message that arrived before and precedes the first one
// that arrived after.
func (c *stuck) traffic(p *timeline.Place, from, to raftdiag.NodeID) flow {
	f := flow{}
	lane := c.s.Tenure.Lane
	if lane == nil {
		return f
	}
	begin := c.s.From
	if p.Head.OK() {
		begin = min(begin, p.Head.I) // what waits there is older than the entry
	}
	lo, hi := begin, c.s.To
	var pairs [len(linkTypes)]*timeline.Pairing
	for k, mt := range linkTypes {
		pairs[k] = c.j.t.Pair(timeline.Channel{From: from, To: to, Type: mt})
	}
	if from != lane.Node {
		lo, hi = -1, int(^uint32(0)>>1)
		for _, pr := range pairs {
			for k, i := range pr.Sends {
				switch r := pr.ReceiveOf[k]; {
				case r < 0 || pr.Vague(k):
				case int(pr.Receives[r]) < begin:
					lo = max(lo, int(i)+1)
				case int(pr.Receives[r]) >= c.s.To:
					hi = min(hi, int(i))
				}
			}
		}
	}
	type sent struct {
		at     int32
		passed bool
	}
	all := make([]sent, 0, 1<<8)
	for which, pr := range pairs {
		mt := pr.Channel.Type
		n := &f.types[which]
		for k, i := range pr.Sends {
			if int(i) < lo || int(i) >= hi {
				continue
			}
			if r := pr.ReceiveOf[k]; r >= 0 {
				if from == lane.Node && c.tooLate(pr, int(r)) {
					f.late++
				}
				n[0]++
			} else if pr.To != nil && pr.To.Prints(timeline.In, mt) > 0 {
				n[1]++
			} else {
				continue
			}
			if !pr.Vague(k) { // else another one of its header may be the one that arrived
				all = append(all, sent{i, pr.ReceiveOf[k] >= 0})
			}
		}
		if from != lane.Node {
			for j, i := range pr.Receives {
				if pr.SendOf[j] < 0 && int(i) >= begin && int(i) < c.s.To {
					n[0]++
				}
				if int(i) >= c.s.Tenure.End && mt == raftdiag.MsgAppResp && c.ofTenure(pr.To, int(i)) {
					f.late++
				}
			}
		}
		f.passed += n[0]
		f.lost += n[1]
	}
	slices.SortFunc(all, func(a, b sent) int { return int(a.at - b.at) })
	for i, m := range all {
		if !m.passed && (i == 0 || all[i-1].passed) {
			f.runs++
		}
	}
	return f
}
