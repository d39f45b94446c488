package alipay

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// record keeps the body of the answer to one request: the SDK throws it away with its error.
type record struct {
	buffer bytes.Buffer
	whole  bool // read to its end
}

// body is the whole body, or nil when the answer did not come whole.
func (r *record) body() []byte {
	if !r.whole {
		return nil
	}
	return append([]byte{}, r.buffer.Bytes()...)
}

type recordKey struct{}

func withRecord(ctx context.Context) (context.Context, *record) {
	r := &record{}
	return context.WithValue(ctx, recordKey{}, r), r
}

// recorder copies bodies into the record of the request's context. It sits below the cap on bodies, so the copy is
// capped too.
type recorder struct {
	next http.RoundTripper
}

func (t *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if r, ok := request.Context().Value(recordKey{}).(*record); ok {
		response.Body = &recordedBody{ReadCloser: response.Body, record: r}
	}
	return response, nil
}

type recordedBody struct {
	io.ReadCloser
	record *record
}

func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.record.buffer.Write(p[:n])
	if err == io.EOF {
		b.record.whole = true
	}
	return n, err
}
