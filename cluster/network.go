package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
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
	pass    func(ctx context.Context) bool                  // waits while the process stands still
	sent    func(group string, m raftpb.Message, err error) // called from the peer's own goroutine
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

// frame is a message with the name of its group before it.
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
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return "", m, errors.New("frame is cut short")
	}
	group, b = string(b[w:w+int(n)]), b[w+int(n):]
	if err := m.Unmarshal(b); err != nil {
		return group, m, fmt.Errorf("failed to decode message: %w", err)
	}
	return group, m, nil
}

// loopback is the real network: gRPC over 127.0.0.1.
type loopback struct {
	wires *wires
	mu    sync.Mutex
	addrs map[uint64]string
	ids   map[string]uint64
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
				var in, out []byte
				if err := dec(&in); err != nil {
					return nil, err
				}
				return &out, srv.(*taker).take(ctx, in)
			},
		}},
	}
}

type grpcListener struct {
	server *grpc.Server
	done   chan struct{}
}

// serve opens the node's port: always the same one, once it has one.
func (l *loopback) serve(id uint64, take func(context.Context, []byte) error) (listener, error) {
	addr := l.address(id)
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	lis, err := net.Listen("tcp", addr)
	for try := 0; err != nil && try < 20; try++ {
		time.Sleep(10 * time.Millisecond)
		lis, err = net.Listen("tcp", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for node %d: %w", id, err)
	}
	l.mu.Lock()
	l.addrs[id] = lis.Addr().String()
	l.ids[lis.Addr().String()] = id
	l.mu.Unlock()

	g := &grpcListener{grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.WaitForHandlers(true)), make(chan struct{})}
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
		p = &peer{queue: make(chan queued, 256)}
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

func (t *grpcTransport) run(p *peer) {
	defer t.wg.Done()
	defer func() {
		if p.conn != nil {
			_ = p.conn.Close()
		}
	}()
	for {
		select {
		case <-t.ctx.Done():
			return
		case q := <-p.queue:
			if !t.o.pass(t.ctx) {
				return
			}
			err := t.deliver(p, q)
			if t.ctx.Err() != nil {
				return
			}
			if !t.o.pass(t.ctx) {
				return
			}
			t.o.sent(q.group, q.m, err)
		}
	}
}

// deliver takes one message over the wire. A message that the network loses
// looks delivered.
func (t *grpcTransport) deliver(p *peer, q queued) error {
	addr, ok := t.book.get(q.m.To)
	if !ok {
		return fmt.Errorf("no address for peer %d", q.m.To)
	}
	if addr != p.addr {
		if p.conn != nil {
			_ = p.conn.Close()
		}
		conn, err := t.dial(addr)
		if err != nil {
			return err
		}
		p.addr, p.conn = addr, conn
	}
	way := t.net.wires.way(q.group, t.from, t.net.at(addr), q.m)
	if !t.o.clock.Sleep(t.ctx, q.at.Add(way.delay).Sub(t.o.clock.Now())) {
		return t.ctx.Err()
	}
	if way.lose {
		return nil
	}
	in, err := frame(q.group, q.m)
	if err != nil {
		return err
	}
	if way.garble {
		in = garbled(in)
	}
	ctx, cancel := context.WithDeadline(t.ctx, q.at.Add(way.delay+t.o.timeout))
	defer cancel()
	var out []byte
	return p.conn.Invoke(ctx, sendMethod, &in, &out)
}

func (t *grpcTransport) dial(addr string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
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
