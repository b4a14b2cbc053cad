#!/usr/bin/env bash
# Runs Grafana's plugin validator, which is installed into target/tools where it is missing, on the zip of the plugin.
#
# Exit 0: no error. Exit 1: an error. Exit 77: the validator cannot be had here.
set -euo pipefail
cd "$(dirname "$0")/.."

version=v0.45.6
tools=$PWD/target/tools/validator-$version
validator=$tools/plugincheck2
if [ ! -x "$validator" ]; then
    if ! command -v go >/dev/null; then
        echo "SKIP: Grafana's plugin validator (Go is missing: see https://go.dev/doc/install)"
        exit 77
    fi
    echo "installing Grafana's plugin validator $version into $tools"
    if ! GOBIN=$tools go install "github.com/grafana/plugin-validator/pkg/cmd/plugincheck2@$version"; then
        echo "SKIP: Grafana's plugin validator $version cannot be installed here"
        exit 77
    fi
fi
# The keys and tokens of whoever runs this would change what is looked at.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
env -u ANTHROPIC_API_KEY -u OPENAI_API_KEY -u GEMINI_API_KEY -u GITHUB_TOKEN -u WEBRISK_API_KEY DEBUG=1 \
    "$validator" -config tests/package/validator.yaml target/plugin/*.zip 2>&1 | tee "$log"
# A check that fails itself ends all that would come after it, and is no error to the validator.
if failed=$(grep -F -m 1 '[DEBUG] check failed' "$log"); then
    if ! grep -E 'dial tcp|no such host|timeout|connection refused|unreachable' <<<"$failed" >/dev/null; then
        echo "error: Grafana's plugin validator did not look at everything: $failed"
        exit 1
    fi
    echo "SKIP: Grafana's plugin validator found no error before it lacked the network: $failed"
    exit 77
fi
