package cluster

import (
	"errors"
	"fmt"
	"time"
)

// An ether is a network in memory. It looks like the real one: calls that are
// answered, or streams that are not and tell only that nobody is there.
type ether struct {
	clock   *virtualClock
	wires   *wires
	ids     []uint64
	streams bool                 // messages are not answered
	stray   func() time.Duration // by which messages of a stream overtake one another; nil: they do not
	words   etherWords
	ports   map[string]*etherPort
	stale   map[uint64]int
}

// etherWords are a network's errors. The verb is the address.
type etherWords struct{ refused, late, reset, handshake string }

var grpcWords = etherWords{
	refused:   `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp %s: connect: connection refused"`,
	late:      "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
	reset:     "rpc error: code = Unavailable desc = error reading from server: read tcp %s: read: connection reset by peer",
	handshake: `rpc error: code = Unavailable desc = connection error: desc = "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate has expired or is not yet valid"`,
}

// An etherPort is a node's open port.
type etherPort struct {
	net  *ether
	id   uint64
	take take
	life *scope
}

func (p *etherPort) close() {
	p.life.end()
	if addr := p.net.address(p.id); p.net.ports[addr] == p {
		delete(p.net.ports, addr)
	}
}

func (e *ether) serve(id uint64, take take) (listener, error) {
	p := &etherPort{e, id, take, newScope()}
	e.ports[e.address(id)] = p
	return p, nil
}

func (e *ether) address(id uint64) string {
	for i, x := range e.ids {
		if x == id {
			return fmt.Sprintf("10.0.3.%d:7400", 11+i)
		}
	}
	return ""
}

func (e *ether) at(addr string) uint64 {
	for _, id := range e.ids {
		if e.address(id) == addr {
			return id
		}
	}
	return 0
}

func (e *ether) expire(id uint64) (undo func()) {
	e.stale[id]++
	return func() { e.stale[id]-- }
}

func (e *ether) carrier(from uint64, life *scope, o sending) carrier {
	return &etherCarrier{net: e, from: from, o: o, life: life}
}

// An etherCarrier is a connection to one peer.
type etherCarrier struct {
	net  *ether
	from uint64
	o    sending
	life *scope
	port *etherPort // the one it is connected to
}

func (c *etherCarrier) close() {}

func (c *etherCarrier) carry(addr string, frames [][]byte, deadline time.Time) []error {
	errs := make([]error, len(frames))
	fail := func(text string) []error {
		for i := range errs {
			errs[i] = errors.New(text)
		}
		return errs
	}
	to := c.net.at(addr)
	if c.net.streams && c.net.wires.cut(c.from, to) {
		return errs // lost on the way, and nobody is told
	}
	if !c.passable(c.from, to, deadline) || c.port == nil && !c.net.streams && !c.passable(to, c.from, deadline) {
		return fail(c.net.words.late)
	}
	port := c.net.ports[addr]
	switch {
	case port == nil:
		c.port = nil
		return fail(fmt.Sprintf(c.net.words.refused, addr))
	case port != c.port && c.net.stale[to] > 0:
		return fail(c.net.words.handshake)
	}
	c.port = port
	life := newScope(port.life, c.life)
	defer life.end()
	if !c.net.streams {
		life.deadline = deadline
	}
	for i, f := range frames {
		switch {
		case c.net.streams:
			c.stream(port, life, f)
		default:
			errs[i] = port.take(life, c.o.family(), f)
		}
	}
	switch {
	case c.net.streams:
		return errs
	case port.life.Err() != nil:
		c.port = nil
		return fail(fmt.Sprintf(c.net.words.reset, addr))
	case !c.net.clock.Now().Before(deadline) || !c.passable(to, c.from, deadline):
		return fail(c.net.words.late)
	}
	return errs
}

// passable waits until a way is open, up to the deadline.
func (c *etherCarrier) passable(from, to uint64, deadline time.Time) bool {
	for c.net.wires.cut(from, to) {
		if !c.net.clock.Now().Before(deadline) || !c.net.clock.Sleep(c.life, 5*time.Millisecond) {
			return false
		}
	}
	return true
}

// stream sends a frame after the others of the connection, or across them.
func (c *etherCarrier) stream(port *etherPort, life *scope, frame []byte) {
	family := c.o.family()
	if c.net.stray == nil {
		_ = port.take(life, family, frame) // nobody is told
		return
	}
	c.net.clock.Go(func() {
		if c.net.clock.Sleep(port.life, c.net.stray()) {
			_ = port.take(port.life, family, frame)
		}
	})
}
