package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag/cluster"
)

func newCluster() *cobra.Command {
	var (
		c      cluster.Config
		faults []string
		voice  string
		out    string
		list   bool
		lab    virtualRun
	)
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "a real Raft cluster in one process, with faults on demand, and its logs",
		Long: `cluster runs the reference cluster: real Raft nodes with gRPC between them on
loopback and storage on disk, a client that proposes, and the faults that you ask
for. Each node's log goes to nodeN.log in --out, or to stdout behind "nodeN | ".
An interrupt stops it; it leaves nothing behind but the logs.

With --virtual the same nodes run on a virtual clock, in some milliseconds, as
raftdiag grade runs them: the seed draws the cluster, when the fault strikes and
how the logs look, but for what you say, and one seed gives the same bytes each
time. There may be thousands of groups. --out gets the
logs and truth.json: the fate of every message and proposal, and the states that
the nodes came to.`,
		Example: `  raftdiag cluster --for 10s | raftdiag analyze
  raftdiag cluster --fault drop-responses:at=2s --for 8s --out logs/
  raftdiag cluster --nodes 5 --groups 3 --voice readyloop --for 5s --out logs/
  raftdiag cluster --virtual --seed 7 --fault drop-responses --out logs/
  raftdiag cluster --virtual --groups 2000 --for 5s --out logs/
  raftdiag cluster --list-faults`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stdout := cmd.OutOrStdout()
			if list {
				return listFaults(stdout)
			}
			var err error
			if lab.on {
				return lab.run(cmd, &c, faults, out)
			}
			if cmd.Flags().Changed("seed") || cmd.Flags().Changed("damage") {
				return usagef("--seed and --damage belong to --virtual")
			}
			if c.Voice, err = parseVoice(voice); err != nil {
				return err
			}
			if c.Faults, err = parseFaults(faults); err != nil {
				return err
			}
			if c.Nodes < 1 || c.Groups < 1 || c.Rate <= 0 || c.Timeout <= 0 {
				return usagef("--nodes, --groups, --rate and --timeout must be above 0")
			}
			if c.Duration <= 0 {
				c.Duration = -1 // until interrupted
			}
			if err := c.Check(); err != nil {
				return usagef("%w", err)
			}
			return runCluster(cmd.Context(), c, out, stdout)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&c.Nodes, "nodes", 3, "how many nodes")
	flags.IntVar(&c.Groups, "groups", 1, "how many Raft groups on each node")
	flags.StringArrayVar(&faults, "fault", nil, "`FAULT` to inject, as NAME or NAME:key=value,... (repeatable; see --list-faults)")
	flags.DurationVar(&c.Duration, "for", 0, "how long to run (default until interrupted)")
	flags.StringVar(&out, "out", "", "`DIR` for the logs, one file a node (default stdout)")
	flags.StringVar(&voice, "voice", cluster.Events.String(), "how the nodes log: "+strings.Join(voiceNames(), " or "))
	flags.BoolVar(&c.PreVote, "pre-vote", false, "campaign only when a majority would vote")
	flags.BoolVar(&c.CheckQuorum, "check-quorum", false, "a leader steps down when it does not hear a majority")
	flags.BoolVar(&c.AsyncWrites, "async-writes", false, "Raft goes on while its storage writes and while entries are applied")
	flags.Float64Var(&c.Rate, "rate", 10, "proposals a second, over all groups")
	flags.DurationVar(&c.Timeout, "timeout", time.Second, "how long the client waits for a proposal")
	flags.StringVar(&c.Dir, "dir", "", "`DIR` for the storage (default a temporary one)")
	flags.BoolVar(&lab.on, "virtual", false, "run on a virtual clock; --seed draws what is not said")
	flags.Uint64Var(&lab.seed, "seed", 1, "`SEED` of a virtual run")
	flags.StringVar(&lab.damage, "damage", "none", "what the logs of a virtual run suffer (see raftdiag grade --help)")
	flags.BoolVar(&list, "list-faults", false, "list the faults and exit")
	complete(cmd, "fault", faultNames())
	complete(cmd, "voice", voiceNames())
	return cmd
}

func voiceNames() []string {
	return []string{cluster.Events.String(), cluster.ReadyLoop.String()}
}

func parseVoice(name string) (cluster.Voice, error) {
	v, err := cluster.ParseVoice(name)
	if err != nil {
		return v, usagef("--voice: %w", err)
	}
	return v, nil
}

func faultNames() []string {
	var names []string
	for _, f := range cluster.Faults() {
		names = append(names, f.Name)
	}
	return names
}

