package cluster

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/raftlog"
)

// voice is the form of the box's log, stamped by its own clock.
func (c *cluster) voice(b *box, w io.Writer) raftlog.Sink {
	make := c.o.Sink
	if make == nil {
		make = func(_ uint64, w io.Writer) raftlog.Sink { return c.o.Voice.sink(w) }
	}
	if c.o.Virtual != nil {
		return &scribe{c: c, box: b, sink: make(b.id, w)}
	}
	return &stamped{make(b.id, w), &b.skew}
}

// A stamped sink is a sink of a machine whose clock may be off.
type stamped struct {
	raftlog.Sink
	skew *atomic.Int64
}

func (s *stamped) Emit(e *raftdiag.Event) {
	s.stamp(e)
	s.Sink.Emit(e)
}

func (s *stamped) EmitBlock(events []*raftdiag.Event) {
	for _, e := range events {
		s.stamp(e)
	}
	if b, ok := s.Sink.(raftlog.BlockSink); ok {
		b.EmitBlock(events)
		return
	}
	for _, e := range events {
		s.Sink.Emit(e)
	}
}

func (s *stamped) stamp(e *raftdiag.Event) {
	if d := s.skew.Load(); d != 0 && e.Time == raftdiag.NoStamp {
		e.Time = raftdiag.Stamp(time.Now().UnixNano() + d)
	}
}

// A scribe is the sink of a machine on the virtual clock. Lines take a
// microsecond each, and it keeps in mind where messages were printed.
type scribe struct {
	c    *cluster
	box  *box
	sink raftlog.Sink
}

func (s *scribe) Enabled() bool { return s.sink.Enabled() }

func (s *scribe) Emit(e *raftdiag.Event) {
	b := s.box
	b.told = max(b.told+int64(time.Microsecond), s.c.clock.Now().UnixNano())
	at := time.Unix(0, b.told).UTC()
	if f := s.c.o.Virtual.Clock; f != nil {
		at = f(b.id, at)
	}
	e.Time = raftdiag.Stamp(at.UnixNano() + b.skew.Load())
	sent := e.Kind == raftdiag.Sent
	before := b.out.count()
	s.sink.Emit(e)
	if !sent {
		return
	}
	line := b.out.count()
	if line == before {
		line = 0
	}
	b.sent[e.Group] = append(b.sent[e.Group], line)
}

// printed is the line of the group's oldest message whose line nobody asked
// for yet.
func (b *box) printed(group string) int {
	list := b.sent[group]
	if len(list) == 0 {
		return 0
	}
	b.sent[group] = list[1:]
	return list[0]
}
