package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A command is run again and again, in turn with others.
type command struct {
	name       string
	args       []string
	processors int                 // GOMAXPROCS; 0 for what it is
	bytes      int64               // that it reads
	ok         func(code int) bool // exit codes of success; nil for 0 alone
	samples    []sampleOf
}

// A sampleOf is what one run of a command took.
type sampleOf struct {
	cpu, wall time.Duration // cpu is user and system time of all its threads
	speed     float64       // MB per CPU-second
	ratio     float64       // of speed, to that of wc -l in the same turn
	peak      int64         // resident bytes; 0 if the system does not say
}

func (c *command) run(ctx context.Context) (s sampleOf, err error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = os.Environ()
	if c.processors > 0 {
		cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(c.processors))
	}
	// Not the null device: grep sees that nobody reads it, and stops at the
	// first match.
	cmd.Stdout = io.Discard
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begin := time.Now()
	err = cmd.Run()
	s.wall = time.Since(begin)
	if ctx.Err() != nil {
		return s, errors.New("interrupted")
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && c.ok != nil && c.ok(exit.ExitCode()) {
		err = nil
	}
	if err != nil {
		return s, fmt.Errorf("run %s: %w\n%s", c.name, err, strings.TrimSpace(stderr.String()))
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.peak = peakOf(cmd.ProcessState)
	s.speed = float64(c.bytes) / 1e6 / max(s.cpu.Seconds(), 1e-3)
	return s, nil
}

// median gives the median of what a command's runs show.
func (c *command) median(of func(s sampleOf) float64) float64 {
	list := make([]float64, len(c.samples))
	for i, s := range c.samples {
		list[i] = of(s)
	}
	return median(list)
}

func median(list []float64) float64 {
	slices.Sort(list)
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}
