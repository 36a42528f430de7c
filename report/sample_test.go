package report_test

import (
	"fmt"
	"time"

	"github.com/raftdiag/raftdiag"
)

func ptr[T any](v T) *T { return &v }

func quote(source string, line int64, says, text string) raftdiag.Quote {
	return raftdiag.Quote{Source: source, Line: line, Text: text, Says: says}
}

var findingNames = []struct{ name, id string }{
	{"proposal-dropped", ""}, {"no-leader", ""}, {"no-broadcast", "H1"}, {"no-delivery", "H3"},
	{"no-response", "H2"}, {"no-quorum", "H4"}, {"no-commit-advance", "H5"}, {"apply-stalled", ""},
}

// findings makes the eight rows; those that are not given are ruled out.
func findings(given ...raftdiag.Finding) []raftdiag.Finding {
	out := []raftdiag.Finding{}
	for _, n := range findingNames {
		f := raftdiag.Finding{Name: n.name, Verdict: raftdiag.RuledOut, Summary: "a later gate was passed"}
		for _, g := range given {
			if g.Name == n.name {
				f = g
			}
		}
		if n.id != "" {
			f.ID = ptr(n.id)
		}
		if f.Evidence == nil {
			f.Evidence = []raftdiag.Quote{}
		}
		if f.Missing == nil {
			f.Missing = []string{}
		}
		out = append(out, f)
	}
	return out
}

func group(name string, v raftdiag.RunVerdict, summary string) raftdiag.Group {
	return raftdiag.Group{
		Group: name, Verdict: v, Summary: summary, Voters: []string{"1", "2", "3"}, Nodes: []raftdiag.NodeState{},
		Hypotheses: findings(), Violations: []raftdiag.Violation{}, Episodes: []raftdiag.Episode{}, Notes: []raftdiag.Note{},
		Ledgers: raftdiag.Ledgers{Pairs: []raftdiag.PairRow{}, Leadership: []raftdiag.TermRow{}, Membership: []raftdiag.MemberRow{}, Clocks: []raftdiag.ClockRow{}},
	}
}

func episode(impact raftdiag.Impact, summary string) raftdiag.Episode {
	return raftdiag.Episode{
		Impact: impact, Summary: summary, Suspects: []raftdiag.Suspect{}, Causes: []raftdiag.Cause{},
		Hypotheses: findings(), Followers: []raftdiag.Place{},
	}
}

func run(v raftdiag.RunVerdict, summary string, groups ...raftdiag.Group) *raftdiag.Report {
	return &raftdiag.Report{Schema: raftdiag.ReportSchema, Verdict: &v, Summary: summary, Groups: groups, Notes: []string{},
		Inputs: []raftdiag.Input{input(1), input(2), input(3)}}
}

func input(node int) raftdiag.Input {
	return raftdiag.Input{Source: fmt.Sprintf("node%d.log", node), Node: ptr(fmt.Sprint(node)), Format: "readyloop", Lines: 1204, Events: 980,
		First: ptr("2025-10-20T12:00:00.1Z"), Last: ptr("2025-10-20T12:01:00.25Z"), Incarnation: 1}
}

func state(node, role string, logged bool, term, commit, last, applied uint64) raftdiag.NodeState {
	n := raftdiag.NodeState{Node: node, Logged: logged, Role: role, Also: []string{}, Sources: []string{}}
	if !logged {
		n.Role, n.Summary = "Unknown", "its log is not among the inputs"
		return n
	}
	n.Term, n.Commit, n.Last, n.Applied, n.Summary = &term, &commit, &last, &applied, "980 events"
	return n
}

