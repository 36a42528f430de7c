package parser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/raftdiag/raftdiag"
)

// Options say how Read reads.
type Options struct {
	// Stdin is read when an input is "-".
	Stdin io.Reader
	// Open is called once for each source, before its events; sources of
	// higher order come later. The function that it returns is called in the
	// order of the lines, by one goroutine at a time, and must not keep the
	// event.
	Open func(source string, order int) func(*raftdiag.Event)
	// Continue, if set, is called instead of Open for a source that is the next
	// piece of the same log, as after a rotation.
	Continue func(source string, order int) func(*raftdiag.Event)
	// Workers is how many lines are read at a time; 0 means one for each
	// processor.
	Workers int
	// Formats are formats that the user describes; they come before those
	// that are built in. It may be nil.
	Formats *Described
	// Progress is told the bytes read of the files and their total, which is
	// 0 if it is unknown. It may be nil.
	Progress func(done, total int64)

	block  int // bytes that are read at a time; for tests
	window int // lines that are seen before the first event; for tests
}

// A Result is what was read, beside the events.
type Result struct {
	Inputs []raftdiag.Input
	// Notes say what could not be attributed, which ranges of time do not
	// overlap, and what to do about it.
	Notes []string

	sources map[string]*source
	streams map[*source]*resolver
	spools  []*spool
	texts   sync.Mutex
	cursors map[string]*cursor
	zeros   map[string]bool // stems of names whose numbers begin with 0
}

// defaultBlock keeps a block and its items in a processor's cache.
const defaultBlock = 1 << 16

// Read reads the inputs and hands every event to the function that o.Open
// returned for its source. What is wrong with one input stands in its Error
// and stops no other. A cancelled ctx ends the reading early without an error:
// what was read counts.
func Read(ctx context.Context, inputs []string, o Options) (*Result, error) {
	if len(inputs) == 0 {
		return nil, errors.New("read: no input (hint: give files, directories, LABEL=FILE or - for standard input)")
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.block <= 0 {
		o.block = defaultBlock
	}
	if o.window <= 0 {
		o.window = defaultWindow
	}
	all := expand(inputs)
	res := &Result{sources: map[string]*source{}, streams: map[*source]*resolver{}, cursors: map[string]*cursor{}}
	total := &progress{report: o.Progress}
	for _, s := range all {
		if s.err != nil {
			continue
		}
		if s.pipe {
			total.unknown = true
		} else if s.info != nil {
			total.size += s.info.Size()
		}
	}
	var flows []*flow
	for _, st := range streams(all) {
		r := newResolver(st, int64(o.window))
		for i, s := range st.sources {
			switch {
			case i > 0 && o.Continue != nil:
				s.emit = o.Continue(s.name, s.order)
			case o.Open != nil:
				s.emit = o.Open(s.name, s.order)
			}
			res.streams[s] = r
		}
		flows = append(flows, &flow{r: r, done: map[int]*block{},
			feed: feeder{ctx: ctx, st: st, o: &o, total: total, size: o.block, res: res}})
	}
	for _, s := range all {
		if _, ok := res.sources[s.name]; !ok {
			res.sources[s.name] = s
		}
	}
	p := &plant{flows: flows, limit: 2*o.Workers + 2, formats: o.Formats, names: commonNames{names: map[string]string{}}}
	p.cond.L = &p.mu
	var wg sync.WaitGroup
	for range o.Workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			p.work()
		}()
	}
	wg.Wait()
	total.flush()
	res.conclude(all, ctx.Err() != nil)
	return res, nil
}

// A flow is a stream being read: blocks are fed in order, parsed in any order,
// and resolved in order.
type flow struct {
	r    *resolver
	feed feeder

	// Under the plant's lock.
	feeding, resolving bool
	fed                bool // all blocks are out
	over               bool
	flying             int // blocks out
	done               map[int]*block
	next               int // the block to resolve

	// Of the one who resolves.
	pending []*block  // within the window
	lines   int64     // of blocks that came in
	open    bool      // the window is decided
	one     [1]*block // room for what resolve answers
}

// A plant is the workers and what they share.
type plant struct {
	mu    sync.Mutex
	cond  sync.Cond
	flows []*flow
	limit int

	formats *Described
	names   commonNames
	free    []*block // to be used again
}

