//! Where deeds are done.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

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
        fs::copy("/bin/true", self.path("interpreter"))?;
        Ok(())
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

/// A name with a newline, a backslash, and bytes that are not UTF-8.
pub(crate) const ODD_BYTES: &[u8] = b"odd\nna\\me\xff\xc3";
