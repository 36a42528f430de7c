package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// merge writes all nodes' logs as one stream, in the order of their times, each
// line with the prefix of docker compose. Lines without a time stay behind the
// line before them.
func merge(c *Cluster, to string) error {
	type line struct {
		at   string
		text []byte
	}
	var all []line
	width := 0
	for _, n := range c.Nodes {
		width = max(width, len(n.Name))
	}
	for _, n := range c.Nodes {
		data, err := os.ReadFile(n.Log)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was never started
		}
		if err != nil {
			return err
		}
		last := ""
		for text := range bytes.Lines(data) {
			if at := stampOf(text); at != "" {
				last = at
			}
			all = append(all, line{last, fmt.Appendf(nil, "%-*s  | %s\n", width, n.Name, bytes.TrimRight(text, "\n"))})
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return bytes.Compare([]byte(a.at), []byte(b.at)) })
	var out bytes.Buffer
	for _, l := range all {
		out.Write(l.text)
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// stampOf is the time in a line of etcd's JSON or console, as text that sorts.
func stampOf(line []byte) string {
	rest := line
	if _, after, ok := bytes.Cut(line, []byte(`"ts":"`)); ok {
		rest = after
	}
	if len(rest) < 23 || rest[4] != '-' || rest[10] != 'T' && rest[10] != ' ' {
		return ""
	}
	return string(rest[:23])
}
