//! Finding units: search directories, names and aliases, drop-ins; and loading them.
//!
//! This is the one part of the crate that reads files. Directories are listed once, when a [`UnitTree`] is opened, so
//! that loading many units costs little more than reading their files.
//!
//! ```no_run
//! use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
//! use ringfence_unit::{Manager, UnitName};
//!
//! let environment = Environment::of_process();
//! let search = SearchPath::of_systemd(Root::system(), Manager::System, &environment);
//! let tree = UnitTree::open(search, environment);
//! let unit = tree.load(&UnitName::parse("ssh.service")?);
//! for assignment in unit.section("Service") {
//!     println!("{}", assignment.origin);
//! }
//! # Ok::<(), ringfence_unit::UnitNameError>(())
//! ```

mod drop_ins;
mod env_file;
mod file;
mod listing;
mod machine;
mod names;
mod read;
mod root;
mod search_path;

pub use file::{FileError, load_file, name_of_file};
pub use root::Root;
pub use search_path::{Environment, SearchPath};

use crate::text::UnitText;
use crate::{Assignment, LoadState, Specifiers, Unit, UnitName};
use drop_ins::DropInMap;
use listing::{Directory, Kind};
use names::NameMap;
use read::{Contents, Place, ReadError};
use ringfence_terms::{Complaint, Severity};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// All units below a search path, as the directories were when it was opened, and each drop-in as it was when it was
/// first read.
#[derive(Debug)]
pub struct UnitTree {
    search: SearchPath,
    environment: Environment,
    directories: Vec<Directory>,
    names: NameMap,
    drop_ins: DropInMap,
    complaints: Vec<Complaint>,
    machine: OnceLock<Specifiers>,
    /// The drop-ins read so far: one in `service.d` is every service's.
    read: Mutex<HashMap<PathBuf, DropIn>>,
}

/// What a drop-in's place holds.
#[derive(Clone, Debug)]
enum DropIn {
    Mask,
    Text(Arc<UnitText>),
    Unreadable(Complaint),
}

impl UnitTree {
    /// Lists the directories of a search path. `environment` is what the specifiers of a user's manager follow.
    pub fn open(search: SearchPath, environment: Environment) -> UnitTree {
        let (directories, complaints) = listing::list_all(&search);
        let names = NameMap::build(&search.root, &directories);
        let drop_ins = DropInMap::build(&search.root, &directories);
        UnitTree {
            search,
            environment,
            directories,
            names,
            drop_ins,
            complaints,
            machine: OnceLock::new(),
            read: Mutex::default(),
        }
    }

    /// The search path.
    pub fn search_path(&self) -> &SearchPath {
        &self.search
    }

    /// What is wrong with the search directories themselves; a unit's own complaints come with the unit.
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Loads a unit: its fragment, then its drop-ins. What is wrong is told by [`Unit::state`] and
    /// [`Unit::complaints`].
    ///
    /// systemd loads no template itself; here one is loaded like any unit, with an empty instance.
    pub fn load(&self, name: &UnitName) -> Unit {
        let root = &self.search.root;
        let found = self.names.find(root, name);
        let machine =
            self.machine.get_or_init(|| machine::specifiers(root, self.search.manager, &self.environment));
        let mut unit = Unit {
            name: name.clone(),
            specifiers: machine::specifiers_of_unit(machine, &found.id),
            aliases: found.names.iter().filter(|name| **name != found.id).cloned().collect(),
            id: found.id,
            manager: self.search.manager,
            state: LoadState::NotFound,
            fragment: None,
            drop_ins: Vec::new(),
            assignments: Vec::new(),
            complaints: found.complaints,
        };
        let Some(fragment) = found.fragment else { return unit };
        let file: Arc<Path> = root.outside(&fragment.path).into();
        match read::read(root, &fragment.real) {
            Ok(Contents::Mask) => unit.state = LoadState::Masked,
            Ok(Contents::Bytes { bytes, real }) => {
                machine::set_fragment(&mut unit.specifiers, &real);
                let text = UnitText::parse(file.clone(), bytes);
                unit.state = if text.is_fatal() { LoadState::Error } else { LoadState::Loaded };
                add(&mut unit, &text);
            }
            // systemd's load state for a file that it cannot open is "not-found", and the names are not merged.
            Err(ReadError::Open(error)) => {
                unit.id = name.clone();
                unit.aliases.clear();
                let complaint = listing::unreadable(root, &fragment.path, &error);
                unit.complaints.push(Complaint { severity: Severity::Error, ..complaint });
                return unit;
            }
            Err(ReadError::Read(error)) => {
                unit.state = LoadState::Error;
                let complaint = listing::unreadable(root, &fragment.path, &error);
                unit.complaints.push(Complaint { severity: Severity::Error, ..complaint });
            }
        }
        unit.fragment = Some(file);
        if unit.state != LoadState::Masked {
            self.load_drop_ins(&mut unit);
        }
        unit
    }

