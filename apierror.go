package insights

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/ratelimit"
	"github.com/sauceinsights/insights/internal/redact"
	"github.com/sauceinsights/insights/internal/wire"
)

const requestHeader = "X-Request-Id"

// apiError is the failure of a call with everything known of it.
func (c *Client) apiError(call *call, result exchange.Result, said decoded) *APIError {
	show := c.mask.For(call.url.RawQuery)
	e := &APIError{
		StatusCode: result.Status,
		Attempts:   result.Attempts,
		Method:     http.MethodGet,
		Path:       call.path,
		RequestID:  c.requestID(result.Header),
		RetryAfter: cmp.Or(ratelimit.RetryAfter(result.Header, time.Now()), fault.WaitOf(result.Err)),
		Header:     result.Header.Clone(),
		Body:       result.Body,
		Err:        result.Err,
		hint:       c.hint(call, result.Status, result),
	}
	switch refusal := said.refusalBehind(result.Err); {
	case refusal != nil:
		e.setMessage(show, refusal.Message, refusal.Fields)
		e.hint = c.hint(call, refusal.Status, result)
	case result.Refused && exchange.UnaskedEncoding(result.Header) != "":
		e.Message = show(fmt.Sprintf("the body can't be read: its content encoding is %q, which was not asked for", exchange.UnaskedEncoding(result.Header)))
	case result.Refused:
		message, fields := wire.ParseErrorBody(e.Body)
		e.setMessage(show, message, fields)
	}
	return e
}

// setMessage reads what the body says. It is masked once more: reading the JSON and
// making one line of it may have brought a secret to light.
func (e *APIError) setMessage(show func(string) string, message string, fields []wire.FieldError) {
	e.Message = show(message)
	for _, f := range fields {
		e.Fields = append(e.Fields, FieldError{show(f.Location), show(f.Message), show(f.Type)})
	}
}

// hint says what to do, if that is known.
func (c *Client) hint(call *call, status int, result exchange.Result) string {
	host := c.config.baseURL.Host
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("check the user name and the access key, and the region: a key is valid in one region only, and this client asked %s", host)
	case status == http.StatusForbidden:
		return "the account may not see this: check scope and owner"
	case status == http.StatusNotFound && call.path == errorTrendsPath:
		return "the service may no longer offer error trends: newer documentation does not list them"
	case status == http.StatusNotFound:
		return fmt.Sprintf("check that %s serves the Insights API", host)
	case status == http.StatusProxyAuthRequired:
		return exchange.HintProxy
	case status == http.StatusTooManyRequests:
		return "the documented limits are 10 requests a second and 3,500 an hour for an account: let everything share one Client, or lower WithRateLimit"
	case isRedirect(status):
		return "redirects are followed to the same scheme, host and port only, and not more than 10 times; this one leads " + c.destination(result.Header)
	}
	return fault.HintOf(result.Err)
}

// destination returns where a redirect leads, without path and query.
func (c *Client) destination(header http.Header) string {
	location, err := url.Parse(header.Get("Location"))
	switch {
	case err != nil || *location == url.URL{}:
		return "nowhere"
	case location.Host == "":
		return "on and on"
	}
	return "to " + c.mask.Text(redact.Line(location.Scheme+"://"+location.Host))
}

func (c *Client) requestID(header http.Header) string {
	return c.mask.Text(redact.Line(header.Get(requestHeader)))
}
