//! Where queries run: threads of their own, so that pages are answered while figures are computed.
//! Read [`run`] first.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::reply::Problem;

/// The query engine's tasks keep a thread busy for long; those that answer requests are others.
static ENGINE: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.thread_name("soglia-engine").enable_all();
    builder.build().expect("the operating system has threads")
});

/// Begins work that nobody has to wait for.
pub fn begin<T, F>(work: F) -> JoinHandle<T>
where
    F: AsyncFnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    ENGINE.spawn_blocking(move || ENGINE.block_on(work()))
}

/// Does work there and waits for it.
pub async fn run<T, F>(work: F) -> Result<T, Problem>
where
    F: AsyncFnOnce() -> Result<T, Problem> + Send + 'static,
    T: Send + 'static,
{
    let done = begin(work).await;
    done.map_err(|_| Problem::failed("a query was given up"))?
}
