package wire

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/sauceinsights/insights/internal/redact"
)

// FieldError is what a refusal says of one parameter.
type FieldError struct {
	Location string // such as query.start
	Message  string
	Type     string // a machine-readable kind; often empty
}

// ParseErrorBody finds in the body of a refusal what it says, and what it says of
// single parameters. The service documents no shape, so every one that was
// seen somewhere is tried; whatever is none of them is a text. The message is
// never empty, and each text is one printable line.
func ParseErrorBody(body []byte) (message string, fields []FieldError) {
	body = WithoutMark(body)
	var value any
	if err := json.Unmarshal(body, &value, plain); err == nil {
		message, fields = parseMessage(value, deepestMessage)
		message = redact.Line(redact.Join(": ", message, fieldTexts(fields)))
	} else if looksLikeHTML(body) {
		message = htmlText(body)
	}
	return cmp.Or(message, redact.Line(string(body)), "the answer has no body"), fields
}

// The members that hold a message, in the order in which they are asked.
var messageNames = []string{"message", "error", "detail", "errors", "msg", "title", "description", "reason", "error_description"}

// deepestMessage is how deep in a body a message is looked for. Each level may
// copy what is found below it, so a body must not choose how many there are.
const deepestMessage = 8

func parseMessage(value any, levels int) (string, []FieldError) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	if levels == 0 {
		return "", nil
	}
	switch v := value.(type) {
	case []any:
		return parseMessageList(v, levels-1)
	case map[string]any:
		return parseMessageObject(v, levels-1)
	}
	return "", nil
}

func parseMessageObject(object map[string]any, levels int) (string, []FieldError) {
	var message string
	var fields []FieldError
	for _, name := range messageNames {
		said, of := parseMessage(object[name], levels)
		if redact.Line(message) == "" {
			message = said
		}
		fields = append(fields, of...)
	}
	if message == "" && len(fields) == 0 {
		fields = fieldMessages(object)
	}
	return message, fields
}

// parseMessageList reads a list of messages, or of validation errors:
// {"loc": ["query", "start"], "msg": "field required", "type": "value_error"}.
func parseMessageList(list []any, levels int) (string, []FieldError) {
	var messages []string
	var fields []FieldError
	for _, item := range list {
		if f, ok := validationError(item); ok {
			fields = append(fields, f)
			continue
		}
		said, of := parseMessage(item, levels)
		messages = append(messages, said)
		fields = append(fields, of...)
	}
	return redact.Join("; ", messages...), fields
}

func validationError(item any) (FieldError, bool) {
	object, _ := item.(map[string]any)
	path, ok := object["loc"].([]any)
	if !ok {
		return FieldError{}, false
	}
	steps := make([]string, len(path))
	for i, step := range path {
		steps[i] = scalarText(step)
	}
	message, _ := object["msg"].(string)
	kind, _ := object["type"].(string)
	return FieldError{redact.Line(strings.Join(steps, ".")), redact.Line(message), redact.Line(kind)}, true
}

func scalarText(value any) string {
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// fieldMessages reads {"field": ["message", …]}.
func fieldMessages(object map[string]any) []FieldError {
	var fields []FieldError
	for _, name := range slices.Sorted(maps.Keys(object)) {
		list, _ := object[name].([]any)
		for _, item := range list {
			if text, ok := item.(string); ok {
				fields = append(fields, FieldError{Location: redact.Line(name), Message: redact.Line(text)})
			}
		}
	}
	return fields
}

func fieldTexts(fields []FieldError) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = redact.Join(": ", f.Location, f.Message)
	}
	return redact.Join("; ", texts...)
}

func looksLikeHTML(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

var (
	htmlTitle  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlHidden = regexp.MustCompile(`(?is)<(?:script|style)\b.*?</(?:script|style)>|<!--.*?-->`)
	htmlTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// htmlText is the title of a page, or else its text.
func htmlText(page []byte) string {
	if title := htmlTitle.FindSubmatch(page); title != nil {
		if text := readableHTML(title[1]); text != "" {
			return text
		}
	}
	return readableHTML(htmlHidden.ReplaceAll(page, []byte(" ")))
}

func readableHTML(fragment []byte) string {
	return redact.Line(html.UnescapeString(string(htmlTag.ReplaceAll(fragment, []byte(" ")))))
}
