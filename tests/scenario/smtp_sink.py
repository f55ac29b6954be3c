#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# not a test: a mail server for tests and the demo
"""Takes mail on loopback and keeps each message as a file, or misbehaves on purpose.

  smtp_sink.py --folder DIR [--port N] [--mode MODE] [--tls | --starttls] [--certificate PEM]
               [--user NAME --password WORD]

Prints "port N" when it listens. A message becomes DIR/NUMBER.eml, with its envelope in
DIR/NUMBER.json. MODE "by-recipient" (the default) takes the mode from the local part of the
recipient, when that is one. Modes:

  accept          250
  no              550 to RCPT
  later           451 to RCPT
  no-data         554 to the whole message
  later-data      452 to the whole message
  hang            says nothing when somebody connects
  hang-rcpt       says nothing to RCPT
  hang-data       keeps the message and says nothing
  close-rcpt      closes at RCPT
  close-data      keeps the message and closes
  cut-data        closes in the middle of the message
  greeting        554 as the greeting
  garbage         greets with something that is no SMTP
"""

import argparse
import json
import os
import signal
import socket
import ssl
import sys
import threading
import base64

MODES = ("accept", "no", "later", "no-data", "later-data", "hang", "hang-rcpt", "hang-data",
         "close-rcpt", "close-data", "cut-data", "greeting", "garbage")
LONGEST_LINE = 4096
SILENCE = 3600


class Sink:
    def __init__(self, options):
        self.options = options
        self.count = 0
        self.lock = threading.Lock()
        self.context = None
        if options.certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(options.certificate)

    def keep(self, sender, recipients, message, encrypted):
        with self.lock:
            self.count += 1
            name = os.path.join(self.options.folder, f"{self.count:04d}")
        with open(name + ".eml.new", "wb") as file:
            file.write(message)
        with open(name + ".json", "w", encoding="utf-8") as file:
            json.dump({"from": sender, "to": recipients, "tls": encrypted}, file)
        os.rename(name + ".eml.new", name + ".eml")


class Session(threading.Thread):
    def __init__(self, sink, connection):
        super().__init__(daemon=True)
        self.sink = sink
        self.connection = connection
        self.sender = None
        self.recipients = []
        self.encrypted = False
        self.logged_in = sink.options.user is None

    def run(self):
        try:
            if self.sink.options.tls:
                self.start_tls()
            else:
                self.file = self.connection.makefile("rwb")
            self.talk()
        except (OSError, ssl.SSLError, EOFError):
            pass
        finally:
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.connection.close()

    def start_tls(self):
        self.connection = self.sink.context.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rwb")
        self.encrypted = True

    def say(self, *lines):
        for line in lines:
            self.file.write(line.encode() + b"\r\n")
        self.file.flush()

    def line(self):
        line = self.file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def mode(self):
        mode = self.sink.options.mode
        if mode != "by-recipient":
            return mode
        local = self.recipients[-1].split("@")[0] if self.recipients else ""
        return local if local in MODES else "accept"

    @staticmethod
    def be_silent():
        threading.Event().wait(SILENCE)

    def talk(self):
        if self.mode() == "hang":
            self.be_silent()
        if self.mode() == "greeting":
            self.say("554 sink.example no service here")
            return
        if self.mode() == "garbage":
            self.say("\x00\x01 HTTP/1.1 400 what is this")
            return
        self.say("220 sink.example ESMTP")
        while True:
            line = self.line().decode("ascii", "replace").strip()
            verb = line.split(" ", 1)[0].upper().split(":")[0]
            if verb in ("EHLO", "HELO"):
                self.hello(verb)
            elif verb == "STARTTLS" and self.sink.options.starttls and not self.encrypted:
                self.say("220 go ahead")
                self.start_tls()
            elif verb == "AUTH":
                self.authenticate(line)
            elif not self.logged_in and verb == "MAIL":
                self.say("530 5.7.0 authentication required")
            elif verb == "MAIL":
                self.sender = line[10:].split(">")[0].lstrip("<")
                self.recipients = []
                self.say("250 2.1.0 fine")
            elif verb == "RCPT":
                self.recipients.append(line[8:].split(">")[0].lstrip("<"))
                if not self.answer_recipient():
                    return
            elif verb == "DATA":
                if not self.take_message():
                    return
            elif verb in ("RSET", "NOOP"):
                self.say("250 2.0.0 fine")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("502 5.5.2 what?")

    def hello(self, verb):
        extensions = ["SIZE 10485760", "8BITMIME"]
        if self.sink.options.starttls and not self.encrypted:
            extensions.append("STARTTLS")
        if self.sink.options.user:
            extensions.append("AUTH PLAIN")
        if verb == "HELO":
            extensions = []
        texts = ["sink.example", *extensions]
        self.say(*(f"250{'-' if i + 1 < len(texts) else ' '}{text}"
                   for i, text in enumerate(texts)))

    def authenticate(self, line):
        words = line.split(" ")
        if len(words) == 2:
            self.say("334 ")
            words.append(self.line().decode("ascii", "replace").strip())
        said = base64.b64decode(words[2]).split(b"\0")
        options = self.sink.options
        self.logged_in = said[1:] == [options.user.encode(), options.password.encode()]
        self.say("235 2.7.0 welcome" if self.logged_in else "535 5.7.8 no")

    def answer_recipient(self):
        mode = self.mode()
        if mode == "hang-rcpt":
            self.be_silent()
        if mode == "close-rcpt":
            return False
        self.say({"no": "550 5.1.1 there is nobody of that name here",
                  "later": "451 4.3.0 come again"}.get(mode, "250 2.1.5 fine"))
        return True

    def take_message(self):
        mode = self.mode()
        self.say("354 end with a dot")
        lines = []
        while True:
            line = self.line()
            if mode == "cut-data":
                return False
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        if mode not in ("no-data", "later-data"):
            self.sink.keep(self.sender, self.recipients, b"".join(lines), self.encrypted)
        if mode == "hang-data":
            self.be_silent()
        if mode == "close-data":
            return False
        self.say({"no-data": "554 5.7.1 the text is refused",
                  "later-data": "452 4.3.1 the disk is full"}.get(mode, "250 2.0.0 kept"))
        return True


def main():
    parser = argparse.ArgumentParser(description="a mail server for tests")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", default="by-recipient", choices=("by-recipient", *MODES))
    parser.add_argument("--tls", action="store_true", help="TLS from the first byte")
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--certificate", help="certificate and key, PEM")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    if (options.tls or options.starttls) and not options.certificate:
        parser.error("TLS needs --certificate")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    sink = Sink(options)
    listener = socket.create_server(("127.0.0.1", options.port), backlog=128)
    print(f"port {listener.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listener.accept()
        Session(sink, connection).start()


if __name__ == "__main__":
    sys.exit(main())
