package parser

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/raftdiag/raftdiag"
)

// nodeWords are what people call a node in names of files and processes.
var nodeWords = []string{"node", "raft", "server", "peer", "replica", "pod", "member", "broker", "instance", "host", "etcd", "voter", "id", "n", "r", "s"}

// numberIn is the number that a name ends with: 2 of node2, n2, raft-2 and 2.
func numberIn(name string) raftdiag.NodeID {
	i := len(name)
	for i > 0 && digit(name[i-1]) {
		i--
	}
	if i == len(name) || len(name)-i > 19 {
		return 0
	}
	n, err := strconv.ParseUint(name[i:], 10, 64)
	if err != nil {
		return 0
	}
	return raftdiag.NodeID(n)
}

// A nameNumber is the number that a name calls its node by. Stem is the name
// without it. Numbers of a stem that begin with 0 are ordinals, no ids.
type nameNumber struct {
	n    uint64
	stem string
	ok   bool
}

// numberOf finds a node's number in a name: after a word for a node, or, if
// loose, at the end of the name. Dates are no numbers.
func numberOf(name string, loose bool) nameNumber {
	if from, to := dateIn("." + name); from > 0 {
		name = name[:from-1] + name[to-1:]
	}
	name = strings.TrimRight(name, ".-_")
	lower := strings.ToLower(name)
	found := nameNumber{}
	for i := 0; i < len(lower); {
		if !digit(lower[i]) {
			i++
			continue
		}
		j := i
		for j < len(lower) && digit(lower[j]) {
			j++
		}
		before := strings.TrimRight(lower[:i], "-_.")
		w := len(before)
		for w > 0 && before[w-1] >= 'a' && before[w-1] <= 'z' {
			w--
		}
		word := before[w:]
		known := false
		for _, k := range nodeWords {
			if word == k || len(k) > 2 && strings.HasSuffix(word, k) {
				known = true
			}
		}
		end := j == len(lower) || !(lower[j] >= 'a' && lower[j] <= 'z')
		if end && j-i <= 19 && (known || loose && j == len(lower) && (i == 0 || word != "v" && word != "run" && word != "test")) {
			if n, err := strconv.ParseUint(lower[i:j], 10, 64); err == nil {
				found = nameNumber{n, lower[:i] + "#" + lower[j:], true}
				if known {
					return found
				}
			}
		}
		i = j
	}
	return found
}

// fileNumber finds a node's number in a path: in the file's name, else in a
// directory that is named for a node.
func fileNumber(path string) nameNumber {
	path = filepath.ToSlash(path)
	dir, base := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, base = path[:i], path[i+1:]
	}
	stem := rotationOf(base).stem
	for _, end := range []string{".log", ".txt", ".out", ".err", ".jsonl", ".ndjson", ".json", ".stdout", ".stderr"} {
		stem = strings.TrimSuffix(stem, end)
	}
	if n := numberOf(stem, true); n.ok {
		n.stem = dir + "/" + n.stem
		return n
	}
	for range 3 {
		if dir == "" {
			break
		}
		name := dir
		if i := strings.LastIndexByte(dir, '/'); i >= 0 {
			dir, name = dir[:i], dir[i+1:]
		} else {
			dir = ""
		}
		if n := numberOf(name, false); n.ok {
			n.stem = dir + "/" + n.stem
			return n
		}
	}
	return nameNumber{}
}

// writerNumber finds a node's number in what a prefix calls the writer.
func writerNumber(writer string) nameNumber {
	if writer == "" {
		return nameNumber{}
	}
	if i := strings.IndexByte(writer, '/'); i >= 0 && strings.HasPrefix(writer, "pod/") {
		parts := strings.Split(writer, "/")
		if n := numberOf(parts[1], true); n.ok {
			return n
		}
	}
	if fileEnd([]byte(writer)) == len(writer) {
		return fileNumber(writer)
	}
	return numberOf(writer, true)
}
