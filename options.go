package insights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/paging"
	"github.com/sauceinsights/insights/internal/ratelimit"
)

// Option changes how a [Client] works. Options are applied in order. If two set
// the same thing, the last counts.
type Option func(*config) error

// RetryPolicy says how often a request is tried, and how long the client waits
// between attempts. Zero fields mean the defaults.
//
// Within an attempt net/http itself may send a request again. It does so if an
// idle connection was closed under the request, or if an HTTP/2 server says that
// it did nothing.
type RetryPolicy struct {
	MaxAttempts int           // most attempts of a call, the first included; default 4; 1 means no retry
	BaseWait    time.Duration // upper bound of the random wait before the second attempt; it doubles with each attempt; default 500 ms
	MaxWait     time.Duration // longest wait; a response that asks for a longer one ends the call; default 30 s
}

// The defaults of the options.
const (
	defaultMaxAttempts      = 4
	defaultBaseWait         = 500 * time.Millisecond
	defaultMaxWait          = 30 * time.Second
	defaultAttemptTimeout   = 30 * time.Second
	defaultPerSecond        = 8 // with the burst: not more than the documented 10 arrive in any second, with 200 ms of jitter on the way
	defaultBurst            = 1
	defaultPerHour          = 3_500
	defaultResultWindow     = 10_000
	defaultConcurrency      = 4
	defaultMaxResponseBytes = 16 << 20
)

type config struct {
	region           Region
	baseURL          *url.URL
	transport        func() http.RoundTripper
	jar              http.CookieJar
	clientTimeout    time.Duration // of the caller's http.Client; 0: none
	attemptTimeout   time.Duration
	retry            RetryPolicy
	limits           ratelimit.Limits
	budget           *exchange.Budget
	resultWindow     int
	longestPeriod    time.Duration // 0: any
	pageSizes        *paging.Sizes
	concurrency      int
	maxResponseBytes int64
	application      string
	logger           *slog.Logger
	onAttempt        func(context.Context, Attempt)
	dialect          Dialect
	now              func() time.Time
	credentials      func() Credentials // new ones, out of reach for a dump; nil: there are none
}

func defaultConfig(region Region) config {
	return config{
		region:           region,
		transport:        exchange.Own(exchange.DefaultTransport(4 * defaultConcurrency)),
		attemptTimeout:   defaultAttemptTimeout,
		retry:            RetryPolicy{}.withDefaults(),
		limits:           ratelimit.New(ratelimit.NewSecond(defaultPerSecond, defaultBurst), ratelimit.NewHour(defaultPerHour)),
		budget:           exchange.NewBudget(),
		resultWindow:     defaultResultWindow,
		pageSizes:        new(paging.Sizes),
		concurrency:      defaultConcurrency,
		maxResponseBytes: defaultMaxResponseBytes,
		now:              time.Now,
	}
}

// timeout is that of an attempt, its redirects included.
func (cfg config) timeout() time.Duration {
	if cfg.clientTimeout > 0 {
		return min(cfg.attemptTimeout, cfg.clientTimeout)
	}
	return cfg.attemptTimeout
}

func (cfg *config) apply(opts []Option, problems *problemList) {
	for i, opt := range opts {
		if opt == nil {
			problems.add(fmt.Sprintf("Option[%d]", i), "is nil")
			continue
		}
		problems.addAll(opt(cfg))
	}
}

// checkOrigin settles where requests go: to WithBaseURL's address, or the region's.
func (cfg *config) checkOrigin(problems *problemList) {
	if cfg.region == "" {
		if cfg.baseURL == nil {
			problems.add("Region", "is empty; that is allowed only together with WithBaseURL")
		}
		return
	}
	if _, err := ParseRegion(string(cfg.region)); err != nil {
		problems.addAll(err)
		return
	}
	if cfg.baseURL == nil {
		cfg.baseURL = &url.URL{Scheme: "https", Host: cfg.region.host()}
	}
}

func (cfg *config) origin() string {
	if cfg.baseURL == nil {
		return ""
	}
	return cfg.baseURL.String()
}

