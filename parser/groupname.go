package parser

import (
	"encoding/binary"
	"math/bits"
)

// groupName takes a group's name off the start of s: __meta-0 from
// `__meta-0: total=2`, `__meta-0 (with wait)` and `"__meta-0", waiting`.
func (p *reader) groupName(s []byte) (name string, rest []byte, ok bool) {
	word, n := nameWords(s)
	if n > 0 {
		if known := p.groups.of(&word); known.word == word {
			return known.name, pastName(s, n), true
		}
	}
	name, rest, ok = p.anyGroupName(s)
	if n > 0 && ok && name == string(s[:n]) && len(rest) == len(pastName(s, n)) {
		*p.groups.of(&word) = groupWord{word, name}
	}
	return name, rest, ok
}

// anyGroupName is groupName, whatever the spelling.
func (p *reader) anyGroupName(s []byte) (name string, rest []byte, ok bool) {
	if len(s) > 0 && (s[0] == '"' || s[0] == '`' || s[0] == '\'') {
		s = s[1:]
	}
	n := 0
	for n < len(s) && s[n] > ' ' && s[n] != ',' && s[n] != '"' && s[n] != '`' && s[n] != ')' {
		n++
	}
	rest = s[n:]
	for n > 0 && (s[n-1] == ':' || s[n-1] == '.' || s[n-1] == '\'') {
		n--
	}
	if n == 0 || n > 255 || s[0] == '{' || s[0] == '<' || s[0] == '=' {
		return "", rest, false
	}
	return p.in.string(s[:n]), rest, true
}

// groupWords are names of groups by their bytes as words. What a name is hangs
// on these bytes alone, so one that is here need not be looked at again.
type groupWords [1 << 11]groupWord

type groupWord struct {
	word [3]uint64
	name string
}

// of is the place for a name.
func (g *groupWords) of(word *[3]uint64) *groupWord {
	h := (word[0]^bits.RotateLeft64(word[1], 23))*0x9e3779b97f4a7c15 + word[2]*0xd6e8feb86659fd93
	return &g[h>>(64-11)]
}

// nameWords are the bytes before the first colon, comma or white space of s and
// how many they are, or 0 if that is not within 24 bytes or if more of a name
// may stand behind it.
func nameWords(s []byte) (word [3]uint64, n int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	all := s[:cap(s)] // the first sign may be the end of the line
	if len(all) < 24 {
		return word, 0
	}
	for i := range word {
		x := binary.LittleEndian.Uint64(all[8*i:])
		colon, comma := x^':'*ones, x^','*ones
		ends := ((colon-ones)&^colon | (comma-ones)&^comma | (x-('!'*ones))&^x) & tops
		if ends == 0 {
			word[i] = x
			continue
		}
		at := bits.TrailingZeros64(ends) / 8
		word[i] = x & (1<<(8*at) - 1)
		n = 8*i + at
		if n > len(s) || n+1 < len(s) && s[n] == ':' && s[n+1] != ' ' {
			return word, 0
		}
		return word, n
	}
	return word, 0
}

// pastName is what stands behind a name of n bytes.
func pastName(s []byte, n int) []byte {
	if n < len(s) && s[n] == ':' {
		n++
	}
	return s[n:]
}
