package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/raftlog"
)

// A Look is how one application prints and keeps its logs: the same on all
// nodes. It leaves no fact out; that is what damage does.
type Look struct {
	Voice  string // text, slog, slogtext, plain, spaced, shuffled
	Prefix string // of text lines: bare, tracing, ansi, lost, thread, json, docker, doc
	Grain  time.Duration
	Types  string // of messages in text: rs, etcd, number
	Msg    bool   // Msg[0]: instead of Message 0:
	Total  bool   // Outgoing prints total=
	Under  bool   // unstable_entries
	Topics bool   // Committed entries ready for application, with topic and partition
	Bare   bool   // ids are JSON numbers
	Layout string // files, compose, pods, grep, merged
	File   string // name of a file; the verb is the id, or the letter of a node
	seed   uint64
	names  map[uint64]string
}

// Drawn looks print the kinds of one dialect in one way, which many
// applications do.
func drawLook(rng *rand.Rand, ids []uint64, _ time.Time) Look {
	l := Look{
		Voice:  pick(rng, "text", "text", "text", "slog", "slog", "slogtext", "plain", "spaced", "shuffled"),
		Prefix: pick(rng, "bare", "tracing", "tracing", "tracing", "ansi", "lost", "thread", "json", "docker"),
		Grain:  pick(rng, time.Microsecond, time.Microsecond, time.Microsecond, time.Millisecond, time.Millisecond, time.Second),
		Types:  pick(rng, "rs", "etcd", "number"),
		Msg:    rng.IntN(3) == 0,
		Total:  rng.IntN(2) == 0,
		Under:  rng.IntN(2) == 0,
		Topics: rng.IntN(3) == 0,
		Bare:   rng.IntN(4) == 0,
		Layout: pick(rng, "files", "files", "files", "files", "compose", "pods", "merged"),
		File:   pick(rng, "node%d.log", "raft-node%d.log", "n%d/raft.log", "node-%d.txt", "%s.log"),
		seed:   rng.Uint64(),
		names:  map[uint64]string{},
	}
	if l.Layout == "merged" && (l.Voice == "text") {
		l.Layout = "files" // nothing would say who wrote a line
	}
	for i, id := range ids {
		l.names[id] = string(rune('a'+i)) + pick(rng, "", "-east", "lpha")
	}
	return l
}

// A Line is a line of a log, with what it says and who wrote it.
type Line struct {
	Node   uint64
	Number int // of the event that it states; 0 for a header
	Kind   raftdiag.Kind
	Event  *raftdiag.Event
	Text   string
}

// words are what a report may call a node by.
func (l *Look) words(node uint64) []string {
	return []string{raftdiag.NodeID(node).String(), strconv.FormatUint(node, 16), l.names[node]}
}

// Print renders what was said. Lines are in the order in which they were
// written, over all nodes.
func (l *Look) Print(said []Word) []Line {
	var lines []Line
	voices := map[uint64]*printer{}
	for i := range said {
		w := &said[i]
		p := voices[w.Node]
		if p == nil {
			p = l.printer(w.Node)
			voices[w.Node] = p
		}
		lines = p.print(lines, w)
	}
	if l.Voice == "text" && l.Total {
		totals(lines)
	}
	if l.Voice == "text" {
		for i := range lines {
			lines[i].Text = l.prefix(lines[i])
		}
	}
	return lines
}

// A printer prints one node's lines.
type printer struct {
	look *Look
	buf  bytes.Buffer
	sink raftlog.Sink
	rng  *rand.Rand
}

func (l *Look) printer(node uint64) *printer {
	p := &printer{look: l, rng: source(l.seed, fmt.Sprint(node))}
	switch l.Voice {
	case "text":
		p.sink = raftlog.Text(&p.buf, raftlog.Bare())
	case "slog":
		p.sink = raftlog.Slog(slog.New(slog.NewJSONHandler(&p.buf, nil)))
	case "slogtext":
		p.sink = raftlog.Slog(slog.New(slog.NewTextHandler(&p.buf, nil)))
	}
	return p
}