// addAll takes over the problems of an OptionsError.
func (l *problemList) addAll(err error) {
	if err == nil {
		return
	}
	if options, ok := errors.AsType[*OptionsError](err); ok {
		*l = append(*l, options.Problems...)
		return
	}
	l.add("Option", err.Error())
}

// WithBaseURL sends requests to another address than the region's: a proxy, a
// region without a constant, a test server. The address must be https, or http
// on a loopback address, as credentials never cross a network unencrypted. It
// must not hold user information, a query or a fragment. A path in it comes
// before the path of the API.
func WithBaseURL(rawURL string) Option {
	return func(cfg *config) error {
		cfg.baseURL = new(url.URL) // given, if wrong: the region is not missed
		u, err := url.Parse(rawURL)
		if err != nil {
			return invalid("WithBaseURL", "is not a valid URL") // the parser's own words would repeat it, with what it may hold
		}
		u.Host = exchange.LowerHost(u.Host)
		cfg.baseURL = u
		return checkBaseURL(u).err()
	}
}

func checkBaseURL(u *url.URL) problemList {
	const option = "WithBaseURL"
	var problems problemList
	host := u.Hostname()
	problems.refuse(u.Scheme != "https" && u.Scheme != "http", option, fmt.Sprintf("must begin with https://, not with %q", u.Scheme))
	problems.refuse(host == "", option, "names no host")
	problems.refuse(!isPort(u.Port()), option, "names no port between 1 and 65535")
	problems.refuse(u.Scheme == "http" && host != "" && !exchange.IsLoopback(host), option,
		fmt.Sprintf("is plain http to another machine, %q, which would send the credentials unencrypted: use https", host))
	problems.refuse(u.User != nil, option, "holds user information: credentials are an argument of NewClient")
	problems.refuse(u.RawQuery != "" || u.ForceQuery, option, "holds a query")
	problems.refuse(u.Fragment != "", option, "holds a fragment")
	return problems
}

// isPort accepts the numbers of ports, and none.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

// WithHTTPClient sends requests through the transport of hc, with its proxy and
// its TLS settings. The smaller of its Timeout and [WithAttemptTimeout] counts.
// Its Jar is used; its CheckRedirect is not. The SDK never writes to hc. It looks
// up the Transport for each request, so a mock can be put into hc later.
//
// A transport must end with the context of its request, as net/http requires. A
// transport that goes on holds the call. Plain http is not sent through a proxy
// on another machine. The SDK's own transport sets HTTP2.SendPingTimeout. A
// transport without it stays with an HTTP/2 connection whose other end is gone.
func WithHTTPClient(hc *http.Client) Option {
	return func(cfg *config) error {
		if hc == nil {
			return invalid("WithHTTPClient", "is nil")
		}
		if hc.Timeout < 0 {
			return invalid("WithHTTPClient", fmt.Sprintf("has a negative Timeout, %s", hc.Timeout))
		}
		cfg.transport, cfg.jar, cfg.clientTimeout = exchange.Of(hc), hc.Jar, hc.Timeout
		return nil
	}
}

// WithRetry sets how often a request is tried, and how long the client waits
// between attempts. The retry budget of the client counts as well: see the
// package comment.
func WithRetry(p RetryPolicy) Option {
	return func(cfg *config) error {
		cfg.retry = p.withDefaults()
		return p.check().err()
	}
}

func (p RetryPolicy) check() problemList {
	const option = "WithRetry"
	var problems problemList
	problems.refuse(p.MaxAttempts < 0, option, fmt.Sprintf("has a negative MaxAttempts, %d", p.MaxAttempts))
	problems.refuse(p.BaseWait < 0, option, fmt.Sprintf("has a negative BaseWait, %s", p.BaseWait))
	problems.refuse(p.MaxWait < 0, option, fmt.Sprintf("has a negative MaxWait, %s", p.MaxWait))
	problems.refuse(p.MaxWait > 0 && p.BaseWait > p.MaxWait, option, fmt.Sprintf("has a BaseWait, %s, that is longer than its MaxWait, %s", p.BaseWait, p.MaxWait))
	return problems
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = defaultMaxAttempts
	}
	if p.MaxWait == 0 {
		p.MaxWait = max(defaultMaxWait, p.BaseWait)
	}
	if p.BaseWait == 0 {
		p.BaseWait = min(defaultBaseWait, p.MaxWait)
	}
	return p
}

