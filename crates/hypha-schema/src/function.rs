//! The schema of a function.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::docs::Docs;
use crate::instance::Instance;
#[cfg(feature = "schemars")]
use crate::naming::snake_case;
use crate::parameter::Parameter;
use crate::reference::{Target, follow, moved, renamed, replace_references, replace_references_of};
use crate::validate::{ValidationErrors, arguments};
use crate::variants::flatten;

/// Where a schema keeps types that others refer to.
pub(crate) const DEFS: &str = "$defs";

/// The argument by which services see who calls: no caller gives it, so none is told of it.
pub(crate) const CONTEXT: &str = "context";

/// What restricts nothing.
const ANNOTATIONS: [&str; 4] = ["$ref", "title", "description", "default"];

/// Definitions that are only references to others.
const MAX_HOPS: usize = 16;

/// Branches, and branches of those, that are looked at.
const MAX_BRANCHES: usize = 1000;

/// What a function is called, what it is for, and what it takes.
///
/// As JSON it is what language models are told of a tool, and how Hypha services describe their methods:
/// `{"type": "function", "function": {"name", "description", "parameters"}}`.
#[derive(Clone, Debug)]
pub struct FunctionSchema {
    name: String,
    description: String,
    parameters: Map<String, Json>,
    /// What docs say of parameters that are not there yet.
    documented: Vec<(String, String)>,
}

impl PartialEq for FunctionSchema {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.description == other.description
            && self.parameters == other.parameters
    }
}

