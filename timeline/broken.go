package timeline

import (
	"iter"
	"slices"

	"github.com/raftdiag/raftdiag"
)

// RestartBetween reports whether an incarnation begins behind place i and not
// behind place j, or may have: stamps jump, or the role falls back to follower
// at the same term.
func (l *Lane) RestartBetween(i, j int) bool {
	if l.incarnation(i) != l.incarnation(j) {
		return true
	}
	a, ok1 := l.RoleAt(i + 1)
	b, ok2 := l.RoleAt(j + 1)
	return ok1 && ok2 && a.Role == raftdiag.Leader && b.Role == raftdiag.Follower && a.Term == b.Term
}

// CommittedEntries are the rows that name a committed entry.
func (l *Lane) CommittedEntries() iter.Seq[Proof] {
	return func(yield func(Proof) bool) {
		for _, i := range l.byKind[raftdiag.EntryCommitted] {
			if !yield(Proof{l, int(i)}) {
				return
			}
		}
	}
}

// BrokenRows are the first log rows that show applied above commit, after the
// incarnation's first commit, and the first that show commit above the last
// index where that includes unstable entries.
func (l *Lane) BrokenRows() []Proof {
	var out []Proof
	var applied, lost bool
	inc, committed := -1, false
	for _, i := range l.byKind[raftdiag.LogRow] {
		i := int(i)
		r := l.rec(i)
		if r.wide() {
			continue
		}
		if k := l.incarnation(i); k != inc {
			inc, committed = k, false
		}
		last, commit, app := r.a, r.b, r.c
		if !applied && committed && r.has(raftdiag.HasApplied|raftdiag.HasCommit) && app > commit {
			applied = true
			out = append(out, Proof{l, i})
		}
		if !lost && r.has(raftdiag.HasLast|raftdiag.HasCommit|raftdiag.HasUnstable) && commit > last && app <= commit {
			lost = true
			out = append(out, Proof{l, i})
		}
		committed = committed || r.has(raftdiag.HasCommit) && commit > 0
	}
	return out
}

// BelowMatch finds a row in a tenure at which the leader's own log ends below
// what a peer has acknowledged before it in that tenure, and stays so: the
// peer's match or accept comes first, the row after it.
func (t *Timeline) BelowMatch(ten *Tenure) (row, match Proof, ok bool) {
	if !ten.short {
		return Proof{}, Proof{}, false
	}
	l := ten.Lane
	var best raftdiag.Index
	var by Proof
	for i := ten.Begin; i < ten.End; i++ {
		r := l.rec(i)
		if r.wide() {
			continue
		}
		switch r.kind {
		case raftdiag.ProgressRow:
			if p := l.store.nodes.list[r.from]; p != l.Node && r.has(raftdiag.HasMatch) && raftdiag.Index(r.a) > best {
				best, by = raftdiag.Index(r.a), Proof{l, i}
			}
		case raftdiag.Received:
			if r.mtype == raftdiag.MsgAppResp && !r.reject() && r.has(raftdiag.HasIndex|raftdiag.HasTerm) &&
				raftdiag.Term(r.a>>32) == ten.Term && raftdiag.Index(r.b) > best && (r.to == 0 || l.store.nodes.list[r.to] == l.Node) {
				best, by = raftdiag.Index(r.b), Proof{l, i}
			}
		case raftdiag.LogRow:
			if !r.has(raftdiag.HasLast) {
				continue
			}
			if raftdiag.Index(r.a) >= best {
				row = Proof{}
				continue
			}
			if by.OK() && !row.OK() {
				row, match = Proof{l, i}, by
			}
		}
	}
	return row, match, row.OK()
}

// OwnMatchBehind finds a leader whose own Progress row stays below what its
// storage holds, for longer than patience.
func (l *Lane) OwnMatchBehind(ten *Tenure, p Patience) (row, stored Proof, match, reach raftdiag.Index, ok bool) {
	rows := between(l.progress(l.Node), ten.Begin, ten.End)
	if len(rows) == 0 {
		return
	}
	at := int(rows[len(rows)-1])
	r := l.rec(at)
	if !r.has(raftdiag.HasMatch) {
		return
	}
	match = raftdiag.Index(r.a)
	for i := ten.Begin; i < at; i++ {
		o := l.rec(i)
		if o.wide() {
			continue
		}
		var have raftdiag.Index
		switch o.kind {
		case raftdiag.LogRow:
			if o.has(raftdiag.HasLast|raftdiag.HasUnstable) && o.d <= o.a {
				have = raftdiag.Index(o.a - o.d)
			}
		case raftdiag.Appended:
			have = max(raftdiag.Index(o.a), raftdiag.Index(o.d))
		}
		if have > match && l.Rounds(i, at) >= p.Rounds {
			return Proof{l, at}, Proof{l, i}, match, have, true
		}
	}
	return
}

