package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A Fault is one thing that goes wrong in a run. Its text form names it, then
// its parameters and schedule where they are not the defaults:
//
//	drop-responses:from=1+3,at=2s,for=3s
//
// A fault strikes at At after the start, though not before there is a leader
// where it needs one, and heals after For, or never if For is 0.
type Fault struct {
	Name   string
	Params map[string]string // those that are not the defaults
	At     time.Duration
	For    time.Duration
}

// A Param is a parameter of a fault.
type Param struct {
	Name    string
	Default string
	Doc     string
	kind    paramKind
}

type paramKind int

const (
	nodeSet  paramKind = iota // ids and words, joined by +
	idList                    // ids, joined by +
	duration                  // 300ms
	fraction                  // 0 to 1
	count                     // a whole number
	word                      // one of the words that the fault knows
	groupName
)

// A FaultInfo describes a fault and what a diagnosis of its logs should say.
type FaultInfo struct {
	Name   string
	Doc    string
	Params []Param
	At     time.Duration // when it strikes if nothing else is said
	For    time.Duration // 0: until the end

	Verdict      raftdiag.RunVerdict
	OrVerdict    []raftdiag.RunVerdict // right as well
	Hypothesis   string                // the failure point, or empty if there is none
	OrHypothesis []string              // right as well
	Causes       []string              // each of them is a right name for the cause
	Example      string

	words    []string // what a parameter of kind word may be
	perGroup bool     // strikes each group with that group's leader
	leader   bool     // waits until there is a leader
	check    func(f *Fault, o *options) error
	build    func(f *Fault, o *options) // changes how nodes are built
	first    func(f *Fault, c *cluster) // before the nodes boot
	strike   func(s *strike)
}

// DefaultSchedule is when the fault strikes if nothing else is said, in the
// words of its text form.
func (i *FaultInfo) DefaultSchedule() string {
	s := "at=" + i.At.String()
	if i.For > 0 {
		s += ",for=" + i.For.String()
	}
	return s
}

// Default is the fault that a demonstration shows if none is asked for.
const Default = "drop-responses"

// byHypothesis gives each failure point the fault that shows it best.
var byHypothesis = map[string]string{
	"no-leader": "election-storm", "proposal-dropped": "forwarding-disabled",
	"no-broadcast": "dropped-before-send", "no-delivery": Default, "no-response": "answer-not-sent",
	"no-quorum": "dead-voters", "no-commit-advance": "log-regressed", "apply-stalled": "state-machine-blocked",
	"h1": "dropped-before-send", "h2": "answer-not-sent", "h3": Default, "h4": "dead-voters", "h5": "log-regressed",
}

// Faults lists every fault, in the order of the failure points that they lead
// to.
func Faults() []FaultInfo { return all() }

func all() []FaultInfo { return slices.Concat(catalogue(), more(), harmless()) }

// Lookup finds a fault by its name, or by the name or number of a failure
// point, which stands for the fault that shows it best.
func Lookup(name string) (FaultInfo, bool) {
	list := all()
	find := func(name string) int {
		return slices.IndexFunc(list, func(i FaultInfo) bool { return i.Name == name })
	}
	at := find(name)
	if at < 0 {
		at = find(byHypothesis[strings.ToLower(name)])
	}
	if at < 0 {
		return FaultInfo{}, false
	}
	return list[at], true
}

// ParseFault reads a fault's text form. The name of a failure point stands for
// the fault that shows it best.
func ParseFault(s string) (Fault, error) {
	name, rest, _ := strings.Cut(s, ":")
	info, ok := Lookup(name)
	if !ok {
		return Fault{}, fmt.Errorf("no fault %q (hint: %s)", name, nearest(name))
	}
	f := Fault{Name: info.Name, At: info.At, For: info.For}
	if rest == "" {
		return f, nil
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(rest, ",") {
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return Fault{}, fmt.Errorf("fault %s: %q is no parameter (hint: as in %s)", name, part, info.Example)
		}
		if seen[key] {
			return Fault{}, fmt.Errorf("fault %s: %s is given twice", name, key)
		}
		seen[key] = true
		if err := f.set(&info, key, value); err != nil {
			return Fault{}, fmt.Errorf("fault %s: %s: %w", name, key, err)
		}
	}
	return f, nil
}

func (f *Fault) set(info *FaultInfo, key, value string) error {
	switch key {
	case "at", "for":
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		if key == "at" {
			f.At = d
		} else {
			f.For = d
		}
		return nil
	}
	i := slices.IndexFunc(info.Params, func(p Param) bool { return p.Name == key })
	if i < 0 {
		names := []string{"at", "for"}
		for _, p := range info.Params {
			names = append(names, p.Name)
		}
		return fmt.Errorf("no such parameter (hint: %s)", strings.Join(names, ", "))
	}
	v, err := info.Params[i].read(value, info.words)
	if err != nil {
		return err
	}
	if v == info.Params[i].Default {
		return nil
	}
	if f.Params == nil {
		f.Params = map[string]string{}
	}
	f.Params[key] = v
	return nil
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration (hint: 300ms, 2s)", s)
	}
	return d, nil
}

