//! What the catalogue says about one directive.

use super::field::{Field, Read, Show};
use crate::Capability;
use ringfence_terms::Origin;
use std::fmt;

/// The systemd version that the catalogue describes.
pub const VERSION: u16 = 257;

/// One directive that systemd knows.
pub struct Directive {
    /// Its name, without the `=`.
    pub name: &'static str,
    /// Older names that systemd still understands.
    pub spellings: &'static [&'static str],
    /// The sections of unit files in which it may stand.
    pub sections: &'static [Section],
    /// Where the manual describes it.
    pub manual: Manual,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// The first systemd version that has it.
    pub since: Since,
    /// Values that came later than the directive, with their first version.
    pub value_since: &'static [(&'static str, u16)],
    /// What its value looks like.
    pub kind: Kind,
    /// What a second assignment does to the first.
    pub merge: Merge,
    /// A value that cannot be read refuses the whole unit, where other directives are only ignored.
    pub fatal: bool,
    /// What it adds to what the service sees; empty when it adds nothing to the mounts.
    pub plan: &'static str,
    /// What it brings about in other directives.
    pub implies: &'static [Implication],
    /// The checks of the exposure that read it, by their `json_field`.
    pub exposure: &'static [&'static str],
    /// When ringfence may propose it.
    pub propose: Propose,
    /// Whether ringfence's own engine does it.
    pub engine: Engine,
    /// Whether it has no type of its own, and its lines are kept in [`Settings::other`].
    pub(crate) kept: bool,
    /// Takes in one assignment.
    pub(crate) read: Read,
    /// The values that are not at their default, or that a line gave.
    pub(crate) show: Show,
}

/// A section of a unit file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// `[Unit]`.
    Unit,
    /// `[Install]`.
    Install,
    /// `[Service]`.
    Service,
    /// `[Socket]`.
    Socket,
    /// `[Mount]`.
    Mount,
    /// `[Swap]`.
    Swap,
    /// `[Slice]`.
    Slice,
    /// `[Scope]`.
    Scope,
    /// `[Automount]`.
    Automount,
    /// `[Timer]`.
    Timer,
    /// `[Path]`.
    Path,
}

impl Section {
    /// The sections of units that run commands: those with the directives of systemd.exec(5) and systemd.kill(5).
    pub const EXEC: &'static [Section] = &[Section::Service, Section::Socket, Section::Mount, Section::Swap];
    /// The sections of units that have a control group: those with the directives of systemd.resource-control(5).
    pub const CONTROL: &'static [Section] =
        &[Section::Service, Section::Socket, Section::Mount, Section::Swap, Section::Slice, Section::Scope];

    /// The section's name, without brackets.
    pub fn name(self) -> &'static str {
        match self {
            Section::Unit => "Unit",
            Section::Install => "Install",
            Section::Service => "Service",
            Section::Socket => "Socket",
            Section::Mount => "Mount",
            Section::Swap => "Swap",
            Section::Slice => "Slice",
            Section::Scope => "Scope",
            Section::Automount => "Automount",
            Section::Timer => "Timer",
            Section::Path => "Path",
        }
    }

    /// Every section.
    pub const ALL: [Section; 11] = [
        Section::Unit,
        Section::Install,
        Section::Service,
        Section::Socket,
        Section::Mount,
        Section::Swap,
        Section::Slice,
        Section::Scope,
        Section::Automount,
        Section::Timer,
        Section::Path,
    ];

    /// The section that a name in brackets means.
    pub fn from_name(name: &str) -> Option<Section> {
        Section::ALL.into_iter().find(|section| section.name() == name)
    }

    /// The section that holds the settings of a unit type, for example `Service` for `service`; targets and devices
    /// have none.
    pub fn of_type(unit_type: &str) -> Option<Section> {
        let own = |section: &Section| !matches!(section, Section::Unit | Section::Install);
        Section::ALL.into_iter().filter(own).find(|section| section.name().eq_ignore_ascii_case(unit_type))
    }
}

/// A chapter of a manual page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Manual {
    /// The page, for example `systemd.exec(5)`.
    pub page: &'static str,
    /// The chapter, for example `Sandboxing`.
    pub chapter: &'static str,
}

/// Since which version systemd has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Since {
    /// Version 208 or an earlier one, in which the manual's tags do not tell versions apart.
    Old,
    /// This version.
    Version(u16),
}

impl Since {
    /// Whether a systemd of this version has it.
    pub fn is_in(self, version: u16) -> bool {
        match self {
            Since::Old => true,
            Since::Version(first) => first <= version,
        }
    }
}

/// What the value of a directive looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A boolean in any spelling.
    Boolean,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A boolean, or one of some words.
    BooleanOrWord(&'static [&'static str]),
    /// Any other form, in words: `a path`, `a list of …`.
    Form(&'static str),
}

