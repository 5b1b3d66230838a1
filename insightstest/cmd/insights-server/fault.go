package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/sauceinsights/insights/insightstest"
)

// fault is an insightstest.Fault in JSON.
type fault struct {
	Path   string              `json:"path,omitempty"`
	Skip   int                 `json:"skip,omitempty"`
	Count  int                 `json:"count"`
	Delay  length              `json:"delay,omitempty"`
	Hang   bool                `json:"hang,omitempty"`
	Status int                 `json:"status,omitempty"`
	Header map[string][]string `json:"header,omitempty"`
	Body   *string             `json:"body,omitempty"`
	Gzip   bool                `json:"gzip,omitempty"`
	Half   bool                `json:"half,omitempty"`
	Lose   string              `json:"lose,omitempty"` // a member of the true answer that is left out
	Ending string              `json:"ending,omitempty"`
	Bytes  int                 `json:"bytes,omitempty"`
}

// endings are the names of the endings, by their numbers.
var endings = []string{insightstest.Complete: "", insightstest.Drop: "drop", insightstest.Cut: "cut", insightstest.Stall: "stall", insightstest.Endless: "endless"}

// forever is the delay of a fault that hangs.
var forever = insightstest.Hang(1).Delay

func faultOf(f insightstest.Fault) fault {
	g := fault{
		Path: f.Path, Skip: f.Skip, Count: f.Count, Status: f.Status, Header: f.Header,
		Gzip: f.Gzip, Half: f.Half, Ending: endings[f.Ending], Bytes: f.Bytes,
	}
	if f.Body != nil {
		g.Body = new(string(f.Body))
	}
	if f.Delay == forever {
		g.Hang = true
	} else {
		g.Delay = length(f.Delay)
	}
	return g
}

func (g *fault) fault() (insightstest.Fault, error) {
	ending := slices.Index(endings, g.Ending)
	if ending < 0 {
		return insightstest.Fault{}, fmt.Errorf("ending %q is none of drop, cut, stall and endless", g.Ending)
	}
	f := insightstest.Fault{
		Path: g.Path, Skip: g.Skip, Count: g.Count, Delay: time.Duration(g.Delay), Status: g.Status, Header: g.header(),
		Gzip: g.Gzip, Half: g.Half, Ending: insightstest.Ending(ending), Bytes: g.Bytes,
	}
	if g.Body != nil {
		f.Body = []byte(*g.Body)
	}
	if g.Hang {
		f.Delay = forever
	}
	if g.Lose != "" {
		f.Rewrite = insightstest.LoseMember(1, g.Lose).Rewrite
	}
	return f, f.Validate()
}

// header has the names in the form in which a server sends them.
func (g *fault) header() http.Header {
	h := make(http.Header)
	for name, values := range g.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return h
}

// decodeFaults reads one fault or a list of them; all or none are right.
func decodeFaults(r *http.Request) ([]insightstest.Fault, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		list = []json.RawMessage{text}
	}
	var faults []insightstest.Fault
	for _, one := range list {
		var g fault
		if err := decode(bytes.NewReader(one), &g); err != nil {
			return nil, err
		}
		f, err := g.fault()
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		return nil, errors.New("the body: there is no fault in it")
	}
	return faults, nil
}

// length is a length of time: a text as in a flag (7d, 1m30s), or in seconds.
type length time.Duration

// UnmarshalJSON implements [json.Unmarshaler].
func (l *length) UnmarshalJSON(text []byte) error {
	var seconds float64
	if json.Unmarshal(text, &seconds) == nil {
		*l = length(seconds * float64(time.Second))
		return nil
	}
	var words string
	if err := json.Unmarshal(text, &words); err != nil {
		return err
	}
	d, err := parseLength(words)
	*l = length(d)
	return err
}

// MarshalJSON implements [json.Marshaler].
func (l length) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(l).String())
}
