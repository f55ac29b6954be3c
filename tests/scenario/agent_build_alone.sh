#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# The device's program builds where nothing of the server is installed, and needs libc and OpenSSL
# alone: meson must not even ask for the server's libraries, and ldd must not find them.
set -uo pipefail
source=${TOCSIN_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
folder=$(mktemp -d /tmp/agent-alone-XXXXXX)
trap 'rm -rf "$folder"' EXIT
failed=0

check() { # NAME COMMAND…
	local name=$1
	shift
	if "$@" >"$folder/out" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name — $(tail -n 3 "$folder/out" | tr '\n' ' ')"
		failed=1
	fi
}

# pkg-config that knows of OpenSSL and nothing else stands for a machine without the others
mkdir "$folder/pc"
for name in openssl libssl libcrypto; do
	found=$(pkg-config --variable=pcfiledir $name)/$name.pc
	[ -f "$found" ] && ln -s "$found" "$folder/pc/"
done
export PKG_CONFIG_LIBDIR=$folder/pc PKG_CONFIG_PATH=

check "configures without the server's libraries" \
	meson setup "$folder/build" "$source" -Dserver=false -Dtests=false -Dwerror=true
check "builds" ninja -C "$folder/build" -j "${CHECK_JOBS:-2}"
agent=$folder/build/src/agent/tocsin-agent
check "says its version" "$agent" --version

only_libc_and_openssl() {
	ldd "$agent" >"$folder/ldd" || return 1
	! awk '{print $1}' "$folder/ldd" |
		grep -vE '^(linux-vdso\.so\.1|libssl\.so\.3|libcrypto\.so\.3|libc\.so\.6|libm\.so\.6|(/lib64/|/lib/)?ld-linux[^/]*|/lib.*/ld-linux.*)$'
}
check "needs libc and OpenSSL alone" only_libc_and_openssl
built() { [ "$(find "$folder/build" -type f -perm -u+x ! -name '*.so*' ! -path '*meson-*' | wc -l)" -eq 1 ]; }
check "builds nothing else" built
strip -o "$folder/stripped" "$agent" && echo "# $(stat -c %s "$folder/stripped") bytes stripped"
exit $failed
