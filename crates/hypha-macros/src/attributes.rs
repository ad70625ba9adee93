//! The attributes inside a service: `#[method]` on methods, `#[arg]` on parameters.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, LitBool, LitStr, Meta, Result, Token, Type};

/// What `#[method(..)]` says.
#[derive(Default)]
pub(crate) struct MethodAttribute {
    pub(crate) rename: Option<LitStr>,
    pub(crate) returns: Option<Type>,
}

/// What `#[arg(..)]` says.
#[derive(Default)]
pub(crate) struct ArgAttribute {
    pub(crate) rename: Option<LitStr>,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) untyped: bool,
    pub(crate) extract: bool,
}

/// What a parameter is if a call leaves it out.
pub(crate) enum DefaultValue {
    OfType,
    Value(Expr),
}

impl MethodAttribute {
    /// Takes the attribute away; none if it is not there.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Option<Self>> {
        let mut said = Self::default();
        let found = take(attributes, "method", |meta| {
            if meta.path.is_ident("rename") {
                said.rename = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("returns") {
                said.returns = Some(meta.value()?.parse()?);
            } else {
                return Err(
                    meta.error("a method has the settings `rename = \"..\"` and `returns = Type`")
                );
            }
            Ok(())
        })?;
        Ok(found.then_some(said))
    }
}

impl ArgAttribute {
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        let mut said = Self::default();
        take(attributes, "arg", |meta| {
            if meta.path.is_ident("rename") {
                let name: LitStr = meta.value()?.parse()?;
                if name.value().is_empty() {
                    let message = "callers pass an argument by its name: it is not empty";
                    return Err(Error::new_spanned(name, message));
                }
                said.rename = Some(name);
            } else if meta.path.is_ident("default") {
                said.default = Some(if meta.input.peek(Token![=]) {
                    DefaultValue::Value(meta.value()?.parse()?)
                } else {
                    DefaultValue::OfType
                });
            } else if meta.path.is_ident("schema") {
                let typed: LitBool = meta.value()?.parse()?;
                said.untyped = !typed.value;
            } else if meta.path.is_ident("extract") {
                said.extract = true;
            } else {
                return Err(meta.error(
                    "a parameter has the settings `rename = \"..\"`, `default`, `default = value`, `schema = false` and `extract`",
                ));
            }
            Ok(())
        })?;
        Ok(said)
    }
}

/// The attribute as it is written, if it is there.
pub(crate) fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.path().is_ident(name))
}

fn take(
    attributes: &mut Vec<Attribute>,
    name: &str,
    mut read: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<bool> {
    let (ours, others): (Vec<_>, Vec<_>) = std::mem::take(attributes)
        .into_iter()
        .partition(|attribute| attribute.path().is_ident(name));
    *attributes = others;
    for attribute in &ours {
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(_) => attribute.parse_nested_meta(&mut read)?,
            Meta::NameValue(_) => {
                let message = format!("write `#[{name}(..)]`");
                return Err(Error::new_spanned(attribute, message));
            }
        }
    }
    Ok(!ours.is_empty())
}
