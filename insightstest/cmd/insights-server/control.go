package main

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/insightstest"
)

// controlPrefix begins the paths that change the server; README.md has them.
const controlPrefix = "/_insightstest/"

// control changes the server over HTTP.
type control struct {
	server      *insightstest.Server
	clock       *clock
	isProtected bool // by the credentials of the API
	routes      *http.ServeMux
}

func newControl(srv *insightstest.Server, c *clock, isProtected bool) *control {
	x := &control{server: srv, clock: c, isProtected: isProtected, routes: http.NewServeMux()}
	for pattern, do := range x.calls() {
		method, path, _ := strings.Cut(pattern, " ")
		x.routes.HandleFunc(method+" "+controlPrefix+path, x.answer(do))
	}
	return x
}

// calls are what the control does, by method and path behind the prefix.
func (x *control) calls() map[string]func(*http.Request) (any, error) {
	return map[string]func(*http.Request) (any, error){
		"GET {$}":          x.list,
		"GET faults":       x.pending,
		"POST faults":      x.fail,
		"DELETE faults":    x.recover,
		"GET requests":     x.requests,
		"DELETE requests":  x.forget,
		"POST runs":        x.add,
		"GET runs/{id}":    x.run,
		"PATCH runs/{id}":  x.update,
		"DELETE runs/{id}": x.remove,
		"POST seed":        x.seed,
		"GET clock":        x.time,
		"POST clock":       x.setTime,
		"POST reset":       x.reset,
	}
}

// list names the calls, for who looks what there is.
func (x *control) list(*http.Request) (any, error) {
	var routes []string
	for pattern := range x.calls() {
		method, path, _ := strings.Cut(pattern, " ")
		routes = append(routes, method+" "+controlPrefix+strings.TrimSuffix(path, "{$}"))
	}
	slices.Sort(routes)
	return map[string][]string{"routes": routes}, nil
}

// ServeHTTP answers what is not of the API itself, and leaves the rest to the
// server. (A ServeMux for all would redirect paths that it finds unclean, which
// the API does not.)
func (x *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/healthz":
		send(w, http.StatusOK, map[string]string{"status": "ok"})
	case !strings.HasPrefix(r.URL.Path, controlPrefix):
		x.server.ServeHTTP(w, r)
	case x.isProtected && !x.isAllowed(r):
		w.Header().Set("WWW-Authenticate", `Basic realm="insights-server"`)
		send(w, http.StatusUnauthorized, message("wrong user name or access key: with -public, "+controlPrefix+" needs those of the API"))
	default:
		x.routes.ServeHTTP(w, r)
	}
}

func (x *control) isAllowed(r *http.Request) bool {
	want := x.server.Credentials()
	username, key, _ := r.BasicAuth()
	return subtle.ConstantTimeCompare([]byte(username+":"+key), []byte(want.Username+":"+want.AccessKey)) == 1
}

// answer sends what do returns as JSON; a mistake is 400, or 404 if it says so.
func (x *control) answer(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		value, err := do(r)
		switch {
		case errors.Is(err, errNoRun):
			send(w, http.StatusNotFound, message(err.Error()))
		case err != nil:
			send(w, http.StatusBadRequest, message(err.Error()))
		default:
			send(w, http.StatusOK, value)
		}
	}
}

// maxBody bounds what is sent to the server.
const maxBody = 64 << 20

var errNoRun = errors.New("there is no run with that ID")

func message(text string) map[string]string { return map[string]string{"message": text} }

func send(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // a client that went away needs nothing
}

// decode reads a body; unknown members are a mistake, and so is no body.
func decode(body io.Reader, value any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err := d.Decode(value)
	if errors.Is(err, io.EOF) {
		return errors.New("the body: it is empty, {} is the least")
	}
	if err != nil {
		return fmt.Errorf("the body: %w", err)
	}
	return nil
}

func (x *control) pending(*http.Request) (any, error) {
	list := []fault{}
	for _, f := range x.server.Pending() {
		list = append(list, faultOf(f))
	}
	return list, nil
}

func (x *control) fail(r *http.Request) (any, error) {
	faults, err := decodeFaults(r)
	if err != nil {
		return nil, err
	}
	x.server.Fail(faults...)
	return x.pending(r)
}

func (x *control) recover(r *http.Request) (any, error) {
	x.server.Recover()
	return x.pending(r)
}

// request is a request as the control shows it.
type request struct {
	Method    string              `json:"method"`
	Path      string              `json:"path"`
	Query     map[string][]string `json:"query"`
	RawQuery  string              `json:"raw_query"`
	UserAgent string              `json:"user_agent"`
	Time      time.Time           `json:"time"`
	Status    int                 `json:"status"`
	Bytes     int                 `json:"bytes"`
}

