//! Doc comments.

mod arguments;

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Expr, ExprLit, Lit, Meta, Path, Result};

use self::arguments::Arguments;
use crate::param::{Param, Role};

/// The docs of an item.
pub(crate) struct Docs(Vec<Expr>);

impl Docs {
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let texts = attributes
            .iter()
            .filter_map(|attribute| match &attribute.meta {
                Meta::NameValue(meta) if meta.path.is_ident("doc") => Some(meta.value.clone()),
                _ => None,
            });
        Self(texts.collect())
    }

    /// An expression for the text, without the space that starts each line; none if there are no docs.
    pub(crate) fn text(&self, krate: &Path) -> Option<TokenStream> {
        let texts: Option<Vec<String>> = self.0.iter().map(literal).collect();
        match texts {
            Some(texts) => {
                let text = clean(&texts);
                (!text.is_empty()).then(|| quote!(#text))
            }
            // `include_str!` and the like are not known here.
            None => {
                let texts = self.0.iter();
                Some(quote!(&*#krate::__macros::docs(&[#(#texts),*])))
            }
        }
    }

    /// The list below `# Arguments` is of parameters.
    pub(crate) fn check(&self, params: &[Param]) -> Result<()> {
        let mut arguments = Arguments::default();
        for expr in &self.0 {
            let Some(text) = literal(expr) else {
                return Ok(());
            };
            for line in text.split('\n') {
                let line = line.strip_prefix(' ').unwrap_or(line);
                let Some(name) = arguments.read(line) else {
                    continue;
                };
                if params.iter().any(|param| param.is_called(name)) {
                    continue;
                }
                let names = params
                    .iter()
                    .filter(|param| matches!(param.role, Role::Argument { .. }));
                let names: Vec<String> = names
                    .map(|param| format!("`{}`", param.own_name()))
                    .collect();
                let message = match &names[..] {
                    [] => format!("`{name}` is no parameter: callers pass none"),
                    names => format!(
                        "`{name}` is no parameter: write of {}, or put it above the heading",
                        names.join(", ")
                    ),
                };
                return Err(Error::new(expr.span(), message));
            }
        }
        Ok(())
    }
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        // As `macro_rules` passes it.
        Expr::Group(inner) => literal(&inner.expr),
        _ => None,
    }
}

fn clean(texts: &[String]) -> String {
    let lines = texts.iter().flat_map(|text| text.split('\n'));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n").trim().to_owned()
}
