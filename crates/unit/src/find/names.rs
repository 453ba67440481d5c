//! From any name of a unit to its fragment and its other names (systemd: `src/shared/unit-file.c`).

use super::Root;
use super::listing::{Directory, Kind};
use super::read::{Place, place};
use super::root::{Last, Missing};
use crate::UnitName;
use hashbrown::HashMap;
use ringfence_terms::{Complaint, Severity};
use rustix::fs::{AtFlags, FileType, readlinkat, statat};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The number of steps from alias to alias after which systemd gives up (`FOLLOW_MAX`).
const MAX_STEPS: usize = 8;

/// What a file name in a search directory stands for.
#[derive(Clone, Debug)]
enum Target {
    /// A symlink to another name in the search path.
    Alias(SmolStr),
    /// A file of that name, or a symlink to one outside the search path.
    File(Standing),
}

/// Where a file stands and what the listing has shown it to be.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// Which of the search directories that exist it is in, counted from 0.
    directory: usize,
    /// Whether it is a regular file; else it is a symlink.
    is_regular: bool,
}

/// A fragment inside the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    /// Its name in the directory.
    pub name: &'a str,
    /// The directory.
    pub directory: &'a Directory,
    /// Whether the listing has shown a regular file; else it is a symlink.
    pub is_regular: bool,
}

impl Fragment<'_> {
    /// Where it stands, as the search path names it.
    pub fn path(&self) -> PathBuf {
        self.directory.path.join(self.name)
    }

    /// The same in the directory's path without symlinks; only the last component may still be one.
    pub fn real(&self) -> PathBuf {
        self.directory.real.join(self.name)
    }

    fn unit_name(&self) -> Option<UnitName> {
        UnitName::parse(self.name).ok()
    }

    /// Whether there is something to read: no mask, and no directory.
    pub fn is_loadable(&self, root: &Root) -> bool {
        if self.is_regular
            && let Ok(stat) = statat(&self.directory.fd, self.name, AtFlags::SYMLINK_NOFOLLOW)
            && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        {
            return stat.st_size > 0;
        }
        matches!(place(root, &self.real()), Ok(Place::File(..)))
    }
}

/// Every file name that is a unit name (`unit_file_build_name_map`).
#[derive(Debug, Default)]
pub(super) struct NameMap {
    targets: HashMap<SmolStr, Target>,
    /// For the final name of a fragment, the other names that lead to it.
    aliases: HashMap<String, Vec<SmolStr>>,
    /// Symlinks that systemd passes over, by their names.
    rejected: HashMap<SmolStr, Vec<Complaint>>,
}

/// Where a name leads.
enum Step<'a> {
    File(Fragment<'a>),
    Nowhere,
    Loop,
}

/// A unit's fragment and names.
pub(super) struct Found<'a> {
    pub fragment: Option<Fragment<'a>>,
    pub id: UnitName,
    pub names: BTreeSet<UnitName>,
    pub complaints: Vec<Complaint>,
}

impl NameMap {
    pub(super) fn build(root: &Root, directories: &[Directory]) -> NameMap {
        let most = directories.iter().map(|directory| directory.entries.len()).sum();
        let mut map = NameMap { targets: HashMap::with_capacity(most), ..NameMap::default() };
        let mut links = Links::new(root, directories);
        for (at, directory) in directories.iter().enumerate() {
            for (name, kind) in &directory.entries {
                if !matches!(kind, Kind::File | Kind::Symlink)
                    || !UnitName::is_valid(name)
                    || map.targets.contains_key(name)
                {
                    continue;
                }
                let target = match kind {
                    Kind::Symlink => links.target(at, name),
                    _ => Ok(Target::File(Standing { directory: at, is_regular: true })),
                };
                match target {
                    Ok(target) => {
                        map.targets.insert(name.clone(), target);
                    }
                    Err(Rejection::ToItself) => {}
                    Err(Rejection::Because(reason)) => {
                        let complaint = Complaint {
                            severity: Severity::Warning,
                            message: format!("systemd passes over this symlink: {reason}"),
                            file: root.outside(&directory.path.join(name.as_str())).into(),
                            line: 0,
                            subject: String::new(),
                            help: Some("let it point to a unit of the same type and kind".to_owned()),
                        };
                        map.rejected.entry(name.clone()).or_default().push(complaint);
                    }
                }
            }
        }
        map.collect_aliases(root, directories);
        map
    }

