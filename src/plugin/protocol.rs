/// The version of the protocol that Grafana uses.
pub(super) const PROTOCOL_VERSION: &str = "2";

/// The largest accepted message from Grafana, as in Go plugins: 16 MiB.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// The error of serving.
pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;
