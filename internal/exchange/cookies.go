package exchange

import (
	"net/http"
	"net/url"
)

// addCookies adds those that the caller's jar has for a request.
func (s *sender) addCookies(request *http.Request) {
	if s.Jar == nil {
		return
	}
	for _, cookie := range s.Jar.Cookies(request.URL) {
		request.AddCookie(cookie)
	}
}

// keepCookies hands those of an answer to the caller's jar.
func (s *sender) keepCookies(from *url.URL, resp *http.Response) {
	if s.Jar == nil {
		return
	}
	if cookies := resp.Cookies(); len(cookies) > 0 {
		s.Jar.SetCookies(from, cookies)
	}
}
