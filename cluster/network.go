package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A network connects nodes. A node listens on it with serve and reaches others
// through carriers.
type network interface {
	serve(id uint64, take take) (listener, error)
	carrier(from uint64, life *scope, o sending) carrier
	address(id uint64) string
	at(addr string) uint64 // whose address it is; 0 if nobody's
	// expire lets the node show a certificate whose time is over, until the
	// returned function is called. Connections that stand are not touched.
	expire(id uint64) (undo func())
}

// take takes a frame that arrived, from a node of the family.
type take func(ctx context.Context, family uint64, frame []byte) error

// A listener is a node's open port.
type listener interface{ close() }

// A carrier is the way to one peer: a connection and what makes it anew.
type carrier interface {
	// carry takes frames to an address and says for each why it did not get
	// there. It does not wait past the deadline.
	carry(addr string, frames [][]byte, deadline time.Time) []error
	close()
}

// sending is what a transport wants from its node.
type sending struct {
	clock   clock
	timeout time.Duration
	queue   int                                                     // messages for each peer
	pass    func(ctx context.Context) bool                          // waits while the process stands still
	sent    func(group string, m raftpb.Message, id int, err error) // called from the peer's own strand
	lost    func(id int)                                            // the network lost it
	family  func() uint64                                           // the id of the node's cluster
}

var (
	errQueueFull = errors.New("send buffer full")
	errClosed    = errors.New("transport closed")
)

// A transport sends the messages of one node. It has a bounded queue for each
// peer, which keeps their order.
type transport struct {
	net   network
	wires *wires
	from  uint64
	book  *book
	o     sending
	ctx   *scope
	crew  crew
	mu    sync.Mutex
	peers map[uint64]*peer
}

type queued struct {
	group string
	m     raftpb.Message
	id    int
	at    time.Time
}

type peer struct {
	queue []queued // guarded by the transport's mu
	more  bell
	way   carrier
}

func newTransport(n network, w *wires, from uint64, book *book, o sending) *transport {
	return &transport{net: n, wires: w, from: from, book: book, o: o, ctx: newScope(), peers: map[uint64]*peer{}}
}

// send queues the message and never waits. An error means that it was not
// queued; what happens to it later goes to sending.sent.
func (t *transport) send(group string, m raftpb.Message, id int) error {
	if _, ok := t.book.get(m.To); !ok {
		return fmt.Errorf("no address for peer %d", m.To)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() != nil {
		return errClosed
	}
	p := t.peers[m.To]
	if p == nil {
		p = &peer{way: t.net.carrier(t.from, t.ctx, t.o)}
		t.peers[m.To] = p
		t.crew.Go(t.o.clock, func() { t.run(p) })
	}
	if len(p.queue) >= t.o.queue {
		return errQueueFull
	}
	p.queue = append(p.queue, queued{group, m, id, t.o.clock.Now()})
	p.more.ring()
	return nil
}

func (t *transport) close() {
	t.mu.Lock()
	t.ctx.end()
	t.mu.Unlock()
	t.crew.Wait(t.o.clock)
}

// first is what stands first in the peer's queue.
func (t *transport) first(p *peer) (q queued, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(p.queue) > 0 {
		return p.queue[0], true
	}
	return q, false
}

func (t *transport) shift(p *peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.queue[0] = queued{}
	if p.queue = p.queue[1:]; len(p.queue) == 0 {
		p.queue = nil
	}
}

// batchSize is how many messages go over the wire together.
const batchSize = 64

// run sends what is in the peer's queue: one message, or all that are due.
func (t *transport) run(p *peer) {
	defer p.way.close()
	waits := func() bool {
		_, ok := t.first(p)
		return ok
	}
	for {
		if !t.o.clock.await(t.ctx, never, &p.more, waits) || t.ctx.Err() != nil {
			return
		}
		next, _ := t.first(p)
		t.shift(p)
		if !t.o.pass(t.ctx) {
			return
		}
		way := t.passage(next)
		due := next.at.Add(way.delay)
		if !t.o.clock.Sleep(t.ctx, due.Sub(t.o.clock.Now())) {
			return
		}
		batch, ways := []queued{next}, []passage{way}
		for len(batch) < batchSize {
			q, ok := t.first(p)
			if !ok {
				break
			}
			way := t.passage(q)
			if q.at.Add(way.delay).After(t.o.clock.Now()) {
				break
			}
			t.shift(p)
			batch, ways = append(batch, q), append(ways, way)
		}
		errs := t.deliver(p, batch, ways, due.Add(t.o.timeout))
		if t.ctx.Err() != nil || !t.o.pass(t.ctx) {
			return
		}
		for i, q := range batch {
			t.o.sent(q.group, q.m, q.id, errs[i])
		}
	}
}

// passage is what the network will do to the message.
func (t *transport) passage(q queued) passage {
	to := uint64(0)
	if addr, ok := t.book.get(q.m.To); ok {
		to = t.net.at(addr)
	}
	return t.wires.way(q.group, t.from, to, q.m)
}

// deliver takes messages over the wire and says for each why it did not get
// there. A message that the network loses looks delivered.
func (t *transport) deliver(p *peer, batch []queued, ways []passage, deadline time.Time) []error {
	errs := make([]error, len(batch))
	addr, ok := t.book.get(batch[0].m.To)
	var frames [][]byte
	var places []int
	for i, q := range batch {
		if ways[i].lose {
			t.o.lost(q.id)
			continue
		}
		if !ok {
			errs[i] = fmt.Errorf("no address for peer %d", q.m.To)
			continue
		}
		f, err := frame(q.group, q.id, q.m)
		if err != nil {
			errs[i] = err
			continue
		}
		if ways[i].garble {
			f = garbled(f)
		}
		for range 1 + ways[i].again {
			frames, places = append(frames, f), append(places, i)
		}
	}
	if len(frames) == 0 {
		return errs
	}
	for i, err := range p.way.carry(addr, frames, deadline) {
		errs[places[i]] = err
	}
	return errs
}

// A book is the addresses of peers as one node knows them.
type book struct {
	mu    sync.Mutex
	peers map[uint64]string
}

func (b *book) set(peer uint64, addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if addr == "" {
		delete(b.peers, peer)
	} else {
		b.peers[peer] = addr
	}
}

func (b *book) get(peer uint64) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	addr, ok := b.peers[peer]
	return addr, ok
}

