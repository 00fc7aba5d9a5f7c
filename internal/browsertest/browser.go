// Package browsertest drives a Chromium in tests of what a browser shows.
//
//	b := browsertest.Start(t)
//	b.Open(url)
//	got := browsertest.Eval[string](b, "document.title")
package browsertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Browser is a Chromium that is driven by its debugging protocol, over two pipes: a
// message is JSON and ends with a zero byte. It is for one goroutine. A library for the
// whole protocol would be fifty times as much code as these tests need.
type Browser struct {
	T       testing.TB // the one that fails; a subtest takes its place
	in      *os.File
	out     *bufio.Reader
	session string // of the page
	ids     int
	events  []message // since the page was opened
}

type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// Start skips the test where there is no Chromium.
func Start(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs Chromium: apt-get install chromium")
	}
	theirIn, in, err := os.Pipe()
	must(t, err)
	out, theirOut, err := os.Pipe()
	must(t, err)
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	must(t, cmd.Start())
	must(t, theirIn.Close())
	must(t, theirOut.Close())
	overdue := time.AfterFunc(5*time.Minute, func() { _ = cmd.Process.Kill() })
	b := &Browser{T: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close() // it ends by that, and with it all of its processes
		_ = cmd.Wait()
		_ = out.Close()
		overdue.Stop()
	})
	var target struct{ TargetID string }
	b.Call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.Call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.Call(domain+".enable", nil, nil)
	}
	b.Media("light")
	return b
}

// Call waits for the answer, and keeps what comes before it.
func (b *Browser) Call(method string, params, result any) {
	b.T.Helper()
	b.ids++
	ask := map[string]any{"id": b.ids, "method": method}
	if params != nil {
		ask["params"] = params
	}
	if b.session != "" {
		ask["sessionId"] = b.session
	}
	line, err := json.Marshal(ask)
	must(b.T, err)
	_, err = b.in.Write(append(line, 0))
	must(b.T, err)
	for {
		m := b.receive()
		switch {
		case m.ID != b.ids:
			b.events = append(b.events, m)
		case m.Error != nil:
			b.T.Fatalf("%s: %s", method, m.Error)
		case result != nil:
			must(b.T, json.Unmarshal(m.Result, result))
			return
		default:
			return
		}
	}
}

func (b *Browser) receive() (m message) {
	b.T.Helper()
	text, err := b.out.ReadBytes(0)
	if err != nil {
		b.T.Fatalf("the browser is gone: %v", err)
	}
	must(b.T, json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &m))
	return m
}

// await waits for an event.
func (b *Browser) await(method string) {
	b.T.Helper()
	for {
		for _, m := range b.events {
			if m.Method == method {
				return
			}
		}
		b.events = append(b.events, b.receive())
	}
}

// Open loads a page to its end.
func (b *Browser) Open(url string) {
	b.T.Helper()
	b.events = nil
	b.Call("Page.navigate", map[string]any{"url": url}, nil)
	b.await("Page.loadEventFired")
}

// Eval gives the value of an expression, or of the promise that it is.
func Eval[T any](b *Browser, expression string) (value T) {
	b.T.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.T.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if answer.Result.Value != nil {
		must(b.T, json.Unmarshal(answer.Result.Value, &value))
	}
	return value
}

// Until waits until an expression is true.
func (b *Browser) Until(expression string) {
	b.T.Helper()
	for deadline := time.Now().Add(time.Minute); !Eval[bool](b, expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.T.Fatalf("never true: %s", expression)
		}
	}
}

// Quiet fails the test if the browser had something to say of the page, or the page asked
// for something that is not expected.
func (b *Browser) Quiet(expected func(url string) bool) {
	b.T.Helper()
	for _, m := range b.events {
		switch m.Method {
		case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
			b.T.Errorf("%s: %s", m.Method, m.Params)
		case "Network.requestWillBeSent":
			var request struct{ Request struct{ URL string } }
			must(b.T, json.Unmarshal(m.Params, &request))
			if !expected(request.Request.URL) {
				b.T.Errorf("a request to %s", request.Request.URL)
			}
		}
	}
}

// Worked is for how many seconds of a processor the thread of the page has worked.
func (b *Browser) Worked() float64 {
	b.T.Helper()
	var answer struct {
		Metrics []struct {
			Name  string
			Value float64
		}
	}
	b.Call("Performance.getMetrics", nil, &answer)
	for _, m := range answer.Metrics {
		if m.Name == "TaskDuration" {
			return m.Value
		}
	}
	b.T.Error("the browser does not say how long it worked")
	return 0
}

// Mouse presses, moves or releases: kind is that of Input.dispatchMouseEvent.
func (b *Browser) Mouse(kind string, x, y float64) {
	b.T.Helper()
	b.Call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}, nil)
}

// Key presses and releases one of the keys of the table.
func (b *Browser) Key(name string) {
	b.T.Helper()
	codes := map[string]int{"ArrowDown": 40, "ArrowRight": 39, "End": 35, "Tab": 9}
	for _, kind := range []string{"keyDown", "keyUp"} {
		b.Call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": name, "code": name, "windowsVirtualKeyCode": codes[name]}, nil)
	}
}

// Resize sets the width of the window. One below 600 is a telephone.
func (b *Browser) Resize(width int) {
	b.T.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
}

// Media sets the colours. Nothing moves by itself: where the mouse is stays what it is.
func (b *Browser) Media(scheme string) {
	b.T.Helper()
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{
		{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"},
	}}, nil)
}

// Picture is what the window shows, as PNG.
func (b *Browser) Picture() []byte {
	b.T.Helper()
	var answer struct{ Data []byte }
	b.Call("Page.captureScreenshot", nil, &answer)
	return answer.Data
}

// TextOf is an expression: the text of the element with an id, with ordinary spaces.
func TextOf(id string) string {
	return fmt.Sprintf("document.getElementById(%q).textContent.replaceAll('\\u00a0', ' ')", id)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
