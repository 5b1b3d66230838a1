package insights

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	keptBody      = 64 << 10 // of APIError.Body
	shownText     = 300      // characters of one text in an error's line
	requestHeader = "X-Request-Id"
)

// apiError is the failure of an exchange with everything known of it.
func (x *exchange) apiError() *APIError {
	e := &APIError{
		StatusCode: x.last.status,
		Attempts:   x.attempts,
		Method:     http.MethodGet,
		Path:       x.call.path,
		RequestID:  x.last.requestID(),
		RetryAfter: retryAfter(x.last.header, time.Now()),
		Header:     x.last.header.Clone(),
		Err:        x.cause(),
		hint:       x.hint(),
	}
	if x.last.body != nil {
		body := x.last.body.data
		e.Body = slices.Clone(body[:min(len(body), keptBody)])
	}
	if x.last.status != 0 && (isRefusal(x.failure) || x.failure == nil) {
		e.Message, e.Fields = understand(e.Body)
		x.maskMessage(e)
	}
	return e
}

// isRefusal reports whether the body is worth understanding as a message.
func isRefusal(err error) bool {
	return err == errStatus || errors.Is(err, ErrBadResponse)
}

// maskMessage masks again what may have been hidden behind JSON escapes.
func (x *exchange) maskMessage(e *APIError) {
	e.Message = x.mask.text(e.Message)
	for i, f := range e.Fields {
		e.Fields[i] = FieldError{x.mask.text(f.Location), x.mask.text(f.Message), x.mask.text(f.Type)}
	}
}

// cause joins why the last attempt failed and why there is no next one, as far
// as the status does not tell.
func (x *exchange) cause() error {
	switch {
	case x.failure == nil || x.failure == errStatus:
		return x.stop
	case x.stop == nil || x.failure == x.stop:
		return x.failure
	}
	return &failure{kind: x.failure, text: x.failure.Error() + "; " + x.stop.Error(), cause: x.stop}
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
		return "a proxy on the way asks for credentials"
	case status == http.StatusTooManyRequests:
		return "the documented limits are 10 requests a second and 3,500 an hour for an account: let everything share one Client, or lower WithRateLimit"
	case status >= 300 && status <= 399:
		return "redirects are followed to the same scheme, host and port only, and this one leads " + x.destination()
	}
	return hintOf(x.failure)
}

func hintOf(err error) string {
	switch {
	case errors.Is(err, ErrTimeout):
		return "WithAttemptTimeout sets how long an attempt may take"
	case errors.Is(err, ErrResponseTooLarge):
		return "ask for less at once, or raise WithMaxResponseBytes"
	}
	return ""
}

// destination is where a redirect leads, without path and query.
func (x *exchange) destination() string {
	location, err := url.Parse(x.last.header.Get("Location"))
	switch {
	case err != nil || location.String() == "":
		return "nowhere"
	case location.Host == "":
		return "on without an end"
	}
	return "to " + x.mask.text(location.Scheme+"://"+location.Host)
}

func (a answer) requestID() string {
	return a.header.Get(requestHeader)
}

// oneLine makes text fit for an error's line: short, printable, without line
// ends.
func oneLine(s string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 8*shownText)], "\uFFFD"))
	words := strings.Join(strings.Fields(printable), " ")
	if short := []rune(words); len(short) > shownText {
		return string(short[:shownText]) + "…"
	}
	return words
}
