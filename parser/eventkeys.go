package parser

import (
	"encoding/binary"
	"unsafe"

	"github.com/raftdiag/raftdiag"
)

// A form is how the value of a key is read.
type form uint8

const (
	skipped form = iota
	asKind
	asKindSays // by a kind that stands further on
	asTime
	asGroup
	asWriter
	asSource
	asLine
	asNumber
	asID
	asFlag
	asText
	asType
	asRole
	asOldRole
	asState
	asEntryType
	asDuration
	asConfig
)

// Bits beside those of raftdiag.Field for the keys that every kind has.
const (
	seenKind raftdiag.Field = 1 << (63 - iota)
	seenTime
	seenNode
	seenGroup
	seenWriter
	seenSource
	seenLine

	seenAlways = seenKind | seenTime | seenNode | seenGroup | seenWriter | seenSource | seenLine
)

// A meaning is what a key of raftdiag's events stands for.
type meaning struct {
	bit raftdiag.Field
	how form
	at  uintptr // of the number, flag or word in an event; 0 for what is more
}

var meanings = func() map[string]meaning {
	var e raftdiag.Event
	return map[string]meaning{
		"kind":             {seenKind, asKind, 0},
		"time":             {seenTime, asTime, 0},
		"node":             {seenNode, asID, unsafe.Offsetof(e.Node)},
		"group":            {seenGroup, asGroup, 0},
		"writer":           {seenWriter, asWriter, 0},
		"source":           {seenSource, asSource, 0},
		"line":             {seenLine, asLine, 0},
		"type":             {raftdiag.HasType, asType, unsafe.Offsetof(e.Type)},
		"from":             {raftdiag.HasFrom, asID, unsafe.Offsetof(e.From)},
		"to":               {raftdiag.HasTo, asID, unsafe.Offsetof(e.To)},
		"role":             {raftdiag.HasRole, asRole, unsafe.Offsetof(e.Role)},
		"old_role":         {raftdiag.HasOldRole, asOldRole, unsafe.Offsetof(e.OldRole)},
		"term":             {raftdiag.HasTerm, asNumber, unsafe.Offsetof(e.Term)},
		"vote":             {raftdiag.HasVote, asID, unsafe.Offsetof(e.Vote)},
		"lead":             {raftdiag.HasLead, asID, unsafe.Offsetof(e.Lead)},
		"log_term":         {raftdiag.HasLogTerm, asNumber, unsafe.Offsetof(e.LogTerm)},
		"index":            {raftdiag.HasIndex, asNumber, unsafe.Offsetof(e.Index)},
		"first":            {raftdiag.HasFirst, asNumber, unsafe.Offsetof(e.First)},
		"last":             {raftdiag.HasLast, asNumber, unsafe.Offsetof(e.Last)},
		"commit":           {raftdiag.HasCommit, asNumber, unsafe.Offsetof(e.Commit)},
		"applied":          {raftdiag.HasApplied, asNumber, unsafe.Offsetof(e.Applied)},
		"unstable":         {raftdiag.HasUnstable, asNumber, unsafe.Offsetof(e.Unstable)},
		"entries":          {raftdiag.HasEntries, asNumber, unsafe.Offsetof(e.Entries)},
		"entry_term":       {raftdiag.HasEntryTerm, asNumber, unsafe.Offsetof(e.EntryTerm)},
		"reject":           {raftdiag.HasReject, asFlag, unsafe.Offsetof(e.Reject)},
		"hint":             {raftdiag.HasHint, asNumber, unsafe.Offsetof(e.Hint)},
		"snapshot":         {raftdiag.HasSnapshot, asNumber, unsafe.Offsetof(e.Snapshot)},
		"peer":             {raftdiag.HasPeer, asID, unsafe.Offsetof(e.Peer)},
		"match":            {raftdiag.HasMatch, asNumber, unsafe.Offsetof(e.Match)},
		"next":             {raftdiag.HasNext, asNumber, unsafe.Offsetof(e.Next)},
		"state":            {raftdiag.HasProgressState, asState, unsafe.Offsetof(e.Progress.State) + unsafe.Offsetof(e.Progress)},
		"paused":           {raftdiag.HasPaused, asFlag, unsafe.Offsetof(e.Paused)},
		"pending_snapshot": {raftdiag.HasPendingSnapshot, asNumber, unsafe.Offsetof(e.PendingSnapshot)},
		"recent_active":    {raftdiag.HasRecentActive, asFlag, unsafe.Offsetof(e.RecentActive)},
		"inflight":         {raftdiag.HasInflight, asNumber, unsafe.Offsetof(e.Inflight)},
		"learner":          {raftdiag.HasLearner, asFlag, unsafe.Offsetof(e.Learner)},
		"count":            {raftdiag.HasCount, asNumber, unsafe.Offsetof(e.Count)},
		"immediate":        {raftdiag.HasImmediate, asNumber, unsafe.Offsetof(e.Immediate)},
		"persisted":        {raftdiag.HasPersisted, asNumber, unsafe.Offsetof(e.Persisted)},
		"entry_type":       {raftdiag.HasEntryType, asEntryType, unsafe.Offsetof(e.EntryType)},
		"size":             {raftdiag.HasSize, asNumber, unsafe.Offsetof(e.Size)},
		"duration_ns":      {raftdiag.HasDuration, asDuration, 0},
		"config":           {raftdiag.HasConfig, asConfig, 0},
		"text":             {raftdiag.HasText, asText, 0},
	}
}()

