package serve

import (
	"fmt"
	"net/http"

	"github.com/rsttrace/rsttrace/internal/markup"
)

// page is what a person sees who opens the address in a browser. It has no value that
// others chose, except the version.
const page = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>rsttrace</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem } dt { font-family: monospace; margin-top: .5rem }</style>
<h1>rsttrace</h1>
<p>It explains every TCP reset of this host. Version %s.</p>
<dl>
<dt><a href="metrics">/metrics</a></dt><dd>Numbers for Prometheus.</dd>
<dt><a href="events">/events</a></dt><dd>Resets as JSON lines, live. A filter chooses: <a href="events?filter=sent">/events?filter=sent</a></dd>
<dt><a href="findings">/findings</a></dt><dd>Incidents as JSON lines, live.</dd>
<dt><a href="healthz">/healthz</a></dt><dd>Does the tracer run?</dd>
<dt><a href="readyz">/readyz</a></dt><dd>Does it see resets?</dd>
</dl>
</html>
`

func (s *Server) landing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	fmt.Fprintf(w, page, markup.Escaped(s.version))
}
