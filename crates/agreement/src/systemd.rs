//! Runs units with the probe under a systemd.

use crate::case::Outcome;
use crate::fixture::{Entry, script};
use crate::machine::Machine;
use crate::mounts::visible;
use anyhow::{Context, Result};
use ringfence_probe::{Node, Process, Report};
use std::collections::BTreeMap;

/// Where the harness keeps its files on a machine.
pub const PLACE: &str = "/agreement";
/// Where the probe lies on a machine.
const PROBE: &str = "/agreement/probe";

/// A unit to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// The unit's name, without `.service`.
    pub name: String,
    /// Its lines, without those that run the probe.
    pub unit: Vec<String>,
    /// The paths to try.
    pub paths: Vec<String>,
}

impl Job {
    /// Whether the unit says itself how it runs the probe, which then looks at nothing but itself.
    pub fn is_of_process(&self) -> bool {
        self.unit.iter().any(|line| line.starts_with("ExecStart="))
    }

    /// The unit file: the job's lines, and those that run the probe. Its input and output are opened on the machine's
    /// view, before the sandbox is up, so that they work whatever it hides.
    pub fn unit_file(&self) -> String {
        let name = &self.name;
        let lines = self.unit.join("\n");
        if self.is_of_process() {
            return lines;
        }
        format!(
            "{lines}\n[Service]\nType=oneshot\nTimeoutStartSec=60\nExecStart={PROBE}\n\
             StandardInput=file:{PLACE}/in/{name}\nStandardOutput=truncate:{PLACE}/out/{name}\n\
             StandardError=truncate:{PLACE}/error/{name}\n"
        )
    }
}

/// Brings the probe and the fixture to a machine.
pub fn prepare(machine: &Machine, probe: &[u8], fixture: &[Entry]) -> Result<()> {
    machine.write(PROBE, "0755", probe)?;
    // A machine whose systemd has started any sandboxed service has this mount point.
    // The place itself looks alike on all machines, whatever else is brought to them.
    let place = format!(
        "mkdir -p {PLACE}/in {PLACE}/out {PLACE}/error {PLACE}/run; touch {PLACE}/ringfence {PLACE}/agreement"
    );
    let script = format!("mkdir -p /run/systemd/incoming; {place}; {}", script(fixture, PROBE));
    machine.shell(&script).map(drop).context("the fixture could not be made")
}

/// What the machine holds at the paths.
pub fn survey(machine: &Machine, paths: &[String]) -> Result<BTreeMap<String, Node>> {
    let json = machine.feed(PROBE, &["survey"], paths.join("\n").as_bytes())?;
    serde_json::from_slice(&json).context("the probe's survey is not of its form")
}

/// Writes the units and their input.
pub fn install(machine: &Machine, jobs: &[Job]) -> Result<()> {
    let mut script = format!("set -eu; mkdir -p /run/systemd/system {PLACE}/in {PLACE}/out {PLACE}/error\n");
    let mut file = |path: String, content: &str| {
        script += &format!("cat > {path} <<'END OF FILE'\n{}\nEND OF FILE\n", content.trim_end());
    };
    for job in jobs {
        file(format!("/run/systemd/system/{}.service", job.name), &job.unit_file());
        file(format!("{PLACE}/in/{}", job.name), &job.paths.join("\n"));
    }
    // Whoever the unit's user is writes the report there.
    for job in jobs.iter().filter(|job| job.is_of_process()) {
        file(format!("{PLACE}/out/{}", job.name), "");
    }
    let wants: Vec<String> = jobs.iter().map(|job| format!("Wants={}.service", job.name)).collect();
    file("/run/systemd/system/agreement.target".to_owned(), &format!("[Unit]\n{}", wants.join("\n")));
    for Job { name, .. } in jobs.iter().filter(|job| job.is_of_process()) {
        script += &format!("chmod 0666 {PLACE}/out/{name}\n");
    }
    machine.shell(&script).map(drop)
}

