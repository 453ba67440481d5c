//! The system tree that files are looked up in: the running system, or an unbooted one below a directory.

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// The number of symlinks after which a path counts as a loop (`src/basic/chase.c: CHASE_MAX`).
const MAX_LINKS: usize = 32;

/// A system tree. Paths given to it are absolute *inside* the tree; a symlink never leads out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// `None` is the running system.
    dir: Option<PathBuf>,
}

/// What to do with a path's last component when it is a symlink.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Follow,
    Keep,
}

/// What to do when a component does not exist.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Fails,
    Passes,
}

impl Root {
    /// The tree below `dir`; `/` is the running system. A relative `dir` counts from the working directory.
    pub fn new(dir: &Path) -> io::Result<Root> {
        let dir = std::path::absolute(dir)?;
        let meta = fs::metadata(&dir)?;
        if !meta.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Root { dir: Some(dir).filter(|dir| dir.parent().is_some()) })
    }

    /// The running system.
    pub fn system() -> Root {
        Root::default()
    }

    /// Whether this is the running system.
    pub fn is_system(&self) -> bool {
        self.dir.is_none()
    }

    /// The path by which the running system knows a path inside the tree.
    pub fn outside(&self, path: &Path) -> PathBuf {
        match &self.dir {
            None => path.to_path_buf(),
            Some(dir) => dir.join(path.strip_prefix("/").unwrap_or(path)),
        }
    }

    /// Follows every symlink in a path; the result is a path inside the tree without any (systemd: `chase`).
    pub fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.chase(path, Last::Follow, Missing::Fails)
    }

    /// Opens a directory and says where it really is. Where no symlink leads there, which is the rule, that takes one
    /// system call.
    pub(super) fn open_directory(&self, path: &Path) -> io::Result<(OwnedFd, PathBuf)> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat2(CWD, self.outside(path), flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            Ok(directory) => return Ok((directory, plain(path))),
            Err(Errno::NOENT) => return Err(Errno::NOENT.into()),
            // A symlink is on the way, or the kernel lacks the call, or something forbids it.
            Err(_) => {}
        }
        let real = self.resolve(path)?;
        Ok((open(self.outside(&real), flags, Mode::empty())?, real))
    }

    pub(super) fn chase(&self, path: &Path, last: Last, missing: Missing) -> io::Result<PathBuf> {
        let mut pending: VecDeque<OsString> = names(path).map(OsStr::to_owned).collect();
        let mut done = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = pending.pop_front() {
            if name == ".." {
                done.pop();
                continue;
            }
            done.push(&name);
            if pending.is_empty() && last == Last::Keep {
                break;
            }
            let outside = self.outside(&done);
            match fs::symlink_metadata(&outside) {
                Ok(meta) if meta.is_symlink() => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(io::Error::from_raw_os_error(Errno::LOOP.raw_os_error()));
                    }
                    let target = fs::read_link(&outside)?;
                    if target.is_absolute() {
                        done = PathBuf::from("/");
                    } else {
                        done.pop();
                    }
                    for name in names(&target).collect::<Vec<_>>().into_iter().rev() {
                        pending.push_front(name.to_owned());
                    }
                }
                Ok(meta) if !pending.is_empty() && !meta.is_dir() => {
                    return Err(io::ErrorKind::NotADirectory.into());
                }
                Ok(_) => {}
                // What lies below something missing is missing too, and has no symlinks to follow.
                Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::Passes => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

/// A path without `.` and `..`, where no symlink is in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::from("/");
    for name in names(path) {
        if name == ".." {
            plain.pop();
        } else {
            plain.push(name);
        }
    }
    plain
}

/// A path's components without the root, `.` and empty ones; `..` stays.
fn names(path: &Path) -> impl Iterator<Item = &OsStr> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some(OsStr::new("..")),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, symlink};

    #[test]
    fn links_stay_inside_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        fs::create_dir_all(at("usr/lib/x")).unwrap();
        fs::write(at("usr/lib/x/file"), "").unwrap();
        symlink("usr/lib", at("lib")).unwrap();
        symlink("/lib/x", at("abs")).unwrap();
        symlink("../../../../../lib/x", at("usr/up")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("/nowhere/../gone/x", at("dangling")).unwrap();
        let root = Root::new(dir.path()).unwrap();

        let resolve = |path: &str| root.resolve(Path::new(path)).map(|p| p.display().to_string());
        for path in ["/lib/x/file", "/abs/file", "/usr/up/file", "//lib/./x/../x/file", "/usr/../../abs/file"]
        {
            assert_eq!(resolve(path).unwrap(), "/usr/lib/x/file", "{path}");
        }
        assert!(resolve("/loop").is_err());
        assert_eq!(resolve("/lib/y").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(resolve("/lib/x/file/z").unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert_eq!(root.outside(Path::new("/lib")), at("lib"));

        for path in ["/lib/x", "/abs", "/usr/../abs/.", "/usr/lib/./x/../x"] {
            let (directory, real) = root.open_directory(Path::new(path)).unwrap();
            assert_eq!(real, Path::new("/usr/lib/x"), "{path}");
            let (a, b) = (rustix::fs::fstat(directory).unwrap(), fs::metadata(at("usr/lib/x")).unwrap());
            assert_eq!((a.st_dev, a.st_ino), (b.dev(), b.ino()), "{path}");
        }
        assert_eq!(root.open_directory(Path::new("/lib/y")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(root.open_directory(Path::new("/lib/x/file")).is_err());

        let keep = |path: &str, last| root.chase(Path::new(path), last, Missing::Passes).unwrap();
        assert_eq!(keep("/lib/../abs", Last::Keep), Path::new("/usr/abs"));
        assert_eq!(keep("/dangling", Last::Follow), Path::new("/gone/x"));
        assert_eq!(keep("/lib/gone/file", Last::Keep), Path::new("/usr/lib/gone/file"));
        assert!(root.chase(Path::new("/loop/x"), Last::Keep, Missing::Passes).is_err());
    }

    #[test]
    fn the_root_directory_is_the_running_system() {
        assert!(Root::new(Path::new("/")).unwrap().is_system());
        assert!(Root::new(Path::new("/proc/self/status")).is_err());
        assert!(Root::new(Path::new("/no such directory")).is_err());
    }
}
