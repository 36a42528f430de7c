package parser

import (
	"slices"

	"github.com/raftdiag/raftdiag"
)

// A script is what is open of the texts of etcd raft's describers in one
// writer's lines: the Ready or the transcript's step that the lines belong to,
// and a message whose entries are still to come.
type script struct {
	node    raftdiag.NodeID // that the lines below are of, 0 if nothing says so
	headed  bool            // a transcript's head holds until the next one
	section section
	command section // of the newest command, until its answer begins
	asked   raftdiag.NodeID
	time    raftdiag.Stamp
	group   string
	touched int64 // the line of the newest part, over all sources
	lines   int   // of the writer, by then

	soft    item // a SoftState that waits for the HardState below it
	hasSoft bool
	msg     item // a message that waits for its entries or its snapshot
	hasMsg  bool
	entries bool // within its list of entries
	nested  bool // within its list of answers
	waited  int  // lines

	recent  [64]printed
	nrecent int

	states map[scriptKey]*scriptState
}

// A printed message is one that may be printed once more, in other words, when
// it is handed on: in a Ready's list and then as it is sent.
type printed struct {
	raftdiag.Message
	kind    raftdiag.Kind
	wording int64
	again   bool
}

// twice reports whether the message was printed before in other words.
func (sc *script) twice(e *raftdiag.Event, wording int64) bool {
	for i := range min(sc.nrecent, len(sc.recent)) {
		if p := &sc.recent[i]; !p.again && p.kind == e.Kind && p.wording != wording && p.Message == e.Message {
			p.again = true
			return true
		}
	}
	sc.recent[sc.nrecent%len(sc.recent)] = printed{e.Message, e.Kind, wording, false}
	sc.nrecent++
	return false
}

type scriptKey struct {
	node  raftdiag.NodeID
	group string
}

// A scriptState is what is known of one node in one group.
type scriptState struct {
	leads  bool
	acked  raftdiag.Index // the highest accept that it sent
	state  raftdiag.Event // the newest state that a trace printed
	config *raftdiag.Config
	told   bool
}

// mostParts is how many lines a message waits for the rest of its list.
const mostParts = 1 << 14

func (w *writer) openScript() *script {
	if w.script == nil {
		w.script = &script{states: map[scriptKey]*scriptState{}}
	}
	return w.script
}

func (sc *script) of(e *raftdiag.Event) *scriptState {
	key := scriptKey{e.Node, e.Group}
	st := sc.states[key]
	if st == nil {
		st = &scriptState{}
		sc.states[key] = st
	}
	return st
}

// part takes a line of a describer's text, in the order of the lines.
func (r *resolver) part(w *writer, it *item) {
	sc := w.openScript()
	if it.part == tracePart {
		r.traced(w, sc, it)
		return
	}
	if it.dialect == stateTrace {
		r.message(w, sc, it)
		return
	}
	e := &it.ev
	below := sc.headed || r.at <= sc.touched+1 || w.name != "" && w.lines <= sc.lines+1
	if !below {
		r.close(w, sc)
		sc.section, sc.node, sc.command = noSection, 0, noSection
	}
	sc.touched, sc.lines = r.at, w.lines
	if e.Time == raftdiag.NoStamp && below {
		e.Time = sc.time // the head's: the logger stamps the first line
	} else {
		sc.time = e.Time
	}
	if e.Group == "" && below {
		e.Group = sc.group
	} else {
		sc.group = e.Group
	}
	switch it.part {
	case nodeHead:
		r.close(w, sc)
		sc.headed, sc.section, sc.node = true, section(it.row), e.Node
	case commandPart:
		r.close(w, sc)
		sc.command, sc.asked = section(it.row), e.Node
		sc.section, sc.node, sc.headed = noSection, 0, false
	case answerRule:
		r.close(w, sc)
		sc.section, sc.node, sc.headed = sc.command, sc.asked, sc.command != noSection
		sc.command, sc.asked = noSection, 0
		if sc.section == receivingSection {
			sc.node = 0 // of several nodes: each message says whose
		}
	case readyHead:
		r.close(w, sc)
		if !sc.headed {
			sc.node = 0
		}
		sc.section = readySection
		r.said(w, sc, it)
	case sectionHead:
		r.close(w, sc)
		if sc.section != noSection {
			sc.section = section(it.row)
		}
	case softState:
		r.flush(w)
		r.learns(w, sc, it)
		sc.soft, sc.hasSoft = *it, true
	case hardState:
		if sc.hasSoft && !sc.hasMsg {
			it.ev.Role, it.ev.Lead = sc.soft.ev.Role, sc.soft.ev.Lead
			it.ev.Set |= raftdiag.HasRole | raftdiag.HasLead
			sc.hasSoft = false
		}
		r.flush(w)
		r.said(w, sc, it)
	case entryPart:
		r.entry(w, sc, it)
	case listEnd:
		switch {
		case sc.nested:
			sc.nested = false
		case sc.hasMsg:
			r.flush(w)
			sc.nested = it.row == responsesOpen
		}
	case snapshotPart:
		if sc.hasMsg && sc.msg.ev.Type == raftdiag.MsgSnap {
			sc.msg.ev.Snapshot, sc.msg.ev.Set = e.Index, sc.msg.ev.Set|raftdiag.HasSnapshot
			r.flush(w)
			return
		}
		r.flush(w)
		if sc.section == readySection || sc.section == entriesSection {
			c := e.Config
			e.Config = nil
			r.said(w, sc, it)
			if c != nil {
				x := *it
				x.ev = raftdiag.Event{Kind: raftdiag.ConfigChanged, Set: raftdiag.HasConfig | raftdiag.HasIndex, Config: c,
					Pos: e.Pos, Time: e.Time, Writer: e.Writer, Group: e.Group, Node: e.Node}
				x.ev.Index = e.Index
				r.said(w, sc, &x)
			}
		}
	case progressPart:
		r.flush(w)
		if sc.section == statusSection || sc.section == noSection {
			r.said(w, sc, it)
		}
	case messagePart:
		r.message(w, sc, it)
	}
}

