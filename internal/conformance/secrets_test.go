package conformance_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/internal/redact"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keys of several kinds: like a real one, and hard ones.
var secretAccounts = map[string]insights.Credentials{
	"UUID":               {Username: "a-user", AccessKey: "6f1c2e5b-9d04-4c77-8a31-5e0d7bb2c9f4"},
	"not hexadecimal":    account,
	"quotes and spaces":  {Username: "a-user", AccessKey: `ab cd"ef\gh/ij<kl>mn&op'qr  st%uv+wx=yz`},
	"not ASCII":          {Username: "ünïcode", AccessKey: "schlüssel-größe-straße-äöü-日本語"},
	"eight letters":      {Username: "a-user", AccessKey: "Zx9-Yw8+"},
	"letters alone":      {Username: "a-user", AccessKey: "quietlyhiddenaccesskey"},
	"quotes and slashes": {Username: "a-user", AccessKey: `a"b/c"d/e"f/g"h/i"j`},
	"base64 with signs":  {Username: "a-user", AccessKey: "???>>>~~~k??>>~~q"},
}

// secretsOf are every part of 12 characters of the key, in clear and in the forms
// in which it is sent or written on.
func secretsOf(creds insights.Credentials) map[string]bool {
	pair := creds.Username + ":" + creds.AccessKey
	parts := make(map[string]bool)
	for _, form := range []string{
		creds.AccessKey,
		base64.StdEncoding.EncodeToString([]byte(pair)),
		base64.RawURLEncoding.EncodeToString([]byte(pair)),
		base64.StdEncoding.EncodeToString([]byte(creds.AccessKey)),
		base64.RawURLEncoding.EncodeToString([]byte(creds.AccessKey)),
		url.QueryEscape(creds.AccessKey),
		url.PathEscape(creds.AccessKey),
		url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(pair))),
		html.EscapeString(creds.AccessKey),
	} {
		for i := 0; i+12 <= len(form); i++ {
			parts[form[i:i+12]] = true
		}
	}
	return parts
}

func requireNoSecret(t *testing.T, parts map[string]bool, where, output string) {
	t.Helper()
	for part := range parts {
		if at := strings.Index(output, part); at >= 0 {
			require.Fail(t, "a part of the key is shown", "%q in %s: …%q…", part, where, output[max(0, at-60):min(len(output), at+60)])
		}
	}
}

// everythingPrinted is value in every form in which somebody might print it.
func everythingPrinted(value any) string {
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%c", "%U", "%e", "% x", "%#q", "%10.300s"} {
		fmt.Fprintf(&b, verb+"\n", value)
	}
	fmt.Fprintln(&b, fmt.Sprint(value), fmt.Errorf("wrapped: %w", asError(value)))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(handler).Info("logged", "value", value, slog.Group("group", "value", value))
	}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, marshalV2, encodeGob} {
		encoded, err := encode(value)
		fmt.Fprintln(&b, string(encoded), err)
	}
	return b.String() + dump(value)
}

func marshalV2(value any) ([]byte, error) { return jsonv2.Marshal(value) }

func encodeGob(value any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(value)
	return b.Bytes(), err
}

// dump is every text and every byte that can be reached from value, as a
// debugger or a dumping package reaches it: through unexported fields, and
// without asking a method.
func dump(value any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(value), make(map[any]bool))
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value, seen map[any]bool) {
	switch v.Kind() {
	case reflect.String:
		b.WriteString(v.String() + "\n")
	case reflect.Slice, reflect.Array:
		dumpList(b, v, seen)
	case reflect.Pointer:
		place := [2]any{v.Pointer(), v.Type()}
		if !v.IsNil() && !seen[place] {
			seen[place] = true
			dumpValue(b, v.Elem(), seen)
		}
	case reflect.Interface:
		dumpValue(b, v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			dumpValue(b, v.Field(i), seen)
		}
	case reflect.Map:
		for key, element := range v.Seq2() {
			dumpValue(b, key, seen)
			dumpValue(b, element, seen)
		}
	}
}

func dumpList(b *strings.Builder, v reflect.Value, seen map[any]bool) {
	for i := range v.Len() {
		if v.Index(i).Kind() == reflect.Uint8 {
			b.WriteByte(byte(v.Index(i).Uint()))
			continue
		}
		dumpValue(b, v.Index(i), seen)
	}
}

