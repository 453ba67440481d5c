//! `RuntimeDirectory=`, `StateDirectory=` and their kin, made on the host (systemd: `setup_exec_directory` in
//! `src/core/exec-invoke.c`).

use crate::failure::Failure;
use crate::step::Step;
use ringfence_sandbox::plan::{DirectorySetup, Plan};
use ringfence_settings::{DirectoryKind, Settings};
use ringfence_terms::AbsPath;
use ringfence_unit::Manager;
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, Uid, chmodat, chownat, lstat, mkdirat, readlinkat, renameat,
    symlinkat, unlinkat,
};
use rustix::io::{Errno, Result};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Who owns what is mapped to the service's user in its mount.
const NOBODY: u32 = 65534;

/// Makes all directories of a plan. The host paths that are to be mounted ID-mapped come back.
pub fn set_up(
    settings: &Settings,
    plan: &Plan,
    owner: (u32, u32),
) -> std::result::Result<Vec<AbsPath>, Failure> {
    let mut mapped = Vec::new();
    for directory in &plan.directories {
        let job = Job { settings, directory, owner };
        if job.make().map_err(|e| job.failure(e))? {
            mapped.push(directory.path.clone());
        }
    }
    if plan.reasons.is_empty() {
        for directory in &plan.directories {
            for link in &directory.symlinks {
                let target = directory.public.as_ref().unwrap_or(&directory.path);
                make_parents(link.as_path())
                    .and_then(|()| link_relative(link.as_path(), target.as_path()))
                    .map_err(|e| {
                    Failure::new(step(directory.kind), format!("make the symlink {link}"))
                        .errno(e)
                        .path(link.as_path())
                        .origin(directory.origin.as_ref())
                })?;
            }
        }
    }
    Ok(mapped)
}

/// The step that a family's directories belong to.
fn step(kind: DirectoryKind) -> Step {
    match kind {
        DirectoryKind::Runtime => Step::RuntimeDirectory,
        DirectoryKind::State => Step::StateDirectory,
        DirectoryKind::Cache => Step::CacheDirectory,
        DirectoryKind::Logs => Step::LogsDirectory,
        DirectoryKind::Configuration => Step::ConfigurationDirectory,
    }
}

struct Job<'a> {
    settings: &'a Settings,
    directory: &'a DirectorySetup,
    owner: (u32, u32),
}

impl Job<'_> {
    /// Whether it is to be mounted ID-mapped.
    fn make(&self) -> Result<bool> {
        let path = self.directory.path.as_path();
        let kept = self.directory.kind == DirectoryKind::Configuration;
        let mode = Mode::from_raw_mode(self.directory.mode);
        match &self.directory.public {
            Some(public) => self.make_private(public.as_path(), path, mode)?,
            None => {
                make_parents(path)?;
                if !kept {
                    self.leave_private(path)?;
                }
                match mkdirat(CWD, path, mode) {
                    Err(Errno::EXIST) if kept => return Ok(false),
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        match FileType::from_raw_mode(lstat(path)?.st_mode) {
            FileType::Directory => {}
            FileType::Symlink => return Err(Errno::LOOP),
            _ => return Err(Errno::NOTDIR),
        }
        chmodat(CWD, path, mode, AtFlags::empty())?;
        let may_give = self.settings.manager == Manager::System && rustix::process::geteuid().is_root();
        if !may_give {
            return Ok(false);
        }
        let mapped = self.directory.id_mapped;
        let owner = if mapped { (NOBODY, NOBODY) } else { self.owner };
        give(path, owner, self.settings.identity.dynamic_user.value)?;
        Ok(mapped)
    }

    /// The directory of a dynamic user lies in `private/`, which nobody but root can look into, and a symlink leads
    /// there. One that lay at the symlink's place is moved.
    fn make_private(&self, public: &Path, path: &Path, mode: Mode) -> Result<()> {
        let private = path.ancestors().find(|above| above.file_name() == Some(OsStr::new("private")));
        if let Some(private) = private {
            make_parents(private)?;
            match mkdirat(CWD, private, Mode::from_raw_mode(0o700)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e),
            }
        }
        make_parents(path)?;
        let is_directory = |path: &Path| {
            lstat(path).is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::Directory)
        };
        if is_directory(public) && is_missing(lstat(path)) {
            renameat(CWD, public, CWD, path)?;
        } else {
            match mkdirat(CWD, path, mode) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(e),
            }
        }
        if !self.directory.only_create {
            make_parents(public)?;
            link_relative(public, path)?;
        }
        Ok(())
    }

    /// A symlink that an earlier `DynamicUser=` left is replaced by the directory that it leads to.
    fn leave_private(&self, path: &Path) -> Result<()> {
        if readlinkat(CWD, path, Vec::new()).is_err() {
            return Ok(());
        }
        let base = Path::new(self.directory.kind.system_base());
        let Ok(rest) = path.strip_prefix(base) else { return Ok(()) };
        let private = base.join("private").join(rest);
        let (Ok(target), Ok(expected)) = (path.canonicalize(), private.canonicalize()) else { return Ok(()) };
        if target == expected {
            unlinkat(CWD, path, AtFlags::empty())?;
            renameat(CWD, &private, CWD, path)?;
        }
        Ok(())
    }

    fn failure(&self, errno: Errno) -> Failure {
        let directory = self.directory;
        let failure = Failure::new(step(directory.kind), format!("set up the directory {}", directory.path))
            .errno(errno)
            .path(directory.path.as_path())
            .origin(directory.origin.as_ref());
        match errno {
            Errno::LOOP => failure.hint(format!("{} is a symlink; make it a directory", directory.path)),
            Errno::ROFS => failure.hint("the file system is mounted read-only"),
            Errno::ACCESS => {
                failure.hint("only root can make it there; run as root, or as a unit of the user manager")
            }
            _ => failure,
        }
    }
}

