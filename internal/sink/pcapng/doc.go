// Package pcapng writes recordings: pcapng files that Wireshark shows and that "rsttrace
// read" reads again. docs/recordings.md describes them.
//
// Every RST is a packet, with the packet that it answers in front of it. The JSON line of
// the event is a comment of the packet. What has no packet is an entry of systemd's
// journal format: Wireshark shows its message in the list of packets.
//
// The trap to avoid: a file can end at any moment. So each item is complete blocks, in
// one piece, and nothing that is needed to read it comes later.
package pcapng
