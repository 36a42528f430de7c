package parser

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/raftdiag/raftdiag"
)

// A Coverage is how much of a source is read, by format.
type Coverage struct {
	Source  string
	Lines   int64
	Formats []Share // most lines first
	Garbled int64   // lines that begin like a Raft line and cannot be read
	Other   int64   // lines of other matters
	Missed  int64   // lines that speak of Raft by their words, and are not recognised
	Shapes  []Shape // of the missed lines, the most frequent first
	Err     error
}

// A Share is how many lines one format read.
type Share struct {
	Name  string
	Lines int64
}

// A Shape is a sort of line: its text with # for numbers.
type Shape struct {
	Text  string
	Lines int64
	First raftdiag.Position
}

// mostShapes is how many shapes of a source are told apart; lines of further
// ones count as missed, without a shape.
const mostShapes = 1 << 14

// Cover reads the inputs line by line and counts which format reads how many
// of them, and which lines about Raft none reads. It judges lines one at a
// time: a row counts although its head is missing. most limits the shapes of
// each source.
func Cover(ctx context.Context, inputs []string, o Options, most int) []Coverage {
	all := expand(inputs)
	res := &Result{cursors: map[string]*cursor{}}
	defer res.Close()
	p := o.Formats.reader()
	total := &progress{report: o.Progress}
	var out []Coverage
	for _, st := range streams(all) {
		f := &feeder{ctx: ctx, st: st, o: &o, total: total, size: defaultBlock, res: res}
		b := &block{}
		var c *counting
		for f.read(b) {
			if c == nil || c.src != b.src {
				if c != nil {
					out = append(out, c.done(most))
				}
				c = newCounting(b.src)
			}
			c.block(p, b)
			if b.end {
				break
			}
		}
		if c != nil {
			out = append(out, c.done(most))
		}
	}
	for _, s := range all {
		if s.err != nil && !slices.ContainsFunc(out, func(c Coverage) bool { return c.Source == s.name }) {
			out = append(out, Coverage{Source: s.name, Err: s.err})
		}
	}
	return out
}

// A counting counts the lines of one source.
type counting struct {
	src    *source
	c      Coverage
	shares map[string]int64
	shapes map[string]*Shape
	buf    []byte
}

func newCounting(s *source) *counting {
	return &counting{src: s, c: Coverage{Source: s.name}, shares: map[string]int64{}, shapes: map[string]*Shape{}}
}

func (c *counting) block(p *reader, b *block) {
	for rest := b.data; len(rest) > 0; {
		var line []byte
		if nl := bytes.IndexByte(rest, '\n'); nl >= 0 {
			line, rest = rest[:nl], rest[nl+1:]
		} else {
			line, rest = rest, nil
			p.cut = b.cut
		}
		if len(line) >= maxLine {
			line, p.cut = line[:maxLine], true
		}
		c.line(p, line)
		p.cut = false
	}
}

func (c *counting) line(p *reader, line []byte) {
	c.c.Lines++
	it := item{}
	p.hit = nil
	got := p.line(line, &it)
	e := &it.ev
	switch {
	case got == unreadable:
		c.c.Garbled++
		return
	case got == raft && it.role == fileHead:
		c.c.Other++
		return
	case got == raft && !(e.Kind == raftdiag.SymptomSeen && e.Symptom.Sign == raftdiag.OtherLine):
		name := dialectNames[it.dialect]
		if it.dialect == customDialect && p.hit != nil {
			name = p.hit.of.name
		}
		if env := envelopeNames[it.env]; env != "" {
			name += " in " + env
		}
		c.shares[name]++
		return
	}
	rec := p.opened(line)
	if !aboutRaft(rec) {
		c.c.Other++
		return
	}
	c.c.Missed++
	c.buf = appendShape(c.buf[:0], rec.msg)
	s := c.shapes[string(c.buf)]
	if s == nil {
		if len(c.shapes) >= mostShapes {
			return
		}
		s = &Shape{Text: string(c.buf), First: raftdiag.Position{Source: c.src.name, Line: c.c.Lines}}
		c.shapes[s.Text] = s
	}
	s.Lines++
}

