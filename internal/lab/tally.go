package lab

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Tally is the sum of many marks.
type Tally struct {
	Marks []*Mark `json:"marks,omitempty"`
	Runs  int     `json:"runs"` // plans that were run
	Moot  int     `json:"moot"` // faults without impact, graded as healthy
	// Moots counts them by case.
	Moots map[string]int `json:"moots"`
}

// Add takes marks of one run.
func (t *Tally) Add(r *Run, marks []*Mark) {
	if t.Moots == nil {
		t.Moots = map[string]int{}
	}
	t.Runs++
	if !harmless(r.Case) && r.Impact == NoImpact {
		t.Moot++
		t.Moots[r.Case.Name]++
	}
	t.Marks = append(t.Marks, marks...)
}

// Sort puts the marks in order, whatever order they came in.
func (t *Tally) Sort() {
	slices.SortFunc(t.Marks, func(a, b *Mark) int {
		return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Damage, b.Damage))
	})
}

// Score is how some marks went.
type Score struct {
	N      int
	Grades [grades]int
	Rank1  int // the right failure point first
	Rank3  int // among the first three suspects
	Cause1 int
	Cause3 int
}

func (s *Score) add(m *Mark) {
	s.N++
	s.Grades[m.Grade]++
	count := func(to *int, is bool) {
		if is {
			*to++
		}
	}
	count(&s.Rank1, m.Rank == 1)
	count(&s.Rank3, m.Rank > 0)
	count(&s.Cause1, m.Cause == 1)
	count(&s.Cause3, m.Cause > 0)
}

func share(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// String is the tally as a table by case.
func (t *Tally) String() string {
	t.Sort()
	rows := map[string]*Score{}
	var order []string
	for _, m := range t.Marks {
		key := m.Damage + "\t" + m.Case
		if rows[key] == nil {
			rows[key] = &Score{}
			order = append(order, key)
		}
		rows[key].add(m)
	}
	slices.Sort(order)
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s %-24s %5s %6s %6s %7s %6s %6s %7s %7s\n", "damage", "case", "runs", "right", "near", "unknown", "missed", "wrong", "point", "cause3")
	for _, key := range order {
		s := rows[key]
		damage, name, _ := strings.Cut(key, "\t")
		fmt.Fprintf(&b, "%-16s %-24s %5d %6d %6d %7d %6d %6d %7s %7s\n", damage, name, s.N, s.Grades[Right], s.Grades[Near], s.Grades[Unknown], s.Grades[Missed], s.Grades[Wrong], share(s.Rank1, s.N), share(s.Cause3, s.N))
	}
	return b.String()
}
