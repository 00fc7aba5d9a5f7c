package view_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

var update = flag.Bool("update", false, "write the golden files")

// filled is a screen with everything on it that the fixture has.
func filled(t *testing.T, o text.Options) (*view.State, *screen.Sink) {
	t.Helper()
	known := screen.New(screen.Options{})
	stage := finding.New(known)
	for _, e := range fixture.Events() {
		if err := stage.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := stage.Report(); err != nil {
		t.Fatal(err)
	}
	s := view.New("web-1", view.NewTheme(o), time.UTC)
	s.Show(known.Snapshot())
	return s, known
}

func press(s *view.State, names ...string) (asked []view.Request) {
	for _, name := range names {
		k := view.Key{Name: name}
		if len([]rune(name)) == 1 {
			k.Text = name
		}
		if name == "space" {
			k.Text = " "
		}
		asked = append(asked, s.Press(k)...)
	}
	return asked
}

func drawn(s *view.State) string {
	lines, _, _ := s.Draw()
	return strings.Join(lines, "\n") + "\n"
}

func TestGolden(t *testing.T) {
	for name, test := range map[string]struct {
		width, height int
		options       text.Options
		keys          []string
	}{
		"80x24":         {80, 24, text.Options{}, nil},
		"80x24-color":   {80, 24, text.Options{Color: true}, nil},
		"80x24-ascii":   {80, 24, text.Options{ASCII: true}, nil},
		"80x24-finding": {80, 24, text.Options{}, []string{"enter"}},
		"80x24-event":   {80, 24, text.Options{}, []string{"tab", "down", "enter"}},
		"80x24-help":    {80, 24, text.Options{}, []string{"?"}},
		"80x24-columns": {80, 24, text.Options{}, []string{"tab", "c"}},
		"80x24-filter":  {80, 24, text.Options{}, []string{"/", "c", "a", "u", "s", "e", "space", "p", "e"}},
		"250x80":        {250, 80, text.Options{}, nil},
		"160x40-event":  {160, 40, text.Options{}, []string{"tab"}},
		"30x8":          {30, 8, text.Options{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := filled(t, test.options)
			s.Resize(test.width, test.height)
			press(s, test.keys...)
			got := drawn(s)
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