// work takes blocks until all flows are over.
func (p *plant) work() {
	reader := p.formats.reader()
	reader.in.common = &p.names
	for {
		f, b := p.take()
		if f == nil {
			return
		}
		ok := f.feed.read(b)
		p.mu.Lock()
		f.feeding = false
		if !ok || b.end {
			f.fed = true
		}
		if !ok {
			f.flying--
			p.free = append(p.free, b)
			if f.flying == 0 && len(f.done) == 0 && !f.resolving && !f.over {
				f.resolving = true
				p.mu.Unlock()
				f.finish()
				p.mu.Lock()
				f.resolving, f.over = false, true
			}
			p.cond.Broadcast()
			p.mu.Unlock()
			continue
		}
		p.cond.Broadcast()
		p.mu.Unlock()
		b.parse(reader)
		p.deliver(f, b)
	}
}

// take finds a flow that can be fed, the first of them, so that few files are
// open at a time.
func (p *plant) take() (*flow, *block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		over := true
		for _, f := range p.flows {
			over = over && f.over
			if f.fed || f.feeding || f.flying >= p.limit {
				continue
			}
			f.feeding = true
			f.flying++
			var b *block
			if n := len(p.free); n > 0 {
				b, p.free = p.free[n-1], p.free[:n-1]
			} else {
				b = &block{}
			}
			return f, b
		}
		if over {
			return nil, nil
		}
		p.cond.Wait()
	}
}

// deliver resolves the block once all blocks before it are resolved.
func (p *plant) deliver(f *flow, b *block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.done[b.seq] = b
	if f.resolving {
		return
	}
	f.resolving = true
	for {
		next := f.done[f.next]
		if next == nil {
			break
		}
		delete(f.done, f.next)
		f.next++
		p.mu.Unlock()
		free := f.resolve(next)
		p.mu.Lock()
		f.flying--
		for _, b := range free {
			if len(p.free) < p.limit { // those of a window are many
				p.free = append(p.free, b)
			}
		}
		p.cond.Broadcast()
	}
	if f.fed && f.flying == 0 && !f.over {
		p.mu.Unlock()
		f.finish()
		p.mu.Lock()
		f.over = true
		p.cond.Broadcast()
	}
	f.resolving = false
}

// resolve takes the next block in order and answers the blocks that are done
// with.
func (f *flow) resolve(b *block) []*block {
	if b.firstLine > 0 && b.src.firstLine == 0 {
		b.src.firstLine = b.src.lines + b.firstLine
	}
	b.src.marks = append(b.src.marks, mark{b.src.lines, b.offset})
	b.src.lines += b.lines
	b.src.capped += b.capped
	b.src.yearless += b.yearless
	if f.open {
		f.r.block(b, 0)
		return append(f.one[:0], b)
	}
	b.data = nil // the items hold all that is needed
	f.pending = append(f.pending, b)
	f.lines += b.lines
	if f.lines < f.r.window && !b.end {
		return nil
	}
	return f.decide()
}

// decide looks at the window as a whole and then begins to hand over.
func (f *flow) decide() []*block {
	f.open = true
	f.r.rehears = true
	lines := int64(0)
	for _, b := range f.pending {
		f.r.block(b, lines)
		lines += b.lines
	}
	f.r.rehears = false
	f.r.forget()
	for _, b := range f.pending {
		f.r.block(b, 0)
	}
	done := f.pending
	f.pending = nil
	return done
}

func (f *flow) finish() {
	if !f.open {
		f.decide()
	}
	f.r.finish()
}

// progress counts bytes.
type progress struct {
	mu      sync.Mutex
	report  func(done, total int64)
	done    int64
	told    int64
	size    int64
	unknown bool
}

func (p *progress) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if p.report != nil && p.done-p.told >= 1<<20 {
		p.tell()
	}
}

func (p *progress) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.report != nil {
		p.tell()
	}
}

func (p *progress) tell() {
	p.told = p.done
	total := p.size
	if p.unknown {
		total = 0
	}
	p.report(p.done, total)
}

// span prints a range of time for a note.
func span(first, last raftdiag.Stamp) string {
	const layout = "2006-01-02 15:04:05"
	a, b := first.Time(), last.Time()
	if a.Truncate(24 * time.Hour).Equal(b.Truncate(24 * time.Hour)) {
		return fmt.Sprintf("%s to %s", a.Format(layout), b.Format("15:04:05"))
	}
	return fmt.Sprintf("%s to %s", a.Format(layout), b.Format(layout))
}
