#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The units are understood by systemd, and give up what they do not need.
set -u
cd "${TOCSIN_SOURCE:-$(dirname "$0")/../..}" || exit 3
command -v systemd-analyze >/dev/null || { echo "skipped: no systemd-analyze"; exit 0; }

root=$(mktemp -d /tmp/tocsin-units.XXXXXX)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/usr/lib/systemd/system" "$root/usr/bin" "$root/bin" "$root/etc"
cp etc/systemd/*.service "$root/usr/lib/systemd/system/"
for target in network-online multi-user sysinit basic shutdown; do
	printf '[Unit]\nDescription=%s\n' $target >"$root/usr/lib/systemd/system/$target.target"
done
for program in usr/bin/tocsin usr/bin/tocsin-agent bin/kill; do
	printf '#!/bin/sh\n' >"$root/$program"
	chmod 755 "$root/$program"
done
printf 'WITNESS_OPTIONS=\n' >"$root/etc/tocsin-witness"

# most: the exposure that systemd-analyze may give, times ten (0 is none, 100 all)
check() { # check UNIT MOST
	local said exposure
	said=$(systemd-analyze verify --root="$root" --man=no "$1.service" 2>&1 |
		grep -v 'Failed to resolve\|Unit configuration has fatal\|mount.*not found' |
		grep "$1.service")
	if [ -n "$said" ]; then
		echo "not ok $1.service is understood — $said"
	else
		echo "ok $1.service is understood"
	fi
	exposure=$(systemd-analyze security --offline=yes --no-pager "etc/systemd/$1.service" 2>/dev/null |
		sed -n 's/.*Overall exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
	if [ -z "$exposure" ]; then
		echo "skipped: this systemd-analyze cannot judge $1.service"
	elif [ "$((10#$exposure))" -le "$2" ]; then
		echo "ok $1.service has an exposure of at most $2"
	else
		echo "not ok $1.service has an exposure of at most $2 — it has $exposure"
	fi
}

check tocsin 20
check tocsin-agent 20
check tocsin-witness 20
