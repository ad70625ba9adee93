//! What types must be, said where they are written: else the compiler points at what was made of them.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

use crate::lent;
use crate::method::Method;
use crate::param::Role;
use crate::returns;

/// Functions of the service take these parameters and give these results.
pub(super) fn of_service(krate: &Path, methods: &[Method]) -> TokenStream {
    checks(methods, |method| {
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
                    assert!(
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
pub(super) fn of_client(krate: &Path, methods: &[Method]) -> TokenStream {
    checks(methods, |method| {
        let params = method.params.iter();
        let params = params.filter(|param| matches!(param.role, Role::Argument { .. }));
        let params = params.map(|param| {
            let ty = lent::given(&param.ty, krate);
            quote_spanned!(param.ty.span()=> #krate::__macros::is_sent::<#ty>();)
        });
        quote!(#(#params)*)
    })
}

fn checks(methods: &[Method], of: impl Fn(&Method) -> TokenStream) -> TokenStream {
    let checks = methods.iter().map(|method| {
        let cfgs = &method.cfgs;
        let checks = of(method);
        quote!(#(#cfgs)* fn _check() { #checks })
    });
    quote!(#(const _: () = { #checks };)*)
}
