//! What `#[service(..)]` says.

use proc_macro2::TokenStream;
use syn::parse::Parser as _;
use syn::{Ident, LitBool, LitStr, Path, Result, parse_quote};

use crate::case::Case;

/// The settings of a service.
pub(crate) struct Settings {
    /// The crate that expansions name.
    pub(crate) krate: Path,
    pub(crate) id: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    /// The variant of `Visibility`.
    pub(crate) visibility: Option<Ident>,
    pub(crate) require_context: Option<LitBool>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) dispatcher: Option<Ident>,
    pub(crate) client: Client,
}

/// Whether there is a typed client.
pub(crate) enum Client {
    Default,
    Named(Ident),
    None,
}

const KNOWN: &str = "a service has the settings `id`, `name`, `kind`, `visibility`, `require_context`, `rename_all`, \
    `dispatcher`, `client` and `crate`";

impl Settings {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        let mut settings = Self {
            krate: parse_quote!(::hypha_client),
            id: None,
            name: None,
            kind: None,
            visibility: None,
            require_context: None,
            rename_all: None,
            dispatcher: None,
            client: Client::Default,
        };
        let parser = syn::meta::parser(|meta| {
            let is = |name: &str| meta.path.is_ident(name);
            if is("id") {
                settings.id = Some(meta.value()?.parse()?);
            } else if is("name") {
                settings.name = Some(meta.value()?.parse()?);
            } else if is("kind") {
                settings.kind = Some(meta.value()?.parse()?);
            } else if is("visibility") {
                settings.visibility = Some(visibility(&meta.value()?.parse()?)?);
            } else if is("require_context") {
                settings.require_context = Some(meta.value()?.parse()?);
            } else if is("rename_all") {
                settings.rename_all = Some(Case::parse(&meta.value()?.parse()?)?);
            } else if is("dispatcher") {
                settings.dispatcher = Some(meta.value()?.parse()?);
            } else if is("client") {
                let value = meta.value()?;
                settings.client = if value.peek(LitBool) {
                    let wanted: LitBool = value.parse()?;
                    if wanted.value {
                        Client::Default
                    } else {
                        Client::None
                    }
                } else {
                    Client::Named(value.parse()?)
                };
            } else if is("crate") {
                settings.krate = Path::parse_mod_style(meta.value()?)?;
            } else {
                return Err(meta.error(KNOWN));
            }
            Ok(())
        });
        parser.parse2(tokens)?;
        Ok(settings)
    }
}

fn visibility(name: &Ident) -> Result<Ident> {
    let variant = match &*name.to_string() {
        "public" => "Public",
        "protected" => "Protected",
        "unlisted" => "Unlisted",
        _ => {
            let message = "write `public`, `protected` or `unlisted`";
            return Err(syn::Error::new_spanned(name, message));
        }
    };
    Ok(Ident::new(variant, name.span()))
}
