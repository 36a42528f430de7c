package raftlog

import "github.com/raftdiag/raftdiag"

// A Sink takes the events of one or more Logs and writes them somewhere.
// It must be safe for concurrent use.
type Sink interface {
	// Enabled reports whether Emit would write anything. A Log asks before it
	// builds an event, so Enabled should cost a few nanoseconds.
	Enabled() bool
	// Emit writes one event. It must not keep the event after it returns.
	Emit(*raftdiag.Event)
}

// A BlockSink is a Sink that writes the events of one Ready together, so that
// no line of another group comes between.
type BlockSink interface {
	Sink
	// EmitBlock writes the events in order. It must not keep them.
	EmitBlock([]*raftdiag.Event)
}

// Tee returns a Sink that gives each event to all sinks that are on.
func Tee(sinks ...Sink) Sink { return tee(append([]Sink(nil), sinks...)) }

type tee []Sink

func (t tee) Enabled() bool {
	for _, s := range t {
		if s.Enabled() {
			return true
		}
	}
	return false
}

func (t tee) Emit(e *raftdiag.Event) {
	for _, s := range t {
		if s.Enabled() {
			s.Emit(e)
		}
	}
}

func (t tee) EmitBlock(events []*raftdiag.Event) {
	for _, s := range t {
		if s.Enabled() {
			emitBlock(s, events)
		}
	}
}

func emitBlock(s Sink, events []*raftdiag.Event) {
	if b, ok := s.(BlockSink); ok {
		b.EmitBlock(events)
		return
	}
	for _, e := range events {
		s.Emit(e)
	}
}
