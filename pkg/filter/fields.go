package filter

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// fields is the vocabulary of filters: one row for each. A new field is a row
// here, and nothing else. Names are those of the JSON form if it has one.
var fields = []*Field{
	dirWord(event.Sent, "this machine sent the RST"),
	dirWord(event.Received, "the RST ended or refused a connection here"),
	dirWord(event.Ignored, "the RST arrived here and was not obeyed"),
	dirWord(event.Observed, "the RST is in a capture, and --local does not say which end is ours"),
	{
		Name: "dir", Help: "what this machine did with the RST", Example: "dir sent",
		kind: kindText, known: KnowsVerdict, equal: equalDir, texts: dirOf,
		values: func() []string { return stringsOf(event.Dirs) },
	},
	{
		Name: "cause", Help: "the cause, as rsttrace explain lists them", Example: "cause in (peer-gone, half-open)",
		kind: kindText, known: KnowsVerdict,
		texts:  func(e *event.Event, is func(string) bool) bool { return is(string(e.Cause)) },
		values: causeNames,
	},
	word("exact", "the cause is decided by kernel facts", KnowsVerdict, func(e *event.Event) bool { return e.Certainty == event.Exact }),
	word("likely", "the cause is an inference", KnowsVerdict, func(e *event.Event) bool { return e.Certainty == event.Likely }),
	{
		Name: "port", Help: "a port, or a range of ports, of either end", Example: "port 8000-8100",
		kind: kindNumber, known: KnowsRecord, equal: equalPort, numbers: eitherPort, number: parsePortNumber,
	},
	{
		Name: "local.port", Help: "the port of this machine's end", Example: "local.port 443",
		kind: kindNumber, known: KnowsRecord, equal: equalPortOf(localEnd), numbers: portOf(localEnd), number: parsePortNumber,
	},
	{
		Name: "peer.port", Help: "the port of the other end", Example: "peer.port > 32767",
		kind: kindNumber, known: KnowsRecord, equal: equalPortOf(peerEnd), numbers: portOf(peerEnd), number: parsePortNumber,
	},
	{
		Name: "host", Help: "an address, or a prefix, of either end", Example: "host 10.0.0.0/8",
		kind: kindText, known: KnowsRecord, equal: equalHost,
		texts: func(e *event.Event, is func(string) bool) bool { return is(addrText(e.Local)) || is(addrText(e.Peer)) },
	},
	{
		Name: "local.addr", Help: "the address of this machine's end", Example: "local.addr 192.0.2.1",
		kind: kindText, known: KnowsRecord, equal: equalHostOf(localEnd),
		texts: func(e *event.Event, is func(string) bool) bool { return is(addrText(e.Local)) },
	},
	{
		Name: "peer.addr", Help: "the address of the other end", Example: "not peer.addr 127.0.0.0/8",
		kind: kindText, known: KnowsRecord, equal: equalHostOf(peerEnd),
		texts: func(e *event.Event, is func(string) bool) bool { return is(addrText(e.Peer)) },
	},
	{
		Name: "role", Help: "which end opened the connection: this one is its client, or its server", Example: "role client",
		kind: kindText, known: KnowsRecord,
		texts:  func(e *event.Event, is func(string) bool) bool { return e.Conn.Role != "" && is(string(e.Conn.Role)) },
		values: func() []string { return []string{string(event.Client), string(event.Server)} },
	},
	word("ipv4", "the packets were IPv4", KnowsRecord, func(e *event.Event) bool { return e.Family == event.IPv4 }),
	word("ipv6", "the packets were IPv6", KnowsRecord, func(e *event.Event) bool { return e.Family == event.IPv6 }),
	{
		Name: "netns", Help: "the network namespace, by its inode number or name", Example: "netns 4026531840",
		kind: kindText, blanks: true, known: KnowsRest, equal: equalNetns, texts: netnsTexts,
	},
	{
		Name: "comm", Help: "the name of a process that holds the socket or acted on it", Example: "not comm nginx",
		kind: kindText, blanks: true, known: KnowsOwner, equal: equalComm,
		texts: func(e *event.Event, is func(string) bool) bool {
			return anyProcess(e, func(p event.ProcessRef) bool { return is(p.Comm) })
		},
	},
	{
		Name: "pid", Help: "the number of such a process", Example: "pid 4711",
		kind: kindNumber, known: KnowsOwner, equal: equalPID, number: parsePIDNumber,
		numbers: func(e *event.Event, is func(uint64) bool) bool {
			return anyProcess(e, func(p event.ProcessRef) bool { return p.PID != 0 && is(uint64(p.PID)) })
		},
	},
	{
		Name: "uid", Help: "the user of the process that owns the socket, else of its creator, by number", Example: "uid 0",
		kind: kindNumber, known: KnowsOwner, number: parseCount,
		numbers: func(e *event.Event, is func(uint64) bool) bool {
			uid := cmp.Or(e.Owner.UID, e.Conn.UID)
			return uid != nil && is(uint64(*uid))
		},
	},
	{
		Name: "cgroup", Help: "the control group of the socket, with all below it", Example: "cgroup /system.slice",
		kind: kindText, blanks: true, known: KnowsLocation, equal: equalCgroup,
		texts: func(e *event.Event, is func(string) bool) bool { return is(e.Owner.Cgroup) },
	},
	{
		Name: "unit", Help: "the systemd unit, or a slice with all in it", Example: "unit nginx",
		kind: kindText, blanks: true, known: KnowsLocation, equal: equalLocation(parseUnit, inUnit),
		texts: func(e *event.Event, is func(string) bool) bool { return is(e.Owner.Unit) },
	},
	{
		Name: "container", Help: "the container, by its name or its id", Example: "container docker/web-1",
		kind: kindText, blanks: true, known: KnowsLocation, equal: equalLocation(anyName, inContainer),
		texts: func(e *event.Event, is func(string) bool) bool { return is(e.Owner.Container) },
	},
	{
		Name: "pod", Help: "the Kubernetes pod, by its name or uid", Example: "pod shop/cart-6d9f",
		kind: kindText, blanks: true, known: KnowsLocation, equal: equalLocation(parsePod, inPod),
		texts: func(e *event.Event, is func(string) bool) bool { return is(e.Owner.Pod) },
	},
	{
		Name: "state", Help: "the TCP state before the kernel changed it", Example: "state ESTABLISHED",
		kind: kindText, known: KnowsRecord, values: stateNames,
		texts: func(e *event.Event, is func(string) bool) bool { return e.State != 0 && is(e.State.String()) },
	},
	{
		Name: "errno", Help: "the error that the application gets", Example: "errno ECONNRESET",
		kind: kindText, known: KnowsRest,
		texts: func(e *event.Event, is func(string) bool) bool { return e.App.Errno != "" && is(e.App.Errno) },
	},
	word("sigpipe", "a write raises SIGPIPE", KnowsRest, func(e *event.Event) bool { return e.App.SIGPIPE }),
	word("confirmed", "the sent RST was seen to arrive", KnowsRest, func(e *event.Event) bool { return e.Confirmed }),
	word("forwarded", "neither end is this machine's", KnowsRecord, func(e *event.Event) bool { return e.Forwarded }),
	{
		Name: "ifname", Help: "the network device that the packet came by", Example: "ifname eth0",
		kind: kindText, known: KnowsRecord,
		texts: func(e *event.Event, is func(string) bool) bool { return is(e.RST.Ifname) || is(e.Trigger.Ifname) },
	},
	{
		Name: "lost", Help: "bytes that died with the connection: unread, unsent and not acknowledged", Example: "lost > 1M",
		kind: kindNumber, known: KnowsRest, number: parseSize,
		numbers: func(e *event.Event, is func(uint64) bool) bool {
			return is(uint64(e.Lost.UnreadBytes) + uint64(e.Lost.UnsentBytes) + uint64(e.Lost.UnackedBytes))
		},
	},
	{
		Name: "age", Help: "how old the connection was", Example: "age > 1h",
		kind: kindNumber, known: KnowsRest, number: parseDuration, numbers: millis(func(c *event.Conn) uint64 { return c.AgeMillis }),
	},
	{
		Name: "silence", Help: "since when nothing came from the other end", Example: "silence > 300s",
		kind: kindNumber, known: KnowsRest, number: parseDuration, numbers: millis(func(c *event.Conn) uint64 { return c.LastReceivedMillis }),
	},
	{
		Name: "rtt", Help: "the smoothed round-trip time of the connection", Example: "rtt > 100ms",
		kind: kindNumber, known: KnowsRest, number: parseDuration,
		numbers: ofConn(func(c *event.Conn) uint64 { return uint64(c.SRTTMicros) * 1000 }),
	},
	{
		Name: "retransmits", Help: "how many segments were sent again", Example: "retransmits >= 3",
		kind: kindNumber, known: KnowsRest, number: parseCount,
		numbers: ofConn(func(c *event.Conn) uint64 { return uint64(c.Retransmits) }),
	},
	{
		Name: "bytesAcked", Help: "bytes that the other end acknowledged", Example: "bytesAcked = 0",
		kind: kindNumber, known: KnowsRest, number: parseSize,
		numbers: ofConn(func(c *event.Conn) uint64 { return c.BytesAcked }),
	},
	{
		Name: "bytesReceived", Help: "bytes that came from the other end", Example: "bytesReceived > 10k",
		kind: kindNumber, known: KnowsRest, number: parseSize,
		numbers: ofConn(func(c *event.Conn) uint64 { return c.BytesReceived }),
	},
	{
		Name: "mark", Help: "the firewall mark of the socket (SO_MARK), by which policy routing goes", Example: "mark 0x2a",
		kind: kindNumber, known: KnowsRest, number: parseMark,
		numbers: ofConn(func(c *event.Conn) uint64 { return uint64(c.Mark) }),
	},
	{
		Name: "ttl", Help: "the TTL or hop limit of a received RST", Example: "ttl < 64",
		kind: kindNumber, known: KnowsRecord, number: parseCount,
		numbers: func(e *event.Event, is func(uint64) bool) bool { return e.RST.TTL != 0 && is(uint64(e.RST.TTL)) },
	},
}

