//! What a process has used, as `/proc` says.

use std::fs;

use anyhow::{Context as _, Result, ensure};

/// Time that all its threads have run, in seconds.
pub(crate) fn cpu_seconds(id: u32) -> Result<f64> {
    let mut nanos = 0_u64;
    for task in fs::read_dir(format!("/proc/{id}/task"))? {
        // Threads come and go.
        let Ok(stat) = fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        let first = stat.split(' ').next().context("no time")?;
        nanos += first.parse::<u64>()?;
    }
    Ok(nanos as f64 / 1e9)
}

/// Resident memory in bytes.
pub(crate) fn memory(id: u32) -> Result<u64> {
    status(id, "VmRSS:")
}

/// The highest resident memory since [`reset_peak`], in bytes.
pub(crate) fn peak_memory(id: u32) -> Result<u64> {
    status(id, "VmHWM:")
}

pub(crate) fn reset_peak(id: u32) -> Result<()> {
    Ok(fs::write(format!("/proc/{id}/clear_refs"), "5")?)
}

/// Fails if a process of ours may not open so many files.
pub(crate) fn check_files(wanted: usize) -> Result<()> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .context("no limit of open files")?;
    let soft = line.split_whitespace().next().context("no soft limit")?;
    let enough = soft == "unlimited" || soft.parse::<usize>()? >= wanted;
    ensure!(
        enough,
        "{wanted} open files are needed, {soft} allowed: `ulimit -n {wanted}`"
    );
    Ok(())
}

fn status(id: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib.context("no such line")?.trim().parse()?;
    Ok(kib * 1024)
}
