package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"

	"github.com/raftdiag/raftdiag"
)

// JSON writes the report as docs/report.schema.json describes it. Lists are
// never null. What a terminal or a CI runner could take for a command is
// written as an escape of JSON, so that the text reads back as it was.
func JSON(w io.Writer, r *raftdiag.Report) error {
	p := &indenter{w: w}
	enc := json.NewEncoder(p)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(filled(reflect.ValueOf(r)).Interface()); err != nil {
		return cmp.Or(p.err, fmt.Errorf("encode the report: %w", err))
	}
	return nil
}

// An indenter indents the compact JSON that is written to it and makes it
// harmless, and passes it on. It expects all of it at once, which is how an
// Encoder writes.
type indenter struct {
	w   io.Writer
	err error // of w
}

func (p *indenter) Write(b []byte) (int, error) {
	const full = 1 << 16
	out := make([]byte, 0, 2*full)
	depth := 0
	newline := func() {
		out = append(out, '\n')
		for range depth {
			out = append(out, "  "...)
		}
	}
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case '"':
			end := stringEnd(b, i)
			out = harmless(out, b[i:end])
			i = end
			continue
		case '{', '[':
			out = append(out, c)
			if b[i+1] == c+2 { // the closing one, in ASCII
				i++
				out = append(out, c+2)
				break
			}
			depth++
			newline()
		case '}', ']':
			depth--
			newline()
			out = append(out, c)
		case ',':
			out = append(out, c)
			newline()
		case ':':
			out = append(out, ": "...)
		default:
			out = append(out, c)
		}
		i++
		if len(out) >= full {
			if _, p.err = p.w.Write(out); p.err != nil {
				return 0, p.err
			}
			out = out[:0]
		}
	}
	if _, p.err = p.w.Write(out); p.err != nil {
		return 0, p.err
	}
	return len(b), nil
}

// stringEnd is the place behind the JSON string at i.
func stringEnd(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// filled is a copy of v in which every nil slice is an empty one.
func filled(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(filled(v.Elem()))
		return p
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			s.Field(i).Set(filled(v.Field(i)))
		}
		return s
	case reflect.Slice:
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(filled(v.Index(i)))
		}
		return s
	}
	return v
}

// harmless appends a JSON string with hidden characters and the # pairs of
// runner commands escaped.
func harmless(out, b []byte) []byte {
	for i := 0; i < len(b); {
		start := i
		for i < len(b) && b[i] < 0x7F && b[i] != '#' {
			i++
		}
		if out = append(out, b[start:i]...); i == len(b) {
			break
		}
		if b[i] == '#' && i > 0 && b[i-1] == '#' {
			out = append(out, `\u0023`...)
			i++
			continue
		}
		if b[i] < utf8.RuneSelf && b[i] != 0x7F {
			out = append(out, b[i])
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case !hidden(r):
			out = append(out, b[i:i+n]...)
		case r > 0xFFFF:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += n
	}
	return out
}
