package report

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/browsertest"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// served gives a page an address on this host, and lists what is asked for.
func served(t *testing.T, page string) (url string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.URL.Path)
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/page.html", func() []string {
		mu.Lock()
		defer mu.Unlock()
		return paths
	}
}

// only expects the page itself.
func only(page string) func(string) bool {
	return func(url string) bool { return url == page || strings.HasPrefix(url, page+"#") }
}

const ready = "document.documentElement.dataset.ready !== undefined"

// mixed has every kind of event, with names that are hostile, and many of one kind.
func mixed() []*event.Event {
	events := many(3000)
	last := events[len(events)-1]
	for i, e := range fixture.Events() {
		e.ID, e.Time = last.ID+uint64(i)+1, last.Time.Add(time.Second)
		e.PeerEvent = 0
		if i%4 == 0 {
			e.Owner.Comm = "</script><img src=x onerror='injected=1'>"
			e.Summary = "<img src=/x onerror='injected=1'>"
		}
		events = append(events, e)
	}
	return events
}

// TestBrowser opens a page in a real browser and uses it: search, time line, keyboard.
func TestBrowser(t *testing.T) {
	b := browsertest.Start(t)
	url, asked := served(t, write(t, Options{}, mixed()))
	b.Open(url)
	b.Until(ready)
	if got := browsertest.Eval[string](b, browsertest.TextOf("matches")); got != "3 020 events" {
		t.Errorf("it shows %q", got)
	}

	t.Run("search", func(t *testing.T) {
		b.T = t
		browsertest.Eval[any](b, "document.getElementById('search').focus()")
		b.Call("Input.insertText", map[string]any{"text": "NGINX -nosuchword econnrefused"}, nil)
		b.Until(browsertest.TextOf("matches") + ".startsWith('1 event')")
		if got := browsertest.Eval[int](b, "document.querySelectorAll('#list .row').length"); got != 2 { // with the head
			t.Errorf("%d rows", got)
		}
		browsertest.Eval[any](b, "document.getElementById('reset').click()")
		b.Until(browsertest.TextOf("matches") + " === '3 020 events'")
	})
	t.Run("keyboard", func(t *testing.T) {
		b.T = t
		browsertest.Eval[any](b, "document.querySelector('.rows').focus()")
		b.Key("ArrowDown")
		b.Key("ArrowDown")
		b.Until("document.querySelector('.row[aria-selected=true]').getAttribute('aria-rowindex') === '3'")
		b.Key("End")
		b.Until("document.querySelector('.row[aria-selected=true]').getAttribute('aria-rowindex') === '3021'")
		if got := browsertest.Eval[string](b, browsertest.TextOf("one")); !strings.Contains(got, "#3020") || !strings.Contains(got, "Seen at") {
			t.Errorf("the chosen event is %q", got)
		}
	})
	t.Run("time line", func(t *testing.T) {
		b.T = t
		browsertest.Eval[any](b, "document.getElementById('timeline').scrollIntoView()")
		place := browsertest.Eval[struct{ X, Y, Width float64 }](b, "(r => ({X: r.x, Y: r.y, Width: r.width}))(document.querySelector('#timeline svg').getBoundingClientRect())")
		y := place.Y + 100
		b.Mouse("mousePressed", place.X+place.Width*0.25, y)
		b.Mouse("mouseMoved", place.X+place.Width*0.4, y)
		b.Mouse("mouseMoved", place.X+place.Width*0.5, y)
		b.Mouse("mouseReleased", place.X+place.Width*0.5, y)
		b.Until(browsertest.TextOf("matches") + ".includes(' from 03:')")
		chosen := browsertest.Eval[int](b, "parseInt("+browsertest.TextOf("matches")+".replaceAll(' ', ''))")
		if chosen < 500 || chosen > 1200 {
			t.Errorf("a quarter of the time has %d events of 3 020: %s", chosen, browsertest.Eval[string](b, browsertest.TextOf("matches")))
		}
		browsertest.Eval[any](b, "document.getElementById('brush-0').focus()")
		b.Key("End")
		b.Until("document.getElementById('brush-1').value === '1000'") // the two changed places
		browsertest.Eval[any](b, "document.getElementById('reset').click()")
		b.Until(browsertest.TextOf("matches") + " === '3 020 events'")
	})
	t.Run("finding", func(t *testing.T) {
		b.T = t
		browsertest.Eval[any](b, "document.querySelector('.card button.show').click()")
		b.Until(browsertest.TextOf("matches") + ".includes('of finding #')")
	})
	b.T = t
	if browsertest.Eval[bool](b, "'injected' in globalThis || document.querySelector('img') !== null") {
		t.Error("a name was read as markup")
	}
	b.Quiet(only(url))
	if paths := asked(); len(paths) != 1 {
		t.Errorf("the browser asked for %v", paths)
	}
}

