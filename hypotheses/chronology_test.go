package hypotheses

import (
	"fmt"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// Whatever a log may say is told in words, unless it says nothing of what
// happened.
func TestTellings(t *testing.T) {
	silent := map[raftdiag.Sign]bool{raftdiag.OtherLine: true, raftdiag.NoiseLine: true, raftdiag.NamesItself: true, raftdiag.NamesPeer: true, raftdiag.Membership: true}
	for _, s := range raftdiag.Signs() {
		e := raftdiag.Event{Kind: raftdiag.SymptomSeen, Role: raftdiag.Leader, Symptom: &raftdiag.Symptom{Sign: s.Sign}}
		for _, text := range []string{"", "a disk\nis full"} {
			if text != "" {
				e.Text, e.Symptom.Peer = text, []string{"n2"}
				e.Set = raftdiag.HasTerm | raftdiag.HasIndex | raftdiag.HasLast
			}
			says, mood := saying(&e, &member{name: "n1"}, map[string]string{"n2": "node-2"})
			if (says == "") != silent[s.Sign] || says != "" && mood == "" {
				t.Errorf("%s: %q, %q", s.Name, says, mood)
			}
			if strings.ContainsAny(says, "[]|\n") || strings.ToLower(says) != strings.ReplaceAll(says, "Raft", "raft") {
				t.Errorf("%s: a telling is not filled in: %q", s.Name, says)
			}
		}
	}
	for trouble := raftdiag.Trouble(1); int(trouble) <= len(raftdiag.Troubles()); trouble++ {
		e := raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: raftdiag.LinkDown, Trouble: trouble}, Text: "as it was"}
		if says, _ := saying(&e, &member{}, nil); !strings.HasPrefix(says, "has no connection: ") {
			t.Errorf("%v: %q", trouble, says)
		}
	}
}

func TestChronology(t *testing.T) {
	c := newChronicle()
	c.self("a.log", 0, "8e9e05c52164694d", "etcd-0")
	c.self("b.log", 0, "91bc3c398fb3c146", "etcd-1")
	c.put("b.log", 1, inTerm(2, raftdiag.Leader, &raftdiag.Symptom{Sign: raftdiag.RoleTaken}))
	for at := 3.0; at < 60; at += 7 {
		c.put("a.log", at, raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: raftdiag.LinkDown, Trouble: raftdiag.Refused, Peer: []string{"91bc3c398fb3c146"}}})
	}
	c.put("a.log", 61, inTerm(2, 0, &raftdiag.Symptom{Sign: raftdiag.CampaignBegun}))
	c.put("a.log", 62, raftdiag.Event{Symptom: &raftdiag.Symptom{Sign: raftdiag.LinkDown, Trouble: raftdiag.Refused, Peer: []string{"91bc3c398fb3c146"}}})
	c.put("b.log", 2, raftdiag.Event{Group: "other", Symptom: &raftdiag.Symptom{Sign: raftdiag.QuorumLost}})
	tell := func(groups ...string) string {
		var out strings.Builder
		for _, s := range Chronology(c.speakers(), groups) {
			fmt.Fprintf(&out, "%v %s %s (%s) %d\n", (s.Event.Time - dawn).Time().Format("05"), s.Node, s.Says, s.Mood, s.Times)
		}
		return out.String()
	}
	want := `01 etcd-1 leads in term 2 (ruling) 1
02 etcd-1 has lost its quorum (ailing) 1
03 etcd-0 has no connection with etcd-1: nobody listens there (ailing) 9
01 etcd-0 campaigns in term 2 (ruling) 1
02 etcd-0 has no connection with etcd-1: nobody listens there (ailing) 1
`
	if got := tell(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := tell("db"); strings.Contains(got, "quorum") || !strings.Contains(got, "leads") {
		t.Errorf("of another group:\n%s", got)
	}
}
