package parser

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unsafe"

	"github.com/raftdiag/raftdiag"
)

// A step is a pair of key and value as some line spelt it, and what came of it:
//
//	, term=3          the text ", term=", and where its number goes
//	, paused=false    all of that text, and what is set
//
// Lines of one kind are spelt alike, so a line is read by the steps of the
// lines before it: text and number in turn, without looking a key up. A step
// holds what pair and field made of its text, which hangs on that text and on
// the event's kind alone; what no step fits, they read.
type step struct {
	mask, word [4]uint64 // the text, as words
	size       uint8     // its bytes
	form       stepForm
	value      uint8          // of a word
	offset     uintptr        // of the event's field that is set
	bit        raftdiag.Field // which one it is; 0 if the kind has none
	next       *step          // what came behind it first
	other      *step          // what came in its place another time
}

type stepForm uint8

const (
	wordStep   stepForm = iota
	numberStep          // a number follows
	someStep            // a number follows, and a bracket that closes
	stateStep           // a HardState follows
)

const (
	longestStep = 32
	stepRoom    = longestStep + 8 // what is looked at: the text and a number's begin
	mostSteps   = 1 << 10
	mostOthers  = 12
	mostTries   = 1 << 12
)

// roomy gives a text of our own room behind it, so that steps read all of it.
func roomy(s []byte) []byte { return slices.Grow(s, stepRoom) }

// roomyClone is a copy of s with such room.
func roomyClone(s []byte) []byte { return append(make([]byte, 0, len(s)+stepRoom), s...) }

// fits reports whether the step's text stands at the begin of b.
func (t *step) fits(b *[stepRoom]byte) bool {
	return (binary.LittleEndian.Uint64(b[0:])&t.mask[0]^t.word[0])|(binary.LittleEndian.Uint64(b[8:])&t.mask[1]^t.word[1]) == 0 &&
		(t.size <= 16 || (binary.LittleEndian.Uint64(b[16:])&t.mask[2]^t.word[2])|(binary.LittleEndian.Uint64(b[24:])&t.mask[3]^t.word[3]) == 0)
}

// follow reads the pairs of s as far as steps know them. It answers the rest and
// the place for the step that was missing.
func follow(s []byte, e *raftdiag.Event, at **step) ([]byte, **step) {
	all := s[:cap(s)] // texts are compared beyond the line's end, but none ends there
	i := 0
	for i < len(s) && i+stepRoom <= len(all) {
		b := (*[stepRoom]byte)(all[i:])
		t := *at
		for t != nil && !t.fits(b) {
			t = t.other
		}
		if t == nil {
			break
		}
		j, num := i+int(t.size), uint64(0)
		switch t.form {
		case numberStep, someStep:
			v, n := t.size&(2*longestStep-1), 1
			if num = uint64(b[v] - '0'); b[v+1]-'0' <= 9 {
				num, n = eightDigits(binary.LittleEndian.Uint64(b[v:]))
				if n == 8 && j < len(s) {
					num, n = uintAt(s[j:])
				}
			}
			if j += n; b[v]-'0' > 9 || n == 0 || n > mostDigits {
				return s[i:], at
			}
			if t.form == someStep {
				if j >= len(s) || s[j] != ')' {
					return s[i:], at
				}
				j++
			}
		case stateStep:
			if j = hardStateAt(s, j, e); j == 0 {
				return s[i:], at
			}
		}
		if j > len(s) || j < len(s) && s[j] != ',' && s[j] != ' ' {
			return s[i:], at
		}
		if t.bit != 0 {
			e.Set |= t.bit
			if field := unsafe.Add(unsafe.Pointer(e), t.offset); t.form == wordStep {
				*(*uint8)(field) = t.value
			} else {
				*(*uint64)(field) = num
			}
		}
		i, at = j, &t.next
	}
	return s[i:], at
}

// mostDigits is how long a number is that steps read: none overflows.
const mostDigits = 18

