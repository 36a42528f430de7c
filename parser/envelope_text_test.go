package parser

import (
	"strings"
	"testing"
)

// TestTextEnvelopes opens the sample lines of the envelopes of Go programs.
func TestTextEnvelopes(t *testing.T) {
	for _, samples := range [][]struct{ line, want string }{hclogSamples, goLogSamples, logfmtSamples, natsSamples, capnslogSamples, erlangSamples} {
		for _, s := range samples {
			p := newReader()
			r := record{msg: []byte(s.line)}
			r.open(p)
			var fields []string
			for _, f := range r.fields {
				fields = append(fields, string(f.key)+"="+string(f.value))
			}
			got := r.level.String() + " " + string(r.logger) + "|" + string(r.msg) + "|" + strings.Join(fields, " ")
			if len(r.self) > 0 {
				got += " self=" + string(r.self) + " group=" + string(r.group)
			}
			if got != s.want {
				t.Errorf("%s\ngot  %s\nwant %s", s.line, got, s.want)
			}
		}
	}
}
