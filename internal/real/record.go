package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A Scenario is one thing that can be recorded.
type Scenario struct {
	System  string // etcd, hraft, nats
	Version string
	Fault   string
	Variant string
	Options Options

	Cause   string
	Also    []string
	Points  []string
	Healthy bool
	Notes   string

	Warm, Hold, Tail time.Duration // before the fault, with it, after it was taken back

	Before func(*Run) error // before the first start
	Break  func(*Run) error
	Heal   func(*Run) error // nil: the fault stays

	Graceful bool // the logs end with an orderly shutdown, not in mid-flight
	Single   bool // the logs are one stream, as docker compose prints it
}

// Name is the directory of a recording below that of its system and version.
func (s *Scenario) Name() string {
	if s.Variant == "" {
		return s.Fault
	}
	return s.Fault + "-" + s.Variant
}

func (s *Scenario) path() string { return s.System + "-" + s.Version + "/" + s.Name() }

// A Run is a scenario that is under way.
type Run struct {
	*Cluster
	ctx      context.Context
	Leading  int // who leads when the fault begins
	Culprits []int
	load     *Load
}

// follower is the k-th node, from 0, that does not lead.
func (r *Run) follower(k int) int { return r.followers(r.Leading)[k] }

// blame names culprits and answers the first.
func (r *Run) blame(nodes ...int) int {
	r.Culprits = append(r.Culprits, nodes...)
	return nodes[0]
}

// sleep waits, unless the run is ended.
func (r *Run) sleep(d time.Duration) {
	select {
	case <-r.ctx.Done():
	case <-time.After(d):
	}
}

// loop keeps doing f until the fault is healed or the run ends.
func (r *Run) loop(f func(stopped <-chan struct{})) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				f(stop)
			}
		}
	}()
	r.background = append(r.background, sync.OnceFunc(func() {
		close(stop)
		<-done
	}))
}

// endLoops ends what loop has begun.
func (r *Run) endLoops() {
	for _, stop := range r.background {
		stop()
	}
}

// systemOf is the system that a scenario runs on.
func systemOf(s *Scenario) (System, error) {
	switch s.System {
	case "hraft":
		return newHraft(s.Version), nil
	case "nats":
		return newNATS(s.Version), nil
	case "etcd":
		return newEtcd(s.Version), nil
	}
	return nil, fmt.Errorf("no system %q", s.System)
}

// record runs a scenario and writes its directory below out.
func record(ctx context.Context, s *Scenario, out string) (*Truth, error) {
	system, err := systemOf(s)
	if err != nil {
		return nil, err
	}
	if err := system.Build(ctx); err != nil {
		return nil, fmt.Errorf("build %s %s: %w", s.System, s.Version, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	c, err := newCluster(system, s.Options.withDefaults())
	if err != nil {
		return nil, err
	}
	defer c.close()
	r := &Run{Cluster: c, ctx: ctx, Leading: -1}
	if err := system.Prepare(c); err != nil {
		return nil, err
	}
	if s.Before != nil {
		if err := s.Before(r); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
	}
	begun := time.Now()
	if err := c.startAll(); err != nil {
		return nil, err
	}
	t := &Truth{System: s.System, Version: s.Version, Fault: s.Fault, Variant: s.Variant, Cause: s.Cause, Also: s.Also, Healthy: s.Healthy, Points: s.Points, Partial: s.System == "nats", Nodes: []string{}}
	first, stop := context.WithTimeout(ctx, 15*time.Second)
	_, err = c.leader(first)
	stop()
	if err != nil && s.Break != nil {
		return nil, err
	}
	r.load = startLoad(c)
	loaded := time.Now()
	r.sleep(s.Warm)
	if r.Leading, err = c.leader(first); err != nil {
		short, stop := context.WithTimeout(ctx, 3*time.Second)
		r.Leading, _ = c.leader(short)
		stop()
	}
	t.Members = map[string]Member{}
	for i := range c.Nodes {
		t.Members[fileOf(i)] = system.Member(ctx, c, i)
	}
	if r.Leading >= 0 {
		t.Leader = fileOf(r.Leading)
	}
	start := time.Now()
	if s.Break == nil && !s.Healthy {
		start = begun // the fault is in the setup
	}
	if s.Break != nil || !s.Healthy {
		t.Start = &start
	}
	if s.Break != nil {
		if err := s.Break(r); err != nil {
			return nil, fmt.Errorf("break: %w", err)
		}
	}
	r.sleep(s.Hold)
	if s.Heal != nil {
		if err := s.Heal(r); err != nil {
			return nil, fmt.Errorf("heal: %w", err)
		}
		end := time.Now()
		t.End = &end
		r.sleep(s.Tail)
	}
	r.load.stop()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	finish := time.Now()
	for i := len(t.Members); i < len(c.Nodes); i++ {
		t.Members[fileOf(i)] = system.Member(ctx, c, i)
	}
	if s.Graceful {
		for i := range c.Nodes {
			c.stop(i)
		}
		s.Notes = strings.TrimSpace(s.Notes + " The logs end with an orderly stop of one node after the other.")
	}
	for _, i := range r.Culprits {
		t.Nodes = append(t.Nodes, fileOf(i))
	}
	if loaded.Before(start) {
		loaded = start
	}
	r.load.report(t, loaded, finish) // a start-up is no gap
	path, args := system.Command(c, 0)
	t.Command = strings.ReplaceAll(filepath.Base(path)+" "+strings.Join(args, " "), c.Dir+"/", "")
	t.Notes = s.Notes

	dir := filepath.Join(out, s.path())
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if s.Single {
		err = merge(c, filepath.Join(dir, "all.log"))
	} else {
		for _, n := range c.Nodes {
			if _, missing := os.Stat(n.Log); missing != nil {
				continue // it was never started
			}
			if err = copyFile(n.Log, filepath.Join(dir, filepath.Base(n.Log))); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return t, t.write(dir)
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}
