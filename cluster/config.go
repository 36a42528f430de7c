package cluster

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/raftdiag/raftdiag/raftlog"
)

// A Voice is the form in which nodes write their logs.
type Voice int

// The voices.
const (
	Events    Voice = iota // raftdiag's events as JSON lines
	ReadyLoop              // the Ready-loop text
)

// String is the voice's name: events or readyloop.
func (v Voice) String() string {
	if v == ReadyLoop {
		return "readyloop"
	}
	return "events"
}

// ParseVoice reads a voice's name.
func ParseVoice(s string) (Voice, error) {
	for _, v := range []Voice{Events, ReadyLoop} {
		if s == v.String() {
			return v, nil
		}
	}
	return Events, fmt.Errorf("no voice %q (hint: events or readyloop)", s)
}

func (v Voice) sink(w io.Writer) raftlog.Sink {
	if v == ReadyLoop {
		return raftlog.Text(w)
	}
	return raftlog.Slog(slog.New(slog.NewJSONHandler(w, nil)))
}

// A Config says what to run. The zero value is three nodes with one group that
// run healthily for five seconds, and whose logs go nowhere.
type Config struct {
	Nodes  int // 3
	Groups int // 1; named orders-0, orders-1 and so on

	// Dir holds the nodes' files. If it is empty, a temporary directory is made
	// and removed again.
	Dir string
	// Sync makes storage wait for the disk. Without it the files outlive a
	// node, and the run does not depend on how busy the disk is.
	Sync bool

	PreVote     bool
	CheckQuorum bool
	Tick        time.Duration // 50ms; heartbeats come every 2 ticks, elections after 10 to 19
	Latency     time.Duration // 2ms; of the network, one way

	Rate    float64       // 10; proposals a second, over all groups
	Size    int           // 64; bytes of a proposal
	Timeout time.Duration // 1s; how long a client waits

	Duration time.Duration // 5s; negative: until the context ends
	Faults   []Fault

	Voice Voice
	// Log gives the writer of a node's log; it gets whole lines. It is called
	// once for each node. Nil throws the logs away.
	Log func(node uint64) io.Writer
}

// options is a Config with its defaults and with what faults change about how
// nodes are built.
type options struct {
	Config
	electionTick, heartbeatTick int
	sendTimeout                 time.Duration
	slow                        time.Duration // writes that take longer are logged
	maxInflight, queue          int
	maxUncommitted              uint64
	noForwarding                bool
	tls                         bool // the transport asks for certificates
	votersOf                    func(id uint64) []uint64
	raftID                      func(id uint64) uint64
	truth                       *truth
}

func (c Config) options() (*options, error) {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	if c.Nodes == 0 {
		c.Nodes = 3
	}
	if c.Groups == 0 {
		c.Groups = 1
	}
	if c.Rate == 0 {
		c.Rate = 10
	}
	if c.Size == 0 {
		c.Size = 64
	}
	set(&c.Tick, 50*time.Millisecond)
	set(&c.Latency, 2*time.Millisecond)
	set(&c.Timeout, time.Second)
	set(&c.Duration, 5*time.Second)
	if c.Log == nil {
		c.Log = func(uint64) io.Writer { return io.Discard }
	}
	switch {
	case c.Nodes < 1 || c.Nodes > 15:
		return nil, fmt.Errorf("%d nodes (hint: 1 to 15)", c.Nodes)
	case c.Groups < 1 || c.Groups > 64:
		return nil, fmt.Errorf("%d groups (hint: 1 to 64)", c.Groups)
	case c.Rate < 0 || c.Rate > 10000:
		return nil, fmt.Errorf("%g proposals a second (hint: up to 10000)", c.Rate)
	case c.Tick < time.Millisecond:
		return nil, fmt.Errorf("tick of %v (hint: at least 1ms)", c.Tick)
	case c.Latency < 0 || c.Timeout < 0 || c.Size < 0:
		return nil, fmt.Errorf("latency, timeout and size cannot be negative")
	}
	all := make([]uint64, c.Nodes)
	for i := range all {
		all[i] = uint64(i + 1)
	}
	return &options{
		Config: c, electionTick: 10, heartbeatTick: 2,
		sendTimeout: 10 * c.Tick, slow: 100 * time.Millisecond, maxInflight: 256, queue: 256,
		votersOf: func(uint64) []uint64 { return slices.Clone(all) },
		raftID:   func(id uint64) uint64 { return id },
		truth:    newTruth(),
	}, nil
}

func voterIDs(m map[uint64]struct{}) []uint64 {
	ids := make([]uint64, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
