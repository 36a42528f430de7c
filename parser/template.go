package parser

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A template is how a system words one sort of line, with holes for what
// varies:
//
//	{self:hex} became leader at term {term:int}
//
// A hole takes as little as it can, up to the text behind it; at the end of a
// template it takes the rest of the line. Its sort limits what it may take:
// int digits, hex hexadecimal digits, word anything without white space,
// name letters, digits and -_.:/@[]%. A hole without a name takes and forgets.
// A template that ends with text also fits lines that go on behind it. Two
// opening braces are one that the line holds.
type template struct {
	parts  []part
	may    func(hole string, value []byte) bool // whether a hole may take this; nil for always
	anchor string                               // the longest text, without which no line fits
	weight int                                  // bytes of text: of two that fit, the heavier is meant
}

// A part of a template is text, or a hole.
type part struct {
	text string
	hole string
	sort holeSort
}

type holeSort uint8

const (
	anySort holeSort = iota
	intSort
	hexSort
	wordSort
	nameSort
)

var holeSorts = map[string]holeSort{"": anySort, "int": intSort, "hex": hexSort, "word": wordSort, "name": nameSort}

// newTemplate reads a template that a line is known by.
func newTemplate(s string) (*template, error) {
	t, err := parseTemplate(s)
	if err == nil && len(t.anchor) < 3 {
		err = fmt.Errorf("template %q: no text of three bytes to know it by", s)
	}
	return t, err
}

func parseTemplate(s string) (*template, error) {
	t := &template{}
	text := ""
	flush := func() {
		if text == "" {
			return
		}
		t.parts = append(t.parts, part{text: text})
		t.weight += len(text)
		if len(text) > len(t.anchor) {
			t.anchor = text
		}
		text = ""
	}
	for rest := s; rest != ""; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			open = len(rest)
		}
		text += rest[:open]
		rest = rest[open:]
		if strings.HasPrefix(rest, "{{") {
			text += "{"
			rest = rest[2:]
			continue
		}
		flush()
		if rest == "" {
			break
		}
		shut := strings.IndexByte(rest, '}')
		if shut < 0 {
			return nil, fmt.Errorf("template %q: a hole is not closed", s)
		}
		name, sort, _ := strings.Cut(rest[1:shut], ":")
		kind, ok := holeSorts[sort]
		if !ok {
			return nil, fmt.Errorf("template %q: no sort of hole is called %q", s, sort)
		}
		if n := len(t.parts); n > 0 && t.parts[n-1].text == "" && t.parts[n-1].sort == anySort {
			return nil, fmt.Errorf("template %q: two holes touch, and nothing tells where the first one ends", s)
		}
		if name == "" {
			name = "-"
		}
		t.parts = append(t.parts, part{hole: name, sort: kind})
		rest = rest[shut+1:]
	}
	flush()
	return t, nil
}

// A catch is what a hole took.
type catch struct {
	name  string
	value []byte
}

// fit matches the line from its start and appends what the holes took.
func (t *template) fit(s []byte, caught []catch) ([]catch, bool) {
	tries := 64 // of one line: no line takes long
	return t.fitParts(t.parts, s, caught, &tries)
}

func (t *template) fitParts(parts []part, s []byte, caught []catch, tries *int) ([]catch, bool) {
	for len(parts) > 0 {
		p := parts[0]
		if p.text != "" {
			if len(s) < len(p.text) || string(s[:len(p.text)]) != p.text {
				return caught, false
			}
			s, parts = s[len(p.text):], parts[1:]
			continue
		}
		end := len(s)
		if p.sort != anySort {
			end = 0
			for end < len(s) && p.sort.takes(s[end]) {
				end++
			}
			if end == 0 {
				return caught, false
			}
		}
		if len(parts) == 1 {
			if t.may != nil && !t.may(p.hole, s[:end]) {
				return caught, false
			}
			return append(caught, catch{p.hole, s[:end]}), true
		}
		next := parts[1].text
		if next == "" { // another hole: this one takes all that it may
			caught, s, parts = append(caught, catch{p.hole, s[:end]}), s[end:], parts[1:]
			continue
		}
		for from := 0; ; from++ {
			i := bytes.Index(s[from:], []byte(next))
			if i < 0 || from+i > end {
				return caught, false
			}
			if *tries--; *tries < 0 {
				return caught, false
			}
			from += i
			if from == 0 && p.sort != anySort {
				continue
			}
			if t.may != nil && !t.may(p.hole, s[:from]) {
				continue
			}
			if all, ok := t.fitParts(parts[2:], s[from+len(next):], append(caught, catch{p.hole, s[:from]}), tries); ok {
				return all, true
			}
		}
	}
	return caught, true
}

