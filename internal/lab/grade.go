package lab

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// A Diagnosis is what raftdiag said about files, and which messages it paired.
type Diagnosis struct {
	Report *raftdiag.Report
	Broke  string // what stopped it without a report
	Paired bool   // Pairs were asked for
	Pairs  []Pair
	Few    *Few // lines that give the same verdict alone, if they were asked for
	// Alike tells whether no log can tell one cause from another, where the
	// fault healed or not. Nil: any two can be told apart.
	Alike func(a, b string, healed bool) bool
}

// A Few is how few lines were found to give the verdict of all.
type Few struct {
	Lines int  `json:"lines"`
	Of    int  `json:"of"`
	Same  bool `json:"same"` // alone they do give it
}

// A Pair is a send and its receive, as places in files.
type Pair struct{ Send, Receive raftdiag.Position }

// A Grade is what a diagnosis is worth.
type Grade int

// The grades.
const (
	Right   Grade = iota // the failure point and a right cause first, or quiet where nothing was wrong
	Near                 // the right failure point, another cause first
	Unknown              // undecided, or a fault whose point is not named
	Missed               // nothing was seen
	Wrong                // something was confirmed that is not so
	grades
)

// String is the grade in a word.
func (g Grade) String() string { return [...]string{"right", "near", "unknown", "missed", "wrong"}[g] }

// A Mark is one graded diagnosis.
type Mark struct {
	Tool    string   `json:"tool"` // raftdiag, or a baseline
	Case    string   `json:"case"`
	Seed    uint64   `json:"seed"`
	Damage  string   `json:"damage"`
	Plan    string   `json:"plan"`
	Voice   string   `json:"voice"`
	Impact  Impact   `json:"-"`
	Calm    bool     `json:"calm"` // graded as healthy
	Grade   Grade    `json:"-"`
	Word    string   `json:"grade"`
	Effect  string   `json:"impact"`
	CauseOK bool     `json:"cause_ok"` // a right cause within the first three, or none is asked for
	AlikeOK bool     `json:"alike_ok"` // the same, up to the published classes of causes that no log can tell apart
	Why     string   `json:"why"`
	Verdict string   `json:"verdict"`
	Expect  string   `json:"expect"`   // the failure point of the case; empty where nothing is wrong
	Point   string   `json:"point"`    // the first failure point that is confirmed
	Points  []string `json:"points"`   // all that are
	First   string   `json:"first"`    // the first suspect
	Rank    int      `json:"rank"`     // of the right point among the suspects; 0: not among the first three
	Cause   int      `json:"cause"`    // rank of a right cause; 0: not among the first three
	Alike   int      `json:"alike"`    // rank of the first cause that no log can tell from a right one; 0: not among the first three
	Named   string   `json:"named"`    // the first cause
	Certain bool     `json:"certain"`  // something was confirmed
	Ask     bool     `json:"ask"`      // it says what would decide
	AskLog  bool     `json:"ask_log"`  // and that is a log
	AskGone bool     `json:"ask_gone"` // which is one that is missing
	Gone    int      `json:"gone"`     // nodes whose logs are missing
	Lacks   bool     `json:"lacks"`    // the report says that it has no log of one of them

	Paired  int     `json:"paired"`  // pairs that are right
	Pairs   int     `json:"pairs"`   // that there are
	Mine    int     `json:"mine"`    // that were found
	Covered int     `json:"covered"` // clock intervals that hold the truth
	Clocks  int     `json:"clocks"`
	Score   float64 `json:"score"` // of the first suspect
	Few     *Few    `json:"few,omitempty"`
}

var calm = []raftdiag.RunVerdict{raftdiag.Healthy, raftdiag.Degraded}

// Judge holds a diagnosis against the run. With part, facts are missing from
// the logs, and an honest unknown is right.
func (r *Run) Judge(files []File, d Damage, got Diagnosis) *Mark {
	m := &Mark{Tool: "raftdiag", Case: r.Case.Name, Seed: r.Seed, Damage: d.Name, Voice: r.Look.Voice, Impact: r.Impact}
	r.handover = slices.ContainsFunc(files, func(f File) bool {
		return slices.ContainsFunc(f.Lines, func(l Line) bool { return l.Kind == raftdiag.HandedOver })
	})
	r.fill(m, d, got)
	r.asks(m, files, got.Report)
	if got.Paired {
		r.pairs(m, files, got.Pairs)
	}
	r.clocks(m, got.Report)
	m.Few = got.Few
	return m
}

