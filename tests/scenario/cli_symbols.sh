#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tocsin holds the libraries of the centre and of the agent in one program. A function that two of
# them define under one name would silently be whichever the linker meets first.
set -u
build=${TOCSIN_BUILD:-$(dirname "$0")/../../build}
# Two are the agent's own choice of what csaf and base have otherwise; the program takes neither.
agents="libcsaf_reader.a libjson_pattern_none.a"
libraries=$(find "$build/src" -name 'lib*.a' ! -name 'libtocsin-*.a' \
	! -name libcsaf_reader.a ! -name libjson_pattern_none.a)
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
taken=$(ninja -C "$build" -t query src/cli/tocsin 2>/dev/null | grep -F "$(tr ' ' '\n' <<<"$agents")")
if [ -z "$taken" ]; then
	echo "ok tocsin takes none of the agent's own libraries"
else
	echo "not ok tocsin takes none of the agent's own libraries — $(tr '\n' ' ' <<<"$taken")"
	exit 1
fi
