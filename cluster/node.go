package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

	shunned atomic.Int32 // above 0 the client does not ask here

	skew   atomic.Int64  // how far the stamps of its log are off
	family atomic.Uint64 // the id of the cluster that it takes itself to be of

	told int64            // the true time of its newest line, on the virtual clock
	sent map[string][]int // by group, the lines of messages that were printed and not yet sent

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

// lineWriter writes whole lines, one at a time.
type lineWriter struct {
	mu    sync.Mutex
	w     io.Writer
	lines int
}

func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines += bytes.Count(p, newline)
	return l.w.Write(p)
}

var newline = []byte{'\n'}

// count is how many lines were written.
func (l *lineWriter) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines
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
	c    *cluster
	box  *box
	disk disk
	sink raftlog.Sink
	log  *raftlog.Log // for what concerns no group alone
	net  *transport
	ctx  *scope
	crew crew
	pen  *pen
	dead atomic.Bool
	once sync.Once
	gone *scope // ends when everything is given back
	err  string // why it died

	drivers []*driver
	byName  map[string]*driver

	port struct {
		sync.Mutex
		l listener
	}
}

// A driver is the strands of one replica: one for Raft, one for the state
// machine, and with asynchronous writes one for storage.
type driver struct {
	*replica
	work bell // for Raft
	more bell // for the state machine
	disk bell // for storage

	mu      sync.Mutex
	answers []raftpb.Message // of storage and the state machine
	inbox   []raftpb.Message
	calls   []func()
	backlog []batch
	writes  []write
}

// inboxSize bounds what waits for a replica, of messages and of calls.
const inboxSize = 512

var errInboxFull = errors.New("inbox full")

// boot starts the node's process.
func (c *cluster) boot(b *box) error {
	d, err := c.disks.open(b.id)
	if err != nil {
		return err
	}
	n := &node{c: c, box: b, disk: d, byName: map[string]*driver{}, ctx: newScope(), gone: newScope()}
	n.pen = &pen{out: b.out}
	b.sent = map[string][]int{}
	n.sink = c.voice(b, n.pen)
	n.log = raftlog.New(n.sink, b.raft, "")
	n.net = newTransport(c.net, c.wires, b.id, b.book, sending{
		clock: c.clock, timeout: c.o.sendTimeout, queue: c.o.queue, sent: n.sent, family: b.family.Load,
		lost: func(id int) { n.lost(id, LostOnWay, nil) },
		pass: func(ctx context.Context) bool { return b.pause.pass(c.clock, ctx) && b.wire.pass(c.clock, ctx) },
	})
	for _, g := range c.groups {
		r, err := newReplica(n, b.raft, g, c.o, &b.hooks, raftlog.New(n.sink, b.raft, g), d)
		if err != nil {
			n.log.StorageFailed(err)
			n.net.close()
			return errors.Join(err, d.close())
		}
		dr := &driver{replica: r}
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
		if c.o.AsyncWrites {
			n.goes(func() { n.stores(dr) })
		}
	}
	return nil
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

// goes runs f beside the others of the node. A panic there ends the node, not
// the cluster.
func (n *node) goes(f func()) {
	n.crew.Go(n.c.clock, func() {
		defer func() {
			if v := recover(); v != nil {
				text := fmt.Sprint(v)
				n.dies(text, func(l *raftlog.Log) { l.Panicked(text) })
			}
		}()
		f()
	})
}

// dies ends the process from within: of an error, or of a panic. Its last words
// are what say states.
func (n *node) dies(why string, say func(l *raftlog.Log)) {
	n.once.Do(func() {
		n.err = why
		n.last(say)
		n.dead.Store(true)
		n.ctx.end()
		n.c.clock.Go(n.release)
	})
}

// last writes the process's last words, or ends its log without any.
func (n *node) last(say func(l *raftlog.Log)) {
	if say == nil {
		n.pen.finish(nil)
		return
	}
	n.pen.finish(func(w io.Writer) { say(raftlog.New(n.c.voice(n.box, w), n.box.raft, "")) })
}

// stop ends the process from outside. With a reason it says goodbye, without
// one it is killed.
func (n *node) stop(why string) {
	n.once.Do(func() {
		n.farewell(why)
		n.dead.Store(true)
		n.ctx.end()
		n.c.clock.Go(n.release)
	})
	n.c.clock.await(n.gone, never, nil, nil)
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
	n.crew.Wait(n.c.clock)
	_ = n.disk.close()
	n.gone.end()
}

// loop is the Raft loop of one group.
func (n *node) loop(d *driver) {
	period := n.c.o.tickOf(n.box.id)
	next := n.now().Add(n.phase(period))
	frozen := n.box.freeze(d.group)
	for {
		n.c.clock.await(n.ctx, next, &d.work, d.due)
		if n.ctx.Err() != nil {
			return
		}
		step, more := d.tick, true
		if now := n.now(); !now.Before(next) {
			if late := now.Sub(next); n.c.o.watchTicks && late > 2*period {
				d.log.Slow(raftlog.SlowTick, late)
			}
			next = after(next, period, now) // a slow loop misses ticks
		} else if m, ok := d.answer(); ok {
			step = func() { d.hear(m) }
		} else if m, ok := d.message(); ok {
			step = func() { d.step(m) }
			more = m.Type != raftpb.MsgProp
		} else if step = d.call(); step != nil {
			more = false
		} else {
			continue
		}
		if !n.box.pause.pass(n.c.clock, n.ctx) || !frozen.pass(n.c.clock, n.ctx) {
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

// phase is when the first tick comes: on the virtual clock, nodes that boot
// together must not tick together.
func (n *node) phase(period time.Duration) time.Duration {
	if n.c.o.Virtual == nil {
		return period
	}
	return n.c.dice.upTo(period) + 1
}

// due reports whether the Raft loop has something to do.
func (d *driver) due() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.answers)+len(d.inbox)+len(d.calls) > 0
}

// answer takes the next answer of storage or the state machine.
func (d *driver) answer() (m raftpb.Message, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.answers) == 0 {
		return m, false
	}
	m, d.answers = d.answers[0], d.answers[1:]
	return m, true
}

// tell puts an answer of storage or the state machine into the Raft loop, which
// cannot do without any of them.
func (d *driver) tell(m raftpb.Message) {
	d.mu.Lock()
	d.answers = append(d.answers, m)
	d.mu.Unlock()
	d.work.ring()
}

// message takes the next message that arrived.
func (d *driver) message() (m raftpb.Message, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.inbox) == 0 {
		return m, false
	}
	m, d.inbox = d.inbox[0], d.inbox[1:]
	return m, true
}

