#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tocsin config: what it says and how it ends; the manual is the table's.
set -u
cd "${TOCSIN_SOURCE:-$(dirname "$0")/../..}" || exit 3
tocsin=$(find "${TOCSIN_BUILD:-build}" -type f -name tocsin -perm -u+x | head -n 1)
[ -n "$tocsin" ] || { echo "not ok tocsin was built"; exit 1; }
home=$(mktemp -d /tmp/tocsin-config.XXXXXX)
trap 'rm -rf "$home"' EXIT

expect() { # expect NAME EXIT-CODE PATTERN COMMAND...
	local name=$1 code=$2 pattern=$3 said
	shift 3
	said=$("$@" 2>&1)
	local ended=$?
	if [ $ended -ne "$code" ]; then
		echo "not ok $name — ended with $ended: $said"
	elif ! printf '%s\n' "$said" | grep -q -- "$pattern"; then
		echo "not ok $name — said: $said"
	else
		echo "ok $name"
	fi
}

"$tocsin" config show --default >"$home/tocsin.conf"
expect "the default file is fine" 0 "tocsin.conf" "$tocsin" config check --home "$home"
expect "the home is found in the environment" 0 "$home" \
	env TOCSIN_HOME="$home" "$tocsin" config check
expect "what is in force is shown" 0 "port = 587" "$tocsin" config show --home "$home"
"$tocsin" config show --home "$home" >"$home/again.conf"
expect "what is shown reads back" 0 again.conf "$tocsin" config check "$home/again.conf"
printf 'mail {\n  prot = 25\n  port = x\n}\n' >"$home/bad.conf"
expect "a fault has line and column" 1 "line 2 column 3" "$tocsin" config check "$home/bad.conf"
expect "and a suggestion" 1 'did you mean "port"' "$tocsin" config check "$home/bad.conf"
expect "all faults in one run" 1 "line 3 column 10" "$tocsin" config check "$home/bad.conf"
expect "no file is another exit code" 3 nothing "$tocsin" config check "$home/nothing.conf"
expect "an unknown verb" 2 config "$tocsin" config frobnicate
expect "the manual is the table's" 0 "" tools/make_config_manual --check "$tocsin"
