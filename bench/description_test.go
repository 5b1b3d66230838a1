package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"
)

// description is openapi.yaml, for checking requests and answers.
type description struct {
	*openapi3.T
	router routers.Router
}

// describe loads the description. It is closed: a member that it does not name
// is a mistake. An allowance opens it in one way.
func describe(t *testing.T, allowances ...allowance) *description {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	doc.Servers = nil // those of the tests are elsewhere
	for _, schema := range doc.Components.Schemas {
		forEach(schema, closed)
		for _, allow := range allowances {
			forEach(schema, allow)
		}
	}
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	return &description{doc, router}
}

// forEach calls change with a schema and those that are written out within it.
func forEach(ref *openapi3.SchemaRef, change func(*openapi3.Schema)) {
	if ref == nil || ref.Ref != "" {
		return
	}
	change(ref.Value)
	forEach(ref.Value.Items, change)
	forEach(ref.Value.AdditionalProperties.Schema, change)
	for _, property := range ref.Value.Properties {
		forEach(property, change)
	}
	for _, list := range []openapi3.SchemaRefs{ref.Value.AllOf, ref.Value.OneOf} {
		for _, part := range list {
			forEach(part, change)
		}
	}
}

func closed(s *openapi3.Schema) {
	if len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties.Has = new(false)
	}
}

// allowance is something that a service does and openapi.yaml does not say.
type allowance func(*openapi3.Schema)

// furtherMembers were seen in live answers, and a service may add some at any
// time: clients ignore what they do not know.
func furtherMembers(s *openapi3.Schema) { s.AdditionalProperties.Has = nil }

// nulls were seen in live answers for a time. No documentation has them; the
// variants go further and have them for every text, list and missing run.
func nulls(s *openapi3.Schema) {
	s.Nullable = s.Type.Is("string") && s.MinLength == 0 || s.Type.Is("array") || len(s.AllOf) > 0
}

// timesWithoutZone are no date-time by RFC 3339. Nothing documents them.
func timesWithoutZone(s *openapi3.Schema) {
	if s.Format == "date-time" {
		s.Format, s.Pattern = "", `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$|Z$`
	}
}

// checkRequest says what is wrong with a request.
func (d *description) checkRequest(req *http.Request) error {
	input, err := d.input(req)
	if err != nil {
		return err
	}
	for name := range req.URL.Query() {
		if input.Route.Operation.Parameters.GetByInAndName("query", name) == nil {
			return fmt.Errorf("%s has no parameter %s", req.URL.Path, name)
		}
	}
	return openapi3filter.ValidateRequest(req.Context(), input)
}

// checkAnswer says what is wrong with an answer.
func (d *description) checkAnswer(req *http.Request, resp *http.Response, body []byte) error {
	input, err := d.input(req)
	if err != nil {
		return err
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                input.Options,
	}
	return openapi3filter.ValidateResponse(req.Context(), answer)
}

func (d *description) input(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := d.router.FindRoute(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: wantBasicAuth}
	return &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: options}, nil
}

func wantBasicAuth(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	if _, _, ok := input.RequestValidationInput.Request.BasicAuth(); !ok {
		return errors.New("there are no credentials")
	}
	return nil
}

func init() {
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
}
