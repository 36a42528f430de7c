package parser

import (
	"encoding/binary"
	"math/bits"
)

// groupName takes a group's name off the start of s: __meta-0 from
// `__meta-0: total=2`, `__meta-0 (with wait)` and `"__meta-0", waiting`.
func (p *reader) groupName(s []byte) (name string, rest []byte, ok bool) {
	words, n := nameIn(s)
	if n > 0 {
		if known := p.groups.of(words); known.words == words {
			return known.name, pastName(s, n), true
		}
	}
	name, rest, ok = p.anyGroupName(s)
	if n > 0 && ok && name == string(s[:n]) && len(rest) == len(pastName(s, n)) {
		*p.groups.of(words) = knownGroup{words, name}
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

// knownGroups are names of groups by their bytes as words. What a name is hangs
// on these bytes alone, so one that is here need not be looked at again.
type knownGroups [1 << 11]knownGroup

type knownGroup struct {
	words nameWords
	name  string
}

// nameWords are the bytes of a short name.
type nameWords struct{ x, y, z uint64 }

// of is the place for a name.
func (g *knownGroups) of(w nameWords) *knownGroup {
	h := (w.x^bits.RotateLeft64(w.y, 23))*0x9e3779b97f4a7c15 + w.z*0xd6e8feb86659fd93
	return &g[h>>(64-11)]
}

// nameIn are the bytes before the first colon, comma or white space of s and
// how many they are, or 0 if that is not within 24 bytes or if more of a name
// may stand behind it. Names are of any length: it takes no branch on it.
func nameIn(s []byte) (w nameWords, n int) {
	if cap(s) < 24 {
		return w, 0
	}
	all := s[:24] // the first sign may be the end of the line
	w.x, w.y, w.z = binary.LittleEndian.Uint64(all), binary.LittleEndian.Uint64(all[8:]), binary.LittleEndian.Uint64(all[16:])
	n = bits.TrailingZeros32(nameEnds(w.x) | nameEnds(w.y)<<8 | nameEnds(w.z)<<16 | 1<<24)
	if n == 24 || n > len(s) || n+1 < len(s) && s[n] == ':' && s[n+1] != ' ' {
		return w, 0
	}
	m := &nameMasks[n]
	return nameWords{w.x & m[0], w.y & m[1], w.z & m[2]}, n
}

// nameEnds has a bit for each byte of x that ends a name. Bits above the lowest
// one may be wrong.
func nameEnds(x uint64) uint32 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	colon, comma := x^':'*ones, x^','*ones
	ends := ((colon-ones)&^colon | (comma-ones)&^comma | (x-'!'*ones)&^x) & tops
	return uint32(ends >> 7 * 0x0102040810204080 >> 56)
}

// nameMasks keep the first bytes of three words.
var nameMasks = func() (masks [24][3]uint64) {
	for n := range masks {
		for i := range n {
			masks[n][i/8] |= 0xff << (i % 8 * 8)
		}
	}
	return masks
}()

// pastName is what stands behind a name of n bytes.
func pastName(s []byte, n int) []byte {
	if n < len(s) && s[n] == ':' {
		n++
	}
	return s[n:]
}
