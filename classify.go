package insights

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/redact"
)

// answer is what came back of one attempt.
type answer struct {
	status int         // 0: there was no answer
	header http.Header // nil: there was no answer
	body   *received   // nil: there was no answer
	err    error       // why there was none, or why the rest of the body is missing

	failure error // why it is no success; nil: it is one, but for its decoding
}

// answerOf is what an attempt has brought.
func answerOf(resp *http.Response, err error) answer {
	if err != nil || resp == nil {
		return answer{err: withoutURL(err)}
	}
	body := resp.Body.(*received) // by attemptTransport
	return answer{status: resp.StatusCode, header: resp.Header, body: body, err: body.err}
}

// release gives the body back. Nothing of it may be used afterwards.
func (a *answer) release() {
	if a.body != nil {
		a.body.release()
		a.body = nil
	}
}

// decode is the last step of a success. It is not called off: an answer that is
// there is not thrown away.
func (x *exchange) decode(into any) error {
	unreadable, err := decodeAnswer(x.last.body.data, into)
	x.unreadable = unreadable
	return x.understood(err)
}

// understood is the failure of an answer that could not be decoded because of
// err, if it could not.
func (x *exchange) understood(err error) error {
	if err == nil || err == errTooManyElements {
		return err
	}
	return badResponse(x.mask.Text(err.Error())) // it may name a member, unescaped
}

// errStatus is the failure that the status itself tells of.
var errStatus = errors.New("the status is no success")

// classify says why an answer is no success; nil: it is one, but for its
// decoding.
func (x *exchange) classify(ctx context.Context, a answer) error {
	limit := x.config.maxResponseBytes
	switch {
	case headerSize(a.header) > maxHeaderBytes:
		return errHeaderTooLarge
	case a.status == http.StatusSwitchingProtocols:
		return badResponse("it switches to another protocol")
	case a.status != 0 && !isSuccess(a.status):
		return errStatus
	case a.err == errBodyTooLarge:
		return tooLarge(limit)
	case isCorrupt(a.err):
		return badResponse("the compression is damaged: " + x.hide(a.err).Error())
	case a.err != nil:
		return x.transportFailure(ctx, a.err)
	case !isJSON(a.header.Get("Content-Type")):
		return badResponse(x.withoutSecrets(fmt.Sprintf("its content type is %q", redact.Line(a.header.Get("Content-Type")))))
	}
	return nil
}

func badResponse(why string) error {
	return &fault.Error{Kind: ErrBadResponse, Text: ErrBadResponse.Error() + ": " + why}
}

var errHeaderTooLarge = &fault.Error{
	Kind: ErrResponseTooLarge,
	Text: ErrResponseTooLarge.Error() + ": its headers go beyond their bound",
}

func headerSize(h http.Header) int {
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	return size
}

// isJSON accepts JSON, the types built on it, and silence.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	mediaType, _, _ := mime.ParseMediaType(contentType) // damaged parameters change nothing
	return mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

// isCorrupt reports whether a body was complete and its compression damaged.
func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt)
}

// transportFailure is why there is no complete answer.
func (x *exchange) transportFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.OfContext(ctx)
	}
	if own, ok := errors.AsType[*fault.Error](err); ok {
		return own // the rate limit in the middle of a redirect
	}
	if isHeaderFlood(err) {
		return errHeaderTooLarge
	}
	broken := &fault.Error{Kind: ErrTransport, Cause: x.hide(err)}
	if isTimeout(err) {
		return &fault.Error{Kind: ErrTimeout, Text: ErrTimeout.Error() + ": " + broken.Cause.Error(), Cause: broken}
	}
	return broken
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[timeoutError](err)
	return ok && timeout.Timeout()
}

// timeoutError is what package net and context call a timeout.
type timeoutError interface {
	error
	Timeout() bool
}

// isHeaderFlood knows the words of net/http, which has no error value for it.
func isHeaderFlood(err error) bool {
	text := err.Error()
	return slices.ContainsFunc([]string{"response headers exceeded", "response header list larger", "header list too large"},
		func(words string) bool { return strings.Contains(text, words) })
}

// canPass reports whether a failed connection is worth another try: a
// certificate, a name or an address that is wrong stays wrong.
func canPass(err error) bool {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var name *net.DNSError
	var address *net.AddrError
	switch {
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &record):
		return false
	case isAlert(err):
		return false
	case errors.As(err, &name) && name.IsNotFound, errors.As(err, &address):
		return false
	case errors.Is(err, http.ErrSchemeMismatch), errors.Is(err, errPlainProxy):
		return false
	case isRefusalByProxy(err, http.StatusProxyAuthRequired), isRefusalByProxy(err, http.StatusForbidden):
		return false
	}
	return !strings.Contains(err.Error(), "unsupported protocol scheme")
}

// isAlert knows an alert of TLS, of a type that crypto/tls keeps to itself, by
// the operation of one of the errors of package net around it.
func isAlert(err error) bool {
	for operation := new(net.OpError); errors.As(err, &operation); err = operation.Err {
		if operation.Op == "remote error" {
			return true
		}
	}
	return false
}

// isRefusalByProxy knows the words of net/http for a CONNECT that a proxy
// answered with that status.
func isRefusalByProxy(err error, status int) bool {
	return errors.Is(err, ErrTransport) && strings.HasSuffix(err.Error(), ": "+http.StatusText(status))
}

// hidden is the error of a transport without what must not be printed. What is
// behind it can be asked for, and is out of reach for a dump: the error of a
// caller's transport may hold the request, and so the credentials.
type hidden struct {
	text  string
	cause func() error
}

// hide makes the error of a transport fit to be shown: one line, without
// credentials and without the query string.
func (x *exchange) hide(err error) error {
	behind := withoutURLs(err)
	if x.mask.HidesInChain(behind) {
		behind = nil
	}
	// Searched again as one line: what was apart may have come together.
	text := x.withoutSecrets(redact.Line(x.withoutSecrets(err.Error())))
	return &hidden{text: text, cause: func() error { return behind }}
}

// withoutURLs is what is behind all errors that show a URL.
func withoutURLs(err error) error {
	for {
		shown, ok := errors.AsType[*url.Error](err)
		if !ok {
			return err
		}
		err = shown.Err
	}
}

// withoutSecrets is a text without credentials and without the query string.
func (x *exchange) withoutSecrets(text string) string {
	if _, query, _ := strings.Cut(x.call.url, "?"); query != "" {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "?"+query, ""), query, "…")
	}
	return x.mask.Text(text)
}

func (h *hidden) Error() string { return h.text }

// Is finds what is behind, except the end of a context: this one has not ended.
func (h *hidden) Is(target error) bool {
	return target != context.DeadlineExceeded && target != context.Canceled && errors.Is(h.cause(), target)
}

// As finds what is behind, such as a *net.OpError.
func (h *hidden) As(target any) bool {
	return errors.As(h.cause(), target)
}
