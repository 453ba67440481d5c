//! What the probe tells: the words that it and its readers share, as JSON.
//!
//! The probe runs as a service's main program inside a sandbox, under a real systemd or under ringfence, and tries
//! every kind of access on the paths that it is given. This library promises the form of its report and nothing else:
//! it judges nothing and knows no directive. A report is complete or absent; where the sandbox hides something that the
//! probe would need (`/proc`), the field is null.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// How a try ended: `ok`, or the name of the errno.
pub type Ending = String;

/// The ending of a try that succeeded.
pub const OK: &str = "ok";

/// How each kind of access to one path ended.
///
/// As text (and in JSON) it is one line: `stat=ok read=ok write=EROFS create=EEXIST exec=EACCES`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Endings {
    /// `stat(2)`, following symlinks.
    pub stat: Ending,
    /// Opening for reading; a directory is opened as such.
    pub read: Ending,
    /// Opening for writing without truncation; in a directory, making a file of another name and removing it.
    pub write: Ending,
    /// Opening with `O_CREAT|O_EXCL` and removing what that made.
    pub create: Ending,
    /// What `execve(2)` would say; `EACCES` for a directory.
    pub exec: Ending,
}

impl Endings {
    /// The endings with their names, in the order of the text.
    pub fn each(&self) -> [(&'static str, &Ending); 5] {
        [
            ("stat", &self.stat),
            ("read", &self.read),
            ("write", &self.write),
            ("create", &self.create),
            ("exec", &self.exec),
        ]
    }
}

impl fmt::Display for Endings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.each().map(|(name, ending)| format!("{name}={ending}"));
        f.write_str(&words.join(" "))
    }
}

impl From<Endings> for String {
    fn from(endings: Endings) -> String {
        endings.to_string()
    }
}

impl FromStr for Endings {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split(' ');
        let mut next = |name: &str| {
            let word = words.next().and_then(|word| word.strip_prefix(name)?.strip_prefix('='));
            word.map(str::to_owned).ok_or_else(|| format!("expected `{name}=…` next in {text:?}"))
        };
        let endings = Endings {
            stat: next("stat")?,
            read: next("read")?,
            write: next("write")?,
            create: next("create")?,
            exec: next("exec")?,
        };
        match words.next() {
            None => Ok(endings),
            Some(more) => Err(format!("{more:?} is too much in {text:?}")),
        }
    }
}

impl TryFrom<String> for Endings {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// One path as the probe found it.
///
/// As text (and in JSON) it is the endings, then what was seen and what it holds, where there is something to tell:
/// `stat=ok read=ok write=EROFS create=EEXIST exec=EACCES; dir 0755 0:0; a b`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tried {
    /// How the accesses ended.
    pub endings: Endings,
    /// Kind, mode, owner and group of what is there, such as `dir 0755 0:0`; nothing when `stat` failed.
    pub seen: Option<String>,
    /// A directory's names, or the first line of one of the fixture's files: tells which directory or file it really
    /// is. Nothing for anything else.
    pub holds: Option<String>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.endings)?;
        [&self.seen, &self.holds].into_iter().flatten().try_for_each(|part| write!(f, "; {part}"))
    }
}

impl From<Tried> for String {
    fn from(tried: Tried) -> String {
        tried.to_string()
    }
}

impl TryFrom<String> for Tried {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.splitn(3, "; ");
        let endings = parts.next().unwrap_or_default().parse()?;
        Ok(Tried { endings, seen: parts.next().map(str::to_owned), holds: parts.next().map(str::to_owned) })
    }
}

/// The process's own attributes, by name; the values are text for people to compare.
pub type Process = BTreeMap<String, String>;

/// Everything that one run of the probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Each path that was asked for.
    pub tried: BTreeMap<String, Tried>,
    /// `/proc/self/mountinfo`; null where it cannot be read.
    pub mountinfo: Option<String>,
    /// Identity, capabilities, limits, environment and so on.
    pub process: Process,
}

/// One file as `lstat(2)` shows it: what a planner must know of the machine.
///
/// As text (and in JSON): `dir 0755 0:0`, or `link 0777 0:0 -> usr/bin`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Node {
    /// Kind, mode, owner and group, such as `dir 0755 0:0`.
    pub seen: String,
    /// Where a symlink points.
    pub target: Option<String>,
}

impl From<Node> for String {
    fn from(node: Node) -> String {
        match node.target {
            Some(target) => format!("{} -> {target}", node.seen),
            None => node.seen,
        }
    }
}

impl From<String> for Node {
    fn from(text: String) -> Node {
        match text.split_once(" -> ") {
            Some((seen, target)) => Node { seen: seen.to_owned(), target: Some(target.to_owned()) },
            None => Node { seen: text, target: None },
        }
    }
}
