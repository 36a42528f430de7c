package raftdiag

// ReportSchema is the version of the report's JSON form, docs/report.schema.json.
const ReportSchema = "raftdiag/report/v1"

// A RunVerdict sums up a run or a group; the worst of its parts decides.
type RunVerdict string

// The run verdicts, worst first.
const (
	Unsafe    RunVerdict = "unsafe"    // a safety property of Raft is broken
	Fault     RunVerdict = "fault"     // a failure point is confirmed, healed or not
	Undecided RunVerdict = "undecided" // a stall is proven and its point is not, or nothing shows that what was proposed commits
	Degraded  RunVerdict = "degraded"  // a fault that cost no write
	Healthy   RunVerdict = "healthy"   // no sign of a fault in what the logs carry
)

var runVerdicts = []RunVerdict{Unsafe, Fault, Undecided, Degraded, Healthy}

// Worse reports whether v is worse than w. Any verdict is worse than none.
func (v RunVerdict) Worse(w RunVerdict) bool { return v.rank() < w.rank() }

func (v RunVerdict) rank() int {
	for i, r := range runVerdicts {
		if r == v {
			return i
		}
	}
	return len(runVerdicts)
}

// A Verdict is what a hypothesis came to.
type Verdict string

// The verdicts on a hypothesis.
const (
	Confirmed Verdict = "confirmed"
	RuledOut  Verdict = "ruled_out"
	Unknown   Verdict = "unknown"
)

// An Impact is what an episode cost its proposals.
type Impact string

// The impacts.
const (
	NoImpact Impact = "none"
	SlowedBy Impact = "slow"    // committed, late
	Blocked  Impact = "blocked" // not committed while the log lasts
	Lost     Impact = "lost"    // replaced by another leader's entry
)

// A Report is everything that one analysis found.
type Report struct {
	Schema  string      `json:"schema"`
	Verdict *RunVerdict `json:"verdict"` // nil if no input yielded a Raft event
	Summary string      `json:"summary"`
	Inputs  []Input     `json:"inputs"`
	Groups  []Group     `json:"groups"`
	Notes   []string    `json:"notes"` // about the inputs as a whole: what could not be attributed, ranges that do not overlap
}

// An Input is one source and what was read from it.
type Input struct {
	Source      string  `json:"source"`
	Node        *string `json:"node"`   // nil if unknown or several
	Format      string  `json:"format"` // empty if not recognised
	Lines       int64   `json:"lines"`
	Events      int64   `json:"events"`
	Garbled     int64   `json:"garbled"`
	Unknown     int64   `json:"unattributed"` // events whose node could not be told
	First       *string `json:"first"`        // RFC 3339
	Last        *string `json:"last"`
	Incarnation int     `json:"incarnations"`
	Error       *string `json:"error"`
}

// A Group is the findings of one Raft group.
type Group struct {
	Group      string      `json:"group"`
	Verdict    RunVerdict  `json:"verdict"`
	Summary    string      `json:"summary"`
	Alike      int         `json:"alike"`  // how many groups it stands for, itself among them, where one is told for all
	Voters     []string    `json:"voters"` // as far as known
	Nodes      []NodeState `json:"nodes"`
	Hypotheses []Finding   `json:"hypotheses"` // over the whole log
	Violations []Violation `json:"violations"`
	Episodes   []Episode   `json:"episodes"`
	Notes      []Note      `json:"notes"`
	Ledgers    Ledgers     `json:"ledgers"`
}

// A NodeState is where a node stood at the end of its log.
type NodeState struct {
	Node    string  `json:"node"`
	Logged  bool    `json:"logged"` // its own log is among the inputs
	Role    string  `json:"role"`
	Term    *uint64 `json:"term"`
	Commit  *uint64 `json:"commit"`
	Last    *uint64 `json:"last_index"`
	Applied *uint64 `json:"applied"`
	Summary string  `json:"summary"`

	Also    []string `json:"also"`    // other words for it: ids, addresses
	Sources []string `json:"sources"` // the inputs that it wrote, where their words told
}

// A Quote is a line of an input.
type Quote struct {
	Source string `json:"source"`
	Line   int64  `json:"line"`
	Text   string `json:"text"`
	Says   string `json:"says,omitempty"` // what it proves, in a few words
}

// Position is the quote's place.
func (q Quote) Position() Position { return Position{q.Source, q.Line} }

// A Finding is one hypothesis weighed.
type Finding struct {
	ID       *string  `json:"id"` // H1 to H5, or nil
	Name     string   `json:"name"`
	Verdict  Verdict  `json:"verdict"`
	Summary  string   `json:"summary"`
	Evidence []Quote  `json:"evidence"`
	Missing  []string `json:"missing"`
	Ask      string   `json:"ask"`
}

