//! The life of services, on the real kernel: order, readiness, stop, and that nothing stays behind.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use ringfence_engine::{Failure, Step, Streams};
use ringfence_host::HostFacts;
use ringfence_sandbox::plan::{Bases, Mode};
use ringfence_service::{
    Controls, Event, Exit, Observer, Options, Outcome, Refused, Role, ServiceResult, run,
};
use ringfence_settings::Settings;
use ringfence_unit::{LoadState, Manager, Specifiers, Unit, UnitName};
use rustix::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn root_or_skip() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("SKIP: needs root");
        assert!(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_none(), "this test must run");
    }
    root
}

/// The tests share the process, and its orphans: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn settings(text: &str) -> Settings {
    let name = UnitName::parse("ringfence-test.service").unwrap();
    let unit = Unit {
        specifiers: Specifiers::of_name(&name),
        id: name.clone(),
        name,
        aliases: Vec::new(),
        manager: Manager::System,
        state: LoadState::Loaded,
        fragment: Some(Path::new("/test.service").into()),
        drop_ins: Vec::new(),
        assignments: Vec::new(),
        complaints: Vec::new(),
    };
    let (settings, complaints) =
        Settings::from_unit(&unit.with_drop_in(Path::new("/d/test.conf"), format!("[Service]\n{text}")));
    assert!(complaints.is_empty(), "{complaints:?}");
    settings
}

/// What happened, as one line an event; something to do at some of them.
struct Log<'a> {
    lines: Vec<String>,
    at: Box<dyn FnMut(&str) + 'a>,
}

impl Observer for Log<'_> {
    fn event(&mut self, event: Event<'_>) {
        let line = match event {
            Event::Started { role, .. } => format!("{} started", role.directive()),
            Event::NotStarted { role, failure, .. } => {
                format!("{} not started: {}", role.directive(), failure.step.name())
            }
            Event::Ended { role, exit, clean, .. } => {
                format!("{} ended: {exit}{}", role.directive(), if clean { "" } else { " (bad)" })
            }
            Event::Skipped { .. } => "skipped".to_owned(),
            Event::Ready(_) => "ready".to_owned(),
            Event::Status(text) => format!("status {text}"),
            Event::Reload { done } => format!("reload{}", if done { " done" } else { "" }),
            Event::Stopping(result) => format!("stopping: {result}"),
            Event::TimedOut { what, .. } => format!("timed out: {what}"),
            Event::Killed { .. } => "killed".to_owned(),
            Event::LeftOver { processes } => format!("left over: {processes}"),
            Event::Note(text) => format!("note: {text}"),
            Event::NotRemoved(failure) => format!("not removed: {failure}"),
            Event::Shortfall(_) => return,
        };
        (self.at)(&line);
        self.lines.push(line);
    }
}

/// Runs a unit; at the events named, something is done.
fn life_with(text: &str, at: impl FnMut(&Controls, &str)) -> (Outcome, Vec<String>) {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let settings = settings(text);
    let facts = HostFacts::of_this_machine().unwrap();
    let (controls, requests) = Controls::new().unwrap();
    let null = std::fs::File::options().write(true).open("/dev/null").unwrap();
    let sockets = tempfile::tempdir().unwrap();
    let mut at = at;
    let mut log = Log { lines: Vec::new(), at: Box::new(|line| at(&controls, line)) };
    let options = Options {
        mode: Mode::Faithful,
        bases: Bases::system(),
        sockets: sockets.path().to_owned(),
        streams: Streams { output: null.as_fd(), error: null.as_fd(), terminal: None },
        requests,
        passed: ringfence_service::Passed::default(),
    };
    let outcome = run(&settings, &facts, options, &mut log).unwrap();
    assert_eq!(rustix::process::child_subreaper().unwrap(), None, "as it was before");
    (outcome, log.lines)
}

fn life(text: &str) -> (Outcome, Vec<String>) {
    life_with(text, |_, _| {})
}

