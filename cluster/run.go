package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/raft/v3"
)

// A cluster is the boxes of one run and what connects them.
type cluster struct {
	o      *options
	clock  clock
	dice   *dice
	wires  *wires
	net    network
	disks  disks
	groups []string
	boxes  []*box
	ctx    *scope
	crew   crew         // scripts and the client
	turn   atomic.Int64 // of the client
	hush   atomic.Int32 // above 0 the client proposes nothing

	mu  sync.Mutex
	err error // what went wrong that no fault explains
}

// Run runs a cluster until ctx ends or the duration is over. It leaves no
// process, port, goroutine or temporary file behind. An error says that the
// cluster could not be built or taken down; that it got stuck is no error.
func Run(ctx context.Context, conf Config) (*Outcome, error) { return run(ctx, conf, nil) }

// run is Run with somebody who looks on and may end the run.
func run(ctx context.Context, conf Config, watch func(c *cluster, end func())) (out *Outcome, err error) {
	o, err := conf.options()
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	for i := range o.Faults {
		if err := o.Faults[i].check(o); err != nil {
			return nil, fmt.Errorf("cluster: fault %s: %w", o.Faults[i], err)
		}
	}
	for i := range o.Faults {
		if info := o.Faults[i].info(); info.build != nil {
			info.build(&o.Faults[i], o)
		}
	}
	c := &cluster{o: o, groups: o.groups, wires: &wires{}}
	if o.Virtual != nil {
		return c.virtually(ctx, watch)
	}
	c.clock, c.dice = wallClock{}, newDice(rand.Uint64())
	c.wires.latency = func() time.Duration { return o.Latency }
	net := newLoopback(c.wires)
	if o.tls {
		if net.papers, err = newPapers(o.ids); err != nil {
			return nil, fmt.Errorf("cluster: certificates: %w", err)
		}
	}
	c.net = net
	dir, err := c.prepareDir()
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	c.disks = files{dir, o.Sync}
	defer func() {
		if o.Dir == "" {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	c.ctx = newScope()
	defer context.AfterFunc(ctx, c.ctx.end)()
	return c.live(watch)
}

// virtually runs the cluster on a virtual clock.
func (c *cluster) virtually(ctx context.Context, watch func(c *cluster, end func())) (out *Outcome, err error) {
	v := c.o.Virtual
	clock := &virtualClock{now: v.Start}
	if v.Start.IsZero() {
		clock.now = time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC)
	}
	c.clock, c.dice, c.disks, c.ctx = clock, newDice(v.Seed), &racks{}, newScope()
	c.wires.latency = func() time.Duration { return c.o.Latency + c.dice.upTo(v.Jitter) }
	net := &ether{clock: clock, wires: c.wires, ids: c.o.ids, streams: v.Streams, words: grpcWords, ports: map[string]*etherPort{}, stale: map[uint64]int{}}
	if v.Stray > 0 {
		net.stray = func() time.Duration { return c.dice.upTo(v.Stray) }
	}
	if v.Refused != "" {
		net.words.refused = v.Refused
	}
	if v.Late != "" {
		net.words.late = v.Late
	}
	c.net = net
	still := clock.drive(func() { out, err = c.live(watch) }, func() {
		if ctx.Err() != nil {
			c.ctx.end()
		}
	})
	return out, errors.Join(err, still)
}

// live is the run from the first boot to the last goodbye.
func (c *cluster) live(watch func(c *cluster, end func())) (out *Outcome, err error) {
	o := c.o
	// Scripts outlive the run: what they undo must not show in it.
	scripts := newScope()
	if o.Duration > 0 {
		c.ctx = c.within(c.ctx, o.Duration)
	}
	family := c.dice.Uint64()
	for _, id := range o.ids {
		b := &box{
			id: id, raft: o.raftID(id), book: &book{peers: map[uint64]string{}},
			out: &lineWriter{w: o.Log(id)}, frozen: map[string]*gate{},
		}
		b.family.Store(family)
		c.boxes = append(c.boxes, b)
	}
	defer func() {
		c.ctx.end()
		c.stop()
		scripts.end()
		c.crew.Wait(c.clock)
		c.stop() // what a script was just starting
	}()
	// Every port is known before the first node speaks.
	if err := c.reserve(); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	start := c.clock.Now()
	for i := range o.Faults {
		if info := o.Faults[i].info(); info.first != nil {
			info.first(&o.Faults[i], c)
		}
	}
	for _, b := range c.boxes {
		if b.absent {
			continue
		}
		if err := c.boot(b); err != nil {
			return nil, fmt.Errorf("cluster: boot node %d: %w", b.id, err)
		}
	}
	for i := range o.Faults {
		c.crew.Go(c.clock, func() { c.inject(scripts, i, start) })
	}
	c.crew.Go(c.clock, func() { c.client(c.ctx) })
	if watch != nil {
		c.crew.Go(c.clock, func() { watch(c, c.ctx.end) })
	}
	c.clock.await(c.ctx, never, nil, nil)

	out = &Outcome{Start: start, End: c.clock.Now()}
	struck := map[int]bool{}
	for _, b := range c.boxes {
		out.Nodes = append(out.Nodes, b.state())
	}
	o.truth.mu.Lock()
	out.Proposals = append(out.Proposals, o.truth.proposals...)
	for _, s := range o.truth.struck {
		struck[s.place] = true
		out.Faults = append(out.Faults, s)
	}
	out.Messages, out.States = append(out.Messages, o.truth.messages...), append(out.States, o.truth.states...)
	o.truth.mu.Unlock()
	for i, f := range o.Faults {
		if !struck[i] {
			out.Missed = append(out.Missed, f)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return out, c.err
}

// stop ends all processes. Their logs end first, before one of them is missed
// by the others. A process that stands still says nothing.
func (c *cluster) stop() {
	for _, b := range c.boxes {
		switch n := b.last(); {
		case n == nil:
		case b.pause.closed():
			n.farewell("")
		default:
			n.farewell("shutdown")
		}
	}
	for _, b := range c.boxes {
		if n := b.last(); n != nil {
			n.stop("")
		}
	}
}

// fail notes an error of the cluster itself.
func (c *cluster) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = errors.Join(c.err, err)
}

func (c *cluster) prepareDir() (dir string, err error) {
	if c.o.Dir == "" {
		return os.MkdirTemp("", "raftdiag-cluster-")
	}
	dir = c.o.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, id := range c.o.ids {
		path := files{dir: dir}.path(id)
		if _, err := os.Stat(path); err == nil {
			return "", fmt.Errorf("%s exists (hint: a run begins with new files)", filepath.Clean(path))
		}
	}
	return dir, nil
}

// moved writes a node's new address into the books that had its old one.
func (c *cluster) moved(id uint64, old string) {
	now := c.net.address(id)
	if now == old {
		return
	}
	for _, b := range c.boxes {
		if addr, ok := b.book.get(id); ok && addr == old {
			b.book.set(id, now)
		}
	}
}

// reserve gives every node a port and writes the address books.
func (c *cluster) reserve() error {
	for _, b := range c.boxes {
		l, err := c.net.serve(b.id, func(context.Context, uint64, []byte) error { return errClosed })
		if err != nil {
			return err
		}
		l.close()
	}
	for _, b := range c.boxes {
		for _, p := range c.boxes {
			b.book.set(p.id, c.net.address(p.id))
		}
	}
	return nil
}

func (b *box) last() *node {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.node
}

// state is where the box's process stands, or stood when it ended.
func (b *box) state() NodeState {
	s := NodeState{Node: b.id, Skew: time.Duration(b.skew.Load())}
	n := b.last()
	if n == nil {
		return s
	}
	s.Alive = !n.dead.Load()
	if !s.Alive {
		s.Error = n.err
	}
	for _, d := range n.drivers {
		r := d.state()
		r.Node = b.id
		s.Replicas = append(s.Replicas, r)
	}
	return s
}

// replicas are the replicas of the group on the nodes that run.
func (c *cluster) replicas(group string) []ReplicaState {
	out := make([]ReplicaState, 0, len(c.boxes))
	for _, b := range c.boxes {
		n := b.running()
		if n == nil {
			continue
		}
		if d := n.byName[group]; d != nil {
			r := d.state()
			r.Node = b.id
			out = append(out, r)
		}
	}
	return out
}

// leader is the node that leads the group in the highest term; 0 if nobody.
func (c *cluster) leader(group string) uint64 {
	var id, term uint64
	for _, r := range c.replicas(group) {
		if r.Role == raft.StateLeader && r.Term > term {
			id, term = r.Node, r.Term
		}
	}
	return id
}

func (c *cluster) box(id uint64) *box {
	if i := slices.Index(c.o.ids, id); i >= 0 && i < len(c.boxes) {
		return c.boxes[i]
	}
	return nil
}

// restart boots the box's process again, after the last one has gone.
func (c *cluster) restart(ctx *scope, b *box) error {
	if n := b.last(); n != nil {
		c.clock.await(ctx, never, &n.gone.bell, func() bool { return n.gone.Err() != nil })
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return c.boot(b)
}

// client proposes at the configured rate, on the running nodes in turn, for
// the groups in turn, and gives up what waits too long.
func (c *cluster) client(ctx *scope) {
	// Like most clients it comes when the cluster is up, and does not wait for
	// that for ever.
	patience := c.within(ctx, 40*c.o.Tick)
	c.await(patience, func() bool {
		return !slices.ContainsFunc(c.groups, func(g string) bool { return !c.settled(g) })
	})
	patience.end()
	sweep := c.clock.Now().Add(c.o.Tick)
	period := never
	if c.o.Rate > 0 {
		period = c.clock.Now().Add(c.period())
	}
	for {
		at := sweep
		if !period.IsZero() && period.Before(sweep) {
			at = period
		}
		if c.clock.await(ctx, at, nil, nil); ctx.Err() != nil {
			return
		}
		now := c.clock.Now()
		if !now.Before(sweep) {
			for _, b := range c.boxes {
				if n := b.running(); n != nil {
					n.expire(c.o.Timeout)
				}
			}
			sweep = after(sweep, c.o.Tick, now)
		}
		if !period.IsZero() && !now.Before(period) {
			if c.hush.Load() == 0 {
				c.ask()
			}
			period = after(period, c.period(), now)
		}
	}
}

// period is the time between two proposals.
func (c *cluster) period() time.Duration { return time.Duration(float64(time.Second) / c.o.Rate) }

// after is the next time of something that is due every d; what is late is left
// out.
func after(t time.Time, d time.Duration, now time.Time) time.Time {
	if t = t.Add(d); t.Before(now) {
		return now.Add(d)
	}
	return t
}

// ask makes one proposal: over all nodes for one group, then for the next.
func (c *cluster) ask() {
	var n *node
	var group string
	for range c.boxes {
		turn := int(c.turn.Add(1) - 1)
		b := c.boxes[turn%len(c.boxes)]
		group = c.groups[turn/len(c.boxes)%len(c.groups)]
		if n = b.running(); n != nil && b.shunned.Load() == 0 {
			break
		}
		n = nil
	}
	if n == nil {
		return
	}
	id := c.o.truth.propose(n.box.id, group, c.clock.Now())
	end := func(f Fate, index uint64) { c.o.truth.end(id, f, index, c.clock.Now()) }
	if n.box.pause.closed() {
		end(TimedOut, 0) // nobody takes it
		return
	}
	n.propose(group, command{id, fmt.Sprintf("k%d", id%8), 1}, c.o.Size, end)
}
