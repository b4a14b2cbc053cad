#!/usr/bin/env bash
# All checks of the project, each with a line of its own and the time that it took; the last line counts them.
# Whole outputs are in target/test. Installs what is missing where it can, and names the rest. Where CI is set, a step that
# skips anything fails, except those of SKIPPABLE.
set -uo pipefail
cd "$(dirname "$0")/.."
source provisioning/prometheus.sh

arch=$(uname -m)
plugin=target/$arch-unknown-linux-gnu/release/gpx_scaleway_audittrail
terminal=target/debug/audittrail
logs=$PWD/target/test
mkdir -p "$logs"
passed=0 failed=0 skipped=0

# Each step, and what runs beside steps, is a process group, which does not outlive this script.
set -m
end_steps() {
    local group
    for group in $(jobs -p); do kill -- "-$group" 2>/dev/null; done
}
trap end_steps EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Steps that CI may skip, each with its reason.
declare -A SKIPPABLE=(
    ["Grafana's plugin validator"]="its Go module cannot be had from every module proxy"
    ["commands of Scaleway's own tool"]="its Go module cannot be had from every module proxy"
    ["rules in Loki's own language"]="its Go module cannot be had from every module proxy"
    ["pages of a real Grafana"]="they need a running Grafana, which GRAFANA_URL names"
    ["alert rules in a real Grafana"]="they need a running Grafana, which GRAFANA_URL names"
    ["dependencies"]="the database of advisories cannot be reached from every network"
)

# Runs a step; what it counts is read from its output, or else its exit code is one check (77: skipped).
step() { # NAME COUNTER COMMAND...
    local name=$1 counter=$2 log code p f s start=$SECONDS
    shift 2
    log="$logs/${name//[ \']/-}.log"
    printf '%-44s ' "$name"
    # In a shell of its own, so that a step that changes folder changes it for itself only. A signal ends `wait`, and no other command.
    ("$@") </dev/null >"$log" 2>&1 &
    wait $!
    code=$?
    read -r p f s < <("$counter" "$log" "$code")
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ "$code" -eq 77 ] && [ "$s" -eq 0 ]; then s=1; fi
    # A filter that no test has any more would pass for ever.
    if [ $((p + f + s)) -eq 0 ]; then f=1; fi
    if [ -n "${CI:-}" ] && [ "$s" -gt 0 ] && [ -z "${SKIPPABLE[$name]:-}" ]; then f=$((f + s)) s=0; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    printf '%5d passed, %d failed, %d skipped  (%d s)\n' "$p" "$f" "$s" $((SECONDS - start))
    if [ "$f" -gt 0 ]; then
        grep -E '^(error|test .* FAILED|---- .* stdout|--- FAIL|panicked)|FAILED' "$log" | head -n 20
        tail -n 40 "$log" | sed 's/^/    /'
        echo "    (all of it: $log)"
    fi
    if [ "$s" -gt 0 ]; then
        grep -E 'SKIP|skipped|missing|cannot be reached' "$log" | head -n 5 | sed 's/^/    /'
        if [ -n "${CI:-}" ]; then echo "    (may be skipped: ${SKIPPABLE[$name]})"; fi
    fi
}

whole() { # LOG CODE
    case $2 in
    0) echo 1 0 0 ;;
    77) echo 0 0 1 ;;
    *) echo 0 1 0 ;;
    esac
}

cargo_tests() {
    awk '/^test result:/ { p += $4; f += $6; s += $8 } END { print p + 0, f + 0, s + 0 }' "$1"
}

lines() { # Lines as `go test -v` prints them; a subtest counts.
    awk '/^ *--- PASS/ { p++ } /^ *--- FAIL/ { f++ } /^ *--- SKIP/ { s++ } END { print p + 0, f + 0, s + 0 }' "$1"
}

browser_tests() { # Lines as Playwright lists them, or as `go test` does where they were skipped.
    awk '/^ *✓ / { p++ } /^ *✘ / { f++ } /^ *- |^--- SKIP/ { s++ } END { print p + 0, f + 0, s + 0 }' "$1"
}

jest_tests() {
    awk '/^Tests:/ { for (i = 2; i < NF; i += 2) { sub(",", "", $(i + 1)); n[$(i + 1)] = $i } }
        END { print n["passed"] + 0, n["failed"] + 0, n["skipped"] + n["todo"] + 0 }' "$1"
}

needs_node() {
    if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || ! command -v npm; then
        echo "--- SKIP: $1 (Node.js 20 or later with npm is missing: see https://nodejs.org)"
        return 77
    fi
}

needs_go() {
    if ! command -v go; then
        echo "--- SKIP: $1 (Go is missing: see https://go.dev/doc/install)"
        return 77
    fi
}

front_end() { # ARGUMENTS OF NPM
    needs_node frontend || return
    cd frontend && npm "$@"
}

front_end_build() {
    needs_node frontend || return
    make dist/module.js
}

package() {
    needs_node "make plugin" || return
    make plugin
}