func asError(value any) error {
	if err, ok := value.(error); ok {
		return err
	}
	return nil
}

// printedChain prints err and everything that unwrapping leads to.
func printedChain(err error) string {
	if err == nil {
		return ""
	}
	printed := everythingPrinted(err)
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		printed += printedChain(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			printed += printedChain(inner)
		}
	}
	return printed
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// echoes are what a server can make of the credentials that it was sent.
func echoes(request *http.Request) map[string]string {
	user, key, _ := request.BasicAuth()
	header := request.Header.Get("Authorization")
	return map[string]string{
		"header":       header,
		"key":          key,
		"pair":         user + ":" + key,
		"base64":       strings.TrimPrefix(header, "Basic "),
		"base64 alone": base64.URLEncoding.EncodeToString([]byte(key)),
		"first part":   key[:min(len(key), 13)],
		"last part":    key[max(0, len(key)-12):],
		"middle":       "xx" + key[len(key)/4:] + "yy",
		"header's URL": url.QueryEscape(header),
		"lower URL":    percent.ReplaceAllStringFunc(url.QueryEscape(key), strings.ToLower),
		"URL":          url.QueryEscape(key),
		"path":         url.PathEscape(key),
		"HTML":         html.EscapeString(key),
		"twice":        key + key,
		"interleaved":  strings.Join(strings.Split(key, ""), "\x00"),
		"comments":     strings.Join(strings.Split(key, ""), "<!-- -->"),
	}
}

// echoing are the answers in which a server hides one of the echoes.
func echoing(echo string) map[string]*http.Response {
	inName := http.CanonicalHeaderKey("X-" + strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, echo))
	return map[string]*http.Response{
		"header":       reply(401, "", "X-Echo", echo, "X-Request-Id", echo, "Www-Authenticate", "Basic realm="+echo, inName, echo),
		"message":      reply(400, `{"message":"you sent `+echo+`"}`),
		"name":         reply(400, `{"`+echo+`":["`+echo+`"]}`),
		"detail":       reply(422, `{"detail":[{"loc":["`+echo+`"],"msg":"`+echo+`","type":"`+echo+`"}]}`),
		"text":         reply(403, "you sent "+echo),
		"page":         reply(502, "<html><title>"+echo+"</title>"+echo),
		"page's text":  reply(501, "<html><p>"+echo),
		"long":         reply(404, strings.Repeat("x", redact.MaxLine-5)+echo),
		"at the bound": reply(400, strings.Repeat("x", 64<<10-5)+echo),
		"not JSON":     reply(200, echo),
		"content type": reply(200, "{}", "Content-Type", "text/"+echo),
		"member":       reply(200, `{"items":[{"`+echo+`":1,"name":{"`+echo+`":`),
		"wrong shape":  reply(200, `{"items":{"`+echo+`":"`+echo+`"}}`),
		"value":        reply(200, `{"meta":{"status":"`+echo+`"},"items":"`+echo+`"}`),
		"elsewhere":    reply(302, "", "Location", "https://"+url.PathEscape(echo)+".example/"+echo),
		"round":        reply(302, "", "Location", "/?echo="+url.QueryEscape(echo)),
		"no location":  reply(307, "", "Location", "::"+echo),
		"limits":       reply(429, "{}", "X-Ratelimit-Reset", echo, "Retry-After", echo),
		"run":          reply(200, `{"items":[{"name":"`+echo+`","id":"\n`+echo+`"}],"`+echo+`":"`+echo+`"}`),
		"trailer":      reply(500, "{}", "Trailer", echo),
		"cut off":      reply(400, `{"message":"you sent `+echo),
		"cut off run":  reply(200, `{"items":[{"name":"`+echo),
		"damaged":      reply(400, `C:\ {"message":"\x `+echo+"\n"+echo+`"}`),
		"no quotes":    reply(400, "<script>key = '"+echo+"'</script>"),
		"JSON header":  reply(400, "", "X-Echo", `{"key":"`+echo+`"}`),
	}
}

