//! The mount table (proc_pid_mountinfo(5)).

use ringfence_sandbox::facts::{Mount, MountFlags};
use ringfence_terms::AbsPath;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The text of a table. The kernel does not say how long it is, and makes each piece that is asked for anew up to where it
/// begins within a line, so it is asked for large ones.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(64 * 1024);
    File::open(path)?.take(u64::MAX).read_to_end(&mut text)?;
    Ok(text)
}

/// Reads a whole table. Mounts whose path is not below our root (the kernel then shows no absolute path) are left out:
/// no service can see them.
pub fn parse(text: &[u8]) -> io::Result<Vec<Mount>> {
    text.split(|&b| b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            line_to_mount(line).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("cannot read this line of the mount table: {}", String::from_utf8_lossy(line)),
                )
            })
        })
        .filter_map(Result::transpose)
        .collect()
}

/// The table of a tree that is not running: one mount, the tree.
pub fn whole_tree() -> Mount {
    Mount {
        id: 1,
        parent: 0,
        root: "/".into(),
        path: AbsPath::root(),
        fs_type: "tree".into(),
        source: "none".into(),
        flags: MountFlags::default(),
        super_read_only: false,
        super_options: String::new(),
    }
}

/// `36 35 98:0 /root /path rw,noatime master:1 - ext3 /dev/root rw,errors=continue`: `None` is a line that does not read
/// so, `Some(None)` one for a path that cannot be seen from here.
fn line_to_mount(line: &[u8]) -> Option<Option<Mount>> {
    let mut fields = line.split(|&b| b == b' ');
    let mut next = || fields.next();
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse::<u32>().ok();
    let id = number(next()?)?;
    let parent = number(next()?)?;
    next()?; // major:minor
    let root = unescape(next()?);
    let path = next()?;
    let path = match path.contains(&b'\\') {
        true => AbsPath::parse(unescape(path)).ok(),
        false => AbsPath::parse(OsStr::from_bytes(path)).ok(),
    };
    let options = next()?;
    while next()? != b"-" {}
    let fs_type = String::from_utf8_lossy(next()?).into_owned();
    let source = unescape(next()?);
    let super_options = String::from_utf8_lossy(next()?).into_owned();
    let super_read_only = super_options.split(',').any(|option| option == "ro");
    let mut flags = MountFlags::default();
    for option in options.split(|&b| b == b',') {
        match option {
            b"ro" => flags.read_only = true,
            b"nosuid" => flags.nosuid = true,
            b"nodev" => flags.nodev = true,
            b"noexec" => flags.noexec = true,
            _ => {}
        }
    }
    Some(path.map(|path| Mount {
        id,
        parent,
        root,
        path,
        fs_type,
        source,
        flags,
        super_read_only,
        super_options,
    }))
}

/// The kernel writes space, tab, newline, backslash and `#` as three octal digits (`fs/proc_namespace.c`: `mangle`).
fn unescape(field: &[u8]) -> OsString {
    if !field.contains(&b'\\') {
        return OsStr::from_bytes(field).to_owned();
    }
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'\\'
            && let Some(digits) = after.get(..3)
            && let Some(value) =
                OsStr::from_bytes(digits).to_str().and_then(|d| u8::from_str_radix(d, 8).ok())
        {
            out.push(value);
            rest = &after[3..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    OsString::from_vec(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_flags_escapes_and_optional_fields() {
        let table = b"36 35 98:0 /mnt1 /a\\040b ro,nosuid,noatime shared:1 master:2 - ext4 /dev/x\\134y rw,errors=c\n\
            40 36 0:5 / /proc rw,nodev,noexec - proc proc rw\n";
        let mounts = parse(table).unwrap();
        assert_eq!(mounts[0].path, AbsPath::parse("/a b").unwrap());
        assert_eq!(mounts[0].source, "/dev/x\\y");
        assert_eq!(
            mounts[0].flags,
            MountFlags { read_only: true, nosuid: true, nodev: false, noexec: false }
        );
        assert!(!mounts[0].super_read_only);
        assert_eq!((mounts[1].id, mounts[1].parent, &*mounts[1].fs_type), (40, 36, "proc"));
    }

    #[test]
    fn a_line_of_another_shape_is_an_error_that_shows_it() {
        let error = parse(b"36 35 98:0 / /x rw\n").unwrap_err().to_string();
        assert!(error.contains("36 35 98:0 / /x rw"), "{error}");
    }

    #[test]
    fn the_running_machine_has_a_root_mount() {
        let mounts = parse(&std::fs::read("/proc/self/mountinfo").unwrap()).unwrap();
        assert!(mounts.iter().any(|m| m.path.is_root()));
    }
}
