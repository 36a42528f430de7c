package parser

import (
	"strings"
	"testing"
	"time"
)

// TestTextEnvelopes opens the sample lines of the envelopes.
func TestTextEnvelopes(t *testing.T) {
	for _, samples := range [][]struct{ line, want string }{hclogSamples, goLogSamples, logfmtSamples, natsSamples, capnslogSamples, floggingSamples, erlangSamples,
		tikvLogSamples, slogSamples, crdbSamples, klogSamples, tracingSamples, log4jSamples} {
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

// TestOddStamps reads stamps that have no year, no date, or a zone of their
// own.
func TestOddStamps(t *testing.T) {
	near := time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		line string
		near time.Time
		want string
	}{
		{`I0506 10:11:12.123456    1234 file.go:12] message`, time.Time{}, "2000-05-06T10:11:12.123456Z"},
		{`I0301 10:11:12.123456    1234 file.go:12] message`, near, "2024-03-01T10:11:12.123456Z"},
		{`I1231 10:11:12.123456    1234 file.go:12] message`, near, "2023-12-31T10:11:12.123456Z"},
		{`I20220506 10:11:12.123456 1234 file.go:12] message`, near, "2022-05-06T10:11:12.123456Z"},
		{`Feb 29 10:11:12.004 INFO message, raft_id: 1`, near, "2024-02-29T10:11:12.004Z"},
		{`10:11:12.123 [main] INFO  c.f.Bar - message`, near, "2024-03-02T10:11:12.123Z"},
		{`I240506 20:10:00.000000+100000 60 server/node.go:32 ⋮ [-] 97  started`, near, "2024-05-06T10:10:00Z"},
		{`[2024/05/06 10:11:12.123 +08:00] [INFO] [raft.rs:1120] [newRaft] [raft_id=12]`, near, "2024-05-06T02:11:12.123Z"},
		{`{"c":0,"t":"1715000000.123456789","sev":"I","g":77,"n":412,"message":"started"}`, near, "2024-05-06T12:53:20.123456789Z"},
	} {
		p := newReader()
		p.clock.near = c.near
		r := record{msg: []byte(c.line)}
		r.open(p)
		if got := r.time.String(); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.line, got, c.want)
		}
	}
}
