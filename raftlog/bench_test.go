package raftlog

import (
	"io"
	"log/slog"
	"testing"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// One operation is one proposal, from Propose to the apply on all of three
// nodes in memory: about ten Readys and ten messages, no disk and no network.
func BenchmarkReadyLoop(b *testing.B) {
	b.Run("without", func(b *testing.B) { benchLoop(b, nil, (*cluster).settleBare) })
	b.Run("nil", func(b *testing.B) { benchLoop(b, nil, (*cluster).settle) })
	b.Run("off", func(b *testing.B) { benchLoop(b, off{}, (*cluster).settle) })
	b.Run("slog-off", func(b *testing.B) {
		benchLoop(b, Slog(slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn}))), (*cluster).settle)
	})
	b.Run("slog-json", func(b *testing.B) {
		benchLoop(b, Slog(slog.New(slog.NewJSONHandler(io.Discard, nil))), (*cluster).settle)
	})
	b.Run("text", func(b *testing.B) { benchLoop(b, Text(io.Discard), (*cluster).settle) })
}

func benchLoop(b *testing.B, s Sink, settle func(*cluster)) {
	c := newCluster(b, 3, false, func(id uint64) *Log { return New(s, id, "__meta-0") })
	lead := c.peers[0]
	must(b, lead.rn.Campaign())
	settle(c)
	data := make([]byte, 128)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		must(b, lead.rn.Propose(data))
		settle(c)
		if n++; n%1024 == 0 {
			for _, p := range c.peers {
				last, err := p.storage.LastIndex()
				must(b, err)
				must(b, p.storage.Compact(last))
			}
		}
	}
}

// settleBare is settle without a word of raftlog.
func (c *cluster) settleBare() {
	for busy := true; busy; {
		busy = false
		for _, p := range c.peers {
			inbox := p.inbox
			p.inbox = p.inbox[:0:0]
			for _, m := range inbox {
				busy = true
				must(c.t, p.rn.Step(m))
			}
			for p.rn.HasReady() {
				busy = true
				rd := p.rn.Ready()
				c.save(p, rd.Entries, rd.HardState, &rd.Snapshot)
				for _, m := range rd.Messages {
					to := c.peers[m.To-1]
					to.inbox = append(to.inbox, m)
				}
				p.rn.Advance(rd)
			}
		}
	}
}

// One call of each of the methods that a loop makes most.
func BenchmarkCalls(b *testing.B) {
	m := raftpb.Message{Type: raftpb.MsgApp, From: 1, To: 2, Term: 2, Index: 4, LogTerm: 2, Commit: 3, Entries: entries}
	c := newCluster(b, 3, false, func(uint64) *Log { return nil })
	p := c.peers[0]
	must(b, p.rn.Campaign())
	c.settle()
	var rd raft.Ready
	for name, s := range map[string]Sink{"nil": nil, "off": off{}, "slog-json": Slog(slog.New(slog.NewJSONHandler(io.Discard, nil)))} {
		l := New(s, 1, "__meta-0")
		b.Run("Received/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Received(m)
			}
		})
		b.Run("Took/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Took(rd, p.rn, p.storage)
			}
		})
	}
}
