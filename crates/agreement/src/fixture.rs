//! The files that a unit meets, as lines of a little language, and the shell script that makes them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One thing to make. As text (and in JSON) one line:
///
/// | line | makes |
/// | --- | --- |
/// | `dir PATH [MODE [UID:GID]]` | a directory and its parents; mode 0755, owned by root |
/// | `file PATH [MODE [UID:GID]]` | a file that says `fixture PATH`; mode 0644 |
/// | `run PATH [MODE [UID:GID]]` | the same, mode 0755: executing it ends in `ENOEXEC` if it is allowed. Its name starts with `run-` |
/// | `fifo PATH [MODE [UID:GID]]` | a named pipe |
/// | `probe PATH` | a copy of the probe |
/// | `link PATH TARGET` | a symlink |
/// | `tmpfs PATH [OPTIONS]` | a tmpfs, mode 0755, and its mount point |
/// | `bind PATH SOURCE [OPTIONS]` | SOURCE (a directory, if it is missing) bound to PATH (made to fit), then remounted with OPTIONS |
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Entry {
    /// A directory, file, executable or pipe: kind, path, mode, owner.
    Node(Kind, String, Option<String>, Option<String>),
    /// A copy of the probe.
    Probe(String),
    /// A symlink: path and target.
    Link(String, String),
    /// A tmpfs: path and options.
    Tmpfs(String, Option<String>),
    /// A bind mount: path, source and options.
    Bind(String, String, Option<String>),
}

/// The kinds of [`Entry::Node`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A directory.
    Dir,
    /// A regular file.
    File,
    /// A regular file with a mode that allows execution.
    Run,
    /// A named pipe.
    Fifo,
}

impl Kind {
    const ALL: [(Kind, &str, &str); 4] = [
        (Kind::Dir, "dir", "0755"),
        (Kind::File, "file", "0644"),
        (Kind::Run, "run", "0755"),
        (Kind::Fifo, "fifo", "0644"),
    ];

    fn row(self) -> (Kind, &'static str, &'static str) {
        Kind::ALL[self as usize]
    }
}

impl Entry {
    /// A directory of root's, mode 0755.
    pub fn dir(path: impl Into<String>) -> Entry {
        Entry::Node(Kind::Dir, path.into(), None, None)
    }

    /// A file of root's, mode 0644.
    pub fn file(path: impl Into<String>) -> Entry {
        Entry::Node(Kind::File, path.into(), None, None)
    }

    /// The path that it makes.
    pub fn path(&self) -> &str {
        match self {
            Entry::Node(_, path, ..)
            | Entry::Probe(path)
            | Entry::Link(path, _)
            | Entry::Tmpfs(path, _)
            | Entry::Bind(path, ..) => path,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = |f: &mut fmt::Formatter<'_>, word: &Option<String>| match word {
            Some(word) => write!(f, " {word}"),
            None => Ok(()),
        };
        match self {
            Entry::Node(kind, path, mode, owner) => {
                write!(f, "{} {path}", kind.row().1)?;
                more(f, mode)?;
                more(f, owner)
            }
            Entry::Probe(path) => write!(f, "probe {path}"),
            Entry::Link(path, target) => write!(f, "link {path} {target}"),
            Entry::Tmpfs(path, options) => {
                write!(f, "tmpfs {path}")?;
                more(f, options)
            }
            Entry::Bind(path, source, options) => {
                write!(f, "bind {path} {source}")?;
                more(f, options)
            }
        }
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Entry, String> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let mut word = |what: &str| words.next().ok_or_else(|| format!("{what} is missing in {text:?}"));
        let (head, path) = (word("the kind")?, word("the path")?);
        let entry = match head.as_str() {
            "probe" => Entry::Probe(path),
            "link" => Entry::Link(path, word("the target")?),
            "tmpfs" => Entry::Tmpfs(path, words.next()),
            "bind" => Entry::Bind(path, word("the source")?, words.next()),
            _ => match Kind::ALL.iter().find(|row| row.1 == head) {
                Some(row) => Entry::Node(row.0, path, words.next(), words.next()),
                None => return Err(format!("{head:?} in {text:?} is nothing that a fixture can make")),
            },
        };
        match words.next() {
            None => Ok(entry),
            Some(more) => Err(format!("{more:?} is too much in {text:?}")),
        }
    }
}

impl From<Entry> for String {
    fn from(entry: Entry) -> String {
        entry.to_string()
    }
}

impl TryFrom<String> for Entry {
    type Error = String;

    fn try_from(text: String) -> Result<Entry, String> {
        text.parse()
    }
}

/// The shell script that makes a fixture, in order. `probe` is where the probe lies on the machine.
pub fn script(entries: &[Entry], probe: &str) -> String {
    let mut script = String::from("set -eu; umask 022\n");
    for entry in entries {
        let (path, above) = (quoted(entry.path()), quoted(parent(entry.path())));
        let line = match entry {
            Entry::Node(kind, plain, mode, owner) => {
                let make = match kind {
                    Kind::Dir => format!("mkdir -p {path}"),
                    Kind::File | Kind::Run => {
                        format!("mkdir -p {above}; echo {} > {path}", quoted(&format!("fixture {plain}")))
                    }
                    Kind::Fifo => format!("mkdir -p {above}; mkfifo {path}"),
                };
                let owner = owner.as_deref().map_or(String::new(), |owner| format!("; chown {owner} {path}"));
                let mode = mode.as_deref().or((*kind == Kind::Run).then_some("0755"));
                let mode = mode.map_or(String::new(), |mode| format!("; chmod {mode} {path}"));
                format!("{make}{owner}{mode}")
            }
            Entry::Probe(_) => format!("mkdir -p {above}; cp {probe} {path}"),
            Entry::Link(_, target) => format!("mkdir -p {above}; ln -s {} {path}", quoted(target)),
            Entry::Tmpfs(_, options) => {
                let options = options.as_deref().map_or(String::new(), |options| format!(",{options}"));
                format!("mkdir -p {path}; mount -t tmpfs -o mode=0755{options} tmpfs {path}")
            }
            Entry::Bind(_, source, options) => {
                let source = quoted(source);
                let remount = options
                    .as_deref()
                    .map_or(String::new(), |options| format!("; mount -o remount,bind,{options} {path}"));
                format!(
                    "[ -e {source} ] || mkdir -p {source}; if [ -d {source} ]; then mkdir -p {path}; else mkdir -p {above}; : >> {path}; fi; \
                     mount --bind {source} {path}{remount}"
                )
            }
        };
        script += &line;
        script.push('\n');
    }
    script
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((above, _)) => above,
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
