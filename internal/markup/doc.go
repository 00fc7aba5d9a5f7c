// Package markup writes HTML pages into which nothing can be injected.
//
// All text and all values of attributes are escaped. Nothing else is possible: names of
// elements and attributes are values that only this package can make. Links lead to a
// place of the page itself. Style and script are assets, which the program itself brings,
// and the page's policy allows these two and no request. A text that others chose, such
// as the name of a process, is shown with its control characters written out.
//
// The trap to avoid: html/template would do this, too. But a program that imports it
// loses the elimination of dead code, and rsttrace would grow by a quarter.
package markup
