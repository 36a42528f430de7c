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
		t.Skip("stages 170 runs")
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
	e := exam{parts: []part{{cases, 1, 2, []lab.Damage{none}}}, parallel: 2, plain: true}
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
		e := exam{parts: []part{{cases, 3, 4, damages}}, parallel: parallel}
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
