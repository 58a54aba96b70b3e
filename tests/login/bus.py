#!/usr/bin/env python3
"""bus.py PATH WORD - stands in for the system's D-Bus at PATH, where a test has no systemd: lets everybody in, and
then calls are answered by WORD: `answer`, `refuse`, `nobody` (there is no such service), or `hang`."""
import os
import socket
import struct
import sys
import threading

path, word = sys.argv[1:]


def field(code, kind, value):
    if kind == "u":
        return bytes([code, 1, ord("u"), 0]) + struct.pack("=I", value)
    return bytes([code, 1, ord(kind), 0]) + struct.pack("=I", len(value)) + value.encode() + b"\0"


def message(kind, *fields):
    text = b""
    for one in fields:
        text += b"\0" * (-len(text) % 8) + one
    order = b"l" if sys.byteorder == "little" else b"B"
    head = order + bytes([kind, 1, 1]) + struct.pack("=III", 0, 1, len(text)) + text
    return head + b"\0" * (-len(head) % 8)


def answer(member, serial):
    if member == "Hello" or word == "answer":
        # what the daemon says unasked comes first
        return message(4, field(1, "o", "/org"), field(2, "s", "org.freedesktop.DBus"), field(3, "s", "NameAcquired")) \
            + message(2, field(5, "u", serial))
    name = {"refuse": "AccessDenied", "nobody": "NameHasNoOwner"}.get(word)
    return name and message(3, field(4, "s", "org.freedesktop.DBus.Error." + name), field(5, "u", serial))


def serve(connection):
    stream = connection.makefile("rwb")
    assert stream.readline().startswith(b"\0AUTH EXTERNAL ")
    stream.write(b"OK 0123456789abcdef0123456789abcdef\r\n")
    stream.flush()
    assert stream.readline() == b"BEGIN\r\n"
    while len(head := stream.read(16)) == 16:
        body, serial, length = struct.unpack("=III", head[4:])
        fields = stream.read(length + -length % 8)
        stream.read(body)
        for member in ("Hello", "ListUnits", "GetUnitProcesses", "ListSessions", "ListUsers"):
            if b"\0" + member.encode() + b"\0" in fields:
                said = answer(member, serial)
                stream.write(said or b"")
                stream.flush()


os.makedirs(os.path.dirname(path), exist_ok=True)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
os.chmod(path, 0o666)
listener.listen()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
