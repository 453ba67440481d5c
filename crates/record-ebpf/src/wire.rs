//! The events as the kernel side sends them (`bpf/event.h`).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// `enum kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A system call ended.
    Call,
    /// A program got its slot.
    Program,
    /// A process executes another program now.
    Exec,
    /// A capability was asked for.
    Capability,
    /// An io_uring request was submitted.
    RingSubmit,
    /// An io_uring request ended.
    RingComplete,
}

/// One event, its parts still in the kernel's bytes.
#[derive(Clone, Debug)]
pub struct RawEvent<'a> {
    /// Tells the access from others.
    pub key: u64,
    /// Tells the process's root directory, in its mount namespace, from others; 0 for the recorder's own.
    pub root: u64,
    /// The result of the call.
    pub result: i64,
    /// The arguments of the call, or what the kind says.
    pub args: [u64; 6],
    /// The process, as the first PID namespace numbers it.
    pub tgid: u32,
    /// The process, as its own PID namespace numbers it.
    pub inner_process: u32,
    /// The thread, likewise.
    pub inner_thread: u32,
    /// The process's parent, as the first PID namespace numbers it.
    pub parent: u32,
    /// The program's slot.
    pub program: u32,
    /// What this is.
    pub kind: Kind,
    /// The call's number, or the request's.
    pub nr: u32,
    /// The number is one of the 32-bit ABI.
    pub compat: bool,
    /// A part was left out for want of room.
    pub parts_cut: bool,
    /// `PART_NAME`, `PART_NAME2`.
    pub names: [Option<&'a [u8]>; 2],
    /// `PART_BASE`, `PART_BASE2`.
    pub bases: [Option<Walked<'a>>; 2],
    /// `PART_FILE`.
    pub file: Option<Walked<'a>>,
    /// `PART_ADDRESS`.
    pub address: Option<&'a [u8]>,
    /// `PART_INTERPRETER`.
    pub interpreter: Option<&'a [u8]>,
    /// `PART_LOADER`.
    pub loader: Option<Walked<'a>>,
    /// `PART_ROOT`: the process's root directory, when that is not the host's and is new.
    pub root_directory: Option<Walked<'a>>,
}

/// A path that was walked in the kernel: names leaf first, each followed by a slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked<'a> {
    in_mount: &'a [u8],
    visible: &'a [u8],
    above: &'a [u8],
    flags: u16,
    /// The device of the file system, as the kernel numbers devices inside (`MKDEV`).
    pub device: u32,
    /// The device that the file stands for, numbered likewise.
    pub rdev: u32,
    /// The file's mode.
    pub mode: u32,
    /// The kernel's `f_mode`, of an open file.
    pub file_mode: u32,
}

const HEAD: usize = 104;
const PART: usize = 8;
const WALKED: usize = 24;

const PATH_CUT: u16 = 1;
const PATH_ABOVE_ROOT: u16 = 2;
const PATH_DELETED: u16 = 4;
const PATH_DETACHED: u16 = 8;

/// `FMODE_CREATED` (`linux/fs.h`): the open made the file.
const FMODE_CREATED: u32 = 0x10_0000;

