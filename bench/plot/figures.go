package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is a line of the first table of figures: the one of the oldest Go.
type row struct{ what, ours, beside, theirs, ratio string }

func rowsOf(readme string) (rows []row) {
	_, last, _ := strings.Cut(readme, "\n## The last figures\n")
	_, table, _ := strings.Cut(last, "|--:|\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 6 {
			break
		}
		rows = append(rows, row{cells[0], cells[1], cells[2], cells[3], cells[4]})
	}
	return rows
}

// side is one of those that were measured side by side.
type side struct {
	Name string
	Time string // as in the table
	Ours bool
	took time.Duration
}

// sidesOf are the sides of one comparison, the fastest first.
func sidesOf(rows []row, what string) (sides []side, err error) {
	for _, r := range rows {
		if r.what != what {
			continue
		}
		if len(sides) == 0 {
			sides = append(sides, side{Name: "this SDK", Time: r.ours, Ours: true})
		}
		sides = append(sides, side{Name: r.beside, Time: r.theirs})
	}
	if len(sides) == 0 {
		return nil, fmt.Errorf("no row is %q", what)
	}
	for i := range sides {
		if sides[i].took, err = time.ParseDuration(strings.ReplaceAll(sides[i].Time, " ", "")); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(sides, func(a, b side) int { return cmp.Compare(a.took, b.took) })
	return sides, nil
}
