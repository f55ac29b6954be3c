#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# not a test: a receiver of webhooks for tests and the demo
"""Takes webhooks on loopback and keeps each as a file, or misbehaves as its path says.

  webhook_sink.py --folder DIR [--port N] [--certificate PEM]

Prints "port N" when it listens. A request becomes DIR/NUMBER.json: path, headers, body. Paths:
/status/NNN answers that, /redirect leads to /status/200, /hang keeps it and says nothing, /close
keeps it and closes, /endless answers without end, /cut closes in the middle of the head; everything
else is 204."""

import argparse
import http.server
import json
import os
import signal
import ssl
import sys
import threading

LONGEST_BODY = 8 * 1024 * 1024


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = 0
    lock = threading.Lock()
    folder = "."

    def log_message(self, *_):
        pass

    def keep(self):
        length = min(int(self.headers.get("Content-Length", "0")), LONGEST_BODY)
        body = self.rfile.read(length)
        with Receiver.lock:
            Receiver.count += 1
            name = os.path.join(Receiver.folder, f"{Receiver.count:04d}.json")
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump({"path": self.path, "headers": dict(self.headers.items()),
                       "body": body.decode("utf-8", "replace")}, file)
        os.rename(name + ".new", name)

    def answer(self, status, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        self.keep()
        if self.path.startswith("/status/"):
            self.answer(int(self.path.rsplit("/", 1)[1]))
        elif self.path == "/redirect":
            self.answer(307, [("Location", "/status/200")])
        elif self.path == "/hang":
            threading.Event().wait(3600)
        elif self.path == "/close":
            self.close_connection = True
        elif self.path == "/cut":
            self.wfile.write(b"HTTP/1.1 2")
            self.close_connection = True
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                self.close_connection = True
        else:
            self.answer(204)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description="a receiver of webhooks for tests")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", help="certificate and key, PEM")
    options = parser.parse_args()
    Receiver.folder = options.folder
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = Server(("127.0.0.1", options.port), Receiver)
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
