//! Arrays of numbers: n-dimensional ones and JavaScript's typed arrays.

mod dtype;
#[cfg(feature = "serde")]
mod elements;
#[cfg(feature = "ndarray")]
mod typed;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use self::dtype::DType;
#[cfg(feature = "ndarray")]
pub use self::typed::Element;
use crate::value::debug::ShortBytes;

/// An n-dimensional array: bytes in C order, little-endian unless the element type says otherwise.
///
/// The bytes of a decoded array are a slice of the frame it came in. Clones share everything.
#[derive(Clone, PartialEq)]
pub struct NdArray(Arc<NdArrayParts>);

#[derive(Clone, PartialEq)]
struct NdArrayParts {
    dtype: DType,
    shape: Box<[usize]>,
    data: Bytes,
}

impl NdArray {
    /// An array of the given element type and shape over bytes in C order; the shape `[]` is a single element.
    ///
    /// # Errors
    /// If the bytes are not as many as element size and shape call for, where the element size is known.
    pub fn new(
        dtype: impl Into<DType>,
        shape: impl Into<Box<[usize]>>,
        data: impl Into<Bytes>,
    ) -> Result<Self, ArrayError> {
        let (dtype, shape, data) = (dtype.into(), shape.into(), data.into());
        let elements = shape
            .iter()
            .try_fold(1_usize, |n, &side| n.checked_mul(side));
        if let Some(size) = dtype.item_size() {
            // An overflow beside a zero side is still an empty array.
            let wanted = match elements {
                _ if shape.contains(&0) => Some(0),
                elements => elements.and_then(|n| n.checked_mul(size)),
            };
            if wanted != Some(data.len()) {
                return Err(ArrayError::SizeMismatch {
                    dtype,
                    shape,
                    bytes: data.len(),
                });
            }
        }
        Ok(Self(Arc::new(NdArrayParts { dtype, shape, data })))
    }

    /// An array whose size is known to be right.
    #[cfg(feature = "ndarray")]
    fn from_checked(dtype: DType, shape: Box<[usize]>, data: Bytes) -> Self {
        Self(Arc::new(NdArrayParts { dtype, shape, data }))
    }

    /// The element type.
    #[must_use]
    pub fn dtype(&self) -> &DType {
        &self.0.dtype
    }

    /// The sides of the array, the slowest first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    /// The elements in C order.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.0.data
    }

    /// Element type, shape and elements by value.
    #[must_use]
    pub fn into_parts(self) -> (DType, Box<[usize]>, Bytes) {
        let NdArrayParts { dtype, shape, data } = Arc::unwrap_or_clone(self.0);
        (dtype, shape, data)
    }

    pub(crate) fn detach_in_place(&mut self) {
        let data = Bytes::copy_from_slice(self.data());
        Arc::make_mut(&mut self.0).data = data;
    }
}

impl fmt::Debug for NdArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "NdArray({} {:?} {:?})",
            self.dtype(),
            self.shape(),
            ShortBytes(self.data())
        )
    }
}

/// A JavaScript typed array: one-dimensional, little-endian.
#[derive(Clone, PartialEq)]
pub struct TypedArray(Box<(Option<DType>, Bytes)>);

impl TypedArray {
    /// A typed array over bytes.
    ///
    /// # Errors
    /// If the bytes are not a whole number of elements, where the element size is known.
    pub fn new(dtype: impl Into<DType>, data: impl Into<Bytes>) -> Result<Self, ArrayError> {
        Self::with_optional_dtype(Some(dtype.into()), data.into())
    }

    /// A typed array that does not say what its elements are, as JavaScript sends kinds it has no name for.
    #[must_use]
    pub fn untyped(data: impl Into<Bytes>) -> Self {
        Self(Box::new((None, data.into())))
    }

    pub(crate) fn with_optional_dtype(
        dtype: Option<DType>,
        data: Bytes,
    ) -> Result<Self, ArrayError> {
        let size = dtype.as_ref().and_then(DType::item_size);
        match (dtype, size) {
            (Some(dtype), Some(size)) if size > 0 && !data.len().is_multiple_of(size) => {
                Err(ArrayError::PartialElement {
                    dtype,
                    bytes: data.len(),
                })
            }
            (dtype, _) => Ok(Self(Box::new((dtype, data)))),
        }
    }

    /// The element type; none if the sender had no name for it.
    #[must_use]
    pub fn dtype(&self) -> Option<&DType> {
        self.0.0.as_ref()
    }

    /// The elements.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.0.1
    }

    /// Element type and elements by value.
    #[must_use]
    pub fn into_parts(self) -> (Option<DType>, Bytes) {
        *self.0
    }

    pub(crate) fn detach_in_place(&mut self) {
        self.0.1 = Bytes::copy_from_slice(self.data());
    }
}

