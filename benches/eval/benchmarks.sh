#!/usr/bin/env bash
# `make benchmarks`: fills a folder with the public series of `make eval`, each file from a fixed commit and with a fixed checksum.
# Usage: benches/eval/benchmarks.sh FOLDER
#
# A file that is there and whole is not fetched again. What cannot be had is named, and `make eval` skips what needs it.
set -euo pipefail
here=$(dirname "$0")
folder=$1

nab=https://raw.githubusercontent.com/numenta/NAB/ea702d75cc2258d9d7dd35ca8e5e2539d71f3140
tcpd=https://raw.githubusercontent.com/alan-turing-institute/TCPD/83b3039b5c67eaf21a720e3eac4ffdade3fb421c

# Where the repositories have a file of the folder.
url() {
    local name=${1#*/}
    case $1 in
    nab/*) echo "$nab/$name" ;;
    tcpd/annotations.json | tcpd/LICENSE) echo "$tcpd/$name" ;;
    tcpd/*) echo "$tcpd/datasets/${name%.json}/$name" ;;
    esac
}

is_whole() {
    echo "$1  $2" | sha256sum --check --status 2>/dev/null
}

missing=()
while read -r sum file; do
    is_whole "$sum" "$folder/$file" && continue
    mkdir -p "$(dirname "$folder/$file")"
    if curl --fail --silent --location --retry 2 --max-time 60 --output "$folder/$file.part" "$(url "$file")" &&
        is_whole "$sum" "$folder/$file.part"; then
        mv "$folder/$file.part" "$folder/$file"
    else
        rm -f "$folder/$file.part"
        missing+=("$file")
        # Without a network, the other files need not be tried one by one.
        [ ${#missing[@]} -lt 5 ] || break
    fi
done <"$here/benchmarks.sha256"

if [ ${#missing[@]} -gt 0 ]; then
    printf 'missing, or not what its checksum says: %s\n' "${missing[@]}" >&2
    echo "make eval skips what needs them. Copies of NAB and TCPD go into $folder/nab and $folder/tcpd" >&2
    exit 1
fi
echo "$folder has all $(wc -l <"$here/benchmarks.sha256") files"
