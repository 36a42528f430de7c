package parser

import (
	cmdline "flag"
	"fmt"
	"os"
	"testing"
)

// The short run of the laws draws the same on every machine. -rapid.checks=N
// looks around.
func TestMain(m *testing.M) {
	cmdline.Parse()
	seed, checks := cmdline.Lookup("rapid.seed"), cmdline.Lookup("rapid.checks")
	if seed.Value.String() == seed.DefValue && checks.Value.String() == checks.DefValue {
		if err := seed.Value.Set("20261125"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
