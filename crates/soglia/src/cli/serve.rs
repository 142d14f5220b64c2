//! The command line of the pages. Read [`Serve`] first.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Show figures, imports, registers and users as pages in a browser.
///
/// At the first start it writes an address to the console: there the administrator is made, who
/// makes the other accounts. Without TLS it listens on this machine only, unless another address is
/// named; put it behind something that adds TLS, or give it certificate and key.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  soglia serve --demo\n  \
    soglia serve --ledger ledger --contract contract.toml --registers registers \\\n      \
    --listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem\n\n\
    The secret of the client at the identity provider is read from `--oidc-client-secret-file`, \
    or from the environment: SOGLIA_OIDC_CLIENT_SECRET")]
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
    /// Who was at work, for what-if: see `soglia replay --help` (also `roster` in soglia.toml)
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    pub roster: Option<PathBuf>,
    /// Show a fictitious Region; made in the folder `demo`, or in DIR, if it is not there
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "demo")]
    pub demo: Option<PathBuf>,
    /// The address by which browsers reach the pages, where it is another one than that of
    /// `--listen` (also `public_address` in soglia.toml)
    #[arg(long, value_name = "URL", env = "SOGLIA_PUBLIC_ADDRESS")]
    pub public_address: Option<String>,
    /// A server before this one whose word about clients' addresses is believed: `127.0.0.1`,
    /// `10.0.0.0/8`; repeat it for several (also `trusted_proxies` in soglia.toml)
    #[arg(long, value_name = "ADDRESS")]
    pub trusted_proxy: Vec<String>,
    /// The header in which it writes them (also `proxy_header` in soglia.toml; X-Forwarded-For
    /// unless said)
    #[arg(long, value_enum, value_name = "HEADER")]
    pub proxy_header: Option<ProxyHeader>,
    /// Sign-in by OpenID Connect.
    #[command(flatten)]
    pub openid: OpenIdArgs,
}

/// A header with clients' addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ProxyHeader {
    /// What most servers write
    XForwardedFor,
    /// RFC 7239
    Forwarded,
}

/// Sign-in by OpenID Connect; each also in the table `openid` of soglia.toml.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Sign-in by OpenID Connect (also `[openid]` in soglia.toml)")]
pub struct OpenIdArgs {
    /// The identity provider, exactly as it names itself
    #[arg(long = "oidc-issuer", value_name = "URL", env = "SOGLIA_OIDC_ISSUER")]
    pub issuer: Option<String>,
    /// What Soglia is called there
    #[arg(long = "oidc-client-id", value_name = "TEXT", env = "SOGLIA_OIDC_CLIENT_ID")]
    pub client_id: Option<String>,
    /// File with the client's secret
    #[arg(
        long = "oidc-client-secret-file",
        value_name = "FILE",
        env = "SOGLIA_OIDC_CLIENT_SECRET_FILE"
    )]
    pub client_secret_file: Option<PathBuf>,
    /// The name on the button
    #[arg(long = "oidc-label", value_name = "TEXT")]
    pub label: Option<String>,
    /// What is asked for besides `openid`: `email` and `profile` unless said
    #[arg(long = "oidc-scope", value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// The claim with the name or address under which users may be linked: `email` unless said
    #[arg(long = "oidc-claim", value_name = "CLAIM")]
    pub claim: Option<String>,
    /// A level of assurance of which one is required (`acr`)
    #[arg(long = "oidc-acr", value_name = "VALUE")]
    pub acr: Vec<String>,
    /// A way of proving who one is of which one is required (`amr`)
    #[arg(long = "oidc-amr", value_name = "VALUE")]
    pub amr: Vec<String>,
    /// No more log-ins by Soglia's own passwords
    #[arg(long = "oidc-only")]
    pub only: bool,
}
