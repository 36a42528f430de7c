package main

import (
	"time"
)

// A Policy is what happens to what one node sends to another.
type Policy struct {
	Drop   bool          // nothing arrives; senders are not told
	Refuse bool          // connections are reset, new ones refused
	Delay  time.Duration // of each piece
	Jitter time.Duration // more delay, even between 0 and this
	Loss   float64       // part of the pieces lost; TCP sends them again, later
	Rate   int           // bytes a second; 0: no limit
}

// A Network connects nodes, numbered from 0.
type Network interface {
	// Listen answers where node i listens for its peers, and what it tells them.
	Listen(i int) (listen, advertise string)
	// Namespace is the network namespace of node i, or empty.
	Namespace(i int) string
	// Set changes what happens from one node to another, in this direction only.
	Set(from, to int, p Policy)
	Close() error
}

// direct is the loopback itself: nothing can be done to it.
type direct struct{ addrs []string }

func newDirect(n int) (*direct, error) {
	d := &direct{}
	for range n {
		a, err := freeAddr()
		if err != nil {
			return nil, err
		}
		d.addrs = append(d.addrs, a)
	}
	return d, nil
}

func (d *direct) Listen(i int) (string, string) { return d.addrs[i], d.addrs[i] }
func (d *direct) Namespace(int) string          { return "" }
func (d *direct) Set(int, int, Policy)          { panic("plain loopback has no policies") }
func (d *direct) Close() error                  { return nil }
