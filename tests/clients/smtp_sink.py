"""smtp_sink.py PORT LOG DELAY - takes mail: a line of LOG for each HELO, sender and mail; says that it has taken one
DELAY seconds after that, as a server does that looks at it first."""
import socketserver
import sys
import time


class Handler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def note(self, text):
        with open(sys.argv[2], "a") as log:
            print(text, file=log)

    def handle(self):
        self.say("220 sink")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb in (b"EHLO", b"HELO"):
                self.note("hello " + line.split()[1].decode())
                self.say("250 sink")
            elif verb == b"MAIL":
                self.note("from " + line.split(b":", 1)[1].split()[0].decode())
                self.say("250 well")
            elif verb == b"DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.note("mail")
                time.sleep(float(sys.argv[3]))
                self.say("250 taken")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 well")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
