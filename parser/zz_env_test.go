package parser

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestZZEnv(t *testing.T) {
	f, err := os.Open(os.Getenv("GEN"))
	if err != nil {
		t.Skip()
	}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if sc.Text() == "" {
			continue
		}
		if strings.HasPrefix(sc.Text(), "## ") {
			fmt.Println(sc.Text())
			continue
		}
		p := newReader()
		r := record{msg: []byte(sc.Text())}
		r.open(p)
		var fields []string
		for _, f := range r.fields {
			fields = append(fields, string(f.key)+"="+string(f.value))
		}
		got := r.level.String() + " " + string(r.logger) + "|" + string(r.msg) + "|" + strings.Join(fields, " ")
		if len(r.self) > 0 {
			got += " self=" + string(r.self) + " group=" + string(r.group)
		}
		fmt.Printf("%s\t{%s,\n\t\t%s},\n", "", "`"+sc.Text()+"`", strconv.Quote(got))
	}
}
