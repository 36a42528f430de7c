package parser

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/raftdiag/raftdiag"
)

// readyLines is one Ready of a node, as a list of lines.
func readyLines(t *rapid.T, node, leader uint64, g string, term, index int) []string {
	role := "Follower"
	if node == leader {
		role = "Leader"
	}
	out := []string{
		fmt.Sprintf("ready() HAS_READY for %s: raft_state=%s, term=%d, commit=%d, leader=%d", g, role, term, index, leader),
		fmt.Sprintf("Progress tracker for %s:", g),
		fmt.Sprintf("  Peer %d: matched=%d, next_idx=%d", node%3+1, index, index+1),
		fmt.Sprintf("Raft log for %s: last_index=%d, committed=%d, applied=%d, unstable_entries=1", g, index+1, index, index),
	}
	var rows []string
	if rapid.IntRange(0, 3).Draw(t, "sends") > 0 {
		if node == leader {
			for i, to := range []uint64{node%3 + 1, (node+1)%3 + 1} {
				rows = append(rows, fmt.Sprintf("  Msg[%d]: type=3, from=%d, to=%d, term=%d, log_term=1, index=%d, commit=%d, entries=1", i, node, to, term, index, index))
			}
		} else {
			rows = append(rows, fmt.Sprintf("  Msg[0]: type=4, from=%d, to=%d, term=%d, log_term=0, index=%d, commit=0, entries=0, reject=false", node, leader, term, index+1))
		}
	}
	out = append(out, fmt.Sprintf("ready() EXTRACTING for %s: immediate_msgs=%d, persisted_msgs=0, entries=1, committed=1, soft_state=None, hard_state=None", g, len(rows)))
	if len(rows) > 0 {
		out = append(append(out, fmt.Sprintf("Outgoing messages from %s: total=%d", g, len(rows))), rows...)
	}
	out = append(out, fmt.Sprintf("Received Raft message for %s: type=3, from=%d, to=%d, term=%d, index=%d", g, node%3+1, node, term, index))
	return append(out, fmt.Sprintf("Committed entries for %s: count=1, first_index=%d, last_index=%d", g, index, index))
}

// attributed reads a merged log and counts the events with the right node, a
// wrong one and none.
func attributed(t interface{ Fatal(args ...any) }, log []string, wrote []uint64) (right, wrong, open int, why string) {
	res, err := Read(context.Background(), []string{"-"}, Options{Workers: 1, Stdin: strings.NewReader(strings.Join(log, "\n") + "\n"),
		Open: func(string, int) func(*raftdiag.Event) {
			return func(e *raftdiag.Event) {
				switch uint64(e.Node) {
				case wrote[e.Pos.Line-1]:
					right++
				case 0:
					open++
				default:
					wrong++
					why = e.Line() + " is of node " + fmt.Sprint(wrote[e.Pos.Line-1])
				}
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	res.Close()
	return right, wrong, open, why
}

// TestMergedBlocks states that a merged stream of whole Readys is never
// attributed to a wrong node, and mostly to the right one.
func TestMergedBlocks(t *testing.T) {
	total, known := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		log, wrote := []string{"  Msg[0]: type=8, from=1, to=2", "  Msg[0]: type=8, from=2, to=1"}, []uint64{1, 2}
		n := rapid.IntRange(2, 30).Draw(t, "readys")
		for i := range n {
			node := uint64(rapid.IntRange(1, 3).Draw(t, "node"))
			g := rapid.SampledFrom([]string{"a-0", "b-1"}).Draw(t, "group")
			for _, line := range readyLines(t, node, 2, g, 1, i) {
				log, wrote = append(log, line), append(wrote, node)
			}
		}
		right, wrong, open, why := attributed(t, log, wrote)
		if wrong > 0 {
			t.Fatalf("%d events of a wrong node: %s\n%s", wrong, why, strings.Join(log, "\n"))
		}
		total += right + open
		known += right
	})
	if known*2 < total {
		t.Errorf("%d of %d events attributed", known, total)
	}
}

// TestMergedLines lets the lines of the nodes mix at random, without a thread
// or a stamp that tells them apart: hardly a line is given to a wrong node.
func TestMergedLines(t *testing.T) {
	total, bad := 0, 0
	defer func() { t.Logf("%d of %d events of a wrong node", bad, total) }()
	rapid.Check(t, func(t *rapid.T) {
		var queues [3][]string
		for i := range rapid.IntRange(2, 12).Draw(t, "readys") {
			node := rapid.IntRange(1, 3).Draw(t, "node")
			queues[node-1] = append(queues[node-1], readyLines(t, uint64(node), 2, "a-0", 1, i)...)
		}
		log, wrote := []string{"  Msg[0]: type=8, from=1, to=2", "  Msg[0]: type=8, from=2, to=1"}, []uint64{1, 2}
		now := 0
		for len(queues[0])+len(queues[1])+len(queues[2]) > 0 {
			if len(queues[now]) == 0 || rapid.IntRange(0, 4).Draw(t, "switch") == 0 {
				now = (now + 1) % 3
				continue
			}
			log, wrote = append(log, queues[now][0]), append(wrote, uint64(now+1))
			queues[now] = queues[now][1:]
		}
		right, wrong, open, why := attributed(t, log, wrote)
		total += right + wrong + open
		bad += wrong
		if wrong > 0 {
			t.Logf("%d wrong, %d right, %d open: %s\n%s", wrong, right, open, why, strings.Join(log, "\n"))
		}
	})
	if bad*50 > total {
		t.Errorf("%d of %d events of a wrong node", bad, total)
	}
}
