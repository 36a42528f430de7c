package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// readyloop reads a line of the text that a Ready loop prints, with its
// envelope taken off:
//
//	ready() HAS_READY for __meta-0: raft_state=Leader, term=1, commit=0, leader=2
//	Outgoing messages from __meta-0: total=1
//	  Msg[0]: type=3, from=2, to=1, term=1, log_term=0, index=0, commit=0, entries=1
//
// It looks for literals first and reads only what they let through.
func (p *reader) readyloop(s []byte, it *item) outcome {
	s = withoutEmoji(s)
	if len(s) < 8 {
		return notRaft
	}
	switch s[0] {
	case 'r':
		if has(s, "ready") {
			return p.ready(s, it)
		}
	case 'R':
		switch {
		case has(s, "Received Raft message for "):
			return p.message(s[len("Received Raft message for "):], it, raftdiag.Received, plain)
		case has(s, "Raft log for "):
			return p.inGroup(s[len("Raft log for "):], it, raftdiag.LogRow, raftdiag.HasLast|raftdiag.HasCommit|raftdiag.HasApplied|raftdiag.HasUnstable)
		case has(s, "Received snapshot for "):
			return p.inGroup(s[len("Received snapshot for "):], it, raftdiag.SnapshotReceived, 0)
		case has(s, "Received SIGTERM"), has(s, "Received SIGINT"), has(s, "Received signal "):
			it.ev.Kind, it.role = raftdiag.Stopped, groupless
			p.text(it, withoutRemark(s))
			return raft
		case has(s, "REPLICA: "):
			return p.readyloop(bytes.TrimLeft(s[len("REPLICA: "):], " "), it)
		case has(s, "Raft state transition"):
			return p.transition(s[len("Raft state transition"):], it)
		case has(s, "Raft RPC succeeded"):
			return p.structured(s[len("Raft RPC succeeded"):], it, raftdiag.HandedOver)
		case has(s, "Raft RPC rejected by peer"), has(s, "Raft RPC failed "), has(s, "Raft RPC connection error"):
			return p.rpcFailed(s, it)
		case has(s, "Raft I/O took "):
			return p.slow(s[len("Raft I/O took "):], it, "Raft I/O")
		case has(s, "Raft tick took "):
			return p.slow(s[len("Raft tick took "):], it, "Raft tick")
		}
	case 'P':
		switch {
		case has(s, "Peer "):
			return p.peer(s[len("Peer "):], it)
		case has(s, "Progress tracker for "):
			return p.head(s[len("Progress tracker for "):], it, raftdiag.NoKind, progressHead)
		case has(s, "Progress for peer "):
			return p.peer(s[len("Progress for peer "):], it)
		case has(s, "Proposing entry of "):
			return p.proposing(s[len("Proposing entry of "):], it)
		case has(s, "Proposed entry at index "):
			return p.indexed(s[len("Proposed entry at index "):], " to ", it, raftdiag.Proposed)
		case has(s, "Persisted message "):
			return p.persisted(s[len("Persisted message "):], it)
		}
	case 'O':
		if has(s, "Outgoing messages from ") {
			return p.head(s[len("Outgoing messages from "):], it, raftdiag.Outgoing, messageHead)
		}
	case 'M':
		switch {
		case has(s, "Msg["):
			return p.row(s[len("Msg["):], ']', it, raftdiag.Sent, messageRow)
		case has(s, "Message sender: "):
			return p.sender(s[len("Message sender: "):], it)
		case has(s, "Message "):
			return p.row(s[len("Message "):], 0, it, raftdiag.Sent, messageRow)
		case has(s, "MISMATCH: "):
			it.ev.Kind = raftdiag.Misconfigured
			p.text(it, s)
			return raft
		}
	case 'C':
		switch {
		case has(s, "Committed entries ready for application"):
			return p.committed(s[len("Committed entries ready for application"):], it)
		case has(s, "Committed entries for "):
			return p.head(s[len("Committed entries for "):], it, raftdiag.Committed, entryHead)
		case has(s, "Committed["):
			return p.row(s[len("Committed["):], ']', it, raftdiag.EntryCommitted, entryRow)
		case has(s, "Committed entry "):
			return p.row(s[len("Committed entry "):], 0, it, raftdiag.EntryCommitted, entryRow)
		case has(s, "Created Raft replica for "):
			return p.created(s[len("Created Raft replica for "):], it)
		case has(s, "Creating snapshot for "):
			return p.inGroup(s[len("Creating snapshot for "):], it, raftdiag.SnapshotCreated, 0)
		case has(s, "Cannot send "):
			return p.cannotSend(s, it)
		}
	case 'S':
		switch {
		case has(s, "Sending "):
			return p.sending(s[len("Sending "):], it)
		case has(s, "Step: failed to "):
			return p.noReplica(s, it)
		case has(s, "Step message for "):
			return p.inGroup(s[len("Step message for "):], it, raftdiag.Received, 0)
		case has(s, "StepBatch: replica "), has(s, "Step: replica "):
			return p.noReplica(s, it)
		case has(s, "Successfully installed snapshot for "):
			return p.inGroup(s[len("Successfully installed snapshot for "):], it, raftdiag.SnapshotInstalled, 0)
		case has(s, "Shutting down Raft"), has(s, "Stopping Raft"):
			return p.stopped(s, it)
		}
	case 'F':
		switch {
		case has(s, "Failed to propose "):
			return p.refused(s[len("Failed to propose "):], it)
		case has(s, "Failed to persist "), has(s, "Failed to append entries "):
			return p.notStored(s, it)
		case has(s, "Failed to send "):
			return p.failed(s, it)
		case has(s, "Failed to apply entry "):
			return p.indexed(s[len("Failed to apply entry "):], " for ", it, raftdiag.ApplyFailed)
		}
	case 'A':
		if has(s, "Applied entry ") {
			return p.indexed(s[len("Applied entry "):], " for ", it, raftdiag.Applied)
		}
	case 'E':
		if has(s, "Entry ") {
			return p.entryCommitted(s[len("Entry "):], it)
		}
	case 'W':
		if has(s, "Waiting for entry ") {
			return p.indexed(s[len("Waiting for entry "):], " on ", it, raftdiag.Waiting)
		}
	case 'T':
		if has(s, "Timed out ") || has(s, "Timeout ") {
			return p.gaveUp(s, it)
		}
	case 'B':
		if has(s, "Became Raft leader") {
			return p.becameLeader(s[len("Became Raft leader"):], it)
		}
	case 'L':
		if has(s, "Leader change detected") {
			return p.leaderChange(s[len("Leader change detected"):], it)
		}
	case 'I':
		if has(s, "Installing snapshot for ") {
			return p.inGroup(s[len("Installing snapshot for "):], it, raftdiag.SnapshotReceived, 0)
		}
	case 'p', 't', 'f':
		if has(s, "propose() called for ") {
			return p.inGroup(s[len("propose() called for "):], it, raftdiag.Proposing, 0)
		}
		return p.panicked(s, it)
	case 'n':
		if has(s, "newRaft") {
			return p.booted(s[len("newRaft"):], it)
		}
	}
	return notRaft
}

