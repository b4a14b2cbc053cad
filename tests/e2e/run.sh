#!/usr/bin/env bash
# The pages of a real Grafana in a real browser. GRAFANA_URL names a Grafana that was started by `make grafana`.
set -euo pipefail
cd "$(dirname "$0")"

if [ -z "${GRAFANA_URL:-}" ]; then
    grep -hoE "^ *test\(['\`][^'\`]*" ./*.spec.ts | sed -E "s/ *test\(['\`]/--- SKIP: /"
    echo "skipped: GRAFANA_URL is not set; \`make grafana\` starts one"
    exit 77
fi
export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
if [ -z "$CHROMIUM" ]; then
    apt-get update -q && apt-get install -qy chromium
    CHROMIUM=$(command -v chromium)
fi
npm ci --no-audit --no-fund
npm run typecheck
trap 'echo "the pages took $((SECONDS - start)) s"' EXIT
start=$SECONDS
npx playwright test "$@"
