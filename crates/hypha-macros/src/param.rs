//! Parameters of methods.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Error, Pat, PatType, Result, Type};

use crate::attributes::{ArgAttribute, DefaultValue};
use crate::lent;

/// One parameter.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    /// The name that callers use.
    pub(crate) name: String,
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
        let said = ArgAttribute::take(&mut typed.attrs)?;
        let ident = match &*typed.pat {
            Pat::Ident(pat) if pat.subpat.is_none() && pat.by_ref.is_none() => pat.ident.clone(),
            other => {
                let message = "callers pass arguments by name: give this parameter one, and take it apart inside";
                return Err(Error::new_spanned(other, message));
            }
        };
        let ty = Type::clone(&typed.ty);
        owned(&ty)?;
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
        let name = said
            .rename
            .map_or_else(|| ident.unraw().to_string(), |name| name.value());
        if name == "context" && matches!(role, Role::Argument { .. }) {
            let message =
                "callers cannot pass an argument called `context`: that is who calls; rename it";
            return Err(Error::new_spanned(&ident, message));
        }
        Ok(Self {
            ident,
            name,
            ty,
            role,
        })
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

fn owned(ty: &Type) -> Result<()> {
    let message = match ty {
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => {
                "parameters are owned, because they come from somewhere else: write `String`"
            }
            Type::Slice(_) => {
                "parameters are owned, because they come from somewhere else: write `Vec<T>`, or `Bytes`"
            }
            _ => {
                "parameters are owned, because they come from somewhere else: write the type without `&`"
            }
        },
        Type::ImplTrait(_) => {
            "a parameter is of one type: for what callers pass as functions and generators there are `Callback` and `RemoteStream`"
        }
        _ => return Ok(()),
    };
    Err(Error::new(ty.span(), message))
}
