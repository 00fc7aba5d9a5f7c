// Package text writes events for people.
//
// One event is one line where there is room: in a file, in a pipe, on a wide
// terminal. On a narrower terminal it takes two to four lines, broken between
// facts and indented so that the time column stays free to scan. Addresses are
// never cut.
//
//	03:12:45.123 SENT     10.0.0.5:8080 → 10.0.0.9:51234  unread-data-on-close  nginx[812]
//	             nginx closed the connection with 1448 bytes unread  → read to EOF before close
//
// The arrow shows the way of the RST; this machine is always on the left.
//
// What to do (the remedy) is on every line of a file, because lines of files
// are read alone, through grep. On a terminal it is left out while the same
// words are still on the screen above: in a storm of one cause the lines stay
// short, and for every cause on the screen the advice is on the screen too.
//
// The trap to avoid: names of processes, and whatever quotes them, are chosen
// by anybody and may hold escape sequences. Every text that comes with the
// event goes through clean before it is measured or written.
package text
