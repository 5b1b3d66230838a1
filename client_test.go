package insights

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/ratelimit"
)

func newTestClient(t *testing.T, opts ...Option) *Client {
	t.Helper()
	client, err := NewClient(USWest1, testCreds, opts...)
	require.NoError(t, err)
	return client
}

func TestNewClient(t *testing.T) {
	t.Run("asks the region", func(t *testing.T) {
		for _, region := range []Region{USWest1, EUCentral1} {
			client, err := NewClient(region, testCreds)
			require.NoError(t, err)
			assert.Equal(t, region.BaseURL(), client.config.origin())
		}
	})
	t.Run("sends the credentials", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, USWest1.BaseURL(), http.NoBody)
		require.NoError(t, err)
		newTestClient(t).authorize(request)

		user, key, ok := request.BasicAuth()
		assert.True(t, ok)
		assert.Equal(t, testUser, user)
		assert.True(t, key == testKey)
	})
	t.Run("has the documented defaults", func(t *testing.T) {
		cfg := newTestClient(t).config
		assert.Equal(t, RetryPolicy{MaxAttempts: 4, BaseWait: 500 * time.Millisecond, MaxWait: 30 * time.Second}, cfg.retry)
		assert.Equal(t, 30*time.Second, cfg.attemptTimeout)
		assert.Equal(t, ratelimit.NewSecond(8, 1), cfg.limits.PerSecond)
		assert.Equal(t, ratelimit.NewHour(3500), cfg.limits.PerHour)
		assert.Equal(t, 10_000, cfg.resultWindow)
		assert.Equal(t, 4, cfg.concurrency)
		assert.EqualValues(t, 16<<20, cfg.maxResponseBytes)
		assert.Equal(t, DialectReference, cfg.dialect)
		assert.Nil(t, cfg.logger)
		assert.Nil(t, cfg.onAttempt)
	})
	t.Run("reports every mistake at once", func(t *testing.T) {
		tests := map[string]struct {
			region Region
			creds  Credentials
			opts   []Option
			want   []string
		}{
			"unknown region":                {"mars", testCreds, nil, []string{"Region"}},
			"unknown region and a base URL": {"mars", testCreds, []Option{WithBaseURL("https://h.example")}, []string{"Region"}},
			"empty region, no base URL":     {"", testCreds, nil, []string{"Region"}},
			"no credentials":                {USWest1, Credentials{}, nil, []string{"Credentials.Username", "Credentials.AccessKey"}},
			"empty user name":               {USWest1, Credentials{"", testKey}, nil, []string{"Credentials.Username"}},
			"user name with a colon":        {USWest1, Credentials{"a:b", testKey}, nil, []string{"Credentials.Username"}},
			"user name with a line end":     {USWest1, Credentials{"ann\n", testKey}, nil, []string{"Credentials.Username"}},
			"user name with both":           {USWest1, Credentials{"a:b\n", testKey}, nil, []string{"Credentials.Username", "Credentials.Username"}},
			"empty key":                     {USWest1, Credentials{testUser, ""}, nil, []string{"Credentials.AccessKey"}},
			"key with a line end":           {USWest1, Credentials{testUser, testKey + "\r\n"}, nil, []string{"Credentials.AccessKey"}},
			"key with a C1 control":         {USWest1, Credentials{testUser, testKey + "\u0085"}, nil, []string{"Credentials.AccessKey"}},
			"all at once": {
				"mars",
				Credentials{"a:b", testKey + "\x00"},
				[]Option{WithBaseURL("ftp://h.example"), nil, WithConcurrency(0), WithApplication("", "\n"), WithRateLimit(0, 0)},
				[]string{
					"Credentials.Username", "Credentials.AccessKey", "WithBaseURL", "Option[1]", "WithConcurrency",
					"WithApplication", "WithApplication", "WithRateLimit", "WithRateLimit", "Region",
				},
			},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				client, err := NewClient(test.region, test.creds, test.opts...)
				requireProblems(t, err, test.want)
				assert.Nil(t, client, "a value or an error, never both")
				assertNoKey(t, err.Error())
				assertNoKey(t, fmt.Sprintf("%+v %#v", err, problemsOf(err)))
			})
		}
	})
	t.Run("refuses nothing that is valid", func(t *testing.T) {
		credentials := []Credentials{{"a", "b"}, {"ann@example.com", testKey}, {"sso-é ü", "key: with colon"}}
		for _, creds := range credentials {
			_, err := NewClient(USWest1, creds)
			assert.NoError(t, err)
		}
		options := map[string]Option{
			"a zero retry policy":     WithRetry(RetryPolicy{}),
			"no retry":                WithRetry(RetryPolicy{MaxAttempts: 1}),
			"equal waits":             WithRetry(RetryPolicy{BaseWait: time.Second, MaxWait: time.Second}),
			"a long first wait":       WithRetry(RetryPolicy{BaseWait: time.Hour}),
			"a short longest wait":    WithRetry(RetryPolicy{MaxWait: time.Millisecond}),
			"a short timeout":         WithAttemptTimeout(1),
			"a slow rate":             WithRateLimit(0.001, 1),
			"an hourly limit of one":  WithHourlyLimit(1),
			"no limit":                WithoutRateLimit(),
			"the smallest window":     WithResultWindow(2),
			"one at a time":           WithConcurrency(1),
			"one byte":                WithMaxResponseBytes(1),
			"the largest answer":      WithMaxResponseBytes(math.MaxInt32),
			"an application":          WithApplication("nightly build (é)", ""),
			"no logger":               WithLogger(nil),
			"no events":               WithOnAttempt(nil),
			"the reference's dialect": WithDialect(DialectReference),
			"the zero HTTP client":    WithHTTPClient(new(http.Client)),
		}
		for name, option := range options {
			t.Run(name, func(t *testing.T) {
				_, err := NewClient(USWest1, testCreds, option)
				assert.NoError(t, err)
			})
		}
	})
}

