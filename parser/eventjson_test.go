package parser

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/internal/loggen"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"
)

// The cases are lines, each with what becomes of it: the event, "not an
// event", or the error.
func TestDecodeEvent(t *testing.T) {
	datadriven.RunTest(t, "testdata/eventjson", func(t *testing.T, d *datadriven.TestData) string {
		in := newInterner()
		var out strings.Builder
		for _, line := range strings.Split(d.Input, "\n") {
			var e raftdiag.Event
			ok, err := decodeEvent([]byte(line), &e, in)
			switch {
			case err != nil:
				fmt.Fprintf(&out, "error: %v\n", err)
			case !ok:
				out.WriteString("not an event\n")
			default:
				if e.Writer != "" {
					fmt.Fprintf(&out, "%s: ", e.Writer)
				}
				fmt.Fprintln(&out, e.Line())
			}
			if problem := disagreement([]byte(line), in); problem != "" {
				fmt.Fprintln(&out, problem)
			}
		}
		return out.String()
	})
}

// disagreement says where decodeEvent and UnmarshalJSON differ on a line.
func disagreement(line []byte, in *interner) string {
	got := raftdiag.Event{Text: "left over", Set: raftdiag.HasText}
	ok, err := decodeEvent(line, &got, in)
	var want raftdiag.Event
	wantErr := want.UnmarshalJSON(line)
	if err == nil && !json.Valid(line) && !namesKind(line) {
		if ok {
			return "a broken line was taken for an event"
		}
		return ""
	}
	switch {
	case wantErr == nil && (!ok || err != nil):
		return fmt.Sprintf("UnmarshalJSON reads it, decodeEvent says %v, %v", ok, err)
	case wantErr == nil && !reflect.DeepEqual(got, want):
		return fmt.Sprintf("decodeEvent read\n%+v\nUnmarshalJSON\n%+v", got, want)
	case wantErr != nil && ok:
		return fmt.Sprintf("decodeEvent read %s, UnmarshalJSON says %v", got.Line(), wantErr)
	case errors.Is(wantErr, raftdiag.ErrNoKind) && err != nil:
		return fmt.Sprintf("decodeEvent says %v, UnmarshalJSON %v", err, wantErr)
	}
	return ""
}

// anyName draws strings as logs have them, and odd ones.
func anyName() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"g-17", "__meta-0", "node1", "rpc error: desc = \"connection refused\"", "a\\b\n\t", "1->2 <&>", "ä\u2028\U0001F600", "\xff\xfe"}),
		rapid.String(),
		rapid.StringN(7, 17, 40),
	)
}

func anyNumber() *rapid.Generator[uint64] {
	return rapid.OneOf(rapid.Uint64Max(300), rapid.Uint64(), rapid.SampledFrom([]uint64{0, 9, 10, 1<<63 - 1, 1 << 63, 1<<64 - 1}))
}

// anyEvent draws an event of any kind with any subset of its fields.
func anyEvent(t *rapid.T) raftdiag.Event {
	kind := rapid.SampledFrom(raftdiag.Kinds()).Draw(t, "kind")
	n := func(name string) uint64 { return anyNumber().Draw(t, name) }
	e := raftdiag.Event{Kind: kind.Kind}
	if rapid.Bool().Draw(t, "timed") {
		e.Time = raftdiag.Stamp(rapid.Int64().Draw(t, "time"))
	}
	if rapid.Bool().Draw(t, "named") {
		e.Node, e.Group, e.Writer = raftdiag.NodeID(n("node")), anyName().Draw(t, "group"), anyName().Draw(t, "writer")
	}
	if rapid.Bool().Draw(t, "placed") {
		e.Pos = raftdiag.Position{Source: anyName().Draw(t, "source"), Line: rapid.Int64().Draw(t, "line")}
	}
	for _, f := range raftdiag.FieldList() {
		if kind.Fields&f.Bit == 0 || !rapid.Bool().Draw(t, f.Key) {
			continue
		}
		e.Set |= f.Bit
		// Values go in by way of JSON, so that the table of fields stays in one place.
		var value any
		switch f.Type {
		case "integer":
			value = n(f.Key)
			if f.Bit == raftdiag.HasDuration {
				value = rapid.Int64().Draw(t, f.Key)
			}
		case "id":
			value = fmt.Sprint(n(f.Key))
		case "boolean":
			value = rapid.Bool().Draw(t, f.Key)
		case "symptom":
			value = map[string]any{"sign": rapid.SampledFrom(raftdiag.Signs()).Draw(t, f.Key).Name, "self": []string{anyName().Draw(t, "self")}, "what": "a b"}
		case "config":
			value = map[string]any{"voters": []string{fmt.Sprint(n("voter")), "2"}, "learners": []string{"3"}}
		default:
			switch f.Bit {
			case raftdiag.HasType:
				value = raftdiag.MessageType(rapid.Uint8Max(40).Draw(t, f.Key)).String()
			case raftdiag.HasRole, raftdiag.HasOldRole:
				value = raftdiag.Role(rapid.Uint8Range(1, 4).Draw(t, f.Key)).String()
			case raftdiag.HasProgressState:
				value = raftdiag.ProgressState(rapid.Uint8Range(1, 3).Draw(t, f.Key)).String()
			case raftdiag.HasEntryType:
				value = raftdiag.EntryType(rapid.Uint8Max(2).Draw(t, f.Key)).String()
			default:
				value = anyName().Draw(t, f.Key)
			}
		}
		one, err := json.Marshal(map[string]any{"kind": kind.Name, f.Key: value})
		if err != nil {
			t.Fatal(err)
		}
		var with raftdiag.Event
		if err := with.UnmarshalJSON(one); err != nil {
			t.Fatalf("%s: %v", one, err)
		}
		merge(&e, &with)
	}
	return e
}

