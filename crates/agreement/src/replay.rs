//! Runs recorded cases again.

use crate::batch::Bench;
use crate::case::{Case, Facts, cases_dir, open_dir, process_dir};
use crate::compare::{Difference, differences};
use crate::fixture::Entry;
use crate::paths::{RARE, named_in, standard};
use crate::systemd::Job;
use anyhow::{Context, Result, anyhow};
use std::sync::Mutex;

/// The name of files that are not there yet.
const NEW: &str = "new";

/// How many labs are up at a time.
const LABS: usize = 4;

/// What came of one case.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The case's name.
    pub name: String,
    /// The case.
    pub case: Case,
    /// What was not as recorded.
    pub differences: Vec<Difference>,
}

/// Runs the cases whose names contain one of the words (all when there is none) on what the bench compares with, each on
/// a machine of its own; sorted by name.
pub fn replayed(bench: &Bench, words: &[String]) -> Result<Vec<Replayed>> {
    let facts = Facts::load()?;
    let all = Mutex::new(Vec::new());
    each(words, |name, case| {
        let expect = case.expect.as_ref().with_context(|| format!("{name} has not been recorded"))?;
        let job = job_of(name, &case);
        let expect = if job.is_of_process() { expect.whole_itself(&facts) } else { expect.whole(&facts) };
        let (_, outcome) = bench.alone(&bench.other, job, &case.fixture)?;
        let differences = differences(&expect, &outcome);
        let mut all = all.lock().map_err(|_| anyhow!("another case broke off"))?;
        all.push(Replayed { name: name.to_owned(), case, differences });
        Ok(())
    })?;
    let mut all = all.into_inner().map_err(|_| anyhow!("a case broke off"))?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Does something with every case whose name contains one of the words (all when there is none), some at a time.
pub fn each(words: &[String], act: impl Fn(&str, Case) -> Result<()> + Sync) -> Result<()> {
    let mut cases = Case::all(&cases_dir())?;
    cases.extend(Case::all(&open_dir())?);
    cases.extend(Case::all(&process_dir())?);
    cases.retain(|name, _| words.is_empty() || words.iter().any(|word| name.contains(word.as_str())));
    let queue = Mutex::new(cases.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let work = || -> Result<()> {
        while let Some((name, case)) = next() {
            act(&name, case).with_context(|| format!("case {name}"))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..LABS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a case broke off"))?)
    })
}

/// A case as a job, with every path to try.
pub fn job_of(name: &str, case: &Case) -> Job {
    let job = Job { name: name.to_owned(), unit: case.unit.clone(), paths: Vec::new() };
    if job.is_of_process() {
        return job;
    }
    let mut paths = everywhere();
    paths.extend(named_in(&case.unit, NEW));
    paths.extend(case.fixture.iter().map(|entry: &Entry| entry.path().to_owned()));
    paths.extend(case.also.iter().cloned());
    Job { paths, ..job }
}

/// The paths that every case tries.
pub fn everywhere() -> Vec<String> {
    standard(NEW).into_iter().chain(RARE.map(str::to_owned)).collect()
}
