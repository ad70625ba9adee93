//! One parameter of a function.

use serde::Serialize;
use serde_json::{Map, Value as Json};

/// A parameter: a name, what it takes, and whether it may be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) schema: Map<String, Json>,
    /// Types that refer to themselves, by their names in `$ref`.
    pub(crate) defs: Map<String, Json>,
    pub(crate) required: bool,
}

impl Parameter {
    /// A required parameter that takes anything: bytes, arrays and functions have no JSON Schema.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            schema: Map::new(),
            defs: Map::new(),
            required: true,
        }
    }

    /// A parameter of this type. One that may be null (an `Option`) may be left out.
    #[cfg(feature = "schemars")]
    #[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
    #[must_use]
    pub fn of<T: schemars::JsonSchema>(name: impl Into<String>) -> Self {
        let (schema, defs) = crate::rust_type::schema_of::<T>();
        let optional = crate::rust_type::takes_null(&schema);
        let parameter = Self {
            defs,
            schema,
            ..Self::new(name)
        };
        if optional {
            parameter.optional()
        } else {
            parameter
        }
    }

    /// Takes what this JSON Schema describes. Anything but an object is no restriction. A description and a default that
    /// were given before stay, if the schema has none.
    #[must_use]
    pub fn schema(mut self, schema: Json) -> Self {
        let mut schema = match schema {
            Json::Object(schema) => schema,
            _ => Map::new(),
        };
        self.defs = match schema.shift_remove(crate::function::DEFS) {
            Some(Json::Object(defs)) => defs,
            _ => Map::new(),
        };
        for keyword in ["description", "default"] {
            if let Some(value) = self.schema.shift_remove(keyword) {
                schema.entry(keyword).or_insert(value);
            }
        }
        self.schema = schema;
        self
    }

    /// What it is for.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.schema
            .insert("description".to_owned(), Json::String(text.into()));
        self
    }

    /// What it is if a call leaves it out. A value that JSON does not have counts as null: maps whose keys are no text,
    /// and numbers that are not finite, such as `f64::INFINITY`.
    #[must_use]
    pub fn default(mut self, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.schema.insert("default".to_owned(), value);
        self.required = false;
        self
    }

    /// May be left out, which is the same as null.
    #[must_use]
    pub fn optional(self) -> Self {
        if self.schema.contains_key("default") {
            return Self {
                required: false,
                ..self
            };
        }
        self.default(())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
