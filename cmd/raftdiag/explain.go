package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag/hypotheses"
	"github.com/raftdiag/raftdiag/parser"
	"github.com/raftdiag/raftdiag/raftlog"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [NAME]",
		Short: "what a name in a report means, the log lines that it takes, and the remedy",
		Long: `explain tells what raftdiag means by a name: a hypothesis (H3, no-delivery), a
cause, an impossible state, a note, or a log format. Without a NAME it lists them
all. "logging" prints what to add to an application so that its logs can be
diagnosed, in Go and in Rust, and how etcd, Consul, TiKV and others print more;
"limits" says what logs without messages can show, and which causes no log can
tell apart.`,
		Example: `  raftdiag explain
  raftdiag explain H3
  raftdiag explain one-way-partition
  raftdiag explain logging`,
		Args: oneArg,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var words []string
			for _, s := range explainable() {
				for _, t := range s.topics {
					words = append(words, t.name+"\t"+t.title)
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			p := page{width: pageWidth(out)}
			if len(args) == 0 {
				p.list(explainable())
			} else if err := explain(&p, args[0]); err != nil {
				return err
			}
			return p.print(out)
		},
	}
}

// A topic is something that explain knows.
type topic struct {
	name, title string
	show        func(p *page)
}

type section struct {
	title  string
	topics []topic
}

// explainable lists every topic, by section.
func explainable() []section {
	classes := []struct{ class, title string }{
		{"hypothesis", "Hypotheses, in the order of the gates"},
		{"cause", "Causes"},
		{"violation", "Impossible states"},
		{"note", "Notes"},
	}
	all := hypotheses.Catalogue()
	var list []section
	for _, c := range classes {
		s := section{title: c.title}
		for _, d := range all {
			if d.Class == c.class {
				s.topics = append(s.topics, topic{d.Name, title(d), func(p *page) { p.doc(d) }})
			}
		}
		list = append(list, s)
	}
	logs := section{title: "Log formats"}
	for _, f := range parser.Formats() {
		logs.topics = append(logs.topics, topic{f.Name, firstSentence(f.Doc), func(p *page) { p.format(f) }})
	}
	return append(list, logs, section{"More", []topic{
		{"gates", "the way of a write, and which hypothesis stops it where", (*page).gates},
		{"exit-codes", "what the exit code says", (*page).exitCodes},
		{"format-files", "how to describe a log format of your own", (*page).formatFiles},
		{"limits", "what the logs of etcd, Consul and others can show, and what not; the causes that no log can tell apart", (*page).limits},
		{"logging", "what to add to an application so that its logs can be diagnosed", (*page).logging},
	}})
}

func title(d hypotheses.Doc) string {
	if d.ID != "" {
		return d.ID + ": " + d.Title
	}
	return d.Title
}

// explain writes all that there is under a name; a name can be both an
// impossible state and a cause.
func explain(p *page, name string) error {
	var names []string
	found := false
	show := func(t topic) {
		if found {
			p.line("")
		}
		found = true
		t.show(p)
	}
	if d, ok := hypotheses.Lookup(name); ok {
		name = d.Name // an id stands for its hypothesis
	}
	for _, s := range explainable() {
		for _, t := range s.topics {
			names = append(names, t.name)
			if strings.EqualFold(t.name, name) {
				show(t)
			}
		}
	}
	if !found {
		hint := didYouMean(name, names)
		if hint == "" {
			hint = " (hint: raftdiag explain lists the names)"
		}
		return usagef("nothing is called %q%s", name, hint)
	}
	return nil
}

// A page is text in the making, wrapped to its width.
type page struct {
	strings.Builder
	width int
}

// pageWidth is the width of running text on w: that of the terminal, though not
// wider than is good to read.
func pageWidth(w io.Writer) int {
	if n := look(w, true).Width; n > 0 {
		return min(n, 100)
	}
	return 80
}

// print writes the page. That nobody reads it to its end is no error.
func (p *page) print(w io.Writer) error {
	if _, err := io.WriteString(w, p.String()); err != nil && !isClosed(err) {
		return err
	}
	return nil
}

func (p *page) line(s string) { p.WriteString(s + "\n") }

// text wraps a paragraph, every line indented.
func (p *page) text(indent, s string) { p.hanging(indent, indent, s) }

