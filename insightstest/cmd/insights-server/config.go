package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights/insightstest"
)

// config is what the flags say.
type config struct {
	addr     string
	public   bool
	runs     int
	seed     uint64
	last     time.Duration
	data     string
	username string
	key      string
	variant  string
	latency  time.Duration
	limit    bool
	log      bool
}

func parseFlags(args []string, stderr io.Writer) (*config, error) {
	c := new(config)
	fs := flag.NewFlagSet("insights-server", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // a mistake is one line, which main prints
	fs.StringVar(&c.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	fs.BoolVar(&c.public, "public", false, "allow an address that other machines reach")
	fs.IntVar(&c.runs, "runs", 10_000, "`number` of runs to generate")
	fs.Uint64Var(&c.seed, "seed", 1, "`number` that the generated runs follow from")
	fs.DurationVar(&c.last, "last", 30*24*time.Hour, "how far back generated runs go")
	fs.StringVar(&c.data, "data", "", "`file` with one run as JSON per line, to serve instead of generated ones")
	fs.StringVar(&c.username, "user", insightstest.Username, "user `name` that is let in")
	fs.StringVar(&c.key, "key", insightstest.AccessKey, "access `key` that is let in")
	fs.StringVar(&c.variant, "variant", "default", "`name` of the service to be: "+strings.Join(variantNames(), "; "))
	fs.DurationVar(&c.latency, "latency", 0, "how long to wait before each answer")
	fs.BoolVar(&c.limit, "limit", false, "answer 429 beyond 10 requests a second or 3,500 an hour")
	fs.BoolVar(&c.log, "log", false, "write a line for each request to standard error")
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(stderr)
		fs.Usage()
	}
	if err == nil {
		err = c.check(fs.Args())
	}
	return c, err
}

// maxRuns bounds -runs, of which a million need a gigabyte.
const maxRuns = 5_000_000

func (c *config) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case c.runs < 0:
		return fmt.Errorf("-runs %d is negative", c.runs)
	case c.runs > maxRuns:
		return fmt.Errorf("-runs %d is more than %d, which need some gigabytes of memory", c.runs, maxRuns)
	case c.last < time.Second:
		return fmt.Errorf("-last %s is less than a second", c.last)
	case c.latency < 0:
		return fmt.Errorf("-latency %s is negative", c.latency)
	case c.username == "" || strings.Contains(c.username, ":"):
		return fmt.Errorf("-user %q can't be a user name", c.username)
	case c.key == "":
		return errors.New("-key is empty")
	}
	return nil
}

func variantNames() []string {
	var names []string
	for _, v := range insightstest.Variants() {
		names = append(names, v.Name)
	}
	return names
}

// options are those of the server.
func (c *config) options(stderr io.Writer) ([]insightstest.Option, error) {
	variants := insightstest.Variants()
	i := slices.IndexFunc(variants, func(v insightstest.Variant) bool { return v.Name == c.variant })
	if i < 0 {
		return nil, fmt.Errorf("-variant %q is not known: take one of %s", c.variant, strings.Join(variantNames(), "; "))
	}
	opts := append(slices.Clip(variants[i].Options), insightstest.WithCredentials(c.username, c.key), insightstest.WithLatency(c.latency))
	if c.limit {
		opts = append(opts, insightstest.WithServerLimit(10, 3_500))
	}
	if c.log {
		opts = append(opts, insightstest.WithOnRequest(logTo(stderr)))
	}
	return opts, nil
}