// call takes the next call; nil if there is none.
func (d *driver) call() (f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.calls) > 0 {
		f, d.calls = d.calls[0], d.calls[1:]
	}
	return f
}

// drain does what is already waiting, up to a limit, so that one Ready serves
// for all of it. Messages come first, and only up to a new entry: what peers
// say is heard before the log grows, not while an append is on its way to
// storage.
func (d *driver) drain(messages bool) {
	for range 64 {
		m, ok := d.answer()
		if !ok {
			break
		}
		d.hear(m)
	}
	for n := 0; messages && n < 64; n++ {
		m, ok := d.message()
		if !ok {
			break
		}
		d.step(m)
		messages = m.Type != raftpb.MsgProp
	}
	for range 64 {
		f := d.call()
		if f == nil {
			return
		}
		f()
	}
}

// post puts f into the replica's loop; a full loop does not get it.
func (d *driver) post(f func()) bool {
	d.mu.Lock()
	full := len(d.calls) >= inboxSize
	if !full {
		d.calls = append(d.calls, f)
	}
	d.mu.Unlock()
	d.work.ring()
	return !full
}

// deliver puts a message into the replica's loop; a full loop does not get it.
func (d *driver) deliver(m raftpb.Message) bool {
	d.mu.Lock()
	full := len(d.inbox) >= inboxSize
	if !full {
		d.inbox = append(d.inbox, m)
	}
	d.mu.Unlock()
	d.work.ring()
	return !full
}

