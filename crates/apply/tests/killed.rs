//! Installing and taking back, killed at every single system call: whatever was begun, the next call ends it, and the service
//! runs with a configuration that is whole and that it has read.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod stage;

use ringfence_apply::{Drive, Install, Missing, NAME, Slot, install, recover, remove};
use ringfence_sys::fork::fork_process;
use ringfence_sys::ptrace::{self, Change, OnTracerExit, Until};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, kill_process};
use stage::{Snapshot, Stage};
use std::sync::{Mutex, MutexGuard, PoisonError};

const NEW: &str = "[Service]\nProtectSystem=strict\n";

/// A new process has a copy of every descriptor, locks of other tests among them.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs it in a process of its own and kills that before its so-manieth system call. Whether it came to its end before.
fn ends_within(calls: usize, what: impl FnOnce() -> bool) -> Option<bool> {
    let (go, release) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let child = fork_process(|| {
        let mut byte = [0];
        rustix::io::read(&go, &mut byte).unwrap();
        u8::from(!what())
    })
    .unwrap();
    ptrace::seize(child, OnTracerExit::Kill).unwrap();
    ptrace::interrupt(child).unwrap();
    // Each call stops it twice, before and after.
    let (mut seen, stops) = (0, 2 * calls);
    loop {
        let (_, change) = ptrace::wait().unwrap();
        match change {
            Change::Ended(status) => return (seen <= stops).then_some(status == 0),
            Change::Syscall => seen += 1,
            Change::Event(_) if seen == 0 => {
                rustix::io::write(&release, b"g").unwrap();
            }
            _ => {}
        }
        if seen > stops {
            kill_process(child, Signal::KILL).unwrap();
        } else {
            ptrace::resume(child, Until::Syscall, 0).unwrap();
        }
    }
}

fn installs(stage: &Stage, works: bool) -> bool {
    let tree = stage.tree();
    let locked = tree.lock(false).unwrap();
    let slot = Slot::of(&tree, stage.unit).unwrap();
    let owner = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let directories = [Missing { path: "/var/lib/needed".into(), mode: 0o750, owner }];
    let drive = if stage.is_running() { Drive::Restart } else { Drive::StartAndStop };
    let what = Install { unit: stage.unit, slot: &slot, text: NEW, directories: &directories, drive };
    let mut prove = |_: &[String]| if works { Ok(()) } else { Err("it does not work".to_owned()) };
    install(&locked, Some(&stage.services()), &what, &mut prove, &mut |_| ()).is_ok()
}

fn recovers(stage: &Stage) -> bool {
    let tree = stage.tree();
    let locked = tree.lock(false).unwrap();
    recover(&locked, Some(&stage.services()), &mut |_| ()).is_ok()
}

fn removes(stage: &Stage) -> bool {
    let tree = stage.tree();
    let locked = tree.lock(false).unwrap();
    remove(&locked, Some(&stage.services()), stage.unit, &mut |_| ()).is_ok()
}

/// Kills `act` everywhere, and every recovery once more at another place. `before` and `after` are the only two states that may be
/// seen at the end. How many places there are.
fn everywhere(prepare: &dyn Fn() -> Stage, act: &dyn Fn(&Stage) -> bool, ends_well: bool) -> usize {
    let (before, runs) = (prepare().snapshot(), prepare().is_running());
    let reference = prepare();
    assert_eq!(act(&reference), ends_well);
    let after = reference.snapshot();
    for place in 0.. {
        let stage = prepare();
        if let Some(well) = ends_within(place, || act(&stage)) {
            assert_eq!(well, ends_well);
            assert_eq!(stage.snapshot(), after);
            return place;
        }
        // The recovery itself is killed, too, at a place that moves along.
        let _ = ends_within(place % 97, || recovers(&stage));
        assert!(recovers(&stage), "killed at {place}: it cannot be ended");
        let now = stage.snapshot();
        let strange = |other: &Snapshot| -> Vec<String> {
            let differs = now.iter().filter(|(path, what)| other.get(*path) != Some(what));
            let gone = other.keys().filter(|path| !now.contains_key(*path));
            differs
                .map(|d| format!("{d:?}"))
                .chain(gone.map(|path| format!("no {}", path.display())))
                .collect()
        };
        let (not_before, not_after) = (strange(&before), strange(&after));
        assert!(
            not_before.is_empty() || not_after.is_empty(),
            "killed at {place}: neither as before: {not_before:#?}\nnor as after: {not_after:#?}"
        );
        stage.assert_consistent();
        assert_eq!(stage.is_running(), runs, "killed at {place}: it ran before, or it did not");
    }
    unreachable!("the loop ends with the act");
}

