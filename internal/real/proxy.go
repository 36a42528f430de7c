package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// proxies stand in front of each node. A peer dials the proxy, which finds out
// who dials by the process that owns the other end of the connection.
type proxies struct {
	targets, fronts []string
	listeners       []net.Listener

	mu       sync.Mutex
	changed  *sync.Cond
	pids     []int
	policies map[[2]int]Policy
	conns    map[*pair]bool
	closed   bool
}

// A pair is a connection through a proxy.
type pair struct {
	dialer, acceptor int
	a, b             net.Conn // the dialer's side, the acceptor's
}

func newProxies(n int) (*proxies, error) {
	p := &proxies{policies: map[[2]int]Policy{}, conns: map[*pair]bool{}, pids: make([]int, n)}
	p.changed = sync.NewCond(&p.mu)
	for i := range n {
		a, err := freeAddr()
		if err != nil {
			return nil, err
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		p.targets = append(p.targets, a)
		p.fronts = append(p.fronts, l.Addr().String())
		p.listeners = append(p.listeners, l)
		go p.serve(i, l)
	}
	return p, nil
}

func (p *proxies) Listen(i int) (string, string) { return p.targets[i], p.fronts[i] }
func (p *proxies) Namespace(int) string          { return "" }

// started tells whose process is whose.
func (p *proxies) started(i, pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pids[i] = pid
}

func (p *proxies) Set(from, to int, policy Policy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.policies[[2]int{from, to}] = policy
	if policy.Refuse {
		for c := range p.conns {
			if c.dialer == from && c.acceptor == to || c.dialer == to && c.acceptor == from {
				c.reset()
			}
		}
	}
	p.changed.Broadcast()
}

func (p *proxies) Close() error {
	for _, l := range p.listeners {
		l.Close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for c := range p.conns {
		c.reset()
	}
	p.changed.Broadcast()
	return nil
}

func (c *pair) reset() {
	for _, conn := range []net.Conn{c.a, c.b} {
		if t, ok := conn.(*net.TCPConn); ok {
			t.SetLinger(0)
			t.Close()
		}
	}
}

func (p *proxies) serve(to int, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go p.handle(to, conn)
	}
}

func (p *proxies) handle(to int, conn net.Conn) {
	c := &pair{dialer: p.owner(conn), acceptor: to, a: conn}
	defer c.reset()
	// A packet that opens a connection crosses in one direction, its answer in
	// the other: both must be open.
	for _, way := range [][2]int{{c.dialer, to}, {to, c.dialer}} {
		policy, ok := p.wait(way)
		if !ok || policy.Refuse {
			return
		}
	}
	b, err := net.DialTimeout("tcp", p.targets[to], time.Second)
	if err != nil {
		return
	}
	p.mu.Lock()
	c.b = b
	p.conns[c] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}()
	var wg sync.WaitGroup
	wg.Go(func() { p.pump(c.dialer, to, c.a, c.b) })
	wg.Go(func() { p.pump(to, c.dialer, c.b, c.a) })
	wg.Wait()
}

// wait answers the policy once nothing is dropped.
func (p *proxies) wait(way [2]int) (Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.policies[way].Drop && !p.closed {
		p.changed.Wait()
	}
	return p.policies[way], !p.closed
}

// A piece is what was read at once, and when it is due at the other side.
type piece struct {
	data []byte
	due  time.Time
}

// pump carries bytes in one direction. What is cut off stays in order and
// comes after the cut, as TCP's repetitions do.
func (p *proxies) pump(from, to int, r, w net.Conn) {
	queue := make(chan piece, 1024)
	go func() {
		defer close(queue)
		var last time.Time
		for {
			buf := make([]byte, 16<<10)
			n, err := r.Read(buf)
			if n > 0 {
				p.mu.Lock()
				policy := p.policies[[2]int{from, to}]
				p.mu.Unlock()
				due := time.Now().Add(policy.Delay)
				if policy.Jitter > 0 {
					due = due.Add(rand.N(policy.Jitter))
				}
				// A lost segment waits for the sender's timer, twice as long each time.
				for rto := 200 * time.Millisecond; policy.Loss > 0 && rand.Float64() < policy.Loss; rto *= 2 {
					due = due.Add(rto)
				}
				if due.Before(last) {
					due = last
				}
				if policy.Rate > 0 {
					due = due.Add(time.Duration(n) * time.Second / time.Duration(policy.Rate))
				}
				last = due
				queue <- piece{buf[:n], due}
			}
			if err != nil {
				return
			}
		}
	}()
	broken := false
	for q := range queue {
		if broken {
			continue
		}
		time.Sleep(time.Until(q.due))
		if _, ok := p.wait([2]int{from, to}); !ok {
			broken = true
			continue
		}
		if _, err := w.Write(q.data); err != nil {
			broken = true
			r.Close()
		}
	}
	// The end of a connection is a packet too.
	p.wait([2]int{from, to})
	if t, ok := w.(*net.TCPConn); ok {
		t.CloseWrite()
	}
}

// owner is the node whose process holds the other end of a connection; -1 if
// it cannot be told.
func (p *proxies) owner(conn net.Conn) int {
	remote := conn.RemoteAddr().(*net.TCPAddr)
	inode := inodeOf(remote)
	if inode == "" {
		return -1
	}
	p.mu.Lock()
	pids := append([]int(nil), p.pids...)
	p.mu.Unlock()
	for i, pid := range pids {
		if pid == 0 {
			continue
		}
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, l := range links {
			if target, _ := os.Readlink(l); target == "socket:["+inode+"]" {
				return i
			}
		}
	}
	return -1
}

// inodeOf finds the socket whose own address is addr, an IPv4 address.
func inodeOf(addr *net.TCPAddr) string {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		suffix := fmt.Sprintf(":%04X", addr.Port)
		for s := bufio.NewScanner(f); s.Scan(); {
			fields := strings.Fields(s.Text())
			if len(fields) > 9 && strings.HasSuffix(fields[1], suffix) && fields[9] != "0" {
				f.Close()
				return fields[9]
			}
		}
		f.Close()
	}
	return ""
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

var _ io.Closer = (*proxies)(nil)
