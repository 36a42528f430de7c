package raftlog

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// blocks returns the code blocks of the language in a guide.
func blocks(guide, language string) []string {
	var out []string
	for _, part := range strings.Split(guide, "```"+language+"\n")[1:] {
		code, _, _ := strings.Cut(part, "```")
		out = append(out, code)
	}
	return out
}

// The Go guide's code parses, calls methods that exist, and is as short as it
// says.
func TestGoGuide(t *testing.T) {
	code := blocks(GoGuide, "go")
	if len(code) != 4 {
		t.Fatalf("%d blocks", len(code))
	}
	calls := 1 // the import
	for _, block := range code {
		f, err := parser.ParseFile(token.NewFileSet(), "guide.go", "package p\nfunc f() {\n"+block+"}\n", 0)
		if err != nil {
			t.Errorf("%v in\n%s", err, block)
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := call.X.(*ast.Ident); ok && x.Name == "log" {
				calls++
				if _, ok := reflect.TypeFor[*Log]().MethodByName(call.Sel.Name); !ok {
					t.Errorf("a Log has no method %s", call.Sel.Name)
				}
			}
			return true
		})
	}
	calls += 2 // the logger and New
	if calls > 15 {
		t.Errorf("the guide adds %d lines", calls)
	}
	for _, word := range regexp.MustCompile("`([A-Z][A-Za-z]+)`").FindAllStringSubmatch(GoGuide, -1) {
		if _, ok := reflect.TypeFor[*Log]().MethodByName(word[1]); !ok {
			t.Errorf("a Log has no method %s", word[1])
		}
	}
	for line := range strings.Lines(blocks(GoGuide, "text")[0]) {
		var e raftdiag.Event
		if err := e.UnmarshalJSON([]byte(line)); err != nil {
			t.Errorf("%v in %s", err, line)
		}
	}
}

// readyLoop are the lines of the dialect, as applications in the field print
// them.
const readyLoop = `Proposing entry of 123 bytes to __meta-0
Proposed entry at index 1 to __meta-0, waiting for commit
ready() HAS_READY for __meta-0: raft_state=Leader, term=1, commit=0, leader=2
ready() EXTRACTING for __meta-0: immediate_msgs=2, persisted_msgs=0, entries=1, committed=0, soft_state=None, hard_state=Some(HardState { term: 1, vote: 2, commit: 0 })
Progress tracker for __meta-0:
  Peer 1: matched=0, next_idx=1, state=Replicate, paused=false, pending_snapshot=0, recent_active=true
Raft log for __meta-0: last_index=1, committed=0, applied=0, unstable entries=1
Outgoing messages from __meta-0:
  Message 0: type=MsgAppend, from=2, to=1, term=1, log_term=0, index=0, commit=0, entries=1
Received Raft message for __meta-0: type=MsgAppendResponse, from=1, to=2, term=1, log_term=0, index=1, commit=0, entries=0, reject=false
Committed entries for __meta-0: count=1, first_index=Some(1), last_index=Some(1)
  Committed entry 0: index=1, term=1, type=EntryNormal, data_len=123
Failed to send message to peer 2: Configuration error: No address for peer 2
`

// The Rust guide's format strings print the lines that it quotes, and those
// are the dialect's.
func TestRustGuide(t *testing.T) {
	code := blocks(RustGuide, "rust")[0]
	var formats []*regexp.Regexp
	for _, lit := range regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(code, -1) {
		re := regexp.QuoteMeta(strings.NewReplacer("{{", "\x01", "}}", "\x02").Replace(lit[1]))
		re = strings.NewReplacer(`\{:\?\}`, "(.+)", `\{\}`, "(.+)", "\x01", `\{`, "\x02", `\}`).Replace(re)
		formats = append(formats, regexp.MustCompile("^"+re+"$"))
	}
	sample := blocks(RustGuide, "text")[0]
	for line := range strings.Lines(sample) {
		line = strings.TrimSuffix(line, "\n")
		best := 0
		for _, f := range formats {
			if f.MatchString(line) {
				best = max(best, len(f.String()))
			}
		}
		if best < len("^(.+)$")+8 { // the bare placeholder matches all
			t.Errorf("no format prints %q", line)
		}
	}
	if got := strings.ReplaceAll(sample, "entries=1, reject=false", "entries=1"); got != readyLoop {
		t.Errorf("the sample is not the dialect's:\n%s", got)
	}
	// The name of a message must be the one that Text prints, and fields stand
	// in one order in both.
	if !strings.Contains(code, `"type={:?}, from={}, to={}, term={}, log_term={}, index={}, commit={}, entries={}, reject={}"`) {
		t.Error("the fields of a message are in another order")
	}
}
