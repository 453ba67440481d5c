//! Random units, and the files that they meet.
//!
//! A unit is drawn from a seed and a number, so that any of a run can be had again. Its paths lie in a place of its
//! own, written `{}` until it is put there: many units then run side by side without meeting.

use crate::fixture::Entry;
use crate::vocabulary::{
    DIRECTORIES, FILES, FIXED, IDENTITY, IN_PLACE, IN_ROOT, MISSING, MOUNT_PLACES, MOUNTS, NEW_PLACES,
    PLACES, RESETS, ROOT, SYSTEM, TREE,
};
use fastrand::Rng;

/// A unit whose place is not settled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The unit's lines below `[Service]`.
    pub lines: Vec<String>,
    /// The fixture's lines.
    pub fixture: Vec<String>,
}

impl Draft {
    /// The unit's lines in the place `/a/NAME`.
    pub fn unit(&self, name: &str) -> Vec<String> {
        let lines = self.lines.iter().map(|line| put(line, name));
        std::iter::once("[Service]".to_owned()).chain(lines).collect()
    }

    /// The fixture in that place.
    pub fn entries(&self, name: &str) -> Vec<Entry> {
        self.fixture.iter().filter_map(|line| put(line, name).parse().ok()).collect()
    }
}

/// Puts a line in its place: `{}` becomes `/a/NAME` and `{name}` NAME.
fn put(line: &str, name: &str) -> String {
    line.replace("{}", &format!("/a/{name}")).replace("{name}", name)
}

/// Draws the unit of this number.
pub fn draft(seed: u64, number: u64) -> Draft {
    let mut rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number));
    let mut fixture: Vec<&str> = TREE.trim().lines().collect();
    let mounts = rng.bool();
    if mounts {
        fixture.extend(MOUNTS.trim().lines());
    }
    let root = rng.u8(..8) == 0;
    let mut draw = Draw { rng, mounts, root };
    let mut lines = Vec::new();
    let mut within = "";
    if root {
        fixture.extend(ROOT.trim().lines());
        let line = draw.one(&["RootDirectory={}/root", "RootDirectory={}/root", "RootDirectory=/"]);
        within = if line.ends_with("=/") { IN_PLACE } else { IN_ROOT };
        lines.push(line.to_owned());
    }
    for _ in 0..draw.rng.usize(1..=9) {
        let line = if root && draw.chance(40) { draw.phrase(within) } else { draw.line() };
        lines.push(line);
    }
    draw.rng.shuffle(&mut lines);
    draw.keep_probe(&mut lines);
    Draft { lines, fixture: fixture.into_iter().map(str::to_owned).collect() }
}

struct Draw {
    rng: Rng,
    mounts: bool,
    root: bool,
}

impl Draw {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.rng.usize(..of.len())]
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(..100) < percent
    }

    /// Without these the probe would hardly ever run in a tree that hides it.
    fn keep_probe(&mut self, lines: &mut Vec<String>) {
        let names_root = |line: &String, directive: &str| {
            line.strip_prefix(directive).is_some_and(|value| value.split([' ', ':']).any(|word| word == "/"))
        };
        if lines.iter().any(|line| names_root(line, "TemporaryFileSystem=")) && self.chance(90) {
            lines.push("BindReadOnlyPaths=/agreement/probe".to_owned());
        }
        if lines.iter().any(|line| names_root(line, "NoExecPaths=")) && self.chance(70) {
            lines.push("ExecPaths=/agreement".to_owned());
        }
    }

    fn line(&mut self) -> String {
        match self.rng.u32(..100) {
            0..38 => self.access(),
            38..48 => self.bind(),
            48..55 => self.temporary(),
            55..62 => self.directory(),
            62..88 => self.phrase(FIXED),
            88..95 => self.phrase(IDENTITY),
            _ => self.word(RESETS),
        }
    }

    fn word(&mut self, of: &str) -> String {
        self.one(&of.split_whitespace().collect::<Vec<_>>()).to_owned()
    }

    fn phrase(&mut self, of: &str) -> String {
        self.one(&of.split(';').map(str::trim).collect::<Vec<_>>()).to_owned()
    }

    fn access(&mut self) -> String {
        let directive = self.one(&[
            "ReadWritePaths",
            "ReadWritePaths",
            "ReadOnlyPaths",
            "ReadOnlyPaths",
            "InaccessiblePaths",
            "ExecPaths",
            "NoExecPaths",
        ]);
        let count = self.rng.usize(1..=3);
        let paths: Vec<String> = (0..count)
            .map(|_| {
                let path = self.path();
                let optional = if self.chance(60) { "-" } else { "" };
                let own = if self.root && self.chance(50) { "+" } else { "" };
                format!("{optional}{own}{path}")
            })
            .collect();
        format!("{directive}={}", paths.join(" "))
    }

    fn bind(&mut self) -> String {
        let directive = self.one(&["BindPaths", "BindReadOnlyPaths"]);
        let optional = if self.chance(30) { "-" } else { "" };
        // A directory goes onto a directory and a file onto a file, mostly: everything else fails.
        let like = self.rng.u8(..10);
        let place = |draw: &mut Draw| match like {
            0..7 => draw.word(DIRECTORIES),
            7 => draw.word(FILES),
            _ => draw.path(),
        };
        let source = place(self);
        let rest = if self.chance(35) {
            String::new()
        } else {
            // What is shared by all units goes nowhere but to the unit's own: mount points made through it would
            // show up in other units.
            let own = source.contains('{');
            let target = match self.chance(50) {
                true => self.word(NEW_PLACES),
                false if own => place(self),
                false => self.one(&["{}", "{}/d1", "{}/d1/sub", "{}/d1/f", "{}/open"]).to_owned(),
            };
            let recursion = self.one(&["", "", "", ":rbind", ":norbind"]);
            format!(":{target}{recursion}")
        };
        format!("{directive}={optional}{source}{rest}")
    }

    fn temporary(&mut self) -> String {
        let path = if self.chance(20) { self.word(NEW_PLACES) } else { self.path() };
        let options = self.one(&[
            "",
            "",
            ":ro",
            ":ro",
            ":noexec",
            ":nosuid,ro",
            ":mode=0700",
            ":size=1M,mode=1777",
            ":dev",
        ]);
        format!("TemporaryFileSystem={path}{options}")
    }

    fn directory(&mut self) -> String {
        let kind = self.one(&["Runtime", "State", "Cache", "Logs", "Configuration"]);
        if self.chance(15) {
            let mode = self.one(&["0700", "0750", "0755", "0777"]);
            return format!("{kind}DirectoryMode={mode}");
        }
        let name = self.one(&["{name}", "{name}/x", "{name}/x {name}/x/y", "{name} {name}-b"]);
        if kind == "Configuration" || name.contains(' ') {
            return format!("{kind}Directory={name}");
        }
        let more = self.one(&["", "", "", "::ro", ":{name}-link", ":{name}-l/ink:ro"]);
        format!("{kind}Directory={name}{more}")
    }

    fn path(&mut self) -> String {
        match self.rng.u32(..100) {
            0..50 => self.word(PLACES),
            50..56 if self.mounts => self.word(MOUNT_PLACES),
            56..61 => self.word(MISSING),
            _ => self.word(SYSTEM),
        }
    }
}
