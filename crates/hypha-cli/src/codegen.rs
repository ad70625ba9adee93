//! `hypha codegen`: a typed client of a live service.

mod client;
mod names;
mod types;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use hypha_client::{ConnectOptions, RemoteService, ServiceId, ServiceSchema, Value};

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
        let functions = schema.functions().into_iter().map(|(path, schema)| {
            let says =
                matches!(found.get(&path), Some(Value::Method(method)) if method.schema.is_some());
            Function {
                schema: says.then_some(schema),
                path,
            }
        });
        let functions = functions.collect();
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
