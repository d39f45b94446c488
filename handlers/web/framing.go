package web

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

var (
	nameHost     = []byte("Host")
	nameLength   = []byte("Content-Length")
	nameEncoding = []byte("Transfer-Encoding")
	chunked      = []byte("chunked")
)

// framed says whether a request leaves no doubt about its end and its host, by the letter of RFC 9112. fasthttp is lenient
// here. If a proxy before us is lenient in another way, the two disagree on where a request ends, and a second request can
// hide in the first. fasthttp itself refuses two lengths, lengths that are no number, unknown encodings, and odd bytes in
// names and values.
//
// It allows HTTP/1.1 and 1.0 alone, lines that end in CRLF, no folded lines and no blank in a name (5), one Host that
// has no odd bytes (3.2; probes in HTTP/1.0 may have none), and a length or chunks, never both (6.1), in 1.0 no chunks.
func framed(h *fasthttp.RequestHeader) bool {
	new11 := string(h.Protocol()) == "HTTP/1.1"
	if !new11 && string(h.Protocol()) != "HTTP/1.0" {
		return false
	}
	hosts, lengths, encodings := 0, 0, 0
	for rest := h.RawHeaders(); len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 1 || rest[end-1] != '\r' {
			return false
		}
		line := rest[:end-1]
		rest = rest[end+1:]
		if len(line) == 0 {
			break // the empty line at the end
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 0 || line[0] == '\t' || bytes.IndexByte(line[:colon], ' ') >= 0 {
			return false
		}
		name, value := line[:colon], line[colon+1:]
		switch { // the lengths first: this runs for every line of every request
		case len(name) == len(nameHost) && bytes.EqualFold(name, nameHost):
			hosts++
			if !plainHost(bytes.Trim(value, " \t")) {
				return false
			}
		case len(name) == len(nameLength) && bytes.EqualFold(name, nameLength):
			lengths++
		case len(name) == len(nameEncoding) && bytes.EqualFold(name, nameEncoding):
			encodings++
			if !bytes.EqualFold(bytes.Trim(value, " \t"), chunked) {
				return false
			}
		}
	}
	return hosts <= 1 && lengths+encodings <= 1 && (new11 && hosts == 1 || !new11 && encodings == 0)
}

// plainHost accepts the characters of a host with a port (RFC 3986, 3.2.2). It may be empty (RFC 9112, 3.2).
func plainHost(host []byte) bool {
	for _, b := range host {
		if !hostByte[b] {
			return false
		}
	}
	return true
}

var hostByte = func() (table [256]bool) {
	for _, b := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~!$&'()*+,;=%:[]") {
		table[b] = true
	}
	return table
}()
