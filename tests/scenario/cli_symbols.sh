#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tocsin holds the libraries of the centre and of the agent in one program. A function that two of
# them define under one name would silently be whichever the linker meets first.
set -u
build=${TOCSIN_BUILD:-$(dirname "$0")/../../build}
libraries=$(find "$build/src" -name 'lib*.a' ! -name 'libtocsin-*.a')
[ "$(wc -w <<<"$libraries")" -ge 10 ] || { echo "not ok the libraries were built"; exit 1; }
# shellcheck disable=SC2086 # names have no spaces
twice=$(nm --defined-only --extern-only $libraries 2>/dev/null |
	awk 'NF == 3 && $2 ~ /^[TDBR]$/ && $3 !~ /^(__|_?asan|_?ubsan)/ {print $3}' | sort | uniq -d)
if [ -z "$twice" ]; then
	echo "ok no two libraries define the same name"
else
	echo "not ok no two libraries define the same name — $(tr '\n' ' ' <<<"$twice")"
	exit 1
fi
