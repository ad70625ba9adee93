//! Runs a real server for another program: prints its URL, and ends with its standard input.
#![expect(clippy::print_stdout, reason = "the URL is for whoever started it")]

use std::io;

use hypha_tests::{HyphaServer, ServerOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let server = HyphaServer::start(ServerOptions::default()).await?;
    println!("{}", server.url());
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    Ok(())
}
