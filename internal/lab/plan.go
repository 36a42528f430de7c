package lab

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag/cluster"
)

// A Plan is one run to be: a case and everything that a seed varies.
type Plan struct {
	Case   cluster.FaultInfo
	Seed   uint64
	Config cluster.Config
	Look   Look
}

// String names the plan: the fault's text form and the seed.
func (p *Plan) String() string {
	name := "healthy"
	if len(p.Config.Faults) > 0 {
		name = p.Config.Faults[0].String()
	}
	return fmt.Sprintf("%s seed %d", name, p.Seed)
}

// Cases lists what the lab can stage: the faults of the cluster, with what is
// harmless among them.
func Cases() []cluster.FaultInfo { return cluster.Faults() }

// HeldOut reports whether a case is kept from those who mend what the grades
// show to be wrong: it is graded at the end, and reported apart.
func HeldOut(name string) bool { return name == "votes-lost" || name == "big-appends-lost" }

// HeldOutSeeds are the seeds that are kept from them.
const HeldOutSeeds = 9001

func pick[T any](rng *rand.Rand, list ...T) T { return list[rng.IntN(len(list))] }

// between draws a number from a range, small and large ones alike.
func between(rng *rand.Rand, lo, hi float64) float64 {
	return lo * math.Exp(rng.Float64()*math.Log(hi/lo))
}

func times(d time.Duration, x float64) time.Duration { return time.Duration(float64(d) * x) }

// source is the chance of one aspect of a plan, so that a change to one leaves
// the others as they are.
func source(seed uint64, aspect string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(aspect))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// Draw makes the plan of a case and a seed. One case and one seed give one plan.
// What is set counts, and not what the seed would draw.
func Draw(c cluster.FaultInfo, seed uint64, set ...func(*cluster.Config)) (*Plan, error) {
	p := &Plan{Case: c, Seed: seed}
	rng := source(seed, "cluster")
	conf := &p.Config
	conf.Nodes = pick(rng, 3, 3, 3, 3, 3, 3, 5, 5, 5, 4, 6, 7)
	if Harmless(c) && rng.IntN(6) == 0 {
		conf.Nodes = pick(rng, 1, 2)
	}
	if least := leastNodes(c.Name); conf.Nodes < least {
		conf.Nodes = least
	}
	conf.Groups = pick(rng, 1, 1, 1, 1, 2, 3)
	switch c.Name {
	case "leader-restart", "snapshot-catch-up", "late-apply", "vain-campaign", "joint-change":
		conf.Groups = 1 // for each group another node would be hit, and together too many
	}
	for _, f := range set { // ids and names follow
		f(conf)
	}
	conf.Tick = times(time.Millisecond, between(rng, 15, 120)).Round(time.Millisecond)
	conf.Heartbeat = 1 + rng.IntN(3)
	conf.Election = conf.Heartbeat*4 + 2 + rng.IntN(10)
	conf.PreVote, conf.CheckQuorum = rng.IntN(3) == 0, rng.IntN(3) == 0
	election := time.Duration(conf.Election) * conf.Tick
	conf.Latency = min(times(100*time.Microsecond, between(rng, 1, 60)), election/40)
	conf.Rate = min(float64(conf.Groups)*between(rng, 2, 16)/election.Seconds(), 1000)
	conf.Size = int(between(rng, 24, 1500))
	conf.Timeout = times(election, between(rng, 1.5, 5))
	conf.IDs = ids(rng, conf.Nodes)
	conf.Names = names(rng, conf.Groups)
	if conf.Nodes > 3 && rng.IntN(4) == 0 && !moves(c.Name) {
		conf.Learners = 1
	}
	if c.Name == "learner-promoted" {
		conf.Learners = 1
	}
	v := &cluster.Virtual{Seed: seed}
	conf.Virtual = v
	v.Start = time.Date(2025, 10, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rng.Int64N(int64(300 * 24 * time.Hour))))
	v.Jitter = times(conf.Latency, rng.Float64())
	v.Streams = rng.IntN(2) == 0
	if v.Streams && rng.IntN(3) == 0 {
		v.Stray = times(conf.Latency, 2*rng.Float64())
	}
	v.Refused, v.Late = errorWords(rng)
	v.Clock = clocks(source(seed, "clocks"), conf.IDs, v.Start)
	v.Pace = paces(rng, conf.IDs)
	if storage := source(seed, "storage"); storage.IntN(5) == 0 {
		conf.AsyncWrites = true
		v.Disk = min(times(conf.Latency, between(storage, 0.1, 8)), election/40)
	}

	at := times(election, between(rng, 4, 10))
	conf.Duration = at + times(election, between(rng, 8, 18))
	for _, f := range set {
		f(conf)
	}
	if c.Name != "healthy" {
		if err := p.strike(at, election); err != nil {
			return nil, err
		}
	}
	if c.Name == "not-a-voter" {
		conf.PreVote, conf.CheckQuorum = true, true // the fault has it so
	}
	if conf.Check() != nil { // some faults need clusters without these
		conf.PreVote, conf.CheckQuorum = false, false
		for _, f := range set {
			f(conf)
		}
	}
	if err := conf.Check(); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", p, err)
	}
	p.Look = drawLook(source(seed, "look"), conf.IDs, v.Start)
	return p, nil
}

