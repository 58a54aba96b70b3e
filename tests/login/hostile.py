#!/usr/bin/env python3
"""hostile.py WHAT [WORD...] - a user who tries to get at what is outside of a session.

One line for each attempt that succeeded, `done` at the end.  Run outside of a session all of them do:
that is how the tests know that an attempt is one.

    process PID     everything that can be done to another process of the user's
    proc PID        every way to a /proc that shows that process
    handles HANDLE...
                    opens files by handles (open_by_handle_at(2)) that were got where they are in reach, as
                    `show PID` prints them: of the process (pidfs), and of its namespaces (nsfs)
    show PID        ... prints them, all that this kernel has
    peer SOCKET     connects there, and takes the descriptor 1 of who listens (SO_PEERPIDFD, pidfd_getfd(2))
    listen SOCKET   ... listens
    namespaces UTS PID MNT
                    joins whatever is in reach, and looks whether it leads to one of these (inodes)
    notify PID SIGNAL
                    has the kernel send that signal to the process, as news of a pipe that is the process's
                    (fcntl(2), F_SETOWN): nobody is the sender
    inject TEXT     types TEXT at the terminal (TIOCSTI)
    ride COMMAND    traces whatever process of the user's begins, and has the shells that it starts run COMMAND
    forge UID WHOSE TYPE PROGRAM
                    begun by root as process 1 of a PID namespace: becomes UID, and then PROGRAM, which stands
                    still there, with a nameless pair of sockets of that TYPE, made by WHOSE (root, user), or
                    `named`, one that is connected to a socket of root's, as its standard output
"""
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
TIOCSTI = 0x5412


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), 'refused')
    return result


def attempt(name, function):
    try:
        function()
    except (OSError, subprocess.CalledProcessError):
        return
    print(name, flush=True)


# ---- process ----

class IoVec(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]


def mapped(pid):
    with open(f'/proc/{pid}/maps') as maps:
        return int(next(maps).split('-')[0], 16)


def read_memory(pid, address):
    data = ctypes.create_string_buffer(16)
    here, there = IoVec(ctypes.addressof(data), 16), IoVec(address, 16)
    check(libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))


def trace(pid):
    """In a child: a tracer must not end before it has detached."""
    child = os.fork()
    if child == 0:
        result = libc.ptrace(PTRACE_SEIZE, pid, None, None)
        if result == 0:
            os.kill(pid, signal.SIGSTOP)
            os.waitpid(pid, 0x40000000)
            libc.ptrace(PTRACE_DETACH, pid, None, None)
            os.kill(pid, signal.SIGCONT)
        os._exit(0 if result == 0 else 1)
    if os.waitpid(child, 0)[1]:
        raise OSError('refused')


def send_by_pidfd(pid):
    os.close(os.pidfd_open(pid))
    signal.pidfd_send_signal(os.pidfd_open(pid), 0)


