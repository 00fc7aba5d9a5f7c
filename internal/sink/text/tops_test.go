package text

import (
	"bytes"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestTopsGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"tops-file":       {},
		"tops-80-columns": {Width: 80, Height: 40, Color: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Location = time.UTC
			var out bytes.Buffer
			s := New(&out, o)
			totals := fixture.Totals()
			totals.Tops = fixture.Tops()
			must(t, s.Totals(totals))
			must(t, s.Totals(&event.Totals{Tops: &event.Tops{}}))
			must(t, s.Flush(time.Time{}))
			checkGolden(t, name, out.Bytes())
		})
	}
}
