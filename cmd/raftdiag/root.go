package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot wires the commands.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "raftdiag",
		Short: "where a Raft proposal died, from the logs of the cluster",
		Long: `raftdiag reads the logs of a stuck Raft cluster and names where its proposals die,
the lines that prove it, and what to do now. Applications that log their messages
are judged gate by gate; etcd, Consul, NATS, TiKV and others as they are, by what
their logs give away ("raftdiag explain limits").`,
		Example: `  raftdiag analyze node1.log node2.log node3.log
  kubectl logs -l app=raft --prefix | raftdiag analyze
  raftdiag demo no-response
  raftdiag formats node1.log
  raftdiag explain H3`,
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          unknownCommand,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w (hint: %s --help)", err, cmd.CommandPath())
	})
	root.AddCommand(
		newAnalyze(),
		newTimeline(),
		newEvents(),
		newFormats(),
		newExplain(),
		newDemo(),
		newCluster(),
		newGrade(),
		newVersion(),
	)
	return root
}

// run executes one command line and answers the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(errOut, "raftdiag: internal error: %v\n%s", p, debug.Stack())
			code = exitInternal
		}
	}()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	return exitCode(root.ExecuteContext(ctx), errOut)
}

// unknownCommand answers a command line that names no command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		cmd.SetOut(cmd.ErrOrStderr())
		_ = cmd.Help()
		return usagef("no command (hint: raftdiag analyze INPUT...)")
	}
	if _, err := os.Stat(args[0]); err == nil {
		return usagef("%q is no command (hint: raftdiag analyze %s)", args[0], strings.Join(args, " "))
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usagef("%q is no command%s", args[0], didYouMean(args[0], names))
}
