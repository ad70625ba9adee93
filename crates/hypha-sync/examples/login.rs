//! Logs a person in without async, and connects as that person: `cargo run -p hypha-sync --example login -- URL`.

#![expect(clippy::print_stdout, reason = "it shows what happens")]

use hypha_sync::{Client, LoginContext, LoginOptions, ServiceQuery, connect_to_server, login};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1);
    let url = url.as_deref().unwrap_or("http://127.0.0.1:9527");
    let show = |login: LoginContext| println!("log in at {}", login.login_url);
    let token = login(LoginOptions::new(url).blocking_login_callback(show))?;

    let server = connect_to_server(Client::builder(url).token(token))?;
    let name = server.user().map_or("somebody", |user| &*user.id);
    println!("{name} is in {}", server.workspace());
    for service in server.list_services(ServiceQuery::new())? {
        println!("{}", service.id);
    }
    server.disconnect()?;
    Ok(())
}
