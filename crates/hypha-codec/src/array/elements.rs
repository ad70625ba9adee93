//! Elements of arrays as values.

use bytes::Bytes;

use super::{DType, NdArray, TypedArray};
use crate::integer::Integer;
use crate::value::Value;

/// A shape like `[10^12, 0]` takes no bytes; its rows are not given out one by one.
const MAX_EMPTY_ROWS: usize = 4096;

/// How an element that is a number is laid out.
#[derive(Clone, Copy)]
struct Layout {
    kind: Kind,
    /// Bytes of the whole element.
    size: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    Complex,
}

impl NdArray {
    /// The only element of an array without sides, if it is a number.
    pub(crate) fn scalar(&self) -> Option<Value> {
        match self.shape() {
            [] => Layout::of(self.dtype())?.read(self.data()),
            _ => None,
        }
    }

    /// The parts along the first side: arrays of one side less, or numbers. None for arrays without sides or whose
    /// elements are no numbers, and for absurdly many empty parts.
    pub(crate) fn rows(&self) -> Option<impl Iterator<Item = Value> + use<>> {
        let layout = Layout::of(self.dtype())?;
        let (&rows, inner) = self.shape().split_first()?;
        if self.data().is_empty() && rows > MAX_EMPTY_ROWS {
            return None;
        }
        let stride = self.data().len().checked_div(rows).unwrap_or_default();
        let (data, dtype, inner) = (
            self.data().clone(),
            self.dtype().clone(),
            Box::<[usize]>::from(inner),
        );
        Some((0..rows).filter_map(move |row| {
            let part = data.slice(row * stride..(row + 1) * stride);
            if inner.is_empty() {
                layout.read(&part)
            } else {
                Self::new(dtype.clone(), inner.clone(), part)
                    .ok()
                    .map(Value::NdArray)
            }
        }))
    }
}

impl TypedArray {
    /// How many elements there are; none are counted where the element type is not known.
    pub(crate) fn len(&self) -> usize {
        let size = self.dtype().and_then(DType::item_size).unwrap_or_default();
        self.data().len().checked_div(size).unwrap_or_default()
    }

    /// The elements, if they are numbers of a known type.
    pub(crate) fn elements(&self) -> Option<impl Iterator<Item = Value> + use<>> {
        let layout = Layout::of(self.dtype()?)?;
        let data = self.data().clone();
        Some((0..data.len() / layout.size).filter_map(move |at| layout.element(&data, at)))
    }
}

impl Layout {
    fn of(dtype: &DType) -> Option<Self> {
        let native = |kind| {
            Some(Self {
                kind,
                size: dtype.item_size()?,
                big_endian: false,
            })
        };
        match dtype {
            DType::Bool => native(Kind::Bool),
            DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => native(Kind::Signed),
            DType::Uint8 | DType::Uint16 | DType::Uint32 | DType::Uint64 => native(Kind::Unsigned),
            DType::Float16 | DType::Float32 | DType::Float64 => native(Kind::Float),
            DType::Complex64 | DType::Complex128 => native(Kind::Complex),
            DType::Other(spelled) => Self::spelled(spelled),
        }
    }

    /// Numbers in numpy's short spelling: `>i4`.
    fn spelled(name: &str) -> Option<Self> {
        let (order, kind, size) = match *name.as_bytes() {
            [order, kind, size] => (order, kind, size.checked_sub(b'0')?),
            [order, kind, b'1', size] => (order, kind, 10 + size.checked_sub(b'0')?),
            _ => return None,
        };
        let kind = match (kind, size) {
            (b'b', 1) => Kind::Bool,
            (b'i', 1 | 2 | 4 | 8) => Kind::Signed,
            (b'u', 1 | 2 | 4 | 8) => Kind::Unsigned,
            (b'f', 2 | 4 | 8) => Kind::Float,
            (b'c', 8 | 16) => Kind::Complex,
            _ => return None,
        };
        match order {
            b'<' | b'|' | b'=' | b'>' => Some(Self {
                kind,
                size: usize::from(size),
                big_endian: order == b'>',
            }),
            _ => None,
        }
    }

    fn element(self, data: &Bytes, at: usize) -> Option<Value> {
        self.read(data.get(at * self.size..(at + 1) * self.size)?)
    }

