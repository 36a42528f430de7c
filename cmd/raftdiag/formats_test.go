package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/parser"
)

// A homeGrown system has words of its own for all that raftdiag knows: it
// says "tx" for sent, names its nodes and roles in its own way, and leaves out
// of a message who sends or receives it.
type homeGrown struct {
	names bool // each line names its node; else only the file's name does
}

var homeWords = map[string]map[string]string{
	"type":  {"MsgProp": "ASK", "MsgApp": "PUSH", "MsgAppResp": "PUSHED", "MsgVote": "ELECT", "MsgVoteResp": "ELECTED", "MsgSnap": "COPY", "MsgHeartbeat": "BEAT", "MsgHeartbeatResp": "BEATEN", "MsgPreVote": "SOUND", "MsgPreVoteResp": "SOUNDED", "MsgTransferLeader": "GIVE", "MsgTimeoutNow": "TAKE"},
	"role":  {"Leader": "captain", "Follower": "hand", "Candidate": "hopeful", "PreCandidate": "keen"},
	"node":  {"1": "ada", "2": "bob", "3": "cyd", "4": "dan", "5": "eve"},
	"state": {"Probe": "looking", "Replicate": "flowing", "Snapshot": "copying"},
}

// verbs are the system's words for kinds of events.
func (h homeGrown) verb(k raftdiag.Kind) string { return "does <" + strings.ToUpper(k.String()) + ">" }

// yaml describes the system's log.
func (h homeGrown) yaml() string {
	var b strings.Builder
	b.WriteString("envelopes:\n  - name: home\n    line: '{time}; ")
	if h.names {
		b.WriteString("{self:name}; ")
	}
	b.WriteString("{msg} @ {fields}'\n    time: '2006-01-02 15h04m05.000000000'\ndialects:\n  - name: home\n    words:\n")
	words := func(hole, of string) {
		fmt.Fprintf(&b, "      %s: {", hole)
		for i, known := range sortedKeys(set(homeWords[of])) {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%s: %q", homeWords[of][known], known)
		}
		b.WriteString("}\n")
	}
	words("type", "type")
	words("role", "role")
	words("old_role", "role")
	words("node", "node")
	words("state", "state")
	b.WriteString("    rules:\n")
	for _, k := range raftdiag.Kinds() {
		if k.Kind == raftdiag.SymptomSeen || k.Kind == raftdiag.Garbled {
			continue
		}
		fmt.Fprintf(&b, "      - text: %q\n        kind: %s\n        keys: {", h.verb(k.Kind), k.Name)
		for i, hole := range parser.Holes(k.Kind) {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "my_%s: %s", hole, hole)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func set(m map[string]string) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		out[k] = true
	}
	return out
}

func (h homeGrown) name(n raftdiag.NodeID) string { return homeWords["node"][n.String()] }

// line words an event.
func (h homeGrown) line(e *raftdiag.Event) string {
	var b strings.Builder
	b.WriteString(e.Time.Time().Format("2006-01-02 15h04m05.000000000") + "; ")
	if h.names {
		b.WriteString(h.name(e.Node) + "; ")
	}
	b.WriteString(h.verb(e.Kind) + " @")
	field := func(hole, value string) { fmt.Fprintf(&b, " my_%s=%s", hole, value) }
	field("group", e.Group)
	ids := func(list []raftdiag.NodeID) string { return strings.ReplaceAll(fmt.Sprint(list), " ", ",") }
	for _, f := range raftdiag.FieldList() {
		if !e.Has(f.Bit) {
			continue
		}
		switch f.Bit {
		case raftdiag.HasType:
			field("type", homeWords["type"][e.Type.String()])
		case raftdiag.HasRole:
			field("role", homeWords["role"][e.Role.String()])
		case raftdiag.HasOldRole:
			field("old_role", homeWords["role"][e.OldRole.String()])
		case raftdiag.HasProgressState:
			field("state", homeWords["state"][e.Progress.State.String()])
		case raftdiag.HasFrom:
			if e.Kind != raftdiag.Sent {
				field("from", h.name(e.From))
			}
		case raftdiag.HasTo:
			if e.Kind != raftdiag.Received {
				field("to", h.name(e.To))
			}
		case raftdiag.HasPeer:
			field("peer", h.name(e.Peer))
		case raftdiag.HasVote:
			field("vote", nameOrZero(h, e.Vote))
		case raftdiag.HasLead:
			field("lead", nameOrZero(h, e.Lead))
		case raftdiag.HasReject:
			field("accept", fmt.Sprint(!e.Reject))
		case raftdiag.HasDuration:
			field("dur", e.Duration.String())
		case raftdiag.HasText:
			field("text", fmt.Sprintf("%q", e.Text))
		case raftdiag.HasConfig:
			field("voters", ids(e.Config.Voters))
			field("outgoing", ids(e.Config.VotersOutgoing))
			field("learners", ids(e.Config.Learners))
		default:
			field(f.Key, strings.Trim(jsonField(e, f.Key), `"`))
		}
	}
	return b.String() + "\n"
}

