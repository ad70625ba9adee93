//! `hypha bench`: what others rely on when they read what it prints.

use std::process::Command;

use serde_json::Value as Json;

use crate::command::{Running, hypha, run, server, server_with, text};

/// A provider at this server, with what callers need to reach it.
struct Provider {
    process: Running,
    workspace: String,
    token: String,
}

impl Provider {
    fn start(url: &str) -> Self {
        Self::ready(Running::start(&["bench", "provider", "--server", url]))
    }

    fn ready(mut process: Running) -> Self {
        let line = process.line();
        let words: Vec<&str> = line.split(' ').collect();
        let ["READY", workspace, token] = words[..] else {
            panic!("not ready: {line:?}")
        };
        Self {
            workspace: workspace.to_owned(),
            token: token.to_owned(),
            process,
        }
    }

    fn caller(&self, url: &str) -> Command {
        let mut command = hypha(&["bench", "caller", "--server", url]);
        command.args(["--workspace", &self.workspace, "--token", &self.token]);
        command
    }

    fn call(&self, url: &str, rest: &[&str]) -> Vec<Json> {
        let output = self.caller(url).args(rest).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let lines = text(&output.stdout);
        let lines = lines.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }
}

const SHORT: [&str; 4] = ["--seconds", "0.05", "--bulk-mib", "1,2"];

#[test]
fn a_caller_prints_the_metrics_that_were_agreed() {
    let (_server, url) = server();
    let provider = Provider::start(&url);
    let lines = provider.call(&url, &SHORT);
    let expected = [
        ("connect_ms", "ms"),
        ("get_service_ms", "ms"),
        ("echo_seq_tiny", "rps"),
        ("echo_seq_1k", "rps"),
        ("echo_seq_64k", "rps"),
        ("echo_c16_tiny", "rps"),
        ("echo_c64_tiny", "rps"),
        ("echo_c64_1k", "rps"),
        ("echo_c64_64k", "rps"),
        ("gen_items", "items/s"),
        ("upload_1m", "MiB/s"),
        ("download_1m", "MiB/s"),
        ("upload_2m", "MiB/s"),
        ("download_2m", "MiB/s"),
    ];
    assert_eq!(lines.len(), 2 * expected.len(), "{lines:?}");
    for (pair, (name, unit)) in lines.chunks(2).zip(expected) {
        let [begin, metric] = pair else {
            unreachable!()
        };
        assert_eq!(*begin, serde_json::json!({ "begin": name }));
        assert_eq!(
            (&metric["metric"], &metric["unit"]),
            (&name.into(), &unit.into())
        );
        assert!(metric["value"].as_f64().unwrap() > 0.0, "{metric}");
        assert!(metric["ops"].as_u64().unwrap() > 0, "{metric}");
        if name.starts_with("echo_") {
            let figure = |key: &str| metric[key].as_f64().unwrap();
            assert!(
                figure("p50_us") > 0.0 && figure("p50_us") <= figure("p99_us"),
                "{metric}"
            );
        }
    }
    let transfers = lines.iter().filter(|line| line["unit"] == "MiB/s");
    assert!(transfers.into_iter().all(|metric| metric["ops"] == 3));
}

/// Also with threads of its own on both sides, and only what was asked for.
#[test]
fn a_caller_measures_what_it_is_told_to_and_nothing_else() {
    let (_server, url) = server();
    let provider = Provider::start(&url);
    let only = [
        "--only",
        "echo_c64_tiny",
        "--runtime",
        "multi-thread",
        "--seconds",
        "0.05",
    ];
    let lines = provider.call(&url, &only);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[1]["metric"], "echo_c64_tiny");
    assert!(lines[1]["ops"].as_u64().unwrap() >= 64);

    let wrong = hypha(&["bench", "caller", "--server", &url, "--only", "nothing"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        text(&wrong.stderr).contains("`nothing`"),
        "{}",
        text(&wrong.stderr)
    );
}

/// A server with a limit of frames sends away whoever does not pace.
#[test]
fn callers_pace_only_if_they_are_told_to() {
    let (_server, url) = server_with(&["--frame-rate", "100", "--frame-burst", "60"]);
    let mut command = hypha(&["bench", "provider", "--server", &url, "--pace"]);
    let provider = Provider::ready(Running::of(&mut command));
    let only = ["--only", "echo_c64_tiny", "--seconds", "0.05"];

    let unpaced = provider.caller(&url).args(only).output().unwrap();
    let said = text(&unpaced.stderr);
    assert_eq!(unpaced.status.code(), Some(1), "{said}");
    assert!(said.contains("Rate limit exceeded"), "{said}");

    let lines = provider.call(&url, &[&only[..], &["--pace"]].concat());
    assert!(lines[1]["ops"].as_u64().unwrap() >= 64, "{lines:?}");
}

