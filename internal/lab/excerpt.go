package lab

import (
	"bytes"
	"time"

	"github.com/raftdiag/raftdiag"
)

// Excerpts are some lines of the run in every voice and behind every prefix,
// what fuzzing starts from: of each kind and type of what is said the first two
// lines, a dozen to an excerpt.
func (r *Run) Excerpts() (list [][]byte) {
	few := r.few(2)
	var looks []Look
	for _, prefix := range []string{"bare", "tracing", "ansi", "lost", "thread", "json", "docker"} {
		n := len(looks)
		looks = append(looks, Look{Voice: "text", Prefix: prefix, Types: []string{"rs", "etcd", "number"}[n%3], Msg: n%2 > 0, Total: n%3 > 0, Under: n%2 == 0, Topics: n%2 > 0})
	}
	for i, voice := range []string{"slog", "slogtext", "plain", "spaced", "shuffled"} {
		looks = append(looks, Look{Voice: voice, Bare: i%2 > 0})
	}
	const dozen = 12
	for i := range looks {
		l := &looks[i]
		l.Grain = []time.Duration{time.Microsecond, time.Millisecond, time.Second}[i%3]
		l.Layout = []string{"files", "compose", "pods"}[i%3]
		l.File = "%s.log"
		at := i * dozen % max(1, len(few))
		out := r.In(*l)
		for _, f := range out.Look.Lay(out.Look.Print(few[at:min(at+dozen, len(few))])) {
			f.Bytes("\n")
			list = append(list, f.Data)
		}
	}
	return list
}

// Few are the words of each kind and type that are said first on any node, as
// raftdiag's own events, one to a line.
func (r *Run) Few(each int) []byte {
	var b bytes.Buffer
	for _, w := range r.few(each) {
		b.Write(w.AppendJSON(nil))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func (r *Run) few(each int) (few []Word) {
	type sort struct {
		kind raftdiag.Kind
		of   raftdiag.MessageType
		role raftdiag.Role
	}
	seen := map[sort]int{}
	for i := range r.Said {
		w := &r.Said[i]
		s := sort{w.Kind, w.Type, w.Role}
		if seen[s]++; seen[s] <= each {
			few = append(few, *w)
		}
	}
	return few
}
