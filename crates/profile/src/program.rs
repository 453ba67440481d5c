//! Who did something.

use crate::escape;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::str::FromStr;

/// A program as a profile tells programs apart: by its executable, the name it was started under, and its user.
///
/// Process numbers are not part of it: a thousand workers of one daemon are one program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Program {
    /// The executable, as the program itself sees it (`/proc/self/exe`). A memfd is `/memfd:NAME (deleted)`, as the
    /// kernel writes it.
    pub exe: PathBuf,
    /// The name that the kernel gave the process when it executed: the first 15 bytes of the base name of the file named
    /// in execve(2), for a script therefore the script's name. Later renames (`PR_SET_NAME`) do not count. For a process
    /// that was met while it was running, its main thread's name at that time.
    pub comm: OsString,
    /// The effective user at the time, as the host numbers users.
    pub uid: u32,
}

impl Program {
    /// The name that an executable gets when it is executed directly.
    fn default_comm(&self) -> &[u8] {
        let name = self.exe.file_name().map(OsStr::as_bytes).unwrap_or_default();
        &name[..name.len().min(15)]
    }
}

impl fmt::Display for Program {
    /// `EXE@UID`, or `EXE(COMM)@UID` when the name is not the executable's; see `docs/profile.md` for the escapes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape::name_without(self.exe.as_os_str(), b"()@"))?;
        if self.comm.as_bytes() != self.default_comm() {
            write!(f, "({})", escape::name_without(&self.comm, b"()@"))?;
        }
        write!(f, "@{}", self.uid)
    }
}

/// A text that is not a program as [`Program`]'s `Display` writes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a program: expected EXE@UID or EXE(COMM)@UID")]
pub struct ProgramError(String);

impl FromStr for Program {
    type Err = ProgramError;

    fn from_str(text: &str) -> Result<Program, ProgramError> {
        let parse = || {
            let (name, uid) = text.rsplit_once('@')?;
            let uid = uid.parse().ok()?;
            let (exe, comm) = match name.strip_suffix(')') {
                Some(name) => {
                    let (exe, comm) = name.split_once('(')?;
                    (exe, Some(comm))
                }
                None => (name, None),
            };
            let mut program =
                Program { exe: PathBuf::from(escape::unescape(exe).ok()?), comm: OsString::new(), uid };
            program.comm = match comm {
                Some(comm) => escape::unescape(comm).ok()?,
                None => OsStr::from_bytes(program.default_comm()).to_owned(),
            };
            Some(program)
        };
        parse().ok_or_else(|| ProgramError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(exe: &str, comm: &str) -> Program {
        Program { exe: exe.into(), comm: comm.into(), uid: 33 }
    }

    #[test]
    fn writes_what_a_person_would() {
        assert_eq!(program("/usr/sbin/nginx", "nginx").to_string(), "/usr/sbin/nginx@33");
        assert_eq!(program("/usr/bin/dash", "backup.sh").to_string(), "/usr/bin/dash(backup.sh)@33");
        assert_eq!(
            program("/x/a-very-long-program-name", "a-very-long-pro").to_string(),
            "/x/a-very-long-program-name@33"
        );
    }

    #[test]
    fn any_name_comes_back() {
        for (exe, comm) in
            [("/a(b)", "a(b)"), ("/a@b\\", "x@(y)"), ("/memfd:x (deleted)", "x"), ("/\u{e9}", "")]
        {
            let program = program(exe, comm);
            assert_eq!(program.to_string().parse(), Ok(program));
        }
        let odd = Program {
            exe: OsStr::from_bytes(b"/\xff\xfe").into(),
            comm: OsStr::from_bytes(b"\xff").into(),
            uid: 0,
        };
        assert_eq!(odd.to_string().parse(), Ok(odd));
    }

    #[test]
    fn refuses_other_text() {
        for text in ["", "/bin/sh", "/bin/sh@", "/bin/sh@x", "/bin/sh)@1", "/bin/\\q@1"] {
            assert!(text.parse::<Program>().is_err(), "{text}");
        }
    }
}