// TestWithoutScript: everything except the search is there.
func TestWithoutScript(t *testing.T) {
	b := browsertest.Start(t)
	b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	url, _ := served(t, write(t, Options{}, mixed()))
	b.Open(url)
	if browsertest.Eval[bool](b, ready) {
		t.Fatal("a script ran")
	}
	for what, least := range map[string]int{"#listed tbody tr": listedMax, "article.card": 5, "#who tbody tr": 5, "#timeline rect": 20, "#idle rect": 1, "section h2": len(sections)} {
		if got := browsertest.Eval[int](b, "[...document.querySelectorAll('"+what+"')].filter(e => e.checkVisibility()).length"); got < least {
			t.Errorf("%d of %s can be seen, want %d", got, what, least)
		}
	}
	for _, hidden := range []string{"#explorer", "button"} {
		if got := browsertest.Eval[int](b, "[...document.querySelectorAll('"+hidden+"')].filter(e => e.checkVisibility()).length"); got > 0 {
			t.Errorf("%d of %s can be seen and do nothing", got, hidden)
		}
	}
	b.Quiet(only(url))
}

// TestHundredThousand: so many events can be searched. The time is printed and not judged.
func TestHundredThousand(t *testing.T) {
	b := browsertest.Start(t)
	page := write(t, Options{}, many(100_000))
	url, _ := served(t, page)
	b.Call("Performance.enable", map[string]any{"timeDomain": "threadTicks"}, nil)
	b.Open(url)
	b.Until(ready)
	t.Logf("%d bytes, ready after %s ms, of which the page's thread worked %.0f ms", len(page), browsertest.Eval[string](b, "document.documentElement.dataset.ready"), b.Worked()*1000)
	if got := browsertest.Eval[string](b, browsertest.TextOf("matches")); got != "100 000 events" {
		t.Errorf("it shows %q", got)
	}
	browsertest.Eval[any](b, "document.getElementById('search').value = 'nginx'; document.getElementById('search').dispatchEvent(new Event('input'))")
	b.Until(browsertest.TextOf("matches") + ".startsWith('1 event')")
	if rows := browsertest.Eval[int](b, "document.querySelectorAll('#list .row').length"); rows > 100 {
		t.Errorf("%d rows are drawn", rows)
	}
	b.Quiet(only(url))
}

// TestLook: text can be read in light and dark, and nothing is wider than a telephone.
func TestLook(t *testing.T) {
	b := browsertest.Start(t)
	url, _ := served(t, write(t, Options{}, mixed()))
	for _, scheme := range []string{"light", "dark"} {
		b.Media(scheme)
		b.Resize(1280)
		b.Open(url)
		b.Until(ready)
		if low := browsertest.Eval[[]string](b, browsertest.LowContrast); len(low) > 0 {
			t.Errorf("%s: too little contrast: %v", scheme, low)
		}
		for _, width := range []int{1280, 400} {
			b.Resize(width)
			if got := browsertest.Eval[int](b, "document.documentElement.scrollWidth"); got > width {
				t.Errorf("the page is %d wide in a window of %d", got, width)
			}
		}
	}
	var pdf struct{ Data string }
	b.Call("Page.printToPDF", nil, &pdf)
	if len(pdf.Data) < 10_000 {
		t.Errorf("in print it has %d bytes", len(pdf.Data))
	}
	if browsertest.Eval[int](b, "document.querySelectorAll('details:not([open])').length") > 0 {
		t.Error("details are closed in print")
	}
	b.Quiet(only(url))
}

// TestOutline: headings have no gaps, every table has a caption and its headers say what
// they are about, and every control has a name.
func TestOutline(t *testing.T) {
	b := browsertest.Start(t)
	url, _ := served(t, write(t, Options{}, mixed()))
	b.Open(url)
	b.Until(ready)
	for what, expression := range map[string]string{
		"headings with a gap":     "((all) => all.filter((l, i) => l - (all[i - 1] ?? 0) > 1).length)([...document.querySelectorAll('h1,h2,h3')].map((h) => Number(h.tagName[1])))",
		"tables without caption":  "document.querySelectorAll('table:not(:has(caption))').length",
		"headers without scope":   "document.querySelectorAll('th:not([scope])').length",
		"inputs without label":    "[...document.querySelectorAll('input')].filter((i) => !i.labels.length).length",
		"charts without name":     "document.querySelectorAll('svg:not([aria-label]):not([aria-hidden])').length",
		"ids that are used twice": "((all) => all.length - new Set(all).size)([...document.querySelectorAll('[id]')].map((e) => e.id))",
		"links that lead nowhere": "[...document.querySelectorAll('a')].filter((a) => !document.getElementById(a.hash.slice(1))).length",
	} {
		if got := browsertest.Eval[int](b, expression); got != 0 {
			t.Errorf("%d %s", got, what)
		}
	}
}
