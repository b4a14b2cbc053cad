//! The hook for services whose refusals (403) may be temporary.

use std::time::Instant;

/// A service's knowledge of the permission of one call. A client reports each try of the call to it.
pub(crate) trait Access: Sync {
    /// A try under way; dropped if the try is cancelled, or fails in any way but a refusal.
    type Try: Send;

    /// Begins a try, before it waits for a permit.
    fn begin(&self) -> Self::Try;

    /// Ends a try that was answered.
    fn succeeded(&self, attempt: Self::Try);

    /// Ends a try that was refused.
    fn refused(&self, attempt: Self::Try);

    /// Whether to retry a refused call; waits until the deadline at most.
    fn is_passing(&self, deadline: Instant) -> impl Future<Output = bool> + Send;
}

/// The permissions of a service whose refusals last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting;

impl Access for Lasting {
    type Try = ();

    fn begin(&self) {}

    fn succeeded(&self, (): ()) {}

    fn refused(&self, (): ()) {}

    async fn is_passing(&self, _: Instant) -> bool {
        false
    }
}
