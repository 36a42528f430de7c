package drill

import (
	"bytes"
	"fmt"
	"testing"
)

// One fault and one seed give the same bytes, and every fault runs.
func TestDeterministic(t *testing.T) {
	for _, f := range Faults() {
		for seed := range uint64(3) {
			a, _ := f.Run(seed)
			b, _ := f.Run(seed)
			if len(a) == 0 || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatalf("%s with seed %d differs from itself", f.Name, seed)
			}
			for _, file := range a {
				if bytes.Count(file.Data, []byte("\n")) < 10 {
					t.Errorf("%s with seed %d: %s is short", f.Name, seed, file.Name)
				}
			}
		}
	}
}
