// Command hnode is one node of a small replicated map on hashicorp/raft, with
// the library's own TCP transport and hclog.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	boltdb "github.com/hashicorp/raft-boltdb/v2"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "hnode:", err)
		os.Exit(1)
	}
}

func run() error {
	id := flag.String("id", "", "the node's id")
	bind := flag.String("bind", "", "address to listen on for peers")
	advertise := flag.String("advertise", "", "address that peers are told")
	client := flag.String("client", "", "address to listen on for clients")
	dir := flag.String("dir", "", "directory of the data; empty: in memory")
	peers := flag.String("bootstrap", "", "ID=ADDRESS,... of the first configuration")
	asJSON := flag.Bool("json", false, "log JSON")
	level := flag.String("level", "info", "log level")
	name := flag.String("logger", "", "name of the logger above raft's")
	heartbeat := flag.Duration("heartbeat", time.Second, "heartbeat and lease timeout")
	election := flag.Duration("election", time.Second, "election timeout")
	threshold := flag.Uint64("snapshot-threshold", 8192, "entries before a snapshot")
	trailing := flag.Uint64("trailing-logs", 10240, "entries kept behind a snapshot")
	interval := flag.Duration("snapshot-interval", 2*time.Minute, "how often a snapshot is thought of")
	slowApply := flag.Duration("slow-apply", 0, "how long each entry takes while a file named slow is in the directory")
	flag.Parse()

	logger := hclog.New(&hclog.LoggerOptions{Name: *name, Level: hclog.LevelFromString(*level), JSONFormat: *asJSON, Output: os.Stderr})
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(*id)
	config.Logger = logger.Named("raft")
	config.HeartbeatTimeout, config.ElectionTimeout = *heartbeat, *election
	config.LeaderLeaseTimeout = *heartbeat / 2
	config.CommitTimeout = *heartbeat / 20
	config.SnapshotThreshold, config.TrailingLogs, config.SnapshotInterval = *threshold, *trailing, *interval

	var logs raft.LogStore
	var stable raft.StableStore
	var snapshots raft.SnapshotStore
	if *dir == "" {
		store := raft.NewInmemStore()
		logs, stable, snapshots = store, store, raft.NewInmemSnapshotStore()
	} else {
		store, err := boltdb.NewBoltStore(filepath.Join(*dir, "raft.db"))
		if err != nil {
			return fmt.Errorf("open the log: %w", err)
		}
		logs, stable = store, store
		files, err := raft.NewFileSnapshotStoreWithLogger(*dir, 2, config.Logger)
		if err != nil {
			return fmt.Errorf("open the snapshots: %w", err)
		}
		snapshots = files
	}
	addr, err := net.ResolveTCPAddr("tcp", *advertise)
	if err != nil {
		return err
	}
	transport, err := raft.NewTCPTransportWithLogger(*bind, addr, 3, 5*time.Second, config.Logger)
	if err != nil {
		return err
	}
	state := &fsm{values: map[string]string{}, slow: *slowApply, slowFile: filepath.Join(*dir, "slow")}
	node, err := raft.NewRaft(config, state, logs, stable, snapshots, transport)
	if err != nil {
		return err
	}
	if *peers != "" {
		var c raft.Configuration
		for _, p := range strings.Split(*peers, ",") {
			id, addr, _ := strings.Cut(p, "=")
			c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(id), Address: raft.ServerAddress(addr)})
		}
		if err := node.BootstrapCluster(c).Error(); err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
			return err
		}
	}
	server := &http.Server{Addr: *client, Handler: handler(node)}
	go server.ListenAndServe()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return node.Shutdown().Error()
}

// handler serves clients: writes, and what an operator asks for.
func handler(node *raft.Raft) http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, err error) {
		if err == nil {
			return
		}
		status := http.StatusServiceUnavailable
		if errors.Is(err, raft.ErrNotLeader) {
			status = http.StatusMisdirectedRequest
			_, id := node.LeaderWithID()
			w.Header().Set("Leader", string(id))
		}
		http.Error(w, err.Error(), status)
	}
	mux.HandleFunc("POST /put", func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			answer(w, err)
			return
		}
		answer(w, node.Apply(data, 3*time.Second).Error())
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(node.Stats())
	})
	mux.HandleFunc("POST /transfer", func(w http.ResponseWriter, r *http.Request) {
		answer(w, node.LeadershipTransferToServer(raft.ServerID(r.FormValue("id")), raft.ServerAddress(r.FormValue("addr"))).Error())
	})
	mux.HandleFunc("POST /remove", func(w http.ResponseWriter, r *http.Request) {
		answer(w, node.RemoveServer(raft.ServerID(r.FormValue("id")), 0, 5*time.Second).Error())
	})
	mux.HandleFunc("POST /learner", func(w http.ResponseWriter, r *http.Request) {
		answer(w, node.AddNonvoter(raft.ServerID(r.FormValue("id")), raft.ServerAddress(r.FormValue("addr")), 0, 5*time.Second).Error())
	})
	mux.HandleFunc("POST /voter", func(w http.ResponseWriter, r *http.Request) {
		answer(w, node.AddVoter(raft.ServerID(r.FormValue("id")), raft.ServerAddress(r.FormValue("addr")), 0, 5*time.Second).Error())
	})
	mux.HandleFunc("POST /snapshot", func(w http.ResponseWriter, r *http.Request) {
		answer(w, node.Snapshot().Error())
	})
	return mux
}

// An fsm is a map of strings.
type fsm struct {
	slow     time.Duration
	slowFile string

	mu     sync.Mutex
	values map[string]string
}

func (f *fsm) Apply(l *raft.Log) any {
	if f.slow > 0 {
		if _, err := os.Stat(f.slowFile); err == nil {
			time.Sleep(f.slow)
		}
	}
	key, value, _ := strings.Cut(string(l.Data), "=")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[key] = value
	return nil
}

func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, err := json.Marshal(f.values)
	return snapshot(data), err
}

func (f *fsm) Restore(r io.ReadCloser) error {
	defer r.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values = map[string]string{}
	return json.NewDecoder(r).Decode(&f.values)
}

type snapshot []byte

func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := sink.Write(s); err != nil {
		sink.Cancel()
		return err
	}
	return sink.Close()
}

func (s snapshot) Release() {}
