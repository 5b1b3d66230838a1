package exchange

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/sauceinsights/insights/internal/fault"
)

// transportFailure is why there is no complete answer.
func (x *exchange) transportFailure(ctx context.Context, err error) error {
	if ended := fault.Ended(ctx); ended != nil {
		return ended
	}
	if own, ok := errors.AsType[*fault.Error](err); ok {
		return own // the rate limit in the middle of a redirect
	}
	if isHeaderTooLarge(err) {
		return errHeaderTooLarge
	}
	broken := &fault.Error{Kind: fault.Transport, Cause: x.redacted(err), Passes: mayPass(err), Hint: x.hintOf(err)}
	if isTimeout(err) {
		return &fault.Error{Kind: fault.Timeout, Text: fault.Timeout.Error() + ": " + broken.Cause.Error(), Cause: broken, Passes: broken.Passes}
	}
	return broken
}

// hintOf says what to do about a failed connection, where that is known.
func (x *exchange) hintOf(err error) string {
	refusal, refused := errors.AsType[*tunnelRefusal](err)
	_, own := errors.AsType[*attemptTimeout](err)
	switch {
	case refused && refusal.status == http.StatusProxyAuthRequired:
		return HintProxy
	case refused:
		return "the proxy is that of the environment (HTTPS_PROXY), or of the transport of WithHTTPClient"
	case own:
		return x.TimeoutHint
	case isTimeout(err):
		return "a timeout of the system or of the transport struck, before that of WithAttemptTimeout"
	}
	return ""
}

// HintProxy says what to do about a proxy that refuses without credentials.
const HintProxy = "a proxy on the way asks for credentials: give its URL with them to the transport of WithHTTPClient"

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[timeoutError](err)
	return ok && timeout.Timeout()
}

// timeoutError is what package net and context call a timeout.
type timeoutError interface {
	error
	Timeout() bool
}

// isHeaderTooLarge knows the words of net/http, which has no error value for it.
func isHeaderTooLarge(err error) bool {
	text := err.Error()
	return slices.ContainsFunc([]string{"response headers exceeded", "response header list larger", "header list too large"},
		func(words string) bool { return strings.Contains(text, words) })
}

// mayPass reports whether a failed connection is worth another try: a
// certificate, a name or an address that is wrong stays wrong.
func mayPass(err error) bool {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var name *net.DNSError
	var address *net.AddrError
	var refusal *tunnelRefusal
	switch {
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &record):
		return false
	case isTLSAlert(err) && !isPassingAlert(err):
		return false
	case errors.As(err, &name) && name.IsNotFound, errors.As(err, &address):
		return false
	case errors.Is(err, http.ErrSchemeMismatch), errors.Is(err, errPlainProxy):
		return false
	case errors.As(err, &refusal):
		return refusal.mayPass()
	}
	return !strings.Contains(err.Error(), "unsupported protocol scheme")
}

// asMismatch is err, or that a server without TLS gave an answer where TLS was
// asked for: an [http.Client] says so too.
func asMismatch(err error) error {
	record, ok := err.(tls.RecordHeaderError)
	if ok && string(record.RecordHeader[:]) == "HTTP/" {
		return http.ErrSchemeMismatch
	}
	return err
}

// isTLSAlert knows an alert of TLS, of a type that crypto/tls keeps to itself, by
// the operation of one of the errors of package net around it.
func isTLSAlert(err error) bool {
	for operation := new(net.OpError); errors.As(err, &operation); err = operation.Err {
		if operation.Op == "remote error" {
			return true
		}
	}
	return false
}

// isPassingAlert reports whether an alert tells of damage on the way or of a fault
// of the service, and not of what the two sides disagree about.
func isPassingAlert(err error) bool {
	return strings.Contains(err.Error(), "bad record MAC") || strings.Contains(err.Error(), "tls: internal error")
}

// isBroken reports whether a connection ended without a word.
func isBroken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
