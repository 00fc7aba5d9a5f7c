package view

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// steps are how far an arrow key goes in the time of a recording.
var steps = []time.Duration{
	time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second, 15 * time.Second,
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}

// stepAtFirst is the step that fits the length of the recording.
const stepAtFirst = -1

// stepsOfWhole is how many steps lead through a whole recording, until somebody chooses.
const stepsOfWhole = 60

func (s *State) stepIndex() int {
	if s.step != stepAtFirst {
		return s.step
	}
	for i, step := range steps {
		if step*stepsOfWhole >= s.playback.Last.Sub(s.playback.First) {
			return i
		}
	}
	return len(steps) - 1
}

func (s *State) changeStep(by int) {
	s.step = max(0, min(s.stepIndex()+by, len(steps)-1))
	s.message = "a step is " + steps[s.step].String()
}

func (s *State) seek(by int) {
	s.seekTo(s.playback.At.Add(time.Duration(by) * steps[s.stepIndex()]))
}

// seekTo goes to a moment, as far as there are events.
func (s *State) seekTo(at time.Time) {
	if at.Before(s.playback.First) {
		at = s.playback.First
	}
	if at.After(s.playback.Last) {
		at = s.playback.Last
	}
	s.request(Seek{at})
}

func (s *State) nextEvent() {
	s.awaitsNext = s.playback.Next.IsZero() && s.playback.Reading
	switch {
	case s.awaitsNext:
		s.message = "the recording is read up to here"
		return
	case s.playback.Next.IsZero():
		s.message = "this is the last event"
		return
	}
	s.seekTo(s.playback.Next)
}

// eventBefore goes to the latest event before those of this moment.
func (s *State) eventBefore() {
	if at := timeBefore(s.shot.Events, s.playback.At); !at.IsZero() {
		s.seekTo(at)
		return
	}
	s.message = "this is the first event that is shown"
}

// timeBefore is the time of the latest event but one: events of one moment count as one.
func timeBefore(events []*event.Event, at time.Time) (before time.Time) {
	newest := time.Time{}
	for _, e := range events {
		if !e.Time.After(at) && e.Time.After(newest) {
			newest = e.Time
		}
	}
	if newest.Before(at) {
		return newest
	}
	for _, e := range events {
		if e.Time.Before(newest) && e.Time.After(before) {
			before = e.Time
		}
	}
	return before
}

func (s *State) play() { s.request(Play{!s.playback.Playing}) }
