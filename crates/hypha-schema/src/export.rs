//! Functions as tools of language models.

use serde_json::{Value as Json, json};

use crate::function::FunctionSchema;
use crate::naming::tool_name;

impl FunctionSchema {
    /// `{"type": "function", "function": {"name", "description", "parameters"}}`: a tool of OpenAI's chat completions,
    /// and the form in which Hypha services describe their methods. The name is written as it is, here and in the forms
    /// for others, and so are the parameters: [`ServiceSchema::tools`](crate::ServiceSchema::tools) makes of both what
    /// models take, [`with_tool_name`](Self::with_tool_name) of the name alone.
    #[must_use]
    pub fn to_openai(&self) -> Json {
        json!({
            "type": "function",
            "function": {
                "name": self.name(),
                "description": self.description_text(),
                "parameters": self.parameters(),
            },
        })
    }

    /// `{"name", "description", "input_schema"}`: a tool of Anthropic's messages.
    #[must_use]
    pub fn to_anthropic(&self) -> Json {
        json!({
            "name": self.name(),
            "description": self.description_text(),
            "input_schema": self.parameters(),
        })
    }

    /// `{"name", "description", "inputSchema"}`: a tool of the Model Context Protocol.
    #[must_use]
    pub fn to_mcp(&self) -> Json {
        json!({
            "name": self.name(),
            "description": self.description_text(),
            "inputSchema": self.parameters(),
        })
    }

    /// The same function with a name that all of them take: letters, digits, `_` and `-`, at most 64.
    #[must_use]
    pub fn with_tool_name(self, path: &str) -> Self {
        self.named(tool_name(path))
    }
}
