package parser

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// Node is the node that wrote the lines of a source, a writer and a group, for
// events that carry none. It answers 0 if that cannot be told. In this order
// it believes a label (2=app.log), what the log sends (from=, and leader= where
// it leads), lines of the same writer that name their node, the prefix, the file name, what
// the other groups of the same writer send, and the receiver of all that
// arrives.
//
// What a node sends comes before the names that people gave to its log: those
// say how a log was collected, that says who wrote it.
func (r *Result) Node(source, writer, group string) raftdiag.NodeID {
	s := r.sources[source]
	if s == nil {
		return 0
	}
	n, _ := r.node(s, writer, group)
	return n
}

// node is Node, and the rung of the ladder that it stands on.
func (r *Result) node(s *source, writerName, group string) (raftdiag.NodeID, string) {
	res := r.streams[s]
	if res == nil {
		return 0, ""
	}
	if res.node != 0 {
		return res.node, "label"
	}
	all := res.writers[writerName]
	if all == nil {
		return r.named(s, writerName)
	}
	if all.merged {
		return 0, "merged"
	}
	if selves := all.nodes(); len(selves) > 1 {
		return 0, "parts"
	}
	w := all.list[0]
	for _, later := range all.list[1:] {
		if w.self() == 0 {
			w = later
		}
	}
	id := w.idents[group]
	if id != nil && id.self != 0 {
		return id.self, "sends"
	}
	if w.said != 0 {
		return w.said, "line"
	}
	elsewhere := w.self()
	if group == "" && elsewhere != 0 {
		return elsewhere, "sends"
	}
	if n, how := r.named(s, writerName); n != 0 {
		return n, how
	}
	if elsewhere != 0 {
		return elsewhere, "sends elsewhere"
	}
	if id != nil && id.toAll {
		return id.to, "receives"
	}
	if group == "" {
		var all raftdiag.NodeID
		for _, other := range w.idents {
			if !other.toAll || all != 0 && all != other.to {
				return 0, ""
			}
			all = other.to
		}
		return all, "receives"
	}
	return 0, ""
}

