//! The test suite of the [contract](crate::Transport), for any implementation of it.
//!
//! It needs a function that makes a fresh pair of connected transports, and no particular runtime: run it inside
//! whatever drives the transport. Every case runs with the ends in both roles.
//!
//! ```
//! use hypha_transport::conformance;
//! # #[cfg(feature = "memory")]
//! use hypha_transport::memory::{self, MemoryConfig};
//!
//! # #[cfg(feature = "memory")]
//! async fn my_transport_keeps_the_contract() {
//!     let report = conformance::run(async || memory::pair(MemoryConfig::new())).await;
//!     assert!(report.is_ok(), "{}", report.unwrap_err());
//! }
//! ```
//!
//! Give the suite also a pair whose ends have different [`max_frame`](crate::Limits::max_frame), because only there can
//! a frame arrive that is too large; with equal limits that case is skipped, and [`Report::skipped`] says so.

mod delivery;
mod drive;
mod ending;
mod flow;

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::Transport;

use self::drive::within;

/// How hard to press, for transports that are slow or cannot say why they close.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How many bytes each side sends in the bulk cases. Default 64 MiB; set it well above what the link buffers, or the
    /// cases about back-pressure and full pipes prove nothing.
    pub bulk: usize,
    /// The largest frame tried, where the limits admit it. Default 64 MiB.
    pub largest_frame: usize,
    /// Whether close codes reach the peer. Default true. Without it the cases only ask that the end is seen.
    pub close_reasons: bool,
    /// How long one case may take before it counts as hung. Default 60 s.
    pub case_timeout: Duration,
}

impl Settings {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bulk: 64 * 1024 * 1024,
            largest_frame: 64 * 1024 * 1024,
            close_reasons: true,
            case_timeout: Duration::from_secs(60),
        }
    }

    /// Sets how many bytes each side sends in the bulk cases.
    #[must_use]
    pub const fn with_bulk(mut self, bytes: usize) -> Self {
        self.bulk = bytes;
        self
    }

    /// Sets the largest frame tried.
    #[must_use]
    pub const fn with_largest_frame(mut self, bytes: usize) -> Self {
        self.largest_frame = bytes;
        self
    }

    /// Sets whether close codes reach the peer.
    #[must_use]
    pub const fn with_close_reasons(mut self, carried: bool) -> Self {
        self.close_reasons = carried;
        self
    }

    /// Sets how long one case may take.
    #[must_use]
    pub const fn with_case_timeout(mut self, time: Duration) -> Self {
        self.case_timeout = time;
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

/// What ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The names of the cases that passed in both roles.
    pub passed: Vec<&'static str>,
    /// The names of the cases that this pair could not be put to, each with the reason.
    pub skipped: Vec<(&'static str, &'static str)>,
}

/// The first case that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    case: &'static str,
    message: String,
}

impl Failure {
    /// The name of the case.
    #[must_use]
    pub fn case(&self) -> &'static str {
        self.case
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "transport conformance case `{}` failed: {}",
            self.case, self.message
        )
    }
}

impl Error for Failure {}

/// Runs all cases with the default [`Settings`], each on fresh pairs from `make_pair`.
///
/// # Errors
/// The first case that fails or hangs.
pub async fn run<F, L, R>(make_pair: F) -> Result<Report, Failure>
where
    F: AsyncFn() -> (L, R),
    L: Transport,
    R: Transport,
{
    run_with(Settings::new(), make_pair).await
}

/// Runs all cases with `settings`, each on fresh pairs from `make_pair`.
///
/// # Errors
/// The first case that fails or hangs.
pub async fn run_with<F, L, R>(settings: Settings, make_pair: F) -> Result<Report, Failure>
where
    F: AsyncFn() -> (L, R),
    L: Transport,
    R: Transport,
{
    let mut report = Report::default();
    for case in cases() {
        let there = judge(&case, settings, async {
            let (left, right) = make_pair().await;
            (case.there)(left, right, settings).await
        });
        let there = Box::pin(there).await?;
        let back = judge(&case, settings, async {
            let (left, right) = make_pair().await;
            (case.back)(right, left, settings).await
        });
        match (there, Box::pin(back).await?) {
            (Verdict::Skipped(why), Verdict::Skipped(_)) => report.skipped.push((case.name, why)),
            _ => report.passed.push(case.name),
        }
    }
    Ok(report)
}

struct Case<L, R> {
    name: &'static str,
    there: fn(L, R, Settings) -> Running,
    back: fn(R, L, Settings) -> Running,
}

/// Boxed where it is made: all cases side by side would not fit on the stack of an unoptimised test.
type Running = Pin<Box<dyn Future<Output = Outcome>>>;

fn cases<L: Transport, R: Transport>() -> Vec<Case<L, R>> {
    macro_rules! cases {
        ($($module:ident::$case:ident),* $(,)?) => {
            vec![$(Case {
                name: stringify!($case),
                there: |left, right, settings| Box::pin($module::$case(left, right, settings)),
                back: |right, left, settings| Box::pin($module::$case(right, left, settings)),
            }),*]
        };
    }
    cases![
        delivery::frames_keep_order_and_content,
        delivery::empty_frames_arrive,
        delivery::many_small_frames_in_one_flush,
        delivery::flush_is_enough,
        delivery::the_largest_frame_passes,
        delivery::too_large_to_send_is_refused_and_harmless,
        delivery::unsupported_text_is_refused_and_harmless,
        flow::a_dropped_recv_loses_nothing,
        flow::both_sides_send_bulk_before_reading,
        flow::one_direction_alone_works,
        flow::a_slow_reader_holds_the_sender_back,
        ending::normal_close_is_clean_on_both_sides,
        ending::close_reason_arrives_after_the_frames,
        ending::closing_without_a_sendable_code_cuts_the_link,
        ending::dropping_both_halves_is_seen_by_the_peer,
        ending::sending_after_the_end_fails,
        ending::too_large_to_receive_ends_the_link,
    ]
}

/// How a case went when it did not fail.
enum Verdict {
    Passed,
    Skipped(&'static str),
}

type Outcome = Result<Verdict, String>;

async fn judge<L, R>(
    case: &Case<L, R>,
    settings: Settings,
    run: impl Future<Output = Outcome>,
) -> Result<Verdict, Failure> {
    let failure = |message| Failure {
        case: case.name,
        message,
    };
    match within(settings.case_timeout, run).await {
        Some(outcome) => outcome.map_err(failure),
        None => Err(failure(format!("it hung for {:?}", settings.case_timeout))),
    }
}
