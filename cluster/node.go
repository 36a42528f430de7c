package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/raftlog"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/grpc/codes"
)

// A box is the machine that a node runs on: what a restart of the process
// does not change.
type box struct {
	id    uint64 // its place in the cluster and in the address books
	raft  uint64 // the id that its process takes for its own
	book  *book
	out   *lineWriter
	hooks hooks
	pause gate // shut while the process stands still
	wire  gate // shut while its transport does

	skew   atomic.Int64  // how far the stamps of its log are off
	family atomic.Uint64 // the id of the cluster that it takes itself to be of

	mu     sync.Mutex
	node   *node // the process that runs, or the last one
	frozen map[string]*gate
	absent bool // its process is not started with the others
}

// freeze is the gate of the group's Raft loop.
func (b *box) freeze(group string) *gate {
	b.mu.Lock()
	defer b.mu.Unlock()
	g := b.frozen[group]
	if g == nil {
		g = &gate{}
		b.frozen[group] = g
	}
	return g
}

func (b *box) running() *node {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.node == nil || b.node.dead.Load() {
		return nil
	}
	return b.node
}

// voice is the form of the box's log, stamped by its own clock.
func (b *box) voice(v Voice, w io.Writer) raftlog.Sink { return &stamped{v.sink(w), &b.skew} }

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

// lineWriter writes whole lines, one at a time.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// A pen writes the log of one process, until the process has ended.
type pen struct {
	out *lineWriter
	mu  sync.Mutex
	dry bool
}

func (p *pen) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dry {
		return len(b), nil
	}
	return p.out.Write(b)
}

// finish lets say, if it is not nil, write the last words: nothing comes after
// them.
func (p *pen) finish(say func(w io.Writer)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dry && say != nil {
		say(p.out)
	}
	p.dry = true
}

// A node is one process: its groups, its port and its transport.
type node struct {
	c      *cluster
	box    *box
	disk   *disk
	sink   raftlog.Sink
	log    *raftlog.Log // for what concerns no group alone
	net    transport
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	pen    *pen
	dead   atomic.Bool
	once   sync.Once
	gone   chan struct{} // closed when everything is given back
	err    string        // why it died

	drivers []*driver
	byName  map[string]*driver

	port struct {
		sync.Mutex
		l listener
	}
}

// A driver is the goroutines of one replica.
type driver struct {
	*replica
	inbox chan raftpb.Message
	calls chan func()

	mu      sync.Mutex
	backlog []batch
	more    chan struct{}
}

var errInboxFull = errors.New("inbox full")

// boot starts the node's process.
func (c *cluster) boot(b *box) error {
	d, err := openDisk(c.diskPath(b.id), c.o.Sync)
	if err != nil {
		return err
	}
	n := &node{c: c, box: b, disk: d, byName: map[string]*driver{}, gone: make(chan struct{})}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.pen = &pen{out: b.out}
	n.sink = b.voice(c.o.Voice, n.pen)
	n.log = raftlog.New(n.sink, b.raft, "")
	n.net = c.net.connect(b.id, b.book, sending{
		clock: c.clock, timeout: c.o.sendTimeout, queue: c.o.queue, sent: n.sent, family: b.family.Load,
		pass: func(ctx context.Context) bool { return b.pause.pass(ctx) && b.wire.pass(ctx) },
	})
	for _, g := range c.groups {
		r, err := newReplica(n, b.raft, g, c.o, &b.hooks, raftlog.New(n.sink, b.raft, g), d)
		if err != nil {
			n.log.StorageFailed(err)
			n.net.close()
			return errors.Join(err, d.close())
		}
		dr := &driver{replica: r, inbox: make(chan raftpb.Message, 512), calls: make(chan func(), 512), more: make(chan struct{}, 1)}
		n.drivers = append(n.drivers, dr)
		n.byName[g] = dr
	}
	if err := n.listen(); err != nil {
		n.net.close()
		return errors.Join(err, d.close())
	}
	b.mu.Lock()
	b.node = n
	b.mu.Unlock()
	for _, dr := range n.drivers {
		n.goes(func() { n.loop(dr) })
		n.goes(func() { n.applies(dr) })
	}
	return nil
}

