#!/usr/bin/env bash
# `make bench`: builds the peers, then measures the shipped plugin beside them. About twenty minutes on two cores.
# Usage: benches/run.sh PLUGIN [ARGUMENTS OF THE HARNESS, such as --only cached,growth --runs 3]
#
# A missing Go or Python is reported, and the parts that need it are left out.
set -euo pipefail
cd "$(dirname "$0")/.."

plugin=$1
shift
folder=target/bench
mkdir -p "$folder"

echo "[1/4] the Go peer"
if command -v go >/dev/null; then
    (cd benches/peer && test -z "$(gofmt -l .)" && go vet ./... && go build -o "$OLDPWD/$folder/peer" .)
else
    echo "      Go is missing, see https://go.dev/doc/install: nothing is compared with the peer"
fi

echo "[2/4] DuckDB"
python=$folder/venv/bin/python
if ! { [ -x "$python" ] || python3 -m venv "$folder/venv"; } 2>/dev/null; then
    echo "      installing Python's venv"
    apt-get update -q >/dev/null && apt-get install -qy python3-venv >/dev/null && python3 -m venv "$folder/venv"
fi
"$python" -m pip -q --disable-pip-version-check install -r benches/duckdb/requirements.txt ||
    echo "      DuckDB cannot be installed: nothing is compared with it"

echo "[3/4] the sandbox and the harness, optimized (minutes, the first time)"
# Built as the plugin is, so that the harness measures the code that ships.
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS=$(packaging/flags.sh)
export RUSTFLAGS
cargo bench --locked --no-run --bench bench --target "$target"

echo "[4/4] measuring"
cargo bench --locked --quiet --bench bench --target "$target" -- \
    --plugin "$plugin" --peer "$folder/peer" --python "$python" --folder "$folder" "$@"
