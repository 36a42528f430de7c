package cluster

import (
	"bytes"
	"io"
	"reflect"
	"runtime"
	"testing"
	"time"
)

// virtually runs a fault on the virtual clock and returns the logs.
func virtually(t testing.TB, conf Config, faults ...string) (*Outcome, map[uint64]*bytes.Buffer) {
	t.Helper()
	for _, text := range faults {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		conf.Faults = append(conf.Faults, f)
	}
	logs := map[uint64]*bytes.Buffer{}
	conf.Log = func(id uint64) io.Writer { logs[id] = &bytes.Buffer{}; return logs[id] }
	o, err := Run(t.Context(), conf)
	if err != nil {
		t.Fatalf("%v: %v", faults, err)
	}
	return o, logs
}

// One seed gives the same bytes and the same truth each time, with every fault,
// and leaves nothing running behind.
func TestVirtualIsDeterministic(t *testing.T) {
	before := runtime.NumGoroutine()
	for i, info := range Faults() {
		conf := func() Config {
			return Config{Nodes: 3 + 2*(i%2), Voice: Voice(i % 2), Duration: 4 * time.Second, Virtual: &Virtual{Seed: uint64(i), Jitter: time.Millisecond, Streams: i%3 == 0}}
		}
		a, logsA := virtually(t, conf(), info.Name)
		b, logsB := virtually(t, conf(), info.Name)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the truth differs", info.Name)
		}
		for id := range logsA {
			if !bytes.Equal(logsA[id].Bytes(), logsB[id].Bytes()) {
				t.Errorf("%s: the log of node %d differs", info.Name, id)
			}
		}
		if len(a.Messages) == 0 && info.Name != "empty-voters" && info.Name != "one-node-groups" || len(a.States) == 0 {
			t.Errorf("%s: no messages or states are kept", info.Name)
		}
	}
	if n := runtime.NumGoroutine(); n > before+2 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// Every fault does on the virtual clock what it does on the real one: with calls
// that are answered, or, where a call that hangs brings an election about, with
// streams and more time.
func TestFaultsVirtually(t *testing.T) {
	for i, s := range stageList {
		for seed := range uint64(4) {
			var book *notebook
			for _, streams := range []bool{false, true} {
				v, pace := s, paces[0]
				if streams {
					pace, v.logs = paces[1], nil // nobody is told what got lost
				}
				v.conf = func(c *Config) {
					if s.conf != nil {
						s.conf(c)
					}
					c.Virtual = &Virtual{Seed: 100*seed + uint64(i), Jitter: time.Duration(seed) * time.Millisecond, Streams: streams}
				}
				book = &notebook{TB: t}
				if v.run(book, pace); !book.failed {
					break
				}
			}
			if book.failed {
				t.Errorf("%s, seed %d: %v", s.fault, seed, book.lines)
			}
		}
	}
}