func (k holeSort) takes(c byte) bool {
	switch k {
	case intSort:
		return digit(c)
	case hexSort:
		return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	case wordSort:
		return c > ' '
	case nameSort:
		return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-_.:/@[]%", c) >= 0
	}
	return true
}

// An anchors finds which of many texts a line holds, in one pass. It knows
// each text by three bytes of it, those that the fewest texts share, and looks
// at the whole text where these stand in the line.
//
// An automaton (Aho and Corasick, Communications of the ACM, 1975) needs no
// second look, but some megabytes for a thousand texts: it costs more to build
// than most logs to read.
type anchors struct {
	texts []anchorText
	known [1 << anchorBits / 64]uint64 // by hash of three bytes: a bit where a text has them
	first [1 << placeBits]int32        // by the upper bits of the hash: one and the place of the first text, 0 for none
	short []int32                      // the numbers of texts of less than three bytes
	all   []string
}

// An anchorText is a text by three of its bytes.
type anchorText struct {
	text string
	at   int   // where they stand in it
	n    int32 // its number
	next int32 // one and the place of the next text of this hash
}

const anchorBits, placeBits = 15, 12

// anchorHash mixes three bytes.
func anchorHash(three uint32) uint32 { return three * 0x9e3779b1 >> (32 - anchorBits) }

func newAnchors(texts []string) *anchors {
	a := &anchors{all: texts, texts: make([]anchorText, 0, len(texts))}
	three := func(t string, i int) uint32 { return uint32(t[i])<<16 | uint32(t[i+1])<<8 | uint32(t[i+2]) }
	var shared [1 << anchorBits]uint16
	for _, t := range texts {
		for i := 0; i+3 <= len(t); i++ {
			if n := &shared[anchorHash(three(t, i))]; *n < 1<<16-1 {
				*n++
			}
		}
	}
	for n, t := range texts {
		if len(t) < 3 {
			a.short = append(a.short, int32(n))
			continue
		}
		best := 0
		for i := 1; i+3 <= len(t); i++ {
			if shared[anchorHash(three(t, i))] < shared[anchorHash(three(t, best))] {
				best = i
			}
		}
		h := anchorHash(three(t, best))
		a.known[h/64] |= 1 << (h % 64)
		head := &a.first[h>>(anchorBits-placeBits)]
		a.texts = append(a.texts, anchorText{text: t, at: best, n: int32(n), next: *head})
		*head = int32(len(a.texts))
	}
	return a
}

// in appends the numbers of the texts that the line holds, each once, in order.
func (a *anchors) in(s []byte, found []int32) []int32 {
	from := len(found)
	for i := 2; i < len(s); i++ {
		h := anchorHash(uint32(s[i-2])<<16 | uint32(s[i-1])<<8 | uint32(s[i]))
		if a.known[h/64]&(1<<(h%64)) == 0 {
			continue
		}
		for k := a.first[h>>(anchorBits-placeBits)]; k != 0; {
			t := &a.texts[k-1]
			if at := i - 2 - t.at; at >= 0 && len(s)-at >= len(t.text) && string(s[at:at+len(t.text)]) == t.text {
				found = append(found, t.n)
			}
			k = t.next
		}
	}
	for _, n := range a.short {
		if bytes.Contains(s, []byte(a.all[n])) {
			found = append(found, n)
		}
	}
	if len(found)-from > 1 {
		slices.Sort(found[from:])
		found = found[:from+len(slices.Compact(found[from:]))]
	}
	return found
}
