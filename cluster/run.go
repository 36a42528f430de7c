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
	"time"

	"go.etcd.io/raft/v3"
)

// A cluster is the boxes of one run and what connects them.
type cluster struct {
	o      *options
	clock  clock
	wires  *wires
	net    network
	papers *papers // nil: no TLS
	dir    string
	groups []string
	boxes  []*box
	ctx    context.Context
	wg     sync.WaitGroup // scripts and the client

	mu  sync.Mutex
	err error // what went wrong that no fault explains
}

// Run runs a cluster until ctx ends or the duration is over. It leaves no
// process, port, goroutine or temporary file behind. An error says that the
// cluster could not be built or taken down; that it got stuck is no error.
func Run(ctx context.Context, conf Config) (*Outcome, error) { return run(ctx, conf, nil) }

// run is Run with somebody who looks on and may end the run.
func run(ctx context.Context, conf Config, watch func(c *cluster, end func())) (_ *Outcome, err error) {
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
	w := &wires{latency: o.Latency}
	net := newLoopback(w)
	if o.tls {
		if net.papers, err = newPapers(o.Nodes); err != nil {
			return nil, fmt.Errorf("cluster: certificates: %w", err)
		}
	}
	c := &cluster{o: o, clock: wallClock{}, wires: w, net: net, papers: net.papers}
	for g := range o.Groups {
		c.groups = append(c.groups, fmt.Sprintf("orders-%d", g))
	}
	if err := c.prepareDir(); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	defer func() {
		if o.Dir == "" {
			err = errors.Join(err, os.RemoveAll(c.dir))
		}
	}()
	// Scripts outlive the run: what they undo must not show in it.
	scripts, endScripts := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Duration > 0 {
		ctx, cancel = c.within(ctx, o.Duration)
		defer cancel()
	}
	c.ctx = ctx
	family := rand.Uint64()
	for i := range o.Nodes {
		id := uint64(i + 1)
		b := &box{
			id: id, raft: o.raftID(id), book: &book{peers: map[uint64]string{}},
			out: &lineWriter{w: o.Log(id)}, frozen: map[string]*gate{},
		}
		b.family.Store(family)
		c.boxes = append(c.boxes, b)
	}
	defer func() {
		cancel()
		c.stop()
		endScripts()
		c.wg.Wait()
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
		c.wg.Go(func() { c.inject(scripts, i, start) })
	}
	c.wg.Go(func() { c.client(ctx) })
	if watch != nil {
		c.wg.Go(func() { watch(c, cancel) })
	}
	<-ctx.Done()

	out := &Outcome{Start: start, End: c.clock.Now()}
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

func (c *cluster) prepareDir() (err error) {
	if c.o.Dir == "" {
		c.dir, err = os.MkdirTemp("", "raftdiag-cluster-")
		return err
	}
	c.dir = c.o.Dir
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	for i := range c.o.Nodes {
		path := c.diskPath(uint64(i + 1))
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("%s exists (hint: a run begins with new files)", filepath.Clean(path))
		}
	}
	return nil
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
		l, err := c.net.serve(b.id, func(context.Context, []byte) error { return errClosed })
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
	s := NodeState{Node: b.id}
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
	var out []ReplicaState
	for _, b := range c.boxes {
		if b.running() == nil {
			continue
		}
		for _, r := range b.state().Replicas {
			if r.Group == group {
				out = append(out, r)
			}
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
	if id < 1 || id > uint64(len(c.boxes)) {
		return nil
	}
	return c.boxes[id-1]
}

// restart boots the box's process again, after the last one has gone.
func (c *cluster) restart(ctx context.Context, b *box) error {
	if n := b.last(); n != nil {
		select {
		case <-n.gone:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return c.boot(b)
}

// client proposes at the configured rate, on the running nodes in turn, for
// the groups in turn, and gives up what waits too long.
func (c *cluster) client(ctx context.Context) {
	// Like most clients it comes when the cluster is up, and does not wait for
	// that for ever.
	patience, done := c.within(ctx, 40*c.o.Tick)
	c.await(patience, func() bool {
		return !slices.ContainsFunc(c.groups, func(g string) bool { return !c.settled(g) })
	})
	done()
	var next <-chan time.Time
	if c.o.Rate > 0 {
		ticks, stop := c.clock.Tick(time.Duration(float64(time.Second) / c.o.Rate))
		defer stop()
		next = ticks
	}
	sweep, stop := c.clock.Tick(c.o.Tick)
	defer stop()
	for turn := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-sweep:
			for _, b := range c.boxes {
				if n := b.running(); n != nil {
					n.expire(c.o.Timeout)
				}
			}
		case <-next:
			// Over all nodes for one group, then for the next.
			var n *node
			var group string
			for range c.boxes {
				b := c.boxes[turn%len(c.boxes)]
				group = c.groups[turn/len(c.boxes)%len(c.groups)]
				turn++
				if n = b.running(); n != nil {
					break
				}
			}
			if n == nil {
				continue
			}
			id := c.o.truth.propose(n.box.id, group, c.clock.Now())
			end := func(f Fate, index uint64) { c.o.truth.end(id, f, index, c.clock.Now()) }
			if n.box.pause.closed() {
				end(TimedOut, 0) // nobody takes it
				continue
			}
			n.propose(group, command{id, fmt.Sprintf("k%d", id%8), 1}, c.o.Size, end)
		}
	}
}
