package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/raftdiag/raftdiag/internal/lab"
)

// A small run of the lab is no worse than docs/ACCURACY.md says: all cases but
// those held out, with seeds 1 and 2.
func TestAccuracy(t *testing.T) {
	if testing.Short() {
		t.Skip("stages 186 runs")
	}
	doc, err := os.ReadFile("../../docs/ACCURACY.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(\d+) runs with an impact, the failure point right in (\d+), wrong confirmed in (\d+); (\d+) calm runs, (\d+) false alarms`).FindSubmatch(doc)
	if m == nil {
		t.Fatal("docs/ACCURACY.md does not tell of the small run")
	}
	var want [5]int
	for i := range want {
		want[i], _ = strconv.Atoi(string(m[i+1])) // it is digits
	}
	cases, err := parseCases(nil)
	if err != nil {
		t.Fatal(err)
	}
	none, _ := lab.DamageByName("none")
	e := exam{parts: []part{{cases: cases, first: 1, last: 2, damages: []lab.Damage{none}}}, parallel: 2, plain: true}
	tally, err := e.hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := tally.Small()
	t.Logf("%d runs with an impact, the failure point right in %d, wrong confirmed in %d; %d calm runs, %d false alarms", got[0], got[1], got[2], got[3], got[4])
	if got[0] != want[0] || got[3] != want[3] {
		t.Errorf("the runs are others than those of docs/ACCURACY.md: %v and not %v (hint: grade anew, and write down what changed)", got, want)
	}
	if got[1] < want[1] || got[2] > want[2] || got[4] > want[4] {
		t.Errorf("worse than docs/ACCURACY.md says: %v and not %v", got, want)
	}
	for _, m := range tally.Marks {
		if m.Grade == lab.Wrong {
			t.Log(fmt.Sprint(m.Plan, ": ", m.Why))
		}
	}
}

// What damaged logs once made wrong: nothing is confirmed that is not so, and what
// cannot be told says what to fetch.
func TestDamaged(t *testing.T) {
	if testing.Short() {
		t.Skip("stages a run for each")
	}
	for _, x := range []struct {
		fault, damage string
		seed          uint64
	}{
		// A piece of the leader's log is missing: what was forwarded to it then is not lost.
		{"leader-transfer", "window", 1}, {"vain-campaign", "window", 1}, {"burst", "window", 2},
		// The line of an append, of a hand-over, of an answer is lost, and not the message.
		{"tls-failure", "drop50", 1}, {"dead-voters", "drop50", 2}, {"answers-late", "drop20", 2}, {"answers-late", "drop50", 2},
		// So is the line with the leader's newest configuration.
		{"joint-half", "drop20", 1}, {"ghost-voters", "drop50", 2},
		// Fourteen lines of the state machine are missing in a row.
		{"forward-lost", "drop50", 1},
		// All processes stop, and the log of one ends before.
		{"sender-blocked", "tail", 2}, {"one-way-partition", "drop20", 3},
		// The head of a list is lost, and its rows are another group's than that of the head above.
		{"healthy", "drop20", 4}, {"leader-transfer", "drop20", 4}, {"burst", "drop50", 4},
		// As many proposals are missing as lines are.
		{"disk-full", "drop20", 3},
		// Who accepts an entry and goes on long after is alive while it waits.
		{"buffer-full", "thin", 2},
		// A loop that appends or saves what is ready takes it, though no line shows what it sends.
		{"dead-voters", "thin", 2}, {"disruptive-node", "thin", 1},
		// An answer is made, and its loop stands still, or the entry stays unstable.
		{"disk-hangs", "thin", 4}, {"disk-hangs", "thin", 10},
		// Stamps of whole seconds do not say whose hand-over stands before an answer.
		{"answer-not-sent", "coarse", 1}, {"disk-hangs", "coarse", 1},
		// A follower hears its leader alone: the others are no ghosts, for entries were committed.
		{"no-address", "one-log", 3}, {"no-address", "one-log", 4},
		// The clock was set back within a piece of a log that was rotated.
		{"clock-step", "rotated", 3},
		// Half of the voters do not exist, and the logs of the other half go on without a leader.
		{"ghost-bootstrap", "library", 4}, {"ghost-bootstrap", "library", 6},
		// Stamps of whole seconds, and stamps that are a moment out of order all round, are compared.
		{"answers-late", "library", 11}, {"progress-paused", "library", 12},
		// Who takes over from a leader that ended deposes nobody, and who comes up refuses before.
		{"leader-restart", "library", 10},
		// What is given shows no trouble, and is not all.
		{"forwarding-disabled", "one-log", 1}, {"partition", "one-log", 1}, {"forwarding-disabled", "level", 1}, {"tls-failure", "level", 1}, {"followers-paused", "tail", 1},
	} {
		t.Run(fmt.Sprintf("%s %s %d", x.fault, x.damage, x.seed), func(t *testing.T) {
			cases, err := parseCases([]string{x.fault})
			if err != nil {
				t.Fatal(err)
			}
			d, ok := lab.DamageByName(x.damage)
			if !ok {
				t.Fatal("no such damage")
			}
			e := exam{parts: []part{{cases: cases, first: x.seed, last: x.seed, damages: []lab.Damage{d}}}, parallel: 1, plain: true}
			tally, err := e.hold(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range tally.Marks {
				if m.Grade == lab.Wrong || m.Grade == lab.Missed || m.Grade == lab.Unknown && !m.Ask {
					t.Errorf("%s: %s, verdict %s, asks %t", m.Word, m.Why, m.Verdict, m.Ask)
				}
			}
		})
	}
}

// One seed gives the same logs and the same grades each time, however many runs
// there are at once.
func TestGradeIsDeterministic(t *testing.T) {
	cases, err := parseCases([]string{"partition", "rejected", "burst"})
	if err != nil {
		t.Fatal(err)
	}
	var damages []lab.Damage
	for _, name := range []string{"none", "drop20", "kind", "window", "clocks", "gzip"} {
		d, _ := lab.DamageByName(name)
		damages = append(damages, d)
	}
	var texts []string
	for _, parallel := range []int{1, 3} {
		e := exam{parts: []part{{cases: cases, first: 3, last: 4, damages: damages}}, parallel: parallel}
		tally, err := e.hold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, lab.Text(tally.Tables()))
	}
	if texts[0] != texts[1] {
		t.Errorf("the grades differ:\n%s\n%s", texts[0], texts[1])
	}
}
