#!/usr/bin/env bash
# Puts LogQL as Loki itself reads it into target/loki: Loki's parser and its pipeline, and what these use of the packages beside them.
# As it is, the parser needs 880 packages instead of 320.
set -euo pipefail
cd "$(dirname "$0")/../.."

module=github.com/grafana/loki/v3 version=v3.7.8
sum=h1:bJ0WFWVOjgvG/jYmT9fIX15SYXXDwuEu/IMgTwMA97U=

if ! download=$(cd / && go mod download -json "$module@$version"); then
    echo "--- SKIP: tests/loki ($module $version cannot be reached)"
    exit 77
fi
field() { sed -n "s/^\t\"$1\": \"\(.*\)\",\?$/\1/p" <<<"$download"; }
if [ "$(field Sum)" != "$sum" ]; then
    echo "$module $version is not the one that the tests know: $(field Sum)"
    exit 1
fi

from=$(field Dir)/pkg to=target/loki/pkg
rm -rf target/loki
mkdir -p "$to"/{logql,logqlmodel,promql,util}
cp -r --no-preserve=mode "$from"/logql/{syntax,log} "$to/logql"
cp -r --no-preserve=mode "$from"/util/{constants,encoding,matchers.go,regex.go} "$to/util"
cp --no-preserve=mode "$from/logqlmodel/error.go" "$to/logqlmodel"
find "$to" -name '*_test.go' -delete
rm "$to/logql/syntax/test_utils.go"
printf 'module %s\n\ngo 1.25\n' "$module" >target/loki/go.mod

# One constant of a package about queries, and one type of Prometheus' engine, for numbers such as 1 + 1.
{ printf 'package logqlmodel\n\n' && grep '^const PackedEntryKey' "$from/logqlmodel/logqlmodel.go"; } >"$to/logqlmodel/packed.go"
printf 'package promql\n\ntype Sample struct{ F float64 }\n' >"$to/promql/sample.go"
sed -i "s#\"github.com/prometheus/prometheus/promql\"#\"$module/pkg/promql\"#" "$to/logql/syntax/ast.go"
