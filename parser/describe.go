package parser

import (
	"bytes"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// What follows reads the texts of go.etcd.io/raft's describers, which
// applications print behind any logger and any words:
//
//	sending 1->2 MsgApp Term:1 Log:1/2 Commit:2 Entries:[1/3 EntryNormal "x"]
//
//	Ready MustSync=true:
//	Lead:1 State:StateLeader
//	HardState Term:1 Vote:1 Commit:2
//	Entries:
//	1/3 EntryNormal "x"
//	Messages:
//	1->2 MsgApp Term:1 Log:1/2 Commit:2 Entries:[1/3 EntryNormal "x"]
//
// Node ids are hexadecimal in messages, and decimal in states, configurations
// and Progress. A line says what it is (a part); what it belongs to, and who
// says it, is told where the lines come in order (script.go).

// A part is what a line is within such a text.
type textPart uint8

const (
	noPart       textPart = iota
	readyHead             // Ready MustSync=true:
	softState             // Lead:1 State:StateLeader
	hardState             // HardState Term:1 Vote:1 Commit:2
	sectionHead           // Entries:, Messages: and their like; row is the section
	entryPart             // 1/3 EntryNormal "x"
	messagePart           // 1->2 MsgApp ...; row holds message bits
	listEnd               // ], the end of a list over several lines
	snapshotPart          // Snapshot Index:11 Term:1 ConfState:...
	nodeHead              // > 1 handling Ready; row is the section
	commandPart           // process-ready 1, in a transcript; row is the section
	answerRule            // ----, between a command and its answer
	progressPart          // 1: StateReplicate match=3 next=4
	tracePart             // the state that a state trace's line prints
)

// A section is what the lines below a head are.
type section uint8

const (
	noSection         section = iota
	readySection              // a Ready, above its lists
	entriesSection            // entries to store
	committedSection          // entries to apply
	messagesSection           // messages to send
	receivingSection          // messages that arrive
	processingSection         // a storage thread's work
	responsesSection          // what it answers
	statusSection             // a leader's Progress
	otherSection
)

// Bits of a message's item.row.
const (
	entriesOpen   = 1 << iota // its entries stand on the lines below
	responsesOpen             // so do its answers, which leave when they are stored
	toThread                  // it is for a storage thread
	fromThread                // or from one
	failing                   // the line says that it was not sent, or not taken

	// Which words announced it; 0 if it stands in a list.
	wordingBits  = 0xffff << wordingShift
	wordingShift = 16
)

// library reads what go.etcd.io/raft's own printers make: describers' texts,
// Status, and state traces.
func (p *reader) library(rec *record, it *item) outcome {
	s := rec.msg
	if string(rec.get("tag")) == "trace" || s[0] == '{' && mentions(s, `"nid":`) {
		if got := p.trace(rec, it); got != notRaft {
			return got
		}
	}
	if bytes.IndexByte(s, '"') >= 0 && mentions(s, `"raftState":"State`) {
		if got := p.statusJSON(rec, s, it); got != notRaft {
			return got
		}
	}
	got := p.describe(rec, it)
	if got == notRaft {
		it.part, it.row = noPart, -1
	}
	return got
}

// shortPart reads the lines of a describer's text that are shorter than any
// other dialect's.
func (p *reader) shortPart(s []byte, it *item) outcome {
	s = bytes.TrimLeft(s, " \t")
	if len(s) == 0 || p.describedPart(s, it) != raft {
		return notRaft
	}
	it.dialect = describe
	return raft
}

// describe reads a record whose message, or one of whose fields, is such a
// text.
func (p *reader) describe(rec *record, it *item) outcome {
	s := rec.msg
	if len(s) == 0 {
		return notRaft
	}
	if i := bytes.IndexByte(s, '\n'); i >= 0 && describes(s) {
		return p.describeLines(rec, s, it)
	}
	got := p.describeLine(rec, s, it)
	if got == notRaft {
		for i := range rec.fields {
			f := &rec.fields[i]
			if len(f.value) < len("-> Msg") {
				continue // nothing of a describer is as short
			}
			if bytes.IndexByte(f.value, '\n') >= 0 && describes(f.value) {
				return p.describeLines(rec, f.value, it)
			}
			if bytes.Contains(f.value, arrowText) && bytes.Contains(f.value, msgText) || bytes.Contains(f.value, mustSync) {
				whole := append(append(append(p.join[:0], s...), ' '), f.key...)
				p.join = append(append(whole, ' '), f.value...)
				got = p.describeLine(rec, p.join, it)
				break
			}
		}
	}
	return got
}

var (
	arrowText = []byte("->")
	msgText   = []byte(" Msg")
	mustSync  = []byte("Ready MustSync=")
)

// describes reports whether a text over several lines is a describer's.
func describes(s []byte) bool {
	return bytes.Contains(s, mustSync) || bytes.Contains(s, arrowText) && bytes.Contains(s, msgText) ||
		bytes.Contains(s, []byte(": State")) && bytes.Contains(s, []byte(" match="))
}

// describeLines reads a text over several lines that one record holds whole.
func (p *reader) describeLines(rec *record, s []byte, it *item) outcome {
	s = bytes.Clone(s)
	var ready *item
	var counts [numLists]uint64
	list, nested := noList, 0
	first := true
	for len(s) > 0 {
		line, rest, _ := bytes.Cut(s, []byte("\n"))
		s = rest
		line = bytes.TrimSpace(line)
		var x item
		x.row = -1
		if len(line) == 0 || p.describeLine(rec, line, &x) != raft {
			continue
		}
		to := it
		if !first {
			p.extra = append(p.extra, x)
			to = &p.extra[len(p.extra)-1]
		} else {
			line, thread := it.line, it.thread
			*it = x
			it.line, it.thread = line, thread
			first = false
		}
		switch {
		case to.part == readyHead:
			ready = to
			if to != it {
				ready = nil // it moves when more is appended; only a record's first line is counted
			}
			list = noList
		case to.part == sectionHead:
			list = listOf[section(to.row)]
		case to.part == listEnd:
			nested = 0
		case to.part == messagePart && nested == 0:
			if to.row&(entriesOpen|responsesOpen) != 0 {
				nested = 1
			}
			if to.row&(toThread|fromThread) == 0 {
				counts[messageList]++
			}
		case to.part == entryPart && nested == 0:
			counts[list]++
		}
	}
	if first {
		return notRaft
	}
	if ready != nil {
		// The text is whole: what it does not list is not there.
		e := &ready.ev
		e.Entries, e.Count, e.Immediate = counts[entryList], counts[commitList], counts[messageList]
		e.Set |= raftdiag.HasEntries | raftdiag.HasCount | raftdiag.HasImmediate
	}
	return raft
}

const (
	noList = iota
	entryList
	commitList
	messageList
	numLists
)

var listOf = map[section]int{entriesSection: entryList, committedSection: commitList}

// describeLine reads one line of such a text.
func (p *reader) describeLine(rec *record, s []byte, it *item) outcome {
	got := p.describedPart(s, it)
	if got == notRaft {
		got = p.describedMessage(rec, s, it)
	}
	if got == raft {
		e := &it.ev
		e.Time, e.Writer = rec.time, rec.writer
		it.dialect, it.env = describe, rec.env
		p.describedGroup(rec, e)
	}
	return got
}

// describedGroup takes the group that a record names beside its message.
func (p *reader) describedGroup(rec *record, e *raftdiag.Event) {
	if len(rec.group) > 0 {
		e.Group = p.in.string(rec.group)
		return
	}
	for i := range rec.fields {
		switch f := &rec.fields[i]; string(f.key) {
		case "group", "group_id", "groupID", "group-id", "raft_group", "raftGroup", "shard", "shard_id", "shard-id", "region", "region_id", "region-id", "range_id", "rangeID", "channel", "partition":
			if len(f.value) > 0 && len(f.value) < 256 {
				e.Group = p.in.string(f.value)
				return
			}
		}
	}
}

var sectionTexts = map[string]section{
	"Entries:": entriesSection, "CommittedEntries:": committedSection, "Messages:": messagesSection,
	"Processing:": processingSection, "Responses:": responsesSection,
}

// describedPart reads the lines around messages.
func (p *reader) describedPart(s []byte, it *item) outcome {
	e := &it.ev
	is := func(part textPart, sec section) outcome {
		it.part, it.row = part, int64(sec)
		return raft
	}
	switch c := s[0]; {
	case c == ']':
		if len(s) == 1 {
			return is(listEnd, noSection)
		}
		if string(s) == "] Responses:[" {
			it.part, it.row = listEnd, responsesOpen
			return raft
		}
		return notRaft
	case c == '-':
		if string(s) == "----" {
			return is(answerRule, noSection)
		}
		return notRaft
	case c == '>':
		if !has(s, "> ") {
			return notRaft
		}
		n, w := uintAt(s[2:])
		if w == 0 {
			return notRaft
		}
		sec := noSection
		switch string(s[2+w:]) {
		case " handling Ready":
			sec = readySection
		case " receiving messages":
			sec = receivingSection
		case " processing append thread", " processing apply thread":
			sec = otherSection
		default:
			return notRaft
		}
		e.Node = raftdiag.NodeID(n)
		return is(nodeHead, sec)
	case c == '<':
		if string(s) == "<empty Ready>" {
			return is(sectionHead, otherSection)
		}
		return notRaft
	case digit(c):
		if got := p.describedEntry(s, it); got != notRaft {
			return got
		}
		return p.describedProgress(s, it)
	case c == 'L':
		if at := bytes.Index(s, []byte(" State:State")); has(s, "Lead:") && at > 0 {
			return p.describedSoft(s, at, it)
		}
	case c == 'H':
		if has(s, "HardState Term:") {
			return p.describedHard(s[len("HardState "):], it)
		}
	case c == 'S':
		if has(s, "Snapshot Index:") || has(s, "Snapshot: Index:") {
			return p.describedSnapshot(s, it)
		}
	case c == 'E' || c == 'C' || c == 'M' || c == 'P' || c == 'R':
		if sec := sectionTexts[string(s)]; sec != noSection {
			return is(sectionHead, sec)
		}
		if has(s, "ReadStates [{") {
			return is(sectionHead, otherSection)
		}
	case c == 'p' || c == 'd' || c == 's':
		for _, cmd := range [...]struct {
			text string
			sec  section
		}{{"process-ready ", readySection}, {"deliver-msgs ", receivingSection}, {"status ", statusSection}} {
			if !has(s, cmd.text) {
				continue
			}
			words := s[len(cmd.text):]
			if n, ok := whole(words); ok {
				e.Node = raftdiag.NodeID(n)
			} else if cmd.sec != receivingSection {
				return notRaft
			}
			return is(commandPart, cmd.sec)
		}
	}
	if bytes.IndexByte(s, ':') < 0 {
		return notRaft
	}
	if at := bytes.Index(s, mustSync); at >= 0 {
		rest := s[at+len(mustSync):]
		if has(rest, "true:") || has(rest, "false:") {
			e.Kind = raftdiag.Ready
			return is(readyHead, readySection)
		}
	}
	if at := bytes.Index(s, []byte("Term:")); at > 0 && at < 200 && bytes.Contains(s[at:], []byte(" Commit:")) && hardWords(s[:at]) {
		return p.describedHard(s[at:], it)
	}
	if at := bytes.Index(s, []byte(": State")); at > 0 && at < 300 && bytes.Contains(s[at:], []byte(" match=")) {
		n := at
		for n > 0 && digit(s[n-1]) {
			n--
		}
		if n < at && (n == 0 || s[n-1] == ' ') {
			return p.describedProgress(s[n:], it)
		}
	}
	return notRaft
}

// hardWords reports whether words announce a HardState.
func hardWords(s []byte) bool {
	l := bytes.ToLower(s)
	return bytes.Contains(l, []byte("hardstate")) || bytes.Contains(l, []byte("hard state")) || bytes.Contains(l, []byte("hard_state"))
}

func (p *reader) describedSoft(s []byte, at int, it *item) outcome {
	lead, ok := whole(s[len("Lead:"):at])
	role, known := raftdiag.RoleByName(string(s[at+len(" State:"):]))
	if !ok || !known {
		return notRaft
	}
	e := &it.ev
	e.Kind, e.Lead, e.Role, e.Set = raftdiag.State, raftdiag.NodeID(lead), role, raftdiag.HasLead|raftdiag.HasRole
	it.part = softState
	return raft
}

// describedHard reads "Term:1 Vote:1 Commit:2".
func (p *reader) describedHard(s []byte, it *item) outcome {
	e := &it.ev
	for _, f := range bytes.Fields(s) {
		key, val, ok := bytes.Cut(f, []byte(":"))
		n, isNumber := whole(val)
		if !ok || !isNumber {
			break
		}
		switch string(key) {
		case "Term":
			e.Term, e.Set = raftdiag.Term(n), e.Set|raftdiag.HasTerm
		case "Vote":
			e.Vote = raftdiag.NodeID(n)
		case "Commit":
			e.Commit, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasCommit
		}
	}
	if !e.Has(raftdiag.HasTerm | raftdiag.HasCommit) {
		*e = raftdiag.Event{}
		return notRaft
	}
	e.Kind, e.Set = raftdiag.State, e.Set|raftdiag.HasVote
	it.part = hardState
	return raft
}

// describedSnapshot reads "Index:11 Term:1 ConfState:Voters:[1 2 3] ...".
func (p *reader) describedSnapshot(s []byte, it *item) outcome {
	e := &it.ev
	at := bytes.Index(s, []byte("Index:"))
	index, w := uintAt(s[at+len("Index:"):])
	rest := s[at+len("Index:")+w:]
	if w == 0 || !has(rest, " Term:") {
		return notRaft
	}
	term, w := uintAt(rest[len(" Term:"):])
	if w == 0 {
		return notRaft
	}
	e.Kind, e.Index, e.Term, e.Set = raftdiag.SnapshotReceived, raftdiag.Index(index), raftdiag.Term(term), raftdiag.HasIndex|raftdiag.HasTerm
	if at := bytes.Index(rest, []byte("ConfState:")); at >= 0 {
		rest = rest[at:]
		c := &raftdiag.Config{
			Voters: listAfter(rest, "ConfState:Voters:"), VotersOutgoing: listAfter(rest, "VotersOutgoing:"), Learners: listAfter(rest, "Learners:"),
			LearnersNext: listAfter(rest, "LearnersNext:"), AutoLeave: bytes.Contains(rest, []byte("AutoLeave:true")),
		}
		if len(c.Voters) > 0 {
			e.Config = c
		}
	}
	it.part = snapshotPart
	return raft
}

// describedEntry reads `1/3 EntryNormal "x"`.
func (p *reader) describedEntry(s []byte, it *item) outcome {
	term, index, kind, rest, ok := entryAt(s)
	if !ok {
		return notRaft
	}
	e := &it.ev
	e.Kind, e.Term, e.Index, e.EntryType = raftdiag.EntryCommitted, term, index, kind
	e.Set = raftdiag.HasTerm | raftdiag.HasIndex | raftdiag.HasEntryType
	it.part, it.row = entryPart, int64(len(rest))
	if string(rest) == ` ""` || len(rest) == 0 {
		it.row = 0
	}
	return raft
}

// entryAt reads the head of an entry: 1/3 EntryNormal.
func entryAt(s []byte) (term raftdiag.Term, index raftdiag.Index, kind raftdiag.EntryType, rest []byte, ok bool) {
	t, w := uintAt(s)
	if w == 0 || w >= len(s) || s[w] != '/' {
		return 0, 0, 0, nil, false
	}
	i, v := uintAt(s[w+1:])
	rest = s[w+1+v:]
	if v == 0 || !has(rest, " Entry") {
		return 0, 0, 0, nil, false
	}
	rest = rest[1:]
	n := 0
	for n < len(rest) && (rest[n] >= 'A' && rest[n] <= 'z' || digit(rest[n])) && rest[n] != '[' && rest[n] != ']' {
		n++
	}
	kind, ok = raftdiag.EntryTypeByName(string(rest[:n]))
	return raftdiag.Term(t), raftdiag.Index(i), kind, rest[n:], ok
}

// describedProgress reads "1: StateReplicate match=3 next=4 paused inflight=2[full]".
func (p *reader) describedProgress(s []byte, it *item) outcome {
	peer, w := uintAt(s)
	if w == 0 || !has(s[w:], ": State") {
		return notRaft
	}
	words := bytes.Fields(s[w+2:])
	state, ok := raftdiag.ProgressStateByName(string(words[0]))
	if !ok {
		return notRaft
	}
	e := &it.ev
	x := &e.Progress
	x.Peer, x.State, x.RecentActive = raftdiag.NodeID(peer), state, true
	e.Set = raftdiag.HasPeer | raftdiag.HasProgressState | raftdiag.HasPaused | raftdiag.HasRecentActive | raftdiag.HasLearner | raftdiag.HasInflight | raftdiag.HasPendingSnapshot
	for _, word := range words[1:] {
		key, val, _ := bytes.Cut(word, []byte("="))
		n, width := uintAt(val)
		switch string(key) {
		case "match":
			if width > 0 {
				x.Match, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasMatch
			}
		case "next":
			if width > 0 {
				x.Next, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasNext
			}
		case "learner":
			x.Learner = true
		case "paused":
			x.Paused = true
		case "inactive":
			x.RecentActive = false
		case "pendingSnap":
			x.PendingSnapshot = raftdiag.Index(n)
		case "inflight":
			x.Inflight = n
		}
	}
	if !e.Has(raftdiag.HasMatch | raftdiag.HasNext) {
		*e = raftdiag.Event{}
		return notRaft
	}
	e.Kind, it.part = raftdiag.ProgressRow, progressPart
	return raft
}

// describedMessage finds a message in the line, and its direction in the words
// in front of it.
func (p *reader) describedMessage(rec *record, s []byte, it *item) outcome {
	if bytes.IndexByte(s, 'M') < 0 && bytes.IndexByte(s, '{') < 0 {
		return notRaft
	}
	from, to, before, rest, ok := p.describedTargets(s, it)
	if !ok {
		var got bool
		if before, rest, got = p.printedMessage(s, it); !got {
			return notRaft
		}
	} else if rest, ok = p.describedFields(rest, it); !ok {
		it.ev = raftdiag.Event{}
		it.row = -1
		return notRaft
	}
	e := &it.ev
	it.part = messagePart
	way, failed, word := directionOf(before)
	if way == noWay {
		for i := range rec.fields {
			switch f := &rec.fields[i]; string(f.key) {
			case "direction", "dir", "op", "action", "event", "type":
				if w, _, x := directionOf(append(bytes.Clone(f.value), ' ')); w != noWay {
					way, word = w, x
				}
			}
		}
	}
	switch way {
	case outward:
		e.Kind = raftdiag.Sent
	case inward:
		e.Kind = raftdiag.Received
	}
	for _, c := range []byte(word) {
		it.row = it.row&^wordingBits | (it.row>>wordingShift*31+int64(c)+1)<<wordingShift&wordingBits
	}
	if failed {
		it.row |= failing
		p.failure(rec, e, before, rest)
	}
	// A field that names the node as the message does is the node that speaks.
	for i := range rec.fields {
		switch f := &rec.fields[i]; string(f.key) {
		case "node", "node_id", "nodeID", "nodeId", "node-id", "id", "self", "local", "raft_id", "member":
			switch {
			case len(f.value) > 0 && string(f.value) == string(from):
				e.Node = e.From
			case len(f.value) > 0 && string(f.value) == string(to):
				e.Node = e.To
			}
		}
	}
	return raft
}

// failure makes the event of a message that did not go its way.
func (p *reader) failure(rec *record, e *raftdiag.Event, before, after []byte) {
	text := rec.get("error")
	if text == nil {
		text = rec.get("err")
	}
	if text == nil {
		text = bytes.Trim(after, " :;,-")
	}
	if len(text) == 0 {
		text = bytes.Trim(before, " :;,-")
	}
	switch e.Kind {
	case raftdiag.Sent:
		e.Kind = raftdiag.SendFailed
	case raftdiag.Received:
		e.Kind = raftdiag.StepFailed
	}
	if len(text) > 0 {
		e.Text, e.Set = p.in.string(bytes.ToValidUTF8(text[:min(len(text), maxText)], []byte("?"))), e.Set|raftdiag.HasText
	}
}

// describedTargets finds "1->2 Msg" and answers the two words as printed, what
// stands in front, and what follows from the type on.
func (p *reader) describedTargets(s []byte, it *item) (from, to, before, rest []byte, ok bool) {
	base := 0
	for range 8 {
		at := bytes.Index(s[base:], arrowText)
		if at < 0 {
			return nil, nil, nil, nil, false
		}
		at += base
		base = at + 2
		n := at
		for n > 0 && targetByte(s[n-1]) {
			n--
		}
		m := base
		for m < len(s) && targetByte(s[m]) {
			m++
		}
		if n == at || m == base || !has(s[m:], " Msg") {
			continue
		}
		e := &it.ev
		a, aThread, ok1 := target(s[n:at])
		b, bThread, ok2 := target(s[base:m])
		if !ok1 || !ok2 {
			continue
		}
		it.row = 0
		if aThread {
			it.row |= fromThread
		}
		if bThread {
			it.row |= toThread
		}
		e.From, e.To = a, b
		e.Set |= raftdiag.HasFrom | raftdiag.HasTo
		return s[n:at], s[base:m], s[:n], s[m+1:], true
	}
	return nil, nil, nil, nil, false
}

func targetByte(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// target reads a message's end: an id in hexadecimal, None, or a storage thread.
func target(w []byte) (id raftdiag.NodeID, thread, ok bool) {
	switch string(w) {
	case "None":
		return 0, false, true
	case "AppendThread", "ApplyThread":
		return 0, true, true
	}
	n, width := hexAt(w)
	return raftdiag.NodeID(n), false, width > 0 && width == len(w)
}

// describedFields reads a message from its type on: "MsgApp Term:1 Log:1/2
// Commit:2 Entries:[...]". What is not printed is 0.
func (p *reader) describedFields(s []byte, it *item) (rest []byte, ok bool) {
	e := &it.ev
	n := bytes.IndexByte(s, ' ')
	if n < 0 {
		return nil, false
	}
	if e.Type, ok = raftdiag.MessageTypeByName(string(s[:n])); !ok {
		return nil, false
	}
	s = s[n+1:]
	number := func(key string) (uint64, bool) {
		if !has(s, key) {
			return 0, false
		}
		v, w := uintAt(s[len(key):])
		if w == 0 {
			return 0, false
		}
		s = s[len(key)+w:]
		return v, true
	}
	term, ok1 := number("Term:")
	logTerm, ok2 := number(" Log:")
	index, ok3 := number("/")
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	e.Term, e.LogTerm, e.Index = raftdiag.Term(term), raftdiag.Term(logTerm), raftdiag.Index(index)
	e.Set |= raftdiag.HasType | raftdiag.HasTerm | raftdiag.HasLogTerm | raftdiag.HasIndex | raftdiag.HasCommit | raftdiag.HasReject | raftdiag.HasEntries
	for _, opening := range [...]string{" Rejected (Hint: ", " Rejected(Hint:", " Rejected (Hint:"} {
		if hint, ok := number(opening); ok {
			e.Reject, e.Hint, e.Set = true, raftdiag.Index(hint), e.Set|raftdiag.HasHint
			s = bytes.TrimPrefix(s, []byte(")"))
			break
		}
	}
	if has(s, " Rejected") && !e.Reject {
		e.Reject, s = true, s[len(" Rejected"):]
	}
	if commit, ok := number(" Commit:"); ok {
		e.Commit = raftdiag.Index(commit)
	}
	number(" Vote:")
	if has(s, " Entries:[") {
		s = s[len(" Entries:["):]
		if len(bytes.TrimSpace(s)) == 0 {
			it.row |= entriesOpen
			return nil, true
		}
		s = p.listedEntries(s, e, it.row&(toThread|fromThread) != 0)
	}
	if has(s, " Snapshot: Index:") {
		var x item
		if p.describedSnapshot(s[1:], &x) == raft {
			e.Snapshot, e.Set = x.ev.Index, e.Set|raftdiag.HasSnapshot
		}
		s = nil
	}
	if has(s, " Responses:[") {
		it.row |= responsesOpen
		s = nil
	}
	return s, true
}

// listedEntries counts the entries of a list in one line, up to its ], and
// answers what follows. If they cannot be told apart their number is unknown.
// Between a node and its own storage the index is 0, and the entries say it.
func (p *reader) listedEntries(s []byte, e *raftdiag.Event, within bool) []byte {
	for {
		term, index, _, rest, ok := entryAt(s)
		if within && ok && e.Entries == 0 {
			e.Index = max(index, 1) - 1
		}
		if !ok || index != e.Index+raftdiag.Index(e.Entries)+1 {
			e.Entries, e.EntryTerm, e.Set = 0, 0, e.Set&^(raftdiag.HasEntries|raftdiag.HasEntryTerm)
			return nil
		}
		e.Entries++
		e.EntryTerm, e.Set = term, e.Set|raftdiag.HasEntryTerm
		rest = afterData(rest)
		if has(rest, ", ") {
			s = rest[2:]
			continue
		}
		if has(rest, "]") {
			return rest[1:]
		}
		return nil // cut: there may be more
	}
}

// afterData skips an entry's data, as it is printed: a quoted text, or whatever
// a formatter made of it, up to the next entry or the end of the list.
func afterData(s []byte) []byte {
	if has(s, ` "`) {
		for i := 2; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '"':
				return s[i+1:]
			}
		}
		return nil
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == ',' && i+2 < len(s) && digit(s[i+2]):
			if _, _, _, _, ok := entryAt(s[i+2:]); ok {
				return s[i:]
			}
		case s[i] == ']' && (i+1 == len(s) || has(s[i+1:], " Snapshot: ") || has(s[i+1:], " Responses:[") || s[i+1] == ':' || s[i+1] == ' '):
			return s[i:]
		}
	}
	return nil
}

