package parser

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
)

// lines are what drawn logs are made of.
var lines = []string{
	"ready() HAS_READY for a-0: raft_state=Leader, term=1, commit=0, leader=2",
	"ready() HAS_READY for b-0: raft_state=Follower, term=1, commit=0, leader=2",
	"ready() HAS_READY for a-0: raft_state=Leader, term=1, commit=0, leader=3",
	"ready() EXTRACTING for a-0: immediate_msgs=2, persisted_msgs=0, entries=1, committed=0",
	"Progress tracker for a-0:", "Progress tracker for b-0:",
	"  Peer 1: matched=0, next_idx=1, state=Replicate", "  Peer 3: matched=0, next_idx=1",
	"Outgoing messages from a-0: total=2", "Outgoing messages from b-0:",
	"  Msg[0]: type=3, from=2, to=1, term=1", "  Msg[1]: type=3, from=2, to=3, term=1", "  Message 0: type=4, from=3, to=2",
	"Committed entries for a-0: count=1, first_index=4, last_index=4", "  Committed[0]: index=4, term=1",
	"Received Raft message for a-0: type=4, from=1, to=2, term=1", "Received Raft message for a-0: type=4, from=1, to=3, term=1",
	"Failed to send message to peer 1: no address", "Proposed entry at index 3 to a-0",
	"thread 'main' panicked at src/x.rs:1:", "to_commit 7 is out of range [last_index 1]",
	"newRaft 2 [peers: [1,2,3], term: 5, commit: 7, applied: 7, lastindex: 8, lastterm: 5]",
	"==> node1.log <==", "", "noise", "ready() HAS_READY for", "\x00\xff", "x\r",
	`{"kind":"sent","node":2,"group":"a-0","type":"MsgApp","from":2,"to":1}`, `{"kind":"log","last":"x"}`,
	"Ready MustSync=true:", "Lead:2 State:StateLeader", "HardState Term:1 Vote:2 Commit:3", "Entries:", "CommittedEntries:", "Messages:", "]",
	`1/4 EntryNormal "x"`, "2->1 MsgApp Term:1 Log:1/3 Commit:3 Entries:[", "2->1 MsgAppResp Term:1 Log:0/4", "sending 2->3 MsgHeartbeat Term:1 Log:0/0",
	"received 1->2 MsgAppResp Term:1 Log:0/4", "> 2 receiving messages", "----", "status 2", "1: StateProbe match=3 next=4 paused", "2->3 MsgSnap Term:1 Log:0/0",
	`{"tag":"trace","msg":"trace","event":{"name":"Ready","nid":"2","state":{"term":1,"vote":"2","commit":3},"role":"StateLeader","log":4,"conf":[["1","2"],[]]}}`,
	"2024-05-06T10:11:12.5Z stdout P sending 2->1 Msg", "2024-05-06T10:11:12.6Z stdout F App Term:1 Log:1/2", "2024-05-06T10:11:12.6Z stderr F x",
	"__CURSOR=s=1", "__REALTIME_TIMESTAMP=1715000000123456", "MESSAGE=Raft log for a-0: last_index=3", "MESSAGE",
	"May  6 10:11:12 host app[12]: Messages:", `{"msg":"Ready MustSync=true:\nMessages:\n2->1 MsgApp Term:1 Log:1/3"}`,
}

