package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/parser"
	"github.com/raftdiag/raftdiag/report"
)

// An effort bounds the search for few lines.
type effort struct {
	analyses int
	time     time.Duration
}

// usualEffort is spent by analyze.
var usualEffort = effort{analyses: 600, time: 20 * time.Second}

// A slice is a small part of the inputs that gives the same verdict.
type slice struct {
	sources  []*sliced
	lines    int   // kept
	of       int64 // lines of all inputs
	analyses int
	minimal  bool // no single line can be left out, but for those that prove the cause
	labels   bool // the files are to be given with their nodes, as in 2=app.log
}

// A sliced is one input, and what of it is kept.
type sliced struct {
	name  string // of the input
	path  string // of the file in the directory
	label string // of the input, or what the whole input told of its node
	given bool   // the label is the user's
	raw   map[int32][]byte
}

// A unit is some lines of one source that stay or go together.
type unit struct {
	src      int
	from, to int32 // lines, both included
	class    class
	pinned   bool
}

// A class is a sort of event.
type class struct {
	kind raftdiag.Kind
	mt   raftdiag.MessageType
	sign raftdiag.Sign
}

// A verdict is what must stay the same: that of the run, and of the group that
// sums it up the failure point, the first cause and its nodes.
type verdict struct {
	run          raftdiag.RunVerdict
	group        string
	worst, first string // episodes: the one that sums the group up, and the first that cost a write
	impossible   string // states
}

func verdictOf(r *raftdiag.Report) verdict {
	if r.Verdict == nil {
		return verdict{}
	}
	v := verdict{run: *r.Verdict}
	g, e := report.Worst(r)
	if g == nil {
		return v
	}
	v.group = g.Group
	v.worst = episodeVerdict(e)
	for i := range g.Episodes {
		if g.Episodes[i].Impact != raftdiag.NoImpact {
			v.first = episodeVerdict(&g.Episodes[i])
			break
		}
	}
	if v.run == raftdiag.Unsafe || e == nil {
		var names []string
		for _, x := range g.Violations {
			if x.Unsafe || v.run != raftdiag.Unsafe {
				names = append(names, fmt.Sprint(x.Name, x.Nodes))
			}
		}
		slices.Sort(names)
		v.impossible = strings.Join(slices.Compact(names), " ")
	}
	return v
}

// episodeVerdict is what an episode comes to: its point, the first cause and
// the cause's nodes, or the suspect where no point is confirmed.
func episodeVerdict(e *raftdiag.Episode) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	switch {
	case e.FailurePoint != nil:
		b.WriteString(*e.FailurePoint)
	case len(e.Suspects) > 0:
		b.WriteString("perhaps " + e.Suspects[0].Name)
	}
	if e.Gate != nil {
		b.WriteString(" at " + *e.Gate)
	}
	if len(e.Causes) > 0 {
		fmt.Fprintf(&b, ": %s %v", e.Causes[0].Name, slices.Sorted(slices.Values(e.Causes[0].Nodes)))
	}
	return b.String()
}

// A cutter looks for a small slice.
type cutter struct {
	ctx    context.Context
	q      question
	r      *reading
	want   verdict
	out    *slice
	by     map[string]int // source to its place in out.sources
	effort effort
	end    time.Time
	dir    string // for candidates
	err    error
}

