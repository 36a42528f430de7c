package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftdiag/raftdiag/internal/loggen"
)

// BenchmarkAnalyze is the whole way from logs to report. Its profile is what
// the command is built with, see make profile.
func BenchmarkAnalyze(b *testing.B) {
	for _, form := range []loggen.Form{loggen.Events, loggen.ReadyLoop} {
		b.Run(strings.ReplaceAll(form.String(), " ", "-"), func(b *testing.B) {
			dir := b.TempDir()
			args := []string{"analyze", "--quiet", "-o", "json=" + filepath.Join(dir, "report.json")}
			var outs [loggen.Nodes + 1]*os.File
			for id := 1; id <= loggen.Nodes; id++ {
				name := filepath.Join(dir, fmt.Sprintf("node%d.log", id))
				f, err := os.Create(name)
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				outs[id] = f
				args = append(args, name)
			}
			stats, err := loggen.Write(loggen.Config{Seed: 1, Form: form, Groups: 64, Size: 64 << 20}, func(id int) io.Writer { return outs[id] })
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(stats.Bytes)
			b.ReportAllocs()
			for b.Loop() {
				if code := run(b.Context(), args, strings.NewReader(""), io.Discard, os.Stderr); code < 0 || code > 3 {
					b.Fatalf("exit code %d", code)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(stats.Lines), "ns/line")
		})
	}
}
