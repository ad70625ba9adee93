//! A frame on its way out, cut into fragments.

use bytes::Bytes;
use hypha_transport::Frame;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as Fragment;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// The largest payload handed to the WebSocket library at once. The library copies it into its write buffer, keeps the
/// buffer at its largest size, and moves the rest up after each partial write, which for a large frame on a slow link
/// costs far more than fragments do. Chunks of the RPC layer fit into one.
pub(crate) const FRAGMENT: usize = 1024 * 1024;

/// Holds at most one frame, so that a `feed` that was dropped halfway leaves the rest for the next call to finish.
#[derive(Default)]
pub(crate) struct Outgoing {
    rest: Option<(OpCode, Bytes)>,
    /// A fragment that the library had no room for.
    returned: Option<Message>,
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_none() && self.returned.is_none()
    }

    /// Takes a frame; only when empty.
    pub(crate) fn load(&mut self, frame: Frame) {
        debug_assert!(self.is_empty(), "the frame before must be out first");
        self.rest = Some(match frame {
            Frame::Binary(bytes) => (OpCode::Data(Data::Binary), bytes),
            Frame::Text(text) => (OpCode::Data(Data::Text), Bytes::from(text)),
        });
    }

    pub(crate) fn next(&mut self) -> Option<Message> {
        if let Some(message) = self.returned.take() {
            return Some(message);
        }
        let (opcode, mut bytes) = self.rest.take()?;
        let last = bytes.len() <= FRAGMENT;
        if !last {
            self.rest = Some((OpCode::Data(Data::Continue), bytes.split_off(FRAGMENT)));
        }
        Some(Message::Frame(Fragment::message(bytes, opcode, last)))
    }

    pub(crate) fn give_back(&mut self, message: Message) {
        self.returned = Some(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragments(size: usize) -> Vec<(OpCode, usize, bool)> {
        let mut outgoing = Outgoing::default();
        outgoing.load(Frame::from(vec![0; size]));
        std::iter::from_fn(|| match outgoing.next()? {
            Message::Frame(frame) => Some((
                frame.header().opcode,
                frame.payload().len(),
                frame.header().is_final,
            )),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn frames_are_cut_above_the_fragment_size() {
        let (binary, rest) = (OpCode::Data(Data::Binary), OpCode::Data(Data::Continue));
        assert_eq!(fragments(0), [(binary, 0, true)]);
        assert_eq!(fragments(FRAGMENT), [(binary, FRAGMENT, true)]);
        assert_eq!(
            fragments(FRAGMENT + 1),
            [(binary, FRAGMENT, false), (rest, 1, true)]
        );
        assert_eq!(
            fragments(2 * FRAGMENT + 5),
            [
                (binary, FRAGMENT, false),
                (rest, FRAGMENT, false),
                (rest, 5, true)
            ]
        );
    }
}