// unordered is how many files begin up to a place of which nothing says that
// they follow those before.
func (l *Lane) unordered(i int) (n int) {
	for _, inc := range l.Incarnations {
		if inc.Begin > i {
			break
		}
		if inc.Opened == "file" {
			n++
		}
	}
	return n
}

// Panic is the lane's last panic.
func (l *Lane) Panic() (Proof, bool) { return l.Last(raftdiag.Panicked, l.hi) }

// left reports whether an answer left the node before the end of its
// incarnation. One that waits for the disk is printed when it is made, and a
// process that dies meanwhile has promised nothing. Its hand-over shows it, or
// its receipt; a lane without hand-overs shows it by going on.
func (t *Timeline) left(l *Lane, i, end int) bool {
	r := l.rec(i)
	if l.handed&(1<<(r.mtype&31)) != 0 {
		return l.handOver(i, DefaultPatience) == Yes
	}
	p := t.Pair(Channel{l.Node, l.store.nodes.list[r.to], r.mtype})
	if k, ok := slices.BinarySearch(p.Sends, int32(i)); ok && p.ReceiveOf[k] >= 0 {
		return true
	}
	loop := l.kinds[raftdiag.Ready]+l.kinds[raftdiag.State] > 0
	for k := i + 1; k < end; k++ {
		switch kind := l.rec(k).kind; {
		case kind == raftdiag.Ready, kind == raftdiag.State:
			return true
		case !loop && isRaft(kind) && kind != raftdiag.Sent:
			return true
		}
	}
	return false
}

// LostAfterRestart finds an accept that left the lane's node in one incarnation
// and a log that ends below it at the begin of the next.
func (t *Timeline) LostAfterRestart(l *Lane) (ack, row Proof, index, last raftdiag.Index, ok bool) {
	for k := 1; k < len(l.Incarnations); k++ {
		was, now := l.Incarnations[k-1], l.Incarnations[k]
		if now.Opened == "file" {
			continue
		}
		ack, index = Proof{}, 0
		var term raftdiag.Term
		for c, places := range l.sends.all() {
			if c.Type != raftdiag.MsgAppResp || c.From != l.Node {
				continue
			}
			for _, i := range between(places, was.Begin, was.End) {
				if r := l.rec(int(i)); !r.reject() && r.has(raftdiag.HasIndex|raftdiag.HasTerm) &&
					(raftdiag.Term(r.a>>32) > term || raftdiag.Term(r.a>>32) == term && raftdiag.Index(r.b) > index) && t.left(l, int(i), was.End) {
					ack, index, term = Proof{l, int(i)}, raftdiag.Index(r.b), raftdiag.Term(r.a>>32)
				}
			}
		}
		if !ack.OK() {
			continue
		}
		for i := now.Begin; i < now.End && i < now.Begin+4*blockRows; i++ {
			r := l.rec(i)
			if r.wide() {
				if e := l.Event(i); e.Kind == raftdiag.Booted && e.Has(raftdiag.HasLast) {
					if e.Last < index {
						return ack, Proof{l, i}, index, e.Last, true
					}
					break
				}
				continue
			}
			if r.kind == raftdiag.LogRow && r.has(raftdiag.HasLast) {
				if raftdiag.Index(r.a) < index {
					return ack, Proof{l, i}, index, raftdiag.Index(r.a), true
				}
				break
			}
		}
	}
	return Proof{}, Proof{}, 0, 0, false
}

// TermLostAfterRestart finds a vote or an answer that left the lane's node in one
// incarnation and a lower term at the begin of the next.
func (t *Timeline) TermLostAfterRestart(l *Lane) (vote, row Proof, was, now raftdiag.Term, ok bool) {
	for k := 1; k < len(l.Incarnations); k++ {
		before, after := l.Incarnations[k-1], l.Incarnations[k]
		if after.Opened == "file" {
			continue
		}
		vote, was = Proof{}, 0
		for c, places := range l.sends.all() {
			if c.Type != raftdiag.MsgVoteResp && c.Type != raftdiag.MsgAppResp || c.From != l.Node {
				continue
			}
			for _, i := range between(places, before.Begin, before.End) {
				if r := l.rec(int(i)); !r.reject() && r.has(raftdiag.HasTerm) && raftdiag.Term(r.a>>32) > was && t.left(l, int(i), before.End) {
					vote, was = Proof{l, int(i)}, raftdiag.Term(r.a>>32)
				}
			}
		}
		if !vote.OK() {
			continue
		}
		for i := after.Begin; i < after.End && i < after.Begin+4*blockRows; i++ {
			e := l.Event(i)
			if (e.Kind == raftdiag.State || e.Kind == raftdiag.Booted) && e.Has(raftdiag.HasTerm) {
				if e.Term > 0 && e.Term < was {
					return vote, Proof{l, i}, was, e.Term, true
				}
				break
			}
		}
	}
	return Proof{}, Proof{}, 0, 0, false
}

