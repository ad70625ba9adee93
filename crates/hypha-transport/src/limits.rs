/// The default of [`Limits::max_frame`]: 64 MiB.
pub const DEFAULT_MAX_FRAME: usize = 64 * 1024 * 1024;

/// What a transport can carry. The layer above chunks its messages and chooses its control messages by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest frame in bytes that the transport sends and receives. Nothing a peer does makes a transport allocate
    /// more than this for one frame.
    pub max_frame: usize,
    /// Whether [`Frame::Text`](crate::Frame::Text) can be sent.
    pub text: bool,
}

impl Limits {
    /// The defaults: frames up to [`DEFAULT_MAX_FRAME`] bytes, text allowed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_frame: DEFAULT_MAX_FRAME,
            text: true,
        }
    }

    /// Sets the largest frame in bytes.
    #[must_use]
    pub const fn with_max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes;
        self
    }

    /// Sets whether text frames can be sent.
    #[must_use]
    pub const fn with_text(mut self, text: bool) -> Self {
        self.text = text;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