// applies brings committed entries into the state machine, in order, beside
// the Raft loop.
func (n *node) applies(d *driver) {
	waits := func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.backlog) > 0
	}
	for n.c.clock.await(n.ctx, never, &d.more, waits) && n.ctx.Err() == nil {
		d.mu.Lock()
		b := d.backlog[0]
		d.backlog = d.backlog[1:]
		d.mu.Unlock()
		if !n.box.pause.pass(n.c.clock, n.ctx) {
			return
		}
		if err := d.applyBatch(n.ctx, b); err != nil {
			d.log.ApplyFailed(0, err)
			n.dies(err.Error(), func(l *raftlog.Log) { l.Stopped(err.Error()) })
			return
		}
		for _, m := range b.done {
			d.tell(m)
		}
	}
}

// stores brings writes into storage, in order, beside the Raft loop, and lets
// out what waited for them.
func (n *node) stores(d *driver) {
	waits := func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.writes) > 0
	}
	for n.c.clock.await(n.ctx, never, &d.disk, waits) && n.ctx.Err() == nil {
		d.mu.Lock()
		list := d.writes
		d.writes = nil
		d.mu.Unlock()
		if !n.box.pause.pass(n.c.clock, n.ctx) {
			return
		}
		for i, w := range list {
			if err := d.keep(w.message, i == 0); err != nil {
				n.dies(err.Error(), func(l *raftlog.Log) { l.Stopped(err.Error()) })
				return
			}
			if !n.box.pause.pass(n.c.clock, n.ctx) {
				return
			}
			for i, m := range w.message.Responses {
				if d.own(m) {
					d.tell(m)
				} else if err := d.leave(m, w.lines[i]); err != nil {
					d.post(func() { d.unreachable(m) })
				}
			}
		}
	}
}

// A node is the env of its replicas.

func (n *node) now() time.Time        { return n.c.clock.Now() }
func (n *node) sleep(d time.Duration) { n.c.clock.Sleep(n.ctx, d) }

func (n *node) send(group string, m raftpb.Message, id int) error { return n.net.send(group, m, id) }

func (n *node) dice() *dice { return n.c.dice }

func (n *node) printed(group string) int { return n.box.printed(group) }

// made notes a message that Raft made, and whether it is on its way.
func (n *node) made(group string, m raftpb.Message, line int) (id int) {
	return n.c.o.truth.message(n.box.id, group, m, n.now(), line)
}

func (n *node) lost(id int, fate MessageFate, why error) { n.c.o.truth.lost(id, fate, why) }

func (n *node) look(r ReplicaState) {
	r.Node = n.box.id
	n.c.o.truth.state(n.now(), r)
}

func (n *node) apply(r *replica, b batch) {
	d := n.byName[r.group]
	d.mu.Lock()
	d.backlog = append(d.backlog, b)
	d.mu.Unlock()
	d.more.ring()
}

func (n *node) write(r *replica, w write) {
	d := n.byName[r.group]
	d.mu.Lock()
	d.writes = append(d.writes, w)
	d.mu.Unlock()
	d.disk.ring()
}

// sent is told by the transport what became of a message.
func (n *node) sent(group string, m raftpb.Message, id int, err error) {
	d := n.byName[group]
	if err != nil {
		n.lost(id, Refused, err)
		d.log.SendFailed(m, err)
	}
	if err != nil || m.Type == raftpb.MsgSnap {
		d.post(func() { d.sent(m, err) })
	}
}

// receive takes a frame that arrived at the node's port.
func (n *node) receive(ctx context.Context, family uint64, frame []byte) error {
	if !n.box.pause.pass(n.c.clock, ctx) {
		return ctx.Err()
	}
	group, id, m, err := parseFrame(frame)
	d := n.byName[group]
	if own := n.box.family.Load(); family != own {
		err = fmt.Errorf("cluster ID mismatch: the message is of cluster %x, this node of cluster %x", family, own)
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
	n.received(d, id, m)
	for _, f := range n.box.hooks.steps.all() {
		ok, err := (*f)(group, m)
		if err != nil {
			d.log.StepFailed(m, err)
		}
		if !ok {
			return nil
		}
	}
	if !d.deliver(m) {
		d.log.StepFailed(m, errInboxFull)
		return refused(codes.ResourceExhausted, errInboxFull)
	}
	return nil
}

// received states that a message arrived.
func (n *node) received(d *driver, id int, m raftpb.Message) {
	before := n.box.out.count()
	d.log.Received(m)
	line := n.box.out.count()
	if line == before {
		line = 0 // not every voice prints every message
	}
	n.c.o.truth.arrived(id, n.now(), line)
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
