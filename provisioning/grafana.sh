#!/usr/bin/env bash
# A local Grafana with the plugin, the simulated organization and its metrics, all as in provisioning/. Ctrl-C ends them.
# Ports: GRAFANA_PORT (3000), SANDBOX_PORT (8787), PROMETHEUS_PORT (9090). GRAFANA_HOME: a folder with bin/grafana, conf/ and
# public/; where this machine has no Grafana, Docker runs GRAFANA_VERSION (12.4.0). With SCW_SECRET_KEY and
# SCW_DEFAULT_ORGANIZATION_ID set, your own organization is asked instead of the simulated one.
set -euo pipefail
cd "$(dirname "$0")/.."
source provisioning/prometheus.sh

id=scaleway-audittrail-datasource
terminal=target/debug/audittrail
demo=$PWD/target/grafana
grafana_port=${GRAFANA_PORT:-3000} sandbox_port=${SANDBOX_PORT:-8787} prometheus_port=${PROMETHEUS_PORT:-9090}
children=()
mkdir -p "$demo"

fail() {
    echo "$*" >&2
    exit 1
}

stop() {
    trap - EXIT
    kill "${children[@]}" 2>/dev/null || true
    wait
}

# Starts a service with its output in a file, and waits until its address answers.
start() { # NAME URL COMMAND...
    local name=$1 url=$2
    shift 2
    "$@" >"$demo/$name.log" 2>&1 &
    children+=($!)
    for _ in {1..300}; do
        if curl -fs -o /dev/null "$url"; then return; fi
        kill -0 "${children[-1]}" 2>/dev/null || break
        sleep 0.2
    done
    tail -n 5 "$demo/$name.log" >&2
    fail "$name does not answer at $url (all it said: $demo/$name.log)"
}

# Where Grafana is: in GRAFANA_HOME, on PATH, or in a container.
find_grafana() {
    if [ -n "${GRAFANA_HOME:-}" ]; then
        [ -x "$GRAFANA_HOME/bin/grafana" ] || fail "GRAFANA_HOME is $GRAFANA_HOME, and there is no bin/grafana in it"
        PATH=$GRAFANA_HOME/bin:$PATH
    elif command -v grafana >/dev/null; then
        GRAFANA_HOME=$(dirname "$(dirname "$(readlink -f "$(command -v grafana)")")")
        # Packages put the program and its files into different folders.
        [ -d "$GRAFANA_HOME/public" ] || GRAFANA_HOME=/usr/share/grafana
    elif ! docker info >/dev/null 2>&1; then
        fail "There is no Grafana here. Unpack one from https://grafana.com/grafana/download and set GRAFANA_HOME to its" \
            "folder, or install Docker."
    fi
}

run_grafana() {
    if [ -n "${GRAFANA_HOME:-}" ]; then exec grafana server --homepath "$GRAFANA_HOME"; fi
    local settings=()
    for name in $(compgen -e | grep -E '^(GF|SCW|COCKPIT)_'); do settings+=(--env "$name"); done
    exec docker run --rm --network host --user "$(id -u)" --volume "$PWD:$PWD" "${settings[@]}" "grafana/grafana:${GRAFANA_VERSION:-12.4.0}"
}

# The settings that provisioning/ and Grafana read.
export GF_PATHS_DATA=$demo/data GF_PATHS_LOGS=$demo/log GF_PATHS_PLUGINS=$demo/plugins
export GF_PATHS_PROVISIONING=$PWD/provisioning
export GF_SERVER_HTTP_PORT=$grafana_port GF_SERVER_HTTP_ADDR=127.0.0.1
export GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS=$id GF_PLUGINS_PREINSTALL_DISABLED=true
export GF_AUTH_ANONYMOUS_ENABLED=true GF_AUTH_ANONYMOUS_ORG_ROLE=Viewer
export GF_ANALYTICS_REPORTING_ENABLED=false GF_ANALYTICS_CHECK_FOR_UPDATES=false GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false
export GF_NEWS_NEWS_FEED_ENABLED=false
find_grafana
find_prometheus "$demo/prometheus" || exit 1
trap stop EXIT

rm -rf "$demo/plugins" "$demo/metrics"
mkdir -p "$demo/plugins"
ln -s "$PWD/dist" "$demo/plugins/$id"

now=$(date -u +%FT%TZ)
if [ -z "${SCW_SECRET_KEY:-}" ] || [ -z "${SCW_DEFAULT_ORGANIZATION_ID:-}" ]; then
    start sandbox "http://127.0.0.1:$sandbox_port/sandbox/calls" \
        "$terminal" sandbox --bind "127.0.0.1:$sandbox_port" --now "$now" --live
    export SCW_API_URL=http://127.0.0.1:$sandbox_port
    SCW_DEFAULT_ORGANIZATION_ID=$(awk '$1 == "organizationId" { print $2 }' "$demo/sandbox.log")
    SCW_SECRET_KEY=$(awk '$1 == "secretKey" { print $2 }' "$demo/sandbox.log")
    export SCW_DEFAULT_ORGANIZATION_ID SCW_SECRET_KEY
fi
if [ -z "${COCKPIT_METRICS_URL:-}" ]; then
    "$terminal" metrics --now "$now" --ahead 6 >"$demo/metrics.txt"
    promtool tsdb create-blocks-from openmetrics "$demo/metrics.txt" "$demo/metrics" >"$demo/promtool.log"
    rm "$demo/metrics.txt"
    # Below the path of Cockpit's.
    export COCKPIT_METRICS_URL=http://127.0.0.1:$prometheus_port/prometheus
    start prometheus "$COCKPIT_METRICS_URL/-/ready" \
        prometheus --config.file=/dev/null --storage.tsdb.path="$demo/metrics" \
        --web.listen-address="127.0.0.1:$prometheus_port" --web.external-url="$COCKPIT_METRICS_URL"
fi
# A Prometheus takes any.
export COCKPIT_TOKEN=${COCKPIT_TOKEN:-none}
start grafana "http://127.0.0.1:$grafana_port/api/health" run_grafana

echo
echo "Grafana: http://127.0.0.1:$grafana_port/dashboards  (folder \"Scaleway Audit Trail\")"
echo "You are a viewer; to edit, log in as admin with the password admin: http://127.0.0.1:$grafana_port/login"
echo "Press Ctrl-C to stop."
wait -n "${children[@]}"