/// The numbers of processes whose command line has a text in it.
fn processes_with(text: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(text))
        .count()
}

#[test]
fn commands_run_in_their_order() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log");
    let say = |word: &str| format!("/bin/sh -c 'echo {word} >> {}'", file.display());
    let text = format!(
        "Type=oneshot\nExecCondition={}\nExecStartPre={}\nExecStart={}\nExecStart={}\nExecStartPost={}\nExecStop={}\nExecStopPost={}",
        say("condition"),
        say("pre"),
        say("start1"),
        say("start2"),
        say("post"),
        say("stop"),
        say("stop-post")
    );
    let (outcome, _) = life(&text);
    assert_eq!(outcome.status(), 0);
    let order = std::fs::read_to_string(&file).unwrap();
    assert_eq!(order, "condition\npre\nstart1\nstart2\npost\nstop\nstop-post\n");
}

#[test]
fn the_first_failure_ends_the_start() {
    if !root_or_skip() {
        return;
    }
    let (outcome, log) = life(
        "ExecStartPre=/bin/sh -c 'exit 3'\nExecStart=/bin/true\nExecStop=/bin/true\nExecStopPost=/bin/true",
    );
    assert_eq!((outcome.status(), outcome.result), (3, ServiceResult::ExitCode));
    assert_eq!(
        log,
        [
            "ExecStartPre started",
            "ExecStartPre ended: exit status 3 (bad)",
            "stopping: exit-code",
            "ExecStopPost started",
            "ExecStopPost ended: exit status 0",
        ]
    );
    let (outcome, _) = life("ExecStartPre=-/bin/false\nExecStart=/bin/true");
    assert_eq!(outcome.status(), 0, "a `-` hides it");
}

#[test]
fn the_status_is_the_main_process_s() {
    if !root_or_skip() {
        return;
    }
    assert_eq!(life("ExecStart=/bin/sh -c 'exit 7'").0.status(), 7);
    assert_eq!(life("ExecStart=/bin/sh -c 'kill -SEGV $$$$'").0.status(), 139);
    assert_eq!(life("ExecStart=/nope").0.status(), 203);
    let (outcome, log) = life("ExecStart=/bin/true\nReadOnlyPaths=/nope");
    assert_eq!(outcome.status(), 226);
    assert!(log.contains(&"ExecStart not started: NAMESPACE".to_owned()), "{log:?}");
    let (outcome, _) = life("ExecStart=/bin/sh -c 'exit 7'\nSuccessExitStatus=7");
    assert_eq!((outcome.status(), outcome.result), (7, ServiceResult::Success));
}

#[test]
fn a_condition_skips_or_fails() {
    if !root_or_skip() {
        return;
    }
    let (outcome, log) = life("ExecCondition=/bin/false\nExecStart=/bin/true");
    assert_eq!((outcome.status(), outcome.result), (0, ServiceResult::ExecCondition));
    assert_eq!(log[1], "skipped");
    let (outcome, _) = life("ExecCondition=/bin/sh -c 'exit 255'\nExecStart=/bin/true");
    assert_eq!((outcome.status(), outcome.result), (255, ServiceResult::ExitCode));
    let (outcome, _) = life("ExecCondition=/nope\nExecStart=/bin/true");
    assert_eq!(outcome.result, ServiceResult::ExecCondition, "203 is below 255");
}

#[test]
fn a_stop_is_asked_for_and_waited_for() {
    if !root_or_skip() {
        return;
    }
    let (outcome, log) = life_with("ExecStart=/bin/sleep 1000\nExecStop=/bin/true", |controls, line| {
        if line == "ready" {
            controls.stop();
        }
    });
    assert_eq!(outcome.main, Some(Exit::Signal { signal: 15, core: false }));
    assert_eq!((outcome.status(), outcome.result), (143, ServiceResult::Success));
    assert!(log.contains(&"ExecStop ended: exit status 0".to_owned()), "{log:?}");
}

