//! `hypha keygen`.

use std::fs;
use std::path::PathBuf;

use hypha_client::{Encryption, PublicKey};

use crate::command::{hypha, run, text};

/// An empty directory of this test's own.
fn directory(name: &str) -> PathBuf {
    let directory =
        std::env::temp_dir().join(format!("hypha-keygen-{name}-{}", std::process::id()));
    drop(fs::remove_dir_all(&directory));
    fs::create_dir_all(&directory).unwrap();
    directory
}

#[test]
fn a_key_is_written_once_and_its_public_key_is_printed() {
    let file = directory("once").join("lab.key");
    let path = file.to_str().unwrap();
    let made = run(&["keygen", path]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let public: PublicKey = text(&made.stdout).trim_end().parse().unwrap();
    assert_eq!(Encryption::from_file(&file).unwrap().public_key(), public);
    let secret = fs::read_to_string(&file).unwrap();
    assert!(!text(&made.stdout).contains(secret.trim_end()));

    let again = run(&["keygen", path]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        text(&again.stderr).contains("lab.key"),
        "{}",
        text(&again.stderr)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), secret);

    let shown = run(&["keygen", "--public", path]);
    assert_eq!(shown.stdout, made.stdout);
}

#[test]
fn the_file_has_a_name_without_one() {
    let directory = directory("default");
    let made = hypha(&["keygen"]).current_dir(&directory).output().unwrap();
    assert!(made.status.success());
    assert!(Encryption::from_file(directory.join("hypha.key")).is_ok());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let file = directory("exposed").join("key");
    let path = file.to_str().unwrap();
    assert!(run(&["keygen", path]).status.success());
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run(&["keygen", "--public", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("chmod 600"),
        "{}",
        text(&refused.stderr)
    );
}
