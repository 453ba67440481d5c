//! Finding the program, in the service's own view (systemd: `find_executable_full` in `src/basic/path-util.c`).

use crate::failure::Failure;
use crate::step::Step;
use ringfence_settings::{Command, Settings};
use rustix::fs::{Access, FileType, access, stat};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Where a program without a `/` in its name is looked for; the variable `PATH` of the unit plays no part
/// (systemd.service(5), "Command Lines").
pub const DEFAULT_PATH: [&str; 4] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];

/// The path of a command's program: there, a regular file, and executable.
pub fn find(settings: &Settings, command: &Command) -> Result<PathBuf, Failure> {
    let named = Path::new(&command.path);
    let searched: Vec<PathBuf> = if named.is_absolute() {
        vec![named.to_owned()]
    } else if settings.paths.exec_search_path.is_empty() {
        DEFAULT_PATH.iter().map(|directory| Path::new(directory).join(named)).collect()
    } else {
        settings.paths.exec_search_path.iter().map(|p| p.value.as_path().join(named)).collect()
    };
    let mut trouble = Errno::NOENT;
    for path in &searched {
        match check(path) {
            Ok(()) => return Ok(path.clone()),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(e) => trouble = e,
        }
    }
    Err(not_found(command, &searched, trouble))
}

fn check(path: &Path) -> rustix::io::Result<()> {
    let kind = FileType::from_raw_mode(stat(path)?.st_mode);
    if kind != FileType::RegularFile {
        return Err(if kind == FileType::Directory { Errno::ISDIR } else { Errno::ACCESS });
    }
    access(path, Access::EXEC_OK)
}

fn not_found(command: &Command, searched: &[PathBuf], errno: Errno) -> Failure {
    let failure = Failure::new(Step::Exec, format!("find the executable {}", command.path))
        .errno(errno)
        .path(&command.path)
        .origin(Some(&command.origin));
    match (errno, searched) {
        (Errno::NOENT, [path]) => failure.hint(format!(
            "{} is not in the service's view; if it is on the host, bring it in with BindReadOnlyPaths=",
            path.display()
        )),
        (Errno::NOENT, _) => {
            let directories: Vec<String> = searched
                .iter()
                .filter_map(|path| path.parent())
                .map(|directory| directory.display().to_string())
                .collect();
            failure.hint(format!("it is in none of {}", directories.join(", ")))
        }
        (Errno::ACCESS, _) => failure
            .hint("it is not executable for anyone, or its mount is noexec: see NoExecPaths= and ExecPaths="),
        _ => failure,
    }
}
