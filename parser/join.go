package parser

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// Collectors cut long lines, and journalctl's export form puts each field of a
// record on a line of its own:
//
//	2024-05-06T10:11:12Z stdout P the begin of a
//	2024-05-06T10:11:12Z stdout F long line
//
//	{"log":"16 KiB without a newline at their end","stream":"stdout","time":"..."}
//	{"log":"and the rest\n","stream":"stdout","time":"..."}
//
//	__CURSOR=...
//	__REALTIME_TIMESTAMP=1715000000123456
//	_HOSTNAME=n1
//	MESSAGE=the line
//
// Such lines are put together before they are read. A block never ends within
// them, so they join whatever the reads.

// criTag finds the tag of a line of CRI, and the place of its text behind it.
func criTag(line []byte) (tag byte, stream, text int) {
	if len(line) < 30 || !digit(line[0]) || line[10] != 'T' {
		return 0, 0, 0
	}
	i := spaceIn(line, 19) // its stamp holds no space
	if i < 0 || line[i+1] != 's' || !has(line[i:], " stdout ") && !has(line[i:], " stderr ") || len(line) < i+10 || line[i+9] != ' ' {
		return 0, 0, 0
	}
	return line[i+8], i + 1, i + 10
}

// mayGoOn reports whether a line may be a part of CRI's or docker's. It says no at
// once to nearly all others.
func mayGoOn(line []byte) bool {
	if line[0] == '{' {
		return len(line) >= dockerLeast
	}
	if len(line) < 37 || !digit(line[0]) {
		return digit(line[0])
	}
	// Behind the first space, in most lines one of these sixteen bytes, there must
	// be the stream's name.
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	x, y := binary.LittleEndian.Uint64(line[19:])^' '*ones, binary.LittleEndian.Uint64(line[27:])^' '*ones
	x, y = (x-ones)&^x&tops, (y-ones)&^y&tops
	i := 19 + bits.TrailingZeros64(x)/8
	if x == 0 {
		i = 27 + bits.TrailingZeros64(y)/8
	}
	return line[i+1] == 's' || x|y == 0
}

// spaceIn is the place of the first space at or after i, if it is one of the
// next 32 bytes but for the line's last eight, or -1.
func spaceIn(line []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for end := i + 32; i < end && i+8 < len(line); i += 8 {
		x := binary.LittleEndian.Uint64(line[i:]) ^ ' '*ones
		if m := (x - ones) &^ x & tops; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	return -1
}

// dockerLeast is where docker begins to cut.
const dockerLeast = 16000

// dockerPart finds the text of a record of docker that does not end with a
// newline though it is long: the next record goes on with it.
func dockerPart(line []byte) (from, to int) {
	const opening, closing = `{"log":"`, `","stream":"`
	if len(line) < dockerLeast || !has(line, opening) {
		return 0, 0
	}
	i := bytes.LastIndex(line, []byte(closing))
	if i < dockerLeast/2 || bytes.HasSuffix(line[:i], []byte(`\n`)) {
		return 0, 0
	}
	return len(opening), i
}

func goesOn(line []byte) bool {
	if tag, _, _ := criTag(line); tag == 'P' {
		return true
	}
	_, to := dockerPart(line)
	return to > 0
}

const exportHead = "__CURSOR="

// wholeEnd is how much of data, which ends with a line's end, ends with a whole
// record too. What is longer than a line may be is not waited for.
func wholeEnd(data []byte, export bool) int {
	end := len(data)
	if export {
		at := bytes.LastIndex(data, []byte("\n"+exportHead)) + 1
		if (at > 0 || has(data, exportHead)) && end-at < maxLine {
			return at
		}
		return end
	}
	for end > 0 {
		start := bytes.LastIndexByte(data[:end-1], '\n') + 1
		if !goesOn(data[start : end-1]) {
			break
		}
		end = start
	}
	if len(data)-end > maxLine {
		return len(data)
	}
	return end
}

// gather answers the line with what follows it of the same record, and how many
// lines and bytes of rest that took. line is answered as it is if nothing does.
func (p *reader) gather(line, rest []byte) (whole []byte, lines int64, taken int) {
	if tag, stream, text := criTag(line); tag == 'P' {
		out := append(p.joined[:0], line...)
		out[text-2] = 'F'
		for len(out) < maxLine && taken < len(rest) {
			next, n := lineAt(rest[taken:])
			t, s, at := criTag(next)
			if t == 0 || !bytes.Equal(next[s:s+6], line[stream:stream+6]) {
				break
			}
			out = append(out, bytes.TrimSuffix(next[at:], []byte("\r"))...)
			taken += n
			lines++
			if t != 'P' {
				break
			}
		}
		p.joined = out
		return out, lines, taken
	}
	if from, to := dockerPart(line); to > 0 {
		out := append(p.joined[:0], line[:to]...)
		for len(out) < maxLine && taken < len(rest) {
			next, n := lineAt(rest[taken:])
			if !has(next, `{"log":"`) {
				break
			}
			_, end := dockerPart(next)
			if end == 0 {
				out = append(out, next[from:]...)
				taken += n
				lines++
				p.joined = out
				return out, lines, taken
			}
			out = append(out, next[from:end]...)
			taken += n
			lines++
		}
		out = append(out, line[to:]...)
		p.joined = out
		return out, lines, taken
	}
	if has(line, exportHead) { // of a source that begins so
		return p.exported(line, rest)
	}
	return line, 0, 0
}

func lineAt(s []byte) (line []byte, n int) {
	if nl := bytes.IndexByte(s, '\n'); nl >= 0 {
		return s[:nl], nl + 1
	}
	return s, len(s)
}

// exported makes one JSON record of an export's fields, up to the empty line.
// Values that are no plain text come with their length in front.
func (p *reader) exported(line, rest []byte) (whole []byte, lines int64, taken int) {
	fields := map[string]string{}
	for taken < len(rest) {
		next, n := lineAt(rest[taken:])
		taken += n
		lines++
		if len(bytes.TrimRight(next, "\r")) == 0 {
			break
		}
		if has(next, exportHead) { // the empty line is missing
			taken -= n
			lines--
			break
		}
		key, value, ok := bytes.Cut(next, []byte("="))
		if !ok {
			if len(rest)-taken < 8 {
				break
			}
			size := binary.LittleEndian.Uint64(rest[taken:])
			if size > uint64(len(rest)-taken-8) || size > maxLine {
				break
			}
			value = rest[taken+8 : taken+8+int(size)]
			lines += int64(bytes.Count(rest[taken:taken+8+int(size)], []byte("\n")))
			taken += 8 + int(size)
			if taken < len(rest) && rest[taken] == '\n' {
				taken++
				lines++
			}
		}
		switch k := string(key); k {
		case "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "_HOSTNAME", "CONTAINER_NAME", "PRIORITY", "MESSAGE":
			fields[k] = string(value)
		}
	}
	if len(fields) == 0 {
		return line, lines, taken
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return line, lines, taken
	}
	return out, lines, taken
}
