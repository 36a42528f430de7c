package parser

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A name comes to the same whatever names came before it.
func TestGroupName(t *testing.T) {
	parts := rapid.SampledFrom([]string{"a", "orders-12", "__meta-0", "user-events-101", "日本", "\x80", "'", `"`, "`", ":", "::", ".", ",", ")", "(", "{", "<", "=",
		" ", ": ", "\t", "\x00", "\r", "12345678", "abcdefghijklmnopqrstuvwx"})
	p := newReader()
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(strings.Join(rapid.SliceOfN(parts, 0, 4).Draw(t, "name"), ""))
		behind := rapid.SampledFrom([]string{"\n", ":", "x", " ", ")"}).Draw(t, "behind")
		s := append(b, strings.Repeat(behind, rapid.IntRange(0, 30).Draw(t, "times"))...)[:len(b)]
		name, rest, ok := p.groupName(s)
		name2, rest2, ok2 := p.anyGroupName(s)
		if name != name2 || string(rest) != string(rest2) || ok != ok2 {
			t.Fatalf("%q: %q, %q, %v; not remembered: %q, %q, %v", s, name, rest, ok, name2, rest2, ok2)
		}
	})
}
