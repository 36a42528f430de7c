package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/internal/lab"
)

// A virtualRun is what cluster --virtual was asked for.
type virtualRun struct {
	on     bool
	seed   uint64
	damage string
}

// run stages one run of the lab and writes its logs and its truth.
func (v *virtualRun) run(cmd *cobra.Command, c *cluster.Config, faults []string, out string) error {
	for _, f := range []string{"voice", "dir"} {
		if cmd.Flags().Changed(f) {
			return usagef("--%s does not go with --virtual: the seed draws it", f)
		}
	}
	switch {
	case out == "":
		return usagef("--virtual needs --out DIR for the logs and the truth")
	case len(faults) > 1:
		return usagef("--virtual takes one fault")
	case len(faults) == 0:
		faults = []string{"healthy"}
	}
	fault, err := parseFault(faults[0])
	if err != nil {
		return err
	}
	d, ok := lab.DamageByName(v.damage)
	if !ok {
		return usagef("no damage is called %q (hint: %s)", v.damage, damageNames())
	}
	info, _ := cluster.Lookup(fault.Name)
	var set []func(*cluster.Config)
	given := func(flag string, f func(*cluster.Config)) {
		if cmd.Flags().Changed(flag) {
			set = append(set, f)
		}
	}
	given("nodes", func(to *cluster.Config) { to.Nodes = c.Nodes })
	given("groups", func(to *cluster.Config) { to.Groups = c.Groups })
	given("for", func(to *cluster.Config) { to.Duration = c.Duration })
	given("pre-vote", func(to *cluster.Config) { to.PreVote = c.PreVote })
	given("check-quorum", func(to *cluster.Config) { to.CheckQuorum = c.CheckQuorum })
	given("async-writes", func(to *cluster.Config) { to.AsyncWrites = c.AsyncWrites })
	given("rate", func(to *cluster.Config) { to.Rate = c.Rate })
	given("timeout", func(to *cluster.Config) { to.Timeout = c.Timeout })
	if c.Nodes < 1 || c.Nodes > 15 || c.Groups < 1 || c.Rate <= 0 || c.Timeout <= 0 || c.Duration < 0 {
		return usagef("--nodes (up to 15), --groups, --rate, --timeout and --for must be above 0")
	}
	plan, err := lab.Draw(info, v.seed, set...)
	if err != nil {
		return usagef("%w", err)
	}
	if strings.Contains(faults[0], ":") {
		// What is said counts, and not what the seed would draw.
		plan.Config.Faults = []cluster.Fault{fault}
		if err := plan.Config.Check(); err != nil {
			return usagef("%w", err)
		}
	}
	run, err := plan.Do(cmd.Context())
	if err != nil {
		return err
	}
	return store(out, run.Logs(d), run)
}
