#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# not a test: others start it
# A real PostgreSQL for the time of a test: makes a cluster in a temporary folder, prints one line
#     postgres:host=/tmp/tocsin-postgres-XXXX user=tocsin dbname=postgres
# and runs until its standard input ends (so also when the test is killed); then nothing is left.
# Extra arguments go to the server ("-c max_connections=20"). Exit 77: no server programs here.
set -eu
umask 022

bin=
for folder in /usr/lib/postgresql/*/bin; do
    [ -x "$folder/initdb" ] && bin=$folder
done
if [ -z "$bin" ]; then
    echo "skipped: no PostgreSQL server programs (apt-get install postgresql)"
    exit 77
fi

home=$(mktemp -d /tmp/tocsin-postgres-XXXXXX)
as=
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
    owner=nobody
    getent passwd postgres >/dev/null && owner=postgres
    chown "$owner" "$home"
    as="runuser -u $owner --"
fi

finish() {
    trap - EXIT INT TERM HUP PIPE
    [ -e "$home/data/postmaster.pid" ] &&
        $as "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1
    rm -rf "$home"
}
trap finish EXIT
trap 'exit 3' INT TERM HUP PIPE

cd "$home"
if ! $as "$bin/initdb" -D "$home/data" -U tocsin -A trust -E UTF8 --locale=C.UTF-8 -N \
    >"$home/initdb.log" 2>&1; then
    cat "$home/initdb.log" >&2
    exit 3
fi
# The script's own output must not be inherited: who reads it waits for its end.
if ! $as "$bin/pg_ctl" -D "$home/data" -l "$home/data/server.log" -w -t 60 start \
    -o "-k $home -c listen_addresses='' -c fsync=on -c shared_buffers=32MB $*" \
    >"$home/start.log" 2>&1 </dev/null; then
    cat "$home/start.log" "$home/data/server.log" >&2
    exit 3
fi
echo "postgres:host=$home user=tocsin dbname=postgres"
cat >/dev/null
