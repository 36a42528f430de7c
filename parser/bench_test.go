package parser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// readyloopLog is the log of a healthy leader behind tracing's prefix.
func readyloopLog(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		head := func() {
			fmt.Fprintf(&b, "2025-10-20T12:%02d:%02d.%06dZ  INFO chronik_raft::replica: ", i/60%60, i%60, i%1000000)
		}
		g := fmt.Sprintf("orders-%d", i%7)
		head()
		fmt.Fprintf(&b, "ready() HAS_READY for %s: raft_state=Leader, term=3, commit=%d, leader=2\n", g, i)
		head()
		fmt.Fprintf(&b, "Progress tracker for %s:\n", g)
		for _, p := range []int{1, 3} {
			head()
			fmt.Fprintf(&b, "  Peer %d: matched=%d, next_idx=%d, state=Replicate, paused=false, pending_snapshot=0, recent_active=true\n", p, i, i+1)
		}
		head()
		fmt.Fprintf(&b, "Raft log for %s: last_index=%d, committed=%d, applied=%d, unstable_entries=1\n", g, i+1, i, i)
		head()
		fmt.Fprintf(&b, "Outgoing messages from %s: total=2\n", g)
		for m, p := range []int{1, 3} {
			head()
			fmt.Fprintf(&b, "  Msg[%d]: type=3, from=2, to=%d, term=3, log_term=3, index=%d, commit=%d, entries=1, reject=false\n", m, p, i, i)
		}
		for _, p := range []int{1, 3} {
			head()
			fmt.Fprintf(&b, "Received Raft message for %s: type=4, from=%d, to=2, term=3, log_term=0, index=%d, commit=%d, entries=0, reject=false\n", g, p, i+1, i)
		}
		head()
		b.WriteString("some other line that the application prints, of no interest to anybody\n")
	}
	return b.Bytes()
}

// otherLog is what an application prints that is not about Raft.
func otherLog(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "2025-10-20T12:%02d:%02d.%06dZ DEBUG h2::codec::framed_write: send frame=Headers { stream_id: StreamId(%d), flags: (0x4: END_HEADERS) } took=12ms\n", i/60%60, i%60, i%1000000, i)
		fmt.Fprintf(&b, "2025-10-20T12:%02d:%02d.%06dZ  INFO request{method=GET path=/v1/x id=%d}: app::http: finished processing request, latency=%d ms, status=200\n", i/60%60, i%60, i%1000000, i, i%99)
	}
	return b.Bytes()
}

// jsonRecords wraps lines as tracing's JSON does.
func jsonRecords(size int) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(readyloopLog(size / 2)) {
		_, text, _ := bytes.Cut(bytes.TrimSpace(line), []byte("replica: "))
		fmt.Fprintf(&b, "{\"timestamp\":%q,\"level\":\"INFO\",\"fields\":{\"message\":%q},\"target\":\"chronik_raft::replica\"}\n", line[:27], text)
	}
	return b.Bytes()
}

// eventsLog is the same as raftdiag's own events.
func eventsLog(b testing.TB, size int) []byte {
	dir := b.TempDir()
	name := filepath.Join(dir, "node2.log")
	if err := os.WriteFile(name, readyloopLog(size), 0o600); err != nil {
		b.Fatal(err)
	}
	var out []byte
	res, err := Read(context.Background(), []string{name}, Options{Workers: 1, Open: func(string, int) func(*raftdiag.Event) {
		return func(e *raftdiag.Event) {
			c := *e
			c.Pos = raftdiag.Position{}
			out = append(c.AppendJSON(out), '\n')
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	res.Close()
	return out
}

// BenchmarkLines parses lines, without reading and without order.
func BenchmarkLines(b *testing.B) {
	for _, c := range []struct {
		name string
		log  []byte
	}{{"readyloop", readyloopLog(4 << 20)}, {"other", otherLog(4 << 20)}, {"json", jsonRecords(4 << 20)}, {"events", eventsLog(b, 4<<20)}} {
		b.Run(c.name, func(b *testing.B) {
			p := newReader()
			blocks := bytes.SplitAfter(c.log, []byte("\n"))
			lines := int64(len(blocks))
			var cut []*block
			for rest := c.log; len(rest) > 0; {
				n := min(defaultBlock, len(rest))
				n = bytes.LastIndexByte(rest[:n], '\n') + 1
				cut = append(cut, &block{data: rest[:n]})
				rest = rest[n:]
			}
			b.SetBytes(int64(len(c.log)))
			b.ReportAllocs()
			for b.Loop() {
				var items []item
				for _, bl := range cut {
					bl.items, bl.lines = items[:0], 0
					bl.parse(p)
					items, bl.items = bl.items, nil
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
		})
	}
}

// BenchmarkRead reads a file and hands the events over.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name string
		log  []byte
	}{{"readyloop", readyloopLog(32 << 20)}, {"events", eventsLog(b, 32<<20)}} {
		for workers := 1; workers <= 2; workers++ {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				name := filepath.Join(b.TempDir(), "node2.log")
				if err := os.WriteFile(name, c.log, 0o600); err != nil {
					b.Fatal(err)
				}
				lines := float64(bytes.Count(c.log, []byte("\n")))
				b.SetBytes(int64(len(c.log)))
				b.ReportAllocs()
				var events int64
				for b.Loop() {
					res, err := Read(context.Background(), []string{name}, Options{Workers: workers, Open: func(string, int) func(*raftdiag.Event) {
						return func(e *raftdiag.Event) { events += int64(e.Kind) }
					}})
					if err != nil {
						b.Fatal(err)
					}
					res.Close()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/line")
			})
		}
	}
}

// TestAllocations holds the reader to no allocation for a line.
func TestAllocations(t *testing.T) {
	log := readyloopLog(1 << 18)
	lines := float64(bytes.Count(log, []byte("\n")))
	p := newReader()
	bl := &block{data: log}
	bl.parse(p)
	n := testing.AllocsPerRun(5, func() {
		bl.items, bl.lines = bl.items[:0], 0
		bl.parse(p)
	})
	if n/lines > 0.01 {
		t.Errorf("%.3f allocations a line", n/lines)
	}
}
