package timeline

import (
	"slices"

	"github.com/raftdiag/raftdiag"
)

// Peers are the nodes that the lane prints Progress rows for.
func (l *Lane) Peers() []raftdiag.NodeID {
	var out []raftdiag.NodeID
	for _, p := range l.peers {
		if p.node != 0 {
			out = append(out, p.node)
		}
	}
	slices.Sort(out)
	return out
}

// AnyPeer is the newest Progress row before place i.
func (l *Lane) AnyPeer(i int) Proof {
	best := Proof{}
	for _, p := range l.peers {
		if k := last(p.rows, i); k >= 0 && (!best.OK() || int(p.rows[k]) > best.I) {
			best = Proof{l, int(p.rows[k])}
		}
	}
	return best
}

// Rows are the Progress rows for a peer between two places.
func (l *Lane) Rows(peer raftdiag.NodeID, lo, hi int) []Proof {
	return l.proofs(l.progress(peer), lo, hi)
}

// NextBehind is the first Progress row for a peer between two places that shows
// next at or below match.
func (l *Lane) NextBehind(peer raftdiag.NodeID, lo, hi int) (Proof, bool) {
	for _, i := range between(l.progress(peer), lo, hi) {
		if r := l.rec(int(i)); r.has(raftdiag.HasMatch|raftdiag.HasNext) && r.b <= r.a {
			return Proof{l, int(i)}, true
		}
	}
	return Proof{}, false
}

// Failures are the transport's errors about a peer between two places.
func (l *Lane) Failures(peer raftdiag.NodeID, lo, hi int) []Proof {
	return l.proofs(l.failures[peer], lo, hi)
}

func (l *Lane) proofs(places []int32, lo, hi int) []Proof {
	found := between(places, lo, hi)
	if len(found) == 0 {
		return nil
	}
	out := make([]Proof, 0, len(found))
	for _, i := range found {
		out = append(out, Proof{l, int(i)})
	}
	return out
}

// Count is the number of events of a kind between two places.
func (l *Lane) Count(k raftdiag.Kind, lo, hi int) int {
	return len(l.placesOf(k, lo, hi))
}

// First is the first event of a kind between two places.
func (l *Lane) First(k raftdiag.Kind, lo, hi int) (Proof, bool) {
	if list := l.placesOf(k, lo, hi); len(list) > 0 {
		return Proof{l, int(list[0])}, true
	}
	return Proof{}, false
}

// Last is the last event of a kind before place i.
func (l *Lane) Last(k raftdiag.Kind, i int) (Proof, bool) {
	list := l.byKind[k&63]
	if n := last(list, i); n >= 0 {
		return Proof{l, int(list[n])}, true
	}
	return Proof{}, false
}

// Stray is a message between two nodes that arrived at this node, which is
// neither.
func (l *Lane) Stray(from, to raftdiag.NodeID) (Proof, bool) {
	if l.Node == to {
		return Proof{}, false
	}
	best := Proof{}
	for c, places := range l.receives.all() {
		if c.From == from && c.To == to && len(places) > 0 && (!best.OK() || int(places[0]) < best.I) {
			best = Proof{l, int(places[0])}
		}
	}
	return best, best.OK()
}

// Elections counts the campaigns of this node between two places.
func (l *Lane) Elections(lo, hi int) int { return count(l.rounds[electionRound], lo, hi) }

// Grew is the first place between two at which the lane's log is known to
// cover an index.
func (l *Lane) Grew(lo, hi int, i raftdiag.Index) Proof {
	for k := lo; k < hi; k++ {
		r := l.rec(k)
		switch {
		case r.wide():
		case r.kind == raftdiag.LogRow && r.has(raftdiag.HasLast) && raftdiag.Index(r.a) >= i,
			r.kind == raftdiag.Appended && max(raftdiag.Index(r.a), raftdiag.Index(r.d)) >= i,
			r.kind == raftdiag.Ready && r.b>>32 > 0:
			return Proof{l, k}
		}
	}
	return Proof{}
}

