//! The schemas of all members of a service.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::function::{FunctionSchema, SchemaError};
use crate::naming::tool_names;
use crate::variants::MAX_WORK_OF_ALL;

/// `service_schema`: the members of a service by name. Functions are described as tools are, objects of members are
/// objects, arrays of them arrays, and constants have the schema of their kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceSchema(Map<String, Json>);

/// Objects inside objects; deeper members are not looked at.
const MAX_DEPTH: usize = 32;

/// The longest path of a function. Those of longer ones are not looked at either.
const MAX_PATH: usize = 1024;

impl ServiceSchema {
    /// Without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the `service_schema` of a service.
    ///
    /// # Errors
    /// If it is no object.
    pub fn from_value(value: Json) -> Result<Self, SchemaError> {
        match value {
            Json::Object(members) => Ok(Self(members)),
            _ => Err(SchemaError::Field("service_schema")),
        }
    }

    /// Adds a function under its name.
    #[must_use]
    pub fn function(mut self, function: &FunctionSchema) -> Self {
        self.0
            .insert(function.name().to_owned(), function.to_openai());
        self
    }

    /// Adds an object of members.
    #[must_use]
    pub fn nested(mut self, name: impl Into<String>, members: Self) -> Self {
        self.0.insert(name.into(), Json::Object(members.0));
        self
    }

    /// The members as JSON.
    #[must_use]
    pub fn members(&self) -> &Map<String, Json> {
        &self.0
    }

    /// All functions with their paths, such as `stage.move`, in order.
    #[must_use]
    pub fn functions(&self) -> Vec<(String, FunctionSchema)> {
        let mut found = Vec::new();
        for (name, member) in &self.0 {
            collect(name, member, 0, &mut found);
        }
        found
    }

    /// The function at a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FunctionSchema> {
        let functions = self.functions();
        let mut found = functions.into_iter().filter(|(known, _)| known == path);
        found.next().map(|(_, function)| function)
    }

    /// All functions as tools, named by their paths as far as tools can be: `stage_move` is `stage.move`. Where that
    /// makes one name of two paths, one of them gets a number: `stage_move_2`.
    ///
    /// Parameters that depend on the variant of an enum stand side by side in a tool: those who take tools refuse `oneOf`
    /// and its like around the parameters. A schema, or a service, with very many of them loses them. All arguments of a tool are given by
    /// name.
    #[must_use]
    pub fn tools(&self) -> Vec<FunctionSchema> {
        let tools = self.named_tools();
        let mut work = MAX_WORK_OF_ALL;
        tools.map(|(_, tool)| tool.flattened(&mut work)).collect()
    }

    /// The path of the function that is the [tool](Self::tools) of a name: what to call when a model uses it.
    #[must_use]
    pub fn find_tool(&self, name: &str) -> Option<(String, FunctionSchema)> {
        let found = self.named_tools().find(|(_, tool)| tool.name() == name);
        let mut work = MAX_WORK_OF_ALL;
        found.map(|(path, tool)| (path, tool.flattened(&mut work)))
    }

    pub(crate) fn named_tools(&self) -> impl Iterator<Item = (String, FunctionSchema)> {
        let functions = self.functions();
        let names = tool_names(functions.iter().map(|(path, _)| path.as_str()));
        let tools = functions.into_iter().zip(names);
        tools.map(|((path, function), name)| (path, function.named(name)))
    }
}

pub(crate) fn is_function(member: &Json) -> bool {
    member["type"] == "function" && member["function"].is_object()
}

fn collect(path: &str, member: &Json, depth: usize, found: &mut Vec<(String, FunctionSchema)>) {
    if depth > MAX_DEPTH || path.len() > MAX_PATH {
        return;
    }
    if is_function(member) {
        // What a peer says is a function and is none is no tool.
        if let Ok(function) = FunctionSchema::from_value(member) {
            found.push((path.to_owned(), function));
        }
        return;
    }
    match member {
        Json::Object(members) => {
            for (name, member) in members {
                collect(&format!("{path}.{name}"), member, depth + 1, found);
            }
        }
        Json::Array(items) => {
            for (index, member) in items.iter().enumerate() {
                collect(&format!("{path}.{index}"), member, depth + 1, found);
            }
        }
        _ => {}
    }
}
