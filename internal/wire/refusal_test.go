package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// page is an answer.
type page struct {
	Meta struct {
		Status int `json:"status"`
	} `json:"meta"`
	Items []record `json:"items"`
	Sum   struct {
		N int `json:"N"`
	} `json:"sum"`
	HasMore bool `json:"has_more"`
}

func TestTold(t *testing.T) {
	for name, test := range map[string]struct {
		body    string
		meta    int
		status  int
		message string
	}{
		"a status in meta":                {`{"items":[]}`, 503, 503, `{"meta":{"status":503}}`},
		"the first that is an error":      {`{"items":[{"count":1}],"message":"bad"}`, 400, 400, "bad"},
		"the last":                        {`{"error":{"message":"gone","code":404}}`, 599, 599, "gone"},
		"an error beside null":            {`{"error":"boom","items":null}`, 0, 0, "boom"},
		"an error beside an empty list":   {`{"items":[],"has_more":true,"error":"boom"}`, 200, 0, "boom"},
		"an error beside an empty object": {`{"sum":{},"error":["boom"]}`, 200, 0, "boom"},
		"errors alone":                    {`{"errors":[{"detail":"boom"}]}`, 0, 0, "boom"},
		"a message alone":                 {`{"message":"try later"}`, 0, 0, "try later"},
		"a message beside null":           {`{"message":"try later","items":null,"sum":null}`, 200, 0, "try later"},
		"a detail alone":                  {`{"detail":"try later","has_more":false}`, 0, 0, "try later"},
		"with a status":                   {`{"message":"try later","status":503}`, 0, 503, "try later"},
		"with a code":                     {`{"error":"try later","code":"429"}`, 200, 429, "try later"},
		"with a status in the error":      {`{"error":{"message":"try later","status_code":502}}`, 0, 502, "try later"},
		"with one that is none":           {`{"error":"try later","code":17,"status":200}`, 0, 0, "try later"},
		"meta goes first":                 {`{"message":"try later","status":503}`, 429, 429, "try later"},
		"data is no part of the message":  {`{"items":[{"text":"secret"}],"sum":{"N":1}}`, 500, 500, `{"meta":{"status":500}}`},
		"an error that is a number":       {`{"error":17}`, 0, 0, `{"error":17}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := toldIn(t, test.body, test.meta)
			require.NotNil(t, got)
			assert.Equal(t, test.status, got.Status)
			assert.Equal(t, test.message, got.Message)
			assert.Contains(t, got.Error(), test.message)
		})
	}
	for name, test := range map[string]struct {
		body string
		meta int
	}{
		"data":                         {`{"items":[{}]}`, 200},
		"no data":                      {`{"items":[]}`, 200},
		"nothing":                      {`{}`, 0},
		"something else":               {`{"x":1,"status":503,"code":500}`, 0},
		"an error beside data":         {`{"items":[{}],"error":"partly"}`, 200},
		"an error beside a sum":        {`{"sum":{"N":1},"error":"partly"}`, 200},
		"a message beside no runs":     {`{"items":[],"message":"OK"}`, 200},
		"an error of null":             {`{"error":null,"items":[]}`, 200},
		"an error of false":            {`{"error":false,"items":[]}`, 200},
		"an empty error":               {`{"error":"","errors":[],"message":" ","items":null}`, 200},
		"an error of 0":                {`{"error":0,"detail":{}}`, 200},
		"an error of something deeper": {`{"x":{"error":"boom"},"items":[]}`, 200},
		"a status that is no error":    {`{"items":[]}`, 399},
		"another that is none":         {`{"items":[]}`, 600},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Nil(t, toldIn(t, test.body, test.meta))
		})
	}
}

// toldIn reads a body whose meta object has that status; 0: it has none.
func toldIn(t *testing.T, body string, meta int) *Refusal {
	t.Helper()
	if meta != 0 {
		body = strings.TrimSuffix(body, "}") + fmt.Sprintf(`,"meta":{"status":%d}}`, meta)
	}
	var answer page
	_, err := Read([]byte(body), &answer, noShape)
	require.NoError(t, err)
	return Told([]byte(body), &answer)
}
