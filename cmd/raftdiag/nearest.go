package main

import (
	"slices"
	"strings"
)

// nearest answers up to three of the names that a typing error could have meant,
// best first.
func nearest(word string, names []string) []string {
	type scored struct {
		name string
		far  int
	}
	word = strings.ToLower(word)
	var list []scored
	for _, n := range names {
		low := strings.ToLower(n)
		far := distance(word, low)
		switch {
		case word != "" && strings.Contains(low, word): // a part of the name, however short
			far = min(far, 1)
		case far > max(2, len(n)/3):
			continue
		}
		list = append(list, scored{n, far})
	}
	slices.SortStableFunc(list, func(a, b scored) int { return a.far - b.far })
	var out []string
	for _, s := range list[:min(3, len(list))] {
		out = append(out, s.name)
	}
	return out
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	d := make([][]int, len(x)+1)
	for i := range d {
		d[i] = make([]int, len(y)+1)
		d[i][0] = i
	}
	for j := range y {
		d[0][j+1] = j + 1
	}
	for i := range x {
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			d[i+1][j+1] = min(d[i][j+1]+1, d[i+1][j]+1, d[i][j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d[i+1][j+1] = min(d[i+1][j+1], d[i-1][j-1]+1)
			}
		}
	}
	return d[len(x)][len(y)]
}

// didYouMean is the hint for an unknown name: the nearest ones, or nothing.
func didYouMean(word string, names []string) string {
	near := nearest(word, names)
	if len(near) == 0 {
		return ""
	}
	return " (hint: did you mean " + strings.Join(near, ", ") + "?)"
}
