//! `SetCredential=` and `LoadCredential=` (systemd: `src/core/exec-credential.c`).
//!
//! The credentials of a unit are files below `/run/credentials/UNIT` on the host, in a file system in memory of their own
//! that is never swapped out, readable for root and the service's user. Where nothing may be mounted they are in a plain
//! directory.

use crate::directories::make_parents;
use crate::failure::Failure;
use crate::mounts::tree::{attach, is_mount_point, new_file_system};
use crate::step::Step;
use ringfence_settings::{Credential, Settings};
use ringfence_sys::mount::{MountFlags, Reach, set_mount_flags};
use ringfence_terms::{AbsPath, Errno, Origin};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Gid, Mode, OFlags, Uid, XattrFlags, fchmod, fchown, fsetxattr, mkdirat, openat};
use rustix::mount::{MountAttrFlags, UnmountFlags, unmount};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// All credentials of a unit together (`CREDENTIALS_TOTAL_SIZE_MAX`).
const LIMIT: usize = 1 << 20;

/// Fills a directory with a unit's credentials, in the place of what was there.
pub fn store(settings: &Settings, directory: &AbsPath, owner: (u32, u32)) -> Result<(), Failure> {
    let contents = collect(settings)?;
    let path = directory.as_path();
    remove(directory).and_then(|()| fill(path, &contents, owner)).map_err(|e| {
        Failure::new(Step::Credentials, format!("store the credentials in {directory}")).errno(e).path(path)
    })
}

fn fill(path: &Path, contents: &BTreeMap<String, Vec<u8>>, owner: (u32, u32)) -> io::Result<()> {
    make_parents(path)?;
    mkdirat(CWD, path, Mode::from_raw_mode(0o755))?;
    let place = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let Some(file_system) = memory() else {
        fchmod(&place, Mode::from_raw_mode(0o700))?;
        return write_all(place.as_fd(), contents, owner);
    };
    let root =
        openat(&file_system, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    write_all(root.as_fd(), contents, owner)?;
    set_mount_flags(&file_system, Reach::One, MountFlags::READ_ONLY, MountFlags::NONE)?;
    Ok(attach(file_system, place)?)
}

/// A file system in memory, if one may be mounted here. Older kernels cannot keep it from being swapped out.
fn memory() -> Option<OwnedFd> {
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC
        | MountAttrFlags::MOUNT_ATTR_NOSYMFOLLOW;
    let options = ["mode=0700", "nr_inodes=1024", "size=1048576", "noswap"];
    new_file_system("tmpfs", &options, flags).or_else(|_| new_file_system("tmpfs", &options[..3], flags)).ok()
}

/// Takes a unit's credentials away.
pub fn remove(directory: &AbsPath) -> io::Result<()> {
    let path = directory.as_path();
    let mounted = || {
        let place = rustix::fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
        place.and_then(is_mount_point) == Ok(true)
    };
    while mounted() {
        unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?;
    }
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn write_all(
    directory: BorrowedFd<'_>,
    contents: &BTreeMap<String, Vec<u8>>,
    owner: (u32, u32),
) -> io::Result<()> {
    for (name, content) in contents {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = std::fs::File::from(openat(directory, name, flags, Mode::from_raw_mode(0o600))?);
        file.write_all(content)?;
        fchmod(&file, Mode::from_raw_mode(0o400))?;
        let_read(file.as_fd(), 4, owner)?;
    }
    fchmod(directory, Mode::from_raw_mode(0o500))?;
    let_read(directory, 5, owner)?;
    Ok(())
}

/// Gives the service's user the rights that root has, by an access control list, or else by making it the owner.
fn let_read(file: BorrowedFd<'_>, rights: u16, (uid, gid): (u32, u32)) -> rustix::io::Result<()> {
    if uid == 0 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let list = access_list(rights, uid);
    match fsetxattr(file, "system.posix_acl_access", &list, XattrFlags::empty()) {
        Err(rustix::io::Errno::OPNOTSUPP) => fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))),
        other => other,
    }
}

/// An access control list (acl(5)) as the kernel stores it (`linux/posix_acl_xattr.h`): the owner and one more user have
/// these rights, and nobody else any.
fn access_list(rights: u16, uid: u32) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let (owner, user, group, mask, other) = (0x01u16, 0x02u16, 0x04u16, 0x10u16, 0x20u16);
    let entries = [
        (owner, rights, NOBODY),
        (user, rights, uid),
        (group, 0, NOBODY),
        (mask, rights, NOBODY),
        (other, 0, NOBODY),
    ];
    let mut list = 2u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    list
}

/// Every credential by name. A loaded one goes before an imported one, and that before one that is set.
fn collect(settings: &Settings) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut all = BTreeMap::new();
    for credential in &settings.credentials.all {
        let origin = credential.origin.as_ref();
        match &credential.value {
            Credential::LoadFile { name, path } => load(name, path, origin, &mut all)?,
            Credential::LoadByName { name, source } => {
                // One that is nowhere is simply not there.
                if let Some(path) =
                    search().into_iter().map(|above| above.join(source)).find(|path| path.exists())
                    && let Ok(path) = AbsPath::parse(&path)
                {
                    load(name, &path, origin, &mut all)?;
                }
            }
            Credential::Set { .. } | Credential::Import { .. } | Credential::Encrypted { .. } => {}
        }
    }
    for credential in &settings.credentials.all {
        if let Credential::Import { glob, rename } = &credential.value {
            import(glob, rename.as_deref(), &mut all);
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

/// Where credentials are looked for by name: what this process was given itself, then the machine's stores
/// (systemd: `credential_search_path`).
fn search() -> Vec<PathBuf> {
    let own = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let stores = ["/etc/credstore", "/run/credstore", "/usr/local/lib/credstore", "/usr/lib/credstore"];
    own.into_iter().chain(stores.map(PathBuf::from)).collect()
}

/// `ImportCredential=`: everything whose name matches and that is not there yet; what the `*` stood for stays when it is
/// renamed.
fn import(pattern: &str, rename: Option<&str>, all: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(wild) = glob::Pattern::new(pattern) else { return };
    let fixed = pattern.len() - usize::from(pattern.ends_with('*'));
    for directory in search() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !wild.matches(&name) {
                continue;
            }
            let name = match (rename, name.get(fixed..)) {
                (Some(rename), Some(rest)) => format!("{rename}{rest}"),
                _ => name,
            };
            if let Ok(content) = read(&entry.path()) {
                all.entry(name).or_insert(content);
            }
        }
    }
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