#[test]
fn who_does_not_end_is_killed() {
    if !root_or_skip() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let deaf = directory.path().join("deaf");
    let text = format!(
        "TimeoutStopSec=200ms\nExecStart=/bin/sh -c 'trap \"\" TERM; : > {}; sleep 1000 & wait; sleep 1000'",
        deaf.display()
    );
    let (outcome, log) = life_with(&text, |controls, line| {
        if line == "ExecStart started" {
            // The trap must be set before.
            (0..6000)
                .take_while(|_| !deaf.exists())
                .for_each(|_| std::thread::sleep(Duration::from_millis(5)));
            controls.stop();
        }
    });
    assert_eq!((outcome.status(), outcome.result), (137, ServiceResult::Timeout));
    assert!(log.contains(&"killed".to_owned()), "{log:?}");
}

#[test]
fn nothing_stays_behind() {
    if !root_or_skip() {
        return;
    }
    // A daemon of its own session, whose parent is gone.
    // A time to sleep that nobody else sleeps.
    let mark = format!("7654.{}", std::process::id());
    let text = format!("ExecStart=/bin/sh -c 'setsid sh -c \"sleep {mark} & sleep {mark}\" & exit 0'");
    life(&text);
    assert_eq!(processes_with(&mark), 0);
    let (_, log) = life(&format!("KillMode=process\n{text}"));
    assert_eq!(processes_with(&mark), 0);
    assert!(log.iter().any(|line| line.starts_with("left over")), "{log:?}");
}

#[test]
fn a_service_says_that_it_is_ready() {
    if !root_or_skip() {
        return;
    }
    let notify = "import os,socket,sys,time\n\
                  s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n\
                  s.sendto(b\"STATUS=warming up\",os.environ[\"NOTIFY_SOCKET\"])\n\
                  s.sendto(b\"READY=1\",os.environ[\"NOTIFY_SOCKET\"])\n\
                  time.sleep(1000)";
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), notify).unwrap();
    let text = format!("Type=notify\nExecStart=/usr/bin/python3 {}", script.path().display());
    let (outcome, log) = life_with(&text, |controls, line| {
        if line == "ready" {
            controls.stop();
        }
    });
    assert!(outcome.was_ready);
    assert_eq!(log[..3], ["ExecStart started", "status warming up", "ready"]);

    let (outcome, _) = life("Type=notify\nExecStart=/bin/true");
    assert_eq!((outcome.status(), outcome.result), (1, ServiceResult::Protocol));
    let (outcome, log) = life("Type=notify\nTimeoutStartSec=200ms\nExecStart=/bin/sleep 1000");
    assert_eq!((outcome.status(), outcome.result), (143, ServiceResult::Timeout));
    assert!(log.contains(&"timed out: READY=1 of ExecStart".to_owned()), "{log:?}");
}

#[test]
fn a_service_forks_and_names_its_main_process() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let start = format!("/bin/sh -c 'sleep 1000 & echo $$! > {}'", file.display());
    for extra in [format!("PIDFile={}\n", file.display()), String::new()] {
        let text = format!("Type=forking\n{extra}ExecStart={start}");
        let (outcome, log) = life_with(&text, |controls, line| {
            if line == "ready" {
                controls.stop();
            }
        });
        assert!(outcome.was_ready, "{log:?}");
        assert_eq!(outcome.main, Some(Exit::Signal { signal: 15, core: false }), "{log:?}");
    }
    let (outcome, _) = life("Type=forking\nPIDFile=/run/ringfence-test-nope\nExecStart=/bin/true");
    assert_eq!(outcome.result, ServiceResult::Protocol);
}