// lostAnswers: nodes 1 and 3 answer and leader 2 does not hear them.
func lostAnswers() *raftdiag.Report {
	const summary = "entry 3 of leader 2 in term 1 does not commit: the answers of nodes 1 and 3 do not reach the leader"
	g := group("__meta-0", raftdiag.Fault, summary)
	g.Nodes = []raftdiag.NodeState{state("1", "Follower", true, 1, 2, 3, 2), state("2", "Leader", true, 1, 2, 3, 2), state("3", "Follower", true, 1, 2, 3, 2)}
	answered := quote("node1.log", 88, "node 1 answers up to 3", "  Message 0: type=MsgAppendResponse, from=1, to=2, term=1, log_term=0, index=3, commit=2, entries=0, reject=false")
	answered3 := quote("node3.log", 91, "node 3 answers up to 3", "  Message 0: type=MsgAppendResponse, from=3, to=2, term=1, log_term=0, index=3, commit=2, entries=0, reject=false")
	append1 := quote("node2.log", 141, "the leader's append to node 1", "  Message 0: type=MsgAppend, from=2, to=1, term=1, log_term=1, index=2, commit=2, entries=1")
	append3 := quote("node2.log", 142, "the leader's append to node 3", "  Message 1: type=MsgAppend, from=2, to=3, term=1, log_term=1, index=2, commit=2, entries=1")
	row1 := quote("node2.log", 160, "what the leader knows of node 1", "  Peer 1: matched=2, next_idx=4, state=Replicate, paused=false, pending_snapshot=0, recent_active=true")
	row3 := quote("node2.log", 162, "what the leader knows of node 3", "  Peer 3: matched=2, next_idx=4, state=Replicate, paused=false, pending_snapshot=0, recent_active=true")
	received1 := quote("node1.log", 83, "received", "Received Raft message for __meta-0: type=MsgAppend, from=2, to=1, term=1, log_term=1, index=2, commit=2, entries=1")
	confirmed := raftdiag.Finding{Name: "no-delivery", Verdict: raftdiag.Confirmed, Summary: summary, Evidence: []raftdiag.Quote{answered, answered3, row1, row3}}
	own := findings(confirmed,
		raftdiag.Finding{Name: "proposal-dropped", Verdict: raftdiag.RuledOut, Summary: "the entry has an index, so the proposal was taken"},
		raftdiag.Finding{Name: "no-leader", Verdict: raftdiag.RuledOut, Summary: "node 2 leads in term 1"},
		raftdiag.Finding{Name: "no-broadcast", Verdict: raftdiag.RuledOut, Summary: "nodes 1 and 3 passed sent", Evidence: []raftdiag.Quote{append1, append3}},
		raftdiag.Finding{Name: "no-response", Verdict: raftdiag.RuledOut, Summary: "nodes 1 and 3 passed answered", Evidence: []raftdiag.Quote{answered}},
		raftdiag.Finding{Name: "no-quorum", Verdict: raftdiag.RuledOut, Summary: "the entry did not come so far: it stopped before heard"},
		raftdiag.Finding{Name: "no-commit-advance", Verdict: raftdiag.RuledOut, Summary: "the entry did not come so far: it stopped before heard"},
		raftdiag.Finding{Name: "apply-stalled", Verdict: raftdiag.RuledOut, Summary: "the entry is not committed, so nothing waits to be applied"})
	g.Hypotheses = own
	e := episode(raftdiag.Blocked, summary)
	e.Start, e.StartAt = ptr("2025-10-20T12:00:05.12Z"), &raftdiag.Where{Source: "node2.log", Line: 138}
	e.Leader, e.Term, e.Index = ptr("2"), ptr(uint64(1)), ptr(uint64(3))
	e.FailurePoint, e.Gate = ptr("no-delivery"), ptr("heard")
	e.Remedy = "Look at what is not symmetric: a firewall rule, a half-open connection, a stream that one side believes is up."
	e.Suspects = []raftdiag.Suspect{{Name: "no-delivery", Score: 1}}
	e.Causes = []raftdiag.Cause{{Name: "one-way-partition", Nodes: []string{"1", "3"}, Summary: "31 answers of node 1 and 30 of node 3 are lost; everything of the other direction arrives",
		Evidence: []raftdiag.Quote{append1, received1, answered, answered3, row1, row3}, Remedy: e.Remedy}}
	e.Hypotheses = own
	e.Followers = []raftdiag.Place{
		{Node: "1", Voter: true, Logged: true, Gate: "heard", Status: "blocked", Summary: "31 answers left and none is heard", Passed: []string{"sent", "received", "answered"}, Evidence: []raftdiag.Quote{append1, received1, answered, row1}},
		{Node: "2", Leader: true, Voter: true, Logged: true, Gate: "matched", Status: "passed", Summary: "its own match is 3", Passed: []string{"sent", "received", "answered", "heard", "matched"},
			Evidence: []raftdiag.Quote{quote("node2.log", 161, "matched", "  Peer 2: matched=3, next_idx=4, state=Replicate, paused=false, pending_snapshot=0, recent_active=true")}},
		{Node: "3", Voter: true, Logged: true, Gate: "heard", Status: "blocked", Summary: "30 answers left and none is heard", Passed: []string{"sent", "received", "answered"}, Evidence: []raftdiag.Quote{append3, answered3, row3}},
	}
	before := episode(raftdiag.SlowedBy, "entry 2 of leader 2 in term 1 committed late: the append does not reach node 3")
	before.Start, before.End = ptr("2025-10-20T12:00:01Z"), ptr("2025-10-20T12:00:04.5Z")
	before.StartAt, before.EndAt = &raftdiag.Where{Source: "node2.log", Line: 40}, &raftdiag.Where{Source: "node2.log", Line: 99}
	before.Leader, before.Term, before.Index = ptr("2"), ptr(uint64(1)), ptr(uint64(2))
	before.FailurePoint, before.Gate = ptr("no-delivery"), ptr("received")
	before.Causes = []raftdiag.Cause{{Name: "flapping-link", Nodes: []string{"3"}, Summary: "delivery stops and resumes", Evidence: []raftdiag.Quote{}, Remedy: "Look at the link."}}
	g.Episodes = []raftdiag.Episode{before, e}
	g.Ledgers.Leadership = []raftdiag.TermRow{{Term: 1, Leader: ptr("2"), Candidates: []string{"2"}, Grants: []string{"1 for 2", "3 for 2"}, Refusals: []string{}, Ended: "", At: &raftdiag.Where{Source: "node2.log", Line: 12}}}
	g.Ledgers.Pairs = []raftdiag.PairRow{{From: "1", To: "2", Type: "MsgAppResp", Sent: 33, Delivered: 2, Lost: 31, First: &raftdiag.Where{Source: "node1.log", Line: 20}, Last: &raftdiag.Where{Source: "node1.log", Line: 1100}}}
	g.Ledgers.Membership = []raftdiag.MemberRow{{Node: "2", Voters: []string{"1", "2", "3"}, From: "config", At: &raftdiag.Where{Source: "node2.log", Line: 3}}}
	g.Ledgers.Clocks = []raftdiag.ClockRow{{From: "1", To: "2", Low: ptr(int64(-1200)), High: ptr(int64(900)), Grade: "accurate", Pairs: 12}}
	g.Notes = []raftdiag.Note{{Name: "noisy-start", Summary: "node 3 was refused three times in the first second after its start, and never again", Evidence: []raftdiag.Quote{quote("node2.log", 5, "", "Failed to send message to peer 3: connection refused")}}}
	r := run(raftdiag.Fault, summary, g)
	r.Inputs[2].Garbled, r.Inputs[2].Unknown = 3, 12
	r.Inputs = append(r.Inputs, raftdiag.Input{Source: "notes.txt", Lines: 14, Error: ptr("no line is of a known format (hint: raftdiag explain lists the formats)")})
	r.Notes = []string{"node3.log ends 20s before node2.log"}
	return r
}

