package parser

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A source is one input file, or a pipe, and what was read from it.
type source struct {
	name   string // as the user gave it, or as a directory or glob expands it
	path   string // where its bytes are; the spool of a pipe
	label  string
	node   raftdiag.NodeID // from the label
	copies []string        // names of files with the same name and bytes
	walked bool            // found in a directory
	order  int
	info   fs.FileInfo
	pipe   bool
	kind   compression
	emit   func(*raftdiag.Event)
	marks  []mark

	lines, events, garbled int64
	orphans                int64 // rows whose head, and lines whose group, cannot be told
	undirected             int64 // messages that say neither sent nor received
	capped                 int64 // lines longer than maxLine
	yearless               int64 // stamps without a year
	first, last            raftdiag.Stamp
	stamped                int64
	firstLine              int64 // of the first line that is not empty, 0 if there is none
	export                 bool  // journalctl's export form
	binary                 int64 // bytes of the start that no text has
	sniffed                int64
	formats                [numDialects][numEnvelopes]int64
	err                    error
}

// written is when the source was last written, zero if nobody knows.
func (s *source) written() time.Time {
	if s == nil || s.pipe || s.info == nil {
		return time.Time{}
	}
	return s.info.ModTime()
}

// A mark is a line and the place where it begins.
type mark struct{ line, offset int64 }

// A stream is the sources that one process wrote one after the other: a log
// and its rotated elders, oldest first.
type stream struct {
	name    string
	sources []*source
}

// expand finds the sources that the inputs name. What cannot be found has its
// error in its source.
func expand(inputs []string) []*source {
	var out []*source
	seen := map[string]*source{}
	add := func(s *source) {
		if s.err == nil && !s.pipe {
			for _, have := range out {
				if have.info != nil && s.info != nil && os.SameFile(have.info, s.info) {
					if have.label == "" {
						have.label, have.node = s.label, s.node
					}
					return
				}
				if have.isCopy(s) {
					have.copies = append(have.copies, s.name)
					return
				}
			}
		}
		if have := seen[s.name]; have != nil && have.pipe == s.pipe {
			return
		}
		seen[s.name] = s
		out = append(out, s)
	}
	for _, in := range inputs {
		expandOne(in, "", add)
	}
	return out
}

// isCopy reports whether two files are one log given twice: the same name in
// another directory, the same node as far as names tell, and the same bytes.
func (s *source) isCopy(o *source) bool {
	if s.info == nil || o.info == nil || s.pipe || o.pipe || s.info.Size() != o.info.Size() || s.info.Size() == 0 ||
		filepath.Base(s.name) != filepath.Base(o.name) || s.label != o.label || fileNumber(s.name).n != fileNumber(o.name).n {
		return false
	}
	a, err := os.Open(s.path)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := os.Open(o.path)
	if err != nil {
		return false
	}
	defer b.Close()
	var x, y [1 << 16]byte
	for {
		n, errA := io.ReadFull(a, x[:])
		m, errB := io.ReadFull(b, y[:])
		if !bytes.Equal(x[:n], y[:m]) {
			return false
		}
		if errA != nil || errB != nil {
			return n == m && errA == errB
		}
	}
}

func expandOne(in, label string, add func(*source)) {
	if in == "-" {
		add(&source{name: in, label: label, node: numberIn(label), pipe: true})
		return
	}
	info, err := os.Stat(in)
	switch {
	case err == nil && info.IsDir():
		walk(in, label, add)
		return
	case err == nil:
		add(fileSource(in, label, info))
		return
	}
	if strings.ContainsAny(in, "*?[") {
		if names, globErr := filepath.Glob(in); globErr == nil && len(names) > 0 {
			for _, name := range names {
				expandOne(name, label, add)
			}
			return
		}
	}
	if at := strings.IndexByte(in, '='); at > 0 && label == "" && !strings.ContainsAny(in[:at], "/\\") {
		expandOne(in[at+1:], in[:at], add)
		return
	}
	hint := "give files, directories, LABEL=FILE or - for standard input"
	switch {
	case strings.ContainsAny(in, "*?["):
		err = errors.New("no file matches")
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("no such file or directory")
	case errors.Is(err, fs.ErrPermission):
		err, hint = errors.New("permission denied"), "read it as a user who may, or copy it"
	}
	add(&source{name: in, label: label, err: fmt.Errorf("read %s: %w (hint: %s)", in, err, hint)})
}

func fileSource(name, label string, info fs.FileInfo) *source {
	s := &source{name: name, path: name, label: label, node: numberIn(label), info: info}
	if !info.Mode().IsRegular() {
		// A named pipe or a device is read once, like standard input.
		s.pipe = true
	}
	return s
}

// notLogs are endings of files that a directory of logs also holds.
var notLogs = []string{".go", ".md", ".yaml", ".yml", ".toml", ".ini", ".conf", ".cfg", ".db", ".png", ".jpg", ".svg", ".pdf",
	".html", ".css", ".js", ".exe", ".so", ".a", ".o", ".pid", ".sock", ".lock", ".tar", ".zip", ".tgz", ".wal", ".snap",
	".sst", ".idx", ".bin", ".pem", ".key", ".crt", ".sh", ".py", ".rs", ".sum", ".mod", ".xml", ".pb", ".proto"}

