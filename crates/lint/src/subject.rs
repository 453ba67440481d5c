//! What lints look at.

use crate::booted::Booted;
use crate::finding::Place;
use crate::raw;
use ringfence_loader::Files;
use ringfence_sandbox::decide::{Credentials, decide};
use ringfence_sandbox::facts::{Facts, Node};
use ringfence_sandbox::plan::{Bases, For, Mode, MountEntry, Plan};
use ringfence_sandbox::tree::Seen;
use ringfence_sandbox::view::View;
use ringfence_settings::catalogue::{self, Directive, Merge, Section};
use ringfence_settings::{AccessPath, Capability, Settings};
use ringfence_terms::{AbsPath, Access, AccessKind, Complaint, Errno, Origin, Sourced};
use ringfence_unit::text::{Setting, UnitText};
use ringfence_unit::{Assignment, Manager, Unit};
use std::cell::OnceCell;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A unit with all that is to be known for judging it.
pub struct Subject<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// Its settings, with what directives imply for each other.
    pub settings: Settings,
    /// What reading it complained about.
    pub complaints: Vec<Complaint>,
    /// Whether the machine is running: what lies below `/run` and the like is then there. Of one that is not, only what
    /// every machine has once it is booted is taken to be there.
    pub booted: bool,
    /// The systemd version that is to run it.
    pub version: u16,
    texts: &'a [UnitText],
    facts: &'a dyn Facts,
    as_booted: Option<Booted<'a>>,
    files: Option<&'a dyn Files>,
    plan: OnceCell<Plan>,
    lenient: OnceCell<Plan>,
}

