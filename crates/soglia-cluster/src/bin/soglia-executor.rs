//! A Ballista executor that knows Soglia's functions.

use std::path::PathBuf;
use std::sync::Arc;

use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use clap::Parser;

/// Runs tasks of measures for a scheduler.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Port for results; the next one is used for tasks
    #[arg(long, default_value_t = 50051)]
    port: u16,
    /// The scheduler's host
    #[arg(long, default_value = "127.0.0.1")]
    scheduler_host: String,
    /// The scheduler's port
    #[arg(long, default_value_t = 50050)]
    scheduler_port: u16,
    /// Tasks at a time
    #[arg(long, default_value_t = 1)]
    tasks: usize,
    /// Folder for intermediate results
    #[arg(long)]
    work_dir: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let config = ExecutorProcessConfig {
        bind_host: args.host.clone(),
        external_host: Some(args.host),
        port: args.port,
        grpc_port: args.port + 1,
        scheduler_host: args.scheduler_host,
        scheduler_port: args.scheduler_port,
        scheduler_connect_timeout_seconds: 60,
        vcores: args.tasks,
        work_dir: args.work_dir.map(|dir| dir.to_string_lossy().into_owned()),
        override_config_producer: Some(Arc::new(soglia_cluster::config)),
        override_function_registry: Some(Arc::new(soglia_cluster::functions())),
        ..ExecutorProcessConfig::default()
    };
    Ok(start_executor_process(Arc::new(config)).await?)
}
