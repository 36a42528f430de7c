package raftlog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag/raftlog" // raftlog
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

var errQueueFull = errors.New("the peer's queue is full")

// A server is a plain application on Node: Raft has a goroutine of its own.
type server struct {
	node    raft.Node
	storage *raft.MemoryStorage
	peers   map[uint64]chan raftpb.Message
	inbox   chan raftpb.Message
	applied chan string
	log     *raftlog.Log // raftlog
}

func startServer(id uint64, peers map[uint64]chan raftpb.Message, logger *slog.Logger) *server {
	s := &server{storage: raft.NewMemoryStorage(), peers: peers, inbox: peers[id], applied: make(chan string, 16)}
	s.log = raftlog.New(raftlog.Slog(logger), id, "db") // raftlog
	s.log.Open(s.storage, 0)                            // raftlog
	s.node = raft.StartNode(&raft.Config{
		ID: id, ElectionTick: 10, HeartbeatTick: 1, Storage: s.storage,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 64, Logger: quiet,
	}, []raft.Peer{{ID: 1}, {ID: 2}, {ID: 3}})
	return s
}

func (s *server) propose(ctx context.Context, value string) error {
	s.log.Proposing(len(value)) // raftlog
	err := s.node.Propose(ctx, []byte(value))
	if err != nil {
		s.log.ProposalDropped(len(value), err) // raftlog
	}
	return err
}

func (s *server) run(stop <-chan struct{}) error {
	defer s.log.Stopped("closed") // raftlog
	defer s.node.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
			s.node.Tick()
		case m := <-s.inbox:
			s.log.Received(m) // raftlog
			if err := s.node.Step(context.Background(), m); err != nil {
				s.log.StepFailed(m, err) // raftlog
			}
		case rd := <-s.node.Ready():
			s.log.Took(rd, s.node, s.storage) // raftlog
			if !raft.IsEmptyHardState(rd.HardState) {
				if err := s.storage.SetHardState(rd.HardState); err != nil {
					return err
				}
			}
			if err := s.storage.Append(rd.Entries); err != nil {
				return err
			}
			s.log.Stored(rd) // raftlog
			for _, m := range rd.Messages {
				select {
				case s.peers[m.To] <- m:
					s.log.HandedOver(m) // raftlog
				default:
					s.log.SendFailed(m, errQueueFull) // raftlog
					s.node.ReportUnreachable(m.To)
				}
			}
			for _, e := range rd.CommittedEntries {
				s.apply(e)
				s.log.Applied(e.Index, 1) // raftlog
			}
			s.node.Advance()
		}
	}
}

func (s *server) apply(e raftpb.Entry) {
	switch {
	case e.Type == raftpb.EntryConfChange:
		var cc raftpb.ConfChange
		if err := cc.Unmarshal(e.Data); err == nil {
			s.node.ApplyConfChange(cc)
		}
	case len(e.Data) > 0:
		s.applied <- string(e.Data)
	}
}

// A Node application, and the lines that it adds. Each server has a log file.
func Example_node() {
	dir, err := os.MkdirTemp("", "raftlog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	stop := make(chan struct{})
	peers := map[uint64]chan raftpb.Message{}
	for id := uint64(1); id <= 3; id++ {
		peers[id] = make(chan raftpb.Message, 1024)
	}
	var servers []*server
	var running sync.WaitGroup
	for id := uint64(1); id <= 3; id++ {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("node%d.log", id)))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer f.Close()
		s := startServer(id, peers, slog.New(slog.NewJSONHandler(f, nil)))
		servers = append(servers, s)
		running.Go(func() {
			if err := s.run(stop); err != nil {
				fmt.Println(err)
			}
		})
	}
	// Node.Propose waits for a leader.
	if err := servers[0].propose(context.Background(), "x=1"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-servers[2].applied)
	close(stop)
	running.Wait()

	var logs strings.Builder
	for id := 1; id <= 3; id++ {
		log, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("node%d.log", id)))
		if err != nil {
			fmt.Println(err)
			return
		}
		logs.Write(log)
	}
	fmt.Println(kinds(logs.String()))
	// Output:
	// x=1
	// appended applied boot committed config entry handed_over hardstate log progress proposing ready received sent state stop
}