/// Runs installed jobs, all at a time, and collects how they ended. The target that wants them keeps systemd from
/// forgetting the ones that are done.
pub fn under_systemd(machine: &Machine, jobs: &[Job]) -> Result<BTreeMap<String, Outcome>> {
    // A lab's systemd logs to its console; what it says about a failure is wanted in the journal.
    machine
        .shell("systemctl log-target journal; systemctl daemon-reload; systemctl start agreement.target")?;
    let services: Vec<String> = jobs.iter().map(|job| format!("{}.service", job.name)).collect();
    // Started is not ended: of a unit that runs the probe otherwise, the last command may still run.
    let mut script = format!(
        "for _ in $(seq 300); do systemctl show -P SubState {} | grep -Eqv '^(|dead|failed|exited)$' || break; sleep 0.1; done\n\
         set -eu; journalctl --sync\n",
        services.join(" ")
    );
    for job in jobs {
        let name = &job.name;
        script += &format!(
            "printf '\\001'; systemctl show -p Result -p ExecMainCode -p ExecMainStatus -p LoadState {name}.service\n\
             printf '\\002'; journalctl -q -o cat UNIT={name}.service\n\
             printf '\\002'; cat {PLACE}/error/{name} {PLACE}/out/{name} 2>/dev/null || true\n"
        );
    }
    let text = machine.shell(&script)?;
    let mut all = BTreeMap::new();
    for (job, part) in jobs.iter().zip(text.split('\u{1}').skip(1)) {
        let mut fields = part.split('\u{2}');
        let mut field = || fields.next().unwrap_or_default();
        let (properties, log, report) = (field(), field(), field());
        all.insert(job.name.clone(), watched(properties, log, report).with_context(|| job.name.clone())?);
    }
    Ok(all)
}

fn watched(properties: &str, log: &str, report: &str) -> Result<Outcome> {
    let property = |name: &str| {
        properties.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
    };
    let number = property("ExecMainStatus").parse().unwrap_or(0);
    // CLD_EXITED is 1; the others are ends by a signal (waitid(2)).
    let status = if matches!(property("ExecMainCode"), "0" | "1") { number } else { 128 + number };
    let result = match property("LoadState") {
        "loaded" => property("Result").to_owned(),
        other => other.to_owned(),
    };
    let failed = result != "success";
    let log = if failed { log.lines().map(str::to_owned).collect() } else { Vec::new() };
    outcome(result, status, log, report)
}

/// Puts together what was watched from outside and what the probe told.
///
/// # Errors
/// When the probe ran and its report is not of its form, which is the probe's fault or that of a full disk.
pub fn outcome(result: String, status: i32, log: Vec<String>, report: &str) -> Result<Outcome> {
    let mut outcome =
        Outcome { result, status, log, tried: BTreeMap::new(), mounts: None, process: Process::new() };
    if !report.trim().is_empty() {
        let report: Report = serde_json::from_str(report).context("the probe's report is not of its form")?;
        outcome.tried = report.tried;
        outcome.mounts = report.mountinfo.as_deref().map(visible);
        outcome.process = report.process;
        for number in [1, 2] {
            if let Some(value) = outcome.process.get_mut(&format!("descriptor {number}")) {
                of_the_manager(value);
            }
        }
    }
    Ok(outcome)
}

/// What a manager connects standard streams to that are to go to the journal: a socket, or under ringfence a file.
fn of_the_manager(value: &mut String) {
    if value.starts_with("socket:") || value.starts_with(&format!("{PLACE}/run/")) {
        "the manager's".clone_into(value);
    }
}

/// Takes away what a batch left on a machine that lives on: a lab needs no cleaning.
pub fn clean(machine: &Machine, jobs: &[Job], fixture: &[Entry]) -> Result<()> {
    let mut script = String::from("systemctl stop agreement.target\n");
    for entry in fixture.iter().rev().filter(|entry| matches!(entry, Entry::Tmpfs(..) | Entry::Bind(..))) {
        script += &format!("umount -l '{}'\n", entry.path());
    }
    for Job { name, .. } in jobs {
        script += &format!(
            "rm -rf /run/systemd/system/{name}.service {PLACE}/*/{name} {PLACE}/run/{name}.status\n"
        );
        let places = "/a /home /mnt /run /etc /var/lib /var/cache /var/log";
        script += &format!(
            "for place in {places}; do rm -rf $place/{name} $place/{name}-* $place/private/{name}*; done\n"
        );
    }
    script += "rm -f /run/systemd/system/agreement.target; systemctl daemon-reload; systemctl reset-failed\n";
    machine.shell(&script).map(drop)
}

/// Puts names to the namespaces of the processes: `machine` for those of the machine itself, `own` for others.
pub fn name_namespaces<'a>(machine: &Machine, outcomes: impl Iterator<Item = &'a mut Outcome>) -> Result<()> {
    let known = machine.shell("cd /proc/1/ns && readlink *")?;
    for outcome in outcomes {
        for (_, value) in outcome.process.iter_mut().filter(|(name, _)| name.starts_with("namespace ")) {
            *value = if known.lines().any(|line| line == value) { "machine" } else { "own" }.to_owned();
        }
    }
    Ok(())
}
