package main

import (
	"fmt"
	"go/token"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// reached says which blocks of which file the tests run.
type reached map[string][]block

type block struct{ fromLine, fromColumn, toLine, toColumn int }

func reachedBy(profile string) reached {
	all := make(reached)
	for line := range strings.Lines(profile) {
		name, rest, found := strings.Cut(line, ".go:")
		var b block
		var statements, count int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.fromLine, &b.fromColumn, &b.toLine, &b.toColumn, &statements, &count); found && err == nil && count > 0 {
			all[name+".go"] = append(all[name+".go"], b)
		}
	}
	return all
}

func (r reached) has(file string, at token.Position) bool {
	for _, b := range r[file] {
		after := at.Line > b.fromLine || at.Line == b.fromLine && at.Column >= b.fromColumn
		before := at.Line < b.toLine || at.Line == b.toLine && at.Column <= b.toColumn
		if after && before {
			return true
		}
	}
	return false
}

// report writes a table, and below it every change that nothing noticed. It
// returns whether enough were, in every package.
func report(out io.Writer, packages []*pkg, s settings) bool {
	ok := true
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "package\tchanges\ttried\tnoticed\tlived\tran out of time\tdo not compile\tnoticed of those that could be")
	for _, p := range packages {
		n := p.counts()
		share := n.share()
		ok = ok && share >= s.least
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f %%\n", p.ImportPath, p.all, n.tried(), n[noticed], n[lived], n[endless], n[broken], share)
	}
	_ = table.Flush()
	for _, p := range packages {
		for _, m := range p.mutants {
			if m.outcome == lived {
				_, _ = fmt.Fprintf(out, "lived: %s:%d:%d  %s -> %s\n", relative(p, m.file), m.at.Line, m.at.Column, m.from, m.to)
			}
		}
	}
	return ok
}

func relative(p *pkg, file string) string {
	return p.ImportPath + "/" + filepath.Base(file)
}

type counts map[outcome]int

func (p *pkg) counts() counts {
	n := make(counts)
	for _, m := range p.mutants {
		n[m.outcome]++
	}
	return n
}

func (n counts) tried() int { return n[noticed] + n[lived] + n[endless] + n[broken] }

// share is the percentage of the changes that compile which the tests notice; a
// loop without an end is noticed too.
func (n counts) share() float64 {
	caught := n[noticed] + n[endless]
	if caught+n[lived] == 0 {
		return 100
	}
	return 100 * float64(caught) / float64(caught+n[lived])
}
