package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// runPack copies recordings as small directories: SYSTEM-FAULT, with packed
// logs and the truth.
func runPack(args []string) error {
	flags := flag.NewFlagSet("pack", flag.ContinueOnError)
	out := flags.String("o", "", "`directory` to write to")
	limit := flags.Int("max", 60<<10, "bytes that one may have, packed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() == 0 {
		return fmt.Errorf("pack wants -o and recordings")
	}
	for _, dir := range flags.Args() {
		list, err := readRecordings(dir)
		if err != nil {
			return err
		}
		if len(list) != 1 {
			return fmt.Errorf("%s is not one recording", dir)
		}
		if err := pack(list[0], *out, *limit); err != nil {
			return fmt.Errorf("pack %s: %w", dir, err)
		}
	}
	return nil
}

func pack(r recording, out string, limit int) error {
	t := *r.truth
	name := t.System + "-" + t.Fault
	if t.Variant != "" {
		name += "-" + t.Variant
	}
	dir := filepath.Join(out, name)
	files := map[string][]byte{}
	size := 0
	for _, log := range r.logs {
		data, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(stripPaths(data)); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		files[filepath.Base(log)+".gz"] = b.Bytes()
		size += b.Len()
	}
	if size > limit {
		return fmt.Errorf("%d bytes, more than %d", size, limit)
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return t.write(dir)
}

// stripPaths takes the places of the machine out of a log, and nothing else:
// they tell nothing of the system.
func stripPaths(data []byte) []byte {
	if cache, err := cacheDir(); err == nil {
		data = bytes.ReplaceAll(data, []byte(cache+"/"), []byte("/usr/local/bin/"))
	}
	if home, err := os.UserHomeDir(); err == nil { // as a build with -trimpath prints it
		data = bytes.ReplaceAll(data, []byte(filepath.Join(home, "go/pkg/mod")+"/"), nil)
	}
	prefix := []byte(strings.TrimSuffix(os.TempDir(), "/") + "/raftdiag-real-")
	for {
		i := bytes.Index(data, prefix)
		if i < 0 {
			return data
		}
		end := i + len(prefix)
		for end < len(data) && data[end] >= '0' && data[end] <= '9' {
			end++
		}
		data = bytes.ReplaceAll(data, data[i:end], []byte("/var/lib/raft"))
	}
}