// learns gives an event the node that its section is known to be of.
func (r *resolver) learns(w *writer, sc *script, it *item) {
	if it.ev.Node == 0 {
		it.ev.Node = sc.node
	}
}

// said hands on what a part says.
func (r *resolver) said(w *writer, sc *script, it *item) {
	r.learns(w, sc, it)
	e := &it.ev
	switch e.Kind {
	case raftdiag.State, raftdiag.RoleChanged:
		if e.Has(raftdiag.HasRole) {
			sc.of(e).leads = e.Role == raftdiag.Leader
		}
	case raftdiag.Sent:
		switch e.Type {
		case raftdiag.MsgApp, raftdiag.MsgHeartbeat, raftdiag.MsgSnap:
			sc.of(e).leads = true
		case raftdiag.MsgAppResp:
			st := sc.of(e)
			st.leads = false
			if !e.Reject && e.Index > st.acked {
				st.acked = e.Index
			}
		case raftdiag.MsgVote, raftdiag.MsgPreVote, raftdiag.MsgHeartbeatResp:
			sc.of(e).leads = false
		}
	}
	r.place(w, nil, it)
}

// close ends what is open above a head.
func (r *resolver) close(w *writer, sc *script) {
	r.flush(w)
	sc.nested = false
}

// flush hands on what waits.
func (r *resolver) flush(w *writer) {
	sc := w.script
	if sc == nil {
		return
	}
	if sc.hasSoft {
		sc.hasSoft = false
		it := sc.soft
		r.said(w, sc, &it)
	}
	if sc.hasMsg {
		sc.hasMsg = false
		it := sc.msg
		if sc.entries && sc.msg.row&entriesOpen != 0 && !sc.nested && it.ev.Entries == 0 {
			it.ev.Set &^= raftdiag.HasEntries
		}
		sc.entries, sc.nested, sc.waited = false, false, 0
		r.addressed(w, sc, &it)
	}
}

// entry takes an entry: of the message that waits, or of a list of the Ready.
func (r *resolver) entry(w *writer, sc *script, it *item) {
	e := &it.ev
	if sc.hasMsg {
		m := &sc.msg.ev
		if sc.waited++; sc.nested || sc.waited > mostParts {
			return
		}
		if sc.msg.row&(toThread|fromThread) != 0 && m.Entries == 0 {
			m.Index = max(e.Index, 1) - 1
		}
		if e.Index != m.Index+raftdiag.Index(m.Entries)+1 {
			return // another's
		}
		m.Entries++
		m.EntryTerm, m.Set = e.Term, m.Set|raftdiag.HasEntryTerm
		return
	}
	r.flush(w)
	switch sc.section {
	case committedSection:
		r.said(w, sc, it)
	case entriesSection:
		r.learns(w, sc, it)
		st := sc.of(e)
		switch {
		case st.leads && it.row > 0:
			e.Kind, e.Set, e.EntryType = raftdiag.Proposed, raftdiag.HasTerm|raftdiag.HasIndex, 0
			r.said(w, sc, it)
		case !st.leads && e.Index >= st.acked:
			// The log's end, where no truncation may have moved it below
			// what the node has promised.
			last := e.Index
			e.Kind, e.Set, e.EntryType, e.Term, e.Index = raftdiag.LogRow, raftdiag.HasLast, 0, 0, 0
			e.Last = last
			r.said(w, sc, it)
		}
	}
}