#[test]
fn after_exec_start_post_a_pid_file_is_asked_for_whatever_the_type() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let line = format!("PIDFile={}\n", file.display());
    for kind in ["oneshot", "exec", "simple"] {
        let unit = format!("Type={kind}\n{line}ExecStart=/bin/true\n");
        let (outcome, log) = life(&unit);
        assert_eq!(outcome.result, ServiceResult::Success, "Type={kind}: nobody asks: {log:?}");
        // As long as it takes for the main process to be over.
        let (outcome, log) = life(&format!("{unit}ExecStartPost=/bin/sleep 0.3"));
        assert_eq!(outcome.result, ServiceResult::Protocol, "Type={kind}: {log:?}");
        assert!(!outcome.was_ready, "Type={kind}: {log:?}");
    }
    let sleeps = format!("Type=exec\n{line}ExecStart=/bin/sleep 1000\n");
    let (outcome, log) = life(&format!("{sleeps}TimeoutStartSec=300ms\nExecStartPost=/bin/true"));
    assert_eq!(outcome.result, ServiceResult::Timeout, "it may still be written: {log:?}");
    let post = format!("ExecStartPost=/bin/sh -c 'echo $MAINPID > {}'", file.display());
    let (outcome, log) = life_with(&format!("{sleeps}{post}"), |controls, line| {
        if line == "ready" {
            controls.stop();
        }
    });
    assert!(outcome.was_ready, "{log:?}");
    assert_eq!(outcome.main, Some(Exit::Signal { signal: 15, core: false }), "{log:?}");
}

#[test]
fn a_main_process_moves_on_if_its_pid_file_says_so() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let text = format!(
        "Type=exec\nPIDFile={0}\nExecStart=/bin/sh -c '(sleep 0.3; exit 7) & echo $$! > {0}; exit 3'",
        file.display()
    );
    let (outcome, log) = life(&text);
    assert_eq!(outcome.main, Some(Exit::Status(7)), "the first one's end is none: {log:?}");
    assert_eq!(log.iter().filter(|line| line.starts_with("ExecStart ended")).count(), 1, "{log:?}");
}

#[test]
fn the_exit_status_is_that_of_the_first_failure() {
    if !root_or_skip() {
        return;
    }
    let fails = |status: u8| format!("/bin/sh -c 'exit {status}'");
    let unit = format!("ExecStart={}\nExecStopPost={}", fails(3), fails(5));
    let (outcome, log) = life(&unit);
    assert_eq!(outcome.status(), 3, "{log:?}");
    let (outcome, log) = life(&unit.replace("exit 3", "exit 0"));
    assert_eq!(outcome.status(), 5, "{log:?}");
    let (outcome, log) = life(&format!("{unit}\nExecStartPre={}", fails(4)));
    assert_eq!(outcome.status(), 4, "{log:?}");
}

#[test]
fn a_reload_runs_its_commands() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("main");
    let text =
        format!("ExecStart=/bin/sleep 1000\nExecReload=/bin/sh -c 'echo $MAINPID > {}'", file.display());
    let (_, log) = life_with(&text, |controls, line| match line {
        "ready" => controls.reload(),
        "reload done" => controls.stop(),
        _ => {}
    });
    assert!(log.contains(&"ExecReload ended: exit status 0".to_owned()), "{log:?}");
    assert!(std::fs::read_to_string(file).unwrap().trim().parse::<i32>().is_ok());
}

#[test]
fn a_watchdog_that_is_not_fed_bites() {
    if !root_or_skip() {
        return;
    }
    let (outcome, log) = life("WatchdogSec=200ms\nExecStart=/bin/sleep 1000");
    assert_eq!(outcome.result, ServiceResult::Watchdog);
    assert_eq!(outcome.status(), 134, "SIGABRT");
    assert!(log.contains(&"timed out: WatchdogSec".to_owned()), "{log:?}");
}

#[test]
fn what_came_of_it_is_told_to_the_last_command() {
    if !root_or_skip() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("result");
    life(&format!(
        "ExecStart=/bin/sh -c 'exit 5'\nExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS > {}'",
        file.display()
    ));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "exit-code exited 5\n");
}

