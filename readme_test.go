package raftdiag_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag/hypotheses"
	"github.com/raftdiag/raftdiag/parser"
)

var update = flag.Bool("update", false, "write the generated parts of the README anew")

// The picture is what this command prints on the logs in this directory.
const (
	picture     = "raftdiag analyze node1.log node2.log node3.log"
	pictureLogs = "cmd/raftdiag/testdata/logs/stuck"

	etcdPicture = "raftdiag analyze node1.log.gz node2.log.gz node3.log.gz"
	etcdLogs    = "cmd/raftdiag/testdata/logs/etcd"
)

// The README tells the truth: its tables are those of the program, the picture
// is what the program prints, and its commands are there.
func TestREADME(t *testing.T) {
	bin := build(t)
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, part := range []struct {
		name string
		make func() string
	}{
		{"picture", func() string {
			return "```console\n$ " + picture + "\n" + excerpt(t, raftdiagRun(t, bin, pictureLogs, 1, strings.Fields(picture)[1:]...)) + "```\n"
		}},
		{"picture-etcd", func() string {
			report := raftdiagRun(t, bin, etcdLogs, 1, strings.Fields(etcdPicture)[1:]...)
			before, _, ok := strings.Cut(report, "  Hypotheses\n")
			if !ok {
				t.Fatalf("the report has no table of hypotheses:\n%s", report)
			}
			return "```console\n$ " + etcdPicture + "\n" + before + "  ...\n```\n"
		}},
		{"limits", func() string {
			_, list, _ := strings.Cut(raftdiagRun(t, bin, ".", 0, "explain", "limits"), "\n\n")
			return list
		}},
		{"causes", causesTable},
		{"hypotheses", hypothesesTable},
		{"formats", formatsTable},
		{"exit-codes", func() string {
			return "```console\n$ raftdiag explain exit-codes\n" + raftdiagRun(t, bin, ".", 0, "explain", "exit-codes") + "```\n"
		}},
	} {
		begin, end := "<!-- begin "+part.name+" -->\n", "<!-- end "+part.name+" -->"
		before, rest, ok := strings.Cut(text, begin)
		old, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("README.md has no part %s", part.name)
		}
		made := part.make()
		if old != made && !*update {
			t.Errorf("the part %s of README.md is not what the program says (make picture writes it anew)\n--- README.md\n%s--- the program\n%s", part.name, old, made)
		}
		text = before + begin + made + end + after
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	commands(t, bin, text)
}

func hypothesesTable() string {
	var w strings.Builder
	w.WriteString("| | failure point | what has happened |\n| --- | --- | --- |\n")
	for _, d := range hypotheses.Catalogue() {
		if d.Class == "hypothesis" {
			fmt.Fprintf(&w, "| %s | `%s` | %s |\n", d.ID, d.Name, d.Title)
		}
	}
	return w.String()
}

func causesTable() string {
	var w strings.Builder
	w.WriteString("| cause | what it is | under |\n| --- | --- | --- |\n")
	for _, d := range hypotheses.Catalogue() {
		if d.Class != "cause" {
			continue
		}
		under := strings.Join(d.Under, ", ")
		if under == "" {
			under = "any"
		}
		fmt.Fprintf(&w, "| `%s` | %s | %s |\n", d.Name, d.Title, under)
	}
	return w.String()
}

func formatsTable() string {
	var w strings.Builder
	w.WriteString("| format | | what it is |\n| --- | --- | --- |\n")
	for _, f := range parser.Formats() {
		doc, _, _ := strings.Cut(f.Doc, ". ")
		doc = strings.TrimSuffix(strings.Join(strings.Fields(doc), " "), ".")
		fmt.Fprintf(&w, "| `%s` | %s | %s |\n", f.Name, f.Class, strings.ReplaceAll(doc, "|", `\|`))
	}
	return w.String()
}

var (
	inBlock = regexp.MustCompile(`(?m)^(?:\$ |    |- run: )(?:.*\| )?(raftdiag [a-z].*)$`)
	flags   = regexp.MustCompile(` (--?[a-z][a-z-]*)`)
)

// commands looks at every raftdiag command in a block: the command exists, and
// so do its flags.
func commands(t *testing.T, bin, text string) {
	seen := map[string]bool{}
	for _, m := range inBlock.FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(m[1], " #")
		line, _, _ = strings.Cut(line, " | ")
		name := strings.Fields(line)[1]
		help := raftdiagRun(t, bin, ".", 0, name, "--help")
		if !strings.Contains(help, "raftdiag "+name) {
			t.Errorf("README.md: %q: there is no command %s", line, name)
		}
		for _, f := range flags.FindAllStringSubmatch(line, -1) {
			if !regexp.MustCompile(`(?m)^ .*` + f[1] + `\b`).MatchString(help) {
				t.Errorf("README.md: %q: %s has no flag %s", line, name, f[1])
			}
		}
		seen[name] = true
	}
	for _, name := range []string{"analyze", "timeline", "events", "explain", "cluster", "formats", "grade"} {
		if !seen[name] {
			t.Errorf("README.md shows no use of raftdiag %s", name)
		}
	}
}

// The README promises two commands, and CI runs what stands there.
func TestTwoCommands(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "<!-- commands -->\n```console\n")
	block, _, _ := strings.Cut(rest, "```")
	if want := "$ go run ./cmd/raftdiag demo\n$ go test ./...\n"; block != want {
		t.Errorf("the two commands of README.md are\n%swant\n%s", block, want)
	}
	ci, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(ci, []byte("<!-- commands -->")) {
		t.Error(".ci/run does not take the commands from README.md")
	}
}

// build makes the program once for a test.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "raftdiag")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "./cmd/raftdiag").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// excerpt leaves out of a report what a README has no room for: the places of
// the nodes, and what follows the table of the hypotheses.
func excerpt(t *testing.T, report string) string {
	before, rest, ok := strings.Cut(report, "  How far it came with each node\n")
	_, rest, ok2 := strings.Cut(rest, "\n  Hypotheses\n")
	table, _, ok3 := strings.Cut(rest, "\n\n")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("the report has not the sections that the picture shows:\n%s", report)
	}
	return before + "  ...\n\n  Hypotheses\n" + table + "\n  ...\n"
}

// raftdiagRun answers what the program prints to stdout.
func raftdiagRun(t *testing.T, bin, dir string, code int, args ...string) string {
	t.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "COLUMNS=90")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	got := 0
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		got = exited.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if got != code {
		t.Fatalf("%s %s: exit code %d, want %d\n%s", bin, strings.Join(args, " "), got, code, stderr.String())
	}
	return string(out)
}
