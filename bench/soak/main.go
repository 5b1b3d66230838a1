// Command soak drives one client from many goroutines against a fake service
// that fails at random, and shows that nothing grows: goroutines, heap and open
// files are as many at the end as at the start. It exits with 1 if they are not.
//
//	go run ./soak -for 2m -goroutines 200
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// run warms up for a tenth of the time, measures, goes on for the rest, and
// measures again. Between the two the client and the server stay.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	length := flags.Duration("for", 2*time.Minute, "how `long`")
	goroutines := flags.Int("goroutines", 200, "`number` of them that share the client")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l := newLoad(*goroutines)
	defer l.close()
	if err := l.warmUp(ctx); err != nil {
		return err
	}
	l.run(ctx, *length/10)
	start := l.measure()
	l.run(ctx, *length-*length/10)
	end := l.measure()
	if err := l.report(out, start, end); err != nil {
		return err
	}
	return end.grownFrom(start)
}
