package main

import (
	"fmt"
	"testing"

	"github.com/raftdiag/raftdiag/internal/lab"
)

// Runs of the lab that once were graded otherwise stay right.
func TestMended(t *testing.T) {
	if testing.Short() {
		t.Skip("stages runs of the lab")
	}
	none, _ := lab.DamageByName("none")
	for _, run := range []struct {
		name string
		seed uint64
		why  string
	}{
		{"burst", 14, "rejections that an accept overtook on the way took nothing back"},
		{"late-addresses", 1, "the transport said why nobody could win, and somebody won in the end"},
		{"late-addresses", 2, "one node campaigned long, and the others had no leader either"},
		{"slow-network", 1, "equal answers that came within one millisecond were all there"},
		{"slow-network", 7, "what was sent last had not arrived when the log ended, and was not lost"},
		{"answers-late", 7, "heartbeat answers overtook the answers"},
		{"sender-blocked", 8, "what was sent over a long time came at once"},
		{"one-way-partition", 11, "of equal heartbeats the last one arrived, and not the first"},
		{"answers-late", 1, "rejections whose hint covers the entry are about later ones"},
		{"answers-late", 15, "an answer in a later term passes no gate"},
		{"slow-network", 9, "the first delay is a silence, and no standing still"},
		{"slow-disk", 15, "who rejects appends gets them, and none is held back"},
		{"partition", 4, "that the voters were silent in a later term followed from the cut"},
		{"transfer-in-progress", 2, "a transfer that ends refused proposals for a long time before"},
		{"disk-hangs", 9, "the answer is made, and its hand-over is missing from a log that goes on with what arrives"},
		{"step-error", 9, "votes that a deaf follower asks for are no answer whose line is missing"},
		{"answer-not-sent", 10, "the same, with answers that were dropped"},
		{"loop-stalled", 5, "few rounds go by before the leader steps down, and much time"},
		{"progress-uninitialised", 13, "accepts that are heard in time and not counted until the fault heals"},
		{"inflight-full", 9, "the same, with a window that fills"},
		{"ready-not-drained", 2, "what is ready shows again and again, until the loop goes on and all comes at once; the leader steps down meanwhile"},
		{"ready-not-drained", 8, "the same, and followers in later terms do not answer what comes so late"},
		{"burst", 3, "a dozen proposals of one millisecond, before the loop could turn"},
		{"leader-stalled", 7, "the loop stands still until another node has been elected, and goes on"},
		{"stale-answer", 13, "answers that covered less once, though later ones covered it"},
		{"slow-disk", 2, "accepts wait behind writes that the leader calls slow"},
		{"slow-disk", 9, "nobody speaks of slow writes, and the leader's own stamps show them"},
		{"log-regressed", 13, "the leader's log was short until the storage healed"},
		{"snapshot-loop", 8, "a node that is heard in bursts is not missed between them"},
		{"snapshot-loop", 3, "a client whose entry comes in one of many snapshots"},
		{"burst", 26, "appends that answer rejections of one moment, to four followers, are no rounds of waiting"},
		{"burst", 48, "the same, with a heartbeat in it"},
		{"burst", 82, "the same, within three stamps"},
		{"lossy-link", 30, "the log ends two moments after such rejections"},
		{"node-restart", 30, "an accept that waits for the disk when its process dies, and proposals on their way to it"},
		{"node-restart", 47, "proposals that were forwarded to a leader that had just died"},
		{"node-restart", 48, "the same, and the transport says that nobody listens"},
		{"log-ends", 68, "proposals of one moment, right before the log ends, where heartbeats show that no time went by"},
		{"answer-not-sent", 40, "of equal stamps, a hand-over before the answer belongs to the answer before"},
		{"disk-hangs", 40, "the same"},
		{"disk-hangs", 39, "a follower of one group leads another and stands still with what it was asked"},
		{"partition", 47, "another leader's entry came to the index for which a client waits"},
		{"wrong-peer-address", 23, "who does not get its mail deposes the leaders that it does not hear"},
	} {
		t.Run(fmt.Sprintf("%s-%d", run.name, run.seed), func(t *testing.T) {
			cases, err := parseCases([]string{run.name})
			if err != nil {
				t.Fatal(err)
			}
			e := exam{parts: []part{{cases: cases, first: run.seed, last: run.seed, damages: []lab.Damage{none}}}, parallel: 1, plain: true}
			tally, err := e.hold(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range tally.Marks {
				if m.Grade != lab.Right {
					t.Errorf("%s: %s, %s (%s)", m.Plan, m.Grade, m.Why, run.why)
				}
			}
		})
	}
}
