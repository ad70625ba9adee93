//! Rust values that travel inside a [`Value`](crate::Value) as themselves.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

/// A local Rust object: a closure, a stream, a value of a type with a codec of its own.
///
/// It has no wire form itself. When it is encoded, a codec registered for its type turns it into fields, or else the
/// [`Export`](crate::Export) hook into a descriptor. Clones share the object; two are equal if they are the same one.
#[derive(Clone)]
pub struct Object {
    inner: Arc<dyn Any + Send + Sync>,
    type_name: &'static str,
}

impl Object {
    /// Wraps an object.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(object: T) -> Self {
        Self::from_arc(Arc::new(object))
    }

    /// Wraps an object that is shared already.
    #[must_use]
    pub fn from_arc<T: Any + Send + Sync>(object: Arc<T>) -> Self {
        Self {
            inner: object,
            type_name: type_name::<T>(),
        }
    }

    /// The name of the object's type, for messages to people.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Whether the object is a `T`.
    #[must_use]
    pub fn is<T: Any>(&self) -> bool {
        self.inner.is::<T>()
    }

    /// The object, if it is a `T`.
    #[must_use]
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.inner.downcast_ref()
    }

    /// The shared object, if it is a `T`.
    ///
    /// # Errors
    /// Gives the object back if it is something else.
    pub fn downcast_arc<T: Any + Send + Sync>(self) -> Result<Arc<T>, Self> {
        let type_name = self.type_name;
        self.inner
            .downcast()
            .map_err(|inner| Self { inner, type_name })
    }

    /// The object itself, if it is a `T`; cloned if it is shared.
    ///
    /// # Errors
    /// Gives the object back if it is something else.
    pub fn downcast<T: Any + Send + Sync + Clone>(self) -> Result<T, Self> {
        self.downcast_arc::<T>().map(Arc::unwrap_or_clone)
    }

    pub(crate) fn as_any(&self) -> &(dyn Any + Send + Sync) {
        &*self.inner
    }

    /// The type of the object itself, where `Any::type_id` on the wrapper would give the wrapper's.
    pub(crate) fn object_type(&self) -> TypeId {
        self.as_any().type_id()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.type_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_it_holds() {
        let object = Object::new(String::from("x"));
        assert!(object.is::<String>() && !object.is::<u8>());
        assert_eq!(
            object.downcast_ref::<String>().map(String::as_str),
            Some("x")
        );
        let object = object.downcast::<u8>().expect_err("it is no u8");
        assert_eq!(object.type_name(), "alloc::string::String");
        assert_eq!(object.clone(), object);
        assert_ne!(object, Object::new(String::from("x")));
        assert_eq!(object.downcast::<String>().expect("it is a string"), "x");
    }
}
