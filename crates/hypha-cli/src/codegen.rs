//! `hypha codegen`: a typed client of a live service.

mod client;
mod docs;
mod names;
mod types;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use hypha_client::{
    ConnectOptions, FunctionSchema, RemoteService, ServiceId, ServiceSchema, Value,
};
use serde_json::Value as Json;

use self::client::{Function, Service};
use crate::runtime::Flavour;

/// Write a typed client of a service, a Rust module, from what the service says of its methods
///
/// The module needs the crates hypha-client and serde. Methods that the service does not describe take any arguments.
/// What methods return is not described: their calls give a `Value`, or what is asked for by `.returns::<T>()`.
#[derive(Args, Debug)]
pub(crate) struct Codegen {
    /// The id of the service, as `get_service` takes it
    service: String,

    /// URL of the server
    #[arg(
        long,
        env = "HYPHA_SERVER_URL",
        default_value = "http://127.0.0.1:9527"
    )]
    server_url: String,

    /// The workspace to join, that of the token without it
    #[arg(long, env = "HYPHA_WORKSPACE")]
    workspace: Option<String>,

    /// A token for the server
    #[arg(long, env = "HYPHA_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// Name of the client in the module; without it from the id of the service
    #[arg(long)]
    name: Option<String>,

    /// The file to write, standard output without it
    #[arg(long, short)]
    output: Option<PathBuf>,
}

impl Codegen {
    #[expect(clippy::print_stdout, reason = "the module is what the command is for")]
    pub(crate) fn run(self) -> Result<()> {
        let module = Flavour::CurrentThread.build()?.block_on(self.module())?;
        match &self.output {
            Some(file) => {
                fs::write(file, module).with_context(|| format!("cannot write {}", file.display()))
            }
            None => {
                print!("{module}");
                Ok(())
            }
        }
    }

    async fn module(&self) -> Result<String> {
        let mut options = ConnectOptions::from(&*self.server_url);
        if let Some(workspace) = &self.workspace {
            options = options.workspace(workspace);
        }
        if let Some(token) = &self.token {
            options = options.token(token.clone());
        }
        let server = options.connect().await?;
        let found = server.get_service(&self.service).await?;
        let schema = server.get_service_schema(&found);
        let module = self.describe(&found, &schema)?.module();
        server.disconnect().await;
        module
    }

    fn describe(&self, found: &RemoteService, schema: &ServiceSchema) -> Result<Service> {
        let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
        let docs = [text("docs"), text("description")];
        let id = ServiceId::parse(found.id())
            .with_context(|| format!("the service calls itself `{}`", found.id()))?;
        let mut functions = Vec::new();
        for (name, member) in schema.members() {
            collect(name, member, 0, &mut functions);
        }
        for function in &mut functions {
            let says =
                |method: &Value| matches!(method, Value::Method(method) if method.schema.is_some());
            function
                .schema
                .take_if(|_| !found.get(&function.path).is_some_and(says));
        }
        Ok(Service {
            name: self.name.clone().unwrap_or_else(|| id.service.to_string()),
            id: id.service.to_string(),
            docs: docs
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default()
                .to_owned(),
            functions,
        })
    }
}

/// Objects inside objects; deeper members are not looked at.
const MAX_DEPTH: usize = 32;

/// The longest path of a function; those of longer ones are not looked at either.
const MAX_PATH: usize = 1024;

/// All functions with their paths. One whose description is none is a function nevertheless, that says nothing of itself.
fn collect(path: &str, member: &Json, depth: usize, found: &mut Vec<Function>) {
    if depth > MAX_DEPTH || path.len() > MAX_PATH {
        return;
    }
    if member["type"] == "function" && member["function"].is_object() {
        found.push(Function {
            path: path.to_owned(),
            schema: FunctionSchema::from_value(member).ok(),
        });
        return;
    }
    match member {
        Json::Object(members) => members.iter().for_each(|(name, member)| {
            collect(&format!("{path}.{name}"), member, depth + 1, found);
        }),
        Json::Array(items) => items.iter().enumerate().for_each(|(index, member)| {
            collect(&format!("{path}.{index}"), member, depth + 1, found);
        }),
        _ => {}
    }
}
