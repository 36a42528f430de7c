package parser

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
)

// What readHead takes off, the first reader that can takes off alike.
func TestHead(t *testing.T) {
	var samples []string
	for _, f := range Formats() {
		samples = append(samples, f.Samples...)
	}
	parts := rapid.SampledFrom([]string{"2025-10-20T12:00:01.5Z", "2025-10-20 12:00:01", "2025/10/20 12:00:01,123", "[2025-10-20T12:00:01Z] ", "INFO", "WARN", "ERROR:", "DEBUG]", "CRITICAL\t",
		" ", "  ", "\t", "raft", "raft-0", "x.go:12: ", ": ", "[shard 0] x - ", "[", "INFO[0001] ", "12", "Mon ", "May  6 10:11:12 ", "|", "x=1", "app::x: ", "app::x:", "::", "a::b::", "x::y.go:1: ", "stdout F ", "LIBRAFT::x: a.c:1 ", "error: ", "error::x: ", "logger", "msg=1"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.TrimSpace(strings.Join(rapid.SliceOfN(parts, 1, 8).Draw(t, "parts"), ""))
		if rapid.Bool().Draw(t, "sample") {
			s = strings.TrimSpace(rapid.SampledFrom(samples).Draw(t, "line"))
			s = strings.TrimSpace(s[rapid.IntRange(0, len(s)-1).Draw(t, "from"):])
		}
		if s == "" {
			return
		}
		p := newReader()
		r := record{msg: []byte(s), env: rapid.SampledFrom([]envelope{bare, textLog, syslog}).Draw(t, "env")}
		need := 0
		if rapid.Bool().Draw(t, "stamped") {
			r.time, need = 1, 1
		}
		if rapid.Bool().Draw(t, "levelled") {
			r.level = raftdiag.Info
		}
		got, want := r, r
		if !readHead(p, &got) {
			return
		}
		for i, e := range envelopeReaders {
			if envelopesOf[need][s[0]]>>i&1 == 0 || !e.read(p, &want) {
				continue
			}
			want.in(e.env)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: envelope %d, %+v; readHead: %+v", s, e.env, want, got)
			}
			return
		}
		t.Fatalf("%q: no envelope; readHead: %+v", s, got)
	})
}

// Behind a stamp, a line without signs is in none but a few envelopes.
func TestUnsigned(t *testing.T) {
	var samples []string
	for _, f := range Formats() {
		samples = append(samples, f.Samples...)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(samples).Draw(t, "line")
		with := rapid.SampledFrom([]string{"", " ", "x", "="}).Draw(t, "instead")
		for _, c := range headSigns {
			s = strings.ReplaceAll(s, string(c), with)
		}
		if s = strings.TrimSpace(s); s == "" {
			return
		}
		s = strings.TrimSpace(s[rapid.IntRange(0, len(s)-1).Draw(t, "from"):])
		r := record{msg: []byte(s), time: 1, env: rapid.SampledFrom([]envelope{bare, syslog, jsonLog}).Draw(t, "env"),
			level: rapid.SampledFrom([]raftdiag.Level{raftdiag.UnknownLevel, raftdiag.Info}).Draw(t, "level")}
		for i, e := range envelopeReaders {
			if got := r; s != "" && !e.unsigned && envelopesOf[1][s[0]]>>i&1 == 1 && e.read(newReader(), &got) {
				t.Fatalf("%q: envelope %d of %d", s, i, e.env)
			}
		}
	})
}
