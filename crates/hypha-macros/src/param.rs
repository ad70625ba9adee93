//! Parameters of methods.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::{Error, Pat, PatType, Result, Type};

use crate::attributes::{self, ArgAttribute, DefaultValue};
use crate::{lent, owned};

/// One parameter.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    /// The name that callers use.
    pub(crate) name: String,
    /// Where the name is said.
    pub(crate) at: Span,
    pub(crate) ty: Type,
    pub(crate) role: Role,
}

/// Who gives a parameter.
pub(crate) enum Role {
    /// Callers.
    Argument {
        default: Option<DefaultValue>,
        /// Nothing is said of its type.
        untyped: bool,
    },
    /// The service: `Context`, and extractors of the user's.
    Extracted,
    /// Callers: all other arguments by name.
    Kwargs,
    /// Callers: all other arguments by position.
    Rest,
}

impl Param {
    /// Reads a parameter, and takes our attribute off it.
    pub(crate) fn read(typed: &mut PatType) -> Result<Self> {
        let conditions = ["cfg", "cfg_attr"];
        let condition = conditions
            .iter()
            .find_map(|name| attributes::find(&typed.attrs, name));
        if let Some(condition) = condition {
            let message = "callers are told of one set of parameters: write two methods, each with its `#[cfg(..)]`";
            return Err(Error::new_spanned(condition, message));
        }
        let said = ArgAttribute::take(&mut typed.attrs)?;
        let ident = match &*typed.pat {
            Pat::Ident(pat) if pat.subpat.is_none() && pat.by_ref.is_none() => pat.ident.clone(),
            other => {
                let message = "callers pass arguments by name: give this parameter one, and take it apart inside";
                return Err(Error::new_spanned(other, message));
            }
        };
        let ty = Type::clone(&typed.ty);
        owned::parameter(&ty)?;
        let plain = said.rename.is_none() && said.default.is_none() && !said.untyped;
        let role = if said.extract || lent::is_named(&ty, "Context") {
            Role::Extracted
        } else if lent::is_named(&ty, "Kwargs") {
            Role::Kwargs
        } else if lent::is_named(&ty, "Rest") {
            Role::Rest
        } else {
            Role::Argument {
                default: said.default,
                untyped: said.untyped,
            }
        };
        if !plain && !matches!(role, Role::Argument { .. }) {
            let message = "callers do not pass this parameter by its name: it takes no settings";
            return Err(Error::new_spanned(&ty, message));
        }
        let (name, at) = match said.rename {
            Some(name) => (name.value(), name.span()),
            None => (ident.unraw().to_string(), ident.span()),
        };
        if name == "context" && matches!(role, Role::Argument { .. }) {
            let message =
                "callers cannot pass an argument called `context`: that is who calls; rename it";
            return Err(Error::new_spanned(&ident, message));
        }
        Ok(Self {
            ident,
            name,
            at,
            ty,
            role,
        })
    }

    /// The name that the method itself uses.
    pub(crate) fn own_name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// Whether it goes by this name, in Rust or for callers.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.own_name() == name
    }

    /// Whether callers may leave it out because it has a default.
    pub(crate) fn has_default(&self) -> bool {
        matches!(
            self.role,
            Role::Argument {
                default: Some(_),
                ..
            }
        )
    }
}
