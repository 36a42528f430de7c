package hypotheses

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// activity says in words that proposals went through, or is empty if none
// shows.
func (j *judgement) activity() string {
	var first, last raftdiag.Index
	seen := false
	for _, l := range j.t.Lanes {
		if !tells(l) {
			continue // the state that it boots with shows no commit
		}
		for _, i := range l.CommitRange() {
			if !seen || i < first {
				first = i
			}
			last, seen = max(last, i), true
		}
	}
	switch {
	case !seen || last == 0:
		return ""
	case first == last:
		return fmt.Sprintf("commit is %d and nothing waits beyond patience", last)
	}
	return fmt.Sprintf("commit rose from %d to %d, and nothing waited beyond patience", first, last)
}

// forwardedOn reports whether all that a node forwards from a place on arrives
// at nodes whose commit rises after it: then the group goes on, and only this
// node does not see it.
func (j *judgement) forwardedOn(l *timeline.Lane, from int) bool {
	some := false
	for _, c := range l.Channels(timeline.Out) {
		if c.Type != raftdiag.MsgProp {
			continue
		}
		p := j.t.Pair(c)
		for k, i := range p.Sends {
			if int(i) < from {
				continue
			}
			r := p.ReceiveOf[k]
			if r < 0 {
				return false
			}
			_, hi := p.To.Bounds()
			before, _ := p.To.CommitAt(int(p.Receives[r]))
			if after, ok := p.To.CommitAt(hi); !ok || after <= before {
				return false
			}
			some = true
		}
	}
	return some
}

// doubts is for logs that show proposals or appends and nothing that says
// whether they commit.
func (j *judgement) doubts() {
	if len(j.episodes) > 0 || len(j.group.Violations) > 0 {
		return
	}
	if !slices.ContainsFunc(j.t.Lanes, tells) {
		j.troubles()
		return
	}
	committed := slices.ContainsFunc(j.t.Lanes, (*timeline.Lane).Committed)
	if !committed && j.early() {
		return
	}
	for _, l := range j.t.Lanes {
		var at timeline.Proof
		var what string
		var ok bool
		if committed {
			var n int
			if at, n, ok = l.Unanswered(j.pat); ok && !j.forwardedOn(l, at.I) {
				what = fmt.Sprintf("%d proposals after its last commit", n)
			} else {
				ok = false
			}
		} else {
			at, what, ok = l.FirstEntry()
		}
		if !ok {
			continue
		}
		role, _ := l.RoleAt(at.I + 1)
		ep := j.plain(noBroadcast, timeline.Sent, at, role.Term, fmt.Sprintf("%s shows %s, and nothing in these logs shows that it commits", named(l.Node), what))
		entry := !committed
		if role.Lead != 0 {
			ep.Leader = ptr(role.Lead.String())
		}
		ep.FailurePoint, ep.Gate = nil, nil
		ep.Suspects = []raftdiag.Suspect{}
		ep.Hypotheses = ep.Hypotheses[:0]
		missing := j.unlogged()
		ask := "log more: the commit index with every Ready, and give more of the logs"
		if len(missing) > 0 {
			ask = "give the log of " + list(missing)
		}
		ep.Remedy = "to settle it, " + ask
		for _, h := range hypotheses {
			if entry && (h == noLeader || h == proposalDropped) || h == applyStalled {
				ep.Hypotheses = append(ep.Hypotheses, finding(h, raftdiag.RuledOut, "an entry is there, and not committed"))
				continue
			}
			f := finding(h, raftdiag.Unknown, "the log ends, or says too little, before patience runs out")
			f.Missing, f.Ask = append([]string{}, h.Lines...), ask
			ep.Hypotheses = append(ep.Hypotheses, f)
			ep.Suspects = append(ep.Suspects, raftdiag.Suspect{Name: h.Name, Score: 0.2})
		}
		j.episodes = append(j.episodes, ep)
		return
	}
}

// named words a node; 0 stands for the writer of a log that never says who it
// is.
func named(n raftdiag.NodeID) string {
	if n == 0 {
		return "the log"
	}
	return "node " + n.String()
}