// A Violation is an impossible state.
type Violation struct {
	Name     string   `json:"name"`
	Nodes    []string `json:"nodes"`
	Summary  string   `json:"summary"`
	Evidence []Quote  `json:"evidence"`
	Unsafe   bool     `json:"unsafe"`
	Remedy   string   `json:"remedy"` // what to do now
}

// A Cause is what lies beneath a failure point, by a name of the catalogue.
type Cause struct {
	Name     string   `json:"name"`
	Nodes    []string `json:"nodes"`
	Summary  string   `json:"summary"`
	Evidence []Quote  `json:"evidence"`
	Remedy   string   `json:"remedy"`
}

// A Suspect is a hypothesis that was not ruled out. Scores of one episode are
// comparable with one another, between 0 and 1, and are no probabilities.
type Suspect struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// A Place is how far one voter's lane came for the stuck entry.
type Place struct {
	Node     string   `json:"node"`
	Leader   bool     `json:"leader"`
	Voter    bool     `json:"voter"`
	Logged   bool     `json:"logged"`
	Gate     string   `json:"gate"`   // the gate at which the lane stopped, or "matched"
	Status   string   `json:"status"` // passed, late, blocked, unknown, down
	Summary  string   `json:"summary"`
	Passed   []string `json:"passed"` // gates passed, in order
	Evidence []Quote  `json:"evidence"`
}

// Where is a line without its text.
type Where struct {
	Source string `json:"source"`
	Line   int64  `json:"line"`
}

// An Episode is one stall, from the first stuck entry to its commit or the end.
type Episode struct {
	Start        *string   `json:"start"`
	End          *string   `json:"end"`
	StartAt      *Where    `json:"start_at"`
	EndAt        *Where    `json:"end_at"`
	Leader       *string   `json:"leader"`
	Term         *uint64   `json:"term"`
	Index        *uint64   `json:"index"`
	Impact       Impact    `json:"impact"`
	FailurePoint *string   `json:"failure_point"`
	Gate         *string   `json:"gate"`
	Summary      string    `json:"summary"`
	Remedy       string    `json:"remedy"` // what to do now, or what would decide
	Suspects     []Suspect `json:"suspects"`
	Causes       []Cause   `json:"causes"`
	Hypotheses   []Finding `json:"hypotheses"`
	Followers    []Place   `json:"followers"`
}

// A Note is something worth knowing that is no fault, such as entries of an
// older term that wait, legally, for one of the leader's own.
type Note struct {
	Name     string  `json:"name"`
	Summary  string  `json:"summary"`
	Evidence []Quote `json:"evidence"`
}

// Ledgers are the group's books.
type Ledgers struct {
	Pairs      []PairRow   `json:"pairs"`
	Leadership []TermRow   `json:"leadership"`
	Membership []MemberRow `json:"membership"`
	Clocks     []ClockRow  `json:"clocks"`
}

// A PairRow counts the messages of one type between two nodes. Lost counts
// those proven lost, Open those of which the log cannot tell.
type PairRow struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Type      string `json:"type"`
	Sent      int64  `json:"sent"`
	Delivered int64  `json:"delivered"`
	Lost      int64  `json:"lost"`
	Open      int64  `json:"open"`
	Refused   int64  `json:"refused"`
	First     *Where `json:"first"`
	Last      *Where `json:"last"`
}

// A TermRow is one term's election and leadership.
type TermRow struct {
	Term       uint64   `json:"term"`
	Leader     *string  `json:"leader"`
	Candidates []string `json:"candidates"`
	Grants     []string `json:"grants"` // voter for candidate, as "2 for 1"
	Refusals   []string `json:"refusals"`
	Ended      string   `json:"ended"`
	At         *Where   `json:"at"`
}

// A MemberRow is whom one node takes for a voter.
type MemberRow struct {
	Node   string   `json:"node"`
	Voters []string `json:"voters"`
	From   string   `json:"from"` // config, progress or seen
	At     *Where   `json:"at"`
}

// A ClockRow bounds how far the clock of To is ahead of From's, in
// nanoseconds, over the paired messages.
type ClockRow struct {
	From    string   `json:"from"`
	To      string   `json:"to"`
	Low     *int64   `json:"low_ns"`
	High    *int64   `json:"high_ns"`
	DriftPM *float64 `json:"drift_ppm"`
	Grade   string   `json:"grade"` // accurate, approximate, one-way, none, contradictory
	Pairs   int      `json:"pairs"`
	Steps   int      `json:"steps"`
}