func TestWithBaseURL(t *testing.T) {
	t.Run("takes https, and http on this machine", func(t *testing.T) {
		tests := map[string]struct {
			rawURL string
			want   []string // a part of each reason; nil: accepted
		}{
			"another host":           {"https://proxy.example.com", nil},
			"port, path, slash":      {"https://proxy.example.com:8443/sauce/", nil},
			"an upper case scheme":   {"HTTPS://proxy.example.com", nil},
			"an IPv6 address":        {"https://[2001:db8::1]:8443", nil},
			"http on 127.0.0.1":      {"http://127.0.0.1:8080", nil},
			"http on 127.1.2.3":      {"http://127.1.2.3", nil},
			"http on ::1":            {"http://[::1]:8080", nil},
			"http on localhost":      {"http://localhost:8080", nil},
			"http on LocalHost":      {"http://LocalHost", nil},
			"empty":                  {"", []string{"https://", "no host"}},
			"relative":               {"/v1/analytics", []string{"https://", "no host"}},
			"no scheme":              {"proxy.example.com", []string{"https://", "no host"}},
			"a host for a scheme":    {"localhost:8080", []string{"https://", "no host"}},
			"no host":                {"https://", []string{"no host"}},
			"no host, but a port":    {"https://:8443", []string{"no host"}},
			"ftp":                    {"ftp://proxy.example.com", []string{"https://"}},
			"http elsewhere":         {"http://proxy.example.com", []string{"plain http"}},
			"http on any address":    {"http://0.0.0.0:8080", []string{"plain http"}},
			"http on a lookalike":    {"http://localhost.example.com", []string{"plain http"}},
			"http on 127.0.0.1.host": {"http://127.0.0.1.example.com", []string{"plain http"}},
			"a user":                 {"https://robin@proxy.example.com", []string{"user information"}},
			"a query":                {"https://proxy.example.com?a=b", []string{"query"}},
			"an empty query":         {"https://proxy.example.com?", []string{"query"}},
			"a fragment":             {"https://proxy.example.com#a", []string{"fragment"}},
			"a control character":    {"https://proxy.example.com/\n", []string{"not a valid URL"}},
			"a bad port":             {"https://proxy.example.com:port", []string{"not a valid URL"}},
			"the last port":          {"https://proxy.example.com:65535", nil},
			"an empty port":          {"https://proxy.example.com:", nil},
			"port 0":                 {"https://proxy.example.com:0", []string{"port"}},
			"a port beyond the last": {"https://proxy.example.com:65536", []string{"port"}},
			"http on localhoſt":      {"http://localhoſt", []string{"plain http"}},
			"a bad escape":           {"https://proxy.example.com/%zz", []string{"not a valid URL"}},
			"all at once":            {"http://robin:" + testKey + "@proxy.example.com?" + testKey + "#" + testKey, []string{"plain http", "user information", "query", "fragment"}},
			"a key and no URL":       {"https://robin:" + testKey + "@proxy.example.com:port", []string{"not a valid URL"}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				for _, region := range []Region{"", USWest1} {
					client, err := NewClient(region, testCreds, WithBaseURL(test.rawURL))
					if test.want == nil {
						require.NoError(t, err)
						assert.Equal(t, strings.NewReplacer("HTTPS", "https", "LocalHost", "localhost").Replace(test.rawURL), client.config.origin())
						continue
					}
					assert.Nil(t, client)
					require.Equal(t, slices.Repeat([]string{"WithBaseURL"}, len(test.want)), problemFields(t, err))
					for i, problem := range problemsOf(err) {
						assert.Contains(t, problem.Reason, test.want[i])
					}
					assertNoKey(t, err.Error())
				}
			})
		}
	})
	t.Run("puts its path before that of a call", func(t *testing.T) {
		for _, base := range []string{"https://proxy.example.com/sauce", "https://proxy.example.com/sauce/"} {
			client := newTestClient(t, WithBaseURL(base))
			call, err := client.newCall(t.Context(), testsPath, TestsOptions{Period: Last(day)}, nil)
			require.NoError(t, err)
			assert.Equal(t, "https://proxy.example.com/sauce/v1/analytics/tests?time_range=1d", call.url.String())
		}
	})
}