type wayOf uint8

const (
	noWay wayOf = iota
	outward
	inward
)

// wayWords say which way a message goes.
var wayWords = map[string]wayOf{
	"send": outward, "sends": outward, "sent": outward, "sending": outward, "resend": outward, "resent": outward, "resending": outward,
	"outgoing": outward, "outbound": outward, "tx": outward, "transmit": outward, "transmitting": outward, "transmitted": outward,
	"recv": inward, "recvd": inward, "rcv": inward, "rcvd": inward, "receive": inward, "receives": inward, "received": inward, "receiving": inward,
	"incoming": inward, "inbound": inward, "rx": inward, "got": inward, "step": inward, "steps": inward, "stepping": inward, "stepped": inward,
}

// failWords say that it did not get there.
var failWords = map[string]bool{
	"fail": true, "fails": true, "failed": true, "failing": true, "failure": true, "error": true, "cannot": true, "couldn": true, "could": true, "unable": true,
	"drop": true, "drops": true, "dropped": true, "dropping": true, "discard": true, "discarded": true, "discarding": true, "lost": true,
	"not": true, "never": true, "skip": true, "skipped": true, "skipping": true, "ignore": true, "ignored": true, "ignoring": true, "unreachable": true,
	"timeout": true, "refused": true,
}

// directionOf reads the words in front of a message. The nearest one decides.
func directionOf(before []byte) (way wayOf, failed bool, by string) {
	before = before[max(0, len(before)-256):]
	end := len(before)
	nearest := true
	for end > 0 {
		c := before[end-1]
		if !letter(c) {
			if way == noWay && end > 1 && (c == '>' && before[end-2] == '-' || c == '-' && before[end-2] == '<') {
				way = outward
				by = "->"
				if c == '-' {
					way, by = inward, "<-"
				}
			}
			end--
			continue
		}
		start := end
		for start > 0 && letter(before[start-1]) {
			// sendMsg is two words.
			if lower(before[start-1]) && start < end && !lower(before[start]) {
				break
			}
			start--
		}
		word := strings.ToLower(string(before[start:end]))
		switch {
		case way == noWay && wayWords[word] != noWay:
			way, by = wayWords[word], word
		case way == noWay && nearest && word == "out":
			way, by = outward, word
		case way == noWay && nearest && word == "in":
			way, by = inward, word
		}
		failed = failed || failWords[word]
		nearest = false
		end = start
	}
	return way, failed, by
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func lower(c byte) bool  { return c >= 'a' && c <= 'z' }

// printedMessage reads a message as Go or protobuf prints the struct, where ids
// are decimal:
//
//	{Type:MsgApp To:1 From:2 Term:3 LogTerm:2 Index:11 Entries:[] Commit:0 ...}
//	type:MsgApp to:2 from:1 term:3 logTerm:2 index:10 entries:<Term:3 ... > commit:9
func (p *reader) printedMessage(s []byte, it *item) (before, after []byte, ok bool) {
	at := -1
	for _, opening := range [...]string{"{Type:Msg", "type:Msg"} {
		if at = bytes.Index(s, []byte(opening)); at >= 0 {
			break
		}
	}
	if at < 0 {
		return p.messageJSON(s, it)
	}
	e := &it.ev
	braced := s[at] == '{'
	// String leaves out what is 0; %+v prints all.
	e.Set = raftdiag.HasTerm | raftdiag.HasLogTerm | raftdiag.HasIndex | raftdiag.HasCommit | raftdiag.HasReject | raftdiag.HasEntries
	rest := s[at:]
	if braced {
		rest = rest[1:]
	}
	before = s[:at]
	for len(rest) > 0 {
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) > 0 && rest[0] == '}' {
			rest = rest[1:]
			break
		}
		n := 0
		for n < len(rest) && letter(rest[n]) {
			n++
		}
		if n == 0 || n >= len(rest) || rest[n] != ':' {
			break
		}
		key := strings.ToLower(string(rest[:n]))
		val := rest[n+1:]
		end, whole := valueEnd(val)
		if !whole {
			if key == "entries" || e.Entries > 0 {
				e.Entries, e.Set = 0, e.Set&^raftdiag.HasEntries
			}
			rest = nil
			break
		}
		p.printedField(e, key, val[:end], braced)
		rest = val[end:]
	}
	if !e.Has(raftdiag.HasType | raftdiag.HasFrom | raftdiag.HasTo) {
		*e = raftdiag.Event{}
		return nil, nil, false
	}
	it.row = 0
	threads(it)
	return before, rest, true
}

