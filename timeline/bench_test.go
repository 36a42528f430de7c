package timeline

import (
	"math/rand"
	"runtime"
	"testing"

	"github.com/raftdiag/raftdiag"
)

func benchEvents(n int) []raftdiag.Event {
	return makeWire(rand.New(rand.NewSource(1)), n, 0.01).events
}

// BenchmarkAdd takes events in.
func BenchmarkAdd(b *testing.B) {
	events := benchEvents(2000)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		s := New()
		add := s.Open("n1.log", 0)
		for i := range events {
			add(&events[i])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}

// BenchmarkBuild makes the lanes of a group.
func BenchmarkBuild(b *testing.B) {
	events := benchEvents(20000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		tls := load(events)
		b.StartTimer()
		tls.Build("")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}

// BenchmarkPair pairs all channels, some of whose messages are lost.
func BenchmarkPair(b *testing.B) {
	events := benchEvents(20000)
	tl := load(events).Build("")[0]
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		for _, w := range tl.ways() {
			for _, mt := range []raftdiag.MessageType{raftdiag.MsgApp, raftdiag.MsgAppResp, raftdiag.MsgHeartbeat} {
				tl.pair(Channel{w.from, w.to, mt})
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}

// BenchmarkTranscript draws the whole of a large group.
func BenchmarkTranscript(b *testing.B) {
	events := benchEvents(20000)
	tl := load(events).Build("")[0]
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		tl.Transcript(Filter{Limit: 1000})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}

// A timeline costs less than 100 bytes an event, with lanes, indexes and steps.
func TestMemory(t *testing.T) {
	events := benchEvents(10000)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // the second one empties the pools
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	// A second source and lines without a group make lanes of several columns.
	for i := range events {
		if e := &events[i]; i%100 == 0 && e.Kind == raftdiag.State {
			e.Group = ""
		} else {
			e.Group = "g"
		}
	}
	before := heap()
	tls := load(events)
	built := tls.Build("g")
	built[0].Ledgers() // which remembers all pairings
	per := float64(heap()-before) / float64(len(events))
	t.Logf("%d events, %.1f bytes an event", len(events), per)
	if per > 100 {
		t.Errorf("%.1f bytes an event, want below 100", per)
	}
	runtime.KeepAlive(events)
	runtime.KeepAlive(tls)
	runtime.KeepAlive(built)
}
