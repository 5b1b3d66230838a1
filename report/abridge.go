package report

import (
	"fmt"
	"strings"
)

// keepMark stands in a cell before what tells names apart, such as a platform:
// when the cell is cut, that stays whole. Plain text does not hold it.
const keepMark = "\x1f"

// abridgedAll are the cells of a column in at most n cells of a terminal. Cells
// that differ still do so when they are cut: by a number, if by nothing else.
func abridgedAll(texts []string, n int) []string {
	list := make([]string, len(texts))
	whole := make(map[string]string) // the text of what is shown
	for i, text := range texts {
		name, kept := cutKept(text)
		list[i] = abridged(text, n)
		for k := 2; isTaken(whole, list[i], name+kept); k++ {
			list[i] = abridged(fmt.Sprintf("%s%s%s (%d)", name, keepMark, kept, k), n)
		}
		whole[list[i]] = name + kept
	}
	return list
}

func isTaken(whole map[string]string, shown, text string) bool {
	other, isShown := whole[shown]
	return isShown && other != text
}

// leastName is what is left of a name, however long what is kept is.
const leastName = 6

// abridged returns the text in at most n cells, if what is kept leaves
// leastName of them to the name. It is cut before what is kept; without that,
// before its last third, as names often differ at their end.
func abridged(text string, n int) string {
	name, kept := cutKept(text)
	if cells(name+kept) <= n {
		return name + kept
	}
	if kept == "" {
		name, kept = cutLast(name, (n-1)/3)
	}
	return fitted(name, max(n-cells(kept), leastName)) + kept
}

// cutKept returns the name and what is kept behind it, both plain.
func cutKept(text string) (name, kept string) {
	name, kept, _ = strings.Cut(text, keepMark)
	if kept == "" {
		return plain(name), ""
	}
	return name, kept
}

// cutLast splits a text before its last n cells.
func cutLast(text string, n int) (head, last string) {
	runes := []rune(text)
	at := len(runes)
	for at > 0 && cellsOf(runes[at-1]) <= n {
		at--
		n -= cellsOf(runes[at])
	}
	for at < len(runes) && cellsOf(runes[at]) == 0 { // it is drawn over the one before
		at++
	}
	return string(runes[:at]), string(runes[at:])
}
