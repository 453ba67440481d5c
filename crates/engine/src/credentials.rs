//! `SetCredential=` and `LoadCredential=` (systemd: `src/core/exec-credential.c`).
//!
//! The credentials are files below `/run/credentials/UNIT` on the host, readable for the service's user only, while the
//! unit runs. systemd keeps them in a file system in memory of their own; here they are in `/run`'s.

use crate::directories::make_parents;
use crate::failure::Failure;
use crate::step::Step;
use ringfence_settings::{Credential, Settings};
use ringfence_terms::{AbsPath, Errno, Origin};
use rustix::fs::{Gid, Mode, OFlags, Uid, chown};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// All credentials of a unit together (`CREDENTIALS_TOTAL_SIZE_MAX`).
const LIMIT: usize = 1 << 20;

/// Fills a directory with a unit's credentials.
pub fn store(settings: &Settings, directory: &AbsPath, owner: (u32, u32)) -> Result<(), Failure> {
    let contents = collect(settings)?;
    let fail = |path: &Path, error: io::Error| {
        Failure::new(Step::Credentials, format!("store the credential {}", path.display()))
            .errno(error)
            .path(path)
    };
    let path = directory.as_path();
    remove(directory).map_err(|e| fail(path, e))?;
    make_parents(path)
        .and_then(|()| rustix::fs::mkdir(path, Mode::from_raw_mode(0o700)))
        .map_err(|e| fail(path, e.into()))?;
    for (name, content) in contents {
        let file = path.join(&name);
        write(&file, &content, owner).map_err(|e| fail(&file, e))?;
    }
    rustix::fs::chmod(path, Mode::from_raw_mode(0o500))
        .and_then(|()| give(path, owner))
        .map_err(|e| fail(path, e.into()))
}

/// Takes a unit's credentials away.
pub fn remove(directory: &AbsPath) -> io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn write(path: &Path, content: &[u8], owner: (u32, u32)) -> io::Result<()> {
    use std::io::Write;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = std::fs::File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o400))?);
    file.write_all(content)?;
    Ok(give(path, owner)?)
}

fn give(path: &Path, (uid, gid): (u32, u32)) -> rustix::io::Result<()> {
    if rustix::process::geteuid().is_root() {
        return chown(path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
    }
    Ok(())
}

/// Every credential by name. A loaded one goes before one that is set.
fn collect(settings: &Settings) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut all = BTreeMap::new();
    for credential in &settings.credentials.all {
        if let Credential::LoadFile { name, path } = &credential.value {
            load(name, path, credential.origin.as_ref(), &mut all)?;
        }
    }
    for credential in &settings.credentials.all {
        if let Credential::Set { name, data } = &credential.value {
            all.entry(name.clone()).or_insert_with(|| data.clone());
        }
    }
    let size: usize = all.iter().map(|(name, content)| name.len() + content.len()).sum();
    if size > LIMIT {
        return Err(Failure::new(Step::Credentials, "hold the unit's credentials")
            .errno(Errno::E2BIG)
            .hint("all of a unit's credentials together may have 1 MiB at most"));
    }
    Ok(all)
}

fn load(
    name: &str,
    path: &AbsPath,
    origin: Option<&Origin>,
    all: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), Failure> {
    let fail = |path: &Path, error: io::Error| {
        let failure =
            Failure::new(Step::Credentials, format!("load the credential `{name}` from {}", path.display()))
                .errno(&error)
                .path(path)
                .origin(origin);
        match error.kind() {
            io::ErrorKind::NotFound => {
                failure.hint(format!("make {}, or take the line away", path.display()))
            }
            _ => failure,
        }
    };
    let path = path.as_path();
    if !path.is_dir() {
        let content = read(path).map_err(|e| fail(path, e))?;
        all.insert(name.to_owned(), content);
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(|e| fail(path, e))? {
        let entry = entry.map_err(|e| fail(path, e))?;
        let file = entry.path();
        if file.is_file() {
            let name = format!("{name}_{}", String::from_utf8_lossy(entry.file_name().as_bytes()));
            all.insert(name, read(&file).map_err(|e| fail(&file, e))?);
        }
    }
    Ok(())
}

/// A file's content, or what a socket sends.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    match std::fs::File::open(path) {
        Err(e) if e.raw_os_error() == Some(Errno::ENXIO.0) => {
            UnixStream::connect(path)?.take(LIMIT as u64 + 1).read_to_end(&mut content)?
        }
        file => file?.take(LIMIT as u64 + 1).read_to_end(&mut content)?,
    };
    Ok(content)
}