func TestCredentialsAreNotShown(t *testing.T) {
	// Every form in every place, each with one of the accounts, so that every
	// account meets every form and every place.
	t.Run("no part of the key is ever shown", func(t *testing.T) {
		for number, name := range slices.Sorted(maps.Keys(secretAccounts)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				creds := secretAccounts[name]
				request := httptest.NewRequest(http.MethodGet, "/", nil)
				request.SetBasicAuth(creds.Username, creds.AccessKey)
				watch := watching(t, creds)
				all := echoes(request)
				for i, form := range slices.Sorted(maps.Keys(all)) {
					places := echoing(all[form])
					for j, place := range slices.Sorted(maps.Keys(places)) {
						if (i+j)%(secretShare()*len(secretAccounts)) == number {
							watch.answer = places[place]
							watch.requireSilence(t, form+" in "+place)
						}
					}
				}
			})
		}
	})

	// Every call, every kind of failure, every way of printing.
	t.Run("nothing that a call leaves behind shows the key", func(t *testing.T) {
		request := &http.Request{Header: http.Header{}}
		request.SetBasicAuth(account.Username, account.AccessKey)
		echo := request.Header.Get("Authorization") + " " + account.AccessKey
		for name, service := range map[string]inMemory{
			"success":  func(*http.Request) (*http.Response, error) { return reply(200, "{}", "X-Echo", echo), nil },
			"refusal":  func(*http.Request) (*http.Response, error) { return reply(400, echo, "X-Echo", echo), nil },
			"outage":   func(*http.Request) (*http.Response, error) { return reply(503, echo, "X-Echo", echo), nil },
			"redirect": func(*http.Request) (*http.Response, error) { return reply(302, echo, "Location", "https://"+echo), nil },
			"text":     func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("sending %v failed", r.Header) },
			"fields":   func(r *http.Request) (*http.Response, error) { return nil, &requestError{r} },
			"damaged": func(r *http.Request) (*http.Response, error) {
				return damagedBy(fmt.Errorf("answer to %v: %w", r.Header, gzip.ErrChecksum)), nil
			},
			"by value":  func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("oh: %w", requestError{r}) },
			"a timeout": func(r *http.Request) (*http.Response, error) { return nil, timeoutWithRequest{requestError{r}} },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				calls := slices.Concat(everyCall, []namedCall{everyRun})
				for _, call := range calls[len(calls)-len(calls)/secretShare():] {
					var log strings.Builder
					var mu sync.Mutex // a loop has several requests in flight
					var attempts []insights.Attempt
					c := clientOver(t, service, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 2, BaseWait: 1, MaxWait: 1}),
						insights.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
						insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) {
							mu.Lock()
							defer mu.Unlock()
							attempts = append(attempts, a)
						}))
					var info insights.ResponseInfo
					_, err := call.do(t.Context(), c, insights.CaptureResponse(&info))
					printed := log.String() + printedChain(err) + everythingPrinted(c) + everythingPrinted(*c) +
						everythingPrinted(info) + everythingPrinted(&info)
					for _, attempt := range attempts {
						printed += everythingPrinted(attempt) + printedChain(attempt.Err)
					}
					requireNoSecret(t, secretsOf(account), call.name, printed)
				}
			})
		}
	})

	// An error whose text holds the key can't be asked for, nor one that wraps it.
	t.Run("an error that shows the key is kept back", func(t *testing.T) {
		for name, wrap := range map[string]func(error) error{
			"itself":           func(err error) error { return err },
			"wrapped":          func(err error) error { return quietError{err} },
			"one of several":   func(err error) error { return quietError{errors.Join(errBroken, err)} },
			"in a URL's error": func(err error) error { return quietError{&url.Error{Op: "Get", URL: testOrigin, Err: err}} },
		} {
			transport := inMemory(func(request *http.Request) (*http.Response, error) {
				return nil, wrap(shoutingError{request.Header.Get("Authorization")})
			})
			err := ask(t.Context(), clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1})))
			assert.ErrorIs(t, err, insights.ErrTransport, name)
			_, found := errors.AsType[shoutingError](err)
			assert.False(t, found, name)
			assert.NotErrorIs(t, err, errBroken, name)
			requireNoSecret(t, secretsOf(account), name, printedChain(err))
		}
	})

	// What is put together of harmless parts may show the key all the same.
	t.Run("texts that were put together are masked", func(t *testing.T) {
		for key, answer := range map[string]*http.Response{
			"ab cd ef gh ij kl mn": reply(400, "", "X-Request-Id", "ab\tcd\tef\tgh\tij\tkl\tmn"),
			"op qr st uv wx yz op": reply(200, "{}", "Content-Type", "op\tqr\tst\tuv\twx\tyz\top"),
			`x\"y\"z\"w\"v\"u`:     reply(200, "{}", "Content-Type", `x"y"z"w"v"u`),
		} {
			watch := watching(t, insights.Credentials{Username: "a-user", AccessKey: key})
			watch.answer = answer
			var info insights.ResponseInfo
			err := ask(t.Context(), watch.client, insights.CaptureResponse(&info))
			assert.NotContains(t, err.Error()+info.RequestID+watch.log.String(), key)
		}
	})

	t.Run("a key in the wrong place is not printed", func(t *testing.T) {
		_, err := insights.NewClient(insights.Region(account.AccessKey), account)
		assert.ErrorIs(t, err, insights.ErrInvalidOptions)
		requireNoSecret(t, secretsOf(account), "the region", printedChain(err))
	})

	t.Run("no query string is in an error however it got there", func(t *testing.T) {
		redirected := false
		for name, transport := range map[string]inMemory{
			"a URL":   func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("failed: %v", *r.URL) },
			"a query": func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("query=%s", r.URL.RawQuery) },
			"a URL's error": func(r *http.Request) (*http.Response, error) {
				return nil, quietError{&url.Error{URL: r.URL.String(), Err: errBroken}}
			},
			"a redirect": func(r *http.Request) (*http.Response, error) {
				if redirected = !redirected; redirected {
					return reply(302, "", "Location", "/v2?trace=1&"+r.URL.RawQuery), nil
				}
				return nil, fmt.Errorf("%s %s: reset", r.Method, r.URL)
			},
			"a message": func(r *http.Request) (*http.Response, error) {
				return reply(404, "Cannot GET "+r.URL.RequestURI()), nil
			},
			"compression": func(r *http.Request) (*http.Response, error) {
				return damagedBy(fmt.Errorf("answer to %s: %w", r.URL, gzip.ErrChecksum)), nil
			},
		} {
			c := clientOver(t, transport, insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}))
			_, err := c.Tests(t.Context(), insights.TestsOptions{Period: lastWeek, Query: "private"})
			require.Error(t, err, name)
			assert.NotContains(t, err.Error(), "private", name)
			if inner, ok := errors.AsType[interface {
				error
				Timeout() bool
			}](errors.Unwrap(err)); ok {
				assert.NotContains(t, inner.Error(), "private", name)
			}
		}
	})

	t.Run("a dump of a client does not reach its connections", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(answerJSON))
		defer server.Close()
		for name, opts := range map[string][]insights.Option{
			"its own":      {insights.WithBaseURL(server.URL)},
			"the caller's": {insights.WithBaseURL(server.URL), insights.WithHTTPClient(server.Client())},
		} {
			c, err := insights.NewClient("", account, opts...)
			require.NoError(t, err)
			require.NoError(t, ask(t.Context(), c)) // a request is in the buffers of an idle connection now
			printed := dump(c)
			assert.Contains(t, printed, account.Username, name)
			requireNoSecret(t, secretsOf(account), name, printed)
			assert.NotContains(t, printed, "Authorization", name)
			c.CloseIdleConnections()
		}
	})

	t.Run("credentials in anothers hands stay hidden", func(t *testing.T) {
		holder := struct{ C *insights.Client }{clientOver(t, inMemory(nil))}
		requireNoSecret(t, secretsOf(account), "a struct", everythingPrinted(holder))
		requireNoSecret(t, secretsOf(account), "credentials", fmt.Sprintf("%v %+v %#v %s %q %d %x", account, account, account, account, account, account, account))
		defer func() { requireNoSecret(t, secretsOf(account), "a panic", fmt.Sprint(recover())) }()
		panic(fmt.Sprintf("%+v", holder))
	})
}

