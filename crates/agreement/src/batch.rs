//! Runs many drafts under systemd and under ringfence, each side on a fresh machine.

use crate::case::Outcome;
use crate::compare::{Difference, differences};
use crate::fixture::Entry;
use crate::generate::Draft;
use crate::machine::Machine;
use crate::paths::{named_in, standard};
use crate::predict::{Prediction, predicted, wrong};
use crate::ringfence::{bring, under_ringfence};
use crate::systemd::{Job, clean, install, name_namespaces, prepare, survey, under_systemd};
use crate::systemd_tests::{Runner, Verdict, run_systemd_tests};
use crate::why;
use anyhow::{Context, Result};
use ringfence_probe::Node;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many units share one machine: their fixtures' mounts slow one another down.
const TOGETHER: usize = 40;

/// What a batch needs.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The probe, statically linked.
    pub probe: Vec<u8>,
    /// What systemd is compared with.
    pub other: Other,
    /// This very program, statically linked, to compare what the plan and its verdicts say as well.
    pub predict: Option<Vec<u8>>,
    /// The root directory of the labs; without it the cached Debian root.
    pub root: Option<PathBuf>,
    /// Compare on this machine, with the systemd that runs on it.
    pub host: bool,
}

/// What systemd is compared with.
#[derive(Clone, Debug)]
pub enum Other {
    /// ringfence, statically linked.
    Ringfence(Vec<u8>),
    /// systemd once more: tells whether the harness itself is steady.
    Systemd,
    /// Nothing.
    Nothing,
}

/// What came of one draft.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Under systemd.
    pub systemd: Outcome,
    /// Under what it is compared with.
    pub other: Option<Outcome>,
    /// What the plan and its verdicts say.
    pub prediction: Option<Prediction>,
}

impl Compared {
    /// What the two do not agree on.
    pub fn differences(&self) -> Vec<Difference> {
        let run = self.other.iter().flat_map(|other| differences(&self.systemd, other));
        let said = self.prediction.iter().flat_map(|prediction| wrong(&self.systemd, prediction));
        run.chain(said).collect()
    }
}

impl Bench {
    /// Runs the drafts; the answers are in their order.
    pub fn run(&self, drafts: &[Draft]) -> Result<Vec<Compared>> {
        let mut all = Vec::new();
        for drafts in drafts.chunks(TOGETHER) {
            all.extend(self.together(drafts)?);
        }
        Ok(all)
    }

    /// Runs the drafts, and those that disagree once more: units of one batch can meet in directories that all see, so
    /// a disagreement counts when it happens again. The answers are the numbers of the drafts that still disagree.
    pub fn confirmed(&self, drafts: &[Draft]) -> Result<Vec<(usize, Compared)>> {
        let disagree = |compared: &Compared| !compared.differences().is_empty();
        let first = self.run(drafts)?;
        let suspects: Vec<usize> = (0..drafts.len()).filter(|at| disagree(&first[*at])).collect();
        let again = self.run(&suspects.iter().map(|at| drafts[*at].clone()).collect::<Vec<_>>())?;
        Ok(suspects.into_iter().zip(again).filter(|(_, compared)| disagree(compared)).collect())
    }

