package grpcclient

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// FuzzAnswer: whatever a server answers, nothing breaks, no answer is longer than allowed, and
// an error can be printed.
func FuzzAnswer(f *testing.F) {
	f.Add(200, Frame([]byte("hello")), "0", "")
	f.Add(200, []byte(nil), "13", "no")
	f.Add(200, []byte{1, 0, 0, 0, 0}, "12", "")
	f.Add(404, []byte("<html>"), "", "")
	f.Fuzz(func(t *testing.T, code int, body []byte, status, words string) {
		c := &Client{answerMax: 10}
		answer, err := c.read(&http.Response{
			StatusCode: code, Status: http.StatusText(code), Body: io.NopCloser(bytes.NewReader(body)),
			Trailer: http.Header{"Grpc-Status": {status}, "Grpc-Message": {words}},
		})
		if err == nil && (status != "0" || code != http.StatusOK || len(answer) > 10 || !bytes.Equal(Frame(answer), body)) {
			t.Errorf("%d, %q, %q: %q", code, body, status, answer)
		}
		if err == nil {
			return
		}
		for _, r := range err.Error() {
			if r < ' ' {
				t.Errorf("%q would be obeyed by a terminal", err)
			}
		}
	})
}
