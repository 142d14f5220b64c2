//! The distributed way: the same plans, the same functions, on a Ballista cluster.
//!
//! Read [`client`] first. A measure runs over a plain list of files, those of one pinned version,
//! so a cluster needs nothing of the ledger but the files themselves under the same paths, and the
//! function [`soglia_measure::udaf`] by its name: it is compiled into the scheduler and the
//! executors here, since functions travel by name only.

use std::sync::Arc;

use ballista::prelude::SessionContextExt;
use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use datafusion::common::Result;
use datafusion::execution::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

/// The session settings of client, scheduler and executors.
pub fn config() -> SessionConfig {
    let mut config = SessionConfig::new_with_ballista();
    config.options_mut().execution.parquet.schema_force_view_types = false;
    config
}

/// A session that knows the functions of measures.
pub fn state(config: SessionConfig) -> SessionState {
    let mut state = SessionStateBuilder::new().with_config(config).with_default_features().build();
    let functions = [Arc::new(soglia_measure::udaf::udaf())];
    for function in functions {
        use datafusion::execution::FunctionRegistry;
        // A name that is taken is replaced; there is nothing to do about either.
        let _ = state.register_udaf(function);
    }
    state
}

/// The functions that an executor knows.
pub fn functions() -> BallistaFunctionRegistry {
    BallistaFunctionRegistry::from(&state(config()))
}

/// A session whose plans run on the cluster behind a scheduler, e.g. `df://localhost:50050`.
pub async fn client(scheduler: &str) -> Result<SessionContext> {
    let ctx = SessionContext::remote_with_state(scheduler, state(config())).await?;
    // Upgrading a state for Ballista forgets the functions registered before.
    ctx.register_udaf(soglia_measure::udaf::udaf());
    Ok(ctx)
}
