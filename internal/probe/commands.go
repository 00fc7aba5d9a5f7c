package probe

import "bytes"

// commands are the command lines of processes that reset sockets of others, whose reset
// records have yet to come. Records of other CPUs may come in between. The zero value is
// ready.
type commands struct {
	waiting [64]commandRecord // as a ring
	next    int
}

// add takes the command line of a reset whose record comes later.
func (c *commands) add(r *commandRecord) {
	c.waiting[c.next%len(c.waiting)] = *r
	c.next++
}

// of is the command line that came with a reset, with a zero behind each argument as in
// /proc/PID/cmdline; nil without.
func (c *commands) of(r *resetRecord) []byte {
	for i := 1; i <= min(c.next, len(c.waiting)); i++ {
		command := &c.waiting[(c.next-i)%len(c.waiting)]
		if command.ResetSk == r.Sk && command.ResetTimeNs == r.TimeNs {
			return bytes.Clone(bytesOfText(command.Text[:min(int(command.Length), len(command.Text))]))
		}
	}
	return nil
}
