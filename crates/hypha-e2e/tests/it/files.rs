//! Keys in files.

use std::fs;
use std::path::PathBuf;

use hypha_e2e::{KeyFileProblem, SecretKey};

/// A place of this test's own.
fn place(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("hypha-e2e-{name}-{}", std::process::id()));
    drop(fs::remove_dir_all(&directory));
    fs::create_dir_all(&directory).unwrap();
    directory.join("key")
}

#[test]
fn a_file_keeps_a_key_and_is_never_overwritten() {
    let path = place("keeps");
    let key = SecretKey::generate().unwrap();
    key.write_new_file(&path).unwrap();
    let again = SecretKey::read_file(&path).unwrap();
    assert_eq!(again.public_key(), key.public_key());
    let error = SecretKey::generate()
        .unwrap()
        .write_new_file(&path)
        .unwrap_err();
    assert!(matches!(error.problem(), KeyFileProblem::Io(_)));
    assert_eq!(error.path(), path);
    let again = SecretKey::read_file(&path).unwrap();
    assert_eq!(again.public_key(), key.public_key());
}

#[test]
fn what_holds_no_key() {
    let path = place("none");
    let key = "ab".repeat(32);
    let too_long = key.repeat(1000);
    for (text, fine) in [
        (&*key, true),
        (&format!("{key}\r\n"), true),
        (&format!("{key} and more"), false),
        (&format!("{key}\n\n\nand more"), false),
        (&format!("{key}\n{key}\n"), false),
        (&too_long, false),
        ("", false),
        ("secret", false),
    ] {
        drop(fs::remove_file(&path));
        SecretKey::generate()
            .unwrap()
            .write_new_file(&path)
            .unwrap();
        fs::write(&path, text).unwrap();
        match SecretKey::read_file(&path) {
            Ok(_) => assert!(fine, "{text:?}"),
            Err(error) => {
                assert!(
                    !fine && matches!(error.problem(), KeyFileProblem::NoKey),
                    "{text:?}"
                );
                assert!(!format!("{error:?}").contains("secret"));
            }
        }
    }
    fs::write(&path, [0xff; 64]).unwrap();
    let error = SecretKey::read_file(&path).unwrap_err();
    assert!(matches!(error.problem(), KeyFileProblem::NoKey));
    fs::remove_file(&path).unwrap();
    let error = SecretKey::read_file(&path).unwrap_err();
    assert!(matches!(error.problem(), KeyFileProblem::Io(_)));
    let error = SecretKey::read_file(path.parent().unwrap()).unwrap_err();
    assert!(matches!(error.problem(), KeyFileProblem::NoFile));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let path = place("mode");
    SecretKey::generate()
        .unwrap()
        .write_new_file(&path)
        .unwrap();
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    for exposed in [0o640, 0o604, 0o660, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
        let error = SecretKey::read_file(&path).unwrap_err();
        assert!(matches!(error.problem(), KeyFileProblem::Exposed { mode } if *mode == exposed));
        assert!(error.problem().to_string().contains("chmod 600"));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(SecretKey::read_file(&path).is_ok());
}