go_tests() { # FOLDER
    needs_go "$1" || return
    cd "$1" && test -z "$(gofmt -l .)" && go vet ./... && go test -count=1 -v ./...
}

host_tests() {
    export AUDITTRAIL_PLUGIN="$PWD/$plugin" AUDITTRAIL_BIN="$PWD/$terminal"
    go_tests tests/host
}

scw_tests() {
    export AUDITTRAIL_BIN="$PWD/$terminal"
    go_tests tests/scw
}

loki_tests() {
    needs_go tests/loki || return
    tests/loki/parser.sh || return
    go_tests tests/loki
}

package_tests() {
    needs_node tests/package || return
    go_tests tests/package
}

validator() {
    needs_node tests/validate.sh || return
    tests/validate.sh
}

workflows() {
    needs_go actionlint || return
    cd tests/package && go tool actionlint -shellcheck= -pyflakes= ../../.github/workflows/*.yml
}

# Starts a command beside the steps that follow, until `finish` waits for it.
start() { # NAME COMMAND...
    local log="$logs/$1"
    rm -f "$log.code"
    { "${@:2}" >"$log.out" 2>&1; echo $? >"$log.code"; } &
    echo $! >"$log.pid"
}

finish() { # NAME
    while [ ! -s "$logs/$1.code" ] && kill -0 "$(cat "$logs/$1.pid")"; do sleep 1; done
    cat "$logs/$1.out"
    # Without a code, what was started has died; so it does where the disk is full.
    local code
    code=$(cat "$logs/$1.code")
    return "${code:-1}"
}

# Not before the tests run, since Cargo builds one thing at a time.
lint() {
    until grep -Eqs '^ +Running|^error' "$logs/rust-tests.log"; do sleep 1; done
    cargo clippy --locked --all-targets -- --deny warnings
}

documentation() {
    RUSTDOCFLAGS="--deny warnings" cargo doc --locked --no-deps
}

replays() {
    tests/replay.sh "$terminal"
}

demo() { # Of the simulated organization, whatever the environment names.
    env -u SCW_SECRET_KEY -u SCW_DEFAULT_ORGANIZATION_ID "$terminal" demo --plugin "$plugin" | tee target/demo.txt &&
        tail -n 1 target/demo.txt | grep -Eq '^demo: ok, annotations=[1-9][0-9]* lines=[1-9][0-9]* counts=[1-9][0-9]* recorded=69$' &&
        grep -Eq '^\{"annotations":[0-9]+,"lines":[0-9]+,"counts":[0-9]+,"recorded":69\}$' target/demo/summary.json
}

if ! command -v cargo >/dev/null; then
    echo "cargo is missing: install Rust from https://rustup.rs"
    exit 1
fi
if ! command -v cc >/dev/null; then
    echo "installing a C compiler, which the TLS library needs"
    apt-get update -q && apt-get install -qy gcc libc6-dev || { echo "a C compiler is missing" && exit 1; }
fi
if ! command -v npm >/dev/null; then
    echo "installing Node.js, which the front end needs"
    apt-get update -q && apt-get install -qy --no-install-recommends nodejs npm
fi
if ! command -v zip >/dev/null; then
    echo "installing zip, which packs the plugin"
    apt-get update -q && apt-get install -qy zip
fi
# Without it, the tests that need it are skipped.
prometheus_tests=()
if find_prometheus "$PWD/target/prometheus"; then prometheus_tests=(-- --include-ignored); fi
for component in rustfmt clippy; do
    cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$component"
done

step "format" whole cargo fmt --check
step "rust tests build" whole cargo test --locked --no-run
# Most tests wait for a server or a timeout, not for a processor: the linter compiles beside them.
rm -f "$logs/rust-tests.log"
start lint lint
step "rust tests" cargo_tests env RUST_TEST_THREADS=$((4 * $(nproc))) cargo test --locked --no-fail-fast "${prometheus_tests[@]}"
step "lint" whole finish lint
step "documentation" whole documentation
# The release build optimizes on one processor for most of its time: the front end is checked beside it.
start build make plugin-binary terminal
step "front end installs" whole front_end ci --no-audit --no-fund
step "front end types" whole front_end run typecheck
step "front end lint" whole front_end run lint
step "front end tests" jest_tests front_end test
step "front end builds" whole front_end_build
step "shipped binary builds" whole finish build
step "shipped binary" lines tests/static.sh "$plugin" "$terminal"
step "simulated days" lines replays
step "Grafana's own libraries" lines host_tests
step "commands of Scaleway's own tool" lines scw_tests
step "rules in Loki's own language" lines loki_tests
step "demo" whole demo
step "plugin package builds" whole package
step "plugin package" lines package_tests
step "Grafana's plugin validator" whole validator
step "workflows" whole workflows
step "pages of a real Grafana" browser_tests tests/e2e/run.sh
# At real times, for a quarter of an hour: another step beside it would delay Grafana's evaluations.
step "alert rules in a real Grafana" lines tests/grafana.sh "$terminal"
step "dependencies" whole tests/deny.sh

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
