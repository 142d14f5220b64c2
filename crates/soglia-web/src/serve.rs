//! Listening. Read [`serve`] first.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::state::Shared;
use crate::{access, api, assets, pages, wire};

/// Handshakes that are not finished by then are given up.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A request's head that is not there by then is waited for no longer.
pub const HEAD_MAX: Duration = Duration::from_secs(15);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be used.
    #[error("failed to listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Certificate or key cannot be read.
    #[error("failed to read `{}`: {problem}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Certificate and key do not belong together.
    #[error("the certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The connection broke down.
    #[error("the server stopped")]
    Stopped(#[from] io::Error),
}

impl ServeError {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Listen { cause, .. } if cause.kind() == io::ErrorKind::AddrInUse => {
                Some("something else listens there; name another port with `--listen`")
            }
            Self::Listen { .. } => Some("name an address of this machine with `--listen`"),
            Self::Pem { .. } => Some("both files are PEM: the chain of certificates, and the key"),
            Self::Tls(_) => Some("check that the key is the certificate's own"),
            Self::Stopped(_) => None,
        }
    }
}

/// All routes, dressed.
pub fn router(app: &Shared) -> Router {
    Router::new()
        .merge(pages::routes())
        .nest("/api", api::routes())
        .layer(from_fn_with_state(Arc::clone(app), access::identify))
        // Files that never change need nobody's session.
        .route("/static/{name}", get(assets::serve))
        .layer(from_fn_with_state(Arc::clone(app), wire::dress))
        .with_state(Arc::clone(app))
}

/// Takes an address, so that whoever named port 0 learns which one it became.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listening = TcpListener::bind(address).await;
    listening.map_err(|cause| ServeError::Listen { address, cause })
}

/// Answers requests until `stop` is over.
pub async fn serve(
    listener: TcpListener,
    app: Shared,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    warm(&app);
    answer(listener, &app, stop).await;
}

/// The same over TLS.
pub async fn serve_tls(
    listener: TcpListener,
    config: ServerConfig,
    app: Shared,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    warm(&app);
    let listener = TlsListener::new(listener, TlsAcceptor::from(Arc::new(config)))?;
    answer(listener, &app, stop).await;
    Ok(())
}

/// Takes connections until `stop` is over, then waits for the requests that are under way. A client
/// that takes too long for a request's head loses its connection: thousands of slow ones would
/// otherwise keep all others out.
async fn answer<L: Listener<Addr = SocketAddr>>(
    mut listener: L,
    app: &Shared,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let router = TowerToHyperService::new(router(app));
    let (stopping, stopped) = watch::channel(());
    // Each connection holds one end; the other learns when the last one is over.
    let (open, closed) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            connection = listener.accept() => connection,
            () = &mut stop => break,
        };
        let (router, mut stopped, closed) = (router.clone(), stopped.clone(), closed.clone());
        tokio::spawn(async move {
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(Peer(peer.ip())));
                router.call(request)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_MAX)
                .serve_connection(TokioIo::new(stream), service);
            let mut connection = pin!(connection);
            // Whoever breaks off a connection need not be told.
            tokio::select! {
                _ = connection.as_mut() => {}
                // The sender goes when the program stops; that is the news.
                _ = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(closed);
        });
    }
    drop((stopping, stopped, closed, listener));
    open.closed().await;
}

/// Begins what the first page shows; it does not matter whether somebody asks meanwhile.
fn warm(app: &Shared) {
    look_for_provider(app);
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if let Err(problem) = app.figures.warm(app.lang, app.now()).await {
            eprintln!("error: {problem:?}");
        }
    });
}

/// Looks for the identity provider, so that whoever starts the program learns if it is not there.
fn look_for_provider(app: &Shared) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let Some(provider) = &app.openid else { return };
        if let Err(failure) = provider.look(app.now()).await {
            let problem = failure.for_keeper().unwrap_or_default();
            eprintln!("warning: {problem}; it is tried again at each sign-in");
        }
    });
}

/// Reads a chain of certificates and its key.
pub fn tls(certificate: &Path, key: &Path) -> Result<ServerConfig, ServeError> {
    let pem = |path: &Path, problem: String| ServeError::Pem { path: path.to_owned(), problem };
    let read = |path: &Path| fs::read(path).map_err(|cause| pem(path, cause.to_string()));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<_, _>>()
        .map_err(|cause| pem(certificate, cause.to_string()))?;
    if chain.is_empty() {
        return Err(pem(certificate, "it has no certificate".to_owned()));
    }
    let private =
        PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|cause| pem(key, cause.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    Ok(config)
}

/// Connections whose handshake is done; slow ones hold nobody up.
struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
}

impl TlsListener {
    fn new(listener: TcpListener, acceptor: TlsAcceptor) -> io::Result<Self> {
        let local = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            let mut listener = listener;
            while !sender.is_closed() {
                let (stream, peer) = Listener::accept(&mut listener).await;
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    let shaken = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await;
                    if let Ok(Ok(stream)) = shaken {
                        // Nobody listens any more while the server stops.
                        let _ = sender.send((stream, peer)).await;
                    }
                });
            }
        });
        Ok(Self { ready, local })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The other end lasts as long as the program.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}