// watched is a client of whose calls everything is kept that can be seen.
type watched struct {
	secrets  map[string]bool
	client   *insights.Client
	answer   *http.Response
	log      strings.Builder
	attempts []insights.Attempt
}

func watching(t *testing.T, creds insights.Credentials) *watched {
	t.Helper()
	w := &watched{secrets: secretsOf(creds)}
	transport := inMemory(func(*http.Request) (*http.Response, error) { return w.answer, nil })
	var err error
	w.client, err = insights.NewClient("", creds, insights.WithBaseURL(testOrigin), insights.WithHTTPClient(&http.Client{Transport: transport}),
		insights.WithoutRateLimit(), insights.WithRetry(insights.RetryPolicy{MaxAttempts: 1}),
		insights.WithLogger(slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) { w.attempts = append(w.attempts, a) }))
	require.NoError(t, err)
	return w
}

// requireSilence makes a call and searches all that comes of it, but for the data
// of a success, which is the user's.
func (w *watched) requireSilence(t *testing.T, where string) {
	t.Helper()
	w.log.Reset()
	w.attempts = nil
	var info insights.ResponseInfo
	_, err := w.client.Tests(t.Context(), insights.TestsOptions{Period: lastWeek}, insights.CaptureResponse(&info))
	seen := w.log.String() + fmt.Sprintf("%v %+v %+v", err, w.attempts, info)
	if apiErr, ok := errors.AsType[*insights.APIError](err); ok {
		seen += fmt.Sprintf("%s %s %q %q %q", apiErr.Body, apiErr.Message, apiErr.Fields, apiErr.Header, apiErr.RequestID)
	}
	requireNoSecret(t, w.secrets, where, seen)
}

