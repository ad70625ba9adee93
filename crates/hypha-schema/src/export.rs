//! Functions as tools of language models.

use serde_json::{Value as Json, json};

use crate::function::FunctionSchema;

/// Characters of the name of a tool, for all who take tools.
const MAX_TOOL_NAME: usize = 64;

impl FunctionSchema {
    /// `{"type": "function", "function": {"name", "description", "parameters"}}`: a tool of OpenAI's chat completions,
    /// and the form in which Hypha services describe their methods.
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
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        let name: String = path.chars().map(plain).take(MAX_TOOL_NAME).collect();
        self.named(if name.is_empty() {
            "_".to_owned()
        } else {
            name
        })
    }
}
