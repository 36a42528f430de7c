package raftdiag_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/raftdiag/raftdiag"

// imports is the picture of the house: which packages of ours a package may
// import. Those below internal/ and cmd/ may import all.
var imports = map[string][]string{
	".":          nil,
	"parser":     {"."},
	"timeline":   {"."},
	"hypotheses": {".", "timeline"},
	"report":     {"."},
	"raftlog":    {"."},
	"cluster":    {".", "raftlog"},
	"fixtures":   {"."},
}

// foreign is what a package may import of others, by prefix. The standard
// library is open to all.
var foreign = map[string][]string{
	".":          nil,
	"parser":     {"github.com/tidwall/gjson", "github.com/klauspost/compress", "go.yaml.in/yaml/v4"},
	"timeline":   {"go.etcd.io/raft/v3/quorum"},
	"hypotheses": {"go.etcd.io/raft/v3/quorum"},
	"report":     {"github.com/charmbracelet/", "github.com/muesli/termenv"},
	"raftlog":    {"go.etcd.io/raft/v3"},
	"cluster":    {"go.etcd.io/raft/v3", "go.etcd.io/bbolt", "google.golang.org/grpc", "google.golang.org/protobuf"},
	"fixtures":   nil,
}

// Data goes one way, so the packages know one another one way. Tests may import
// what they like: they look at a package from outside.
func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && file != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		root, _, _ := strings.Cut(pkg, "/")
		if root == "cmd" || root == "internal" {
			return nil
		}
		ours, ok := imports[pkg]
		if !ok {
			if ours, ok = imports[root]; !ok {
				t.Errorf("%s: package %s is not in the picture; say in imports what it may import", file, pkg)
				return nil
			}
			ours = append(slices.Clone(ours), root)
			pkg = root
		}
		seen[pkg] = true
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			first, _, _ := strings.Cut(name, "/")
			switch local, isOurs := strings.CutPrefix(name+"/", module+"/"); {
			case isOurs:
				local = strings.TrimSuffix(local, "/")
				if local == "" {
					local = "."
				}
				if !slices.Contains(ours, local) && !strings.HasPrefix(local, pkg+"/") {
					t.Errorf("%s: %s must not import %s", file, pkg, local)
				}
			case strings.Contains(first, "."):
				if !slices.ContainsFunc(foreign[pkg], func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
					t.Errorf("%s: %s must not import %s", file, pkg, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{".", "parser", "timeline", "hypotheses", "report", "raftlog", "cluster"} {
		if !seen[must] {
			t.Errorf("package %s was not found", must)
		}
	}
}