func (x *control) requests(*http.Request) (any, error) {
	list := []request{}
	for _, r := range x.server.Requests() {
		list = append(list, request{r.Method, r.Path, r.Query, r.RawQuery, r.UserAgent, r.Time, r.Status, r.Bytes})
	}
	return list, nil
}

func (x *control) forget(r *http.Request) (any, error) {
	x.server.ForgetRequests()
	return x.requests(r)
}

// added says what POST runs took.
type added struct {
	Added   int     `json:"added"`
	Ignored ignored `json:"ignored,omitempty"` // members that mean nothing, and how often
}

func (x *control) add(r *http.Request) (any, error) {
	text, err := unpacked(r.Body)
	if err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	runs, ignored, err := parseRuns(text)
	if err != nil {
		return nil, fmt.Errorf("line %w", err)
	}
	x.server.Add(runs...)
	return added{len(runs), ignored}, nil
}

func (x *control) run(r *http.Request) (any, error) {
	run, known := x.server.Test(r.PathValue("id"))
	if !known {
		return nil, errNoRun
	}
	return run, nil
}

// update changes the members that the body has.
func (x *control) update(r *http.Request) (any, error) {
	run, known := x.server.Test(r.PathValue("id"))
	if !known {
		return nil, errNoRun
	}
	var members map[string]json.RawMessage
	if err := decode(r.Body, &members); err != nil {
		return nil, err
	}
	after, err := overlaid(run, members)
	if err == nil {
		err = checkUpdate(members, after, run.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	x.server.Update(run.ID, func(t *insights.Test) {
		if after, err := overlaid(*t, members); err == nil { // it was tried above
			*t = after
		}
	})
	return x.run(r)
}

// overlaid is a run with some members changed.
func overlaid(run insights.Test, members map[string]json.RawMessage) (insights.Test, error) {
	text, err := json.Marshal(run)
	if err != nil {
		return run, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return run, err
	}
	maps.Copy(all, members)
	if text, err = json.Marshal(all); err != nil {
		return run, err
	}
	var after insights.Test
	err = json.Unmarshal(text, &after)
	return after, err
}

func checkUpdate(members map[string]json.RawMessage, run insights.Test, id string) error {
	for name := range members {
		if _, known := runMembers[name]; !known {
			return fmt.Errorf("%s is not a member of a run", name)
		}
	}
	if run.ID != id {
		return errors.New("the ID of a run can't be changed")
	}
	return checkMembers(members, run)
}

func (x *control) remove(r *http.Request) (any, error) {
	run, err := x.run(r)
	if err == nil {
		x.server.Remove(r.PathValue("id"))
	}
	return run, err
}

// seed is what POST seed takes: the flags of the same names.
type seed struct {
	Seed uint64    `json:"seed"`
	Runs int       `json:"runs"`
	Last length    `json:"last"`
	End  time.Time `json:"end"`
}

func (x *control) seed(r *http.Request) (any, error) {
	s := seed{Seed: 1, Last: length(30 * 24 * time.Hour), End: x.clock.now()}
	if err := decode(r.Body, &s); err != nil {
		return nil, err
	}
	if s.Runs < 1 || s.Runs > maxRuns || time.Duration(s.Last) < time.Second {
		return nil, fmt.Errorf("runs must be 1 to %d, and last a second or longer", maxRuns)
	}
	runs := insightstest.Generate(s.Seed, s.Runs, s.End.Add(-time.Duration(s.Last)), s.End)
	x.server.Add(runs...)
	return added{Added: len(runs)}, nil
}

// moment is the clock as the control shows it.
type moment struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

func (x *control) time(*http.Request) (any, error) {
	return moment{x.clock.now(), x.clock.isFrozen()}, nil
}

// setTime takes a time, a length to move by, or both, and whether to stop.
func (x *control) setTime(r *http.Request) (any, error) {
	var change struct {
		Now     *time.Time `json:"now"`
		Advance length     `json:"advance"`
		Frozen  *bool      `json:"frozen"`
	}
	if err := decode(r.Body, &change); err != nil {
		return nil, err
	}
	now, frozen := x.clock.now(), x.clock.isFrozen()
	if change.Now != nil {
		now = *change.Now
	}
	if change.Frozen != nil {
		frozen = *change.Frozen
	}
	if change.Now != nil || change.Frozen != nil {
		x.clock.set(now, frozen)
	}
	x.clock.advance(time.Duration(change.Advance))
	return x.time(r)
}

func (x *control) reset(r *http.Request) (any, error) {
	x.server.Reset()
	x.clock.reset()
	return x.time(r)
}
