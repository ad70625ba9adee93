//! What connections leave behind.

use std::process::Command;

use hypha_sync::Service;

use crate::place::Place;

const ALONE: &str = "HYPHA_SYNC_TEST_ALONE";

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// In a process of its own: other tests open files, too.
#[test]
fn a_connection_leaves_no_file_open() {
    if std::env::var_os(ALONE).is_none() {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "leaks::a_connection_leaves_no_file_open"])
            .env(ALONE, "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let place = Place::new();
    let begin = open_files();
    for _ in 0..10 {
        let client = place.connect();
        let service = Service::new("s").blocking("one", || 1);
        client.register_service(service).unwrap();
        let service = client.get_service("s").unwrap();
        assert_eq!(service.call::<u32>("one", ()).unwrap(), 1);
        client.disconnect().unwrap();
    }
    // Threads end a little after their handles.
    for _ in 0..600 {
        if open_files() <= begin + 5 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{} files more than {begin} are open", open_files() - begin);
}