func problemsOf(err error) []Problem {
	if options, ok := errors.AsType[*OptionsError](err); ok {
		return options.Problems
	}
	return nil
}

func TestOption(t *testing.T) {
	t.Run("is refused where it makes no sense, also by Clone", func(t *testing.T) {
		tests := map[string]struct {
			option Option
			want   []string
		}{
			"nil":                     {nil, []string{"Option[0]"}},
			"nil HTTP client":         {WithHTTPClient(nil), []string{"WithHTTPClient"}},
			"negative client timeout": {WithHTTPClient(&http.Client{Timeout: -1}), []string{"WithHTTPClient"}},
			"negative attempts":       {WithRetry(RetryPolicy{MaxAttempts: -1}), []string{"WithRetry"}},
			"negative first wait":     {WithRetry(RetryPolicy{BaseWait: -1}), []string{"WithRetry"}},
			"negative longest wait":   {WithRetry(RetryPolicy{MaxWait: -1}), []string{"WithRetry"}},
			"waits in reverse":        {WithRetry(RetryPolicy{BaseWait: 2 * time.Second, MaxWait: time.Second}), []string{"WithRetry"}},
			"all of a retry policy":   {WithRetry(RetryPolicy{MaxAttempts: -1, BaseWait: 1, MaxWait: -1}), []string{"WithRetry", "WithRetry"}},
			"zero timeout":            {WithAttemptTimeout(0), []string{"WithAttemptTimeout"}},
			"negative timeout":        {WithAttemptTimeout(-time.Second), []string{"WithAttemptTimeout"}},
			"zero rate":               {WithRateLimit(0, 1), []string{"WithRateLimit"}},
			"negative rate":           {WithRateLimit(-1, 1), []string{"WithRateLimit"}},
			"NaN rate":                {WithRateLimit(math.NaN(), 1), []string{"WithRateLimit"}},
			"infinite rate":           {WithRateLimit(math.Inf(1), 1), []string{"WithRateLimit"}},
			"infinitely negative":     {WithRateLimit(math.Inf(-1), 1), []string{"WithRateLimit"}},
			"zero burst":              {WithRateLimit(1, 0), []string{"WithRateLimit"}},
			"negative burst":          {WithRateLimit(1, -1), []string{"WithRateLimit"}},
			"zero an hour":            {WithHourlyLimit(0), []string{"WithHourlyLimit"}},
			"a window of one":         {WithResultWindow(1), []string{"WithResultWindow"}},
			"no concurrency":          {WithConcurrency(0), []string{"WithConcurrency"}},
			"no bytes":                {WithMaxResponseBytes(0), []string{"WithMaxResponseBytes"}},
			"too many bytes":          {WithMaxResponseBytes(math.MaxInt64), []string{"WithMaxResponseBytes"}},
			"no application":          {WithApplication("", "1"), []string{"WithApplication"}},
			"a line end in its name":  {WithApplication("a\r\nX-Evil: 1", "1"), []string{"WithApplication"}},
			"a tab in its version":    {WithApplication("a", "1\t"), []string{"WithApplication"}},
			"an unknown dialect":      {WithDialect(2), []string{"WithDialect"}},
			"a dialect below zero":    {WithDialect(-1), []string{"WithDialect"}},
			"no clock":                {WithClock(nil), []string{"WithClock"}},
			"no limiter":              {WithLimiter(nil), []string{"WithLimiter"}},
			"an error of another's":   {func(*config) error { return errors.New("out of paper") }, []string{"Option"}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				_, err := NewClient(USWest1, testCreds, test.option)
				requireProblems(t, err, test.want)

				clone, err := newTestClient(t).Clone(test.option)
				requireProblems(t, err, test.want)
				assert.Nil(t, clone)
			})
		}
	})
	t.Run("takes effect", func(t *testing.T) {
		logger := slog.New(slog.DiscardHandler)
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		transport := new(http.Transport)
		client := newTestClient(t,
			WithBaseURL("https://first.example"), WithBaseURL("https://last.example"),
			WithHTTPClient(&http.Client{Transport: transport, Jar: jar, Timeout: time.Minute}),
			WithRetry(RetryPolicy{MaxAttempts: 2}), WithAttemptTimeout(time.Second), WithRateLimit(3.5, 7), WithResultWindow(500),
			WithConcurrency(9), WithMaxResponseBytes(1024), WithApplication("nightly", "2.1"), WithLogger(logger),
			WithOnAttempt(func(context.Context, Attempt) {}), WithDialect(DialectRenamed),
		)
		cfg := client.config
		assert.Equal(t, "https://last.example", cfg.origin(), "of two that set the same the last counts")
		assert.Same(t, transport, cfg.transport())
		assert.Same(t, jar, cfg.jar)
		assert.Equal(t, time.Minute, cfg.clientTimeout)
		assert.Equal(t, RetryPolicy{MaxAttempts: 2, BaseWait: defaultBaseWait, MaxWait: defaultMaxWait}, cfg.retry, "zero fields mean the defaults")
		assert.Equal(t, time.Second, cfg.attemptTimeout)
		assert.Equal(t, ratelimit.NewSecond(3.5, 7), cfg.limits.PerSecond)
		assert.Equal(t, 500, cfg.resultWindow)
		assert.Equal(t, 9, cfg.concurrency)
		assert.EqualValues(t, 1024, cfg.maxResponseBytes)
		assert.Same(t, logger, cfg.logger)
		assert.NotNil(t, cfg.onAttempt)
		assert.Equal(t, DialectRenamed, cfg.dialect)
		assert.Equal(t, exchange.UserAgent("nightly/2.1"), client.exchange.UserAgent)
		assert.Equal(t, exchange.UserAgent("nightly"), newTestClient(t, WithApplication("nightly", "")).exchange.UserAgent)
	})
	// Under the race detector: an option keeps nothing of the clients it was for.
	t.Run("may be used for many clients at once", func(t *testing.T) {
		opts := []Option{
			WithRetry(RetryPolicy{MaxAttempts: 2}), WithRateLimit(1, 1), WithHourlyLimit(9),
			WithHTTPClient(new(http.Client)), WithApplication("name", "1"), WithBaseURL("https://127.0.0.1"),
		}
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() {
				_, err := NewClient(USWest1, testCreds, opts...)
				assert.NoError(t, err)
			})
		}
		clients.Wait()
	})
}