// withoutEmoji takes symbols and spaces off the start: the application says
// "✅ Proposed entry".
func withoutEmoji(s []byte) []byte {
	for len(s) > 0 && (s[0] >= 0x80 || s[0] == ' ') {
		s = s[1:]
	}
	return s
}

// finish puts group and node of a line's fields into the event.
func (p *reader) finish(it *item, x *sentence) {
	if x.node != 0 {
		it.ev.Node = x.node
	}
	if it.ev.Group != "" {
		return
	}
	switch {
	case len(x.group) > 0:
		it.ev.Group = p.in.string(x.group)
	case len(x.topic) > 0 && len(x.partition) > 0:
		p.join = append(append(append(p.join[:0], x.topic...), '-'), x.partition...)
		it.ev.Group = p.in.string(p.join)
	case len(x.topic) > 0:
		it.ev.Group = p.in.string(x.topic)
	}
}

const maxText = 512

func (p *reader) text(it *item, s []byte) {
	s = bytes.TrimRight(s, " \t")
	if len(s) > maxText {
		s = s[:maxText]
	}
	if len(s) > 0 {
		it.ev.Text, it.ev.Set = p.in.string(s), it.ev.Set|raftdiag.HasText
	}
}

// inGroup reads "G: key=value, ..."; need says that one of these fields must
// be printed.
func (p *reader) inGroup(s []byte, it *item, k raftdiag.Kind, need raftdiag.Field) outcome {
	e := &it.ev
	var ok bool
	if e.Group, s, ok = p.groupName(s); !ok {
		return unreadable
	}
	e.Kind = k
	var x sentence
	if !p.fields(s, e, &x) || need != 0 && e.Set&need == 0 {
		return unreadable
	}
	p.finish(it, &x)
	return raft
}

