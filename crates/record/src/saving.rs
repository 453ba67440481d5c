//! Putting a profile where it is wanted: a file is replaced whole, anything else is written into and stays what it is.

use ringfence_profile::Profile;
use rustix::fs::{AtFlags, CWD, OFlags, PROC_SUPER_MAGIC};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How many links the kernel follows (`MAXSYMLINKS`, `linux/namei.h`).
const MAX_LINKS: usize = 40;

/// Where a profile goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file, or the name of one that is to be made: whole at any moment.
    File(PathBuf),
    /// What has a reader and no contents: a pipe, a terminal, `/dev/null`, a descriptor such as `/dev/stdout`.
    Stream(PathBuf),
}

impl Place {
    /// What is at a path, with links followed: what a link leads to is replaced, never the link.
    pub(crate) fn of(path: &Path) -> io::Result<Place> {
        let found = match std::fs::metadata(path) {
            Ok(found) => found,
            // What is there instead of a file can be told, and nothing is replaced.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
                return path.file_name().map(|_| Place::File(path.to_owned())).ok_or(error);
            }
            Err(error) => return Err(error),
        };
        if found.is_dir() {
            Err(io::Error::from(io::ErrorKind::IsADirectory))
        } else if !found.is_file() || is_descriptor(path) {
            Ok(Place::Stream(path.to_owned()))
        } else {
            std::fs::canonicalize(path).map(Place::File)
        }
    }

    /// Whether a profile can be saved there, as far as that can be known before; nothing is changed.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self {
            Place::File(path) => tempfile::tempfile_in(directory(path)).map(drop),
            // A pipe without a reader would hold up whoever opens it.
            Place::Stream(path) => {
                Ok(rustix::fs::accessat(CWD, path, rustix::fs::Access::WRITE_OK, AtFlags::EACCESS)?)
            }
        }
    }

    /// Puts a profile there; the file in its place is whole whatever happens. With `durably` it also survives the
    /// machine's crash.
    pub(crate) fn save(&self, profile: &Profile, durably: bool) -> io::Result<()> {
        match self {
            Place::File(path) => {
                // As the shell makes files: the umask decides who may read them.
                let mut file = tempfile::Builder::new()
                    .prefix(".ringfence-")
                    .permissions(Permissions::from_mode(0o666))
                    .tempfile_in(directory(path))?;
                write(profile, file.as_file_mut())?;
                if durably {
                    file.as_file().sync_all()?;
                }
                file.persist(path).map(drop).map_err(|error| error.error)
            }
            Place::Stream(path) => {
                let flags = (OFlags::NOCTTY | OFlags::CLOEXEC).bits() as i32;
                write(profile, &mut OpenOptions::new().append(true).custom_flags(flags).open(path)?)
            }
        }
    }
}

/// Puts a profile in the place of a file, whole or not at all; into what is no file, such as a pipe or `/dev/stdout`, it is
/// written. With `durably` a file also survives the machine's crash.
pub fn save(profile: &Profile, path: &Path, durably: bool) -> io::Result<()> {
    Place::of(path)?.save(profile, durably)
}

/// Whether what is at a path is written into, because replacing it would take it away from others: a pipe, a terminal,
/// `/dev/null`, a descriptor such as `/dev/stdout`.
///
/// # Errors
/// When it is a directory, or a link that leads nowhere.
pub fn is_stream(path: &Path) -> io::Result<bool> {
    Place::of(path).map(|place| matches!(place, Place::Stream(_)))
}

fn write(profile: &Profile, to: &mut File) -> io::Result<()> {
    let mut buffered = BufWriter::with_capacity(1 << 16, to);
    profile.write(&mut buffered)?;
    buffered.flush()
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a path leads through `/proc` to what a process has open, whatever that is: `/dev/stdout`, `/dev/fd/3`.
fn is_descriptor(path: &Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let in_proc =
            rustix::fs::statfs(directory(&path)).is_ok_and(|found| found.f_type == PROC_SUPER_MAGIC);
        match std::fs::read_link(&path) {
            Ok(_) if in_proc => return true,
            Ok(target) => path = directory(&path).join(target),
            Err(_) => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{FileType, Mode};
    use std::io::Read;
    use std::os::unix::fs::{FileTypeExt, symlink};

    fn saved(path: &Path) -> io::Result<()> {
        Place::of(path)?.check()?;
        save(&Profile::new(), path, true)
    }

    #[test]
    fn a_pipe_stays_a_pipe() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let reader = pipe.clone();
        let reader = std::thread::spawn(move || std::fs::read(reader).unwrap());
        saved(&pipe).unwrap();
        assert!(Profile::read(&reader.join().unwrap()[..]).is_ok());
        assert!(std::fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        saved(&link).unwrap();
        assert!(link.is_symlink());
        assert!(Profile::read(File::open(&file).unwrap()).is_ok());
        let astray = directory.path().join("astray");
        symlink("nowhere/at/all", &astray).unwrap();
        assert_eq!(saved(&astray).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(astray.is_symlink());
    }

    #[test]
    fn what_a_descriptor_leads_to_is_added_to() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "before").unwrap();
        let open = File::open(&file).unwrap();
        let descriptor = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
        let link = directory.path().join("stdout");
        symlink(&descriptor, &link).unwrap();
        saved(&link).unwrap();
        assert!(link.is_symlink());
        let mut text = String::new();
        (&open).read_to_string(&mut text).unwrap();
        assert!(Profile::read(text.strip_prefix("before").unwrap().as_bytes()).is_ok(), "{text}");
    }

    #[test]
    fn a_name_may_be_as_long_as_any() {
        let directory = tempfile::tempdir().unwrap();
        saved(&directory.path().join("x".repeat(255))).unwrap();
        // Nothing is left beside it.
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_work_is_known_before() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Place::of(directory.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let place = Place::of(&directory.path().join("no/file")).unwrap();
        assert_eq!(place.check().unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
