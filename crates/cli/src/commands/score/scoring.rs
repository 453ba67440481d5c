//! From names and files to scores.

use super::parallel::in_parallel;
use crate::context::Context;
use crate::failure::Failure;
use ringfence_exposure::{Mode, Policy, Score, Subject, assess};
use ringfence_seccomp::Machine;
use ringfence_settings::Settings;
use ringfence_unit::find::{Environment, SearchPath, UnitTree, name_of_file};
use ringfence_unit::{LoadState, Unit, UnitName};
use std::path::{Path, PathBuf};

/// Scores units one after another under the same options.
pub struct Scorer<'a> {
    context: &'a Context,
    mode: Mode,
    policy: Policy,
    drop_in: Option<(PathBuf, Vec<u8>)>,
}

/// The instance that systemd-analyze gives a template, since 257.
const TEST_INSTANCE: &str = "test_instance";

impl<'a> Scorer<'a> {
    pub fn new(
        context: &'a Context,
        mode: Mode,
        policy: Option<&Path>,
        drop_in: Option<&Path>,
    ) -> Result<Scorer<'a>, Failure> {
        let policy = match policy {
            None => Policy::default(),
            Some(path) => Policy::parse(&String::from_utf8_lossy(&read(path)?)).map_err(|error| {
                Failure::input(format!("{}: {error}", path.display()))
                    .hint("a policy is a JSON object from a check's name to its weight and range: {\"PrivateTmp\": {\"weight\": 500}}")
            })?,
        };
        let drop_in = drop_in.map(|path| Ok::<_, Failure>((path.to_path_buf(), read(path)?))).transpose()?;
        Ok(Scorer { context, mode, policy, drop_in })
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Every service that systemd could load here, in the order of names. One that cannot be scored is left out and
    /// named.
    ///
    /// Of each score only what `make` makes of it is kept: with a hundred units, memory that is touched for the first
    /// time would cost more than all else.
    pub fn every_service<R: Send>(
        &self,
        make: impl Fn(Score) -> R + Sync,
        mut take: impl FnMut(R),
    ) -> Result<(), Failure> {
        let tree = self.context.units()?;
        let names = tree.services_and_masks();
        let score = |name: &UnitName| {
            let unit = tree.load(name);
            (unit.state != LoadState::Masked).then(|| (name.clone(), self.score(&unit).map(&make)))
        };
        in_parallel(&names, score, |scored| {
            match scored {
                None => {}
                Some((_, Ok(made))) => take(made),
                Some((name, Err(why))) => {
                    self.context.note_in_detail(format_args!("not scored: {name}: {why}"));
                }
            }
            Ok(())
        })
    }

    /// The named units, in the order given; and whether any could not be scored.
    pub fn named<R: Send>(
        &self,
        units: &[String],
        make: impl Fn(Score) -> R + Sync,
        mut take: impl FnMut(R) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let mut failed = false;
        let tree = self.tree_with_files(units)?;
        let score = |text: &String| {
            let unit = self.load(&tree, text)?;
            Ok(self.score(&unit).map(&make).map_err(|why| (text.clone(), unit.complaints, why)))
        };
        in_parallel(units, score, |scored: Result<_, Failure>| match scored? {
            Ok(made) => take(made),
            Err((text, complaints, why)) => {
                failed = true;
                self.context.complain(&complaints);
                Failure::input(format!("{text} cannot be scored: {why}")).report();
                Ok(())
            }
        })?;
        Ok(failed)
    }

    /// systemd's search path, with the directories of all given files before it, as the real tool has it.
    fn tree_with_files(&self, units: &[String]) -> Result<UnitTree, Failure> {
        let environment = Environment::of_process();
        let root = self.context.tree()?;
        let files = units.iter().filter(|text| text.contains('/')).map(Path::new);
        let mut given: Vec<&Path> = files.filter_map(Path::parent).collect();
        given.dedup();
        let folders = given.into_iter().filter_map(|folder| match root.is_system() {
            true => std::path::absolute(folder).ok(),
            false => Some(Path::new("/").join(folder)),
        });
        let folders: Vec<PathBuf> = folders.collect();
        let search = SearchPath::of_systemd(root, self.context.manager, &environment).with_leading(folders);
        Ok(UnitTree::open(search, environment))
    }

    fn load(&self, tree: &UnitTree, text: &str) -> Result<Unit, Failure> {
        if !text.contains('/') {
            return self.context.unit_in(tree, text);
        }
        let path = Path::new(text);
        let unit = name_of_file(path, Some(TEST_INSTANCE)).map(|name| tree.load(&name));
        // What was loaded need not be looked for.
        let is_loaded = unit.as_ref().is_ok_and(|unit| unit.fragment.as_deref() == Some(path));
        if self.context.root.is_none()
            && !is_loaded
            && let Err(error) = std::fs::metadata(path)
        {
            return Err(Failure::input(format!("{text}: {error}"))
                .hint("give a unit's name, or the path of a unit file"));
        }
        unit.map_err(Failure::input)
    }

    /// The score of a loaded unit, or why there is none.
    pub fn score(&self, unit: &Unit) -> Result<Score, String> {
        match unit.state {
            LoadState::Loaded => {}
            LoadState::Masked => return Err("it is masked".to_owned()),
            LoadState::NotFound => return Err("there is no such unit".to_owned()),
            LoadState::Error => return Err("its file cannot be read".to_owned()),
        }
        let tried = self.drop_in.as_ref().map(|(path, text)| unit.with_drop_in(path.as_path(), text.clone()));
        let (settings, _) = Settings::from_unit(tried.as_ref().unwrap_or(unit));
        if let Some(refused) = settings.refused.first() {
            return Err(match &refused.origin {
                Some(origin) => format!("{}, says {origin}", refused.why),
                None => refused.why.clone(),
            });
        }
        // Where no filter can be made for this machine, the most common one's calls are judged.
        let machine = Machine::HERE.unwrap_or(Machine::X86_64);
        let subject = Subject { settings: &settings, mode: self.mode, machine };
        assess(&subject, &self.policy).map_err(|error| error.to_string())
    }

    /// Whether a name is one that is scored when none is given.
    pub fn is_service_file(path: &Path) -> Option<UnitName> {
        let name = UnitName::parse(path.file_name()?.to_str()?).ok()?;
        name.is_service().then_some(name)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::input(format!("cannot read {}: {error}", path.display())))
}