// ready reads the lines that begin with ready() or ready_non_blocking().
func (p *reader) ready(s []byte, it *item) outcome {
	switch {
	case has(s, "ready() "):
		s = s[len("ready() "):]
	case has(s, "ready_non_blocking() "):
		s = s[len("ready_non_blocking() "):]
	default:
		return notRaft
	}
	switch {
	case has(s, "HAS_READY for "):
		return p.inGroup(s[len("HAS_READY for "):], it, raftdiag.State, raftdiag.HasRole|raftdiag.HasTerm|raftdiag.HasCommit|raftdiag.HasLead)
	case has(s, "EXTRACTING for "):
		return p.inGroup(s[len("EXTRACTING for "):], it, raftdiag.Ready, raftdiag.HasImmediate|raftdiag.HasEntries|raftdiag.HasCount|raftdiag.HasPersisted)
	case has(s, "for "):
		if bytes.Contains(s, []byte("raft_state=")) {
			return p.inGroup(s[len("for "):], it, raftdiag.State, raftdiag.HasRole|raftdiag.HasTerm|raftdiag.HasCommit)
		}
	}
	return notRaft
}

func (p *reader) message(s []byte, it *item, k raftdiag.Kind, r role) outcome {
	it.role = r
	return p.inGroup(s, it, k, raftdiag.HasType|raftdiag.HasFrom|raftdiag.HasTo)
}

// head reads the line above rows.
func (p *reader) head(s []byte, it *item, k raftdiag.Kind, r role) outcome {
	it.role = r
	return p.inGroup(s, it, k, 0)
}

// committed reads the head in its structured form: fields behind the text.
func (p *reader) committed(s []byte, it *item) outcome {
	it.role = entryHead
	e := &it.ev
	e.Kind = raftdiag.Committed
	var x sentence
	if has(s, " for ") {
		var ok bool
		if e.Group, s, ok = p.groupName(s[len(" for "):]); !ok {
			return unreadable
		}
	}
	if !p.fields(s, e, &x) {
		return unreadable
	}
	p.finish(it, &x)
	if e.Group == "" && e.Set == 0 {
		return unreadable
	}
	return raft
}

// row reads "0]: type=3, ..." or "0: index=1, ...".
func (p *reader) row(s []byte, closing byte, it *item, k raftdiag.Kind, r role) outcome {
	n, w := uintAt(s)
	if w == 0 {
		return notRaft
	}
	s = s[w:]
	if closing != 0 {
		if len(s) == 0 || s[0] != closing {
			return notRaft
		}
		s = s[1:]
	}
	if len(s) == 0 || s[0] != ':' || bytes.IndexByte(s, '=') < 0 {
		return notRaft
	}
	it.role, it.row = r, int64(n&(1<<31-1))
	e := &it.ev
	e.Kind = k
	var x sentence
	if !p.fields(s[1:], e, &x) || e.Set == 0 {
		return unreadable
	}
	p.finish(it, &x)
	return raft
}

// peer reads "1: matched=0, next_idx=1, state=Replicate, ...".
func (p *reader) peer(s []byte, it *item) outcome {
	n, w := uintAt(s)
	if w == 0 || w == len(s) || s[w] != ':' {
		return notRaft
	}
	e := &it.ev
	e.Kind, it.role = raftdiag.ProgressRow, progressRow
	e.Peer, e.Set = raftdiag.NodeID(n), raftdiag.HasPeer
	var x sentence
	if !p.fields(s[w+1:], e, &x) {
		return unreadable
	}
	if e.Set == raftdiag.HasPeer {
		return notRaft
	}
	p.finish(it, &x)
	return raft
}

// proposing reads "123 bytes to G (with wait)".
func (p *reader) proposing(s []byte, it *item) outcome {
	e := &it.ev
	n, w := uintAt(s)
	if w == 0 || !has(s[w:], " bytes to ") {
		return unreadable
	}
	var ok bool
	if e.Group, _, ok = p.groupName(s[w+len(" bytes to "):]); !ok {
		return unreadable
	}
	e.Kind, e.Size, e.Set = raftdiag.Proposing, n, raftdiag.HasSize
	return raft
}

// indexed reads "7 ... to G", where before stands in front of the group.
func (p *reader) indexed(s []byte, before string, it *item, k raftdiag.Kind) outcome {
	e := &it.ev
	n, w := uintAt(s)
	if w == 0 {
		return unreadable
	}
	at := bytes.Index(s[w:], []byte(before))
	if at < 0 {
		if k != raftdiag.Applied || w == len(s) {
			return unreadable
		}
		it.role = groupless
	} else {
		rest := s[w+at+len(before):]
		var ok bool
		if e.Group, rest, ok = p.groupName(rest); !ok {
			return unreadable
		}
		s, w = rest, 0
	}
	e.Kind, e.Index, e.Set = k, raftdiag.Index(n), raftdiag.HasIndex
	switch k {
	case raftdiag.ApplyFailed:
		p.text(it, withoutRemark(bytes.TrimLeft(s, ": ")))
	case raftdiag.Proposed:
		var x sentence
		if !p.fields(s, e, &x) {
			return unreadable
		}
	}
	return raft
}

