package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe is log text as it may be shown: one line, without terminal escapes,
// control characters, text direction tricks or invalid UTF-8, and without the
// markers by which CI runners find commands in any place of a line.
//
// It is idempotent, and text without any of these comes back as it is.
func Safe(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if n := escape(s[i:]); n > 0 {
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch i += n; {
		case r == utf8.RuneError && n == 1:
			b.WriteRune(utf8.RuneError)
		case r == '\n' || r == '\r' || r == '\t' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
			b.WriteByte(' ')
		case hidden(r):
		default:
			b.WriteRune(r)
		}
	}
	return runnerMarks.Replace(b.String())
}

// runnerMarks are the openings of commands that CI runners look for anywhere
// in a line: ##[error], ##vso[...], ##teamcity[...].
var runnerMarks = strings.NewReplacer("##[", "# #[", "##vso[", "# #vso[", "##teamcity[", "# #teamcity[")

// plain reports whether the text is ASCII that needs no change.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '#' {
			return false
		}
	}
	return true
}

// hidden reports whether a rune is a control, or a format character that moves
// or hides other text. The joiners stay: emoji and several scripts need them.
func hidden(r rune) bool {
	switch {
	case r == 0x200C || r == 0x200D:
		return false
	case r < ' ' || r >= 0x7F && r < 0xA0:
		return true
	case r == 0xFFFE || r == 0xFFFF || r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// escape is the length of the terminal escape that s begins with, or 0. Of a
// string that never ends (OSC and its like) only the opening counts, so that
// it cannot swallow the rest of the line.
func escape(s string) int {
	kind, n := byte(0), 0
	switch {
	case s[0] == 0x1B && len(s) > 1:
		kind, n = s[1], 2
	case s[0] == 0x1B:
		return 1
	case s[0] == 0xC2 && len(s) > 1 && s[1] >= 0x80 && s[1] < 0xA0:
		kind, n = s[1]-0x40, 2 // a C1 control in UTF-8
	default:
		return 0
	}
	switch kind {
	case '[':
		i := n
		for i < len(s) && s[i] >= 0x20 && s[i] < 0x40 {
			i++
		}
		if i < len(s) && s[i] >= 0x40 && s[i] < 0x7F {
			return i + 1
		}
		return n
	case ']', 'P', 'X', '^', '_':
		for i := n; i < len(s); i++ {
			switch {
			case s[i] == 0x07 && kind == ']':
				return i + 1
			case s[i] == 0x1B && i+1 < len(s) && s[i+1] == '\\':
				return i + 2
			case s[i] == 0xC2 && i+1 < len(s) && s[i+1] == 0x9C:
				return i + 2
			case s[i] == 0x1B || s[i] == '\n':
				return n
			}
		}
		return n
	}
	if s[0] == 0xC2 {
		return n
	}
	if kind >= 0x20 && kind < 0x7F {
		// ESC, intermediates, final.
		i := 1
		for i < len(s) && s[i] >= 0x20 && s[i] < 0x30 {
			i++
		}
		if i < len(s) && s[i] >= 0x30 && s[i] < 0x7F {
			return i + 1
		}
	}
	return 1
}

// defuse keeps a line from beginning with a workflow command (::error::), which
// runners also find behind white space.
func defuse(line string) string {
	trimmed := strings.TrimLeftFunc(line, unicode.IsSpace)
	if strings.HasPrefix(trimmed, "::") {
		return line[:len(line)-len(trimmed)] + ": :" + trimmed[2:]
	}
	return line
}
