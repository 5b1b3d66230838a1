package insightstest

import (
	"fmt"
	"net/http"
)

// refusal is why a request gets no answer.
type refusal struct {
	status    int
	parameter string // the one at fault; empty: none in particular
	message   string
}

func (r *refusal) Error() string { return r.message }

// body returns the refusal in one of the shapes that are known.
func (r *refusal) body(shape ErrorShape) (contentType string, body []byte) {
	switch shape {
	case ErrorText:
		return typeText, []byte(r.message)
	case ErrorHTML:
		return typeHTML, htmlPage(r.status, r.message)
	case ErrorEmpty:
		return typeText, []byte{}
	default:
		return typeJSON, r.json(shape)
	}
}

func (r *refusal) json(shape ErrorShape) []byte {
	w := new(writer)
	w.open("", '{')
	switch shape {
	case ErrorDetail:
		w.text("detail", r.message)
	case ErrorDetailList:
		r.writeDetails(w)
	case ErrorFields:
		w.open(orElse(r.parameter, "non_field_errors"), '[')
		w.text("", r.message)
		w.close(']')
	default:
		w.text("message", r.message)
		w.open("meta", '{')
		w.integer("status", int64(r.status))
		w.close('}')
	}
	w.close('}')
	return w.bytes()
}

func (r *refusal) writeDetails(w *writer) {
	w.open("detail", '[')
	w.open("", '{')
	w.open("loc", '[')
	w.text("", "query")
	if r.parameter != "" {
		w.text("", r.parameter)
	}
	w.close(']')
	w.text("msg", r.message)
	w.text("type", "value_error")
	w.close('}')
	w.close(']')
}

// The content types of answers.
const (
	typeJSON = "application/json"
	typeHTML = "text/html; charset=utf-8"
	typeText = "text/plain; charset=utf-8"
)

func htmlPage(status int, message string) []byte {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return fmt.Appendf(nil, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1><p>%s</p></body></html>\n", title, title, message)
}
