package parser

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

func TestZZGen(t *testing.T) {
	f, err := os.Open(os.Getenv("GEN"))
	if err != nil {
		t.Skip()
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		s := sc.Text()
		if s == "" {
			continue
		}
		p := newReader()
		it := item{}
		got := "nothing"
		if p.line([]byte(s), &it) == raft {
			got = it.ev.String()
			if it.ev.Kind == raftdiag.SymptomSeen && it.ev.Symptom.Sign == raftdiag.OtherLine {
				got = "nothing"
			}
			if it.ev.Group != "" && got != "nothing" {
				got += " @" + it.ev.Group
			}
		}
		if os.Getenv("SHOW") != "" {
			fmt.Printf("%s\n   => [%s] %s node=%d t=%v\n", s, dialectNames[it.dialect], got, it.ev.Node, it.ev.Time)
			continue
		}
		q := "`" + s + "`"
		if strings.Contains(s, "`") {
			q = strconv.Quote(s)
		}
		i := strings.LastIndex(got, " @")
		if i > 0 {
			got = got[:i]
		}
		fmt.Printf("DIALECT %s\t\t{%s,\n\t\t\t%s},\n", dialectNames[it.dialect], q, strconv.Quote(got))
	}
}