// Term is the term of a message that the event prints.
func (p Proof) Term() (raftdiag.Term, bool) {
	r := p.Lane.rec(p.I)
	if r.wide() {
		return 0, false
	}
	return raftdiag.Term(r.a >> 32), r.has(raftdiag.HasTerm)
}

// Entry is index and term of a committed entry, if the event prints both.
func (p Proof) Entry() (raftdiag.Index, raftdiag.Term, bool) {
	r := p.Lane.rec(p.I)
	if r.wide() {
		e := p.Event()
		return e.Index, e.Term, e.Has(raftdiag.HasIndex | raftdiag.HasTerm)
	}
	return raftdiag.Index(r.a), raftdiag.Term(r.b), r.has(raftdiag.HasIndex | raftdiag.HasTerm)
}

// TakenBack finds an accept and, in the same term, rejections at or below its
// index. The node's own sends are in order, so one rejection is enough, unless
// it stands word for word before the accept as well: it may be a copy of that
// line. On the leader rejections that the accept overtook on the way arrive
// late, and there may be many of them: it takes three that answer appends which
// the leader sent after it had heard the accept, with no other accept between.
func (l *Lane) TakenBack() (ack, reject Proof, ok bool) {
	seams := slices.ContainsFunc(l.Incarnations, func(inc Incarnation) bool { return inc.Opened == "file" })
	scan := func(places []int32, enough int, answers func(by, i int, prev raftdiag.Index, already int) bool) bool {
		type refusal struct{ at, hint uint64 }
		var best raftdiag.Index
		var by Proof
		var term raftdiag.Term
		var before map[refusal]bool
		n, part := 0, 0 // part is of the files that nothing puts in order
		counted := map[raftdiag.Index]int{}
		for _, i := range places {
			r := l.rec(int(i))
			if seams {
				if k := l.unordered(int(i)); k != part {
					part, term = k, 0
				}
			}
			if !r.has(raftdiag.HasTerm|raftdiag.HasIndex|raftdiag.HasReject) || r.b == 0 {
				continue
			}
			if t := raftdiag.Term(r.a >> 32); t != term {
				best, by, term, n = 0, Proof{}, t, 0
				clear(counted)
				clear(before)
			}
			idx := raftdiag.Index(r.b)
			switch {
			case r.reject() && enough == 1 && (idx > best || before[refusal{r.b, r.d}]):
				if before == nil {
					before = map[refusal]bool{}
				}
				before[refusal{r.b, r.d}] = true
			case !r.reject():
				if idx > best {
					best, by = idx, Proof{l, int(i)}
					clear(counted)
				}
				n = 0
			case by.OK() && idx <= best && (!r.has(raftdiag.HasHint) || raftdiag.Index(uint32(r.d)) < idx) && answers(by.I, int(i), idx, counted[idx]):
				counted[idx]++
				if n++; n >= enough {
					ack, reject = by, Proof{l, int(i)}
					return true
				}
			}
		}
		return false
	}
	for c, places := range l.sends.all() {
		if l.rejected[Out] && c.Type == raftdiag.MsgAppResp && c.From == l.Node && scan(places, 1, func(int, int, raftdiag.Index, int) bool { return true }) {
			return ack, reject, true
		}
	}
	for c, places := range l.receives.all() {
		if l.rejected[In] && c.Type == raftdiag.MsgAppResp && c.To == l.Node && scan(places, 3, l.asked(c.From)) {
			return ack, reject, true
		}
	}
	return Proof{}, Proof{}, false
}

// asked tells whether a rejection at place i answers an append with that
// previous index that the leader sent after place by, beyond those that are
// answered already. A lane without such lines tells it by the rounds that went
// by: nothing is on the way for so long.
func (l *Lane) asked(peer raftdiag.NodeID) func(by, i int, prev raftdiag.Index, already int) bool {
	sends := l.sends.of(Channel{l.Node, peer, raftdiag.MsgApp})
	return func(by, i int, prev raftdiag.Index, already int) bool {
		if len(sends) == 0 {
			return l.Rounds(by, i) >= DefaultPatience.Rounds
		}
		n := 0
		for _, s := range between(sends, by, i) {
			if r := l.rec(int(s)); r.has(raftdiag.HasIndex) && raftdiag.Index(r.b) == prev {
				if n++; n > already {
					return true
				}
			}
		}
		return false
	}
}
