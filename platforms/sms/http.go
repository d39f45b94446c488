package sms

import "net/http"

// newHTTPClient follows no redirect: 307 and 308 would post the message a second time.
func newHTTPClient(config Config) *http.Client {
	client := &http.Client{Timeout: config.Timeout, Transport: config.Transport}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}
