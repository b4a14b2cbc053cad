# Two commands matter: `make demo` shows what this is, `make test` checks all of it. `make bench` measures it beside its peers.

SHELL := /bin/bash
ARCH := $(shell uname -m)
TARGET ?= $(ARCH)-unknown-linux-gnu
PLUGIN := target/$(TARGET)/release/gpx_scaleway_audittrail
TERMINAL := target/debug/audittrail

.PHONY: demo test bench plugin-binary terminal deny lint fuzz clean

demo: plugin-binary terminal
	$(TERMINAL) demo --plugin $(PLUGIN)

test:
	tests/run.sh

# ARGUMENTS such as `--only held --runs 3` measure less.
bench: plugin-binary
	benches/run.sh $(PLUGIN) $(ARGUMENTS)

# What Grafana starts: static, so that it runs on any Linux, Alpine and empty images included.
plugin-binary:
	RUSTFLAGS="-C target-feature=+crt-static" \
		cargo build --locked --release --no-default-features --bin gpx_scaleway_audittrail --target $(TARGET)

terminal:
	cargo build --locked --bin audittrail

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings

# Licences, bans, sources, and known vulnerabilities where the database of advisories can be had.
deny:
	tests/deny.sh

# A minute for each target; needs a nightly toolchain and cargo-fuzz.
fuzz:
	fuzz/run.sh

clean:
	cargo clean
