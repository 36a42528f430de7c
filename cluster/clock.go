package cluster

import (
	"context"
	"sync"
	"time"
)

// A clock tells the time, lets it pass, and runs things side by side. Whoever
// waits does so by its clock: there is no other way to wait in this package,
// but for what belongs to the real network.
type clock interface {
	Now() time.Time
	// Go runs f beside its caller.
	Go(f func())
	// await returns true when cond holds. It asks at once and after each ring
	// of the bell. It returns false when the time has come, unless that is
	// zero, or ctx has ended.
	await(ctx context.Context, until time.Time, b *bell, cond func() bool) bool
	// Sleep returns after d, or early and false if ctx ended.
	Sleep(ctx context.Context, d time.Duration) bool
}

var never time.Time

// A bell wakes those who wait for something to change. The zero bell is ready
// to use.
type bell struct {
	mu    sync.Mutex
	heard chan struct{} // closed at the next ring
	rest  sleepers      // those of a virtual clock
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.heard != nil {
		close(b.heard)
		b.heard = nil
	}
	b.rest.wake()
}

// listen is a channel that closes at the next ring.
func (b *bell) listen() <-chan struct{} {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.heard == nil {
		b.heard = make(chan struct{})
	}
	return b.heard
}

// A scope is a context that ends when it is told to. Unlike those of the
// standard library it can be waited for on a virtual clock.
type scope struct {
	mu   sync.Mutex
	err  error
	done chan struct{}
	kids []*scope
	bell bell
	// deadline is when waiting in it ends; zero: never. Only a virtual clock
	// keeps to it.
	deadline time.Time
}

// newScope makes a scope that ends no later than its parents.
func newScope(parents ...*scope) *scope {
	s := &scope{done: make(chan struct{})}
	for _, p := range parents {
		if !p.adopt(s) {
			s.end()
		}
	}
	return s
}

// adopt lets the kid end with s; false if s has ended.
func (s *scope) adopt(kid *scope) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	live := s.kids[:0]
	for _, k := range s.kids {
		if k.Err() == nil {
			live = append(live, k)
		}
	}
	clear(s.kids[len(live):])
	s.kids = append(live, kid)
	return true
}

func (s *scope) end() {
	s.mu.Lock()
	kids := s.kids
	if s.err == nil {
		s.err = context.Canceled
		close(s.done)
	}
	s.kids = nil
	s.mu.Unlock()
	for _, k := range kids {
		k.end()
	}
	s.bell.ring()
}

func (s *scope) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *scope) Done() <-chan struct{}       { return s.done }
func (s *scope) Value(any) any               { return nil }

func (s *scope) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// A crew is functions that run side by side and are waited for.
type crew struct {
	mu   sync.Mutex
	n    int
	idle bell
}

func (c *crew) Go(k clock, f func()) {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	k.Go(func() {
		defer c.left()
		f()
	})
}

func (c *crew) left() {
	c.mu.Lock()
	c.n--
	c.mu.Unlock()
	c.idle.ring()
}

func (c *crew) Wait(k clock) {
	k.await(context.Background(), never, &c.idle, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.n == 0
	})
}

// wallClock is the real clock, and goroutines.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }
func (wallClock) Go(f func())    { go f() }

func (wallClock) await(ctx context.Context, until time.Time, b *bell, cond func() bool) bool {
	var late <-chan time.Time
	for {
		heard := b.listen() // before the question, so that no ring is missed
		switch {
		case cond != nil && cond():
			return true
		case ctx.Err() != nil:
			return false
		}
		if late == nil && !until.IsZero() {
			d := time.Until(until)
			if d <= 0 {
				return false
			}
			t := time.NewTimer(d)
			defer t.Stop()
			late = t.C
		}
		select {
		case <-heard:
		case <-ctx.Done():
			return cond != nil && cond()
		case <-late:
			return cond != nil && cond()
		}
	}
}

func (c wallClock) Sleep(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		c.await(ctx, time.Now().Add(d), nil, nil)
	}
	return ctx.Err() == nil
}
