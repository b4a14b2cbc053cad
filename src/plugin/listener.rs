//! The listener of the process, and the signal to stop: the parts that differ between operating systems.

use std::future::Future;
use std::io;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::server::Router;

use super::protocol::{Error, PROTOCOL_VERSION};

/// The listener that the host connects to.
pub(super) enum Listener {
    /// A socket and its folder, both private to this user; dropping the listener removes both.
    #[cfg(unix)]
    Socket { listener: tokio::net::UnixListener, address: String, folder: tempfile::TempDir },
    /// A port on loopback, for systems without a socket.
    Port(TcpListener),
}

impl Listener {
    pub(super) async fn open() -> Result<Self, Error> {
        match Self::socket() {
            Ok(listener) => Ok(listener),
            Err(error) => {
                tracing::info!("no unix socket can be had ({error}); listening on loopback instead");
                Ok(Self::Port(TcpListener::bind(("127.0.0.1", 0)).await?))
            }
        }
    }

    #[cfg(unix)]
    fn socket() -> Result<Self, Error> {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;

        let folder =
            tempfile::Builder::new().prefix("audittrail-").permissions(Permissions::from_mode(0o700)).tempdir()?;
        let path = folder.path().join("grafana.sock");
        let address = path
            .to_str()
            .filter(|path| !path.contains(['|', '\n']))
            .ok_or("the folder's name is not plain text")?
            .to_owned();
        let listener = tokio::net::UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self::Socket { listener, address, folder })
    }

    #[cfg(not(unix))]
    fn socket() -> Result<Self, Error> {
        Err("this system has none".into())
    }

    /// The line of the handshake, with the address.
    pub(super) fn handshake(&self) -> Result<String, Error> {
        let (network, address) = match self {
            #[cfg(unix)]
            Self::Socket { address, .. } => ("unix", address.clone()),
            Self::Port(listener) => ("tcp", listener.local_addr()?.to_string()),
        };
        Ok(format!("1|{PROTOCOL_VERSION}|{network}|{address}|grpc\n"))
    }

    /// Serves connections until `shutdown` is ready and open connections have ended.
    pub(super) async fn serve(self, router: Router, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        match self {
            #[cfg(unix)]
            Self::Socket { listener, folder, .. } => {
                let sockets = tokio_stream::wrappers::UnixListenerStream::new(listener);
                // The folder lives as long as the server.
                let result = router.serve_with_incoming_shutdown(sockets, shutdown).await;
                drop(folder);
                Ok(result?)
            }
            Self::Port(listener) => {
                Ok(router.serve_with_incoming_shutdown(TcpListenerStream::new(listener), shutdown).await?)
            }
        }
    }
}

/// Waits until the system asks the process to stop, and returns the signal's name. From the call on, no signal ends the process.
///
/// # Errors
/// When the system does not let the process wait for signals.
#[cfg(unix)]
pub fn asked_to_stop() -> io::Result<impl Future<Output = &'static str>> {
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

/// Waits until the system asks the process to stop, and returns the signal's name. From the call on, no signal ends the process.
///
/// # Errors
/// When the system does not let the process wait for signals.
#[cfg(windows)]
pub fn asked_to_stop() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
        "Ctrl-C"
    })
}
