//! What types must be, said where they are written: else the compiler points at what was made of them.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Path};

use crate::lent;
use crate::method::Method;
use crate::param::Role;
use crate::returns;

/// Types that are known by their names are Hypha's. `called` is whether there is a client, for which results matter.
pub(super) fn of_names(
    krate: &Path,
    methods: &[Method],
    called: bool,
    allows: &[Attribute],
) -> TokenStream {
    checks(methods, allows, |method| {
        let params = method.params.iter().flat_map(|param| match param.role {
            Role::Argument { untyped, .. } => lent::taken(&param.ty, untyped),
            Role::Extracted if !lent::is_named(&param.ty, "Context") => Vec::new(),
            Role::Extracted | Role::Kwargs | Role::Rest => vec![param.ty.clone()],
        });
        let results = match method.returns {
            None if called => lent::lent(&method.output),
            _ => Vec::new(),
        };
        let types = params.chain(results);
        let checks =
            types.map(|ty| quote_spanned!(ty.span()=> #krate::__macros::is_of_hypha::<#ty>();));
        quote!(#(#checks)*)
    })
}

/// Functions of the service take these parameters and give these results.
pub(super) fn of_service(krate: &Path, methods: &[Method], allows: &[Attribute]) -> TokenStream {
    checks(methods, allows, |method| {
        let params = method.params.iter().map(|param| {
            let ty = &param.ty;
            quote_spanned!(ty.span()=> #krate::__macros::is_parameter::<#ty>();)
        });
        let output = &method.output;
        let output = if returns::is_fallible(output) {
            quote_spanned!(output.span()=> #krate::__macros::is_reply::<#output>();)
        } else {
            quote_spanned! {output.span()=>
                #krate::__macros::is_sent::<#output>();
                const _: () = {
                    use #krate::__macros::NoResult as _;
                    ::core::assert!(
                        !#krate::__macros::Probe::<#output>::IS_RESULT,
                        "this is a `Result` by another name: write `Result<T, E>`, so that errors are told from values"
                    );
                };
            }
        };
        quote!(#(#params)* #output)
    })
}

/// Callers pass these arguments.
pub(super) fn of_client(krate: &Path, methods: &[Method], allows: &[Attribute]) -> TokenStream {
    checks(methods, allows, |method| {
        let params = method.params.iter();
        let params = params.filter(|param| matches!(param.role, Role::Argument { .. }));
        let params = params.map(|param| {
            let ty = lent::given(&param.ty, krate);
            quote_spanned!(param.ty.span()=> #krate::__macros::is_sent::<#ty>();)
        });
        quote!(#(#params)*)
    })
}

/// `allows` is what the trait or the type may do.
fn checks(
    methods: &[Method],
    allows: &[Attribute],
    of: impl Fn(&Method) -> TokenStream,
) -> TokenStream {
    let checks = methods.iter().map(|method| {
        let Method { cfgs, allows, .. } = method;
        let checks = of(method);
        quote!(#(#cfgs)* #(#allows)* fn _check() { #checks })
    });
    let checks = checks.map(|check| quote!(#(#allows)* const _: () = { #check };));
    quote!(#(#checks)*)
}
