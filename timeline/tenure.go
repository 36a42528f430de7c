package timeline

import (
	"cmp"
	"slices"

	"github.com/raftdiag/raftdiag"
)

// Tenures are all tenures that the leaders' own logs show, by term. The list is
// the timeline's: it must not be changed.
func (t *Timeline) Tenures() []*Tenure { return t.tenures }

// reign gathers the tenures of the lanes.
func (t *Timeline) reign() {
	for _, l := range t.Lanes {
		t.tenures = append(t.tenures, l.tenures...)
	}
	slices.SortStableFunc(t.tenures, func(a, b *Tenure) int { return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.Begin, b.Begin)) })
}

// A Claim is a leader of a term as some node's log states it.
type Claim struct {
	Term   raftdiag.Term
	Leader raftdiag.NodeID
	By     Proof
}

// Leaders are the leaders that any lane states, the first claim of each, by
// term: from the roles of its own, from whom it takes for its leader, and from
// the appends and heartbeats that it received. The list is the timeline's: it
// must not be changed.
func (t *Timeline) Leaders() []Claim {
	t.claimed.Do(func() { t.claims = t.leaders() })
	return t.claims
}

func (t *Timeline) leaders() []Claim {
	type key struct {
		term   raftdiag.Term
		leader raftdiag.NodeID
	}
	seen := map[key]bool{}
	var out []Claim
	claim := func(term raftdiag.Term, leader raftdiag.NodeID, by Proof) {
		if k := (key{term, leader}); leader != 0 && term != 0 && !seen[k] {
			seen[k] = true
			out = append(out, Claim{term, leader, by})
		}
	}
	for _, l := range t.Lanes {
		for _, ten := range l.tenures {
			claim(ten.Term, ten.Leader, Proof{l, ten.Begin})
		}
	}
	for _, l := range t.Lanes {
		for _, r := range l.roles {
			claim(r.Term, r.Lead, Proof{l, int(r.At)})
		}
		for c, places := range l.receives.all() {
			if c.Type != raftdiag.MsgApp && c.Type != raftdiag.MsgHeartbeat && c.Type != raftdiag.MsgSnap {
				continue
			}
			var newest raftdiag.Term
			for _, i := range places {
				if r := l.rec(int(i)); r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) > newest {
					newest = raftdiag.Term(r.a >> 32)
					claim(newest, c.From, Proof{l, int(i)})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Claim) int { return cmp.Or(cmp.Compare(a.Term, b.Term), cmp.Compare(a.Leader, b.Leader)) })
	return out
}

// OwnTerm is an index that is known to hold an entry of the tenure's own term,
// the lowest that shows; 0 if none does.
//
// What shows it: term 1, in which every entry is of that term; the last index
// in the leader's vote requests, behind which its own empty entry follows; its
// first append after its election; an append whose previous entry is of the
// term; an entry printed with its term; a proposal that it took.
func (t *Timeline) OwnTerm(ten *Tenure) raftdiag.Index {
	if ten.Term == 1 {
		return 1
	}
	best := raftdiag.Index(0)
	found := func(i raftdiag.Index) {
		if i > 0 && (best == 0 || i < best) {
			best = i
		}
	}
	votes := func(l *Lane, places []int32) {
		for _, i := range places {
			if r := l.rec(int(i)); r.has(raftdiag.HasTerm|raftdiag.HasIndex) && raftdiag.Term(r.a>>32) == ten.Term {
				found(raftdiag.Index(r.b) + 1)
			}
		}
	}
	for _, l := range t.Lanes {
		for c, places := range l.receives.all() {
			if c.From == ten.Leader && c.Type == raftdiag.MsgVote {
				votes(l, places)
			}
		}
	}
	l := ten.Lane
	if l == nil {
		return best
	}
	for c, places := range l.sends.all() {
		if c.Type == raftdiag.MsgVote {
			votes(l, places)
		}
	}
	if best > 0 {
		return best
	}
	elected := false // the lane shows the time before the election
	for _, r := range l.roles {
		if int(r.At) < ten.Begin && int(r.At) >= l.Incarnations[l.incarnation(ten.Begin)].Begin && r.Role != raftdiag.Leader {
			elected = true
		}
	}
	for c, places := range l.sends.all() {
		if c.Type != raftdiag.MsgApp {
			continue
		}
		first := true
		for _, i := range between(places, ten.Begin, ten.End) {
			r := l.rec(int(i))
			if !r.has(raftdiag.HasTerm|raftdiag.HasIndex) || raftdiag.Term(r.a>>32) != ten.Term {
				continue
			}
			if first && elected && r.has(raftdiag.HasEntries) && uint32(r.d) == 1 {
				found(raftdiag.Index(r.b) + 1)
			}
			first = false
			if r.has(raftdiag.HasLogTerm) && raftdiag.Term(uint32(r.a)) == ten.Term {
				found(raftdiag.Index(r.b))
			}
			if r.has(raftdiag.HasEntryTerm) && raftdiag.Term(r.d>>32) == ten.Term {
				found(reach(r))
			}
		}
	}
	for i := ten.Begin; i < ten.End && best == 0; i++ {
		if r := l.rec(i); r.kind == raftdiag.Proposed && r.has(raftdiag.HasIndex) {
			found(raftdiag.Index(r.a))
		}
	}
	return best
}

// EverHeard reports whether any lane shows a message from the node, or it has
// a lane.
func (t *Timeline) EverHeard(n raftdiag.NodeID) bool {
	for _, l := range t.Lanes {
		if l.Node == n {
			return true
		}
		for _, c := range l.receives.channels {
			if c.From == n {
				return true
			}
		}
	}
	return false
}

// Replaced reports whether a later leader overwrote the stuck entry: a lane
// shows a later term's own entry at or below its index, or its leader's log
// shrank to make room.
func (t *Timeline) Replaced(s *Stall) bool {
	for _, ten := range t.Tenures() {
		if ten.Term <= s.Tenure.Term {
			continue
		}
		if own := t.OwnTerm(ten); own > 0 && own <= s.Index {
			if c, ok := ten.Lane.CommitAt(ten.End); ok && c >= s.Index {
				return true
			}
		}
	}
	return false
}

// CommittedLater finds where a later leader committed the stuck entry itself: its
// log goes on above it and its commit covers it.
func (t *Timeline) CommittedLater(s *Stall) (Proof, bool) {
	for _, ten := range t.Tenures() {
		if ten.Term <= s.Tenure.Term {
			continue
		}
		if own := t.OwnTerm(ten); own == 0 || own <= s.Index {
			continue
		}
		for _, c := range ten.Lane.commits {
			if int(c.At) >= ten.Begin && int(c.At) < ten.End && c.Value >= s.Index {
				return Proof{ten.Lane, int(c.At)}, true
			}
		}
	}
	return Proof{}, false
}

// CommitRow is the last row between two places that prints the commit index.
func (l *Lane) CommitRow(from, to int) (Proof, bool) {
	for k := last(l.samples, to); k >= 0 && int(l.samples[k]) > from; k-- {
		if r := l.rec(int(l.samples[k])); r.kind != raftdiag.Sent {
			return Proof{l, int(l.samples[k])}, true
		}
	}
	return Proof{}, false
}

// hearsCommitBelow reports whether the leader's messages still say, patience
// after place from, that it has not committed an entry.
func (l *Lane) hearsCommitBelow(leader raftdiag.NodeID, term raftdiag.Term, from int, entry raftdiag.Index, p Patience) bool {
	for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgHeartbeat} {
		places := l.receives.of(Channel{leader, l.Node, mt})
		for k := len(places) - 1; k >= 0 && int(places[k]) > from; k-- {
			r := l.rec(int(places[k]))
			if raftdiag.Term(r.a>>32) != term || !r.has(raftdiag.HasCommit) {
				continue
			}
			return raftdiag.Index(r.c) < entry && l.Rounds(from, int(places[k])+1) >= p.Rounds
		}
	}
	return false
}