// everyRun is AllTests as a call.
var everyRun = namedCall{"AllTests", testsPath, func(ctx context.Context, c *insights.Client, opts ...insights.CallOption) (any, error) {
	for _, err := range c.AllTests(ctx, insights.TestsOptions{Period: lastWeek}, opts...) {
		return nil, err
	}
	return nil, nil
}}

// What a program that panics writes on its end.
func TestAPanicShowsNoKey(t *testing.T) {
	const marker = "INSIGHTS_TEST_PANIC"
	if os.Getenv(marker) != "" {
		panicWithEverything(t)
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), marker+"=1", "GOTRACEBACK=all")
	output, err := command.CombinedOutput()
	require.Error(t, err)
	for _, shown := range []string{"insights.Client", "insights.Attempt", "insights.ResponseInfo", "400 Bad Request", "ended early", "invalid options"} {
		assert.Contains(t, string(output), shown)
	}
	requireNoSecret(t, secretsOf(account), "a panic", string(output))
}

// panicWithEverything panics again and again on its way up.
func panicWithEverything(t *testing.T) {
	var info insights.ResponseInfo
	var attempt insights.Attempt
	c := clientOver(t, inMemory(func(request *http.Request) (*http.Response, error) {
		return reply(400, request.Header.Get("Authorization"), "X-Echo", account.AccessKey), nil
	}), insights.WithOnAttempt(func(_ context.Context, a insights.Attempt) { attempt = a }))
	err := ask(t.Context(), c, insights.CaptureResponse(&info))
	_, ended := everyRun.do(t.Context(), c)
	_, refused := insights.NewClient("", account)
	for _, value := range []any{c, *c, attempt, info, err, ended, refused} {
		defer panic(value)
	}
}

// requestError is the error of a transport that keeps the request.
type requestError struct{ Request *http.Request }

func (requestError) Error() string { return "the request failed" }

type timeoutWithRequest struct{ requestError }

func (timeoutWithRequest) Timeout() bool { return true }

type shoutingError struct{ header string }

func (e shoutingError) Error() string { return "I sent " + e.header }

// quietError wraps an error without its text.
type quietError struct{ inner error }

func (quietError) Error() string   { return "the upstream failed" }
func (e quietError) Unwrap() error { return e.inner }

// damagedBy is an answer whose body ends with err.
func damagedBy(err error) *http.Response {
	resp := reply(200, "")
	resp.Body = io.NopCloser(iotest.ErrReader(err))
	return resp
}

func TestCredentialsStay(t *testing.T) {
	t.Run("the key goes to nobody else", func(t *testing.T) {
		for _, address := range []string{"http://insights.test", "http://10.0.0.1", "http://localhost.evil.example", "ftp://127.0.0.1"} {
			_, err := insights.NewClient("", account, insights.WithBaseURL(address))
			assert.ErrorIs(t, err, insights.ErrInvalidOptions, address)
		}
	})
}

// secretShare is the part of the places in which a key is looked for that an
// abridged suite looks at: one in so many.
func secretShare() int {
	if isAbridged() {
		return 4
	}
	return 1
}
