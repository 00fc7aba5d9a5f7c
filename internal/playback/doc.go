// Package playback shows a recording as it was at any moment.
//
// A source gives its items in one direction. So a Player lets it run up to a moment, and
// holds it there. To go on, it lets the source run further. To go back, it begins anew. So
// its memory does not depend on the length of the recording, and what a moment looks like
// does not depend on the way to it.
package playback
