# Sourced: finds Prometheus for a local Grafana and for tests.

# Puts prometheus and promtool on PATH: Debian's package, unpacked into a folder rather than installed, so that no service of
# its own starts.
find_prometheus() { # FOLDER
    if command -v prometheus >/dev/null && command -v promtool >/dev/null; then return; fi
    PATH=$1/usr/bin:$PATH
    if command -v promtool >/dev/null; then return; fi
    if ! command -v apt-get >/dev/null; then
        echo "prometheus and promtool are missing: see https://prometheus.io/download and put both on PATH"
        return 1
    fi
    echo "fetching Debian's package prometheus"
    mkdir -p "$1"
    (cd "$1" && { apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; }; } &&
        dpkg-deb -x prometheus_*.deb .) >"$1/apt.log" 2>&1 || {
        echo "prometheus is missing, and apt-get cannot fetch it: $(tail -n 1 "$1/apt.log")"
        return 1
    }
}