// entryCommitted reads "7 committed on G": the waiter of the entry woke up.
func (p *reader) entryCommitted(s []byte, it *item) outcome {
	n, w := uintAt(s)
	if w == 0 || !has(s[w:], " committed on ") {
		return notRaft
	}
	e := &it.ev
	var ok bool
	if e.Group, _, ok = p.groupName(s[w+len(" committed on "):]); !ok {
		return unreadable
	}
	e.Kind, e.Index, e.Set = raftdiag.Replied, raftdiag.Index(n), raftdiag.HasIndex
	return raft
}

// refused reads "to G: error" and "entry of 123 bytes to G: error".
func (p *reader) refused(s []byte, it *item) outcome {
	e := &it.ev
	at := bytes.Index(s, []byte("to "))
	if at < 0 || at > 40 || at > 0 && s[at-1] != ' ' {
		return notRaft
	}
	if what := s[:at]; has(what, "entry of ") {
		if n, w := uintAt(what[len("entry of "):]); w > 0 {
			e.Size, e.Set = n, raftdiag.HasSize
		}
	}
	var ok bool
	if e.Group, s, ok = p.groupName(s[at+len("to "):]); !ok {
		return unreadable
	}
	e.Kind = raftdiag.ProposalDropped
	p.text(it, withoutRemark(bytes.TrimLeft(s, ": ")))
	return raft
}

// gaveUp reads "Timed out waiting for entry 7 to commit on G" and "Timed out
// after 1s waiting for entry to commit on G".
func (p *reader) gaveUp(s []byte, it *item) outcome {
	e := &it.ev
	at := bytes.Index(s, []byte("waiting for entry "))
	if at < 0 || at > 40 {
		return notRaft
	}
	if after := bytes.Index(s[:at], []byte(" after ")); after >= 0 {
		if d, ok := durationAt(s[after+len(" after "):]); ok {
			e.Duration, e.Set = d, raftdiag.HasDuration
		}
	}
	s = s[at+len("waiting for entry "):]
	if n, w := uintAt(s); w > 0 {
		e.Index, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasIndex
		s = bytes.TrimLeft(s[w:], " ")
	}
	if !has(s, "to commit on ") {
		return notRaft
	}
	var ok bool
	if e.Group, _, ok = p.groupName(s[len("to commit on "):]); !ok {
		return unreadable
	}
	e.Kind = raftdiag.ProposalTimedOut
	return raft
}

// notStored reads "Failed to persist Raft state for G: error".
func (p *reader) notStored(s []byte, it *item) outcome {
	e := &it.ev
	at := bytes.Index(s, []byte(" for "))
	if at < 0 || at > 60 {
		return notRaft
	}
	rest := s[at+len(" for "):]
	var ok bool
	if e.Group, rest, ok = p.groupName(rest); !ok {
		return unreadable
	}
	e.Kind = raftdiag.StorageFailed
	p.text(it, withoutRemark(bytes.TrimLeft(rest, ": ")))
	return raft
}

// stopped reads "Shutting down Raft node 2: reason" and "Stopping Raft replica
// for G".
func (p *reader) stopped(s []byte, it *item) outcome {
	e := &it.ev
	e.Kind = raftdiag.Stopped
	what, why, _ := bytes.Cut(s, []byte(": "))
	if at := bytes.Index(what, []byte(" for ")); at >= 0 {
		var ok bool
		if e.Group, _, ok = p.groupName(what[at+len(" for "):]); !ok {
			return unreadable
		}
	}
	if at := bytes.Index(what, []byte(" node ")); at >= 0 {
		if n, w := uintAt(what[at+len(" node "):]); w > 0 {
			e.Node = raftdiag.NodeID(n)
		}
	}
	p.text(it, withoutRemark(why))
	return raft
}

// created reads "G: node_id=2, term=1, commit=1, ..., conf_state=ConfState {
// voters: [1, 2, 3], ... }": a replica comes up.
func (p *reader) created(s []byte, it *item) outcome {
	at := bytes.Index(s, []byte("ConfState { voters: ["))
	if got := p.inGroup(s, it, raftdiag.Booted, 0); got != raft || at < 0 {
		return got
	}
	c := configIn(s[at:])
	if c == nil && has(s[at:], "ConfState { voters: []") {
		c = &raftdiag.Config{} // bootstrapped with nobody
	}
	if e := &it.ev; c != nil {
		e.Config, e.Set = c, e.Set|raftdiag.HasConfig
	}
	return raft
}