def process(pid):
    # one that is the user's own, and in a group of its own
    attempt('kill', lambda: os.kill(pid, 0))
    attempt('kill of its group', lambda: os.killpg(pid, 0))
    attempt('pidfd', lambda: send_by_pidfd(pid))
    attempt('rt_sigqueueinfo', lambda: check(libc.sigqueue(pid, 0, None)))
    attempt('ptrace', lambda: trace(pid))
    attempt('process_vm_readv', lambda: read_memory(pid, mapped(pid)))
    attempt('proc', lambda: os.listdir(f'/proc/{pid}'))
    attempt('environ', lambda: open(f'/proc/{pid}/environ', 'rb').read())
    attempt('cwd', lambda: os.readlink(f'/proc/{pid}/cwd'))
    attempt('renice', lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
    attempt('affinity', lambda: os.sched_setaffinity(pid, os.sched_getaffinity(pid)))
    attempt('getsid', lambda: os.getsid(pid))
    attempt('getpgid', lambda: os.getpgid(pid))


# ---- proc ----

def shows(directory, pid):
    with open(f'{directory}/{pid}/comm') as comm:
        comm.read()


def mount_proc(*unshare):
    command = 'mount -t proc none /mnt && cat /mnt/$0/comm'
    subprocess.run(['unshare', *unshare, 'sh', '-c', command, str(proc_pid)], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def proc(pid):
    global proc_pid
    proc_pid = pid
    attempt('/proc', lambda: shows('/proc', pid))
    for own in filter(str.isdigit, os.listdir('/proc')):
        for way in ['root', 'cwd'] + [f'fd/{fd}' for fd in list_or_nothing(f'/proc/{own}/fd')]:
            attempt('a process', lambda: shows(f'/proc/{own}/{way}/proc', pid))
            attempt('a process', lambda: shows(f'/proc/{own}/{way}/../proc', pid))
            attempt('a process', lambda: shows(f'/proc/{own}/{way}', pid))
    for fd in range(1024):
        attempt('a descriptor', lambda: os.close(os.open(f'../proc/{pid}', os.O_RDONLY, dir_fd=fd)))
    attempt('a new mount', lambda: mount_proc('-Urm'))
    for name, command in (
            ('umount', 'umount -l /proc; cat /proc/$0/comm'),
            ('move', 'mount --move /proc /mnt; cat /proc/$0/comm'),
            ('rbind', 'mount --rbind / /mnt; umount -l /mnt/proc; cat /mnt/proc/$0/comm'),
            ('bind', 'mount --rbind /proc/.. /mnt && mount --bind /mnt /mnt; cat /mnt/proc/$0/comm'),
            ('chroot', 'mount --rbind / /mnt && chroot /mnt sh -c "umount -l /proc; cat /proc/$0/comm"')):
        for nested in (['unshare', '-Urm'], ['unshare', '-Urm', 'unshare', '-Urm']):
            attempt(name, lambda: subprocess.run([*nested, 'sh', '-c', command, str(pid)], check=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def list_or_nothing(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return []


# ---- namespaces ----

def namespaces(*wanted):
    for pid in filter(str.isdigit, os.listdir('/proc')):
        for kind in list_or_nothing(f'/proc/{pid}/ns'):
            look(f'/proc/{pid}/ns/{kind}', wanted)
        for fd in list_or_nothing(f'/proc/{pid}/fd'):
            look(f'/proc/{pid}/fd/{fd}', wanted)


def look(path, wanted):
    """Whether that is one of them, or it can be joined and is its parent: ioctl_ns(2)."""
    NS_GET_USERNS, NS_GET_PARENT = 0xb701, 0xb702

    def is_wanted(inode, way):
        if str(inode) in wanted:
            print(f'{way} {os.path.basename(path)}', flush=True)

    try:
        link = os.readlink(path)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return
    if ':[' in link and link.split(':')[0] in ('uts', 'pid', 'pid_for_children', 'mnt', 'user'):
        is_wanted(os.fstat(fd).st_ino, 'open')
        for request in (NS_GET_USERNS, NS_GET_PARENT):
            above = libc.ioctl(fd, request)
            if above >= 0:
                is_wanted(os.fstat(above).st_ino, 'above')
                os.close(above)
    os.close(fd)


# ---- a signal without a sender ----

def notify(pid, signum):
    import fcntl

    def make_news():
        reader, writer = os.pipe()
        fcntl.fcntl(reader, fcntl.F_SETOWN, pid)
        fcntl.fcntl(reader, 10, signum)  # F_SETSIG
        fcntl.fcntl(reader, fcntl.F_SETFL, fcntl.fcntl(reader, fcntl.F_GETFL) | os.O_ASYNC)
        os.write(writer, b'.')

    attempt('sent', make_news)


# ---- file handles ----

class Handle(ctypes.Structure):
    _fields_ = [('bytes', ctypes.c_uint), ('type', ctypes.c_int), ('data', ctypes.c_ubyte * 128)]


def handle_of(fd):
    AT_EMPTY_PATH = 0x1000
    handle, mount = Handle(bytes=128), ctypes.c_int()
    check(libc.name_to_handle_at(fd, b'', ctypes.byref(handle), ctypes.byref(mount), AT_EMPTY_PATH))
    return f'{handle.type}:{bytes(handle.data[:handle.bytes]).hex()}'


def show(pid):
    attempt_print = lambda kind, fd: attempt(kind, lambda: print(f'{kind}:{handle_of(fd)}'))
    attempt_print('pid', os.pidfd_open(pid))
    for name in ('uts', 'pid', 'mnt'):
        attempt_print('ns', os.open(f'/proc/{pid}/ns/{name}', os.O_RDONLY))


def open_handle(text):
    kind, number, data = text.split(':')
    raw = bytes.fromhex(data)
    handle = Handle(len(raw), int(number), (ctypes.c_ubyte * 128)(*raw))
    where = os.pidfd_open(os.getpid()) if kind == 'pid' else os.open('/proc/self/ns/user', os.O_RDONLY)
    os.close(check(libc.open_by_handle_at(where, ctypes.byref(handle), os.O_RDONLY)))


def handles(*texts):
    for text in texts:
        attempt(text.split(':')[0], lambda: open_handle(text))


# ---- the other end of a socket ----

def peer(path):
    SO_PEERPIDFD, SYS_pidfd_getfd = 77, 438
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(path)
        try:
            pidfd = there.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)
        except OSError as error:
            if error.errno != errno.ENOPROTOOPT:
                raise
            print('none') # before Linux 6.5
            return
        attempt('known', lambda: os.fstat(pidfd))
        attempt('taken', lambda: os.close(check(libc.syscall(SYS_pidfd_getfd, pidfd, 1, 0))))


def listen(path):
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(path)
        os.chmod(path, 0o777)
        here.listen()
        signal.pause()


# ---- terminal ----

def inject(text):
    """At the terminal that it was given, or at the one that it belongs to; now, and when it is not looked after."""
    import fcntl
    import time

    def write(fd):
        for byte in text.encode().decode('unicode_escape').encode():
            fcntl.ioctl(fd, TIOCSTI, bytes([byte]))
        return True

    def belongs_to():
        return os.open('/dev/tty', os.O_RDWR)

    later = os.fork() == 0
    if later:
        time.sleep(1)
    attempt('the own terminal', lambda: write(belongs_to()))
    attempt('standard input', lambda: write(0))
    if later:
        os._exit(0)


# ---- a process that somebody else started as this user ----

def ride(command):
    """Children are traced with it; at each exec the last word of the command line becomes COMMAND."""
    TRACE_CHILDREN, TRACE_EXEC, EVENT_EXEC, CONT, WALL = 2 | 4 | 8, 16, 4, 7, 0x40000000
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def own():
        pids = set()
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                if os.stat(f'/proc/{pid}').st_uid == os.getuid():
                    pids.add(int(pid))
            except OSError:
                pass
        return pids

    def write(pid, address, data):
        here, there = IoVec(ctypes.cast(data, ctypes.c_void_p).value, len(data)), IoVec(address, len(data))
        check(libc.process_vm_writev(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))

    def rewrite(pid):
        """On the new stack are: argc, argv..., NULL, envp...; what is below is free."""
        with open(f'/proc/{pid}/stat') as file:
            stack = int(file.read().rsplit(')', 1)[1].split()[25])
        count = ctypes.create_string_buffer(8)
        here, there = IoVec(ctypes.addressof(count), 8), IoVec(stack, 8)
        check(libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
        words = int.from_bytes(count.raw, sys.byteorder)
        text = stack - 65536
        write(pid, text, command.encode() + b'\0')
        write(pid, stack + 8 * words, text.to_bytes(8, sys.byteorder))

    def is_shell(pid):
        with open(f'/proc/{pid}/cmdline') as file:
            return '\0-c\0' in file.read()

    def serve():
        try:
            pid, status = os.waitpid(-1, WALL | os.WNOHANG)
        except ChildProcessError:
            return
        if pid and os.WIFSTOPPED(status):
            signum = os.WSTOPSIG(status)
            if status >> 8 == signal.SIGTRAP | EVENT_EXEC << 8 and is_shell(pid):
                attempt('a shell', lambda: rewrite(pid))
            stops = (signal.SIGTRAP, signal.SIGSTOP)
            libc.ptrace(CONT, pid, None, None if signum in stops else signum)

    before = own()
    print('riding', flush=True)
    while True:
        for pid in own() - before:
            # try again while it cannot be traced yet, because it has not exec'ed its program
            if libc.ptrace(PTRACE_SEIZE, pid, None, TRACE_CHILDREN | TRACE_EXEC) == 0:
                before.add(pid)
        serve()


# ---- a process 1 like that of the module ----

def sockets(kind):
    if kind != 'named':
        return socket.socketpair(socket.AF_UNIX, getattr(socket, f'SOCK_{kind}'))
    listener, other = (socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2))
    listener.bind('\0forged')
    listener.listen()
    other.connect('\0forged')
    return other, listener


def forge(uid, whose, kind, program):
    PTRACE_O_TRACEEXEC = 0x10
    pair = sockets(kind) if whose == 'root' else None
    os.setgid(uid)
    os.setuid(uid)
    pair = pair or sockets(kind)
    check(libc.prctl(4, 1, 0, 0, 0))  # PR_SET_DUMPABLE: it may be traced
    ready, go = os.pipe()
    if os.fork() == 0:
        check(libc.ptrace(PTRACE_SEIZE, 1, None, PTRACE_O_TRACEEXEC))
        os.write(go, b'.')
        os.waitpid(1, 0x40000000)
        while True:
            signal.pause()
    os.read(ready, 1)
    os.dup2(pair[0].fileno(), 1)
    os.set_inheritable(1, True)
    os.execve(program, ['nsisolate-init: root admins sshd'],
        {'user': 'root', 'rule': 'admins', 'id': '0123abcd', 'service': 'sshd', 'hostname': 'lab'})


words = sys.argv[2:]
{
    'process': lambda: process(int(words[0])),
    'proc': lambda: proc(int(words[0])),
    'namespaces': lambda: namespaces(*words),
    'handles': lambda: handles(*words),
    'show': lambda: show(int(words[0])),
    'peer': lambda: peer(words[0]),
    'listen': lambda: listen(words[0]),
    'notify': lambda: notify(int(words[0]), int(words[1])),
    'inject': lambda: inject(words[0]),
    'ride': lambda: ride(words[0]),
    'forge': lambda: forge(int(words[0]), *words[1:]),
}[sys.argv[1]]()
print('done')