// WithAttemptTimeout bounds one attempt, from sending the request to the last
// byte of the response. Default 30 s; d must be positive. The context bounds the
// whole call with its retries and waits.
func WithAttemptTimeout(d time.Duration) Option {
	return func(cfg *config) error {
		if d <= 0 {
			return invalid("WithAttemptTimeout", fmt.Sprintf("%s is not positive", d))
		}
		cfg.attemptTimeout = d
		return nil
	}
}

// WithRateLimit paces all requests of the client and its clones: burst at once,
// and perSecond in the long run. Default 8 and 1. With the default, the service
// sees at most the documented 10 requests in any second, even if up to 200 ms of
// jitter bring requests closer together on the way. Requests that wait for a
// connection to be made arrive together: with a TLS handshake of 0.4 s the first
// second sees 12.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(cfg *config) error {
		var problems problemList
		if !(perSecond > 0) || math.IsInf(perSecond, 0) {
			problems.add("WithRateLimit", fmt.Sprintf("%v a second is not a positive number", perSecond))
		}
		if burst < 1 {
			problems.add("WithRateLimit", fmt.Sprintf("a burst of %d lets no request pass", burst))
		}
		if len(problems) == 0 {
			cfg.limits = cfg.limits.With(ratelimit.NewSecond(perSecond, burst), cfg.limits.PerHour)
		}
		return problems.err()
	}
}

// WithHourlyLimit bounds the requests of the client and its clones in any hour.
// Default 3,500, the documented allowance; n must be at least 1. A call that has to
// wait for the hour is announced (Warn). A loop of [Client.AllTests] with pages of
// 100 waits after about 344,000 runs; with pages that grow, after about 3 million.
func WithHourlyLimit(n int) Option {
	return func(cfg *config) error {
		if n < 1 {
			return invalid("WithHourlyLimit", fmt.Sprintf("%d lets no request pass", n))
		}
		cfg.limits = cfg.limits.With(cfg.limits.PerSecond, ratelimit.NewHour(n))
		return nil
	}
}

// WithoutRateLimit switches off both limits of the client. The client still
// waits if the service asks for it.
func WithoutRateLimit() Option {
	return func(cfg *config) error {
		cfg.limits = cfg.limits.With(nil, nil)
		return nil
	}
}

// Limiter is a limit that several clients of one account share, perhaps in other
// processes or on other machines. Wait blocks until one more request may be sent.
// It must end with its context and be safe for concurrent use. A *rate.Limiter of
// golang.org/x/time/rate is a Limiter.
type Limiter interface {
	Wait(ctx context.Context) error
}

// WithLimiter asks l before every request, retries and redirects included. The
// client's own limits count as well: the first call in the client's line waits
// for a pause that the service asked for, then for l, then for its turn under
// [WithRateLimit] and [WithHourlyLimit]. With [WithoutRateLimit] there is no line
// and many calls ask l at once. An error of l ends the call; the error of the
// call matches [ErrRateLimited] and whatever the error of l matches. Clones share
// l. Default none; nil is an error.
func WithLimiter(l Limiter) Option {
	return func(cfg *config) error {
		if l == nil {
			return invalid("WithLimiter", "is nil")
		}
		cfg.limits.Shared = l
		return nil
	}
}

// WithCredentials replaces the credentials. It is for [Client.Clone] with a
// rotated key: the clone shares the connections, the rate limits and the retry
// budget of the original. The original keeps its own credentials.
func WithCredentials(creds Credentials) Option {
	return func(cfg *config) error {
		var problems problemList
		creds.check(&problems)
		cfg.credentials = func() Credentials { return creds }
		return problems.err()
	}
}

