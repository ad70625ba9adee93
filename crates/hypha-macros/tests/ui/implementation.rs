use std::rc::Rc;

use hypha_client::service;

#[service]
pub trait Stage {
    async fn home(&self) -> u32;
}

struct Local;

impl Stage for Local {
    async fn home(&self) -> u32 {
        let number = Rc::new(1);
        std::future::ready(()).await;
        *number
    }
}

fn main() {}
