package parser

import (
	"testing"

	"github.com/tidwall/gjson"
)

// FuzzJSONMembers: what jsonMembers reads, gjson reads alike.
func FuzzJSONMembers(f *testing.F) {
	for _, s := range []string{
		`{"time":"2024-05-06T10:11:12Z","level":"INFO","msg":"http request","status":200,"ok":true,"none":null}`,
		`{ "msg" : "a \"quoted\" word" , "n" : -1.5e3, "list":[1,{"a":[]}], "o":{} }`,
		`{"é":"ü","msg":"b\u0041"}`, `{"a\u0041":1}`, `{}`, `{"a":01}`, `{"a":1}x`, `{"a":1,}`, `{"a" 1}`, "{\"a\":\"\x01\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		type member struct{ key, value string }
		var got, want []member
		if !jsonMembers(s, func(k string, v gjson.Result) {
			v = counted(v)
			got = append(got, member{k, v.Type.String() + v.String()})
		}) {
			return
		}
		if !gjson.ValidBytes(s) {
			t.Fatalf("%q is not valid", s)
		}
		gjson.ParseBytes(s).ForEach(func(k, v gjson.Result) bool {
			want = append(want, member{k.String(), v.Type.String() + v.String()})
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
