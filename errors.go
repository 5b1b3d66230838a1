package insights

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sauceinsights/insights/internal/exchange"
	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/redact"
)

// The kinds of failure, for [errors.Is]. [errors.As] with an [*APIError], an
// [*OptionsError] or an [*IterationError] gives the details.
var (
	ErrInvalidOptions   = fault.InvalidOptions   // refused before anything was sent: always an *OptionsError
	ErrInvalidRequest   = fault.InvalidRequest   // 400, 422, and every 4xx without a kind of its own
	ErrUnauthorized     = fault.Unauthorized     // 401
	ErrForbidden        = fault.Forbidden        // 403
	ErrNotFound         = fault.NotFound         // 404
	ErrRateLimited      = fault.RateLimited      // 429, or a wait for the client's own limit that does not fit the deadline
	ErrServer           = fault.Server           // 5xx
	ErrTransport        = fault.Transport        // the connection failed or broke off
	ErrTimeout          = fault.Timeout          // 408, and the timeout of an attempt or of the HTTP client, which matches ErrTransport too
	ErrBadResponse      = fault.BadResponse      // a 2xx response of another type or shape, and 206, 300, 304 and unknown statuses
	ErrResponseTooLarge = fault.ResponseTooLarge // beyond WithMaxResponseBytes, 100,000 elements of lists or maps, or 1 MiB of headers
	ErrRedirect         = fault.Redirect         // 3xx to another scheme, host or port, or more than 10 in a row
	ErrResultWindow     = fault.ResultWindow     // AllTests can't go on; see IterationError
)

// kindNames are the labels of [Kind]. An error can match several kinds: the first
// names it. So what the service said comes before how the wait for more ended.
var kindNames = []struct {
	kind error
	name string
}{
	{ErrInvalidOptions, "invalid_options"},
	{ErrResultWindow, "result_window"},
	{ErrRateLimited, "rate_limited"},
	{ErrUnauthorized, "unauthorized"},
	{ErrForbidden, "forbidden"},
	{ErrNotFound, "not_found"},
	{ErrInvalidRequest, "invalid_request"},
	{ErrServer, "server"},
	{ErrRedirect, "redirect"},
	{ErrResponseTooLarge, "response_too_large"},
	{ErrBadResponse, "bad_response"},
	{ErrTimeout, "timeout"},
	{ErrTransport, "transport"},
	{context.DeadlineExceeded, "deadline"},
	{context.Canceled, "canceled"},
}

// Kind returns the kind of an error in one word, for the label of a metric:
// invalid_options, result_window, rate_limited, unauthorized, forbidden,
// not_found, invalid_request, server, redirect, response_too_large, bad_response,
// timeout, transport, deadline (of the context), canceled, or other. For nil it
// is empty.
func Kind(err error) string {
	if err == nil {
		return ""
	}
	for _, k := range kindNames {
		if errors.Is(err, k.kind) {
			return k.name
		}
	}
	return "other"
}

// OptionsError lists every mistake in the options of a call or a constructor. It
// matches [ErrInvalidOptions]. Nothing was sent.
type OptionsError struct {
	Problems []Problem // at least one
}

// Problem is one mistake in one option.
type Problem struct {
	Field  string // the option or the field of an options struct, such as Owner[1]
	Reason string
}

// Error lists all problems on one line, each as "Field: reason".
func (e *OptionsError) Error() string {
	reasons := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		reasons[i] = p.Field + ": " + p.Reason
	}
	return "insights: invalid options: " + strings.Join(reasons, "; ")
}

// Is reports whether target is [ErrInvalidOptions].
func (e *OptionsError) Is(target error) bool {
	return target == ErrInvalidOptions
}

// problemList collects problems on the way to an OptionsError.
type problemList []Problem

func (l *problemList) add(field, reason string) {
	*l = append(*l, Problem{Field: field, Reason: reason})
}

func (l *problemList) refuse(wrong bool, field, reason string) {
	if wrong {
		l.add(field, reason)
	}
}

func (l problemList) err() error {
	if len(l) == 0 {
		return nil
	}
	return &OptionsError{Problems: l}
}

func invalid(field, reason string) error {
	return &OptionsError{Problems: []Problem{{Field: field, Reason: reason}}}
}

