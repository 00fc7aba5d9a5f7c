package terminal

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/rsttrace/rsttrace/internal/sink/screen/view"
)

// model joins the view with bubbletea.
type model struct {
	*Options
	out     *paced
	version uint64 // of what is shown
	playing bool
	played  time.Time // when the time of the recording was moved on
}

// newModel shows what is known at once.
func newModel(o *Options, out *paced) *model {
	m := &model{Options: o, out: out}
	m.look()
	return m
}

// tick says that it is time to look what is new.
type tick time.Time

// written says what became of a file.
type written struct {
	what string
	err  error
}

func (m *model) Init() tea.Cmd { return m.tick() }

func (m *model) tick() tea.Cmd {
	return tea.Tick(m.out.pause(), func(t time.Time) tea.Msg { return tick(t) })
}

// Update takes what happened.
func (m *model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tick:
		m.pass(time.Time(message))
		m.look()
		return m, m.tick()
	case tea.WindowSizeMsg:
		m.State.Resize(message.Width, message.Height)
	case tea.PasteMsg:
		m.State.Paste(message.Content)
	case written:
		m.State.Say(message.what)
		if message.err != nil {
			m.State.Say("not written: " + message.err.Error())
		}
	case tea.KeyPressMsg:
		return m, m.press(view.Key{Name: message.String(), Text: message.Text})
	}
	return m, nil
}

// look takes what is new.
func (m *model) look() {
	if m.Player != nil {
		for _, r := range m.State.ShowPlayback(view.Playback{State: m.Player.State(), Playing: m.playing}) {
			if to, ok := r.(view.Seek); ok {
				m.Player.To(to.To)
			}
		}
	}
	if version := m.Known.Version(); version != m.version {
		m.version = version
		m.State.Show(m.Known.Snapshot())
	}
}

// press does what a key asks for.
func (m *model) press(k view.Key) tea.Cmd {
	var commands []tea.Cmd
	for _, r := range m.State.Press(k) {
		switch r := r.(type) {
		case view.Quit:
			commands = append(commands, tea.Quit)
		case view.Suspend:
			commands = append(commands, tea.Suspend)
		case view.Redraw:
			commands = append(commands, tea.ClearScreen)
		case view.Show:
			m.Known.Show(r.Filter)
			m.look()
		case view.Seek:
			m.playing = false
			m.seek(r.To)
		case view.Play:
			m.playing, m.played = r.On, time.Now()
			m.look()
		case view.Write:
			commands = append(commands, func() tea.Msg {
				what, err := m.Write(r)
				return written{what, err}
			})
		}
	}
	return tea.Batch(commands...)
}

// seek goes to a moment. What is there is seen with the next tick, or at once if it is near.
func (m *model) seek(to time.Time) {
	m.Player.To(to)
	time.Sleep(seekPatience)
	m.look()
}

// seekPatience is too short to be felt, and long enough to read some thousand events.
const seekPatience = 20 * time.Millisecond

// pass lets the time of a recording pass.
func (m *model) pass(now time.Time) {
	if !m.playing {
		return
	}
	at := m.Player.State()
	m.Player.To(at.At.Add(now.Sub(m.played)))
	m.played = now
	m.playing = at.At.Before(at.Last)
}

// View draws the screen.
func (m *model) View() tea.View {
	lines, column, typed := m.State.Draw()
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	if typed {
		v.Cursor = tea.NewCursor(column, len(lines)-1)
	}
	return v
}
