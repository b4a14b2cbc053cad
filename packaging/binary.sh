#!/usr/bin/env bash
# Builds what Grafana starts: static where the system allows it, so that it runs on any Linux, Alpine and empty images
# included; and without the paths of the machine that builds it.
# Usage: packaging/binary.sh TARGET
set -euo pipefail
cd "$(dirname "$0")/.."

RUSTFLAGS=$(packaging/flags.sh)
export RUSTFLAGS
cargo build --locked --release --no-default-features --bin gpx_scaleway_audittrail --target "$1"
