package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// The gates and hypotheses by the names that reports use, in order.
var (
	gateNames       = []string{"forwarded", "proposed", "sent", "received", "answered", "heard", "matched", "committed", "applied"}
	hypothesisNames = []string{"proposal-dropped", "no-leader", "no-broadcast", "no-delivery", "no-response", "no-quorum", "no-commit-advance", "apply-stalled"}
	hypothesisIDs   = map[string]string{"no-broadcast": "H1", "no-response": "H2", "no-delivery": "H3", "no-quorum": "H4", "no-commit-advance": "H5"}
	stateNames      = []string{"two-leaders", "committed-conflict", "double-vote", "term-regressed", "commit-regressed", "log-regressed",
		"log-lost", "leader-unmatched", "progress-broken", "applied-ahead", "wrong-peer-address", "duplicate-id"}
	runVerdicts = []raftdiag.RunVerdict{raftdiag.Unsafe, raftdiag.Fault, raftdiag.Undecided, raftdiag.Degraded, raftdiag.Healthy}
)

// point is a hypothesis with its number: H3 no-delivery.
func point(name string) string {
	if id := hypothesisIDs[name]; id != "" {
		return id + " " + name
	}
	return name
}

func gateRank(name string) int { return slices.Index(gateNames, name) }

// worst is the episode that a group is summed up by: a failure point before an
// open question before what cost nothing, then what still lasts, then the
// earliest.
func worst(g *raftdiag.Group) *raftdiag.Episode {
	weight := func(e *raftdiag.Episode) int {
		w := 0
		if e.FailurePoint != nil {
			w += 8
		}
		if e.Impact != raftdiag.NoImpact {
			w += 4
		}
		if e.End == nil && e.EndAt == nil {
			w += 2
		}
		if e.Impact == raftdiag.Blocked || e.Impact == raftdiag.Lost {
			w++
		}
		return w
	}
	var best *raftdiag.Episode
	for i := range g.Episodes {
		if e := &g.Episodes[i]; best == nil || weight(e) > weight(best) {
			best = e
		}
	}
	return best
}

// Worst is the group and its episode that a report is summed up by, nil where
// there is none.
func Worst(r *raftdiag.Report) (*raftdiag.Group, *raftdiag.Episode) {
	groups := ranked(r)
	if len(groups) == 0 {
		return nil, nil
	}
	return groups[0], worst(groups[0])
}

// ranked are the groups, worst first, else in their order.
func ranked(r *raftdiag.Report) []*raftdiag.Group {
	out := make([]*raftdiag.Group, len(r.Groups))
	for i := range r.Groups {
		out[i] = &r.Groups[i]
	}
	slices.SortStableFunc(out, func(a, b *raftdiag.Group) int {
		return cmp.Compare(rank(a.Verdict), rank(b.Verdict))
	})
	return out
}

func rank(v raftdiag.RunVerdict) int {
	if i := slices.Index(runVerdicts, v); i >= 0 {
		return i
	}
	return len(runVerdicts)
}

// A class is the groups that have the same thing wrong with them.
type class struct {
	verdict raftdiag.RunVerdict
	title   string
	groups  []*raftdiag.Group
}

// size is how many groups it has, with those that a group stands for.
func (c class) size() int { return sum(c.groups) }

func sum(groups []*raftdiag.Group) int {
	n := 0
	for _, g := range groups {
		n += max(g.Alike, 1)
	}
	return n
}

// classes sorts the groups by what is wrong with them, worst first.
func classes(groups []*raftdiag.Group) []class {
	var out []class
	known := map[string]int{}
	for _, g := range groups {
		title := headline(g)
		key := string(g.Verdict) + "\x00" + title
		i, ok := known[key]
		if !ok {
			i = len(out)
			known[key] = i
			out = append(out, class{verdict: g.Verdict, title: title})
		}
		out[i].groups = append(out[i].groups, g)
	}
	return out
}

const noSign = "no sign of a fault in what these logs carry"