// word is a field that is a test by itself.
func word(name, help string, known Known, match func(*event.Event) bool) *Field {
	return &Field{
		Name: name, Help: help, Example: name, kind: kindWord, known: known,
		equal: func(*Vocabulary, string) (equality, error) { return equality{match: match}, nil },
	}
}

func dirWord(dir event.Dir, help string) *Field {
	f := word(string(dir), help, KnowsVerdict, nil)
	f.equal = func(*Vocabulary, string) (equality, error) { return equalTo(dir), nil }
	return f
}

func equalTo(dir event.Dir) equality {
	return equality{
		value: string(dir),
		match: func(e *event.Event) bool { return e.Dir == dir },
		picks: Selection{Dirs: []event.Dir{dir}},
		rest:  Selection{Dirs: otherDirs(dir)},
	}
}

func equalDir(_ *Vocabulary, value string) (equality, error) {
	dir, err := ParseDir(value)
	return equalTo(dir), err
}

func dirOf(e *event.Event, is func(string) bool) bool { return is(string(e.Dir)) }

func causeNames() []string {
	var names []string
	for entry := range cause.All() {
		names = append(names, string(entry.ID))
	}
	return append(names, string(cause.Unclassified))
}

func localEnd(e *event.Event) *event.Endpoint { return &e.Local }
func peerEnd(e *event.Event) *event.Endpoint  { return &e.Peer }