func TestWithRetry(t *testing.T) {
	t.Run("fills zero fields with the defaults", func(t *testing.T) {
		tests := map[string]struct{ given, want RetryPolicy }{
			"a first wait beyond the default longest": {RetryPolicy{BaseWait: time.Hour}, RetryPolicy{4, time.Hour, time.Hour}},
			"a longest wait below the default first":  {RetryPolicy{MaxWait: time.Millisecond}, RetryPolicy{4, time.Millisecond, time.Millisecond}},
			"everything given":                        {RetryPolicy{9, 1, 2}, RetryPolicy{9, 1, 2}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				assert.Equal(t, test.want, newTestClient(t, WithRetry(test.given)).config.retry)
			})
		}
	})
}

func TestWithoutRateLimit(t *testing.T) {
	t.Run("switches both limits off", func(t *testing.T) {
		limits := newTestClient(t, WithRateLimit(1, 1), WithHourlyLimit(1), WithoutRateLimit()).config.limits
		assert.Nil(t, limits.PerSecond)
		assert.Nil(t, limits.PerHour)
	})
}

func TestWithHTTPClient(t *testing.T) {
	t.Run("never writes to the caller's client", func(t *testing.T) {
		given := &http.Client{Timeout: time.Hour}
		client := newTestClient(t, WithHTTPClient(given), WithAttemptTimeout(time.Second))
		assert.Equal(t, &http.Client{Timeout: time.Hour}, given)
		assert.Same(t, http.DefaultTransport, client.config.transport(), "the zero transport means that of net/http")
	})
}

