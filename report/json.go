package report

import (
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
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(filled(reflect.ValueOf(r)).Interface()); err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	_, err := w.Write(harmless(b.Bytes()))
	return err
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

// harmless escapes hidden characters and the # pairs of runner commands. They
// can stand only inside strings.
func harmless(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
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
