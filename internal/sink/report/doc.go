// Package report writes one page of HTML about a recording, a capture or a live run: what
// happened, who did it, and what to change. It needs no server, no request and no script.
//
// A Sink takes the stream, behind the stage of package finding, and Write writes the
// page. Everything is added up in one pass. Counts are exact as long as their tables have
// room, and say so if they had not. The events themselves are kept up to a limit, packed.
//
// A file per part of the page has its aggregate and how it is written. The page is in
// UTC, and depends on nothing but the stream and Options: the same input gives the same
// bytes.
package report