    fn load_drop_ins(&self, unit: &mut Unit) {
        let root = &self.search.root;
        let names: Vec<&UnitName> = std::iter::once(&unit.id).chain(&unit.aliases).collect();
        let (drop_ins, complaints) = self.drop_ins.find(&names);
        unit.complaints.extend(complaints);
        for path in drop_ins {
            match self.drop_in(&path) {
                DropIn::Mask => unit.drop_ins.push(root.outside(&path).into()),
                DropIn::Text(text) => {
                    add(unit, &text);
                    unit.drop_ins.push(text.file().clone());
                }
                DropIn::Unreadable(complaint) => {
                    unit.complaints.push(complaint);
                    unit.drop_ins.push(root.outside(&path).into());
                }
            }
        }
    }

    /// Reads a drop-in, each once.
    fn drop_in(&self, path: &Path) -> DropIn {
        let lock = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return known.clone();
        }
        let root = &self.search.root;
        let found = match read::read(root, path) {
            Ok(Contents::Mask) => DropIn::Mask,
            Ok(Contents::Bytes { bytes, .. }) => {
                DropIn::Text(Arc::new(UnitText::parse(root.outside(path), bytes)))
            }
            Err(ReadError::Open(error) | ReadError::Read(error)) => {
                DropIn::Unreadable(listing::unreadable(root, path, &error))
            }
        };
        lock().insert(path.to_path_buf(), found.clone());
        found
    }

    /// The names of all services that can be loaded, each unit once, by its id: those with a file, but no templates and
    /// no masks; and the instances that a `.wants`, `.requires` or `.upholds` directory asks for.
    pub fn services(&self) -> Vec<UnitName> {
        let wanted = self.wanted();
        let names = self.names.names().chain(wanted.iter().map(String::as_str));
        let services = names.filter_map(|name| UnitName::parse(name).ok());
        let services = services.filter(|name| name.is_service() && !name.is_template());
        let mut ids = BTreeSet::new();
        for name in services {
            let found = self.names.find(&self.search.root, &name);
            if found.fragment.is_some_and(|fragment| self.is_loadable(&fragment.real)) {
                ids.insert(found.id);
            }
        }
        ids.into_iter().collect()
    }

    fn is_loadable(&self, fragment: &Path) -> bool {
        matches!(read::place(&self.search.root, fragment), Ok(Place::File(..)))
    }

    /// The names of the links in the directories that make one unit depend on others.
    fn wanted(&self) -> BTreeSet<String> {
        let mut wanted = BTreeSet::new();
        for directory in &self.directories {
            let is_dependency =
                |name: &str| [".wants", ".requires", ".upholds"].iter().any(|end| name.ends_with(end));
            for (name, _) in
                directory.entries.iter().filter(|(name, kind)| *kind != Kind::File && is_dependency(name))
            {
                let outside = self.search.root.outside(&directory.real.join(name));
                let entries = fs::read_dir(outside).into_iter().flatten().flatten();
                wanted.extend(entries.filter_map(|entry| entry.file_name().into_string().ok()));
            }
        }
        wanted
    }
}

/// Adds what one file says.
fn add(unit: &mut Unit, text: &UnitText) {
    let mut complaints = text.complaints().to_vec();
    complaints.extend(text.unknown_sections(unit.id.suffix()));
    complaints.sort_by_key(|complaint| complaint.line);
    unit.complaints.extend(complaints);
    unit.assignments.extend(
        text.assignments().map(|s| Assignment { section: s.section.clone(), origin: s.origin.clone() }),
    );
}

#[cfg(test)]
mod tests;
