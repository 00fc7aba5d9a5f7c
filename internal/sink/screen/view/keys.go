package view

// Key is what was typed.
type Key struct {
	Name string // "up", "ctrl+c", "q"
	Text string // the characters that it stands for, "": none
}

// binding is a row of the key map. Help and documentation come from the table.
type binding struct {
	keys  []string // names; the first ones are shown
	shown string   // how they are written for people
	help  string
	short string // of the last line of the screen; "": it is not there
	do    func(*State)
	when  func(*State) bool // nil: always
}

// group is a part of the help.
type group struct {
	title    string
	bindings []binding
}

func playing(s *State) bool { return s.playback != nil }
func living(s *State) bool  { return s.playback == nil }

// keyMap has what keys do while nothing is typed into a line. It is a function: the
// actions refer to it.
func keyMap() []group {
	return []group{
		{"In general", []binding{
			{keys: []string{"?", "h", "f1"}, shown: "? h", help: "this help", short: "help", do: func(s *State) { s.overlay = &pager{title: "keys", lines: s.helpLines} }},
			{keys: []string{"q", "ctrl+c"}, shown: "q Ctrl-C", help: "end; the totals are printed", short: "quit", do: func(s *State) { s.request(Quit{}) }},
			{keys: []string{"ctrl+z"}, shown: "Ctrl-Z", help: "back to the shell; fg goes on", do: func(s *State) { s.request(Suspend{}) }},
			{keys: []string{"ctrl+l"}, shown: "Ctrl-L", help: "draw the whole screen again", do: func(s *State) { s.request(Redraw{}) }},
		}},
		{"Move", []binding{
			{keys: []string{"up", "k"}, shown: "↑ k", help: "one row up", do: func(s *State) { s.move(-1) }},
			{keys: []string{"down", "j"}, shown: "↓ j", help: "one row down", do: func(s *State) { s.move(1) }},
			{keys: []string{"pgup", "b", "ctrl+b"}, shown: "PgUp b", help: "one page up", do: func(s *State) { s.move(-s.page()) }},
			{keys: []string{"pgdown", "f", "ctrl+f"}, shown: "PgDn f", help: "one page down", do: func(s *State) { s.move(s.page()) }},
			{keys: []string{"home", "g"}, shown: "Home g", help: "the first row; it follows what is new", do: func(s *State) { s.move(-endless) }},
			{keys: []string{"end", "G"}, shown: "End G", help: "the last row", do: func(s *State) { s.move(endless) }},
			{keys: []string{"tab"}, shown: "Tab", help: "the next part of the screen", short: "part", do: func(s *State) { s.focusNext(1) }},
			{keys: []string{"shift+tab"}, shown: "Shift-Tab", help: "the part before", do: func(s *State) { s.focusNext(-1) }},
			{keys: []string{"z"}, shown: "z", help: "give this part the whole screen, or give it back", do: func(s *State) { s.zoomed = !s.zoomed }},
		}},
		{"Look", []binding{
			{keys: []string{"enter"}, shown: "Enter", help: "open the chosen row: explanation, evidence, both ends, commands to look further", short: "open", do: (*State).open},
			{keys: []string{"esc"}, shown: "Esc", help: "close what is open; then: show all again", do: (*State).back},
			{keys: []string{"o"}, shown: "o", help: "only the events of the chosen cause or finding", do: (*State).only},
			{keys: []string{"p"}, shown: "p", help: "go to the other end of the chosen event", short: "other", do: (*State).otherEnd},
			{keys: []string{"/"}, shown: "/", help: "filter, in the language of rsttrace explain filter; Tab completes", short: "filter", do: (*State).askFilter},
			{keys: []string{"s"}, shown: "s", help: "sort by the next order", do: (*State).sort},
			{keys: []string{"c"}, shown: "c", help: "choose columns", do: func(s *State) { s.overlay = newColumnMenu(s) }},
			{keys: []string{"n"}, shown: "n", help: "what rsttrace says of itself: warnings and audits", do: func(s *State) { s.overlay = &pager{title: "notes", lines: s.noteLines} }},
		}},
		{"A live run", []binding{
			{keys: []string{"space"}, shown: "Space", help: "freeze lists and charts, or go on; the totals count on", short: "freeze", do: (*State).freeze, when: living},
		}},
		{"A recording", []binding{
			{keys: []string{"left"}, shown: "←", help: "back in time, by a step", short: "time", do: func(s *State) { s.seek(-1) }, when: playing},
			{keys: []string{"right"}, shown: "→", help: "on in time, by a step", do: func(s *State) { s.seek(1) }, when: playing},
			{keys: []string{"shift+left", ","}, shown: "Shift-← ,", help: "to the event before", do: (*State).eventBefore, when: playing},
			{keys: []string{"shift+right", "."}, shown: "Shift-→ .", help: "to the next event", do: (*State).nextEvent, when: playing},
			{keys: []string{"["}, shown: "[", help: "to the beginning", do: func(s *State) { s.seekTo(s.playback.First) }, when: playing},
			{keys: []string{"]"}, shown: "]", help: "to the end", do: func(s *State) { s.seekTo(s.playback.Last) }, when: playing},
			{keys: []string{"-"}, shown: "-", help: "shorter steps", do: func(s *State) { s.changeStep(-1) }, when: playing},
			{keys: []string{"+", "="}, shown: "+", help: "longer steps", do: func(s *State) { s.changeStep(1) }, when: playing},
			{keys: []string{"space"}, shown: "Space", help: "let time pass as it did, or stop it", short: "play", do: (*State).play, when: playing},
		}},
		{"Take with you", []binding{
			{keys: []string{"m"}, shown: "m", help: "mark the chosen event, or take the mark away", do: (*State).mark},
			{keys: []string{"M"}, shown: "M", help: "take all marks away", do: func(s *State) { clear(s.marks) }},
			{keys: []string{"w"}, shown: "w", help: "write the marked events, or all that are shown: .pcapng, .jsonl, or .html for a report", short: "write", do: (*State).askWrite},
		}},
	}
}

// endless is further than any table goes.
const endless = 1 << 30

// KeyHelp is a row of the help for the documentation.
type KeyHelp struct {
	Group, Keys, Help string
	Names             []string // as in Key
}

// KeyHelps lists what all keys do.
func KeyHelps() (rows []KeyHelp) {
	for _, g := range keyMap() {
		for _, b := range g.bindings {
			rows = append(rows, KeyHelp{g.title, b.shown, b.help, b.keys})
		}
	}
	return rows
}
