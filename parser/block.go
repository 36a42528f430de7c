package parser

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/raftdiag/raftdiag"
)

// maxLine is how much of a line is read; the rest is skipped and counted.
const maxLine = 1 << 18

// A compression says how a source's bytes are packed.
type compression uint8

const (
	packedNot compression = iota
	packedGzip
	packedZstd
)

// sniff tells the compression by the first bytes. It answers an error for
// what is no log by its first bytes.
func sniff(head []byte) (compression, error) {
	switch {
	case has(head, "\x1f\x8b"):
		return packedGzip, nil
	case has(head, "\x28\xb5\x2f\xfd"):
		return packedZstd, nil
	}
	for _, m := range [...]struct{ magic, what, hint string }{
		{"PK\x03\x04", "a zip archive", "unpack it first"},
		{"BZh", "compressed with bzip2", "unpack it first, as in bzip2 -dc FILE | raftdiag analyze"},
		{"\xfd7zXZ\x00", "compressed with xz", "unpack it first, as in xz -dc FILE | raftdiag analyze"},
		{"\x04\x22\x4d\x18", "compressed with lz4", "unpack it first, as in lz4 -dc FILE | raftdiag analyze"},
		{"\x7fELF", "a program", "give the log that it wrote"},
		{"SQLite format 3", "a database", "give the log, not the data"},
		{"\x89PNG", "a picture", "give the log as text"},
		{"%PDF", "a PDF document", "give the log as text"},
		{"\xff\xfeE\x00", "UTF-16 text", "convert it first, as in iconv -f UTF-16 -t UTF-8"},
	} {
		if has(head, m.magic) {
			return 0, fmt.Errorf("%s, not a log (hint: %s)", m.what, m.hint)
		}
	}
	if len(head) > 2 && (has(head, "\xff\xfe") || has(head, "\xfe\xff")) {
		return 0, errors.New("UTF-16 text, not UTF-8 (hint: convert it first, as in iconv -f UTF-16 -t UTF-8)")
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return 0, errors.New("a tar archive, not a log (hint: unpack it and give the directory)")
	}
	return packedNot, nil
}

// unpack reads through the compression.
func unpack(r io.Reader, kind compression) (io.Reader, func(), error) {
	switch kind {
	case packedGzip:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, err
		}
		return z, func() {}, nil
	case packedZstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return r, func() {}, nil
}

// A block is some whole lines of one source, and the items that they gave.
type block struct {
	src   *source
	seq   int
	data  []byte
	lines int64
	items []item
	used  int  // how many items its memory has held; those behind hold nothing
	cut   bool // the last line has no newline
	last  bool // nothing of the source comes behind it
	end   bool // nothing of the stream comes behind it

	offset    int64 // of its first byte in the source, unpacked
	capped    int64 // lines longer than maxLine
	export    bool  // of a source in journalctl's export form
	yearless  int64 // stamps without a year
	firstLine int64 // the first line that is not empty, from 1; 0 if there is none
}

// A feeder reads the sources of a stream in order, cut into blocks at the ends
// of lines.
type feeder struct {
	ctx   context.Context
	st    *stream
	o     *Options
	total *progress
	size  int
	next  int // source
	file  io.Closer
	r     io.Reader
	close func()
	carry []byte
	taken int64 // bytes of the source, unpacked
	seq   int
	res   *Result
	skip  bool // the rest of a line that is too long
}

// read fills b with the next block and reports whether there was one.
func (f *feeder) read(b *block) bool {
	if f.r == nil {
		if f.next >= len(f.st.sources) || f.ctx.Err() != nil {
			return false
		}
		if err := f.open(f.st.sources[f.next]); err != nil {
			f.st.sources[f.next].err = err
			f.next++
			// An empty block keeps the stream's end in order.
			*b = block{src: f.st.sources[f.next-1], seq: f.seq, data: b.data[:0], items: b.items[:0], used: b.used, last: true, end: f.next == len(f.st.sources)}
			f.seq++
			return true
		}
	}
	src := f.st.sources[f.next]
	f.fill(b, src)
	b.src, b.seq = src, f.seq
	f.seq++
	if b.last {
		f.shut()
		f.next++
		b.end = f.next == len(f.st.sources)
	}
	return true
}

