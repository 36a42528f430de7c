package timeline

import (
	"time"

	"github.com/raftdiag/raftdiag"
)

// A record is one event in 64 bytes without pointers, so that millions of them
// cost the collector nothing. What a, b, c and d hold depends on the kind, see
// pack and unpack. An event that does not fit goes to the store's wide list,
// and a is its place there.
type record struct {
	time  int64
	line  uint32
	kind  raftdiag.Kind
	mtype raftdiag.MessageType
	flags uint16
	set   uint64 // fields in the low 46 bits, wide in bit 47, the source in the high 16
	from  uint16 // interned node: sender, vote or peer
	to    uint16 // interned node: receiver or leader
	text  uint32 // interned text
	a, b  uint64
	c, d  uint64
}

const (
	flagReject uint16 = 1 << iota
	flagPaused
	flagRecent
	flagLearner
	roleShift    = 4  // 3 bits
	oldRoleShift = 7  // 3 bits
	stateShift   = 10 // 2 bits: progress state
	entryShift   = 12 // 2 bits: entry type
	againShift   = 14 // 2 bits: how many repeats of the row were dropped, at most three

	wideBit  = 1 << 47
	setMask  = 1<<46 - 1
	srcShift = 48
)

func (r *record) source() int               { return int(r.set >> srcShift) }
func (r *record) has(f raftdiag.Field) bool { return raftdiag.Field(r.set&setMask)&f == f }
func (r *record) wide() bool                { return r.set&wideBit != 0 }
func (r *record) role() raftdiag.Role       { return raftdiag.Role(r.flags >> roleShift & 7) }
func (r *record) again() int                { return int(r.flags >> againShift) }
func (r *record) reject() bool              { return r.flags&flagReject != 0 }

// message reports whether the record is a message that left or came.
func (r *record) message() bool {
	return r.kind == raftdiag.Sent || r.kind == raftdiag.Received || r.kind == raftdiag.HandedOver
}

// said is the record without its place: two records with the same say the same
// at the same moment. twins are the numbers of the wide events, equal ones
// alike.
func (r *record) said(twins []uint64) record {
	x := *r
	x.line = 0
	x.flags &= 1<<againShift - 1
	x.set &= setMask | wideBit
	if r.wide() {
		x.a = twins[r.a]
	}
	return x
}

// says reports whether two records say the same at the same stamp.
func (r *record) says(o *record, twins []uint64) bool {
	if r.time != o.time || r.kind != o.kind || r.b != o.b || r.c != o.c || r.d != o.d ||
		r.mtype != o.mtype || r.from != o.from || r.to != o.to || r.text != o.text ||
		(r.flags^o.flags)&(1<<againShift-1) != 0 || (r.set^o.set)&(setMask|wideBit) != 0 {
		return false
	}
	return r.a == o.a || r.wide() && twins[r.a] == twins[o.a]
}

func pair32(hi, lo uint64) (uint64, bool) {
	const limit = 1 << 32
	return hi<<32 | lo&(limit-1), hi < limit && lo < limit
}

