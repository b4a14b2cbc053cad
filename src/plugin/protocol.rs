/// The protocol's version that Grafana speaks.
pub(super) const PROTOCOL_VERSION: &str = "2";

/// The greatest message that is taken from Grafana, as in Go plugins: 16 MiB.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// Why the process cannot serve.
pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;
