package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "real:", err)
		os.Exit(1)
	}
}

const usage = `usage: real list [PATTERN...]
       real record [-o DIR] [-j N] [-skip] [PATTERN...]
       real check -raftdiag FILE [-v] [DIR...]
       real index DIR
       real pack -o DIR RECORDING...

A pattern is like etcd-3.6.16/leader-*.`

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no command\n%s", usage)
	}
	switch command, args := args[0], args[1:]; command {
	case "list":
		list, err := match(args)
		for _, s := range list {
			fmt.Println(s.path())
		}
		return err
	case "record":
		return runRecord(ctx, args)
	case "check":
		return runCheck(ctx, args)
	case "pack":
		return runPack(args)
	case "index":
		return runIndex(args)
	default:
		return fmt.Errorf("no command %q\n%s", command, usage)
	}
}

// match answers the scenarios that a pattern fits; all, if there is none.
func match(patterns []string) ([]*Scenario, error) {
	all := scenarios()
	if len(patterns) == 0 {
		return all, nil
	}
	var list []*Scenario
	for _, s := range all {
		for _, p := range patterns {
			ok, err := path.Match(p, s.path())
			if err != nil {
				return nil, fmt.Errorf("pattern %q: %w", p, err)
			}
			if ok {
				list = append(list, s)
				break
			}
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("nothing fits %q (hint: real list)", patterns)
	}
	return list, nil
}

func runRecord(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	out := flags.String("o", "recordings", "`directory` for the recordings")
	jobs := flags.Int("j", 2, "clusters at a time")
	skip := flags.Bool("skip", false, "leave what is there")
	if err := flags.Parse(args); err != nil {
		return err
	}
	list, err := match(flags.Args())
	if err != nil {
		return err
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed int
	)
	work := make(chan *Scenario)
	for range *jobs {
		wg.Go(func() {
			for s := range work {
				if *skip {
					if _, err := os.Stat(path.Join(*out, s.path(), "truth.json")); err == nil {
						continue
					}
				}
				begun := time.Now()
				t, err := record(ctx, s, *out)
				mu.Lock()
				if err != nil {
					failed++
					fmt.Printf("%-48s FAILED after %.0fs: %v\n", s.path(), time.Since(begun).Seconds(), err)
				} else {
					fmt.Printf("%-48s %.0fs impact %s, longest gap %d ms, %d of %d writes failed %v\n", s.path(), time.Since(begun).Seconds(), t.Impact, t.LongestGapMS, t.FailedWrites, t.Writes, t.FailedByNode)
				}
				mu.Unlock()
			}
		})
	}
	for _, s := range list {
		if ctx.Err() != nil {
			break
		}
		work <- s
	}
	close(work)
	wg.Wait()
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(list))
	}
	return ctx.Err()
}