// persisted reads "1/2 for G: type=4, from=2, ...": a message that leaves
// after the append is stored.
func (p *reader) persisted(s []byte, it *item) outcome {
	at := bytes.Index(s, []byte(" for "))
	if _, w := uintAt(s); w == 0 || at < 0 || at > 24 {
		return unreadable
	}
	return p.message(s[at+len(" for "):], it, raftdiag.Sent, plain)
}

// sending reads "2 messages to peers for G" and "Raft message via gRPC topic=..".
func (p *reader) sending(s []byte, it *item) outcome {
	e := &it.ev
	if has(s, "Raft message") {
		return p.structured(s, it, raftdiag.HandedOver)
	}
	n, w := uintAt(s)
	if w == 0 || !has(s[w:], " message") {
		return notRaft
	}
	at := bytes.Index(s[w:], forWord)
	if at < 0 || !bytes.Contains(s[w:w+at], toPeer) {
		return notRaft
	}
	var ok bool
	if e.Group, _, ok = p.groupName(s[w+at+len(" for "):]); !ok {
		return unreadable
	}
	e.Kind, e.Count, e.Set = raftdiag.HandedOver, n, raftdiag.HasCount
	return raft
}

// Words that every Ready looks for: inlined calls may allocate a conversion.
var forWord, toPeer = []byte(" for "), []byte("to peer")

// structured reads a text whose facts stand in fields behind it.
func (p *reader) structured(s []byte, it *item, k raftdiag.Kind) outcome {
	it.ev.Kind = k
	var x sentence
	if !p.fields(s, &it.ev, &x) {
		return unreadable
	}
	p.finish(it, &x)
	if it.ev.Set == 0 {
		return notRaft
	}
	if it.ev.Group == "" {
		it.role = groupless
	}
	return raft
}

func (p *reader) rpcFailed(s []byte, it *item) outcome {
	it.ev.Kind = raftdiag.SendFailed
	var x sentence
	if !p.fields(s, &it.ev, &x) {
		return unreadable
	}
	p.finish(it, &x)
	if it.ev.Group == "" {
		it.role = groupless
	}
	p.text(it, withoutRemark(s))
	return raft
}

// failed reads "Failed to send message to peer 2: Configuration error: ...".
func (p *reader) failed(s []byte, it *item) outcome {
	rest := s[len("Failed to send "):]
	at := bytes.Index(rest, []byte(" to "))
	if at < 0 || at > 40 || !bytes.Contains(rest[:at], []byte("essage")) {
		return notRaft
	}
	rest = rest[at+len(" to "):]
	switch {
	case has(rest, "peer "):
		rest = rest[len("peer "):]
	case has(rest, "node "):
		rest = rest[len("node "):]
	default:
		return notRaft
	}
	n, w := uintAt(rest)
	if w == 0 {
		return unreadable
	}
	e := &it.ev
	e.Kind, e.Peer, e.Set = raftdiag.SendFailed, raftdiag.NodeID(n), raftdiag.HasPeer
	rest = rest[w:]
	it.role = groupless
	if has(rest, " for ") {
		if g, after, ok := p.groupName(rest[len(" for "):]); ok {
			e.Group, rest, it.role = g, after, plain
		}
	}
	p.text(it, withoutRemark(bytes.TrimLeft(rest, ": ")))
	return raft
}

func (p *reader) cannotSend(s []byte, it *item) outcome {
	n, w := uintAt(s[len("Cannot send "):])
	if w == 0 || !has(s[len("Cannot send ")+w:], " message") {
		return notRaft
	}
	e := &it.ev
	e.Kind, e.Count, e.Set = raftdiag.SendFailed, n, raftdiag.HasCount
	it.role = groupless
	if at := bytes.LastIndex(s, []byte("not found for ")); at >= 0 {
		if g, _, ok := p.groupName(s[at+len("not found for "):]); ok {
			it.ev.Group, it.role = g, plain
		}
	} else if at := bytes.Index(s, []byte(" for ")); at >= 0 {
		if g, _, ok := p.groupName(s[at+len(" for "):]); ok && bytes.IndexByte([]byte(g), '-') > 0 {
			e.Group, it.role = g, plain
		}
	}
	p.text(it, withoutRemark(s))
	return raft
}