#[test]
fn the_first_installation() {
    let _alone = alone();
    let places = everywhere(&Stage::new, &|stage| installs(stage, true), true);
    assert!(places > 100, "{places} places are too few: something was not done");
}

#[test]
fn an_installation_over_somebody_elses_drop_in() {
    let _alone = alone();
    let prepare = || {
        let stage = Stage::new();
        stage.write_drop_in("[Service]\n# by hand\n", 0o640);
        stage
    };
    everywhere(&prepare, &|stage| installs(stage, true), true);
    everywhere(&prepare, &|stage| installs(stage, false), false);
}

#[test]
fn an_installation_over_our_own() {
    let _alone = alone();
    let prepare = || {
        let stage = Stage::new();
        stage.write_drop_in("[Service]\n# by hand\n", 0o600);
        assert!(installs(&stage, true));
        stage
    };
    everywhere(&prepare, &|stage| installs(stage, true), true);
    everywhere(&prepare, &|stage| installs(stage, false), false);
}

#[test]
fn a_template_of_which_two_instances_run() {
    let _alone = alone();
    everywhere(&Stage::template, &|stage| installs(stage, true), true);
    everywhere(&Stage::template, &|stage| installs(stage, false), false);
    let installed = || {
        let stage = Stage::template();
        assert!(installs(&stage, true));
        stage
    };
    everywhere(&installed, &removes, true);
}

#[test]
fn a_service_that_does_not_run() {
    let _alone = alone();
    everywhere(&Stage::stopped, &|stage| installs(stage, true), true);
    everywhere(&Stage::stopped, &|stage| installs(stage, false), false);
}

#[test]
fn the_state_cannot_be_written_any_more() {
    let _alone = alone();
    let stage = Stage::new();
    let before = stage.snapshot();
    let tree = stage.tree();
    let locked = tree.lock(false).unwrap();
    let slot = Slot::of(&tree, stage.unit).unwrap();
    let what = Install { unit: stage.unit, slot: &slot, text: NEW, directories: &[], drive: Drive::Restart };
    // The disk is full from now on, as far as the state's directory is concerned: no new file can be made there.
    let in_the_way = tree.outside("/var/lib/ringfence/.ringfence.new".as_ref());
    let mut prove = |_: &[String]| std::fs::create_dir(&in_the_way).map_err(|error| error.to_string());
    let not = install(&locked, Some(&stage.services()), &what, &mut prove, &mut |_| ()).unwrap_err();
    assert!(not.why.contains("unfinished.json"), "{}", not.why);
    not.restored.unwrap();
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(stage.snapshot(), before);
    stage.assert_consistent();
}

#[test]
fn mode_and_attributes_are_taken_over() {
    let _alone = alone();
    let stage = Stage::new();
    stage.write_drop_in("[Service]\n# by hand\n", 0o640);
    let path = stage.drop_in();
    // A label, as far as a test may set one. Not every file system has such attributes.
    let labelled = rustix::fs::setxattr(&path, "user.label", b"some", rustix::fs::XattrFlags::CREATE).is_ok();
    assert!(installs(&stage, true));
    assert_eq!(stage.identity(NAME).1 & 0o7777, 0o640);
    let mut value = [0; 16];
    let found =
        rustix::fs::getxattr(&path, "user.label", &mut value).ok().map(|length| value[..length].to_vec());
    assert_eq!(found, labelled.then(|| b"some".to_vec()));
}

#[test]
fn a_proof_that_fails() {
    let _alone = alone();
    let stage = Stage::new();
    let before = stage.snapshot();
    everywhere(&Stage::new, &|stage| installs(stage, false), false);
    assert!(!installs(&stage, false));
    assert_eq!(stage.snapshot(), before, "nothing is left");
}

#[test]
fn taking_back() {
    let _alone = alone();
    let fresh = || {
        let stage = Stage::new();
        assert!(installs(&stage, true));
        stage
    };
    everywhere(&fresh, &removes, true);
    let over_another = || {
        let stage = Stage::new();
        stage.write_drop_in("[Service]\n# by hand\n", 0o640);
        assert!(installs(&stage, true));
        stage
    };
    everywhere(&over_another, &removes, true);
}

#[test]
fn what_comes_back_is_the_same_file() {
    let _alone = alone();
    let stage = Stage::new();
    stage.write_drop_in("[Service]\n# by hand\n", 0o640);
    let before = stage.identity(NAME);
    assert!(!installs(&stage, false));
    assert_eq!(stage.identity(NAME), before, "after a failure");
    assert!(installs(&stage, true));
    assert_ne!(stage.identity(NAME), before);
    assert!(installs(&stage, true), "once more");
    assert!(removes(&stage));
    assert_eq!(
        stage.identity(NAME),
        before,
        "after a rollback, to what was there before the first installation"
    );
}
