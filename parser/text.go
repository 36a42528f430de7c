package parser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/raftdiag/raftdiag"
)

// A spool keeps what came through a pipe, so that its lines can be quoted.
type spool struct {
	ctx    context.Context
	file   *os.File
	chunks chan chunk
	rest   []byte
	err    error
}

type chunk struct {
	data []byte
	err  error
}

// spool begins to read a pipe. A read that blocks does not hold up the end of
// ctx: one goroutine waits for the pipe, and is left behind if it must be.
func (r *Result) spool(ctx context.Context, s *source, o *Options) (io.ReadCloser, error) {
	in := o.Stdin
	var named *os.File
	if s.name != "-" {
		f, err := os.Open(s.path)
		if err != nil {
			return nil, readError(s, unwrapPath(err))
		}
		in, named = f, f
	}
	if in == nil {
		return nil, errors.New("read -: no standard input")
	}
	file, err := os.CreateTemp("", "raftdiag-*.log")
	if err != nil {
		if named != nil {
			named.Close()
		}
		return nil, fmt.Errorf("read %s: %w (hint: a pipe is kept in a temporary file, so that its lines can be quoted; TMPDIR says where)", s.name, unwrapPath(err))
	}
	sp := &spool{ctx: ctx, file: file, chunks: make(chan chunk, 4)}
	s.path = file.Name()
	r.texts.Lock()
	r.spools = append(r.spools, sp)
	r.texts.Unlock()
	go func() {
		if named != nil {
			defer named.Close()
		}
		for {
			buf := make([]byte, 1<<16)
			n, err := in.Read(buf)
			select {
			case sp.chunks <- chunk{buf[:n], err}:
			default: // what was read counts, even if the end came meanwhile
				select {
				case sp.chunks <- chunk{buf[:n], err}:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return sp, nil
}

// Read answers what came through the pipe and keeps a copy.
func (s *spool) Read(b []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		select {
		case c := <-s.chunks:
			s.take(c)
		default:
			select {
			case c := <-s.chunks:
				s.take(c)
			case <-s.ctx.Done():
				select {
				case c := <-s.chunks: // read before the end came, so it counts
					s.take(c)
				default:
					s.err = io.EOF
				}
			}
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *spool) take(c chunk) {
	s.rest, s.err = c.data, c.err
	if _, err := s.file.Write(c.data); err != nil && s.err == nil {
		s.err = fmt.Errorf("keep a copy of the pipe: %w", unwrapPath(err))
	}
}

// Close leaves the copy where it is; Result.Close removes it.
func (s *spool) Close() error { return nil }

// Close removes what was kept of pipes, and closes files.
func (r *Result) Close() error {
	r.texts.Lock()
	defer r.texts.Unlock()
	for _, c := range r.cursors {
		c.close()
	}
	r.cursors = map[string]*cursor{}
	var first error
	for _, s := range r.spools {
		s.file.Close()
		if err := os.Remove(s.file.Name()); err != nil && first == nil {
			first = fmt.Errorf("remove the copy of a pipe: %w", err)
		}
	}
	r.spools = nil
	return first
}

// A cursor reads lines of one source again, forwards while it can.
type cursor struct {
	file  *os.File
	r     *bufio.Reader
	done  func()
	line  int64 // the line that comes next
	cache map[int64]string
}

func (c *cursor) close() {
	if c.file != nil {
		c.done()
		c.file.Close()
		c.file = nil
	}
}

// Again are the inputs to be read a second time: what came through standard
// input is read from its copy, which is there until Close.
func (r *Result) Again(inputs []string) []string {
	out := make([]string, len(inputs))
	for i, in := range inputs {
		out[i] = in
		label, name, ok := strings.Cut(in, "=")
		if !ok {
			label, name = "", in
		}
		if s := r.sources[name]; s != nil && s.pipe {
			out[i] = s.path
			if label != "" {
				out[i] = label + "=" + s.path
			}
		}
	}
	return out
}

// Raw hands each line of a source to each, as it was read, with its end and
// unpacked, and ends early when each returns false. The line is valid until
// each returns.
func (r *Result) Raw(source string, each func(line int64, raw []byte) bool) error {
	s := r.sources[source]
	if s == nil {
		return fmt.Errorf("read %s: no such input", source)
	}
	f, err := os.Open(s.path)
	if err != nil {
		return readError(s, unwrapPath(err))
	}
	defer f.Close()
	z, done, err := unpack(f, s.kind)
	if err != nil {
		return readError(s, err)
	}
	defer done()
	in := bufio.NewReaderSize(z, 1<<16)
	var long []byte
	for line := int64(1); line <= s.lines; {
		part, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			long = append(long, part...)
			continue
		}
		if len(long) > 0 {
			long = append(long, part...)
			part = long
		}
		if len(part) > 0 && !each(line, part) {
			return nil
		}
		long = long[:0]
		line++
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return readError(s, err)
		}
	}
	return nil
}

const maxQuote = 400

// Text is the line at p, read again from where it came from, without colours
// and control characters, and cut to a length that can be shown. It is empty
// if the line is gone.
func (r *Result) Text(p raftdiag.Position) string {
	s := r.sources[p.Source]
	if s == nil || p.Line <= 0 || p.Line > s.lines {
		return ""
	}
	r.texts.Lock()
	defer r.texts.Unlock()
	c := r.cursors[s.name]
	if c == nil {
		c = &cursor{cache: map[int64]string{}}
		r.cursors[s.name] = c
	}
	if t, ok := c.cache[p.Line]; ok {
		return t
	}
	raw, err := c.seek(s, p.Line)
	if err != nil {
		c.close()
		return ""
	}
	t := safe(raw)
	if len(c.cache) < 4096 {
		c.cache[p.Line] = t
	}
	return t
}

// seek reads a line: from the nearest mark of a plain file, or onwards through
// a packed one.
func (c *cursor) seek(s *source, line int64) ([]byte, error) {
	i := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].line >= line }) - 1
	at := mark{}
	if i >= 0 {
		at = s.marks[i]
	}
	switch {
	case c.file != nil && s.kind == packedNot && (c.line > line || at.line+1 > c.line):
		if _, err := c.file.Seek(at.offset, io.SeekStart); err != nil {
			return nil, err
		}
		c.r.Reset(c.file)
		c.line = at.line + 1
	case c.file == nil || c.line > line:
		c.close()
		f, err := os.Open(s.path)
		if err != nil {
			return nil, err
		}
		c.file, c.done = f, func() {}
		if s.kind == packedNot {
			if _, err := f.Seek(at.offset, io.SeekStart); err != nil {
				return nil, err
			}
			c.r, c.line = bufio.NewReaderSize(f, 1<<15), at.line+1
		} else {
			z, done, err := unpack(f, s.kind)
			if err != nil {
				return nil, err
			}
			c.r, c.line, c.done = bufio.NewReaderSize(z, 1<<16), 1, done
		}
	}
	for {
		var kept []byte
		for {
			part, err := c.r.ReadSlice('\n')
			if c.line == line && len(kept) < 1<<14 {
				kept = append(kept, part[:min(len(part), 1<<14)]...)
			}
			if err == bufio.ErrBufferFull {
				continue
			}
			if err != nil && (c.line != line || len(kept) == 0) {
				return nil, err
			}
			break
		}
		c.line++
		if c.line > line {
			return kept, nil
		}
	}
}

// safe makes a line of a log fit to be shown.
func safe(s []byte) string {
	var b strings.Builder
	b.Grow(min(len(s), maxQuote))
	n := 0
	for i := 0; i < len(s); {
		if s[i] == 0x1b {
			i++
			if i < len(s) && s[i] == '[' {
				for i++; i < len(s) && (s[i] < '@' || s[i] > '~'); i++ {
				}
				i++
			} else if i < len(s) && s[i] == ']' { // a title or a link, up to BEL or ESC
				for i++; i < len(s) && s[i] != 7 && s[i] != 0x1b; i++ {
				}
				if i < len(s) && s[i] == 7 {
					i++
				}
			}
			continue
		}
		c, w := utf8.DecodeRune(s[i:])
		i += w
		switch {
		case c == '\t':
			c = ' '
		case c == utf8.RuneError && w == 1:
			c = '\uFFFD'
		case unicode.IsControl(c), unicode.Is(unicode.Cf, c), c == '\u2028', c == '\u2029':
			continue
		}
		if n++; n > maxQuote {
			b.WriteString("…")
			break
		}
		b.WriteRune(c)
	}
	return strings.TrimRight(b.String(), " ")
}