var nodeWords = []string{"all", "follower", "followers", "leader", "majority", "minority", "other", "others"}

// read checks a value and brings it into the form that String prints.
func (p Param) read(s string, words []string) (string, error) {
	switch p.kind {
	case nodeSet, idList:
		for part := range strings.SplitSeq(s, "+") {
			if p.kind == nodeSet && slices.Contains(nodeWords, part) {
				continue
			}
			if n, err := strconv.ParseUint(part, 10, 32); err != nil || n == 0 || part[0] == '0' || part[0] == '+' {
				hint := "ids joined by +"
				if p.kind == nodeSet {
					hint += ", or " + strings.Join(nodeWords, ", ")
				}
				return "", fmt.Errorf("%q is no node (hint: %s)", part, hint)
			}
		}
		return s, nil
	case duration:
		d, err := parseDuration(s)
		return d.String(), err
	case fraction:
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || !(x >= 0 && x <= 1) {
			return "", fmt.Errorf("%q is no share (hint: 0 to 1)", s)
		}
		return strconv.FormatFloat(x, 'g', -1, 64), nil
	case count:
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return "", fmt.Errorf("%q is no number", s)
		}
		return strconv.FormatUint(n, 10), nil
	case word:
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("%q is unknown (hint: %s)", s, strings.Join(words, " or "))
		}
		return s, nil
	}
	if s == "" || strings.ContainsAny(s, "=,: ") {
		return "", fmt.Errorf("%q is no group", s)
	}
	return s, nil
}

// String is the fault's text form; ParseFault reads it back.
func (f Fault) String() string {
	var parts []string
	info, ok := Lookup(f.Name)
	if !ok {
		for _, k := range slices.Sorted(maps.Keys(f.Params)) {
			parts = append(parts, k+"="+f.Params[k])
		}
	}
	for _, p := range info.Params {
		if v, ok := f.Params[p.Name]; ok {
			parts = append(parts, p.Name+"="+v)
		}
	}
	if f.At != info.At {
		parts = append(parts, "at="+f.At.String())
	}
	if f.For != info.For {
		parts = append(parts, "for="+f.For.String())
	}
	if len(parts) == 0 {
		return f.Name
	}
	return f.Name + ":" + strings.Join(parts, ",")
}

func (f *Fault) info() *FaultInfo {
	info, _ := Lookup(f.Name)
	return &info
}

// param is the parameter's value, or its default.
func (f *Fault) param(name string) string {
	if v, ok := f.Params[name]; ok {
		return v
	}
	for _, p := range f.info().Params {
		if p.Name == name {
			return p.Default
		}
	}
	return ""
}

func (f *Fault) duration(name string) time.Duration {
	d, _ := time.ParseDuration(f.param(name)) // read checked it
	return d
}

func (f *Fault) number(name string) int {
	n, _ := strconv.Atoi(f.param(name)) // read checked it
	return n
}

func (f *Fault) ids(name string) []uint64 {
	var ids []uint64
	for part := range strings.SplitSeq(f.param(name), "+") {
		if n, err := strconv.ParseUint(part, 10, 64); err == nil {
			ids = append(ids, n)
		}
	}
	return ids
}

// check says what of the fault does not fit the cluster.
func (f *Fault) check(o *options) error {
	info, ok := Lookup(f.Name)
	if !ok || info.Name != f.Name {
		return fmt.Errorf("no such fault (hint: %s)", nearest(f.Name))
	}
	for _, p := range info.Params {
		v := f.param(p.Name)
		if _, err := p.read(v, info.words); v != "" && err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		if p.kind != nodeSet {
			continue
		}
		for _, id := range f.ids(p.Name) {
			if !slices.Contains(o.ids, id) {
				return fmt.Errorf("%s: no node %d among %d", p.Name, id, o.Nodes)
			}
		}
	}
	if g := f.param("group"); g != "" {
		if !slices.Contains(o.groups, g) {
			return fmt.Errorf("no group %s", g)
		}
	}
	if o.Duration > 0 && f.At >= o.Duration {
		return fmt.Errorf("strikes at %v, and the run lasts %v (hint: a longer run, or at=)", f.At, o.Duration)
	}
	if info.check != nil {
		return info.check(f, o)
	}
	return nil
}

// nearest lists the fault names that share a word with the one that is
// unknown.
func nearest(name string) string {
	var near []string
	for _, i := range all() {
		for w := range strings.SplitSeq(strings.ToLower(name), "-") {
			if len(w) > 2 && strings.Contains(i.Name, w) {
				near = append(near, i.Name)
				break
			}
		}
	}
	if len(near) == 0 {
		return "raftdiag cluster --list-faults"
	}
	return strings.Join(near, ", ")
}
