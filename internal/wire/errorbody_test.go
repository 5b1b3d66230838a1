package wire

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sauceinsights/insights/internal/redact"
	"github.com/stretchr/testify/assert"
)

func TestParseErrorBody(t *testing.T) {
	t.Run("reads every shape of a refusal", func(t *testing.T) {
		for name, test := range map[string]struct {
			body, message string
			fields        []FieldError
		}{
			"text":              {"start and end parameters are required.", "start and end parameters are required.", nil},
			"JSON text":         {`"not today"`, "not today", nil},
			"message":           {`{"message":"no such build","meta":{"status":400}}`, "no such build", nil},
			"error":             {`{"error":"no such build"}`, "no such build", nil},
			"detail":            {`{"detail": "Not found."}`, "Not found.", nil},
			"title":             {`{"type":"about:blank","title":"Too slow","status":503}`, "Too slow", nil},
			"message first":     {`{"error":"bad_request","message":"no such build"}`, "no such build", nil},
			"nested":            {`{"error":{"code":42,"message":"no such build"}}`, "no such build", nil},
			"nested twice":      {`{"errors":[{"error":{"detail":"deep"}}]}`, "deep", nil},
			"messages":          {`{"errors":["one","two"]}`, "one; two", nil},
			"bare list":         {`["one","two"]`, "one; two", nil},
			"blank ones":        {`{"message":" \n\u0000","error":"the real one"}`, "the real one", nil},
			"field to messages": {`{"start":["is required","is odd"],"end":["is required"]}`, "end: is required; start: is required; start: is odd", []FieldError{{"end", "is required", ""}, {"start", "is required", ""}, {"start", "is odd", ""}}},
			"message and fields": {
				`{"message":"invalid","errors":{"start":["is required"]}}`, "invalid: start: is required",
				[]FieldError{{"start", "is required", ""}},
			},
			"validation": {
				`{"detail":[{"loc":["query","start"],"msg":"field required","type":"value_error.missing"}]}`, "query.start: field required",
				[]FieldError{{"query.start", "field required", "value_error.missing"}},
			},
			"a place with numbers": {
				`{"detail":[{"loc":["body",0,"owner",12.5,true,null],"msg":"too long","type":"t"}]}`, "body.0.owner.12.5.true.<nil>: too long",
				[]FieldError{{"body.0.owner.12.5.true.<nil>", "too long", "t"}},
			},
			"an empty detail":     {`{"detail": []}`, `{"detail": []}`, nil},
			"an empty place":      {`{"detail":[{"loc":[],"msg":"odd"}]}`, "odd", []FieldError{{"", "odd", ""}}},
			"a place alone":       {`{"detail":[{"loc":["query","end"]}]}`, "query.end", []FieldError{{"query.end", "", ""}}},
			"nothing in a place":  {`{"detail":[{"loc":[]}]}`, `{"detail":[{"loc":[]}]}`, []FieldError{{}}},
			"detail of all kinds": {`{"detail":[null,1,"text",{"msg":"message"},[["nested"]],{"loc":["a"],"msg":"b"}]}`, "text; message; nested: a: b", []FieldError{{"a", "b", ""}}},
			"an unknown object":   {`{"code": 17}`, `{"code": 17}`, nil},
			"null":                {"null", "null", nil},
			"a number":            {"42", "42", nil},
			"an empty object":     {"{}", "{}", nil},
			"numbers as messages": {`{"message":42,"error":true}`, `{"message":42,"error":true}`, nil},
			"doubled names":       {`{"message":"first","message":"second"}`, "second", nil},
			"invalid UTF-8":       {"{\"message\":\"a\xffb\"}", "a\uFFFDb", nil},
			"invalid UTF-8 text":  {"a\xffb", "a\uFFFDb", nil},
			"truncated JSON":      {`{"message":"no su`, `{"message":"no su`, nil},
			"two values":          {`{"message":"one"}{}`, `{"message":"one"}{}`, nil},
			"HTML with a title":   {"<!DOCTYPE html><html><head><TITLE lang=en>\n 502 Bad&nbsp;Gateway &mdash; nginx</TITLE></head><body>x", "502 Bad Gateway — nginx", nil},
			"HTML without one":    {"<html><style>p{color:red}</style><script>alert(1)</script><!-- x --><p>It is <b>down</b>.</p>", "It is down .", nil},
			"an empty title":      {"<title> </title>down", "down", nil},
			"HTML of tags alone":  {"<html><body></body></html>", "<html><body></body></html>", nil},
			"empty":               {"", "the answer has no body", nil},
			"blank":               {" \r\n\t\x00", "the answer has no body", nil},
			"colours":             {"\x1b[31;1mred\x1b[0m \x1b]0;title\x07 and \u202eright to left", "red ]0;title and right to left", nil},
		} {
			t.Run(name, func(t *testing.T) {
				message, fields := ParseErrorBody([]byte(test.body))
				assert.Equal(t, test.message, message)
				assert.Equal(t, test.fields, fields)
			})
		}
	})
	t.Run("reads a huge or deep refusal as far as it goes", func(t *testing.T) {
		t.Parallel()
		for name, body := range map[string]string{
			"nested lists":   strings.Repeat("[", 2_000) + strings.Repeat("]", 2_000),
			"nested objects": strings.Repeat(`{"error":`, 1_000) + `"deep"` + strings.Repeat("}", 1_000),
			"unclosed":       strings.Repeat(`{"detail":[`, 2_000),
			"long message":   `{"message":"` + strings.Repeat("ä ", 3_000) + `"}`,
			"long text":      strings.Repeat("no ", 3_000),
			"many fields":    `{"a":["` + strings.Repeat(`x","`, 1_000) + `"]}`,
			"tags":           strings.Repeat("<", 3_000),
			"open comments":  "<html>" + strings.Repeat("<!-- <script> ", 700),
		} {
			message, _ := ParseErrorBody([]byte(body))
			assert.NotEmpty(t, message, name)
			assert.LessOrEqual(t, utf8.RuneCountInString(message), redact.MaxLine, name)
		}
	})
	t.Run("looks for a message as deep as services put it", func(t *testing.T) {
		for levels, want := range map[int]string{1: "deep", deepestMessage: "deep", deepestMessage + 1: `{"error":`} {
			message, _ := ParseErrorBody([]byte(strings.Repeat(`{"error":`, levels) + `"deep"` + strings.Repeat("}", levels)))
			assert.True(t, strings.HasPrefix(message, want), "%d levels: %s", levels, message)
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		`{"detail":[{"loc":["query",1],"msg":"m","type":"t"}]}`, `{"a":["b"]}`, `{"message":"\u0000"}`, `["",{"msg":" "}]`,
		"<title></title>", "text", "\xff", "\x1b[0m", `{"detail":[{"loc":[]}]}`, "",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		message, fields := ParseErrorBody(body)
		checkText(t, message)
		if message == "" {
			t.Errorf("%q says nothing", body)
		}
		for _, field := range fields {
			checkText(t, field.Location)
			checkText(t, field.Message)
			checkText(t, field.Type)
		}
	})
}

func checkText(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > redact.MaxLine || strings.ContainsFunc(text, isUnfit) {
		t.Errorf("%q is not one printable line of at most %d characters", text, redact.MaxLine)
	}
}

func isUnfit(r rune) bool { return !unicode.IsPrint(r) }
