package parser

import (
	"bytes"
)

// mostFields is how many fields of a record are kept.
const mostFields = 64

// keyValues reads key=value key="quoted value" up to the end of s and appends
// them to fields. It reports false, and appends nothing, for any other text.
// In a line whose end is missing the last value may be open. A value without
// quotes may hold brackets with spaces inside.
func keyValues(s []byte, cut bool, fields []field) ([]field, bool) {
	all := fields
	for {
		s = bytes.TrimLeft(s, " \t")
		if len(s) == 0 {
			return all, len(all) > len(fields)
		}
		n := keyAt(s)
		if n == 0 {
			if cut && len(all) > len(fields) {
				return all, true
			}
			return fields, false
		}
		key := s[:n]
		s = s[n+1:]
		var value []byte
		if len(s) > 0 && s[0] == '"' {
			end := quoteEnd(s)
			switch {
			case end > 0:
				value = unquoted(s[:end])
				s = s[end:]
			case cut:
				value, s = s[1:], nil
			default:
				return fields, false
			}
			if len(s) > 0 && s[0] != ' ' && s[0] != '\t' {
				return fields, false
			}
		} else {
			end := bareEnd(s)
			value, s = s[:end], s[end:]
		}
		if len(all) < mostFields && len(value) < 1<<14 {
			all = append(all, field{key, value})
		}
	}
}

// keyAt is the length of a key that = follows. One logger's key has a space:
// backoff time=50ms.
func keyAt(s []byte) int {
	n := 0
	if has(s, "backoff time=") {
		return len("backoff time")
	}
	for n < len(s) && n < 64 && (wordByte(s[n]) || s[n] == '@') {
		n++
	}
	if n == 0 || n >= len(s) || s[n] != '=' {
		return 0
	}
	return n
}

// quoteEnd is the length of the quoted text at the start of s, 0 if it does
// not end.
func quoteEnd(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// bareEnd is the length of a value without quotes: up to a space, or up to the
// end of the brackets that it begins with.
func bareEnd(s []byte) int {
	if len(s) > 0 && (s[0] == '[' || s[0] == '{') {
		deep := 0
		for i, c := range s {
			switch c {
			case '[', '{':
				deep++
			case ']', '}':
				if deep--; deep == 0 {
					if i+1 == len(s) || s[i+1] == ' ' {
						return i + 1
					}
				}
			}
		}
	}
	if n := bytes.IndexByte(s, ' '); n >= 0 {
		return n
	}
	return len(s)
}