/// Makes what is missing above a path, mode 0755: the process has no umask.
pub fn make_parents(path: &Path) -> Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().skip(1).take_while(|above| is_missing(rustix::fs::stat(*above))).collect();
    for above in missing.into_iter().rev() {
        match mkdirat(CWD, above, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn is_missing(status: Result<rustix::fs::Stat>) -> bool {
    matches!(status, Err(Errno::NOENT))
}

/// Makes a symlink with a relative target, unless it is there already (systemd: `symlink_idempotent`).
fn link_relative(link: &Path, target: &Path) -> Result<()> {
    let text = way(link, target);
    match symlinkat(&text, CWD, link) {
        Err(Errno::EXIST) => {
            let there = readlinkat(CWD, link, Vec::new());
            if there.is_ok_and(|there| there.as_bytes() == text.as_os_str().as_bytes()) {
                Ok(())
            } else {
                Err(Errno::EXIST)
            }
        }
        other => other,
    }
}

/// The way from the directory of one path to another path.
fn way(from: &Path, to: &Path) -> PathBuf {
    let start: Vec<_> = from.parent().into_iter().flat_map(Path::components).collect();
    let end: Vec<_> = to.components().collect();
    let shared = start.iter().zip(&end).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Path::new(".."), start.len() - shared);
    up.chain(end[shared..].iter().map(|c| Path::new(c.as_os_str()))).collect()
}

/// Gives a directory and everything below to its owner. If the directory itself is the owner's already, nothing below
/// is looked at (systemd: `path_chown_recursive`).
fn give(path: &Path, owner: (u32, u32), dynamic: bool) -> Result<()> {
    let top = lstat(path)?;
    if (top.st_uid, top.st_gid) == owner {
        return Ok(());
    }
    give_below(path, owner, dynamic)?;
    give_one(path, owner, dynamic)
}

fn give_below(path: &Path, owner: (u32, u32), dynamic: bool) -> Result<()> {
    let directory =
        rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for entry in rustix::fs::Dir::new(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let below = path.join(OsStr::from_bytes(name));
        if FileType::from_raw_mode(lstat(&below)?.st_mode) == FileType::Directory {
            give_below(&below, owner, dynamic)?;
        }
        give_one(&below, owner, dynamic)?;
    }
    Ok(())
}

fn give_one(path: &Path, (uid, gid): (u32, u32), dynamic: bool) -> Result<()> {
    let before = lstat(path)?;
    chownat(CWD, path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)), AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(before.st_mode) == FileType::Symlink {
        return Ok(());
    }
    // Changing the owner takes the set-user-ID bits away; a file of a dynamic user's must not have any.
    let kept = if dynamic { 0o1777 } else { 0o7777 };
    chmodat(CWD, path, Mode::from_raw_mode(before.st_mode & kept), AtFlags::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symlink_leads_from_its_own_directory() {
        for (from, to, expected) in [
            ("/var/lib/foo", "/var/lib/private/foo", "private/foo"),
            ("/var/lib/a/b", "/var/lib/private/a/b", "../private/a/b"),
            ("/run/x", "/var/y", "../var/y"),
        ] {
            assert_eq!(way(Path::new(from), Path::new(to)), Path::new(expected));
        }
    }
}
