package docs_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// failures produce the errors that troubleshooting.md explains, in its order.
var failures = []struct {
	name  string
	linux bool // the text is partly that of the operating system
	err   func(t *testing.T) error
}{
	{"no credentials", false, func(t *testing.T) error {
		t.Setenv("SAUCE_USERNAME", "mia")
		t.Setenv("SAUCE_ACCESS_KEY", "")
		_, err := insights.NewClientFromEnv()
		return err
	}},
	{"quotes in the key", false, func(*testing.T) error {
		_, err := insights.NewClient(insights.USWest1, insights.Credentials{Username: "mia", AccessKey: `"11111111-2222-3333-4444-555555555555"`})
		return err
	}},
	{"unknown region", false, func(*testing.T) error {
		_, err := insights.ParseRegion("us-west")
		return err
	}},
	{"http", false, func(*testing.T) error {
		_, err := insights.NewClient("", someone, insights.WithBaseURL("http://proxy.example.com"))
		return err
	}},
	{"no period", false, ask(nil, func(ctx context.Context, c *insights.Client) error {
		_, err := c.TestTrends(ctx, insights.TestTrendsOptions{Scope: insights.ScopeSingle})
		return err
	})},
	{"zero client", false, func(t *testing.T) error {
		_, err := new(insights.Client).Tests(t.Context(), lastDay)
		return err
	}},
	{"401", false, ask([]insightstest.Fault{insightstest.Reply(1, 401, "")}, tests)},
	{"403", false, ask([]insightstest.Fault{insightstest.Reply(1, 403, "")}, tests)},
	{"404", false, ask([]insightstest.Fault{insightstest.Reply(1, 404, "")}, func(ctx context.Context, c *insights.Client) error {
		_, err := c.ErrorTrends(ctx, insights.ErrorTrendsOptions{Period: insights.Last(24 * time.Hour)})
		return err
	})},
	{"422", false, ask([]insightstest.Fault{insightstest.Reply(1, 422, `{"detail": [{"loc": ["query", "start"], "msg": "invalid datetime format", "type": "value_error.datetime"}]}`)}, tests)},
	{"429 for an hour", false, ask([]insightstest.Fault{insightstest.Throttle(1, time.Hour)}, tests)},
	{"429 beyond the deadline", false, ask([]insightstest.Fault{insightstest.Throttle(1, 20*time.Second)}, tests)},
	{"own limit", false, ask(nil, func(ctx context.Context, c *insights.Client) error {
		slow, err := c.Clone(insights.WithHourlyLimit(1))
		if err != nil {
			return err
		}
		if err := tests(ctx, slow); err != nil {
			return err
		}
		return tests(ctx, slow)
	})},
	{"503", false, ask([]insightstest.Fault{insightstest.Outage(-1)}, tests)},
	{"nobody listens", true, func(t *testing.T) error {
		srv := insightstest.NewServer()
		srv.Close()
		return tests(t.Context(), clientOf(t, srv))
	}},
	{"unknown authority", true, func(t *testing.T) error {
		srv := httptest.NewTLSServer(http.NotFoundHandler())
		defer srv.Close()
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		client, err := insights.NewClient("", someone, insights.WithBaseURL(srv.URL))
		require.NoError(t, err)
		return tests(t.Context(), client)
	}},
	{"slow", false, ask([]insightstest.Fault{{Delay: time.Minute, Count: -1}}, func(ctx context.Context, c *insights.Client) error {
		hasty, err := c.Clone(insights.WithAttemptTimeout(250*time.Millisecond), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: time.Millisecond}))
		if err != nil {
			return err
		}
		return tests(ctx, hasty)
	})},
	{"deadline", false, ask([]insightstest.Fault{{Delay: time.Minute, Count: -1}}, func(ctx context.Context, c *insights.Client) error {
		ctx, cancel := context.WithTimeout(ctx, 250*time.Millisecond)
		defer cancel()
		return tests(ctx, c)
	})},
	{"html", false, ask([]insightstest.Fault{{Body: []byte("<html><body>Sign in to the network</body></html>"), Status: http.StatusOK, Header: http.Header{"Content-Type": {"text/html"}}}}, tests)},
	{"redirect", false, ask([]insightstest.Fault{{Status: http.StatusFound, Header: http.Header{"Location": {"https://login.example.com/"}}}}, tests)},
	{"too large", false, ask(nil, func(ctx context.Context, c *insights.Client) error {
		small, err := c.Clone(insights.WithMaxResponseBytes(1000))
		if err != nil {
			return err
		}
		return tests(ctx, small)
	})},
	{"iteration", false, ask([]insightstest.Fault{insightstest.Outage(-1).After(1)}, func(ctx context.Context, c *insights.Client) error {
		for _, err := range c.AllTests(ctx, insights.TestsOptions{Period: insights.Last(24 * time.Hour), Size: 10}) {
			if err != nil {
				return err
			}
		}
		return nil
	})},
}

var (
	someone = insights.Credentials{Username: "mia", AccessKey: "11111111-2222-3333-4444-555555555555"}
	lastDay = insights.TestsOptions{Period: insights.Last(24 * time.Hour)}
)

// ask starts a fake service with these faults and makes a call with 10 seconds.
func ask(faults []insightstest.Fault, call func(context.Context, *insights.Client) error) func(*testing.T) error {
	return func(t *testing.T) error {
		srv := insightstest.NewServer()
		defer srv.Close()
		srv.Add(insightstest.Generate(1, 30, time.Now().Add(-time.Hour), time.Now())...)
		srv.Fail(faults...)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return call(ctx, clientOf(t, srv))
	}
}

func tests(ctx context.Context, c *insights.Client) error {
	_, err := c.Tests(ctx, lastDay)
	return err
}

// clientOf is a client with short waits between attempts and no limits.
func clientOf(t *testing.T, srv *insightstest.Server) *insights.Client {
	client, err := insights.NewClient("", srv.Credentials(), insights.WithBaseURL(srv.URL), insights.WithoutRateLimit(), insights.WithRetry(insights.RetryPolicy{BaseWait: time.Millisecond}))
	require.NoError(t, err)
	return client
}

var (
	address = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	hour    = regexp.MustCompile(`59m59\.\d+s`)
)

// shown is the text of an error with the names that a reader has: not that of
// the fake service, nor the short wait of a test.
func shown(err error) string {
	text := strings.ReplaceAll(err.Error(), "longer than 250ms", "longer than 30s")
	if before, _, found := strings.Cut(text, "this client asked "); found {
		return before + "this client asked api.us-west-1.saucelabs.com\n"
	}
	text = hour.ReplaceAllString(text, "1h0m0s")
	return address.ReplaceAllString(text, "127.0.0.1:443") + "\n"
}

// Each text of troubleshooting.md is what the SDK says.
func TestTroubleshooting(t *testing.T) {
	const file = "troubleshooting.md"
	document := string(read(t, file))
	var texts []string
	for _, b := range blocksOf(t, file) {
		if b.is("text") {
			texts = append(texts, b.text)
		}
	}
	require.Len(t, texts, len(failures), "a text for each failure")
	for i, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			if f.linux && runtime.GOOS != "linux" {
				t.Skip("another system says it in other words")
			}
			err := f.err(t)
			require.Error(t, err)
			assert.Contains(t, document, "`"+insights.Kind(err)+"`")
			if *update {
				document = strings.Replace(document, "```text\n"+texts[i]+"```", "```text \n"+shown(err)+"```", 1)
				return
			}
			assert.Equal(t, texts[i], shown(err), "go test ./docs -update writes the texts of today")
		})
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(document, "```text \n", "```text\n")), 0o600))
	}
}
