//! Arrays of the `ndarray` crate.

use std::fmt::Debug;

use bytemuck::{CheckedBitPattern, NoUninit, PodCastError, checked};
use bytes::Bytes;
use half::f16;
use ndarray::{Array, ArrayD, ArrayViewD, CowArray, Dimension, IxDyn};
use num_complex::Complex;

use super::{ArrayError, DType, NdArray};

/// A Rust type that array elements can be: bool, the integers of 8 to 64 bit, `f16`, `f32`, `f64` and complex numbers.
pub trait Element:
    CheckedBitPattern<Bits: Debug> + NoUninit + Debug + PartialEq + Send + Sync + sealed::Sealed
{
    /// The element type as it is named on the wire.
    #[must_use]
    fn dtype() -> DType;
}

mod sealed {
    #[expect(
        unnameable_types,
        reason = "nobody else can implement what nobody can name"
    )]
    pub trait Sealed {}
}

macro_rules! elements {
    ($($type:ty: $native:ident, $big_endian:literal;)*) => {$(
        impl sealed::Sealed for $type {}

        impl Element for $type {
            fn dtype() -> DType {
                if cfg!(target_endian = "little") { DType::$native } else { DType::from($big_endian) }
            }
        }
    )*};
}

elements! {
    bool: Bool, "bool";
    i8: Int8, "int8";
    i16: Int16, ">i2";
    i32: Int32, ">i4";
    i64: Int64, ">i8";
    u8: Uint8, "uint8";
    u16: Uint16, ">u2";
    u32: Uint32, ">u4";
    u64: Uint64, ">u8";
    f16: Float16, ">f2";
    f32: Float32, ">f4";
    f64: Float64, ">f8";
    Complex<f32>: Complex64, ">c8";
    Complex<f64>: Complex128, ">c16";
}

impl NdArray {
    /// The array for the `ndarray` crate: a view of these bytes, or a copy where they are not aligned for the type.
    ///
    /// # Errors
    /// If the elements are of another type.
    pub fn as_ndarray<T: Element>(&self) -> Result<CowArray<'_, T, IxDyn>, ArrayError> {
        let found = self.dtype();
        if *found != T::dtype() {
            return Err(ArrayError::WrongElementType {
                expected: T::dtype(),
                found: found.clone(),
            });
        }
        let shape = IxDyn(self.shape());
        let mismatch = |_| ArrayError::SizeMismatch {
            dtype: found.clone(),
            shape: self.shape().into(),
            bytes: self.data().len(),
        };
        match checked::try_cast_slice::<u8, T>(self.data()) {
            Ok(elements) => ArrayViewD::from_shape(shape, elements)
                .map(CowArray::from)
                .map_err(mismatch),
            Err(checked::CheckedCastError::PodCastError(
                PodCastError::TargetAlignmentGreaterAndInputNotAligned,
            )) => {
                let elements = self.copied()?;
                ArrayD::from_shape_vec(shape, elements)
                    .map(CowArray::from)
                    .map_err(mismatch)
            }
            Err(_) => Err(ArrayError::InvalidElement {
                dtype: found.clone(),
            }),
        }
    }

    /// The array for the `ndarray` crate, with elements of its own.
    ///
    /// # Errors
    /// If the elements are of another type.
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>, ArrayError> {
        self.as_ndarray().map(CowArray::into_owned)
    }

    fn copied<T: Element>(&self) -> Result<Vec<T>, ArrayError> {
        let invalid = |_| ArrayError::InvalidElement {
            dtype: self.dtype().clone(),
        };
        let elements = self.data().chunks_exact(size_of::<T>());
        elements
            .map(|element| checked::try_pod_read_unaligned(element).map_err(invalid))
            .collect()
    }
}

impl<T: Element, D: Dimension> From<Array<T, D>> for NdArray {
    /// Takes the elements over; they are copied only if they are not in C order.
    fn from(array: Array<T, D>) -> Self {
        let shape = Box::<[usize]>::from(array.shape());
        let len = size_of::<T>() * array.len();
        let array = if array.is_standard_layout() {
            array
        } else {
            array.as_standard_layout().into_owned()
        };
        let data = match array.into_raw_vec_and_offset() {
            (elements, None | Some(0)) => Bytes::from_owner(Elements(elements)),
            (elements, Some(skipped)) => {
                Bytes::from_owner(Elements(elements)).slice(skipped * size_of::<T>()..)
            }
        };
        Self::from_checked(T::dtype(), shape, data.slice(..len))
    }
}

impl<T: Element> TryFrom<&NdArray> for ArrayD<T> {
    type Error = ArrayError;

    fn try_from(array: &NdArray) -> Result<Self, ArrayError> {
        array.to_ndarray()
    }
}

