package cluster

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A frame is read back; a garbled one keeps its group and nothing else.
func TestFrame(t *testing.T) {
	m := raftpb.Message{Type: raftpb.MsgApp, From: 1, To: 2, Term: 3, Index: 4, LogTerm: 3, Entries: []raftpb.Entry{{Index: 5, Term: 3, Data: []byte("x")}}}
	b, err := frame("orders-0", 7, m)
	if err != nil {
		t.Fatal(err)
	}
	group, id, got, err := parseFrame(b)
	if err != nil || group != "orders-0" || id != 7 || !reflect.DeepEqual(got, m) {
		t.Errorf("%s %+v %v", group, got, err)
	}
	if group, id, _, err := parseFrame(garbled(b)); err == nil || group != "orders-0" || id != 7 {
		t.Errorf("garbled: %q %d %v", group, id, err)
	}
}

// No bytes from the network make a node panic.
func FuzzParseFrame(f *testing.F) {
	b, _ := frame("orders-0", 0, raftpb.Message{Type: raftpb.MsgHeartbeat, From: 1, To: 2, Term: 3})
	f.Add(b)
	f.Add(b[:5])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _, _ = parseFrame(b)
		v := verdicts{b}
		_ = v.each(func(int, error) {})
	})
}

// The answer to a list of frames names those that were not taken.
func TestVerdicts(t *testing.T) {
	var v verdicts
	v.add(2, refused(codes.NotFound, errors.New("no group x here")))
	v.add(7, errors.New("plain"))
	type verdict struct {
		place int
		code  codes.Code
		text  string
	}
	var got []verdict
	if err := v.each(func(place int, err error) {
		s, _ := status.FromError(err)
		got = append(got, verdict{place, s.Code(), s.Message()})
	}); err != nil {
		t.Fatal(err)
	}
	want := []verdict{{2, codes.NotFound, "no group x here"}, {7, codes.Unknown, "plain"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// A gate that was shut twice opens when both have opened it, and lets nobody
// wait whose context ends.
func TestGate(t *testing.T) {
	var g gate
	var c wallClock
	ctx, cancel := context.WithCancel(context.Background())
	if !g.pass(c, ctx) || g.closed() {
		t.Error("a new gate is shut")
	}
	one, two := g.close(), g.close()
	one()
	one()
	if !g.closed() {
		t.Error("opened by half")
	}
	passed := make(chan bool)
	go func() { passed <- g.pass(c, ctx) }()
	two()
	if !<-passed || g.closed() {
		t.Error("it stays shut")
	}
	defer g.close()()
	go func() { passed <- g.pass(c, ctx) }()
	cancel()
	if <-passed {
		t.Error("passed a shut gate")
	}
}

// Messages to one peer keep their order, and what the network or the peer does
// to each is told.
func TestTransport(t *testing.T) {
	w := &wires{}
	w.rules.add(func(_ string, _, _ uint64, m raftpb.Message) passage {
		return passage{lose: m.Index == 3, garble: m.Index == 5}
	})
	net := newLoopback(w)
	arrived := make(chan uint64, 100)
	l, err := net.serve(2, func(_ context.Context, _ uint64, b []byte) error {
		_, _, m, err := parseFrame(b)
		if err != nil {
			return refused(codes.InvalidArgument, err)
		}
		arrived <- m.Index
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	type result struct {
		index uint64
		err   error
	}
	results := make(chan result, 100)
	b := &book{peers: map[uint64]string{2: net.address(2)}}
	tr := newTransport(net, w, 1, b, sending{clock: wallClock{}, family: func() uint64 { return 0 }, timeout: 5 * time.Second, queue: 100,
		pass: func(context.Context) bool { return true },
		lost: func(int) {},
		sent: func(_ string, m raftpb.Message, _ int, err error) { results <- result{m.Index, err} }})
	defer tr.close()
	for i := range uint64(8) {
		if err := tr.send("orders-0", raftpb.Message{Type: raftpb.MsgApp, From: 1, To: 2, Index: i}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.send("orders-0", raftpb.Message{To: 9}, 0); err == nil || err.Error() != "no address for peer 9" {
		t.Errorf("to nobody: %v", err)
	}
	for i := range uint64(8) {
		r := <-results
		if r.index != i || (r.err != nil) != (i == 5) {
			t.Errorf("%d: %+v", i, r)
		}
		if i != 3 && i != 5 {
			if got := <-arrived; got != i {
				t.Errorf("%d arrived as %d", i, got)
			}
		}
	}
}