// sender reads "sending MsgAppend to peer 2" and "FAILED to send MsgAppend to
// peer 2 after 3 retries - MESSAGE LOST: error".
func (p *reader) sender(s []byte, it *item) outcome {
	e := &it.ev
	lost := has(s, "FAILED to send ")
	switch {
	case lost:
		s = s[len("FAILED to send "):]
		e.Kind = raftdiag.SendFailed
	case has(s, "sending "):
		s = s[len("sending "):]
		e.Kind = raftdiag.HandedOver
	default:
		return notRaft
	}
	it.role = groupless
	at := bytes.Index(s, []byte(" to peer "))
	if at < 0 {
		return unreadable
	}
	if t, ok := messageType(bareValue(s[:max(at, 0)])); ok && at > 0 {
		e.Type, e.Set = t, raftdiag.HasType
	}
	s = s[at+len(" to peer "):]
	n, w := uintAt(s)
	if w == 0 {
		return unreadable
	}
	e.Peer, e.Set = raftdiag.NodeID(n), e.Set|raftdiag.HasPeer
	s = s[w:]
	if lost {
		if at := bytes.Index(s, []byte("MESSAGE LOST: ")); at >= 0 {
			s = s[at+len("MESSAGE LOST: "):]
		}
		p.text(it, withoutRemark(bytes.TrimLeft(s, ": ")))
	}
	return raft
}

// noReplica reads "StepBatch: replica not found for G: error", "Step: failed to
// decode message: error" and their like; the group only where they name one.
func (p *reader) noReplica(s []byte, it *item) outcome {
	it.ev.Kind, it.role = raftdiag.StepFailed, groupless
	if at := bytes.Index(s, []byte(" for ")); at >= 0 {
		// In "for field Type" the error speaks of something else.
		if g, rest, ok := p.groupName(s[at+len(" for "):]); ok && (len(rest) == 0 || rest[0] != ' ' || bytes.IndexByte([]byte(g), '-') > 0 || bytes.IndexByte(s[at:len(s)-len(rest)], ':') >= 0) {
			it.ev.Group, it.role = g, plain
		}
	}
	p.text(it, withoutRemark(s))
	return raft
}

// transition reads " node_id=1 topic=T ... old_role=A new_role=B" and
// " for G: A -> B (leader=2)".
func (p *reader) transition(s []byte, it *item) outcome {
	e := &it.ev
	e.Kind = raftdiag.RoleChanged
	var x sentence
	if has(s, " for ") {
		var ok bool
		if e.Group, s, ok = p.groupName(s[len(" for "):]); !ok {
			return unreadable
		}
		from, to, ok := arrow(s)
		if !ok {
			return unreadable
		}
		if r, ok := roleNamed(lastWord(from)); ok {
			e.OldRole, e.Set = r, e.Set|raftdiag.HasOldRole
		}
		if r, ok := roleNamed(firstWord(to)); ok {
			e.Role, e.Set = r, e.Set|raftdiag.HasRole
		}
		s = to
	}
	if !p.fields(s, e, &x) || e.Set == 0 {
		return unreadable
	}
	p.finish(it, &x)
	return raft
}

func (p *reader) becameLeader(s []byte, it *item) outcome {
	e := &it.ev
	e.Kind = raftdiag.RoleChanged
	var x sentence
	if has(s, " for ") {
		var ok bool
		if e.Group, s, ok = p.groupName(s[len(" for "):]); !ok {
			return unreadable
		}
	}
	if !p.fields(s, e, &x) {
		return unreadable
	}
	e.Role, e.Set = raftdiag.Leader, e.Set|raftdiag.HasRole
	p.finish(it, &x)
	if e.Group == "" {
		it.role = onlyGroup
	}
	return raft
}

// leaderChange reads ": 1 → 2 (term=3)".
func (p *reader) leaderChange(s []byte, it *item) outcome {
	e := &it.ev
	e.Kind = raftdiag.RoleChanged
	if has(s, " for ") {
		var ok bool
		if e.Group, s, ok = p.groupName(s[len(" for "):]); !ok {
			return unreadable
		}
	}
	_, to, ok := arrow(s)
	if !ok {
		return unreadable
	}
	w := bareValue(firstWord(to))
	if n, ok := whole(w); ok {
		e.Lead, e.Set = raftdiag.NodeID(n), raftdiag.HasLead
	} else if string(w) == "None" || string(w) == "none" {
		e.Lead, e.Set = 0, raftdiag.HasLead
	}
	var x sentence
	if !p.fields(to, e, &x) || e.Set == 0 {
		return unreadable
	}
	p.finish(it, &x)
	if e.Group == "" {
		it.role = onlyGroup
	}
	return raft
}

// arrow parts s at -> or →.
func arrow(s []byte) (before, after []byte, ok bool) {
	if before, after, ok = bytes.Cut(s, []byte("->")); ok {
		return before, after, true
	}
	return bytes.Cut(s, []byte("→"))
}