func drawLog(t *rapid.T) string {
	var b strings.Builder
	n := rapid.IntRange(0, 40).Draw(t, "lines")
	for i := range n {
		line := rapid.SampledFrom(lines).Draw(t, "line")
		switch rapid.IntRange(0, 9).Draw(t, "envelope") {
		case 0, 1, 2:
			line = fmt.Sprintf("2025-10-20T12:00:%02d.%06dZ  INFO app: %s", i%60, i, line)
		case 3:
			line = "node1  | " + line
		case 4:
			line = "\x1b[2m" + line + "\x1b[0m"
		}
		b.WriteString(line)
		if i < n-1 || rapid.Bool().Draw(t, "newline") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// readAll answers the events of a log as text, and the inputs' rows.
func readAll(t interface{ Fatal(args ...any) }, o Options, input string) (events, inputs string) {
	var out []string
	o.Open = func(string, int) func(*raftdiag.Event) {
		return func(e *raftdiag.Event) {
			c := *e
			c.Pos.Source = ""
			out = append(out, string(c.AppendJSON(nil)))
		}
	}
	res, err := Read(context.Background(), []string{input}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	for i := range res.Inputs {
		in := res.Inputs[i]
		inputs += strings.ReplaceAll(describeInput(in), in.Source, "")
	}
	return strings.Join(out, "\n"), inputs + strings.ReplaceAll(strings.Join(res.Notes, "\n"), input, "")
}

// TestChunks states the law of chunks: the same bytes in blocks of any size,
// read by any number of workers, compressed or through a pipe, are the same
// events.
func TestChunks(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(drawLog(t))
		name := filepath.Join(dir, "x.log")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		window := rapid.IntRange(1, 50).Draw(t, "window")
		want, wantInputs := readAll(t, Options{Workers: 1, window: window}, name)
		size := rapid.IntRange(1, 300).Draw(t, "block")
		got, gotInputs := readAll(t, Options{Workers: 3, block: size, window: window}, name)
		if got != want || gotInputs != wantInputs {
			t.Fatalf("blocks of %d bytes:\n%s\n%s\nwhole:\n%s\n%s", size, got, gotInputs, want, wantInputs)
		}
		got, _ = readAll(t, Options{Workers: 2, block: size, window: window, Stdin: &dribble{text, size}}, "-")
		if got != want {
			t.Fatalf("a pipe:\n%s\nwhole:\n%s", got, want)
		}
		var packed bytes.Buffer
		if rapid.Bool().Draw(t, "zstd") {
			z, _ := zstd.NewWriter(&packed)
			z.Write(text)
			z.Close()
		} else {
			z := gzip.NewWriter(&packed)
			z.Write(text)
			z.Close()
		}
		if err := os.WriteFile(name, packed.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		got, gotInputs = readAll(t, Options{Workers: 2, block: size, window: window}, name)
		if got != want || gotInputs != wantInputs {
			t.Fatalf("packed:\n%s\nwhole:\n%s", got, want)
		}
	})
}

// TestText states that a quote is the line at its place, wherever it comes from.
func TestText(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := drawLog(t)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write([]byte(text))
		z.Close()
		plain, zipped := filepath.Join(dir, "x.log"), filepath.Join(dir, "y.log.gz")
		for name, b := range map[string][]byte{plain: []byte(text), zipped: packed.Bytes()} {
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		res, err := Read(context.Background(), []string{plain, zipped, "-"}, Options{Stdin: strings.NewReader(text), block: rapid.IntRange(1, 99).Draw(t, "block")})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Close()
		want := strings.Split(text, "\n")
		for range 10 {
			n := rapid.IntRange(1, len(want)).Draw(t, "line")
			for _, source := range []string{plain, zipped, "-"} {
				if got := res.Text(raftdiag.Position{Source: source, Line: int64(n)}); got != safe([]byte(want[n-1])) {
					t.Fatalf("%s:%d: %q, want %q", source, n, got, want[n-1])
				}
			}
		}
	})
}

// A dribble gives a few bytes at a time.
type dribble struct {
	rest []byte
	n    int
}

func (d *dribble) Read(b []byte) (int, error) {
	n := copy(b[:min(len(b), d.n)], d.rest)
	d.rest = d.rest[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// A line comes to the same whatever lines came before it.
func TestSteps(t *testing.T) {
	keys := rapid.SampledFrom([]string{"from", "to", "term", "log_term", "index", "commit", "committed", "entries", "unstable_entries",
		"unstable", "applied", "last_index", "first_index", "leader", "matched", "next_idx", "pending_snapshot", "immediate_msgs",
		"persisted_msgs", "count", "total", "data_len", "type", "reject", "paused", "recent_active", "state", "raft_state",
		"soft_state", "hard_state", "peer", "x", "", "indexes", "(index", "-> index", "node_id", "topic", "partition", "old_role", "is_learner", "inflight", "data.len()"})
	vals := rapid.SampledFrom([]string{"0", "7", "18446744073709551615", "18446744073709551616", "123456789012345678901", "007", "1.5",
		"Some(3)", "Some(3", "Some()", "Some(x)", "Some(3)x", "None", "true", "false", "False", "MsgAppend", "MsgHeartbeat", "MsgNone", "M",
		"EntryNormal", "EntryConfChange", "Leader", "StateLeader", "Follower", "Probe", "StateReplicate", "Snapshot", "", "...", "nil", `"4"`, "5)", "6]", "7;", "ab c",
		"12345678", "123456789", "Some(HardState { term: 2, vote: 3, commit: 908 })", "Some(HardState { term: 2, vote: 3, commit: 908 }", "Some(HardState { term: 2 })"})
	kinds := raftdiag.Kinds()
	signs := rapid.SampledFrom([]string{", ", ", ", ", ", " ", ",", "", ": ", "(", ", un", ", =", ", a b="})
	p := newReader()
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		for range rapid.IntRange(1, 6).Draw(t, "fields") {
			b = append(b, signs.Draw(t, "sign")...)
			b = append(append(append(b, keys.Draw(t, "key")...), '='), vals.Draw(t, "value")...)
		}
		behind := rapid.SampledFrom([]string{"\n", "1", ", term=5", "false", ")"}).Draw(t, "behind")
		s := append(b, strings.Repeat(behind, rapid.IntRange(0, 40).Draw(t, "times"))...)[:len(b)]
		kind := rapid.SampledFrom(kinds).Draw(t, "kind").Kind
		got, want := raftdiag.Event{Kind: kind}, raftdiag.Event{Kind: kind}
		var x, y sentence
		ok := p.fields(s, &got, &x)
		slow := newReader()
		slow.steps = mostSteps // it learns none
		if slow.fields(s, &want, &y) != ok || ok && (got != want || !reflect.DeepEqual(x, y)) {
			t.Fatalf("%q: %+v %+v; pair and field: %+v %+v", s, got, x, want, y)
		}
		if p.steps == mostSteps || p.ways[kind&63].tries > mostTries {
			p = newReader()
		}
	})
}

// A line comes to the same for a reader that read others before, whatever they
// were. Of a text that holds many lines, only the first is compared.
func TestRemembering(t *testing.T) {
	texts := slices.Clone(lines)
	for _, f := range Formats() {
		texts = append(texts, f.Samples...)
	}
	for line := range bytes.Lines(append(readyloopLog(1<<13), jsonRecords(1<<13)...)) {
		texts = append(texts, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	old := newReader()
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			s := rapid.SampledFrom(texts).Draw(t, "line")
			if n := len(s); n > 0 && rapid.Bool().Draw(t, "damaged") {
				from := rapid.IntRange(0, n-1).Draw(t, "from")
				to := rapid.IntRange(from, min(n, from+12)).Draw(t, "to")
				other := rapid.SampledFrom(texts).Draw(t, "other")
				s = s[:from] + other[:rapid.IntRange(0, min(len(other), 12)).Draw(t, "of it")] + s[to:]
			}
			behind := rapid.SampledFrom([]string{"", "\n", "\nnext line of the log, 7 words and more of it\n"}).Draw(t, "behind")
			text := []byte(s + behind)[:len(s)]
			got, want := item{}, item{}
			fresh := newReader()
			old.cut = rapid.IntRange(0, 9).Draw(t, "cut") == 0
			fresh.cut = old.cut
			is, should := old.line(text, &got), fresh.line(text, &want)
			if is != should || is == raft && !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: %d, %+v; for a new reader %d, %+v", s, is, got, should, want)
			}
			old.extra = old.extra[:0]
		}
	})
}
