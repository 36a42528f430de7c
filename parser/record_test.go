package parser

import (
	"bytes"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/raftdiag/raftdiag"
)

// TestEnvelopesOf: no envelope is passed over that would fit, on whatever the
// samples hold from any byte on, with a stamp and without.
func TestEnvelopesOf(t *testing.T) {
	p := newReader()
	var lines [][]byte
	for _, f := range foreigners {
		for _, s := range f.samples {
			lines = append(lines, []byte(s.line))
		}
	}
	for _, s := range collectorSamples {
		lines = append(lines, []byte(s.line))
	}
	for _, samples := range [][]struct{ line, want string }{tracingSamples, slogSamples, logfmtSamples, goLogSamples, hclogSamples,
		klogSamples, log4jSamples, erlangSamples, natsSamples, tikvLogSamples, crdbSamples} {
		for _, s := range samples {
			lines = append(lines, []byte(s.line))
		}
	}
	for _, line := range lines {
		for from := range line {
			msg := bytes.TrimSpace(line[from:])
			if len(msg) == 0 {
				continue
			}
			for stamped, time := range []raftdiag.Stamp{raftdiag.NoStamp, 1} {
				for i, e := range envelopeReaders {
					if envelopesOf[stamped][msg[0]]&(1<<i) != 0 {
						continue
					}
					r := record{msg: bytes.Clone(msg), time: time}
					if e.read(p, &r) {
						t.Errorf("%s %d reads %s", e.name, i, msg)
					}
				}
			}
		}
	}
}

// FuzzJSONMembers: what walk reads, gjson reads alike.
func FuzzJSONMembers(f *testing.F) {
	for _, s := range []string{
		`{"time":"2024-05-06T10:11:12Z","level":"INFO","msg":"http request","status":200,"ok":true,"none":null}`,
		`{ "msg" : "a \"quoted\" word" , "n" : -1.5e3, "list":[1,{"a":[]}], "o":{} }`,
		`{"é":"ü","msg":"b\u0041"}`, `{"a\u0041":1}`, `{}`, `{"a":01}`, `{"a":1}x`, `{"a":1,}`, `{"a" 1}`, "{\"a\":\"\x01\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		type pair struct{ key, value string }
		var got, want []pair
		members, ok := newReader().walk(s)
		if !ok {
			return
		}
		for _, m := range members {
			v := counted(&m.value)
			got = append(got, pair{m.key, v.Type.String() + v.String()})
		}
		if !gjson.ValidBytes(s) {
			t.Fatalf("%q is not valid", s)
		}
		gjson.ParseBytes(s).ForEach(func(k, v gjson.Result) bool {
			want = append(want, pair{k.String(), v.Type.String() + v.String()})
			return true
		})
		if len(got) != len(want) {
			t.Fatalf("%q: %v, want %v", s, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%q: %v, want %v", s, got[i], want[i])
			}
		}
	})
}
