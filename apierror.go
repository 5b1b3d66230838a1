package insights

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/ratelimit"
	"github.com/sauceinsights/insights/internal/redact"
	"github.com/sauceinsights/insights/internal/wire"
)

const (
	keptBody      = 64 << 10 // of APIError.Body
	requestHeader = "X-Request-Id"
)

// apiError is the failure of an exchange with everything known of it.
func (x *exchange) apiError() *APIError {
	e := &APIError{
		StatusCode: x.last.status,
		Attempts:   x.attempts,
		Method:     http.MethodGet,
		Path:       x.call.path,
		RequestID:  x.requestID(),
		RetryAfter: ratelimit.RetryAfter(x.last.header, time.Now()),
		Header:     x.last.header.Clone(),
		Err:        x.cause(),
		hint:       x.hint(),
	}
	if x.last.body != nil {
		body := x.last.body.data
		e.Body = slices.Clone(body[:min(len(body), keptBody)])
		x.mask(e.Body)
	}
	if isRefusal(x.last.failure) {
		message, fields := wire.ParseErrorBody(e.Body)
		x.setMessage(e, message, fields)
	}
	return e
}

// isRefusal reports whether the body is worth understanding as a message.
func isRefusal(err error) bool {
	return err == errStatus || errors.Is(err, ErrBadResponse)
}

// setMessage masks the message and its fields once more: reading the JSON and
// making one line of it may have brought a secret to light.
func (x *exchange) setMessage(e *APIError, message string, fields []wire.FieldError) {
	e.Message = x.withoutSecrets(message)
	for _, f := range fields {
		e.Fields = append(e.Fields, FieldError{x.withoutSecrets(f.Location), x.withoutSecrets(f.Message), x.withoutSecrets(f.Type)})
	}
}

// cause joins why the last attempt failed and why there is no next one, as far
// as the status does not tell.
func (x *exchange) cause() error {
	failed := x.last.failure
	switch {
	case failed == nil || failed == errStatus:
		return x.stop
	case x.stop == nil:
		return failed
	}
	return &fault.Error{Kind: failed, Text: failed.Error() + "; " + x.stop.Error(), Cause: x.stop}
}

// hint says what to do, where that is known.
func (x *exchange) hint() string {
	host := x.config.baseURL.Host
	switch status := x.last.status; {
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("check the user name and the access key, and the region: a key is valid in one region only, and this client asked %s", host)
	case status == http.StatusForbidden:
		return "the account may not see this: check scope and owner"
	case status == http.StatusNotFound && x.call.path == errorTrendsPath:
		return "the service may no longer offer error trends: newer documentation does not list them"
	case status == http.StatusNotFound:
		return fmt.Sprintf("check that %s serves the Insights API", host)
	case status == http.StatusProxyAuthRequired:
		return proxyHint
	case status == http.StatusTooManyRequests:
		return "the documented limits are 10 requests a second and 3,500 an hour for an account: let everything share one Client, or lower WithRateLimit"
	case isRedirect(status):
		return "redirects are followed to the same scheme, host and port only, and not more than 10 times; this one leads " + x.destination()
	}
	return hintOf(x.last.failure)
}

func hintOf(err error) string {
	switch {
	case err == errHeaderTooLarge:
		return ""
	case errors.Is(err, ErrTimeout):
		return "WithAttemptTimeout sets how long an attempt may take, as does the Timeout of an HTTP client; the shorter counts"
	case errors.Is(err, ErrResponseTooLarge):
		return "ask for a shorter period or a smaller page; WithMaxResponseBytes sets the bound on bytes"
	case isRefusalByProxy(err, http.StatusProxyAuthRequired):
		return proxyHint
	}
	return ""
}

const proxyHint = "a proxy on the way asks for credentials: give its URL with them to the transport of WithHTTPClient"

// destination is where a redirect leads, without path and query.
func (x *exchange) destination() string {
	location, err := url.Parse(x.last.header.Get("Location"))
	switch {
	case err != nil || *location == url.URL{}:
		return "nowhere"
	case location.Host == "":
		return "on and on"
	}
	return "to " + x.mask.Text(redact.Line(location.Scheme+"://"+location.Host))
}

func (x *exchange) requestID() string {
	return x.mask.Text(redact.Line(x.last.header.Get(requestHeader)))
}