impl<'a> RawEvent<'a> {
    /// Reads an event; `None` when the bytes are not one.
    pub fn read(bytes: &'a [u8]) -> Option<RawEvent<'a>> {
        let word = |at: usize| Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let half = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let short = |at: usize| Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        if bytes.len() < HEAD {
            return None;
        }
        let mut args = [0; 6];
        for (n, argument) in args.iter_mut().enumerate() {
            *argument = word(24 + n * 8)?;
        }
        let mut event = RawEvent {
            key: word(0)?,
            root: word(8)?,
            result: word(16)?.cast_signed(),
            args,
            tgid: half(72)?,
            inner_process: half(76)?,
            inner_thread: half(80)?,
            parent: half(84)?,
            program: half(88)?,
            kind: match short(96)? {
                1 => Kind::Call,
                2 => Kind::Program,
                3 => Kind::Exec,
                4 => Kind::Capability,
                5 => Kind::RingSubmit,
                6 => Kind::RingComplete,
                _ => return None,
            },
            nr: short(98)?.into(),
            compat: *bytes.get(100)? != 0,
            parts_cut: *bytes.get(101)? != 0,
            names: [None; 2],
            bases: [None; 2],
            file: None,
            address: None,
            interpreter: None,
            loader: None,
            root_directory: None,
        };
        let mut at = HEAD;
        while at < bytes.len() {
            let (kind, size) = (short(at)?, usize::from(short(at + 2)?));
            let part = bytes.get(at + PART..at + PART + size)?;
            match kind {
                1 => event.names[0] = Some(part),
                2 => event.names[1] = Some(part),
                3 => event.bases[0] = Some(Walked::read(part)?),
                4 => event.bases[1] = Some(Walked::read(part)?),
                5 => event.file = Some(Walked::read(part)?),
                6 => event.address = Some(part),
                7 => event.interpreter = Some(part),
                8 => event.loader = Some(Walked::read(part)?),
                9 => event.root_directory = Some(Walked::read(part)?),
                _ => return None,
            }
            at = (at + PART + size).next_multiple_of(8);
        }
        Some(event)
    }
}

impl<'a> Walked<'a> {
    fn read(part: &'a [u8]) -> Option<Walked<'a>> {
        let short = |at: usize| Some(u16::from_ne_bytes(part.get(at..at + 2)?.try_into().ok()?));
        let half = |at: usize| Some(u32::from_ne_bytes(part.get(at..at + 4)?.try_into().ok()?));
        let [in_mount, visible, above]: [usize; 3] = [short(0)?.into(), short(2)?.into(), short(4)?.into()];
        let names = part.get(WALKED..)?;
        Some(Walked {
            in_mount: names.get(..in_mount)?,
            visible: names.get(..visible)?,
            above: names.get(visible..visible + above)?,
            flags: short(6)?,
            device: half(8)?,
            rdev: half(12)?,
            mode: half(16)?,
            file_mode: half(20)?,
        })
    }

    /// The path as the process sees it. A cut path starts with `…/`.
    pub fn path(&self) -> PathBuf {
        let start: &[u8] = if self.is_cut() { "\u{2026}/".as_bytes() } else { b"/" };
        join(start, self.visible)
    }

    /// The path within its file system, from the file system's own root.
    pub fn in_file_system(&self) -> PathBuf {
        join(&join(b"/", self.above).into_os_string().into_vec(), self.in_mount)
    }

    /// The part nearest to the root is missing.
    pub fn is_cut(&self) -> bool {
        self.flags & PATH_CUT != 0
    }

    /// It is not below the process's root directory.
    pub fn is_above_root(&self) -> bool {
        self.flags & PATH_ABOVE_ROOT != 0
    }

    /// Its name was removed.
    pub fn is_deleted(&self) -> bool {
        self.flags & PATH_DELETED != 0
    }

    /// It is in no mount namespace: a memfd, a pipe, something on a file system that was unmounted.
    pub fn is_detached(&self) -> bool {
        self.flags & PATH_DETACHED != 0
    }

    /// The open made it.
    pub fn was_made(&self) -> bool {
        self.file_mode & FMODE_CREATED != 0
    }

    /// Its last component.
    pub fn name(&self) -> &'a [u8] {
        self.visible.split(|&b| b == b'/').next().unwrap_or_default()
    }
}

/// `start`, and below it names that come leaf first, each followed by a slash.
fn join(start: &[u8], names: &[u8]) -> PathBuf {
    let mut path = start.to_vec();
    for name in names.split(|&b| b == b'/').rev().filter(|name| !name.is_empty()) {
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        path.extend_from_slice(name);
    }
    PathBuf::from(OsString::from_vec(path))
}

/// The major and minor number of a device as the kernel numbers it inside (`MKDEV`, `linux/kdev_t.h`).
pub fn device_numbers(device: u32) -> (u32, u32) {
    (device >> 20, device & 0xf_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: u16, bytes: &[u8]) -> Vec<u8> {
        let mut part =
            [&kind.to_ne_bytes()[..], &(bytes.len() as u16).to_ne_bytes(), &[0; 4], bytes].concat();
        part.resize(part.len().next_multiple_of(8), 0xee);
        part
    }

    fn walked(in_mount: &str, outside: &str, above: &str, flags: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        for length in [in_mount.len(), in_mount.len() + outside.len(), above.len(), flags.into()] {
            bytes.extend_from_slice(&(length as u16).to_ne_bytes());
        }
        bytes.extend_from_slice(&[0; 16]);
        bytes.extend_from_slice([in_mount, outside, above].concat().as_bytes());
        bytes
    }

    fn event(parts: &[Vec<u8>]) -> Vec<u8> {
        let mut head = vec![0; HEAD];
        head[96..98].copy_from_slice(&1_u16.to_ne_bytes());
        head[98..100].copy_from_slice(&257_u16.to_ne_bytes());
        [head, parts.concat()].concat()
    }

    #[test]
    fn paths_read_from_the_root() {
        let walked = walked("f/sub/", "data/srv/", "deep/", 0);
        let bytes = event(&[part(1, b"sub/f"), part(5, &walked)]);
        let event = RawEvent::read(&bytes).unwrap();
        assert_eq!(event.names[0], Some(&b"sub/f"[..]));
        let file = event.file.unwrap();
        assert_eq!(file.path(), PathBuf::from("/srv/data/sub/f"));
        assert_eq!(file.in_file_system(), PathBuf::from("/deep/sub/f"));
        assert_eq!(file.name(), b"f");
    }

    #[test]
    fn the_root_itself_and_what_was_cut() {
        let root = walked("", "", "", 0);
        assert_eq!(Walked::read(&root).unwrap().path(), PathBuf::from("/"));
        let cut = walked("f/", "", "", PATH_CUT);
        assert_eq!(Walked::read(&cut).unwrap().path(), PathBuf::from("\u{2026}/f"));
    }

    #[test]
    fn what_is_short_or_unknown_is_no_event() {
        let whole = event(&[part(5, &walked("f/", "", "", 0))]);
        for length in (0..HEAD).chain(HEAD + 1..HEAD + PART + WALKED + 2) {
            assert!(RawEvent::read(&whole[..length]).is_none(), "{length}");
        }
        assert!(RawEvent::read(&event(&[part(77, b"")])).is_none());
    }
}
