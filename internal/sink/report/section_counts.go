package report

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/markup"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	matrixRows    = 20
	matrixColumns = 8
	countRows     = 15
)

// cutKey splits "sent closed-port" and "here 443".
func cutKey(key string) (first, second string, found bool) { return strings.Cut(key, " ") }

// writeMatrix writes how many events of each cause each program had.
func (s *Sink) writeMatrix(p *page) {
	if s.events == 0 {
		p.note("There is no event.")
		return
	}
	order, _ := s.byFrequency()
	shown := order[:min(len(order), matrixColumns)]
	columns := []column{{title: "Program"}, {"Events", true}}
	for _, number := range shown {
		columns = append(columns, column{s.names.names[number], true})
	}
	if len(order) > len(shown) {
		columns = append(columns, column{"others", true})
	}
	keys := s.who.sorted()
	p.table("Events by program and cause", columns...)
	for _, key := range keys[:min(len(keys), matrixRows)] {
		r := s.who.rows[key]
		p.head(key)
		p.number(r.events)
		rest := r.events
		for _, number := range shown {
			n := r.of(number)
			rest -= n
			p.heat(n, s.events)
		}
		if len(order) > len(shown) {
			p.heat(rest, s.events)
		}
		p.End()
	}
	p.endTable()
	p.further(len(keys), matrixRows, &s.who)
}

// heat is a cell that is the darker the larger its number is.
func (p *page) heat(n, whole uint64) {
	if n == 0 {
		p.Element(markup.Cell, "", class("n"))
		return
	}
	level := 1
	for _, limit := range []float64{1, 5, 15, 35} {
		if percent(n, whole) >= limit {
			level++
		}
	}
	p.Start(markup.Cell, class("n h"+strconv.Itoa(level)))
	p.Text(grouped(n))
	p.End()
}

// writeCounts writes a table of what had the most events.
func (s *Sink) writeCounts(p *page, t *tally, caption, what string, name func(key string) string) {
	keys := t.sorted()
	if len(keys) == 0 {
		p.note("There is no event.")
		return
	}
	most := t.rows[keys[0]].events
	p.table(caption, column{title: what}, column{"Events", true}, column{"Share", true}, column{title: "Most frequent cause"}, column{title: "First"}, column{title: "Last"})
	for _, key := range keys[:min(len(keys), countRows)] {
		r := t.rows[key]
		p.head(name(key))
		p.bar(r.events, most)
		p.Element(markup.Cell, share(r.events, s.events), class("n"))
		p.Start(markup.Cell)
		main := r.main()
		p.Element(markup.Code, s.names.names[main.cause])
		if main.events < r.events {
			p.Text(" " + share(main.events, r.events))
		}
		p.End()
		p.moment(s.clock(r.first))
		p.moment(s.clock(r.last))
		p.End()
	}
	p.endTable()
	p.further(len(keys), countRows, t)
}

func (s *Sink) writePorts(p *page) {
	p.note("The port of the end that listens, or was expected to. It is the lower one if nothing else decides.")
	s.writeCounts(p, &s.ports, "Events by port of the server", "Port", func(key string) string {
		where, port, _ := cutKey(key)
		switch where {
		case portHere:
			return port + " on this host"
		case portThere:
			return port + " at the other end"
		}
		return port
	})
}

func (s *Sink) writePeers(p *page) {
	s.writeCounts(p, &s.peers, "Events by address of the other end", "Peer", func(key string) string { return key })
}

// writePairs writes who reset whom, if both were seen.
func (s *Sink) writePairs(p *page) {
	t := &s.pairs.rows
	keys := t.sorted()
	if len(keys) == 0 {
		p.note("No reset had both of its ends on this host.")
		return
	}
	p.note(plural(s.pairs.resets, "reset") + " had both ends on this host.")
	most := t.rows[keys[0]].events
	p.table("Resets by both of their ends", column{title: "Sent by"}, column{title: "Cause there"}, column{title: "Received by"}, column{title: "Cause there"}, column{"Resets", true}, column{"Bytes lost", true})
	for _, key := range keys[:min(len(keys), countRows)] {
		r := t.rows[key]
		parts := strings.SplitN(key, separator, 4)
		p.head(parts[0])
		p.code(parts[1])
		p.cell(parts[2])
		p.code(parts[3])
		p.bar(r.events, most)
		p.number(r.lost())
		p.End()
	}
	p.endTable()
	p.further(len(keys), countRows, t)
}

func (p *page) code(text string) {
	p.Start(markup.Cell)
	p.Element(markup.Code, text)
	p.End()
}

// addLost adds an event to those that lost data.
func (s *Sink) addLost(e *event.Event, number int) {
	if e.Lost != (event.Lost{}) {
		s.losers.row(ownerOf(e)+separator+s.names.names[number]).add(e, number)
	}
}

// writeLost writes whose data died with connections.
func (s *Sink) writeLost(p *page) {
	keys := s.losers.sorted()
	if len(keys) == 0 {
		p.note("No event says that data was lost.")
		return
	}
	p.note("Unread: received here, and never read. Unsent: written here, and never sent. Unacknowledged: sent from here, and never acknowledged by the peer, which may have got it.")
	sortByLost(keys, s.losers.rows)
	p.table("Bytes lost by program and cause", column{title: "Program"}, column{title: "Cause"}, column{"Events", true}, column{"Unread", true}, column{"Unsent", true}, column{"Unacknowledged", true})
	for _, key := range keys[:min(len(keys), countRows)] {
		r := s.losers.rows[key]
		owner, cause, _ := strings.Cut(key, separator)
		p.head(owner)
		p.code(cause)
		p.number(r.events)
		p.number(r.unread)
		p.number(r.unsent)
		p.number(r.unacked)
		p.End()
	}
	p.endTable()
	p.further(len(keys), countRows, &s.losers)
}
