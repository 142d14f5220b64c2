//! The command line of the pages. Read [`Serve`] first.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Show figures, imports, registers and users as pages in a browser.
///
/// At the first start it writes an address to the console: there the administrator is made, who
/// makes the other accounts. Without TLS it listens on this machine only, unless another address is
/// named; put it behind something that adds TLS, or give it certificate and key.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  soglia serve --demo\n  \
    soglia serve --ledger ledger --contract contract.toml --registers registers \\\n      \
    --listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem")]
pub struct Serve {
    /// Address and port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Chain of certificates (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Their key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Mapping file offered for uploads; repeat it for several
    #[arg(long, value_name = "FILE")]
    pub mapping: Vec<PathBuf>,
    /// Scenario file offered beside those in the folder `scenarios` beside the contract; repeat it
    /// for several
    #[arg(long, value_name = "FILE")]
    pub scenario: Vec<PathBuf>,
    /// Show a fictitious Region; made in the folder `demo`, or in DIR, if it is not there
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "demo")]
    pub demo: Option<PathBuf>,
}
