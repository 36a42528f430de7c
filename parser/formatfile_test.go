package parser

import (
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// Each mistake in a file of formats is named with its line.
func TestFormatMistakes(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", `my.yaml:1: the file describes no format`},
		{"dialects: [", `my.yaml:2: did not find expected node content`},
		{"dialects:\n  - name: x\n   doc: y\n", `my.yaml:3: did not find`},
		{"dialect:\n  - name: x\n", `my.yaml:1: a file of formats has no "dialect" (it has dialects, envelopes)`},
		{"dialects: 3\n", `my.yaml:1: this is a list`},
		{"dialects:\n  - name: x\n    rules: []\n", `my.yaml:2: the dialect has no rules`},
		{"dialects:\n  - rules:\n      - text: lost peer\n        sign: link_down\n", `my.yaml:2: the dialect has no name`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost peer\n", `my.yaml:4: the rule has neither a sign nor a kind`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost peer\n        sign: lost\n", `my.yaml:5: there is no sign "lost"`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost peer\n        kind: odd\n", `my.yaml:5: there is no kind "odd"`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost peer\n        kind: sent\n        sign: noise\n", `my.yaml:6: a rule has a sign or a kind, not both`},
		{"dialects:\n  - name: x\n    rules:\n      - text: '{a} b'\n        sign: noise\n", `my.yaml:4: template "{a} b": no text of three bytes`},
		{"dialects:\n  - name: x\n    rules:\n      - text: 'lost {pear}'\n        sign: noise\n", `my.yaml:4: a symptom has no "pear" (it has self`},
		{"dialects:\n  - name: x\n    rules:\n      - text: 'lost {match:int}'\n        kind: sent\n", `my.yaml:4: an event of kind sent has no "match"`},
		{"dialects:\n  - name: x\n    rules:\n      - text: 'lost {peer'\n        sign: noise\n", `my.yaml:4: template "lost {peer": a hole is not closed`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost\n        sign: noise\n        trouble: some\n", `my.yaml:6: there is no trouble "some"`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost\n        kind: sent\n        set: {type: Push}\n", `my.yaml:6: "Push" is no type`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost\n        text: more\n        sign: noise\n", `my.yaml:5: "text" is there twice`},
		{"dialects:\n  - name: x\n    samples:\n      - line: lost\n    rules:\n      - text: lost\n        sign: noise\n", `my.yaml:4: a sample has a line, and what it means`},
		{"envelopes:\n  - name: x\n    line: '{time} {level}'\n", `my.yaml:3: the template has no {msg}`},
		{"envelopes:\n  - name: x\n    line: '{msg}'\n", `my.yaml:3: nothing tells a line in this envelope`},
		{"envelopes:\n  - name: x\n    line: '{thyme} {msg}'\n", `my.yaml:3: an envelope has no part "thyme"`},
		{"envelopes:\n  - name: x\n", `my.yaml:2: an envelope has one of line, json and logfmt`},
		{"envelopes:\n  - name: x\n    json: {time: at}\n", `my.yaml:3: msg is missing`},
		{"dialects:\n  - name: x\n    like: nobody\n    rules:\n      - text: lost\n        sign: noise\n", `my.yaml:3: no built-in dialect of rules is called "nobody"`},
		{"dialects:\n  - name: x\n    rules:\n      - text: lost\n        like: lost\n        sign: noise\n", `my.yaml:5: a rule is like one of a built-in dialect`},
	} {
		err := (&Described{}).add("my.yaml", []byte(c.file))
		if err == nil {
			t.Errorf("%s\nis taken, want %s", c.file, c.want)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.file, err, c.want)
		}
	}
}

// described makes formats of a text.
func describedBy(t testing.TB, text string) *Described {
	t.Helper()
	f := &Described{}
	if err := f.add("my.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	f.index()
	return f
}

const homeFormats = `
envelopes:
  - {name: text, line: "#{level} {time} {self:name}/{group:name} {msg} ({fields})"}
  - {name: object, json: {msg: event.name, time: event.at, self: node, logger: unit}}
  - {name: pairs, logfmt: {msg: what, time: at, level: sev}}
dialects:
  - name: home
    words:
      node: {ada: 1, bob: 2}
      type: {push: MsgApp}
    keys: {whom: to, cause: err}
    rules:
      - {text: push, kind: sent, set: {type: MsgApp}, keys: {t: term, from: first, upto: last}}
      - {text: push, kind: received, when: {dir: in}, set: {type: MsgApp}, keys: {from: from, t: term}}
      - {text: "broke with {peer:name}", sign: link_down, way: in, keys: {cause: err}}
      - {text: "members {voters}", kind: config}
`

// Lines in described envelopes, of described dialects and of built-in ones.
func TestDescribed(t *testing.T) {
	f := describedBy(t, homeFormats)
	for _, c := range []struct{ line, want string }{
		{`#warn 2025-10-20 12:00:00.5 ada/db push (whom=bob t=3 from=7 upto=9)`, "2025-10-20T12:00:00.5Z node 1 db sent 1->2 MsgApp Term:3 Log:?/6 Entries:3"},
		{`#warn 1760961600 ada/db push (dir=in from=bob t=3)`, "2025-10-20T12:00:00Z node 1 db received 2->1 MsgApp Term:3"},
		{`{"event":{"name":"push","at":1760961600.25},"node":"bob","whom":"ada","t":4}`, "2025-10-20T12:00:00.25Z node 2 sent 2->1 MsgApp Term:4"},
		{`at=2025-10-20T12:00:00Z sev=warn what="broke with bob" cause="connection refused"`, `2025-10-20T12:00:00Z symptom Text:"connection refused" Symptom:link_down refused in Peer:2=bob`},
		{`#info 2025-10-20 12:00:00 ada/db members [ada, bob] ()`, "2025-10-20T12:00:00Z node 1 db config Config:voters=(1 2)"},
		{`#info 2025-10-20 12:00:00 ada/db Raft log for g-0: last_index=1 ()`, "2025-10-20T12:00:00Z node 1 g-0 log Last:1"},
		{`{"kind":"log","node":3,"group":"db","last":7}`, "node 3 db log Last:7"},
		{`2025-10-20T12:00:00Z stdout F broke with ada`, "2025-10-20T12:00:00Z symptom Symptom:link_down in Peer:1=ada"},
		{`#info yesterday ada/db push (whom=bob)`, "nothing"},
		{`#info 2025-10-20 12:00:00 ada/db push (t=three)`, "nothing"},
	} {
		p, it := f.reader(), item{}
		got := "nothing"
		if p.line([]byte(c.line), &it) == raft && !(it.ev.Kind == raftdiag.SymptomSeen && it.ev.Symptom.Sign == raftdiag.OtherLine) {
			got = strings.TrimPrefix(it.ev.Line(), ":0 ")
			check(t, &it)
		}
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.line, got, c.want)
		}
	}
}