type idleCounter struct {
	http.RoundTripper
	closed int
}

func (c *idleCounter) CloseIdleConnections() { c.closed++ }

func TestClientCloseIdleConnections(t *testing.T) {
	t.Run("reaches the caller's transport", func(t *testing.T) {
		transport := new(idleCounter)
		newTestClient(t, WithHTTPClient(&http.Client{Transport: transport})).CloseIdleConnections()
		assert.Equal(t, 1, transport.closed)

		bare := struct{ http.RoundTripper }{transport}
		assert.NotPanics(t, newTestClient(t, WithHTTPClient(&http.Client{Transport: bare})).CloseIdleConnections)
		assert.Equal(t, 1, transport.closed)
	})
}

func TestClientClone(t *testing.T) {
	t.Run("changes the clone alone", func(t *testing.T) {
		original := newTestClient(t, WithApplication("original", ""), WithConcurrency(2))
		clone, err := original.Clone(WithBaseURL("https://clone.example"), WithApplication("clone", "1"), WithDialect(DialectRenamed), WithAttemptTimeout(time.Second))
		require.NoError(t, err)

		assert.Equal(t, "https://clone.example", clone.config.origin())
		assert.Equal(t, exchange.UserAgent("clone/1"), clone.exchange.UserAgent)
		assert.Equal(t, DialectRenamed, clone.config.dialect)
		assert.Equal(t, time.Second, clone.config.attemptTimeout)
		assert.Equal(t, 2, clone.config.concurrency, "what is not set anew stays")

		assert.Equal(t, USWest1.BaseURL(), original.config.origin())
		assert.Equal(t, exchange.UserAgent("original"), original.exchange.UserAgent)
		assert.Equal(t, DialectReference, original.config.dialect)
		assert.Equal(t, defaultAttemptTimeout, original.config.attemptTimeout)
	})
	t.Run("has the same credentials", func(t *testing.T) {
		clone, err := newTestClient(t).Clone()
		require.NoError(t, err)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, USWest1.BaseURL(), http.NoBody)
		require.NoError(t, err)
		clone.authorize(request)

		user, key, _ := request.BasicAuth()
		assert.Equal(t, testUser, user)
		assert.True(t, key == testKey)
	})
	t.Run("shares what is not set anew", func(t *testing.T) {
		original := newTestClient(t)
		limits := original.config.limits
		clone := func(opts ...Option) config {
			c, err := original.Clone(opts...)
			require.NoError(t, err)
			return c.config
		}

		same := clone(WithConcurrency(1))
		assert.Same(t, limits.PerSecond, same.limits.PerSecond)
		assert.Same(t, limits.PerHour, same.limits.PerHour)
		assert.Same(t, original.config.transport(), same.transport())

		faster := clone(WithRateLimit(1, 1))
		assert.NotSame(t, limits.PerSecond, faster.limits.PerSecond)
		assert.Same(t, limits.PerHour, faster.limits.PerHour)

		longer := clone(WithHourlyLimit(1))
		assert.Same(t, limits.PerSecond, longer.limits.PerSecond)
		assert.NotSame(t, limits.PerHour, longer.limits.PerHour)

		for _, cfg := range []config{same, faster, longer, clone(WithoutRateLimit(), WithHTTPClient(new(http.Client)))} {
			assert.Same(t, limits.Server, cfg.limits.Server, "what the service orders")
			assert.Same(t, original.config.budget, cfg.budget, "the retry budget")
		}
		assert.Same(t, limits.PerSecond, original.config.limits.PerSecond, "the original is unchanged")
		assert.Same(t, limits.PerHour, original.config.limits.PerHour, "the original is unchanged")
	})
	t.Run("reports every mistake", func(t *testing.T) {
		_, err := newTestClient(t).Clone(WithConcurrency(0), nil, WithBaseURL("https://robin:"+testKey+"@h.example"))
		requireProblems(t, err, []string{"WithConcurrency", "Option[1]", "WithBaseURL"})
		assertNoKey(t, err.Error())
	})
}

