#!/usr/bin/env python3
"""storm.py USERS LOGINS RATE KILLED SEED SECONDS [look] -- COMMAND...

Logs USERS users in (s0, s1, ...), each LOGINS times, in a random order; COMMAND USER@127.0.0.1 is a login with a
terminal, whose prompt is `storm-ready`.  RATE clients start in a second, or all at once with 0.  KILLED of a hundred
are killed, each when a number of prompts has been seen that was drawn before: some while they log in, some later.

When each of the others has its prompt or has ended, `look` asks each to run the function `look`, and takes its line
`storm: HOSTNAME PROCESSES STRANGERS`.  Then storm.py prints

    process USER PID-NAMESPACE|host COMM        each kind of process that these users have
    held

and waits for a line of its standard input, ends all sessions by `exit`, and prints what it saw:

    client USER LOGIN killed|in|refused SECONDS-TO-PROMPT HOSTNAME PROCESSES STRANGERS
    said USER LOGIN TEXT                        the end of what a client said that was refused
    last SECONDS                                from the first start to the last prompt

`-` is nothing: without `look`, and where a session has ended before it was asked.  After SECONDS all that is still
there is killed, as `stuck`, and the status is 1.
"""
import os
import pwd
import random
import resource
import selectors
import signal
import subprocess
import sys
import time

PROMPT = b'storm-ready'


class Client:
    def __init__(self, user, login):
        self.user, self.login = user, login
        self.process = None
        self.said = b''
        self.prompt = self.fate = self.kill_at = None
        self.facts = ['-'] * 3

    def start(self, command):
        self.began = time.monotonic()
        self.process = subprocess.Popen([*command, f'{self.user}@127.0.0.1'], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)

    def say(self, line):
        try:
            self.process.stdin.write(line)
        except OSError:
            pass  # it has ended, as will be seen

    def line(self):
        for line in self.said.decode(errors='replace').replace('\r', '').split('\n'):
            if line.startswith('storm: ') and len(line.split()) == 4:
                return line.split()[1:]
        return None


class Storm:
    def __init__(self, clients, command, bound):
        self.clients, self.command = clients, command
        self.end = time.monotonic() + bound
        self.eyes = selectors.DefaultSelector()
        self.prompts = 0
        self.last = 0.0

    def start(self, client):
        client.start(self.command)
        self.eyes.register(client.process.stdout, selectors.EVENT_READ, client)

    def see(self, patience):
        """Reads what the clients say, for at most so many seconds."""
        for key, _ in self.eyes.select(max(0, patience)):
            client = key.data
            data = key.fileobj.read(65536)
            if data is None:
                continue
            if not data:
                self.eyes.unregister(key.fileobj)
                client.process.wait()
                if client.fate is None:
                    client.fate = 'in' if client.prompt else 'refused'
                continue
            client.said = (client.said + data)[-4096:]
            if not client.prompt and PROMPT in client.said:
                now = time.monotonic()
                client.prompt = now - client.began
                self.last = max(self.last, now - self.began)
                self.prompts += 1
                self.kill_due()

    def kill_due(self, all_of_them=False):
        for client in self.clients:
            if (client.kill_at is not None and client.fate is None and client.process
                    and (all_of_them or client.kill_at <= self.prompts)):
                client.fate = 'killed'
                client.process.send_signal(signal.SIGKILL)

    def until(self, done):
        while not done():
            if time.monotonic() > self.end:
                return False
            self.see(1)
        return True

    def alone(self):  # those that nobody kills
        return [c for c in self.clients if c.kill_at is None]

    def break_out(self, rate):
        self.began = time.monotonic()
        for number, client in enumerate(self.clients):
            due = self.began + number / rate if rate else 0
            self.see(0)
            while time.monotonic() < due:
                self.see(due - time.monotonic())
            self.start(client)
        settled = self.until(lambda: all(c.prompt or c.fate for c in self.alone()))
        self.kill_due(all_of_them=True)
        return settled

    def look(self):
        def asked(client):
            return client.fate == 'refused' or client.line() or client.process.poll() is not None

        for client in self.alone():
            if client.fate is None:
                client.say(b'look\n')
        done = self.until(lambda: all(asked(c) for c in self.alone()))
        for client in self.alone():
            client.facts = client.line() or client.facts
        return done

    def over(self):
        for client in self.clients:
            if client.fate is None:
                client.say(b'exit\n')
        return self.until(lambda: not self.eyes.get_map())


def processes(users):
    """Their (name, PID namespace, program), for the users whose names are given."""
    names = {pwd.getpwnam(user).pw_uid: user for user in users}
    own = os.stat('/proc/self/ns/pid').st_ino
    found = set()
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/status', encoding='utf-8') as file:
                status = dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)
            user = names.get(int(status['Uid'].split()[0]))
            if user and not status['State'].startswith('Z'):
                namespace = os.stat(f'/proc/{pid}/ns/pid').st_ino
                found.add((user, 'host' if namespace == own else str(namespace), status['Name'].replace(' ', '_')))
        except (OSError, ValueError):
            pass  # it has ended
    return sorted(found)


def main():
    split = sys.argv.index('--')
    users, logins, rate, killed, seed, bound = map(int, sys.argv[1:7])
    resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
    chance = random.Random(seed)
    clients = [Client(f's{user}', login) for user in range(users) for login in range(logins)]
    chance.shuffle(clients)
    for client in chance.sample(clients, (len(clients) * killed + 99) // 100):
        client.kill_at = chance.randrange(len(clients))
    storm = Storm(clients, sys.argv[split + 1:], bound)
    good = storm.break_out(rate)
    if good and 'look' in sys.argv[7:split]:
        good = storm.look()
    for process in processes({c.user for c in clients}):
        print('process', *process)
    print('held', flush=True)
    sys.stdin.readline()
    good = storm.over() and good
    for client in clients:
        if client.fate is None:
            client.fate = 'stuck'
            client.process.kill()
        print('client', client.user, client.login, client.fate,
              f'{client.prompt:.3f}' if client.prompt else '-', *client.facts)
        if client.fate in ('refused', 'stuck'):
            print('said', client.user, client.login, repr(client.said[-300:].decode(errors='replace')))
    print(f'last {storm.last:.1f}')
    sys.exit(not good)


main()
