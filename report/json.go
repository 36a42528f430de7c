package report

import (
	"bufio"
	"bytes"
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
	// Group by group, since there may be many.
	head := *r
	head.Groups = nil
	whole, err := compact(&head)
	if err != nil {
		return err
	}
	before, behind, _ := bytes.Cut(whole, []byte(`"groups":[]`))
	p := &indenter{w: bufio.NewWriterSize(w, 1<<16)}
	p.put(before)
	p.put([]byte(`"groups":`))
	if len(r.Groups) == 0 {
		p.put([]byte(`[]`))
	}
	for i := range r.Groups {
		g, err := compact(&r.Groups[i])
		if err != nil {
			return err
		}
		p.put([]byte{"[,"[min(i, 1)]})
		p.put(g)
	}
	if len(r.Groups) > 0 {
		p.put([]byte(`]`))
	}
	p.put(behind)
	p.w.WriteByte('\n')
	return p.w.Flush()
}

// compact is a value as JSON without white space, and without nulls for lists.
func compact[T any](v *T) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(filled(reflect.ValueOf(v)).Interface()); err != nil {
		return nil, fmt.Errorf("encode the report: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// An indenter indents compact JSON and makes its strings harmless. What it is
// given may be cut between any two tokens, but not within an empty list.
type indenter struct {
	w     *bufio.Writer // which keeps its first error
	depth int
	out   []byte
}

func (p *indenter) put(b []byte) {
	out := p.out[:0]
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case '"':
			end := stringEnd(b, i)
			out = harmless(out, b[i:end])
			i = end
			continue
		case '{', '[':
			out = append(out, c)
			if i+1 < len(b) && b[i+1] == c+2 { // the closing one, in ASCII
				i++
				out = append(out, c+2)
				break
			}
			p.depth++
			out = newline(out, p.depth)
		case '}', ']':
			p.depth--
			out = append(newline(out, p.depth), c)
		case ',':
			out = newline(append(out, c), p.depth)
		case ':':
			out = append(out, ": "...)
		default:
			out = append(out, c)
		}
		i++
	}
	p.w.Write(out)
	p.out = out
}

func newline(out []byte, depth int) []byte {
	out = append(out, '\n')
	for range depth {
		out = append(out, "  "...)
	}
	return out
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

// filled is v, or a copy of it in which every nil slice is an empty one.
func filled(v reflect.Value) reflect.Value {
	if !hollow(v) {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer:
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

// hollow reports whether there is a nil slice in v.
func hollow(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && hollow(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if hollow(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			return true
		}
		switch v.Type().Elem().Kind() {
		case reflect.Struct, reflect.Slice, reflect.Pointer:
			for i := range v.Len() {
				if hollow(v.Index(i)) {
					return true
				}
			}
		}
	}
	return false
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
