//! Real daemons from Debian's packages, hardened on a real systemd: each must afterwards do what it did before, what its
//! exercise showed and a wider range of things that hardening never saw.
//!
//! Both exercises are the same at all levels, whole. An allow-list, which the tight level makes, cannot know a place that is made
//! after it and that nothing named, nor a program that never ran: where the wider exercise uses one, `place` says what is
//! taken instead (`perform.sh`), and `docs/tight.md` why none could do better.
//!
//! The exercises are in `exercises/`, `harden.sh` says what is done with them. A trial is one daemon at one level:
//! `standard/nginx`, `tight/redis`; `shipped/nginx` asks the same of Debian's own unit. All of the standard level and some of the
//! tight one run by themselves, the others with `--include-ignored`. The last of a level compares the exposure of all, as systemd-analyze(1) says it, with what is promised.
//!
//! Needs root, and a Debian root that has the daemons: `lab/daemons-root`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use libtest_mimic::{Arguments, Failed, Trial};
use ringfence_agreement::Machine;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};

const DAEMONS: [&str; 11] = [
    "apache",
    "cron",
    "dnsmasq",
    "haproxy",
    "memcached",
    "mosquitto",
    "nginx",
    "php-fpm",
    "postgresql",
    "redis",
    "ssh",
];

/// Those that are started by a socket or by who calls them on the message bus. They have sandboxes of their own, or are no
/// network services: the median that is promised is not theirs.
const ACTIVATED: [&str; 3] = ["accounts", "avahi", "uuidd"];

/// Those of the tight level that run without being asked for: one of each kind.
const QUICK: [&str; 5] = ["mosquitto", "nginx", "php-fpm", "postgresql", "redis"];

/// A level, and the median exposure that is promised for it.
const LEVELS: [(&str, Option<f64>); 3] = [("standard", Some(2.5)), ("tight", Some(2.0)), ("shipped", None)];

/// Where the exercises are in the lab.
const SCRIPTS: &str = "/usr/local/lib/ringfence-tests";

/// What one trial printed.
struct Row {
    daemon: &'static str,
    before: String,
    after: String,
    trials: String,
    seconds: String,
    /// How many paths the service sees, where much is hidden.
    visible: String,
}

/// All trials of one level, in one lab.
struct Level {
    name: &'static str,
    promised: Option<f64>,
    /// Made for the first trial, gone after the last.
    lab: Mutex<Option<Machine>>,
    rows: Mutex<Vec<Row>>,
}

impl Level {
    /// Runs one of the scripts in the level's lab; what it printed.
    fn run(&self, script: &str, arguments: &[&str]) -> Result<String, Failed> {
        let mut lab = self.lab.lock().unwrap();
        let machine = match &mut *lab {
            Some(machine) => machine,
            none => none.insert(boot(self.name)?),
        };
        let script = format!("{SCRIPTS}/daemons/{script}");
        let output = machine
            .command("timeout")
            .args(["600", "bash", &script])
            .args(arguments)
            .stdin(Stdio::null())
            .output()?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(printed);
        }
        Err(format!("{printed}\n{}", String::from_utf8_lossy(&output.stderr)).into())
    }

    /// What was made out of Debian's units of nginx and php-fpm against units that were made for hiding by hand.
    fn against_hand_made(&self) -> Result<(), Failed> {
        let printed = self.run("hand_made.sh", &[])?;
        let rows = self.rows.lock().unwrap();
        for (daemon, name) in [("nginx", "nginx"), ("php-fpm", "php")] {
            let Some(row) = rows.iter().find(|row| row.daemon == daemon) else { continue };
            for (what, ours) in [("visible", &row.visible), ("exposure", &row.after)] {
                let by_hand = value(&printed, &format!("{name}.{what}")).unwrap_or_default();
                println!("{daemon}: {what} {ours}, by hand {by_hand}");
                if ours.parse::<f64>()? > by_hand.parse()? {
                    return Err(format!("{daemon}: {what} {ours}, by hand only {by_hand}").into());
                }
            }
        }
        Ok(())
    }

    fn harden(&self, daemon: &'static str) -> Result<(), Failed> {
        let printed = self.run("harden.sh", &[self.name, daemon])?;
        let value = |key: &str| value(&printed, key).unwrap_or_else(|| "-".to_owned());
        self.rows.lock().unwrap().push(Row {
            daemon,
            before: value("before"),
            after: value("after"),
            trials: value("trials"),
            seconds: value("seconds"),
            visible: value("visible"),
        });
        Ok(())
    }

    /// The table, and whether the median is what is promised. Only of all daemons: a few say nothing.
    fn compare(&self) -> Result<(), Failed> {
        self.lab.lock().unwrap().take();
        let rows = self.rows.lock().unwrap();
        println!(
            "{:12} {:10} {:>6} {:>6} {:>6} {:>7}",
            "daemon", "level", "before", "after", "trials", "seconds"
        );
        for Row { daemon, before, after, trials, seconds, .. } in &*rows {
            println!("{daemon:12} {:10} {before:>6} {after:>6} {trials:>6} {seconds:>7}", self.name);
        }
        let of_all: Vec<&Row> = rows.iter().filter(|row| DAEMONS.contains(&row.daemon)).collect();
        let Some(promised) = self.promised.filter(|_| of_all.len() == DAEMONS.len()) else { return Ok(()) };
        let mut after: Vec<f64> = of_all.iter().map(|row| row.after.parse()).collect::<Result<_, _>>()?;
        after.sort_by(f64::total_cmp);
        let median = after[after.len() / 2];
        println!("median exposure at the level {}: {median}", self.name);
        if median > promised {
            return Err(format!("the median exposure is {median}, above {promised}").into());
        }
        Ok(())
    }
}