// founding: followers match 1 while the leader's log ends at 0.
func founding() *raftdiag.Report {
	const summary = "the log of leader 2 ends at 0 while nodes 1 and 3 match 1 in term 1"
	rows := []raftdiag.Quote{
		quote("chronik-2.log", 212, "the leader's log ends at 0", "Raft log for __meta-0: last_index=0, committed=0, applied=0, unstable entries=0"),
		quote("chronik-2.log", 209, "node 1 holds entry 1", "  Peer 1: matched=1, next_idx=2, state=Replicate, paused=false, pending_snapshot=0, recent_active=true"),
		quote("chronik-2.log", 211, "node 3 holds entry 1", "  Peer 3: matched=1, next_idx=2, state=Replicate, paused=false, pending_snapshot=0, recent_active=true"),
	}
	const remedy = "The leader's storage loses entries: append Ready's entries before Advance."
	g := group("__meta-0", raftdiag.Fault, summary)
	g.Violations = []raftdiag.Violation{{Name: "log-regressed", Nodes: []string{"2"}, Summary: summary, Evidence: rows, Remedy: remedy}}
	e := episode(raftdiag.Blocked, "entry 1 of leader 2 in term 1 does not commit: "+summary)
	e.Start, e.StartAt = ptr("2025-10-20T12:00:00.123456Z"), &raftdiag.Where{Source: "chronik-2.log", Line: 187}
	e.Leader, e.Term, e.Index = ptr("2"), ptr(uint64(1)), ptr(uint64(1))
	e.FailurePoint, e.Gate, e.Remedy = ptr("no-commit-advance"), ptr("committed"), remedy
	e.Suspects = []raftdiag.Suspect{{Name: "no-commit-advance", Score: 1}}
	e.Causes = []raftdiag.Cause{{Name: "log-regressed", Nodes: []string{"2"}, Summary: summary, Evidence: rows, Remedy: remedy}}
	e.Hypotheses = findings(raftdiag.Finding{Name: "no-commit-advance", Verdict: raftdiag.Confirmed, Summary: e.Summary, Evidence: rows})
	g.Hypotheses = e.Hypotheses
	all := []string{"sent", "received", "answered", "heard", "matched"}
	e.Followers = []raftdiag.Place{
		{Node: "1", Voter: true, Gate: "matched", Status: "passed", Summary: "its match is 1", Passed: all, Evidence: rows[1:2]},
		{Node: "2", Leader: true, Voter: true, Logged: true, Gate: "matched", Status: "blocked", Summary: "the leader's own log ends at 0, below entry 1", Passed: all[:4], Evidence: rows[:1]},
		{Node: "3", Voter: true, Gate: "matched", Status: "passed", Summary: "its match is 1", Passed: all, Evidence: rows[2:]},
	}
	g.Episodes = []raftdiag.Episode{e}
	g.Nodes = []raftdiag.NodeState{state("1", "", false, 0, 0, 0, 0), state("2", "Leader", true, 1, 0, 0, 0), state("3", "", false, 0, 0, 0, 0)}
	r := run(raftdiag.Fault, summary, g)
	r.Inputs = []raftdiag.Input{{Source: "chronik-2.log", Node: ptr("2"), Format: "readyloop", Lines: 412, Events: 388, First: ptr("2025-10-20T12:00:00Z"), Last: ptr("2025-10-20T12:00:09.5Z"), Incarnation: 2}}
	return r
}