// fill judges the report.
func (r *Run) fill(m *Mark, d Damage, got Diagnosis) {
	m.Plan, m.Effect, m.Expect = r.Plan.String(), r.Impact.String(), r.Case.Hypothesis
	m.Calm = Harmless(r.Case) || r.Impact == NoImpact
	if m.Calm {
		m.Expect = ""
	}
	m.Grade, m.Why = r.judge(m, d.Part, got)
	m.Word = m.Grade.String()
	m.CauseOK = m.Calm || m.Cause > 0 || len(r.Case.Causes) == 0 || m.Grade == Right
	m.AlikeOK = m.CauseOK || m.Alike > 0
}

// judge fills the mark in.
func (r *Run) judge(m *Mark, part bool, got Diagnosis) (Grade, string) {
	report := got.Report
	if got.Broke != "" {
		return Wrong, got.Broke
	}
	if report == nil || report.Verdict == nil {
		if part {
			return Unknown, "no verdict"
		}
		return Missed, "no verdict"
	}
	verdict := *report.Verdict
	m.Verdict = string(verdict)
	allowed := append([]string{r.Case.Hypothesis}, r.Case.OrHypothesis...)
	quiet := m.Calm || r.Case.Hypothesis == "" || slices.Contains(r.Case.OrHypothesis, "")
	var violations, causes []string
	for _, g := range report.Groups {
		for _, v := range g.Violations {
			violations = append(violations, v.Name)
		}
		for _, h := range g.Hypotheses {
			m.Ask = m.Ask || h.Ask != ""
			if h.Verdict == raftdiag.Confirmed && !slices.Contains(m.Points, h.Name) {
				m.Points = append(m.Points, h.Name)
			}
		}
		for _, e := range g.Episodes {
			for _, h := range e.Hypotheses {
				if h.Verdict == raftdiag.Confirmed && !slices.Contains(m.Points, h.Name) && e.FailurePoint != nil && h.Name == *e.FailurePoint {
					m.Points = append(m.Points, h.Name)
				}
			}
			if e.FailurePoint != nil && m.Point == "" {
				m.Point = *e.FailurePoint
			}
			// The rank of the right point, in the episode where it stands best.
			if len(e.Suspects) > 0 && m.Score == 0 {
				m.Score, m.First = e.Suspects[0].Score, e.Suspects[0].Name
			}
			for i, s := range e.Suspects[:min(3, len(e.Suspects))] {
				if slices.Contains(allowed, s.Name) && s.Name != "" && (m.Rank == 0 || i+1 < m.Rank) {
					m.Rank = i + 1
				}
			}
			if e.FailurePoint != nil && slices.Contains(allowed, *e.FailurePoint) {
				m.Rank = 1
			}
			for i, c := range e.Causes[:min(3, len(e.Causes))] {
				if i == 0 {
					causes = append(causes, c.Name)
				}
				if slices.Contains(r.Case.Causes, c.Name) && (m.Cause == 0 || i+1 < m.Cause) {
					m.Cause = i + 1
				}
				if got.Alike != nil && len(r.Case.Causes) > 0 && got.Alike(r.Case.Causes[0], c.Name, r.heals()) && (m.Alike == 0 || i+1 < m.Alike) {
					m.Alike = i + 1
				}
			}
		}
	}
	if m.Cause != 1 && slices.ContainsFunc(violations, func(v string) bool { return slices.Contains(r.Case.Causes, v) }) {
		m.Cause = 1
	}
	if len(causes) > 0 {
		m.Named = causes[0]
	}
	m.Certain = len(m.Points) > 0 || verdict == raftdiag.Unsafe || verdict == raftdiag.Fault

	// What is confirmed must be so.
	for _, p := range m.Points {
		if slices.Contains(allowed, p) && !m.Calm {
			continue
		}
		if why := r.refutes(p); why != "" {
			return Wrong, "confirmed " + p + ": " + why
		}
		if m.Calm {
			return Wrong, "confirmed " + p
		}
	}
	for _, v := range violations {
		if !r.shows(v) {
			return Wrong, "violation " + v
		}
	}
	right := append([]raftdiag.RunVerdict{r.Case.Verdict}, r.Case.OrVerdict...)
	if r.Impact >= Slow && r.Case.Verdict == raftdiag.Degraded {
		right = append(right, raftdiag.Fault) // it did cost a write
	}
	if m.Calm {
		switch {
		case slices.Contains(calm, verdict):
			return Right, ""
		case slices.Contains(right, verdict) && verdict != raftdiag.Fault:
			return Right, ""
		case verdict == raftdiag.Fault || verdict == raftdiag.Unsafe:
			if len(violations) > 0 && slices.Contains(right, verdict) {
				return Right, ""
			}
			return Wrong, m.Verdict + " " + strings.Join(violations, " ")
		case part:
			return Right, ""
		}
		return Unknown, m.Verdict
	}
	switch {
	case verdict == raftdiag.Unsafe && !slices.Contains(right, verdict):
		return Wrong, "unsafe"
	case verdict == raftdiag.Undecided:
		return Unknown, fmt.Sprint("undecided, suspects rank ", m.Rank)
	case quiet && slices.Contains(right, verdict) && (len(r.Case.Causes) == 0 || m.Cause > 0 || verdict == raftdiag.Healthy):
		return Right, ""
	case m.Rank == 1 && len(m.Points) > 0 && (m.Cause == 1 || len(r.Case.Causes) == 0):
		return Right, ""
	case m.Rank == 1 && len(m.Points) > 0:
		return Near, "cause " + strings.Join(causes, " ")
	case verdict == raftdiag.Fault && m.Cause == 1:
		return Right, "by its cause"
	case slices.Contains(right, verdict):
		return Near, "cause " + strings.Join(causes, " ")
	case slices.Contains(calm, verdict):
		if part {
			return Unknown, m.Verdict
		}
		return Missed, m.Verdict
	}
	return Unknown, m.Verdict + " points " + strings.Join(m.Points, " ") + " causes " + strings.Join(causes, " ")
}