// hanging wraps a paragraph whose first line begins differently.
func (p *page) hanging(first, rest, s string) {
	line := first
	empty := true
	for _, word := range strings.Fields(s) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > p.width {
			p.line(line)
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	if !empty || strings.TrimSpace(first) != "" {
		p.line(strings.TrimRight(line, " "))
	}
}

// block writes a titled paragraph, or nothing without a text.
func (p *page) block(title, s string) {
	if s == "" {
		return
	}
	p.line("")
	p.line(title)
	p.text("  ", s)
}

// lines writes titled lines as they are.
func (p *page) lines(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.line("")
	p.line(title)
	for _, l := range lines {
		for s := range strings.SplitSeq(strings.TrimRight(l, "\n"), "\n") {
			p.line("    " + s)
		}
	}
}

func (p *page) list(sections []section) {
	wide := 0
	for _, s := range sections {
		for _, t := range s.topics {
			wide = max(wide, len(t.name))
		}
	}
	for i, s := range sections {
		if len(s.topics) == 0 {
			continue
		}
		if i > 0 {
			p.line("")
		}
		p.line(s.title)
		for _, t := range s.topics {
			p.hanging(fmt.Sprintf("  %-*s  ", wide, t.name), strings.Repeat(" ", wide+4), t.title)
		}
	}
	p.line("")
	p.line("raftdiag explain NAME says more.")
}

var classTitles = map[string]string{
	"hypothesis": "hypothesis", "cause": "cause", "violation": "impossible state", "note": "note, no fault",
}

func (p *page) doc(d hypotheses.Doc) {
	head := d.Name
	if d.ID != "" {
		head = d.ID + " " + head
	}
	p.hanging(head+" ("+classTitles[d.Class]+"): ", "  ", d.Title)
	p.block("What it means", d.Doc)
	p.block("Where it stands", under(d))
	p.lines("Log lines that it takes", d.Needs)
	p.block("What to do", d.Remedy)
	p.block("What to fetch when the logs do not decide", d.Ask)
	if d.Class == "cause" {
		p.alike(d.Name)
	}
	if d.Class != "hypothesis" {
		return
	}
	var causes []string
	for _, c := range hypotheses.Catalogue() {
		for _, u := range c.Under {
			if u == d.Name && c.Class == "cause" {
				causes = append(causes, c.Name)
			}
		}
	}
	p.block("Causes", strings.Join(causes, ", "))
}

// alike tells of the classes of causes that the name belongs to.
func (p *page) alike(name string) {
	for _, c := range hypotheses.Alikes() {
		if !slices.Contains(c.Causes, name) {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(c.Causes), func(s string) bool { return s == name })
		p.block("What no log can tell from it", strings.Join(others, ", ")+". "+c.Why+" What tells: "+c.Tells+".")
	}
}

func under(d hypotheses.Doc) string {
	switch {
	case d.Class != "cause":
		return ""
	case len(d.Under) == 0:
		return "Under any hypothesis."
	}
	return "Under " + strings.Join(d.Under, ", ") + "."
}

func (p *page) format(f parser.Format) {
	p.hanging(f.Name+" ("+f.Class+"): ", "  ", f.Doc)
	p.lines("Lines that it reads", f.Samples)
}

// firstSentence is what a documentation says before it goes into detail.
func firstSentence(s string) string {
	for _, end := range []string{"\n", ". ", ": ", "; "} {
		s, _, _ = strings.Cut(s, end)
	}
	return strings.TrimSuffix(s, ".")
}

func (p *page) exitCodes() {
	p.line("Exit codes of raftdiag analyze. The format of the report never changes them.")
	p.line("")
	for _, c := range exitCodes {
		p.hanging(fmt.Sprintf("  %2d  ", c.code), "      ", c.doc)
	}
	p.line("")
	p.text("", "raftdiag demo is different: 0 when the diagnosis equals the injected fault, 1 when not. events and timeline exit with 0, 64, 65 or 70.")
}

// gates is the table of the gates that a write passes.
var gates = []struct{ name, log, passed, before string }{
	{"forwarded", "the node that took the proposal", "MsgProp reaches the leader (only when it was proposed on a follower)", "proposal-dropped"},
	{"proposed", "leader", "the entry has an index", "no-leader, proposal-dropped"},
	{"sent", "leader", "a MsgApp, or a MsgSnap that includes the entry, leaves for that follower", "H1 no-broadcast"},
	{"received", "follower", "that message arrives", "H3 no-delivery of the request"},
	{"answered", "follower", "a MsgAppResp to it leaves in the leader's term, accept or reject", "H2 no-response"},
	{"heard", "leader", "that answer arrives", "H3 no-delivery of the response"},
	{"matched", "leader", "match for the follower covers the entry", "H4 no-quorum"},
	{"committed", "leader", "commit covers the index with that entry's term", "H4 while no majority matched, else H5 no-commit-advance"},
	{"applied", "each node", "applied covers the index", "apply-stalled"},
}

func (p *page) gates() {
	p.text("", "A write walks through gates. The diagnosis is the first gate at which the vote of the voters is lost.")
	p.line("")
	for _, g := range gates {
		p.hanging(fmt.Sprintf("  %-10s ", g.name), strings.Repeat(" ", 13), "passed when "+g.passed+".")
		p.hanging(strings.Repeat(" ", 13), strings.Repeat(" ", 13), "Shown by: "+g.log+". Stopped before it: "+g.before+".")
	}
}

// limits are what logs without messages show, and do not.
var limits = []string{
	"Such a log seldom prints messages. It says who campaigned and won, who could not be reached and by what error, which process began and ended, and what was slow. From that follow who led when, who reached whom, which processes ran, and what was slow; the earliest trouble that explains the rest is the cause.",
	"A healthy cluster says nothing. That no line tells of an append is no proof that none was sent: without messages, no-broadcast, no-response and no-commit-advance stay unknown.",
	"A process that is gone breaks its connections and refuses new ones. A network that is cut times out. A process that stands still does neither, and its own log has a hole. With the log of one node alone these look alike; give all.",
	"A cut in one direction looks nearly like one in both. What tells them apart is who campaigned first, and whose words still arrived.",
	"\"Likely from slow disk\" also comes from a starved processor. Only a measured write is proof of the disk, and hashicorp/raft and NATS measure none.",
	"One wrong address, a dead learner, a handed-over leadership often cost no write. They are degraded, or healthy.",
	"Starts and stops print errors that look alarming. What happens in the first seconds and never again is taken for noise, unless something hangs on it.",
	"Without requests in the log, what clients saw is not known: the report tells of the time without a leader, and of requests that the servers called slow.",
}

func (p *page) limits() {
	p.text("", "What the logs of systems as they are (etcd, Consul, NATS, TiKV and others) can show:")
	for _, l := range limits {
		p.line("")
		p.hanging("  - ", "    ", l)
	}
	p.line("")
	p.text("", "Causes that no log can tell apart, and what would. Where a report names one of them, think of the others too:")
	for _, c := range hypotheses.Alikes() {
		p.line("")
		names := strings.Join(c.Causes, ", ")
		if c.Healed {
			names += ", once the fault has healed"
		}
		p.hanging("  - ", "    ", names+".")
		p.text("    ", c.Why)
		p.text("    ", "What tells: "+c.Tells+".")
	}
}

func (p *page) formatFiles() {
	p.text("", "A log that raftdiag does not know is described in a file of YAML and given along with --format-file. docs/FORMATS.md has the form, and an example. "+
		"A dialect has rules: the words of a line, with holes for what varies, and what they state (a kind) or are a sign of.")
	p.line("")
	for _, l := range []string{
		"dialects:",
		"  - name: mine",
		"    words: {type: {push: MsgApp, pushed: MsgAppResp}}",
		"    rules:",
		"      - text: \"to {to:int} {type:word} term={term:int} after={log_term:int}/{index:int} n={entries:int}\"",
		"        kind: sent",
		"      - text: \"lost {peer:word}: {err}\"",
		"        sign: link_down",
		"    samples:",
		"      - line: \"to 2 push term=4 after=4/17 n=2\"",
		"        means: \"sent ?->2 MsgApp Term:4 Log:4/17 Entries:2\"",
	} {
		p.line("    " + l)
	}
	p.line("")
	for _, c := range []struct{ command, doc string }{
		{"raftdiag formats kinds", "the kinds of facts, and the holes of each"},
		{"raftdiag formats signs", "the signs"},
		{"raftdiag formats show NAME", "a built-in dialect in this form, to copy and change"},
		{"raftdiag formats test mine.yaml", "tries the samples"},
		{"raftdiag formats --format-file mine.yaml LOGS", "how many lines are recognised, and which are not"},
		{"raftdiag analyze --format-file mine.yaml LOGS", "the diagnosis"},
	} {
		p.hanging(fmt.Sprintf("  %-46s ", c.command), strings.Repeat(" ", 49), c.doc)
	}
}

func (p *page) logging() {
	p.WriteString(strings.TrimSpace(raftlog.GoGuide))
	p.WriteString("\n\n")
	p.WriteString(strings.TrimSpace(raftlog.RustGuide))
	p.WriteString("\n\n## A system that you only run\n\n")
	p.text("", "Such a system prints what it prints; its log level is all that you choose. Give the logs of all its nodes: what one does not say of itself, the others say. "+
		"Each prints elections, lost connections and slow disks at its default level, unless the table says otherwise; few print messages.")
	p.line("")
	for _, s := range systems {
		p.hanging(fmt.Sprintf("  %-22s ", s.name), strings.Repeat(" ", 25), s.advice)
	}
}

// systems is how the systems that people run print more of their Raft.
var systems = []struct{ name, advice string }{
	{"etcd", "--log-level=debug adds rejected appends, progress and snapshots. No level prints messages; a build with the tag with_tla writes a state trace, which has them."},
	{"Consul, Nomad, Vault", "log_level = \"debug\" adds votes. No level prints messages."},
	{"rqlite", "-raft-log-level=INFO; the default, WARN, leaves out who leads."},
	{"NATS", "debug: true; without it the log has warnings and errors of Raft only."},
	{"TiKV", "log.level = \"debug\" prints messages."},
	{"CockroachDB", "--vmodule=raft=5 prints every Ready with its messages; raft=2 who campaigns and leads."},
	{"Redpanda", "rpk redpanda admin config log-level set raft -l trace"},
	{"RedisRaft", "loglevel debug, raft.loglevel debug and raft.trace raftlib print messages."},
	{"dqlite", "LIBDQLITE_TRACE=1 prints requests and results."},
}
