package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A network connects nodes. A node listens on it with serve and sends through
// the transport that connect returns.
type network interface {
	serve(id uint64, take func(ctx context.Context, frame []byte) error) (listener, error)
	connect(from uint64, book *book, o sending) transport
	address(id uint64) string
}

// A listener is a node's open port.
type listener interface{ close() }

// A transport sends the messages of one node. It has a bounded queue for each
// peer, which keeps their order.
type transport interface {
	// send queues the message and never waits. An error means that it was not
	// queued; what happens to it later goes to sending.sent.
	send(group string, m raftpb.Message) error
	close()
}

// sending is what a transport wants from its node.
type sending struct {
	clock   clock
	timeout time.Duration
	queue   int                                             // messages for each peer
	pass    func(ctx context.Context) bool                  // waits while the process stands still
	sent    func(group string, m raftpb.Message, err error) // called from the peer's own goroutine
	family  func() uint64                                   // the id of the node's cluster
}

var (
	errQueueFull = errors.New("send buffer full")
	errClosed    = errors.New("transport closed")
)

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
	delay  time.Duration
}

// wires are the rules of the network: what happens to the messages on the way
// from one machine to another, and which connections carry nothing.
type wires struct {
	latency time.Duration
	rules   chain[func(group string, from, to uint64, m raftpb.Message) passage]
	cuts    chain[func(from, to uint64) bool]
}

func (w *wires) way(group string, from, to uint64, m raftpb.Message) passage {
	p := passage{delay: w.latency}
	for _, r := range w.rules.all() {
		q := (*r)(group, from, to, m)
		p.lose, p.garble, p.delay = p.lose || q.lose, p.garble || q.garble, p.delay+q.delay
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

// A frame is a message with the name of its group before it. What goes over
// the wire is a list of frames, each with its length before it.
func frame(group string, m raftpb.Message) ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(group)))
	b = append(b, group...)
	data, err := m.Marshal()
	return append(b, data...), err
}

// garbled spoils the message within a frame and leaves the group readable.
func garbled(b []byte) []byte {
	n, w := binary.Uvarint(b)
	b[w+int(n)] = 0x0f // field 1 of a wire type that does not exist
	return b
}

func parseFrame(b []byte) (group string, m raftpb.Message, err error) {
	name, b, err := chunk(b)
	if err != nil {
		return "", m, err
	}
	// chunk leaves what follows the name: the message itself.
	if err := m.Unmarshal(b); err != nil {
		return string(name), m, fmt.Errorf("failed to decode message: %w", err)
	}
	return string(name), m, nil
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

// loopback is the real network: gRPC over 127.0.0.1.
type loopback struct {
	wires  *wires
	papers *papers // nil: no TLS
	mu     sync.Mutex
	addrs  map[uint64]string
	ids    map[string]uint64
}

func newLoopback(w *wires) *loopback {
	return &loopback{wires: w, addrs: map[uint64]string{}, ids: map[string]uint64{}}
}

func (l *loopback) address(id uint64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addrs[id]
}

func (l *loopback) at(addr string) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ids[addr]
}

// raw passes bytes through gRPC as they are.
type raw struct{}

func (raw) Name() string                  { return "raw" }
func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

const sendMethod = "/raft.Transport/Send"

type taker struct {
	take func(ctx context.Context, frame []byte) error
}

func serviceDesc() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "raft.Transport",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Send",
			Handler: func(srv any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var in []byte
				if err := dec(&in); err != nil {
					return nil, err
				}
				var out verdicts
				for place := 0; len(in) > 0; place++ {
					f, rest, err := chunk(in)
					if err != nil {
						return nil, status.Error(codes.InvalidArgument, err.Error())
					}
					in = rest
					if err := srv.(*taker).take(ctx, f); err != nil {
						if ctx.Err() != nil {
							return nil, err // the sender has gone, or the process ends
						}
						out.add(place, err)
					}
				}
				return &out.b, nil
			},
		}},
	}
}

type grpcListener struct {
	server *grpc.Server
	done   chan struct{}
}

// serve opens the node's port: always the same one, once it has one, unless
// somebody else took it while it was closed.
func (l *loopback) serve(id uint64, take func(context.Context, []byte) error) (listener, error) {
	addr := l.address(id)
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	lis, err := net.Listen("tcp", addr)
	for try := 0; err != nil && try < 20; try++ {
		time.Sleep(5 * time.Millisecond)
		lis, err = net.Listen("tcp", addr)
	}
	if err != nil {
		lis, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen for node %d: %w", id, err)
	}
	l.mu.Lock()
	l.addrs[id] = lis.Addr().String()
	l.ids[lis.Addr().String()] = id
	l.mu.Unlock()

	g := &grpcListener{grpc.NewServer(grpc.Creds(l.papers.server(id)), grpc.ForceServerCodec(raw{}), grpc.WaitForHandlers(true)), make(chan struct{})}
	g.server.RegisterService(serviceDesc(), &taker{take})
	go func() {
		defer close(g.done)
		_ = g.server.Serve(lis) // ends with an error exactly when close stops it
	}()
	return g, nil
}

func (g *grpcListener) close() {
	g.server.Stop()
	<-g.done
}

func (l *loopback) connect(from uint64, book *book, o sending) transport {
	ctx, cancel := context.WithCancel(context.Background())
	return &grpcTransport{net: l, from: from, book: book, o: o, ctx: ctx, cancel: cancel, peers: map[uint64]*peer{}}
}

type grpcTransport struct {
	net    *loopback
	from   uint64
	book   *book
	o      sending
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	peers  map[uint64]*peer
}

