package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
)

// The exit codes. The format of a report never changes them.
const (
	exitHealthy   = 0 // healthy or degraded; of demo: the diagnosis equals the fault
	exitFault     = 1 // a failure point is confirmed; of demo: the diagnosis differs
	exitUndecided = 2
	exitUnsafe    = 3
	exitUsage     = 64
	exitNoEvent   = 65 // no input yielded a Raft event
	exitInternal  = 70
)

// exitCodes documents them, for explain and the README.
var exitCodes = []struct {
	code int
	doc  string
}{
	{exitHealthy, "healthy, or degraded: no write was held up"},
	{exitFault, "fault: a failure point is confirmed, healed or not"},
	{exitUndecided, "undecided: a stall is proven and its point is not, or nothing shows that what was proposed commits"},
	{exitUnsafe, "unsafe: a safety property of Raft is broken"},
	{exitUsage, "the command line is wrong"},
	{exitNoEvent, "no input yielded a Raft event; reports are still written, with no verdict"},
	{exitInternal, "raftdiag itself failed"},
}

// A coded is an error with the exit code that it asks for. Without an error it
// is a result to be told by the code alone.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string {
	if c.err == nil {
		return fmt.Sprintf("exit code %d", c.code)
	}
	return c.err.Error()
}

func (c coded) Unwrap() error { return c.err }

// usagef is a mistake of the user's.
func usagef(format string, args ...any) error {
	return coded{exitUsage, fmt.Errorf(format, args...)}
}

// exit is a result with nothing more to say.
func exit(code int) error {
	if code == 0 {
		return nil
	}
	return coded{code: code}
}

// exitCode prints the error, if there is one to print, and answers its code.
func exitCode(err error, errOut io.Writer) int {
	if err == nil {
		return exitHealthy
	}
	c := coded{code: exitInternal, err: err}
	errors.As(err, &c)
	if c.err != nil {
		fmt.Fprintf(errOut, "raftdiag: %v\n", err)
	}
	return c.code
}

// verdictCode is the exit code of a verdict; without one nothing was read.
func verdictCode(v *raftdiag.RunVerdict) int {
	if v == nil {
		return exitNoEvent
	}
	switch *v {
	case raftdiag.Healthy, raftdiag.Degraded:
		return exitHealthy
	case raftdiag.Fault:
		return exitFault
	case raftdiag.Undecided:
		return exitUndecided
	case raftdiag.Unsafe:
		return exitUnsafe
	}
	return exitInternal
}

// isClosed reports whether the reader of what we write went away.
func isClosed(err error) bool { return errors.Is(err, syscall.EPIPE) }

// noArgs refuses arguments as a mistake of the user's.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, and was given %q (hint: %s --help)", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

// oneArg lets through one argument or none.
func oneArg(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%s takes one argument, and was given %d (hint: %s --help)", cmd.CommandPath(), len(args), cmd.CommandPath())
	}
	return nil
}
