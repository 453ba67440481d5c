//! What specifiers and search paths need to know of the machine and of the manager's user.

use super::env_file;
use super::{Environment, Root};
use crate::{Manager, Specifiers};
use rustix::process::{getgid, getuid};
use std::fs;
use std::path::{Path, PathBuf};

/// The directories of the user whose manager it is (`src/libsystemd/sd-path/sd-path.c`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDirs {
    home: PathBuf,
    /// `$XDG_CONFIG_HOME`; below it the user's own units.
    pub configuration: PathBuf,
    pub(super) data: PathBuf,
    pub(super) runtime: PathBuf,
    /// `$XDG_STATE_HOME`.
    pub state: PathBuf,
    cache: PathBuf,
}

impl UserDirs {
    /// The directories of the process's user, going by variables first.
    pub fn new(environment: &Environment) -> UserDirs {
        let home = environment.absolute("HOME").unwrap_or_else(home_of_process);
        let dir = |name: &str, below_home: &str| {
            environment.absolute(name).unwrap_or_else(|| home.join(below_home))
        };
        UserDirs {
            configuration: dir("XDG_CONFIG_HOME", ".config"),
            data: dir("XDG_DATA_HOME", ".local/share"),
            state: dir("XDG_STATE_HOME", ".local/state"),
            cache: dir("XDG_CACHE_HOME", ".cache"),
            // Or where logind puts it for every user that has a manager.
            runtime: environment
                .absolute("XDG_RUNTIME_DIR")
                .unwrap_or_else(|| PathBuf::from(format!("/run/user/{}", getuid().as_raw()))),
            home,
        }
    }
}

/// The home directory of this process's user, going by its id (`src/basic/user-util.c: get_home_dir`).
fn home_of_process() -> PathBuf {
    let uid = getuid();
    if uid.is_root() {
        return PathBuf::from("/root");
    }
    let home = account("/etc/passwd", uid.as_raw()).and_then(|fields| fields.get(5).map(PathBuf::from));
    home.filter(|home| home.is_absolute()).unwrap_or_else(|| PathBuf::from("/"))
}

/// The fields of the first line about this id in passwd(5) or group(5). Accounts that only a name service knows are
/// not found.
fn account(file: &str, id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    lines.find(|fields| fields.get(2).is_some_and(|field| field.parse() == Ok(id)))
}

/// The values of all specifiers that are the same for every unit of one manager
/// (`src/core/unit-printf.c: unit_full_printf_full`).
///
/// A few small files are read, no process is started. What does not exist (a machine id, say) gets no value. In a tree
/// that is not the running system, its own host name, machine id and os-release count; boot id, kernel and architecture
/// are those of the running machine.
pub(super) fn specifiers(root: &Root, manager: Manager, environment: &Environment) -> Specifiers {
    let mut values = Specifiers::default();
    let read = |path: &str| {
        let resolved = root.resolve(Path::new(path)).ok()?;
        fs::read_to_string(root.outside(&resolved)).ok()
    };

    let uname = rustix::system::uname();
    values.set('v', uname.release().to_string_lossy());
    if let Some(name) = architecture(&uname.machine().to_string_lossy()) {
        values.set('a', name);
    }
    if let Some(id) = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().and_then(|id| id128(&id)) {
        values.set('b', id);
    }
    if let Some(id) = read("/etc/machine-id").and_then(|id| id128(&id)) {
        values.set('m', id);
    }
    let host_name = match root.is_system() {
        true => Some(uname.nodename().to_string_lossy().into_owned()),
        false => read("/etc/hostname").map(|name| name.trim().to_owned()),
    };
    if let Some(name) = host_name.filter(|name| !name.is_empty()) {
        let short = name.split('.').next().unwrap_or_default();
        let pretty = read("/etc/machine-info").and_then(|text| env_file::value(&text, "PRETTY_HOSTNAME"));
        values.set('l', short);
        values.set('q', pretty.filter(|name| !name.is_empty()).unwrap_or_else(|| short.to_owned()));
        values.set('H', name);
    }
    if let Some(text) = read("/etc/os-release").or_else(|| read("/usr/lib/os-release")) {
        let fields = [
            ('o', "ID"),
            ('w', "VERSION_ID"),
            ('W', "VARIANT_ID"),
            ('B', "BUILD_ID"),
            ('M', "IMAGE_ID"),
            ('A', "IMAGE_VERSION"),
        ];
        for (letter, field) in fields {
            values.set(letter, env_file::value(&text, field).unwrap_or_default());
        }
    }
    match manager {
        Manager::System => set_of_system(&mut values, root),
        Manager::User => set_of_user(&mut values, environment),
    }
    values
}

/// The system manager is root's, and nobody sets `$HOME`, `$SHELL` or `$TMPDIR` for it.
fn set_of_system(values: &mut Specifiers, root: &Root) {
    // `src/basic/user-util.c: default_root_shell_at`
    let shell = if root.resolve(Path::new("/bin/bash")).is_ok() { "/bin/bash" } else { "/bin/sh" };
    let all = [
        ('u', "root"),
        ('U', "0"),
        ('g', "root"),
        ('G', "0"),
        ('h', "/root"),
        ('s', shell),
        ('t', "/run"),
        ('S', "/var/lib"),
        ('C', "/var/cache"),
        ('L', "/var/log"),
        ('E', "/etc"),
        ('D', "/usr/share"),
        ('T', "/tmp"),
        ('V', "/var/tmp"),
    ];
    for (letter, value) in all {
        values.set(letter, value);
    }
}

