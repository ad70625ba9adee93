//! How many files a process may have open: every connection is one.

use anyhow::Result;

/// Makes room for so many files, beyond those that every process has.
///
/// # Errors
/// If the operating system allows fewer.
#[cfg(unix)]
pub(crate) fn make_room_for(files: u64) -> Result<()> {
    use anyhow::{Context as _, ensure};
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let wanted = files.saturating_add(RESERVE);
    let limit = getrlimit(Resource::Nofile);
    // None is no limit.
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let hard = limit.maximum;
    ensure!(
        hard.is_none_or(|hard| hard >= wanted),
        "{files} connections need {wanted} open files, and this process may have {}: \
         allow more (`ulimit -n {wanted}`) or open fewer",
        hard.unwrap_or_default(),
    );
    let raised = Rlimit {
        current: Some(wanted),
        maximum: hard,
    };
    setrlimit(Resource::Nofile, raised).with_context(|| format!("cannot open {wanted} files"))
}

/// Raises the limit as far as this process may: whoever serves has as many connections as there are clients.
#[cfg(unix)]
pub(crate) fn allow_as_many_as_possible() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    // Some systems allow less than they say. Then what there is has to do.
    setrlimit(Resource::Nofile, raised).ok();
}

/// Elsewhere sockets are not counted as files.
#[cfg(not(unix))]
pub(crate) fn allow_as_many_as_possible() {}

/// Elsewhere sockets are not counted as files.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(crate) fn make_room_for(_files: u64) -> Result<()> {
    Ok(())
}

/// Standard streams, the runtime's own, libraries.
#[cfg(unix)]
const RESERVE: u64 = 64;

#[cfg(all(test, unix))]
mod tests {
    use super::make_room_for;

    #[test]
    fn says_what_is_missing() {
        make_room_for(1).unwrap();
        let Err(error) = make_room_for(u64::MAX) else {
            return; // No limit at all.
        };
        let words = error.to_string();
        assert!(
            words.contains("may have") && words.contains("ulimit -n"),
            "{words}"
        );
    }
}