impl FunctionSchema {
    /// A function without parameters.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let parameters = json!({ "type": "object", "properties": {} });
        Self {
            name: name.into(),
            description: String::new(),
            parameters: object(parameters),
            documented: Vec::new(),
        }
    }

    /// A function whose parameters are the fields of a struct. Its name is that of the struct in snake case, its
    /// description the struct's docs.
    ///
    /// Fields that depend on the variant of an enum, which is flattened or the type itself, are no parameters with a
    /// place: they are described by `oneOf` beside the parameters and given by name. A type that is no object, such as a
    /// `Vec`, is the one parameter `value`; `()` is none.
    #[cfg(feature = "schemars")]
    #[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
    #[must_use]
    pub fn of<Args: schemars::JsonSchema>() -> Self {
        let (mut schema, defs) = crate::rust_type::schema_of::<Args>();
        schema.insert(DEFS.to_owned(), Json::Object(defs));
        inline(&mut schema);
        let name = snake_case(&Args::schema_name());
        let description = match schema.shift_remove("description") {
            Some(Json::String(text)) => text,
            _ => String::new(),
        };
        if schema.get("type").is_some_and(|kind| kind == "null") {
            return Self::new(name).description(description);
        }
        if !is_object(&schema, &schema) {
            return Self::new(name)
                .description(description)
                .param(Parameter::of::<Args>("value"));
        }
        schema.retain(|keyword, value| keyword != DEFS || *value != json!({}));
        Self {
            name,
            description,
            parameters: tidy(schema),
            documented: Vec::new(),
        }
    }

    /// Reads `{"type": "function", "function": {..}}`, or the inner object alone.
    ///
    /// # Errors
    /// If it is neither, or its parts are of the wrong kind.
    pub fn from_value(value: &Json) -> Result<Self, SchemaError> {
        let function = match value.get("function") {
            Some(function) if value["type"] == "function" => function,
            _ => value,
        };
        let name = function.get("name").and_then(Json::as_str);
        let text = |key: &'static str| match function.get(key) {
            None | Some(Json::Null) => Ok(String::new()),
            Some(Json::String(text)) => Ok(text.clone()),
            Some(_) => Err(SchemaError::Field(key)),
        };
        let parameters = match function.get("parameters") {
            None | Some(Json::Null) => Map::new(),
            Some(Json::Object(parameters)) => parameters.clone(),
            Some(_) => return Err(SchemaError::Field("parameters")),
        };
        if !matches!(parameters.get("properties"), None | Some(Json::Object(_))) {
            return Err(SchemaError::Field("properties"));
        }
        Ok(Self {
            name: name.ok_or(SchemaError::Field("name"))?.to_owned(),
            description: text("description")?,
            parameters: tidy(parameters),
            documented: Vec::new(),
        })
    }

    /// Calls it something else.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// As a tool that takes all of its arguments by name.
    pub(crate) fn flattened(mut self, work: &mut usize) -> Self {
        flatten(&mut self.parameters, work);
        self
    }

    /// Says what it is for.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// Takes description and parameters' descriptions from the docs of a Rust function: the text before the first
    /// heading, and the list below `# Arguments`. Also of parameters that are added later; what the list names beside
    /// parameters is not shown.
    #[must_use]
    pub fn docs(self, markdown: &str) -> Self {
        self.documented(Docs::read(markdown))
    }

    /// The same where callers use other names than the docs: pairs of the name in Rust and theirs. Nothing is said of what
    /// is not among them.
    #[doc(hidden)]
    #[must_use]
    pub fn docs_of(self, markdown: &str, names: &[(&str, &str)]) -> Self {
        let mut docs = Docs::read(markdown);
        docs.arguments.retain_mut(|(name, _)| {
            let own = names.iter().find(|(own, _)| own == name);
            let found = own.or_else(|| names.iter().find(|(_, wire)| wire == name));
            found.map(|(_, wire)| (*wire).clone_into(name)).is_some()
        });
        self.documented(docs)
    }

    fn documented(mut self, docs: Docs) -> Self {
        self.description = docs.summary;
        self.documented = docs.arguments;
        let Some(Json::Object(properties)) = self.parameters.get_mut("properties") else {
            return self;
        };
        self.documented.retain(|(name, text)| {
            let Some(Json::Object(property)) = properties.get_mut(name) else {
                return true;
            };
            property.insert("description".to_owned(), Json::String(text.clone()));
            false
        });
        self
    }

    /// Adds a parameter after those that are there, instead of one that has its name. One called `context` is not shown:
    /// no caller gives it.
    #[must_use]
    pub fn param(mut self, parameter: Parameter) -> Self {
        let Parameter {
            name,
            mut schema,
            mut defs,
            required,
        } = parameter;
        if name == CONTEXT {
            return self;
        }
        let moved = |target: &str| moved(target, &name);
        replace_references(&mut schema, &moved);
        replace_references_of(&mut defs, &moved);
        self.add_defs(defs, &mut schema);
        let properties = properties(&mut self.parameters);
        // One that was there is another one now, and its place is here.
        properties.shift_remove(&name);
        let mut documented = self.documented.iter();
        if let Some((_, text)) = documented.find(|(documented, _)| *documented == name) {
            let description = schema.entry("description");
            description.or_insert_with(|| Json::String(text.clone()));
        }
        properties.insert(name.clone(), Json::Object(schema));
        self.require(name, required);
        self
    }

    /// Says whether a call must give an argument. Where none is needed nothing is said, as pydantic does.
    fn require(&mut self, name: String, required: bool) {
        let list = self.parameters.shift_remove("required");
        let mut list = match list {
            Some(Json::Array(list)) => list,
            _ => Vec::new(),
        };
        list.retain(|known| *known != name);
        if required {
            list.push(Json::String(name));
        }
        if !list.is_empty() {
            self.parameters
                .insert("required".to_owned(), Json::Array(list));
        }
    }

    /// Adds definitions. Different types of one name get names of their own.
    fn add_defs(&mut self, mut defs: Map<String, Json>, schema: &mut Map<String, Json>) {
        if defs.is_empty() {
            return;
        }
        let known = self.parameters.entry(DEFS.to_owned());
        let Json::Object(known) = known.or_insert_with(|| Json::Object(Map::new())) else {
            return;
        };
        let taken = |known: &Map<String, Json>, name: &str, def: &Json| {
            known.get(name).is_some_and(|other| other != def)
        };
        let clash = defs.iter().any(|(name, def)| taken(known, name, def));
        if !clash {
            known.extend(defs);
            return;
        }
        let suffix = (2..)
            .map(|number: u32| format!("_{number}"))
            .find(|suffix| {
                let free =
                    |(name, _): (&String, &Json)| !known.contains_key(&format!("{name}{suffix}"));
                defs.iter().all(free)
            });
        let suffix = suffix.unwrap_or_default();
        let rename = |target: &str| renamed(target, |name| format!("{name}{suffix}"));
        replace_references(schema, &rename);
        replace_references_of(&mut defs, &rename);
        for (name, def) in defs {
            known.insert(format!("{name}{suffix}"), def);
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    #[must_use]
    pub fn description_text(&self) -> &str {
        &self.description
    }

    /// The JSON Schema of the object of all arguments by name.
    #[must_use]
    pub fn parameters(&self) -> &Map<String, Json> {
        &self.parameters
    }

    /// The names of the parameters, in order.
    pub fn positional(&self) -> impl Iterator<Item = &str> {
        let properties = self.parameters.get("properties").and_then(Json::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
    }

    /// The schema of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Json> {
        self.parameters.get("properties")?.get(name)
    }

    /// The names of the arguments that a call must give.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.parameters.get("required").and_then(Json::as_array);
        required.into_iter().flatten().filter_map(Json::as_str)
    }

    /// Whether a call must give this argument.
    #[must_use]
    pub fn requires(&self, name: &str) -> bool {
        self.required().any(|one| one == name)
    }

    /// Checks the arguments of a call, by position and by name.
    ///
    /// # Errors
    /// Everything that does not fit, up to a limit, each with where it is.
    pub fn validate<I: Instance>(
        &self,
        positional: &[I],
        named: &[(&str, I)],
    ) -> Result<(), ValidationErrors> {
        arguments(self, positional, named)
    }
}