// deadVoters: two of three are down.
func deadVoters() *raftdiag.Report {
	const summary = "entry 41 of leader 10276657743932975437 in term 7 does not commit: nodes 9372538179322589801 and 8211f1d0f64f3269 are down, so no quorum can form"
	g := group("raft/orders", raftdiag.Fault, summary)
	e := episode(raftdiag.Blocked, summary)
	e.Start, e.StartAt = ptr("2025-10-20T09:14:02.000000001+02:00"), &raftdiag.Where{Source: "pods/raft-0/app.log", Line: 18410}
	e.Leader, e.Term, e.Index = ptr("10276657743932975437"), ptr(uint64(7)), ptr(uint64(41))
	e.FailurePoint, e.Gate = ptr("no-quorum"), ptr("matched")
	e.Remedy = "Bring voters back. Do not change membership while the quorum is lost."
	down := quote("pods/raft-1/app.log", 900, "the process ends here", "panic: runtime error: 写入失败 💥 at 磁盘 /var/lib/raft")
	refused := quote("pods/raft-0/app.log", 18420, "refused, and never again heard", "Failed to send message to peer 8211f1d0f64f3269: connection refused")
	e.Causes = []raftdiag.Cause{
		{Name: "dead-voters", Nodes: []string{"9372538179322589801", "8211f1d0f64f3269"}, Summary: "two of three voters are down", Evidence: []raftdiag.Quote{down, refused}, Remedy: e.Remedy},
		{Name: "node-down", Nodes: []string{"9372538179322589801"}, Summary: "node 9372538179322589801 died of a panic", Evidence: []raftdiag.Quote{down}, Remedy: "Restart the node, and read why it ended."},
	}
	e.Hypotheses = findings(raftdiag.Finding{Name: "no-quorum", Verdict: raftdiag.Confirmed, Summary: summary, Evidence: []raftdiag.Quote{down, refused}})
	g.Hypotheses = e.Hypotheses
	e.Followers = []raftdiag.Place{
		{Node: "10276657743932975437", Leader: true, Voter: true, Logged: true, Gate: "matched", Status: "passed", Summary: "its own match is 41", Passed: []string{"sent", "received", "answered", "heard", "matched"}, Evidence: []raftdiag.Quote{}},
		{Node: "9372538179322589801", Voter: true, Logged: true, Gate: "received", Status: "down", Summary: "its process panicked", Passed: []string{"sent"}, Evidence: []raftdiag.Quote{down}},
		{Node: "8211f1d0f64f3269", Voter: true, Gate: "received", Status: "down", Summary: "refused by everybody", Passed: []string{"sent"}, Evidence: []raftdiag.Quote{refused}},
	}
	g.Episodes = []raftdiag.Episode{e}
	return run(raftdiag.Fault, summary, g)
}

