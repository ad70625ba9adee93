//! Schemas of methods: what callers are told, and what is checked (features A.10).

mod argument;
mod typed_service;

use hypha_codec::{Map, Value};
use hypha_rpc_core::{Method, Param, RemoteError};
use hypha_schema::FunctionSchema;

use self::argument::Argument;
pub use self::typed_service::TypeCheckError;

/// Methods that are described by a [`FunctionSchema`].
///
/// ```
/// use hypha_client::{Described, FunctionSchema, Method, Parameter, Service};
///
/// let schema = FunctionSchema::new("repeat")
///     .docs("Says a word.\n\n# Arguments\n\n* `word` - what to say\n* `times` - how often")
///     .param(Parameter::of::<String>("word"))
///     .param(Parameter::of::<u32>("times").default(1));
/// let repeat = Method::new(|word: String, times: u32| async move { word.repeat(times as usize) });
/// let service = Service::new("words").method("repeat", repeat.described(&schema));
/// # drop(service);
/// ```
pub trait Described: Sized {
    /// Names the parameters as the schema does, with its defaults, and tells callers of both. Arguments are checked by
    /// becoming the types of the handler's parameters.
    #[must_use]
    fn described(self, schema: &FunctionSchema) -> Self;

    /// The same, and the arguments are checked against the schema first: for handlers that take any
    /// [`Value`], and for what types do not say, such as bounds.
    #[must_use]
    fn validated(self, schema: FunctionSchema) -> Self;
}

impl Described for Method {
    fn described(self, schema: &FunctionSchema) -> Self {
        let params: Vec<Param> = schema
            .positional()
            .map(|name| {
                let default = schema
                    .parameter(name)
                    .and_then(|schema| schema.get("default"));
                let default = default.map(|value| hypha_codec::to_value(value).unwrap_or_default());
                Param::from((name, default.filter(|_| !schema.requires(name))))
            })
            .collect();
        self.params(params)
            .doc(schema.description_text())
            .schema(schema)
    }

    fn validated(self, schema: FunctionSchema) -> Self {
        self.described(&schema)
            .check(move |args, kwargs| check(&schema, args, kwargs))
    }
}

fn check(schema: &FunctionSchema, args: &[Value], kwargs: &Map) -> Result<(), RemoteError> {
    let positional: Vec<Argument<'_>> = args.iter().map(Argument).collect();
    let named: Vec<(&str, Argument<'_>)> = kwargs
        .iter()
        .filter_map(|(name, value)| Some((name.as_str()?, Argument(value))))
        .collect();
    schema
        .validate(&positional, &named)
        .map_err(|errors| RemoteError::new(format!("Invalid arguments: {errors}")))
}
