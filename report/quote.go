package report

import (
	"slices"
	"strings"
)

// mostBrief is the length of a line that is looked into, in bytes.
const mostBrief = 16 << 10

// brief is a log line that may take a room of some columns. A JSON object gets
// spaces at which it can be broken. Where it is longer than the room, the fields
// that say most stay, as they stand and in their order, and dots mark where
// others were:
//
//	{"ts":"2026-11-25T16:07:36Z", … "msg":"lost TCP streaming connection", … "error":"EOF"}
//
// The text is safe; other lines come back as they are.
func brief(text string, room int) string {
	open := strings.IndexByte(text, '{')
	if len(text) > mostBrief || open < 0 {
		return text
	}
	fields, complete := objectFields(text[open:])
	if len(fields) < 2 {
		return text
	}
	order := make([]int, len(fields))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return fields[a].weight() - fields[b].weight() })
	keep := make([]bool, len(fields))
	left := room - open - 2
	for n, i := range order {
		if cost := len(fields[i].text) + 4; cost <= left || n == 0 {
			keep[i] = true
			left -= cost
		}
	}
	var b strings.Builder
	b.WriteString(text[:open] + "{")
	for i, f := range fields {
		switch {
		case keep[i] && i == 0:
			b.WriteString(f.text)
		case keep[i] && keep[i-1]:
			b.WriteString(", " + f.text)
		case keep[i]:
			b.WriteString(" " + f.text)
		case i == 0:
			b.WriteString("…")
		case keep[i-1] && (complete || i < len(fields)-1):
			b.WriteString(", …")
		}
	}
	switch {
	case complete:
		b.WriteString("}")
	case !keep[len(keep)-1] && keep[len(keep)-2]:
		b.WriteString(" …")
	}
	return b.String()
}

// A field is one member of a JSON object: "key":value.
type field struct{ key, text string }

// weight is how much a field is worth, the least first: the words, the time,
// the rest, and then what only programs want.
func (f field) weight() int {
	switch k := strings.ToLower(strings.TrimLeft(f.key, "@_")); {
	case strings.HasPrefix(f.key, "_"), strings.HasPrefix(k, "local"):
		return 4
	case slices.Contains([]string{"msg", "message", "log", "text", "fields", "body"}, k):
		return 0
	case slices.Contains([]string{"error", "err", "reason", "cause"}, k):
		return 1
	case slices.Contains([]string{"ts", "time", "timestamp"}, k):
		return 2
	case slices.Contains([]string{"caller", "logger", "module", "file", "line", "source", "target", "level", "stack", "stacktrace"}, k):
		return 4
	}
	return 3
}

// objectFields are the members of the JSON object that is all of a text, or
// nil. A quote may be cut: then the last one is what is left of it.
func objectFields(text string) (list []field, complete bool) {
	text = strings.TrimSpace(text)
	if len(text) < 2 || text[0] != '{' {
		return nil, false
	}
	depth, start, quoted := 0, 1, false
	end := func(i int) bool {
		f := strings.TrimSpace(text[start:i])
		start = i + 1
		if len(f) < 3 || f[0] != '"' {
			return false
		}
		key, _, ok := strings.Cut(f[1:], `"`)
		list = append(list, field{key, f})
		return ok
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
		case c == ',' && depth == 0:
			if !end(i) {
				return nil, false
			}
		case c == '}':
			if i != len(text)-1 || !end(i) {
				return nil, false
			}
			return list, true
		}
	}
	end(len(text))
	return list, false
}
