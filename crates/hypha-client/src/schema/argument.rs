//! Arguments as the validation of schemas sees them, without making JSON of them.

use hypha_codec::Value;
use hypha_schema::{Instance, Kind};

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument<'a>(pub(super) &'a Value);

impl Instance for Argument<'_> {
    fn kind(&self) -> Kind<'_> {
        match self.0 {
            Value::Null => Kind::Null,
            Value::Bool(b) => Kind::Bool(*b),
            Value::Int(_) => match (self.0.as_i64(), self.0.as_u64()) {
                (Some(number), _) => Kind::Integer(number.into()),
                (None, Some(number)) => Kind::Integer(number.into()),
                (None, None) => Kind::Other("an integer"),
            },
            Value::Float(number) => Kind::Float(*number),
            Value::Text(text) => Kind::String(text),
            Value::List(items) => Kind::Array(items.len()),
            Value::Map(members) => Kind::Object(members.len()),
            other => Kind::Other(other.kind()),
        }
    }

    fn item(&self, index: usize) -> Option<Self> {
        self.0.as_list()?.get(index).map(Self)
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.0.as_map()?.get(name).map(Self)
    }

    fn for_each_member(&self, visit: &mut dyn FnMut(&str, Self)) {
        for (name, value) in self.0.as_map().into_iter().flat_map(hypha_codec::Map::iter) {
            if let Some(name) = name.as_str() {
                visit(name, Self(value));
            }
        }
    }
}