fn set_of_user(values: &mut Specifiers, environment: &Environment) {
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    let user = account("/etc/passwd", uid);
    let field = |at: usize| user.as_ref().and_then(|fields| fields.get(at).cloned());
    let variable = |name: &str| environment.get(name).and_then(|value| value.into_string().ok());
    // A user that only a name service knows is at least known to the session.
    values.set('u', field(0).or_else(|| variable("USER")).unwrap_or_else(|| uid.to_string()));
    values.set('U', uid.to_string());
    let group = account("/etc/group", gid).and_then(|fields| fields.into_iter().next());
    values.set('g', group.unwrap_or_else(|| gid.to_string()));
    values.set('G', gid.to_string());
    let shell = environment.absolute("SHELL").map(|shell| shell.display().to_string());
    if let Some(shell) = shell.or_else(|| field(6)).filter(|shell| shell.starts_with('/')) {
        values.set('s', shell);
    }
    // `src/basic/fs-util.c: getenv_tmp_dir`
    let variables = ["TMPDIR", "TEMP", "TMP"];
    let temporary = variables.iter().filter_map(|name| environment.absolute(name)).find(|dir| dir.is_dir());
    let dirs = UserDirs::new(environment);
    let all = [
        ('h', &*dirs.home),
        ('t', &dirs.runtime),
        ('S', &dirs.state),
        ('C', &dirs.cache),
        ('L', &dirs.state.join("log")),
        ('E', &dirs.configuration),
        ('D', &dirs.data),
        ('T', temporary.as_deref().unwrap_or(Path::new("/tmp"))),
        ('V', temporary.as_deref().unwrap_or(Path::new("/var/tmp"))),
    ];
    for (letter, path) in all {
        // A specifier's value is text; a directory that is no UTF-8 has no value.
        if let Some(path) = path.to_str() {
            values.set(letter, path);
        }
    }
}

/// An id of 128 bits as 32 digits, from that or from the spelling with dashes; `None` for anything else, such as the
/// `uninitialized` of a fresh image.
fn id128(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|&c| c != '-').collect();
    let is_id = digits.len() == 32
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
        && digits.bytes().any(|b| b != b'0');
    is_id.then(|| digits.to_ascii_lowercase())
}

/// systemd's name for what uname(2) calls the machine (`src/basic/architecture.c`).
fn architecture(machine: &str) -> Option<&'static str> {
    let known = [
        ("x86_64", "x86-64"),
        ("i686", "x86"),
        ("i586", "x86"),
        ("i486", "x86"),
        ("i386", "x86"),
        ("aarch64", "arm64"),
        ("aarch64_be", "arm64-be"),
        ("alpha", "alpha"),
        ("arc", "arc"),
        ("arceb", "arc-be"),
        ("ia64", "ia64"),
        ("parisc64", "parisc64"),
        ("parisc", "parisc"),
        ("loongarch64", "loongarch64"),
        ("m68k", "m68k"),
        ("ppc64le", "ppc64-le"),
        ("ppc64", "ppc64"),
        ("ppcle", "ppc-le"),
        ("ppc", "ppc"),
        ("riscv64", "riscv64"),
        ("riscv32", "riscv32"),
        ("s390x", "s390x"),
        ("s390", "s390"),
        ("sparc64", "sparc64"),
        ("sparc", "sparc"),
    ];
    // uname(2) does not tell the byte order of MIPS; this program was built for the machine that it runs on.
    match machine {
        "mips64" => return Some(if cfg!(target_endian = "little") { "mips64-le" } else { "mips64" }),
        "mips" => return Some(if cfg!(target_endian = "little") { "mips-le" } else { "mips" }),
        arm if arm.starts_with("arm") => return Some(if arm.ends_with('b') { "arm-be" } else { "arm" }),
        _ => {}
    }
    known.iter().find(|(name, _)| *name == machine).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_managers_values_do_not_depend_on_who_asks() {
        let environment = [("HOME", "/home/u"), ("TMPDIR", "/"), ("SHELL", "/x")].into_iter().collect();
        let values = specifiers(&Root::system(), Manager::System, &environment);
        let text = "%u %U %g %G %h %t %S %C %L %E %D %T %V";
        let expected = "root 0 root 0 /root /run /var/lib /var/cache /var/log /etc /usr/share /tmp /var/tmp";
        assert_eq!(values.expand(text).as_deref(), Ok(expected));
        assert!(values.expand("%v%b%H%l%q%a").is_ok_and(|text| text.len() > 40));
    }

    #[test]
    fn a_user_managers_values_follow_the_variables() {
        let variables =
            [("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r"), ("XDG_CACHE_HOME", "/c"), ("TMPDIR", "/usr")];
        let values = specifiers(&Root::system(), Manager::User, &variables.into_iter().collect());
        let expected = "/h /r /h/.local/state /c /h/.local/state/log /h/.config /h/.local/share /usr /usr";
        assert_eq!(values.expand("%h %t %S %C %L %E %D %T %V").as_deref(), Ok(expected));
    }

    #[test]
    fn a_tree_tells_of_itself() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("etc")).unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join("etc").join(name), text).unwrap();
        write("hostname", "box.example\n");
        write("machine-id", "0123456789abcdef0123456789abcdef\n");
        write("os-release", "ID=debian\nVERSION_ID=\"13\"\n");
        let root = Root::new(dir.path()).unwrap();
        let values = specifiers(&root, Manager::System, &Environment::default());
        assert_eq!(
            values.expand("%H %l %q %m %o %w|%W|%s").as_deref(),
            Ok("box.example box box 0123456789abcdef0123456789abcdef debian 13||/bin/sh")
        );
        write("machine-id", "uninitialized\n");
        let values = specifiers(&root, Manager::System, &Environment::default());
        assert!(values.expand("%m").is_err());
    }
}