func TestNewClientFromEnv(t *testing.T) {
	t.Run("reports everything that is missing or wrong", func(t *testing.T) {
		tests := map[string]struct {
			user, key, region string
			opts              []Option
			want              []string
		}{
			"nothing set":              {"", "", "", nil, []string{"SAUCE_USERNAME", "SAUCE_ACCESS_KEY"}},
			"an unknown region":        {testUser, testKey, "mars", nil, []string{"SAUCE_REGION"}},
			"a colon":                  {"a:b", testKey, "", nil, []string{"Credentials.Username"}},
			"one missing, one bad":     {"a:b", "", "", nil, []string{"SAUCE_ACCESS_KEY", "Credentials.Username"}},
			"a key with a line end":    {"", testKey + "\n", "", nil, []string{"SAUCE_USERNAME", "Credentials.AccessKey"}},
			"a bad option":             {testUser, testKey, "", []Option{nil}, []string{"Option[0]"}},
			"all at once":              {"", "", "mars", []Option{WithConcurrency(0)}, []string{"SAUCE_USERNAME", "SAUCE_ACCESS_KEY", "SAUCE_REGION", "WithConcurrency"}},
			"a base URL, bad as it is": {"", testKey, "", []Option{WithBaseURL("https://robin:" + testKey + "@h.example")}, []string{"SAUCE_USERNAME", "WithBaseURL"}},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				setEnv(t, test.user, test.key, test.region)
				client, err := NewClientFromEnv(test.opts...)
				requireProblems(t, err, test.want)
				assert.Nil(t, client)
				assertNoKey(t, err.Error())
			})
		}
	})
	for name, want := range map[string]Region{"": USWest1, "us-west-1": USWest1, "eu-central-1": EUCentral1} {
		t.Run(name, func(t *testing.T) {
			setEnv(t, testUser, testKey, name)
			client, err := NewClientFromEnv(WithConcurrency(3))
			require.NoError(t, err)
			assert.Equal(t, want.BaseURL(), client.config.origin())
			assert.Equal(t, testUser, client.username)
			assert.Equal(t, 3, client.config.concurrency)
		})
	}
}

func setEnv(t *testing.T, user, key, region string) {
	t.Helper()
	t.Setenv(envUsername, user)
	t.Setenv(envAccessKey, key)
	t.Setenv(envRegion, region)
}

