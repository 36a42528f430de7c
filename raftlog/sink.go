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

// A BlockSink is a Sink that keeps what one call of a Log's method emits
// together: no event of another Log comes between Begin and End.
type BlockSink interface {
	Sink
	Begin()
	End()
}
