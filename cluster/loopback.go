package cluster

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

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

type taker struct{ take take }

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
					if err := srv.(*taker).take(ctx, familyOf(ctx), f); err != nil {
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
func (l *loopback) serve(id uint64, take take) (listener, error) {
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

func (l *loopback) expire(id uint64) (undo func()) { return l.papers.expire(id) }

func (l *loopback) carrier(from uint64, life *scope, o sending) carrier {
	ctx, cancel := context.WithCancel(life)
	return &grpcCarrier{net: l, from: from, o: o, ctx: ctx, cancel: cancel}
}

// A grpcCarrier is a gRPC connection to one peer.
type grpcCarrier struct {
	net    *loopback
	from   uint64
	o      sending
	ctx    context.Context
	cancel context.CancelFunc
	addr   string
	conn   *grpc.ClientConn
}

func (t *grpcCarrier) close() {
	t.cancel()
	if t.conn != nil {
		_ = t.conn.Close()
	}
}

func (t *grpcCarrier) carry(addr string, frames [][]byte, deadline time.Time) []error {
	errs := make([]error, len(frames))
	fail := func(err error) []error {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	if addr != t.addr {
		if t.conn != nil {
			_ = t.conn.Close()
		}
		conn, err := t.dial(addr)
		if err != nil {
			return fail(err)
		}
		t.addr, t.conn = addr, conn
	}
	var in []byte
	for _, f := range frames {
		in = appendChunk(in, f)
	}
	ctx, cancel := context.WithDeadline(t.ctx, deadline)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, familyKey, strconv.FormatUint(t.o.family(), 16))
	var out verdicts
	if err := t.conn.Invoke(ctx, sendMethod, &in, &out.b); err != nil {
		return fail(err)
	}
	if err := out.each(func(place int, err error) {
		if place < len(errs) {
			errs[place] = err
		}
	}); err != nil {
		return fail(err)
	}
	return errs
}

func (t *grpcCarrier) dial(addr string) (*grpc.ClientConn, error) {
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
