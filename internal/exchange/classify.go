package exchange

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/sauceinsights/insights/internal/fault"
	"github.com/sauceinsights/insights/internal/redact"
)

// errStatus is the failure that the status itself tells of.
var errStatus = errors.New("the status is no success")

// classify says why an answer is no success.
func classify(next step) step {
	return func(ctx context.Context, a *attempt) {
		next(ctx, a)
		a.failure = a.of.failureOf(ctx, &a.response)
	}
}

// failureOf is nil for a success, but for its decoding.
func (x *exchange) failureOf(ctx context.Context, a *response) error {
	switch {
	case headerSize(a.header) > maxHeaderBytes:
		return errHeaderTooLarge
	case a.status == http.StatusSwitchingProtocols:
		return badResponse("it switches to another protocol")
	case a.status != 0 && !IsSuccess(a.status):
		return errStatus
	case a.err == errBodyTooLarge:
		return tooLarge(x.MaxBytes)
	case isCorrupt(a.err):
		return badResponse("the compression is damaged: " + x.redacted(a.err).Error())
	case a.err != nil:
		return x.transportFailure(ctx, a.err)
	case UnaskedEncoding(a.header) != "":
		return badResponse(x.show(fmt.Sprintf("its content encoding is %q, which was not asked for", UnaskedEncoding(a.header))))
	case !isJSON(a.header.Get("Content-Type")):
		return badResponse(x.show(fmt.Sprintf("its content type is %q", redact.Line(a.header.Get("Content-Type")))))
	}
	return nil
}

func badResponse(why string) *fault.Error {
	return &fault.Error{Kind: fault.BadResponse, Text: fault.BadResponse.Error() + ": " + why}
}

var errHeaderTooLarge = &fault.Error{
	Kind: fault.ResponseTooLarge,
	Text: fault.ResponseTooLarge.Error() + ": its headers go beyond their bound",
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
	mediaType := strings.ToLower(strings.TrimSpace(contentType))
	if end := strings.IndexAny(mediaType, ";, \t"); end >= 0 {
		mediaType = mediaType[:end] // however damaged its parameters are
	}
	return contentType == "" || mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

// UnaskedEncoding returns how a body is encoded still, on one line: net/http decodes
// what it has asked for. It is empty if the body can be read.
func UnaskedEncoding(header http.Header) string {
	encoding := redact.Line(header.Get("Content-Encoding"))
	if strings.EqualFold(encoding, "identity") {
		return ""
	}
	return encoding
}

// isCorrupt reports whether a body was complete and its compression damaged.
func isCorrupt(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

// decode reads a success.
func decode(next step) step {
	return func(ctx context.Context, a *attempt) {
		next(ctx, a)
		if a.failure == nil {
			a.failure = a.of.decodeFailure(a.of.call.Decode(a.body.data))
		}
	}
}

// decodeFailure is the failure of an answer that could not be decoded because of
// err, if it could not.
func (x *exchange) decodeFailure(err error) error {
	if _, known := err.(*fault.Error); known || err == nil {
		return err
	}
	failure := badResponse(x.show(err.Error()))          // it may name a member, unescaped
	failure.Passes = errors.Is(err, io.ErrUnexpectedEOF) // half an answer, passed on as a whole one
	return failure
}
