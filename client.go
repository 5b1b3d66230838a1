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

// Client sends requests to the Insights API of one region with one set of
// credentials. Create it with [NewClient], [NewClientFromEnv] or [Client.Clone].
//
// A Client is immutable and safe for concurrent use. All calls and clones share
// its rate limits and its retry budget. A printed or logged Client shows its
// address and user name, and never the key.
type Client struct {
	config    config
	exchange  *exchange.Client
	authorize func(*http.Request) // a closure, so that no formatting and no dump reaches the key
	ownMask   redact.Masker       // likewise: hides these credentials
	mask      redact.Masker       // hides those of the client it was cloned from too
	username  string
}

// NewClient returns a client for a region. An empty region needs [WithBaseURL].
// The error is an [*OptionsError] with every mistake in the arguments. Nothing is
// sent.
func NewClient(region Region, creds Credentials, opts ...Option) (*Client, error) {
	var problems problemList
	creds.check(&problems)
	return configure(region, creds, opts, problems)
}

// NewClientFromEnv is [NewClient] with the credentials of [CredentialsFromEnv]
// and the region that SAUCE_REGION names. The default region is us-west-1.
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
	return newClient(cfg, creds.Username, basicAuth(creds), mask, mask), nil
}

// Clone returns a client of the same region with other options. Its credentials
// are those of c, unless [WithCredentials] sets others. It shares the connections
// of c, unless it is given another HTTP client. It shares the rate limits, unless
// they are set anew. It always shares the retry budget, and the pauses that the
// service asks for (Retry-After, X-Ratelimit-Remaining).
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
		return newClient(cfg, c.username, c.authorize, c.ownMask, c.mask), nil
	}
	creds := cfg.takeCredentials(Credentials{})
	own := redact.New(creds.Username, creds.AccessKey)
	return newClient(cfg, creds.Username, basicAuth(creds), own, own.And(c.ownMask)), nil
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
// even if the transport came with [WithHTTPClient]. Calls in flight go on.
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

// Format writes the address and the user name, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) {
	// A failed write has nowhere to be reported: fmt itself ignores it.
	_, _ = fmt.Fprintf(f, "insights.Client{BaseURL:%s Username:%s}", c.config.origin(), c.username)
}

// LogValue implements [slog.LogValuer] with the address and the user name.
func (c Client) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.config.origin()), slog.String("username", c.username))
}

func newClient(cfg config, username string, authorize func(*http.Request), ownMask, mask redact.Masker) *Client {
	limits := cfg.limits
	limits.Shared = exchange.Limiter(limits.Shared, mask)
	c := &Client{config: cfg, authorize: authorize, ownMask: ownMask, mask: mask, username: username}
	c.exchange = &exchange.Client{
		Transport: cfg.transport,
		Jar:       cfg.jar,
		Timeout:   cfg.timeout(),
		Retry:     exchange.Policy(cfg.retry),
		Budget:    cfg.budget,
		Limits:    limits,
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
