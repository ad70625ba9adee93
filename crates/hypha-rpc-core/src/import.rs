//! Received functions get their absolute address.

use hypha_codec::{DecodeError, Generator, Import, Method, Text, Value};

use crate::address::Address;

/// Completes targets that name a client only: the workspace is that of the sender (protocol
/// section 4).
#[derive(Debug)]
pub(crate) struct SenderImport<'a> {
    sender: &'a Address,
}

impl<'a> SenderImport<'a> {
    pub(crate) fn new(sender: &'a Address) -> Self {
        Self { sender }
    }

    fn absolute(&self, target: &mut Text) -> Result<(), DecodeError> {
        if !target.contains('/') {
            let address = Address::resolve(target, self.sender).map_err(DecodeError::custom)?;
            *target = Text::from(address.as_str());
        }
        Ok(())
    }
}

impl Import for SenderImport<'_> {
    fn method(&self, mut method: Method) -> Result<Value, DecodeError> {
        self.absolute(&mut method.target)?;
        Ok(Value::from(method))
    }

    fn generator(&self, mut generator: Generator) -> Result<Value, DecodeError> {
        self.absolute(&mut generator.target)?;
        Ok(Value::from(generator))
    }
}
