package main

import (
	"fmt"
	"testing"

	"github.com/raftdiag/raftdiag/internal/lab"
)

// Runs that were judged too timidly or to the wrong cause once: one case and
// one seed give the same logs each time. The comment says what the judge had
// read past.
var regressions = []struct {
	name string
	seed uint64
	why  string
}{
	{"disk-hangs", 9, "the answer is made, and its hand-over is missing from a log that goes on with what arrives"},
	{"step-error", 9, "votes that a deaf follower asks for are no answer whose line is missing"},
	{"answer-not-sent", 10, "the same, with answers that were dropped"},
	{"loop-stalled", 5, "few rounds go by before the leader steps down, and much time"},
	{"loop-stalled", 14, "the Ready that holds the late answer says nothing of an earlier one"},
	{"progress-uninitialised", 13, "accepts that are heard in time and not counted until the fault heals"},
	{"inflight-full", 9, "the same, with a window that fills"},
	{"ready-not-drained", 2, "what is ready shows again and again, until the loop goes on and all comes at once; the leader steps down meanwhile"},
	{"ready-not-drained", 8, "the same, and followers in later terms do not answer what comes so late"},
	{"burst", 3, "a dozen proposals of one millisecond, before the loop could turn"},
	{"leader-stalled", 7, "the loop stands still until another node has been elected, and goes on"},
	{"stale-answer", 13, "answers that covered less once, though later ones covered it"},
}

func TestRegressions(t *testing.T) {
	if testing.Short() {
		t.Skip("stages runs")
	}
	none, _ := lab.DamageByName("none")
	for _, r := range regressions {
		t.Run(fmt.Sprintf("%s-%d", r.name, r.seed), func(t *testing.T) {
			t.Parallel()
			cases, err := parseCases([]string{r.name})
			if err != nil {
				t.Fatal(err)
			}
			e := exam{parts: []part{{cases, r.seed, r.seed, []lab.Damage{none}}}, parallel: 1, plain: true}
			tally, err := e.hold(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range tally.Marks {
				if m.Grade != lab.Right {
					t.Errorf("%s: %s, %s (%s)", m.Plan, m.Grade, m.Why, r.why)
				}
			}
		})
	}
}