impl TryFrom<TypedArray> for NdArray {
    type Error = ArrayError;

    /// The same elements as an array of one dimension.
    ///
    /// # Errors
    /// If it is not known how large an element is: peers disagree about arrays without element type.
    fn try_from(array: TypedArray) -> Result<Self, ArrayError> {
        let (dtype, data) = array.into_parts();
        match dtype.as_ref().and_then(DType::item_size) {
            Some(size) if size > 0 => {
                let elements = data.len() / size;
                Self::new(dtype.unwrap_or(DType::Uint8), [elements], data)
            }
            _ => Err(ArrayError::UnknownElementSize { dtype }),
        }
    }
}

impl fmt::Debug for TypedArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dtype = self.dtype().map_or("untyped", DType::as_str);
        write!(f, "TypedArray({dtype} {:?})", ShortBytes(self.data()))
    }
}

/// Bytes that do not make the array they are said to be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ArrayError {
    /// Shape and element type call for another number of bytes.
    #[non_exhaustive]
    SizeMismatch {
        /// The element type.
        dtype: DType,
        /// The shape.
        shape: Box<[usize]>,
        /// How many bytes there are.
        bytes: usize,
    },
    /// The elements are of another type than asked for.
    #[cfg(feature = "ndarray")]
    #[non_exhaustive]
    WrongElementType {
        /// The element type asked for.
        expected: DType,
        /// The element type of the array.
        found: DType,
    },
    /// An element has bits that its type does not allow: a bool that is neither zero nor one.
    #[cfg(feature = "ndarray")]
    #[non_exhaustive]
    InvalidElement {
        /// The element type.
        dtype: DType,
    },
    /// It is not known how large an element is.
    #[non_exhaustive]
    UnknownElementSize {
        /// The element type, if there is one.
        dtype: Option<DType>,
    },
    /// The last element is not complete.
    #[non_exhaustive]
    PartialElement {
        /// The element type.
        dtype: DType,
        /// How many bytes there are.
        bytes: usize,
    },
}

impl fmt::Display for ArrayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SizeMismatch {
                dtype,
                shape,
                bytes,
            } => {
                write!(
                    f,
                    "{bytes} bytes are no array of {dtype} with shape {shape:?}"
                )
            }
            #[cfg(feature = "ndarray")]
            Self::WrongElementType { expected, found } => {
                write!(f, "array of {found} is no array of {expected}")
            }
            #[cfg(feature = "ndarray")]
            Self::InvalidElement { dtype } => write!(f, "array holds bytes that are no {dtype}"),
            Self::UnknownElementSize { dtype: Some(dtype) } => {
                write!(f, "the size of {dtype} is not known")
            }
            Self::UnknownElementSize { dtype: None } => {
                f.write_str("typed array without element type")
            }
            Self::PartialElement { dtype, bytes } => {
                write!(f, "{bytes} bytes are no whole number of {dtype}")
            }
        }
    }
}

impl std::error::Error for ArrayError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_the_size() {
        assert!(NdArray::new(DType::Int16, [2, 3], vec![0; 12]).is_ok());
        assert!(NdArray::new(DType::Int16, [2, 3], vec![0; 11]).is_err());
        assert!(
            NdArray::new(DType::Float64, [], vec![0; 8]).is_ok(),
            "no sides is one element"
        );
        assert!(NdArray::new(DType::Float64, [0, 3], vec![]).is_ok());
        assert!(NdArray::new(DType::Float64, [usize::MAX, usize::MAX], vec![0; 8]).is_err());
        assert!(NdArray::new(DType::Float64, [usize::MAX, usize::MAX, 0], vec![]).is_ok());
        assert!(NdArray::new("<U2", [2], vec![0; 16]).is_ok());
        assert!(NdArray::new("<U2", [2], vec![0; 15]).is_err());
        assert!(
            NdArray::new("mystery", [2], vec![0; 15]).is_ok(),
            "an unknown element size is not checked"
        );
        assert!(TypedArray::new(DType::Float32, vec![0; 8]).is_ok());
        assert!(TypedArray::new(DType::Float32, vec![0; 7]).is_err());
        let typed = TypedArray::new(DType::Int16, vec![1, 0, 2, 0]).expect("two elements");
        assert_eq!(
            NdArray::try_from(typed).map(|array| array.shape().to_vec()),
            Ok(vec![2])
        );
        let unknown = NdArray::try_from(TypedArray::untyped(vec![0; 8])).expect_err("of what?");
        assert_eq!(unknown.to_string(), "typed array without element type");
    }
}
