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
# What needs a network and has none, such as the look at links, is a warning.
"$validator" -config tests/package/validator.yaml target/plugin/*.zip
