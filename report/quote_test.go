package report

import (
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag"
)

// A line that is too long for its room keeps its words, its error and its time.
func TestBrief(t *testing.T) {
	etcd := `{"level":"warn","ts":"2025-10-20T12:00:00Z","caller":"rafthttp/peer.go:1","msg":"lost it, \"all\" of it","remote-peer-id":"ab","error":"EOF"}`
	journal := `{"__CURSOR":"s=1;i=2","_PID":"7","MESSAGE":"became leader","_COMM":"etcd","__REALTIME_TIMESTAMP":"1"}`
	for _, c := range []struct {
		text string
		room int
		want string
	}{
		{etcd, 200, `{"level":"warn", "ts":"2025-10-20T12:00:00Z", "caller":"rafthttp/peer.go:1", "msg":"lost it, \"all\" of it", "remote-peer-id":"ab", "error":"EOF"}`},
		{etcd, 120, `{… "ts":"2025-10-20T12:00:00Z", … "msg":"lost it, \"all\" of it", "remote-peer-id":"ab", "error":"EOF"}`},
		{etcd, 90, `{… "ts":"2025-10-20T12:00:00Z", … "msg":"lost it, \"all\" of it", … "error":"EOF"}`},
		{etcd, 10, `{… "msg":"lost it, \"all\" of it", …}`},
		{journal, 40, `{… "MESSAGE":"became leader", …}`},
		{"app: " + journal, 40, `app: {… "MESSAGE":"became leader", …}`},
		{`[{"a":1},{"b":2}] and so on`, 9, `[{"a":1},{"b":2}] and so on`},
		{`{"level":"info","caller":"a/b/c.go:17","msg":"cut in the m`, 40, `{… "msg":"cut in the m`},
		{`{"msg":"cut in the mid`, 9, `{"msg":"cut in the mid`},
		{`{"msg":"two"} {"msg":"objects"}`, 9, `{"msg":"two"} {"msg":"objects"}`},
		{`{a:1,b:2,c:3}`, 9, `{a:1,b:2,c:3}`},
	} {
		if got := brief(c.text, c.room); got != c.want {
			t.Errorf("%s in %d columns:\n got %s\nwant %s", c.text, c.room, got, c.want)
		}
	}
}

// What is kept stands in the line; nothing is made up.
func TestBriefQuotes(t *testing.T) {
	line := `{"a":{"b":[1,2,{"c":"},{"}]},"time":"now","d":null,"message":"x","e":"\\","f":"` + strings.Repeat("y", 300) + `"}`
	for room := range 120 {
		got := brief(line, room)
		for piece := range strings.SplitSeq(strings.Trim(got, "{}"), "…") {
			for f := range strings.SplitSeq(strings.Trim(piece, ", "), `, "`) {
				if !strings.Contains(line, f) {
					t.Errorf("%d columns: %q is not in the line", room, f)
				}
			}
		}
	}
}

func TestNode(t *testing.T) {
	for in, want := range map[string]string{"2": "node 2", "98cf07a727745607": "node 98cf07a727745607", "10.0.0.1:2380": "node 10.0.0.1:2380", "m1": "m1", "db0": "db0", "node1": "node1", "?": "node ?"} {
		if got := node(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for want, in := range map[string][]string{"nodes 1 and 3": {"1", "3"}, "m1, m2 and m3": {"m1", "m2", "m3"}, "m1": {"m1"}, "nodes m1 and 7": {"m1", "7"}} {
		if got := nodes(in); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestCommonDir(t *testing.T) {
	const long = "/var/log/incidents/2025-10-20/cluster/"
	for _, c := range []struct {
		sources []string
		want    string
	}{
		{[]string{long + "a.log", long + "b.log"}, long},
		{[]string{long + "a/x.log", long + "ab/x.log"}, long},
		{[]string{long + "a.log"}, long},
		{[]string{long + "a.log", "-"}, ""},
		{[]string{"logs/a.log", "logs/b.log"}, ""},
		{[]string{"/a.log", long + "b.log"}, ""},
		{nil, ""},
	} {
		var in []raftdiag.Input
		for _, s := range c.sources {
			in = append(in, raftdiag.Input{Source: s})
		}
		if got := commonDir(in); got != c.want {
			t.Errorf("%q: %q, want %q", c.sources, got, c.want)
		}
	}
}