// early follows the entry that waits under the newest leader though patience has
// not run out: where it stands so far is worth knowing, and decides nothing.
func (j *judgement) early() bool {
	tenures := j.t.Tenures()
	if len(tenures) == 0 {
		return false
	}
	stall, ok := tenures[len(tenures)-1].Waiting()
	if !ok {
		return false
	}
	j.weigh(&stall)
	ep := j.episodes[len(j.episodes)-1]
	ep.Summary = fmt.Sprintf("entry %d of leader %s in term %d is not committed when the log ends, before patience runs out", stall.Index, stall.Tenure.Leader, stall.Tenure.Term)
	ask := "give more of the log, or say --complete if its end is final"
	if missing := j.unlogged(); len(missing) > 0 {
		ask += "; give the log of " + list(missing)
	}
	if ep.FailurePoint != nil {
		ep.FailurePoint, ep.Gate = nil, nil
	}
	ep.Remedy = "to settle it, " + ask
	for i := range ep.Hypotheses {
		if f := &ep.Hypotheses[i]; f.Verdict == raftdiag.Confirmed {
			f.Verdict, f.Ask = raftdiag.Unknown, ask
			f.Summary = "so far the entry stops here, and patience has not run out"
			f.Missing = []string{"more of the log"}
		}
	}
	return true
}

// unlogged are the voters whose logs are not among the inputs.
func (j *judgement) unlogged() []raftdiag.NodeID {
	var out []raftdiag.NodeID
	voters := j.allVoters()
	for _, n := range voters.All() {
		if j.t.Lane(n) == nil {
			out = append(out, n)
		}
	}
	return out
}

// slight files what went wrong and cost no write.
func (j *judgement) slight(at timeline.Proof, found []cause, summary string) {
	role := timeline.RoleStep{}
	if at.OK() {
		role, _ = at.Lane.RoleAt(at.I + 1)
	}
	ep := j.plain(noQuorum, timeline.Matched, at, role.Term, summary)
	ep.FailurePoint, ep.Gate, ep.Impact = nil, nil, raftdiag.NoImpact
	ep.Suspects = []raftdiag.Suspect{}
	for i := range ep.Hypotheses {
		f := &ep.Hypotheses[i]
		*f = finding(hypotheses[i], raftdiag.RuledOut, "no write was held up: a quorum went on")
	}
	ep.Causes = causes(found)
	if len(ep.Causes) > 0 {
		ep.Remedy = ep.Causes[0].Remedy
	}
	j.episodes = append(j.episodes, ep)
}

