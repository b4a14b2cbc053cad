//! The signals that end a run before its time.

use std::io;

/// Waits until the system asks the program to stop, and returns the signal's name. From the call on, no signal ends the program.
#[cfg(unix)]
pub(super) fn asked_to_stop() -> io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

/// Waits until the system asks the program to stop, and returns the signal's name. From the call on, no signal ends the program.
#[cfg(windows)]
pub(super) fn asked_to_stop() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
        "Ctrl-C"
    })
}
