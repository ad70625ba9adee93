use hypha_client::service;

#[service]
struct Stage;

fn main() {}
