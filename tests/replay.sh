#!/usr/bin/env bash
# Replays three simulated days, and planted faults that the replay has to find.
# Usage: tests/replay.sh TERMINAL
set -uo pipefail

terminal=$1
failed=0

check() { # NAME PATTERN CODE OUTPUT: the last line of the output, and the exit code
    local line
    line=$(tail -n 1 "$4")
    cat "$4"
    if [[ $line =~ $2 ]] && [ "$3" = "$(cat "$4.code")" ]; then echo "--- PASS: $1"; else
        echo "--- FAIL: $1: $line"
        failed=1
    fi
}

outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT

replay() { # NAME ARGUMENTS...
    "$terminal" replay "${@:2}" >"$outputs/$1" 2>"$outputs/$1.log"
    echo $? >"$outputs/$1.code"
    cat "$outputs/$1.log"
}

# Four parts, so that some begin within a day, each with its own past; a fault in the half hour around it. Jobs run beside each other,
# since an evaluation mostly waits.
replay days --days 3 --parts 4 &
for fault in lost doubled edge; do
    replay "$fault" --days 1 --plant "$fault"
done
wait
check "three days" '^soak: ok, missed=0 doubled=0 false=0 evaluations=[1-9][0-9]*$' 0 "$outputs/days"
check "an event that is lost is missed" '^soak: failed, missed=[1-9][0-9]* doubled=0 false=0 ' 1 "$outputs/lost"
check "an event that comes twice is doubled" '^soak: failed, missed=0 doubled=[1-9][0-9]* false=0 ' 1 "$outputs/doubled"
# The truth's window is the short one: the plugin counts one match more, of an alert instance that exists or that does not.
check "a window that is a nanosecond short differs" '^soak: failed, .*(doubled|false)=[1-9]' 1 "$outputs/edge"
exit "$failed"