// nodes are the nodes that the parts of a writer send as.
func (p *parts) nodes() []raftdiag.NodeID {
	var out []raftdiag.NodeID
	for _, w := range p.list {
		if n := w.self(); n != 0 && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// self is the one node that the writer's groups send as, or 0.
func (w *writer) self() raftdiag.NodeID {
	if !w.over {
		return w.sole()
	}
	return w.sends
}

func (w *writer) sole() raftdiag.NodeID {
	var all raftdiag.NodeID
	for _, id := range w.idents {
		if id.self == 0 {
			continue
		}
		if all != 0 && all != id.self {
			return 0
		}
		all = id.self
	}
	return all
}

// named is the node by the prefix, else by the file's name.
func (r *Result) named(s *source, writer string) (raftdiag.NodeID, string) {
	if n := writerNumber(writer); n.ok {
		if n.n != 0 && !r.zeros[n.stem] {
			return raftdiag.NodeID(n.n), "prefix"
		}
		return 0, ""
	}
	if s.pipe {
		return 0, ""
	}
	if n := fileNumber(s.name); n.ok && n.n != 0 && !r.zeros[n.stem] {
		return raftdiag.NodeID(n.n), "file name"
	}
	return 0, ""
}

// conclude makes the inputs' rows and the notes.
func (r *Result) conclude(all []*source, cancelled bool) {
	for _, res := range r.streams {
		for _, parts := range res.writers {
			for _, w := range parts.list {
				w.over, w.sends = true, w.sole()
			}
		}
	}
	r.zeros = map[string]bool{}
	for _, s := range all {
		if n := fileNumber(s.name); n.ok && n.n == 0 {
			r.zeros[n.stem] = true
		}
		if res := r.streams[s]; res != nil {
			for name := range res.writers {
				if n := writerNumber(name); n.ok && n.n == 0 {
					r.zeros[n.stem] = true
				}
			}
		}
	}
	for _, s := range all {
		r.Inputs = append(r.Inputs, r.input(s, cancelled))
	}
	for _, s := range all {
		r.note(s)
	}
	r.overlaps(all)
}

func (r *Result) input(s *source, cancelled bool) raftdiag.Input {
	in := raftdiag.Input{Source: s.name, Format: s.format(), Lines: s.lines, Events: s.events, Garbled: s.garbled, Incarnation: 0}
	if s.stamped > 0 {
		first, last := s.first.String(), s.last.String()
		in.First, in.Last = &first, &last
	}
	if s.events > 0 {
		in.Incarnation = 1
	}
	in.Unknown = s.orphans
	if res := r.streams[s]; res != nil {
		no := slices.Index(res.st.sources, s)
		nodes := map[raftdiag.NodeID]bool{}
		for _, all := range res.writers {
			for _, n := range all.nodes() {
				nodes[n] = true
			}
			for _, w := range all.list {
				in.Incarnation = max(in.Incarnation, w.panics+1)
				for _, id := range w.idents {
					in.Incarnation = max(in.Incarnation, min(id.runs, 1<<20)+1)
					n, _ := r.node(s, w.name, id.group)
					if n != 0 {
						nodes[n] = true
					}
					if no < len(id.zero) && n == 0 {
						in.Unknown += id.zero[no]
					}
				}
			}
			if all.merged {
				nodes[0] = true
			}
		}
		if s.events == 0 {
			in.Incarnation = 0
		}
		if len(nodes) == 1 && !nodes[0] && s.events > 0 {
			for n := range nodes {
				name := n.String()
				in.Node = &name
			}
		}
	}
	err := s.err
	if err == nil && s.events == 0 && !cancelled {
		err = s.nothing()
	}
	if err != nil {
		text := err.Error()
		in.Error = &text
	}
	return in
}

// nothing says why a source without events has none.
func (s *source) nothing() error {
	switch {
	case s.lines == 0:
		return fmt.Errorf("read %s: the file is empty (hint: is it the right file, and was it flushed?)", s.name)
	case s.binary*20 > min(s.sniffed, 8192):
		return fmt.Errorf("read %s:1: binary data, not a log (hint: give the text of the log, compressed with gzip or zstd if you like)", s.name)
	case s.garbled > 0:
		return fmt.Errorf("read %s:%d: no Raft line in %d lines can be read, %d begin like one", s.name, max(s.firstLine, 1), s.lines, s.garbled)
	}
	return fmt.Errorf("read %s:%d: no Raft line in %s (hint: raftdiag explain lists the formats that are read; is the log level high enough?)", s.name, max(s.firstLine, 1), count(s.lines, "line"))
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// format names what the events were, most first: "etcd, etcd raft in JSON".
func (s *source) format() string {
	type share struct {
		name, env string
		n         int64
	}
	var list []share
	for d := range s.formats {
		best, at, sum := int64(0), 0, int64(0)
		for e, n := range s.formats[d] {
			sum += n
			if n > best {
				best, at = n, e
			}
		}
		if sum == 0 || sum*100 < s.events {
			continue
		}
		list = append(list, share{dialectNames[d], envelopeNames[at], sum})
	}
	slices.SortStableFunc(list, func(a, b share) int { return cmp.Compare(b.n, a.n) })
	var b strings.Builder
	for i, x := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(x.name)
		if x.env != "" && (i == len(list)-1 || list[i+1].env != x.env) {
			b.WriteString(" in " + x.env)
		}
	}
	return b.String()
}

// note says what is unclear about a source.
func (r *Result) note(s *source) {
	res := r.streams[s]
	if res == nil || s.events == 0 {
		return
	}
	in := r.Inputs[slices.IndexFunc(r.Inputs, func(in raftdiag.Input) bool { return in.Source == s.name })]
	add := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }
	for _, c := range s.copies {
		add("%s has the same bytes as %s, and is read once", c, s.name)
	}
	first := res.st.sources[0] == s
	merged := false
	writers := sortedWriters(res)
	for _, w := range writers {
		switch nodes := w.all.nodes(); {
		case !w.all.merged && (len(nodes) < 2 || res.node != 0):
			continue
		case !first:
		case res.node != 0:
			add("%s is labelled node %s, but holds lines that send as other nodes%s; the label is believed (hint: leave the label out to have them told apart)", s.name, res.node, byWriter(w))
		case !w.all.merged:
			add("%s holds the logs of %d nodes one after the other%s; a new one begins where the clock falls back (hint: a log for each node leaves nothing open)", s.name, len(nodes), byWriter(w))
		default:
			add("%s holds the lines of several nodes%s; they are told apart by the from= and to= that they print (hint: a log for each node, or a prefix on each line, leaves nothing open)", s.name, byWriter(w))
		}
		merged = res.node == 0
	}
	switch {
	case in.Unknown > 0 && merged:
		add("%s of %s could be of any of its nodes; left out", count(in.Unknown, "event"), s.name)
	case in.Unknown-s.orphans > 0:
		add("%s of %s %s no node (hint: label it, as in 2=%s)", count(in.Unknown-s.orphans, "event"), s.name, verb(in.Unknown-s.orphans, "names", "name"), s.name)
	}
	if s.orphans > 0 && !merged {
		add("%s of %s %s no group, and no head above tells which; left out", count(s.orphans, "line"), s.name, verb(s.orphans, "names", "name"))
	}
	if s.undirected > 0 {
		add("%s of %s %s neither sent nor received, and whose log it is does not show; left out (hint: label it, as in 2=%s)",
			count(s.undirected, "message"), s.name, verb(s.undirected, "says", "say"), s.name)
	}
	if s.capped > 0 {
		add("%s: %s longer than %d KiB; only the beginning was read", s.name, count(s.capped, "line"), maxLine>>10)
	}
	if s.yearless > 0 && s.stamped > 0 {
		switch {
		case s.written().IsZero():
			add("%s prints no year; %d stands for it", s.name, yearUnknown)
		default:
			add("%s prints no year; it is taken from the file's time, %s", s.name, s.written().UTC().Format("2006-01-02"))
		}
	}
	if s.stamped == 0 {
		add("%s prints no time: waits are counted in rounds, and nothing is dated", s.name)
	}
	if !first {
		return
	}
	for _, w := range writers {
		told := map[raftdiag.NodeID]bool{}
		for _, group := range slices.Sorted(maps.Keys(w.idents)) {
			id := w.idents[group]
			if id.self == 0 || w.all.merged || len(w.all.nodes()) > 1 || told[id.self] {
				continue
			}
			told[id.self] = true
			by, how := r.named(s, w.name)
			what := s.name
			if how == "prefix" {
				what = "the prefix " + w.name + " of " + s.name
			}
			if res.node != 0 {
				by, how, what = res.node, "label", "the label of "+s.name
			}
			if by != 0 && by != id.self {
				if how == "label" {
					add("%s says node %s, but its lines send as node %s; the label is believed (hint: is it on the right file?)", what, by, id.self)
				} else {
					add("%s suggests node %s, but its lines send as node %s; that is believed", what, by, id.self)
				}
			}
		}
	}
}

func byWriter(w *writer) string {
	if w.name == "" {
		return ""
	}
	return " under the one name " + w.name
}

func sortedWriters(res *resolver) []*writer {
	var out []*writer
	for _, all := range res.writers {
		out = append(out, all.list[0])
	}
	slices.SortFunc(out, func(a, b *writer) int { return strings.Compare(a.name, b.name) })
	return out
}

// overlaps points out logs whose times have nothing in common with the
// others'. The files of one stream follow one another and are no news.
func (r *Result) overlaps(all []*source) {
	type times struct {
		name        string
		first, last raftdiag.Stamp
	}
	var list []times
	at := map[*resolver]int{}
	for _, s := range all {
		res := r.streams[s]
		if res == nil || s.stamped == 0 {
			continue
		}
		i, ok := at[res]
		if !ok {
			i = len(list)
			at[res] = i
			list = append(list, times{s.name, s.first, s.last})
		}
		list[i].first, list[i].last = min(list[i].first, s.first), max(list[i].last, s.last)
	}
	// The order of the inputs is no matter.
	slices.SortFunc(list, func(a, b times) int { return cmp.Or(cmp.Compare(a.first, b.first), strings.Compare(a.name, b.name)) })
	told := 0
	for i, a := range list {
		alone, near := len(list) > 1, times{}
		for j, b := range list {
			if i == j {
				continue
			}
			if a.first <= b.last && b.first <= a.last {
				alone = false
				break
			}
			if near.name == "" {
				near = b
			}
		}
		if !alone || len(list) == 2 && i == 1 {
			continue
		}
		if told++; told > 5 {
			continue
		}
		r.Notes = append(r.Notes, fmt.Sprintf("%s (%s) and %s (%s) have no time in common: are they of one incident, and are the clocks right?",
			a.name, span(a.first, a.last), near.name, span(near.first, near.last)))
	}
	if told > 5 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d more inputs have no time in common with the others", told-5))
	}
}
