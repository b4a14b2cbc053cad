#!/usr/bin/env bash
# Prints the compiler's flags for what is shipped, and for what measures it.
set -euo pipefail
cd "$(dirname "$0")/.."

# The standard library's source is this machine's too, where it is installed.
paths=("$PWD=." "${CARGO_HOME:-$HOME/.cargo}=cargo" "$(rustc --print sysroot)=rust")
echo "-C target-feature=+crt-static ${paths[*]/#/--remap-path-prefix=}"
