//! Gauges of this process.

use tokio::runtime::Handle;
use tokio::sync::Mutex;

/// Held by each test from its beginning to its end: they count what the whole process has.
pub(crate) static ALONE: Mutex<()> = Mutex::const_new(());

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gauges {
    /// Tasks of the runtime that are alive.
    pub(crate) tasks: usize,
    /// Open file descriptors.
    pub(crate) descriptors: usize,
}

impl Gauges {
    pub(crate) fn now() -> Self {
        Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }

    /// Waits until the gauges are at these values again.
    pub(crate) async fn settle(self) {
        let settled = async {
            while Self::now() != self {
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(30);
        if tokio::time::timeout(limit, settled).await.is_err() {
            panic!("{:?} instead of {self:?}", Self::now());
        }
    }
}

/// Resident memory of this process, in bytes.
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.unwrap().trim().parse::<usize>().unwrap() * 1024
}
