package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// natsSystem is a NATS server with JetStream; clients write into a stream with
// as many replicas as there are nodes.
type natsSystem struct {
	Version string
	binary  string

	mu    sync.Mutex
	conns map[int]*nats.Conn
	made  bool
}

func newNATS(version string) *natsSystem {
	return &natsSystem{Version: version, conns: map[int]*nats.Conn{}}
}

func (s *natsSystem) Build(ctx context.Context) (err error) {
	s.binary, err = program{module: "github.com/nats-io/nats-server/v2", version: "v" + s.Version, file: "nats-server-" + s.Version}.build(ctx)
	return err
}

func (s *natsSystem) Prepare(c *Cluster) error {
	if c.Options.TLS {
		a, err := newAuthority("routes")
		if err != nil {
			return err
		}
		c.state = a
		if err := a.publish(c.Dir); err != nil {
			return err
		}
	}
	for i := range c.Nodes {
		if a, ok := c.state.(*authority); ok {
			host, _, _ := net.SplitHostPort(c.Nodes[i].Peer)
			if err := a.issue(c.Dir, c.Nodes[i].Name, identity{hosts: []string{c.Nodes[i].Name, host}}); err != nil {
				return err
			}
		}
		if err := s.configure(c, i, c.routes()); err != nil {
			return err
		}
	}
	return nil
}

// routes are the addresses that the nodes of a cluster are told.
func (c *Cluster) routes() (list []string) {
	for _, n := range c.Nodes {
		list = append(list, n.Peer)
	}
	return list
}

// configure writes node i's configuration with these routes.
func (s *natsSystem) configure(c *Cluster, i int, routes []string) error {
	n, o := c.Nodes[i], c.Options
	name := o.ClusterID
	if name == "" {
		name = "nats"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "server_name: %s\nlisten: %s\n", n.Name, n.Client)
	sync := ""
	if o.Disk == "fuse" { // its own choice is to sync every two minutes
		sync = ", sync_interval: always"
	}
	fmt.Fprintf(&b, "jetstream { store_dir: %q, max_mem: 64MB, max_file: 1GB%s }\n", n.Dir, sync)
	fmt.Fprintf(&b, "cluster {\n  name: %s\n  listen: %s\n  cluster_advertise: %s\n", name, n.Listen, n.Peer)
	if o.TLS {
		fmt.Fprintf(&b, "  tls { cert_file: %q, key_file: %q, ca_file: %q, verify: true }\n", filepath.Join(c.Dir, n.Name+".pem"), filepath.Join(c.Dir, n.Name+".key"), filepath.Join(c.Dir, "ca.pem"))
	}
	b.WriteString("  routes: [\n")
	for _, r := range routes {
		fmt.Fprintf(&b, "    nats-route://%s\n", r)
	}
	b.WriteString("  ]\n}\n")
	return os.WriteFile(n.Dir+".conf", []byte(b.String()), 0o644)
}

func (s *natsSystem) Command(c *Cluster, i int) (string, []string) {
	args := []string{"-c", c.Nodes[i].Dir + ".conf"}
	if c.Options.Level == "debug" {
		args = append(args, "-D")
	}
	args = append(args, c.Options.Args...)
	return s.binary, append(args, c.Nodes[i].Extra...)
}

// dialer connects from within a node's namespace.
type dialer struct {
	c *Cluster
	i int
}

func (d dialer) Dial(_, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return d.c.dial(ctx, d.i, addr)
}

const natsStream, natsSubject = "ORDERS", "orders"

// conn is a connection to node i and to no other.
func (s *natsSystem) conn(c *Cluster, i int) (nats.JetStreamContext, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nc := s.conns[i]
	if nc == nil || nc.IsClosed() {
		var err error
		nc, err = nats.Connect("nats://"+c.Nodes[i].Client, nats.SetCustomDialer(dialer{c, i}), nats.Timeout(time.Second), nats.NoReconnect(), nats.Name("load"))
		if err != nil {
			return nil, err
		}
		s.conns[i] = nc
	}
	return nc.JetStream(nats.MaxWait(writeTimeout))
}

func (s *natsSystem) Write(ctx context.Context, c *Cluster, i int, key string, value []byte) error {
	js, err := s.conn(c, i)
	if err != nil {
		return err
	}
	_, err = js.Publish(natsSubject, append([]byte(key+"="), value...), nats.Context(ctx))
	return err
}

// Leader is the leader of the stream, which is made when there is none.
func (s *natsSystem) Leader(ctx context.Context, c *Cluster) int {
	for i := range c.Nodes {
		if !c.running(i) {
			continue
		}
		js, err := s.conn(c, i)
		if err != nil {
			continue
		}
		one, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		info, err := js.StreamInfo(natsStream, nats.Context(one))
		if err == nats.ErrStreamNotFound && !s.made {
			info, err = js.AddStream(&nats.StreamConfig{Name: natsStream, Subjects: []string{natsSubject}, Replicas: min(c.Options.Nodes, 5), MaxMsgs: 5000}, nats.Context(one))
			if err == nil {
				s.made = true
				_, err = js.AddConsumer(natsStream, &nats.ConsumerConfig{Durable: "billing", AckPolicy: nats.AckExplicitPolicy}, nats.Context(one))
			}
		}
		if err != nil || info == nil || info.Cluster == nil {
			continue
		}
		for k, n := range c.Nodes {
			if n.Name == info.Cluster.Leader {
				return k
			}
		}
	}
	return -1
}

func (s *natsSystem) Member(_ context.Context, c *Cluster, i int) Member {
	return Member{Name: c.Nodes[i].Name, ID: natsID(c.Nodes[i].Name), Address: c.Nodes[i].Peer}
}

// stepDown asks the leader of the stream, or of the cluster, to give up.
func (s *natsSystem) stepDown(r *Run, subject string) error {
	l := s.Leader(r.ctx, r.Cluster)
	if l < 0 {
		return fmt.Errorf("no leader to step down")
	}
	if _, err := s.conn(r.Cluster, l); err != nil {
		return err
	}
	s.mu.Lock()
	nc := s.conns[l]
	s.mu.Unlock()
	_, err := nc.RequestWithContext(r.ctx, subject, nil)
	return err
}
