package otlp

import (
	"errors"
	"testing"

	"github.com/rsttrace/rsttrace/internal/sink"
)

// FuzzResponse: whatever a server answers, nothing breaks, and it can refuse no negative
// number of records.
func FuzzResponse(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("<html>"))
	f.Add([]byte(message(nil).inner(responsePartialSuccess, message(nil).number(partialRejected, 2).text(partialMessage, "too old"))))
	f.Add([]byte(message(nil).inner(responsePartialSuccess, message(nil).number(partialRejected, 1<<63))))
	f.Fuzz(func(t *testing.T, response []byte) {
		err := partial(response)
		var lost *sink.LostError
		if err == nil {
			return
		}
		if !errors.As(err, &lost) || lost.Items > 1<<63 {
			t.Errorf("%v", err)
		}
		for _, r := range err.Error() {
			if r < ' ' {
				t.Errorf("%q would be obeyed by a terminal", err)
			}
		}
	})
}