func addrText(end event.Endpoint) string {
	if !end.Addr.IsValid() {
		return ""
	}
	return end.Addr.Unmap().String()
}

func equalPort(_ *Vocabulary, value string) (equality, error) {
	ports, err := parsePort(value)
	return equality{
		value: ports.String(),
		match: func(e *event.Event) bool { return ports.Contains(e.Local.Port) || ports.Contains(e.Peer.Port) },
		picks: Selection{Ports: []PortRange{ports}},
	}, err
}

func equalPortOf(end func(*event.Event) *event.Endpoint) func(*Vocabulary, string) (equality, error) {
	return func(_ *Vocabulary, value string) (equality, error) {
		ports, err := parsePort(value)
		return equality{
			value: ports.String(),
			match: func(e *event.Event) bool { return ports.Contains(end(e).Port) },
			picks: Selection{Ports: []PortRange{ports}},
		}, err
	}
}

func eitherPort(e *event.Event, is func(uint64) bool) bool {
	return portOf(localEnd)(e, is) || portOf(peerEnd)(e, is)
}

func portOf(end func(*event.Event) *event.Endpoint) func(*event.Event, func(uint64) bool) bool {
	return func(e *event.Event, is func(uint64) bool) bool {
		port := end(e).Port
		return port != 0 && is(uint64(port))
	}
}

func equalHost(_ *Vocabulary, value string) (equality, error) {
	prefix, err := parseHost(value)
	return equality{
		value: prefixText(prefix),
		match: func(e *event.Event) bool { return inPrefix(&e.Local, prefix) || inPrefix(&e.Peer, prefix) },
		picks: hostsOf(prefix),
	}, err
}

