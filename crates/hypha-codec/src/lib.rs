//! Values, tagged types and packets of the Hypha RPC wire format.

mod array;
#[cfg(feature = "serde")]
mod bridge;
mod decode;
mod encode;
mod error;
mod extension;
mod function;
mod integer;
mod object;
mod packet;
mod payload;
mod registry;
#[cfg(feature = "rmpv")]
mod rmpv;
mod rope;
mod text;
mod value;
pub mod wire;

#[cfg(feature = "ndarray")]
pub use array::Element;
pub use array::{ArrayError, DType, NdArray, TypedArray};
#[cfg(feature = "serde")]
pub use bridge::{Binary, Custom, FromValueError, from_value, native, to_value};
pub use decode::{DecodeLimits, Decoder, Import, decode};
pub use encode::{Encoder, Export, Writer, encode};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use extension::{Ext, Timestamp};
pub use function::{Generator, IoStream, Method, Promised};
pub use integer::{Integer, IntegerOutOfRange};
pub use object::Object;
pub use packet::{Header, HeaderEdits, OutgoingHeader, Packet, encode_frame};
pub use payload::{Envelope, Payload, Promise, WrittenPromise};
pub use registry::{CodecRegistry, RegisterError, TypeCodec};
pub use rope::{Chunks, Rope};
pub use text::Text;
pub use value::{ErrorValue, Map, MapIter, Value};