    fn together(&self, drafts: &[Draft]) -> Result<Vec<Compared>> {
        let named: Vec<(String, &Draft)> =
            drafts.iter().enumerate().map(|(number, draft)| (format!("agr-{number}"), draft)).collect();
        let jobs: Vec<Job> = named.iter().map(|(name, draft)| job(name, draft)).collect();
        let fixture: Vec<Entry> = named.iter().flat_map(|(name, draft)| draft.entries(name)).collect();
        // Two labs boot side by side; one host can only do one after the other.
        let first = || self.systemd_and_plan(&jobs, &fixture);
        let second = || self.side(&self.other, &jobs, &fixture);
        let (first, second) = if self.host {
            (first(), second())
        } else {
            std::thread::scope(|scope| {
                let second = scope.spawn(second);
                (first(), second.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
        };
        let ((mut systemd, mut predictions), mut other) = (first?, second?);
        let compared = jobs.iter().map(|job| {
            let systemd = systemd.remove(&job.name).with_context(|| format!("systemd lost {}", job.name))?;
            Ok(Compared {
                systemd,
                other: other.remove(&job.name),
                prediction: predictions.remove(&job.name),
            })
        });
        compared.collect()
    }

    /// Runs one job on a machine of its own, one without a systemd where none is needed; also what the machine held at the
    /// job's paths before.
    pub fn alone(
        &self,
        side: &Other,
        job: Job,
        fixture: &[Entry],
    ) -> Result<(BTreeMap<String, Node>, Outcome)> {
        let without_systemd = job.is_of_process() && matches!(side, Other::Ringfence(_)) && !self.host;
        let machine = if without_systemd { self.started(Machine::bare)? } else { self.machine()? };
        if without_systemd {
            machine.shell("hostname -F /etc/hostname").context("the machine's name could not be set")?;
        }
        prepare(&machine, &self.probe, fixture)?;
        let nodes = survey(&machine, &job.paths)?;
        let jobs = [job];
        let mut outcomes = self.jobs(&machine, side, &jobs, fixture)?;
        let outcome = outcomes.remove(&jobs[0].name).with_context(|| format!("{} was lost", jobs[0].name))?;
        Ok((nodes, outcome))
    }

    /// A machine to look at.
    pub fn plain(&self) -> Result<Machine> {
        self.machine()
    }

    /// Runs systemd's own execution tests: those whose names contain one of the words, or all.
    ///
    /// ringfence runs them on a machine without a systemd.
    pub fn systemd_tests(&self, words: &[String]) -> Result<Vec<(String, Verdict)>> {
        let name = format!("agreement-{}-tests", std::process::id());
        match &self.other {
            Other::Ringfence(program) => {
                let machine = Machine::bare(&name, self.root.as_deref())?;
                bring(&machine, program)?;
                run_systemd_tests(&machine, Runner::Ringfence, words)
            }
            Other::Systemd | Other::Nothing => {
                run_systemd_tests(&Machine::lab(&name, self.root.as_deref())?, Runner::Systemd, words)
            }
        }
    }

    /// What the plan says of jobs that have not run yet, and then what systemd makes of them.
    fn systemd_and_plan(
        &self,
        jobs: &[Job],
        fixture: &[Entry],
    ) -> Result<(BTreeMap<String, Outcome>, BTreeMap<String, Prediction>)> {
        let machine = self.machine()?;
        prepare(&machine, &self.probe, fixture)?;
        install(&machine, jobs)?;
        let mut predictions = match &self.predict {
            Some(program) => predicted(&machine, program, jobs)?,
            None => BTreeMap::new(),
        };
        if let (Some(_), Other::Ringfence(program)) = (&self.predict, &self.other) {
            bring(&machine, program)?;
            why::ask(&machine, jobs, &mut predictions)?;
        }
        Ok((self.jobs(&machine, &Other::Systemd, jobs, fixture)?, predictions))
    }

    /// Runs the jobs on one side, on a machine that is not used for anything else before or after.
    fn side(&self, side: &Other, jobs: &[Job], fixture: &[Entry]) -> Result<BTreeMap<String, Outcome>> {
        if matches!(side, Other::Nothing) {
            return Ok(BTreeMap::new());
        }
        let machine = self.machine()?;
        prepare(&machine, &self.probe, fixture)?;
        self.jobs(&machine, side, jobs, fixture)
    }

    fn jobs(
        &self,
        machine: &Machine,
        side: &Other,
        jobs: &[Job],
        fixture: &[Entry],
    ) -> Result<BTreeMap<String, Outcome>> {
        install(machine, jobs)?;
        let mut outcomes = match side {
            Other::Ringfence(program) => {
                bring(machine, program)?;
                under_ringfence(machine, jobs)
            }
            Other::Systemd | Other::Nothing => under_systemd(machine, jobs),
        }?;
        name_namespaces(machine, outcomes.values_mut())?;
        for (name, outcome) in &mut outcomes {
            forget_others(name, outcome);
        }
        if self.host {
            clean(machine, jobs, fixture)?;
        }
        Ok(outcomes)
    }

    fn machine(&self) -> Result<Machine> {
        if self.host { Ok(Machine::Host) } else { self.started(Machine::lab) }
    }

    /// A machine with a name of its own, started in one of the ways there are.
    fn started(&self, start: fn(&str, Option<&Path>) -> Result<Machine>) -> Result<Machine> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        start(&format!("agreement-{}-{number}", std::process::id()), self.root.as_deref())
    }
}

/// Other units' credentials are mounts of the machine, there for as long as those units run.
fn forget_others(name: &str, outcome: &mut Outcome) {
    let own = format!("/run/credentials/{name}.service ");
    if let Some(mounts) = &mut outcome.mounts {
        mounts.retain(|mount| !mount.contains("/credentials/") || mount.starts_with(&own));
    }
}

fn job(name: &str, draft: &Draft) -> Job {
    let unit = draft.unit(name);
    let job = Job { name: name.to_owned(), unit, paths: Vec::new() };
    if job.is_of_process() {
        return job;
    }
    let new = format!("agr-new-{name}");
    let mut paths = standard(&new);
    paths.extend(named_in(&job.unit, &new));
    for entry in draft.entries(name) {
        paths.push(entry.path().to_owned());
    }
    paths.sort();
    paths.dedup();
    paths.retain(|path| Path::new(path).is_absolute());
    Job { paths, ..job }
}
