// Incidents writes fixtures/causes anew: one small incident of the lab for each
// cause that the cluster can have, with what must be said of it and what must
// not.
//
//	go run ./internal/lab/incidents [-seed N] [FAULT...]
//
// What is expected comes from the fault's description and from the truth of the
// run; no diagnosis is asked. Without names all are written, each with the seed
// that its README names, and new ones with seed 1.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"github.com/raftdiag/raftdiag/internal/lab"
)

// long is the length in bytes from which a log is packed.
const long = 4 << 10

func main() {
	log.SetFlags(0)
	log.SetPrefix("incidents: ")
	dir := flag.String("dir", "fixtures/causes", "`DIR` that they are written to")
	seed := flag.Uint64("seed", 0, "`SEED` of those named, instead of that in their README")
	flag.Parse()
	if err := write(context.Background(), *dir, *seed, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

// chosen are the faults that stand for a cause: of those with the same first
// cause, the first in the catalogue. What is held out from those who mend is not
// among them, nor what is harmless.
func chosen() (list []cluster.FaultInfo) {
	seen := map[string]bool{}
	for _, c := range lab.Cases() {
		if lab.Harmless(c) || lab.HeldOut(c.Name) || len(c.Causes) == 0 || seen[c.Causes[0]] {
			continue
		}
		seen[c.Causes[0]] = true
		list = append(list, c)
	}
	return list
}

func write(ctx context.Context, dir string, seed uint64, names []string) error {
	for _, c := range chosen() {
		if len(names) > 0 && !slices.Contains(names, c.Name) {
			continue
		}
		into := filepath.Join(dir, c.Name)
		of := seed
		if of == 0 {
			of = seedOf(into)
		}
		if err := one(ctx, into, c, of); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return nil
}

var seedLine = regexp.MustCompile(`-seed (\d+) `)

// seedOf is the seed that the incident's README names, or 1.
func seedOf(dir string) uint64 {
	b, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		return 1
	}
	if m := seedLine.FindSubmatch(b); m != nil {
		if n, err := strconv.ParseUint(string(m[1]), 10, 64); err == nil {
			return n
		}
	}
	return 1
}

func one(ctx context.Context, dir string, c cluster.FaultInfo, seed uint64) error {
	plan, err := lab.Plain(c, seed)
	if err != nil {
		return err
	}
	run, err := plan.Do(ctx)
	if err != nil {
		return err
	}
	if run.Impact == lab.NoImpact && c.Verdict != raftdiag.Degraded && c.Verdict != raftdiag.Healthy {
		return fmt.Errorf("with seed %d the fault has no impact (hint: -seed)", seed)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	none, _ := lab.DamageByName("none")
	for _, f := range run.Logs(none) {
		name, data := f.Name, f.Data
		if len(data) > long {
			var b bytes.Buffer
			z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
			if err != nil {
				return err
			}
			if _, err := z.Write(data); err != nil {
				return err
			}
			if err := z.Close(); err != nil {
				return err
			}
			name, data = name+".gz", b.Bytes()
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	expect := run.Expect()
	text, err := expect.JSON()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "expect.json"), text, 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), []byte(readme(run, expect)), 0o666)
}

// readme says in words what happened, what must be said and what must not.
func readme(run *lab.Run, expect lab.Expected) string {
	var b strings.Builder
	g := expect.Groups[run.Config.Names[0]]
	doc := run.Case.Doc
	fmt.Fprintf(&b, "%s%s.\n\n", strings.ToUpper(doc[:1]), doc[1:])
	fmt.Fprintf(&b, "The fault is `%s`; its impact by comparison with the same run without it: %s. Written by\n\n", run.Config.Faults[0], run.Impact)
	fmt.Fprintf(&b, "    go run ./internal/lab/incidents -seed %d %s\n\n", run.Seed, run.Case.Name)
	point := strings.Join(g.FailurePoint, " or ")
	if point == "none" {
		point = "none, since no write dies"
	}
	fmt.Fprintf(&b, "It must be said: verdict %s; failure point %s; cause %s.\n", verdicts(expect), point, strings.Join(g.Causes, " or "))
	if len(g.NotConfirmed) > 0 {
		fmt.Fprintf(&b, "It must not be confirmed, since it is not so: %s.\n", strings.Join(g.NotConfirmed, ", "))
	}
	return b.String()
}

func verdicts(e lab.Expected) string {
	var list []string
	for _, v := range e.Verdict {
		list = append(list, string(v))
	}
	return strings.Join(list, " or ")
}
