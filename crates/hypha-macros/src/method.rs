//! Methods of services, as they are declared.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, FnArg, GenericParam, ReceiverKind, Result, Safety, Signature, Type};

use crate::attributes::{DefaultValue, MethodAttribute};
use crate::case::Case;
use crate::docs::Docs;
use crate::lent;
use crate::lints;
use crate::param::{Param, Role};
use crate::returns::{self, Kind};

/// Handlers take that many.
const MAX_PARAMS: usize = 12;

/// What belongs to a service and is no method of it. Those that begin with `_` are of the protocol.
const FIELDS: [&str; 8] = [
    "id",
    "config",
    "name",
    "description",
    "type",
    "docs",
    "app_id",
    "service_schema",
];

/// One method.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    /// The name that callers use.
    pub(crate) name: String,
    pub(crate) docs: Docs,
    /// Doc comments, `cfg` and the like, for what is generated of the method.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) cfgs: Vec<Attribute>,
    /// What the compiler should not mind, in what is generated too.
    pub(crate) allows: Vec<Attribute>,
    pub(crate) kind: Kind,
    /// Its result, or its items.
    pub(crate) output: Type,
    /// What the client gives, if it was said.
    pub(crate) returns: Option<Type>,
    pub(crate) params: Vec<Param>,
}

impl Method {
    /// Reads a method, and takes our attributes off its parameters.
    pub(crate) fn read(
        attributes: &[Attribute],
        signature: &mut Signature,
        said: MethodAttribute,
        case: Option<Case>,
    ) -> Result<Self> {
        let mut problems = Problems::default();
        problems.note(plain(signature));
        let mut params = Vec::new();
        for input in &mut signature.inputs {
            if let FnArg::Typed(typed) = input {
                params.extend(problems.note(Param::read(typed)));
            }
        }
        leave_out_last(&mut params);
        problems.note(in_order(&params));
        problems.note(distinct(&params));
        let docs = Docs::of(attributes);
        problems.note(docs.check(&params));
        let read = problems.note(returns::read(signature));
        let (kind, output) = match read {
            Some(read) => read,
            None => (Kind::Blocking, syn::parse_quote!(())),
        };
        let own = signature.ident.unraw().to_string();
        let (name, at) = match said.rename {
            Some(name) => (name.value(), name.span()),
            None => match case {
                Some(case) => (case.apply(&own), signature.ident.span()),
                None => (own, signature.ident.span()),
            },
        };
        problems.note(named(&name, at));
        problems.end()?;
        let kept = |names: &[&str]| -> Vec<Attribute> {
            let is =
                |attribute: &&Attribute| names.iter().any(|name| attribute.path().is_ident(name));
            attributes.iter().filter(is).cloned().collect()
        };
        Ok(Self {
            ident: signature.ident.clone(),
            name,
            docs,
            attributes: kept(&["doc", "cfg", "deprecated"]),
            cfgs: kept(&["cfg"]),
            allows: lints::allowed(attributes),
            kind,
            output,
            returns: said.returns,
            params,
        })
    }
}

/// Errors, all of them at once.
#[derive(Default)]
pub(crate) struct Problems(Option<Error>);

impl Problems {
    pub(crate) fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                match &mut self.0 {
                    Some(first) => first.combine(error),
                    none => *none = Some(error),
                }
                None
            }
        }
    }

    pub(crate) fn end(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Nothing that a call from elsewhere cannot have.
fn plain(signature: &Signature) -> Result<()> {
    let Some(FnArg::Receiver(receiver)) = signature.inputs.first() else {
        let message = "a method of a service takes `&self`";
        return Err(Error::new(signature.ident.span(), message));
    };
    if matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_))) {
        let message = "calls run at the same time: take `&self`, and keep what changes in a `Mutex` or an atomic";
        return Err(Error::new(receiver.span(), message));
    }
    if !matches!(receiver.kind, ReceiverKind::Reference(..)) {
        let message = "a service is called again and again: take `&self`";
        return Err(Error::new(receiver.span(), message));
    }
    let mut generics = signature.generics.params.iter();
    if signature.generics.lt_token.is_some()
        && generics.all(|one| matches!(one, GenericParam::Lifetime(_)))
    {
        let message = "what a method takes and gives is owned: write `&self`, and no lifetimes";
        return Err(Error::new_spanned(&signature.generics, message));
    }
    if !signature.generics.params.is_empty() {
        let message = "what callers pass has no Rust types to choose by: a method of a service has no generics";
        return Err(Error::new_spanned(&signature.generics, message));
    }
    if !matches!(signature.safety, Safety::Default)
        || signature.abi.is_some()
        || signature.constness.is_some()
    {
        let message = "a method of a service is a plain `fn` or an `async fn`";
        return Err(Error::new_spanned(signature.fn_token, message));
    }
    if signature.inputs.len() > MAX_PARAMS + 1 {
        let message =
            format!("a method takes up to {MAX_PARAMS} parameters: put some into a struct");
        return Err(Error::new(signature.ident.span(), message));
    }
    Ok(())
}

/// An `Option` behind a parameter with a default can be left out like that one: it has a default too, `None`.
fn leave_out_last(params: &mut [Param]) {
    let mut defaulted = false;
    for param in params {
        defaulted |= param.has_default();
        if let Role::Argument { default, .. } = &mut param.role
            && defaulted
            && lent::is_named(&param.ty, "Option")
        {
            default.get_or_insert(DefaultValue::OfType);
        }
    }
}

/// A name that a service can have for a method.
fn named(name: &str, at: Span) -> Result<()> {
    let message = if name.is_empty() {
        "callers call a method by its name: it is not empty".to_owned()
    } else if name.contains('.') {
        "a dot stands between an object and its method: the name of a method has none".to_owned()
    } else if name.starts_with('_') {
        "names that begin with `_` are of the protocol: call it something else, with `#[method(rename = \"..\")]`".to_owned()
    } else if FIELDS.contains(&name) {
        format!(
            "`{name}` is what a service says of itself: call it something else, with `#[method(rename = \"..\")]`"
        )
    } else {
        return Ok(());
    };
    Err(Error::new(at, message))
}

/// No two parameters have one name, and one takes all others.
fn distinct(params: &[Param]) -> Result<()> {
    for (index, param) in params.iter().enumerate() {
        let before = &params[..index];
        let first = match param.role {
            Role::Extracted => None,
            Role::Argument { .. } => before.iter().find(|first| {
                matches!(first.role, Role::Argument { .. }) && first.name == param.name
            }),
            Role::Kwargs => before
                .iter()
                .find(|first| matches!(first.role, Role::Kwargs)),
            Role::Rest => before.iter().find(|first| matches!(first.role, Role::Rest)),
        };
        let Some(first) = first else {
            continue;
        };
        let message = match param.role {
            Role::Argument { .. } => format!(
                "callers know `{}` by the name `{}` already",
                first.ident, param.name
            ),
            _ => format!("`{}` takes all of them already", first.ident),
        };
        return Err(Error::new(param.at, message));
    }
    Ok(())
}

/// Callers leave out the last ones.
fn in_order(params: &[Param]) -> Result<()> {
    let mut defaulted = false;
    for param in params {
        match param.role {
            Role::Argument { .. } if param.has_default() => defaulted = true,
            Role::Argument { .. } if defaulted => {
                let message = format!(
                    "`{}` has no default and comes after one that has: parameters with defaults come last",
                    param.ident
                );
                return Err(Error::new(param.ident.span(), message));
            }
            _ => {}
        }
    }
    Ok(())
}
