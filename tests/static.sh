#!/usr/bin/env bash
# Checks the shipped binary: static, small, alone, and able to start in an empty root folder.
# Usage: tests/static.sh PLUGIN TERMINAL
set -uo pipefail

plugin=$1
terminal=$2
most=$((20 * 1024 * 1024)) # see docs/dependencies.md
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cp "$plugin" "$root/plugin"
failed=0

check() { # NAME FUNCTION
    if "$2"; then echo "--- PASS: $1"; else
        echo "--- FAIL: $1"
        failed=1
    fi
}

# Runs the plugin with nothing else in its world.
alone() {
    if [ "$(id -u)" = 0 ]; then chroot "$root" /plugin; else unshare --map-root-user chroot "$root" /plugin; fi
}

is_static() { ldd "$plugin" 2>&1 | grep -Eq 'statically linked|not a dynamic executable'; }

is_small() {
    local size
    size=$(stat -c %s "$plugin")
    echo "$size bytes, of at most $most"
    [ "$size" -lt "$most" ]
}

# The sandbox's and the terminal's own words are in the terminal's binary, and not in what Grafana starts.
links_nothing_else() {
    local word
    for word in 'Press Ctrl-C to stop' 'the sandbox listens on loopback only'; do
        grep -aq "$word" "$terminal" || return 1
        grep -aq "$word" "$plugin" && return 1
    done
    return 0
}

is_friendly() {
    local out
    out=$(unset grafana_plugin_type && alone 2>&1) && return 1
    grep -q 'This is the Grafana data source "Scaleway Audit Trail"' <<<"$out"
}

# Without a /tmp there is no place for a socket: it listens on loopback.
serves() {
    local line
    exec 3< <(grafana_plugin_type=datasource alone 2>/dev/null)
    local process=$!
    read -r -t 5 line <&3
    pkill -P $process 2>/dev/null
    kill $process 2>/dev/null
    exec 3<&-
    [[ $line =~ ^1\|2\|tcp\|127\.0\.0\.1:[0-9]+\|grpc$ ]]
}

check "is linked statically" is_static
check "is smaller than 20 MiB" is_small
check "links neither the sandbox nor the terminal" links_nothing_else
check "says what it is, in an empty root folder" is_friendly
check "serves Grafana from an empty root folder" serves
exit $failed