func (c *cluster) diskPath(id uint64) string {
	return filepath.Join(c.dir, fmt.Sprintf("node%d.db", id))
}

// listen opens the node's port.
func (n *node) listen() error {
	n.port.Lock()
	defer n.port.Unlock()
	if n.port.l != nil || n.ctx.Err() != nil {
		return nil
	}
	old := n.c.net.address(n.box.id)
	l, err := n.c.net.serve(n.box.id, n.receive)
	if err != nil {
		return err
	}
	n.port.l = l
	n.c.moved(n.box.id, old)
	return nil
}

// deafen closes the node's port.
func (n *node) deafen() {
	n.port.Lock()
	defer n.port.Unlock()
	if n.port.l != nil {
		n.port.l.close()
		n.port.l = nil
	}
}

// goes runs f in a goroutine of the node. A panic there ends the node, not the
// cluster.
func (n *node) goes(f func()) {
	n.wg.Add(1)
	go func() {
		defer n.wg.Done()
		defer func() {
			if v := recover(); v != nil {
				text := fmt.Sprint(v)
				n.dies(text, func(l *raftlog.Log) { l.Panicked(text) })
			}
		}()
		f()
	}()
}

// dies ends the process from within: of an error, or of a panic. Its last words
// are what say states.
func (n *node) dies(why string, say func(l *raftlog.Log)) {
	n.once.Do(func() {
		n.err = why
		n.last(say)
		n.dead.Store(true)
		n.cancel()
		go n.release()
	})
}

// last writes the process's last words, or ends its log without any.
func (n *node) last(say func(l *raftlog.Log)) {
	if say == nil {
		n.pen.finish(nil)
		return
	}
	n.pen.finish(func(w io.Writer) { say(raftlog.New(n.box.voice(n.c.o.Voice, w), n.box.raft, "")) })
}

// stop ends the process from outside. With a reason it says goodbye, without
// one it is killed.
func (n *node) stop(why string) {
	n.once.Do(func() {
		n.farewell(why)
		n.dead.Store(true)
		n.cancel()
		go n.release()
	})
	<-n.gone
}

// farewell ends the process's log, with a word if there is a reason.
func (n *node) farewell(why string) {
	if why == "" {
		n.last(nil)
		return
	}
	n.last(func(l *raftlog.Log) { l.Stopped(why) })
}

// release gives back what the process held, as its end would.
func (n *node) release() {
	n.deafen()
	n.net.close()
	n.wg.Wait()
	_ = n.disk.close()
	close(n.gone)
}

// loop is the Raft loop of one group.
func (n *node) loop(d *driver) {
	ticks, stop := n.c.clock.Tick(n.c.o.Tick)
	defer stop()
	frozen := n.box.freeze(d.group)
	for {
		var m raftpb.Message
		step := d.tick
		more := true
		select {
		case <-n.ctx.Done():
			return
		case <-ticks:
		case m = <-d.inbox:
			step = func() { d.step(m) }
			more = m.Type != raftpb.MsgProp
		case step = <-d.calls:
			more = false
		}
		if !n.box.pause.pass(n.ctx) || !frozen.pass(n.ctx) {
			return
		}
		step()
		d.drain(more)
		if err := d.ready(); err != nil {
			n.dies(err.Error(), func(l *raftlog.Log) { l.Stopped(err.Error()) })
			return
		}
	}
}

// drain does what is already waiting, up to a limit, so that one Ready serves
// for all of it. Messages come first, and only up to a new entry: what peers
// say is heard before the log grows, not while an append is on its way to
// storage.
func (d *driver) drain(messages bool) {
	for n := 0; messages && n < 64; n++ {
		select {
		case m := <-d.inbox:
			d.step(m)
			messages = m.Type != raftpb.MsgProp
		default:
			messages = false
		}
	}
	for range 64 {
		select {
		case f := <-d.calls:
			f()
		default:
			return
		}
	}
}

// post puts f into the replica's loop; a full loop does not get it.
func (d *driver) post(f func()) bool {
	select {
	case d.calls <- f:
		return true
	default:
		return false
	}
}