    fn read(self, element: &[u8]) -> Option<Value> {
        if self.kind == Kind::Complex {
            let (re, im) = element.split_at_checked(self.size / 2)?;
            return Some(Value::List(vec![
                Value::Float(self.float(re)?),
                Value::Float(self.float(im)?),
            ]));
        }
        Some(match self.kind {
            Kind::Bool => Value::Bool(self.bits(element)? != 0),
            Kind::Unsigned => Value::Int(Integer::from(self.bits(element)?)),
            Kind::Signed => {
                let unused = 64 - 8 * element.len() as u32;
                Value::Int(Integer::from(
                    (self.bits(element)? << unused) as i64 >> unused,
                ))
            }
            Kind::Float | Kind::Complex => Value::Float(self.float(element)?),
        })
    }

    /// The bytes of a number as the low bits of an integer.
    fn bits(self, number: &[u8]) -> Option<u64> {
        if number.is_empty() || number.len() > 8 {
            return None;
        }
        let push = |bits, byte: &u8| bits << 8 | u64::from(*byte);
        Some(if self.big_endian {
            number.iter().fold(0, push)
        } else {
            number.iter().rev().fold(0, push)
        })
    }

    fn float(self, number: &[u8]) -> Option<f64> {
        let bits = self.bits(number)?;
        match number.len() {
            2 => Some(half_to_f64(bits as u16)),
            4 => Some(f64::from(f32::from_bits(bits as u32))),
            8 => Some(f64::from_bits(bits)),
            _ => None,
        }
    }
}

/// IEEE half precision: 1 sign bit, 5 bits of exponent, 10 of fraction.
fn half_to_f64(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(dtype: &str, data: &[u8]) -> Vec<Value> {
        let array = TypedArray::new(dtype, data.to_vec()).expect("whole elements");
        array.elements().expect("numbers").collect()
    }

    #[test]
    fn reads_every_kind() {
        assert_eq!(elements("bool", &[0, 1]), [Value::from(false), true.into()]);
        assert_eq!(elements("int8", &[0xff, 5]), [Value::from(-1), 5.into()]);
        assert_eq!(
            elements(">i4", &[0xff, 0xff, 0xff, 0xfe]),
            [Value::from(-2)]
        );
        assert_eq!(elements("uint16", &[1, 2]), [Value::from(0x201)]);
        assert_eq!(
            elements("int64", &i64::MIN.to_le_bytes()),
            [Value::from(i64::MIN)]
        );
        assert_eq!(elements("uint64", &[0xff; 8]), [Value::from(u64::MAX)]);
        assert_eq!(
            elements("float32", &1.5_f32.to_le_bytes()),
            [Value::from(1.5)]
        );
        assert_eq!(
            elements(">f8", &(-2.5_f64).to_be_bytes()),
            [Value::from(-2.5)]
        );
        assert_eq!(
            elements("float16", &[0x00, 0x3c, 0x01, 0x80, 0x00, 0xfc]),
            [
                Value::from(1.0),
                (-(2_f64.powi(-24))).into(),
                f64::NEG_INFINITY.into()
            ]
        );
        let complex = [1.0_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat();
        assert_eq!(elements("complex64", &complex), [Value::from([1.0, 2.0])]);
        assert!(
            TypedArray::new("<U2", vec![0; 8])
                .expect("one element")
                .elements()
                .is_none()
        );
        assert!(TypedArray::untyped(vec![0; 8]).elements().is_none());
    }

    #[test]
    fn rows_of_arrays() {
        let array = NdArray::new(DType::Uint8, [2, 3], vec![1, 2, 3, 4, 5, 6]).expect("six bytes");
        let rows: Vec<Value> = array.rows().expect("numbers").collect();
        let row = NdArray::new(DType::Uint8, [3], vec![4, 5, 6]).expect("three bytes");
        assert_eq!(rows[1], Value::from(row));
        let empty = NdArray::new(DType::Uint8, [0, 3], vec![]).expect("no bytes");
        assert_eq!(empty.rows().expect("numbers").count(), 0);
        let zero_d = NdArray::new(DType::Int16, [], vec![5, 0]).expect("two bytes");
        assert_eq!(zero_d.scalar(), Some(Value::from(5)));
        assert!(zero_d.rows().is_none());
    }
}
