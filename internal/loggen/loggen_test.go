package loggen

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// logs writes the three logs into memory.
func logs(t testing.TB, c Config) (files [Nodes + 1]bytes.Buffer, stats Stats) {
	t.Helper()
	stats, err := Write(c, func(id int) io.Writer { return &files[id] })
	if err != nil {
		t.Fatal(err)
	}
	return files, stats
}

func TestDeterminism(t *testing.T) {
	for _, form := range []Form{Events, ReadyLoop} {
		sum := func(seed uint64) string {
			files, _ := logs(t, Config{Seed: seed, Form: form, Groups: 20, Size: 2 << 20})
			h := sha256.New()
			for i := range files {
				h.Write(files[i].Bytes())
			}
			return fmt.Sprintf("%x", h.Sum(nil))
		}
		if a, b := sum(1), sum(1); a != b {
			t.Errorf("%v: one seed, two logs", form)
		}
		if sum(1) == sum(2) {
			t.Errorf("%v: two seeds, one log", form)
		}
	}
}

func TestStats(t *testing.T) {
	files, stats := logs(t, Config{Size: 3 << 20, Groups: 3})
	var size, lines int64
	for i := range files {
		size += int64(files[i].Len())
		lines += int64(bytes.Count(files[i].Bytes(), []byte("\n")))
	}
	if size != stats.Bytes || lines != stats.Lines || size < 3<<20 || size > 4<<20 {
		t.Errorf("%d bytes and %d lines were written, %+v counted", size, lines, stats)
	}
	if part := float64(stats.Noise) / float64(stats.Lines); part < 0.02 || part > 0.06 {
		t.Errorf("%.3f of the lines are noise", part)
	}
}

// Each line of the events form is an event of the node whose log it is in, or
// none at all; stamps never fall; each receive has its send, in order; what is
// lost after the answers to node 1 are cut are answers to node 1.
func TestEvents(t *testing.T) {
	files, stats := logs(t, Config{Size: 8 << 20, Groups: 40, Stuck: 0.3})
	type channel struct {
		group    string
		from, to raftdiag.NodeID
	}
	sent, received := map[channel][]string{}, map[channel][]string{}
	kinds := map[raftdiag.Kind]int{}
	var events int64
	for id := 1; id <= Nodes; id++ {
		last := raftdiag.NoStamp
		for line := range bytes.Lines(files[id].Bytes()) {
			var e raftdiag.Event
			if err := e.UnmarshalJSON(line); err != nil {
				if bytes.Contains(line, []byte(`"kind"`)) {
					t.Fatalf("%s: %v", line, err)
				}
				continue
			}
			events++
			kinds[e.Kind]++
			if e.Time <= last || e.Node != raftdiag.NodeID(id) || e.Group == "" {
				t.Fatalf("node %d, after %v: %s", id, last, line)
			}
			last = e.Time
			at := channel{e.Group, e.From, e.To}
			switch e.Kind {
			case raftdiag.Sent:
				sent[at] = append(sent[at], strings.TrimPrefix(e.String(), "sent "))
			case raftdiag.Received:
				received[at] = append(received[at], strings.TrimPrefix(e.String(), "received "))
			}
		}
	}
	if events != stats.Lines-stats.Noise {
		t.Errorf("%d events, %d lines are not noise", events, stats.Lines-stats.Noise)
	}
	for at, list := range received {
		unpaired := sent[at]
		for _, m := range list {
			for len(unpaired) > 0 && unpaired[0] != m {
				unpaired = unpaired[1:]
			}
			if len(unpaired) == 0 {
				t.Fatalf("%v: nobody sent %s", at, m)
			}
			unpaired = unpaired[1:]
		}
	}
	for at, list := range sent {
		got := float64(len(received[at])) / float64(len(list))
		if stuck := at.to == 1 && leads(at.group); stuck != (got < 0.9) {
			t.Errorf("%v: %.3f of the messages arrived", at, got)
		}
	}
	for _, k := range []raftdiag.Kind{raftdiag.Booted, raftdiag.RoleChanged, raftdiag.State, raftdiag.ProgressRow, raftdiag.LogRow, raftdiag.Ready,
		raftdiag.Proposed, raftdiag.Committed, raftdiag.EntryCommitted, raftdiag.Applied, raftdiag.Appended, raftdiag.Replied, raftdiag.ProposalTimedOut} {
		if kinds[k] == 0 {
			t.Errorf("no %v", k)
		}
	}
}

// leads reports whether node 1 leads the group.
func leads(group string) bool {
	var n int
	fmt.Sscanf(group, "g-%d", &n)
	return n%Nodes == 0
}

// Before it is stuck, the cluster is healthy: all is committed but what is in flight.
func TestHealthy(t *testing.T) {
	files, _ := logs(t, Config{Size: 4 << 20, Groups: 30, Stuck: 1, Loss: -1, Noise: -1})
	last, commit := map[string]raftdiag.Index{}, map[string]raftdiag.Index{}
	for line := range bytes.Lines(files[1].Bytes()) {
		var e raftdiag.Event
		if err := e.UnmarshalJSON(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch e.Kind {
		case raftdiag.Proposed:
			last[e.Group] = e.Index
		case raftdiag.Committed:
			commit[e.Group] = e.Last
		case raftdiag.ProposalTimedOut:
			t.Fatalf("%s", line)
		case raftdiag.Sent, raftdiag.Received:
			if e.Reject {
				t.Fatalf("%s", line)
			}
		}
	}
	if len(last) != 10 {
		t.Errorf("node 1 leads %d groups", len(last))
	}
	for g, i := range last {
		if i > commit[g]+1 {
			t.Errorf("%s: proposed up to %d, committed %d", g, i, commit[g])
		}
	}
}

func TestReadyLoop(t *testing.T) {
	files, _ := logs(t, Config{Form: ReadyLoop, Size: 2 << 20, Groups: 9, Prefix: true})
	openings := []string{"ready() HAS_READY for ", "ready() EXTRACTING for ", "Progress tracker for ", "  Peer ", "Raft log for ", "Outgoing messages from ", "  Message ",
		"Sending ", "Received Raft message for ", "Committed entries for ", "  Committed entry ", "Proposing entry of ", "Proposed entry at index ", "Entry ",
		"Raft state transition for ", "Starting replica "}
	seen := map[string]bool{}
	for id := 1; id <= Nodes; id++ {
	lines:
		for line := range bytes.Lines(files[id].Bytes()) {
			text, ok := strings.CutPrefix(string(line), fmt.Sprintf("node%d | 2025-10-20T12:00:", id))
			_, after, found := strings.Cut(text, "Z  INFO app::replica: ")
			for _, o := range openings {
				if ok && found && strings.HasPrefix(after, o) {
					seen[o] = true
					continue lines
				}
			}
			if !ok || !strings.Contains(text, "Z DEBUG app::http: ") {
				t.Fatalf("%q", line)
			}
		}
	}
	for _, o := range openings {
		if !seen[o] {
			t.Errorf("no line opens with %q", o)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, form := range []Form{Events, ReadyLoop} {
		b.Run(form.String(), func(b *testing.B) {
			const size = 32 << 20
			b.SetBytes(size)
			for b.Loop() {
				if _, err := Write(Config{Form: form, Size: size}, func(int) io.Writer { return io.Discard }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
