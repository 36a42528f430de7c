package parser

import (
	"bufio"
	"fmt"
	"os"
	"testing"
)

func TestZZRec(t *testing.T) {
	f, err := os.Open(os.Getenv("GEN"))
	if err != nil {
		t.Skip()
	}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		p := newReader()
		r := &p.rec
		*r = record{msg: sc.Bytes()}
		r.open(p)
		fmt.Printf("env=%s time=%v level=%v logger=%s group=%s self=%s msg=%q fields=", envelopeNames[r.env], r.time, r.level, r.logger, r.group, r.self, r.msg)
		for _, f := range r.fields {
			fmt.Printf(" %s=%s", f.key, f.value)
		}
		fmt.Println()
	}
}
