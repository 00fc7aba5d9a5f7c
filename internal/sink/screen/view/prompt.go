package view

import (
	"slices"
	"strings"
	"unicode"
)

// prompt is a line that is typed into.
type prompt struct {
	label   string
	text    []rune
	at      int    // the cursor
	problem string // with what was entered
	offers  func(text string) []string
	done    func(text string) (problem string)

	offered []string // what Tab goes through, nil: nothing yet
	turn    int
}

// textMax is more than anybody types.
const textMax = 4096

func newPrompt(label, text string) *prompt {
	return &prompt{label: label, text: []rune(text), at: len([]rune(text))}
}

func (p *prompt) insert(text string) {
	p.offered, p.problem = nil, ""
	for _, r := range text {
		if unicode.IsPrint(r) && len(p.text) < textMax {
			p.text = slices.Insert(p.text, p.at, r)
			p.at++
		}
	}
}

func (p *prompt) remove(from, to int) {
	p.offered, p.problem = nil, ""
	from, to = max(0, from), min(to, len(p.text))
	p.text = slices.Delete(p.text, from, max(from, to))
	p.at = from
}

// press does what a key does in a line. They are those of shells.
func (p *prompt) press(s *State, k Key) {
	switch k.Name {
	case "enter":
		if p.problem = p.done(string(p.text)); p.problem == "" {
			s.prompt = nil
		}
	case "esc", "ctrl+g":
		s.prompt = nil
	case "tab":
		p.complete()
	case "left", "ctrl+b":
		p.at = max(0, p.at-1)
	case "right", "ctrl+f":
		p.at = min(len(p.text), p.at+1)
	case "home", "ctrl+a":
		p.at = 0
	case "end", "ctrl+e":
		p.at = len(p.text)
	case "backspace", "ctrl+h":
		p.remove(p.at-1, max(p.at, 0))
	case "delete", "ctrl+d":
		p.remove(p.at, p.at+1)
	case "ctrl+u":
		p.remove(0, p.at)
	case "ctrl+k":
		p.remove(p.at, len(p.text))
	case "ctrl+w":
		p.remove(p.wordStart(), p.at)
	default:
		p.insert(k.Text)
	}
}

// wordStart is where the word before the cursor begins.
func (p *prompt) wordStart() int {
	at := p.at
	for at > 0 && p.text[at-1] == ' ' {
		at--
	}
	for at > 0 && p.text[at-1] != ' ' {
		at--
	}
	return at
}

// complete puts in what may come next, with each Tab another one.
func (p *prompt) complete() {
	if p.offered == nil {
		if p.offered, p.turn = p.offers(string(p.text[:p.at])), 0; len(p.offered) == 0 {
			p.problem = "nothing completes this"
			return
		}
	}
	after := p.text[p.at:]
	taken := []rune(p.offered[p.turn%len(p.offered)])
	p.turn++
	p.text = append(slices.Clone(taken), after...)
	p.at = len(taken)
}

// words are the offers in short: their last words.
func (p *prompt) words() (words []string) {
	offers := p.offered
	if offers == nil {
		offers = p.offers(string(p.text[:p.at]))
	}
	for _, offer := range offers {
		words = append(words, offer[strings.LastIndexByte(strings.TrimRight(offer, " "), ' ')+1:])
	}
	return words
}
