package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A shape is a line without what differs from run to run.
type shape struct {
	at   time.Time // zero if the line has none
	text string
}

var (
	leading = regexp.MustCompile(`^(?:\S+ +\| )?(?:\[\d+\] )?(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[.,]?\d*(?:Z|[+-]\d{4})?)[:\s]+`)
	idLike  = regexp.MustCompile(`\b[0-9a-f]{12,16}\b`)
	address = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+(:\d+)?`)
	number  = regexp.MustCompile(`\d+(\.\d+)?`)
	spaces  = regexp.MustCompile(`\s+`)
)

// shapeOf reads a line of any of the systems.
func shapeOf(line string) (s shape) {
	s.text = strings.TrimSpace(line)
	body := s.text
	if _, after, ok := strings.Cut(body, " | {"); ok {
		body = "{" + after
	}
	var fields map[string]any
	if strings.HasPrefix(body, "{") && json.Unmarshal([]byte(body), &fields) == nil {
		get := func(names ...string) string {
			for _, n := range names {
				if v, ok := fields[n].(string); ok {
					return v
				}
			}
			return ""
		}
		s.at = parseTime(get("ts", "@timestamp"))
		s.text = get("level", "@level") + ": " + get("msg", "@message")
		if e := get("error"); e != "" {
			s.text += ": " + e
		}
	} else if m := leading.FindStringSubmatch(s.text); m != nil {
		s.at = parseTime(m[1])
		s.text = s.text[len(m[0]):]
	}
	s.text = idLike.ReplaceAllString(s.text, "ID")
	s.text = address.ReplaceAllString(s.text, "ADDR")
	s.text = number.ReplaceAllString(s.text, "N")
	s.text = spaces.ReplaceAllString(s.text, " ")
	s.text = strings.ReplaceAll(s.text, "|", "/")
	if len(s.text) > 200 {
		s.text = s.text[:200] + "..."
	}
	return s
}

func parseTime(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999Z0700", "2006/01/02 15:04:05.999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// A told is one kind of line that a node printed since the fault began.
type told struct {
	text  string
	count int
	after time.Duration
}

// A recording is what index and pack read of a directory.
type recording struct {
	name  string
	truth *Truth
	logs  []string
}

func readRecordings(dir string) (list []recording, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "truth.json" {
			return err
		}
		r := recording{}
		if r.truth, err = readTruth(path); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if r.name, err = filepath.Rel(dir, filepath.Dir(path)); err != nil {
			return err
		}
		r.logs, err = filepath.Glob(filepath.Join(filepath.Dir(path), "*.log"))
		list = append(list, r)
		return err
	})
	return list, err
}

// runIndex writes, for each recording, what its logs say since the fault began
// that healthy runs of the same system do not say.
func runIndex(args []string) error {
	flags := flag.NewFlagSet("index", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("index wants one directory")
	}
	list, err := readRecordings(flags.Arg(0))
	if err != nil {
		return err
	}
	quiet := map[string]map[string]string{} // by system, shape: a healthy run that has it, after its start-up
	for _, r := range list {
		if !r.truth.Healthy {
			continue
		}
		if quiet[r.truth.System] == nil {
			quiet[r.truth.System] = map[string]string{}
		}
		for _, log := range r.logs {
			data, err := os.ReadFile(log)
			if err != nil {
				return err
			}
			for line := range bytes.Lines(data) {
				quiet[r.truth.System][shapeOf(string(line)).text] = strings.TrimPrefix(r.truth.Fault+"-"+r.truth.Variant, "healthy-")
			}
		}
	}
	var out bytes.Buffer
	fmt.Fprintln(&out, "| recording | cause | impact | failed writes | healed | what was done |\n| --- | --- | --- | --- | --- | --- |")
	for _, r := range list {
		t := r.truth
		fmt.Fprintf(&out, "| %s | %s | %s (%d ms) | %d of %d %v | %v | %s |\n", r.name, orDash(t.Cause), t.Impact, t.LongestGapMS, t.FailedWrites, t.Writes, t.FailedByNode, t.End != nil, t.Notes)
	}
	for _, r := range list {
		t := r.truth
		fmt.Fprintf(&out, "\n## %s\n\n%s. Culprits %v, leader at the start %s. %s\n", r.name, orDash(t.Cause), t.Nodes, orDash(t.Leader), t.Notes)
		for _, log := range r.logs {
			data, err := os.ReadFile(log)
			if err != nil {
				return err
			}
			seen := map[string]*told{}
			var order []*told
			inHealthy := map[string]int{}
			for line := range bytes.Lines(data) {
				s := shapeOf(string(line))
				if t.Start != nil && !s.at.IsZero() && s.at.Before(*t.Start) {
					continue
				}
				if in := quiet[t.System][s.text]; in != "" {
					inHealthy[s.text]++
					continue
				}
				if seen[s.text] == nil {
					seen[s.text] = &told{text: s.text}
					if t.Start != nil && !s.at.IsZero() {
						seen[s.text].after = s.at.Sub(*t.Start)
					}
					order = append(order, seen[s.text])
				}
				seen[s.text].count++
			}
			if len(order) == 0 && len(inHealthy) == 0 {
				fmt.Fprintf(&out, "\n%s: silent since the fault\n", filepath.Base(log))
				continue
			}
			fmt.Fprintf(&out, "\n%s: %d kinds of line that healthy runs have too, and\n\n", filepath.Base(log), len(inHealthy))
			slices.SortStableFunc(order, func(a, b *told) int { return int(a.after - b.after) })
			for k, o := range order {
				if k == 14 {
					fmt.Fprintf(&out, "* ... %d kinds more\n", len(order)-k)
					break
				}
				fmt.Fprintf(&out, "* +%.1f s, %d times: `%s`\n", o.after.Seconds(), o.count, strings.ReplaceAll(o.text, "`", "'"))
			}
		}
	}
	_, err = os.Stdout.Write(out.Bytes())
	return err
}