func firstWord(s []byte) []byte {
	s = bytes.TrimLeft(s, " :")
	n := 0
	for n < len(s) && s[n] != ' ' && s[n] != ',' {
		n++
	}
	return s[:n]
}

func lastWord(s []byte) []byte {
	s = bytes.TrimRight(s, " ")
	n := len(s)
	for n > 0 && s[n-1] != ' ' && s[n-1] != ':' {
		n--
	}
	return s[n:]
}

func (p *reader) slow(s []byte, it *item, what string) outcome {
	d, ok := durationAt(s)
	if !ok {
		return unreadable
	}
	e := &it.ev
	e.Kind, e.Duration, e.Text, e.Set = raftdiag.Slow, d, what, raftdiag.HasDuration|raftdiag.HasText
	return raft
}

// panicked reads the lines of a dying process:
//
//	thread 'main' panicked at src/raft_log.rs:321:13:
//	panic: tocommit(7) is out of range [lastIndex(1)]. Was the raft log ...
func (p *reader) panicked(s []byte, it *item) outcome {
	text := s
	switch {
	case has(s, "thread '"):
		if !bytes.Contains(s, []byte("' panicked at ")) && !bytes.Contains(s, []byte(") panicked at ")) {
			return notRaft
		}
	case has(s, "panic: "):
		text = s[len("panic: "):]
	case has(s, "fatal error: "), has(s, "fatal runtime error: "):
	case has(s, "tocommit("), has(s, "to_commit "):
	default:
		return notRaft
	}
	if at := bytes.Index(text, []byte(" stacktrace=")); at > 0 { // zap's, which stands in a field
		text = text[:at]
	}
	e := &it.ev
	e.Kind, it.role = raftdiag.Panicked, panicPart
	p.text(it, text)
	for _, opening := range [...]string{"tocommit(", "to_commit "} {
		at := bytes.Index(s, []byte(opening))
		if at < 0 {
			continue
		}
		rest := s[at+len(opening):]
		n, w := uintAt(rest)
		if w == 0 || !bytes.Contains(rest[w:], []byte("out of range")) {
			break
		}
		e.Commit, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasCommit
		for _, last := range [...]string{"lastIndex(", "last_index "} {
			if at := bytes.Index(rest, []byte(last)); at >= 0 {
				if n, w := uintAt(rest[at+len(last):]); w > 0 {
					e.Last, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasLast
				}
			}
		}
	}
	if (has(s, "tocommit(") || has(s, "to_commit ")) && !e.Has(raftdiag.HasCommit) {
		return notRaft
	}
	return raft
}

// booted reads the two libraries' first line of a node:
//
//	newRaft 1 [peers: [1,2,3], term: 5, commit: 7, applied: 7, lastindex: 8, lastterm: 5]
//	newRaft, term: 5, commit: 7, last index: 8, peers: Configuration { ... }, raft_id: 1
func (p *reader) booted(s []byte, it *item) outcome {
	e := &it.ev
	e.Kind, it.role = raftdiag.Booted, onlyGroup
	if has(s, " ") {
		if n, w := hexAt(s[1:]); w > 0 && has(s[1+w:], " [") {
			e.Node = raftdiag.NodeID(n)
		}
	}
	for _, f := range [...]struct {
		key string
		bit raftdiag.Field
		at  *uint64
	}{
		{" term: ", raftdiag.HasTerm, (*uint64)(&e.Term)}, {"commit: ", raftdiag.HasCommit, (*uint64)(&e.Commit)},
		{"applied: ", raftdiag.HasApplied, (*uint64)(&e.Applied)}, {"lastindex: ", raftdiag.HasLast, (*uint64)(&e.Last)},
		{"last_index: ", raftdiag.HasLast, (*uint64)(&e.Last)}, {"last index: ", raftdiag.HasLast, (*uint64)(&e.Last)},
		{"raft_id: ", 0, (*uint64)(&e.Node)},
	} {
		if at := bytes.Index(s, []byte(f.key)); at >= 0 {
			if n, w := uintAt(s[at+len(f.key):]); w > 0 {
				*f.at = n
				e.Set |= f.bit
			}
		}
	}
	if !e.Has(raftdiag.HasTerm) {
		return notRaft
	}
	if at := bytes.Index(s, []byte("peers: [")); at >= 0 {
		if voters := idList(s[at+len("peers: "):], true); len(voters) > 0 {
			e.Config, e.Set = &raftdiag.Config{Voters: voters}, e.Set|raftdiag.HasConfig
		}
	} else if c := configIn(s); c != nil {
		e.Config, e.Set = c, e.Set|raftdiag.HasConfig
	}
	return raft
}

