package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
	"github.com/sauceinsights/insights/insightstest"
)

// asProgram makes the test binary be the program.
const asProgram = "EXPORT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	_ = os.Setenv("SAUCE_USERNAME", insightstest.Username)
	_ = os.Setenv("SAUCE_ACCESS_KEY", insightstest.AccessKey)
	_ = os.Unsetenv("SAUCE_REGION")
	if os.Getenv(asProgram) != "" {
		limitFiles()
		os.Exit(run(untilInterrupt(), os.Args[1:], os.Stdout, os.Stderr, hurried...))
	}
	goleak.VerifyTestMain(m)
}

// The exit statuses of the program.
const (
	complete    = 0
	failed      = 1
	differs     = 10
	interrupted = 130
)

// run is the program, with the flags of an account that the tests need.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, opts ...insights.Option) int {
	s, acct, err := parse(args)
	if err == nil {
		err = s.Run(ctx, acct, Streams{stdout, stderr, stderr}, opts...)
	}
	if err == nil {
		return complete
	}
	_, _ = fmt.Fprintln(stderr, "export:", err)
	return statusOf(err)
}

func parse(args []string) (*Settings, account.Settings, error) {
	acct := account.Settings{Region: insights.USWest1, Credentials: insights.Credentials{Username: os.Getenv("SAUCE_USERNAME"), AccessKey: os.Getenv("SAUCE_ACCESS_KEY")}}
	flags := pflag.NewFlagSet("export", pflag.ContinueOnError)
	s := Bind(flags)
	flags.TextVar(&acct.Region, "region", acct.Region, "")
	flags.StringVar(&acct.URL, "url", "", "")
	flags.BoolVar(&acct.IsDemo, "demo", false, "")
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		return s, acct, err
	}
	return s, acct, s.Check(flags)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrInterrupted):
		return interrupted
	case errors.Is(err, ErrDiffers):
		return differs
	}
	return failed
}

// untilInterrupt is a context that the first interrupt ends, as that of the
// command.
func untilInterrupt() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

// smallWindow is the result window of the tests' service, so that an export
// has to go past it.
const smallWindow = 200

// hurried are the options of a client that need not spare its service.
var hurried = []insights.Option{
	insights.WithoutRateLimit(),
	insights.WithResultWindow(smallWindow),
	insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: time.Millisecond, MaxWait: time.Millisecond}),
}

var (
	weekStart = time.Date(2021, 5, 1, 0, 0, 0, 0, time.UTC)
	weekEnd   = weekStart.AddDate(0, 0, 7)
)

const week = "2021-05-01T00:00:00Z/2021-05-08T00:00:00Z"

var formats = []string{"ndjson", "csv", "ndjson.gz", "csv.gz"}

// serve starts a service with so many runs of the week, and returns these.
func serve(t *testing.T, n int, opts ...insightstest.Option) (*insightstest.Server, []insights.Test) {
	srv := insightstest.NewServer(append([]insightstest.Option{insightstest.WithResultWindow(smallWindow)}, opts...)...)
	t.Cleanup(srv.Close)
	runs := insightstest.Generate(uint64(n), n, weekStart, weekEnd)
	srv.Add(runs...)
	return srv, runs
}

// askFor are the arguments of an export of the week in small steps.
func askFor(srv *insightstest.Server, file string, more ...string) []string {
	return append([]string{"--url", srv.URL, "-o", file, "--period", week, "--page", "30", "--concurrency", "2"}, more...)
}

// start runs the program in this process.
func start(t *testing.T, args []string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs, hurried...)
	return status, out.String(), errs.String()
}

// stopHalfway makes an export of the week that an outage stops.
func stopHalfway(t *testing.T, srv *insightstest.Server, file string, more ...string) {
	srv.Fail(insightstest.Outage(-1).After(8))
	status, _, stderr := start(t, askFor(srv, file, more...))
	srv.Recover()
	require.Equal(t, failed, status)
	require.Contains(t, stderr, "503")
}

// in is a file in a directory of its own.
func in(t *testing.T, name string) string {
	return filepath.Join(t.TempDir(), name)
}

// assertAlone checks that an export left nothing but its file.
func assertAlone(t *testing.T, file string) {
	t.Helper()
	assert.Equal(t, []string{filepath.Base(file)}, names(t, file))
}

// names are the files in the directory of a file.
func names(t *testing.T, file string) []string {
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// read reads the runs of a file, whose format is that of the name of an
// export: the file may be a part of it.
func read(t *testing.T, file, export string) []insights.Test {
	t.Helper()
	data := contents(t, file, strings.HasSuffix(export, ".gz"))
	if strings.Contains(filepath.Base(export), ".csv") {
		return readCSV(t, data)
	}
	return readNDJSON(t, data)
}

// textOf is what a file says, gzipped or not.
func textOf(t *testing.T, file string) string {
	t.Helper()
	return string(contents(t, file, strings.HasSuffix(file, ".gz")))
}

func contents(t *testing.T, file string, isGzip bool) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	if isGzip {
		zip, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		data, err = io.ReadAll(zip)
		require.NoError(t, err)
	}
	return data
}

func readNDJSON(t *testing.T, data []byte) []insights.Test {
	t.Helper()
	var runs []insights.Test
	for line := range bytes.Lines(data) {
		var run insights.Test
		require.NoError(t, json.Unmarshal(line, &run))
		runs = append(runs, run)
	}
	return runs
}

func readCSV(t *testing.T, data []byte) []insights.Test {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	require.NotEmpty(t, rows)
	require.Equal(t, "id,name,build,owner,ancestor,status,error,creation_time,start_time,end_time,duration,os,os_normalized,browser,browser_normalized,details_url", strings.Join(rows[0], ","))
	var runs []insights.Test
	for _, row := range rows[1:] {
		runs = append(runs, insights.Test{
			ID: row[0], Name: row[1], Build: row[2], Owner: row[3], Ancestor: row[4], Status: insights.Status(row[5]), Error: row[6],
			CreationTime: csvTime(t, row[7]), StartTime: csvTime(t, row[8]), EndTime: csvTime(t, row[9]), Duration: csvSeconds(t, row[10]),
			OS: row[11], OSNormalized: row[12], Browser: row[13], BrowserNormalized: row[14], DetailsURL: row[15],
		})
	}
	return runs
}

func csvTime(t *testing.T, text string) (at time.Time) {
	t.Helper()
	if text != "" {
		var err error
		at, err = time.Parse(time.RFC3339, text)
		require.NoError(t, err)
	}
	return at
}

func csvSeconds(t *testing.T, text string) insights.Seconds {
	t.Helper()
	seconds, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return insights.Seconds(seconds)
}
