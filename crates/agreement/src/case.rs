//! A recorded case, and the machine that the cases were recorded on.

use crate::fixture::Entry;
use anyhow::{Context, Result};
use ringfence_probe::{Node, Process, Tried};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One unit and what systemd made of it. The README in the directory of the cases describes the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case shows, in a sentence.
    pub about: String,
    /// The unit's lines, without those that run the probe.
    pub unit: Vec<String>,
    /// What is made on the machine before the unit starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixture: Vec<Entry>,
    /// Paths to try in addition to those that the unit, the fixture and the standard list name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// What the machine holds at those paths before the unit starts, in addition to [`Facts::nodes`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, Node>,
    /// What systemd made of it; absent until it is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Outcome>,
}

/// How one run of a unit ended and what its process saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The service's result, in systemd's words: `success`, `exit-code`, `signal`, `resources` …
    pub result: String,
    /// The main process's exit status, 226 and its kin included; 128+N after signal N.
    pub status: i32,
    /// What systemd logged about a failure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// What the probe found at each path, where that differs from [`Facts::tried`]. Nothing when the probe did not run,
    /// which is when the result is not `success`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tried: BTreeMap<String, Tried>,
    /// The mount table in the form of [`crate::visible`]; absent when the probe did not run or could not read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mounts: Option<Vec<String>>,
    /// The process's attributes that differ from those of a unit without any setting; `(hidden)` where the probe could
    /// not see one that it sees there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub process: Process,
}

/// The value of an attribute that the probe could not see.
const HIDDEN: &str = "(hidden)";

/// The machine that the cases were recorded on, as it is before any fixture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// `systemctl --version`, the first line.
    pub systemd: String,
    /// The kernel's release.
    pub kernel: String,
    /// The mount table: lines of `/proc/self/mountinfo` of PID 1, the super block's options cut to `rw` or `ro`.
    pub mountinfo: Vec<String>,
    /// Every standard path and all that leads to it. A path that is not here (and whose parent is) does not exist.
    pub nodes: BTreeMap<String, Node>,
    /// The lines of `/etc/passwd`.
    pub passwd: Vec<String>,
    /// The lines of `/etc/group`.
    pub group: Vec<String>,
    /// What the probe finds at each of those paths in a unit without any setting.
    pub tried: BTreeMap<String, Tried>,
    /// The attributes of the process of that unit.
    pub process: Process,
    /// What a process says of itself, the answers to its system calls included, in a unit without any setting.
    #[serde(default)]
    pub itself: Process,
}

impl Outcome {
    /// Leaves out what a unit without any setting shows, too.
    pub fn cut(&mut self, facts: &Facts) {
        let ran = !self.tried.is_empty();
        self.tried.retain(|path, tried| facts.tried.get(path) != Some(tried));
        self.cut_process(&facts.process, ran);
    }

    /// The same for a unit about what its process is ([`Facts::itself`]).
    pub fn cut_itself(&mut self, facts: &Facts) {
        self.cut_process(&facts.itself, !self.process.is_empty());
    }

    fn cut_process(&mut self, plain: &Process, ran: bool) {
        let hidden = plain.keys().filter(|name| !self.process.contains_key(*name) && ran);
        let hidden: Vec<String> = hidden.cloned().collect();
        self.process.retain(|name, value| plain.get(name) != Some(value));
        self.process.extend(hidden.into_iter().map(|name| (name, HIDDEN.to_owned())));
    }

    /// Puts back what [`Outcome::cut`] left out.
    #[must_use]
    pub fn whole(&self, facts: &Facts) -> Outcome {
        let mut whole = self.clone();
        // Nothing was tried by a probe that did not run.
        if self.result == "success" {
            for (path, tried) in &facts.tried {
                whole.tried.entry(path.clone()).or_insert_with(|| tried.clone());
            }
            whole.add_process(&facts.process);
        }
        whole
    }

    /// Puts back what [`Outcome::cut_itself`] left out.
    #[must_use]
    pub fn whole_itself(&self, facts: &Facts) -> Outcome {
        let mut whole = self.clone();
        if !self.process.is_empty() {
            whole.add_process(&facts.itself);
        }
        whole
    }

    fn add_process(&mut self, plain: &Process) {
        for (name, value) in plain {
            self.process.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self.process.retain(|_, value| value != HIDDEN);
    }
}

/// The directory of the recorded cases.
pub fn cases_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// The directory of the cases that ringfence does not pass yet.
pub fn open_dir() -> PathBuf {
    cases_dir().join("open")
}

/// The directory of the cases about what a process is.
pub fn process_dir() -> PathBuf {
    cases_dir().join("process")
}

impl Case {
    /// Every case in a directory, by name (the file's name without `.json`).
    pub fn all(dir: &Path) -> Result<BTreeMap<String, Case>> {
        let mut cases = BTreeMap::new();
        for entry in std::fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
            let path = entry?.path();
            if let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) {
                cases.insert(name.to_owned(), load(&path)?);
            }
        }
        Ok(cases)
    }

    /// Writes the case as `NAME.json` where it is already, or else among the open ones.
    pub fn save(&self, name: &str) -> Result<()> {
        let file = format!("{name}.json");
        let there =
            [cases_dir(), process_dir()].map(|dir| dir.join(&file)).into_iter().find(|path| path.exists());
        save(&there.unwrap_or_else(|| open_dir().join(file)), self)
    }
}

impl Facts {
    fn file() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("machine.json")
    }

    /// The facts that belong to the recorded cases.
    pub fn load() -> Result<Facts> {
        load(&Facts::file())
    }

    /// Replaces them.
    pub fn save(&self) -> Result<()> {
        save(&Facts::file(), self)
    }
}

fn load<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not of its form", path.display()))
}

fn save(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
