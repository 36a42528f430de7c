package parser

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/raftdiag/raftdiag"
)

// An interner is what reading a line remembers of the lines before it, so that
// it need not allocate: names (of groups, of writers, and texts that recur),
// and the minute of the last time stamp. It is for one goroutine.
//
// The names are kept as a processor's cache keeps memory: a hash selects a set
// of four, and a new name displaces one of its set once the whole has grown to
// its limit. So it is bounded, and names chosen to collide cost no more than
// their allocation.
type interner struct {
	common *commonNames // nil if there are no other interners
	names  []string     // sets of four
	shift  uint         // of the hash, to the number of the set
	misses int          // since the last growth
	minute [2]uint64
	base   int64   // the minute, in nanoseconds since 1970
	group  string  // the newest
	text   []byte  // a string without its escapes
	begin  keyStep // of our events: behind it come the keys that were read first
	steps  int     // that were learnt
}

// commonNames are what the interners of a run have in common: equal names stand at
// one place in memory, whoever read them, and what goes by their place finds one
// of each.
type commonNames struct {
	mu    sync.RWMutex
	names map[string]string
}

const mostCommon = 1 << 16

// string is string(b), and the same one for equal names as long as there is room.
func (c *commonNames) string(b []byte) string {
	if c == nil {
		return string(b)
	}
	c.mu.RLock()
	s, ok := c.names[string(b)]
	full := len(c.names) >= mostCommon
	c.mu.RUnlock()
	if ok {
		return s
	}
	s = string(b)
	if full {
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, ok := c.names[s]; ok {
		return other
	}
	c.names[s] = s
	return s
}

const (
	fewestNames = 1 << 10
	mostNames   = 1 << 18
	longestName = 256 // longer ones are hardly names
)

func newInterner() *interner {
	in := &interner{}
	in.resize(fewestNames)
	return in
}

func (in *interner) resize(n int) {
	old := in.names
	in.names = make([]string, n)
	in.shift = 64 - uint(bits.TrailingZeros(uint(n/4)))
	in.misses = 0
	for _, s := range old {
		if s != "" {
			in.place(s, in.set([]byte(s)))
		}
	}
}

// set is the set of names to which b belongs.
func (in *interner) set(b []byte) []string {
	i := hash(b) >> in.shift * 4
	return in.names[i : i+4 : i+4]
}

// place puts a name into a free place of its set, or in place of another.
func (in *interner) place(s string, set []string) {
	for i := range set {
		if set[i] == "" {
			set[i] = s
			return
		}
	}
	set[in.misses&3] = s
}

// string is string(b), the same one for equal names as long as it is kept.
func (in *interner) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > longestName {
		return string(b)
	}
	set := in.set(b)
	for i := range set {
		if set[i] == string(b) {
			return set[i]
		}
	}
	s := in.common.string(b)
	if in.misses++; in.misses > len(in.names)/2 && len(in.names) < mostNames {
		in.resize(2 * len(in.names))
		set = in.set(b)
	}
	in.place(s, set)
	return s
}

// hash mixes all bytes of b; its upper bits are good.
func hash(b []byte) uint64 {
	const k0, k1 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := uint64(len(b)) * k1
	mix := func(w uint64) {
		hi, lo := bits.Mul64(h^w, k0)
		h = hi ^ lo
	}
	for len(b) > 16 {
		mix(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	switch n := len(b); {
	case n >= 8:
		mix(binary.LittleEndian.Uint64(b))
		mix(binary.LittleEndian.Uint64(b[n-8:]))
	case n >= 4:
		mix(uint64(binary.LittleEndian.Uint32(b))<<32 | uint64(binary.LittleEndian.Uint32(b[n-4:])))
	case n > 0:
		mix(uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1]))
	}
	return h * k1
}

// stamp reads the time at i, a JSON string in RFC 3339, and gives the index
// behind it, or -1 if it is not of the plain form.
func (in *interner) stamp(b []byte, i int) (raftdiag.Stamp, int) {
	const plain = len(`"2006-01-02T15:04:05Z"`)
	if len(b)-i < plain || b[i] != '"' || b[i+17] != ':' {
		return 0, -1
	}
	i++
	minute := [2]uint64{binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+8:])}
	if minute != in.minute {
		if !in.turn(b[i:i+16], minute) {
			return 0, -1
		}
	}
	i += 17
	tens, ones := b[i]-'0', b[i+1]-'0'
	if tens > 5 || ones > 9 {
		return 0, -1
	}
	ns := in.base + int64(tens*10+ones)*1e9
	i += 2
	if b[i] == '.' {
		i++
		start, fraction := i, int64(0)
		for i < len(b) && b[i]-'0' <= 9 {
			fraction = fraction*10 + int64(b[i]-'0')
			i++
		}
		if i == start || i-start > 9 {
			return 0, -1
		}
		ns += fraction * powers[9-(i-start)]
	}
	if i+1 < len(b) && b[i] == 'Z' && b[i+1] == '"' {
		return raftdiag.Stamp(ns), i + 2
	}
	// An offset, as in +02:00.
	if len(b)-i < len(`+00:00"`) || b[i] != '+' && b[i] != '-' || b[i+3] != ':' || b[i+6] != '"' {
		return 0, -1
	}
	var d [4]int64
	for j, at := range [...]int{1, 2, 4, 5} {
		if b[i+at]-'0' > 9 {
			return 0, -1
		}
		d[j] = int64(b[i+at] - '0')
	}
	hours, minutes := d[0]*10+d[1], d[2]*10+d[3]
	if hours > 23 || minutes > 59 {
		return 0, -1
	}
	offset := (hours*60 + minutes) * 60e9
	if b[i] == '-' {
		offset = -offset
	}
	return raftdiag.Stamp(ns - offset), i + 7
}

var powers = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// turn makes the minute, as in 2006-01-02T15:04, the current one.
func (in *interner) turn(text []byte, minute [2]uint64) bool {
	for i, c := range []byte("0000-00-00T00:00") {
		if c == '0' && text[i]-'0' > 9 || c != '0' && text[i] != c {
			return false
		}
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	year, month, day, hour, mins := two(0)*100+two(2), time.Month(two(5)), two(8), two(11), two(14)
	t := time.Date(year, month, day, hour, mins, 0, 0, time.UTC)
	if t.Month() != month || t.Day() != day || hour > 23 || mins > 59 {
		return false
	}
	in.minute, in.base = minute, t.UnixNano()
	return true
}

// escaped reads the JSON string at i, which holds escapes or bytes beyond
// ASCII, and gives the index behind it, or -1.
func (in *interner) escaped(b []byte, i int) (string, int) {
	end := skipString(b, i)
	if end < 0 {
		return "", -1
	}
	raw := b[i+1 : end-1]
	if utf8.Valid(raw) {
		text := in.text[:0]
		for len(raw) > 0 {
			n := plainEnd(raw, 0)
			for n < len(raw) && raw[n] >= utf8.RuneSelf {
				n = plainEnd(raw, n+1)
			}
			text, raw = append(text, raw[:n]...), raw[n:]
			if len(raw) == 0 {
				break
			}
			if raw[1] != 'u' {
				text, raw = append(text, escaped[raw[1]]), raw[2:]
				continue
			}
			r, _ := hex4(raw, 2)
			if 0xd800 <= r && r < 0xe000 { // half of a pair
				text = nil
				break
			}
			text, raw = utf8.AppendRune(text, r), raw[6:]
		}
		if text != nil {
			in.text = text
			return in.string(text), end
		}
	}
	var s string
	if json.Unmarshal(b[i:end], &s) != nil {
		return "", -1
	}
	return s, end
}
