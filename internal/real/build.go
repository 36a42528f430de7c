package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A program is a main package of a released module.
type program struct {
	module, version string
	pkg             string // empty: the module's root
	file            string // of the binary
}

// cacheDir is where binaries are kept between runs.
func cacheDir() (string, error) {
	if dir := os.Getenv("RAFTDIAG_REAL_CACHE"); dir != "" {
		return dir, os.MkdirAll(dir, 0o755)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, "raftdiag-real")
	return dir, os.MkdirAll(dir, 0o755)
}

// build answers the path of the program's binary, and builds it unless it is
// there. Each program has a module to itself: two versions of one module do
// not fit into one.
func (p program) build(ctx context.Context) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(cache, p.file)
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	dir, err := os.MkdirTemp("", "raftdiag-build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module build\n\ngo 1.24.0\n"), 0o644); err != nil {
		return "", err
	}
	pkg := p.module
	if p.pkg != "" {
		pkg += "/" + p.pkg
	}
	if err := goCommand(ctx, dir, "get", p.module+"@"+p.version); err != nil {
		return "", err
	}
	if err := goCommand(ctx, dir, "build", "-trimpath", "-o", bin+".new", pkg); err != nil {
		return "", err
	}
	return bin, os.Rename(bin+".new", bin)
}

// goCommand runs the go command in dir, by itself: no workspace, no flags of
// the caller's.
func goCommand(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false -p=2", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, strings.Join(lines[max(0, len(lines)-5):], "; "))
	}
	return nil
}
