package main

import (
	"fmt"
	"testing"

	"github.com/raftdiag/raftdiag/internal/lab"
)

// Runs of the lab that once were graded otherwise stay right.
func TestMended(t *testing.T) {
	if testing.Short() {
		t.Skip("stages runs of the lab")
	}
	none, _ := lab.DamageByName("none")
	for _, run := range []struct {
		name string
		seed uint64
		why  string
	}{
		{"burst", 14, "rejections that an accept overtook on the way took nothing back"},
		{"late-addresses", 1, "the transport said why nobody could win, and somebody won in the end"},
		{"late-addresses", 2, "one node campaigned long, and the others had no leader either"},
	} {
		t.Run(fmt.Sprintf("%s-%d", run.name, run.seed), func(t *testing.T) {
			cases, err := parseCases([]string{run.name})
			if err != nil {
				t.Fatal(err)
			}
			e := exam{parts: []part{{cases, run.seed, run.seed, []lab.Damage{none}}}, parallel: 1, plain: true}
			tally, err := e.hold(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range tally.Marks {
				if m.Grade != lab.Right {
					t.Errorf("%s: %s, %s (%s)", m.Plan, m.Grade, m.Why, run.why)
				}
			}
		})
	}
}
