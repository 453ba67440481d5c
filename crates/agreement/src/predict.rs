//! What ringfence says that a unit will see, without running it: the plan, its view and its verdicts.

use crate::case::Outcome;
use crate::compare::Difference;
use crate::machine::Machine;
use crate::systemd::{Job, PLACE};
use anyhow::{Context, Result};
use ringfence_host::HostFacts;
use ringfence_probe::OK;
use ringfence_sandbox::decide::{Credentials, Verdict, decide};
use ringfence_sandbox::facts::MountFlags;
use ringfence_sandbox::plan::{For, Mode, Plan};
use ringfence_sandbox::view::View;
use ringfence_settings::{ProtectControlGroups, Settings};
use ringfence_terms::{AbsPath, Access, AccessKind};
use ringfence_unit::find::{Environment, Root, SearchPath, UnitTree};
use ringfence_unit::{Manager, UnitName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where this very program lies on a machine, for [`predict`] to run there.
const AGREEMENT: &str = "/agreement/agreement";

/// What ringfence says about one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The exit status with which the set-up fails; 0 when it does not.
    pub status: i32,
    /// Why it fails.
    pub why: Option<String>,
    /// How each access to each path ends, and the reason given; those that cannot be decided are not here.
    pub endings: BTreeMap<String, BTreeMap<String, (String, String)>>,
    /// File system type and flags at each mount point. The type is empty where the plan does not know it.
    pub mounts: BTreeMap<String, (String, String)>,
}

/// Predicts a unit of this machine by its name.
pub fn predict(name: &str) -> Result<Prediction> {
    let environment = Environment::of_process();
    let search = SearchPath::of_systemd(Root::system(), Manager::System, &environment);
    let unit = UnitTree::open(search, environment).load(&UnitName::parse(&format!("{name}.service"))?);
    let (settings, _) = Settings::from_unit(&unit);
    let facts = HostFacts::of_this_machine()?;
    let plan = Plan::of(&settings, &facts, &main_process(name, &settings), Mode::Faithful);
    if let Some(failure) = &plan.failure {
        let why = format!("{} {:?}", failure.why, failure.path);
        return Ok(Prediction { status: failure.status.into(), why: Some(why), ..Prediction::default() });
    }
    let view = View::of(&plan, &facts);
    let who = Credentials::of(&settings, &facts);
    let mut prediction = Prediction::default();
    for path in std::fs::read_to_string(format!("{PLACE}/in/{name}"))?.lines() {
        let Ok(parsed) = AbsPath::parse(path) else { continue };
        let endings = prediction.endings.entry(path.to_owned()).or_default();
        for kind in AccessKind::ALL {
            let verdict = decide(&view, &who, &Access { path: parsed.clone(), kind });
            let reason = verdict.because().map_or_else(String::new, |because| because.reason.clone());
            let ending = match verdict {
                Verdict::Allowed(_) => OK.to_owned(),
                Verdict::Denied { errno, .. } => errno.to_string(),
                Verdict::Undecidable(_) => continue,
            };
            endings.insert(kind.word().to_owned(), (ending, reason));
        }
    }
    for mount in view.mounts() {
        prediction.mounts.insert(mount.point.to_string(), (mount.fs_type, words(mount.flags)));
    }
    Ok(prediction)
}

/// The main process under a systemd, which has it watch the memory pressure of its control group.
fn main_process(name: &str, settings: &Settings) -> For {
    let group = match settings.sandbox.protect_control_groups.value {
        ProtectControlGroups::Strict => String::new(),
        _ => format!("/system.slice/{name}.service"),
    };
    For { memory_pressure: format!("/sys/fs/cgroup{group}/memory.pressure").parse().ok(), ..For::main() }
}

fn words(flags: MountFlags) -> String {
    let all =
        [(flags.read_only, "ro"), (flags.nosuid, "nosuid"), (flags.nodev, "nodev"), (flags.noexec, "noexec")];
    all.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect::<Vec<_>>().join(",")
}

/// Predicts installed jobs on their machine, where nothing has run yet.
pub fn predicted(machine: &Machine, program: &[u8], jobs: &[Job]) -> Result<BTreeMap<String, Prediction>> {
    machine.write(AGREEMENT, "0755", program)?;
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    let json = machine.feed(AGREEMENT, &[&["predict"], names.as_slice()].concat(), b"")?;
    serde_json::from_slice(&json).context("the predictions are not of their form")
}

/// What a prediction and systemd do not agree on.
pub fn wrong(systemd: &Outcome, prediction: &Prediction) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut differ = |about: String, systemd: String, ringfence: String| {
        all.push(Difference { about, systemd, ringfence });
    };
    // The plan is about mounts and directories; who runs the program and which it is fails elsewhere.
    let of_the_plan = matches!(systemd.status, 226 | 233 | 238..=241 | 243);
    // What fails before the directories are made keeps the plan's failure from happening (`exec_invoke`).
    let failed_before = systemd.result == "resources"
        || matches!(systemd.status, 202 | 205..=209 | 214..=217 | 219..=222 | 225 | 230 | 242);
    let failed_otherwise = if prediction.status == 0 { of_the_plan } else { !failed_before };
    if prediction.status != systemd.status && failed_otherwise {
        let why = prediction.why.clone().unwrap_or_default();
        differ(
            "predicted exit status".to_owned(),
            format!("{}: {}", systemd.status, systemd.log.join(" | ")),
            format!("{}: {why}", prediction.status),
        );
    }
    if systemd.result != "success" || prediction.status != 0 {
        return all;
    }
    for (path, tried) in &systemd.tried {
        for (kind, ending) in tried.endings.each() {
            // A socket cannot be opened by anybody, and a terminal not by who has none; the probe writes to itself.
            let ending = if ending == "ENXIO" { OK } else { ending };
            let Some((ours, reason)) = prediction.endings.get(path).and_then(|kinds| kinds.get(kind)) else {
                continue;
            };
            if ours != ending && ending != "ETXTBSY" {
                differ(format!("verdict {kind} {path}"), ending.to_owned(), format!("{ours}: {reason}"));
            }
        }
    }
    let Some(lines) = &systemd.mounts else { return all };
    let theirs: BTreeMap<&str, (&str, String)> = lines.iter().filter_map(|line| row(line)).collect();
    let points: BTreeSet<&str> =
        theirs.keys().copied().chain(prediction.mounts.keys().map(String::as_str)).collect();
    // Who runs units makes the stores of their credentials, before any plan.
    for point in points.into_iter().filter(|point| !point.contains("/credentials/")) {
        let their = theirs.get(point).map(|(fs, flags)| format!("{fs} {flags}"));
        let our = prediction.mounts.get(point).map(|(fs, flags)| match (fs.as_str(), theirs.get(point)) {
            ("", Some((known, _))) => format!("{known} {flags}"),
            _ => format!("{fs} {flags}"),
        });
        if their != our {
            let nothing = || "(nothing)".to_owned();
            differ(
                format!("predicted mount {point}"),
                their.unwrap_or_else(nothing),
                our.unwrap_or_else(nothing),
            );
        }
    }
    all
}

/// Mount point, type, and those flags that a plan is about.
fn row(line: &str) -> Option<(&str, (&str, String))> {
    let mut words = line.split(' ');
    let (point, fs, flags) = (words.next()?, words.next()?, words.next()?);
    let kept: Vec<&str> = ["ro", "nosuid", "nodev", "noexec"]
        .into_iter()
        .filter(|word| flags.split(',').any(|flag| flag == *word))
        .collect();
    Some((point, (fs, kept.join(","))))
}
