package main

import (
	"fmt"
	"time"
)

// Options are how a cluster is set up.
type Options struct {
	Nodes     int           // 3 if 0
	Net       string        // direct, proxy, ns
	Disk      string        // empty: a directory; small, fuse
	Names     string        // pattern with %d; counted from First
	First     int           // number of the first node
	Heartbeat time.Duration // 100 ms if 0
	Election  time.Duration // 1 s if 0
	Rate      float64       // writes a second at each node
	Size      int           // bytes of a value
	Level     string        // of the log; empty: the system's own choice
	Format    string        // of the log; empty: the system's own choice
	TLS       bool          // between peers
	Args      []string      // more arguments of the system's
	ClusterID string        // etcd's token, NATS's cluster name
}

func (o Options) withDefaults() Options {
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	if o.Names == "" {
		o.Names, o.First = "node%d", 1
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 100 * time.Millisecond
	}
	if o.Election == 0 {
		o.Election = 10 * o.Heartbeat
	}
	if o.Rate == 0 {
		o.Rate = 4
	}
	if o.Size == 0 {
		o.Size = 64
	}
	return o
}

func (o Options) name(i int) string { return fmt.Sprintf(o.Names, i+o.First) }
