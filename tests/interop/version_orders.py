#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""Random pairs of versions, by the hundred thousand, ordered by us and by the ecosystem's own code:
dpkg's Perl module, rpm, libalpm, PyPA's packaging, RubyGems; also Composer's and npm's where they
are installed. No difference."""

import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build"))
PAIRS = int(os.environ.get("VERSION_PAIRS", "200000"))

# Each reads "version TAB version" and writes "<", "=", ">" or "!" (one is no version) a line.
PERL_DEB = r"""
use Dpkg::Version qw(version_check);
while (<STDIN>) {
    chomp;
    my ($x, $y) = split /\t/, $_, 2;
    my ($p, $q) = (Dpkg::Version->new($x), Dpkg::Version->new($y));
    my ($good) = version_check($p);
    my ($fine) = version_check($q);
    my $order = $p <=> $q;
    print !($good && $fine) ? "!" : $order < 0 ? "<" : $order > 0 ? ">" : "=", "\n";
}
"""

PYTHON_RPM = r"""
import sys
import rpm
def evr(text):
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    version, dash, release = rest.rpartition("-")
    return (epoch, version, release) if dash else (epoch, rest, "")
for line in sys.stdin:
    x, y = line.rstrip("\n").split("\t")
    try:
        order = rpm.labelCompare(evr(x), evr(y))
    except ValueError:
        print("!")
        continue
    print("<" if order < 0 else ">" if order else "=")
"""

PYTHON_ALPM = r"""
import ctypes, sys
compare = ctypes.CDLL("libalpm.so.13").alpm_pkg_vercmp
for line in sys.stdin:
    x, y = line.rstrip("\n").encode().split(b"\t")
    order = compare(x, y)
    print("<" if order < 0 else ">" if order else "=")
"""

PYTHON_PYPI = r"""
import sys
from packaging.version import InvalidVersion, Version
for line in sys.stdin:
    x, y = line.rstrip("\n").split("\t")
    try:
        p, q = Version(x), Version(y)
    except InvalidVersion:
        print("!")
        continue
    print("<" if p < q else ">" if p > q else "=")
"""

RUBY_GEM = r"""
STDIN.each_line do |line|
  x, y = line.chomp.split("\t")
  if !Gem::Version.correct?(x) || !Gem::Version.correct?(y)
    puts "!"
    next
  end
  puts ["=", ">", "<"][Gem::Version.new(x) <=> Gem::Version.new(y)]