func parseFaults(texts []string) ([]cluster.Fault, error) {
	var faults []cluster.Fault
	for _, text := range texts {
		f, err := parseFault(text)
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func parseFault(text string) (cluster.Fault, error) {
	f, err := cluster.ParseFault(text)
	if err == nil {
		return f, nil
	}
	name, _, _ := strings.Cut(text, ":")
	names := faultNames()
	if slices.Contains(names, name) {
		return f, usagef("fault %s: %w (hint: raftdiag cluster --list-faults)", text, err)
	}
	hint := didYouMean(name, names)
	if hint == "" {
		hint = " (hint: raftdiag cluster --list-faults)"
	}
	return f, usagef("no fault is called %q%s", name, hint)
}

// runCluster runs until the time is over or somebody interrupts, which both are
// good ends.
func runCluster(ctx context.Context, c cluster.Config, dir string, stdout io.Writer) error {
	logs, err := openLogs(dir, stdout)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	logs.broken = cancel
	c.Log = logs.node
	_, err = cluster.Run(ctx, c)
	return errors.Join(err, logs.close())
}

// clusterLogs are the nodes' logs: files in a directory, or one stream in which
// every line begins with its node.
type clusterLogs struct {
	dir    string
	out    io.Writer
	broken func() // called when nobody reads the stream any more

	mu    sync.Mutex
	files []*os.File
	errs  []error
	tails []*prefixed
}

func openLogs(dir string, stdout io.Writer) (*clusterLogs, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, usagef("--out: %w", err)
		}
	}
	return &clusterLogs{dir: dir, out: stdout}, nil
}

// node opens the log of a node. The cluster calls it once for each node.
func (l *clusterLogs) node(n uint64) io.Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dir == "" {
		p := &prefixed{logs: l, prefix: fmt.Sprintf("node%d | ", n)}
		l.tails = append(l.tails, p)
		return p
	}
	f, err := os.Create(filepath.Join(l.dir, fmt.Sprintf("node%d.log", n)))
	if err != nil {
		l.fail(err)
		return io.Discard
	}
	l.files = append(l.files, f)
	return f
}

func (l *clusterLogs) fail(err error) {
	if len(l.errs) == 0 && !isClosed(err) {
		l.errs = append(l.errs, err)
	}
	if l.broken != nil {
		l.broken()
	}
}

func (l *clusterLogs) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.tails {
		p.finish()
	}
	for _, f := range l.files {
		l.errs = append(l.errs, f.Close())
	}
	return errors.Join(l.errs...)
}

// A prefixed writer puts whole lines on the common stream, each behind its
// node's name.
type prefixed struct {
	logs   *clusterLogs
	prefix string
	rest   []byte // a line that has not ended
	out    []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	p.logs.mu.Lock()
	defer p.logs.mu.Unlock()
	n := len(b)
	p.out = p.out[:0]
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			p.rest = append(p.rest, b...)
			break
		}
		p.out = append(p.out, p.prefix...)
		p.out = append(p.out, p.rest...)
		p.out = append(p.out, b[:i+1]...)
		p.rest, b = p.rest[:0], b[i+1:]
	}
	if len(p.out) > 0 {
		if _, err := p.logs.out.Write(p.out); err != nil {
			p.logs.fail(err)
			return 0, err
		}
	}
	return n, nil
}

// finish writes the line that has not ended.
func (p *prefixed) finish() {
	if len(p.rest) == 0 {
		return
	}
	line := append(append([]byte(p.prefix), p.rest...), '\n')
	if _, err := p.logs.out.Write(line); err != nil {
		p.logs.fail(err)
	}
	p.rest = nil
}

func listFaults(w io.Writer) error {
	p := page{width: pageWidth(w)}
	for i, f := range cluster.Faults() {
		if i > 0 {
			p.line("")
		}
		p.line(f.Name)
		p.text("  ", f.Doc)
		p.text("  ", "finds "+expectation(f))
		for _, param := range f.Params {
			def := ""
			if param.Default != "" {
				def = " (default " + param.Default + ")"
			}
			p.hanging("  "+param.Name+": ", "    ", param.Doc+def)
		}
		p.hanging("  when: ", "    ", f.DefaultSchedule()+" (at=, for=)")
		p.text("  ", "--fault "+f.Example)
	}
	return p.print(w)
}

// expectation says what the analysis of such a cluster's logs must find.
func expectation(f cluster.FaultInfo) string {
	verdicts := []string{string(f.Verdict)}
	for _, v := range f.OrVerdict {
		verdicts = append(verdicts, string(v))
	}
	s := strings.Join(verdicts, " or ")
	var names []string
	for _, p := range points(f) {
		if p == "" {
			p = "no failure point"
		}
		names = append(names, p)
	}
	if len(names) > 0 {
		s += ", " + strings.Join(names, " or ")
	}
	if len(f.Causes) > 0 {
		s += " (" + strings.Join(f.Causes, " or ") + ")"
	}
	return s
}

// points are the failure points that are right for a fault, among them "" where
// there may be none; it is empty if there must be none.
func points(f cluster.FaultInfo) []string {
	if f.Hypothesis == "" {
		return nil
	}
	return append([]string{f.Hypothesis}, f.OrHypothesis...)
}
