package drill

import (
	"bytes"
	"slices"
	"testing"
)

// One fault and one seed give the same bytes, and every fault runs.
func TestDeterministic(t *testing.T) {
	for _, f := range Faults() {
		for seed := range uint64(6) {
			style := Style(seed % 3)
			a, _ := f.RunAs(style, seed)
			b, _ := f.RunAs(style, seed)
			if len(a) == 0 || !slices.EqualFunc(a, b, func(x, y File) bool { return x.Name == y.Name && bytes.Equal(x.Data, y.Data) }) {
				t.Fatalf("%s with seed %d differs from itself", f.Name, seed)
			}
			if style != Text { // may print next to nothing
				continue
			}
			for _, file := range a {
				if bytes.Count(file.Data, []byte("\n")) < 10 {
					t.Errorf("%s with seed %d: %s is short", f.Name, seed, file.Name)
				}
			}
		}
	}
}