func TestClientFormat(t *testing.T) {
	t.Run("hides the key from every verb", func(t *testing.T) {
		client := newTestClient(t, WithLogger(slog.New(slog.DiscardHandler)), WithOnAttempt(func(context.Context, Attempt) {}))
		clone, err := client.Clone(WithApplication("clone", ""))
		require.NoError(t, err)
		type service struct {
			Client *Client
			client *Client
			value  Client
		}
		values := map[string]any{
			"pointer":              client,
			"value":                *client,
			"clone":                clone,
			"fields":               service{client, client, *client},
			"slice":                []*Client{client},
			"map":                  map[string]Client{"a": *client},
			"pointer to a service": &service{client, client, *client},
		}
		for name, value := range values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%100v", "%.5s", "%T", "%p", "%w"} {
				t.Run(name+" "+verb, func(t *testing.T) {
					assertNoKey(t, fmt.Sprintf(verb, value))
				})
			}
		}
	})
	t.Run("shows where it sends and as whom", func(t *testing.T) {
		client := newTestClient(t)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			assert.Equal(t, "insights.Client{BaseURL:https://api.us-west-1.saucelabs.com Username:robin}", fmt.Sprintf(verb, client))
			assert.Equal(t, fmt.Sprint(client), fmt.Sprintf(verb, *client))
		}
		assert.Equal(t, "insights.Client{BaseURL: Username:}", fmt.Sprint(new(Client)), "not a panic")
	})
	t.Run("hides the key from logs and encoders", func(t *testing.T) {
		client := newTestClient(t)
		logged := func(handler func(io.Writer, *slog.HandlerOptions) slog.Handler) func() ([]byte, error) {
			return func() ([]byte, error) {
				var out bytes.Buffer
				slog.New(handler(&out, nil)).Info("using", "client", client, "value", *client, "list", []*Client{client})
				assert.Contains(t, out.String(), "https://api.us-west-1.saucelabs.com")
				return out.Bytes(), nil
			}
		}
		outputs := map[string]func() ([]byte, error){
			"slog text": logged(func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) }),
			"slog json": logged(func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) }),
			//lint:ignore SA9005 that it marshals to nothing is what is tested
			"encoding/json": func() ([]byte, error) { return json.Marshal(client) },
			"json/v2":       func() ([]byte, error) { return jsonv2.Marshal(client) },
			//lint:ignore SA9005 that it marshals to nothing is what is tested
			"encoding/xml": func() ([]byte, error) { return xml.Marshal(client) },
		}
		for name, output := range outputs {
			t.Run(name, func(t *testing.T) {
				text, err := output() // json/v2 refuses a struct without exported fields
				assertNoKey(t, fmt.Sprint(string(text), err))
			})
		}
	})
	t.Run("hides the key from dumps", func(t *testing.T) {
		var dump failureText
		assert.Equal(&dump, newTestClient(t), newTestClient(t, WithConcurrency(3)))
		require.Contains(t, dump.String(), "concurrency", "the dump reaches into the client")
		assertNoKey(t, dump.String())

		dump.Reset()
		assert.Empty(&dump, newTestClient(t))
		require.NotZero(t, dump.Len())
		assertNoKey(t, dump.String())

		dump.Reset()
		assert.ElementsMatch(&dump, []*Client{newTestClient(t)}, []Client{*newTestClient(t)})
		require.Contains(t, dump.String(), "resultWindow", "the dump reaches into the client")
		assertNoKey(t, dump.String())
	})
}

// failureText keeps what testify prints of a failed comparison: a dump by
// reflection, which calls no method and follows every pointer.
type failureText struct{ bytes.Buffer }

func (f *failureText) Errorf(format string, args ...any) { fmt.Fprintf(f, format, args...) }

func TestCallOption(t *testing.T) {
	t.Run("reports every mistake of a call at once", func(t *testing.T) {
		client := newTestClient(t)
		var none context.Context
		_, err := client.newCall(none, testTrendsPath, TestTrendsOptions{Interval: time.Millisecond, OS: []string{""}},
			[]CallOption{nil, WithQuery("", "x"), WithQuery("interval", "1h"), WithQuery("new", "x"), CaptureResponse(nil)})
		requireProblems(t, err, []string{
			"Context", "Period", "Interval", "OS[0]", "CallOption[0]", "WithQuery", "CaptureResponse", "WithQuery",
		})
		assert.ErrorContains(t, err, `"interval" is a parameter that the SDK sends itself`)
	})
	t.Run("takes effect", func(t *testing.T) {
		var info ResponseInfo
		call, err := newTestClient(t, WithDialect(DialectRenamed)).newCall(t.Context(), testsPath, TestsOptions{Period: Last(day), Query: "q"},
			[]CallOption{WithQuery("query", "row 12"), WithQuery("org_id", "2"), WithQuery("org_id", "1"), CaptureResponse(&info)})
		require.NoError(t, err)
		assert.Equal(t, "https://api.us-west-1.saucelabs.com/v1/analytics/tests?name=q&org_id=2&org_id=1&query=row%2012&time_range=1d", call.url.String())
		assert.Same(t, &info, call.info)
	})
}