// LoopRow is the last row between two places that the Raft loop prints: a state,
// a Ready, its log, or a message that it made.
func (l *Lane) LoopRow(from, to int) (Proof, bool) {
	for i := min(to, l.hi) - 1; i > from; i-- {
		switch l.rec(i).kind {
		case raftdiag.State, raftdiag.Ready, raftdiag.LogRow, raftdiag.Sent:
			return Proof{l, i}, true
		}
	}
	return Proof{}, false
}

// Orphans are stalls under leaders whose own logs are missing, as their
// followers show them: entries that were received and that no lane knows to be
// committed, while the leader goes on beyond patience.
func (t *Timeline) Orphans(p Patience) []Stall {
	var out []Stall
	owned := map[raftdiag.Term]bool{}
	for _, ten := range t.Tenures() {
		owned[ten.Term] = true
	}
	var committed raftdiag.Index
	for _, l := range t.Lanes {
		for _, s := range l.commits {
			committed = max(committed, s.Value)
		}
	}
	for _, c := range t.Leaders() {
		if owned[c.Term] || t.Lane(c.Leader) != nil {
			continue
		}
		ten := &Tenure{Leader: c.Leader, Term: c.Term}
		var s Stall
		for _, l := range t.Lanes {
			for _, i := range l.receives.of(Channel{c.Leader, l.Node, raftdiag.MsgApp}) {
				r := l.rec(int(i))
				if !r.has(raftdiag.HasTerm|raftdiag.HasIndex|raftdiag.HasEntries) || raftdiag.Term(r.a>>32) != c.Term || reach(r) <= committed {
					continue
				}
				if rounds := l.Rounds(int(i), l.hi); rounds >= p.Rounds && l.hearsCommitBelow(c.Leader, c.Term, int(i), max(committed, raftdiag.Index(r.b))+1, p) && (s.Index == 0 || raftdiag.Index(r.b)+1 < s.Index) {
					s = Stall{Tenure: ten, Index: max(committed, raftdiag.Index(r.b)) + 1, Open: true, Rounds: rounds, Commit: committed}
				}
				s.Last = max(s.Last, reach(r))
			}
		}
		if s.Index > 0 {
			out = append(out, s)
		}
	}
	return out
}