// pack puts the event into r, all but its source; it reports false if the
// event does not fit.
//
// Two things come back in another form. The peer of a message that names its
// sender is its receiver. Of entries, hint, snapshot and count one is kept, the
// one that is not 0: no message has two.
func (f *feed) pack(r *record, e *raftdiag.Event) bool {
	if e.Pos.Line < 0 || e.Pos.Line >= 1<<32 || e.Set > setMask || e.Config != nil ||
		e.Role > 7 || e.OldRole > 7 || e.Progress.State > 3 || e.EntryType > 3 {
		return false
	}
	// Field by field: a record that is put together elsewhere and then copied
	// waits for its parts.
	*r = record{}
	r.time, r.line, r.kind, r.mtype, r.set = int64(e.Time), uint32(e.Pos.Line), e.Kind, e.Type, uint64(e.Set)
	r.flags = uint16(e.Role)<<roleShift | uint16(e.OldRole)<<oldRoleShift |
		uint16(e.Progress.State)<<stateShift | uint16(e.EntryType)<<entryShift
	if e.Reject {
		r.flags |= flagReject
	}
	if e.Text != "" {
		r.text = f.text(e.Text)
	}
	ok1, ok2 := true, true
	switch e.Kind {
	case raftdiag.Sent, raftdiag.Received, raftdiag.HandedOver, raftdiag.SendFailed, raftdiag.StepFailed:
		from, to := e.From, e.To
		if e.Has(raftdiag.HasPeer) {
			if from != 0 && to != 0 && to != e.Peer {
				return false // given to another than the message names
			}
			if to == 0 && from != 0 {
				to = e.Peer
				r.set = r.set&^uint64(raftdiag.HasPeer) | uint64(raftdiag.HasTo)
			} else if from == 0 {
				from = e.Peer
			} else {
				r.set &^= uint64(raftdiag.HasPeer)
			}
		}
		r.from, r.to = f.node(from), f.node(to)
		r.a, ok1 = pair32(uint64(e.Term), uint64(e.LogTerm))
		r.b, r.c = uint64(e.Index), uint64(e.Commit)
		tail, others := e.Entries, uint64(raftdiag.HasHint|raftdiag.HasSnapshot|raftdiag.HasCount)
		if uint64(e.Hint)|uint64(e.Snapshot)|e.Count != 0 {
			for _, x := range [...]struct {
				n   uint64
				bit raftdiag.Field
			}{{uint64(e.Hint), raftdiag.HasHint}, {uint64(e.Snapshot), raftdiag.HasSnapshot}, {e.Count, raftdiag.HasCount}} {
				if x.n == 0 {
					continue
				}
				if tail != 0 {
					return false
				}
				tail, others = x.n, others&^uint64(x.bit)
			}
		}
		if tail != 0 {
			r.set &^= others
		}
		r.d, ok2 = pair32(uint64(e.EntryTerm), tail)
	case raftdiag.State, raftdiag.RoleChanged, raftdiag.HardStateSaved:
		r.from, r.to = f.node(e.Vote), f.node(e.Lead)
		r.a, r.b, r.c, r.d = uint64(e.Term), uint64(e.Commit), uint64(e.Applied), uint64(e.Last)
	case raftdiag.Ready:
		r.from, r.to = f.node(e.Vote), f.node(e.Lead)
		r.a, ok1 = pair32(e.Immediate, e.Persisted)
		r.b, ok2 = pair32(e.Entries, e.Count)
		r.c, r.d = uint64(e.Term), uint64(e.Commit)
	case raftdiag.ProgressRow:
		r.from = f.node(e.Peer)
		if e.Paused {
			r.flags |= flagPaused
		}
		if e.RecentActive {
			r.flags |= flagRecent
		}
		if e.Learner {
			r.flags |= flagLearner
		}
		r.a, r.b, r.c, r.d = uint64(e.Match), uint64(e.Next), uint64(e.PendingSnapshot), e.Inflight
	case raftdiag.LogRow:
		if e.First >= 1<<32 || e.Text != "" {
			return false
		}
		r.text = uint32(e.First) // a LogRow has no text
		r.a, r.b, r.c, r.d = uint64(e.Last), uint64(e.Commit), uint64(e.Applied), e.Unstable
	case raftdiag.Committed:
		r.a, r.b, r.c = uint64(e.First), uint64(e.Last), uint64(e.Commit)
		r.d, ok1 = pair32(uint64(e.Term), e.Count)
	case raftdiag.EntryCommitted, raftdiag.Proposed, raftdiag.Proposing, raftdiag.Waiting, raftdiag.Replied,
		raftdiag.Applied, raftdiag.ProposalDropped, raftdiag.ProposalTimedOut, raftdiag.Slow, raftdiag.ApplyFailed:
		r.to = f.node(e.Lead)
		r.a, r.b, r.c = uint64(e.Index), uint64(e.Term), e.Size|e.Count
		if e.Size != 0 && e.Count != 0 || e.Size != 0 && e.Has(raftdiag.HasCount) || e.Count != 0 && !e.Has(raftdiag.HasCount) || e.Duration < 0 {
			return false
		}
		r.d = uint64(e.Duration)
	case raftdiag.Appended, raftdiag.SnapshotCreated, raftdiag.SnapshotReceived, raftdiag.SnapshotInstalled:
		r.a, r.b, r.c, r.d = uint64(e.Index), uint64(e.Term), e.Count, uint64(e.Last)
	case raftdiag.Outgoing:
		r.a = e.Count
	case raftdiag.Panicked:
		r.a, r.b, r.c, r.d = uint64(e.Index), uint64(e.Term), uint64(e.Commit), uint64(e.Last)
	case raftdiag.Misconfigured:
		r.from = f.node(e.Peer)
	case raftdiag.Stopped, raftdiag.StorageFailed, raftdiag.Garbled:
	default:
		return false
	}
	return ok1 && ok2
}

