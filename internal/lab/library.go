package lab

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/cluster"
)

// A Heard is a line that the Raft library printed, and how many words of all
// nodes came before it.
type Heard struct {
	Node  uint64
	After int
	cluster.LibraryLine
}

// A libraryLook is how an application prints that says next to nothing of its
// own and gives the Raft library a logger: the library's lines, and a few about
// the process and its transport.
type libraryLook struct {
	form    string // default, capnslog, zap, epoch, console, logrus, slog, fabric, bare
	debug   bool   // the library's debug lines too
	node    bool   // it is on raft.Node, which says whom it takes for the leader
	words   string // of the application: plain, fields, fabric, none
	every   int    // of the failures of one link, each how manieth is printed
	clients bool   // it tells what becomes of requests
	layout  string
	group   string // name of the field that names the group
}

func drawLibraryLook(rng *rand.Rand, groups int) libraryLook {
	forms := []string{"zap", "zap", "epoch", "console", "logrus", "slog", "fabric"}
	if groups == 1 { // nothing would say whose a line is
		forms = append(forms, "default", "default", "default", "capnslog", "bare")
	}
	l := libraryLook{
		form:    pick(rng, forms...),
		debug:   rng.IntN(2) == 0,
		node:    rng.IntN(2) == 0,
		words:   pick(rng, "plain", "plain", "fields", "fabric", "none"),
		every:   pick(rng, 1, 1, 20),
		clients: rng.IntN(3) > 0,
		layout:  pick(rng, "files", "files", "files", "compose", "pods"),
		group:   pick(rng, "group", "group_id", "shard"),
	}
	if l.form == "fabric" {
		l.words = "fabric"
	} else if l.words == "fields" && (l.form == "default" || l.form == "capnslog" || l.form == "bare") {
		l.words = "plain"
	}
	return l
}

// A field is a key with its value.
type field struct{ key, value string }

// library renders the run as such an application prints it.
func (r *Run) library(rng *rand.Rand) (*Look, []Line) {
	look := r.Look
	lib := drawLibraryLook(rng, len(r.Config.Names))
	look.Layout = lib.layout
	p := &libraryPrinter{run: r, look: lib, lead: map[string]uint64{}, failed: map[string]int{}}
	heard := r.Heard
	for i := 0; i <= len(r.Said); i++ {
		for len(heard) > 0 && (i == len(r.Said) || heard[0].After <= i) {
			h := heard[0]
			heard = heard[1:]
			if h.Level > slog.LevelDebug || lib.debug {
				p.print(h.Node, raftdiag.NoKind, h.Time, h.Level, h.Group, "raft", h.Text)
			}
		}
		if i < len(r.Said) {
			p.say(&r.Said[i])
		}
	}
	return &look, p.lines
}

type libraryPrinter struct {
	run    *Run
	look   libraryLook
	lines  []Line
	lead   map[string]uint64 // by node and group
	failed map[string]int    // by node and peer
	seq    int
}

// say prints what such an application says of an event, mostly nothing.
func (p *libraryPrinter) say(w *Word) {
	e := &w.Event
	app := func(level slog.Level, text string, fields ...field) {
		if p.look.words != "none" {
			p.print(w.Node, e.Kind, e.Time, level, e.Group, "app", text, fields...)
		}
	}
	by := p.look.words == "fields"
	hex := func(n raftdiag.NodeID) string { return strconv.FormatUint(uint64(n), 16) }
	switch e.Kind {
	case raftdiag.State:
		if p.look.node && e.Has(raftdiag.HasLead|raftdiag.HasTerm) {
			p.elects(w)
		}
	case raftdiag.Booted:
		app(slog.LevelInfo, "starting raft node "+hex(e.Node))
	case raftdiag.Stopped:
		app(slog.LevelInfo, "raft node stopped")
	case raftdiag.SendFailed:
		peer := e.To
		if e.Has(raftdiag.HasPeer) {
			peer = e.Peer
		}
		link := fmt.Sprint(w.Node, peer)
		if p.failed[link]++; (p.failed[link]-1)%p.look.every != 0 {
			return
		}
		switch {
		case by:
			app(slog.LevelWarn, "failed to send raft message", field{"to", hex(peer)}, field{"type", e.Type.String()}, field{"error", e.Text})
		case p.look.words == "fabric":
			app(slog.LevelError, fmt.Sprintf("Failed to send StepRequest to %d, because: %s", uint64(peer), e.Text))
		default:
			app(slog.LevelWarn, fmt.Sprintf("failed to send message to %s: %s", hex(peer), e.Text))
		}
	case raftdiag.StepFailed:
		if by {
			app(slog.LevelWarn, "failed to process raft message", field{"from", hex(e.From)}, field{"error", e.Text})
		} else {
			app(slog.LevelWarn, fmt.Sprintf("failed to process raft message from %s: %s", hex(e.From), e.Text))
		}
	case raftdiag.StorageFailed:
		app(slog.LevelError, "failed to save raft state: "+e.Text)
	case raftdiag.ApplyFailed:
		app(slog.LevelError, "failed to apply entries: "+e.Text)
	case raftdiag.Slow:
		app(slog.LevelWarn, fmt.Sprintf("slow %s: took %s", e.Text, e.Duration.Round(time.Microsecond)))
	case raftdiag.ProposalTimedOut:
		if p.look.clients {
			app(slog.LevelWarn, "request timed out after "+e.Duration.Round(time.Millisecond).String())
		}
	case raftdiag.ProposalDropped:
		if p.look.clients {
			app(slog.LevelWarn, "failed to propose: "+e.Text)
		}
	case raftdiag.Panicked:
		if p.look.form != "bare" {
			level := slog.LevelError + 4
			p.print(w.Node, e.Kind, e.Time, level, e.Group, "raft", e.Text)
		}
		for _, t := range []string{"panic: " + e.Text, "", "goroutine 52 [running]:", "go.etcd.io/raft/v3.(*raft).Step(0xc0001f2000, {0x3, 0x1, 0x2})",
			"\t/go/pkg/mod/go.etcd.io/raft/v3@v3.6.0/raft.go:1262 +0xf45"} {
			p.lines = append(p.lines, Line{Node: w.Node, Kind: e.Kind, Text: t})
		}
	}
}

