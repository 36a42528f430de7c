package parser

import (
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// A member of a JSON object. Key and value are part of the line.
type member struct {
	key   string
	value gjson.Result
}

// membersOf is walk, without a second walk over the line's own object.
func (p *reader) membersOf(s []byte) ([]member, bool) {
	if len(p.walked) == len(s) && unsafe.SliceData(p.walked) == unsafe.SliceData(s) {
		return p.members, true
	}
	return p.walk(s)
}

// walk answers the members of the JSON object that is all of s, until the next call. It
// does not allocate, but for escapes in a value. It reports false for what is
// spelt in an unusual way, such as keys with escapes, or is no object: gjson
// must look. Numbers are not read, see counted.
func (p *reader) walk(s []byte) ([]member, bool) {
	p.walked = nil
	members, ok := appendMembers(p.members[:0], s)
	p.members = members
	return members, ok
}

func appendMembers(members []member, s []byte) ([]member, bool) {
	i := blanks(s, 0)
	if i == len(s) || s[i] != '{' {
		return members, false
	}
	i = blanks(s, i+1)
	for {
		if i >= len(s) || s[i] != '"' {
			return members, false
		}
		start := i + 1
		i = plainEnd(s, start)
		for i < len(s) && s[i] >= 0x80 {
			i = plainEnd(s, i+1)
		}
		if i >= len(s) || s[i] != '"' {
			return members, false
		}
		key := unsafe.String(unsafe.SliceData(s[start:]), i-start)
		if i = blanks(s, i+1); i >= len(s) || s[i] != ':' {
			return members, false
		}
		i = blanks(s, i+1)
		from := i
		if i = skipValue(s, i, 0); i < 0 {
			return members, false
		}
		v := gjson.Result{Raw: unsafe.String(unsafe.SliceData(s[from:]), i-from)}
		switch s[from] {
		case '"':
			if strings.IndexByte(v.Raw, '\\') >= 0 {
				v = gjson.Parse(v.Raw)
			} else {
				v.Type, v.Str = gjson.String, v.Raw[1:len(v.Raw)-1]
			}
		case '{', '[':
			v.Type = gjson.JSON
		case 't':
			v.Type = gjson.True
		case 'f':
			v.Type = gjson.False
		case 'n':
			v.Type = gjson.Null
		default:
			v.Type = gjson.Number
		}
		members = append(members, member{key, v})
		if i = blanks(s, i); i >= len(s) {
			return members, false
		}
		switch s[i] {
		case '}':
			return members, blanks(s, i+1) == len(s)
		case ',':
			i = blanks(s, i+1)
		default:
			return members, false
		}
	}
}
