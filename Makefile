# `make demo` shows the plugin's answers, `make test` checks all of it, `make plugin` makes what is installed, `make bench` measures it
# beside its peers, and `make soak` replays detections over simulated months.

SHELL := /bin/bash
ARCH := $(shell uname -m)
TARGET ?= $(ARCH)-unknown-linux-gnu
PLUGIN := target/$(TARGET)/release/gpx_scaleway_audittrail
TERMINAL := target/debug/audittrail
# As Go names architectures, and so Grafana the binaries that it looks for.
GOARCH := $(subst aarch64,arm64,$(subst x86_64,amd64,$(firstword $(subst -, ,$(TARGET)))))
FRONTEND := $(shell find frontend/src docs skills -type f) $(wildcard frontend/*.ts frontend/*.json) plugin.json README.md CHANGELOG.md LICENSE

.PHONY: demo test soak bench eval benchmarks plugin plugin-binary terminal grafana deny lint threads fuzz clean

# One build, in the profile that compiles fast; the binary that ships is built and tested by `make test`.
demo:
	cargo build --locked --bins
	$(TERMINAL) demo --plugin target/debug/gpx_scaleway_audittrail

test:
	tests/run.sh

# The shipped rules over thirty simulated days of twenty organizations, each minute, against the truth of the simulation. What was
# replayed stays in target/soak, and an interrupted soak goes on from there. ARGUMENTS such as `--seeds 2` replay less.
soak:
	cargo build --locked --profile replay --bin audittrail
	target/replay/audittrail replay --days 30 --seeds 20 --parts 3 --output target/soak $(ARGUMENTS)

# ARGUMENTS such as `--only cached --runs 3` measure less.
bench: plugin-binary
	benches/run.sh $(PLUGIN) $(ARGUMENTS)

# How well anomalous spans are found, on the public benchmarks in the folder BENCHMARKS, and how well actions are ranked, on
# simulated incidents. ARGUMENTS such as `nab speed` or `incidents 40` run less; `fit` prints new weights for the ranking.
# `make benchmarks` fetches the public benchmarks; without them, their rows are skipped.
eval:
	cargo bench --locked --quiet --bench eval -- $(ARGUMENTS)

benchmarks:
	benches/eval/benchmarks.sh $(or $(BENCHMARKS),target/benchmarks)

# target/plugin: the zip that Grafana installs, with a binary for this machine's architecture, its checksum and its bill of
# materials.
plugin: plugin-binary dist/module.js
	rm -f dist/gpx_*
	install -m 755 $(PLUGIN) dist/gpx_scaleway_audittrail_linux_$(GOARCH)
	packaging/pack.sh $(TARGET)

dist/module.js: frontend/node_modules/.package-lock.json $(FRONTEND)
	cd frontend && npm run build
	touch $@

# What npm itself writes down about an installation.
frontend/node_modules/.package-lock.json: frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	touch $@

# What Grafana starts: static, so that it runs on any Linux, Alpine and empty images included.
plugin-binary:
	packaging/binary.sh $(TARGET)

terminal:
	cargo build --locked --bin audittrail

# A local Grafana with the plugin, the simulated organization and its metrics; see provisioning/grafana.sh for its settings.
grafana: plugin terminal
	provisioning/grafana.sh

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings

# Licences, bans, sources, and known vulnerabilities where the database of advisories can be had.
deny:
	tests/deny.sh

# The cache's tests under thread sanitizer, which compiles everything once more, the standard library too. No code of the
# project is `unsafe`, so that a race would be a dependency's: worth a job of its own, not a fourth of `make test`.
threads:
	tests/threads.sh

# A minute for each target; needs a nightly toolchain and cargo-fuzz.
fuzz:
	fuzz/run.sh

clean:
	cargo clean
	rm -rf dist frontend/node_modules