impl Serialize for FunctionSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_openai().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FunctionSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Json::deserialize(deserializer)?;
        Self::from_value(&value).map_err(D::Error::custom)
    }
}

/// Something is no schema of a function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A field is missing or of the wrong kind.
    #[error("the schema of a function has no proper `{0}`")]
    Field(&'static str),
    /// A member is neither a schema nor an object of them.
    #[error("`{0}` is no schema")]
    Member(String),
}

/// Brings the schema of all arguments into one order, without what callers do not give.
fn tidy(mut schema: Map<String, Json>) -> Map<String, Json> {
    inline(&mut schema);
    let mut properties = match schema.shift_remove("properties") {
        Some(Json::Object(properties)) => properties,
        _ => Map::new(),
    };
    properties.shift_remove(CONTEXT);
    let required = schema.shift_remove("required");
    schema.shift_remove("type");
    let mut tidied = object(json!({ "type": "object", "properties": properties }));
    if let Some(Json::Array(mut required)) = required {
        required.retain(|name| name != CONTEXT);
        tidied.insert("required".to_owned(), Json::Array(required));
    }
    tidied.extend(schema);
    tidied
}

fn properties(parameters: &mut Map<String, Json>) -> &mut Map<String, Json> {
    let properties = parameters.entry("properties");
    let properties = properties.or_insert_with(|| Json::Object(Map::new()));
    if !properties.is_object() {
        *properties = Json::Object(Map::new());
    }
    match properties {
        Json::Object(properties) => properties,
        _ => unreachable!("it was made an object"),
    }
}

fn object(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// Puts the definition of an object in the place of what refers to it: who reads the parameters of a function does not
/// look for them elsewhere. Once, as it may refer to itself.
fn inline(schema: &mut Map<String, Json>) {
    let mut seen = 0;
    while let Some(Json::String(target)) = schema.get("$ref")
        && seen < MAX_HOPS
    {
        let Target::Part(Json::Object(part)) = follow(schema, target) else {
            return;
        };
        // What is said beside it must not take the place of what it says.
        let beside = schema.iter().all(|(keyword, own)| {
            ANNOTATIONS.contains(&keyword.as_str())
                || part.get(keyword).is_none_or(|other| other == own)
        });
        if !beside || !is_object(part, schema) {
            return;
        }
        let part = part.clone();
        schema.shift_remove("$ref");
        for (keyword, value) in part {
            schema.entry(keyword).or_insert(value);
        }
        seen += 1;
    }
}

/// Whether all that a schema takes are objects, as far as that can be seen without much work.
fn is_object(schema: &Map<String, Json>, root: &Map<String, Json>) -> bool {
    is_object_at(schema, root, 0, &mut 0)
}

fn is_object_at(
    schema: &Map<String, Json>,
    root: &Map<String, Json>,
    level: usize,
    seen: &mut usize,
) -> bool {
    *seen += 1;
    if *seen > MAX_BRANCHES {
        return false;
    }
    if let Some(kind) = schema.get("type") {
        return kind == "object";
    }
    if level > MAX_HOPS {
        return false;
    }
    let target = schema.get("$ref").and_then(Json::as_str);
    let target = target.map(|target| follow(root, target));
    if let Some(Target::Part(Json::Object(part))) = target {
        return is_object_at(part, root, level + 1, seen);
    }
    let branches = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(*key));
    match branches.and_then(Json::as_array) {
        Some(branches) => branches.iter().all(|branch| {
            let branch = branch.as_object();
            branch.is_some_and(|branch| is_object_at(branch, root, level + 1, seen))
        }),
        None => schema.contains_key("properties"),
    }
}
