//! The cases of the corpus: each is a unit whose `[X-Truth]` section, which systemd ignores (systemd.unit(5)), says what is
//! the matter with it. `corpus/README.md` lists the keys.

use std::path::PathBuf;

/// One case.
pub struct Truth {
    /// The unit's name.
    pub unit: String,
    /// The unit's file, as it stands.
    pub text: String,
    lines: Vec<(String, String)>,
}

impl Truth {
    /// All values of a key.
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.lines.iter().filter(|(known, _)| known == key).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a key that is given once or never.
    pub fn one(&self, key: &str) -> Option<&str> {
        let all = self.all(key);
        assert!(all.len() < 2, "{}: {key}= is given more than once", self.unit);
        all.first().copied()
    }

    /// What is the matter; `None` when nothing is that `diagnose` could tell.
    pub fn cause(&self) -> Option<&str> {
        self.one("Cause").filter(|cause| *cause != "none")
    }
}

/// Where the cases lie.
pub fn directory() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../diagnose/tests/corpus"))
}

/// Every case, by name.
pub fn all() -> Vec<Truth> {
    let entries = std::fs::read_dir(directory()).expect("the corpus is there");
    let paths = entries.map(|entry| entry.expect("the corpus can be listed").path());
    let mut cases: Vec<Truth> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "service"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a unit is text");
            let (_, truth) = text.split_once("[X-Truth]\n").expect("every unit has its truth");
            let lines = truth.lines().map(|line| {
                let (key, value) = line.split_once('=').expect("a line of the truth is KEY=VALUE");
                (key.to_owned(), value.to_owned())
            });
            let unit = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            Truth { unit, lines: lines.collect(), text }
        })
        .collect();
    cases.sort_by(|a, b| a.unit.cmp(&b.unit));
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    cases
}