func walk(dir, label string, add func(*source)) {
	found := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			if path == dir {
				return err
			}
			add(&source{name: path, walked: true, err: fmt.Errorf("read %s: %w", path, err)})
			return nil
		case path != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case slices.Contains(notLogs, strings.ToLower(filepath.Ext(path))):
			return nil
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		s := fileSource(path, label, info)
		s.walked = true
		found++
		add(s)
		return nil
	})
	if err != nil {
		add(&source{name: dir, err: fmt.Errorf("read %s: %w", dir, err)})
	} else if found == 0 {
		add(&source{name: dir, err: fmt.Errorf("read %s: no logs in this directory (hint: hidden files, programs and data files are left out; name a file to read it all the same)", dir)})
	}
}

// A rotation is what a rotated file's name says: the name of the log, and its
// place among the files of that log.
type rotation struct {
	stem    string
	rotated bool
	age     int    // 1 is the youngest of the numbered ones
	date    string // sorts as time
}

// rotationOf takes a name apart: node1.log.2.gz, node1.log-20251020,
// app-2025-10-20T00-00-00.000.log, node1.log.2025-10-20.
func rotationOf(path string) rotation {
	dir, base := filepath.Split(path)
	for _, end := range []string{".gz", ".zst", ".zstd"} {
		base = strings.TrimSuffix(base, end)
	}
	if i := strings.LastIndexByte(base, '.'); i > 0 && allDigits(base[i+1:]) && len(base)-i-1 <= 4 {
		n := 0
		for _, c := range base[i+1:] {
			n = n*10 + int(c-'0')
		}
		return rotation{stem: dir + base[:i], rotated: true, age: n}
	}
	if at, end := dateIn(base); at >= 0 {
		stem := strings.TrimRight(base[:at], ".-_") + base[end:]
		if stem != "" && stem[0] != '.' {
			return rotation{stem: dir + stem, rotated: true, date: base[at:end]}
		}
	}
	return rotation{stem: dir + base}
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

// dateIn finds a date, with or without a time, that begins after a sign.
func dateIn(s string) (from, to int) {
	for i := 1; i+8 <= len(s); i++ {
		if !digit(s[i]) || digit(s[i-1]) || s[i-1] != '.' && s[i-1] != '-' && s[i-1] != '_' {
			continue
		}
		if !strings.HasPrefix(s[i:], "20") {
			continue
		}
		j := i
		for j < len(s) && (digit(s[j]) || j+1 < len(s) && (s[j] == '-' || s[j] == '_' || s[j] == 'T' || s[j] == ':' || s[j] == '.') && digit(s[j+1])) {
			j++
		}
		if j < len(s) && s[j] == 'Z' {
			j++
		}
		if j-i >= 8 {
			return i, j
		}
	}
	return -1, -1
}

// streams puts the sources of one log together and in order, oldest first, and
// the streams in an order that does not depend on that of the inputs.
func streams(all []*source) []*stream {
	byStem := map[string][]*source{}
	bare := map[string]bool{}
	for _, s := range all {
		if s.err == nil && !s.pipe && !rotationOf(s.name).rotated {
			bare[rotationOf(s.name).stem] = true
		}
	}
	key := func(s *source) string {
		if s.pipe {
			return s.name
		}
		r := rotationOf(s.name)
		// raft.1 and raft.2 are two nodes unless there is a raft or a .log.
		if r.rotated && r.date == "" && !bare[r.stem] && !strings.Contains(filepath.Base(r.stem), ".") {
			return s.name
		}
		return s.label + "\x00" + r.stem
	}
	for _, s := range all {
		if s.err == nil {
			k := key(s)
			byStem[k] = append(byStem[k], s)
		}
	}
	var out []*stream
	for k, list := range byStem {
		slices.SortFunc(list, func(a, b *source) int {
			ra, rb := rotationOf(a.name), rotationOf(b.name)
			switch {
			case ra.rotated != rb.rotated:
				if ra.rotated {
					return -1
				}
				return 1
			case ra.date != rb.date:
				return cmp.Compare(ra.date, rb.date)
			}
			return cmp.Or(cmp.Compare(rb.age, ra.age), cmp.Compare(a.name, b.name))
		})
		_, name, ok := strings.Cut(k, "\x00")
		if !ok {
			name = k
		}
		out = append(out, &stream{name: name, sources: list})
	}
	slices.SortFunc(out, func(a, b *stream) int {
		return cmp.Or(natural(a.name, b.name), cmp.Compare(a.sources[0].name, b.sources[0].name), cmp.Compare(a.sources[0].label, b.sources[0].label))
	})
	n := 0
	for _, st := range out {
		for _, s := range st.sources {
			s.order = n
			n++
		}
	}
	return out
}

// natural orders names so that node2 comes before node10.
func natural(a, b string) int {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if digit(a[i]) && digit(b[j]) {
			m, n := i, j
			for m < len(a) && digit(a[m]) {
				m++
			}
			for n < len(b) && digit(b[n]) {
				n++
			}
			x, y := strings.TrimLeft(a[i:m], "0"), strings.TrimLeft(b[j:n], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			i, j = m, n
			continue
		}
		if a[i] != b[j] {
			return cmp.Compare(a[i], b[j])
		}
		i, j = i+1, j+1
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
