package parser

import (
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// A merged stream is the lines of several nodes without a prefix that tells
// them apart. Its lines are attributed by what they print themselves; the
// other lines of a Ready by the messages that it sends. What remains open
// keeps node 0.

type blockKey struct {
	thread uint32
	group  string
}

// A readyBlock is the lines of one Ready, from HAS_READY to the next one of
// the same group.
type readyBlock struct {
	begin    int64
	id       raftdiag.NodeID
	role     raftdiag.Role
	term     raftdiag.Term
	hasTerm  bool
	doubtful bool // lines of several nodes mix
	closed   bool
	extracts int
	rows     int
	// Lines of this group that name their node, since the newest line of this
	// Ready, and before it. If one of the latter is another's, lines mix.
	after, within []raftdiag.NodeID
	announced     [2]int64 // messages before and after the append, as EXTRACTING counts them, or -1
	sent          int64
	to            []raftdiag.NodeID // whom it sends to
}

// A heldItem waits for its block to say who wrote it.
type heldItem struct {
	it    item
	id    *ident
	block *readyBlock
}

// blockLife is how many lines a Ready may take.
const blockLife = 256

// claim attributes an event of a merged stream.
func (r *resolver) claim(w *writer, h *head, it *item) {
	e := &it.ev
	id := w.ident(e.Group)
	key := blockKey{it.thread, e.Group}
	var b, rowOf *readyBlock
	// A line that is there twice is its first copy's.
	said := *e
	said.Pos, said.Config = raftdiag.Position{}, nil
	if c := &r.claimed; e.Time != raftdiag.NoStamp && r.at == c.line+1 && said == c.ev {
		c.line = r.at
		w.newestLine++
		if e.Node = c.node; e.Node == 0 && c.block != nil && c.block.closed {
			e.Node = c.block.writer()
		}
		r.keep(it, id, c.block)
		return
	}
	switch {
	case e.Kind == raftdiag.State:
		prev := w.blocks[key]
		b = &readyBlock{begin: r.at, announced: [2]int64{-1, -1}, role: e.Role, term: e.Term, hasTerm: e.Has(raftdiag.HasTerm)}
		if prev != nil {
			prev.closed = true
			// Two heads in a row, where Readys print more than a head, are
			// those of two nodes: whose are the lines that follow?
			b.doubtful = w.seenExtracting && prev.extracts == 0 && r.at-prev.begin < blockLife
		}
		if e.Role == raftdiag.Leader && e.Has(raftdiag.HasLead) && e.Lead != 0 {
			b.id = e.Lead
			if e.Node == 0 {
				e.Node = e.Lead
			}
		}
		w.blocks[key], w.newest = b, b
	case e.Node != 0:
	case e.Kind == raftdiag.Received:
		if e.Has(raftdiag.HasTo) {
			e.Node = e.To
		}
	case it.role == messageRow || e.Kind == raftdiag.Sent || e.Kind == raftdiag.HandedOver:
		b = r.openBlock(w, key)
		if e.Has(raftdiag.HasFrom) && (!e.Has(raftdiag.HasType) || e.Type.IsNetwork()) {
			e.Node = e.From
			if h != nil && h.block != nil {
				h.block.sends(e, it.role == messageRow)
			}
			if b != nil {
				b.sends(e, it.role == messageRow)
			}
			b, rowOf = nil, b
		} else if h != nil && h.block != nil {
			b = h.block
		}
	case it.role == messageHead:
		// The head of a list is the node's that its rows come from.
		b = &readyBlock{begin: r.at, announced: [2]int64{-1, -1}}
		if open := r.openBlock(w, key); open != nil && !open.doubtful {
			b.id = open.id
		}
		if h != nil {
			h.block = b
		}
		rowOf = r.openBlock(w, key)
	case e.Kind == raftdiag.Ready:
		if b = r.openBlock(w, key); b != nil {
			b.extracts++
			w.seenExtracting = true
			if e.Has(raftdiag.HasImmediate) {
				b.announced[0] = int64(min(e.Immediate, 1<<40))
			}
			if e.Has(raftdiag.HasPersisted) {
				b.announced[1] = int64(min(e.Persisted, 1<<40))
			}
			if b.extracts > 1 {
				b.doubtful = true
			}
		}
	case e.Kind == raftdiag.LogRow:
		if b = r.openBlock(w, key); b != nil {
			b.rows++
			if b.rows > 1 {
				b.doubtful = true
			}
		}
	case it.role == progressRow, it.role == entryRow:
		if h != nil { // the Ready of its head
			b = h.block
		}
	case e.Kind == raftdiag.Committed:
		if b = r.openBlock(w, key); b != nil && w.seenExtracting && b.extracts == 0 {
			b = nil // entries come after EXTRACTING: these are another's
		}
		if h != nil {
			h.block = b
		}
	case it.role == groupless && e.Kind == raftdiag.SendFailed && e.Has(raftdiag.HasPeer) && atOnce(e.Text):
		// The Ready whose lines end right above it, if that sent to this peer.
		if n := w.newest; n != nil && !n.closed && !n.doubtful && w.newestLine == r.at-1 {
			for _, to := range n.to {
				if to == e.Peer {
					b = n
				}
			}
		}
	}
	if n := w.newest; n != nil && (b == n || rowOf != nil && rowOf == n) {
		w.newestLine = r.at
	}
	if open := w.blocks[key]; open != nil && open != b && !open.closed {
		switch {
		case e.Node != 0:
			open.after = also(open.after, e.Node)
		case b != nil:
			open.joined()
		}
	}
	if b != nil {
		b.joined()
		if b.closed && e.Node == 0 {
			e.Node = b.writer()
		}
	}
	r.claimed.ev, r.claimed.line, r.claimed.node, r.claimed.block = said, r.at, e.Node, b
	r.keep(it, id, b)
}

// keep hands an event over once its Ready, if it has one, is complete, and not
// before those of earlier lines. A symptom has no ident.
func (r *resolver) keep(it *item, id *ident, b *readyBlock) {
	if it.ev.Node != 0 {
		b = nil
	}
	if b == nil && len(r.held) == 0 {
		r.let(it, id)
		return
	}
	r.held = append(r.held, heldItem{*it, id, b})
	r.release()
}

func (r *resolver) let(it *item, id *ident) {
	if id == nil {
		r.symptom(it)
		return
	}
	r.pass(it, id)
}

// atOnce reports whether a send fails in this way without asking the network.
// All other failures come late, when another node's lines may stand above.
func atOnce(text string) bool {
	for _, s := range [...]string{"o address", "onfiguration error", "nknown peer", "unknown node"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// joined notes that a line belongs to the Ready.
func (b *readyBlock) joined() {
	for _, n := range b.after {
		b.within = also(b.within, n)
	}
	b.after = b.after[:0]
}

// writer is the node that wrote the lines of a Ready, or 0 if they do not fit
// together.
func (b *readyBlock) writer() raftdiag.NodeID {
	if b.doubtful {
		return 0
	}
	// Applications list the messages before the append, after it, or both.
	if a := b.announced; a[0] >= 0 && b.sent > 0 && b.sent != a[0] && (a[1] < 0 || b.sent != a[1] && b.sent != a[0]+a[1]) {
		return 0
	}
	for _, n := range b.within {
		if n != b.id {
			return 0
		}
	}
	return b.id
}

func also(list []raftdiag.NodeID, n raftdiag.NodeID) []raftdiag.NodeID {
	if len(list) >= 8 || slices.Contains(list, n) {
		return list
	}
	return append(list, n)
}

// openBlock is the Ready of the group that is being printed, or nil.
func (r *resolver) openBlock(w *writer, key blockKey) *readyBlock {
	b := w.blocks[key]
	if b == nil || b.closed || r.at-b.begin >= blockLife {
		return nil
	}
	return b
}

// sends notes that the Ready sends this message.
func (b *readyBlock) sends(e *raftdiag.Event, row bool) {
	if row {
		b.sent++
	}
	b.joined()
	if e.Has(raftdiag.HasTo) && len(b.to) < 16 {
		b.to = append(b.to, e.To)
	}
	switch {
	case b.id != 0 && b.id != e.From:
		b.doubtful = true
	case b.role != raftdiag.UnknownRole && e.Has(raftdiag.HasType) && !mayBeSaid(b.role, e.Type),
		b.hasTerm && e.Has(raftdiag.HasTerm) && e.Term != b.term && e.Type != raftdiag.MsgPreVote && e.Type != raftdiag.MsgPreVoteResp && !e.Reject:
		b.doubtful = true
	}
	if b.id == 0 {
		b.id = e.From
	}
}

// mayBeSaid reports whether a node in this role sends messages of this type.
func mayBeSaid(r raftdiag.Role, t raftdiag.MessageType) bool {
	switch t {
	case raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap:
		return r == raftdiag.Leader
	case raftdiag.MsgVote:
		return r == raftdiag.Candidate || r == raftdiag.Leader
	case raftdiag.MsgPreVote:
		return r == raftdiag.PreCandidate
	}
	return true
}

// release hands over the events at the front whose Ready is complete.
func (r *resolver) release() {
	n := 0
	for ; n < len(r.held); n++ {
		x := &r.held[n]
		if x.block != nil {
			if !x.block.closed && r.at-x.block.begin < blockLife {
				break
			}
			x.it.ev.Node = x.block.writer()
		}
		r.let(&x.it, x.id)
	}
	if n > 0 {
		r.held = r.held[:copy(r.held, r.held[n:])]
	}
}

// closeAll ends every Ready.
func (r *resolver) closeAll() {
	for _, all := range r.writers {
		for _, w := range all.list {
			for _, b := range w.blocks {
				b.closed = true
			}
			w.newest = nil
		}
	}
	for i := range r.held {
		if b := r.held[i].block; b != nil {
			b.closed = true
		}
	}
	r.release()
}
