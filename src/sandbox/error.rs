//! The errors of a sandbox.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The error of a sandbox's start, or of an added event.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not a loopback address.
    #[error("the sandbox listens on loopback only, not on {0}: its keys are public")]
    NotLoopback(SocketAddr),
    /// The address is taken, or may not be used.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// Recorded answers cannot be read.
    #[error("cannot read recorded answers from {}: {why}", path.display())]
    Recorded {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// An event is not JSON, or has no time.
    #[error("an event without a readable `recorded_at` cannot be added: {0}")]
    Event(#[from] serde_json::Error),
}
