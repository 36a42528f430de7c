package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A result is the whole of what was measured; its JSON is what -json prints.
type result struct {
	Go         string       `json:"go"`
	Platform   string       `json:"platform"`
	Processors int          `json:"processors"`
	Load       string       `json:"load,omitempty"` // of the last minute, before the first run
	Runs       int          `json:"runs"`
	Groups     int          `json:"groups"`
	Forms      []formResult `json:"forms"`
}

// A formResult is what was measured on the logs of one form.
type formResult struct {
	Form     string          `json:"form"`
	Bytes    int64           `json:"bytes"`
	Lines    int64           `json:"lines"`
	Events   int64           `json:"events"`
	Verdict  string          `json:"verdict"`
	Commands []commandResult `json:"commands"`
	Bars     []bar           `json:"bars"`
	Notes    []string        `json:"notes,omitempty"`

	bar float64 // of the speed relative to wc -l
}

// A commandResult holds the medians of a command's runs.
type commandResult struct {
	Name      string  `json:"name"`
	Speed     float64 `json:"mb_per_cpu_second"`
	Ratio     float64 `json:"ratio_to_wc"` // the median of the runs' ratios
	CPU       float64 `json:"cpu_seconds"`
	Wall      float64 `json:"wall_seconds"`
	WallSpeed float64 `json:"mb_per_second"`
	Peak      int64   `json:"peak_bytes,omitempty"`
}

// A bar is a measured value and what it should be. Met is null where it could
// not be measured.
type bar struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Bar   float64 `json:"bar"`
	Least bool    `json:"at_least"` // else at most
	Met   *bool   `json:"met"`
	Note  string  `json:"note,omitempty"`
}

// allowance is the memory that is free, whatever the number of events.
const allowance = 100 << 20

// sum takes the medians, once for a command that had several turns in a run.
func (m *formResult) sum(turns []*command, one, two *command) {
	seen := map[*command]bool{}
	for _, c := range turns {
		if seen[c] {
			continue
		}
		seen[c] = true
		r := commandResult{
			Name:  c.name,
			Speed: c.median(func(s sampleOf) float64 { return s.speed }),
			Ratio: c.median(func(s sampleOf) float64 { return s.ratio }),
			CPU:   c.median(func(s sampleOf) float64 { return s.cpu.Seconds() }),
			Wall:  c.median(func(s sampleOf) float64 { return s.wall.Seconds() }),
			Peak:  int64(c.median(func(s sampleOf) float64 { return float64(s.peak) })),
		}
		r.WallSpeed = float64(c.bytes) / 1e6 / r.Wall
		m.Commands = append(m.Commands, r)
	}

	add := func(b bar, known bool) {
		if met := b.Value <= b.Bar; known {
			if b.Least {
				met = b.Value >= b.Bar
			}
			b.Met = &met
		}
		m.Bars = append(m.Bars, b)
	}
	ratio := func(s sampleOf) float64 { return s.ratio }
	add(bar{Name: "MB per CPU-second relative to wc -l, two cores", Value: two.median(ratio), Bar: m.bar, Least: true}, true)
	add(bar{Name: "MB per CPU-second relative to wc -l, one core", Value: one.median(ratio), Bar: m.bar, Least: true}, true)
	gain := make([]float64, len(two.samples))
	for i := range gain {
		gain[i] = one.samples[i].wall.Seconds() / two.samples[i].wall.Seconds()
	}
	add(bar{Name: "wall speed of two cores relative to one", Value: median(gain), Bar: 1.4, Least: true}, true)
	peak := two.median(func(s sampleOf) float64 { return float64(s.peak) })
	memory := bar{Name: "bytes of peak memory per event, beyond 100 MiB", Value: max(0, peak-allowance) / float64(m.Events), Bar: 100}
	switch {
	case peak == 0:
		memory.Note = "this system does not tell it"
	case peak <= allowance:
		memory.Note = fmt.Sprintf("the peak, %.0f MiB, is within the allowance", peak/(1<<20))
	}
	add(memory, peak > 0)
}

// markdown writes the result as a document.
func (r *result) markdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "raftdiag analyze on generated logs of %d groups: %s, %s, %d processors", r.Groups, r.Platform, r.Go, r.Processors)
	if r.Load != "" {
		fmt.Fprintf(&b, ", load %s before the first run", r.Load)
	}
	fmt.Fprintf(&b, ".\nMedians of %d runs, the commands in turn, after a run that warms up. MB is 10^6 bytes.\n", r.Runs)
	if r.Processors < 2 {
		b.WriteString("There is one processor: the figures for two cores show the cost of two threads on it.\n")
	}
	for _, m := range r.Forms {
		fmt.Fprintf(&b, "\n## %s: %s MB, %s lines, %s events, verdict %s\n\n", m.Form, thousands(m.Bytes/1e6), thousands(m.Lines), thousands(m.Events), m.Verdict)
		b.WriteString("| command | MB per CPU-second | relative to wc -l | MB/s of wall time | CPU s | wall s | peak MiB |\n")
		b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
		for _, c := range m.Commands {
			peak := "?"
			if c.Peak > 0 {
				peak = strconv.FormatInt(c.Peak>>20, 10)
			}
			fmt.Fprintf(&b, "| %s | %.0f | %.3f | %.0f | %.2f | %.2f | %s |\n", c.Name, c.Speed, c.Ratio, c.WallSpeed, c.CPU, c.Wall, peak)
		}
		b.WriteString("\n| bar | measured | wanted | |\n| --- | ---: | ---: | --- |\n")
		for _, x := range m.Bars {
			wanted, met := "at most ", "not met"
			if x.Least {
				wanted = "at least "
			}
			value := strconv.FormatFloat(x.Value, 'f', decimals(x.Bar), 64)
			switch {
			case x.Met == nil:
				value, met = "?", "not known"
			case *x.Met:
				met = "met"
			}
			if x.Note != "" {
				met += " (" + x.Note + ")"
			}
			fmt.Fprintf(&b, "| %s | %s | %s%v | %s |\n", x.Name, value, wanted, x.Bar, met)
		}
		if len(m.Notes) > 0 {
			fmt.Fprintf(&b, "\nNote: %s.\n", strings.Join(m.Notes, "; "))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// decimals are the digits behind the point with which a value is compared to a
// bar: more than the bar has.
func decimals(bar float64) int {
	switch {
	case bar < 1:
		return 3
	case bar < 10:
		return 2
	}
	return 0
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