// undecided: one node's log alone.
func undecided() *raftdiag.Report {
	const summary = "entry 9 of leader 1 in term 4 does not commit; where it stopped cannot be told: node 2's log is not among the inputs"
	g := group("orders-7", raftdiag.Undecided, summary)
	e := episode(raftdiag.Blocked, summary)
	e.StartAt = &raftdiag.Where{Source: "node1.log", Line: 77}
	e.Leader, e.Term, e.Index = ptr("1"), ptr(uint64(4)), ptr(uint64(9))
	e.Remedy = "to settle it, give node 2's log, or node 3's log"
	e.Suspects = []raftdiag.Suspect{{Name: "no-delivery", Score: 0.67}, {Name: "no-response", Score: 0.33}}
	open := func(name string) raftdiag.Finding {
		return raftdiag.Finding{Name: name, Verdict: raftdiag.Unknown, Summary: "node 2's log is not among the inputs", Missing: []string{"node 2's log", "node 3's log"}, Ask: "log MsgApp received and MsgAppResp sent on the followers"}
	}
	e.Hypotheses = findings(open("no-delivery"), open("no-response"))
	g.Hypotheses = e.Hypotheses
	sent := quote("node1.log", 80, "the leader's append to node 2", "  Message 0: type=MsgAppend, from=1, to=2, term=4, log_term=4, index=8, commit=8, entries=1")
	e.Followers = []raftdiag.Place{
		{Node: "1", Leader: true, Voter: true, Logged: true, Gate: "matched", Status: "passed", Summary: "the leader's log reaches 9", Passed: []string{"sent", "received", "answered", "heard", "matched"}, Evidence: []raftdiag.Quote{}},
		{Node: "2", Voter: true, Gate: "received", Status: "unknown", Summary: "node 2's log is not among the inputs", Passed: []string{"sent"}, Evidence: []raftdiag.Quote{sent}},
		{Node: "3", Voter: true, Gate: "received", Status: "unknown", Summary: "node 3's log is not among the inputs", Passed: []string{"sent"}, Evidence: []raftdiag.Quote{}},
	}
	g.Episodes = []raftdiag.Episode{e}
	g.Nodes = []raftdiag.NodeState{state("1", "Leader", true, 4, 8, 9, 8), state("2", "", false, 0, 0, 0, 0), state("3", "", false, 0, 0, 0, 0)}
	r := run(raftdiag.Undecided, summary, g)
	r.Inputs = r.Inputs[:1]
	r.Inputs[0].First, r.Inputs[0].Last = nil, nil
	return r
}

// doubleVote: a node votes for two candidates in one term.
func doubleVote() *raftdiag.Report {
	const summary = "node 3 voted for node 1 and for node 2 in term 5"
	g := group("shop", raftdiag.Unsafe, summary)
	g.Violations = []raftdiag.Violation{{Name: "double-vote", Nodes: []string{"3"}, Summary: summary, Unsafe: true,
		Evidence: []raftdiag.Quote{
			quote("node3.log", 10, "for node 1", "  Message 0: type=MsgRequestVoteResponse, from=3, to=1, term=5, reject=false"),
			quote("node3.log", 44, "for node 2", "  Message 0: type=MsgRequestVoteResponse, from=3, to=2, term=5, reject=false")},
		Remedy: "The vote was not on disk when it was sent, or was lost at a restart: save HardState before sending."}}
	g.Nodes = []raftdiag.NodeState{state("1", "Leader", true, 5, 8, 9, 8), state("2", "Follower", true, 5, 8, 9, 8), state("3", "Follower", true, 5, 8, 9, 8)}
	return run(raftdiag.Unsafe, summary, g)
}

// oneDown: a follower of three is down.
func oneDown() *raftdiag.Report {
	const summary = "node 3 is down, and a quorum goes on without it"
	g := group("shop", raftdiag.Degraded, summary)
	e := episode(raftdiag.NoImpact, summary)
	e.Start, e.StartAt = ptr("2025-10-20T12:00:30Z"), &raftdiag.Where{Source: "node3.log", Line: 700}
	e.Term, e.Remedy = ptr(uint64(2)), "Restart the node, and read why it ended."
	e.Causes = []raftdiag.Cause{{Name: "node-down", Nodes: []string{"3"}, Summary: "node 3 is down: it said that it stops", Evidence: []raftdiag.Quote{quote("node3.log", 700, "it said that it stops", "shutting down")}, Remedy: e.Remedy}}
	g.Episodes = []raftdiag.Episode{e}
	g.Nodes = []raftdiag.NodeState{state("1", "Leader", true, 2, 80, 80, 80), state("2", "Follower", true, 2, 80, 80, 80), state("3", "Follower", true, 2, 40, 40, 40)}
	return run(raftdiag.Degraded, summary, g)
}

