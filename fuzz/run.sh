#!/usr/bin/env bash
# Fuzzes each target for a minute, beginning with recorded answers. Usage: fuzz/run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
cargo +nightly --version >/dev/null || rustup toolchain install nightly --profile minimal
for target in page query settings risk rules; do
    mkdir -p "corpus/$target"
    case $target in
    page) cp ../tests/data/events.*.json corpus/page/ ;;
    query) sed -n '/^```json/,/^```/p' ../docs/query-model.md | sed '/^```/d' >corpus/query/example.json ;;
    rules) find ../detections ../tests/data/rules -name '*.yml' -exec cp {} corpus/rules/ \; ;;
    esac
    echo "== $target, $seconds s"
    (cd .. && cargo +nightly fuzz run --fuzz-dir fuzz "$target" -- -max_total_time="$seconds" -rss_limit_mb=4096 -print_final_stats=1)
done