// headline names what is wrong with a group: impossible states that break
// safety, the failure point with its first cause, the suspects, or the cause of
// what cost nothing.
func headline(g *raftdiag.Group) string {
	var unsafe, states []string
	for _, v := range g.Violations {
		if v.Unsafe && !slices.Contains(unsafe, v.Name) {
			unsafe = append(unsafe, v.Name)
		}
		if !slices.Contains(states, v.Name) {
			states = append(states, v.Name)
		}
	}
	if len(unsafe) > 0 {
		return strings.Join(unsafe, ", ")
	}
	if e := worst(g); e != nil && (e.FailurePoint != nil || len(states) == 0) {
		return episodeTitle(e)
	}
	if len(states) > 0 {
		return strings.Join(states, ", ")
	}
	return noSign
}

func episodeTitle(e *raftdiag.Episode) string {
	cause := ""
	if len(e.Causes) > 0 {
		cause = e.Causes[0].Name
	}
	switch {
	case e.FailurePoint != nil && cause != "":
		return point(*e.FailurePoint) + " · " + cause
	case e.FailurePoint != nil:
		return point(*e.FailurePoint)
	case e.Impact == raftdiag.NoImpact && cause != "":
		return cause
	case e.Impact == raftdiag.NoImpact:
		return "nothing was held up"
	case len(e.Suspects) > 0:
		names := make([]string, 0, 3)
		for i, s := range e.Suspects {
			if i == 3 {
				names = append(names, "or others")
				break
			}
			names = append(names, s.Name)
		}
		return "a stall · suspects: " + strings.Join(names, ", ")
	}
	return "a stall whose place does not show"
}

// involved are the nodes that an episode is about: those that are stopped at
// its gate, else those of its first cause.
func involved(e *raftdiag.Episode) []string {
	var at, stopped []string
	for _, f := range e.Followers {
		if f.Status == "passed" || f.Leader {
			continue
		}
		stopped = append(stopped, f.Node)
		if e.Gate != nil && f.Gate == *e.Gate {
			at = append(at, f.Node)
		}
	}
	switch {
	case len(at) > 0:
		return at
	case len(e.Causes) > 0 && len(e.Causes[0].Nodes) > 0:
		return e.Causes[0].Nodes
	}
	return stopped
}

// nodes words a set of nodes: "node 2", "nodes 1, 2 and 3", "etcd0 and etcd2".
func nodes(ids []string) string {
	switch {
	case len(ids) == 1:
		return node(ids[0])
	case len(ids) > 1 && !slices.ContainsFunc(ids, bare):
		return sequence(ids)
	}
	return "nodes " + sequence(ids)
}

// node words one node. A name says by itself that it is one; an id or an
// address does not.
func node(id string) string {
	if bare(id) {
		return "node " + id
	}
	return id
}

// bare reports whether a word is an id or an address: it begins with a digit or
// is long, and has no letters but those of hexadecimal numbers.
func bare(id string) bool {
	return strings.Trim(id, "0123456789abcdefABCDEF.:-[]?") == "" && (len(id) > 7 || id == "" || id[0] < 'A')
}

