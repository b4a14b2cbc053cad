//! The hook for services whose refusals (403) may pass.

use std::time::Instant;

/// What a service knows about the permission of one call. A client reports each try of the call to it.
pub(crate) trait Access: Sync {
    /// A try under way; dropped where the try is given up, or fails in any way but a refusal.
    type Try: Send;

    /// A try begins; it waits for a permit first.
    fn begin(&self) -> Self::Try;

    /// The try was answered.
    fn succeeded(&self, attempt: Self::Try);

    /// The try was refused.
    fn refused(&self, attempt: Self::Try);

    /// Whether a refusal is worth another try; waits until the deadline at most.
    fn is_passing(&self, deadline: Instant) -> impl Future<Output = bool> + Send;
}
