// Command bench measures the SDK beside what a user would pick instead, and
// prints one Markdown table. README.md says how each figure comes about.
//
//	go run .                    everything, some minutes
//	go run . -only decode,call  two sections of it
//	go run . -quick             everything, in small: shows that it works, no more
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is the command. Its first argument can be the part of a process of its
// own that it starts itself.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == serveCommand {
		return serve(ctx, args[1:], os.Stdin, stdout)
	}
	if len(args) > 0 && args[0] == loopCommand {
		return loopAlone(ctx, args[1:], stdout)
	}
	chosen, e, err := parse(args, stderr)
	if err != nil {
		return err
	}
	t := table{command: strings.Join(append([]string{"go run ."}, args...), " ")}
	for _, s := range chosen {
		fmt.Fprintln(stderr, "measuring:", s.name)
		rows, err := s.measure(ctx, e)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		t.rows = append(t.rows, rows...)
	}
	return t.write(stdout)
}

// section is a part of the table.
type section struct {
	name    string
	measure func(context.Context, *effort) ([]row, error)
}

var sections = []section{
	{"decode", measureDecoding},
	{"call", measureCalls},
	{"loop", measureLoops},
	{"limit", measureLimits},
	{"memory", measureMemory},
	{"import", measureImport},
	{"fake", measureFake},
	{"flaky", measureFlaky},
	{"runtimes", measureRunTimes},
	{"builds", measureBuilds},
}

// effort is how much is measured.
type effort struct {
	slots  schedule // for work that takes less than a slot
	loops  int      // how often a loop over all runs is measured
	export int      // the runs of such a loop
	few    int      // runs of a small loop, and
	many   int      // of a large one, for the growth of memory
	starts int      // how often a program is started
	worlds int      // how often a simulated world is judged
}

var (
	full  = effort{schedule{rounds: 20, slot: 40 * time.Millisecond, warmup: 1}, 3, 100_000, 10_000, 1_000_000, 40, 200}
	quick = effort{schedule{rounds: 2, slot: time.Millisecond}, 1, 300, 1_000, 3_000, 2, 2}
)

func parse(args []string, stderr io.Writer) ([]section, *effort, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "`sections`, with commas between them: "+strings.Join(sectionNames(), ","))
	isQuick := flags.Bool("quick", false, "everything in small; the figures mean nothing")
	rounds := flags.Int("rounds", full.slots.rounds, "`number` of rounds of a comparison")
	if err := flags.Parse(args); err != nil {
		return nil, nil, err
	}
	e := full
	e.slots.rounds = max(1, *rounds)
	if *isQuick {
		e = quick
	}
	chosen, err := choose(*only)
	return chosen, &e, err
}

func choose(only string) ([]section, error) {
	if only == "" {
		return sections, nil
	}
	var chosen []section
	for name := range strings.SplitSeq(only, ",") {
		i := slices.Index(sectionNames(), name)
		if i < 0 {
			return nil, fmt.Errorf("-only: %q is none of %s", name, strings.Join(sectionNames(), ", "))
		}
		chosen = append(chosen, sections[i])
	}
	return chosen, nil
}

func sectionNames() []string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return names
}
