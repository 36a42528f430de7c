package cluster

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// A virtualClock is a clock on which time passes when nobody has anything left
// to do at the moment. What it runs side by side runs in turn, one at a time
// and always in the same order, so that a run is the same each time.
type virtualClock struct {
	now     time.Time
	ready   []*strand
	alarms  alarms
	running *strand
	strands int
	alive   int
	made    int // alarms
}

// errStill is a run in which everybody waits for somebody else.
var errStill = errors.New("virtual cluster stands still: everybody waits, and no time is set")

// A strand is a function that runs in turn with others.
type strand struct {
	clock  *virtualClock
	id     int
	resume func() (struct{}, bool)
	yield  func(struct{}) bool
	waits  int // how often it has waited; what would wake an earlier wait is stale
	asleep bool
}

// sleepers are strands that wait for the same thing, with the number of their
// wait.
type sleepers struct{ list []sleeper }

type sleeper struct {
	s    *strand
	wait int
}

func (l *sleepers) add(s *strand) {
	if len(l.list) > 16 && len(l.list) == cap(l.list) { // a bell that hardly ever rings must not grow
		l.list = slices.DeleteFunc(l.list, func(x sleeper) bool { return x.s.waits != x.wait })
	}
	l.list = append(l.list, sleeper{s, s.waits})
}

func (l *sleepers) wake() {
	if len(l.list) == 0 {
		return
	}
	for _, x := range l.list {
		x.s.wake(x.wait)
	}
	clear(l.list)
	l.list = l.list[:0]
}

func (s *strand) wake(wait int) {
	if s.asleep && s.waits == wait {
		s.asleep = false
		s.clock.ready = append(s.clock.ready, s)
	}
}

// An alarm wakes a strand at a time.
type alarm struct {
	at  time.Time
	seq int
	sleeper
}

type alarms []alarm

func (a alarms) Len() int { return len(a) }
func (a alarms) Less(i, j int) bool {
	return cmp.Or(a[i].at.Compare(a[j].at), cmp.Compare(a[i].seq, a[j].seq)) < 0
}
func (a alarms) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *alarms) Push(x any)   { *a = append(*a, x.(alarm)) }
func (a *alarms) Pop() any {
	old := *a
	x := old[len(old)-1]
	old[len(old)-1] = alarm{}
	*a = old[:len(old)-1]
	return x
}

// drive runs f and everything that comes of it to the end. It calls interrupt
// now and then, which may end what runs.
func (v *virtualClock) drive(f func(), interrupt func()) error {
	v.Go(f)
	for turn := 0; v.alive > 0; turn++ {
		if turn%4096 == 0 {
			interrupt()
		}
		if len(v.ready) == 0 && !v.advance() {
			return errStill
		}
		s := v.ready[0]
		v.ready = v.ready[1:]
		v.running = s
		if _, goesOn := s.resume(); !goesOn {
			v.alive--
		}
		v.running = nil
	}
	return nil
}

// advance lets time pass up to the next alarm.
func (v *virtualClock) advance() bool {
	for len(v.alarms) > 0 {
		a := heap.Pop(&v.alarms).(alarm)
		if a.s.waits != a.wait {
			continue
		}
		if a.at.After(v.now) {
			v.now = a.at
		}
		a.s.wake(a.wait)
		if len(v.ready) > 0 {
			return true
		}
	}
	return false
}

func (v *virtualClock) Now() time.Time { return v.now }

func (v *virtualClock) Go(f func()) {
	s := &strand{clock: v, id: v.strands}
	v.strands++
	v.alive++
	s.resume, _ = iter.Pull(func(yield func(struct{}) bool) {
		s.yield = yield
		f()
	})
	v.ready = append(v.ready, s)
}

func (v *virtualClock) await(ctx context.Context, until time.Time, b *bell, cond func() bool) bool {
	sc, _ := ctx.(*scope)
	if sc != nil && !sc.deadline.IsZero() && (until.IsZero() || sc.deadline.Before(until)) {
		until = sc.deadline
	}
	for {
		switch {
		case cond != nil && cond():
			return true
		case ctx.Err() != nil:
			return false
		case !until.IsZero() && !v.now.Before(until):
			return false
		}
		s := v.running
		s.waits++
		s.asleep = true
		if b != nil {
			b.mu.Lock()
			b.rest.add(s)
			b.mu.Unlock()
		}
		if sc != nil {
			sc.bell.mu.Lock()
			sc.bell.rest.add(s)
			sc.bell.mu.Unlock()
		}
		if !until.IsZero() {
			v.made++
			heap.Push(&v.alarms, alarm{until, v.made, sleeper{s, s.waits}})
		}
		s.yield(struct{}{})
	}
}

func (v *virtualClock) Sleep(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		v.await(ctx, v.now.Add(d), nil, nil)
	}
	return ctx.Err() == nil
}
