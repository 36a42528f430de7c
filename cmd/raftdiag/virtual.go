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
func (v *virtualRun) run(cmd *cobra.Command, faults []string, out string) error {
	for _, f := range []string{"nodes", "groups", "for", "voice", "pre-vote", "check-quorum", "async-writes", "rate", "timeout", "dir"} {
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
	plan, err := lab.Draw(info, v.seed)
	if err != nil {
		return err
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