func TestClientZeroValue(t *testing.T) {
	// A hook that goes on after a failed NewClient must not panic.
	t.Run("is an error and no panic", func(t *testing.T) {
		for _, c := range []*Client{nil, {}} {
			for _, call := range theCalls {
				_, err := call.do(t.Context(), c)
				assert.Equal(t, []string{"Client"}, problemFields(t, err))
			}
			for _, err := range c.AllTests(t.Context(), TestsOptions{Period: lastWeek}) {
				assert.ErrorIs(t, err, ErrInvalidOptions)
			}
			_, err := c.Clone()
			assert.ErrorIs(t, err, ErrInvalidOptions)
			c.CloseIdleConnections()
		}
	})
}

func TestWithClock(t *testing.T) {
	t.Run("fixes a Last period of AllTests by that clock", func(t *testing.T) {
		var asked string
		transport := inMemory(func(request *http.Request) (*http.Response, error) {
			asked = request.URL.Query().Get("start") + " " + request.URL.Query().Get("end")
			return reply(200, `{"items":[],"has_more":false}`), nil
		})
		noon := time.Date(2021, 5, 1, 12, 0, 0, 0, time.UTC)
		c := clientOver(t, transport, WithClock(func() time.Time { return noon }))
		for _, err := range c.AllTests(t.Context(), TestsOptions{Period: Last(time.Hour)}) {
			require.NoError(t, err)
		}
		assert.Equal(t, "2021-05-01T11:00:00Z 2021-05-01T12:00:00Z", asked)
	})
}

func TestWithCredentials(t *testing.T) {
	var user, key string
	transport := inMemory(func(request *http.Request) (*http.Response, error) {
		user, key, _ = request.BasicAuth()
		return reply(401, "no "+request.Header.Get("Authorization")+" "+key), nil
	})
	rotated := Credentials{Username: "another-user", AccessKey: "new-Qz7-wXv!kLm/pRt"}
	t.Run("rotates the key of a clone, and of nobody else", func(t *testing.T) {
		original := clientOver(t, transport)
		clone, err := original.Clone(WithCredentials(rotated))
		require.NoError(t, err)

		err = ask(t.Context(), clone)
		assert.Equal(t, rotated, Credentials{user, key})
		assert.ErrorIs(t, err, ErrUnauthorized)
		assert.NotContains(t, err.Error(), rotated.AccessKey[:12], "the new key is masked")
		assert.Contains(t, fmt.Sprintf("%+v", clone), "another-user")
		assert.NotContains(t, fmt.Sprintf("%#v", clone), rotated.AccessKey)

		require.Error(t, ask(t.Context(), original))
		assert.Equal(t, account, Credentials{user, key})
		again, err := clone.Clone()
		require.NoError(t, err)
		require.Error(t, ask(t.Context(), again))
		assert.Equal(t, rotated, Credentials{user, key}, "a clone of the clone keeps it")
	})
	t.Run("masks the old key too, which the service may still echo", func(t *testing.T) {
		echo := inMemory(func(*http.Request) (*http.Response, error) {
			return reply(401, "the key "+account.AccessKey+" was replaced by "+rotated.AccessKey), nil
		})
		clone, err := clientOver(t, echo).Clone(WithCredentials(rotated))
		require.NoError(t, err)
		again, err := clone.Clone()
		require.NoError(t, err)
		for _, c := range []*Client{clone, again} {
			err := ask(t.Context(), c)
			require.ErrorContains(t, err, "was replaced by ****")
			assert.NotContains(t, err.Error(), account.AccessKey)
		}
	})
	t.Run("keeps the limits, the budget and the connections", func(t *testing.T) {
		original := clientOver(t, transport)
		clone, err := original.Clone(WithCredentials(rotated))
		require.NoError(t, err)
		assert.Equal(t, original.config.limits, clone.config.limits)
		assert.Same(t, original.config.budget, clone.config.budget)
	})
	t.Run("counts for a new client too", func(t *testing.T) {
		c := clientOver(t, transport, WithCredentials(rotated))
		require.Error(t, ask(t.Context(), c))
		assert.Equal(t, rotated, Credentials{user, key})
	})
	t.Run("refuses what NewClient refuses", func(t *testing.T) {
		_, err := newTestClient(t).Clone(WithCredentials(Credentials{Username: "a:b", AccessKey: `"quoted"`}))
		assert.ErrorIs(t, err, ErrInvalidOptions)
		assert.NotContains(t, err.Error(), "quoted\"")
	})
}