// applies brings committed entries into the state machine, in order, beside
// the Raft loop.
func (n *node) applies(d *driver) {
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-d.more:
		}
		for {
			d.mu.Lock()
			if len(d.backlog) == 0 {
				d.mu.Unlock()
				break
			}
			b := d.backlog[0]
			d.backlog = d.backlog[1:]
			d.mu.Unlock()
			if !n.box.pause.pass(n.ctx) {
				return
			}
			if err := d.applyBatch(n.ctx, b); err != nil {
				d.log.ApplyFailed(0, err)
				n.dies(err.Error(), func(l *raftlog.Log) { l.Stopped(err.Error()) })
				return
			}
			if n.ctx.Err() != nil {
				return
			}
		}
	}
}

// A node is the env of its replicas.

func (n *node) now() time.Time        { return n.c.clock.Now() }
func (n *node) sleep(d time.Duration) { n.c.clock.Sleep(n.ctx, d) }

func (n *node) send(group string, m raftpb.Message) error { return n.net.send(group, m) }

func (n *node) apply(r *replica, b batch) {
	d := n.byName[r.group]
	d.mu.Lock()
	d.backlog = append(d.backlog, b)
	d.mu.Unlock()
	select {
	case d.more <- struct{}{}:
	default:
	}
}

// sent is told by the transport what became of a message.
func (n *node) sent(group string, m raftpb.Message, err error) {
	d := n.byName[group]
	if err != nil {
		d.log.SendFailed(m, err)
	}
	if err != nil || m.Type == raftpb.MsgSnap {
		d.post(func() { d.sent(m, err) })
	}
}

// receive takes a frame that arrived at the node's port.
func (n *node) receive(ctx context.Context, frame []byte) error {
	if !n.box.pause.pass(ctx) {
		return ctx.Err()
	}
	group, m, err := parseFrame(frame)
	d := n.byName[group]
	if got, own := familyOf(ctx), n.box.family.Load(); got != own {
		err = fmt.Errorf("cluster ID mismatch: the message is of cluster %x, this node of cluster %x", got, own)
		if d != nil {
			d.log.StepFailed(m, err)
		}
		return refused(codes.FailedPrecondition, err)
	}
	if err != nil {
		e := raftdiag.Event{Kind: raftdiag.StepFailed, Set: raftdiag.HasText, Node: raftdiag.NodeID(n.box.raft), Group: group, Text: err.Error()}
		n.sink.Emit(&e)
		return refused(codes.InvalidArgument, err)
	}
	if d == nil {
		err := fmt.Errorf("no group %s here", group)
		n.log.StepFailed(m, err)
		return refused(codes.NotFound, err)
	}
	d.log.Received(m)
	for _, f := range n.box.hooks.steps.all() {
		ok, err := (*f)(group, m)
		if err != nil {
			d.log.StepFailed(m, err)
		}
		if !ok {
			return nil
		}
	}
	select {
	case d.inbox <- m:
		return nil
	default:
		d.log.StepFailed(m, errInboxFull)
		return refused(codes.ResourceExhausted, errInboxFull)
	}
}

// propose takes a client's command for the group.
func (n *node) propose(group string, c command, size int, end func(Fate, uint64)) {
	d := n.byName[group]
	data := c.encode(size)
	d.log.Proposing(len(data))
	for _, f := range n.box.hooks.takes.all() {
		if err := (*f)(d.group, d.state().Lead == d.id); err != nil {
			d.log.ProposalDropped(len(data), err)
			end(Dropped, 0)
			return
		}
	}
	d.waiters.add(c.id, &waiter{since: n.now(), size: len(data), end: end})
	if !d.post(func() { d.propose(c.id, data) }) {
		d.log.ProposalDropped(len(data), errInboxFull)
		d.waiters.end(c.id, Dropped)
	}
}

// expire lets the clients go that have waited too long.
func (n *node) expire(timeout time.Duration) {
	if n.box.pause.closed() {
		return
	}
	now := n.now()
	for _, d := range n.drivers {
		for _, id := range d.waiters.late(now.Add(-timeout)) {
			if w := d.waiters.end(id, TimedOut); w != nil {
				d.log.ProposalTimedOut(w.index, now.Sub(w.since))
			}
		}
	}
}
