//! Runs commands through the engine with settings and plans made by hand, on the real kernel.
use ringfence_engine::{Failure, Identity, Launch, Progress, Streams};
use ringfence_host::HostFacts;
use ringfence_sandbox::decide::DeviceRules;
use ringfence_sandbox::facts::fake::FakeFacts;
use ringfence_sandbox::plan::{
    Create, EntryFlags, MountEntry, MountMode, Outcome, Plan, Propagation, Reason, Root,
};
use ringfence_sandbox::tree::Tree;
use ringfence_settings::{Command, Privileges, Settings};
use ringfence_terms::{AbsPath, Origin};
use ringfence_unit::{Manager, UnitName};
use rustix::fd::AsFd;
use rustix::process::{WaitOptions, waitpid};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Whether the test may go on; says why if not. With `RINGFENCE_TESTS_MUST_RUN=1` a skip is a failure.
pub fn root_or_skip() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("SKIP: needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
    }
    root
}

pub fn path(text: impl AsRef<Path>) -> AbsPath {
    AbsPath::parse(text.as_ref()).unwrap()
}

pub fn origin(directive: &str, value: &str) -> Origin {
    Origin {
        directive: directive.into(),
        value: value.into(),
        file: Arc::from(Path::new("/test.service")),
        line: 1,
        column: 1,
    }
}

pub fn settings() -> Settings {
    Settings::defaults(UnitName::parse("test.service").unwrap(), Manager::System)
}

pub fn shell(script: &str) -> Command {
    Command {
        path: "/bin/sh".to_owned(),
        argv: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()],
        ignore_failure: false,
        no_variables: false,
        privileges: Privileges::Sandboxed,
        origin: origin("ExecStart", script),
    }
}

pub fn entry(at: impl AsRef<Path>, mode: MountMode) -> MountEntry {
    MountEntry {
        path: path(at),
        requested: None,
        mode,
        flags: EntryFlags::default(),
        optional: false,
        outcome: Outcome::Mounted,
        create: None::<Create>,
        origin: Some(origin("Test", "x")),
        merged: Vec::new(),
        turn: 0,
    }
}

/// A plan of these entries, sorted.
pub fn plan(mut mounts: Vec<MountEntry>) -> Plan {
    mounts.sort_by(|a, b| a.path.cmp(&b.path));
    mounts.iter_mut().enumerate().for_each(|(turn, entry)| entry.turn = turn);
    Plan {
        reasons: vec![Reason { directive: "Test", origin: None }],
        root: Root::Host,
        mounts,
        dropped: Vec::new(),
        symlinks: Vec::new(),
        directories: Vec::new(),
        propagation: Propagation::Shared,
        nosuid_all: false,
        failure: None,
        tree: Tree::new(AbsPath::root(), &FakeFacts::new()),
        devices: DeviceRules::default(),
    }
}

/// What a command came to.
#[derive(Debug)]
#[expect(dead_code, reason = "the output is read when an assertion prints it")]
pub struct Ran {
    pub status: Option<i32>,
    pub output: String,
    pub failure: Option<Failure>,
}

pub fn run(settings: &Settings, plan: &Plan, script: &str) -> Ran {
    let facts = HostFacts::of_this_machine().unwrap();
    let identity = match Identity::look_up(settings, &facts) {
        Ok(identity) => identity,
        Err(failure) => return Ran { status: None, output: String::new(), failure: Some(failure) },
    };
    let (mut reader, writer) = std::io::pipe().unwrap();
    let command = shell(script);
    let launch = Launch {
        settings,
        facts: &facts,
        plan,
        command: &command,
        identity: &identity,
        environment: vec![(
            "PATH".into(),
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into(),
        )],
        streams: Streams { output: writer.as_fd(), error: writer.as_fd() },
    };
    let mut starting = launch.fork().unwrap();
    drop(writer);
    let mut failure = None;
    let pid = loop {
        match starting.progress().unwrap() {
            Progress::Waiting => starting.go().unwrap(),
            Progress::Started(started) => break started.pid,
            Progress::Vanished(pid) => break pid,
            Progress::Failed(pid, why) => {
                failure = Some(why);
                break pid;
            }
        }
    };
    let mut output = String::new();
    reader.read_to_string(&mut output).unwrap();
    let (_, status) = waitpid(Some(pid), WaitOptions::empty()).unwrap().unwrap();
    Ran { status: status.exit_status(), output, failure }
}

/// Fails unless the script, run under the plan, exits with 0.
#[track_caller]
pub fn holds(plan: &Plan, script: &str) {
    let outcome = run(&settings(), plan, script);
    assert_eq!(outcome.status, Some(0), "{outcome:#?}\nscript: {script}");
}
