package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/report"
)

// formats are the ways to write a report.
var formats = []struct {
	name  string
	doc   string
	write func(w io.Writer, r *raftdiag.Report, o report.Options) error
}{
	{"text", "for people, at a terminal", report.Text},
	{"json", "for programs, by docs/report.schema.json", func(w io.Writer, r *raftdiag.Report, _ report.Options) error { return report.JSON(w, r) }},
	{"markdown", "an incident document for a ticket or a pull request", func(w io.Writer, r *raftdiag.Report, _ report.Options) error { return report.Markdown(w, r) }},
	{"junit", "JUnit XML for CI, a case for each hypothesis and impossible state of each group", func(w io.Writer, r *raftdiag.Report, _ report.Options) error { return report.JUnit(w, r) }},
}

func formatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// writeReport writes a report in the named format.
func writeReport(name string, w io.Writer, r *raftdiag.Report, o report.Options) error {
	for _, f := range formats {
		if f.name == name {
			return f.write(w, r, o)
		}
	}
	return fmt.Errorf("no format %q", name)
}

// An output is one -o: a format and a path, which is empty for stdout.
type output struct{ format, path string }

// parseOutputs reads the values of -o; none means text. The command has the
// formats in names.
func parseOutputs(specs, names []string) ([]output, error) {
	if len(specs) == 0 {
		specs = []string{"text"}
	}
	var outs []output
	taken := map[string]string{}
	for _, spec := range specs {
		name, path, hasPath := strings.Cut(spec, "=")
		if !slices.Contains(names, name) {
			hint := didYouMean(name, names)
			if hint == "" {
				hint = " (hint: there are " + strings.Join(names, ", ") + ")"
			}
			return nil, usagef("-o %s: no such format%s", spec, hint)
		}
		if hasPath && path == "" {
			return nil, usagef("-o %s: the path is missing (hint: -o %s=FILE, or -o %s for stdout)", spec, name, name)
		}
		if path == "-" {
			path = ""
		}
		key := path
		if key != "" {
			key = filepath.Clean(key)
		}
		if other, ok := taken[key]; ok {
			where := "stdout"
			if key != "" {
				where = path
			}
			return nil, usagef("-o %s and -o %s both write to %s (hint: give one a file, as in -o %s=FILE)", other, spec, where, name)
		}
		taken[key] = spec
		if err := writable(spec, path); err != nil {
			return nil, err
		}
		outs = append(outs, output{name, path})
	}
	return outs, nil
}

// writable finds out before the reading whether a report could be put there.
func writable(spec, path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usagef("-o %s: %s is a directory (hint: name a file in it)", spec, path)
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return usagef("-o %s: %w", spec, err)
	}
	if !info.IsDir() {
		return usagef("-o %s: %s is no directory", spec, filepath.Dir(path))
	}
	return nil
}

// spareInputs refuses to write a report over a log that is to be read.
func spareInputs(outs []output, inputs []string) error {
	for _, o := range outs {
		target, err := os.Stat(o.path)
		if o.path == "" || err != nil || !target.Mode().IsRegular() {
			continue
		}
		for _, in := range inputs {
			if _, file, ok := strings.Cut(in, "="); ok {
				if info, err := os.Stat(file); err == nil && os.SameFile(info, target) {
					return usagef("-o %s=%s would overwrite the input %s", o.format, o.path, in)
				}
			}
			if info, err := os.Stat(in); err == nil && os.SameFile(info, target) {
				return usagef("-o %s=%s would overwrite the input %s", o.format, o.path, in)
			}
		}
	}
	return nil
}

// toStdout reports whether one of the outputs is this format on stdout.
func toStdout(outs []output, name string) bool {
	return slices.ContainsFunc(outs, func(o output) bool { return o.path == "" && o.format == name })
}

// writeAll writes every output. It goes on after a failure, so that one full
// disk does not cost the others, and answers the first failure. A reader of
// stdout who went away is none.
func writeAll(outs []output, stdout io.Writer, look report.Options, write func(format string, w io.Writer, o report.Options) error) error {
	plain := look
	plain.Color = false
	var first error
	for _, o := range outs {
		var err error
		if o.path == "" {
			err = buffered(stdout, func(w io.Writer) error { return write(o.format, w, look) })
			if isClosed(err) {
				err = nil
			}
		} else {
			err = writeFile(o.path, func(w io.Writer) error { return write(o.format, w, plain) })
		}
		if err != nil && first == nil {
			first = coded{exitInternal, fmt.Errorf("write %s: %w", o.format, err)}
		}
	}
	return first
}

func buffered(w io.Writer, write func(io.Writer) error) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// writeFile writes a file whole or not at all: a reader sees the old one or the
// new one. What is no regular file (a fifo, /dev/stderr) is written in place.
func writeFile(path string, write func(io.Writer) error) (err error) {
	if info, serr := os.Stat(path); serr == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(buffered(f, write), f.Close())
	}
	if target, lerr := filepath.EvalSymlinks(path); lerr == nil {
		path = target // replace what a link points to, not the link
	}
	mode := fs.FileMode(0o666)
	info, serr := os.Stat(path)
	if serr == nil {
		mode = info.Mode().Perm()
	}
	f, err := createBeside(path, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := errors.Join(buffered(f, write), f.Close()); err != nil {
		return err
	}
	if serr == nil {
		if err := os.Chmod(f.Name(), mode); err != nil {
			return err
		}
	}
	return os.Rename(f.Name(), path)
}

// createBeside creates a new file in the directory of path. Unlike
// os.CreateTemp it leaves the permissions to the umask.
func createBeside(path string, mode fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	for i := 0; ; i++ {
		name := dir + "." + base + "." + strconv.Itoa(os.Getpid()) + "." + strconv.Itoa(i) + ".tmp"
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil || !errors.Is(err, fs.ErrExist) || i == 100 {
			return f, err
		}
	}
}

// look finds out how text is to appear on w: in colour only on a terminal that
// has it and nobody forbade it, as wide as the terminal or COLUMNS say. What goes
// through a pipe is most likely read at the terminal that warnings go to.
func look(w io.Writer, noColor bool) report.Options {
	o := report.Options{Version: versionString()}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		o.Width = n
	}
	f, ok := w.(*os.File)
	if ok && o.Width == 0 && isPipe(f) {
		o.Width = paged()
	}
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return o
	}
	if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 && o.Width == 0 {
		o.Width = n
	}
	o.Color = !noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return o
}

// isPipe reports whether what is written goes to another program.
func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// paged is the width for a pager at the terminal that stderr is on: no wider
// than text that goes anywhere else.
func paged() int {
	if n, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && n > 0 {
		return min(n, 100)
	}
	return 0
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// some lists names, and counts those beyond the fifth.
func some(names []string) string {
	quoted := make([]string, 0, 5)
	for _, n := range names[:min(5, len(names))] {
		quoted = append(quoted, strconv.Quote(n))
	}
	s := strings.Join(quoted, ", ")
	if more := len(names) - 5; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
