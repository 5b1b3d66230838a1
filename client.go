package insights

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/redact"
)

// Client asks the Insights API of one region with one set of credentials.
//
// It is immutable and safe for concurrent use; its rate limits and its retry
// budget are shared by all calls and by its clones. Printing or logging a
// Client shows where it sends requests and as whom, and never the key.
type Client struct {
	config    config
	exchange  *exchange.Client
	authorize func(*http.Request) // a closure, so that no formatting and no dump reaches the key
	mask      redact.Masker       // likewise
	username  string
}

// NewClient returns a client for a region. An empty region is allowed only
// together with [WithBaseURL]. Every mistake in the arguments is reported at
// once, in an [*OptionsError]; nothing is sent.
func NewClient(region Region, creds Credentials, opts ...Option) (*Client, error) {
	var problems problemList
	creds.check(&problems)
	return configure(region, creds, opts, problems)
}

// NewClientFromEnv is [NewClient] with the credentials of
// [CredentialsFromEnv] and the region named by SAUCE_REGION, by default
// us-west-1.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	var problems problemList
	creds := credentialsFromEnv(&problems)
	creds.checkCharacters(&problems)
	return configure(regionFromEnv(&problems), creds, opts, problems)
}

func regionFromEnv(problems *problemList) Region {
	region := cmp.Or(Region(os.Getenv(envRegion)), USWest1)
	if !slices.Contains(knownRegions, region) {
		problems.add(envRegion, unknownRegion(string(region)))
		return USWest1 // the mistake is reported once
	}
	return region
}

// configure returns a client, or the problems found before with those of the
// region and the options.
func configure(region Region, creds Credentials, opts []Option, problems problemList) (*Client, error) {
	cfg := defaultConfig(region)
	cfg.apply(opts, &problems)
	cfg.checkOrigin(&problems)
	creds = cfg.takeCredentials(creds)
	mask := redact.New(creds.Username, creds.AccessKey)
	for i, p := range problems { // a key may have got into the wrong place
		problems[i].Reason = mask.Text(p.Reason)
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	return newClient(cfg, creds.Username, basicAuth(creds), mask), nil
}

// Clone returns a client with the same credentials, unless [WithCredentials] is
// among the options, the same region and other options. It shares the connections of c, unless it is given another HTTP
// client, and the rate limits, unless they are set anew. What the service
// orders (Retry-After, X-Ratelimit-Remaining) and the retry budget are always
// shared.
func (c *Client) Clone(opts ...Option) (*Client, error) {
	if !c.isInitialized() {
		return nil, errNotInitialized()
	}
	var problems problemList
	cfg := c.config
	cfg.apply(opts, &problems)
	if err := problems.err(); err != nil {
		return nil, err
	}
	if cfg.credentials == nil {
		return newClient(cfg, c.username, c.authorize, c.mask), nil
	}
	creds := cfg.takeCredentials(Credentials{})
	return newClient(cfg, creds.Username, basicAuth(creds), redact.New(creds.Username, creds.AccessKey)), nil
}

// takeCredentials returns those that an option has set, or the given ones. The
// client keeps them in its closures alone.
func (cfg *config) takeCredentials(given Credentials) Credentials {
	if cfg.credentials != nil {
		given, cfg.credentials = cfg.credentials(), nil
	}
	return given
}

// CloseIdleConnections closes the idle connections of the client's transport,
// also where that came with [WithHTTPClient]. Calls in flight go on.
func (c *Client) CloseIdleConnections() {
	if !c.isInitialized() {
		return
	}
	c.exchange.CloseIdleConnections()
}

// isInitialized reports whether there is a client: a hook that goes on without one, or
// with the zero value, gets an error and no panic.
func (c *Client) isInitialized() bool {
	return c != nil && c.config.transport != nil
}

func errNotInitialized() error {
	return invalid("Client", "must be created with NewClient")
}

// Format writes where the client sends requests and as whom, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) {
	// A failed write has nowhere to be reported: fmt itself ignores it.
	_, _ = fmt.Fprintf(f, "insights.Client{BaseURL:%s Username:%s}", c.config.origin(), c.username)
}

// LogValue implements [slog.LogValuer].
func (c Client) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.config.origin()), slog.String("username", c.username))
}

func newClient(cfg config, username string, authorize func(*http.Request), mask redact.Masker) *Client {
	c := &Client{config: cfg, authorize: authorize, mask: mask, username: username}
	c.exchange = &exchange.Client{
		Transport: cfg.transport,
		Jar:       cfg.jar,
		Timeout:   cfg.timeout(),
		Retry:     exchange.Policy(cfg.retry),
		Budget:    cfg.budget,
		Limits:    cfg.limits,
		MaxBytes:  cfg.maxResponseBytes,
		UserAgent: exchange.UserAgent(cfg.application),
		Authorize: authorize,
		Mask:      mask,
		Logger:    cfg.logger,
		OnAttempt: onAttempt(cfg.onAttempt),

		TimeoutHint: cfg.timeoutHint(),
	}
	return c
}

// timeoutHint says what to do about an attempt that took longer than the timeout
// that counts.
func (cfg config) timeoutHint() string {
	if cfg.clientTimeout > 0 && cfg.clientTimeout < cfg.attemptTimeout {
		return "it was the Timeout of the HTTP client, which is shorter than that of WithAttemptTimeout"
	}
	return "WithAttemptTimeout sets how long an attempt may take"
}

func onAttempt(tell func(context.Context, Attempt)) func(context.Context, exchange.Attempt) {
	if tell == nil {
		return nil
	}
	return func(ctx context.Context, a exchange.Attempt) { tell(ctx, Attempt(a)) }
}