#[test]
fn callers_say_what_is_missing() {
    let (_server, url) = server();
    let alone = run(&["bench", "caller", "--server", &url]);
    let said = text(&alone.stderr);
    assert_eq!(alone.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot find the provider"), "{said}");

    let nowhere = run(&["bench", "caller", "--server", "http://127.0.0.1:9"]);
    let said = text(&nowhere.stderr);
    assert_eq!(nowhere.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot connect to http://127.0.0.1:9"),
        "{said}"
    );

    let without = run(&["bench", "caller"]);
    assert_eq!(without.status.code(), Some(2), "{}", text(&without.stderr));
}

#[cfg(unix)]
#[test]
fn a_provider_leaves_when_it_is_told_to() {
    let (_server, url) = server();
    let provider = Provider::start(&url);
    provider.process.signal("TERM");
    let (status, said) = provider.process.ended();
    assert!(status.success(), "{said}");
}

#[test]
fn idle_connections_are_held_until_the_input_ends() {
    let (_server, url) = server();
    let provider = Provider::start(&url);
    for registered in [&[][..], &["--registered"]] {
        let mut command = hypha(&["bench", "idle", "--server", &url, "--clients", "20"]);
        command.args([
            "--workspace",
            &provider.workspace,
            "--token",
            &provider.token,
        ]);
        let mut idle = Running::of(command.args(registered));
        assert_eq!(idle.line(), "OPEN 20");
        idle.end_input();
        let (status, said) = idle.ended();
        assert!(status.success(), "{said}");
    }
}

#[test]
fn connections_that_were_lost_meanwhile_are_no_success() {
    let (mut server, url) = server();
    let mut idle = Running::start(&["bench", "idle", "--server", &url, "--clients", "3"]);
    assert_eq!(idle.line(), "OPEN 3");
    server.end_input();
    let (status, said) = server.ended();
    assert!(status.success(), "{said}");
    // At least one was noticed to be lost once this is said.
    assert!(
        idle.error_line()
            .starts_with("hypha: a connection was lost: ")
    );
    idle.end_input();
    let (status, said) = idle.ended();
    assert!(!status.success());
    assert!(said.contains("of 3 connections were lost"), "{said}");
}

/// A limit below what is needed is told before the first connection is made.
#[cfg(unix)]
#[test]
fn too_few_files_are_a_clear_error() {
    let words = "ulimit -n 100 && exec \"$0\" bench idle --server http://127.0.0.1:9 --clients 200";
    let output = Command::new("sh")
        .args(["-c", words, env!("CARGO_BIN_EXE_hypha")])
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("200 connections need 264 open files, and this process may have 100"),
        "{said}"
    );
}

#[test]
fn one_command_measures_everything_and_prints_one_table() {
    let output = run(&[
        "bench",
        "--seconds",
        "0.05",
        "--bulk-mib",
        "1",
        "--server-runtime",
        "current-thread",
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    for word in [
        "metric",
        "connect_ms",
        "echo_c64_64k",
        "gen_items",
        "download_1m",
        "MiB/s",
        "p99",
    ] {
        assert!(table.contains(word), "no {word} in\n{table}");
    }
    assert!(!table.contains('\u{1b}'), "no colours");
}

#[test]
fn a_part_that_fails_fails_the_whole() {
    let output = run(&["bench", "--only", "nothing"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
}

/// Nothing that was started outlives the command, whatever happened to it.
#[cfg(target_os = "linux")]
#[test]
fn the_parts_end_with_the_command() {
    for signal in ["INT", "TERM", "KILL"] {
        let bench = Running::start(&["bench", "--seconds", "600", "--only", "echo_seq_tiny"]);
        let children = wait_for_children(bench.id(), 3);
        bench.signal(signal);
        let (status, said) = bench.ended();
        assert!(!status.success(), "{said}");
        if signal != "KILL" {
            assert!(said.contains("interrupted"), "{said}");
        }
        for child in children {
            wait_until(|| !is_hypha(child));
        }
    }
}

#[cfg(target_os = "linux")]
fn wait_for_children(parent: u32, amount: usize) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = || -> Vec<u32> {
        let children = std::fs::read_to_string(&path).unwrap();
        children
            .split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect()
    };
    wait_until(|| children().len() == amount);
    children()
}

/// Whether a process of ours still runs under this id.
#[cfg(target_os = "linux")]
fn is_hypha(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat"))
        .is_ok_and(|stat| stat.contains("(hypha)") && !stat.contains(") Z "))
}

/// There is no event for what other processes do.
#[cfg(target_os = "linux")]
fn wait_until(condition: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed() < crate::command::PATIENCE);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