var namesLog = regexp.MustCompile(`'s log\b|\blogs? of\b`)

// asks tells whether the report asks for logs, and for those that are missing.
func (r *Run) asks(m *Mark, files []File, report *raftdiag.Report) {
	there := map[uint64]bool{}
	for _, f := range files {
		for _, l := range f.Lines {
			there[l.Node] = true
		}
	}
	var gone []string
	for _, id := range r.Config.IDs {
		if !there[id] {
			m.Gone++
			gone = append(gone, r.Look.words(id)...)
		}
	}
	if report == nil {
		return
	}
	hear := func(text string) {
		if !namesLog.MatchString(text) {
			return
		}
		m.AskLog = true
		for _, name := range gone {
			m.AskGone = m.AskGone || hasWord(text, name)
		}
	}
	findings := func(list []raftdiag.Finding) {
		for _, f := range list {
			if f.Verdict == raftdiag.Unknown {
				hear(f.Ask)
				for _, text := range f.Missing {
					hear(text)
				}
			}
		}
	}
	for _, g := range report.Groups {
		findings(g.Hypotheses)
		for _, e := range g.Episodes {
			findings(e.Hypotheses)
		}
		for _, n := range g.Nodes {
			m.Lacks = m.Lacks || !n.Logged && slices.ContainsFunc(append(n.Also, n.Node), func(s string) bool { return slices.Contains(gone, s) })
		}
	}
}

// hasWord reports whether the word stands in the text by itself.
func hasWord(text, word string) bool {
	part := func(c byte) bool { return c == '_' || c >= '0' && c <= '9' || c|32 >= 'a' && c|32 <= 'z' }
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(word)
		if (from == 0 || !part(text[from-1])) && (to == len(text) || !part(text[to])) {
			return true
		}
		at = to
	}
}

// shows reports whether the run may show the impossible state.
func (r *Run) shows(violation string) bool {
	if slices.Contains(r.Case.Causes, violation) {
		return true
	}
	switch r.Case.Name {
	case "disk-wiped":
		return slices.Contains([]string{"log-lost", "term-regressed", "double-vote", "two-leaders", "committed-conflict"}, violation)
	case "hardstate-unpersisted":
		return slices.Contains([]string{"term-regressed", "double-vote", "two-leaders", "committed-conflict"}, violation)
	case "leader-unmatched", "log-regressed":
		return slices.Contains([]string{"log-lost", "leader-unmatched", "log-regressed", "progress-broken", "applied-ahead", "commit-regressed"}, violation)
	case "rejected", "stale-answer", "log-corrupt":
		return violation == "log-lost"
	case "wrong-peer-address", "duplicate-id":
		return violation == "wrong-peer-address" || violation == "duplicate-id" || violation == "two-leaders"
	}
	return false
}
