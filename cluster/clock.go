package cluster

import (
	"context"
	"time"
)

// A clock tells the time and lets it pass.
type clock interface {
	Now() time.Time
	// Sleep returns after d, or early and false if ctx ended.
	Sleep(ctx context.Context, d time.Duration) bool
	// Tick delivers every d until stop is called. A slow receiver misses ticks.
	Tick(d time.Duration) (c <-chan time.Time, stop func())
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (wallClock) Tick(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}