// unpack is pack's inverse, but for source, node and group.
func unpack(r *record, e *raftdiag.Event, nodes []raftdiag.NodeID, texts []string) {
	*e = raftdiag.Event{
		Kind: r.kind, Set: raftdiag.Field(r.set & setMask), Time: raftdiag.Stamp(r.time), Role: r.role(),
		OldRole: raftdiag.Role(r.flags >> oldRoleShift & 7), EntryType: raftdiag.EntryType(r.flags >> entryShift & 3),
	}
	if r.kind == raftdiag.LogRow {
		e.First = raftdiag.Index(r.text)
	} else {
		e.Text = texts[r.text]
	}
	e.Pos.Line = int64(r.line)
	e.Type, e.Reject = r.mtype, r.reject()
	from, to := nodes[r.from], nodes[r.to]
	switch r.kind {
	case raftdiag.Sent, raftdiag.Received, raftdiag.HandedOver, raftdiag.SendFailed, raftdiag.StepFailed:
		if e.Has(raftdiag.HasPeer) {
			e.Peer = from
		} else {
			e.From = from
		}
		e.To = to
		e.Term, e.LogTerm = raftdiag.Term(r.a>>32), raftdiag.Term(uint32(r.a))
		e.Index, e.Commit = raftdiag.Index(r.b), raftdiag.Index(r.c)
		e.EntryTerm = raftdiag.Term(r.d >> 32)
		tail := uint64(uint32(r.d))
		switch {
		case e.Has(raftdiag.HasHint) && tail != 0:
			e.Hint = raftdiag.Index(tail)
		case e.Has(raftdiag.HasSnapshot) && tail != 0:
			e.Snapshot = raftdiag.Index(tail)
		case e.Has(raftdiag.HasCount) && tail != 0:
			e.Count = tail
		default:
			e.Entries = tail
		}
	case raftdiag.State, raftdiag.RoleChanged, raftdiag.HardStateSaved:
		e.Vote, e.Lead = from, to
		e.Term, e.Commit, e.Applied, e.Last = raftdiag.Term(r.a), raftdiag.Index(r.b), raftdiag.Index(r.c), raftdiag.Index(r.d)
	case raftdiag.Ready:
		e.Vote, e.Lead = from, to
		e.Immediate, e.Persisted = r.a>>32, uint64(uint32(r.a))
		e.Entries, e.Count = r.b>>32, uint64(uint32(r.b))
		e.Term, e.Commit = raftdiag.Term(r.c), raftdiag.Index(r.d)
	case raftdiag.ProgressRow:
		e.Peer = from
		e.Progress.State = raftdiag.ProgressState(r.flags >> stateShift & 3)
		e.Paused, e.RecentActive, e.Learner = r.flags&flagPaused != 0, r.flags&flagRecent != 0, r.flags&flagLearner != 0
		e.Match, e.Next, e.PendingSnapshot, e.Inflight = raftdiag.Index(r.a), raftdiag.Index(r.b), raftdiag.Index(r.c), r.d
	case raftdiag.LogRow:
		e.Last, e.Commit, e.Applied = raftdiag.Index(r.a), raftdiag.Index(r.b), raftdiag.Index(r.c)
		e.Unstable = r.d
	case raftdiag.Committed:
		e.First, e.Last, e.Commit = raftdiag.Index(r.a), raftdiag.Index(r.b), raftdiag.Index(r.c)
		e.Term, e.Count = raftdiag.Term(r.d>>32), uint64(uint32(r.d))
	case raftdiag.EntryCommitted, raftdiag.Proposed, raftdiag.Proposing, raftdiag.Waiting, raftdiag.Replied,
		raftdiag.Applied, raftdiag.ProposalDropped, raftdiag.ProposalTimedOut, raftdiag.Slow, raftdiag.ApplyFailed:
		e.Lead = to
		e.Index, e.Term = raftdiag.Index(r.a), raftdiag.Term(r.b)
		if e.Has(raftdiag.HasCount) {
			e.Count = r.c
		} else {
			e.Size = r.c
		}
		e.Duration = time.Duration(r.d)
	case raftdiag.Appended, raftdiag.SnapshotCreated, raftdiag.SnapshotReceived, raftdiag.SnapshotInstalled:
		e.Index, e.Term, e.Count, e.Last = raftdiag.Index(r.a), raftdiag.Term(r.b), r.c, raftdiag.Index(r.d)
	case raftdiag.Outgoing:
		e.Count = r.a
	case raftdiag.Panicked:
		e.Index, e.Term, e.Commit, e.Last = raftdiag.Index(r.a), raftdiag.Term(r.b), raftdiag.Index(r.c), raftdiag.Index(r.d)
	case raftdiag.Misconfigured:
		e.Peer = from
	}
}

// setWhat sets what a shape has beside the fields.
func (r *record) setWhat(x uint64) {
	r.kind, r.mtype, r.flags = raftdiag.Kind(x), raftdiag.MessageType(x>>8), uint16(x>>16)
	r.from, r.to = uint16(x>>32), uint16(x>>48)
}

// A column is records one behind the other.
type column struct {
	rows []record // of which n are set
	n    int
	// forwards counts the received MsgProp that were dropped as repeats, of this
	// column once it is woven.
	forwards int
	// tick is that of the stamps, see grain, where all of them were looked at; else 0.
	tick int64
}

// next is the place of one more record.
func (c *column) next() *record {
	if c.n == len(c.rows) {
		c.room(max(4, c.n))
	}
	c.n++
	return &c.rows[c.n-1]
}

// room makes room for n more records.
func (c *column) room(n int) {
	if len(c.rows)-c.n >= n {
		return
	}
	grown := make([]record, c.n+n)
	copy(grown, c.rows[:c.n])
	c.rows = grown
}

// at is the record at place i, counted from 0.
func (c *column) at(i int) *record { return &c.rows[i] }

// all are the records.
func (c *column) all() []record { return c.rows[:c.n] }

// truncate drops the records from place n on.
func (c *column) truncate(n int) { c.n = n }
