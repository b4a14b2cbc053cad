#!/usr/bin/env bash
# The exported alert rules, evaluated by the scheduler of a real Grafana while intrusions happen at real times, beside the truth of the
# replay: about 17 minutes. GRAFANA_URL names a Grafana on this machine that was started by `make grafana`, with the user and the
# password of an administrator (default: admin and admin).
# Usage: tests/grafana.sh TERMINAL
set -uo pipefail

name="alert rules in a real Grafana"
if [ -z "${GRAFANA_URL:-}" ]; then
    echo "--- SKIP: $name (GRAFANA_URL is not set; \`make grafana\` starts one)"
    exit 77
fi
# Fewer rules fire where Grafana or the plugin saw little of the cases.
least=60
output=$(mktemp)
trap 'rm -f "$output"' EXIT
"$1" replay --grafana --cases 400 | tee "$output"
fired=$(sed -nE 's/^([0-9]+) rules fired, .*/\1/p' "$output")
if tail -n 1 "$output" | grep -Eq '^grafana: ok, missed=0 doubled=0 false=0 evaluations=[1-9][0-9]*$' &&
    [ "${fired:-0}" -ge "$least" ]; then
    echo "--- PASS: $name"
else
    echo "--- FAIL: $name: ${fired:-no} rules fired, of at least $least"
    exit 1
fi