func nameOrZero(h homeGrown, n raftdiag.NodeID) string {
	if n == 0 {
		return "0"
	}
	return h.name(n)
}

// jsonField is a field's value as the event has it in JSON.
func jsonField(e *raftdiag.Event, key string) string {
	_, rest, _ := strings.Cut(string(e.AppendJSON(nil)), `"`+key+`":`)
	return rest[:strings.IndexAny(rest, ",}")]
}

// The incidents come to the same when a system with words of its own tells
// them, and a file describes its words.
func TestHomeGrown(t *testing.T) {
	for _, f := range fixtures(t) {
		if f.text() {
			continue
		}
		for _, h := range []homeGrown{{names: true}, {names: false}} {
			t.Run(fmt.Sprintf("%s/names=%t", f.name, h.names), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				yaml := filepath.Join(dir, "home.yaml")
				if err := os.WriteFile(yaml, []byte(h.yaml()), 0o600); err != nil {
					t.Fatal(err)
				}
				described, err := parser.ReadFormats(yaml)
				if err != nil {
					t.Fatal(err)
				}
				original := filepath.Join(dir, "original")
				told := filepath.Join(dir, "told")
				if err := os.Mkdir(original, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(told, 0o700); err != nil {
					t.Fatal(err)
				}
				for _, file := range f.files {
					if err := os.WriteFile(filepath.Join(original, file.name), file.data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				var mu sync.Mutex
				logs := map[string]*strings.Builder{}
				res, err := parser.Read(context.Background(), []string{original}, parser.Options{Workers: 1, Open: func(source string, _ int) func(*raftdiag.Event) {
					b := &strings.Builder{}
					mu.Lock()
					logs[filepath.Base(source)] = b
					mu.Unlock()
					return func(e *raftdiag.Event) { b.WriteString(h.line(e)) }
				}})
				if err != nil {
					t.Fatal(err)
				}
				res.Close()
				for name, b := range logs {
					if err := os.WriteFile(filepath.Join(told, name), []byte(b.String()), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := diagnose(context.Background(), question{inputs: []string{original}})
				if err != nil {
					t.Fatal(err)
				}
				got, err := diagnose(context.Background(), question{inputs: []string{told}, formats: described})
				if err != nil {
					t.Fatal(err)
				}
				for i, in := range got.Inputs {
					if in.Events != want.Inputs[i].Events || in.Events > 0 && in.Format != "custom" {
						t.Errorf("%s is read as %q, %d events", in.Source, in.Format, in.Events)
					}
				}
				if a, b := gist(want, findings), gist(got, findings); a != b {
					t.Errorf("the incident\n%s\nas the system tells it\n%s", a, b)
				}
			})
		}
	}
}

// What is shown of each built-in dialect is read back, and its samples with it.
func TestShownFormats(t *testing.T) {
	for _, name := range parser.Shown() {
		text, ok, err := parser.ShowFormat(name)
		if err != nil || !ok {
			t.Errorf("%s: %t, %v", name, ok, err)
			continue
		}
		file := filepath.Join(t.TempDir(), "shown.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := parser.ReadFormats(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if trials := f.Try(); slices.ContainsFunc(trials, func(t parser.Trial) bool { return len(t.Problems) > 0 }) {
			t.Errorf("%s: a sample that is shown is not read right", name)
		}
	}
}

// The example of docs/FORMATS.md is complete, and all its samples are right.
func TestFormatsDoc(t *testing.T) {
	b, err := os.ReadFile("../../docs/FORMATS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "<!-- begin example -->\n```yaml\n")
	text, _, ok2 := strings.Cut(rest, "```\n<!-- end example -->")
	if !ok || !ok2 {
		t.Fatal("docs/FORMATS.md has no example")
	}
	file := filepath.Join(t.TempDir(), "ferry.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut strings.Builder
	if code := run(context.Background(), []string{"formats", "test", file}, strings.NewReader(""), &out, &errOut); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, &out, &errOut)
	}
	if strings.Contains(out.String(), "note") {
		t.Errorf("a rule without a sample:\n%s", &out)
	}
}