impl<T: Element> TryFrom<NdArray> for ArrayD<T> {
    type Error = ArrayError;

    fn try_from(array: NdArray) -> Result<Self, ArrayError> {
        array.to_ndarray()
    }
}

/// Elements as the bytes that they are.
struct Elements<T>(Vec<T>);

impl<T: NoUninit> AsRef<[u8]> for Elements<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, arr0, array};

    use super::*;

    #[test]
    fn arrays_are_taken_over_and_viewed_without_a_copy() {
        let elements = array![[1.5_f32, 2.0], [3.0, -4.0], [5.0, 6.0]];
        let at = elements.as_ptr().cast::<u8>();
        let array = NdArray::from(elements.clone());
        assert_ne!(array.data().as_ptr(), at);
        let kept = elements.as_ptr().cast::<u8>();
        let array_kept = NdArray::from(elements);
        assert_eq!(array_kept.data().as_ptr(), kept);
        assert_eq!(
            (array.dtype(), array.shape()),
            (&DType::Float32, &[3, 2][..])
        );
        let view = array.as_ndarray::<f32>().expect("floats");
        assert!(view.is_view());
        assert_eq!(view[[1, 1]], -4.0);
        assert_eq!(ArrayD::<f32>::try_from(&array_kept), Ok(view.to_owned()));
    }

    #[test]
    fn order_in_memory_does_not_matter() {
        let turned = array![[1_u16, 2, 3], [4, 5, 6]].reversed_axes();
        let array = NdArray::from(turned.clone());
        assert_eq!(array.shape(), [3, 2]);
        assert_eq!(array.data()[..4], [1, 0, 4, 0]);
        assert_eq!(
            array.to_ndarray::<u16>().expect("integers"),
            turned.into_dyn()
        );
        let mut cut = array![[1_u8, 2], [3, 4], [5, 6]];
        cut.slice_axis_inplace(Axis(0), (1..).into());
        assert_eq!(NdArray::from(cut).data()[..], [3, 4, 5, 6]);
        let mut front = array![1_u8, 2, 3];
        front.slice_axis_inplace(Axis(0), (..2).into());
        assert_eq!(NdArray::from(front).data()[..], [1, 2]);
    }

    #[test]
    fn unaligned_bytes_are_copied() {
        let bytes = Bytes::from([&[0][..], &7_i64.to_le_bytes(), &(-8_i64).to_le_bytes()].concat());
        let starts = if bytes.as_ptr().addr() % 8 == 0 { 1 } else { 0 };
        let whole = if starts == 1 {
            bytes
        } else {
            Bytes::from([&[0, 0][..], &bytes[1..]].concat())
        };
        let data = whole.slice(whole.len() - 16..);
        let array = NdArray::new(DType::Int64, [2], data.clone()).expect("two elements");
        let read = array.as_ndarray::<i64>().expect("integers");
        assert_eq!(read.is_view(), data.as_ptr().addr() % 8 == 0);
        assert_eq!(read, array![7, -8].into_dyn());
    }

    #[test]
    fn every_element_type_goes_there_and_back() {
        fn check<T: Element>(element: T, name: &str) {
            let array = NdArray::from(Array2::from_elem((2, 1), element));
            assert_eq!(array.dtype().as_str(), name);
            let again = NdArray::new(array.dtype().clone(), array.shape(), array.data().clone())
                .expect("it fits");
            assert_eq!(
                again.to_ndarray::<T>().expect("the same type")[[1, 0]],
                element
            );
        }
        check(true, "bool");
        check(-1_i8, "int8");
        check(-2_i16, "int16");
        check(-3_i32, "int32");
        check(-4_i64, "int64");
        check(1_u8, "uint8");
        check(2_u16, "uint16");
        check(3_u32, "uint32");
        check(4_u64, "uint64");
        check(f16::from_f32(1.5), "float16");
        check(2.5_f32, "float32");
        check(3.5_f64, "float64");
        check(Complex::new(1.0_f32, 2.0), "complex64");
        check(Complex::new(1.0_f64, 2.0), "complex128");
        let single = NdArray::from(arr0(7_u8));
        assert_eq!((single.shape(), &single.data()[..]), (&[][..], &[7][..]));
    }

    #[test]
    fn wrong_elements_are_errors() {
        let array = NdArray::new(DType::Int8, [2], vec![1, 2]).expect("two elements");
        let error = array.as_ndarray::<u8>().expect_err("signed");
        assert_eq!(error.to_string(), "array of int8 is no array of uint8");
        let array = NdArray::new(DType::Bool, [2], vec![1, 2]).expect("two elements");
        assert_eq!(
            array.as_ndarray::<bool>(),
            Err(ArrayError::InvalidElement { dtype: DType::Bool })
        );
    }
}