// message takes a message, and keeps it until its lists are complete.
func (r *resolver) message(w *writer, sc *script, it *item) {
	if sc.nested {
		return // an answer that leaves when its append is stored
	}
	r.flush(w)
	e := &it.ev
	if r.rehears && it.row&(toThread|fromThread) == 0 {
		w.all.meet(e.From, e.To)
	}
	if it.row&entriesOpen != 0 || e.Type == raftdiag.MsgSnap && !e.Has(raftdiag.HasSnapshot) {
		sc.msg, sc.hasMsg, sc.entries = *it, true, it.row&entriesOpen != 0
		return
	}
	sc.nested = it.row&responsesOpen != 0
	r.addressed(w, sc, it)
}

// addressed tells a message's direction and hands it on.
func (r *resolver) addressed(w *writer, sc *script, it *item) {
	e := &it.ev
	if e.Kind == raftdiag.NoKind {
		switch sc.section {
		case messagesSection, responsesSection:
			e.Kind = raftdiag.Sent
			if self := r.speaker(w, sc, e); self != 0 && it.row&(fromThread|toThread) == 0 && e.From != self {
				// Not of this list: a line that follows it.
				e.Kind = raftdiag.NoKind
			}
		case receivingSection:
			e.Kind = raftdiag.Received
		case processingSection:
			r.stored(w, sc, it)
			return
		case noSection, readySection, otherSection, entriesSection, committedSection, statusSection:
		}
		if e.Kind == raftdiag.NoKind {
			switch self := r.speaker(w, sc, e); {
			case self == 0 || e.From == e.To:
			case e.From == self:
				e.Kind = raftdiag.Sent
				if it.row&failing != 0 {
					e.Kind = raftdiag.SendFailed
				}
			case e.To == self:
				e.Kind = raftdiag.Received
				if it.row&failing != 0 {
					e.Kind = raftdiag.StepFailed
				}
			}
		}
	}
	if it.row&toThread != 0 {
		return
	}
	if e.Kind == raftdiag.NoKind {
		if !r.rehears && it.row&fromThread == 0 {
			r.src.undirected++
		}
		return
	}
	r.learns(w, sc, it)
	if e.Kind == raftdiag.Received && e.Node == 0 && sc.headed {
		e.Node = e.To
	}
	switch {
	case it.row&fromThread != 0, e.From == e.To && e.From != 0:
		r.own(w, sc, it)
		return
	case e.Kind == raftdiag.SendFailed:
		// Raft made it, even if only its failure is printed.
		made := *it
		made.ev.Kind, made.ev.Text, made.ev.Set = raftdiag.Sent, "", e.Set&^raftdiag.HasText
		if !sc.twice(&made.ev, it.row&wordingBits) {
			r.said(w, sc, &made)
		}
		e.Peer, e.Set = e.To, e.Set|raftdiag.HasPeer
	}
	if (e.Kind == raftdiag.Sent || e.Kind == raftdiag.Received) && it.dialect == describe && sc.twice(e, it.row&wordingBits) {
		if e.Kind == raftdiag.Received {
			return
		}
		e.Kind = raftdiag.HandedOver
	}
	if sc.section == messagesSection && sc.node == 0 && e.Kind == raftdiag.Sent && e.Type.IsNetwork() {
		sc.node = e.From
	}
	r.said(w, sc, it)
}