// A keyStep is a key on the way from the begin of an object. Most lines have the
// same keys in the same order: what there is to know of a key is found out once,
// and a line is read by comparing its keys with those that may come next.
type keyStep struct {
	text       string // the key with its quotes and colon
	word, mask [3]uint64
	meaning
	next  *keyStep      // one that may come behind it
	other *keyStep      // one that may come in its place
	kinds []*keyStep    // by kind, the step instead where the way parts by it
	kind  raftdiag.Kind // known by then
	seen  raftdiag.Field
}

// mostKeySteps bounds what the keys of odd logs cost.
const mostKeySteps = 1 << 12

// begins reports whether the key stands at place i of b. It may look behind b.
func (s *keyStep) begins(b []byte, i int) bool {
	size := len(s.text)
	if i+size > len(b) || cap(b)-i < 24 {
		return i < len(b) && has(b[i:], s.text)
	}
	// At once: which of the words tells is hard to foresee for a processor.
	p := (*[24]byte)(b[i : i+24])
	return binary.LittleEndian.Uint64(p[:])&s.mask[0]^s.word[0]|
		binary.LittleEndian.Uint64(p[8:])&s.mask[1]^s.word[1]|
		binary.LittleEndian.Uint64(p[16:])&s.mask[2]^s.word[2] == 0 &&
		(size <= 24 || has(b[i+24:], s.text[24:]))
}

// mean sets what the key means where the kind is s.kind.
func (s *keyStep) mean() {
	s.meaning = meanings[s.text[1:len(s.text)-2]]
	switch {
	case s.bit&^seenAlways != 0 && s.kind == raftdiag.NoKind:
		s.meaning = meaning{how: asKindSays}
	case s.bit&^(seenAlways|kindFields[s.kind]) != 0:
		s.meaning = meaning{}
	}
	s.seen |= s.bit
}

// learn finds the key at place i, which no step behind s is, and adds it to them.
// It answers nil if the key is spelt in an unusual way or comes a second time.
func (in *interner) learn(s *keyStep, b []byte, i int) *keyStep {
	if i >= len(b) || b[i] != '"' || in.steps == mostKeySteps {
		return nil
	}
	end := plainEnd(b, i+1)
	if end+1 >= len(b) || b[end] != '"' || b[end+1] != ':' {
		return nil
	}
	n := &keyStep{text: string(b[i : end+2]), kind: s.kind, seen: s.seen, other: s.next}
	n.mask, n.word = masked(n.text)
	if n.mean(); n.bit&s.seen != 0 {
		return nil
	}
	s.next = n
	in.steps++
	return n
}

// of is the step instead of s if the kind is k.
func (in *interner) of(s *keyStep, k raftdiag.Kind) *keyStep {
	if s.kinds == nil {
		s.kinds = make([]*keyStep, len(kindFields))
	}
	n := s.kinds[k]
	if n == nil && in.steps < mostKeySteps {
		n = &keyStep{}
		*n = *s
		n.next, n.other, n.kinds, n.kind = nil, nil, nil, k
		n.mean()
		s.kinds[k] = n
		in.steps++
	}
	return n
}