    /// Fills the way back from fragments to their aliases. Those that lead to a mask do not count.
    fn collect_aliases(&mut self, root: &Root, directories: &[Directory]) {
        let mut aliases: HashMap<String, Vec<SmolStr>> = HashMap::new();
        for (name, target) in &self.targets {
            let Target::Alias(_) = target else { continue };
            let Step::File(fragment) = self.follow(directories, name) else { continue };
            if !fragment.is_loadable(root) {
                continue;
            }
            let Some(end) = fragment.unit_name() else { continue };
            // An instance's alias to a template is one for that instance only.
            let instance = UnitName::parse(name).ok().and_then(|name| name.instance().map(str::to_owned));
            let end = match instance {
                Some(instance) if end.is_template() => match end.with_instance(&instance) {
                    Ok(end) => end,
                    Err(_) => continue,
                },
                _ => end,
            };
            aliases.entry(end.as_str().to_owned()).or_default().push(name.clone());
        }
        self.aliases = aliases;
    }

    /// From alias to alias to a file (`unit_ids_map_get`). An alias that ends at an instance may go on at its template.
    fn follow<'a>(&'a self, directories: &'a [Directory], name: &str) -> Step<'a> {
        let mut target = self.targets.get_key_value(name);
        for _ in 0..MAX_STEPS {
            match target {
                None => return Step::Nowhere,
                Some((name, &Target::File(Standing { directory, is_regular }))) => {
                    return Step::File(Fragment { name, directory: &directories[directory], is_regular });
                }
                Some((_, Target::Alias(next))) => {
                    target = self.targets.get_key_value(next).or_else(|| {
                        let template = UnitName::parse(next).ok()?.template()?;
                        self.targets.get_key_value(template.as_str())
                    });
                }
            }
        }
        Step::Loop
    }

    /// A unit's fragment and names (`unit_file_find_fragment`). An exact name beats a template in any directory.
    pub(super) fn find<'a>(
        &'a self,
        root: &Root,
        directories: &'a [Directory],
        name: &UnitName,
    ) -> Found<'a> {
        let mut names = BTreeSet::from([name.clone()]);
        self.add_aliases(directories, name, None, name, &mut names);

        let mut asked = vec![name.clone()];
        let mut step = self.follow(directories, name.as_str());
        if let (Step::Nowhere, Some(_), Some(template)) = (&step, name.instance(), name.template()) {
            step = self.follow(directories, template.as_str());
            asked.push(template);
        }
        let mut complaints: Vec<Complaint> =
            asked.iter().filter_map(|name| self.rejected.get(name.as_str())).flatten().cloned().collect();
        let fragment = match step {
            Step::File(fragment) => Some(fragment),
            Step::Nowhere => None,
            Step::Loop => {
                complaints.push(Complaint {
                    severity: Severity::Error,
                    message: format!("the symlinks that make {name} an alias lead in a circle"),
                    file: Path::new(name.as_str()).into(),
                    line: 0,
                    subject: name.to_string(),
                    help: Some("let one of them point to a unit file".to_owned()),
                });
                None
            }
        };
        let mut id = name.clone();
        if let Some(fragment) = fragment
            && let Some(end) = fragment.unit_name()
        {
            if end != *name {
                self.add_aliases(directories, name, Some(&end), &end, &mut names);
            }
            // The fragment's name becomes the id. A template's name does only where it is among its own aliases, so to
            // speak: it is no mask, and the instance has no file of its own to which another alias does not lead.
            let filled = with_instance_of(&end, name);
            let is_own = filled == end
                || (fragment.is_loadable(root) && !self.leads_elsewhere(directories, &filled, Some(&end)));
            if is_own || names.contains(&filled) {
                id = filled.clone();
            }
            names.insert(filled);
        }
        Found { fragment, id, names, complaints }
    }

    /// Adds the aliases of one of the unit's names, those of a template with the unit's instance (`add_names`).
    fn add_aliases(
        &self,
        directories: &[Directory],
        unit: &UnitName,
        fragment: Option<&UnitName>,
        name: &UnitName,
        names: &mut BTreeSet<UnitName>,
    ) {
        let aliases = self.aliases.get(name.as_str()).into_iter().flatten();
        for alias in aliases.filter_map(|alias| UnitName::parse(alias).ok()) {
            let filled = with_instance_of(&alias, unit);
            if filled == alias || !self.leads_elsewhere(directories, &filled, fragment) {
                names.insert(filled);
            }
        }
    }

    /// Whether an instance has another fragment than this one; then the template's alias is not the instance's.
    fn leads_elsewhere(
        &self,
        directories: &[Directory],
        instance: &UnitName,
        fragment: Option<&UnitName>,
    ) -> bool {
        match (self.follow(directories, instance.as_str()), fragment) {
            (Step::File(own), Some(fragment)) => own.unit_name().as_ref() != Some(fragment),
            _ => false,
        }
    }

    /// Every name in the map.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(SmolStr::as_str)
    }
}

