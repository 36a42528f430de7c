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
		{"slow-network", 1, "equal answers that came within one millisecond were all there"},
		{"slow-network", 7, "what was sent last had not arrived when the log ended, and was not lost"},
		{"answers-late", 7, "heartbeat answers overtook the answers"},
		{"sender-blocked", 8, "what was sent over a long time came at once"},
		{"one-way-partition", 11, "of equal heartbeats the last one arrived, and not the first"},
		{"partition", 4, "that the voters were silent in a later term followed from the cut"},
		{"transfer-in-progress", 2, "a transfer that ends refused proposals for a long time before"},
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
