package raftlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag/raftlog" // raftlog
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// A member is a plain application on RawNode: one goroutine drives it.
type member struct {
	id      uint64
	raft    *raft.RawNode
	storage *raft.MemoryStorage
	net     map[uint64]*member
	inbox   []raftpb.Message
	values  []string
	log     *raftlog.Log // raftlog
}

func newMember(id uint64, net map[uint64]*member, logger *slog.Logger) (*member, error) {
	storage := raft.NewMemoryStorage()
	if err := storage.ApplySnapshot(raftpb.Snapshot{Metadata: raftpb.SnapshotMetadata{
		Index: 1, Term: 1, ConfState: raftpb.ConfState{Voters: []uint64{1, 2, 3}},
	}}); err != nil {
		return nil, err
	}
	rn, err := raft.NewRawNode(&raft.Config{
		ID: id, ElectionTick: 10, HeartbeatTick: 1, Storage: storage, Applied: 1,
		MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 64, Logger: quiet,
	})
	if err != nil {
		return nil, err
	}
	m := &member{id: id, raft: rn, storage: storage, net: net}
	m.log = raftlog.New(raftlog.Slog(logger), id, "db") // raftlog
	m.log.Open(storage, 1)                              // raftlog
	net[id] = m
	return m, nil
}

func (m *member) propose(value string) error {
	m.log.Proposing(len(value)) // raftlog
	err := m.raft.Propose([]byte(value))
	if err != nil {
		m.log.ProposalDropped(len(value), err) // raftlog
	}
	return err
}

// run handles what arrived and what Raft has ready, until there is nothing.
func (m *member) run() error {
	defer m.log.Recover() // raftlog
	for _, msg := range m.inbox {
		m.log.Received(msg) // raftlog
		if err := m.raft.Step(msg); err != nil {
			m.log.StepFailed(msg, err) // raftlog
		}
	}
	m.inbox = nil
	for m.raft.HasReady() {
		rd := m.raft.Ready()
		m.log.Took(rd, m.raft, m.storage) // raftlog
		if err := m.save(rd); err != nil {
			return err
		}
		m.log.Stored(rd) // raftlog
		for _, msg := range rd.Messages {
			m.log.HandedOver(msg) // raftlog
			if err := m.send(msg); err != nil {
				m.raft.ReportUnreachable(msg.To)
				m.log.SendFailed(msg, err) // raftlog
			}
		}
		for _, e := range rd.CommittedEntries {
			if len(e.Data) > 0 {
				m.values = append(m.values, string(e.Data))
			}
			m.log.Applied(e.Index, 1) // raftlog
		}
		m.raft.Advance(rd)
	}
	return nil
}

func (m *member) stop() {
	delete(m.net, m.id)
	m.log.Stopped("closed") // raftlog
}

func (m *member) save(rd raft.Ready) error {
	if !raft.IsEmptySnap(rd.Snapshot) {
		if err := m.storage.ApplySnapshot(rd.Snapshot); err != nil {
			return err
		}
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		if err := m.storage.SetHardState(rd.HardState); err != nil {
			return err
		}
	}
	return m.storage.Append(rd.Entries)
}

func (m *member) send(msg raftpb.Message) error {
	to := m.net[msg.To]
	if to == nil {
		return errors.New("connection refused")
	}
	to.inbox = append(to.inbox, msg)
	return nil
}

// A RawNode application, and the lines that it adds. Here the members of the
// cluster share one log; in the field each process has its own.
func Example_rawNode() {
	var out bytes.Buffer
	net := map[uint64]*member{}
	for id := uint64(1); id <= 3; id++ {
		if _, err := newMember(id, net, slog.New(slog.NewJSONHandler(&out, nil))); err != nil {
			fmt.Println(err)
			return
		}
	}
	settle := func() {
		for range 20 {
			for _, id := range slices.Sorted(maps.Keys(net)) {
				if err := net[id].run(); err != nil {
					fmt.Println(err)
				}
			}
		}
	}
	if err := net[2].propose("too early"); err != nil {
		fmt.Println(err)
	}
	if err := net[1].raft.Campaign(); err != nil {
		fmt.Println(err)
	}
	settle()
	net[3].stop()
	if err := net[1].propose("x=1"); err != nil {
		fmt.Println(err)
	}
	settle()
	fmt.Println(net[2].values)
	fmt.Println(kinds(out.String()))
	// Output:
	// raft proposal dropped
	// [x=1]
	// appended applied boot committed entry handed_over hardstate log progress proposal_dropped proposing ready received send_failed sent state stop
}

// kinds are the facts that a log states, each once.
func kinds(log string) string {
	seen := map[string]bool{}
	for line := range strings.Lines(log) {
		var record struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			return err.Error()
		}
		seen[record.Kind] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), " ")
}
