#!/usr/bin/env python3
"""Makes the recordings in this folder, as root: record.py RSTTRACE [NAME...]

Each function plays one incident over the loopback device. rsttrace records it."""

import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
OFF, ON, OFF_WITHOUT_PROBE, SEND_QUEUE = 0, 1, -1, 2
HOST = "127.0.0.1"


def connections(port, count):
    """Pairs of (client, server) sockets."""
    with socket.create_server((HOST, port), backlog=count) as listener:
        for _ in range(count):
            client = socket.create_connection((HOST, port))
            yield client, listener.accept()[0]


def talk(client, server):
    client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    server.recv(100)
    server.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    client.recv(100)


def linger_zero(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def race(port):
    """A server closes after 3 s of silence. Its client writes 30 ms later."""
    for client, server in connections(port, 3):
        talk(client, server)
        time.sleep(3)
        server.close()
        time.sleep(0.03)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        time.sleep(0.1)
        client.close()


def linger(port):
    """A server aborts after 3 s of silence."""
    for client, server in connections(port, 3):
        talk(client, server)
        time.sleep(3)
        linger_zero(server)
        client.close()


def forgotten(port):
    """The server's kernel forgets connections in silence. 11 s later their clients write."""
    pairs = list(connections(port, 3))
    for client, server in pairs:
        talk(client, server)
        server.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, ON)
        server.close()
    time.sleep(11)
    for client, _ in pairs:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        time.sleep(0.1)
        client.close()


def flow(port):
    """A forged RST ends a busy connection. The server's end lives on."""
    client, server = next(connections(port, 1))
    for _ in range(20):
        talk(client, server)
        time.sleep(0.01)
    server.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, ON)
    server.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, SEND_QUEUE)
    seq = struct.unpack("I", server.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, 4))[0]
    server.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, OFF_WITHOUT_PROBE)
    forge(port, client.getsockname()[1], seq)
    time.sleep(0.5)
    client.close()
    server.close()


def forge(source, target, seq):
    address = socket.inet_aton(HOST)
    header = struct.pack("!HHIIBBHHH", source, target, seq, 0, 5 << 4, 4, 0, 0, 0)
    pseudo = address + address + struct.pack("!BBH", 0, 6, len(header))
    total = sum(struct.unpack("!%dH" % ((len(pseudo) + len(header)) // 2), pseudo + header))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    header = header[:16] + struct.pack("!H", ~total & 0xFFFF) + header[18:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.sendto(header, (HOST, 0))


def upload(port):
    """A server answers and closes 1 s after it has accepted, while the client still uploads."""
    for client, server in connections(port, 3):
        def send(client=client):
            try:
                while True:
                    client.sendall(bytes(16384))
            except OSError:
                client.close()
        sender = threading.Thread(target=send)
        sender.start()
        begin = time.monotonic()
        while time.monotonic() < begin + 1:
            server.recv(4096)
            time.sleep(0.01)
        server.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        server.close()
        sender.join()


def plain(line):
    """An event without what is of this machine, and "" for a finding: the test makes them anew."""
    item = json.loads(line)
    for private in "exe", "cmdline", "cgroup", "parent", "unit":
        item.get("owner", {}).pop(private, None)
    item.pop("finding", None)
    return "" if item["kind"] == "finding" else json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n"


def paused(port):
    """A server is stopped. Its clients send, and give up one after the other. Then it goes on."""
    listener = socket.create_server((HOST, port), backlog=4)
    server = os.fork()
    if server == 0:
        serve(listener)
    listener.close()
    clients = [socket.create_connection((HOST, port)) for _ in range(4)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        client.recv(100)
    os.kill(server, signal.SIGSTOP)
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        time.sleep(1.2)
        client.close()
    time.sleep(1.5)
    os.kill(server, signal.SIGCONT)
    time.sleep(0.5)
    os.kill(server, signal.SIGKILL)
    os.waitpid(server, 0)


def serve(listener):
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    selector.register(listener.accept()[0], selectors.EVENT_READ)
                elif key.fileobj.recv(100):
                    key.fileobj.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                else:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()


# What is recorded of each: the name, and the flags of rsttrace.
RECORDINGS = {race: [], linger: [], forgotten: ["--direction", "received"], flow: [], upload: [], paused: []}


def record(rsttrace, play, port, flags):
    folder = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as temporary:
        ready, raw = os.path.join(temporary, "ready"), os.path.join(temporary, "raw")
        tracer = subprocess.Popen([rsttrace, "-o", "json", "--port", str(port), "--ready-file", ready] + flags, stdout=open(raw, "w"))
        try:
            while not os.path.exists(ready) and tracer.poll() is None:
                time.sleep(0.01)
            play(port)
            time.sleep(2.5)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        with open(raw) as lines, open(os.path.join(folder, play.__name__ + ".jsonl"), "w") as out:
            out.writelines(plain(line) for line in lines)


if __name__ == "__main__":
    for at, (play, flags) in enumerate(RECORDINGS.items()):
        if len(sys.argv) == 2 or play.__name__ in sys.argv[2:]:
            record(sys.argv[1], play, 17080 + at, flags)
