//! Arguments of outgoing calls.

use hypha_codec::{EncodeError, Value, Writer};
use serde::Serialize;

/// The positional arguments of a call: a tuple of up to twelve `Serialize` types, or a list of
/// values. Sealed: the wire knows no other form.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of arguments",
    note = "arguments are a tuple of up to 12 `Serialize` types: `()`, `(1,)` for a single one, `(1, \"a\")`; or a `Vec<Value>`"
)]
pub trait Arguments: sealed::Sealed {
    /// How many there are.
    #[doc(hidden)]
    fn count(&self) -> usize;

    /// Writes them one after the other.
    #[doc(hidden)]
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError>;
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody else is to implement it")]
    pub trait Sealed {}
}

macro_rules! tuples {
    ($($count:literal: ($($field:ident $index:tt),*);)*) => {$(
        impl<$($field: Serialize),*> sealed::Sealed for ($($field,)*) {}

        impl<$($field: Serialize),*> Arguments for ($($field,)*) {
            fn count(&self) -> usize {
                $count
            }

            #[allow(unused_variables, reason = "one body for every number of arguments")]
            fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                $(writer.typed(&self.$index)?;)*
                Ok(())
            }
        }
    )*};
}

tuples! {
    0: ();
    1: (A 0);
    2: (A 0, B 1);
    3: (A 0, B 1, C 2);
    4: (A 0, B 1, C 2, D 3);
    5: (A 0, B 1, C 2, D 3, E 4);
    6: (A 0, B 1, C 2, D 3, E 4, F 5);
    7: (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    8: (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    9: (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    10: (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
    11: (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
    12: (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
}

impl sealed::Sealed for Vec<Value> {}

impl Arguments for Vec<Value> {
    fn count(&self) -> usize {
        self.len()
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        for value in self {
            writer.value(value)?;
        }
        Ok(())
    }
}
