// Package web serves the dashboard: pages for people, metrics for Prometheus.
//
// It only reads, checks every parameter, and answers under the names it was given:
// a page of somebody else can't read it through a viewer's browser.
package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/sauceinsights/insights/cmd/insights/internal/dashboard"
)

// Server shows runs. Make it with [New].
type Server struct {
	Options
	loaders map[string]*loader
	handler http.Handler
}

// Options are what a server is started with.
type Options struct {
	Source   Source
	IsDemo   bool
	Hosts    []string // names under which it answers, besides those of loopback
	Password string   // empty: none is asked for
	Metrics  http.Handler
	Now      func() time.Time
}

// patience is how long a viewer waits for a page before there is one that says how
// far it has got.
const patience = 700 * time.Millisecond

// New makes a server, whose readings end with ctx.
func New(ctx context.Context, opts Options) *Server {
	s := &Server{Options: opts, loaders: make(map[string]*loader)}
	for _, name := range dashboard.Periods {
		s.loaders[name] = &loader{source: opts.Source, isDemo: opts.IsDemo, length: lengthOf(name), now: opts.Now, life: ctx}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.board)
	for kind := range detailKinds {
		mux.HandleFunc("/"+kind, s.detail)
	}
	mux.HandleFunc("/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write([]byte(dashboard.Style())) // who has gone needs no answer
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("/readyz", s.ready)
	if opts.Metrics != nil {
		mux.Handle("/metrics", opts.Metrics)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, http.StatusNotFound, "Not found", "There is no such page.")
	})
	s.handler = s.guard(mux)
	return s
}

var detailKinds = map[string]bool{dashboard.KindTest: true, dashboard.KindBuild: true, dashboard.KindError: true}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// lengthOf reads one of the known periods.
func lengthOf(name string) time.Duration {
	var days int
	_, _ = fmt.Sscanf(name, "%dd", &days) // it is one of our own
	return time.Duration(days) * 24 * time.Hour
}

// defaultPeriod is that of a page which names none.
const defaultPeriod = "7d"

// question is what a page is asked for.
type question struct {
	period string
	filter dashboard.Filter
	name   string
}

// maxParameter is how long a parameter may be: an error's cause is cut after that.
const maxParameter = 4000

var errParameter = errors.New("a parameter")

func ask(values url.Values, allowed ...string) (q question, err error) {
	for name, given := range values {
		switch {
		case !slices.Contains(allowed, name):
			return q, fmt.Errorf("%w that is not known: %.40q", errParameter, name)
		case len(given) != 1 || len(given[0]) > maxParameter:
			return q, fmt.Errorf("%w that is there twice, or is too long: %s", errParameter, name)
		}
	}
	q = question{period: values.Get("period"), name: values.Get("name")}
	q.filter = dashboard.Filter{OS: values.Get("os"), Browser: values.Get("browser"), Owner: values.Get("owner")}
	if q.period == "" {
		q.period = defaultPeriod
	}
	if !slices.Contains(dashboard.Periods, q.period) {
		return q, fmt.Errorf("%w out of range: period is one of %v", errParameter, dashboard.Periods)
	}
	return q, nil
}

func (s *Server) board(w http.ResponseWriter, r *http.Request) {
	q, err := ask(r.URL.Query(), "period", "os", "browser", "owner")
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "That can't be shown", err.Error())
		return
	}
	l := s.loaders[q.period]
	board, err := l.await(r.Context(), q.filter, patience)
	if board == nil {
		s.notThere(w, l, err)
		return
	}
	whole, _ := l.board(dashboard.Filter{})
	s.write(w, func(page *bytes.Buffer) error {
		return dashboard.WriteBoard(page, board, dashboard.ChoicesOf(whole), warning(err))
	})
}

// warning says that what is shown is old.
func warning(err error) string {
	if err == nil {
		return ""
	}
	return "What is shown is older: reading it again failed: " + err.Error()
}

func (s *Server) detail(w http.ResponseWriter, r *http.Request) {
	q, err := ask(r.URL.Query(), "period", "os", "browser", "owner", "name")
	if err != nil || q.name == "" {
		s.refuse(w, http.StatusBadRequest, "That can't be shown", fmt.Sprint(errors.Join(err, nameMissing(q.name))))
		return
	}
	l := s.loaders[q.period]
	board, err := l.await(r.Context(), q.filter, patience)
	if board == nil {
		s.notThere(w, l, err)
		return
	}
	kind := r.URL.Path[1:]
	detail, ok := board.Detail(kind, q.name)
	if !ok {
		s.refuse(w, http.StatusNotFound, "No runs", "There are no such runs in this period.")
		return
	}
	if kind == dashboard.KindTest {
		ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
		defer cancel()
		if detail.Metrics, err = s.Source.Metrics(ctx, q.name, board.From, board.To); err != nil {
			detail.MetricsFailed = err.Error()
		}
	}
	s.write(w, func(page *bytes.Buffer) error { return dashboard.WriteDetail(page, detail) })
}

func nameMissing(name string) error {
	if name == "" {
		return errors.New("the parameter name is missing")
	}
	return nil
}

// notThere is a page without runs: they are being read, or that failed.
func (s *Server) notThere(w http.ResponseWriter, l *loader, err error) {
	if err != nil {
		s.refuse(w, http.StatusBadGateway, "The runs could not be read", err.Error())
		return
	}
	s.write(w, func(page *bytes.Buffer) error {
		return dashboard.WriteLoading(page, fmt.Sprintf("Reading the runs of %s: %d so far. This page asks again by itself.", s.Source.Name(), l.progress.Load()))
	})
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	board, err := s.loaders[defaultPeriod].await(r.Context(), dashboard.Filter{}, patience)
	switch {
	case board == nil && err != nil:
		say(w, http.StatusServiceUnavailable, "the runs could not be read")
	case board == nil:
		say(w, http.StatusServiceUnavailable, "the runs are being read")
	default:
		say(w, http.StatusOK, "ok")
	}
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // who has gone needs no answer
}

// write sends a page only if all of it could be made.
func (s *Server) write(w http.ResponseWriter, render func(*bytes.Buffer) error) {
	s.send(w, http.StatusOK, render)
}

func (s *Server) refuse(w http.ResponseWriter, status int, title, text string) {
	s.send(w, status, func(page *bytes.Buffer) error { return dashboard.WriteMessage(page, title, text) })
}

func (s *Server) send(w http.ResponseWriter, status int, render func(*bytes.Buffer) error) {
	var page bytes.Buffer
	if err := render(&page); err != nil {
		say(w, http.StatusInternalServerError, "the page could not be made")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // who has gone needs no answer
}