// APIError is every failure after validation: what was asked, what came back and
// after how many attempts. It never holds the query string. It never holds a
// credential or a part of one, even if a response echoes it.
//
// The kind follows from StatusCode and Err; see the Err variables. If the context
// ends, or its deadline is too near to go on, the error matches
// [context.Canceled] or [context.DeadlineExceeded]. It then matches the kind of
// the last response too.
type APIError struct {
	StatusCode int           // of the last response; 0: there was none
	Attempts   int           // requests sent, redirects not counted; 0: the call ended before the first
	Method     string        // GET
	Path       string        // such as /v1/analytics/tests
	RequestID  string        // the X-Request-Id of the response; empty: it had none
	Message    string        // what the response says, as far as its form is known: one line of at most 300 characters
	Fields     []FieldError  // what the response says of single parameters
	RetryAfter time.Duration // the wait that the response asks for with Retry-After; 0: none
	Header     http.Header   // of the last response; nil: there was none
	Err        error         // the cause if there is one besides the status; see Unwrap
	Body       []byte        // the start of the body of the last response, at most 64 KiB

	hint string // what to do about it, if that is known
}

// FieldError is what the service says of one parameter.
type FieldError struct {
	Location string // such as query.start
	Message  string
	Type     string // a machine-readable kind; often empty
}

// Error returns one line: what was asked, what came back, after how many attempts
// and, if it is known, what to do.
func (e *APIError) Error() string {
	request := strings.TrimSpace(e.Method + " " + e.Path)
	text := redact.Join(": ", "insights", redact.Line(request), e.outcome(), e.detail())
	if e.Attempts > 1 {
		text += fmt.Sprintf(" (after %d attempts)", e.Attempts)
	}
	if e.RequestID != "" {
		text += fmt.Sprintf(" [request %s]", redact.Line(e.RequestID))
	}
	if e.hint != "" {
		text = strings.TrimSuffix(text, ".") + "; " + e.hint
	}
	return text
}

// outcome is empty where Err alone tells why there was no answer.
func (e *APIError) outcome() string {
	switch {
	case e.StatusCode == 0 && e.Err != nil:
		return ""
	case e.StatusCode == 0:
		return "no answer"
	}
	return strings.TrimSpace(strconv.Itoa(e.StatusCode) + " " + http.StatusText(e.StatusCode))
}

// detail is what the answer says and the cause, the more telling of them first.
func (e *APIError) detail() string {
	message, cause := redact.Line(e.Message), ""
	if strings.EqualFold(message, http.StatusText(e.StatusCode)) || strings.EqualFold(message, e.outcome()) {
		message = "" // it is said already
	}
	if e.Err != nil {
		cause = redact.Line(e.Err.Error())
	}
	if exchange.IsSuccess(e.StatusCode) {
		return redact.Join(": ", cause, message)
	}
	return redact.Join(": ", message, cause)
}

// Is reports whether target is the kind of the status. Other kinds are behind
// Err.
func (e *APIError) Is(target error) bool {
	kind := kindOfStatus(e.StatusCode)
	return kind != nil && target == kind
}

// Unwrap returns Err.
func (e *APIError) Unwrap() error {
	return e.Err
}

// kindOfStatus returns nil for the answers that are a success, and for no answer.
func kindOfStatus(status int) error {
	switch {
	case status <= 0, exchange.IsSuccess(status):
		return nil
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusProxyAuthRequired:
		return ErrTransport
	case status == http.StatusRequestTimeout:
		return ErrTimeout
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 400 && status <= 499:
		return ErrInvalidRequest
	case isRedirect(status):
		return ErrRedirect
	case isServerError(status):
		return ErrServer
	}
	return ErrBadResponse
}

// isRedirect reports whether a status leads elsewhere. 300 offers a choice, and
// 304 speaks of a copy that was never asked about.
func isRedirect(status int) bool {
	return status >= 301 && status <= 399 && status != http.StatusNotModified
}

func isServerError(status int) bool {
	return status >= 500 && status <= 599
}

// IterationError ends a loop of [Client.AllTests] that could not deliver
// everything. It matches what Err matches.
type IterationError struct {
	Delivered int          // runs delivered by this loop
	Err       error        // why it ended: an *APIError, ErrResultWindow or the context's error
	Rest      TestsOptions // AllTests with these options delivers exactly what is missing
}

// Error says how far the loop came and why it ended.
func (e *IterationError) Error() string {
	return fmt.Sprintf("insights: all tests: ended early, after %d runs: %s",
		e.Delivered, strings.TrimPrefix(fmt.Sprint(e.Err), "insights: "))
}

// Unwrap returns Err.
func (e *IterationError) Unwrap() error {
	return e.Err
}