// A dialect is shown as YAML that is read back to the same rules. Samples that
// another dialect reads are left out.
func TestShow(t *testing.T) {
	f := &foreign{name: "demo", doc: "a demo", keys: map[string]string{"peer-id": "peer"}, rules: []rule{
		{text: "{self:hex} lost {peer=n:hex} {own}", sign: raftdiag.LinkDown, way: raftdiag.Outbound, trouble: raftdiag.Reset},
		{text: "set {text} to {{1}", sign: raftdiag.NoiseLine, logger: "raft", what: "it's \"so\""},
	}, samples: []sample{
		{"1f lost 2e now", "symptom Symptom:link_down reset out Self:1f Peer:n2e"},
		{"Raft log for g-0: last_index=1", "log Last:1 (as readyloop)"},
	}}
	text, err := f.yaml()
	if err != nil {
		t.Fatal(err)
	}
	d := describedBy(t, text)
	trials := d.Try()
	if len(trials) != 1 || len(trials[0].Problems) > 0 {
		t.Errorf("trials %+v of\n%s", trials, text)
	}
	for i, r := range d.dialects[0].rules {
		want := f.rules[i]
		if r.sign != want.sign || r.trouble != want.trouble || r.way != want.way || r.what != want.what || r.logger != want.logger {
			t.Errorf("rule %q is not %q\n%s", r.text, want.text, text)
		}
	}
	for _, part := range []string{"lost {peer=n:hex} {}", "to {{1}", "peer-id"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in\n%s", part, text)
		}
	}
}

// What is shown of a built-in dialect reads that dialect's samples as it does,
// its code included.
func TestShowBuiltIn(t *testing.T) {
	for _, f := range foreigners {
		text, err := f.yaml()
		if err != nil {
			t.Error(err)
			continue
		}
		own := 0
		for _, s := range f.samples {
			if s.want != "nothing" && !strings.Contains(s.want, " (as ") {
				own++
			}
		}
		trials := describedBy(t, text).Try()
		right := 0
		for _, x := range trials {
			if len(x.Problems) == 0 && x.Got != "nothing" {
				right++
			}
		}
		if right < own*95/100 {
			t.Errorf("%s: the copy reads %d of %d samples as the original does", f.name, right, own)
		}
	}
}

// FuzzDescribed reads any line by formats that are described.
func FuzzDescribed(f *testing.F) {
	seed(f)
	f.Add([]byte(`#warn 2025-10-20 12:00:00.5 ada/db push (whom=bob t=3 from=7 upto=9)`))
	d := describedBy(f, homeFormats)
	f.Fuzz(func(t *testing.T, s []byte) {
		p := d.reader()
		for _, cut := range []bool{false, true} {
			it := item{}
			p.cut = cut
			if p.line(s, &it) == raft {
				check(t, &it)
			}
		}
	})
}

// FuzzFormatFile reads any bytes as a file of formats.
func FuzzFormatFile(f *testing.F) {
	f.Add([]byte(homeFormats))
	f.Add([]byte("dialects:\n  - &a\n    name: x\n    rules: [*a]\n"))
	f.Fuzz(func(t *testing.T, s []byte) {
		d := &Described{}
		if d.add("my.yaml", s) == nil {
			d.index()
			d.Try()
		}
	})
}

func TestShape(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"peer 12 at 10.0.0.1:2380 lost after 1.5s", "peer # at #:# lost after #s"},
		{"8e9e05c52164694d became leader", "# became leader"},
		{"node n12-3 facade decade", "node n#-# facade decade"},
	} {
		if got := string(appendShape(nil, []byte(c.line))); got != c.want {
			t.Errorf("%s: got %s, want %s", c.line, got, c.want)
		}
	}
}