func healthy() *raftdiag.Report {
	const summary = "no sign of a fault: commit rose from 1 to 345, and nothing waited beyond patience"
	g := group("__meta-0", raftdiag.Healthy, summary)
	g.Nodes = []raftdiag.NodeState{state("1", "Follower", true, 2, 345, 345, 345), state("2", "Leader", true, 2, 345, 345, 345), state("3", "", false, 0, 0, 0, 0)}
	g.Ledgers.Leadership = []raftdiag.TermRow{{Term: 1, Leader: ptr("1"), Candidates: []string{"1"}, Grants: []string{}, Refusals: []string{}}, {Term: 2, Leader: ptr("2"), Candidates: []string{"2"}, Grants: []string{}, Refusals: []string{}}}
	return run(raftdiag.Healthy, summary, g)
}

func nothing() *raftdiag.Report {
	return &raftdiag.Report{Schema: raftdiag.ReportSchema, Summary: "no Raft event was read", Groups: []raftdiag.Group{},
		Inputs: []raftdiag.Input{
			{Source: "empty.log", Error: ptr("the file is empty")},
			{Source: "nginx.log", Lines: 3100, Error: ptr("no line is of a known format (hint: raftdiag explain lists the formats)")}},
		Notes: []string{"3,100 lines were read and none states a fact of Raft (hint: is the log level too high? see raftdiag explain logging)"}}
}

// many: a thousand groups, of which two have lost answers, one has a dead node
// and one is stuck for reasons unknown.
func many() *raftdiag.Report {
	var groups []raftdiag.Group
	pick := func(r *raftdiag.Report, name string) raftdiag.Group {
		g := r.Groups[0]
		g.Group = name
		return g
	}
	for i := range 1000 {
		name := fmt.Sprintf("orders-%d", i)
		switch i {
		case 17, 404:
			groups = append(groups, pick(lostAnswers(), name))
		case 500:
			groups = append(groups, pick(oneDown(), name))
		case 900:
			groups = append(groups, pick(undecided(), name))
		default:
			groups = append(groups, pick(healthy(), name))
		}
	}
	return run(raftdiag.Fault, groups[17].Summary, groups...)
}

var samples = []struct {
	name string
	make func() *raftdiag.Report
}{
	{"lost-answers", lostAnswers}, {"founding", founding}, {"dead-voters", deadVoters}, {"undecided", undecided}, {"double-vote", doubleVote},
	{"one-down", oneDown}, {"leader-gone", leaderGone}, {"healthy", healthy}, {"nothing", nothing}, {"many", many},
}

// event makes an event of a message at a millisecond of 2025-10-20 12:00.
func event(kind raftdiag.Kind, source string, line int64, ms int64, m raftdiag.Message) *raftdiag.Event {
	e := &raftdiag.Event{Kind: kind, Pos: raftdiag.Position{Source: source, Line: line}, Message: m,
		Set: raftdiag.HasType | raftdiag.HasFrom | raftdiag.HasTo | raftdiag.HasTerm | raftdiag.HasIndex | raftdiag.HasLogTerm | raftdiag.HasCommit | raftdiag.HasEntries}
	if ms >= 0 {
		e.Time = raftdiag.Stamp(1760961600000000000 + ms*1000000)
	}
	return e
}

// sayings are of a leader that is lost.
func sayings() []raftdiag.Saying {
	made := func(node, says string, mood raftdiag.Mood, times int, line, ms int64) raftdiag.Saying {
		e := &raftdiag.Event{Kind: raftdiag.SymptomSeen, Symptom: &raftdiag.Symptom{Sign: raftdiag.LinkDown}, Group: "db",
			Pos: raftdiag.Position{Source: node + ".log", Line: line}, Time: raftdiag.Stamp(1760961600000000000 + ms*1000000)}
		return raftdiag.Saying{Node: node, Says: says, Mood: mood, Times: times, Event: e, Until: e.Time + raftdiag.Stamp(times-1)*1e9}
	}
	list := []raftdiag.Saying{
		made("etcd-0", "leads in term 2", raftdiag.Ruling, 1, 87, 10),
		made("etcd-0", "waits for its disk", raftdiag.Ailing, 3, 99, 9120),
		made("etcd-1", "has no connection with etcd-0: the other side hung up", raftdiag.Ailing, 48, 101, 10311),
		made("etcd-2", "campaigns in term 2", raftdiag.Ruling, 1, 90, 11388),
		made("a-node-with-a-name-that-is-longer-than-its-column", "makes a snapshot at 1000", raftdiag.Routine, 1, 2, 86400000),
	}
	list[1].Longest = 4123 * time.Millisecond
	list[4].Event.Group, list[4].Event.Pos.Source = "other", "x.log"
	return list
}