func sequence(ids []string) string {
	switch n := len(ids); n {
	case 0:
		return "none"
	case 1:
		return ids[0]
	default:
		return strings.Join(ids[:n-1], ", ") + " and " + ids[n-1]
	}
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// count writes a number with separators: 1,204.
func count[T ~int | ~int64](n T) string {
	t := strconv.FormatInt(int64(n), 10)
	sign := ""
	if t[0] == '-' {
		sign, t = "-", t[1:]
	}
	for i := len(t) - 3; i > 0; i -= 3 {
		t = t[:i] + "," + t[i:]
	}
	return sign + t
}

// number is a term or an index, or a question mark.
func number(n *uint64) string {
	if n == nil {
		return "?"
	}
	return strconv.FormatUint(*n, 10)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// clock is a time as people read it, 2025-10-20 12:00:05.12Z; text that is no
// RFC 3339 stays as it is.
func clock(t string) string {
	if _, err := time.Parse(time.RFC3339Nano, t); err != nil {
		return t
	}
	return strings.Replace(t, "T", " ", 1)
}

// until is a later time, without the date if that is the same.
func until(from, to string) string {
	if len(from) > 11 && len(to) > 11 && from[:11] == to[:11] && clock(to) != to {
		return to[11:]
	}
	return clock(to)
}

// between is the time from one stamp to another, or empty.
func between(from, to *string) string {
	if from == nil || to == nil {
		return ""
	}
	a, err := time.Parse(time.RFC3339Nano, *from)
	if err != nil {
		return ""
	}
	b, err := time.Parse(time.RFC3339Nano, *to)
	if err != nil || b.Before(a) {
		return ""
	}
	return short(b.Sub(a))
}

// short is a duration with three digits or so.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		d = d.Round(time.Second)
	case d >= time.Second:
		d = d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		d = d.Round(10 * time.Microsecond)
	case d >= time.Microsecond:
		d = d.Round(10 * time.Nanosecond)
	}
	return d.String()
}

// impact words what an episode cost. Without an entry to follow, no commit is
// known.
func impact(e *raftdiag.Episode) string {
	if e.Impact == raftdiag.SlowedBy && e.Index == nil {
		return "slow: writes were late"
	}
	switch e.Impact {
	case raftdiag.NoImpact:
		return "cost no write"
	case raftdiag.SlowedBy:
		return "slow: committed late"
	case raftdiag.Blocked:
		return "blocked"
	case raftdiag.Lost:
		return "lost: another leader's entry replaced it"
	}
	return string(e.Impact)
}

// followed reports whether an episode follows an entry through the gates. The
// symptoms of logs that print no messages show no entry, so there is nothing to
// draw.
func followed(e *raftdiag.Episode) bool { return len(e.Followers) > 0 || e.Index != nil }

// repeats reports whether an episode's summary has told a cause.
func repeats(e *raftdiag.Episode, c raftdiag.Cause) bool {
	return c.Summary != "" && strings.HasSuffix(e.Summary, c.Summary)
}

// Of a long list of terms the first and the last are told.
const (
	reignsFirst = 3
	reignsLast  = 9
)

// A reign is a term with the words for who led in it.
type reign struct {
	raftdiag.TermRow
	term string
	who  string
}

// reigns are the terms of a group whose episodes follow no entry, and how many
// are left out in the middle.
func reigns(g *raftdiag.Group) (list []reign, left int) {
	for i := range g.Episodes {
		if followed(&g.Episodes[i]) {
			return nil, 0
		}
	}
	for _, t := range g.Ledgers.Leadership {
		who := "nobody"
		switch {
		case t.Leader != nil:
			who = *t.Leader
		case len(t.Candidates) > 0:
			who += "; candidates: " + strings.Join(t.Candidates, ", ")
		}
		if t.Ended == "log end" {
			t.Ended = "to the end of the log"
		}
		term := number(&t.Term)
		if t.Term == 0 { // no leader has it: the log prints none
			term = "?"
		}
		list = append(list, reign{t, term, who})
	}
	if left = len(list) - reignsFirst - reignsLast; left > 1 {
		return append(list[:reignsFirst:reignsFirst], list[reignsFirst+left:]...), left
	}
	return list, 0
}

// A column is one of the numbers that a node's log may have stated.
type column struct {
	name string
	of   func(*raftdiag.NodeState) *uint64
}

// stands are the columns that some node fills.
func stands(g *raftdiag.Group) []column {
	all := []column{
		{"term", func(n *raftdiag.NodeState) *uint64 { return n.Term }},
		{"commit", func(n *raftdiag.NodeState) *uint64 { return n.Commit }},
		{"last", func(n *raftdiag.NodeState) *uint64 { return n.Last }},
		{"applied", func(n *raftdiag.NodeState) *uint64 { return n.Applied }},
	}
	return slices.DeleteFunc(all, func(c column) bool {
		for i := range g.Nodes {
			if c.of(&g.Nodes[i]) != nil {
				return false
			}
		}
		return true
	})
}