// threads marks the storage threads among a message's ends by their numbers.
func threads(it *item) {
	const appendThread, applyThread = 1<<64 - 1, 1<<64 - 2
	e := &it.ev
	if e.From >= applyThread {
		e.From, it.row = 0, it.row|fromThread
	}
	if e.To >= applyThread && e.To <= appendThread {
		e.To, it.row = 0, it.row|toThread
	}
}

func (p *reader) printedField(e *raftdiag.Event, key string, val []byte, braced bool) {
	n, isNumber := whole(val)
	switch key {
	case "type":
		if t, ok := raftdiag.MessageTypeByName(string(val)); ok {
			e.Type, e.Set = t, e.Set|raftdiag.HasType
		}
	case "from":
		if isNumber {
			e.From, e.Set = raftdiag.NodeID(n), e.Set|raftdiag.HasFrom
		}
	case "to":
		if isNumber {
			e.To, e.Set = raftdiag.NodeID(n), e.Set|raftdiag.HasTo
		}
	case "term":
		e.Term = raftdiag.Term(n)
	case "logterm":
		e.LogTerm = raftdiag.Term(n)
	case "index":
		e.Index = raftdiag.Index(n)
	case "commit":
		e.Commit = raftdiag.Index(n)
	case "reject":
		e.Reject = string(val) == "true"
	case "rejecthint":
		if e.Reject || !braced {
			e.Hint, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasHint
		}
	case "entries":
		if !braced {
			e.Entries++
			break
		}
		depth := 0
		for _, c := range val {
			switch c {
			case '{':
				if depth++; depth == 1 {
					e.Entries++
				}
			case '}':
				depth--
			}
		}
	case "snapshot":
		if at := bytes.LastIndex(bytes.ToLower(val), []byte("index:")); at >= 0 && e.Type == raftdiag.MsgSnap {
			if n, w := uintAt(val[at+len("index:"):]); w > 0 && n > 0 {
				e.Snapshot, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasSnapshot
			}
		}
	}
}