func hexAt(s []byte) (v uint64, n int) {
	for n < len(s) && n < 16 {
		c := s[n]
		switch {
		case digit(c):
			v = v<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return v, n
		}
		n++
	}
	return v, n
}

// configured reads a line that says which configuration is now in force:
//
//	1 switched to configuration voters=(1 2 3)&&(1 2) learners=(4)
//	switched to configuration, config: Configuration { voters: ... }
//	conf state for __meta-0: ConfState { voters: [1, 2, 3], learners: [] }
func (p *reader) configured(s []byte, it *item) outcome {
	e := &it.ev
	if at := bytes.Index(s, []byte("switched to configuration")); at >= 0 {
		var c *raftdiag.Config
		self, w := hexAt(s)
		if w+1 != at || s[w] != ' ' {
			self, w = 0, 0
		}
		if bytes.Contains(s[at:], []byte("voters=(")) {
			c = etcdVoters(s[at:], self)
		} else {
			c = configIn(s[at:])
		}
		if c == nil || len(c.Voters) == 0 {
			return notRaft
		}
		e.Kind, e.Config, e.Set, it.role = raftdiag.ConfigChanged, c, raftdiag.HasConfig, onlyGroup
		if w > 0 {
			e.Node = raftdiag.NodeID(self)
		}
		return raft
	}
	at := bytes.Index(s, []byte("ConfState { voters: ["))
	if at < 0 || bytes.Contains(s[:at], []byte("napshot")) {
		return notRaft
	}
	before := bytes.ToLower(s[:at])
	if !bytes.Contains(before, []byte("conf")) {
		return notRaft
	}
	c := configIn(s[at:])
	if c == nil {
		return notRaft
	}
	e.Kind, e.Config, e.Set, it.role = raftdiag.ConfigChanged, c, raftdiag.HasConfig, onlyGroup
	if i := bytes.LastIndex(s[:at], []byte(" for ")); i >= 0 {
		if g, _, ok := p.groupName(s[i+len(" for "):]); ok && bytes.IndexByte([]byte(g), '-') > 0 {
			e.Group, it.role = g, plain
		}
	}
	return raft
}

// configIn reads the lists of voters and learners, in either library's
// spelling. It answers nil if no voter is named.
func configIn(s []byte) *raftdiag.Config {
	c := &raftdiag.Config{}
	if at := bytes.Index(s, []byte("voters=(")); at >= 0 {
		s = s[at+len("voters="):]
		c.Voters = idList(s, false)
		if end := bytes.IndexByte(s, ')'); end >= 0 && has(s[end+1:], "&&(") {
			c.VotersOutgoing = idList(s[end+3:], false)
		}
		c.Learners = listAfter(s, "learners=")
		c.LearnersNext = listAfter(s, "learners_next=")
		c.AutoLeave = bytes.Contains(s, []byte("autoleave"))
	} else {
		for _, opening := range [...]string{"incoming: Configuration { voters: ", "voters: ", "voters: Configuration { incoming: Configuration { voters: "} {
			if c.Voters = listAfter(s, opening); len(c.Voters) > 0 {
				break
			}
		}
		for _, opening := range [...]string{"outgoing: Configuration { voters: ", "voters_outgoing: "} {
			if c.VotersOutgoing = listAfter(s, opening); len(c.VotersOutgoing) > 0 {
				break
			}
		}
		c.Learners = listAfter(s, "learners: ")
		c.LearnersNext = listAfter(s, "learners_next: ")
		c.AutoLeave = bytes.Contains(s, []byte("auto_leave: true"))
	}
	if len(c.Voters) == 0 {
		return nil
	}
	return c
}

func listAfter(s []byte, opening string) []raftdiag.NodeID {
	for {
		at := bytes.Index(s, []byte(opening))
		if at < 0 {
			return nil
		}
		s = s[at+len(opening):]
		if len(s) > 0 && (s[0] == '(' || s[0] == '[' || s[0] == '{') {
			return idList(s, false)
		}
	}
}

// idList reads (1 2 3), [1, 2, 3] or {1, 2, 3}.
func idList(s []byte, hex bool) []raftdiag.NodeID {
	var out []raftdiag.NodeID
	for i := 1; i < len(s) && len(out) < 64; {
		switch c := s[i]; {
		case c == ' ' || c == ',':
			i++
		default:
			n, w := uintAt(s[i:])
			if hex {
				n, w = hexAt(s[i:])
			}
			if w == 0 || n == 0 {
				return out
			}
			out = append(out, raftdiag.NodeID(n))
			i += w
		}
	}
	return out
}
