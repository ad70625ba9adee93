//! How fast frames may go to a server that relays (protocol section 1.4).

use serde::{Deserialize, Deserializer};

use crate::protocol::{SERVER_FRAME_BURST, SERVER_FRAMES_PER_SECOND};

/// How fast binary frames are sent over a server that relays.
///
/// The server closes a connection that sends too many (code 1008). Pacing keeps calls and answers
/// waiting instead, a tenth below the limit. It also holds calls and answers back for peers that
/// would be made to send too much: clients in other languages do not pace themselves. Direct links
/// are never paced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pacing {
    /// By the limit that the server states; by that of the reference server (200 frames a second,
    /// 2000 at once) if it states none.
    #[default]
    Default,
    /// As fast as the transport takes frames. The server, or a peer of this client, may be closed
    /// for it.
    Off,
    /// By this limit of the server, whatever it states.
    Limit {
        /// Frames a second that the server lets through.
        per_second: u32,
        /// Frames that it lets through at once after a while of silence.
        burst: u32,
    },
}

impl Pacing {
    /// The limit to stay below, if any, on a server that states this.
    pub(crate) fn limit(self, stated: &StatedLimits) -> Option<FrameLimit> {
        match (self, stated) {
            (Self::Off, _) | (Self::Default, StatedLimits::Unlimited) => None,
            (Self::Limit { per_second, burst }, _) => Some(FrameLimit {
                per_second: f64::from(per_second),
                burst: f64::from(burst),
            }),
            (Self::Default, StatedLimits::Frames(limit)) => Some(*limit),
            (Self::Default, StatedLimits::Unknown) => Some(FrameLimit {
                per_second: SERVER_FRAMES_PER_SECOND,
                burst: SERVER_FRAME_BURST,
            }),
        }
    }
}

/// Frames that a server lets through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FrameLimit {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

impl FrameLimit {
    /// A part of the limit.
    pub(crate) fn scaled(self, part: f64) -> Self {
        Self {
            per_second: self.per_second * part,
            burst: self.burst * part,
        }
    }
}

/// What `connection_info.limits` says of binary frames:
/// `{"messages_per_second": 200, "burst": 2000}`, with `"messages_per_second": null` for no limit.
/// The reference server has no such field. Whatever cannot be read is as good as not stated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum StatedLimits {
    #[default]
    Unknown,
    Unlimited,
    Frames(FrameLimit),
}

impl<'de> Deserialize<'de> for StatedLimits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stated = serde_json::Value::deserialize(deserializer)?;
        let Some(rate) = stated.get("messages_per_second") else {
            return Ok(Self::Unknown);
        };
        let positive = |number: &serde_json::Value| number.as_f64().filter(|number| *number > 0.0);
        Ok(match positive(rate) {
            _ if rate.is_null() => Self::Unlimited,
            None => Self::Unknown,
            Some(per_second) => Self::Frames(FrameLimit {
                per_second,
                // A second's worth without it.
                burst: stated.get("burst").and_then(positive).unwrap_or(per_second),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(per_second: f64, burst: f64) -> Option<FrameLimit> {
        Some(FrameLimit { per_second, burst })
    }

    #[test]
    fn what_servers_state() {
        let reference = limit(200.0, 2000.0);
        let own = Pacing::Limit {
            per_second: 50,
            burst: 60,
        };
        for (stated, wanted) in [
            ("null", reference),
            ("{}", reference),
            ("[]", reference),
            ("\"none\"", reference),
            (r#"{"connections": 5}"#, reference),
            (r#"{"messages_per_second": "many"}"#, reference),
            (r#"{"messages_per_second": -1}"#, reference),
            (r#"{"messages_per_second": null}"#, None),
            (r#"{"messages_per_second": 20}"#, limit(20.0, 20.0)),
            (
                r#"{"messages_per_second": 20.5, "burst": 100}"#,
                limit(20.5, 100.0),
            ),
            (
                r#"{"messages_per_second": 20, "burst": null}"#,
                limit(20.0, 20.0),
            ),
        ] {
            let limits: StatedLimits = serde_json::from_str(stated).unwrap();
            assert_eq!(Pacing::Default.limit(&limits), wanted, "{stated}");
            assert_eq!(Pacing::Off.limit(&limits), None, "{stated}");
            assert_eq!(own.limit(&limits), limit(50.0, 60.0), "{stated}");
        }
    }
}
