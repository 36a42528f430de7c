package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/report"
)

var update = flag.Bool("update", false, "rewrite golden files and published schemas")

// golden compares with a committed file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (hint: go test ./report -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (hint: go test ./report -update, then read the diff)%s", path, firstDifference(string(got), string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			old := ""
			if i < len(w) {
				old = w[i]
			}
			return "\n got: " + g[i] + "\nwant: " + old
		}
	}
	return "\nthe rest is missing"
}

func compile(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func instance(t *testing.T, raw []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

// The published schemas are those that the code makes.
func TestPublishedSchemas(t *testing.T) {
	golden(t, "../docs/event.schema.json", report.EventSchema())
	golden(t, "../docs/report.schema.json", report.ReportSchema())
	for _, doc := range [][]byte{report.EventSchema(), report.ReportSchema()} {
		if bytes.Contains(doc, []byte(`"description": ""`)) {
			t.Errorf("a key has no description")
		}
	}
}

// full sets every field that the kind may set.
func full(k raftdiag.KindInfo) *raftdiag.Event {
	return &raftdiag.Event{
		Kind: k.Kind, Set: k.Fields, Pos: raftdiag.Position{Source: "n1.log", Line: 7}, Time: 1760961605120000000, Node: 1<<64 - 1, Group: "g", Writer: "w",
		Message:  raftdiag.Message{Type: raftdiag.MsgApp, From: 1, To: 2, Term: 1<<64 - 1, LogTerm: 2, Index: 3, Commit: 2, Entries: 1, EntryTerm: 3, Hint: 1, Snapshot: 9},
		Progress: raftdiag.Progress{Peer: 2, Match: 1, Next: 2, State: raftdiag.Probe, Paused: true},
		Role:     raftdiag.Leader, OldRole: raftdiag.Candidate, Vote: 1, Lead: 1, Applied: 1, First: 1, Last: 2, Unstable: 1, Count: 1, Immediate: 1, Persisted: 1,
		EntryType: raftdiag.EntryConfChange, Size: 3, Duration: -1, Config: &raftdiag.Config{Voters: []raftdiag.NodeID{1, 2}, Learners: []raftdiag.NodeID{3}, AutoLeave: true}, Text: "why",
		Symptom: &raftdiag.Symptom{Sign: raftdiag.LinkDown, Trouble: raftdiag.Refused, Level: raftdiag.Warn, Way: raftdiag.Inbound, Self: []string{"a"}, Peer: []string{"b", "b:1"}, What: "stream"},
	}
}

// An event of every kind, bare and with all its fields, fits the schema, and
// what is no event does not.
func TestEventsFitTheSchema(t *testing.T) {
	s := compile(t, report.EventSchema())
	for _, k := range raftdiag.Kinds() {
		for _, e := range []*raftdiag.Event{{Kind: k.Kind}, full(k)} {
			raw := e.AppendJSON(nil)
			if err := s.Validate(instance(t, raw)); err != nil {
				t.Errorf("%s: %v", raw, err)
			}
		}
	}
	for _, raw := range []string{`{}`, `{"kind":"rumour"}`, `{"kind":"sent","term":-1}`, `{"kind":"sent","from":"n1"}`, `{"kind":"sent","reject":"no"}`, `[]`} {
		if s.Validate(instance(t, []byte(raw))) == nil {
			t.Errorf("%s fits", raw)
		}
	}
	if err := s.Validate(instance(t, []byte(`{"kind":"sent","level":"INFO","msg":"sent","from":1,"to":"2"}`))); err != nil {
		t.Errorf("what a logger adds: %v", err)
	}
}

// The sample reports fit the schema, and none does when a key is missing, of
// another type, or one too many.
func TestReportsFitTheSchema(t *testing.T) {
	s := compile(t, report.ReportSchema())
	for _, sample := range samples {
		t.Run(sample.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := report.JSON(&b, sample.make()); err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(instance(t, b.Bytes())); err != nil {
				t.Fatal(err)
			}
			if sample.name == "many" {
				return
			}
			var doc any
			if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			spoil(t, doc, func(how string) {
				if s.Validate(doc) == nil {
					t.Errorf("still fits with %s", how)
				}
			})
		})
	}
}

// spoil changes one key at a time, tells, and puts it back.
func spoil(t *testing.T, v any, tell func(how string)) {
	var walk func(v any, path string)
	walk = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for key, old := range v {
				if key != "says" {
					delete(v, key)
					tell("no " + path + "." + key)
				}
				v[key] = map[string]any{"a": 1}
				tell("an object at " + path + "." + key)
				v[key] = old
				walk(old, path+"."+key)
			}
			v["surprise"] = 1
			tell("a surprise in " + path)
			delete(v, "surprise")
		case []any:
			for i := range v {
				walk(v[i], path+"[]")
			}
		}
	}
	walk(v, "")
}
