//! `DynamicUser=`: a user number that nobody else has, held while the unit runs (systemd: `pick_uid` in
//! `src/core/dynamic-user.c`).
//!
//! The number is locked with a file that systemd would lock too, so that both can run on one machine. There is no name
//! service that knows the user's name: programs that look their own number up find none.

use ringfence_sandbox::facts::Facts;
use ringfence_settings::{DirectoryKind, Settings};
use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat};
use rustix::io::{Errno, Result};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;
use std::io::Read;
use std::path::{Path, PathBuf};

const FIRST: u32 = 61184;
const LAST: u32 = 65519;

/// The key of the hash that makes a number of a name.
const KEY: [u8; 16] =
    [0x37, 0x53, 0x7e, 0x31, 0xcf, 0xce, 0x48, 0xf5, 0x8a, 0xbb, 0x39, 0x57, 0x8d, 0xd9, 0xec, 0x59];

/// A number that is taken until this is dropped.
#[derive(Debug)]
pub struct DynamicUser {
    number: u32,
    path: PathBuf,
    _lock: OwnedFd,
}

impl DynamicUser {
    /// Takes the number that owns the unit's directories, or the one that its name hashes to, or any that is free.
    pub fn take(name: &str, settings: &Settings, facts: &dyn Facts) -> Result<DynamicUser> {
        let directory = match facts.features().booted_with_systemd {
            true => Path::new("/run/systemd/dynamic-uid"),
            false => Path::new("/run/ringfence/dynamic-uid"),
        };
        crate::directories::make_parents(&directory.join("1"))?;
        let random = std::iter::from_fn(random).take(100);
        for number in owners(settings).into_iter().chain([hashed(name)]).chain(random) {
            if !(FIRST..=LAST).contains(&number) || facts.user(&number.to_string()).is_some() {
                continue;
            }
            if let Some(held) = lock(directory.join(number.to_string()), number)? {
                // What the file says is for systemd's name service, which reads it.
                let _ = rustix::io::write(&held._lock, format!("{name}\n").as_bytes());
                return Ok(held);
            }
        }
        Err(Errno::BUSY)
    }

    /// The user's and the group's number.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for DynamicUser {
    fn drop(&mut self) {
        // A file that stays is taken over by whoever locks it next.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Locks a number; none if somebody else has it.
fn lock(path: PathBuf, number: u32) -> Result<Option<DynamicUser>> {
    loop {
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = rustix::fs::open(&path, flags, Mode::from_raw_mode(0o600))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::AGAIN) => return Ok(None),
            other => other?,
        }
        // It may have been removed between the two calls; then the lock means nothing.
        if fstat(&file)?.st_nlink > 0 {
            return Ok(Some(DynamicUser { number, path, _lock: file }));
        }
    }
}

/// Who owns the unit's directories already.
fn owners(settings: &Settings) -> Vec<u32> {
    use std::os::unix::fs::MetadataExt;
    let kinds = [DirectoryKind::State, DirectoryKind::Cache, DirectoryKind::Logs];
    kinds
        .into_iter()
        .flat_map(|kind| settings.directories.of(kind).map(move |directory| (kind, directory)))
        .flat_map(|(kind, directory)| {
            let base = Path::new(kind.system_base());
            [base.join("private").join(&directory.value.path), base.join(&directory.value.path)]
        })
        .filter_map(|path| std::fs::metadata(path).ok())
        .map(|metadata| metadata.uid())
        .collect()
}

fn hashed(name: &str) -> u32 {
    let mut hasher = SipHasher24::new_with_key(&KEY);
    hasher.write(name.as_bytes());
    into_range(hasher.finish())
}

fn into_range(number: u64) -> u32 {
    // systemd narrows to `uid_t` first (`UID_CLAMP_INTO_RANGE`).
    (number as u32) % (LAST - FIRST + 1) + FIRST
}

fn random() -> Option<u32> {
    let mut bytes = [0; 4];
    std::fs::File::open("/dev/urandom").ok()?.read_exact(&mut bytes).ok()?;
    Some(into_range(u64::from(u32::from_ne_bytes(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_number_that_systemd_gives_it() {
        // From a running systemd 257: `systemd-run -p DynamicUser=yes -p User=NAME id -u`.
        for (name, number) in RECORDED {
            assert_eq!(hashed(name), *number, "{name}");
        }
    }

    const RECORDED: &[(&str, u32)] = &[("foo", 63016), ("ringfence-test", 65285), ("guestbook", 64932)];
}
