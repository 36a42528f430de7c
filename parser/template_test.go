package parser

import (
	"fmt"
	"strings"
	"testing"
)

func TestTemplate(t *testing.T) {
	for _, c := range []struct{ template, line, want string }{
		{"{self:hex} became leader at term {term:int}", "8e9e05c52164694d became leader at term 12", "self=8e9e05c52164694d term=12"},
		{"{self:hex} became leader at term {term:int}", "x became leader at term 12", "none"},
		{"{self:hex} became leader at term {term:int}", "1 became leader at term twelve", "none"},
		{"lost {what} with {peer:word} ({err})", "lost stream (a) with b (c) with 2 (i/o timeout (x))", "what=stream (a) peer=b err=c"},
		{"took {dur:word} too long", "took 1.2s too long, and more", "dur=1.2s"},
		{"a {} b {rest}", "a 1 b 2 b 3", "-=1 rest=2 b 3"},
		{"peer {peer} closed", "peer  closed", "peer="},
		{"peer {peer:word} closed", "peer  closed", "none"},
	} {
		tm, err := newTemplate(c.template)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if caught, ok := tm.fit([]byte(c.line), nil); ok {
			var words []string
			for _, x := range caught {
				words = append(words, x.name+"="+string(x.value))
			}
			got = strings.Join(words, " ")
		}
		if got != c.want {
			t.Errorf("%s\n%s\ngot  %s\nwant %s", c.template, c.line, got, c.want)
		}
	}
	for _, bad := range []string{"{a}{b} text", "{a:odd} text", "{open", "{a} x"} {
		if _, err := newTemplate(bad); err == nil {
			t.Errorf("template %q is taken", bad)
		}
	}
}

func TestAnchors(t *testing.T) {
	texts := []string{"became leader", "leader", "lead", "ader at", "x", "became leader"}
	a := newAnchors(texts)
	for _, s := range []string{"", "lea", "1 became leader at term 2", "became lead", "xleaderx", "日本 lead"} {
		var want []int32
		for i, text := range texts {
			if strings.Contains(s, text) {
				want = append(want, int32(i))
			}
		}
		if got := a.in([]byte(s), nil); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("in %q: got %v, want %v", s, got, want)
		}
	}
}
