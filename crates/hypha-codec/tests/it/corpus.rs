//! The inputs of the fuzz targets, replayed.

use std::fs;
use std::path::Path;

use crate::checks;

/// Runs a check on every file of a corpus; where the crate is unpacked alone there is none.
fn replay(target: &str, check: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = root.join("fuzz/corpus").join(target);
    if !corpus.exists() {
        assert!(
            !root.join("fuzz").exists(),
            "the corpus of {target} is missing from the repository"
        );
        return;
    }
    let mut inputs = 0;
    for entry in fs::read_dir(corpus).expect("a folder") {
        check(&fs::read(entry.expect("an entry").path()).expect("a file"));
        inputs += 1;
    }
    assert!(inputs >= 20, "only {inputs} inputs for {target}");
}

#[test]
fn values() {
    replay("decode", checks::value);
}

#[test]
fn frames() {
    replay("packet", checks::frame);
}