// valueEnd is the length of a printed value, with what its brackets hold;
// false if it is cut.
func valueEnd(s []byte) (int, bool) {
	if has(s, "<nil>") {
		return len("<nil>"), true
	}
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			if i >= len(s) {
				return 0, false
			}
		case '{', '[', '<':
			depth++
		case '}', ']', '>':
			if depth == 0 {
				return i, true
			}
			if depth--; depth == 0 {
				return i + 1, true
			}
		case ' ':
			if depth == 0 {
				return i, true
			}
		}
	}
	return len(s), depth == 0
}

// messageJSON reads a message as encoding/json writes it:
// {"type":3,"to":2,"from":1,"term":3,"logTerm":2,"index":10,"entries":[...]}.
func (p *reader) messageJSON(s []byte, it *item) (before, after []byte, ok bool) {
	at := bytes.Index(s, []byte(`{"type":`))
	if at < 0 || !bytes.Contains(s[at:], []byte(`"from":`)) || !bytes.Contains(s[at:], []byte(`"to":`)) {
		return nil, nil, false
	}
	v := gjson.ParseBytes(s[at:])
	if !v.IsObject() || !gjson.Valid(v.Raw) {
		return nil, nil, false
	}
	t, from, to := v.Get("type"), v.Get("from"), v.Get("to")
	e := &it.ev
	kind, known := raftdiag.MessageTypeByName(t.String())
	if !known || from.Type != gjson.Number || to.Type != gjson.Number || !v.Get("logTerm").Exists() && !v.Get("term").Exists() {
		return nil, nil, false
	}
	e.Type, e.From, e.To = kind, raftdiag.NodeID(from.Uint()), raftdiag.NodeID(to.Uint())
	e.Term, e.LogTerm = raftdiag.Term(v.Get("term").Uint()), raftdiag.Term(v.Get("logTerm").Uint())
	e.Index, e.Commit = raftdiag.Index(v.Get("index").Uint()), raftdiag.Index(v.Get("commit").Uint())
	e.Reject = v.Get("reject").Bool()
	e.Set = raftdiag.HasType | raftdiag.HasFrom | raftdiag.HasTo | raftdiag.HasTerm | raftdiag.HasLogTerm | raftdiag.HasIndex |
		raftdiag.HasCommit | raftdiag.HasReject | raftdiag.HasEntries
	if e.Reject {
		e.Hint, e.Set = raftdiag.Index(v.Get("rejectHint").Uint()), e.Set|raftdiag.HasHint
	}
	v.Get("entries").ForEach(func(_, x gjson.Result) bool {
		e.Entries++
		if t := x.Get("Term"); t.Exists() {
			e.EntryTerm, e.Set = raftdiag.Term(t.Uint()), e.Set|raftdiag.HasEntryTerm
		}
		return true
	})
	if n := v.Get("snapshot.metadata.index").Uint(); n > 0 {
		e.Snapshot, e.Set = raftdiag.Index(n), e.Set|raftdiag.HasSnapshot
	}
	it.row = 0
	threads(it)
	return s[:at], s[at+len(v.Raw):], true
}

