//! A Ballista scheduler that knows Soglia's functions.

use std::sync::Arc;

use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use clap::Parser;

/// Plans measures and hands their tasks to executors.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Port to listen on
    #[arg(long, default_value_t = 50050)]
    port: u16,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    // Planning recurses deeply: the stack of Ballista's own scheduler.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(32 << 20)
        .build()?;
    runtime.block_on(serve(args))
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let address = format!("{}:{}", args.host, args.port).parse()?;
    let config = SchedulerConfig {
        bind_host: args.host.clone(),
        external_host: args.host,
        bind_port: args.port,
        override_config_producer: Some(Arc::new(soglia_cluster::config)),
        override_session_builder: Some(Arc::new(|config| Ok(soglia_cluster::state(config)))),
        ..SchedulerConfig::default()
    };
    let cluster = BallistaCluster::new_from_config(&config).await?;
    Ok(start_server(cluster, address, Arc::new(config)).await?)
}
