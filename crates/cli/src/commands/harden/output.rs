//! `-o FILE`.

use crate::failure::Failure;
use ringfence_record::is_stream;
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where to write, open already: what cannot work is said before the trials, and those may change the process's root.
pub struct Output {
    to: To,
    shown: PathBuf,
}

enum To {
    /// A file in a directory.
    File { directory: OwnedFd, name: OsString },
    /// What is no file and stays what it is: a pipe, `/dev/stdout`.
    Stream(File),
}

impl Output {
    pub fn open(path: &Path) -> Result<Output, Failure> {
        let failed = |e: io::Error| Failure::input(format!("cannot write {}: {e}", path.display()));
        let shown = path.to_path_buf();
        if is_stream(path).map_err(failed)? {
            let stream = OpenOptions::new().append(true).open(path).map_err(failed)?;
            return Ok(Output { to: To::Stream(stream), shown });
        }
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().ok_or_else(|| {
            Failure::input(format!("{} names no file", path.display())).hint("give -o the name of a file")
        })?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(CWD, parent, flags, Mode::empty())
            .map_err(|e| Failure::input(format!("cannot write to {}: {e}", parent.display())))?;
        Ok(Output { to: To::File { directory, name: name.to_owned() }, shown })
    }

    /// Writes beside the file and renames, so that nobody ever reads half a drop-in.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let failed = |e: io::Error| Failure::input(format!("cannot write {}: {e}", self.shown.display()));
        let (directory, name) = match &self.to {
            To::File { directory, name } => (directory, name),
            To::Stream(stream) => return { stream }.write_all(text.as_bytes()).map_err(failed),
        };
        let directory = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
        let mut file =
            tempfile::Builder::new().prefix(".ringfence-").tempfile_in(&directory).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(0o644)).map_err(failed)?;
        file.persist(directory.join(name)).map(drop).map_err(|e| failed(e.error))
    }
}