/// The value of a `KEY VALUE` line.
fn value(printed: &str, key: &str) -> Option<String> {
    printed.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::to_owned)
}

fn root() -> PathBuf {
    std::env::var_os("RINGFENCE_DAEMONS_ROOT")
        .map_or_else(|| PathBuf::from("/var/cache/ringfence/daemons-root"), PathBuf::from)
}

/// A lab with the daemons, the exercises and ringfence.
fn boot(level: &str) -> Result<Machine, Failed> {
    let machine = Machine::lab(&format!("daemons-{level}-{}", std::process::id()), Some(&root()))?;
    let scripts = Command::new("tar")
        .args(["--create", "--directory"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
        .args(["daemons", "services"])
        .output()?;
    // Labs boot to basic.target, where nobody may log in yet.
    machine
        .shell(&format!("ip link set lo up; systemctl start systemd-user-sessions; mkdir -p {SCRIPTS}"))?;
    machine.feed("tar", &["--extract", "--directory", SCRIPTS], &scripts.stdout)?;
    let binary = std::fs::read(env!("CARGO_BIN_EXE_ringfence"))?;
    machine.write("/usr/local/bin/ringfence", "755", &binary)?;
    Ok(machine)
}

/// Why nothing can be tried here.
fn obstacle() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("a lab needs root".to_owned());
    }
    let root = root();
    let missing = !["haproxy", "uuidd"].iter().all(|daemon| root.join("usr/sbin").join(daemon).exists());
    missing.then(|| format!("{} has no daemons; run lab/daemons-root", root.display()))
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    if let Some(why) = obstacle().filter(|_| !arguments.list) {
        println!("SKIP: {why}");
        return ExitCode::from(u8::from(std::env::var_os("RINGFENCE_TESTS_MUST_RUN").is_some()));
    }
    let mut trials = Vec::new();
    for (name, promised) in LEVELS {
        let level = Arc::new(Level { name, promised, lab: Mutex::new(None), rows: Mutex::new(Vec::new()) });
        let in_passing = |daemon: &str| match name {
            "standard" => true,
            "tight" => QUICK.contains(&daemon) || ACTIVATED.contains(&daemon),
            _ => false,
        };
        for daemon in DAEMONS.into_iter().chain(ACTIVATED) {
            let level = Arc::clone(&level);
            let trial = Trial::test(format!("{name}/{daemon}"), move || level.harden(daemon));
            trials.push(trial.with_ignored_flag(!in_passing(daemon)));
        }
        if name == "tight" {
            let level = Arc::clone(&level);
            trials.push(Trial::test("tight/hand-made", move || level.against_hand_made()));
        }
        let exposure = Trial::test(format!("{name}/exposure"), move || level.compare());
        trials.push(exposure.with_ignored_flag(promised.is_none()));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
