//go:build !race

package raftlog

import (
	"io"
	"log/slog"
	"testing"

	"go.etcd.io/raft/v3/raftpb"
)

// The race detector makes sync.Pool forget, so this holds only without it.
func TestOnAllocatesNothingPerMessage(t *testing.T) {
	m := raftpb.Message{Type: raftpb.MsgApp, From: 1 << 60, To: 1 << 61, Term: 2, Index: 4, LogTerm: 2, Commit: 3, Entries: entries}
	for name, s := range map[string]Sink{
		"slog":        Slog(slog.New(slog.NewJSONHandler(io.Discard, nil))),
		"logfmt slog": Slog(slog.New(slog.NewTextHandler(io.Discard, nil))),
		"text":        Text(io.Discard),
	} {
		l := New(s, 1<<60, "__meta-0")
		run := func() { l.Received(m); l.HandedOver(m); l.Ready(full); l.Stored(full); l.Applied(6, 1) }
		run()
		if n := testing.AllocsPerRun(200, run); n >= 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
