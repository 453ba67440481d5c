//! `agreement record`: what a real systemd makes of the cases.

use anyhow::{Context, Result, bail};
use ringfence_agreement::{
    Bench, Case, Facts, Job, Machine, Outcome, RARE, cases_dir, install, name_namespaces, named_in, passing,
    prepare, standard, survey, under_systemd,
};
use std::path::Path;
use std::sync::Mutex;

/// The name of files that are not there yet.
const NEW: &str = "new";

/// How many labs are up at a time.
const LABS: usize = 4;

/// Records the cases whose names contain one of the words, each on a machine of its own; and the machine itself.
pub fn record(bench: &Bench, words: &[String]) -> Result<()> {
    let (root, probe) = (bench.root.as_deref(), &bench.probe);
    let facts = machine(root, probe)?;
    facts.save()?;
    let mut cases = Case::all(&cases_dir())?;
    cases.retain(|name, _| words.is_empty() || words.iter().any(|word| name.contains(word.as_str())));
    let queue = Mutex::new(cases.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    std::thread::scope(|scope| {
        let one_by_one = |lab: usize| {
            let (next, facts) = (&next, &facts);
            move || -> Result<()> {
                while let Some((name, mut case)) = next() {
                    let lab = Machine::lab(&lab_name(lab), root)?;
                    one(lab, probe, facts, &name, &mut case).with_context(|| format!("case {name}"))?;
                    case.save(&cases_dir(), &name)?;
                }
                Ok(())
            }
        };
        let threads: Vec<_> = (0..LABS).map(|lab| scope.spawn(one_by_one(lab))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| bail!("a recording broke off")))
    })
}

/// The paths that every case tries.
fn everywhere() -> Vec<String> {
    standard(NEW).into_iter().chain(RARE.map(str::to_owned)).collect()
}

/// The machine as it is without any fixture, and a unit without any setting.
fn machine(root: Option<&Path>, probe: &[u8]) -> Result<Facts> {
    let machine = Machine::lab(&lab_name(0), root)?;
    prepare(&machine, probe, &[])?;
    let job = Job { name: "plain".to_owned(), unit: Vec::new(), paths: everywhere() };
    let nodes = survey(&machine, &everywhere())?;
    let plain = run(&machine, job)?;
    let text = |script: &str| machine.shell(script).map(|text| text.trim_end().to_owned());
    Ok(Facts {
        systemd: text("systemctl --version | head -n 1")?,
        kernel: text("uname -r")?,
        mountinfo: text("cat /proc/1/mountinfo")?.lines().map(without_super_options).collect(),
        nodes,
        tried: plain.tried,
        process: plain.process,
    })
}

fn one(machine: Machine, probe: &[u8], facts: &Facts, name: &str, case: &mut Case) -> Result<()> {
    prepare(&machine, probe, &case.fixture)?;
    let mut paths = everywhere();
    paths.extend(named_in(&case.unit, NEW));
    paths.extend(case.fixture.iter().map(|entry| entry.path().to_owned()));
    paths.extend(case.also.iter().cloned());
    case.nodes = survey(&machine, &paths)?;
    case.nodes.retain(|path, node| facts.nodes.get(path) != Some(node));
    let mut outcome = run(&machine, Job { name: name.to_owned(), unit: case.unit.clone(), paths })?;
    outcome.cut(facts);
    println!("{name}: {} {}", outcome.result, outcome.status);
    case.expect = Some(outcome);
    Ok(())
}

fn run(machine: &Machine, job: Job) -> Result<Outcome> {
    let jobs = [job];
    install(machine, &jobs)?;
    let mut all = under_systemd(machine, &jobs)?;
    let mut outcome = all.remove(&jobs[0].name).context("systemd lost the unit")?;
    name_namespaces(machine, std::iter::once(&mut outcome))?;
    outcome.process.retain(|name, _| !passing(name));
    Ok(outcome)
}

/// The super block's options tell of the lab's own making: `lowerdir=` and so on.
fn without_super_options(line: &str) -> String {
    let (before, options) = line.rsplit_once(' ').unwrap_or((line, ""));
    format!("{before} {}", options.split(',').next().unwrap_or_default())
}

fn lab_name(number: usize) -> String {
    format!("agreement-{}-{number}", std::process::id())
}