func (p *printer) print(lines []Line, w *Word) []Line {
	e := w.Event
	e.Time = raftdiag.Stamp(e.Time.Time().Truncate(p.look.Grain).UnixNano())
	p.buf.Reset()
	switch p.look.Voice {
	case "plain":
		p.buf.Write(e.AppendJSON(nil))
	case "spaced", "shuffled":
		p.json(&e)
	default:
		p.sink.Emit(&e)
	}
	text := strings.TrimSuffix(p.buf.String(), "\n")
	if text == "" {
		return lines // this voice has no line for it
	}
	if p.look.Voice != "text" && p.look.Bare {
		text = numbers(text)
	}
	parts := strings.Split(text, "\n")
	for i, t := range parts {
		line := Line{Node: w.Node, Kind: e.Kind, Event: &w.Event, Text: t}
		if i == len(parts)-1 {
			line.Number = w.Number
		}
		lines = append(lines, line)
	}
	return lines
}

// json prints the event as another program would: keys in its own order, or
// with spaces.
func (p *printer) json(e *raftdiag.Event) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(e.AppendJSON(nil), &fields); err != nil {
		panic(err) // events have a JSON form
	}
	keys := slices.Sorted(maps.Keys(fields))
	if p.look.Voice == "shuffled" {
		p.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	}
	p.buf.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			p.buf.WriteString(", ")
		}
		fmt.Fprintf(&p.buf, "%q: %s", k, fields[k])
	}
	p.buf.WriteByte('}')
}

var quotedID = regexp.MustCompile(`("(?:node|from|to|peer|lead|vote)": ?)"(\d+)"`)

// numbers prints ids as JSON numbers.
func numbers(text string) string { return quotedID.ReplaceAllString(text, "$1$2") }

// totals tells in each header how many messages follow.
func totals(lines []Line) {
	for i := range lines {
		h := &lines[i]
		if !strings.HasPrefix(h.Text, "Outgoing messages from ") {
			continue
		}
		n := 0
		for _, m := range lines[i+1:] {
			if m.Node != h.Node {
				continue
			}
			if !strings.HasPrefix(m.Text, "  Message ") {
				break
			}
			n++
		}
		h.Text += fmt.Sprintf(" total=%d", n)
	}
}

var (
	typeField = regexp.MustCompile(`\b(type|msg_type)=(Msg\w+)`)
	rowField  = regexp.MustCompile(`^  Message (\d+):`)
	rustType  = map[string]raftdiag.MessageType{
		"MsgPropose": raftdiag.MsgProp, "MsgAppend": raftdiag.MsgApp, "MsgAppendResponse": raftdiag.MsgAppResp,
		"MsgRequestVote": raftdiag.MsgVote, "MsgRequestVoteResponse": raftdiag.MsgVoteResp, "MsgSnapshot": raftdiag.MsgSnap,
		"MsgHeartbeatResponse": raftdiag.MsgHeartbeatResp, "MsgRequestPreVote": raftdiag.MsgPreVote, "MsgRequestPreVoteResponse": raftdiag.MsgPreVoteResp,
	}
)

