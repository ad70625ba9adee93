//! Debug output that stays readable beside large payloads.

use std::fmt;

use super::Value;

/// How many bytes of a byte string are shown.
const SHOWN: usize = 16;

/// Shows the first bytes, and how many there are if that is not all.
pub(crate) struct ShortBytes<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for ShortBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        for byte in self.0.iter().take(SHOWN) {
            write!(f, "{byte:02x}")?;
        }
        if self.0.len() > SHOWN {
            write!(f, "… ({} bytes)", self.0.len())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(b) => fmt::Debug::fmt(b, f),
            Self::Int(n) => fmt::Debug::fmt(n, f),
            Self::Float(float) => fmt::Debug::fmt(float, f),
            Self::Text(text) => fmt::Debug::fmt(text, f),
            Self::Bytes(bytes) => fmt::Debug::fmt(&ShortBytes(bytes), f),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(map) => fmt::Debug::fmt(map, f),
            Self::Set(items) => f.debug_set().entries(items).finish(),
            Self::OrderedMap(pairs) => {
                f.write_str("OrderedMap")?;
                f.debug_map()
                    .entries(pairs.iter().map(|(key, value)| (key, value)))
                    .finish()
            }
            Self::NdArray(array) => fmt::Debug::fmt(array, f),
            Self::TypedArray(array) => fmt::Debug::fmt(array, f),
            Self::MemoryView(bytes) => write!(f, "MemoryView({:?})", ShortBytes(bytes)),
            Self::Error(error) => fmt::Debug::fmt(error, f),
            Self::Method(method) => fmt::Debug::fmt(method, f),
            Self::Generator(generator) => fmt::Debug::fmt(generator, f),
            Self::IoStream(stream) => fmt::Debug::fmt(stream, f),
            Self::Timestamp(time) => fmt::Debug::fmt(time, f),
            Self::Ext(ext) => fmt::Debug::fmt(ext, f),
            Self::Object(object) => fmt::Debug::fmt(object, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bytes_are_cut() {
        assert_eq!(format!("{:?}", Value::from(vec![1_u8, 0xff])), "0x01ff");
        let long = format!("{:?}", Value::from(vec![0_u8; 1000]));
        assert_eq!(long, format!("0x{}… (1000 bytes)", "00".repeat(16)));
    }
}
