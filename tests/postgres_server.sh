#!/usr/bin/env bash
# A PostgreSQL server for tests: in a folder of its own, on a free port of this machine, gone with the process that asked for it.
#
#   tests/postgres_server.sh start PID          starts one that ends when process PID has ended; prints its folder and its port
#   tests/postgres_server.sh restart FOLDER     ends it at once and starts it again, on the same port
#   tests/postgres_server.sh stop FOLDER        ends it and removes the folder
#   tests/postgres_server.sh down FOLDER        ends it at once
#   tests/postgres_server.sh database FOLDER NAME    adds a database
#
# User and password are kolosal and s3cret/word. Started by root it runs as the user postgres, which Debian's package makes.
set -euo pipefail

fail() {
  echo "postgres_server: $*" >&2
  exit 1
}

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1) || true
[[ -n $programs ]] || programs=$(dirname "$(command -v initdb)") || fail "PostgreSQL is not installed: tools/bootstrap.sh test"
as_user=()
if ((EUID == 0)); then as_user=(setpriv --reuid postgres --regid postgres --clear-groups); fi
here=$(readlink -f "$0")
cd /

# control FOLDER ARGUMENT...: pg_ctl on the folder's server.
control() {
  local folder=$1
  shift
  "${as_user[@]}" "$programs/pg_ctl" -D "$folder/data" -w -s "$@" >>"$folder/control" 2>&1
}

start() {
  local folder port
  folder=$(mktemp -d /tmp/kolosal-postgres-XXXXXX)
  echo 's3cret/word' >"$folder/password"
  ((EUID == 0)) && chown -R postgres "$folder"
  "${as_user[@]}" "$programs/initdb" -D "$folder/data" -U kolosal -A scram-sha-256 --pwfile "$folder/password" -E UTF8 --locale C --no-sync \
    >"$folder/initdb" 2>&1 || fail "initdb: $(cat "$folder/initdb")"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + RANDOM % 10000))
    echo "$port" >"$folder/port"
    control "$folder" -l "$folder/log" -o "-k $folder -p $port -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200" start && break
    port=
  done
  [[ -n ${port:-} ]] || fail "the server does not start: $(cat "$folder/log")"
  ( while kill -0 "$1" 2>/dev/null; do sleep 1; done; "$here" stop "$folder" ) </dev/null >/dev/null 2>&1 &
  echo "$folder $port"
}

case "${1:-}" in
  start) start "${2:?PID}" ;;
  restart)
    control "$2" -m immediate stop || true
    control "$2" -l "$2/log" -o "-k $2 -p $(cat "$2/port") -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200" start
    ;;
  down) control "$2" -m immediate stop ;;
  stop)
    [[ -d ${2:?FOLDER} ]] || exit 0
    control "$2" -m immediate stop || true
    rm -rf "$2"
    ;;
  database) PGPASSWORD=s3cret/word psql -q -h "$2" -p "$(cat "$2/port")" -U kolosal -d postgres -c "CREATE DATABASE $3" ;;
  *) fail "usage: see the top of $0" ;;
esac
