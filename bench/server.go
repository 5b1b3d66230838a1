package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/sauceinsights/insights/insightstest"
)

// serveCommand makes this program a server in a process of its own: its work
// and memory are then not counted as a client's.
const serveCommand = "serve"

// serverConfig is what such a server is told.
type serverConfig struct {
	runs    int
	latency time.Duration
	limit   int // requests a second; 0: any number
}

func (c *serverConfig) args() []string {
	return []string{serveCommand, "-runs", strconv.Itoa(c.runs), "-latency", c.latency.String(), "-limit", strconv.Itoa(c.limit)}
}

// serve is the server's part. It prints its address, and ends with its input.
func serve(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	var c serverConfig
	flags := flag.NewFlagSet(serveCommand, flag.ContinueOnError)
	flags.IntVar(&c.runs, "runs", 0, "`number` of runs")
	flags.DurationVar(&c.latency, "latency", 0, "how long to wait before each answer")
	flags.IntVar(&c.limit, "limit", 0, "`requests` a second")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// The clients that do not move the window need one that holds everything.
	srv := insightstest.NewServer(insightstest.WithLatency(c.latency), insightstest.WithServerLimit(c.limit, 0), insightstest.WithResultWindow(max(10_000, 2*c.runs)))
	defer srv.Close()
	srv.Add(insightstest.Generate(1, c.runs, periodStart, periodEnd)...)
	if err := newPlain(srv.URL).discard(ctx, 0, 1); err != nil { // the index is made with the first answer
		return err
	}
	fmt.Fprintln(stdout, srv.URL)
	_, err := io.Copy(io.Discard, stdin)
	return err
}

// startServer runs a server until stop is called.
func startServer(ctx context.Context, c serverConfig) (url string, stop func(), err error) {
	cmd, err := itself(ctx, c.args())
	if err != nil {
		return "", nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = stdin.Close()
		_ = cmd.Wait() // what a server has to say at its end, it says to stderr
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the server did not start: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// itself is this program as another process.
func itself(ctx context.Context, args []string) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stderr = os.Stderr
	return cmd, nil
}