func (c *counting) done(most int) Coverage {
	if c.src.err != nil {
		c.c.Err = c.src.err
	} else if c.c.Lines == 0 {
		c.c.Err = (&source{name: c.src.name}).nothing()
	}
	for name, n := range c.shares {
		c.c.Formats = append(c.c.Formats, Share{name, n})
	}
	slices.SortFunc(c.c.Formats, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Name, b.Name)) })
	for _, s := range c.shapes {
		c.c.Shapes = append(c.c.Shapes, *s)
	}
	slices.SortFunc(c.c.Shapes, func(a, b Shape) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.First.Line, b.First.Line))
	})
	c.c.Shapes = c.c.Shapes[:min(most, len(c.c.Shapes))]
	return c.c
}

// opened is a line with all envelopes off.
func (p *reader) opened(s []byte) *record {
	rec := &p.rec
	*rec = record{msg: s, fields: rec.fields[:0], cut: p.cut}
	if bytes.IndexByte(s, 0x1b) >= 0 {
		rec.msg = p.withoutColour(s, true)
	}
	for depth := 0; depth < 8 && len(rec.msg) > 0; depth++ {
		if !(p.custom != nil && p.custom.open(p, rec)) && !rec.openOne(p) {
			break
		}
	}
	return rec
}

// raftWords are words by which a line speaks of Raft, in lower case.
var raftWords = newAnchors([]string{"raft", "leader", "follower", "candidate", "election", "quorum", "consensus", "heartbeat", "snapshot",
	"replica", " vote", "voter", "voting", "learner", "append entries", "appendentries", "commit index", "commitindex", "lastindex", "proposal", "proposing", "msgapp", "msgvote",
	" wal ", "wal:", "fsync", "fdatasync", " peer", "membership", "conf change", "confchange"})

// aboutRaft reports whether a line speaks of Raft, by its words or its logger.
func aboutRaft(r *record) bool {
	stack := bytes.Contains(r.msg, []byte(".go:")) && bytes.Contains(r.msg, []byte(" +0x")) ||
		bytes.Contains(r.msg, []byte("(0x")) && bytes.HasSuffix(r.msg, []byte(")")) || has(r.msg, "created by ")
	if stack {
		return false
	}
	if bytes.Contains(r.logger, []byte("raft")) {
		return true
	}
	var space [8]int32
	return len(raftWords.in(bytes.ToLower(r.msg[:min(len(r.msg), 512)]), space[:0])) > 0
}

// mostShape is the length of a shape.
const mostShape = 160

// appendShape appends the line with # for each number, and for each word of
// eight and more hexadecimal digits.
func appendShape(b, s []byte) []byte {
	s = s[:min(len(s), 4*mostShape)]
	for i := 0; i < len(s) && len(b) < mostShape; {
		c := s[i]
		word := i == 0 || !wordByte(s[i-1]) || s[i-1] == '-' || s[i-1] == '/' || s[i-1] == '.'
		if word && hexSort.takes(c) {
			j, digits := i, 0
			for j < len(s) && hexSort.takes(s[j]) {
				if digit(s[j]) {
					digits++
				}
				j++
			}
			if j-i >= 8 && digits > 0 && (j == len(s) || !wordByte(s[j]) || s[j] == '-') {
				b, i = append(b, '#'), j
				continue
			}
		}
		if digit(c) {
			for i < len(s) && (digit(s[i]) || s[i] == '.' && i+1 < len(s) && digit(s[i+1])) {
				i++
			}
			b = append(b, '#')
			continue
		}
		b = append(b, c)
		i++
	}
	return bytes.ToValidUTF8(b, []byte("?"))
}
