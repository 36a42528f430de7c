package hypotheses

import "testing"

// A class names causes of the catalogue, at least two, and says why and what
// would tell.
func TestAlikes(t *testing.T) {
	for _, c := range Alikes() {
		if len(c.Causes) < 2 || c.Why == "" || c.Tells == "" {
			t.Errorf("%v: a class has two causes, a reason, and what tells", c.Causes)
		}
		for _, name := range c.Causes {
			if d, ok := Lookup(name); !ok || d.Class != "cause" {
				t.Errorf("%q is no cause", name)
			}
		}
	}
	if LookAlike("packet-loss", "slow-network", false) || !LookAlike("packet-loss", "slow-network", true) {
		t.Error("lost and late are alike once the fault has healed, and not before")
	}
}