func transcript() raftdiag.Transcript {
	app := func(to raftdiag.NodeID) raftdiag.Message {
		return raftdiag.Message{Type: raftdiag.MsgApp, From: 2, To: to, Term: 1, LogTerm: 1, Index: 2, Commit: 2, Entries: 1}
	}
	resp := func(from raftdiag.NodeID) raftdiag.Message {
		return raftdiag.Message{Type: raftdiag.MsgAppResp, From: from, To: 2, Term: 1, Index: 3, Commit: 2}
	}
	const ms = time.Millisecond
	sent1, got1 := event(raftdiag.Sent, "node2.log", 141, 5120, app(1)), event(raftdiag.Received, "node1.log", 83, 5122, app(1))
	answer1 := event(raftdiag.Sent, "node1.log", 88, 5123, resp(1))
	stamp := func(kind raftdiag.Kind, line, at int64) *raftdiag.Event {
		return &raftdiag.Event{Kind: kind, Pos: raftdiag.Position{Source: "node2.log", Line: line}, Time: raftdiag.Stamp(1760961600000000000 + at*1000000)}
	}
	return raftdiag.Transcript{
		Group: "__meta-0",
		Passages: []raftdiag.Passage{
			{Sent: sent1, Received: got1, Fate: raftdiag.Delivered, Low: ptr(200 * time.Microsecond), High: ptr(1400 * time.Microsecond)},
			{Sent: event(raftdiag.Sent, "node2.log", 142, 5120, app(3)), Fate: raftdiag.CannotTell, Why: "node 3's log is not among the inputs"},
			{Sent: answer1, Fate: raftdiag.LostOnWay, Why: "node 2 prints what it receives, goes on for 30 rounds, and does not show it"},
			{Received: event(raftdiag.Received, "node2.log", 150, 5140, resp(3)), Fate: raftdiag.Unsent, Low: ptr(ms)},
			{Sent: event(raftdiag.Sent, "node2.log", 151, 5150, app(1)), Received: event(raftdiag.Received, "node1.log", 95, 5160, app(1)), Fate: raftdiag.Duplicated, Low: ptr(-3 * ms), High: ptr(9 * ms), Ambiguous: true},
			{Sent: event(raftdiag.Sent, "node2.log", 152, -1, app(3)), Fate: raftdiag.NotSent, Why: "the transport said: no address for peer 3"},
			{Sent: event(raftdiag.Sent, "node2.log", 160, 86400000, app(1)), Fate: raftdiag.InFlight},
		},
		Proposals: []raftdiag.ProposalPath{
			{Term: ptr(uint64(1)), Index: 2, Leader: 2, Fate: "committed", Decider: 1, ToCommit: ptr(3200 * time.Microsecond), ToApply: ptr(4 * ms),
				Steps: []raftdiag.Step{{Gate: "proposed", At: stamp(raftdiag.Proposed, 100, 1000)}, {Gate: "committed", At: stamp(raftdiag.Committed, 104, 1003)}, {Gate: "applied", At: stamp(raftdiag.Applied, 105, 1004)}},
				Peers: []raftdiag.PeerPath{{Node: 1, Steps: []raftdiag.Step{{Gate: "sent", At: stamp(raftdiag.Sent, 101, 1000)}, {Gate: "received", At: stamp(raftdiag.Received, 7, 1001)}, {Gate: "answered", At: stamp(raftdiag.Sent, 8, 1002)}, {Gate: "heard", At: stamp(raftdiag.Received, 102, 1003)}}}, {Node: 3}}},
			{Term: ptr(uint64(1)), Index: 3, Leader: 2, Fate: "stuck", Steps: []raftdiag.Step{{Gate: "proposed", At: stamp(raftdiag.Proposed, 138, 5119)}},
				Peers: []raftdiag.PeerPath{{Node: 1, Steps: []raftdiag.Step{{Gate: "sent", At: sent1}, {Gate: "received", At: got1}, {Gate: "answered", At: answer1}}}, {Node: 3, Steps: []raftdiag.Step{}}}},
			{Index: 4, Fate: "unknown"},
		},
		Clocks: []raftdiag.ClockRow{
			{From: "1", To: "2", Low: ptr(int64(-1200000)), High: ptr(int64(900000)), Grade: "accurate", Pairs: 12, DriftPM: ptr(3.14)},
			{From: "1", To: "3", Grade: "none", Steps: 1},
		},
		Notes: []string{"2 heartbeats are not shown"},
	}
}

