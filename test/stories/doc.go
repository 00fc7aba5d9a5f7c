// Package stories tells, with real programs, the resets that people ask about:
// nginx, redis, haproxy, socat, a Go server. Each story plays in throw-away
// network namespaces while rsttrace watches, and docs/stories.md shows what
// rsttrace said.
//
// The trap to avoid: never wait for a time to pass, only for a state that the
// kernel or a program shows.
package stories
