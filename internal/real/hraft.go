package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// hraft is the program hnode, on hashicorp/raft.
type hraft struct {
	Version string
	binary  string

	mu      sync.Mutex
	clients map[int]*http.Client
}

func newHraft(version string) *hraft {
	return &hraft{Version: version, clients: map[int]*http.Client{}}
}

// Build builds hnode in a copy of this module's directory, with the library's
// version asked for.
func (h *hraft) Build(ctx context.Context) error {
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	h.binary = filepath.Join(cache, "hnode-"+h.Version)
	source, err := sourceDir(ctx)
	if err != nil {
		return err
	}
	if old, err := os.Stat(h.binary); err == nil {
		if s, err := os.Stat(filepath.Join(source, "hnode", "main.go")); err == nil && s.ModTime().Before(old.ModTime()) {
			return nil
		}
	}
	dir, err := os.MkdirTemp("", "raftdiag-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, file := range []string{"go.mod", "go.sum", "hnode/main.go"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			return err
		}
		if err := copyFile(filepath.Join(source, file), filepath.Join(dir, file)); err != nil {
			return err
		}
	}
	if err := goCommand(ctx, dir, "get", "github.com/hashicorp/raft@v"+h.Version); err != nil {
		return err
	}
	if err := goCommand(ctx, dir, "build", "-trimpath", "-o", h.binary+".new", "./hnode"); err != nil {
		return err
	}
	return os.Rename(h.binary+".new", h.binary)
}

// sourceDir is the directory of this module.
func sourceDir(ctx context.Context) (string, error) {
	const self = "github.com/raftdiag/raftdiag/internal/real"
	for _, dir := range []string{".", "internal/real", os.Getenv("RAFTDIAG_REAL_SOURCE")} {
		if data, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && strings.HasPrefix(string(data), "module "+self+"\n") {
			return filepath.Abs(dir)
		}
	}
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return "", fmt.Errorf("the source of %s is not here (hint: set RAFTDIAG_REAL_SOURCE)", self)
	}
	return "", fmt.Errorf("the source of %s is not here (hint: start in its directory, or set RAFTDIAG_REAL_SOURCE)", info.Main.Path)
}

func (h *hraft) Prepare(*Cluster) error { return nil }

func (h *hraft) Command(c *Cluster, i int) (string, []string) {
	n, o := c.Nodes[i], c.Options
	var list []string
	for _, m := range c.Nodes[:min(o.Nodes, len(c.Nodes))] {
		list = append(list, m.Name+"="+m.Peer)
	}
	args := []string{"-id", n.Name, "-bind", n.Listen, "-advertise", n.Peer, "-client", n.Client, "-dir", n.Dir,
		"-heartbeat", o.Heartbeat.String(), "-election", o.Election.String(), "-bootstrap", strings.Join(list, ",")}
	if o.Level != "" {
		args = append(args, "-level", o.Level)
	}
	if o.Format == "json" {
		args = append(args, "-json")
	}
	args = append(args, o.Args...)
	return h.binary, append(args, n.Extra...)
}

// misdirected is the answer of a node that does not lead.
type misdirected struct{ leader, text string }

func (m misdirected) Error() string { return m.text }

func (h *hraft) call(ctx context.Context, c *Cluster, i int, method, path string, body io.Reader, out any) error {
	n := c.Nodes[i]
	h.mu.Lock()
	client := h.clients[i]
	if client == nil {
		client = &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) { return c.dial(ctx, i, addr) },
		}}
		h.clients[i] = client
	}
	h.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.Client+path, body)
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
	text := strings.TrimSpace(string(data))
	switch {
	case resp.StatusCode == http.StatusMisdirectedRequest:
		return misdirected{resp.Header.Get("Leader"), text}
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", resp.Status, text)
	case out != nil:
		return json.Unmarshal(data, out)
	}
	return nil
}

// Write goes where node i says that the leader is, if it does not lead.
func (h *hraft) Write(ctx context.Context, c *Cluster, i int, key string, value []byte) error {
	put := func(i int) error {
		return h.call(ctx, c, i, "POST", "/put", strings.NewReader(key+"="+string(value)), nil)
	}
	err := put(i)
	if m, ok := err.(misdirected); ok {
		for j, n := range c.Nodes {
			if n.Name == m.leader && j != i {
				return put(j)
			}
		}
	}
	return err
}

func (h *hraft) Leader(ctx context.Context, c *Cluster) int {
	best, term := -1, ""
	for i := range c.Nodes {
		if !c.running(i) {
			continue
		}
		var s map[string]string
		one, cancel := context.WithTimeout(ctx, time.Second)
		err := h.call(one, c, i, "GET", "/status", nil, &s)
		cancel()
		if t := s["term"]; err == nil && s["state"] == "Leader" && (len(t) > len(term) || len(t) == len(term) && t > term) {
			best, term = i, t
		}
	}
	return best
}

func (h *hraft) Member(_ context.Context, c *Cluster, i int) Member {
	return Member{Name: c.Nodes[i].Name, ID: c.Nodes[i].Name, Address: c.Nodes[i].Peer}
}

// ask has the leader do something to node i.
func (h *hraft) ask(r *Run, what string, i int) error {
	v := url.Values{"id": {r.Nodes[i].Name}, "addr": {r.Nodes[i].Peer}}
	l := h.Leader(r.ctx, r.Cluster)
	if l < 0 {
		return fmt.Errorf("no leader to ask for %s", what)
	}
	return h.call(r.ctx, r.Cluster, l, "POST", "/"+what+"?"+v.Encode(), nil, nil)
}
