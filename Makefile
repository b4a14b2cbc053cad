# Two commands matter: `make demo` shows what this is, `make test` checks all of it.

SHELL := /bin/bash
ARCH := $(shell uname -m)
TARGET ?= $(ARCH)-unknown-linux-gnu
PLUGIN := target/$(TARGET)/release/gpx_scaleway_audittrail
TERMINAL := target/debug/audittrail

.PHONY: demo test plugin-binary terminal grafana deny lint fuzz clean

demo: plugin-binary terminal
	$(TERMINAL) demo --plugin $(PLUGIN)

test:
	tests/run.sh

# What Grafana starts: static, so that it runs on any Linux, Alpine and empty images included.
plugin-binary:
	RUSTFLAGS="-C target-feature=+crt-static" \
		cargo build --locked --release --no-default-features --bin gpx_scaleway_audittrail --target $(TARGET)

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

# A minute for each target; needs a nightly toolchain and cargo-fuzz.
fuzz:
	fuzz/run.sh

clean:
	cargo clean