impl<'a> Subject<'a> {
    /// A unit on a machine; `texts` are its files, as far as they can be read.
    pub fn new(
        unit: &'a Unit,
        texts: &'a [UnitText],
        facts: &'a dyn Facts,
        booted: bool,
        version: u16,
    ) -> Subject<'a> {
        let (settings, complaints) = Settings::from_unit(unit);
        let as_booted = (!booted).then(|| Booted::of(facts));
        let (plan, lenient) = Default::default();
        Subject {
            unit,
            settings,
            complaints,
            booted,
            version,
            texts,
            facts,
            as_booted,
            files: None,
            plan,
            lenient,
        }
    }

    /// The same with the content of the machine's files: programs are then looked into for what they need.
    pub fn with_files(self, files: &'a dyn Files) -> Subject<'a> {
        Subject { files: Some(files), ..self }
    }

    /// The content of the machine's files, where it may be read.
    pub(crate) fn files(&self) -> Option<&'a dyn Files> {
        self.files
    }

    /// The machine that the unit is to run on, booted.
    pub fn facts(&self) -> &dyn Facts {
        self.as_booted.as_ref().map_or(self.facts, |booted| booted)
    }

    /// The unit's files, in the order in which they are read.
    pub fn unit_files(&self) -> impl Iterator<Item = &Arc<Path>> {
        self.unit.fragment.iter().chain(&self.unit.drop_ins)
    }

    /// `ExecStart=`, with the directories of the unit's manager.
    pub(crate) fn main(&self) -> For {
        if self.unit.manager == Manager::System {
            return For::main();
        }
        let of = |letter| AbsPath::parse(self.unit.specifiers.get(letter)?).ok();
        For { bases: Bases::user(of('t'), of('S'), of('C'), of('E')), ..For::main() }
    }

    /// What the service will see.
    pub fn plan(&self) -> &Plan {
        self.plan.get_or_init(|| Plan::of(&self.settings, self.facts(), &self.main(), Mode::Faithful))
    }

    /// What the service would see if every path of its lists could be missing. Planning stops at the first path that
    /// must not be missing and is; this plan goes on and tells of all of them.
    pub(crate) fn lenient(&self) -> &Plan {
        self.lenient.get_or_init(|| self.planned(Mode::Faithful, |_| true))
    }

    /// A lenient plan with some of the words of the path lists only.
    fn planned(&self, mode: Mode, mut with: impl FnMut(&Sourced<AccessPath>) -> bool) -> Plan {
        let mut settings = self.settings.clone();
        settings.paths.access.retain(|word| with(word));
        settings.paths.access.iter_mut().for_each(|entry| entry.value.optional = true);
        settings.paths.binds.iter_mut().for_each(|bind| bind.value.optional = true);
        Plan::of(&settings, self.facts(), &self.main(), mode)
    }

    /// The lenient plan, seen from inside.
    pub(crate) fn view(&self) -> View<'_> {
        View::of(self.lenient(), self.facts())
    }

    /// Who the service's commands run as.
    pub(crate) fn who(&self) -> Credentials {
        Credentials::of(&self.settings, self.facts())
    }

    /// Whether the service's main command can do something with a path; no answer counts as no.
    pub(crate) fn can(&self, kind: AccessKind, path: &AbsPath) -> bool {
        decide(&self.view(), &self.who(), &Access { path: path.clone(), kind }).is_allowed()
    }

    /// Whether the service may do what only root may do with files: it is root, or has the capability.
    pub(crate) fn acts_as_root(&self) -> bool {
        let who = self.who();
        who.uid == 0 || who.capabilities.contains(Capability::DAC_OVERRIDE)
    }

    /// What is at a path of the host when the service starts, symlinks followed; none when nothing is there or one may
    /// not look.
    pub(crate) fn on_host(&self, path: &AbsPath) -> Option<Node> {
        match self.lenient().tree.resolve_on_host(path, self.facts()).ok()?.seen {
            Seen::Node(node) => Some(node),
            Seen::Missing | Seen::Unknown | Seen::Failed(_) => None,
        }
    }

    /// Whether one may look whether a path of the host exists.
    pub(crate) fn knows(&self, path: &AbsPath) -> bool {
        match self.lenient().tree.resolve_on_host(path, self.facts()) {
            Ok(place) => matches!(place.seen, Seen::Node(_) | Seen::Missing),
            Err(errno) => matches!(errno, Errno::ENOENT | Errno::ENOTDIR),
        }
    }

    /// The nearest entry of the lenient plan above a path.
    pub(crate) fn entry_above(&self, path: &AbsPath) -> Option<&MountEntry> {
        self.lenient().mounts.iter().rfind(|entry| path.is_below(&entry.path))
    }

    /// Whether the service would see and write just the same without some words of the path lists, with what systemd
    /// does and with what its manual promises. (A mount more that has the same flags as the one that it lies on does
    /// not count.)
    pub(crate) fn is_same_without(&self, word: impl Fn(&Sourced<AccessPath>) -> bool) -> bool {
        let at = |view: &View<'_>, point: &AbsPath| {
            let mounted = view.mount_at(point);
            let flags = (mounted.is_read_only(), mounted.flags.noexec, mounted.flags.nodev);
            (flags, view.plan().tree.locate(&mounted.spot, point))
        };
        [Mode::Faithful, Mode::Documented].into_iter().all(|mode| {
            let (with, without) = (self.planned(mode, |_| true), self.planned(mode, |known| !word(known)));
            let (with, without) = (View::of(&with, self.facts()), View::of(&without, self.facts()));
            let points = with.mounts().into_iter().chain(without.mounts()).map(|mounted| mounted.point);
            points.into_iter().all(|point| at(&with, &point) == at(&without, &point))
        })
    }

    /// The word of one of the path lists that an entry of the plan came from.
    pub(crate) fn access_of(&self, entry: &MountEntry) -> Option<&AccessPath> {
        let of_line = self.settings.paths.access.iter().filter(|known| known.origin == entry.origin);
        let asked = entry.requested.as_ref().unwrap_or(&entry.path);
        let root = self.settings.paths.root_directory.value.as_ref();
        let inside = |path: &AbsPath| root.and_then(|root| path.rebase(root, &AbsPath::root()));
        let mut names = of_line.map(|known| &known.value);
        names.find(|known| known.path == *asked || inside(&known.path).as_ref() == Some(asked))
    }

    /// The assignments that count for this unit, with the directive that each one is of; those of unknown directives
    /// and of other units' sections are left out.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&Assignment, Section, &'static Directive)> {
        self.unit.assignments.iter().filter_map(|assignment| {
            let section = self.section_of(assignment)?;
            Some((assignment, section, catalogue::find(section, &assignment.origin.directive)?))
        })
    }

    /// The known assignments without those of lists that a later, empty assignment resets.
    pub(crate) fn in_effect(&self) -> impl Iterator<Item = (&Assignment, Section, &'static Directive)> {
        let all: Vec<_> = self.known().collect();
        let reset = |at: usize| {
            let (_, section, directive) = all[at];
            let lists = matches!(directive.merge, Merge::List | Merge::Signed);
            lists
                && all[at + 1..].iter().any(|(later, other, of)| {
                    later.origin.value.is_empty() && *other == section && of.name == directive.name
                })
        };
        let kept: Vec<_> = (0..all.len()).filter(|at| !reset(*at)).map(|at| all[at]).collect();
        kept.into_iter()
    }

    /// The section that an assignment stands in, when it is one that this unit's type has.
    pub(crate) fn section_of(&self, assignment: &Assignment) -> Option<Section> {
        let section = Section::from_name(&assignment.section)?;
        let own = Section::of_type(self.unit.id.suffix());
        (matches!(section, Section::Unit | Section::Install) || own == Some(section)).then_some(section)
    }

    /// Where an assignment stands: from the directive to the value's end.
    pub(crate) fn whole(&self, origin: &Origin) -> Place {
        self.place(origin, |setting| {
            setting.directive_span.start
                ..setting.value_parts.last().map_or(setting.directive_span.end, |part| part.end)
        })
    }

    /// Where an assignment's directive stands.
    pub(crate) fn directive(&self, origin: &Origin) -> Place {
        self.place(origin, |setting| setting.directive_span.clone())
    }

    /// Where the word that means a path stands in a value: the word whose prefixes, specifiers and fields come to it.
    pub(crate) fn path_word(&self, origin: &Origin, path: &Path) -> Place {
        match raw::word_of_path(&origin.value, path, &self.unit.specifiers) {
            Some(range) => self.range(origin, range),
            None => self.whole(origin),
        }
    }

    /// Where some bytes of an assignment's value stand.
    pub(crate) fn range(&self, origin: &Origin, range: Range<usize>) -> Place {
        self.place(origin, |setting| {
            let start = setting.locate(range.start);
            let last = setting.locate(range.end.saturating_sub(1).max(range.start));
            start..last.max(start) + usize::from(range.end > range.start)
        })
    }

    /// A line of a file, for which there is no assignment.
    pub(crate) fn line(&self, file: &Arc<Path>, line: u32, subject: &str) -> Place {
        let whole =
            || Place { file: file.clone(), line, column: 0, starts: line, bytes: 0..0, label: String::new() };
        let Some(text) = self.text(file) else { return whole() };
        let Some(item) = text.item_at_line(line).and_then(|at| text.items().get(at)) else { return whole() };
        let bytes = &text.as_bytes()[item.span.clone()];
        let source = String::from_utf8_lossy(bytes);
        let start = source.find(subject).filter(|_| !subject.is_empty() && source.len() == bytes.len());
        let range = match start {
            Some(at) => at..at + subject.len(),
            None => {
                let trimmed = bytes.trim_ascii_start();
                let lead = bytes.len() - trimmed.len();
                lead..lead + trimmed.trim_ascii_end().len()
            }
        };
        self.at(text, item.line, item.span.start + range.start..item.span.start + range.end)
    }

    /// The unit as a whole.
    pub(crate) fn unit_itself(&self) -> Option<Place> {
        let file = self.unit.fragment.clone()?;
        Some(Place { file, line: 0, column: 0, starts: 0, bytes: 0..0, label: String::new() })
    }

    /// The place of a line that may be missing.
    pub(crate) fn whole_of(&self, origin: Option<&Origin>) -> Option<Place> {
        origin.map(|origin| self.whole(origin))
    }

    /// The texts of the unit's files.
    pub(crate) fn texts(&self) -> &'a [UnitText] {
        self.texts
    }

    /// The text of one of the unit's files.
    pub(crate) fn text(&self, file: &Path) -> Option<&'a UnitText> {
        self.texts.iter().find(|text| **text.file() == *file)
    }

    fn place(&self, origin: &Origin, range: impl FnOnce(&Setting) -> Range<usize>) -> Place {
        let found = self.text(&origin.file).and_then(|text| {
            let item = text.item_at_line(origin.line)?;
            Some((text, text.setting(item)?))
        });
        match found {
            Some((text, setting)) => self.at(text, setting.origin.line, range(setting)),
            None => Place {
                file: origin.file.clone(),
                line: origin.line,
                column: origin.column,
                starts: origin.line,
                bytes: 0..0,
                label: String::new(),
            },
        }
    }

    fn at(&self, text: &UnitText, starts: u32, bytes: Range<usize>) -> Place {
        let before = &text.as_bytes()[..bytes.start];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count();
        Place {
            file: text.file().clone(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            starts,
            bytes,
            label: String::new(),
        }
    }
}
