//! A tree in a temporary directory, and a service manager that is a file: a kill never finds it half-way.

use ringfence_apply::{ApplyError, Look, NAME, Services, Tree};
use ringfence_manager::ActiveState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const UNIT: &str = "tried.service";
pub const TEMPLATE: &str = "tried@.service";

/// Mode and content of every file.
pub type Snapshot = BTreeMap<PathBuf, (u32, String)>;

pub struct Stage {
    directory: TempDir,
    /// Whose drop-in it is.
    pub unit: &'static str,
}

/// What the manager knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Manager {
    services: BTreeMap<String, Service>,
    /// The drop-in, as it was read last.
    read: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Service {
    running: bool,
    invocation: u32,
    /// The drop-in that the service runs with.
    in_use: Option<String>,
}

pub struct Fake {
    file: PathBuf,
    drop_in: PathBuf,
}

impl Stage {
    pub fn new() -> Stage {
        Stage::of(UNIT, &[UNIT])
    }

    /// A template, two instances of which run.
    pub fn template() -> Stage {
        Stage::of(TEMPLATE, &["tried@one.service", "tried@two.service"])
    }

    fn of(unit: &'static str, services: &[&str]) -> Stage {
        // In memory where that is possible: every step is made to outlast a loss of power, which takes its time on a disk.
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        for path in ["etc/systemd/system", "var/lib"] {
            fs::create_dir_all(directory.path().join(path)).unwrap();
        }
        let stage = Stage { directory, unit };
        let running = Service { running: true, invocation: 1, in_use: None };
        let services = services.iter().map(|&name| (name.to_owned(), running.clone())).collect();
        stage.services().save(&Manager { services, read: None });
        stage
    }

    pub fn tree(&self) -> Tree {
        Tree::below(self.directory.path()).unwrap()
    }

    pub fn drop_in(&self) -> PathBuf {
        self.directory.path().join(format!("etc/systemd/system/{}.d", self.unit)).join(NAME)
    }

    pub fn services(&self) -> Fake {
        Fake { file: self.directory.path().join("manager"), drop_in: self.drop_in() }
    }

    /// A drop-in from elsewhere, read and in use.
    pub fn write_drop_in(&self, text: &str, mode: u32) {
        fs::create_dir_all(self.drop_in().parent().unwrap()).unwrap();
        fs::write(self.drop_in(), text).unwrap();
        fs::set_permissions(self.drop_in(), fs::Permissions::from_mode(mode)).unwrap();
        self.services().reload().unwrap();
        for service in self.services().load().services.keys() {
            self.services().restart(service).unwrap();
        }
    }

    /// Which file it is.
    pub fn identity(&self, name: &str) -> (u64, u32, String) {
        let path = self.drop_in().with_file_name(name);
        let stat = fs::metadata(&path).unwrap();
        (stat.ino(), stat.mode(), fs::read_to_string(path).unwrap())
    }

    /// Everything that is there, but for the lock, the empty directory that holds it, and how often the service was started.
    pub fn snapshot(&self) -> Snapshot {
        let mut all = BTreeMap::new();
        collect(self.directory.path(), self.directory.path(), &mut all);
        for path in ["var/lib/ringfence/lock", "manager"] {
            all.remove(Path::new(path));
        }
        let remembered =
            all.keys().any(|path| path.starts_with("var/lib/ringfence") && path.extension().is_some());
        if !remembered {
            all.remove(Path::new("var/lib/ringfence"));
        }
        all
    }

    /// The same, and the service does not run.
    pub fn stopped() -> Stage {
        let stage = Stage::new();
        stage.services().stop(UNIT).unwrap();
        stage
    }

    /// All services of the stage do, or none.
    pub fn is_running(&self) -> bool {
        let services = self.services().load().services;
        let running = services.values().filter(|service| service.running).count();
        assert!(running == 0 || running == services.len(), "{services:?}");
        running > 0
    }

    /// The manager has read the drop-in that is there, and if the service runs, it runs with that.
    pub fn assert_consistent(&self) {
        let manager = self.services().load();
        let there = fs::read_to_string(self.drop_in()).ok();
        assert_eq!(manager.read, there, "read");
        for (name, service) in manager.services {
            assert!(!service.running || service.in_use == there, "{name}: in use: {:?}", service.in_use);
        }
    }
}

fn collect(root: &Path, directory: &Path, all: &mut Snapshot) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let stat = fs::symlink_metadata(&path).unwrap();
        let content = if stat.is_file() { fs::read_to_string(&path).unwrap() } else { String::new() };
        all.insert(path.strip_prefix(root).unwrap().to_path_buf(), (stat.mode(), content));
        if stat.is_dir() {
            collect(root, &path, all);
        }
    }
}

impl Fake {
    fn load(&self) -> Manager {
        serde_json::from_slice(&fs::read(&self.file).unwrap()).unwrap()
    }

    fn save(&self, manager: &Manager) {
        let beside = self.file.with_extension("new");
        fs::write(&beside, serde_json::to_vec(manager).unwrap()).unwrap();
        fs::rename(&beside, &self.file).unwrap();
    }

    fn change(&self, change: impl FnOnce(&mut Manager)) {
        let mut manager = self.load();
        change(&mut manager);
        self.save(&manager);
        // What a kill has left of an earlier attempt is no part of the stage.
        let _ = fs::remove_file(self.file.with_extension("new"));
    }
}

impl Services for Fake {
    fn concerned(&self, unit: &str) -> Result<Vec<String>, ApplyError> {
        match unit {
            TEMPLATE => Ok(self.load().services.into_keys().collect()),
            _ => Ok(vec![unit.to_owned()]),
        }
    }

    fn look(&self, unit: &str) -> Result<Look, ApplyError> {
        let service = self.load().services.remove(unit).unwrap();
        Ok(Look {
            state: if service.running { ActiveState::Active } else { ActiveState::Inactive },
            sub_state: "running".to_owned(),
            invocation: Some(service.invocation.to_string()),
            restarts: 0,
            result: "success".to_owned(),
        })
    }

    fn reload(&self) -> Result<(), ApplyError> {
        self.change(|manager| manager.read = fs::read_to_string(&self.drop_in).ok());
        Ok(())
    }

    fn restart(&self, unit: &str) -> Result<(), ApplyError> {
        self.change(|manager| {
            let service = manager.services.get_mut(unit).unwrap();
            service.running = true;
            service.invocation += 1;
            service.in_use = manager.read.clone();
        });
        Ok(())
    }

    fn stop(&self, unit: &str) -> Result<(), ApplyError> {
        self.change(|manager| manager.services.get_mut(unit).unwrap().running = false);
        Ok(())
    }
}
