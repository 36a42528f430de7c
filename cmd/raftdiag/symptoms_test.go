package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// symptomCases are the cases of logs that print no messages: each is cut down
// from a recording of a real cluster.
func symptomCases(t *testing.T) (list []caseFile) {
	t.Helper()
	paths, err := filepath.Glob("testdata/cases/symptoms-*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		list = append(list, readCase(t, path))
	}
	return list
}

// creates fails if a changed case confirms what the whole does not, but for the
// consequences that the case allows, or finds a fault where there is none.
func creates(t *testing.T, c caseFile, whole diagnosis, what string, files []txtar.File) {
	t.Helper()
	d := analyze(t, caseFile{files: files}.write(t), nil, c.args...)
	was := confirmedIn(whole)
	for name := range confirmedIn(d) {
		if point := name[strings.LastIndexByte(name, ' ')+1:]; !was[name] && !slices.Contains(c.want, "cut "+point) {
			t.Errorf("%s creates %s; whole: %s; now: %s", what, name, sketch(whole), sketch(d))
		}
	}
	if slices.Contains(c.want, "verdict healthy") && d.exit == 1 {
		t.Errorf("%s makes a fault of a healthy cluster: %s", what, sketch(d))
	}
}

var anyStamp = regexp.MustCompile(`(20\d\d)([-/])(\d\d)[-/](\d\d)([T ])(\d\d:\d\d:\d\d\.)(\d+)`)

// ahead sets the stamps of a log ahead, in the form in which they stand.
func ahead(t *testing.T, data []byte, by time.Duration) []byte {
	t.Helper()
	return anyStamp.ReplaceAllFunc(data, func(s []byte) []byte {
		m := anyStamp.FindSubmatch(s)
		layout := "2006" + string(m[2]) + "01" + string(m[2]) + "02" + string(m[5]) + "15:04:05." + strings.Repeat("0", len(m[7]))
		at, err := time.Parse(layout, string(s))
		if err != nil {
			t.Fatal(err)
		}
		return []byte(at.Add(by).Format(layout))
	})
}

// Promise 2, for logs that are compared by time: a clock that is off by up to two
// seconds confirms nothing new.
func TestSymptomClocks(t *testing.T) {
	for _, c := range symptomCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			whole := analyze(t, c.write(t), nil, c.args...)
			for i, f := range c.files {
				for _, by := range []time.Duration{-1900 * time.Millisecond, -600 * time.Millisecond, 600 * time.Millisecond, 1900 * time.Millisecond} {
					files := slices.Clone(c.files)
					files[i].Data = ahead(t, f.Data, by)
					creates(t, c, whole, fmt.Sprintf("the clock of %s %s ahead", f.Name, by), files)
				}
			}
		})
	}
}

// telling are the signs without which something else is confirmed today. Boot
// lines and those of an orderly stop are printed by every program at every
// level: without them a restart looks like a pause, and a stop like a crash. In
// one case, the links alone give away who wrote a log.
var telling = map[string]bool{"started": true, "stopping": true, "symptoms-hraft-leader-killed link_up": true}

// Promise 6: without all lines of one sign, nothing new is confirmed.
func TestSymptomSilence(t *testing.T) {
	for _, c := range symptomCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := c.write(t)
			whole := analyze(t, dir, nil, c.args...)
			cmd := exec.Command(builtBinary(t), append([]string{"events", "-q"}, c.args...)...)
			cmd.Dir = dir
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			lines := map[string]map[string]map[int]bool{} // by sign and log
			for line := range bytes.Lines(out) {
				var e struct {
					Symptom struct {
						Sign string `json:"sign"`
					} `json:"symptom"`
					Source string `json:"source"`
					Line   int    `json:"line"`
				}
				if err := json.Unmarshal(line, &e); err != nil {
					t.Fatal(err)
				}
				s := e.Symptom.Sign
				if s == "" || s == "other" || telling[s] || telling[c.name+" "+s] {
					continue
				}
				if lines[s] == nil {
					lines[s] = map[string]map[int]bool{}
				}
				if lines[s][e.Source] == nil {
					lines[s][e.Source] = map[int]bool{}
				}
				lines[s][e.Source][e.Line] = true
			}
			if len(lines) == 0 {
				t.Fatal("no line is a sign")
			}
			for _, s := range slices.Sorted(maps.Keys(lines)) {
				files := slices.Clone(c.files)
				for i, f := range files {
					var kept []byte
					n := 0
					for line := range bytes.Lines(f.Data) {
						if n++; !lines[s][f.Name][n] {
							kept = append(kept, line...)
						}
					}
					files[i].Data = kept
				}
				creates(t, c, whole, "no line of the sign "+s, files)
			}
		})
	}
}