// evidence writes into dir the fewest lines of the inputs that it finds to give
// the report's verdict when they are analysed alone. The directory must be
// empty or not be there.
func (r *reading) evidence(ctx context.Context, q question, rep *raftdiag.Report, dir string, ef effort) (*slice, error) {
	tmp, err := os.MkdirTemp("", "raftdiag-evidence-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	c := &cutter{ctx: ctx, q: q, r: r, want: verdictOf(rep), out: &slice{}, by: map[string]int{}, effort: ef, end: time.Now().Add(ef.time), dir: tmp}
	c.q.stdin, c.q.progress = nil, nil
	c.lay(rep)
	units, err := c.start(rep)
	if err != nil {
		return nil, err
	}
	units = c.reduce(units)
	if c.err != nil {
		return nil, c.err
	}
	for _, u := range units {
		c.out.lines += int(u.to - u.from + 1)
	}
	if err := c.write(units, dir); err != nil {
		return nil, err
	}
	for range 2 { // the name of the directory may tell a node
		if c.alone(dir) {
			return c.out, nil
		}
		c.out.labels = true
	}
	return c.out, cmp.Or(c.err, fmt.Errorf("the lines in %s do not give the same verdict there (hint: another name, without a number)", dir))
}

// lay gives each source a place in the directory: its name, or, for names from
// elsewhere, as much of it as tells them apart.
func (c *cutter) lay(rep *raftdiag.Report) {
	var away []string
	for _, in := range rep.Inputs {
		if !filepath.IsLocal(in.Source) {
			away = append(away, filepath.Dir(in.Source))
		}
	}
	common := commonDir(away)
	labels := map[string]string{}
	for _, in := range c.q.inputs {
		if label, file, ok := strings.Cut(in, "="); ok && !exists(in) {
			labels[file] = label
		}
	}
	taken := map[string]bool{}
	for _, in := range rep.Inputs {
		c.out.of += in.Lines
		if in.Events == 0 {
			continue
		}
		s := &sliced{name: in.Source, raw: map[int32][]byte{}}
		for file, label := range labels {
			if in.Source == file || strings.HasPrefix(in.Source, strings.TrimSuffix(file, "/")+"/") {
				s.label, s.given = label, true
			}
		}
		if s.label == "" && in.Node != nil {
			s.label = *in.Node
		}
		path := in.Source
		switch {
		case path == "-":
			path = "stdin.log"
		case !filepath.IsLocal(path):
			rel, err := filepath.Rel(common, path)
			if err != nil || !filepath.IsLocal(rel) {
				rel = filepath.Base(path)
			}
			if !strings.ContainsAny(filepath.Base(rel), "0123456789") && filepath.Dir(rel) == "." { // the directory may name the node
				if parent := filepath.Base(common); strings.ContainsAny(parent, "0123456789") && filepath.IsLocal(parent) {
					rel = filepath.Join(parent, rel)
				}
			}
			path = rel
		}
		for _, packed := range []string{".gz", ".zst", ".zstd"} {
			path = strings.TrimSuffix(path, packed)
		}
		for taken[path] {
			path = "more-" + path
		}
		taken[path] = true
		s.path = path
		c.by[in.Source] = len(c.out.sources)
		c.out.sources = append(c.out.sources, s)
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// commonDir is the directory that all of dirs are in.
func commonDir(dirs []string) string {
	if len(dirs) == 0 {
		return ""
	}
	common := dirs[0]
	for _, d := range dirs[1:] {
		for common != filepath.Dir(common) && common != d && !strings.HasPrefix(d, strings.TrimSuffix(common, "/")+"/") {
			common = filepath.Dir(common)
		}
	}
	return common
}

// mostEvents is how many events are looked at one by one; of larger inputs only
// what the report cites and what shows roles, members and lives is.
const mostEvents = 2 << 20

// mostBytes is how much text is kept for the search.
const mostBytes = 256 << 20

// start finds lines to begin with: what the report cites and the frame around
// it, else all lines of the group, else all lines.
func (c *cutter) start(rep *raftdiag.Report) ([]unit, error) {
	cited, pinned := c.cited(rep)
	var all, frame []unit
	seen := 0
	collect := make([][]unit, len(c.out.sources))
	inputs := c.r.Again(c.q.inputs)
	for i, in := range inputs {
		if in != c.q.inputs[i] { // a copy of what came through a pipe
			c.by[in[strings.IndexByte(in, '=')+1:]] = c.by["-"]
		}
	}
	res, err := parser.Read(c.ctx, inputs, parser.Options{Workers: 1, Formats: c.q.formats, Open: func(source string, _ int) func(*raftdiag.Event) {
		src, ok := c.by[source]
		return func(e *raftdiag.Event) {
			if !ok || e.Group != "" && e.Group != c.want.group && len(rep.Groups) > 1 {
				return
			}
			if seen++; seen > mostEvents && !classOf(e).frames() {
				return
			}
			collect[src] = append(collect[src], unit{src: src, from: int32(e.Pos.Line), to: int32(e.Pos.Line), class: classOf(e)})
		}
	}})
	if err != nil {
		return nil, err
	}
	res.Close()
	for src, list := range collect {
		at := map[int32]bool{}
		for i, u := range list {
			key := place{src, u.from}
			if !cited[key] && !u.class.frames() {
				continue
			}
			at[u.from] = true
			if !isRow(u.class.kind) {
				continue
			}
			// The rows above it, and the head that says whose they are.
			from := u.from
			for k := i; k > 0 && list[k-1].class.kind == u.class.kind && list[k-1].from >= from-1; k-- {
				from = list[k-1].from
			}
			for l := from; l < u.from; l++ {
				at[l] = true
			}
			if from > 1 {
				at[from-1] = true
			}
		}
		for key := range cited {
			if key.src == src {
				at[key.line] = true
			}
		}
		for _, l := range slices.Sorted(maps.Keys(at)) {
			u := unit{src: src, from: l, to: l, pinned: pinned[place{src, l}]}
			if i, ok := slices.BinarySearchFunc(list, l, func(u unit, l int32) int { return cmp.Compare(u.from, l) }); ok {
				u.class = list[i].class
			}
			frame = append(frame, u)
		}
		if seen > mostEvents {
			continue
		}
		// Heads without an event of their own stand before rows.
		for i, u := range list {
			if i > 0 && u.from == list[i-1].from {
				continue
			}
			if isRow(u.class.kind) && u.from > 1 && (i == 0 || list[i-1].from < u.from-1) {
				all = append(all, unit{src: src, from: u.from - 1, to: u.from - 1, class: class{kind: raftdiag.NoKind}, pinned: pinned[place{src, u.from - 1}]})
			}
			u.pinned = pinned[place{src, u.from}]
			all = append(all, u)
		}
	}
	sizes := [][]unit{frame, all, c.everything(rep, pinned)}
	for labels := range 2 {
		c.out.labels = labels == 1
		for _, units := range sizes {
			if len(units) == 0 {
				continue
			}
			if err := c.load(units); err != nil {
				return nil, err
			}
			if c.same(units) {
				return units, nil
			}
			if c.err != nil {
				return nil, c.err
			}
		}
	}
	return nil, errors.New("no part of the logs gives this verdict alone")
}

// A place is a line of a source.
type place struct {
	src  int
	line int32
}

func classOf(e *raftdiag.Event) class {
	c := class{kind: e.Kind}
	if e.Has(raftdiag.HasType) {
		c.mt = e.Type
	}
	if e.Symptom != nil {
		c.sign = e.Symptom.Sign
	}
	return c
}

// frames reports whether events of the class belong to the frame that a slice
// begins with: who is there, under which names, in which role and life.
func (c class) frames() bool {
	switch c.sign {
	case raftdiag.StartedUp, raftdiag.ShuttingDown, raftdiag.Died, raftdiag.NamesItself, raftdiag.NamesPeer, raftdiag.RoleTaken, raftdiag.QuorumLost,
		raftdiag.CampaignBegun, raftdiag.Membership, raftdiag.MemberAdded, raftdiag.MemberRemoved, raftdiag.MemberPromoted, raftdiag.SelfRemoved:
		return true
	}
	switch c.kind {
	case raftdiag.Booted, raftdiag.Stopped, raftdiag.Panicked, raftdiag.RoleChanged, raftdiag.ConfigChanged, raftdiag.Misconfigured,
		raftdiag.StorageFailed, raftdiag.ApplyFailed, raftdiag.ProposalDropped:
		return true
	}
	return false
}

// isRow reports whether lines of the kind may stand below a head.
func isRow(k raftdiag.Kind) bool {
	return k == raftdiag.ProgressRow || k == raftdiag.Sent || k == raftdiag.EntryCommitted
}

// cited are the lines of the group that the report quotes; pinned are those
// that prove the first cause, which stay in every slice.
func (c *cutter) cited(rep *raftdiag.Report) (cited, pinned map[place]bool) {
	cited, pinned = map[place]bool{}, map[place]bool{}
	add := func(source string, line int64) {
		if src, ok := c.by[source]; ok && line > 0 {
			cited[place{src, int32(line)}] = true
		}
	}
	quotes := func(list []raftdiag.Quote) {
		for _, q := range list {
			add(q.Source, q.Line)
		}
	}
	where := func(w *raftdiag.Where) {
		if w != nil {
			add(w.Source, w.Line)
		}
	}
	findings := func(list []raftdiag.Finding) {
		for _, f := range list {
			quotes(f.Evidence)
		}
	}
	g, worst := report.Worst(rep)
	if g == nil {
		return cited, pinned
	}
	findings(g.Hypotheses)
	for _, v := range g.Violations {
		quotes(v.Evidence)
	}
	for _, n := range g.Notes {
		quotes(n.Evidence)
	}
	for i := range g.Episodes {
		e := &g.Episodes[i]
		where(e.StartAt)
		where(e.EndAt)
		findings(e.Hypotheses)
		for _, x := range e.Causes {
			quotes(x.Evidence)
		}
		for _, f := range e.Followers {
			quotes(f.Evidence)
		}
	}
	for _, row := range g.Ledgers.Leadership {
		where(row.At)
	}
	for _, row := range g.Ledgers.Membership {
		where(row.At)
	}
	for _, row := range g.Ledgers.Pairs {
		where(row.First)
		where(row.Last)
	}
	if worst != nil && len(worst.Causes) > 0 {
		for _, q := range worst.Causes[0].Evidence {
			if src, ok := c.by[q.Source]; ok {
				pinned[place{src, int32(q.Line)}] = true
			}
		}
	}
	return cited, pinned
}

// everything is all lines, in units of as many lines as keep their number
// small.
func (c *cutter) everything(rep *raftdiag.Report, pinned map[place]bool) (units []unit) {
	const most = 1 << 13
	size := int32(max(1, c.out.of/most))
	for _, in := range rep.Inputs {
		src, ok := c.by[in.Source]
		if !ok {
			continue
		}
		for from := int32(1); int64(from) <= in.Lines; from += size {
			u := unit{src: src, from: from, to: int32(min(int64(from+size-1), in.Lines))}
			for l := u.from; l <= u.to; l++ {
				u.pinned = u.pinned || pinned[place{src, l}]
			}
			units = append(units, u)
		}
	}
	return units
}

// load keeps the bytes of the lines.
func (c *cutter) load(units []unit) error {
	total := 0
	for src, s := range c.out.sources {
		list := slices.DeleteFunc(slices.Clone(units), func(u unit) bool { return u.src != src })
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b unit) int { return cmp.Compare(a.from, b.from) })
		k := 0
		err := c.r.Raw(s.name, func(line int64, raw []byte) bool {
			for k < len(list) && int64(list[k].to) < line {
				k++
			}
			if k == len(list) {
				return false
			}
			if n := int32(line); int64(list[k].from) <= line && s.raw[n] == nil {
				s.raw[n] = bytes.Clone(raw)
				total += len(raw)
			}
			return total <= mostBytes
		})
		if err != nil {
			return err
		}
	}
	if total > mostBytes {
		return fmt.Errorf("more than %d MiB would have to be searched (hint: --group, or fewer inputs)", mostBytes>>20)
	}
	return nil
}

// write puts the lines of the units into files below dir.
func (c *cutter) write(units []unit, dir string) error {
	texts := make([]bytes.Buffer, len(c.out.sources))
	last := make([]int32, len(c.out.sources))
	sorted := slices.Clone(units)
	slices.SortFunc(sorted, func(a, b unit) int { return cmp.Or(cmp.Compare(a.src, b.src), cmp.Compare(a.from, b.from)) })
	for _, u := range sorted {
		for l := max(u.from, last[u.src]+1); l <= u.to; l++ {
			b := &texts[u.src]
			if n := b.Len(); n > 0 && b.Bytes()[n-1] != '\n' {
				b.WriteByte('\n')
			}
			b.Write(c.out.sources[u.src].raw[l])
			last[u.src] = l
		}
	}
	for i, s := range c.out.sources {
		name := filepath.Join(dir, s.path)
		if texts[i].Len() == 0 {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, texts[i].Bytes(), 0o666); err != nil {
			return err
		}
		if info, err := os.Stat(s.name); err == nil && info.Mode().IsRegular() { // a log without years is dated by its file
			if err := os.Chtimes(name, time.Time{}, info.ModTime()); err != nil {
				return err
			}
		}
	}
	return nil
}

// files are the inputs of an analysis of what was written.
func (s *slice) files(dir string) (list []string) {
	for _, x := range s.sources {
		name := filepath.Join(dir, x.path)
		if !exists(name) {
			continue
		}
		if x.label != "" && (x.given || s.labels) {
			name = x.label + "=" + name
		}
		list = append(list, name)
	}
	return list
}

// same analyses the units alone and reports whether the verdict is the same.
func (c *cutter) same(units []unit) bool {
	if c.err != nil || c.spent() {
		return false
	}
	c.out.analyses++
	if c.err = c.write(units, c.dir); c.err != nil {
		return false
	}
	return c.alone(c.dir)
}

// alone analyses what stands in a directory.
func (c *cutter) alone(dir string) bool {
	q := c.q
	if q.inputs = c.out.files(dir); len(q.inputs) == 0 {
		return false
	}
	r, err := read(c.ctx, q)
	if err != nil {
		c.err = err
		return false
	}
	defer r.Close()
	return verdictOf(r.judge(q)) == c.want
}

// spent reports whether the search must end.
func (c *cutter) spent() bool {
	return c.out.analyses >= c.effort.analyses || c.out.analyses > 6 && time.Now().After(c.end) || c.ctx.Err() != nil
}

// reduce leaves out what the verdict does not need: first whole sorts of
// lines, of all sources and of each, then whole sources, then runs of lines,
// shorter and shorter ones.
func (c *cutter) reduce(units []unit) []unit {
	without := func(drop func(u unit) bool) bool {
		rest := slices.DeleteFunc(slices.Clone(units), func(u unit) bool { return !u.pinned && drop(u) })
		if len(rest) == len(units) || len(rest) == 0 || !c.same(rest) {
			return false
		}
		units = rest
		return true
	}
	for _, x := range sorts(units, func(u unit) class { return u.class }) {
		without(func(u unit) bool { return u.class == x })
	}
	for _, x := range sorts(units, func(u unit) int { return u.src }) {
		without(func(u unit) bool { return u.src == x })
	}
	type one struct {
		src   int
		class class
	}
	for _, x := range sorts(units, func(u unit) one { return one{u.src, u.class} }) {
		without(func(u unit) bool { return u.src == x.src && u.class == x.class })
	}
	for size := len(units) / 2; size >= 1; size /= 2 {
		for again := true; again; {
			again = false
			for from := 0; from < len(units); {
				part := units[from:min(from+size, len(units))]
				drop := map[unit]bool{}
				for _, u := range part {
					drop[u] = true
				}
				switch {
				case without(func(u unit) bool { return drop[u] }):
					again = size == 1
					for from < len(units) && units[from].pinned { // they stayed
						from++
					}
				default:
					from += size
				}
			}
			if c.spent() {
				return units
			}
		}
	}
	c.out.minimal = !c.spent()
	return units
}

// evidenceDir refuses a directory that holds something.
func evidenceDir(dir string) error {
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usagef("--evidence-out: %w", err)
	case len(list) > 0:
		return usagef("--evidence-out %s: the directory is not empty (hint: name one that is not there yet)", dir)
	}
	return nil
}

// tell says what was written, and the command that analyses it.
func (s *slice) tell(q question, dir string) string {
	command := "raftdiag analyze"
	if q.complete {
		command += " --complete"
	}
	if q.patience > 0 {
		command += fmt.Sprintf(" --patience %d", q.patience)
	}
	for _, f := range q.formatFiles {
		command += " --format-file " + f
	}
	files := s.files(dir)
	if !slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, "=") }) {
		files = []string{dir}
	}
	early := ""
	if !s.minimal {
		early = " (the search for fewer ended early)"
	}
	return fmt.Sprintf("%d of %d lines give the same verdict alone%s: %s %s", s.lines, s.of, early, command, strings.Join(files, " "))
}

// sorts are the different values of the units, those of most lines first.
func sorts[K comparable](units []unit, of func(unit) K) []K {
	var order []K
	count := map[K]int{}
	for _, u := range units {
		k := of(u)
		if count[k] == 0 {
			order = append(order, k)
		}
		count[k]++
	}
	slices.SortStableFunc(order, func(a, b K) int { return cmp.Compare(count[b], count[a]) })
	return order
}