end
"""

NODE_NPM = r"""
const semver = require('semver');
const lines = require('fs').readFileSync(0, 'utf8').split('\n');
lines.pop();
console.log(lines.map(line => {
  const [x, y] = line.split('\t');
  if (!semver.valid(x) || !semver.valid(y)) return '!';
  return ['<', '=', '>'][semver.compare(x, y) + 1];
}).join('\n'));
"""

PHP_COMPOSER = r"""
require '/usr/share/php/Composer/Semver/autoload.php';
$parser = new Composer\Semver\VersionParser();
while (($line = fgets(STDIN)) !== false) {
    [$x, $y] = explode("\t", rtrim($line, "\n"));
    try {
        $p = $parser->normalize($x);
        $q = $parser->normalize($y);
    } catch (Exception $e) {
        echo "!\n";
        continue;
    }
    $order = version_compare($p, $q);
    echo str_starts_with($p . "|" . $q, "dev-") ? "!\n" : ["<\n", "=\n", ">\n"][$order + 1];
}
"""


def digits(r):
    # no longer: Perl makes floating point numbers of them (and is wrong: libdpkg does not)
    return r.choice(["0", "00", "1", "2", "9", "10", "01", "010", "11", "100", "20240101", "9" * 15])


def letters(r):
    return r.choice(["a", "b", "z", "A", "Z", "rc", "alpha", "beta", "git", "el", "p"])


def soup(r, marks, most=8):
    """Numbers, words and marks in any order."""
    parts = [digits(r)]
    for _ in range(r.randrange(most)):
        parts.append(r.choice((digits, letters))(r) if r.random() < 0.6 else r.choice(marks))
    return "".join(parts)


def evr(r, marks, release):
    text = soup(r, marks)
    if r.random() < 0.2:
        text = r.choice("012") + ":" + text
    return text + "-" + soup(r, marks, 5) if release else text


def deb(r):
    return [evr(r, ".+~" + ("-" if r.random() < 0.1 else ""), r.random() < 0.5) for _ in "xy"]


def rpm(r):
    # a version without release has no place among releases: both or none
    release = r.random() < 0.5
    return [evr(r, "._+~^", release) for _ in "xy"]


def alpm(r):
    release = r.random() < 0.5
    # pacman's order goes in circles where a separator stands at the end
    return [re.sub("[._+]+(?=-|$)", "", evr(r, "._+", release)) for _ in "xy"]


def pypi_one(r):
    joint = lambda: r.choice(["", ".", "-", "_"])
    text = r.choice(["", "", "", "v", "1!", "0!"]) + ".".join(
        digits(r) for _ in range(r.randrange(1, 4)))
    if r.random() < 0.4:
        text += joint() + r.choice(["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "RC"])
        text += joint() + r.choice(["", "0", "1", "02"])
    if r.random() < 0.3:
        text += r.choice([joint() + r.choice(["post", "rev", "r"]) + joint() + r.choice("01"),
                          "-" + r.choice("012"), joint() + "post"])
    if r.random() < 0.3:
        text += joint() + "dev" + joint() + r.choice(["", "0", "3"])
    if r.random() < 0.2:
        text += "+" + r.choice(["ubuntu", "1", "01", "abc"]) + r.choice(["", ".1", "-a", "_2"])
    if r.random() < 0.05:
        text += r.choice([".", "+", "x", "-", "!"])
    return text


def gem_one(r):
    text = digits(r)
    for _ in range(r.randrange(5)):
        text += r.choice([".", ".", ".", "-", ""]) + r.choice((digits, digits, letters))(r)
    return text


def npm_one(r):
    text = ".".join(r.choice(["0", "1", "2", "10"]) for _ in range(3))
    if r.random() < 0.6:
        text += "-" + ".".join(r.choice(["0", "1", "2", "11", "a", "b", "alpha", "-", "1a", "A-1"])
                               for _ in range(r.randrange(1, 4)))
    return text + r.choice(["", "", "+1", "+build.5"])


def composer_one(r):
    text = r.choice(["", "v"]) + ".".join(r.choice(["0", "1", "2", "10", "01"])
                                          for _ in range(r.randrange(1, 5)))
    if r.random() < 0.6:
        text += r.choice(["", "-", ".", "_"]) + r.choice(
            ["dev", "alpha", "a", "beta", "b", "RC", "stable", "patch", "pl", "p"])
        text += r.choice(["", "1", "2", ".1", "-2", "11", "1.2"]) + r.choice(["", "", "-dev"])
    return text


def changed(r, text):
    """The same text but for a little: near pairs are where orders differ."""
    at = r.randrange(len(text) + 1)
    return r.choice([
        text,
        text[:at] + r.choice("019.~az-") + text[at:],
        text[:at] + text[at + 1:],
        text + r.choice(["0", ".0", "~", "a", "-1", ".1", "1"]),
        text[:at],
    ])


ECOSYSTEMS = [
    # scheme, pairs, one share of PAIRS, the command, whether validity is compared, too
    ("deb", deb, 1, ["perl", "-e", PERL_DEB], True),
    ("rpm", rpm, 1, ["/usr/bin/python3", "-c", PYTHON_RPM], False),
    ("alpm", alpm, 2, ["/usr/bin/python3", "-c", PYTHON_ALPM], False),
    ("pypi", lambda r: [pypi_one(r), pypi_one(r)], 2, ["/usr/bin/python3", "-c", PYTHON_PYPI], True),
    ("gem", lambda r: [gem_one(r), gem_one(r)], 2, ["ruby", "-e", RUBY_GEM], True),
    ("composer", lambda r: [composer_one(r), composer_one(r)], 4, ["php", "-r", PHP_COMPOSER], False),
    ("npm", lambda r: [npm_one(r), npm_one(r)], 2, ["node", "-e", NODE_NPM], False),
]


def run(command, text):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def main():
    failures = 0
    helper = BUILD / "tests/unit/version_order"
    if not helper.exists():
        print("not ok version_order was built")
        return 1
    os.environ.setdefault("NODE_PATH", "/usr/share/nodejs")
    for scheme, make, share, command, validity in ECOSYSTEMS:
        name = f"{scheme}: the order of the ecosystem's own code"
        probe = run(command, "1.0.0-1\t1.0.0-2\n")
        if not shutil.which(command[0]) or probe.returncode != 0:
            print(f"skipped: {scheme}: its own code is not installed")
            continue
        r = random.Random(scheme)
        pairs = []
        while len(pairs) < PAIRS // share:
            x, y = make(r)
            if r.random() < 0.5:
                y = changed(r, x)
                if scheme in ("rpm", "alpm") and ("-" in x) != ("-" in y):
                    continue
            # Perl's module takes an empty version behind an epoch, which dpkg itself refuses; rpm's
            # order of an empty epoch is not that of its parser
            if x and y and not y.endswith(":") and not y.startswith(":"):
                pairs.append((x, y))
        theirs = run(command, "".join(f"{x}\t{y}\n" for x, y in pairs))
        ours = run([helper], "".join(f"{scheme}\t{x}\t{y}\n" for x, y in pairs))
        other, own = theirs.stdout.split("\n")[:-1], ours.stdout.split("\n")[:-1]
        if len(other) != len(pairs) or len(own) != len(pairs):
            print(f"not ok {name} — {len(other)} and {len(own)} answers to {len(pairs)} pairs"
                  f" {theirs.stderr[-300:]} {ours.stderr[-300:]}")
            failures += 1
            continue
        compared = 0
        wrong = []
        for pair, a, b in zip(pairs, own, other):
            if "!" in (a, b):
                if validity and a != b:
                    wrong.append((pair, a, b))
                continue
            compared += 1
            if a != b:
                wrong.append((pair, a, b))
        counts = {sign: own.count(sign) for sign in "<=>!"}
        if wrong:
            failures += 1
            print(f"not ok {name} — {len(wrong)} of {len(pairs)} differ:")
            for (x, y), a, b in wrong[:10]:
                print(f"    {x!r} {a} {y!r}, but {b}")
        else:
            print(f"ok {name}, {compared} of {len(pairs)} pairs ({counts})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
