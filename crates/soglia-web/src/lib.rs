//! Pages and JSON API on the ledger, the measures and the registers: `soglia serve`.
//!
//! A tour, in the order of a request:
//!
//! * [`serve`] — listens, with or without TLS, and wires everything together;
//! * [`wire`] — secure headers and compression, around every answer;
//! * [`access`] — whose request it is, in which language, and whether a form is its own;
//!   [`openid`] — sign-in by an identity provider, [`proxy`] — who asks, behind another server;
//! * [`pages`] — one module with its templates for each family of pages, [`api`] the same as JSON;
//! * [`reply`] — what handlers return, and how a refusal becomes a page;
//! * [`figures`] — measurements, computed beside the requests and kept; [`planning`] — presents of
//!   services, learned and kept for what-if; [`jobs`] — imports; [`studies`] — simulations that
//!   take long; [`background`] — how both wait for their turn; [`engine`] — the threads on which
//!   all run; [`view`] — how figures are shown.
//!
//! A new family of pages is a module in `pages` with its `routes()`, a folder in `templates`, a
//! line in [`pages::routes`] and perhaps one in [`shell::NAVIGATION`]. Every form is a plain
//! `<form method="post">` with the hidden field `csrf`; class names stand in templates only, since
//! styles that no template names are cut away at build time.
//!
//! The time and the random source are handed in by whoever starts the server ([`state::Setting`]).

pub mod access;
pub mod api;
pub mod assets;
pub mod background;
pub mod engine;
pub mod figures;
pub mod jobs;
pub mod openid;
pub mod pages;
pub mod planning;
pub mod proxy;
pub mod reply;
pub mod serve;
pub mod shell;
pub mod state;
pub mod studies;
pub mod view;
pub mod wire;
