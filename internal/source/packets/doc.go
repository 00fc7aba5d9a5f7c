// Package packets reads captures that rsttrace did not write: pcap and pcapng files of any
// byte order and resolution. It is a source: every RST becomes an event, with the verdict
// of package wire.
//
// Frames may be Ethernet with VLAN tags, MPLS or PPPoE, Linux cooked, raw IP, or of a
// loopback device. Segments are also found in VXLAN, GENEVE, GRE and IP in IP.
//
// A file is untrusted. What is damaged ends the file with one error, after all that came
// before it. What was cut off by the snap length is used as far as it goes. Headers are
// decoded by hand and not by a library: the goal is a million packets in a second of one
// core, without garbage.
package packets
