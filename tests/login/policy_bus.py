# policy_bus.py SOCKET serve NAME             owns this name, and answers every call, some after signals: see SIGNALS
# policy_bus.py SOCKET calls NAME PATH INTERFACE MEMBER...    prints which of these are answered
# policy_bus.py SOCKET hear NAME              prints the signals that arrive before the answer of such a call
#
# D-Bus as far as a test of a policy needs it; dbus(1) has the wire format.
import os
import socket
import struct
import sys

# by a method that everyone may call
SIGNALS = {
    'Inhibit': ('/org/freedesktop/login1', 'org.freedesktop.login1.Manager',
                ['SessionNew', 'SessionRemoved', 'UserNew', 'UserRemoved', 'PrepareForSleep']),
    'Subscribe': ('/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', ['UnitNew', 'JobNew']),
}
CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY, DESTINATION, SENDER, SIGNATURE = 1, 2, 3, 4, 5, 6, 7, 8


def text(value):
    return struct.pack('<I', len(value)) + value.encode() + b'\0'


def padded(data, to):
    return data + b'\0' * (-len(data) % to)


class Bus:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.serial = 0
        self.socket.sendall(b'\0AUTH EXTERNAL ' + str(os.geteuid()).encode().hex().encode() + b'\r\n')
        answer = b''
        while not answer.endswith(b'\r\n'):
            answer += self.socket.recv(1)
        assert answer.startswith(b'OK'), answer
        self.socket.sendall(b'BEGIN\r\n')
        self.ask('Hello')

    def send(self, kind, fields, body=b''):
        self.serial += 1
        array = b''
        for code, value in fields.items():
            array = padded(array, 8) + bytes([code])
            if code == REPLY:
                array = padded(array + b'\1u\0', 4) + struct.pack('<I', value)
            elif code == SIGNATURE:
                array += b'\1g\0' + bytes([len(value)]) + value.encode() + b'\0'
            else:
                array = padded(array + (b'\1o\0' if code == PATH else b'\1s\0'), 4) + text(value)
        header = struct.pack('<cBBBIII', b'l', kind, 0, 1, len(body), self.serial, len(array))
        self.socket.sendall(padded(header + array, 8) + body)
        return self.serial

    def take(self, count):
        data = b''
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                sys.exit('the bus has hung up')
            data += more
        return data

    def receive(self):  # its kind, serial and fields
        header = self.take(16)
        kind, body, serial, length = header[1], *struct.unpack('<III', header[4:])
        array = self.take(length + -length % 8)
        self.take(body)
        fields, at = {}, 0
        while at < length:
            at += -at % 8
            code, form = array[at], chr(array[at + 2])
            at += 4
            if form == 'g':
                size, start = array[at], at + 1
            else:
                at += -at % 4
                size, start = struct.unpack_from('<I', array, at)[0], at + 4
            if form == 'u':
                fields[code], at = size, at + 4
            else:
                fields[code], at = array[start:start + size].decode(), start + size + 1
        return kind, serial, fields

    def reply(self, serial):
        while True:
            kind, _, fields = self.receive()
            if kind in (RETURN, ERROR) and fields[REPLY] == serial:
                return fields.get(ERROR_NAME, 'answered')

    def ask(self, member, signature='', body=b''):  # the bus itself
        fields = {PATH: '/org/freedesktop/DBus', INTERFACE: 'org.freedesktop.DBus', MEMBER: member,
                  DESTINATION: 'org.freedesktop.DBus'}
        if signature:
            fields[SIGNATURE] = signature
        answer = self.reply(self.send(CALL, fields, body))
        assert answer == 'answered', (member, answer)

    def call(self, name, path, interface, member):
        return self.reply(self.send(CALL, {PATH: path, INTERFACE: interface, MEMBER: member, DESTINATION: name}))


bus, action = Bus(sys.argv[1]), sys.argv[2]
if action == 'calls':
    for member in sys.argv[6:]:
        if bus.call(*sys.argv[3:6], member) == 'answered':
            print(member)
elif action == 'hear':
    rule = f"type='signal',sender='{sys.argv[3]}'"
    bus.ask('AddMatch', 's', text(rule))
    method = 'Inhibit' if sys.argv[3].endswith('login1') else 'Subscribe'
    path, interface, _ = SIGNALS[method]
    bus.send(CALL, {PATH: path, INTERFACE: interface, MEMBER: method, DESTINATION: sys.argv[3]})
    kind = SIGNAL
    while kind == SIGNAL:
        kind, _, fields = bus.receive()
        if kind == SIGNAL and fields.get(INTERFACE) == interface:
            print(fields[MEMBER], flush=True)
    print('done' if kind == RETURN else fields[ERROR_NAME])
else:
    bus.ask('RequestName', 'su', padded(text(sys.argv[3]), 4) + struct.pack('<I', 0))
    print('serving', flush=True)
    while True:
        kind, serial, fields = bus.receive()
        if kind != CALL:
            continue
        path, interface, members = SIGNALS.get(fields[MEMBER], ('', '', []))
        for member in members:
            bus.send(SIGNAL, {PATH: path, INTERFACE: interface, MEMBER: member})
        bus.send(RETURN, {REPLY: serial, DESTINATION: fields[SENDER]})
