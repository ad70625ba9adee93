//! Functions and closures as methods.

use std::future::Future;

use futures_core::Stream;

use super::extract::{CallArguments, FromCall};
use super::reply::{IntoReply, Output};
use crate::error::RemoteError;
use crate::stream::Streamed;

/// An async function or closure that can be a method.
///
/// Implemented for `Fn(A1, .., An) -> impl Future` of up to twelve arguments, where every argument
/// is [`FromCall`] and the future's output is [`IntoReply`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot handle calls",
    note = "handlers are `Fn(..) -> impl Future + Send` with up to 12 arguments, each `DeserializeOwned` or an extractor such as `Context`"
)]
pub trait Handler<Args>: Send + Sync + 'static {
    /// Whether an argument is the [`Context`](crate::Context).
    fn takes_context(&self) -> bool;

    /// Extracts the arguments and runs the function.
    fn call(
        &self,
        arguments: CallArguments,
    ) -> impl Future<Output = Result<Output, RemoteError>> + Send + 'static;
}

/// A plain function or closure that can be a blocking method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot handle blocking calls",
    note = "blocking handlers are `Fn(..) -> R` with up to 12 arguments, each `DeserializeOwned` or an extractor such as `Context`"
)]
pub trait BlockingHandler<Args>: Send + Sync + 'static {
    /// Whether an argument is the [`Context`](crate::Context).
    fn takes_context(&self) -> bool;

    /// Extracts the arguments and runs the function on this thread.
    ///
    /// # Errors
    /// What the function, its arguments or its result say.
    fn call(&self, arguments: CallArguments) -> Result<Output, RemoteError>;
}

/// A function or closure whose result is a stream of items.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a streaming method",
    note = "streaming handlers are `Fn(..) -> impl Stream + Send` with up to 12 arguments, each `DeserializeOwned` or an extractor such as `Context`; items are what methods may return"
)]
pub trait StreamHandler<Args>: Send + Sync + 'static {
    /// Whether an argument is the [`Context`](crate::Context).
    fn takes_context(&self) -> bool;

    /// Extracts the arguments and makes the stream, which is not polled yet.
    ///
    /// # Errors
    /// If an argument is missing or does not fit.
    fn start(&self, arguments: CallArguments) -> Result<Streamed, RemoteError>;
}

macro_rules! handlers {
    ($($arg:ident),*) => {
        impl<F, Fut, $($arg,)*> Handler<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            Fut::Output: IntoReply,
            $($arg: FromCall,)*
        {
            fn takes_context(&self) -> bool {
                false $(|| $arg::IS_CONTEXT)*
            }

            #[allow(non_snake_case, unused_mut, reason = "one body for every number of arguments")]
            fn call(&self, mut arguments: CallArguments) -> impl Future<Output = Result<Output, RemoteError>> + Send + 'static {
                // The function is called here and not in the future, which then need not hold it.
                let encoder = arguments.encoder().clone();
                let started = (|| -> Result<Fut, RemoteError> {
                    $(let $arg = $arg::from_call(&mut arguments)?;)*
                    arguments.finish(&[$($arg::IS_CONTEXT),*])?;
                    Ok(self($($arg),*))
                })();
                async move { started?.await.into_reply(&encoder) }
            }
        }

        impl<F, S, $($arg,)*> StreamHandler<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> S + Send + Sync + 'static,
            S: Stream + Send + 'static,
            S::Item: IntoReply + Send + 'static,
            $($arg: FromCall,)*
        {
            fn takes_context(&self) -> bool {
                false $(|| $arg::IS_CONTEXT)*
            }

            #[allow(non_snake_case, unused_mut, reason = "one body for every number of arguments")]
            fn start(&self, mut arguments: CallArguments) -> Result<Streamed, RemoteError> {
                $(let $arg = $arg::from_call(&mut arguments)?;)*
                arguments.finish(&[$($arg::IS_CONTEXT),*])?;
                Ok(Streamed::new(self($($arg),*)))
            }
        }

        impl<F, R, $($arg,)*> BlockingHandler<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: IntoReply,
            $($arg: FromCall,)*
        {
            fn takes_context(&self) -> bool {
                false $(|| $arg::IS_CONTEXT)*
            }

            #[allow(non_snake_case, unused_mut, reason = "one body for every number of arguments")]
            fn call(&self, mut arguments: CallArguments) -> Result<Output, RemoteError> {
                $(let $arg = $arg::from_call(&mut arguments)?;)*
                let encoder = arguments.encoder().clone();
                arguments.finish(&[$($arg::IS_CONTEXT),*])?;
                self($($arg),*).into_reply(&encoder)
            }
        }
    };
}

handlers!();
handlers!(A1);
handlers!(A1, A2);
handlers!(A1, A2, A3);
handlers!(A1, A2, A3, A4);
handlers!(A1, A2, A3, A4, A5);
handlers!(A1, A2, A3, A4, A5, A6);
handlers!(A1, A2, A3, A4, A5, A6, A7);
handlers!(A1, A2, A3, A4, A5, A6, A7, A8);
handlers!(A1, A2, A3, A4, A5, A6, A7, A8, A9);
handlers!(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10);
handlers!(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11);
handlers!(A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12);