// statusJSON reads Status as it marshals itself, where ids are hexadecimal:
//
//	{"id":"1","term":2,"vote":"1","commit":9,"lead":"1","raftState":"StateLeader","applied":9,"progress":{"2":{"match":9,"next":10,"state":"StateReplicate"}},...}
func (p *reader) statusJSON(rec *record, s []byte, it *item) outcome {
	at := bytes.Index(s, []byte(`{"id":"`))
	if at < 0 || !bytes.Contains(s[at:], []byte(`"raftState":"State`)) {
		return notRaft
	}
	text := unsafe.String(unsafe.SliceData(s[at:]), len(s)-at)
	v := gjson.Parse(text)
	if !gjson.Valid(v.Raw) {
		return notRaft
	}
	id := func(key string) (raftdiag.NodeID, bool) {
		x := v.Get(key).String()
		n, w := hexAt([]byte(x))
		return raftdiag.NodeID(n), w > 0 && w == len(x)
	}
	self, ok := id("id")
	role, known := raftdiag.RoleByName(v.Get("raftState").String())
	if !ok || !known || self == 0 {
		return notRaft
	}
	e := &it.ev
	e.Kind, e.Node, e.Role, e.Set = raftdiag.State, self, role, raftdiag.HasRole
	e.Term, e.Commit, e.Applied = raftdiag.Term(v.Get("term").Uint()), raftdiag.Index(v.Get("commit").Uint()), raftdiag.Index(v.Get("applied").Uint())
	e.Set |= raftdiag.HasTerm | raftdiag.HasCommit | raftdiag.HasApplied
	if e.Vote, ok = id("vote"); ok {
		e.Set |= raftdiag.HasVote
	}
	if e.Lead, ok = id("lead"); ok {
		e.Set |= raftdiag.HasLead
	}
	e.Time, e.Writer = rec.time, rec.writer
	it.dialect, it.env = describe, rec.env
	p.describedGroup(rec, e)
	v.Get("progress").ForEach(func(key, x gjson.Result) bool {
		peer, w := hexAt([]byte(key.String()))
		state, ok := raftdiag.ProgressStateByName(x.Get("state").String())
		if w == 0 || !ok {
			return true
		}
		row := item{row: -1, dialect: describe, env: rec.env}
		row.ev = raftdiag.Event{Kind: raftdiag.ProgressRow, Node: self, Time: e.Time, Writer: e.Writer, Group: e.Group,
			Set: raftdiag.HasPeer | raftdiag.HasMatch | raftdiag.HasNext | raftdiag.HasProgressState}
		row.ev.Progress = raftdiag.Progress{Peer: raftdiag.NodeID(peer), Match: raftdiag.Index(x.Get("match").Uint()), Next: raftdiag.Index(x.Get("next").Uint()), State: state}
		p.extra = append(p.extra, row)
		return true
	})
	return raft
}
