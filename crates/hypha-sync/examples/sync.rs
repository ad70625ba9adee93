//! A provider and a caller in one program without async: `cargo run -p hypha-sync --example sync -- URL`.

#![expect(clippy::print_stdout, reason = "it shows what happens")]

use hypha_sync::{Callback, Service, Waiting as _, connect_to_server, from_iter};

fn main() -> Result<(), hypha_sync::Error> {
    let url = std::env::args().nth(1);
    train(url.as_deref().unwrap_or("http://127.0.0.1:9527"))
}

pub(crate) fn train(url: &str) -> Result<(), hypha_sync::Error> {
    let server = connect_to_server(url)?;
    let service = Service::new("trainer")
        .blocking("train", |steps: u32, report: Callback<(u32,), ()>| {
            for step in 0..steps {
                report.wait((step,))?;
            }
            Ok::<_, hypha_sync::Error>(steps)
        })
        .blocking("squares", |n: u64| from_iter((0..n).map(|i| i * i)));
    server.register_service(service)?;

    let trainer = server.get_service("trainer")?;
    let report = hypha_sync::Closure::blocking(|step: u32| println!("step {step}"));
    let steps: u32 = trainer.call("train", (3, report))?;
    println!("{steps} steps");
    for square in trainer.stream::<u64>("squares", (4,))? {
        println!("{}", square?);
    }
    server.disconnect()?;
    Ok(())
}