// degraded looks for voters that are down, stay behind, or are cut off while a
// quorum goes on without them.
func (j *judgement) degraded() {
	blamed := map[string]bool{}
	held := false
	for _, e := range j.episodes {
		held = held || e.Impact != raftdiag.NoImpact
		for _, c := range e.Causes {
			for _, n := range c.Nodes {
				blamed[n] = true
			}
		}
	}
	for _, v := range j.group.Violations {
		for _, n := range v.Nodes {
			blamed[n] = true
		}
	}
	for _, l := range j.t.Lanes {
		for _, ten := range l.Tenures() {
			j.snapshotLoops(ten, blamed)
		}
	}
	voters := j.allVoters()
	for _, n := range j.t.Nodes {
		if blamed[n.String()] {
			continue
		}
		if by, why := j.t.DownProof(n, j.pat); by.OK() && j.othersGoOn(n, by) {
			found := []cause{{"node-down", []raftdiag.NodeID{n}, fmt.Sprintf("node %s is down: %s", n, why), j.cite(by, why)}}
			j.slight(by, append(found, j.panicCauses(n)...), fmt.Sprintf("node %s is down, and a quorum goes on without it", n))
			continue
		}
		if at, found, ok := j.stranger(n); ok {
			j.slight(at, []cause{found}, fmt.Sprintf("node %s takes itself for a voter, and the leader does not know it", n))
			continue
		}
		if found, at := j.laggard(n, voters); len(found) > 0 {
			j.slight(at, found, fmt.Sprintf("node %s stays behind, and a quorum goes on without it", n))
			continue
		}
		l := j.t.Lane(n)
		if l == nil || held {
			continue // the others went without a leader too
		}
		for _, v := range l.Vacancies() {
			if v.Rounds < storm*j.pat.Rounds || v.Campaigns < storm*j.pat.Rounds {
				continue
			}
			found := j.vacancyCauses([]timeline.Vacancy{v}, voters)
			found = slices.DeleteFunc(found, func(c cause) bool { return c.name == "election-storm" || c.name == "quorum-lost" })
			if len(found) == 0 {
				found = []cause{{"partition", []raftdiag.NodeID{n}, fmt.Sprintf("node %s campaigns alone while the others have a leader", n), j.quote(l.Proof(v.From), "it knows no leader from here on")}}
			}
			if len(j.t.Lanes) == 1 {
				j.lonely(v, found)
				break
			}
			j.slight(l.Proof(v.From), found, fmt.Sprintf("node %s was cut off and campaigned, %s, while the others had a leader", n, times(v.Campaigns)))
			break
		}
	}
	for _, l := range j.t.Lanes {
		if !blamed[l.Node.String()] {
			j.slowStorage(l)
			j.overloaded(l)
			j.paused(l)
		}
	}
	for _, l := range j.t.Lanes {
		if blamed[l.Node.String()] || len(l.Incarnations) < 2 {
			continue
		}
		for _, p := range l.All(raftdiag.Panicked, l.Incarnations[0].Begin, l.Incarnations[len(l.Incarnations)-1].Begin) {
			found := append([]cause{{"node-restart", []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s died and was started again", l.Node), j.quote(p, "it died here")}}, j.panicCauses(l.Node)...)
			j.slight(p, found, fmt.Sprintf("node %s panicked and was started again", l.Node))
			break
		}
	}
}

// stranger looks for a node that counts itself among the voters, campaigns and
// hears from no leader, while a leader's configurations and Progress rows never
// had it. One that was removed was in them once.
func (j *judgement) stranger(n raftdiag.NodeID) (at timeline.Proof, found cause, ok bool) {
	l := j.t.Lane(n)
	if l == nil || l.Elections(l.Bounds()) < j.pat.Rounds {
		return at, found, false
	}
	if l.Prints(timeline.In, raftdiag.MsgApp)+l.Prints(timeline.In, raftdiag.MsgHeartbeat)+l.Prints(timeline.In, raftdiag.MsgSnap) > 0 {
		return at, found, false
	}
	own := l.Configs()
	if len(own) == 0 || !slices.Contains(own[len(own)-1].Event().Config.Voters, n) {
		return at, found, false
	}
	for _, ten := range slices.Backward(j.t.Tenures()) {
		theirs := ten.Lane.Configs()
		if len(theirs) == 0 || ten.Leader == n || !slices.ContainsFunc(ten.Lane.Peers(), func(p raftdiag.NodeID) bool { return p != ten.Leader }) {
			continue
		}
		if slices.Contains(ten.Lane.Peers(), n) || slices.ContainsFunc(theirs, func(p timeline.Proof) bool {
			c := p.Event().Config
			return slices.Contains(slices.Concat(c.Voters, c.VotersOutgoing, c.Learners, c.LearnersNext), n)
		}) {
			return at, found, false
		}
		at = own[len(own)-1]
		return at, cause{"not-a-voter", []raftdiag.NodeID{n}, fmt.Sprintf("leader %s has no Progress row for node %s, and its configuration lacks it", ten.Leader, n),
			add(j.quote(at, "what node %s takes for the configuration", n), j.quote(theirs[len(theirs)-1], "the configuration of leader %s", ten.Leader)...)}, true
	}
	return at, found, false
}

// lonely files a time without a leader of the only node whose log is given:
// whether the others had one, and went on, theirs would show.
func (j *judgement) lonely(v timeline.Vacancy, found []cause) {
	n, at := v.Lane.Node, v.Lane.Proof(v.From)
	role, _ := v.Lane.RoleAt(v.From + 1)
	ask := "give the logs of the other nodes"
	if missing := j.unlogged(); len(missing) > 0 {
		ask = "give the log of " + list(missing)
	}
	ep := j.plain(noLeader, timeline.Proposed, at, role.Term, fmt.Sprintf("node %s knew no leader and campaigned, %s; whether the others had one their logs would show", n, times(v.Campaigns)))
	ep.Impact = raftdiag.SlowedBy
	if _, hi := v.Lane.Bounds(); !v.Open {
		ep.End, ep.EndAt = stamp(v.Lane.StampNear(v.To)), where(v.Lane.Proof(min(v.To, hi-1)))
	}
	j.settle(ep, slices.DeleteFunc(found, func(c cause) bool { return c.name == "partition" && len(c.nodes) == 1 }))
	j.unsettle(ep, noLeader, ask, []string{strings.TrimPrefix(ask, "give ")})
	ep.Suspects = []raftdiag.Suspect{{Name: noLeader.Name, Score: 0.5}, {Name: noDelivery.Name, Score: 0.3}, {Name: noQuorum.Name, Score: 0.2}}
	for i := range ep.Hypotheses {
		if f := &ep.Hypotheses[i]; f.Name == noDelivery.Name || f.Name == noQuorum.Name {
			f.Verdict, f.Summary, f.Ask, f.Missing = raftdiag.Unknown, "what the other nodes did meanwhile is not known", ask, []string{strings.TrimPrefix(ask, "give ")}
		}
	}
}

// slowStorage files what a node says of its storage, over and over.
func (j *judgement) slowStorage(l *timeline.Lane) {
	lo, hi := l.Bounds()
	if p, ok := l.First(raftdiag.StorageFailed, lo, hi); ok {
		name := storageCause(p.Event().Text)
		j.slight(p, []cause{{name, []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s's storage failed: %s", l.Node, p.Event().Text), j.cite(p, p.Event().Text)}},
			fmt.Sprintf("node %s's storage failed, and a quorum went on", l.Node))
		return
	}
	var slow []timeline.Proof
	for _, p := range l.All(raftdiag.Slow, lo, hi) {
		if aboutStorage(p.Event().Text) {
			slow = append(slow, p)
		}
	}
	if len(slow) < j.pat.Rounds {
		j.slowWrites(l)
		return
	}
	first, last := slow[0], slow[len(slow)-1]
	j.slight(first, []cause{{"slow-disk", []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s's storage is slow, %s: %s took %s", l.Node, times(len(slow)), first.Event().Text, first.Event().Duration),
		add(j.quote(first, "the first time"), j.quote(last, "the last time")...)}}, fmt.Sprintf("node %s's storage is slow", l.Node))
}

// slowWrites files a node whose loop lets work wait for a heartbeat's time behind
// its writes, over and over, and not behind what needs no write. The node does
// not say so; its stamps do.
func (j *judgement) slowWrites(l *timeline.Lane) {
	t := l.Turns()
	if n := len(t.Slow); n < 2*j.pat.Rounds || 2*n < t.Writes || n < 4*t.Others {
		return
	}
	first, last := t.Slow[0], t.Slow[len(t.Slow)-1]
	j.slight(first, []cause{{"slow-disk", []raftdiag.NodeID{l.Node}, fmt.Sprintf("what arrives at node %s waits for %s behind its writes, %s, and heartbeats go every %s: its disk is slow for this cluster",
		l.Node, t.Wait.Round(time.Millisecond), times(len(t.Slow)), t.Beat.Round(time.Millisecond)),
		add(j.quote(first, "the first slow write"), j.quote(last, "the last one")...)}}, fmt.Sprintf("node %s's writes are slow", l.Node))
}

// overloaded files what a node says of its own ticks and of its processor.
func (j *judgement) overloaded(l *timeline.Lane) {
	lo, hi := l.Bounds()
	var late []timeline.Proof
	for _, p := range l.All(raftdiag.Slow, lo, hi) {
		low := strings.ToLower(p.Event().Text)
		if slices.ContainsFunc([]string{"overload", "tick", "cpu", "starv"}, func(w string) bool { return strings.Contains(low, w) }) {
			late = append(late, p)
		}
	}
	if len(late) < j.pat.Rounds {
		return
	}
	first, last := late[0], late[len(late)-1]
	j.slight(first, []cause{{"overloaded", []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s is late, %s: %s", l.Node, times(len(late)), first.Event().Text),
		add(j.quote(first, "the first time"), j.quote(last, "the last time")...)}}, fmt.Sprintf("node %s cannot keep up", l.Node))
}

// snapshotLoops files followers that get one snapshot after another.
func (j *judgement) snapshotLoops(ten *timeline.Tenure, blamed map[string]bool) {
	for _, c := range ten.Lane.Channels(timeline.Out) {
		if c.Type != raftdiag.MsgSnap || blamed[c.To.String()] {
			continue
		}
		if by, _ := j.t.DownProof(c.To, j.pat); by.OK() {
			continue
		}
		var sent []timeline.Proof
		newest := raftdiag.Index(0)
		for _, i := range ten.Lane.Sends(c) {
			if p := ten.Lane.Proof(int(i)); p.I >= ten.Begin && p.I < ten.End && p.Event().Snapshot > newest {
				newest = p.Event().Snapshot
				sent = append(sent, p)
			}
		}
		if len(sent) <= j.pat.Rounds {
			continue
		}
		blamed[c.To.String()] = true
		first, last := sent[0], sent[len(sent)-1]
		j.slight(first, []cause{{"snapshot-loop", []raftdiag.NodeID{c.To}, fmt.Sprintf("node %s gets %d snapshots, each newer than the one before", c.To, len(sent)),
			add(j.quote(first, "the first snapshot"), j.quote(last, "the last one")...)}}, fmt.Sprintf("node %s gets snapshot after snapshot, and a quorum goes on without it", c.To))
	}
}

// storageCause names what a storage's error speaks of.
func storageCause(text string) string {
	low := strings.ToLower(text)
	if strings.Contains(low, "space") || strings.Contains(low, "full") {
		return "disk-full"
	}
	for _, w := range []string{"unexpected eof", "corrupt", "checksum", "crc", "cannot parse", "unmarshal", "invalid page", "torn"} {
		if strings.Contains(low, w) {
			return "log-corrupt"
		}
	}
	return "slow-disk"
}

func aboutStorage(text string) bool {
	low := strings.ToLower(text)
	return slices.ContainsFunc([]string{"storage", "disk", "sync", "i/o", "append", "wal", "save"}, func(w string) bool { return strings.Contains(low, w) })
}

// paused files a node that stood still and went on without a restart, while
// others waited for it.
func (j *judgement) paused(l *timeline.Lane) {
	gap, ok := j.t.Pause(l, j.pat)
	if !ok {
		return
	}
	meanwhile := "a quorum went on"
	if gap.Deposed {
		meanwhile = fmt.Sprintf("leader %s stepped down meanwhile", gap.Witness.Lane.Node)
	}
	j.slight(l.Proof(gap.Last), []cause{{"process-paused", []raftdiag.NodeID{l.Node}, fmt.Sprintf("node %s's log is silent for %s and goes on without a restart, while node %s goes on", l.Node, gap.Silence.Round(time.Millisecond), gap.Witness.Lane.Node),
		add(j.quote(l.Proof(gap.Last), "its last line"), j.quote(l.Proof(gap.Last+1), "its next one")...)}}, fmt.Sprintf("node %s stood still for a while, and %s", l.Node, meanwhile))
}

// panicCauses reads what a panic says about the log.
func (j *judgement) panicCauses(n raftdiag.NodeID) []cause {
	l := j.t.Lane(n)
	if l == nil {
		return nil
	}
	p, ok := l.Panic()
	if !ok {
		return nil
	}
	text := strings.ToLower(p.Event().Text)
	who := []raftdiag.NodeID{n}
	switch {
	case strings.Contains(text, "tocommit(") && strings.Contains(text, "out of range"):
		return []cause{{"log-lost", who, fmt.Sprintf("node %s's log is shorter than what it acknowledged", n), j.cite(p, p.Event().Text)}}
	case strings.Contains(text, "unmarshal"), strings.Contains(text, "checksum"), strings.Contains(text, "corrupt"), strings.Contains(text, "out of bound"),
		strings.Contains(text, "can't leave a non-joint config"):
		return []cause{{"log-corrupt", who, fmt.Sprintf("node %s's storage gave it what it cannot use", n), j.cite(p, p.Event().Text)}}
	case strings.Contains(text, "no space"):
		return []cause{{"disk-full", who, fmt.Sprintf("node %s's disk is full", n), j.cite(p, p.Event().Text)}}
	}
	return nil
}

// othersGoOn reports whether some other lane commits, or hears a leader, after
// the node was found down, or simply commits at all.
func (j *judgement) othersGoOn(n raftdiag.NodeID, by timeline.Proof) bool {
	for _, l := range j.t.Lanes {
		if l.Node != n && l.Committed() {
			return true
		}
	}
	return false
}

// laggard finds why the newest leader's commit went on without a voter's match.
func (j *judgement) laggard(n raftdiag.NodeID, voters timeline.Voters) ([]cause, timeline.Proof) {
	tenures := j.t.Tenures()
	if len(tenures) == 0 || !voters.Has(n) {
		return nil, timeline.Proof{}
	}
	ten := tenures[len(tenures)-1]
	if ten.Leader == n || ten.Lane == nil {
		return nil, timeline.Proof{}
	}
	s, ok := ten.Behind(n, j.pat)
	if !ok {
		return nil, timeline.Proof{}
	}
	c := &stuck{j: j, s: &s, voters: voters}
	c.places = []timeline.Place{j.t.Place(&s, n, j.pat)}
	p := &c.places[0]
	if p.Stop == timeline.Committed || p.Marks[p.Stop].Answer != timeline.No {
		return nil, timeline.Proof{}
	}
	found := byGate(p.Stop).causes(c, []*timeline.Place{p})
	at := timeline.Proof{Lane: ten.Lane, I: s.From}
	if p.Head.OK() {
		at = p.Head
	}
	return found, at
}

// withAnywhere adds the causes that may stand under any hypothesis: nodes that
// are down, slow or failing storage.
func (c *stuck) withAnywhere(found []cause) []cause {
	has := func(name string) bool {
		return slices.ContainsFunc(found, func(o cause) bool { return o.name == name })
	}
	for _, p := range c.places {
		who := []raftdiag.NodeID{p.Node}
		if p.Down.OK() && !has("node-down") {
			found = append(found, cause{"node-down", who, fmt.Sprintf("node %s is down: %s", p.Node, p.DownWhy), c.j.cite(p.Down, p.DownWhy)})
		}
		if p.Down.OK() {
			found = append(found, c.j.panicCauses(p.Node)...)
		}
		if p.Lane == nil || p.Stop == timeline.Committed {
			continue
		}
		lo, hi := p.Lane.Bounds()
		if p.Lane == c.s.Tenure.Lane {
			lo, hi = c.s.From, c.s.To
		}
		if q, ok := p.Lane.Last(raftdiag.StorageFailed, hi); ok && q.I >= lo && !has("slow-disk") && !has("disk-full") {
			name := storageCause(q.Event().Text)
			found = append(found, cause{name, who, fmt.Sprintf("node %s's storage failed: %s", p.Node, q.Event().Text), c.j.cite(q, q.Event().Text)})
		}
		if q, ok := p.Lane.Last(raftdiag.Slow, hi); ok && q.I >= lo && !has("slow-disk") {
			if aboutStorage(q.Event().Text) {
				found = append(found, cause{"slow-disk", who, fmt.Sprintf("node %s says: %s took %s", p.Node, q.Event().Text, q.Event().Duration), c.j.quote(q, "slow storage")})
			}
		}
	}
	return found
}
