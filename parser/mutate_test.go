package parser

import (
	"math/rand"
	"testing"
)

// TestMutated reads sample lines of all systems that are cut, spliced and
// spoiled: no bytes make a reader panic.
func TestMutated(t *testing.T) {
	var lines []string
	for _, f := range foreigners {
		for _, s := range f.samples {
			lines = append(lines, s.line)
		}
	}
	for _, list := range [][]struct{ line, want string }{hclogSamples, goLogSamples, logfmtSamples, natsSamples, capnslogSamples, erlangSamples} {
		for _, s := range list {
			lines = append(lines, s.line)
		}
	}
	n := 30_000
	if testing.Short() {
		n = 5_000
	}
	r := rand.New(rand.NewSource(1))
	for range n {
		b := []byte(lines[r.Intn(len(lines))])
		for range 1 + r.Intn(4) {
			i := r.Intn(len(b) + 1)
			switch r.Intn(5) {
			case 0:
				b = b[:i]
			case 1:
				b = b[i:]
			case 2:
				if i < len(b) {
					b[i] = "[]{}\"= :,.<>0aZ\\\x1b|"[r.Intn(18)]
				}
			case 3:
				b = append(b[:i:i], b[min(len(b), i+r.Intn(12)):]...)
			case 4:
				other := lines[r.Intn(len(lines))]
				b = append(b[:i:i], other[r.Intn(len(other)):]...)
			}
		}
		p, it := newReader(), item{}
		p.cut = r.Intn(2) == 0
		p.line(b, &it)
	}
}
