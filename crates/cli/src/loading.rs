//! From UNIT on the command line to a loaded unit, its settings, and the machine's facts.

use crate::context::Context;
use crate::failure::Failure;
use ringfence_host::HostFacts;
use ringfence_sandbox::plan::{Bases, For};
use ringfence_settings::Settings;
use ringfence_terms::AbsPath;
use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree, load_file, load_with_neighbours};
use ringfence_unit::{LoadState, Manager, Unit, UnitName};
use std::path::Path;

impl Context {
    /// The tree whose units and paths are meant: this machine's, or the one below `--root`.
    pub fn tree(&self) -> Result<Root, Failure> {
        match &self.root {
            None => Ok(Root::system()),
            Some(dir) => Root::new(dir).map_err(|error| {
                Failure::input(format!("cannot use {} as a root: {error}", dir.display()))
                    .hint("give the directory that holds the tree's etc and usr")
            }),
        }
    }

    /// All units where systemd looks for them.
    pub fn units(&self) -> Result<UnitTree, Failure> {
        let environment = Environment::of_process();
        let search = SearchPath::of_systemd(self.tree()?, self.manager, &environment);
        Ok(UnitTree::open(search, environment))
    }

    /// The units among which UNIT is: all where systemd looks for them, or those beside the file that it names.
    pub fn units_around(&self, text: &str) -> Result<UnitTree, Failure> {
        if !text.contains('/') {
            return self.units();
        }
        let file = std::path::absolute(text)?;
        let directory = file.parent().unwrap_or(Path::new("/")).to_path_buf();
        let search = SearchPath::of_dirs(self.tree()?, self.manager, [directory]);
        Ok(UnitTree::open(search, Environment::of_process()))
    }

    /// The unit that UNIT means: a path where there is a slash in it, else a name, to which `.service` may be missing.
    ///
    /// A unit that is not there, is masked, or cannot be read is a failure. What systemd only warns about is left in
    /// [`Unit::complaints`].
    pub fn unit(&self, text: &str) -> Result<Unit, Failure> {
        self.usable(self.unit_as_it_is(text)?, text)
    }

    /// As [`unit`](Self::unit), whatever came of loading it.
    pub fn unit_as_it_is(&self, text: &str) -> Result<Unit, Failure> {
        if !text.contains('/') {
            return Ok(self.units()?.load(&unit_name(text)?));
        }
        load_file(self.tree()?, self.manager, Environment::of_process(), Path::new(text), None)
            .map_err(Failure::input)
    }

    /// The unit of that name in a tree that is open already.
    pub fn unit_in(&self, tree: &UnitTree, text: &str) -> Result<Unit, Failure> {
        self.usable(tree.load(&unit_name(text)?), text)
    }

    /// As [`unit`](Self::unit), but a file that systemd could not load is let through, for judging it.
    pub fn unit_with_faults(&self, text: &str) -> Result<Unit, Failure> {
        let unit = self.unit_as_it_is(text)?;
        if unit.state == LoadState::Error && unit.fragment.is_some() {
            Ok(unit)
        } else {
            self.usable(unit, text)
        }
    }

    fn usable(&self, unit: Unit, text: &str) -> Result<Unit, Failure> {
        if unit.state != LoadState::Loaded {
            self.complain(&unit.complaints);
        }
        match unit.state {
            LoadState::Loaded => Ok(unit),
            LoadState::NotFound => Err(self.not_found(text)),
            LoadState::Masked => {
                Err(Failure::input(format!("{} is masked: systemd would never start it", unit.name))
                    .hint(format!("systemctl unmask {}", unit.name)))
            }
            LoadState::Error => Err(Failure::input(format!(
                "{} cannot be loaded, as the messages above say",
                unit.fragment.as_deref().unwrap_or(Path::new(text)).display()
            ))),
        }
    }

    /// The unit and its settings; complaints are printed.
    pub fn settings(&self, text: &str) -> Result<(Unit, Settings), Failure> {
        Ok(self.settings_of(self.unit(text)?))
    }

    /// As [`settings`](Self::settings), with the units [around](Self::units_around) it, which are opened once for both.
    pub fn settings_among_units(&self, text: &str) -> Result<(UnitTree, Unit, Settings), Failure> {
        let (unit, units) = if text.contains('/') {
            let path = Path::new(text);
            load_with_neighbours(self.tree()?, self.manager, Environment::of_process(), path, None)
                .map_err(Failure::input)?
        } else {
            let units = self.units()?;
            (units.load(&unit_name(text)?), units)
        };
        let (unit, settings) = self.settings_of(self.usable(unit, text)?);
        Ok((units, unit, settings))
    }

    fn settings_of(&self, unit: Unit) -> (Unit, Settings) {
        let (settings, complaints) = Settings::from_unit(&unit);
        self.complain(&complaints);
        (unit, settings)
    }

    /// The facts of the machine, or of the tree below `--root`.
    pub fn facts(&self) -> Result<HostFacts, Failure> {
        let facts = match &self.root {
            None => HostFacts::of_this_machine(),
            Some(root) => HostFacts::of_tree(root),
        };
        facts.map_err(Failure::input)
    }

    /// The facts of the machine, for who runs one unit.
    pub fn facts_for_one_unit(&self) -> Result<HostFacts, Failure> {
        HostFacts::for_one_unit().map_err(Failure::input)
    }

    /// Where `StateDirectory=` and its kin lie: the system's places, or the user's own (file-hierarchy(7)).
    pub fn bases(&self) -> Bases {
        if self.manager == Manager::System {
            return Bases::system();
        }
        let set = |name: &str| AbsPath::parse(std::env::var_os(name)?).ok();
        let below_home = |rest: &str| set("HOME").and_then(|home| home.join(rest).ok());
        Bases::user(
            set("XDG_RUNTIME_DIR"),
            set("XDG_STATE_HOME").or_else(|| below_home(".local/state")),
            set("XDG_CACHE_HOME").or_else(|| below_home(".cache")),
            set("XDG_CONFIG_HOME").or_else(|| below_home(".config")),
        )
    }

    /// The unit's main command, for planning.
    pub fn main_command(&self) -> For {
        For { bases: self.bases(), ..For::main() }
    }

    fn not_found(&self, text: &str) -> Failure {
        let failure = Failure::input(format!("there is no unit {text} where systemd looks for units"));
        let similar = self.units().ok().and_then(|units| nearest(text, units.services()));
        match similar {
            _ if Path::new(text).is_file() => {
                failure.hint(format!("a file here has that name; its path means it: ./{text}"))
            }
            Some(name) => failure.hint(format!("did you mean {name}?")),
            None => failure
                .hint("a unit file elsewhere can be named by its path, with a slash in it: ./my.service"),
        }
    }
}

/// The name that a text means; `.service` may be missing.
fn unit_name(text: &str) -> Result<UnitName, Failure> {
    let complete = if UnitName::parse(text).is_ok() { text.to_owned() } else { format!("{text}.service") };
    UnitName::parse(&complete).map_err(|error| {
        Failure::input(error)
            .hint("give a unit's name such as nginx.service, or a path such as ./nginx.service")
    })
}

/// The service whose name is most like the one asked for, if any is alike at all.
fn nearest(text: &str, services: Vec<UnitName>) -> Option<UnitName> {
    let likeness = |name: &UnitName| strsim::jaro_winkler(text, name.as_str());
    services
        .into_iter()
        .map(|name| (likeness(&name), name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