// Commits counts the rises of what is known to be committed behind a place.
func (l *Lane) Commits(i int) int {
	return len(within(l.commits, i, l.hi+1))
}

// StaysUnstable reports whether the last rows between two places show entries
// that storage does not take, three rows in a row at least.
func (l *Lane) StaysUnstable(lo, hi int) (Proof, bool) {
	n := 0
	var first Proof
	for k := lo; k < hi; k++ {
		r := l.rec(k)
		if r.kind != raftdiag.LogRow || r.wide() || !r.has(raftdiag.HasUnstable) {
			continue
		}
		if r.d == 0 {
			n, first = 0, Proof{}
			continue
		}
		if n == 0 {
			first = Proof{l, k}
		}
		n++
	}
	return first, n >= 3
}

// LastRow is the last row between two places that prints the log's last index.
func (l *Lane) LastRow(lo, hi int) (Proof, raftdiag.Index, bool) {
	for i := min(hi, l.hi) - 1; i >= lo; i-- {
		if r := l.rec(i); r.kind == raftdiag.LogRow && !r.wide() && r.has(raftdiag.HasLast) {
			return Proof{l, i}, raftdiag.Index(r.a), true
		}
	}
	return Proof{}, 0, false
}

// ShortRow is the last row between two places that shows the log ending below an
// index.
func (l *Lane) ShortRow(lo, hi int, index raftdiag.Index) (Proof, raftdiag.Index, bool) {
	for i := min(hi, l.hi) - 1; i >= lo; i-- {
		if r := l.rec(i); r.kind == raftdiag.LogRow && !r.wide() && r.has(raftdiag.HasLast) && raftdiag.Index(r.a) < index {
			return Proof{l, i}, raftdiag.Index(r.a), true
		}
	}
	return Proof{}, 0, false
}

// CommitFellBack finds a Ready that carries a HardState with a commit at or
// above an index, after which rows show a lower one.
func (l *Lane) CommitFellBack(lo, hi int, i raftdiag.Index) (Proof, bool) {
	at := Proof{}
	for k := lo; k < hi; k++ {
		r := l.rec(k)
		switch {
		case r.wide():
		case r.kind == raftdiag.Ready && r.has(raftdiag.HasCommit) && raftdiag.Index(r.d) >= i:
			at = Proof{l, k}
		case r.kind == raftdiag.State && r.has(raftdiag.HasCommit) && raftdiag.Index(r.b) < i && at.OK():
			return at, true
		}
	}
	return Proof{}, false
}

// ReadyMessages is how many messages the Ready rows between two places
// announce.
func (l *Lane) ReadyMessages(lo, hi int) int {
	n := uint64(0)
	for k := lo; k < hi; k++ {
		if r := l.rec(k); r.kind == raftdiag.Ready && !r.wide() {
			n += r.a>>32 + uint64(uint32(r.a))
		}
	}
	return int(n)
}

// Reconfigured reports whether the lane prints more than one configuration.
func (l *Lane) Reconfigured() bool { return len(l.configs) > 1 }

// Configs are the configurations that the lane prints, in order.
func (l *Lane) Configs() []Proof { return l.proofs(l.configs, l.lo, l.hi) }

// Channels are the channels that the lane shows in a direction.
func (l *Lane) Channels(d Direction) []Channel {
	if d == In {
		return l.receives.channels
	}
	return l.sends.channels
}

// Turn is the place at which the turn of the Raft loop begins that printed the
// row at place i, as far as its rows stand together.
func (l *Lane) Turn(i int) int {
	for k := i; k > l.lo && k > i-4*blockRows; k-- {
		switch l.rec(k).kind {
		case raftdiag.State:
			return k
		case raftdiag.Ready:
			if l.kinds[raftdiag.State] == 0 {
				return k
			}
		}
	}
	return i
}
