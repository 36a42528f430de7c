package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A chain is a list of functions that are asked in turn.
type chain[F any] struct {
	mu    sync.RWMutex
	links []*F
}

// add puts f at the end and returns what takes it out again.
func (c *chain[F]) add(f F) (remove func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	link := &f
	c.links = append(slices.Clip(c.links), link)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.links = slices.DeleteFunc(slices.Clone(c.links), func(l *F) bool { return l == link })
	}
}

func (c *chain[F]) all() []*F {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.links
}

// hooks are the places at which an application around Raft goes wrong. They
// belong to the machine a node runs on: a restart does not clear them. Each
// function is given the group.
type hooks struct {
	drains   chain[func(group string) bool]                            // false: this Ready is left where it is
	taken    chain[func(group string, rd *raft.Ready)]                 // changes a Ready before anybody sees it
	leaves   chain[func(group string, m raftpb.Message) bool]          // false: the message gets lost before the transport
	refuses  chain[func(group string, m raftpb.Message) error]         // the transport does not take the message
	steps    chain[func(group string, m raftpb.Message) (bool, error)] // false: the message is not given to Raft, because of the error if there is one
	stores   chain[func(group string) bool]                            // false: entries are not appended
	hards    chain[func(group string) bool]                            // false: the HardState is not written
	stored   chain[func(group string, s *store, commit uint64)]        // after storage took a Ready
	disk     chain[func(group string) (time.Duration, error)]          // delay and failure of a write
	applies  chain[func(ctx context.Context, group string)]            // holds the state machine up
	notifies chain[func(group string) bool]                            // false: the client is not told
	takes    chain[func(group string, leads bool) error]               // refuses a proposal
}

func allow[F any](c *chain[F], ask func(F) bool) bool {
	for _, f := range c.all() {
		if !ask(*f) {
			return false
		}
	}
	return true
}

// A gate stops whoever comes by while it is shut.
type gate struct {
	mu     sync.Mutex
	shut   int
	opened bell
}

// close shuts the gate until the returned function is called.
func (g *gate) close() (reopen func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut++
	var once sync.Once
	return func() {
		once.Do(func() {
			g.mu.Lock()
			g.shut--
			g.mu.Unlock()
			g.opened.ring()
		})
	}
}

func (g *gate) closed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut > 0
}

// pass waits while the gate is shut; false if ctx ended first.
func (g *gate) pass(c clock, ctx context.Context) bool {
	if !g.closed() {
		return ctx.Err() == nil
	}
	return c.await(ctx, never, &g.opened, func() bool { return !g.closed() }) && ctx.Err() == nil
}
