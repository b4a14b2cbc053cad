#!/usr/bin/env bash
# The cache's tests under thread sanitizer: threads ask, cancel and ask again.
# The standard library is built with it too, or each of its locks would look like a race.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! rustup component add rust-src; then
    echo "--- SKIP: tests/threads.sh (the standard library's source is missing: rustup component add rust-src)"
    exit 77
fi
export RUSTC_BOOTSTRAP=1 # a released compiler hides its sanitizers otherwise
library=$(rustc --print sysroot)/lib/rustlib/src/rust/library
if ! cargo fetch --locked --manifest-path "$library/Cargo.toml"; then
    echo "--- SKIP: tests/threads.sh (what the standard library needs cannot be reached: cargo fetch)"
    exit 77
fi
# indexmap's build script looks for a standard library, which is not built yet.
export RUSTFLAGS="-Z sanitizer=thread --cfg has_std"
# One test is left out: it runs on one thread, and for long.
cargo test -Z build-std --locked --no-default-features --lib --target "$(uname -m)-unknown-linux-gnu" --target-dir target/threads \
    cache:: -- --skip answers_equal_those_of_a_plain_list
