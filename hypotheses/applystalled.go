package hypotheses

import (
	"fmt"
	"slices"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

var applyStalled = &Hypothesis{
	Name:  "apply-stalled",
	Title: "entries are committed and not applied",
	Doc: "Commit covers the entry and the state machine does not apply it, or applies it and does not tell the client that waits. " +
		"On the leader, or where the client waits, it is a fault; on another node it costs no write.",
	Needs:  []raftdiag.Kind{raftdiag.LogRow, raftdiag.Applied},
	Lines:  []string{"applied beside commit (Raft log ...: committed=, applied=)", "what the state machine applied, and the reply to the client"},
	Gates:  []timeline.Gate{timeline.Applied},
	Remedy: "Look at the state machine and at what wakes the waiting client.",
	Ask:    "log the applied index of the state machine, and the replies to clients",
}

// applyStalls looks at every lane for applied that stays behind commit, and for
// clients that are never told.
func (j *judgement) applyStalls() {
	leader := raftdiag.NodeID(0)
	for _, c := range j.t.Leaders() {
		leader = c.Leader
	}
	for _, l := range j.t.Lanes {
		a, ok := l.ApplyStall(j.pat)
		if ok {
			name, summary := "state-machine-blocked", fmt.Sprintf("node %s has committed entry %d and its state machine stays at %d", l.Node, a.Commit, a.Applied)
			if a.Moving {
				name, summary = "slow-apply", fmt.Sprintf("node %s applies, and stays behind: committed up to %d, applied up to %d", l.Node, a.Commit, a.Applied)
			}
			if a.Unstored.OK() {
				name, summary = "slow-disk", fmt.Sprintf("entry %d is committed, and node %s applies it late because its own storage takes it late", a.Commit, l.Node)
			}
			ev := add(j.quote(a.CommitBy, "commit reaches %d", a.Commit), j.quote(a.AppliedBy, "applied is %d", a.Applied)...)
			if a.Failed.OK() {
				ev = add(ev, j.cite(a.Failed, a.Failed.Event().Text)...)
			}
			if a.Unstored.OK() {
				ev = add(ev, j.quote(a.Unstored, "storage of node %s", l.Node)...)
			}
			found := []cause{{name, []raftdiag.NodeID{l.Node}, summary, ev}}
			if l.Node != leader && !l.ClientsWait(a) || a.Unstored.OK() && (a.Moving || !a.Open) {
				j.slight(a.CommitBy, found, summary)
				continue
			}
			role, _ := l.RoleAt(a.CommitBy.I + 1)
			ep := j.plain(applyStalled, timeline.Applied, a.CommitBy, role.Term, summary)
			ep.Index = ptr(uint64(a.Applied) + 1)
			if role.Lead != 0 {
				ep.Leader = ptr(role.Lead.String())
			}
			if !a.Open {
				ep.Impact = raftdiag.SlowedBy
				ep.End, ep.EndAt = stamp(l.StampNear(a.To)), where(l.Proof(a.To))
			}
			j.settle(ep, found)
			continue
		}
		if w, applied, ok := l.Untold(j.pat); ok {
			e := w.Event()
			summary := fmt.Sprintf("a client of node %s waits for entry %d, which is applied, and is not told", l.Node, e.Index)
			role, _ := l.RoleAt(w.I + 1)
			ep := j.plain(applyStalled, timeline.Applied, w, role.Term, summary)
			ep.Index = ptr(uint64(e.Index))
			found := []cause{{"waiter-not-notified", []raftdiag.NodeID{l.Node}, summary, add(j.quote(w, "the client waits"), j.quote(applied, "the entry is applied")...)}}
			j.settle(ep, append(j.bySnapshots(l, e.Index), found...))
		}
	}
}

// bySnapshots explains a client that is not told where the node gets its entries
// in one snapshot after another: what wakes clients is applied entry by entry.
func (j *judgement) bySnapshots(l *timeline.Lane, i raftdiag.Index) []cause {
	lo, hi := l.Bounds()
	installed := l.All(raftdiag.SnapshotInstalled, lo, hi)
	at := slices.IndexFunc(installed, func(p timeline.Proof) bool { return p.Event().Index >= i })
	if len(installed) <= j.pat.Rounds || at < 0 {
		return nil
	}
	return []cause{{"snapshot-loop", []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s got %d snapshots, and entry %d in one of them: no entry was applied that would wake its client", l.Node, len(installed), i),
		add(j.quote(installed[0], "the first snapshot"), j.quote(installed[at], "the snapshot that covers the entry")...)}}
}