// learn remembers the pair that s begins with, which pair and field read, and
// answers the place for what follows it. at is the place where it was missing.
func (p *reader) learn(at **step, kind raftdiag.Kind, s, key, val []byte, n int) **step {
	w := &p.ways[kind&63]
	if w.tries++; w.tries > mostTries || p.steps == mostSteps {
		return &w.behind
	}
	t, ok := p.stepOf(kind, s, key, val, n)
	if !ok {
		return &w.behind
	}
	longer, others := at, 0 // longer texts come first: another may begin as they do
	for o := *at; o != nil; o = o.other {
		if o.word == t.word && o.mask == t.mask && o.form == t.form {
			return &o.next
		}
		if others++; o.size >= t.size {
			longer = &o.other
		}
	}
	if others == mostOthers {
		return &w.behind
	}
	p.steps++
	added := t
	added.other = *longer
	*longer = &added
	return &added.next
}

// ways are where the steps of a kind begin: at the begin of its fields, and
// behind a pair that is no step.
type ways struct {
	begin, behind *step
	tries         int // to learn one: some pairs are never steps
}

// stepOf makes a step of the pair that takes the first n bytes of s. It has none
// for a pair that sets more than one field of the event, or something else.
func (p *reader) stepOf(kind raftdiag.Kind, s, key, val []byte, n int) (t step, ok bool) {
	sign := n - len(val) - 1
	if n < len(s) && s[n] != ',' && s[n] != ' ' || bytes.IndexByte(s, '=') != sign {
		return t, false // another sign may come before it in another line
	}
	size, probe := sign+1, val
	switch {
	case string(key) == "hard_state" && has(val, "Some(HardState { "):
		t.form = stateStep
		return t, t.spell(s[:size+len("Some(")])
	case isNumber(val):
		t.form, probe = numberStep, someNumber
	case has(val, "Some(") && hasEnd(val, ")") && isNumber(val[len("Some("):len(val)-1]):
		t.form, probe = someStep, someNumber
		size += len("Some(")
	}
	e, ok := p.alone(kind, key, probe)
	if ok && t.form == numberStep && fieldPlace(e.Set).narrow { // a number that is a word
		t.form, size = wordStep, n
		e, ok = p.alone(kind, key, val)
	} else if t.form == wordStep {
		size = n
		ok = ok && simpleWord(val) && (e.Set != 0 || unsaid(val))
	}
	place := fieldPlace(e.Set)
	if !ok || bits.OnesCount64(uint64(e.Set)) > 1 || e.Set != 0 && (!place.known || place.narrow != (t.form == wordStep)) {
		return t, false
	}
	t.bit, t.offset = e.Set, place.offset
	if place.narrow {
		t.value = *(*uint8)(unsafe.Add(unsafe.Pointer(&e), place.offset))
	}
	return t, t.spell(s[:size])
}

// someNumber stands for all numbers: a field that takes one takes each.
var someNumber = []byte("1")

// alone is an event with the one field, and false if the field is none of the
// event's own.
func (p *reader) alone(kind raftdiag.Kind, key, val []byte) (e raftdiag.Event, ok bool) {
	var x sentence
	e.Kind = kind
	ok = p.field(key, val, &e, &x)
	return e, ok && len(x.topic)+len(x.partition)+len(x.group)+len(x.text) == 0 && x.node == 0
}

// spell sets the step's text, and reports false if it is too long.
func (t *step) spell(text []byte) bool {
	if len(text) > longestStep {
		return false
	}
	var word, mask [longestStep]byte
	for i := range copy(word[:], text) {
		mask[i] = 0xff
	}
	for i := range t.word {
		t.word[i], t.mask[i] = binary.LittleEndian.Uint64(word[8*i:]), binary.LittleEndian.Uint64(mask[8*i:])
	}
	t.size = uint8(len(text))
	return true
}

func isNumber(s []byte) bool {
	_, ok := whole(s)
	return ok
}

func simpleWord(s []byte) bool {
	for _, c := range s {
		if !simple[c] {
			return false
		}
	}
	return len(s) > 0
}

// A place is where a field of the event is.
type place struct {
	offset uintptr
	narrow bool // it takes one byte; else eight
	known  bool
}

// fieldPlace is the place of the field that one bit stands for.
func fieldPlace(bit raftdiag.Field) place { return fieldPlaces[bits.TrailingZeros64(uint64(bit))] }

// fieldPlaces are by the number of the bit. A field that is more than a number or
// a flag has none.
var fieldPlaces = func() (places [65]place) {
	for _, m := range meanings {
		if m.at != 0 && m.bit&seenAlways == 0 {
			places[bits.TrailingZeros64(uint64(m.bit))] = place{offset: m.at, narrow: m.how != asNumber && m.how != asID, known: true}
		}
	}
	return places
}()