impl Kind {
    /// What to write, as a phrase: `` `yes`, `no`, `full` or `strict` ``.
    pub fn expected(self) -> String {
        let words = match self {
            Kind::Boolean => vec!["yes", "no"],
            Kind::Word(words) => words.to_vec(),
            Kind::BooleanOrWord(words) => {
                let others = words.iter().copied().filter(|word| !matches!(*word, "yes" | "no"));
                ["yes", "no"].into_iter().chain(others).collect()
            }
            Kind::Form(form) => return form.into(),
        };
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        match words.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// The words that are spelt exactly so, for suggestions.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Kind::Word(words) | Kind::BooleanOrWord(words) => words,
            Kind::Boolean | Kind::Form(_) => &[],
        }
    }
}

/// What a second assignment does to the first, and what an empty one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Merge {
    /// The last valid one wins; an empty one is invalid and changes nothing (but for `SecureBits=` and `Delegate=`, where
    /// nothing is a value too).
    Last,
    /// The last valid one wins; an empty one goes back to the default.
    LastOrUnset,
    /// Assignments add up; an empty one starts over.
    List,
    /// The first line says whether the list allows or denies; later lines add to it or take away. An empty one starts over.
    Signed,
    /// Sets of capabilities: plain lines add, `~` lines take away, an empty one is the empty set.
    Capabilities,
    /// Assignments add up, one of the same name replaces; an empty one starts over.
    ByName,
    /// Assignments add up, and nothing takes them back; an empty one changes nothing.
    Adds,
    /// Nothing is kept.
    Removed,
}

/// What one directive brings about elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implication {
    /// The capability bounding set loses these.
    RemovesCapabilities(&'static [Capability]),
    /// A filter of its own denies these system calls (names or `@groups`), with EPERM.
    DeniesSystemCalls(&'static [&'static str]),
    /// Another directive takes this value, whatever the unit says.
    Forces(&'static str, &'static str),
    /// Another directive takes this value where it is still at its default or says `no`.
    Defaults(&'static str, &'static str),
    /// A mount namespace of its own.
    MountNamespace,
    /// `/proc`, `/dev`, `/sys` and `/run` are mounted, as with `MountAPIVFS=yes`.
    ApiFileSystems,
}

/// When ringfence may propose a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Propose {
    /// Never: it grants, or it has nothing to do with hardening.
    Never,
    /// For every service: it takes away nothing that a service could notice.
    Always,
    /// When a recording saw no use of what it takes away.
    WhenUnused,
    /// When a recording tells what its value must be.
    FromEvidence,
}

/// What ringfence's engine does with a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// It enforces it.
    Enforces,
    /// It cannot; the sentence says what the service therefore gets.
    Cannot(&'static str),
    /// There is nothing to enforce on the service's processes: order, restarts, accounting, documentation.
    NotConcerned,
}

/// One value of a directive, as a unit would write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The value.
    pub value: String,
    /// The line that it came from; a line of another directive where that one implies the value, none for a default.
    pub origin: Option<Origin>,
}

impl fmt::Debug for Directive {
    /// Its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Directive {
    /// Its name and its older spellings.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.spellings.iter().copied())
    }

    /// An entry with what most directives of the catalogue have.
    pub(super) const fn new(
        name: &'static str,
        sections: &'static [Section],
        manual: Manual,
        field: Field,
        doc: &'static str,
    ) -> Directive {
        Directive {
            name,
            spellings: &[],
            sections,
            manual,
            doc,
            since: Since::Old,
            value_since: &[],
            kind: field.kind,
            merge: field.merge,
            fatal: false,
            plan: "",
            implies: &[],
            exposure: &[],
            propose: Propose::Never,
            engine: Engine::Enforces,
            kept: field.kept,
            read: field.read,
            show: field.show,
        }
    }

    pub(super) const fn spelt(mut self, spellings: &'static [&'static str]) -> Self {
        self.spellings = spellings;
        self
    }

    pub(super) const fn since(mut self, version: u16) -> Self {
        self.since = Since::Version(version);
        self
    }

    pub(super) const fn since_or_old(mut self, version: Option<u16>) -> Self {
        if let Some(version) = version {
            self.since = Since::Version(version);
        }
        self
    }

    pub(super) const fn value_since(mut self, values: &'static [(&'static str, u16)]) -> Self {
        self.value_since = values;
        self
    }

    pub(super) const fn fatal(mut self) -> Self {
        self.fatal = true;
        self
    }

    pub(super) const fn plan(mut self, plan: &'static str) -> Self {
        self.plan = plan;
        self
    }

    pub(super) const fn implies(mut self, implies: &'static [Implication]) -> Self {
        self.implies = implies;
        self
    }

    pub(super) const fn exposure(mut self, checks: &'static [&'static str]) -> Self {
        self.exposure = checks;
        self
    }

    pub(super) const fn propose(mut self, propose: Propose) -> Self {
        self.propose = propose;
        self
    }

    pub(super) const fn cannot(mut self, why: &'static str) -> Self {
        self.engine = Engine::Cannot(why);
        self
    }

    pub(super) const fn not_concerned(mut self) -> Self {
        self.engine = Engine::NotConcerned;
        self
    }
}
