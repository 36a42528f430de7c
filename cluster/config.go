package cluster

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/raftdiag/raftdiag/raftlog"
	"go.etcd.io/raft/v3/raftpb"
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

	IDs      []uint64 // 1, 2, 3 and so on
	Names    []string // of the groups, instead of orders-0 and so on
	Learners int      // how many of the nodes, the last ones, have no vote

	// Dir holds the nodes' files. If it is empty, a temporary directory is made
	// and removed again.
	Dir string
	// Sync makes storage wait for the disk. Without it the files outlive a
	// node, and the run does not depend on how busy the disk is.
	Sync bool

	PreVote     bool
	CheckQuorum bool
	AsyncWrites bool          // Raft goes on while storage writes and while entries are applied
	Tick        time.Duration // 50ms
	Heartbeat   int           // 2; ticks between heartbeats
	Election    int           // 10; ticks without a leader before an election, up to twice as many
	Latency     time.Duration // 2ms; of the network, one way

	Rate    float64       // 10; proposals a second, over all groups
	Size    int           // 64; bytes of a proposal
	Timeout time.Duration // 1s; how long a client waits

	Duration time.Duration // 5s; negative: until the context ends
	Faults   []Fault

	Voice Voice
	// Sink, if set, is the form of a node's log instead of the voice.
	Sink func(node uint64, w io.Writer) raftlog.Sink
	// Log gives the writer of a node's log; it gets whole lines. It is called
	// once for each node. Nil throws the logs away.
	Log func(node uint64) io.Writer
	// Library, if set, hears what the Raft library prints on a node until its
	// process has ended. Without it nobody does.
	Library func(node uint64, line LibraryLine)

	// Virtual, if set, runs the cluster on a virtual clock and a network and
	// disks in memory: the same each time, and much faster than the clock.
	Virtual *Virtual
}

// A Virtual says how a run on the virtual clock differs from the real world.
// The zero value is a world in which nothing is left to chance but the election
// timeouts.
type Virtual struct {
	Seed  uint64    // of all chance
	Start time.Time // when the run begins

	Jitter  time.Duration // of the latency, up to this much more
	Streams bool          // messages are not answered: who sends is not told that one got lost
	Stray   time.Duration // up to this much later a message of a stream arrives, across the others
	Refused string        // the error where nobody listens; the verb is the address
	Late    string        // the error where no answer comes
	Disk    time.Duration // what a write to a disk takes

	// Clock is what a node's clock shows at a moment; nil: the moment.
	Clock func(node uint64, t time.Time) time.Time
	// Pace is how many ticks a node makes in the time of one; nil: one.
	Pace func(node uint64) float64
}

// options is a Config with its defaults and with what faults change about how
// nodes are built.
type options struct {
	Config
	ids                         []uint64
	groups                      []string
	electionTick, heartbeatTick int
	sendTimeout                 time.Duration
	slow                        time.Duration // writes that take longer are logged
	maxInflight, queue          int
	maxUncommitted              uint64
	noForwarding                bool
	watchTicks                  bool // late ticks are logged
	tls                         bool // the transport asks for certificates
	votersOf                    func(id uint64) []uint64
	raftID                      func(id uint64) uint64
	truth                       *truth
}

// confOf is the configuration with which a node is bootstrapped.
func (o *options) confOf(id uint64) raftpb.ConfState {
	voters := o.votersOf(id)
	conf := raftpb.ConfState{}
	learners := o.ids[len(o.ids)-o.Learners:]
	for _, v := range voters {
		if slices.Contains(learners, v) {
			conf.Learners = append(conf.Learners, v)
		} else {
			conf.Voters = append(conf.Voters, v)
		}
	}
	return conf
}

// write is what a write takes on every disk.
func (o *options) write() time.Duration {
	if o.Virtual == nil {
		return 0 // it takes what it takes
	}
	return o.Virtual.Disk
}

// tickOf is the time of one tick on a node.
func (o *options) tickOf(id uint64) time.Duration {
	if o.Virtual == nil || o.Virtual.Pace == nil {
		return o.Tick
	}
	return time.Duration(float64(o.Tick) / o.Virtual.Pace(id))
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
	if c.Heartbeat == 0 {
		c.Heartbeat = 2
	}
	if c.Election == 0 {
		c.Election = 10
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
	case c.Groups < 1 || c.Groups > 64 && c.Virtual == nil:
		return nil, fmt.Errorf("%d groups (hint: 1 to 64)", c.Groups)
	case c.Rate < 0 || c.Rate > 10000:
		return nil, fmt.Errorf("%g proposals a second (hint: up to 10000)", c.Rate)
	case c.Heartbeat < 1 || c.Election <= c.Heartbeat:
		return nil, fmt.Errorf("heartbeats every %d ticks and elections after %d (hint: elections after more ticks)", c.Heartbeat, c.Election)
	case c.Learners < 0 || c.Learners >= c.Nodes:
		return nil, fmt.Errorf("%d learners among %d nodes (hint: some node must vote)", c.Learners, c.Nodes)
	case c.IDs != nil && len(c.IDs) != c.Nodes || c.Names != nil && len(c.Names) != c.Groups:
		return nil, fmt.Errorf("as many ids as nodes, and names as groups")
	case c.Tick < time.Millisecond:
		return nil, fmt.Errorf("tick of %v (hint: at least 1ms)", c.Tick)
	case c.Latency < 0 || c.Timeout < 0 || c.Size < 0 || c.Virtual != nil && c.Virtual.Disk < 0:
		return nil, fmt.Errorf("latency, timeout, size and the time of a write cannot be negative")
	}
	o := &options{
		Config: c, ids: c.IDs, groups: c.Names, electionTick: c.Election, heartbeatTick: c.Heartbeat,
		sendTimeout: 10 * c.Tick, slow: 100 * time.Millisecond, maxInflight: 256, queue: 256,
		raftID: func(id uint64) uint64 { return id },
		truth:  &truth{traces: c.Virtual != nil},
	}
	if o.ids == nil {
		for i := range c.Nodes {
			o.ids = append(o.ids, uint64(i+1))
		}
	}
	if o.groups == nil {
		for g := range c.Groups {
			o.groups = append(o.groups, fmt.Sprintf("orders-%d", g))
		}
	}
	o.votersOf = func(uint64) []uint64 { return slices.Clone(o.ids) }
	return o, nil
}

func voterIDs(m map[uint64]struct{}) []uint64 {
	ids := make([]uint64, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
