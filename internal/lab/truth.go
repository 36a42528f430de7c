package lab

import (
	"slices"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

// refutes says why a confirmed failure point cannot be so, by the truth alone,
// or nothing if it can. A fault may lead to more than its own failure point: a
// cut that heals by an election also leaves the group without a leader for a
// while. Such a consequence is no wrong verdict.
func (r *Run) refutes(point string) string {
	o := r.Truth
	switch point {
	case "no-leader":
		if longest := r.leaderless(); longest < 2*r.election() {
			return "the longest time without a leader is " + longest.Round(time.Millisecond).String()
		}
	case "proposal-dropped":
		for _, p := range o.Proposals {
			if p.Fate == cluster.Dropped || p.Fate != cluster.Committed && p.Index == 0 && !p.Applied {
				return ""
			}
		}
		return "no proposal was dropped"
	case "no-broadcast":
		for _, m := range o.Messages {
			if m.Fate == cluster.Withheld && (m.Type == raftpb.MsgApp || m.Type == raftpb.MsgSnap) {
				return ""
			}
		}
		if r.standsStill() {
			return ""
		}
		return "no append was withheld"
	case "no-delivery":
		for _, m := range o.Messages {
			if !carries(m.Type) {
				continue
			}
			if m.Fate == cluster.LostOnWay || m.Fate == cluster.Refused {
				return ""
			}
			// Where no hand-over is printed, what was printed as sent counts as sent.
			if m.Fate == cluster.Withheld && m.Line > 0 && !r.handover {
				return ""
			}
			// Late beyond patience is as good as lost.
			if patience := 3 * time.Duration(r.Config.Heartbeat) * r.Config.Tick; len(m.Arrivals) > 0 && m.Arrivals[0].At.Sub(m.Made) > patience/2 || len(m.Arrivals) == 0 && m.Fate == cluster.InFlight && o.End.Sub(m.Made) > patience {
				return ""
			}
		}
		return "no append and no answer was lost, or late"
	case "no-response":
		if !r.unanswered() {
			return "each append that arrived was answered"
		}
	case "no-quorum":
		for _, n := range o.Nodes {
			if !n.Alive {
				return ""
			}
		}
		for _, m := range o.Messages {
			if m.Type == raftpb.MsgAppResp && m.Reject {
				return ""
			}
		}
		return "all nodes lived, and no append was rejected"
	case "no-commit-advance":
		return "commit advances wherever a majority matched"
	case "apply-stalled":
		for _, p := range o.Proposals {
			if p.Applied && p.Fate == cluster.TimedOut {
				return ""
			}
		}
		return "every client was told of what was applied"
	}
	return ""
}

func carries(t raftpb.MessageType) bool {
	return t == raftpb.MsgApp || t == raftpb.MsgAppResp || t == raftpb.MsgSnap
}

func (r *Run) election() time.Duration {
	return time.Duration(r.Config.Election) * r.Config.Tick
}

// unanswered reports whether some append arrived, at a node that lived on, and
// no answer to that leader was made, in its term, for an election timeout. What
// a node says in a later term passes no gate: it deposes the leader.
func (r *Run) unanswered() bool {
	type way struct {
		from, to uint64
		group    string
		term     uint64
	}
	answers := map[way][]time.Time{}
	for _, m := range r.Truth.Messages {
		if m.Type == raftpb.MsgAppResp {
			w := way{m.From, m.To, m.Group, m.Term}
			answers[w] = append(answers[w], m.Made)
		}
	}
	for _, m := range r.Truth.Messages {
		if m.Type != raftpb.MsgApp || len(m.Arrivals) == 0 {
			continue
		}
		at := m.Arrivals[0].At
		if at.Add(r.election()).After(r.Truth.End) {
			continue
		}
		answered := false
		for _, t := range answers[way{m.To, m.From, m.Group, m.Term}] {
			if !t.Before(at) && t.Before(at.Add(r.election())) {
				answered = true
				break
			}
		}
		if !answered {
			return true
		}
	}
	return false
}

// standsStill reports whether a node got a proposal that was forwarded to it and
// made nothing for an election timeout: then no append was ever made of it.
func (r *Run) standsStill() bool {
	type replica struct {
		node  uint64
		group string
	}
	made := map[replica][]time.Time{}
	for _, m := range r.Truth.Messages {
		k := replica{m.From, m.Group}
		made[k] = append(made[k], m.Made)
	}
	for _, m := range r.Truth.Messages {
		if m.Type != raftpb.MsgProp || len(m.Arrivals) == 0 {
			continue
		}
		at := m.Arrivals[0].At
		end := at.Add(r.election())
		if !end.After(r.Truth.End) && !slices.ContainsFunc(made[replica{m.To, m.Group}], func(t time.Time) bool { return !t.Before(at) && t.Before(end) }) {
			return true
		}
	}
	return false
}

// leaderless is the longest time in which no node led a group in its highest
// term.
func (r *Run) leaderless() time.Duration {
	type group struct {
		leads map[uint64]uint64 // by node, the term that it leads
		since time.Time
		worst time.Duration
	}
	groups := map[string]*group{}
	for _, name := range r.Config.Names {
		groups[name] = &group{leads: map[uint64]uint64{}, since: r.Truth.Start}
	}
	for _, m := range r.Truth.States {
		g := groups[m.Group]
		had := len(g.leads) > 0
		if m.Role == raft.StateLeader {
			g.leads[m.Node] = m.Term
		} else {
			delete(g.leads, m.Node)
		}
		switch has := len(g.leads) > 0; {
		case had && !has:
			g.since = m.At
		case !had && has:
			g.worst = max(g.worst, m.At.Sub(g.since))
		}
	}
	var worst time.Duration
	for _, g := range groups {
		if len(g.leads) == 0 {
			g.worst = max(g.worst, r.Truth.End.Sub(g.since))
		}
		worst = max(worst, g.worst)
	}
	return worst
}

// pairs counts which pairs are right.
func (r *Run) pairs(m *Mark, files []File, found []Pair) {
	type place struct {
		node uint64
		line int
	}
	at := map[string][]Line{}
	kept := map[place]bool{}
	for _, f := range files {
		at[f.Name] = f.Lines
		for _, l := range f.Lines {
			kept[place{l.Node, l.Number}] = true
		}
	}
	type pair struct{ a, b place }
	truth := map[pair]bool{}
	for _, msg := range r.Truth.Messages {
		for _, a := range msg.Arrivals {
			p := pair{place{msg.From, msg.Line}, place{msg.To, a.Line}}
			if kept[p.a] && kept[p.b] && msg.Line > 0 && a.Line > 0 {
				truth[p] = true
				break // the first arrival is its pair; the others are copies
			}
		}
	}
	resolve := func(p raftdiag.Position) place {
		lines := at[p.Source]
		if p.Line < 1 || int(p.Line) > len(lines) {
			return place{}
		}
		l := lines[p.Line-1]
		return place{l.Node, l.Number}
	}
	m.Pairs = len(truth)
	seen := map[pair]bool{}
	for _, f := range found {
		p := pair{resolve(f.Send), resolve(f.Receive)}
		if seen[p] {
			continue
		}
		seen[p] = true
		m.Mine++
		if truth[p] {
			m.Paired++
		}
	}
}

// clocks counts the clock intervals that hold the truth.
func (r *Run) clocks(m *Mark, report *raftdiag.Report) {
	if report == nil || m.Damage != "none" {
		return
	}
	clock := r.Config.Virtual.Clock
	if clock == nil {
		clock = func(_ uint64, t time.Time) time.Time { return t }
	}
	skew := map[uint64]time.Duration{}
	for _, n := range r.Truth.Nodes {
		skew[n.Node] = n.Skew
	}
	at := r.Truth.Start.Add(r.Config.Duration / 2)
	for _, g := range report.Groups {
		for _, c := range g.Ledgers.Clocks {
			from, ok1 := r.id(c.From)
			to, ok2 := r.id(c.To)
			if c.Low == nil || c.High == nil || !ok1 || !ok2 || c.Steps > 0 {
				continue
			}
			ahead := clock(to, at).Sub(clock(from, at)).Nanoseconds()
			// Drift within the run widens what is true.
			first := clock(to, r.Truth.Start).Sub(clock(from, r.Truth.Start)).Nanoseconds()
			last := clock(to, r.Truth.End).Sub(clock(from, r.Truth.End)).Nanoseconds()
			slack := max(ahead, first, last) - min(ahead, first, last) + r.Look.Grain.Nanoseconds()
			ahead += (skew[to] - skew[from]).Nanoseconds()
			m.Clocks++
			if *c.Low-slack <= ahead && ahead <= *c.High+slack {
				m.Covered++
			}
		}
	}
}

func (r *Run) id(s string) (uint64, bool) {
	for _, id := range r.Config.IDs {
		if raftdiag.NodeID(id).String() == s {
			return id, true
		}
	}
	return 0, false
}