// elects prints what raft.Node prints when the leader that it knows of changes.
func (p *libraryPrinter) elects(w *Word) {
	e := &w.Event
	key := fmt.Sprint(w.Node, " ", e.Group)
	was, now := p.lead[key], uint64(e.Lead)
	if was == now {
		return
	}
	p.lead[key] = now
	text := fmt.Sprintf("raft.node: %x lost leader %x at term %d", uint64(e.Node), was, uint64(e.Term))
	switch {
	case now != 0 && was == 0:
		text = fmt.Sprintf("raft.node: %x elected leader %x at term %d", uint64(e.Node), now, uint64(e.Term))
	case now != 0:
		text = fmt.Sprintf("raft.node: %x changed leader from %x to %x at term %d", uint64(e.Node), was, now, uint64(e.Term))
	}
	p.print(w.Node, raftdiag.NoKind, e.Time, slog.LevelInfo, e.Group, "raft", text)
}

// print puts a message into the form of the application's logger.
func (p *libraryPrinter) print(node uint64, kind raftdiag.Kind, stamp raftdiag.Stamp, level slog.Level, group, logger, text string, fields ...field) {
	at := stamp.Time().UTC()
	panics := level > slog.LevelError
	name := strings.ToLower(level.String())
	if panics {
		name = "panic"
	}
	if len(p.run.Config.Names) > 1 && p.look.form != "fabric" {
		fields = append([]field{{p.look.group, group}}, fields...)
	}
	var s string
	switch p.look.form {
	case "default":
		s = "raft" + at.Format("2006/01/02 15:04:05 ")
		if logger != "raft" {
			s = at.Format("2006/01/02 15:04:05 ")
		} else if !panics {
			s += map[string]string{"debug": "DEBUG", "info": "INFO", "warn": "WARN", "error": "ERROR"}[name] + ": "
		}
		s += text
	case "capnslog":
		letter := strings.ToUpper(name[:1])
		if panics {
			letter = "C"
		}
		s = fmt.Sprintf("%s %s | %s: %s", at.Format("2006-01-02 15:04:05.000000"), letter, map[string]string{"raft": "raft", "app": "server"}[logger], text)
	case "zap", "epoch":
		ts := strconv.Quote(at.Format("2006-01-02T15:04:05.000Z"))
		if p.look.form == "epoch" {
			ts = strconv.FormatFloat(float64(at.UnixNano())/1e9, 'f', 6, 64)
		}
		s = fmt.Sprintf(`{"level":%q,"ts":%s,"logger":%q,"caller":"raft/logger.go:42","msg":%s`, name, ts, logger, quoted(text))
		for _, f := range fields {
			s += fmt.Sprintf(",%q:%s", f.key, quoted(f.value))
		}
		s += "}"
	case "console":
		s = fmt.Sprintf("%s\t%s\t%s\traft/logger.go:42\t%s", at.Format("2006-01-02T15:04:05.000Z0700"), name, logger, text)
		if len(fields) > 0 {
			var list []string
			for _, f := range fields {
				list = append(list, fmt.Sprintf("%q: %s", f.key, quoted(f.value)))
			}
			s += "\t{" + strings.Join(list, ", ") + "}"
		}
	case "logrus":
		if name == "warn" {
			name = "warning"
		}
		s = fmt.Sprintf("time=%q level=%s msg=%q", at.Format("2006-01-02T15:04:05.000000000Z"), name, text)
		for _, f := range fields {
			s += " " + f.key + "=" + logfmt(f.value)
		}
	case "slog":
		s = fmt.Sprintf("time=%s level=%s msg=%s", at.Format("2006-01-02T15:04:05.000Z"), min(level, slog.LevelError), logfmt(text))
		for _, f := range fields {
			s += " " + f.key + "=" + logfmt(f.value)
		}
	case "fabric":
		p.seq++
		label := map[string]string{"debug": "DEBU", "info": "INFO", "warn": "WARN", "error": "ERRO", "panic": "PANI"}[name]
		s = fmt.Sprintf("%s UTC %04x %s [orderer.consensus.etcdraft] %s -> %s", at.Format("2006-01-02 15:04:05.000"), p.seq, label, map[string]string{"raft": "Step", "app": "run"}[logger], text)
		for _, f := range fields {
			s += " " + f.key + "=" + logfmt(f.value)
		}
		if group != "" {
			s += " channel=" + group
		}
		s += fmt.Sprint(" node=", node)
	default:
		s = text
	}
	p.lines = append(p.lines, Line{Node: node, Kind: kind, Text: s})
}

// quoted is a string as JSON has it.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string has a JSON form
	}
	return string(b)
}

// logfmt is a value as slog's text handler has it: quoted if it must be.
func logfmt(s string) string {
	if s == "" || strings.ContainsAny(s, " =\"\n\t") {
		return strconv.Quote(s)
	}
	return s
}
