//! The search itself.

use crate::denials;
use ringfence_profile::Profile;
use ringfence_propose::{
    LeftOpen, Level, Obstacle, Options, Package, Proposal, ReadText, Strength, named_in_configuration,
    obstacles, own_programs, propose,
};
use ringfence_sandbox::facts::Facts;
use ringfence_settings::Settings;
use ringfence_trial::{Report, TrialError};
use ringfence_unit::Unit;
use std::collections::BTreeSet;
use std::path::Path;

/// The most trials that one search runs.
const MOST_TRIALS: usize = 24;

/// What a recording says least about; where no denial explains a failure, it is most often one of these.
static DOUBTFUL: &[&str] = &["PrivateUsers", "ProtectProc"];

/// One trial of the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Everything worked.
    pub passed: bool,
    /// What was opened or left out because of it.
    pub relaxed: Vec<String>,
}

/// What a search has to tell while it runs.
pub enum Step<'a> {
    /// The next trial begins: the unit as it is, or with so many lines.
    Trying(usize),
    /// It passed or failed, and why.
    Tried(&'a Report),
    /// Because of that, these are opened or left out.
    Relaxing(&'a [String]),
}

/// Hears what the search does.
pub type Hear<'h> = dyn FnMut(Step<'_>) + 'h;

/// Runs one trial of a unit.
pub type Run<'r> = dyn FnMut(&Unit) -> Result<Report, TrialError> + 'r;

/// What a search came to.
#[derive(Debug)]
pub struct Found {
    /// The drop-in; under it a trial passed when `proven`.
    pub proposal: Proposal,
    /// A trial has passed under it.
    pub proven: bool,
    /// All trials, in order; the first is of the unit as it is.
    pub attempts: Vec<Attempt>,
    /// What the service does, from its first trial and from the profiles that were given.
    pub profile: Profile,
    /// Why there is no proof, when there is none.
    pub why_not: Option<String>,
}

/// What the search is told of the machine.
pub struct Machine<'m> {
    /// Its files, mounts, accounts.
    pub facts: &'m dyn Facts,
    /// Reads its configuration files.
    pub read: &'m ReadText<'m>,
    /// Tells the packages that files come from.
    pub packages: &'m dyn Fn(&BTreeSet<String>) -> Vec<Package>,
}

/// Searches. `recorded` are profiles from elsewhere that are to be satisfied, too; `options` says how tight, for which
/// systemd.
///
/// # Errors
/// When a trial cannot be run at all.
pub fn search(
    unit: &Unit,
    machine: &Machine<'_>,
    recorded: &Profile,
    mut options: Options,
    run: &mut Run<'_>,
    hear: &mut Hear<'_>,
) -> Result<Found, TrialError> {
    let (settings, _) = Settings::from_unit(unit);
    hear(Step::Trying(0));
    let first = run(unit)?;
    hear(Step::Tried(&first));
    let attempts = vec![Attempt { passed: first.passed(), relaxed: Vec::new() }];
    let mut profile = recorded.clone();
    profile.merge(&first.profile);
    if let Some(why) = first.what_failed() {
        return Ok(Found {
            proposal: Proposal::default(),
            proven: false,
            attempts,
            profile,
            why_not: Some(format!("the unit does not work as it is: {why}")),
        });
    }
    let (facts, reloads) = (machine.facts, !first.told.reload_failed);
    options.named = named_in_configuration(&profile, facts, machine.read);
    let mut own = own_programs(&profile, &settings, facts);
    own.extend(unit.fragment.iter().map(|file| file.display().to_string()));
    options.packages = (machine.packages)(&own);
    let mut search =
        Search { unit, facts, settings, reloads, recorded, profile, options, run, hear, attempts };
    search.tighten()
}

fn what_failed(report: &Report) -> String {
    report.what_failed().unwrap_or_else(|| "its reload failed".to_owned())
}