// standing is what else there is to say of a node, with its other names.
func standing(n *raftdiag.NodeState) string {
	also := alsoCalled(n)
	switch {
	case n.Summary == "":
		return also
	case also == "":
		return n.Summary
	}
	return n.Summary + "; " + also
}

func alsoCalled(n *raftdiag.NodeState) string {
	if len(n.Also) == 0 {
		return ""
	}
	const most = 4 // a store has a name in each of its regions
	names := n.Also[:min(len(n.Also), most)]
	text := "also called " + strings.Join(names, ", ")
	if more := len(n.Also) - len(names); more > 0 {
		text += " and " + count(more) + " more"
	}
	return text
}

// A want is what some hypotheses lacked.
type want struct{ text, whose string }

// forWhom names the hypotheses that lacked it, unless they are nearly all.
func (w want) forWhom() string {
	if strings.Count(w.whose, ", ") > 3 {
		return "all that is unknown"
	}
	return w.whose
}

// alikeUnknown are the hypotheses of which the logs cannot tell for one and the
// same reason, if there are four or more. They are said in one row.
func alikeUnknown(list []raftdiag.Finding) (names []string, why string) {
	by := map[string][]string{}
	for _, f := range list {
		if f.Verdict != raftdiag.Unknown || f.Summary == "" || len(f.Evidence) > 0 {
			continue
		}
		if by[f.Summary] = append(by[f.Summary], point(f.Name)); len(by[f.Summary]) > 3 {
			names, why = by[f.Summary], f.Summary
		}
	}
	return names, why
}

// wants lists what the findings lacked, each thing once.
func wants(findings []raftdiag.Finding) []want {
	var out []want
	addTo := func(text, name string) {
		if text == "" {
			return
		}
		for i := range out {
			if out[i].text == text {
				if !slices.Contains(strings.Split(out[i].whose, ", "), name) {
					out[i].whose += ", " + name
				}
				return
			}
		}
		out = append(out, want{text, name})
	}
	for _, f := range findings {
		if f.Verdict != raftdiag.Unknown {
			continue
		}
		for _, m := range f.Missing {
			addTo(m, f.Name)
		}
	}
	return out
}

// asks are what the user can do about it, each once, without those that only
// repeat what is missing.
func asks(findings []raftdiag.Finding) []string {
	var out []string
	for _, f := range findings {
		if f.Verdict != raftdiag.Unknown || f.Ask == "" || slices.Contains(out, f.Ask) {
			continue
		}
		if slices.ContainsFunc(f.Missing, func(m string) bool { return f.Ask == "give "+m }) {
			continue
		}
		out = append(out, f.Ask)
	}
	return out
}

// fetch is what a group without a sign of a fault needs so that it can be told
// for sure: the first ask that is about more than messages, which many systems
// never print.
func fetch(g *raftdiag.Group) string {
	for _, f := range g.Hypotheses {
		if f.Verdict == raftdiag.Unknown && f.Ask != "" && slices.ContainsFunc(f.Missing, func(m string) bool { return m != "the messages themselves" }) {
			return f.Ask
		}
	}
	return ""
}

const stopWrites = "Stop writes to this group, and compare the nodes' logs before anything is restarted."

// remedy is what to do about a group, from what is worst in it.
func remedy(g *raftdiag.Group) string {
	for _, v := range g.Violations {
		if v.Unsafe {
			return cmp.Or(v.Remedy, stopWrites)
		}
	}
	if e := worst(g); e != nil && e.Remedy != "" {
		return e.Remedy
	}
	for _, v := range g.Violations {
		if v.Remedy != "" {
			return v.Remedy
		}
	}
	if g.Verdict == raftdiag.Healthy {
		return fetch(g)
	}
	return ""
}