// WithResultWindow says how many records of one list the service reaches with
// from and size. [Client.AllTests] moves its period before that. Default 10,000;
// n must be at least 2.
func WithResultWindow(n int) Option {
	return func(cfg *config) error {
		if n < 2 {
			return invalid("WithResultWindow", fmt.Sprintf("%d is too small to page in: at least 2", n))
		}
		cfg.resultWindow = n
		return nil
	}
}

// WithLongestPeriod has [Client.AllTests] split a period that is longer than d
// into parts that share a minute. It is for a service that refuses long periods:
// 29 days once were the most. Every run must take less time than a part. Each
// part costs a few requests. d must be at least an hour; by default no period is
// split.
func WithLongestPeriod(d time.Duration) Option {
	return func(cfg *config) error {
		if d < time.Hour {
			return invalid("WithLongestPeriod", fmt.Sprintf("%s is less than an hour", d))
		}
		cfg.longestPeriod = d.Truncate(time.Second)
		return nil
	}
}

// WithConcurrency bounds the requests that one loop of [Client.AllTests] has in
// flight. Default 4; n must be at least 1. The loop holds at most twice as many
// pages. The rate limit counts as well: more than rate × latency requests in
// flight gain nothing.
func WithConcurrency(n int) Option {
	return func(cfg *config) error {
		if n < 1 {
			return invalid("WithConcurrency", fmt.Sprintf("%d is less than one request", n))
		}
		cfg.concurrency = n
		return nil
	}
}

// WithMaxResponseBytes bounds a response, after decompression. Default 16 MiB; n
// must be from 1 to 2 GiB - 1. A larger response is [ErrResponseTooLarge]. So is
// a response with more than 100,000 elements of lists or entries of maps.
func WithMaxResponseBytes(n int64) Option {
	return func(cfg *config) error {
		if n < 1 || n > math.MaxInt32 {
			return invalid("WithMaxResponseBytes", fmt.Sprintf("%d is not between 1 and %d", n, math.MaxInt32))
		}
		cfg.maxResponseBytes = n
		return nil
	}
}

// WithApplication puts the name and version of your application at the front of
// the User-Agent. The version may be empty.
func WithApplication(name, version string) Option {
	return func(cfg *config) error {
		var problems problemList
		if name == "" {
			problems.add("WithApplication", "has an empty name")
		}
		if hasControl(name) || hasControl(version) {
			problems.add("WithApplication", fmt.Sprintf("holds a control character: %q", name+"/"+version))
		}
		cfg.application = name
		if version != "" {
			cfg.application += "/" + version
		}
		return problems.err()
	}
}

// WithLogger logs every attempt at Debug. At Warn it logs every wait before a
// retry, and every wait of a second or more for a rate limit. No record holds a
// query string or a credential. Default nil: no logging.
func WithLogger(l *slog.Logger) Option {
	return func(cfg *config) error {
		cfg.logger = l
		return nil
	}
}

// WithOnAttempt calls f after every attempt, possibly from several goroutines at
// once. The call waits until f returns. Default nil: no events.
func WithOnAttempt(f func(context.Context, Attempt)) Option {
	return func(cfg *config) error {
		cfg.onAttempt = f
		return nil
	}
}

// WithDialect chooses the parameter names. Default [DialectReference]. A service
// that does not know a name may ignore it and return unfiltered results.
func WithDialect(d Dialect) Option {
	return func(cfg *config) error {
		if d != DialectReference && d != DialectRenamed {
			return invalid("WithDialect", fmt.Sprintf("unknown dialect %d", d))
		}
		cfg.dialect = d
		return nil
	}
}

// WithClock sets the clock by which [Client.AllTests] fixes a period made by
// [Last]. It is for tests: the client and a fake service with a fixed clock then
// mean the same time. Waits and timeouts still use the clock of the machine.
// Default [time.Now]; nil is an error. now must be safe for concurrent use.
func WithClock(now func() time.Time) Option {
	return func(cfg *config) error {
		if now == nil {
			return invalid("WithClock", "is nil")
		}
		cfg.now = now
		return nil
	}
}