struct Search<'s, 'r, 'h> {
    unit: &'s Unit,
    facts: &'s dyn Facts,
    settings: Settings,
    /// The unit's reload works as it is.
    reloads: bool,
    /// From elsewhere.
    recorded: &'s Profile,
    profile: Profile,
    options: Options,
    run: &'s mut Run<'r>,
    hear: &'s mut Hear<'h>,
    attempts: Vec<Attempt>,
}

impl Search<'_, '_, '_> {
    fn tighten(&mut self) -> Result<Found, TrialError> {
        loop {
            let proposal = propose(&self.profile, &self.settings, self.facts, &self.options);
            if proposal.lines.is_empty() {
                return Ok(self.end(proposal, true, None));
            }
            let report = self.attempt(&proposal)?;
            if self.passed(&report) {
                let proposal = match self.options.level {
                    Level::Tight => self.without_root(proposal)?,
                    Level::Standard => proposal,
                };
                return Ok(self.end(proposal, true, None));
            }
            if self.attempts.len() >= MOST_TRIALS {
                let why = what_failed(&report);
                return Ok(self.end(
                    proposal,
                    false,
                    Some(format!("after {MOST_TRIALS} trials still: {why}")),
                ));
            }
            let mut relaxed = denials::open(&self.profile, &report.profile, self.facts, &mut self.options);
            if relaxed.is_empty() {
                relaxed = self.bisect(&proposal)?;
            }
            if relaxed.is_empty() {
                let why = what_failed(&report);
                return Ok(self.end(proposal, false, Some(format!("no line explains it: {why}"))));
            }
            self.relax(&relaxed);
        }
    }

    /// Tries the service as the user that it becomes. Where it works like that, what it did as that user says what it
    /// needs: nothing of what becoming it took.
    fn without_root(&mut self, proven: Proposal) -> Result<Proposal, TrialError> {
        let mut options = Options { rootless: true, ..self.options.clone() };
        let mut as_user = propose(&self.profile, &self.settings, self.facts, &options);
        if !as_user.has("User") {
            return Ok(proven);
        }
        if self.obstacles(&as_user).iter().any(|obstacle| obstacle.is_later) {
            let why = "it is not started as the user that it becomes: what no trial shows would fail later";
            return Ok(self.root_stays(proven, &as_user, why));
        }
        let mut report = self.attempt(&as_user)?;
        if !self.passed(&report) && as_user.has("PrivateUsers") {
            // Two commands of a service have a user namespace each, and cannot look at each other's processes.
            options.relaxed.insert("PrivateUsers".to_owned());
            self.relax(&["PrivateUsers".to_owned()]);
            as_user = propose(&self.profile, &self.settings, self.facts, &options);
            report = self.attempt(&as_user)?;
        }
        if !self.passed(&report) {
            self.relax(&["User".to_owned()]);
            let why = "started as the user that it becomes, it did not work";
            return Ok(self.root_stays(proven, &as_user, why));
        }
        let mut profile = self.recorded.clone();
        profile.merge(&report.profile);
        let tighter = propose(&profile, &self.settings, self.facts, &options);
        if tighter.has("User") && tighter != as_user {
            let report = self.attempt(&tighter)?;
            if self.passed(&report) {
                return Ok(tighter);
            }
        }
        Ok(as_user)
    }

    fn relax(&mut self, what: &[String]) {
        (self.hear)(Step::Relaxing(what));
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.relaxed = what.to_vec();
        }
    }

    fn obstacles(&self, as_user: &Proposal) -> Vec<Obstacle> {
        obstacles(&self.profile, &self.settings, self.facts, &self.options, as_user)
    }

    fn root_stays(&self, mut proven: Proposal, as_user: &Proposal, why: &str) -> Proposal {
        let obstacles = self.obstacles(as_user).into_iter().map(|obstacle| obstacle.says);
        let all = std::iter::once(why.to_owned()).chain(obstacles);
        proven.left_open.extend(all.map(|why| LeftOpen { directive: "User", why, evidence: Vec::new() }));
        proven
    }

    fn attempt(&mut self, proposal: &Proposal) -> Result<Report, TrialError> {
        (self.hear)(Step::Trying(proposal.lines.len()));
        let tried = self.unit.with_drop_in(Path::new("/50-ringfence.conf"), proposal.drop_in(false));
        let report = (self.run)(&tried)?;
        self.attempts.push(Attempt { passed: self.passed(&report), relaxed: Vec::new() });
        (self.hear)(Step::Tried(&report));
        Ok(report)
    }

    /// Whether everything worked that works without the proposal.
    fn passed(&self, report: &Report) -> bool {
        report.passed() && !(self.reloads && report.told.reload_failed)
    }

    /// Finds a directive that breaks the service: leaves out ever smaller halves of those that restrict, keeping whatever
    /// half the service works without. Everything that grants stays in.
    fn bisect(&mut self, proposal: &Proposal) -> Result<Vec<String>, TrialError> {
        let restricting: BTreeSet<&str> = proposal
            .lines
            .iter()
            .filter(|line| line.strength == Strength::Restricts)
            .map(|line| line.directive)
            .collect();
        if self.lacks_signals(proposal) && self.options.granted_capabilities.insert("CAP_KILL".to_owned()) {
            return Ok(vec!["CapabilityBoundingSet: CAP_KILL".to_owned()]);
        }
        let doubtful: Vec<&str> = DOUBTFUL.iter().filter(|d| restricting.contains(**d)).copied().collect();
        if !doubtful.is_empty() && self.works_without(proposal, &doubtful)? {
            let culprits: Vec<String> = doubtful.into_iter().map(str::to_owned).collect();
            self.options.relaxed.extend(culprits.iter().cloned());
            return Ok(culprits);
        }
        let mut suspects: Vec<&str> = restricting.into_iter().collect();
        if !self.works_without(proposal, &suspects)? {
            return Ok(Vec::new());
        }
        while suspects.len() > 1 && self.attempts.len() < MOST_TRIALS {
            let (left, right) = suspects.split_at(suspects.len() / 2);
            let (left, right) = (left.to_vec(), right.to_vec());
            if self.works_without(proposal, &left)? {
                suspects = left;
            } else if self.works_without(proposal, &right)? {
                suspects = right;
            } else {
                // Two lines, one in each half, each break it: leave one half's search for the next round.
                suspects = left;
                break;
            }
        }
        let culprits: Vec<String> = suspects.into_iter().map(str::to_owned).collect();
        self.options.relaxed.extend(culprits.iter().cloned());
        Ok(culprits)
    }

    /// A signal to a process of another user that is refused, or taken for granted, leaves no trace in a recording.
    fn lacks_signals(&self, proposal: &Proposal) -> bool {
        let tight = self.options.level == Level::Tight;
        proposal.lines.iter().any(|line| {
            tight
                && line.directive == "CapabilityBoundingSet"
                && line.value.contains("CAP_SETUID")
                && !line.value.contains("CAP_KILL")
        })
    }

    fn works_without(&mut self, proposal: &Proposal, left_out: &[&str]) -> Result<bool, TrialError> {
        let mut smaller = proposal.clone();
        smaller.lines.retain(|line| !left_out.contains(&line.directive));
        let report = self.attempt(&smaller)?;
        Ok(self.passed(&report))
    }

    fn end(&mut self, mut proposal: Proposal, proven: bool, why_not: Option<String>) -> Found {
        if !self.options.exercised {
            proposal.left_open.push(LeftOpen {
                directive: "--exercise",
                why: "without an exercise only start, reload and stop are proven".to_owned(),
                evidence: Vec::new(),
            });
        }
        Found {
            proposal,
            proven,
            attempts: std::mem::take(&mut self.attempts),
            profile: std::mem::take(&mut self.profile),
            why_not,
        }
    }
}