/// A template with the instance of `unit`; anything else as it is.
fn with_instance_of(name: &UnitName, unit: &UnitName) -> UnitName {
    match unit.instance() {
        Some(instance) if name.is_template() => name.with_instance(instance).unwrap_or_else(|_| name.clone()),
        _ => name.clone(),
    }
}

/// Why a symlink does not count.
enum Rejection {
    /// It has the name of what it points to, in another directory; the search goes on there.
    ToItself,
    Because(String),
}

/// What symlinks in the search directories stand for.
struct Links<'a> {
    root: &'a Root,
    directories: &'a [Directory],
    /// Where directories really are, by the paths that symlinks give them. Most links lead to a few directories.
    real: HashMap<PathBuf, PathBuf>,
}

impl<'a> Links<'a> {
    fn new(root: &'a Root, directories: &'a [Directory]) -> Links<'a> {
        let named = directories.iter().map(|d| (d.path.clone(), d.real.clone()));
        let real = directories.iter().map(|d| (d.real.clone(), d.real.clone()));
        Links { root, directories, real: named.chain(real).collect() }
    }

    /// What one stands for (`unit_file_resolve_symlink`).
    fn target(&mut self, at: usize, name: &str) -> Result<Target, Rejection> {
        let unreadable = |error: io::Error| Rejection::Because(format!("it cannot be followed ({error})"));
        let directory = &self.directories[at];
        let written =
            readlinkat(&directory.fd, name, Vec::new()).map_err(|error| unreadable(error.into()))?;
        let target = directory.path.join(OsStr::from_bytes(written.as_bytes()));
        let target = self.resolve(&target).map_err(unreadable)?;
        let is_in = |dir: &Directory| target.starts_with(&dir.path) || target.starts_with(&dir.real);
        if !self.directories.iter().any(is_in) {
            return Ok(Target::File(Standing { directory: at, is_regular: false }));
        }
        let target_name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        check_alias(name, target_name)?;
        Ok(Target::Alias(SmolStr::new(target_name)))
    }

    /// Follows every symlink but the last component's, which may be missing.
    fn resolve(&mut self, path: &Path) -> io::Result<PathBuf> {
        let (Some(above), Some(Component::Normal(name))) = (path.parent(), path.components().next_back())
        else {
            return self.root.chase(path, Last::Keep, Missing::Passes);
        };
        if let Some(real) = self.real.get(above) {
            return Ok(real.join(name));
        }
        let target = self.root.chase(path, Last::Keep, Missing::Passes)?;
        if let Some(real) = target.parent() {
            self.real.insert(above.to_path_buf(), real.to_path_buf());
        }
        Ok(target)
    }
}

/// Whether one name may be an alias of the other (`unit_validate_alias_symlink_or_warn`).
fn check_alias(from: &str, to: &str) -> Result<(), Rejection> {
    let because = |reason: String| Err(Rejection::Because(reason));
    if from == to {
        return Err(Rejection::ToItself);
    }
    let Ok(from) = UnitName::parse(from) else { return because(format!("`{from}` is no unit name")) };
    if !["service", "socket", "target", "device", "timer", "path"].contains(&from.suffix()) {
        return because(format!("a {} cannot have aliases", from.suffix()));
    }
    if from.template().is_some() && from.suffix() == "device" {
        return because("a device cannot be a template".to_owned());
    }
    let Ok(to) = UnitName::parse(to) else {
        return because(format!("it points to `{to}`, which is no unit name"));
    };
    let both = |is: fn(&UnitName) -> bool| is(&from) && is(&to);
    let is_plain = |name: &UnitName| name.template().is_none();
    let is_instance = |name: &UnitName| name.instance().is_some();
    if !(both(is_plain)
        || both(is_instance)
        || both(UnitName::is_template)
        || (is_instance(&from) && to.is_template()))
    {
        return because(format!("it points to `{to}`; plain name, instance and template do not mix"));
    }
    if is_instance(&to) && from.instance() != to.instance() {
        return because(format!("it points to `{to}`, which is another instance"));
    }
    if from.suffix() != to.suffix() {
        return because(format!("it points to `{to}`, which is of another type"));
    }
    Ok(())
}
