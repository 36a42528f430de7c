package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A System is one that can be run.
type System interface {
	// Build answers once the system's programs are there.
	Build(ctx context.Context) error
	// Command is how node i of the cluster starts.
	Command(c *Cluster, i int) (path string, args []string)
	// Prepare is called before the first start of all nodes.
	Prepare(c *Cluster) error
	// Write writes through node i; the error is what the client is told.
	Write(ctx context.Context, c *Cluster, i int, key string, value []byte) error
	// Leader is the node that leads; -1 if none is known.
	Leader(ctx context.Context, c *Cluster) int
	// Member is how the system names node i.
	Member(ctx context.Context, c *Cluster, i int) Member
}

// A Node is one process at a time, and what all of its lives print.
type Node struct {
	Name   string // in its system
	Dir    string // its data
	Log    string // the file that holds what it prints
	Client string // address for clients, as seen from its own namespace
	Listen string // address for peers
	Peer   string // what peers are told
	Extra  []string
	Env    []string

	cmd    *exec.Cmd
	exited chan struct{}
}

// A Cluster is the nodes of one run.
type Cluster struct {
	System  System
	Options Options
	Nodes   []*Node
	Net     Network
	Dir     string
	disks   []disk
	cgroups []string
	busy    []*exec.Cmd
	state   any                   // the system's own
	late    map[int]time.Duration // nodes that start after the others

	background []func() // stop what a fault has left running
}

// start starts node i, unless it runs, and does not wait for it to serve.
func (c *Cluster) start(i int) error {
	if c.running(i) {
		return nil
	}
	n := c.Nodes[i]
	path, args := c.System.Command(c, i)
	if ns := c.Net.Namespace(i); ns != "" {
		args = append([]string{"netns", "exec", ns, path}, args...)
		path = "ip"
	}
	log, err := os.OpenFile(n.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), n.Env...)
	cmd.Dir = c.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := onForker(cmd.Start); err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	exited := make(chan struct{})
	n.cmd, n.exited = cmd, exited
	if p, ok := c.Net.(*proxies); ok {
		p.started(i, cmd.Process.Pid)
	}
	go func() {
		cmd.Wait()
		close(exited)
	}()
	return nil
}

// forker is the one thread that starts processes. They die with their parent,
// and the kernel takes the thread for the parent.
var forker = sync.OnceValue(func() chan func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

func onForker(f func() error) error {
	done := make(chan error)
	forker() <- func() { done <- f() }
	return <-done
}

func (c *Cluster) startAll() error {
	for i := range c.Nodes {
		if after, ok := c.late[i]; ok {
			time.AfterFunc(after, func() { c.start(i) })
		} else if err := c.start(i); err != nil {
			return err
		}
	}
	return nil
}

// running reports whether node i's process is there, stopped or not.
func (c *Cluster) running(i int) bool {
	n := c.Nodes[i]
	if n.cmd == nil {
		return false
	}
	select {
	case <-n.exited:
		return false
	default:
		return true
	}
}

func (c *Cluster) signal(i int, s syscall.Signal) error {
	if !c.running(i) {
		return nil
	}
	return c.Nodes[i].cmd.Process.Signal(s)
}

// kill ends node i's process at once.
func (c *Cluster) kill(i int) error { return c.end(i, syscall.SIGKILL) }

// stop asks node i's process to end.
func (c *Cluster) stop(i int) error { return c.end(i, syscall.SIGTERM) }

func (c *Cluster) end(i int, s syscall.Signal) error {
	if !c.running(i) {
		return nil
	}
	if err := c.signal(i, s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.Nodes[i].exited:
	case <-time.After(10 * time.Second):
		c.Nodes[i].cmd.Process.Kill()
		<-c.Nodes[i].exited
	}
	return nil
}

// restart ends node i and starts it again after a while.
func (c *Cluster) restart(i int, s syscall.Signal, after time.Duration) error {
	if err := c.end(i, s); err != nil {
		return err
	}
	time.Sleep(after)
	return c.start(i)
}

// isolate sets a policy on all that node i sends and hears.
func (c *Cluster) isolate(i int, p Policy) {
	for j := range c.Nodes {
		if j != i {
			c.Net.Set(i, j, p)
			c.Net.Set(j, i, p)
		}
	}
}

// everywhere sets a policy between all nodes.
func (c *Cluster) everywhere(p Policy) {
	for i := range c.Nodes {
		c.isolate(i, p)
	}
}

// followers are the nodes but the leader.
func (c *Cluster) followers(leader int) (list []int) {
	for i := range c.Nodes {
		if i != leader {
			list = append(list, i)
		}
	}
	return list
}

// leader waits until the system names one.
func (c *Cluster) leader(ctx context.Context) (int, error) {
	for {
		if i := c.System.Leader(ctx, c); i >= 0 {
			return i, nil
		}
		select {
		case <-ctx.Done():
			return -1, fmt.Errorf("no leader: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// dial connects to an address as seen by node i.
func (c *Cluster) dial(ctx context.Context, i int, addr string) (net.Conn, error) {
	d := net.Dialer{}
	ns := c.Net.Namespace(i)
	if ns == "" {
		return d.DialContext(ctx, "tcp", addr)
	}
	var conn net.Conn
	err := inNamespace(ns, func() (err error) {
		conn, err = d.DialContext(ctx, "tcp", addr)
		return err
	})
	return conn, err
}

// close ends all that the run has started.
func (c *Cluster) close() {
	for _, stop := range c.background {
		stop()
	}
	c.feed()
	for i := range c.Nodes {
		c.signal(i, syscall.SIGCONT)
		c.kill(i)
	}
	if c.Net != nil {
		c.Net.Close()
	}
	for _, d := range c.disks {
		d.close()
	}
	for _, g := range c.cgroups {
		os.Remove(g)
	}
	os.RemoveAll(c.Dir)
}

// newCluster lays out a cluster that is not started.
func newCluster(system System, o Options) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "raftdiag-real-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{System: system, Options: o, Dir: dir}
	fail := func(err error) (*Cluster, error) {
		c.close()
		return nil, err
	}
	switch o.Net {
	case "", "direct":
		c.Net, err = newDirect(o.Nodes + 1)
	case "proxy":
		c.Net, err = newProxies(o.Nodes + 1)
	case "ns":
		c.Net, err = newRouter(o.Nodes + 1)
	default:
		err = fmt.Errorf("no network %q", o.Net)
	}
	if err != nil {
		c.Net = nil
		return fail(err)
	}
	for i := range o.Nodes {
		if err := c.addNode(i); err != nil {
			return fail(err)
		}
	}
	return c, nil
}

// addNode lays out node i; there is room for one more than the options say.
func (c *Cluster) addNode(i int) error {
	n := &Node{Name: c.Options.name(i), Log: filepath.Join(c.Dir, fmt.Sprintf("node%d.log", i+1))}
	n.Dir = filepath.Join(c.Dir, n.Name)
	if err := os.MkdirAll(n.Dir, 0o700); err != nil {
		return err
	}
	if make, ok := diskKinds[c.Options.Disk]; ok {
		d, err := make(n.Dir)
		if err != nil {
			return err
		}
		c.disks = append(c.disks, d)
	}
	n.Listen, n.Peer = c.Net.Listen(i)
	if c.Net.Namespace(i) != "" {
		n.Client = "127.0.0.1:2379"
	} else {
		a, err := freeAddr()
		if err != nil {
			return err
		}
		n.Client = a
	}
	c.Nodes = append(c.Nodes, n)
	return nil
}
