//! Where deeds are done.

use crate::call::{call, text};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory, and what must be in it.
#[derive(Clone, Debug)]
pub struct Stage {
    directory: PathBuf,
}

impl Stage {
    /// The stage in a directory.
    ///
    /// # Panics
    /// When the directory's path is relative or has symlinks: then the answers would be others.
    pub fn in_directory(directory: PathBuf) -> Stage {
        assert!(directory.is_absolute(), "the stage's path must be absolute");
        Stage { directory }
    }

    /// Makes everything anew.
    pub fn prepare(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&self.directory)?,
        }
        if fs::canonicalize(&self.directory)? != self.directory {
            return Err(io::Error::other("the stage's path has symlinks"));
        }
        for directory in ["dir", "dir/sub", "empty", "root", "root/etc", "real", "real/deep", "mnt"] {
            fs::create_dir(self.path(directory))?;
        }
        for name in
            ["file", "dir/inner", "real/deep/file", "root/etc/inside", "gone", "from", "exchange", "other"]
        {
            fs::write(self.path(name), "contents\n")?;
        }
        fs::write(self.path(OsStr::from_bytes(ODD_BYTES)), "odd\n")?;
        symlink("file", self.path("link"))?;
        symlink("real", self.path("alias"))?;
        symlink("deep", self.path("real/shallow"))?;
        symlink(self.path("alias"), self.path("absolute"))?;
        symlink("loop", self.path("loop"))?;
        symlink("nowhere", self.path("dangling"))?;
        symlink("/etc/inside", self.path("root/link"))?;
        fs::write(self.path("script"), format!("#!{}\n", self.path("interpreter").display()))?;
        fs::write(self.path("orphan"), format!("#!{}\n", self.path("no-such-interpreter").display()))?;
        for name in ["script", "orphan"] {
            fs::set_permissions(self.path(name), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        }
        self.copy_program(&["interpreter"])?;
        self.prepare_privileged()
    }

    /// Executables that give privileges, which only root may make.
    fn prepare_privileged(&self) -> io::Result<()> {
        use std::os::unix::fs::{PermissionsExt, chown};
        const NOBODY: u32 = 65534;
        let path = |name: &str| self.path(name);
        let programs = ["gives-user", "gives-group", "gives-capabilities"];
        self.copy_program(&programs)?;
        match chown(path("gives-user"), Some(NOBODY), Some(NOBODY)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
            result => result?,
        }
        chown(path("gives-group"), Some(NOBODY), Some(NOBODY))?;
        for (name, mode) in programs.into_iter().zip([0o4755, 0o2755, 0o755]) {
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode))?;
        }
        set_capability(&path("gives-capabilities"))
    }

    /// Copies a program, by another process: a file that this one has open for writing cannot be executed as long as a child
    /// that another thread has just made has it open, too.
    fn copy_program(&self, names: &[&str]) -> io::Result<()> {
        let status = Command::new("/bin/sh")
            .args(["-c", "for to; do cp /bin/true \"$to\" || exit; done", "-"])
            .args(names.iter().map(|name| self.path(name)))
            .status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("cp /bin/true: {status}"))) }
    }

    /// A path on the stage.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.join(name)
    }

    /// The directory itself.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Gives a file CAP_NET_RAW, permitted and effective (capabilities(7), `struct vfs_cap_data` of revision 2).
fn set_capability(path: &Path) -> io::Result<()> {
    const CAP_NET_RAW: u32 = 13;
    let words = [0x0200_0001, 1 << CAP_NET_RAW, 0, 0, 0];
    let value: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    let (path, name) = (text(path), text("security.capability"));
    let set = [path.pointer(), name.pointer(), value.as_ptr() as i64, value.len() as i64, 0];
    match call(libc::SYS_setxattr, &set) {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(-errno as i32)),
    }
}

/// A name with a newline, a backslash, and bytes that are not UTF-8.
pub(crate) const ODD_BYTES: &[u8] = b"odd\nna\\me\xff\xc3";