// own takes a message that a node has sent itself: its storage says how far
// the log is stored.
func (r *resolver) own(w *writer, sc *script, it *item) {
	e := &it.ev
	if e.Kind != raftdiag.Received {
		return
	}
	if e.Node == 0 {
		e.Node = e.To
	}
	switch {
	case e.Type == raftdiag.MsgAppResp && !e.Reject && e.Index > 0:
		e.Kind, e.Set = raftdiag.Appended, raftdiag.HasTerm|raftdiag.HasIndex
	case e.Type == raftdiag.MsgStorageAppendResp && e.Index > 0:
		e.Kind, e.Term, e.Set = raftdiag.Appended, e.LogTerm, raftdiag.HasTerm|raftdiag.HasIndex
	case e.Type == raftdiag.MsgStorageApplyResp && e.Entries > 0:
		last := e.LastIndex()
		e.Kind, e.Set, e.Index = raftdiag.Applied, raftdiag.HasIndex, last
	default:
		return
	}
	acked := e.Type == raftdiag.MsgAppResp
	e.Message = raftdiag.Message{Term: e.Term, Index: e.Index}
	r.said(w, sc, it)
	if acked && sc.of(e).leads {
		// A leader takes its own answer as it takes its peers'.
		x := *it
		x.ev = raftdiag.Event{Kind: raftdiag.ProgressRow, Set: raftdiag.HasPeer | raftdiag.HasMatch, Pos: e.Pos, Time: e.Time, Writer: e.Writer, Group: e.Group, Node: e.Node}
		x.ev.Peer, x.ev.Match = e.Node, e.Index
		r.place(w, nil, &x)
	}
}

// stored takes a storage thread's work.
func (r *resolver) stored(w *writer, sc *script, it *item) {
	e := &it.ev
	if e.Type != raftdiag.MsgStorageAppend || it.row&toThread == 0 || e.Term == 0 {
		return
	}
	r.learns(w, sc, it)
	e.Kind, e.Set = raftdiag.HardStateSaved, raftdiag.HasTerm|raftdiag.HasCommit
	e.Message = raftdiag.Message{Term: e.Term, Commit: e.Commit}
	r.said(w, sc, it)
}

// speaker is the node that the lines are surely of, or 0.
func (r *resolver) speaker(w *writer, sc *script, e *raftdiag.Event) raftdiag.NodeID {
	switch {
	case e.Node != 0:
		return e.Node
	case sc.node != 0:
		return sc.node
	case r.node != 0:
		return r.node
	}
	if w.all.merged {
		return 0
	}
	if id := w.idents[e.Group]; id != nil && id.self != 0 {
		return id.self
	}
	if w.said != 0 {
		return w.said
	}
	if len(w.all.selves) == 1 && w.all.selves[0] != 0 {
		return w.all.selves[0]
	}
	return w.all.byEnds()
}

// meet notes who a message that says no direction is between.
func (p *parts) meet(from, to raftdiag.NodeID) {
	if from == 0 || to == 0 || from == to {
		return
	}
	if !p.met {
		p.met, p.ends = true, []raftdiag.NodeID{from, to}
		return
	}
	p.ends = slices.DeleteFunc(p.ends, func(n raftdiag.NodeID) bool { return n != from && n != to })
}

// byEnds is the node that the name of the log calls, if every message is from
// it or to it. Names may count from 0: then the log is the next node's, unless
// that has messages that are none of its own.
func (p *parts) byEnds() raftdiag.NodeID {
	if p.called != 0 && slices.Contains(p.ends, p.called) && !slices.Contains(p.ends, p.called+1) {
		return p.called
	}
	return 0
}

// traced hands on the state of a state trace's line where it differs from the
// newest one of its node: every line prints it.
func (r *resolver) traced(w *writer, sc *script, it *item) {
	e := &it.ev
	config := e.Config
	st := sc.of(e)
	boot := e.Kind == raftdiag.Booted
	if boot {
		st.told = false
	}
	if config != nil && (boot || st.config == nil || !sameConfig(st.config, config)) {
		st.config = config
		if boot {
			e.Set |= raftdiag.HasConfig
		} else if len(config.Voters) > 0 {
			x := *it
			x.ev = raftdiag.Event{Kind: raftdiag.ConfigChanged, Set: raftdiag.HasConfig, Config: config, Pos: e.Pos, Time: e.Time, Writer: e.Writer, Group: e.Group, Node: e.Node}
			r.place(w, nil, &x)
		}
	}
	if !boot {
		e.Config = nil
		now := raftdiag.Event{Role: e.Role, Vote: e.Vote, Last: e.Last, Message: raftdiag.Message{Term: e.Term, Commit: e.Commit}}
		if st.told && st.state == now {
			return
		}
		st.state, st.told = now, true
		st.leads = e.Role == raftdiag.Leader
	}
	r.place(w, nil, it)
}

func sameConfig(a, b *raftdiag.Config) bool {
	return slices.Equal(a.Voters, b.Voters) && slices.Equal(a.VotersOutgoing, b.VotersOutgoing)
}
