// Package export writes all test runs of a period to a file: NDJSON or CSV,
// gzipped or not, by the file's ending.
//
//	insights export -o runs.ndjson.gz -period 30d
//
// It asks the real service where SAUCE_USERNAME and SAUCE_ACCESS_KEY are set,
// and otherwise a fake one in the same process.
//
// What it has goes to FILE.part and is renamed to FILE when it is all: where
// FILE is, it is complete. After an interrupt, an outage, a full disk or a
// kill, the same command goes on where it stopped, with the same period: "7d"
// are those before its first start. What it takes to go on is in FILE.state,
// saved whenever as many runs have come as are asked for at a time. FILE.lock
// keeps a second process away.
//
// A run that the service lists only after the export has passed its creation
// time is not in the file.
//
// At the end it reads the file again and compares it, hour by hour, with the
// runs that the service counts (day by day if the period is longer than a month).
// Where there is no such count, as for the runs of one build, it says that it
// could not tell.
//
// The exit status is 0 when FILE is complete and the service does not say
// otherwise, 10 when FILE is there and the service counts other runs, 130 after
// an interrupt (SIGINT or SIGTERM), and 1 after a failure.
package export

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/keyless"
)

// The exit statuses.
const (
	complete    = 0
	failed      = 1
	differs     = 10
	interrupted = 130
)

// Run runs the program and returns its exit status. The arguments are without its
// name; ctx ends with an interrupt.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, opts ...insights.Option) int {
	stderr = keyless.Writer(stderr, os.Getenv("SAUCE_ACCESS_KEY"))
	s, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return complete
	}
	if err == nil {
		err = export(ctx, s, stdout, stderr, opts)
	}
	if err == nil {
		return complete
	}
	_, _ = fmt.Fprintln(stderr, "export:", err)
	return statusOf(err)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, errInterrupted):
		return interrupted
	case errors.Is(err, errDiffers):
		return differs
	}
	return failed
}