// merge copies what from sets into e.
func merge(e, from *raftdiag.Event) {
	var walk func(to, of reflect.Value)
	walk = func(to, of reflect.Value) {
		for i := range to.NumField() {
			switch {
			case to.Type().Field(i).Anonymous:
				walk(to.Field(i), of.Field(i))
			case !of.Field(i).IsZero() && to.Type().Field(i).Name != "Set":
				to.Field(i).Set(of.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(e).Elem(), reflect.ValueOf(from).Elem())
}

// members takes a JSON object apart.
func members(line []byte) (list []string) {
	gjson.ParseBytes(line).ForEach(func(k, v gjson.Result) bool {
		list = append(list, k.Raw+":"+v.Raw)
		return true
	})
	return list
}

// Whatever AppendJSON writes, in any order of its keys, with white space and
// with keys of others between, decodeEvent and UnmarshalJSON read the same.
func TestDecodeEventAgrees(t *testing.T) {
	in := newInterner()
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		list := members(e.AppendJSON(nil))
		list = append(list, rapid.SliceOfN(rapid.SampledFrom([]string{
			`"level":"INFO"`, `"msg":"sent \"it\" \u00e4"`, `"source":{"function":"f","file":"a.go","line":7}`, `"x":[1,-2.5e+3,{"kind":"sent"},[]]`,
			`"index":null`, `"term":5`, `"from":7`, `"kind":"none"`, `"kind":"sent"`, `"ok":true`, `"group":"again"`, `"line":null`, `"type":3`, `"\u0074o":"4"`,
		}), 0, 3).Draw(t, "others")...)
		list = rapid.Permutation(list).Draw(t, "order")
		blank := rapid.SampledFrom([]string{"", "", " ", "\t", "\r\n "}).Draw(t, "blank")
		line := blank + "{" + blank + strings.Join(list, blank+","+blank) + blank + "}" + blank
		if blank != "" && rapid.Bool().Draw(t, "colons") {
			line = strings.ReplaceAll(line, `":`, `"`+blank+":"+blank)
		}
		if problem := disagreement([]byte(line), in); problem != "" {
			t.Fatalf("%s\n%s", line, problem)
		}
		cut := rapid.IntRange(0, len(line)).Draw(t, "cut")
		if problem := disagreement([]byte(line[:cut]), in); problem != "" {
			t.Fatalf("%s\n%s", line[:cut], problem)
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	for _, line := range sampleLines {
		f.Add([]byte(line))
		f.Add([]byte(line[:len(line)-9]))
	}
	f.Add([]byte(`{"index":1,"kind":"sent","type":3,"from":1,"text":"\ud83d\ude00","time":"2025-10-20T12:00:00+02:00","kind":"log"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		before := string(line)
		if problem := disagreement(line, newInterner()); problem != "" {
			t.Fatalf("%s\n%s", before, problem)
		}
		if string(line) != before {
			t.Fatal("the line was written to")
		}
	})
}

// Equal names share memory while they are kept, however many there are, and
// what is kept is bounded.
func TestInterner(t *testing.T) {
	in := newInterner()
	for i := range 3 * mostNames {
		name := fmt.Sprintf("group-%d", i)
		if got := in.string([]byte(name)); got != name {
			t.Fatalf("%q became %q", name, got)
		}
	}
	if len(in.names) > mostNames {
		t.Errorf("%d places, the limit is %d", len(in.names), mostNames)
	}
	for n := range 40 {
		name := strings.Repeat("x", n)
		if in.string([]byte(name)) != name {
			t.Errorf("length %d", n)
		}
		if a := testing.AllocsPerRun(10, func() { in.string([]byte(name)) }); a != 0 {
			t.Errorf("length %d: %v allocations for a known name", n, a)
		}
	}
}

var sampleLines = []string{
	`{"time":"2025-10-20T12:00:00.123456789Z","level":"INFO","msg":"sent","node":"1","group":"g-17","kind":"sent","type":"MsgApp","from":"1","to":"2","term":2,"log_term":2,"index":1841,"commit":1840,"entries":1}`,
	`{"time":"2025-10-20T12:00:00.123543211Z","level":"INFO","msg":"received","node":"2","group":"g-17","kind":"received","type":"MsgApp","from":"1","to":"2","term":2,"log_term":2,"index":1841,"commit":1840,"entries":1}`,
	`{"time":"2025-10-20T12:00:00.124456789+02:00","level":"INFO","msg":"sent","node":"2","group":"g-17","kind":"sent","type":"MsgAppResp","from":"2","to":"1","term":2,"log_term":0,"index":1842,"commit":1840,"reject":false}`,
	`{"time":"2025-10-20T12:00:00.125Z","level":"INFO","msg":"progress","node":"1","group":"g-17","kind":"progress","peer":"2","match":1842,"next":1843,"state":"Replicate","paused":false,"pending_snapshot":0,"recent_active":true,"inflight":0}`,
	`{"time":"2025-10-20T12:00:00.126456Z","level":"INFO","msg":"log","node":"1","group":"g-200","kind":"log","first":1,"last":1842,"commit":1842,"applied":1841,"unstable":0}`,
	`{"time":"2025-10-20T12:00:00.126456Z","level":"INFO","msg":"state","node":"1","group":"g-200","kind":"state","role":"Leader","term":2,"vote":"1","commit":1842,"lead":"1","applied":1842}`,
	`{"time":"2025-10-20T12:00:00.127Z","level":"WARN","msg":"send_failed","node":"1","group":"g-17","kind":"send_failed","type":"MsgApp","from":"1","to":"3","term":2,"peer":"3","text":"rpc error: desc = \"connect: connection refused\""}`,
	`{"time":"2025-10-20T12:00:00.128Z","level":"INFO","msg":"compaction finished","node":"1","took":"1.2s"}`,
}

func TestDecodeEventDoesNotAllocate(t *testing.T) {
	in := newInterner()
	e := new(raftdiag.Event)
	for _, line := range sampleLines {
		b := []byte(line)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := decodeEvent(b, e, in); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations for %s", n, line)
		}
	}
}

// benchmarkLines gives the lines of a large log, and their mean length.
func benchmarkLines(b *testing.B) (lines [][]byte, size int64) {
	var log bytes.Buffer
	if _, err := loggen.Write(loggen.Config{Size: 16 << 20}, func(int) io.Writer { return &log }); err != nil {
		b.Fatal(err)
	}
	tail := log.Bytes()[log.Len()/2:]
	for line := range bytes.Lines(tail[bytes.IndexByte(tail, '\n')+1:]) {
		lines = append(lines, bytes.TrimSuffix(line, []byte("\n")))
	}
	return lines, int64(len(tail) / len(lines))
}

func BenchmarkDecodeEvent(b *testing.B) {
	lines, size := benchmarkLines(b)
	e := new(raftdiag.Event)
	run := func(name string, decode func(line []byte) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := decode(lines[i%len(lines)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	in := newInterner()
	run("decodeEvent", func(line []byte) error {
		_, err := decodeEvent(line, e, in)
		return err
	})
	run("gjson.ForEach", func(line []byte) error { // the walk alone, nothing is kept
		n := 0
		gjson.ParseBytes(line).ForEach(func(k, v gjson.Result) bool {
			n += len(k.Str) + len(v.Raw)
			return true
		})
		return nil
	})
	run("encoding/json", func(line []byte) error {
		if err := json.Unmarshal(line, e); err != nil && !errors.Is(err, raftdiag.ErrNoKind) {
			return err
		}
		return nil
	})
}