#[test]
fn a_recorder_can_attach_before_the_program_runs() {
    if !root_or_skip() {
        return;
    }
    struct Attaches(Arc<Mutex<Vec<String>>>);
    impl Observer for Attaches {
        fn event(&mut self, event: Event<'_>) {
            if let Event::Started { .. } = event {
                self.0.lock().unwrap().push("started".to_owned());
            }
        }
        fn wants_to_see(&self, role: Role) -> bool {
            role == Role::Start
        }
        fn about_to_execute(&mut self, _: Role, pid: rustix::process::Pid) {
            let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap();
            let uid = status.lines().find(|l| l.starts_with("Uid:")).unwrap();
            self.0.lock().unwrap().push(uid.split_whitespace().nth(1).unwrap().to_owned());
        }
    }
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let settings =
        settings("User=nobody\nPrivatePIDs=yes\nSystemCallFilter=@system-service\nExecStart=/bin/true");
    let facts = HostFacts::of_this_machine().unwrap();
    let (_controls, requests) = Controls::new().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let options = Options {
        mode: Mode::Faithful,
        bases: Bases::system(),
        sockets: "/run/ringfence".into(),
        streams: Streams::of_the_caller(),
        requests,
        passed: ringfence_service::Passed::default(),
    };
    let outcome = run(&settings, &facts, options, &mut Attaches(seen.clone())).unwrap();
    assert_eq!(outcome.status(), 0);
    assert_eq!(
        *seen.lock().unwrap(),
        ["65534", "started"],
        "it is the service's user already, and not yet its program"
    );
}

#[test]
fn a_hidden_notification_socket_is_told() {
    if !root_or_skip() {
        return;
    }
    let unit = |tmpfs: &str| {
        format!(
            "Type=notify\nTimeoutStartSec=200ms\nTemporaryFileSystem={tmpfs}\nExecStart=/bin/sh -c 'sleep 60'"
        )
    };
    let told = |lines: &[String]| lines.iter().any(|line| line.contains("cannot say that it is ready"));
    let (_, lines) = life(&unit("/tmp /run"));
    assert!(told(&lines), "{lines:?}");
    let (_, lines) = life(&unit("/mnt"));
    assert!(!told(&lines), "{lines:?}");
}

/// Why a unit is not run at all, with the sockets in that directory.
fn refused(text: &str, sockets: &Path) -> Failure {
    let settings = settings(text);
    let facts = HostFacts::of_this_machine().unwrap();
    let (_controls, requests) = Controls::new().unwrap();
    let null = std::fs::File::options().write(true).open("/dev/null").unwrap();
    let options = Options {
        mode: Mode::Faithful,
        bases: Bases::system(),
        sockets: sockets.to_owned(),
        streams: Streams { output: null.as_fd(), error: null.as_fd(), terminal: None },
        requests,
        passed: ringfence_service::Passed::default(),
    };
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut log = Log { lines: Vec::new(), at: Box::new(|_| {}) };
    let Err(Refused::SetUp(failure)) = run(&settings, &facts, options, &mut log) else {
        panic!("it cannot have been run: {text}");
    };
    failure
}

#[test]
fn a_file_in_the_place_of_the_sockets_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let failure = refused("Type=notify\nExecStart=/bin/true", &file.join("below"));
    assert_eq!(failure.path, Some(file));
    assert!(failure.hint.unwrap().contains("move it away"));
}

#[test]
fn the_first_process_opens_files_before_it_looks_its_user_up_if_they_are_for_it() {
    let sockets = tempfile::tempdir().unwrap();
    let unit = "OpenFile=/none-such\nUser=none-such\nExecStart=/bin/true\n";
    let step = |text: &str| refused(text, sockets.path()).step;
    assert_eq!(step(unit), Step::Fds);
    assert_eq!(step(&format!("{unit}ExecStartPre=/bin/true")), Step::User);
    assert_eq!(step(&format!("{unit}ExecCondition=/bin/true")), Step::User);
    assert_eq!(step(&unit.replace("none-such\nUser", "none-such::graceful\nUser")), Step::User);
}
