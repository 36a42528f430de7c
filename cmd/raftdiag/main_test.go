package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"raftdiag": main})
}

// The scripts run the program as a user does.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"NO_COLOR", "COLUMNS"} {
				e.Setenv(name, "")
			}
			e.Setenv("TERM", "xterm-256color")
			// healthy/ and stuck/: three nodes each; in stuck, followers receive
			// the appends of __meta-0 and stop answering, and orders-7 is well.
			return os.CopyFS(e.WorkDir, os.DirFS("testdata/logs"))
		},
		Condition: func(cond string) (bool, error) {
			file, ok := strings.CutPrefix(cond, "exists:")
			if !ok {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			_, err := os.Stat(file)
			return err == nil, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code":      code,
			"interrupt": interrupt,
			"gzip":      gzipFile,
			"zstd":      zstdFile,
			"edit":      edit,
			"equal":     equal,
		},
	})
}

// code runs the program and wants an exit code: code 65 raftdiag analyze x.log.
// Stdin is empty, unless the first word after the code is <FILE. The outputs go
// to the files out and err.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N [<STDIN] PROGRAM [ARG...]")
	}
	want, args := args[0], args[1:]
	var in io.Reader = strings.NewReader("")
	if file, ok := strings.CutPrefix(args[0], "<"); ok {
		in, args = strings.NewReader(ts.ReadFile(file)), args[1:]
	}
	cmd := command(ts, args)
	cmd.Stdin = in
	finish(ts, cmd, cmd.Run(), want)
}

// interrupt runs the program on a stdin that never ends and, when it has read
// the file, sends it a SIGTERM: interrupt 1 <node1.log raftdiag analyze. For a
// program that reads nothing, it waits until it has written the file:
// interrupt 0 >node1.log raftdiag cluster.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || !strings.ContainsAny(args[1][:1], "<>") {
		ts.Fatalf("usage: interrupt N <STDIN PROGRAM [ARG...], or >OUTPUT in its place")
	}
	want, file := args[0], args[1][1:]
	cmd := command(ts, args[2:])
	in, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	if args[1][0] == '<' {
		// A pipe and the buffers behind it hold less than 1 MiB. When as much
		// and more of empty lines has found place behind the text, the text has
		// been read.
		_, err = io.WriteString(in, ts.ReadFile(file)+strings.Repeat("\n", 2<<20))
		ts.Check(err)
	} else {
		for range 1000 {
			if info, err := os.Stat(ts.MkAbs(file)); err == nil && info.Size() > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	err = cmd.Wait() // closes our end of the pipe only when the program is gone
	finish(ts, cmd, err, want)
}

func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := args[0]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, args[0])); err == nil {
			path = filepath.Join(dir, args[0])
			break
		}
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "NO_COLOR="+ts.Getenv("NO_COLOR"), "COLUMNS="+ts.Getenv("COLUMNS"),
		"TMPDIR="+ts.Getenv("TMPDIR"), "PATH="+ts.Getenv("PATH"))
	cmd.Stdout, cmd.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return cmd
}

func finish(ts *testscript.TestScript, cmd *exec.Cmd, err error, want string) {
	out, errOut := cmd.Stdout.(*bytes.Buffer), cmd.Stderr.(*bytes.Buffer)
	ts.Check(os.WriteFile(ts.MkAbs("out"), out.Bytes(), 0o666))
	ts.Check(os.WriteFile(ts.MkAbs("err"), errOut.Bytes(), 0o666))
	got := "0"
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		got = strconv.Itoa(exited.ExitCode())
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %s, want %s\n%s\n%s", got, want, out, errOut)
	}
}

func gzipFile(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, ts.ReadFile(args[0]))
	ts.Check(errors.Join(err, w.Close(), os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o666)))
}

func zstdFile(ts *testscript.TestScript, _ bool, args []string) {
	w, err := zstd.NewWriter(nil)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), w.EncodeAll([]byte(ts.ReadFile(args[0])), nil), 0o666))
}

// edit writes a changed copy of a file: edit FROM TO OLD NEW, with Go's escapes
// in OLD and NEW. The words cut:N keep the first N bytes instead.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if n, ok := strings.CutPrefix(args[2], "cut:"); ok {
		size, err := strconv.Atoi(n)
		ts.Check(err)
		text = text[:size]
	} else {
		unquote := func(s string) string {
			u, err := strconv.Unquote(`"` + s + `"`)
			ts.Check(err)
			return u
		}
		text = strings.ReplaceAll(text, unquote(args[2]), unquote(args[3]))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

// equal compares two files, leaving out what names the inputs: equal A B OLD NEW
// replaces OLD by NEW in the first.
func equal(ts *testscript.TestScript, neg bool, args []string) {
	a, b := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	for i := 2; i+1 < len(args); i += 2 {
		a = strings.ReplaceAll(a, args[i], args[i+1])
	}
	if (a == b) == neg {
		ts.Fatalf("%s and %s: equal is %v\n--- %s\n%s\n--- %s\n%s", args[0], args[1], a == b, args[0], a, args[1], b)
	}
}