type queued struct {
	group string
	m     raftpb.Message
	at    time.Time
}

type peer struct {
	queue chan queued
	addr  string
	conn  *grpc.ClientConn
}

func (t *grpcTransport) send(group string, m raftpb.Message) error {
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
		p = &peer{queue: make(chan queued, t.o.queue)}
		t.peers[m.To] = p
		t.wg.Add(1)
		go t.run(p)
	}
	select {
	case p.queue <- queued{group, m, t.o.clock.Now()}:
		return nil
	default:
		return errQueueFull
	}
}

func (t *grpcTransport) close() {
	t.mu.Lock()
	t.cancel()
	t.mu.Unlock()
	t.wg.Wait()
}

// batchSize is how many messages go over the wire together.
const batchSize = 64

// run sends what is in the peer's queue: one message, or all that are due.
func (t *grpcTransport) run(p *peer) {
	defer t.wg.Done()
	defer func() {
		if p.conn != nil {
			_ = p.conn.Close()
		}
	}()
	var next *queued // taken from the queue and not due yet
	for {
		if next == nil {
			select {
			case <-t.ctx.Done():
				return
			case q := <-p.queue:
				next = &q
			}
		}
		if !t.o.pass(t.ctx) {
			return
		}
		to := uint64(0)
		if addr, ok := t.book.get(next.m.To); ok {
			to = t.net.at(addr)
		}
		way := t.net.wires.way(next.group, t.from, to, next.m)
		due := next.at.Add(way.delay)
		if !t.o.clock.Sleep(t.ctx, due.Sub(t.o.clock.Now())) {
			return
		}
		batch, ways := []queued{*next}, []passage{way}
		next = nil
	more:
		for len(batch) < batchSize {
			select {
			case q := <-p.queue:
				way := t.net.wires.way(q.group, t.from, to, q.m)
				if q.at.Add(way.delay).After(t.o.clock.Now()) {
					next = &q
					break more
				}
				batch, ways = append(batch, q), append(ways, way)
			default:
				break more
			}
		}
		errs := t.deliver(p, batch, ways, due.Add(t.o.timeout))
		if t.ctx.Err() != nil || !t.o.pass(t.ctx) {
			return
		}
		for i, q := range batch {
			t.o.sent(q.group, q.m, errs[i])
		}
	}
}

// deliver takes messages over the wire and says for each why it did not get
// there. A message that the network loses looks delivered.
func (t *grpcTransport) deliver(p *peer, batch []queued, ways []passage, deadline time.Time) []error {
	errs := make([]error, len(batch))
	fail := func(err error) []error {
		for i := range errs {
			if !ways[i].lose {
				errs[i] = err
			}
		}
		return errs
	}
	addr, ok := t.book.get(batch[0].m.To)
	if !ok {
		return fail(fmt.Errorf("no address for peer %d", batch[0].m.To))
	}
	if addr != p.addr {
		if p.conn != nil {
			_ = p.conn.Close()
		}
		conn, err := t.dial(addr)
		if err != nil {
			return fail(err)
		}
		p.addr, p.conn = addr, conn
	}
	var in []byte
	var places []int
	for i, q := range batch {
		if ways[i].lose {
			continue
		}
		f, err := frame(q.group, q.m)
		if err != nil {
			errs[i] = err
			continue
		}
		if ways[i].garble {
			f = garbled(f)
		}
		in, places = appendChunk(in, f), append(places, i)
	}
	if len(places) == 0 {
		return errs
	}
	ctx, cancel := context.WithDeadline(t.ctx, deadline)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, familyKey, strconv.FormatUint(t.o.family(), 16))
	var out verdicts
	if err := p.conn.Invoke(ctx, sendMethod, &in, &out.b); err != nil {
		return fail(err)
	}
	if err := out.each(func(place int, err error) {
		if place < len(places) {
			errs[places[place]] = err
		}
	}); err != nil {
		return fail(err)
	}
	return errs
}

func (t *grpcTransport) dial(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(t.net.papers.client()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.5, MaxDelay: 250 * time.Millisecond},
			MinConnectTimeout: t.o.timeout,
		}),
		grpc.WithNoProxy(),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			cut := func() bool { return t.net.wires.cut(t.from, t.net.at(addr)) }
			for cut() {
				if !t.o.clock.Sleep(ctx, 5*time.Millisecond) {
					return nil, ctx.Err()
				}
			}
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
			if err != nil {
				return nil, err
			}
			return &wire{Conn: conn, cut: cut, clock: t.o.clock, closed: make(chan struct{})}, nil
		}))
}

// familyKey is the header with the id of the sender's cluster. A port may come
// to belong to another cluster's node.
const familyKey = "cluster-id"

func familyOf(ctx context.Context) uint64 {
	if v := metadata.ValueFromIncomingContext(ctx, familyKey); len(v) == 1 {
		id, _ := strconv.ParseUint(v[0], 16, 64) // what cannot be read is nobody's
		return id
	}
	return 0
}

// A wire is a connection that carries nothing while it is cut. What is
// written meanwhile arrives later, as TCP would have it.
type wire struct {
	net.Conn
	cut    func() bool
	clock  clock
	once   sync.Once
	closed chan struct{}
}

func (w *wire) Write(b []byte) (int, error) {
	for w.cut() {
		select {
		case <-w.closed:
			return 0, net.ErrClosed
		default:
			w.clock.Sleep(context.Background(), 5*time.Millisecond)
		}
	}
	return w.Conn.Write(b)
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

// refused is what a node answers that does not take a message.
func refused(code codes.Code, err error) error { return status.Error(code, err.Error()) }
