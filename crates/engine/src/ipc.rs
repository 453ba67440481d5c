//! `RemoveIPC=`: taking away what a user that has gone left behind (systemd: `clean_ipc` in `src/shared/clean-ipc.c`).

use ringfence_sys::sysv::{Kind, remove};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Removes every IPC object of a user or a group, unless a process of the user is left.
pub fn remove_of(uid: u32, gid: u32) {
    if has_process(uid) {
        return;
    }
    for kind in Kind::ALL {
        for id in owned(kind, uid, gid) {
            // Somebody else may have removed it meanwhile.
            let _ = remove(kind, id);
        }
    }
    for directory in ["/dev/shm", "/dev/mqueue"] {
        remove_files(Path::new(directory), uid, gid);
    }
}

fn has_process(uid: u32) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()))
        .filter_map(|entry| entry.metadata().ok())
        .any(|metadata| metadata.uid() == uid)
}

/// The numbers of a kind's objects that belong to a user or a group, from `/proc/sysvipc` (proc(5)).
fn owned(kind: Kind, uid: u32, gid: u32) -> Vec<i32> {
    let (file, user_at, group_at) = match kind {
        Kind::SharedMemory => ("shm", 7, 8),
        Kind::Semaphores => ("sem", 4, 5),
        Kind::MessageQueue => ("msg", 7, 8),
    };
    let table = std::fs::read_to_string(format!("/proc/sysvipc/{file}")).unwrap_or_default();
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| columns.get(at)?.parse::<u32>().ok();
            let mine = number(user_at) == Some(uid) || number(group_at) == Some(gid);
            mine.then(|| columns.get(1)?.parse().ok()).flatten()
        })
        .collect()
}

fn remove_files(directory: &Path, uid: u32, gid: u32) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let path = entry.path();
        let mine = metadata.uid() == uid || metadata.gid() == gid;
        if metadata.is_dir() {
            remove_files(&path, uid, gid);
            if mine {
                let _ = std::fs::remove_dir(&path);
            }
        } else if mine {
            let _ = std::fs::remove_file(&path);
        }
    }
}
