package parser

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A line that is said to be whole is a part of nothing.
func TestMayGoOn(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"2025-10-20T12:00:01", "2025-10-20T12:00:01.123456789Z", "2025-10-20T12:00:01.1+02:00", "2025-10-20 12:00:01", " ", "stdout", "stderr", " stdout P ", " stderr P ", " stdout F ", "s", "P", "Z", "12345", "x",
		`{"log":"`, `","stream":"stdout"}`, strings.Repeat("y", dockerLeast)})
	rapid.Check(t, func(t *rapid.T) {
		line := []byte(strings.Join(rapid.SliceOfN(pieces, 1, 9).Draw(t, "pieces"), ""))
		if len(line) < 9 || mayGoOn(line) {
			return
		}
		tag, _, _ := criTag(line)
		if _, to := dockerPart(line); tag == 'P' || to > 0 {
			t.Fatalf("tag %q, to %d: %q", tag, to, line)
		}
	})
}
