#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# libtocsin-csaf as others get it: installed into a folder, found by pkg-config alone, linked shared
# and static into programs of C and C++, which say what tocsin itself says.
set -u
build=$(realpath "${TOCSIN_BUILD:-build}")
source=$(realpath "${TOCSIN_SOURCE:-$(dirname "$0")/../..}")
tocsin=$build/src/cli/tocsin
work=$(mktemp -d /tmp/tocsin-library.XXXXXX)
trap 'rm -rf "$work"' EXIT
failed=0

holds() { # holds NAME COMMAND...
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok $name"
	else
		echo "not ok $name — $(tr '\n' ' ' <<<"$said" | cut -c1-600)"
		failed=1
	fi
}

if grep -q 'libasan\|libtsan\|fsanitize' "$build/build.ninja"; then
	echo "skipped: a library built for a sanitizer is not for others"
	exit 0
fi
holds "meson installs" env DESTDIR="$work/root" meson install -C "$build" --no-rebuild --quiet
file=$(find "$work/root" -name tocsin-csaf.pc)
[ -n "$file" ] || { echo "not ok there is a pkg-config file"; exit 1; }
export PKG_CONFIG_PATH=${file%/*}
prefix=$work/root$(pkg-config --variable=prefix tocsin-csaf)
libraries=$(pkg-config --define-variable=prefix="$prefix" --variable=libdir tocsin-csaf)
flags() { pkg-config --define-variable=prefix="$prefix" "$@" tocsin-csaf; }
export LD_LIBRARY_PATH=$libraries

exported_only() { # exported_only COMMAND...: names other than tocsin_csaf_… fail
	local names
	names=$("$@" | awk 'NF >= 3 && $2 ~ /^[TDBRVW]$/ {print $3}' | sed 's/@.*//')
	[ "$(grep -c '^tocsin_csaf_' <<<"$names")" -ge 20 ] || { echo "too few: $names"; return 1; }
	! grep -v '^tocsin_csaf_' <<<"$names"
}
declared() { # every function of the header is there
	local name
	for name in $(grep -o '\btocsin_csaf_[a-z_]*(' "$source/include/tocsin/csaf.h" | tr -d '(' | sort -u); do
		nm -D --defined-only "$libraries/libtocsin-csaf.so" | grep -q " T $name@" || { echo "$name"; return 1; }
	done
}
holds "the shared library shows tocsin_csaf_… and nothing else" \
	exported_only nm -D --defined-only "$libraries/libtocsin-csaf.so"
holds "the archive shows tocsin_csaf_… and nothing else" \
	exported_only nm --defined-only --extern-only "$libraries/libtocsin-csaf.a"
holds "the shared library has every function of the header" declared
soname() { readelf -d "$1" | grep -q 'SONAME.*libtocsin-csaf\.so\.[0-9]*\]'; }
holds "the shared library has a soname" soname "$libraries/libtocsin-csaf.so"
needs() { readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -vE '^(libpcre2-8|libm|libc|ld-linux.*|libgcc_s|libpthread)\.so'; }
none() { ! needs "$@"; }
holds "the shared library needs libpcre2 and libc alone" none "$libraries/libtocsin-csaf.so"

# shellcheck disable=SC2046 # flags are words
{
	c="$source/examples/library/validate.c"
	cpp="$source/examples/library/validate.cpp"
	printf '#include <tocsin/csaf.h>\nint buf_init(void) { return 1; }\nint err_set(void) { return 2; }\n' >"$work/own.c"
	holds "the header is C89" cc -std=c89 -pedantic -Wall -Wextra -Werror -fsyntax-only \
		$(flags --cflags) "$work/own.c"
	holds "C, shared" cc -std=c89 -pedantic -Wall -Wextra -Werror -o "$work/c-shared" "$c" \
		$(flags --cflags --libs)
	holds "C++, shared" c++ -std=c++11 -pedantic -Wall -Wextra -Werror -o "$work/cpp-shared" "$cpp" \
		$(flags --cflags --libs)
	# what the archive does not hold comes shared; a program's own names do not clash with ours
	static=$(flags --libs --static | sed 's/-ltocsin-csaf/-l:libtocsin-csaf.a/')
	holds "C, static, beside functions of the same names as ours" cc -Wall -Werror \
		-o "$work/c-static" "$c" "$work/own.c" $(flags --cflags) $static
	holds "C++, static" c++ -std=c++17 -Wall -Werror -o "$work/cpp-static" "$cpp" $(flags --cflags) $static
}
apart() { ! readelf -d "$1" | grep 'NEEDED.*tocsin'; }
holds "the static program needs no library of ours" apart "$work/c-static"

advisory=$source/examples/demo/advisories/nw-2026-004.json
"$tocsin" csaf validate --preset extended --json "$advisory" >"$work/tocsin.json"
says() { # says PROGRAM CODE PRESET FILE: ends so
	"$1" "$4" "$3" >"$work/said" 2>&1
	local code=$?
	[ $code -eq "$2" ] || { echo "ended with $code: $(cat "$work/said")"; return 1; }
}
same() { # the JSON of PROGRAM is what tocsin printed
	"$1" "$advisory" extended >"$work/said"
	cmp "$work/said" "$work/tocsin.json"
}
printf '{"document":{"csaf_version":"2.0","title":' >"$work/half.json"
sed 's/"csaf_version"/"csaf_versions"/' "$advisory" >"$work/other.json"
sed 's/"status": *"[a-z]*"/"status": "finished"/' "$advisory" >"$work/wrong.json"
for program in c-shared c-static; do
	holds "$program: a valid advisory" says "$work/$program" 0 basic "$advisory"
	holds "$program: half a document" says "$work/$program" 1 basic "$work/half.json"
	holds "$program: another document" says "$work/$program" 1 basic "$work/other.json"
	holds "$program: a wrong one" says "$work/$program" 1 basic "$work/wrong.json"
	holds "$program: named with its place" grep -qE '^[0-9]+:[0-9]+ schema /document/tracking/status ' "$work/said"
	holds "$program: an unknown preset" says "$work/$program" 3 basics "$advisory"
	holds "$program: the presets are named" grep -q 'basic' "$work/said"
done
holds "cpp-shared: the JSON that tocsin prints" same "$work/cpp-shared"
holds "cpp-static: the JSON that tocsin prints" same "$work/cpp-static"
exit $failed
