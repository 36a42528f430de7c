package parser

import (
	"testing"

	"github.com/raftdiag/raftdiag"
)

// TestForeignSamples reads the sample lines of each system's dialect.
func TestForeignSamples(t *testing.T) {
	for _, f := range foreigners {
		t.Run(f.name, func(t *testing.T) {
			for _, s := range f.samples {
				p := newReader()
				it := item{}
				got := "nothing"
				if p.line([]byte(s.line), &it) == raft {
					got = it.ev.String()
					if it.ev.Kind == raftdiag.SymptomSeen && it.ev.Symptom.Sign == raftdiag.OtherLine {
						got = "nothing"
					} else if it.dialect != f.dialect {
						got += " (as " + dialectNames[it.dialect] + ")"
					}
				}
				if got != s.want {
					t.Errorf("%s\ngot  %s\nwant %s", s.line, got, s.want)
				}
			}
		})
	}
}

// TestLexicon makes the index of all rules, and so checks their templates.
func TestLexicon(t *testing.T) {
	x := builtin()
	for _, r := range x.rules {
		if r.sign == raftdiag.NoSign && r.kind == raftdiag.NoKind {
			t.Errorf("rule %q of %s has no sign", r.text, r.of.name)
		}
	}
}