// leaderGone: logs without messages. The leader's process is gone, another is
// elected, and clients waited.
func leaderGone() *raftdiag.Report {
	const told = "etcd0 (3271337b9e069612) is gone: its log ends 28s before the others', and its peers' connections break"
	lost := func(source, local string) raftdiag.Quote {
		return quote(source, 87, "it cannot reach etcd0", `{"level":"warn","ts":"2025-10-20T12:00:36.982410Z","caller":"rafthttp/stream.go:420","msg":"lost TCP streaming connection with remote peer","stream-reader-type":"stream MsgApp v2","local-member-id":"`+
			local+`","remote-peer-id":"3271337b9e069612","error":"unexpected EOF"}`)
	}
	e := episode(raftdiag.SlowedBy, "the leader was lost and another elected: "+told)
	e.Start, e.End = ptr("2025-10-20T12:00:36.978553Z"), ptr("2025-10-20T12:00:40.173376Z")
	e.StartAt = &raftdiag.Where{Source: "etcd1.log", Line: 87}
	e.Leader, e.FailurePoint = ptr("etcd0"), ptr("no-leader")
	e.Remedy = "Restart the node with its data; read the last lines of its log first."
	e.Causes = []raftdiag.Cause{{Name: "node-down", Nodes: []string{"etcd0"}, Summary: told, Remedy: e.Remedy, Evidence: []raftdiag.Quote{
		quote("etcd0.log", 97, "the last line of etcd0", `{"level":"info","ts":"2025-10-20T12:00:36.966399Z","caller":"v3rpc/health.go:63","msg":"grpc service status changed","service":"","status":"SERVING"}`),
		lost("etcd1.log", "98cf07a727745607"), lost("etcd2.log", "51b492d63580727c"),
	}}}
	g := group("", raftdiag.Fault, e.Summary)
	for i := range g.Hypotheses {
		f := &g.Hypotheses[i]
		if f.Name == "no-leader" {
			f.Verdict, f.Summary = raftdiag.Confirmed, e.Summary
			continue
		}
		f.Verdict, f.Summary = raftdiag.Unknown, "these logs print no messages, so it cannot be told"
		f.Missing, f.Ask = []string{"the messages themselves"}, "log messages and progress: raftdiag explain logging says how"
	}
	e.Hypotheses = g.Hypotheses
	g.Episodes = []raftdiag.Episode{e}
	g.Voters = []string{"etcd0", "etcd1", "etcd2"}
	for term := uint64(2); term < 17; term++ {
		row := raftdiag.TermRow{Term: term, Leader: ptr("etcd" + fmt.Sprint(term%2)), Candidates: []string{}, Grants: []string{}, Refusals: []string{},
			Ended: "another was elected", At: &raftdiag.Where{Source: "etcd1.log", Line: int64(10 * term)}}
		switch term {
		case 15:
			row.Leader, row.Candidates, row.Ended = nil, []string{"etcd1", "etcd2"}, ""
		case 16:
			row.Ended = "log end"
		}
		g.Ledgers.Leadership = append(g.Ledgers.Leadership, row)
	}
	for i, id := range []string{"3271337b9e069612", "98cf07a727745607", "51b492d63580727c"} {
		n := raftdiag.NodeState{Node: fmt.Sprintf("etcd%d", i), Logged: true, Role: "Follower", Term: ptr(uint64(16)), Summary: "it runs",
			Also: []string{"10.0.0." + fmt.Sprint(i) + ":2380", id}, Sources: []string{fmt.Sprintf("etcd%d.log", i)}}
		if i == 0 {
			n.Summary = "it is gone: its log just ends"
		}
		g.Nodes = append(g.Nodes, n)
	}
	r := run(raftdiag.Fault, g.Summary, g)
	for i := range r.Inputs {
		in := &r.Inputs[i]
		in.Source, in.Node, in.Format = fmt.Sprintf("etcd%d.log", i), ptr(fmt.Sprintf("etcd%d", i)), "etcd, etcd raft in JSON"
	}
	return r
}
