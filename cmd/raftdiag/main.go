package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader that closes the pipe (head, less) is no error of ours: the write
	// fails with EPIPE, the other outputs are still written.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := interruptible()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// interruptible makes a context that the first interrupt ends: reading stops
// and what was read is judged. The second one kills, as without us.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
