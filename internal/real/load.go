package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// A Load writes through every node, steadily, and keeps how that went.
type Load struct {
	mu        sync.Mutex
	successes []time.Time // over all nodes
	failures  []failure
	writes    int
	burst     float64 // times the usual rate

	cancel context.CancelFunc
	wg     sync.WaitGroup
}

type failure struct {
	node int
	at   time.Time // when the write was begun
	text string
}

// writeTimeout is how long a client waits.
const writeTimeout = 3 * time.Second

func startLoad(c *Cluster) *Load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Load{cancel: cancel, burst: 1}
	for i := range c.Nodes {
		l.wg.Go(func() { l.run(ctx, c, i) })
	}
	return l
}

func (l *Load) run(ctx context.Context, c *Cluster, i int) {
	value := []byte(strings.Repeat("x", c.Options.Size))
	for k := 0; ctx.Err() == nil; k++ {
		begun := time.Now()
		one, cancel := context.WithTimeout(ctx, writeTimeout)
		err := c.System.Write(one, c, i, fmt.Sprintf("key-%d-%d", i+1, k%500), value)
		cancel()
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		l.writes++
		if err != nil {
			l.failures = append(l.failures, failure{i, begun, err.Error()})
		} else {
			l.successes = append(l.successes, time.Now())
		}
		pause := time.Duration(float64(time.Second) / (c.Options.Rate * l.burst) * (0.5 + rand.Float64()))
		l.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(pause - time.Since(begun)):
		}
	}
}

// setBurst makes the load so many times as heavy.
func (l *Load) setBurst(times float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.burst = times
}

func (l *Load) stop() {
	l.cancel()
	l.wg.Wait()
}

// report fills in what the clients saw from begin on.
func (l *Load) report(t *Truth, begin, end time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Writes = l.writes
	t.FailedByNode, t.Errors = map[string]int{}, map[string]int{}
	for _, f := range l.failures {
		t.FailedWrites++
		t.FailedByNode[fileOf(f.node)]++
		text := f.text
		if len(text) > 160 {
			text = text[:160]
		}
		t.Errors[text]++
		if at := f.at; t.FirstFailure == nil || at.Before(*t.FirstFailure) {
			t.FirstFailure = &at
		}
		if at := f.at; t.LastFailure == nil || at.After(*t.LastFailure) {
			t.LastFailure = &at
		}
	}
	if len(t.Errors) > 12 {
		maps.DeleteFunc(t.Errors, func(_ string, n int) bool { return n < 2 })
	}
	last := begin
	for _, at := range append(l.successes, end) {
		if at.Before(begin) {
			continue
		}
		if gap := at.Sub(last).Milliseconds(); gap > t.LongestGapMS {
			since := last
			t.LongestGapMS, t.GapStart = gap, &since
		}
		last = at
	}
	switch {
	case t.LongestGapMS >= 4000:
		t.Impact = "blocked"
	case t.LongestGapMS >= 600:
		t.Impact = "slow"
	default:
		t.Impact = "none"
	}
}

func fileOf(i int) string { return fmt.Sprintf("node%d", i+1) }
