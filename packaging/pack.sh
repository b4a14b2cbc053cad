#!/usr/bin/env bash
# Makes of dist/ what is released, in target/plugin: the zip that Grafana installs, its checksum and its bill of materials.
# The same dist/ gives the same zip, whenever and wherever it is packed.
# Usage: packaging/pack.sh TARGET...    the Rust targets whose binaries are in dist/
set -euo pipefail
cd "$(dirname "$0")/.."

id=$(node -p 'require("./plugin.json").id')
version=$(node -p 'require("./plugin.json").info.version')
updated=$(node -p 'require("./plugin.json").info.updated')
name=$id-$version
released=$PWD/target/plugin
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

command -v zip >/dev/null || { echo "zip is missing: apt-get install zip" && exit 1; }
rm -rf "$released"
mkdir -p "$released"

cp -r dist "$stage/$id"
chmod -R u=rwX,go=rX "$stage/$id"
find "$stage/$id" -type f ! -name 'gpx_*' -exec chmod 644 {} +
find "$stage/$id" -type f -name 'gpx_*' -exec chmod 755 {} +
find "$stage/$id" -exec env TZ=UTC touch -d "$updated" {} +
(cd "$stage" && find "$id" -type f | LC_ALL=C sort | TZ=UTC zip -X -q -9 -@ "$released/$name.zip")

node packaging/sbom.mjs "$@" >"$released/$name.cdx.json"
cd "$released"
sha256sum "$name.zip" | tee "$name.zip.sha256"
