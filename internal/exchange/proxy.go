package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

var errPlainProxy = errors.New("not sent: a proxy on another machine would see the credentials unencrypted: use https, or no proxy for loopback addresses")

// proxyOf returns the proxy that a request would go through, or nil.
func proxyOf(transport http.RoundTripper, request *http.Request) *url.URL {
	standard, ok := transport.(*http.Transport)
	if !ok || standard.Proxy == nil {
		return nil
	}
	proxy, err := standard.Proxy(request)
	if err != nil {
		return nil
	}
	return proxy
}

// leaksToProxy reports whether a request in clear, which is for this machine, would
// go through a proxy on another.
func leaksToProxy(transport http.RoundTripper, request *http.Request) bool {
	if request.URL.Scheme != "http" {
		return false
	}
	proxy := proxyOf(transport, request)
	return proxy != nil && !IsLoopback(LowerHost(proxy.Hostname()))
}

// tunnelRefusal is the answer of a proxy that does not connect to the service.
type tunnelRefusal struct {
	status int // 0: not known
	text   string
}

func (e *tunnelRefusal) Error() string {
	if e.status == 0 {
		return "the proxy refused to connect: " + e.text
	}
	return fmt.Sprintf("the proxy refused to connect: %d %s", e.status, http.StatusText(e.status))
}

// nameRefusal keeps the status of a proxy's refusal. net/http keeps its words, which
// may be any.
func nameRefusal(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &tunnelRefusal{status: resp.StatusCode, text: resp.Status}
}

// asRefusal is err, or the refusal by a proxy that it tells of: with a transport
// of the caller's net/http has its words alone, in an error of no type that came
// before there was a connection. Whatever else fails with a proxy has a type.
func (s *sender) asRefusal(request *http.Request, err error) error {
	var network net.Error
	var named *tunnelRefusal
	switch {
	case request.URL.Scheme != "https", s.watch.hasConnection():
		return err
	case errors.As(err, &network), errors.As(err, &named), errors.Unwrap(err) != nil, isBroken(err):
		return err
	}
	status := statusOf(err.Error())
	if status == 0 && proxyOf(s.transport, request) == nil {
		return err // a transport of another kind does not say if there is a proxy
	}
	return &tunnelRefusal{status: status, text: err.Error()}
}

// statusOf is the status of a refusal with that text, or 0.
func statusOf(text string) int {
	for status := 300; status <= 599; status++ {
		if name := http.StatusText(status); name != "" && name == text {
			return status
		}
	}
	return 0
}

// mayPass reports whether the proxy may connect the next time.
func (e *tunnelRefusal) mayPass() bool {
	return e.status == 0 || e.status >= 500 || IsRetriedStatus(e.status)
}
