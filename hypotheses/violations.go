package hypotheses

import (
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// violations checks what can never be, before any hypothesis.
//
// A state counts only where no restart may lie between the rows that show it:
// the lanes' incarnations and lives are cut first.
func (j *judgement) violations() {
	j.twoLeaders()
	j.twoHeard()
	j.committedConflict()
	j.doubleVote()
	for _, l := range j.t.Lanes {
		j.falls(l)
		j.progressRows(l)
		j.logRows(l)
		j.ownMatch(l)
		j.strays(l)
		j.losses(l)
		j.takenBack(l)
	}
	j.shared()
}

// shared drops what the lane of an id shows that several processes use: their
// terms, logs and votes are not those of one node.
func (j *judgement) shared() {
	var doubled []string
	for _, v := range j.group.Violations {
		if v.Name == "duplicate-id" {
			doubled = append(doubled, v.Nodes...)
		}
	}
	follows := func(v raftdiag.Violation) bool {
		return v.Name != "duplicate-id" && v.Name != "wrong-peer-address" && len(v.Nodes) > 0 &&
			!slices.ContainsFunc(v.Nodes, func(n string) bool { return !slices.Contains(doubled, n) })
	}
	if len(doubled) > 0 {
		j.group.Violations = slices.DeleteFunc(j.group.Violations, follows)
		j.states = slices.DeleteFunc(j.states, func(s state) bool { return follows(s.Violation) })
	}
}

// violate files a state once for each name and set of nodes.
//
// at and term are where it shows and in which term; consequences are found by
// them.
func (j *judgement) violate(name string, unsafe bool, nodes []raftdiag.NodeID, at timeline.Proof, term raftdiag.Term, evidence []raftdiag.Quote, summary string, args ...any) {
	doc, _ := Lookup(name)
	v := raftdiag.Violation{Name: name, Nodes: ids(nodes), Summary: fmt.Sprintf(summary, args...), Evidence: evidence, Unsafe: unsafe, Remedy: doc.Remedy}
	if v.Evidence == nil {
		v.Evidence = []raftdiag.Quote{}
	}
	if slices.ContainsFunc(j.group.Violations, func(o raftdiag.Violation) bool { return o.Name == name && slices.Equal(o.Nodes, v.Nodes) }) {
		return
	}
	j.group.Violations = append(j.group.Violations, v)
	j.states = append(j.states, state{v, at, term})
}

// overlap reports whether the voter sets of two leaders share a node. Without
// a set for either, a leader that writes to the other, or counts it among its
// peers, shows that they share it.
func (j *judgement) overlap(a, b *timeline.Tenure) bool {
	reaches := func(x, y *timeline.Tenure) bool {
		if v := j.t.VotersOf(x.Lane, x.End); v.From == "config" && v.At.Lane == x.Lane {
			w := j.t.VotersOf(y.Lane, y.End)
			if w.From == "config" && w.At.Lane == y.Lane {
				return slices.ContainsFunc(v.All(), w.Has)
			}
			return v.Has(y.Leader)
		}
		for _, c := range x.Lane.Channels(timeline.Out) {
			if c.To == y.Leader {
				return true
			}
		}
		return slices.Contains(x.Lane.Peers(), y.Leader)
	}
	return reaches(a, b) || reaches(b, a)
}

func (j *judgement) twoLeaders() {
	tenures := slices.DeleteFunc(slices.Clone(j.t.Tenures()), func(ten *timeline.Tenure) bool { return ten.Lane.Adrift })
	for i, a := range tenures {
		for _, b := range tenures[i+1:] {
			if b.Term != a.Term {
				break
			}
			if a.Leader == b.Leader {
				continue
			}
			ev := add(j.quote(timeline.Proof{Lane: a.Lane, I: a.Begin}, "node %s leads term %d", a.Leader, a.Term),
				j.quote(timeline.Proof{Lane: b.Lane, I: b.Begin}, "node %s leads term %d", b.Leader, b.Term)...)
			if j.overlap(a, b) {
				j.violate("two-leaders", true, []raftdiag.NodeID{a.Leader, b.Leader}, timeline.Proof{Lane: b.Lane, I: b.Begin}, a.Term, ev, "nodes %s and %s both lead term %d", a.Leader, b.Leader, a.Term)
			} else {
				j.oneNodeGroups(a, b, ev)
			}
		}
	}
}

func (j *judgement) committedConflict() {
	type seen struct {
		term raftdiag.Term
		at   timeline.Proof
	}
	if !j.severalTerms() {
		return
	}
	first := map[raftdiag.Index]seen{}
	for _, l := range j.t.Lanes {
		if l.Adrift {
			continue
		}
		for p := range l.CommittedEntries() {
			index, term, ok := p.Entry()
			if !ok || term == 0 {
				continue
			}
			was, ok := first[index]
			if !ok {
				first[index] = seen{term, p}
				continue
			}
			if was.term != term {
				j.violate("committed-conflict", true, []raftdiag.NodeID{was.at.Lane.Node, l.Node}, p, term,
					add(j.quote(was.at, "committed in term %d", was.term), j.quote(p, "committed in term %d", term)...),
					"entry %d is committed with term %d on node %s and with term %d on node %s", index, was.term, was.at.Lane.Node, term, l.Node)
			}
		}
	}
}

// severalTerms reports whether committed entries are of more than one term.
func (j *judgement) severalTerms() bool {
	var one raftdiag.Term
	for _, l := range j.t.Lanes {
		for p := range l.CommittedEntries() {
			if _, term, ok := p.Entry(); ok && term != 0 && term != one {
				if one != 0 {
					return true
				}
				one = term
			}
		}
	}
	return false
}

func (j *judgement) doubleVote() {
	type key struct {
		voter raftdiag.NodeID
		term  raftdiag.Term
	}
	granted := map[key]timeline.Proof{}
	for _, l := range j.t.Lanes {
		if l.Adrift {
			continue
		}
		for _, d := range []timeline.Direction{timeline.Out, timeline.In} {
			for _, c := range l.Channels(d) {
				if c.Type != raftdiag.MsgVoteResp || d == timeline.Out && c.From != l.Node {
					continue
				}
				places := l.Sends(c)
				if d == timeline.In {
					places = l.Receives(c)
				}
				for _, i := range places {
					p := l.Proof(int(i))
					e := p.Event()
					if e.Reject || !e.Has(raftdiag.HasTerm) || !e.Has(raftdiag.HasReject) {
						continue
					}
					k := key{c.From, e.Term}
					was, ok := granted[k]
					if !ok {
						granted[k] = p
						continue
					}
					to := was.Event().To
					if to == 0 {
						to = was.Lane.Node
					}
					if to != c.To {
						j.violate("double-vote", true, []raftdiag.NodeID{c.From}, p, e.Term, add(j.quote(was, "a vote for node %s in term %d", to, e.Term), j.quote(p, "a vote for node %s in term %d", c.To, e.Term)...),
							"node %s voted for node %s and for node %s in term %d", c.From, to, c.To, e.Term)
					}
				}
			}
		}
	}
}

// falls judges numbers that went down within one lane.
func (j *judgement) falls(l *timeline.Lane) {
	who := []raftdiag.NodeID{l.Node}
	for _, f := range l.Falls {
		ev := add(j.quote(l.Proof(f.Before), "%s is %d", f.What, f.From), j.quote(l.Proof(f.At), "%s is %d", f.What, f.To)...)
		role, _ := l.RoleAt(f.At + 1)
		before, _ := l.RoleAt(f.Before + 1)
		switch {
		case f.What == "last" && role.Role == raftdiag.Leader && before.Role == raftdiag.Leader && role.Term == before.Term && role.Term > 0 && !l.RestartBetween(f.Before, f.At):
			j.violate("log-regressed", false, who, l.Proof(f.At), role.Term, ev, "the last index of leader %s fell from %d to %d within its term %d", l.Node, f.From, f.To, role.Term)
		case f.Restart || l.RestartBetween(f.Before, f.At):
		case f.What == "term":
			j.violate("term-regressed", true, who, l.Proof(f.At), role.Term, ev, "the term of node %s fell from %d to %d", l.Node, f.From, f.To)
		case f.What == "commit":
			j.violate("commit-regressed", true, who, l.Proof(f.At), role.Term, ev, "the commit of node %s fell from %d to %d", l.Node, f.From, f.To)
		}
	}
}

// progressRows looks for next at or below match in the rows of a leader.
func (j *judgement) progressRows(l *timeline.Lane) {
	for _, ten := range l.Tenures() {
		var at timeline.Proof
		var ev []raftdiag.Quote
		var of []raftdiag.NodeID
		for _, peer := range l.Peers() {
			if p, ok := l.NextBehind(peer, ten.Begin, ten.End); ok {
				if !at.OK() {
					at = p
				}
				e := p.Event()
				ev = add(ev, j.quote(p, "next %d, match %d", e.Next, e.Match)...)
				of = append(of, peer)
			}
		}
		if at.OK() {
			e := at.Event()
			j.violate("progress-broken", false, []raftdiag.NodeID{l.Node}, at, ten.Term, ev,
				"leader %s's progress of %s has next not above match (next %d, match %d)", l.Node, list(of), e.Next, e.Match)
		}
	}
}

// logRows looks at rows that contradict themselves, and at a leader's log that
// stays below a peer's match.
func (j *judgement) logRows(l *timeline.Lane) {
	who := []raftdiag.NodeID{l.Node}
	for _, p := range l.BrokenRows() {
		e := p.Event()
		switch {
		case e.Applied > e.Commit:
			j.violate("applied-ahead", false, who, p, 0, j.quote(p, "applied %d, commit %d", e.Applied, e.Commit), "node %s shows applied %d above commit %d", l.Node, e.Applied, e.Commit)
		default:
			j.violate("log-lost", false, who, p, 0, j.quote(p, "commit %d, last index %d", e.Commit, e.Last), "node %s shows commit %d above its last index %d", l.Node, e.Commit, e.Last)
		}
	}
	for _, ten := range l.Tenures() {
		if row, match, ok := j.t.BelowMatch(ten); ok {
			e, m := row.Event(), match.Event()
			value := m.Match
			if m.Kind == raftdiag.Received {
				value = m.Index
			}
			peer := m.Peer
			if m.Kind == raftdiag.Received {
				peer = m.From
			}
			j.violate("log-regressed", false, who, row, ten.Term, add(j.quote(match, "node %s has entries up to %d", peer, value), j.quote(row, "the leader's log ends at %d", e.Last)...),
				"node %s acknowledged entry %d and the log of leader %s ends at %d in term %d", peer, value, l.Node, e.Last, ten.Term)
		}
	}
}

// ownMatch looks for a leader whose own match stays behind what it persisted.
func (j *judgement) ownMatch(l *timeline.Lane) {
	for _, ten := range l.Tenures() {
		from, to, match, stored, ok := l.OwnMatchBehind(ten, j.pat)
		if ok {
			j.violate("leader-unmatched", false, []raftdiag.NodeID{l.Node}, from, ten.Term, add(j.quote(from, "its own match is %d", match), j.quote(to, "its storage reaches %d", stored)...),
				"leader %s has persisted entry %d and its own match stays at %d", l.Node, stored, match)
		}
	}
}

// strays looks at received messages that are for another node, or from the
// node itself.
func (j *judgement) strays(l *timeline.Lane) {
	for _, c := range l.Channels(timeline.In) {
		if !c.Type.IsNetwork() {
			continue
		}
		p := l.Proof(int(l.Receives(c)[0]))
		switch {
		case c.From == l.Node && c.To != l.Node && !l.EverLed():
			// A node that never had a leader, and hears its own id: others use it.
			j.violate("duplicate-id", false, []raftdiag.NodeID{l.Node}, p, 0, j.quote(p, "from its own id"), "node %s receives %s from its own id", l.Node, c.Type)
		case c.To != l.Node && c.To != 0:
			j.violate("wrong-peer-address", false, []raftdiag.NodeID{l.Node}, p, 0, j.quote(p, "from node %s to node %s, received by node %s", c.From, c.To, l.Node),
				"node %s receives messages that node %s sends to node %s", l.Node, c.From, c.To)
		case c.From == l.Node && c.To == l.Node:
			if c.Type.IsResponse() {
				continue // answers to oneself belong to async storage writes
			}
			j.violate("duplicate-id", false, []raftdiag.NodeID{l.Node}, p, 0, j.quote(p, "from its own id"), "node %s receives %s from its own id", l.Node, c.Type)
		}
	}
}

// losses looks for entries that a node acknowledged and does not have after a
// restart, and for what panics say.
func (j *judgement) losses(l *timeline.Lane) {
	who := []raftdiag.NodeID{l.Node}
	if p, ok := l.Panic(); ok {
		e := p.Event()
		if e.Has(raftdiag.HasCommit|raftdiag.HasLast) && e.Commit > e.Last {
			j.violate("log-lost", false, who, p, 0, j.cite(p, e.Text), "node %s's log ends at %d and the cluster committed up to %d: %d entries are missing", l.Node, e.Last, e.Commit, e.Commit-e.Last)
		}
	}
	if ack, row, index, last, ok := j.t.LostAfterRestart(l); ok {
		j.violate("log-lost", false, who, row, 0, add(j.quote(ack, "it acknowledged entry %d", index), j.quote(row, "after a restart its log ends at %d", last)...),
			"node %s acknowledged entry %d, and after a restart its log ends at %d", l.Node, index, last)
	}
	if vote, row, was, now, ok := j.t.TermLostAfterRestart(l); ok {
		j.violate("term-regressed", true, who, row, now, add(j.quote(vote, "it voted or answered in term %d", was), j.quote(row, "after a restart its term is %d", now)...),
			"node %s voted or answered in term %d, and after a restart its term is %d", l.Node, was, now)
		// Who lost all has lost its disk. Who has its log has lost what stands beside it.
		if _, last, ok := l.LastRow(row.I, row.I+16); ok && last > 1 && !j.lostLog(l.Node) {
			j.slight(row, []cause{{"hardstate-unpersisted", who, fmt.Sprintf("node %s comes back with its log, up to %d, and in term %d instead of %d: its HardState was not saved", l.Node, last, now, was),
				add(j.quote(vote, "it voted or answered in term %d", was), j.quote(row, "after a restart its term is %d", now)...)}},
				fmt.Sprintf("node %s lost its term and its vote in a restart, and kept its log", l.Node))
		}
	}
}

// lostLog reports whether the node is known to have lost entries.
func (j *judgement) lostLog(n raftdiag.NodeID) bool {
	return slices.ContainsFunc(j.group.Violations, func(v raftdiag.Violation) bool {
		return v.Name == "log-lost" && slices.Contains(v.Nodes, n.String())
	})
}

// oneNodeGroups files nodes that each lead a cluster of one.
func (j *judgement) oneNodeGroups(a, b *timeline.Tenure, ev []raftdiag.Quote) {
	for _, e := range j.episodes {
		if e.FailurePoint != nil && *e.FailurePoint == noLeader.Name && len(e.Causes) > 0 && e.Causes[0].Name == "one-node-groups" {
			for _, n := range []raftdiag.NodeID{a.Leader, b.Leader} {
				if !slices.Contains(e.Causes[0].Nodes, n.String()) {
					e.Causes[0].Nodes = append(e.Causes[0].Nodes, n.String())
				}
			}
			return
		}
	}
	ep := j.plain(noLeader, timeline.Proposed, timeline.Proof{Lane: a.Lane, I: a.Begin}, a.Term,
		fmt.Sprintf("nodes %s and %s each lead term %d, and neither knows the other: every node is a cluster of its own", a.Leader, b.Leader, a.Term))
	ep.Impact = raftdiag.Blocked
	ep.Causes = causes([]cause{{"one-node-groups", []raftdiag.NodeID{a.Leader, b.Leader}, "each leads the group in the same term with itself as the only voter", ev}})
	ep.Remedy = ep.Causes[0].Remedy
	j.episodes = append(j.episodes, ep)
}

// plain makes an episode of a hypothesis that no single entry stands for.
func (j *judgement) plain(h *Hypothesis, g timeline.Gate, at timeline.Proof, term raftdiag.Term, summary string) *episode {
	ep := &episode{life: j.t.Life, term: term, at: at}
	e := &ep.Episode
	e.FailurePoint, e.Gate = ptr(h.Name), ptr(g.String())
	e.Summary, e.Remedy, e.Impact = summary, h.Remedy, raftdiag.Blocked
	if term > 0 {
		e.Term = ptr(uint64(term))
	}
	if at.OK() {
		e.Start, e.StartAt = stamp(at.Lane.StampNear(at.I)), where(at)
	}
	e.Suspects = []raftdiag.Suspect{{Name: h.Name, Score: 1}}
	e.Causes, e.Followers, e.Hypotheses = []raftdiag.Cause{}, []raftdiag.Place{}, []raftdiag.Finding{}
	for _, o := range hypotheses {
		if o == h {
			f := finding(o, raftdiag.Confirmed, summary)
			f.Evidence = add(f.Evidence, j.quote(at, "it begins here")...)
			e.Hypotheses = append(e.Hypotheses, f)
			continue
		}
		e.Hypotheses = append(e.Hypotheses, finding(o, raftdiag.RuledOut, "proposals are stopped elsewhere: "+h.Title))
	}
	return ep
}

// twoHeard looks for a node that hears two leaders in one term: its voter sets
// overlap in that node.
func (j *judgement) twoHeard() {
	for _, l := range j.t.Lanes {
		type claim struct {
			leader raftdiag.NodeID
			at     timeline.Proof
		}
		claims := func(c timeline.Channel) bool {
			return (c.Type == raftdiag.MsgApp || c.Type == raftdiag.MsgHeartbeat || c.Type == raftdiag.MsgSnap) && c.To == l.Node
		}
		channels := l.Channels(timeline.In)
		one := slices.IndexFunc(channels, claims)
		if one < 0 || !slices.ContainsFunc(channels, func(c timeline.Channel) bool { return claims(c) && c.From != channels[one].From }) {
			continue // as nearly always: it hears one leader
		}
		first := map[raftdiag.Term]claim{}
		for _, c := range channels {
			if !claims(c) {
				continue
			}
			for _, i := range l.Receives(c) {
				p := l.Proof(int(i))
				term, ok := p.Term()
				if !ok || term == 0 {
					continue
				}
				was, seen := first[term]
				if !seen {
					first[term] = claim{c.From, p}
					continue
				}
				if was.leader != c.From {
					j.violate("two-leaders", true, []raftdiag.NodeID{min(was.leader, c.From), max(was.leader, c.From)}, p, term,
						add(j.quote(was.at, "node %s leads term %d", was.leader, term), j.quote(p, "node %s leads term %d", c.From, term)...),
						"nodes %s and %s both lead term %d", min(was.leader, c.From), max(was.leader, c.From), term)
					break
				}
			}
		}
	}
}

// takenBack looks for a node that accepts entries up to an index and then, in
// the same term, rejects an append at or below it.
func (j *judgement) takenBack(l *timeline.Lane) {
	ack, reject, ok := l.TakenBack()
	if !ok {
		return
	}
	a, r := ack.Event(), reject.Event()
	j.violate("log-lost", false, []raftdiag.NodeID{a.From}, reject, a.Term,
		add(j.quote(ack, "node %s has entries up to %d", a.From, a.Index), j.quote(reject, "in the same term it rejects entry %d", r.Index)...),
		"node %s accepted entry %d and rejects entry %d in the same term %d: its log lost entries", a.From, a.Index, r.Index, a.Term)
}