// prefix puts a text line into the words and behind the prefix of the look.
func (l *Look) prefix(line Line) string {
	text := line.Text
	if l.Types != "rs" {
		text = typeField.ReplaceAllStringFunc(text, func(s string) string {
			key, name, _ := strings.Cut(s, "=")
			t, ok := rustType[name]
			if !ok {
				if t, ok = raftdiag.MessageTypeByName(name); !ok {
					return s
				}
			}
			if l.Types == "number" {
				return fmt.Sprintf("%s=%d", key, uint8(t))
			}
			return key + "=" + t.String()
		})
	}
	if l.Msg {
		text = rowField.ReplaceAllString(text, "  Msg[$1]:")
	}
	if l.Under {
		text = strings.Replace(text, "unstable entries=", "unstable_entries=", 1)
	}
	if l.Topics && line.Kind == raftdiag.Committed {
		group := line.Event.Group
		i := strings.LastIndexByte(group, '-')
		text = fmt.Sprintf("Committed entries ready for application node_id=%d topic=%s partition=%s count=%d first_index=%d last_index=%d",
			line.Event.Node, group[:i], group[i+1:], line.Event.Count, line.Event.First, line.Event.Last)
	}
	level, target := "INFO", "app::raft::replica"
	switch line.Kind {
	case raftdiag.SendFailed, raftdiag.StepFailed, raftdiag.StorageFailed, raftdiag.ApplyFailed:
		level, target = "ERROR", "app::raft::transport"
	case raftdiag.ProposalDropped, raftdiag.ProposalTimedOut, raftdiag.Slow:
		level = "WARN"
	case raftdiag.Panicked:
		return text
	}
	at := line.Event.Time.Time().Truncate(l.Grain)
	layout := "2006-01-02T15:04:05.000000Z"
	switch l.Grain {
	case time.Millisecond:
		layout = "2006-01-02T15:04:05.000Z"
	case time.Second:
		layout = "2006-01-02T15:04:05Z"
	}
	stamp := at.Format(layout)
	colour := map[string]int{"INFO": 32, "WARN": 33, "ERROR": 31}[level]
	switch l.Prefix {
	case "bare":
		return text
	case "doc":
		return `LOG: "` + text + `"`
	case "tracing":
		return fmt.Sprintf("%s %5s %s: %s", stamp, level, target, text)
	case "json":
		b, err := json.Marshal(text)
		if err != nil {
			panic(err) // it is a string
		}
		return fmt.Sprintf(`{"timestamp":"%s","level":"%s","fields":{"message":%s},"target":"%s"}`, stamp, level, b, target)
	case "docker":
		return at.Format("2006-01-02 15:04:05") + " " + text
	case "thread":
		return fmt.Sprintf("%s %5s ThreadId(%02d) %s: %s", stamp, level, 2+line.Node%7, target, text)
	}
	esc := "\x1b"
	if l.Prefix == "lost" {
		esc = ""
	}
	return fmt.Sprintf("%[1]s[2m%[2]s%[1]s[0m %[1]s[%[3]dm%5[4]s%[1]s[0m %[1]s[2m%[5]s%[1]s[0m%[1]s[2m:%[1]s[0m %[6]s", esc, stamp, colour, level, target, text)
}

// A File is one log.
type File struct {
	Name  string
	Lines []Line
	Data  []byte
}

// Lay puts lines into files.
func (l *Look) Lay(lines []Line) []File {
	name := func(node uint64) string {
		if strings.Contains(l.File, "%s") {
			return fmt.Sprintf(l.File, l.names[node])
		}
		return fmt.Sprintf(l.File, node)
	}
	if l.Layout != "files" {
		f := File{Name: "all.log", Lines: slices.Clone(lines)}
		for i := range f.Lines {
			n := f.Lines[i].Node
			switch l.Layout {
			case "compose":
				f.Lines[i].Text = fmt.Sprintf("raft-node%-3d | %s", n, f.Lines[i].Text)
			case "pods":
				f.Lines[i].Text = fmt.Sprintf("[pod/raft-%d/app] %s", n, f.Lines[i].Text)
			case "grep":
				f.Lines[i].Text = fmt.Sprintf("logs/node%d.log:%s", n, f.Lines[i].Text)
			}
		}
		return []File{f}
	}
	var files []File
	at := map[uint64]int{}
	for _, line := range lines {
		i, ok := at[line.Node]
		if !ok {
			i = len(files)
			at[line.Node] = i
			files = append(files, File{Name: name(line.Node)})
		}
		files[i].Lines = append(files[i].Lines, line)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// Bytes fills Data from Lines, each ended by end.
func (f *File) Bytes(end string) {
	n := 0
	for _, l := range f.Lines {
		n += len(l.Text) + len(end)
	}
	f.Data = make([]byte, 0, n)
	for _, l := range f.Lines {
		f.Data = append(append(f.Data, l.Text...), end...)
	}
}

// In is the run as another application would have printed it. What the nodes
// are called in names of files stays.
func (r *Run) In(l Look) *Run {
	p, other := *r.Plan, *r
	l.seed, l.names = p.Look.seed, p.Look.names
	p.Look, other.Plan = l, &p
	return &other
}
