package insights

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/ratelimit"
	"github.com/sauceinsights/insights/internal/wire"
)

// CallOption changes one call.
type CallOption func(*call) error

type call struct {
	path  string
	url   url.URL
	extra url.Values

	info   *ResponseInfo
	cursor *Cursor
}

// WithQuery sends a parameter that the SDK does not know, as often as it is
// given. The call refuses a name that the SDK itself sends, with an
// [*OptionsError].
func WithQuery(key, value string) CallOption {
	return func(c *call) error {
		if key == "" {
			return invalid("WithQuery", "has an empty key")
		}
		if c.extra == nil {
			c.extra = make(url.Values)
		}
		c.extra.Add(key, value)
		return nil
	}
}

// CaptureResponse fills info before the call returns, even if the call fails. In
// [Client.AllTests] it fills info for every page, before the first run of the
// page, on the goroutine that ranges. Do not give one info to calls that run at
// the same time.
func CaptureResponse(info *ResponseInfo) CallOption {
	return func(c *call) error {
		if info == nil {
			return invalid("CaptureResponse", "is nil")
		}
		c.info = info
		return nil
	}
}

// CaptureCursor keeps c up to date while the body of a loop of [Client.AllTests]
// runs: c is the place behind the run that the body was given. A program may be
// killed at any moment if it stores c with what it made of the run. A later loop
// delivers exactly the rest, with c in [TestsOptions.After], From 0 and the same
// ends of the period ([Period.Bounds]). CaptureCursor costs no request and no
// copy. Do not give one c to loops that run at the same
// time. Other calls refuse it with an [*OptionsError].
func CaptureCursor(c *Cursor) CallOption {
	return func(call *call) error {
		if c == nil {
			return invalid("CaptureCursor", "is nil")
		}
		call.cursor = c
		return nil
	}
}

// ResponseInfo describes the last response and the call around it. It never
// holds a credential, even if a response echoes one.
type ResponseInfo struct {
	StatusCode int           // of the last response; 0: there was none
	Header     http.Header   // of the last response; nil: there was none
	RequestID  string        // X-Request-Id; empty: there was none
	RateLimit  RateLimit     // X-Ratelimit-*
	Attempts   int           // requests sent, redirects not counted
	Elapsed    time.Duration // the whole call, with its waits
	Unreadable int           // values that could not be read, such as a time of "None"; they are zero
}

// RateLimit is what the service says of its limit.
type RateLimit struct {
	Limit     int       // X-Ratelimit-Limit; 0 if it was absent
	Remaining int       // X-Ratelimit-Remaining; 0 also if it was absent: see Limit and Reset
	Reset     time.Time // X-Ratelimit-Reset; zero if it was absent
}

// LogValue implements [slog.LogValuer].
func (i ResponseInfo) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.Int("status", i.StatusCode),
		slog.Int("attempts", i.Attempts),
		slog.Duration("elapsed", i.Elapsed),
	}
	if i.Unreadable > 0 {
		attrs = append(attrs, slog.Int("unreadable", i.Unreadable))
	}
	if i.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", i.RequestID))
	}
	if !i.RateLimit.Reset.IsZero() || i.RateLimit.Limit != 0 {
		attrs = append(attrs, slog.Group("rate_limit",
			slog.Int("limit", i.RateLimit.Limit),
			slog.Int("remaining", i.RateLimit.Remaining),
			slog.Time("reset", i.RateLimit.Reset)))
	}
	return slog.GroupValue(attrs...)
}

// capture fills the caller's ResponseInfo.
func (c *Client) capture(call *call, result exchange.Result, unreadable wire.Unreadable, elapsed time.Duration) {
	if call.info == nil {
		return
	}
	quota, _ := ratelimit.QuotaOf(result.Header, time.Now())
	*call.info = ResponseInfo{
		StatusCode: result.Status,
		Header:     result.Header.Clone(),
		RequestID:  c.requestID(result.Header),
		RateLimit:  RateLimit(quota),
		Attempts:   result.Attempts,
		Elapsed:    elapsed,
		Unreadable: unreadable.Count,
	}
}

// newCall checks everything that a caller can get wrong, and reports it all.
func (c *Client) newCall(ctx context.Context, path string, opts options, callOpts []CallOption) (*call, error) {
	if !c.isInitialized() {
		return nil, errNotInitialized()
	}
	result := &call{path: path}
	var problems problemList
	if ctx == nil {
		problems.add("Context", "is nil")
	}
	problems.addAll(opts.Validate())
	for i, opt := range callOpts {
		if opt == nil {
			problems.add(fmt.Sprintf("CallOption[%d]", i), "is nil")
			continue
		}
		problems.addAll(opt(result))
	}
	if _, isLoop := opts.(TestsOptions); result.cursor != nil && !isLoop {
		problems.add("CaptureCursor", "is for AllTests only")
	}
	request := opts.query(c.config.dialect)
	query, err := encode(request, result.extra)
	problems.addAll(err)
	result.url = c.config.endpoint(path)
	result.url.RawQuery = query
	if err == nil {
		problems.addAll(checkURL(&result.url, request, result.extra).err())
	}
	return result, problems.err()
}

func checkURL(u *url.URL, request any, extra url.Values) (problems problemList) {
	if len(u.RawQuery) < maxURL/2 {
		return nil // as almost every one
	}
	if length := len(u.String()); length > maxURL {
		field, size := longestParameter(request, extra)
		problems.add(field, fmt.Sprintf("makes the URL %d bytes long, of which it takes %d, and services refuse more than %d: "+
			"filter by a shorter text, or ask without it and filter the answer", length, size, maxURL))
	}
	return problems
}

// endpoint is the URL of a call, without its query.
func (cfg config) endpoint(path string) url.URL {
	if cfg.baseURL.Path != "" {
		return *cfg.baseURL.JoinPath(path)
	}
	endpoint := *cfg.baseURL // as that of every region
	endpoint.Path = path
	return endpoint
}

// maxURL is the length of the longest URL that every service must take. Longer ones
// are a 414, or a connection that is closed.
const maxURL = 8000