// strike gives the plan its fault, at a time.
func (p *Plan) strike(at, election time.Duration) error {
	text, err := p.fault(source(p.Seed, "fault "+p.Case.Name), at, election)
	if err != nil {
		return err
	}
	f, err := cluster.ParseFault(text)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	p.Config.Faults = []cluster.Fault{f}
	return nil
}

// fault is the text form of the plan's fault, with what the seed varies: when
// it strikes and heals, and how strong it is. Times go with the cluster's.
func (p *Plan) fault(rng *rand.Rand, at, election time.Duration) (string, error) {
	c := p.Case
	scale := election.Seconds() / 0.5
	parts := []string{}
	for _, param := range c.Params {
		d, err := time.ParseDuration(param.Default)
		if err != nil || param.Default == "0" {
			if param.Name == "how" {
				parts = append(parts, "how="+pick(rng, "kill", "stop"))
			}
			continue
		}
		d = times(d, scale*between(rng, 0.9, 1.6))
		parts = append(parts, param.Name+"="+d.Round(time.Millisecond).String())
	}
	rest := p.Config.Duration - at
	if c.At > 0 {
		parts = append(parts, "at="+at.Round(time.Millisecond).String())
	} else {
		rest = p.Config.Duration
	}
	switch {
	case c.For > 0:
		parts = append(parts, "for="+times(c.For, scale*between(rng, 0.9, 1.4)).Round(time.Millisecond).String())
	case c.At > 0 && rng.IntN(3) == 0 && !lasts(c.Name):
		parts = append(parts, "for="+times(rest, 0.5+0.2*rng.Float64()).Round(time.Millisecond).String())
	}
	switch c.Name {
	case "partition":
		parts = append(parts, pick(rng, []string{"a=leader", "b=followers"}, []string{"a=all", "b=all"})...)
	case "one-way-partition":
		parts = append(parts, pick(rng, []string{"from=followers", "to=leader"}, []string{"from=leader", "to=followers"})...)
	case "no-address":
		parts = append(parts, pick(rng, []string{"on=all", "peer=all"}, []string{"on=leader", "peer=followers"}, []string{"on=followers", "peer=leader"})...)
	case "connection-refused":
		parts = append(parts, pick(rng, "on=leader", "on=followers"))
	case "step-error":
		parts = append(parts, pick(rng, "say=yes", "say=no"))
	case "clock-step":
		parts = append(parts, pick(rng, "way=back", "way=ahead"))
	case "big-appends-lost":
		parts = append(parts, fmt.Sprintf("bytes=%d", p.Config.Size-1))
	}
	if len(parts) == 0 {
		return c.Name, nil
	}
	return c.Name + ":" + strings.Join(parts, ","), nil
}

