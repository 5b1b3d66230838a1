// Mutate changes the library in one place at a time and asks whether its tests
// notice. It takes a seeded sample of the changes of every package, so that all
// of them are done in half an hour, and tries each with the package's own tests
// in their short form.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"time"
)

type settings struct {
	dir      string
	sample   int
	seed     uint64
	parallel int
	limit    time.Duration
	least    float64
	patterns []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, parse(), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func parse() settings {
	var s settings
	flag.StringVar(&s.dir, "dir", "..", "the `folder` of the module")
	flag.IntVar(&s.sample, "n", 100, "how many changes of each package are tried")
	flag.Uint64Var(&s.seed, "seed", 1, "which of them")
	flag.IntVar(&s.parallel, "parallel", 2, "how many are tried at a time")
	flag.DurationVar(&s.limit, "limit", 30*time.Minute, "when to stop; what was tried until then is shown")
	flag.Float64Var(&s.least, "least", 90, "the `percent` of changes that the tests of each package must notice")
	flag.Parse()
	if s.patterns = flag.Args(); len(s.patterns) == 0 {
		s.patterns = []string{".", "./insightstest", "./report/...", "./internal/..."}
	}
	return s
}

// run tries the sample, package after package in turns, so that an early end
// costs each the same. It reports whether the tests of all of them notice enough.
func run(ctx context.Context, s settings, out io.Writer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	packages, err := load(ctx, s.dir, s.patterns)
	if err != nil {
		return false, err
	}
	scratch, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	for _, p := range packages {
		if err := p.measure(ctx, s.dir, scratch); err != nil {
			return false, err
		}
		p.sample(s)
	}
	tryAll(ctx, s, packages, scratch)
	return report(out, packages, s), nil
}

// sample keeps as many of the changes as are wanted, chosen by the seed.
func (p *pkg) sample(s settings) {
	random := rand.New(rand.NewPCG(s.seed, 0))
	p.all = len(p.mutants)
	random.Shuffle(p.all, func(i, j int) { p.mutants[i], p.mutants[j] = p.mutants[j], p.mutants[i] })
	p.mutants = p.mutants[:min(s.sample, p.all)]
}

func tryAll(ctx context.Context, s settings, packages []*pkg, scratch string) {
	type job struct {
		of     *pkg
		mutant *mutant
	}
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range s.parallel {
		workers.Go(func() {
			for j := range jobs {
				j.mutant.outcome = j.of.try(ctx, s.dir, scratch, *j.mutant)
			}
		})
	}
	for i := range s.sample {
		for _, p := range packages {
			if i < len(p.mutants) && ctx.Err() == nil {
				jobs <- job{p, &p.mutants[i]}
			}
		}
	}
	close(jobs)
	workers.Wait()
}
