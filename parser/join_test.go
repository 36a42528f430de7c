package parser

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestJoin reads lines that collectors cut, in reads of any size.
func TestJoin(t *testing.T) {
	long := strings.Repeat("x", 17000)
	var size [8]byte
	message := "Ready MustSync=false:\nMessages:\n2->1 MsgHeartbeat Term:1 Log:0/0\n"
	binary.LittleEndian.PutUint64(size[:], uint64(len(message)))
	for _, c := range []struct {
		name, log string
		want      []string
	}{
		{"cri", "2024-05-06T10:11:12.5Z stdout P sending 2->1 Msg\n2024-05-06T10:11:12.6Z stdout P App Term:1 Log:1/2 Com\n2024-05-06T10:11:12.7Z stdout F mit:2\n" +
			"2024-05-06T10:11:13.5Z stdout F sending 2->3 MsgApp Term:1 Log:1/2 Commit:2\n",
			[]string{`"type":"MsgApp","from":"2","to":"1","term":1,"log_term":1,"index":2,"commit":2,"entries":0,"reject":false,"source":"","line":1`, `"to":"3","term":1,"log_term":1,"index":2,"commit":2,"entries":0,"reject":false,"source":"","line":4`}},
		{"cri ends", "2024-05-06T10:11:12.5Z stdout P sending 2->1 MsgApp Term:1 Log:1/2 Com\n", []string{`"to":"1","term":1,"log_term":1,"index":2,"commit":0`}},
		{"docker", `{"log":"sending 2->1 MsgApp Term:1 Log:1/2 Commit:2 Entries:[1/3 EntryNormal \"` + long + `","stream":"stderr","time":"2024-05-06T10:11:12Z"}` + "\n" +
			`{"log":"y\"]\n","stream":"stderr","time":"2024-05-06T10:11:12Z"}` + "\n" + `{"log":"sending 2->3 MsgHeartbeat Term:1 Log:0/0\n","stream":"stderr","time":"2024-05-06T10:11:12Z"}` + "\n",
			[]string{`"to":"1","term":1,"log_term":1,"index":2,"commit":2,"entries":1,"entry_term":1,"reject":false,"source":"","line":1`, `"MsgHeartbeat","from":"2","to":"3","term":1,"log_term":0,"index":0,"commit":0,"entries":0,"reject":false,"source":"","line":3`}},
		{"export", "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1715000000123456\n_HOSTNAME=n1\nMESSAGE=sending 2->1 MsgApp Term:1 Log:1/2\n\n" +
			"__CURSOR=s=2\n__REALTIME_TIMESTAMP=1715000000123457\nMESSAGE\n" + string(size[:]) + message + "\n_HOSTNAME=n1\n\n",
			[]string{`"time":"2024-05-06T12:53:20.123456Z"`, `"time":"2024-05-06T12:53:20.123457Z"`, `"line":6`}},
		{"otlp", `{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"n1"}}]},"scopeLogs":[{"logRecords":[` +
			`{"timeUnixNano":"1715000000000000001","severityNumber":9,"body":{"stringValue":"nothing of interest"}},` +
			`{"timeUnixNano":"1715000000000000002","severityNumber":9,"body":{"stringValue":"sending 2->1 MsgApp Term:1 Log:1/2"}},` +
			`{"timeUnixNano":"1715000000000000003","severityNumber":9,"body":{"stringValue":"Raft log for a-0: last_index=1, committed=0"}}]}]}]}` + "\n",
			[]string{`"time":"2024-05-06T12:53:20.000000002Z"`, `"time":"2024-05-06T12:53:20.000000003Z","group":"a-0","writer":"n1","kind":"log"`}},
		{"loki", `{"status":"success","data":{"result":[{"stream":{"pod":"etcd-0"},"values":[["1715000000000000003","sending 2->1 MsgHeartbeat Term:1 Log:0/0"],["1715000000000000002","sending 2->1 MsgApp Term:1 Log:1/2"]]}]}}` + "\n",
			[]string{`"time":"2024-05-06T12:53:20.000000002Z","node":"2","writer":"etcd-0","kind":"sent","type":"MsgApp"`, `"time":"2024-05-06T12:53:20.000000003Z","node":"2","writer":"etcd-0","kind":"sent","type":"MsgHeartbeat"`}},
	} {
		name := filepath.Join(t.TempDir(), "a.log")
		if err := os.WriteFile(name, []byte(c.log), 0o600); err != nil {
			t.Fatal(err)
		}
		whole := ""
		for _, block := range []int{1 << 15, 7, 64, 1000} {
			events, inputs := readAll(t, Options{Workers: 1, block: block}, name)
			at := 0
			for _, want := range c.want {
				i := strings.Index(events[at:], want)
				if i < 0 {
					t.Errorf("%s, %d bytes a read: no %s in\n%s", c.name, block, want, events)
					break
				}
				at += i
			}
			if whole == "" {
				whole = events + inputs
			} else if events+inputs != whole {
				t.Errorf("%s: other events with %d bytes a read:\n%s\nwas\n%s", c.name, block, events+inputs, whole)
			}
		}
	}
}
