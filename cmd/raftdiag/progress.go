package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A meter shows on a terminal how far the reading has come. It shows nothing
// for small inputs.
type meter struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
	last  time.Time
	shown bool
	ended bool
}

const (
	largeInput = 64 << 20
	meterEvery = 200 * time.Millisecond
)

// newMeter makes a meter, or nil where none is to be seen.
func newMeter(w io.Writer, quiet bool) *meter {
	if quiet || !isTerminal(w) {
		return nil
	}
	return &meter{w: w, start: time.Now()}
}

// progress is what the reader calls; nil without a meter.
func (m *meter) progress() func(done, total int64) {
	if m == nil {
		return nil
	}
	return m.update
}

func (m *meter) update(done, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.ended || max(done, total) < largeInput || now.Sub(m.last) < meterEvery {
		return
	}
	m.last, m.shown = now, true
	fmt.Fprintf(m.w, "\r\x1b[K%s", bar(done, total, now.Sub(m.start)))
}

// clear takes the meter off the screen.
func (m *meter) clear() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	if m.shown {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}

// bar draws done of total; an unknown total of 0 leaves the bar out.
func bar(done, total int64, took time.Duration) string {
	const mb = 1 << 20
	rate := ""
	if s := took.Seconds(); s > 0 {
		rate = fmt.Sprintf(", %.0f MB/s", float64(done)/mb/s)
	}
	if total <= 0 {
		return fmt.Sprintf("reading: %d MB%s", done/mb, rate)
	}
	done = min(done, total)
	const width = 24
	full := int(done * width / total)
	cells := make([]byte, width)
	for i := range cells {
		cells[i] = '.'
		if i < full {
			cells[i] = '#'
		}
	}
	return fmt.Sprintf("reading [%s] %3d%% of %d MB%s", cells, done*100/total, total/mb, rate)
}