func equalHostOf(end func(*event.Event) *event.Endpoint) func(*Vocabulary, string) (equality, error) {
	return func(_ *Vocabulary, value string) (equality, error) {
		prefix, err := parseHost(value)
		return equality{
			value: prefixText(prefix),
			match: func(e *event.Event) bool { return inPrefix(end(e), prefix) },
			picks: hostsOf(prefix),
		}, err
	}
}

// equalNetns: the number is in every record, a name comes last.
func equalNetns(v *Vocabulary, value string) (equality, error) {
	if number, err := strconv.ParseUint(value, 10, 32); err == nil {
		return inNetns(uint32(number)), nil
	}
	if v.Netns == nil {
		return equality{match: func(e *event.Event) bool { return e.Netns.Name == value }}, nil
	}
	inode, err := v.Netns(value)
	return inNetns(inode), err
}

func inNetns(inode uint32) equality {
	return equality{
		known: KnowsRecord,
		match: func(e *event.Event) bool { return e.Netns.Inode == inode },
		picks: Selection{Netns: []uint32{inode}},
	}
}

func netnsTexts(e *event.Event, is func(string) bool) bool {
	return is(e.Netns.Name) || e.Netns.Inode != 0 && is(strconv.FormatUint(uint64(e.Netns.Inode), 10))
}

// anyProcess asks for each process that an event names.
func anyProcess(e *event.Event, is func(event.ProcessRef) bool) bool {
	return is(event.ProcessRef{PID: e.Owner.PID, Comm: e.Owner.Comm}) || is(e.Initiator.ProcessRef) || slices.ContainsFunc(e.Owner.Others, is)
}

// equalComm: the kernel keeps 15 bytes of a name, so a longer one is cut. The kernel
// side compares bytes, and not what a sink prints of them.
func equalComm(_ *Vocabulary, value string) (equality, error) {
	name := cutComm(value)
	wanted := func(p event.ProcessRef) bool { return p.Comm != "" && same(p.Comm, name) }
	e := equality{
		value: name,
		match: func(e *event.Event) bool { return anyProcess(e, wanted) },
	}
	if verbatim(name) {
		e.picks = Selection{Comms: []string{name}}
	}
	return e, nil
}

func equalPID(_ *Vocabulary, value string) (equality, error) {
	pid, err := parsePID(value)
	same := func(p event.ProcessRef) bool { return p.PID == pid }
	return equality{
		value: strconv.FormatUint(uint64(pid), 10),
		match: func(e *event.Event) bool { return anyProcess(e, same) },
		picks: Selection{PIDs: []uint32{pid}},
	}, err
}

func equalCgroup(v *Vocabulary, value string) (equality, error) {
	wanted := path.Clean("/" + value)
	if v.Cgroup != nil {
		var err error
		if wanted, err = v.Cgroup(value); err != nil {
			return equality{}, err
		}
	}
	return equality{value: wanted, match: func(e *event.Event) bool { return inCgroup(&e.Owner, wanted) }}, nil
}

// equalLocation compares what is known of where the owner runs.
func equalLocation(parse func(string) (string, error), in func(*event.Owner, string) bool) func(*Vocabulary, string) (equality, error) {
	return func(_ *Vocabulary, value string) (equality, error) {
		wanted, err := parse(value)
		return equality{value: wanted, match: func(e *event.Event) bool { return in(&e.Owner, wanted) }}, err
	}
}

func stateNames() []string {
	var names []string
	for s := event.StateEstablished; s <= event.StateNewSynRecv; s++ {
		names = append(names, s.String())
	}
	return names
}

func ofConn(number func(*event.Conn) uint64) func(*event.Event, func(uint64) bool) bool {
	return func(e *event.Event, is func(uint64) bool) bool { return e.Conn.Known && is(number(&e.Conn)) }
}

// millis reads a time that is absent where it is 0.
func millis(number func(*event.Conn) uint64) func(*event.Event, func(uint64) bool) bool {
	return func(e *event.Event, is func(uint64) bool) bool {
		n := number(&e.Conn)
		return n != 0 && is(n*1_000_000)
	}
}

func parsePortNumber(value string) (uint64, error) {
	ports, err := parsePort(value)
	if err == nil && ports.First != ports.Last {
		err = fmt.Errorf("bad port %q: want one port here", value)
	}
	return uint64(ports.First), err
}

func parsePIDNumber(value string) (uint64, error) {
	pid, err := parsePID(value)
	return uint64(pid), err
}

func stringsOf[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}