// fill reads into b.data up to the end of a line.
func (f *feeder) fill(b *block, src *source) {
	data := append(b.data[:0], f.carry...)
	*b = block{items: b.items[:0], used: b.used, offset: f.taken - int64(len(f.carry))}
	f.carry = f.carry[:0]
	var err error
	for {
		if cap(data)-len(data) < f.size {
			grown := make([]byte, len(data), 2*len(data)+f.size)
			copy(grown, data)
			data = grown
		}
		from := len(data)
		if !src.pipe && f.ctx.Err() != nil {
			err = io.EOF
		} else {
			var n int
			n, err = f.r.Read(data[from : from+f.size])
			data = data[:from+n]
			f.taken += int64(n)
		}
		if src.sniffed < 8192 {
			f.inspect(data[from:], src)
			src.export = src.export || b.offset == 0 && has(data, exportHead)
		}
		if f.skip { // within a line that is too long
			nl := bytes.IndexByte(data[from:], '\n')
			if nl < 0 {
				data = data[:from]
			} else {
				f.skip = false
				data = append(data[:from], data[from+nl:]...)
			}
		}
		if err != nil {
			break
		}
		if nl := bytes.LastIndexByte(data[from:], '\n'); nl >= 0 && !f.skip {
			end := from + nl + 1
			if end = wholeEnd(data[:end], src.export); end == 0 {
				continue // all of it goes on
			}
			f.carry = append(f.carry, data[end:]...)
			data = data[:end]
			if len(data) < f.size && len(data) < 1<<12 && f.size > 1<<12 {
				// A pipe gives little at a time.
				data = append(data, f.carry...)
				f.carry = f.carry[:0]
				continue
			}
			break
		}
		if start := bytes.LastIndexByte(data, '\n') + 1; !f.skip && len(data)-start > maxLine {
			data = data[:start+maxLine]
			f.skip = true
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		// The data breaks off: what stands behind the last newline is no line.
		data = data[:bytes.LastIndexByte(data, '\n')+1]
	}
	b.data, b.export = data, src.export
	if err != nil {
		b.last = true
		b.cut = len(data) > 0 && data[len(data)-1] != '\n'
		if !errors.Is(err, io.EOF) {
			src.err = readError(src, err)
		}
	}
}

// inspect counts what no text has in the first bytes of a source.
func (f *feeder) inspect(s []byte, src *source) {
	for _, c := range s[:min(len(s), int(8192-src.sniffed))] {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0x1b {
			src.binary++
		}
	}
	src.sniffed += int64(len(s))
}

func readError(src *source, err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read %s: the %s data ends early; what could be read is used (hint: copy the file again)", src.name, src.kind)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read %s: the file is gone (hint: it was removed or rotated meanwhile)", src.name)
	case src.kind != packedNot:
		return fmt.Errorf("read %s: %w; what could be read is used", src.name, err)
	}
	return fmt.Errorf("read %s: %w", src.name, err)
}

func (c compression) String() string {
	switch c {
	case packedGzip:
		return "gzip"
	case packedZstd:
		return "zstd"
	}
	return "plain"
}

// open begins a source.
func (f *feeder) open(src *source) error {
	f.carry, f.taken, f.skip = f.carry[:0], 0, false
	var file io.ReadCloser
	if src.pipe {
		p, err := f.res.spool(f.ctx, src, f.o)
		if err != nil {
			return err
		}
		file = p
	} else {
		fd, err := os.Open(src.path)
		if err != nil {
			return readError(src, unwrapPath(err))
		}
		file = fd
	}
	counted := &countingReader{r: file, total: f.total}
	head := make([]byte, 512)
	n, err := io.ReadFull(counted, head)
	head = head[:n]
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		file.Close()
		return readError(src, unwrapPath(err))
	}
	if src.kind, err = sniff(head); err != nil {
		file.Close()
		return fmt.Errorf("read %s: %w", src.name, err)
	}
	whole := io.MultiReader(bytes.NewReader(head), counted)
	r, done, err := unpack(whole, src.kind)
	if err != nil {
		file.Close()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return readError(src, err)
	}
	f.r, f.file, f.close = r, file, done
	return nil
}

// unwrapPath takes "open NAME:" off an error, since the name is said already.
func unwrapPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (f *feeder) shut() {
	f.close()
	f.file.Close()
	f.r, f.file, f.close = nil, nil, nil
}

type countingReader struct {
	r     io.Reader
	total *progress
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.total.add(int64(n))
	return n, err
}

// parse makes items of the block's lines.
func (b *block) parse(p *reader) {
	p.clock.near, p.clock.guessed = b.src.written(), 0
	defer func() { b.yearless = p.clock.guessed }()
	rest := b.data
	for len(rest) > 0 {
		var line []byte
		if nl := bytes.IndexByte(rest, '\n'); nl >= 0 {
			line, rest = rest[:nl], rest[nl+1:]
		} else {
			line, rest = rest, nil
			p.cut = b.cut
		}
		b.lines++
		if b.firstLine == 0 && len(line) > 0 {
			b.firstLine = b.lines
		}
		if len(line) >= maxLine {
			line, p.cut = line[:maxLine], true
			b.capped++
		}
		n := len(b.items)
		it := b.add()
		it.line = b.lines - 1
		first := it.line
		if len(line) >= 9 && (mayGoOn(line) || b.export) {
			whole, lines, taken := p.gather(line, rest)
			line, rest = whole, rest[taken:]
			b.lines += lines
			if taken > 0 && len(rest) == 0 {
				p.cut = b.cut
			}
		}
		switch p.line(line, it) {
		case notRaft:
			b.items = b.items[:n]
		case unreadable:
			*it = item{ev: raftdiag.Event{Kind: raftdiag.Garbled, Time: it.ev.Time, Writer: it.ev.Writer, Node: it.ev.Node}, line: it.line, env: it.env, dialect: it.dialect, row: -1}
			p.garbledText(it, line)
		}
		if len(p.extra) > 0 {
			for i := range p.extra {
				p.extra[i].line = first
			}
			b.items = append(b.items, p.extra...)
			b.used = max(b.used, len(b.items))
			p.extra = p.extra[:0]
		}
		p.cut = false
	}
}

// add is one more item, which holds nothing. Memory that was never written is not
// cleared: to look at it before it is written costs two page faults.
func (b *block) add() *item {
	n := len(b.items)
	if cap(b.items) == 0 {
		b.items = make([]item, 0, bytes.Count(b.data, []byte{'\n'})+1)
	}
	if n == cap(b.items) {
		b.items = append(b.items, item{})
	} else {
		b.items = b.items[:n+1]
	}
	it := &b.items[n]
	if n < b.used {
		*it = item{}
	} else {
		b.used = n + 1
	}
	return it
}

func (p *reader) garbledText(it *item, line []byte) {
	p.text(it, bytes.ToValidUTF8(line[:min(len(line), 160)], []byte("?")))
}
