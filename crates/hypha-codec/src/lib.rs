#![cfg_attr(feature = "serde", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "serde"),
    doc = "Values, tagged types and frames of the Hypha RPC wire format."
)]
//!
//! # Where to find what
//!
//! | | |
//! |---|---|
//! | values | [`Value`], [`Map`], [`Text`], [`Integer`], [`NdArray`], [`TypedArray`], [`ErrorValue`], [`Timestamp`], [`Ext`] |
//! | what a peer can be asked to do | [`Method`], [`Generator`], [`IoStream`]; local ones: [`Object`], [`Export`], [`Import`] |
//! | bytes | [`decode`], [`Decoder`], [`encode`], [`Encoder`], [`Writer`], [`Rope`] |
//! | frames | [`Packet`], [`Header`], [`HeaderEdits`], [`OutgoingHeader`], [`encode_frame`], [`Payload`], [`Scalar`], [`Envelope`], [`Binding`] |
//! | types of your own | [`CodecRegistry`], [`TypeCodec`] |
//! | names on the wire | [`wire`] |

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
pub use payload::{Binding, Envelope, Payload, Promise, Scalar, WrittenPromise};
pub use registry::{CodecRegistry, RegisterError, TypeCodec};
pub use rope::{Chunks, Rope};
pub use text::Text;
pub use value::{ErrorValue, Map, MapIter, Value};
