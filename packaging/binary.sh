#!/usr/bin/env bash
# Builds what Grafana starts: static where the system allows it, so that it runs on any Linux, Alpine and empty images
# included; and without the paths of the machine that builds it.
# Usage: packaging/binary.sh TARGET
set -euo pipefail
cd "$(dirname "$0")/.."

# The standard library's source is this machine's too, where it is installed.
paths=("$PWD=." "${CARGO_HOME:-$HOME/.cargo}=cargo" "$(rustc --print sysroot)=rust")
export RUSTFLAGS="-C target-feature=+crt-static ${paths[*]/#/--remap-path-prefix=}"
cargo build --locked --release --no-default-features --bin gpx_scaleway_audittrail --target "$1"