// A passage is what the network does to one message.
type passage struct {
	lose   bool
	garble bool
	again  int // how many times more it arrives
	delay  time.Duration
}

// wires are the rules of the network: what happens to the messages on the way
// from one machine to another, and which connections carry nothing.
type wires struct {
	latency func() time.Duration
	rules   chain[func(group string, from, to uint64, m raftpb.Message) passage]
	cuts    chain[func(from, to uint64) bool]
}

func (w *wires) way(group string, from, to uint64, m raftpb.Message) passage {
	var p passage
	if w.latency != nil {
		p.delay = w.latency()
	}
	for _, r := range w.rules.all() {
		q := (*r)(group, from, to, m)
		p.lose, p.garble, p.again, p.delay = p.lose || q.lose, p.garble || q.garble, p.again+q.again, p.delay+q.delay
	}
	return p
}

func (w *wires) cut(from, to uint64) bool {
	for _, c := range w.cuts.all() {
		if (*c)(from, to) {
			return true
		}
	}
	return false
}

// A frame is a message with the name of its group and its number before it.
// The number is that of the truth, and 0 where nobody counts. What goes over
// the wire is a list of frames, each with its length before it.
func frame(group string, id int, m raftpb.Message) ([]byte, error) {
	b := appendChunk(nil, []byte(group))
	b = binary.AppendUvarint(b, uint64(id))
	data, err := m.Marshal()
	return append(b, data...), err
}

// garbled spoils the message within a frame and leaves what stands before it.
func garbled(b []byte) []byte {
	_, rest, _ := chunk(b)
	_, w := binary.Uvarint(rest)
	b[len(b)-len(rest)+w] = 0x0f // field 1 of a wire type that does not exist
	return b
}

func parseFrame(b []byte) (group string, id int, m raftpb.Message, err error) {
	name, b, err := chunk(b)
	if err != nil {
		return "", 0, m, err
	}
	n, w := binary.Uvarint(b)
	if w <= 0 || n > math.MaxInt32 {
		return string(name), 0, m, errors.New("frame is cut short")
	}
	if err := m.Unmarshal(b[w:]); err != nil {
		return string(name), int(n), m, fmt.Errorf("failed to decode message: %w", err)
	}
	return string(name), int(n), m, nil
}

// chunk splits off the first of several byte strings that have their length
// before them.
func chunk(b []byte) (first, rest []byte, err error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, nil, errors.New("frame is cut short")
	}
	return b[w : w+int(n)], b[w+int(n):], nil
}

func appendChunk(b, c []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(c))), c...) }

// verdicts is the answer to a list of frames: the place, code and text of each
// that was not taken.
type verdicts struct{ b []byte }

func (v *verdicts) add(place int, err error) {
	s, _ := status.FromError(err)
	v.b = binary.AppendUvarint(v.b, uint64(place))
	v.b = binary.AppendUvarint(v.b, uint64(s.Code()))
	v.b = appendChunk(v.b, []byte(s.Message()))
}

// each reads the answer back.
func (v *verdicts) each(f func(place int, err error)) error {
	for b := v.b; len(b) > 0; {
		place, w := binary.Uvarint(b)
		if w <= 0 {
			return errors.New("answer is cut short")
		}
		code, w2 := binary.Uvarint(b[w:])
		if w2 <= 0 {
			return errors.New("answer is cut short")
		}
		text, rest, err := chunk(b[w+w2:])
		if err != nil {
			return err
		}
		f(int(place), status.Error(codes.Code(code), string(text)))
		b = rest
	}
	return nil
}

// refused is what a node answers that does not take a message.
func refused(code codes.Code, err error) error { return status.Error(code, err.Error()) }