// Harmless reports whether a case must not be blamed for anything.
func Harmless(c cluster.FaultInfo) bool {
	return c.Hypothesis == "" && len(c.Causes) == 0 && len(c.OrHypothesis) == 0
}

// leastNodes is how many nodes a case needs so that its words mean what its
// documentation says.
func leastNodes(name string) int {
	switch name {
	case "healthy", "idle", "burst", "log-ends":
		return 1
	}
	return 3
}

// moves reports whether a case changes who is a member, which learners would
// get in the way of.
func moves(name string) bool {
	switch name {
	case "joint-change", "learner-promoted", "leader-flapping", "vain-campaign", "leader-restart", "late-addresses", "votes-lost", "leader-isolated", "member-removed", "snapshot-pending", "ghost-voters", "joint-half", "ghost-bootstrap", "one-node-groups", "empty-voters",
		"leader-transfer", "transfer-in-progress", "not-a-voter", "wrong-quorum", "disruptive-node", "split-vote", "term-mismatch", "duplicate-id", "log-lost", "disk-wiped":
		return true
	}
	return false
}

// lasts reports whether a case is only itself when it does not heal.
func lasts(name string) bool {
	switch name {
	case "joint-change", "learner-promoted", "skewed-clock", "leader-transfer", "log-lost", "disk-wiped", "hardstate-unpersisted", "wrong-quorum", "log-corrupt", "quorum-lost", "snapshot-pending", "ghost-voters", "joint-half", "clock-step":
		return true
	}
	return false
}

func ids(rng *rand.Rand, n int) []uint64 {
	list := make([]uint64, n)
	kind := rng.IntN(5)
	for i := range list {
		switch kind {
		case 0:
			list[i] = uint64(21 + i)
		case 1:
			list[i] = rng.Uint64()>>uint(rng.IntN(12)) | 1<<50
		default:
			list[i] = uint64(i + 1)
		}
	}
	slices.Sort(list)
	return list
}

func names(rng *rand.Rand, n int) []string {
	base := pick(rng, "orders", "__meta", "user-events", "a", "shard-us-east", "payments", "t1")
	first := rng.IntN(3) * rng.IntN(40)
	list := make([]string, n)
	for i := range list {
		list[i] = base + "-" + strconv.Itoa(first+i)
	}
	return list
}

// errorWords are the errors of one application's network.
func errorWords(rng *rand.Rand) (refused, late string) {
	switch rng.IntN(4) {
	case 0:
		return "dial tcp %s: connect: connection refused", "context deadline exceeded"
	case 1:
		return `status: Unavailable, message: "error trying to connect: tcp connect error: Connection refused (os error 111)", source: %s`, `status: DeadlineExceeded, message: "Timeout expired"`
	case 2:
		return "transport error: tcp connect error: %s: Connection refused (os error 111)", "operation timed out"
	}
	return "", "" // gRPC's
}

// clocks are the clocks of the nodes: right, or off by up to ten minutes and
// running fast or slow by up to 300 ppm.
func clocks(rng *rand.Rand, ids []uint64, start time.Time) func(uint64, time.Time) time.Time {
	if rng.IntN(3) == 0 {
		return nil
	}
	type face struct {
		offset time.Duration
		drift  float64
	}
	faces := map[uint64]face{}
	reach := pick(rng, 20*time.Millisecond, 2*time.Second, 10*time.Minute)
	for _, id := range ids {
		faces[id] = face{times(reach, 2*rng.Float64()-1), 300e-6 * (2*rng.Float64() - 1)}
	}
	return func(id uint64, t time.Time) time.Time {
		f := faces[id]
		return t.Add(f.offset + times(t.Sub(start), f.drift))
	}
}

// paces are how fast the nodes tick.
func paces(rng *rand.Rand, ids []uint64) func(uint64) float64 {
	list := map[uint64]float64{}
	for _, id := range ids {
		list[id] = 0.98 + 0.04*rng.Float64()
	}
	return func(id uint64) float64 { return list[id] }
}
