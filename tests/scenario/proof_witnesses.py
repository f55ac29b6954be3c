#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""Witnesses that hang, end, come back, and refuse: the others go on, the centre asks again by
itself, and says since when which of them has not answered."""

import socket
import threading
import time

from centre_home import Workplace, finish, free_ports, needs_programs, scenario, wait, TOCSIN


class Witness:
    def __init__(self, place, name, port):
        self.place, self.name, self.port = place, name, port
        self.folder = place.folder / f"witness-{name}"
        self.folder.mkdir()
        done = place.start(TOCSIN, "witness", "keygen", "--name", f"witness.example/{name}", "--key",
                           self.folder / "key")
        assert done.wait() == 0
        self.vkey = (self.folder / "key.vkey").read_text().strip()
        self.process = None

    def section(self):
        return (f'\nwitness {self.name} {{\n    vkey = "{self.vkey}"\n'
                f'    url = "http://127.0.0.1:{self.port}"\n}}\n')

    def start(self, centre):
        self.process = self.place.start(
            TOCSIN, "witness", "--key", self.folder / "key", "--state", self.folder / "state",
            "--listen", f"127.0.0.1:{self.port}", "--log", centre.home / "trust/journal.vkey")
        return self

    def stop(self):
        self.process.kill()
        self.process.wait()


class Hanging(threading.Thread):
    """Takes connections, and says nothing."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.door = socket.create_server(("127.0.0.1", port))
        self.taken = []
        self.start()

    def run(self):
        while True:
            try:
                self.taken.append(self.door.accept()[0])
            except OSError:
                return

    def end(self):
        try:
            self.door.shutdown(socket.SHUT_RDWR)  # wakes accept
        except OSError:
            pass
        self.join()
        self.door.close()
        for connection in self.taken:
            connection.close()


def main():
    needs_programs()
    with Workplace("witnesses") as place:
        centre = place.centre()
        one, two, three = (Witness(place, name, port) for name, port in
                           zip(("one", "two", "three"), free_ports(3)))
        path = centre.home / "tocsin.conf"
        text = path.read_text(encoding="utf-8")
        assert "witnesses-required = 0" in text
        path.write_text(text.replace("witnesses-required = 0", "witnesses-required = 2")
                        + one.section() + two.section() + three.section(), encoding="utf-8")
        hanging = Hanging(three.port)
        place.ends.append(hanging.end)
        one.start(centre)
        two.start(centre)
        centre.start()

        def journal():
            return centre.status()["journal"]

        def told(name):
            return next(row for row in journal()["cosigners"] if row["name"] == name)

        def act():
            centre.new("token", "create")
            return centre.status()["journal"]["size"]

        def seen():
            now = journal()
            return now["size"] == now["signed"] == now["witnessed"]

        def hangs():
            """one witness hangs: the others cosign each checkpoint at once, and it is named"""
            assert wait(seen, 15), journal()
            assert wait(lambda: told("three").get("failures"), 15), journal()
            slowest = 0
            for _ in range(4):
                size, since = act(), time.monotonic()
                assert wait(lambda size=size: journal()["witnessed"] >= size, 15), journal()
                slowest = max(slowest, time.monotonic() - since)
            assert slowest < 4, f"{slowest:.1f} s, and a request may take 5"
            row = told("three")
            assert row["size"] == 0 and "failing_since" in row and row["failure"], row
            assert told("one")["size"] == told("two")["size"] == journal()["size"], journal()
            said = centre.cli("status").stdout
            assert "witness three: cosigned nothing since the centre started; not since " in said, said
            assert f"witness one: cosigned up to {journal()['size']} at " in said, said
            assert "(by 2 of 3 witnesses)" in said, said
            metrics = centre.call("GET", "/metrics")[1].decode()
            assert 'tocsin_witness_failures{witness="one"} 0' in metrics, metrics
            assert 'tocsin_witness_acts{witness="three"} 0' in metrics, metrics

        def down():
            """one that was down is asked again by itself: no new act is needed"""
            two.stop()
            size = act()
            assert wait(lambda: told("two").get("failures", 0) >= 2, 20), journal()
            assert wait(lambda: told("one")["size"] == size, 10), journal()
            assert journal()["witnessed"] < size, "a quorum of one"
            two.start(centre)
            assert wait(seen, 30), journal()
            assert journal()["size"] == size, "there was another act"
            assert "failing_since" not in told("two"), told("two")
            assert "witness.back" in centre.said()

        def late():
            """one that never answered comes, and is brought up to the head"""
            hanging.end()
            three.start(centre)
            assert wait(lambda: told("three")["size"] == journal()["size"], 90), journal()

        def again():
            """a centre that starts again asks all of them at once, who knew the head already"""
            centre.stop()
            centre.start()
            assert wait(lambda: seen() and all(
                row["size"] == journal()["size"] for row in journal()["cosigners"]), 15), journal()

        def ended():
            """the centre ends at once, though a witness hangs"""
            three.stop()
            hung = Hanging(three.port)
            place.ends.append(hung.end)
            act()
            assert wait(lambda: hung.taken, 10)
            since = time.monotonic()
            centre.stop()
            assert time.monotonic() - since < 4, time.monotonic() - since

        for test in (hangs, down, late, again, ended):
            if not scenario(test):
                break
    finish()


if __name__ == "__main__":
    main()
