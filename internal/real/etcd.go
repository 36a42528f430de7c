package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// etcd is a released etcd server. Clients use its JSON gateway.
type etcd struct {
	Version string
	binary  string

	mu      sync.Mutex
	clients map[string]*http.Client
	initial string // --initial-cluster, where it is not the plain list
}

func newEtcd(version string) *etcd {
	return &etcd{Version: version, clients: map[string]*http.Client{}}
}

// etcd34 are releases from before etcd had a module for its server, as the proxy
// calls them.
var etcd34 = map[string]string{"3.4.15": "v0.5.0-alpha.5.0.20210226220824-aa7126864d82"}

func (e *etcd) Build(ctx context.Context) (err error) {
	p := program{module: "go.etcd.io/etcd/server/v3", version: "v" + e.Version, file: "etcd-" + e.Version}
	if commit, ok := etcd34[e.Version]; ok {
		p.module, p.version = "go.etcd.io/etcd", commit
	}
	e.binary, err = p.build(ctx)
	return err
}

func (e *etcd) Prepare(c *Cluster) error {
	if !c.Options.TLS {
		return nil
	}
	a, err := newAuthority("peers")
	if err != nil {
		return err
	}
	if err := a.publish(c.Dir); err != nil {
		return err
	}
	c.state = a
	for _, n := range c.Nodes {
		host, _, _ := net.SplitHostPort(n.Peer)
		if err := a.issue(c.Dir, n.Name, identity{hosts: []string{n.Name, host}}); err != nil {
			return err
		}
	}
	return nil
}

func (e *etcd) scheme(c *Cluster) string {
	if c.Options.TLS {
		return "https://"
	}
	return "http://"
}

func (e *etcd) Command(c *Cluster, i int) (string, []string) {
	n, o := c.Nodes[i], c.Options
	token := o.ClusterID
	if token == "" {
		token = "etcd-cluster"
	}
	initial := e.initial
	if initial == "" {
		var list []string
		for _, m := range c.Nodes[:min(o.Nodes, len(c.Nodes))] {
			list = append(list, m.Name+"="+e.scheme(c)+m.Peer)
		}
		initial = strings.Join(list, ",")
	}
	args := []string{
		"--name", n.Name,
		"--data-dir", n.Dir,
		"--listen-peer-urls", e.scheme(c) + n.Listen,
		"--initial-advertise-peer-urls", e.scheme(c) + n.Peer,
		"--listen-client-urls", "http://" + n.Client,
		"--advertise-client-urls", "http://" + n.Client,
		"--initial-cluster", initial,
		"--initial-cluster-state", "new",
		"--initial-cluster-token", token,
		"--heartbeat-interval", strconv.FormatInt(o.Heartbeat.Milliseconds(), 10),
		"--election-timeout", strconv.FormatInt(o.Election.Milliseconds(), 10),
	}
	if o.TLS {
		args = append(args,
			"--peer-client-cert-auth",
			"--peer-trusted-ca-file", filepath.Join(c.Dir, "ca.pem"),
			"--peer-cert-file", filepath.Join(c.Dir, n.Name+".pem"),
			"--peer-key-file", filepath.Join(c.Dir, n.Name+".key"))
	}
	if o.Level != "" {
		args = append(args, "--log-level", o.Level)
	}
	if o.Format != "" {
		args = append(args, "--log-format", o.Format)
	}
	args = append(args, o.Args...)
	return e.binary, append(args, n.Extra...)
}

// call posts to the gateway of node i.
func (e *etcd) call(ctx context.Context, c *Cluster, i int, path string, in any, out any) error {
	n := c.Nodes[i]
	e.mu.Lock()
	client := e.clients[n.Dir]
	if client == nil {
		client = &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return c.dial(ctx, i, addr) },
		}}
		e.clients[n.Dir] = client
	}
	e.mu.Unlock()
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	prefix := "/v3/"
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+n.Client+prefix+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var problem struct{ Error, Message string }
		json.Unmarshal(data, &problem)
		if problem.Message == "" {
			problem.Message = problem.Error
		}
		return fmt.Errorf("%s: %s", resp.Status, problem.Message)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}

func (e *etcd) Write(ctx context.Context, c *Cluster, i int, key string, value []byte) error {
	return e.call(ctx, c, i, "kv/put", map[string]string{
		"key":   base64.StdEncoding.EncodeToString([]byte(key)),
		"value": base64.StdEncoding.EncodeToString(value),
	}, nil)
}

// etcdStatus is what a node says of itself.
type etcdStatus struct {
	Header struct {
		MemberID string `json:"member_id"`
	} `json:"header"`
	Leader string `json:"leader"`
	Term   string `json:"raftTerm"`
}

func (e *etcd) status(ctx context.Context, c *Cluster, i int) (s etcdStatus, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err = e.call(ctx, c, i, "maintenance/status", struct{}{}, &s)
	return s, err
}

func (e *etcd) Leader(ctx context.Context, c *Cluster) int {
	best, term := -1, uint64(0)
	for i := range c.Nodes {
		if !c.running(i) {
			continue
		}
		s, err := e.status(ctx, c, i)
		if err != nil || s.Leader != s.Header.MemberID || s.Leader == "0" {
			continue
		}
		if t, _ := strconv.ParseUint(s.Term, 10, 64); t > term {
			best, term = i, t
		}
	}
	return best
}

func (e *etcd) Member(ctx context.Context, c *Cluster, i int) Member {
	m := Member{Name: c.Nodes[i].Name, Address: e.scheme(c) + c.Nodes[i].Peer}
	if s, err := e.status(ctx, c, i); err == nil {
		m.ID = hexID(s.Header.MemberID)
	}
	return m
}

// hexID is a member's id as etcd logs it.
func hexID(decimal string) string {
	id, _ := strconv.ParseUint(decimal, 10, 64)
	return strconv.FormatUint(id, 16)
}
